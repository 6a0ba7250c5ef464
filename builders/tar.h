/*
 * Writing tar archives (POSIX.1-2008 ustar, pax records only where ustar cannot say it) whose bytes
 * depend on nothing but the entries. Private to builders/.
 */
#ifndef BUILDERS_TAR_H
#define BUILDERS_TAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

#include <sys/types.h>

enum tar_type {
	TAR_NONE = 0,
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK = '4',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	struct str name;
	struct str value;
};

struct tar_entry {
	enum tar_type type;
	struct str path; /* relative; a directory's without slash at the end */
	struct str link; /* of links */
	uint32_t mode;
	uint64_t uid;
	uint64_t gid;
	int64_t mtime; /* s */
	uint64_t size; /* of files */
	uint32_t major;
	uint32_t minor;
	const struct tar_xattr *xattrs;
	size_t xattr_count;
};

/* Zeroed and tar_init'ed. The descriptor stays the caller's. */
struct tar {
	int fd;
	struct hasher hasher;
	uint64_t bytes;
	struct buf pending;
};

void tar_init(struct tar *t, int fd);
void tar_clear(struct tar *t);
/* content: bytes of a file, or empty when content_fd (>= 0) delivers exactly `size` bytes. */
MUST_CHECK int tar_add(struct tar *t, const struct tar_entry *e, struct str content, int content_fd,
	struct error *err);
/* The end marker. sha256 and size are those of all bytes written. */
MUST_CHECK int tar_finish(struct tar *t, struct digest *sha256, uint64_t *size, struct error *err);

#endif
