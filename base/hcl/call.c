#include "base/hcl/ast.h"

#define NAMES_MAX 500 /* looked at for a did-you-mean */

/* ---- Finding ------------------------------------------------------------------------------- */

const struct hcl_function *hcl_function_find(const struct hcl_scope *scope, struct str name)
{
	for (const struct hcl_scope *s = scope; s; s = s->parent) {
		for (size_t t = 0; t < s->function_tables; t++) {
			for (const struct hcl_function *f = s->functions[t]; f->name; f++) {
				if (str_is(name, f->name))
					return f;
			}
		}
	}
	return NULL;
}

static int unknown_function(struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct str name = x->u.call->name;
	struct str_list names = {0};
	for (const struct hcl_scope *s = e->scope; s; s = s->parent) {
		for (size_t t = 0; t < s->function_tables; t++) {
			for (const struct hcl_function *f = s->functions[t];
				f->name && names.n < NAMES_MAX; f++)
				list_push(e->arena, &names) = str_from(f->name);
		}
	}
	struct str hint = hcl_did_you_mean(e->arena, name, names.items, names.n);
	return error_at(
		err, &x->origin, "there is no function `%.*s`%.*s", STR_ARG(name), STR_ARG(hint));
}

/* ---- Arguments ----------------------------------------------------------------------------- */

struct args {
	struct hcl_value *items;
	size_t n;
	size_t cap;
};

/* The last argument, when it ends with `...`: a list whose elements are arguments. */
static int expand(struct args *args, struct hcl_eval *e, const struct hcl_expr *x, bool *unknown,
	struct error *err)
{
	if (args->n == 0)
		return 0;
	struct hcl_value list = args->items[--args->n];
	if (list.type == HCL_UNKNOWN) {
		args->items[args->n++] = list;
		*unknown = true;
		return 0;
	}
	if (list.type != HCL_LIST)
		return error_at(
			err, &x->origin, "`...` needs a list, not %s", hcl_type_name(list.type));
	if (hcl_charge_at(e, list.n, &x->origin, err) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		struct hcl_value item = list.items[i];
		hcl_inherit(e->arena, &item, &list);
		list_push(e->arena, args) = item;
	}
	return 0;
}

static int check_count(
	const struct hcl_function *f, size_t n, const struct hcl_expr *x, struct error *err)
{
	if (n >= f->min_args && (f->max_args == 255 || n <= f->max_args))
		return 0;
	if (f->min_args == f->max_args)
		return error_at(err, &x->origin, "%s takes %u argument%s, not %zu", f->name,
			f->min_args, f->min_args == 1 ? "" : "s", n);
	return error_at(err, &x->origin, "%s takes %s %u argument%s, not %zu", f->name,
		n < f->min_args ? "at least" : "at most",
		n < f->min_args ? f->min_args : f->max_args,
		(n < f->min_args ? f->min_args : f->max_args) == 1 ? "" : "s", n);
}

static int check_nulls(const struct hcl_function *f, const struct args *args,
	const struct hcl_expr *x, struct error *err)
{
	for (size_t i = 0; !f->nulls && i < args->n; i++) {
		if (args->items[i].type == HCL_NULL)
			return error_at(
				err, &x->origin, "%s: argument %zu is null", f->name, i + 1);
	}
	return 0;
}

/* ---- Special forms ------------------------------------------------------------------------- */

static int not_ordinary(struct error *err)
{
	return error_set(err, ERROR_BUG, "this is no ordinary function");
}

int hcl_call_try(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)out;
	(void)e;
	(void)args;
	(void)n;
	return not_ordinary(err);
}

int hcl_call_can(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)out;
	(void)e;
	(void)args;
	(void)n;
	return not_ordinary(err);
}

int hcl_call_convert(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)out;
	(void)e;
	(void)args;
	(void)n;
	return not_ordinary(err);
}

struct hcl_value hcl_unknown_call(
	struct hcl_eval *e, const char *name, const struct hcl_value *args, size_t n)
{
	const char **words = arena_array(e->arena, const char *, n + 2);
	const struct hcl_value **values = arena_array(e->arena, const struct hcl_value *, n + 2);
	words[0] = arena_printf(e->arena, "%s(", name).p;
	for (size_t i = 0; i < n; i++) {
		words[i + 1] = i == 0 ? "" : ", ";
		values[i + 1] = &args[i];
	}
	words[n + 1] = ")";
	return hcl_hole_of(e->arena, words, values, n + 2);
}

