/* Which value each variable has: default, environment, files, command line. */
#include "template/hcl2/hcl2.h"

static struct str name_of(struct hcl2 *h, const struct hcl2_variable *v)
{
	return hcl2_entry(h, v)->name;
}

/* ---- Values that are text ------------------------------------------------------------------- */

/* Whether a value from outside is the text itself, and no expression. */
static bool is_literal(const struct hcl2_variable *v)
{
	static const char *const literal[] = {"string", "number", "any"};
	bool untyped = !v->type && v->fallback.type == HCL_NONE;
	for (size_t i = 0; v->type && i < countof(literal); i++)
		untyped = untyped || str_is(hcl_expr_keyword(v->type), literal[i]);
	return untyped;
}

struct given {
	struct str text;
	struct origin origin;
	enum template_variable_source source;
	bool expression;
	bool withheld;
};

static int read_text(struct hcl2 *h, const struct hcl2_variable *v, const struct given *g,
	struct hcl_value *out, struct error *err)
{
	const struct hcl_expr *expr = NULL;
	*out = hcl_string(arena_str(h->arena, g->text));
	if ((g->expression || !is_literal(v)) &&
		(hcl_parse_expr(&expr, h->arena, g->text, g->origin.file, err) < 0 ||
			hcl_evaluate(out, expr, &h->empty_scope, h->arena, err) < 0))
		return -1;
	return v->type ? hcl_convert(out, out, v->type, h->arena, err) : 0;
}

static int evaluate_text(
	struct hcl2 *h, const struct hcl2_variable *v, const struct given *g, struct hcl_value *out)
{
	struct error e = {0};
	if (read_text(h, v, g, out, &e) == 0)
		return 0;
	/* The text of an error may repeat what nobody should see. */
	if (hcl2_entry(h, v)->sensitive || load_names_a_secret(&h->load, name_of(h, v)))
		e.text[0] = '\0';
	load_error(&h->load, &g->origin, "variable \"%.*s\": the value is not of its type%s%s",
		STR_ARG(name_of(h, v)), e.text[0] ? ": " : "", e.text);
	if (!is_literal(v))
		load_hint(&h->load, "write it as an expression, such as '[\"a\", \"b\"]' or true");
	return -1;
}

/* What is withheld was of the right type once; what stands in its place need not be. */
static void withheld_value(
	struct hcl2 *h, const struct hcl2_variable *v, const struct given *g, struct hcl_value *out)
{
	struct error ignored = {0};
	if (read_text(h, v, g, out, &ignored) < 0)
		*out = hcl2_placeholder(h->arena, v->type);
}

/*
 * What is given again, as the commit has it already, stays where the commit has it: a plan that is
 * made again from recorded values has the same places in it.
 */
static void give_text(struct hcl2 *h, struct hcl2_variable *v, const struct given *g)
{
	struct hcl_value value = {0};
	bool failed = false;
	if (g->withheld)
		withheld_value(h, v, g, &value);
	else
		failed = evaluate_text(h, v, g, &value) < 0;
	if (!failed && !g->withheld && !v->failed && hcl_equal(&value, &v->value))
		return;
	v->given = g->origin;
	v->withheld = g->withheld;
	v->failed = failed;
	v->value = value;
	hcl2_entry(h, v)->source = g->source;
}

/* ---- Environment ---------------------------------------------------------------------------- */

