/*
 * What the plugin "git" tells of a repository, told of the template's own: of its pinned commit, or
 * of HEAD where files are read as they lie.
 */
#include "cmd/data_type.h"

#define SECOND INT64_C(1000000000)

struct git_config {
	struct str path;
	struct str commit_ish;
};

static const struct conf_field repository_fields[] = {
	{"path", CONF_KIND_STR, offsetof(struct git_config, path), 0, NULL},
	{0},
};

static const struct conf_field commit_fields[] = {
	{"path", CONF_KIND_STR, offsetof(struct git_config, path), 0, NULL},
	{"commit_ish", CONF_KIND_STR, offsetof(struct git_config, commit_ish), 0, NULL},
	{0},
};

static struct str path_of(const struct git_config *c)
{
	return c->path.n > 0 ? c->path : STR(".");
}

/* NULL, and why is told, when it is not the template's repository. */
static int open_history(struct history **out, const struct data_request *q, struct error *err)
{
	const struct data_context *d = q->context;
	struct str path = path_of(q->config);
	struct str place = {0};
	bool found = false;
	if (!path_join(q->arena, d->start, path, &place))
		return data_leave(
			q, "\"%.*s\" leads out of the repository of the template", STR_ARG(path));
	if (d->snapshot) {
		*out = history_of_snapshot(d->snapshot, place);
		return 0;
	}
	if (history_of_directory(out, d->root, place, &found, err) < 0)
		return -1;
	if (!found)
		return data_leave(q, "the template is in no repository");
	return 0;
}

static struct json *list_to_json(const struct str_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, j, json_string(a, list->items[i]));
	return j;
}

static int ask_repository(struct json **out, const struct data_request *q, struct error *err)
{
	struct arena *a = q->arena;
	scoped_ptr(history) h = NULL;
	struct history_names names = {0};
	if (open_history(&h, q, err) < 0)
		return -1;
	if (!h)
		return 0;
	if (history_names(h, &names, a, err) < 0)
		return -1;
	*out = json_object(a);
	json_set(a, *out, "head", json_string(a, names.head));
	json_set(a, *out, "branches", list_to_json(&names.branches, a));
	json_set(a, *out, "tags", list_to_json(&names.tags, a));
	json_set(a, *out, "is_clean", json_bool(a, history_is_clean(h)));
	return 0;
}

/* Of `h` and `commit`, what is not known stays empty. */
static int open_commit(struct history **h, struct history_commit *commit,
	const struct data_request *q, struct error *err)
{
	const struct git_config *c = q->config;
	struct str revision = c->commit_ish.n > 0 ? c->commit_ish : STR("HEAD");
	if (open_history(h, q, err) < 0)
		return -1;
	if (!*h)
		return 0;
	if (history_commit(*h, commit, revision, q->arena, err) < 0)
		return -1;
	if (commit->id.n > 0)
		return 0;
	return data_leave(q,
		"the repository of the template has no commit \"%.*s\" that names, ids, ~ and ^ lead to",
		STR_ARG(revision));
}

static int ask_commit(struct json **out, const struct data_request *q, struct error *err)
{
	struct arena *a = q->arena;
	scoped_ptr(history) h = NULL;
	struct history_commit commit = {0};
	if (open_commit(&h, &commit, q, err) < 0)
		return -1;
	if (commit.id.n == 0)
		return 0;
	*out = json_object(a);
	json_set(a, *out, "hash", json_string(a, commit.id));
	json_set(a, *out, "branches", list_to_json(&commit.branches, a));
	json_set(a, *out, "author", json_string(a, commit.author));
	json_set(a, *out, "committer", json_string(a, commit.committer));
	json_set(a, *out, "timestamp", json_string(a, time_rfc3339(a, commit.time * SECOND)));
	json_set(a, *out, "pgp_signature", json_string(a, commit.signature));
	json_set(a, *out, "message", json_string(a, commit.message));
	json_set(a, *out, "tree_hash", json_string(a, commit.tree));
	json_set(a, *out, "parent_hashes", list_to_json(&commit.parents, a));
	return 0;
}

/* The plugin's "hash" is that of the commit. */
static int ask_tree(struct json **out, const struct data_request *q, struct error *err)
{
	struct arena *a = q->arena;
	scoped_ptr(history) h = NULL;
	struct history_commit commit = {0};
	struct str_list files = {0};
	if (open_commit(&h, &commit, q, err) < 0)
		return -1;
	if (commit.id.n == 0)
		return 0;
	if (history_files(h, &files, &commit, a, err) < 0)
		return -1;
	*out = json_object(a);
	json_set(a, *out, "hash", json_string(a, commit.id));
	json_set(a, *out, "files", list_to_json(&files, a));
	return 0;
}

const struct data_type data_git_repository = {
	.name = "git-repository",
	.fields = repository_fields,
	.size = sizeof(struct git_config),
	.ask = ask_repository,
};

const struct data_type data_git_commit = {
	.name = "git-commit",
	.fields = commit_fields,
	.size = sizeof(struct git_config),
	.ask = ask_commit,
};

const struct data_type data_git_tree = {
	.name = "git-tree",
	.fields = commit_fields,
	.size = sizeof(struct git_config),
	.ask = ask_tree,
};
