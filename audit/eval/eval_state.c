#include "audit/eval/eval.h"

static const struct args no_args = {0};

bool charge(struct eval *e, size_t work)
{
	if (e->exhausted)
		return false;
	e->work += work;
	if (e->work <= e->work_max && e->scratch->used <= e->scratch_max)
		return true;
	e->exhausted = true;
	emit_opaque(
		e, NULL, "bound", STR("the code takes too much work to follow"), (struct str){0});
	return false;
}

/* ---- Cells and branches --------------------------------------------------------------------- */

struct cell *cell_of(struct eval *e, struct map *m, struct str key, enum cell_kind kind)
{
	struct cell *c = map_find(m, key);
	if (c)
		return c;
	c = arena_new(e->scratch, struct cell);
	c->kind = kind;
	c->key = arena_str(e->scratch, key);
	map_put(m, e->scratch, c->key, c);
	return c;
}

void cell_set(struct eval *e, struct cell *c, const void *value)
{
	if (c->value == value)
		return;
	list_push(e->scratch, &e->trail) = (struct trail_entry){c, c->value};
	c->value = value;
}

void trail_rewind(struct eval *e, size_t mark)
{
	while (e->trail.n > mark) {
		struct trail_entry *t = &e->trail.items[--e->trail.n];
		t->cell->value = t->old;
	}
}

/* The changes since the mark, each cell once; undone when asked. */
struct diff diff_take(struct eval *e, size_t mark, bool undo)
{
	struct diff d = {.alive = true};
	uint32_t stamp = ++e->stamp;
	charge(e, e->trail.n - mark);
	for (size_t i = mark; i < e->trail.n; i++) {
		struct cell *c = e->trail.items[i].cell;
		if (c->stamp == stamp)
			continue;
		c->stamp = stamp;
		list_push(e->scratch, &d) = (struct diff_entry){c, c->value, e->trail.items[i].old};
	}
	if (undo)
		trail_rewind(e, mark);
	return d;
}

void diff_apply(struct eval *e, const struct diff *d)
{
	for (size_t i = 0; i < d->n; i++)
		cell_set(e, d->items[i].cell, d->items[i].value);
}

static const void *join_variable(
	struct eval *e, const struct cell *c, const struct variable *a, const struct variable *b)
{
	if (!a && !b)
		return NULL;
	struct str label = arena_printf(e->scratch, "${%.*s}", STR_ARG(c->key));
	struct value other = value_unknown(e, label, NULL);
	struct variable *v = arena_new(e->scratch, struct variable);
	*v = a ? *a : *b;
	if (a && b && (a->array || b->array)) {
		v->array = false;
		v->value = value_unknown(e, label,
			taint_union(e, value_taint(e, &a->value), value_taint(e, &b->value)));
		return v;
	}
	struct value va = a ? a->value : other;
	struct value vb = b ? b->value : other;
	v->value = value_join(e, &va, &vb, label);
	v->unset = a && b && a->unset && b->unset;
	v->object = a && b && a->object == b->object ? a->object : NULL;
	v->exported = (a && a->exported) || (b && b->exported);
	return v;
}

static const void *join_file(struct eval *e, const struct file *a, const struct file *b)
{
	/* Absent on one side: it is there after the other, which is what matters. */
	if (!a || (a->deleted && b))
		return b;
	if (!b || b->deleted)
		return a;
	struct file *f = arena_new(e->scratch, struct file);
	*f = *a;
	f->content = value_join(e, &a->content, &b->content, STR("…"));
	f->tree = a->tree || b->tree;
	f->binary = a->binary || b->binary;
	f->created = a->created && b->created;
	if (!value_equal(&a->content, &b->content))
		f->upload = NULL;
	if (a->edits.n > 0 && b->edits.n > 0 && !str_eq(a->edits, b->edits))
		f->edits = arena_printf(
			e->scratch, "%.*s\n%.*s", STR_ARG(a->edits), STR_ARG(b->edits));
	else if (a->edits.n == 0)
		f->edits = b->edits;
	return f;
}

