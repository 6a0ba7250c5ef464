/* Type constraints, as variables and convert() write them. */
#include "base/hcl/ast.h"

/* Where in the value something is: ".a[0]". */
struct place {
	const struct place *outer;
	struct str key;
	size_t index;
};

struct conversion {
	struct arena *arena;
	struct error *err;
};

static int convert(struct hcl_value *out, struct conversion *c, const struct hcl_value *v,
	const struct hcl_expr *type, const struct place *place);

/* ---- Errors -------------------------------------------------------------------------------- */

static struct str place_text(struct arena *a, const struct place *place)
{
	struct str_list parts = {0};
	struct str text = {0};
	for (const struct place *p = place; p; p = p->outer) {
		list_push(a, &parts) = p->key.n > 0 ? arena_printf(a, ".%.*s", STR_ARG(p->key))
						    : arena_printf(a, "[%zu]", p->index);
	}
	for (size_t i = parts.n; i-- > 0;)
		text = arena_printf(a, "%.*s%.*s", STR_ARG(text), STR_ARG(parts.items[i]));
	return text;
}

static int fail(struct conversion *c, const struct place *place, const char *what)
{
	struct str where = place_text(c->arena, place);
	if (where.n == 0)
		return error_set(c->err, ERROR_INPUT, "%s", what);
	return error_set(c->err, ERROR_INPUT, "%.*s: %s", STR_ARG(where), what);
}

static int mismatch(struct conversion *c, const struct place *place, const char *wanted,
	const struct hcl_value *v)
{
	struct str text =
		arena_printf(c->arena, "%s is needed, not %s", wanted, hcl_type_name(v->type));
	return fail(c, place, text.p);
}

/* ---- The constraint ------------------------------------------------------------------------ */

static const struct hcl_call *call_of(const struct hcl_expr *type, const char *name)
{
	bool call = type->kind == HCL_EXPR_CALL && str_is(type->u.call->name, name);
	return call ? type->u.call : NULL;
}

static bool is_keyword(const struct hcl_expr *type, const char *word)
{
	return str_is(hcl_expr_keyword(type), word);
}

/* The T of list(T), or NULL. */
static const struct hcl_expr *element_type(const struct hcl_expr *type, const char *name)
{
	const struct hcl_call *call = call_of(type, name);
	return call && call->args.n == 1 && !call->expand ? call->args.items[0] : NULL;
}

static const char *const collections[] = {"list", "set", "map"};
static const char *const primitives[] = {"any", "string", "number", "bool"};

static const char *const type_help =
	"a type is any, string, number, bool, list(T), set(T), map(T), object({...}), tuple([...])";

