#include "fetch/snapshot.h"

#include <stdio.h>

#include <git2/sys/mempack.h>
#include <git2/sys/repository.h>

#define BUNDLE_MAX ((size_t)512 << 20)
#define DEPTH_MAX 64

/*
 * The bundle of a snapshot holds the commit, its trees and blobs, and the same of each submodule
 * under refs/sealwright/submodules/PATH. Objects are gathered in memory and packed by libgit2.
 */
struct packing {
	git_odb *memory;
	git_repository *repository;
	git_packbuilder *builder;
	struct arena arena;
	struct {
		git_oid *items; /* what is in memory, in the order of the walk */
		size_t n;
		size_t cap;
	} ids;
	struct error *err;
};

static void packing_clear(struct packing *p)
{
	git_packbuilder_free(p->builder);
	git_repository_free(p->repository);
	git_odb_free(p->memory);
	arena_clear(&p->arena);
}

static int packing_open(struct packing *p)
{
	git_odb_backend *backend = NULL;
	if (git_odb_new(&p->memory) < 0 || git_mempack_new(&backend) < 0)
		return git_fail(p->err, ERROR_SYSTEM, "bundle");
	if (git_odb_add_backend(p->memory, backend, 1) < 0 ||
		git_repository_wrap_odb(&p->repository, p->memory) < 0)
		return git_fail(p->err, ERROR_SYSTEM, "bundle");
	return 0;
}

static int copy_object(struct packing *p, git_odb *from, const git_oid *id)
{
	if (git_odb_exists(p->memory, id))
		return 0;
	git_odb_object *object = NULL;
	if (git_odb_read(&object, from, id) < 0)
		return git_fail(p->err, ERROR_INPUT, "bundle");
	git_oid same;
	int status = git_odb_write(&same, p->memory, git_odb_object_data(object),
		git_odb_object_size(object), git_odb_object_type(object));
	git_odb_object_free(object);
	if (status < 0)
		return git_fail(p->err, ERROR_SYSTEM, "bundle");
	list_push(&p->arena, &p->ids) = *id;
	return 0;
}

static int copy_tree(struct packing *p, const struct part *part, const git_oid *id, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return error_set(p->err, ERROR_INPUT, "directories nested too deeply");
	git_tree *tree = NULL;
	if (copy_object(p, part->odb, id) < 0)
		return -1;
	if (git_tree_lookup(&tree, part->repository, id) < 0)
		return git_fail(p->err, ERROR_INPUT, "bundle");
	int status = 0;
	size_t n = git_tree_entrycount(tree);
	for (size_t i = 0; status == 0 && i < n; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);
		git_filemode_t mode = git_tree_entry_filemode(e);
		if (mode == GIT_FILEMODE_TREE)
			status = copy_tree(p, part, git_tree_entry_id(e), depth + 1);
		else if (mode != GIT_FILEMODE_COMMIT)
			status = copy_object(p, part->odb, git_tree_entry_id(e));
	}
	git_tree_free(tree);
	return status;
}

/* Copies one part's objects and writes its lines of the header. */
static int add_part(
	struct packing *p, const struct part *part, struct buf *prerequisites, struct buf *refs)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_commit *commit = NULL;
	if (git_commit_lookup(&commit, part->repository, &part->commit) < 0)
		return git_fail(p->err, ERROR_INPUT, "bundle");
	git_oid tree = *git_commit_tree_id(commit);
	for (unsigned i = 0; i < git_commit_parentcount(commit); i++)
		buf_printf(prerequisites, "-%s\n",
			git_oid_tostr(hex, sizeof(hex), git_commit_parent_id(commit, i)));
	git_commit_free(commit);
	git_oid_tostr(hex, sizeof(hex), &part->commit);
	if (part->prefix.n == 0)
		buf_printf(refs, "%s refs/heads/sealwright\n", hex);
	else
		buf_printf(
			refs, "%s refs/sealwright/submodules/%.*s\n", hex, STR_ARG(part->prefix));
	if (copy_object(p, part->odb, &part->commit) < 0)
		return -1;
	return copy_tree(p, part, &tree, 0);
}

