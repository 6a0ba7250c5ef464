#include "template/legacy/legacy.h"

static int read_type(struct legacy *l, const struct json *j, struct legacy_builder *b)
{
	const struct json *type = json_find(j, "type");
	if (!type)
		return legacy_error_at(l, j, "builder %zu: \"type\" is missing", b->index);
	if (type->type != JSON_STRING || type->text.n == 0)
		return legacy_error_at(l, type, "builder %zu: \"type\" is a string", b->index);
	b->type = type->text;
	return 0;
}

static int read_name(struct legacy *l, const struct json *j, struct legacy_builder *b)
{
	const struct json *name = json_find(j, "name");
	const struct render r = {.legacy = l, .source = &l->source};
	b->raw_name = b->type;
	b->name = b->type;
	if (!name)
		return 0;
	if (name->type != JSON_STRING)
		return legacy_error_at(l, name, "builder %zu: \"name\" is a string", b->index);
	if (name->text.n == 0)
		return 0;
	b->raw_name = name->text;
	b->name = name->text;
	b->origin = legacy_origin(&l->source, name->span);
	if (l->load.in->declared_only)
		return 0;
	return render_name(&r, name, &b->name);
}

static int check_unique(struct legacy *l, const struct legacy_builder *b)
{
	for (size_t i = 0; i < l->builders.n; i++) {
		const struct legacy_builder *other = &l->builders.items[i];
		if (!str_eq(other->name, b->name) && !str_eq(other->raw_name, b->raw_name))
			continue;
		return load_error(&l->load, &b->origin,
			"builder %zu: there is a builder named \"%.*s\" already (line %u)",
			b->index, STR_ARG(b->name), other->origin.span.line);
	}
	return 0;
}

static void read_builder(struct legacy *l, const struct json *j, size_t index)
{
	struct legacy_builder b = {
		.index = index, .json = j, .origin = legacy_origin(&l->source, j->span)};
	if (j->type != JSON_OBJECT) {
		legacy_error_at(l, j, "a builder is an object");
		return;
	}
	if (read_type(l, j, &b) < 0)
		return;
	const struct json *type = json_find(j, "type");
	b.origin = legacy_origin(&l->source, type->span);
	if (read_name(l, j, &b) < 0)
		return;
	int unique = check_unique(l, &b);
	if (unique == 0 && b.name.n == 0)
		unique = load_error(&l->load, &b.origin, "builder %zu: the name is empty", index);
	b.origin = legacy_origin(&l->source, j->span);
	if (unique == 0)
		list_push(l->load.arena, &l->builders) = b;
}

/* ---- Selection ------------------------------------------------------------------------------ */

bool legacy_names_have(const struct str_list *names, const struct legacy_builder *b)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->items[i], b->name) || str_eq(names->items[i], b->raw_name))
			return true;
	}
	return false;
}

static const struct legacy_builder *find_builder(const struct legacy *l, struct str name)
{
	const struct str_list one = {.items = &name, .n = 1};
	for (size_t i = 0; i < l->builders.n; i++) {
		if (legacy_names_have(&one, &l->builders.items[i]))
			return &l->builders.items[i];
	}
	return NULL;
}

static void hint_builder(struct legacy *l, struct str name)
{
	const char **names = arena_array(l->load.arena, const char *, l->builders.n + 1);
	struct str_list known = {0};
	for (size_t i = 0; i < l->builders.n; i++) {
		names[i] = arena_cstr(l->load.arena, l->builders.items[i].name);
		list_push(l->load.arena, &known) = l->builders.items[i].name;
	}
	const char *near = conf_nearest(name, names, l->builders.n);
	struct str all = arena_join(l->load.arena, known.items, known.n, STR(", "));
	if (near)
		load_hint(&l->load, "did you mean \"%s\"?", near);
	else
		load_hint(&l->load, "the builds are: %.*s", STR_ARG(all));
}

