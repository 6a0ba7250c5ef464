/* Private to sign: the state of one verification and the checks of each theme. */
#ifndef SIGN_VERIFY_H
#define SIGN_VERIFY_H

#include "sign/statement.h"

/* What must hold before a check can be made; what does not, makes it "unknown". */
enum verify_need {
	NEED_PROVENANCE = 1 << 0, /* the statement is signed, alone of its kind, and was read */
	NEED_TRACE = 1 << 1,
	NEED_TEST = 1 << 2,
	NEED_MANIFEST_DIGEST = 1 << 3, /* the bytes are the signed ones */
	NEED_PLAN_DIGEST = 1 << 4,
	NEED_FINDINGS_DIGEST = 1 << 5,
	NEED_SOURCE_DIGEST = 1 << 6,
	NEED_MANIFEST = 1 << 7, /* and were read */
	NEED_PLAN = 1 << 8,
	NEED_FINDINGS = 1 << 9,
};

struct verifying {
	struct verification *v;
	const struct verify_options *o;
	struct archive archive;
	unsigned have; /* enum verify_need */
	/* One per line of attestations.jsonl; a line that does not verify has no payload. */
	struct {
		struct attestation {
			struct str line;
			struct str payload;
			size_t key;
			bool known; /* kind is */
			enum statement_kind kind;
			struct str problem;
		} * items;
		size_t n;
		size_t cap;
	} lines;
	struct str lines_problem;
	size_t keys_used[STATEMENT_COUNT];
	struct statement statements[STATEMENT_COUNT];
	struct manifest_lines manifest;
	struct manifest_head head;
	struct json *plan;
	/* Its steps in order; step i has the number i + 1. */
	struct {
		struct plan_step {
			const struct json *step;
			const struct json *group;
		} * items;
		size_t n;
		size_t cap;
	} steps;
	struct json *findings;
	/* The audit repeated: 0 not tried, 1 done, -1 not possible. */
	int replayed;
	struct str replay_problem;
	struct replay_output replay;
};

/* A check of the table; sets c->result by one of the three below. */
typedef void verify_fn(struct verifying *v, struct check *c);

void check_pass(struct check *c);
/* Control characters of the text become visible escapes. */
void check_fail(struct verifying *v, struct check *c, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_unknown(struct verifying *v, struct check *c, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Sets expected and found (escaped), and the result by their equality. True when equal. */
bool check_same(struct verifying *v, struct check *c, struct str expected, struct str found);
struct str check_text(struct verifying *v, struct str text);
struct str check_hex(struct verifying *v, const struct digest *d);

/* verify_statement.c */
void verify_attestations(struct verifying *v, struct check *c);
void verify_signature_provenance(struct verifying *v, struct check *c);
void verify_signature_trace(struct verifying *v, struct check *c);
void verify_signature_test(struct verifying *v, struct check *c);
void verify_one_key(struct verifying *v, struct check *c);
void verify_statement_provenance(struct verifying *v, struct check *c);
void verify_statement_trace(struct verifying *v, struct check *c);
void verify_statement_test(struct verifying *v, struct check *c);
void verify_same_subjects(struct verifying *v, struct check *c);
void verify_same_build(struct verifying *v, struct check *c);
void verify_times(struct verifying *v, struct check *c);

/* verify_member.c */
void verify_manifest_digest(struct verifying *v, struct check *c);
void verify_plan_digest(struct verifying *v, struct check *c);
void verify_findings_digest(struct verifying *v, struct check *c);
void verify_source_digest(struct verifying *v, struct check *c);
void verify_manifest_form(struct verifying *v, struct check *c);
void verify_manifest_head(struct verifying *v, struct check *c);
void verify_plan_form(struct verifying *v, struct check *c);
void verify_findings_form(struct verifying *v, struct check *c);

/* verify_manifest.c */
void verify_header(struct verifying *v, struct check *c);
void verify_artifact(struct verifying *v, struct check *c);
void verify_inputs(struct verifying *v, struct check *c);
void verify_image(struct verifying *v, struct check *c);
void verify_processes(struct verifying *v, struct check *c);
void verify_coverage(struct verifying *v, struct check *c);
void verify_footer(struct verifying *v, struct check *c);

/* verify_step.c, verify_asked.c */
void verify_steps(struct verifying *v, struct check *c);
void verify_asked(struct verifying *v, struct check *c);

/* verify_post.c */
void verify_post_processors(struct verifying *v, struct check *c);

/* verify_source.c */
void verify_parameters(struct verifying *v, struct check *c);
void verify_source(struct verifying *v, struct check *c);
void verify_repository(struct verifying *v, struct check *c);
void verify_commit(struct verifying *v, struct check *c);
void verify_builder(struct verifying *v, struct check *c);

/* verify_verdict.c */
void verify_verdict(struct verifying *v, struct check *c);
void verify_policy(struct verifying *v, struct check *c);
void verify_findings(struct verifying *v, struct check *c);
void verify_replayed_plan(struct verifying *v, struct check *c);
void verify_replayed_findings(struct verifying *v, struct check *c);

/* Lines of the manifest by type; "type" of a line is always there. */
bool line_is(const struct json *line, const char *type);
/* Repository and commit of the external parameters; false when they are not there. */
bool source_split(const struct verifying *v, struct str *url, struct str *commit);

#endif
