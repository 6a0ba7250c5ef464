#include "builders/ssh/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/digest.h"
#include "base/encode.h"
#include "builders/ssh/key_parts.h"

#define FINGERPRINT_PREFIX "SHA256:"

const struct ssh_curve ssh_curves[] = {
	{"ecdsa-sha2-nistp256", "nistp256", "prime256v1", 32, "SHA256"},
	{"ecdsa-sha2-nistp384", "nistp384", "secp384r1", 48, "SHA384"},
	{"ecdsa-sha2-nistp521", "nistp521", "secp521r1", 66, "SHA512"},
	{0},
};

static const struct {
	const char *algorithm;
	const char *digest;
} rsa_algorithms[] = {
	{"rsa-sha2-512", "SHA512"},
	{"rsa-sha2-256", "SHA256"},
	{"ssh-rsa", "SHA1"},
};

void ssh_key_free(struct ssh_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	arena_clear(&key->arena);
	free(key);
}

struct str ssh_key_type(const struct ssh_key *key)
{
	return key->type;
}

struct str ssh_key_blob(const struct ssh_key *key)
{
	return key->blob;
}

struct str ssh_key_public_line(const struct ssh_key *key, const char *comment, struct arena *a)
{
	struct str encoded = base64_encode(a, key->blob);
	return arena_printf(a, "%.*s %.*s%s%s", STR_ARG(key->type), STR_ARG(encoded),
		comment[0] ? " " : "", comment);
}

struct str ssh_fingerprint(struct str blob, struct arena *a)
{
	struct digest sha256 = digest_bytes(blob);
	struct str encoded =
		base64_encode(a, (struct str){(const char *)sha256.bytes, sizeof(sha256.bytes)});
	while (encoded.n > 0 && encoded.p[encoded.n - 1] == '=')
		encoded.n--;
	return arena_printf(a, FINGERPRINT_PREFIX "%.*s", STR_ARG(encoded));
}

/* ---- Signing -------------------------------------------------------------------------------- */

/* What OpenSSL gives as DER, SSH wants as two numbers. */
static int ecdsa_numbers(struct buf *out, struct str der, struct error *err)
{
	unsigned char bytes[128];
	const unsigned char *p = (const unsigned char *)der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	if (!sig)
		return error_set(err, ERROR_BUG, "sign: no signature of ECDSA");
	const BIGNUM *numbers[] = {ECDSA_SIG_get0_r(sig), ECDSA_SIG_get0_s(sig)};
	for (size_t i = 0; i < countof(numbers); i++) {
		int n = BN_bn2bin(numbers[i], bytes);
		wire_add_mpint(out, (struct str){(const char *)bytes, (size_t)n});
	}
	ECDSA_SIG_free(sig);
	return 0;
}

static const char *digest_name(const struct ssh_key *key, struct str algorithm)
{
	if (key->curve)
		return key->curve->digest;
	for (size_t i = 0; key->rsa && i < countof(rsa_algorithms); i++) {
		if (str_is(algorithm, rsa_algorithms[i].algorithm))
			return rsa_algorithms[i].digest;
	}
	return NULL;
}

int ssh_key_sign(const struct ssh_key *key, struct str algorithm, struct str message,
	struct buf *signature, struct error *err)
{
	unsigned char bytes[2048];
	size_t n = sizeof(bytes);
	const char *digest = digest_name(key, algorithm);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && (!key->rsa || digest) &&
		EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key->pkey, NULL) == 1 &&
		EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)message.p, message.n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return error_set(err, ERROR_SYSTEM, "sign with %.*s: OpenSSL does not do it",
			STR_ARG(algorithm));
	struct str made = {(const char *)bytes, n};
	if (key->curve)
		return ecdsa_numbers(signature, made, err);
	buf_add(signature, made);
	return 0;
}

/* ---- Making --------------------------------------------------------------------------------- */

int ssh_key_new(struct ssh_key **out, struct error *err)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!pkey)
		return error_set(err, ERROR_SYSTEM, "no key of Ed25519 can be made");
	return ssh_key_take(out, pkey, err);
}

static void ed25519_private_part(
	struct buf *out, const struct ssh_key *key, const unsigned char seed[32])
{
	struct str public = str_from_index(key->blob, key->blob.n - 32);
	wire_add_string(out, STR("ssh-ed25519"));
	wire_add_string(out, public);
	wire_add_u32(out, 64);
	buf_add(out, (struct str){(const char *)seed, 32});
	buf_add(out, public);
	wire_add_string(out, STR("")); /* the comment */
}

/* PROTOCOL.key of OpenSSH: everything twice, the second time with the secret. */
int ssh_key_write(struct secret *out, const struct ssh_key *key, struct error *err)
{
	unsigned char seed[32];
	size_t n = sizeof(seed);
	if (!str_is(key->type, "ssh-ed25519") ||
		EVP_PKEY_get_raw_private_key(key->pkey, seed, &n) != 1)
		return error_set(err, ERROR_BUG, "only keys of Ed25519 are written");
	scoped(buf) private = {0}, all = {0}, text = {0};
	scoped(arena) a = {0};
	/* The two numbers say whether it was decrypted rightly; nothing is encrypted here. */
	wire_add_u32(&private, 0);
	wire_add_u32(&private, 0);
	ed25519_private_part(&private, key, seed);
	for (char pad = 1; private.n % 8 != 0; pad++)
		buf_add_byte(&private, pad);
	buf_add(&all, (struct str){OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)});
	wire_add_string(&all, STR("none"));
	wire_add_string(&all, STR("none"));
	wire_add_string(&all, STR(""));
	wire_add_u32(&all, 1);
	wire_add_string(&all, key->blob);
	wire_add_string(&all, buf_str(&private));
	struct str encoded = base64_encode(&a, buf_str(&all));
	buf_add_cstr(&text, OPENSSH_BEGIN "\n");
	for (size_t i = 0; i < encoded.n; i += 70)
		buf_printf(&text, "%.*s\n", STR_ARG(str_sub(encoded, i, 70)));
	buf_add_cstr(&text, OPENSSH_END "\n");
	secret_set(out, buf_str(&text));
	secret_wipe(seed, sizeof(seed));
	secret_wipe(private.p, private.n);
	secret_wipe(all.p, all.n);
	secret_wipe(text.p, text.n);
	return 0;
}
