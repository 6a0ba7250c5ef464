#include "audit/shell/parser.h"

bool sh_expect_keyword(struct parser *p, enum keyword k, struct span opener, const char *what)
{
	sh_skip_blanks(p);
	if (sh_accept_keyword(p, k))
		return true;
	if (p->failed)
		return false;
	struct str wanted = arena_printf(
		p->arena, "'%s' of the '%s' on line %u", sh_keyword_text(k), what, opener.line);
	return sh_fail_unexpected(p, wanted.p);
}

static struct shell_command *new_command(
	struct parser *p, enum shell_command_kind kind, struct span span)
{
	struct shell_command *c = take(p, sizeof(*c));
	c->kind = kind;
	c->span = span;
	return c;
}

/* ---- if, while, until ----------------------------------------------------------------------- */

struct arm {
	struct span span;
	const struct shell_list *cond;
	const struct shell_list *body;
	struct arm *before;
};

static struct arm *parse_arm(struct parser *p, struct span span, struct arm *before)
{
	struct arm *arm = take(p, sizeof(*arm));
	arm->span = span;
	arm->before = before;
	arm->cond = sh_parse_commands(p, "a condition");
	if (!arm->cond || !sh_expect_keyword(p, KW_THEN, span, "if"))
		return NULL;
	arm->body = sh_parse_commands(p, "a command behind 'then'");
	return arm->body ? arm : NULL;
}

/* The last arm is the innermost; each elif becomes a list of one if. */
static struct shell_command *nest_arms(
	struct parser *p, struct arm *arm, const struct shell_list *otherwise)
{
	for (;; arm = arm->before) {
		struct shell_command *c = new_command(p, SHELL_IF, arm->span);
		span_end_last(p, &c->span);
		c->cond = arm->cond;
		c->body = arm->body;
		c->otherwise = otherwise;
		if (!arm->before)
			return c;
		otherwise = sh_list_of(p, c);
	}
}

static struct shell_command *parse_if(struct parser *p, struct span span)
{
	unsigned depth = p->depth;
	struct arm *arm = parse_arm(p, span, NULL);
	for (;;) {
		if (!arm)
			return NULL;
		struct span elif = here(p);
		if (!sh_accept_keyword(p, KW_ELIF))
			break;
		if (!sh_enter(p))
			return NULL;
		arm = parse_arm(p, elif, arm);
	}
	const struct shell_list *otherwise = NULL;
	if (sh_accept_keyword(p, KW_ELSE)) {
		otherwise = sh_parse_commands(p, "a command behind 'else'");
		if (!otherwise)
			return NULL;
	}
	if (!sh_expect_keyword(p, KW_FI, span, "if"))
		return NULL;
	p->depth = depth;
	return nest_arms(p, arm, otherwise);
}

static const struct shell_list *parse_do(struct parser *p, struct span opener, const char *what)
{
	if (!sh_expect_keyword(p, KW_DO, opener, what))
		return NULL;
	const struct shell_list *body = sh_parse_commands(p, "a command behind 'do'");
	if (!body || !sh_expect_keyword(p, KW_DONE, opener, what))
		return NULL;
	return body;
}

static struct shell_command *parse_while(
	struct parser *p, struct span span, enum shell_command_kind kind)
{
	struct shell_command *c = new_command(p, kind, span);
	c->cond = sh_parse_commands(p, "a condition");
	if (!c->cond)
		return NULL;
	c->body = parse_do(p, span, kind == SHELL_WHILE ? "while" : "until");
	return c->body ? c : NULL;
}

/* ---- for, select ---------------------------------------------------------------------------- */

static const struct shell_list *parse_braces(struct parser *p, struct span opener)
{
	const struct shell_list *body = sh_parse_commands(p, "a command behind '{'");
	if (!body || !sh_expect_keyword(p, KW_RBRACE, opener, "{"))
		return NULL;
	return body;
}

