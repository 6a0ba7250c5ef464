#include "fetch/snapshot.h"

#include "base/utf8.h"

#define DEPTH_MAX 64
#define LINK_MAX 4096

/* A walk over one part's tree. */
struct walk {
	struct snapshot *snapshot;
	const struct part *part;
	struct gitlinks *links; /* where gitlinks go, or NULL when entries are collected */
	struct error *err;
};

static int refuse(struct error *err, struct str path, const char *why)
{
	scoped(buf) shown = {0};
	for (size_t i = 0; i < path.n; i++) {
		uint8_t c = (uint8_t)path.p[i];
		if (c < 0x20 || c == 0x7f)
			buf_printf(&shown, "\\x%02x", c);
		else
			buf_add_byte(&shown, path.p[i]);
	}
	return error_set(err, ERROR_INPUT, "%.*s: %s", STR_ARG(buf_str(&shown)), why);
}

/* CON, PRN, AUX, NUL, COM1.., LPT1.. with any extension: devices on some systems. */
static bool is_device_name(struct str name)
{
	static const struct str names[] = {
		STR_INIT("con"), STR_INIT("prn"), STR_INIT("aux"), STR_INIT("nul")};
	struct str stem = str_sub(name, 0, str_find_byte(name, '.'));
	for (size_t i = 0; i < countof(names); i++) {
		if (str_eq_nocase(stem, names[i]))
			return true;
	}
	struct str letters = str_sub(stem, 0, 3);
	return stem.n == 4 && stem.p[3] >= '1' && stem.p[3] <= '9' &&
		(str_eq_nocase(letters, STR("com")) || str_eq_nocase(letters, STR("lpt")));
}

