#include "cmd/pipeline.h"

#include "base/process.h"
#include "builders/builders.h"
#include "cmd/data.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)

const struct option source_option_table[] = {
	{.name = "repo",
		.kind = OPTION_STRING,
		.arg = "URL",
		.help = "repository: https://, ssh://, file:// or a local path",
		.offset = offsetof(struct source_options, repo)},
	{.name = "commit",
		.kind = OPTION_STRING,
		.arg = "ID",
		.help = "full commit id (40 or 64 hex digits)",
		.offset = offsetof(struct source_options, commit)},
	{.name = "tag",
		.kind = OPTION_STRING,
		.arg = "NAME",
		.help = "take the commit that a tag names now, and record it",
		.offset = offsetof(struct source_options, tag)},
	{.name = "branch",
		.kind = OPTION_STRING,
		.arg = "NAME",
		.help = "take the commit that a branch names now, and record it",
		.offset = offsetof(struct source_options, branch)},
	{.name = "template",
		.kind = OPTION_STRING,
		.arg = "PATH",
		.help = "template inside the repository",
		.offset = offsetof(struct source_options, template_path)},
	{.name = "cache",
		.kind = OPTION_STRING,
		.arg = "DIR",
		.help = "where repositories and bases are kept",
		.offset = offsetof(struct source_options, cache)},
	{.name = "offline",
		.kind = OPTION_FLAG,
		.help = "use the cache only",
		.offset = offsetof(struct source_options, offline)},
	{.name = "allow-dirty",
		.kind = OPTION_FLAG,
		.help = "build the commit although the work tree differs",
		.offset = offsetof(struct source_options, allow_dirty)},
	{0},
};

static const char *const config_types[] = {"json", "hcl2", NULL};

const struct option template_option_table[] = {
	{.name = "var",
		.kind = OPTION_LIST,
		.arg = "NAME=VALUE",
		.help = "set a user variable; may be repeated",
		.offset = offsetof(struct template_options, vars)},
	{.name = "var-file",
		.kind = OPTION_LIST,
		.arg = "PATH",
		.help = "variables from a file of the repository; may be repeated",
		.offset = offsetof(struct template_options, var_files)},
	{.name = "data",
		.kind = OPTION_LIST,
		.arg = "TYPE.NAME=JSON",
		.help = "what a data source returns, an object; @FILE reads it; may be repeated",
		.offset = offsetof(struct template_options, data)},
	{.name = "config-type",
		.kind = OPTION_CHOICE,
		.arg = "TYPE",
		.help = "hcl2: a file of another name than *.pkr.hcl is HCL2 too",
		.choices = config_types,
		.offset = offsetof(struct template_options, config_type)},
	{.name = "cwd",
		.kind = OPTION_STRING,
		.arg = "PATH",
		.help = "directory of the repository where relative paths of the template start\n"
			"(Packer: where it is started); \".\" is its root",
		.offset = offsetof(struct template_options, cwd)},
	{.name = "only",
		.kind = OPTION_STRING,
		.arg = "NAMES",
		.help = "only these builds (comma-separated)",
		.offset = offsetof(struct template_options, only)},
	{.name = "except",
		.kind = OPTION_STRING,
		.arg = "NAMES",
		.help = "all builds and post-processors but these",
		.offset = offsetof(struct template_options, except)},
	{.name = "warn-on-undeclared-var",
		.kind = OPTION_FLAG,
		.help = "warn about variables of files that the template does not declare",
		.offset = offsetof(struct template_options, warn_undeclared)},
	{.name = "evaluate-datasources",
		.kind = OPTION_FLAG,
		.help = "ask data sources (http, git-*, amazon-*); what they return is recorded",
		.offset = offsetof(struct template_options, ask_data)},
	{.name = "as",
		.kind = OPTION_STRING,
		.arg = "BUILDER",
		.help = "rehearse with another builder: same steps, other machine",
		.offset = offsetof(struct template_options, as)},
	{.name = "base",
		.kind = OPTION_STRING,
		.arg = "BASE",
		.help = "what --as starts from: a tarball, a directory or a Debian suite",
		.offset = offsetof(struct template_options, base)},
	{.name = "base-checksum",
		.kind = OPTION_STRING,
		.arg = "sha256:HEX",
		.help = "checksum of a --base tarball",
		.offset = offsetof(struct template_options, base_checksum)},
	{0},
};

