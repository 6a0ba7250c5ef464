#include "audit/shell/parser.h"

void sh_map_add(struct parser *p, struct source_map *m, size_t from, struct span place)
{
	/* Of two at one place the later one stands: nothing was copied between them. */
	if (m->n > 0 && m->items[m->n - 1].from == from)
		m->n--;
	list_push(p->arena, m) = (struct map_segment){(uint32_t)from, place};
}

/* ---- Where a body ends ---------------------------------------------------------------------- */

static const char *line_end(const struct parser *p, const char *from)
{
	const char *newline = memchr(from, '\n', (size_t)(p->at.end - from));
	return newline ? newline : p->at.end;
}

static const char *skip_tabs(const char *from, const char *end)
{
	while (from < end && *from == '\t')
		from++;
	return from;
}

/* The line ends in a backslash that is not itself escaped, so the next one belongs to it. */
static bool is_continued(const char *from, const char *end)
{
	size_t n = 0;
	while (end > from && end[-1] == '\\') {
		end--;
		n++;
	}
	return n % 2 == 1;
}

struct body_end {
	const char *body; /* behind the last line of the body */
	const char *behind; /* where reading goes on */
	bool found;
};

/* bash takes a line that starts with the delimiter and then closes $( ). */
static bool closes_substitution(
	const struct parser *p, const struct heredoc *h, const char *line, const char *end)
{
	if (p->posix || p->closer != ')' || (size_t)(end - line) <= h->delimiter.n)
		return false;
	return memcmp(line, h->delimiter.p, h->delimiter.n) == 0 &&
		memchr(line + h->delimiter.n, ')', (size_t)(end - line) - h->delimiter.n);
}

static struct body_end find_end(const struct parser *p, const struct heredoc *h)
{
	const char *line = p->at.cur;
	bool whole = true;
	while (line < p->at.end) {
		const char *end = line_end(p, line);
		const char *text = h->strip && whole ? skip_tabs(line, end) : line;
		const char *behind = end < p->at.end ? end + 1 : end;
		if (whole && str_eq((struct str){text, (size_t)(end - text)}, h->delimiter))
			return (struct body_end){line, behind, true};
		if (whole && h->delimiter.n > 0 && closes_substitution(p, h, text, end))
			return (struct body_end){line, text + h->delimiter.n, true};
		whole = h->literal || !is_continued(line, end);
		line = behind;
	}
	return (struct body_end){p->at.end, p->at.end, false};
}

/* ---- Bodies --------------------------------------------------------------------------------- */

/* A copy without leading tabs, and its map. The cursor ends behind the original. */
static struct place strip_tabs(struct parser *p, const char *end, bool literal)
{
	struct source_map *map = take(p, sizeof(*map));
	char *copy = arena_alloc(p->arena, (size_t)(end - p->at.cur) + 1);
	size_t n = 0;
	bool whole = true;
	sh_map_add(p, map, 0, here(p));
	while (p->at.cur < end) {
		const char *newline = memchr(p->at.cur, '\n', (size_t)(end - p->at.cur));
		const char *stop = newline ? newline : end;
		if (whole)
			p->at.cur = skip_tabs(p->at.cur, stop);
		whole = literal || !is_continued(p->at.cur, stop);
		sh_map_add(p, map, n, here(p));
		memcpy(copy + n, p->at.cur, (size_t)(stop - p->at.cur));
		n += (size_t)(stop - p->at.cur);
		p->at.cur = stop;
		if (newline) {
			copy[n++] = '\n';
			pass_newline(p);
		}
	}
	return (struct place){.cur = copy, .end = copy + n, .base = copy, .map = map};
}

static void set_body(struct parser *p, const struct heredoc *h, struct span span, size_t mark)
{
	struct shell_word *w = h->body;
	w->span = span;
	w->part_count = (uint32_t)(p->parts.n - mark);
	w->parts = sh_take_copy(p, p->parts.items, mark, w->part_count, sizeof(*w->parts));
	p->parts.n = mark;
}

