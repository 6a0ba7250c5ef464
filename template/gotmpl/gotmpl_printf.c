/* Go's fmt verbs, as far as values of templates can meet them. */
#include "template/gotmpl/gotmpl.h"

#include "base/utf8.h"

#include <stdio.h>

#define WIDTH_MAX 4096

struct spec {
	bool minus;
	bool plus;
	bool sharp;
	bool space;
	bool zero;
	bool has_precision;
	size_t width;
	size_t precision;
	char verb;
};

struct formatter {
	const struct gotmpl_call *call;
	struct arena *arena;
	struct gotmpl_writer *writer;
	size_t next; /* argument */
};

struct text gotmpl_sprint(const struct gotmpl_call *c, size_t from, bool line)
{
	struct text out = {0};
	struct arena *a = c->run->arena;
	scoped(gotmpl_writer) w = {.arena = a, .out = &out};
	for (size_t i = from; i < c->n; i++) {
		bool strings = i > from &&
			(c->args[i].kind == GOTMPL_STRING || c->args[i - 1].kind == GOTMPL_STRING);
		if (i > from && (line || !strings))
			gotmpl_writer_add(&w, STR(" "));
		struct text t = gotmpl_print(&c->args[i], a);
		gotmpl_writer_add_text(&w, &t);
	}
	if (line)
		gotmpl_writer_add(&w, STR("\n"));
	gotmpl_writer_flush(&w);
	return out;
}

/* ---- One verb ------------------------------------------------------------------------------- */

static size_t count_runes(struct str s)
{
	size_t n = 0;
	while (s.n > 0) {
		uint32_t code;
		size_t used = utf8_decode(s, &code);
		s = str_from_index(s, used > 0 ? used : 1);
		n++;
	}
	return n;
}

static struct str first_runes(struct str s, size_t n)
{
	struct str all = s;
	for (; n > 0 && s.n > 0; n--) {
		uint32_t code;
		size_t used = utf8_decode(s, &code);
		s = str_from_index(s, used > 0 ? used : 1);
	}
	return str_sub(all, 0, all.n - s.n);
}

static struct str pad(struct formatter *f, const struct spec *s, struct str body)
{
	size_t n = count_runes(body);
	if (n >= s->width)
		return body;
	size_t fill = s->width - n;
	char *p = arena_alloc(f->arena, fill + 1);
	memset(p, s->zero && !s->minus ? '0' : ' ', fill);
	struct str parts[] = {
		s->minus ? body : (struct str){p, fill}, s->minus ? (struct str){p, fill} : body};
	return arena_join(f->arena, parts, 2, STR(""));
}

/* Zeros stand behind the sign. */
static struct str pad_number(
	struct formatter *f, const struct spec *s, bool minus, struct str digits)
{
	const char *sign = minus ? "-" : s->plus ? "+" : s->space ? " " : "";
	size_t signs = strlen(sign);
	struct spec rest = *s;
	if (s->zero && !s->minus && s->width > signs) {
		rest.width -= signs;
		digits = pad(f, &rest, digits);
	}
	rest = *s;
	rest.zero = false;
	return pad(f, &rest, arena_printf(f->arena, "%s%.*s", sign, STR_ARG(digits)));
}

static struct str digits_of(struct arena *a, uint64_t value, unsigned base, bool upper)
{
	const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[65];
	size_t at = sizeof(text);
	do {
		text[--at] = alphabet[value % base];
		value /= base;
	} while (value > 0);
	return arena_str(a, (struct str){text + at, sizeof(text) - at});
}

static struct str hex_of(struct formatter *f, const struct spec *s, struct str bytes)
{
	scoped(buf) out = {0};
	for (size_t i = 0; i < bytes.n; i++) {
		if (i > 0 && s->space)
			buf_add_byte(&out, ' ');
		buf_printf(&out, s->verb == 'X' ? "%02X" : "%02x", (uint8_t)bytes.p[i]);
	}
	return arena_str(f->arena, buf_str(&out));
}

