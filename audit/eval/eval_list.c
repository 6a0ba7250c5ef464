#include "audit/eval/eval.h"

#define LIST_DEPTH_MAX 400
#define UNROLL_MAX 64
#define COUNTED_MAX 32

/* ---- Pipelines ------------------------------------------------------------------------------ */

static struct outcome piece_body(struct eval *e, const struct shell_command *c)
{
	unsigned gates = e->gates;
	struct frame f = frame_open(e, FRAME_SUBSHELL);
	e->frame = &f;
	struct outcome o = eval_command(e, c);
	o = frame_close(e, &f, o);
	struct diff d = diff_take(e, f.mark, true);
	for (size_t i = 0; i < d.n; i++) {
		enum cell_kind kind = d.items[i].cell->kind;
		if (kind == CELL_FILE || kind == CELL_CHECK)
			cell_set(e, d.items[i].cell, d.items[i].value);
	}
	o.dead = false;
	e->gates = gates;
	return o;
}

/* What tools print of a check that was good, and of no other. */
static bool says_good(struct str text)
{
	static const char *const words[] = {
		"OK", "Good", "good", "GOODSIG", "VALIDSIG", "Verified"};
	for (size_t i = 0; i < countof(words); i++)
		if (str_contains(text, str_from(words[i])))
			return true;
	return false;
}

/* `grep OK` and the like at the end of a check hand its result on. */
static bool passes_result(struct eval *e, const struct shell_command *c)
{
	if (c->kind != SHELL_SIMPLE || c->word_count < 2 || c->words[0]->part_count != 1)
		return false;
	const struct shell_part *p = &c->words[0]->parts[0];
	if (p->kind != SHELL_LITERAL || !word_in(p->text, "grep egrep fgrep"))
		return false;
	bool good = false;
	for (size_t i = 1; i < c->word_count; i++) {
		struct value v = eval_word(e, c->words[i]);
		struct str text = value_display(e, &v);
		bool option = str_has_prefix(text, STR("-"));
		if (option && !str_has_prefix(text, STR("--")) &&
			str_find_byte(text, 'v') != STR_NPOS)
			return false;
		good = good || (!option && says_good(text));
	}
	return good;
}

/* `cat <<EOF |` hands on the lines of the here-document. */
static struct place heredoc_place(struct eval *e, const struct shell_command *c)
{
	struct place none = {0};
	for (size_t i = 0; i < c->redir_count; i++)
		if (c->redirs[i].op == SHELL_REDIR_HEREDOC && c->redirs[i].body)
			return (struct place){e->unit, c->redirs[i].body->span, true};
	return none;
}

static struct outcome eval_pieces(struct eval *e, const struct shell_pipeline *p)
{
	struct chunks *out = e->out;
	const struct value *in = e->in;
	struct place in_place = e->in_place;
	struct outcome o = {0};
	const struct credit *all = NULL;
	bool pipefail = option_on(e, OPTION_PIPEFAIL);
	enum guard guard = e->guard;
	struct str_list commands = {0};
	struct str_list *outer = e->piece;
	struct str_list upstream = e->upstream;
	e->piece = &commands;
	for (size_t i = 0; i < p->command_count && charge(e, 4); i++) {
		bool last = i + 1 == p->command_count;
		struct chunks collected = {0};
		e->out = last ? out : &collected;
		e->ignoring += !last && !pipefail;
		e->guard = last || pipefail ? guard : GUARD_NONE;
		struct outcome piece = piece_body(e, p->commands[i]);
		e->ignoring -= !last && !pipefail;
		if (last && i > 0 && o.when[1] && passes_result(e, p->commands[i]))
			piece.when[1] = credit_union(e, piece.when[1], o.when[1]);
		if (e->in)
			piece.gates |= value_gates(e->in);
		o = piece;
		all = credit_union(e, all, piece.when[1]);
		if (!last) {
			struct value *v = arena_new(e->scratch, struct value);
			*v = chunks_value(e, &collected);
			e->in = v;
			e->in_place = heredoc_place(e, p->commands[i]);
			e->upstream = commands;
		}
	}
	e->piece = outer;
	e->upstream = upstream;
	e->out = out;
	e->in = in;
	e->in_place = in_place;
	e->guard = guard;
	if (pipefail)
		o.when[1] = all;
	return o;
}

