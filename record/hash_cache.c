#include "record/hash_cache.h"

#include <inttypes.h>

/* Some file systems keep whole, or even, seconds. */
#define SETTLED_NS (INT64_C(2) * 1000 * 1000 * 1000)

static size_t slot_index(const struct stat *st)
{
	uint64_t key = (uint64_t)st->st_ino * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)st->st_dev;
	return (size_t)(key >> 40) % HASH_CACHE_SLOTS;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int64_t time_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool settled(const struct stat *st, int64_t wall_now)
{
	return wall_now - time_ns(st->st_ctim) > SETTLED_NS &&
		wall_now - time_ns(st->st_mtim) > SETTLED_NS;
}

const struct digest *hash_cache_find(const struct hash_cache *c, const struct stat *st)
{
	const struct hash_entry *e = &c->slots[slot_index(st)];
	if (!e->used || e->dev != st->st_dev || e->ino != st->st_ino || e->size != st->st_size ||
		!same_time(e->mtime, st->st_mtim) || !same_time(e->ctime, st->st_ctim))
		return NULL;
	return &e->sha256;
}

int hash_cache_read(struct hash_cache *c, struct digest *out, int fd, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "stat");
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_SYSTEM, "not a regular file");
	if ((uint64_t)st.st_size > HASH_FILE_MAX) {
		return error_set(err, ERROR_SYSTEM, "larger than %" PRIu64 " bytes, not hashed",
			HASH_FILE_MAX);
	}
	struct digest sha256;
	if (digest_fd(&sha256, NULL, fd, err) < 0)
		return -1;
	c->files_read++;
	*out = sha256;
	if (!settled(&st, clock_wall(c->clock)))
		return 0;
	c->slots[slot_index(&st)] = (struct hash_entry){
		.used = true,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.mtime = st.st_mtim,
		.ctime = st.st_ctim,
		.sha256 = sha256,
	};
	return 0;
}
