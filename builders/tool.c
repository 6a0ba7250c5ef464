#include "builders/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "builders/lines.h"

#define LAST_LINE_MAX 400

struct tool_output {
	const struct log *log;
	char last[LAST_LINE_MAX];
};

static void tool_line(void *ctx, struct str line)
{
	struct tool_output *o = ctx;
	struct str cut = str_sub(str_trim(line), 0, sizeof(o->last) - 1);
	if (cut.n > 0) {
		memcpy(o->last, cut.p, cut.n);
		o->last[cut.n] = '\0';
	}
	log_text(o->log, LOG_INFO, line);
}

/* 0 at the end of the output, -1 when cancelled. */
static int follow(int out, int cancel_fd, struct tool_output *o, struct error *err)
{
	scoped(lines) lines = {.emit = tool_line, .ctx = o};
	for (;;) {
		struct pollfd fds[] = {{out, POLLIN, 0}, {cancel_fd, POLLIN, 0}};
		if (poll(fds, countof(fds), -1) < 0 && errno != EINTR)
			return error_sys(err, "poll");
		if (fds[1].revents)
			return error_set(err, ERROR_SYSTEM, "cancelled");
		if (!fds[0].revents)
			continue;
		char bytes[4096];
		ssize_t n = read(out, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		lines_add(&lines, (struct str){bytes, (size_t)n});
	}
	lines_end(&lines);
	return 0;
}

int tool_run(const struct tool *tool, struct error *err)
{
	const char *name = tool->argv[0];
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(err, "%s: pipe", name);
	autoclose int out = ends[0], in = ends[1];
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = tool->argv;
	spec.envp = tool->envp;
	spec.cwd_fd = tool->cwd_fd;
	spec.stdout_fd = in;
	spec.stderr_fd = in;
	scoped(process) p = {0};
	if (process_start(&p, &spec, err) != 0)
		return -1;
	close(steal_fd(&in));
	struct tool_output o = {.log = tool->log};
	if (follow(out, tool->cancel_fd, &o, err) != 0)
		return error_wrap(err, "%s", name);
	int status = 0;
	if (process_wait(&p, &status, -1, err) != 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return error_set(err, ERROR_SYSTEM, "%s: exit status %d: %s", name,
			WEXITSTATUS(status), o.last);
	return error_set(err, ERROR_SYSTEM, "%s: signal %d: %s", name, WTERMSIG(status), o.last);
}