static struct outcome eval_pipeline(struct eval *e, const struct shell_pipeline *p)
{
	struct outcome o;
	e->ignoring += p->negated;
	if (p->command_count == 1)
		o = eval_command(e, p->commands[0]);
	else
		o = eval_pieces(e, p);
	e->ignoring -= p->negated;
	if (!p->negated)
		return o;
	const struct credit *yes = o.when[1];
	o.when[1] = o.when[0];
	o.when[0] = yes;
	if (o.status != TRUTH_UNKNOWN)
		o.status = o.status == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
	return o;
}

/* ---- && and || ------------------------------------------------------------------------------ */

static bool last_word_is(const struct shell_pipeline *p, const char *names, unsigned depth)
{
	const struct shell_command *c = p->command_count ? p->commands[p->command_count - 1] : NULL;
	if (!c || depth > 8)
		return false;
	if (c->kind == SHELL_GROUP && c->body && c->body->item_count > 0)
		return last_word_is(
			c->body->items[c->body->item_count - 1].pipeline, names, depth + 1);
	if (c->kind != SHELL_SIMPLE || c->word_count == 0 || c->words[0]->part_count != 1)
		return false;
	const struct shell_part *w = &c->words[0]->parts[0];
	return w->kind == SHELL_LITERAL && word_in(w->text, names);
}

/* ends: errexit acts on what is next. */
static enum guard guard_by(
	const struct shell_item *item, const struct shell_pipeline *next, bool ends)
{
	if (item->next != SHELL_OR)
		return GUARD_NONE;
	if (last_word_is(next, "exit return die fail fatal abort error err", 0))
		return GUARD_FATAL;
	if (ends && last_word_is(next, "false", 0))
		return GUARD_FATAL;
	return last_word_is(next, "true : echo printf logger", 0) ? GUARD_IGNORED : GUARD_NONE;
}

static bool errors_end(const struct eval *e)
{
	bool ends = option_on(e, OPTION_ERREXIT) ||
		(option_on(e, OPTION_ERRTRAP) && e->function.n == 0);
	return ends && e->ignoring == 0;
}

/* Under errexit a failure ends the shell here, so what follows may rely on success. */
static void rely(struct eval *e, struct outcome *o)
{
	if (o->dead || !errors_end(e) || !o->when[1])
		return;
	frame_end_path(e, FRAME_PROCESS, TRUTH_NO);
	credit_apply(e, o->when[1], true);
}

static struct outcome join_and_or(
	struct eval *e, enum shell_connector how, struct outcome a, struct outcome b)
{
	struct outcome o = {.gates = a.gates | b.gates};
	if (how == SHELL_AND) {
		if (!b.dead)
			o.when[1] = credit_union(e, a.when[1], b.when[1]);
		o.status = a.status == TRUTH_YES ? b.status : a.status;
	} else {
		if (b.status == TRUTH_NO || b.dead)
			o.when[1] = a.when[1];
		o.when[0] = credit_union(e, a.when[0], b.when[0]);
		o.status = a.status == TRUTH_NO ? b.status : a.status;
	}
	return o;
}

/* A right side that is being evaluated: where its branch began, and what its left side gave. */
struct right {
	struct branch branch;
	unsigned gates;
	struct outcome left;
};

/*
 * The right side of an operator, in a branch of its own. The caller closes it with end_right.
 * relied: it is the last one, so errexit counts.
 */
