/* Whether ptrace can be used here. */
#ifndef RECORD_PTRACE_PROBE_H
#define RECORD_PTRACE_PROBE_H

#include "base/error.h"

#define PTRACE_OPTIONS \
	(PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_EXITKILL)

/* 0, or -1 and why not. Tries it on a child of its own. */
MUST_CHECK int ptrace_probe(struct error *err);

#endif