static const struct shell_list *parse_loop_body(
	struct parser *p, struct span opener, const char *what)
{
	if (!sh_skip_newlines(p))
		return NULL;
	struct span brace = here(p);
	if (!p->posix && sh_accept_keyword(p, KW_LBRACE))
		return parse_braces(p, brace);
	return parse_do(p, opener, what);
}

static struct shell_command *parse_for_arith(struct parser *p, struct span span)
{
	struct shell_command *c = new_command(p, SHELL_FOR_ARITH, span);
	c->subject = sh_parse_arith_text(p);
	if (!c->subject)
		return NULL;
	sh_skip_blanks(p);
	if (peek(p) == ';')
		p->at.cur++;
	c->body = parse_loop_body(p, span, "for");
	return c->body ? c : NULL;
}

/* The words behind "in", up to ";" or a newline. */
static bool parse_loop_words(struct parser *p, struct shell_command *c)
{
	size_t mark = p->words.n;
	const struct shell_word *w;
	c->has_in = true;
	sh_skip_blanks(p);
	while ((w = sh_parse_word(p, 0))) {
		list_push(p->arena, &p->words) = w;
		sh_skip_blanks(p);
	}
	if (p->failed)
		return false;
	c->word_count = (uint32_t)(p->words.n - mark);
	c->words = sh_take_copy(p, p->words.items, mark, c->word_count, sizeof(*c->words));
	p->words.n = mark;
	if (peek(p) == ';' && sh_peek_second(p) != ';')
		p->at.cur++;
	else if (peek(p) != '\n' && !at_end(p))
		return sh_fail_unexpected(p, "';' or a newline before 'do'");
	return true;
}

