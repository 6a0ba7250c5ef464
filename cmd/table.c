#include "cmd/verbs.h"

/* In the order of the pipeline, which is the order of the help. */
const struct command *const command_table[] = {
	&command_fetch,
	&command_inspect,
	&command_console,
	&command_fmt,
	&command_fix,
	&command_hcl2_upgrade,
	&command_validate,
	&command_plan,
	&command_audit,
	&command_build,
	&command_verify,
	&command_keygen,
	&command_policy,
	&command_shell,
	&command_cleanup,
	&command_completion_script,
	&command_man_page,
	NULL,
};