static const char *name_problem(struct str name)
{
	if (name.n == 0 || str_eq(name, STR(".")) || str_eq(name, STR("..")))
		return "\".\" or \"..\" as a name";
	if (name.n > 255)
		return "name longer than 255 bytes";
	if (str_find_byte(name, '/') != STR_NPOS)
		return "slash in a name (absolute path)";
	if (!utf8_is_valid(name))
		return "name is not UTF-8";
	for (size_t i = 0; i < name.n; i++) {
		if ((uint8_t)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return "control character in a name";
	}
	if (utf8_find_deceptive(name) != STR_NPOS)
		return "bidi control or invisible character in a name";
	if (str_eq_nocase(name, STR(".git")) || str_eq_nocase(name, STR("git~1")))
		return "a name that git keeps for itself";
	if (is_device_name(name))
		return "device name";
	return NULL;
}

static struct str join(struct arena *a, struct str dir, struct str name)
{
	if (dir.n == 0)
		return arena_str(a, name);
	struct str parts[] = {dir, name};
	return arena_join(a, parts, 2, STR("/"));
}

static struct str oid_text(struct arena *a, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid_tostr(hex, sizeof(hex), id);
	return arena_str(a, str_from(hex));
}

static int add_file(const struct walk *w, struct str path, const git_tree_entry *e)
{
	struct snapshot *s = w->snapshot;
	if (s->entries.n >= s->max_files)
		return error_set(
			w->err, ERROR_INPUT, "the tree has more than %u files", s->max_files);
	size_t size = 0;
	git_object_t type = GIT_OBJECT_INVALID;
	if (git_odb_read_header(&size, &type, w->part->odb, git_tree_entry_id(e)) < 0)
		return git_fail(w->err, ERROR_INPUT, path.p);
	if (type != GIT_OBJECT_BLOB)
		return refuse(w->err, path, "is not a blob");
	s->bytes += size;
	if (s->bytes > s->max_bytes)
		return error_set(w->err, ERROR_INPUT, "the tree has more than %llu bytes",
			(unsigned long long)s->max_bytes);
	git_filemode_t mode = git_tree_entry_filemode(e);
	list_push(&s->arena, &s->entries) = (struct entry){
		.file = {.path = path,
			.oid = oid_text(&s->arena, git_tree_entry_id(e)),
			.size = size,
			.executable = mode == GIT_FILEMODE_BLOB_EXECUTABLE,
			.symlink = mode == GIT_FILEMODE_LINK},
		.id = *git_tree_entry_id(e),
		.odb = w->part->odb,
	};
	return 0;
}

static void git_tree_clear(git_tree **t)
{
	git_tree_free(*t);
}

static int walk_tree(const struct walk *w, const git_oid *id, struct str prefix, unsigned depth);

static int walk_entry(
	const struct walk *w, const git_tree_entry *e, struct str prefix, unsigned depth)
{
	struct arena *a = &w->snapshot->arena;
	struct str name = str_from(git_tree_entry_name(e));
	struct str path = join(a, prefix, name);
	const char *problem = name_problem(name);
	if (problem)
		return refuse(w->err, path, problem);
	if (path.n > 4096)
		return refuse(w->err, path, "path longer than 4096 bytes");
	git_filemode_t mode = git_tree_entry_filemode(e);
	if (mode == GIT_FILEMODE_TREE)
		return walk_tree(w, git_tree_entry_id(e), path, depth + 1);
	if (mode == GIT_FILEMODE_COMMIT) {
		if (w->links)
			list_push(a, w->links) = (struct gitlink){path, *git_tree_entry_id(e)};
		return 0;
	}
	return w->links ? 0 : add_file(w, path, e);
}

static int walk_tree(const struct walk *w, const git_oid *id, struct str prefix, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return refuse(w->err, prefix, "directories nested too deeply");
	__attribute__((cleanup(git_tree_clear))) git_tree *tree = NULL;
	if (git_tree_lookup(&tree, w->part->repository, id) < 0)
		return git_fail(w->err, ERROR_INPUT, "tree");
	if (!w->links && prefix.n > 0)
		map_put(&w->snapshot->directories, &w->snapshot->arena, prefix, w->snapshot);
	size_t n = git_tree_entrycount(tree);
	for (size_t i = 0; i < n; i++) {
		if (walk_entry(w, git_tree_entry_byindex(tree, i), prefix, depth) < 0)
			return -1;
	}
	return 0;
}

static int walk_part(const struct walk *w, struct str prefix)
{
	git_commit *commit = NULL;
	if (git_commit_lookup(&commit, w->part->repository, &w->part->commit) < 0)
		return git_fail(w->err, ERROR_INPUT, "commit");
	git_oid tree = *git_commit_tree_id(commit);
	git_commit_free(commit);
	return walk_tree(w, &tree, prefix, 0);
}

int snapshot_add_tree(struct snapshot *s, const struct part *p, struct error *err)
{
	struct walk w = {.snapshot = s, .part = p, .err = err};
	return walk_part(&w, p->prefix);
}

int gitlinks_find(struct gitlinks *out, struct arena *a, const struct part *p, struct error *err)
{
	/* The walk needs a place for paths only. */
	struct snapshot scratch = {.max_files = UINT32_MAX, .max_bytes = UINT64_MAX};
	struct gitlinks found = {0};
	struct walk w = {.snapshot = &scratch, .part = p, .links = &found, .err = err};
	int status = walk_part(&w, STR(""));
	for (size_t i = 0; status == 0 && i < found.n; i++)
		list_push(a, out) =
			(struct gitlink){arena_str(a, found.items[i].path), found.items[i].commit};
	arena_clear(&scratch.arena);
	return status;
}

/* ---- Sealing -------------------------------------------------------------------------------- */

static int entry_order(const void *a, const void *b)
{
	return str_cmp(((const struct entry *)a)->file.path, ((const struct entry *)b)->file.path);
}

static struct str fold(struct arena *a, struct str path)
{
	char *p = arena_cstr(a, path);
	for (size_t i = 0; i < path.n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	}
	return (struct str){p, path.n};
}

static int fold_one(struct map *seen, struct arena *a, struct str *path, struct error *err)
{
	struct str key = fold(a, *path);
	struct str *other = map_find(seen, key);
	if (other)
		return error_set(err, ERROR_INPUT, "%.*s and %.*s differ in case only",
			STR_ARG(*other), STR_ARG(*path));
	map_put(seen, a, key, path);
	return 0;
}

static int check_collisions(struct snapshot *s, struct error *err)
{
	scoped(arena) scratch = {0};
	struct map seen = {0};
	for (size_t i = 0; i < s->directories.n; i++) {
		if (fold_one(&seen, &scratch, &s->directories.items[i].key, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->entries.n; i++) {
		if (fold_one(&seen, &scratch, &s->entries.items[i].file.path, err) < 0)
			return -1;
	}
	return 0;
}

static int check_link(struct snapshot *s, struct entry *e, struct error *err)
{
	if (e->file.size == 0 || e->file.size > LINK_MAX)
		return refuse(err, e->file.path, "symbolic link without a usable target");
	struct str target = {0};
	if (entry_read(e, &target, err) < 0)
		return -1;
	struct str resolved = {0};
	if (str_has_prefix(target, STR("/")))
		return refuse(err, e->file.path, "symbolic link to an absolute path");
	if (!path_join(&s->arena, path_dir(e->file.path), target, &resolved))
		return refuse(err, e->file.path, "symbolic link that leaves the repository");
	e->target = target;
	return 0;
}

static int check_pointer(struct entry *e, struct error *err)
{
	if (e->file.size < 100 || e->file.size > 1024)
		return 0;
	struct str bytes = {0};
	if (entry_read(e, &bytes, err) < 0)
		return -1;
	e->file.lfs_pointer =
		str_has_prefix(bytes, STR("version https://git-lfs.github.com/spec/"));
	return 0;
}

int snapshot_seal(struct snapshot *s, struct error *err)
{
	if (s->entries.n > 0)
		qsort(s->entries.items, s->entries.n, sizeof(*s->entries.items), entry_order);
	if (check_collisions(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->entries.n; i++) {
		struct entry *e = &s->entries.items[i];
		if (map_has(&s->by_path, e->file.path) || map_has(&s->directories, e->file.path))
			return refuse(err, e->file.path, "stands in the tree twice");
		map_put(&s->by_path, &s->arena, e->file.path, e);
		if (e->file.symlink ? check_link(s, e, err) < 0 : check_pointer(e, err) < 0)
			return -1;
	}
	s->files = arena_array(&s->arena, struct snapshot_file, s->entries.n);
	for (size_t i = 0; i < s->entries.n; i++)
		s->files[i] = s->entries.items[i].file;
	snapshot_make_tree(s);
	return 0;
}
