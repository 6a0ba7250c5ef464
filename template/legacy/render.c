#include "template/legacy/legacy.h"

/* ---- Places --------------------------------------------------------------------------------- */

struct origin legacy_origin(const struct legacy_source *s, struct span span)
{
	return (struct origin){s->file, span};
}

/* Bytes that the escape sequence or character at p takes in the file, and decoded. */
static void step_over(struct str p, size_t *raw, size_t *decoded)
{
	*raw = 1;
	*decoded = 1;
	if (p.n < 2 || p.p[0] != '\\')
		return;
	*raw = 2;
	if (p.p[1] != 'u' || p.n < 6)
		return;
	char digits[5] = {p.p[2], p.p[3], p.p[4], p.p[5], '\0'};
	unsigned long code = strtoul(digits, NULL, 16);
	bool pair = code >= 0xd800 && code <= 0xdbff;
	*raw = pair ? 12 : 6;
	*decoded = code < 0x80 ? 1 : code < 0x800 ? 2 : pair ? 4 : 3;
}

struct origin legacy_origin_in(const struct legacy_source *s, const struct json *string, size_t off)
{
	struct span span = string->span;
	if (string->type != JSON_STRING)
		return legacy_origin(s, span);
	struct str raw = str_sub(s->text, span.off + 1, span.len > 2 ? span.len - 2 : 0);
	size_t at = 0;
	size_t decoded = 0;
	while (decoded < off && at < raw.n) {
		size_t raw_step;
		size_t decoded_step;
		step_over(str_from_index(raw, at), &raw_step, &decoded_step);
		at += raw_step;
		decoded += decoded_step;
	}
	uint32_t moved = (uint32_t)(at < raw.n ? at : raw.n) + 1;
	span.off += moved;
	span.col += moved;
	span.len = 1;
	return legacy_origin(s, span);
}

/* ---- Messages ------------------------------------------------------------------------------- */

int legacy_error_at(struct legacy *l, const struct json *j, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->load.arena, fmt, ap);
	va_end(ap);
	struct origin o = legacy_origin(&l->source, j->span);
	return load_error(&l->load, &o, "%.*s", STR_ARG(text));
}

void legacy_warning_at(struct legacy *l, const struct json *j, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->load.arena, fmt, ap);
	va_end(ap);
	struct origin o = legacy_origin(&l->source, j->span);
	load_warning(&l->load, &o, "%.*s", STR_ARG(text));
}

/* ---- Strings -------------------------------------------------------------------------------- */

static void env_used(const void *owner, struct str name, struct str value)
{
	const struct render *r = owner;
	load_env_used(&r->legacy->load, name, value);
}

static struct function_context context_of(const struct render *r, const struct json *j)
{
	struct legacy *l = r->legacy;
	static const char *const nothing[] = {NULL};
	struct function_context f = {
		.user = legacy_user,
		.owner = r,
		.env_used = env_used,
		.now = l->load.in->now,
		.build = r->build && r->component != COMPONENT_BUILDER,
	};
	if (r->variables)
		f.environment = l->load.in->environment ? l->load.in->environment : nothing;
	if (r->build) {
		f.build_name = r->build->name;
		f.build_type = r->build->type;
	}
	f.seed = arena_printf(
		l->load.arena, "%.*s %u", STR_ARG(l->load.t->path), j ? j->span.off : 0);
	return f;
}

/* A string at hand: its place is asked for only when something is wrong. */
struct place {
	const struct render *render;
	const struct json *json;
};

static struct origin place_of(const void *ctx, size_t off)
{
	const struct place *p = ctx;
	return p->json ? legacy_origin_in(p->render->source, p->json, off) : p->render->given;
}

int render_text(const struct render *r, const struct text *raw, const struct json *j, bool defer,
	struct text *out, bool *deferred)
{
	*deferred = false;
	if (!gotmpl_has_actions(raw)) {
		*out = *raw;
		return 0;
	}
	struct render here = *r;
	here.json = j;
	struct function_context f = context_of(&here, j);
	const struct place place = {r, j};
	const struct load_rendering rendering = {.functions = &f,
		.place = place_of,
		.place_ctx = &place,
		.defer = defer,
		.absent = r->absent};
	return load_render(&r->legacy->load, raw, &rendering, out, deferred);
}

