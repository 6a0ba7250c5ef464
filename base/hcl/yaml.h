/*
 * YAML 1.1 for yamldecode and yamlencode: what go-cty-yaml takes of it, that is one document of
 * block and flow collections, all five styles of scalars, anchors, merge keys and the tags of the
 * core. Private to base/hcl.
 */
#ifndef BASE_HCL_YAML_H
#define BASE_HCL_YAML_H

#include "base/hcl/functions.h"

#include "base/map.h"

#define YAML_DEPTH_MAX 100

/* A reader of one text. */
struct yaml {
	struct hcl_eval *eval;
	struct str text;
	size_t pos;
	uint32_t line;
	size_t line_start;
	bool fresh; /* there are only blanks on this line so far */
	unsigned depth;
	struct map anchors; /* struct hcl_value *, or one of no type while it is read */
	struct error *err;
};

enum yaml_style { YAML_PLAIN = 1, YAML_QUOTED, YAML_BLOCK };

struct yaml_scalar {
	enum yaml_style style;
	struct str text;
	bool multiline; /* it went over the end of a line, so it is no key */
};

/* ---- yaml_scan.c: characters and scalars --------------------------------------------------- */

/* NUL behind the end. */
char yaml_at(const struct yaml *y, size_t ahead);
size_t yaml_column(const struct yaml *y);
void yaml_skip(struct yaml *y, size_t n);
bool yaml_is_blank(char c); /* space or tab */
bool yaml_is_end(char c); /* of a line or of the text */
/* Space, tab, or an end: what an indicator has behind it. */
bool yaml_is_separator(char c);
/* At `---` or `...` on a line of its own, or at the end of the text. */
bool yaml_at_end(const struct yaml *y);
/* Blanks, comments and line breaks. *lines: whether there was a break. */
MUST_CHECK int yaml_skip_space(struct yaml *y, bool *lines);
/* "line L, column C: what". Returns -1. */
int yaml_fail(struct yaml *y, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* indent: the column of the collection around, -1 for none. */
MUST_CHECK int yaml_scan_plain(struct yaml *y, struct yaml_scalar *out, int indent, bool flow);
MUST_CHECK int yaml_scan_quoted(struct yaml *y, struct yaml_scalar *out);
MUST_CHECK int yaml_scan_block(struct yaml *y, struct yaml_scalar *out, int indent);

/* ---- yaml_resolve.c: what a scalar means --------------------------------------------------- */

/* tag: long form, or empty. *merge: it is the key `<<`. */
MUST_CHECK int yaml_resolve(struct hcl_value *out, bool *merge, struct yaml *y, struct str tag,
	const struct yaml_scalar *s);

#endif
