/*
 * Growing bytes with a limit.
 *
 * Adding beyond the limit (or when memory is out) sets `full` and changes nothing else; the caller
 * checks once, at the end, with buf_check. p is NUL-terminated behind n whenever it is not NULL.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/error.h"
#include "base/str.h"

#include <stdarg.h>

/* Zeroed, it is empty with a limit of BUF_DEFAULT_MAX. */
struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool full;
};

#define BUF_DEFAULT_MAX ((size_t)64 << 20)

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b);
/* Empties it and keeps the memory. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, struct str s);
void buf_add_cstr(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Room for n more bytes behind the end, or NULL (and `full`). The caller adds to n what it used. */
char *buf_reserve(struct buf *b, size_t n);

/* ERROR_INPUT "larger than N bytes" when something did not fit. */
MUST_CHECK int buf_check(const struct buf *b, struct error *err);

/* Borrowed until the next change. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

#endif
