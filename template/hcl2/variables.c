/* What a template declares: variable "n" {} and variables {}. */
#include "template/hcl2/hcl2.h"

struct template_variable *hcl2_entry(struct hcl2 *h, const struct hcl2_variable *v)
{
	return &h->load.t->variables.items[v->index];
}

/* NULL, and a message, when there is one of that name already. */
static struct hcl2_variable *declare(struct hcl2 *h, struct str name, const struct origin *o)
{
	struct hcl2_variable *v = map_find(&h->variables, name);
	if (v) {
		struct str first = origin_str(h->arena, &hcl2_entry(h, v)->origin);
		load_error(&h->load, o, "variable \"%.*s\" is declared twice; first at %.*s",
			STR_ARG(name), STR_ARG(first));
		return NULL;
	}
	if (h->variables.n >= HCL2_VARIABLES_MAX) {
		load_error(&h->load, o, "more than %d variables", HCL2_VARIABLES_MAX);
		return NULL;
	}
	v = arena_new(h->arena, struct hcl2_variable);
	v->index = h->load.t->variables.n;
	v->given = *o;
	list_push(h->arena, &h->load.t->variables) = (struct template_variable){
		.name = name, .origin = *o, .source = TEMPLATE_VAR_DEFAULT};
	map_put(&h->variables, h->arena, name, v);
	return v;
}

static void fail(struct hcl2_variable *v)
{
	v->failed = true;
}

/* ---- Types ---------------------------------------------------------------------------------- */

static int read_type(struct hcl2 *h, const struct hcl_body *body, struct hcl2_variable *v)
{
	struct error e = {0};
	const struct hcl_attribute *type = hcl_find(body, "type");
	if (!type)
		return 0;
	/* In JSON, a type is written as a string. */
	if (hcl_expr_bare(&v->type, type->expr, h->arena, &e) < 0 ||
		hcl_type_check(v->type, &e) < 0)
		return hcl2_tell(h, hcl_expr_origin(type->expr), &e);
	return 0;
}

/* A default without a type says of which type the other values are, when it is a simple one. */
static void infer_type(struct hcl2 *h, struct hcl2_variable *v)
{
	static const char *const types[] = {
		[HCL_BOOL] = "bool", [HCL_NUMBER] = "number", [HCL_STRING] = "string"};
	struct error ignored = {0};
	enum hcl_type type = v->value.type;
	if (v->type || type < HCL_BOOL || type > HCL_STRING)
		return;
	if (hcl_parse_expr(&v->type, h->arena, str_from(types[type]), STR("type"), &ignored) < 0)
		abort();
}

/* ---- Attributes ----------------------------------------------------------------------------- */

static int read_default(struct hcl2 *h, const struct hcl_expr *expr, struct hcl2_variable *v)
{
	struct error e = {0};
	size_t calls = h->load.env_calls;
	if (hcl2_eval(h, expr, &h->default_scope, &v->value) < 0) {
		v->value = (struct hcl_value){0};
		return -1;
	}
	if (h->load.env_calls > calls)
		hcl2_entry(h, v)->source = TEMPLATE_VAR_ENV;
	v->given = *hcl_expr_origin(expr);
	if (v->type && hcl_convert(&v->value, &v->value, v->type, h->arena, &e) < 0)
		return load_error(&h->load, &v->given,
			"variable \"%.*s\": the default is not of its type: %s",
			STR_ARG(hcl2_entry(h, v)->name), e.text);
	infer_type(h, v);
	v->fallback = v->value;
	return 0;
}

static int read_sensitive(struct hcl2 *h, const struct hcl_body *body, struct hcl2_variable *v)
{
	const struct hcl_attribute *x = hcl_find(body, "sensitive");
	struct hcl_value value = {0};
	if (!x)
		return 0;
	if (hcl2_eval(h, x->expr, &h->empty_scope, &value) < 0)
		return -1;
	bool text = value.type == HCL_STRING &&
		(str_is(value.string, "true") || str_is(value.string, "false"));
	if (value.type != HCL_BOOL && value.type != HCL_NULL && !text)
		return load_error(
			&h->load, hcl_expr_origin(x->expr), "\"sensitive\" is true or false");
	hcl2_entry(h, v)->sensitive =
		text ? str_is(value.string, "true") : value.type == HCL_BOOL && value.boolean;
	return 0;
}

/* ---- Validations ---------------------------------------------------------------------------- */

/* What people are shown as it stands. */
static bool is_sentence(struct str s)
{
	s = str_trim(s);
	if (s.n == 0 || (s.p[0] >= 'a' && s.p[0] <= 'z'))
		return false;
	return strchr(".?!", s.p[s.n - 1]) != NULL;
}

