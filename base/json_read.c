#include "base/json.h"

#include "base/map.h"
#include "base/utf8.h"

#define DEFAULT_BYTES ((size_t)64 << 20)
#define DEFAULT_DEPTH 128

/* Consumes `text`; line and start move with newlines, so that every place costs nothing. */
struct reader {
	struct arena *arena;
	struct str text;
	struct str name;
	size_t at;
	uint32_t line;
	size_t line_start;
	size_t depth;
	size_t depth_max;
	bool repeated;
	struct error *err;
};

static struct span here(const struct reader *r, size_t len)
{
	return (struct span){
		(uint32_t)r->at, (uint32_t)len, r->line, (uint32_t)(r->at - r->line_start) + 1};
}

static int fail(const struct reader *r, const char *what)
{
	struct origin o = {r->name, here(r, 1)};
	return error_at(r->err, &o, "%s", what);
}

static int fail_at(const struct reader *r, struct span span, const char *what, struct str detail)
{
	struct origin o = {r->name, span};
	return error_at(r->err, &o, "%s \"%.*s\"", what, STR_ARG(detail));
}

/* -1 at the end. */
static int peek(const struct reader *r)
{
	return r->at < r->text.n ? (uint8_t)r->text.p[r->at] : -1;
}

static void skip_space(struct reader *r)
{
	for (;;) {
		int c = peek(r);
		if (c == '\n') {
			r->line++;
			r->line_start = r->at + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return;
		}
		r->at++;
	}
}

static int read_hex4(struct reader *r, uint32_t *out)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		int c = peek(r);
		uint32_t digit;
		if (c >= '0' && c <= '9')
			digit = (uint32_t)c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = (uint32_t)c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (uint32_t)c - 'A' + 10;
		else
			return fail(r, "four hex digits expected behind \\u");
		value = value << 4 | digit;
		r->at++;
	}
	*out = value;
	return 0;
}

