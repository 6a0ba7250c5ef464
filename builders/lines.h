/* Bytes that come in any pieces, handed on as lines. Private to builders/. */
#ifndef BUILDERS_LINES_H
#define BUILDERS_LINES_H

#include "base/buf.h"

/* Longer lines are handed on in pieces of this size. */
#define LINES_MAX 16384

/* emit gets a line without its newline. */
struct lines {
	void (*emit)(void *ctx, struct str line);
	void *ctx;
	struct buf partial;
};

void lines_add(struct lines *l, struct str bytes);
/* Hands on what is left when the last line had no newline. */
void lines_end(struct lines *l);
void lines_clear(struct lines *l);

#endif
