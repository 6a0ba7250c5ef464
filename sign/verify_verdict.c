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

/* ---- Findings --------------------------------------------------------------------------------- */

static bool is_suppressed(const struct json *result)
{
	const struct json *list = json_find(result, "suppressions");
	return list && list->type == JSON_ARRAY && list->array.n > 0;
}

/* Rules with at least one finding that no waiver suppresses. */
static int fired_rules(
	struct map *out, struct arena *a, const struct json *sarif, struct error *err)
{
	const struct json *results = NULL;
	const struct json *run = json_find(sarif, "runs")->array.items[0];
	if (json_get_array(run, "results", &results, "findings.sarif", err) < 0)
		return -1;
	for (size_t i = 0; i < results->array.n; i++) {
		struct str id = {0};
		const struct json *result = results->array.items[i];
		if (json_get_str(result, "ruleId", &id, "findings.sarif", err) < 0)
			return -1;
		if (!is_suppressed(result))
			map_put(out, a, id, out);
	}
	return 0;
}

/* True when every rule of the list fired (or none did); names the first that is otherwise. */
static bool all_fired(
	const struct str_list *list, const struct map *fired, bool expected, struct str *odd)
{
	for (size_t i = 0; i < list->n; i++) {
		if (map_has(fired, list->items[i]) != expected) {
			*odd = list->items[i];
			return false;
		}
	}
	return true;
}

void verify_findings(struct verifying *v, struct check *c)
{
	scoped(arena) a = {0};
	const struct test_result *t = test_of(v);
	struct error why = {0};
	struct map fired = {0};
	struct map listed = {0};
	struct str odd = {0};
	if (fired_rules(&fired, &a, v->findings, &why) < 0) {
		check_fail(v, c, "%s", why.text);
		return;
	}
	if (!all_fired(&t->failed, &fired, true, &odd) ||
		!all_fired(&t->warned, &fired, true, &odd)) {
		check_fail(
			v, c, "rule %.*s has no finding, but is said to have fired", STR_ARG(odd));
		return;
	}
	if (!all_fired(&t->passed, &fired, false, &odd)) {
		check_fail(
			v, c, "rule %.*s has a finding, but is said to have passed", STR_ARG(odd));
		return;
	}
	for (size_t i = 0; i < t->failed.n; i++)
		map_put(&listed, &a, t->failed.items[i], &listed);
	for (size_t i = 0; i < t->warned.n; i++)
		map_put(&listed, &a, t->warned.items[i], &listed);
	for (size_t i = 0; i < fired.n; i++) {
		if (!map_has(&listed, fired.items[i].key)) {
			check_fail(v, c, "rule %.*s has a finding that the test result leaves out",
				STR_ARG(fired.items[i].key));
			return;
		}
	}
	c->found = arena_printf(&v->v->arena, "%zu rules fired", fired.n);
	check_pass(c);
}

/* ---- The audit repeated ----------------------------------------------------------------------- */

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
	v->replayed = 1;
	if (v->o->replay(v->o->ctx, v->archive.members[ARCHIVE_SOURCE],
		    v->statements[STATEMENT_PROVENANCE].provenance.external,
		    check_hex(v, &t->policy), a, &v->replayed_plan, &v->replayed_findings,
		    &v->policy_known, &why) < 0) {
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
		verify_replayed(v, c, ARCHIVE_PLAN, v->replayed_plan);
}

void verify_replayed_findings(struct verifying *v, struct check *c)
{
	replay(v);
	if (v->replayed < 0)
		check_unknown(v, c, "%.*s", STR_ARG(v->replay_problem));
	else if (!v->policy_known)
		check_unknown(v, c, "the policy with digest %.*s is not known here",
			STR_ARG(check_hex(v, &test_of(v)->policy)));
	else
		verify_replayed(v, c, ARCHIVE_FINDINGS, v->replayed_findings);
}
