#include "base/json.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

enum layout { COMPACT, PRETTY, CANONICAL };

static void write_escape(struct buf *out, uint8_t c)
{
	static const char *const names[0x20] = {
		['\b'] = "\\b",
		['\t'] = "\\t",
		['\n'] = "\\n",
		['\f'] = "\\f",
		['\r'] = "\\r",
	};
	if (c == '"')
		buf_add(out, STR("\\\""));
	else if (c == '\\')
		buf_add(out, STR("\\\\"));
	else if (names[c])
		buf_add_cstr(out, names[c]);
	else
		buf_printf(out, "\\u%04x", c);
}

/* RFC 8785 section 3.2.2.2: only what must be escaped is. */
void json_write_string(struct buf *out, struct str s)
{
	buf_add_byte(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, str_sub(s, from, i - from));
		write_escape(out, c);
		from = i + 1;
	}
	buf_add(out, str_from_index(s, from));
	buf_add_byte(out, '"');
}

/* The shortest digits that read back as the same double, and the decimal exponent. */
static size_t shortest_digits(double value, char digits[32], int *exponent)
{
	char text[40];
	for (int precision = 0; precision <= 16; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	size_t n = 0;
	const char *p = text;
	for (; *p && *p != 'e'; p++) {
		if (*p != '.')
			digits[n++] = *p;
	}
	*exponent = *p ? (int)strtol(p + 1, NULL, 10) : 0;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

/* ECMAScript Number::toString, which RFC 8785 section 3.2.2.3 prescribes. */
static void write_double(struct buf *out, double value)
{
	if (value == 0) {
		buf_add_byte(out, '0');
		return;
	}
	if (value < 0)
		buf_add_byte(out, '-');
	char digits[32] = "";
	int exponent = 0;
	int k = (int)shortest_digits(fabs(value), digits, &exponent);
	int n = exponent + 1;
	if (k <= n && n <= 21) {
		buf_printf(out, "%.*s", k, digits);
		for (int i = k; i < n; i++)
			buf_add_byte(out, '0');
	} else if (0 < n && n <= 21) {
		buf_printf(out, "%.*s.%.*s", n, digits, k - n, digits + n);
	} else if (-6 < n && n <= 0) {
		buf_add(out, STR("0."));
		for (int i = n; i < 0; i++)
			buf_add_byte(out, '0');
		buf_printf(out, "%.*s", k, digits);
	} else {
		buf_add_byte(out, digits[0]);
		if (k > 1)
			buf_printf(out, ".%.*s", k - 1, digits + 1);
		buf_printf(out, "e%c%d", n > 0 ? '+' : '-', abs(n - 1));
	}
}

/* Integers that a double holds exactly are canonical as they are; others go through a double. */
static void write_number(struct buf *out, struct str text)
{
	int64_t integer;
	const int64_t exact = (int64_t)1 << 53;
	if (str_to_i64(text, &integer) && integer >= -exact && integer <= exact) {
		buf_printf(out, "%lld", (long long)integer);
		return;
	}
	char copy[80];
	snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
	double value = strtod(copy, NULL);
	if (isfinite(value))
		write_double(out, value);
	else
		out->full = true;
}

/* RFC 8785 section 3.2.3: keys are ordered by their UTF-16 code units. */
static uint32_t utf16_weight(uint32_t code)
{
	/* Surrogates (D800..DFFF) sort below E000..FFFF. */
	return code >= 0x10000 ? 0xd800 + ((code - 0x10000) >> 10) : code;
}

static int key_order(struct str a, struct str b)
{
	while (a.n > 0 && b.n > 0) {
		uint32_t x = 0;
		uint32_t y = 0;
		size_t n = utf8_decode(a, &x);
		size_t m = utf8_decode(b, &y);
		if (x != y) {
			uint32_t wx = utf16_weight(x);
			uint32_t wy = utf16_weight(y);
			if (wx != wy)
				return wx < wy ? -1 : 1;
			return x < y ? -1 : 1;
		}
		a = str_from_index(a, n > 0 ? n : 1);
		b = str_from_index(b, m > 0 ? m : 1);
	}
	return (a.n > 0) - (b.n > 0);
}

static int member_order(const void *a, const void *b)
{
	const struct json_member *const *x = a;
	const struct json_member *const *y = b;
	return key_order((*x)->key, (*y)->key);
}

static void new_line(struct buf *out, enum layout layout, unsigned depth)
{
	if (layout != PRETTY)
		return;
	buf_add_byte(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add(out, STR("  "));
}

static void write_value(struct buf *out, const struct json *j, enum layout layout, unsigned depth);

static void write_member(
	struct buf *out, const struct json_member *m, enum layout layout, unsigned depth)
{
	new_line(out, layout, depth);
	json_write_string(out, m->key);
	buf_add_cstr(out, layout == PRETTY ? ": " : ":");
	write_value(out, m->value, layout, depth);
}

static void write_object(struct buf *out, const struct json *j, enum layout layout, unsigned depth)
{
	size_t n = j->object.n;
	if (n == 0) {
		buf_add(out, STR("{}"));
		return;
	}
	autofree const struct json_member **members = calloc(n, sizeof(const void *));
	if (!members)
		error_out_of_memory();
	for (size_t i = 0; i < n; i++)
		members[i] = &j->object.items[i];
	if (layout == CANONICAL)
		qsort(members, n, sizeof(const void *), member_order);
	buf_add_byte(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		write_member(out, members[i], layout, depth + 1);
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): autofree frees them. */
	new_line(out, layout, depth);
	buf_add_byte(out, '}');
}

static void write_array(struct buf *out, const struct json *j, enum layout layout, unsigned depth)
{
	if (j->array.n == 0) {
		buf_add(out, STR("[]"));
		return;
	}
	buf_add_byte(out, '[');
	for (size_t i = 0; i < j->array.n; i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		new_line(out, layout, depth + 1);
		write_value(out, j->array.items[i], layout, depth + 1);
	}
	new_line(out, layout, depth);
	buf_add_byte(out, ']');
}

static void write_value(struct buf *out, const struct json *j, enum layout layout, unsigned depth)
{
	switch (j->type) {
	case JSON_NONE:
	case JSON_NULL:
		buf_add(out, STR("null"));
		break;
	case JSON_BOOL:
		buf_add_cstr(out, j->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		if (layout == CANONICAL)
			write_number(out, j->text);
		else
			buf_add(out, j->text);
		break;
	case JSON_STRING:
		json_write_string(out, j->text);
		break;
	case JSON_ARRAY:
		write_array(out, j, layout, depth);
		break;
	case JSON_OBJECT:
		write_object(out, j, layout, depth);
		break;
	}
}

void json_write_canonical(struct buf *out, const struct json *j)
{
	write_value(out, j, CANONICAL, 0);
}

void json_write_pretty(struct buf *out, const struct json *j)
{
	write_value(out, j, PRETTY, 0);
}

void json_write_compact(struct buf *out, const struct json *j)
{
	write_value(out, j, COMPACT, 0);
}