static int pack(struct packing *p, struct buf *out)
{
	if (git_packbuilder_new(&p->builder, p->repository) < 0)
		return git_fail(p->err, ERROR_SYSTEM, "bundle");
	git_packbuilder_set_threads(p->builder, 1);
	for (size_t i = 0; i < p->ids.n; i++) {
		if (git_packbuilder_insert(p->builder, &p->ids.items[i], NULL) < 0)
			return git_fail(p->err, ERROR_SYSTEM, "bundle");
	}
	git_buf bytes = {0};
	if (git_packbuilder_write_buf(&bytes, p->builder) < 0)
		return git_fail(p->err, ERROR_SYSTEM, "bundle");
	buf_add(out, (struct str){bytes.ptr, bytes.size});
	git_buf_dispose(&bytes);
	return buf_check(out, p->err);
}

int snapshot_bundle(const struct snapshot *s, struct buf *out, struct error *err)
{
	scoped(packing) p = {.err = err};
	scoped(buf) prerequisites = {0};
	scoped(buf) refs = {0};
	if (packing_open(&p) < 0)
		return -1;
	for (size_t i = 0; i < s->parts.n; i++) {
		if (add_part(&p, &s->parts.items[i], &prerequisites, &refs) < 0)
			return -1;
	}
	buf_add_cstr(out, "# v2 git bundle\n");
	buf_add(out, buf_str(&prerequisites));
	buf_add(out, buf_str(&refs));
	buf_add_byte(out, '\n');
	return pack(&p, out);
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct bundle_ref {
	git_oid id;
	struct str name;
};
struct bundle_refs {
	struct bundle_ref *items;
	size_t n;
	size_t cap;
};

static int parse_header(struct bundle_refs *refs, struct str *pack_bytes, struct arena *a,
	struct str bundle, struct error *err)
{
	const struct str first = STR("# v2 git bundle\n");
	if (!str_has_prefix(bundle, first))
		return error_set(err, ERROR_INPUT, "not a git bundle of version 2");
	struct str rest = str_from_index(bundle, first.n);
	struct str line;
	while (str_cut(&rest, '\n', &line)) {
		if (line.n == 0) {
			*pack_bytes = rest;
			return 0;
		}
		if (line.p[0] == '-')
			continue;
		struct bundle_ref ref = {.name = str_from_index(line, GIT_OID_HEXSZ + 1)};
		if (refs->n >= 1001 || line.n <= GIT_OID_HEXSZ + 1 ||
			line.p[GIT_OID_HEXSZ] != ' ' ||
			git_oid_fromstrn(&ref.id, line.p, GIT_OID_HEXSZ) < 0)
			return error_set(err, ERROR_INPUT, "malformed header of a git bundle");
		list_push(a, refs) = ref;
	}
	return error_set(err, ERROR_INPUT, "header of a git bundle without end");
}

/*
 * libgit2 makes room for as many objects as a pack says that it has, before it reads them. None
 * takes less than a byte and an empty zlib stream (gitformat-pack(5)).
 */
static int check_count(struct str pack, struct error *err)
{
	const size_t header = 12, smallest = 9;
	uint32_t count = 0;
	if (pack.n < header || !str_has_prefix(pack, STR("PACK")))
		return error_set(err, ERROR_INPUT, "git bundle without a pack");
	for (size_t i = 8; i < header; i++)
		count = count << 8 | (uint8_t)pack.p[i];
	if (count > (pack.n - header) / smallest)
		return error_set(err, ERROR_INPUT,
			"git bundle of %zu bytes that says it has %u objects", pack.n, count);
	return 0;
}

/* Unpacks into an empty repository in a temporary directory; libgit2 checks every object. */
static int unpack(git_repository **out, struct temp_dir *where, struct str bytes, struct error *err)
{
	if (check_count(bytes, err) < 0 || temp_dir_make(where, NULL, err) < 0)
		return -1;
	if (git_repository_init(out, where->path, 1) < 0)
		return git_fail(err, ERROR_SYSTEM, "bundle");
	git_odb *odb = NULL;
	git_odb_writepack *writer = NULL;
	git_indexer_progress progress = {0};
	int status = git_repository_odb(&odb, *out);
	if (status == 0)
		status = git_odb_write_pack(&writer, odb, NULL, NULL);
	if (status == 0)
		status = writer->append(writer, bytes.p, bytes.n, &progress);
	if (status == 0)
		status = writer->commit(writer, &progress);
	if (status < 0)
		git_fail(err, ERROR_INPUT, "bundle");
	if (writer)
		writer->free(writer);
	git_odb_free(odb);
	return status < 0 ? -1 : 0;
}

static int add_ref(struct snapshot *s, git_repository *repository, const struct bundle_ref *ref,
	struct error *err)
{
	const struct str prefix = STR("refs/sealwright/submodules/");
	struct part p = {.prefix = STR(""), .commit = ref->id};
	if (str_has_prefix(ref->name, prefix))
		p.prefix = arena_str(&s->arena, str_from_index(ref->name, prefix.n));
	else if (!str_eq(ref->name, STR("refs/heads/sealwright")))
		return error_set(err, ERROR_INPUT, "unknown ref in the bundle");
	if (p.prefix.n > 0 && !path_is_clean(p.prefix))
		return error_set(err, ERROR_INPUT, "unclean submodule path in the bundle");
	if (git_repository_open(&p.repository, git_repository_path(repository)) < 0)
		return git_fail(err, ERROR_SYSTEM, "bundle");
	list_push(&s->arena, &s->parts) = p;
	struct part *kept = &s->parts.items[s->parts.n - 1];
	if (git_repository_odb(&kept->odb, kept->repository) < 0)
		return git_fail(err, ERROR_SYSTEM, "bundle");
	return snapshot_add_tree(s, kept, err);
}

static int load(struct snapshot *s, struct str bundle, struct error *err)
{
	struct bundle_refs refs = {0};
	struct str bytes = {0};
	if (parse_header(&refs, &bytes, &s->arena, bundle, err) < 0)
		return -1;
	git_repository *repository = NULL;
	int status = unpack(&repository, &s->temporary, bytes, err);
	for (size_t i = 0; status == 0 && i < refs.n; i++)
		status = add_ref(s, repository, &refs.items[i], err);
	git_repository_free(repository);
	if (status < 0)
		return -1;
	if (s->parts.n == 0 || s->parts.items[0].prefix.n > 0)
		return error_set(err, ERROR_INPUT, "the bundle names no commit");
	return 0;
}

/*
 * A submodule's tree is shown only where the main tree links to that very commit: a bundle cannot
 * bring files of its own.
 */
static int check_submodules(struct snapshot *s, struct error *err)
{
	for (size_t i = 1; i < s->parts.n; i++) {
		const struct part *p = &s->parts.items[i];
		bool linked = false;
		for (size_t j = 0; j < i && !linked; j++) {
			struct gitlinks links = {0};
			const struct part *outer = &s->parts.items[j];
			if (gitlinks_find(&links, &s->arena, outer, err) < 0)
				return -1;
			for (size_t k = 0; k < links.n && !linked; k++) {
				struct str full = {0};
				linked = path_join(&s->arena, outer->prefix, links.items[k].path,
						 &full) &&
					str_eq(full, p->prefix) &&
					git_oid_equal(&links.items[k].commit, &p->commit);
			}
		}
		if (!linked)
			return error_set(err, ERROR_INPUT,
				"%.*s: the commit does not link to this submodule",
				STR_ARG(p->prefix));
	}
	return 0;
}

int snapshot_from_bundle(struct snapshot **out, struct str bundle, struct str commit,
	struct str path, struct error *err)
{
	if (bundle.n > BUNDLE_MAX)
		return error_set(err, ERROR_INPUT, "bundle larger than %zu bytes", BUNDLE_MAX);
	scoped_ptr(snapshot) s = snapshot_new(NULL);
	if (load(s, bundle, err) < 0 || check_submodules(s, err) < 0)
		return -1;
	if (snapshot_identify(s, err) < 0 || snapshot_seal(s, err) < 0)
		return -1;
	if (!str_eq(s->identity.commit, commit))
		return error_set(err, ERROR_TRUST, "the bundle holds commit %.*s, not %.*s",
			STR_ARG(s->identity.commit), STR_ARG(commit));
	s->identity.path = arena_str(&s->arena, path);
	*out = steal_ptr(s);
	return 0;
}
