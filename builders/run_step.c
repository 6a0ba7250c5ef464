#include "builders/run.h"

#include <errno.h>
#include <poll.h>

#include "base/file.h"
#include "builders/host.h"

#define RETRY_NS INT64_C(2000000000)
#define FILE_MAX ((size_t)1 << 30)

/* ---- Holes ---------------------------------------------------------------------------------- */

/* Values of these holes give access to something, if they have a value at all. */
static const char *const sensitive_holes[] = {"Password", "WinRMPassword", "SSHPrivateKey"};

struct fill {
	struct run *run;
	struct arena *arena;
	bool record;
	int status;
	struct error *err;
};

static int read_output(
	struct run *r, struct arena *a, struct str path, struct str *value, struct error *err)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, FILE_MAX);
	autoclose int dir = dir_open(AT_FDCWD, r->o->output_dir, err);
	autoclose int fd = dir < 0 ? -1 : file_open_within(dir, arena_cstr(a, path), O_RDONLY, err);
	if (fd < 0 || file_read_fd(&bytes, fd, FILE_MAX, err) != 0)
		return -1;
	*value = bytes.n > 0 ? arena_str(a, buf_str(&bytes)) : STR("");
	return 0;
}

/* What an earlier step left in the output directory; the record has its digest. */
static void fill_file(struct fill *f, struct str name, struct str *value)
{
	char hex[DIGEST_HEX_SIZE];
	struct str path = str_from_index(name, strlen(STEP_FILE_HOLE));
	*value = STR("");
	if (!f->record || f->status != 0)
		return;
	f->status = read_output(f->run, f->arena, path, value, f->err);
	if (f->status != 0) {
		error_wrap(f->err, "file that a step before this one has to make");
		return;
	}
	struct digest sha256 = digest_bytes(*value);
	digest_hex(hex, &sha256);
	struct str shown = arena_printf(f->arena, "sha256:%s", hex);
	f->status = record_fill(f->run, name, shown, f->err);
}

/* In a rehearsal there is none of what only the template's own builder knows. */
static bool fill_unknown(struct fill *f, struct str name, struct str *value)
{
	const struct plan *p = f->run->o->plan;
	*value = STR("");
	if (p->rehearsal) {
		if (f->record)
			log_say(&f->run->say, LOG_WARNING, "%.*s is empty: this machine has none",
				STR_ARG(name));
		return true;
	}
	if (!f->record)
		return false;
	f->status = error_set(f->err, ERROR_INPUT, "a machine of builder %.*s has no %.*s",
		STR_ARG(p->builder), STR_ARG(name));
	return true;
}

static bool fill_hole(void *ctx, struct str name, struct str *value)
{
	struct fill *f = ctx;
	struct run *r = f->run;
	if (str_has_prefix(name, STR(STEP_FILE_HOLE))) {
		fill_file(f, name, value);
		return true;
	}
	struct str plain = str_has_prefix(name, STR("build.")) ? str_from_index(name, 6) : name;
	if (str_is(plain, "PackerRunUUID"))
		*value = str_from(r->run_id);
	else if (str_is(name, STEP_SCRIPT_HOLE) && r->script)
		*value = str_from(r->script);
	else if ((!r->builder->fill || !r->builder->fill(r->machine, plain, value)) &&
		!fill_unknown(f, plain, value))
		return false;
	for (size_t i = 0; i < countof(sensitive_holes); i++) {
		if (str_is(plain, sensitive_holes[i]) && value->n > 0)
			redactor_add(r->o->redactor, plain, *value);
	}
	if (f->record && f->status == 0)
		f->status = record_fill(r, name, *value, f->err);
	return true;
}

int run_fill(
	struct run *r, struct arena *a, const struct text *t, struct str *out, struct error *err)
{
	struct fill f = {.run = r, .arena = a, .record = true, .err = err};
	if (r->o->redactor)
		text_redactions(t, r->o->redactor);
	if (text_fill(t, a, fill_hole, &f, out, err) != 0)
		return -1;
	return f.status;
}

