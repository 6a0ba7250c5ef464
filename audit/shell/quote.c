#include "audit/shell/parser.h"

#include "base/utf8.h"

bool sh_parse_single(struct parser *p)
{
	struct shell_part part = {.kind = SHELL_SINGLE, .span = here(p)};
	const char *from = p->at.cur + 1;
	const char *close = memchr(from, '\'', (size_t)(p->at.end - from));
	if (!close) {
		p->at.cur = p->at.end;
		return sh_fail_at(p, part.span, "unterminated single quote");
	}
	part.text = (struct str){from, (size_t)(close - from)};
	if (memchr(from, '\n', part.text.n))
		sh_advance_to(p, close);
	p->at.cur = close + 1;
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

bool sh_parse_double(struct parser *p)
{
	struct shell_part part = {.kind = SHELL_DOUBLE, .span = here(p)};
	size_t mark = p->parts.n;
	if (!sh_enter(p))
		return false;
	if (*p->at.cur == '$')
		p->at.cur++;
	p->at.cur++;
	struct scan s = {.bits = TEXT_DOUBLE};
	if (!sh_scan_parts(p, &s))
		return false;
	if (at_end(p))
		return sh_fail_at(p, part.span, "unterminated double quote");
	p->at.cur++;
	p->depth--;
	span_end(p, &part.span);
	sh_finish_part(p, &part, mark);
	list_push(p->arena, &p->parts) = part;
	return true;
}

/* ---- $'...' --------------------------------------------------------------------------------- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Up to `max` digits of the base; *from moves behind them. */
static uint32_t read_number(const char **from, const char *end, int base, int max)
{
	uint32_t value = 0;
	for (; max > 0 && *from < end && digit_value(**from) < base; max--)
		value = value * (uint32_t)base + (uint32_t)digit_value(*(*from)++);
	return value;
}

static size_t put_code(char *out, uint32_t code)
{
	size_t n = utf8_encode(code, out);
	if (n == 0)
		*out = '?';
	return n == 0 ? 1 : n;
}

static const char simple_escapes[256] = {
	['a'] = '\a',
	['b'] = '\b',
	['e'] = 27,
	['E'] = 27,
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
	['v'] = '\v',
	['\\'] = '\\',
	['\''] = '\'',
	['"'] = '"',
	['?'] = '?',
};

/* *from is behind the backslash. Returns the bytes written, at most four. */
static size_t decode_escape(char *out, const char **from, const char *end)
{
	char c = *(*from)++;
	const char *digits = *from;
	if (simple_escapes[(uint8_t)c] != '\0') {
		*out = simple_escapes[(uint8_t)c];
		return 1;
	}
	if (c >= '0' && c <= '7') {
		(*from)--;
		*out = (char)read_number(from, end, 8, 3);
		return 1;
	}
	uint32_t code = 0;
	if (c == 'x')
		code = read_number(from, end, 16, 2);
	else if (c == 'u' || c == 'U')
		code = read_number(from, end, 16, c == 'u' ? 4 : 8);
	if (*from > digits) {
		if (c != 'x')
			return put_code(out, code);
		*out = (char)code;
		return 1;
	}
	if (c == 'c' && *from < end) {
		*out = (char)(*(*from)++ & 0x1f);
		return 1;
	}
	out[0] = '\\';
	out[1] = c;
	return 2;
}

/* A NUL ends the string for the shell. An escape never becomes longer than it is written. */
static struct str decode_ansi_c(struct parser *p, const char *from, const char *end)
{
	char *out = arena_alloc(p->arena, (size_t)(end - from) + 4);
	size_t n = 0;
	while (from < end) {
		if (*from != '\\' || end - from < 2) {
			out[n++] = *from++;
			continue;
		}
		from++;
		size_t more = decode_escape(out + n, &from, end);
		if (more == 1 && out[n] == '\0')
			break;
		n += more;
	}
	return (struct str){out, n};
}

bool sh_parse_ansi_c(struct parser *p)
{
	struct shell_part part = {.kind = SHELL_ANSI_C, .span = here(p)};
	const char *from = sh_joined(p, p->at.cur + 1) + 1;
	const char *at = from;
	while (at < p->at.end && *at != '\'')
		at += *at == '\\' ? 2 : 1;
	if (at >= p->at.end) {
		p->at.cur = p->at.end;
		return sh_fail_at(p, part.span, "unterminated $'");
	}
	part.text = decode_ansi_c(p, from, at);
	sh_advance_to(p, at + 1);
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

/* ---- Constructs of bash words --------------------------------------------------------------- */

bool sh_parse_extglob(struct parser *p, const char *prefix, struct span span)
{
	struct shell_part part = {.kind = SHELL_EXTGLOB, .span = span};
	size_t mark = p->parts.n;
	if (!sh_enter(p))
		return false;
	p->at.cur++;
	struct scan s = {.bits = TEXT_GROUP};
	if (!sh_scan_parts(p, &s))
		return false;
	if (at_end(p))
		return sh_fail_at(p, span, "unterminated pattern '%.2s'", prefix);
	p->at.cur++;
	p->depth--;
	part.text = (struct str){prefix, (size_t)(p->at.cur - prefix)};
	span_end(p, &part.span);
	sh_finish_part(p, &part, mark);
	list_push(p->arena, &p->parts) = part;
	return true;
}

static bool parse_elements(struct parser *p, struct span opener)
{
	for (;;) {
		if (!sh_skip_newlines(p))
			return false;
		if (at_end(p))
			return sh_fail_at(p, opener, "unterminated array '('");
		if (*p->at.cur == ')')
			return true;
		const struct shell_word *w = sh_parse_word(p, WORD_ELEMENT);
		if (!w)
			return sh_fail_unexpected(p, "an array element or ')'");
		list_push(p->arena, &p->words) = w;
	}
}

bool sh_parse_array(struct parser *p)
{
	struct shell_part part = {.kind = SHELL_ARRAY, .span = here(p)};
	size_t mark = p->words.n;
	if (!sh_enter(p))
		return false;
	p->at.cur++;
	size_t first = p->heredocs.first;
	p->heredocs.first = p->heredocs.n;
	if (!parse_elements(p, part.span))
		return false;
	p->heredocs.first = first;
	p->at.cur++;
	p->depth--;
	part.element_count = (uint32_t)(p->words.n - mark);
	part.elements =
		sh_take_copy(p, p->words.items, mark, part.element_count, sizeof(*p->words.items));
	p->words.n = mark;
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	return true;
}

/* ---- Quote removal on a raw text ------------------------------------------------------------ */

static const char *copy_quoted(char *out, size_t *n, const char *at, const char *to)
{
	char quote = *at++;
	while (at < to && *at != quote) {
		if (quote == '"' && *at == '\\' && to - at > 1 &&
			(at[1] == '"' || at[1] == '\\' || at[1] == '$' || at[1] == '`'))
			at++;
		out[(*n)++] = *at++;
	}
	return at < to ? at + 1 : at;
}

static const char *copy_escaped(char *out, size_t *n, const char *at, const char *to)
{
	if (to - at < 2)
		return to;
	if (at[1] != '\n')
		out[(*n)++] = at[1];
	return at + 2;
}

struct str sh_remove_quotes(struct parser *p, const char *from, const char *to, bool *quoted)
{
	char *out = arena_alloc(p->arena, (size_t)(to - from) + 1);
	size_t n = 0;
	*quoted = false;
	while (from < to) {
		bool dollar = !p->posix && *from == '$' && to - from > 1;
		if (dollar && (from[1] == '\'' || from[1] == '"')) {
			from++;
		} else if (*from == '\'' || *from == '"') {
			*quoted = true;
			from = copy_quoted(out, &n, from, to);
		} else if (*from == '\\') {
			*quoted = *quoted || (to - from > 1 && from[1] != '\n');
			from = copy_escaped(out, &n, from, to);
		} else {
			out[n++] = *from++;
		}
	}
	return (struct str){out, n};
}
