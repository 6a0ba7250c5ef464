#include "audit/eval/eval.h"

/* A value that grows beyond this is not known any more; doubling variables end here. */
#define VALUE_BYTES_MAX ((size_t)1 << 20)
#define VALUE_CHUNKS_MAX 2048
#define CHOICE_MAX 4
#define TAINT_MAX 8
#define VIA_MAX 16

/* ---- Taint ---------------------------------------------------------------------------------- */

static bool taint_has(const struct taint *t, const struct taint *wanted)
{
	for (; t; t = t->next)
		if (t->source == wanted->source && t->decoded == wanted->decoded)
			return true;
	return false;
}

static const struct taint *taint_add(
	struct eval *e, const struct taint *list, const struct taint *t)
{
	size_t n = 0;
	for (const struct taint *i = list; i; i = i->next)
		n++;
	if (n >= TAINT_MAX || taint_has(list, t))
		return list;
	struct taint *node = arena_new(e->scratch, struct taint);
	*node = *t;
	node->next = list;
	return node;
}

const struct taint *taint_union(struct eval *e, const struct taint *a, const struct taint *b)
{
	if (!a || a == b)
		return b;
	for (; b; b = b->next)
		a = taint_add(e, a, b);
	return a;
}

const struct taint *taint_of(struct eval *e, struct source *s)
{
	struct taint *t = arena_new(e->scratch, struct taint);
	t->source = s;
	t->decoded = s->kind == SOURCE_DECODER;
	return t;
}

const struct taint *taint_via(struct eval *e, const struct taint *t, struct str name, bool decoded)
{
	const struct taint *out = NULL;
	for (; t; t = t->next) {
		struct taint next = *t;
		next.decoded = t->decoded || decoded;
		bool same = t->via && str_eq(t->via->name, name);
		if (name.n != 0 && !same && (!t->via || t->via->depth < VIA_MAX)) {
			struct via *v = arena_new(e->scratch, struct via);
			v->name = name;
			v->prev = t->via;
			v->depth = t->via ? t->via->depth + 1 : 1;
			next.via = v;
		}
		out = taint_add(e, out, &next);
	}
	return out;
}

/* ---- Building ------------------------------------------------------------------------------- */

/* Most values have one or two chunks, so they start small. */
static void chunks_grow(struct eval *e, struct chunks *c)
{
	size_t cap = c->cap ? 2 * c->cap : 1;
	struct chunk *items = arena_array(e->scratch, struct chunk, cap);
	if (c->n > 0)
		memcpy(items, c->items, c->n * sizeof(*items));
	c->items = items;
	c->cap = cap;
}

void chunks_add(struct eval *e, struct chunks *c, const struct chunk *chunk)
{
	charge(e, 1 + chunk->text.n / 16);
	if (chunk->kind == CHUNK_TEXT && c->bytes + chunk->text.n > VALUE_BYTES_MAX && c->n > 0) {
		c->items[c->n - 1] = (struct chunk){.kind = CHUNK_UNKNOWN,
			.text = STR("…"),
			.taint = c->items[c->n - 1].taint,
			.lossy = true};
		return;
	}
	if (c->n >= VALUE_CHUNKS_MAX && !chunk->brk)
		return;
	c->bytes += chunk->text.n;
	if (c->n == c->cap)
		chunks_grow(e, c);
	c->items[c->n++] = *chunk;
}

void chunks_add_text(struct eval *e, struct chunks *c, struct str s)
{
	if (s.n == 0)
		return;
	struct chunk chunk = {.kind = CHUNK_TEXT, .text = s};
	chunks_add(e, c, &chunk);
}

void chunks_add_value(struct eval *e, struct chunks *c, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		chunks_add(e, c, &v->items[i]);
}

static bool chunk_plain(const struct chunk *c)
{
	return c->kind == CHUNK_TEXT && !c->taint && !c->digest && !c->split && !c->glob &&
		!c->brk && !c->gates;
}

