#include "plan/provisioners/scripts.h"

/* A later value of the same name wins; the order is that of the names. */
static void put(
	struct environment *e, struct compiler *c, struct str name, const struct text *value)
{
	size_t at = 0;
	for (size_t end = e->entries.n; at < end;) {
		size_t middle = at + (end - at) / 2;
		if (str_cmp(e->entries.items[middle].name, name) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	if (at < e->entries.n && str_eq(e->entries.items[at].name, name)) {
		e->entries.items[at].value = *value;
		return;
	}
	list_push(c->arena, &e->entries) = (struct environment_entry){0};
	memmove(&e->entries.items[at + 1], &e->entries.items[at],
		(e->entries.n - 1 - at) * sizeof(e->entries.items[0]));
	e->entries.items[at] = (struct environment_entry){name, *value};
}

const struct escape escape_quotes[] = {{'\'', "'\"'\"'"}, {0}};
const struct escape escape_powershell[] = {
	{'$', "`$"}, {'"', "`\""}, {'`', "``"}, {'\'', "`'"}, {0}};

static void put_escaped(struct environment *e, struct compiler *c, struct str name,
	const struct text *value, const struct escape *escape)
{
	struct text quoted = text_escaped(c->arena, value, escape);
	put(e, c, name, &quoted);
}

static bool serves_http(const struct template_build *b)
{
	return conf_find(b->config, STR("http_directory")) ||
		conf_find(b->config, STR("http_content"));
}

static void put_packer(struct environment *e, struct compiler *c, const struct escape *escape)
{
	static const struct {
		const char *name;
		const char *hole;
	} http[] = {
		{"PACKER_HTTP_ADDR", "PackerHTTPAddr"},
		{"PACKER_HTTP_IP", "PackerHTTPIP"},
		{"PACKER_HTTP_PORT", "PackerHTTPPort"},
	};
	struct text name = text_from(c->arena, c->build->source_name);
	struct text type = text_from(c->arena, c->build->type);
	put_escaped(e, c, STR("PACKER_BUILD_NAME"), &name, escape);
	put_escaped(e, c, STR("PACKER_BUILDER_TYPE"), &type, escape);
	for (size_t i = 0; serves_http(c->build) && i < countof(http); i++) {
		struct text hole = {0};
		text_add_hole(&hole, c->arena, str_from(http[i].hole));
		put(e, c, str_from(http[i].name), &hole);
	}
}

/* The name stands in front of the first '=' of the text, and is literal. */
static int cut_pair(const struct text *pair, struct arena *a, struct str *name, struct text *value)
{
	struct text rest = {0};
	if (pair->n == 0 || pair->items[0].kind != TEXT_LITERAL)
		return -1;
	struct str first = pair->items[0].value;
	size_t equals = str_find_byte(first, '=');
	if (equals == STR_NPOS || equals == 0)
		return -1;
	*name = str_sub(first, 0, equals);
	text_add_literal(&rest, a, str_from_index(first, equals + 1));
	for (size_t i = 1; i < pair->n; i++)
		list_push(a, &rest) = pair->items[i];
	*value = rest;
	return 0;
}

static int put_list(struct environment *e, struct compiler *c, const struct template_provisioner *p,
	const struct environment_spec *spec)
{
	const struct text_list *list = spec->list;
	int status = 0;
	for (size_t i = 0; i < list->n; i++) {
		struct str name;
		struct text value;
		struct origin o = compile_element(p, "environment_vars", i);
		if (cut_pair(&list->items[i], c->arena, &name, &value) == 0) {
			put_escaped(e, c, name, &value, spec->escape);
			continue;
		}
		struct str shown = text_display(&list->items[i], c->arena);
		status = compile_error(c, &o,
			"environment variable is not in the form KEY=VALUE: %.*s", STR_ARG(shown));
	}
	return status;
}

static int put_map(struct environment *e, struct compiler *c, const struct template_provisioner *p,
	const struct environment_spec *spec)
{
	const struct text_map *map = spec->map;
	struct origin o = compile_origin(p, "env");
	for (size_t i = 0; i < map->n; i++) {
		if (map->keys[i].n == 0 || str_find_byte(map->keys[i], '=') != STR_NPOS)
			return compile_error(
				c, &o, "\"%.*s\" is no name of a variable", STR_ARG(map->keys[i]));
		put_escaped(e, c, map->keys[i], &map->values[i], spec->escape);
	}
	return 0;
}

int environment_make(struct environment *out, struct compiler *c,
	const struct template_provisioner *p, const struct environment_spec *spec)
{
	struct environment e = {0};
	if (spec->list->n + spec->map->n > PLAN_ENVIRONMENT_MAX)
		return compile_error(
			c, &p->origin, "more than %d environment variables", PLAN_ENVIRONMENT_MAX);
	put_packer(&e, c, spec->escape);
	int status = put_list(&e, c, p, spec);
	status |= put_map(&e, c, p, spec);
	*out = e;
	return status;
}

/* ---- Rendering ------------------------------------------------------------------------------ */

static int render_entry(struct text *out, const struct environment_entry *entry, struct compiler *c,
	struct str format)
{
	size_t verbs = 0;
	while (format.n > 0) {
		size_t percent = str_find_byte(format, '%');
		text_push(out, c->arena, str_sub(format, 0, percent));
		if (percent == STR_NPOS)
			break;
		char verb = percent + 1 < format.n ? format.p[percent + 1] : '\0';
		format = str_from_index(format, percent + 2);
		if (verb == '%') {
			text_push(out, c->arena, STR("%"));
			continue;
		}
		if (verb != 's' || ++verbs > 2)
			return -1;
		if (verbs == 1)
			text_push(out, c->arena, entry->name);
		else
			text_push_text(out, c->arena, &entry->value);
	}
	return verbs == 2 ? 0 : -1;
}

int environment_render(struct text *out, const struct environment *e, struct compiler *c,
	const struct text *format, const struct origin *o)
{
	struct text made = {0};
	struct str fmt;
	if (!text_is_literal(format) || !text_value(format, c->arena, &fmt))
		return compile_error(c, o, "\"env_var_format\" must be known before the build");
	for (size_t i = 0; i < e->entries.n; i++) {
		if (render_entry(&made, &e->entries.items[i], c, fmt) < 0)
			return compile_error(
				c, o, "\"env_var_format\" takes a name and a value: two %%s");
	}
	*out = text_joined(&made, c->arena);
	return 0;
}

void environment_names(struct str_list *out, const struct environment *e, struct compiler *c)
{
	for (size_t i = 0; i < e->entries.n; i++)
		list_push(c->arena, out) = e->entries.items[i].name;
}