const struct option policy_option_table[] = {
	{.name = "policy",
		.kind = OPTION_LIST,
		.arg = "PATH",
		.help = "rule packs, profiles and waivers (file or directory); may be repeated",
		.offset = offsetof(struct policy_options_cli, policy)},
	{.name = "no-builtin-policy",
		.kind = OPTION_FLAG,
		.help = "leave out the packs that the program carries",
		.offset = offsetof(struct policy_options_cli, no_builtin)},
	{.name = "profile",
		.kind = OPTION_STRING,
		.arg = "NAME",
		.help = "profile to judge by (see sealwright policy profiles)",
		.offset = offsetof(struct policy_options_cli, profile)},
	{.name = "threshold",
		.kind = OPTION_STRING,
		.arg = "SEVERITY",
		.help = "fail at findings of this severity or above:\n"
			"info, low, medium, high or critical",
		.offset = offsetof(struct policy_options_cli, threshold)},
	{.name = "fail-on",
		.kind = OPTION_STRING,
		.arg = "SEVERITY",
		.help = "the same as --threshold",
		.offset = offsetof(struct policy_options_cli, threshold)},
	{.name = "waivers",
		.kind = OPTION_STRING,
		.arg = "PATH",
		.help = "waivers, a file of the repository",
		.offset = offsetof(struct policy_options_cli, waivers)},
	{0},
};

void pipeline_clear(struct pipeline *p)
{
	audit_free(p->audit);
	for (size_t i = 0; i < p->plans.n; i++)
		plan_free(p->plans.items[i]);
	policy_free(p->policy);
	template_free(p->template);
	tree_dir_free(p->directory);
	snapshot_free(p->snapshot);
	arena_clear(&p->arena);
	*p = (struct pipeline){0};
}

/* ---- Source ---------------------------------------------------------------------------------- */

static const char *cache_dir(const struct pipeline *p, const struct source_options *o)
{
	if (o->cache)
		return o->cache;
	return env_find(p->cli->environment, "SEALWRIGHT_CACHE");
}

/* Commands of the build host run in other directories, and are told of files in this one. */
static int make_absolute(struct pipeline *p, const char **path, struct error *err)
{
	if (**path == '/')
		return 0;
	autofree char *here = getcwd(NULL, 0);
	if (!here)
		return error_sys(err, "current directory");
	*path = arena_printf(&p->arena, "%s/%s", here, *path).p;
	return 0;
}

int pipeline_cache_dir(
	struct pipeline *p, const struct source_options *o, const char **out, struct error *err)
{
	*out = cache_dir(p, o);
	if (*out)
		return make_absolute(p, out, err);
	const char *cache = env_find(p->cli->environment, "XDG_CACHE_HOME");
	const char *home = env_find(p->cli->environment, "HOME");
	if (cache && *cache == '/')
		*out = arena_printf(&p->arena, "%s/sealwright", cache).p;
	else if (home && *home == '/')
		*out = arena_printf(&p->arena, "%s/.cache/sealwright", home).p;
	else
		return error_set(err, ERROR_USAGE,
			"no place for the cache: give --cache, or set SEALWRIGHT_CACHE or HOME");
	return 0;
}

static struct str or_empty(const char *s)
{
	return s ? str_from(s) : STR("");
}

/* As git, or curl, and OpenSSL are told of private authorities. */
static const char *ca_file(const struct pipeline *p, const char *variable)
{
	const char *file = env_find(p->cli->environment, variable);
	if (!file || !*file)
		file = env_find(p->cli->environment, "SSL_CERT_FILE");
	return file && *file ? file : NULL;
}

static int open_snapshot(struct pipeline *p, const struct fetch_source *source,
	const struct source_options *o, struct error *err)
{
	const struct fetch_options options = {
		.cache_dir = cache_dir(p, o),
		.offline = o->offline,
		.ca_file = ca_file(p, "GIT_SSL_CAINFO"),
		.log = &p->cli->log,
	};
	if (snapshot_fetch(&p->snapshot, source, &options, err) < 0)
		return -1;
	p->tree = snapshot_tree(p->snapshot);
	p->template_path = snapshot_identity(p->snapshot)->path;
	p->now = snapshot_identity(p->snapshot)->commit_time * SECOND;
	return 0;
}

