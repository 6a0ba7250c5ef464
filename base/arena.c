#include "base/arena.h"

#include "base/error.h"

#include <stdio.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)1 << 20)

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

void arena_clear(struct arena *a)
{
	struct arena_chunk *c = a->chunks;
	while (c) {
		struct arena_chunk *next = c->next;
		free(c);
		c = next;
	}
	*a = (struct arena){.max = a->max};
}

bool arena_full(const struct arena *a)
{
	return a->max > 0 && a->used > a->max;
}

/* Chunks grow with what is in use, so that large documents need few of them. */
static struct arena_chunk *chunk_new(struct arena *a, size_t need)
{
	size_t size = a->used < CHUNK_MIN ? CHUNK_MIN : a->used;
	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < need)
		size = need;
	struct arena_chunk *c = malloc(sizeof(*c) + size);
	if (!c)
		error_out_of_memory();
	c->size = size;
	c->used = 0;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

static void *take(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2)
		error_out_of_memory();
	size_t need = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct arena_chunk *c = a->chunks;
	if (!c || c->size - c->used < need)
		c = chunk_new(a, need);
	void *p = c->bytes + c->used;
	c->used += need;
	a->used += need;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size == 0 ? 1 : size);
	memset(p, 0, size);
	return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / 2 / size)
		error_out_of_memory();
	return arena_alloc(a, count * size);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = take(a, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){p, s.n};
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = take(a, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	size_t size = n < 0 ? 0 : (size_t)n;
	char *p = take(a, size + 1);
	p[0] = '\0';
	if (size > 0)
		vsnprintf(p, size + 1, fmt, again);
	va_end(again);
	return (struct str){p, size};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

struct str arena_join(struct arena *a, const struct str *parts, size_t n, struct str sep)
{
	size_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += parts[i].n + (i > 0 ? sep.n : 0);
	char *p = take(a, size + 1);
	char *at = p;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && sep.n > 0) {
			memcpy(at, sep.p, sep.n);
			at += sep.n;
		}
		if (parts[i].n > 0)
			memcpy(at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	*at = '\0';
	return (struct str){p, size};
}

/* `items` is the address of a T *; it is read and written bytewise, whatever T is. */
void *arena_list_slot(struct arena *a, void *items, size_t *n, size_t *cap, size_t size)
{
	char *old;
	memcpy(&old, items, sizeof(old));
	if (*n == *cap) {
		size_t grown = *cap == 0 ? 4 : *cap * 2;
		char *bigger = arena_calloc(a, grown, size);
		if (*n > 0)
			memcpy(bigger, old, *n * size);
		memcpy(items, &bigger, sizeof(bigger));
		old = bigger;
		*cap = grown;
	}
	void *slot = old + *n * size;
	memset(slot, 0, size);
	(*n)++;
	return slot;
}
