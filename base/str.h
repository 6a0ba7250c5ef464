/* Byte slices: a borrowed pointer and a length. May hold any byte; not NUL-terminated. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* p may be NULL when n is 0. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}
/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_from(const char *cstr)
{
	return (struct str){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool str_eq_nocase(struct str a, struct str b); /* ASCII case only */
/* Byte order, shorter first on a tie: <0, 0, >0. Its _qsort twin compares elements of an array. */
int str_cmp(struct str a, struct str b);
int str_cmp_qsort(const void *a, const void *b);

/* Inline, so that the length of a literal is known when it is compiled. */
static inline bool str_is(struct str s, const char *cstr)
{
	return str_eq(s, str_from(cstr));
}
static inline bool str_has_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}
bool str_has_suffix(struct str s, struct str suffix);

#define STR_NPOS SIZE_MAX
/* Index of the first (last) occurrence, or STR_NPOS. */
size_t str_find(struct str s, struct str needle);
size_t str_find_byte(struct str s, char c);
size_t str_rfind_byte(struct str s, char c);
static inline bool str_contains(struct str s, struct str needle)
{
	return str_find(s, needle) != STR_NPOS;
}

/* The part from `from`, `n` bytes at the most; both are cut to what is there. */
struct str str_sub(struct str s, size_t from, size_t n);
static inline struct str str_from_index(struct str s, size_t from)
{
	return str_sub(s, from, SIZE_MAX);
}

struct str str_trim(struct str s); /* ASCII white space at both ends */

/*
 * Cuts `rest` at the first `sep`: the part before it goes to `part`, the part behind stays in
 * `rest`. False when `rest` was used up (its p is NULL). "a," gives "a" and "".
 */
bool str_cut(struct str *rest, char sep, struct str *part);

/* Base ten, no sign, no leading zero but "0" itself, no overflow. */
MUST_CHECK bool str_to_u64(struct str s, uint64_t *out);
/* The same with an optional '-'. */
MUST_CHECK bool str_to_i64(struct str s, int64_t *out);

uint64_t str_hash(struct str s);

/* True when a system call can take it as a C string: it holds no NUL. */
bool str_is_cstr(struct str s);

#endif
