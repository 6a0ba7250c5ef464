#include "template/gotmpl/gotmpl_lex.h"

#include "base/utf8.h"

#include <errno.h>

static int fault(struct gotmpl_lexer *l, size_t off, const char *what)
{
	if (l->fault->text.n == 0)
		*l->fault = (struct gotmpl_fault){off, arena_str(l->arena, str_from(what))};
	return -1;
}

void gotmpl_lexer_init(
	struct gotmpl_lexer *l, const struct text *in, struct arena *a, struct gotmpl_fault *fault)
{
	*l = (struct gotmpl_lexer){.arena = a, .fault = fault, .in = in};
	struct str_list parts = {0};
	size_t off = 0;
	for (size_t i = 0; i < in->n; i++) {
		bool literal = in->items[i].kind == TEXT_LITERAL;
		struct str part = literal ? in->items[i].value : STR("\x01");
		if (!literal)
			list_push(a, &l->marks) = (struct gotmpl_mark){off, i};
		list_push(a, &parts) = part;
		off += part.n;
	}
	l->flat = parts.n == 1 ? parts.items[0] : arena_join(a, parts.items, parts.n, STR(""));
}

static struct str rest(const struct gotmpl_lexer *l)
{
	return str_from_index(l->flat, l->at);
}

/* -1 at the end. */
static int peek(const struct gotmpl_lexer *l)
{
	return l->at < l->flat.n ? (uint8_t)l->flat.p[l->at] : -1;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool at_mark(const struct gotmpl_lexer *l)
{
	return l->mark < l->marks.n && l->marks.items[l->mark].off == l->at;
}

/* The non-literal piece that stands here. */
static struct text take_mark(struct gotmpl_lexer *l)
{
	struct text t = {0};
	list_push(l->arena, &t) = l->in->items[l->marks.items[l->mark].piece];
	l->mark++;
	l->at++;
	return t;
}

/* ---- Outside of actions --------------------------------------------------------------------- */

/* "{{-" counts as a trim marker only before a space. */
static bool opens_with_trim(struct str s)
{
	return s.n > 3 && s.p[2] == '-' && is_space((uint8_t)s.p[3]);
}

static struct str trim_left(struct str s)
{
	while (s.n > 0 && is_space((uint8_t)s.p[0]))
		s = str_from_index(s, 1);
	return s;
}

static struct str trim_right(struct str s)
{
	while (s.n > 0 && is_space((uint8_t)s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Past a comment that stands at `at`, just behind "{{" and its trim marker. */
static int skip_comment(struct gotmpl_lexer *l, size_t open)
{
	size_t end = str_find(str_from_index(l->flat, l->at + 2), STR("*/"));
	if (end == STR_NPOS)
		return fault(l, open, "comment without its end");
	l->at += 2 + end + 2;
	struct str s = rest(l);
	bool trim = s.n > 1 && is_space((uint8_t)s.p[0]) && s.p[1] == '-';
	if (trim)
		l->at += 2;
	if (!str_has_prefix(rest(l), STR("}}")))
		return fault(l, open, "comment ends before the closing delimiter");
	l->at += 2;
	l->trim = trim;
	while (l->mark < l->marks.n && l->marks.items[l->mark].off < l->at)
		l->mark++;
	return 0;
}

static void add_text(struct gotmpl_lexer *l, struct text *t, struct str s, bool trim_end)
{
	if (l->trim)
		s = trim_left(s);
	l->trim = false;
	if (trim_end)
		s = trim_right(s);
	if (s.n > 0)
		list_push(l->arena, t) = (struct text_piece){.kind = TEXT_LITERAL, .value = s};
}

/* Literal bytes up to the next "{{", piece or end. */
static size_t text_end(const struct gotmpl_lexer *l)
{
	size_t end = l->mark < l->marks.n ? l->marks.items[l->mark].off : l->flat.n;
	size_t open = str_find(rest(l), STR("{{"));
	if (open != STR_NPOS && l->at + open < end)
		end = l->at + open;
	return end;
}

/* All text up to an action or the end; comments vanish. */
static int next_text(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	*out = (struct gotmpl_token){.kind = TOKEN_TEXT, .off = l->at};
	for (;;) {
		size_t end = text_end(l);
		struct str s = str_sub(l->flat, l->at, end - l->at);
		bool open = str_has_prefix(str_from_index(l->flat, end), STR("{{"));
		bool trim = open && opens_with_trim(str_from_index(l->flat, end));
		add_text(l, &out->text, s, trim);
		l->at = end;
		if (at_mark(l)) {
			list_push(l->arena, &out->text) = take_mark(l).items[0];
			l->trim = false;
			continue;
		}
		if (!open)
			break;
		size_t behind = end + (trim ? 4 : 2);
		if (!str_has_prefix(str_from_index(l->flat, behind), STR("/*")))
			break;
		l->at = behind;
		if (skip_comment(l, end) < 0)
			return -1;
	}
	return 0;
}

/* ---- Literals ------------------------------------------------------------------------------- */

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int numeric_escape(struct gotmpl_lexer *l, size_t digits, uint32_t base, uint32_t *out)
{
	uint32_t code = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = hex_digit(peek(l));
		if (digit < 0 || (uint32_t)digit >= base)
			return fault(l, l->at, "digit expected in an escape sequence");
		code = code * base + (uint32_t)digit;
		l->at++;
	}
	*out = code;
	return 0;
}

static int add_code(struct gotmpl_lexer *l, struct buf *out, uint32_t code)
{
	char bytes[4];
	size_t n = utf8_encode(code, bytes);
	if (n == 0)
		return fault(l, l->at, "escape sequence is no Unicode character");
	buf_add(out, (struct str){bytes, n});
	return 0;
}

/* Behind the backslash. */
static int unescape(struct gotmpl_lexer *l, char quote, struct buf *out)
{
	static const char from[] = "abfnrtv\\";
	static const char to[] = "\a\b\f\n\r\t\v\\";
	int c = peek(l);
	const char *simple = c > 0 ? strchr(from, c) : NULL;
	uint32_t code = 0;
	if (simple || c == quote) {
		buf_add_byte(out, simple ? to[simple - from] : quote);
		l->at++;
		return 0;
	}
	if (c >= '0' && c <= '7') {
		if (numeric_escape(l, 3, 8, &code) < 0)
			return -1;
		if (code > 255)
			return fault(l, l->at, "octal escape sequence beyond 255");
		buf_add_byte(out, (char)code);
		return 0;
	}
	if (c != 'x' && c != 'u' && c != 'U')
		return fault(l, l->at, "unknown escape sequence");
	l->at++;
	if (numeric_escape(l, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, &code) < 0)
		return -1;
	if (c != 'x')
		return add_code(l, out, code);
	buf_add_byte(out, (char)code);
	return 0;
}

int gotmpl_unquote(struct gotmpl_lexer *l, char quote, struct buf *out)
{
	size_t open = l->at - 1;
	for (;;) {
		int c = peek(l);
		if (c < 0 || c == '\n')
			return fault(l, open,
				quote == '"' ? "unterminated quoted string"
					     : "unterminated character constant");
		if (at_mark(l))
			return fault(l, l->at, "a value that is not literal inside quotes");
		l->at++;
		if (c == quote)
			return 0;
		if (c != '\\')
			buf_add_byte(out, (char)c);
		else if (unescape(l, quote, out) < 0)
			return -1;
	}
}

static int lex_string(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, l->flat.n + 1);
	l->at++;
	if (gotmpl_unquote(l, '"', &bytes) < 0)
		return -1;
	out->value = gotmpl_string(l->arena, buf_str(&bytes));
	return 0;
}

static int lex_char(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, l->flat.n + 1);
	l->at++;
	if (gotmpl_unquote(l, '\'', &bytes) < 0)
		return -1;
	uint32_t code = 0;
	size_t n = utf8_decode(buf_str(&bytes), &code);
	if (n == 0 && bytes.n == 1) {
		n = 1;
		code = (uint8_t)bytes.p[0];
	}
	if (n == 0 || n != bytes.n)
		return fault(l, out->off, "malformed character constant");
	out->value = gotmpl_int(code);
	return 0;
}

static int lex_raw(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	size_t end = str_find_byte(str_from_index(l->flat, l->at + 1), '`');
	if (end == STR_NPOS)
		return fault(l, out->off, "unterminated raw quoted string");
	if (l->mark < l->marks.n && l->marks.items[l->mark].off <= l->at + 1 + end)
		return fault(l, l->at, "a value that is not literal inside quotes");
	scoped(buf) bytes = {0};
	buf_init(&bytes, end + 1);
	for (size_t i = 0; i < end; i++) {
		char c = l->flat.p[l->at + 1 + i];
		if (c != '\r')
			buf_add_byte(&bytes, c);
	}
	out->value = gotmpl_string(l->arena, buf_str(&bytes));
	l->at += end + 2;
	return 0;
}

/* An integer of any Go base; false when it is none or too large. */
static bool to_integer(struct str s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from_index(s, 1);
	uint64_t base = 10;
	char letter = s.n > 1 && s.p[0] == '0' ? s.p[1] : '\0';
	if (letter != '\0' && strchr("xXbBoO", letter)) {
		base = letter == 'x' || letter == 'X' ? 16 : letter == 'b' || letter == 'B' ? 2 : 8;
		s = str_from_index(s, 2);
	} else if (letter >= '0' && letter <= '9') {
		base = 8;
		s = str_from_index(s, 1);
	}
	uint64_t value = 0;
	uint64_t max = (uint64_t)INT64_MAX + minus;
	for (size_t i = 0; i < s.n; i++) {
		int digit = hex_digit((uint8_t)s.p[i]);
		if (digit < 0 || (uint64_t)digit >= base)
			return false;
		if (value > (max - (uint64_t)digit) / base)
			return false;
		value = value * base + (uint64_t)digit;
	}
	*out = minus ? (int64_t)(0 - value) : (int64_t)value;
	return s.n > 0;
}

static bool to_float(struct arena *a, struct str s, double *out)
{
	const char *text = arena_cstr(a, s);
	char *end = NULL;
	errno = 0;
	*out = strtod(text, &end);
	return errno == 0 && *end == '\0' && !strpbrk(text, "nNiI");
}

static int lex_number(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	scoped(buf) bytes = {0};
	size_t from = l->at;
	for (;; l->at++) {
		int c = peek(l);
		char last = l->at > from ? l->flat.p[l->at - 1] : '\0';
		bool hex = str_has_prefix(str_from_index(l->flat, from), STR("0x"));
		bool sign = (c == '+' || c == '-') &&
			(l->at == from || (!hex && (last == 'e' || last == 'E')));
		if (!is_word(c) && c != '.' && !sign)
			break;
		if (c != '_')
			buf_add_byte(&bytes, (char)c);
	}
	out->value = (struct gotmpl_value){.kind = GOTMPL_INT};
	if (to_integer(buf_str(&bytes), &out->value.integer))
		return 0;
	out->value.kind = GOTMPL_FLOAT;
	struct str digits = buf_str(&bytes);
	bool integer = !bytes.p || !strpbrk(bytes.p, ".eEpP");
	if (integer || !to_float(l->arena, digits, &out->value.number))
		return fault(l, from, "malformed number");
	return 0;
}

/* ---- Inside of actions ---------------------------------------------------------------------- */

static struct str take_word(struct gotmpl_lexer *l)
{
	size_t from = l->at;
	while (is_word(peek(l)) && !at_mark(l))
		l->at++;
	return str_sub(l->flat, from, l->at - from);
}

static int lex_name(struct gotmpl_lexer *l, struct gotmpl_token *out, int c)
{
	if (c == '$' || c == '.')
		l->at++;
	out->name = take_word(l);
	out->kind = c == '$' ? TOKEN_VARIABLE : c == '.' ? TOKEN_FIELD : TOKEN_WORD;
	if (c == '.' && out->name.n == 0)
		out->kind = TOKEN_DOT;
	return 0;
}

static bool starts_number(const struct gotmpl_lexer *l, int c)
{
	if (c == '.' || c == '+' || c == '-') {
		struct str next = str_from_index(l->flat, l->at + 1);
		return next.n > 0 && next.p[0] >= '0' && next.p[0] <= '9';
	}
	return c >= '0' && c <= '9';
}

static int lex_literal(struct gotmpl_lexer *l, struct gotmpl_token *out, int c)
{
	out->kind = TOKEN_LITERAL;
	if (c == '"')
		return lex_string(l, out);
	if (c == '`')
		return lex_raw(l, out);
	if (c == '\'')
		return lex_char(l, out);
	return lex_number(l, out);
}

static int lex_sign(struct gotmpl_lexer *l, struct gotmpl_token *out, int c)
{
	static const struct {
		struct str text;
		enum gotmpl_token_kind kind;
	} signs[] = {
		{STR_INIT(":="), TOKEN_DECLARE},
		{STR_INIT("="), TOKEN_ASSIGN},
		{STR_INIT("("), TOKEN_LEFT},
		{STR_INIT(")"), TOKEN_RIGHT},
		{STR_INIT("|"), TOKEN_PIPE},
		{STR_INIT(","), TOKEN_COMMA},
	};
	for (size_t i = 0; i < countof(signs); i++) {
		if (!str_has_prefix(rest(l), signs[i].text))
			continue;
		out->kind = signs[i].kind;
		l->at += signs[i].text.n;
		return 0;
	}
	return fault(l, l->at, c < 0 ? "unclosed action" : "unexpected character in an action");
}

/* Spaces; a trim marker belongs to the closing delimiter. */
static void skip_spaces(struct gotmpl_lexer *l)
{
	while (is_space(peek(l)))
		l->at++;
}

static bool take_close(struct gotmpl_lexer *l)
{
	struct str s = rest(l);
	bool trim = s.n > 3 && is_space((uint8_t)s.p[0]) &&
		str_has_prefix(str_from_index(s, 1), STR("-}}"));
	if (!trim && !str_has_prefix(s, STR("}}")))
		return false;
	l->at += trim ? 4 : 2;
	l->trim = trim;
	l->inside = false;
	return true;
}

static int next_inside(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	*out = (struct gotmpl_token){.kind = TOKEN_CLOSE, .off = l->at};
	if (take_close(l))
		return 0;
	int c = peek(l);
	if (is_space(c)) {
		out->kind = TOKEN_SPACE;
		/* The last space before "-}}" is the marker's. */
		while (is_space(peek(l))) {
			struct str s = rest(l);
			if (str_has_prefix(str_from_index(s, 1), STR("-}}")))
				break;
			l->at++;
		}
		return l->at > out->off ? 0 : next_inside(l, out);
	}
	if (at_mark(l)) {
		out->kind = TOKEN_LITERAL;
		out->value = gotmpl_text(take_mark(l));
		return 0;
	}
	if (c == '"' || c == '`' || c == '\'' || starts_number(l, c))
		return lex_literal(l, out, c);
	if (c == '$' || c == '.' || is_word(c))
		return lex_name(l, out, c);
	return lex_sign(l, out, c);
}

int gotmpl_lexer_next(struct gotmpl_lexer *l, struct gotmpl_token *out)
{
	if (l->inside)
		return next_inside(l, out);
	if (next_text(l, out) < 0)
		return -1;
	if (out->text.n > 0)
		return 0;
	*out = (struct gotmpl_token){.kind = TOKEN_END, .off = l->at};
	if (peek(l) < 0)
		return 0;
	out->kind = TOKEN_OPEN;
	l->at += opens_with_trim(rest(l)) ? 4 : 2;
	l->inside = true;
	l->trim = false;
	skip_spaces(l);
	return 0;
}
