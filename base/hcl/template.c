/*
 * Templates: what stands between quotes or in a heredoc. First a flat list of parts, with white
 * space stripped where ~ and <<- ask for it; then a tree, in which %{if} and %{for} hold parts.
 */
#include "base/hcl/ast.h"

#include "base/buf.h"
#include "base/utf8.h"

enum part_kind {
	PART_END = 0,
	PART_TEXT,
	PART_EXPR,
	PART_IF,
	PART_ELSE,
	PART_ENDIF,
	PART_FOR,
	PART_ENDFOR,
};

static const char *const part_names[] = {
	[PART_END] = "the end of the template",
	[PART_TEXT] = "text",
	[PART_EXPR] = "${",
	[PART_IF] = "%{if}",
	[PART_ELSE] = "%{else}",
	[PART_ENDIF] = "%{endif}",
	[PART_FOR] = "%{for}",
	[PART_ENDFOR] = "%{endfor}",
};

/* expr: of EXPR, or the condition of IF. */
struct part {
	enum part_kind kind;
	struct origin origin;
	struct str text;
	const struct hcl_expr *expr;
	struct hcl_for *loop;
};

struct parts {
	struct part *items;
	size_t n;
	size_t cap;
	size_t pos; /* of the second pass */
};

/* ---- Literals ------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \uNNNN or \UNNNNNNNN at *i, which is left behind it. */
static int decode_code(
	struct hcl_parser *p, struct buf *out, struct str s, size_t *i, const struct origin *o)
{
	size_t digits = s.p[*i + 1] == 'u' ? 4 : 8;
	struct str hex = str_sub(s, *i + 2, digits);
	uint32_t code = 0;
	bool good = hex.n == digits;
	for (size_t k = 0; k < hex.n; k++) {
		int d = hex_digit(hex.p[k]);
		good = good && d >= 0 && code <= 0x10ffff;
		code = code * 16 + (uint32_t)(d >= 0 ? d : 0);
	}
	char bytes[4];
	size_t n = good && code != 0 ? utf8_encode(code, bytes) : 0;
	if (n == 0)
		return hcl_fail(
			p, o, "\\%c needs the %zu hex digits of a character", s.p[*i + 1], digits);
	buf_add(out, (struct str){bytes, n});
	*i += 2 + digits;
	return 0;
}

static const char escapes[] = "nrt\"\\";
static const char escaped[] = "\n\r\t\"\\";

static int decode_escape(
	struct hcl_parser *p, struct buf *out, struct str s, size_t *i, const struct origin *o)
{
	char c = *i + 1 < s.n ? s.p[*i + 1] : '\0';
	const char *known = c ? strchr(escapes, c) : NULL;
	if (known) {
		buf_add_byte(out, escaped[known - escapes]);
		*i += 2;
		return 0;
	}
	if (c == 'u' || c == 'U')
		return decode_code(p, out, s, i, o);
	return hcl_fail(p, o, "the escapes are \\n \\r \\t \\\" \\\\ \\uNNNN and \\UNNNNNNNN");
}

int hcl_decode(struct hcl_parser *p, struct str *out, const struct hcl_token *t)
{
	struct str s = t->text;
	struct origin o = hcl_origin(p, t);
	if (s.n == 3 && (s.p[0] == '$' || s.p[0] == '%')) {
		*out = str_from_index(s, 1);
		return 0;
	}
	if (t->kind == HCL_TOKEN_LITERAL || str_find_byte(s, '\\') == STR_NPOS) {
		*out = s;
		return 0;
	}
	scoped(buf) b = {0};
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] != '\\') {
			buf_add_byte(&b, s.p[i++]);
			continue;
		}
		struct origin place = o;
		place.span.off += (uint32_t)i;
		place.span.col += (uint32_t)i;
		place.span.len = 2;
		if (decode_escape(p, &b, s, &i, &place) < 0)
			return -1;
	}
	*out = arena_str(p->arena, buf_str(&b));
	return 0;
}

/* ---- White space --------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str trim_left(struct str s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = str_from_index(s, 1);
	return s;
}

static struct str trim_right(struct str s)
{
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* ${~ and %{~ take the white space off the text before them. */
static void strip_before(struct parts *parts, const struct hcl_token *open)
{
	struct part *last = parts->n > 0 ? &parts->items[parts->n - 1] : NULL;
	if (open->text.n == 3 && last && last->kind == PART_TEXT)
		last->text = trim_right(last->text);
}

/* Takes bytes off the start of a text, whose place moves along. */
static void skip(struct part *part, size_t n)
{
	size_t skipped = n < part->text.n ? n : part->text.n;
	part->text = str_from_index(part->text, skipped);
	part->origin.span.off += (uint32_t)skipped;
	part->origin.span.col += (uint32_t)skipped;
}

static bool ends_line(const struct part *part)
{
	return part->kind == PART_TEXT && part->text.n > 0 &&
		part->text.p[part->text.n - 1] == '\n';
}

/*
 * <<- takes off every line what the least indented one begins with. Blank lines do not count and
 * keep what they have; a line that begins with a sequence has no indentation.
 */
