/* Dates, as Go's time package and HCL's formatdate see them. Nothing here asks what time it is. */
#include "base/hcl/functions.h"

#include "base/clock.h"

#include <assert.h>

#define NS_PER_S 1000000000LL
#define S_PER_DAY 86400LL

/* A moment in its own zone. */
struct moment {
	int64_t seconds; /* since the epoch, UTC */
	int64_t nanoseconds; /* behind them */
	int64_t offset; /* of the zone, in seconds */
	bool utc; /* written with Z */
	int64_t year;
	unsigned month; /* 1-12 */
	unsigned day; /* 1-31 */
	unsigned weekday;
	unsigned hour;
	unsigned minute;
	unsigned second;
};

/* ---- Calendar ------------------------------------------------------------------------------ */

/* Proleptic Gregorian, by eras of 400 years that begin in March. */
static void set_date(struct moment *m)
{
	int64_t local = m->seconds + m->offset;
	int64_t days = local / S_PER_DAY - (local % S_PER_DAY < 0 ? 1 : 0);
	int64_t rest = local - days * S_PER_DAY;
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	m->day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
	m->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	m->year = year + era * 400 + (m->month <= 2 ? 1 : 0);
	m->weekday = (unsigned)(((days % 7) + 11) % 7);
	m->hour = (unsigned)(rest / 3600);
	m->minute = (unsigned)(rest / 60 % 60);
	m->second = (unsigned)(rest % 60);
}

static bool two_digits(struct str s, size_t at, int64_t *out)
{
	uint64_t tens = 0;
	uint64_t ones = 0;
	if (!str_to_u64(str_sub(s, at, 1), &tens) || !str_to_u64(str_sub(s, at + 1, 1), &ones))
		return false;
	*out = (int64_t)(tens * 10 + ones);
	return true;
}

/* Z or +hh:mm at the end. */
static bool parse_offset(struct str s, struct moment *m)
{
	int64_t hours = 0;
	int64_t minutes = 0;
	if (str_has_suffix(s, STR("Z"))) {
		m->utc = true;
		return true;
	}
	struct str zone = s.n >= 6 ? str_from_index(s, s.n - 6) : (struct str){0};
	bool sign = zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && zone.p[3] == ':';
	if (!sign || !two_digits(zone, 1, &hours) || !two_digits(zone, 4, &minutes))
		return false;
	m->offset = (hours * 3600 + minutes * 60) * (zone.p[0] == '-' ? -1 : 1);
	return true;
}

static int parse_moment(struct moment *m, struct str s, struct error *err)
{
	int64_t ns = 0;
	bool spaced = s.n > 10 && s.p[10] != 'T';
	if (spaced || !time_parse_rfc3339(s, &ns) || !parse_offset(s, m))
		return error_set(
			err, ERROR_INPUT, "`%.*s` is no time of the form of RFC 3339", STR_ARG(s));
	m->seconds = ns / NS_PER_S - (ns % NS_PER_S < 0 ? 1 : 0);
	m->nanoseconds = ns - m->seconds * NS_PER_S;
	set_date(m);
	return 0;
}

static struct str format_rfc3339(struct arena *a, const struct moment *m)
{
	long long minutes = m->offset / 60;
	struct str zone = STR("Z");
	if (!m->utc) {
		long long absolute = minutes < 0 ? -minutes : minutes;
		zone = arena_printf(a, "%c%02lld:%02lld", minutes < 0 ? '-' : '+', absolute / 60,
			absolute % 60);
	}
	return arena_printf(a, "%04lld-%02u-%02uT%02u:%02u:%02u%.*s", (long long)m->year, m->month,
		m->day, m->hour, m->minute, m->second, STR_ARG(zone));
}

/* ---- formatdate ---------------------------------------------------------------------------- */