/* A directory of this machine is named absolutely; anything else is a URL. */
static struct str repository_of(struct pipeline *p, const char *repo)
{
	struct stat st;
	char *absolute = stat(repo, &st) == 0 ? realpath(repo, NULL) : NULL;
	struct str s = arena_str(&p->arena, str_from(absolute ? absolute : repo));
	free(absolute);
	return s;
}

/* --repo with --commit, --tag or --branch, and --template. */
static int source_from_flags(struct fetch_source *out, struct pipeline *p,
	const struct source_options *o, struct error *err)
{
	if (!o->template_path)
		return error_set(err, ERROR_USAGE, "--repo needs --template PATH");
	*out = (struct fetch_source){
		.url = repository_of(p, o->repo),
		.commit = or_empty(o->commit),
		.tag = or_empty(o->tag),
		.branch = or_empty(o->branch),
		.path = str_is(str_from(o->template_path), ".") ? STR("")
								: str_from(o->template_path),
	};
	return 0;
}

static bool is_plain_path(struct str url)
{
	return !str_contains(url, STR("://")) &&
		(str_find_byte(url, ':') == STR_NPOS || url.p[0] == '/' || url.p[0] == '.');
}

/* The repository around a directory, or else that directory. */
static struct str repository_around(struct arena *a, struct str directory)
{
	for (struct str dir = directory; dir.n > 0; dir = path_dir(dir)) {
		struct str git = arena_printf(a, "%.*s/.git", STR_ARG(dir));
		if (access(git.p, F_OK) == 0)
			return dir;
	}
	return directory;
}

/* A template of this machine: a file, or a directory of HCL2 files. */
static int open_directory(struct pipeline *p, const char *path, struct error *err)
{
	scoped(arena) scratch = {0};
	struct stat st;
	char *absolute = realpath(path, NULL);
	if (!absolute)
		return error_sys(err, "%s", path);
	struct str full = arena_str(&p->arena, str_from(absolute));
	free(absolute);
	bool directory = stat(full.p, &st) == 0 && S_ISDIR(st.st_mode);
	struct str root = repository_around(&scratch, directory ? full : path_dir(full));
	p->template_path = str_from_index(full, root.n < full.n ? root.n + 1 : root.n);
	if (tree_dir_open(&p->directory, arena_cstr(&scratch, root), err) < 0)
		return -1;
	p->root = arena_str(&p->arena, root);
	p->tree = tree_dir_tree(p->directory);
	p->now = clock_wall(p->cli->clock) / SECOND * SECOND;
	return 0;
}

int pipeline_source(struct pipeline *p, const char *source, const struct source_options *o,
	bool pinned, struct error *err)
{
	struct fetch_source from = {0};
	if (source && o->repo)
		return error_set(err, ERROR_USAGE, "either SOURCE or --repo, not both");
	if (!source && !o->repo)
		return error_set(err, ERROR_USAGE,
			"no source: git+URL@COMMIT#path/to/template, or --repo with --commit and "
			"--template");
	if (o->repo) {
		if (source_from_flags(&from, p, o, err) < 0)
			return -1;
		if (pinned && !o->allow_dirty && is_plain_path(from.url) &&
			fetch_check_work_tree(from.url, path_dir(from.path), err) < 0)
			return -1;
		return open_snapshot(p, &from, o, err);
	}
	if (str_has_prefix(str_from(source), STR("git+"))) {
		if (fetch_source_parse(&from, str_from(source), err) < 0)
			return -1;
		return open_snapshot(p, &from, o, err);
	}
	if (pinned)
		return error_set(err, ERROR_INPUT,
			"%s: not pinned: a build takes git+URL@COMMIT#path, or --repo, --commit and "
			"--template",
			source);
	return open_directory(p, source, err);
}

/* ---- Template -------------------------------------------------------------------------------- */

