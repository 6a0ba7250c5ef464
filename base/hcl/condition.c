/*
 * Conditions that are asked of many values. The evaluator makes a value of every part of an
 * expression, with marks, places and pieces; here parts that are known beforehand are made once,
 * and the others are borrowed where they lie.
 */
#include <assert.h>

#include "base/hcl/ast.h"
#include "base/hcl/functions.h"

enum step {
	STEP_UNSURE = 0, /* for the evaluator only */
	STEP_CONSTANT,
	STEP_VARIABLE,
	STEP_BOUND, /* what a for binds, `index` levels up */
	STEP_MEMBER,
	STEP_ELEMENT,
	STEP_CALL,
	STEP_EQUALITY,
	STEP_COMPARISON,
	STEP_AND,
	STEP_OR,
	STEP_NOT,
	STEP_ANY, /* anytrue([for x in list : test if test]) */
};

struct hcl_condition {
	enum step step;
	enum hcl_token_kind op;
	size_t index;
	struct str name; /* of a member */
	size_t hint; /* where the member stood the last time */
	struct hcl_value constant;
	const struct hcl_function *function;
	struct hcl_condition **parts;
	struct hcl_value *arguments; /* of a call: constants stay, the others change */
	size_t n;
};

/* ---- Making --------------------------------------------------------------------------------- */

struct bound {
	const struct bound *outer;
	struct str name;
};

struct maker {
	struct arena *arena;
	const struct hcl_scope *scope;
	const struct bound *bound;
};

static struct hcl_condition *make(struct maker *m, const struct hcl_expr *x);

static struct hcl_condition *node(struct maker *m, enum step step, size_t n)
{
	struct hcl_condition *c = arena_new(m->arena, struct hcl_condition);
	c->step = step;
	c->n = n;
	c->parts = arena_array(m->arena, struct hcl_condition *, n + 1);
	return c;
}

static bool find_variable(const struct hcl_scope *scope, struct str name, size_t *index)
{
	for (size_t i = 0; i < scope->variable_count; i++) {
		if (!str_eq(scope->variables[i].name, name))
			continue;
		*index = i;
		return true;
	}
	return false;
}

static bool find_bound(const struct bound *bound, struct str name, size_t *levels)
{
	*levels = 0;
	for (const struct bound *b = bound; b; b = b->outer, (*levels)++) {
		if (str_eq(b->name, name))
			return true;
	}
	return false;
}

/* Whether the expression reads nothing but variables whose values are known now. */
static bool is_constant(const struct maker *m, const struct hcl_expr *x, struct arena *a)
{
	struct hcl_traversals all = {0};
	size_t i = 0;
	hcl_expr_traversals(x, a, &all);
	for (size_t k = 0; k < all.n; k++) {
		struct str root = all.items[k].steps[0];
		if (find_bound(m->bound, root, &i) || !find_variable(m->scope, root, &i) ||
			!hcl_is_known(&m->scope->variables[i].value))
			return false;
	}
	return true;
}

static struct hcl_condition *make_constant(struct maker *m, const struct hcl_expr *x)
{
	scoped(arena) a = {0};
	struct error ignored = {0};
	struct hcl_value v = {0};
	if (x->kind == HCL_EXPR_SPLAT_ITEM || !is_constant(m, x, &a) ||
		hcl_evaluate(&v, x, m->scope, m->arena, &ignored) < 0 || !hcl_is_known(&v) ||
		hcl_deep_marks(&v) != 0)
		return NULL;
	struct hcl_condition *c = node(m, STEP_CONSTANT, 0);
	c->constant = v;
	return c;
}

static struct hcl_condition *make_variable(struct maker *m, struct str name)
{
	struct hcl_condition *c = node(m, STEP_UNSURE, 0);
	if (find_bound(m->bound, name, &c->index))
		c->step = STEP_BOUND;
	else if (find_variable(m->scope, name, &c->index))
		c->step = STEP_VARIABLE;
	return c;
}

static struct hcl_condition *make_member(struct maker *m, const struct hcl_expr *x)
{
	struct hcl_condition *c = node(m, STEP_MEMBER, 1);
	c->parts[0] = make(m, x->u.attribute.of);
	c->name = x->u.attribute.name;
	return c;
}

