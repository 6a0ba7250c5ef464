#include "template/legacy/legacy.h"

static const char *const meta_keys[] = {
	"type", "name", "only", "except", "keep_input_artifact", NULL};

/* ---- Checks, once for all builds ------------------------------------------------------------ */

static void check_object(struct legacy *l, const struct json *j, const char *what)
{
	const struct json *type = json_find(j, "type");
	const struct json *name = json_find(j, "name");
	const struct json *keep = json_find(j, "keep_input_artifact");
	bool ignored;
	if (!type)
		legacy_error_at(l, j, "%s: \"type\" is missing", what);
	else if (type->type != JSON_STRING || type->text.n == 0)
		legacy_error_at(l, type, "%s: \"type\" is a string", what);
	if (name && name->type != JSON_STRING)
		legacy_error_at(l, name, "%s: \"name\" is a string", what);
	if (keep && keep->type != JSON_NULL && !weak_bool(keep, &ignored))
		legacy_error_at(l, keep, "%s: \"keep_input_artifact\" is true or false", what);
	legacy_check_only(l, j, what);
}

static void check_one(struct legacy *l, const struct json *j, const char *what, bool nested)
{
	if (j->type == JSON_OBJECT) {
		check_object(l, j, what);
		return;
	}
	if (j->type == JSON_STRING && j->text.n > 0)
		return;
	if (j->type == JSON_ARRAY && nested)
		legacy_error_at(l, j, "%s: a sequence cannot hold a sequence", what);
	else
		legacy_error_at(l, j, "%s is a type, an object or a list of those", what);
}

void legacy_check_post_processors(struct legacy *l)
{
	const struct json *all = json_find(l->root, "post-processors");
	for (size_t i = 0; all && all->type == JSON_ARRAY && i < all->array.n; i++) {
		const struct json *entry = all->array.items[i];
		if (entry->type != JSON_ARRAY) {
			check_one(l, entry,
				arena_printf(l->load.arena, "post-processor %zu", i + 1).p, false);
			continue;
		}
		for (size_t k = 0; k < entry->array.n; k++)
			check_one(l, entry->array.items[k],
				arena_printf(l->load.arena, "post-processor %zu.%zu", i + 1, k + 1)
					.p,
				true);
	}
}

/* ---- One post-processor of one build -------------------------------------------------------- */

static bool is_excepted(const struct legacy *l, const struct template_post_processor *p)
{
	for (size_t i = 0; i < l->except.n; i++) {
		if (str_eq(l->except.items[i], p->name) || str_eq(l->except.items[i], p->type))
			return true;
	}
	return false;
}

static int read_config(struct legacy *l, const struct json *j, const struct legacy_builder *b,
	struct template_post_processor *p)
{
	const struct render r = {
		.legacy = l,
		.source = &l->source,
		.build = b,
		.component = COMPONENT_POST,
		.type = p->type,
	};
	struct conf *config = NULL;
	const struct json *keep = json_find(j, "keep_input_artifact");
	p->keep_input_set = keep && weak_bool(keep, &p->keep_input_artifact);
	int status = render_config(&r, j, meta_keys, &config);
	p->config = config;
	return status;
}

static void read_names(struct legacy *l, const struct json *j, struct template_post_processor *p)
{
	p->type = j->type == JSON_STRING ? j->text : json_str_or(j, "type", STR(""));
	p->name = json_str_or(j, "name", p->type);
	if (p->name.n == 0)
		p->name = p->type;
	p->origin = legacy_origin(&l->source, j->span);
}

static void read_sequence(struct legacy *l, const struct json *entry,
	const struct legacy_builder *b, struct template_sequence *out)
{
	size_t n = entry->type == JSON_ARRAY ? entry->array.n : 1;
	for (size_t i = 0; i < n; i++) {
		const struct json *j = entry->type == JSON_ARRAY ? entry->array.items[i] : entry;
		struct template_post_processor p = {0};
		read_names(l, j, &p);
		if (!legacy_runs_for(l, j, b))
			continue;
		/* The rest of a sequence works on what the excepted one would have made. */
		if (is_excepted(l, &p))
			return;
		if (l->load.in->declared_only || read_config(l, j, b, &p) == 0)
			list_push(l->load.arena, out) = p;
	}
}

void legacy_post_processors(
	struct legacy *l, struct template_build *out, const struct legacy_builder *b)
{
	const struct json *all = json_find(l->root, "post-processors");
	for (size_t i = 0; all && i < all->array.n; i++) {
		struct template_sequence made = {0};
		if (load_is_full(&l->load))
			return;
		read_sequence(l, all->array.items[i], b, &made);
		if (made.n > 0)
			list_push(l->load.arena, &out->post_processors) = made;
	}
}
