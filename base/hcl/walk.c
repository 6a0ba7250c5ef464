/* What an expression says without being evaluated. */
#include "base/hcl/ast.h"

/* The part that an expression begins with, where its own place is that of an operator. */
static const struct hcl_expr *leftmost(const struct hcl_expr *e)
{
	switch (e->kind) {
	case HCL_EXPR_ATTRIBUTE:
		return e->u.attribute.of;
	case HCL_EXPR_INDEX:
		return e->u.index.of;
	case HCL_EXPR_SPLAT:
		return e->u.splat.source;
	case HCL_EXPR_BINARY:
		return e->u.binary.left;
	case HCL_EXPR_CONDITION:
		return e->u.condition.test;
	case HCL_EXPR_NONE:
	case HCL_EXPR_LITERAL:
	case HCL_EXPR_TEMPLATE:
	case HCL_EXPR_WRAP:
	case HCL_EXPR_JOIN:
	case HCL_EXPR_VARIABLE:
	case HCL_EXPR_SPLAT_ITEM:
	case HCL_EXPR_CALL:
	case HCL_EXPR_NEGATE:
	case HCL_EXPR_NOT:
	case HCL_EXPR_PAREN:
	case HCL_EXPR_TUPLE:
	case HCL_EXPR_OBJECT:
	case HCL_EXPR_FOR:
		break;
	}
	return NULL;
}

const struct origin *hcl_expr_origin(const struct hcl_expr *e)
{
	const struct hcl_expr *left = leftmost(e);
	while (left && left->kind != HCL_EXPR_SPLAT_ITEM) {
		e = left;
		left = leftmost(e);
	}
	return &e->origin;
}

struct str hcl_expr_keyword(const struct hcl_expr *e)
{
	return e->kind == HCL_EXPR_VARIABLE ? e->u.name : (struct str){0};
}

struct str hcl_expr_call(const struct hcl_expr *e)
{
	return e->kind == HCL_EXPR_CALL ? e->u.call->name : (struct str){0};
}

/* ---- Traversals ---------------------------------------------------------------------------- */

/* Names that a for binds; they refer to nothing outside. */
struct binding {
	const struct binding *outer;
	struct str names[2];
};

struct walk {
	struct arena *arena;
	struct hcl_traversals *out;
};

static void visit(struct walk *w, const struct hcl_expr *e, const struct binding *bound);

static bool is_bound(const struct binding *bound, struct str name)
{
	for (const struct binding *b = bound; b; b = b->outer) {
		if (str_eq(b->names[0], name) || str_eq(b->names[1], name))
			return true;
	}
	return false;
}

/* The step of .name and of ["name"]; false when it is computed. */
static bool static_step(const struct hcl_expr *e, struct str *out)
{
	if (e->kind == HCL_EXPR_ATTRIBUTE) {
		*out = e->u.attribute.name;
		return true;
	}
	const struct hcl_expr *key = e->u.index.key;
	if (key->kind == HCL_EXPR_TEMPLATE && key->u.parts.n == 1)
		key = key->u.parts.items[0];
	if (key->kind != HCL_EXPR_LITERAL || key->u.literal->type != HCL_STRING)
		return false;
	*out = key->u.literal->string;
	return true;
}

static bool is_step(const struct hcl_expr *e)
{
	return e->kind == HCL_EXPR_ATTRIBUTE || e->kind == HCL_EXPR_INDEX;
}

/* Steps stand outermost first, so they are gathered from the end. */
static void visit_reference(struct walk *w, const struct hcl_expr *e, const struct binding *bound)
{
	const struct hcl_expr *root = e;
	struct str_list reversed = {0};
	for (; is_step(root); root = leftmost(root)) {
		struct str step = {0};
		if (static_step(root, &step)) {
			list_push(w->arena, &reversed) = step;
			continue;
		}
		reversed.n = 0;
		visit(w, root->u.index.key, bound);
	}
	if (root->kind != HCL_EXPR_VARIABLE) {
		visit(w, root, bound);
		return;
	}
	if (is_bound(bound, root->u.name))
		return;
	struct hcl_traversal t = {.n = reversed.n + 1, .origin = root->origin};
	t.steps = arena_array(w->arena, struct str, t.n);
	t.steps[0] = root->u.name;
	for (size_t i = 0; i < reversed.n; i++)
		t.steps[i + 1] = reversed.items[reversed.n - 1 - i];
	list_push(w->arena, w->out) = t;
}

static void visit_all(struct walk *w, const struct hcl_exprs *list, const struct binding *bound)
{
	for (size_t i = 0; i < list->n; i++)
		visit(w, list->items[i], bound);
}

static void visit_for(struct walk *w, const struct hcl_for *f, const struct binding *bound)
{
	struct binding inner = {.outer = bound, .names = {f->value_name, f->key_name}};
	visit(w, f->source, bound);
	visit(w, f->condition, &inner);
	visit(w, f->key, &inner);
	visit(w, f->value, &inner);
}

static void visit_object(struct walk *w, const struct hcl_pairs *pairs, const struct binding *bound)
{
	for (size_t i = 0; i < pairs->n; i++) {
		visit(w, pairs->items[i].key, bound);
		visit(w, pairs->items[i].value, bound);
	}
}

static void visit(struct walk *w, const struct hcl_expr *e, const struct binding *bound)
{
	if (!e)
		return;
	switch (e->kind) {
	case HCL_EXPR_NONE:
	case HCL_EXPR_LITERAL:
	case HCL_EXPR_SPLAT_ITEM:
		return;
	case HCL_EXPR_TEMPLATE:
	case HCL_EXPR_TUPLE:
		visit_all(w, &e->u.parts, bound);
		return;
	case HCL_EXPR_VARIABLE:
	case HCL_EXPR_ATTRIBUTE:
	case HCL_EXPR_INDEX:
		visit_reference(w, e, bound);
		return;
	case HCL_EXPR_SPLAT:
		visit(w, e->u.splat.source, bound);
		visit(w, e->u.splat.each, bound);
		return;
	case HCL_EXPR_CALL:
		visit_all(w, &e->u.call->args, bound);
		return;
	case HCL_EXPR_WRAP:
	case HCL_EXPR_JOIN:
	case HCL_EXPR_NEGATE:
	case HCL_EXPR_NOT:
	case HCL_EXPR_PAREN:
		visit(w, e->u.inner, bound);
		return;
	case HCL_EXPR_BINARY:
		visit(w, e->u.binary.left, bound);
		visit(w, e->u.binary.right, bound);
		return;
	case HCL_EXPR_CONDITION:
		visit(w, e->u.condition.test, bound);
		visit(w, e->u.condition.yes, bound);
		visit(w, e->u.condition.no, bound);
		return;
	case HCL_EXPR_OBJECT:
		visit_object(w, e->u.object, bound);
		return;
	case HCL_EXPR_FOR:
		visit_for(w, e->u.loop, bound);
		return;
	}
}

void hcl_expr_traversals(const struct hcl_expr *e, struct arena *a, struct hcl_traversals *out)
{
	struct walk w = {.arena = a, .out = out};
	visit(&w, e, NULL);
}
