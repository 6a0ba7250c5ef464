/* Operators between two values. */
#include "audit/eval/ps.h"

#define RANGE_MAX 65536
#define REPEAT_MAX 4096

/* ceq and ieq are eq, creplace is replace. */
static struct str plain_operator(struct str op)
{
	static const char words[] = "eq ne gt ge lt le like notlike match notmatch contains "
				    "notcontains in notin replace split";
	struct str rest = str_from_index(op, 1);
	bool prefixed = op.n > 2 && (op.p[0] == 'c' || op.p[0] == 'i');
	return prefixed && word_in(rest, words) && !word_in(op, "in contains") ? rest : op;
}

/* ---- Truth ---------------------------------------------------------------------------------- */

static struct ps_value both(struct ps *p, const struct ps_node *n, bool and)
{
	struct eval *e = p->e;
	struct ps_value left = ps_eval(p, n->a);
	struct branch b = branch_begin(e);
	unsigned gates = e->gates;
	credit_apply(e, left.when[and], true);
	e->conditional++;
	e->gates |= left.gates;
	struct ps_value right = ps_eval(p, n->b);
	e->gates = gates;
	e->conditional--;
	branch_path(e, &b, false);
	credit_apply(e, left.when[!and], false);
	branch_path(e, &b, false);
	branch_end(e, &b);
	enum truth x = ps_truth(p, &left);
	enum truth y = ps_truth(p, &right);
	enum truth ends = and? TRUTH_NO : TRUTH_YES;
	struct ps_value out = ps_bool(x == ends || y == ends ? ends : x == y ? x : TRUTH_UNKNOWN);
	out.when[and] = credit_union(e, left.when[and], right.when[and]);
	out.gates = left.gates | right.gates;
	return out;
}

static struct ps_value swapped(struct ps_value v, bool swap)
{
	if (!swap)
		return v;
	const struct credit *when = v.when[1];
	v.when[1] = v.when[0];
	v.when[0] = when;
	v.truth = v.truth == TRUTH_YES ? TRUTH_NO : v.truth == TRUTH_NO ? TRUTH_YES : v.truth;
	return v;
}

static bool was_checked(const struct taint *t, const char *method)
{
	for (; t; t = t->next) {
		const struct check *check = t->source->check->value;
		if (!check || !str_is(check->method, method))
			return false;
	}
	return true;
}

/*
 * Status of a signature: that somebody signed it. Only the name of the one who did makes it
 * strong, and only behind a look at the status.
 */
static bool signature_reason(
	struct ps *p, const struct digest_of *d, const struct value *expected, const char **reason)
{
	struct str s;
	bool known = value_const(p->e, expected, &s);
	if (str_is(d->algorithm, "authenticode")) {
		*reason = "unknown-key";
		return !known || str_eq_nocase(s, STR("Valid")) || str_is(s, "0");
	}
	*reason = known ? "" : "unknown-key";
	return !known || was_checked(d->taint, "authenticode");
}

/* A digest or a signature against what it should be. */
static bool check_of(
	struct ps *p, const struct ps_node *n, const struct value sides[2], struct ps_value *out)
{
	struct eval *e = p->e;
	const struct digest_of *d = value_digest(&sides[0]);
	const struct value *expected = &sides[1];
	if (!d) {
		d = value_digest(&sides[1]);
		expected = &sides[0];
	}
	struct str literal;
	if (!d)
		return false;
	struct command c = ps_command(p, n, NULL, 0);
	c.text = fact_str(e, str_sub(e->unit->text, n->span.off, n->span.len));
	struct checked k = {.object = d->object, .taint = d->taint, .method = "compare"};
	if (str_has_prefix(d->algorithm, STR("authenticode"))) {
		k.method = "authenticode";
		if (!signature_reason(p, d, expected, &k.reason))
			return false;
	} else {
		if (value_const(e, expected, &literal) && !is_digest_text(literal))
			return false;
		k.reason = digest_reason(e, d->algorithm, expected);
	}
	*out = ps_bool(TRUTH_UNKNOWN);
	out->when[1] = check_made(e, &c, &k, NULL);
	return true;
}

/* $LASTEXITCODE against 0. */
static bool status_of(struct ps *p, const struct value sides[2], struct ps_value *out)
{
	struct str s;
	if (sides[0].n != 1 || !sides[0].items[0].credit || !value_const(p->e, &sides[1], &s) ||
		!str_is(s, "0"))
		return false;
	*out = ps_bool(TRUTH_UNKNOWN);
	out->when[1] = sides[0].items[0].credit;
	return true;
}

