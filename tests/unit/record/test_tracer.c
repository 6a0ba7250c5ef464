/* Kinds of exec, and what is reported of each. */
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"

#define NO_ENV ((char *const[]){NULL})

/* ---- Children ------------------------------------------------------------------------------- */

struct command {
	const char *path;
	char *const *argv;
	char *const *envp;
};

static int run_command(const void *arg)
{
	const struct command *c = arg;
	execve(c->path, c->argv, c->envp);
	return 126;
}

static int run_shell(const void *arg)
{
	char *text = strdup(arg);
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, text, NULL};
	char *const envp[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	execve("/bin/sh", argv, envp);
	return 126;
}

static void execute_true(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	execve("/bin/true", argv, NO_ENV);
	_exit(126);
}

static int wait_for(pid_t pid)
{
	int status = 0;
	if (waitpid(pid, &status, 0) != pid)
		return 124;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int spawn_true(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	pid_t pid = 0;
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NO_ENV) != 0)
		return 123;
	return wait_for(pid);
}

/* A directory that is gone when the test ends. */
struct place {
	struct temp_dir dir;
	char path[512];
};

static void place_clear(struct place *p)
{
	temp_dir_clear(&p->dir);
}

static const char *place_file(struct place *p, const char *name, const char *text, mode_t mode)
{
	struct error err = {0};
	if (!p->dir.open)
		assert_int_equal(temp_dir_make(&p->dir, NULL, &err), 0);
	snprintf(p->path, sizeof(p->path), "%s/%s", p->dir.path, name);
	if (text)
		assert_int_equal(file_create(p->dir.fd, name, str_from(text), mode, &err), 0);
	if (text)
		assert_int_equal(fchmodat(p->dir.fd, name, mode, 0), 0);
	return p->path;
}

