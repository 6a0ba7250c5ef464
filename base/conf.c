#include "base/conf.h"

#include "base/clock.h"

struct conf *conf_find(const struct conf *object, struct str key)
{
	if (!object || object->type != CONF_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->object.n; i++) {
		if (str_eq(object->object.items[i].key, key))
			return object->object.items[i].value;
	}
	return NULL;
}

static struct json *number_to_json(const struct conf *c, struct arena *a)
{
	struct json *j = json_null(a);
	j->type = JSON_NUMBER;
	if (!text_value(&c->text, a, &j->text))
		abort();
	return j;
}

/* Depth is bounded by that of the document that the value comes from. */
struct json *conf_to_json(const struct conf *c, struct arena *a)
{
	switch (c->type) {
	case CONF_NONE:
	case CONF_NULL:
		return json_null(a);
	case CONF_BOOL:
		return json_bool(a, c->boolean);
	case CONF_NUMBER:
		return number_to_json(c, a);
	case CONF_STRING:
		return text_to_json(&c->text, a);
	case CONF_LIST:
	case CONF_OBJECT:
		break;
	}
	if (c->type == CONF_LIST) {
		struct json *j = json_array(a);
		for (size_t i = 0; i < c->list.n; i++)
			json_append(a, j, conf_to_json(c->list.items[i], a));
		return j;
	}
	struct json *j = json_object(a);
	for (size_t i = 0; i < c->object.n; i++)
		json_set_str(
			a, j, c->object.items[i].key, conf_to_json(c->object.items[i].value, a));
	return j;
}

#define NAME_MAX_COMPARED 64

