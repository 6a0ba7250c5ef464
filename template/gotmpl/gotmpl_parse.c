#include "template/gotmpl/gotmpl_lex.h"

struct parser {
	struct gotmpl_lexer lexer;
	struct gotmpl_token token; /* the one to look at next */
	struct arena *arena;
	struct gotmpl_fault *fault;
	const struct gotmpl_scope *scope;
	struct str_list variables;
	size_t depth;
	size_t ranges;
};

enum ended { ENDED_NONE = 0, ENDED_INPUT, ENDED_END, ENDED_ELSE };

static int fail(struct parser *p, size_t off, const char *fmt, ...) PRINTF_LIKE(3, 4);
static int fail(struct parser *p, size_t off, const char *fmt, ...)
{
	if (p->fault->text.n > 0)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	*p->fault = (struct gotmpl_fault){off, arena_vprintf(p->arena, fmt, ap)};
	va_end(ap);
	return -1;
}

static int advance(struct parser *p)
{
	return gotmpl_lexer_next(&p->lexer, &p->token);
}

static int skip_space(struct parser *p)
{
	while (p->token.kind == TOKEN_SPACE) {
		if (advance(p) < 0)
			return -1;
	}
	return 0;
}

static bool at_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && str_is(p->token.name, word);
}

static bool has_variable(const struct parser *p, struct str name)
{
	for (size_t i = 0; i < p->variables.n; i++) {
		if (str_eq(p->variables.items[i], name))
			return true;
	}
	return false;
}

/* ---- Functions ------------------------------------------------------------------------------ */

static const struct gotmpl_function *find_in(const struct gotmpl_function *f, struct str name)
{
	for (; f && f->name; f++) {
		if (str_is(name, f->name))
			return f;
	}
	return NULL;
}

static const struct gotmpl_function *find_function(const struct parser *p, struct str name)
{
	const struct gotmpl_function *f = find_in(p->scope->functions, name);
	return f ? f : find_in(gotmpl_builtins, name);
}

static size_t list_names(const struct gotmpl_function *f, const char **names, size_t n, size_t max)
{
	for (; f && f->name && n < max; f++)
		names[n++] = f->name;
	return n;
}

static int fail_function(struct parser *p, const struct gotmpl_token *t)
{
	const char *names[64];
	size_t n = list_names(p->scope->functions, names, 0, countof(names));
	n = list_names(gotmpl_builtins, names, n, countof(names));
	const char *near = conf_nearest(t->name, names, n);
	if (near)
		return fail(p, t->off, "function \"%.*s\" is not defined; did you mean \"%s\"?",
			STR_ARG(t->name), near);
	return fail(p, t->off, "function \"%.*s\" is not defined", STR_ARG(t->name));
}

/* ---- Pipelines ------------------------------------------------------------------------------ */

static int parse_pipe(
	struct parser *p, struct gotmpl_pipe **out, enum gotmpl_token_kind end, bool range);

static int parse_word(struct parser *p, struct gotmpl_operand *o)
{
	static const struct {
		const char *name;
		struct gotmpl_value value;
	} constants[] = {
		{"true", {.kind = GOTMPL_BOOL, .boolean = true}},
		{"false", {.kind = GOTMPL_BOOL}},
		{"nil", {.kind = GOTMPL_NIL}},
	};
	for (size_t i = 0; i < countof(constants); i++) {
		if (!at_word(p, constants[i].name))
			continue;
		o->kind = OPERAND_LITERAL;
		o->value = constants[i].value;
		return advance(p);
	}
	o->kind = OPERAND_FUNCTION;
	o->name = p->token.name;
	o->function = find_function(p, o->name);
	if (!o->function)
		return fail_function(p, &p->token);
	return advance(p);
}

static int parse_variable(struct parser *p, struct gotmpl_operand *o)
{
	o->kind = OPERAND_VARIABLE;
	o->name = p->token.name;
	if (o->name.n > 0 && !has_variable(p, o->name))
		return fail(p, p->token.off, "undefined variable \"$%.*s\"", STR_ARG(o->name));
	return advance(p);
}