static int read_message(struct hcl2 *h, const struct hcl_expr *expr, struct hcl2_validation *out)
{
	struct hcl_value v = {0};
	if (hcl2_eval(h, expr, &h->empty_scope, &v) < 0)
		return -1;
	if (v.type == HCL_STRING && is_sentence(v.string)) {
		out->message = v.string;
		return 0;
	}
	load_error(&h->load, hcl_expr_origin(expr), "\"error_message\" is a sentence");
	load_hint(&h->load, "begin it with a capital letter and end it with . ? or !");
	return -1;
}

/* A condition looks at its own variable and at nothing else. */
static int check_condition(struct hcl2 *h, const struct hcl_expr *expr, struct str name)
{
	struct hcl_traversals all = {0};
	size_t own = 0;
	hcl_expr_traversals(expr, h->arena, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct hcl_traversal *t = &all.items[i];
		if (t->n < 2 || !str_is(t->steps[0], "var") || !str_eq(t->steps[1], name))
			return load_error(&h->load, &t->origin,
				"the condition refers to var.%.*s only", STR_ARG(name));
		own++;
	}
	if (own == 0)
		return load_error(&h->load, hcl_expr_origin(expr),
			"the condition must refer to var.%.*s", STR_ARG(name));
	return 0;
}

static int read_validation(struct hcl2 *h, const struct hcl_block *b, struct hcl2_variable *v)
{
	static const char *const attributes[] = {"condition", "error_message", NULL};
	struct hcl2_validation out = {.origin = b->origin};
	const struct hcl_attribute *condition = hcl_find(&b->body, "condition");
	const struct hcl_attribute *message = hcl_find(&b->body, "error_message");
	if (hcl2_only(h, &b->body, attributes, NULL, "") < 0)
		return -1;
	if (!condition || !message)
		return load_error(&h->load, &b->origin,
			"a validation needs \"condition\" and \"error_message\"");
	out.condition = condition->expr;
	if (check_condition(h, out.condition, hcl2_entry(h, v)->name) < 0 ||
		read_message(h, message->expr, &out) < 0)
		return -1;
	list_push(h->arena, &v->validations) = out;
	return 0;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static int read_body(struct hcl2 *h, const struct hcl_body *body, struct hcl2_variable *v)
{
	static const char *const attributes[] = {
		"type", "default", "description", "sensitive", NULL};
	static const char *const blocks[] = {"validation", NULL};
	const struct hcl_attribute *fallback = hcl_find(body, "default");
	int status = hcl2_only(h, body, attributes, blocks, "");
	status |= read_sensitive(h, body, v);
	if (read_type(h, body, v) < 0)
		return -1;
	hcl2_entry(h, v)->required = !fallback;
	if (fallback)
		status |= read_default(h, fallback->expr, v);
	for (size_t i = 0; i < body->blocks.n; i++) {
		if (str_is(body->blocks.items[i].type, "validation"))
			status |= read_validation(h, &body->blocks.items[i], v);
	}
	return status;
}

static void read_variable(struct hcl2 *h, const struct hcl_block *b)
{
	struct hcl2_block block = hcl2_block_of(b, &h->scope);
	if (hcl2_labels(h, &block, 1, "variable \"NAME\" { ... }") < 0)
		return;
	if (!hcl2_is_name(b->labels[0])) {
		load_error(&h->load, &b->origin, "\"%.*s\" is no name for a variable",
			STR_ARG(b->labels[0]));
		return;
	}
	struct hcl2_variable *v = declare(h, b->labels[0], &b->origin);
	if (v && read_body(h, &b->body, v) < 0)
		fail(v);
}

static void read_variables(struct hcl2 *h, const struct hcl_block *b)
{
	struct hcl2_block block = hcl2_block_of(b, &h->scope);
	if (hcl2_labels(h, &block, 0, "variables { NAME = DEFAULT }") < 0)
		return;
	for (size_t i = 0; i < b->body.blocks.n; i++)
		load_error(&h->load, &b->body.blocks.items[i].origin,
			"\"variables\" holds NAME = DEFAULT only");
	for (size_t i = 0; i < b->body.attributes.n; i++) {
		const struct hcl_attribute *x = &b->body.attributes.items[i];
		struct hcl2_variable *v = declare(h, x->name, &x->origin);
		if (v && read_default(h, x->expr, v) < 0)
			fail(v);
	}
}

void hcl2_declare_variables(struct hcl2 *h)
{
	for (size_t i = 0; i < h->files.n; i++) {
		const struct hcl_body *body = h->files.items[i].body;
		for (size_t k = 0; k < body->blocks.n; k++) {
			const struct hcl_block *b = &body->blocks.items[k];
			if (str_is(b->type, "variable"))
				read_variable(h, b);
			else if (str_is(b->type, "variables"))
				read_variables(h, b);
		}
	}
}