static struct outcome begin_right(struct eval *e, struct right *r, enum shell_connector how,
	const struct shell_item *item, bool relied)
{
	r->branch = branch_begin(e);
	r->gates = e->gates;
	e->gates |= r->left.gates;
	credit_apply(e, r->left.when[how == SHELL_AND], true);
	e->conditional++;
	e->ignoring += !relied;
	struct outcome o = eval_pipeline(e, item->pipeline);
	e->ignoring -= !relied;
	if (relied)
		rely(e, &o);
	/* `check || { echo bad; false; }` */
	bool fails = how == SHELL_OR && o.status == TRUTH_NO && !item->pipeline->negated;
	if (relied && fails && !o.dead && errors_end(e)) {
		frame_end_path(e, FRAME_PROCESS, TRUTH_NO);
		o.dead = true;
	}
	e->last = o.when[1];
	return o;
}

static struct outcome end_right(
	struct eval *e, struct right *r, enum shell_connector how, struct outcome o)
{
	e->conditional--;
	e->last = NULL;
	e->gates = r->gates;
	if (o.dead)
		e->gates |= r->left.gates; /* the rest runs only when the left side said so */
	enum truth goes = how == SHELL_AND ? TRUTH_YES : TRUTH_NO;
	enum truth left = r->left.status;
	branch_path(e, &r->branch, o.dead || (left != TRUTH_UNKNOWN && left != goes));
	credit_apply(e, r->left.when[how != SHELL_AND], o.dead);
	branch_path(e, &r->branch, left == goes);
	struct outcome both = join_and_or(e, how, r->left, o);
	both.dead = !branch_end(e, &r->branch);
	return both;
}

static size_t and_run(const struct shell_item *items, size_t from, size_t n)
{
	size_t to = from;
	while (to < n && items[to - 1].next == SHELL_AND)
		to++;
	return to > from ? to - from : 1;
}

/*
 * `a && b && c` is read as `a && (b && c)`, which means the same: what b did (a cd, say) holds
 * where c runs, instead of being joined with the state in which b never ran.
 */
static struct outcome eval_and_or(struct eval *e, const struct shell_item *items, size_t n)
{
	enum guard guard = e->guard;
	bool ends = errors_end(e);
	e->ignoring += n > 1;
	e->guard = n > 1 ? guard_by(&items[0], items[1].pipeline, n == 2 && ends) : guard;
	struct outcome o = eval_pipeline(e, items[0].pipeline);
	e->ignoring -= n > 1;
	e->last = o.when[1];
	if (n == 1)
		rely(e, &o);
	for (size_t i = 1; i < n && !o.dead;) {
		enum shell_connector how = items[i - 1].next;
		size_t run = and_run(items, i, n);
		struct right *open = arena_array(e->scratch, struct right, run);
		size_t opened = 0;
		while (opened < run && !o.dead && charge(e, 2)) {
			bool last = i + opened + 1 == n;
			const struct shell_item *item = &items[i + opened];
			open[opened].left = o;
			e->guard = last
				? guard
				: guard_by(item, item[1].pipeline, ends && i + opened + 2 == n);
			o = begin_right(e, &open[opened++], how, item, last);
		}
		if (opened == 0)
			break;
		for (size_t k = opened; k > 0; k--)
			o = end_right(e, &open[k - 1], how, o);
		i += run;
	}
	e->guard = guard;
	return o;
}

struct outcome eval_list(struct eval *e, const struct shell_list *list)
{
	struct outcome o = {.status = TRUTH_YES};
	if (!list)
		return o;
	if (++e->depth > LIST_DEPTH_MAX) {
		e->depth--;
		emit_opaque(e, NULL, "bound", STR("commands nest too deeply"), (struct str){0});
		return outcome_unknown();
	}
	for (size_t i = 0; i < list->item_count && charge(e, 8);) {
		size_t end = i + 1;
		while (end < list->item_count &&
			(list->items[end - 1].next == SHELL_AND ||
				list->items[end - 1].next == SHELL_OR))
			end++;
		bool background = list->items[end - 1].next == SHELL_BACKGROUND;
		bool old = e->background;
		e->background = old || background;
		e->ignoring += background;
		o = eval_and_or(e, &list->items[i], end - i);
		e->ignoring -= background;
		e->background = old;
		if (background) {
			e->job = o.when[1];
			o = (struct outcome){.status = TRUTH_YES};
		}
		i = end;
		if (o.dead)
			break;
	}
	e->depth--;
	return o;
}

