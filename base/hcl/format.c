/*
 * The canonical layout: two spaces per open bracket, one space between tokens where one belongs,
 * and the `=` and comments of neighbouring lines under each other. Only blanks change.
 */
#include "base/hcl/ast.h"

#include "base/utf8.h"

struct piece {
	enum hcl_token_kind kind;
	struct str text;
	size_t spaces; /* before it */
};

struct cell {
	struct piece *items;
	size_t n;
};

/*
 * A line of tokens; a heredoc in it makes it many lines of text. assign begins with the `=` of an
 * argument whose value ends on the line; comment is the one that ends a line with something else.
 */
struct line {
	struct cell lead;
	struct cell assign;
	struct cell comment;
	struct str newline;
};

struct lines {
	struct line *items;
	size_t n;
	size_t cap;
};

struct pieces {
	struct piece *items;
	size_t n;
	size_t cap;
	size_t trailing; /* blanks behind the last one */
};

/* ---- Lines --------------------------------------------------------------------------------- */

static const int8_t changes[HCL_TOKEN_KIND_COUNT] = {
	[HCL_TOKEN_OPEN_BRACE] = 1,
	[HCL_TOKEN_OPEN_BRACKET] = 1,
	[HCL_TOKEN_OPEN_PAREN] = 1,
	[HCL_TOKEN_INTERP] = 1,
	[HCL_TOKEN_CONTROL] = 1,
	[HCL_TOKEN_CLOSE_BRACE] = -1,
	[HCL_TOKEN_CLOSE_BRACKET] = -1,
	[HCL_TOKEN_CLOSE_PAREN] = -1,
	[HCL_TOKEN_SEQ_END] = -1,
};

static int bracket_change(enum hcl_token_kind kind)
{
	return changes[kind];
}

static long net_brackets(const struct cell *cell)
{
	long net = 0;
	for (size_t i = 0; i < cell->n; i++)
		net += bracket_change(cell->items[i].kind);
	return net;
}

static void split_cells(struct line *line)
{
	struct cell *lead = &line->lead;
	struct piece *last = lead->n > 1 ? &lead->items[lead->n - 1] : NULL;
	if (last && last->kind == HCL_TOKEN_COMMENT && !str_has_prefix(last->text, STR("/*"))) {
		line->comment = (struct cell){last, 1};
		lead->n--;
	}
	for (size_t i = 1; i < lead->n; i++) {
		if (lead->items[i].kind != HCL_TOKEN_ASSIGN)
			continue;
		struct cell value = {&lead->items[i], lead->n - i};
		if (net_brackets(&value) == 0) {
			line->assign = value;
			lead->n = i;
		}
		return;
	}
}

static int read_pieces(
	struct pieces *out, struct arena *a, struct str text, struct str file, struct error *err)
{
	struct hcl_lexer lx;
	struct hcl_token t = {0};
	if (hcl_lexer_init(&lx, HCL_MODE_NORMAL, text, file, err) < 0)
		return -1;
	size_t end = lx.pos;
	for (;;) {
		hcl_lexer_next(&lx, &t);
		if (t.kind == HCL_TOKEN_ERROR)
			return -1;
		if (t.kind == HCL_TOKEN_EOF) {
			out->trailing = t.span.off - end;
			return 0;
		}
		end = t.span.off + t.span.len;
		list_push(a, out) = (struct piece){.kind = t.kind, .text = t.text};
	}
}

static void make_lines(struct lines *out, struct arena *a, struct pieces *pieces)
{
	size_t start = 0;
	for (size_t i = 0; i <= pieces->n; i++) {
		bool end = i == pieces->n;
		if (!end && pieces->items[i].kind != HCL_TOKEN_NEWLINE)
			continue;
		struct line line = {.lead = {i > start ? &pieces->items[start] : NULL, i - start}};
		if (!end)
			line.newline = pieces->items[i].text;
		split_cells(&line);
		list_push(a, out) = line;
		start = i + 1;
	}
}

/* ---- Indentation --------------------------------------------------------------------------- */

struct indents {
	long *items; /* brackets that each level opened */
	size_t n;
	size_t cap;
};

static void close_brackets(struct indents *levels, long closed)
{
	while (closed > 0 && levels->n > 0) {
		long *innermost = &levels->items[levels->n - 1];
		if (closed < *innermost) {
			*innermost -= closed;
			return;
		}
		closed -= *innermost;
		levels->n--;
	}
}

