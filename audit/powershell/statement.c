/* Statements and blocks. */
#include "audit/powershell/parser.h"

typedef struct ps_node *statement_fn(struct ps_parser *p);

/* ---- Pieces --------------------------------------------------------------------------------- */

static struct ps_node *braces(struct ps_parser *p)
{
	ps_skip_lines(p);
	if (!p->failed && !ps_take(p, "{")) {
		ps_fail(p, "a block in braces was expected");
		return ps_node_new(p, PS_BLOCK, p->at);
	}
	if (p->failed)
		return ps_node_new(p, PS_BLOCK, p->at);
	return ps_parse_block(p, '}');
}

/* ( statement ) */
static struct ps_node *condition(struct ps_parser *p)
{
	unsigned newlines = p->newlines;
	ps_skip_lines(p);
	if (p->failed || !ps_take(p, "(")) {
		ps_fail(p, "a condition in parentheses was expected");
		return NULL;
	}
	p->newlines = 1;
	ps_skip_lines(p);
	struct ps_node *n = ps_peek(p, 0) == ')' ? NULL : ps_parse_statement(p);
	ps_skip_lines(p);
	p->newlines = newlines;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "the end of a condition was expected");
	return n;
}

static bool take_word(struct ps_parser *p, const char *names)
{
	size_t end = p->at;
	ps_skip_lines(p);
	struct str word = ps_word_ahead(p);
	if (word.n > 0 && ps_word_is(word, names)) {
		p->at += word.n;
		return true;
	}
	p->at = end;
	return false;
}

/* ---- Conditions and loops ------------------------------------------------------------------- */

static struct ps_node *parse_if(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_IF, p->at - 2);
	do {
		ps_add(p, n, condition(p));
		ps_add(p, n, braces(p));
	} while (!p->failed && take_word(p, "elseif"));
	if (!p->failed && take_word(p, "else")) {
		/* `else if` is what many write. */
		ps_skip_lines(p);
		n->a = ps_peek(p, 0) == '{' ? braces(p) : ps_parse_statement(p);
	}
	return ps_done(p, n);
}

static struct ps_node *parse_while(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_WHILE, p->at - 5);
	n->a = condition(p);
	n->b = braces(p);
	return ps_done(p, n);
}

static struct ps_node *parse_do(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_WHILE, p->at - 2);
	n->flag = true;
	n->b = braces(p);
	if (!p->failed && !take_word(p, "while until"))
		ps_fail(p, "while or until was expected");
	n->a = condition(p);
	return ps_done(p, n);
}

static struct ps_node *parse_for(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_FOR, p->at - 3);
	unsigned newlines = p->newlines;
	ps_skip_lines(p);
	if (!ps_take(p, "("))
		ps_fail(p, "the parentheses of for were expected");
	p->newlines = 1;
	for (size_t i = 0; i < 3 && !p->failed; i++) {
		ps_skip_lines(p);
		char c = ps_peek(p, 0);
		ps_add(p, n, c == ';' || c == ')' ? NULL : ps_parse_statement(p));
		ps_skip_lines(p);
		if (!ps_take(p, ";"))
			break;
	}
	while (n->n < 3)
		ps_add(p, n, NULL);
	p->newlines = newlines;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "the end of a loop's head was expected");
	n->b = braces(p);
	return ps_done(p, n);
}

static struct ps_node *parse_foreach(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_FOREACH, p->at - 7);
	unsigned newlines = p->newlines;
	ps_skip_lines(p);
	while (ps_peek(p, 0) == '-') { /* -parallel of workflows */
		p->at++;
		p->at += ps_word_ahead(p).n;
		ps_skip_lines(p);
	}
	if (!ps_take(p, "("))
		ps_fail(p, "the parentheses of foreach were expected");
	p->newlines = 1;
	ps_skip_lines(p);
	n->a = p->failed ? NULL : ps_parse_primary(p);
	if (!p->failed && !take_word(p, "in"))
		ps_fail(p, "in was expected");
	ps_skip_lines(p);
	n->c = p->failed ? NULL : ps_parse_statement(p);
	ps_skip_lines(p);
	p->newlines = newlines;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "the end of a loop's head was expected");
	n->b = braces(p);
	return ps_done(p, n);
}