struct str pipeline_place_of(struct pipeline *p, const char *path)
{
	struct str given = str_from(path);
	char *absolute = p->directory ? realpath(path, NULL) : NULL;
	if (!absolute)
		return given;
	struct str full = arena_str(&p->arena, str_from(absolute));
	free(absolute);
	bool inside =
		str_has_prefix(full, p->root) && full.n > p->root.n + 1 && full.p[p->root.n] == '/';
	return inside ? str_from_index(full, p->root.n + 1) : given;
}

static int split_vars(struct template_input *in, struct pipeline *p,
	const struct template_options *o, struct error *err)
{
	struct template_var *vars = arena_array(&p->arena, struct template_var, o->vars.n);
	for (size_t i = 0; i < o->vars.n; i++) {
		struct str text = str_from(o->vars.items[i]);
		size_t equals = str_find_byte(text, '=');
		if (equals == STR_NPOS || equals == 0)
			return error_set(err, ERROR_USAGE, "--var takes NAME=VALUE, not \"%s\"",
				o->vars.items[i]);
		vars[i].name = str_sub(text, 0, equals);
		vars[i].value = str_from_index(text, equals + 1);
	}
	struct str *files = arena_array(&p->arena, struct str, o->var_files.n);
	for (size_t i = 0; i < o->var_files.n; i++)
		files[i] = pipeline_place_of(p, o->var_files.items[i]);
	in->vars = vars;
	in->var_count = o->vars.n;
	in->var_files = files;
	in->var_file_count = o->var_files.n;
	return 0;
}

/* "@FILE" stands for what a file of this machine holds. */
static int read_data(struct pipeline *p, struct template_data *d, struct error *err)
{
	const size_t max = (size_t)8 << 20;
	scoped(buf) text = {0};
	if (!str_has_prefix(d->value, STR("@")))
		return 0;
	if (file_read(&text, AT_FDCWD, d->value.p + 1, max, err) < 0)
		return error_wrap(err, "--data %.*s", STR_ARG(d->name));
	d->value = arena_str(&p->arena, buf_str(&text));
	return 0;
}

static int split_data(struct template_input *in, struct pipeline *p,
	const struct template_options *o, struct error *err)
{
	struct template_data *data = arena_array(&p->arena, struct template_data, o->data.n);
	for (size_t i = 0; i < o->data.n; i++) {
		data[i].value = str_from(o->data.items[i]);
		if (!str_cut(&data[i].value, '=', &data[i].name) || data[i].value.n == 0)
			return error_set(err, ERROR_USAGE,
				"--data takes TYPE.NAME=JSON or TYPE.NAME=@FILE, not \"%s\"",
				o->data.items[i]);
		if (read_data(p, &data[i], err) < 0)
			return -1;
	}
	in->data = data;
	in->data_count = o->data.n;
	return 0;
}

static int find_cwd(struct template_input *in, const struct template_options *o, struct error *err)
{
	struct tree_entry entry = {0};
	in->has_cwd = o->cwd != NULL;
	in->cwd = or_empty(o->cwd);
	if (str_is(in->cwd, "."))
		in->cwd = STR("");
	if (in->cwd.n == 0)
		return 0;
	if (!path_is_clean(in->cwd))
		return error_set(err, ERROR_USAGE,
			"--cwd %s: not a path of the repository, such as images/web", o->cwd);
	if (tree_stat(in->tree, in->cwd, &entry, err) < 0)
		return -1;
	if (entry.kind != TREE_DIR)
		return error_set(
			err, ERROR_INPUT, "--cwd %s: no such directory in the repository", o->cwd);
	return 0;
}

static struct conf *conf_string(struct arena *a, struct str s)
{
	struct conf *c = arena_new(a, struct conf);
	c->type = CONF_STRING;
	c->origin.file = STR("--base");
	c->text = text_from(a, s);
	return c;
}

static void conf_set(struct arena *a, struct conf *object, const char *key, struct str value)
{
	list_push(a, &object->object) =
		(struct conf_member){.key = str_from(key), .value = conf_string(a, value)};
}

static bool is_path(const char *base)
{
	return strchr(base, '/') || strchr(base, '.');
}

