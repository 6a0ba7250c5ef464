/* Statements of PowerShell: branches, loops, errors, functions, and whole scripts. */
#include "audit/eval/ps.h"

#define UNROLL_MAX 64
#define LOOPS_MAX 3
#define CALLS_MAX 24
#define RECURSION_MAX 2

typedef bool statement_fn(struct ps *p, const struct ps_node *n);

struct ps_value ps_capture(struct ps *p, const struct ps_node *n, bool *dead)
{
	struct ps_list out = {0};
	struct ps_list *old = p->out;
	bool returned = p->returned;
	p->out = &out;
	*dead = ps_statement(p, n);
	p->out = old;
	p->returned = returned;
	return ps_collected(p, &out);
}

bool ps_run_block(struct ps *p, const struct ps_node *block)
{
	for (size_t i = 0; block && i < block->n && charge(p->e, 4); i++)
		if (ps_statement(p, block->items[i]))
			return true;
	return false;
}

/* ---- Branches ------------------------------------------------------------------------------- */

/* What both sides of a branch put out is one value that may be either. */
static void join_output(struct ps *p, size_t start, size_t middle)
{
	struct ps_list *out = p->out;
	if (middle != start + 1 || out->n != middle + 1)
		return;
	out->items[start] = ps_join(p, &out->items[start], &out->items[middle]);
	out->n = middle;
}

/* The condition at i, its block, and what stands behind them. */
static bool if_from(struct ps *p, const struct ps_node *n, size_t i)
{
	struct eval *e = p->e;
	bool dead;
	if (i + 1 >= n->n)
		return n->a &&
			(n->a->kind == PS_BLOCK ? ps_run_block(p, n->a) : ps_statement(p, n->a));
	struct ps_value cond = ps_capture(p, n->items[i], &dead);
	enum truth truth = ps_truth(p, &cond);
	unsigned gates = e->gates;
	size_t start = p->out->n;
	if (dead)
		return true;
	struct branch b = branch_begin(e);
	e->conditional++;
	e->gates |= cond.gates;
	credit_apply(e, cond.when[1], true);
	bool yes = ps_run_block(p, n->items[i + 1]);
	branch_path(e, &b, yes || truth == TRUTH_NO);
	size_t middle = p->out->n;
	credit_apply(e, cond.when[0], true);
	bool no = if_from(p, n, i + 2);
	branch_path(e, &b, no || truth == TRUTH_YES);
	e->conditional--;
	e->gates = gates;
	if (yes != no)
		e->gates |= cond.gates;
	join_output(p, start, middle);
	return !branch_end(e, &b);
}

static bool run_if(struct ps *p, const struct ps_node *n)
{
	return if_from(p, n, 0);
}

static bool run_switch(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	bool dead;
	struct ps_value v = n->a ? ps_capture(p, n->a, &dead) : (struct ps_value){0};
	struct branch b = branch_begin(e);
	size_t start = p->out->n;
	ps_set(p, STR("_"), &v);
	e->conditional++;
	for (size_t i = 0; i + 1 < n->n && charge(e, 4); i += 2) {
		struct frame f = frame_open(e, FRAME_LOOP);
		size_t middle = p->out->n;
		if (n->items[i])
			ps_eval(p, n->items[i]);
		e->frame = &f;
		struct outcome o = {.dead = ps_run_block(p, n->items[i + 1])};
		o = frame_close(e, &f, o);
		branch_path(e, &b, o.dead);
		join_output(p, start, middle);
	}
	branch_path(e, &b, false);
	e->conditional--;
	return !branch_end(e, &b);
}

/* ---- Loops ---------------------------------------------------------------------------------- */

/* Once, up to its end or to what breaks it. */
static bool loop_round(struct ps *p, const struct ps_node *body)
{
	struct eval *e = p->e;
	struct frame f = frame_open(e, FRAME_LOOP);
	e->frame = &f;
	struct outcome o = {.dead = ps_run_block(p, body)};
	return frame_close(e, &f, o).dead;
}

struct loop {
	const struct ps_node *cond; /* or NULL */
	const struct ps_node *body;
	const struct ps_node *step;
	bool first; /* the body runs once at least */
};

