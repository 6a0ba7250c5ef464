/* Characters and scalars of YAML. */
#include "base/hcl/yaml.h"

#include "base/utf8.h"

/* ---- Characters ---------------------------------------------------------------------------- */

char yaml_at(const struct yaml *y, size_t ahead)
{
	return ahead < y->text.n - y->pos ? y->text.p[y->pos + ahead] : '\0';
}

size_t yaml_column(const struct yaml *y)
{
	return y->pos - y->line_start;
}

void yaml_skip(struct yaml *y, size_t n)
{
	for (; n > 0 && y->pos < y->text.n; n--) {
		char c = y->text.p[y->pos++];
		y->fresh = c == '\n' || (y->fresh && yaml_is_blank(c));
		if (c != '\n')
			continue;
		y->line++;
		y->line_start = y->pos;
	}
}

bool yaml_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool yaml_is_end(char c)
{
	return c == '\n' || c == '\0';
}

bool yaml_is_separator(char c)
{
	return yaml_is_blank(c) || yaml_is_end(c);
}

int yaml_fail(struct yaml *y, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(y->eval->arena, fmt, ap);
	va_end(ap);
	return error_set(y->err, ERROR_INPUT, "line %u, column %zu: %.*s", (unsigned)y->line,
		yaml_column(y) + 1, STR_ARG(text));
}

static bool at_marker(const struct yaml *y)
{
	struct str rest = str_from_index(y->text, y->pos);
	bool marker = str_has_prefix(rest, STR("---")) || str_has_prefix(rest, STR("..."));
	return y->pos == y->line_start && marker && yaml_is_separator(yaml_at(y, 3));
}

bool yaml_at_end(const struct yaml *y)
{
	return y->pos >= y->text.n || at_marker(y);
}

int yaml_skip_space(struct yaml *y, bool *lines)
{
	for (;;) {
		bool tab = false;
		while (yaml_is_blank(yaml_at(y, 0))) {
			tab = tab || yaml_at(y, 0) == '\t';
			yaml_skip(y, 1);
		}
		if (yaml_at(y, 0) == '#') {
			while (!yaml_is_end(yaml_at(y, 0)))
				yaml_skip(y, 1);
		}
		if (yaml_at(y, 0) != '\n') {
			*lines = y->fresh;
			if (tab && *lines && y->pos < y->text.n)
				return yaml_fail(y, "a tab cannot indent");
			return 0;
		}
		yaml_skip(y, 1);
	}
}

/* Counts the steps of a scalar and keeps its bytes. */
static int finish(struct yaml *y, struct yaml_scalar *out, const struct buf *b)
{
	if (buf_check(b, y->err) < 0 || hcl_room(y->eval, b->n, y->err) < 0)
		return -1;
	out->text = arena_str(y->eval->arena, buf_str(b));
	return 0;
}

/* ---- Line folding -------------------------------------------------------------------------- */

/* White space between two words of a flow scalar: blanks, or line breaks, which fold. */
struct gap {
	struct str blanks;
	size_t breaks;
};

static struct gap read_gap(struct yaml *y)
{
	struct gap g = {0};
	size_t start = y->pos;
	while (yaml_is_blank(yaml_at(y, 0)))
		yaml_skip(y, 1);
	g.blanks = str_sub(y->text, start, y->pos - start);
	while (yaml_at(y, 0) == '\n' || (g.breaks > 0 && yaml_is_blank(yaml_at(y, 0)))) {
		g.breaks += yaml_at(y, 0) == '\n';
		yaml_skip(y, 1);
	}
	return g;
}

/* One break is a space, each further one is itself. */
static void add_gap(struct buf *b, const struct gap *g)
{
	if (g->breaks == 0)
		buf_add(b, g->blanks);
	if (g->breaks == 1)
		buf_add_byte(b, ' ');
	for (size_t i = 1; i < g->breaks; i++)
		buf_add_byte(b, '\n');
}

/* ---- Plain scalars ------------------------------------------------------------------------- */

static bool ends_plain(const struct yaml *y, bool flow)
{
	char c = yaml_at(y, 0);
	if (c == ':' && yaml_is_separator(yaml_at(y, 1)))
		return true;
	return flow && c && strchr(",?[]{}", c);
}