static const char *place_copy(struct place *p, const char *name, const char *from, mode_t mode)
{
	place_file(p, name, "", mode);
	scoped(buf) bytes = {0};
	struct error err = {0};
	autoclose int fd = open(from, O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_read_fd(&bytes, fd, 64 << 20, &err), 0);
	assert_int_equal(file_replace(p->dir.fd, name, buf_str(&bytes), mode, &err), 0);
	assert_int_equal(fchmodat(p->dir.fd, name, mode, 0), 0);
	return p->path;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static void arguments_are_exact_whatever_bytes_they_hold(void **state)
{
	struct traced *t = *state;
	char *const argv[] = {(char[]){"name of its own"}, (char[]){""}, (char[]){"two\nlines"},
		(char[]){"\xff\xfe\x80"}, (char[]){"a b"}, (char[]){""}, (char[]){"\x1b[31m"},
		NULL};
	const struct command c = {"/bin/true", argv, NO_ENV};
	traced_run(t, run_command, &c);
	const struct str want[] = {STR("name of its own"), STR(""), STR("two\nlines"),
		STR("\xff\xfe\x80"), STR("a b"), STR(""), STR("\x1b[31m")};
	const struct trace_event *e = traced_exec(t, 0);
	traced_assert_argv(e, want, countof(want));
	assert_false(e->argv_cut);
	traced_assert_no_gaps(t);
}

static void what_is_reported_of_a_program_is_what_ran(void **state)
{
	struct traced *t = *state;
	int64_t before = clock_wall(&clock_system);
	traced_run(t, run_shell, "cd /usr/lib && exec /bin/sleep 0.05");
	const struct trace_event *e = traced_find(t, "sleep");
	assert_non_null(e);
	assert_true(str_is(e->exe, "/usr/bin/sleep") || str_is(e->exe, "/bin/sleep"));
	assert_true(str_is(e->cwd, "/usr/lib"));
	assert_true(e->exe_hashed);
	struct digest want = traced_file_digest("/bin/sleep");
	assert_true(digest_eq(&e->exe_sha256, &want));
	assert_int_equal(e->uid, getuid());
	assert_int_equal(e->euid, geteuid());
	assert_int_equal(e->gid, getgid());
	assert_int_equal(e->egid, getegid());
	assert_false(e->secure);
	assert_int_equal(e->script.n, 0);
	assert_int_equal(e->pid, t->command);
	assert_int_equal(e->id, 2);
	assert_int_equal(e->replaces, 1);
	assert_int_equal(e->parent, 0);
	assert_int_equal(e->tree, 1);
	const struct trace_event *end = traced_exit_of(t, 2);
	assert_true(before <= e->start && e->start < end->end);
	assert_true(end->end - e->start >= 50 * 1000000);
	traced_assert_no_gaps(t);
}

static char **many_arguments(struct arena *a, size_t n, const char *text)
{
	char **argv = arena_array(a, char *, n + 1);
	for (size_t i = 0; i < n; i++)
		argv[i] = arena_cstr(a, arena_printf(a, "%s%zu", text, i));
	return argv;
}

static void a_thousand_arguments_are_kept(void **state)
{
	struct traced *t = *state;
	const struct command c = {"/bin/true", many_arguments(&t->arena, 1000, "arg "), NO_ENV};
	traced_run(t, run_command, &c);
	const struct trace_event *e = traced_exec(t, 0);
	assert_int_equal(e->argc, 1000);
	assert_true(str_is(e->argv[999], "arg 999"));
	assert_false(e->argv_cut);
}

static void arguments_beyond_the_limit_are_cut_and_flagged(void **state)
{
	struct traced *t = *state;
	t->argv_max = 13;
	char *const argv[] = {(char[]){"true"}, (char[]){"1234"}, (char[]){"56789"}, NULL};
	const struct command c = {"/bin/true", argv, NO_ENV};
	traced_run(t, run_command, &c);
	const struct str want[] = {STR("true"), STR("1234"), STR("567")};
	const struct trace_event *e = traced_exec(t, 0);
	traced_assert_argv(e, want, countof(want));
	assert_true(e->argv_cut);
	traced_assert_no_gaps(t);
}

static void arguments_that_just_fit_are_not_cut(void **state)
{
	struct traced *t = *state;
	t->argv_max = 10;
	char *const argv[] = {(char[]){"true"}, (char[]){"1234"}, NULL};
	const struct command c = {"/bin/true", argv, NO_ENV};
	traced_run(t, run_command, &c);
	assert_int_equal(traced_exec(t, 0)->argc, 2);
	assert_false(traced_exec(t, 0)->argv_cut);
}

static void a_megabyte_of_arguments_keeps_its_beginning(void **state)
{
	struct traced *t = *state;
	const struct command c = {
		"/bin/true", many_arguments(&t->arena, 60000, "0123456789"), NO_ENV};
	traced_run(t, run_command, &c);
	const struct trace_event *e = traced_exec(t, 0);
	assert_true(e->argv_cut);
	assert_in_range(e->argc, 8000, 12000);
	assert_true(str_is(e->argv[5000], "01234567895000"));
	traced_assert_no_gaps(t);
}

static void a_megabyte_of_environment_does_not_hide_the_arguments(void **state)
{
	struct traced *t = *state;
	char *const argv[] = {(char[]){"true"}, (char[]){"x"}, NULL};
	const struct command c = {
		"/bin/true", argv, many_arguments(&t->arena, 60000, "LONG_NAME=")};
	traced_run(t, run_command, &c);
	const struct str want[] = {STR("true"), STR("x")};
	traced_assert_argv(traced_exec(t, 0), want, countof(want));
	assert_false(traced_exec(t, 0)->argv_cut);
	assert_int_equal(traced_exec(t, 0)->uid, getuid());
	traced_assert_no_gaps(t);
}

static int run_without_arguments(const void *arg)
{
	(void)arg;
	char *const none[] = {NULL};
	execve("/bin/true", none, NO_ENV);
	return 126;
}

/* Newer kernels give a program at least an empty name. */
static void a_program_without_arguments_is_reported(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_without_arguments, NULL);
	assert_int_equal(traced_count(t, TRACE_EXEC), 1);
	const struct trace_event *e = traced_exec(t, 0);
	assert_true(e->argc == 0 || (e->argc == 1 && e->argv[0].n == 0));
	assert_true(e->exe_hashed);
	traced_assert_no_gaps(t);
}

