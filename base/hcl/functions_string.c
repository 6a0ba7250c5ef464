#include "base/hcl/functions.h"

#include "base/hcl/unicode.h"
#include "base/utf8.h"

/* ---- Case ---------------------------------------------------------------------------------- */

enum casing { CASE_UPPER = 1, CASE_LOWER, CASE_TITLE };

/* Any character is mapped to one of at most four bytes. */
static int change_case(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	enum casing casing, struct error *err)
{
	struct str s = {0};
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_room(e, 4 * (uint64_t)s.n, err) < 0)
		return -1;
	char *text = arena_alloc(e->arena, 4 * s.n + 1);
	size_t len = 0;
	bool word_start = true;
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		if (n == 0) {
			text[len++] = s.p[i++];
			continue;
		}
		bool upper = casing == CASE_UPPER || (casing == CASE_TITLE && word_start);
		uint32_t mapped = upper ? hcl_to_upper(code) : code;
		if (casing == CASE_LOWER)
			mapped = hcl_to_lower(code);
		word_start = !hcl_is_id_continue(code) || code == '-';
		char bytes[4] = {0};
		size_t k = utf8_encode(mapped, bytes);
		memcpy(text + len, bytes, k);
		len += k;
		i += n;
	}
	*out = hcl_string((struct str){text, len});
	return 0;
}

int hcl_fn_upper(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return change_case(out, e, args, CASE_UPPER, err);
}

int hcl_fn_lower(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return change_case(out, e, args, CASE_LOWER, err);
}

int hcl_fn_title(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)n;
	return change_case(out, e, args, CASE_TITLE, err);
}

/* ---- Parts --------------------------------------------------------------------------------- */

/* Length in bytes of the character at the start, 1 for what is no character. */
static size_t char_len(struct str s)
{
	uint32_t code = 0;
	size_t n = utf8_decode(s, &code);
	return n > 0 ? n : 1;
}

int hcl_fn_strrev(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str s = {0};
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_room(e, s.n, err) < 0)
		return -1;
	char *text = arena_alloc(e->arena, s.n + 1);
	for (size_t i = 0; i < s.n;) {
		size_t len = char_len(str_from_index(s, i));
		memcpy(text + s.n - i - len, s.p + i, len);
		i += len;
	}
	*out = hcl_string((struct str){text, s.n});
	return 0;
}

/* Index in bytes of a character, at most s.n. */
static size_t char_index(struct str s, uint64_t chars)
{
	size_t i = 0;
	for (; chars > 0 && i < s.n; chars--)
		i += char_len(str_from_index(s, i));
	return i;
}

static int64_t char_count(struct str s)
{
	int64_t count = 0;
	for (size_t i = 0; i < s.n; i += char_len(str_from_index(s, i)))
		count++;
	return count;
}

/* Offset and length count characters; a negative offset from the end; length -1: the rest. */
int hcl_fn_substr(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str s = {0};
	int64_t offset = 0;
	int64_t length = 0;
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_arg_i64(&offset, args, 1, err) < 0 ||
		hcl_arg_i64(&length, args, 2, err) < 0 || hcl_room(e, s.n, err) < 0)
		return -1;
	if (offset < 0) {
		offset += char_count(s);
		offset = offset < 0 ? 0 : offset;
	}
	struct str rest = str_from_index(s, char_index(s, (uint64_t)offset));
	if (length >= 0)
		rest = str_sub(rest, 0, char_index(rest, (uint64_t)length));
	*out = hcl_string(rest);
	return 0;
}

static int join_list(struct hcl_pieces *p, struct hcl_eval *e, const struct hcl_value *separator,
	const struct hcl_value *list, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str s = {0};
		if (p->run.n > 0 || p->text.n > 0)
			(void)hcl_pieces_add_value(p, separator);
		if (!hcl_pieces_add_value(p, &list->items[i]))
			return hcl_item_str(&s, e, list, i, err);
		if (p->size > HCL_MAX_VALUE_SIZE || hcl_charge(e, 1, err) < 0)
			return hcl_room(e, p->size, err);
	}
	p->special = p->special || list->marks != 0;
	p->marks |= list->marks;
	return 0;
}

/* join(separator, list...) */
int hcl_fn_join(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_pieces pieces = {.arena = e->arena};
	struct hcl_value separator = args[0];
	if (!hcl_convert_string(e->arena, &separator))
		return hcl_arg_str(&(struct str){0}, e, args, 0, err);
	for (size_t i = 1; i < n; i++) {
		const struct hcl_value *list = NULL;
		if (args[i].type == HCL_UNKNOWN) {
			*out = hcl_unknown_call(e, "join", args, n);
			return 0;
		}
		if (hcl_arg_list(&list, args, i, err) < 0 ||
			join_list(&pieces, e, &separator, list, err) < 0)
			return -1;
	}
	if (hcl_room(e, pieces.size, err) < 0)
		return -1;
	*out = hcl_pieces_value(&pieces, &e->origin);
	return 0;
}

