#include "cmd/build.h"

#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define RESULT_MAX ((size_t)64 << 20)
#define LINE_MAX_BYTES ((size_t)16 << 20)

/* ---- In the child ---------------------------------------------------------------------------- */

/* The password of the key is none of a build's business. */
static void forget_password(const char *const *environment)
{
	const char *value = env_find(environment, "SEALWRIGHT_PASSWORD");
	if (!value)
		return;
	char *p;
	memcpy(&p, &value, sizeof(p));
	secret_wipe(p, strlen(p));
}

static struct json *manifest_header(
	const struct build_run *run, const struct job *job, struct arena *a)
{
	const struct snapshot_identity *id = snapshot_identity(run->pipeline->snapshot);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &job->plan->digest);
	struct json *j = json_object(a);
	json_set(a, j, "build", json_string(a, job->plan->build));
	json_set(a, j, "builder", json_string(a, job->plan->builder));
	json_set(a, j, "plan_sha256", json_cstr(a, hex));
	json_set(a, j, "repository", json_string(a, id->url));
	json_set(a, j, "commit", json_string(a, id->commit));
	json_set(a, j, "template", json_string(a, run->pipeline->template_path));
	json_set(a, j, "tool", json_cstr(a, "sealwright " SEALWRIGHT_VERSION));
	json_set(a, j, "start", json_string(a, time_rfc3339_nano(a, job->start)));
	return j;
}

static const char *const on_error_names[] = {
	[ON_ERROR_CLEANUP] = "cleanup",
	[ON_ERROR_ABORT] = "abort",
	[ON_ERROR_ASK] = "ask",
	[ON_ERROR_RUN_CLEANUP] = "run-cleanup-provisioner",
};

static enum on_error on_error_of(const char *name)
{
	for (size_t i = 0; name && i < countof(on_error_names); i++) {
		if (strcmp(on_error_names[i], name) == 0)
			return (enum on_error)i;
	}
	return ON_ERROR_CLEANUP;
}

static int build(struct build_result *out, const struct build_run *run, const struct job *job,
	struct arena *a, struct error *err)
{
	const struct pipeline *p = run->pipeline;
	scoped(redactor) redactor = {0};
	for (size_t i = 0; i < p->template->redactor.n; i++)
		redactor_add(&redactor, p->template->redactor.items[i].name,
			p->template->redactor.items[i].value);
	struct log log = job->log;
	log.redactor = &redactor;
	scoped_ptr(manifest) manifest = NULL;
	if (manifest_create(&manifest, AT_FDCWD, job->manifest, manifest_header(run, job, a), err) <
		0)
		return -1;
	const struct build_options options = {
		.plan = job->plan,
		.output_dir = job->output_dir,
		.work_dir = job->work_dir,
		.cache_dir = run->cache_dir,
		.force = run->options->force,
		.on_error = on_error_of(run->options->on_error),
		.trace_backend = run->options->trace,
		.tree = p->tree,
		.epoch = p->now / INT64_C(1000000000),
		.clock = p->cli->clock,
		.log = &log,
		.manifest = manifest,
		.run_id = str_from(run->id),
		.redactor = &redactor,
		.environment = p->cli->environment,
		.cancel_fd = run->cancel[0],
		.known_hosts = run->options->known_hosts,
		.source = snapshot_identity(p->snapshot)->url,
		.revision = snapshot_identity(p->snapshot)->commit,
	};
	return build_run(out, &options, a, err);
}

/* False when the builds are given up before this one began, or when the parent died. */
static bool wait_for_gate(const struct build_run *run, int gate)
{
	struct pollfd fds[] = {
		{.fd = gate, .events = POLLIN}, {.fd = run->cancel[0], .events = POLLIN}};
	char go = 0;
	while (poll(fds, countof(fds), -1) < 0) {
		if (errno != EINTR)
			return false;
	}
	return !fds[1].revents && read(gate, &go, 1) == 1;
}

