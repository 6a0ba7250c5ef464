/*
 * Exec tracing with ptrace events and nothing else: no system call is stopped. A process stops when
 * it starts, when it forks, when it has executed a new program, and when a signal reaches it.
 */
#include "record/ptrace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "record/ptrace_probe.h"

/* A drain ends after so many events, so that a storm of execs cannot starve the caller's loop. */
#define DRAIN_EVENTS_MAX 1024
/* How long a creator that may have died is waited for. */
#define ORPHAN_WAIT_NS (INT64_C(200) * 1000 * 1000)
/* How long the end of a detach is waited for. */
#define DETACH_WAIT_MS 2000

static struct ptrace_state *state_of(const struct tracer *t)
{
	return t->state;
}

static void sleep_ms(void)
{
	const struct timespec ms = {.tv_nsec = 1000 * 1000};
	nanosleep(&ms, NULL);
}

/* ESRCH: killed while it was stopped; its end is reported by itself. */
static void let_go(const struct tracer *t, pid_t tid, int signal)
{
	enum __ptrace_request how = state_of(t)->detaching ? PTRACE_DETACH : PTRACE_CONT;
	if (ptrace(how, tid, NULL, (void *)(intptr_t)signal) == 0 || errno == ESRCH)
		return;
	struct error err = {0};
	error_sys(&err, "process %d cannot be let go on", (int)tid);
	tracer_gap(t, 0, 0, tid, &err);
}

static void forget(struct tracer *t, struct task *task)
{
	struct ptrace_state *s = state_of(t);
	if (task->state == TASK_HELD)
		s->held--;
	if (!task->thread)
		t->running--;
	task_remove(&s->tasks, task);
}

/* The exec that what this task creates descends from. */
static uint64_t descent(const struct task *task)
{
	return task->own != 0 ? task->own : task->origin;
}

static void suspect(struct ptrace_state *s, const struct task *task)
{
	if (s->held == 0)
		return;
	s->suspect = true;
	s->dead_exec = descent(task);
	s->dead_tree = task->tree;
}

static struct task *remember(struct tracer *t, pid_t tid, enum task_state state)
{
	struct ptrace_state *s = state_of(t);
	struct task *task = task_add(&s->tasks, tid);
	task->state = state;
	t->running++;
	if (state == TASK_HELD)
		s->held++;
	return task;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/*
 * A group stop is kept (LISTEN): the process stays stopped until somebody sends SIGCONT, as it does
 * when nobody traces it.
 */
static void go_on_from_stop(struct tracer *t, struct task *task, int signal)
{
	if (is_stop_signal(signal) && !state_of(t)->detaching)
		ptrace(PTRACE_LISTEN, task->tid, NULL, NULL);
	else
		let_go(t, task->tid, 0);
	if (state_of(t)->detaching)
		forget(t, task);
}

static void release_held(struct tracer *t, struct task *task)
{
	state_of(t)->held--;
	task->state = TASK_RUNNING;
	go_on_from_stop(t, task, task->held_signal);
}

static bool same_process(pid_t creator, pid_t tid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)creator, (int)tid);
	return access(path, F_OK) == 0;
}

/* It may have been killed and its end seen, or it may have been detached, before this is asked. */
static bool may_stop_yet(const struct ptrace_state *s, pid_t tid)
{
	if (s->detaching)
		return ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0;
	return kill(tid, 0) == 0 || errno != ESRCH;
}

/* A new task stops by itself and is traced from its start; this tells where it comes from. */
static void on_create(struct tracer *t, pid_t creator, int event)
{
	struct ptrace_state *s = state_of(t);
	unsigned long message = 0;
	if (ptrace(PTRACE_GETEVENTMSG, creator, NULL, &message) < 0)
		return;
	pid_t tid = (pid_t)message;
	const struct task *parent = task_find(&s->tasks, creator);
	uint64_t origin = 0;
	uint64_t tree = 0;
	if (parent) {
		origin = descent(parent);
		tree = parent->tree;
	}
	struct task *task = task_find(&s->tasks, tid);
	if (!task) {
		if (!may_stop_yet(s, tid))
			return;
		task = remember(t, tid, TASK_EXPECTED);
	}
	task->origin = origin;
	task->tree = tree;
	if (event == PTRACE_EVENT_CLONE && !task->thread && same_process(creator, tid)) {
		task->thread = true;
		t->running--;
	}
	if (task->state == TASK_HELD)
		release_held(t, task);
}

