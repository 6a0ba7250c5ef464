/*
 * From a plan that passed to an artifact: a machine, its steps, what is captured of it.
 *
 * Builders run in a process of their own each. They make the machine, hand out a communicator,
 * and capture; the steps are driven by one loop (builders/run.c) for all of them. Everything that
 * they make outside themselves is written to the journal before it is made, so that a build that
 * dies at any instant can be cleaned up.
 */
#ifndef BUILDERS_BUILDERS_H
#define BUILDERS_BUILDERS_H

#include "base/clock.h"
#include "base/log.h"
#include "plan/plan.h"
#include "record/record.h"

/* ---- Artifacts ------------------------------------------------------------------------------ */

struct artifact_file {
	struct str path; /* below the output directory */
	struct str media_type;
	uint64_t size;
	struct digest sha256;
	bool outside; /* path starts where the build was started */
	bool removed; /* was made, and no post-processor kept it */
};

struct artifact_files {
	struct artifact_file *items;
	size_t n;
	size_t cap;
};

/* What the build made. image_id: "sha256:..." or a platform's id, empty: there is no image;
 * algorithm: the key under which it becomes an in-toto subject ("sha256", "aws_ami_id", ...). */
struct artifact {
	struct str builder_id;
	struct str image_id;
	struct str image_algorithm;
	struct str image_name;
	struct artifact_files files;
	struct artifact_files made; /* by post-processors; may name files of the image again */
	/* Inputs that the machine was made from: name, uri, sha256. */
	struct {
		struct artifact_input {
			struct str name;
			struct str uri;
			struct digest sha256;
			bool pinned; /* false: taken as found, its digest only recorded */
		} * items;
		size_t n;
		size_t cap;
	} inputs;
};

/* ---- Communicator --------------------------------------------------------------------------- */

struct comm_output {
	/* Called with whole or partial lines as they come; stream is 1 or 2. */
	void (*write)(void *ctx, int stream, struct str bytes);
	void *ctx;
};

struct comm_result {
	int exit_code; /* 128 + N for a signal */
	bool disconnected; /* ended without a status */
};

struct communicator;
struct communicator_ops {
	const char *name;
	bool remote; /* a command that cannot be started may be startable later */
	bool traced; /* its commands descend from this process, where the tracer sees them */
	int (*upload)(struct communicator *c, const char *path, struct str bytes, uint32_t mode,
		struct error *err);
	int (*download)(
		struct communicator *c, const char *path, struct buf *out, struct error *err);
	/* Runs `command` as a login shell's `sh -c` does. deadline: steady ns, 0 none. */
	int (*exec)(struct communicator *c, struct str command, const struct comm_output *out,
		int64_t deadline, struct comm_result *result, struct error *err);
};
struct communicator {
	const struct communicator_ops *ops;
};

/* ---- Builders ------------------------------------------------------------------------------- */

enum on_error { ON_ERROR_CLEANUP = 0, ON_ERROR_ABORT, ON_ERROR_ASK, ON_ERROR_RUN_CLEANUP };

/* What a build is given. */
struct build_options {
	const struct plan *plan;
	const char *output_dir; /* of this build; made, and refused when not empty unless force */
	const char *work_dir; /* for what goes away */
	const char *cache_dir;
	bool force;
	enum on_error on_error;
	const char *trace_backend; /* NULL: best */
	const struct tree *tree; /* of the commit, for file:// bases and the like */
	int64_t epoch; /* seconds; time stamp of everything that the image format dates */
	const struct clock *clock;
	const struct log *log;
	struct manifest *manifest; /* header written already */
	struct str run_id; /* of all builds of one call, a UUID; empty: made */
	struct redactor *redactor; /* grows with what fills the holes */
	const char *const *environment;
	int cancel_fd; /* readable when the build shall stop; -1 none */
	const char *known_hosts; /* keys that hosts must have; NULL: they are taken as found */
	/* Of the template, for the image's labels; may be empty. */
	struct str source; /* the repository */
	struct str revision; /* the commit */
};

struct builder;
struct journal;
struct watch;
struct machine; /* the builder's own; first member is `const struct builder *builder` */

