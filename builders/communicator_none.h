/* The communicator of builds whose steps all run on the build host. Private to builders/. */
#ifndef BUILDERS_COMMUNICATOR_NONE_H
#define BUILDERS_COMMUNICATOR_NONE_H

#include "builders/builders.h"

/* Every operation is refused. Needs no more than a struct communicator around it. */
extern const struct communicator_ops communicator_none;

#endif
