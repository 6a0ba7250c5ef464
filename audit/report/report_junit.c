#include "audit/report/report.h"

#include "base/log.h"

/* Character data and attribute values of XML 1.0, which knows no control characters. */
static void add_xml(struct buf *out, struct str text)
{
	scoped(buf) clean = {0};
	log_escape(&clean, text);
	for (size_t i = 0; i < clean.n; i++) {
		switch (clean.p[i]) {
		case '&':
			buf_add_cstr(out, "&amp;");
			break;
		case '<':
			buf_add_cstr(out, "&lt;");
			break;
		case '>':
			buf_add_cstr(out, "&gt;");
			break;
		case '"':
			buf_add_cstr(out, "&quot;");
			break;
		case '\t':
			buf_add_cstr(out, "&#9;");
			break;
		default:
			buf_add_byte(out, clean.p[i]);
			break;
		}
	}
}

static void add_finding(struct buf *out, const struct audit *a, const struct finding *f)
{
	scoped(arena) arena = {0};
	struct str place = origin_str(&arena, &f->origin);
	struct str build = report_build(a, f);
	buf_add_cstr(out, "    <testcase classname=\"");
	add_xml(out, build.n > 0 ? build : STR("audit"));
	buf_add_cstr(out, "\" name=\"");
	add_xml(out, f->id);
	buf_add_byte(out, ' ');
	add_xml(out, place);
	buf_add_cstr(out, "\" file=\"");
	add_xml(out, f->origin.file);
	buf_printf(out, "\" line=\"%u\" time=\"0\">\n      ", (unsigned)f->origin.span.line);
	bool fails = report_fails(a, f);
	const char *element = fails ? "failure" : f->waived ? "skipped" : "system-out";
	buf_printf(out, "<%s", element);
	if (fails || f->waived) {
		buf_add_cstr(out, " message=\"");
		add_xml(out, f->waived ? f->waiver : f->message);
		buf_add_byte(out, '"');
	}
	if (fails)
		buf_printf(out, " type=\"%s\"", severity_name(f->severity));
	buf_add_byte(out, '>');
	buf_printf(out, "%s: ", severity_name(f->severity));
	add_xml(out, f->message);
	buf_add_cstr(out, "\n");
	add_xml(out, f->command);
	buf_add_cstr(out, "\nfix: ");
	add_xml(out, f->fix);
	buf_printf(out, "</%s>\n    </testcase>\n", element);
}

void report_junit(struct buf *out, const struct audit *a)
{
	struct report_counts c = report_count(a);
	bool failed = a->verdict != VERDICT_PASS;
	size_t tests = a->findings.n + 1;
	size_t failures = c.failing + failed;
	buf_add_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_printf(out, "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n",
		tests, failures);
	buf_printf(out,
		"  <testsuite name=\"sealwright audit\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"0\" skipped=\"%zu\" time=\"0\">\n",
		tests, failures, c.waived);
	if (a->unpinned)
		buf_add_cstr(out,
			"    <properties>\n      <property name=\"unpinned\" value=\"true\"/>\n"
			"    </properties>\n");
	buf_add_cstr(out, "    <testcase classname=\"audit\" name=\"verdict\" time=\"0\">\n");
	if (failed)
		buf_printf(out,
			"      <failure message=\"%zu findings at %s or above\" type=\"verdict\"/>\n",
			c.failing, severity_name(a->threshold));
	buf_add_cstr(out, "    </testcase>\n");
	for (size_t i = 0; i < a->findings.n; i++)
		add_finding(out, a, &a->findings.items[i]);
	buf_add_cstr(out, "  </testsuite>\n</testsuites>\n");
}
