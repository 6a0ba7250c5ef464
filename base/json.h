/*
 * JSON (RFC 8259), strict: one tree for what is read and for what is written.
 *
 * Refused with file, line and column: duplicate keys at any depth, invalid UTF-8, a byte order
 * mark, U+0000, unpaired surrogates, raw control characters, anything behind the value, nesting
 * and sizes beyond the limits. Numbers are kept as written, so no digit is lost.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/span.h"

enum json_type {
	JSON_NONE = 0,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_member {
	struct str key;
	struct span key_span;
	struct json *value;
};

/* text: the decoded string, or the number as written. span: zeroed in a tree that was built. */
struct json {
	enum json_type type;
	bool boolean;
	struct str text;
	struct span span;
	struct {
		struct json **items;
		size_t n;
		size_t cap;
	} array;
	struct {
		struct json_member *items;
		size_t n;
		size_t cap;
	} object;
};

struct json_limits {
	size_t bytes; /* of the text; 0: 64 MiB */
	size_t depth; /* 0: 128 */
	bool repeated; /* keys may be, and stay: for formats in which each is a thing of its own */
};

/* The tree lives in the arena and borrows nothing. limits may be NULL. name: for errors. */
MUST_CHECK int json_parse(struct json **out, struct arena *a, struct str text, struct str name,
	const struct json_limits *limits, struct error *err);

/* Borrowed, or NULL when it is not an object or has no such key. */
struct json *json_find(const struct json *object, const char *key);
struct json *json_find_str(const struct json *object, struct str key);

/*
 * Typed look-ups for documents of our own formats: the member must be there and of that type.
 * `what` names the document in the error. Integers must be written without fraction or exponent.
 */
MUST_CHECK int json_get_str(const struct json *object, const char *key, struct str *out,
	const char *what, struct error *err);
MUST_CHECK int json_get_i64(const struct json *object, const char *key, int64_t *out,
	const char *what, struct error *err);
MUST_CHECK int json_get_object(const struct json *object, const char *key, const struct json **out,
	const char *what, struct error *err);
MUST_CHECK int json_get_array(const struct json *object, const char *key, const struct json **out,
	const char *what, struct error *err);
/* NULL and empty when absent or of another type. */
struct str json_str_or(const struct json *object, const char *key, struct str otherwise);
bool json_bool_or(const struct json *object, const char *key, bool otherwise);

/* Building. Strings must be UTF-8; json_bytes takes anything. All copy into the arena. */
struct json *json_object(struct arena *a);
struct json *json_array(struct arena *a);
struct json *json_string(struct arena *a, struct str s);
struct json *json_cstr(struct arena *a, const char *s);
struct json *json_i64(struct arena *a, int64_t i);
struct json *json_bool(struct arena *a, bool b);
struct json *json_null(struct arena *a);
/* A string when the bytes are UTF-8 without U+0000, else {"base64": "..."}. */
struct json *json_bytes(struct arena *a, struct str bytes);
/* The inverse of json_bytes. */
MUST_CHECK int json_to_bytes(
	const struct json *j, struct arena *a, struct str *out, struct error *err);

/* A key that is there already is replaced. Returns value, so that trees can be nested. */
struct json *json_set(struct arena *a, struct json *object, const char *key, struct json *value);
struct json *json_set_str(struct arena *a, struct json *object, struct str key, struct json *value);
/* Takes a member out; the others keep their order. Absent: fine. */
void json_remove(struct json *object, const char *key);
struct json *json_append(struct arena *a, struct json *array, struct json *value);

bool json_equal(const struct json *a, const struct json *b); /* object order does not count */

/* RFC 8785 (JCS): one line, no newline at the end. */
void json_write_canonical(struct buf *out, const struct json *j);
/* Two spaces, in the order of the tree, no newline at the end. */
void json_write_pretty(struct buf *out, const struct json *j);
/* One line, in the order of the tree. */
void json_write_compact(struct buf *out, const struct json *j);
/* The quoted form of one string. */
void json_write_string(struct buf *out, struct str s);

#endif
