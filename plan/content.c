#include "plan/compile.h"

void text_push(struct text *t, struct arena *a, struct str literal)
{
	if (literal.n > 0)
		list_push(a, t) = (struct text_piece){.kind = TEXT_LITERAL, .value = literal};
}

void text_push_text(struct text *t, struct arena *a, const struct text *other)
{
	for (size_t i = 0; i < other->n; i++)
		list_push(a, t) = other->items[i];
}

struct text text_joined(const struct text *t, struct arena *a)
{
	struct text out = {0};
	struct str_list literals = {0};
	for (size_t i = 0; i <= t->n; i++) {
		if (i < t->n && t->items[i].kind == TEXT_LITERAL) {
			list_push(a, &literals) = t->items[i].value;
			continue;
		}
		text_push(&out, a, arena_join(a, literals.items, literals.n, STR("")));
		literals = (struct str_list){0};
		if (i < t->n)
			list_push(a, &out) = t->items[i];
	}
	return out;
}

static struct str escaped(struct arena *a, struct str s, const struct escape *table)
{
	scoped(buf) out = {0};
	for (size_t i = 0; i < s.n; i++) {
		const struct escape *e = table;
		while (e->to && e->from != s.p[i])
			e++;
		buf_add(&out, e->to ? str_from(e->to) : str_sub(s, i, 1));
	}
	return arena_str(a, buf_str(&out));
}

struct text text_escaped(struct arena *a, const struct text *t, const struct escape *table)
{
	struct text out = {0};
	for (size_t i = 0; i < t->n; i++) {
		struct text_piece piece = t->items[i];
		if (piece.kind != TEXT_HOLE)
			piece.value = escaped(a, piece.value, table);
		list_push(a, &out) = piece;
	}
	return out;
}

static void add_line_origin(struct content *t, struct compiler *c, const struct origin *o)
{
	/* Beyond the limit, plan_line gives the last place that is known. */
	if (t->lines.n < PLAN_LINES_MAX)
		list_push(c->arena, &t->lines) = *o;
}

/* True when the last line is still open, so that what comes next belongs to it. */
static bool line_is_open(const struct content *t)
{
	if (t->text.n == 0)
		return false;
	const struct text_piece *last = &t->text.items[t->text.n - 1];
	return last->kind == TEXT_HOLE || last->value.n == 0 ||
		last->value.p[last->value.n - 1] != '\n';
}

/* The string as the file has it, without its quotes; empty for anything but a JSON string. */
static struct str raw_string(struct compiler *c, const struct origin *o)
{
	struct error ignored;
	if (o->file.n == 0 || !path_is_clean(o->file) || o->span.len < 2)
		return STR("");
	if (!str_eq(c->file.path, o->file)) {
		if (tree_read(c->tree, o->file, &c->file.text, &ignored) < 0)
			return STR("");
		c->file.path = o->file;
	}
	struct str raw = str_sub(c->file.text, o->span.off, o->span.len);
	if (raw.n < 2 || raw.p[0] != '"' || raw.p[raw.n - 1] != '"')
		return STR("");
	return str_sub(raw, 1, raw.n - 2);
}

/* Moves `at` behind the next escaped line break. False when there is none. */
static bool next_line(struct str raw, size_t *at)
{
	for (size_t i = *at; i + 1 < raw.n; i++) {
		if (raw.p[i] != '\\')
			continue;
		struct str escape = str_sub(raw, i, 6);
		bool unicode = str_eq_nocase(escape, STR("\\u000a"));
		if (raw.p[i + 1] == 'n' || unicode) {
			*at = i + (unicode ? 6 : 2);
			return true;
		}
		i++;
	}
	return false;
}

static struct origin inside(const struct origin *o, struct str raw, size_t at)
{
	struct origin line = *o;
	size_t end = at;
	if (raw.n == 0)
		return line;
	if (!next_line(raw, &end))
		end = raw.n;
	line.span.off += (uint32_t)at + 1;
	line.span.col += (uint32_t)at + 1;
	line.span.len = (uint32_t)(end - at);
	return line;
}

