/* The tasks (threads in the kernel's sense) that are traced, by thread id. */
#ifndef RECORD_TASK_H
#define RECORD_TASK_H

#include <sys/types.h>

#include "base/str.h"

enum task_state {
	TASK_NONE = 0,
	TASK_EXPECTED, /* its creator reported it; it has not stopped yet for the first time */
	TASK_HELD, /* it stopped before its creator reported it */
	TASK_RUNNING,
};

struct task {
	pid_t tid;
	enum task_state state;
	bool thread; /* not the leader of its process */
	bool attached; /* given to tracer_attach: a child of the caller */
	int held_signal;
	int64_t held_since; /* steady, ns */
	uint64_t own; /* exec of this process itself, 0: none yet */
	uint64_t origin; /* exec that it descends from, 0: none */
	uint64_t tree;
};

/* Open addressing; a slot with tid 0 is free. Pointers to tasks are good until the next add. */
struct task_table {
	struct task *slots;
	size_t cap;
	size_t n;
};

void task_table_clear(struct task_table *t);
struct task *task_find(const struct task_table *t, pid_t tid);
/* A zeroed task with that id, which must not be there. */
struct task *task_add(struct task_table *t, pid_t tid);
void task_remove(struct task_table *t, struct task *task);

#endif
