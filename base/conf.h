/*
 * A configuration value of a template, after interpolation, with its place in the file; and the
 * tables by which a builder or provisioner says what it takes. One type for JSON and HCL2.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/diag.h"
#include "base/text.h"

enum conf_type {
	CONF_NONE = 0,
	CONF_NULL,
	CONF_BOOL,
	CONF_NUMBER,
	CONF_STRING,
	CONF_LIST,
	CONF_OBJECT,
};

struct conf_member {
	struct str key;
	struct origin origin; /* of the key */
	struct conf *value;
};

/*
 * text: the string, or the number as written (one literal piece). lines: where line i of the text
 * is written, when that is known apart from the origin. Lives in an arena.
 */
struct conf {
	enum conf_type type;
	bool boolean;
	struct text text;
	struct origin origin;
	const struct origin *lines;
	size_t line_count;
	struct {
		struct conf **items;
		size_t n;
		size_t cap;
	} list;
	struct {
		struct conf_member *items;
		size_t n;
		size_t cap;
	} object;
};

struct conf *conf_find(const struct conf *object, struct str key);
struct json *conf_to_json(const struct conf *c, struct arena *a);

/* What a field takes. Conversions are Packer's weak ones: "true" is a bool, 22 a string. */
enum conf_kind {
	CONF_KIND_NONE = 0,
	CONF_KIND_TEXT, /* struct text */
	CONF_KIND_STR, /* struct str; must hold no hole and no sensitive value */
	CONF_KIND_BOOL, /* bool */
	CONF_KIND_TRILEAN, /* enum conf_trilean */
	CONF_KIND_INT, /* int64_t */
	CONF_KIND_DURATION, /* int64_t, ns */
	CONF_KIND_TEXT_LIST, /* struct text_list; a single string is a list of one */
	CONF_KIND_STR_LIST, /* struct str_list; likewise */
	CONF_KIND_INT_LIST, /* struct int_list */
	CONF_KIND_TEXT_MAP, /* struct text_map */
	CONF_KIND_RAW, /* const struct conf * */
	CONF_KIND_IGNORED, /* accepted, not decoded */
};

enum conf_trilean { CONF_UNSET = 0, CONF_TRUE, CONF_FALSE };

struct text_list {
	struct text *items;
	struct origin *origins; /* n of them, one per item */
	size_t n;
	const struct conf **values; /* n of them: what each was made of; NULL: of no value */
};
struct int_list {
	int64_t *items;
	size_t n;
	size_t cap;
};
struct text_map {
	struct str *keys;
	struct text *values;
	size_t n;
};

enum conf_flag {
	CONF_REQUIRED = 1 << 0,
	CONF_DEPRECATED = 1 << 1, /* accepted with a warning that shows `hint` */
};

struct conf_field {
	const char *name;
	enum conf_kind kind;
	size_t offset; /* in the struct that is filled; unused for CONF_KIND_IGNORED */
	unsigned flags;
	const char *hint;
};

/*
 * Fills `out` from an object. Unknown keys (with a did-you-mean), wrong types and missing required
 * fields go to `d`, each with its place. Fields that are absent keep what out holds. The table
 * ends with a zeroed entry. `what` names the thing: "provisioner shell". -1 if anything was wrong.
 */
MUST_CHECK int conf_decode(void *out, const struct conf *object, const struct conf_field *fields,
	const char *what, struct diags *d, struct arena *a);

/* The nearest of the names by edit distance, or NULL when none is near. */
const char *conf_nearest(struct str name, const char *const *names, size_t n);

#endif
