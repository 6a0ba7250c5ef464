#include "audit/report/report.h"

#include "base/log.h"

#define CARET_MAX 120

struct style {
	const char *bold;
	const char *dim;
	const char *reset;
	const char *severity[SEVERITY_CRITICAL + 1];
};

static const struct style plain = {
	.bold = "",
	.dim = "",
	.reset = "",
	.severity = {"", "", "", "", "", ""},
};

static const struct style colours = {
	.bold = "\033[1m",
	.dim = "\033[2m",
	.reset = "\033[0m",
	.severity =
		{
			[SEVERITY_NONE] = "",
			[SEVERITY_INFO] = "\033[36m",
			[SEVERITY_LOW] = "\033[34m",
			[SEVERITY_MEDIUM] = "\033[33m",
			[SEVERITY_HIGH] = "\033[31m",
			[SEVERITY_CRITICAL] = "\033[1;31m",
		},
};

static void add_place(struct buf *out, const struct origin *o)
{
	scoped(arena) a = {0};
	log_escape(out, origin_str(&a, o));
}

/* White space up to the column, tabs kept so that the caret stands below its character. */
static void add_indent(struct buf *out, struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\t')
			buf_add_byte(out, '\t');
		else if (((unsigned char)line.p[i] & 0xc0) != 0x80)
			buf_add_byte(out, ' ');
	}
}

/* Most bytes of a line that are shown, and of them before what is meant. */
#define EXCERPT_MAX 160
#define EXCERPT_BEFORE 40

/* Cuts a long line (minified JSON, say) around `start`, between characters. */
static struct str cut_line(struct str line, size_t *start, bool *cut_before)
{
	size_t from = 0;
	*cut_before = false;
	if (line.n <= EXCERPT_MAX)
		return line;
	if (*start > EXCERPT_BEFORE)
		from = *start - EXCERPT_BEFORE;
	while (from < *start && ((unsigned char)line.p[from] & 0xc0) == 0x80)
		from++;
	size_t to = from + EXCERPT_MAX < line.n ? from + EXCERPT_MAX : line.n;
	while (to < line.n && to > *start && ((unsigned char)line.p[to] & 0xc0) == 0x80)
		to--;
	*start -= from;
	*cut_before = from > 0;
	return str_sub(line, from, to - from);
}

static void add_excerpt(
	struct buf *out, struct str whole, const struct span *span, const struct style *style)
{
	size_t start = span->col > 0 ? span->col - 1 : 0;
	bool cut_before;
	if (start >= whole.n)
		start = 0;
	struct str line = cut_line(whole, &start, &cut_before);
	scoped(buf) before = {0};
	scoped(buf) marked = {0};
	if (cut_before)
		buf_add_cstr(&before, "...");
	log_escape(&before, str_sub(line, 0, start));
	log_escape(&marked, str_sub(line, start, span->len > 0 ? span->len : 1));
	size_t width = report_code_points(buf_str(&marked), marked.n);
	buf_printf(out, "%s%6u |%s ", style->dim, (unsigned)span->line, style->reset);
	buf_add_cstr(out, cut_before ? "..." : "");
	log_escape(out, line);
	buf_add_cstr(out, line.p + line.n < whole.p + whole.n ? "..." : "");
	buf_printf(out, "\n%s       |%s ", style->dim, style->reset);
	add_indent(out, buf_str(&before));
	buf_printf(out, "%s^", style->bold);
	for (size_t i = 1; i < width && i < CARET_MAX; i++)
		buf_add_byte(out, '~');
	buf_printf(out, "%s\n", style->reset);
}

static bool find_line(const struct finding *f, const struct audit_print *p, struct str *line)
{
	*line = f->line;
	if (line->n > 0)
		return true;
	struct str text = {0};
	if (f->concealed || !p->source || f->origin.span.line == 0 ||
		!p->source(p->ctx, f->origin.file, &text))
		return false;
	struct str rest = text;
	for (uint32_t i = 0; i < f->origin.span.line; i++) {
		if (!rest.p || !str_cut(&rest, '\n', line))
			return false;
	}
	return line->n > 0;
}

static void add_labelled(struct buf *out, const char *label, struct str text)
{
	if (text.n == 0)
		return;
	buf_printf(out, "  %-8s ", label);
	log_escape(out, text);
	buf_add_byte(out, '\n');
}

static void add_path(struct buf *out, const struct finding *f)
{
	if (!f->fact || f->fact->path.n < 2)
		return;
	for (size_t i = 0; i < f->fact->path.n; i++) {
		const struct fact_place *place = &f->fact->path.items[i];
		buf_printf(out, "  %-8s %zu. ", i == 0 ? "path:" : "", i + 1);
		add_place(out, &place->origin);
		buf_add_cstr(out, ": ");
		log_escape(out, place->label);
		buf_add_byte(out, '\n');
	}
}

static void add_builds(struct buf *out, const struct audit *a, size_t i, size_t n)
{
	if (report_build(a, &a->findings.items[i]).n == 0)
		return;
	buf_add_cstr(out, "  in:      ");
	for (size_t k = 0; k < n; k++) {
		const struct finding *f = &a->findings.items[i + k];
		buf_add_cstr(out, k > 0 ? ", " : "");
		log_escape(out, report_build(a, f));
		if (f->step > 0)
			buf_printf(out, " step %u", (unsigned)f->step);
	}
	buf_add_byte(out, '\n');
}

static void add_finding(
	struct buf *out, const struct audit *a, size_t i, size_t n, const struct audit_print *p)
{
	const struct style *style = p->colour ? &colours : &plain;
	const struct finding *f = &a->findings.items[i];
	buf_add_cstr(out, style->bold);
	add_place(out, &f->origin);
	buf_printf(out, ":%s %s%s%s: ", style->reset, style->severity[f->severity],
		f->waived ? "waived" : severity_name(f->severity), style->reset);
	log_escape(out, f->message);
	buf_printf(out, " [%.*s]\n", STR_ARG(f->id));
	struct str line;
	if (find_line(f, p, &line))
		add_excerpt(out, line, &f->origin.span, style);
	add_path(out, f);
	add_labelled(out, "fix:", f->fix);
	add_builds(out, a, i, n);
	add_labelled(out, "waiver:", f->waiver);
	for (size_t k = 0; k < n; k++) {
		if (k == 0 || !str_eq(f[k].fingerprint, f[k - 1].fingerprint))
			add_labelled(out, k == 0 ? "id:" : "", f[k].fingerprint);
	}
	buf_add_byte(out, '\n');
}

void report_text(struct buf *out, const struct audit *a, const struct audit_print *p)
{
	const struct style *style = p->colour ? &colours : &plain;
	for (size_t i = 0; i < a->findings.n;) {
		size_t n = report_group(a, i);
		add_finding(out, a, i, n, p);
		i += n;
	}
	report_add_counts(out, a);
	buf_printf(out, "; %llu commands, %llu not resolved\n",
		(unsigned long long)a->facts.commands, (unsigned long long)a->facts.opaque);
	if (a->compared)
		buf_printf(out,
			"compared: %zu known finding%s left out, %zu of the baseline found no "
			"more\n",
			a->known, a->known == 1 ? "" : "s", a->gone);
	bool pass = a->verdict == VERDICT_PASS;
	buf_printf(out, "profile %.*s, threshold %s: %s%s%s\n", STR_ARG(a->profile),
		severity_name(a->threshold),
		pass ? style->bold : style->severity[SEVERITY_CRITICAL], verdict_name(a->verdict),
		style->reset);
}
