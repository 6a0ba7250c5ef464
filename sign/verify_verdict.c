#include "sign/verify.h"

#include "base/map.h"

static const struct test_result *test_of(const struct verifying *v)
{
	return &v->statements[STATEMENT_TEST].test;
}

void verify_verdict(struct verifying *v, struct check *c)
{
	const struct test_result *t = test_of(v);
	if (check_same(v, c, STR("PASSED"), t->result) && t->failed.n > 0)
		check_fail(v, c, "passed, although %zu rules failed", t->failed.n);
}

/* ---- Findings -------------------------------------------------------------------------------- */

/* From the lightest to the heaviest, as the audit writes them. */
static const char *const severities[] = {"info", "low", "medium", "high", "critical"};

/* Above every severity when it is none, so that what is unknown counts as grave. */
static size_t severity_of(struct str name)
{
	size_t i = 0;
	while (i < countof(severities) && !str_is(name, severities[i]))
		i++;
	return i;
}

static const struct json *run_of(const struct verifying *v)
{
	return json_find(v->findings, "runs")->array.items[0];
}

void verify_policy(struct verifying *v, struct check *c)
{
	const struct test_result *t = test_of(v);
	const struct json *properties = json_find(run_of(v), "properties");
	struct str verdict = str_is(t->result, "PASSED") ? STR("PASS") : STR("FAIL");
	if (check_same(v, c, verdict, json_str_or(properties, "verdict", STR(""))) &&
		check_same(v, c, t->profile, json_str_or(properties, "profile", STR(""))))
		check_same(v, c, check_hex(v, &t->policy),
			json_str_or(properties, "policyDigest", STR("")));
}

/* Rules by what their findings come to; keys borrow the tree. */
struct outcomes {
	struct map any; /* every finding */
	struct map open; /* those that no waiver suppresses */
	struct map failed; /* those of them that reach the threshold */
};

static int add_outcome(struct outcomes *o, struct arena *a, const struct json *result,
	size_t threshold, struct error *err)
{
	struct str id = {0};
	const struct json *waivers = json_find(result, "suppressions");
	struct str severity = json_str_or(json_find(result, "properties"), "severity", STR(""));
	if (json_get_str(result, "ruleId", &id, "findings.sarif", err) < 0)
		return -1;
	map_put(&o->any, a, id, o);
	if (waivers && waivers->type == JSON_ARRAY && waivers->array.n > 0)
		return 0;
	map_put(&o->open, a, id, o);
	if (severity_of(severity) >= threshold)
		map_put(&o->failed, a, id, o);
	return 0;
}

static int read_outcomes(
	struct outcomes *o, struct arena *a, const struct verifying *v, struct error *err)
{
	const struct json *results = NULL;
	const struct json *properties = json_find(run_of(v), "properties");
	size_t threshold = severity_of(json_str_or(properties, "threshold", STR("info")));
	if (threshold == countof(severities))
		return error_set(err, ERROR_INPUT, "the threshold is no severity");
	if (json_get_array(run_of(v), "results", &results, "findings.sarif", err) < 0)
		return -1;
	for (size_t i = 0; i < results->array.n; i++) {
		if (add_outcome(o, a, results->array.items[i], threshold, err) < 0)
			return -1;
	}
	return 0;
}

/* The first of the list that is in the map (or is not), or empty. */
static struct str first_in(const struct str_list *list, const struct map *m, bool in)
{
	for (size_t i = 0; i < list->n; i++) {
		if (map_has(m, list->items[i]) == in)
			return list->items[i];
	}
	return STR("");
}

/* The first key that neither list holds, or empty. */
static struct str first_unlisted(const struct map *m, const struct str_list *one,
	const struct str_list *other, struct arena *a)
{
	struct map listed = {0};
	for (size_t i = 0; i < one->n; i++)
		map_put(&listed, a, one->items[i], &listed);
	for (size_t i = 0; i < other->n; i++)
		map_put(&listed, a, other->items[i], &listed);
	for (size_t i = 0; i < m->n; i++) {
		if (!map_has(&listed, m->items[i].key))
			return m->items[i].key;
	}
	return STR("");
}

void verify_findings(struct verifying *v, struct check *c)
{
	scoped(arena) a = {0};
	const struct test_result *t = test_of(v);
	const struct str_list none = {0};
	struct outcomes o = {0};
	struct error why = {0};
	if (read_outcomes(&o, &a, v, &why) < 0) {
		check_fail(v, c, "%s", why.text);
		return;
	}
	const struct {
		struct str rule;
		const char *problem;
	} contradictions[] = {
		{first_in(&t->failed, &o.failed, false),
			"is said to have failed without a finding"},
		{first_in(&t->warned, &o.any, false), "is said to have warned without a finding"},
		{first_in(&t->passed, &o.open, true), "is said to have passed, but has a finding"},
		{first_unlisted(&o.failed, &t->failed, &none, &a),
			"has a finding that fails, and is not said to have failed"},
		{first_unlisted(&o.open, &t->failed, &t->warned, &a),
			"has a finding that the test result leaves out"},
	};
	for (size_t i = 0; i < countof(contradictions); i++) {
		if (contradictions[i].rule.n > 0) {
			check_fail(v, c, "rule %.*s %s", STR_ARG(contradictions[i].rule),
				contradictions[i].problem);
			return;
		}
	}
	c->found = arena_printf(&v->v->arena, "%zu rules with findings", o.open.n);
	check_pass(c);
}

/* ---- The audit repeated ---------------------------------------------------------------------- */

static void replay(struct verifying *v)
{
	struct error why = {0};
	struct arena *a = &v->v->arena;
	const struct test_result *t = test_of(v);
	if (v->replayed != 0)
		return;
	if (!v->o->replay) {
		v->replayed = -1;
		v->replay_problem = STR("the audit was not repeated");
		return;
	}
	const struct replay_input in = {
		.source_bundle = v->archive.members[ARCHIVE_SOURCE],
		.external_parameters = v->statements[STATEMENT_PROVENANCE].provenance.external,
		.policy_digest = check_hex(v, &t->policy),
	};
	v->replayed = 1;
	if (v->o->replay(v->o->ctx, &in, &v->replay, a, &why) < 0) {
		v->replayed = -1;
		v->replay_problem = arena_str(a, str_from(why.text));
	}
}

static void verify_replayed(
	struct verifying *v, struct check *c, enum archive_index index, struct str again)
{
	struct digest expected = digest_bytes(v->archive.members[index]);
	struct digest found = digest_bytes(again);
	check_same(v, c, check_hex(v, &expected), check_hex(v, &found));
}

void verify_replayed_plan(struct verifying *v, struct check *c)
{
	replay(v);
	if (v->replayed < 0)
		check_unknown(v, c, "%.*s", STR_ARG(v->replay_problem));
	else
		verify_replayed(v, c, ARCHIVE_PLAN, v->replay.plan);
}

void verify_replayed_findings(struct verifying *v, struct check *c)
{
	replay(v);
	if (v->replayed < 0)
		check_unknown(v, c, "%.*s", STR_ARG(v->replay_problem));
	else if (!v->replay.policy_known)
		check_unknown(v, c, "the policy with digest %.*s is not known here",
			STR_ARG(check_hex(v, &test_of(v)->policy)));
	else
		verify_replayed(v, c, ARCHIVE_FINDINGS, v->replay.findings);
}
