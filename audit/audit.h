/*
 * From plans and policies to facts, findings and a verdict.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/clock.h"
#include "base/hcl/hcl.h"
#include "base/json.h"
#include "plan/plan.h"

/* ---- Facts: what the code does. Front ends emit them, rules see nothing else. --------------- */

enum fact_kind {
	FACT_NONE = 0,
	FACT_EXEC, /* a simple command, after wrappers: argv, name, wrappers */
	FACT_DOWNLOAD, /* url, host, scheme, dest, tls */
	FACT_VERIFY, /* object, method, strength, fatal */
	FACT_WRITE, /* path, content, mode, append */
	FACT_PACKAGE, /* manager, action, names, versions, flags */
	FACT_SERVICE, /* name, action */
	FACT_ACCOUNT, /* name, action, groups, password */
	FACT_FIREWALL, /* tool, action */
	FACT_KERNEL, /* what, name, value */
	FACT_ENV, /* name, value, persisted */
	FACT_SECRET, /* kind, where */
	FACT_OPAQUE, /* what could not be read, why */
	FACT_FLOW, /* from, to, url, sink, verified */
	FACT_IMAGE, /* what was done before the image is made; once for each plan */
	FACT_KIND_COUNT
};

enum fact_phase {
	PHASE_NONE = 0,
	PHASE_BUILD,
	PHASE_FIRSTBOOT, /* when the image starts somewhere */
	PHASE_RUNTIME,
	PHASE_HOST,
	PHASE_BOOT, /* by itself, while the machine of the build is installed or starts */
};

/*
 * A fact has the members of its kind (docs/facts.md) as an HCL object, which rules see under the
 * name of the kind: exec.name, flow.url. Absent knowledge is null, never a guess.
 */
struct fact {
	enum fact_kind kind;
	enum fact_phase phase;
	struct origin origin; /* in the author's files */
	uint32_t plan; /* index of the plan */
	uint32_t step; /* id of the step, 0: none */
	struct str command; /* the normalised simple command, for people and fingerprints */
	struct hcl_value *value; /* HCL_OBJECT */
	/* Places on the way, for flows: download, verify, sink. */
	struct {
		struct fact_place {
			struct origin origin;
			struct str label;
		} * items;
		size_t n;
		size_t cap;
	} path;
};

struct shared_value {
	uint64_t hash;
	struct hcl_value *value;
};

struct facts {
	struct fact *items;
	size_t n;
	size_t cap;
	/* Share of simple commands that could not be resolved: opaque / commands. */
	uint64_t commands;
	uint64_t opaque;
	/* Builds of one template mostly say the same: facts that do share their value. */
	struct {
		struct shared_value *slots; /* by hash; value NULL: free */
		size_t n;
		size_t cap;
	} values;
};

const char *fact_kind_name(enum fact_kind kind);

/* Facts of one plan, appended. Bounded work; what exceeds a bound is an opaque fact. */
MUST_CHECK int facts_of_plan(struct facts *out, struct arena *a, const struct plan *p,
	uint32_t plan_index, struct error *err);
/* Facts of a script by itself (`audit --script`). */
MUST_CHECK int facts_of_script(
	struct facts *out, struct arena *a, struct str text, struct str file, struct error *err);

/* ---- Policy: packs, profiles, waivers (docs/policy.md) -------------------------------------- */

enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};
const char *severity_name(enum severity s);
MUST_CHECK bool severity_parse(struct str s, enum severity *out);

/*
 * The audit's own rules (pack "audit", docs/policy.md) have neither `when` nor
 * `message`. What a profile changes is in the severity, locked and params that stand here.
 */
struct rule {
	struct str id;
	struct str title;
	enum severity severity;
	enum fact_kind on;
	const struct hcl_expr *when;
	const struct hcl_expr *message;
	struct str condition; /* `when` in canonical form, for people */
	struct str message_text; /* `message` likewise */
	struct str why;
	struct str fix;
	struct str_list refs;
	struct str_list bad;
	struct str_list good;
	struct hcl_value params; /* HCL_OBJECT */
	struct str pack;
	bool locked; /* no waiver, no override */
	struct origin origin;
};

