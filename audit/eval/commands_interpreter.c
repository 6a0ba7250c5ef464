/* Shells and interpreters of other languages. */
#include "audit/eval/ps.h"

/* ---- Shells --------------------------------------------------------------------------------- */

struct shell_words {
	bool command; /* -c */
	bool input; /* -s, or no operand */
	bool errexit;
	bool pipefail;
	bool nounset;
	size_t first; /* operand */
};

static void shell_option(struct shell_words *s, const struct command *c, size_t *i)
{
	struct str w = c->words[*i];
	for (size_t k = 1; k < w.n; k++) {
		s->command = s->command || w.p[k] == 'c';
		s->input = s->input || w.p[k] == 's';
		s->errexit = s->errexit || (w.p[k] == 'e' && w.p[0] == '-');
		s->nounset = s->nounset || (w.p[k] == 'u' && w.p[0] == '-');
		if (w.p[k] != 'o' && w.p[k] != 'O')
			continue;
		if (word_is(c, *i + 1, "pipefail"))
			s->pipefail = true;
		if (word_is(c, *i + 1, "errexit"))
			s->errexit = true;
		if (word_is(c, *i + 1, "nounset"))
			s->nounset = true;
		++*i;
	}
}

static struct shell_words shell_words_of(const struct command *c)
{
	struct shell_words s = {0};
	size_t i = 1;
	for (; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p || w.n == 0 || (w.p[0] != '-' && w.p[0] != '+'))
			break;
		if (str_is(w, "--rcfile") || str_is(w, "--init-file"))
			i++;
		else if (str_is(w, "--") || str_is(w, "-")) {
			i++;
			break;
		} else if (!str_has_prefix(w, STR("--")))
			shell_option(&s, c, &i);
	}
	s.first = i < c->argc ? i : c->argc;
	if (s.first == c->argc || (c->words[s.first].p && is_stdin_path(c->words[s.first])))
		s.input = s.input || !s.command;
	return s;
}

static struct outcome shell_input(struct eval *e, const struct command *c, struct run *r)
{
	struct str text;
	if (!e->in || !value_const(e, e->in, &text) || value_taint(e, e->in))
		emit_exec(e, c);
	if (!e->in)
		return outcome_unknown();
	const struct value *in = e->in;
	r->text = *in;
	r->place = e->in_place;
	e->in = NULL;
	struct outcome o = run_code(e, r);
	e->in = in;
	return o;
}

struct outcome run_shell(struct eval *e, const struct command *c, enum shell_dialect dialect)
{
	struct shell_words s = shell_words_of(c);
	struct run r = {
		.to = "interpreter",
		.command = c,
		.dialect = dialect,
		.child = true,
		.errexit = s.errexit,
		.pipefail = s.pipefail,
		.nounset = s.nounset,
		.wrapper = STR("sh"),
	};
	if (s.command) {
		if (s.first >= c->argc)
			return outcome_unknown();
		r.text = c->argv[s.first];
		r.place = word_place(e, c, s.first);
		r.argv = c->argv + s.first + 1;
		r.argc = c->argc - s.first - 1;
		return run_code(e, &r);
	}
	if (s.input) {
		r.argv = c->argv + s.first;
		r.argc = c->argc - s.first;
		return shell_input(e, c, &r);
	}
	emit_exec(e, c);
	if (!c->words[s.first].p) {
		const struct taint *t = value_taint(e, &c->argv[s.first]);
		struct sink sink = {.to = "interpreter", .name = base_name(c->words[0])};
		if (!t || !flow_into(e, c, t, &sink))
			emit_opaque(e, c, "script", STR("the name of the script is not known"),
				(struct str){0});
		return outcome_unknown();
	}
	r.wrapper = (struct str){0};
	return run_file(e, c, c->words[s.first], s.first, &r);
}

static int run_sh(struct eval *e, const struct command *c, struct outcome *out)
{
	bool posix = word_in(base_name(c->words[0]), "sh dash ash posh");
	*out = run_shell(e, c, posix ? SHELL_POSIX : SHELL_BASH);
	return 1;
}

struct outcome run_shell_text(struct eval *e, const struct command *c, const struct value *text,
	struct str wrapper, struct place place)
{
	struct run r = {
		.to = "interpreter",
		.text = *text,
		.command = c,
		.dialect = SHELL_BASH,
		.child = true,
		.wrapper = wrapper,
		.place = place,
	};
	return run_code(e, &r);
}

/* ---- Other languages ------------------------------------------------------------------------ */

struct language {
	const char *names;
	const char *text; /* options with code */
	const char *shorts; /* options with an argument */
	const char *module; /* option with a module */
};