/* Rounds that nobody counts: the second one sees what the first one did. */
static bool run_loop(struct ps *p, const struct loop *l)
{
	struct eval *e = p->e;
	struct branch b = branch_begin(e);
	bool dead = false;
	unsigned rounds = e->looping < LOOPS_MAX ? 2 : 1;
	struct ps_value cond = {0};
	e->looping++;
	e->conditional += !l->first;
	if (!l->first) {
		cond = ps_eval(p, l->cond);
		branch_path(e, &b, false);
		credit_apply(e, cond.when[1], true);
	}
	for (unsigned i = 0; i < rounds && !dead && charge(e, 8); i++) {
		dead = loop_round(p, l->body);
		if (!dead && l->step)
			ps_statement(p, l->step);
		if (!dead)
			cond = ps_eval(p, l->cond);
	}
	if (!dead)
		credit_apply(e, cond.when[0], true);
	branch_path(e, &b, dead);
	e->conditional -= !l->first;
	e->looping--;
	return !branch_end(e, &b);
}

static bool run_while(struct ps *p, const struct ps_node *n)
{
	struct loop l = {.cond = n->a, .body = n->b, .first = n->flag};
	return run_loop(p, &l);
}

static bool run_for(struct ps *p, const struct ps_node *n)
{
	struct loop l = {.cond = n->items[1], .body = n->b, .step = n->items[2]};
	if (n->items[0])
		ps_statement(p, n->items[0]);
	return run_loop(p, &l);
}

static bool run_foreach(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	bool dead = false;
	size_t count;
	struct ps_value all = ps_capture(p, n->c, &dead);
	const struct ps_value *items = ps_items(&all, &count);
	bool known = all.type == PSV_LIST || all.type == PSV_NUMBER;
	struct str s;
	known = known || (all.type == PSV_TEXT && ps_const(p, &all, &s));
	if (known && count <= UNROLL_MAX) {
		for (size_t i = 0; i < count && !dead && charge(e, 8); i++) {
			ps_assign(p, n->a, &items[i], STR("="));
			dead = loop_round(p, n->b);
		}
		return dead;
	}
	struct ps_value one = ps_unknown(p, STR("…"), ps_taint(p, &all));
	struct loop l = {.body = n->b};
	ps_assign(p, n->a, &one, STR("="));
	return run_loop(p, &l);
}

static bool run_break(struct ps *p, const struct ps_node *n)
{
	(void)n;
	frame_end_path(p->e, FRAME_LOOP, TRUTH_UNKNOWN);
	return true;
}

/* ---- Errors --------------------------------------------------------------------------------- */

static bool run_throw(struct ps *p, const struct ps_node *n)
{
	if (n->a)
		ps_eval(p, n->a);
	frame_end_path(p->e, FRAME_TRY, TRUTH_NO);
	return true;
}

static bool run_exit(struct ps *p, const struct ps_node *n)
{
	struct ps_value code = {0};
	int64_t status;
	enum truth truth = n->a ? TRUTH_UNKNOWN : TRUTH_YES;
	if (n->a)
		code = ps_eval(p, n->a);
	if (n->a && ps_integer(p, &code, &status))
		truth = status == 0 ? TRUTH_YES : TRUTH_NO;
	frame_end_path(p->e, FRAME_PROCESS, truth);
	return true;
}

static bool run_try(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	struct branch b = branch_begin(e);
	struct frame f = frame_open(e, FRAME_TRY);
	e->frame = &f;
	bool dead = ps_run_block(p, n->a);
	e->frame = f.up;
	branch_path(e, &b, dead);
	e->conditional++;
	for (size_t i = 0; i < n->n && charge(e, 4); i++) {
		diff_apply(e, &f.ended[0]);
		branch_path(e, &b, ps_run_block(p, n->items[i]));
	}
	if (n->n == 0 && f.ended[0].alive) {
		/* Without catch the error goes on behind finally. */
		diff_apply(e, &f.ended[0]);
		frame_end_path(e, FRAME_TRY, TRUTH_NO);
		branch_path(e, &b, true);
	}
	e->conditional--;
	bool alive = branch_end(e, &b);
	return ps_run_block(p, n->b) || !alive;
}

