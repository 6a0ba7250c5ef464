/*
 * The tree becomes a program for a machine that follows all paths at once (Thompson; with groups as
 * in Pike's sam): per character of the text each instruction is visited at most once.
 */
#include "base/hcl/regex_ast.h"

#include "base/utf8.h"

#include <stdlib.h>

#define PROGRAM_MAX 10000
#define COMPILE_STEPS_MAX 200000

enum op { OP_CLASS = 1, OP_SPLIT, OP_JUMP, OP_SAVE, OP_ASSERT, OP_MATCH };

/* x: where SPLIT goes first, where JUMP goes, the slot of SAVE. y: where SPLIT goes else. */
struct inst {
	enum op op;
	uint32_t x;
	uint32_t y;
	const struct regex_class *set;
	enum regex_assert assertion;
};

struct regex {
	struct arena arena;
	struct {
		struct inst *items;
		size_t n;
		size_t cap;
	} program;
	struct str_list names; /* from group 1 on */
	size_t steps; /* of compilation */
	struct error *err; /* of compilation */
};

/* ---- Compilation --------------------------------------------------------------------------- */

static int emit_node(struct regex *r, const struct regex_node *n);

static struct inst *inst(struct regex *r, size_t at)
{
	return &r->program.items[at];
}

static uint32_t here(const struct regex *r)
{
	return (uint32_t)r->program.n;
}

static int emit(struct regex *r, struct inst i)
{
	if (r->program.n >= PROGRAM_MAX)
		return error_set(r->err, ERROR_INPUT, "the regular expression is too large");
	list_push(&r->arena, &r->program) = i;
	return 0;
}

/* A SPLIT at `at` that goes on with the next instruction, or to where it is patched later. */
static void patch(struct regex *r, uint32_t at, bool lazy, uint32_t out)
{
	uint32_t on = at + 1;
	inst(r, at)->x = lazy ? out : on;
	inst(r, at)->y = lazy ? on : out;
}

static bool all_empty(const struct regex_node *n);

/* Whether it matches the empty string. Recursion is as deep as the pattern nests. */
static bool may_be_empty(const struct regex_node *n)
{
	bool any = false;
	switch (n->kind) {
	case REGEX_EMPTY:
	case REGEX_ASSERT:
		return true;
	case REGEX_CLASS:
		return false;
	case REGEX_CAT:
	case REGEX_GROUP:
		return all_empty(n);
	case REGEX_REPEAT:
		return n->min == 0 || all_empty(n);
	case REGEX_ALT:
		break;
	}
	for (size_t i = 0; i < n->children.n; i++)
		any = any || may_be_empty(n->children.items[i]);
	return any;
}

static bool all_empty(const struct regex_node *n)
{
	for (size_t i = 0; i < n->children.n; i++) {
		if (!may_be_empty(n->children.items[i]))
			return false;
	}
	return true;
}

/* Once, and again as often as it goes. */
static int emit_plus(struct regex *r, const struct regex_node *n)
{
	uint32_t start = here(r);
	if (emit_node(r, n->children.items[0]) < 0)
		return -1;
	uint32_t out = here(r) + 1;
	struct inst split = {.op = OP_SPLIT, .x = start, .y = out};
	if (n->lazy)
		split = (struct inst){.op = OP_SPLIT, .x = out, .y = start};
	return emit(r, split);
}

/* As (x+)? where x may be empty, for else an empty round could hide a better one. */
static int emit_star(struct regex *r, const struct regex_node *n)
{
	uint32_t split = here(r);
	bool plus = may_be_empty(n->children.items[0]);
	if (emit(r, (struct inst){.op = OP_SPLIT}) < 0)
		return -1;
	if (plus && emit_plus(r, n) < 0)
		return -1;
	if (!plus &&
		(emit_node(r, n->children.items[0]) < 0 ||
			emit(r, (struct inst){.op = OP_JUMP, .x = split}) < 0))
		return -1;
	patch(r, split, n->lazy, here(r));
	return 0;
}

static int emit_optional(struct regex *r, const struct regex_node *n, uint32_t times)
{
	uint32_t first = here(r);
	for (uint32_t i = 0; i < times; i++) {
		uint32_t split = here(r);
		/* Until it is patched, y links to the split before. */
		if (emit(r, (struct inst){.op = OP_SPLIT, .y = i == 0 ? UINT32_MAX : first}) < 0)
			return -1;
		first = split;
		if (emit_node(r, n->children.items[0]) < 0)
			return -1;
	}
	for (uint32_t at = first; times > 0 && at != UINT32_MAX;) {
		uint32_t before = inst(r, at)->y;
		patch(r, at, n->lazy, here(r));
		at = before;
	}
	return 0;
}

static int emit_repeat(struct regex *r, const struct regex_node *n)
{
	bool plus = n->max == UINT32_MAX && n->min > 0;
	for (uint32_t i = plus ? 1 : 0; i < n->min; i++) {
		if (emit_node(r, n->children.items[0]) < 0)
			return -1;
	}
	if (plus)
		return emit_plus(r, n);
	return n->max == UINT32_MAX ? emit_star(r, n) : emit_optional(r, n, n->max - n->min);
}

