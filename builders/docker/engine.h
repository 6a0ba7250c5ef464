/*
 * The API of a container engine: Docker Engine API 1.41, which Docker and podman both speak, over
 * the engine's socket. Private to builders/docker/ and to builders/journal.c.
 */
#ifndef BUILDERS_DOCKER_ENGINE_H
#define BUILDERS_DOCKER_ENGINE_H

#include "base/json.h"
#include "builders/builders.h"

struct engine {
	char socket[108]; /* path */
	char name[128]; /* "Docker Engine 20.10.24", "Podman Engine 4.3.1" */
	int cancel_fd;
};

/*
 * DOCKER_HOST (unix:// only: what comes over a network is not this machine's), else the first
 * socket that answers of Docker's and podman's usual ones.
 */
MUST_CHECK int engine_open(
	struct engine *e, const char *const *environment, int cancel_fd, struct error *err);
/* One at this path, whether it answers or not. */
MUST_CHECK int engine_at(struct engine *e, const char *path, struct error *err);

/*
 * path: behind "/v1.41", with its query. A status of 400 or above is an error with the engine's own
 * words; 404 sets *missing instead, where it is not NULL. answer: NULL when it does not matter;
 * *answer is NULL when there was none. body: NULL for none.
 */
struct engine_call {
	const char *method;
	const char *path;
	const struct json *body;
	bool *missing;
};
MUST_CHECK int engine_json(struct engine *e, const struct engine_call *call, struct arena *a,
	struct json **answer, struct error *err);

/* Bytes to the engine, of a tar. */
MUST_CHECK int engine_put(struct engine *e, const char *path, struct str tar, struct error *err);
/* Bytes from it, as they come; sink as in base/http.h. limit: of bytes. */
typedef int engine_sink_fn(void *ctx, struct str bytes, struct error *err);
MUST_CHECK int engine_get(struct engine *e, const char *path, uint64_t limit, engine_sink_fn *sink,
	void *ctx, struct error *err);
/* A pull: lines of JSON, the last of which may be an error. status: what to show of each. */
MUST_CHECK int engine_progress(
	struct engine *e, const char *path, const struct log *log, struct error *err);

/*
 * Runs a command in a container and hands on what it writes. user: NULL for the container's own.
 * exit_code: -1 when the engine does not tell. time_limit: ns, 0 none.
 */
struct engine_exec {
	const char *container;
	const char *user;
	const char *const *argv; /* ended by NULL */
	bool tty;
	int64_t time_limit;
};
MUST_CHECK int engine_exec(struct engine *e, const struct engine_exec *x,
	const struct comm_output *out, int *exit_code, struct error *err);

/* What may stand in a query. */
struct str engine_escape(struct str text, struct arena *a);

#endif
