/* SARIF 2.1.0 (OASIS). It is signed, so it holds no time, no absolute path and no chance order. */
#include "audit/report/report.h"

#include "audit/policy/policy.h"
#include "audit/policy/verdict.h"
#include "base/file.h"

struct level {
	const char *level;
	const char *security_severity; /* as code scanning reads it: from 9.0 on critical */
	int rank;
};

static const struct level levels[] = {
	[SEVERITY_NONE] = {"none", "0.0", 0},
	[SEVERITY_INFO] = {"note", "0.5", 10},
	[SEVERITY_LOW] = {"note", "3.0", 30},
	[SEVERITY_MEDIUM] = {"warning", "5.5", 50},
	[SEVERITY_HIGH] = {"error", "8.0", 80},
	[SEVERITY_CRITICAL] = {"error", "9.5", 95},
};

struct sarif {
	struct arena arena;
	const struct audit *audit;
	const struct policy *policy;
	struct audit_cache *cache;
};

static void sarif_clear(struct sarif *s)
{
	arena_clear(&s->arena);
}

static struct json *text(struct arena *a, struct str s)
{
	return json_string(a, report_utf8(a, s));
}

static struct json *message(struct arena *a, struct str s)
{
	struct json *j = json_object(a);
	json_set(a, j, "text", text(a, s));
	return j;
}

static bool has_text(const struct json *array, struct str s)
{
	for (size_t i = 0; i < array->array.n; i++) {
		if (str_eq(array->array.items[i]->text, s))
			return true;
	}
	return false;
}

static void add_tag(struct arena *a, struct json *tags, struct str tag)
{
	tag = report_utf8(a, tag);
	if (!has_text(tags, tag))
		json_append(a, tags, json_string(a, tag));
}

static struct json *tags_json(struct arena *a, const struct rule *r)
{
	struct json *tags = json_array(a);
	add_tag(a, tags, STR("security"));
	add_tag(a, tags, r->pack);
	for (size_t i = 0; i < r->refs.n; i++) {
		struct str ref = r->refs.items[i];
		add_tag(a, tags, ref);
		if (str_has_prefix(ref, STR("CWE-")))
			add_tag(a, tags,
				arena_printf(a, "external/cwe/cwe-%.*s",
					STR_ARG(str_from_index(ref, 4))));
	}
	return tags;
}

static struct json *rule_json(struct arena *a, const struct rule *r)
{
	const struct level *level = &levels[r->severity];
	struct json *j = json_object(a);
	json_set(a, j, "id", text(a, r->id));
	json_set(a, j, "shortDescription", message(a, r->title));
	json_set(a, j, "fullDescription", message(a, r->why.n > 0 ? r->why : r->title));
	json_set(a, j, "help", message(a, r->fix.n > 0 ? r->fix : r->title));
	struct json *configuration = json_set(a, j, "defaultConfiguration", json_object(a));
	json_set(a, configuration, "level", json_cstr(a, level->level));
	json_set(a, configuration, "rank", json_i64(a, level->rank));
	struct json *properties = json_set(a, j, "properties", json_object(a));
	json_set(a, properties, "tags", tags_json(a, r));
	json_set(a, properties, "security-severity", json_cstr(a, level->security_severity));
	json_set(a, properties, "severity", json_cstr(a, severity_name(r->severity)));
	json_set(a, properties, "pack", text(a, r->pack));
	json_set(a, properties, "locked", json_bool(a, r->locked));
	return j;
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
	json_set(a, j, "snippet", message(a, snippet));
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
		text(a, arena_printf(a, "%.*s/step %u", STR_ARG(build), (unsigned)f->step)));
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
		json_set(a, location, "message", message(a, place->label));
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
	json_set(a, suppression, "justification", text(a, f->waiver));
}

