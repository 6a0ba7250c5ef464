/* A document from anybody: what parses is evaluated, and formatted into what parses again. */
#include "base/hcl/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const struct hcl_body *body)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_scope scope = {.functions = tables, .function_tables = 1};
	for (size_t i = 0; i < body->attributes.n; i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		struct hcl_traversals names = {0};
		const struct hcl_expr *e = body->attributes.items[i].expr;
		arena_init(&a, (size_t)32 << 20);
		hcl_expr_traversals(e, &a, &names);
		if (hcl_evaluate(&v, e, &scope, &a, &err) == 0)
			(void)hcl_to_json(&a, &v);
	}
	for (size_t i = 0; i < body->blocks.n; i++)
		evaluate(&body->blocks.items[i].body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	scoped(buf) out = {0};
	struct error err = {0};
	struct hcl_body *body = NULL;
	const struct hcl_expr *e = NULL;
	struct str text = {(const char *)data, size};
	if (hcl_parse_template(&e, &a, text, STR("t"), &err) < 0)
		error_clear(&err);
	if (hcl_parse(&body, &a, text, STR("f"), &err) < 0)
		return 0;
	evaluate(body);
	if (hcl_format(&out, text, STR("f"), &err) == 0 &&
		hcl_parse(&body, &a, buf_str(&out), STR("f"), &err) < 0)
		abort();
	return 0;
}
