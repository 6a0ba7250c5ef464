/* Builtins that change the shell itself. */
#include "audit/eval/eval.h"

static struct outcome success(void)
{
	return (struct outcome){.status = TRUTH_YES};
}

static int run_true(struct eval *e, const struct command *c, struct outcome *out)
{
	(void)e;
	(void)c;
	*out = success();
	return 1;
}

static int run_false(struct eval *e, const struct command *c, struct outcome *out)
{
	(void)e;
	(void)c;
	*out = (struct outcome){.status = TRUTH_NO};
	return 1;
}

static int run_cd(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str dir = STR("~");
	struct str *cwd = arena_new(e->scratch, struct str);
	size_t i = 1;
	while (i + 1 < c->argc && c->words[i].p && str_has_prefix(c->words[i], STR("-")) &&
		c->words[i].n > 1)
		i++;
	if (i < c->argc)
		dir = c->words[i];
	bool known = dir.p && !str_is(dir, "-") && !str_has_prefix(dir, STR("+"));
	*cwd = known ? guest_path(e, dir) : arena_printf(e->scratch, "?%u", ++e->names);
	cell_set(e, e->process->cwd, cwd);
	*out = outcome_unknown();
	return 1;
}

static int run_popd(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str *cwd = arena_new(e->scratch, struct str);
	(void)c;
	*cwd = arena_printf(e->scratch, "?%u", ++e->names);
	cell_set(e, e->process->cwd, cwd);
	*out = outcome_unknown();
	return 1;
}

/* ---- Variables ------------------------------------------------------------------------------ */

static void keep_local(struct eval *e, struct str name)
{
	struct frame *f = e->frame;
	while (f && f->kind != FRAME_FUNCTION)
		f = f->up;
	if (!f)
		return;
	struct cell *cell = cell_of(e, &e->process->variables, name, CELL_VARIABLE);
	list_push(e->scratch, &f->locals) = (struct trail_entry){cell, cell->value};
}

static const struct shell_word *node_word(const struct command *c, size_t i)
{
	size_t k = i + c->skipped;
	if (!c->node || !c->one_to_one || c->node->kind != SHELL_SIMPLE || k >= c->node->word_count)
		return NULL;
	return c->node->words[k];
}

static bool has_array(const struct shell_word *w)
{
	for (size_t i = 0; w && i < w->part_count; i++)
		if (w->parts[i].kind == SHELL_ARRAY)
			return true;
	return false;
}

/* One word of a declaration: NAME or NAME=VALUE. */
static void declare_word(struct eval *e, const struct command *c, size_t i, bool local, bool export)
{
	struct str prefix = c->words[i].p ? c->words[i] : value_prefix(e, &c->argv[i]);
	size_t eq = str_find_byte(prefix, '=');
	struct str name = str_sub(prefix, 0, eq);
	bool append = name.n > 0 && eq != STR_NPOS && name.p[name.n - 1] == '+';
	name.n -= append;
	if (name.n == 0)
		return;
	if (local)
		keep_local(e, name);
	if (has_array(node_word(c, i))) {
		struct shell_assign a = {.name = name, .append = append, .value = node_word(c, i)};
		eval_assign(e, &a, export);
		return;
	}
	if (eq != STR_NPOS) {
		struct chunks value = {0};
		size_t skip = eq + 1;
		for (size_t k = 0; k < c->argv[i].n; k++) {
			struct chunk chunk = c->argv[i].items[k];
			size_t cut = skip < chunk.text.n ? skip : chunk.text.n;
			if (chunk.kind == CHUNK_TEXT) {
				chunk.text = str_from_index(chunk.text, cut);
				skip -= cut;
			}
			chunks_add(e, &value, &chunk);
		}
		struct value v = chunks_value(e, &value);
		variable_set(e, name, &v, append);
		secret_assign(e, c, name, &v, "variable");
	} else if (local) {
		struct variable v = {.unset = true};
		variable_put(e, name, &v);
	}
	if (!export)
		return;
	variable_export(e, name);
	struct value v = variable_value(e, name);
	emit_env(e, c, name, &v, "shell");
}

