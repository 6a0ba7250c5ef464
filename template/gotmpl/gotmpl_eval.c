#include "template/gotmpl/gotmpl.h"

/* One walk over nodes: where the output goes, and what `.` is. */
struct walk {
	struct gotmpl_run *run;
	struct gotmpl_writer *writer;
};

static int work(struct gotmpl_run *run, size_t off, size_t amount)
{
	size_t *steps = run->scope->steps ? run->scope->steps : &run->steps;
	*steps += amount;
	if (*steps > GOTMPL_STEPS_MAX || arena_full(run->arena))
		return gotmpl_fault(run, off, "template does too much work");
	return 0;
}

static int step(struct gotmpl_run *run, size_t off)
{
	return work(run, off, 1);
}

static size_t text_size(const struct text *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->items[i].value.n + 1;
	return n;
}

/* Strings count as work, so that what doubles itself again and again comes to an end. */
static int check_size(struct gotmpl_run *run, size_t off, const struct gotmpl_value *v)
{
	size_t size = v->kind == GOTMPL_STRING ? text_size(&v->text) : 0;
	if (size > GOTMPL_VALUE_MAX)
		return gotmpl_fault(run, off, "a value of more than %zu bytes", GOTMPL_VALUE_MAX);
	return work(run, off, size / 64);
}

/* ---- Operands ------------------------------------------------------------------------------- */

static int fail_field(struct gotmpl_run *run, size_t off, struct str name)
{
	const char *names[64];
	size_t n = 0;
	for (; n < run->scope->field_count && n < countof(names); n++)
		names[n] = arena_cstr(run->arena, run->scope->fields[n].name);
	const char *near = conf_nearest(name, names, n);
	if (!run->scope->has_fields)
		return gotmpl_fault(run, off,
			"field .%.*s is not known here; write {{`{{`}} for two literal braces",
			STR_ARG(name));
	if (near)
		return gotmpl_fault(run, off, "field .%.*s is not known; did you mean .%s?",
			STR_ARG(name), near);
	return gotmpl_fault(run, off, "field .%.*s is not known", STR_ARG(name));
}

static int get_field(
	struct gotmpl_run *run, size_t off, struct str name, struct gotmpl_value *value)
{
	struct gotmpl_fault *absent = run->scope->absent;
	if (value->kind != GOTMPL_FIELDS && (!absent || value->kind != GOTMPL_NONE))
		return gotmpl_fault(run, off, "a %s has no field .%.*s",
			gotmpl_kind_name(value->kind), STR_ARG(name));
	for (size_t i = 0; i < run->scope->field_count; i++) {
		if (str_eq(run->scope->fields[i].name, name)) {
			*value = gotmpl_text(run->scope->fields[i].value);
			return 0;
		}
	}
	if (!absent)
		return fail_field(run, off, name);
	if (!absent->text.p)
		*absent = (struct gotmpl_fault){off, name};
	*value = (struct gotmpl_value){0};
	return 0;
}

/* The innermost variable of that name; `$` is the data. */
static struct gotmpl_value *find_variable(struct gotmpl_run *run, struct str name)
{
	for (size_t i = run->variables.n; i > 0; i--) {
		if (str_eq(run->variables.items[i - 1].name, name))
			return &run->variables.items[i - 1].value;
	}
	return NULL;
}

static int eval_operand(struct gotmpl_run *run, const struct gotmpl_operand *o,
	const struct gotmpl_value *dot, struct gotmpl_value *out);

static int eval_base(struct gotmpl_run *run, const struct gotmpl_operand *o,
	const struct gotmpl_value *dot, struct gotmpl_value *out)
{
	struct gotmpl_value *variable;
	switch (o->kind) {
	case OPERAND_NONE:
		break;
	case OPERAND_LITERAL:
		*out = o->value;
		return 0;
	case OPERAND_DOT:
		*out = *dot;
		return 0;
	case OPERAND_VARIABLE:
		variable = find_variable(run, o->name);
		if (!variable)
			return gotmpl_fault(
				run, o->off, "undefined variable \"$%.*s\"", STR_ARG(o->name));
		*out = *variable;
		return 0;
	case OPERAND_PIPE:
		return gotmpl_eval_pipe(run, o->pipe, dot, out);
	case OPERAND_FUNCTION: {
		struct gotmpl_command c = {.off = o->off, .n = 1};
		struct gotmpl_operand *only = arena_new(run->arena, struct gotmpl_operand);
		*only = *o;
		c.items = only;
		struct gotmpl_pipe p = {.off = o->off, .items = &c, .n = 1};
		return gotmpl_eval_pipe(run, &p, dot, out);
	}
	}
	return gotmpl_fault(run, o->off, "operand expected");
}

static int eval_operand(struct gotmpl_run *run, const struct gotmpl_operand *o,
	const struct gotmpl_value *dot, struct gotmpl_value *out)
{
	if (step(run, o->off) < 0 || eval_base(run, o, dot, out) < 0)
		return -1;
	for (size_t i = 0; i < o->fields.n; i++) {
		if (get_field(run, o->off, o->fields.items[i], out) < 0)
			return -1;
	}
	return 0;
}

