/* A document from anybody, with a secret and a hole in view: what parses is evaluated, and formatted into what parses again. */
#include "base/hcl/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pieces of a string are its bytes, and what is sensitive is so in all its parts. */
static void check(struct arena *a, const struct hcl_value *v, bool sensitive)
{
	struct text t = {0};
	struct str whole = {0};
	bool marked = (v->marks & HCL_SENSITIVE) != 0;
	if (sensitive && !marked)
		abort();
	if (hcl_to_text(a, v, &t)) {
		bool known = text_value(&t, a, &whole);
		if (known != (v->type != HCL_UNKNOWN) || (known && marked != text_is_sensitive(&t)))
			abort();
		if (v->type == HCL_STRING && !str_eq(whole, v->string))
			abort();
	}
	for (size_t i = 0; i < v->n; i++)
		check(a, &v->items[i], marked);
}

static void evaluate(const struct hcl_body *body)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_variable variables[] = {{STR("s"), {0}}, {STR("u"), {0}}, {STR("l"), {0}}};
	struct hcl_scope scope = {.variables = variables,
		.variable_count = countof(variables),
		.functions = tables,
		.function_tables = 1};
	for (size_t i = 0; i < body->attributes.n; i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		struct hcl_traversals names = {0};
		const struct hcl_expr *e = body->attributes.items[i].expr;
		arena_init(&a, (size_t)32 << 20);
		hcl_expr_traversals(e, &a, &names);
		struct hcl_value word = hcl_string(STR("word"));
		variables[0].value = hcl_sensitive(&a, &word, STR("var.s"));
		variables[1].value = hcl_hole(&a, STR("build.u"));
		variables[2].value = hcl_list(&word, 1);
		if (hcl_evaluate(&v, e, &scope, &a, &err) == 0) {
			(void)hcl_to_json(&a, &v);
			check(&a, &v, false);
		}
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
