/* command, shell, raw, script and their like. */
#include "audit/ansible/ansible.h"

#define WORDS_MAX 400

/* The directory that the command runs in, as long as it runs. */
static const void *enter(struct task *t)
{
	struct eval *e = t->p->e;
	const void *old = e->process->cwd->value;
	struct any dir = arg(t, "chdir");
	struct str path;
	if (dir.kind == ANY_UNDEFINED)
		return old;
	struct str *cwd = arena_new(e->scratch, struct str);
	if (any_const(t->p, &dir, &path))
		*cwd = guest_path(e, path);
	else
		*cwd = arena_printf(e->scratch, "?%u", ++e->names);
	cell_set(e, e->process->cwd, cwd);
	return old;
}

static void leave(struct task *t, const void *old)
{
	cell_set(t->p->e, t->p->e->process->cwd, old);
}

static const struct value *input(struct task *t)
{
	struct any in = arg(t, "stdin");
	if (in.kind == ANY_UNDEFINED)
		return NULL;
	struct value *v = arena_new(t->p->e->scratch, struct value);
	*v = any_value(t->p, &in);
	return v;
}

/* ---- Words ---------------------------------------------------------------------------------- */

/* As Python's shlex splits, without a shell. */
static void split_words(struct task *t, struct str s, struct value_list *words)
{
	struct eval *e = t->p->e;
	size_t i = 0;
	while (i < s.n && words->n < WORDS_MAX && charge(e, 2)) {
		scoped(buf) word = {0};
		char quote = 0;
		while (i < s.n && strchr(" \t\r\n", s.p[i]))
			i++;
		if (i >= s.n)
			break;
		for (; i < s.n && (quote || !strchr(" \t\r\n", s.p[i])); i++) {
			char c = s.p[i];
			bool escapes = c == '\\' && quote != '\'' && i + 1 < s.n;
			if (escapes)
				buf_add_byte(&word, s.p[++i]);
			else if (quote ? c == quote : c == '\'' || c == '"')
				quote = quote ? 0 : c;
			else
				buf_add_byte(&word, c);
		}
		struct chunks chunks = {0};
		chunks_add_marked(e, &chunks,
			word.n > 0 ? arena_str(e->scratch, buf_str(&word)) : STR(""), false);
		list_push(e->scratch, words) = chunks_value(e, &chunks);
	}
}

static void list_words(struct task *t, const struct any *list, struct value_list *words)
{
	for (size_t i = 0; i < list->n && i < WORDS_MAX; i++) {
		struct any one = any_at(t->p, list, i);
		list_push(t->p->e->scratch, words) = any_value(t->p, &one);
	}
}

static void run_command_module(struct task *t)
{
	struct eval *e = t->p->e;
	struct value_list words = {0};
	struct any argv = arg(t, "argv");
	struct any text = arg(t, "_raw_params|cmd|command");
	struct unit marks = *t->unit;
	const struct unit *unit = e->unit;
	if (argv.kind == ANY_LIST) {
		list_words(t, &argv, &words);
	} else {
		struct chunks unknowns = {0};
		struct value v = any_value(t->p, &text);
		struct str flat = value_flatten(e, &v, &unknowns);
		marks.unknowns = unknowns.items;
		marks.unknown_count = unknowns.n;
		e->unit = &marks;
		split_words(t, flat, &words);
		e->unit = unit;
	}
	const void *cwd = enter(t);
	const struct value *in = e->in;
	e->in = input(t);
	(void)module_argv(t, words.items, words.n);
	e->in = in;
	leave(t, cwd);
}

/* ---- Shells --------------------------------------------------------------------------------- */

static enum shell_dialect dialect_of(struct task *t)
{
	struct str program = base_name(arg_str(t, "executable"));
	return word_in(program, "bash zsh ksh") ? SHELL_BASH : SHELL_POSIX;
}

static void run_shell_module(struct task *t)
{
	struct eval *e = t->p->e;
	struct any text = arg(t, "_raw_params|cmd|command");
	struct value code = any_value(t->p, &text);
	struct place place = {t->unit, t->node->span, false};
	(void)arg_place(t, "_raw_params|cmd|command", &place);
	const void *cwd = enter(t);
	const struct value *in = e->in;
	e->in = input(t);
	(void)module_shell(t, &code, place, dialect_of(t));
	e->in = in;
	leave(t, cwd);
}

/* A file of the commit is copied to the machine and run there. */
static void run_script_module(struct task *t)
{
	struct eval *e = t->p->e;
	struct value_list words = {0};
	split_words(t, arg_str(t, "_raw_params|cmd"), &words);
	struct str name;
	struct ansible_file *f = NULL;
	if (words.n > 0 && value_const(e, &words.items[0], &name))
		f = ansible_find(t->p, "files", name);
	if (!f) {
		playbook_opaque(t->p, "script", STR("the script is not in the commit"),
			words.n > 0 ? name : STR(""));
		e->facts->opaque++;
		return;
	}
	struct str path = arena_printf(
		e->scratch, "/tmp/ansible.%u/%.*s", ++t->p->names, STR_ARG(base_name(f->path)));
	struct file file = {.content = ansible_content(t->p, f),
		.created = true,
		.binary = f->binary,
		.mode = STR("0700"),
		.place = {f->unit, {.line = 1, .col = 1}, true}};
	guest_put(e, path, &file);
	words.items[0] = value_text(e, path);
	const void *cwd = enter(t);
	struct str program = arg_str(t, "executable");
	if (program.n > 0) {
		struct value_list with = {0};
		split_words(t, program, &with);
		for (size_t i = 0; i < words.n; i++)
			list_push(e->scratch, &with) = words.items[i];
		words = with;
	}
	(void)module_argv(t, words.items, words.n);
	leave(t, cwd);
}

/* ---- Windows -------------------------------------------------------------------------------- */

static void scan_windows(struct task *t, struct str language)
{
	struct any text = arg(t, "_raw_params|cmd|script|command");
	struct value code = any_value(t->p, &text);
	language_scan(t->p->e, &t->p->command, language, &code, false);
	t->p->e->facts->opaque++;
}

static void run_powershell(struct task *t)
{
	scan_windows(t, STR("powershell"));
}

static void run_cmd(struct task *t)
{
	scan_windows(t, STR("cmd"));
}

const struct module modules_command[] = {
	{"command expect", NULL, NULL, run_command_module},
	{"shell raw", NULL, NULL, run_shell_module},
	{"script", NULL, NULL, run_script_module},
	{"win_shell win_powershell psexec", NULL, NULL, run_powershell},
	{"win_command", NULL, NULL, run_cmd},
	{0},
};