static int run_declare(struct eval *e, const struct command *c, struct outcome *out)
{
	bool export = word_is(c, 0, "export");
	bool local = word_is(c, 0, "local");
	bool in_function = e->function.n != 0;
	if (word_is(c, 0, "declare") || word_is(c, 0, "typeset"))
		local = in_function && !has_word(c, "-g");
	emit_exec(e, c);
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i].p ? c->words[i] : value_prefix(e, &c->argv[i]);
		if (w.n > 1 && w.p[0] == '-') {
			export = export || str_find_byte(w, 'x') != STR_NPOS;
			if (str_find_byte(w, 'n') != STR_NPOS || str_is(w, "-f"))
				break;
			continue;
		}
		declare_word(e, c, i, local, export);
	}
	*out = success();
	return 1;
}

static int run_unset(struct eval *e, const struct command *c, struct outcome *out)
{
	bool functions = has_word(c, "-f");
	for (size_t i = 1; i < c->argc; i++) {
		struct str name = c->words[i];
		if (!name.p || str_has_prefix(name, STR("-")))
			continue;
		struct cell *f = map_find(&e->process->functions, name);
		if (functions && f) {
			cell_set(e, f, NULL);
			continue;
		}
		struct variable v = {.unset = true};
		variable_put(e, name, &v);
	}
	*out = success();
	return 1;
}

static int run_read(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "adinNptu"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	const struct taint *t = e->in ? value_taint(e, e->in) : NULL;
	struct str line = {0};
	size_t names = 0;
	/* A line that is known and one name: `read X <<< text`. */
	if (e->in && value_const(e, e->in, &line) &&
		str_find_byte(str_trim(line), '\n') != STR_NPOS)
		line = (struct str){0};
	for (struct opts n = o; opts_next(&n, &opt);)
		names += opt.name.n == 0 || opt_is(&opt, "-a");
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 && !opt_is(&opt, "-a"))
			continue;
		if (!opt.text.p)
			continue;
		struct value v =
			value_unknown(e, arena_printf(e->scratch, "${%.*s}", STR_ARG(opt.text)), t);
		if (names == 1 && line.p && opt.name.n == 0)
			v = value_text(e, str_trim(line));
		else if (names == 1 && e->in && value_digest(e->in))
			v = *e->in;
		variable_set(e, opt.text, &v, false);
	}
	*out = outcome_unknown();
	return 1;
}

static int run_mapfile(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "dnOsuCc"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 || !opt.text.p)
			continue;
		struct value v =
			value_unknown(e, arena_printf(e->scratch, "${%.*s}", STR_ARG(opt.text)),
				e->in ? value_taint(e, e->in) : NULL);
		variable_set(e, opt.text, &v, false);
	}
	*out = outcome_unknown();
	return 1;
}

static int run_getopts(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value unknown = value_unknown(e, STR("${OPTARG}"), NULL);
	if (c->argc > 2 && c->words[2].p) {
		struct value v = value_unknown(
			e, arena_printf(e->scratch, "${%.*s}", STR_ARG(c->words[2])), NULL);
		variable_set(e, c->words[2], &v, false);
	}
	variable_set(e, STR("OPTARG"), &unknown, false);
	*out = outcome_unknown();
	return 1;
}

static int run_shift(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct args *a = args_of(e);
	uint64_t n = 1;
	if (c->argc > 1 && (!c->words[1].p || !str_to_u64(c->words[1], &n)))
		args_set(e, NULL, 0, true);
	else if (n <= a->n)
		args_set(e, a->items + n, a->n - n, a->open);
	*out = success();
	return 1;
}

/* ---- Options of the shell ------------------------------------------------------------------- */

static void set_named(struct eval *e, struct str name, bool on)
{
	if (str_is(name, "errexit"))
		option_set(e, OPTION_ERREXIT, on);
	else if (str_is(name, "pipefail"))
		option_set(e, OPTION_PIPEFAIL, on);
	else if (str_is(name, "xtrace"))
		option_set(e, OPTION_XTRACE, on);
	else if (str_is(name, "nounset"))
		option_set(e, OPTION_NOUNSET, on);
}

static int run_set(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t i = 1;
	*out = success();
	emit_exec(e, c);
	for (; i < c->argc; i++) {
		struct str w = c->words[i];
		bool on = w.p && str_has_prefix(w, STR("-"));
		if (!w.p || w.n < 2 || (!on && w.p[0] != '+'))
			break;
		if (str_is(w, "--")) {
			args_set(e, c->argv + i + 1, c->argc - i - 1, false);
			return 1;
		}
		for (size_t k = 1; k < w.n; k++) {
			if (w.p[k] == 'e')
				option_set(e, OPTION_ERREXIT, on);
			if (w.p[k] == 'x')
				option_set(e, OPTION_XTRACE, on);
			if (w.p[k] == 'u')
				option_set(e, OPTION_NOUNSET, on);
			if (w.p[k] == 'o' && i + 1 < c->argc && c->words[i + 1].p)
				set_named(e, c->words[++i], on);
		}
	}
	if (i < c->argc)
		args_set(e, c->argv + i, c->argc - i, !c->words[i].p);
	return 1;
}

