#include "base/hcl/ast.h"

#include "base/hcl/unicode.h"
#include "base/utf8.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char at(const struct hcl_lexer *lx, size_t pos)
{
	return pos < lx->text.n ? lx->text.p[pos] : '\0';
}

static bool looking_at(const struct hcl_lexer *lx, size_t pos, const char *word)
{
	return str_has_prefix(str_from_index(lx->text, pos), str_from(word));
}

static struct span shifted(const struct hcl_shift *shift, size_t pos, size_t len)
{
	size_t from = shift->offsets ? shift->offsets[pos] : pos;
	size_t to = shift->offsets && pos + len <= shift->text.n ? shift->offsets[pos + len]
								 : from + len;
	return (struct span){
		.off = shift->quoted.off + 1 + (uint32_t)from,
		.len = (uint32_t)(to - from),
		.line = shift->quoted.line,
		.col = shift->quoted.col + 1 + (uint32_t)from,
	};
}

static struct span span_here(const struct hcl_lexer *lx, size_t pos, size_t len)
{
	if (lx->shift)
		return shifted(lx->shift, pos, len);
	return (struct span){
		.off = (uint32_t)pos,
		.len = (uint32_t)len,
		.line = lx->line,
		.col = (uint32_t)(pos - lx->line_start + 1),
	};
}

static void fail(
	struct hcl_lexer *lx, struct hcl_token *out, const struct span *where, const char *what)
{
	struct origin o = {lx->file, *where};
	(void)error_at(lx->err, &o, "%s", what);
	lx->failed = true;
	*out = (struct hcl_token){.kind = HCL_TOKEN_ERROR, .span = *where};
}

static void fail_here(struct hcl_lexer *lx, struct hcl_token *out, const char *what)
{
	struct span where = span_here(lx, lx->pos, 1);
	fail(lx, out, &where, what);
}

/* Consumes n bytes as one token. */
static void emit(struct hcl_lexer *lx, struct hcl_token *out, enum hcl_token_kind kind, size_t n)
{
	*out = (struct hcl_token){
		.kind = kind,
		.text = str_sub(lx->text, lx->pos, n),
		.span = span_here(lx, lx->pos, n),
	};
	for (size_t i = lx->pos; i < lx->pos + n; i++) {
		if (lx->text.p[i] == '\n') {
			lx->line++;
			lx->line_start = i + 1;
		}
	}
	lx->pos += n;
}

static struct hcl_lexer_frame *top(struct hcl_lexer *lx)
{
	return &lx->frames[lx->depth - 1];
}

/* Consumes n bytes that open a frame. */
static void push(struct hcl_lexer *lx, struct hcl_token *out, enum hcl_token_kind kind, size_t n,
	struct hcl_lexer_frame frame)
{
	if (lx->depth == HCL_MAX_NESTING) {
		fail_here(lx, out, "nested too deeply");
		return;
	}
	emit(lx, out, kind, n);
	frame.opener = out->span;
	lx->frames[lx->depth++] = frame;
}

/* ---- Templates ----------------------------------------------------------------------------- */

/* The length of a literal that begins with $ or % and is no sequence. */
static size_t dollar_len(const struct hcl_lexer *lx, size_t pos)
{
	char c = at(lx, pos);
	return at(lx, pos + 1) == c && at(lx, pos + 2) == '{' ? 3 : 1;
}

static bool at_sequence(const struct hcl_lexer *lx)
{
	char c = at(lx, lx->pos);
	return (c == '$' || c == '%') && at(lx, lx->pos + 1) == '{';
}

static void lex_sequence(struct hcl_lexer *lx, struct hcl_token *out)
{
	enum hcl_token_kind kind = at(lx, lx->pos) == '$' ? HCL_TOKEN_INTERP : HCL_TOKEN_CONTROL;
	size_t n = at(lx, lx->pos + 2) == '~' ? 3 : 2;
	push(lx, out, kind, n, (struct hcl_lexer_frame){.mode = HCL_MODE_NORMAL});
}

static void lex_quoted(struct hcl_lexer *lx, struct hcl_token *out)
{
	char c = at(lx, lx->pos);
	if (c == '"') {
		lx->depth--;
		emit(lx, out, HCL_TOKEN_CLOSE_QUOTE, 1);
		return;
	}
	if (at_sequence(lx)) {
		lex_sequence(lx, out);
		return;
	}
	if (c == '$' || c == '%') {
		emit(lx, out, HCL_TOKEN_QUOTED, dollar_len(lx, lx->pos));
		return;
	}
	size_t end = lx->pos;
	while (end < lx->text.n && !strchr("$%\"\r\n", lx->text.p[end])) {
		bool escape = lx->text.p[end] == '\\' && end + 1 < lx->text.n;
		end += escape && !strchr("\r\n", lx->text.p[end + 1]) ? 2 : 1;
	}
	if (end > lx->pos) {
		emit(lx, out, HCL_TOKEN_QUOTED, end - lx->pos);
		return;
	}
	fail_here(lx, out,
		"a quoted string ends on its line; use \\n for a line break, or a heredoc");
}

