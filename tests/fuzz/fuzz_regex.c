/* A pattern and a text, with a newline between them, from anybody. */
#include "base/hcl/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr(regex) r = NULL;
	struct error err = {0};
	struct regex_span spans[REGEX_MAX_GROUPS];
	struct str text = {(const char *)data, size};
	struct str pattern = {0};
	uint64_t budget = (uint64_t)1 << 20;
	if (!str_cut(&text, '\n', &pattern) || regex_new(&r, pattern, &err) < 0)
		return 0;
	if (regex_find(r, spans, text, 0, &budget) == REGEX_MATCH &&
		(spans[0].from > spans[0].to || spans[0].to > text.n))
		abort();
	return 0;
}
