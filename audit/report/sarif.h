/* The parts of a SARIF document. Private to audit/report/. */
#ifndef AUDIT_SARIF_H
#define AUDIT_SARIF_H

#include "audit/report/report.h"
#include "base/json.h"

struct sarif_level {
	const char *level;
	const char *security_severity; /* as code scanning reads it: from 9.0 on critical */
	int rank;
};
const struct sarif_level *sarif_level(enum severity s);

struct json *sarif_text(struct arena *a, struct str s);
struct json *sarif_message(struct arena *a, struct str s);

/* References of a tool component to the taxonomies of the run. */
struct json *sarif_taxonomy_refs(struct arena *a);

/*
 * The document, with what the policy says filled in for its empty "rules" and "taxonomies". They
 * are the same in every audit with the policy, and most of the document, so their text is kept.
 */
void sarif_add_rules(struct buf *out, struct str document, struct audit_cache *c);

#endif
