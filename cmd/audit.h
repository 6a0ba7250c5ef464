/* The parts of the verb audit. */
#ifndef CMD_AUDIT_H
#define CMD_AUDIT_H

#include "cmd/verbs.h"

struct audit_verb {
	struct source_options source;
	struct template_options template;
	struct policy_options_cli policy;
	const char *format;
	bool script;
	bool partial;
	const char *now;
	const char *baseline;
	const char *write_baseline;
	const char *since;
	const char *write_waivers;
	struct option_list waive;
	const char *reason;
	const char *owner;
	const char *expires;
	const char *ticket;
};

/* What the flags ask to compare with, in the arena of the pipeline. */
struct audit_compare {
	struct audit_baseline known;
	bool given;
	bool locked; /* whether known findings of locked rules are left out too */
};

/* Reads --baseline, or audits what stood at --since, under the policy of the pipeline. */
MUST_CHECK int audit_compare_templates(struct audit_compare *out, struct pipeline *p,
	const struct audit_verb *o, struct error *err);
MUST_CHECK int audit_compare_scripts(struct audit_compare *out, struct pipeline *p,
	const struct audit_verb *o, const char *path, struct error *err);

/* Whether the flags go together. */
MUST_CHECK int audit_check_flags(const struct audit_verb *o, struct error *err);

/* --write-baseline and --write-waivers, when they are given. */
MUST_CHECK int audit_keep(struct pipeline *p, const struct audit_verb *o, struct error *err);

#endif