enum builder_flag {
	BUILDER_LOCAL = 1 << 0, /* needs no network and no account */
	BUILDER_REHEARSE = 1 << 1, /* `--as` may name it */
	/* Its machines boot and are shut down. Others skip what would run then, on the record. */
	BUILDER_BOOTS = 1 << 2,
	BUILDER_WINDOWS = 1 << 3, /* its machines run commands of cmd.exe and PowerShell */
	BUILDER_KEEPS = 1 << 4, /* its machines are left as they are: no image is made */
};

/*
 * In the order in which they are called. A NULL `start` means that the type is known (its
 * configuration is checked), but cannot be built yet.
 */
struct builder {
	const char *type;
	const char *summary;
	unsigned flags;
	const struct conf_field *fields; /* for validation; NULL: decodes itself in check */
	const char *const *communicator_fields;
	const char *usual_communicator; /* NULL: ssh */
	/* More than the table can say; messages with places go to d. May be NULL. */
	int (*check)(const struct conf *config, struct diags *d, struct arena *a);
	int (*start)(struct machine **out, const struct build_options *o, struct error *err);
	/* Before the first step: what the machine's children are served with (builders/watch.h). */
	void (*watch)(struct machine *m, struct watch *w);
	struct communicator *(*communicator)(struct machine *m);
	/* A directory that stop removes, for files of the steps. NULL: the work directory. */
	const char *(*directory)(struct machine *m);
	/* Where files of post-processors are announced. May be NULL. */
	struct journal *(*journal)(struct machine *m);
	/* The value of a hole ("Host", without "build."), or false. May be NULL. */
	bool (*fill)(struct machine *m, struct str name, struct str *value);
	/* Whether fill will know it, before there is a machine. NULL: nobody can tell. */
	bool (*fills)(struct str name);
	/* A record for the manifest: {"type": "rootfs", ...}, in the arena. */
	struct json *(*describe)(struct machine *m, struct arena *a);
	int (*capture)(struct machine *m, struct artifact *out, struct arena *a, struct error *err);
	/* Ends and removes everything but the captured output; called once, also after failures. */
	int (*stop)(struct machine *m, bool keep_output, struct error *err);
	/* Instead of stop, for -on-error=abort: everything stays, journal included. */
	void (*leave)(struct machine *m);
};

/* NULL-ended, in the order a user meets them; NULL when the type is not known. */
extern const struct builder *const builder_table[];
const struct builder *builder_find(struct str type);
/* Checks a builder's configuration with its table. Unknown types: a warning. */
MUST_CHECK int builder_check(
	const struct conf *config, struct str type, struct diags *d, struct arena *a);

/* Configuration of the post-processors of a build; types that are not known the plan tells. */
MUST_CHECK int post_processors_check(
	const struct template_build *build, struct diags *d, struct arena *a);
/* Whether all of a plan's can be run here: to be asked before anything starts. */
MUST_CHECK int post_processors_ready(const struct plan *plan, struct error *err);
/* A random UUID. */
MUST_CHECK int build_run_id(char out[37], struct error *err);

/*
 * Whether a build of it can be tried at all: nothing has been made yet. Refused are builders and
 * provisioners that are not known, commands for another system, and values that nobody has.
 */
MUST_CHECK int builder_check_plan(const struct plan *p, struct error *err);

/*
 * The whole of one build in this process: start, steps, capture, stop, everything recorded in the
 * manifest, which is finished here in every case. The artifact lives in `a`.
 */
struct build_result {
	bool ok;
	bool cancelled;
	struct artifact artifact;
	struct manifest_head head;
	const char *coverage; /* "processes" or "steps" */
	uint64_t execs;
	uint64_t gaps;
	struct error error; /* when !ok */
};
MUST_CHECK int build_run(struct build_result *out, const struct build_options *o, struct arena *a,
	struct error *err);

/* Removes what builds that died left behind, as their journals in work_dir say. */
MUST_CHECK int builders_cleanup(
	const char *work_dir, const struct log *log, size_t *removed, struct error *err);

#endif
