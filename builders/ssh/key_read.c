#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/encode.h"
#include "builders/ssh/key_parts.h"

#define KEY_MAX ((size_t)64 << 10)
#define RSA_BITS_MIN 1024
#define POINT_MAX 133 /* of nistp521, uncompressed */

/* ---- The public part ------------------------------------------------------------------------ */

static int rsa_blob(struct ssh_key *key, struct buf *blob)
{
	BIGNUM *e = NULL, *n = NULL;
	unsigned char bytes[2048];
	int ok = EVP_PKEY_get_bits(key->pkey) >= RSA_BITS_MIN &&
		EVP_PKEY_get_bits(key->pkey) <= (int)sizeof(bytes) * 8 &&
		EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1;
	BIGNUM *numbers[] = {e, n};
	for (size_t i = 0; ok && i < countof(numbers); i++) {
		int size = BN_bn2bin(numbers[i], bytes);
		wire_add_mpint(blob, (struct str){(const char *)bytes, (size_t)size});
	}
	BN_free(e);
	BN_free(n);
	key->rsa = true;
	return ok;
}

static int ecdsa_blob(struct ssh_key *key, struct buf *blob)
{
	unsigned char point[POINT_MAX];
	size_t n = 0;
	if (EVP_PKEY_get_octet_string_param(
		    key->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &n) != 1 ||
		n != 1 + 2 * key->curve->bytes)
		return 0;
	wire_add_string(blob, str_from(key->curve->name));
	wire_add_string(blob, (struct str){(const char *)point, n});
	return 1;
}

static int ed25519_blob(struct ssh_key *key, struct buf *blob)
{
	unsigned char bytes[32];
	size_t n = sizeof(bytes);
	if (EVP_PKEY_get_raw_public_key(key->pkey, bytes, &n) != 1 || n != sizeof(bytes))
		return 0;
	wire_add_string(blob, (struct str){(const char *)bytes, n});
	return 1;
}

static const struct ssh_curve *curve_of(const EVP_PKEY *pkey)
{
	char group[64];
	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return NULL;
	for (size_t i = 0; ssh_curves[i].type; i++) {
		if (strcmp(ssh_curves[i].group, group) == 0)
			return &ssh_curves[i];
	}
	return NULL;
}

static int add_blob(struct ssh_key *key, struct error *err)
{
	scoped(buf) blob = {0};
	int ok = 0;
	key->curve = EVP_PKEY_is_a(key->pkey, "EC") ? curve_of(key->pkey) : NULL;
	if (EVP_PKEY_is_a(key->pkey, "RSA"))
		key->type = STR("ssh-rsa");
	else if (EVP_PKEY_is_a(key->pkey, "ED25519"))
		key->type = STR("ssh-ed25519");
	else if (key->curve)
		key->type = str_from(key->curve->type);
	else
		return error_set(err, ERROR_INPUT,
			"a key of this kind is not used: take Ed25519, ECDSA (P-256, P-384, P-521) "
			"or RSA");
	wire_add_string(&blob, key->type);
	if (key->curve)
		ok = ecdsa_blob(key, &blob);
	else if (str_is(key->type, "ssh-rsa"))
		ok = rsa_blob(key, &blob);
	else
		ok = ed25519_blob(key, &blob);
	if (!ok)
		return error_set(
			err, ERROR_INPUT, "not a usable key of type %.*s", STR_ARG(key->type));
	key->blob = arena_str(&key->arena, buf_str(&blob));
	return 0;
}

int ssh_key_take(struct ssh_key **out, EVP_PKEY *pkey, struct error *err)
{
	struct ssh_key *key = calloc(1, sizeof(*key));
	if (!key)
		error_out_of_memory();
	key->pkey = pkey;
	if (add_blob(key, err) != 0) {
		ssh_key_free(key);
		return -1;
	}
	*out = key;
	return 0;
}

/* ---- OpenSSH's format ----------------------------------------------------------------------- */

/* The numbers of RSA that are needed, in the order of the file; the factors behind them are not. */
static const char *const rsa_numbers[] = {
	OSSL_PKEY_PARAM_RSA_N,
	OSSL_PKEY_PARAM_RSA_E,
	OSSL_PKEY_PARAM_RSA_D,
};

static EVP_PKEY *build_key(const char *type, OSSL_PARAM_BLD *parts)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *read_rsa(struct str *rest)
{
	BIGNUM *numbers[countof(rsa_numbers)] = {NULL};
	OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	bool ok = parts != NULL;
	for (size_t i = 0; ok && i < countof(rsa_numbers); i++) {
		struct str bytes = {0};
		ok = wire_string(rest, &bytes) && bytes.n <= KEY_MAX;
		numbers[i] =
			ok ? BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL) : NULL;
		ok = numbers[i] && OSSL_PARAM_BLD_push_BN(parts, rsa_numbers[i], numbers[i]) == 1;
	}
	if (ok)
		pkey = build_key("RSA", parts);
	OSSL_PARAM_BLD_free(parts);
	for (size_t i = 0; i < countof(rsa_numbers); i++)
		BN_clear_free(numbers[i]);
	return pkey;
}

