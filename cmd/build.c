#include "cmd/build.h"

#include "cmd/keys.h"
#include "cmd/verbs.h"

#define DEFAULT_BUILDER_ID "urn:x-sealwright:builder:local"

static const char *const on_error_choices[] = {
	"cleanup", "abort", "ask", "run-cleanup-provisioner", NULL};

static const struct option own[] = {
	{.name = "key",
		.letter = 'k',
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "private key that signs the evidence",
		.offset = offsetof(struct build_verb, key)},
	{.name = "password-file",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "password of the key (else SEALWRIGHT_PASSWORD or the terminal)",
		.offset = offsetof(struct build_verb, password_file)},
	{.name = "unsigned",
		.kind = OPTION_FLAG,
		.help = "build without evidence; nobody can verify the image",
		.offset = offsetof(struct build_verb, unsigned_build)},
	{.name = "out",
		.letter = 'o',
		.kind = OPTION_STRING,
		.arg = "DIR",
		.help = "images go to DIR/BUILD/, evidence to DIR/BUILD.evidence\n(default: out)",
		.offset = offsetof(struct build_verb, out)},
	{.name = "force",
		.kind = OPTION_FLAG,
		.help = "replace what an earlier build made",
		.offset = offsetof(struct build_verb, force)},
	{.name = "on-error",
		.kind = OPTION_CHOICE,
		.arg = "WHAT",
		.help = "what to do when a step fails (default: cleanup)",
		.choices = on_error_choices,
		.offset = offsetof(struct build_verb, on_error)},
	{.name = "parallel-builds",
		.kind = OPTION_STRING,
		.arg = "N",
		.help = "how many builds run side by side (0, the default: all)",
		.offset = offsetof(struct build_verb, parallel)},
	{.name = "trace",
		.kind = OPTION_STRING,
		.arg = "BACKEND",
		.help = "how processes are watched (default: the best that works)",
		.offset = offsetof(struct build_verb, trace)},
	{.name = "ssh-known-hosts",
		.kind = OPTION_STRING,
		.arg = "FILE",
		.help = "keys that machines must have, as for ssh(1); without it a key is\n"
			"taken as found, and recorded",
		.offset = offsetof(struct build_verb, known_hosts)},
	{.name = "builder-id",
		.kind = OPTION_STRING,
		.arg = "URI",
		.help = "names the running service in the provenance\n"
			"(default: " DEFAULT_BUILDER_ID ")",
		.offset = offsetof(struct build_verb, builder_id)},
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "events as JSON lines on stdout",
		.offset = offsetof(struct build_verb, json)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Policy", policy_option_table, offsetof(struct build_verb, policy)},
	{"Template", template_option_table, offsetof(struct build_verb, template)},
	{"Source", source_option_table, offsetof(struct build_verb, source)},
	{0},
};

/* Everything that can be refused is refused before anything is made. */
static int check_buildable(const struct pipeline *p, struct error *err)
{
	for (size_t i = 0; i < p->plans.n; i++) {
		const struct plan *plan = p->plans.items[i];
		const struct builder *b = builder_find(plan->builder);
		if (b && b->start)
			continue;
		return error_at(err, &plan->origin,
			"build %.*s: builder \"%.*s\" is %s; leave it out with --except=%.*s, or "
			"rehearse with --as rootfs",
			STR_ARG(plan->build), STR_ARG(plan->builder),
			b ? "planned and audited, but cannot be built yet" : "not known",
			STR_ARG(plan->build));
	}
	for (size_t i = 0; i < p->plans.n; i++) {
		if (builder_check_plan(p->plans.items[i], err) != 0)
			return -1;
	}
	return p->plans.n > 0 ? 0 : error_set(err, ERROR_INPUT, "no build is left to do");
}

/* The audit's verdict; findings are shown on stderr when it passed, on stdout when not. */
static int judge(struct build_run *run, struct error *err)
{
	struct pipeline *p = run->pipeline;
	bool passed = p->audit->verdict == VERDICT_PASS;
	struct audit_print how = {
		.format = run->options->json ? AUDIT_JSON : AUDIT_TEXT,
		.colour = passed ? p->cli->log.colour : p->cli->colour,
		.source = pipeline_text_of,
		.ctx = p,
	};
	scoped(buf) out = {0};
	if (audit_write(&out, p->audit, &how, err) < 0)
		return -1;
	if (run->options->json) {
		struct json *findings = NULL;
		if (json_parse(&findings, &run->arena, buf_str(&out), STR("audit"), NULL, err) < 0)
			return -1;
		struct json *members = json_object(&run->arena);
		json_set(&run->arena, members, "audit", findings);
		build_event(run, "audit", NULL, members);
	} else if (file_write_fd(passed ? STDERR_FILENO : STDOUT_FILENO, buf_str(&out), err) < 0) {
		return -1;
	}
	return passed ? EXIT_YES : EXIT_NO;
}