/* A file or directory of this machine by its full name; else a file of the commit, or a suite. */
static int name_base(struct pipeline *p, const char **out, const char *base, struct error *err)
{
	*out = base;
	autofree char *full = is_path(base) ? realpath(base, NULL) : NULL;
	if (full)
		*out = arena_cstr(&p->arena, str_from(full));
	else if (*base == '.' || *base == '/')
		return error_sys(err, "--base %s", base);
	return 0;
}

/* The other builder's configuration, made of the flags. */
static struct conf *rehearsal_config(struct pipeline *p, const char *base, const char *checksum)
{
	struct conf *c = arena_new(&p->arena, struct conf);
	c->type = CONF_OBJECT;
	c->origin.file = STR("--base");
	conf_set(&p->arena, c, is_path(base) ? "base" : "suite", str_from(base));
	if (checksum)
		conf_set(&p->arena, c, "base_checksum", str_from(checksum));
	return c;
}

/* Same steps, other machine. */
static int rehearse(struct pipeline *p, const char *as, const char *base, const char *checksum,
	struct error *err)
{
	const struct builder *b = builder_find(str_from(as));
	if (!b || !(b->flags & BUILDER_REHEARSE))
		return error_set(err, ERROR_USAGE,
			"--as %s: not a builder that can rehearse others; rootfs is", as);
	const struct conf *config = rehearsal_config(p, base, checksum);
	for (size_t i = 0; i < p->template->builds.n; i++) {
		p->template->builds.items[i].other_type = str_from(as);
		p->template->builds.items[i].other_config = config;
	}
	return 0;
}

static struct json *variables_to_json(const struct template *t, struct arena *a)
{
	struct json *j = json_object(a);
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = &t->variables.items[i];
		struct json *value = text_to_json(&v->value, a);
		if (v->expression) {
			struct json *typed = json_object(a);
			json_set(a, typed, "hcl", value);
			value = typed;
		}
		json_set_str(a, j, v->name, value);
	}
	return j;
}

/* What data sources returned, as bytes, so that it reads back the same. */
static struct json *data_to_json(const struct template *t, struct arena *a)
{
	struct json *j = json_object(a);
	for (size_t i = 0; i < t->data.n; i++) {
		if (t->data.items[i].value.n > 0)
			json_set_str(a, j, t->data.items[i].name,
				json_string(a, t->data.items[i].value));
	}
	return j;
}

static struct json *files_named(const struct template_input *in, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < in->var_file_count; i++)
		json_append(a, j, json_string(a, in->var_files[i]));
	return j;
}

static int load(struct pipeline *p, const struct template_input *in, struct error *err)
{
	int status = template_load(&p->template, in, err);
	if (p->template && p->template->diags.n > 0) {
		if (pipeline_report(p, err) < 0)
			return -1;
	}
	if (status < 0)
		return -1;
	p->parameters = json_object(&p->arena);
	json_set(&p->arena, p->parameters, "variables", variables_to_json(p->template, &p->arena));
	struct json *data = data_to_json(p->template, &p->arena);
	if (data->object.n > 0)
		json_set(&p->arena, p->parameters, "data", data);
	if (in->var_file_count > 0)
		json_set(&p->arena, p->parameters, "variableFiles", files_named(in, &p->arena));
	if (in->has_cwd)
		json_set(&p->arena, p->parameters, "cwd", json_string(&p->arena, in->cwd));
	if (in->hcl2)
		json_set(&p->arena, p->parameters, "configType", json_cstr(&p->arena, "hcl2"));
	if (in->except.n > 0)
		json_set(&p->arena, p->parameters, "except", json_string(&p->arena, in->except));
	json_set(&p->arena, p->parameters, "now",
		json_string(&p->arena, time_rfc3339_nano(&p->arena, p->now)));
	return 0;
}

