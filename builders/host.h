/* Commands on the build host. Private to builders/. */
#ifndef BUILDERS_HOST_H
#define BUILDERS_HOST_H

#include "builders/watch.h"

struct host_command {
	const struct str *argv;
	size_t argc;
	const struct str *variables; /* "K=V", of the template */
	size_t variable_count;
	const char *const *environment; /* of the build; only what host.c lists gets through */
	const char *cwd;
};

/* As communicator_ops.exec, traced as well. */
MUST_CHECK int host_exec(struct watch *w, const struct host_command *command,
	const struct comm_output *out, int64_t deadline, struct comm_result *result,
	struct error *err);

#endif
