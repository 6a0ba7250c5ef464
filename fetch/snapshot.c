#include "fetch/snapshot.h"

#define LINKS_MAX 40
#define MAX_BYTES ((uint64_t)1 << 30)
#define MAX_FILES 50000

int git_fail(struct error *err, enum error_code code, const char *what)
{
	const git_error *last = git_error_last();
	return error_set(err, code, "%s: %s", what, last ? last->message : "unknown git error");
}

struct snapshot *snapshot_new(const struct fetch_options *options)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (!s || git_libgit2_init() < 0)
		error_out_of_memory();
	/* Nothing of a repository is executed here, so it does not matter who owns it. */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	s->temporary.fd = -1;
	s->max_bytes = options && options->max_bytes > 0 ? options->max_bytes : MAX_BYTES;
	s->max_files = options && options->max_files > 0 ? options->max_files : MAX_FILES;
	return s;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->entries.n; i++)
		git_odb_object_free(s->entries.items[i].object);
	for (size_t i = 0; i < s->parts.n; i++) {
		git_odb_free(s->parts.items[i].odb);
		git_repository_free(s->parts.items[i].repository);
	}
	for (size_t i = 0; i < s->more_temporary.n; i++)
		temp_dir_clear(&s->more_temporary.items[i]);
	temp_dir_clear(&s->temporary);
	arena_clear(&s->arena);
	free(s);
	git_libgit2_shutdown();
}

int snapshot_identify(struct snapshot *s, struct error *err)
{
	const struct part *p = &s->parts.items[0];
	git_commit *commit = NULL;
	if (git_commit_lookup(&commit, p->repository, &p->commit) < 0)
		return git_fail(err, ERROR_INPUT, "commit");
	char hex[GIT_OID_HEXSZ + 1];
	s->identity.commit = arena_str(
		&s->arena, str_from(git_oid_tostr(hex, sizeof(hex), git_commit_id(commit))));
	s->identity.tree = arena_str(
		&s->arena, str_from(git_oid_tostr(hex, sizeof(hex), git_commit_tree_id(commit))));
	s->identity.commit_time = git_commit_time(commit);
	git_commit_free(commit);
	return 0;
}

int entry_read(struct entry *e, struct str *out, struct error *err)
{
	if (!e->object && git_odb_read(&e->object, e->odb, &e->id) < 0)
		return git_fail(err, ERROR_INPUT, e->file.path.p);
	*out = (struct str){git_odb_object_data(e->object), git_odb_object_size(e->object)};
	return 0;
}

/* ---- As a tree ------------------------------------------------------------------------------ */

static struct snapshot *owner_of(const struct tree *t)
{
	return ((const struct snapshot_view *)(const void *)t)->owner;
}

/* Replaces links, component by component. False when the path leads nowhere. */
static bool resolve(struct snapshot *s, struct str path, struct str *out)
{
	struct str done = STR("");
	struct str rest = path;
	struct str name;
	unsigned links = 0;
	while (rest.p && rest.n > 0 && str_cut(&rest, '/', &name)) {
		struct str next = {0};
		if (!path_join(&s->arena, done, name, &next))
			return false;
		struct entry *e = map_find(&s->by_path, next);
		if (!e || !e->file.symlink) {
			done = next;
			continue;
		}
		struct str target = {0};
		if (++links > LINKS_MAX || !path_join(&s->arena, done, e->target, &target))
			return false;
		struct str both[] = {target, rest};
		rest = rest.p && rest.n > 0 ? arena_join(&s->arena, both, 2, STR("/")) : target;
		done = STR("");
	}
	*out = done;
	return true;
}

static struct entry *entry_find(struct snapshot *s, struct str path)
{
	struct str real = {0};
	if (!path_is_clean(path) || !resolve(s, path, &real))
		return NULL;
	return map_find(&s->by_path, real);
}

