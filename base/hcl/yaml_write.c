/* yamlencode: YAML 1.1 as libyaml's emitter lays it out, which is what HCL uses. */
#include "base/hcl/yaml.h"

#include "base/utf8.h"

#define WIDTH 80
#define STEP 2
#define KEY_MAX 128 /* bytes of a key without `?` */

/* blank, margin: what is in front on this line is white space, is nothing but indentation. */
struct writer {
	struct buf *out;
	struct arena *arena;
	size_t column; /* in characters */
	int indent;
	bool blank;
	bool margin;
	bool open_ended; /* a reader cannot see that the document is over */
};

static void put(struct writer *w, struct str s)
{
	buf_add(w->out, s);
	for (size_t i = 0; i < s.n; i++)
		w->column += ((unsigned char)s.p[i] & 0xc0) != 0x80;
}

static void put_break(struct writer *w)
{
	buf_add_byte(w->out, '\n');
	w->column = 0;
}

static void put_indent(struct writer *w)
{
	size_t indent = w->indent > 0 ? (size_t)w->indent : 0;
	if (!w->margin || w->column > indent || (w->column == indent && !w->blank))
		put_break(w);
	while (w->column < indent)
		put(w, STR(" "));
	w->blank = true;
	w->margin = true;
}

enum indicator { IN_TEXT = 0, IN_MARGIN, IN_FLOW };

static void put_indicator(struct writer *w, const char *s, bool apart, enum indicator kind)
{
	if (apart && !w->blank)
		put(w, STR(" "));
	put(w, str_from(s));
	w->blank = kind == IN_FLOW;
	w->margin = w->margin && kind == IN_MARGIN;
	w->open_ended = false;
}

/* ---- Strings ------------------------------------------------------------------------------- */

static bool is_break(uint32_t code)
{
	return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

static bool is_printable(uint32_t code)
{
	return code == '\n' || (code >= 0x20 && code <= 0x7e) ||
		(code >= 0xa0 && code <= 0xfffd && code != 0xfeff);
}

/* Strings with line breaks are literal blocks, where every byte of them would come back. */
static bool fits_block(struct str s)
{
	bool space = false;
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_decode(s, &code);
		if (n == 0 || !is_printable(code) || (space && is_break(code)))
			return false;
		space = code == ' ';
		s = str_from_index(s, n);
	}
	return !space;
}

static const struct {
	uint32_t code;
	char letter;
} escapes[] = {
	{0x07, 'a'},
	{0x08, 'b'},
	{0x09, 't'},
	{0x0a, 'n'},
	{0x0b, 'v'},
	{0x0c, 'f'},
	{0x0d, 'r'},
	{0x1b, 'e'},
	{'"', '"'},
	{'\\', '\\'},
	{0x85, 'N'},
	{0xa0, '_'},
	{0x2028, 'L'},
	{0x2029, 'P'},
};

static void put_escape(struct writer *w, uint32_t code)
{
	struct str s = {0};
	for (size_t i = 0; i < countof(escapes); i++) {
		if (escapes[i].code == code)
			s = arena_printf(w->arena, "\\%c", escapes[i].letter);
	}
	if (s.n == 0 && code <= 0xff)
		s = arena_printf(w->arena, "\\x%02X", (unsigned)code);
	else if (s.n == 0 && code <= 0xffff)
		s = arena_printf(w->arena, "\\u%04X", (unsigned)code);
	else if (s.n == 0)
		s = arena_printf(w->arena, "\\U%08X", (unsigned)code);
	put(w, s);
}

/* Long ones are folded at single spaces, keys are not. */
static void put_quoted(struct writer *w, struct str s, bool key)
{
	bool space = false;
	put_indicator(w, "\"", true, IN_TEXT);
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		n = n > 0 ? n : 1;
		bool inside = i > 0 && i + 1 < s.n;
		bool fold = code == ' ' && !key && !space && w->column > WIDTH && inside;
		if (fold) {
			put_indent(w);
			if (s.p[i + 1] == ' ')
				put(w, STR("\\"));
		} else if (is_printable(code) && !is_break(code) && code != '"' && code != '\\') {
			put(w, str_sub(s, i, n));
		} else {
			put_escape(w, code);
		}
		space = code == ' ';
		i += n;
	}
	put_indicator(w, "\"", false, IN_TEXT);
	w->blank = false;
	w->margin = false;
}

