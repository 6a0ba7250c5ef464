#include "template/gotmpl/gotime.h"

#include <time.h>

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct moment {
	struct tm tm;
	int64_t seconds;
	int nanoseconds;
};

static struct moment moment_of(int64_t ns)
{
	struct moment m = {.seconds = ns / 1000000000, .nanoseconds = (int)(ns % 1000000000)};
	if (m.nanoseconds < 0) {
		m.nanoseconds += 1000000000;
		m.seconds--;
	}
	time_t seconds = (time_t)m.seconds;
	gmtime_r(&seconds, &m.tm);
	return m;
}

static int hour12(const struct moment *m)
{
	int hour = m->tm.tm_hour % 12;
	return hour == 0 ? 12 : hour;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static void month_long(struct buf *out, const struct moment *m)
{
	buf_add_cstr(out, months[m->tm.tm_mon]);
}
static void month_short(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%.3s", months[m->tm.tm_mon]);
}
static void month_number(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", m->tm.tm_mon + 1);
}
static void month_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", m->tm.tm_mon + 1);
}
static void day_long(struct buf *out, const struct moment *m)
{
	buf_add_cstr(out, days[m->tm.tm_wday]);
}
static void day_short(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%.3s", days[m->tm.tm_wday]);
}
static void day_number(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", m->tm.tm_mday);
}
static void day_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", m->tm.tm_mday);
}
static void day_spaced(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%2d", m->tm.tm_mday);
}
static void yearday_three(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%03d", m->tm.tm_yday + 1);
}
static void yearday_spaced(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%3d", m->tm.tm_yday + 1);
}
static void weekday(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", m->tm.tm_wday);
}
static void hour_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", m->tm.tm_hour);
}
static void hour12_number(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", hour12(m));
}
static void hour12_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", hour12(m));
}
static void minute_number(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", m->tm.tm_min);
}
static void minute_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", m->tm.tm_min);
}
static void second_number(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%d", m->tm.tm_sec);
}
static void second_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", m->tm.tm_sec);
}
static void year_four(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%04d", m->tm.tm_year + 1900);
}
static void year_underscored(struct buf *out, const struct moment *m)
{
	buf_printf(out, "_%04d", m->tm.tm_year + 1900);
}
static void year_two(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%02d", (m->tm.tm_year + 1900) % 100);
}
static void noon_upper(struct buf *out, const struct moment *m)
{
	buf_add_cstr(out, m->tm.tm_hour >= 12 ? "PM" : "AM");
}
static void noon_lower(struct buf *out, const struct moment *m)
{
	buf_add_cstr(out, m->tm.tm_hour >= 12 ? "pm" : "am");
}
static void zone_name(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "UTC");
}
static void zone_z(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "Z");
}
static void zone_hours(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "+00");
}
static void zone_digits(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "+0000");
}
static void zone_colon(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "+00:00");
}
static void zone_seconds(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "+000000");
}
static void zone_colon_seconds(struct buf *out, const struct moment *m)
{
	(void)m;
	buf_add_cstr(out, "+00:00:00");
}
static void milliseconds(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%03d", m->nanoseconds / 1000000);
}
static void microseconds(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%06d", m->nanoseconds / 1000);
}
static void epoch(struct buf *out, const struct moment *m)
{
	buf_printf(out, "%lld", (long long)m->seconds);
}

typedef void part_fn(struct buf *out, const struct moment *m);

/* ---- Go's layouts --------------------------------------------------------------------------- */

/* The first that fits wins. no_lower: not in front of a small letter. */
static const struct layout_part {
	struct str text;
	part_fn *write;
	bool no_lower;
} layout_parts[] = {
	{STR_INIT("January"), month_long, false},
	{STR_INIT("Jan"), month_short, true},
	{STR_INIT("Monday"), day_long, false},
	{STR_INIT("Mon"), day_short, true},
	{STR_INIT("MST"), zone_name, false},
	{STR_INIT("002"), yearday_three, false},
	{STR_INIT("01"), month_two, false},
	{STR_INIT("02"), day_two, false},
	{STR_INIT("03"), hour12_two, false},
	{STR_INIT("04"), minute_two, false},
	{STR_INIT("05"), second_two, false},
	{STR_INIT("06"), year_two, false},
	{STR_INIT("15"), hour_two, false},
	{STR_INIT("1"), month_number, false},
	{STR_INIT("2006"), year_four, false},
	{STR_INIT("2"), day_number, false},
	{STR_INIT("_2006"), year_underscored, false},
	{STR_INIT("_2"), day_spaced, false},
	{STR_INIT("__2"), yearday_spaced, false},
	{STR_INIT("3"), hour12_number, false},
	{STR_INIT("4"), minute_number, false},
	{STR_INIT("5"), second_number, false},
	{STR_INIT("PM"), noon_upper, false},
	{STR_INIT("pm"), noon_lower, false},
	{STR_INIT("-070000"), zone_seconds, false},
	{STR_INIT("-07:00:00"), zone_colon_seconds, false},
	{STR_INIT("-0700"), zone_digits, false},
	{STR_INIT("-07:00"), zone_colon, false},
	{STR_INIT("-07"), zone_hours, false},
	{STR_INIT("Z070000"), zone_z, false},
	{STR_INIT("Z07:00:00"), zone_z, false},
	{STR_INIT("Z0700"), zone_z, false},
	{STR_INIT("Z07:00"), zone_z, false},
	{STR_INIT("Z07"), zone_z, false},
};