static bool run_trap(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	struct branch b = branch_begin(e);
	e->conditional++;
	branch_path(e, &b, ps_run_block(p, n->a));
	branch_path(e, &b, false);
	e->conditional--;
	branch_end(e, &b);
	return false;
}

/* ---- Functions ------------------------------------------------------------------------------ */

static bool run_return(struct ps *p, const struct ps_node *n)
{
	if (n->a) {
		bool before = p->out->n > 0 && !p->returned;
		ps_statement(p, n->a);
		p->returned = !before && p->out->n > 0;
	}
	frame_end_path(p->e, FRAME_FUNCTION, TRUTH_UNKNOWN);
	return true;
}

static void define(struct ps *p, const struct ps_node *n)
{
	struct ps_value v = {.type = PSV_SCRIPT, .code = n->a, .unit = p->e->unit};
	ps_set(p, arena_printf(p->e->scratch, "function:%.*s", STR_ARG(n->text)), &v);
}

static bool run_function_definition(struct ps *p, const struct ps_node *n)
{
	define(p, n);
	return false;
}

static bool run_class(struct ps *p, const struct ps_node *n)
{
	/* Methods are reached through objects that nobody follows: each is read once. */
	for (size_t i = 0; i < n->n && charge(p->e, 4); i++) {
		struct ps_value v = {
			.type = PSV_SCRIPT, .code = n->items[i]->a, .unit = p->e->unit};
		p->e->conditional++;
		ps_run_script(p, &v, NULL, true);
		p->dead = false;
		p->e->conditional--;
	}
	return false;
}

static const struct ps_arg *named_arg(const struct ps_args *args, struct str name)
{
	const struct ps_arg *found = NULL;
	for (size_t i = 0; args && i < args->n; i++) {
		const struct ps_arg *a = &args->items[i];
		if (!a->name.p)
			continue;
		if (str_eq_nocase(a->name, name))
			return a;
		if (a->name.n < name.n && str_eq_nocase(a->name, str_sub(name, 0, a->name.n)))
			found = a;
	}
	return found;
}

static bool is_parameter(const struct ps_node *params, struct str name, bool *is_switch)
{
	for (size_t i = 0; params && i < params->n; i++) {
		struct str text = params->items[i]->text;
		if (!str_eq_nocase(str_sub(text, 0, name.n), name))
			continue;
		*is_switch = params->items[i]->flag;
		return true;
	}
	return false;
}

/* Words by position: what no parameter takes. */
static struct ps_list positional(
	struct ps *p, const struct ps_node *params, const struct ps_args *args)
{
	struct ps_list out = {0};
	for (size_t i = 0; args && i < args->n; i++) {
		const struct ps_arg *a = &args->items[i];
		bool is_switch = false;
		bool takes = a->name.p && is_parameter(params, a->name, &is_switch);
		if (!a->name.p)
			list_push(p->e->scratch, &out) = a->value;
		else if (!takes)
			list_push(p->e->scratch, &out) = ps_string(p, a->spelled);
		if (a->name.p && (!takes || is_switch) && a->has_value && !a->attached)
			list_push(p->e->scratch, &out) = a->value;
	}
	return out;
}

static void bind(struct ps *p, const struct ps_node *params, const struct ps_args *args)
{
	struct ps_list operands = positional(p, params, args);
	size_t next = 0;
	for (size_t i = 0; params && i < params->n && charge(p->e, 4); i++) {
		const struct ps_node *param = params->items[i];
		const struct ps_arg *given = named_arg(args, param->text);
		struct ps_value v = {0};
		if (given && param->flag)
			v = given->attached ? given->value : ps_bool(TRUTH_YES);
		else if (given)
			v = given->value;
		else if (!param->flag && next < operands.n)
			v = operands.items[next++];
		else if (param->a)
			v = ps_eval(p, param->a);
		else if (param->flag)
			v = ps_bool(TRUTH_NO);
		else if (!args)
			v = ps_unknown(p,
				arena_printf(p->e->scratch, "${%.*s}", STR_ARG(param->text)), NULL);
		ps_set(p, param->text, &v);
	}
	struct ps_value rest = next < operands.n
		? ps_list_value(p, operands.items + next, operands.n - next)
		: ps_list_value(p, NULL, 0);
	ps_set(p, STR("args"), &rest);
}