/* NULL: the path does not have the source. */
static const void *join_check(struct eval *e, const struct check *a, const struct check *b)
{
	if (!a || a == &check_gone)
		return b ? b : a;
	if (!b || b == &check_gone)
		return a;
	const struct check *low = b->strength < a->strength ? b : a;
	const struct check *high = low == a ? b : a;
	if (low->strength != STRENGTH_NONE)
		return low;
	struct check *weaker = arena_new(e->scratch, struct check);
	*weaker = *high;
	weaker->strength = STRENGTH_INEFFECTIVE;
	weaker->reason = STR("not-dominating");
	return weaker;
}

static const void *join_args(struct eval *e, const struct args *a, const struct args *b)
{
	if (!a || !b)
		return a ? a : b;
	struct args *out = arena_new(e->scratch, struct args);
	*out = a->n >= b->n ? *a : *b;
	out->n = a->n < b->n ? a->n : b->n;
	out->open = true;
	return out;
}

#define DEFINITIONS_MAX 4

static const void *join_function(struct eval *e, const struct function *a, const struct function *b)
{
	unsigned n = 1;
	if (!a || !b)
		return a ? a : b;
	for (const struct function *f = a; f; f = f->other, n++)
		if (f->body == b->body)
			return a;
	if (n > DEFINITIONS_MAX) {
		emit_opaque(e, NULL, "bound", STR("too many definitions of a function"), a->name);
		return a;
	}
	struct function *first = arena_new(e->scratch, struct function);
	*first = *b;
	first->other = a;
	return first;
}

static const void *join_value(
	struct eval *e, const struct diff_entry *at, const void *a, const void *b)
{
	const struct cell *c = at->cell;
	if (a == b)
		return a;
	switch (c->kind) {
	case CELL_VARIABLE:
		return join_variable(e, c, a, b);
	case CELL_FILE:
		return join_file(e, a, b);
	case CELL_CHECK:
		return join_check(e, a, b);
	case CELL_ARGS:
		return join_args(e, a, b);
	case CELL_FUNCTION:
		return join_function(e, a, b);
	case CELL_OPTION:
		return NULL; /* on only when on both paths */
	case CELL_TRAP:
		return a ? a : b;
	case CELL_TEXT:
	case CELL_NONE:
		break;
	}
	/* `cd DIR && …`: what follows is meant for the directory that was entered. */
	if (a == at->old || b == at->old)
		return a == at->old ? b : a;
	struct str *unknown = arena_new(e->scratch, struct str);
	*unknown = arena_printf(e->scratch, "?%u", ++e->names);
	return unknown;
}

struct diff diff_join(struct eval *e, const struct diff *a, const struct diff *b)
{
	if (!a->alive)
		return *b;
	if (!b->alive)
		return *a;
	uint32_t stamp = ++e->stamp;
	const struct diff *sides[2] = {a, b};
	struct diff out = {.alive = true};
	charge(e, a->n + b->n);
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sides[s]->n; i++) {
			struct cell *c = sides[s]->items[i].cell;
			c->stamp_side[s] = stamp;
			c->side[s] = sides[s]->items[i].value;
		}
	}
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sides[s]->n; i++) {
			const struct diff_entry *at = &sides[s]->items[i];
			const struct cell *c = at->cell;
			bool both = c->stamp_side[!s] == stamp;
			if (both && s == 1)
				continue;
			const void *va = s == 0 || both ? c->side[0] : at->old;
			const void *vb = s == 1 || both ? c->side[1] : at->old;
			const void *joined = join_value(e, at, va, vb);
			list_push(e->scratch, &out) =
				(struct diff_entry){at->cell, joined, at->old};
		}
	}
	struct value empty = {0};
	if (a->out || b->out) {
		struct value *v = arena_new(e->scratch, struct value);
		*v = value_join(e, a->out ? a->out : &empty, b->out ? b->out : &empty, STR("…"));
		out.out = v;
	}
	return out;
}

struct branch branch_begin(struct eval *e)
{
	return (struct branch){.mark = e->trail.n, .out_mark = e->out ? e->out->n : 0};
}

const struct value *take_out(struct eval *e, size_t mark)
{
	if (!e->out || e->out->n <= mark)
		return NULL;
	struct chunks part = {0};
	for (size_t i = mark; i < e->out->n; i++)
		list_push(e->scratch, &part) = e->out->items[i];
	e->out->n = mark;
	struct value *v = arena_new(e->scratch, struct value);
	*v = chunks_value(e, &part);
	return v;
}