/* ---- Scripts -------------------------------------------------------------------------------- */

static void assert_script(const struct trace_event *e, const char *path, const char *text)
{
	if (!str_is(e->script, path))
		fail_msg("script is \"%.*s\", not \"%s\"", STR_ARG(e->script), path);
	assert_true(e->script_hashed);
	struct digest want = digest_bytes(str_from(text));
	assert_true(digest_eq(&e->script_sha256, &want));
}

static void a_script_is_reported_with_its_interpreter(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *text = "#!/bin/sh -e\nexit 3\n";
	const char *path = place_file(&p, "s.sh", text, 0755);
	char *const argv[] = {(char[]){"whatever"}, (char[]){"x y"}, NULL};
	const struct command c = {path, argv, NO_ENV};
	traced_run(t, run_command, &c);
	const struct trace_event *e = traced_exec(t, 0);
	assert_script(e, path, text);
	const struct str want[] = {STR("/bin/sh"), STR("-e"), str_from(path), STR("x y")};
	traced_assert_argv(e, want, countof(want));
	struct digest shell = traced_file_digest("/bin/sh");
	assert_true(digest_eq(&e->exe_sha256, &shell));
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 1)->status), 3);
	traced_assert_no_gaps(t);
}

static void a_script_found_through_env_is_two_execs(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *text = "#!/usr/bin/env sh\nexit 0\n";
	const char *path = place_file(&p, "s", text, 0755);
	traced_run(t, run_shell, path);
	const struct trace_event *env = traced_find(t, "env");
	assert_non_null(env);
	assert_script(env, path, text);
	const struct trace_event *sh = traced_exec(t, traced_count(t, TRACE_EXEC) - 1);
	assert_int_equal(sh->replaces, env->id);
	assert_int_equal(sh->script.n, 0);
	traced_assert_no_gaps(t);
}

static void interpreters_that_are_scripts_are_hashed_too(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *first = "#! \t/bin/sh\nexit 8\n";
	place_file(&p, "first", first, 0755);
	struct str second = arena_printf(&t->arena, "#!%s/first -x\n", p.dir.path);
	place_file(&p, "second", second.p, 0755);
	struct str third = arena_printf(&t->arena, "#!%s/second\n", p.dir.path);
	const char *path = place_file(&p, "third", third.p, 0755);
	traced_run(t, run_shell, path);
	const struct trace_event *e = traced_exec(t, 1);
	assert_script(e, path, third.p);
	assert_int_equal(e->interpreter_count, 2);
	const struct digest digests[] = {digest_bytes(second), digest_bytes(str_from(first))};
	const char *const names[] = {"second", "first"};
	for (size_t i = 0; i < countof(digests); i++) {
		assert_true(str_is(path_base(e->interpreters[i].path), names[i]));
		assert_true(e->interpreters[i].hashed);
		assert_true(digest_eq(&e->interpreters[i].sha256, &digests[i]));
	}
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, e->id)->status), 8);
	traced_assert_no_gaps(t);
}

static void a_script_is_found_from_the_directory_of_the_process(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *text = "#!/bin/sh\n:\n";
	place_file(&p, "s", text, 0755);
	assert_int_equal(mkdirat(p.dir.fd, "sub", 0755), 0);
	struct str line = arena_printf(&t->arena, "cd %s/sub && ../s; ./../s", p.dir.path);
	traced_run(t, run_shell, line.p);
	assert_script(traced_exec(t, 1), "../s", text);
	assert_script(traced_exec(t, 2), "./../s", text);
	traced_assert_no_gaps(t);
}

static int run_descriptor(const void *arg)
{
	const char *path = arg;
	int fd = open(path, O_RDONLY);
	char *const argv[] = {(char[]){"by descriptor"}, (char[]){"x"}, NULL};
	fexecve(fd, argv, NO_ENV);
	return 126;
}

static void a_script_behind_a_descriptor_is_hashed(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *text = "#!/bin/sh\nexit 5\n";
	const char *path = place_file(&p, "s", text, 0755);
	traced_run(t, run_descriptor, path);
	const struct trace_event *e = traced_exec(t, 0);
	assert_true(str_has_prefix(e->script, STR("/dev/fd/")));
	assert_script(e, arena_cstr(&t->arena, e->script), text);
	assert_int_equal(WEXITSTATUS(t->command_status), 5);
	traced_assert_no_gaps(t);
}

