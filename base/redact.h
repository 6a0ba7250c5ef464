/* Sensitive values, and their removal from what is shown or kept. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/arena.h"
#include "base/buf.h"

struct redaction {
	struct str name;
	struct str value;
};

/* Zeroed, it removes nothing. Values live in its arena and are wiped by redactor_clear. */
struct redactor {
	struct arena arena;
	struct redaction *items; /* longest value first */
	size_t n;
	size_t cap;
};

/*
 * Empty values are ignored; a value that is known already keeps its first name. Longer lines of a
 * value are removed by themselves too, because output is shown line by line.
 */
void redactor_add(struct redactor *r, struct str name, struct str value);
void redactor_clear(struct redactor *r);
bool redactor_matches(const struct redactor *r, struct str text);
/* Appends text with every value replaced by "<sensitive:NAME>". r may be NULL. */
void redactor_apply(const struct redactor *r, struct buf *out, struct str text);
/* The same into an arena; returns text itself when nothing matched. */
struct str redactor_str(const struct redactor *r, struct arena *a, struct str text);

/* Key material and passwords. Never printed, wiped when cleared. */
struct secret {
	char *p;
	size_t n;
};
/* A copy; the source stays the caller's to wipe. */
void secret_set(struct secret *s, struct str value);
void secret_clear(struct secret *s);
void secret_wipe(void *p, size_t n);

#endif
