/*
 * A container of our own: mount, pid, uts, ipc and, on request, net namespaces around a root tree.
 * Private to builders/.
 *
 * The first process is a fork of the builder that does nothing but reap; it ends when the builder
 * ends, and everything in the container with it. Commands are children of the builder, so that the
 * tracer sees them without standing between them and the container.
 */
#ifndef BUILDERS_CONTAINER_H
#define BUILDERS_CONTAINER_H

#include "base/buf.h"
#include "base/error.h"

#include <sys/types.h>

struct container_spec {
	const char *root; /* a mount point of the caller's mount namespace */
	const char *hostname;
	bool no_network; /* a net namespace with nothing but lo */
};

enum container_namespace {
	CONTAINER_MOUNT = 0,
	CONTAINER_UTS,
	CONTAINER_IPC,
	CONTAINER_NET,
	CONTAINER_PID,
	CONTAINER_NAMESPACES
};

/* Valid after container_start only. root_fd: the root as the container sees it, mounts included. */
struct container {
	pid_t init;
	int control;
	int root_fd;
	int namespaces[CONTAINER_NAMESPACES];
};

#define CONTAINER_INIT \
	{ \
		.control = -1, .root_fd = -1, .namespaces = { -1, -1, -1, -1, -1 } \
	}

MUST_CHECK int container_start(
	struct container *out, const struct container_spec *spec, struct error *err);

struct container_command {
	const char *const *argv;
	const char *const *envp;
	const char *cwd; /* inside; "/" when it is not there */
	int stdout_fd;
	int stderr_fd;
};

/*
 * Forks a process inside that waits for a byte on *go and then runs the command. *failed delivers
 * an errno (an int) when the exec fails, and end of file when it succeeds.
 */
MUST_CHECK int container_spawn(struct container *c, const struct container_command *command,
	pid_t *pid, int *go, int *failed, struct error *err);

/* Appends the names of what runs inside, one per line; nothing when only the init is left. */
MUST_CHECK int container_processes(struct container *c, struct buf *out, struct error *err);
/* SIGTERM to everything inside but the init. */
void container_terminate(struct container *c);
/* Ends the container: everything inside is gone when the init has been reaped. */
void container_kill(struct container *c);
/* Waits for the init by itself, where nobody else does. */
void container_wait(struct container *c);
void container_clear(struct container *c);

/* Writes a file below the root; links are followed inside the root only. */
MUST_CHECK int container_write(
	struct container *c, const char *path, struct str bytes, uint32_t mode, struct error *err);
MUST_CHECK int container_read(
	struct container *c, const char *path, struct buf *out, struct error *err);

/* ---- For container.c only ------------------------------------------------------------------- */

/* The body of the init: mounts, pivot, ready; answers on control until it ends. */
NORETURN void container_init_main(const struct container_spec *spec, int control);
/* In the init: all mounts, then the new root. */
MUST_CHECK int container_mount_all(const struct container_spec *spec, struct error *err);
/* Keeps of root's capabilities what package installation needs. */
MUST_CHECK int container_drop_capabilities(struct error *err);

#endif
