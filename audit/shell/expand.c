#include "audit/shell/parser.h"

/* ---- Substituted lists ---------------------------------------------------------------------- */

/*
 * Here-documents that still wait at the end of $( ): bash reads them behind the next newline
 * outside, dash takes them as empty.
 */
static void leave_heredocs(struct parser *p, struct span opener)
{
	if (p->heredocs.n == p->heredocs.first)
		return;
	sh_warn_at(p, opener, "here-document without a body inside of the substitution");
	if (p->posix)
		sh_end_heredocs(p);
}

/* Two levels, for a list inside of a word takes twice the stack of another construct. */
static bool enter_list(struct parser *p)
{
	bool entered = sh_enter(p);
	return entered && sh_enter(p);
}

const struct shell_list *sh_parse_substituted(struct parser *p, char close, struct span opener)
{
	if (!enter_list(p))
		return NULL;
	size_t first = p->heredocs.first;
	char closer = p->closer;
	p->heredocs.first = p->heredocs.n;
	p->closer = close;
	const struct shell_list *list = sh_parse_list(p);
	if (!list)
		return NULL;
	bool closed = peek(p) == close;
	if (at_end(p) && !closed) {
		sh_fail_at(p, opener, "unterminated substitution, looking for '%c'", close);
		return NULL;
	}
	if (!closed) {
		sh_fail_unexpected(p, NULL);
		return NULL;
	}
	p->at.cur++;
	leave_heredocs(p, opener);
	p->heredocs.first = first;
	p->closer = closer;
	p->depth -= 2;
	return list;
}

static bool push_list(struct parser *p, struct shell_part *part)
{
	part->list = sh_parse_substituted(p, ')', part->span);
	if (!part->list)
		return false;
	span_end(p, &part->span);
	list_push(p->arena, &p->parts) = *part;
	return true;
}

bool sh_parse_process_subst(struct parser *p)
{
	struct shell_part part = {
		.kind = SHELL_PROCESS_SUBST, .span = here(p), .text = {p->at.cur, 1}};
	sh_advance_to(p, sh_joined(p, p->at.cur + 1) + 1);
	return push_list(p, &part);
}

/* ---- Arithmetic ----------------------------------------------------------------------------- */

const struct shell_word *sh_parse_arith_text(struct parser *p)
{
	struct span span = here(p);
	size_t mark = p->parts.n;
	struct scan s = {.bits = TEXT_ARITH};
	if (!sh_scan_parts(p, &s))
		return NULL;
	if (peek(p) != ')' || sh_peek_second(p) != ')') {
		sh_fail_at(p, span, "unterminated arithmetic, looking for '))'");
		return NULL;
	}
	const struct shell_word *w = sh_finish_word(p, span, mark);
	sh_advance_to(p, sh_joined(p, p->at.cur + 1) + 1);
	p->last_end = offset(p);
	return w;
}

