/* JSON, base64, URLs, digests. */
#include "base/hcl/functions.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/utf8.h"

/* ---- JSON ---------------------------------------------------------------------------------- */

/* As Go writes it: < > & and the two line separators are escaped, so that HTML can hold it. */
static void write_json_string(struct buf *out, struct str s)
{
	scoped(buf) plain = {0};
	json_write_string(&plain, s);
	struct str rest = buf_str(&plain);
	while (rest.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_decode(rest, &code);
		n = n > 0 ? n : 1;
		bool escape = code == '<' || code == '>' || code == '&' || code == 0x2028 ||
			code == 0x2029;
		if (escape)
			buf_printf(out, "\\u%04x", (unsigned)code);
		else
			buf_add(out, str_sub(rest, 0, n));
		rest = str_from_index(rest, n);
	}
}

/* Recursion ends with the depth of values. */
static void write_json(struct buf *out, struct arena *a, const struct hcl_value *v)
{
	struct str s = {0};
	if (v->type == HCL_STRING) {
		write_json_string(out, v->string);
		return;
	}
	if (v->type != HCL_LIST && v->type != HCL_OBJECT) {
		buf_add(out, hcl_to_string(a, v, &s) ? s : STR("null"));
		return;
	}
	bool object = v->type == HCL_OBJECT;
	buf_add_byte(out, object ? '{' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_add_byte(out, ',');
		if (object) {
			write_json_string(out, v->keys[i]);
			buf_add_byte(out, ':');
		}
		write_json(out, a, &v->items[i]);
	}
	buf_add_byte(out, object ? '}' : ']');
}

struct str hcl_json_text(struct arena *a, const struct hcl_value *v)
{
	scoped(buf) b = {0};
	buf_init(&b, 8 * HCL_MAX_VALUE_SIZE);
	write_json(&b, a, v);
	return arena_str(a, buf_str(&b));
}

int hcl_fn_jsonencode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)n;
	if (hcl_room(e, args[0].size, err) < 0)
		return -1;
	*out = hcl_string(hcl_json_text(e->arena, &args[0]));
	return 0;
}

/* About what the values in a text will take. */
int hcl_room_for_text(
	struct hcl_eval *e, struct str text, const char *separators, struct error *err)
{
	uint64_t nodes = 1;
	for (size_t i = 0; i < text.n; i++)
		nodes += strchr(separators, text.p[i]) != NULL;
	return hcl_room(e, text.n + nodes * sizeof(struct hcl_value), err);
}

int hcl_fn_jsondecode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str text = {0};
	struct json *j = NULL;
	(void)n;
	if (hcl_arg_str(&text, e, args, 0, err) < 0 ||
		hcl_room_for_text(e, text, ",[{:", err) < 0 ||
		json_parse(&j, e->arena, text, STR("JSON"), NULL, err) < 0)
		return -1;
	*out = hcl_from_json(e->arena, j);
	return 0;
}

/* ---- base64 -------------------------------------------------------------------------------- */

int hcl_fn_base64encode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_room(e, 2 * (uint64_t)s.n, err) < 0)
		return -1;
	*out = hcl_string(base64_encode(e->arena, s));
	return 0;
}

/* Line breaks may stand anywhere. */
static struct str without_breaks(struct arena *a, struct str s)
{
	char *copy = NULL;
	size_t n = 0;
	if (str_find_byte(s, '\n') == STR_NPOS && str_find_byte(s, '\r') == STR_NPOS)
		return s;
	copy = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\n' && s.p[i] != '\r')
			copy[n++] = s.p[i];
	}
	return (struct str){copy, n};
}

int hcl_decode_base64(
	struct str *out, struct hcl_eval *e, const struct hcl_value *args, struct error *err)
{
	struct str s = {0};
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_room(e, s.n, err) < 0)
		return -1;
	if (!base64_decode(e->arena, without_breaks(e->arena, s), out))
		return error_set(err, ERROR_INPUT, "this is no base64");
	return 0;
}

int hcl_check_text(struct str s, struct error *err)
{
	if (!utf8_is_valid(s) || !str_is_cstr(s))
		return error_set(err, ERROR_INPUT, "what comes out is no text in UTF-8");
	return 0;
}

int hcl_fn_base64decode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	(void)n;
	if (hcl_decode_base64(&s, e, args, err) < 0 || hcl_check_text(s, err) < 0)
		return -1;
	*out = hcl_string(s);
	return 0;
}

/* The single-byte ones up to CHARSET_WINDOWS have ASCII in their lower half. */
enum charset {
	CHARSET_NONE = 0,
	CHARSET_UTF8,
	CHARSET_ASCII,
	CHARSET_LATIN1,
	CHARSET_WINDOWS,
	CHARSET_UTF16, /* big end first, with a byte order mark */
	CHARSET_UTF16LE,
	CHARSET_UTF16BE,
};

