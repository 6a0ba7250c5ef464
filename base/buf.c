#include "base/buf.h"

#include <stdio.h>

static size_t limit(const struct buf *b)
{
	return b->max > 0 ? b->max : BUF_DEFAULT_MAX;
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p)
		b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t max = limit(b);
	if (n > max || b->n > max - n) {
		b->full = true;
		return NULL;
	}
	size_t need = b->n + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap < 64 ? 64 : b->cap;
		while (cap < need)
			cap += cap / 2;
		char *p = realloc(b->p, cap);
		if (!p) {
			b->full = true;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, struct str s)
{
	char *at = buf_reserve(b, s.n);
	if (!at)
		return;
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

void buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, str_from(s));
}

void buf_add_byte(struct buf *b, char c)
{
	buf_add(b, (struct str){&c, 1});
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *at = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (at) {
		vsnprintf(at, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	} else {
		b->full = true;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

int buf_check(const struct buf *b, struct error *err)
{
	if (b->full)
		return error_set(err, ERROR_INPUT, "larger than %zu bytes", limit(b));
	return 0;
}
