#include "base/hcl/ast.h"

#include <math.h>
#include <stdio.h>

int hcl_eval_truth(bool *out, bool *unknown, const struct hcl_value *v, const char *what,
	const struct origin *o, struct error *err)
{
	struct hcl_value b = *v;
	if (b.type == HCL_NULL)
		return error_at(err, o, "%s is null; it must be true or false", what);
	if (!hcl_convert_bool(&b))
		return error_at(
			err, o, "%s is %s; it must be true or false", what, hcl_type_name(b.type));
	*unknown = b.type == HCL_UNKNOWN;
	*out = b.type == HCL_BOOL && b.boolean;
	return 0;
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static int to_number(struct hcl_value *v, const struct origin *o, struct error *err)
{
	if (v->type == HCL_NULL)
		return error_at(err, o, "null where a number is needed");
	if (hcl_convert_number(v))
		return 0;
	return error_at(err, o, "%s where a number is needed", hcl_type_name(v->type));
}

/*
 * HCL reckons with far more digits and shows none of the error of 0.1 + 0.2. What is next to a
 * number of 15 digits is taken for it.
 */
static double without_noise(double d)
{
	char text[40];
	(void)snprintf(text, sizeof(text), "%.14e", d);
	double rounded = strtod(text, NULL);
	if (!isfinite(rounded))
		return d;
	double distance = fabs(rounded - d);
	return distance <= 4 * (nextafter(fabs(d), INFINITY) - fabs(d)) ? rounded : d;
}

static int from_double(struct hcl_value *out, double d, const struct origin *o, struct error *err)
{
	if (!isfinite(d))
		return error_at(err, o, "the result is too large for a number");
	*out = hcl_number(without_noise(d));
	return 0;
}

/* False when it is no whole number of 64 bits. */
static bool integer_op(enum hcl_token_kind op, int64_t a, int64_t b, int64_t *out)
{
	if (op == HCL_TOKEN_PLUS)
		return !__builtin_add_overflow(a, b, out);
	if (op == HCL_TOKEN_MINUS)
		return !__builtin_sub_overflow(a, b, out);
	if (op == HCL_TOKEN_STAR)
		return !__builtin_mul_overflow(a, b, out);
	if (b == -1) {
		*out = 0;
		return op == HCL_TOKEN_PERCENT || !__builtin_sub_overflow((int64_t)0, a, out);
	}
	if (op == HCL_TOKEN_PERCENT) {
		*out = a % b;
		return true;
	}
	*out = a / b;
	return a % b == 0;
}

static double double_op(enum hcl_token_kind op, double a, double b)
{
	if (op == HCL_TOKEN_PLUS)
		return a + b;
	if (op == HCL_TOKEN_MINUS)
		return a - b;
	if (op == HCL_TOKEN_STAR)
		return a * b;
	return op == HCL_TOKEN_SLASH ? a / b : fmod(a, b);
}

static int arithmetic(struct hcl_value *out, enum hcl_token_kind op, const struct hcl_value *a,
	const struct hcl_value *b, const struct origin *o, struct error *err)
{
	int64_t i = 0;
	bool divides = op == HCL_TOKEN_SLASH || op == HCL_TOKEN_PERCENT;
	if (divides && hcl_as_double(b) == 0)
		return error_at(err, o, "division by zero");
	if (a->is_integer && b->is_integer && integer_op(op, a->integer, b->integer, &i)) {
		*out = hcl_integer(i);
		return 0;
	}
	return from_double(out, double_op(op, hcl_as_double(a), hcl_as_double(b)), o, err);
}

bool hcl_compares(enum hcl_token_kind op, int order)
{
	if (op == HCL_TOKEN_LESS)
		return order < 0;
	if (op == HCL_TOKEN_LESS_EQUAL)
		return order <= 0;
	return op == HCL_TOKEN_GREATER ? order > 0 : order >= 0;
}

static bool is_comparison(enum hcl_token_kind op)
{
	return op == HCL_TOKEN_LESS || op == HCL_TOKEN_LESS_EQUAL || op == HCL_TOKEN_GREATER ||
		op == HCL_TOKEN_GREATER_EQUAL;
}

/* ---- What operators make of holes and of sensitive values ----------------------------------- */

static const char *const operators[HCL_TOKEN_KIND_COUNT] = {
	[HCL_TOKEN_OR] = " || ",
	[HCL_TOKEN_AND] = " && ",
	[HCL_TOKEN_EQUAL] = " == ",
	[HCL_TOKEN_NOT_EQUAL] = " != ",
	[HCL_TOKEN_LESS] = " < ",
	[HCL_TOKEN_LESS_EQUAL] = " <= ",
	[HCL_TOKEN_GREATER] = " > ",
	[HCL_TOKEN_GREATER_EQUAL] = " >= ",
	[HCL_TOKEN_PLUS] = " + ",
	[HCL_TOKEN_MINUS] = " - ",
	[HCL_TOKEN_STAR] = " * ",
	[HCL_TOKEN_SLASH] = " / ",
	[HCL_TOKEN_PERCENT] = " % ",
};

static struct hcl_value unknown_binary(struct hcl_eval *e, const struct hcl_expr *x,
	const struct hcl_value *a, const struct hcl_value *b)
{
	const char *const words[] = {"(", operators[x->u.binary.op], ")"};
	const struct hcl_value *const values[] = {a, b, NULL};
	return hcl_hole_of(e->arena, words, values, countof(words));
}

static struct hcl_value unknown_unary(
	struct hcl_eval *e, const struct hcl_expr *x, const struct hcl_value *v)
{
	const char *const words[] = {x->kind == HCL_EXPR_NOT ? "!" : "-"};
	return hcl_hole_of(e->arena, words, &v, 1);
}

static void taint(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *a,
	const struct hcl_value *b)
{
	struct hcl_taint t = {0};
	hcl_taint_deep(&t, e->arena, a);
	hcl_taint_deep(&t, e->arena, b);
	hcl_taint_apply(&t, e->arena, out);
}

/* ---- Binary operators ---------------------------------------------------------------------- */

/*
 * When the left side decides, the right one is not even evaluated, so that it may be null or ask
 * for what is not there. A right side that decides settles an unknown left one.
 */
static int eval_logical(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	bool decisive = x->u.binary.op == HCL_TOKEN_OR;
	const char *name = decisive ? "a side of `||`" : "a side of `&&`";
	struct hcl_value left = {0};
	struct hcl_value right = {0};
	bool truth = false;
	bool left_unknown = false;
	bool right_unknown = false;
	if (hcl_eval_expr(&left, e, x->u.binary.left, err) < 0 ||
		hcl_eval_truth(&truth, &left_unknown, &left, name, &x->origin, err) < 0)
		return -1;
	if (!left_unknown && truth == decisive) {
		*out = hcl_bool(decisive);
		hcl_inherit(e->arena, out, &left);
		return 0;
	}
	if (hcl_eval_expr(&right, e, x->u.binary.right, err) < 0 ||
		hcl_eval_truth(&truth, &right_unknown, &right, name, &x->origin, err) < 0)
		return -1;
	bool settled = !right_unknown && (truth == decisive || !left_unknown);
	*out = settled ? hcl_bool(truth) : unknown_binary(e, x, &left, &right);
	taint(out, e, &left, &right);
	return 0;
}

/* Against null everything known has an answer, even where parts of it are unknown. */
static struct hcl_value equality(const struct hcl_value *a, const struct hcl_value *b)
{
	if (a->type == HCL_UNKNOWN || b->type == HCL_UNKNOWN)
		return hcl_unknown();
	if (a->type == b->type && (!hcl_is_known(a) || !hcl_is_known(b)))
		return hcl_unknown();
	return hcl_bool(hcl_equal(a, b));
}

/* Whether something secret has been given at all is no secret. */
static bool is_nothing(const struct hcl_value *v)
{
	bool empty = v->type == HCL_STRING && v->string.n == 0;
	return v->marks == 0 && (empty || v->type == HCL_NULL);
}

static int eval_operands(struct hcl_value *a, struct hcl_value *b, struct hcl_eval *e,
	const struct hcl_expr *x, struct error *err)
{
	return hcl_eval_expr(a, e, x->u.binary.left, err) < 0 ||
			hcl_eval_expr(b, e, x->u.binary.right, err) < 0
		? -1
		: 0;
}

static int eval_equality(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value a = {0};
	struct hcl_value b = {0};
	if (eval_operands(&a, &b, e, x, err) < 0)
		return -1;
	if (hcl_charge_at(e, (a.size < b.size ? a.size : b.size) / 64, &x->origin, err) < 0)
		return -1;
	*out = equality(&a, &b);
	if (out->type == HCL_UNKNOWN)
		*out = unknown_binary(e, x, &a, &b);
	if (out->type == HCL_BOOL && x->u.binary.op == HCL_TOKEN_NOT_EQUAL)
		out->boolean = !out->boolean;
	if (!is_nothing(&a) && !is_nothing(&b))
		taint(out, e, &a, &b);
	return 0;
}

int hcl_eval_binary(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	enum hcl_token_kind op = x->u.binary.op;
	struct hcl_value a = {0};
	struct hcl_value b = {0};
	if (op == HCL_TOKEN_AND || op == HCL_TOKEN_OR)
		return eval_logical(out, e, x, err);
	if (op == HCL_TOKEN_EQUAL || op == HCL_TOKEN_NOT_EQUAL)
		return eval_equality(out, e, x, err);
	if (eval_operands(&a, &b, e, x, err) < 0 || to_number(&a, &x->origin, err) < 0 ||
		to_number(&b, &x->origin, err) < 0)
		return -1;
	if (a.type == HCL_UNKNOWN || b.type == HCL_UNKNOWN)
		*out = unknown_binary(e, x, &a, &b);
	else if (is_comparison(op))
		*out = hcl_bool(hcl_compares(op, hcl_number_cmp(&a, &b)));
	else if (arithmetic(out, op, &a, &b, &x->origin, err) < 0)
		return -1;
	taint(out, e, &a, &b);
	return 0;
}

int hcl_eval_unary(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value v = {0};
	bool truth = false;
	bool unknown = false;
	if (hcl_eval_expr(&v, e, x->u.inner, err) < 0)
		return -1;
	if (x->kind == HCL_EXPR_NOT) {
		if (hcl_eval_truth(&truth, &unknown, &v, "what `!` negates", &x->origin, err) < 0)
			return -1;
		*out = unknown ? unknown_unary(e, x, &v) : hcl_bool(!truth);
	} else {
		if (to_number(&v, &x->origin, err) < 0)
			return -1;
		if (v.type == HCL_UNKNOWN)
			*out = unknown_unary(e, x, &v);
		else if (v.is_integer && v.integer != INT64_MIN)
			*out = hcl_integer(-v.integer);
		else
			*out = hcl_number(-hcl_as_double(&v));
	}
	hcl_inherit(e->arena, out, &v);
	return 0;
}

/* ---- Conditional --------------------------------------------------------------------------- */

/*
 * Both results have one type: where one is a string, a number or bool on the other side becomes
 * one too. An error in the side that is not taken does not count.
 */
static void unify(struct hcl_value *taken, struct hcl_eval *e, const struct hcl_expr *other)
{
	struct hcl_value v = {0};
	struct error ignored = {0};
	if (taken->type != HCL_NUMBER && taken->type != HCL_BOOL)
		return;
	if (hcl_eval_expr(&v, e, other, &ignored) == 0 && v.type == HCL_STRING)
		(void)hcl_convert_string(e->arena, taken);
}

static struct hcl_value unknown_choice(
	struct hcl_eval *e, const struct hcl_expr *x, const struct hcl_value *test)
{
	static const char *const words[] = {"(", " ? ", " : ", ")"};
	struct hcl_value yes = {0};
	struct hcl_value no = {0};
	struct error ignored = {0};
	if (hcl_eval_expr(&yes, e, x->u.condition.yes, &ignored) < 0)
		yes = hcl_hole(e->arena, STR("error"));
	if (hcl_eval_expr(&no, e, x->u.condition.no, &ignored) < 0)
		no = hcl_hole(e->arena, STR("error"));
	const struct hcl_value *const values[] = {test, &yes, &no, NULL};
	return hcl_hole_of(e->arena, words, values, countof(words));
}

int hcl_eval_condition(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value test = {0};
	bool truth = false;
	bool unknown = false;
	if (hcl_eval_expr(&test, e, x->u.condition.test, err) < 0 ||
		hcl_eval_truth(&truth, &unknown, &test, "the condition", &x->origin, err) < 0)
		return -1;
	if (unknown) {
		*out = unknown_choice(e, x, &test);
		return 0;
	}
	const struct hcl_expr *taken = truth ? x->u.condition.yes : x->u.condition.no;
	const struct hcl_expr *other = truth ? x->u.condition.no : x->u.condition.yes;
	if (hcl_eval_expr(out, e, taken, err) < 0)
		return -1;
	unify(out, e, other);
	hcl_inherit(e->arena, out, &test);
	return 0;
}