/* Optimal string alignment, cut off for long names. */
static size_t edit_distance(struct str x, struct str y)
{
	size_t rows[3][NAME_MAX_COMPARED + 1];
	if (x.n > NAME_MAX_COMPARED || y.n > NAME_MAX_COMPARED)
		return SIZE_MAX;
	for (size_t j = 0; j <= y.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= x.n; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= y.n; j++) {
			bool same = x.p[i - 1] == y.p[j - 1];
			size_t best = above[j - 1] + !same;
			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			bool swapped = i > 1 && j > 1 && x.p[i - 1] == y.p[j - 2] &&
				x.p[i - 2] == y.p[j - 1];
			if (swapped && rows[(i - 2) % 3][j - 2] + 1 < best)
				best = rows[(i - 2) % 3][j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[x.n % 3][y.n];
}

const char *conf_nearest(struct str name, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_distance = name.n < 4 ? 1 : name.n / 3 + 1;
	for (size_t i = 0; i < n; i++) {
		size_t d = edit_distance(name, str_from(names[i]));
		if (d < best_distance || (d == best_distance && !best)) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}

/* ---- Decoding ------------------------------------------------------------------------------- */

struct decoder {
	struct diags *diags;
	struct arena *arena;
	const char *what;
	const struct conf_field *field;
};

static const char *type_name(const struct conf *c)
{
	static const char *const names[] = {
		[CONF_NONE] = "nothing",
		[CONF_NULL] = "null",
		[CONF_BOOL] = "a bool",
		[CONF_NUMBER] = "a number",
		[CONF_STRING] = "a string",
		[CONF_LIST] = "a list",
		[CONF_OBJECT] = "an object",
	};
	return names[c->type];
}

static int wrong(const struct decoder *d, const struct conf *c, const char *wanted)
{
	return diag_error(d->diags, d->arena, &c->origin, "%s: \"%s\" takes %s, not %s", d->what,
		d->field->name, wanted, type_name(c));
}

/* Scalars become text as Packer's weak decoding does it. */
static int to_text(const struct decoder *d, const struct conf *c, struct text *out)
{
	if (c->type == CONF_STRING || c->type == CONF_NUMBER) {
		*out = c->text;
		return 0;
	}
	if (c->type == CONF_BOOL) {
		*out = text_from(d->arena, c->boolean ? STR("1") : STR("0"));
		return 0;
	}
	return wrong(d, c, "a string");
}

static int to_str(const struct decoder *d, const struct conf *c, struct str *out)
{
	struct text text = {0};
	if (to_text(d, c, &text) < 0)
		return -1;
	if (text_is_literal(&text) && text_value(&text, d->arena, out))
		return 0;
	return diag_error(d->diags, d->arena, &c->origin,
		"%s: \"%s\" must be known before the build and not be sensitive", d->what,
		d->field->name);
}

static int to_bool(const struct decoder *d, const struct conf *c, bool *out)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", ""};
	if (c->type == CONF_BOOL) {
		*out = c->boolean;
		return 0;
	}
	struct str s = {0};
	if (to_str(d, c, &s) < 0)
		return -1;
	for (size_t i = 0; i < countof(yes); i++) {
		if (str_is(s, yes[i])) {
			*out = true;
			return 0;
		}
	}
	for (size_t i = 0; i < countof(no); i++) {
		if (str_is(s, no[i])) {
			*out = false;
			return 0;
		}
	}
	return diag_error(d->diags, d->arena, &c->origin,
		"%s: \"%s\" takes true or false, not \"%.*s\"", d->what, d->field->name,
		STR_ARG(s));
}

static int to_int(const struct decoder *d, const struct conf *c, int64_t *out)
{
	struct str s = {0};
	if (c->type == CONF_BOOL) {
		*out = c->boolean;
		return 0;
	}
	if (c->type != CONF_NUMBER && c->type != CONF_STRING)
		return wrong(d, c, "an integer");
	if (to_str(d, c, &s) < 0)
		return -1;
	if (s.n == 0 && c->type == CONF_STRING) {
		*out = 0;
		return 0;
	}
	if (!str_to_i64(s, out))
		return diag_error(d->diags, d->arena, &c->origin,
			"%s: \"%s\" takes an integer, not \"%.*s\"", d->what, d->field->name,
			STR_ARG(s));
	return 0;
}

/* A bare number counts nanoseconds, as in Go. */
static int to_duration(const struct decoder *d, const struct conf *c, int64_t *out)
{
	if (c->type == CONF_NUMBER)
		return to_int(d, c, out);
	struct str s = {0};
	if (c->type != CONF_STRING)
		return wrong(d, c, "a duration such as \"30s\"");
	if (to_str(d, c, &s) < 0)
		return -1;
	if (!duration_parse(s, out))
		return diag_error(d->diags, d->arena, &c->origin,
			"%s: \"%s\": \"%.*s\" is not a duration such as \"30s\" or \"5m\"", d->what,
			d->field->name, STR_ARG(s));
	return 0;
}

/* One element for anything that is not a list. */
static size_t element_count(const struct conf *c)
{
	return c->type == CONF_LIST ? c->list.n : 1;
}

static const struct conf *element(const struct conf *c, size_t i)
{
	return c->type == CONF_LIST ? c->list.items[i] : c;
}

static int to_text_list(const struct decoder *d, const struct conf *c, struct text_list *out)
{
	size_t n = element_count(c);
	struct text_list list = {
		.items = arena_array(d->arena, struct text, n),
		.origins = arena_array(d->arena, struct origin, n),
		.n = n,
		.values = arena_array(d->arena, const struct conf *, n),
	};
	for (size_t i = 0; i < n; i++) {
		list.values[i] = element(c, i);
		list.origins[i] = list.values[i]->origin;
		if (to_text(d, element(c, i), &list.items[i]) < 0)
			return -1;
	}
	*out = list;
	return 0;
}

static int to_str_list(const struct decoder *d, const struct conf *c, struct str_list *out)
{
	struct str_list list = {0};
	for (size_t i = 0; i < element_count(c); i++) {
		struct str s = {0};
		if (to_str(d, element(c, i), &s) < 0)
			return -1;
		list_push(d->arena, &list) = s;
	}
	*out = list;
	return 0;
}

static int to_int_list(const struct decoder *d, const struct conf *c, struct int_list *out)
{
	struct int_list list = {0};
	for (size_t i = 0; i < element_count(c); i++) {
		int64_t value = 0;
		if (to_int(d, element(c, i), &value) < 0)
			return -1;
		list_push(d->arena, &list) = value;
	}
	*out = list;
	return 0;
}

static int to_text_map(const struct decoder *d, const struct conf *c, struct text_map *out)
{
	if (c->type != CONF_OBJECT)
		return wrong(d, c, "an object of strings");
	struct text_map map = {
		.keys = arena_array(d->arena, struct str, c->object.n),
		.values = arena_array(d->arena, struct text, c->object.n),
		.n = c->object.n,
	};
	for (size_t i = 0; i < map.n; i++) {
		map.keys[i] = c->object.items[i].key;
		if (to_text(d, c->object.items[i].value, &map.values[i]) < 0)
			return -1;
	}
	*out = map;
	return 0;
}

static int decode_value(const struct decoder *d, const struct conf *c, void *at)
{
	bool yes = false;
	switch (d->field->kind) {
	case CONF_KIND_TEXT:
		return to_text(d, c, at);
	case CONF_KIND_STR:
		return to_str(d, c, at);
	case CONF_KIND_BOOL:
		return to_bool(d, c, at);
	case CONF_KIND_TRILEAN:
		if (to_bool(d, c, &yes) < 0)
			return -1;
		*(enum conf_trilean *)at = yes ? CONF_TRUE : CONF_FALSE;
		return 0;
	case CONF_KIND_INT:
		return to_int(d, c, at);
	case CONF_KIND_DURATION:
		return to_duration(d, c, at);
	case CONF_KIND_TEXT_LIST:
		return to_text_list(d, c, at);
	case CONF_KIND_STR_LIST:
		return to_str_list(d, c, at);
	case CONF_KIND_INT_LIST:
		return to_int_list(d, c, at);
	case CONF_KIND_TEXT_MAP:
		return to_text_map(d, c, at);
	case CONF_KIND_RAW:
		*(const struct conf **)at = c;
		return 0;
	case CONF_KIND_NONE:
	case CONF_KIND_IGNORED:
		return 0;
	}
	abort();
}

static const struct conf_field *field_find(const struct conf_field *fields, struct str name)
{
	for (const struct conf_field *f = fields; f->name; f++) {
		if (str_is(name, f->name))
			return f;
	}
	return NULL;
}

static int unknown_key(
	const struct decoder *d, const struct conf_member *m, const struct conf_field *fields)
{
	size_t n = 0;
	while (fields[n].name)
		n++;
	const char **names = arena_array(d->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		names[i] = fields[i].name;
	diag_error(d->diags, d->arena, &m->origin, "%s: unknown configuration key \"%.*s\"",
		d->what, STR_ARG(m->key));
	const char *near = conf_nearest(m->key, names, n);
	if (near)
		diag_hint(d->diags, d->arena, "did you mean \"%s\"?", near);
	return -1;
}

static int decode_member(
	struct decoder *d, void *out, const struct conf_member *m, const struct conf_field *fields)
{
	const struct conf_field *f = field_find(fields, m->key);
	if (!f)
		return unknown_key(d, m, fields);
	if (f->flags & CONF_DEPRECATED) {
		diag_warning(d->diags, d->arena, &m->origin, "%s: \"%s\" is deprecated", d->what,
			f->name);
		if (f->hint)
			diag_hint(d->diags, d->arena, "%s", f->hint);
	}
	if (m->value->type == CONF_NULL)
		return 0;
	d->field = f;
	return decode_value(d, m->value, (char *)out + f->offset);
}

int conf_decode(void *out, const struct conf *object, const struct conf_field *fields,
	const char *what, struct diags *d, struct arena *a)
{
	struct decoder decoder = {.diags = d, .arena = a, .what = what};
	if (object->type != CONF_OBJECT)
		return diag_error(d, a, &object->origin, "%s: takes an object, not %s", what,
			type_name(object));
	int status = 0;
	for (size_t i = 0; i < object->object.n; i++) {
		if (decode_member(&decoder, out, &object->object.items[i], fields) < 0)
			status = -1;
	}
	for (const struct conf_field *f = fields; f->name; f++) {
		const struct conf *c = conf_find(object, str_from(f->name));
		if ((f->flags & CONF_REQUIRED) && (!c || c->type == CONF_NULL))
			status = diag_error(
				d, a, &object->origin, "%s: \"%s\" is required", what, f->name);
	}
	return status;
}
