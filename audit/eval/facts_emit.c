/* Facts as HCL objects. */
#include "audit/eval/eval.h"
#include "base/utf8.h"

#include <assert.h>

#define FACTS_MAX 200000
#define FACT_STRING_MAX ((size_t)64 << 10)

/* ---- Members -------------------------------------------------------------------------------- */

static struct str clean_utf8(struct eval *e, struct str s)
{
	if (utf8_is_valid(s))
		return s;
	char *p = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)p[i] >= 0x80)
			p[i] = '?';
	return (struct str){p, s.n};
}

struct str fact_str(struct eval *e, struct str s)
{
	s = str_sub(s, 0, FACT_STRING_MAX);
	s = clean_utf8(e, secret_mask(e, s));
	charge(e, s.n / 16);
	return s;
}

/* Members are made in the scratch arena: most facts were said before. */
static struct hcl_value kept(struct eval *e, const struct hcl_value *v, unsigned depth)
{
	struct hcl_value out = *v;
	if (v->type == HCL_STRING)
		out.string = arena_str(e->arena, v->string);
	if ((v->type != HCL_LIST && v->type != HCL_OBJECT) || depth > 4)
		return out;
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		items[i] = kept(e, &v->items[i], depth + 1);
	out.items = items;
	if (v->type == HCL_OBJECT) {
		struct str *keys = arena_array(e->arena, struct str, v->n + 1);
		memcpy(keys, v->keys, v->n * sizeof(*keys));
		out.keys = keys;
	}
	return out;
}

/* Facts that follow each other mostly stand in one file. */
static struct str kept_file(struct eval *e, struct str file)
{
	if (!str_eq(e->file, file) || !e->file.p)
		e->file = arena_str(e->arena, file);
	return e->file;
}

void put_value(struct members *m, const char *key, struct hcl_value v)
{
	if (m->n >= countof(m->keys))
		return;
	m->keys[m->n] = str_from(key);
	m->values[m->n++] = v;
}

void put_str(struct members *m, const char *key, struct str s)
{
	put_value(m, key, s.p ? hcl_string(fact_str(m->e, s)) : hcl_null());
}

/* Of words that were masked when the command was made. */
static void put_shown(struct members *m, const char *key, struct str s)
{
	s = str_sub(s, 0, FACT_STRING_MAX);
	put_value(m, key, s.p ? hcl_string(clean_utf8(m->e, s)) : hcl_null());
}

static void put_shown_list(struct members *m, const char *key, const struct str *items, size_t n)
{
	struct hcl_value *values = arena_array(m->e->scratch, struct hcl_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct str s = str_sub(items[i], 0, FACT_STRING_MAX);
		values[i] = items[i].p ? hcl_string(clean_utf8(m->e, s)) : hcl_null();
	}
	put_value(m, key, hcl_list(values, n));
}

void put_cstr(struct members *m, const char *key, const char *s)
{
	put_value(m, key, s ? hcl_string(str_from(s)) : hcl_null());
}

void put_bool(struct members *m, const char *key, bool b)
{
	put_value(m, key, hcl_bool(b));
}

void put_int(struct members *m, const char *key, int64_t i)
{
	put_value(m, key, hcl_integer(i));
}

void put_null(struct members *m, const char *key)
{
	put_value(m, key, hcl_null());
}

void put_list(struct members *m, const char *key, const struct str *items, size_t n)
{
	struct hcl_value *values = arena_array(m->e->scratch, struct hcl_value, n + 1);
	for (size_t i = 0; i < n; i++)
		values[i] = items[i].p ? hcl_string(fact_str(m->e, items[i])) : hcl_null();
	put_value(m, key, hcl_list(values, n));
}

static const char *phase_name(enum fact_phase phase)
{
	static const char *const names[] = {[PHASE_NONE] = "build",
		[PHASE_BUILD] = "build",
		[PHASE_FIRSTBOOT] = "firstboot",
		[PHASE_RUNTIME] = "runtime",
		[PHASE_HOST] = "host",
		[PHASE_BOOT] = "boot"};
	return names[phase];
}

