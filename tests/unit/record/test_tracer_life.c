/* How processes live and end under the tracer, and how it fails. */
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"

#define NO_ENV ((char *const[]){NULL})
#define STORM 2000

static int run_shell(const void *arg)
{
	char *text = strdup(arg);
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, text, NULL};
	char *const envp[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	execve("/bin/sh", argv, envp);
	return 126;
}

/* ---- Ends ----------------------------------------------------------------------------------- */

static void exit_codes_and_signals_are_reported(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_shell,
		"/bin/true; /bin/false; sh -c 'exit 255'; sh -c 'kill -TERM $$'; sh -c 'kill -KILL $$'; "
		"exit 42");
	assert_int_equal(traced_exit_of(t, 2)->status, 0);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 3)->status), 1);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 4)->status), 255);
	assert_int_equal(WTERMSIG(traced_exit_of(t, 5)->status), SIGTERM);
	assert_int_equal(WTERMSIG(traced_exit_of(t, 6)->status), SIGKILL);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 1)->status), 42);
	assert_int_equal(WEXITSTATUS(t->command_status), 42);
	traced_assert_no_gaps(t);
}

static int fail_to_execute(const void *arg)
{
	(void)arg;
	char *const argv[] = {(char[]){"x"}, NULL};
	execve("/nonexistent", argv, NO_ENV);
	execve("/etc/passwd", argv, NO_ENV);
	return 127;
}

static void an_exec_that_fails_is_not_reported(void **state)
{
	struct traced *t = *state;
	traced_run(t, fail_to_execute, NULL);
	assert_int_equal(WEXITSTATUS(t->command_status), 127);
	assert_int_equal(t->events.n, 0);
}

static bool other_ended(const struct traced *t)
{
	return t->other != 0;
}

static void children_that_are_not_traced_are_handed_to_the_caller(void **state)
{
	struct traced *t = *state;
	traced_open(t);
	pid_t pid = fork();
	if (pid == 0)
		_exit(9);
	traced_until(t, other_ended);
	assert_int_equal(t->other, pid);
	assert_int_equal(WEXITSTATUS(t->other_status), 9);
	assert_int_equal(t->events.n, 0);
}

static void several_commands_are_told_apart(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_shell, "/bin/true; :");
	traced_start(t, run_shell, "/bin/false; :");
	traced_until(t, traced_all_ended);
	assert_int_equal(traced_exec(t, 1)->tree, 1);
	assert_int_equal(traced_exec(t, 2)->tree, 2);
	assert_int_equal(traced_exec(t, 3)->tree, 2);
	assert_int_equal(traced_exec(t, 2)->parent, 0);
	assert_int_equal(traced_exec(t, 3)->parent, 3);
	assert_int_equal(traced_exit_of(t, 4)->tree, 2);
}

/* ---- Signals -------------------------------------------------------------------------------- */

static int stop_and_continue(const void *arg)
{
	(void)arg;
	pid_t pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		char *const argv[] = {(char[]){"true"}, NULL};
		execve("/bin/true", argv, NO_ENV);
		_exit(126);
	}
	int status = 0;
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return 1;
	if (WSTOPSIG(status) != SIGSTOP)
		return 2;
	/* It stays stopped. */
	usleep(50 * 1000);
	if (waitpid(pid, &status, WNOHANG) != 0)
		return 3;
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
		return 4;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 5;
	return 0;
}

static void a_stopped_process_stays_stopped_until_it_is_continued(void **state)
{
	struct traced *t = *state;
	traced_run(t, stop_and_continue, NULL);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(traced_count(t, TRACE_EXEC), 1);
	traced_assert_no_gaps(t);
}

static void signals_reach_the_process_that_they_are_sent_to(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_shell,
		"n=0; trap 'n=$((n+1))' USR1; trap 'n=$((n+10))' TRAP; "
		"for i in 1 2 3; do kill -USR1 $$; done; kill -TRAP $$; exit $n");
	assert_int_equal(WEXITSTATUS(t->command_status), 13);
}

/* ---- Many ----------------------------------------------------------------------------------- */

