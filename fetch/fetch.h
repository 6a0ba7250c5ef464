/*
 * From a repository and a commit to a snapshot: a read-only tree of blobs with object ids.
 *
 * The commit is enforced, not claimed: every byte that later stages see comes out of git's object
 * store through libgit2, which checks each object against its id.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/tree.h"

/* What to take. Exactly one of commit, tag and branch. Strings are borrowed. */
struct fetch_source {
	struct str url; /* https://, ssh://, user@host:path, file://, or a path of this machine */
	struct str commit; /* 40 or 64 lower-case hex digits */
	struct str tag;
	struct str branch;
	struct str path; /* of the template inside the tree; may be empty (the root) */
};

/*
 * "git+URL@COMMIT#path/to/template" (SPDX 2.3, 7.7 package download location). Without a full
 * commit: ERROR_INPUT that says why a tag, branch or short id is refused. Slices borrow `text`.
 */
MUST_CHECK int fetch_source_parse(struct fetch_source *out, struct str text, struct error *err);
/* The SPDX form of a source with the commit that it resolved to. */
struct str fetch_source_str(struct arena *a, const struct fetch_source *s, struct str commit);

struct fetch_options {
	const char *cache_dir; /* NULL: a temporary clone that goes away with the snapshot */
	bool offline; /* use the cache only */
	uint64_t max_bytes; /* of all blobs of the tree; 0: 1 GiB */
	uint32_t max_files; /* 0: 50,000 */
	const char *ca_file; /* PEM of the authorities for https; NULL: those of the system */
	const struct log *log;
};

struct snapshot_file {
	struct str path;
	struct str oid; /* lower-case hex */
	uint64_t size;
	bool executable;
	bool symlink;
	bool lfs_pointer; /* a git-LFS pointer stands where the content should */
};

struct snapshot_submodule {
	struct str path;
	struct str url;
	struct str commit;
};

/* Where a snapshot comes from, as it goes into plan and evidence. */
struct snapshot_identity {
	struct str url; /* without credentials */
	struct str commit;
	struct str tree;
	struct str ref; /* "refs/tags/v1" when --tag or --branch was given, else empty */
	int64_t commit_time; /* seconds since the epoch */
	struct str path; /* of the template, as asked for */
};

struct snapshot;

/*
 * Clones or fetches, resolves, checks the whole tree (links that leave it, `..`, absolute paths,
 * names that differ in case only, device names, `.git`, control characters, sizes), and pins the
 * submodules at their commits. Nothing is written to a work tree.
 */
MUST_CHECK int snapshot_fetch(struct snapshot **out, const struct fetch_source *source,
	const struct fetch_options *options, struct error *err);
void snapshot_free(struct snapshot *s);
DEFINE_SCOPED_PTR(snapshot)

const struct snapshot_identity *snapshot_identity(const struct snapshot *s);
const struct tree *snapshot_tree(const struct snapshot *s);
/* In byte order of the path. */
const struct snapshot_file *snapshot_files(const struct snapshot *s, size_t *n);
const struct snapshot_submodule *snapshot_submodules(const struct snapshot *s, size_t *n);
/* NULL when there is none. */
const struct snapshot_file *snapshot_find(const struct snapshot *s, struct str path);

/*
 * Whether the work tree of a local repository shows what its HEAD holds, below `path` (a file's
 * directory, or "" for all): changed or untracked files are ERROR_INPUT, the first one named, since
 * whoever edits a file expects it to be built. True for bare repositories and other commits.
 */
MUST_CHECK int fetch_check_work_tree(struct str repository, struct str path, struct error *err);

/*
 * Which files have been read through snapshot_tree so far, in byte order of the path, each with
 * the SHA-256 of its content: the files that the template really used.
 */
struct snapshot_use {
	const struct snapshot_file *file;
	struct digest sha256;
};
const struct snapshot_use *snapshot_uses(const struct snapshot *s, size_t *n);

/*
 * The commit and everything below its tree (submodules too) as a git bundle v2 that git reads; the
 * parents are prerequisites, so `git fetch` takes it into a clone of the repository.
 */
MUST_CHECK int snapshot_bundle(const struct snapshot *s, struct buf *out, struct error *err);
/* The same snapshot from such bytes, offline. Every object is checked against its id. */
MUST_CHECK int snapshot_from_bundle(struct snapshot **out, struct str bundle, struct str commit,
	struct str path, struct error *err);

/*
 * What git knows beside the files, for templates that ask about the repository that they are of:
 * names and commits. Of a snapshot, what was fetched with it; of a directory, the repository there.
 * All text is UTF-8; bytes that were not are U+FFFD.
 */
struct history;

/* Of the repository, or of the submodule in which `path` lies. Borrows the snapshot. */
struct history *history_of_snapshot(const struct snapshot *s, struct str path);
/*
 * Of the repository around root/path, at its HEAD; where the path does not exist or leaves the
 * root, around the root. found: whether there is one; without, `out` is untouched.
 */
MUST_CHECK int history_of_directory(
	struct history **out, struct str root, struct str path, bool *found, struct error *err);
void history_free(struct history *h);
DEFINE_SCOPED_PTR(history)

/*
 * head: the branch that was asked for or is checked out; of a commit, the only branch that ends
 * there, else "HEAD". The lists are in byte order.
 */
struct history_names {
	struct str head;
	struct str_list branches;
	struct str_list tags;
};
MUST_CHECK int history_names(
	const struct history *h, struct history_names *out, struct arena *a, struct error *err);
/* False for a work tree with changed or untracked files. */
bool history_is_clean(const struct history *h);

struct history_commit {
	struct str id; /* empty: the revision is not known here */
	struct str tree;
	struct str author; /* "Name <address>" */
	struct str committer;
	int64_t time; /* of the committer, seconds since the epoch */
	struct str message; /* as it is, with its line ends */
	struct str signature; /* "gpgsig", or empty */
	struct str_list parents;
	struct str_list branches; /* that end there */
};
/* revision: gitrevisions(7), as far as names, ids, "~" and "^" go. */
MUST_CHECK int history_commit(const struct history *h, struct history_commit *out,
	struct str revision, struct arena *a, struct error *err);
/* Paths of all files and links, without submodules, in the order of the tree. */
MUST_CHECK int history_files(const struct history *h, struct str_list *out,
	const struct history_commit *of, struct arena *a, struct error *err);

#endif