static struct hcl_condition *make_element(struct maker *m, const struct hcl_expr *x)
{
	struct hcl_condition *c = node(m, STEP_ELEMENT, 2);
	c->parts[0] = make(m, x->u.index.of);
	c->parts[1] = make(m, x->u.index.key);
	return c;
}

static enum step binary_step(enum hcl_token_kind op)
{
	if (op == HCL_TOKEN_AND || op == HCL_TOKEN_OR)
		return op == HCL_TOKEN_AND ? STEP_AND : STEP_OR;
	if (op == HCL_TOKEN_EQUAL || op == HCL_TOKEN_NOT_EQUAL)
		return STEP_EQUALITY;
	bool compares = op == HCL_TOKEN_LESS || op == HCL_TOKEN_LESS_EQUAL ||
		op == HCL_TOKEN_GREATER || op == HCL_TOKEN_GREATER_EQUAL;
	return compares ? STEP_COMPARISON : STEP_UNSURE;
}

static struct hcl_condition *make_binary(struct maker *m, const struct hcl_expr *x)
{
	struct hcl_condition *c = node(m, binary_step(x->u.binary.op), 2);
	c->op = x->u.binary.op;
	c->parts[0] = make(m, x->u.binary.left);
	c->parts[1] = make(m, x->u.binary.right);
	return c;
}

static const struct hcl_expr *without_parens(const struct hcl_expr *x)
{
	while (x->kind == HCL_EXPR_PAREN)
		x = x->u.inner;
	return x;
}

/* Parts: the list, the test, and what `if` asks or NULL. */
static struct hcl_condition *make_any(struct maker *m, const struct hcl_for *f)
{
	struct hcl_condition *c = node(m, STEP_ANY, 3);
	struct bound inner = {m->bound, f->value_name};
	c->parts[0] = make(m, f->source);
	m->bound = &inner;
	c->parts[1] = make(m, f->value);
	c->parts[2] = f->condition ? make(m, f->condition) : NULL;
	m->bound = inner.outer;
	return c;
}

static struct hcl_condition *make_call(struct maker *m, const struct hcl_expr *x)
{
	const struct hcl_call *call = x->u.call;
	const struct hcl_function *f = hcl_function_find(m->scope, call->name);
	bool special = f &&
		(f->call == hcl_call_try || f->call == hcl_call_can || f->call == hcl_call_convert);
	if (!f || special || call->expand || call->args.n < f->min_args ||
		(f->max_args != 255 && call->args.n > f->max_args))
		return node(m, STEP_UNSURE, 0);
	const struct hcl_expr *only =
		call->args.n == 1 ? without_parens(call->args.items[0]) : NULL;
	if (only && only->kind == HCL_EXPR_FOR && f->call == hcl_fn_anytrue && !only->u.loop->key &&
		only->u.loop->key_name.n == 0)
		return make_any(m, only->u.loop);
	struct hcl_condition *c = node(m, STEP_CALL, call->args.n);
	c->function = f;
	c->arguments = arena_array(m->arena, struct hcl_value, c->n + 1);
	for (size_t i = 0; i < c->n; i++) {
		c->parts[i] = make(m, call->args.items[i]);
		c->arguments[i] = c->parts[i]->constant;
	}
	return c;
}

static struct hcl_condition *make_inner(struct maker *m, const struct hcl_expr *x)
{
	struct hcl_condition *inner = make(m, x->u.inner);
	if (x->kind != HCL_EXPR_NOT)
		return inner;
	struct hcl_condition *c = node(m, STEP_NOT, 1);
	c->parts[0] = inner;
	return c;
}

