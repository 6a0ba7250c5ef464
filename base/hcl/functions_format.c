/* format and formatlist: the verbs of Go's fmt, as far as HCL takes them. */
#include "base/hcl/functions.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

#define WIDTH_MAX 100000
#define PRECISION_MAX 1000

/* %[flags][width][.precision][[index]]verb */
struct verb {
	struct str text; /* as written */
	size_t offset;
	bool plus;
	bool space;
	bool sharp;
	bool minus;
	bool zero;
	bool has_width;
	bool has_precision;
	uint32_t width;
	uint32_t precision;
	char letter;
};

struct formatting {
	struct hcl_eval *e;
	struct str format;
	size_t pos;
	const struct hcl_value *args;
	size_t n;
	size_t next; /* argument */
	size_t used; /* arguments up to here have been asked for */
	struct buf out; /* literal bytes that are not among the pieces yet */
	struct hcl_pieces pieces;
	struct error *err;
};

/* ---- Reading verbs ------------------------------------------------------------------------- */

static char peek(const struct formatting *f)
{
	return f->pos < f->format.n ? f->format.p[f->pos] : '\0';
}

static bool read_count(struct formatting *f, uint32_t max, uint32_t *out)
{
	size_t start = f->pos;
	uint32_t count = 0;
	while (peek(f) >= '0' && peek(f) <= '9' && count <= max)
		count = count * 10 + (uint32_t)(f->format.p[f->pos++] - '0');
	*out = count;
	return f->pos > start && count <= max;
}

static bool read_flag(struct formatting *f, struct verb *v)
{
	switch (peek(f)) {
	case '+':
		return v->plus = true;
	case ' ':
		return v->space = true;
	case '#':
		return v->sharp = true;
	case '-':
		return v->minus = true;
	case '0':
		return v->zero = true;
	default:
		return false;
	}
}

static int bad_verb(struct formatting *f, const struct verb *v)
{
	return error_set(f->err, ERROR_INPUT, "the format has no verb at byte %zu", v->offset + 1);
}

/* [n] names the argument, counted from 1; those behind it follow. */
static int read_index(struct formatting *f, const struct verb *v)
{
	uint32_t index = 0;
	if (peek(f) != '[')
		return 0;
	f->pos++;
	if (!read_count(f, UINT16_MAX, &index) || peek(f) != ']' || index == 0)
		return bad_verb(f, v);
	f->pos++;
	f->next = index - 1;
	return 0;
}

/* Behind the %. */
static int read_verb(struct formatting *f, struct verb *v)
{
	v->offset = f->pos - 1;
	while (read_flag(f, v))
		f->pos++;
	if (peek(f) >= '1' && peek(f) <= '9') {
		v->has_width = true;
		if (!read_count(f, WIDTH_MAX, &v->width))
			return bad_verb(f, v);
	}
	if (peek(f) == '.') {
		f->pos++;
		v->has_precision = true;
		(void)read_count(f, PRECISION_MAX, &v->precision);
		if (v->precision > PRECISION_MAX)
			return bad_verb(f, v);
	}
	if (read_index(f, v) < 0)
		return -1;
	v->letter = peek(f);
	if (!v->letter || !strchr("%vtbdoxXeEfgGsq", v->letter))
		return bad_verb(f, v);
	f->pos++;
	v->text = str_sub(f->format, v->offset, f->pos - v->offset);
	return 0;
}

/* ---- Padding ------------------------------------------------------------------------------- */

static size_t count_chars(struct str s)
{
	size_t count = 0;
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_decode(s, &code);
		s = str_from_index(s, n > 0 ? n : 1);
		count++;
	}
	return count;
}

static struct str first_chars(struct str s, size_t chars)
{
	size_t end = 0;
	for (; chars > 0 && end < s.n; chars--) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, end), &code);
		end += n > 0 ? n : 1;
	}
	return str_sub(s, 0, end);
}

