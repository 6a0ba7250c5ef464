/* What the tracer and its backends share. */
#ifndef RECORD_BACKEND_H
#define RECORD_BACKEND_H

#include "record/record.h"

#define TRACER_ARGV_DEFAULT (128u << 10)
#define TRACER_ARGV_MAX (1u << 20)

struct tracer {
	struct tracer_options options;
	const struct tracer_backend *backend;
	void *state; /* the backend's own */
	size_t running; /* processes, kept by the backend */
};

extern const struct tracer_backend tracer_ptrace;

/* Fills in the time (unless set) and hands the event out. */
void tracer_emit(const struct tracer *t, struct trace_event *e);
/* A TRACE_GAP; id: the exec concerned, 0 none; pid: 0 none. */
void tracer_gap(
	const struct tracer *t, uint64_t tree, uint64_t id, pid_t pid, const struct error *why);

#endif