/* Recursion ends with the height of expressions, which is bounded. */
static struct hcl_condition *make(struct maker *m, const struct hcl_expr *x)
{
	struct hcl_condition *c = make_constant(m, x);
	if (c)
		return c;
	switch (x->kind) {
	case HCL_EXPR_VARIABLE:
		return make_variable(m, x->u.name);
	case HCL_EXPR_ATTRIBUTE:
		return make_member(m, x);
	case HCL_EXPR_INDEX:
		return make_element(m, x);
	case HCL_EXPR_CALL:
		return make_call(m, x);
	case HCL_EXPR_BINARY:
		return make_binary(m, x);
	case HCL_EXPR_NOT:
	case HCL_EXPR_PAREN:
	case HCL_EXPR_WRAP:
		return make_inner(m, x);
	case HCL_EXPR_NONE:
	case HCL_EXPR_LITERAL:
	case HCL_EXPR_TEMPLATE:
	case HCL_EXPR_JOIN:
	case HCL_EXPR_SPLAT:
	case HCL_EXPR_SPLAT_ITEM:
	case HCL_EXPR_NEGATE:
	case HCL_EXPR_CONDITION:
	case HCL_EXPR_TUPLE:
	case HCL_EXPR_OBJECT:
	case HCL_EXPR_FOR:
		break;
	}
	return node(m, STEP_UNSURE, 0);
}

struct hcl_condition *hcl_condition_new(
	struct arena *a, const struct hcl_expr *e, const struct hcl_scope *scope)
{
	struct maker m = {.arena = a, .scope = scope};
	return make(&m, e);
}

/* ---- Asking --------------------------------------------------------------------------------- */

struct frame {
	const struct frame *outer;
	const struct hcl_value *value;
};

struct asking {
	struct hcl_eval *eval;
	const struct frame *frame;
	bool lenient;
};

static enum hcl_truth truth_of(struct asking *k, struct hcl_condition *c);
static const struct hcl_value *value_of(struct asking *k, struct hcl_condition *c);

static enum hcl_truth truth(bool b)
{
	return b ? HCL_TRUE : HCL_FALSE;
}

static const struct hcl_value *member_value(struct asking *k, struct hcl_condition *c)
{
	const struct hcl_value *of = value_of(k, c->parts[0]);
	if (!of || of->type != HCL_OBJECT)
		return NULL;
	if (c->hint < of->n && str_eq(of->keys[c->hint], c->name))
		return &of->items[c->hint];
	const struct hcl_value *v = hcl_member(of, c->name);
	if (v)
		c->hint = (size_t)(v - of->items);
	return v;
}

static const struct hcl_value *element_value(struct asking *k, struct hcl_condition *c)
{
	const struct hcl_value *of = value_of(k, c->parts[0]);
	const struct hcl_value *key = value_of(k, c->parts[1]);
	if (!of || !key || of->type != HCL_LIST || key->type != HCL_NUMBER || !key->is_integer ||
		key->integer < 0 || (uint64_t)key->integer >= of->n)
		return NULL;
	return &of->items[key->integer];
}

static bool fits(const struct hcl_function *f, const struct hcl_value *v)
{
	if (hcl_deep_marks(v) != 0 || (v->type == HCL_NULL && !f->nulls))
		return false;
	return f->raw || (f->structural ? v->type != HCL_UNKNOWN : hcl_is_known(v));
}

static const struct hcl_value *call_value(struct asking *k, struct hcl_condition *c)
{
	struct error ignored = {0};
	for (size_t i = 0; i < c->n; i++) {
		const struct hcl_value *v = value_of(k, c->parts[i]);
		if (!v || !fits(c->function, v))
			return NULL;
		if (c->parts[i]->step != STEP_CONSTANT)
			c->arguments[i] = *v;
	}
	struct hcl_value *out = arena_new(k->eval->arena, struct hcl_value);
	return c->function->call(out, k->eval, c->arguments, c->n, &ignored) < 0 ? NULL : out;
}

static const struct hcl_value *bound_value(const struct asking *k, size_t levels)
{
	const struct frame *f = k->frame;
	while (f && levels-- > 0)
		f = f->outer;
	assert(f); /* what is bound stands inside of what binds it */
	return f->value;
}

