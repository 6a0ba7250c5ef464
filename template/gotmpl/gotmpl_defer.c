/* Partial evaluation: what is known is folded, what needs fields is written back as a template. */
#include "template/gotmpl/gotmpl.h"

/* optional: the part at hand may never be executed, so what fails in it is left for later. */
struct deferral {
	struct gotmpl_run *run;
	struct gotmpl_writer *writer;
	bool optional;
};

/* ---- What is constant ----------------------------------------------------------------------- */

static bool pipe_is_constant(const struct gotmpl_pipe *pipe);

static bool operand_is_constant(const struct gotmpl_operand *o)
{
	if (o->kind == OPERAND_PIPE)
		return o->fields.n == 0 && pipe_is_constant(o->pipe);
	return o->kind == OPERAND_LITERAL || o->kind == OPERAND_FUNCTION;
}

static bool command_is_constant(const struct gotmpl_command *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!operand_is_constant(&c->items[i]))
			return false;
	}
	return true;
}

static bool pipe_is_constant(const struct gotmpl_pipe *pipe)
{
	for (size_t i = 0; i < pipe->n; i++) {
		if (!command_is_constant(&pipe->items[i]))
			return false;
	}
	return pipe->variables.n == 0;
}

static bool node_is_constant(const struct gotmpl_node *n);

static bool list_is_constant(const struct gotmpl_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!node_is_constant(&list->items[i]))
			return false;
	}
	return true;
}

static bool node_is_constant(const struct gotmpl_node *n)
{
	if (n->kind == NODE_BREAK || n->kind == NODE_CONTINUE)
		return false;
	if (n->pipe && !pipe_is_constant(n->pipe))
		return false;
	return list_is_constant(&n->body) && list_is_constant(&n->otherwise);
}

/* ---- What needs fields ---------------------------------------------------------------------- */

/* Whether `.` is the data of the template: not inside range and with. */
static bool pipe_has_fields(const struct gotmpl_pipe *pipe, bool top);

static bool operand_has_fields(const struct gotmpl_operand *o, bool top)
{
	if (o->kind == OPERAND_PIPE && pipe_has_fields(o->pipe, top))
		return true;
	if (o->kind == OPERAND_VARIABLE && o->name.n == 0)
		return true;
	return o->fields.n > 0 || (o->kind == OPERAND_DOT && top);
}

static bool pipe_has_fields(const struct gotmpl_pipe *pipe, bool top)
{
	for (size_t i = 0; i < pipe->n; i++) {
		for (size_t k = 0; k < pipe->items[i].n; k++) {
			if (operand_has_fields(&pipe->items[i].items[k], top))
				return true;
		}
	}
	return false;
}

static bool list_has_fields(const struct gotmpl_list *list, bool top)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct gotmpl_node *n = &list->items[i];
		bool inner = top && n->kind != NODE_RANGE && n->kind != NODE_WITH;
		if (n->pipe && pipe_has_fields(n->pipe, top))
			return true;
		if (list_has_fields(&n->body, inner) || list_has_fields(&n->otherwise, top))
			return true;
	}
	return false;
}

bool gotmpl_has_fields(const struct gotmpl_list *tree)
{
	return list_has_fields(tree, true);
}

/* ---- Writing back --------------------------------------------------------------------------- */

/* Braces that a reader could take for a delimiter are written as actions. */
static void write_literal(struct deferral *d, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool brace = s.p[i] == '{' && (i + 1 == s.n || s.p[i + 1] == '{');
		gotmpl_writer_add(d->writer, brace ? STR("{{\"{\"}}") : str_sub(s, i, 1));
	}
}

static void write_text(struct deferral *d, const struct text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct text one = {.items = &t->items[i], .n = 1};
		if (t->items[i].kind == TEXT_LITERAL)
			write_literal(d, t->items[i].value);
		else
			gotmpl_writer_add_text(d->writer, &one);
	}
}

static void write_piece(struct deferral *d, struct text_piece *p)
{
	struct text one = {.items = p, .n = 1};
	if (p->kind == TEXT_LITERAL)
		gotmpl_writer_add(d->writer, gotmpl_quote(d->run->arena, p->value));
	else
		gotmpl_writer_add_text(d->writer, &one);
}

