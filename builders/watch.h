/*
 * Waiting for children while everything else goes on: their output, the tracer, a request to stop,
 * a deadline. Private to builders/.
 */
#ifndef BUILDERS_WATCH_H
#define BUILDERS_WATCH_H

#include "builders/builders.h"

#include <signal.h>

#define WATCH_CHILDREN 4

struct watch_child {
	pid_t pid; /* 0: the slot is free */
	bool ended;
	int status;
};

/*
 * While a watch is open, SIGCHLD is blocked in the process and every exit of a child comes through
 * watch_exited: from the tracer when there is one, else from the watch's own waitpid.
 */
struct watch {
	struct tracer *tracer; /* borrowed; NULL: none */
	const struct clock *clock;
	int cancel_fd;
	int signal_fd;
	sigset_t old_mask;
	bool cancelled; /* what was running has been ended because of cancel_fd */
	struct watch_child children[WATCH_CHILDREN];
	uint32_t step; /* the one that runs now */
	/* The step of each child that the tracer was attached to, in that order. */
	struct arena arena;
	struct {
		uint32_t *items;
		size_t n;
		size_t cap;
	} steps;
};

MUST_CHECK int watch_open(
	struct watch *w, const struct clock *clock, int cancel_fd, struct error *err);
void watch_close(struct watch *w);
/* A child whose end somebody is going to ask for. */
MUST_CHECK int watch_add(struct watch *w, pid_t pid, struct error *err);
void watch_exited(struct watch *w, pid_t pid, int status);
/* Handles what has happened; never blocks. */
MUST_CHECK int watch_drain(struct watch *w, struct error *err);

/*
 * A started child: see container_spawn for go (a socket) and failed. The descriptors stay the
 * caller's.
 */
struct watch_run {
	pid_t pid;
	int go;
	int failed;
	int streams[2]; /* read ends of stdout and stderr, non-blocking */
};

/*
 * Attaches the tracer, lets the child go, and serves it until it ended. ERROR_SYSTEM when its exec
 * failed, at the deadline (steady ns, 0: none) and when the build was cancelled; the child's
 * process group is killed then.
 */
MUST_CHECK int watch_child(struct watch *w, const struct watch_run *run,
	const struct comm_output *out, int64_t deadline, struct comm_result *result,
	struct error *err);
/* Waits for the end of an added child and forgets it. false: still running at the deadline. */
MUST_CHECK int watch_wait(
	struct watch *w, pid_t pid, int64_t deadline, bool *ended, struct error *err);
/* The step under which a tree of processes was started; the current one when that is not known. */
uint32_t watch_step(const struct watch *w, uint64_t tree);
/* Sleeps until the deadline; -1 when the build was cancelled. */
MUST_CHECK int watch_sleep(struct watch *w, int64_t deadline, struct error *err);

#endif
