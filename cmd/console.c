#include "base/file.h"
#include "cmd/verbs.h"

#include <stdio.h>

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct console_verb {
	struct source_options source;
	struct template_options template;
	struct option_list evaluate;
};

static const struct option own[] = {
	{.name = "eval",
		.letter = 'e',
		.kind = OPTION_LIST,
		.arg = "TEXT",
		.help = "evaluate this, not standard input; may be repeated",
		.offset = offsetof(struct console_verb, evaluate)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Template", template_option_table, offsetof(struct console_verb, template)},
	{"Source", source_option_table, offsetof(struct console_verb, source)},
	{0},
};

/* What the console works on while the template is in memory. */
struct session {
	struct cli *cli;
	const struct console_verb *options;
	const struct template_console *console;
	struct arena arena;
	bool interactive;
	bool failed;
	struct error err; /* of reading and writing */
};

static void session_clear(struct session *s)
{
	arena_clear(&s->arena);
}

static bool is_hcl(const struct session *s)
{
	return s->console->template->format == TEMPLATE_HCL2;
}

/* ---- Commands -------------------------------------------------------------------------------- */

static const char help_hcl[] =
	"An expression of HCL2 is evaluated and its value printed: upper(var.name).\n"
	"variables  lists variables and locals with their values\n"
	"help       prints this\n"
	"exit       ends, as does the end of the input\n";
static const char help_json[] =
	"Text is printed with its {{ }} evaluated: {{user `name` | upper}}.\n"
	"variables  lists variables with their values\n"
	"help       prints this\n"
	"exit       ends, as does the end of the input\n";

static void add_text(struct session *s, struct buf *out, const struct text *t)
{
	buf_add(out, text_display(t, &s->arena));
}

static void add_quoted(struct session *s, struct buf *out, const struct text *t)
{
	if (text_is_literal(t))
		json_write_string(out, text_display(t, &s->arena));
	else
		add_text(s, out, t);
}

static void add_locals(struct session *s, struct buf *out)
{
	const struct template_console *c = s->console;
	for (size_t i = 0; i < c->local_count; i++) {
		struct str name = arena_printf(&s->arena, "local.%.*s", STR_ARG(c->locals[i]));
		struct text value = {0};
		struct error ignored = {0};
		buf_printf(out, "%.*s: ", STR_ARG(name));
		if (c->eval(c->loader, name, &value, &ignored) == 0)
			add_quoted(s, out, &value);
		else
			buf_add(out, STR("<unknown>"));
		buf_add_byte(out, '\n');
	}
}

static void list_variables(struct session *s, struct buf *out)
{
	const struct template *t = s->console->template;
	if (is_hcl(s))
		buf_add(out, STR("> input-variables:\n\n"));
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = &t->variables.items[i];
		buf_printf(out, is_hcl(s) ? "var.%.*s: " : "%.*s: ", STR_ARG(v->name));
		if (is_hcl(s) && !v->expression)
			add_quoted(s, out, &v->value);
		else
			add_text(s, out, &v->value);
		buf_add_byte(out, '\n');
	}
	if (!is_hcl(s))
		return;
	buf_add(out, STR("\n> local-variables:\n\n"));
	add_locals(s, out);
}

static void evaluate(struct session *s, struct str line, struct buf *out)
{
	struct text value = {0};
	struct error e = {0};
	if (s->console->eval(s->console->loader, line, &value, &e) < 0) {
		log_say(&s->cli->log, LOG_ERROR, "%s", e.text);
		s->failed = true;
		return;
	}
	add_text(s, out, &value);
	buf_add_byte(out, '\n');
}

/* False when that was the end. */
static bool take_line(struct session *s, struct str line)
{
	scoped(buf) out = {0};
	line = str_trim(line);
	if (str_is(line, "exit"))
		return false;
	if (str_is(line, "help"))
		buf_add_cstr(&out, is_hcl(s) ? help_hcl : help_json);
	else if (str_is(line, "variables"))
		list_variables(s, &out);
	else if (line.n > 0)
		evaluate(s, line, &out);
	return cli_print(&out, &s->err) == 0;
}