struct str run_display(struct run *r, struct arena *a, const struct text *t)
{
	struct fill f = {.run = r, .arena = a};
	scoped(buf) shown = {0};
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *piece = &t->items[i];
		struct str value = piece->value;
		if (piece->kind == TEXT_SENSITIVE) {
			buf_printf(&shown, "<sensitive:%.*s>", STR_ARG(piece->name));
			continue;
		}
		if (piece->kind == TEXT_HOLE && !fill_hole(&f, piece->name, &value))
			buf_printf(&shown, "<hole:%.*s>", STR_ARG(piece->name));
		else
			buf_add(&shown, value);
	}
	return arena_str(a, shown.n > 0 ? buf_str(&shown) : STR(""));
}

/* ---- Output --------------------------------------------------------------------------------- */

/* Both streams of a command: hashed whole, shown by line. */
struct output {
	struct run *run;
	struct hasher hashers[2];
	uint64_t bytes[2];
	struct lines lines[2];
};

static void show_stdout(void *ctx, struct str line)
{
	struct run *r = ctx;
	log_text(&r->message, LOG_INFO, line);
}

static void show_stderr(void *ctx, struct str line)
{
	struct run *r = ctx;
	log_text(&r->errors, LOG_INFO, line);
}

static void output_init(struct output *o, struct run *r)
{
	*o = (struct output){.run = r};
	o->lines[0] = (struct lines){.emit = show_stdout, .ctx = r};
	o->lines[1] = (struct lines){.emit = show_stderr, .ctx = r};
	hasher_init(&o->hashers[0]);
	hasher_init(&o->hashers[1]);
}

static void output_write(void *ctx, int stream, struct str bytes)
{
	struct output *o = ctx;
	int i = stream == 2;
	hasher_add(&o->hashers[i], bytes);
	o->bytes[i] += bytes.n;
	lines_add(&o->lines[i], bytes);
}

static void output_finish(struct output *o, struct step_result *result)
{
	for (int i = 0; i < 2; i++) {
		lines_end(&o->lines[i]);
		lines_clear(&o->lines[i]);
		hasher_finish(&o->hashers[i], &result->sha256[i]);
		result->bytes[i] = o->bytes[i];
	}
}

/* ---- Kinds of steps ------------------------------------------------------------------------- */

static int step_upload(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	struct str content = {0}, destination = {0};
	if (run_fill(r, &a, &s->upload.content, &content, err) != 0 ||
		run_fill(r, &a, &s->upload.destination, &destination, err) != 0)
		return -1;
	if (!str_is_cstr(destination))
		return error_set(err, ERROR_INPUT, "upload: the path holds a NUL");
	/* A digest of a short text with a password in it would give the password away. */
	if (!text_is_sensitive(&s->upload.content)) {
		result->has_content = true;
		result->content = digest_bytes(content);
		result->content_bytes = content.n;
	}
	return r->communicator->ops->upload(
		r->communicator, arena_cstr(&a, destination), content, s->upload.mode, err);
}

/* A path below the output directory; its parents are made. */
static int host_path(
	struct run *r, struct arena *a, struct str destination, struct str *out, struct error *err)
{
	struct str path;
	if (destination.n == 0 || destination.p[0] == '/' ||
		!path_join(a, STR(""), destination, &path) || !path_is_clean(path))
		return error_set(err, ERROR_INPUT,
			"download: \"%.*s\" is not a path below the output directory",
			STR_ARG(destination));
	struct str dir = path_dir(path);
	struct str parent = arena_printf(a, "%s/%.*s", r->o->output_dir, STR_ARG(dir));
	if (dir_make(AT_FDCWD, parent.p, err) != 0)
		return error_wrap(err, "download");
	*out = arena_str(a, path);
	return 0;
}