/* Neighbouring known texts become one. */
struct value chunks_value(struct eval *e, const struct chunks *c)
{
	if (c->n <= 1)
		return (struct value){c->items, c->n};
	struct chunks out = {0};
	for (size_t i = 0; i < c->n;) {
		size_t end = i;
		size_t bytes = 0;
		while (end < c->n && chunk_plain(&c->items[end]))
			bytes += c->items[end++].text.n;
		if (end - i < 2) {
			list_push(e->scratch, &out) = c->items[i++];
			continue;
		}
		char *p = arena_alloc(e->scratch, bytes + 1);
		size_t at = 0;
		bool quoted = false;
		for (; i < end; i++) {
			if (c->items[i].text.n != 0)
				memcpy(p + at, c->items[i].text.p, c->items[i].text.n);
			at += c->items[i].text.n;
			quoted = quoted || c->items[i].quoted;
		}
		list_push(e->scratch, &out) =
			(struct chunk){.kind = CHUNK_TEXT, .text = {p, bytes}, .quoted = quoted};
	}
	return (struct value){out.items, out.n};
}

static struct value value_of_chunk(struct eval *e, const struct chunk *c)
{
	struct chunk *copy = arena_new(e->scratch, struct chunk);
	*copy = *c;
	return (struct value){copy, 1};
}

struct value value_text(struct eval *e, struct str s)
{
	if (s.n == 0)
		return (struct value){0};
	return value_of_chunk(e, &(struct chunk){.kind = CHUNK_TEXT, .text = s});
}

struct value value_unknown(struct eval *e, struct str label, const struct taint *taint)
{
	return value_of_chunk(
		e, &(struct chunk){.kind = CHUNK_UNKNOWN, .text = label, .taint = taint});
}

struct value value_tainted(struct eval *e, struct str label, const struct taint *t)
{
	return value_unknown(e, label, t);
}

/* ---- Questions ------------------------------------------------------------------------------ */

bool value_const(struct eval *e, const struct value *v, struct str *out)
{
	size_t bytes = 0;
	*out = (struct str){0};
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].kind != CHUNK_TEXT)
			return false;
		bytes += v->items[i].text.n;
	}
	if (v->n <= 1) {
		*out = v->n == 1 && v->items[0].text.n != 0 ? v->items[0].text : STR("");
		return true;
	}
	*out = value_prefix(e, v);
	return out->n == bytes;
}

bool value_empty(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].kind != CHUNK_TEXT || v->items[i].text.n != 0)
			return false;
	return true;
}

struct str value_prefix(struct eval *e, const struct value *v)
{
	size_t n = 0;
	size_t bytes = 0;
	while (n < v->n && v->items[n].kind == CHUNK_TEXT)
		bytes += v->items[n++].text.n;
	if (n == 1)
		return v->items[0].text;
	char *p = arena_alloc(e->scratch, bytes + 1);
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		if (v->items[i].text.n != 0)
			memcpy(p + at, v->items[i].text.p, v->items[i].text.n);
		at += v->items[i].text.n;
	}
	return (struct str){p, at};
}

struct str value_display(struct eval *e, const struct value *v)
{
	struct str s;
	if (value_const(e, v, &s))
		return s;
	struct str_list parts = {0};
	for (size_t i = 0; i < v->n; i++) {
		const struct chunk *c = &v->items[i];
		struct str part = c->text;
		if (c->kind == CHUNK_CHOICE || part.n == 0)
			part = c->kind == CHUNK_TEXT || c->text.n != 0 ? part : STR("…");
		list_push(e->scratch, &parts) = part;
	}
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

const struct taint *value_taint(struct eval *e, const struct value *v)
{
	const struct taint *t = NULL;
	for (size_t i = 0; i < v->n; i++) {
		t = taint_union(e, t, v->items[i].taint);
		for (size_t k = 0; k < v->items[i].alt_count; k++)
			for (size_t m = 0; m < v->items[i].alts[k].n; m++)
				t = taint_union(e, t, v->items[i].alts[k].items[m].taint);
	}
	return t;
}

static bool value_foreign_depth(const struct value *v, unsigned depth);

static bool alternative_tainted(const struct chunk *c)
{
	for (size_t i = 0; i < c->alt_count; i++)
		if (value_foreign_depth(&c->alts[i], 1))
			return true;
	return false;
}

static bool value_foreign_depth(const struct value *v, unsigned depth)
{
	bool start = true;
	for (size_t i = 0; i < v->n; i++) {
		const struct chunk *c = &v->items[i];
		if (start && (c->taint || (depth == 0 && alternative_tainted(c))))
			return true;
		for (size_t k = 0; c->kind == CHUNK_TEXT && k < c->text.n; k++) {
			char b = c->text.p[k];
			start = b == '\n' || (start && (b == ' ' || b == '\t'));
		}
		start = start && c->kind == CHUNK_TEXT;
	}
	return false;
}

bool value_foreign(const struct value *v)
{
	return value_foreign_depth(v, 0);
}

bool value_sensitive(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].sensitive)
			return true;
	return false;
}

