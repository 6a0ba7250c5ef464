/* Private to sign: what a key is made of, PEM text, and ECDSA signatures as numbers. */
#ifndef SIGN_KEY_H
#define SIGN_KEY_H

#include "sign/sign.h"

#include <openssl/evp.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_NEW_MIN 3072
#define RSA_BITS_MAX 8192

/* pkey is never NULL; algorithm is what key_classify said. */
struct private_key {
	EVP_PKEY *pkey;
	enum key_algorithm algorithm;
};

/* spki: its canonical DER. */
struct public_key {
	EVP_PKEY *pkey;
	enum key_algorithm algorithm;
	struct buf spki;
};

/* The algorithm of a key that is strong enough; ERROR_INPUT says why it is not. */
MUST_CHECK int key_classify(enum key_algorithm *out, EVP_PKEY *pkey, struct error *err);
/* Sets ERROR_SYSTEM with the text and OpenSSL's reason, and empties its queue. Returns -1. */
int error_openssl(struct error *err, const char *what);

/* ---- PEM (RFC 7468) -------------------------------------------------------------------------- */

/* One block. der is decoded into memory that the caller wipes. */
struct pem_block {
	struct str label;
	struct secret der;
};
void pem_block_clear(struct pem_block *b);
/* Takes the first block off *rest, which may start and end with white space and nothing else. */
MUST_CHECK int pem_read(struct pem_block *out, struct str *rest, struct error *err);
void pem_write(struct buf *out, const char *label, struct str der);

/* ---- ECDSA P-256 ----------------------------------------------------------------------------- */

#define ECDSA_HALF 32
#define ECDSA_DER_MAX 72

/* Both numbers big-endian, 0 < r, s < n. */
struct ecdsa_signature {
	uint8_t r[ECDSA_HALF];
	uint8_t s[ECDSA_HALF];
};

/* False unless it is the one DER form of two numbers in range, with nothing behind it. */
MUST_CHECK bool ecdsa_from_der(struct ecdsa_signature *out, struct str der);
/* r||s, 64 bytes. */
MUST_CHECK bool ecdsa_from_raw(struct ecdsa_signature *out, struct str raw);
/* Returns the length. */
size_t ecdsa_to_der(uint8_t out[ECDSA_DER_MAX], const struct ecdsa_signature *sig);
bool ecdsa_is_low(const struct ecdsa_signature *sig);
/* Of the two signatures (r, s) and (r, n - s) the one with the smaller s. */
void ecdsa_make_low(struct ecdsa_signature *sig);

#endif