static const struct {
	const char *name;
	enum charset charset;
} charsets[] = {
	{"UTF-8", CHARSET_UTF8},
	{"US-ASCII", CHARSET_ASCII},
	{"ISO-8859-1", CHARSET_LATIN1},
	{"latin1", CHARSET_LATIN1},
	{"windows-1252", CHARSET_WINDOWS},
	{"UTF-16", CHARSET_UTF16},
	{"UTF-16LE", CHARSET_UTF16LE},
	{"UTF-16BE", CHARSET_UTF16BE},
};

/* Windows-1252 from 0x80; 0 where it has no character. */
static const uint16_t windows[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d,
	0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

/* The character of a byte; 0 for none. */
static uint32_t char_of_byte(unsigned char byte, enum charset charset)
{
	if (byte < 0x80 || charset == CHARSET_LATIN1)
		return byte;
	if (charset == CHARSET_ASCII)
		return 0;
	return byte < 0xa0 ? windows[byte - 0x80] : byte;
}

static int find_charset(
	enum charset *out, struct hcl_eval *e, const struct hcl_value *args, struct error *err)
{
	struct str name = {0};
	if (hcl_arg_str(&name, e, args, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < countof(charsets); i++) {
		if (str_eq_nocase(name, str_from(charsets[i].name))) {
			*out = charsets[i].charset;
			return 0;
		}
	}
	return error_set(err, ERROR_INPUT,
		"of the encodings only UTF-8, UTF-16, UTF-16LE, UTF-16BE, US-ASCII, ISO-8859-1 and "
		"windows-1252 are known");
}

static void add_unit(struct buf *b, uint32_t unit, enum charset charset)
{
	char high = (char)(unit >> 8);
	char low = (char)(unit & 0xff);
	buf_add_byte(b, charset == CHARSET_UTF16LE ? low : high);
	buf_add_byte(b, charset == CHARSET_UTF16LE ? high : low);
}

static int encode_byte(struct buf *b, uint32_t code, enum charset charset, struct error *err)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		if (char_of_byte((unsigned char)byte, charset) != code)
			continue;
		buf_add_byte(b, (char)byte);
		return 0;
	}
	return error_set(err, ERROR_INPUT, "this encoding has no U+%04X", (unsigned)code);
}

static int encode_char(struct buf *b, uint32_t code, enum charset charset, struct error *err)
{
	if (charset <= CHARSET_WINDOWS)
		return encode_byte(b, code, charset, err);
	if (code < 0x10000) {
		add_unit(b, code, charset);
	} else {
		add_unit(b, 0xd800 + ((code - 0x10000) >> 10), charset);
		add_unit(b, 0xdc00 + ((code - 0x10000) & 0x3ff), charset);
	}
	return 0;
}

/* textencodebase64(text, encoding) */
int hcl_fn_textencodebase64(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(buf) b = {0};
	struct str s = {0};
	enum charset charset = CHARSET_NONE;
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || find_charset(&charset, e, args, err) < 0 ||
		hcl_room(e, 4 * (uint64_t)s.n, err) < 0)
		return -1;
	buf_init(&b, 4 * HCL_MAX_VALUE_SIZE);
	if (charset == CHARSET_UTF8)
		buf_add(&b, s);
	if (charset == CHARSET_UTF16)
		add_unit(&b, 0xfeff, charset);
	while (charset != CHARSET_UTF8 && s.n > 0) {
		uint32_t code = 0;
		size_t len = utf8_decode(s, &code);
		if (encode_char(&b, code, charset, err) < 0)
			return -1;
		s = str_from_index(s, len > 0 ? len : 1);
	}
	*out = hcl_string(base64_encode(e->arena, buf_str(&b)));
	return 0;
}

static uint32_t unit_at(struct str s, size_t i, enum charset charset)
{
	uint32_t first = (unsigned char)s.p[i];
	uint32_t second = (unsigned char)s.p[i + 1];
	return charset == CHARSET_UTF16LE ? second << 8 | first : first << 8 | second;
}

/* Bytes used, 0 for what is no character. */
static size_t decode_char(struct str s, enum charset charset, uint32_t *code)
{
	if (charset <= CHARSET_WINDOWS) {
		*code = char_of_byte((unsigned char)s.p[0], charset);
		return *code > 0 ? 1 : 0;
	}
	if (s.n < 2)
		return 0;
	*code = unit_at(s, 0, charset);
	if (*code < 0xd800 || *code > 0xdbff || s.n < 4)
		return 2;
	uint32_t low = unit_at(s, 2, charset);
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return low >= 0xdc00 && low <= 0xdfff ? 4 : 0;
}

/* A byte order mark tells the order; without one the big end is first. */
static enum charset take_mark(struct str *s)
{
	bool little = str_has_prefix(*s, STR("\xff\xfe"));
	if (little || str_has_prefix(*s, STR("\xfe\xff")))
		*s = str_from_index(*s, 2);
	return little ? CHARSET_UTF16LE : CHARSET_UTF16BE;
}

