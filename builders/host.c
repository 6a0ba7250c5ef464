#include "builders/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/process.h"

/* What a command of a template may see of the environment of whoever builds. */
static const char *const passed_variables[] = {
	"PATH",
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"LANG",
	"LC_ALL",
	"TERM",
	"TZ",
	"TMPDIR",
	"http_proxy",
	"https_proxy",
	"no_proxy",
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"NO_PROXY",
};

static bool is_set(const struct host_command *c, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < c->variable_count; i++) {
		const struct str *pair = &c->variables[i];
		if (pair->n > n && memcmp(pair->p, name, n) == 0 && pair->p[n] == '=')
			return true;
	}
	return false;
}

static const char *const *make_environment(
	struct arena *a, const struct host_command *c, struct error *err)
{
	size_t max = countof(passed_variables) + c->variable_count + 1;
	const char **envp = arena_array(a, const char *, max);
	size_t n = 0;
	for (size_t i = 0; i < countof(passed_variables); i++) {
		const char *value = env_find(c->environment, passed_variables[i]);
		if (value && !is_set(c, passed_variables[i]))
			envp[n++] = arena_printf(a, "%s=%s", passed_variables[i], value).p;
	}
	for (size_t i = 0; i < c->variable_count; i++) {
		if (!str_is_cstr(c->variables[i])) {
			error_set(err, ERROR_INPUT, "an environment variable holds a NUL");
			return NULL;
		}
		envp[n++] = arena_cstr(a, c->variables[i]);
	}
	return envp;
}

struct host_spawn {
	const char *const *argv;
	const char *const *envp;
	const char *cwd;
	int fds[2];
	int go;
	int failed;
};

static NORETURN void host_child(const struct host_spawn *s)
{
	sigset_t none;
	sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char byte = 0;
	bool ready = null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
		dup2(s->fds[0], STDOUT_FILENO) >= 0 && dup2(s->fds[1], STDERR_FILENO) >= 0 &&
		chdir(s->cwd) == 0;
	if (ready && read(s->go, &byte, 1) == 1) {
		syscall(SYS_close_range, 3U, ~0U, 1U << 2); /* CLOSE_RANGE_CLOEXEC */
		union {
			const char *const *in;
			char *const *out;
		} argv = {s->argv}, envp = {s->envp};
		execvpe(s->argv[0], argv.out, envp.out);
	}
	int error = errno;
	if (write(s->failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static const char *const *c_strings(
	struct arena *a, const struct str *items, size_t n, struct error *err)
{
	const char **strings = arena_array(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (!str_is_cstr(items[i])) {
			error_set(err, ERROR_INPUT, "an argument holds a NUL");
			return NULL;
		}
		strings[i] = arena_cstr(a, items[i]);
	}
	return strings;
}

/* We read what the child writes. */
static int open_pipe(int *ours, int *theirs, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(err, "pipe");
	*ours = ends[0];
	*theirs = ends[1];
	if (fcntl(*ours, F_SETFL, O_NONBLOCK) != 0)
		return error_sys(err, "pipe");
	return 0;
}

int host_exec(struct watch *w, const struct host_command *command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	scoped(arena) a = {0};
	if (command->argc == 0)
		return error_set(err, ERROR_INPUT, "no command");
	struct host_spawn spawn = {
		.argv = c_strings(&a, command->argv, command->argc, err),
		.envp = make_environment(&a, command, err),
		.cwd = command->cwd,
	};
	if (!spawn.argv || !spawn.envp)
		return -1;
	autoclose int out_ours = -1, out_theirs = -1, err_ours = -1, err_theirs = -1;
	autoclose int go_ours = -1, go_theirs = -1, failed_ours = -1, failed_theirs = -1;
	int go[2];
	if (open_pipe(&out_ours, &out_theirs, err) != 0 ||
		open_pipe(&err_ours, &err_theirs, err) != 0 ||
		open_pipe(&failed_ours, &failed_theirs, err) != 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) != 0)
		return error_sys(err, "socketpair");
	go_ours = go[0];
	go_theirs = go[1];
	spawn.fds[0] = out_theirs;
	spawn.fds[1] = err_theirs;
	spawn.go = go_theirs;
	spawn.failed = failed_theirs;
	pid_t pid = fork();
	if (pid < 0)
		return error_sys(err, "fork");
	if (pid == 0) {
		close(go_ours);
		host_child(&spawn);
	}
	close(steal_fd(&out_theirs));
	close(steal_fd(&err_theirs));
	close(steal_fd(&failed_theirs));
	close(steal_fd(&go_theirs));
	struct watch_run run = {pid, go_ours, failed_ours, {out_ours, err_ours}};
	return watch_child(w, &run, out, deadline, result, err);
}
