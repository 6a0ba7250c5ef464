#include "audit/report/report.h"

#include "base/log.h"
#include "base/utf8.h"

#include <assert.h>

static const char *const format_names[] = {
	[AUDIT_TEXT] = "text",
	[AUDIT_JSON] = "json",
	[AUDIT_JSONL] = "jsonl",
	[AUDIT_SARIF] = "sarif",
	[AUDIT_JUNIT] = "junit",
	[AUDIT_MARKDOWN] = "markdown",
};
static_assert(countof(format_names) == AUDIT_MARKDOWN + 1, "a name for every format");

bool audit_format_parse(struct str s, enum audit_format *out)
{
	for (size_t i = AUDIT_TEXT; i < countof(format_names); i++) {
		if (str_is(s, format_names[i])) {
			*out = (enum audit_format)i;
			return true;
		}
	}
	return false;
}

bool report_fails(const struct audit *a, const struct finding *f)
{
	return !f->waived && f->severity >= a->threshold;
}

struct report_counts report_count(const struct audit *a)
{
	struct report_counts c = {0};
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct finding *f = &a->findings.items[i];
		c.waived += f->waived;
		c.by_severity[f->severity] += !f->waived;
		c.failing += report_fails(a, f);
	}
	return c;
}

void report_add_counts(struct buf *out, const struct audit *a)
{
	struct report_counts c = report_count(a);
	for (int s = SEVERITY_CRITICAL; s >= SEVERITY_INFO; s--)
		buf_printf(out, "%s%zu %s", s < SEVERITY_CRITICAL ? ", " : "", c.by_severity[s],
			severity_name((enum severity)s));
	buf_printf(out, "; %zu waived", c.waived);
}

struct str report_utf8(struct arena *arena, struct str s)
{
	if (utf8_is_valid(s) && utf8_find_deceptive(s) == STR_NPOS &&
		str_find_byte(s, '\0') == STR_NPOS)
		return s;
	scoped(buf) clean = {0};
	struct str rest = s;
	struct str line;
	bool first = true;
	while (str_cut(&rest, '\n', &line)) {
		if (!first)
			buf_add_byte(&clean, '\n');
		first = false;
		log_escape(&clean, line);
	}
	return arena_str(arena, buf_str(&clean));
}

struct str report_build(const struct audit *a, const struct finding *f)
{
	return f->fact && f->plan < a->builds.n ? a->builds.items[f->plan] : (struct str){0};
}

size_t report_code_points(struct str s, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n && i < s.n; i++)
		count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return count;
}

static bool is_same_elsewhere(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && a->waived == b->waived &&
		a->origin.span.line == b->origin.span.line &&
		a->origin.span.col == b->origin.span.col &&
		str_eq(a->origin.file, b->origin.file) && str_eq(a->message, b->message);
}

size_t report_group(const struct audit *a, size_t i)
{
	size_t n = 1;
	while (i + n < a->findings.n &&
		is_same_elsewhere(&a->findings.items[i], &a->findings.items[i + n]))
		n++;
	return n;
}

int audit_write(
	struct buf *out, const struct audit *a, const struct audit_print *p, struct error *err)
{
	switch (p->format) {
	case AUDIT_TEXT:
		report_text(out, a, p);
		break;
	case AUDIT_JSON:
		report_json(out, a);
		break;
	case AUDIT_JSONL:
		report_jsonl(out, a);
		break;
	case AUDIT_SARIF:
		if (a->sarif.n == 0)
			return error_set(err, ERROR_BUG, "the audit was asked for findings only");
		buf_add(out, a->sarif);
		break;
	case AUDIT_JUNIT:
		report_junit(out, a);
		break;
	case AUDIT_MARKDOWN:
		report_markdown(out, a);
		break;
	}
	return buf_check(out, err);
}