NORETURN static void child_main(struct build_run *run, struct job *job, int gate, int result_fd)
{
	struct error err = {0};
	struct build_result result = {0};
	close(run->cancel[1]);
	if (!wait_for_gate(run, gate))
		_exit(0);
	forget_password(run->pipeline->cli->environment);
	job->start = clock_wall(run->pipeline->cli->clock);
	if (build(&result, run, job, &run->arena, &err) < 0) {
		result.ok = false;
		result.error = err;
	}
	scoped(buf) line = {0};
	json_write_compact(&line, build_result_to_json(&result, &run->arena));
	int status = file_write_fd(result_fd, buf_str(&line), &err);
	_exit(status < 0 ? 70 : 0);
}

/* ---- In the parent --------------------------------------------------------------------------- */

/* The pipes between a child and its parent: gate, result, and log with --json. */
struct pipes {
	int gate[2];
	int result[2];
	int log[2];
};

static void pipes_clear(struct pipes *p)
{
	int *const all[] = {p->gate, p->result, p->log};
	for (size_t i = 0; i < countof(all); i++) {
		for (int k = 0; k < 2; k++) {
			if (all[i][k] >= 0)
				close(steal_fd(&all[i][k]));
		}
	}
}

static int fork_job(struct build_run *run, struct job *job, struct error *err)
{
	scoped(pipes) p = {{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p.gate, O_CLOEXEC) < 0 || pipe2(p.result, O_CLOEXEC) < 0 ||
		(run->options->json && pipe2(p.log, O_CLOEXEC) < 0))
		return error_sys(err, "pipe");
	if (p.log[1] >= 0)
		job->log.fd = p.log[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_sys(err, "fork");
	if (pid == 0) {
		close(p.gate[1]);
		child_main(run, job, p.gate[0], p.result[1]);
	}
	job->pid = pid;
	job->gate_fd = steal_fd(&p.gate[1]);
	job->result_fd = steal_fd(&p.result[0]);
	job->log_fd = steal_fd(&p.log[0]);
	buf_init(&job->result_bytes, RESULT_MAX);
	buf_init(&job->log_bytes, LINE_MAX_BYTES);
	return 0;
}

int jobs_fork(struct build_run *run, struct error *err)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	/* Also in the children: a build is told to stop through the pipe, not by the terminal. */
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return error_sys(err, "sigprocmask");
	if (pipe2(run->cancel, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	for (size_t i = 0; i < run->jobs.n; i++) {
		if (fork_job(run, &run->jobs.items[i], err) < 0)
			return -1;
	}
	return 0;
}

void jobs_kill(struct build_run *run)
{
	for (size_t i = 0; i < run->jobs.n; i++) {
		struct job *job = &run->jobs.items[i];
		if (job->pid <= 0 || job->done)
			continue;
		kill(job->pid, SIGKILL);
		(void)waitpid(job->pid, NULL, 0);
		job->done = true;
	}
}

void build_event(
	const struct build_run *run, const char *type, const char *build, struct json *members)
{
	if (!run->options->json)
		return;
	scoped(arena) a = {0};
	scoped(buf) line = {0};
	struct error ignored = {0};
	struct json *j = json_object(&a);
	json_set(&a, j, "time",
		json_string(&a, time_rfc3339(&a, clock_wall(run->pipeline->cli->clock))));
	json_set(&a, j, "type", json_cstr(&a, type));
	if (build)
		json_set(&a, j, "build", json_cstr(&a, build));
	for (size_t i = 0; members && i < members->object.n; i++)
		json_set_str(&a, j, members->object.items[i].key, members->object.items[i].value);
	json_write_compact(&line, j);
	buf_add_byte(&line, '\n');
	(void)!file_write_fd(STDOUT_FILENO, buf_str(&line), &ignored);
}

/* Whole lines of a child's log become events. */
static void forward_lines(struct build_run *run, struct job *job)
{
	struct str rest = buf_str(&job->log_bytes);
	for (;;) {
		size_t end = str_find_byte(rest, '\n');
		if (end == STR_NPOS)
			break;
		scoped(arena) a = {0};
		struct json *members = json_object(&a);
		json_set(&a, members, "text", json_bytes(&a, str_sub(rest, 0, end)));
		build_event(run, "ui", job->name, members);
		rest = str_from_index(rest, end + 1);
	}
	scoped(buf) tail = {0};
	buf_add(&tail, rest);
	buf_reset(&job->log_bytes);
	buf_add(&job->log_bytes, buf_str(&tail));
}

/* False at the end of the stream. */
static bool take(int fd, struct buf *bytes)
{
	char chunk[16 << 10];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	buf_add(bytes, (struct str){chunk, (size_t)n});
	return n > 0;
}

static void end_job(struct build_run *run, struct job *job)
{
	int status = 0;
	struct error why = {0};
	(void)waitpid(job->pid, &status, 0);
	job->done = true;
	job->finish = clock_wall(run->pipeline->cli->clock);
	close(steal_fd(&job->result_fd));
	close(steal_fd(&job->gate_fd));
	if (!job->started) {
		job->result.cancelled = true;
		return;
	}
	if (build_result_parse(&job->result, &run->arena, buf_str(&job->result_bytes), &why) == 0)
		return;
	job->result = (struct build_result){0};
	if (WIFSIGNALED(status))
		error_set(&job->result.error, ERROR_SYSTEM, "the build process died of signal %d",
			WTERMSIG(status));
	else
		error_set(&job->result.error, ERROR_BUG,
			"the build process ended without a result: %s", why.text);
}

static void release(struct build_run *run, size_t parallel)
{
	size_t running = 0;
	for (size_t i = 0; i < run->jobs.n; i++)
		running += run->jobs.items[i].started && !run->jobs.items[i].done;
	for (size_t i = 0; i < run->jobs.n; i++) {
		struct job *job = &run->jobs.items[i];
		if (job->started || (parallel > 0 && running >= parallel))
			continue;
		job->start = clock_wall(run->pipeline->cli->clock);
		job->started = write(job->gate_fd, "g", 1) == 1;
		running++;
	}
}

/* The first signal asks, the second one kills. */
static void on_signal(struct build_run *run, int signals)
{
	struct signalfd_siginfo info;
	const struct log *log = &run->pipeline->cli->log;
	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (run->cancel[1] >= 0) {
		log_say(log, LOG_WARNING,
			"Cancelling builds; once more to kill them and leave what they made");
		close(steal_fd(&run->cancel[1]));
		return;
	}
	log_say(log, LOG_ERROR,
		"Killed. Leftovers are listed in %s/work; "
		"sealwright cleanup removes them",
		run->cache_dir);
	for (size_t i = 0; i < run->jobs.n; i++) {
		if (!run->jobs.items[i].done)
			kill(run->jobs.items[i].pid, SIGKILL);
	}
}

static void serve(struct build_run *run, struct job *job, const struct pollfd *f)
{
	if (f[1].fd >= 0 && f[1].revents && !take(f[1].fd, &job->log_bytes))
		close(steal_fd(&job->log_fd));
	if (f[1].fd >= 0)
		forward_lines(run, job);
	if (f[0].revents && !take(f[0].fd, &job->result_bytes))
		end_job(run, job);
}

static bool all_done(const struct build_run *run)
{
	for (size_t i = 0; i < run->jobs.n; i++) {
		if (!run->jobs.items[i].done)
			return false;
	}
	return true;
}

int jobs_wait(struct build_run *run, size_t parallel, struct error *err)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	autoclose int signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (signals < 0)
		return error_sys(err, "signalfd");
	size_t n = run->jobs.n;
	struct pollfd *fds = arena_array(&run->arena, struct pollfd, 2 * n + 1);
	while (!all_done(run)) {
		if (run->cancel[1] >= 0)
			release(run, parallel);
		fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
		for (size_t i = 0; i < n; i++) {
			const struct job *job = &run->jobs.items[i];
			fds[1 + 2 * i] = (struct pollfd){
				.fd = job->done ? -1 : job->result_fd, .events = POLLIN};
			fds[2 + 2 * i] = (struct pollfd){
				.fd = job->done ? -1 : job->log_fd, .events = POLLIN};
		}
		if (poll(fds, 2 * n + 1, -1) < 0 && errno != EINTR)
			return error_sys(err, "poll");
		if (fds[0].revents)
			on_signal(run, signals);
		for (size_t i = 0; i < n; i++) {
			if (!run->jobs.items[i].done)
				serve(run, &run->jobs.items[i], &fds[1 + 2 * i]);
		}
	}
	return 0;
}
