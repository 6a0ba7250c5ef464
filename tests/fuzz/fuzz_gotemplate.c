/* A text of somebody's template, rendered against fields of which one is a hole. */
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct template_field fields[] = {
		{.name = STR("Path"), .value = text_from(&a, STR("/tmp/x"))},
		{.name = STR("Host")},
	};
	const struct template_fields known = {fields, countof(fields)};
	const struct origin o = {0};
	struct text in = text_from(&a, (struct str){(const char *)data, size});
	struct text out = {0};
	text_add_hole(&fields[1].value, &a, STR("Host"));
	if (size < 65536)
		(void)!template_render(&out, &a, &in, &known, &o, &err);
	return 0;
}
