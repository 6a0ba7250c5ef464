#include "fetch/snapshot.h"

#include "base/utf8.h"

#include <limits.h>

#define NAMES_MAX 100000
#define FILES_MAX 100000
#define DEPTH_MAX 64
#define REVISION_MAX 256

/* A repository and the commit at which it is looked at. */
struct history {
	git_repository *repository;
	bool own; /* opened here; else a snapshot's, which keeps branches as its origin's */
	git_oid head;
	struct str head_name; /* of the branch; empty: to be looked for */
	struct str directory;
	struct arena arena;
};

void history_free(struct history *h)
{
	if (!h)
		return;
	if (h->own)
		git_repository_free(h->repository);
	arena_clear(&h->arena);
	free(h);
	git_libgit2_shutdown();
}

static struct history *history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));
	if (!h || git_libgit2_init() < 0)
		error_out_of_memory();
	return h;
}

static bool is_inside(struct str path, struct str directory)
{
	return directory.n == 0 || str_eq(path, directory) ||
		(str_has_prefix(path, directory) && path.p[directory.n] == '/');
}

struct history *history_of_snapshot(const struct snapshot *s, struct str path)
{
	struct history *h = history_new();
	const struct part *found = &s->parts.items[0];
	for (size_t i = 1; i < s->parts.n; i++) {
		const struct part *p = &s->parts.items[i];
		if (p->prefix.n > found->prefix.n && is_inside(path, p->prefix))
			found = p;
	}
	const struct str heads = STR("refs/heads/");
	h->repository = found->repository;
	h->head = found->commit;
	if (found != &s->parts.items[0])
		h->head_name = STR("HEAD");
	else if (str_has_prefix(s->identity.ref, heads))
		h->head_name = arena_str(&h->arena, str_from_index(s->identity.ref, heads.n));
	return h;
}

static int read_head(struct history *h, struct error *err)
{
	git_reference *ref = NULL;
	git_object *commit = NULL;
	int status = git_repository_head(&ref, h->repository);
	if (status == 0)
		status = git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT);
	if (status == 0)
		h->head = *git_object_id(commit);
	else
		git_fail(err, ERROR_INPUT, "HEAD");
	if (status == 0)
		h->head_name = arena_str(&h->arena, str_from(git_reference_shorthand(ref)));
	git_object_free(commit);
	git_reference_free(ref);
	return status;
}

int history_of_directory(
	struct history **out, struct str root, struct str path, bool *found, struct error *err)
{
	scoped_ptr(history) h = history_new();
	struct str parts[] = {root, path};
	struct str full = arena_join(&h->arena, parts, path.n > 0 ? 2 : 1, STR("/"));
	autofree char *real = realpath(full.p, NULL);
	*found = false;
	h->directory = arena_str(&h->arena, root);
	if (real && is_inside(str_from(real), root))
		h->directory = arena_str(&h->arena, str_from(real));
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	int status = git_repository_open_ext(&h->repository, h->directory.p, 0, NULL);
	h->own = status == 0;
	if (status == GIT_ENOTFOUND)
		return 0;
	if (status < 0)
		return git_fail(err, ERROR_INPUT, h->directory.p);
	if (read_head(h, err) < 0)
		return -1;
	*found = true;
	*out = steal_ptr(h);
	return 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Git takes any bytes; who reads them here takes UTF-8. */
static struct str as_utf8(struct arena *a, struct str s)
{
	if (utf8_is_valid(s) && str_find_byte(s, '\0') == STR_NPOS)
		return arena_str(a, s);
	scoped(buf) out = {0};
	buf_init(&out, 3 * s.n + 1);
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		if (n == 0 || code == 0)
			buf_add(&out, STR("\xef\xbf\xbd"));
		else
			buf_add(&out, str_sub(s, i, n));
		i += n > 0 ? n : 1;
	}
	return arena_str(a, buf_str(&out));
}

/* Collects the names below a prefix; with `at`, those that lead to this commit. */
struct collecting {
	const struct history *h;
	struct str prefix;
	const git_oid *at;
	struct arena *arena;
	struct str_list *names;
};

static bool leads_to(const struct collecting *c, const char *name)
{
	git_oid id;
	return git_reference_name_to_id(&id, c->h->repository, name) == 0 &&
		git_oid_equal(&id, c->at);
}