/* The literal runs to the end of the line, newline included, or to the next $ or %. */
static void lex_literal(struct hcl_lexer *lx, struct hcl_token *out)
{
	if (at_sequence(lx)) {
		lex_sequence(lx, out);
		return;
	}
	char c = at(lx, lx->pos);
	if (c == '$' || c == '%') {
		emit(lx, out, HCL_TOKEN_LITERAL, dollar_len(lx, lx->pos));
		return;
	}
	size_t end = lx->pos;
	while (end < lx->text.n && !strchr("$%\n", lx->text.p[end]))
		end++;
	if (at(lx, end) == '\n')
		end++;
	emit(lx, out, HCL_TOKEN_LITERAL, end - lx->pos);
}

static void lex_heredoc(struct hcl_lexer *lx, struct hcl_token *out)
{
	if (lx->pos == lx->line_start) {
		struct str rest = str_from_index(lx->text, lx->pos);
		struct str line = str_sub(rest, 0, str_find_byte(rest, '\n'));
		if (str_eq(str_trim(line), top(lx)->marker)) {
			if (line.n > 0 && line.p[line.n - 1] == '\r')
				line.n--;
			lx->depth--;
			emit(lx, out, HCL_TOKEN_CLOSE_HEREDOC, line.n);
			return;
		}
	}
	lex_literal(lx, out);
}

/* ---- Outside of templates ------------------------------------------------------------------ */

static size_t ident_len(const struct hcl_lexer *lx, size_t pos)
{
	size_t start = pos;
	while (pos < lx->text.n) {
		uint32_t code = 0;
		char c = lx->text.p[pos];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (letter || (pos > start && (is_digit(c) || c == '-'))) {
			pos++;
			continue;
		}
		size_t n = utf8_decode(str_from_index(lx->text, pos), &code);
		bool fits = pos == start ? hcl_is_id_start(code) : hcl_is_id_continue(code);
		if (n == 0 || !fits)
			break;
		pos += n;
	}
	return pos - start;
}

bool hcl_is_name(struct str s)
{
	struct hcl_lexer lx = {.text = s};
	return s.n > 0 && ident_len(&lx, 0) == s.n;
}

/* Digits, dots and exponents as long as they go; a dot at the end is not part of it. */
static size_t number_len(const struct hcl_lexer *lx, size_t pos)
{
	size_t end = pos;
	size_t i = pos;
	while (i < lx->text.n) {
		char c = at(lx, i);
		size_t sign = at(lx, i + 1) == '+' || at(lx, i + 1) == '-' ? 1 : 0;
		if (is_digit(c)) {
			end = ++i;
		} else if (c == '.') {
			i++;
		} else if ((c == 'e' || c == 'E') && is_digit(at(lx, i + 1 + sign))) {
			i += 2 + sign;
			end = i;
		} else {
			break;
		}
	}
	return end - pos;
}

static void lex_comment(struct hcl_lexer *lx, struct hcl_token *out)
{
	struct str rest = str_from_index(lx->text, lx->pos);
	if (looking_at(lx, lx->pos, "/*")) {
		size_t end = str_find(str_from_index(rest, 2), STR("*/"));
		if (end == STR_NPOS)
			fail_here(lx, out, "this comment has no end `*/`");
		else
			emit(lx, out, HCL_TOKEN_COMMENT, end + 4);
		return;
	}
	struct str line = str_sub(rest, 0, str_find_byte(rest, '\n'));
	if (line.n < rest.n && line.p[line.n - 1] == '\r')
		line.n--;
	emit(lx, out, HCL_TOKEN_COMMENT, line.n);
}

static void lex_open_heredoc(struct hcl_lexer *lx, struct hcl_token *out)
{
	size_t name = lx->pos + (at(lx, lx->pos + 2) == '-' ? 3 : 2);
	size_t n = ident_len(lx, name);
	size_t end = name + n;
	if (at(lx, end) == '\r')
		end++;
	if (n == 0 || at(lx, end) != '\n') {
		fail_here(lx, out, "a heredoc begins with << or <<-, a name, and a line break");
		return;
	}
	struct hcl_lexer_frame frame = {
		.mode = HCL_MODE_HEREDOC,
		.marker = str_sub(lx->text, name, n),
	};
	push(lx, out, HCL_TOKEN_OPEN_HEREDOC, end + 1 - lx->pos, frame);
}

