/* A tree of files as a tar archive: all of it, or what differs from another tree. Private. */
#ifndef BUILDERS_LAYER_H
#define BUILDERS_LAYER_H

#include "builders/tar.h"

struct layer_options {
	int64_t epoch; /* later time stamps are cut to it; s */
	bool compare_bytes; /* the trees share no inodes: equal change times mean nothing */
};

/*
 * Adds every entry of `tree`, names of a directory in byte order; with `lower` (>= 0) only what
 * differs from it, and what is gone as an OCI whiteout. Both are descriptors of directories;
 * nothing is mounted in them. Sockets are left out. ERROR_INPUT with `lower` and a name that would
 * be taken for a whiteout.
 */
MUST_CHECK int layer_write(
	struct tar *out, int tree, int lower, const struct layer_options *o, struct error *err);

#endif
