/* Commands that cmd.exe has itself. */
#include "audit/eval/cmd.h"

typedef void builtin_fn(struct cmd *k, const struct command *c, const struct value *line);

/* The line behind its first word. */
static struct value behind_name(struct eval *e, const struct value *line, size_t name)
{
	struct chunks out = {0};
	size_t skip = name;
	bool begun = false;
	for (size_t i = 0; i < line->n; i++) {
		struct chunk c = line->items[i];
		if (c.kind == CHUNK_TEXT && !begun) {
			size_t cut = skip < c.text.n ? skip : c.text.n;
			c.text = str_from_index(c.text, cut);
			skip -= cut;
			while (skip == 0 && c.text.n > 0 && c.text.p[0] == ' ')
				c.text = str_from_index(c.text, 1);
			begun = c.text.n > 0;
			if (!begun)
				continue;
		}
		begun = true;
		chunks_add(e, &out, &c);
	}
	return chunks_value(e, &out);
}

static void run_echo(struct cmd *k, const struct command *c, const struct value *line)
{
	struct value text = behind_name(k->e, line, 4);
	(void)c;
	out_value(k->e, &text);
	out_text(k->e, STR("\n"));
}

/* set NAME=value, set "NAME=value", set /a, set /p */
static void run_set(struct cmd *k, const struct command *c, const struct value *line)
{
	struct eval *e = k->e;
	struct value text = behind_name(e, line, 3);
	struct str prefix = value_prefix(e, &text);
	bool option = str_has_prefix(prefix, STR("/"));
	if (option)
		text = behind_name(e, &text, 2);
	prefix = value_prefix(e, &text);
	bool quoted = str_has_prefix(prefix, STR("\""));
	size_t eq = str_find_byte(prefix, '=');
	if (eq == STR_NPOS)
		return;
	struct str name = str_trim(str_sub(prefix, quoted, eq - quoted));
	struct value v = {0};
	struct chunks out = {0};
	size_t skip = eq + 1;
	for (size_t i = 0; i < text.n; i++) {
		struct chunk chunk = text.items[i];
		if (chunk.kind == CHUNK_TEXT && skip > 0) {
			size_t cut = skip < chunk.text.n ? skip : chunk.text.n;
			chunk.text = str_from_index(chunk.text, cut);
			skip -= cut;
		}
		size_t quote = str_rfind_byte(chunk.text, '"');
		if (quoted && i + 1 == text.n && quote != STR_NPOS)
			chunk.text.n = quote;
		if (chunk.kind != CHUNK_TEXT || chunk.text.n > 0)
			chunks_add(e, &out, &chunk);
	}
	v = chunks_value(e, &out);
	if (option)
		v = value_unknown(e, arena_printf(e->scratch, "%%%.*s%%", STR_ARG(name)), NULL);
	char *key = arena_cstr(e->scratch, name);
	for (size_t i = 0; i < name.n; i++)
		if (key[i] >= 'a' && key[i] <= 'z')
			key[i] = (char)(key[i] - 'a' + 'A');
	variable_set(e, (struct str){key, name.n}, &v, false);
	variable_export(e, (struct str){key, name.n});
	emit_env(e, c, name, &v, "shell");
}

static void run_cd(struct cmd *k, const struct command *c, const struct value *line)
{
	struct eval *e = k->e;
	size_t i = c->argc > 1 && c->words[1].p && str_eq_nocase(c->words[1], STR("/d")) ? 2 : 1;
	struct str *dir = arena_new(e->scratch, struct str);
	(void)line;
	if (i >= c->argc)
		return;
	*dir = c->words[i].p ? guest_path(e, win_path(e, c->words[i]))
			     : arena_printf(e->scratch, "?%u", ++e->names);
	cell_set(e, e->process->cwd, dir);
}

static void run_type(struct cmd *k, const struct command *c, const struct value *line)
{
	(void)line;
	for (size_t i = 1; i < c->argc; i++) {
		struct value v = c->words[i].p ? guest_read(k->e, win_path(k->e, c->words[i]))
					       : value_unknown(k->e, STR("…"), NULL);
		out_value(k->e, &v);
	}
}