/* } closes a brace of the expression, or the template sequence that the expression is in. */
static void lex_close_brace(struct hcl_lexer *lx, struct hcl_token *out)
{
	bool strip = at(lx, lx->pos) == '~';
	struct hcl_lexer_frame *frame = top(lx);
	if (frame->braces == 0 && lx->depth > 1) {
		lx->depth--;
		emit(lx, out, HCL_TOKEN_SEQ_END, strip ? 2 : 1);
		return;
	}
	if (strip) {
		fail_here(lx, out, "`~}` closes a template sequence, and none is open here");
		return;
	}
	if (frame->braces > 0)
		frame->braces--;
	emit(lx, out, HCL_TOKEN_CLOSE_BRACE, 1);
}

/* Longer spellings before their prefixes. */
static const struct {
	const char *text;
	enum hcl_token_kind kind;
} symbols[] = {
	{"...", HCL_TOKEN_ELLIPSIS},
	{"==", HCL_TOKEN_EQUAL},
	{"=>", HCL_TOKEN_ARROW},
	{"!=", HCL_TOKEN_NOT_EQUAL},
	{"<=", HCL_TOKEN_LESS_EQUAL},
	{">=", HCL_TOKEN_GREATER_EQUAL},
	{"&&", HCL_TOKEN_AND},
	{"||", HCL_TOKEN_OR},
	{"::", HCL_TOKEN_DOUBLE_COLON},
	{"[", HCL_TOKEN_OPEN_BRACKET},
	{"]", HCL_TOKEN_CLOSE_BRACKET},
	{"(", HCL_TOKEN_OPEN_PAREN},
	{")", HCL_TOKEN_CLOSE_PAREN},
	{".", HCL_TOKEN_DOT},
	{",", HCL_TOKEN_COMMA},
	{"*", HCL_TOKEN_STAR},
	{"/", HCL_TOKEN_SLASH},
	{"%", HCL_TOKEN_PERCENT},
	{"+", HCL_TOKEN_PLUS},
	{"-", HCL_TOKEN_MINUS},
	{"=", HCL_TOKEN_ASSIGN},
	{"<", HCL_TOKEN_LESS},
	{">", HCL_TOKEN_GREATER},
	{"!", HCL_TOKEN_NOT},
	{"?", HCL_TOKEN_QUESTION},
	{":", HCL_TOKEN_COLON},
	{"\n", HCL_TOKEN_NEWLINE},
	{"\r\n", HCL_TOKEN_NEWLINE},
};

static const char *complaint(char c)
{
	switch (c) {
	case '\'':
		return "strings are written in double quotes";
	case '`':
		return "strings are written in double quotes, longer texts as heredocs";
	case ';':
		return "there is no `;` here: each argument stands on its own line";
	case '&':
		return "there is no bitwise and; the logical one is `&&`";
	case '|':
		return "there is no bitwise or; the logical one is `||`";
	case '^':
		return "there is no operator `^`";
	case '\r':
		return "a carriage return without a line feed";
	default:
		return "this character does not belong here";
	}
}

static void lex_symbol(struct hcl_lexer *lx, struct hcl_token *out)
{
	char c = at(lx, lx->pos);
	for (size_t i = 0; i < countof(symbols); i++) {
		if (symbols[i].text[0] == c && looking_at(lx, lx->pos, symbols[i].text)) {
			emit(lx, out, symbols[i].kind, strlen(symbols[i].text));
			return;
		}
	}
	fail_here(lx, out, complaint(c));
}

static void lex_normal(struct hcl_lexer *lx, struct hcl_token *out)
{
	char c = at(lx, lx->pos);
	size_t ident = ident_len(lx, lx->pos);
	if (is_digit(c)) {
		emit(lx, out, HCL_TOKEN_NUMBER, number_len(lx, lx->pos));
	} else if (ident > 0) {
		emit(lx, out, HCL_TOKEN_IDENT, ident);
	} else if (c == '"') {
		push(lx, out, HCL_TOKEN_OPEN_QUOTE, 1,
			(struct hcl_lexer_frame){.mode = HCL_MODE_QUOTED});
	} else if (c == '{') {
		top(lx)->braces++;
		emit(lx, out, HCL_TOKEN_OPEN_BRACE, 1);
	} else if (c == '}' || looking_at(lx, lx->pos, "~}")) {
		lex_close_brace(lx, out);
	} else if (c == '#' || looking_at(lx, lx->pos, "//") || looking_at(lx, lx->pos, "/*")) {
		lex_comment(lx, out);
	} else if (looking_at(lx, lx->pos, "<<")) {
		lex_open_heredoc(lx, out);
	} else {
		lex_symbol(lx, out);
	}
}

/* ---- Public -------------------------------------------------------------------------------- */

