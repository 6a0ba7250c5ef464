#include "base/hcl/functions.h"

/* RFC 4180, and as in Go: blank lines do not count. */
struct csv {
	struct hcl_eval *e;
	struct str rest;
	size_t line;
	struct error *err;
};

static int fail(struct csv *c, const char *what)
{
	return error_set(c->err, ERROR_INPUT, "line %zu: %s", c->line, what);
}

static bool skip(struct csv *c, const char *text)
{
	if (!str_has_prefix(c->rest, str_from(text)))
		return false;
	c->rest = str_from_index(c->rest, strlen(text));
	return true;
}

static bool skip_newline(struct csv *c)
{
	bool newline = skip(c, "\r\n") || skip(c, "\n");
	c->line += newline;
	return newline;
}

/* Behind the opening quote; "" is a quote. */
static int read_quoted(struct csv *c, struct str *out)
{
	scoped(buf) b = {0};
	for (;;) {
		size_t quote = str_find_byte(c->rest, '"');
		if (quote == STR_NPOS)
			return fail(c, "a quote without its end");
		struct str part = str_sub(c->rest, 0, quote);
		for (size_t i = 0; i < part.n; i++)
			c->line += part.p[i] == '\n';
		buf_add(&b, part);
		c->rest = str_from_index(c->rest, quote + 1);
		if (!skip(c, "\""))
			break;
		buf_add_byte(&b, '"');
	}
	*out = arena_str(c->e->arena, buf_str(&b));
	return 0;
}

static int read_plain(struct csv *c, struct str *out)
{
	size_t n = 0;
	while (n < c->rest.n && !strchr(",\n", c->rest.p[n]))
		n++;
	*out = str_sub(c->rest, 0, n);
	if (str_find_byte(*out, '"') != STR_NPOS)
		return fail(c, "a quote inside a field without quotes");
	c->rest = str_from_index(c->rest, n);
	if (str_has_suffix(*out, STR("\r")))
		out->n--;
	return 0;
}

static int read_record(struct csv *c, struct str_list *fields)
{
	do {
		struct str field = {0};
		int r = skip(c, "\"") ? read_quoted(c, &field) : read_plain(c, &field);
		if (r < 0)
			return -1;
		list_push(c->e->arena, fields) = field;
	} while (skip(c, ","));
	if (c->rest.n > 0 && !skip_newline(c))
		return fail(c, "text behind a quoted field");
	return 0;
}

/* The next record, unless there is none. */
static int next_record(struct csv *c, struct str_list *fields, bool *found)
{
	*found = false;
	while (skip_newline(c))
		continue;
	if (c->rest.n == 0)
		return 0;
	*found = true;
	return read_record(c, fields);
}

static int check_header(struct csv *c, const struct str_list *header)
{
	for (size_t i = 0; i < header->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_eq(header->items[i], header->items[k]))
				return fail(c, "two columns have the same name");
		}
	}
	return hcl_charge(c->e, header->n * header->n, c->err);
}

/* csvdecode(text): an object per line, by the names in the first one. */
int hcl_fn_csvdecode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct csv c = {.e = e, .line = 1, .err = err};
	struct str_list header = {0};
	struct hcl_items rows = {0};
	bool found = false;
	(void)n;
	if (hcl_arg_str(&c.rest, e, args, 0, err) < 0 ||
		hcl_room_for_text(e, c.rest, ",\n", err) < 0 ||
		next_record(&c, &header, &found) < 0)
		return -1;
	if (!found)
		return error_set(
			err, ERROR_INPUT, "there is no line with the names of the columns");
	if (header.n > 1000)
		return error_set(err, ERROR_INPUT, "more than 1000 columns");
	if (check_header(&c, &header) < 0)
		return -1;
	for (;;) {
		struct str_list fields = {0};
		if (next_record(&c, &fields, &found) < 0)
			return -1;
		if (!found)
			break;
		if (fields.n != header.n)
			return fail(&c, "not as many fields as there are columns");
		struct hcl_value *values = arena_array(e->arena, struct hcl_value, fields.n);
		for (size_t i = 0; i < fields.n; i++)
			values[i] = hcl_string(fields.items[i]);
		hcl_push(e, &rows, hcl_object(e->arena, header.items, values, fields.n));
	}
	*out = hcl_items_list(&rows);
	return 0;
}
