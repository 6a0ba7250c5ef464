#include "sign/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <assert.h>

#include "base/encode.h"

#define ED25519_SIZE 32
#define RSA_EXPONENT_MIN 65537
#define RSA_EXPONENT_BITS_MAX 64

static const char *const algorithm_names[] = {
	[KEY_NONE] = "none",
	[KEY_ECDSA_P256] = "ecdsa-p256",
	[KEY_ED25519] = "ed25519",
	[KEY_RSA] = "rsa",
};
static_assert(countof(algorithm_names) == KEY_RSA + 1, "a name for each algorithm");

/* y coordinates of the points of Ed25519 whose order divides 8; with such a key anyone can sign. */
static const uint8_t small_order[][ED25519_SIZE] = {
	{0x00},
	{0x01},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
		0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d,
		0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
		0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92,
		0xac, 0x03, 0x7a},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0x7f},
};

int error_openssl(struct error *err, const char *what)
{
	char text[256] = "unknown";
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	if (!reason && code != 0) {
		ERR_error_string_n(code, text, sizeof(text));
		reason = text;
	}
	ERR_clear_error();
	error_set(err, ERROR_SYSTEM, "%s: %s", what, reason ? reason : text);
	return -1;
}

const char *key_algorithm_name(enum key_algorithm a)
{
	return algorithm_names[a];
}

/* ---- What is strong enough ------------------------------------------------------------------- */

static int check_ec(EVP_PKEY *pkey, struct error *err)
{
	char group[64] = "";
	int explicit_curve = 0;
	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return error_set(err, ERROR_INPUT, "key: the curve has no name");
	if (EVP_PKEY_get_int_param(
		    pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_curve) == 1 &&
		explicit_curve != 0)
		return error_set(err, ERROR_INPUT,
			"key: the curve is given by explicit parameters; only its name is "
			"accepted");
	if (strcmp(group, "prime256v1") != 0)
		return error_set(err, ERROR_INPUT, "key: curve %s; only P-256 is accepted", group);
	/* So that it is written in one way only, whatever it was read from. */
	if (EVP_PKEY_set_utf8_string_param(
		    pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1)
		return error_openssl(err, "key: point format");
	return 0;
}

static int check_rsa(EVP_PKEY *pkey, struct error *err)
{
	int bits = EVP_PKEY_get_bits(pkey);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return error_set(err, ERROR_INPUT, "key: RSA of %d bits; %d to %d are accepted",
			bits, RSA_BITS_MIN, RSA_BITS_MAX);
	BIGNUM *e = NULL;
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		return error_openssl(err, "key: RSA exponent");
	bool good = BN_is_odd(e) && BN_num_bits(e) <= RSA_EXPONENT_BITS_MAX &&
		BN_get_word(e) >= RSA_EXPONENT_MIN;
	BN_free(e);
	if (!good)
		return error_set(err, ERROR_INPUT,
			"key: RSA exponent; an odd one of at least 65537 is needed");
	return 0;
}

static bool is_canonical_y(const uint8_t y[ED25519_SIZE])
{
	/* p = 2^255 - 19. */
	if (y[0] < 0xed || y[ED25519_SIZE - 1] != 0x7f)
		return true;
	for (size_t i = 1; i < ED25519_SIZE - 1; i++) {
		if (y[i] != 0xff)
			return true;
	}
	return false;
}

static int check_ed25519(EVP_PKEY *pkey, struct error *err)
{
	uint8_t y[ED25519_SIZE] = {0};
	size_t n = sizeof(y);
	if (EVP_PKEY_get_raw_public_key(pkey, y, &n) != 1 || n != sizeof(y))
		return error_openssl(err, "key: Ed25519");
	y[ED25519_SIZE - 1] &= 0x7f;
	if (!is_canonical_y(y))
		return error_set(err, ERROR_INPUT, "key: Ed25519 point out of range");
	for (size_t i = 0; i < countof(small_order); i++) {
		if (memcmp(y, small_order[i], sizeof(y)) == 0)
			return error_set(err, ERROR_INPUT, "key: Ed25519 point of small order");
	}
	return 0;
}

int key_classify(enum key_algorithm *out, EVP_PKEY *pkey, struct error *err)
{
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_EC:
		*out = KEY_ECDSA_P256;
		return check_ec(pkey, err);
	case EVP_PKEY_ED25519:
		*out = KEY_ED25519;
		return check_ed25519(pkey, err);
	case EVP_PKEY_RSA:
		*out = KEY_RSA;
		return check_rsa(pkey, err);
	default: {
		const char *type = EVP_PKEY_get0_type_name(pkey);
		return error_set(err, ERROR_INPUT,
			"key: type %s; ECDSA P-256, Ed25519 and RSA are accepted",
			type ? type : "unknown");
	}
	}
}