/* Without a path, the files at the top of the repository are the template. */
static bool has_hcl2(const struct tree *tree)
{
	scoped(arena) a = {0};
	struct str_list names = {0};
	struct error ignored = {0};
	if (tree_list(tree, STR(""), &a, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		if (str_has_suffix(names.items[i], STR(".pkr.hcl")) ||
			str_has_suffix(names.items[i], STR(".pkr.json")))
			return true;
	}
	return false;
}

static void ask_data(struct template_input *in, struct data_context *d, const struct pipeline *p)
{
	struct tree_entry entry = {0};
	struct error ignored = {0};
	bool directory = p->template_path.n == 0 ||
		(tree_stat(p->tree, p->template_path, &entry, &ignored) == 0 &&
			entry.kind == TREE_DIR);
	*d = (struct data_context){
		.log = &p->cli->log,
		.ca_file = ca_file(p, "CURL_CA_BUNDLE"),
		.environment = p->cli->environment,
		.clock = p->cli->clock,
		.snapshot = p->snapshot,
		.root = p->root,
		.start = directory ? p->template_path : path_dir(p->template_path),
	};
	if (in->has_cwd)
		d->start = in->cwd;
	in->resolve = data_resolve;
	in->resolve_ctx = d;
}

int pipeline_template(struct pipeline *p, const struct template_options *o, struct error *err)
{
	struct template_input in = {
		.tree = p->tree,
		.path = p->template_path,
		.hcl2 = o->config_type && strcmp(o->config_type, "hcl2") == 0,
		.environment = p->cli->environment,
		.now = p->now,
		.only = or_empty(o->only),
		.except = or_empty(o->except),
		.warn_undeclared = o->warn_undeclared,
		.declared_only = o->declared_only,
		.every_component = o->every_component,
		.console = o->console,
		.console_ctx = o->console_ctx,
		.guess_sensitive = true,
	};
	struct data_context asked = {0};
	if (p->template_path.n == 0 && !has_hcl2(p->tree))
		return error_set(err, ERROR_INPUT,
			"no template: git+URL@COMMIT#path/to/template, or --template");
	if (split_vars(&in, p, o, err) < 0 || split_data(&in, p, o, err) < 0 ||
		find_cwd(&in, o, err) < 0)
		return -1;
	if (o->ask_data)
		ask_data(&in, &asked, p);
	if (load(p, &in, err) < 0)
		return -1;
	const char *base = NULL;
	if (!o->as && (o->base || o->base_checksum))
		return error_set(err, ERROR_USAGE, "--base goes with --as rootfs");
	if (!o->as)
		return 0;
	if (!o->base)
		return error_set(err, ERROR_USAGE, "--as needs --base");
	if (name_base(p, &base, o->base, err) < 0 ||
		rehearse(p, o->as, base, o->base_checksum, err) < 0)
		return -1;
	struct json *as = json_object(&p->arena);
	json_set(&p->arena, as, "builder", json_cstr(&p->arena, o->as));
	json_set(&p->arena, as, "base", json_cstr(&p->arena, base));
	if (o->base_checksum)
		json_set(&p->arena, as, "checksum", json_cstr(&p->arena, o->base_checksum));
	json_set(&p->arena, p->parameters, "as", as);
	return 0;
}

int pipeline_check_builders(struct pipeline *p, struct error *err)
{
	/* What is wrong is in the messages; pipeline_report counts them. */
	for (size_t i = 0; i < p->template->builds.n; i++) {
		const struct template_build *b = &p->template->builds.items[i];
		(void)!post_processors_check(b, &p->diags, &p->arena);
		if (!b->other_config)
			(void)!builder_check(b->config, b->type, &p->diags, &p->arena);
		else if (i == 0)
			(void)!builder_check(b->other_config, b->other_type, &p->diags, &p->arena);
	}
	return pipeline_report(p, err);
}

int pipeline_plans(struct pipeline *p, struct error *err)
{
	struct error first = {0};
	for (size_t i = 0; i < p->template->builds.n; i++) {
		struct plan *plan = NULL;
		struct error why = {0};
		p->template->builds.items[i].paths.partial = p->partial;
		if (plan_make(&plan, &p->template->builds.items[i], p->tree, &p->diags, &p->arena,
			    &why) == 0)
			list_push(&p->arena, &p->plans) = plan;
		else if (first.code == ERROR_NONE)
			first = why;
	}
	if (pipeline_report(p, err) < 0)
		return -1;
	if (first.code != ERROR_NONE) {
		*err = first;
		return -1;
	}
	return 0;
}

int pipeline_replay_template(struct pipeline *p, const struct template_input *in,
	const struct json *as, struct error *err)
{
	p->now = in->now;
	if (load(p, in, err) < 0)
		return -1;
	if (as) {
		struct str builder = {0};
		struct str base = {0};
		struct str checksum = json_str_or(as, "checksum", STR(""));
		if (json_get_str(as, "builder", &builder, "as", err) < 0 ||
			json_get_str(as, "base", &base, "as", err) < 0)
			return -1;
		if (rehearse(p, arena_cstr(&p->arena, builder), arena_cstr(&p->arena, base),
			    checksum.n > 0 ? arena_cstr(&p->arena, checksum) : NULL, err) < 0)
			return -1;
	}
	return pipeline_plans(p, err);
}

static void report_list(struct pipeline *p, struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *m = &d->items[i];
		struct str place = origin_str(&p->arena, &m->origin);
		log_say(&p->cli->log, m->severity == DIAG_ERROR ? LOG_ERROR : LOG_WARNING,
			"%.*s: %s: %.*s", STR_ARG(place),
			m->severity == DIAG_ERROR ? "error" : "warning", STR_ARG(m->text));
		if (m->hint.n > 0)
			log_say(&p->cli->log, LOG_INFO, "  %.*s", STR_ARG(m->hint));
	}
}

