#include "base/hcl/functions.h"

#include "base/hcl/regex.h"
#include "base/hcl/unicode.h"
#include "base/utf8.h"

/* One pattern that is looked for in one text, from match to match. */
struct search {
	struct hcl_eval *e;
	struct regex *regex;
	struct str text;
	size_t pos; /* to look from */
	size_t match_end; /* of the match before, or STR_NPOS */
	struct regex_span spans[REGEX_MAX_GROUPS];
};

static void search_clear(struct search *s)
{
	regex_free(s->regex);
}

/* Groups all have names or none has. */
static int search_open(struct search *s, struct hcl_eval *e, struct str pattern, struct str text,
	struct error *err)
{
	s->e = e;
	s->text = text;
	s->match_end = STR_NPOS;
	if (hcl_charge(e, pattern.n, err) < 0 || regex_new(&s->regex, pattern, err) < 0)
		return -1;
	for (size_t i = 2; i < regex_groups(s->regex); i++) {
		bool named = regex_group_name(s->regex, i).n > 0;
		if (named != (regex_group_name(s->regex, 1).n > 0))
			return error_set(
				err, ERROR_INPUT, "either all groups have names, or none has");
	}
	return 0;
}

/* Where to go on behind an empty match. */
static size_t next_char(struct str text, size_t pos)
{
	uint32_t code = 0;
	size_t n = utf8_decode(str_from_index(text, pos), &code);
	return pos + (n > 0 ? n : 1);
}

/* 1 with the next match, 0 when there is none. An empty match right behind another is none. */
static int search_next(struct search *s, struct error *err)
{
	while (s->pos <= s->text.n) {
		uint64_t left = HCL_MAX_STEPS - s->e->steps;
		uint64_t budget = left;
		enum regex_result r = regex_find(s->regex, s->spans, s->text, s->pos, &budget);
		if (r == REGEX_TOO_LONG)
			budget = 0;
		if (hcl_charge(s->e, left - budget + 1, err) < 0)
			return -1;
		if (r != REGEX_MATCH)
			return 0;
		struct regex_span whole = s->spans[0];
		bool empty = whole.from == whole.to;
		bool again = empty && whole.from == s->match_end;
		s->pos = empty ? next_char(s->text, whole.to) : whole.to;
		s->match_end = whole.to;
		if (!again)
			return 1;
	}
	return 0;
}

static struct str group_text(const struct search *s, size_t group)
{
	struct regex_span span = s->spans[group];
	if (span.from == STR_NPOS)
		return (struct str){0};
	return str_sub(s->text, span.from, span.to - span.from);
}

static struct hcl_value group_value(const struct search *s, size_t group)
{
	return s->spans[group].from == STR_NPOS ? hcl_null() : hcl_string(group_text(s, group));
}

/* The match as a string; with groups as a list of them, with named ones as an object. */
static struct hcl_value match_value(const struct search *s)
{
	struct arena *a = s->e->arena;
	size_t n = regex_groups(s->regex) - 1;
	if (n == 0)
		return group_value(s, 0);
	struct hcl_value *values = arena_array(a, struct hcl_value, n);
	struct str *names = arena_array(a, struct str, n);
	for (size_t i = 0; i < n; i++) {
		values[i] = group_value(s, i + 1);
		names[i] = arena_str(a, regex_group_name(s->regex, i + 1));
	}
	return names[0].n > 0 ? hcl_object(a, names, values, n) : hcl_list(values, n);
}

static int two_strings(struct str *a, struct str *b, struct hcl_eval *e,
	const struct hcl_value *args, struct error *err)
{
	return hcl_arg_str(a, e, args, 0, err) < 0 || hcl_arg_str(b, e, args, 1, err) < 0 ? -1 : 0;
}

int hcl_fn_regex(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	scoped(search) s = {0};
	struct str pattern = {0};
	struct str text = {0};
	(void)n;
	if (two_strings(&pattern, &text, e, args, err) < 0 ||
		search_open(&s, e, pattern, text, err) < 0)
		return -1;
	int found = search_next(&s, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return error_set(err, ERROR_INPUT, "the pattern matches no part of the string");
	*out = match_value(&s);
	return 0;
}

int hcl_fn_regexall(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(search) s = {0};
	struct str pattern = {0};
	struct str text = {0};
	struct hcl_items matches = {0};
	int found = 0;
	(void)n;
	if (two_strings(&pattern, &text, e, args, err) < 0 ||
		search_open(&s, e, pattern, text, err) < 0)
		return -1;
	while ((found = search_next(&s, err)) > 0)
		hcl_push(e, &matches, match_value(&s));
	if (found < 0)
		return -1;
	*out = hcl_items_list(&matches);
	return 0;
}

/* ---- Replacing ----------------------------------------------------------------------------- */

static size_t find_group(const struct regex *r, struct str name)
{
	uint64_t number = 0;
	if (str_to_u64(name, &number))
		return number < regex_groups(r) ? (size_t)number : STR_NPOS;
	for (size_t i = 1; i < regex_groups(r); i++) {
		if (str_eq(regex_group_name(r, i), name))
			return i;
	}
	return STR_NPOS;
}

static size_t name_len(struct str s)
{
	size_t n = 0;
	while (n < s.n && (unsigned char)s.p[n] < 0x80 && s.p[n] != '-' &&
		hcl_is_id_continue((unsigned char)s.p[n]))
		n++;
	return n;
}

/* The text for one match: $name, $1, ${name} are groups, as long as the name goes, and $$ is $. */
static void expand(struct buf *out, const struct search *s, struct str template)
{
	struct str rest = template;
	for (;;) {
		size_t dollar = str_find_byte(rest, '$');
		buf_add(out, str_sub(rest, 0, dollar));
		if (dollar == STR_NPOS)
			return;
		rest = str_from_index(rest, dollar + 1);
		bool braces = rest.n > 0 && rest.p[0] == '{';
		struct str name = str_from_index(rest, braces ? 1 : 0);
		name = str_sub(name, 0, name_len(name));
		size_t end = name.n + (braces ? 2 : 0);
		bool closed = !braces || (end <= rest.n && rest.p[end - 1] == '}');
		if (name.n == 0 || !closed) {
			buf_add_byte(out, '$');
			if (rest.n > 0 && rest.p[0] == '$')
				rest = str_from_index(rest, 1);
			continue;
		}
		size_t group = find_group(s->regex, name);
		if (group != STR_NPOS)
			buf_add(out, group_text(s, group));
		rest = str_from_index(rest, end);
	}
}

/* regex_replace(text, pattern, replacement) */
int hcl_fn_regex_replace(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(search) s = {0};
	scoped(buf) b = {0};
	struct str text = {0};
	struct str pattern = {0};
	struct str template = {0};
	size_t done = 0;
	int found = 0;
	(void)n;
	if (two_strings(&text, &pattern, e, args, err) < 0 ||
		hcl_arg_str(&template, e, args, 2, err) < 0)
		return -1;
	buf_init(&b, HCL_MAX_VALUE_SIZE);
	if (search_open(&s, e, pattern, text, err) < 0)
		return -1;
	while ((found = search_next(&s, err)) > 0) {
		buf_add(&b, str_sub(text, done, s.spans[0].from - done));
		expand(&b, &s, template);
		done = s.spans[0].to;
		if (hcl_charge(e, template.n / 16, err) < 0)
			return -1;
	}
	buf_add(&b, str_from_index(text, done));
	if (found < 0 || hcl_room(e, b.n, err) < 0 || buf_check(&b, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&b)));
	return 0;
}