/* What is open at the end of a line's text counts, as far as a heredoc does not hide it. */
static long line_brackets(const struct line *line)
{
	long net = net_brackets(&line->assign);
	for (size_t i = 0; i < line->lead.n; i++) {
		net += bracket_change(line->lead.items[i].kind);
		if (line->lead.items[i].kind == HCL_TOKEN_OPEN_HEREDOC)
			break;
	}
	return net;
}

static void indent(struct lines *lines, struct arena *a)
{
	struct indents levels = {0};
	for (size_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->items[i];
		if (line->lead.n == 0)
			continue;
		long net = line_brackets(line);
		if (net < 0)
			close_brackets(&levels, -net);
		line->lead.items[0].spaces = 2 * levels.n;
		if (net > 0)
			list_push(a, &levels) = net;
	}
}

/* ---- Spaces -------------------------------------------------------------------------------- */

static bool is_template_part(enum hcl_token_kind kind)
{
	return kind == HCL_TOKEN_QUOTED || kind == HCL_TOKEN_LITERAL;
}

static const bool begins[HCL_TOKEN_KIND_COUNT] = {
	[HCL_TOKEN_EOF] = true,
	[HCL_TOKEN_OPEN_PAREN] = true,
	[HCL_TOKEN_OPEN_BRACE] = true,
	[HCL_TOKEN_OPEN_BRACKET] = true,
	[HCL_TOKEN_ASSIGN] = true,
	[HCL_TOKEN_COLON] = true,
	[HCL_TOKEN_COMMA] = true,
	[HCL_TOKEN_QUESTION] = true,
	[HCL_TOKEN_PLUS] = true,
	[HCL_TOKEN_STAR] = true,
	[HCL_TOKEN_SLASH] = true,
	[HCL_TOKEN_PERCENT] = true,
	[HCL_TOKEN_MINUS] = true,
	[HCL_TOKEN_EQUAL] = true,
	[HCL_TOKEN_NOT_EQUAL] = true,
	[HCL_TOKEN_LESS] = true,
	[HCL_TOKEN_LESS_EQUAL] = true,
	[HCL_TOKEN_GREATER] = true,
	[HCL_TOKEN_GREATER_EQUAL] = true,
	[HCL_TOKEN_AND] = true,
	[HCL_TOKEN_OR] = true,
	[HCL_TOKEN_NOT] = true,
};

/* A minus behind one of these, or at the start, is a sign and belongs to what follows. */
static bool begins_operand(enum hcl_token_kind kind)
{
	return begins[kind];
}

/* Names, calls, dots, commas and the inside of strings: 1 space, 0 no space, -1 undecided. */
static int space_in_terms(
	const struct piece *x, enum hcl_token_kind before, enum hcl_token_kind after)
{
	bool name = x->kind == HCL_TOKEN_IDENT;
	if (name && (after == HCL_TOKEN_OPEN_PAREN || after == HCL_TOKEN_DOUBLE_COLON))
		return 0;
	if (x->kind == HCL_TOKEN_DOUBLE_COLON && after == HCL_TOKEN_IDENT)
		return 0;
	if (x->kind == HCL_TOKEN_DOT || after == HCL_TOKEN_DOT)
		return 0;
	if (after == HCL_TOKEN_COMMA || after == HCL_TOKEN_ELLIPSIS)
		return 0;
	if (x->kind == HCL_TOKEN_COMMA)
		return 1;
	if (is_template_part(x->kind) || is_template_part(after) ||
		x->kind == HCL_TOKEN_OPEN_QUOTE || x->kind == HCL_TOKEN_OPEN_HEREDOC ||
		after == HCL_TOKEN_CLOSE_QUOTE || after == HCL_TOKEN_CLOSE_HEREDOC)
		return 0;
	if (name && str_is(x->text, "in") && before == HCL_TOKEN_IDENT)
		return 1;
	bool indexed = name || x->kind == HCL_TOKEN_NUMBER || bracket_change(x->kind) < 0;
	return after == HCL_TOKEN_OPEN_BRACKET && indexed ? 0 : -1;
}

