#include "builders/ssh/link.h"

#include <errno.h>

#include "builders/ssh/known_hosts.h"

#define SECOND INT64_C(1000000000)
#define PREFERENCE_MAX 4096

/* What tells that the connection itself is gone, and not what was asked for over it. */
static bool is_lost(int code)
{
	switch (code) {
	case LIBSSH2_ERROR_SOCKET_NONE:
	case LIBSSH2_ERROR_SOCKET_SEND:
	case LIBSSH2_ERROR_SOCKET_RECV:
	case LIBSSH2_ERROR_SOCKET_DISCONNECT:
	case LIBSSH2_ERROR_SOCKET_TIMEOUT:
	case LIBSSH2_ERROR_TIMEOUT:
	case LIBSSH2_ERROR_PROTO:
	case LIBSSH2_ERROR_INVALID_MAC:
	case LIBSSH2_ERROR_DECRYPT:
	case LIBSSH2_ERROR_BAD_SOCKET:
		return true;
	default:
		return false;
	}
}

int session_error(struct ssh_session *s, const char *what, struct error *err)
{
	char *text = NULL;
	int n = 0;
	int code = libssh2_session_last_error(s->handle, &text, &n, 0);
	if (is_lost(code))
		s->lost = true;
	return error_set(
		err, ERROR_SYSTEM, "%s: %.*s (libssh2 %d)", what, n, text ? text : "", code);
}

/* ---- Through a bastion ---------------------------------------------------------------------- */

static ssize_t tunnel_result(struct ssh_session *s, ssize_t n)
{
	if (n >= 0)
		return n;
	if (n == LIBSSH2_ERROR_EAGAIN)
		return -EAGAIN;
	s->lost = true;
	return -ECONNRESET;
}

/* The types of both are libssh2's. */
static ssize_t tunnel_send(
	libssh2_socket_t fd, const void *bytes, size_t n, int flags, void **abstract)
{
	struct ssh_session *s = *abstract;
	(void)fd;
	(void)flags;
	return tunnel_result(s, libssh2_channel_write(s->tunnel, bytes, n));
}

static ssize_t tunnel_recv(libssh2_socket_t fd, void *bytes, size_t n, int flags, void **abstract)
{
	struct ssh_session *s = *abstract;
	(void)fd;
	(void)flags;
	ssize_t got = libssh2_channel_read(s->tunnel, bytes, n);
	if (got == 0 && libssh2_channel_eof(s->tunnel) != 1)
		got = LIBSSH2_ERROR_EAGAIN;
	return tunnel_result(s, got);
}

int session_tunnel(struct ssh_session *s, struct ssh_session *through,
	const struct ssh_login *login, int64_t deadline, struct error *err)
{
	scoped(arena) a = {0};
	const char *host = arena_cstr(&a, login->host);
	while (!s->tunnel) {
		s->tunnel = libssh2_channel_direct_tcpip_ex(
			through->handle, host, login->port, "127.0.0.1", 22);
		if (s->tunnel)
			break;
		if (libssh2_session_last_errno(through->handle) != LIBSSH2_ERROR_EAGAIN)
			return session_error(through, "bastion", err);
		if (link_wait(through, deadline, err) != 0)
			return -1;
	}
	s->through = through;
	return 0;
}

/* ---- Handshake ------------------------------------------------------------------------------ */

/* Two functions of one signature go through a pointer to an object: that is libssh2's interface. */
static void set_callbacks(struct ssh_session *s)
{
	union {
		ssize_t (*send)(libssh2_socket_t, const void *, size_t, int, void **);
		ssize_t (*recv)(libssh2_socket_t, void *, size_t, int, void **);
		void *object;
	} send = {.send = tunnel_send}, recv = {.recv = tunnel_recv};
	libssh2_session_callback_set(s->handle, LIBSSH2_CALLBACK_SEND, send.object);
	libssh2_session_callback_set(s->handle, LIBSSH2_CALLBACK_RECV, recv.object);
}

static int prefer_list(struct ssh_session *s, const int *methods, const struct str_list *names,
	const char *what, struct error *err)
{
	scoped(arena) a = {0};
	struct str joined = arena_join(&a, names->items, names->n, STR(","));
	if (joined.n == 0)
		return 0;
	if (joined.n > PREFERENCE_MAX)
		return error_set(err, ERROR_INPUT, "%s: too many", what);
	const char *list = arena_cstr(&a, joined);
	for (size_t i = 0; methods[i] >= 0; i++) {
		if (libssh2_session_method_pref(s->handle, methods[i], list) != 0)
			return error_set(
				err, ERROR_INPUT, "%s: none of \"%s\" is known", what, list);
	}
	return 0;
}

/* known_hosts may hold a key of one kind only: that one is asked for. */
static int prefer_known_keys(struct ssh_session *s, struct error *err)
{
	static const int methods[] = {LIBSSH2_METHOD_HOSTKEY, -1};
	scoped(arena) a = {0};
	const char *path = s->around->known_hosts;
	struct str_list types = {0};
	if (!path)
		return 0;
	if (known_hosts_types(&types, path, s->login->host, s->login->port, &a, err) != 0)
		return -1;
	return prefer_list(s, methods, &types, path, err);
}

static int set_methods(
	struct ssh_session *s, const struct ssh_settings *settings, struct error *err)
{
	static const int kex[] = {LIBSSH2_METHOD_KEX, -1};
	static const int ciphers[] = {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC, -1};
	if (prefer_list(s, kex, &settings->kex, "ssh_key_exchange_algorithms", err) != 0 ||
		prefer_list(s, ciphers, &settings->ciphers, "ssh_ciphers", err) != 0)
		return -1;
	return prefer_known_keys(s, err);
}

int session_handshake(struct ssh_session *s, const struct ssh_settings *settings, int64_t deadline,
	struct error *err)
{
	int r;
	s->handle = libssh2_session_init_ex(NULL, NULL, NULL, s);
	if (!s->handle)
		error_out_of_memory();
	libssh2_session_set_blocking(s->handle, 0);
	if (s->through)
		set_callbacks(s);
	if (set_methods(s, settings, err) != 0)
		return -1;
	int fd = s->through ? s->through->fd : s->fd;
	while ((r = libssh2_session_handshake(s->handle, fd)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(s, deadline, err) != 0)
			return error_wrap(err, "handshake");
	}
	if (r != 0)
		return session_error(s, "handshake", err);
	if (settings->keepalive > 0)
		libssh2_keepalive_config(
			s->handle, 1, (unsigned)((settings->keepalive + SECOND - 1) / SECOND));
	return 0;
}

/* What is left undone here the socket's end does. */
void session_close(struct ssh_session *s)
{
	if (s->handle) {
		if (!s->lost)
			libssh2_session_disconnect(s->handle, "done");
		libssh2_session_free(s->handle);
		s->handle = NULL;
	}
	if (s->tunnel && s->through && s->through->handle)
		libssh2_channel_free(s->tunnel);
	s->tunnel = NULL;
	s->through = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