/* A part of a text, at its own place when the parts are lines. */
static struct hcl_value line(
	struct hcl_eval *e, const struct hcl_value *of, bool by_line, size_t i, struct str part)
{
	struct hcl_value v = hcl_string(part);
	if (!by_line || !of->place || i >= of->place->line_count)
		return v;
	struct hcl_place *place = arena_new(e->arena, struct hcl_place);
	place->origin = of->place->lines[i];
	v.place = place;
	return v;
}

int hcl_fn_split(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str separator = {0};
	struct str rest = {0};
	struct hcl_items parts = {0};
	(void)n;
	if (hcl_arg_str(&separator, e, args, 0, err) < 0 || hcl_arg_str(&rest, e, args, 1, err) < 0)
		return -1;
	bool by_line = str_is(separator, "\n");
	for (;;) {
		if (hcl_charge(e, 1, err) < 0)
			return -1;
		size_t at = str_find(rest, separator);
		if (separator.n == 0)
			at = rest.n > char_len(rest) ? char_len(rest) : STR_NPOS;
		if (at == STR_NPOS)
			break;
		hcl_push(e, &parts, line(e, &args[1], by_line, parts.n, str_sub(rest, 0, at)));
		rest = str_from_index(rest, at + separator.n);
	}
	if (rest.n > 0 || separator.n > 0)
		hcl_push(e, &parts, line(e, &args[1], by_line, parts.n, rest));
	*out = hcl_items_list(&parts);
	return 0;
}

