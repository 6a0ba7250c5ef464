/* for-expressions, and templates, whose %{ for } is one. */
#include "base/hcl/ast.h"

#include "base/map.h"

/* ---- for ----------------------------------------------------------------------------------- */

/* What the loop has produced; keys stay empty for a tuple. */
struct results {
	struct hcl_eval *e;
	const struct hcl_expr *x;
	struct str_list keys;
	struct {
		struct hcl_value *items;
		size_t n;
		size_t cap;
	} values;
	struct map seen; /* key -> index of its group, plus 1 */
	struct hcl_taint taint; /* of the collection, the conditions and the keys */
	struct hcl_value unknown; /* a condition or key: neither is the result known */
};

struct group {
	struct hcl_value *items;
	size_t n;
	size_t cap;
};

static int take_condition(struct results *r, bool *wanted, struct error *err)
{
	const struct hcl_expr *condition = r->x->u.loop->condition;
	struct hcl_value v = {0};
	bool unknown = false;
	*wanted = true;
	if (!condition)
		return 0;
	if (hcl_eval_expr(&v, r->e, condition, err) < 0 ||
		hcl_eval_truth(wanted, &unknown, &v, "the `if` of a for",
			hcl_expr_origin(condition), err) < 0)
		return -1;
	hcl_taint_own(&r->taint, r->e->arena, &v);
	if (unknown)
		r->unknown = v;
	return 0;
}

static int take_key(struct results *r, struct hcl_value *key, struct error *err)
{
	const struct hcl_expr *x = r->x->u.loop->key;
	if (hcl_eval_expr(key, r->e, x, err) < 0)
		return -1;
	if (key->type == HCL_NULL)
		return error_at(err, hcl_expr_origin(x), "the key is null");
	if (!hcl_convert_string(r->e->arena, key))
		return error_at(err, hcl_expr_origin(x), "a key is a string, not %s",
			hcl_type_name(key->type));
	hcl_taint_own(&r->taint, r->e->arena, key);
	if (key->type == HCL_UNKNOWN)
		r->unknown = *key;
	return 0;
}

static int add_member(struct results *r, struct str key, struct hcl_value value, struct error *err)
{
	struct arena *a = r->e->arena;
	struct group *group = map_find(&r->seen, key);
	if (group && !r->x->u.loop->group) {
		return error_at(err, hcl_expr_origin(r->x->u.loop->key),
			"two elements have the key `%.*s`; `...` behind the value groups them",
			STR_ARG(key));
	}
	if (!group) {
		group = arena_new(a, struct group);
		map_put(&r->seen, a, key, group);
		list_push(a, &r->keys) = key;
	}
	list_push(a, group) = value;
	return 0;
}

/* The result of one element, whose names are in scope. */
static int take_element(struct results *r, struct error *err)
{
	const struct hcl_for *f = r->x->u.loop;
	struct hcl_value key = {0};
	struct hcl_value value = {0};
	bool wanted = false;
	if (take_condition(r, &wanted, err) < 0)
		return -1;
	if (!wanted || r->unknown.type == HCL_UNKNOWN)
		return 0;
	if (f->key && take_key(r, &key, err) < 0)
		return -1;
	if (hcl_eval_expr(&value, r->e, f->value, err) < 0)
		return -1;
	if (f->key && key.type == HCL_STRING)
		return add_member(r, key.string, value, err);
	list_push(r->e->arena, &r->values) = value;
	return 0;
}

static struct hcl_value object_result(struct results *r)
{
	struct arena *a = r->e->arena;
	struct hcl_value *values = arena_array(a, struct hcl_value, r->keys.n);
	for (size_t i = 0; i < r->keys.n; i++) {
		const struct group *group = map_find(&r->seen, r->keys.items[i]);
		bool grouped = r->x->u.loop->group;
		values[i] = grouped ? hcl_list(group->items, group->n) : group->items[0];
	}
	return hcl_object(a, r->keys.items, values, r->keys.n);
}

static struct hcl_value element_key(const struct hcl_value *source, size_t i)
{
	return source->type == HCL_OBJECT ? hcl_string(source->keys[i]) : hcl_integer((int64_t)i);
}

