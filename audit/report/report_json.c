#include "audit/report/report.h"

static struct json *text(struct arena *a, struct str s)
{
	return json_string(a, report_utf8(a, s));
}

static void set_place(struct arena *a, struct json *j, const struct origin *o)
{
	json_set(a, j, "file", text(a, o->file));
	json_set(a, j, "line", json_i64(a, o->span.line));
	json_set(a, j, "column", json_i64(a, o->span.col));
}

static void set_path(struct arena *a, struct json *j, const struct finding *f)
{
	if (!f->fact || f->fact->path.n == 0)
		return;
	struct json *path = json_set(a, j, "path", json_array(a));
	for (size_t i = 0; i < f->fact->path.n; i++) {
		const struct fact_place *place = &f->fact->path.items[i];
		struct json *step = json_append(a, path, json_object(a));
		set_place(a, step, &place->origin);
		json_set(a, step, "label", text(a, place->label));
	}
}

static const char *phase_name(enum fact_phase phase)
{
	switch (phase) {
	case PHASE_NONE:
		break;
	case PHASE_BUILD:
		return "build";
	case PHASE_FIRSTBOOT:
		return "firstboot";
	case PHASE_RUNTIME:
		return "runtime";
	case PHASE_HOST:
		return "host";
	case PHASE_BOOT:
		return "boot";
	}
	return "none";
}

static struct json *finding_json(
	struct arena *a, const struct audit *audit, const struct finding *f)
{
	struct json *j = json_object(a);
	json_set(a, j, "rule", text(a, f->id));
	json_set(a, j, "severity", json_cstr(a, severity_name(f->severity)));
	set_place(a, j, &f->origin);
	json_set(a, j, "message", text(a, f->message));
	json_set(a, j, "title", text(a, f->title));
	json_set(a, j, "fix", text(a, f->fix));
	json_set(a, j, "command", text(a, f->command));
	json_set(a, j, "fingerprint", text(a, f->fingerprint));
	struct str build = report_build(audit, f);
	json_set(a, j, "build", build.n > 0 ? text(a, build) : json_null(a));
	json_set(a, j, "step", json_i64(a, f->step));
	json_set(a, j, "phase", json_cstr(a, phase_name(f->fact ? f->fact->phase : PHASE_NONE)));
	struct json *refs = json_set(a, j, "refs", json_array(a));
	for (size_t i = 0; i < f->rule->refs.n; i++)
		json_append(a, refs, text(a, f->rule->refs.items[i]));
	set_path(a, j, f);
	json_set(a, j, "waived", json_bool(a, f->waived));
	if (f->waived)
		json_set(a, j, "waiver", text(a, f->waiver));
	return j;
}

static struct json *counts_json(struct arena *a, const struct audit *audit)
{
	struct report_counts c = report_count(audit);
	struct json *j = json_object(a);
	for (int s = SEVERITY_CRITICAL; s >= SEVERITY_INFO; s--)
		json_set(a, j, severity_name((enum severity)s),
			json_i64(a, (int64_t)c.by_severity[s]));
	json_set(a, j, "waived", json_i64(a, (int64_t)c.waived));
	return j;
}

static struct json *summary_json(struct arena *a, const struct audit *audit)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &audit->policy);
	struct json *j = json_object(a);
	json_set(a, j, "format", json_i64(a, 1));
	json_set(a, j, "verdict", json_cstr(a, verdict_name(audit->verdict)));
	json_set(a, j, "threshold", json_cstr(a, severity_name(audit->threshold)));
	json_set(a, j, "profile", text(a, audit->profile));
	json_set(a, j, "policy", json_cstr(a, hex));
	struct json *builds = json_set(a, j, "builds", json_array(a));
	for (size_t i = 0; i < audit->builds.n; i++)
		json_append(a, builds, text(a, audit->builds.items[i]));
	json_set(a, j, "commands", json_i64(a, (int64_t)audit->facts.commands));
	json_set(a, j, "opaque", json_i64(a, (int64_t)audit->facts.opaque));
	json_set(a, j, "counts", counts_json(a, audit));
	if (audit->timed)
		json_set(a, j, "now", json_string(a, time_rfc3339(a, audit->now)));
	if (audit->compared) {
		struct json *baseline = json_set(a, j, "baseline", json_object(a));
		json_set(a, baseline, "known", json_i64(a, (int64_t)audit->known));
		json_set(a, baseline, "gone", json_i64(a, (int64_t)audit->gone));
	}
	return j;
}

void report_json(struct buf *out, const struct audit *audit)
{
	scoped(arena) arena = {0};
	struct arena *a = &arena;
	struct json *j = summary_json(a, audit);
	if (audit->unpinned)
		json_set(a, j, "unpinned", json_bool(a, true));
	struct json *findings = json_set(a, j, "findings", json_array(a));
	for (size_t i = 0; i < audit->findings.n; i++)
		json_append(a, findings, finding_json(a, audit, &audit->findings.items[i]));
	json_write_pretty(out, j);
	buf_add_byte(out, '\n');
}

void report_jsonl(struct buf *out, const struct audit *audit)
{
	for (size_t i = 0; i < audit->findings.n; i++) {
		scoped(arena) a = {0};
		struct json *j = finding_json(&a, audit, &audit->findings.items[i]);
		if (audit->unpinned)
			json_set(&a, j, "unpinned", json_bool(&a, true));
		json_write_compact(out, j);
		buf_add_byte(out, '\n');
	}
}
