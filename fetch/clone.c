#include "fetch/snapshot.h"

#include "base/encode.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>

#define CREDENTIAL_TRIES 4

/* ---- Transport ------------------------------------------------------------------------------ */

/* What the callbacks of one fetch need. */
struct transfer {
	const struct fetch_options *options;
	unsigned tries;
	unsigned reported; /* per cent */
};

static int key_from_home(git_credential **out, const char *user, unsigned which)
{
	static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
	const struct passwd *me = getpwuid(geteuid());
	if (!me || which >= countof(names))
		return GIT_EUSER;
	char key[PATH_MAX];
	char public[PATH_MAX];
	int n = snprintf(key, sizeof(key), "%s/.ssh/%s", me->pw_dir, names[which]);
	if (n < 0 || (size_t)n >= sizeof(key) - 4)
		return GIT_EUSER;
	snprintf(public, sizeof(public), "%.*s.pub", (int)sizeof(public) - 5, key);
	return git_credential_ssh_key_new(out, user, public, key, NULL);
}

/* The agent first, then the usual key files; never a prompt. */
static int credentials(
	git_credential **out, const char *url, const char *user, unsigned allowed, void *payload)
{
	struct transfer *t = payload;
	(void)url;
	if (t->tries++ >= CREDENTIAL_TRIES) {
		git_error_set_str(GIT_ERROR_NET, "no ssh key was accepted");
		return GIT_EUSER;
	}
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return git_credential_username_new(out, user ? user : "git");
	if (allowed & GIT_CREDENTIAL_SSH_KEY) {
		if (t->tries <= 1)
			return git_credential_ssh_key_from_agent(out, user ? user : "git");
		return key_from_home(out, user ? user : "git", t->tries - 2);
	}
	git_error_set_str(GIT_ERROR_NET, "the server asks for a password, which is not supported");
	return GIT_EUSER;
}

static int progress(const git_indexer_progress *p, void *payload)
{
	struct transfer *t = payload;
	unsigned percent = p->total_objects > 0 ? 100 * p->received_objects / p->total_objects : 0;
	if (percent >= t->reported + 25 && p->total_objects > 1000) {
		t->reported = percent;
		log_say(t->options->log, LOG_INFO, "fetching: %u of %u objects",
			p->received_objects, p->total_objects);
	}
	return p->received_bytes > (size_t)8 << 30 ? -1 : 0;
}

/* All branches and tags, mirrored with what has gone pruned. Nothing is fetched by name. */
static int fetch_all(git_repository *repository, struct str url,
	const struct fetch_options *options, struct error *err)
{
	scoped(arena) a = {0};
	char *specs[] = {arena_cstr(&a, STR("+refs/heads/*:refs/remotes/origin/*")),
		arena_cstr(&a, STR("+refs/tags/*:refs/tags/*"))};
	const git_strarray refspecs = {specs, countof(specs)};
	struct transfer transfer = {.options = options};
	git_fetch_options fetch = GIT_FETCH_OPTIONS_INIT;
	fetch.prune = GIT_FETCH_PRUNE;
	fetch.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	fetch.callbacks.credentials = credentials;
	fetch.callbacks.transfer_progress = progress;
	fetch.callbacks.payload = &transfer;
	git_remote *remote = NULL;
	int status = git_remote_create_anonymous(&remote, repository, arena_cstr(&a, url));
	if (status == 0)
		status = git_remote_fetch(remote, &refspecs, &fetch, NULL);
	if (status < 0)
		git_fail(err, ERROR_SYSTEM, arena_cstr(&a, url));
	git_remote_free(remote);
	return status < 0 ? -1 : 0;
}

/* ---- Where the objects are kept -------------------------------------------------------------- */

/* A clone that one process at a time may write. */
struct store {
	git_repository *repository;
	int lock;
};

static void store_clear(struct store *s)
{
	git_repository_free(s->repository);
	if (s->lock >= 0)
		close(s->lock);
	*s = (struct store){.lock = -1};
}

static int open_bare(git_repository **out, const char *path, struct error *err)
{
	if (git_repository_open_bare(out, path) == 0)
		return 0;
	if (git_repository_init(out, path, 1) < 0)
		return git_fail(err, ERROR_SYSTEM, path);
	return 0;
}

static int open_cached(struct store *out, const char *cache_dir, struct str url, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest name = digest_bytes(url);
	digest_hex(hex, &name);
	scoped(arena) a = {0};
	struct str path = arena_printf(&a, "%s/git/%s", cache_dir, hex);
	struct str lock = arena_printf(&a, "%.*s.lock", STR_ARG(path));
	if (dir_make(AT_FDCWD, path.p, err) < 0)
		return -1;
	out->lock = open(lock.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out->lock < 0)
		return error_sys(err, "%s", lock.p);
	if (flock(out->lock, LOCK_EX) < 0)
		return error_sys(err, "%s", lock.p);
	return open_bare(&out->repository, path.p, err);
}

