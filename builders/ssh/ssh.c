#include <stdio.h>

#include "builders/ssh/known_hosts.h"
#include "builders/ssh/link.h"

#define SECOND INT64_C(1000000000)
#define HANDSHAKE_NS (60 * SECOND) /* of one attempt, as in Packer */
#define RETRY_NS (2 * SECOND)
#define PROBE_NS (SECOND / 2) /* between attempts to reach a machine that does not answer yet */

struct ssh {
	struct arena arena;
	const struct ssh_settings *settings;
	struct ssh_around around;
	struct ssh_session *bastion; /* NULL: none */
	struct ssh_session *session; /* NULL: not connected */
	struct str key; /* the host's */
	struct str key_type;
	struct str fingerprint;
	struct str banner;
	bool pinned;
	unsigned connections; /* made so far */
};

struct str ssh_host_key_fingerprint(const struct ssh *s)
{
	return s->fingerprint;
}

bool ssh_host_key_pinned(const struct ssh *s)
{
	return s->pinned;
}

struct digest ssh_host_key_digest(const struct ssh *s)
{
	return digest_bytes(s->key);
}

struct json *ssh_describe(const struct ssh *s, struct arena *a)
{
	const struct ssh_settings *settings = s->settings;
	struct json *j = json_object(a), *key = json_object(a);
	json_set(a, j, "host", json_bytes(a, settings->target.host));
	json_set(a, j, "port", json_i64(a, settings->target.port));
	json_set(a, j, "user", json_bytes(a, settings->target.user));
	if (settings->bastion.host.n > 0)
		json_set(a, j, "bastion", json_bytes(a, settings->bastion.host));
	json_set(a, key, "type", json_string(a, s->key_type));
	json_set(a, key, "fingerprint", json_string(a, s->fingerprint));
	json_set(a, key, "pinned", json_bool(a, s->pinned));
	json_set(a, j, "host_key", key);
	json_set(a, j, "server", json_bytes(a, s->banner));
	json_set(a, j, "files", json_cstr(a, settings->sftp ? "sftp" : "scp"));
	return j;
}

void ssh_set_watch(struct ssh *s, struct watch *watch)
{
	s->around.watch = watch;
}

/* ---- Connecting ----------------------------------------------------------------------------- */

static struct ssh_session *session_new(struct ssh *s, const struct ssh_login *login)
{
	struct ssh_session *session = calloc(1, sizeof(*session));
	if (!session)
		error_out_of_memory();
	session->fd = -1;
	session->login = login;
	session->around = &s->around;
	return session;
}

static void session_free(struct ssh_session **session)
{
	if (*session)
		session_close(*session);
	free(*session);
	*session = NULL;
}

void ssh_drop(struct ssh *s)
{
	session_free(&s->session);
	session_free(&s->bastion);
}

static const char *key_type_name(int type)
{
	switch (type) {
	case LIBSSH2_HOSTKEY_TYPE_RSA:
		return "ssh-rsa";
	case LIBSSH2_HOSTKEY_TYPE_DSS:
		return "ssh-dss";
	case LIBSSH2_HOSTKEY_TYPE_ECDSA_256:
		return "ecdsa-sha2-nistp256";
	case LIBSSH2_HOSTKEY_TYPE_ECDSA_384:
		return "ecdsa-sha2-nistp384";
	case LIBSSH2_HOSTKEY_TYPE_ECDSA_521:
		return "ecdsa-sha2-nistp521";
	case LIBSSH2_HOSTKEY_TYPE_ED25519:
		return "ssh-ed25519";
	default:
		return "unknown";
	}
}

/* The first key is the machine's; another one later is another machine. */
static int check_key(struct ssh *s, struct ssh_session *session, struct error *err)
{
	size_t n = 0;
	int type = 0;
	const char *bytes = libssh2_session_hostkey(session->handle, &n, &type);
	struct str key = {bytes, n};
	if (!bytes)
		return error_set(err, ERROR_TRUST, "the host has shown no key");
	const char *known = s->around.known_hosts;
	struct str type_name = str_from(key_type_name(type));
	if (known &&
		known_hosts_check(known, session->login->host, session->login->port, type_name, key,
			err) != 0)
		return -1;
	if (session != s->session)
		return 0;
	if (s->key.n == 0) {
		s->key = arena_str(&s->arena, key);
		s->key_type = type_name;
		s->fingerprint = ssh_fingerprint(key, &s->arena);
		s->pinned = known != NULL;
		const char *banner = libssh2_session_banner_get(session->handle);
		s->banner = arena_str(&s->arena, str_from(banner ? banner : ""));
		return 0;
	}
	if (str_eq(s->key, key))
		return 0;
	struct str found = ssh_fingerprint(key, &s->arena);
	return error_set(err, ERROR_TRUST,
		"the host's key was %.*s and is %.*s now: this is not the machine that the build "
		"began with",
		STR_ARG(s->fingerprint), STR_ARG(found));
}

