#include "audit/eval/eval.h"

#define BRACE_WORDS_MAX 256
#define BRACE_DEPTH_MAX 8
#define WORD_DEPTH_MAX 200

/* ---- Parts ---------------------------------------------------------------------------------- */

static void add_flagged(struct eval *e, struct chunks *out, const struct value *v, bool quoted)
{
	if (quoted && v->n == 0)
		chunks_add(e, out,
			&(struct chunk){.kind = CHUNK_TEXT, .text = STR(""), .quoted = true});
	for (size_t i = 0; i < v->n; i++) {
		struct chunk c = v->items[i];
		c.quoted = quoted;
		c.split = !quoted;
		c.glob = false;
		chunks_add(e, out, &c);
	}
}

static void add_literal(struct eval *e, struct chunks *out, const struct shell_part *p)
{
	size_t first = out->n;
	chunks_add_marked(e, out, p->text, false);
	for (size_t i = first; i < out->n; i++)
		out->items[i].glob = !p->escaped;
}

static void add_quoted(struct eval *e, struct chunks *out, struct str s)
{
	size_t first = out->n;
	chunks_add_marked(e, out, s, false);
	if (out->n == first)
		chunks_add(e, out, &(struct chunk){.kind = CHUNK_TEXT, .text = STR("")});
	for (size_t i = first; i < out->n; i++)
		out->items[i].quoted = true;
}

static struct value arith_value(struct eval *e, const struct chunks *text)
{
	struct value v = chunks_value(e, text);
	struct str s;
	int64_t n;
	if (value_const(e, &v, &s) && eval_arith(e, s, &n))
		return value_text(e, arena_printf(e->scratch, "%lld", (long long)n));
	return value_unknown(e, STR("$((…))"), NULL);
}

/* <(list) is a file that holds what the list prints; >(list) one that runs it when written. */
static struct value process_subst(struct eval *e, const struct shell_part *p)
{
	struct str path = arena_printf(e->scratch, "/dev/fd/%u", 63 + ++e->names);
	struct file f = {.created = true};
	if (str_is(p->text, ">")) {
		f.consumer = p->list;
		f.consumer_unit = e->unit;
	} else {
		f.content = eval_capture(e, p->list, e->unit, NULL);
	}
	guest_put(e, path, &f);
	return value_text(e, path);
}

static void add_parts(
	struct eval *e, struct chunks *out, const struct shell_part *parts, size_t n, bool quoted);

static void add_part(struct eval *e, struct chunks *out, const struct shell_part *p, bool quoted)
{
	struct value v;
	struct chunks inner = {0};
	switch (p->kind) {
	case SHELL_LITERAL:
		if (quoted)
			add_quoted(e, out, p->text);
		else
			add_literal(e, out, p);
		return;
	case SHELL_SINGLE:
	case SHELL_ANSI_C:
		add_quoted(e, out, p->text);
		return;
	case SHELL_DOUBLE:
		if (p->part_count == 0)
			add_quoted(e, out, STR(""));
		add_parts(e, out, p->parts, p->part_count, true);
		return;
	case SHELL_PARAM:
		v = eval_param(e, p->param, quoted);
		/* "$@" without parameters is no field at all. */
		if (v.n == 0 && quoted && str_is(p->param->name, "@"))
			return;
		add_flagged(e, out, &v, quoted);
		return;
	case SHELL_COMMAND_SUBST:
		v = eval_capture(e, p->list, e->unit, NULL);
		v = value_trim_newlines(e, &v);
		add_flagged(e, out, &v, quoted);
		return;
	case SHELL_ARITH:
		add_parts(e, &inner, p->parts, p->part_count, true);
		v = arith_value(e, &inner);
		add_flagged(e, out, &v, quoted);
		return;
	case SHELL_PROCESS_SUBST:
		v = process_subst(e, p);
		add_flagged(e, out, &v, true);
		return;
	case SHELL_EXTGLOB:
		add_literal(e, out, p);
		return;
	case SHELL_ARRAY:
	case SHELL_PART_NONE:
		return;
	}
}