static unsigned active(const struct eval *e, const struct ps_node *code)
{
	unsigned n = 0;
	for (const struct frame *f = e->frame; f; f = f->up)
		n += f->code == code;
	return n;
}

/* Several values that only returns gave are one or the other. */
static struct ps_value result_of(struct ps *p, const struct ps_list *out, bool returned)
{
	if (!returned || out->n < 2)
		return ps_collected(p, out);
	struct ps_value v = out->items[0];
	for (size_t i = 1; i < out->n && charge(p->e, 2); i++)
		v = ps_join(p, &v, &out->items[i]);
	return v;
}

struct ps_value ps_run_script(
	struct ps *p, const struct ps_value *script, const struct ps_args *args, bool scoped)
{
	struct eval *e = p->e;
	if (e->calls >= CALLS_MAX || active(e, script->code) >= RECURSION_MAX) {
		struct command c = {.origin = unit_origin(e->unit, &e->at), .text = e->function};
		emit_opaque(e, &c, "bound", STR("functions call each other too deeply"),
			(struct str){0});
		return ps_unknown(p, STR("…"), NULL);
	}
	struct ps_list out = {0};
	struct ps inner = {.e = e, .out = &out, .in = p->in, .function = p->function};
	const struct unit *unit = e->unit;
	unsigned gates = e->gates;
	struct frame f = frame_open(e, FRAME_FUNCTION);
	f.code = script->code;
	e->frame = &f;
	e->unit = script->unit;
	e->calls++;
	if (scoped)
		inner.function = &f;
	bind(&inner, script->code->a, args);
	struct outcome o = {.dead = ps_run_block(&inner, script->code)};
	p->dead = frame_close(e, &f, o).dead;
	e->calls--;
	e->gates = gates;
	e->unit = unit;
	return result_of(p, &out, inner.returned);
}

/* ---- Statements ----------------------------------------------------------------------------- */

static bool run_assign(struct ps *p, const struct ps_node *n)
{
	bool dead;
	struct ps_value v = ps_capture(p, n->b, &dead);
	ps_assign(p, n->a, &v, n->text);
	return dead;
}

static bool run_chain(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	bool and = str_is(n->text, "&&");
	if (ps_statement(p, n->a))
		return true;
	const struct credit *last = e->last;
	struct branch b = branch_begin(e);
	e->conditional++;
	if (and)
		credit_apply(e, last, true);
	bool dead = ps_statement(p, n->b);
	branch_path(e, &b, dead);
	if (!and)
		credit_apply(e, last, dead);
	branch_path(e, &b, false);
	e->conditional--;
	return !branch_end(e, &b);
}

static bool run_nested(struct ps *p, const struct ps_node *n)
{
	return ps_run_block(p, n);
}

static statement_fn *const statements[] = {
	[PS_BLOCK] = run_nested,
	[PS_PIPELINE] = ps_run_pipeline,
	[PS_CHAIN] = run_chain,
	[PS_COMMAND] = ps_run_command,
	[PS_ASSIGN] = run_assign,
	[PS_IF] = run_if,
	[PS_WHILE] = run_while,
	[PS_FOR] = run_for,
	[PS_FOREACH] = run_foreach,
	[PS_SWITCH] = run_switch,
	[PS_TRY] = run_try,
	[PS_TRAP] = run_trap,
	[PS_FUNCTION] = run_function_definition,
	[PS_RETURN] = run_return,
	[PS_THROW] = run_throw,
	[PS_EXIT] = run_exit,
	[PS_BREAK] = run_break,
	[PS_CONTINUE] = run_break,
	[PS_CLASS] = run_class,
};

bool ps_statement(struct ps *p, const struct ps_node *n)
{
	if (!n || !charge(p->e, 4))
		return false;
	statement_fn *run = (size_t)n->kind < countof(statements) ? statements[n->kind] : NULL;
	if (run)
		return run(p, n);
	struct ps_value v = ps_eval(p, n);
	ps_out(p, &v);
	return false;
}

/* ---- Scripts -------------------------------------------------------------------------------- */

