#include "builders/container.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "builders/rooted.h"

#define READ_MAX_BYTES ((size_t)1 << 30)

static const char *const namespace_files[CONTAINER_NAMESPACES] = {
	[CONTAINER_MOUNT] = "mnt",
	[CONTAINER_UTS] = "uts",
	[CONTAINER_IPC] = "ipc",
	[CONTAINER_NET] = "net",
	[CONTAINER_PID] = "pid",
};

static const int namespace_flags[CONTAINER_NAMESPACES] = {
	[CONTAINER_MOUNT] = CLONE_NEWNS,
	[CONTAINER_UTS] = CLONE_NEWUTS,
	[CONTAINER_IPC] = CLONE_NEWIPC,
	[CONTAINER_NET] = CLONE_NEWNET,
	[CONTAINER_PID] = CLONE_NEWPID,
};

/* What the init writes when it is ready, or cannot be. */
static int read_ready(int control, struct error *err)
{
	struct error report = {0};
	ssize_t n = recv(control, &report, sizeof(report), MSG_WAITALL);
	if (n != (ssize_t)sizeof(report))
		return error_set(err, ERROR_SYSTEM, "container: its first process died");
	if (report.code == ERROR_NONE)
		return 0;
	*err = report;
	return error_wrap(err, "container");
}

/* Done before the init makes itself undumpable, which closes these doors to everybody. */
static int open_inside(struct container *c, bool network, struct error *err)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->init);
	c->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return error_sys(err, "container: %s", path);
	for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
		if (i == CONTAINER_NET && !network)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)c->init, namespace_files[i]);
		c->namespaces[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (c->namespaces[i] < 0)
			return error_sys(err, "container: %s", path);
	}
	return 0;
}

static int start_init(struct container *c, const struct container_spec *spec, struct error *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_sys(err, "container: socketpair");
	autoclose int inside = pair[1];
	c->control = pair[0];
	unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD;
	if (spec->no_network)
		flags |= CLONE_NEWNET;
	long pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return error_sys(err, "container: clone");
	if (pid == 0) {
		close(pair[0]);
		container_init_main(spec, inside);
	}
	c->init = (pid_t)pid;
	return 0;
}

int container_start(struct container *out, const struct container_spec *spec, struct error *err)
{
	struct container c = CONTAINER_INIT;
	int r = start_init(&c, spec, err);
	if (r == 0)
		r = read_ready(c.control, err);
	if (r == 0)
		r = open_inside(&c, spec->no_network, err);
	if (r == 0 && send(c.control, "g", 1, MSG_NOSIGNAL) != 1)
		r = error_sys(err, "container: its first process died");
	if (r != 0) {
		if (c.init > 0) {
			kill(c.init, SIGKILL);
			waitpid(c.init, NULL, 0);
		}
		container_clear(&c);
		return -1;
	}
	*out = c;
	return 0;
}

