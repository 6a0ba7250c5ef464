/* What a scalar of YAML means: by its tag, or by how it looks. */
#include "base/hcl/yaml.h"

#include "base/encode.h"

#define CORE "tag:yaml.org,2002:"

static const struct word {
	const char *text;
	enum hcl_type type;
	bool truth;
} words[] = {
	{"y", HCL_BOOL, true},
	{"Y", HCL_BOOL, true},
	{"yes", HCL_BOOL, true},
	{"Yes", HCL_BOOL, true},
	{"YES", HCL_BOOL, true},
	{"true", HCL_BOOL, true},
	{"True", HCL_BOOL, true},
	{"TRUE", HCL_BOOL, true},
	{"on", HCL_BOOL, true},
	{"On", HCL_BOOL, true},
	{"ON", HCL_BOOL, true},
	{"n", HCL_BOOL, false},
	{"N", HCL_BOOL, false},
	{"no", HCL_BOOL, false},
	{"No", HCL_BOOL, false},
	{"NO", HCL_BOOL, false},
	{"false", HCL_BOOL, false},
	{"False", HCL_BOOL, false},
	{"FALSE", HCL_BOOL, false},
	{"off", HCL_BOOL, false},
	{"Off", HCL_BOOL, false},
	{"OFF", HCL_BOOL, false},
	{"", HCL_NULL, false},
	{"~", HCL_NULL, false},
	{"null", HCL_NULL, false},
	{"Null", HCL_NULL, false},
	{"NULL", HCL_NULL, false},
};

static const struct word *find_word(struct str s)
{
	for (size_t i = 0; i < countof(words); i++) {
		if (str_is(s, words[i].text))
			return &words[i];
	}
	return NULL;
}

