/* How values are put together: literal bytes, holes and sensitive pieces (base/text.h). */
#include "base/hcl/ast.h"

#include "base/digest.h"

#include <stdio.h>

#define NAMES_MAX 16 /* of one piece; a piece of so many parts says no more with more of them */
#define NAME_MAX 200
#define DESCRIPTION_MAX ((size_t)64 << 10)

/* ---- Names --------------------------------------------------------------------------------- */

static void add_name(struct hcl_taint *t, struct arena *a, struct str name)
{
	for (size_t i = 0; i < t->names.n; i++) {
		if (str_eq(t->names.items[i], name))
			return;
	}
	if (t->names.n < NAMES_MAX)
		list_push(a, &t->names) = name;
}

/* The names of a value that is marked itself; of an unknown one, what it is a hole for. */
static void add_own_names(struct hcl_taint *t, struct arena *a, const struct hcl_value *v)
{
	bool found = false;
	for (size_t i = 0; v->text && i < v->text->n; i++) {
		const struct text_piece *p = &v->text->items[i];
		if (p->kind == TEXT_LITERAL)
			continue;
		add_name(t, a, p->name);
		found = true;
	}
	if (!found)
		add_name(t, a, STR("sensitive"));
}

void hcl_taint_own(struct hcl_taint *t, struct arena *a, const struct hcl_value *v)
{
	if (v->marks == 0)
		return;
	t->marks |= v->marks;
	add_own_names(t, a, v);
}

/* Recursion ends with the depth of values, which is bounded. */
void hcl_taint_deep(struct hcl_taint *t, struct arena *a, const struct hcl_value *v)
{
	hcl_taint_own(t, a, v);
	for (size_t i = 0; v->inner_marks != 0 && i < v->n; i++)
		hcl_taint_deep(t, a, &v->items[i]);
}

/* ---- Marking ------------------------------------------------------------------------------- */

static struct text *sensitive_text(struct arena *a, struct str name, const struct hcl_value *v)
{
	struct str value = {0};
	struct text *text = arena_new(a, struct text);
	(void)hcl_to_string(a, v, &value);
	text_add_sensitive(text, a, name, value);
	return text;
}

static bool is_all_sensitive(const struct hcl_value *v)
{
	for (size_t i = 0; v->text && i < v->text->n; i++) {
		if (v->text->items[i].kind == TEXT_LITERAL)
			return false;
	}
	return v->marks != 0 && v->text;
}

/*
 * Marks all that the value holds, so that who takes elements out of a sensitive list need not
 * remember where they came from. force: also what is sensitive already, under other names.
 */
static void mark(struct arena *a, struct hcl_value *v, unsigned marks, struct str name, bool force)
{
	if (!force && is_all_sensitive(v))
		return;
	bool container = v->type == HCL_LIST || v->type == HCL_OBJECT;
	struct hcl_value *items = container ? arena_array(a, struct hcl_value, v->n) : NULL;
	for (size_t i = 0; container && i < v->n; i++) {
		items[i] = v->items[i];
		mark(a, &items[i], marks, name, force);
		v->inner_marks |= marks;
	}
	if (container)
		v->items = items;
	v->marks |= marks;
	if (v->type != HCL_UNKNOWN)
		v->text = sensitive_text(a, name, v);
}

void hcl_taint_apply(const struct hcl_taint *t, struct arena *a, struct hcl_value *v)
{
	if (t->marks == 0)
		return;
	struct str name = t->names.items[0];
	if (t->names.n > 1)
		name = arena_join(a, t->names.items, t->names.n, STR("+"));
	mark(a, v, t->marks, name, false);
}

void hcl_inherit(struct arena *a, struct hcl_value *v, const struct hcl_value *from)
{
	struct hcl_taint t = {0};
	hcl_taint_own(&t, a, from);
	hcl_taint_apply(&t, a, v);
}

struct hcl_value hcl_sensitive(struct arena *a, const struct hcl_value *v, struct str name)
{
	struct hcl_value marked = *v;
	mark(a, &marked, HCL_SENSITIVE, name, true);
	return marked;
}

void hcl_retext(struct arena *a, struct hcl_value *v)
{
	struct str value = {0};
	if (v->marks == 0 || v->type == HCL_UNKNOWN)
		return;
	bool fits = v->text && text_value(v->text, a, &value) && str_eq(value, v->string);
	if (fits)
		return;
	struct hcl_taint t = {0};
	hcl_taint_own(&t, a, v);
	v->text = NULL;
	hcl_taint_apply(&t, a, v);
}

/* ---- Holes --------------------------------------------------------------------------------- */

