#include "cmd/command.h"

#include "base/conf.h"
#include "base/file.h"

#include <stdio.h>

#define ARGUMENTS_MAX 10000

struct found {
	const struct option *option;
	size_t offset; /* of its group */
};

static struct found option_by_name(const struct command *c, struct str name)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (str_is(name, o->name))
				return (struct found){o, g->offset};
		}
	}
	return (struct found){0};
}

static struct found option_by_letter(const struct command *c, char letter)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (o->letter == letter)
				return (struct found){o, g->offset};
		}
	}
	return (struct found){0};
}

static int unknown_option(struct cli *cli, struct str name, struct error *err)
{
	const char *names[256];
	size_t n = 0;
	const struct command *c = cli->command;
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name && n < countof(names); o++)
			names[n++] = o->name;
	}
	const char *near = conf_nearest(name, names, n);
	if (near)
		return error_set(err, ERROR_USAGE, "%s: unknown option --%.*s; did you mean --%s?",
			c->name, STR_ARG(name), near);
	return error_set(err, ERROR_USAGE, "%s: unknown option --%.*s; see sealwright %s --help",
		c->name, STR_ARG(name), c->name);
}

static bool is_choice(const struct option *o, const char *value)
{
	for (size_t i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], value) == 0)
			return true;
	}
	return false;
}

static int bad_choice(const struct option *o, const char *value, struct error *err)
{
	scoped(buf) list = {0};
	for (size_t i = 0; o->choices[i]; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", o->choices[i]);
	return error_set(
		err, ERROR_USAGE, "--%s takes one of %s, not \"%s\"", o->name, list.p, value);
}

static int store(
	struct cli *cli, void *options, const struct found *f, const char *value, struct error *err)
{
	void *at = (char *)options + f->offset + f->option->offset;
	switch (f->option->kind) {
	case OPTION_FLAG:
		if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return error_set(err, ERROR_USAGE, "--%s takes true or false, not \"%s\"",
				f->option->name, value);
		*(bool *)at = !value || strcmp(value, "true") == 0;
		return 0;
	case OPTION_CHOICE:
		if (!is_choice(f->option, value))
			return bad_choice(f->option, value, err);
		*(const char **)at = value;
		return 0;
	case OPTION_STRING:
		*(const char **)at = value;
		return 0;
	case OPTION_LIST:
		list_push(&cli->arena, (struct option_list *)at) = value;
		return 0;
	case OPTION_NONE:
		break;
	}
	return error_set(err, ERROR_BUG, "option table of %s", cli->command->name);
}

/* The option of one word, and its value when it stands behind "=". */
static int find_option(
	struct cli *cli, struct found *f, const char **value, const char *word, struct error *err)
{
	bool two = word[1] == '-';
	struct str name = str_from(word + (two ? 2 : 1));
	size_t equals = str_find_byte(name, '=');
	*value = equals == STR_NPOS ? NULL : name.p + equals + 1;
	name = str_sub(name, 0, equals);
	if (!two && name.n == 1)
		*f = option_by_letter(cli->command, name.p[0]);
	if (!f->option)
		*f = option_by_name(cli->command, name);
	if (!f->option && str_has_prefix(name, STR("no-")) && !*value) {
		*f = option_by_name(cli->command, str_from_index(name, 3));
		*value = "false";
		if (f->option && f->option->kind != OPTION_FLAG)
			f->option = NULL;
	}
	if (f->option)
		return 0;
	(void)!unknown_option(cli, name, err);
	return -1;
}

/* Parses the option at *i; moves *i over a value that is a word of its own. */
static int parse_option(
	struct cli *cli, void *options, int *i, int argc, char **argv, struct error *err)
{
	struct found f = {0};
	const char *value = NULL;
	if (find_option(cli, &f, &value, argv[*i], err) < 0)
		return -1;
	if (!value && f.option->kind != OPTION_FLAG) {
		if (*i + 1 >= argc)
			return error_set(err, ERROR_USAGE, "--%s takes %s", f.option->name,
				f.option->arg ? f.option->arg : "an argument");
		value = argv[++*i];
	}
	return store(cli, options, &f, value, err);
}

static void set_defaults(const struct command *c, void *options)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (o->on)
				*(bool *)((char *)options + g->offset + o->offset) = true;
		}
	}
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-help") == 0 || strcmp(word, "-h") == 0;
}

int command_parse(
	struct cli *cli, void *options, bool *help, int argc, char **argv, struct error *err)
{
	if (argc > ARGUMENTS_MAX)
		return error_set(err, ERROR_USAGE, "too many arguments");
	cli->args = arena_array(&cli->arena, const char *, (size_t)argc + 1);
	bool rest = false;
	set_defaults(cli->command, options);
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		if (!rest && strcmp(word, "--") == 0) {
			rest = true;
		} else if (rest || word[0] != '-' || word[1] == '\0') {
			cli->args[cli->arg_count++] = word;
		} else if (is_help(word)) {
			*help = true;
		} else if (parse_option(cli, options, &i, argc, argv, err) < 0) {
			return -1;
		}
	}
	return 0;
}

const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

int cli_print(const struct buf *out, struct error *err)
{
	if (buf_check(out, err) < 0)
		return error_wrap(err, "output");
	if (file_write_fd(STDOUT_FILENO, buf_str(out), err) < 0)
		return error_wrap(err, "standard output");
	return 0;
}