static void set_literal_body(
	struct parser *p, const struct heredoc *h, struct span span, struct str text)
{
	struct shell_part part = {.kind = SHELL_SINGLE, .span = span, .text = text};
	size_t mark = p->parts.n;
	if (text.n > 0)
		list_push(p->arena, &p->parts) = part;
	set_body(p, h, span, mark);
}

/*
 * bash reads a body only when the command runs. What it cannot expand then makes the redirection
 * fail, and what stands before has run: the tree holds that, and the rest as a literal.
 */
static bool keep_rest(struct parser *p, struct place window, size_t mark, struct span start)
{
	struct shell_error e = p->error;
	size_t at = e.span.off > start.off ? e.span.off - start.off : 0;
	if (p->fatal || p->posix)
		return false;
	p->failed = false;
	sh_warn_at(p, e.span, "here-document that cannot be expanded: %.*s", STR_ARG(e.text));
	size_t size = (size_t)(window.end - window.cur);
	if (window.map || at > size)
		at = 0;
	struct shell_part part = {.kind = SHELL_LITERAL,
		.span = at > 0 ? e.span : start,
		.text = {window.cur + at, size - at}};
	part.span.len = (uint32_t)(size - at);
	if (p->parts.n < mark)
		p->parts.n = mark;
	list_push(p->arena, &p->parts) = part;
	return true;
}

static bool read_body(
	struct parser *p, const struct heredoc *h, struct place window, struct span span)
{
	struct checkpoint start = sh_checkpoint(p);
	if (!sh_enter(p))
		return false;
	size_t mark = p->parts.n;
	char closer = p->closer;
	p->at = window;
	p->heredocs.first = p->heredocs.n;
	p->closer = '\0';
	p->bodies++;
	struct scan s = {.bits = TEXT_HEREDOC};
	if (!sh_scan_parts(p, &s)) {
		size_t parts = p->parts.n;
		if (!keep_rest(p, window, parts, span))
			return false;
		p->words.n = start.words;
		p->assigns.n = start.assigns;
		p->redirs.n = start.redirs;
		p->items.n = start.items;
		p->pipes.n = start.pipes;
		p->cases.n = start.cases;
	}
	p->heredocs.n = start.heredocs;
	p->heredocs.first = start.heredocs_first;
	p->closer = closer;
	p->depth = start.depth;
	p->bodies = start.bodies;
	p->keyword_at = NULL;
	set_body(p, h, span, mark);
	return true;
}

static bool read_heredoc(struct parser *p, const struct heredoc *h)
{
	struct body_end end = find_end(p, h);
	struct span span = here(p);
	struct place window = p->at;
	/* A body inside of a body was searched for its end before. */
	if (p->bodies > 0 && !sh_charge(p, (size_t)(end.body - p->at.cur)))
		return false;
	if (h->strip) {
		window = strip_tabs(p, end.body, h->literal);
	} else {
		window.end = end.body;
		sh_advance_to(p, end.body);
	}
	span.len = offset(p) - span.off;
	if (!end.found)
		sh_warn_at(p, h->span, "here-document ended by the end of the text, not by '%.*s'",
			STR_ARG(h->delimiter));
	sh_advance_to(p, end.behind);
	if (h->literal) {
		set_literal_body(
			p, h, span, (struct str){window.cur, (size_t)(window.end - window.cur)});
		return true;
	}
	struct place behind = p->at;
	if (!read_body(p, h, window, span))
		return false;
	p->at = behind;
	return true;
}

bool sh_read_heredocs(struct parser *p)
{
	uint32_t last_end = p->last_end;
	size_t first = p->heredocs.first;
	size_t n = p->heredocs.n;
	for (size_t i = first; i < n; i++) {
		struct heredoc h = p->heredocs.items[i];
		if (!read_heredoc(p, &h))
			return false;
	}
	p->heredocs.n = first;
	p->last_end = last_end;
	return true;
}

void sh_end_heredocs(struct parser *p)
{
	for (size_t i = p->heredocs.first; i < p->heredocs.n; i++) {
		const struct heredoc *h = &p->heredocs.items[i];
		sh_warn_at(p, h->span, "here-document without a body, looking for '%.*s'",
			STR_ARG(h->delimiter));
		h->body->span = here(p);
	}
	p->heredocs.n = p->heredocs.first;
}
