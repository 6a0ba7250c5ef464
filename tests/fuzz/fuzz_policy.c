#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	const struct policy_file file = {STR("fuzz.hcl"), {(const char *)data, size}};
	const struct policy_options o = {.files = &file, .file_count = 1};
	return policy_load(&p, &o, &err) < 0 ? 0 : 0;
}
