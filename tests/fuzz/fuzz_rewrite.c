/* A JSON template from anybody, fixed and upgraded to HCL2, which then is formatted HCL. */
#include "base/hcl/hcl.h"
#include "template/rewrite.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is formatted already stays as it is. */
static void check_format(const struct buf *text)
{
	scoped(buf) again = {0};
	struct error err = {0};
	if (hcl_format(&again, buf_str(text), STR("again"), &err) < 0 ||
		!str_eq(buf_str(&again), buf_str(text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	scoped(buf) fixed = {0};
	scoped(buf) upgraded = {0};
	struct json *root = NULL;
	struct error err = {0};
	struct diags diags = {0};
	const struct str text = {(const char *)data, size};
	const struct template_upgrade_options options = {
		.file = STR("template.json"), .annotations = size % 2 == 0, .diags = &diags};
	arena_init(&a, (size_t)256 << 20);
	if (json_parse(&root, &a, text, options.file, NULL, &err) < 0 ||
		template_fix(root, &a, options.file, &err) < 0)
		return 0;
	template_fix_write(&fixed, root);
	if (template_upgrade(&upgraded, root, &options, &a, &err) == 0)
		check_format(&upgraded);
	else if (err.code == ERROR_BUG)
		abort();
	return 0;
}