static void write_string(struct deferral *d, const struct text *t)
{
	if (t->n == 0)
		gotmpl_writer_add(d->writer, STR("\"\""));
	if (t->n == 1)
		write_piece(d, &t->items[0]);
	if (t->n < 2)
		return;
	gotmpl_writer_add(d->writer, STR("(print"));
	for (size_t i = 0; i < t->n; i++) {
		gotmpl_writer_add(d->writer, STR(" "));
		write_piece(d, &t->items[i]);
	}
	gotmpl_writer_add(d->writer, STR(")"));
}

static bool is_writable(const struct gotmpl_value *v)
{
	return v->kind == GOTMPL_BOOL || v->kind == GOTMPL_INT || v->kind == GOTMPL_FLOAT ||
		v->kind == GOTMPL_STRING;
}

static void write_value(struct deferral *d, const struct gotmpl_value *v)
{
	if (v->kind == GOTMPL_STRING) {
		write_string(d, &v->text);
		return;
	}
	struct text t = gotmpl_print(v, d->run->arena);
	gotmpl_writer_add_text(d->writer, &t);
	struct str digits = t.n > 0 ? t.items[0].value : STR("");
	bool integral =
		str_find_byte(digits, '.') == STR_NPOS && str_find_byte(digits, 'e') == STR_NPOS;
	if (v->kind == GOTMPL_FLOAT && integral)
		gotmpl_writer_add(d->writer, STR(".0"));
}

static int write_pipe(struct deferral *d, const struct gotmpl_pipe *pipe);

/* 0, and no fault, when what failed may never be executed. */
static int forgive(struct deferral *d)
{
	if (!d->optional)
		return -1;
	*d->run->fault = (struct gotmpl_fault){0};
	return 0;
}

/* Folds `pipe`, which is constant. False in *done: its value has no literal form. */
static int fold(struct deferral *d, const struct gotmpl_pipe *pipe, bool *done)
{
	struct gotmpl_value value = {0};
	struct gotmpl_value dot = {.kind = GOTMPL_FIELDS};
	if (gotmpl_eval_pipe(d->run, pipe, &dot, &value) < 0)
		return forgive(d);
	*done = is_writable(&value);
	if (*done)
		write_value(d, &value);
	return 0;
}

static void write_fields(struct deferral *d, const struct gotmpl_operand *o)
{
	for (size_t i = 0; i < o->fields.n; i++) {
		gotmpl_writer_add(d->writer, STR("."));
		gotmpl_writer_add(d->writer, o->fields.items[i]);
	}
}

static int write_operand(struct deferral *d, struct gotmpl_operand *o)
{
	bool done = false;
	if (o->kind == OPERAND_PIPE || o->kind == OPERAND_FUNCTION) {
		struct gotmpl_command c = {.off = o->off, .items = o, .n = 1};
		struct gotmpl_pipe alone = {.off = o->off, .items = &c, .n = 1};
		if (operand_is_constant(o) && fold(d, &alone, &done) < 0)
			return -1;
		if (done)
			return 0;
	}
	switch (o->kind) {
	case OPERAND_NONE:
		break;
	case OPERAND_LITERAL:
		if (is_writable(&o->value))
			write_value(d, &o->value);
		else
			gotmpl_writer_add(d->writer, STR("nil"));
		break;
	case OPERAND_FUNCTION:
		gotmpl_writer_add(d->writer, o->name);
		break;
	case OPERAND_DOT:
		if (o->fields.n == 0)
			gotmpl_writer_add(d->writer, STR("."));
		break;
	case OPERAND_VARIABLE:
		gotmpl_writer_add(d->writer, STR("$"));
		gotmpl_writer_add(d->writer, o->name);
		break;
	case OPERAND_PIPE:
		gotmpl_writer_add(d->writer, STR("("));
		if (write_pipe(d, o->pipe) < 0)
			return -1;
		gotmpl_writer_add(d->writer, STR(")"));
		break;
	}
	write_fields(d, o);
	return 0;
}

static int write_command(struct deferral *d, const struct gotmpl_command *c)
{
	const struct gotmpl_operand *first = &c->items[0];
	bool optional = d->optional;
	/* `and` and `or` stop at the argument that decides. */
	d->optional |= first->kind == OPERAND_FUNCTION && !first->function->call;
	for (size_t i = 0; i < c->n; i++) {
		if (i > 0)
			gotmpl_writer_add(d->writer, STR(" "));
		/* A function in front is called with what follows, not by itself. */
		if (i == 0 && c->items[0].kind == OPERAND_FUNCTION)
			gotmpl_writer_add(d->writer, c->items[0].name);
		else if (write_operand(d, &c->items[i]) < 0)
			return -1;
	}
	d->optional = optional;
	return 0;
}

