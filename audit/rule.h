/* Evaluation of rules over facts. Private to audit/. */
#ifndef AUDIT_RULE_H
#define AUDIT_RULE_H

#include "audit/policy.h"
#include "base/map.h"

/* What one run of rules needs. Zeroed, it is ready. */
struct rule_run {
	struct arena scratch; /* of one evaluation */
	struct arena arena;   /* of compiled patterns */
	struct map patterns;  /* text to struct pattern */
};
void rule_run_clear(struct rule_run *run);

/*
 * 1: the rule applies to the fact, and its message lies in `a`. 0: it does not. -1: it cannot be
 * evaluated; the error names the rule and the place of the fact.
 */
MUST_CHECK int rule_match(struct rule_run *run, struct str *message, struct arena *a,
	const struct rule *r, const struct fact *f, struct error *err);

/* Whether the expressions of a rule refer to things that exist. */
MUST_CHECK int rule_check(const struct rule *r, struct error *err);

/* What rules can call besides the core functions: docs/policy.md. The scope's ctx is the run. */
extern const struct hcl_function rule_functions_exec[];
extern const struct hcl_function rule_functions_text[];
extern const struct hcl_function rule_functions_net[];
extern const struct hcl_function rule_functions_sed[];

/* The run that a function works for. */
struct rule_run *rule_run_of(const struct hcl_eval *e);
/* A POSIX extended regular expression, lines apart; compiled once per run. */
MUST_CHECK int rule_regex_match(bool *out, struct rule_run *run, struct str text,
	struct str pattern, struct error *err);

/* Shell patterns: *, ?, [a-z], [!a-z]; * crosses slashes. */
bool rule_glob_match(struct str pattern, struct str text);

#endif