/* Whether a space goes behind x, where `before` is HCL_TOKEN_EOF at the start of a cell. */
static bool space_after(
	const struct piece *x, enum hcl_token_kind before, enum hcl_token_kind after)
{
	int term = space_in_terms(x, before, after);
	if (term >= 0)
		return term == 1;
	if (x->kind == HCL_TOKEN_NOT)
		return false;
	if (x->kind == HCL_TOKEN_MINUS)
		return !begins_operand(before);
	if (x->kind == HCL_TOKEN_OPEN_BRACE || after == HCL_TOKEN_CLOSE_BRACE)
		return x->kind != HCL_TOKEN_OPEN_BRACE || after != HCL_TOKEN_CLOSE_BRACE;
	bool opens = x->kind == HCL_TOKEN_INTERP || x->kind == HCL_TOKEN_CONTROL;
	if (opens && after == HCL_TOKEN_OPEN_BRACE)
		return true;
	if (x->kind == HCL_TOKEN_CLOSE_BRACE && after == HCL_TOKEN_SEQ_END)
		return true;
	if (x->kind == HCL_TOKEN_SEQ_END &&
		(after == HCL_TOKEN_INTERP || after == HCL_TOKEN_CONTROL))
		return false;
	return bracket_change(x->kind) <= 0 && bracket_change(after) >= 0;
}

static void space_cell(struct cell *cell)
{
	for (size_t i = 0; i + 1 < cell->n; i++) {
		enum hcl_token_kind before = i > 0 ? cell->items[i - 1].kind : HCL_TOKEN_EOF;
		struct piece *next = &cell->items[i + 1];
		next->spaces = space_after(&cell->items[i], before, next->kind) ? 1 : 0;
	}
}

/* ---- Columns ------------------------------------------------------------------------------- */

static size_t width(const struct cell *cell)
{
	size_t columns = 0;
	for (size_t i = 0; i < cell->n; i++) {
		struct str s = cell->items[i].text;
		columns += cell->items[i].spaces;
		while (s.n > 0) {
			uint32_t code = 0;
			size_t n = utf8_decode(s, &code);
			s = str_from_index(s, n > 0 ? n : 1);
			columns++;
		}
	}
	return columns;
}

enum column { COLUMN_ASSIGN = 1, COLUMN_COMMENT };

static struct cell *column_cell(struct line *line, enum column column)
{
	return column == COLUMN_ASSIGN ? &line->assign : &line->comment;
}

static size_t column_start(const struct line *line, enum column column)
{
	size_t columns = width(&line->lead);
	return column == COLUMN_ASSIGN ? columns : columns + width(&line->assign);
}

/* Lines from first to end all have the cell: it begins behind the longest of what is before. */
static void align_lines(struct lines *lines, size_t first, size_t end, enum column column)
{
	size_t longest = 0;
	for (size_t i = first; i < end; i++) {
		size_t start = column_start(&lines->items[i], column);
		if (start > longest)
			longest = start;
	}
	for (size_t i = first; i < end; i++) {
		struct line *line = &lines->items[i];
		size_t start = column_start(line, column);
		column_cell(line, column)->items[0].spaces = longest - start + 1;
	}
}

static void align(struct lines *lines, enum column column)
{
	size_t first = 0;
	for (size_t i = 0; i <= lines->n; i++) {
		if (i < lines->n && column_cell(&lines->items[i], column)->n > 0)
			continue;
		if (i > first)
			align_lines(lines, first, i, column);
		first = i + 1;
	}
}

/* ---- Public -------------------------------------------------------------------------------- */

static void write_cell(struct buf *out, const struct cell *cell)
{
	for (size_t i = 0; i < cell->n; i++) {
		for (size_t k = 0; k < cell->items[i].spaces; k++)
			buf_add_byte(out, ' ');
		buf_add(out, cell->items[i].text);
	}
}

int hcl_format(struct buf *out, struct str text, struct str file, struct error *err)
{
	scoped(arena) a = {0};
	struct hcl_body *body = NULL;
	struct pieces pieces = {0};
	struct lines lines = {0};
	if (hcl_parse(&body, &a, text, file, err) < 0 ||
		read_pieces(&pieces, &a, text, file, err) < 0)
		return -1;
	make_lines(&lines, &a, &pieces);
	indent(&lines, &a);
	for (size_t i = 0; i < lines.n; i++) {
		space_cell(&lines.items[i].lead);
		space_cell(&lines.items[i].assign);
	}
	align(&lines, COLUMN_ASSIGN);
	align(&lines, COLUMN_COMMENT);
	for (size_t i = 0; i < lines.n; i++) {
		write_cell(out, &lines.items[i].lead);
		write_cell(out, &lines.items[i].assign);
		write_cell(out, &lines.items[i].comment);
		buf_add(out, lines.items[i].newline);
	}
	for (size_t i = 0; i < pieces.trailing; i++)
		buf_add_byte(out, ' ');
	return buf_check(out, err);
}
