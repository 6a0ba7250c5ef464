/* What a loaded policy holds, and the parts of its loader. Private to audit/. */
#ifndef AUDIT_POLICY_H
#define AUDIT_POLICY_H

#include "audit/audit.h"

#define POLICY_THRESHOLD SEVERITY_HIGH
#define POLICY_OPAQUE_LIMIT 25 /* per cent of the commands */
#define POLICY_RULES_MAX 10000

/* The audit's own rules. */
#define POLICY_OWN_PACK "audit"
#define POLICY_ID_SHARE "META004"
#define POLICY_ID_WAIVER "META005"
#define POLICY_ID_HOST "META007"

struct waiver {
	struct str rule;
	struct str fingerprint;
	struct str reason;
	struct str owner;
	struct str expires; /* as written */
	struct str ticket; /* may be empty */
	struct str path; /* pattern for the file that the finding is in; empty: any */
	int64_t until; /* ns; from here on it does not hold */
	struct origin origin;
};

struct profile {
	struct str name;
	struct str description;
	struct str_list packs; /* empty: all */
	enum severity threshold;
	int64_t opaque_limit;
	int64_t waiver_days; /* that a waiver may last at most; 0: any time */
	struct hcl_value severities; /* HCL_OBJECT: rule id to severity or "off" */
	struct str_list locked;
	struct hcl_value params; /* HCL_OBJECT */
	struct origin origin;
};

struct rule_list {
	struct rule *items;
	size_t n;
	size_t cap;
};

struct policy {
	struct arena arena;
	struct rule_list rules; /* in force, in byte order of the id */
	/* Copies of them, apart: what policy_rules and policy_own_rules give. */
	struct rule_list pack_rules;
	struct rule_list own_rules;
	struct {
		struct policy_pack *items;
		size_t n;
		size_t cap;
	} packs;
	struct {
		struct profile *items;
		size_t n;
		size_t cap;
	} profiles;
	struct policy_profile_name *profile_names;
	struct {
		struct waiver *items;
		size_t n;
		size_t cap;
	} waivers; /* in file order */
	struct str profile;
	enum severity threshold;
	int64_t opaque_limit;
	int64_t waiver_days;
	struct digest digest;
};

/* Values of documents know the core functions and no variable. */
extern const struct hcl_scope policy_scope;

/* The blocks of one file, added to what is there. */
MUST_CHECK int policy_read(struct policy *p, const struct policy_file *file, struct error *err);
MUST_CHECK int policy_read_waiver(struct policy *p, const struct hcl_block *b, struct error *err);
/* Whether a finding is one that the waiver is for, and the end of the day it names; false: none. */
bool waiver_fits(const struct waiver *w, const struct finding *f);
MUST_CHECK bool waiver_parse_expiry(struct arena *a, struct str s, int64_t *until);
MUST_CHECK int policy_read_profile(struct policy *p, const struct hcl_block *b, struct error *err);
/* Narrows and changes the rules as the named profile says; an empty name takes all. */
MUST_CHECK int policy_apply_profile(struct policy *p, struct str name, struct error *err);
MUST_CHECK int policy_check_waivers(const struct policy *p, struct error *err);
void policy_add_own_rules(struct policy *p);
/* The own rule that an opaque fact of this kind (its `what`) falls under. */
const struct rule *policy_opaque_rule(const struct policy *p, struct str what);

/* The value of an attribute whose name starts at `off`: tokens with one space between them. */
struct str policy_canonical(struct arena *a, struct str text, size_t off);
struct digest policy_compute_digest(const struct policy *p);

#endif
