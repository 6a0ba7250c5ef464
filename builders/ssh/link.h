/*
 * A byte stream to an SSH server: a socket, or a channel through another server. Private to
 * builders/ssh/.
 */
#ifndef BUILDERS_SSH_LINK_H
#define BUILDERS_SSH_LINK_H

#include <libssh2.h>

#include "builders/ssh/ssh.h"

/*
 * One login. Lives behind a pointer that libssh2 hands back to its callbacks; `through` is the
 * session of the bastion, whose channel then carries this one.
 */
struct ssh_session {
	LIBSSH2_SESSION *handle;
	int fd; /* -1: none; the bastion's own when there is one */
	struct ssh_session *through;
	LIBSSH2_CHANNEL *tunnel; /* of `through` */
	const struct ssh_login *login;
	struct ssh_around *around;
	bool lost; /* nothing can be sent any more */
	int64_t last_bytes; /* steady ns: when something was received last */
};

/* Connects the socket, through a proxy if there is one. */
MUST_CHECK int link_connect(int *fd, const struct ssh_settings *settings,
	const struct ssh_login *login, struct ssh_around *around, int64_t deadline,
	struct error *err);

/*
 * Waits until libssh2 can go on with what said LIBSSH2_ERROR_EAGAIN. -1 when cancelled, when the
 * deadline has passed ("timed out"), or when the children of the build could not be served.
 */
MUST_CHECK int link_wait(struct ssh_session *s, int64_t deadline, struct error *err);

/* A pause that ends early, with an error, when the build is cancelled. */
MUST_CHECK int link_sleep(struct ssh_around *around, int64_t until, struct error *err);

/* The error of libssh2 that came last, after `what`; notes whether the connection is lost. */
int session_error(struct ssh_session *s, const char *what, struct error *err);

/* ---- session.c, login.c ---------------------------------------------------------------------- */

/* Key exchange; the host's key is to be checked by the caller before anything else. */
MUST_CHECK int session_handshake(struct ssh_session *s, const struct ssh_settings *settings,
	int64_t deadline, struct error *err);
/* ERROR_TRUST when nothing that was given lets us in. */
MUST_CHECK int session_login(struct ssh_session *s, int64_t deadline, struct error *err);
/* Ends it without waiting for anybody. */
void session_close(struct ssh_session *s);

/* The channel of a finished `through` to another host. */
MUST_CHECK int session_tunnel(struct ssh_session *s, struct ssh_session *through,
	const struct ssh_login *login, int64_t deadline, struct error *err);

/* ---- ssh.c ---------------------------------------------------------------------------------- */

/* The session, made again if it was lost. */
MUST_CHECK int ssh_ready(struct ssh *s, struct ssh_session **out, struct error *err);
void ssh_drop(struct ssh *s);
const struct ssh_settings *ssh_settings_of(const struct ssh *s);

#endif
