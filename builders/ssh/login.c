#include "builders/ssh/agent.h"
#include "builders/ssh/link.h"
#include "builders/ssh/wire.h"

#define KEYS_TRIED_MAX 5 /* servers hang up after six attempts, OpenSSH's default */

/* Who signs, and how: handed through libssh2 to its callback. */
struct signer {
	const struct ssh_key *key; /* NULL: the agent's */
	struct ssh_agent *agent;
	struct str blob;
	struct str algorithm;
	struct error error;
};

/* libssh2 frees the signature with free(), its default. */
static int sign(LIBSSH2_SESSION *session, unsigned char **sig, size_t *sig_len,
	const unsigned char *bytes, size_t n, void **abstract)
{
	struct signer *s = *abstract;
	struct str message = {(const char *)bytes, n};
	scoped(buf) signature = {0};
	(void)session;
	int r = s->key
		? ssh_key_sign(s->key, s->algorithm, message, &signature, &s->error)
		: ssh_agent_sign(s->agent, s->blob, s->algorithm, message, &signature, &s->error);
	if (r != 0)
		return -1;
	*sig = malloc(signature.n);
	if (!*sig)
		error_out_of_memory();
	memcpy(*sig, signature.p, signature.n);
	*sig_len = signature.n;
	return 0;
}

/*
 * libssh2 1.10 takes the name of the algorithm from the front of the blob. For RSA that name is of
 * the old signature with SHA-1, which servers refuse today; they take the newer names (RFC 8332)
 * in its place.
 */
static void blob_of_algorithm(struct buf *out, struct str blob, struct str algorithm)
{
	struct str type;
	wire_add_string(out, algorithm);
	if (wire_string(&blob, &type))
		buf_add(out, blob);
}

static int try_algorithm(
	struct ssh_session *s, struct signer *signer, int64_t deadline, bool *in, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) blob = {0};
	int r;
	void *abstract = signer;
	const char *user = arena_cstr(&a, s->login->user);
	blob_of_algorithm(&blob, signer->blob, signer->algorithm);
	while ((r = libssh2_userauth_publickey(s->handle, user, (const unsigned char *)blob.p,
			blob.n, sign, &abstract)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(s, deadline, err) != 0)
			return error_wrap(err, "login");
	}
	*in = r == 0;
	if (r == 0 || r == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
		r == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED || signer->error.code != ERROR_NONE)
		return 0;
	return session_error(s, "login", err);
}

