/* Commands of cmd.exe: chains, conditions, loops, labels. */
#include "audit/eval/cmd.h"

#define LABEL_VISITS_MAX 2
#define UNROLL_MAX 64

struct label_visit {
	struct str name;
	const struct label_visit *outer;
};

static bool run_list(struct cmd *k);

/* ---- Simple commands ------------------------------------------------------------------------ */

static void redirect_in(struct cmd *k, const struct cmd_redirect *r)
{
	struct str path;
	struct value *v = arena_new(k->e->scratch, struct value);
	if (!value_const(k->e, &r->target, &path))
		return;
	*v = guest_read(k->e, win_path(k->e, path));
	k->e->in = v;
}

static void redirect_out(struct cmd *k, const struct command *c, const struct cmd_redirect *r,
	const struct chunks *collected)
{
	struct eval *e = k->e;
	struct value content = chunks_value(e, collected);
	struct str path;
	struct write w = {.content = &content,
		.by = "redirect",
		.append = r->op == '+',
		.place = {e->unit, e->at, false}};
	struct command writer = *c;
	if (value_const(e, &r->target, &path))
		w.path = win_path(e, path);
	if (w.path.p && win_is_word(w.path, "nul con"))
		return;
	writer.text = arena_printf(e->scratch, "%s %.*s", w.append ? ">>" : ">",
		STR_ARG(w.path.p ? w.path : STR("…")));
	guest_write(e, &writer, &w);
}

/* The command that the line is; its words as programs get them. */
static struct command command_of(struct cmd *k, size_t from, const struct value *line)
{
	struct eval *e = k->e;
	struct span span = cmd_span(k, from);
	struct command outer = {.origin = unit_origin(e->unit, &span)};
	struct value *words;
	size_t n = win_words(e, line, &words);
	e->node = NULL;
	e->at = span;
	struct str name;
	if (n > 0 && value_const(e, &words[0], &name))
		words[0] = value_text(e, win_program(e, name));
	return command_new(e, &outer, words, n);
}

static void set_status(struct cmd *k, const struct outcome *o)
{
	struct eval *e = k->e;
	struct chunk *c = arena_new(e->scratch, struct chunk);
	*c = (struct chunk){
		.kind = CHUNK_UNKNOWN, .text = STR("%ERRORLEVEL%"), .credit = o->when[1]};
	struct variable v = {.value = {c, 1}};
	variable_put(e, STR("ERRORLEVEL"), &v);
	e->last = o->when[1];
}

static struct outcome run_simple(struct cmd *k)
{
	struct eval *e = k->e;
	struct cmd_redirect r = {0};
	size_t from = k->at;
	struct value line = cmd_line(k, &r);
	struct command c = command_of(k, from, &line);
	struct outcome o = {0};
	struct chunks collected = {0};
	struct chunks *out = e->out;
	const struct value *in = e->in;
	if (c.argc == 0)
		return o;
	if (r.op == '<')
		redirect_in(k, &r);
	else if (r.op)
		e->out = &collected;
	if (!cmd_builtin(k, &c, &line, &o.dead)) {
		o = win_run_program(e, &c);
		set_status(k, &o);
	}
	e->out = out;
	e->in = in;
	if (r.op && r.op != '<')
		redirect_out(k, &c, &r, &collected);
	return o;
}

/* ---- Conditions ----------------------------------------------------------------------------- */

struct condition {
	enum truth truth;
	const struct credit *when[2];
	unsigned gates;
};

static bool take_keyword(struct cmd *k, const char *names)
{
	size_t from = k->at;
	cmd_skip(k);
	struct str word = cmd_keyword(k);
	char end = cmd_peek(k, word.n);
	if (word.n > 0 && win_is_word(word, names) &&
		(end == '\0' || end == ' ' || end == '\t' || end == '\r' || end == '\n' ||
			end == '(')) {
		k->at += word.n;
		return true;
	}
	k->at = from;
	return false;
}