struct policy;

/* A file to load packs from; `name` appears in places. */
struct policy_file {
	struct str name;
	struct str text;
};

struct policy_options {
	const struct policy_file *files; /* packs, profiles and waivers in any order */
	size_t file_count;
	struct str profile; /* name; empty: the built-in default, which takes every rule as it is */
};

/* The packs and profiles that the program carries (policies/). */
const struct policy_file *policy_builtin(size_t *n);

MUST_CHECK int policy_load(struct policy **out, const struct policy_options *o, struct error *err);
void policy_free(struct policy *p);
DEFINE_SCOPED_PTR(policy)
/* Of the packs, in byte order of the id; policy_own_rules: those of the audit itself. */
const struct rule *policy_rules(const struct policy *p, size_t *n);
const struct rule *policy_own_rules(const struct policy *p, size_t *n);
const struct rule *policy_find(const struct policy *p, struct str id); /* of either */
/*
 * Of the canonical form of rules, profile and parameters: comments and layout do not count, and
 * waivers do not either (those stand in the findings).
 */
const struct digest *policy_digest(const struct policy *p);
struct str policy_profile(const struct policy *p);
enum severity policy_threshold(const struct policy *p); /* of the profile, else high */

/* What the loaded files hold, chosen by the profile or not, in byte order of the name. */
struct policy_pack {
	struct str name;
	struct str version;
	struct str description;
	struct str attack_version; /* of MITRE ATT&CK, that the references are to */
	struct origin origin;
};
const struct policy_pack *policy_packs(const struct policy *p, size_t *n);
struct policy_profile_name {
	struct str name;
	struct str description;
};
const struct policy_profile_name *policy_profiles(const struct policy *p, size_t *n);

/* Runs the bad and good examples of every rule; `report` gets a line for each that is wrong. */
MUST_CHECK int policy_test(const struct policy *p, struct buf *report, size_t *examples,
	size_t *wrong, struct error *err);

/* ---- Findings and verdict ------------------------------------------------------------------- */

struct finding {
	const struct rule *rule; /* never NULL; borrowed from the policy */
	struct str id;
	struct str title;
	enum severity severity;
	struct str message;
	struct str fix;
	struct origin origin;
	uint32_t plan;
	uint32_t step;
	struct str command;
	struct str fingerprint; /* of rule and normalised command, not of the line; 16 hex digits */
	const struct fact *fact; /* NULL for META004, META005 and META007 */
	/* From the author's file, when its bytes are known: what stands at origin, and the line. */
	struct str snippet;
	struct str line;
	bool concealed; /* the line holds a secret: it is never shown */
	bool waived;
	struct str waiver; /* its reason, owner and expiry, for people */
};

/* Findings that were there before: of a rule, with a fingerprint, at so many places. */
struct audit_known {
	struct str rule;
	struct str fingerprint;
	uint32_t places;
};
struct audit_baseline {
	struct audit_known *items;
	size_t n;
	size_t cap;
};

enum verdict { VERDICT_NONE = 0, VERDICT_PASS, VERDICT_FAIL };
const char *verdict_name(enum verdict v); /* "PASS", "FAIL" */

/* The policy must outlive the audit. */
struct audit {
	struct arena arena;
	struct facts facts;
	struct {
		struct finding *items; /* most severe first, then by place */
		size_t n;
		size_t cap;
	} findings;
	enum verdict verdict;
	enum severity threshold; /* findings of it or above fail, unless they are waived */
	bool compared; /* with a baseline; then findings are new ones only */
	size_t known; /* findings that were left out, because the baseline has them */
	size_t gone; /* entries of the baseline that nothing matches any more */
	int64_t now; /* of the options */
	bool timed; /* there are waivers, so that the result depends on `now` */
	bool unpinned; /* of files as they lie, of no commit: every format says so */
	struct digest policy; /* policy_digest */
	struct str profile;
	struct str_list builds; /* names of the plans; empty for a script by itself */
	struct str sarif; /* what audit_write gives for AUDIT_SARIF; empty when findings_only */
	struct digest digest; /* of it */
};

