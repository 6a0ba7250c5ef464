#include "base/diff.h"

#include "base/arena.h"

/* How many lines of context stand around a change. */
#define CONTEXT 3

struct lines {
	struct str *items; /* each with its newline */
	size_t n;
	size_t cap;
};

/* Lines that only one side has. */
struct diff {
	struct arena arena;
	struct lines a;
	struct lines b;
	bool *removed; /* of a */
	bool *added; /* of b */
};

static void diff_clear(struct diff *d)
{
	arena_clear(&d->arena);
}

static void split(struct diff *d, struct lines *out, struct str text)
{
	while (text.n > 0) {
		size_t end = str_find_byte(text, '\n');
		size_t n = end == STR_NPOS ? text.n : end + 1;
		list_push(&d->arena, out) = str_sub(text, 0, n);
		text = str_from_index(text, n);
	}
}

/* ---- Which lines differ ---------------------------------------------------------------------- */

/* The part between what both begin and end with: n lines of a, m lines of b. */
struct middle {
	struct diff *d;
	size_t from_a;
	size_t from_b;
	int n;
	int m;
};

static bool same(const struct middle *p, int x, int y)
{
	return str_eq(p->d->a.items[p->from_a + (size_t)x], p->d->b.items[p->from_b + (size_t)y]);
}

/* Furthest points on the diagonals -edits .. edits, one row per number of edits. */
struct rows {
	int **items;
	size_t n;
	size_t cap;
};

/* Where the furthest path with so many edits stands on a diagonal before it slides. */
static bool came_down(const int *row, int edits, int k)
{
	return k == -edits || (k != edits && row[k - 1] < row[k + 1]);
}

static int slide(const struct middle *p, int x, int k)
{
	while (x < p->n && x - k < p->m && same(p, x, x - k))
		x++;
	return x;
}

/* Myers, "An O(ND) Difference Algorithm": rows up to the one that reaches the end, or false. */
static bool find_path(const struct middle *p, struct rows *rows)
{
	const int most = DIFF_EDITS_MAX;
	int *last = (int *)arena_calloc(&p->d->arena, 2 * (size_t)most + 3, sizeof(int)) + most + 1;
	for (int edits = 0; edits <= most; edits++) {
		size_t width = 2 * (size_t)edits + 1;
		for (int k = -edits; k <= edits; k += 2) {
			int x = came_down(last, edits, k) ? last[k + 1] : last[k - 1] + 1;
			last[k] = slide(p, x, k);
			if (last[k] < p->n || last[k] - k < p->m)
				continue;
			return true;
		}
		int *row = (int *)arena_calloc(&p->d->arena, width, sizeof(int)) + edits;
		memcpy(row - edits, last - edits, width * sizeof(int));
		list_push(&p->d->arena, rows) = row;
	}
	return false;
}

/* From the end of the path to its start. */
static void mark_path(const struct middle *p, const struct rows *rows)
{
	int x = p->n;
	int y = p->m;
	for (int edits = (int)rows->n; edits > 0; edits--) {
		const int *row = rows->items[edits - 1];
		int k = x - y;
		bool down = came_down(row, edits, k);
		int from = down ? row[k + 1] : row[k - 1];
		if (down)
			p->d->added[p->from_b + (size_t)(from - (k + 1))] = true;
		else
			p->d->removed[p->from_a + (size_t)from] = true;
		x = from;
		y = from - (down ? k + 1 : k - 1);
	}
}

/* Too much differs for a search: line against line. */
static void mark_by_position(const struct middle *p)
{
	for (int i = 0; i < p->n || i < p->m; i++) {
		if (i < p->n && i < p->m && p->n == p->m && same(p, i, i))
			continue;
		if (i < p->n)
			p->d->removed[p->from_a + (size_t)i] = true;
		if (i < p->m)
			p->d->added[p->from_b + (size_t)i] = true;
	}
}

