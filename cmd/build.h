/* What the files of the build verb share. */
#ifndef CMD_BUILD_H
#define CMD_BUILD_H

#include "builders/builders.h"
#include "cmd/pipeline.h"
#include "sign/sign.h"

#include <poll.h>

struct build_verb {
	struct source_options source;
	struct template_options template;
	struct policy_options_cli policy;
	const char *key;
	const char *password_file;
	const char *out;
	const char *on_error;
	const char *parallel;
	const char *trace;
	const char *known_hosts;
	const char *builder_id;
	bool unsigned_build;
	bool force;
	bool json;
};

/* One build of the template and the process that runs it. */
struct job {
	const struct plan *plan;
	struct log log; /* of the child: with prefix and tint */
	const char *name; /* as a file name */
	const char *output_dir;
	const char *manifest; /* path */
	const char *evidence; /* path */
	const char *work_dir;
	pid_t pid;
	int gate_fd; /* a byte lets the child begin */
	int result_fd; /* the child's end result comes here */
	int log_fd; /* with --json: the child's lines come here */
	struct buf result_bytes;
	struct buf log_bytes;
	bool started;
	bool done;
	struct build_result result;
	int64_t start; /* ns */
	int64_t finish; /* ns */
};

struct jobs {
	struct job *items;
	size_t n;
};

/* What all jobs of one call have in common. */
struct build_run {
	struct pipeline *pipeline;
	const struct build_verb *options;
	const char *cache_dir;
	const char *builder_id;
	char id[37]; /* a UUID */
	struct jobs jobs;
	int cancel[2]; /* the write end closes when the builds shall stop */
	struct arena arena;
};

/* The result of a child, as one line of JSON through a pipe. */
struct json *build_result_to_json(const struct build_result *r, struct arena *a);
MUST_CHECK int build_result_parse(
	struct build_result *out, struct arena *a, struct str text, struct error *err);

/*
 * Starts every job in a process of its own, which waits for jobs_wait: keys are loaded in
 * between, so that no process that runs a step ever holds one.
 */
MUST_CHECK int jobs_fork(struct build_run *run, struct error *err);
/* Lets them go (at most `parallel` at a time, 0 any) and returns when all have ended. */
MUST_CHECK int jobs_wait(struct build_run *run, size_t parallel, struct error *err);
/* Kills and reaps what still runs. */
void jobs_kill(struct build_run *run);

/* Writes the evidence of a job that went well. */
MUST_CHECK int job_sign(
	struct build_run *run, struct job *job, const struct private_key *key, struct error *err);

/* One JSON line on stdout, for --json: {"type": type, "build": name, ...members}. */
void build_event(
	const struct build_run *run, const char *type, const char *build, struct json *members);

#endif