/* source: bytes of a file by name for excerpts, or NULL. */
typedef bool audit_source_fn(void *ctx, struct str file, struct str *text);

/*
 * What audits with one policy can share: compiled patterns, which rules look at what, and what the
 * SARIF says of the rules. One audit at a time uses it; the policy must outlive it.
 */
struct audit_cache;
struct audit_cache *audit_cache_new(const struct policy *p);
void audit_cache_free(struct audit_cache *c);
DEFINE_SCOPED_PTR(audit_cache)

struct audit_options {
	enum severity threshold; /* SEVERITY_NONE: what the profile says, else high */
	int64_t now; /* ns, for the expiry of waivers */
	/*
	 * The author's files, for the snippets in the SARIF. Scripts that a plan uploads are known
	 * without it; the template is not. The same audit with another `source` has another digest.
	 */
	audit_source_fn *source;
	void *ctx;
	struct audit_cache *cache; /* of the same policy, or NULL */
	/* Findings that it has are left out, and do not fail; or NULL. */
	const struct audit_baseline *baseline;
	bool baseline_locked; /* also those of locked rules, which otherwise stay */
	bool unpinned; /* the plans are of no commit */
	bool findings_only; /* no SARIF and no digest of it, for who signs nothing */
};

/*
 * A rule that cannot be evaluated is an error that names rule and place, never "no finding".
 */
MUST_CHECK int audit_plans(struct audit **out, const struct plan *const *plans, size_t n,
	const struct policy *policy, const struct audit_options *o, struct error *err);
MUST_CHECK int audit_script(struct audit **out, struct str text, struct str file,
	const struct policy *policy, const struct audit_options *o, struct error *err);
void audit_free(struct audit *a);
DEFINE_SCOPED_PTR(audit)

/* What an audit has found, in byte order of rule and fingerprint. Lives in the arena. */
void audit_baseline_of(struct audit_baseline *out, struct arena *a, const struct audit *audit);
/*
 * The file that a baseline is kept in (docs/formats.md). Waived findings, and those of locked
 * rules, do not enter it. Reading accepts what writing gives, and names what is wrong.
 */
MUST_CHECK int audit_baseline_write(struct buf *out, const struct audit *audit, struct error *err);
MUST_CHECK int audit_baseline_parse(struct audit_baseline *out, struct arena *a, struct str text,
	struct str name, struct error *err);

/* What a waiver says besides rule and fingerprint; all but the ticket must be there. */
struct audit_excuse {
	struct str reason;
	struct str owner;
	struct str expires; /* a date, or RFC 3339; later than the audit */
	struct str ticket;
};
/*
 * Appends the blocks of a waiver file, one for each fingerprint: of the findings that fail, or of
 * those that `only` names ("RULE" or "RULE:FINGERPRINT"). ERROR_INPUT when it names none that is
 * there, or one of a locked rule. *n: how many.
 */
MUST_CHECK int audit_waivers_write(struct buf *out, size_t *n, const struct audit *audit,
	const struct str_list *only, const struct audit_excuse *excuse, struct error *err);

enum audit_format {
	AUDIT_TEXT = 1,
	AUDIT_JSON,
	AUDIT_JSONL,
	AUDIT_SARIF,
	AUDIT_JUNIT,
	AUDIT_MARKDOWN
};
MUST_CHECK bool audit_format_parse(struct str s, enum audit_format *out);

struct audit_print {
	enum audit_format format;
	bool colour; /* for AUDIT_TEXT */
	audit_source_fn *source; /* for the excerpts of AUDIT_TEXT */
	void *ctx;
};
MUST_CHECK int audit_write(
	struct buf *out, const struct audit *a, const struct audit_print *p, struct error *err);

#endif