/* An empty needle stands between all characters. */
int hcl_fn_replace(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str rest = {0};
	struct str from = {0};
	struct str to = {0};
	struct str_list parts = {0};
	(void)n;
	if (hcl_arg_str(&rest, e, args, 0, err) < 0 || hcl_arg_str(&from, e, args, 1, err) < 0 ||
		hcl_arg_str(&to, e, args, 2, err) < 0)
		return -1;
	uint64_t size = rest.n;
	if (from.n == 0)
		list_push(e->arena, &parts) = (struct str){0};
	for (;;) {
		size_t at = from.n > 0 ? str_find(rest, from)
			: rest.n > 0   ? char_len(rest)
				       : STR_NPOS;
		list_push(e->arena, &parts) = str_sub(rest, 0, at);
		if (at == STR_NPOS)
			break;
		rest = str_from_index(rest, at + from.n);
		size += to.n;
		if (size > HCL_MAX_VALUE_SIZE || hcl_charge(e, 1, err) < 0)
			return hcl_room(e, size, err);
	}
	if (hcl_room(e, size, err) < 0)
		return -1;
	*out = hcl_string(arena_join(e->arena, parts.items, parts.n, to));
	if (str_find_byte(from, '\n') == STR_NPOS && str_find_byte(to, '\n') == STR_NPOS)
		out->place = args[0].place;
	return 0;
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static bool in_set(struct str set, struct str c)
{
	if (c.n == 1)
		return str_find_byte(set, c.p[0]) != STR_NPOS;
	for (size_t i = 0; i < set.n;) {
		size_t len = char_len(str_from_index(set, i));
		if (str_eq(str_sub(set, i, len), c))
			return true;
		i += len;
	}
	return false;
}

/* Start of the last character. */
static size_t last_char(struct str s)
{
	size_t i = s.n - 1;
	while (i > 0 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/* Each character is looked for in all of the set. */
static int charge_look(struct hcl_eval *e, struct str set, struct error *err)
{
	return hcl_charge(e, set.n / 8 + 1, err);
}

static int trim_start(struct str *s, struct hcl_eval *e, struct str set, struct error *err)
{
	while (s->n > 0 && in_set(set, str_sub(*s, 0, char_len(*s)))) {
		*s = str_from_index(*s, char_len(*s));
		if (charge_look(e, set, err) < 0)
			return -1;
	}
	return 0;
}

static int trim_end(struct str *s, struct hcl_eval *e, struct str set, struct error *err)
{
	while (s->n > 0 && in_set(set, str_from_index(*s, last_char(*s)))) {
		s->n = last_char(*s);
		if (charge_look(e, set, err) < 0)
			return -1;
	}
	return 0;
}

/* What is left of a text that lost nothing at its start has the places of its lines. */
static struct hcl_value kept(struct str s, const struct hcl_value *of)
{
	struct hcl_value v = hcl_string(s);
	if (of->type == HCL_STRING && s.p == of->string.p)
		v.place = of->place;
	return v;
}

int hcl_fn_trim(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str s = {0};
	struct str set = {0};
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_arg_str(&set, e, args, 1, err) < 0 ||
		trim_start(&s, e, set, err) < 0 || trim_end(&s, e, set, err) < 0)
		return -1;
	*out = kept(s, &args[0]);
	return 0;
}

/* White space as Unicode has it. */
static bool is_space(struct str s, size_t at)
{
	uint32_t code = 0;
	(void)utf8_decode(str_from_index(s, at), &code);
	return (code >= '\t' && code <= '\r') || code == ' ' || code == 0x85 || code == 0xa0 ||
		code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
		code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

int hcl_fn_trimspace(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0)
		return -1;
	while (s.n > 0 && is_space(s, 0))
		s = str_from_index(s, char_len(s));
	while (s.n > 0 && is_space(s, last_char(s)))
		s.n = last_char(s);
	*out = kept(s, &args[0]);
	return 0;
}

static int two_strings(struct str *a, struct str *b, struct hcl_eval *e,
	const struct hcl_value *args, struct error *err)
{
	return hcl_arg_str(a, e, args, 0, err) < 0 || hcl_arg_str(b, e, args, 1, err) < 0 ? -1 : 0;
}

int hcl_fn_trimprefix(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	struct str prefix = {0};
	(void)n;
	if (two_strings(&s, &prefix, e, args, err) < 0)
		return -1;
	*out = hcl_string(str_has_prefix(s, prefix) ? str_from_index(s, prefix.n) : s);
	return 0;
}

int hcl_fn_trimsuffix(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	struct str suffix = {0};
	(void)n;
	if (two_strings(&s, &suffix, e, args, err) < 0)
		return -1;
	*out = kept(str_has_suffix(s, suffix) ? str_sub(s, 0, s.n - suffix.n) : s, &args[0]);
	return 0;
}

int hcl_fn_chomp(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str s = {0};
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0)
		return -1;
	while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	*out = kept(s, &args[0]);
	return 0;
}

int hcl_fn_startswith(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	struct str prefix = {0};
	(void)n;
	if (two_strings(&s, &prefix, e, args, err) < 0)
		return -1;
	*out = hcl_bool(str_has_prefix(s, prefix));
	return 0;
}

int hcl_fn_endswith(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	struct str suffix = {0};
	(void)n;
	if (two_strings(&s, &suffix, e, args, err) < 0)
		return -1;
	*out = hcl_bool(str_has_suffix(s, suffix));
	return 0;
}

int hcl_fn_strcontains(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	struct str part = {0};
	(void)n;
	if (two_strings(&s, &part, e, args, err) < 0)
		return -1;
	*out = hcl_bool(str_contains(s, part));
	return 0;
}

/* ---- Lines and paths ----------------------------------------------------------------------- */

/* indent(spaces, text): every line but the first. */
int hcl_fn_indent(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	int64_t spaces = 0;
	struct str rest = {0};
	struct str part = {0};
	struct str_list lines = {0};
	(void)n;
	if (hcl_arg_i64(&spaces, args, 0, err) < 0 || hcl_arg_str(&rest, e, args, 1, err) < 0)
		return -1;
	if (spaces < 0 || spaces > 10000)
		return error_set(err, ERROR_INPUT, "argument 1 must be from 0 to 10000");
	uint64_t size = rest.n;
	while (str_cut(&rest, '\n', &part)) {
		list_push(e->arena, &lines) = part;
		size += (uint64_t)spaces + 1;
	}
	if (hcl_room(e, size, err) < 0)
		return -1;
	char *separator = arena_alloc(e->arena, (size_t)spaces + 1);
	separator[0] = '\n';
	memset(separator + 1, ' ', (size_t)spaces);
	*out = hcl_string(arena_join(
		e->arena, lines.items, lines.n, (struct str){separator, (size_t)spaces + 1}));
	out->place = args[1].place;
	return 0;
}

static struct str without_slashes(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

int hcl_fn_basename(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str path = {0};
	(void)n;
	if (hcl_arg_str(&path, e, args, 0, err) < 0)
		return -1;
	path = without_slashes(path);
	size_t slash = str_rfind_byte(path, '/');
	if (path.n == 0)
		path = STR(".");
	else if (slash != STR_NPOS && path.n > 1)
		path = str_from_index(path, slash + 1);
	*out = hcl_string(path);
	return 0;
}

/* Without ".", "//" and as far as possible ".."; "." when nothing is left. */
struct str hcl_clean_path(struct arena *a, struct str path)
{
	struct str_list kept = {0};
	struct str rest = path;
	struct str part = {0};
	bool root = path.n > 0 && path.p[0] == '/';
	while (str_cut(&rest, '/', &part)) {
		bool up = str_is(part, "..");
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (up && kept.n > 0 && !str_is(kept.items[kept.n - 1], ".."))
			kept.n--;
		else if (!up || !root)
			list_push(a, &kept) = part;
	}
	struct str joined = arena_join(a, kept.items, kept.n, STR("/"));
	if (root)
		return arena_printf(a, "/%.*s", STR_ARG(joined));
	return joined.n > 0 ? joined : STR(".");
}

int hcl_fn_dirname(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str path = {0};
	(void)n;
	if (hcl_arg_str(&path, e, args, 0, err) < 0)
		return -1;
	size_t slash = str_rfind_byte(path, '/');
	struct str directory = slash == STR_NPOS ? STR(".") : str_sub(path, 0, slash + 1);
	*out = hcl_string(hcl_clean_path(e->arena, directory));
	return 0;
}
