/* What the files of this folder share about a snapshot. */
#ifndef FETCH_SNAPSHOT_H
#define FETCH_SNAPSHOT_H

#include "base/map.h"
#include "fetch/fetch.h"

#include <git2.h>

/* A file and where its bytes come from. content is borrowed from `object` once it was read. */
struct entry {
	struct snapshot_file file;
	git_oid id;
	git_odb *odb; /* of the repository or of a submodule; owned by a part */
	git_odb_object *object;
	struct str target; /* of a symbolic link */
	bool used;
	struct digest sha256;
};

/* The repository itself (prefix "") or a submodule. */
struct part {
	struct str prefix;
	struct str url;
	git_repository *repository;
	git_odb *odb;
	git_oid commit;
};

/* Lets the read-only tree remember what was read. */
struct snapshot_view {
	struct tree tree;
	struct snapshot *owner;
};

struct snapshot {
	struct arena arena;
	struct snapshot_identity identity;
	struct snapshot_view view;
	struct {
		struct part *items;
		size_t n;
		size_t cap;
	} parts;
	struct {
		struct entry *items; /* in byte order of the path once checked */
		size_t n;
		size_t cap;
	} entries;
	struct {
		struct snapshot_submodule *items;
		size_t n;
		size_t cap;
	} submodules;
	struct snapshot_file *files; /* of entries, for callers */
	struct map by_path; /* path -> struct entry * */
	struct map directories; /* path -> anything */
	struct temp_dir temporary; /* of a clone without cache, or of an unpacked bundle */
	struct {
		struct temp_dir *items;
		size_t n;
		size_t cap;
	} more_temporary; /* of submodules */
	uint64_t bytes;
	uint64_t max_bytes;
	uint32_t max_files;
};

/* Sets the error from libgit2's last one. Returns -1. */
int git_fail(struct error *err, enum error_code code, const char *what);

/* An empty snapshot; libgit2 is up as long as it lives. */
struct snapshot *snapshot_new(const struct fetch_options *options);

/* Reads the tree of a part's commit into entries below its prefix and checks every name. */
MUST_CHECK int snapshot_add_tree(struct snapshot *s, const struct part *p, struct error *err);
/* Sorts, indexes, checks links and collisions. After the last part. */
MUST_CHECK int snapshot_seal(struct snapshot *s, struct error *err);
/* Commit, tree and time of the first part's commit go into the identity. */
MUST_CHECK int snapshot_identify(struct snapshot *s, struct error *err);
void snapshot_make_tree(struct snapshot *s);

/* The bytes of an entry. They live as long as the snapshot. */
MUST_CHECK int entry_read(struct entry *e, struct str *out, struct error *err);

/* A submodule that .gitmodules names. */
struct gitmodule {
	struct str path;
	struct str url;
};
struct gitmodules {
	struct gitmodule *items;
	size_t n;
	size_t cap;
};
MUST_CHECK int gitmodules_parse(
	struct gitmodules *out, struct arena *a, struct str text, struct error *err);

/* Gitlinks of a commit's tree: path and commit. */
struct gitlink {
	struct str path;
	git_oid commit;
};
struct gitlinks {
	struct gitlink *items;
	size_t n;
	size_t cap;
};
MUST_CHECK int gitlinks_find(
	struct gitlinks *out, struct arena *a, const struct part *p, struct error *err);

/* The transport that a URL names; anything but https, ssh and local files is refused. */
MUST_CHECK int url_check(struct str url, struct error *err);
bool url_is_local(struct str url);
/* Without user names and passwords of https URLs; local paths as file:// URLs. */
MUST_CHECK int url_public(struct arena *a, struct str url, struct str *out, struct error *err);
/* A submodule's URL; "./x" and "../x" are relative to the parent's. */
MUST_CHECK int url_resolve(
	struct arena *a, struct str parent, struct str url, struct str *out, struct error *err);

#endif
