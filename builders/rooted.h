/* Paths of a tree that somebody else filled: links are followed inside of it only. Private. */
#ifndef BUILDERS_ROOTED_H
#define BUILDERS_ROOTED_H

#include "base/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat2 with RESOLVE_IN_ROOT; -1 and errno. Never blocks and never takes a terminal. */
int rooted_open(int root, const char *path, int flags, mode_t mode);
/* The regular file at path; -1 when it is something else. */
MUST_CHECK int rooted_open_file(int root, const char *path, int flags, struct error *err);
/* The directory that holds the last component of path; the component goes to *name. */
MUST_CHECK int rooted_open_parent(int root, const char *path, const char **name, struct error *err);

#endif
