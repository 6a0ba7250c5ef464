#include "template/hcl2/hcl2.h"

/* ---- Writing values as expressions ---------------------------------------------------------- */

/* The inside of a quoted string. */
static void write_quoted(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool opens = (c == '$' || c == '%') && i + 1 < s.n && s.p[i + 1] == '{';
		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		if (opens)
			buf_add_byte(out, c);
		if (c == '\n' || c == '\r' || c == '\t')
			buf_add_cstr(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
		else
			buf_add_byte(out, c);
	}
}

struct writer {
	struct arena *arena;
	struct text *out;
	struct buf literal;
};

static void flush(struct writer *w)
{
	text_add_literal(w->out, w->arena, buf_str(&w->literal));
	buf_reset(&w->literal);
}

static void write_string(struct writer *w, const struct hcl_value *v)
{
	struct text pieces = {0};
	(void)!hcl_to_text(w->arena, v, &pieces);
	buf_add_byte(&w->literal, '"');
	for (size_t i = 0; i < pieces.n; i++) {
		const struct text_piece *p = &pieces.items[i];
		if (p->kind == TEXT_LITERAL) {
			write_quoted(&w->literal, p->value);
			continue;
		}
		flush(w);
		if (p->kind == TEXT_HOLE)
			text_add_hole(w->out, w->arena, p->name);
		else
			text_add_sensitive(w->out, w->arena, p->name, p->value);
	}
	buf_add_byte(&w->literal, '"');
}

/* The depth of values is bounded by those who make them. */
static void write_value(struct writer *w, const struct hcl_value *v)
{
	struct str s = {0};
	if (v->type == HCL_NONE || v->type == HCL_NULL) {
		buf_add_cstr(&w->literal, "null");
		return;
	}
	if (v->type != HCL_LIST && v->type != HCL_OBJECT) {
		if (v->type == HCL_STRING || v->type == HCL_UNKNOWN || v->marks != 0)
			write_string(w, v);
		else if (hcl_to_string(w->arena, v, &s))
			buf_add(&w->literal, s);
		return;
	}
	buf_add_byte(&w->literal, v->type == HCL_LIST ? '[' : '{');
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_add_cstr(&w->literal, ", ");
		if (v->type == HCL_OBJECT) {
			buf_add_byte(&w->literal, '"');
			write_quoted(&w->literal, v->keys[i]);
			buf_add_cstr(&w->literal, "\" = ");
		}
		write_value(w, &v->items[i]);
	}
	buf_add_byte(&w->literal, v->type == HCL_LIST ? ']' : '}');
}

void hcl2_write(struct arena *a, const struct hcl_value *v, struct text *out)
{
	struct writer w = {.arena = a, .out = out};
	write_value(&w, v);
	flush(&w);
	buf_clear(&w.literal);
}

/* ---- Places --------------------------------------------------------------------------------- */

struct hcl_value hcl2_placeless(struct arena *a, const struct hcl_value *v)
{
	struct hcl_value out = *v;
	struct hcl_value *items = arena_array(a, struct hcl_value, v->n);
	for (size_t i = 0; i < v->n; i++)
		items[i] = hcl2_placeless(a, &v->items[i]);
	out.place = NULL;
	out.items = v->n > 0 ? items : v->items;
	return out;
}

/* ---- What is sensitive ---------------------------------------------------------------------- */

void hcl2_redact(struct hcl2 *h, const struct hcl_value *v)
{
	struct text pieces = {0};
	if (v->marks == 0 && v->inner_marks == 0)
		return;
	if (v->marks != 0 && hcl_to_text(h->arena, v, &pieces))
		text_redactions(&pieces, &h->load.t->redactor);
	for (size_t i = 0; i < v->n; i++)
		hcl2_redact(h, &v->items[i]);
}

struct hcl_value hcl2_placeholder(struct arena *a, const struct hcl_expr *type)
{
	struct str name = type ? hcl_expr_keyword(type) : STR("");
	struct str outer = type ? hcl_expr_call(type) : STR("");
	if (str_is(name, "number"))
		return hcl_integer(0);
	if (str_is(name, "bool"))
		return hcl_bool(false);
	if (str_is(outer, "list") || str_is(outer, "set") || str_is(outer, "tuple"))
		return hcl_list(NULL, 0);
	if (str_is(outer, "map") || str_is(outer, "object"))
		return hcl_object(a, NULL, NULL, 0);
	return hcl_string(STR("sensitive"));
}