static int run_shopt(struct eval *e, const struct command *c, struct outcome *out)
{
	if (has_word(c, "expand_aliases"))
		option_set(e, OPTION_ALIASES, has_word(c, "-s"));
	if (has_word(c, "extglob"))
		option_set(e, OPTION_EXTGLOB, has_word(c, "-s"));
	*out = outcome_unknown();
	return 1;
}

/* ---- Ends ----------------------------------------------------------------------------------- */

static enum truth status_of(const struct command *c)
{
	uint64_t n;
	if (c->argc < 2 || !c->words[1].p || !str_to_u64(c->words[1], &n))
		return TRUTH_UNKNOWN;
	return n == 0 ? TRUTH_YES : TRUTH_NO;
}

static int run_exit(struct eval *e, const struct command *c, struct outcome *out)
{
	bool inside = false;
	for (const struct frame *f = e->frame; f; f = f->up)
		inside = inside || f->kind == FRAME_FUNCTION || f->kind == FRAME_SOURCE;
	bool returns = word_is(c, 0, "return");
	*out = (struct outcome){.dead = true};
	/* bash goes on behind a return that stands nowhere. */
	if (returns && !inside && e->process->dialect != SHELL_POSIX) {
		*out = (struct outcome){.status = TRUTH_NO};
		return 1;
	}
	if (returns && !inside)
		returns = false;
	frame_end_path(e, returns ? FRAME_FUNCTION : FRAME_PROCESS, status_of(c));
	return 1;
}

static int run_break(struct eval *e, const struct command *c, struct outcome *out)
{
	uint64_t level = 1;
	*out = outcome_unknown();
	bool known = c->argc < 2 || (c->words[1].p && str_to_u64(c->words[1], &level));
	if (known && level > 0)
		out->dead =
			frame_end_loop(e, word_is(c, 0, "break") ? FRAME_LOOP : FRAME_ROUND, level);
	return 1;
}

/* ---- Code in words -------------------------------------------------------------------------- */

static int run_eval(struct eval *e, const struct command *c, struct outcome *out)
{
	struct chunks text = {0};
	for (size_t i = 1; i < c->argc; i++) {
		if (i > 1)
			chunks_add_text(e, &text, STR(" "));
		chunks_add_value(e, &text, &c->argv[i]);
	}
	struct run r = {
		.to = "eval",
		.inherits = true,
		.text = chunks_value(e, &text),
		.command = c,
		.dialect = e->process->dialect,
		.wrapper = STR("eval"),
		.place = word_place(e, c, 1),
	};
	*out = run_code(e, &r);
	return 1;
}

static int run_source(struct eval *e, const struct command *c, struct outcome *out)
{
	struct run r = {.to = "source", .dialect = e->process->dialect, .wrapper = STR("source")};
	emit_exec(e, c);
	*out = outcome_unknown();
	if (c->argc < 2)
		return 1;
	if (!c->words[1].p) {
		r.text = value_unknown(e, STR("…"), value_taint(e, &c->argv[1]));
		emit_opaque(e, c, "script", STR("the name of the sourced file is not known"),
			(struct str){0});
		return 1;
	}
	if (is_stdin_path(c->words[1]) && e->in) {
		r.text = *e->in;
		r.place = e->in_place;
		r.command = c;
		*out = run_code(e, &r);
		return 1;
	}
	*out = run_file(e, c, c->words[1], 1, &r);
	return 1;
}

static bool in_function(const struct eval *e)
{
	for (const struct frame *f = e->frame; f; f = f->up)
		if (f->kind == FRAME_FUNCTION)
			return true;
	return false;
}

/* Of what a trap will do at some time only the files matter to what follows here. */
static void keep_written(struct eval *e, size_t mark)
{
	struct diff d = diff_take(e, mark, true);
	struct branch b = branch_begin(e);
	for (size_t i = 0; i < d.n; i++)
		if (d.items[i].cell->kind == CELL_FILE)
			cell_set(e, d.items[i].cell, d.items[i].value);
	branch_path(e, &b, false);
	branch_path(e, &b, false);
	branch_end(e, &b);
}

