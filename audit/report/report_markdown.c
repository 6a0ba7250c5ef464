#include "audit/report/report.h"

#include "base/log.h"

void report_add_markdown(struct buf *out, struct str text)
{
	scoped(buf) clean = {0};
	log_escape(&clean, text);
	for (size_t i = 0; i < clean.n; i++) {
		char c = clean.p[i];
		if (c == '<')
			buf_add_cstr(out, "&lt;");
		else if (c == '&')
			buf_add_cstr(out, "&amp;");
		else if (strchr("\\`*_[]|~>#!", c))
			buf_printf(out, "\\%c", c);
		else
			buf_add_byte(out, c);
	}
}

/* A code span: its fence is longer than any run of back-ticks in it. */
static void add_code(struct buf *out, struct str text)
{
	scoped(buf) clean = {0};
	log_escape(&clean, text);
	size_t longest = 0;
	size_t run = 0;
	for (size_t i = 0; i < clean.n; i++) {
		run = clean.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_add_byte(out, '`');
	buf_printf(out, " %.*s ", STR_ARG(buf_str(&clean)));
	for (size_t i = 0; i <= longest; i++)
		buf_add_byte(out, '`');
}

static void add_finding(struct buf *out, const struct audit *a, size_t index, size_t n)
{
	scoped(arena) arena = {0};
	const struct finding *f = &a->findings.items[index];
	buf_printf(out, "### %s ", f->waived ? "waived" : severity_name(f->severity));
	report_add_markdown(out, f->id);
	buf_add_cstr(out, ": ");
	report_add_markdown(out, f->title);
	buf_add_cstr(out, "\n\n");
	report_add_markdown(out, f->message);
	buf_add_cstr(out, "\n\n- at ");
	add_code(out, origin_str(&arena, &f->origin));
	for (size_t i = 0; i < n; i++) {
		struct str build = report_build(a, f + i);
		if (build.n == 0)
			continue;
		buf_add_cstr(out, i == 0 ? ", in " : ", ");
		add_code(out, build);
	}
	if (f->command.n > 0) {
		buf_add_cstr(out, "\n- command ");
		add_code(out, f->command);
	}
	for (size_t i = 0; f->fact && i < f->fact->path.n; i++) {
		const struct fact_place *place = &f->fact->path.items[i];
		buf_add_cstr(out, i == 0 ? "\n- path: " : " → ");
		report_add_markdown(out, place->label);
		buf_add_byte(out, ' ');
		add_code(out, origin_str(&arena, &place->origin));
	}
	buf_add_cstr(out, "\n- fix: ");
	report_add_markdown(out, f->fix);
	if (f->waived) {
		buf_add_cstr(out, "\n- waiver: ");
		report_add_markdown(out, f->waiver);
	}
	buf_add_cstr(out, "\n- fingerprint ");
	add_code(out, f->fingerprint);
	buf_add_cstr(out, "\n\n");
}

void report_markdown(struct buf *out, const struct audit *a)
{
	struct report_counts c = report_count(a);
	buf_printf(out, "# Audit: %s\n\n", verdict_name(a->verdict));
	buf_add_cstr(out, "Profile ");
	report_add_markdown(out, a->profile);
	buf_printf(out, ", threshold %s; %llu commands, %llu not resolved.\n\n",
		severity_name(a->threshold), (unsigned long long)a->facts.commands,
		(unsigned long long)a->facts.opaque);
	if (a->unpinned)
		buf_add_cstr(out, "Unpinned: files as they lie, not those of a commit.\n\n");
	buf_add_cstr(out, "| severity | findings |\n|---|---:|\n");
	for (int s = SEVERITY_CRITICAL; s >= SEVERITY_INFO; s--)
		buf_printf(
			out, "| %s | %zu |\n", severity_name((enum severity)s), c.by_severity[s]);
	buf_printf(out, "| waived | %zu |\n\n", c.waived);
	if (a->compared)
		buf_printf(
			out, "Findings that were known before, %zu, are left out.\n\n", a->known);
	if (a->findings.n > 0)
		buf_add_cstr(out, "## Findings\n\n");
	for (size_t i = 0; i < a->findings.n;) {
		size_t n = report_group(a, i);
		add_finding(out, a, i, n);
		i += n;
	}
}
