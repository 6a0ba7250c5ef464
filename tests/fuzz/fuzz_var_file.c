/* A variable file from anybody, beside a template that takes two of its variables. */
#include "template/template.h"
#include "tests/unit/plan/one_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct one_file files = {{&one_file_ops},
		STR("{\"variables\": {\"a\": null, \"b\": \"{{user `a`}}\"},"
		    "\"sensitive-variables\": [\"a\"],"
		    "\"builders\": [{\"type\": \"null\", \"name\": \"{{user `b`}}\"}]}"),
		{(const char *)data, size}};
	const struct str name = STR("setup.sh");
	const struct template_input in = {.tree = &files.tree,
		.path = STR("template.json"),
		.var_files = &name,
		.var_file_count = 1};
	scoped_ptr(template) t = NULL;
	struct error err = {0};
	(void)!template_load(&t, &in, &err);
	return 0;
}