static void parse_cases(struct ps_parser *p, struct ps_node *n)
{
	ps_skip_lines(p);
	if (!ps_take(p, "{")) {
		ps_fail(p, "the cases of a switch were expected");
		return;
	}
	while (!p->failed) {
		ps_skip_lines(p);
		while (ps_take(p, ";"))
			ps_skip_lines(p);
		if (ps_take(p, "}"))
			return;
		if (ps_at_end(p)) {
			ps_fail(p, "a switch without its end");
			return;
		}
		char c = ps_peek(p, 0);
		struct ps_node *pattern = NULL;
		if (ps_word_is(ps_word_ahead(p), "default"))
			p->at += 7;
		else if (c && strchr("$'\"({[@", c))
			pattern = ps_parse_primary(p);
		else
			pattern = ps_parse_bare(p);
		ps_add(p, n, pattern);
		ps_add(p, n, braces(p));
	}
}

static struct ps_node *parse_switch(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_SWITCH, p->at - 6);
	unsigned newlines = p->newlines;
	ps_skip_lines(p);
	while (ps_peek(p, 0) == '-') {
		struct str word;
		p->at++;
		word = ps_word_ahead(p);
		p->at += word.n;
		ps_skip_lines(p);
		if (ps_word_is(word, "file")) {
			n->a = ps_parse_bare(p);
			ps_skip_lines(p);
		}
	}
	if (!n->a)
		n->a = condition(p);
	p->newlines = 0;
	parse_cases(p, n);
	p->newlines = newlines;
	return ps_done(p, n);
}

/* ---- Errors --------------------------------------------------------------------------------- */

static struct ps_node *parse_try(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_TRY, p->at - 3);
	n->a = braces(p);
	while (!p->failed && take_word(p, "catch")) {
		ps_skip_lines(p);
		while (!p->failed && ps_peek(p, 0) == '[') {
			bool attribute;
			ps_parse_type(p, &attribute);
			ps_skip_lines(p);
			if (ps_take(p, ","))
				ps_skip_lines(p);
		}
		ps_add(p, n, braces(p));
	}
	if (!p->failed && take_word(p, "finally"))
		n->b = braces(p);
	return ps_done(p, n);
}

static struct ps_node *parse_trap(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_TRAP, p->at - 4);
	bool attribute;
	ps_skip_lines(p);
	if (ps_peek(p, 0) == '[')
		ps_parse_type(p, &attribute);
	n->a = braces(p);
	return ps_done(p, n);
}

static struct ps_node *parse_jump(struct ps_parser *p, enum ps_kind kind, size_t word)
{
	struct ps_node *n = ps_node_new(p, kind, p->at - word);
	ps_skip_blank(p);
	char c = ps_peek(p, 0);
	if (c && !strchr(";|})\n", c))
		n->a = ps_parse_pipeline(p);
	return ps_done(p, n);
}

static struct ps_node *parse_return(struct ps_parser *p)
{
	return parse_jump(p, PS_RETURN, 6);
}

static struct ps_node *parse_throw(struct ps_parser *p)
{
	return parse_jump(p, PS_THROW, 5);
}

static struct ps_node *parse_exit(struct ps_parser *p)
{
	return parse_jump(p, PS_EXIT, 4);
}

static struct ps_node *parse_break(struct ps_parser *p)
{
	return parse_jump(p, PS_BREAK, 5);
}

static struct ps_node *parse_continue(struct ps_parser *p)
{
	return parse_jump(p, PS_CONTINUE, 8);
}

/* ---- Functions ------------------------------------------------------------------------------ */

/* [Attribute()] [type] $Name = default, ... to the parenthesis that closes. */
static struct ps_node *parse_params(struct ps_parser *p)
{
	struct ps_node *list = ps_node_new(p, PS_PARAMS, p->at);
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	p->at++;
	p->newlines = 1;
	p->commas = true;
	while (!p->failed) {
		bool is_switch = false;
		ps_skip_lines(p);
		while (!p->failed && ps_peek(p, 0) == '[') {
			bool attribute;
			struct ps_node *type = ps_parse_type(p, &attribute);
			is_switch = type &&
				ps_word_is(
					type->text, "switch management.automation.switchparameter");
			ps_skip_lines(p);
		}
		if (ps_peek(p, 0) != '$')
			break;
		struct ps_node *v = ps_parse_variable(p);
		if (!v)
			break;
		struct ps_node *param = ps_node_new(p, PS_PARAM, v->span.off);
		param->text = v->text;
		param->flag = is_switch;
		ps_skip_lines(p);
		if (ps_peek(p, 0) == '=') {
			p->at++;
			ps_skip_lines(p);
			param->a = ps_parse_expression(p);
		}
		ps_add(p, list, ps_done(p, param));
		ps_skip_lines(p);
		if (!ps_take(p, ","))
			break;
	}
	ps_skip_lines(p);
	p->newlines = newlines;
	p->commas = commas;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "the end of the parameters was expected");
	return ps_done(p, list);
}

