/* Builds of plans that a test writes down, each in a process of its own. */
#ifndef TESTS_BUILD_FIXTURE_H
#define TESTS_BUILD_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/process.h"
#include "builders/builders.h"

#define FIXTURE_EPOCH 1700000000

struct build_fixture {
	struct temp_dir dir;
	struct arena arena;
	struct str base; /* a tiny root tree */
};

/* What the process of the build tells. */
struct outcome {
	int status;
	bool ok;
	bool cancelled;
	uint64_t execs;
	uint64_t gaps;
	char coverage[16];
	char image_id[80];
	char error[ERROR_TEXT_MAX];
};

static inline struct conf *conf_of_json(struct arena *a, const struct json *j)
{
	struct conf *c = arena_new(a, struct conf);
	switch (j->type) {
	case JSON_BOOL:
		c->type = CONF_BOOL;
		c->boolean = j->boolean;
		break;
	case JSON_NUMBER:
		c->type = CONF_NUMBER;
		c->text = text_from(a, j->text);
		break;
	case JSON_STRING:
		c->type = CONF_STRING;
		c->text = text_from(a, j->text);
		break;
	case JSON_ARRAY:
		c->type = CONF_LIST;
		for (size_t i = 0; i < j->array.n; i++)
			list_push(a, &c->list) = conf_of_json(a, j->array.items[i]);
		break;
	case JSON_OBJECT:
		c->type = CONF_OBJECT;
		for (size_t i = 0; i < j->object.n; i++)
			list_push(a, &c->object) = (struct conf_member){
				.key = j->object.items[i].key,
				.value = conf_of_json(a, j->object.items[i].value),
			};
		break;
	case JSON_NULL:
	case JSON_NONE:
		c->type = CONF_NULL;
		break;
	}
	return c;
}

static inline struct conf *conf_of_text(struct arena *a, const char *text)
{
	struct json *j = NULL;
	struct error err = {0};
	if (json_parse(&j, a, str_from(text), STR("config"), NULL, &err) != 0)
		fail_msg("%s", err.text);
	return conf_of_json(a, j);
}

/* ---- Plans ---------------------------------------------------------------------------------- */

static inline struct plan *plan_new(struct arena *a, const char *config)
{
	struct plan *p = arena_new(a, struct plan);
	p->build = STR("test");
	p->builder = STR("rootfs");
	p->config = conf_of_text(a, config);
	p->digest = digest_bytes(STR("a plan"));
	return p;
}

static inline struct step_group *plan_group(struct arena *a, struct plan *p)
{
	uint32_t first = (uint32_t)p->steps.n;
	list_push(a, &p->groups) = (struct step_group){
		.phase = GROUP_PROVISION,
		.type = STR("shell"),
		.label = STR("shell (inline)"),
		.first = first,
	};
	return &p->groups.items[p->groups.n - 1];
}

/* Into the newest group. */
static inline struct step *plan_step(struct arena *a, struct plan *p, enum step_type type)
{
	if (p->groups.n == 0)
		plan_group(a, p);
	uint32_t id = (uint32_t)p->steps.n + 1;
	list_push(a, &p->steps) = (struct step){
		.id = id,
		.group = (uint32_t)p->groups.n - 1,
		.type = type,
	};
	p->groups.items[p->groups.n - 1].count++;
	return &p->steps.items[p->steps.n - 1];
}

static inline struct step *plan_exec(struct arena *a, struct plan *p, const char *command)
{
	struct step *s = plan_step(a, p, STEP_EXEC);
	s->exec.command = text_from(a, str_from(command));
	list_push(a, &s->exec.exit_codes) = 0;
	return s;
}

static inline struct step *plan_upload(
	struct arena *a, struct plan *p, const char *path, const char *content)
{
	struct step *s = plan_step(a, p, STEP_UPLOAD);
	s->upload.content = text_from(a, str_from(content));
	s->upload.destination = text_from(a, str_from(path));
	s->upload.mode = 0755;
	s->upload.sha256 = digest_bytes(str_from(content));
	return s;
}

/* ---- The fixture ---------------------------------------------------------------------------- */

static inline const char *fixture_path(struct build_fixture *f, const char *name)
{
	return arena_printf(&f->arena, "%s/%s", f->dir.path, name).p;
}

/* The exit status; -1 when the program is not there. */
static inline int run_program(const char *const *argv, struct buf *out)
{
	const char *envp[] = {"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
		"HOME=/nonexistent", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	spec.envp = envp;
	int status = 0;
	struct error err = {0};
	scoped(buf) errout = {0};
	if (process_run(&status, out, &errout, &spec, NULL, &err) != 0)
		return -1;
	if (status != 0)
		print_message("%s: %.*s\n", argv[0], STR_ARG(buf_str(&errout)));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static inline bool have_program(const char *path)
{
	return access(path, X_OK) == 0;
}

static inline void fixture_open(struct build_fixture *f)
{
	*f = (struct build_fixture){0};
	struct error err = {0};
	if (temp_dir_make(&f->dir, NULL, &err) != 0)
		fail_msg("%s", err.text);
	f->base = str_from(fixture_path(f, "base"));
	const char *argv[] = {"/bin/sh", SOURCE_DIR "/tests/e2e/make-tiny-rootfs", f->base.p, NULL};
	assert_int_equal(run_program(argv, NULL), 0);
}

static inline void fixture_close(struct build_fixture *f)
{
	temp_dir_clear(&f->dir);
	arena_clear(&f->arena);
}

/* A rootfs configuration on the tiny tree; more: further members, with a comma in front. */
static inline const char *fixture_config(struct build_fixture *f, const char *more)
{
	return arena_printf(&f->arena, "{\"base\": \"%s\"%s}", f->base.p, more).p;
}

static inline struct build_options fixture_options(struct build_fixture *f, const struct plan *p)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "HOST_SECRET=1", NULL};
	return (struct build_options){
		.plan = p,
		.output_dir = fixture_path(f, "out"),
		.work_dir = fixture_path(f, "work"),
		.cache_dir = fixture_path(f, "cache"),
		.epoch = FIXTURE_EPOCH,
		.clock = &clock_system,
		.environment = environment,
		.cancel_fd = -1,
	};
}

