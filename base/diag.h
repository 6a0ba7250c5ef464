/* Several messages about one input: what is wrong and where, in the order found. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/span.h"

enum diag_severity { DIAG_NONE = 0, DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_severity severity;
	struct origin origin;
	struct str text;
	struct str hint; /* a way out; may be empty */
};

/* Zeroed, it is empty. The messages live in the arena that diag_add was given. */
struct diags {
	struct diag *items;
	size_t n;
	size_t cap;
	size_t errors;
};

/* Keeps at most 100 messages of a list and counts the rest. */
#define DIAGS_MAX 100

/* Returns -1 for an error, 0 for a warning. */
int diag_error(struct diags *d, struct arena *a, const struct origin *o, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
void diag_warning(struct diags *d, struct arena *a, const struct origin *o, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Adds a way out to the newest message. */
void diag_hint(struct diags *d, struct arena *a, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* -1 with the first error's text and the number of others, when there is an error. */
MUST_CHECK int diags_check(const struct diags *d, struct error *err);

#endif