static bool in_subshell(const struct eval *e)
{
	const struct frame *f = e->frame;
	while (f && f->kind != FRAME_SUBSHELL && f->kind != FRAME_PROCESS)
		f = f->up;
	return !f || f->kind == FRAME_SUBSHELL;
}

/* A trap on EXIT alone is run where the shell ends; true when that is what this is. */
static bool set_exit_trap(struct eval *e, const struct command *c, const struct run *trap)
{
	bool others = false;
	bool exits = false;
	for (size_t i = 2; i < c->argc; i++) {
		bool is = c->words[i].p && word_in(c->words[i], "EXIT 0 SIGEXIT exit");
		exits = exits || is;
		others = others || !is;
	}
	if (!exits || in_subshell(e))
		return false;
	struct run *copy = NULL;
	if (trap) {
		struct command *command = arena_new(e->scratch, struct command);
		copy = arena_new(e->scratch, struct run);
		*command = *c;
		*copy = *trap;
		copy->command = command;
	}
	cell_set(e, e->process->exit_trap, copy);
	return !others;
}

static int run_trap(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = success();
	emit_exec(e, c);
	if (c->argc < 3 || word_is(c, 1, "-") || word_is(c, 1, "-p") || value_empty(&c->argv[1])) {
		set_exit_trap(e, c, NULL);
		return 1;
	}
	struct run r = {
		.to = "eval",
		.text = c->argv[1],
		.command = c,
		.dialect = e->process->dialect,
		.wrapper = STR("trap"),
		.place = word_place(e, c, 1),
	};
	if (set_exit_trap(e, c, &r))
		return 1;
	size_t mark = e->trail.n;
	e->conditional++;
	struct outcome o = run_code(e, &r);
	e->conditional--;
	keep_written(e, mark);
	/* An ERR trap that ends the shell does what errexit does, though not inside functions. */
	for (size_t i = 2; i < c->argc; i++)
		if (word_is(c, i, "ERR"))
			option_set(e, OPTION_ERRTRAP, o.dead && !in_function(e));
	return 1;
}

/* wait gives the status of the job that it names, or 0 when it names none. */
static int run_wait(struct eval *e, const struct command *c, struct outcome *out)
{
	(void)e;
	*out = outcome_unknown();
	if (c->argc != 2)
		return 1;
	const struct value *v = &c->argv[1];
	if (v->n == 1 && v->items[0].credit)
		out->when[1] = v->items[0].credit;
	return 1;
}

static int run_alias(struct eval *e, const struct command *c, struct outcome *out)
{
	for (size_t i = 1; i < c->argc; i++) {
		size_t eq = c->words[i].p ? str_find_byte(c->words[i], '=') : STR_NPOS;
		if (eq == STR_NPOS)
			continue;
		struct str *text = arena_new(e->scratch, struct str);
		*text = str_from_index(c->words[i], eq + 1);
		struct cell *cell =
			cell_of(e, &e->process->aliases, str_sub(c->words[i], 0, eq), CELL_TEXT);
		cell_set(e, cell, text);
	}
	*out = success();
	return 1;
}

/* exec with a command ends the shell; without one its redirections stay. */
static int run_exec(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "a", .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	*out = success();
	if (opt.value.n == 0) {
		if (c->redir_count > 0)
			emit_exec(e, c);
		return 1;
	}
	struct command inner = *c;
	inner.external = true;
	*out = run_argv(e, &inner, c->argv + opt.index, c->argc - opt.index, STR("exec"));
	frame_end_path(e, FRAME_PROCESS, out->status);
	out->dead = true;
	return 1;
}

const struct command_entry commands_builtin[] = {
	{"true :", run_true},
	{"false", run_false},
	{"cd pushd", run_cd},
	{"popd", run_popd},
	{"export declare typeset local readonly", run_declare, true},
	{"unset", run_unset},
	{"read", run_read},
	{"mapfile readarray", run_mapfile},
	{"getopts", run_getopts},
	{"shift", run_shift},
	{"set", run_set, true},
	{"shopt", run_shopt},
	{"exit return", run_exit},
	{"break continue", run_break},
	{"eval", run_eval, true},
	{". source", run_source, true},
	{"trap", run_trap, true},
	{"wait", run_wait},
	{"alias", run_alias},
	{"exec", run_exec, true},
	{"[ test", run_test},
	{0},
};
