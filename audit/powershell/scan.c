/* Characters, white space, places. */
#include "audit/powershell/parser.h"

#include "base/utf8.h"

#define ERRORS_MAX 16

char ps_peek(const struct ps_parser *p, size_t ahead)
{
	return ahead < p->s.n - p->at ? p->s.p[p->at + ahead] : '\0';
}

bool ps_at_end(const struct ps_parser *p)
{
	return p->at >= p->s.n;
}

struct span ps_span(const struct ps_parser *p, size_t from)
{
	size_t low = 0;
	size_t high = p->line_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (p->lines[middle] <= from)
			low = middle;
		else
			high = middle;
	}
	return (struct span){.off = (uint32_t)from,
		.line = (uint32_t)low + 1,
		.col = (uint32_t)(from - p->lines[low]) + 1,
		.len = (uint32_t)(p->at > from ? p->at - from : 0)};
}

struct ps_node *ps_node_new(struct ps_parser *p, enum ps_kind kind, size_t from)
{
	struct ps_node *n = arena_new(p->arena, struct ps_node);
	n->kind = kind;
	n->span = ps_span(p, from);
	n->text = STR("");
	return n;
}

struct ps_node *ps_done(struct ps_parser *p, struct ps_node *n)
{
	size_t end = p->at;
	while (end > n->span.off && ps_is_space(p->s.p[end - 1]))
		end--;
	n->span.len = (uint32_t)(end - n->span.off);
	return n;
}

void ps_add(struct ps_parser *p, struct ps_node *list, struct ps_node *item)
{
	list_push(p->arena, list) = item;
}

void ps_fail(struct ps_parser *p, const char *what)
{
	if (p->failed)
		return;
	p->failed = true;
	if (p->script->errors.n >= ERRORS_MAX)
		return;
	struct span at = ps_span(p, p->at < p->s.n ? p->at : p->s.n);
	at.len = 1;
	list_push(p->arena, &p->script->errors) = (struct ps_error){at, str_from(what)};
}

bool ps_enter(struct ps_parser *p)
{
	if (p->depth < PS_DEPTH_MAX) {
		p->depth++;
		return true;
	}
	/* What nests that deep is not worth a second look: the rest is not read. */
	ps_fail(p, "brackets nest too deeply");
	p->at = p->s.n;
	return false;
}

void ps_leave(struct ps_parser *p)
{
	p->depth--;
}

bool ps_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static bool is_blank(char c)
{
	return ps_is_space(c) && c != '\n';
}

bool ps_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || (unsigned char)c >= 0x80;
}

bool ps_ends_word(char c)
{
	return c == '\0' || ps_is_space(c) || strchr(";|&(){},", c) != NULL;
}

static void skip_block_comment(struct ps_parser *p)
{
	size_t end = str_find(str_from_index(p->s, p->at), STR("#>"));
	p->at = end == STR_NPOS ? p->s.n : p->at + end + 2;
}

static void skip_line_comment(struct ps_parser *p)
{
	size_t end = str_find_byte(str_from_index(p->s, p->at), '\n');
	p->at = end == STR_NPOS ? p->s.n : p->at + end;
}

static bool at_continuation(const struct ps_parser *p)
{
	return ps_peek(p, 0) == '`' &&
		(ps_peek(p, 1) == '\n' || (ps_peek(p, 1) == '\r' && ps_peek(p, 2) == '\n'));
}

void ps_skip_blank(struct ps_parser *p)
{
	while (!ps_at_end(p)) {
		char c = ps_peek(p, 0);
		if (is_blank(c))
			p->at++;
		else if (at_continuation(p))
			p->at += ps_peek(p, 1) == '\n' ? 2 : 3;
		else if (c == '#')
			skip_line_comment(p);
		else if (c == '<' && ps_peek(p, 1) == '#')
			skip_block_comment(p);
		else if (c == (char)0xc2 && ps_peek(p, 1) == (char)0xa0)
			p->at += 2; /* a space that does not break */
		else
			break;
	}
}

