/* Where in a text something stands. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/*
 * A range of bytes of one text. line and col count from 1, col in bytes; line 0 means "nowhere".
 * The text's name is kept by whoever keeps the text.
 */
struct span {
	uint32_t off;
	uint32_t len;
	uint32_t line;
	uint32_t col;
};

/* A range in a named file. An empty file name means that it comes from no file. */
struct origin {
	struct str file;
	struct span span;
};

/* Computes line and col of a byte offset; O(off). */
struct span span_at(struct str text, size_t off, size_t len);

/* "file:line:col", "file" without line, "-" without file. */
struct str origin_str(struct arena *a, const struct origin *o);

/* Sets ERROR_INPUT with "file:line:col: " before the text. Returns -1. */
int error_at(struct error *err, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