static struct ps_node *parse_function(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_FUNCTION, p->at - 8);
	ps_skip_lines(p);
	size_t from = p->at;
	while (!ps_ends_word(ps_peek(p, 0)))
		p->at++;
	n->text = ps_lower(p, str_sub(p->s, from, p->at - from));
	size_t colon = str_find_byte(n->text, ':');
	if (colon != STR_NPOS)
		n->text = str_from_index(n->text, colon + 1);
	if (n->text.n == 0)
		ps_fail(p, "a function without a name");
	ps_skip_lines(p);
	struct ps_node *params = NULL;
	if (ps_peek(p, 0) == '(')
		params = parse_params(p);
	n->a = braces(p);
	if (params)
		n->a->a = params;
	return ps_done(p, n);
}

/* Members of a class are methods, which are functions, and properties, which run nothing. */
static struct ps_node *parse_class(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_CLASS, p->at);
	while (!ps_at_end(p) && ps_peek(p, 0) != '{')
		p->at++;
	p->at += !ps_at_end(p);
	while (!p->failed) {
		ps_skip_lines(p);
		char c = ps_peek(p, 0);
		if (ps_take(p, "}") || ps_at_end(p))
			break;
		bool attribute;
		struct str word = ps_word_ahead(p);
		if (c == '[') {
			ps_parse_type(p, &attribute);
		} else if (c == '$') {
			ps_parse_primary(p);
			ps_skip_blank(p);
			if (ps_take(p, "=")) {
				ps_skip_lines(p);
				ps_parse_statement(p);
			}
		} else if (word.n > 0) {
			struct ps_node *f = ps_node_new(p, PS_FUNCTION, p->at);
			f->text = ps_lower(p, word);
			p->at += word.n;
			ps_skip_blank(p);
			struct ps_node *params = ps_peek(p, 0) == '(' ? parse_params(p) : NULL;
			ps_skip_blank(p);
			if (ps_take(p, ":")) {
				ps_skip_lines(p);
				while (!ps_at_end(p) && ps_peek(p, 0) != '{')
					p->at++;
			}
			if (!params)
				continue;
			f->a = braces(p);
			f->a->a = params;
			ps_add(p, n, ps_done(p, f));
		} else {
			p->at++;
		}
	}
	return ps_done(p, n);
}

static struct ps_node *parse_enum(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_CLASS, p->at);
	size_t end = str_find_byte(str_from_index(p->s, p->at), '}');
	p->at = end == STR_NPOS ? p->s.n : p->at + end + 1;
	return n;
}

static struct ps_node *parse_using(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_CLASS, p->at);
	size_t end = str_find_byte(str_from_index(p->s, p->at), '\n');
	p->at = end == STR_NPOS ? p->s.n : p->at + end;
	return n;
}

/* ---- Statements ----------------------------------------------------------------------------- */

static const struct keyword {
	const char *name;
	statement_fn *parse;
} keywords[] = {
	{"if", parse_if},
	{"while", parse_while},
	{"do", parse_do},
	{"for", parse_for},
	{"foreach", parse_foreach},
	{"switch", parse_switch},
	{"try", parse_try},
	{"trap", parse_trap},
	{"return", parse_return},
	{"throw", parse_throw},
	{"exit", parse_exit},
	{"break", parse_break},
	{"continue", parse_continue},
	{"function", parse_function},
	{"filter", parse_function},
	{"workflow", parse_function},
	{"class", parse_class},
	{"enum", parse_enum},
	{"using", parse_using},
};

/* A word that is followed by what belongs to another one is a command: foreach-object, if.exe. */
static const struct keyword *keyword_ahead(struct ps_parser *p)
{
	struct str word = ps_word_ahead(p);
	char end = ps_peek(p, word.n);
	if (word.n == 0 || (end && !ps_is_space(end) && !strchr(";({})|$'\"", end)))
		return NULL;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (str_eq_nocase(word, str_from(keywords[i].name)))
			return &keywords[i];
	return NULL;
}

static bool take_assignment(struct ps_parser *p, struct str *op)
{
	static const char *const ops[] = {"=", "+=", "-=", "*=", "/=", "%=", "\?\?="};
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		if (ps_ahead(p, ops[i])) {
			*op = str_from(ops[i]);
			p->at += op->n;
			return true;
		}
	}
	return false;
}

