#include "base/utf8.h"
#include "template/rewrite.h"

/* The trees come from the parser, which limits their depth. */

static void add_indent(struct buf *out, unsigned depth)
{
	buf_add_byte(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add(out, STR("  "));
}

static void write_quoted(struct buf *out, struct str run)
{
	scoped(buf) quoted = {0};
	buf_init(&quoted, SIZE_MAX);
	json_write_string(&quoted, run);
	buf_add(out, str_sub(buf_str(&quoted), 1, quoted.n - 2));
}

/* Go's encoder escapes for HTML; `packer fix` takes that back for < and >, not for &. */
static bool is_escaped(uint32_t code)
{
	return code == '&' || code == '\b' || code == '\f' || code == 0x2028 || code == 0x2029;
}

static void write_string(struct buf *out, struct str s)
{
	buf_add_byte(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		n = n > 0 ? n : 1;
		if (is_escaped(code)) {
			write_quoted(out, str_sub(s, from, i - from));
			buf_printf(out, "\\u%04x", (unsigned)code);
			from = i + n;
		}
		i += n;
	}
	write_quoted(out, str_from_index(s, from));
	buf_add_byte(out, '"');
}

/* Integers stand as they were written, so that no digit is lost; others as a double does. */
static void write_number(struct buf *out, const struct json *j)
{
	bool integer = true;
	for (size_t i = 0; i < j->text.n; i++)
		integer = integer && !strchr(".eE", j->text.p[i]);
	scoped(buf) canonical = {0};
	json_write_canonical(&canonical, j);
	buf_add(out, integer || canonical.full ? j->text : buf_str(&canonical));
}

static int member_order(const void *a, const void *b)
{
	const struct json_member *const *x = a;
	const struct json_member *const *y = b;
	return str_cmp((*x)->key, (*y)->key);
}

static void write_value(struct buf *out, const struct json *j, unsigned depth);

static void write_object(struct buf *out, const struct json *j, unsigned depth)
{
	size_t n = j->object.n;
	autofree const struct json_member **members = calloc(n + 1, sizeof(const void *));
	if (!members)
		error_out_of_memory();
	for (size_t i = 0; i < n; i++)
		members[i] = &j->object.items[i];
	qsort(members, n, sizeof(const void *), member_order);
	buf_add_byte(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		add_indent(out, depth + 1);
		write_string(out, members[i]->key);
		buf_add(out, STR(": "));
		write_value(out, members[i]->value, depth + 1);
	}
	if (n > 0)
		add_indent(out, depth);
	buf_add_byte(out, '}');
}

static void write_array(struct buf *out, const struct json *j, unsigned depth)
{
	buf_add_byte(out, '[');
	for (size_t i = 0; i < j->array.n; i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		add_indent(out, depth + 1);
		write_value(out, j->array.items[i], depth + 1);
	}
	if (j->array.n > 0)
		add_indent(out, depth);
	buf_add_byte(out, ']');
}

static void write_value(struct buf *out, const struct json *j, unsigned depth)
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
		write_number(out, j);
		break;
	case JSON_STRING:
		write_string(out, j->text);
		break;
	case JSON_ARRAY:
		write_array(out, j, depth);
		break;
	case JSON_OBJECT:
		write_object(out, j, depth);
		break;
	}
}

void template_fix_write(struct buf *out, const struct json *root)
{
	write_value(out, root, 0);
	buf_add_byte(out, '\n');
}
