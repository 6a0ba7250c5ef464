/* What a task that is stopped at its exec runs: paths inside its root, and digests. */
#ifndef RECORD_EXEC_IMAGE_H
#define RECORD_EXEC_IMAGE_H

#include "record/exec_stack.h"
#include "record/hash_cache.h"
#include "record/record.h"

#include <sys/types.h>

struct exec_image {
	struct str cwd;
	struct str exe;
	bool exe_hashed;
	struct digest exe_sha256;
	struct str script; /* empty: the kernel ran the file itself */
	bool script_hashed;
	struct digest script_sha256;
	struct {
		struct trace_file *items;
		size_t n;
		size_t cap;
	} interpreters;
};

/* What could not be read, one text each; at most one per part. */
struct exec_losses {
	struct error items[4];
	size_t n;
};

/* Never fails: what is missing is told in `losses`. stack: as read from the same task. */
void exec_image_read(struct exec_image *out, struct arena *a, struct hash_cache *cache, pid_t tid,
	const struct exec_stack *stack, struct exec_losses *losses);

/* The next free place in losses, for a caller that has one itself. */
struct error *exec_losses_add(struct exec_losses *losses);

/* A path that the kernel shows as seen from the outside, inside of `root`; public for its tests. */
struct str path_inside_root(struct str path, struct str root);

#endif
