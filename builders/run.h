/* One build from start to end. Private to builders/run*.c. */
#ifndef BUILDERS_RUN_H
#define BUILDERS_RUN_H

#include "builders/builders.h"
#include "builders/lines.h"
#include "builders/watch.h"

struct run {
	const struct build_options *o; /* as given, but for the log */
	struct build_options inner; /* what o points to */
	const struct builder *builder;
	struct machine *machine; /* NULL: none */
	struct communicator *communicator;
	struct watch watch;
	struct tracer *tracer;
	struct error no_tracer; /* why there is none */
	struct log say; /* "==> name: " */
	struct log message; /* "    name: " */
	struct log errors; /* the same, red: stderr of commands */
	struct str prefixes[2];
	struct arena arena;
	char run_id[37]; /* PackerRunUUID */
	const char *script; /* of the host step that runs, or NULL */
	int64_t deadline; /* of the group that runs; steady ns, 0: none */
	uint64_t execs;
	uint64_t gaps;
	uint64_t step_gaps; /* of the step that runs */
	bool steps_only; /* a step was recorded without its processes */
	struct error record_error; /* the first one met where it could not be returned */
};

/* How a step went. Digests and sizes are those of everything that its streams delivered. */
struct step_result {
	struct comm_result comm;
	int64_t start;
	int64_t end;
	struct digest sha256[2];
	uint64_t bytes[2];
	struct str note; /* for the record: why nothing was done */
	struct str skipped; /* why it was not run at all; empty: it was */
	bool has_content;
	struct digest content; /* of what was uploaded or downloaded */
	uint64_t content_bytes;
};

/* ---- run_record.c: the lines of docs/manifest.md -------------------------------------------- */

void run_on_event(void *ctx, const struct trace_event *e);
void run_on_exit(void *ctx, pid_t pid, int status);
MUST_CHECK int record_machine(struct run *r, struct error *err);
MUST_CHECK int record_step(
	struct run *r, const struct step *s, uint32_t attempt, struct error *err);
MUST_CHECK int record_fill(struct run *r, struct str name, struct str value, struct error *err);
/* failure: NULL when the step did what was asked. */
MUST_CHECK int record_step_end(struct run *r, const struct step *s,
	const struct step_result *result, uint32_t attempt, const struct error *failure,
	struct error *err);
MUST_CHECK int record_gap(struct run *r, uint32_t step, const char *reason, struct error *err);
MUST_CHECK int record_artifact(struct run *r, const struct artifact *artifact, struct error *err);
struct post;
/* failure: NULL when it did what was asked. */
MUST_CHECK int record_post(struct run *r, const struct post *p, int64_t start,
	const struct error *failure, struct error *err);
MUST_CHECK int record_footer(struct run *r, struct build_result *result, struct error *err);

/* ---- run.c ---------------------------------------------------------------------------------- */

/* The steps of a group, tried as often as it says. */
MUST_CHECK int run_group(struct run *r, const struct step_group *g, struct error *err);

/* ---- run_step.c ----------------------------------------------------------------------------- */

/* The bytes of a text of the plan; what fills its holes is recorded. */
MUST_CHECK int run_fill(
	struct run *r, struct arena *a, const struct text *t, struct str *out, struct error *err);
/* What a text of the plan looks like with its holes filled, without sensitive values. */
struct str run_display(struct run *r, struct arena *a, const struct text *t);
/* One step, recorded. */
MUST_CHECK int run_step(struct run *r, const struct step *s, uint32_t attempt, struct error *err);
/* One that this machine has no use for: recorded with the reason, and not run. */
MUST_CHECK int run_skip(
	struct run *r, const struct step *s, enum group_phase phase, struct error *err);

#endif
