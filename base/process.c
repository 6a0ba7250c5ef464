#include "base/process.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/close_range.h>

const char *env_find(const char *const *envp, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; envp && envp[i]; i++) {
		if (strncmp(envp[i], name, n) == 0 && envp[i][n] == '=')
			return envp[i] + n + 1;
	}
	return NULL;
}

/* What execve takes is not const, but it does not write. */
static char *const *exec_array(const char *const *strings)
{
	char *const *array;
	memcpy(&array, &strings, sizeof(array));
	return array;
}

static int put_fd(int fd, int at)
{
	if (fd == at)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, at);
}

/* Streams are first moved above 2, so that none is overwritten before it is in its place. */
static int place_streams(const struct process_spec *spec)
{
	const int asked[3] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd};
	int moved[3];
	for (int i = 0; i < 3; i++) {
		int fd = asked[i];
		if (fd < 0)
			fd = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
		moved[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD, 3);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (put_fd(moved[i], i) < 0)
			return -1;
	}
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++) {
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_DFL);
	}
}

/* Runs in the child; reports errno through `report`, which closes when the exec succeeds. */
NORETURN static void become(
	const struct process_spec *spec, const char *path, int report, pid_t parent)
{
	static const char *const empty[] = {NULL};
	bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
	ok = ok && (!spec->new_group || setpgid(0, 0) == 0);
	ok = ok && (spec->cwd_fd == AT_FDCWD || fchdir(spec->cwd_fd) == 0);
	int keep = ok ? fcntl(report, F_DUPFD_CLOEXEC, 3) : -1;
	ok = keep >= 0 && place_streams(spec) == 0;
	if (ok) {
		int low = keep > 3 ? keep : 3;
		if (keep > 3)
			(void)syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u);
		(void)syscall(SYS_close_range, (unsigned)low + 1, ~0u, 0u);
		reset_signals();
		execve(path, exec_array(spec->argv), exec_array(spec->envp ? spec->envp : empty));
	}
	int number = errno;
	ssize_t ignored = write(keep >= 0 ? keep : report, &number, sizeof(number));
	(void)ignored;
	_exit(127);
}

/* argv[0] as it is when it has a slash, else the first hit in PATH. */
static int find_program(
	struct str *out, struct arena *a, const struct process_spec *spec, struct error *err)
{
	struct str name = str_from(spec->argv[0]);
	if (str_find_byte(name, '/') != STR_NPOS) {
		*out = name;
		return 0;
	}
	const char *path = env_find(spec->envp, "PATH");
	struct str rest = str_from(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	struct str dir;
	while (str_cut(&rest, ':', &dir)) {
		if (dir.n == 0 || dir.p[0] != '/')
			continue;
		struct str full = arena_printf(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name));
		if (access(full.p, X_OK) == 0) {
			*out = full;
			return 0;
		}
	}
	return error_set(err, ERROR_SYSTEM, "%s: no such program in PATH", spec->argv[0]);
}

int process_start(struct process *out, const struct process_spec *spec, struct error *err)
{
	scoped(arena) a = {0};
	struct str path = {0};
	if (find_program(&path, &a, spec, err) < 0)
		return -1;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	autoclose int report = ends[0];
	autoclose int child_end = ends[1];
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return error_sys(err, "fork");
	if (pid == 0)
		become(spec, path.p, child_end, parent);
	close(steal_fd(&child_end));
	int number = 0;
	ssize_t n;
	do {
		n = read(report, &number, sizeof(number));
	} while (n < 0 && errno == EINTR);
	if (n != 0) {
		(void)waitpid(pid, NULL, 0);
		errno = n == (ssize_t)sizeof(number) ? number : EIO;
		return error_sys(err, "%s", spec->argv[0]);
	}
	out->pid = pid;
	out->pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
	return 0;
}

static void forget(struct process *p)
{
	if (p->pidfd > 0)
		close(p->pidfd);
	*p = (struct process){0};
}

int process_wait(struct process *p, int *status, int timeout_ms, struct error *err)
{
	if (timeout_ms >= 0) {
		struct pollfd ready = {.fd = p->pidfd, .events = POLLIN};
		int n;
		do {
			n = poll(&ready, 1, timeout_ms);
		} while (n < 0 && errno == EINTR);
		if (n == 0) {
			process_clear(p);
			return error_set(
				err, ERROR_SYSTEM, "still running after %d ms", timeout_ms);
		}
	}
	while (waitpid(p->pid, status, 0) < 0) {
		if (errno != EINTR)
			return error_sys(err, "waitpid");
	}
	forget(p);
	return 0;
}

void process_clear(struct process *p)
{
	if (p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	forget(p);
}

/* The three streams of process_run as this side sees them. */
struct streams {
	struct pollfd fds[3];
	struct str input;
	struct buf *sinks[3];
};

static void close_stream(struct pollfd *f)
{
	close(f->fd);
	f->fd = -1;
}

static void feed(struct streams *s)
{
	ssize_t n = write(s->fds[0].fd, s->input.p, s->input.n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		s->input = str_from_index(s->input, (size_t)n);
	if (n < 0 || s->input.n == 0)
		close_stream(&s->fds[0]);
}

static void drain(struct streams *s, int i)
{
	char chunk[16 << 10];
	ssize_t n = read(s->fds[i].fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close_stream(&s->fds[i]);
		return;
	}
	if (s->sinks[i])
		buf_add(s->sinks[i], (struct str){chunk, (size_t)n});
}

static void pump(struct streams *s)
{
	while (s->fds[0].fd >= 0 || s->fds[1].fd >= 0 || s->fds[2].fd >= 0) {
		if (poll(s->fds, 3, -1) < 0 && errno != EINTR)
			return;
		if (s->fds[0].fd >= 0 && s->fds[0].revents)
			feed(s);
		for (int i = 1; i < 3; i++) {
			if (s->fds[i].fd >= 0 && s->fds[i].revents)
				drain(s, i);
		}
	}
}

static int open_pipes(int pipes[3][2], struct error *err)
{
	for (int i = 0; i < 3; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) == 0)
			continue;
		error_sys(err, "pipe");
		while (i-- > 0) {
			close(pipes[i][0]);
			close(pipes[i][1]);
		}
		return -1;
	}
	return 0;
}

int process_run(int *status, struct buf *out, struct buf *errout, const struct process_spec *spec,
	const struct str *input, struct error *err)
{
	int pipes[3][2];
	if (open_pipes(pipes, err) < 0)
		return -1;
	struct process_spec piped = *spec;
	piped.stdin_fd = pipes[0][0];
	piped.stdout_fd = pipes[1][1];
	piped.stderr_fd = pipes[2][1];
	scoped(process) p = {0};
	int started = process_start(&p, &piped, err);
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	struct streams s = {
		.fds = {{.fd = pipes[0][1], .events = POLLOUT},
			{.fd = pipes[1][0], .events = POLLIN},
			{.fd = pipes[2][0], .events = POLLIN}},
		.input = input ? *input : STR(""),
		.sinks = {NULL, out, errout},
	};
	if (started < 0 || s.input.n == 0)
		close_stream(&s.fds[0]);
	if (started < 0) {
		close_stream(&s.fds[1]);
		close_stream(&s.fds[2]);
		return -1;
	}
	(void)fcntl(pipes[0][1], F_SETFL, O_NONBLOCK);
	/* A child that closes its stdin early must not kill us. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	sigaction(SIGPIPE, &ignore, &before);
	pump(&s);
	sigaction(SIGPIPE, &before, NULL);
	return process_wait(&p, status, -1, err);
}