static int collect(const char *name, void *ctx)
{
	struct collecting *c = ctx;
	struct str full = str_from(name);
	if (!str_has_prefix(full, c->prefix) || (c->at && !leads_to(c, name)))
		return 0;
	if (c->names->n >= NAMES_MAX)
		return GIT_EUSER;
	list_push(c->arena, c->names) = as_utf8(c->arena, str_from_index(full, c->prefix.n));
	return 0;
}

static struct str branch_prefix(const struct history *h)
{
	return h->own ? STR("refs/heads/") : STR("refs/remotes/origin/");
}

static int find_names(struct str_list *out, const struct history *h, struct str prefix,
	const git_oid *at, struct arena *a, struct error *err)
{
	struct collecting c = {h, prefix, at, a, out};
	int status = git_reference_foreach_name(h->repository, collect, &c);
	if (status == GIT_EUSER)
		return error_set(
			err, ERROR_INPUT, "more than %d names in the repository", NAMES_MAX);
	if (status < 0)
		return git_fail(err, ERROR_SYSTEM, "branches and tags");
	if (out->n > 0)
		qsort(out->items, out->n, sizeof(*out->items), str_cmp_qsort);
	return 0;
}

int history_names(
	const struct history *h, struct history_names *out, struct arena *a, struct error *err)
{
	struct history_names names = {.head = h->head_name};
	struct str_list here = {0};
	if (find_names(&names.branches, h, branch_prefix(h), NULL, a, err) < 0 ||
		find_names(&names.tags, h, STR("refs/tags/"), NULL, a, err) < 0 ||
		find_names(&here, h, branch_prefix(h), &h->head, a, err) < 0)
		return -1;
	if (names.head.n == 0)
		names.head = here.n == 1 ? here.items[0] : STR("HEAD");
	names.head = as_utf8(a, names.head);
	*out = names;
	return 0;
}

bool history_is_clean(const struct history *h)
{
	struct error ignored = {0};
	const char *work_tree = git_repository_workdir(h->repository);
	return !h->own || !work_tree ||
		fetch_check_work_tree(str_from(work_tree), STR(""), &ignored) == 0;
}

/* ---- Commits --------------------------------------------------------------------------------- */

/* gitrevisions(7) without what needs a log of references, a search or a path. */
static bool is_plain(struct str revision)
{
	static const char others[] = "._/~^@+-";
	if (revision.n == 0 || revision.n > REVISION_MAX || revision.p[0] == '-' ||
		str_contains(revision, STR("..")))
		return false;
	for (size_t i = 0; i < revision.n; i++) {
		char c = revision.p[i];
		bool word =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!word && (c == '\0' || !strchr(others, c)))
			return false;
	}
	return true;
}

static bool parse(git_oid *out, const struct history *h, struct str text)
{
	scoped(arena) a = {0};
	git_object *object = NULL;
	git_object *commit = NULL;
	bool found = git_revparse_single(&object, h->repository, arena_cstr(&a, text)) == 0 &&
		git_object_peel(&commit, object, GIT_OBJECT_COMMIT) == 0;
	if (found)
		*out = *git_object_id(commit);
	git_object_free(commit);
	git_object_free(object);
	return found;
}

static struct str without_prefix(struct str s, struct str prefix)
{
	return str_has_prefix(s, prefix) ? str_from_index(s, prefix.n) : s;
}

/* "HEAD~2" starts at the commit that is looked at, whatever the repository's own HEAD is. */
static bool resolve(git_oid *out, const struct history *h, struct str revision)
{
	scoped(arena) a = {0};
	char hex[GIT_OID_HEXSZ + 1];
	size_t end = 0;
	if (!is_plain(revision))
		return false;
	while (end < revision.n && revision.p[end] != '~' && revision.p[end] != '^')
		end++;
	struct str base = str_sub(revision, 0, end);
	struct str rest = str_from_index(revision, end);
	if (str_is(base, "HEAD") || str_is(base, "@")) {
		git_oid_tostr(hex, sizeof(hex), &h->head);
		return parse(out, h, arena_printf(&a, "%s%.*s", hex, STR_ARG(rest)));
	}
	if (parse(out, h, revision))
		return true;
	struct str branch = without_prefix(without_prefix(revision, STR("refs/")), STR("heads/"));
	return !h->own &&
		parse(out, h, arena_printf(&a, "refs/remotes/origin/%.*s", STR_ARG(branch)));
}

