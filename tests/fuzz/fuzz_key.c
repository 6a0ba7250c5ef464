/* A PEM file from anybody, read as a private and as a public key; what was read is written again. */
#include "sign/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_private(struct str pem)
{
	struct error err = {0};
	scoped(secret) text = {0};
	scoped_ptr(private_key) key = NULL;
	scoped_ptr(private_key) again = NULL;
	(void)private_key_is_encrypted(pem);
	if (private_key_parse(&key, pem, NULL, &err) < 0)
		return;
	if (private_key_write(&text, key, NULL, &err) < 0 ||
		private_key_parse(&again, (struct str){text.p, text.n}, NULL, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	struct str pem = {(const char *)data, size};
	scoped(buf) text = {0};
	scoped_ptr(public_key) key = NULL;
	scoped_ptr(public_key) again = NULL;
	check_private(pem);
	if (public_key_parse(&key, pem, &err) < 0)
		return 0;
	if (public_key_write(&text, key, &err) < 0 ||
		public_key_parse(&again, buf_str(&text), &err) < 0)
		abort();
	return 0;
}