static void pad(struct formatting *f, const struct verb *v, struct str s)
{
	size_t chars = count_chars(s);
	size_t blanks = v->has_width && v->width > chars ? v->width - chars : 0;
	if (v->minus)
		buf_add(&f->out, s);
	for (size_t i = 0; i < blanks; i++)
		buf_add_byte(&f->out, v->zero && !v->minus ? '0' : ' ');
	if (!v->minus)
		buf_add(&f->out, s);
}

/* Zeros go between the sign (or 0x) and the digits. */
static void pad_number(
	struct formatting *f, const struct verb *v, const char *prefix, struct str digits)
{
	struct arena *a = f->e->arena;
	size_t len = strlen(prefix) + digits.n;
	bool zeros = v->zero && !v->minus && v->has_width && v->width > len;
	struct verb plain = *v;
	plain.zero = false;
	struct str zero = STR("0");
	struct str_list parts = {0};
	list_push(a, &parts) = str_from(prefix);
	for (size_t i = len; zeros && i < v->width; i++)
		list_push(a, &parts) = zero;
	list_push(a, &parts) = digits;
	pad(f, &plain, arena_join(a, parts.items, parts.n, STR("")));
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static int wrong_value(struct formatting *f, const struct verb *v, const char *what)
{
	return error_set(f->err, ERROR_INPUT, "%.*s needs %s", STR_ARG(v->text), what);
}

static int to_number(struct formatting *f, const struct verb *v, struct hcl_value *value)
{
	if (hcl_convert_number(value) && value->type == HCL_NUMBER)
		return 0;
	return wrong_value(f, v, "a number");
}

static const char *sign_of(const struct verb *v, bool negative)
{
	if (negative)
		return "-";
	return v->plus ? "+" : v->space ? " " : "";
}

static const char *base_prefix(const struct verb *v)
{
	if (!v->sharp)
		return "";
	switch (v->letter) {
	case 'x':
		return "0x";
	case 'X':
		return "0X";
	case 'o':
		return "0";
	case 'b':
		return "0b";
	default:
		return "";
	}
}

static unsigned base_of(char letter)
{
	if (letter == 'b')
		return 2;
	if (letter == 'o')
		return 8;
	return letter == 'd' ? 10 : 16;
}

static int format_integer(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	char text[80];
	size_t at = sizeof(text);
	if (to_number(f, v, &value) < 0)
		return -1;
	if (!value.is_integer)
		return wrong_value(f, v, "a whole number of 64 bits");
	bool negative = value.integer < 0;
	uint64_t rest = negative ? -(uint64_t)value.integer : (uint64_t)value.integer;
	const char *digits = v->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned base = base_of(v->letter);
	do {
		text[--at] = digits[rest % base];
		rest /= base;
	} while (rest > 0);
	struct str s = arena_printf(f->e->arena, "%.*s", (int)(sizeof(text) - at), text + at);
	if (v->has_precision && v->precision > s.n)
		s = arena_printf(f->e->arena, "%0*d%.*s", (int)(v->precision - s.n), 0, STR_ARG(s));
	struct str prefix = arena_printf(f->e->arena, "%s%s", sign_of(v, negative), base_prefix(v));
	pad_number(f, v, prefix.p, s);
	return 0;
}

/* The fewest digits that read back as the same number; with exponent from 1e6 and below 1e-4. */
static struct str shortest(struct arena *a, double d, char exponent)
{
	char text[40];
	for (int digits = 0; digits <= 16; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits, d);
		if (strtod(text, NULL) != d)
			continue;
		const char *e = strchr(text, 'e');
		long power = e ? strtol(e + 1, NULL, 10) : 0;
		if (power < -4 || power >= 6)
			return arena_printf(a, "%.*s%c%s", (int)(e - text), text, exponent, e + 1);
		long decimals = digits - power;
		return arena_printf(a, "%.*f", (int)(decimals > 0 ? decimals : 0), d);
	}
	return str_from("");
}

