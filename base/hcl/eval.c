#include "base/hcl/ast.h"

#include "base/conf.h"

#define NAMES_MAX 500 /* looked at for a did-you-mean */

/* ---- Limits -------------------------------------------------------------------------------- */

int hcl_charge(struct hcl_eval *e, uint64_t n, struct error *err)
{
	if (n > HCL_MAX_STEPS || e->steps + n > HCL_MAX_STEPS) {
		e->steps = HCL_MAX_STEPS;
		return error_set(err, ERROR_INPUT, "this takes too long to evaluate");
	}
	e->steps += n;
	if (arena_full(e->arena))
		return error_set(err, ERROR_INPUT, "this needs too much memory to evaluate");
	return 0;
}

int hcl_charge_at(struct hcl_eval *e, uint64_t n, const struct origin *o, struct error *err)
{
	if (hcl_charge(e, n, err) == 0)
		return 0;
	struct str text = arena_str(e->arena, str_from(err->text));
	return error_at(err, o, "%s", text.p);
}

int hcl_check_value(const struct hcl_value *v, const struct origin *o, struct error *err)
{
	if (v->depth > HCL_MAX_VALUE_DEPTH)
		return error_at(err, o, "this value is nested too deeply");
	if (v->size > HCL_MAX_VALUE_SIZE)
		return error_at(err, o, "this value is too large");
	return 0;
}

struct str hcl_did_you_mean(struct arena *a, struct str name, const struct str *names, size_t n)
{
	size_t count = n < NAMES_MAX ? n : NAMES_MAX;
	const char **candidates = arena_array(a, const char *, count);
	for (size_t i = 0; i < count; i++)
		candidates[i] = arena_cstr(a, names[i]);
	const char *nearest = conf_nearest(name, candidates, count);
	return nearest ? arena_printf(a, " (did you mean `%s`?)", nearest) : STR("");
}

/* ---- References ---------------------------------------------------------------------------- */

static int unknown_variable(struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct str_list names = {0};
	for (const struct hcl_scope *s = e->scope; s; s = s->parent) {
		for (size_t i = 0; i < s->variable_count && names.n < NAMES_MAX; i++)
			list_push(e->arena, &names) = s->variables[i].name;
	}
	struct str hint = hcl_did_you_mean(e->arena, x->u.name, names.items, names.n);
	return error_at(err, &x->origin, "there is no variable `%.*s`%.*s", STR_ARG(x->u.name),
		STR_ARG(hint));
}

static int eval_variable(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	for (const struct hcl_scope *s = e->scope; s; s = s->parent) {
		for (size_t i = 0; i < s->variable_count; i++) {
			if (!str_eq(s->variables[i].name, x->u.name))
				continue;
			*out = s->variables[i].value;
			return 0;
		}
	}
	return unknown_variable(e, x, err);
}

static int member_of(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *of,
	struct str name, const struct origin *o, struct error *err)
{
	const struct hcl_value *member = hcl_member(of, name);
	if (!member) {
		struct str hint = hcl_did_you_mean(e->arena, name, of->keys, of->n);
		return error_at(err, o, "this object has no attribute `%.*s`%.*s", STR_ARG(name),
			STR_ARG(hint));
	}
	*out = *member;
	hcl_inherit(e->arena, out, of);
	return 0;
}

static int eval_attribute(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value of = {0};
	struct str name = x->u.attribute.name;
	if (hcl_eval_expr(&of, e, x->u.attribute.of, err) < 0)
		return -1;
	if (of.type == HCL_OBJECT)
		return member_of(out, e, &of, name, &x->origin, err);
	if (of.type == HCL_UNKNOWN) {
		*out = hcl_hole_member(
			e->arena, &of, arena_printf(e->arena, ".%.*s", STR_ARG(name)));
		return 0;
	}
	if (of.type == HCL_LIST) {
		return error_at(err, &x->origin,
			"a list has no attribute `%.*s`; [*].%.*s takes it of each element",
			STR_ARG(name), STR_ARG(name));
	}
	return error_at(err, &x->origin, "%s has no attribute `%.*s`", hcl_type_name(of.type),
		STR_ARG(name));
}

