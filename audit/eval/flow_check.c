/* Verification: what a successful check proves, and of which bytes. */
#include "audit/eval/eval.h"

static bool is_weak_hash(struct str algorithm)
{
	return word_in(algorithm, "md5 sha1 crc32 sum cksum b2-weak");
}

static bool is_hex(char c)
{
	return memchr("0123456789abcdefABCDEF", c, 22) != NULL;
}

const char *digest_reason(struct eval *e, struct str algorithm, const struct value *expected)
{
	bool network = false;
	bool unknown = false;
	for (size_t i = 0; i < expected->n; i++) {
		const struct chunk *c = &expected->items[i];
		network = network || c->taint;
		unknown = unknown || c->kind != CHUNK_TEXT;
	}
	struct str literal;
	size_t digits = 0;
	if (value_const(e, expected, &literal))
		for (literal = str_trim(literal); digits < literal.n && is_hex(literal.p[digits]);)
			digits++;
	/* A part of a digest is as weak as a short one. */
	if (is_weak_hash(algorithm) || (digits > 0 && digits < 56))
		return "weak-hash";
	if (network)
		return "same-origin";
	return unknown ? "unknown-digest" : "";
}

/* Whether what is expected was made of the very bytes that are checked. */
static bool expects_itself(
	const struct value *expected, const struct taint *checked, unsigned depth)
{
	for (size_t i = 0; checked && i < expected->n && depth < 4; i++) {
		const struct chunk *c = &expected->items[i];
		for (size_t k = 0; k < c->alt_count; k++)
			if (expects_itself(&c->alts[k], checked, depth + 1))
				return true;
		for (const struct taint *t = c->digest ? c->digest->taint : NULL; t; t = t->next)
			for (const struct taint *own = checked; own; own = own->next)
				if (own->source == t->source)
					return true;
	}
	return false;
}

/* The check as it stands before anybody looks at its result. */
static void note_check(struct eval *e, const struct taint *t, const struct check *check)
{
	struct check *unused = arena_new(e->scratch, struct check);
	*unused = *check;
	unused->strength = STRENGTH_INEFFECTIVE;
	unused->reason = STR("ignored");
	for (; t; t = t->next)
		if (!source_check(t->source))
			cell_set(e, t->source->check, unused);
}

const struct credit *check_made(
	struct eval *e, const struct command *c, const struct checked *k, const struct credit *list)
{
	struct check *check = arena_new(e->scratch, struct check);
	check->object = k->object;
	check->method = str_from(k->method);
	check->strength = STRENGTH_INEFFECTIVE;
	check->reason = STR("ignored");
	check->origin = c->origin;
	check->label = c->text;
	check->fact = emit_verify(e, c, check);
	check->reason = str_from(k->reason);
	if (!k->taint && k->object.p && !str_is(check->method, "compare"))
		list_push(e->scratch, &e->unmatched) = k->object;
	note_check(e, k->taint, check);
	return credit_add(e, list, k->taint, check);
}

/* ---- Comparisons ---------------------------------------------------------------------------- */

bool is_digest_text(struct str s)
{
	s = str_trim(s);
	s = str_sub(s, 0, str_find_byte(s, ' '));
	for (size_t i = 0; i < s.n; i++)
		if (!is_hex(s.p[i]))
			return false;
	return s.n >= 8;
}

/* A digest against what it should be; NULL when this compares something else. */
static const struct credit *compare(
	struct eval *e, const struct command *c, const struct value *a, const struct value *b)
{
	const struct digest_of *d = value_digest(a);
	const struct value *expected = b;
	if (!d) {
		d = value_digest(b);
		expected = a;
	}
	struct str literal;
	if (!d || (value_const(e, expected, &literal) && !is_digest_text(literal)))
		return NULL;
	struct checked k = {
		d->object, d->taint, "compare", digest_reason(e, d->algorithm, expected)};
	if (expects_itself(expected, d->taint, 0))
		k.reason = "itself";
	return check_made(e, c, &k, NULL);
}

static struct outcome truth_of(const struct credit *credit, bool equal)
{
	struct outcome o = {0};
	o.when[equal] = credit;
	return o;
}