/* The character that ends before byte `end`. */
static uint32_t char_before(struct str s, size_t end, size_t *start)
{
	uint32_t code = 0;
	size_t i = end - 1;
	while (i > 0 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i--;
	(void)utf8_decode(str_from_index(s, i), &code);
	*start = i;
	return code;
}

static void put_hints(struct writer *w, struct str s)
{
	size_t last = 0;
	size_t before = 0;
	uint32_t first = 0;
	(void)utf8_decode(s, &first);
	if (first == ' ' || is_break(first))
		put_indicator(w, "2", false, IN_TEXT);
	if (!is_break(char_before(s, s.n, &last)))
		put_indicator(w, "-", false, IN_TEXT);
	else if (last == 0 || is_break(char_before(s, last, &before)))
		put_indicator(w, "+", false, IN_TEXT);
}

static void put_block(struct writer *w, struct str s)
{
	bool line_start = true;
	put_indicator(w, "|", true, IN_TEXT);
	put_hints(w, s);
	put_break(w);
	w->margin = true;
	w->blank = true;
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		n = n > 0 ? n : 1;
		if (is_break(code)) {
			buf_add(w->out, str_sub(s, i, n));
			w->column = 0;
			w->margin = true;
			line_start = true;
		} else {
			if (line_start)
				put_indent(w);
			put(w, str_sub(s, i, n));
			w->margin = false;
			line_start = false;
		}
		i += n;
	}
}

static bool has_break(struct str s)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_decode(s, &code);
		if (is_break(code))
			return true;
		s = str_from_index(s, n > 0 ? n : 1);
	}
	return false;
}

static void put_string(struct writer *w, struct str s, bool key)
{
	bool block = str_find_byte(s, '\n') != STR_NPOS && !key && fits_block(s);
	int outer = w->indent;
	w->indent = w->indent < 0 ? STEP : w->indent + STEP;
	if (block)
		put_block(w, s);
	else
		put_quoted(w, s, key);
	w->indent = outer;
}

/* ---- Values -------------------------------------------------------------------------------- */

/* What a value stands in. */
enum context { CONTEXT_ROOT = 1, CONTEXT_SEQUENCE, CONTEXT_MAPPING };

static void put_value(struct writer *w, const struct hcl_value *v, enum context context);

static void put_sequence(struct writer *w, const struct hcl_value *v, enum context context)
{
	int outer = w->indent;
	bool flat = context == CONTEXT_MAPPING && !w->margin;
	if (w->indent < 0)
		w->indent = 0;
	else if (!flat)
		w->indent += STEP;
	for (size_t i = 0; i < v->n; i++) {
		put_indent(w);
		put_indicator(w, "-", true, IN_MARGIN);
		put_value(w, &v->items[i], CONTEXT_SEQUENCE);
	}
	w->indent = outer;
}

static void put_mapping(struct writer *w, const struct hcl_value *v)
{
	int outer = w->indent;
	w->indent = w->indent < 0 ? 0 : w->indent + STEP;
	for (size_t i = 0; i < v->n; i++) {
		struct str key = v->keys[i];
		put_indent(w);
		if (key.n <= KEY_MAX && !has_break(key)) {
			put_string(w, key, true);
			put_indicator(w, ":", false, IN_TEXT);
		} else {
			put_indicator(w, "?", true, IN_MARGIN);
			put_string(w, key, false);
			put_indent(w);
			put_indicator(w, ":", true, IN_MARGIN);
		}
		put_value(w, &v->items[i], CONTEXT_MAPPING);
	}
	w->indent = outer;
}

static void put_plain(struct writer *w, struct str s, enum context context)
{
	if (!w->blank)
		put(w, STR(" "));
	put(w, s);
	w->blank = false;
	w->margin = false;
	if (context == CONTEXT_ROOT)
		w->open_ended = true;
}

/* Recursion ends with the depth of values. */
static void put_value(struct writer *w, const struct hcl_value *v, enum context context)
{
	struct str s = {0};
	if (v->type == HCL_STRING) {
		put_string(w, v->string, false);
	} else if (v->type != HCL_LIST && v->type != HCL_OBJECT) {
		put_plain(w, hcl_to_string(w->arena, v, &s) ? s : STR("null"), context);
	} else if (v->n == 0) {
		put_indicator(w, v->type == HCL_LIST ? "[" : "{", true, IN_FLOW);
		put_indicator(w, v->type == HCL_LIST ? "]" : "}", false, IN_TEXT);
	} else if (v->type == HCL_LIST) {
		put_sequence(w, v, context);
	} else {
		put_mapping(w, v);
	}
}

int hcl_fn_yamlencode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(buf) b = {0};
	struct writer w = {
		.out = &b, .arena = e->arena, .indent = -1, .blank = true, .margin = true};
	(void)n;
	if (hcl_room(e, args[0].size, err) < 0)
		return -1;
	buf_init(&b, HCL_MAX_VALUE_SIZE);
	put_value(&w, &args[0], CONTEXT_ROOT);
	put_indent(&w);
	if (w.open_ended) {
		put_indicator(&w, "...", true, IN_TEXT);
		put_indent(&w);
	}
	if (buf_check(&b, err) < 0 || hcl_room(e, b.n, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&b)));
	return 0;
}