static void a_program_behind_a_descriptor_is_no_script(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_descriptor, "/bin/true");
	assert_int_equal(traced_exec(t, 0)->script.n, 0);
	assert_true(traced_exec(t, 0)->exe_hashed);
	traced_assert_no_gaps(t);
}

static void a_program_given_as_argument_to_itself_is_no_script(void **state)
{
	struct traced *t = *state;
	char *const argv[] = {(char[]){"true"}, (char[]){"/bin/true"}, NULL};
	const struct command c = {"/bin/true", argv, NO_ENV};
	traced_run(t, run_command, &c);
	assert_int_equal(traced_exec(t, 0)->script.n, 0);
	traced_assert_no_gaps(t);
}

/* ---- Files ---------------------------------------------------------------------------------- */

static int run_memory_file(const void *arg)
{
	(void)arg;
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("in memory", MFD_CLOEXEC);
	char bytes[4096];
	for (ssize_t n = read(from, bytes, sizeof(bytes)); n > 0;
		n = read(from, bytes, sizeof(bytes))) {
		if (write(fd, bytes, (size_t)n) != n)
			return 125;
	}
	char *const argv[] = {(char[]){"from memory"}, NULL};
	fexecve(fd, argv, NO_ENV);
	return 126;
}

static void a_program_in_memory_is_hashed(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_memory_file, NULL);
	const struct trace_event *e = traced_exec(t, 0);
	assert_true(str_has_prefix(e->exe, STR("/memfd:in memory")));
	assert_true(e->exe_hashed);
	struct digest want = traced_file_digest("/bin/true");
	assert_true(digest_eq(&e->exe_sha256, &want));
	traced_assert_no_gaps(t);
}

static void a_program_that_removes_itself_is_hashed(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *path = place_copy(&p, "gone", "/bin/rm", 0755);
	struct str line = arena_printf(&t->arena, "%s %s", path, path);
	traced_run(t, run_shell, line.p);
	const struct trace_event *e = traced_exec(t, traced_count(t, TRACE_EXEC) - 1);
	struct digest want = traced_file_digest("/bin/rm");
	assert_true(digest_eq(&e->exe_sha256, &want));
	assert_true(str_is(e->exe, path));
	assert_int_equal(faccessat(p.dir.fd, "gone", F_OK, 0), -1);
}

static int run_unlinked(const void *arg)
{
	const char *path = arg;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	char *const argv[] = {(char[]){"unlinked"}, NULL};
	fexecve(fd, argv, NO_ENV);
	return 126;
}

static void an_unlinked_program_is_hashed(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	traced_run(t, run_unlinked, place_copy(&p, "gone", "/bin/true", 0755));
	const struct trace_event *e = traced_exec(t, 0);
	struct digest want = traced_file_digest("/bin/true");
	assert_true(digest_eq(&e->exe_sha256, &want));
	assert_true(str_has_suffix(e->exe, STR("/gone (deleted)")));
	traced_assert_no_gaps(t);
}

/* Same name, same size, within one tick of the clock: the digest must not come from the cache. */
static void a_file_that_changes_between_two_execs_is_hashed_twice(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	const char *path = place_file(&p, "s", NULL, 0);
	struct str line = arena_printf(&t->arena,
		"for i in 1 2 3 4 5 6; do printf '#!/bin/sh\\n: %%s\\n' $i >%s; chmod 755 %s; %s; done",
		path, path, path);
	traced_run(t, run_shell, line.p);
	int seen = 0;
	for (size_t i = 0; i < t->events.n; i++) {
		const struct trace_event *e = &t->events.items[i];
		if (e->type != TRACE_EXEC || e->script.n == 0)
			continue;
		struct str text = arena_printf(&t->arena, "#!/bin/sh\n: %d\n", ++seen);
		assert_script(e, path, text.p);
	}
	assert_int_equal(seen, 6);
}