void ps_skip_lines(struct ps_parser *p)
{
	ps_skip_blank(p);
	while (ps_peek(p, 0) == '\n') {
		p->at++;
		ps_skip_blank(p);
	}
}

void ps_skip(struct ps_parser *p)
{
	if (p->newlines > 0)
		ps_skip_lines(p);
	else
		ps_skip_blank(p);
}

bool ps_ahead(const struct ps_parser *p, const char *s)
{
	size_t n = strlen(s);
	return p->s.n - p->at >= n && memcmp(p->s.p + p->at, s, n) == 0;
}

bool ps_take(struct ps_parser *p, const char *s)
{
	if (!ps_ahead(p, s))
		return false;
	p->at += strlen(s);
	return true;
}

struct str ps_lower(struct ps_parser *p, struct str s)
{
	char *out = arena_cstr(p->arena, s);
	for (size_t i = 0; i < s.n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	return (struct str){out, s.n};
}

struct str ps_word_ahead(const struct ps_parser *p)
{
	size_t n = 0;
	while (ps_is_name(ps_peek(p, n)))
		n++;
	return str_sub(p->s, p->at, n);
}

bool ps_word_is(struct str word, const char *names)
{
	struct str rest = str_from(names);
	struct str name;
	while (str_cut(&rest, ' ', &name))
		if (str_eq_nocase(word, name))
			return true;
	return false;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* Typographic quotes and dashes count as those of ASCII. */
static char ascii_of(const char *p, size_t n)
{
	if (n < 3 || (unsigned char)p[0] != 0xe2 || (unsigned char)p[1] != 0x80)
		return '\0';
	unsigned char c = (unsigned char)p[2];
	if (c >= 0x98 && c <= 0x9b)
		return '\'';
	if (c >= 0x9c && c <= 0x9e)
		return '"';
	return c >= 0x93 && c <= 0x95 ? '-' : '\0';
}

static struct str plain_quotes(struct arena *a, struct str s)
{
	if (!str_contains(s, STR("\xe2\x80")))
		return s;
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_of(s.p + i, s.n - i);
		out[n++] = c ? c : s.p[i];
		i += c ? 2 : 0;
	}
	return (struct str){out, n};
}

static void find_lines(struct ps_parser *p)
{
	size_t n = 1;
	for (size_t i = 0; i < p->s.n; i++)
		n += p->s.p[i] == '\n';
	p->lines = arena_array(p->arena, uint32_t, n);
	p->line_count = n;
	n = 1;
	for (size_t i = 0; i < p->s.n; i++)
		if (p->s.p[i] == '\n')
			p->lines[n++] = (uint32_t)i + 1;
}

struct ps_script *ps_parse(struct arena *a, struct str text)
{
	struct ps_script *script = arena_new(a, struct ps_script);
	struct ps_parser p = {.arena = a, .script = script};
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		text = str_from_index(text, 3);
	p.s = plain_quotes(a, str_sub(text, 0, UINT32_MAX / 2));
	script->text = p.s;
	find_lines(&p);
	script->block = ps_parse_block(&p, '\0');
	return script;
}

struct str ps_text_of(struct arena *a, struct str bytes)
{
	bool little = str_has_prefix(bytes, STR("\xff\xfe"));
	if (!little && !str_has_prefix(bytes, STR("\xfe\xff")))
		return bytes;
	char *out = arena_alloc(a, 2 * bytes.n + 4);
	size_t n = 0;
	for (size_t i = 2; i + 1 < bytes.n; i += 2) {
		const unsigned char *p = (const unsigned char *)bytes.p + i;
		uint32_t c = little ? p[0] | (uint32_t)p[1] << 8 : p[1] | (uint32_t)p[0] << 8;
		bool high = c >= 0xd800 && c < 0xdc00 && i + 3 < bytes.n;
		uint32_t low = !high ? 0
			: little     ? p[2] | (uint32_t)p[3] << 8
				     : p[3] | (uint32_t)p[2] << 8;
		if (high && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		}
		n += utf8_encode(c, out + n);
	}
	return (struct str){out, n};
}
