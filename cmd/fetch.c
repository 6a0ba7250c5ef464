#include "cmd/verbs.h"

struct fetch_verb {
	struct source_options source;
	bool json;
	const char *bundle;
};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "the same facts for machines",
		.offset = offsetof(struct fetch_verb, json)},
	{.name = "bundle",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "write the commit and its tree as a git bundle",
		.offset = offsetof(struct fetch_verb, bundle)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Source", source_option_table, offsetof(struct fetch_verb, source)},
	{0},
};

static struct json *file_to_json(const struct snapshot_file *f, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "path", json_string(a, f->path));
	json_set(a, j, "oid", json_string(a, f->oid));
	json_set(a, j, "size", json_i64(a, (int64_t)f->size));
	json_set(a, j, "executable", json_bool(a, f->executable));
	json_set(a, j, "symlink", json_bool(a, f->symlink));
	json_set(a, j, "lfs_pointer", json_bool(a, f->lfs_pointer));
	return j;
}

static struct json *snapshot_to_json(const struct snapshot *s, struct arena *a)
{
	const struct snapshot_identity *id = snapshot_identity(s);
	struct json *j = json_object(a);
	json_set(a, j, "url", json_string(a, id->url));
	json_set(a, j, "commit", json_string(a, id->commit));
	json_set(a, j, "tree", json_string(a, id->tree));
	json_set(a, j, "ref", id->ref.n > 0 ? json_string(a, id->ref) : json_null(a));
	json_set(a, j, "commit_time",
		json_string(a, time_rfc3339(a, id->commit_time * INT64_C(1000000000))));
	size_t n = 0;
	struct json *files = json_set(a, j, "files", json_array(a));
	const struct snapshot_file *f = snapshot_files(s, &n);
	for (size_t i = 0; i < n; i++)
		json_append(a, files, file_to_json(&f[i], a));
	struct json *modules = json_set(a, j, "submodules", json_array(a));
	const struct snapshot_submodule *m = snapshot_submodules(s, &n);
	for (size_t i = 0; i < n; i++) {
		struct json *one = json_append(a, modules, json_object(a));
		json_set(a, one, "path", json_string(a, m[i].path));
		json_set(a, one, "url", json_string(a, m[i].url));
		json_set(a, one, "commit", json_string(a, m[i].commit));
	}
	return j;
}

static void print_text(struct buf *out, const struct snapshot *s, struct arena *a)
{
	const struct snapshot_identity *id = snapshot_identity(s);
	buf_printf(out, "repository  %.*s\ncommit      %.*s\ntree        %.*s\n", STR_ARG(id->url),
		STR_ARG(id->commit), STR_ARG(id->tree));
	if (id->ref.n > 0)
		buf_printf(out, "ref         %.*s\n", STR_ARG(id->ref));
	buf_printf(out, "committed   %.*s\n",
		STR_ARG(time_rfc3339(a, id->commit_time * INT64_C(1000000000))));
	size_t n = 0;
	const struct snapshot_submodule *m = snapshot_submodules(s, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "submodule   %.*s at %.*s\n", STR_ARG(m[i].path),
			STR_ARG(m[i].commit));
	const struct snapshot_file *f = snapshot_files(s, &n);
	buf_printf(out, "files       %zu\n", n);
	for (size_t i = 0; i < n; i++) {
		const char *kind = f[i].symlink ? " (link)" : "";
		if (f[i].lfs_pointer)
			kind = " (git-LFS pointer: its content is not in the commit)";
		buf_printf(out, "  %.*s  %.*s%s\n", STR_ARG(f[i].oid), STR_ARG(f[i].path), kind);
	}
}

static int write_bundle(const struct snapshot *s, const char *path, struct error *err)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, (size_t)512 << 20);
	if (snapshot_bundle(s, &bytes, err) < 0)
		return -1;
	return file_replace(AT_FDCWD, path, buf_str(&bytes), 0644, err);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct fetch_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	struct source_options source = o->source;
	if (source.repo && !source.template_path)
		source.template_path = "";
	if (pipeline_source(&p, cli->args[0], &source, false, err) < 0)
		return -1;
	if (!p.snapshot)
		return error_set(err, ERROR_INPUT, "%s: not pinned: git+URL@COMMIT", cli->args[0]);
	if (o->bundle && write_bundle(p.snapshot, o->bundle, err) < 0)
		return -1;
	scoped(buf) out = {0};
	if (o->json) {
		json_write_pretty(&out, snapshot_to_json(p.snapshot, &p.arena));
		buf_add_byte(&out, '\n');
	} else {
		print_text(&out, p.snapshot, &p.arena);
	}
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_fetch = {
	.name = "fetch",
	.summary = "take a snapshot of a pinned commit and list it",
	.synopsis = "git+URL@COMMIT | --repo URL (--commit ID | --tag NAME | --branch NAME)",
	.description =
		"Fetches a commit and checks its tree: links that leave it, names that are\n"
		"unsafe or differ in case only, sizes. Prints the files with their object ids.",
	.examples = "  sealwright fetch git+https://github.com/example/images@COMMIT\n"
		    "  sealwright fetch --repo . --branch main --json",
	.groups = groups,
	.options_size = sizeof(struct fetch_verb),
	.run = run,
};
