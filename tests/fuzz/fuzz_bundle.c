/* A sigstore bundle from anybody. No key fits, so that the reader alone is at work. */
#include "sign/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct str payload = {0};
	if (bundle_open(
		    &payload, &a, (struct str){(const char *)data, size}, NULL, 0, NULL, &err) == 0)
		abort();
	return 0;
}