/* ---- Ways to create a process --------------------------------------------------------------- */

static int by_fork(const void *arg)
{
	(void)arg;
	pid_t pid = fork();
	if (pid == 0)
		execute_true();
	return wait_for(pid);
}

static int by_vfork(const void *arg)
{
	(void)arg;
	char *const argv[] = {(char[]){"true"}, NULL};
	pid_t pid = vfork();
	if (pid == 0) {
		execve("/bin/true", argv, NO_ENV);
		_exit(126);
	}
	return wait_for(pid);
}

static int by_posix_spawn(const void *arg)
{
	(void)arg;
	return spawn_true();
}

static int by_clone3(const void *arg)
{
	(void)arg;
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		execute_true();
	return wait_for(pid);
}

/* Without SIGCHLD as its signal, a process is reported by the same event as a thread. */
static int by_clone_without_signal(const void *arg)
{
	(void)arg;
	struct clone_args args = {.exit_signal = 0};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		execute_true();
	int status = 0;
	return waitpid(pid, &status, __WALL) == pid ? WEXITSTATUS(status) : 124;
}

static void *spawning_thread(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)spawn_true();
}

static int by_thread(const void *arg)
{
	(void)arg;
	pthread_t thread;
	void *result = NULL;
	if (pthread_create(&thread, NULL, spawning_thread, NULL) != 0)
		return 122;
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

struct way {
	const char *name;
	traced_fn *fn;
};

static const struct way ways[] = {
	{"fork", by_fork},
	{"vfork", by_vfork},
	{"posix_spawn", by_posix_spawn},
	{"clone3", by_clone3},
	{"clone without a signal", by_clone_without_signal},
	{"a thread", by_thread},
};

static void the_exec_of_a_child_is_seen_however_it_was_created(void **state)
{
	for (size_t i = 0; i < countof(ways); i++) {
		print_message("         %s\n", ways[i].name);
		assert_int_equal(traced_teardown(state), 0);
		assert_int_equal(traced_setup(state), 0);
		struct traced *t = *state;
		traced_run(t, ways[i].fn, NULL);
		assert_int_equal(t->command_status, 0);
		assert_int_equal(traced_count(t, TRACE_EXEC), 1);
		const struct trace_event *e = traced_exec(t, 0);
		assert_true(str_is(path_base(e->exe), "true"));
		assert_int_not_equal(e->pid, t->command);
		assert_int_equal(e->parent, 0);
		assert_int_equal(traced_exit_of(t, 1)->status, 0);
		assert_int_equal(traced_count(t, TRACE_EXIT), 1);
		traced_assert_no_gaps(t);
	}
}

static void parents_follow_the_execs_through_subshells(void **state)
{
	struct traced *t = *state;
	traced_run(t, run_shell, "(/bin/sh -c '(/bin/true; exit 2); exit 1'; exit 4)");
	assert_int_equal(traced_count(t, TRACE_EXEC), 3);
	assert_int_equal(traced_exec(t, 0)->parent, 0);
	assert_int_equal(traced_exec(t, 1)->parent, 1);
	assert_int_equal(traced_exec(t, 2)->parent, 2);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 1)->status), 4);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 2)->status), 1);
	assert_int_equal(WEXITSTATUS(traced_exit_of(t, 3)->status), 0);
	assert_int_equal(traced_count(t, TRACE_EXIT), 3);
}

static void *executing_thread(void *arg)
{
	(void)arg;
	execute_true();
	return NULL;
}

static void *waiting_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int exec_in_thread(const void *arg)
{
	(void)arg;
	pthread_t thread;
	for (int i = 0; i < 3; i++) {
		if (pthread_create(&thread, NULL, waiting_thread, NULL) != 0)
			return 122;
	}
	if (pthread_create(&thread, NULL, executing_thread, NULL) != 0)
		return 122;
	for (;;)
		pause();
}

static void a_thread_that_executes_takes_over_its_process(void **state)
{
	struct traced *t = *state;
	traced_run(t, exec_in_thread, NULL);
	assert_int_equal(t->command_status, 0);
	assert_int_equal(traced_count(t, TRACE_EXEC), 1);
	assert_int_equal(traced_exec(t, 0)->pid, t->command);
	assert_int_equal(traced_count(t, TRACE_EXIT), 1);
	traced_assert_no_gaps(t);
}

