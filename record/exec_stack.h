/* The initial stack of a new program, as the kernel lays it out: argc, argv, envp, auxv. */
#ifndef RECORD_EXEC_STACK_H
#define RECORD_EXEC_STACK_H

#include "base/arena.h"
#include "base/error.h"

#include <sys/types.h>

/* Where the stack begins, and the size of its words. One implementation per architecture. */
struct exec_regs {
	uint64_t sp;
	size_t word; /* 4 or 8 */
};
MUST_CHECK int exec_regs_read(struct exec_regs *out, pid_t tid, struct error *err);

/* ids as the process sees them, in its user namespace. */
struct exec_stack {
	struct str_list argv;
	bool argv_cut;
	uint32_t uid, euid, gid, egid;
	bool secure;
	struct str execfn; /* the path that was given to execve; empty: the kernel did not say */
};

enum stack_result {
	STACK_NONE = 0,
	STACK_READ,
	STACK_SHORT, /* what is needed lies behind the bytes that were given */
	STACK_BAD, /* not an initial stack */
};

/* bytes: from regs->sp upwards. Strings are copied into the arena. */
enum stack_result exec_stack_parse(struct exec_stack *out, struct arena *a,
	const struct exec_regs *regs, struct str bytes, uint32_t argv_max);

/* Reads the stack of a task that is stopped at its exec. */
MUST_CHECK int exec_stack_read(
	struct exec_stack *out, struct arena *a, pid_t tid, uint32_t argv_max, struct error *err);

#endif