static struct ps_value equal(
	struct ps *p, const struct ps_node *n, const struct ps_value *a, const struct ps_value *b)
{
	struct value sides[2] = {ps_value_text(p, a), ps_value_text(p, b)};
	struct ps_value out = ps_bool(TRUTH_UNKNOWN);
	struct str x;
	struct str y;
	if (a->type == PSV_BOOL && b->type == PSV_BOOL && b->truth != TRUTH_UNKNOWN)
		return swapped(*a, b->truth == TRUTH_NO);
	if (check_of(p, n, sides, &out) || status_of(p, sides, &out))
		return out;
	out.gates = value_gates(&sides[0]) | value_gates(&sides[1]);
	if (p->e->looping == 0 && a->type != PSV_LIST && b->type != PSV_LIST &&
		value_const(p->e, &sides[0], &x) && value_const(p->e, &sides[1], &y))
		out.truth = str_eq_nocase(x, y) ? TRUTH_YES : TRUTH_NO;
	return out;
}

static struct ps_value ordered(
	struct ps *p, struct str op, const struct ps_value *a, const struct ps_value *b)
{
	struct value sides[2] = {ps_value_text(p, a), ps_value_text(p, b)};
	struct ps_value out = ps_bool(TRUTH_UNKNOWN);
	int64_t x;
	int64_t y;
	if (status_of(p, sides, &out))
		return swapped(out, !str_is(op, "le"));
	out.gates = value_gates(&sides[0]) | value_gates(&sides[1]);
	if (p->e->looping > 0 || !ps_integer(p, a, &x) || !ps_integer(p, b, &y))
		return out;
	bool yes = str_is(op, "gt") ? x > y
		: str_is(op, "ge")  ? x >= y
		: str_is(op, "lt")  ? x < y
				    : x <= y;
	out.truth = yes ? TRUTH_YES : TRUTH_NO;
	return out;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static struct ps_value concat(struct ps *p, const struct ps_value *a, const struct ps_value *b)
{
	int64_t x;
	int64_t y;
	if (a->type == PSV_LIST) {
		struct ps_list out = {0};
		size_t n;
		for (size_t i = 0; i < a->n && charge(p->e, 1); i++)
			list_push(p->e->scratch, &out) = a->items[i];
		const struct ps_value *items = ps_items(b, &n);
		for (size_t i = 0; i < n && charge(p->e, 1); i++)
			list_push(p->e->scratch, &out) = items[i];
		return ps_list_value(p, out.items, out.n);
	}
	if (a->type == PSV_NUMBER && ps_integer(p, a, &x) && ps_integer(p, b, &y) &&
		x < 1LL << 60 && y < 1LL << 60)
		return ps_number(p, x + y);
	struct chunks out = {0};
	struct value left = ps_value_text(p, a);
	struct value right = ps_value_text(p, b);
	chunks_add_value(p->e, &out, &left);
	chunks_add_value(p->e, &out, &right);
	return ps_text(chunks_value(p->e, &out));
}

static struct ps_value arithmetic(
	struct ps *p, struct str op, const struct ps_value *a, const struct ps_value *b)
{
	const struct taint *t = taint_union(p->e, ps_taint(p, a), ps_taint(p, b));
	struct ps_value unknown = ps_unknown(p, STR("…"), t);
	int64_t x;
	int64_t y;
	struct str s;
	if (!ps_integer(p, b, &y))
		return unknown;
	if (str_is(op, "*") && a->type == PSV_TEXT && y <= REPEAT_MAX && ps_const(p, a, &s)) {
		struct chunks out = {0};
		for (int64_t i = 0; i < y && charge(p->e, 2); i++)
			chunks_add_text(p->e, &out, s);
		return ps_text(chunks_value(p->e, &out));
	}
	if (!ps_integer(p, a, &x) || x > 1LL << 30 || y > 1LL << 30 || x < -(1LL << 30) ||
		y < -(1LL << 30))
		return unknown;
	if (str_is(op, "-"))
		return ps_number(p, x - y);
	if (str_is(op, "*"))
		return ps_number(p, x * y);
	if (str_is(op, "band"))
		return ps_number(p, x & y);
	if (str_is(op, "bor"))
		return ps_number(p, x | y);
	if (str_is(op, "bxor"))
		return ps_number(p, x ^ y);
	if (y != 0 && str_is(op, "%"))
		return ps_number(p, x % y);
	return y != 0 && x % y == 0 && str_is(op, "/") ? ps_number(p, x / y) : unknown;
}

static struct ps_value range(struct ps *p, const struct ps_value *a, const struct ps_value *b)
{
	struct ps_list out = {0};
	int64_t x;
	int64_t y;
	if (!ps_integer(p, a, &x) || !ps_integer(p, b, &y) || x > 1 << 30 || y > 1 << 30 ||
		x < -(1 << 30) || y < -(1 << 30) || (x < y ? y - x : x - y) > RANGE_MAX)
		return ps_unknown(p, STR("…"), NULL);
	int64_t step = x <= y ? 1 : -1;
	for (int64_t i = x; charge(p->e, 2); i += step) {
		list_push(p->e->scratch, &out) = ps_number(p, i);
		if (i == y)
			break;
	}
	return ps_list_value(p, out.items, out.n);
}

static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The pattern as the text that it stands for; false: it is more than that. */
static bool plain_pattern(struct ps *p, struct str pattern, struct str *out)
{
	char *text = arena_alloc(p->e->scratch, pattern.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];
		if (c == '\\' && i + 1 < pattern.n && !is_word_byte(pattern.p[i + 1]))
			c = pattern.p[++i];
		else if (strchr("\\.*+?()[]{}|^$", c))
			return false;
		text[n++] = c;
	}
	*out = (struct str){text, n};
	return n > 0;
}