static struct str hex_of(struct arena *a, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];
	return arena_str(a, str_from(git_oid_tostr(hex, sizeof(hex), id)));
}

static struct str person(struct arena *a, const git_signature *s)
{
	struct str name = as_utf8(a, str_from(s->name));
	struct str email = as_utf8(a, str_from(s->email));
	return arena_printf(a, "%.*s <%.*s>", STR_ARG(name), STR_ARG(email));
}

/* With a line end, as the header has it. */
static struct str signature(struct arena *a, const git_commit *commit)
{
	git_buf field = {0};
	struct str s = STR("");
	if (git_commit_header_field(&field, commit, "gpgsig") == 0) {
		struct str text = as_utf8(a, (struct str){field.ptr, field.size});
		s = arena_printf(a, "%.*s\n", STR_ARG(text));
	}
	git_buf_dispose(&field);
	return s;
}

static void describe(struct history_commit *out, const git_commit *commit, struct arena *a)
{
	out->id = hex_of(a, git_commit_id(commit));
	out->tree = hex_of(a, git_commit_tree_id(commit));
	out->author = person(a, git_commit_author(commit));
	out->committer = person(a, git_commit_committer(commit));
	out->time = git_commit_time(commit);
	out->message = as_utf8(a, str_from(git_commit_message_raw(commit)));
	out->signature = signature(a, commit);
	for (unsigned i = 0; i < git_commit_parentcount(commit); i++)
		list_push(a, &out->parents) = hex_of(a, git_commit_parent_id(commit, i));
}

int history_commit(const struct history *h, struct history_commit *out, struct str revision,
	struct arena *a, struct error *err)
{
	git_oid id;
	git_commit *commit = NULL;
	struct history_commit found = {0};
	*out = found;
	if (!resolve(&id, h, revision))
		return 0;
	if (find_names(&found.branches, h, branch_prefix(h), &id, a, err) < 0)
		return -1;
	if (git_commit_lookup(&commit, h->repository, &id) < 0)
		return git_fail(err, ERROR_INPUT, "commit");
	describe(&found, commit, a);
	git_commit_free(commit);
	*out = found;
	return 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct listing {
	git_repository *repository;
	struct arena *arena;
	struct str_list *files;
	struct error *err;
};

static int list_tree(const struct listing *l, const git_oid *id, struct str prefix, unsigned depth);

static int list_entry(
	const struct listing *l, const git_tree_entry *e, struct str prefix, unsigned depth)
{
	struct str parts[] = {prefix, str_from(git_tree_entry_name(e))};
	struct str path = prefix.n > 0 ? arena_join(l->arena, parts, 2, STR("/")) : parts[1];
	git_filemode_t mode = git_tree_entry_filemode(e);
	if (mode == GIT_FILEMODE_TREE)
		return list_tree(l, git_tree_entry_id(e), arena_str(l->arena, path), depth + 1);
	if (mode == GIT_FILEMODE_COMMIT)
		return 0;
	if (l->files->n >= FILES_MAX)
		return error_set(l->err, ERROR_INPUT, "more than %d files in the tree", FILES_MAX);
	list_push(l->arena, l->files) = as_utf8(l->arena, path);
	return 0;
}

static int list_tree(const struct listing *l, const git_oid *id, struct str prefix, unsigned depth)
{
	git_tree *tree = NULL;
	if (depth > DEPTH_MAX)
		return error_set(l->err, ERROR_INPUT, "directories nested too deeply");
	if (git_tree_lookup(&tree, l->repository, id) < 0)
		return git_fail(l->err, ERROR_INPUT, "tree");
	int status = 0;
	size_t n = git_tree_entrycount(tree);
	for (size_t i = 0; status == 0 && i < n; i++)
		status = list_entry(l, git_tree_entry_byindex(tree, i), prefix, depth);
	git_tree_free(tree);
	return status;
}

int history_files(const struct history *h, struct str_list *out, const struct history_commit *of,
	struct arena *a, struct error *err)
{
	git_oid tree;
	struct str_list files = {0};
	const struct listing l = {h->repository, a, &files, err};
	if (git_oid_fromstrn(&tree, of->tree.p, of->tree.n) < 0)
		return git_fail(err, ERROR_BUG, "tree");
	if (list_tree(&l, &tree, STR(""), 0) < 0)
		return -1;
	*out = files;
	return 0;
}
