/*
 * Regular expressions with RE2's syntax and leftmost-first matches (as in Go), in time linear in
 * the text: no input makes them blow up. Characters are code points; a byte that is no UTF-8
 * counts as U+FFFD.
 *
 * There are classes with \d \w \s and [:alpha:], anchors, \b, lazy and counted repetition, the
 * flags i m s U, groups with numbers and names, \Q \E, and \p{L} \p{Lu} \p{Ll}. Not there: other
 * classes of Unicode; and, as in RE2, back references and look-around.
 */
#ifndef BASE_HCL_REGEX_H
#define BASE_HCL_REGEX_H

#include "base/error.h"
#include "base/str.h"

#define REGEX_MAX_GROUPS 100

struct regex;

/* What a group matched; from is STR_NPOS when it took no part. */
struct regex_span {
	size_t from;
	size_t to;
};

enum regex_result { REGEX_NO = 0, REGEX_MATCH, REGEX_TOO_LONG };

/* Errors say what is wrong with the pattern. */
MUST_CHECK int regex_new(struct regex **out, struct str pattern, struct error *err);
void regex_free(struct regex *r);
DEFINE_SCOPED_PTR(regex)

/* Groups, with the whole match, which is group 0. */
size_t regex_groups(const struct regex *r);
/* Empty for a group without a name. */
struct str regex_group_name(const struct regex *r, size_t group);

/*
 * The first match at or behind `from`. spans takes regex_groups(r) of them. The work done is taken
 * off *budget; REGEX_TOO_LONG when that is used up.
 */
enum regex_result regex_find(const struct regex *r, struct regex_span *spans, struct str text,
	size_t from, uint64_t *budget);

#endif
