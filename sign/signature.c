#include "sign/key.h"

#include <openssl/err.h>

/* The largest is RSA of RSA_BITS_MAX. */
#define SIGNATURE_MAX (RSA_BITS_MAX / 8)

/* Ed25519 hashes by itself. */
static const EVP_MD *message_digest(enum key_algorithm algorithm)
{
	return algorithm == KEY_ED25519 ? NULL : EVP_sha256();
}

static bool verify_raw(const struct public_key *k, struct str message, const uint8_t *sig, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx &&
		EVP_DigestVerifyInit(ctx, NULL, message_digest(k->algorithm), NULL, k->pkey) == 1 &&
		EVP_DigestVerify(ctx, sig, n, (const uint8_t *)message.p, message.n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static bool verify_ecdsa(
	const struct public_key *k, struct str message, const struct ecdsa_signature *sig)
{
	uint8_t der[ECDSA_DER_MAX] = {0};
	size_t n = ecdsa_to_der(der, sig);
	return verify_raw(k, message, der, n);
}

bool public_key_verify(const struct public_key *k, struct str message, struct str signature)
{
	struct ecdsa_signature sig = {0};
	if (signature.n == 0 || signature.n > SIGNATURE_MAX)
		return false;
	if (k->algorithm != KEY_ECDSA_P256)
		return verify_raw(k, message, (const uint8_t *)signature.p, signature.n);
	/* 64 bytes may be both forms by chance. */
	if (ecdsa_from_der(&sig, signature) && verify_ecdsa(k, message, &sig))
		return true;
	return ecdsa_from_raw(&sig, signature) && verify_ecdsa(k, message, &sig);
}

/* Of the two valid forms of an ECDSA signature the one with the low s, so that there is one. */
static bool normalise(enum key_algorithm algorithm, uint8_t *bytes, size_t *n)
{
	struct ecdsa_signature sig = {0};
	if (algorithm != KEY_ECDSA_P256)
		return true;
	if (!ecdsa_from_der(&sig, (struct str){(const char *)bytes, *n}))
		return false;
	ecdsa_make_low(&sig);
	*n = ecdsa_to_der(bytes, &sig);
	return true;
}

static bool sign_raw(const struct private_key *k, struct str message, uint8_t *sig, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx &&
		EVP_DigestSignInit(ctx, NULL, message_digest(k->algorithm), NULL, k->pkey) == 1 &&
		EVP_DigestSign(ctx, sig, n, (const uint8_t *)message.p, message.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good && normalise(k->algorithm, sig, n);
}

int private_key_sign(struct str *out, struct arena *a, const struct private_key *k,
	struct str message, struct error *err)
{
	uint8_t sig[SIGNATURE_MAX] = {0};
	size_t n = sizeof(sig);
	if (!sign_raw(k, message, sig, &n))
		return error_openssl(err, "sign");
	/* A signature that came out wrong (a fault, a bit flip) can give the key away. */
	scoped_ptr(public_key) public = NULL;
	struct str made = {(const char *)sig, n};
	if (public_key_of(&public, k, err) < 0)
		return -1;
	if (!public_key_verify(public, message, made))
		return error_set(err, ERROR_SYSTEM, "sign: the new signature does not verify");
	*out = arena_str(a, made);
	return 0;
}