static const char *gate_name(unsigned gates)
{
	static const char *const names[] = {NULL, "time", "place", "time place"};
	return names[gates & (GATE_TIME | GATE_PLACE)];
}

struct members members_of(struct eval *e, const struct command *c)
{
	struct members m = {.e = e};
	struct str none = {0};
	struct str script = e->unit && e->unit->path.n != 0 ? e->unit->path : none;
	put_cstr(&m, "phase", phase_name(e->phase));
	put_shown(&m, "command", c ? c->text : STR(""));
	put_bool(&m, "conditional", e->conditional > 0);
	put_str(&m, "script", script);
	put_str(&m, "function", e->function.n != 0 ? e->function : none);
	put_int(&m, "step", e->step ? e->step->id : 0);
	put_cstr(&m, "gate", gate_name(e->gates));
	return m;
}

/* ---- Once only ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	return h * 0xff51afd7ed558ccdu;
}

static uint64_t value_hash(const struct hcl_value *v)
{
	uint64_t h = mix((uint64_t)v->type, v->boolean);
	h = mix(h, (uint64_t)v->integer);
	if (v->type == HCL_STRING)
		h = mix(h, str_hash(v->string));
	for (size_t i = 0; v->type == HCL_LIST && i < v->n; i++)
		h = mix(h,
			v->items[i].type == HCL_STRING ? str_hash(v->items[i].string)
						       : (uint64_t)v->items[i].type);
	return h;
}

static bool seen_add(struct eval *e, uint64_t key)
{
	struct seen *s = &e->seen;
	key ^= key >> 32; /* a product mixes upwards only */
	key |= (uint64_t)1 << 63; /* 0 marks a free slot */
	if (2 * (s->n + 1) > s->cap) {
		struct seen old = *s;
		s->cap = old.cap ? 2 * old.cap : 1024;
		s->slots = arena_array(e->scratch, uint64_t, s->cap);
		for (size_t i = 0; i < old.cap; i++) {
			size_t at = old.slots[i] & (s->cap - 1);
			while (old.slots[i] && s->slots[at])
				at = (at + 1) & (s->cap - 1);
			if (old.slots[i])
				s->slots[at] = old.slots[i];
		}
	}
	size_t at = key & (s->cap - 1);
	while (s->slots[at]) {
		if (s->slots[at] == key)
			return false;
		at = (at + 1) & (s->cap - 1);
	}
	s->slots[at] = key;
	s->n++;
	return true;
}

static uint64_t members_hash(const struct members *m)
{
	uint64_t h = m->n;
	for (size_t i = 0; i < m->n; i++)
		h = mix(h, str_hash(m->keys[i]) ^ value_hash(&m->values[i]));
	return h ^ (h >> 32);
}

static uint64_t fact_hash(const struct fact *f, const struct members *m)
{
	uint64_t h = mix((uint64_t)f->kind, f->step);
	h = mix(h, str_hash(f->origin.file));
	h = mix(h, ((uint64_t)f->origin.span.line << 32) | f->origin.span.col);
	for (size_t i = 0; i < m->n; i++) {
		/* The way into a branch or a function makes no other fact. */
		if (str_is(m->keys[i], "conditional") || str_is(m->keys[i], "function"))
			continue;
		h = mix(h, str_hash(m->keys[i]) ^ value_hash(&m->values[i]));
	}
	return h;
}

static bool has_shape(const struct shape *s, const struct members *m)
{
	if (s->n != m->n)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (!str_eq(s->keys[s->place[i]], m->keys[i]))
			return false;
	return true;
}

/* Every kind has its members, which are put in one order nearly always. */
static void make_shape(struct eval *e, struct shape *s, const struct members *m)
{
	struct hcl_value indices[countof(m->keys)];
	for (size_t i = 0; i < m->n; i++)
		indices[i] = hcl_integer((int64_t)i);
	struct hcl_value sorted = hcl_object(e->arena, m->keys, indices, m->n);
	s->keys = sorted.keys;
	s->n = sorted.n;
	assert(s->n == m->n); /* nothing is said twice */
	for (size_t i = 0; i < s->n; i++)
		s->place[sorted.items[i].integer] = (uint8_t)i;
}

