#include "cmd/command.h"

#include <stdio.h>

#define COLUMN 30

static const char *bold(bool colour)
{
	return colour ? "\033[1m" : "";
}

static const char *plain(bool colour)
{
	return colour ? "\033[0m" : "";
}

static void option_usage(struct buf *out, const struct option *o)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	else
		buf_add_cstr(out, "    ");
	buf_printf(out, "--%s", o->name);
	if (o->on)
		buf_add_cstr(out, "=false");
	if (o->kind != OPTION_FLAG)
		buf_printf(out, " %s", o->arg ? o->arg : "ARG");
}

/* Continuation lines of a help text stand in the second column. */
static void add_wrapped(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		buf_add_byte(out, *p);
		if (*p == '\n')
			buf_printf(out, "%*s", COLUMN + 2, "");
	}
	buf_add_byte(out, '\n');
}

static void add_option(struct buf *out, const struct option *o)
{
	scoped(buf) usage = {0};
	option_usage(&usage, o);
	if (usage.n < COLUMN)
		buf_printf(out, "  %-*s", COLUMN, usage.p);
	else
		buf_printf(out, "  %s\n%*s", usage.p, COLUMN + 2, "");
	add_wrapped(out, o->help);
	if (!o->choices)
		return;
	buf_printf(out, "%*sone of:", COLUMN + 2, "");
	for (size_t i = 0; o->choices[i]; i++)
		buf_printf(out, " %s", o->choices[i]);
	buf_add_byte(out, '\n');
}

static void add_group(struct buf *out, const struct option_group *g, bool colour)
{
	buf_printf(out, "\n%s%s%s\n", bold(colour), g->title, plain(colour));
	for (const struct option *o = g->options; o->name; o++) {
		if (!o->hidden)
			add_option(out, o);
	}
}

void command_help(struct buf *out, const struct command *c, const char *parent, bool colour)
{
	const char *above = parent ? parent : "";
	const char *space = parent ? " " : "";
	buf_printf(out, "%sUsage%s\n  sealwright %s%s%s %s\n\n%s\n", bold(colour), plain(colour),
		above, space, c->name, c->synopsis, c->description ? c->description : c->summary);
	if (c->verbs) {
		buf_printf(out, "\n%sVerbs%s\n", bold(colour), plain(colour));
		for (size_t i = 0; c->verbs[i]; i++)
			buf_printf(out, "  %-12s %s\n", c->verbs[i]->name, c->verbs[i]->summary);
	}
	for (const struct option_group *g = c->groups; g && g->options; g++)
		add_group(out, g, colour);
	if (c->examples)
		buf_printf(out, "\n%sExamples%s\n%s\n", bold(colour), plain(colour), c->examples);
}

void program_help(struct buf *out, const struct command *const *commands, bool colour)
{
	buf_printf(out,
		"sealwright builds machine images from Packer templates in such a way that\n"
		"somebody else can check what went into them.\n\n"
		"%sUsage%s\n  sealwright VERB [OPTION...] [ARGUMENT...]\n\n%sVerbs%s\n",
		bold(colour), plain(colour), bold(colour), plain(colour));
	for (size_t i = 0; commands[i]; i++)
		buf_printf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	buf_printf(out,
		"\n  sealwright VERB --help shows what a verb takes; --version the version.\n\n"
		"%sExit status%s\n  0 yes, 1 no, 2 usage, 3 bad input, 4 system, 5 no trust "
		"established, 70 our bug\n",
		bold(colour), plain(colour));
}

/* ---- Man page -------------------------------------------------------------------------------- */

static void roff(struct buf *out, const char *text)
{
	bool line_start = true;
	for (const char *p = text; *p; p++) {
		if (line_start && (*p == '.' || *p == '\''))
			buf_add_cstr(out, "\\&");
		if (*p == '\\')
			buf_add_cstr(out, "\\e");
		else if (*p == '-')
			buf_add_cstr(out, "\\-");
		else
			buf_add_byte(out, *p);
		line_start = *p == '\n';
	}
}

static void man_options(struct buf *out, const struct command *c)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (o->hidden)
				continue;
			scoped(buf) usage = {0};
			option_usage(&usage, o);
			buf_add_cstr(out, ".TP\n.B ");
			roff(out, usage.p + (o->letter ? 0 : 4));
			buf_add_byte(out, '\n');
			roff(out, o->help);
			buf_add_byte(out, '\n');
		}
	}
}

