/* Files that a build puts into a tree for itself, and takes out again. Private. */
#ifndef BUILDERS_LENT_H
#define BUILDERS_LENT_H

#include "base/arena.h"
#include "base/error.h"

#include <sys/stat.h>

enum lent_before { LENT_NOTHING = 0, LENT_LINK, LENT_FILE };

/* Zeroed but for the first members, nothing is lent. */
struct lent {
	const char *path; /* absolute, inside of the tree */
	struct str text;
	mode_t mode;
	bool replace; /* in place of a file or link; else only where there is nothing */
	bool is_there;
	enum lent_before before;
	struct str original; /* bytes of the file, target of the link */
	struct stat st; /* of the original */
};

/*
 * Does nothing when the directory is missing or something stands there that cannot be put back.
 * The directory keeps its time.
 */
MUST_CHECK int lent_put(struct lent *l, int root, struct arena *a, struct error *err);
/* Puts back what was there, unless somebody changed the file: then it is theirs. */
MUST_CHECK int lent_take(struct lent *l, int root, struct error *err);

#endif