static void compare(struct diff *d)
{
	size_t n = d->a.n;
	size_t m = d->b.n;
	size_t from = 0;
	while (from < n && from < m && str_eq(d->a.items[from], d->b.items[from]))
		from++;
	while (n > from && m > from && str_eq(d->a.items[n - 1], d->b.items[m - 1])) {
		n--;
		m--;
	}
	const struct middle p = {d, from, from, (int)(n - from), (int)(m - from)};
	struct rows rows = {0};
	if (find_path(&p, &rows))
		mark_path(&p, &rows);
	else
		mark_by_position(&p);
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* A place between lines of both texts. */
struct cursor {
	size_t a;
	size_t b;
};

static bool at_change(const struct diff *d, struct cursor c)
{
	return (c.a < d->a.n && d->removed[c.a]) || (c.b < d->b.n && d->added[c.b]);
}

static bool at_end(const struct diff *d, struct cursor c)
{
	return c.a >= d->a.n && c.b >= d->b.n;
}

static void step(const struct diff *d, struct cursor *c)
{
	if (c->a < d->a.n && d->removed[c->a]) {
		c->a++;
	} else if (c->b < d->b.n && d->added[c->b]) {
		c->b++;
	} else {
		c->a++;
		c->b++;
	}
}

/* Moves over one hunk, its context behind included. */
static struct cursor hunk_end(const struct diff *d, struct cursor c)
{
	struct cursor end = c;
	size_t equal = 0;
	while (!at_end(d, c) && equal <= 2 * CONTEXT) {
		bool change = at_change(d, c);
		step(d, &c);
		equal = change ? 0 : equal + 1;
		if (equal <= CONTEXT)
			end = c;
	}
	return end;
}

static void add_line(struct buf *out, char sign, struct str line)
{
	buf_add_byte(out, sign);
	buf_add(out, line);
	if (!str_has_suffix(line, STR("\n")))
		buf_add(out, STR("\n\\ No newline at end of file\n"));
}

static void add_range(struct buf *out, char sign, size_t from, size_t n)
{
	buf_printf(out, "%c%zu", sign, n == 0 ? from : from + 1);
	if (n != 1)
		buf_printf(out, ",%zu", n);
}

static void add_hunk(struct buf *out, const struct diff *d, struct cursor c, struct cursor end)
{
	buf_add(out, STR("@@ "));
	add_range(out, '-', c.a, end.a - c.a);
	buf_add_byte(out, ' ');
	add_range(out, '+', c.b, end.b - c.b);
	buf_add(out, STR(" @@\n"));
	while (c.a < end.a || c.b < end.b) {
		bool change = at_change(d, c);
		for (; c.a < d->a.n && d->removed[c.a]; c.a++)
			add_line(out, '-', d->a.items[c.a]);
		for (; c.b < d->b.n && d->added[c.b]; c.b++)
			add_line(out, '+', d->b.items[c.b]);
		if (change)
			continue;
		add_line(out, ' ', d->a.items[c.a]);
		step(d, &c);
	}
}

void diff_unified(struct buf *out, struct str old_text, struct str new_text, struct str old_name,
	struct str new_name)
{
	if (str_eq(old_text, new_text))
		return;
	scoped(diff) d = {0};
	split(&d, &d.a, old_text);
	split(&d, &d.b, new_text);
	d.removed = arena_array(&d.arena, bool, d.a.n + 1);
	d.added = arena_array(&d.arena, bool, d.b.n + 1);
	compare(&d);
	buf_printf(out, "--- %.*s\n+++ %.*s\n", STR_ARG(old_name), STR_ARG(new_name));
	struct cursor start = {0};
	for (struct cursor c = {0}; !at_end(&d, c);) {
		if (!at_change(&d, c)) {
			step(&d, &c);
			if (c.a - start.a > CONTEXT)
				step(&d, &start);
			continue;
		}
		struct cursor end = hunk_end(&d, c);
		add_hunk(out, &d, start, end);
		c = end;
		start = end;
	}
}