int yaml_scan_plain(struct yaml *y, struct yaml_scalar *out, int indent, bool flow)
{
	scoped(buf) b = {0};
	struct gap gap = {0};
	*out = (struct yaml_scalar){.style = YAML_PLAIN};
	for (;;) {
		bool outside = !flow && gap.breaks > 0 && (int)yaml_column(y) <= indent;
		if (yaml_at_end(y) || yaml_at(y, 0) == '#' || outside || ends_plain(y, flow))
			break;
		add_gap(&b, &gap);
		out->multiline = out->multiline || gap.breaks > 0;
		size_t start = y->pos;
		while (!yaml_is_separator(yaml_at(y, 0)) && !ends_plain(y, flow))
			yaml_skip(y, 1);
		buf_add(&b, str_sub(y->text, start, y->pos - start));
		if (!yaml_is_blank(yaml_at(y, 0)) && yaml_at(y, 0) != '\n')
			break;
		gap = read_gap(y);
	}
	return finish(y, out, &b);
}

/* ---- Quoted scalars ------------------------------------------------------------------------ */

static const struct {
	char letter;
	uint32_t code;
} escapes[] = {
	{'a', 0x07},
	{'b', 0x08},
	{'t', 0x09},
	{'\t', 0x09},
	{'n', 0x0a},
	{'v', 0x0b},
	{'f', 0x0c},
	{'r', 0x0d},
	{'e', 0x1b},
	{' ', 0x20},
	{'"', '"'},
	{'/', '/'},
	{'\\', '\\'},
	{'N', 0x85},
	{'_', 0xa0},
	{'L', 0x2028},
	{'P', 0x2029},
};

static int read_hex(struct yaml *y, size_t digits, uint32_t *out)
{
	uint32_t code = 0;
	for (size_t i = 0; i < digits; i++) {
		char c = yaml_at(y, 0);
		uint32_t digit = 16;
		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			digit = (uint32_t)((c & 0x5f) - 'A' + 10);
		if (digit == 16 || code > 0xfffffff)
			return yaml_fail(y, "%zu hex digits are needed", digits);
		code = code * 16 + digit;
		yaml_skip(y, 1);
	}
	*out = code;
	return 0;
}

static int read_escape(struct yaml *y, struct buf *b)
{
	char c = yaml_at(y, 1);
	uint32_t code = 0;
	char bytes[4];
	for (size_t i = 0; i < countof(escapes); i++) {
		if (c == escapes[i].letter)
			code = escapes[i].code;
	}
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (code == 0 && digits == 0)
		return yaml_fail(y, "this escape is not known");
	yaml_skip(y, 2);
	if (digits > 0 && read_hex(y, digits, &code) < 0)
		return -1;
	size_t n = code > 0 ? utf8_encode(code, bytes) : 0;
	if (n == 0)
		return yaml_fail(y, "this escape stands for no character");
	buf_add(b, (struct str){bytes, n});
	return 0;
}

/* Everything up to white space, the end of the line or the quote; *joined: an escaped break. */
static int read_quoted_word(struct yaml *y, struct buf *b, char quote, bool *joined)
{
	while (!yaml_is_separator(yaml_at(y, 0))) {
		char c = yaml_at(y, 0);
		if (quote == '\'' && c == quote && yaml_at(y, 1) == quote) {
			buf_add_byte(b, c);
			yaml_skip(y, 2);
		} else if (c == quote) {
			return 0;
		} else if (quote == '"' && c == '\\' && yaml_at(y, 1) == '\n') {
			yaml_skip(y, 2);
			*joined = true;
			return 0;
		} else if (quote == '"' && c == '\\') {
			if (read_escape(y, b) < 0)
				return -1;
		} else {
			buf_add_byte(b, c);
			yaml_skip(y, 1);
		}
	}
	return 0;
}

int yaml_scan_quoted(struct yaml *y, struct yaml_scalar *out)
{
	scoped(buf) b = {0};
	char quote = yaml_at(y, 0);
	*out = (struct yaml_scalar){.style = YAML_QUOTED};
	yaml_skip(y, 1);
	for (;;) {
		bool joined = false;
		if (yaml_at_end(y))
			return yaml_fail(y, "this string has no closing quote");
		if (read_quoted_word(y, &b, quote, &joined) < 0)
			return -1;
		if (yaml_at(y, 0) == quote && !joined)
			break;
		struct gap gap = read_gap(y);
		out->multiline = out->multiline || joined || gap.breaks > 0;
		if (joined) {
			gap.blanks = (struct str){0};
			gap.breaks += gap.breaks > 0;
		}
		add_gap(&b, &gap);
	}
	yaml_skip(y, 1);
	return finish(y, out, &b);
}