/*
 * A thread that executes a program takes the place of its process' leader, and its own id goes away
 * without an end of its own.
 */
static void on_exec(struct tracer *t, pid_t tid)
{
	struct ptrace_state *s = state_of(t);
	unsigned long former = (unsigned long)tid;
	bool known = ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former) == 0;
	struct task *task = task_find(&s->tasks, tid);
	if (known && (pid_t)former != tid) {
		struct task *thread = task_find(&s->tasks, (pid_t)former);
		if (thread)
			forget(t, thread);
		task = task_find(&s->tasks, tid);
		/* Its other threads were killed, perhaps while they created a process. */
		if (task)
			suspect(s, task);
	}
	if (!task) {
		task = remember(t, tid, TASK_RUNNING);
		struct error err = {0};
		error_set(&err, ERROR_SYSTEM, "process %d: its start was not seen", (int)tid);
		tracer_gap(t, 0, 0, tid, &err);
	}
	ptrace_exec_report(t, task, task->own);
}

static void on_event_stop(struct tracer *t, pid_t tid, int signal)
{
	struct ptrace_state *s = state_of(t);
	struct task *task = task_find(&s->tasks, tid);
	if (!task && s->detaching) {
		let_go(t, tid, 0);
		return;
	}
	if (!task) {
		task = remember(t, tid, TASK_HELD);
		task->held_signal = signal;
		task->held_since = clock_steady(&clock_system);
		return;
	}
	if (task->state == TASK_HELD)
		return;
	task->state = TASK_RUNNING;
	go_on_from_stop(t, task, signal);
}

static void on_stop(struct tracer *t, pid_t tid, int status)
{
	int signal = WSTOPSIG(status);
	int event = status >> 16;
	if (event == PTRACE_EVENT_STOP) {
		on_event_stop(t, tid, signal);
		return;
	}
	if (event == PTRACE_EVENT_EXEC)
		on_exec(t, tid);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		event == PTRACE_EVENT_CLONE)
		on_create(t, tid, event);
	/* Without an event, a signal is about to be delivered, and is. */
	let_go(t, tid, event == 0 ? signal : 0);
	struct task *task = task_find(&state_of(t)->tasks, tid);
	if (state_of(t)->detaching && task)
		forget(t, task);
}

static void on_end(struct tracer *t, pid_t tid, int status)
{
	struct ptrace_state *s = state_of(t);
	struct task *task = task_find(&s->tasks, tid);
	if (!task) {
		t->options.on_exit(t->options.ctx, tid, status);
		return;
	}
	struct trace_event e = {
		.type = TRACE_EXIT,
		.id = task->own,
		.tree = task->tree,
		.pid = tid,
		.status = status,
	};
	bool attached = task->attached;
	suspect(s, task);
	forget(t, task);
	if (e.id != 0)
		tracer_emit(t, &e);
	if (attached)
		t->options.on_exit(t->options.ctx, tid, status);
}

/* 1: handled one; 0: nothing there (or no child at all); -1: error. */
static int handle_one(struct tracer *t, struct error *err)
{
	int status = 0;
	pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
	if (tid == 0 || (tid < 0 && errno == ECHILD))
		return 0;
	if (tid < 0)
		return errno == EINTR ? 1 : error_sys(err, "wait");
	if (WIFSTOPPED(status))
		on_stop(t, tid, status);
	else if (WIFEXITED(status) || WIFSIGNALED(status))
		on_end(t, tid, status);
	return 1;
}

static struct task *find_held(const struct ptrace_state *s, int64_t since)
{
	for (size_t i = 0; s->held > 0 && i < s->tasks.cap; i++) {
		struct task *task = &s->tasks.slots[i];
		if (task->tid != 0 && task->state == TASK_HELD && task->held_since <= since)
			return task;
	}
	return NULL;
}

/*
 * A creator that is killed before it could report leaves its new process waiting. That one goes on,
 * as if what died last had created it, and it is told that this is not certain.
 */