static void remove_indentation(struct parts *parts)
{
	size_t least = SIZE_MAX;
	for (size_t i = 0; i < parts->n; i++) {
		struct part *part = &parts->items[i];
		if (i > 0 && !ends_line(part - 1))
			continue;
		size_t indent = part->text.n - trim_left(part->text).n;
		bool blank = indent == part->text.n && ends_line(part);
		if (!blank && indent < least)
			least = indent;
	}
	bool line_start = true;
	for (size_t i = 0; i < parts->n; i++) {
		struct part *part = &parts->items[i];
		bool next_start = ends_line(part);
		bool blank = trim_left(part->text).n == 0 && next_start;
		if (line_start && part->kind == PART_TEXT && !blank)
			skip(part, least);
		line_start = next_start;
	}
}

/* ---- Parts --------------------------------------------------------------------------------- */

static int read_for_directive(struct hcl_parser *p, struct part *part)
{
	part->kind = PART_FOR;
	part->loop = arena_new(p->arena, struct hcl_for);
	return hcl_read_for_intro(p, part->loop);
}

static const struct {
	const char *word;
	enum part_kind kind;
} plain[] = {{"else", PART_ELSE}, {"endif", PART_ENDIF}, {"endfor", PART_ENDFOR}};

static int read_directive(struct hcl_parser *p, struct part *part)
{
	if (!hcl_at(p, HCL_TOKEN_IDENT))
		return hcl_fail_expected(p, "if, else, endif, for or endfor");
	struct hcl_token word = *hcl_peek(p);
	struct origin o = hcl_origin(p, &word);
	bool is_if = str_is(word.text, "if");
	bool is_for = str_is(word.text, "for");
	if (is_if || is_for)
		(void)hcl_take(p);
	if (is_if) {
		part->kind = PART_IF;
		return hcl_read_expr(p, &part->expr);
	}
	if (is_for)
		return read_for_directive(p, part);
	for (size_t i = 0; i < countof(plain); i++) {
		if (!str_is(word.text, plain[i].word))
			continue;
		(void)hcl_take(p);
		part->kind = plain[i].kind;
		return 0;
	}
	return hcl_fail(
		p, &o, "`%.*s` is no directive: if, else, endif, for, endfor", STR_ARG(word.text));
}

/* ${...} or %{...}; *strip_next tells whether it ended with ~}. */
static int read_sequence(struct hcl_parser *p, struct parts *parts, bool *strip_next)
{
	struct hcl_token open = hcl_take(p);
	struct part part = {.kind = PART_EXPR, .origin = hcl_origin(p, &open)};
	bool newlines = p->newlines;
	strip_before(parts, &open);
	p->newlines = false;
	if (hcl_enter(p) < 0)
		return -1;
	bool interp = open.kind == HCL_TOKEN_INTERP;
	int r = interp ? hcl_read_expr(p, &part.expr) : read_directive(p, &part);
	if (r < 0)
		return -1;
	if (!hcl_at(p, HCL_TOKEN_SEQ_END))
		return hcl_fail_expected(
			p, interp ? "`}` (write $${ for a literal ${)" : "`}` of the directive");
	*strip_next = hcl_take(p).text.n == 2;
	p->newlines = newlines;
	hcl_leave(p);
	list_push(p->arena, parts) = part;
	return 0;
}

static int read_text(struct hcl_parser *p, struct parts *parts, bool strip)
{
	struct hcl_token t = hcl_take(p);
	struct part part = {.kind = PART_TEXT, .origin = hcl_origin(p, &t)};
	if (hcl_decode(p, &part.text, &t) < 0)
		return -1;
	if (strip)
		skip(&part, part.text.n - trim_left(part.text).n);
	list_push(p->arena, parts) = part;
	return 0;
}

static int read_parts(struct hcl_parser *p, struct parts *parts, enum hcl_token_kind end)
{
	bool strip = false;
	while (!hcl_at(p, end)) {
		bool strip_next = false;
		int r = 0;
		if (hcl_at(p, HCL_TOKEN_QUOTED) || hcl_at(p, HCL_TOKEN_LITERAL))
			r = read_text(p, parts, strip);
		else if (hcl_at(p, HCL_TOKEN_INTERP) || hcl_at(p, HCL_TOKEN_CONTROL))
			r = read_sequence(p, parts, &strip_next);
		else
			r = hcl_fail_expected(p, "the rest of the template");
		if (r < 0)
			return -1;
		strip = strip_next;
	}
	return 0;
}

/* ---- Tree ---------------------------------------------------------------------------------- */

static int build(struct hcl_parser *p, struct parts *parts, struct hcl_expr *into);

static const struct part end_part = {.kind = PART_END};

static const struct part *current(const struct parts *parts)
{
	return parts->pos < parts->n ? &parts->items[parts->pos] : &end_part;
}