/* The log of the build goes to the file "log", the manifest to "manifest.jsonl", both anew. */
static inline struct outcome build_here(struct build_fixture *f, struct build_options o)
{
	struct outcome out = {0};
	struct error err = {0};
	scoped(arena) a = {0};
	scoped(redactor) redactor = {0};
	unlink(fixture_path(f, "manifest.jsonl"));
	scoped_ptr(manifest) m = NULL;
	int fd = open(fixture_path(f, "log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct log log = {.level = LOG_DEBUG, .fd = fd, .redactor = &redactor};
	o.manifest = m;
	out.status = manifest_create(
		&m, AT_FDCWD, fixture_path(f, "manifest.jsonl"), json_object(&a), &err);
	o.manifest = m;
	o.log = &log;
	o.redactor = &redactor;
	struct build_result result = {0};
	if (out.status == 0)
		out.status = build_run(&result, &o, &a, &err);
	out.ok = result.ok;
	out.cancelled = result.cancelled;
	out.execs = result.execs;
	out.gaps = result.gaps;
	snprintf(out.coverage, sizeof(out.coverage), "%s", result.coverage ? result.coverage : "");
	snprintf(out.image_id, sizeof(out.image_id), "%.*s", STR_ARG(result.artifact.image_id));
	const char *text = out.status != 0 ? err.text : result.error.text;
	snprintf(out.error, sizeof(out.error), "%s", text);
	close(fd);
	return out;
}

static inline pid_t build_start(struct build_fixture *f, struct build_options o, int *report)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		struct outcome out = build_here(f, o);
		_exit(write(ends[1], &out, sizeof(out)) == (ssize_t)sizeof(out) ? 0 : 1);
	}
	close(ends[1]);
	*report = ends[0];
	return child;
}

static inline struct outcome build_wait(pid_t child, int report)
{
	struct outcome out = {.status = -1};
	ssize_t n = read(report, &out, sizeof(out));
	close(report);
	waitpid(child, NULL, 0);
	if (n != (ssize_t)sizeof(out))
		snprintf(out.error, sizeof(out.error), "the build's process died");
	if (out.error[0])
		print_message("    build: %s\n", out.error);
	return out;
}

static inline struct outcome build_in_child(struct build_fixture *f, struct build_options o)
{
	int report = -1;
	pid_t child = build_start(f, o, &report);
	return build_wait(child, report);
}

/* ---- What came of it ------------------------------------------------------------------------ */

static inline struct str read_text(struct build_fixture *f, const char *name)
{
	scoped(buf) text = {0};
	struct error err = {0};
	if (file_read(&text, AT_FDCWD, fixture_path(f, name), (size_t)64 << 20, &err) != 0)
		fail_msg("%s", err.text);
	return arena_str(&f->arena, buf_str(&text));
}

static inline struct manifest_lines read_manifest(struct build_fixture *f)
{
	struct manifest_lines lines = {0};
	struct manifest_head head;
	struct error err = {0};
	struct str text = read_text(f, "manifest.jsonl");
	if (manifest_read(&lines, &head, &f->arena, text, &err) != 0)
		fail_msg("%s", err.text);
	return lines;
}

/* The i-th line of a type, or NULL. */
static inline const struct json *find_line(
	const struct manifest_lines *lines, const char *type, size_t i)
{
	for (size_t k = 0; k < lines->n; k++) {
		if (str_is(json_str_or(lines->items[k], "type", STR("")), type) && i-- == 0)
			return lines->items[k];
	}
	return NULL;
}

static inline int64_t number_of(const struct json *line, const char *key)
{
	int64_t value = -1;
	struct error err = {0};
	if (!line || json_get_i64(line, key, &value, "line", &err) != 0)
		return INT64_MIN;
	return value;
}

/* An exec of a program with that path; NULL when there is none. */
static inline const struct json *find_exec(const struct manifest_lines *lines, const char *exe)
{
	const struct json *line = NULL;
	for (size_t i = 0; (line = find_line(lines, "exec", i)) != NULL; i++) {
		if (str_is(json_str_or(line, "exe", STR("")), exe))
			return line;
	}
	return NULL;
}

/* ---- What the machine must have ------------------------------------------------------------- */

/* Namespaces may be refused where tests run (most containers): such tests are skipped. */
static inline bool can_unshare(int flags)
{
	pid_t child = fork();
	if (child == 0)
		_exit(unshare(flags) == 0 ? 0 : 1);
	int status = 1;
	waitpid(child, &status, 0);
	return status == 0;
}

#define SKIP_WITHOUT_ROOT() \
	do { \
		if (geteuid() != 0 || !can_unshare(CLONE_NEWNS | CLONE_NEWPID)) { \
			print_message("skipped: needs root and namespaces\n"); \
			skip(); \
		} \
	} while (0)

#endif