static EVP_PKEY *read_ecdsa(struct str *rest, const struct ssh_curve *curve)
{
	struct str name, point, scalar;
	if (!wire_string(rest, &name) || !wire_string(rest, &point) ||
		!wire_string(rest, &scalar) || !str_is(name, curve->name) || scalar.n > 67)
		return NULL;
	BIGNUM *d = BN_bin2bn((const unsigned char *)scalar.p, (int)scalar.n, NULL);
	OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	if (d && parts &&
		OSSL_PARAM_BLD_push_utf8_string(
			parts, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(
			parts, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1 &&
		OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
		pkey = build_key("EC", parts);
	OSSL_PARAM_BLD_free(parts);
	BN_clear_free(d);
	return pkey;
}

static EVP_PKEY *read_ed25519(struct str *rest)
{
	struct str public, private;
	if (!wire_string(rest, &public) || !wire_string(rest, &private) || private.n != 64)
		return NULL;
	return EVP_PKEY_new_raw_private_key_ex(
		NULL, "ED25519", NULL, (const unsigned char *)private.p, 32);
}

static EVP_PKEY *read_private_part(struct str rest)
{
	uint32_t check[2];
	struct str type;
	if (!wire_u32(&rest, &check[0]) || !wire_u32(&rest, &check[1]) || check[0] != check[1] ||
		!wire_string(&rest, &type))
		return NULL;
	if (str_is(type, "ssh-rsa"))
		return read_rsa(&rest);
	if (str_is(type, "ssh-ed25519"))
		return read_ed25519(&rest);
	for (size_t i = 0; ssh_curves[i].type; i++) {
		if (str_is(type, ssh_curves[i].type))
			return read_ecdsa(&rest, &ssh_curves[i]);
	}
	return NULL;
}

static int encrypted(struct error *err)
{
	return error_set(err, ERROR_INPUT,
		"the private key is encrypted: add it to an agent (ssh-add) and set "
		"\"ssh_agent_auth\"");
}

static int read_openssh(struct ssh_key **out, struct str bytes, struct error *err)
{
	struct str cipher, kdf, options, public, private;
	uint32_t count;
	struct str magic = {OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)};
	struct str rest = str_from_index(bytes, magic.n);
	if (!str_has_prefix(bytes, magic) || !wire_string(&rest, &cipher) ||
		!wire_string(&rest, &kdf) || !wire_string(&rest, &options) ||
		!wire_u32(&rest, &count) || count != 1 || !wire_string(&rest, &public) ||
		!wire_string(&rest, &private))
		return error_set(err, ERROR_INPUT, "not a private key of OpenSSH");
	if (!str_is(cipher, "none"))
		return encrypted(err);
	EVP_PKEY *pkey = read_private_part(private);
	if (!pkey)
		return error_set(err, ERROR_INPUT,
			"the private key is damaged, or of a kind that is not used");
	if (ssh_key_take(out, pkey, err) != 0)
		return -1;
	if (str_eq((*out)->blob, public))
		return 0;
	ssh_key_free(*out);
	*out = NULL;
	return error_set(err, ERROR_INPUT, "the parts of the private key do not belong together");
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Never asks the terminal. */
static int no_password(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int read_pem(struct ssh_key **out, struct str text, struct error *err)
{
	bool asked = false;
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	if (asked) {
		EVP_PKEY_free(pkey);
		return encrypted(err);
	}
	if (!pkey)
		return error_set(err, ERROR_INPUT, "not a private key in PEM or OpenSSH's format");
	return ssh_key_take(out, pkey, err);
}

/* The base64 between the lines that begin and end it. */
static bool armoured(struct arena *a, struct str text, struct str *out)
{
	size_t begin = str_find(text, STR(OPENSSH_BEGIN));
	if (begin == STR_NPOS)
		return false;
	struct str body = str_from_index(text, begin + sizeof(OPENSSH_BEGIN) - 1);
	size_t end = str_find(body, STR(OPENSSH_END));
	scoped(buf) plain = {0};
	for (size_t i = 0; end != STR_NPOS && i < end; i++) {
		if (body.p[i] == '\0' || !strchr(" \t\r\n", body.p[i]))
			buf_add_byte(&plain, body.p[i]);
	}
	bool ok = base64_decode(a, buf_str(&plain), out);
	if (plain.p)
		secret_wipe(plain.p, plain.n);
	return ok;
}

int ssh_key_parse(struct ssh_key **out, struct str text, struct error *err)
{
	scoped(arena) a = {0};
	struct str bytes = {0};
	if (text.n > KEY_MAX)
		return error_set(err, ERROR_INPUT, "too large for a private key");
	if (str_contains(text, STR("PuTTY-User-Key-File")))
		return error_set(err, ERROR_INPUT,
			"a key of PuTTY: convert it with puttygen -O private-openssh");
	if (!str_contains(text, STR(OPENSSH_BEGIN)))
		return read_pem(out, text, err);
	if (!armoured(&a, text, &bytes))
		return error_set(err, ERROR_INPUT, "not a private key of OpenSSH");
	int status = read_openssh(out, bytes, err);
	secret_wipe((void *)(uintptr_t)bytes.p, bytes.n);
	return status;
}
