/*
 * Memory that is given back all at once. What one input document produces lives in one arena.
 *
 * The sizes are the program's, bounded by the limits on its inputs, so running out of memory
 * aborts and no result needs a check. Where input can ask for more than it brings (a range(), a
 * repeated template), the loop asks arena_full first and reports an input error.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>

struct arena_chunk;

/* Zeroed, it is empty and has no limit. */
struct arena {
	struct arena_chunk *chunks;
	size_t used; /* bytes handed out */
	size_t max; /* 0: no limit; only arena_full looks at it */
};

void arena_init(struct arena *a, size_t max);
void arena_clear(struct arena *a);
bool arena_full(const struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_calloc(struct arena *a, size_t count, size_t size);
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_calloc((a), (count), sizeof(type)))

/* Copies, NUL-terminated behind n. */
struct str arena_str(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* The parts one behind the other. */
struct str arena_join(struct arena *a, const struct str *parts, size_t n, struct str sep);

/*
 * A list in an arena is any struct with `items`, `n` and `cap`. list_push makes room for one more
 * and is that new, zeroed element as an lvalue: list_push(a, &words) = word;
 */
#define list_push(a, list) \
	(*(__typeof__((list)->items))arena_list_slot( \
		(a), (void *)&(list)->items, &(list)->n, &(list)->cap, sizeof(*(list)->items)))
void *arena_list_slot(struct arena *a, void *items, size_t *n, size_t *cap, size_t size);

struct str_list {
	struct str *items;
	size_t n;
	size_t cap;
};

#endif