static void add_parts(
	struct eval *e, struct chunks *out, const struct shell_part *parts, size_t n, bool quoted)
{
	if (e->depth > WORD_DEPTH_MAX) {
		struct value v = value_unknown(e, STR("…"), NULL);
		add_flagged(e, out, &v, true);
		return;
	}
	e->depth++;
	for (size_t i = 0; i < n && charge(e, 1); i++)
		add_part(e, out, &parts[i], quoted);
	e->depth--;
}

/* ---- Brace expansion ------------------------------------------------------------------------ */

struct braces {
	struct str before;
	struct str inside;
	struct str after;
	bool comma;
};

/* The first {...} that has a comma or a range at its own level. */
static bool braces_find(struct str s, struct braces *b)
{
	for (size_t start = 0; start < s.n; start++) {
		if (s.p[start] != '{')
			continue;
		unsigned depth = 0;
		bool comma = false;
		for (size_t i = start; i < s.n; i++) {
			if (s.p[i] == '{')
				depth++;
			else if (s.p[i] == ',' && depth == 1)
				comma = true;
			else if (s.p[i] == '}' && --depth == 0) {
				b->before = str_sub(s, 0, start);
				b->inside = str_sub(s, start + 1, i - start - 1);
				b->after = str_from_index(s, i + 1);
				b->comma = comma;
				break;
			}
		}
		if (depth != 0)
			return false;
		if (comma || str_contains(b->inside, STR("..")))
			return true;
	}
	return false;
}

static bool braces_range(struct eval *e, struct str inside, struct str_list *out)
{
	size_t dots = str_find(inside, STR(".."));
	struct str from = str_sub(inside, 0, dots);
	struct str to = str_from_index(inside, dots + 2);
	int64_t a;
	int64_t b;
	if (str_to_i64(from, &a) && str_to_i64(to, &b)) {
		int64_t step = a <= b ? 1 : -1;
		for (int64_t i = a; out->n < BRACE_WORDS_MAX; i += step) {
			list_push(e->scratch, out) = arena_printf(e->scratch, "%lld", (long long)i);
			if (i == b)
				return true;
		}
		return false;
	}
	if (from.n != 1 || to.n != 1)
		return false;
	int step = from.p[0] <= to.p[0] ? 1 : -1;
	for (int i = from.p[0];; i += step) {
		list_push(e->scratch, out) = arena_printf(e->scratch, "%c", i);
		if (i == to.p[0])
			return true;
	}
}

static void braces_commas(struct eval *e, struct str inside, struct str_list *out)
{
	unsigned depth = 0;
	size_t start = 0;
	for (size_t i = 0; i <= inside.n; i++) {
		char c = i < inside.n ? inside.p[i] : ',';
		depth += c == '{';
		depth -= c == '}' && depth > 0;
		if (c != ',' || (depth != 0 && i < inside.n))
			continue;
		list_push(e->scratch, out) = str_sub(inside, start, i - start);
		start = i + 1;
	}
}

static void braces_expand(struct eval *e, struct str s, struct str_list *out, unsigned depth)
{
	struct braces b;
	struct str_list inner = {0};
	bool found = depth < BRACE_DEPTH_MAX && out->n < BRACE_WORDS_MAX && braces_find(s, &b);
	if (found && b.comma)
		braces_commas(e, b.inside, &inner);
	else if (found && !braces_range(e, b.inside, &inner))
		found = false;
	if (!found) {
		list_push(e->scratch, out) = s;
		return;
	}
	for (size_t i = 0; i < inner.n && charge(e, 1 + s.n / 16); i++) {
		struct str parts[] = {b.before, inner.items[i], b.after};
		braces_expand(e, arena_join(e->scratch, parts, 3, STR("")), out, depth + 1);
	}
}