static void man_command(struct buf *out, const struct command *c, const char *parent)
{
	buf_printf(out, ".SS sealwright %s%s%s ", parent, *parent ? " " : "", c->name);
	roff(out, c->synopsis);
	buf_add_byte(out, '\n');
	roff(out, c->description ? c->description : c->summary);
	buf_add_byte(out, '\n');
	man_options(out, c);
	if (c->examples) {
		buf_add_cstr(out, ".PP\nExamples:\n.nf\n");
		roff(out, c->examples);
		buf_add_cstr(out, "\n.fi\n");
	}
	for (size_t i = 0; c->verbs && c->verbs[i]; i++)
		man_command(out, c->verbs[i], c->name);
}

void command_man(struct buf *out, const struct command *const *commands)
{
	buf_add_cstr(out,
		".TH SEALWRIGHT 1 \"\" \"sealwright " SEALWRIGHT_VERSION "\"\n"
		".SH NAME\nsealwright \\- build machine images that others can check\n"
		".SH SYNOPSIS\n.B sealwright\nVERB [OPTION...] [ARGUMENT...]\n"
		".SH DESCRIPTION\n"
		"Takes a Packer template from a git repository at a pinned commit, checks\n"
		"every command against policy, runs the build, records every command that\n"
		"ran, and signs the image ID together with that record.\n"
		".SH VERBS\n");
	for (size_t i = 0; commands[i]; i++)
		man_command(out, commands[i], "");
	buf_add_cstr(out,
		".SH EXIT STATUS\n0 yes, 1 no, 2 usage, 3 bad input, 4 system error,\n"
		"5 trust could not be established, 70 a bug of sealwright.\n"
		".SH ENVIRONMENT\n.TP\n.B SEALWRIGHT_PASSWORD\n"
		"Password of the signing key.\n"
		".TP\n.B SEALWRIGHT_CACHE\nDirectory for repositories and base images.\n"
		".TP\n.B GIT_SSL_CAINFO, SSL_CERT_FILE\n"
		"PEM file of the authorities that https repositories are checked with.\n"
		".TP\n.B NO_COLOR\nNo colours, even on a terminal.\n");
}

/* ---- Completion ------------------------------------------------------------------------------ */

static void option_words(struct buf *out, const struct command *c)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (!o->hidden)
				buf_printf(out, " --%s", o->name);
		}
	}
	for (size_t i = 0; c->verbs && c->verbs[i]; i++) {
		buf_printf(out, " %s", c->verbs[i]->name);
		option_words(out, c->verbs[i]);
	}
}

static void bash_script(struct buf *out, const struct command *const *commands)
{
	buf_add_cstr(out,
		"_sealwright() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
		"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"");
	for (size_t i = 0; commands[i]; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
	buf_add_cstr(out, "\"\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(out, "\t\t%s) words=\"--help", commands[i]->name);
		option_words(out, commands[i]);
		buf_add_cstr(out, "\" ;;\n");
	}
	buf_add_cstr(out,
		"\t\tesac\n\tfi\n"
		"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		"complete -o default -F _sealwright sealwright\n");
}

static void fish_options(struct buf *out, const struct command *c)
{
	for (const struct option_group *g = c->groups; g && g->options; g++) {
		for (const struct option *o = g->options; o->name; o++) {
			if (o->hidden)
				continue;
			buf_printf(out,
				"complete -c sealwright -n '__fish_seen_subcommand_from %s' -l %s%s\n",
				c->name, o->name, o->kind == OPTION_FLAG ? "" : " -r");
		}
	}
}

static void fish_script(struct buf *out, const struct command *const *commands)
{
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(out, "complete -c sealwright -n __fish_use_subcommand -a %s -d '%s'\n",
			commands[i]->name, commands[i]->summary);
		fish_options(out, commands[i]);
	}
}

bool command_completion(struct buf *out, const struct command *const *commands, const char *shell)
{
	if (strcmp(shell, "fish") == 0) {
		fish_script(out, commands);
		return true;
	}
	if (strcmp(shell, "zsh") == 0)
		buf_add_cstr(
			out, "#compdef sealwright\nautoload -Uz bashcompinit && bashcompinit\n");
	else if (strcmp(shell, "bash") != 0)
		return false;
	bash_script(out, commands);
	return true;
}