static const struct layout_part *find_part(struct str s)
{
	for (size_t i = 0; i < countof(layout_parts); i++) {
		const struct layout_part *p = &layout_parts[i];
		if (!str_has_prefix(s, p->text))
			continue;
		bool lower = s.n > p->text.n && s.p[p->text.n] >= 'a' && s.p[p->text.n] <= 'z';
		if (!p->no_lower || !lower)
			return p;
	}
	return NULL;
}

/* ".000" or ",999" that no digit follows: its length, or 0. */
static size_t fraction_length(struct str s)
{
	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	size_t n = 1;
	while (n < s.n && s.p[n] == s.p[1])
		n++;
	bool digit = n < s.n && s.p[n] >= '0' && s.p[n] <= '9';
	return digit || n > 10 ? 0 : n;
}

static void write_fraction(struct buf *out, const struct moment *m, struct str s, size_t n)
{
	char digits[10];
	int rest = m->nanoseconds;
	for (size_t i = 9; i > 0; i--, rest /= 10)
		digits[i - 1] = (char)('0' + rest % 10);
	size_t keep = n - 1;
	while (s.p[1] == '9' && keep > 0 && digits[keep - 1] == '0')
		keep--;
	if (keep == 0)
		return;
	buf_add_byte(out, s.p[0]);
	buf_add(out, (struct str){digits, keep});
}

void gotime_format(struct buf *out, int64_t ns, struct str layout)
{
	struct moment m = moment_of(ns);
	while (layout.n > 0) {
		const struct layout_part *p = find_part(layout);
		size_t fraction = fraction_length(layout);
		size_t used = p ? p->text.n : fraction > 0 ? fraction : 1;
		if (p)
			p->write(out, &m);
		else if (fraction > 0)
			write_fraction(out, &m, layout, fraction);
		else
			buf_add_byte(out, layout.p[0]);
		layout = str_from_index(layout, used);
	}
}

/* ---- strftime ------------------------------------------------------------------------------- */

static const struct {
	char letter;
	part_fn *write;
} letters[] = {
	{'a', day_short},
	{'A', day_long},
	{'b', month_short},
	{'B', month_long},
	{'h', month_short},
	{'d', day_two},
	{'e', day_spaced},
	{'f', microseconds},
	{'H', hour_two},
	{'I', hour12_two},
	{'j', yearday_three},
	{'L', milliseconds},
	{'m', month_two},
	{'M', minute_two},
	{'p', noon_upper},
	{'s', epoch},
	{'S', second_two},
	{'w', weekday},
	{'y', year_two},
	{'Y', year_four},
	{'z', zone_digits},
	{'Z', zone_name},
};

static const struct {
	char letter;
	const char *layout;
} shorthands[] = {
	{'D', "01/02/06"},
	{'F', "2006-01-02"},
	{'R', "15:04"},
	{'T', "15:04:05"},
	{'n', "\n"},
	{'t', "\t"},
	{'%', "%"},
};

static bool write_letter(struct buf *out, int64_t ns, char letter)
{
	struct moment m = moment_of(ns);
	for (size_t i = 0; i < countof(letters); i++) {
		if (letters[i].letter == letter) {
			letters[i].write(out, &m);
			return true;
		}
	}
	for (size_t i = 0; i < countof(shorthands); i++) {
		if (shorthands[i].letter == letter) {
			gotime_format(out, ns, str_from(shorthands[i].layout));
			return true;
		}
	}
	return false;
}

bool gotime_strftime(struct buf *out, int64_t ns, struct str format, char *letter)
{
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] != '%') {
			buf_add_byte(out, format.p[i]);
			continue;
		}
		i++;
		*letter = i < format.n ? format.p[i] : '%';
		if (i >= format.n || !write_letter(out, ns, format.p[i]))
			return false;
	}
	return true;
}
