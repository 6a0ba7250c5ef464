#include "cmd/command.h"

#include "base/conf.h"
#include "base/process.h"

#include <signal.h>
#include <stdio.h>

extern char **environ;

static const char *const *environment(void)
{
	const char *const *copy;
	memcpy(&copy, &environ, sizeof(copy));
	return copy;
}

static int fail(const struct cli *cli, const struct error *err)
{
	log_say(&cli->log, LOG_ERROR, "sealwright: %s", err->text);
	return error_exit_status(err->code);
}

static int print_help(
	struct cli *cli, const struct command *c, const char *parent, struct error *err)
{
	scoped(buf) out = {0};
	if (c)
		command_help(&out, c, parent, cli->colour);
	else
		program_help(&out, cli->commands, cli->colour);
	return cli_print(&out, err);
}

static int unknown_command(const struct command *const *commands, const char *parent,
	const char *name, struct error *err)
{
	const char *names[64];
	size_t n = 0;
	for (size_t i = 0; commands[i] && n < countof(names); i++)
		names[n++] = commands[i]->name;
	const char *near = conf_nearest(str_from(name), names, n);
	error_set(err, ERROR_USAGE, "%s\"%s\" is not a verb%s%s%s", parent, name,
		near ? "; did you mean \"" : "; see sealwright --help", near ? near : "",
		near ? "\"?" : "");
	return -1;
}

/* Runs one verb with the words behind it. */
static int run(struct cli *cli, const char *parent, int argc, char **argv, struct error *err)
{
	const struct command *c = cli->command;
	if (c->verbs) {
		if (argc < 1 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
			if (print_help(cli, c, parent, err) < 0)
				return -1;
			return argc < 1 ? 2 : 0;
		}
		cli->command = command_find(c->verbs, argv[0]);
		if (!cli->command)
			return unknown_command(c->verbs, "", argv[0], err);
		parent = c->name;
		c = cli->command;
		argc--;
		argv++;
	}
	void *options = arena_alloc(&cli->arena, c->options_size);
	bool help = false;
	if (command_parse(cli, options, &help, argc, argv, err) < 0)
		return -1;
	if (help)
		return print_help(cli, c, parent, err);
	return c->run(cli, options, err);
}

static int start(struct cli *cli, int argc, char **argv, struct error *err)
{
	const char *name = argc > 1 ? argv[1] : "--help";
	if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0 ||
		strcmp(name, "-v") == 0) {
		scoped(buf) out = {0};
		buf_add_cstr(&out, "sealwright " SEALWRIGHT_VERSION "\n");
		return cli_print(&out, err);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		const struct command *c = argc > 2 ? command_find(cli->commands, argv[2]) : NULL;
		if (print_help(cli, c, NULL, err) < 0)
			return -1;
		return argc > 1 ? 0 : 2;
	}
	cli->command = command_find(cli->commands, name);
	if (!cli->command)
		return unknown_command(cli->commands, "", name, err);
	return run(cli, NULL, argc - 2, argv + 2, err);
}

int main(int argc, char **argv)
{
	const char *const *env = environment();
	const char *no_colour = env_find(env, "NO_COLOR");
	bool colours = !no_colour || !*no_colour;
	struct cli cli = {
		.commands = command_table,
		.environment = env,
		.clock = &clock_system,
		.log = {.level = LOG_INFO, .fd = STDERR_FILENO},
	};
	cli.log.colour = colours && isatty(STDERR_FILENO) == 1;
	cli.colour = colours && isatty(STDOUT_FILENO) == 1;
	/* A reader that goes away is an error of a write, not the end of the program. */
	signal(SIGPIPE, SIG_IGN);
	struct error err = {0};
	int status = start(&cli, argc, argv, &err);
	if (status < 0)
		status = fail(&cli, &err);
	arena_clear(&cli.arena);
	return status;
}
