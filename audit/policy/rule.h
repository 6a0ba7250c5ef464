/* Evaluation of rules over facts. Private to audit/. */
#ifndef AUDIT_RULE_H
#define AUDIT_RULE_H

#include "audit/policy/policy.h"
#include "base/map.h"

struct pattern;

/* What one run of rules needs. Zeroed, it is ready. */
struct rule_run {
	struct arena scratch; /* of one evaluation */
	struct arena arena; /* of compiled patterns */
	struct map patterns; /* text to struct pattern */
	struct pattern *recent[64]; /* by the place of the text */
};
void rule_run_clear(struct rule_run *run);
void rule_run_trim(struct rule_run *run); /* gives back what finished evaluations have left */

/* A rule, and its `when` made ready. */
struct rule_ref {
	const struct rule *rule;
	struct hcl_condition *condition;
};

/*
 * 1: the rule applies to the fact, and its message lies in `a`. 0: it does not. -1: it cannot be
 * evaluated; the error names the rule and the place of the fact.
 */
MUST_CHECK int rule_match(struct rule_run *run, struct str *message, struct arena *a,
	const struct rule_ref *r, const struct fact *f, struct error *err);
struct hcl_condition *rule_condition(struct arena *a, const struct rule *r);

#define RULE_COMMON_MAX 8
struct rule_common {
	struct str members[RULE_COMMON_MAX];
	size_t n;
	unsigned mask;
};
/* The fact's value, of which only these members are known. */
struct hcl_value rule_common_value(
	struct rule_run *run, const struct fact *f, const struct rule_common *common);
/* False when the rule cannot apply to any fact that has this in common. */
bool rule_may_match(struct rule_run *run, const struct rule_ref *r, const struct hcl_value *common);

/*
 * The rules that look at a kind of fact. Most of them ask first for the name of the command or
 * the like; for each such name only those are kept that can apply to it. Zeroed, it is empty.
 */
struct rule_refs {
	struct rule_ref *items; /* in byte order of the id */
	size_t n;
	size_t cap;
};
struct rule_index {
	struct arena arena;
	struct rule_refs by_kind[FACT_KIND_COUNT];
	struct map by_name; /* to struct rule_refs */
};
void rule_index_fill(struct rule_index *index, const struct policy *p);
void rule_index_clear(struct rule_index *index);
const struct rule_refs *rule_index_find(
	struct rule_index *index, struct rule_run *run, const struct fact *f);

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
MUST_CHECK int rule_regex_match(
	bool *out, struct rule_run *run, struct str text, struct str pattern, struct error *err);

/* Texts one of which stands in all that a pattern matches; n 0: nothing is known of it. */
struct rule_literals {
	struct str *items;
	size_t n;
	uint8_t starts[256]; /* bit 0: a first byte of one, bit 1: a second */
};
void rule_literals_read(struct rule_literals *out, struct arena *a, struct str pattern);
/* False when the pattern cannot match the text. */
bool rule_literals_in(const struct rule_literals *l, struct str text);

/* Shell patterns: *, ?, [a-z], [!a-z]; * crosses slashes. */
bool rule_glob_match(struct str pattern, struct str text);

#endif
