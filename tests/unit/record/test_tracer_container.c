/* Other roots, namespaces and users than the tracer's own. */
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"

#define NO_ENV ((char *const[]){NULL})
#define NOBODY 65534
#define SCRIPT "#!/bin/sh\nexit 3\n"

/* ---- A root made of the host's own programs, in a mount namespace of its own ---------------- */

static const char *const host_directories[] = {"bin", "lib", "lib32", "lib64", "usr"};

static int bind_directory(const char *root, const char *name)
{
	char from[64];
	char to[512];
	struct stat st;
	snprintf(from, sizeof(from), "/%s", name);
	if (stat(from, &st) < 0)
		return 0;
	snprintf(to, sizeof(to), "%s/%s", root, name);
	if (mkdir(to, 0755) < 0)
		return -1;
	return mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* Leaves the caller in a new mount namespace with the root in place, but not yet in it. */
static int make_root(const char *root)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("root", root, "tmpfs", 0, "mode=755") < 0)
		return -1;
	for (size_t i = 0; i < countof(host_directories); i++) {
		if (bind_directory(root, host_directories[i]) < 0)
			return -1;
	}
	char path[512];
	snprintf(path, sizeof(path), "%s/work", root);
	if (mkdir(path, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/work/s.sh", root);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, SCRIPT, sizeof(SCRIPT) - 1) != (ssize_t)sizeof(SCRIPT) - 1)
		return -1;
	snprintf(path, sizeof(path), "%s/work/link", root);
	return symlink("/work/s.sh", path);
}

/* The script, found through a link that means something else outside. */
static void execute_linked_script(void)
{
	char *const argv[] = {(char[]){"link"}, NULL};
	if (chdir("/work") == 0)
		execve("../work/./link", argv, NO_ENV);
	_exit(126);
}

static int in_changed_root(const void *root)
{
	if (unshare(CLONE_NEWNS) < 0 || make_root(root) < 0 || chroot(root) < 0 || chdir("/") < 0)
		return 125;
	execute_linked_script();
	return 126;
}

static int enter_root(const char *root)
{
	if (make_root(root) < 0 || chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

/* As a builder does it: everything of its own, and the command is no process of the tracer's. */
static int in_container(const void *root)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		return 125;
	pid_t pid = fork();
	if (pid == 0) {
		if (enter_root(root) < 0)
			_exit(124);
		execute_linked_script();
	}
	int status = 0;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 123;
}

static void assert_linked_script(const struct traced *t)
{
	assert_int_equal(traced_count(t, TRACE_EXEC), 1);
	const struct trace_event *e = traced_exec(t, 0);
	assert_true(str_is(e->cwd, "/work"));
	assert_true(str_is(e->script, "../work/./link"));
	assert_true(e->script_hashed);
	struct digest script = digest_bytes(STR(SCRIPT));
	assert_true(digest_eq(&e->script_sha256, &script));
	assert_true(e->exe_hashed);
	struct digest shell = traced_file_digest("/bin/sh");
	assert_true(digest_eq(&e->exe_sha256, &shell));
	assert_true(
		str_has_prefix(e->exe, STR("/usr/bin/")) || str_has_prefix(e->exe, STR("/bin/")));
	traced_assert_no_gaps(t);
}

static void skip_unless_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void run_in_root(struct traced *t, traced_fn *fn)
{
	scoped(temp_dir) dir = {0};
	assert_int_equal(temp_dir_make(&dir, NULL, &t->err), 0);
	traced_run(t, fn, dir.path);
	assert_int_equal(WEXITSTATUS(t->command_status), 3);
	assert_linked_script(t);
}

static void paths_are_inside_a_changed_root(void **state)
{
	skip_unless_root();
	run_in_root(*state, in_changed_root);
}

static void paths_are_inside_a_container(void **state)
{
	skip_unless_root();
	run_in_root(*state, in_container);
}

/* ---- User namespaces ------------------------------------------------------------------------ */

static int write_file(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : -1;
}

/* Root of a new user namespace, of which only this one user exists. */
static int become_namespace_root(void)
{
	char map[64];
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
	char gmap[64];
	snprintf(gmap, sizeof(gmap), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		return -1;
	if (write_file("/proc/self/setgroups", "deny") < 0 ||
		write_file("/proc/self/uid_map", map) < 0 ||
		write_file("/proc/self/gid_map", gmap) < 0)
		return -1;
	return 0;
}

static int in_user_namespace(const void *root)
{
	if (become_namespace_root() < 0)
		return 125;
	return in_container(root);
}

static void a_tracer_that_is_root_sees_into_a_user_namespace(void **state)
{
	skip_unless_root();
	run_in_root(*state, in_user_namespace);
	struct traced *t = *state;
	assert_int_equal(traced_exec(t, 0)->uid, 0);
}

/* What an assertion of a process of its own says: 0, or a number to look for here. */
static int check_rootless(struct traced *t, const char *root)
{
	traced_run(t, in_container, root);
	if (WEXITSTATUS(t->command_status) != 3)
		return WEXITSTATUS(t->command_status);
	if (traced_count(t, TRACE_EXEC) != 1 || traced_count(t, TRACE_GAP) != 0)
		return 30;
	const struct trace_event *e = traced_exec(t, 0);
	struct digest script = digest_bytes(STR(SCRIPT));
	if (!e->script_hashed || !digest_eq(&e->script_sha256, &script) || !e->exe_hashed)
		return 31;
	if (!str_is(e->cwd, "/work") || e->uid != 0 || e->euid != 0)
		return 32;
	return 0;
}

/* The tracer is root of the user namespace and stands outside of the container's other ones. */
static int rootless_tracer(const char *root)
{
	if (geteuid() == 0 &&
		(setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return 77;
	/* Changing users takes the files in /proc/self away. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (become_namespace_root() < 0)
		return 77;
	void *state = NULL;
	if (traced_setup(&state) < 0)
		return 40;
	int r = check_rootless(state, root);
	traced_teardown(&state);
	return r;
}

static void a_tracer_without_privileges_sees_into_its_own_user_namespace(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	struct error err = {0};
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	assert_int_equal(fchmod(dir.fd, 0755), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(rootless_tracer(dir.path));
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Users ---------------------------------------------------------------------------------- */

static int as_nobody(const void *arg)
{
	const char *path = arg;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 125;
	char *const argv[] = {(char[]){"id"}, (char[]){"-u"}, NULL};
	execve(path, argv, NO_ENV);
	return 126;
}

static void copy_program(struct temp_dir *dir, char path[512], const char *from, mode_t mode)
{
	struct error err = {0};
	scoped(buf) bytes = {0};
	assert_int_equal(temp_dir_make(dir, NULL, &err), 0);
	assert_int_equal(fchmod(dir->fd, 0755), 0);
	autoclose int fd = open(from, O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_read_fd(&bytes, fd, 64 << 20, &err), 0);
	assert_int_equal(file_create(dir->fd, "program", buf_str(&bytes), 0600, &err), 0);
	assert_int_equal(fchmodat(dir->fd, "program", mode, 0), 0);
	snprintf(path, 512, "%s/program", dir->path);
}

static void a_set_uid_program_elevates_and_is_marked(void **state)
{
	skip_unless_root();
	struct traced *t = *state;
	scoped(temp_dir) dir = {0};
	char path[512];
	copy_program(&dir, path, "/usr/bin/true", 04755);
	struct statvfs vfs;
	assert_int_equal(statvfs(path, &vfs), 0);
	if ((vfs.f_flag & ST_NOSUID) != 0)
		skip();
	traced_run(t, as_nobody, path);
	assert_int_equal(t->command_status, 0);
	const struct trace_event *e = traced_exec(t, 0);
	assert_int_equal(e->uid, NOBODY);
	assert_int_equal(e->euid, 0);
	assert_int_equal(e->gid, NOBODY);
	assert_true(e->secure);
	assert_true(e->exe_hashed);
	traced_assert_no_gaps(t);
}

static void a_program_that_its_user_cannot_read_is_hashed(void **state)
{
	skip_unless_root();
	struct traced *t = *state;
	scoped(temp_dir) dir = {0};
	char path[512];
	copy_program(&dir, path, "/usr/bin/true", 0111);
	traced_run(t, as_nobody, path);
	assert_int_equal(t->command_status, 0);
	const struct trace_event *e = traced_exec(t, 0);
	assert_int_equal(e->uid, NOBODY);
	assert_int_equal(e->argc, 2);
	struct digest want = traced_file_digest("/usr/bin/true");
	assert_true(digest_eq(&e->exe_sha256, &want));
	traced_assert_no_gaps(t);
}

static int as_same_user(const void *arg)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	execve(arg, argv, NO_ENV);
	return 126;
}

/* Without privileges such a program stays closed to the tracer, which says so. */
static int check_unreadable(struct traced *t, const char *path)
{
	traced_run(t, as_same_user, path);
	if (t->command_status != 0 || traced_count(t, TRACE_EXEC) != 1)
		return 20;
	const struct trace_event *e = traced_exec(t, 0);
	if (e->exe_hashed || e->argc != 0 || e->uid != UINT32_MAX)
		return 21;
	return traced_count(t, TRACE_GAP) >= 2 ? 0 : 22;
}

static int unprivileged_tracer(const char *path)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 77;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	void *state = NULL;
	if (traced_setup(&state) < 0)
		return 40;
	int r = check_unreadable(state, path);
	traced_teardown(&state);
	return r;
}

static void what_cannot_be_read_is_a_gap_and_the_exec_is_still_reported(void **state)
{
	(void)state;
	skip_unless_root();
	scoped(temp_dir) dir = {0};
	char path[512];
	copy_program(&dir, path, "/usr/bin/true", 0111);
	pid_t pid = fork();
	if (pid == 0)
		_exit(unprivileged_tracer(path));
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TRACED_TEST(name) cmocka_unit_test_setup_teardown(name, traced_setup, traced_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACED_TEST(paths_are_inside_a_changed_root),
		TRACED_TEST(paths_are_inside_a_container),
		TRACED_TEST(a_tracer_that_is_root_sees_into_a_user_namespace),
		cmocka_unit_test(a_tracer_without_privileges_sees_into_its_own_user_namespace),
		TRACED_TEST(a_set_uid_program_elevates_and_is_marked),
		TRACED_TEST(a_program_that_its_user_cannot_read_is_hashed),
		cmocka_unit_test(what_cannot_be_read_is_a_gap_and_the_exec_is_still_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