unsigned value_gates(const struct value *v)
{
	unsigned gates = 0;
	for (size_t i = 0; i < v->n; i++)
		gates |= v->items[i].gates;
	return gates;
}

struct value value_gated(struct eval *e, const struct value *v, unsigned gates)
{
	struct chunk *items = arena_array(e->scratch, struct chunk, v->n + 1);
	for (size_t i = 0; i < v->n; i++) {
		items[i] = v->items[i];
		items[i].gates |= (uint8_t)gates;
	}
	return (struct value){items, v->n};
}

const struct digest_of *value_digest(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].digest)
			return v->items[i].digest;
	return NULL;
}

static bool chunk_equal(const struct chunk *a, const struct chunk *b)
{
	if (a->kind != b->kind || a->taint != b->taint || a->digest != b->digest ||
		a->credit != b->credit)
		return false;
	return a->alts == b->alts && str_eq(a->text, b->text);
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->n != b->n)
		return false;
	if (a->items == b->items)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (!chunk_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* ---- Joins and choices ---------------------------------------------------------------------- */

struct alternatives {
	struct value items[CHOICE_MAX];
	size_t n;
	bool full;
};

static void alternatives_add(struct alternatives *a, const struct value *v)
{
	if (v->n == 1 && v->items[0].kind == CHUNK_CHOICE) {
		for (size_t i = 0; i < v->items[0].alt_count; i++)
			alternatives_add(a, &v->items[0].alts[i]);
		return;
	}
	for (size_t i = 0; i < a->n; i++)
		if (value_equal(&a->items[i], v))
			return;
	if (a->n == CHOICE_MAX)
		a->full = true;
	else
		a->items[a->n++] = *v;
}

static bool has_choice(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].kind == CHUNK_CHOICE)
			return true;
	return false;
}

struct value value_join(
	struct eval *e, const struct value *a, const struct value *b, struct str label)
{
	if (value_equal(a, b))
		return *a;
	struct alternatives alts = {0};
	alternatives_add(&alts, a);
	alternatives_add(&alts, b);
	for (size_t i = 0; i < alts.n; i++)
		alts.full = alts.full || has_choice(&alts.items[i]);
	if (alts.full) {
		struct chunk lost = {.kind = CHUNK_UNKNOWN,
			.text = label,
			.taint = taint_union(e, value_taint(e, a), value_taint(e, b)),
			.lossy = true};
		return value_of_chunk(e, &lost);
	}
	if (alts.n == 1)
		return alts.items[0];
	struct value *copy = arena_array(e->scratch, struct value, alts.n);
	memcpy(copy, alts.items, alts.n * sizeof(*copy));
	struct chunk c = {
		.kind = CHUNK_CHOICE, .text = label, .alts = copy, .alt_count = (uint16_t)alts.n};
	return value_of_chunk(e, &c);
}

size_t value_variants(const struct value *v)
{
	size_t n = 1;
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].alt_count > n)
			n = v->items[i].alt_count;
	return n;
}

