/* SHA-256 of executables, remembered while the file stays the same. */
#ifndef RECORD_HASH_CACHE_H
#define RECORD_HASH_CACHE_H

#include "base/clock.h"
#include "base/digest.h"

#include <sys/stat.h>

#define HASH_CACHE_SLOTS 4096
/* A sparse file of any size can be executed; nobody waits for its digest. */
#define HASH_FILE_MAX ((uint64_t)4 << 30)

struct hash_entry {
	bool used;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
	struct digest sha256;
};

/* Bounded: a file takes the place of the one that had its slot. Zeroed but for the clock: empty. */
struct hash_cache {
	const struct clock *clock;
	struct hash_entry slots[HASH_CACHE_SLOTS];
	uint64_t files_read;
};

/* NULL when the file is not known in the state that st describes. */
const struct digest *hash_cache_find(const struct hash_cache *c, const struct stat *st);

/*
 * Reads and remembers the file of fd. A file that changed a moment ago is not remembered, because
 * it can change again within the granularity of its time stamps.
 */
MUST_CHECK int hash_cache_read(struct hash_cache *c, struct digest *out, int fd, struct error *err);

#endif