/* What two texts that are known compare to; not in loops, whose other rounds are not known. */
static enum truth truth_known(struct eval *e, const struct value *a, const struct value *b)
{
	struct str x;
	struct str y;
	if (e->looping > 0 || !value_const(e, a, &x) || !value_const(e, b, &y))
		return TRUTH_UNKNOWN;
	return str_eq(x, y) ? TRUTH_YES : TRUTH_NO;
}

static enum truth truth_not(enum truth t)
{
	return t == TRUTH_YES ? TRUTH_NO : t == TRUTH_NO ? TRUTH_YES : t;
}

/* `[ -n TEXT ]`, `[ -z TEXT ]` and `[ TEXT ]` of a text that is known. */
static enum truth truth_of_text(
	struct eval *e, const struct command *c, size_t first, size_t n, bool negated)
{
	struct str text = c->words[n - 1];
	bool one = n == first + 1;
	if (e->looping > 0 || !text.p)
		return TRUTH_UNKNOWN;
	if (!one && !word_is(c, first, "-n") && !word_is(c, first, "-z"))
		return TRUTH_UNKNOWN;
	bool empty = !one && word_is(c, first, "-z");
	bool yes = (text.n == 0) == empty;
	return yes != negated ? TRUTH_YES : TRUTH_NO;
}

static unsigned gates_of(const struct value *values, size_t n)
{
	unsigned gates = 0;
	for (size_t i = 0; i < n; i++)
		gates |= value_gates(&values[i]);
	return gates;
}

/* `$?` (or a variable that holds it) against 0. */
static const struct credit *status_credit(
	struct eval *e, const struct value *a, const struct value *b)
{
	struct str s;
	if (a->n != 1 || !a->items[0].credit || !value_const(e, b, &s) || !str_is(s, "0"))
		return NULL;
	return a->items[0].credit;
}

/* test and [: the operands are words 1 .. n - 1 (without the closing bracket). */
int run_test(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t n = c->argc;
	if (n > 1 && word_is(c, 0, "[") && word_is(c, n - 1, "]"))
		n--;
	size_t first = 1;
	bool negated = n > 2 && word_is(c, 1, "!");
	first += negated;
	*out = outcome_unknown();
	out->gates = gates_of(c->argv, c->argc);
	if (n == first + 2 || n == first + 1) {
		out->status = truth_of_text(e, c, first, n, negated);
		return 1;
	}
	if (n < first + 3 || n - first != 3 || !c->words[first + 1].p)
		return 1;
	struct str op = c->words[first + 1];
	bool equal = word_in(op, "= == -eq");
	if (!equal && !word_in(op, "!= -ne -gt"))
		return 1;
	const struct credit *status = status_credit(e, &c->argv[first], &c->argv[first + 2]);
	if (status) {
		*out = truth_of(status, equal != negated);
		return 1;
	}
	const struct credit *credit = compare(e, c, &c->argv[first], &c->argv[first + 2]);
	unsigned gates = out->gates;
	*out = truth_of(credit, equal != negated);
	out->gates = gates;
	if (!credit && word_in(op, "= == !=")) {
		enum truth same = truth_known(e, &c->argv[first], &c->argv[first + 2]);
		out->status = equal != negated ? same : truth_not(same);
	}
	return 1;
}

struct outcome eval_cond(struct eval *e, const struct shell_command *c)
{
	struct value_list operands = {0};
	struct str text = str_sub(e->unit->text, c->span.off, c->span.len);
	bool unequal = str_contains(text, STR("!=")) || str_contains(text, STR("-ne ")) ||
		str_contains(text, STR("-gt "));
	struct command here = {.node = c, .origin = unit_origin(e->unit, &c->span)};
	for (size_t i = 0; i < c->word_count && charge(e, 2); i++) {
		struct value v = eval_word(e, c->words[i]);
		struct str s;
		bool op = value_const(e, &v, &s) &&
			word_in(s, "== = != =~ -eq -ne -gt && || ! ( ) -a -o");
		if (!op)
			list_push(e->scratch, &operands) = v;
	}
	here = command_new(e, &here, operands.items, operands.n);
	struct outcome o = {.gates = gates_of(operands.items, operands.n)};
	if (operands.n != 2 || str_contains(text, STR("||")) || str_contains(text, STR("=~")))
		return o;
	const struct credit *credit = status_credit(e, &operands.items[0], &operands.items[1]);
	if (!credit)
		credit = compare(e, &here, &operands.items[0], &operands.items[1]);
	bool negated = str_contains(text, STR("! "));
	unsigned gates = o.gates;
	o = truth_of(credit, unequal == negated);
	o.gates = gates;
	return o;
}

