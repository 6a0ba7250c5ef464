/* A user namespace for builds that do not run as root. Private to builders/. */
#ifndef BUILDERS_USERNS_H
#define BUILDERS_USERNS_H

#include "base/error.h"

/* How the ids of a build map to ids of the machine. */
enum userns_kind {
	USERNS_NONE = 0, /* root: no user namespace was needed */
	USERNS_RANGE, /* ids 0..N through newuidmap and newgidmap */
	USERNS_SINGLE, /* id 0 only: no other owner can be kept */
};

/*
 * Makes the calling process root of a user namespace of its own when it is not root already. Must
 * be called while the process has one thread. USERNS_SINGLE when /etc/subuid, /etc/subgid or the
 * two programs are missing.
 */
MUST_CHECK int userns_enter(enum userns_kind *out, struct error *err);
const char *userns_kind_name(enum userns_kind kind);

#endif