static int parse_parentheses(struct parser *p, struct gotmpl_operand *o)
{
	o->kind = OPERAND_PIPE;
	if (++p->depth > GOTMPL_DEPTH_MAX)
		return fail(p, o->off, "nested too deeply");
	if (advance(p) < 0 || parse_pipe(p, &o->pipe, TOKEN_RIGHT, false) < 0)
		return -1;
	p->depth--;
	return advance(p);
}

/* The token that starts an operand, and nothing else, is known to be there. */
static int parse_term(struct parser *p, struct gotmpl_operand *o)
{
	enum gotmpl_token_kind kind = p->token.kind;
	if (kind == TOKEN_WORD)
		return parse_word(p, o);
	if (kind == TOKEN_VARIABLE)
		return parse_variable(p, o);
	if (kind == TOKEN_LEFT)
		return parse_parentheses(p, o);
	o->kind = kind == TOKEN_LITERAL ? OPERAND_LITERAL : OPERAND_DOT;
	o->value = p->token.value;
	if (kind == TOKEN_FIELD)
		list_push(p->arena, &o->fields) = p->token.name;
	return advance(p);
}

static bool starts_operand(const struct parser *p)
{
	static const bool starts[] = {
		[TOKEN_WORD] = true,
		[TOKEN_VARIABLE] = true,
		[TOKEN_LEFT] = true,
		[TOKEN_LITERAL] = true,
		[TOKEN_DOT] = true,
		[TOKEN_FIELD] = true,
		[TOKEN_ASSIGN] = false,
	};
	return starts[p->token.kind];
}

static int parse_operand(struct parser *p, struct gotmpl_operand *o)
{
	*o = (struct gotmpl_operand){.off = p->token.off};
	if (parse_term(p, o) < 0)
		return -1;
	while (p->token.kind == TOKEN_FIELD) {
		if (o->kind == OPERAND_LITERAL || o->kind == OPERAND_FUNCTION)
			return fail(p, p->token.off, "unexpected \".%.*s\" behind an operand",
				STR_ARG(p->token.name));
		list_push(p->arena, &o->fields) = p->token.name;
		if (advance(p) < 0)
			return -1;
	}
	return 0;
}

static int parse_command(struct parser *p, struct gotmpl_command *c)
{
	c->off = p->token.off;
	if (skip_space(p) < 0)
		return -1;
	while (starts_operand(p)) {
		struct gotmpl_operand o;
		if (parse_operand(p, &o) < 0)
			return -1;
		list_push(p->arena, c) = o;
		if (starts_operand(p) || p->token.kind == TOKEN_DOT)
			return fail(p, p->token.off, "space expected between operands");
		if (skip_space(p) < 0)
			return -1;
	}
	if (c->n == 0)
		return fail(p, p->token.off, "missing value for command");
	return 0;
}

/* Behind the first variable: another one (in range), and := or =. */
static int parse_declaration(struct parser *p, struct gotmpl_pipe *pipe, bool range)
{
	if (skip_space(p) < 0)
		return -1;
	if (p->token.kind == TOKEN_COMMA) {
		if (!range || advance(p) < 0 || skip_space(p) < 0)
			return fail(p, p->token.off, "too many declarations");
		if (p->token.kind != TOKEN_VARIABLE)
			return fail(p, p->token.off, "variable expected behind \",\"");
		list_push(p->arena, &pipe->variables) = p->token.name;
		if (advance(p) < 0 || skip_space(p) < 0)
			return -1;
	}
	pipe->assign = p->token.kind == TOKEN_ASSIGN;
	if (!pipe->assign && p->token.kind != TOKEN_DECLARE)
		return fail(p, p->token.off, "\":=\" or \"=\" expected");
	for (size_t i = 0; pipe->assign && i < pipe->variables.n; i++) {
		if (!has_variable(p, pipe->variables.items[i]))
			return fail(p, pipe->off, "undefined variable \"$%.*s\"",
				STR_ARG(pipe->variables.items[i]));
	}
	return advance(p);
}

