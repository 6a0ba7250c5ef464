/*
 * YAML 1.2 as far as people write cloud-init's files in it, with a place for every value.
 *
 * Read are block and flow collections, all five kinds of scalars, anchors, aliases and tags (which
 * change nothing). Not read, and an error: complex keys, equal keys, a second document.
 */
#ifndef AUDIT_EVAL_YAML_H
#define AUDIT_EVAL_YAML_H

#include "base/arena.h"
#include "base/span.h"

enum yaml_type { YAML_NONE = 0, YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_type type;
	struct str key; /* in a map */
	struct str text; /* of a scalar, without its quotes and indentation */
	struct str tag; /* "!vault"; empty: none */
	/*
	 * Of the text's first byte. by_line: the lines of the text are those of the file from there
	 * on, each `indent` bytes further right.
	 */
	struct span span;
	bool by_line;
	bool plain; /* neither quotes nor a block: `true` is a bool */
	struct yaml **items;
	size_t n;
	size_t cap;
};

/* An error is the first that stands in the way; what was read before is there all the same. */
struct yaml_document {
	struct yaml *root; /* NULL when there is nothing */
	bool ok;
	struct str problem;
	struct span place;
};
void yaml_parse(struct yaml_document *out, struct arena *a, struct str text);

/* NULL when absent. */
const struct yaml *yaml_find(const struct yaml *map, const char *key);
/* The text of a scalar; empty otherwise. */
struct str yaml_text(const struct yaml *map, const char *key);
bool yaml_is_true(const struct yaml *value);

#endif
