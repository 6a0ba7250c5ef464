/*
 * What happened: the manifest, append-only, and the tracer that watches processes.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"

/* ---- Manifest: docs/manifest.md -------------------------------------------------------------- */

/*
 * Canonical JSON (RFC 8785) lines. Line 0 is the header, the last line the footer with the count;
 * each line carries its sequence number. The Merkle tree over the lines hashes as RFC 6962 does
 * (leaf: SHA-256(0x00 | line without newline), node: SHA-256(0x01 | left | right)).
 */
struct manifest_head {
	uint64_t count; /* of lines, header and footer included */
	struct digest root;
	struct digest sha256; /* of the file's bytes */
	uint64_t bytes;
};

struct manifest;

/* Creates the file `path` (it must not exist) and writes the header's members plus "seq". */
MUST_CHECK int manifest_create(struct manifest **out, int dirfd, const char *path,
	const struct json *header, struct error *err);
/* Adds {"seq": N, "type": type, ...members of event}; written through at once, not fsynced. */
MUST_CHECK int manifest_append(
	struct manifest *m, const char *type, const struct json *event, struct error *err);
/* Writes the footer, fsyncs. No append after it. */
MUST_CHECK int manifest_finish(struct manifest *m, const struct json *footer,
	struct manifest_head *head, struct error *err);
void manifest_free(struct manifest *m);
DEFINE_SCOPED_PTR(manifest)

/*
 * Reads a whole manifest: every line canonical, seq without holes, header first, footer last.
 * Says which line is wrong. lines: one tree per line, in the arena.
 */
struct manifest_lines {
	struct json **items;
	size_t n;
	size_t cap;
};
MUST_CHECK int manifest_read(struct manifest_lines *out, struct manifest_head *head,
	struct arena *a, struct str bytes, struct error *err);

/* RFC 6962 section 2.1: head of n leaf hashes, inclusion proof, and its check. */
struct digest merkle_leaf(struct str bytes);
struct digest merkle_head(const struct digest *leaves, size_t n);
/* The proof has at most 64 hashes; returns how many. */
size_t merkle_proof(struct digest out[64], const struct digest *leaves, size_t n, size_t index);
MUST_CHECK bool merkle_proof_check(const struct digest *root, const struct digest *leaf,
	uint64_t index, uint64_t n, const struct digest *proof, size_t proof_count);

/* ---- Tracer --------------------------------------------------------------------------------- */

enum trace_event_type {
	TRACE_NONE = 0,
	TRACE_EXEC, /* a program was started: the exec succeeded */
	TRACE_EXIT, /* a process that had an exec ended */
	TRACE_GAP, /* something was not seen; `reason` says what */
};

struct trace_file {
	struct str path;
	bool hashed;
	struct digest sha256;
};

/*
 * One event. Pointers are borrowed for the call. Ids count execs of one tracer from 1; parent is
 * the exec that the process descends from (0: the command of the step itself), replaces is the
 * earlier exec of the same process (0: none).
 */
struct trace_event {
	enum trace_event_type type;
	uint64_t id;
	uint64_t parent;
	uint64_t replaces;
	uint64_t tree; /* counts tracer_attach from 1: which of them it descends from; 0: unknown */
	int pid; /* as the tracer sees it */
	uint32_t uid, euid, gid, egid; /* in the user namespace of the process */
	bool secure; /* AT_SECURE: set-uid or capabilities */
	const struct str *argv;
	size_t argc;
	bool argv_cut; /* longer than the tracer's limit; argv holds the beginning */
	struct str cwd;
	struct str exe; /* path as the kernel knows it, inside the root of the process */
	bool exe_hashed;
	struct digest exe_sha256;
	struct str script; /* file that the kernel ran an interpreter for, else empty */
	bool script_hashed;
	struct digest script_sha256;
	/* Scripts that are interpreters of the script themselves, the script's own first. */
	const struct trace_file *interpreters;
	size_t interpreter_count;
	int64_t start; /* ns, wall clock */
	int64_t end; /* TRACE_EXIT */
	int status; /* TRACE_EXIT: as from waitpid */
	struct str reason; /* TRACE_GAP */
};

typedef void trace_event_fn(void *ctx, const struct trace_event *e);

struct tracer;

/* A backend; see record/tracer.c for the table. Nothing outside this folder calls through it. */
struct tracer_backend {
	const char *name; /* "ptrace" */
	/* 0 when it can work here; else -1 and why. */
	int (*probe)(struct error *err);
	int (*open)(struct tracer *t, struct error *err);
	/* Starts to watch a child of the caller that stands before its first exec. */
	int (*attach)(struct tracer *t, pid_t child, struct error *err);
	/* Handles everything that is pending. */
	int (*drain)(struct tracer *t, struct error *err);
	void (*detach)(struct tracer *t); /* lets what still runs go on untraced, and reports it */
	void (*signal)(struct tracer *t, int signal); /* to everything that still runs */
	void (*close)(struct tracer *t);
};

struct tracer_options {
	const char *backend; /* NULL: the best that works */
	const struct clock *clock;
	trace_event_fn *on_event;
	/* An end of the caller's own children, of those given to tracer_attach too. */
	void (*on_exit)(void *ctx, pid_t pid, int status);
	void *ctx;
	uint32_t argv_max; /* bytes of argv kept per exec; 0: 128 KiB */
};

/*
 * One tracer per process, used by one thread: while it is open, it owns waitpid(-1). Call
 * tracer_drain on SIGCHLD; it never blocks for long, and raises SIGCHLD again when there is more.
 * on_event and on_exit must not call the tracer. What the tracer still holds when the process ends
 * is killed; tracer_detach lets it go on and reports it as gaps, and ends the tracing: no attach
 * after it. Where the tracer must stand: docs/manifest.md.
 */
MUST_CHECK int tracer_open(struct tracer **out, const struct tracer_options *o, struct error *err);
MUST_CHECK int tracer_attach(struct tracer *t, pid_t child, struct error *err);
MUST_CHECK int tracer_drain(struct tracer *t, struct error *err);
void tracer_detach(struct tracer *t);
/* To every process that still runs under it; ends are reported as they are drained. */
void tracer_signal(struct tracer *t, int signal);
void tracer_free(struct tracer *t);
DEFINE_SCOPED_PTR(tracer)
const char *tracer_backend_name(const struct tracer *t);
/* Processes that are still running under it. */
size_t tracer_running(const struct tracer *t);

/* The manifest's form of an event ("exec", "exit", "gap"); redacted. */
struct json *trace_event_to_json(const struct trace_event *e, uint32_t step,
	const struct redactor *r, struct arena *a, const char **type);

#endif
