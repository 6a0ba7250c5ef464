#include "record/ptrace_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/str.h"

#define YAMA_SCOPE "/proc/sys/kernel/yama/ptrace_scope"

/* '\0' where the kernel has no such setting. */
static char yama_scope(void)
{
	char scope = '\0';
	autoclose int fd = open(YAMA_SCOPE, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &scope, 1) != 1)
		return '\0';
	return scope;
}

/* Everything about a task is looked up in /proc by the id that the tracer has for it. */
static int proc_check(struct error *err)
{
	char link[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link));
	if (n < 0)
		return error_sys(err, "/proc/self");
	uint64_t pid = 0;
	if (!str_to_u64((struct str){link, (size_t)n}, &pid) || pid != (uint64_t)getpid())
		return error_set(err, ERROR_SYSTEM, "/proc shows another pid namespace");
	return 0;
}

static int refused(struct error *err)
{
	int reason = errno;
	char scope = yama_scope();
	errno = reason;
	if (reason != EPERM)
		return error_sys(err, "ptrace");
	if (scope == '2' || scope == '3')
		return error_sys(err, "ptrace is not permitted (" YAMA_SCOPE " is %c)", scope);
	return error_sys(err, "ptrace is not permitted (a seccomp filter or a security module)");
}

static int seize_and_read(pid_t child, struct error *err)
{
	if (ptrace(PTRACE_SEIZE, child, NULL, (void *)(uintptr_t)PTRACE_OPTIONS) < 0)
		return refused(err);
	char path[64];
	char exe[4];
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)child);
	if (readlink(path, exe, sizeof(exe)) < 0)
		return error_sys(err, "%s", path);
	return 0;
}

int ptrace_probe(struct error *err)
{
	if (proc_check(err) < 0)
		return -1;
	pid_t child = fork();
	if (child < 0)
		return error_sys(err, "fork");
	if (child == 0) {
		for (;;)
			pause();
	}
	int r = seize_and_read(child, err);
	kill(child, SIGKILL);
	int status = 0;
	while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
		;
	return r;
}
