/* SHA-256 and its friends. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"
#include "base/str.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE 65 /* with NUL */

/* A SHA-256. */
struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

/* A running SHA-256. */
struct hasher {
	void *ctx;
};

void hasher_init(struct hasher *h);
void hasher_add(struct hasher *h, struct str bytes);
/* Ends it; the hasher is empty behind. */
void hasher_finish(struct hasher *h, struct digest *out);
void hasher_clear(struct hasher *h);

struct digest digest_bytes(struct str bytes);
/* From the descriptor's start to its end (pread: the offset stays). size_out may be NULL. */
MUST_CHECK int digest_fd(struct digest *out, uint64_t *size_out, int fd, struct error *err);

void digest_hex(char out[DIGEST_HEX_SIZE], const struct digest *d);
/* 64 lower-case digits. */
MUST_CHECK bool digest_parse(struct digest *out, struct str hex);
bool digest_eq(const struct digest *a, const struct digest *b);

/* HMAC (RFC 2104) with SHA-256. */
struct digest digest_hmac(struct str key, struct str bytes);

enum digest_algorithm {
	DIGEST_NONE = 0,
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
};
/* "md5", "sha1", ...; DIGEST_NONE for anything else. */
enum digest_algorithm digest_algorithm_find(struct str name);
/* Lower-case hex of any algorithm, for checksums that others wrote. out: at least 129 bytes. */
void digest_any_hex(char *out, enum digest_algorithm algorithm, struct str bytes);
MUST_CHECK int digest_any_fd(char *out, enum digest_algorithm algorithm, int fd, struct error *err);

#endif
