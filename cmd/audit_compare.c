/* What was there before: a baseline that is kept, or the same files at another commit. */
#include "cmd/audit.h"

#define BASELINE_MAX ((size_t)64 << 20)

static int read_baseline(
	struct audit_compare *out, struct pipeline *p, const char *path, struct error *err)
{
	scoped(buf) text = {0};
	if (file_read(&text, AT_FDCWD, path, BASELINE_MAX, err) < 0)
		return error_wrap(err, "--baseline");
	out->given = true;
	return audit_baseline_parse(&out->known, &p->arena, buf_str(&text), str_from(path), err);
}

/* ---- Another commit ------------------------------------------------------------------------- */

static bool is_commit_id(const char *s)
{
	size_t n = strlen(s);
	return (n == 40 || n == 64) && strspn(s, "0123456789abcdef") == n;
}

/* A full commit id, else a branch, else a tag. Its template need not have been there then. */
static int open_commit(struct pipeline *then, const struct source_options *from, const char *name,
	struct error *err)
{
	struct source_options o = *from;
	o.template_path = ".";
	struct error first = {0};
	struct error second = {0};
	o.commit = is_commit_id(name) ? name : NULL;
	o.tag = NULL;
	o.branch = o.commit ? NULL : name;
	if (pipeline_source(then, NULL, &o, false, &first) == 0)
		return 0;
	o.branch = NULL;
	o.tag = name;
	if (!o.commit && pipeline_source(then, NULL, &o, false, &second) == 0)
		return 0;
	if (o.commit) {
		*err = first;
		return error_wrap(err, "--since");
	}
	return error_set(err, ERROR_INPUT,
		"--since %s: neither a full commit id nor a branch or tag of the repository; git "
		"rev-parse %s prints an id",
		name, name);
}

/* The repository and path that the pipeline's source came from. */
static int source_again(struct source_options *out, struct pipeline *p,
	const struct source_options *given, struct error *err)
{
	struct arena *a = &p->arena;
	*out = *given;
	out->allow_dirty = true;
	if (given->repo)
		return 0;
	if (p->snapshot) {
		out->repo = arena_cstr(a, snapshot_identity(p->snapshot)->url);
		return 0;
	}
	struct str git = arena_printf(a, "%.*s/.git", STR_ARG(p->root));
	if (access(git.p, F_OK) < 0)
		return error_set(
			err, ERROR_USAGE, "--since: %.*s is in no repository", STR_ARG(p->root));
	out->repo = arena_cstr(a, p->root);
	return 0;
}

static int options_again(
	struct template_options *out, struct pipeline *p, const struct template_options *given)
{
	*out = *given;
	out->var_files = (struct option_list){0};
	for (size_t i = 0; i < given->var_files.n; i++) {
		struct str place = pipeline_place_of(p, given->var_files.items[i]);
		list_push(&p->arena, &out->var_files) = arena_cstr(&p->arena, place);
	}
	return 0;
}

/* The same under the same policy; what a file lacked then is unknown. */
static int audit_then(struct audit_compare *out, struct pipeline *now, struct pipeline *then,
	const struct template_options *template, struct error *err)
{
	const struct audit_options options = {.now = clock_wall(now->cli->clock)};
	struct tree_entry entry = {0};
	if (tree_stat(then->tree, then->template_path, &entry, err) < 0)
		return -1;
	if (entry.kind == TREE_NONE)
		return error_set(
			err, ERROR_INPUT, "%.*s was not there", STR_ARG(then->template_path));
	if (pipeline_template(then, template, err) < 0 || pipeline_plans(then, err) < 0)
		return -1;
	const struct plan *const *plans = (const struct plan *const *)then->plans.items;
	if (audit_plans(&then->audit, plans, then->plans.n, now->policy, &options, err) < 0)
		return -1;
	audit_baseline_of(&out->known, &now->arena, then->audit);
	return 0;
}

/* Everything counts as new then, which errs on the safe side. */
static void note_unread(const struct pipeline *p, const char *since, const struct error *why)
{
	log_say(&p->cli->log, LOG_WARNING, "at %s nothing can be compared: %s", since, why->text);
	log_say(&p->cli->log, LOG_WARNING, "so that every finding counts as new");
}

static int compare_commit(struct audit_compare *out, struct pipeline *p, const struct audit_verb *o,
	struct error *err)
{
	struct cli quiet = *p->cli;
	struct source_options source = {0};
	struct template_options template = {0};
	struct error why = {0};
	quiet.log.level = LOG_QUIET;
	scoped(pipeline) then = {.cli = &quiet, .partial = true};
	if (source_again(&source, p, &o->source, err) < 0 ||
		options_again(&template, p, &o->template) < 0 ||
		open_commit(&then, &source, o->since, err) < 0)
		return -1;
	/* Built at one time, so that what hangs on the clock is the same. */
	then.now = p->now;
	then.template_path = p->template_path;
	out->given = true;
	out->locked = true;
	if (audit_then(out, p, &then, &template, &why) < 0)
		note_unread(p, o->since, &why);
	return 0;
}

int audit_compare_templates(struct audit_compare *out, struct pipeline *p,
	const struct audit_verb *o, struct error *err)
{
	if (o->baseline)
		return read_baseline(out, p, o->baseline, err);
	return o->since ? compare_commit(out, p, o, err) : 0;
}

/* ---- Scripts -------------------------------------------------------------------------------- */

/* A script is a file of the repository around it; opening its directory finds that. */
static int script_then(struct str *text, struct pipeline *then, struct pipeline *p,
	const struct audit_verb *o, const char *path, struct error *err)
{
	struct source_options source = {0};
	if (strcmp(path, "-") == 0)
		return error_set(err, ERROR_USAGE, "--since: standard input has no history");
	scoped(pipeline) here = {.cli = p->cli};
	if (pipeline_source(&here, path, &o->source, false, err) < 0 ||
		source_again(&source, &here, &o->source, err) < 0 ||
		open_commit(then, &source, o->since, err) < 0)
		return -1;
	struct tree_entry entry = {0};
	if (tree_stat(then->tree, here.template_path, &entry, err) < 0)
		return -1;
	if (entry.kind != TREE_FILE)
		return 0;
	return tree_read(then->tree, here.template_path, text, err);
}

int audit_compare_scripts(struct audit_compare *out, struct pipeline *p, const struct audit_verb *o,
	const char *path, struct error *err)
{
	struct cli quiet = *p->cli;
	struct str text = {0};
	if (o->baseline)
		return read_baseline(out, p, o->baseline, err);
	if (!o->since)
		return 0;
	quiet.log.level = LOG_QUIET;
	scoped(pipeline) then = {.cli = &quiet};
	const struct audit_options options = {.now = clock_wall(p->cli->clock)};
	if (script_then(&text, &then, p, o, path, err) < 0)
		return -1;
	out->given = true;
	out->locked = true;
	if (!text.p)
		return 0;
	if (audit_script(&then.audit, text, str_from(path), p->policy, &options, err) < 0)
		return -1;
	audit_baseline_of(&out->known, &p->arena, then.audit);
	return 0;
}
