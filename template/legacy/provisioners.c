#include "template/legacy/legacy.h"

static const char *const meta_keys[] = {
	"type", "only", "except", "override", "pause_before", "max_retries", "timeout", NULL};

/* "provisioner 2", "error-cleanup-provisioner". */
static const char *name_of(struct legacy *l, size_t index)
{
	if (index == SIZE_MAX)
		return "error-cleanup-provisioner";
	return arena_printf(l->load.arena, "provisioner %zu", index + 1).p;
}

/* ---- Checks, once for all builds ------------------------------------------------------------ */

static int read_duration(
	struct legacy *l, const struct json *j, const char *what, const char *key, int64_t *out)
{
	*out = 0;
	if (!j || j->type == JSON_NULL)
		return 0;
	if (j->type == JSON_NUMBER && str_to_i64(j->text, out) && *out >= 0) {
		if (*out > 0) {
			legacy_warning_at(
				l, j, "%s: \"%s\" without a unit is in nanoseconds", what, key);
			load_hint(&l->load, "write \"%.*ss\" for seconds", STR_ARG(j->text));
		}
		return 0;
	}
	if (j->type == JSON_STRING && duration_parse(j->text, out) && *out >= 0)
		return 0;
	*out = 0;
	legacy_error_at(l, j, "%s: \"%s\" is a duration", what, key);
	load_hint(&l->load, "write it like \"90s\", \"1m30s\" or \"2h\"");
	return -1;
}

static void check_override(struct legacy *l, const struct json *j, const char *what)
{
	if (!j || j->type == JSON_NULL)
		return;
	if (j->type != JSON_OBJECT) {
		legacy_error_at(
			l, j, "%s: \"override\" is an object with a member per build", what);
		return;
	}
	for (size_t i = 0; i < j->object.n; i++) {
		const struct json_member *m = &j->object.items[i];
		struct json key = {.type = JSON_STRING, .text = m->key, .span = m->key_span};
		const struct str_list one = {.items = &key.text, .n = 1};
		const char *in = arena_printf(l->load.arena, "%s: \"override\"", what).p;
		legacy_check_names(l, &key, &one, in);
		if (m->value->type != JSON_OBJECT)
			legacy_error_at(
				l, m->value, "%s: \"%.*s\" is an object", in, STR_ARG(m->key));
	}
}

static int check_type(struct legacy *l, const struct json *j, const char *what)
{
	if (j->type != JSON_OBJECT)
		return legacy_error_at(l, j, "%s is an object", what);
	const struct json *type = json_find(j, "type");
	if (!type)
		return legacy_error_at(l, j, "%s: \"type\" is missing", what);
	if (type->type != JSON_STRING || type->text.n == 0)
		return legacy_error_at(l, type, "%s: \"type\" is a string", what);
	return 0;
}

static void check_provisioner(struct legacy *l, const struct json *j, size_t index)
{
	const char *what = name_of(l, index);
	int64_t pause = 0;
	int64_t timeout = 0;
	if (check_type(l, j, what) < 0)
		return;
	legacy_check_only(l, j, what);
	check_override(l, json_find(j, "override"), what);
	const struct json *limit = json_find(j, "timeout");
	if (read_duration(l, json_find(j, "pause_before"), what, "pause_before", &pause) < 0 ||
		read_duration(l, limit, what, "timeout", &timeout) < 0)
		return;
	if (pause > 0 && timeout > 0) {
		legacy_warning_at(l, limit,
			"%s: \"timeout\" has no effect together with \"pause_before\"", what);
		load_hint(&l->load,
			"Packer drops it in JSON templates; put the pause into a provisioner "
			"of type sleep");
	}
}

void legacy_check_provisioners(struct legacy *l)
{
	const struct json *all = json_find(l->root, "provisioners");
	const struct json *cleanup = json_find(l->root, "error-cleanup-provisioner");
	for (size_t i = 0; all && all->type == JSON_ARRAY && i < all->array.n; i++)
		check_provisioner(l, all->array.items[i], i);
	if (cleanup && cleanup->type != JSON_NULL)
		check_provisioner(l, cleanup, SIZE_MAX);
}