static int log_in(struct ssh *s, struct ssh_session *session, int64_t deadline, struct error *err)
{
	int64_t soon = clock_steady(s->around.clock) + HANDSHAKE_NS;
	if (deadline == 0 || soon < deadline)
		deadline = soon;
	if (session_handshake(session, s->settings, deadline, err) != 0 ||
		check_key(s, session, err) != 0)
		return -1;
	return session_login(session, deadline, err);
}

static int connect_once(struct ssh *s, int64_t deadline, struct error *err)
{
	const struct ssh_settings *settings = s->settings;
	s->session = session_new(s, &settings->target);
	if (settings->bastion.host.n == 0) {
		if (link_connect(&s->session->fd, settings, &settings->target, &s->around, deadline,
			    err) != 0)
			return -1;
		return log_in(s, s->session, deadline, err);
	}
	s->bastion = session_new(s, &settings->bastion);
	if (link_connect(&s->bastion->fd, settings, &settings->bastion, &s->around, deadline,
		    err) != 0 ||
		log_in(s, s->bastion, deadline, err) != 0)
		return error_wrap(err, "bastion");
	if (session_tunnel(s->session, s->bastion, &settings->target, deadline, err) != 0)
		return -1;
	return log_in(s, s->session, deadline, err);
}

/*
 * A machine that boots refuses connections, or hangs up, or does not know the key yet: everything
 * but a wrong host key is tried again until time is up.
 */
static bool is_final(const struct ssh *s, const struct error *err, int64_t failed)
{
	bool tired = s->settings->handshakes > 0 && failed >= s->settings->handshakes;
	return tired || s->around.cancelled || err->code == ERROR_TRUST ||
		err->code == ERROR_INPUT || err->code == ERROR_USAGE || err->code == ERROR_BUG;
}

static int connect_until(struct ssh *s, int64_t deadline, struct error *err)
{
	for (int64_t failed = 0;;) {
		if (connect_once(s, deadline, err) == 0) {
			s->connections++;
			return 0;
		}
		bool met = s->session->handle != NULL;
		ssh_drop(s);
		failed += met ? 1 : 0;
		int64_t next = clock_steady(s->around.clock) + (met ? RETRY_NS : PROBE_NS);
		if (is_final(s, err, failed))
			return -1;
		if (deadline > 0 && next >= deadline)
			return error_wrap(err, "no login before the time-out");
		log_say(s->around.log, LOG_DEBUG, "ssh: %s; trying again", err->text);
		error_clear(err);
		if (link_sleep(&s->around, next, err) != 0)
			return -1;
	}
}

int ssh_ready(struct ssh *s, struct ssh_session **out, struct error *err)
{
	if (s->session && s->session->lost)
		ssh_drop(s);
	if (!s->session) {
		int64_t now = clock_steady(s->around.clock);
		int64_t timeout = s->settings->timeout;
		if (connect_until(s, timeout > 0 ? now + timeout : 0, err) != 0)
			return error_wrap(err, "ssh");
		if (s->connections > 1)
			log_say(s->around.log, LOG_INFO, "Connected to SSH again");
	}
	*out = s->session;
	return 0;
}

const struct ssh_settings *ssh_settings_of(const struct ssh *s)
{
	return s->settings;
}

int ssh_open(struct ssh **out, const struct ssh_settings *settings, const struct ssh_around *around,
	struct error *err)
{
	struct ssh_session *ignored;
	if (libssh2_init(0) != 0)
		return error_set(err, ERROR_SYSTEM, "ssh: libssh2 cannot be used");
	struct ssh *s = calloc(1, sizeof(*s));
	if (!s)
		error_out_of_memory();
	s->settings = settings;
	s->around = *around;
	int64_t start = clock_steady(around->clock) + settings->pause;
	int r = settings->pause > 0 ? link_sleep(&s->around, start, err) : 0;
	if (r == 0)
		r = ssh_ready(s, &ignored, err);
	if (r != 0) {
		ssh_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void ssh_free(struct ssh *s)
{
	if (!s)
		return;
	ssh_drop(s);
	arena_clear(&s->arena);
	free(s);
}
