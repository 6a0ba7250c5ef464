/* Child processes: argv arrays, explicit environment, closed descriptors, never a shell. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/buf.h"

#include <sys/types.h>

struct process_spec {
	const char *const *argv; /* argv[0] is a path, or a name looked up in PATH of envp */
	const char *const *envp; /* NULL: empty environment */
	int cwd_fd; /* AT_FDCWD: as it is */
	int stdin_fd; /* -1: /dev/null */
	int stdout_fd; /* -1: /dev/null */
	int stderr_fd; /* -1: /dev/null */
	bool new_group; /* setpgid(0, 0) */
};

#define PROCESS_SPEC_INIT \
	{ \
		.cwd_fd = AT_FDCWD, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 \
	}

/* A started child. Zeroed: none. */
struct process {
	pid_t pid;
	int pidfd;
};

/* An exec that fails is an error here, not an exit status. The child dies with its parent. */
MUST_CHECK int process_start(
	struct process *out, const struct process_spec *spec, struct error *err);
/* Waits; status as from waitpid. timeout_ms < 0: no limit; on time-out the child is killed. */
MUST_CHECK int process_wait(struct process *p, int *status, int timeout_ms, struct error *err);
/* Kills and reaps a child that still runs. */
void process_clear(struct process *p);

/*
 * Runs to the end and collects both streams (either may be NULL; they bring their limits).
 * input: written to stdin, NULL for none. A non-zero exit status is not an error.
 */
MUST_CHECK int process_run(int *status, struct buf *out, struct buf *errout,
	const struct process_spec *spec, const struct str *input, struct error *err);

/* The value of NAME in an environment array, or NULL. */
const char *env_find(const char *const *envp, const char *name);

#endif