static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};
static const char *const day_names[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static struct str month_name(const struct moment *m)
{
	bool valid = m->month >= 1 && m->month <= countof(month_names);
	return valid ? str_from(month_names[m->month - 1]) : STR("");
}

static struct str zone_text(struct arena *a, const struct moment *m, size_t n)
{
	long long minutes = m->offset / 60;
	char sign = minutes < 0 ? '-' : '+';
	minutes = minutes < 0 ? -minutes : minutes;
	if (n == 1 && m->offset == 0)
		return STR("Z");
	if (n == 3 && m->offset == 0)
		return STR("UTC");
	bool colon = n == 1 || n == 5;
	return arena_printf(
		a, "%c%02lld%s%02lld", sign, minutes / 60, colon ? ":" : "", minutes % 60);
}

static struct str number_text(struct arena *a, unsigned n, size_t digits)
{
	return digits == 1 ? arena_printf(a, "%u", n) : arena_printf(a, "%02u", n);
}

static struct str year_text(struct arena *a, const struct moment *m, size_t n)
{
	return n == 2 ? arena_printf(a, "%02u", (unsigned)(m->year % 100))
		      : arena_printf(a, "%04lld", (long long)m->year);
}

static struct str month_text(struct arena *a, const struct moment *m, size_t n)
{
	if (n <= 2)
		return number_text(a, m->month, n);
	return n == 3 ? str_sub(month_name(m), 0, 3) : month_name(m);
}

static struct str day_text(struct arena *a, const struct moment *m, size_t n)
{
	const char *name = day_names[m->weekday];
	if (n <= 2)
		return number_text(a, m->day, n);
	return n == 3 ? str_sub(str_from(name), 0, 3) : str_from(name);
}

/* How often each letter may stand in a row, as bits. */
static const struct {
	char letter;
	unsigned lengths;
} verbs[] = {
	{'Y', 1 << 2 | 1 << 4},
	{'M', 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4},
	{'D', 1 << 1 | 1 << 2},
	{'E', 1 << 3 | 1 << 4},
	{'h', 1 << 1 | 1 << 2},
	{'H', 1 << 1 | 1 << 2},
	{'A', 1 << 2},
	{'a', 1 << 2},
	{'m', 1 << 1 | 1 << 2},
	{'s', 1 << 1 | 1 << 2},
	{'Z', 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5},
};

static bool is_verb(char letter, size_t n)
{
	for (size_t i = 0; i < countof(verbs); i++) {
		if (verbs[i].letter == letter)
			return n < 8 && (verbs[i].lengths >> n & 1) != 0;
	}
	return false;
}

static struct str verb_text(struct arena *a, const struct moment *m, char letter, size_t n)
{
	unsigned twelve = m->hour % 12 == 0 ? 12 : m->hour % 12;
	switch (letter) {
	case 'Y':
		return year_text(a, m, n);
	case 'M':
		return month_text(a, m, n);
	case 'D':
	case 'E':
		return day_text(a, m, n);
	case 'h':
		return number_text(a, m->hour, n);
	case 'H':
		return number_text(a, twelve, n);
	case 'A':
		return m->hour < 12 ? STR("AM") : STR("PM");
	case 'a':
		return m->hour < 12 ? STR("am") : STR("pm");
	case 'm':
		return number_text(a, m->minute, n);
	case 's':
		return number_text(a, m->second, n);
	default:
		return zone_text(a, m, n);
	}
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 'literal' with '' for a quote; *i stands on the first quote and is left behind the last. */
static int add_literal(struct buf *out, struct str format, size_t *i, struct error *err)
{
	for ((*i)++; *i < format.n; (*i)++) {
		if (format.p[*i] != '\'') {
			buf_add_byte(out, format.p[*i]);
			continue;
		}
		(*i)++;
		if (*i >= format.n || format.p[*i] != '\'')
			return 0;
		buf_add_byte(out, '\'');
	}
	return error_set(err, ERROR_INPUT, "the format has a quote without its end");
}

static int add_verb(
	struct buf *out, struct arena *a, const struct moment *m, struct str run, struct error *err)
{
	if (!is_verb(run.p[0], run.n))
		return error_set(err, ERROR_INPUT, "the format has the unknown sequence `%.*s`",
			STR_ARG(run));
	buf_add(out, verb_text(a, m, run.p[0], run.n));
	return 0;
}

/* formatdate(format, time) */
int hcl_fn_formatdate(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	scoped(buf) b = {0};
	struct str format = {0};
	struct str time = {0};
	struct moment m = {0};
	(void)n;
	if (hcl_arg_str(&format, e, args, 0, err) < 0 || hcl_arg_str(&time, e, args, 1, err) < 0 ||
		hcl_room(e, 16 * (uint64_t)format.n, err) < 0 || parse_moment(&m, time, err) < 0)
		return -1;
	for (size_t i = 0; i < format.n;) {
		if (format.p[i] == '\'') {
			if (add_literal(&b, format, &i, err) < 0)
				return -1;
			continue;
		}
		size_t end = i + 1;
		while (end < format.n && format.p[end] == format.p[i])
			end++;
		struct str run = str_sub(format, i, end - i);
		if (!is_letter(run.p[0]))
			buf_add(&b, run);
		else if (add_verb(&b, e->arena, &m, run, err) < 0)
			return -1;
		i = end;
	}
	if (buf_check(&b, err) < 0)
		return -1;
	*out = hcl_string(arena_str(e->arena, buf_str(&b)));
	return 0;
}

/* ---- The others ---------------------------------------------------------------------------- */

/* timeadd(time, duration) */
int hcl_fn_timeadd(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str time = {0};
	struct str text = {0};
	struct moment m = {0};
	int64_t duration = 0;
	(void)n;
	if (hcl_arg_str(&time, e, args, 0, err) < 0 || hcl_arg_str(&text, e, args, 1, err) < 0 ||
		parse_moment(&m, time, err) < 0)
		return -1;
	if (!duration_parse(text, &duration))
		return error_set(
			err, ERROR_INPUT, "`%.*s` is no duration, as 1h30m is", STR_ARG(text));
	int64_t rest = m.nanoseconds + duration % NS_PER_S;
	m.seconds += duration / NS_PER_S + (rest >= NS_PER_S) - (rest < 0);
	set_date(&m);
	*out = hcl_string(format_rfc3339(e->arena, &m));
	return 0;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t year_day(const struct moment *m)
{
	int64_t days = m->day;
	for (unsigned month = 1; month < m->month; month++) {
		bool february = month == 2;
		bool short_month = month == 4 || month == 6 || month == 9 || month == 11;
		days += february ? 28 + is_leap(m->year) : short_month ? 30 : 31;
	}
	return days;
}

/* ISO 8601: weeks begin on Monday, and the first one holds the year's first Thursday. */
static void iso_week(const struct moment *m, int64_t *year, int64_t *week)
{
	struct moment thursday = *m;
	int64_t from_monday = (m->weekday + 6) % 7;
	thursday.seconds += (3 - from_monday) * S_PER_DAY;
	set_date(&thursday);
	*year = thursday.year;
	*week = (year_day(&thursday) - 1) / 7 + 1;
}

static const struct str moment_keys[] = {
	STR_INIT("day"),
	STR_INIT("hour"),
	STR_INIT("iso_week"),
	STR_INIT("iso_year"),
	STR_INIT("minute"),
	STR_INIT("month"),
	STR_INIT("month_name"),
	STR_INIT("second"),
	STR_INIT("unix"),
	STR_INIT("weekday"),
	STR_INIT("weekday_name"),
	STR_INIT("year"),
	STR_INIT("year_day"),
};

static struct hcl_value moment_value(struct hcl_eval *e, const struct moment *m)
{
	int64_t year = 0;
	int64_t week = 0;
	iso_week(m, &year, &week);
	const struct hcl_value values[] = {
		hcl_integer(m->day),
		hcl_integer(m->hour),
		hcl_integer(week),
		hcl_integer(year),
		hcl_integer(m->minute),
		hcl_integer(m->month),
		hcl_string(month_name(m)),
		hcl_integer(m->second),
		hcl_integer(m->seconds),
		hcl_integer(m->weekday),
		hcl_string(str_from(day_names[m->weekday])),
		hcl_integer(m->year),
		hcl_integer(year_day(m)),
	};
	static_assert(countof(values) == countof(moment_keys), "a value for each key");
	return hcl_object(e->arena, moment_keys, values, countof(values));
}

int hcl_fn_rfc3339_parse(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str time = {0};
	struct moment m = {0};
	(void)n;
	if (hcl_arg_str(&time, e, args, 0, err) < 0 || parse_moment(&m, time, err) < 0)
		return -1;
	*out = moment_value(e, &m);
	return 0;
}

int hcl_fn_unix_timestamp_parse(struct hcl_value *out, struct hcl_eval *e,
	const struct hcl_value *args, size_t n, struct error *err)
{
	struct moment m = {.utc = true};
	(void)n;
	if (hcl_arg_i64(&m.seconds, args, 0, err) < 0)
		return -1;
	if (m.seconds < -62135596800 || m.seconds > 253402300799)
		return error_set(err, ERROR_INPUT, "the year must be from 1 to 9999");
	set_date(&m);
	*out = moment_value(e, &m);
	return 0;
}
