#include "base/json.h"

#include "base/encode.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>

struct json *json_find_str(const struct json *object, struct str key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->object.n; i++) {
		if (str_eq(object->object.items[i].key, key))
			return object->object.items[i].value;
	}
	return NULL;
}

struct json *json_find(const struct json *object, const char *key)
{
	return json_find_str(object, str_from(key));
}

static const char *const type_names[] = {
	[JSON_NONE] = "nothing",
	[JSON_NULL] = "null",
	[JSON_BOOL] = "bool",
	[JSON_NUMBER] = "number",
	[JSON_STRING] = "string",
	[JSON_ARRAY] = "array",
	[JSON_OBJECT] = "object",
};
static_assert(countof(type_names) == JSON_OBJECT + 1, "a name for each type");

static int get(const struct json *object, const char *key, enum json_type type,
	const struct json **out, const char *what, struct error *err)
{
	const struct json *found = json_find(object, key);
	if (!found)
		return error_set(err, ERROR_INPUT, "%s: no \"%s\"", what, key);
	if (found->type != type) {
		error_set(err, ERROR_INPUT, "\"%s\" is %s, not %s", key, type_names[found->type],
			type_names[type]);
		return error_wrap(err, "%s", what);
	}
	*out = found;
	return 0;
}

int json_get_str(const struct json *object, const char *key, struct str *out, const char *what,
	struct error *err)
{
	const struct json *found = NULL;
	if (get(object, key, JSON_STRING, &found, what, err) < 0)
		return -1;
	*out = found->text;
	return 0;
}

int json_get_i64(const struct json *object, const char *key, int64_t *out, const char *what,
	struct error *err)
{
	const struct json *found = NULL;
	if (get(object, key, JSON_NUMBER, &found, what, err) < 0)
		return -1;
	if (!str_to_i64(found->text, out))
		return error_set(err, ERROR_INPUT, "%s: \"%s\" is not an integer", what, key);
	return 0;
}

int json_get_object(const struct json *object, const char *key, const struct json **out,
	const char *what, struct error *err)
{
	return get(object, key, JSON_OBJECT, out, what, err);
}

int json_get_array(const struct json *object, const char *key, const struct json **out,
	const char *what, struct error *err)
{
	return get(object, key, JSON_ARRAY, out, what, err);
}

struct str json_str_or(const struct json *object, const char *key, struct str otherwise)
{
	const struct json *found = json_find(object, key);
	return found && found->type == JSON_STRING ? found->text : otherwise;
}

bool json_bool_or(const struct json *object, const char *key, bool otherwise)
{
	const struct json *found = json_find(object, key);
	return found && found->type == JSON_BOOL ? found->boolean : otherwise;
}

static struct json *make(struct arena *a, enum json_type type)
{
	struct json *j = arena_new(a, struct json);
	j->type = type;
	return j;
}

struct json *json_object(struct arena *a)
{
	return make(a, JSON_OBJECT);
}

struct json *json_array(struct arena *a)
{
	return make(a, JSON_ARRAY);
}

struct json *json_string(struct arena *a, struct str s)
{
	struct json *j = make(a, JSON_STRING);
	j->text = arena_str(a, s);
	return j;
}

struct json *json_cstr(struct arena *a, const char *s)
{
	return json_string(a, str_from(s));
}

struct json *json_i64(struct arena *a, int64_t i)
{
	struct json *j = make(a, JSON_NUMBER);
	j->text = arena_printf(a, "%" PRId64, i);
	return j;
}

struct json *json_bool(struct arena *a, bool b)
{
	struct json *j = make(a, JSON_BOOL);
	j->boolean = b;
	return j;
}

struct json *json_null(struct arena *a)
{
	return make(a, JSON_NULL);
}

struct json *json_bytes(struct arena *a, struct str bytes)
{
	if (utf8_is_valid(bytes) && str_is_cstr(bytes))
		return json_string(a, bytes);
	struct json *j = json_object(a);
	json_set(a, j, "base64", json_string(a, base64_encode(a, bytes)));
	return j;
}

int json_to_bytes(const struct json *j, struct arena *a, struct str *out, struct error *err)
{
	if (j && j->type == JSON_STRING) {
		*out = j->text;
		return 0;
	}
	const struct json *encoded = json_find(j, "base64");
	if (!j || !encoded || encoded->type != JSON_STRING || j->object.n != 1 ||
		!base64_decode(a, encoded->text, out))
		return error_set(err, ERROR_INPUT, "a string or {\"base64\": ...} expected");
	return 0;
}

struct json *json_set_str(struct arena *a, struct json *object, struct str key, struct json *value)
{
	for (size_t i = 0; i < object->object.n; i++) {
		if (str_eq(object->object.items[i].key, key)) {
			object->object.items[i].value = value;
			return value;
		}
	}
	list_push(a, &object->object) = (struct json_member){
		.key = arena_str(a, key),
		.value = value,
	};
	return value;
}

struct json *json_set(struct arena *a, struct json *object, const char *key, struct json *value)
{
	return json_set_str(a, object, str_from(key), value);
}

void json_remove(struct json *object, const char *key)
{
	for (size_t i = 0; i < object->object.n; i++) {
		struct json_member *m = &object->object.items[i];
		if (!str_is(m->key, key))
			continue;
		object->object.n--;
		memmove(m, m + 1, (object->object.n - i) * sizeof(*m));
		return;
	}
}

struct json *json_append(struct arena *a, struct json *array, struct json *value)
{
	list_push(a, &array->array) = value;
	return value;
}

/* Depth is that of trees that the parser accepted or that the program built. */
bool json_equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type || a->array.n != b->array.n || a->object.n != b->object.n)
		return false;
	if (a->boolean != b->boolean || !str_eq(a->text, b->text))
		return false;
	for (size_t i = 0; i < a->array.n; i++) {
		if (!json_equal(a->array.items[i], b->array.items[i]))
			return false;
	}
	for (size_t i = 0; i < a->object.n; i++) {
		const struct json *other = json_find_str(b, a->object.items[i].key);
		if (!other || !json_equal(a->object.items[i].value, other))
			return false;
	}
	return true;
}