/* ---- Public keys ----------------------------------------------------------------------------- */

void public_key_free(struct public_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	buf_clear(&k->spki);
	free(k);
}

static int public_key_fill(struct public_key *k, struct error *err)
{
	unsigned char *der = NULL;
	if (key_classify(&k->algorithm, k->pkey, err) < 0)
		return -1;
	int n = i2d_PUBKEY(k->pkey, &der);
	if (n <= 0)
		return error_openssl(err, "key: encode");
	buf_add(&k->spki, (struct str){(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return buf_check(&k->spki, err);
}

/* Takes pkey in every case. */
static int public_key_take(struct public_key **out, EVP_PKEY *pkey, struct error *err)
{
	struct public_key *k = calloc(1, sizeof(*k));
	if (!k)
		error_out_of_memory();
	k->pkey = pkey;
	if (public_key_fill(k, err) < 0) {
		public_key_free(k);
		return -1;
	}
	*out = k;
	return 0;
}

static int check_point(EVP_PKEY *pkey, struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (!ctx)
		return error_openssl(err, "key");
	int good = EVP_PKEY_public_check(ctx);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (good != 1)
		return error_set(err, ERROR_INPUT, "key: the public key is not a valid one");
	return 0;
}

static int public_key_from_der(struct public_key **out, struct str der, struct error *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
	if (!pkey) {
		ERR_clear_error();
		return error_set(err, ERROR_INPUT, "key: not a SubjectPublicKeyInfo");
	}
	scoped_ptr(public_key) k = NULL;
	if (public_key_take(&k, pkey, err) < 0 || check_point(pkey, err) < 0)
		return -1;
	/* One key, one spelling, one id: no compressed points, no long lengths, nothing behind. */
	if (!str_eq(buf_str(&k->spki), der))
		return error_set(err, ERROR_INPUT, "key: not in canonical DER");
	*out = steal_ptr(k);
	return 0;
}

int public_key_parse(struct public_key **out, struct str pem, struct error *err)
{
	struct pem_block block = {0};
	if (pem_read(&block, &pem, err) < 0)
		return error_wrap(err, "public key");
	int r = -1;
	if (!str_is(block.label, "PUBLIC KEY"))
		error_set(err, ERROR_INPUT, "public key: PEM of type %.*s; PUBLIC KEY is needed",
			STR_ARG(block.label));
	else if (pem.n != 0)
		error_set(err, ERROR_INPUT, "public key: text behind the key");
	else
		r = public_key_from_der(out, (struct str){block.der.p, block.der.n}, err);
	pem_block_clear(&block);
	return r;
}

int public_key_of(struct public_key **out, const struct private_key *k, struct error *err)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(k->pkey, &der);
	if (n <= 0)
		return error_openssl(err, "key: encode");
	int r = public_key_from_der(out, (struct str){(const char *)der, (size_t)n}, err);
	OPENSSL_free(der);
	return r;
}

int public_key_write(struct buf *out, const struct public_key *k, struct error *err)
{
	pem_write(out, "PUBLIC KEY", buf_str(&k->spki));
	return buf_check(out, err);
}

enum key_algorithm public_key_algorithm(const struct public_key *k)
{
	return k->algorithm;
}

struct str public_key_id(const struct public_key *k, struct arena *a)
{
	struct digest d = digest_bytes(buf_str(&k->spki));
	return base64_encode(a, (struct str){(const char *)d.bytes, sizeof(d.bytes)});
}