struct value value_variant(struct eval *e, const struct value *v, size_t i)
{
	if (!has_choice(v))
		return *v;
	struct chunks out = {0};
	for (size_t k = 0; k < v->n; k++) {
		const struct chunk *c = &v->items[k];
		if (c->kind != CHUNK_CHOICE) {
			chunks_add(e, &out, c);
			continue;
		}
		const struct value *alt = &c->alts[i % c->alt_count];
		if (alt->n == 0 || c->brk) {
			struct chunk edge = {.kind = CHUNK_TEXT,
				.brk = c->brk,
				.quoted = c->quoted,
				.text = STR("")};
			chunks_add(e, &out, &edge);
		}
		for (size_t m = 0; m < alt->n; m++) {
			struct chunk inner = alt->items[m];
			inner.split = c->split;
			inner.quoted = c->quoted;
			inner.glob = c->glob;
			inner.brk = false;
			chunks_add(e, &out, &inner);
		}
	}
	return (struct value){out.items, out.n};
}

struct value value_trim_newlines(struct eval *e, const struct value *v)
{
	struct chunks out = {0};
	chunks_add_value(e, &out, v);
	while (out.n > 0) {
		struct chunk *last = &out.items[out.n - 1];
		if (last->kind != CHUNK_TEXT)
			break;
		while (last->text.n > 0 && last->text.p[last->text.n - 1] == '\n')
			last->text.n--;
		if (last->text.n > 0)
			break;
		out.n--;
	}
	return chunks_value(e, &out);
}

/* ---- Marks ---------------------------------------------------------------------------------- */

static void add_clean(struct eval *e, struct str_list *parts, struct str s)
{
	if (str_find_byte(s, TEXT_MARK) == STR_NPOS &&
		str_find_byte(s, TEXT_MARK_END) == STR_NPOS) {
		list_push(e->scratch, parts) = s;
		return;
	}
	char *copy = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (copy[i] == TEXT_MARK || copy[i] == TEXT_MARK_END)
			copy[i] = '?';
	list_push(e->scratch, parts) = (struct str){copy, s.n};
}

struct str value_flatten(struct eval *e, const struct value *v, struct chunks *unknowns)
{
	struct str_list parts = {0};
	for (size_t i = 0; i < v->n; i++) {
		const struct chunk *c = &v->items[i];
		if (c->kind == CHUNK_TEXT) {
			add_clean(e, &parts, c->text);
			continue;
		}
		list_push(e->scratch, &parts) =
			arena_printf(e->scratch, "%c%zu%c", TEXT_MARK, unknowns->n, TEXT_MARK_END);
		list_push(e->scratch, unknowns) = *c;
	}
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

/* Adds the chunk behind a mark at s[0]; returns the bytes that it takes. */
static size_t add_mark(struct eval *e, struct chunks *c, struct str s, bool split)
{
	size_t end = str_find_byte(s, TEXT_MARK_END);
	uint64_t index = 0;
	struct chunk chunk = {.kind = CHUNK_UNKNOWN, .text = STR("…"), .split = split};
	if (end == STR_NPOS || !str_to_u64(str_sub(s, 1, end - 1), &index)) {
		chunks_add(e, c, &chunk);
		return 1;
	}
	if (index < e->unit->unknown_count) {
		chunk = e->unit->unknowns[index];
		chunk.split = split;
		chunk.brk = false;
	}
	chunks_add(e, c, &chunk);
	return end + 1;
}

void chunks_add_marked(struct eval *e, struct chunks *c, struct str s, bool split)
{
	while (s.n > 0) {
		size_t mark = str_find_byte(s, TEXT_MARK);
		if (mark == STR_NPOS)
			mark = s.n;
		chunks_add_text(e, c, str_sub(s, 0, mark));
		s = str_from_index(s, mark);
		if (s.n > 0)
			s = str_from_index(s, add_mark(e, c, s, split));
	}
}

struct value value_from_text(struct eval *e, const struct text *t)
{
	struct chunks out = {0};
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *p = &t->items[i];
		struct chunk c = {.kind = CHUNK_TEXT, .text = p->value};
		if (p->kind != TEXT_LITERAL) {
			c.kind = CHUNK_UNKNOWN;
			c.sensitive = p->kind == TEXT_SENSITIVE;
			c.text = arena_printf(e->scratch, "<%s:%.*s>",
				c.sensitive ? "sensitive" : "hole", STR_ARG(p->name));
		}
		list_push(e->scratch, &out) = c;
	}
	return (struct value){out.items, out.n};
}
