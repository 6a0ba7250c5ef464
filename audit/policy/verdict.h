/* From facts to findings and a verdict. Private to audit/. */
#ifndef AUDIT_VERDICT_H
#define AUDIT_VERDICT_H

#include "audit/audit.h"
#include "audit/policy/rule.h"

/* Where the bytes of the author's files come from; any part may be missing. */
struct audit_sources {
	audit_source_fn *source;
	void *ctx;
	const struct plan *const *plans;
	size_t plan_count;
	struct str file; /* of a script by itself, and its text */
	struct str text;
};

/* What audits of one policy share. */
struct audit_cache {
	const struct policy *policy;
	struct rule_run run;
	struct rule_index index;
	struct arena arena;
	/* Of the SARIF, in the arena; empty until they are asked for. */
	struct str rules;
	struct str taxonomies;
};

/* Judges a->facts: fills findings, verdict, threshold, policy and profile. */
MUST_CHECK int audit_judge(struct audit *a, struct audit_cache *cache,
	const struct audit_options *o, const struct audit_sources *sources, struct error *err);

/* 16 hex digits; of rule, command and all that the fact knows of it, and not of its place. */
struct str fingerprint_of(struct arena *a, const struct finding *f);
void fingerprint_add(struct hasher *h, struct str part);

/* Takes the findings out that the baseline has; the rest stays in order. */
void baseline_apply(struct audit *a, const struct audit_baseline *baseline, bool locked);

#endif