/* Sensitive values are one word for whoever reads the content, whatever they hold. */
static size_t count_breaks(const struct text *text)
{
	size_t n = 0;
	for (size_t i = 0; i < text->n; i++) {
		struct str s = text->items[i].kind == TEXT_LITERAL ? text->items[i].value : STR("");
		for (size_t k = 0; k < s.n; k++)
			n += s.p[k] == '\n';
	}
	return n;
}

static bool ends_with_break(const struct text *text)
{
	const struct text_piece *last = &text->items[text->n - 1];
	return last->kind == TEXT_LITERAL && str_has_suffix(last->value, STR("\n"));
}

void content_add(
	struct content *t, struct compiler *c, const struct text *text, const struct origin *o)
{
	struct str raw = raw_string(c, o);
	size_t at = 0;
	bool open = line_is_open(t);
	size_t breaks = count_breaks(text);
	/* Behind the last break there is no line yet. */
	if (breaks > 0 && ends_with_break(text))
		breaks--;
	for (size_t i = 0; i <= breaks; i++) {
		struct origin line = inside(o, raw, at);
		if (i > 0 || !open)
			add_line_origin(t, c, &line);
		/* Behind the last escaped break, breaks that a value brought stay there. */
		(void)next_line(raw, &at);
	}
	text_push_text(&t->text, c->arena, text);
}

/* Lines of one string in quotes are all at its beginning; its escape sequences say more. */
static bool knows_lines(const struct conf *value)
{
	for (size_t i = 1; i < value->line_count; i++) {
		if (value->lines[i].span.off != value->lines[0].span.off)
			return true;
	}
	return false;
}

void content_add_value(
	struct content *t, struct compiler *c, const struct text *text, const struct conf *value)
{
	bool open = line_is_open(t);
	size_t breaks = count_breaks(text);
	if (!knows_lines(value)) {
		content_add(t, c, text, &value->origin);
		return;
	}
	for (size_t i = 0; i <= breaks; i++) {
		size_t known = i < value->line_count ? i : value->line_count - 1;
		if (i > 0 || !open)
			add_line_origin(t, c, &value->lines[known]);
	}
	text_push_text(&t->text, c->arena, text);
}

void content_end_line(struct content *t, struct compiler *c)
{
	text_push(&t->text, c->arena, STR("\n"));
}

struct text content_text(const struct content *t, struct compiler *c)
{
	return text_joined(&t->text, c->arena);
}

void content_add_line(
	struct content *t, struct compiler *c, struct str line, const struct origin *o)
{
	add_line_origin(t, c, o);
	text_push(&t->text, c->arena, line);
	content_end_line(t, c);
}

/* Carriage returns before line breaks go; `last` pieces end with a line break. */
static struct str unix_piece(struct compiler *c, struct str s, bool last)
{
	scoped(buf) out = {0};
	buf_init(&out, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		bool end = i + 1 == s.n ? last : s.p[i + 1] == '\n';
		if (s.p[i] != '\r' || !end)
			buf_add_byte(&out, s.p[i]);
	}
	if (last && s.n > 0 && s.p[s.n - 1] != '\n')
		buf_add_byte(&out, '\n');
	return arena_str(c->arena, buf_str(&out));
}

struct text content_unix(struct compiler *c, const struct text *text)
{
	struct text out = {0};
	for (size_t i = 0; i < text->n; i++) {
		const struct text_piece *p = &text->items[i];
		bool last = i + 1 == text->n;
		struct text_piece made = *p;
		if (p->kind != TEXT_HOLE)
			made.value = unix_piece(c, p->value, last && p->kind == TEXT_LITERAL);
		list_push(c->arena, &out) = made;
	}
	if (text->n > 0 && text->items[text->n - 1].kind != TEXT_LITERAL)
		text_add_literal(&out, c->arena, STR("\n"));
	return out;
}

void content_give_lines(const struct content *t, struct step *s)
{
	s->lines.items = t->lines.items;
	s->lines.n = t->lines.n;
	s->lines.cap = t->lines.cap;
}
