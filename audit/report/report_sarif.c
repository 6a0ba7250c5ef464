/* SARIF 2.1.0 (OASIS). It is signed, so it holds no time, no absolute path and no chance order. */
#include "audit/report/report.h"

#include "audit/policy/policy.h"
#include "audit/policy/verdict.h"
#include "audit/report/sarif.h"
#include "base/file.h"
#include "base/map.h"

struct sarif {
	struct arena arena;
	const struct audit *audit;
	const struct policy *policy;
	struct audit_cache *cache;
	struct map places; /* by fingerprint: struct places */
};

static void sarif_clear(struct sarif *s)
{
	arena_clear(&s->arena);
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("-._~/", c));
}

/* A relative reference (RFC 3986); of an absolute path only its last part. */
static struct str uri_of(struct arena *a, struct str file)
{
	if (file.n > 0 && file.p[0] == '/')
		file = path_base(file);
	while (str_has_prefix(file, STR("./")))
		file = str_from_index(file, 2);
	scoped(buf) out = {0};
	for (size_t i = 0; i < file.n; i++) {
		if (is_unreserved(file.p[i]))
			buf_add_byte(&out, file.p[i]);
		else
			buf_printf(&out, "%%%02X", (unsigned)(uint8_t)file.p[i]);
	}
	return arena_str(a, buf_str(&out));
}

/* With the line at hand columns are code points; without it they are what the parser counted. */
static struct json *region_json(
	struct arena *a, const struct origin *o, struct str line, struct str snippet)
{
	const struct span *span = &o->span;
	struct json *j = json_object(a);
	size_t col = span->col > 0 ? span->col : 1;
	if (line.n > 0)
		col = report_code_points(line, col - 1) + 1;
	json_set(a, j, "startLine", json_i64(a, span->line));
	json_set(a, j, "startColumn", json_i64(a, (int64_t)col));
	if (snippet.n == 0)
		return j;
	size_t lines = 0;
	struct str rest = snippet;
	struct str last = snippet;
	while (str_cut(&rest, '\n', &last))
		lines++;
	size_t end = report_code_points(last, last.n) + (lines > 1 ? 1 : col);
	json_set(a, j, "endLine", json_i64(a, (int64_t)(span->line + lines - 1)));
	json_set(a, j, "endColumn", json_i64(a, (int64_t)end));
	json_set(a, j, "snippet", sarif_message(a, snippet));
	return j;
}

static struct json *location_json(
	struct arena *a, const struct origin *o, struct str line, struct str snippet)
{
	struct json *j = json_object(a);
	struct json *physical = json_set(a, j, "physicalLocation", json_object(a));
	struct json *artifact = json_set(a, physical, "artifactLocation", json_object(a));
	json_set(a, artifact, "uri", json_string(a, uri_of(a, o->file)));
	json_set(a, artifact, "uriBaseId", json_cstr(a, "SRCROOT"));
	if (o->span.line > 0)
		json_set(a, physical, "region", region_json(a, o, line, snippet));
	return j;
}

static void set_locations(
	struct arena *a, struct json *result, const struct audit *audit, const struct finding *f)
{
	if (f->origin.file.n == 0)
		return;
	struct json *locations = json_set(a, result, "locations", json_array(a));
	struct json *location =
		json_append(a, locations, location_json(a, &f->origin, f->line, f->snippet));
	struct str build = report_build(audit, f);
	if (build.n == 0)
		return;
	struct json *logical = json_set(a, location, "logicalLocations", json_array(a));
	struct json *step = json_append(a, logical, json_object(a));
	json_set(a, step, "fullyQualifiedName",
		sarif_text(a, arena_printf(a, "%.*s/step %u", STR_ARG(build), (unsigned)f->step)));
	json_set(a, step, "kind", json_cstr(a, "member"));
}

static void set_code_flow(struct arena *a, struct json *result, const struct finding *f)
{
	if (!f->fact || f->fact->path.n == 0)
		return;
	struct json *flows = json_set(a, result, "codeFlows", json_array(a));
	struct json *flow = json_append(a, flows, json_object(a));
	struct json *threads = json_set(a, flow, "threadFlows", json_array(a));
	struct json *thread = json_append(a, threads, json_object(a));
	struct json *locations = json_set(a, thread, "locations", json_array(a));
	for (size_t i = 0; i < f->fact->path.n; i++) {
		const struct fact_place *place = &f->fact->path.items[i];
		struct json *step = json_append(a, locations, json_object(a));
		struct json *location = json_object(a);
		if (place->origin.file.n > 0)
			location =
				location_json(a, &place->origin, (struct str){0}, (struct str){0});
		json_set(a, location, "message", sarif_message(a, place->label));
		json_set(a, step, "location", location);
		json_set(a, step, "executionOrder", json_i64(a, (int64_t)i + 1));
	}
}

/* Every result has the array, so that an empty one says "not suppressed" (3.27.23). */
static void set_suppressions(struct arena *a, struct json *result, const struct finding *f)
{
	struct json *suppressions = json_set(a, result, "suppressions", json_array(a));
	if (!f->waived)
		return;
	struct json *suppression = json_append(a, suppressions, json_object(a));
	json_set(a, suppression, "kind", json_cstr(a, "external"));
	json_set(a, suppression, "status", json_cstr(a, "accepted"));
	json_set(a, suppression, "justification", sarif_text(a, f->waiver));
}

/* How many places with this fingerprint there have been; builds of one template share theirs. */
struct places {
	unsigned n;
	struct origin last;
};