static int check_all(const struct hcl_exprs *types, struct error *err)
{
	for (size_t i = 0; i < types->n; i++) {
		if (hcl_type_check(types->items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Attributes with types, which may stand in optional(T) or optional(T, otherwise). */
static int check_attributes(const struct hcl_pairs *pairs, struct error *err)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct hcl_expr *key = pairs->items[i].key;
		const struct hcl_expr *type = pairs->items[i].value;
		const struct hcl_call *optional = call_of(type, "optional");
		if (key->kind != HCL_EXPR_LITERAL && key->kind != HCL_EXPR_TEMPLATE)
			return error_at(err, hcl_expr_origin(key), "an attribute's name is needed");
		if (optional && (optional->args.n == 0 || optional->args.n > 2))
			return error_at(
				err, hcl_expr_origin(type), "optional takes a type and a default");
		if (optional)
			type = optional->args.items[0];
		if (hcl_type_check(type, err) < 0)
			return -1;
	}
	return 0;
}

int hcl_type_check(const struct hcl_expr *type, struct error *err)
{
	for (size_t i = 0; i < countof(primitives); i++) {
		if (is_keyword(type, primitives[i]))
			return 0;
	}
	for (size_t i = 0; i < countof(collections); i++) {
		const struct hcl_expr *element = element_type(type, collections[i]);
		if (element)
			return hcl_type_check(element, err);
	}
	const struct hcl_expr *object = element_type(type, "object");
	if (object && object->kind == HCL_EXPR_OBJECT)
		return check_attributes(object->u.object, err);
	const struct hcl_expr *tuple = element_type(type, "tuple");
	if (tuple && tuple->kind == HCL_EXPR_TUPLE)
		return check_all(&tuple->u.parts, err);
	return error_at(err, hcl_expr_origin(type), "%s", type_help);
}

/* ---- Conversion ---------------------------------------------------------------------------- */

static int convert_primitive(struct hcl_value *out, struct conversion *c, const struct hcl_value *v,
	const struct hcl_expr *type, const struct place *place)
{
	struct hcl_value result = *v;
	const char *wanted = "a string";
	bool good = false;
	if (is_keyword(type, "any")) {
		good = true;
	} else if (is_keyword(type, "string")) {
		good = hcl_convert_string(c->arena, &result);
	} else if (is_keyword(type, "number")) {
		wanted = "a number";
		good = hcl_convert_number(&result);
	} else {
		wanted = "a bool";
		good = hcl_convert_bool(&result);
	}
	if (!good)
		return mismatch(c, place, wanted, v);
	*out = result;
	return 0;
}

/* Elements of one type: where one is a string, numbers and bools are strings too. */
static void unify(struct arena *a, struct hcl_value *items, size_t n)
{
	bool text = false;
	for (size_t i = 0; i < n; i++)
		text = text || items[i].type == HCL_STRING;
	for (size_t i = 0; text && i < n; i++)
		(void)hcl_convert_string(a, &items[i]);
}

static int convert_items(struct hcl_value *items, struct conversion *c, const struct hcl_value *v,
	const struct hcl_expr *type, const struct place *place)
{
	for (size_t i = 0; i < v->n; i++) {
		struct place inner = {.outer = place, .index = i};
		if (v->keys)
			inner.key = v->keys[i];
		if (convert(&items[i], c, &v->items[i], type, &inner) < 0)
			return -1;
	}
	if (is_keyword(type, "any"))
		unify(c->arena, items, v->n);
	return 0;
}

static int convert_collection(struct hcl_value *out, struct conversion *c,
	const struct hcl_value *v, const struct hcl_expr *type, const struct place *place)
{
	const struct hcl_expr *element = element_type(type, "map");
	struct hcl_value *items = arena_array(c->arena, struct hcl_value, v->n);
	bool map = element != NULL;
	bool set = element_type(type, "set") != NULL;
	if (!map)
		element = element_type(type, set ? "set" : "list");
	if (v->type != (map ? HCL_OBJECT : HCL_LIST))
		return mismatch(c, place, map ? "a map" : "a list", v);
	if (convert_items(items, c, v, element, place) < 0)
		return -1;
	if (map)
		*out = hcl_object(c->arena, v->keys, items, v->n);
	else
		*out = hcl_list(items, v->n);
	if (set && hcl_is_known(out))
		*out = hcl_set(c->arena, out);
	out->place = v->place;
	hcl_inherit(c->arena, out, v);
	return 0;
}

static int convert_tuple(struct hcl_value *out, struct conversion *c, const struct hcl_value *v,
	const struct hcl_exprs *types, const struct place *place)
{
	struct hcl_value *items = arena_array(c->arena, struct hcl_value, types->n);
	if (v->type != HCL_LIST)
		return mismatch(c, place, "a tuple", v);
	if (v->n != types->n)
		return fail(c, place, "a tuple of another length is needed");
	for (size_t i = 0; i < types->n; i++) {
		struct place inner = {.outer = place, .index = i};
		if (convert(&items[i], c, &v->items[i], types->items[i], &inner) < 0)
			return -1;
	}
	*out = hcl_list(items, types->n);
	out->place = v->place;
	hcl_inherit(c->arena, out, v);
	return 0;
}

/* What stands for an attribute that is not there, or null. */
static int absent(struct hcl_value *out, struct conversion *c, const struct hcl_call *optional,
	const struct place *place)
{
	*out = hcl_null();
	if (!optional)
		return fail(c, place, "this attribute is required");
	if (optional->args.n < 2)
		return 0;
	return hcl_evaluate(out, optional->args.items[1], NULL, c->arena, c->err);
}

static int convert_attribute(struct hcl_value *out, struct conversion *c,
	const struct hcl_value *object, const struct hcl_pair *pair, const struct place *place)
{
	const struct hcl_call *optional = call_of(pair->value, "optional");
	const struct hcl_expr *type = optional ? optional->args.items[0] : pair->value;
	const struct hcl_value *given = hcl_member(object, place->key);
	struct hcl_value v = given ? *given : hcl_null();
	bool missing = !given || (optional && v.type == HCL_NULL);
	if (missing && absent(&v, c, optional, place) < 0)
		return -1;
	return convert(out, c, &v, type, place);
}

static int convert_object(struct hcl_value *out, struct conversion *c, const struct hcl_value *v,
	const struct hcl_pairs *pairs, const struct place *place)
{
	struct hcl_value *items = arena_array(c->arena, struct hcl_value, pairs->n);
	struct str *keys = arena_array(c->arena, struct str, pairs->n);
	if (v->type != HCL_OBJECT)
		return mismatch(c, place, "an object", v);
	for (size_t i = 0; i < pairs->n; i++) {
		struct hcl_value key = {0};
		if (hcl_evaluate(&key, pairs->items[i].key, NULL, c->arena, c->err) < 0)
			return -1;
		if (!hcl_convert_string(c->arena, &key) || key.type != HCL_STRING)
			return fail(c, place, "an attribute of the type has no name");
		keys[i] = key.string;
		struct place inner = {.outer = place, .key = keys[i]};
		if (convert_attribute(&items[i], c, v, &pairs->items[i], &inner) < 0)
			return -1;
	}
	*out = hcl_object(c->arena, keys, items, pairs->n);
	out->place = v->place;
	hcl_inherit(c->arena, out, v);
	return 0;
}

/* The type has been checked, and nests no deeper than expressions may. */
static int convert(struct hcl_value *out, struct conversion *c, const struct hcl_value *v,
	const struct hcl_expr *type, const struct place *place)
{
	if (arena_full(c->arena))
		return fail(c, place, "this takes too much memory to convert");
	if (v->type == HCL_NULL || v->type == HCL_UNKNOWN) {
		*out = *v;
		return 0;
	}
	if (type->kind == HCL_EXPR_VARIABLE)
		return convert_primitive(out, c, v, type, place);
	const struct hcl_expr *object = element_type(type, "object");
	if (object)
		return convert_object(out, c, v, object->u.object, place);
	const struct hcl_expr *tuple = element_type(type, "tuple");
	if (tuple)
		return convert_tuple(out, c, v, &tuple->u.parts, place);
	return convert_collection(out, c, v, type, place);
}

int hcl_convert(struct hcl_value *out, const struct hcl_value *v, const struct hcl_expr *type,
	struct arena *a, struct error *err)
{
	struct conversion c = {.arena = a, .err = err};
	struct hcl_value result = {0};
	if (hcl_type_check(type, err) < 0 || convert(&result, &c, v, type, NULL) < 0 ||
		hcl_check_value(&result, hcl_expr_origin(type), err) < 0)
		return -1;
	*out = result;
	return 0;
}
