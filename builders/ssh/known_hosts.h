/*
 * Keys that hosts must have: the file that sshd(8) describes as SSH_KNOWN_HOSTS, with names, their
 * patterns, their hashes, and revoked keys; certificate authorities are passed over. libssh2's own
 * reader knows neither patterns nor revoked keys. Private to builders/ssh/.
 */
#ifndef BUILDERS_SSH_KNOWN_HOSTS_H
#define BUILDERS_SSH_KNOWN_HOSTS_H

#include "builders/ssh/key.h"

/* Adds the types of the keys that the file has for the host. */
MUST_CHECK int known_hosts_types(struct str_list *out, const char *path, struct str host,
	uint16_t port, struct arena *a, struct error *err);
/* ERROR_TRUST unless the file has this key (a blob) for the host, and does not revoke it. */
MUST_CHECK int known_hosts_check(const char *path, struct str host, uint16_t port, struct str type,
	struct str key, struct error *err);

#endif