/* ---- Lists of digests ----------------------------------------------------------------------- */

struct sums {
	struct eval *e;
	const struct command *c;
	const char *method;
	struct str algorithm;
	const struct unit *unit;
	bool trusted; /* the list itself was verified */
	const struct credit *credit;
};

static void credit_all_files(struct sums *s, const struct value *list)
{
	struct eval *e = s->e;
	struct str cwd = cwd_of(e);
	const struct taint *own = value_taint(e, list);
	for (size_t i = 0; i < e->files.n && charge(e, 2); i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		const struct taint *t = f && !f->deleted ? value_taint(e, &f->content) : NULL;
		if (!t || t->source == (own ? own->source : NULL) || f->tree)
			continue;
		if (!str_has_prefix(c->key, cwd))
			continue;
		struct checked k = {guest_shown(e, c->key), t, s->method,
			expects_itself(list, t, 0)           ? "itself"
				: is_weak_hash(s->algorithm) ? "weak-hash"
				: s->trusted                 ? ""
				: own                        ? "same-origin"
							     : "unknown-digest"};
		s->credit = check_made(e, s->c, &k, s->credit);
	}
}

static void sum_line(struct sums *s, struct str line)
{
	struct eval *e = s->e;
	line = str_trim(line);
	size_t space = str_find_byte(line, ' ');
	if (space == STR_NPOS)
		space = str_find_byte(line, '\t');
	if (space == STR_NPOS)
		return;
	struct str name = str_trim(str_from_index(line, space));
	if (str_has_prefix(name, STR("*")))
		name = str_from_index(name, 1);
	struct chunks digest = {0};
	struct chunks object = {0};
	const struct unit *unit = e->unit;
	e->unit = s->unit;
	chunks_add_marked(e, &digest, str_sub(line, 0, space), false);
	chunks_add_marked(e, &object, name, false);
	e->unit = unit;
	struct value d = chunks_value(e, &digest);
	struct value o = chunks_value(e, &object);
	struct str path = {0};
	const struct file *f = NULL;
	struct value content = {0};
	if (value_const(e, &o, &path)) {
		if (str_is(path, "-") && e->in)
			content = *e->in;
		f = guest_find(e, path);
	} else {
		path = (struct str){0};
	}
	if (f)
		content = f->content;
	const char *reason = digest_reason(e, s->algorithm, &d);
	if (s->trusted && strcmp(reason, "same-origin") == 0)
		reason = "";
	struct checked k = {path, value_taint(e, &content), s->method, reason};
	if (expects_itself(&d, k.taint, 0))
		k.reason = "itself";
	s->credit = check_made(e, s->c, &k, s->credit);
}

static bool verified_strong(const struct taint *t)
{
	bool all = t != NULL;
	for (; t; t = t->next) {
		const struct check *check = source_check(t->source);
		all = all &&
			(t->source->pinned || t->source->kind == SOURCE_FILE ||
				(check && check->strength == STRENGTH_STRONG));
	}
	return all;
}

/* The files that a list of digests (`sha256sum -c`) covers. */
const struct credit *check_sums(struct eval *e, const struct command *c, const char *method,
	struct str algorithm, const struct value *list)
{
	struct chunks unknowns = {0};
	struct str text = value_flatten(e, list, &unknowns);
	struct unit marks = {.unknowns = unknowns.items, .unknown_count = unknowns.n};
	struct sums s = {e, c, method, algorithm, &marks, false, NULL};
	s.trusted = verified_strong(value_taint(e, list));
	struct str line;
	while (str_cut(&text, '\n', &line) && charge(e, 4 + line.n / 16))
		sum_line(&s, line);
	if (!s.credit)
		credit_all_files(&s, list);
	if (!s.credit) {
		struct checked k = {{0}, NULL, method, "unknown-digest"};
		s.credit = check_made(e, c, &k, NULL);
	}
	return s.credit;
}
