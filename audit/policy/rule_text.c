/* Functions of rules over texts, paths and modes. */
#include "audit/policy/rule.h"

#include "base/utf8.h"

static int want_string(const struct hcl_value *v, size_t index, struct error *err)
{
	if (v->type == HCL_STRING || v->type == HCL_NULL)
		return 0;
	return error_set(err, ERROR_INPUT, "argument %zu must be a string", index);
}

static int match_one(bool *found, struct hcl_eval *e, const struct hcl_value *text,
	const struct hcl_value *pattern, struct error *err)
{
	if (*found || text->type != HCL_STRING)
		return 0;
	return rule_regex_match(found, rule_run_of(e), text->string, pattern->string, err);
}

/* matches(text or list, pattern...): false for null. */
static int call_matches(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	bool found = false;
	for (size_t i = 1; i < n; i++) {
		if (args[i].type != HCL_STRING)
			return error_set(err, ERROR_INPUT, "a pattern must be a string");
		if (match_one(&found, e, &args[0], &args[i], err) < 0)
			return -1;
		bool list = args[0].type == HCL_LIST;
		for (size_t k = 0; list && k < args[0].n; k++) {
			if (match_one(&found, e, &args[0].items[k], &args[i], err) < 0)
				return -1;
		}
	}
	*out = hcl_bool(found);
	return 0;
}

/* One bracket expression at the start of `p`; 0 when it is not closed. */
static size_t bracket_match(struct str p, char c, bool *hit)
{
	size_t i = 1;
	bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^');
	if (negated)
		i++;
	bool any = false;
	for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first); i++) {
		char low = p.p[i];
		char high = low;
		if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
			high = p.p[i + 2];
			i += 2;
		}
		any = any || (c >= low && c <= high);
	}
	if (i >= p.n)
		return 0;
	*hit = any != negated;
	return i + 1;
}

/* Length of the pattern element at the start when it takes c, else 0. */
static size_t element_match(struct str p, char c)
{
	bool hit = false;
	if (p.n == 0 || p.p[0] == '*')
		return 0;
	if (p.p[0] == '?')
		return 1;
	if (p.p[0] == '[') {
		size_t n = bracket_match(p, c, &hit);
		if (n > 0)
			return hit ? n : 0;
	}
	if (p.p[0] == '\\' && p.n > 1)
		return p.p[1] == c ? 2 : 0;
	return p.p[0] == c ? 1 : 0;
}

bool rule_glob_match(struct str pattern, struct str text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = STR_NPOS; /* behind the last star, and what it took so far */
	size_t taken = 0;
	while (t < text.n) {
		size_t n = element_match(str_from_index(pattern, p), text.p[t]);
		if (n > 0) {
			p += n;
			t++;
		} else if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			taken = t;
		} else if (star != STR_NPOS) {
			p = star;
			t = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static int call_glob_match(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	bool found = false;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	for (size_t i = 1; i < n; i++) {
		if (args[i].type != HCL_STRING)
			return error_set(err, ERROR_INPUT, "a pattern must be a string");
		if (args[0].type == HCL_STRING)
			found = found || rule_glob_match(args[i].string, args[0].string);
	}
	*out = hcl_bool(found);
	return 0;
}

static int call_one_of(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)err;
	bool found = false;
	for (size_t i = 1; i < n && args[0].type != HCL_NULL; i++) {
		bool list = args[i].type == HCL_LIST;
		for (size_t k = 0; list && k < args[i].n; k++)
			found = found || hcl_equal(&args[0], &args[i].items[k]);
		found = found || hcl_equal(&args[0], &args[i]);
	}
	*out = hcl_bool(found);
	return 0;
}

/* Paths mostly are as they should be. */
static bool has_dots(struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] != '/')
			continue;
		if (i + 1 == path.n || path.p[i + 1] == '/' || path.p[i + 1] == '.')
			return true;
	}
	return path.n == 0 || path.p[0] == '.';
}