/* ---- Compound commands ---------------------------------------------------------------------- */

static struct outcome eval_condition(struct eval *e, const struct shell_list *list)
{
	enum guard guard = e->guard;
	e->guard = GUARD_NONE;
	e->ignoring++;
	struct outcome o = eval_list(e, list);
	e->ignoring--;
	e->guard = guard;
	return o;
}

static struct outcome eval_if(struct eval *e, const struct shell_command *c)
{
	struct outcome cond = eval_condition(e, c->cond);
	if (cond.dead)
		return cond;
	unsigned gates = e->gates;
	struct branch b = branch_begin(e);
	e->conditional++;
	e->gates |= cond.gates;
	credit_apply(e, cond.when[1], true);
	struct outcome yes = eval_list(e, c->body);
	branch_path(e, &b, yes.dead || cond.status == TRUTH_NO);
	credit_apply(e, cond.when[0], true);
	struct outcome no = eval_list(e, c->otherwise);
	branch_path(e, &b, no.dead || cond.status == TRUTH_YES);
	e->conditional--;
	struct outcome o = {.dead = !branch_end(e, &b), .gates = yes.gates | no.gates};
	e->gates = gates;
	if (yes.dead != no.dead)
		e->gates |= cond.gates; /* what follows runs on one side only */
	/* `if check; then true; else false; fi` hands the check on. */
	if (no.dead || no.status == TRUTH_NO || cond.status == TRUTH_YES)
		o.when[1] = credit_union(e, cond.when[1], yes.when[1]);
	if (yes.dead || yes.status == TRUTH_NO || cond.status == TRUTH_NO)
		o.when[1] = credit_union(e, cond.when[0], no.when[1]);
	return o;
}

static void forget(struct eval *e, struct str name)
{
	const struct variable *old = variable_find(e, name);
	if (!old)
		return;
	struct value v = value_unknown(
		e, arena_printf(e->scratch, "${%.*s}", STR_ARG(name)), value_taint(e, &old->value));
	variable_set(e, name, &v, false);
}

static void forget_assigned(void *ctx, const struct shell_command *c)
{
	struct eval *e = ctx;
	charge(e, 1);
	for (size_t i = 0; i < c->assign_count; i++)
		forget(e, c->assigns[i].name);
}

/* Before a loop whose rounds are not counted: what it assigns is not known any more. */
static void forget_in(struct eval *e, const struct shell_list *list)
{
	if (list)
		shell_visit(list, forget_assigned, e);
}

/* The body, once; continue ends it. */
static struct outcome eval_round(struct eval *e, const struct shell_list *body)
{
	struct frame round = frame_open(e, FRAME_ROUND);
	e->frame = &round;
	return frame_close(e, &round, eval_list(e, body));
}

/* The rounds of while and until: none, or one that stands for all. */
static struct outcome while_rounds(struct eval *e, const struct shell_command *c)
{
	int leave = c->kind == SHELL_UNTIL;
	struct outcome cond = eval_condition(e, c->cond);
	if (cond.dead)
		return cond;
	unsigned gates = e->gates;
	struct branch b = branch_begin(e);
	e->conditional++;
	e->gates |= cond.gates;
	credit_apply(e, cond.when[!leave], true);
	struct outcome body = eval_round(e, c->body);
	if (!body.dead && cond.when[leave])
		credit_apply(e, eval_condition(e, c->cond).when[leave], true);
	e->conditional--;
	/* `while true` is left by break only. */
	bool stays = cond.status == (leave ? TRUTH_NO : TRUTH_YES) && e->frame->ended[1].alive;
	branch_path(e, &b, body.dead || stays);
	/* `while [ $(date +%s) -lt N ]; do sleep 60; done` holds what follows back. */
	e->gates = gates | cond.gates;
	credit_apply(e, cond.when[leave], true);
	branch_path(e, &b, stays);
	return (struct outcome){.dead = !branch_end(e, &b)};
}

