#include "audit/audit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	scoped_ptr(policy) again = NULL;
	const struct policy_file file = {STR("fuzz.hcl"), {(const char *)data, size}};
	const struct policy_options o = {.files = &file, .file_count = 1};
	if (policy_load(&p, &o, &err) < 0)
		return 0;
	if (policy_load(&again, &o, &err) < 0 || !digest_eq(policy_digest(p), policy_digest(again)))
		abort();
	return 0;
}