/* ---- Input ----------------------------------------------------------------------------------- */

static int prompt(const struct session *s)
{
	struct error ignored = {0};
	return s->interactive ? file_write_fd(STDOUT_FILENO, STR("> "), &ignored) : 0;
}

/* Line by line, so that a person sees an answer to each. */
static void read_lines(struct session *s)
{
	autofree char *line = NULL;
	size_t cap = 0;
	for (;;) {
		if (prompt(s) < 0)
			return;
		ssize_t n = getline(&line, &cap, stdin);
		if (n < 0)
			return;
		if ((size_t)n > LINE_MAX_BYTES) {
			error_set(&s->err, ERROR_INPUT, "a line is longer than %zu bytes",
				LINE_MAX_BYTES);
			return;
		}
		if (!take_line(s, (struct str){line, (size_t)n}))
			return;
	}
}

static void converse(void *ctx, const struct template_console *c)
{
	struct session *s = ctx;
	s->console = c;
	if (s->options->evaluate.n == 0) {
		s->interactive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
		read_lines(s);
	}
	for (size_t i = 0; i < s->options->evaluate.n; i++) {
		if (!take_line(s, str_from(s->options->evaluate.items[i])))
			return;
	}
}

/* Without a template: the functions alone. */
static int without_template(struct session *s, struct error *err)
{
	scoped(temp_dir) dir = {0};
	scoped_ptr(tree_dir) tree = NULL;
	scoped_ptr(template) t = NULL;
	const char *type = s->options->template.config_type;
	bool hcl2 = type && strcmp(type, "hcl2") == 0;
	const struct str minimal = hcl2
		? STR("source \"null\" \"x\" {}\nbuild { sources = [\"null.x\"] }\n")
		: STR("{\"builders\": [{\"type\": \"null\"}]}");
	const char *name = hcl2 ? "console.pkr.hcl" : "console.json";
	if (temp_dir_make(&dir, NULL, err) < 0 ||
		file_create(dir.fd, name, minimal, 0600, err) < 0 ||
		tree_dir_open(&tree, dir.path, err) < 0)
		return -1;
	const struct template_input in = {
		.tree = tree_dir_tree(tree),
		.path = str_from(name),
		.environment = s->cli->environment,
		.now = clock_wall(s->cli->clock),
		.console = converse,
		.console_ctx = s,
	};
	return template_load(&t, &in, err);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct console_verb *o = options;
	struct template_options template = o->template;
	scoped(session) s = {.cli = cli, .options = o};
	scoped(pipeline) p = {.cli = cli};
	template.console = converse;
	template.console_ctx = &s;
	int status = 0;
	if (cli->arg_count == 0 && !o->source.repo)
		status = without_template(&s, err);
	else if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &template, err) < 0)
		status = -1;
	if (s.err.code) {
		*err = s.err;
		return -1;
	}
	/* A template with errors can be looked into; they were told. */
	if (status < 0 && !s.console)
		return -1;
	return s.failed ? error_exit_status(ERROR_INPUT) : EXIT_YES;
}

const struct command command_console = {
	.name = "console",
	.summary = "evaluate expressions in a template, as packer console does",
	.synopsis = "[SOURCE]",
	.description =
		"Reads lines from standard input and prints their values: expressions for HCL2\n"
		"templates, text with {{ }} for JSON. Also: variables, help, exit. Sensitive values\n"
		"are shown by name. Exit status 3 when something could not be evaluated.",
	.examples = "  echo 'upper(var.region)' | sealwright console images/\n"
		    "  sealwright console -e '{{timestamp}}' template.json",
	.groups = groups,
	.options_size = sizeof(struct console_verb),
	.run = run,
};