static size_t find_nocase(struct str s, struct str what)
{
	for (size_t i = 0; what.n > 0 && i + what.n <= s.n; i++)
		if (str_eq_nocase(str_sub(s, i, what.n), what))
			return i;
	return STR_NPOS;
}

struct ps_value ps_replace(
	struct ps *p, const struct ps_value *v, struct str old, const struct ps_value *with)
{
	struct chunks out = {0};
	struct value text = ps_value_text(p, v);
	struct value to = ps_value_text(p, with);
	/* A digest without its dashes is the same digest. */
	for (size_t i = 0; i < text.n && charge(p->e, 2); i++) {
		const struct chunk *c = &text.items[i];
		struct str rest = c->text;
		size_t at;
		if (c->kind != CHUNK_TEXT) {
			chunks_add(p->e, &out, c);
			continue;
		}
		while ((at = find_nocase(rest, old)) != STR_NPOS && charge(p->e, 2 + at / 8)) {
			struct chunk part = *c;
			part.text = str_sub(rest, 0, at);
			chunks_add(p->e, &out, &part);
			chunks_add_value(p->e, &out, &to);
			rest = str_from_index(rest, at + old.n);
		}
		struct chunk part = *c;
		part.text = rest;
		if (rest.n > 0)
			chunks_add(p->e, &out, &part);
	}
	return ps_text(chunks_value(p->e, &out));
}

static struct ps_value replace(struct ps *p, const struct ps_value *a, const struct ps_value *b)
{
	struct str pattern;
	struct str old;
	struct ps_value with = {0};
	struct ps_value what = *b;
	if (b->type == PSV_LIST && b->n > 0) {
		what = b->items[0];
		if (b->n > 1)
			with = b->items[1];
	}
	if (a->type != PSV_LIST && ps_const(p, &what, &pattern) && plain_pattern(p, pattern, &old))
		return ps_replace(p, a, old, &with);
	struct value text = ps_value_text(p, a);
	struct ps_value out = ps_unknown(p, STR("…"), ps_taint(p, a));
	const struct digest_of *d = value_digest(&text);
	if (d) {
		struct chunk *c = arena_new(p->e->scratch, struct chunk);
		*c = out.text.items[0];
		c->digest = d;
		out.text = (struct value){c, 1};
	}
	return out;
}

struct ps_value ps_split(struct ps *p, const struct ps_value *v, struct str separator)
{
	struct ps_list out = {0};
	struct str s;
	if (!ps_const(p, v, &s) || separator.n == 0)
		return ps_unknown(p, STR("…"), ps_taint(p, v));
	while (charge(p->e, 2 + s.n / 8)) {
		size_t at = find_nocase(s, separator);
		list_push(p->e->scratch, &out) = ps_string(p, str_sub(s, 0, at));
		if (at == STR_NPOS)
			break;
		s = str_from_index(s, at + separator.n);
	}
	return ps_list_value(p, out.items, out.n);
}

static struct ps_value split(struct ps *p, const struct ps_value *a, const struct ps_value *b)
{
	struct str pattern;
	struct str separator;
	const struct ps_value *first = b->type == PSV_LIST && b->n > 0 ? &b->items[0] : b;
	if (ps_const(p, first, &pattern) && plain_pattern(p, pattern, &separator))
		return ps_split(p, a, separator);
	return ps_unknown(p, STR("…"), ps_taint(p, a));
}

struct ps_value ps_joined(struct ps *p, const struct ps_value *list, const struct ps_value *with)
{
	struct chunks out = {0};
	size_t n;
	const struct ps_value *items = ps_items(list, &n);
	struct value between = ps_value_text(p, with);
	for (size_t i = 0; i < n && charge(p->e, 2); i++) {
		struct value text = ps_value_text(p, &items[i]);
		if (i > 0)
			chunks_add_value(p->e, &out, &between);
		chunks_add_value(p->e, &out, &text);
	}
	return ps_text(chunks_value(p->e, &out));
}