static struct ps_node *parse_assignable(struct ps_parser *p)
{
	size_t from = p->at;
	struct ps_node *n = ps_parse_pipeline(p);
	struct str op;
	ps_skip(p);
	bool target = n &&
		(n->kind == PS_VARIABLE || n->kind == PS_MEMBER || n->kind == PS_INDEX ||
			n->kind == PS_CAST || n->kind == PS_LIST || n->kind == PS_PAREN);
	if (p->failed || !target || !take_assignment(p, &op))
		return n;
	struct ps_node *assign = ps_node_new(p, PS_ASSIGN, from);
	assign->text = op;
	assign->a = n;
	ps_skip_lines(p);
	assign->b = ps_parse_statement(p);
	return ps_done(p, assign);
}

struct ps_node *ps_parse_statement(struct ps_parser *p)
{
	if (!ps_enter(p))
		return ps_node_new(p, PS_BLOCK, p->at);
	if (ps_peek(p, 0) == ':' && ps_is_name(ps_peek(p, 1))) { /* the label of a loop */
		p->at++;
		p->at += ps_word_ahead(p).n;
		ps_skip_lines(p);
	}
	const struct keyword *k = keyword_ahead(p);
	unsigned newlines = p->newlines;
	struct ps_node *n;
	if (k) {
		p->at += strlen(k->name);
		p->newlines = 0;
		n = k->parse(p);
		p->newlines = newlines;
	} else {
		n = parse_assignable(p);
	}
	ps_leave(p);
	return n;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* begin { } process { } end { }: their statements are the block's. */
static bool take_named_block(struct ps_parser *p)
{
	struct str word = ps_word_ahead(p);
	if (!ps_word_is(word, "begin process end dynamicparam clean parallel sequence"))
		return false;
	struct ps_parser after = *p;
	after.at += word.n;
	ps_skip_lines(&after);
	if (ps_peek(&after, 0) != '{')
		return false;
	p->at = after.at;
	return true;
}

static bool take_params(struct ps_parser *p, struct ps_node *block)
{
	struct str word = ps_word_ahead(p);
	struct ps_parser after = *p;
	if (!ps_word_is(word, "param"))
		return false;
	after.at += word.n;
	ps_skip_lines(&after);
	if (ps_peek(&after, 0) != '(')
		return false;
	p->at = after.at;
	block->a = parse_params(p);
	return true;
}

/* Behind an error: on the next line. */
static void recover(struct ps_parser *p)
{
	size_t end = str_find_byte(str_from_index(p->s, p->at), '\n');
	p->at = end == STR_NPOS ? p->s.n : p->at + end + 1;
	p->failed = false;
}

static void parse_named(struct ps_parser *p, struct ps_node *block)
{
	p->at++;
	struct ps_node *inner = ps_parse_block(p, '}');
	for (size_t i = 0; i < inner->n; i++)
		ps_add(p, block, inner->items[i]);
}

static void parse_in_block(struct ps_parser *p, struct ps_node *block)
{
	bool attribute;
	size_t from = p->at;
	if (take_named_block(p)) {
		parse_named(p, block);
		return;
	}
	if (take_params(p, block))
		return;
	/* [CmdletBinding()] before param. */
	if (ps_peek(p, 0) == '[' && !ps_parse_type(p, &attribute) && attribute) {
		ps_skip_lines(p);
		if (ps_peek(p, 0) != '$')
			return;
	}
	if (!p->failed)
		p->at = from;
	struct ps_node *n = ps_parse_statement(p);
	if (!p->failed)
		ps_add(p, block, n);
	ps_skip_blank(p);
	char c = ps_peek(p, 0);
	if (!p->failed && c && !strchr(";\n})", c) && p->at == from)
		ps_fail(p, "a statement was expected");
}

struct ps_node *ps_parse_block(struct ps_parser *p, char close)
{
	struct ps_node *block = ps_node_new(p, PS_BLOCK, p->at);
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	if (!ps_enter(p))
		return block;
	p->newlines = 0;
	p->commas = false;
	while (true) {
		ps_skip_lines(p);
		char c = ps_peek(p, 0);
		if (ps_at_end(p)) {
			if (close)
				ps_fail(p, "a bracket without its end");
			break;
		}
		if (close && c == close) {
			p->at++;
			break;
		}
		if (c == ';') {
			p->at++;
			continue;
		}
		if (c == '}' || c == ')') {
			ps_fail(p, "a closing bracket without its beginning");
			p->at++;
			p->failed = false;
			continue;
		}
		parse_in_block(p, block);
		if (p->failed)
			recover(p);
	}
	p->newlines = newlines;
	p->commas = commas;
	ps_leave(p);
	return ps_done(p, block);
}
