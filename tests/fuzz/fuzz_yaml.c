/*
 * YAML from anybody: what is decoded can be encoded, and decoded again to the same. Only a
 * key "<<" does not come back: even in quotes it merges, as in go-cty-yaml.
 */
#include "base/hcl/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int call(struct hcl_value *out, struct arena *a, const char *text, struct hcl_value argument)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_variable x = {STR("x"), argument};
	struct hcl_scope scope = {
		.variables = &x, .variable_count = 1, .functions = tables, .function_tables = 1};
	const struct hcl_expr *e = NULL;
	struct error err = {0};
	if (hcl_parse_expr(&e, a, str_from(text), STR("t"), &err) < 0)
		abort();
	return hcl_evaluate(out, e, &scope, a, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct hcl_value v = {0};
	struct hcl_value text = {0};
	struct hcl_value again = {0};
	arena_init(&a, (size_t)256 << 20);
	if (call(&v, &a, "yamldecode(x)", hcl_string((struct str){(const char *)data, size})) < 0)
		return 0;
	if (call(&text, &a, "yamlencode(x)", v) < 0 || arena_full(&a))
		return 0;
	if (str_contains(text.string, STR("<<")))
		return 0;
	if (call(&again, &a, "yamlencode(yamldecode(x))", text) < 0 || !hcl_equal(&text, &again)) {
		if (!arena_full(&a))
			abort();
	}
	return 0;
}
