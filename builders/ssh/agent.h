/*
 * An agent that holds keys: draft-ietf-sshm-ssh-agent, as far as it takes to log in.
 * Private to builders/ssh/.
 */
#ifndef BUILDERS_SSH_AGENT_H
#define BUILDERS_SSH_AGENT_H

#include "base/arena.h"
#include "base/buf.h"

struct ssh_agent {
	int fd; /* -1: not open */
};
#define SSH_AGENT_INIT \
	{ \
		.fd = -1 \
	}

/* path: of SSH_AUTH_SOCK. */
MUST_CHECK int ssh_agent_open(struct ssh_agent *agent, const char *path, struct error *err);
void ssh_agent_clear(struct ssh_agent *agent);
/* The blobs of its public keys. */
MUST_CHECK int ssh_agent_list(
	struct ssh_agent *agent, struct str_list *blobs, struct arena *a, struct error *err);
/* The signature without its type. algorithm: as for ssh_key_sign. */
MUST_CHECK int ssh_agent_sign(struct ssh_agent *agent, struct str blob, struct str algorithm,
	struct str message, struct buf *signature, struct error *err);

#endif