static int element_of(struct hcl_value *out, struct arena *a, const struct hcl_value *of,
	struct hcl_value *key, const struct origin *o, struct error *err)
{
	if (!hcl_convert_number(key) || !key->is_integer)
		return error_at(err, o, "the index of a list is a whole number");
	if (key->integer < 0)
		return error_at(err, o, "an index counts from 0 and cannot be negative");
	if ((uint64_t)key->integer >= of->n)
		return error_at(err, o, "index %lld of a list with %zu elements",
			(long long)key->integer, of->n);
	*out = of->items[key->integer];
	hcl_inherit(a, out, of);
	hcl_inherit(a, out, key);
	return 0;
}

static struct hcl_value unknown_element(
	struct hcl_eval *e, const struct hcl_value *of, const struct hcl_value *key)
{
	static const char *const words[] = {"", "[", "]"};
	const struct hcl_value *values[] = {of, key, NULL};
	return hcl_hole_of(e->arena, words, values, countof(words));
}

static int eval_index(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value of = {0};
	struct hcl_value key = {0};
	if (hcl_eval_expr(&of, e, x->u.index.of, err) < 0 ||
		hcl_eval_expr(&key, e, x->u.index.key, err) < 0)
		return -1;
	if (of.type == HCL_NULL)
		return error_at(err, &x->origin, "null has no elements");
	if (key.type == HCL_NULL)
		return error_at(err, &x->origin, "the index is null");
	if (of.type == HCL_UNKNOWN || key.type == HCL_UNKNOWN) {
		*out = unknown_element(e, &of, &key);
		return 0;
	}
	if (of.type == HCL_LIST)
		return element_of(out, e->arena, &of, &key, &x->origin, err);
	if (of.type != HCL_OBJECT)
		return error_at(err, &x->origin, "%s has no elements", hcl_type_name(of.type));
	if (!hcl_convert_string(e->arena, &key))
		return error_at(err, &x->origin, "the index of an object is a string");
	if (member_of(out, e, &of, key.string, &x->origin, err) < 0)
		return -1;
	hcl_inherit(e->arena, out, &key);
	return 0;
}

/* What is no list counts as a list of one, null as an empty list. */
static int eval_splat(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value source = {0};
	if (hcl_eval_expr(&source, e, x->u.splat.source, err) < 0)
		return -1;
	bool list = source.type == HCL_LIST;
	bool unknown = source.type == HCL_UNKNOWN;
	size_t n = list ? source.n : source.type == HCL_NULL ? 0 : 1;
	if (unknown)
		source = hcl_hole_member(e->arena, &source, STR("[*]"));
	const struct hcl_value *items = list ? source.items : &source;
	struct hcl_value *results = arena_array(e->arena, struct hcl_value, n);
	const struct hcl_value *outer = e->splat_item;
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		e->splat_item = &items[i];
		r = hcl_eval_expr(&results[i], e, x->u.splat.each, err);
	}
	e->splat_item = outer;
	if (r < 0)
		return -1;
	*out = unknown ? results[0] : hcl_list(results, n);
	if (list)
		hcl_inherit(e->arena, out, &source);
	return hcl_check_value(out, &x->origin, err);
}

static int eval_splat_item(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	if (!e->splat_item)
		return error_at(err, &x->origin, "a splat without a list");
	*out = *e->splat_item;
	return 0;
}

/* ---- Constructors -------------------------------------------------------------------------- */

static int eval_literal(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	(void)e;
	(void)err;
	*out = *x->u.literal;
	return 0;
}

static int eval_inner(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	return hcl_eval_expr(out, e, x->u.inner, err);
}

static int eval_tuple(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	size_t n = x->u.parts.n;
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, n);
	for (size_t i = 0; i < n; i++) {
		if (hcl_eval_expr(&items[i], e, x->u.parts.items[i], err) < 0)
			return -1;
	}
	*out = hcl_list(items, n);
	return hcl_check_value(out, &x->origin, err);
}

