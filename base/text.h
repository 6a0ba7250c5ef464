/*
 * A string of a template after interpolation: literal bytes, values that are known only at run
 * time (holes: build.Host, PackerHTTPAddr, ...), and sensitive values.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/json.h"
#include "base/redact.h"

enum text_kind { TEXT_LITERAL = 1, TEXT_HOLE, TEXT_SENSITIVE };

struct text_piece {
	enum text_kind kind;
	struct str name; /* of the hole or of the sensitive variable */
	struct str value; /* literal bytes, or the sensitive value; empty for a hole */
};

/* Neighbouring literals are one piece; an empty text has no pieces. Lives in an arena. */
struct text {
	struct text_piece *items;
	size_t n;
	size_t cap;
};

void text_add_literal(struct text *t, struct arena *a, struct str s);
void text_add_hole(struct text *t, struct arena *a, struct str name);
void text_add_sensitive(struct text *t, struct arena *a, struct str name, struct str value);
void text_add(struct text *t, struct arena *a, const struct text *other);
struct text text_from(struct arena *a, struct str literal);

bool text_is_literal(const struct text *t);
bool text_has_holes(const struct text *t);
bool text_is_sensitive(const struct text *t);
/* True, and the bytes, when there is no hole. Sensitive values are included. */
MUST_CHECK bool text_value(const struct text *t, struct arena *a, struct str *out);
/* For people: "<hole:NAME>" and "<sensitive:NAME>" in their places. */
struct str text_display(const struct text *t, struct arena *a);
/* A string when it is literal; else an array of strings, {"hole": N} and {"sensitive": N}. */
struct json *text_to_json(const struct text *t, struct arena *a);

/* Value of a hole, or false when it is not known. */
typedef bool text_fill_fn(void *ctx, struct str name, struct str *value);
/* The bytes to use at run time. ERROR_BUG for a hole that nobody fills. */
MUST_CHECK int text_fill(const struct text *t, struct arena *a, text_fill_fn *fill, void *ctx,
	struct str *out, struct error *err);

/*
 * For analysis: literals as they are, every other piece as TEXT_MARK, its index in decimal,
 * TEXT_MARK_END. Literal bytes that are a mark themselves become '?'; `clashes` counts them.
 */
#define TEXT_MARK '\x01'
#define TEXT_MARK_END '\x02'
struct str text_flatten(const struct text *t, struct arena *a, size_t *clashes);

void text_redactions(const struct text *t, struct redactor *r);

#endif