/* ---- 32-bit --------------------------------------------------------------------------------- */

/* i386: mov ebx, 7; mov eax, 1 (exit); int 0x80. */
static const unsigned char i386_program[] = {
	0x7f,
	'E',
	'L',
	'F',
	1,
	1,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	2,
	0,
	3,
	0,
	1,
	0,
	0,
	0,
	0x54,
	0x80,
	0x04,
	0x08,
	0x34,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x34,
	0,
	0x20,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x00,
	0x80,
	0x04,
	0x08,
	0x00,
	0x80,
	0x04,
	0x08,
	0x60,
	0,
	0,
	0,
	0x60,
	0,
	0,
	0,
	5,
	0,
	0,
	0,
	0x00,
	0x10,
	0,
	0,
	0xbb,
	7,
	0,
	0,
	0,
	0xb8,
	1,
	0,
	0,
	0,
	0xcd,
	0x80,
};

static void a_32_bit_program_is_read_with_its_own_words(void **state)
{
	struct traced *t = *state;
	scoped(place) p = {0};
	place_file(&p, "i386", "", 0755);
	struct error err = {0};
	struct str bytes = {(const char *)i386_program, sizeof(i386_program)};
	assert_int_equal(file_replace(p.dir.fd, "i386", bytes, 0755, &err), 0);
	assert_int_equal(fchmodat(p.dir.fd, "i386", 0755, 0), 0);
	char *const argv[] = {(char[]){"narrow"}, (char[]){""}, (char[]){"x"}, NULL};
	const struct command c = {p.path, argv, (char *const[]){(char[]){"A=B"}, NULL}};
	traced_run(t, run_command, &c);
	if (WEXITSTATUS(t->command_status) == 126)
		skip();
	assert_int_equal(WEXITSTATUS(t->command_status), 7);
	const struct str want[] = {STR("narrow"), STR(""), STR("x")};
	const struct trace_event *e = traced_exec(t, 0);
	traced_assert_argv(e, want, countof(want));
	assert_int_equal(e->uid, getuid());
	traced_assert_no_gaps(t);
}

#define TRACED_TEST(name) cmocka_unit_test_setup_teardown(name, traced_setup, traced_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACED_TEST(arguments_are_exact_whatever_bytes_they_hold),
		TRACED_TEST(what_is_reported_of_a_program_is_what_ran),
		TRACED_TEST(a_thousand_arguments_are_kept),
		TRACED_TEST(arguments_beyond_the_limit_are_cut_and_flagged),
		TRACED_TEST(arguments_that_just_fit_are_not_cut),
		TRACED_TEST(a_megabyte_of_arguments_keeps_its_beginning),
		TRACED_TEST(a_megabyte_of_environment_does_not_hide_the_arguments),
		TRACED_TEST(a_program_without_arguments_is_reported),
		TRACED_TEST(a_script_is_reported_with_its_interpreter),
		TRACED_TEST(a_script_found_through_env_is_two_execs),
		TRACED_TEST(interpreters_that_are_scripts_are_hashed_too),
		TRACED_TEST(a_script_is_found_from_the_directory_of_the_process),
		TRACED_TEST(a_script_behind_a_descriptor_is_hashed),
		TRACED_TEST(a_program_behind_a_descriptor_is_no_script),
		TRACED_TEST(a_program_given_as_argument_to_itself_is_no_script),
		TRACED_TEST(a_program_in_memory_is_hashed),
		TRACED_TEST(a_program_that_removes_itself_is_hashed),
		TRACED_TEST(an_unlinked_program_is_hashed),
		TRACED_TEST(a_file_that_changes_between_two_execs_is_hashed_twice),
		TRACED_TEST(the_exec_of_a_child_is_seen_however_it_was_created),
		TRACED_TEST(parents_follow_the_execs_through_subshells),
		TRACED_TEST(a_thread_that_executes_takes_over_its_process),
		TRACED_TEST(a_32_bit_program_is_read_with_its_own_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
