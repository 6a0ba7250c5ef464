/* What an expression is made of, as it is written. */
#include "base/hcl/ast.h"

static const struct hcl_expr *inside(const struct hcl_expr *e)
{
	while (e->kind == HCL_EXPR_PAREN || e->kind == HCL_EXPR_WRAP)
		e = e->u.inner;
	return e;
}

/* The value of a key that is a literal: a name, or a string without sequences. */
static struct str static_key(struct arena *a, const struct hcl_expr *key)
{
	struct str name = {0};
	key = inside(key);
	if (key->kind == HCL_EXPR_TEMPLATE && key->u.parts.n == 1)
		key = key->u.parts.items[0];
	if (key->kind != HCL_EXPR_LITERAL || !hcl_to_string(a, key->u.literal, &name))
		return (struct str){0};
	return name;
}

enum hcl_shape hcl_expr_parts(const struct hcl_expr *e, struct arena *a, struct hcl_parts *out)
{
	e = inside(e);
	*out = (struct hcl_parts){0};
	if (e->kind == HCL_EXPR_TUPLE) {
		for (size_t i = 0; i < e->u.parts.n; i++)
			list_push(a, out) = (struct hcl_part){{0}, NULL, e->u.parts.items[i]};
		return HCL_SHAPE_LIST;
	}
	if (e->kind == HCL_EXPR_OBJECT) {
		for (size_t i = 0; i < e->u.object->n; i++) {
			const struct hcl_pair *p = &e->u.object->items[i];
			list_push(a, out) =
				(struct hcl_part){static_key(a, p->key), p->key, p->value};
		}
		return HCL_SHAPE_OBJECT;
	}
	if (e->kind == HCL_EXPR_CONDITION) {
		list_push(a, out) = (struct hcl_part){{0}, NULL, e->u.condition.test};
		list_push(a, out) = (struct hcl_part){{0}, NULL, e->u.condition.yes};
		list_push(a, out) = (struct hcl_part){{0}, NULL, e->u.condition.no};
		return HCL_SHAPE_CONDITION;
	}
	if (e->kind == HCL_EXPR_CALL) {
		for (size_t i = 0; i < e->u.call->args.n && !e->u.call->expand; i++)
			list_push(a, out) = (struct hcl_part){{0}, NULL, e->u.call->args.items[i]};
		return HCL_SHAPE_CALL;
	}
	return HCL_SHAPE_OTHER;
}

bool hcl_expr_reference(const struct hcl_expr *e, struct arena *a, struct hcl_traversal *out)
{
	struct str_list reversed = {0};
	for (e = inside(e); e->kind == HCL_EXPR_ATTRIBUTE; e = e->u.attribute.of)
		list_push(a, &reversed) = e->u.attribute.name;
	if (e->kind != HCL_EXPR_VARIABLE)
		return false;
	*out = (struct hcl_traversal){.n = reversed.n + 1, .origin = e->origin};
	out->steps = arena_array(a, struct str, out->n);
	out->steps[0] = e->u.name;
	for (size_t i = 0; i < reversed.n; i++)
		out->steps[i + 1] = reversed.items[reversed.n - 1 - i];
	return true;
}

struct str hcl_expr_call(const struct hcl_expr *e)
{
	return e->kind == HCL_EXPR_CALL ? e->u.call->name : (struct str){0};
}