/* True when the text behind the variable at hand makes it a declaration. */
static bool declares(const struct parser *p, bool range)
{
	struct str s = str_trim(str_from_index(p->lexer.flat, p->lexer.at));
	return p->token.kind == TOKEN_VARIABLE && p->token.name.n > 0 &&
		(str_has_prefix(s, STR(":=")) || str_has_prefix(s, STR("=")) ||
			(range && str_has_prefix(s, STR(","))));
}

static int check_stages(struct parser *p, const struct gotmpl_pipe *pipe)
{
	for (size_t i = 1; i < pipe->n; i++) {
		if (pipe->items[i].items[0].kind != OPERAND_FUNCTION)
			return fail(p, pipe->items[i].items[0].off,
				"a pipeline continues with a function only");
	}
	return 0;
}

static int parse_pipe(
	struct parser *p, struct gotmpl_pipe **out, enum gotmpl_token_kind end, bool range)
{
	struct gotmpl_pipe *pipe = arena_new(p->arena, struct gotmpl_pipe);
	if (skip_space(p) < 0)
		return -1;
	pipe->off = p->token.off;
	if (end == TOKEN_CLOSE && declares(p, range)) {
		list_push(p->arena, &pipe->variables) = p->token.name;
		if (advance(p) < 0 || parse_declaration(p, pipe, range) < 0)
			return -1;
	}
	for (;;) {
		struct gotmpl_command c = {0};
		if (parse_command(p, &c) < 0)
			return -1;
		list_push(p->arena, pipe) = c;
		if (p->token.kind != TOKEN_PIPE)
			break;
		if (advance(p) < 0)
			return -1;
	}
	if (p->token.kind != end)
		return fail(p, p->token.off,
			end == TOKEN_RIGHT ? "\")\" expected" : "unexpected token in an action");
	if (check_stages(p, pipe) < 0)
		return -1;
	for (size_t i = 0; !pipe->assign && i < pipe->variables.n; i++)
		list_push(p->arena, &p->variables) = pipe->variables.items[i];
	*out = pipe;
	return 0;
}

/* ---- Nodes ---------------------------------------------------------------------------------- */

static int parse_list(struct parser *p, struct gotmpl_list *out, enum ended *ended);

static int expect_close(struct parser *p, const char *behind)
{
	if (skip_space(p) < 0)
		return -1;
	if (p->token.kind != TOKEN_CLOSE)
		return fail(p, p->token.off, "unexpected token behind \"%s\"", behind);
	return advance(p);
}

static int parse_control(struct parser *p, struct gotmpl_node *n, enum gotmpl_node_kind kind);

/* Behind "else" of a node: `else if` and `else with` are a node of their own in it. */
static int parse_else(struct parser *p, struct gotmpl_node *n)
{
	if (skip_space(p) < 0)
		return -1;
	bool with = at_word(p, "with");
	if (at_word(p, "if") || with) {
		struct gotmpl_node inner = {0};
		if (parse_control(p, &inner, with ? NODE_WITH : NODE_IF) < 0)
			return -1;
		list_push(p->arena, &n->otherwise) = inner;
		return 0;
	}
	if (expect_close(p, "else") < 0)
		return -1;
	enum ended ended = ENDED_NONE;
	if (parse_list(p, &n->otherwise, &ended) < 0)
		return -1;
	if (ended == ENDED_ELSE)
		return fail(p, p->token.off, "expected end; found else");
	if (ended != ENDED_END)
		return fail(p, n->off, "block without its {{end}}");
	return expect_close(p, "end");
}