/* ---- One provisioner of one build ----------------------------------------------------------- */

static const struct json *find_override(const struct json *j, const struct legacy_builder *b)
{
	const struct json *override = json_find(j, "override");
	const struct json *mine = override ? json_find_str(override, b->name) : NULL;
	if (!mine && override)
		mine = json_find_str(override, b->raw_name);
	return mine;
}

/* The members of `over` replace those of `object`. */
static const struct json *merge(struct arena *a, const struct json *object, const struct json *over)
{
	if (!over)
		return object;
	struct json *made = arena_new(a, struct json);
	made->type = JSON_OBJECT;
	made->span = object->span;
	for (size_t i = 0; i < object->object.n; i++) {
		if (!json_find_str(over, object->object.items[i].key))
			list_push(a, &made->object) = object->object.items[i];
	}
	for (size_t i = 0; i < over->object.n; i++)
		list_push(a, &made->object) = over->object.items[i];
	return made;
}

static int read_retries(
	const struct render *r, const struct json *j, const char *what, uint32_t *out)
{
	uint64_t n = 0;
	struct str digits;
	if (!j || j->type == JSON_NULL)
		return 0;
	if (j->type == JSON_STRING) {
		if (render_name(r, j, &digits) < 0)
			return -1;
	} else if (!weak_str(j, r->legacy->load.arena, &digits)) {
		digits = STR("?");
	}
	if (digits.n == 0)
		return 0;
	if (!str_to_u64(digits, &n) || n > TEMPLATE_RETRIES_MAX)
		return legacy_error_at(r->legacy, j, "%s: \"max_retries\" is a number from 0 to %d",
			what, TEMPLATE_RETRIES_MAX);
	*out = (uint32_t)n;
	return 0;
}

static int read_provisioner(struct legacy *l, const struct json *j, size_t index,
	const struct legacy_builder *b, struct template_provisioner *out)
{
	const char *what = name_of(l, index);
	struct render r = {
		.legacy = l,
		.source = &l->source,
		.build = b,
		.component = COMPONENT_PROVISIONER,
	};
	struct conf *config = NULL;
	out->type = json_str_or(j, "type", STR(""));
	out->origin = legacy_origin(&l->source, j->span);
	r.type = out->type;
	if (l->load.in->declared_only)
		return 0;
	int64_t timeout = 0;
	if (read_duration(l, json_find(j, "pause_before"), what, "pause_before",
		    &out->pause_before) < 0 ||
		read_duration(l, json_find(j, "timeout"), what, "timeout", &timeout) < 0)
		return -1;
	out->timeout = out->pause_before > 0 ? 0 : timeout;
	int status = read_retries(&r, json_find(j, "max_retries"), what, &out->max_retries);
	const struct json *merged = merge(l->load.arena, j, find_override(j, b));
	status |= render_config(&r, merged, meta_keys, &config);
	out->config = config;
	return status;
}

void legacy_provisioners(
	struct legacy *l, struct template_build *out, const struct legacy_builder *b)
{
	const struct json *all = json_find(l->root, "provisioners");
	const struct json *cleanup = json_find(l->root, "error-cleanup-provisioner");
	for (size_t i = 0; all && i < all->array.n; i++) {
		struct template_provisioner made = {0};
		const struct json *j = all->array.items[i];
		if (load_is_full(&l->load))
			return;
		if (!legacy_runs_for(l, j, b) || read_provisioner(l, j, i, b, &made) < 0)
			continue;
		list_push(l->load.arena, &out->provisioners) = made;
	}
	if (!cleanup || cleanup->type == JSON_NULL)
		return;
	struct template_provisioner *made = arena_new(l->load.arena, struct template_provisioner);
	if (read_provisioner(l, cleanup, SIZE_MAX, b, made) == 0)
		out->error_cleanup = made;
}