/* .inf and .nan in three spellings; a number of HCL can be neither. */
static bool is_no_number(struct str s)
{
	static const char *const names[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
	bool sign = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-');
	for (size_t i = 0; i < countof(names); i++) {
		if (str_is(s, names[i]) ||
			(i < 3 && sign && str_is(str_from_index(s, 1), names[i])))
			return true;
	}
	return false;
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static struct str without_underscores(struct arena *a, struct str s)
{
	struct str_list parts = {0};
	struct str part = {0};
	while (str_cut(&s, '_', &part))
		list_push(a, &parts) = part;
	return arena_join(a, parts.items, parts.n, STR(""));
}

static bool parse_binary(struct str s, struct hcl_value *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	int64_t sum = 0;
	s = str_from_index(s, negative ? 1 : 0);
	if (!str_has_prefix(s, STR("0b")) || s.n < 3)
		return false;
	for (size_t i = 2; i < s.n; i++) {
		int bit = s.p[i] - '0';
		if (bit != 0 && bit != 1)
			return false;
		if (__builtin_mul_overflow(sum, 2, &sum) ||
			__builtin_add_overflow(sum, negative ? -bit : bit, &sum))
			return false;
	}
	*out = hcl_integer(sum);
	return true;
}

/* 0x and 0 before digits count with the tag !!int only, as in go-cty-yaml. */
static bool parse_prefixed(struct str s, struct hcl_value *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	struct str digits = str_from_index(s, negative ? 1 : 0);
	bool hex = str_has_prefix(digits, STR("0x")) || str_has_prefix(digits, STR("0X"));
	bool octal = str_has_prefix(digits, STR("0o")) || str_has_prefix(digits, STR("0O"));
	int64_t sum = 0;
	int64_t base = hex ? 16 : 8;
	if ((!hex && !octal) || digits.n < 3)
		return false;
	for (size_t i = 2; i < digits.n; i++) {
		char c = digits.p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
		if (digit < 0 || digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
			__builtin_add_overflow(sum, negative ? -digit : digit, &sum))
			return false;
	}
	*out = hcl_integer(sum);
	return true;
}

static bool parse_decimal(struct arena *a, struct str s, struct hcl_value *out)
{
	struct str digits = without_underscores(a, s);
	if (digits.n > 1 && digits.p[0] == '+' && digits.p[1] != '-')
		digits = str_from_index(digits, 1);
	return hcl_parse_number(digits, out);
}

/* ---- Times --------------------------------------------------------------------------------- */

static bool take_number(struct str *s, size_t most, uint64_t max, uint64_t *out)
{
	size_t n = 0;
	*out = 0;
	while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
		*out = *out * 10 + (uint64_t)(s->p[n++] - '0');
	*s = str_from_index(*s, n);
	return n > 0 && *out <= max;
}

static bool take_char(struct str *s, const char *any)
{
	if (s->n == 0 || !strchr(any, s->p[0]))
		return false;
	*s = str_from_index(*s, 1);
	return true;
}

static bool take_clock(struct str *s, uint64_t clock[3])
{
	uint64_t fraction = 0;
	if (!take_number(s, 2, 23, &clock[0]) || !take_char(s, ":") ||
		!take_number(s, 2, 59, &clock[1]) || !take_char(s, ":") ||
		!take_number(s, 2, 59, &clock[2]))
		return false;
	return !take_char(s, ".") || take_number(s, 9, UINT64_MAX, &fraction);
}

/* Z or an offset, to the end. */
static bool is_zone(struct str s)
{
	uint64_t part = 0;
	if (str_is(s, "Z"))
		return true;
	return s.n == 6 && take_char(&s, "+-") && take_number(&s, 2, 24, &part) &&
		take_char(&s, ":") && take_number(&s, 2, 60, &part);
}

static uint64_t days_of_month(uint64_t year, uint64_t month)
{
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* A date, alone or with a time; HCL has it as a string of the form of RFC 3339. */
static bool parse_time(struct arena *a, struct str s, struct hcl_value *out)
{
	uint64_t year = 0;
	uint64_t month = 0;
	uint64_t day = 0;
	uint64_t clock[3] = {0};
	bool four = s.n > 4 && s.p[4] == '-';
	if (!four || !take_number(&s, 4, 9999, &year) || !take_char(&s, "-") ||
		!take_number(&s, 2, 12, &month) || !take_char(&s, "-") ||
		!take_number(&s, 2, 31, &day))
		return false;
	if (month == 0 || day == 0 || day > days_of_month(year, month))
		return false;
	struct str zone = STR("Z");
	if (s.n > 0 && (s.p[0] == 'T' || s.p[0] == 't')) {
		s = str_from_index(s, 1);
		if (!take_clock(&s, clock) || !is_zone(s))
			return false;
		zone = s;
	} else if (s.n > 0) {
		if (!take_char(&s, " ") || !take_clock(&s, clock) || s.n > 0)
			return false;
	}
	if (str_is(zone, "+00:00") || str_is(zone, "-00:00"))
		zone = STR("Z");
	*out = hcl_string(arena_printf(a, "%04u-%02u-%02uT%02u:%02u:%02u%.*s", (unsigned)year,
		(unsigned)month, (unsigned)day, (unsigned)clock[0], (unsigned)clock[1],
		(unsigned)clock[2], STR_ARG(zone)));
	return true;
}

/* ---- Public -------------------------------------------------------------------------------- */

static struct hcl_value word_value(const struct word *w)
{
	return w->type == HCL_BOOL ? hcl_bool(w->truth) : hcl_null();
}

/* How it looks; a string when it looks like nothing else. */
static struct hcl_value guess(struct yaml *y, struct str s)
{
	struct arena *a = y->eval->arena;
	const struct word *w = find_word(s);
	struct hcl_value v = {0};
	if (w)
		return word_value(w);
	bool number = s.n > 0 && strchr("0123456789+-.", s.p[0]);
	bool dot = number && s.p[0] == '.';
	if (number && !dot && parse_time(a, s, &v))
		return v;
	if (number && dot ? hcl_parse_number(s, &v) : number && parse_decimal(a, s, &v))
		return v;
	if (number && parse_binary(without_underscores(a, s), &v))
		return v;
	return hcl_string(s);
}

static bool is_known_tag(struct str tag)
{
	static const char *const tags[] = {CORE "str", CORE "bool", CORE "int", CORE "float",
		CORE "null", CORE "timestamp", CORE "binary"};
	for (size_t i = 0; i < countof(tags); i++) {
		if (str_is(tag, tags[i]))
			return true;
	}
	return false;
}

static int cannot(struct yaml *y, struct str s, struct str tag)
{
	return yaml_fail(y, "`%.*s` is no %.*s", STR_ARG(s), STR_ARG(tag));
}

static int resolve_tagged(struct hcl_value *out, struct yaml *y, struct str tag, struct str s)
{
	struct arena *a = y->eval->arena;
	const struct word *w = find_word(s);
	struct str bytes = {0};
	struct str plain = without_underscores(a, s);
	*out = hcl_string(s);
	if (!is_known_tag(tag))
		return yaml_fail(y, "the tag `%.*s` is not known", STR_ARG(tag));
	if (str_is(tag, CORE "str"))
		return 0;
	if (str_is(tag, CORE "binary"))
		return base64_decode(a, s, &bytes) ? 0 : cannot(y, s, tag);
	if (str_is(tag, CORE "null") || w) {
		*out = w ? word_value(w) : hcl_null();
		return 0;
	}
	if (str_is(tag, CORE "bool"))
		return cannot(y, s, tag);
	if (str_is(tag, CORE "timestamp"))
		return parse_time(a, s, out) ? 0 : cannot(y, s, tag);
	bool number =
		parse_decimal(a, s, out) || parse_prefixed(plain, out) || parse_binary(plain, out);
	return number ? 0 : cannot(y, s, tag);
}

int yaml_resolve(struct hcl_value *out, bool *merge, struct yaml *y, struct str tag,
	const struct yaml_scalar *s)
{
	*merge = tag.n == 0 && str_is(s->text, "<<");
	bool text = str_is(tag, CORE "str") || str_is(tag, CORE "binary");
	bool hinted = s->text.n == 0 || strchr("+-0123456789yYnNtTfFoO~.", s->text.p[0]);
	/* As in go-cty-yaml: a tag does not change what is quoted. */
	if (s->style == YAML_QUOTED && tag.n > 0 && !text && hinted && is_known_tag(tag)) {
		*out = hcl_string(s->text);
		return 0;
	}
	if (tag.n > 0)
		return resolve_tagged(out, y, tag, s->text);
	if (s->style == YAML_QUOTED) {
		*out = hcl_string(s->text);
		return 0;
	}
	if (is_no_number(s->text))
		return yaml_fail(y, "HCL has no number `%.*s`", STR_ARG(s->text));
	*out = guess(y, s->text);
	/* A block is a string, but of what it looks like: `|` and "yes" below it give "true". */
	if (s->style == YAML_BLOCK)
		(void)hcl_convert_string(y->eval->arena, out);
	return 0;
}