static struct hcl_value made_of(struct eval *e, const struct shape *s, const struct members *m)
{
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, m->n + 1);
	for (size_t i = 0; i < m->n; i++)
		items[s->place[i]] = kept(e, &m->values[i], 1);
	return hcl_object_sorted(s->keys, items, s->n);
}

static bool is_made_of(const struct hcl_value *v, const struct shape *s, const struct members *m)
{
	bool same = v->n == m->n;
	for (size_t i = 0; same && i < m->n; i++) {
		const struct hcl_value *item = &v->items[s->place[i]];
		same = str_eq(v->keys[s->place[i]], m->keys[i]) &&
			item->type == m->values[i].type && hcl_equal(item, &m->values[i]);
	}
	return same;
}

static void values_grow(struct eval *e)
{
	size_t old_cap = e->facts->values.cap;
	struct shared_value *old = e->facts->values.slots;
	size_t cap = old_cap ? 2 * old_cap : 256;
	struct shared_value *slots = arena_array(e->arena, struct shared_value, cap);
	for (size_t i = 0; i < old_cap; i++) {
		size_t at = old[i].hash & (cap - 1);
		while (old[i].value && slots[at].value)
			at = (at + 1) & (cap - 1);
		if (old[i].value)
			slots[at] = old[i];
	}
	e->facts->values.slots = slots;
	e->facts->values.cap = cap;
}

static struct hcl_value *shared_value(struct eval *e, struct shape *s, const struct members *m)
{
	if (!has_shape(s, m))
		make_shape(e, s, m);
	if (2 * (e->facts->values.n + 1) > e->facts->values.cap)
		values_grow(e);
	uint64_t hash = members_hash(m);
	size_t mask = e->facts->values.cap - 1;
	size_t at = hash & mask;
	struct shared_value *slots = e->facts->values.slots;
	for (; slots[at].value; at = (at + 1) & mask) {
		if (slots[at].hash == hash && is_made_of(slots[at].value, s, m))
			return slots[at].value;
	}
	struct hcl_value *v = arena_new(e->arena, struct hcl_value);
	*v = made_of(e, s, m);
	slots[at] = (struct shared_value){hash, v};
	e->facts->values.n++;
	return v;
}

size_t emit(struct eval *e, enum fact_kind kind, const struct command *c, struct members *m)
{
	struct fact f = {.kind = kind,
		.phase = e->phase,
		.plan = e->plan_index,
		.step = e->step ? e->step->id : 0};
	if (c)
		f.origin = c->origin;
	else if (e->unit && e->node)
		f.origin = unit_origin(e->unit, &e->node->span);
	else if (e->step)
		f.origin = e->step->origin;
	if (e->facts->n - e->facts_first >= FACTS_MAX && kind != FACT_OPAQUE) {
		charge(e, e->work_max);
		return SIZE_MAX;
	}
	if (!seen_add(e, fact_hash(&f, m)))
		return SIZE_MAX;
	f.origin.file = kept_file(e, f.origin.file);
	struct hcl_value *v = shared_value(e, &e->shapes[kind], m);
	const struct hcl_value *command = hcl_member(v, STR("command"));
	f.command = command ? command->string : STR("");
	f.value = v;
	list_push(e->arena, e->facts) = f;
	return e->facts->n - 1;
}

void fact_replace(struct eval *e, size_t fact, const char *key, struct hcl_value v)
{
	if (fact >= e->facts->n)
		return;
	struct fact *f = &e->facts->items[fact];
	struct hcl_value *values = arena_array(e->arena, struct hcl_value, f->value->n);
	memcpy(values, f->value->items, f->value->n * sizeof(*values));
	if (v.type == HCL_STRING)
		v.string = arena_str(e->arena, v.string);
	for (size_t i = 0; i < f->value->n; i++)
		if (str_is(f->value->keys[i], key))
			values[i] = v;
	struct hcl_value *changed = arena_new(e->arena, struct hcl_value);
	*changed = *f->value;
	changed->items = values;
	f->value = changed; /* others may share the old one */
}