/* NULL: not sure. */
static const struct hcl_value *value_of(struct asking *k, struct hcl_condition *c)
{
	switch (c->step) {
	case STEP_CONSTANT:
		return &c->constant;
	case STEP_VARIABLE:
		return &k->eval->scope->variables[c->index].value;
	case STEP_BOUND:
		return bound_value(k, c->index);
	case STEP_MEMBER:
		return member_value(k, c);
	case STEP_ELEMENT:
		return element_value(k, c);
	case STEP_CALL:
		return call_value(k, c);
	case STEP_UNSURE:
	case STEP_EQUALITY:
	case STEP_COMPARISON:
	case STEP_AND:
	case STEP_OR:
	case STEP_NOT:
	case STEP_ANY:
		break;
	}
	return NULL;
}

static enum hcl_truth equality(struct asking *k, struct hcl_condition *c)
{
	const struct hcl_value *a = value_of(k, c->parts[0]);
	const struct hcl_value *b = value_of(k, c->parts[1]);
	if (!a || !b || !hcl_is_known(a) || !hcl_is_known(b) ||
		(hcl_deep_marks(a) | hcl_deep_marks(b)) != 0)
		return HCL_UNSURE;
	return truth(hcl_equal(a, b) == (c->op == HCL_TOKEN_EQUAL));
}

static enum hcl_truth comparison(struct asking *k, struct hcl_condition *c)
{
	const struct hcl_value *a = value_of(k, c->parts[0]);
	const struct hcl_value *b = value_of(k, c->parts[1]);
	if (!a || !b || a->type != HCL_NUMBER || b->type != HCL_NUMBER)
		return HCL_UNSURE;
	return truth(hcl_compares(c->op, hcl_number_cmp(a, b)));
}

static enum hcl_truth both(struct asking *k, struct hcl_condition *c)
{
	enum hcl_truth decisive = truth(c->step == STEP_OR);
	enum hcl_truth left = truth_of(k, c->parts[0]);
	if (left == decisive || (left == HCL_UNSURE && !k->lenient))
		return left;
	enum hcl_truth right = truth_of(k, c->parts[1]);
	return right == decisive || left != HCL_UNSURE ? right : HCL_UNSURE;
}

static enum hcl_truth any(struct asking *k, struct hcl_condition *c)
{
	const struct hcl_value *list = value_of(k, c->parts[0]);
	enum hcl_truth found = HCL_FALSE;
	if (!list || list->type != HCL_LIST)
		return HCL_UNSURE;
	for (size_t i = 0; i < list->n && found != HCL_UNSURE; i++) {
		struct frame frame = {k->frame, &list->items[i]};
		k->frame = &frame;
		enum hcl_truth taken = c->parts[2] ? truth_of(k, c->parts[2]) : HCL_TRUE;
		enum hcl_truth t = taken == HCL_TRUE ? truth_of(k, c->parts[1]) : taken;
		k->frame = frame.outer;
		if (t != HCL_FALSE)
			found = t;
	}
	return found;
}

static enum hcl_truth truth_of(struct asking *k, struct hcl_condition *c)
{
	enum hcl_truth t = HCL_UNSURE;
	switch (c->step) {
	case STEP_EQUALITY:
		return equality(k, c);
	case STEP_COMPARISON:
		return comparison(k, c);
	case STEP_AND:
	case STEP_OR:
		return both(k, c);
	case STEP_NOT:
		t = truth_of(k, c->parts[0]);
		return t == HCL_UNSURE ? t : truth(t == HCL_FALSE);
	case STEP_ANY:
		return any(k, c);
	case STEP_UNSURE:
	case STEP_CONSTANT:
	case STEP_VARIABLE:
	case STEP_BOUND:
	case STEP_MEMBER:
	case STEP_ELEMENT:
	case STEP_CALL:
		break;
	}
	const struct hcl_value *v = value_of(k, c);
	bool sure = v && v->type == HCL_BOOL && v->marks == 0;
	return sure ? truth(v->boolean) : HCL_UNSURE;
}

enum hcl_truth hcl_condition_ask(
	struct hcl_condition *c, const struct hcl_scope *scope, struct arena *a, bool lenient)
{
	struct hcl_eval eval = {.arena = a, .scope = scope};
	struct asking k = {.eval = &eval, .lenient = lenient};
	return truth_of(&k, c);
}