int render_name(const struct render *r, const struct json *j, struct str *out)
{
	struct text raw = text_from(r->legacy->load.arena, j->text);
	struct text made = {0};
	bool deferred;
	if (render_text(r, &raw, j, false, &made, &deferred) < 0)
		return -1;
	if (text_is_literal(&made) && text_value(&made, r->legacy->load.arena, out))
		return 0;
	struct origin o = legacy_origin(r->source, j->span);
	return load_error(
		&r->legacy->load, &o, "must be known before the build and not be sensitive");
}

/* ---- Values --------------------------------------------------------------------------------- */

static int render_value(
	const struct render *r, const struct json *j, bool defer, struct conf **out);

static int render_key(const struct render *r, const struct json_member *m, struct str *out)
{
	struct json key = {.type = JSON_STRING, .text = m->key, .span = m->key_span};
	*out = m->key;
	if (!str_contains(m->key, STR("{{")))
		return 0;
	return render_name(r, &key, out);
}

static int render_member(
	const struct render *r, const struct json_member *m, bool defer, struct conf *object)
{
	struct conf_member made = {.origin = legacy_origin(r->source, m->key_span)};
	if (render_key(r, m, &made.key) < 0)
		return -1;
	if (conf_find(object, made.key))
		return load_error(&r->legacy->load, &made.origin, "duplicate key \"%.*s\"",
			STR_ARG(made.key));
	if (render_value(r, m->value, defer, &made.value) < 0)
		return -1;
	list_push(r->legacy->load.arena, &object->object) = made;
	return 0;
}

static int check_members(const struct render *r, const struct json *object)
{
	struct origin o = legacy_origin(r->source, object->span);
	if (object->object.n <= TEMPLATE_MEMBERS_MAX)
		return 0;
	return load_error(
		&r->legacy->load, &o, "an object of more than %d members", TEMPLATE_MEMBERS_MAX);
}

static int render_object(const struct render *r, const struct json *j, bool defer, struct conf *c)
{
	if (check_members(r, j) < 0)
		return -1;
	int status = 0;
	c->type = CONF_OBJECT;
	for (size_t i = 0; i < j->object.n; i++)
		status |= render_member(r, &j->object.items[i], defer, c);
	return status;
}

static int render_list(const struct render *r, const struct json *j, bool defer, struct conf *c)
{
	int status = 0;
	c->type = CONF_LIST;
	for (size_t i = 0; i < j->array.n; i++) {
		struct conf *item = NULL;
		if (render_value(r, j->array.items[i], defer, &item) < 0)
			status = -1;
		else
			list_push(r->legacy->load.arena, &c->list) = item;
	}
	return status;
}

/* The depth is that of the document, which the reader limits. */
static int render_value(const struct render *r, const struct json *j, bool defer, struct conf **out)
{
	if (load_is_full(&r->legacy->load))
		return -1;
	struct conf *c = arena_new(r->legacy->load.arena, struct conf);
	c->origin = legacy_origin(r->source, j->span);
	*out = c;
	switch (j->type) {
	case JSON_NONE:
	case JSON_NULL:
		c->type = CONF_NULL;
		return 0;
	case JSON_BOOL:
		c->type = CONF_BOOL;
		c->boolean = j->boolean;
		return 0;
	case JSON_NUMBER:
		c->type = CONF_NUMBER;
		c->text = text_from(r->legacy->load.arena, j->text);
		return 0;
	case JSON_STRING: {
		struct text raw = text_from(r->legacy->load.arena, j->text);
		bool deferred;
		c->type = CONF_STRING;
		return render_text(r, &raw, j, defer, &c->text, &deferred);
	}
	case JSON_ARRAY:
		return render_list(r, j, defer, c);
	case JSON_OBJECT:
		return render_object(r, j, defer, c);
	}
	return -1;
}

static bool is_listed(const char *const *names, struct str name)
{
	for (; *names; names++) {
		if (str_is(name, *names))
			return true;
	}
	return false;
}

int render_config(const struct render *r, const struct json *object, const char *const *skip,
	struct conf **out)
{
	int status = 0;
	if (check_members(r, object) < 0)
		return -1;
	struct conf *c = arena_new(r->legacy->load.arena, struct conf);
	c->type = CONF_OBJECT;
	c->origin = legacy_origin(r->source, object->span);
	for (size_t i = 0; i < object->object.n; i++) {
		const struct json_member *m = &object->object.items[i];
		if (is_listed(skip, m->key))
			continue;
		bool defer = deferred_key(r->component, r->type, m->key);
		struct render here = *r;
		here.absent = plain_key(r->component, r->type, m->key);
		status |= render_member(&here, m, defer, c);
	}
	*out = c;
	return status;
}