static int view_read(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	struct snapshot *s = owner_of(t);
	struct entry *e = entry_find(s, path);
	if (!e)
		return error_set(err, ERROR_INPUT, "%.*s: is not in the commit", STR_ARG(path));
	if (e->file.lfs_pointer)
		return error_set(err, ERROR_INPUT,
			"%.*s: is a git-LFS pointer, its content is not in the commit",
			STR_ARG(path));
	struct str bytes = {0};
	if (entry_read(e, &bytes, err) < 0)
		return -1;
	if (!e->used)
		e->sha256 = digest_bytes(bytes);
	e->used = true;
	*out = bytes;
	return 0;
}

static int view_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	(void)err;
	struct snapshot *s = owner_of(t);
	*out = (struct tree_entry){0};
	struct str real = {0};
	if (path.n > 0 && (!path_is_clean(path) || !resolve(s, path, &real)))
		return 0;
	struct entry *e = map_find(&s->by_path, real);
	if (e) {
		*out = (struct tree_entry){
			TREE_FILE, e->file.executable, e->file.size, e->file.path};
		return 0;
	}
	if (real.n == 0 || map_has(&s->directories, real))
		*out = (struct tree_entry){TREE_DIR, false, 0, real};
	return 0;
}

/* Names below `dir`: files and directories in one sorted list without repetition. */
static int view_list(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
	struct error *err)
{
	struct snapshot *s = owner_of(t);
	struct tree_entry what = {0};
	if (view_stat(t, path, &what, err) < 0)
		return -1;
	if (what.kind != TREE_DIR)
		return error_set(
			err, ERROR_INPUT, "%.*s: is not a directory of the commit", STR_ARG(path));
	struct str dir = what.path;
	struct str_list names = {0};
	for (size_t i = 0; i < s->entries.n; i++) {
		struct str file = s->entries.items[i].file.path;
		if (dir.n > 0) {
			if (!str_has_prefix(file, dir) || file.n <= dir.n || file.p[dir.n] != '/')
				continue;
			file = str_from_index(file, dir.n + 1);
		}
		struct str name = str_sub(file, 0, str_find_byte(file, '/'));
		if (names.n == 0 || !str_eq(names.items[names.n - 1], name))
			list_push(a, &names) = name;
	}
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(*names.items), str_cmp_qsort);
	for (size_t i = 0; i < names.n; i++) {
		if (i == 0 || !str_eq(names.items[i - 1], names.items[i]))
			list_push(a, out) = names.items[i];
	}
	return 0;
}

static const struct tree_ops view_ops = {
	.read = view_read,
	.stat = view_stat,
	.list = view_list,
};

void snapshot_make_tree(struct snapshot *s)
{
	s->view.tree.ops = &view_ops;
	s->view.owner = s;
}

/* ---- What callers see ----------------------------------------------------------------------- */

const struct snapshot_identity *snapshot_identity(const struct snapshot *s)
{
	return &s->identity;
}

const struct tree *snapshot_tree(const struct snapshot *s)
{
	return &s->view.tree;
}

const struct snapshot_file *snapshot_files(const struct snapshot *s, size_t *n)
{
	*n = s->entries.n;
	return s->files;
}

const struct snapshot_submodule *snapshot_submodules(const struct snapshot *s, size_t *n)
{
	*n = s->submodules.n;
	return s->submodules.items;
}

const struct snapshot_file *snapshot_find(const struct snapshot *s, struct str path)
{
	const struct entry *e = map_find(&s->by_path, path);
	return e ? &e->file : NULL;
}

const struct snapshot_use *snapshot_uses(const struct snapshot *s, size_t *n)
{
	struct snapshot *owner = s->view.owner;
	struct {
		struct snapshot_use *items;
		size_t n;
		size_t cap;
	} uses = {0};
	for (size_t i = 0; i < s->entries.n; i++) {
		const struct entry *e = &s->entries.items[i];
		if (e->used)
			list_push(&owner->arena, &uses) =
				(struct snapshot_use){&e->file, e->sha256};
	}
	*n = uses.n;
	return uses.items;
}