/* A build's name as a file name: what is neither letter, digit nor one of "._-" becomes "_". */
static const char *file_name(struct arena *a, struct str name)
{
	char *p = arena_cstr(a, name);
	for (size_t i = 0; i < name.n; i++) {
		bool plain = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
			(p[i] >= '0' && p[i] <= '9') || p[i] == '-' || p[i] == '_' ||
			(p[i] == '.' && i > 0);
		if (!plain)
			p[i] = '_';
	}
	return p;
}

/* Two names may be one as names of files. */
static int check_places(const struct jobs *jobs, struct error *err)
{
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *x = &jobs->items[i];
		for (size_t k = 0; k < jobs->n; k++) {
			const struct job *y = &jobs->items[k];
			if (i == k ||
				(strcmp(x->output_dir, y->output_dir) != 0 &&
					strcmp(x->output_dir, y->manifest) != 0 &&
					strcmp(x->output_dir, y->evidence) != 0))
				continue;
			return error_at(err, &x->plan->origin,
				"builds \"%.*s\" and \"%.*s\" would both write %s; build them "
				"one by one with --only and --out",
				STR_ARG(x->plan->build), STR_ARG(y->plan->build), x->output_dir);
		}
	}
	return 0;
}

static void name_places(struct job *job, const struct build_run *run, struct arena *a)
{
	const char *out = run->options->out ? run->options->out : "out";
	job->name = file_name(a, job->plan->build);
	job->output_dir = arena_printf(a, "%s/%s", out, job->name).p;
	job->manifest = arena_printf(a, "%s/%s.manifest.jsonl", out, job->name).p;
	job->evidence = arena_printf(a, "%s/%s.evidence", out, job->name).p;
	job->work_dir = arena_printf(a, "%s/work", run->cache_dir).p;
}

static int clear_places(const struct build_run *run, const struct job *job, struct error *err)
{
	if (run->options->force) {
		(void)unlink(job->manifest);
		(void)unlink(job->evidence);
	} else if (access(job->manifest, F_OK) == 0 || access(job->evidence, F_OK) == 0) {
		return error_set(err, ERROR_INPUT,
			"an earlier build left %s or its manifest; --force replaces them",
			job->evidence);
	}
	return 0;
}

static int prepare_jobs(struct build_run *run, struct error *err)
{
	static const enum log_colour tints[] = {
		LOG_GREEN, LOG_CYAN, LOG_MAGENTA, LOG_YELLOW, LOG_BLUE};
	struct pipeline *p = run->pipeline;
	struct arena *a = &run->arena;
	run->jobs.items = arena_array(a, struct job, p->plans.n);
	run->jobs.n = p->plans.n;
	for (size_t i = 0; i < p->plans.n; i++) {
		struct job *job = &run->jobs.items[i];
		job->plan = p->plans.items[i];
		name_places(job, run, a);
		job->log = p->cli->log;
		job->log.tint = tints[i % countof(tints)];
		job->gate_fd = job->result_fd = job->log_fd = -1;
	}
	if (check_places(&run->jobs, err) < 0 || build_run_id(run->id, err) < 0)
		return -1;
	if (dir_make(AT_FDCWD, run->options->out ? run->options->out : "out", err) < 0)
		return -1;
	for (size_t i = 0; i < run->jobs.n; i++) {
		if (clear_places(run, &run->jobs.items[i], err) < 0)
			return -1;
	}
	return dir_make(AT_FDCWD, arena_printf(a, "%s/work", run->cache_dir).p, err);
}

static bool is_removed(const struct artifact_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		if (!files->items[i].removed)
			return false;
	}
	return files->n > 0;
}

static void print_files(struct buf *out, const struct job *job, const struct artifact_files *files,
	const char *margin)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct artifact_file *f = &files->items[i];
		bool below = files == &job->result.artifact.made && !f->outside;
		if (!f->removed)
			buf_printf(out, "%s%s%s%.*s\n", margin, below ? job->output_dir : "",
				below ? "/" : "", STR_ARG(f->path));
	}
}

static void report_job(struct build_run *run, struct job *job, struct buf *out)
{
	const struct artifact *f = &job->result.artifact;
	struct arena *a = &run->arena;
	struct json *members = json_object(a);
	json_set(a, members, "ok", json_bool(a, job->result.ok));
	json_set(a, members, "result", build_result_to_json(&job->result, a));
	json_set(a, members, "evidence",
		job->evidence && job->result.ok ? json_cstr(a, job->evidence) : json_null(a));
	build_event(run, "build-end", job->name, members);
	if (!job->result.ok) {
		buf_printf(out, "%s: %s%s\n", job->name,
			job->result.cancelled ? "cancelled" : "failed: ",
			job->result.cancelled ? "" : job->result.error.text);
		return;
	}
	buf_printf(out, "%s: %.*s\n", job->name, STR_ARG(f->image_id));
	buf_printf(out, "  image     %s%s\n", job->output_dir,
		is_removed(&f->files) ? " (removed: no post-processor kept it)" : "");
	print_files(out, job, &f->files, "            ");
	print_files(out, job, &f->made, "  made      ");
	if (job->evidence)
		buf_printf(out, "  evidence  %s\n", job->evidence);
	buf_printf(out, "  recorded  %llu programs, %llu gaps, coverage %s\n",
		(unsigned long long)job->result.execs, (unsigned long long)job->result.gaps,
		job->result.coverage);
}

