#include "builders/ssh/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define CONNECT_NS (15 * SECOND)
#define UNACKNOWLEDGED_MS 60000 /* the other side is gone when it does not answer for so long */
#define SOCKS_VERSION 5

enum socks_method { SOCKS_NO_AUTH = 0, SOCKS_PASSWORD = 2 };
enum socks_address { SOCKS_IPV4 = 1, SOCKS_NAME = 3, SOCKS_IPV6 = 4 };

/* ---- Waiting -------------------------------------------------------------------------------- */

static int milliseconds(struct ssh_around *around, int64_t deadline)
{
	if (deadline == 0)
		return -1;
	int64_t left = deadline - clock_steady(around->clock);
	if (left <= 0)
		return 0;
	left = (left + MILLISECOND - 1) / MILLISECOND;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* 0: the socket is ready or the children were served; 1: time is up. */
static int wait_for(
	struct ssh_around *around, int fd, short events, int64_t deadline, struct error *err)
{
	struct watch *w = around->watch;
	struct pollfd fds[] = {
		{fd, events, 0},
		{around->cancel_fd, POLLIN, 0},
		{w ? w->signal_fd : -1, POLLIN, 0},
	};
	int n = poll(fds, countof(fds), milliseconds(around, deadline));
	if (n < 0)
		return errno == EINTR ? 0 : error_sys(err, "poll");
	if (fds[1].revents) {
		around->cancelled = true;
		if (w)
			w->cancelled = true;
		return error_set(err, ERROR_SYSTEM, "cancelled");
	}
	if (fds[2].revents && watch_drain(w, err) != 0)
		return -1;
	return n == 0 ? 1 : 0;
}

int link_sleep(struct ssh_around *around, int64_t until, struct error *err)
{
	while (clock_steady(around->clock) < until) {
		if (wait_for(around, -1, 0, until, err) < 0)
			return -1;
	}
	return 0;
}

static short directions(const struct ssh_session *s)
{
	int wanted = libssh2_session_block_directions(s->handle);
	short events = 0;
	if (wanted & LIBSSH2_SESSION_BLOCK_INBOUND)
		events |= POLLIN;
	if (wanted & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		events |= POLLOUT;
	return events ? events : POLLIN;
}

/* Keeps the connection alive, and wakes up in time to do it again. */
static int64_t next_keepalive(struct ssh_session *s, int64_t deadline)
{
	int seconds = 0;
	if (!s->handle || libssh2_keepalive_send(s->handle, &seconds) != 0 || seconds <= 0)
		return deadline;
	int64_t next = clock_steady(s->around->clock) + seconds * SECOND;
	return deadline == 0 || next < deadline ? next : deadline;
}

int link_wait(struct ssh_session *s, int64_t deadline, struct error *err)
{
	struct ssh_session *bottom = s;
	int64_t wake = next_keepalive(s, deadline);
	short events = directions(s);
	while (bottom->through) {
		bottom = bottom->through;
		events = (short)(events | directions(bottom));
		wake = next_keepalive(bottom, wake);
	}
	int r = wait_for(s->around, bottom->fd, events, wake, err);
	if (r != 1)
		return r;
	if (deadline > 0 && clock_steady(s->around->clock) >= deadline)
		return error_set(err, ERROR_SYSTEM, "timed out");
	return 0;
}

/* ---- Sockets -------------------------------------------------------------------------------- */

static int finish_connect(int fd, struct ssh_around *around, int64_t deadline, struct error *err)
{
	int error = 0;
	socklen_t size = sizeof(error);
	for (;;) {
		int r = wait_for(around, fd, POLLOUT, deadline, err);
		if (r < 0)
			return -1;
		if (r == 1)
			return error_set(err, ERROR_SYSTEM, "timed out");
		struct pollfd one = {fd, POLLOUT, 0};
		if (poll(&one, 1, 0) > 0)
			break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return error_sys(err, "socket");
	errno = error;
	return error == 0 ? 0 : error_sys(err, "connect");
}

static int connect_address(int *out, const struct addrinfo *address, struct ssh_around *around,
	int64_t deadline, struct error *err)
{
	int one = 1;
	unsigned timeout = UNACKNOWLEDGED_MS;
	autoclose int fd = socket(address->ai_family,
		address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout)) != 0)
		return error_sys(err, "socket");
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
		if (errno != EINPROGRESS)
			return error_sys(err, "connect");
		if (finish_connect(fd, around, deadline, err) != 0)
			return -1;
	}
	*out = steal_fd(&fd);
	return 0;
}

static int connect_host(int *fd, struct str host, uint16_t port, struct ssh_around *around,
	int64_t deadline, struct error *err)
{
	scoped(arena) a = {0};
	char service[8];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	if (host.n == 0 || !str_is_cstr(host))
		return error_set(err, ERROR_INPUT, "ssh: no host to connect to");
	snprintf(service, sizeof(service), "%u", port);
	int64_t soon = clock_steady(around->clock) + CONNECT_NS;
	if (deadline == 0 || soon < deadline)
		deadline = soon;
	int r = getaddrinfo(arena_cstr(&a, host), service, &hints, &found);
	if (r != 0)
		return error_set(err, ERROR_SYSTEM, "%.*s: %s", STR_ARG(host), gai_strerror(r));
	int status = -1;
	for (struct addrinfo *i = found; i && status != 0 && !around->cancelled; i = i->ai_next)
		status = connect_address(fd, i, around, deadline, err);
	freeaddrinfo(found);
	return status == 0 ? 0 : error_wrap(err, "%.*s port %u", STR_ARG(host), port);
}