static int open_store(struct store *out, struct snapshot *s, struct str url,
	const struct fetch_options *options, struct error *err)
{
	if (options->cache_dir)
		return open_cached(out, options->cache_dir, url, err);
	struct temp_dir where = {.fd = -1};
	if (temp_dir_make(&where, NULL, err) < 0)
		return -1;
	list_push(&s->arena, &s->more_temporary) = where;
	return open_bare(&out->repository, where.path, err);
}

/* ---- Which commit ---------------------------------------------------------------------------- */

#define TIPS_MAX 100000

struct tips {
	git_oid *items;
	size_t n;
};

static int collect_ref(git_reference *ref, void *payload)
{
	struct tips *tips = payload;
	git_object *commit = NULL;
	if (tips->n < TIPS_MAX && git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT) == 0)
		tips->items[tips->n++] = *git_object_id(commit);
	git_object_free(commit);
	git_reference_free(ref);
	return 0;
}

static bool is_reachable(git_repository *repository, const git_oid *commit)
{
	struct tips tips = {calloc(TIPS_MAX, sizeof(git_oid)), 0};
	if (!tips.items)
		error_out_of_memory();
	bool found = git_reference_foreach(repository, collect_ref, &tips) == 0 && tips.n > 0 &&
		git_graph_reachable_from_any(repository, commit, tips.items, tips.n) == 1;
	free(tips.items);
	return found;
}

static bool has_commit(git_repository *repository, const git_oid *id)
{
	git_commit *commit = NULL;
	bool found = git_commit_lookup(&commit, repository, id) == 0;
	git_commit_free(commit);
	return found;
}

static int pinned(git_oid *out, git_repository *repository, const struct fetch_source *source,
	const struct fetch_options *options, struct error *err)
{
	if (source->commit.n == 64)
		return error_set(err, ERROR_SYSTEM,
			"the git library of this system reads SHA-1 repositories only");
	if (source->commit.n != 40 || !hex_is_lower(source->commit) ||
		git_oid_fromstrn(out, source->commit.p, source->commit.n) < 0)
		return error_set(err, ERROR_INPUT,
			"\"%.*s\" is not a full commit id (40 or 64 lower-case hex digits)",
			STR_ARG(source->commit));
	bool known = has_commit(repository, out);
	if (!known && options->offline)
		return error_set(err, ERROR_INPUT, "commit %.*s is not in the cache",
			STR_ARG(source->commit));
	if (!known && fetch_all(repository, source->url, options, err) < 0)
		return -1;
	if (!has_commit(repository, out) || !is_reachable(repository, out))
		return error_set(err, ERROR_INPUT, "%.*s: no branch or tag leads to commit %.*s",
			STR_ARG(source->url), STR_ARG(source->commit));
	return 0;
}

static int named(git_oid *out, struct snapshot *s, git_repository *repository,
	const struct fetch_source *source, const struct fetch_options *options, struct error *err)
{
	bool tag = source->tag.n > 0;
	struct str name = tag ? source->tag : source->branch;
	if (!options->offline && fetch_all(repository, source->url, options, err) < 0)
		return -1;
	struct str local = arena_printf(
		&s->arena, "%s/%.*s", tag ? "refs/tags" : "refs/remotes/origin", STR_ARG(name));
	git_reference *ref = NULL;
	git_object *commit = NULL;
	int status = git_reference_lookup(&ref, repository, local.p);
	if (status == 0)
		status = git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT);
	if (status == 0)
		*out = *git_object_id(commit);
	git_object_free(commit);
	git_reference_free(ref);
	if (status < 0)
		return error_set(err, ERROR_INPUT, "%.*s has no %s \"%.*s\"", STR_ARG(source->url),
			tag ? "tag" : "branch", STR_ARG(name));
	s->identity.ref =
		arena_printf(&s->arena, "%s/%.*s", tag ? "refs/tags" : "refs/heads", STR_ARG(name));
	return 0;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Adds a repository (prefix "") or submodule at its commit. The commit's id, or what names it. */
static int add_part(struct snapshot *s, struct str prefix, const struct fetch_source *source,
	const struct fetch_options *options, struct error *err)
{
	scoped(store) store = {.lock = -1};
	struct part p = {.prefix = prefix, .url = source->url};
	if (open_store(&store, s, source->url, options, err) < 0)
		return -1;
	int status = source->commit.n > 0
		? pinned(&p.commit, store.repository, source, options, err)
		: named(&p.commit, s, store.repository, source, options, err);
	if (status < 0)
		return -1;
	if (git_repository_odb(&p.odb, store.repository) < 0)
		return git_fail(err, ERROR_SYSTEM, "object database");
	p.repository = steal_ptr(store.repository);
	list_push(&s->arena, &s->parts) = p;
	return snapshot_add_tree(s, &p, err);
}

