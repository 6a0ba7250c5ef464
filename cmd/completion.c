#include "cmd/verbs.h"

struct nothing {
	bool unused;
};

static const struct option_group groups[] = {{0}};

static int run_completion(struct cli *cli, const void *options, struct error *err)
{
	(void)options;
	scoped(buf) out = {0};
	const char *shell = cli->arg_count == 1 ? cli->args[0] : "";
	if (!command_completion(&out, cli->commands, shell))
		return error_set(err, ERROR_USAGE, "completion takes bash, zsh or fish");
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

static int run_man(struct cli *cli, const void *options, struct error *err)
{
	(void)options;
	scoped(buf) out = {0};
	command_man(&out, cli->commands);
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_completion_script = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.synopsis = "bash|zsh|fish",
	.examples = "  sealwright completion bash > /etc/bash_completion.d/sealwright",
	.groups = groups,
	.options_size = sizeof(struct nothing),
	.run = run_completion,
};

const struct command command_man_page = {
	.name = "man",
	.summary = "print the manual page",
	.synopsis = "",
	.examples = "  sealwright man | man -l -",
	.groups = groups,
	.options_size = sizeof(struct nothing),
	.run = run_man,
};
