/*
 * Private keys of SSH: OpenSSH's own format ("openssh-key-v1", PROTOCOL.key) and PEM (PKCS#1,
 * PKCS#8, SEC1), made, read and used to sign (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709).
 * Private to builders/ssh/ and to the builders that make keys.
 */
#ifndef BUILDERS_SSH_KEY_H
#define BUILDERS_SSH_KEY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/redact.h"

struct ssh_key;

/* ERROR_INPUT for what is no key, is encrypted, or is of a kind that SSH no longer takes. */
MUST_CHECK int ssh_key_parse(struct ssh_key **out, struct str text, struct error *err);
/* A new key of Ed25519. */
MUST_CHECK int ssh_key_new(struct ssh_key **out, struct error *err);
void ssh_key_free(struct ssh_key *key);
DEFINE_SCOPED_PTR(ssh_key)

/* "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"... */
struct str ssh_key_type(const struct ssh_key *key);
/* The public key's blob; lives as long as the key. */
struct str ssh_key_blob(const struct ssh_key *key);
/* A line for authorized_keys, without its end: "ssh-ed25519 AAAA... comment". */
struct str ssh_key_public_line(const struct ssh_key *key, const char *comment, struct arena *a);
/* The private key in OpenSSH's format; Ed25519 only. */
MUST_CHECK int ssh_key_write(struct secret *out, const struct ssh_key *key, struct error *err);

/*
 * The signature itself, without its type in front. algorithm: the key's type, or for RSA
 * "rsa-sha2-256" and "rsa-sha2-512" as well.
 */
MUST_CHECK int ssh_key_sign(const struct ssh_key *key, struct str algorithm, struct str message,
	struct buf *signature, struct error *err);

/* "SHA256:..." of a blob, as OpenSSH prints it. */
struct str ssh_fingerprint(struct str blob, struct arena *a);

#endif