struct hcl_value hcl_hole(struct arena *a, struct str name)
{
	struct text *text = arena_new(a, struct text);
	text_add_hole(text, a, name);
	struct hcl_value v = hcl_unknown();
	v.text = text;
	return v;
}

static void describe(struct buf *out, struct arena *a, const struct hcl_value *v);

static void describe_pieces(struct buf *out, const struct text *t)
{
	if (t->n == 1 && t->items[0].kind != TEXT_LITERAL) {
		buf_add(out, t->items[0].name);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *p = &t->items[i];
		bool literal = p->kind == TEXT_LITERAL;
		buf_add_cstr(out, literal ? "" : "${");
		buf_add(out, literal ? p->value : p->name);
		buf_add_cstr(out, literal ? "" : "}");
	}
	buf_add_byte(out, '"');
}

static void describe_items(struct buf *out, struct arena *a, const struct hcl_value *v)
{
	buf_add_byte(out, v->keys ? '{' : '[');
	for (size_t i = 0; i < v->n && !out->full; i++) {
		buf_add_cstr(out, i > 0 ? ", " : "");
		if (v->keys) {
			buf_add(out, v->keys[i]);
			buf_add_cstr(out, " = ");
		}
		describe(out, a, &v->items[i]);
	}
	buf_add_byte(out, v->keys ? '}' : ']');
}

/* What is sensitive goes by its name. Recursion ends with the depth of values. */
static void describe(struct buf *out, struct arena *a, const struct hcl_value *v)
{
	struct str s = {0};
	struct hcl_taint t = {0};
	if (v->type == HCL_UNKNOWN) {
		if (v->text)
			describe_pieces(out, v->text);
		else
			buf_add_cstr(out, "unknown");
		return;
	}
	hcl_taint_own(&t, a, v);
	for (size_t i = 0; i < t.names.n; i++) {
		buf_add_cstr(out, i > 0 ? "+" : "");
		buf_add(out, t.names.items[i]);
	}
	if (t.marks != 0)
		return;
	if (v->type == HCL_STRING)
		json_write_string(out, v->string);
	else if (v->type == HCL_LIST || v->type == HCL_OBJECT)
		describe_items(out, a, v);
	else
		buf_add(out, hcl_to_string(a, v, &s) ? s : STR("null"));
}

/* Names are for people: a long one is cut, and its digest tells it from others like it. */
static struct str short_name(struct arena *a, struct str s)
{
	char hex[17];
	if (s.n <= NAME_MAX)
		return arena_str(a, s);
	struct digest d = digest_bytes(s);
	size_t end = NAME_MAX;
	while (end > 0 && ((unsigned char)s.p[end] & 0xc0) == 0x80)
		end--;
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", d.bytes[i]);
	return arena_printf(a, "%.*s...#%s", (int)end, s.p, hex);
}

struct hcl_value hcl_hole_of(
	struct arena *a, const char *const *words, const struct hcl_value *const *values, size_t n)
{
	scoped(buf) name = {0};
	struct hcl_taint t = {0};
	buf_init(&name, DESCRIPTION_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_add_cstr(&name, words[i]);
		if (!values[i])
			continue;
		describe(&name, a, values[i]);
		hcl_taint_deep(&t, a, values[i]);
	}
	struct hcl_value v = hcl_hole(a, short_name(a, buf_str(&name)));
	v.marks = t.marks;
	return v;
}

struct hcl_value hcl_hole_member(struct arena *a, const struct hcl_value *of, struct str step)
{
	const struct text *t = of->text;
	struct hcl_value v = hcl_unknown();
	if (t && t->n == 1) {
		scoped(buf) name = {0};
		buf_add(&name, t->items[0].name);
		buf_add(&name, step);
		v = hcl_hole(a, short_name(a, buf_str(&name)));
	}
	v.marks = of->marks;
	return v;
}

/* ---- Texts --------------------------------------------------------------------------------- */

