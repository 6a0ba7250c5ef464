/* Programs of the build host that builders need, run so that a build can be stopped. Private. */
#ifndef BUILDERS_TOOL_H
#define BUILDERS_TOOL_H

#include "base/log.h"
#include "base/process.h"

struct tool {
	const char *const *argv;
	const char *const *envp;
	int cwd_fd; /* AT_FDCWD: as it is */
	int cancel_fd; /* -1: none */
	const struct log *log; /* both streams go here, line by line; NULL: nowhere */
};

/* Anything but exit status 0 is an error, with the last line that the program wrote. */
MUST_CHECK int tool_run(const struct tool *tool, struct error *err);

#endif