static void quote_rune(struct buf *out, uint32_t code, char quote)
{
	static const char *const escapes[] = {
		['\a'] = "\\a",
		['\b'] = "\\b",
		['\f'] = "\\f",
		['\n'] = "\\n",
		['\r'] = "\\r",
		['\t'] = "\\t",
		['\v'] = "\\v",
		['\\'] = "\\\\",
	};
	char bytes[4];
	bool hidden = utf8_is_invisible(code) || utf8_is_bidi_control(code);
	if (code == (uint8_t)quote)
		buf_printf(out, "\\%c", quote);
	else if (code < countof(escapes) && escapes[code])
		buf_add_cstr(out, escapes[code]);
	else if (code < 0x20 || code == 0x7f)
		buf_printf(out, "\\x%02x", code);
	else if (code < 0xa0 ? code > 0x7f : hidden)
		buf_printf(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
	else
		buf_add(out, (struct str){bytes, utf8_encode(code, bytes)});
}

struct str gotmpl_quote(struct arena *a, struct str s)
{
	scoped(buf) out = {0};
	buf_add_byte(&out, '"');
	while (s.n > 0) {
		uint32_t code = 0;
		size_t used = utf8_decode(s, &code);
		if (used > 0)
			quote_rune(&out, code, '"');
		else
			buf_printf(&out, "\\x%02x", (uint8_t)s.p[0]);
		s = str_from_index(s, used > 0 ? used : 1);
	}
	buf_add_byte(&out, '"');
	return arena_str(a, buf_str(&out));
}

static struct str format_rune(struct formatter *f, const struct spec *s, int64_t value)
{
	scoped(buf) out = {0};
	char bytes[4];
	uint32_t code = value >= 0 && value <= 0x10ffff ? (uint32_t)value : 0xfffd;
	if (s->verb == 'U')
		return arena_printf(f->arena, "U+%04X", code);
	size_t n = utf8_encode(code, bytes);
	if (n == 0)
		n = utf8_encode(0xfffd, bytes);
	if (s->verb == 'c')
		return arena_str(f->arena, (struct str){bytes, n});
	buf_add_byte(&out, '\'');
	quote_rune(&out, code, '\'');
	buf_add_byte(&out, '\'');
	return arena_str(f->arena, buf_str(&out));
}

/* False: the verb does not fit an integer. */
static bool format_int(struct formatter *f, const struct spec *s, int64_t value, struct str *out)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	unsigned base = 10;
	const char *prefix = "";
	switch (s->verb) {
	case 'v':
	case 'd':
		break;
	case 'b':
		base = 2;
		prefix = s->sharp ? "0b" : "";
		break;
	case 'o':
	case 'O':
		base = 8;
		prefix = s->verb == 'O' ? "0o" : s->sharp ? "0" : "";
		break;
	case 'x':
	case 'X':
		base = 16;
		prefix = !s->sharp ? "" : s->verb == 'x' ? "0x" : "0X";
		break;
	case 'c':
	case 'q':
	case 'U':
		*out = pad(f, s, format_rune(f, s, value));
		return true;
	default:
		return false;
	}
	struct str digits = digits_of(f->arena, magnitude, base, s->verb == 'X');
	while (s->has_precision && digits.n < s->precision)
		digits = arena_printf(f->arena, "0%.*s", STR_ARG(digits));
	digits = arena_printf(f->arena, "%s%.*s", prefix, STR_ARG(digits));
	*out = pad_number(f, s, value < 0, digits);
	return true;
}

static bool format_float(struct formatter *f, const struct spec *s, double value, struct str *out)
{
	double magnitude = value < 0 ? -value : value;
	int precision = s->has_precision ? (int)s->precision : 6;
	struct str digits;
	switch (s->verb) {
	case 'v':
	case 'g':
	case 'G':
		digits = s->has_precision ? arena_printf(f->arena, s->verb == 'G' ? "%.*G" : "%.*g",
						    precision, magnitude)
					  : gotmpl_float_str(f->arena, magnitude, false);
		break;
	case 'f':
	case 'F':
		digits = arena_printf(f->arena, "%.*f", precision, magnitude);
		break;
	case 'e':
		digits = arena_printf(f->arena, "%.*e", precision, magnitude);
		break;
	case 'E':
		digits = arena_printf(f->arena, "%.*E", precision, magnitude);
		break;
	default:
		return false;
	}
	*out = pad_number(f, s, value < 0, digits);
	return true;
}

