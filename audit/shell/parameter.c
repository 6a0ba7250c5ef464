#include "audit/shell/parser.h"

/*
 * ${...}. The cursor is behind the brace. What bash refuses only when it expands it ("bad
 * substitution") is kept as a transformation with an unknown letter, and a warning.
 */

static char peek_joined(struct parser *p)
{
	const char *at = sh_joined(p, p->at.cur);
	if (at != p->at.cur)
		sh_advance_to(p, at);
	return peek(p);
}

static const struct shell_word *parse_argument(
	struct parser *p, bool quoted, char until, bool pattern)
{
	struct span span = here(p);
	size_t mark = p->parts.n;
	struct scan s = {
		.bits = quoted ? TEXT_QUOTED_ARG : TEXT_ARG, .until = until, .pattern = pattern};
	if (!sh_scan_parts(p, &s))
		return NULL;
	return sh_finish_word(p, span, mark);
}

/* "$" with what follows it is an expansion, not the name. */
static bool is_pid(const struct parser *p)
{
	char c = sh_peek_second(p);
	return peek(p) == '$' && c != '\0' && strchr("}:-=?+#%/^,@~", c) != NULL;
}

static bool is_special(char c)
{
	return c != '\0' && strchr("@*#?-$!", c) != NULL;
}

/* A name, a number or a special parameter. Empty when there is none. */
static struct str parse_name(struct parser *p)
{
	char c = peek_joined(p);
	const char *from = p->at.cur;
	const char *at = from;
	if (is_name_start(c)) {
		while (at < p->at.end && is_name(*at))
			at++;
	} else if (is_digit(c)) {
		while (at < p->at.end && is_digit(*at))
			at++;
	} else if (c == '$' ? is_pid(p) : is_special(c)) {
		at++;
	}
	p->at.cur = at;
	return (struct str){from, (size_t)(at - from)};
}

static bool starts_name(char c)
{
	return is_name(c) || is_special(c);
}

/* "#" is a length when a parameter and the end, or a subscript, follow; else it is $#. */
static bool at_length(const struct parser *p)
{
	char c = sh_peek_second(p);
	if (peek(p) != '#' || !starts_name(c))
		return false;
	if (is_name(c))
		return true;
	const char *third = sh_joined(p, sh_joined(p, p->at.cur + 1) + 1);
	return third < p->at.end && *third == '}';
}

static bool at_indirection(const struct parser *p)
{
	char c = sh_peek_second(p);
	if (p->posix || peek(p) != '!')
		return false;
	if (is_name(c))
		return true;
	const char *third = sh_joined(p, sh_joined(p, p->at.cur + 1) + 1);
	return (c == '#' || c == '@' || c == '*' || c == '?' || c == '!' || c == '$') &&
		third < p->at.end && *third == '}';
}

/* ---- Operators ------------------------------------------------------------------------------ */

static bool parse_one_argument(
	struct parser *p, struct shell_param *param, bool quoted, bool pattern)
{
	param->arg = parse_argument(p, quoted, '\0', pattern);
	return param->arg != NULL;
}

static bool parse_slice(struct parser *p, struct shell_param *param, bool quoted)
{
	param->op = SHELL_OP_SLICE;
	param->arg = parse_argument(p, quoted, ':', false);
	if (!param->arg)
		return false;
	if (peek(p) != ':')
		return true;
	p->at.cur++;
	param->arg2 = parse_argument(p, quoted, '\0', false);
	return param->arg2 != NULL;
}

static bool parse_replace(struct parser *p, struct shell_param *param, bool quoted)
{
	const char *from = p->at.cur++;
	char c = peek_joined(p);
	if (c == '/' || c == '#' || c == '%')
		p->at.cur++;
	param->op = SHELL_OP_REPLACE;
	param->op_text = (struct str){from, (size_t)(p->at.cur - from)};
	param->arg = parse_argument(p, quoted, '/', true);
	if (!param->arg)
		return false;
	if (peek(p) != '/')
		return true;
	p->at.cur++;
	param->arg2 = parse_argument(p, quoted, '\0', true);
	return param->arg2 != NULL;
}

/* op, or twice when the character is doubled. */
static bool parse_doubled(struct parser *p, struct shell_param *param, bool quoted,
	enum shell_param_op once, enum shell_param_op twice)
{
	const char *from = p->at.cur;
	char c = *from;
	p->at.cur++;
	bool doubled = peek_joined(p) == c;
	if (doubled)
		p->at.cur++;
	param->op = doubled ? twice : once;
	param->op_text = (struct str){from, (size_t)(p->at.cur - from)};
	return parse_one_argument(p, param, quoted, true);
}

static bool parse_bad(struct parser *p, struct shell_param *param, bool quoted)
{
	const char *from = p->at.cur;
	sh_warn_at(p, here(p), "bad substitution");
	param->op = SHELL_OP_TRANSFORM;
	if (!parse_one_argument(p, param, quoted, false))
		return false;
	param->op_text = (struct str){from, (size_t)(p->at.cur - from)};
	return true;
}

static bool parse_default(struct parser *p, struct shell_param *param, bool quoted)
{
	static const struct {
		char letter;
		enum shell_param_op op;
	} ops[] = {
		{'-', SHELL_OP_DEFAULT},
		{'=', SHELL_OP_ASSIGN},
		{'?', SHELL_OP_ERROR},
		{'+', SHELL_OP_ALTERNATE},
	};
	for (size_t i = 0; i < countof(ops); i++) {
		if (peek(p) != ops[i].letter)
			continue;
		param->op = ops[i].op;
		p->at.cur++;
		return parse_one_argument(p, param, quoted, false);
	}
	return parse_bad(p, param, quoted);
}

