#include "builders/ssh/agent.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "builders/ssh/wire.h"

#define MESSAGE_MAX ((uint32_t)256 << 10)
#define KEYS_MAX 1024
#define ANSWER_SECONDS 60 /* who confirms each use of a key needs a moment */

enum message {
	REQUEST_IDENTITIES = 11,
	IDENTITIES_ANSWER = 12,
	SIGN_REQUEST = 13,
	SIGN_RESPONSE = 14,
};
enum sign_flag { SIGN_RSA_SHA2_256 = 2, SIGN_RSA_SHA2_512 = 4 };

int ssh_agent_open(struct ssh_agent *agent, const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!path || strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_USAGE,
			"no agent: SSH_AUTH_SOCK does not name the socket of one");
	memcpy(address.sun_path, path, strlen(path));
	agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {.tv_sec = ANSWER_SECONDS};
	if (agent->fd < 0 ||
		setsockopt(agent->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
		setsockopt(agent->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0 ||
		connect(agent->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return error_sys(err, "agent %s", path);
	return 0;
}

void ssh_agent_clear(struct ssh_agent *agent)
{
	if (agent->fd >= 0)
		close(agent->fd);
	agent->fd = -1;
}

static int receive(struct ssh_agent *agent, char *p, size_t n, struct error *err)
{
	while (n > 0) {
		ssize_t got = recv(agent->fd, p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_sys(err, "agent");
		if (got == 0)
			return error_set(err, ERROR_SYSTEM, "agent: hung up");
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int transmit(struct ssh_agent *agent, struct str bytes, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t sent = send(agent->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return error_sys(err, "agent");
		bytes = str_from_index(bytes, (size_t)sent);
	}
	return 0;
}

/* One question, and the answer without its type. */
static int ask(struct ssh_agent *agent, struct str question, enum message answer, struct buf *out,
	struct error *err)
{
	scoped(buf) framed = {0};
	char head[4];
	uint32_t n = 0;
	wire_add_string(&framed, question);
	if (transmit(agent, buf_str(&framed), err) != 0 ||
		receive(agent, head, sizeof(head), err) != 0)
		return -1;
	struct str rest = {head, sizeof(head)};
	if (!wire_u32(&rest, &n) || n == 0 || n > MESSAGE_MAX)
		return error_set(err, ERROR_SYSTEM, "agent: an answer of %u bytes", n);
	char *p = buf_reserve(out, n);
	if (!p || receive(agent, p, n, err) != 0)
		return p ? -1 : buf_check(out, err);
	out->n += n;
	if ((unsigned char)out->p[0] != answer)
		return error_set(err, ERROR_SYSTEM, "agent: refused");
	return 0;
}

int ssh_agent_list(
	struct ssh_agent *agent, struct str_list *blobs, struct arena *a, struct error *err)
{
	scoped(buf) answer = {0};
	char question = REQUEST_IDENTITIES;
	if (ask(agent, (struct str){&question, 1}, IDENTITIES_ANSWER, &answer, err) != 0)
		return -1;
	struct str rest = str_from_index(buf_str(&answer), 1);
	uint32_t count;
	if (!wire_u32(&rest, &count) || count > KEYS_MAX)
		return error_set(err, ERROR_SYSTEM, "agent: not a list of keys");
	for (uint32_t i = 0; i < count; i++) {
		struct str blob, comment;
		if (!wire_string(&rest, &blob) || !wire_string(&rest, &comment))
			return error_set(err, ERROR_SYSTEM, "agent: not a list of keys");
		list_push(a, blobs) = arena_str(a, blob);
	}
	return 0;
}

int ssh_agent_sign(struct ssh_agent *agent, struct str blob, struct str algorithm,
	struct str message, struct buf *signature, struct error *err)
{
	scoped(buf) question = {0}, answer = {0};
	uint32_t flags = str_is(algorithm, "rsa-sha2-256") ? SIGN_RSA_SHA2_256
		: str_is(algorithm, "rsa-sha2-512")        ? SIGN_RSA_SHA2_512
							   : 0;
	buf_add_byte(&question, SIGN_REQUEST);
	wire_add_string(&question, blob);
	wire_add_string(&question, message);
	wire_add_u32(&question, flags);
	if (ask(agent, buf_str(&question), SIGN_RESPONSE, &answer, err) != 0)
		return -1;
	struct str rest = str_from_index(buf_str(&answer), 1);
	struct str both, type, bytes;
	if (!wire_string(&rest, &both) || !wire_string(&both, &type) || !wire_string(&both, &bytes))
		return error_set(err, ERROR_SYSTEM, "agent: not a signature");
	if (!str_eq(type, algorithm))
		return error_set(err, ERROR_SYSTEM, "agent: signed with %.*s, not with %.*s",
			STR_ARG(type), STR_ARG(algorithm));
	buf_add(signature, bytes);
	return 0;
}
