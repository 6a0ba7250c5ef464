/* Look-ups for documents of our own: typed, and strict about what else is there. */
#include "base/hcl/ast.h"

const struct hcl_attribute *hcl_find(const struct hcl_body *body, const char *name)
{
	for (size_t i = 0; i < body->attributes.n; i++) {
		if (str_is(body->attributes.items[i].name, name))
			return &body->attributes.items[i];
	}
	return NULL;
}

/* A zeroed value when the attribute is absent or null. */
static int get(struct hcl_value *out, const struct hcl_attribute *x, const struct hcl_scope *scope,
	struct arena *a, struct error *err)
{
	struct hcl_value v = {0};
	if (x && hcl_evaluate(&v, x->expr, scope, a, err) < 0)
		return -1;
	*out = v.type == HCL_NULL ? (struct hcl_value){0} : v;
	return 0;
}

static int check_type(const struct hcl_value *v, enum hcl_type type, const struct hcl_attribute *x,
	struct error *err)
{
	if (v->type == HCL_NONE || v->type == type)
		return 0;
	return error_at(err, hcl_expr_origin(x->expr), "`%.*s` must be %s, not %s",
		STR_ARG(x->name), hcl_type_name(type), hcl_type_name(v->type));
}

int hcl_get_str(const struct hcl_body *b, const char *name, struct str *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err)
{
	struct hcl_value v = {0};
	const struct hcl_attribute *x = hcl_find(b, name);
	if (get(&v, x, scope, a, err) < 0 || check_type(&v, HCL_STRING, x, err) < 0)
		return -1;
	if (v.type == HCL_STRING)
		*out = v.string;
	return 0;
}

int hcl_get_bool(const struct hcl_body *b, const char *name, bool *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err)
{
	struct hcl_value v = {0};
	const struct hcl_attribute *x = hcl_find(b, name);
	if (get(&v, x, scope, a, err) < 0 || check_type(&v, HCL_BOOL, x, err) < 0)
		return -1;
	if (v.type == HCL_BOOL)
		*out = v.boolean;
	return 0;
}

int hcl_get_i64(const struct hcl_body *b, const char *name, int64_t *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err)
{
	struct hcl_value v = {0};
	const struct hcl_attribute *x = hcl_find(b, name);
	if (get(&v, x, scope, a, err) < 0 || check_type(&v, HCL_NUMBER, x, err) < 0)
		return -1;
	if (v.type != HCL_NUMBER)
		return 0;
	if (!v.is_integer)
		return error_at(err, hcl_expr_origin(x->expr),
			"`%s` must be a whole number of 64 bits", name);
	*out = v.integer;
	return 0;
}

int hcl_get_strs(const struct hcl_body *b, const char *name, struct str_list *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err)
{
	struct hcl_value v = {0};
	struct str_list list = {0};
	const struct hcl_attribute *x = hcl_find(b, name);
	if (get(&v, x, scope, a, err) < 0 || check_type(&v, HCL_LIST, x, err) < 0)
		return -1;
	if (v.type != HCL_LIST)
		return 0;
	for (size_t i = 0; i < v.n; i++) {
		if (v.items[i].type != HCL_STRING)
			return error_at(err, hcl_expr_origin(x->expr),
				"`%s` must be a list of strings; element %zu is %s", name, i,
				hcl_type_name(v.items[i].type));
		list_push(a, &list) = v.items[i].string;
	}
	*out = list;
	return 0;
}

static bool is_listed(const char *const *names, struct str name)
{
	for (size_t i = 0; names && names[i]; i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

static int not_listed(const char *what, struct str name, const struct origin *o,
	const char *const *names, struct error *err)
{
	scoped(arena) a = {0};
	struct str_list known = {0};
	for (size_t i = 0; names && names[i]; i++)
		list_push(&a, &known) = str_from(names[i]);
	struct str hint = hcl_did_you_mean(&a, name, known.items, known.n);
	return error_at(
		err, o, "there is no %s `%.*s` here%.*s", what, STR_ARG(name), STR_ARG(hint));
}

int hcl_only(const struct hcl_body *b, const char *const *attributes, const char *const *blocks,
	struct error *err)
{
	for (size_t i = 0; i < b->attributes.n; i++) {
		const struct hcl_attribute *x = &b->attributes.items[i];
		if (!is_listed(attributes, x->name))
			return not_listed("argument", x->name, &x->origin, attributes, err);
	}
	for (size_t i = 0; i < b->blocks.n; i++) {
		const struct hcl_block *x = &b->blocks.items[i];
		if (!is_listed(blocks, x->type))
			return not_listed("block", x->type, &x->origin, blocks, err);
	}
	return 0;
}