static void close_field(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void container_clear(struct container *c)
{
	close_field(&c->control);
	close_field(&c->root_fd);
	for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
		close_field(&c->namespaces[i]);
	c->init = 0;
}

void container_kill(struct container *c)
{
	if (c->init > 0)
		kill(c->init, SIGKILL);
}

void container_wait(struct container *c)
{
	while (c->init > 0 && waitpid(c->init, NULL, 0) < 0 && errno == EINTR)
		;
}

void container_terminate(struct container *c)
{
	if (c->control >= 0)
		send(c->control, "t", 1, MSG_NOSIGNAL);
}

int container_processes(struct container *c, struct buf *out, struct error *err)
{
	if (send(c->control, "p", 1, MSG_NOSIGNAL) != 1)
		return error_sys(err, "container: its first process died");
	uint32_t size = 0;
	if (recv(c->control, &size, sizeof(size), MSG_WAITALL) != (ssize_t)sizeof(size) ||
		size > 65536)
		return error_set(err, ERROR_SYSTEM, "container: its first process died");
	char *p = buf_reserve(out, size);
	if (!p)
		return buf_check(out, err);
	if (size > 0 && recv(c->control, p, size, MSG_WAITALL) != (ssize_t)size)
		return error_set(err, ERROR_SYSTEM, "container: its first process died");
	out->n += size;
	return 0;
}

/* ---- A command inside ----------------------------------------------------------------------- */

static void reset_signals(void)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_enter(const struct container *c, const struct container_command *command)
{
	for (size_t i = 0; i < CONTAINER_PID; i++) {
		if (c->namespaces[i] >= 0 && setns(c->namespaces[i], namespace_flags[i]) != 0)
			return -1;
	}
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -1;
	if (dup2(command->stdout_fd, STDOUT_FILENO) < 0 ||
		dup2(command->stderr_fd, STDERR_FILENO) < 0)
		return -1;
	if (chdir(command->cwd) != 0 && chdir("/") != 0)
		return -1;
	setsid();
	umask(022);
	struct rlimit no_core = {0, 0};
	setrlimit(RLIMIT_CORE, &no_core);
	struct error ignored = {0};
	return container_drop_capabilities(&ignored);
}

static NORETURN void child_main(
	const struct container *c, const struct container_command *command, int go, int failed)
{
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char byte = 0;
	int error = 0;
	if (read(go, &byte, 1) != 1)
		_exit(127);
	/* Its memory is the builder's: what runs inside must not read it before the exec. */
	prctl(PR_SET_DUMPABLE, 0);
	if (child_enter(c, command) != 0) {
		error = errno;
	} else {
		syscall(SYS_close_range, 3U, ~0U, 1U << 2); /* CLOSE_RANGE_CLOEXEC */
		union {
			const char *const *in;
			char *const *out;
		} argv = {command->argv}, envp = {command->envp};
		execve(command->argv[0], argv.out, envp.out);
		error = errno;
	}
	if (error != 0 && write(failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

struct spawn_pipes {
	int go[2];
	int failed[2];
	int pid[2];
};

static void spawn_pipes_clear(struct spawn_pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_field(&p->go[i]);
		close_field(&p->failed[i]);
		close_field(&p->pid[i]);
	}
}

/*
 * Who enters a pid namespace has its children there, and may not be able to come back: so a process
 * of its own does that. The command becomes its sibling, a child of the builder.
 */
static NORETURN void spawner(
	const struct container *c, const struct container_command *command, struct spawn_pipes *p)
{
	long pid = -1;
	if (setns(c->namespaces[CONTAINER_PID], CLONE_NEWPID) == 0) {
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid == 0) {
			close_field(&p->go[1]);
			close_field(&p->pid[1]);
			child_main(c, command, p->go[0], p->failed[1]);
		}
	}
	int report[2] = {(int)pid, errno};
	_exit(write(p->pid[1], report, sizeof(report)) == (ssize_t)sizeof(report) ? 0 : 1);
}

static int run_spawner(const struct container *c, const struct container_command *command,
	struct spawn_pipes *p, pid_t *pid, struct error *err)
{
	pid_t between = fork();
	if (between == 0)
		spawner(c, command, p);
	if (between < 0)
		return error_sys(err, "container: fork");
	close_field(&p->pid[1]);
	int report[2] = {-1, EIO};
	ssize_t n = read(p->pid[0], report, sizeof(report));
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(report) && report[0] > 0) {
		*pid = report[0];
		return 0;
	}
	errno = report[1];
	return error_sys(err, "container: start a process inside");
}

int container_spawn(struct container *c, const struct container_command *command, pid_t *pid,
	int *go, int *failed, struct error *err)
{
	scoped(spawn_pipes) p = {{-1, -1}, {-1, -1}, {-1, -1}};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p.go) != 0 ||
		pipe2(p.failed, O_CLOEXEC) != 0 || pipe2(p.pid, O_CLOEXEC) != 0)
		return error_sys(err, "container: pipe");
	if (run_spawner(c, command, &p, pid, err) != 0)
		return -1;
	*go = steal_fd(&p.go[1]);
	*failed = steal_fd(&p.failed[0]);
	return 0;
}

/* ---- Files inside --------------------------------------------------------------------------- */

int container_write(
	struct container *c, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	autoclose int fd = rooted_open_file(c->root_fd, path, O_WRONLY | O_CREAT, err);
	if (fd < 0)
		return error_wrap(err, "upload");
	if (ftruncate(fd, 0) != 0)
		return error_sys(err, "upload: %s", path);
	if (file_write_fd(fd, bytes, err) != 0)
		return error_wrap(err, "upload: %s", path);
	if (fchmod(fd, mode & 07777) != 0)
		return error_sys(err, "upload: %s", path);
	if (close(steal_fd(&fd)) != 0)
		return error_sys(err, "upload: %s", path);
	return 0;
}

int container_read(struct container *c, const char *path, struct buf *out, struct error *err)
{
	autoclose int fd = rooted_open_file(c->root_fd, path, O_RDONLY, err);
	if (fd < 0)
		return error_wrap(err, "download");
	if (file_read_fd(out, fd, READ_MAX_BYTES, err) != 0)
		return error_wrap(err, "download: %s", path);
	return 0;
}