/* ---- Commands and pipelines ----------------------------------------------------------------- */

/* `and` and `or` give the first argument that decides, and look no further. */
static int eval_logic(struct gotmpl_run *run, const struct gotmpl_command *c,
	const struct gotmpl_value *dot, const struct gotmpl_value *last, struct gotmpl_value *out)
{
	bool until = str_is(c->items[0].name, "or");
	for (size_t i = 1; i < c->n; i++) {
		if (eval_operand(run, &c->items[i], dot, out) < 0)
			return -1;
		if (gotmpl_truth(out) == until)
			return 0;
	}
	if (last)
		*out = *last;
	return 0;
}

static int check_count(struct gotmpl_run *run, const struct gotmpl_operand *f, size_t n)
{
	size_t min = f->function->min;
	size_t max = f->function->max;
	if (n >= min && n <= max)
		return 0;
	if (min == max)
		return gotmpl_fault(run, f->off, "%s takes %zu argument%s, not %zu",
			f->function->name, min, min == 1 ? "" : "s", n);
	return gotmpl_fault(run, f->off, "%s takes at %s %zu argument%s, not %zu",
		f->function->name, n < min ? "least" : "most", n < min ? min : max,
		(n < min ? min : max) == 1 ? "" : "s", n);
}

static int eval_function(struct gotmpl_run *run, const struct gotmpl_command *c,
	const struct gotmpl_value *dot, const struct gotmpl_value *last, struct gotmpl_value *out)
{
	const struct gotmpl_operand *f = &c->items[0];
	size_t n = c->n - 1 + (last ? 1 : 0);
	if (check_count(run, f, n) < 0)
		return -1;
	if (!f->function->call)
		return eval_logic(run, c, dot, last, out);
	struct gotmpl_value *args = arena_array(run->arena, struct gotmpl_value, n + 1);
	for (size_t i = 1; i < c->n; i++) {
		if (eval_operand(run, &c->items[i], dot, &args[i - 1]) < 0)
			return -1;
	}
	if (last)
		args[n - 1] = *last;
	struct gotmpl_call call = {
		.run = run,
		.name = f->function->name,
		.off = f->off,
		.args = args,
		.n = n,
	};
	if (f->function->call(&call, out) < 0)
		return -1;
	return check_size(run, f->off, out);
}

static int eval_command(struct gotmpl_run *run, const struct gotmpl_command *c,
	const struct gotmpl_value *dot, const struct gotmpl_value *last, struct gotmpl_value *out)
{
	const struct gotmpl_operand *first = &c->items[0];
	if (first->kind == OPERAND_FUNCTION)
		return eval_function(run, c, dot, last, out);
	if (c->n > 1 || last)
		return gotmpl_fault(run, c->items[c->n > 1 ? 1 : 0].off,
			"an argument is given to something that is not a function");
	if (first->kind == OPERAND_LITERAL && first->value.kind == GOTMPL_NIL)
		return gotmpl_fault(run, first->off, "nil is not a command");
	return eval_operand(run, first, dot, out);
}

int gotmpl_eval_pipe(struct gotmpl_run *run, const struct gotmpl_pipe *pipe,
	const struct gotmpl_value *dot, struct gotmpl_value *out)
{
	struct gotmpl_value last = {0};
	for (size_t i = 0; i < pipe->n; i++) {
		struct gotmpl_value value = {0};
		if (step(run, pipe->off) < 0)
			return -1;
		if (eval_command(run, &pipe->items[i], dot, i > 0 ? &last : NULL, &value) < 0)
			return -1;
		last = value;
	}
	*out = last;
	return 0;
}

static void set_variable(
	struct gotmpl_run *run, struct str name, bool assign, const struct gotmpl_value *value)
{
	struct gotmpl_value *known = assign ? find_variable(run, name) : NULL;
	if (known)
		*known = *value;
	else
		list_push(run->arena, &run->variables) = (struct gotmpl_variable){name, *value};
}

/* With what it declares, except for range, which does that per element. */
static int eval_declaring(struct gotmpl_run *run, const struct gotmpl_pipe *pipe,
	const struct gotmpl_value *dot, struct gotmpl_value *out)
{
	if (gotmpl_eval_pipe(run, pipe, dot, out) < 0)
		return -1;
	if (pipe->variables.n > 0)
		set_variable(run, pipe->variables.items[0], pipe->assign, out);
	return 0;
}

/* ---- Nodes ---------------------------------------------------------------------------------- */

static int walk_list(
	struct walk *w, const struct gotmpl_list *list, const struct gotmpl_value *dot);

static int write_text(struct walk *w, size_t off, const struct text *t)
{
	w->run->written += text_size(t);
	if (w->run->written > GOTMPL_OUTPUT_MAX)
		return gotmpl_fault(
			w->run, off, "template makes more than %zu bytes", GOTMPL_OUTPUT_MAX);
	gotmpl_writer_add_text(w->writer, t);
	return 0;
}