void branch_path(struct eval *e, struct branch *b, bool dead)
{
	struct diff d = diff_take(e, b->mark, true);
	d.out = take_out(e, b->out_mark);
	if (!dead)
		b->joined = diff_join(e, &b->joined, &d);
}

bool branch_end(struct eval *e, struct branch *b)
{
	diff_apply(e, &b->joined);
	if (b->joined.out && e->out)
		chunks_add_value(e, e->out, b->joined.out);
	return b->joined.alive;
}

/* ---- Processes, options, variables ---------------------------------------------------------- */

static void inherit(struct eval *e, struct process *p, const struct process *parent)
{
	charge(e, parent->variables.n);
	for (size_t i = 0; i < parent->variables.n; i++) {
		const struct cell *c = parent->variables.items[i].value;
		const struct variable *v = c->value;
		if (v && v->exported)
			cell_of(e, &p->variables, c->key, CELL_VARIABLE)->value = v;
	}
}

struct process *process_new(struct eval *e, const struct process *parent, enum shell_dialect d)
{
	struct process *p = arena_new(e->scratch, struct process);
	p->dialect = d;
	struct cell *cells = arena_array(e->scratch, struct cell, OPTION_COUNT + 3);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		p->options[i] = &cells[i];
		cells[i].kind = CELL_OPTION;
	}
	p->cwd = &cells[OPTION_COUNT];
	p->cwd->kind = CELL_TEXT;
	p->args = &cells[OPTION_COUNT + 1];
	p->args->kind = CELL_ARGS;
	p->exit_trap = &cells[OPTION_COUNT + 2];
	p->exit_trap->kind = CELL_TRAP;
	if (parent) {
		inherit(e, p, parent);
		p->cwd->value = parent->cwd->value;
	}
	return p;
}

bool option_on(const struct eval *e, enum shell_option o)
{
	return e->process->options[o]->value != NULL;
}

void option_set(struct eval *e, enum shell_option o, bool on)
{
	cell_set(e, e->process->options[o], on ? e->process : NULL);
}

const struct variable *variable_find(const struct eval *e, struct str name)
{
	const struct cell *c = map_find(&e->process->variables, name);
	return c ? c->value : NULL;
}

void variable_put(struct eval *e, struct str name, const struct variable *v)
{
	struct cell *c = cell_of(e, &e->process->variables, name, CELL_VARIABLE);
	struct variable *copy = arena_new(e->scratch, struct variable);
	*copy = *v;
	cell_set(e, c, copy);
}

static struct value clean_value(struct eval *e, const struct value *v)
{
	struct chunks out = {0};
	for (size_t i = 0; i < v->n; i++) {
		struct chunk c = v->items[i];
		c.brk = false;
		c.split = false;
		c.glob = false;
		c.quoted = false;
		chunks_add(e, &out, &c);
	}
	return chunks_value(e, &out);
}

void variable_set(struct eval *e, struct str name, const struct value *v, bool append)
{
	const struct variable *old = variable_find(e, name);
	struct variable next = {.exported = old && old->exported};
	next.value = clean_value(e, v);
	if (append) {
		struct chunks both = {0};
		struct value before = variable_value(e, name);
		chunks_add_value(e, &both, &before);
		chunks_add_value(e, &both, &next.value);
		next.value = chunks_value(e, &both);
	}
	e->programs = e->programs || str_is(name, "PATH");
	variable_put(e, name, &next);
}

void variable_export(struct eval *e, struct str name)
{
	const struct variable *old = variable_find(e, name);
	struct variable next = {0};
	if (old)
		next = *old;
	else
		next.value = variable_value(e, name);
	next.exported = true;
	variable_put(e, name, &next);
}

bool variable_is_ambient(struct str name)
{
	return word_in(name,
		"HOME PATH USER LOGNAME SHELL PWD OLDPWD HOSTNAME LANG TERM IFS UID "
		"EUID PPID RANDOM SECONDS SUDO_USER SUDO_UID SUDO_GID MAIL TZ "
		"BASH_VERSION BASH LINENO FUNCNAME OSTYPE MACHTYPE HOSTTYPE "
		"EPOCHSECONDS EPOCHREALTIME BASH_SOURCE BASH_VERSINFO BASHPID REPLY "
		"TMPDIR DPKG_MAINTSCRIPT_PACKAGE");
}