static unsigned place_number(struct sarif *s, const struct finding *f)
{
	struct str key =
		arena_printf(&s->arena, "%.*s %.*s", STR_ARG(f->id), STR_ARG(f->fingerprint));
	struct places *p = map_find(&s->places, key);
	if (!p) {
		p = arena_new(&s->arena, struct places);
		map_put(&s->places, &s->arena, key, p);
	}
	const struct span *last = &p->last.span;
	if (p->n == 0 || !str_eq(p->last.file, f->origin.file) ||
		last->line != f->origin.span.line || last->col != f->origin.span.col)
		p->n++;
	p->last = f->origin;
	return p->n;
}

/* The second is what code scanning keeps an alert by; it would hash the line itself. */
static void set_fingerprints(struct sarif *s, struct json *result, const struct finding *f)
{
	struct arena *a = &s->arena;
	struct json *prints = json_set(a, result, "partialFingerprints", json_object(a));
	json_set(a, prints, "sealwright/v1", sarif_text(a, f->fingerprint));
	json_set(a, prints, "primaryLocationLineHash",
		json_string(a,
			arena_printf(a, "%.*s:%u", STR_ARG(f->fingerprint), place_number(s, f))));
}

static struct json *result_json(struct sarif *s, const struct finding *f)
{
	struct arena *a = &s->arena;
	const struct sarif_level *level = sarif_level(f->severity);
	struct json *j = json_object(a);
	json_set(a, j, "ruleId", sarif_text(a, f->id));
	json_set(a, j, "ruleIndex", json_i64(a, f->rule - s->policy->rules.items));
	json_set(a, j, "level", json_cstr(a, level->level));
	json_set(a, j, "rank", json_i64(a, level->rank));
	json_set(a, j, "message", sarif_message(a, f->message));
	set_locations(a, j, s->audit, f);
	set_code_flow(a, j, f);
	set_fingerprints(s, j, f);
	if (s->audit->compared)
		json_set(a, j, "baselineState", json_cstr(a, "new"));
	set_suppressions(a, j, f);
	struct json *properties = json_set(a, j, "properties", json_object(a));
	json_set(a, properties, "severity", json_cstr(a, severity_name(f->severity)));
	json_set(a, properties, "command", sarif_text(a, f->command));
	return j;
}

static struct json *driver_json(struct sarif *s)
{
	struct arena *a = &s->arena;
	struct json *j = json_object(a);
	json_set(a, j, "name", json_cstr(a, "sealwright"));
	json_set(a, j, "version", json_cstr(a, SEALWRIGHT_VERSION));
	json_set(a, j, "semanticVersion", json_cstr(a, SEALWRIGHT_VERSION));
	json_set(a, j, "rules", json_array(a)); /* sarif_add_rules fills it */
	json_set(a, j, "supportedTaxonomies", sarif_taxonomy_refs(a));
	return j;
}

static struct json *properties_json(struct sarif *s)
{
	struct arena *a = &s->arena;
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &s->audit->policy);
	struct json *j = json_object(a);
	json_set(a, j, "verdict", json_cstr(a, verdict_name(s->audit->verdict)));
	json_set(a, j, "threshold", json_cstr(a, severity_name(s->audit->threshold)));
	json_set(a, j, "profile", sarif_text(a, s->audit->profile));
	json_set(a, j, "policyDigest", json_cstr(a, hex));
	json_set(a, j, "commands", json_i64(a, (int64_t)s->audit->facts.commands));
	json_set(a, j, "opaque", json_i64(a, (int64_t)s->audit->facts.opaque));
	if (s->audit->timed)
		json_set(a, j, "now", json_string(a, time_rfc3339(a, s->audit->now)));
	if (s->audit->unpinned)
		json_set(a, j, "unpinned", json_bool(a, true));
	if (s->audit->compared)
		json_set(a, j, "known", json_i64(a, (int64_t)s->audit->known));
	return j;
}

static struct json *base_json(struct arena *a)
{
	struct json *bases = json_object(a);
	struct json *root = json_set(a, bases, "SRCROOT", json_object(a));
	json_set(a, root, "description", sarif_message(a, STR("the root of the source tree")));
	return bases;
}

static struct json *run_json(struct sarif *s)
{
	struct arena *a = &s->arena;
	struct json *j = json_object(a);
	struct json *tool = json_set(a, j, "tool", json_object(a));
	json_set(a, tool, "driver", driver_json(s));
	struct json *invocations = json_set(a, j, "invocations", json_array(a));
	struct json *invocation = json_append(a, invocations, json_object(a));
	json_set(a, invocation, "executionSuccessful", json_bool(a, true));
	json_set(a, j, "taxonomies", json_array(a)); /* sarif_add_rules fills it */
	json_set(a, j, "columnKind", json_cstr(a, "unicodeCodePoints"));
	json_set(a, j, "originalUriBaseIds", base_json(a));
	struct json *results = json_set(a, j, "results", json_array(a));
	for (size_t i = 0; i < s->audit->findings.n; i++)
		json_append(a, results, result_json(s, &s->audit->findings.items[i]));
	json_set(a, j, "properties", properties_json(s));
	return j;
}

int report_sarif(
	struct buf *out, const struct audit *audit, struct audit_cache *cache, struct error *err)
{
	scoped(sarif) s = {.audit = audit, .policy = cache->policy, .cache = cache};
	struct arena *a = &s.arena;
	struct json *j = json_object(a);
	json_set(a, j, "$schema",
		json_cstr(a,
			"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
			"sarif-schema-2.1.0.json"));
	json_set(a, j, "version", json_cstr(a, "2.1.0"));
	struct json *runs = json_set(a, j, "runs", json_array(a));
	json_append(a, runs, run_json(&s));
	scoped(buf) document = {0};
	json_write_pretty(&document, j);
	buf_add_byte(&document, '\n');
	sarif_add_rules(out, buf_str(&document), cache);
	return buf_check(&document, err) < 0 ? -1 : buf_check(out, err);
}
