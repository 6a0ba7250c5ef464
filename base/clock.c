#include "base/clock.h"

#include "base/buf.h"

#include <time.h>

#define SECOND INT64_C(1000000000)

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t system_wall(const struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_steady(const struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t fixed_time(const struct clock *c)
{
	return c->fixed;
}

const struct clock clock_system = {.wall = system_wall, .steady = system_steady};

struct clock clock_fixed(int64_t ns)
{
	return (struct clock){.wall = fixed_time, .steady = fixed_time, .fixed = ns};
}

static void split(int64_t ns, struct tm *tm, long *fraction)
{
	int64_t seconds = ns / SECOND;
	int64_t rest = ns % SECOND;
	if (rest < 0) {
		rest += SECOND;
		seconds--;
	}
	time_t t = (time_t)seconds;
	gmtime_r(&t, tm);
	*fraction = (long)rest;
}

struct str time_rfc3339(struct arena *a, int64_t ns)
{
	struct tm tm;
	long fraction;
	split(ns, &tm, &fraction);
	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

struct str time_rfc3339_nano(struct arena *a, int64_t ns)
{
	struct tm tm;
	long fraction;
	split(ns, &tm, &fraction);
	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
}

/* Takes exactly n digits off the front. */
static bool take_digits(struct str *s, size_t n, int *out)
{
	if (s->n < n)
		return false;
	int value = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = str_from_index(*s, n);
	*out = value;
	return true;
}

static bool take_byte(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_from_index(*s, 1);
	return true;
}

static bool take_fraction(struct str *s, int64_t *ns)
{
	*ns = 0;
	if (!take_byte(s, '.'))
		return true;
	int64_t unit = SECOND / 10;
	size_t digits = 0;
	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		*ns += unit * (s->p[0] - '0');
		unit /= 10;
		digits++;
		*s = str_from_index(*s, 1);
	}
	return digits > 0 && digits <= 9;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static bool take_zone(struct str *s, int *east)
{
	*east = 0;
	if (take_byte(s, 'Z'))
		return true;
	int sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;
	if (!take_byte(s, '+') && !take_byte(s, '-'))
		return false;
	if (!take_digits(s, 2, &hours) || !take_byte(s, ':') || !take_digits(s, 2, &minutes))
		return false;
	*east = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool time_parse_rfc3339(struct str s, int64_t *ns)
{
	struct tm tm = {0};
	int east = 0;
	int64_t fraction = 0;
	bool ok = take_digits(&s, 4, &tm.tm_year) && take_byte(&s, '-') &&
		take_digits(&s, 2, &tm.tm_mon) && take_byte(&s, '-') &&
		take_digits(&s, 2, &tm.tm_mday) && take_byte(&s, 'T') &&
		take_digits(&s, 2, &tm.tm_hour) && take_byte(&s, ':') &&
		take_digits(&s, 2, &tm.tm_min) && take_byte(&s, ':') &&
		take_digits(&s, 2, &tm.tm_sec) && take_fraction(&s, &fraction) &&
		take_zone(&s, &east) && s.n == 0;
	if (!ok || tm.tm_year < 1970 || tm.tm_year > 2261)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	struct tm asked = tm;
	time_t t = timegm(&tm);
	bool same = tm.tm_mon == asked.tm_mon && tm.tm_mday == asked.tm_mday &&
		tm.tm_hour == asked.tm_hour && tm.tm_min == asked.tm_min &&
		tm.tm_sec == asked.tm_sec;
	if (!same)
		return false;
	*ns = ((int64_t)t - east) * SECOND + fraction;
	return true;
}

static const struct unit {
	struct str name;
	int64_t ns;
} units[] = {
	{STR_INIT("ns"), 1},
	{STR_INIT("us"), 1000},
	{STR_INIT("\xc2\xb5s"), 1000},
	{STR_INIT("\xce\xbcs"), 1000},
	{STR_INIT("ms"), 1000000},
	{STR_INIT("s"), SECOND},
	{STR_INIT("m"), 60 * SECOND},
	{STR_INIT("h"), 3600 * SECOND},
};

static int64_t take_unit(struct str *s)
{
	size_t n = 0;
	while (n < s->n && s->p[n] != '.' && (s->p[n] < '0' || s->p[n] > '9'))
		n++;
	struct str name = str_sub(*s, 0, n);
	for (size_t i = 0; i < countof(units); i++) {
		if (str_eq(units[i].name, name)) {
			*s = str_from_index(*s, n);
			return units[i].ns;
		}
	}
	return 0;
}

/* One number with its unit, added to *total. */
static bool take_term(struct str *s, double *total)
{
	size_t n = 0;
	bool dot = false;
	size_t digits = 0;
	while (n < s->n && (s->p[n] == '.' || (s->p[n] >= '0' && s->p[n] <= '9'))) {
		if (s->p[n] == '.' && dot)
			return false;
		dot = dot || s->p[n] == '.';
		digits += s->p[n] != '.';
		n++;
	}
	char number[40];
	if (digits == 0 || n >= sizeof(number))
		return false;
	memcpy(number, s->p, n);
	number[n] = '\0';
	*s = str_from_index(*s, n);
	int64_t unit = take_unit(s);
	*total += strtod(number, NULL) * (double)unit;
	return unit > 0;
}

bool duration_parse(struct str s, int64_t *ns)
{
	bool negative = take_byte(&s, '-');
	if (!negative)
		(void)take_byte(&s, '+');
	double total = 0;
	if (str_eq(s, STR("0"))) {
		*ns = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n > 0) {
		if (!take_term(&s, &total))
			return false;
	}
	if (total >= 9.2e18)
		return false;
	*ns = negative ? -(int64_t)(total + 0.5) : (int64_t)(total + 0.5);
	return true;
}

struct str duration_str(struct arena *a, int64_t ns)
{
	if (ns < 0)
		return arena_printf(a, "-%.*s", STR_ARG(duration_str(a, -(ns + 1) + 1)));
	int64_t hours = ns / (3600 * SECOND);
	int64_t minutes = ns / (60 * SECOND) % 60;
	int64_t seconds = ns / SECOND % 60;
	int64_t milli = ns / 1000000 % 1000;
	scoped(buf) out = {0};
	if (hours > 0)
		buf_printf(&out, "%lldh", (long long)hours);
	if (minutes > 0)
		buf_printf(&out, "%lldm", (long long)minutes);
	if (milli > 0 && hours == 0 && minutes == 0)
		buf_printf(&out, "%lld.%03llds", (long long)seconds, (long long)milli);
	else if (seconds > 0 || out.n == 0)
		buf_printf(&out, "%llds", (long long)seconds);
	return arena_str(a, buf_str(&out));
}