static int spawn_many(const void *arg)
{
	int n = *(const int *)arg;
	char *const argv[] = {(char[]){"true"}, NULL};
	for (int i = 0; i < n; i++) {
		pid_t pid = 0;
		int status = 0;
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NO_ENV) != 0 ||
			waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	return 0;
}

static void none_of_two_thousand_quick_execs_is_lost(void **state)
{
	struct traced *t = *state;
	int n = STORM;
	traced_run(t, spawn_many, &n);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(traced_count(t, TRACE_EXEC), STORM);
	assert_int_equal(traced_count(t, TRACE_EXIT), STORM);
	for (size_t i = 0; i < STORM; i++) {
		assert_int_equal(traced_exec(t, i)->id, i + 1);
		assert_true(traced_exec(t, i)->exe_hashed);
	}
	traced_assert_no_gaps(t);
}

static int spawn_in_parallel(const void *arg)
{
	pid_t pids[4];
	for (size_t i = 0; i < countof(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(spawn_many(arg));
	}
	int failed = 0;
	for (size_t i = 0; i < countof(pids); i++) {
		int status = 1;
		if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
			failed++;
	}
	return failed;
}

static void none_is_lost_when_four_start_them_at_once(void **state)
{
	struct traced *t = *state;
	int n = STORM / 4;
	traced_run(t, spawn_in_parallel, &n);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(traced_count(t, TRACE_EXEC), STORM);
	assert_int_equal(traced_count(t, TRACE_EXIT), STORM);
	traced_assert_no_gaps(t);
}

/* ---- Killed --------------------------------------------------------------------------------- */

static void a_process_killed_while_it_is_stopped_ends(void **state)
{
	struct traced *t = *state;
	t->kill_at_exec = true;
	int n = 1;
	traced_run(t, spawn_many, &n);
	assert_int_equal(WEXITSTATUS(t->command_status), 1);
	assert_int_equal(traced_count(t, TRACE_EXEC), 1);
	assert_int_equal(WTERMSIG(traced_exit_of(t, 1)->status), SIGKILL);
}

static void fork_for_ever(void)
{
	setpgid(0, 0);
	for (;;) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static int kill_while_forking(const void *arg)
{
	(void)arg;
	for (int i = 0; i < 150; i++) {
		pid_t pid = fork();
		if (pid == 0)
			fork_for_ever();
		/* By turns the parent alone and its whole group. */
		usleep((useconds_t)(200 + i * 37 % 1500));
		if (i % 2 == 0 || kill(-pid, SIGKILL) < 0)
			kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* Nothing may hang, whichever of the two events of a fork is missing. */
static void processes_killed_while_they_fork_leave_nothing_behind(void **state)
{
	struct traced *t = *state;
	traced_run(t, kill_while_forking, NULL);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(tracer_running(t->tracer), 0);
}

static void *forking_thread(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static int execute_while_a_thread_forks(const void *arg)
{
	(void)arg;
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pthread_t thread;
			if (pthread_create(&thread, NULL, forking_thread, NULL) != 0)
				_exit(1);
			usleep((useconds_t)(300 + i * 53 % 1000));
			char *const argv[] = {(char[]){"true"}, NULL};
			execve("/bin/true", argv, NO_ENV);
		}
		int status = 0;
		if (waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	return 0;
}

static void threads_killed_by_an_exec_while_they_fork_leave_nothing_behind(void **state)
{
	struct traced *t = *state;
	traced_run(t, execute_while_a_thread_forks, NULL);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(traced_count(t, TRACE_EXEC), 60);
	assert_int_equal(traced_count(t, TRACE_EXIT), 60);
}

/* ---- Daemons and detaching ------------------------------------------------------------------ */

#define DAEMON "(sh -c 'sleep 0.3; /bin/true; exit 6' >/dev/null 2>&1 &) ; exit 0"

static void a_daemon_is_traced_beyond_its_command(void **state)
{
	struct traced *t = *state;
	traced_open(t);
	traced_start(t, run_shell, DAEMON);
	traced_until(t, traced_command_ended);
	assert_true(tracer_running(t->tracer) > 0);
	traced_until(t, traced_all_ended);
	const struct trace_event *e = traced_find(t, "true");
	assert_non_null(e);
	assert_int_equal(e->tree, 1);
	const struct trace_event *end = traced_exit_of(t, e->parent);
	assert_int_equal(WEXITSTATUS(end->status), 6);
	traced_assert_no_gaps(t);
}

static bool one_sleeps(const struct traced *t)
{
	return traced_command_ended(t) && traced_find(t, "sleep");
}

static bool status_has(pid_t pid, const char *line)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	scoped(buf) text = {0};
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error err = {0};
	if (fd < 0 || file_read_fd(&text, fd, 1 << 16, &err) < 0)
		return false;
	return str_contains(buf_str(&text), str_from(line));
}

/* Waits for the line, draining when there is a tracer. */
static bool status_gets(struct traced *t, pid_t pid, const char *line)
{
	for (int i = 0; i < 10000 && !status_has(pid, line); i++) {
		usleep(1000);
		if (tracer_drain(t->tracer, &t->err) < 0)
			return false;
	}
	return status_has(pid, line);
}

static void what_still_runs_at_the_end_goes_on_untraced_and_is_a_gap(void **state)
{
	struct traced *t = *state;
	traced_open(t);
	traced_start(t, run_shell, "sleep 30 & exit 0");
	traced_until(t, one_sleeps);
	const struct trace_event *e = traced_find(t, "sleep");
	tracer_detach(t->tracer);
	assert_int_equal(tracer_running(t->tracer), 0);
	assert_true(status_has(e->pid, "TracerPid:\t0\n"));
	assert_true(status_gets(t, e->pid, "State:\tS"));
	assert_int_equal(traced_count(t, TRACE_GAP), 1);
	const struct trace_event *gap = &t->events.items[t->events.n - 1];
	assert_int_equal(gap->type, TRACE_GAP);
	assert_int_equal(gap->id, e->id);
	assert_true(str_contains(gap->reason, STR("still running")));
	assert_int_equal(tracer_attach(t->tracer, e->pid, &t->err), -1);
	assert_int_equal(kill(e->pid, SIGKILL), 0);
}

static void a_stopped_process_stays_stopped_when_it_is_detached(void **state)
{
	struct traced *t = *state;
	traced_open(t);
	traced_start(t, run_shell, "sleep 30 & exit 0");
	traced_until(t, one_sleeps);
	pid_t pid = traced_find(t, "sleep")->pid;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_true(status_gets(t, pid, "State:\tt"));
	tracer_detach(t->tracer);
	assert_true(status_has(pid, "TracerPid:\t0\n"));
	assert_true(status_gets(t, pid, "State:\tT"));
	assert_int_equal(kill(pid, SIGKILL), 0);
}

static void detaching_in_the_middle_of_a_storm_leaves_it_running(void **state)
{
	struct traced *t = *state;
	scoped(temp_dir) dir = {0};
	assert_int_equal(temp_dir_make(&dir, NULL, &t->err), 0);
	struct str line = arena_printf(&t->arena,
		"i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done; echo $i >%s/done",
		dir.path);
	traced_open(t);
	traced_start(t, run_shell, line.p);
	for (int i = 0; i < 20; i++) {
		usleep(2000);
		assert_int_equal(tracer_drain(t->tracer, &t->err), 0);
	}
	assert_false(traced_command_ended(t));
	tracer_detach(t->tracer);
	assert_int_equal(tracer_running(t->tracer), 0);
	int status = -1;
	assert_int_equal(waitpid(t->command, &status, 0), t->command);
	assert_int_equal(status, 0);
	assert_int_equal(faccessat(dir.fd, "done", F_OK, 0), 0);
}

/* ---- Failing -------------------------------------------------------------------------------- */

static void never_event(void *ctx, const struct trace_event *e)
{
	(void)ctx;
	(void)e;
}

static void never_exit(void *ctx, pid_t pid, int status)
{
	(void)ctx;
	(void)pid;
	(void)status;
}

static const struct tracer_options silent = {
	.clock = &clock_system,
	.on_event = never_event,
	.on_exit = never_exit,
};

static void forbid_ptrace(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = countof(code), .filter = code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(77);
}

/* Ends with 0 when the tracer refuses with that text. */
NORETURN static void exit_with_refusal(const char *text)
{
	struct tracer *t = NULL;
	struct error err = {0};
	if (tracer_open(&t, &silent, &err) == 0)
		_exit(1);
	if (err.code != ERROR_SYSTEM || !strstr(err.text, text))
		_exit(2);
	_exit(0);
}

static int status_of(pid_t pid)
{
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	return WEXITSTATUS(status);
}

static void without_permission_to_trace_it_does_not_open_and_says_why(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		forbid_ptrace();
		exit_with_refusal("ptrace is not permitted");
	}
	assert_int_equal(status_of(pid), 0);
}

static void with_the_processes_of_another_namespace_in_proc_it_does_not_open(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWPID) < 0 &&
			(unshare(CLONE_NEWUSER) < 0 || unshare(CLONE_NEWPID) < 0))
			_exit(77);
		pid_t inner = fork();
		if (inner == 0)
			exit_with_refusal("another pid namespace");
		int status = -1;
		_exit(waitpid(inner, &status, 0) == inner ? WEXITSTATUS(status) : 3);
	}
	assert_int_equal(status_of(pid), 0);
}

