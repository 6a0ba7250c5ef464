/* The verbs, one file each, and what all of their files include. */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "cmd/command.h"
#include "cmd/pipeline.h"

#include <stddef.h>
#include <stdio.h>

extern const struct command command_fetch;
extern const struct command command_fix;
extern const struct command command_hcl2_upgrade;
extern const struct command command_console;
extern const struct command command_fmt;
extern const struct command command_inspect;
extern const struct command command_validate;
extern const struct command command_plan;
extern const struct command command_audit;
extern const struct command command_build;
extern const struct command command_verify;
extern const struct command command_keygen;
extern const struct command command_policy;
extern const struct command command_shell;
extern const struct command command_cleanup;
extern const struct command command_completion_script;
extern const struct command command_man_page;

#endif