static struct condition compare(struct cmd *k)
{
	struct eval *e = k->e;
	struct condition c = {0};
	struct value a = cmd_word(k);
	struct str x;
	struct str y;
	struct str op = STR("equ");
	cmd_skip(k);
	if (cmd_peek(k, 0) == '=' && cmd_peek(k, 1) == '=') {
		k->at += 2;
	} else {
		op = cmd_keyword(k);
		k->at += op.n;
	}
	struct value b = cmd_word(k);
	bool unequal = win_is_word(op, "neq gtr geq");
	c.gates = value_gates(&a) | value_gates(&b);
	if (a.n == 1 && a.items[0].credit && value_const(e, &b, &y) && word_in(y, "0 1")) {
		c.when[!unequal] = a.items[0].credit;
		return c;
	}
	if (e->looping == 0 && win_is_word(op, "equ neq") && value_const(e, &a, &x) &&
		value_const(e, &b, &y))
		c.truth = str_eq_nocase(x, y) != unequal ? TRUTH_YES : TRUTH_NO;
	return c;
}

static struct condition condition(struct cmd *k)
{
	struct condition c = {0};
	bool negated = false;
	cmd_skip(k);
	while (cmd_peek(k, 0) == '/') {
		k->at += 2;
		cmd_skip(k);
	}
	negated = take_keyword(k, "not");
	cmd_skip(k);
	while (cmd_peek(k, 0) == '/') {
		k->at += 2;
		cmd_skip(k);
	}
	if (take_keyword(k, "errorlevel")) {
		cmd_word(k);
		c.when[0] = k->e->last;
	} else if (take_keyword(k, "exist defined cmdextversion")) {
		cmd_word(k);
	} else {
		c = compare(k);
	}
	if (negated) {
		const struct credit *when = c.when[0];
		c.when[0] = c.when[1];
		c.when[1] = when;
		c.truth = c.truth == TRUTH_YES ? TRUTH_NO
			: c.truth == TRUTH_NO  ? TRUTH_YES
					       : TRUTH_UNKNOWN;
	}
	return c;
}

static bool run_if(struct cmd *k)
{
	struct eval *e = k->e;
	struct condition c = condition(k);
	struct branch b = branch_begin(e);
	unsigned gates = e->gates;
	e->conditional++;
	e->gates |= c.gates;
	credit_apply(e, c.when[1], true);
	bool yes = run_list(k);
	branch_path(e, &b, yes || c.truth == TRUTH_NO);
	credit_apply(e, c.when[0], true);
	bool no = take_keyword(k, "else") && run_list(k);
	branch_path(e, &b, no || c.truth == TRUTH_YES);
	e->conditional--;
	e->gates = gates;
	if (yes != no)
		e->gates |= c.gates;
	return !branch_end(e, &b);
}

/* ---- Loops ---------------------------------------------------------------------------------- */

struct loop {
	char name;
	bool words; /* the set is words; else it is read from somewhere */
	bool numbers;
	struct value set;
};

static bool loop_head(struct cmd *k, struct loop *l)
{
	l->words = true;
	cmd_skip(k);
	while (cmd_peek(k, 0) == '/') {
		char option = (char)(cmd_peek(k, 1) | 32);
		l->words = l->words && option != 'f' && option != 'r';
		l->numbers = l->numbers || option == 'l';
		k->at += 2;
		cmd_skip(k);
		while (cmd_peek(k, 0) && cmd_peek(k, 0) != '%' && cmd_peek(k, 0) != '\n')
			cmd_peek(k, 0) == '"' ? (void)cmd_word(k) : (void)k->at++;
	}
	while (cmd_peek(k, 0) == '%')
		k->at++;
	l->name = cmd_peek(k, 0);
	k->at += k->at < k->s.n;
	if (!take_keyword(k, "in"))
		return false;
	cmd_skip(k);
	if (cmd_peek(k, 0) != '(')
		return false;
	k->at++;
	return true;
}

/* The set of a loop, whose closing parenthesis is taken; lines in it are blanks. */
static struct value loop_set(struct cmd *k)
{
	struct chunks out = {0};
	k->parens++;
	while (k->at < k->s.n && cmd_peek(k, 0) != ')' && charge(k->e, 2)) {
		size_t from = k->at;
		struct value v = cmd_line(k, NULL);
		chunks_add_value(k->e, &out, &v);
		if (cmd_peek(k, 0) != ')' && k->at < k->s.n) {
			chunks_add_text(k->e, &out, STR(" "));
			k->at++;
		}
		if (k->at == from)
			break;
	}
	k->parens--;
	k->at += cmd_peek(k, 0) == ')';
	return chunks_value(k->e, &out);
}

