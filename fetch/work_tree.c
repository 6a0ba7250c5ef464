#include "fetch/snapshot.h"

/* The first changed file below a directory. */
struct search {
	struct arena *arena;
	struct str below;
	struct str found;
	bool untracked;
};

static bool is_below(struct str path, struct str dir)
{
	if (dir.n == 0)
		return true;
	return str_has_prefix(path, dir) && (path.n == dir.n || path.p[dir.n] == '/');
}

static int look(const char *path, unsigned flags, void *payload)
{
	struct search *s = payload;
	if (s->found.n > 0 || flags == GIT_STATUS_CURRENT || (flags & GIT_STATUS_IGNORED))
		return 0;
	if (!is_below(str_from(path), s->below))
		return 0;
	s->found = arena_str(s->arena, str_from(path));
	s->untracked = (flags & GIT_STATUS_WT_NEW) != 0;
	return 0;
}

int fetch_check_work_tree(struct str repository, struct str path, struct error *err)
{
	scoped(arena) a = {0};
	struct search search = {.arena = &a, .below = path};
	git_repository *r = NULL;
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	int status = git_repository_open(&r, arena_cstr(&a, repository));
	if (status < 0)
		git_fail(err, ERROR_INPUT, arena_cstr(&a, repository));
	if (status == 0 && !git_repository_is_bare(r)) {
		git_status_options options = GIT_STATUS_OPTIONS_INIT;
		options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED |
			GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS | GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
		status = git_status_foreach_ext(r, &options, look, &search);
		if (status < 0)
			git_fail(err, ERROR_SYSTEM, "status of the work tree");
	}
	git_repository_free(r);
	if (status == 0 && search.found.n > 0)
		status = error_set(err, ERROR_INPUT,
			"%.*s is %s in the work tree, but a build takes what the commit holds: "
			"commit it first, or name the repository as file://...",
			STR_ARG(search.found), search.untracked ? "not committed" : "changed");
	git_libgit2_shutdown();
	return status < 0 ? -1 : 0;
}
