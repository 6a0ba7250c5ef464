/* Where paths end early: exit, return, and what a subshell leaves. */
#include "audit/eval/eval.h"

struct outcome outcome_unknown(void)
{
	return (struct outcome){0};
}

struct frame frame_open(struct eval *e, enum frame_kind kind)
{
	return (struct frame){
		.kind = kind,
		.up = e->frame,
		.mark = e->trail.n,
		.out_mark = e->out ? e->out->n : 0,
		.out = e->out,
		.function = e->function,
	};
}

static bool ends(const struct frame *f, enum frame_kind kind)
{
	bool returns = f->kind == FRAME_FUNCTION || f->kind == FRAME_SOURCE;
	if (kind == FRAME_TRY || kind == FRAME_LOOP)
		return f->kind == kind || f->kind == FRAME_PROCESS;
	if (f->kind == FRAME_TRY || f->kind == FRAME_LOOP || f->kind == FRAME_ROUND)
		return false;
	return kind == FRAME_FUNCTION ? returns : !returns;
}

static const struct value *copy_out(struct eval *e, const struct frame *f)
{
	if (!e->out || e->out != f->out || e->out->n <= f->out_mark)
		return NULL;
	struct chunks part = {0};
	for (size_t i = f->out_mark; i < e->out->n; i++)
		list_push(e->scratch, &part) = e->out->items[i];
	struct value *v = arena_new(e->scratch, struct value);
	*v = chunks_value(e, &part);
	return v;
}

static void end_at(struct eval *e, struct frame *f, enum truth status)
{
	struct diff d = diff_take(e, f->mark, false);
	d.out = copy_out(e, f);
	for (int side = 0; side < 2; side++) {
		if (status == (side ? TRUTH_NO : TRUTH_YES))
			continue;
		f->ended[side] = diff_join(e, &f->ended[side], &d);
	}
}

void frame_end_path(struct eval *e, enum frame_kind kind, enum truth status)
{
	struct frame *f = e->frame;
	while (f && !ends(f, kind))
		f = f->up;
	if (f)
		end_at(e, f, status);
}

bool frame_end_loop(struct eval *e, enum frame_kind kind, uint64_t level)
{
	for (struct frame *f = e->frame; f; f = f->up) {
		if (f->kind != FRAME_LOOP && f->kind != FRAME_ROUND)
			return false;
		if (f->kind != kind || --level > 0)
			continue;
		end_at(e, f, TRUTH_YES);
		return true;
	}
	return false;
}

/* What the checks of `good` have over those of `all`. */
static const struct credit *advantage(
	struct eval *e, const struct diff *good, const struct diff *all)
{
	const struct credit *out = NULL;
	uint32_t stamp = ++e->stamp;
	for (size_t i = 0; i < all->n; i++) {
		all->items[i].cell->stamp_side[0] = stamp;
		all->items[i].cell->side[0] = all->items[i].value;
	}
	for (size_t i = 0; good->alive && i < good->n; i++) {
		struct cell *c = good->items[i].cell;
		if (c->kind != CELL_CHECK || !good->items[i].value)
			continue;
		const struct check *mine = good->items[i].value;
		const struct check *theirs = c->stamp_side[0] == stamp ? c->side[0] : c->value;
		if (theirs && theirs->strength >= mine->strength)
			continue;
		struct credit *credit = arena_new(e->scratch, struct credit);
		*credit = (struct credit){.cell = c, .check = mine, .next = out};
		out = credit;
	}
	return out;
}

static void restore_locals(struct eval *e, const struct frame *f)
{
	for (size_t i = f->locals.n; i-- > 0;)
		cell_set(e, f->locals.items[i].cell, f->locals.items[i].old);
}

/*
 * Joins the paths that ended inside with the one that came to the end. The frame must have been
 * made current by its owner; the one above becomes current again.
 */
struct outcome frame_close(struct eval *e, struct frame *f, struct outcome last)
{
	e->frame = f->up;
	e->function = f->function;
	if (!f->ended[0].alive && !f->ended[1].alive) {
		restore_locals(e, f);
		return last;
	}
	struct diff sides[2] = {f->ended[0], f->ended[1]};
	if (!last.dead) {
		const struct value *out = e->out == f->out ? copy_out(e, f) : NULL;
		size_t mark = e->trail.n;
		for (int side = 0; side < 2; side++) {
			if (last.status == (side ? TRUTH_NO : TRUTH_YES))
				continue;
			credit_apply(e, last.when[side], false);
			struct diff d = diff_take(e, f->mark, false);
			d.out = out;
			trail_rewind(e, mark);
			sides[side] = diff_join(e, &sides[side], &d);
		}
	}
	struct diff all = diff_join(e, &sides[0], &sides[1]);
	trail_rewind(e, f->mark);
	struct outcome o = {0};
	o.when[1] = advantage(e, &sides[1], &all);
	o.when[0] = advantage(e, &sides[0], &all);
	if (!sides[0].alive)
		o.status = TRUTH_YES;
	if (!sides[1].alive)
		o.status = TRUTH_NO;
	diff_apply(e, &all);
	if (e->out && e->out == f->out) {
		e->out->n = f->out_mark;
		if (all.out)
			chunks_add_value(e, e->out, all.out);
	}
	restore_locals(e, f);
	return o;
}

static void keep_files(struct eval *e, size_t mark)
{
	struct diff d = diff_take(e, mark, true);
	for (size_t i = 0; i < d.n; i++) {
		enum cell_kind kind = d.items[i].cell->kind;
		if (kind == CELL_FILE || kind == CELL_CHECK)
			cell_set(e, d.items[i].cell, d.items[i].value);
	}
}

struct outcome eval_subshell(struct eval *e, const struct shell_list *list)
{
	struct frame f = frame_open(e, FRAME_SUBSHELL);
	unsigned gates = e->gates;
	e->frame = &f;
	struct outcome o = eval_list(e, list);
	o = frame_close(e, &f, o);
	keep_files(e, f.mark);
	o.dead = false;
	e->gates = gates;
	return o;
}

struct value eval_capture(struct eval *e, const struct shell_list *list, const struct unit *unit,
	const struct value *in)
{
	struct chunks collected = {0};
	struct chunks *out = e->out;
	const struct value *old_in = e->in;
	const struct unit *old_unit = e->unit;
	e->out = &collected;
	e->unit = unit;
	if (in)
		e->in = in;
	bool clears = e->process->dialect != SHELL_POSIX;
	e->ignoring += clears;
	e->captured = eval_subshell(e, list);
	e->ignoring -= clears;
	e->out = out;
	e->in = old_in;
	e->unit = old_unit;
	return chunks_value(e, &collected);
}