/* for /f: what a command puts out, a string, or what a file holds. */
static struct value loop_source(struct cmd *k, const struct value *set)
{
	struct eval *e = k->e;
	struct str s;
	struct value unknown = value_unknown(e, STR("…"), value_taint(e, set));
	struct str prefix = str_trim(value_prefix(e, set));
	if (prefix.n > 1 && (prefix.p[0] == '\'' || prefix.p[0] == '`')) {
		struct chunks collected = {0};
		struct chunks *out = e->out;
		bool known = value_const(e, set, &s);
		struct value code = *set;
		s = known ? str_trim(s) : s;
		if (known)
			code = value_text(e, str_sub(s, 1, s.n > 1 ? s.n - 2 : 0));
		struct run r = {.to = "interpreter",
			.text = code,
			.child = true,
			.front = cmd_front,
			.place = {e->unit, e->at, false}};
		e->out = &collected;
		run_code(e, &r);
		e->out = out;
		return collected.n > 0 ? chunks_value(e, &collected) : unknown;
	}
	if (prefix.n > 0 && prefix.p[0] == '"')
		return cmd_unquoted(e, set);
	return value_const(e, set, &s) ? guest_read(e, win_path(e, str_trim(s))) : unknown;
}

static bool loop_round(struct cmd *k, const struct loop *l, size_t body, const struct value *v)
{
	struct eval *e = k->e;
	struct variable next = {.value = *v};
	variable_put(e, arena_printf(e->scratch, "%%%%%c", l->name), &next);
	k->at = body;
	return run_list(k);
}

static bool run_for(struct cmd *k)
{
	struct eval *e = k->e;
	struct loop l = {0};
	if (!loop_head(k, &l))
		return false;
	l.set = loop_set(k);
	take_keyword(k, "do");
	size_t body = k->at;
	struct value *words = NULL;
	size_t n = l.words && !l.numbers ? win_words(e, &l.set, &words) : 0;
	struct value unknown = value_unknown(e, STR("…"), NULL);
	bool dead = false;
	/* A pattern stands for the files that it matches. */
	for (size_t i = 0; i < n && i < UNROLL_MAX && !dead && charge(e, 8); i++)
		dead = loop_round(k, &l, body, &words[i]);
	if (n > 0 && (dead || n <= UNROLL_MAX))
		return dead;
	struct value v = l.numbers || l.words ? unknown : loop_source(k, &l.set);
	struct branch b = branch_begin(e);
	e->conditional++;
	e->looping++;
	branch_path(e, &b, false);
	branch_path(e, &b, loop_round(k, &l, body, &v));
	e->looping--;
	e->conditional--;
	return !branch_end(e, &b);
}

/* ---- Commands ------------------------------------------------------------------------------- */

static bool run_lines(struct cmd *k, bool parenthesised);

static struct outcome run_group(struct cmd *k)
{
	struct outcome o = {0};
	k->at++;
	k->parens++;
	o.dead = run_lines(k, true);
	k->parens--;
	/* Redirections of a group are read over. */
	cmd_skip(k);
	if (cmd_peek(k, 0) == '>' || cmd_peek(k, 0) == '<')
		cmd_line(k, NULL);
	return o;
}

static void skip_line(struct cmd *k)
{
	size_t n = str_find_byte(str_from_index(k->s, k->at), '\n');
	k->at = n == STR_NPOS ? k->s.n : k->at + n;
}

static struct outcome run_item(struct cmd *k)
{
	struct outcome o = {0};
	cmd_skip(k);
	while (cmd_peek(k, 0) == '@') {
		k->at++;
		cmd_skip(k);
	}
	if (cmd_peek(k, 0) == '(')
		return run_group(k);
	if (cmd_peek(k, 0) == ':' || take_keyword(k, "rem")) {
		skip_line(k);
		return o;
	}
	if (take_keyword(k, "if"))
		o.dead = run_if(k);
	else if (take_keyword(k, "for"))
		o.dead = run_for(k);
	else
		return run_simple(k);
	return o;
}