/* Behind "\u"; joins surrogate pairs. */
static int read_unicode_escape(struct reader *r, struct buf *out)
{
	uint32_t code = 0;
	if (read_hex4(r, &code) < 0)
		return -1;
	if (code == 0)
		return fail(r, "U+0000 in a string");
	if (code >= 0xd800 && code <= 0xdbff) {
		uint32_t low = 0;
		if (!str_has_prefix(str_from_index(r->text, r->at), STR("\\u")))
			return fail(r, "unpaired surrogate");
		r->at += 2;
		if (read_hex4(r, &low) < 0)
			return -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(r, "unpaired surrogate");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	char bytes[4];
	size_t n = utf8_encode(code, bytes);
	if (n == 0)
		return fail(r, "unpaired surrogate");
	buf_add(out, (struct str){bytes, n});
	return 0;
}

static int read_escape(struct reader *r, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	int c = peek(r);
	if (c == 'u') {
		r->at++;
		return read_unicode_escape(r, out);
	}
	const char *found = c > 0 ? strchr(from, c) : NULL;
	if (!found)
		return fail(r, "unknown escape sequence in a string");
	buf_add_byte(out, to[found - from]);
	r->at++;
	return 0;
}

/* The slow path: a string with escapes. */
static int read_escaped(struct reader *r, struct str *out)
{
	scoped(buf) bytes = {0};
	buf_init(&bytes, r->text.n);
	for (;;) {
		int c = peek(r);
		if (c < 0)
			return fail(r, "end of input inside a string");
		if (c == '"')
			break;
		if (c < 0x20)
			return fail(r, "control character in a string");
		r->at++;
		if (c != '\\')
			buf_add_byte(&bytes, (char)c);
		else if (read_escape(r, &bytes) < 0)
			return -1;
	}
	r->at++;
	*out = arena_str(r->arena, buf_str(&bytes));
	return 0;
}

/* At the opening quote. The text as a whole is known to be UTF-8. */
static int read_string(struct reader *r, struct str *out, struct span *span)
{
	struct reader before = *r;
	r->at++;
	size_t from = r->at;
	int status = 0;
	for (;;) {
		int c = peek(r);
		if (c == '"') {
			*out = arena_str(r->arena, str_sub(r->text, from, r->at - from));
			r->at++;
			break;
		}
		if (c == '\\') {
			r->at = from;
			status = read_escaped(r, out);
			break;
		}
		if (c < 0)
			return fail(&before, "string without closing quote");
		if (c < 0x20)
			return fail(r, "control character in a string");
		r->at++;
	}
	*span = here(&before, r->at - before.at);
	return status;
}

static size_t skip_digits(struct reader *r)
{
	size_t from = r->at;
	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at - from;
}

static int read_number(struct reader *r, struct json *j)
{
	struct reader before = *r;
	if (peek(r) == '-')
		r->at++;
	bool zero = peek(r) == '0';
	size_t digits = skip_digits(r);
	if (digits == 0 || (zero && digits > 1))
		return fail(&before, "malformed number");
	if (peek(r) == '.') {
		r->at++;
		if (skip_digits(r) == 0)
			return fail(&before, "malformed number");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (skip_digits(r) == 0)
			return fail(&before, "malformed number");
	}
	size_t n = r->at - before.at;
	if (n > 64)
		return fail(&before, "number with more than 64 characters");
	j->type = JSON_NUMBER;
	j->text = arena_str(r->arena, str_sub(r->text, before.at, n));
	j->span = here(&before, n);
	return 0;
}

static int read_word(struct reader *r, struct json *j)
{
	static const struct {
		struct str text;
		enum json_type type;
		bool value;
	} words[] = {
		{STR_INIT("null"), JSON_NULL, false},
		{STR_INIT("true"), JSON_BOOL, true},
		{STR_INIT("false"), JSON_BOOL, false},
	};
	for (size_t i = 0; i < countof(words); i++) {
		if (!str_has_prefix(str_from_index(r->text, r->at), words[i].text))
			continue;
		j->type = words[i].type;
		j->boolean = words[i].value;
		j->span = here(r, words[i].text.n);
		r->at += words[i].text.n;
		return 0;
	}
	return fail(r, peek(r) < 0 ? "end of input where a value is expected" : "value expected");
}

static int read_value(struct reader *r, struct json **out);

static int read_array(struct reader *r, struct json *j)
{
	struct reader before = *r;
	j->type = JSON_ARRAY;
	r->at++;
	skip_space(r);
	while (peek(r) != ']') {
		struct json *item = NULL;
		if (read_value(r, &item) < 0)
			return -1;
		list_push(r->arena, &j->array) = item;
		skip_space(r);
		if (peek(r) == ']')
			break;
		if (peek(r) != ',')
			return fail(r, "\",\" or \"]\" expected");
		r->at++;
		skip_space(r);
		if (peek(r) == ']')
			return fail(r, "\",\" before \"]\"");
	}
	r->at++;
	j->span = here(&before, r->at - before.at);
	return 0;
}

static int read_member(struct reader *r, struct json *j, struct map *seen)
{
	struct json_member member = {0};
	if (peek(r) != '"')
		return fail(r, "key in double quotes expected");
	if (read_string(r, &member.key, &member.key_span) < 0)
		return -1;
	if (!r->repeated && map_has(seen, member.key))
		return fail_at(r, member.key_span, "duplicate key", member.key);
	map_put(seen, r->arena, member.key, j);
	skip_space(r);
	if (peek(r) != ':')
		return fail(r, "\":\" expected behind a key");
	r->at++;
	if (read_value(r, &member.value) < 0)
		return -1;
	list_push(r->arena, &j->object) = member;
	return 0;
}

static int read_object(struct reader *r, struct json *j)
{
	struct reader before = *r;
	struct map seen = {0};
	j->type = JSON_OBJECT;
	r->at++;
	skip_space(r);
	while (peek(r) != '}') {
		if (read_member(r, j, &seen) < 0)
			return -1;
		skip_space(r);
		if (peek(r) == '}')
			break;
		if (peek(r) != ',')
			return fail(r, "\",\" or \"}\" expected");
		r->at++;
		skip_space(r);
		if (peek(r) == '}')
			return fail(r, "\",\" before \"}\"");
	}
	r->at++;
	j->span = here(&before, r->at - before.at);
	return 0;
}

static int read_value(struct reader *r, struct json **out)
{
	if (r->depth >= r->depth_max)
		return fail(r, "nested too deeply");
	r->depth++;
	skip_space(r);
	struct json *j = arena_new(r->arena, struct json);
	int c = peek(r);
	int status;
	if (c == '{') {
		status = read_object(r, j);
	} else if (c == '[') {
		status = read_array(r, j);
	} else if (c == '"') {
		j->type = JSON_STRING;
		status = read_string(r, &j->text, &j->span);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		status = read_number(r, j);
	} else {
		status = read_word(r, j);
	}
	r->depth--;
	*out = j;
	return status;
}

/* What no reader of JSON agrees on is refused before anything is read. */
static int check_encoding(struct reader *r)
{
	if (str_has_prefix(r->text, STR("\xef\xbb\xbf")))
		return fail(r, "byte order mark");
	size_t bad = utf8_find_invalid(r->text);
	if (bad == STR_NPOS)
		return 0;
	struct origin o = {r->name, span_at(r->text, bad, 1)};
	return error_at(r->err, &o, "invalid UTF-8");
}

int json_parse(struct json **out, struct arena *a, struct str text, struct str name,
	const struct json_limits *limits, struct error *err)
{
	size_t bytes = limits && limits->bytes > 0 ? limits->bytes : DEFAULT_BYTES;
	struct reader r = {
		.arena = a,
		.text = text,
		.name = name,
		.line = 1,
		.repeated = limits && limits->repeated,
		.depth_max = limits && limits->depth > 0 ? limits->depth : DEFAULT_DEPTH,
		.err = err,
	};
	if (text.n > bytes)
		return error_set(
			err, ERROR_INPUT, "%.*s: larger than %zu bytes", STR_ARG(name), bytes);
	if (check_encoding(&r) < 0)
		return -1;
	struct json *root = NULL;
	if (read_value(&r, &root) < 0)
		return -1;
	skip_space(&r);
	if (peek(&r) >= 0)
		return fail(&r, "more text behind the value");
	*out = root;
	return 0;
}