static const struct language languages[] = {
	{"python python2 python3 pypy pypy3", "-c", "cmWXQ", "-m"},
	{"perl", "-e -E", "eEIMm", NULL},
	{"ruby", "-e", "eIrE", NULL},
	{"node nodejs bun deno", "-e -p --eval --print", "epr", NULL},
	{"php", "-r", "rdfBRFE", NULL},
	{"lua tclsh Rscript osascript", "-e", "el", NULL},
};

static const struct language *language_find(struct str name)
{
	for (size_t i = 0; i < countof(languages); i++) {
		if (word_in(name, languages[i].names))
			return &languages[i];
		/* python3.11 */
		if (i == 0 && str_has_prefix(name, STR("python")))
			return &languages[i];
	}
	return NULL;
}

static void language_input(struct eval *e, const struct command *c)
{
	if (!e->in)
		return;
	const struct taint *t = value_taint(e, e->in);
	struct str name = base_name(c->words[0]);
	if (t && value_foreign(e->in))
		flow_into(e, c, t, &(struct sink){.to = "interpreter", .name = name});
	else
		language_scan(e, c, name, e->in, true);
}

/* `python -c 'exec(sys.stdin.read())'` */
static void input_runs(struct eval *e, const struct command *c, const struct value *text)
{
	struct str s = value_display(e, text);
	const struct taint *t = e->in ? value_taint(e, e->in) : NULL;
	bool reads = str_contains(s, STR("stdin")) || str_contains(s, STR("STDIN")) ||
		str_contains(s, STR("<>"));
	if (t && reads && language_runs(s))
		flow_into(e, c, t,
			&(struct sink){.to = "interpreter", .name = base_name(c->words[0])});
}

/* perl -pi -e, -i.bak -pe: a sed of its own. */
static bool edits_in_place(const struct command *c)
{
	bool in_place = false;
	bool prints = false;
	for (size_t i = 1; i < c->argc && c->words[i].n > 1 && c->words[i].p[0] == '-'; i++) {
		struct str letters = str_sub(c->words[i], 0, str_find_byte(c->words[i], '.'));
		in_place = in_place || str_find_byte(letters, 'i') != STR_NPOS;
		prints = prints || str_find_byte(letters, 'p') != STR_NPOS;
	}
	return in_place && prints;
}

static void edit_by_perl(struct eval *e, const struct command *c)
{
	static const struct optspec spec = {.shorts = "eEIMm"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct edit edit = {.extended = true};
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-i") && c->words[opt.index].p &&
			str_find_byte(c->words[opt.index], '.') != STR_NPOS) {
			o.pos = 0;
			o.i = opt.index + 1;
		} else if (opt_is(&opt, "-e -E")) {
			edit.script = value_display(e, &opt.value);
		} else if (opt.name.n == 0 && edit.script.n > 0) {
			edit_file(e, c, opt.text, &edit);
		}
	}
}

static int run_language_command(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	if (str_is(name, "perl") && edits_in_place(c)) {
		*out = outcome_unknown();
		edit_by_perl(e, c);
		return 1;
	}
	const struct language *l = language_find(name);
	struct optspec spec = {.shorts = l->shorts, .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	*out = outcome_unknown();
	bool any = false;
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, l->text)) {
			const struct taint *t = value_taint(e, &opt.value);
			if (t && value_foreign(&opt.value))
				flow_into(
					e, c, t, &(struct sink){.to = "interpreter", .name = name});
			language_scan(e, c, name, &opt.value, false);
			input_runs(e, c, &opt.value);
			return 1;
		}
		if (l->module && opt_is(&opt, l->module)) {
			struct command inner = *c;
			inner.external = true;
			*out = run_argv(e, &inner, c->argv + opt.index, c->argc - opt.index,
				(struct str){0});
			return 1;
		}
		if (opt.name.n != 0)
			continue;
		any = true;
		if (str_is(opt.text, "-"))
			language_input(e, c);
		else if (opt.text.p && guest_find(e, opt.text))
			*out = run_file(e, c, opt.text, opt.index,
				&(struct run){.to = "interpreter", .language = name});
		break;
	}
	if (!any)
		language_input(e, c);
	return 1;
}

static int run_pwsh(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = run_powershell(e, c);
	return 1;
}

static int run_cmd_exe(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = run_cmd(e, c);
	return 1;
}

const struct command_entry commands_interpreter[] = {
	{"pwsh powershell pwsh.exe powershell.exe pwsh-preview", run_pwsh, true},
	{"cmd.exe", run_cmd_exe, true},
	{"sh bash dash ash ksh ksh93 mksh zsh posh yash rbash", run_sh, true},
	{"python python2 python3 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 "
	 "pypy pypy3 perl ruby node nodejs bun deno php lua tclsh Rscript osascript",
		run_language_command},
	{0},
};