static struct outcome run_pipeline(struct cmd *k)
{
	struct eval *e = k->e;
	struct chunks *out = e->out;
	const struct value *in = e->in;
	struct str_list commands = {0};
	struct str_list *piece = e->piece;
	struct str_list upstream = e->upstream;
	struct outcome o;
	e->piece = &commands;
	for (;;) {
		struct chunks *collected = arena_new(e->scratch, struct chunks);
		size_t from = k->at;
		struct chunks *outer = e->out;
		/* Whether a bar follows is known when the line has been read. */
		e->out = collected;
		o = run_item(k);
		e->out = outer;
		if (cmd_peek(k, 0) != '|' || cmd_peek(k, 1) == '|' || k->at == from) {
			struct value v = chunks_value(e, collected);
			e->out = out;
			out_value(e, &v);
			break;
		}
		struct value *v = arena_new(e->scratch, struct value);
		*v = chunks_value(e, collected);
		e->in = v;
		e->upstream = commands;
		k->at++;
	}
	e->piece = piece;
	e->upstream = upstream;
	e->out = out;
	e->in = in;
	return o;
}

static struct outcome run_right(struct cmd *k, bool and, struct outcome left)
{
	struct eval *e = k->e;
	struct branch b = branch_begin(e);
	e->conditional++;
	credit_apply(e, left.when[and], true);
	struct outcome o = run_pipeline(k);
	branch_path(e, &b, o.dead);
	credit_apply(e, left.when[!and], o.dead);
	branch_path(e, &b, false);
	e->conditional--;
	struct outcome both = {.dead = !branch_end(e, &b)};
	if (and)
		both.when[1] = credit_union(e, left.when[1], o.when[1]);
	e->last = both.when[1];
	return both;
}

/* To the end of the line, or the parenthesis. */
static bool run_list(struct cmd *k)
{
	if (k->depth >= CMD_DEPTH_MAX || !charge(k->e, 8)) {
		struct span span = cmd_span(k, k->at);
		struct command c = {.origin = unit_origin(k->e->unit, &span), .text = STR("cmd")};
		emit_opaque(k->e, &c, "bound", STR("commands nest too deeply"), (struct str){0});
		skip_line(k);
		return false;
	}
	k->depth++;
	struct outcome o = run_pipeline(k);
	while (cmd_peek(k, 0) == '&' || (cmd_peek(k, 0) == '|' && cmd_peek(k, 1) == '|')) {
		bool chained = cmd_peek(k, 0) == cmd_peek(k, 1);
		bool and = cmd_peek(k, 0) == '&';
		k->at += chained ? 2 : 1;
		if (o.dead)
			skip_line(k);
		else if (chained)
			o = run_right(k, and, o);
		else
			o = run_pipeline(k);
	}
	k->depth--;
	return o.dead;
}

static bool run_lines(struct cmd *k, bool parenthesised)
{
	bool dead = false;
	while (k->at < k->s.n && charge(k->e, 2)) {
		size_t from = k->at;
		char c = cmd_peek(k, 0);
		if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
			k->at++;
			continue;
		}
		if (c == ')' && parenthesised) {
			k->at++;
			return dead;
		}
		if (dead && !parenthesised)
			return true;
		/* Behind what ends the path the group is read on for its end only. */
		struct branch b = branch_begin(k->e);
		bool over = dead;
		bool ends = run_list(k);
		if (over)
			trail_rewind(k->e, b.mark);
		dead = dead || ends;
		if (k->at == from)
			k->at++;
	}
	return dead;
}

/* ---- Labels --------------------------------------------------------------------------------- */

/* Behind the line that has the label; STR_NPOS: there is none. */
static size_t label_find(const struct cmd *k, struct str label)
{
	struct str rest = k->s;
	struct str line;
	size_t at = 0;
	charge(k->e, k->s.n / 16);
	while (str_cut(&rest, '\n', &line)) {
		at += line.n + 1;
		line = str_trim(line);
		if (line.n < 2 || line.p[0] != ':' || line.p[1] == ':')
			continue;
		line = str_from_index(line, 1);
		size_t end = 0;
		while (end < line.n && line.p[end] > ' ')
			end++;
		if (str_eq_nocase(str_sub(line, 0, end), label))
			return at < k->s.n ? at : k->s.n;
	}
	return STR_NPOS;
}