/* A loop of this shell or function is being run. */
static bool in_loop(const struct eval *e)
{
	for (const struct frame *f = e->frame; f; f = f->up) {
		if (f->kind == FRAME_LOOP)
			return true;
		if (f->kind == FRAME_FUNCTION || f->kind == FRAME_PROCESS)
			return false;
	}
	return false;
}

/*
 * Rounds whose conditions are known, as in `while [ $# -gt 0 ]; do ...; shift; done`. False when
 * one is reached that is not, or that may be the last: it and those after it are run for any.
 */
static bool counted_rounds(struct eval *e, const struct shell_command *c, struct outcome *out)
{
	enum truth go = c->kind == SHELL_UNTIL ? TRUTH_NO : TRUTH_YES;
	for (unsigned i = 0; i < COUNTED_MAX && charge(e, 4); i++) {
		struct outcome cond = eval_condition(e, c->cond);
		*out = cond;
		if (cond.dead)
			return true;
		if (cond.status == TRUTH_UNKNOWN || cond.gates != 0)
			return false;
		if (cond.status != go) {
			credit_apply(e, cond.when[go == TRUTH_NO], true);
			*out = (struct outcome){.status = TRUTH_YES};
			return true;
		}
		*out = eval_round(e, c->body);
		if (out->dead)
			return true;
		if (e->frame->ended[0].alive || e->frame->ended[1].alive)
			return false;
	}
	return false;
}

static struct outcome eval_while(struct eval *e, const struct shell_command *c)
{
	/* Loops in loops would take rounds times rounds. */
	bool countable = e->looping == 0 && !in_loop(e);
	struct outcome o;
	struct frame loop = frame_open(e, FRAME_LOOP);
	e->frame = &loop;
	if (!countable || !counted_rounds(e, c, &o)) {
		forget_in(e, c->cond);
		forget_in(e, c->body);
		e->looping++;
		o = while_rounds(e, c);
		e->looping--;
	}
	return frame_close(e, &loop, o);
}

static bool has_pattern(struct str s)
{
	return str_find_byte(s, '*') != STR_NPOS || str_find_byte(s, '?') != STR_NPOS;
}

/* The fields of the words of a loop; false when one of them is not known. */
static bool loop_fields(struct eval *e, const struct shell_command *c, struct value_list *out)
{
	struct chunks raw = {0};
	if (!c->has_in) {
		const struct args *a = args_of(e);
		for (size_t i = 0; i < a->n; i++)
			list_push(e->scratch, out) = a->items[i];
		return !a->open;
	}
	for (size_t i = 0; i < c->word_count; i++)
		eval_fields(e, c->words[i], &raw);
	struct value all = {raw.items, raw.n};
	size_t variants = value_variants(&all);
	for (size_t i = 0; i < variants; i++) {
		struct value v = value_variant(e, &all, i);
		split_fields(e, &v, out);
	}
	for (size_t i = 0; i < out->n; i++) {
		struct str s;
		const struct value *v = &out->items[i];
		if (!value_const(e, v, &s))
			return false;
		for (size_t k = 0; k < v->n; k++)
			if (v->items[k].glob && has_pattern(s))
				return false;
	}
	return true;
}

static struct outcome eval_rounds(
	struct eval *e, const struct shell_command *c, const struct value_list *fields)
{
	struct outcome o = {.status = TRUTH_YES};
	struct frame loop = frame_open(e, FRAME_LOOP);
	e->frame = &loop;
	for (size_t i = 0; i < fields->n && !o.dead && charge(e, 4); i++) {
		variable_set(e, c->name, &fields->items[i], false);
		o = eval_round(e, c->body);
	}
	return frame_close(e, &loop, o);
}

