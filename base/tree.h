/*
 * A read-only tree of files: a commit's, or one that a test makes. Paths are clean and relative
 * (path_is_clean); symbolic links are followed inside the tree only.
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include "base/file.h"

enum tree_kind { TREE_NONE = 0, TREE_FILE, TREE_DIR };

struct tree_entry {
	enum tree_kind kind;
	bool executable;
	uint64_t size;
	struct str path; /* after links */
};

struct tree;
struct tree_ops {
	/* The bytes live as long as the tree. */
	int (*read)(const struct tree *t, struct str path, struct str *out, struct error *err);
	/* kind TREE_NONE when there is nothing; -1 only for a tree that cannot be read. */
	int (*stat)(
		const struct tree *t, struct str path, struct tree_entry *out, struct error *err);
	/* Names directly below a directory ("" is the root), in byte order. */
	int (*list)(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
		struct error *err);
};

/* The first member of every implementation. */
struct tree {
	const struct tree_ops *ops;
};

MUST_CHECK int tree_read(const struct tree *t, struct str path, struct str *out, struct error *err);
MUST_CHECK int tree_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err);
MUST_CHECK int tree_list(const struct tree *t, struct str path, struct arena *a,
	struct str_list *out, struct error *err);

/* A directory of this machine, unpinned: for authors who try a template before they commit it. */
struct tree_dir;
MUST_CHECK int tree_dir_open(struct tree_dir **out, const char *path, struct error *err);
void tree_dir_free(struct tree_dir *t);
DEFINE_SCOPED_PTR(tree_dir)
const struct tree *tree_dir_tree(const struct tree_dir *t);

#endif