/* The build goes on without the file, and its record says so. */
static int leave_out(struct run *r, struct step_result *result, struct error *err)
{
	if (r->watch.cancelled)
		return -1;
	log_say(&r->errors, LOG_WARNING, "%s; going on without it", err->text);
	result->note = STR("the file is not there");
	error_clear(err);
	return 0;
}

static int step_download(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	struct str source = {0}, destination = {0}, path = {0};
	if (run_fill(r, &a, &s->download.source, &source, err) != 0 ||
		run_fill(r, &a, &s->download.destination, &destination, err) != 0)
		return -1;
	if (str_has_suffix(destination, STR("/")))
		destination = arena_printf(
			&a, "%.*s%.*s", STR_ARG(destination), STR_ARG(path_base(source)));
	if (!str_is_cstr(source))
		return error_set(err, ERROR_INPUT, "download: the path holds a NUL");
	if (host_path(r, &a, destination, &path, err) != 0)
		return -1;
	scoped(buf) bytes = {0};
	buf_init(&bytes, FILE_MAX);
	const char *from = arena_cstr(&a, source);
	if (r->communicator->ops->download(r->communicator, from, &bytes, err) != 0)
		return s->download.optional ? leave_out(r, result, err) : -1;
	result->has_content = true;
	result->content = digest_bytes(buf_str(&bytes));
	result->content_bytes = bytes.n;
	autoclose int dir = dir_open(AT_FDCWD, r->o->output_dir, err);
	if (dir < 0)
		return -1;
	return file_replace(dir, path.p, buf_str(&bytes), 0644, err);
}

static bool is_accepted(const struct step_exec *x, int64_t code)
{
	if (x->any_exit_code)
		return true;
	for (size_t i = 0; i < x->exit_codes.n; i++) {
		if (x->exit_codes.items[i] == code)
			return true;
	}
	return false;
}

/* In Packer's words, which people search for. */
static int check_exit(const struct step_exec *x, struct comm_result *result, struct error *err)
{
	if (result->disconnected) {
		result->exit_code = STEP_NO_STATUS;
		if (x->expect_disconnect || is_accepted(x, STEP_NO_STATUS))
			return 0;
		return error_set(err, ERROR_SYSTEM,
			"Script disconnected unexpectedly. If you expected your script to "
			"disconnect, i.e. from a restart, you can try adding "
			"`\"expect_disconnect\": true` or `\"valid_exit_codes\": [0, 2300218]` to "
			"the shell provisioner parameters.");
	}
	if (is_accepted(x, result->exit_code))
		return 0;
	scoped(buf) allowed = {0};
	for (size_t i = 0; i < x->exit_codes.n; i++)
		buf_printf(&allowed, "%s%lld", i ? " " : "", (long long)x->exit_codes.items[i]);
	return error_set(err, ERROR_SYSTEM,
		"Script exited with non-zero exit status: %d. Allowed exit codes are: [%s]",
		result->exit_code, allowed.p ? allowed.p : "");
}

/* A machine that restarts refuses commands for a while: tried again as long as the step allows. */
static int exec_with_retries(struct run *r, const struct step *s, struct str command,
	const struct comm_output *out, struct comm_result *result, struct error *err)
{
	const struct clock *clock = r->o->clock;
	struct communicator *c = r->communicator;
	int64_t give_up = clock_steady(clock) + s->exec.start_retry_timeout;
	while (c->ops->exec(c, command, out, r->deadline, result, err) != 0) {
		int64_t next = clock_steady(clock) + RETRY_NS;
		if (!c->ops->remote || r->watch.cancelled || next > give_up)
			return -1;
		error_clear(err);
		if (watch_sleep(&r->watch, next, err) != 0)
			return -1;
	}
	return 0;
}

static int pause_after(struct run *r, const struct step *s, struct error *err)
{
	if (s->exec.pause_after == 0)
		return 0;
	return watch_sleep(&r->watch, clock_steady(r->o->clock) + s->exec.pause_after, err);
}

