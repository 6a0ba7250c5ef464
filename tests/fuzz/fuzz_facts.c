/* A script by itself, to facts. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct facts facts = {0};
	struct error err = {0};
	struct str text = {(const char *)data, size};
	int failed = facts_of_script(&facts, &a, text, STR("fuzz"), &err);
	arena_clear(&a);
	return failed ? -1 : 0;
}
