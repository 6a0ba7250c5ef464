/* The reader of XML: it takes anything, and what it says of places lies in the text. */
#include "base/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct xml_problem problem = {0};
	const struct xml *x = xml_read(&a, (struct str){(const char *)data, size}, 1000, &problem);
	if (!x || (problem.text && problem.at.off > size))
		abort();
	return 0;
}