/* ---- SOCKS5: RFC 1928 and 1929 -------------------------------------------------------------- */

struct socks {
	int fd;
	struct ssh_around *around;
	int64_t deadline;
};

static int socks_receive(const struct socks *s, char *answer, size_t n, struct error *err)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = recv(s->fd, answer + got, n - got, 0);
		if (r == 0)
			return error_set(err, ERROR_SYSTEM, "proxy: hung up");
		if (r > 0) {
			got += (size_t)r;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return error_sys(err, "proxy");
		int waited = wait_for(s->around, s->fd, POLLIN, s->deadline, err);
		if (waited != 0)
			return waited < 0 ? -1 : error_set(err, ERROR_SYSTEM, "proxy: timed out");
	}
	return 0;
}

/* The few bytes of a question fit into an empty socket. */
static int socks_ask(const struct socks *s, const struct buf *question, char *answer, size_t n,
	struct error *err)
{
	if (send(s->fd, question->p, question->n, MSG_NOSIGNAL) != (ssize_t)question->n)
		return error_sys(err, "proxy");
	return socks_receive(s, answer, n, err);
}

static int socks_password(const struct socks *s, const struct ssh_login *proxy, struct error *err)
{
	char answer[2];
	scoped(buf) login = {0};
	buf_add_byte(&login, 1);
	buf_add_byte(&login, (char)proxy->user.n);
	buf_add(&login, proxy->user);
	buf_add_byte(&login, (char)proxy->password.n);
	buf_add(&login, proxy->password);
	int r = socks_ask(s, &login, answer, sizeof(answer), err);
	secret_wipe(login.p, login.n);
	if (r != 0)
		return -1;
	return answer[1] == 0 ? 0 : error_set(err, ERROR_TRUST, "proxy: the login was refused");
}

static int socks_login(const struct socks *s, const struct ssh_login *proxy, struct error *err)
{
	char answer[2];
	scoped(buf) hello = {0};
	bool password = proxy->user.n > 0;
	if (proxy->user.n > 255 || proxy->password.n > 255)
		return error_set(err, ERROR_INPUT, "proxy: a name or a password is too long");
	buf_add_byte(&hello, SOCKS_VERSION);
	buf_add_byte(&hello, password ? 2 : 1);
	buf_add_byte(&hello, SOCKS_NO_AUTH);
	if (password)
		buf_add_byte(&hello, SOCKS_PASSWORD);
	if (socks_ask(s, &hello, answer, sizeof(answer), err) != 0)
		return -1;
	if (answer[0] == SOCKS_VERSION && answer[1] == SOCKS_NO_AUTH)
		return 0;
	if (answer[0] == SOCKS_VERSION && answer[1] == SOCKS_PASSWORD && password)
		return socks_password(s, proxy, err);
	return error_set(err, ERROR_SYSTEM, "proxy: takes no way of logging in that we have");
}

/* The name is sent as it is: the proxy looks it up. */
static int socks_connect(const struct socks *s, const struct ssh_login *login, struct error *err)
{
	char answer[255 + 2], name = 0;
	scoped(buf) request = {0};
	if (login->host.n > 255)
		return error_set(err, ERROR_INPUT, "proxy: the host's name is too long");
	buf_add(&request, (struct str){"\x05\x01\x00\x03", 4});
	buf_add_byte(&request, (char)login->host.n);
	buf_add(&request, login->host);
	buf_add_byte(&request, (char)(login->port >> 8));
	buf_add_byte(&request, (char)(login->port & 0xff));
	if (socks_ask(s, &request, answer, 4, err) != 0)
		return -1;
	if (answer[0] != SOCKS_VERSION || answer[1] != 0)
		return error_set(err, ERROR_SYSTEM, "proxy: cannot reach %.*s (reply %d)",
			STR_ARG(login->host), (unsigned char)answer[1]);
	size_t n = answer[3] == SOCKS_IPV4 ? 4 : 16;
	if (answer[3] == SOCKS_NAME) {
		if (socks_receive(s, &name, 1, err) != 0)
			return -1;
		n = (unsigned char)name;
	}
	return socks_receive(s, answer, n + 2, err);
}

int link_connect(int *fd, const struct ssh_settings *settings, const struct ssh_login *login,
	struct ssh_around *around, int64_t deadline, struct error *err)
{
	const struct ssh_login *proxy = &settings->proxy;
	if (proxy->host.n == 0)
		return connect_host(fd, login->host, login->port, around, deadline, err);
	autoclose int opened = -1;
	if (connect_host(&opened, proxy->host, proxy->port, around, deadline, err) != 0)
		return error_wrap(err, "proxy");
	const struct socks socks = {opened, around, deadline};
	if (socks_login(&socks, proxy, err) != 0 || socks_connect(&socks, login, err) != 0)
		return -1;
	*fd = steal_fd(&opened);
	return 0;
}
