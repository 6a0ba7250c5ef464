/*
 * SSH to a machine, on libssh2 (RFC 4251 to 4254): one connection for all of a build's steps.
 * Private to builders/.
 */
#ifndef BUILDERS_SSH_SSH_H
#define BUILDERS_SSH_SSH_H

#include "builders/builders.h"
#include "builders/ssh/key.h"
#include "builders/watch.h"

/* Where to log in, and with what; empty: not given. */
struct ssh_login {
	struct str host;
	uint16_t port;
	struct str user;
	struct str password;
	struct str key; /* the text of a private key */
	struct str key_name; /* for messages: its path */
	bool agent;
};

struct ssh_settings {
	struct ssh_login target;
	struct ssh_login bastion; /* host empty: none */
	struct ssh_login proxy; /* SOCKS5 (RFC 1928); host empty: none */
	struct str_list ciphers; /* empty: libssh2's own choice */
	struct str_list kex;
	bool pty;
	bool sftp; /* files go by SFTP, not by scp */
	int64_t pause; /* ns before the first connection */
	int64_t timeout; /* ns until somebody has to be logged in */
	int64_t handshakes; /* attempts; 0: as many as fit */
	int64_t keepalive; /* ns; below 0: none */
	int64_t idle; /* ns without a byte before a command is given up; 0: none */
};

/*
 * The communicator's keys of a builder's configuration. fill: of the machine's own holes; host and
 * port may be left to the builder. Files are read below `paths`. Everything lives in `a`.
 */
MUST_CHECK int ssh_settings_decode(struct ssh_settings *out, const struct build_options *o,
	text_fill_fn *fill, void *ctx, struct arena *a, struct error *err);

/* What the connection needs of the build around it. */
struct ssh_around {
	const struct clock *clock;
	const struct log *log;
	struct watch *watch; /* served while waiting; NULL: none yet */
	int cancel_fd;
	bool cancelled; /* it was readable */
	const char *agent_socket; /* SSH_AUTH_SOCK; NULL: none */
	const char *known_hosts; /* a file; NULL: the host's key is taken as found */
};

struct ssh;

/* Pauses, connects and logs in, again and again until the time-out; the settings outlive it. */
MUST_CHECK int ssh_open(struct ssh **out, const struct ssh_settings *settings,
	const struct ssh_around *around, struct error *err);
void ssh_free(struct ssh *s);
DEFINE_SCOPED_PTR(ssh)
void ssh_set_watch(struct ssh *s, struct watch *watch);

/* Of the machine, as found when it was first met: they must not change afterwards. */
struct str ssh_host_key_fingerprint(const struct ssh *s); /* "SHA256:..." */
bool ssh_host_key_pinned(const struct ssh *s); /* it stood in known_hosts */
struct digest ssh_host_key_digest(const struct ssh *s); /* of the key's blob */
/* For the record: address, user, key and server software. */
struct json *ssh_describe(const struct ssh *s, struct arena *a);

/* As communicator_ops; a connection that was lost is made again. */
MUST_CHECK int ssh_exec(struct ssh *s, struct str command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err);
MUST_CHECK int ssh_upload(
	struct ssh *s, const char *path, struct str bytes, uint32_t mode, struct error *err);
MUST_CHECK int ssh_download(struct ssh *s, const char *path, struct buf *out, struct error *err);

/* A communicator around it; the connection stays the caller's. */
struct ssh_communicator {
	struct communicator c;
	struct ssh *ssh;
};
void ssh_communicator_init(struct ssh_communicator *c, struct ssh *ssh);

#endif