void legacy_check_names(
	struct legacy *l, const struct json *j, const struct str_list *names, const char *what)
{
	/* Names as they are written do not tell what they will be. */
	if (l->load.in->declared_only)
		return;
	for (size_t i = 0; i < names->n && l->load.t->diags.n < DIAGS_MAX; i++) {
		if (find_builder(l, names->items[i]))
			continue;
		const struct json *at = j->type == JSON_ARRAY ? j->array.items[i] : j;
		legacy_error_at(l, at, "%s: there is no build named \"%.*s\"", what,
			STR_ARG(names->items[i]));
		hint_builder(l, names->items[i]);
	}
}

void legacy_check_only(struct legacy *l, const struct json *object, const char *what)
{
	static const char *const keys[] = {"only", "except"};
	const struct json *both = NULL;
	for (size_t i = 0; i < countof(keys); i++) {
		const struct json *j = json_find(object, keys[i]);
		struct str_list names;
		if (!j || j->type == JSON_NULL)
			continue;
		if (!weak_list(j, l->load.arena, &names)) {
			legacy_error_at(
				l, j, "%s: \"%s\" is a list of names of builds", what, keys[i]);
			continue;
		}
		if (both && names.n > 0)
			legacy_error_at(
				l, j, "%s: \"only\" and \"except\" exclude each other", what);
		both = names.n > 0 ? j : both;
		legacy_check_names(
			l, j, &names, arena_printf(l->load.arena, "%s: \"%s\"", what, keys[i]).p);
	}
}

bool legacy_runs_for(struct legacy *l, const struct json *object, const struct legacy_builder *b)
{
	const struct json *only = json_find(object, "only");
	const struct json *except = json_find(object, "except");
	struct str_list names;
	if (l->load.in->declared_only)
		return true;
	if (only && weak_list(only, l->load.arena, &names) && names.n > 0)
		return legacy_names_have(&names, b);
	if (except && weak_list(except, l->load.arena, &names) && names.n > 0)
		return !legacy_names_have(&names, b);
	return true;
}

/* Names and types that -except may mean besides builds. */
static bool is_post_processor(const struct legacy *l, struct str name)
{
	const struct json *all = json_find(l->root, "post-processors");
	for (size_t i = 0; all && i < all->array.n; i++) {
		const struct json *entry = all->array.items[i];
		size_t n = entry->type == JSON_ARRAY ? entry->array.n : 1;
		for (size_t k = 0; k < n; k++) {
			const struct json *pp =
				entry->type == JSON_ARRAY ? entry->array.items[k] : entry;
			if (pp->type == JSON_STRING && str_eq(pp->text, name))
				return true;
			if (str_eq(json_str_or(pp, "name", STR("")), name) ||
				str_eq(json_str_or(pp, "type", STR("")), name))
				return true;
		}
	}
	return false;
}

static void check_selection(
	struct legacy *l, const struct str_list *names, const char *flag, bool post_processors)
{
	for (size_t i = 0; i < names->n; i++) {
		struct str name = names->items[i];
		if (find_builder(l, name) || (post_processors && is_post_processor(l, name)))
			continue;
		struct origin o = {str_from(flag), {0}};
		load_error(&l->load, &o, "there is no build%s named \"%.*s\"",
			post_processors ? " or post-processor" : "", STR_ARG(name));
		hint_builder(l, name);
	}
}

void legacy_builders(struct legacy *l)
{
	const struct json *all = json_find(l->root, "builders");
	if (all && all->array.n > TEMPLATE_BUILDERS_MAX) {
		legacy_error_at(l, all, "more than %d builders", TEMPLATE_BUILDERS_MAX);
		return;
	}
	for (size_t i = 0; all && all->type == JSON_ARRAY && i < all->array.n; i++)
		read_builder(l, all->array.items[i], i + 1);
	if (l->load.t->diags.errors > 0)
		return;
	load_only_names(&l->load, &l->only);
	load_split_names(&l->load, l->load.in->except, &l->except);
	check_selection(l, &l->only, "-only", false);
	check_selection(l, &l->except, "-except", true);
	for (size_t i = 0; i < l->builders.n; i++) {
		struct legacy_builder *b = &l->builders.items[i];
		b->selected = (l->only.n == 0 || legacy_names_have(&l->only, b)) &&
			!legacy_names_have(&l->except, b);
	}
}