static struct outcome eval_for(struct eval *e, const struct shell_command *c)
{
	struct value_list fields = {0};
	bool known = c->kind == SHELL_FOR && loop_fields(e, c, &fields);
	if (known && fields.n <= UNROLL_MAX && fields.n > 0)
		return eval_rounds(e, c, &fields);
	if (fields.n > UNROLL_MAX && known)
		emit_opaque(e, NULL, "bound", STR("a loop over too many words"), (struct str){0});
	const struct taint *t = NULL;
	for (size_t i = 0; i < fields.n; i++)
		t = taint_union(e, t, value_taint(e, &fields.items[i]));
	struct branch b = branch_begin(e);
	forget_in(e, c->body);
	if (c->kind != SHELL_FOR_ARITH) {
		struct value v =
			value_unknown(e, arena_printf(e->scratch, "${%.*s}", STR_ARG(c->name)), t);
		if (fields.n == 1)
			v = fields.items[0];
		variable_set(e, c->name, &v, false);
	}
	struct frame loop = frame_open(e, FRAME_LOOP);
	e->frame = &loop;
	e->conditional++;
	e->looping++;
	struct outcome o = frame_close(e, &loop, eval_round(e, c->body));
	e->looping--;
	e->conditional--;
	branch_path(e, &b, o.dead);
	branch_path(e, &b, false);
	branch_end(e, &b);
	return outcome_unknown();
}

static bool catches_all(const struct shell_case_item *item)
{
	for (size_t i = 0; i < item->pattern_count; i++)
		if (item->patterns[i]->part_count == 1 &&
			item->patterns[i]->parts[0].kind == SHELL_LITERAL &&
			str_is(item->patterns[i]->parts[0].text, "*"))
			return true;
	return false;
}

/* `case $(sha256sum FILE) in DIGEST*)` is a comparison. */
static const struct credit *case_credit(struct eval *e, const struct shell_command *c,
	const struct value *subject, const struct shell_case_item *item)
{
	const struct digest_of *d = value_digest(subject);
	if (!d || item->pattern_count != 1)
		return NULL;
	struct value pattern = eval_word(e, item->patterns[0]);
	struct str text = value_prefix(e, &pattern);
	if (!is_digest_text(str_sub(text, 0, str_find_byte(text, '*'))))
		return NULL;
	struct command here = {.node = c, .origin = unit_origin(e->unit, &c->span)};
	here = command_new(e, &here, &pattern, 1);
	struct checked k = {
		d->object, d->taint, "compare", digest_reason(e, d->algorithm, &pattern)};
	return check_made(e, &here, &k, NULL);
}

/* Patterns that pattern_match does not know as the shell does. */
static bool is_plain_pattern(const struct shell_word *w)
{
	for (size_t i = 0; i < w->part_count; i++)
		if (w->parts[i].kind == SHELL_EXTGLOB ||
			(w->parts[i].kind == SHELL_LITERAL &&
				str_contains(w->parts[i].text, STR("[:"))))
			return false;
	return true;
}

/*
 * Whether the item is taken, when subject and patterns are known; not in loops, where the first
 * round does not tell of the others.
 */
static enum truth item_matches(
	struct eval *e, const struct value *subject, const struct shell_case_item *item)
{
	struct str text;
	enum truth found = TRUTH_NO;
	if (e->looping > 0 || value_gates(subject) || !value_const(e, subject, &text))
		return TRUTH_UNKNOWN;
	for (size_t i = 0; i < item->pattern_count; i++) {
		struct str pattern;
		if (!is_plain_pattern(item->patterns[i]) ||
			!word_pattern(e, item->patterns[i], &pattern))
			found = TRUTH_UNKNOWN;
		else if (pattern_match(pattern, text, false))
			return TRUTH_YES;
	}
	return found;
}

static struct outcome eval_item(
	struct eval *e, const struct shell_command *c, size_t i, const struct value *subject)
{
	struct outcome o = {0};
	credit_apply(e, case_credit(e, c, subject, &c->items[i]), true);
	/* ;& goes on into the next body. */
	for (size_t k = i; k < c->item_count && !o.dead && charge(e, 1); k++) {
		o = eval_list(e, c->items[k].body);
		if (c->items[k].terminator != '&')
			break;
	}
	return o;
}

/*
 * What is surely not taken is run for its facts, since a later build may take it; what it changes
 * is forgotten.
 */