static void release_orphans(struct tracer *t, int64_t since)
{
	struct ptrace_state *s = state_of(t);
	for (struct task *task = find_held(s, since); task; task = find_held(s, since)) {
		task->origin = s->dead_exec;
		task->tree = s->dead_tree;
		struct error err = {0};
		error_set(&err, ERROR_SYSTEM, "process %d: its parent ended while it started it",
			(int)task->tid);
		tracer_gap(t, task->tree, 0, task->tid, &err);
		release_held(t, task);
	}
}

/* True when nothing is left to wait for. Only real time tells whether an event is still coming. */
static bool settle(struct tracer *t)
{
	struct ptrace_state *s = state_of(t);
	if (s->suspect)
		release_orphans(t, clock_steady(&clock_system) - ORPHAN_WAIT_NS);
	if (s->held == 0)
		s->suspect = false;
	return !s->suspect;
}

static int drain(struct tracer *t, struct error *err)
{
	for (int events = 0; events < DRAIN_EVENTS_MAX; events++) {
		int r = handle_one(t, err);
		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		if (settle(t))
			return 0;
		sleep_ms();
	}
	/* There may be more, and no new signal would tell. */
	kill(getpid(), SIGCHLD);
	return 0;
}

static int attach(struct tracer *t, pid_t child, struct error *err)
{
	struct ptrace_state *s = state_of(t);
	if (s->detaching)
		return error_set(err, ERROR_BUG, "the tracing has ended");
	if (task_find(&s->tasks, child))
		return error_set(err, ERROR_BUG, "is traced already");
	if (ptrace(PTRACE_SEIZE, child, NULL, (void *)(uintptr_t)PTRACE_OPTIONS) < 0)
		return error_sys(err, "seize");
	struct task *task = remember(t, child, TASK_RUNNING);
	task->attached = true;
	task->tree = ++s->trees;
	return 0;
}

static void report_survivor(const struct tracer *t, const struct task *task)
{
	if (task->own == 0)
		return;
	struct error err = {0};
	error_set(&err, ERROR_SYSTEM, "process %d was still running when the tracing ended",
		(int)task->tid);
	tracer_gap(t, task->tree, task->own, task->tid, &err);
}

/*
 * Only a task that is stopped can be detached. One that waits for the child of its vfork stops
 * later: as long as the tracer is drained, it is detached then.
 */
static void detach(struct tracer *t)
{
	struct ptrace_state *s = state_of(t);
	s->detaching = true;
	for (size_t i = 0; i < s->tasks.cap; i++) {
		struct task *task = &s->tasks.slots[i];
		if (task->tid != 0 && task->state != TASK_HELD) {
			report_survivor(t, task);
			ptrace(PTRACE_INTERRUPT, task->tid, NULL, NULL);
		}
	}
	release_orphans(t, INT64_MAX);
	struct error err = {0};
	for (int waited = 0; s->tasks.n > 0 && waited < DETACH_WAIT_MS;) {
		int r = handle_one(t, &err);
		if (r < 0)
			return;
		if (r == 0) {
			waited++;
			sleep_ms();
		}
	}
}

static void signal_all(struct tracer *t, int signal)
{
	const struct ptrace_state *s = state_of(t);
	for (size_t i = 0; i < s->tasks.cap; i++) {
		if (s->tasks.slots[i].tid != 0)
			kill(s->tasks.slots[i].tid, signal);
	}
}

static int open_state(struct tracer *t, struct error *err)
{
	(void)err;
	struct ptrace_state *s = calloc(1, sizeof(*s));
	if (!s)
		error_out_of_memory();
	s->cache.clock = t->options.clock;
	t->state = s;
	return 0;
}

static void close_state(struct tracer *t)
{
	struct ptrace_state *s = state_of(t);
	task_table_clear(&s->tasks);
	free(s);
	t->state = NULL;
}

const struct tracer_backend tracer_ptrace = {
	.name = "ptrace",
	.probe = ptrace_probe,
	.open = open_state,
	.attach = attach,
	.drain = drain,
	.detach = detach,
	.signal = signal_all,
	.close = close_state,
};