static int step_exec(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	struct str command = {0};
	if (run_fill(r, &a, &s->exec.command, &command, err) != 0)
		return -1;
	struct output output;
	output_init(&output, r);
	struct comm_output out = {output_write, &output};
	int status = exec_with_retries(r, s, command, &out, &result->comm, err);
	output_finish(&output, result);
	if (status != 0)
		return -1;
	if (check_exit(&s->exec, &result->comm, err) != 0)
		return -1;
	return pause_after(r, s, err);
}

static int write_script(
	struct run *r, struct arena *a, const struct step *s, const char **path, struct error *err)
{
	const char *dir =
		r->builder->directory ? r->builder->directory(r->machine) : r->o->work_dir;
	struct str script = {0};
	if (run_fill(r, a, &s->exec.script, &script, err) != 0)
		return -1;
	if (!str_is_cstr(s->exec.extension) || str_find_byte(s->exec.extension, '/') != STR_NPOS)
		return error_set(err, ERROR_INPUT, "\"tempfile_extension\" holds a slash");
	struct str name = arena_printf(
		a, "%s/script-%s-%u%.*s", dir, r->run_id, s->id, STR_ARG(s->exec.extension));
	*path = name.p;
	return file_replace(AT_FDCWD, *path, script, 0700, err);
}

static int exec_host(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	struct str *argv = arena_array(&a, struct str, s->exec.argv.n);
	for (size_t i = 0; i < s->exec.argv.n; i++) {
		if (run_fill(r, &a, &s->exec.argv.items[i], &argv[i], err) != 0)
			return -1;
	}
	struct str *variables = arena_array(&a, struct str, s->exec.variables.n);
	for (size_t i = 0; i < s->exec.variables.n; i++) {
		if (run_fill(r, &a, &s->exec.variables.items[i], &variables[i], err) != 0)
			return -1;
	}
	/* As in Packer, post-processors find what each other wrote where the build was started. */
	bool post = r->o->plan->groups.items[s->group].phase == GROUP_POST_PROCESS;
	struct host_command command = {
		.argv = argv,
		.argc = s->exec.argv.n,
		.variables = variables,
		.variable_count = s->exec.variables.n,
		.environment = r->o->environment,
		.cwd = post ? "." : r->o->output_dir,
	};
	struct output output;
	output_init(&output, r);
	struct comm_output out = {output_write, &output};
	int status = host_exec(&r->watch, &command, &out, r->deadline, &result->comm, err);
	output_finish(&output, result);
	if (status != 0)
		return -1;
	return check_exit(&s->exec, &result->comm, err);
}

static int step_exec_host(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	if (s->exec.script.n == 0)
		return exec_host(r, s, result, err);
	if (write_script(r, &a, s, &r->script, err) != 0)
		return -1;
	int status = exec_host(r, s, result, err);
	unlink(r->script);
	r->script = NULL;
	return status;
}

/* A key press ends a breakpoint; where nobody can press one, it does not stop the build. */
static int wait_for_key(struct run *r, struct step_result *result, struct error *err)
{
	if (!isatty(STDIN_FILENO)) {
		log_say(&r->say, LOG_WARNING, "No terminal to wait for: going on");
		result->note = STR("no terminal");
		return 0;
	}
	log_say(&r->say, LOG_INFO, "Press enter to continue.");
	struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {r->o->cancel_fd, POLLIN, 0}};
	while (poll(fds, countof(fds), -1) < 0) {
		if (errno != EINTR)
			return error_sys(err, "poll");
	}
	char line[256];
	if (fds[1].revents) {
		r->watch.cancelled = true;
		return error_set(err, ERROR_SYSTEM, "cancelled");
	}
	return read(STDIN_FILENO, line, sizeof(line)) >= 0 ? 0 : error_sys(err, "terminal");
}

