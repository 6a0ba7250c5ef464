/* What regex_parse.c hands to regex.c. Private to base/hcl. */
#ifndef BASE_HCL_REGEX_AST_H
#define BASE_HCL_REGEX_AST_H

#include "base/arena.h"
#include "base/hcl/regex.h"

#define REGEX_MAX_PATTERN 65536
#define REGEX_MAX_REPEAT 1000
#define REGEX_MAX_NESTING 200

enum regex_kind {
	REGEX_EMPTY = 1,
	REGEX_CLASS,
	REGEX_CAT,
	REGEX_ALT,
	REGEX_REPEAT,
	REGEX_GROUP,
	REGEX_ASSERT,
};

enum regex_assert {
	REGEX_TEXT_START = 1,
	REGEX_TEXT_END,
	REGEX_LINE_START,
	REGEX_LINE_END,
	REGEX_WORD,
	REGEX_NOT_WORD,
};

struct regex_range {
	uint32_t first;
	uint32_t last;
};

enum regex_letters { REGEX_LETTER = 1 << 0, REGEX_UPPER = 1 << 1, REGEX_LOWER = 1 << 2 };

struct regex_class {
	struct {
		struct regex_range *items;
		size_t n;
		size_t cap;
	} ranges;
	unsigned letters; /* of enum regex_letters */
	bool negate;
	bool fold; /* upper and lower case are the same */
};

struct regex_node {
	enum regex_kind kind;
	struct regex_class *set;
	struct {
		struct regex_node **items; /* of CAT and ALT; the one of REPEAT and GROUP */
		size_t n;
		size_t cap;
	} children;
	uint32_t min;
	uint32_t max; /* UINT32_MAX: no limit */
	bool lazy;
	size_t group;
	enum regex_assert assertion;
};

struct regex_tree {
	struct regex_node *root;
	struct str_list names; /* of the groups from 1 on */
};

MUST_CHECK int regex_parse(
	struct regex_tree *out, struct arena *a, struct str pattern, struct error *err);
bool regex_class_has(const struct regex_class *set, uint32_t code);

#endif