static void with_sigchld_ignored_it_does_not_open(void **state)
{
	(void)state;
	void (*before)(int) = signal(SIGCHLD, SIG_IGN);
	struct tracer *t = NULL;
	struct error err = {0};
	int r = tracer_open(&t, &silent, &err);
	signal(SIGCHLD, before);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, ERROR_BUG);
}

static void an_unknown_backend_is_refused(void **state)
{
	(void)state;
	struct tracer_options o = silent;
	o.backend = "oracle";
	struct tracer *t = NULL;
	struct error err = {0};
	assert_int_equal(tracer_open(&t, &o, &err), -1);
	assert_int_equal(err.code, ERROR_USAGE);
	assert_non_null(strstr(err.text, "oracle"));
	o.backend = "ptrace";
	assert_int_equal(tracer_open(&t, &o, &err), 0);
	assert_string_equal(tracer_backend_name(t), "ptrace");
	tracer_free(t);
}

static void attaching_twice_or_to_nobody_is_an_error(void **state)
{
	struct traced *t = *state;
	traced_open(t);
	traced_start(t, run_shell, "sleep 0.2");
	assert_int_equal(tracer_attach(t->tracer, t->command, &t->err), -1);
	traced_until(t, traced_all_ended);
	assert_int_equal(tracer_attach(t->tracer, t->command, &t->err), -1);
	assert_int_equal(t->err.code, ERROR_SYSTEM);
}