void fact_place_add(struct eval *e, size_t fact, const struct origin *o, struct str label)
{
	struct fact *f = &e->facts->items[fact];
	struct fact_place place = {*o, arena_str(e->arena, fact_str(e, label))};
	place.origin.file = arena_str(e->arena, o->file);
	list_push(e->arena, &f->path) = place;
}

/* ---- Kinds that every command can give ------------------------------------------------------ */

void emit_opaque(
	struct eval *e, const struct command *c, const char *what, struct str why, struct str name)
{
	struct members m = members_of(e, c);
	put_cstr(&m, "what", what);
	put_str(&m, "why", why);
	put_str(&m, "name", name.n != 0 ? name : (struct str){0});
	emit(e, FACT_OPAQUE, c, &m);
}

static bool is_letter(char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');
}

void flags_of(
	struct eval *e, const struct command *c, struct str_list *flags, struct str_list *operands)
{
	bool ended = false;
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i].p ? c->shown[i] : (struct str){0};
		struct str prefix = w.p ? w : value_prefix(e, &c->argv[i]);
		bool flag = !ended && prefix.n > 1 && prefix.p[0] == '-';
		if (flag && str_is(prefix, "--")) {
			ended = true;
			continue;
		}
		if (!flag) {
			list_push(e->scratch, operands) = w;
			continue;
		}
		if (w.p)
			list_push(e->scratch, flags) = w;
		size_t eq = str_find_byte(prefix, '=');
		if (prefix.p[1] == '-') {
			if (eq != STR_NPOS)
				list_push(e->scratch, flags) = str_sub(prefix, 0, eq);
			continue;
		}
		for (size_t k = 1;
			!c->whole && prefix.n > 2 && k < prefix.n && is_letter(prefix.p[k]); k++)
			list_push(e->scratch, flags) = arena_printf(e->scratch, "-%c", prefix.p[k]);
	}
}

static const char *redirect_text(enum shell_redir_op op)
{
	static const char *const texts[] = {[SHELL_REDIR_NONE] = "",
		[SHELL_REDIR_IN] = "<",
		[SHELL_REDIR_OUT] = ">",
		[SHELL_REDIR_APPEND] = ">>",
		[SHELL_REDIR_CLOBBER] = ">|",
		[SHELL_REDIR_RDWR] = "<>",
		[SHELL_REDIR_DUP_IN] = "<&",
		[SHELL_REDIR_DUP_OUT] = ">&",
		[SHELL_REDIR_BOTH] = "&>",
		[SHELL_REDIR_BOTH_APPEND] = "&>>",
		[SHELL_REDIR_HEREDOC] = "<<",
		[SHELL_REDIR_HERESTRING] = "<<<"};
	return texts[op];
}

static void put_redirects(struct members *m, const struct command *c)
{
	struct eval *e = m->e;
	struct hcl_value *items = arena_array(e->scratch, struct hcl_value, c->redir_count + 1);
	for (size_t i = 0; i < c->redir_count; i++) {
		const struct redirect *r = &c->redirs[i];
		struct str keys[] = {STR("fd"), STR("op"), STR("path")};
		struct hcl_value values[] = {hcl_integer(r->fd),
			hcl_string(str_from(redirect_text(r->op))),
			r->path.p ? hcl_string(fact_str(e, r->path)) : hcl_null()};
		items[i] = hcl_object(e->scratch, keys, values, 3);
	}
	put_value(m, "redirects", hcl_list(items, c->redir_count));
}

static void put_wrappers(struct members *m)
{
	const struct wrapper *w = m->e->wrappers;
	size_t n = w ? w->depth : 0;
	struct str *names = arena_array(m->e->scratch, struct str, n + 1);
	for (size_t i = n; w && i > 0; w = w->outer)
		names[--i] = w->name;
	put_list(m, "wrappers", names, n);
}