static struct outcome eval_case(struct eval *e, const struct shell_command *c)
{
	struct value subject = eval_word(e, c->subject);
	unsigned gates = e->gates;
	bool ended = false;
	struct branch b = branch_begin(e);
	bool all = false;
	bool first = true; /* no item above may have been taken */
	e->gates |= value_gates(&subject);
	for (size_t i = 0; i < c->item_count && charge(e, 4); i++) {
		enum truth taken = item_matches(e, &subject, &c->items[i]);
		bool sure = taken == TRUTH_YES && c->items[i].terminator == ';';
		e->conditional += !(sure && first);
		struct outcome o = eval_item(e, c, i, &subject);
		e->conditional -= !(sure && first);
		branch_path(e, &b, o.dead || all || taken == TRUTH_NO);
		ended = ended || o.dead;
		first = first && taken == TRUTH_NO;
		all = all || sure || catches_all(&c->items[i]);
	}
	if (!all)
		branch_path(e, &b, false);
	if (!ended)
		e->gates = gates;
	return (struct outcome){.dead = !branch_end(e, &b)};
}

static struct outcome define_function(struct eval *e, const struct shell_command *c)
{
	struct cell *cell = cell_of(e, &e->process->functions, c->name, CELL_FUNCTION);
	struct function *f = arena_new(e->scratch, struct function);
	f->body = c->inner;
	f->unit = e->unit;
	f->name = c->name;
	cell_set(e, cell, f);
	return (struct outcome){.status = TRUTH_YES};
}

static struct outcome eval_arith_command(struct eval *e, const struct shell_command *c)
{
	struct value v = eval_word(e, c->subject);
	struct str s;
	if (!value_const(e, &v, &s))
		return outcome_unknown();
	/* An assignment or ++ changes a variable in a way that is not followed. */
	bool assigns = str_find_byte(s, '=') != STR_NPOS || str_contains(s, STR("++")) ||
		str_contains(s, STR("--"));
	for (size_t i = 0; assigns && i < s.n;) {
		size_t start = i;
		while (i < s.n && (s.p[i] == '_' || (s.p[i] | 32) >= 'a') && s.p[i] != '|' &&
			s.p[i] != '~')
			i++;
		if (i > start)
			forget(e, str_sub(s, start, i - start));
		else
			i++;
	}
	return outcome_unknown();
}

static struct outcome eval_compound(struct eval *e, const struct shell_command *c)
{
	switch (c->kind) {
	case SHELL_SUBSHELL:
		return eval_subshell(e, c->body);
	case SHELL_GROUP:
		return eval_list(e, c->body);
	case SHELL_IF:
		return eval_if(e, c);
	case SHELL_WHILE:
	case SHELL_UNTIL:
		return eval_while(e, c);
	case SHELL_FOR:
	case SHELL_FOR_ARITH:
	case SHELL_SELECT:
		return eval_for(e, c);
	case SHELL_CASE:
		return eval_case(e, c);
	case SHELL_FUNCTION:
		return define_function(e, c);
	case SHELL_ARITH_COMMAND:
		return eval_arith_command(e, c);
	case SHELL_COND:
		return eval_cond(e, c);
	case SHELL_COPROC:
		eval_command(e, c->inner);
		return outcome_unknown();
	case SHELL_SIMPLE:
	case SHELL_CMD_NONE:
		break;
	}
	return outcome_unknown();
}

struct outcome eval_command(struct eval *e, const struct shell_command *c)
{
	if (!charge(e, 8))
		return outcome_unknown();
	if (++e->depth > LIST_DEPTH_MAX) {
		e->depth--;
		emit_opaque(e, NULL, "bound", STR("commands nest too deeply"), (struct str){0});
		return outcome_unknown();
	}
	struct outcome o;
	e->node = c;
	if (c->kind == SHELL_SIMPLE)
		o = eval_simple(e, c);
	else if (c->redir_count > 0 && c->kind != SHELL_FUNCTION)
		o = with_redirs(e, c, eval_compound);
	else
		o = eval_compound(e, c);
	e->depth--;
	return o;
}