bool hcl_to_text(struct arena *a, const struct hcl_value *v, struct text *out)
{
	struct str value = {0};
	struct str kept = {0};
	struct text text = {0};
	if (v->type == HCL_UNKNOWN && v->text) {
		*out = *v->text;
		return true;
	}
	if (v->type == HCL_UNKNOWN) {
		text_add_hole(&text, a, STR("unknown"));
		*out = text;
		return true;
	}
	if (!hcl_to_string(a, v, &value))
		return false;
	if (v->marks == 0) {
		*out = text_from(a, value);
		return true;
	}
	bool fits = v->text && text_value(v->text, a, &kept) && str_eq(kept, value);
	if (fits) {
		*out = *v->text;
		return true;
	}
	struct hcl_value whole = *v;
	struct hcl_taint t = {0};
	hcl_taint_own(&t, a, v);
	whole.text = NULL;
	hcl_taint_apply(&t, a, &whole);
	if (!whole.text)
		return false;
	*out = *whole.text;
	return true;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static struct origin line_of(const struct hcl_place *place, size_t line)
{
	if (!place)
		return (struct origin){0};
	return line < place->line_count ? place->lines[line] : place->origin;
}

struct origin hcl_line(const struct hcl_value *v, size_t line)
{
	return line_of(v->place, line);
}

/* Most texts are one line; a list is made for the second. */
static void begin_line(struct hcl_lines *l, struct arena *a, struct origin o)
{
	if (!l->begun) {
		l->first = o;
		l->begun = true;
		return;
	}
	if (l->n == 0)
		list_push(a, l) = l->first;
	list_push(a, l) = o;
}

void hcl_lines_add(
	struct hcl_lines *l, struct arena *a, struct str s, const struct hcl_place *place)
{
	for (size_t line = 0; s.n > 0; line++) {
		size_t end = str_find_byte(s, '\n');
		if (!l->open)
			begin_line(l, a, line_of(place, line));
		l->open = end == STR_NPOS;
		s = l->open ? (struct str){0} : str_from_index(s, end + 1);
	}
}

const struct hcl_place *hcl_lines_place(
	const struct hcl_lines *l, struct arena *a, const struct origin *o)
{
	bool same = l->n == 0 && l->first.span.line == o->span.line;
	if (same || (l->n == 0 && l->first.span.line == 0))
		return NULL;
	struct hcl_place *place = arena_new(a, struct hcl_place);
	place->origin = *o;
	place->lines = l->n > 0 ? l->items : &l->first;
	place->line_count = l->n > 0 ? l->n : 1;
	if (l->n == 0) {
		struct origin *only = arena_new(a, struct origin);
		*only = l->first;
		place->lines = only;
	}
	return place;
}

/* ---- Putting together ---------------------------------------------------------------------- */

static void flush(struct hcl_pieces *p)
{
	if (p->run.n == 0)
		return;
	text_add_literal(&p->text, p->arena,
		p->run.n == 1 ? p->run.items[0]
			      : arena_join(p->arena, p->run.items, p->run.n, STR("")));
	p->run.n = 0;
}

void hcl_pieces_add(struct hcl_pieces *p, struct str s)
{
	list_push(p->arena, &p->run) = s;
	p->size += s.n;
}

bool hcl_pieces_add_value(struct hcl_pieces *p, const struct hcl_value *v)
{
	struct str s = {0};
	struct text text = {0};
	if (v->marks == 0 && v->type != HCL_UNKNOWN) {
		if (!hcl_to_string(p->arena, v, &s))
			return false;
		hcl_pieces_add(p, s);
		hcl_lines_add(&p->lines, p->arena, s, v->place);
		return true;
	}
	if (!hcl_to_text(p->arena, v, &text))
		return false;
	hcl_lines_add(&p->lines, p->arena, v->type == HCL_STRING ? v->string : STR("?"), v->place);
	p->special = true;
	p->marks |= v->marks;
	p->unknown = p->unknown || v->type == HCL_UNKNOWN;
	for (size_t i = 0; i < text.n; i++) {
		const struct text_piece *piece = &text.items[i];
		if (piece->kind == TEXT_LITERAL) {
			hcl_pieces_add(p, piece->value);
			continue;
		}
		flush(p);
		list_push(p->arena, &p->text) = *piece;
		p->size += piece->value.n;
	}
	return true;
}

static struct hcl_value plain_value(const struct hcl_pieces *p)
{
	if (p->run.n == 1)
		return hcl_string(p->run.items[0]);
	return hcl_string(arena_join(p->arena, p->run.items, p->run.n, STR("")));
}

struct hcl_value hcl_pieces_value(struct hcl_pieces *p, const struct origin *o)
{
	struct str s = {0};
	const struct hcl_place *place = hcl_lines_place(&p->lines, p->arena, o);
	if (!p->special) {
		struct hcl_value plain = plain_value(p);
		plain.place = place;
		return plain;
	}
	flush(p);
	struct hcl_value v = hcl_unknown();
	if (!p->unknown && text_value(&p->text, p->arena, &s))
		v = hcl_string(s);
	else
		v.size += p->size;
	struct text *text = arena_new(p->arena, struct text);
	*text = p->text;
	v.text = text;
	v.marks = p->marks;
	v.place = place;
	return v;
}
