/* rsadecrypt: RSA with the padding of PKCS #1 v1.5, and a private key in PEM. */
#include "base/hcl/functions.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static EVP_PKEY *read_key(struct str pem)
{
	if (pem.n > INT32_MAX)
		return NULL;
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (!bio)
		error_out_of_memory();
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (key && !EVP_PKEY_is_a(key, "RSA")) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static bool decrypt(struct str *out, struct arena *a, EVP_PKEY *key, struct str ciphertext)
{
	const unsigned char *bytes = (const unsigned char *)ciphertext.p;
	size_t n = (size_t)EVP_PKEY_get_size(key);
	char *text = arena_alloc(a, n + 1);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		EVP_PKEY_decrypt(ctx, (unsigned char *)text, &n, bytes, ciphertext.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	*out = (struct str){text, good ? n : 0};
	return good;
}

/* rsadecrypt(ciphertext in base64, private key) */
int hcl_fn_rsadecrypt(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str ciphertext = {0};
	struct str pem = {0};
	struct str text = {0};
	(void)n;
	if (hcl_decode_base64(&ciphertext, e, args, err) < 0 ||
		hcl_arg_str(&pem, e, args, 1, err) < 0 || hcl_charge(e, 10000, err) < 0)
		return -1;
	EVP_PKEY *key = read_key(pem);
	if (!key) {
		ERR_clear_error();
		return error_set(err, ERROR_INPUT,
			"argument 2 must be an RSA private key in PEM, without passphrase");
	}
	bool good = decrypt(&text, e->arena, key, ciphertext);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!good)
		return error_set(err, ERROR_INPUT, "the text does not belong to this key");
	*out = hcl_string(text);
	return hcl_check_text(text, err);
}