static bool is_identifier(struct str s)
{
	if (s.n == 0 || !is_name_start(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_name(s.p[i]))
			return false;
	return true;
}

static bool parse_loop_variable(struct parser *p, struct shell_command *c, const char *what)
{
	sh_skip_blanks(p);
	struct span span = here(p);
	const struct shell_word *w = sh_parse_word(p, 0);
	if (!w)
		return sh_fail_unexpected(p, "the name of a variable");
	bool plain = w->part_count == 1 && w->parts[0].kind == SHELL_LITERAL;
	if (shell_word_static(w, p->arena, &c->name) && is_identifier(c->name) &&
		(plain || !p->posix))
		return true;
	/* bash sees it only when the loop runs. */
	if (p->posix)
		return sh_fail_at(p, span, "the variable of '%s' must be a name", what);
	sh_warn_at(p, span, "the variable of '%s' is not a name", what);
	return true;
}

static struct shell_command *parse_for(struct parser *p, struct span span, bool select)
{
	const char *what = select ? "select" : "for";
	sh_skip_blanks(p);
	if (!p->posix && !select && sh_accept_op(p, "(("))
		return parse_for_arith(p, span);
	struct shell_command *c = new_command(p, select ? SHELL_SELECT : SHELL_FOR, span);
	if (!parse_loop_variable(p, c, what))
		return NULL;
	sh_skip_blanks(p);
	if (peek(p) == ';' && sh_peek_second(p) != ';') {
		p->at.cur++;
	} else {
		if (!sh_skip_newlines(p))
			return NULL;
		if (sh_accept_keyword(p, KW_IN) && !parse_loop_words(p, c))
			return NULL;
	}
	c->body = parse_loop_body(p, span, what);
	return c->body ? c : NULL;
}

/* ---- Grouping ------------------------------------------------------------------------------- */

static struct shell_command *parse_group(struct parser *p, struct span span)
{
	struct shell_command *c = new_command(p, SHELL_GROUP, span);
	c->body = parse_braces(p, span);
	return c->body ? c : NULL;
}

static struct shell_command *parse_subshell(struct parser *p, struct span span)
{
	struct shell_command *c = new_command(p, SHELL_SUBSHELL, span);
	sh_accept_op(p, "(");
	c->body = sh_parse_commands(p, "a command behind '('");
	if (!c->body)
		return NULL;
	if (at_end(p)) {
		sh_fail_at(p, span, "unterminated '('");
		return NULL;
	}
	if (!sh_accept_op(p, ")")) {
		sh_fail_unexpected(p, "')'");
		return NULL;
	}
	return c;
}

/* "((": an expression when it ends in "))", else subshells. */
static struct shell_command *parse_parens(struct parser *p, struct span span)
{
	struct checkpoint start = sh_checkpoint(p);
	if (p->posix || !sh_accept_op(p, "(("))
		return parse_subshell(p, span);
	struct shell_command *c = new_command(p, SHELL_ARITH_COMMAND, span);
	c->subject = sh_parse_arith_text(p);
	if (c->subject)
		return c;
	if (!sh_retry(p, &start))
		return NULL;
	return parse_subshell(p, span);
}

/* ---- Functions ------------------------------------------------------------------------------ */

static bool at_compound(struct parser *p)
{
	if (peek(p) == '(')
		return true;
	switch (sh_peek_keyword(p)) {
	case KW_LBRACE:
	case KW_CASE:
	case KW_FOR:
	case KW_IF:
	case KW_UNTIL:
	case KW_WHILE:
	case KW_COND:
	case KW_SELECT:
		return true;
	case KW_NONE:
	case KW_BANG:
	case KW_RBRACE:
	case KW_DO:
	case KW_DONE:
	case KW_ELIF:
	case KW_ELSE:
	case KW_ESAC:
	case KW_FI:
	case KW_IN:
	case KW_THEN:
	case KW_COND_END:
	case KW_FUNCTION:
	case KW_TIME:
	case KW_COPROC:
		return false;
	}
	return false;
}

/* bash wants a compound command, dash takes any. */
static struct shell_command *parse_function_body(
	struct parser *p, struct span span, struct str name)
{
	struct shell_command *c = new_command(p, SHELL_FUNCTION, span);
	c->name = name;
	if (!sh_enter(p) || !sh_skip_newlines(p))
		return NULL;
	if (!p->posix && !at_compound(p)) {
		sh_fail_unexpected(p, "the body of a function");
		return NULL;
	}
	c->inner = sh_parse_command(p);
	if (!c->inner)
		return NULL;
	p->depth--;
	span_end_last(p, &c->span);
	return c;
}

/* dash lets no function hide these. "." and ":" are no names anyway. */
static const char *const special_builtins[] = {"break", "continue", "eval", "exec", "exit",
	"export", "local", "readonly", "return", "set", "shift", "times", "trap", "unset"};

static bool is_special_builtin(struct str name)
{
	for (size_t i = 0; i < countof(special_builtins); i++)
		if (str_is(name, special_builtins[i]))
			return true;
	return false;
}

struct shell_command *sh_parse_function(struct parser *p, struct span span, struct str name)
{
	sh_skip_blanks(p);
	if (!sh_accept_op(p, ")")) {
		sh_fail_unexpected(p, "')' behind the name of a function");
		return NULL;
	}
	if (p->posix && (!is_identifier(name) || is_special_builtin(name))) {
		sh_fail_at(p, span, "'%.*s' cannot name a function", STR_ARG(name));
		return NULL;
	}
	return parse_function_body(p, span, name);
}

/* function name [()] body; without parentheses the body may be a subshell. */
static struct shell_command *parse_function_keyword(struct parser *p, struct span span)
{
	sh_skip_blanks(p);
	const struct shell_word *w = sh_parse_word(p, 0);
	if (!w) {
		sh_fail_unexpected(p, "the name of a function");
		return NULL;
	}
	struct str name = STR("");
	if (!shell_word_static(w, p->arena, &name))
		sh_warn_at(p, w->span, "this cannot name a function");
	sh_skip_blanks(p);
	const char *paren = p->at.cur;
	struct place before = p->at;
	if (peek(p) == '(') {
		sh_advance_to(p, paren + 1);
		sh_skip_blanks(p);
		if (!sh_accept_op(p, ")"))
			p->at = before;
	}
	return parse_function_body(p, span, name);
}

/* ---- coproc --------------------------------------------------------------------------------- */

/* coproc NAME compound: the word is a name when a compound command follows it. */
static bool accept_coproc_name(struct parser *p, struct str *name)
{
	struct checkpoint start = sh_checkpoint(p);
	const struct shell_word *w = sh_parse_word(p, 0);
	if (w)
		sh_skip_blanks(p);
	if (!w || !at_compound(p))
		return sh_retry(p, &start);
	if (!shell_word_static(w, p->arena, name))
		sh_warn_at(p, w->span, "this cannot name a coprocess");
	return true;
}

static struct shell_command *parse_coproc(struct parser *p, struct span span)
{
	struct shell_command *c = new_command(p, SHELL_COPROC, span);
	sh_skip_blanks(p);
	if (!at_compound(p) && !accept_coproc_name(p, &c->name))
		return NULL;
	c->inner = at_compound(p) ? sh_parse_command(p) : sh_parse_simple(p);
	return c->inner ? c : NULL;
}

/* ---- Commands ------------------------------------------------------------------------------- */

static struct shell_command *parse_reserved(struct parser *p, enum keyword k, struct span span)
{
	sh_accept_keyword(p, k);
	switch (k) {
	case KW_LBRACE:
		return parse_group(p, span);
	case KW_CASE:
		return sh_parse_case(p, span);
	case KW_FOR:
	case KW_SELECT:
		return parse_for(p, span, k == KW_SELECT);
	case KW_IF:
		return parse_if(p, span);
	case KW_WHILE:
		return parse_while(p, span, SHELL_WHILE);
	case KW_UNTIL:
		return parse_while(p, span, SHELL_UNTIL);
	case KW_COND:
		return sh_parse_cond(p, span);
	case KW_FUNCTION:
		return parse_function_keyword(p, span);
	case KW_COPROC:
		return parse_coproc(p, span);
	case KW_NONE:
	case KW_BANG:
	case KW_RBRACE:
	case KW_DO:
	case KW_DONE:
	case KW_ELIF:
	case KW_ELSE:
	case KW_ESAC:
	case KW_FI:
	case KW_IN:
	case KW_THEN:
	case KW_COND_END:
	case KW_TIME:
		break;
	}
	return NULL;
}

/* A reserved word where no command may start. */
static struct shell_command *misplaced(struct parser *p)
{
	sh_fail_unexpected(p, "a command");
	return NULL;
}

static struct shell_command *parse_compound(struct parser *p, enum keyword k)
{
	struct span span = here(p);
	if (!sh_enter(p))
		return NULL;
	struct shell_command *c = k == KW_NONE ? parse_parens(p, span) : parse_reserved(p, k, span);
	if (!c)
		return NULL;
	p->depth--;
	if (c->kind == SHELL_FUNCTION || c->kind == SHELL_COPROC) {
		span_end_last(p, &c->span);
		return c;
	}
	size_t mark = p->redirs.n;
	if (!sh_parse_redirections(p))
		return NULL;
	sh_finish_redirections(p, c, mark);
	span_end_last(p, &c->span);
	return c;
}

struct shell_command *sh_parse_command(struct parser *p)
{
	sh_skip_blanks(p);
	if (peek(p) == '(')
		return parse_compound(p, KW_NONE);
	enum keyword k = sh_peek_keyword(p);
	switch (k) {
	case KW_NONE:
	case KW_TIME:
		return sh_parse_simple(p);
	case KW_BANG:
		if (p->extglob == EXTGLOB_ON && *p->keyword_end == '(')
			return sh_parse_simple(p);
		return misplaced(p);
	case KW_LBRACE:
	case KW_CASE:
	case KW_FOR:
	case KW_IF:
	case KW_UNTIL:
	case KW_WHILE:
	case KW_COND:
	case KW_FUNCTION:
	case KW_SELECT:
	case KW_COPROC:
		return parse_compound(p, k);
	case KW_RBRACE:
	case KW_DO:
	case KW_DONE:
	case KW_ELIF:
	case KW_ELSE:
	case KW_ESAC:
	case KW_FI:
	case KW_IN:
	case KW_THEN:
	case KW_COND_END:
		return misplaced(p);
	}
	return NULL;
}
