/*
 * Verbs and their options. Parsing, --help, shell completion and the man page all come from the
 * tables that the verbs bring.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "base/clock.h"
#include "base/log.h"

#define SEALWRIGHT_VERSION "0.1.0"

/* Exit statuses of a verb that ran; those of errors come from error_exit_status. */
enum { EXIT_YES = 0, EXIT_NO = 1 };

enum option_kind {
	OPTION_NONE = 0,
	OPTION_FLAG, /* bool; --name, --name=false, --no-name */
	OPTION_STRING, /* const char * */
	OPTION_LIST, /* struct option_list; may be repeated */
	OPTION_CHOICE, /* const char *, one of `choices` */
};

struct option_list {
	const char **items;
	size_t n;
	size_t cap;
};

/* Packer's one-dash spelling (-var x=y) is taken as well as --var. */
struct option {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	const char *arg; /* name of the argument in help */
	const char *help;
	size_t offset;
	const char *const *choices; /* NULL-ended */
	bool hidden;
	bool on; /* a flag that is true unless it is said to be false */
};

/* A table that several verbs share; offset is where its struct stands in the verb's. */
struct option_group {
	const char *title;
	const struct option *options; /* ends with a NULL name */
	size_t offset;
};

struct cli;

struct command {
	const char *name;
	const char *summary; /* one line, lower case */
	const char *synopsis; /* behind "sealwright NAME " */
	const char *description;
	const char *examples;
	const struct option_group *groups; /* ends with a NULL options; may be NULL */
	const struct command *const *verbs; /* sub-verbs, NULL-ended, or NULL */
	size_t options_size;
	/* Exit status, or -1 with an error. Positional arguments are in cli. */
	int (*run)(struct cli *cli, const void *options, struct error *err);
};

/* One call of the program. */
struct cli {
	const struct command *const *commands;
	const struct command *command;
	const char *const *environment;
	const struct clock *clock;
	struct log log; /* on stderr */
	bool colour; /* of stdout */
	const char **args; /* positional arguments, NULL-ended */
	size_t arg_count;
	struct arena arena;
};

/*
 * Parses argv (behind the verb) into `options`, a zeroed struct of the command. ERROR_USAGE names
 * the option and, where one is near, what may have been meant. *help: --help was given.
 */
MUST_CHECK int command_parse(
	struct cli *cli, void *options, bool *help, int argc, char **argv, struct error *err);
const struct command *command_find(const struct command *const *commands, const char *name);

void command_help(struct buf *out, const struct command *c, const char *parent, bool colour);
void program_help(struct buf *out, const struct command *const *commands, bool colour);
/* roff for man(7); the page of the program and all its verbs. */
void command_man(struct buf *out, const struct command *const *commands);
/* A completion script: "bash", "zsh" or "fish". False for another shell. */
bool command_completion(struct buf *out, const struct command *const *commands, const char *shell);

/* Writes the whole result to stdout at once. */
MUST_CHECK int cli_print(const struct buf *out, struct error *err);

extern const struct command *const command_table[];

#endif