static void write_variables(struct deferral *d, const struct gotmpl_pipe *pipe)
{
	for (size_t i = 0; i < pipe->variables.n; i++) {
		gotmpl_writer_add(d->writer, i > 0 ? STR(", $") : STR("$"));
		gotmpl_writer_add(d->writer, pipe->variables.items[i]);
	}
	if (pipe->variables.n > 0)
		gotmpl_writer_add(d->writer, pipe->assign ? STR(" = ") : STR(" := "));
}

/* The constant commands in front are one value. */
static int write_pipe(struct deferral *d, const struct gotmpl_pipe *pipe)
{
	size_t constant = 0;
	bool done = false;
	write_variables(d, pipe);
	while (constant < pipe->n && command_is_constant(&pipe->items[constant]))
		constant++;
	struct gotmpl_pipe front = {.off = pipe->off, .items = pipe->items, .n = constant};
	if (constant > 0 && fold(d, &front, &done) < 0)
		return -1;
	for (size_t i = done ? constant : 0; i < pipe->n; i++) {
		if (i > 0)
			gotmpl_writer_add(d->writer, STR(" | "));
		if (write_command(d, &pipe->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int write_list(struct deferral *d, const struct gotmpl_list *list);

static int write_control(struct deferral *d, const struct gotmpl_node *n, const char *word)
{
	gotmpl_writer_add(d->writer, STR("{{"));
	gotmpl_writer_add(d->writer, str_from(word));
	if (n->pipe && write_pipe(d, n->pipe) < 0)
		return -1;
	gotmpl_writer_add(d->writer, STR("}}"));
	if (n->kind == NODE_ACTION || n->kind == NODE_BREAK || n->kind == NODE_CONTINUE)
		return 0;
	bool optional = d->optional;
	d->optional = true;
	if (write_list(d, &n->body) < 0)
		return -1;
	if (n->otherwise.n > 0) {
		gotmpl_writer_add(d->writer, STR("{{else}}"));
		if (write_list(d, &n->otherwise) < 0)
			return -1;
	}
	d->optional = optional;
	gotmpl_writer_add(d->writer, STR("{{end}}"));
	return 0;
}

static int write_constant(struct deferral *d, const struct gotmpl_node *n, bool *done)
{
	struct gotmpl_list one = {.n = 1};
	struct gotmpl_node *copy = arena_new(d->run->arena, struct gotmpl_node);
	*copy = *n;
	one.items = copy;
	struct text made = {0};
	d->run->deferred = false;
	*done = false;
	if (gotmpl_execute_in(d->run, &made, &one) < 0)
		return forgive(d);
	*done = true;
	if (d->run->deferred)
		gotmpl_writer_add_text(d->writer, &made);
	else
		write_text(d, &made);
	return 0;
}

static int write_node(struct deferral *d, const struct gotmpl_node *n)
{
	static const char *const words[] = {
		[NODE_TEXT] = "",
		[NODE_ACTION] = "",
		[NODE_IF] = "if ",
		[NODE_RANGE] = "range ",
		[NODE_WITH] = "with ",
		[NODE_BREAK] = "break",
		[NODE_CONTINUE] = "continue",
	};
	bool done = false;
	if (node_is_constant(n) && write_constant(d, n, &done) < 0)
		return -1;
	return done ? 0 : write_control(d, n, words[n->kind]);
}

static int write_list(struct deferral *d, const struct gotmpl_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (write_node(d, &list->items[i]) < 0)
			return -1;
	}
	return 0;
}

int gotmpl_defer(struct text *out, const struct gotmpl_list *tree, const struct gotmpl_scope *scope,
	struct gotmpl_fault *fault)
{
	struct gotmpl_run run = {.scope = scope, .arena = scope->arena, .fault = fault};
	struct text made = {0};
	scoped(gotmpl_writer) writer = {.arena = scope->arena, .out = &made};
	struct deferral d = {&run, &writer, false};
	if (write_list(&d, tree) < 0)
		return -1;
	gotmpl_writer_flush(&writer);
	*out = made;
	return 0;
}
