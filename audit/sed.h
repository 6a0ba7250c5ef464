/*
 * sed scripts: what they put into a file that is not known, and what they make of text that is.
 */
#ifndef AUDIT_SED_H
#define AUDIT_SED_H

#include "base/arena.h"
#include "base/buf.h"

/* A line for each text that the script puts in. */
void sed_adds(struct buf *out, struct str script);

struct sed_script {
	struct str text;
	bool extended; /* -E, -r */
	bool silent; /* -n */
};

/*
 * The text after the script, in the arena. False when the script has a command or an expression
 * that is not known here, or takes more work than *budget has.
 */
bool sed_apply(struct str *out, struct arena *a, const struct sed_script *script, struct str text,
	uint64_t *budget);

#endif
