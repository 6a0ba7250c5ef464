/* A map from strings to pointers that keeps the order of insertion. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

struct map_entry {
	struct str key;
	void *value;
};

/* Zeroed, it is empty. Keys are borrowed. */
struct map {
	struct map_entry *items;
	size_t n;
	size_t cap;
	uint32_t *slots;
	size_t slot_count;
};

/* Replaces the value of a key that is there. */
void map_put(struct map *m, struct arena *a, struct str key, void *value);
/* NULL when absent. */
void *map_find(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);

#endif
