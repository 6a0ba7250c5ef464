/* What a build that died left with an engine. Private to builders/. */
#ifndef BUILDERS_DOCKER_REMOVE_H
#define BUILDERS_DOCKER_REMOVE_H

#include "builders/docker/engine.h"

/* Ends it and removes it with its volumes; gone already: fine. */
MUST_CHECK int container_remove(struct engine *e, const char *name, struct error *err);
/* entry: "SOCKET#NAME" of a journal; only names that a build gives are removed. */
MUST_CHECK int container_cleanup(struct str entry, struct error *err);

#endif
