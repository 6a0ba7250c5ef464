/* State of the ptrace backend. */
#ifndef RECORD_PTRACE_H
#define RECORD_PTRACE_H

#include "record/backend.h"
#include "record/hash_cache.h"
#include "record/task.h"

struct ptrace_state {
	struct task_table tasks;
	struct hash_cache cache;
	uint64_t execs;
	uint64_t trees;
	size_t held; /* tasks in TASK_HELD */
	/* Something died while tasks were held, their creator perhaps; and where it came from. */
	bool suspect;
	uint64_t dead_exec;
	uint64_t dead_tree;
	bool detaching; /* everything that stops is let go for good */
};

/* Reads the new program of a task that is stopped at its exec and reports it. */
void ptrace_exec_report(struct tracer *t, struct task *task, uint64_t replaces);

#endif