static struct str float_text(struct arena *a, const struct verb *v, double d)
{
	int precision = v->has_precision ? (int)v->precision : 6;
	switch (v->letter) {
	case 'e':
		return arena_printf(a, "%.*e", precision, d);
	case 'E':
		return arena_printf(a, "%.*E", precision, d);
	case 'f':
		return arena_printf(a, "%.*f", precision, d);
	default:
		break;
	}
	bool upper = v->letter == 'G';
	if (!v->has_precision)
		return shortest(a, d, upper ? 'E' : 'e');
	return upper ? arena_printf(a, "%.*G", precision, d)
		     : arena_printf(a, "%.*g", precision, d);
}

static int format_float(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	if (to_number(f, v, &value) < 0)
		return -1;
	double d = hcl_as_double(&value);
	pad_number(f, v, sign_of(v, d < 0), float_text(f->e->arena, v, fabs(d)));
	return 0;
}

/* ---- The rest ------------------------------------------------------------------------------ */

static int format_string(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	struct str s = {0};
	if (!hcl_to_string(f->e->arena, &value, &s))
		return wrong_value(f, v, "a string");
	if (v->letter == 'q') {
		struct hcl_value text = hcl_string(s);
		s = hcl_json_text(f->e->arena, &text);
	} else if (v->has_precision) {
		s = first_chars(s, v->precision);
	}
	pad(f, v, s);
	return 0;
}

static int format_bool(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	if (!hcl_convert_bool(&value) || value.type != HCL_BOOL)
		return wrong_value(f, v, "a bool");
	buf_add_cstr(&f->out, value.boolean ? "true" : "false");
	return 0;
}

static int format_value(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	struct verb plain = *v;
	plain.letter = 'g';
	if (!v->sharp && value.type == HCL_NUMBER)
		return format_float(f, &plain, value);
	plain.letter = 's';
	if (!v->sharp && (value.type == HCL_STRING || value.type == HCL_BOOL))
		return format_string(f, &plain, value);
	pad(f, v, hcl_json_text(f->e->arena, &value));
	return 0;
}

static int format_known(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	if (v->letter == 'v')
		return format_value(f, v, value);
	if (v->letter == 't')
		return format_bool(f, v, value);
	if (v->letter == 's' || v->letter == 'q')
		return format_string(f, v, value);
	return strchr("bdoxX", v->letter) ? format_integer(f, v, value) : format_float(f, v, value);
}

/* ---- Holes and sensitive values ------------------------------------------------------------ */

static void flush(struct formatting *f)
{
	if (f->out.n > 0)
		hcl_pieces_add(&f->pieces, arena_str(f->e->arena, buf_str(&f->out)));
	buf_reset(&f->out);
}

/* %s and %v without anything in between leave a string as it is. */
static bool is_plain(const struct verb *v, const struct hcl_value *value)
{
	bool string = value->type == HCL_STRING || (value->type == HCL_UNKNOWN && value->text);
	return string && v->text.n == 2 && (v->letter == 's' || v->letter == 'v');
}

static int format_special(struct formatting *f, const struct verb *v, struct hcl_value value)
{
	struct arena *a = f->e->arena;
	struct hcl_taint taint = {0};
	flush(f);
	if (!is_plain(v, &value) && !hcl_is_known(&value)) {
		const struct hcl_value args[] = {hcl_string(v->text), value};
		value = hcl_unknown_call(f->e, "format", args, countof(args));
	} else if (!is_plain(v, &value)) {
		hcl_taint_deep(&taint, a, &value);
		if (format_known(f, v, value) < 0)
			return -1;
		value = hcl_string(arena_str(a, buf_str(&f->out)));
		buf_reset(&f->out);
		hcl_taint_apply(&taint, a, &value);
	}
	(void)hcl_pieces_add_value(&f->pieces, &value);
	return 0;
}