/* What was shown once is not shown again. */
int pipeline_report(struct pipeline *p, struct error *err)
{
	size_t errors = p->diags.errors;
	report_list(p, &p->diags);
	p->diags = (struct diags){0};
	if (p->template) {
		errors += p->template->diags.errors;
		report_list(p, &p->template->diags);
		p->template->diags.n = 0;
		p->template->diags.errors = 0;
	}
	if (errors == 0)
		return 0;
	struct str name = p->template_path.n > 0 ? p->template_path : STR("the template");
	return error_set(err, ERROR_INPUT, "%.*s: %zu error%s", STR_ARG(name), errors,
		errors == 1 ? "" : "s");
}

/* ---- Audit ----------------------------------------------------------------------------------- */

int pipeline_audit(struct pipeline *p, const struct policy_options_cli *o, struct error *err)
{
	p->audited = clock_wall(p->cli->clock) / SECOND * SECOND;
	struct audit_options options = {
		.now = p->audited,
		.source = pipeline_text_of,
		.ctx = p,
		.baseline = p->baseline,
		.baseline_locked = p->baseline_locked,
		.unpinned = pipeline_is_unpinned(p),
	};
	if (o->threshold && !severity_parse(str_from(o->threshold), &options.threshold))
		return error_set(err, ERROR_USAGE,
			"--threshold takes info, low, medium, high or critical, not \"%s\"",
			o->threshold);
	const struct plan *const *plans = (const struct plan *const *)p->plans.items;
	return audit_plans(&p->audit, plans, p->plans.n, p->policy, &options, err);
}

int pipeline_findings(struct pipeline *p, const struct plan *plan, struct audit **out,
	struct buf *sarif, struct error *err)
{
	const struct audit_options options = {
		.threshold = p->audit->threshold,
		.now = p->audited,
		.source = pipeline_text_of,
		.ctx = p,
	};
	scoped_ptr(audit) audit = NULL;
	if (audit_plans(&audit, &plan, 1, p->policy, &options, err) < 0)
		return -1;
	const struct audit_print print = {
		.format = AUDIT_SARIF,
		.source = pipeline_text_of,
		.ctx = p,
	};
	if (audit_write(sarif, audit, &print, err) < 0)
		return -1;
	*out = steal_ptr(audit);
	return 0;
}

bool pipeline_is_unpinned(const struct pipeline *p)
{
	return p->directory != NULL;
}

void pipeline_mark_unpinned(const struct pipeline *p, struct buf *out)
{
	if (pipeline_is_unpinned(p))
		buf_add(out,
			STR("unpinned: files as they lie; a build takes them from a commit\n"));
}

bool pipeline_text_of(void *ctx, struct str file, struct str *text)
{
	struct pipeline *p = ctx;
	struct error ignored = {0};
	return p->tree && path_is_clean(file) && tree_read(p->tree, file, text, &ignored) == 0;
}
