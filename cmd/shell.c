#include "audit/shell/calls.h"
#include "audit/shell/shell.h"
#include "cmd/verbs.h"

#define SCRIPT_MAX ((size_t)64 << 20)

struct shell_verb {
	const char *dialect;
};

static const char *const dialects[] = {"auto", "bash", "posix", NULL};

static const struct option own[] = {
	{.name = "dialect",
		.kind = OPTION_CHOICE,
		.arg = "DIALECT",
		.help = "how to read the script (auto: by its first line)",
		.choices = dialects,
		.offset = offsetof(struct shell_verb, dialect)},
	{0},
};

static const struct option_group groups[] = {{"Options", own, 0}, {0}};

static enum shell_dialect dialect_of(const char *name)
{
	if (name && strcmp(name, "bash") == 0)
		return SHELL_BASH;
	if (name && strcmp(name, "posix") == 0)
		return SHELL_POSIX;
	return SHELL_DIALECT_NONE;
}

static int parse(struct shell_script **out, struct str *name, struct arena *a, struct cli *cli,
	const struct shell_verb *o, struct error *err)
{
	if (cli->arg_count != 1)
		return error_set(err, ERROR_USAGE, "takes one FILE (or - for stdin)");
	scoped(buf) text = {0};
	buf_init(&text, SCRIPT_MAX);
	bool standard_input = strcmp(cli->args[0], "-") == 0;
	int status = standard_input ? file_read_fd(&text, STDIN_FILENO, SCRIPT_MAX, err)
				    : file_read(&text, AT_FDCWD, cli->args[0], SCRIPT_MAX, err);
	if (status < 0)
		return -1;
	const struct shell_options options = {.dialect = dialect_of(o->dialect)};
	*name = str_from(standard_input ? "<stdin>" : cli->args[0]);
	*out = shell_parse(a, buf_str(&text), &options);
	return 0;
}

/* 0 when the whole script was read; else says where reading stopped and returns 1. */
static int report(struct cli *cli, const struct shell_script *s, struct str name)
{
	for (size_t i = 0; i < s->warnings.n; i++) {
		const struct shell_error *w = &s->warnings.items[i];
		log_say(&cli->log, LOG_WARNING, "%.*s:%u:%u: warning: %.*s", STR_ARG(name),
			w->span.line, w->span.col, STR_ARG(w->text));
	}
	if (s->ok)
		return EXIT_YES;
	log_say(&cli->log, LOG_ERROR, "%.*s:%u:%u: %.*s", STR_ARG(name), s->error.span.line,
		s->error.span.col, STR_ARG(s->error.text));
	return EXIT_NO;
}

static int check(struct cli *cli, const void *options, struct error *err)
{
	scoped(arena) a = {0};
	struct shell_script *script = NULL;
	struct str name = {0};
	if (parse(&script, &name, &a, cli, options, err) < 0)
		return -1;
	return report(cli, script, name);
}

static int calls(struct cli *cli, const void *options, struct error *err)
{
	scoped(arena) a = {0};
	struct shell_script *script = NULL;
	struct str name = {0};
	if (parse(&script, &name, &a, cli, options, err) < 0)
		return -1;
	const struct json *all = shell_calls(script, &a);
	scoped(buf) out = {0};
	buf_init(&out, (size_t)1 << 30);
	for (size_t i = 0; i < all->array.n; i++) {
		json_write_compact(&out, all->array.items[i]);
		buf_add_byte(&out, '\n');
	}
	if (cli_print(&out, err) < 0)
		return -1;
	return report(cli, script, name);
}

static const struct command verb_check = {
	.name = "check",
	.summary = "accept (0) or reject (1) a script, with the place",
	.synopsis = "FILE",
	.groups = groups,
	.options_size = sizeof(struct shell_verb),
	.run = check,
};
static const struct command verb_calls = {
	.name = "calls",
	.summary = "each simple command as a JSON line",
	.synopsis = "FILE",
	.description =
		"Prints {\"line\":L,\"argv\":[...]} per simple command, null where a word is\n"
		"not static.",
	.groups = groups,
	.options_size = sizeof(struct shell_verb),
	.run = calls,
};
static const struct command *const verbs[] = {&verb_check, &verb_calls, NULL};

const struct command command_shell = {
	.name = "shell",
	.summary = "the shell parser by itself",
	.synopsis = "VERB FILE",
	.verbs = verbs,
};