static struct json *result_json(struct sarif *s, const struct finding *f)
{
	struct arena *a = &s->arena;
	const struct level *level = &levels[f->severity];
	struct json *j = json_object(a);
	json_set(a, j, "ruleId", text(a, f->id));
	json_set(a, j, "ruleIndex", json_i64(a, f->rule - s->policy->rules.items));
	json_set(a, j, "level", json_cstr(a, level->level));
	json_set(a, j, "rank", json_i64(a, level->rank));
	json_set(a, j, "message", message(a, f->message));
	set_locations(a, j, s->audit, f);
	set_code_flow(a, j, f);
	struct json *prints = json_set(a, j, "partialFingerprints", json_object(a));
	json_set(a, prints, "sealwright/v1", text(a, f->fingerprint));
	set_suppressions(a, j, f);
	struct json *properties = json_set(a, j, "properties", json_object(a));
	json_set(a, properties, "severity", json_cstr(a, severity_name(f->severity)));
	json_set(a, properties, "command", text(a, f->command));
	return j;
}

static struct json *driver_json(struct sarif *s)
{
	struct arena *a = &s->arena;
	struct json *j = json_object(a);
	json_set(a, j, "name", json_cstr(a, "sealwright"));
	json_set(a, j, "semanticVersion", json_cstr(a, SEALWRIGHT_VERSION));
	json_set(a, j, "rules", json_array(a)); /* add_with_rules fills it */
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
	json_set(a, j, "profile", text(a, s->audit->profile));
	json_set(a, j, "policyDigest", json_cstr(a, hex));
	json_set(a, j, "commands", json_i64(a, (int64_t)s->audit->facts.commands));
	json_set(a, j, "opaque", json_i64(a, (int64_t)s->audit->facts.opaque));
	return j;
}

static struct json *base_json(struct arena *a)
{
	struct json *bases = json_object(a);
	struct json *root = json_set(a, bases, "SRCROOT", json_object(a));
	json_set(a, root, "description", message(a, STR("the root of the source tree")));
	return bases;
}

static struct json *run_json(struct sarif *s)
{
	struct arena *a = &s->arena;
	struct json *j = json_object(a);
	struct json *tool = json_set(a, j, "tool", json_object(a));
	json_set(a, tool, "driver", driver_json(s));
	json_set(a, j, "columnKind", json_cstr(a, "unicodeCodePoints"));
	json_set(a, j, "originalUriBaseIds", base_json(a));
	struct json *results = json_set(a, j, "results", json_array(a));
	for (size_t i = 0; i < s->audit->findings.n; i++)
		json_append(a, results, result_json(s, &s->audit->findings.items[i]));
	json_set(a, j, "properties", properties_json(s));
	return j;
}

/* ---- Rules ---------------------------------------------------------------------------------- */

/*
 * They are the same in every audit with the policy, and most of the document. So their text, as it
 * stands at its place, is made once. Before it in the document stand only words of this file.
 */
static const struct str no_rules = {"\"rules\": []", 11};

static struct json *only_rules(struct arena *a, const struct policy *p)
{
	struct json *j = json_object(a);
	struct json *runs = json_set(a, j, "runs", json_array(a));
	struct json *run = json_append(a, runs, json_object(a));
	struct json *tool = json_set(a, run, "tool", json_object(a));
	struct json *driver = json_set(a, tool, "driver", json_object(a));
	struct json *rules = json_set(a, driver, "rules", json_array(a));
	for (size_t i = 0; i < p->rules.n; i++)
		json_append(a, rules, rule_json(a, &p->rules.items[i]));
	return j;
}

static struct str rules_text(struct audit_cache *c)
{
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	if (c->rules.n > 0)
		return c->rules;
	json_write_pretty(&text, only_rules(&a, c->policy));
	struct str s = buf_str(&text);
	s = str_from_index(s, str_find(s, STR("\"rules\": ")));
	s = str_sub(s, 0, str_rfind_byte(s, ']')); /* of the runs */
	s = str_sub(s, 0, str_rfind_byte(s, ']') + 1);
	c->rules = arena_str(&c->arena, s);
	return c->rules;
}

static void add_with_rules(struct buf *out, struct str document, struct audit_cache *c)
{
	size_t at = str_find(document, no_rules);
	buf_add(out, str_sub(document, 0, at));
	if (at == STR_NPOS)
		return;
	buf_add(out, c->policy->rules.n > 0 ? rules_text(c) : no_rules);
	buf_add(out, str_from_index(document, at + no_rules.n));
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
	add_with_rules(out, buf_str(&document), cache);
	return buf_check(&document, err) < 0 ? -1 : buf_check(out, err);
}
