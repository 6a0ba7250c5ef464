/* Runs a function in a child under the tracer and keeps what is reported. */
#ifndef TESTS_UNIT_RECORD_TRACED_H
#define TESTS_UNIT_RECORD_TRACED_H

#include "record/record.h"

struct traced_events {
	struct trace_event *items;
	size_t n;
	size_t cap;
};

struct traced {
	struct arena arena;
	struct tracer *tracer;
	struct error err;
	int signal_fd;
	uint32_t argv_max;
	struct traced_events events;
	pid_t command;
	int command_status; /* -1: still running */
	pid_t other; /* the last child that is not traced and ended */
	int other_status;
	bool kill_at_exec; /* every program is killed as it starts */
};

/* What the child does; it ends with its return value as status unless it executes something. */
typedef int traced_fn(const void *arg);

/* cmocka fixture: *state is a struct traced. */
int traced_setup(void **state);
int traced_teardown(void **state);

void traced_open(struct traced *t);
/* Starts the child and lets it go. */
void traced_start(struct traced *t, traced_fn *fn, const void *arg);
/* Drains until `fn` is true; fails the test after half a minute. */
void traced_until(struct traced *t, bool (*fn)(const struct traced *t));
bool traced_command_ended(const struct traced *t);
bool traced_all_ended(const struct traced *t);
/* Open, start, and wait for everything to end. */
void traced_run(struct traced *t, traced_fn *fn, const void *arg);

size_t traced_count(const struct traced *t, enum trace_event_type type);
/* The exec number i of those seen, from 0; fails when there are not so many. */
const struct trace_event *traced_exec(const struct traced *t, size_t i);
/* The first exec whose file has that name; NULL: none. */
const struct trace_event *traced_find(const struct traced *t, const char *exe_base);
/* The end of an exec; fails when there is none, or more than one. */
const struct trace_event *traced_exit_of(const struct traced *t, uint64_t id);
/* Prints and fails when there is a gap. */
void traced_assert_no_gaps(const struct traced *t);
void traced_assert_argv(const struct trace_event *e, const struct str *argv, size_t n);
struct digest traced_file_digest(const char *path);

#endif