/* Index of the literal part whose text has braces to expand, or part_count. */
static size_t brace_part(const struct shell_word *w)
{
	struct braces b;
	for (size_t i = 0; i < w->part_count; i++) {
		const struct shell_part *p = &w->parts[i];
		if (p->kind == SHELL_LITERAL && !p->escaped &&
			str_find_byte(p->text, '{') != STR_NPOS && braces_find(p->text, &b))
			return i;
	}
	return w->part_count;
}

static void word_fields(struct eval *e, const struct shell_word *w, struct chunks *out)
{
	size_t at = e->process->dialect == SHELL_POSIX ? w->part_count : brace_part(w);
	if (at == w->part_count) {
		add_parts(e, out, w->parts, w->part_count, false);
		return;
	}
	struct str_list texts = {0};
	braces_expand(e, w->parts[at].text, &texts, 0);
	for (size_t i = 0; i < texts.n && charge(e, 1); i++) {
		size_t first = out->n;
		struct shell_part literal = w->parts[at];
		literal.text = texts.items[i];
		add_parts(e, out, w->parts, at, false);
		add_part(e, out, &literal, false);
		add_parts(e, out, w->parts + at + 1, w->part_count - at - 1, false);
		if (i > 0 && out->n > first)
			out->items[first].brk = true;
	}
}

/* ---- Words ---------------------------------------------------------------------------------- */

struct value eval_word(struct eval *e, const struct shell_word *w)
{
	struct chunks raw = {0};
	if (!w)
		return (struct value){0};
	add_parts(e, &raw, w->parts, w->part_count, false);
	struct chunks out = {0};
	for (size_t i = 0; i < raw.n; i++) {
		struct chunk c = raw.items[i];
		if (c.brk && i > 0)
			chunks_add_text(e, &out, STR(" "));
		c.brk = false;
		chunks_add(e, &out, &c);
	}
	return chunks_value(e, &out);
}

/* All chunks of the word's fields; a break stands before the first one. */
void eval_fields(struct eval *e, const struct shell_word *w, struct chunks *out)
{
	size_t first = out->n;
	word_fields(e, w, out);
	if (out->n > first)
		out->items[first].brk = true;
}

struct splitter {
	struct eval *e;
	struct value_list *out;
	struct chunks field;
	struct str ifs;
	bool some;
};

static void field_end(struct splitter *s)
{
	if (s->some)
		list_push(s->e->scratch, s->out) = chunks_value(s->e, &s->field);
	s->field = (struct chunks){0};
	s->some = false;
}

static void split_text(struct splitter *s, const struct chunk *c)
{
	size_t start = 0;
	for (size_t i = 0; i <= c->text.n; i++) {
		if (i < c->text.n && str_find_byte(s->ifs, c->text.p[i]) == STR_NPOS)
			continue;
		if (i > start) {
			struct chunk part = *c;
			part.split = false;
			part.brk = false;
			part.text = str_sub(c->text, start, i - start);
			chunks_add(s->e, &s->field, &part);
			s->some = true;
		}
		if (i < c->text.n)
			field_end(s);
		start = i + 1;
	}
}

void split_fields(struct eval *e, const struct value *raw, struct value_list *out)
{
	struct splitter s = {.e = e, .out = out, .ifs = STR(" \t\n")};
	const struct variable *ifs = variable_find(e, STR("IFS"));
	if (ifs && !value_const(e, &ifs->value, &s.ifs))
		s.ifs = STR(" \t\n");
	for (size_t i = 0; i < raw->n; i++) {
		struct chunk c = raw->items[i];
		if (c.brk)
			field_end(&s);
		if (c.split && c.kind == CHUNK_TEXT) {
			split_text(&s, &c);
			continue;
		}
		s.some = s.some || c.quoted || c.kind != CHUNK_TEXT || c.text.n > 0;
		c.brk = false;
		c.split = false;
		chunks_add(e, &s.field, &c);
	}
	field_end(&s);
}