static int try_blob(
	struct ssh_session *s, struct signer *signer, int64_t deadline, bool *in, struct error *err)
{
	static const char *const rsa[] = {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"};
	struct str rest = signer->blob;
	struct str type = {0};
	*in = false;
	if (!wire_string(&rest, &type))
		return 0;
	bool is_rsa = str_is(type, "ssh-rsa");
	for (size_t i = 0; !*in && i < (is_rsa ? countof(rsa) : 1); i++) {
		signer->algorithm = is_rsa ? str_from(rsa[i]) : type;
		if (try_algorithm(s, signer, deadline, in, err) != 0)
			return -1;
	}
	return 0;
}

static int try_agent(struct ssh_session *s, int64_t deadline, bool *in, struct error *err)
{
	scoped(arena) a = {0};
	scoped(ssh_agent) agent = SSH_AGENT_INIT;
	struct str_list blobs = {0};
	if (ssh_agent_open(&agent, s->around->agent_socket, err) != 0 ||
		ssh_agent_list(&agent, &blobs, &a, err) != 0)
		return -1;
	for (size_t i = 0; !*in && i < blobs.n && i < KEYS_TRIED_MAX; i++) {
		struct signer signer = {.agent = &agent, .blob = blobs.items[i]};
		if (try_blob(s, &signer, deadline, in, err) != 0)
			return -1;
	}
	return 0;
}

static int try_key(struct ssh_session *s, int64_t deadline, bool *in, struct error *err)
{
	scoped_ptr(ssh_key) key = NULL;
	if (ssh_key_parse(&key, s->login->key, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(s->login->key_name));
	struct signer signer = {.key = key, .blob = ssh_key_blob(key)};
	return try_blob(s, &signer, deadline, in, err);
}

/* ---- Passwords ------------------------------------------------------------------------------ */

static int try_password(struct ssh_session *s, int64_t deadline, bool *in, struct error *err)
{
	struct str user = s->login->user, password = s->login->password;
	int r;
	while ((r = libssh2_userauth_password_ex(s->handle, user.p, (unsigned)user.n, password.p,
			(unsigned)password.n, NULL)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(s, deadline, err) != 0)
			return error_wrap(err, "login");
	}
	*in = r == 0;
	if (r == 0 || r == LIBSSH2_ERROR_AUTHENTICATION_FAILED)
		return 0;
	if (r == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		return error_set(err, ERROR_SYSTEM, "login: the password has expired");
	return session_error(s, "login", err);
}

/* Every question is answered with the password, as Packer does. */
/* NOLINTNEXTLINE(readability-function-size): the parameters are libssh2's. */
static void answer(const char *name, int name_len, const char *instruction, int instruction_len,
	int n, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
	LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
	const struct ssh_session *s = *abstract;
	struct str password = s->login->password;
	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	(void)prompts;
	for (int i = 0; i < n; i++) {
		responses[i].text = malloc(password.n + 1);
		if (!responses[i].text)
			error_out_of_memory();
		memcpy(responses[i].text, password.p, password.n);
		responses[i].length = (unsigned)password.n;
	}
}

static int try_questions(struct ssh_session *s, int64_t deadline, bool *in, struct error *err)
{
	struct str user = s->login->user;
	int r;
	while ((r = libssh2_userauth_keyboard_interactive_ex(
			s->handle, user.p, (unsigned)user.n, answer)) == LIBSSH2_ERROR_EAGAIN) {
		if (link_wait(s, deadline, err) != 0)
			return error_wrap(err, "login");
	}
	*in = r == 0;
	if (r == 0 || r == LIBSSH2_ERROR_AUTHENTICATION_FAILED)
		return 0;
	return session_error(s, "login", err);
}

/* ---- Order ---------------------------------------------------------------------------------- */

typedef int try_fn(struct ssh_session *s, int64_t deadline, bool *in, struct error *err);

static bool has_agent(const struct ssh_login *l)
{
	return l->agent;
}

static bool has_key(const struct ssh_login *l)
{
	return l->key.n > 0;
}

static bool has_password(const struct ssh_login *l)
{
	return l->password.n > 0;
}

/* In Packer's order. */
static const struct {
	const char *method; /* as the server names it */
	const char *what;
	bool (*has)(const struct ssh_login *l);
	try_fn *try;
} ways[] = {
	{"publickey", "the agent's keys", has_agent, try_agent},
	{"publickey", "the private key", has_key, try_key},
	{"password", "the password", has_password, try_password},
	{"keyboard-interactive", "the password", has_password, try_questions},
};

/* What the server offers; empty when it let us in without anything. */
static int offered(struct ssh_session *s, struct str *methods, struct arena *a, int64_t deadline,
	struct error *err)
{
	struct str user = s->login->user;
	char *list;
	while (!(list = libssh2_userauth_list(s->handle, user.p, (unsigned)user.n))) {
		if (libssh2_userauth_authenticated(s->handle))
			return 0;
		if (libssh2_session_last_errno(s->handle) != LIBSSH2_ERROR_EAGAIN)
			return session_error(s, "login", err);
		if (link_wait(s, deadline, err) != 0)
			return error_wrap(err, "login");
	}
	*methods = arena_str(a, str_from(list));
	return 0;
}

static bool is_offered(struct str methods, const char *method)
{
	struct str part;
	while (str_cut(&methods, ',', &part)) {
		if (str_is(part, method))
			return true;
	}
	return false;
}

int session_login(struct ssh_session *s, int64_t deadline, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) tried = {0};
	struct str methods = {0};
	bool in = false;
	if (!str_is_cstr(s->login->user))
		return error_set(err, ERROR_INPUT, "ssh: the user's name holds a NUL");
	if (offered(s, &methods, &a, deadline, err) != 0)
		return -1;
	if (methods.n == 0)
		return 0;
	for (size_t i = 0; !in && i < countof(ways); i++) {
		if (!ways[i].has(s->login) || !is_offered(methods, ways[i].method))
			continue;
		buf_printf(&tried, "%s%s", tried.n > 0 ? ", " : "", ways[i].what);
		if (ways[i].try(s, deadline, &in, err) != 0)
			return -1;
	}
	if (in)
		return 0;
	return error_set(err, ERROR_SYSTEM,
		"%.*s is not let in by %.*s, which takes %.*s; tried: %s", STR_ARG(s->login->user),
		STR_ARG(s->login->host), STR_ARG(methods), tried.n > 0 ? tried.p : "nothing");
}