static int emit_alternatives(struct regex *r, const struct regex_node *n)
{
	uint32_t jumps = UINT32_MAX;
	for (size_t i = 0; i + 1 < n->children.n; i++) {
		uint32_t split = here(r);
		if (emit(r, (struct inst){.op = OP_SPLIT}) < 0 ||
			emit_node(r, n->children.items[i]) < 0 ||
			emit(r, (struct inst){.op = OP_JUMP, .x = jumps}) < 0)
			return -1;
		jumps = here(r) - 1;
		patch(r, split, false, here(r));
	}
	if (emit_node(r, n->children.items[n->children.n - 1]) < 0)
		return -1;
	while (jumps != UINT32_MAX) {
		uint32_t before = inst(r, jumps)->x;
		inst(r, jumps)->x = here(r);
		jumps = before;
	}
	return 0;
}

static int emit_group(struct regex *r, const struct regex_node *n)
{
	uint32_t slot = (uint32_t)n->group * 2;
	if (emit(r, (struct inst){.op = OP_SAVE, .x = slot}) < 0 ||
		emit_node(r, n->children.items[0]) < 0)
		return -1;
	return emit(r, (struct inst){.op = OP_SAVE, .x = slot + 1});
}

static int emit_node(struct regex *r, const struct regex_node *n)
{
	if (++r->steps > COMPILE_STEPS_MAX)
		return error_set(r->err, ERROR_INPUT, "the regular expression is too large");
	switch (n->kind) {
	case REGEX_EMPTY:
		return 0;
	case REGEX_CLASS:
		return emit(r, (struct inst){.op = OP_CLASS, .set = n->set});
	case REGEX_CAT:
		for (size_t i = 0; i < n->children.n; i++) {
			if (emit_node(r, n->children.items[i]) < 0)
				return -1;
		}
		return 0;
	case REGEX_ALT:
		return emit_alternatives(r, n);
	case REGEX_REPEAT:
		return emit_repeat(r, n);
	case REGEX_GROUP:
		return emit_group(r, n);
	case REGEX_ASSERT:
		return emit(r, (struct inst){.op = OP_ASSERT, .assertion = n->assertion});
	}
	return 0;
}

int regex_new(struct regex **out, struct str pattern, struct error *err)
{
	scoped_ptr(regex) r = calloc(1, sizeof(*r));
	struct regex_tree tree = {0};
	if (!r)
		error_out_of_memory();
	r->err = err;
	if (regex_parse(&tree, &r->arena, arena_str(&r->arena, pattern), err) < 0)
		return -1;
	r->names = tree.names;
	if (emit(r, (struct inst){.op = OP_SAVE, .x = 0}) < 0 || emit_node(r, tree.root) < 0 ||
		emit(r, (struct inst){.op = OP_SAVE, .x = 1}) < 0 ||
		emit(r, (struct inst){.op = OP_MATCH}) < 0)
		return -1;
	r->err = NULL;
	*out = steal_ptr(r);
	return 0;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	arena_clear(&r->arena);
	free(r);
}

size_t regex_groups(const struct regex *r)
{
	return r->names.n + 1;
}

struct str regex_group_name(const struct regex *r, size_t group)
{
	if (group == 0 || group > r->names.n)
		return (struct str){0};
	return r->names.items[group - 1];
}

/* ---- The machine --------------------------------------------------------------------------- */

/* Instructions to look at for one character, in order of preference, each once. */
struct threads {
	uint32_t *list;
	size_t n;
	uint32_t *seen; /* per instruction: the round that put it in */
	size_t *saved; /* per instruction: its groups */
};

/* Work of add: an instruction to visit, or a group's old value to put back. */
struct task {
	uint32_t pc;
	bool restore;
	size_t value;
};

struct machine {
	const struct regex *r;
	struct str text;
	size_t slots;
	uint32_t round;
	struct threads now;
	struct threads next;
	struct task *tasks;
	size_t *current; /* the groups of the thread that is followed */
	void *memory;
};

static bool is_word(uint32_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
		(byte >= 'a' && byte <= 'z');
}

static bool holds(enum regex_assert assertion, struct str text, size_t pos)
{
	bool start = pos == 0;
	bool end = pos == text.n;
	bool word = (!start && is_word((unsigned char)text.p[pos - 1])) !=
		(!end && is_word((unsigned char)text.p[pos]));
	switch (assertion) {
	case REGEX_TEXT_START:
		return start;
	case REGEX_TEXT_END:
		return end;
	case REGEX_LINE_START:
		return start || text.p[pos - 1] == '\n';
	case REGEX_LINE_END:
		return end || text.p[pos] == '\n';
	case REGEX_WORD:
		return word;
	case REGEX_NOT_WORD:
		return !word;
	}
	return false;
}

