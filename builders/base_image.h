/*
 * What a rootfs starts from: fetched, checked against its checksum, unpacked once into the cache
 * under its digest. Private to builders/.
 */
#ifndef BUILDERS_BASE_IMAGE_H
#define BUILDERS_BASE_IMAGE_H

#include "builders/builders.h"
#include "builders/userns.h"

/* What the configuration says about the base. */
struct base_spec {
	struct str base; /* path or address; empty: suite */
	const struct template_paths *paths; /* of a relative one; NULL: the root of the tree */
	struct str checksum; /* "sha256:HEX"; empty: not pinned */
	struct str suite;
	struct str_list mirrors;
	struct str components;
	struct str variant;
	struct str_list include;
};

/* After base_fetch: a file or directory of this machine, its digest not known yet. */
struct base_source {
	struct str path;
	struct str uri; /* for the record */
	struct str checksum; /* that it must have; empty: not pinned */
	bool directory;
};

/* After base_open. Borrowed by everything that is made from it; valid until base_clear. */
struct base_image {
	int dir_fd; /* the unpacked tree; never written to */
	struct str dir; /* its path */
	struct str blob; /* path of the gzip of the tar */
	struct str uri;
	struct digest sha256; /* of the file as it was given */
	struct digest diff_id; /* of the uncompressed tar */
	struct digest blob_sha256;
	uint64_t blob_size;
	bool pinned;
};

void base_clear(struct base_image *b);

/* Takes the file from tree, network, mmdebstrap; as the user that runs the build. */
MUST_CHECK int base_fetch(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err);
/* Checks and unpacks it, or finds it in the cache; inside the user namespace. */
MUST_CHECK int base_open(struct base_image *out, const struct base_source *source,
	enum userns_kind ids, const struct build_options *o, struct arena *a, struct error *err);

/* ---- Shared by base_*.c --------------------------------------------------------------------- */

/* An exclusive lock on cache/locks/NAME, held while the descriptor is open; -1 on error. */
MUST_CHECK int cache_lock(const char *cache_dir, struct str name, struct error *err);
/* Makes cache_dir/SUB and returns its path. */
MUST_CHECK int cache_subdir(struct str *out, struct arena *a, const char *cache_dir,
	const char *sub, struct error *err);
/* A tarball made by mmdebstrap, or found in the cache. */
MUST_CHECK int base_bootstrap(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err);

#endif