static int format_verb(struct formatting *f)
{
	struct verb v = {0};
	if (read_verb(f, &v) < 0)
		return -1;
	if (v.letter == '%') {
		buf_add_byte(&f->out, '%');
		return 0;
	}
	if (f->next >= f->n)
		return error_set(f->err, ERROR_INPUT, "no argument for %.*s: there are %zu",
			STR_ARG(v.text), f->n);
	struct hcl_value value = f->args[f->next++];
	if (f->next > f->used)
		f->used = f->next;
	if (!hcl_is_known(&value) || hcl_deep_marks(&value) != 0)
		return format_special(f, &v, value);
	return format_known(f, &v, value);
}

static int format_all(struct formatting *f)
{
	while (f->pos < f->format.n) {
		struct str rest = str_from_index(f->format, f->pos);
		size_t percent = str_find_byte(rest, '%');
		buf_add(&f->out, str_sub(rest, 0, percent));
		if (percent == STR_NPOS)
			break;
		f->pos += percent + 1;
		if (hcl_charge(f->e, 1, f->err) < 0 || format_verb(f) < 0)
			return -1;
	}
	if (f->used < f->n)
		return error_set(f->err, ERROR_INPUT, "%zu arguments, of which the format uses %zu",
			f->n, f->used);
	return buf_check(&f->out, f->err);
}

/* format(format, values...) */
int hcl_fn_format(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct formatting f = {.e = e, .args = args + 1, .n = n - 1, .err = err};
	f.pieces.arena = e->arena;
	if (args[0].type == HCL_NULL)
		return error_set(err, ERROR_INPUT, "the format is null");
	if (args[0].type == HCL_UNKNOWN) {
		*out = hcl_unknown_call(e, "format", args, n);
		return 0;
	}
	if (hcl_arg_str(&f.format, e, args, 0, err) < 0)
		return -1;
	buf_init(&f.out, HCL_MAX_VALUE_SIZE);
	int r = format_all(&f);
	if (r == 0)
		r = hcl_room(e, f.out.n + f.pieces.size, err);
	if (r == 0) {
		flush(&f);
		*out = hcl_pieces_value(&f.pieces, &e->origin);
		hcl_inherit(e->arena, out, &args[0]);
	}
	buf_clear(&f.out);
	return r;
}

/* The length that all list arguments share; 1 when there is none. */
static int common_length(size_t *out, const struct hcl_value *args, size_t n, struct error *err)
{
	bool found = false;
	*out = 1;
	for (size_t i = 1; i < n; i++) {
		if (args[i].type != HCL_LIST)
			continue;
		if (found && args[i].n != *out)
			return error_set(err, ERROR_INPUT,
				"argument %zu has %zu elements and another one %zu", i + 1,
				args[i].n, *out);
		*out = args[i].n;
		found = true;
	}
	return 0;
}

/* formatlist(format, values...): element by element for those that are lists. */
int hcl_fn_formatlist(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl_items results = {0};
	size_t length = 0;
	for (size_t i = 0; i < n; i++) {
		if (args[i].type != HCL_UNKNOWN)
			continue;
		*out = hcl_unknown_call(e, "formatlist", args, n);
		return 0;
	}
	if (common_length(&length, args, n, err) < 0 ||
		hcl_room(e, (length + n) * sizeof(struct hcl_value), err) < 0 ||
		hcl_charge(e, length * n, err) < 0)
		return -1;
	struct hcl_value *row = arena_array(e->arena, struct hcl_value, n);
	for (size_t i = 0; i < length; i++) {
		struct hcl_value text = {0};
		for (size_t k = 0; k < n; k++) {
			bool list = k > 0 && args[k].type == HCL_LIST;
			row[k] = list ? args[k].items[i] : args[k];
		}
		if (hcl_fn_format(&text, e, row, n, err) < 0)
			return -1;
		hcl_push(e, &results, text);
	}
	*out = hcl_items_list(&results);
	return 0;
}