/* Operands: words that are no options. */
static size_t operands_of(const struct command *c, struct str *out, size_t max)
{
	size_t n = 0;
	for (size_t i = 1; i < c->argc && n < max; i++)
		if (!c->words[i].p || !str_has_prefix(c->words[i], STR("/")))
			out[n++] = c->words[i];
	return n;
}

static void run_copy(struct cmd *k, const struct command *c, const struct value *line)
{
	struct eval *e = k->e;
	struct str words[4];
	size_t n = operands_of(c, words, 4);
	(void)line;
	if (n < 2 || !words[0].p || !words[1].p)
		return;
	struct str from = win_path(e, words[0]);
	struct str to = win_path(e, words[1]);
	const struct file *f = guest_find(e, from);
	if (is_dir_name(to) || str_find_byte(base_name(to), '.') == STR_NPOS)
		to = arena_printf(e->scratch, "%.*s/%.*s", STR_ARG(to), STR_ARG(base_name(from)));
	struct value none = value_unknown(e, STR("…"), NULL);
	struct write w = {.path = to,
		.content = f ? &f->content : &none,
		.source = from,
		.by = win_is_word(c->words[0], "move ren rename") ? "mv" : "cp"};
	guest_write(e, c, &w);
	if (f)
		guest_put(e, to, f);
}

static void run_del(struct cmd *k, const struct command *c, const struct value *line)
{
	struct str words[16];
	size_t n = operands_of(c, words, 16);
	(void)line;
	for (size_t i = 0; i < n; i++) {
		struct write w = {.by = "rm", .deleted = true};
		if (!words[i].p)
			continue;
		w.path = win_path(k->e, words[i]);
		guest_write(k->e, c, &w);
	}
}

static void run_nothing(struct cmd *k, const struct command *c, const struct value *line)
{
	(void)k;
	(void)c;
	(void)line;
}

static const struct builtin {
	const char *names;
	builtin_fn *run;
	bool told;
} builtins[] = {
	{"echo echo.", run_echo, true},
	{"set", run_set, false},
	{"cd chdir pushd", run_cd, false},
	{"type", run_type, false},
	{"copy move ren rename", run_copy, true},
	{"del erase rd rmdir", run_del, true},
	{"md mkdir setlocal endlocal title color pause cls ver vol verify prompt path shift popd "
	 "mklink assoc ftype break date time",
		run_nothing, true},
};

static bool run_exit(struct cmd *k, const struct command *c)
{
	bool script = c->argc > 1 && c->words[1].p && str_eq_nocase(c->words[1], STR("/b"));
	size_t i = script ? 2 : 1;
	enum truth status = TRUTH_UNKNOWN;
	if (i < c->argc && c->words[i].p)
		status = str_is(c->words[i], "0") ? TRUTH_YES : TRUTH_NO;
	frame_end_path(k->e, script ? FRAME_FUNCTION : FRAME_PROCESS, status);
	return true;
}

bool cmd_builtin(struct cmd *k, const struct command *c, const struct value *line, bool *done)
{
	struct str name = c->words[0];
	*done = false;
	if (!name.p)
		return false;
	if (win_is_word(name, "exit")) {
		*done = run_exit(k, c);
		return true;
	}
	if (win_is_word(str_sub(name, 0, 4), "goto") && (name.n == 4 || name.p[4] == ':')) {
		struct str label = name.n > 4          ? str_from_index(name, 5)
			: c->argc > 1 && c->words[1].p ? c->words[1]
						       : STR("eof");
		if (str_has_prefix(label, STR(":")))
			label = str_from_index(label, 1);
		*done = cmd_goto(k, label);
		return true;
	}
	if (win_is_word(name, "call") && c->argc > 1 && str_has_prefix(c->words[1], STR(":"))) {
		*done = cmd_call(k, c);
		return true;
	}
	for (size_t i = 0; i < countof(builtins); i++) {
		if (!win_is_word(name, builtins[i].names))
			continue;
		struct value *argv = arena_array(k->e->scratch, struct value, c->argc);
		memcpy(argv, c->argv, c->argc * sizeof(*argv));
		argv[0] = value_text(k->e, ps_lower_str(k->e, name));
		struct command plain = command_new(k->e, c, argv, c->argc);
		if (builtins[i].told)
			emit_exec(k->e, &plain);
		builtins[i].run(k, &plain, line);
		return true;
	}
	return false;
}
