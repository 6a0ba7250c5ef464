#include "traced.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"

#define PATIENCE_MS 30000

static void on_event(void *ctx, const struct trace_event *e)
{
	struct traced *t = ctx;
	struct trace_event copy = *e;
	struct str *argv = arena_array(&t->arena, struct str, e->argc);
	for (size_t i = 0; i < e->argc; i++)
		argv[i] = arena_str(&t->arena, e->argv[i]);
	copy.argv = argv;
	struct trace_file *files = arena_array(&t->arena, struct trace_file, e->interpreter_count);
	for (size_t i = 0; i < e->interpreter_count; i++) {
		files[i] = e->interpreters[i];
		files[i].path = arena_str(&t->arena, e->interpreters[i].path);
	}
	copy.interpreters = files;
	copy.cwd = arena_str(&t->arena, e->cwd);
	copy.exe = arena_str(&t->arena, e->exe);
	copy.script = arena_str(&t->arena, e->script);
	copy.reason = arena_str(&t->arena, e->reason);
	list_push(&t->arena, &t->events) = copy;
	if (t->kill_at_exec && e->type == TRACE_EXEC)
		kill(e->pid, SIGKILL);
}

static void on_exit_of(void *ctx, pid_t pid, int status)
{
	struct traced *t = ctx;
	if (pid == t->command) {
		t->command_status = status;
		return;
	}
	t->other = pid;
	t->other_status = status;
}

int traced_setup(void **state)
{
	struct traced *t = calloc(1, sizeof(*t));
	if (!t)
		return -1;
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	t->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	*state = t;
	return t->signal_fd < 0 ? -1 : 0;
}

int traced_teardown(void **state)
{
	struct traced *t = *state;
	tracer_free(t->tracer);
	close(t->signal_fd);
	arena_clear(&t->arena);
	free(t);
	return 0;
}

void traced_open(struct traced *t)
{
	const struct tracer_options o = {
		.clock = &clock_system,
		.on_event = on_event,
		.on_exit = on_exit_of,
		.ctx = t,
		.argv_max = t->argv_max,
	};
	if (tracer_open(&t->tracer, &o, &t->err) < 0)
		fail_msg("%s", t->err.text);
}

void traced_start(struct traced *t, traced_fn *fn, const void *arg)
{
	int gate[2];
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	t->command_status = -1;
	t->command = fork();
	assert_true(t->command >= 0);
	if (t->command == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		char byte;
		close(gate[1]);
		if (read(gate[0], &byte, 1) < 0)
			_exit(125);
		_exit(fn(arg));
	}
	close(gate[0]);
	int r = tracer_attach(t->tracer, t->command, &t->err);
	close(gate[1]);
	if (r < 0)
		fail_msg("%s", t->err.text);
}

void traced_until(struct traced *t, bool (*fn)(const struct traced *t))
{
	int64_t start = clock_steady(&clock_system);
	while (!fn(t)) {
		if (clock_steady(&clock_system) - start > (int64_t)PATIENCE_MS * 1000000)
			fail_msg("%zu processes still run", tracer_running(t->tracer));
		struct pollfd p = {.fd = t->signal_fd, .events = POLLIN};
		poll(&p, 1, PATIENCE_MS);
		struct signalfd_siginfo info;
		while (read(t->signal_fd, &info, sizeof(info)) > 0)
			;
		if (tracer_drain(t->tracer, &t->err) < 0)
			fail_msg("%s", t->err.text);
	}
}

bool traced_command_ended(const struct traced *t)
{
	return t->command_status != -1;
}

bool traced_all_ended(const struct traced *t)
{
	return traced_command_ended(t) && tracer_running(t->tracer) == 0;
}

void traced_run(struct traced *t, traced_fn *fn, const void *arg)
{
	traced_open(t);
	traced_start(t, fn, arg);
	traced_until(t, traced_all_ended);
}

size_t traced_count(const struct traced *t, enum trace_event_type type)
{
	size_t n = 0;
	for (size_t i = 0; i < t->events.n; i++)
		n += t->events.items[i].type == type;
	return n;
}

const struct trace_event *traced_exec(const struct traced *t, size_t i)
{
	for (size_t k = 0; k < t->events.n; k++) {
		if (t->events.items[k].type == TRACE_EXEC && i-- == 0)
			return &t->events.items[k];
	}
	fail_msg("there are only %zu execs", traced_count(t, TRACE_EXEC));
	return NULL;
}

const struct trace_event *traced_find(const struct traced *t, const char *exe_base)
{
	for (size_t i = 0; i < t->events.n; i++) {
		const struct trace_event *e = &t->events.items[i];
		if (e->type == TRACE_EXEC && str_is(path_base(e->exe), exe_base))
			return e;
	}
	return NULL;
}

const struct trace_event *traced_exit_of(const struct traced *t, uint64_t id)
{
	const struct trace_event *found = NULL;
	for (size_t i = 0; i < t->events.n; i++) {
		const struct trace_event *e = &t->events.items[i];
		if (e->type != TRACE_EXIT || e->id != id)
			continue;
		assert_null(found);
		found = e;
	}
	assert_non_null(found);
	return found;
}

void traced_assert_no_gaps(const struct traced *t)
{
	for (size_t i = 0; i < t->events.n; i++) {
		const struct trace_event *e = &t->events.items[i];
		if (e->type == TRACE_GAP)
			fail_msg("gap: %.*s", STR_ARG(e->reason));
	}
}

void traced_assert_argv(const struct trace_event *e, const struct str *argv, size_t n)
{
	assert_int_equal(e->argc, n);
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(e->argv[i], argv[i]))
			fail_msg("argument %zu is \"%.*s\", not \"%.*s\"", i, STR_ARG(e->argv[i]),
				STR_ARG(argv[i]));
	}
}

struct digest traced_file_digest(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	struct digest d = {0};
	struct error err = {0};
	assert_int_equal(digest_fd(&d, NULL, fd, &err), 0);
	return d;
}