/* What the directive at `open` holds, up to one of its own ends, which is consumed. */
static int build_block(struct hcl_parser *p, struct parts *parts, const struct part *open,
	const struct hcl_expr **out, enum part_kind *end)
{
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_TEMPLATE, &open->origin);
	if (hcl_enter(p) < 0 || build(p, parts, e) < 0)
		return -1;
	hcl_leave(p);
	const struct part *stop = current(parts);
	bool fits = open->kind == PART_FOR
		? stop->kind == PART_ENDFOR
		: stop->kind == PART_ENDIF || (stop->kind == PART_ELSE && *end != PART_ELSE);
	if (!fits) {
		const struct origin *o = stop->kind == PART_END ? &open->origin : &stop->origin;
		return hcl_fail(p, o, "%s has no %s before %s", part_names[open->kind],
			open->kind == PART_FOR ? "%{endfor}" : "%{endif}", part_names[stop->kind]);
	}
	*end = stop->kind;
	parts->pos++;
	*out = e;
	return 0;
}

static int build_if(struct hcl_parser *p, struct parts *parts, const struct hcl_expr **out)
{
	const struct part *open = current(parts);
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_CONDITION, &open->origin);
	enum part_kind end = PART_IF;
	parts->pos++;
	e->u.condition.test = open->expr;
	e->u.condition.no = hcl_literal(p, hcl_string(STR("")), &open->origin);
	if (build_block(p, parts, open, &e->u.condition.yes, &end) < 0)
		return -1;
	if (end == PART_ELSE && build_block(p, parts, open, &e->u.condition.no, &end) < 0)
		return -1;
	hcl_adopt(e, e->u.condition.test);
	hcl_adopt(e, e->u.condition.yes);
	hcl_adopt(e, e->u.condition.no);
	*out = e;
	return hcl_check_height(p, e);
}

static int build_for(struct hcl_parser *p, struct parts *parts, const struct hcl_expr **out)
{
	const struct part *open = current(parts);
	struct hcl_expr *loop = hcl_node(p, HCL_EXPR_FOR, &open->origin);
	struct hcl_expr *join = hcl_node(p, HCL_EXPR_JOIN, &open->origin);
	enum part_kind end = PART_FOR;
	parts->pos++;
	if (build_block(p, parts, open, &open->loop->value, &end) < 0)
		return -1;
	loop->u.loop = open->loop;
	hcl_adopt(loop, open->loop->source);
	hcl_adopt(loop, open->loop->value);
	join->u.inner = loop;
	hcl_adopt(join, loop);
	*out = join;
	return hcl_check_height(p, join);
}

/* The texts that follow each other become one literal. */
static struct hcl_expr *build_text(struct hcl_parser *p, struct parts *parts)
{
	const struct part *first = current(parts);
	struct str_list texts = {0};
	struct hcl_lines lines = {0};
	while (current(parts)->kind == PART_TEXT) {
		const struct part *part = &parts->items[parts->pos++];
		struct hcl_place place = {.origin = part->origin};
		hcl_lines_add(&lines, p->arena, part->text, &place);
		list_push(p->arena, &texts) = part->text;
	}
	struct str text = texts.items[0];
	if (texts.n > 1)
		text = arena_join(p->arena, texts.items, texts.n, STR(""));
	struct origin o = lines.begun ? lines.first : first->origin;
	struct hcl_expr *e = hcl_literal(p, hcl_string(text), &o);
	e->place.lines = lines.items;
	e->place.line_count = lines.n;
	return e;
}

/* Adds parts to the template until one that it cannot hold. */
static int build(struct hcl_parser *p, struct parts *parts, struct hcl_expr *into)
{
	for (;;) {
		const struct hcl_expr *e = NULL;
		enum part_kind kind = current(parts)->kind;
		if (kind == PART_TEXT)
			e = build_text(p, parts);
		else if (kind == PART_EXPR)
			e = parts->items[parts->pos++].expr;
		else if (kind == PART_IF && build_if(p, parts, &e) < 0)
			return -1;
		else if (kind == PART_FOR && build_for(p, parts, &e) < 0)
			return -1;
		if (!e)
			return 0;
		list_push(p->arena, &into->u.parts) = e;
		hcl_adopt(into, e);
	}
}

int hcl_read_template(
	struct hcl_parser *p, const struct hcl_expr **out, enum hcl_token_kind end, bool flush)
{
	struct parts parts = {0};
	struct origin o = hcl_origin(p, hcl_peek(p));
	if (read_parts(p, &parts, end) < 0)
		return -1;
	if (flush)
		remove_indentation(&parts);
	if (parts.n == 1 && parts.items[0].kind == PART_EXPR) {
		struct hcl_expr *wrap = hcl_node(p, HCL_EXPR_WRAP, &o);
		wrap->u.inner = parts.items[0].expr;
		hcl_adopt(wrap, wrap->u.inner);
		*out = wrap;
		return hcl_check_height(p, wrap);
	}
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_TEMPLATE, &o);
	if (build(p, &parts, e) < 0)
		return -1;
	const struct part *rest = current(&parts);
	if (rest->kind != PART_END)
		return hcl_fail(p, &rest->origin, "%s closes nothing", part_names[rest->kind]);
	*out = e;
	return hcl_check_height(p, e);
}