/* The first argument that evaluates, else the last one's error. */
static int eval_try(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	const struct hcl_exprs *args = &x->u.call->args;
	struct error ignored = {0};
	for (size_t i = 0; i + 1 < args->n; i++) {
		if (hcl_eval_expr(out, e, args->items[i], &ignored) == 0)
			return 0;
	}
	return hcl_eval_expr(out, e, args->items[args->n - 1], err);
}

static int eval_can(struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x)
{
	struct hcl_value v = {0};
	struct error ignored = {0};
	bool can = hcl_eval_expr(&v, e, x->u.call->args.items[0], &ignored) == 0;
	*out = can && v.type == HCL_UNKNOWN ? hcl_unknown_call(e, "can", &v, 1) : hcl_bool(can);
	return 0;
}

/* convert(value, type), whose second argument is no value. */
static int eval_convert(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	const struct hcl_exprs *args = &x->u.call->args;
	struct hcl_value v = {0};
	struct error inner = {0};
	if (hcl_eval_expr(&v, e, args->items[0], err) < 0 ||
		hcl_type_check(args->items[1], err) < 0 ||
		hcl_charge_at(e, v.size / 16, &x->origin, err) < 0)
		return -1;
	if (hcl_convert(out, &v, args->items[1], e->arena, &inner) < 0)
		return error_at(err, &x->origin, "convert: %s", inner.text);
	return 0;
}

static int eval_special(struct hcl_value *out, struct hcl_eval *e, const struct hcl_function *f,
	const struct hcl_expr *x, struct error *err)
{
	if (check_count(f, x->u.call->args.n, x, err) < 0)
		return -1;
	if (f->call == hcl_call_convert)
		return eval_convert(out, e, x, err);
	return f->call == hcl_call_try ? eval_try(out, e, x, err) : eval_can(out, e, x);
}

/* ---- Calls --------------------------------------------------------------------------------- */

static int invoke(struct hcl_value *out, struct hcl_eval *e, const struct hcl_function *f,
	const struct args *args, const struct hcl_expr *x, struct error *err)
{
	struct origin outer = e->origin;
	e->origin = x->origin;
	int r = f->call(out, e, args->items, args->n, err);
	e->origin = outer;
	if (r == 0)
		return hcl_check_value(out, &x->origin, err);
	enum error_code code = err->code;
	struct str text = arena_str(e->arena, str_from(err->text));
	(void)error_at(err, &x->origin, "%s: %s", f->name, text.p);
	err->code = code;
	return -1;
}

/* Marks and unknowns pass through, unless the function looks after them. */
static int apply(struct hcl_value *out, struct hcl_eval *e, const struct hcl_function *f,
	const struct args *args, const struct hcl_expr *x, struct error *err)
{
	struct hcl_taint taint = {0};
	bool unknown = false;
	if (f->raw)
		return invoke(out, e, f, args, x, err);
	for (size_t i = 0; i < args->n; i++) {
		const struct hcl_value *arg = &args->items[i];
		bool own = f->structural || f->elements;
		bool known = f->structural ? arg->type != HCL_UNKNOWN : hcl_is_known(arg);
		unknown = unknown || !known;
		if (own)
			hcl_taint_own(&taint, e->arena, arg);
		else
			hcl_taint_deep(&taint, e->arena, arg);
	}
	if (unknown)
		*out = hcl_unknown_call(e, f->name, args->items, args->n);
	else if (invoke(out, e, f, args, x, err) < 0)
		return -1;
	hcl_taint_apply(&taint, e->arena, out);
	return 0;
}

int hcl_eval_call(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	const struct hcl_call *call = x->u.call;
	const struct hcl_function *f = hcl_function_find(e->scope, call->name);
	bool unknown = false;
	struct args args = {0};
	if (!f)
		return unknown_function(e, x, err);
	bool special =
		f->call == hcl_call_try || f->call == hcl_call_can || f->call == hcl_call_convert;
	if (special)
		return eval_special(out, e, f, x, err);
	for (size_t i = 0; i < call->args.n; i++) {
		struct hcl_value v = {0};
		if (hcl_eval_expr(&v, e, call->args.items[i], err) < 0)
			return -1;
		list_push(e->arena, &args) = v;
	}
	if (call->expand && expand(&args, e, x, &unknown, err) < 0)
		return -1;
	if (unknown) {
		*out = hcl_unknown_call(e, f->name, args.items, args.n);
		return 0;
	}
	if (check_count(f, args.n, x, err) < 0 || check_nulls(f, &args, x, err) < 0)
		return -1;
	return apply(out, e, f, &args, x, err);
}
