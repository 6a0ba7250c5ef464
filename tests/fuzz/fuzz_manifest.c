#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct manifest_lines lines = {0};
	struct manifest_head head;
	struct error err = {0};
	struct str bytes = {(const char *)data, size};
	if (manifest_read(&lines, &head, &a, bytes, &err) == 0 && head.count != lines.n)
		abort();
	return 0;
}