/* Follows everything from pc that takes no character; what takes one joins the threads. */
static void add(struct machine *m, struct threads *to, uint32_t start, size_t pos)
{
	size_t n = 0;
	m->tasks[n++] = (struct task){.pc = start};
	while (n > 0) {
		struct task t = m->tasks[--n];
		if (t.restore) {
			m->current[t.pc] = t.value;
			continue;
		}
		if (to->seen[t.pc] == m->round)
			continue;
		to->seen[t.pc] = m->round;
		const struct inst *i = &m->r->program.items[t.pc];
		switch (i->op) {
		case OP_SPLIT:
			m->tasks[n++] = (struct task){.pc = i->y};
			m->tasks[n++] = (struct task){.pc = i->x};
			break;
		case OP_JUMP:
			m->tasks[n++] = (struct task){.pc = i->x};
			break;
		case OP_SAVE:
			m->tasks[n++] = (struct task){i->x, true, m->current[i->x]};
			m->current[i->x] = pos;
			m->tasks[n++] = (struct task){.pc = t.pc + 1};
			break;
		case OP_ASSERT:
			if (holds(i->assertion, m->text, pos))
				m->tasks[n++] = (struct task){.pc = t.pc + 1};
			break;
		case OP_CLASS:
		case OP_MATCH:
			to->list[to->n++] = t.pc;
			memcpy(to->saved + t.pc * m->slots, m->current,
				m->slots * sizeof(*m->current));
			break;
		}
	}
}

/* One character of `len` bytes; code UINT32_MAX at the end of the text. True for a match. */
static bool step(struct machine *m, size_t *best, uint32_t code, size_t pos, size_t len)
{
	bool matched = false;
	m->round++;
	m->next.n = 0;
	for (size_t i = 0; i < m->now.n && !matched; i++) {
		uint32_t pc = m->now.list[i];
		const struct inst *x = &m->r->program.items[pc];
		const size_t *saved = m->now.saved + pc * m->slots;
		if (x->op == OP_MATCH) {
			/* The threads behind this one are less preferred. */
			memcpy(best, saved, m->slots * sizeof(*best));
			matched = true;
		} else if (code != UINT32_MAX && regex_class_has(x->set, code)) {
			memcpy(m->current, saved, m->slots * sizeof(*m->current));
			add(m, &m->next, pc + 1, pos + len);
		}
	}
	struct threads swap = m->now;
	m->now = m->next;
	m->next = swap;
	return matched;
}

static void machine_init(struct machine *m, const struct regex *r, struct str text)
{
	size_t n = r->program.n;
	size_t slots = regex_groups(r) * 2;
	size_t words = 2 * n * slots + slots;
	m->memory = calloc(
		1, words * sizeof(size_t) + 3 * n * sizeof(struct task) + 4 * n * sizeof(uint32_t));
	if (!m->memory)
		error_out_of_memory();
	m->r = r;
	m->text = text;
	m->slots = slots;
	m->round = 1;
	size_t *saved = m->memory;
	m->now.saved = saved;
	m->next.saved = saved + n * slots;
	m->current = saved + 2 * n * slots;
	m->tasks = (struct task *)(void *)(saved + words);
	uint32_t *lists = (uint32_t *)(void *)(m->tasks + 3 * n);
	m->now.list = lists;
	m->next.list = lists + n;
	m->now.seen = lists + 2 * n;
	m->next.seen = lists + 3 * n;
}

/* What the next step costs; a class is looked through range by range. */
static uint64_t step_cost(const struct machine *m)
{
	uint64_t cost = 1;
	for (size_t i = 0; i < m->now.n; i++) {
		const struct inst *x = &m->r->program.items[m->now.list[i]];
		cost += 1 + (x->set ? x->set->ranges.n / 16 : 0);
	}
	return cost;
}

static enum regex_result run(struct machine *m, size_t *best, size_t from, uint64_t *budget)
{
	bool matched = false;
	for (size_t pos = from;;) {
		if (m->now.n == 0 && matched)
			return REGEX_MATCH;
		if (!matched) {
			memset(m->current, 0xff, m->slots * sizeof(*m->current));
			add(m, &m->now, 0, pos);
		}
		uint64_t cost = step_cost(m);
		if (*budget < cost)
			return REGEX_TOO_LONG;
		*budget -= cost;
		uint32_t code = UINT32_MAX;
		size_t len = 0;
		if (pos < m->text.n) {
			len = utf8_decode(str_from_index(m->text, pos), &code);
			code = len > 0 ? code : 0xfffd;
			len = len > 0 ? len : 1;
		}
		matched = step(m, best, code, pos, len) || matched;
		if (len == 0)
			return matched ? REGEX_MATCH : REGEX_NO;
		pos += len;
	}
}

enum regex_result regex_find(const struct regex *r, struct regex_span *spans, struct str text,
	size_t from, uint64_t *budget)
{
	struct machine m = {0};
	size_t best[2 * REGEX_MAX_GROUPS];
	machine_init(&m, r, text);
	enum regex_result result = run(&m, best, from, budget);
	free(m.memory);
	for (size_t i = 0; result == REGEX_MATCH && i < regex_groups(r); i++)
		spans[i] = (struct regex_span){best[2 * i], best[2 * i + 1]};
	return result;
}
