#include "base/map.h"

static size_t slot_of(const struct map *m, struct str key)
{
	size_t mask = m->slot_count - 1;
	size_t i = str_hash(key) & mask;
	while (m->slots[i] != 0 && !str_eq(m->items[m->slots[i] - 1].key, key))
		i = (i + 1) & mask;
	return i;
}

/* Slots hold index + 1 and stay at most half full. */
static void rehash(struct map *m, struct arena *a)
{
	m->slot_count = m->slot_count == 0 ? 16 : m->slot_count * 2;
	m->slots = arena_array(a, uint32_t, m->slot_count);
	for (size_t i = 0; i < m->n; i++)
		m->slots[slot_of(m, m->items[i].key)] = (uint32_t)i + 1;
}

void map_put(struct map *m, struct arena *a, struct str key, void *value)
{
	if ((m->n + 1) * 2 > m->slot_count)
		rehash(m, a);
	size_t slot = slot_of(m, key);
	if (m->slots[slot] != 0) {
		m->items[m->slots[slot] - 1].value = value;
		return;
	}
	list_push(a, m) = (struct map_entry){key, value};
	m->slots[slot] = (uint32_t)m->n;
}

static const struct map_entry *entry_find(const struct map *m, struct str key)
{
	if (m->slot_count == 0)
		return NULL;
	uint32_t index = m->slots[slot_of(m, key)];
	return index == 0 ? NULL : &m->items[index - 1];
}

void *map_find(const struct map *m, struct str key)
{
	const struct map_entry *e = entry_find(m, key);
	return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return entry_find(m, key) != NULL;
}