static void tell_errors(struct eval *e, const struct ps_script *script)
{
	for (size_t i = 0; i < script->errors.n; i++) {
		struct command where = command_new(e, NULL, NULL, 0);
		where.origin = unit_origin(e->unit, &script->errors.items[i].span);
		where.text = e->unit->path;
		emit_opaque(e, &where, "syntax", script->errors.items[i].text, e->unit->path);
		e->facts->opaque++;
	}
}

struct outcome ps_run_text(
	struct ps *p, const struct command *c, const struct value *text, const char *to)
{
	struct run r = {.to = to,
		.text = *text,
		.command = c,
		.inherits = true,
		.front = ps_front,
		.ps = p};
	return run_code(p->e, &r);
}

/* Words that a script gets from its command line. */
static struct ps_args arguments_of(struct ps *p, const struct run *r)
{
	struct ps_args args = {0};
	for (size_t i = 1; i < r->argc; i++) {
		struct value v = r->argv[i];
		struct str s;
		struct ps_arg a = {.value = ps_text(v), .has_value = true};
		bool known = value_const(p->e, &v, &s);
		if (known && s.n > 1 && s.p[0] == '-' && (s.p[1] | 32) >= 'a' &&
			(s.p[1] | 32) <= 'z') {
			size_t colon = str_find_byte(s, ':');
			a = (struct ps_arg){.spelled = s, .name = str_sub(s, 1, colon - 1)};
			a.attached = a.has_value = colon != STR_NPOS;
			if (a.attached)
				a.value = ps_string(p, str_from_index(s, colon + 1));
			if (!a.attached && i + 1 < r->argc) {
				a.value = ps_text(r->argv[++i]);
				a.has_value = true;
			}
		}
		list_push(p->e->scratch, &args) = a;
	}
	return args;
}

static void print_output(struct ps *p, const struct ps_list *out)
{
	for (size_t i = 0; p->e->out && i < out->n && charge(p->e, 2); i++) {
		struct value text = ps_value_text(p, &out->items[i]);
		out_value(p->e, &text);
		out_text(p->e, STR("\n"));
	}
}

/* A script of its own: exit and return end it, and its variables are its own. */
static struct outcome run_apart(struct eval *e, const struct run *r, const struct ps_script *script)
{
	struct process *process = e->process;
	unsigned ignoring = e->ignoring;
	unsigned gates = e->gates;
	struct str function = e->function;
	if (r->child) {
		e->process = process_new(e, process, SHELL_BASH);
		e->ignoring = 0;
	}
	struct frame f = frame_open(e, FRAME_PROCESS);
	e->frame = &f;
	struct frame inner = frame_open(e, FRAME_SOURCE);
	e->frame = &inner;
	e->function = STR("");
	struct ps_list out = {0};
	struct ps p = {.e = e, .out = &out, .function = r->child ? NULL : &inner};
	struct ps_args args = arguments_of(&p, r);
	bind(&p, script->block->a, r->args_open && args.n == 0 ? NULL : &args);
	struct outcome o = {.dead = ps_run_block(&p, script->block)};
	o = frame_close(e, &inner, o);
	o = frame_close(e, &f, o);
	if (r->child)
		e->process = process;
	e->ignoring = ignoring;
	e->gates = gates;
	e->function = function;
	if (r->ps)
		for (size_t i = 0; i < out.n; i++)
			ps_out(r->ps, &out.items[i]);
	else
		print_output(&p, &out);
	o.dead = false;
	return o;
}

/* In the scope of who calls. */
static struct outcome run_here(struct eval *e, const struct run *r, const struct ps_script *script)
{
	struct ps_args args = arguments_of(r->ps, r);
	(void)e;
	bind(r->ps, script->block->a, r->argc > 1 ? &args : NULL);
	return (struct outcome){.dead = ps_run_block(r->ps, script->block)};
}

struct outcome ps_front(struct eval *e, const struct run *r, struct unit *u)
{
	const struct ps_script *script =
		ps_parse(e->scratch, ps_user_data(e, ps_text_of(e->scratch, u->text)));
	u->text = script->text;
	e->node = NULL;
	charge(e, u->text.n);
	tell_errors(e, script);
	return r->inherits && r->ps ? run_here(e, r, script) : run_apart(e, r, script);
}