static bool format_str(struct formatter *f, const struct spec *s, struct str value, struct str *out)
{
	if (s->has_precision && s->verb != 'x' && s->verb != 'X')
		value = first_runes(value, s->precision);
	switch (s->verb) {
	case 's':
	case 'v':
		value = s->verb == 'v' && s->sharp ? gotmpl_quote(f->arena, value) : value;
		break;
	case 'q':
		value = gotmpl_quote(f->arena, value);
		break;
	case 'x':
	case 'X':
		value = hex_of(f, s, value);
		break;
	default:
		return false;
	}
	*out = pad(f, s, value);
	return true;
}

/* "%!d(string=hi)", as Go shows a verb that does not fit. */
static void misfit(struct formatter *f, const struct spec *s, const struct gotmpl_value *v)
{
	gotmpl_writer_add(f->writer, arena_printf(f->arena, "%%!%c(", s->verb));
	if (v->kind == GOTMPL_NONE || v->kind == GOTMPL_NIL) {
		gotmpl_writer_add(f->writer, STR("<nil>)"));
		return;
	}
	gotmpl_writer_add(f->writer, str_from(gotmpl_kind_name(v->kind)));
	gotmpl_writer_add(f->writer, STR("="));
	struct text t = gotmpl_print(v, f->arena);
	gotmpl_writer_add_text(f->writer, &t);
	gotmpl_writer_add(f->writer, STR(")"));
}

/* Strings with holes pass whole; what is sensitive stays so. */
static int write_string(struct formatter *f, const struct spec *s, const struct gotmpl_value *v)
{
	bool plain = (s->verb == 's' || s->verb == 'v') && !s->sharp && s->width == 0 &&
		!s->has_precision;
	if (plain) {
		gotmpl_writer_add_text(f->writer, &v->text);
		return 0;
	}
	struct str value;
	struct str made;
	if (!text_value(&v->text, f->arena, &value))
		return gotmpl_fault(f->call->run, f->call->off,
			"%%%c needs a value that is known only while the build runs", s->verb);
	if (!format_str(f, s, value, &made)) {
		misfit(f, s, v);
		return 0;
	}
	struct gotmpl_call one = {.run = f->call->run, .args = v, .n = 1};
	struct gotmpl_value derived = gotmpl_derived(&one, made);
	gotmpl_writer_add_text(f->writer, &derived.text);
	return 0;
}

static int write_value(struct formatter *f, const struct spec *s, const struct gotmpl_value *v)
{
	struct str made = {0};
	bool fits = false;
	switch (v->kind) {
	case GOTMPL_STRING:
		return write_string(f, s, v);
	case GOTMPL_INT:
		fits = format_int(f, s, v->integer, &made);
		break;
	case GOTMPL_FLOAT:
		fits = format_float(f, s, v->number, &made);
		break;
	case GOTMPL_BOOL:
		fits = s->verb == 't' || s->verb == 'v';
		made = pad(f, s, v->boolean ? STR("true") : STR("false"));
		break;
	case GOTMPL_NONE:
	case GOTMPL_NIL:
		fits = s->verb == 'v';
		made = STR("<nil>");
		break;
	case GOTMPL_LIST:
	case GOTMPL_FIELDS:
		if (s->verb == 'v' || s->verb == 's') {
			struct text t = gotmpl_print(v, f->arena);
			gotmpl_writer_add_text(f->writer, &t);
			return 0;
		}
		break;
	}
	if (fits)
		gotmpl_writer_add(f->writer, made);
	else
		misfit(f, s, v);
	return 0;
}

/* ---- The format ----------------------------------------------------------------------------- */

