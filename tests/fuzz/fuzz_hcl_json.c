/* HCL in JSON from anybody: what parses is evaluated, and its strings are read as expressions. */
#include "base/hcl/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hcl_block_schema inner[] = {{"body", 0, NULL}, {0}};
static const struct hcl_block_schema schema[] = {
	{"build", 0, inner}, {"local", 1, NULL}, {"source", 2, inner}, {0}};

static void evaluate(const struct hcl_body *body)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_scope scope = {.functions = tables, .function_tables = 1};
	for (size_t i = 0; i < body->attributes.n; i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		struct text t = {0};
		const struct hcl_expr *e = body->attributes.items[i].expr;
		arena_init(&a, (size_t)32 << 20);
		if (hcl_evaluate(&v, e, &scope, &a, &err) == 0)
			(void)hcl_to_text(&a, &v, &t);
		if (hcl_expr_bare(&e, e, &a, &err) == 0 && hcl_type_check(e, &err) < 0)
			error_clear(&err);
	}
	for (size_t i = 0; i < body->blocks.n; i++)
		evaluate(&body->blocks.items[i].body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_body *body = NULL;
	struct str text = {(const char *)data, size};
	if (hcl_parse_json(&body, &a, text, STR("f.json"), schema, &err) == 0)
		evaluate(body);
	return 0;
}