static unsigned visits(const struct cmd *k, struct str label)
{
	unsigned n = 0;
	for (const struct label_visit *v = k->labels; v; v = v->outer)
		n += str_eq_nocase(v->name, label);
	return n;
}

/* From the label to the end of the file. */
static bool run_from(struct cmd *k, struct str label)
{
	struct label_visit visit = {label, k->labels};
	size_t at = label_find(k, label);
	if (at == STR_NPOS || visits(k, label) >= LABEL_VISITS_MAX || k->depth >= CMD_DEPTH_MAX)
		return false;
	struct cmd inner = *k;
	inner.at = at;
	inner.parens = 0;
	inner.depth++;
	inner.labels = &visit;
	return run_lines(&inner, false);
}

bool cmd_goto(struct cmd *k, struct str label)
{
	if (!str_eq_nocase(label, STR("eof")) && run_from(k, label))
		return true;
	frame_end_path(k->e, FRAME_FUNCTION, TRUTH_UNKNOWN);
	return true;
}

bool cmd_call(struct cmd *k, const struct command *c)
{
	struct eval *e = k->e;
	struct frame f = frame_open(e, FRAME_FUNCTION);
	struct run r = *k->run;
	struct cmd inner = *k;
	r.argv = c->argv + 1;
	r.argc = c->argc - 1;
	r.args_open = false;
	inner.run = &r;
	e->frame = &f;
	struct outcome o = {.dead = run_from(&inner, str_from_index(c->words[1], 1))};
	return frame_close(e, &f, o).dead;
}

/* ---- Scripts -------------------------------------------------------------------------------- */

struct outcome cmd_front(struct eval *e, const struct run *r, struct unit *u)
{
	struct process *process = e->process;
	unsigned ignoring = e->ignoring;
	unsigned gates = e->gates;
	struct str dot = base_name(u->path);
	struct cmd k = {.e = e, .s = u->text, .run = r, .batch = r->file || r->name.n > 0};
	k.batch = k.batch || front_of(dot) == cmd_front;
	if (r->child) {
		e->process = process_new(e, process, SHELL_BASH);
		e->ignoring = 0;
	}
	e->node = NULL;
	if (str_has_prefix(k.s, STR("#!")))
		skip_line(&k);
	struct frame f = frame_open(e, FRAME_PROCESS);
	e->frame = &f;
	struct frame inner = frame_open(e, FRAME_SOURCE);
	e->frame = &inner;
	struct outcome o = {.dead = run_lines(&k, false)};
	o.when[1] = o.dead ? NULL : e->last;
	o = frame_close(e, &inner, o);
	o = frame_close(e, &f, o);
	if (r->child)
		e->process = process;
	e->ignoring = ignoring;
	e->gates = gates;
	o.dead = false;
	return o;
}

struct outcome run_cmd(struct eval *e, const struct command *c)
{
	struct chunks out = {0};
	size_t i = 1;
	while (i < c->argc && c->words[i].p && c->words[i].n > 1 && c->words[i].p[0] == '/') {
		bool last = (c->words[i].p[1] | 32) == 'c' || (c->words[i].p[1] | 32) == 'k';
		i++;
		if (last)
			break;
	}
	for (size_t k = i; k < c->argc && charge(e, 2); k++) {
		struct str s;
		bool blank = value_const(e, &c->argv[k], &s) && k > i &&
			(str_find_byte(s, ' ') != STR_NPOS || s.n == 0);
		if (k > i)
			chunks_add_text(e, &out, STR(" "));
		if (blank)
			chunks_add_text(e, &out, STR("\""));
		chunks_add_value(e, &out, &c->argv[k]);
		if (blank)
			chunks_add_text(e, &out, STR("\""));
	}
	emit_exec(e, c);
	struct run r = {.to = "interpreter",
		.text = chunks_value(e, &out),
		.command = c,
		.child = true,
		.front = cmd_front,
		.wrapper = STR("cmd"),
		.place = {e->unit, e->at, false}};
	if (c->node)
		r.place = word_place(e, c, c->argc - 1);
	return i < c->argc ? run_code(e, &r) : outcome_unknown();
}