static int finish(struct build_run *run, const struct private_key *key, struct error *err)
{
	scoped(buf) out = {0};
	int status = EXIT_YES;
	struct error first = {0};
	for (size_t i = 0; i < run->jobs.n; i++) {
		struct job *job = &run->jobs.items[i];
		struct error why = {0};
		if (!key)
			job->evidence = NULL;
		if (job->result.ok && key && job_sign(run, job, key, &why) < 0) {
			job->result.ok = false;
			job->result.error = why;
		}
		report_job(run, job, &out);
		if (!job->result.ok)
			status = EXIT_NO;
		if (!job->result.ok && first.code == ERROR_NONE)
			first = job->result.error;
	}
	if (!run->options->json && cli_print(&out, err) < 0)
		return -1;
	/* A build that failed is an answer; that something is wrong with us is an error. */
	if (first.code == ERROR_BUG) {
		*err = first;
		return error_wrap(err, "build");
	}
	return status;
}

static int execute(struct build_run *run, struct error *err)
{
	const struct build_verb *o = run->options;
	uint64_t parallel = 0;
	scoped_ptr(private_key) key = NULL;
	if (o->parallel && !str_to_u64(str_from(o->parallel), &parallel))
		return error_set(err, ERROR_USAGE, "--parallel-builds takes a number");
	if (prepare_jobs(run, err) < 0 || jobs_fork(run, err) < 0)
		return -1;
	/* Only now, behind the forks: no process that runs a step has ever held the key. */
	if (!o->unsigned_build &&
		private_key_load(&key, run->pipeline->cli, o->key, o->password_file, err) < 0)
		return -1;
	if (jobs_wait(run, (size_t)parallel, err) < 0)
		return -1;
	return finish(run, key, err);
}

static void run_clear(struct build_run *run)
{
	jobs_kill(run);
	for (size_t i = 0; i < run->jobs.n; i++) {
		buf_clear(&run->jobs.items[i].result_bytes);
		buf_clear(&run->jobs.items[i].log_bytes);
	}
	arena_clear(&run->arena);
}

static int run_verb(struct cli *cli, const void *options, struct error *err)
{
	const struct build_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	__attribute__((cleanup(run_clear))) struct build_run run = {
		.pipeline = &p,
		.options = o,
		.cancel = {-1, -1},
		.builder_id = o->builder_id ? o->builder_id : DEFAULT_BUILDER_ID,
	};
	if (!o->key && !o->unsigned_build)
		return error_set(err, ERROR_USAGE,
			"--key FILE signs the evidence (sealwright keygen makes one); without it, "
			"--unsigned");
	struct source_options source = o->source;
	if (pipeline_cache_dir(&p, &source, &run.cache_dir, err) < 0)
		return -1;
	source.cache = run.cache_dir;
	if (pipeline_source(&p, cli->args[0], &source, true, err) < 0 ||
		pipeline_template(&p, &o->template, err) < 0 ||
		pipeline_check_builders(&p, err) < 0 || pipeline_plans(&p, err) < 0 ||
		check_buildable(&p, err) < 0 || pipeline_policy(&p, &o->policy, err) < 0 ||
		pipeline_audit(&p, &o->policy, err) < 0)
		return -1;
	int verdict = judge(&run, err);
	return verdict == EXIT_YES ? execute(&run, err) : verdict;
}

const struct command command_build = {
	.name = "build",
	.summary = "audit, build, record and sign",
	.synopsis = "git+URL@COMMIT#path/to/template --key FILE",
	.description =
		"Takes the template from the commit, refuses it if the audit does not pass,\n"
		"runs the steps, records every program that ran, and writes signed evidence.\n"
		"stdout: images and evidence; stderr: what happens.",
	.examples =
		"  sealwright build --key publisher.key git+https://example.org/images@COMMIT#redis.json\n"
		"  sealwright build --key publisher.key --repo . --commit ID --template redis.json\n"
		"  sealwright build --unsigned --as rootfs --base bookworm --repo . --branch main \\\n"
		"      --template aws.json",
	.groups = groups,
	.options_size = sizeof(struct build_verb),
	.run = run_verb,
};