static void from_environment(struct hcl2 *h)
{
	static const struct str prefix = STR_INIT("PKR_VAR_");
	for (const char *const *e = h->context.environment; *e; e++) {
		struct str rest = str_from(*e);
		struct str name;
		if (!str_has_prefix(rest, prefix) || str_find_byte(rest, '=') == STR_NPOS)
			continue;
		rest = str_from_index(rest, prefix.n);
		(void)!str_cut(&rest, '=', &name);
		struct hcl2_variable *v = map_find(&h->variables, name);
		const struct given g = {
			.text = rest,
			.origin.file = arena_printf(h->arena, "PKR_VAR_%.*s", STR_ARG(name)),
			.source = TEMPLATE_VAR_ENV,
		};
		if (v)
			give_text(h, v, &g);
	}
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void names_of(struct hcl2 *h, struct str_list *out)
{
	for (size_t i = 0; i < h->variables.n; i++)
		list_push(h->arena, out) = h->variables.items[i].key;
}

static void warn_undeclared(struct hcl2 *h, const struct hcl_attribute *x)
{
	struct str_list known = {0};
	if (!h->load.in->warn_undeclared)
		return;
	names_of(h, &known);
	load_warning(&h->load, &x->origin, "variable \"%.*s\" is not declared", STR_ARG(x->name));
	hcl2_hint_names(h, x->name, &known);
}

static void give_attribute(struct hcl2 *h, const struct hcl_attribute *x)
{
	struct error e = {0};
	struct hcl_value value = {0};
	struct hcl2_variable *v = map_find(&h->variables, x->name);
	if (!v) {
		warn_undeclared(h, x);
		return;
	}
	v->given = *hcl_expr_origin(x->expr);
	hcl2_entry(h, v)->source = TEMPLATE_VAR_FILE;
	v->failed = hcl2_eval(h, x->expr, &h->empty_scope, &value) < 0;
	if (!v->failed && v->type && hcl_convert(&value, &value, v->type, h->arena, &e) < 0) {
		v->failed = true;
		load_error(&h->load, &v->given,
			"variable \"%.*s\": the value is not of its type: %s", STR_ARG(x->name),
			e.text);
	}
	v->value = value;
}

static void from_file(struct hcl2 *h, const struct hcl_body *body)
{
	for (size_t i = 0; i < body->blocks.n; i++) {
		const struct hcl_block *b = &body->blocks.items[i];
		load_error(&h->load, &b->origin, "a file of variables holds NAME = VALUE only");
		if (str_is(b->type, "variable"))
			load_hint(&h->load, "declare the variable in a .pkr.hcl file");
	}
	for (size_t i = 0; i < body->attributes.n; i++)
		give_attribute(h, &body->attributes.items[i]);
}

/* ---- Command line --------------------------------------------------------------------------- */

static void from_flags(struct hcl2 *h)
{
	const struct template_input *in = h->load.in;
	for (size_t i = 0; i < in->var_count; i++) {
		const struct template_var *x = &in->vars[i];
		struct hcl2_variable *v = map_find(&h->variables, x->name);
		const struct given g = {
			.text = x->value,
			.origin.file = arena_printf(h->arena, "-var %.*s", STR_ARG(x->name)),
			.source = TEMPLATE_VAR_FLAG,
			.expression = x->expression,
			.withheld = x->withheld,
		};
		if (v) {
			give_text(h, v, &g);
			continue;
		}
		struct str_list known = {0};
		names_of(h, &known);
		load_error(
			&h->load, &g.origin, "variable \"%.*s\" is not declared", STR_ARG(x->name));
		hcl2_hint_names(h, x->name, &known);
	}
}

/* ---- What counts ---------------------------------------------------------------------------- */

static bool is_told_sensitive(struct hcl2 *h, struct str name)
{
	const struct template_input *in = h->load.in;
	for (size_t i = 0; i < in->sensitive_count; i++) {
		if (str_eq(in->sensitive[i], name))
			return true;
	}
	return false;
}

static bool is_empty(const struct hcl_value *v)
{
	return v->type == HCL_NULL || (v->type == HCL_STRING && v->string.n == 0);
}

static void decide_sensitive(struct hcl2 *h, struct hcl2_variable *v)
{
	struct template_variable *out = hcl2_entry(h, v);
	out->sensitive = out->sensitive || v->withheld || is_told_sensitive(h, out->name);
	if (!h->load.in->guess_sensitive || out->sensitive || is_empty(&v->value) ||
		out->source == TEMPLATE_VAR_DEFAULT || !load_names_a_secret(&h->load, out->name))
		return;
	out->sensitive = true;
	load_warning(&h->load, &out->origin,
		"variable \"%.*s\" is taken as sensitive because of its name", STR_ARG(out->name));
	load_hint(&h->load, "add sensitive = true");
}

static int require(struct hcl2 *h, struct hcl2_variable *v)
{
	struct template_variable *out = hcl2_entry(h, v);
	if (v->value.type != HCL_NONE)
		return 0;
	v->value = hcl_hole(h->arena, arena_printf(h->arena, "var.%.*s", STR_ARG(out->name)));
	if (v->failed || h->load.in->declared_only)
		return -1;
	load_error(&h->load, &out->origin, "required variable not set: %.*s", STR_ARG(out->name));
	load_hint(&h->load,
		"give it with -var '%.*s=VALUE', in a file with -var-file, or as PKR_VAR_%.*s",
		STR_ARG(out->name), STR_ARG(out->name));
	return -1;
}

static void validate(
	struct hcl2 *h, const struct hcl2_variable *v, const struct hcl2_validation *rule)
{
	struct hcl_value result = {0};
	struct str name = name_of(h, v);
	struct hcl_variable var = {STR("var"), hcl_object(h->arena, &name, &v->value, 1)};
	struct hcl_scope scope = h->scope;
	scope.variables = &var;
	scope.variable_count = 1;
	if (hcl2_eval(h, rule->condition, &scope, &result) < 0 || result.type == HCL_UNKNOWN)
		return;
	bool text = result.type == HCL_STRING &&
		(str_is(result.string, "true") || str_is(result.string, "false"));
	if (result.type != HCL_BOOL && !text) {
		load_error(&h->load, hcl_expr_origin(rule->condition),
			"the condition gives %s, not true or false", hcl_type_name(result.type));
		return;
	}
	if (text ? str_is(result.string, "true") : result.boolean)
		return;
	struct str place = origin_str(h->arena, &rule->origin);
	load_error(&h->load, &v->given, "variable \"%.*s\": %.*s", STR_ARG(name),
		STR_ARG(rule->message));
	load_hint(&h->load, "the rule stands at %.*s", STR_ARG(place));
}

/* A string is told as its bytes, anything else as an expression. */
static void publish(struct hcl2 *h, struct hcl2_variable *v)
{
	struct template_variable *out = hcl2_entry(h, v);
	if (out->sensitive || out->source == TEMPLATE_VAR_FLAG || out->source == TEMPLATE_VAR_ENV)
		v->value = hcl2_placeless(h->arena, &v->value);
	if (out->sensitive)
		v->value = hcl_sensitive(h->arena, &v->value, out->name);
	out->expression = v->value.type != HCL_STRING;
	if (out->expression)
		hcl2_write(h->arena, &v->value, &out->value);
	else
		(void)!hcl_to_text(h->arena, &v->value, &out->value);
	hcl2_redact(h, &v->value);
}

static void settle(struct hcl2 *h, struct hcl2_variable *v)
{
	if (require(h, v) < 0)
		return;
	decide_sensitive(h, v);
	if (v->failed) {
		v->value = hcl_hole(
			h->arena, arena_printf(h->arena, "var.%.*s", STR_ARG(name_of(h, v))));
		return;
	}
	bool check = !v->withheld && !h->load.in->declared_only;
	for (size_t i = 0; check && i < v->validations.n; i++)
		validate(h, v, &v->validations.items[i]);
	publish(h, v);
}

void hcl2_give_variables(struct hcl2 *h)
{
	size_t n = h->variables.n;
	struct str *keys = arena_array(h->arena, struct str, n);
	struct hcl_value *values = arena_array(h->arena, struct hcl_value, n);
	if (!h->load.in->declared_only) {
		from_environment(h);
		for (size_t i = 0; i < h->var_files.n; i++)
			from_file(h, h->var_files.items[i].body);
		from_flags(h);
	}
	for (size_t i = 0; i < n; i++) {
		struct hcl2_variable *v = h->variables.items[i].value;
		settle(h, v);
		keys[i] = h->variables.items[i].key;
		values[i] = v->value;
	}
	h->base[SCOPE_VAR].value = hcl_object(h->arena, keys, values, n);
}