static int eval_key(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	if (hcl_eval_expr(out, e, x, err) < 0)
		return -1;
	if (out->type == HCL_NULL)
		return error_at(err, hcl_expr_origin(x), "the key is null");
	if (hcl_convert_string(e->arena, out))
		return 0;
	return error_at(
		err, hcl_expr_origin(x), "a key is a string, not %s", hcl_type_name(out->type));
}

/* An unknown key makes the object unknown, because nobody knows what it holds. */
static struct hcl_value unknown_object(struct hcl_eval *e, const struct hcl_value *key)
{
	static const char *const words[] = {"{(", ") = ...}"};
	const struct hcl_value *values[] = {key, NULL};
	return hcl_hole_of(e->arena, words, values, countof(words));
}

static int eval_object(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	size_t n = x->u.object->n;
	struct str *keys = arena_array(e->arena, struct str, n);
	struct hcl_value *values = arena_array(e->arena, struct hcl_value, n);
	struct hcl_taint taint = {0};
	struct hcl_value unknown = {0};
	for (size_t i = 0; i < n; i++) {
		const struct hcl_pair *pair = &x->u.object->items[i];
		struct hcl_value key = {0};
		if (eval_key(&key, e, pair->key, err) < 0 ||
			hcl_eval_expr(&values[i], e, pair->value, err) < 0)
			return -1;
		keys[i] = key.string;
		hcl_taint_own(&taint, e->arena, &key);
		if (key.type == HCL_UNKNOWN)
			unknown = key;
	}
	*out = unknown.type == HCL_UNKNOWN ? unknown_object(e, &unknown)
					   : hcl_object(e->arena, keys, values, n);
	hcl_taint_apply(&taint, e->arena, out);
	return hcl_check_value(out, &x->origin, err);
}

/* ---- Public -------------------------------------------------------------------------------- */

typedef int eval_fn(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);

static eval_fn *const evals[] = {
	[HCL_EXPR_LITERAL] = eval_literal,
	[HCL_EXPR_TEMPLATE] = hcl_eval_template,
	[HCL_EXPR_WRAP] = eval_inner,
	[HCL_EXPR_JOIN] = hcl_eval_template,
	[HCL_EXPR_VARIABLE] = eval_variable,
	[HCL_EXPR_ATTRIBUTE] = eval_attribute,
	[HCL_EXPR_INDEX] = eval_index,
	[HCL_EXPR_SPLAT] = eval_splat,
	[HCL_EXPR_SPLAT_ITEM] = eval_splat_item,
	[HCL_EXPR_CALL] = hcl_eval_call,
	[HCL_EXPR_NEGATE] = hcl_eval_unary,
	[HCL_EXPR_NOT] = hcl_eval_unary,
	[HCL_EXPR_BINARY] = hcl_eval_binary,
	[HCL_EXPR_CONDITION] = hcl_eval_condition,
	[HCL_EXPR_PAREN] = eval_inner,
	[HCL_EXPR_TUPLE] = eval_tuple,
	[HCL_EXPR_OBJECT] = eval_object,
	[HCL_EXPR_FOR] = hcl_eval_for,
};

int hcl_eval_expr(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value v = {0};
	if (e->depth > HCL_MAX_HEIGHT)
		return error_at(err, &x->origin, "nested too deeply");
	if (hcl_charge_at(e, 1, &x->origin, err) < 0)
		return -1;
	e->depth++;
	int r = evals[x->kind](&v, e, x, err);
	e->depth--;
	if (r < 0)
		return -1;
	if (!v.place)
		v.place = &x->place;
	*out = v;
	return 0;
}

int hcl_evaluate_in(struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x,
	const struct hcl_scope *scope, struct error *err)
{
	struct hcl_eval outer = *e;
	e->scope = scope;
	e->splat_item = NULL;
	e->origin = x->origin;
	int r = hcl_eval_expr(out, e, x, err);
	e->scope = outer.scope;
	e->splat_item = outer.splat_item;
	e->origin = outer.origin;
	return r;
}

int hcl_evaluate(struct hcl_value *out, const struct hcl_expr *e, const struct hcl_scope *scope,
	struct arena *a, struct error *err)
{
	struct hcl_eval evaluation = {.arena = a, .scope = scope, .origin = e->origin};
	return hcl_eval_expr(out, &evaluation, e, err);
}
