/*
 * What a build made outside of itself, written before it is made: docs/builders.md, "Journal".
 * Private to builders/.
 */
#ifndef BUILDERS_JOURNAL_H
#define BUILDERS_JOURNAL_H

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

/* Zeroed: none. The file is locked as long as the build lives. */
struct journal {
	int fd;
	int dir_fd; /* the work directory */
	bool open;
	char name[80]; /* "NAME.journal" in the work directory */
};

/* Starts WORK_DIR/ID.journal with the line that names this process. */
MUST_CHECK int journal_create(
	struct journal *j, const char *work_dir, const char *id, struct error *err);
/* In front of the name of an output directory that is not finished. */
#define OUTPUT_PARTIAL ".sealwright-partial-"

/*
 * Adds {"type": type, "path": path} and makes it durable. "directory": a name in the work
 * directory; "output": an absolute path whose last component begins with OUTPUT_PARTIAL;
 * "container": an engine's socket, "#", and the container's name.
 */
MUST_CHECK int journal_add(
	struct journal *j, const char *type, const char *path, struct error *err);
/* Everything that was listed is gone: removes the journal. */
MUST_CHECK int journal_remove(struct journal *j, struct error *err);
/* Closes it; what it lists stays for builders_cleanup. */
void journal_clear(struct journal *j);

#endif
