/* A baseline from anybody; what is read leaves findings of a script out, and never adds any. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct audit_baseline b = {0};
	(void)!audit_baseline_parse(
		&b, &a, (struct str){(const char *)data, size}, STR("b.json"), &err);
	return 0;
}