/* The item that {N…} names; false: it is no item. */
static bool format_item(struct str inside, uint64_t *index)
{
	size_t n = 0;
	while (n < inside.n && inside.p[n] >= '0' && inside.p[n] <= '9')
		n++;
	return n > 0 && (n == inside.n || inside.p[n] == ':' || inside.p[n] == ',') &&
		str_to_u64(str_sub(inside, 0, n), index);
}

struct ps_value ps_format(struct ps *p, const struct ps_value *format, const struct ps_value *args)
{
	struct chunks out = {0};
	struct str s;
	size_t n;
	const struct ps_value *items = ps_items(args, &n);
	if (!ps_const(p, format, &s))
		return ps_unknown(
			p, STR("…"), taint_union(p->e, ps_taint(p, format), ps_taint(p, args)));
	while (s.n > 0 && charge(p->e, 2)) {
		size_t open = str_find_byte(s, '{');
		size_t close = str_find_byte(s, '}');
		uint64_t index;
		chunks_add_text(p->e, &out, str_sub(s, 0, open < close ? open : close));
		if (open == STR_NPOS && close == STR_NPOS)
			break;
		size_t at = open < close ? open : close;
		if (at + 1 < s.n && s.p[at + 1] == s.p[at]) {
			chunks_add_text(p->e, &out, str_sub(s, at, 1));
			s = str_from_index(s, at + 2);
			continue;
		}
		struct str inside = str_sub(s, at + 1, close > at ? close - at - 1 : 0);
		if (at == open && close != STR_NPOS && format_item(inside, &index) && index < n) {
			struct value text = ps_value_text(p, &items[index]);
			chunks_add_value(p->e, &out, &text);
		}
		if (close == STR_NPOS)
			break;
		s = str_from_index(s, close + 1);
	}
	return ps_text(chunks_value(p->e, &out));
}

/* ---- All of them ---------------------------------------------------------------------------- */

static struct ps_value among(struct ps *p, const struct ps_node *n, const struct ps_value *list,
	const struct ps_value *v)
{
	size_t count;
	const struct ps_value *items = ps_items(list, &count);
	struct ps_value out = ps_bool(count == 0 ? TRUTH_NO : TRUTH_UNKNOWN);
	struct value text = ps_value_text(p, v);
	if (count == 1 || value_digest(&text))
		for (size_t i = 0; i < count && charge(p->e, 2); i++)
			out = equal(p, n, v, &items[i]);
	return out;
}

struct ps_value ps_compare(
	struct ps *p, const struct ps_node *n, const struct ps_value *a, const struct ps_value *b)
{
	struct str op = plain_operator(n->text);
	if (str_is(op, "+"))
		return concat(p, a, b);
	if (str_is(op, "f"))
		return ps_format(p, a, b);
	if (str_is(op, "join"))
		return ps_joined(p, a, b);
	if (str_is(op, "replace"))
		return replace(p, a, b);
	if (str_is(op, "split"))
		return split(p, a, b);
	if (str_is(op, ".."))
		return range(p, a, b);
	if (word_in(op, "- * / % band bor bxor"))
		return arithmetic(p, op, a, b);
	if (word_in(op, "eq ne match notmatch like notlike")) {
		struct ps_value v = equal(p, n, a, b);
		if (!word_in(op, "eq ne") && v.truth == TRUTH_NO)
			v.truth = TRUTH_UNKNOWN;
		return swapped(v, word_in(op, "ne notmatch notlike"));
	}
	if (word_in(op, "contains notcontains"))
		return swapped(among(p, n, a, b), str_is(op, "notcontains"));
	if (word_in(op, "in notin"))
		return swapped(among(p, n, b, a), str_is(op, "notin"));
	if (word_in(op, "gt ge lt le"))
		return ordered(p, op, a, b);
	if (word_in(op, "?: ??"))
		return ps_join(p, a, b);
	if (str_is(op, "as"))
		return b->type == PSV_TYPE ? ps_cast(p, b->name, a) : *a;
	return ps_bool(TRUTH_UNKNOWN);
}

struct ps_value ps_binary(struct ps *p, const struct ps_node *n)
{
	if (word_in(n->text, "and or"))
		return both(p, n, str_is(n->text, "and"));
	if (n->c)
		ps_eval(p, n->c);
	struct ps_value a = ps_eval(p, n->a);
	struct ps_value b = ps_eval(p, n->b);
	return ps_compare(p, n, &a, &b);
}
