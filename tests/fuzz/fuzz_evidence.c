/* An evidence file from anybody; the corpus holds one that this key signed. */
#include "sign/sign.h"

static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE02qZPwJJnoyyRT+FVcfvr8vt6/md\n"
			  "2FpCgdh4RKZFZpXFLLJG9qOFZHMm6zyJAHRKUCQi/fXCn493Jxvta26ROA==\n"
			  "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(public_key) key = NULL;
	scoped_ptr(verification) v = NULL;
	if (public_key_parse(&key, str_from(pem), &err) < 0)
		abort();
	const struct public_key *keys[] = {key};
	const struct verify_options o = {.keys = keys, .key_count = 1, .now = INT64_MAX};
	if (evidence_verify(&v, (struct str){(const char *)data, size}, &o, &err) == 0) {
		scoped(arena) a = {0};
		scoped(buf) out = {0};
		json_write_canonical(&out, verification_to_json(v, &a));
	}
	return 0;
}