struct value variable_value(struct eval *e, struct str name)
{
	const struct variable *v = variable_find(e, name);
	if (v && v->array && v->element_count > 0)
		return v->elements[0].value;
	if (v)
		return v->value;
	if (str_is(name, "HOME"))
		return value_text(e, STR("~"));
	struct str cwd = cwd_of(e);
	if (str_is(name, "PWD") && cwd.n > 0 && cwd.p[0] != '?')
		return value_text(e, cwd);
	if (str_is(name, "IFS"))
		return value_text(e, STR(" \t\n"));
	if (str_is(name, "SHELL") || str_is(name, "BASH"))
		return value_text(e, STR("/bin/bash"));
	struct chunk *c = arena_new(e->scratch, struct chunk);
	c->kind = CHUNK_UNKNOWN;
	c->text = arena_printf(e->scratch, "${%.*s}", STR_ARG(name));
	c->unset = !variable_is_ambient(name) && !option_on(e, OPTION_NOUNSET);
	if (word_in(name, "EPOCHSECONDS EPOCHREALTIME SECONDS"))
		c->gates = GATE_TIME;
	else if (str_is(name, "HOSTNAME"))
		c->gates = GATE_PLACE;
	return (struct value){c, 1};
}

const struct args *args_of(const struct eval *e)
{
	const struct args *a = e->process->args->value;
	return a ? a : &no_args;
}

void args_set(struct eval *e, const struct value *items, size_t n, bool open)
{
	struct args *a = arena_new(e->scratch, struct args);
	a->items = items;
	a->n = n;
	a->open = open;
	cell_set(e, e->process->args, a);
}

struct str cwd_of(const struct eval *e)
{
	const struct str *s = e->process->cwd->value;
	return s ? *s : STR("~");
}

/* ---- Credits -------------------------------------------------------------------------------- */

const struct credit *credit_add(struct eval *e, const struct credit *list,
	const struct taint *taint, const struct check *check)
{
	struct credit *c = arena_new(e->scratch, struct credit);
	c->taint = taint;
	c->check = check;
	c->next = list;
	return c;
}

const struct credit *credit_union(struct eval *e, const struct credit *a, const struct credit *b)
{
	if (!a)
		return b;
	for (; b; b = b->next) {
		struct credit *c = arena_new(e->scratch, struct credit);
		*c = *b;
		c->next = a;
		a = c;
	}
	return a;
}

const struct check check_none = {.strength = STRENGTH_NONE, .reason = {"absent", 6}};
const struct check check_gone = {.strength = STRENGTH_NONE, .reason = {"absent", 6}};

const struct check *source_check(const struct source *s)
{
	const struct check *check = s->check ? s->check->value : NULL;
	return check && check->strength != STRENGTH_NONE ? check : NULL;
}

static void credit_check(struct eval *e, const struct taint *t, const struct check *check)
{
	for (; t; t = t->next) {
		if (!t->source->check)
			continue;
		const struct check *old = source_check(t->source);
		if (!old || old->strength < check->strength)
			cell_set(e, t->source->check, check);
	}
}

static struct str strength_name(const struct check *check)
{
	if (check->strength == STRENGTH_INEFFECTIVE)
		return STR("ineffective");
	return check->strength == STRENGTH_WEAK ? STR("weak") : STR("strong");
}

void credit_apply(struct eval *e, const struct credit *list, bool shown)
{
	for (const struct credit *c = list; c; c = c->next) {
		if (c->cell) {
			cell_set(e, c->cell, c->check);
			continue;
		}
		struct check *check = arena_new(e->scratch, struct check);
		*check = *c->check;
		bool weak = check->reason.n != 0 && !str_is(check->reason, "ignored");
		check->strength = weak ? STRENGTH_WEAK : STRENGTH_STRONG;
		if (str_is(check->reason, "itself"))
			check->strength = STRENGTH_INEFFECTIVE;
		if (!weak)
			check->reason = STR("");
		check->fatal = true;
		if (shown && check->fact != SIZE_MAX) {
			fact_replace(e, check->fact, "strength", hcl_string(strength_name(check)));
			fact_replace(e, check->fact, "reason", hcl_string(check->reason));
			fact_replace(e, check->fact, "fatal", hcl_bool(true));
		}
		credit_check(e, c->taint, check);
	}
}
