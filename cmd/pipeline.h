/*
 * The stages, composed: source -> template -> plans -> audit. What a verb needs of them, it asks
 * for in that order; everything lives as long as the pipeline.
 */
#ifndef CMD_PIPELINE_H
#define CMD_PIPELINE_H

#include "audit/audit.h"
#include "cmd/command.h"
#include "fetch/fetch.h"
#include "plan/plan.h"
#include "sign/sign.h"

/* Which template: a pinned commit, or files of this machine as they lie. */
struct source_options {
	const char *repo;
	const char *commit;
	const char *tag;
	const char *branch;
	const char *template_path;
	const char *cache;
	bool offline;
	bool allow_dirty;
};
extern const struct option source_option_table[];

/* What the template is evaluated with. */
struct template_options {
	bool declared_only; /* of verbs that compute nothing */
	bool every_component; /* of verbs that only show */
	template_console_fn *console; /* called with what was read; or NULL */
	void *console_ctx;
	struct option_list vars;
	struct option_list var_files;
	struct option_list data;
	bool ask_data;
	const char *config_type;
	const char *cwd;
	const char *only;
	const char *except;
	bool warn_undeclared;
	const char *as;
	const char *base;
	const char *base_checksum;
};
extern const struct option template_option_table[];

/* What it is held against. */
struct policy_options_cli {
	struct option_list policy; /* files or directories with packs, profiles, waivers */
	bool no_builtin;
	const char *profile;
	const char *threshold;
	const char *waivers;
};
extern const struct option policy_option_table[];

struct pipeline {
	struct cli *cli;
	struct arena arena;
	struct snapshot *snapshot; /* of a pinned source, else NULL */
	struct tree_dir *directory; /* of a template of this machine, else NULL ... */
	struct str root; /* ... and its absolute path */
	const struct tree *tree;
	struct str template_path; /* in the tree */
	int64_t now; /* ns: the commit's time, so that a commit gives one plan */
	struct template *template;
	struct json *parameters; /* what the template was evaluated with, for the evidence */
	struct {
		struct plan **items; /* one per build of the template */
		size_t n;
		size_t cap;
	} plans;
	bool partial; /* plans may lack what the commit lacks; for reading only */
	struct diags diags;
	struct policy *policy;
	struct audit *audit;
	int64_t audited; /* ns: when, for the expiry of waivers */
	const struct audit_baseline *baseline; /* what pipeline_audit leaves out, or NULL */
	bool baseline_locked; /* as in audit_options */
};

void pipeline_clear(struct pipeline *p);

/*
 * source: "git+URL@COMMIT#path", a path of this machine, or NULL with --repo and --template.
 * pinned: refuse what is not a commit.
 */
MUST_CHECK int pipeline_source(struct pipeline *p, const char *source,
	const struct source_options *o, bool pinned, struct error *err);
MUST_CHECK int pipeline_template(
	struct pipeline *p, const struct template_options *o, struct error *err);
/* The configuration of every build's builder; unknown types are warnings. */
MUST_CHECK int pipeline_check_builders(struct pipeline *p, struct error *err);
MUST_CHECK int pipeline_plans(struct pipeline *p, struct error *err);
MUST_CHECK int pipeline_policy(
	struct pipeline *p, const struct policy_options_cli *o, struct error *err);
MUST_CHECK int pipeline_audit(
	struct pipeline *p, const struct policy_options_cli *o, struct error *err);
/* SARIF of an audit of one of the plans by itself, as it goes into that build's evidence. */
MUST_CHECK int pipeline_findings(struct pipeline *p, const struct plan *plan, struct audit **out,
	struct buf *sarif, struct error *err);

/* --cache, SEALWRIGHT_CACHE, or the user's cache directory. In the pipeline's arena. */
MUST_CHECK int pipeline_cache_dir(
	struct pipeline *p, const struct source_options *o, const char **out, struct error *err);

/* Messages about the template on stderr, each with its place; -1 when one is an error. */
MUST_CHECK int pipeline_report(struct pipeline *p, struct error *err);

/* Of one build: what the evidence says of its making (docs/parameters.md). */
struct json *pipeline_parameters(
	const struct pipeline *p, const struct plan *plan, struct arena *a);

/*
 * The way back: the same plans and findings from a source bundle and recorded parameters. The
 * outs live in the pipeline's arena.
 */
struct pipeline_replay {
	struct cli *cli;
	const struct policy_options_cli *policy;
};
MUST_CHECK int pipeline_replay(void *ctx, const struct replay_input *in, struct replay_output *out,
	struct arena *a, struct error *err);

/* Template and plans from an input that is complete; `as` as pipeline_parameters wrote it. */
MUST_CHECK int pipeline_replay_template(struct pipeline *p, const struct template_input *in,
	const struct json *as, struct error *err);

/* True for files of this machine as they lie, and the line that says so. */
bool pipeline_is_unpinned(const struct pipeline *p);
void pipeline_mark_unpinned(const struct pipeline *p, struct buf *out);

/*
 * A file of this machine, named from where the program runs, as the tree knows it from its root.
 * Of a pinned source, and outside of the tree: the name as it is given.
 */
struct str pipeline_place_of(struct pipeline *p, const char *path);

/* For excerpts in reports. */
bool pipeline_text_of(void *ctx, struct str file, struct str *text);

#endif