#define TRACED_TEST(name) cmocka_unit_test_setup_teardown(name, traced_setup, traced_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACED_TEST(exit_codes_and_signals_are_reported),
		TRACED_TEST(an_exec_that_fails_is_not_reported),
		TRACED_TEST(children_that_are_not_traced_are_handed_to_the_caller),
		TRACED_TEST(several_commands_are_told_apart),
		TRACED_TEST(a_stopped_process_stays_stopped_until_it_is_continued),
		TRACED_TEST(signals_reach_the_process_that_they_are_sent_to),
		TRACED_TEST(none_of_two_thousand_quick_execs_is_lost),
		TRACED_TEST(none_is_lost_when_four_start_them_at_once),
		TRACED_TEST(a_process_killed_while_it_is_stopped_ends),
		TRACED_TEST(processes_killed_while_they_fork_leave_nothing_behind),
		TRACED_TEST(threads_killed_by_an_exec_while_they_fork_leave_nothing_behind),
		TRACED_TEST(a_daemon_is_traced_beyond_its_command),
		TRACED_TEST(what_still_runs_at_the_end_goes_on_untraced_and_is_a_gap),
		TRACED_TEST(a_stopped_process_stays_stopped_when_it_is_detached),
		TRACED_TEST(detaching_in_the_middle_of_a_storm_leaves_it_running),
		cmocka_unit_test(without_permission_to_trace_it_does_not_open_and_says_why),
		cmocka_unit_test(with_the_processes_of_another_namespace_in_proc_it_does_not_open),
		cmocka_unit_test(with_sigchld_ignored_it_does_not_open),
		cmocka_unit_test(an_unknown_backend_is_refused),
		TRACED_TEST(attaching_twice_or_to_nobody_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