static void put_words(struct members *m, const struct command *c)
{
	struct eval *e = m->e;
	struct str *words = arena_array(e->scratch, struct str, c->argc + 1);
	struct str_list flags = {0};
	struct str_list operands = {0};
	for (size_t i = 0; i < c->argc; i++)
		words[i] = c->words[i].p ? c->shown[i] : (struct str){0};
	flags_of(e, c, &flags, &operands);
	put_shown(m, "name", words[0].p ? base_name(words[0]) : words[0]);
	put_shown(m, "path", words[0]);
	put_shown_list(m, "argv", words, c->argc);
	put_shown_list(m, "flags", flags.items, flags.n);
	put_shown_list(m, "operands", operands.items, operands.n);
}

/* The name as it is written, when that is not how it reads: quotes inside, escapes, variables. */
static struct str spelling(struct eval *e, const struct command *c)
{
	struct str none = {0};
	if (!c->node || c->skipped || c->node->kind != SHELL_SIMPLE || c->node->word_count == 0 ||
		!e->unit || !c->words[0].p)
		return none;
	const struct span *at = &c->node->words[0]->span;
	struct str raw = str_sub(e->unit->text, at->off, at->len);
	return str_eq(raw, c->words[0]) || str_find_byte(raw, TEXT_MARK) != STR_NPOS ? none : raw;
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Escapes, empty quotes or slices inside a name serve nobody but who hides it. */
bool is_disguised(struct eval *e, const struct command *c)
{
	struct str s = spelling(e, c);
	for (size_t i = 0; i + 1 < s.n; i++) {
		char next = s.p[i + 1];
		char after = i + 2 < s.n ? s.p[i + 2] : '\0';
		bool inside = i > 0 && is_small(s.p[i - 1]);
		bool pair = (s.p[i] == '\'' || s.p[i] == '"') && next == s.p[i];
		if (s.p[i] == '$' && next == '\'')
			return true;
		if (s.p[i] == '\\' && inside && is_small(next))
			return true;
		if (pair && (inside || is_small(after)))
			return true;
		if (s.p[i] == ':' && next >= '0' && next <= '9' && str_contains(s, STR("${")))
			return true;
	}
	return false;
}

static bool may_be_empty(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].unset)
			return true;
	return false;
}

/* Operands that hang on variables which nothing sets, as they read when those are empty. */
static void put_if_unset(struct members *m, const struct command *c)
{
	struct eval *e = m->e;
	struct str_list list = {0};
	for (size_t i = 1; i < c->argc; i++) {
		struct chunks rest = {0};
		if (c->words[i].p || !may_be_empty(&c->argv[i]))
			continue;
		for (size_t k = 0; k < c->argv[i].n; k++)
			if (!c->argv[i].items[k].unset)
				chunks_add(e, &rest, &c->argv[i].items[k]);
		struct value v = chunks_value(e, &rest);
		struct str s;
		if (value_const(e, &v, &s) && s.n > 0)
			list_push(e->scratch, &list) = s;
	}
	put_list(m, "if_unset", list.items, list.n);
}

/* The programs of the system that operands are copies of or links to. */
static void put_targets(struct members *m, const struct command *c)
{
	struct eval *e = m->e;
	struct str_list list = {0};
	bool changes = c->words[0].p && word_in(base_name(c->words[0]), "chmod setcap chown");
	for (size_t i = 1; changes && i < c->argc; i++) {
		struct str to = c->words[i].n > 0 ? guest_alias(e, c->words[i]) : STR("");
		if (to.n > 0)
			list_push(e->scratch, &list) = to;
	}
	put_list(m, "targets", list.items, list.n);
}

#define UPSTREAM_MAX 16

static void note_upstream(struct eval *e, const struct command *c)
{
	if (e->piece && e->piece->n < UPSTREAM_MAX && c->text.n > 0)
		list_push(e->scratch, e->piece) = c->text;
}