/* At the keyword. Leaves the token behind the closing delimiter of `end`. */
static int parse_control(struct parser *p, struct gotmpl_node *n, enum gotmpl_node_kind kind)
{
	size_t variables = p->variables.n;
	bool range = kind == NODE_RANGE;
	*n = (struct gotmpl_node){.kind = kind, .off = p->token.off};
	if (++p->depth > GOTMPL_DEPTH_MAX)
		return fail(p, n->off, "nested too deeply");
	if (advance(p) < 0 || parse_pipe(p, &n->pipe, TOKEN_CLOSE, range) < 0 || advance(p) < 0)
		return -1;
	p->ranges += range;
	enum ended ended = ENDED_NONE;
	if (parse_list(p, &n->body, &ended) < 0)
		return -1;
	p->ranges -= range;
	if (ended == ENDED_INPUT)
		return fail(p, n->off, "block without its {{end}}");
	int status = ended == ENDED_ELSE ? parse_else(p, n) : expect_close(p, "end");
	p->variables.n = variables;
	p->depth--;
	return status;
}

static int parse_jump(struct parser *p, struct gotmpl_node *n, enum gotmpl_node_kind kind)
{
	*n = (struct gotmpl_node){.kind = kind, .off = p->token.off};
	if (p->ranges == 0)
		return fail(p, n->off, "%.*s outside of range", STR_ARG(p->token.name));
	if (advance(p) < 0)
		return -1;
	return expect_close(p, kind == NODE_BREAK ? "break" : "continue");
}

/* At the first token of an action that is neither `else` nor `end`. */
static int parse_action(struct parser *p, struct gotmpl_node *n)
{
	static const struct {
		const char *name;
		enum gotmpl_node_kind kind;
	} controls[] = {{"if", NODE_IF}, {"range", NODE_RANGE}, {"with", NODE_WITH}};
	for (size_t i = 0; i < countof(controls); i++) {
		if (at_word(p, controls[i].name))
			return parse_control(p, n, controls[i].kind);
	}
	if (at_word(p, "break"))
		return parse_jump(p, n, NODE_BREAK);
	if (at_word(p, "continue"))
		return parse_jump(p, n, NODE_CONTINUE);
	if (at_word(p, "define") || at_word(p, "template") || at_word(p, "block"))
		return fail(p, p->token.off, "{{%.*s}} is not supported: a value is one template",
			STR_ARG(p->token.name));
	*n = (struct gotmpl_node){.kind = NODE_ACTION, .off = p->token.off};
	if (parse_pipe(p, &n->pipe, TOKEN_CLOSE, false) < 0)
		return -1;
	return advance(p);
}

/* Up to the end of input, or just behind the word `end` or `else`. */
static int parse_list(struct parser *p, struct gotmpl_list *out, enum ended *ended)
{
	for (;;) {
		struct gotmpl_node n = {.kind = NODE_TEXT, .off = p->token.off};
		if (p->token.kind == TOKEN_END) {
			*ended = ENDED_INPUT;
			return 0;
		}
		if (p->token.kind == TOKEN_TEXT) {
			n.text = p->token.text;
			if (advance(p) < 0)
				return -1;
			list_push(p->arena, out) = n;
			continue;
		}
		if (advance(p) < 0)
			return -1;
		if (at_word(p, "end") || at_word(p, "else")) {
			*ended = at_word(p, "end") ? ENDED_END : ENDED_ELSE;
			return advance(p);
		}
		if (parse_action(p, &n) < 0)
			return -1;
		list_push(p->arena, out) = n;
	}
}

bool gotmpl_has_actions(const struct text *in)
{
	for (size_t i = 0; i < in->n; i++) {
		if (in->items[i].kind == TEXT_LITERAL &&
			str_contains(in->items[i].value, STR("{{")))
			return true;
	}
	return false;
}

int gotmpl_parse(struct gotmpl_list *out, const struct text *in, const struct gotmpl_scope *scope,
	struct gotmpl_fault *fault)
{
	struct parser p = {.arena = scope->arena, .fault = fault, .scope = scope};
	gotmpl_lexer_init(&p.lexer, in, scope->arena, fault);
	enum ended ended = ENDED_NONE;
	if (advance(&p) < 0 || parse_list(&p, out, &ended) < 0)
		return -1;
	if (ended != ENDED_INPUT)
		return fail(
			&p, p.token.off, "unexpected {{%s}}", ended == ENDED_END ? "end" : "else");
	return 0;
}
