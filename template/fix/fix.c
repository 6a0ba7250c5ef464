#include "template/rewrite.h"

#include "template/fix/rules.h"

static const char *const place_keys[] = {
	[FIX_NOWHERE] = "",
	[FIX_BUILDERS] = "builders",
	[FIX_PROVISIONERS] = "provisioners",
	[FIX_POST_PROCESSORS] = "post-processors",
};

static bool type_matches(struct str type, struct str pattern)
{
	if (!str_has_suffix(pattern, STR("*")))
		return str_eq(type, pattern);
	return str_has_prefix(type, str_sub(pattern, 0, pattern.n - 1));
}

static bool rule_applies(const struct fix_rule *r, const struct json *object)
{
	if (!r->types)
		return true;
	const struct json *type = json_find(object, "type");
	if (!type || type->type != JSON_STRING)
		return false;
	struct str patterns = str_from(r->types);
	struct str pattern = {0};
	while (str_cut(&patterns, ' ', &pattern)) {
		if (type_matches(type->text, pattern))
			return true;
	}
	return false;
}

static void rename_key(const struct fix_rule *r, const struct fix_object *o)
{
	struct json *value = json_find(o->json, r->from);
	if (r->action == FIX_RENAME_OLDER && json_find(o->json, r->to)) {
		json_remove(o->json, r->from);
	} else if (r->takes == JSON_NONE || value->type == r->takes) {
		json_remove(o->json, r->from);
		json_set(o->arena, o->json, r->to, value);
	}
}

static int apply(const struct fix_rule *r, const struct fix_object *o, struct error *err)
{
	if (!rule_applies(r, o->json))
		return 0;
	if (r->action == FIX_CALL)
		return r->fix(o, err);
	if (!json_find(o->json, r->from))
		return 0;
	if (r->action == FIX_REMOVE)
		json_remove(o->json, r->from);
	else
		rename_key(r, o);
	return 0;
}

/* Objects of a list; a sequence of post-processors is a list in the list. */
static int apply_to_list(const struct fix_rule *r, struct json *list, const struct fix_object *o,
	bool nested, struct error *err)
{
	for (size_t i = 0; i < list->array.n; i++) {
		struct json *item = list->array.items[i];
		struct fix_object object = {item, o->arena, o->file};
		if (item->type == JSON_OBJECT && apply(r, &object, err) < 0)
			return -1;
		if (item->type == JSON_ARRAY && nested && apply_to_list(r, item, o, false, err) < 0)
			return -1;
	}
	return 0;
}

static int check_list(const struct json *root, const char *key, struct str file, struct error *err)
{
	const struct json *list = json_find(root, key);
	if (!list || list->type == JSON_NULL)
		return 0;
	const struct origin at = {file, list->span};
	if (list->type != JSON_ARRAY)
		return error_at(err, &at, "\"%s\" is not a list", key);
	bool builders = strcmp(key, place_keys[FIX_BUILDERS]) == 0;
	for (size_t i = 0; builders && i < list->array.n; i++) {
		const struct origin item = {file, list->array.items[i]->span};
		if (list->array.items[i]->type != JSON_OBJECT)
			return error_at(err, &item, "a builder is not an object");
	}
	return 0;
}

int template_fix(struct json *root, struct arena *a, struct str file, struct error *err)
{
	const struct origin at = {file, root->span};
	if (root->type != JSON_OBJECT)
		return error_at(err, &at, "a template is an object");
	for (size_t i = FIX_BUILDERS; i < countof(place_keys); i++) {
		if (check_list(root, place_keys[i], file, err) < 0)
			return -1;
	}
	const struct fix_object whole = {root, a, file};
	for (const struct fix_rule *r = fix_rules; r->fixer; r++) {
		struct json *list = json_find(root, place_keys[r->place]);
		bool nested = r->place == FIX_POST_PROCESSORS;
		if (list && apply_to_list(r, list, &whole, nested, err) < 0)
			return error_wrap(err, "%s", r->fixer);
	}
	return 0;
}