static struct str drop_dots(struct arena *a, struct str path)
{
	if (!has_dots(path))
		return path;
	bool absolute = path.n > 0 && path.p[0] == '/';
	struct str_list parts = {0};
	struct str rest = path;
	struct str part;
	while (str_cut(&rest, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (!str_is(part, ".."))
			list_push(a, &parts) = part;
		else if (parts.n > 0)
			parts.n--;
	}
	struct str joined = arena_join(a, parts.items, parts.n, STR("/"));
	return absolute ? arena_printf(a, "/%.*s", STR_ARG(joined)) : joined;
}

static bool is_under(struct str path, struct str dir)
{
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (dir.n == 1 && dir.p[0] == '/')
		return path.n > 0 && path.p[0] == '/';
	return str_has_prefix(path, dir) && (path.n == dir.n || path.p[dir.n] == '/');
}

/* path_under(path, dir or list...): the directory itself counts; false for null. */
static int call_path_under(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	bool found = false;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	bool known = args[0].type == HCL_STRING;
	struct str path = known ? drop_dots(e->arena, args[0].string) : (struct str){0};
	for (size_t i = 1; known && i < n; i++) {
		bool list = args[i].type == HCL_LIST;
		const struct hcl_value *dirs = list ? args[i].items : &args[i];
		for (size_t k = 0; k < (list ? args[i].n : 1); k++) {
			if (dirs[k].type != HCL_STRING)
				return error_set(err, ERROR_INPUT, "a directory must be a string");
			found = found || is_under(path, dirs[k].string);
		}
	}
	*out = hcl_bool(found);
	return 0;
}

static struct str unquoted(struct str s)
{
	s = str_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return str_sub(s, 1, s.n - 2);
	return s;
}

/* The value behind "key value", "key = value" or "key: value" on a line; false when it has none. */
static bool line_setting(struct str line, struct str key, struct str *value)
{
	line = str_trim(line);
	struct str name = str_sub(line, 0, key.n);
	if (!str_eq_nocase(name, key) || line.n == key.n)
		return false;
	if (!memchr(" \t=:", line.p[key.n], 4))
		return false;
	struct str rest = str_trim(str_from_index(line, key.n));
	if (rest.n > 0 && (rest.p[0] == '=' || rest.p[0] == ':'))
		rest = str_from_index(rest, 1);
	*value = unquoted(rest);
	return true;
}

/* setting(text, key): of the first line that has it; comments do not count. Null: none. */
static int call_setting(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	if (args[1].type != HCL_STRING || args[1].string.n == 0)
		return error_set(err, ERROR_INPUT, "a key must be a string");
	*out = hcl_null();
	struct str rest = args[0].type == HCL_STRING ? args[0].string : (struct str){0};
	struct str line;
	struct str value;
	while (rest.p && str_cut(&rest, '\n', &line)) {
		if (line_setting(line, args[1].string, &value)) {
			*out = hcl_string(value);
			return 0;
		}
	}
	return 0;
}

/* Selectors and joiners that shape emoji deceive nobody, unless they stand behind a letter. */
static bool shapes_emoji(uint32_t code, uint32_t before)
{
	bool letter = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');
	bool shapes = code == 0x200d || (code >= 0xfe00 && code <= 0xfe0f);
	return shapes && before != 0 && !letter;
}

static bool holds_deception(struct str s)
{
	uint32_t before = 0;
	size_t i = utf8_find_deceptive(s);
	i = i == STR_NPOS ? s.n : 0;
	while (i < s.n) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(s, i), &code);
		bool hidden = n > 0 && (utf8_is_bidi_control(code) || utf8_is_invisible(code));
		if (hidden && !shapes_emoji(code, before))
			return true;
		before = code;
		i += n > 0 ? n : 1;
	}
	return false;
}

static int call_is_deceptive(struct hcl_value *out, struct hcl_eval *e,
	const struct hcl_value *args, size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	*out = hcl_bool(args[0].type == HCL_STRING && holds_deception(args[0].string));
	return 0;
}

static bool is_blob_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '+' || c == '/' || c == '=' || c == '\\';
}

/* The longest run of base64 or hex characters; a line end between full lines does not end it. */
static int call_blob_size(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	int64_t longest = 0;
	int64_t run = 0;
	size_t line = 0;
	struct str s = args[0].type == HCL_STRING ? args[0].string : (struct str){0};
	for (size_t i = 0; i < s.n; i++) {
		bool joins = s.p[i] == '\n' && line >= 60;
		if (is_blob_byte(s.p[i])) {
			run++;
			line++;
		} else {
			run = joins ? run : 0;
			line = 0;
		}
		longest = run > longest ? run : longest;
	}
	*out = hcl_integer(longest);
	return 0;
}

/* coreutils' durations: "30", "1.5h", "2d". 0 for what is none. */
static int call_seconds(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	(void)n;
	if (want_string(&args[0], 1, err) < 0)
		return -1;
	*out = hcl_integer(0);
	struct str s = args[0].type == HCL_STRING ? args[0].string : (struct str){0};
	static const char units[] = "smhd";
	static const int64_t sizes[] = {1, 60, 3600, 86400};
	int64_t size = 1;
	const char *unit = s.n > 1 ? strchr(units, s.p[s.n - 1]) : NULL;
	if (unit && *unit) {
		size = sizes[unit - units];
		s = str_sub(s, 0, s.n - 1);
	}
	size_t point = str_find_byte(s, '.');
	uint64_t whole = 0;
	if (!str_to_u64(point == STR_NPOS ? s : str_sub(s, 0, point), &whole))
		return 0;
	if (whole > (uint64_t)INT64_MAX / 86400)
		whole = (uint64_t)INT64_MAX / 86400;
	*out = hcl_integer((int64_t)whole * size);
	return 0;
}

const struct hcl_function rule_functions_text[] = {
	{.name = "matches", .min_args = 2, .max_args = 255, .nulls = true, .call = call_matches},
	{.name = "glob_match",
		.min_args = 2,
		.max_args = 255,
		.nulls = true,
		.call = call_glob_match},
	{.name = "one_of", .min_args = 2, .max_args = 255, .nulls = true, .call = call_one_of},
	{.name = "path_under",
		.min_args = 2,
		.max_args = 255,
		.nulls = true,
		.call = call_path_under},
	{.name = "setting", .min_args = 2, .max_args = 2, .nulls = true, .call = call_setting},
	{.name = "is_deceptive",
		.min_args = 1,
		.max_args = 1,
		.nulls = true,
		.call = call_is_deceptive},
	{.name = "blob_size", .min_args = 1, .max_args = 1, .nulls = true, .call = call_blob_size},
	{.name = "seconds", .min_args = 1, .max_args = 1, .nulls = true, .call = call_seconds},
	{.name = NULL},
};
