#include "template/upgrade/upgrade.h"

#include "base/clock.h"

static void set(struct upgrade *u, struct upgrade_attributes *list, const char *key,
	const struct buf *value)
{
	list_push(u->arena, list) =
		(struct upgrade_attribute){key, arena_str(u->arena, buf_str(value))};
}

/* ---- Names of builds ------------------------------------------------------------------------- */

static const struct upgrade_source *find_source(const struct upgrade *u, struct str json_name)
{
	for (size_t i = 0; i < u->sources.n; i++) {
		if (str_eq(u->sources.items[i].json_name, json_name))
			return &u->sources.items[i];
	}
	return NULL;
}

/* HCL2 names a source with its type. */
static void write_source_name(struct upgrade *u, struct buf *out, const struct json *name)
{
	const struct upgrade_source *s =
		name->type == JSON_STRING ? find_source(u, name->text) : NULL;
	if (s)
		upgrade_literal(out,
			arena_printf(u->arena, "%.*s.%.*s", STR_ARG(s->type), STR_ARG(s->name)));
	else
		upgrade_value(u, out, name);
}

static void set_names(struct upgrade *u, struct upgrade_attributes *list, const char *key,
	const struct json *object)
{
	const struct json *names = json_find(object, key);
	scoped(buf) out = {0};
	if (!names || names->type == JSON_NULL ||
		(names->type == JSON_ARRAY && names->array.n == 0))
		return;
	buf_add_byte(&out, '[');
	for (size_t i = 0; i < names->array.n; i++) {
		if (i > 0)
			buf_add(&out, STR(", "));
		write_source_name(u, &out, names->array.items[i]);
	}
	if (names->type == JSON_STRING)
		write_source_name(u, &out, names);
	buf_add_byte(&out, ']');
	set(u, list, key, &out);
}

/* HCL2 knows sources here by their names alone. */
static void set_override(
	struct upgrade *u, struct upgrade_attributes *list, const struct json *object)
{
	const struct json *override = json_find(object, "override");
	scoped(buf) out = {0};
	if (!override || override->type != JSON_OBJECT || override->object.n == 0)
		return;
	buf_add(&out, STR("{\n"));
	for (size_t i = 0; i < override->object.n; i++) {
		const struct json_member *m = &override->object.items[i];
		const struct upgrade_source *s = find_source(u, m->key);
		upgrade_literal(&out, s ? s->name : m->key);
		buf_add(&out, STR(" = "));
		upgrade_value(u, &out, m->value);
		buf_add_byte(&out, '\n');
	}
	buf_add_byte(&out, '}');
	set(u, list, "override", &out);
}

/* ---- Provisioners ---------------------------------------------------------------------------- */

/* A number without a unit counts nanoseconds in JSON templates. */
static void set_duration(struct upgrade *u, struct upgrade_attributes *list, const char *key,
	const struct json *object)
{
	const struct json *j = json_find(object, key);
	int64_t ns = 0;
	scoped(buf) out = {0};
	if (!j || j->type == JSON_NULL)
		return;
	bool read = (j->type == JSON_NUMBER && str_to_i64(j->text, &ns)) ||
		(j->type == JSON_STRING && duration_parse(j->text, &ns));
	if (read && ns == 0)
		return;
	if (read)
		upgrade_literal(&out, duration_str(u->arena, ns));
	else
		upgrade_value(u, &out, j);
	set(u, list, key, &out);
}

static void set_retries(
	struct upgrade *u, struct upgrade_attributes *list, const struct json *object)
{
	const struct json *j = json_find(object, "max_retries");
	scoped(buf) out = {0};
	if (!j || j->type == JSON_NULL)
		return;
	if (j->type == JSON_NUMBER)
		upgrade_literal(&out, j->text);
	else
		upgrade_value(u, &out, j);
	set(u, list, "max_retries", &out);
}