static int step_wait(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	scoped(arena) a = {0};
	if (s->wait.duration == 0) {
		struct str note = run_display(r, &a, &s->wait.note);
		log_say(&r->say, LOG_INFO, "Pausing at breakpoint provisioner with note \"%.*s\".",
			STR_ARG(note));
		return wait_for_key(r, result, err);
	}
	int64_t until = clock_steady(r->o->clock) + s->wait.duration;
	bool late = r->deadline > 0 && r->deadline < until;
	struct str shown = duration_str(&a, s->wait.duration);
	log_say(&r->say, LOG_INFO, "Pausing %.*s...", STR_ARG(shown));
	if (watch_sleep(&r->watch, late ? r->deadline : until, err) != 0)
		return -1;
	return late ? error_set(err, ERROR_SYSTEM, "timed out") : 0;
}

static int step_refused(
	struct run *r, const struct step *s, struct step_result *result, struct error *err)
{
	(void)r, (void)result;
	return error_set(
		err, ERROR_BUG, "a step of type \"%s\" cannot be run", step_type_name(s->type));
}

typedef int step_fn(
	struct run *r, const struct step *s, struct step_result *result, struct error *err);
static step_fn *const kinds[] = {
	[STEP_NONE] = step_refused,
	[STEP_UPLOAD] = step_upload,
	[STEP_DOWNLOAD] = step_download,
	[STEP_EXEC] = step_exec,
	[STEP_EXEC_HOST] = step_exec_host,
	[STEP_WAIT] = step_wait,
	[STEP_BOOT] = step_refused,
	[STEP_OPAQUE] = step_refused,
};

/* Whatever happened, the record says so; what could not be recorded fails the step. */
int run_step(struct run *r, const struct step *s, uint32_t attempt, struct error *err)
{
	struct step_result result = {.start = clock_wall(r->o->clock)};
	result.sha256[0] = result.sha256[1] = digest_bytes(STR(""));
	struct error failure = {0};
	r->watch.step = s->id;
	r->step_gaps = 0;
	if (record_step(r, s, attempt, err) != 0)
		return -1;
	int status = kinds[s->type](r, s, &result, &failure);
	result.end = clock_wall(r->o->clock);
	if (record_step_end(r, s, &result, attempt, status != 0 ? &failure : NULL, err) != 0)
		return -1;
	if (r->record_error.code != ERROR_NONE) {
		*err = r->record_error;
		return error_wrap(err, "record");
	}
	if (status == 0)
		return 0;
	bool is_exec = s->type == STEP_EXEC || s->type == STEP_EXEC_HOST;
	if (is_exec && s->exec.cleanup && !r->watch.cancelled) {
		log_say(&r->errors, LOG_WARNING, "%s", failure.text);
		return 0;
	}
	*err = failure;
	return -1;
}

/* What was left out changes what the image is like; settings of a machine do not. */
static bool is_missed(const struct step *s, enum group_phase phase)
{
	if (phase != GROUP_BOOT)
		return false;
	if (s->type != STEP_BOOT)
		return true;
	return s->boot.kind != BOOT_MACHINE && s->boot.kind != BOOT_SETTING &&
		s->boot.kind != BOOT_DATA && s->boot.kind != BOOT_CLOUD_DATA;
}

int run_skip(struct run *r, const struct step *s, enum group_phase phase, struct error *err)
{
	struct step_result result = {.start = clock_wall(r->o->clock)};
	result.end = result.start;
	result.sha256[0] = result.sha256[1] = digest_bytes(STR(""));
	result.skipped = phase == GROUP_BOOT ? STR("this machine does not boot")
		: s->type == STEP_BOOT       ? STR("nothing of it is put into this image")
					     : STR("this machine is not shut down");
	r->watch.step = s->id;
	r->step_gaps = 0;
	if (record_step(r, s, 1, err) != 0)
		return -1;
	if (is_missed(s, phase) &&
		record_gap(r, s->id, "code that runs at boot was not run", err) != 0)
		return -1;
	return record_step_end(r, s, &result, 1, NULL, err);
}
