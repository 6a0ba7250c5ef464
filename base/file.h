/* Files, always below a directory descriptor. Paths are NUL-terminated; fds are O_CLOEXEC. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/buf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Opens a regular file for reading; refuses links as last component, FIFOs, devices. */
MUST_CHECK int file_open(int dirfd, const char *path, struct error *err);

/*
 * Opens below dirfd and nowhere else: no `..` above it, no absolute path, no symbolic or magic
 * link in any component (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). Returns -1 on error.
 */
MUST_CHECK int file_open_beneath(
	int dirfd, const char *path, int flags, mode_t mode, struct error *err);

/* The same, but links are followed as long as they stay below dirfd (RESOLVE_BENEATH). */
MUST_CHECK int file_open_within(int dirfd, const char *path, int flags, struct error *err);

/* Appends the whole file; ERROR_INPUT when it is larger than max. */
MUST_CHECK int file_read(
	struct buf *out, int dirfd, const char *path, size_t max, struct error *err);
MUST_CHECK int file_read_fd(struct buf *out, int fd, size_t max, struct error *err);
MUST_CHECK int file_write_fd(int fd, struct str bytes, struct error *err);

/* Temporary beside it, fsync, rename, fsync of the directory: all of it or nothing. */
MUST_CHECK int file_replace(
	int dirfd, const char *path, struct str bytes, mode_t mode, struct error *err);
/* The same, but ERROR_INPUT when the name is taken. */
MUST_CHECK int file_create(
	int dirfd, const char *path, struct str bytes, mode_t mode, struct error *err);

/* Makes the directory and its parents (mode 0777 & umask). Exists already: fine. */
MUST_CHECK int dir_make(int dirfd, const char *path, struct error *err);
MUST_CHECK int dir_open(int dirfd, const char *path, struct error *err);
/* Names in byte order, without "." and "..". ERROR_INPUT beyond max names. */
MUST_CHECK int dir_list(struct str_list *out, struct arena *a, int dirfd, const char *path,
	size_t max, struct error *err);
/* Removes a tree without following links or crossing into another file system. Gone: fine. */
MUST_CHECK int dir_remove(int dirfd, const char *path, struct error *err);

/* A directory of mode 0700 with a random name, removed by temp_dir_clear. */
struct temp_dir {
	int fd;
	bool open;
	char path[256];
};
/* parent: NULL for $TMPDIR as given in `tmp`, else /tmp. */
MUST_CHECK int temp_dir_make(struct temp_dir *out, const char *parent, struct error *err);
void temp_dir_clear(struct temp_dir *t);

/*
 * A relative path that is safe to use as it stands: not empty, no leading or doubled or trailing
 * slash, no `.` or `..` component, no NUL, no control character, at most 4096 bytes.
 */
bool path_is_clean(struct str path);
/* dir + "/" + rel with `.` and `..` resolved; false when it leaves the root or is absolute. */
MUST_CHECK bool path_join(struct arena *a, struct str dir, struct str rel, struct str *out);
struct str path_base(struct str path);
/* "" when there is no slash. */
struct str path_dir(struct str path);

#endif
