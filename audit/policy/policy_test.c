#include "audit/policy/rule.h"

struct trial {
	struct rule_run run;
	const struct policy *policy;
	const struct rule *rule;
	struct buf *report;
	size_t examples;
	size_t wrong;
};

static void trial_clear(struct trial *t)
{
	rule_run_clear(&t->run);
}

static void complain(struct trial *t, bool bad, size_t index, const char *what, struct str detail)
{
	const struct rule *r = t->rule;
	t->wrong++;
	buf_printf(t->report, "%.*s:%u:%u: %.*s: %s example %zu %s%s%.*s\n",
		STR_ARG(r->origin.file), (unsigned)r->origin.span.line,
		(unsigned)r->origin.span.col, STR_ARG(r->id), bad ? "bad" : "good", index + 1, what,
		detail.n > 0 ? ": " : "", STR_ARG(detail));
}

static bool is_unread(const struct fact *f)
{
	const struct hcl_value *what = hcl_member(f->value, STR("what"));
	return f->kind == FACT_OPAQUE && what && what->type == HCL_STRING &&
		str_is(what->string, "syntax");
}

/* A rule about images sees the example as the only command of a build. */
static int facts_of_example(struct facts *facts, struct arena *a, const struct rule *r,
	struct str example, struct error *err)
{
	if (r->on != FACT_IMAGE)
		return facts_of_script(facts, a, example, STR("example"), err);
	struct plan plan = {0};
	struct step step = {.id = 1, .type = STEP_EXEC, .origin = {STR("example"), {0}}};
	step.origin.span = (struct span){.line = 1, .col = 1};
	step.exec.command = text_from(a, example);
	list_push(a, &step.exec.exit_codes) = 0;
	list_push(a, &plan.steps) = step;
	return facts_of_plan(facts, a, &plan, 0, err);
}

/* The audit's own rules have no condition: what a fact could not tell says which one it is. */
static int match(struct trial *t, struct str *message, struct arena *a, const struct rule_ref *ref,
	const struct fact *f, struct error *err)
{
	if (t->rule->when)
		return rule_match(&t->run, message, a, ref, f, err);
	const struct hcl_value *what = hcl_member(f->value, STR("what"));
	*message = t->rule->title;
	return what && what->type == HCL_STRING &&
		policy_opaque_rule(t->policy, what->string) == t->rule;
}

static int try_example(
	struct trial *t, struct str example, bool bad, size_t index, struct error *err)
{
	scoped(arena) a = {0};
	struct facts facts = {0};
	struct str message = {0};
	int found = 0;
	if (facts_of_example(&facts, &a, t->rule, example, err) < 0)
		return error_wrap(err, "rule %.*s", STR_ARG(t->rule->id));
	struct rule_ref ref = {.rule = t->rule};
	if (t->rule->when)
		ref.condition = rule_condition(&a, t->rule);
	t->examples++;
	for (size_t i = 0; i < facts.n; i++) {
		const struct fact *f = &facts.items[i];
		int hit = 0;
		if (f->kind == t->rule->on)
			hit = match(t, &message, &a, &ref, f, err);
		if (hit < 0)
			return -1;
		found += hit;
		if (is_unread(f) && t->rule->on != FACT_OPAQUE)
			complain(t, bad, index, "cannot be read", f->command);
	}
	if (bad && found == 0)
		complain(t, bad, index, "gives no finding", (struct str){0});
	if (!bad && found > 0)
		complain(t, bad, index, "gives a finding", message);
	return 0;
}

static int try_rule(struct trial *t, struct error *err)
{
	for (size_t i = 0; i < t->rule->bad.n; i++) {
		if (try_example(t, t->rule->bad.items[i], true, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->rule->good.n; i++) {
		if (try_example(t, t->rule->good.items[i], false, i, err) < 0)
			return -1;
	}
	return 0;
}

int policy_test(const struct policy *p, struct buf *report, size_t *examples, size_t *wrong,
	struct error *err)
{
	scoped(trial) t = {.report = report, .policy = p};
	for (size_t i = 0; i < p->rules.n; i++) {
		t.rule = &p->rules.items[i];
		if (try_rule(&t, err) < 0)
			return -1;
	}
	*examples = t.examples;
	*wrong = t.wrong;
	return 0;
}
