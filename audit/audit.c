#include "audit/audit.h"

#include "audit/policy/verdict.h"
#include "audit/report/report.h"

static struct audit *audit_new(void)
{
	struct audit *a = calloc(1, sizeof(*a));
	if (!a)
		error_out_of_memory();
	return a;
}

/* What is signed is written once, so that nobody can write it differently. */
static int finish(struct audit *a, const struct policy *policy, const struct audit_options *o,
	const struct audit_sources *sources, struct error *err)
{
	scoped(buf) sarif = {0};
	scoped_ptr(audit_cache) own = o->cache ? NULL : audit_cache_new(policy);
	struct audit_cache *cache = o->cache ? o->cache : own;
	if (audit_judge(a, cache, o, sources, err) < 0)
		return -1;
	if (o->findings_only)
		return 0;
	if (report_sarif(&sarif, a, cache, err) < 0)
		return -1;
	a->sarif = arena_str(&a->arena, buf_str(&sarif));
	a->digest = digest_bytes(a->sarif);
	return 0;
}

int audit_plans(struct audit **out, const struct plan *const *plans, size_t n,
	const struct policy *policy, const struct audit_options *o, struct error *err)
{
	scoped_ptr(audit) a = audit_new();
	for (size_t i = 0; i < n; i++) {
		list_push(&a->arena, &a->builds) = arena_str(&a->arena, plans[i]->build);
		if (facts_of_plan(&a->facts, &a->arena, plans[i], (uint32_t)i, err) < 0)
			return error_wrap(err, "audit of %.*s", STR_ARG(plans[i]->build));
	}
	const struct audit_sources sources = {
		.source = o->source,
		.ctx = o->ctx,
		.plans = plans,
		.plan_count = n,
	};
	if (finish(a, policy, o, &sources, err) < 0)
		return -1;
	*out = steal_ptr(a);
	return 0;
}

int audit_script(struct audit **out, struct str text, struct str file, const struct policy *policy,
	const struct audit_options *o, struct error *err)
{
	scoped_ptr(audit) a = audit_new();
	if (facts_of_script(&a->facts, &a->arena, text, file, err) < 0)
		return error_wrap(err, "audit of %.*s", STR_ARG(file));
	const struct audit_sources sources = {
		.source = o->source,
		.ctx = o->ctx,
		.file = file,
		.text = text,
	};
	if (finish(a, policy, o, &sources, err) < 0)
		return -1;
	*out = steal_ptr(a);
	return 0;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	arena_clear(&a->arena);
	free(a);
}