static bool push_arith(struct parser *p, struct span span, const struct shell_word *w)
{
	struct shell_part part = {
		.kind = SHELL_ARITH, .span = span, .parts = w->parts, .part_count = w->part_count};
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

/* At "$((": arithmetic when it ends in "))", else a substitution that starts with a subshell. */
static bool parse_double_paren(struct parser *p, const char *inner, struct span span)
{
	struct checkpoint start = sh_checkpoint(p);
	if (!sh_enter(p))
		return false;
	sh_advance_to(p, inner);
	const struct shell_word *w = sh_parse_arith_text(p);
	if (w) {
		p->depth--;
		return push_arith(p, span, w);
	}
	if (p->posix)
		return false;
	struct shell_error first = p->error;
	if (!sh_retry(p, &start))
		return false;
	struct shell_part part = {.kind = SHELL_COMMAND_SUBST, .span = span};
	sh_advance_to(p, sh_joined(p, p->at.cur + 1) + 1);
	if (push_list(p, &part))
		return true;
	/* Arithmetic is what people mean. */
	if (!p->fatal)
		p->error = first;
	return false;
}

const struct shell_word *sh_parse_subscript(struct parser *p)
{
	struct span span = here(p);
	size_t mark = p->parts.n;
	if (!sh_enter(p))
		return NULL;
	struct scan s = {.bits = TEXT_SUBSCRIPT};
	if (!sh_scan_parts(p, &s))
		return NULL;
	if (peek(p) != ']') {
		sh_fail_at(p, span, "unterminated subscript, looking for ']'");
		return NULL;
	}
	const struct shell_word *w = sh_finish_word(p, span, mark);
	p->at.cur++;
	p->last_end = offset(p);
	p->depth--;
	return w;
}

/* ---- $ -------------------------------------------------------------------------------------- */

static bool parse_paren(struct parser *p, const char *paren, struct span span)
{
	const char *second = sh_joined(p, paren + 1);
	if (second < p->at.end && *second == '(')
		return parse_double_paren(p, second + 1, span);
	struct shell_part part = {.kind = SHELL_COMMAND_SUBST, .span = span};
	sh_advance_to(p, paren + 1);
	return push_list(p, &part);
}

static bool parse_bracket(struct parser *p, const char *bracket, struct span span)
{
	sh_advance_to(p, bracket + 1);
	const struct shell_word *w = sh_parse_subscript(p);
	return w && push_arith(p, span, w);
}

static bool is_special_parameter(char c)
{
	switch (c) {
	case '@':
	case '*':
	case '#':
	case '?':
	case '-':
	case '$':
	case '!':
		return true;
	default:
		return is_digit(c);
	}
}

static bool parse_plain_parameter(struct parser *p, const char *name, struct span span)
{
	const char *end = name + 1;
	if (is_name_start(*name))
		while (end < p->at.end && is_name(*end))
			end++;
	struct shell_param *param = take(p, sizeof(*param));
	param->name = (struct str){name, (size_t)(end - name)};
	struct shell_part part = {.kind = SHELL_PARAM, .span = span, .param = param};
	sh_advance_to(p, end);
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

bool sh_parse_dollar(struct parser *p, const struct scan *s, bool *literal)
{
	struct span span = here(p);
	const char *next = sh_joined(p, p->at.cur + 1);
	char c = next < p->at.end ? *next : '\0';
	bool unquoted = (s->bits & (TEXT_WORD | TEXT_GROUP | TEXT_ARG | TEXT_SUBSCRIPT)) != 0;
	if (is_name_start(c) || is_special_parameter(c))
		return parse_plain_parameter(p, next, span);
	if (c == '(')
		return parse_paren(p, next, span);
	if (c == '{') {
		sh_advance_to(p, next + 1);
		return sh_parse_parameter(p, span, !unquoted);
	}
	if (!p->posix && c == '[')
		return parse_bracket(p, next, span);
	if (!p->posix && c == '\'' && (unquoted || s->bits == TEXT_QUOTED_ARG) && !s->single)
		return sh_parse_ansi_c(p);
	if (!p->posix && c == '"' && unquoted && next == p->at.cur + 1)
		return sh_parse_double(p);
	*literal = true;
	return true;
}

/* ---- Backquotes ----------------------------------------------------------------------------- */

static bool is_unescaped(char c, bool quoted)
{
	return c == '`' || c == '\\' || c == '$' || (c == '"' && quoted);
}

/* NULL when there is none. *escapes: whether the text between must be copied. */
static const char *find_backquote(const struct parser *p, bool quoted, bool *escapes)
{
	for (const char *at = p->at.cur; at < p->at.end; at++) {
		if (*at == '`')
			return at;
		if (*at == '\\' && p->at.end - at > 1) {
			at++;
			*escapes = *escapes || is_unescaped(*at, quoted);
		}
	}
	return NULL;
}

/* A window on the copy, with a map back to the text. The cursor ends behind the original. */
static struct place unescape(struct parser *p, const char *close, bool quoted)
{
	struct source_map *map = take(p, sizeof(*map));
	char *copy = arena_alloc(p->arena, (size_t)(close - p->at.cur) + 1);
	size_t n = 0;
	sh_map_add(p, map, 0, here(p));
	while (p->at.cur < close) {
		char c = *p->at.cur;
		if (c == '\\' && close - p->at.cur > 1 && is_unescaped(p->at.cur[1], quoted)) {
			p->at.cur++;
			sh_map_add(p, map, n, here(p));
			copy[n++] = *p->at.cur++;
			continue;
		}
		copy[n++] = c;
		if (c != '\n') {
			p->at.cur++;
			continue;
		}
		pass_newline(p);
		sh_map_add(p, map, n, here(p));
	}
	return (struct place){.cur = copy, .end = copy + n, .base = copy, .map = map};
}

/* The window that stands at the cursor is a whole list. */
static const struct shell_list *parse_window(struct parser *p)
{
	if (!enter_list(p))
		return NULL;
	size_t first = p->heredocs.first;
	char closer = p->closer;
	p->heredocs.first = p->heredocs.n;
	p->closer = '\0';
	const struct shell_list *list = sh_parse_list(p);
	if (!list)
		return NULL;
	if (!at_end(p)) {
		sh_fail_unexpected(p, NULL);
		return NULL;
	}
	sh_end_heredocs(p);
	p->heredocs.first = first;
	p->closer = closer;
	p->depth -= 2;
	return list;
}

bool sh_parse_backquote(struct parser *p, bool quoted)
{
	struct shell_part part = {.kind = SHELL_COMMAND_SUBST, .span = here(p)};
	bool escapes = false;
	p->at.cur++;
	const char *close = find_backquote(p, quoted, &escapes);
	if (!close) {
		p->at.cur = p->at.end;
		return sh_fail_at(p, part.span, "unterminated backquote");
	}
	struct place behind;
	if (escapes) {
		struct place window = unescape(p, close, quoted);
		behind = p->at;
		p->at = window;
		part.list = parse_window(p);
	} else {
		const char *end = p->at.end;
		p->at.end = close;
		part.list = parse_window(p);
		behind = p->at;
		behind.end = end;
	}
	if (!part.list)
		return false;
	p->at = behind;
	p->at.cur++;
	p->keyword_at = NULL;
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}