static int run(struct results *r, const struct hcl_value *source, struct error *err)
{
	const struct hcl_for *f = r->x->u.loop;
	struct hcl_variable names[2] = {{.name = f->value_name}, {.name = f->key_name}};
	const struct hcl_scope *outer = r->e->scope;
	struct hcl_scope scope = {
		.parent = outer,
		.variables = names,
		.variable_count = f->key_name.n > 0 ? 2 : 1,
	};
	int status = 0;
	r->e->scope = &scope;
	for (size_t i = 0; i < source->n && status == 0; i++) {
		names[0].value = source->items[i];
		names[1].value = element_key(source, i);
		status = take_element(r, err);
	}
	r->e->scope = outer;
	return status;
}

static struct hcl_value unknown_result(
	struct hcl_eval *e, const struct hcl_expr *x, const struct hcl_value *unknown)
{
	const char *const words[] = {"for(", ") at ", origin_str(e->arena, &x->origin).p};
	const struct hcl_value *const values[] = {unknown, NULL, NULL};
	return hcl_hole_of(e->arena, words, values, countof(words));
}

int hcl_eval_for(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value source = {0};
	const struct hcl_for *f = x->u.loop;
	if (hcl_eval_expr(&source, e, f->source, err) < 0)
		return -1;
	if (source.type == HCL_UNKNOWN) {
		*out = unknown_result(e, x, &source);
		return 0;
	}
	if (source.type != HCL_LIST && source.type != HCL_OBJECT)
		return error_at(err, hcl_expr_origin(f->source),
			"a for needs a list or an object, not %s", hcl_type_name(source.type));
	struct results r = {.e = e, .x = x};
	hcl_taint_own(&r.taint, e->arena, &source);
	if (run(&r, &source, err) < 0)
		return -1;
	if (r.unknown.type == HCL_UNKNOWN)
		*out = unknown_result(e, x, &r.unknown);
	else if (f->key)
		*out = object_result(&r);
	else
		*out = hcl_list(r.values.items, r.values.n);
	hcl_taint_apply(&r.taint, e->arena, out);
	return hcl_check_value(out, &x->origin, err);
}

/* ---- Templates ----------------------------------------------------------------------------- */

static int add_text(
	struct hcl_pieces *t, const struct hcl_value *v, const struct origin *o, struct error *err)
{
	if (v->type == HCL_NULL)
		return error_at(err, o, "null in a template");
	if (!hcl_pieces_add_value(t, v))
		return error_at(err, o,
			"%s in a template, where only strings, numbers and bools go",
			hcl_type_name(v->type));
	if (t->size > HCL_MAX_VALUE_SIZE)
		return error_at(err, o, "this text is too large");
	return 0;
}

static int add_parts(
	struct hcl_pieces *t, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	for (size_t i = 0; i < x->u.parts.n; i++) {
		const struct hcl_expr *part = x->u.parts.items[i];
		struct hcl_value v = {0};
		if (hcl_eval_expr(&v, e, part, err) < 0 ||
			add_text(t, &v, hcl_expr_origin(part), err) < 0)
			return -1;
	}
	return 0;
}

/* The elements of a %{ for }. */
static int add_elements(
	struct hcl_pieces *t, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_value list = {0};
	if (hcl_eval_expr(&list, e, x->u.inner, err) < 0)
		return -1;
	if (list.type == HCL_UNKNOWN)
		return add_text(t, &list, &x->origin, err);
	for (size_t i = 0; i < list.n; i++) {
		if (add_text(t, &list.items[i], &x->origin, err) < 0)
			return -1;
	}
	t->special = t->special || list.marks != 0;
	t->marks |= list.marks;
	return 0;
}

int hcl_eval_template(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err)
{
	struct hcl_pieces t = {.arena = e->arena};
	int r = x->kind == HCL_EXPR_JOIN ? add_elements(&t, e, x, err) : add_parts(&t, e, x, err);
	if (r < 0 || hcl_charge_at(e, t.size / 64, &x->origin, err) < 0)
		return -1;
	*out = hcl_pieces_value(&t, &x->origin);
	return 0;
}