/* textdecodebase64(base64, encoding) */
int hcl_fn_textdecodebase64(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(buf) b = {0};
	struct str s = {0};
	enum charset charset = CHARSET_NONE;
	(void)n;
	if (hcl_decode_base64(&s, e, args, err) < 0 || find_charset(&charset, e, args, err) < 0 ||
		hcl_room(e, 2 * (uint64_t)s.n, err) < 0)
		return -1;
	buf_init(&b, 4 * HCL_MAX_VALUE_SIZE);
	if (charset == CHARSET_UTF8)
		buf_add(&b, s);
	if (charset == CHARSET_UTF16)
		charset = take_mark(&s);
	while (charset != CHARSET_UTF8 && s.n > 0) {
		char bytes[4];
		uint32_t code = 0;
		size_t len = decode_char(s, charset, &code);
		size_t k = len > 0 ? utf8_encode(code, bytes) : 0;
		if (k == 0)
			return error_set(err, ERROR_INPUT, "these bytes are not of that encoding");
		buf_add(&b, (struct str){bytes, k});
		s = str_from_index(s, len);
	}
	if (hcl_check_text(buf_str(&b), err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&b)));
	return 0;
}

/* As in the query of a URL: a space is a +. */
int hcl_fn_urlencode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	size_t len = 0;
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_room(e, 3 * (uint64_t)s.n, err) < 0)
		return -1;
	char *text = arena_alloc(e->arena, 3 * s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') || (c != '\0' && strchr("-_.~", c));
		if (plain || c == ' ') {
			text[len++] = plain ? (char)c : '+';
			continue;
		}
		text[len++] = '%';
		text[len++] = "0123456789ABCDEF"[c >> 4];
		text[len++] = "0123456789ABCDEF"[c & 15];
	}
	*out = hcl_string((struct str){text, len});
	return 0;
}

/* ---- Digests ------------------------------------------------------------------------------- */

static int digest(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	enum digest_algorithm algorithm, struct error *err)
{
	struct str s = {0};
	char hex[130];
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_charge(e, s.n / 16, err) < 0)
		return -1;
	digest_any_hex(hex, algorithm, s);
	*out = hcl_string(arena_str(e->arena, str_from(hex)));
	return 0;
}

int hcl_fn_md5(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return digest(out, e, args, DIGEST_MD5, err);
}

int hcl_fn_sha1(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return digest(out, e, args, DIGEST_SHA1, err);
}

int hcl_fn_sha256(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return digest(out, e, args, DIGEST_SHA256, err);
}

int hcl_fn_sha512(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return digest(out, e, args, DIGEST_SHA512, err);
}

static const struct {
	const char *name;
	const char *id;
} namespaces[] = {
	{"dns", "6ba7b8109dad11d180b400c04fd430c8"},
	{"url", "6ba7b8119dad11d180b400c04fd430c8"},
	{"oid", "6ba7b8129dad11d180b400c04fd430c8"},
	{"x500", "6ba7b8149dad11d180b400c04fd430c8"},
};

/* 16 bytes from a name or from the usual form with hyphens. */
static int find_namespace(char out[16], struct str s, struct error *err)
{
	char hex[32];
	size_t n = 0;
	for (size_t i = 0; i < countof(namespaces); i++) {
		if (str_is(s, namespaces[i].name))
			s = str_from(namespaces[i].id);
	}
	for (size_t i = 0; i < s.n && n < sizeof(hex); i++) {
		if (s.p[i] != '-')
			hex[n++] = s.p[i];
	}
	bool length = s.n == 32 || s.n == 36;
	if (!length || n != 32 || hex_decode(out, 16, (struct str){hex, n}, true) < 0)
		return error_set(
			err, ERROR_INPUT, "argument 1 is no UUID, nor dns, url, oid, x500");
	return 0;
}

/* uuidv5(namespace, name): RFC 4122, section 4.3. */
int hcl_fn_uuidv5(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	scoped(buf) b = {0};
	struct str space = {0};
	struct str name = {0};
	char bytes[16];
	char hex[130];
	(void)n;
	if (hcl_arg_str(&space, e, args, 0, err) < 0 || hcl_arg_str(&name, e, args, 1, err) < 0 ||
		find_namespace(bytes, space, err) < 0)
		return -1;
	buf_add(&b, (struct str){bytes, sizeof(bytes)});
	buf_add(&b, name);
	if (buf_check(&b, err) < 0)
		return -1;
	digest_any_hex(hex, DIGEST_SHA1, buf_str(&b));
	hex[12] = '5';
	hex[16] = "89ab"[(hex[16] >= 'a' ? hex[16] - 'a' + 10 : hex[16] - '0') & 3];
	*out = hcl_string(arena_printf(
		e->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20));
	return 0;
}
