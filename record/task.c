#include "record/task.h"

#include "base/error.h"

#define CAP_FIRST 64

static size_t home_slot(const struct task_table *t, pid_t tid)
{
	return ((uint32_t)tid * UINT32_C(2654435761) >> 8) & (t->cap - 1);
}

/* The slot that holds the id, or the free one where it would go. */
static struct task *slot_for(const struct task_table *t, pid_t tid)
{
	size_t i = home_slot(t, tid);
	while (t->slots[i].tid != 0 && t->slots[i].tid != tid)
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static void grow(struct task_table *t)
{
	struct task_table wide = {.cap = t->cap == 0 ? CAP_FIRST : t->cap * 2, .n = t->n};
	wide.slots = calloc(wide.cap, sizeof(*wide.slots));
	if (!wide.slots)
		error_out_of_memory();
	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i].tid != 0)
			*slot_for(&wide, t->slots[i].tid) = t->slots[i];
	}
	free(t->slots);
	*t = wide;
}

void task_table_clear(struct task_table *t)
{
	free(t->slots);
	*t = (struct task_table){0};
}

struct task *task_find(const struct task_table *t, pid_t tid)
{
	if (t->cap == 0 || tid <= 0)
		return NULL;
	struct task *slot = slot_for(t, tid);
	return slot->tid != 0 ? slot : NULL;
}

struct task *task_add(struct task_table *t, pid_t tid)
{
	if ((t->n + 1) * 4 > t->cap * 3)
		grow(t);
	struct task *slot = slot_for(t, tid);
	*slot = (struct task){.tid = tid};
	t->n++;
	return slot;
}

void task_remove(struct task_table *t, struct task *task)
{
	size_t hole = (size_t)(task - t->slots);
	t->slots[hole].tid = 0;
	t->n--;
	/* Moves back what was pushed behind the hole, so that look-ups still reach it. */
	for (size_t i = (hole + 1) & (t->cap - 1); t->slots[i].tid != 0;
		i = (i + 1) & (t->cap - 1)) {
		size_t home = home_slot(t, t->slots[i].tid);
		if (((i - home) & (t->cap - 1)) < ((i - hole) & (t->cap - 1)))
			continue;
		t->slots[hole] = t->slots[i];
		t->slots[i].tid = 0;
		hole = i;
	}
}