static int walk_action(struct walk *w, const struct gotmpl_node *n, const struct gotmpl_value *dot)
{
	struct gotmpl_value value;
	if (eval_declaring(w->run, n->pipe, dot, &value) < 0)
		return -1;
	if (n->pipe->variables.n > 0)
		return 0;
	if (value.kind == GOTMPL_FIELDS)
		return gotmpl_fault(w->run, n->off, "\".\" is no value here: name a field of it");
	if (value.kind == GOTMPL_NIL)
		value.kind = GOTMPL_NONE;
	struct text t = gotmpl_print(&value, w->run->arena);
	return write_text(w, n->off, &t);
}

static int walk_condition(
	struct walk *w, const struct gotmpl_node *n, const struct gotmpl_value *dot)
{
	struct gotmpl_value value;
	size_t variables = w->run->variables.n;
	if (eval_declaring(w->run, n->pipe, dot, &value) < 0)
		return -1;
	bool truth = gotmpl_truth(&value);
	const struct gotmpl_value *inner = truth && n->kind == NODE_WITH ? &value : dot;
	int status = walk_list(w, truth ? &n->body : &n->otherwise, inner);
	w->run->variables.n = variables;
	return status;
}

static int walk_element(struct walk *w, const struct gotmpl_node *n, size_t index,
	const struct gotmpl_value *element)
{
	const struct gotmpl_pipe *pipe = n->pipe;
	size_t variables = w->run->variables.n;
	struct gotmpl_value key = gotmpl_int((int64_t)index);
	if (pipe->variables.n == 2)
		set_variable(w->run, pipe->variables.items[0], pipe->assign, &key);
	if (pipe->variables.n > 0)
		set_variable(w->run, pipe->variables.items[pipe->variables.n - 1], pipe->assign,
			element);
	int status = walk_list(w, &n->body, element);
	w->run->variables.n = variables;
	return status;
}

static int walk_range(struct walk *w, const struct gotmpl_node *n, const struct gotmpl_value *dot)
{
	struct gotmpl_value value;
	if (gotmpl_eval_pipe(w->run, n->pipe, dot, &value) < 0)
		return -1;
	bool list = value.kind == GOTMPL_LIST;
	if (!list && value.kind != GOTMPL_INT)
		return gotmpl_fault(w->run, n->off, "range needs a list or an integer, not %s",
			gotmpl_kind_name(value.kind));
	if (!list && n->pipe->variables.n == 2)
		return gotmpl_fault(w->run, n->off, "range over an integer takes one variable");
	size_t count = list ? value.list.n : value.integer > 0 ? (size_t)value.integer : 0;
	if (count == 0)
		return walk_list(w, &n->otherwise, dot);
	for (size_t i = 0; i < count; i++) {
		struct gotmpl_value number = gotmpl_int((int64_t)i);
		if (step(w->run, n->off) < 0)
			return -1;
		if (walk_element(w, n, i, list ? &value.list.items[i] : &number) < 0)
			return -1;
		enum gotmpl_node_kind jump = w->run->jump;
		w->run->jump = NODE_NONE;
		if (jump == NODE_BREAK)
			break;
	}
	return 0;
}

static int walk_node(struct walk *w, const struct gotmpl_node *n, const struct gotmpl_value *dot)
{
	switch (n->kind) {
	case NODE_NONE:
		return 0;
	case NODE_TEXT:
		return write_text(w, n->off, &n->text);
	case NODE_ACTION:
		return walk_action(w, n, dot);
	case NODE_IF:
	case NODE_WITH:
		return walk_condition(w, n, dot);
	case NODE_RANGE:
		return walk_range(w, n, dot);
	case NODE_BREAK:
	case NODE_CONTINUE:
		w->run->jump = n->kind;
		return 0;
	}
	return 0;
}

static int walk_list(struct walk *w, const struct gotmpl_list *list, const struct gotmpl_value *dot)
{
	for (size_t i = 0; i < list->n && w->run->jump == NODE_NONE; i++) {
		if (step(w->run, list->items[i].off) < 0)
			return -1;
		if (walk_node(w, &list->items[i], dot) < 0)
			return -1;
	}
	return 0;
}

int gotmpl_execute_in(struct gotmpl_run *run, struct text *out, const struct gotmpl_list *tree)
{
	struct gotmpl_value dot = {.kind = GOTMPL_FIELDS};
	struct text made = {0};
	scoped(gotmpl_writer) writer = {.arena = run->arena, .out = &made};
	struct walk w = {run, &writer};
	size_t variables = run->variables.n;
	set_variable(run, STR(""), false, &dot);
	if (walk_list(&w, tree, &dot) < 0)
		return -1;
	run->variables.n = variables;
	gotmpl_writer_flush(&writer);
	*out = made;
	return 0;
}

int gotmpl_execute(struct text *out, const struct gotmpl_list *tree,
	const struct gotmpl_scope *scope, struct gotmpl_fault *fault)
{
	struct gotmpl_run run = {.scope = scope, .arena = scope->arena, .fault = fault};
	return gotmpl_execute_in(&run, out, tree);
}
