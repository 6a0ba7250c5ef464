#include "sign/key.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* scrypt as `openssl pkcs8 -scrypt` has it: 16 MiB. */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

/* DER of the curve's name, as `openssl ecparam -genkey` puts it before the key. */
static const char p256_name[] = {
	0x06, 0x08, 0x2a, (char)0x86, 0x48, (char)0xce, 0x3d, 0x03, 0x01, 0x07};

void private_key_free(struct private_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

/* The parts agree: a public half that does not fit the private one gives the private one away. */
static int check_pair(EVP_PKEY *pkey, struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (!ctx)
		return error_openssl(err, "key");
	int good = EVP_PKEY_check(ctx);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (good != 1)
		return error_set(err, ERROR_INPUT, "key: its parts do not fit each other");
	return 0;
}

/* Takes pkey in every case. */
static int private_key_take(struct private_key **out, EVP_PKEY *pkey, struct error *err)
{
	scoped_ptr(private_key) k = calloc(1, sizeof(*k));
	if (!k)
		error_out_of_memory();
	k->pkey = pkey;
	if (key_classify(&k->algorithm, pkey, err) < 0 || check_pair(pkey, err) < 0)
		return -1;
	*out = steal_ptr(k);
	return 0;
}

int private_key_generate(struct private_key **out, enum key_algorithm algorithm, unsigned rsa_bits,
	struct error *err)
{
	EVP_PKEY *pkey = NULL;
	switch (algorithm) {
	case KEY_ECDSA_P256:
		pkey = EVP_EC_gen("P-256");
		break;
	case KEY_ED25519:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case KEY_RSA:
		if (rsa_bits < RSA_BITS_NEW_MIN || rsa_bits > RSA_BITS_MAX)
			return error_set(err, ERROR_USAGE,
				"a new RSA key has %d to %d bits, not %u", RSA_BITS_NEW_MIN,
				RSA_BITS_MAX, rsa_bits);
		pkey = EVP_RSA_gen(rsa_bits);
		break;
	case KEY_NONE:
		return error_set(err, ERROR_USAGE, "no key algorithm was given");
	}
	if (!pkey)
		return error_openssl(err, "generate a key");
	return private_key_take(out, pkey, err);
}

/* ---- Reading --------------------------------------------------------------------------------- */

bool private_key_is_encrypted(struct str pem)
{
	return str_has_prefix(str_trim(pem), STR("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
}

static EVP_PKEY *from_pkcs8(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	PKCS8_PRIV_KEY_INFO *pkcs8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	EVP_PKEY *pkey = NULL;
	if (pkcs8 && p == (const unsigned char *)der.p + der.n)
		pkey = EVP_PKCS82PKEY(pkcs8);
	PKCS8_PRIV_KEY_INFO_free(pkcs8);
	return pkey;
}

static EVP_PKEY *from_traditional(int type, struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *pkey = d2i_PrivateKey(type, NULL, &p, (long)der.n);
	if (pkey && p == (const unsigned char *)der.p + der.n)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static int decrypt(
	EVP_PKEY **out, X509_SIG *sealed, const struct secret *password, struct error *err)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = NULL;
	X509_SIG_get0(sealed, &algorithm, NULL);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	if (OBJ_obj2nid(oid) != NID_pbes2)
		return error_set(err, ERROR_INPUT,
			"encrypted with something older than PBES2; convert the key with "
			"`openssl pkcs8 -topk8`");
	PKCS8_PRIV_KEY_INFO *pkcs8 = PKCS8_decrypt(sealed, password->p, (int)password->n);
	ERR_clear_error();
	if (!pkcs8)
		return error_set(err, ERROR_INPUT, "the password does not open it");
	*out = EVP_PKCS82PKEY(pkcs8);
	PKCS8_PRIV_KEY_INFO_free(pkcs8);
	return 0;
}

static int from_encrypted(
	EVP_PKEY **out, struct str der, const struct secret *password, struct error *err)
{
	if (!password || !password->p || password->n > PEM_BUFSIZE)
		return error_set(err, ERROR_INPUT, "encrypted, and no password was given");
	const unsigned char *p = (const unsigned char *)der.p;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &p, (long)der.n);
	int r = 0;
	if (sealed && p == (const unsigned char *)der.p + der.n)
		r = decrypt(out, sealed, password, err);
	X509_SIG_free(sealed);
	return r;
}

static int from_block(EVP_PKEY **out, const struct pem_block *block, const struct secret *password,
	struct error *err)
{
	struct str der = {block->der.p, block->der.n};
	*out = NULL;
	if (str_is(block->label, "ENCRYPTED PRIVATE KEY")) {
		if (from_encrypted(out, der, password, err) < 0)
			return -1;
	} else if (str_is(block->label, "PRIVATE KEY")) {
		*out = from_pkcs8(der);
	} else if (str_is(block->label, "EC PRIVATE KEY")) {
		*out = from_traditional(EVP_PKEY_EC, der);
	} else if (str_is(block->label, "RSA PRIVATE KEY")) {
		*out = from_traditional(EVP_PKEY_RSA, der);
	} else {
		return error_set(err, ERROR_INPUT,
			"PEM of type %.*s; PRIVATE KEY (PKCS #8), EC PRIVATE KEY or RSA PRIVATE "
			"KEY is needed",
			STR_ARG(block->label));
	}
	ERR_clear_error();
	if (!*out)
		return error_set(err, ERROR_INPUT, "the key inside the PEM is malformed");
	return 0;
}

/* The first block, or the second one behind the name of the curve. */
static int read_block(struct pem_block *out, struct str pem, struct error *err)
{
	if (pem_read(out, &pem, err) < 0)
		return -1;
	if (str_is(out->label, "EC PARAMETERS")) {
		bool p256 = str_eq((struct str){out->der.p, out->der.n},
			(struct str){p256_name, sizeof(p256_name)});
		pem_block_clear(out);
		if (!p256)
			return error_set(err, ERROR_INPUT, "key: only P-256 is accepted");
		if (pem_read(out, &pem, err) < 0)
			return -1;
	}
	if (pem.n == 0)
		return 0;
	pem_block_clear(out);
	return error_set(err, ERROR_INPUT, "text behind the key");
}

int private_key_parse(
	struct private_key **out, struct str pem, const struct secret *password, struct error *err)
{
	struct pem_block block = {0};
	EVP_PKEY *pkey = NULL;
	if (read_block(&block, pem, err) < 0)
		return error_wrap(err, "private key");
	int r = from_block(&pkey, &block, password, err);
	pem_block_clear(&block);
	if (r == 0)
		r = private_key_take(out, pkey, err);
	return r < 0 ? error_wrap(err, "private key") : 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static X509_SIG *seal(PKCS8_PRIV_KEY_INFO *pkcs8, const struct secret *password)
{
	X509_ALGOR *scheme = PKCS5_pbe2_set_scrypt(
		EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (!scheme)
		return NULL;
	X509_SIG *sealed = PKCS8_set0_pbe(password->p, (int)password->n, pkcs8, scheme);
	if (!sealed)
		X509_ALGOR_free(scheme);
	return sealed;
}

static bool write_pem(BIO *bio, PKCS8_PRIV_KEY_INFO *pkcs8, const struct secret *password)
{
	if (!password)
		return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, pkcs8) == 1;
	X509_SIG *sealed = seal(pkcs8, password);
	bool good = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
	X509_SIG_free(sealed);
	return good;
}

int private_key_write(struct secret *out, const struct private_key *k,
	const struct secret *password, struct error *err)
{
	if (password && (password->n == 0 || password->n > PEM_BUFSIZE))
		return error_set(err, ERROR_USAGE, "a password has 1 to %d bytes", PEM_BUFSIZE);
	PKCS8_PRIV_KEY_INFO *pkcs8 = EVP_PKEY2PKCS8(k->pkey);
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	bool good = pkcs8 && bio && write_pem(bio, pkcs8, password);
	long n = good ? BIO_get_mem_data(bio, &text) : 0;
	if (n > 0)
		secret_set(out, (struct str){text, (size_t)n});
	BIO_free(bio);
	PKCS8_PRIV_KEY_INFO_free(pkcs8);
	return n > 0 ? 0 : error_openssl(err, "write the private key");
}
