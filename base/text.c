#include "base/text.h"

void text_add_literal(struct text *t, struct arena *a, struct str s)
{
	if (s.n == 0)
		return;
	struct text_piece *last = t->n > 0 ? &t->items[t->n - 1] : NULL;
	if (last && last->kind == TEXT_LITERAL) {
		struct str both[] = {last->value, s};
		last->value = arena_join(a, both, 2, STR(""));
		return;
	}
	list_push(a, t) = (struct text_piece){.kind = TEXT_LITERAL, .value = arena_str(a, s)};
}

void text_add_hole(struct text *t, struct arena *a, struct str name)
{
	list_push(a, t) = (struct text_piece){.kind = TEXT_HOLE, .name = arena_str(a, name)};
}

void text_add_sensitive(struct text *t, struct arena *a, struct str name, struct str value)
{
	list_push(a, t) = (struct text_piece){
		.kind = TEXT_SENSITIVE,
		.name = arena_str(a, name),
		.value = arena_str(a, value),
	};
}

static void add_piece(struct text *t, struct arena *a, const struct text_piece *p)
{
	switch (p->kind) {
	case TEXT_LITERAL:
		text_add_literal(t, a, p->value);
		break;
	case TEXT_HOLE:
		text_add_hole(t, a, p->name);
		break;
	case TEXT_SENSITIVE:
		text_add_sensitive(t, a, p->name, p->value);
		break;
	}
}

void text_add(struct text *t, struct arena *a, const struct text *other)
{
	for (size_t i = 0; i < other->n; i++)
		add_piece(t, a, &other->items[i]);
}

struct text text_from(struct arena *a, struct str literal)
{
	struct text t = {0};
	text_add_literal(&t, a, literal);
	return t;
}

static bool has(const struct text *t, enum text_kind kind)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].kind == kind)
			return true;
	}
	return false;
}

bool text_is_literal(const struct text *t)
{
	return !has(t, TEXT_HOLE) && !has(t, TEXT_SENSITIVE);
}

bool text_has_holes(const struct text *t)
{
	return has(t, TEXT_HOLE);
}

bool text_is_sensitive(const struct text *t)
{
	return has(t, TEXT_SENSITIVE);
}

bool text_value(const struct text *t, struct arena *a, struct str *out)
{
	if (text_has_holes(t))
		return false;
	if (t->n == 1) {
		*out = t->items[0].value;
		return true;
	}
	struct str_list parts = {0};
	for (size_t i = 0; i < t->n; i++)
		list_push(a, &parts) = t->items[i].value;
	*out = arena_join(a, parts.items, parts.n, STR(""));
	return true;
}

static struct str piece_display(const struct text_piece *p, struct arena *a)
{
	switch (p->kind) {
	case TEXT_LITERAL:
		return p->value;
	case TEXT_HOLE:
		return arena_printf(a, "<hole:%.*s>", STR_ARG(p->name));
	case TEXT_SENSITIVE:
		return arena_printf(a, "<sensitive:%.*s>", STR_ARG(p->name));
	}
	abort();
}

struct str text_display(const struct text *t, struct arena *a)
{
	struct str_list parts = {0};
	for (size_t i = 0; i < t->n; i++)
		list_push(a, &parts) = piece_display(&t->items[i], a);
	return arena_join(a, parts.items, parts.n, STR(""));
}

static struct json *piece_to_json(const struct text_piece *p, struct arena *a)
{
	if (p->kind == TEXT_LITERAL)
		return json_bytes(a, p->value);
	struct json *j = json_object(a);
	json_set(a, j, p->kind == TEXT_HOLE ? "hole" : "sensitive", json_string(a, p->name));
	return j;
}

struct json *text_to_json(const struct text *t, struct arena *a)
{
	if (t->n == 0)
		return json_cstr(a, "");
	if (t->n == 1 && t->items[0].kind == TEXT_LITERAL)
		return piece_to_json(&t->items[0], a);
	struct json *j = json_array(a);
	for (size_t i = 0; i < t->n; i++)
		json_append(a, j, piece_to_json(&t->items[i], a));
	return j;
}

int text_fill(const struct text *t, struct arena *a, text_fill_fn *fill, void *ctx, struct str *out,
	struct error *err)
{
	struct str_list parts = {0};
	for (size_t i = 0; i < t->n; i++) {
		struct str value = t->items[i].value;
		bool hole = t->items[i].kind == TEXT_HOLE;
		if (hole && (!fill || !fill(ctx, t->items[i].name, &value)))
			return error_set(err, ERROR_BUG, "nobody knows the value of %.*s",
				STR_ARG(t->items[i].name));
		list_push(a, &parts) = value;
	}
	*out = arena_join(a, parts.items, parts.n, STR(""));
	return 0;
}

static void flatten_literal(struct buf *out, struct str s, size_t *clashes)
{
	for (size_t i = 0; i < s.n; i++) {
		bool clash = s.p[i] == TEXT_MARK || s.p[i] == TEXT_MARK_END;
		*clashes += clash;
		buf_add_byte(out, clash ? '?' : s.p[i]);
	}
}

struct str text_flatten(const struct text *t, struct arena *a, size_t *clashes)
{
	size_t found = 0;
	scoped(buf) out = {0};
	buf_init(&out, SIZE_MAX / 4);
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].kind == TEXT_LITERAL)
			flatten_literal(&out, t->items[i].value, &found);
		else
			buf_printf(&out, "%c%zu%c", TEXT_MARK, i, TEXT_MARK_END);
	}
	if (clashes)
		*clashes = found;
	return arena_str(a, buf_str(&out));
}

void text_redactions(const struct text *t, struct redactor *r)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].kind == TEXT_SENSITIVE)
			redactor_add(r, t->items[i].name, t->items[i].value);
	}
}
