/* Somebody's HCL2 template, native or JSON, in a commit of one file, read and made to plans. */
#include "plan/plan.h"
#include "tests/unit/plan/one_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool json = size > 0 && data[0] == '{';
	struct one_file files = {{&one_file_ops}, {(const char *)data, size},
		STR_INIT("#!/bin/sh\necho\n"), json ? STR("main.pkr.json") : STR("main.pkr.hcl")};
	const struct template_var given = {
		STR_INIT("x"), STR_INIT("[1, \"y\"]"), size % 2 == 0, false};
	const struct template_input in = {
		.tree = &files.tree, .path = STR(""), .vars = &given, .var_count = size % 3 == 0};
	scoped_ptr(template) t = NULL;
	struct error err = {0};
	if (size > 65536 || template_load(&t, &in, &err) < 0)
		return 0;
	for (size_t i = 0; i < t->builds.n; i++) {
		scoped_ptr(plan) p = NULL;
		scoped(buf) shown = {0};
		struct error why = {0};
		if (plan_make(&p, &t->builds.items[i], in.tree, &t->diags, &t->arena, &why) == 0)
			plan_print(&shown, p, true, true);
	}
	return 0;
}
