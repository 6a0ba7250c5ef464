#include "plan/compile.h"

const struct provisioner *const provisioner_table[] = {
	&provisioner_shell,
	&provisioner_file,
	&provisioner_shell_local,
	&provisioner_sleep,
	&provisioner_breakpoint,
	NULL,
};