static struct str blob_text(const struct part *p, struct arena *a, const char *path)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	struct str text = {0};
	if (git_commit_lookup(&commit, p->repository, &p->commit) == 0 &&
		git_commit_tree(&tree, commit) == 0 &&
		git_tree_entry_bypath(&entry, tree, path) == 0 &&
		git_blob_lookup(&blob, p->repository, git_tree_entry_id(entry)) == 0 &&
		git_blob_rawsize(blob) < 1 << 20)
		text = arena_str(
			a, (struct str){git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)});
	git_blob_free(blob);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_commit_free(commit);
	return text;
}

static const struct gitmodule *module_of(const struct gitmodules *modules, struct str path)
{
	for (size_t i = 0; i < modules->n; i++) {
		if (str_eq(modules->items[i].path, path))
			return &modules->items[i];
	}
	return NULL;
}

static int add_submodule(struct snapshot *s, const struct part *outer, const struct gitlink *link,
	const struct gitmodules *modules, const struct fetch_options *options, struct error *err)
{
	const struct gitmodule *m = module_of(modules, link->path);
	if (!m || m->url.n == 0)
		return error_set(err, ERROR_INPUT, "%.*s: submodule without a URL in .gitmodules",
			STR_ARG(link->path));
	char hex[GIT_OID_HEXSZ + 1];
	git_oid_tostr(hex, sizeof(hex), &link->commit);
	struct fetch_source source = {.commit = arena_str(&s->arena, str_from(hex))};
	struct str prefix = {0};
	if (url_resolve(&s->arena, outer->url, m->url, &source.url, err) < 0)
		return error_wrap(err, "submodule %.*s", STR_ARG(link->path));
	if (!path_join(&s->arena, outer->prefix, link->path, &prefix))
		return error_set(err, ERROR_INPUT, "submodule path leaves the tree");
	list_push(&s->arena, &s->submodules) =
		(struct snapshot_submodule){prefix, source.url, source.commit};
	if (add_part(s, prefix, &source, options, err) < 0)
		return error_wrap(err, "submodule %.*s", STR_ARG(prefix));
	return 0;
}

/* Parts are appended while the list is walked, so submodules of submodules come in turn. */
static int add_submodules(
	struct snapshot *s, const struct fetch_options *options, struct error *err)
{
	for (size_t i = 0; i < s->parts.n; i++) {
		struct part outer = s->parts.items[i];
		struct gitlinks links = {0};
		struct gitmodules modules = {0};
		if (gitlinks_find(&links, &s->arena, &outer, err) < 0)
			return -1;
		if (links.n == 0)
			continue;
		if (s->parts.n + links.n > 200)
			return error_set(err, ERROR_INPUT, "more than 200 submodules");
		struct str text = blob_text(&outer, &s->arena, ".gitmodules");
		if (gitmodules_parse(&modules, &s->arena, text, err) < 0)
			return -1;
		for (size_t k = 0; k < links.n; k++) {
			if (add_submodule(s, &outer, &links.items[k], &modules, options, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int check_request(const struct fetch_source *source, struct error *err)
{
	int names = (source->commit.n > 0) + (source->tag.n > 0) + (source->branch.n > 0);
	if (names == 0)
		return error_set(err, ERROR_INPUT,
			"no commit given: a build takes a full commit id (or --tag, --branch)");
	if (names > 1)
		return error_set(err, ERROR_USAGE, "only one of commit, tag and branch");
	if (source->path.n > 0 && !path_is_clean(source->path))
		return error_set(err, ERROR_INPUT,
			"\"%.*s\" is not a clean path inside the repository",
			STR_ARG(source->path));
	return url_check(source->url, err);
}

int snapshot_fetch(struct snapshot **out, const struct fetch_source *source,
	const struct fetch_options *options, struct error *err)
{
	if (check_request(source, err) < 0)
		return -1;
	scoped_ptr(snapshot) s = snapshot_new(options);
	struct fetch_source asked = *source;
	if (options->ca_file &&
		git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, options->ca_file, NULL) < 0)
		return git_fail(err, ERROR_INPUT, options->ca_file);
	if (url_public(&s->arena, source->url, &asked.url, err) < 0)
		return -1;
	if (add_part(s, STR(""), &asked, options, err) < 0)
		return -1;
	if (add_submodules(s, options, err) < 0)
		return -1;
	if (snapshot_identify(s, err) < 0 || snapshot_seal(s, err) < 0)
		return -1;
	s->identity.url = asked.url;
	s->identity.path = arena_str(&s->arena, source->path);
	if (source->path.n > 0 && !map_has(&s->by_path, source->path) &&
		!map_has(&s->directories, source->path))
		return error_set(err, ERROR_INPUT, "%.*s: is not in commit %.*s",
			STR_ARG(source->path), STR_ARG(s->identity.commit));
	*out = steal_ptr(s);
	return 0;
}