static void write_provisioner(
	struct upgrade *u, struct buf *out, const char *block, const struct json *j)
{
	static const char *const skip[] = {"type", "only", "except", "override", "pause_before",
		"max_retries", "timeout", NULL};
	struct upgrade_attributes more = {0};
	set_names(u, &more, "only", j);
	set_names(u, &more, "except", j);
	set_override(u, &more, j);
	set_duration(u, &more, "pause_before", j);
	set_duration(u, &more, "timeout", j);
	set_retries(u, &more, j);
	buf_printf(out, "%s ", block);
	upgrade_literal(out, json_str_or(j, "type", STR("")));
	buf_add(out, STR(" {\n"));
	upgrade_body(u, out, j, skip, &more);
	buf_add(out, STR("}\n\n"));
}

static void write_provisioners(struct upgrade *u, struct buf *out)
{
	const struct json *all = json_find(u->root, "provisioners");
	const struct json *cleanup = json_find(u->root, "error-cleanup-provisioner");
	for (size_t i = 0; all && i < all->array.n; i++)
		write_provisioner(u, out, "provisioner", all->array.items[i]);
	if (cleanup && cleanup->type == JSON_OBJECT)
		write_provisioner(u, out, "error-cleanup-provisioner", cleanup);
}

/* ---- Post-processors ------------------------------------------------------------------------- */

static void write_post_processor(struct upgrade *u, struct buf *out, const struct json *j)
{
	static const char *const skip[] = {
		"type", "name", "only", "except", "keep_input_artifact", NULL};
	struct upgrade_attributes more = {0};
	struct str type = j->type == JSON_STRING ? j->text : json_str_or(j, "type", STR(""));
	struct str name = json_str_or(j, "name", type);
	const struct json *keep = json_find(j, "keep_input_artifact");
	set_names(u, &more, "only", j);
	set_names(u, &more, "except", j);
	if (!str_eq(name, type)) {
		scoped(buf) quoted = {0};
		upgrade_literal(&quoted, name);
		set(u, &more, "name", &quoted);
	}
	buf_add(out, STR("post-processor "));
	upgrade_literal(out, type);
	buf_add(out, STR(" {\n"));
	if (keep && keep->type != JSON_NULL) {
		buf_add(out, STR("keep_input_artifact = "));
		upgrade_value(u, out, keep);
		buf_add_byte(out, '\n');
	}
	upgrade_body(u, out, j, skip, &more);
	buf_add(out, STR("}\n"));
}

static void write_post_processors(struct upgrade *u, struct buf *out)
{
	const struct json *all = json_find(u->root, "post-processors");
	for (size_t i = 0; all && i < all->array.n; i++) {
		const struct json *j = all->array.items[i];
		bool sequence = j->type == JSON_ARRAY && j->array.n > 1;
		buf_add_cstr(out, sequence ? "post-processors {\n" : "");
		for (size_t k = 0; k < j->array.n; k++)
			write_post_processor(u, out, j->array.items[k]);
		if (j->type != JSON_ARRAY)
			write_post_processor(u, out, j);
		buf_add_cstr(out, sequence ? "}\n" : "");
	}
}

void upgrade_build(struct upgrade *u, struct buf *out)
{
	struct str description = json_str_or(u->root, "description", STR(""));
	u->stage = UPGRADE_BUILD;
	if (u->sources.n == 0)
		return;
	buf_add(out, STR("build {\n"));
	if (description.n > 0) {
		buf_add(out, STR("description = "));
		upgrade_literal(out, description);
		buf_add(out, STR("\n\n"));
	}
	buf_add(out, STR("sources = ["));
	for (size_t i = 0; i < u->sources.n; i++) {
		const struct upgrade_source *s = &u->sources.items[i];
		buf_add_cstr(out, i > 0 ? ", " : "");
		upgrade_literal(out,
			arena_printf(
				u->arena, "source.%.*s.%.*s", STR_ARG(s->type), STR_ARG(s->name)));
	}
	buf_add(out, STR("]\n\n"));
	write_provisioners(u, out);
	write_post_processors(u, out);
	buf_add(out, STR("}\n"));
}