static int check_text(struct hcl_lexer *lx)
{
	struct str text = lx->text;
	struct origin o = {.file = lx->file};
	if (text.n > HCL_MAX_TEXT)
		return error_at(lx->err, &o, "larger than %zu bytes", HCL_MAX_TEXT);
	size_t bad = utf8_find_invalid(text);
	if (bad != STR_NPOS) {
		o.span = span_at(text, bad, 1);
		return error_at(lx->err, &o, "not valid UTF-8");
	}
	for (size_t i = 0; i < text.n;) {
		uint32_t code = 0;
		if (text.p[i] > 0) {
			i++;
			continue;
		}
		size_t n = utf8_decode(str_from_index(text, i), &code);
		if (code == 0 || utf8_is_bidi_control(code)) {
			o.span = span_at(text, i, n);
			return error_at(
				lx->err, &o, "the character U+%04X is not allowed", (unsigned)code);
		}
		i += n > 0 ? n : 1;
	}
	return 0;
}

int hcl_lexer_init(struct hcl_lexer *lx, enum hcl_lexer_mode mode, struct str text, struct str file,
	struct error *err)
{
	lx->text = text;
	lx->file = file;
	lx->pos = 0;
	lx->line = 1;
	lx->line_start = 0;
	lx->tokens = 0;
	lx->failed = false;
	lx->shift = NULL;
	lx->depth = 1;
	lx->err = err;
	lx->frames[0] = (struct hcl_lexer_frame){.mode = mode};
	if (check_text(lx) < 0)
		return -1;
	if (mode == HCL_MODE_NORMAL && str_has_prefix(text, STR("\xef\xbb\xbf")))
		lx->pos = 3;
	return 0;
}

static void lex_end(struct hcl_lexer *lx, struct hcl_token *out)
{
	struct hcl_lexer_frame *frame = top(lx);
	if (lx->depth == 1) {
		emit(lx, out, HCL_TOKEN_EOF, 0);
		return;
	}
	switch (frame->mode) {
	case HCL_MODE_QUOTED:
		fail(lx, out, &frame->opener, "this string has no closing quote");
		return;
	case HCL_MODE_HEREDOC:
		fail(lx, out, &frame->opener,
			"this heredoc has no end marker on a line of its own");
		return;
	case HCL_MODE_NORMAL:
		fail(lx, out, &frame->opener, "this template sequence has no closing brace");
		return;
	case HCL_MODE_BARE:
		break;
	}
	emit(lx, out, HCL_TOKEN_EOF, 0);
}

void hcl_lexer_next(struct hcl_lexer *lx, struct hcl_token *out)
{
	if (lx->failed) {
		*out = (struct hcl_token){.kind = HCL_TOKEN_ERROR};
		return;
	}
	enum hcl_lexer_mode mode = top(lx)->mode;
	if (mode == HCL_MODE_NORMAL) {
		while (at(lx, lx->pos) == ' ' || at(lx, lx->pos) == '\t')
			lx->pos++;
	}
	if (lx->pos >= lx->text.n)
		lex_end(lx, out);
	else if (mode == HCL_MODE_NORMAL)
		lex_normal(lx, out);
	else if (mode == HCL_MODE_QUOTED)
		lex_quoted(lx, out);
	else if (mode == HCL_MODE_HEREDOC)
		lex_heredoc(lx, out);
	else
		lex_literal(lx, out);
	bool counts = out->kind != HCL_TOKEN_NEWLINE && out->kind != HCL_TOKEN_COMMENT;
	if (!lx->failed && counts && ++lx->tokens > HCL_MAX_TOKENS)
		fail_here(lx, out, "more tokens than anybody writes");
}

static const char *const token_names[] = {
	[HCL_TOKEN_EOF] = "the end",
	[HCL_TOKEN_ERROR] = "an error",
	[HCL_TOKEN_NEWLINE] = "a line break",
	[HCL_TOKEN_COMMENT] = "a comment",
	[HCL_TOKEN_IDENT] = "the name",
	[HCL_TOKEN_NUMBER] = "the number",
	[HCL_TOKEN_OPEN_QUOTE] = "a string",
	[HCL_TOKEN_CLOSE_QUOTE] = "a closing quote",
	[HCL_TOKEN_OPEN_HEREDOC] = "a heredoc",
	[HCL_TOKEN_CLOSE_HEREDOC] = "the end of the heredoc",
	[HCL_TOKEN_QUOTED] = "text",
	[HCL_TOKEN_LITERAL] = "text",
};

struct str hcl_token_describe(struct arena *a, const struct hcl_token *t)
{
	if (t->kind == HCL_TOKEN_IDENT || t->kind == HCL_TOKEN_NUMBER)
		return arena_printf(a, "%s `%.*s`", token_names[t->kind], STR_ARG(t->text));
	if ((size_t)t->kind < countof(token_names))
		return str_from(token_names[t->kind]);
	return arena_printf(a, "`%.*s`", STR_ARG(t->text));
}