/* Of all that the fact will say, so that what was said needs not be made. */
static uint64_t exec_hash(const struct eval *e, const struct command *c, bool fatal, struct str in)
{
	uint64_t h = mix(0xe8ec, e->step ? e->step->id : 0);
	h = mix(h,
		(uint64_t)e->phase | (uint64_t)fatal << 8 | (uint64_t)e->guard << 9 |
			(uint64_t)e->background << 16 | (uint64_t)e->gates << 24);
	h = mix(h, ((uint64_t)c->origin.span.line << 32) | c->origin.span.col);
	h = mix(h, str_hash(c->origin.file));
	h = mix(h, e->unit ? str_hash(e->unit->path) : 0);
	for (size_t i = 0; i < c->argc; i++)
		h = mix(h, str_hash(c->shown[i]) + (c->words[i].p != NULL));
	for (const struct wrapper *w = e->wrappers; w; w = w->outer)
		h = mix(h, str_hash(w->name));
	for (size_t i = 0; i < c->redir_count; i++)
		h = mix(h, str_hash(c->redirs[i].path) + (uint64_t)c->redirs[i].op);
	return mix(mix(h, str_hash(e->user)), str_hash(in) + (in.p != NULL));
}

void emit_exec(struct eval *e, const struct command *c)
{
	struct str in = {0};
	bool errexit = option_on(e, OPTION_ERREXIT) && e->ignoring == 0;
	bool fatal = e->guard == GUARD_FATAL || errexit;
	if (e->in && !value_const(e, e->in, &in))
		in = (struct str){0};
	note_upstream(e, c);
	if (!seen_add(e, exec_hash(e, c, fatal, in)))
		return;
	struct members m = members_of(e, c);
	put_words(&m, c);
	put_wrappers(&m);
	put_str(&m, "user", e->user);
	put_bool(&m, "fatal", fatal);
	put_bool(&m, "ignored", e->guard == GUARD_IGNORED);
	put_bool(&m, "background", e->background);
	put_redirects(&m, c);
	put_str(&m, "stdin", in);
	put_shown(&m, "spelled", spelling(e, c));
	put_if_unset(&m, c);
	put_targets(&m, c);
	put_list(&m, "upstream", e->upstream.items, e->upstream.n);
	if (emit(e, FACT_EXEC, c, &m) != SIZE_MAX)
		e->facts->commands++;
}

size_t emit_verify(struct eval *e, const struct command *c, const struct check *check)
{
	static const char *const names[] = {[STRENGTH_NONE] = "ineffective",
		[STRENGTH_INEFFECTIVE] = "ineffective",
		[STRENGTH_WEAK] = "weak",
		[STRENGTH_STRONG] = "strong"};
	struct members m = members_of(e, c);
	put_str(&m, "object", check->object);
	put_str(&m, "method", check->method);
	put_cstr(&m, "strength", names[check->strength]);
	put_str(&m, "reason", check->reason);
	put_bool(&m, "fatal", check->fatal);
	return emit(e, FACT_VERIFY, c, &m);
}

/* environment_vars of the template stand in the command line of the step. */
static bool is_template_variable(const struct eval *e, struct str name)
{
	bool line = e->step && e->step->type == STEP_EXEC && e->unit && e->unit->path.n == 0;
	for (size_t i = 0; line && i < e->step->exec.environment.n; i++)
		if (str_eq(e->step->exec.environment.items[i], name))
			return true;
	return false;
}

void emit_env(struct eval *e, const struct command *c, struct str name, const struct value *v,
	const char *scope)
{
	struct members m = members_of(e, c);
	struct str s;
	if (!value_const(e, v, &s))
		s = (struct str){0};
	put_str(&m, "name", name);
	put_str(&m, "value", secret_value(name, s));
	put_bool(&m, "persisted", false);
	put_null(&m, "path");
	put_cstr(&m, "scope", is_template_variable(e, name) ? "template" : scope);
	emit(e, FACT_ENV, c, &m);
	secret_assign(e, c, name, v, "env");
}