static bool parse_colon(struct parser *p, struct shell_param *param, bool quoted)
{
	const char *colon = p->at.cur;
	p->at.cur++;
	char c = peek_joined(p);
	if (c == '-' || c == '=' || c == '?' || c == '+') {
		param->colon = true;
		return parse_default(p, param, quoted);
	}
	if (!p->posix)
		return parse_slice(p, param, quoted);
	p->at.cur = colon;
	return parse_bad(p, param, quoted);
}

/* ${x@Q}, ${!prefix@}, ${!prefix*}. */
static bool parse_at(struct parser *p, struct shell_param *param, bool quoted)
{
	const char *from = p->at.cur;
	char c = sh_peek_second(p);
	if (param->indirect && c == '}') {
		p->at.cur++;
		param->op = SHELL_OP_INDIRECT_KEYS;
		param->op_text = (struct str){from, 1};
		return true;
	}
	if (*from == '@' && c != '\0' && strchr("UuLQEPAKak", c)) {
		sh_advance_to(p, sh_joined(p, from + 1) + 1);
		param->op = SHELL_OP_TRANSFORM;
		param->op_text = (struct str){p->at.cur - 1, 1};
		return true;
	}
	return parse_bad(p, param, quoted);
}

static bool parse_operator(struct parser *p, struct shell_param *param, bool quoted)
{
	switch (peek_joined(p)) {
	case ':':
		return parse_colon(p, param, quoted);
	case '#':
		return parse_doubled(
			p, param, quoted, SHELL_OP_TRIM_PREFIX, SHELL_OP_TRIM_PREFIX_LONG);
	case '%':
		return parse_doubled(
			p, param, quoted, SHELL_OP_TRIM_SUFFIX, SHELL_OP_TRIM_SUFFIX_LONG);
	case '^':
	case ',':
	case '~':
		if (p->posix)
			return parse_bad(p, param, quoted);
		return parse_doubled(p, param, quoted, SHELL_OP_CASE, SHELL_OP_CASE);
	case '/':
		if (p->posix)
			return parse_bad(p, param, quoted);
		return parse_replace(p, param, quoted);
	case '@':
	case '*':
		if (p->posix)
			return parse_bad(p, param, quoted);
		return parse_at(p, param, quoted);
	default:
		return parse_default(p, param, quoted);
	}
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bool parse_index(struct parser *p, struct shell_param *param)
{
	if (p->posix || peek_joined(p) != '[' || !is_name_start(*param->name.p))
		return true;
	const char *from = p->at.cur;
	p->at.cur++;
	param->index = sh_parse_subscript(p);
	if (!param->index)
		return false;
	struct str raw = {from, (size_t)(p->at.cur - from)};
	if (param->indirect && peek_joined(p) == '}' &&
		(str_is(raw, "[@]") || str_is(raw, "[*]"))) {
		param->op = SHELL_OP_INDIRECT_KEYS;
		param->op_text = raw;
	}
	return true;
}

static bool parse_inside(struct parser *p, struct shell_param *param, bool quoted)
{
	peek_joined(p);
	bool length = at_length(p);
	param->braces = true;
	param->indirect = at_indirection(p);
	if (length || param->indirect)
		p->at.cur++;
	param->name = parse_name(p);
	if (param->name.n == 0)
		return parse_bad(p, param, quoted);
	if (!parse_index(p, param))
		return false;
	if (length && peek_joined(p) == '}') {
		param->op = SHELL_OP_LENGTH;
		return true;
	}
	if (length)
		return parse_bad(p, param, quoted);
	return peek_joined(p) == '}' || parse_operator(p, param, quoted);
}

static bool parse_braces(struct parser *p, struct span span, bool quoted)
{
	if (!sh_enter(p))
		return false;
	struct shell_param *param = take(p, sizeof(*param));
	if (!parse_inside(p, param, quoted))
		return false;
	if (peek(p) != '}') {
		if (at_end(p))
			return sh_fail_at(p, span, "unterminated '${'");
		return sh_fail_unexpected(p, "'}'");
	}
	p->at.cur++;
	p->depth--;
	struct shell_part part = {.kind = SHELL_PARAM, .span = span, .param = param};
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

/*
 * ${ command; } and ${| command; } of newer shells. What is none is a bad substitution for bash
 * 5.2, which takes the text up to the next brace.
 */
static bool parse_function_subst(struct parser *p, struct span span, bool quoted)
{
	struct checkpoint start = sh_checkpoint(p);
	struct shell_part part = {.kind = SHELL_COMMAND_SUBST, .span = span};
	if (peek(p) == '|')
		p->at.cur++;
	part.list = sh_parse_substituted(p, '}', span);
	if (!part.list)
		return sh_retry(p, &start) && parse_braces(p, span, quoted);
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

static bool at_function_subst(const struct parser *p)
{
	char c = peek(p);
	return !p->posix && !at_end(p) && (c == ' ' || c == '\t' || c == '\n' || c == '|');
}

bool sh_parse_parameter(struct parser *p, struct span span, bool quoted)
{
	if (at_function_subst(p))
		return parse_function_subst(p, span, quoted);
	return parse_braces(p, span, quoted);
}