/* ---- Block scalars ------------------------------------------------------------------------- */

/* | or >, then in either order an indentation and what happens to the breaks at the end. */
static int read_header(struct yaml *y, int *indentation, char *chomping)
{
	yaml_skip(y, 1);
	for (int i = 0; i < 2; i++) {
		char c = yaml_at(y, 0);
		if ((c == '+' || c == '-') && !*chomping)
			*chomping = c;
		else if (c >= '1' && c <= '9' && *indentation == 0)
			*indentation = c - '0';
		else
			break;
		yaml_skip(y, 1);
	}
	while (yaml_is_blank(yaml_at(y, 0)))
		yaml_skip(y, 1);
	if (yaml_at(y, 0) == '#') {
		while (!yaml_is_end(yaml_at(y, 0)))
			yaml_skip(y, 1);
	}
	if (!yaml_is_end(yaml_at(y, 0)))
		return yaml_fail(y, "a line break is needed behind | or >");
	yaml_skip(y, 1);
	return 0;
}

/* Empty lines, and the indentation of the next one; *indent 0: as deep as that turns out. */
static int read_empty_lines(struct yaml *y, int *indent, int outer, size_t *breaks)
{
	int deepest = 0;
	for (;;) {
		bool found = *indent > 0;
		while ((!found || (int)yaml_column(y) < *indent) && yaml_at(y, 0) == ' ')
			yaml_skip(y, 1);
		if ((int)yaml_column(y) > deepest)
			deepest = (int)yaml_column(y);
		if ((!found || (int)yaml_column(y) < *indent) && yaml_at(y, 0) == '\t')
			return yaml_fail(y, "a tab cannot indent");
		if (yaml_at(y, 0) != '\n')
			break;
		yaml_skip(y, 1);
		++*breaks;
	}
	if (*indent == 0) {
		*indent = deepest > outer + 1 ? deepest : outer + 1;
		*indent = *indent < 1 ? 1 : *indent;
	}
	return 0;
}

static void add_breaks(struct buf *b, size_t n)
{
	for (; n > 0; n--)
		buf_add_byte(b, '\n');
}

/* Lines of > are joined, but not those that begin with a blank. */
static int read_lines(struct yaml *y, struct buf *b, int indent, int outer, bool fold, char chomp)
{
	size_t empty = 0;
	bool last_blank = false;
	bool pending = false; /* the break of the line before */
	if (read_empty_lines(y, &indent, outer, &empty) < 0)
		return -1;
	while ((int)yaml_column(y) == indent && y->pos < y->text.n) {
		bool blank = yaml_is_blank(yaml_at(y, 0));
		bool joined = fold && pending && !blank && !last_blank;
		if (joined && empty == 0)
			buf_add_byte(b, ' ');
		add_breaks(b, empty + (pending && !joined));
		empty = 0;
		last_blank = blank;
		size_t start = y->pos;
		while (!yaml_is_end(yaml_at(y, 0)))
			yaml_skip(y, 1);
		buf_add(b, str_sub(y->text, start, y->pos - start));
		pending = yaml_at(y, 0) == '\n';
		yaml_skip(y, 1);
		if (read_empty_lines(y, &indent, outer, &empty) < 0)
			return -1;
	}
	if (chomp != '-' && pending)
		buf_add_byte(b, '\n');
	add_breaks(b, chomp == '+' ? empty : 0);
	return 0;
}

int yaml_scan_block(struct yaml *y, struct yaml_scalar *out, int indent)
{
	scoped(buf) b = {0};
	bool fold = yaml_at(y, 0) == '>';
	int indentation = 0;
	char chomp = '\0';
	*out = (struct yaml_scalar){.style = YAML_BLOCK, .multiline = true};
	if (read_header(y, &indentation, &chomp) < 0)
		return -1;
	if (indentation > 0 && indent > 0)
		indentation += indent;
	if (read_lines(y, &b, indentation, indent, fold, chomp) < 0)
		return -1;
	return finish(y, out, &b);
}
