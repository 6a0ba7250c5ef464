/* A time and a duration from anybody; what is read is written and read again. */
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct str text = {(const char *)data, size};
	int64_t ns = 0;
	int64_t again = 0;
	if (time_parse_rfc3339(text, &ns) && ns >= 0 &&
		(!time_parse_rfc3339(time_rfc3339_nano(&a, ns), &again) || again != ns))
		abort();
	if (duration_parse(text, &ns) && !duration_parse(duration_str(&a, ns), &again))
		abort();
	return 0;
}
