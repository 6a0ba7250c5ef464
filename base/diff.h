/* Differences between two texts, line by line, as `diff -u` shows them. */
#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include "base/buf.h"

/*
 * Appends a unified diff with three lines of context; nothing when the texts are the same. Where
 * they differ in more than DIFF_EDITS_MAX lines, the diff is correct but not the shortest.
 */
#define DIFF_EDITS_MAX 1000
void diff_unified(struct buf *out, struct str old_text, struct str new_text, struct str old_name,
	struct str new_name);

#endif
