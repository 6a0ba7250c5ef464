/* From facts to findings and a verdict. Private to audit/. */
#ifndef AUDIT_VERDICT_H
#define AUDIT_VERDICT_H

#include "audit/audit.h"

/* Where the bytes of the author's files come from; any part may be missing. */
struct audit_sources {
	audit_source_fn *source;
	void *ctx;
	const struct plan *const *plans;
	size_t plan_count;
	struct str file; /* of a script by itself, and its text */
	struct str text;
};

/* Judges a->facts: fills findings, verdict, threshold, policy and profile. */
MUST_CHECK int audit_judge(struct audit *a, const struct policy *p, const struct audit_options *o,
	const struct audit_sources *sources, struct error *err);

#endif
