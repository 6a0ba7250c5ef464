/* What a key is made of. Private to builders/ssh/key*.c. */
#ifndef BUILDERS_SSH_KEY_PARTS_H
#define BUILDERS_SSH_KEY_PARTS_H

#include <openssl/types.h>

#include "builders/ssh/key.h"
#include "builders/ssh/wire.h"

#define OPENSSH_MAGIC "openssh-key-v1" /* with its NUL */
#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END "-----END OPENSSH PRIVATE KEY-----"

struct ssh_curve {
	const char *type;
	const char *name; /* in blobs */
	const char *group; /* OpenSSL's name */
	size_t bytes; /* of one coordinate */
	const char *digest;
};
/* Ended by an empty one. */
extern const struct ssh_curve ssh_curves[];

struct ssh_key {
	struct arena arena;
	EVP_PKEY *pkey;
	struct str type;
	struct str blob;
	const struct ssh_curve *curve; /* of ECDSA, else NULL */
	bool rsa;
};

/* A key around OpenSSL's, which it takes in every case. */
MUST_CHECK int ssh_key_take(struct ssh_key **out, EVP_PKEY *pkey, struct error *err);

#endif
