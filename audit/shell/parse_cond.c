#include "audit/shell/parser.h"

/*
 * [[ ... ]]. The operands go to the words of the command, in order; the operators stay in the
 * text. bash -n reports errors in here and still exits with 0: they are errors.
 */

static bool is_unary(struct str s)
{
	return s.n == 2 && s.p[0] == '-' && strchr("abcdefghknoprstuvwxzGLNORS", s.p[1]);
}

static const char *const binary_ops[] = {
	"==", "=", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};

/* The text of the word at the cursor, when it is a plain one. */
static struct str peek_plain(const struct parser *p)
{
	const char *at = p->at.cur;
	while (at < p->at.end && !sh_is_delimiter(p, at))
		at++;
	return (struct str){p->at.cur, (size_t)(at - p->at.cur)};
}

static bool at_cond_end(const struct parser *p)
{
	return str_is(peek_plain(p), "]]");
}

static bool parse_or(struct parser *p);

static bool parse_operand(struct parser *p, unsigned flags, const char *wanted)
{
	sh_skip_blanks(p);
	if (at_cond_end(p))
		return sh_fail_unexpected(p, wanted);
	const struct shell_word *w = sh_parse_word(p, flags);
	if (!w)
		return sh_fail_unexpected(p, wanted);
	list_push(p->arena, &p->words) = w;
	return true;
}

/* Consumes a binary operator. *flags: how its right side is read. */
static bool accept_binary(struct parser *p, unsigned *flags)
{
	char c = peek(p);
	if (c == '<' || c == '>') {
		p->at.cur++;
		return true;
	}
	struct str op = peek_plain(p);
	for (size_t i = 0; i < countof(binary_ops); i++) {
		if (!str_is(op, binary_ops[i]))
			continue;
		if (i < 3)
			*flags = WORD_PATTERN;
		else if (i == 3)
			*flags = WORD_REGEX;
		p->at.cur += op.n;
		return true;
	}
	return false;
}

static bool at_term_end(const struct parser *p)
{
	char c = peek(p);
	return at_cond_end(p) || c == ')' || (c == '&' && sh_peek_second(p) == '&') ||
		(c == '|' && sh_peek_second(p) == '|');
}

static bool parse_comparison(struct parser *p)
{
	struct span span = here(p);
	if (!parse_operand(p, WORD_PATTERN, "an operand or ']]'"))
		return false;
	sh_skip_blanks(p);
	if (peek(p) == '\n') {
		sh_warn_at(p, span, "bash wants an operator on the same line");
		if (!sh_skip_newlines(p))
			return false;
	}
	unsigned flags = 0;
	if (accept_binary(p, &flags))
		return parse_operand(p, flags, "the right side of a comparison");
	if (at_term_end(p))
		return true;
	return sh_fail_unexpected(p, "an operator or ']]'");
}

static bool parse_parenthesised(struct parser *p)
{
	p->at.cur++;
	if (!parse_or(p))
		return false;
	if (peek(p) != ')')
		return sh_fail_unexpected(p, "')'");
	p->at.cur++;
	return true;
}

static bool parse_term(struct parser *p)
{
	if (!sh_skip_newlines(p))
		return false;
	while (str_is(peek_plain(p), "!")) {
		p->at.cur++;
		if (!sh_skip_newlines(p))
			return false;
		/* bash takes "[[ ! ]]" and "[[ ]]". */
		if (at_cond_end(p))
			return true;
	}
	struct str word = peek_plain(p);
	bool ok;
	if (peek(p) == '(') {
		ok = parse_parenthesised(p);
	} else if (is_unary(word)) {
		p->at.cur += word.n;
		ok = parse_operand(p, 0, "the operand of a test");
	} else {
		ok = parse_comparison(p);
	}
	return ok && sh_skip_newlines(p);
}

static bool parse_and(struct parser *p)
{
	do {
		if (!parse_term(p))
			return false;
	} while (sh_accept_op(p, "&&"));
	return true;
}

static bool parse_or(struct parser *p)
{
	if (!sh_enter(p))
		return false;
	do {
		if (!parse_and(p))
			return false;
	} while (sh_accept_op(p, "||"));
	p->depth--;
	return true;
}

struct shell_command *sh_parse_cond(struct parser *p, struct span span)
{
	struct shell_command *c = take(p, sizeof(*c));
	size_t mark = p->words.n;
	c->kind = SHELL_COND;
	c->span = span;
	if (!sh_skip_newlines(p))
		return NULL;
	const char *from = p->at.cur;
	struct span text = here(p);
	if (!at_cond_end(p) && !parse_or(p))
		return NULL;
	if (!at_cond_end(p)) {
		if (at_end(p))
			sh_fail_at(p, span, "unterminated '[['");
		sh_fail_unexpected(p, "']]'");
		return NULL;
	}
	span_end(p, &text);
	c->subject = sh_text_word(
		p, SHELL_LITERAL, text, (struct str){from, (size_t)(p->at.cur - from)});
	p->at.cur += 2;
	p->last_end = offset(p);
	c->word_count = (uint32_t)(p->words.n - mark);
	c->words = sh_take_copy(p, p->words.items, mark, c->word_count, sizeof(*c->words));
	p->words.n = mark;
	return c;
}