static int read_number(struct formatter *f, struct str *fmt, size_t *out)
{
	size_t value = 0;
	if (fmt->n > 0 && fmt->p[0] == '*') {
		*fmt = str_from_index(*fmt, 1);
		int64_t given = 0;
		if (f->next >= f->call->n || gotmpl_arg_int(f->call, f->next++, &given) < 0)
			return gotmpl_fault(
				f->call->run, f->call->off, "printf: \"*\" without its integer");
		value = given < 0 ? 0 : (size_t)given;
	}
	while (fmt->n > 0 && fmt->p[0] >= '0' && fmt->p[0] <= '9' && value <= WIDTH_MAX) {
		value = value * 10 + (size_t)(fmt->p[0] - '0');
		*fmt = str_from_index(*fmt, 1);
	}
	if (value > WIDTH_MAX)
		return gotmpl_fault(f->call->run, f->call->off,
			"printf: width or precision beyond %d", WIDTH_MAX);
	*out = value;
	return 0;
}

static int read_spec(struct formatter *f, struct str *fmt, struct spec *s)
{
	for (; fmt->n > 0; *fmt = str_from_index(*fmt, 1)) {
		char c = fmt->p[0];
		bool *flag = c == '-' ? &s->minus
			: c == '+'    ? &s->plus
			: c == '#'    ? &s->sharp
			: c == ' '    ? &s->space
			: c == '0'    ? &s->zero
				      : NULL;
		if (!flag)
			break;
		*flag = true;
	}
	if (read_number(f, fmt, &s->width) < 0)
		return -1;
	if (fmt->n > 0 && fmt->p[0] == '.') {
		*fmt = str_from_index(*fmt, 1);
		s->has_precision = true;
		if (read_number(f, fmt, &s->precision) < 0)
			return -1;
	}
	s->verb = fmt->n > 0 ? fmt->p[0] : '\0';
	*fmt = str_from_index(*fmt, 1);
	return 0;
}

static int write_verb(struct formatter *f, struct str *fmt)
{
	struct spec s = {0};
	if (read_spec(f, fmt, &s) < 0)
		return -1;
	if (s.verb == '[')
		return gotmpl_fault(f->call->run, f->call->off,
			"printf: indexes of arguments are not supported");
	if (s.verb == '\0' || s.verb == '%') {
		gotmpl_writer_add(f->writer, s.verb ? STR("%") : STR("%!(NOVERB)"));
		return 0;
	}
	if (f->next >= f->call->n) {
		gotmpl_writer_add(f->writer, arena_printf(f->arena, "%%!%c(MISSING)", s.verb));
		return 0;
	}
	return write_value(f, &s, &f->call->args[f->next++]);
}

static void write_extra(struct formatter *f)
{
	if (f->next >= f->call->n)
		return;
	gotmpl_writer_add(f->writer, STR("%!(EXTRA "));
	for (size_t i = f->next; i < f->call->n; i++) {
		const struct gotmpl_value *v = &f->call->args[i];
		gotmpl_writer_add(f->writer, i > f->next ? STR(", ") : STR(""));
		gotmpl_writer_add(f->writer, str_from(gotmpl_kind_name(v->kind)));
		gotmpl_writer_add(f->writer, STR("="));
		struct text t = gotmpl_print(v, f->arena);
		gotmpl_writer_add_text(f->writer, &t);
	}
	gotmpl_writer_add(f->writer, STR(")"));
}

int gotmpl_sprintf(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct str fmt;
	if (gotmpl_arg_str(c, 0, &fmt) < 0)
		return -1;
	struct text made = {0};
	struct arena *a = c->run->arena;
	scoped(gotmpl_writer) w = {.arena = a, .out = &made};
	struct formatter f = {.call = c, .arena = a, .writer = &w, .next = 1};
	while (fmt.n > 0) {
		size_t percent = str_find_byte(fmt, '%');
		gotmpl_writer_add(&w, str_sub(fmt, 0, percent));
		if (percent == STR_NPOS)
			break;
		fmt = str_from_index(fmt, percent + 1);
		if (write_verb(&f, &fmt) < 0)
			return -1;
	}
	write_extra(&f);
	gotmpl_writer_flush(&w);
	*out = gotmpl_text(made);
	struct str whole;
	struct gotmpl_call format = {.run = c->run, .args = c->args, .n = 1};
	if (text_is_sensitive(&c->args[0].text) && text_value(&made, a, &whole))
		*out = gotmpl_derived(&format, whole);
	return 0;
}
