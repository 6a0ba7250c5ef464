/*
 * Texts one of which stands in everything that a pattern matches. Most texts hold none of them,
 * and then the pattern need not be tried.
 */
#include "audit/policy/rule.h"

#define LITERALS_MAX 64
#define DEPTH_MAX 16
#define USEFUL_MIN 2 /* a single byte stands in nearly every text */

/* Reads a POSIX extended regular expression that regcomp has accepted. */
struct reader {
	struct arena *arena;
	struct str pattern;
	size_t at;
	unsigned depth;
	bool lost; /* something that is not understood here: nothing is known of the pattern */
};

/* n 0: nothing is known to be there. */
struct literals {
	struct str *items;
	size_t n;
	size_t cap;
};

static size_t shortest(const struct literals *l)
{
	size_t least = l->n == 0 ? 0 : SIZE_MAX;
	for (size_t i = 0; i < l->n; i++)
		least = l->items[i].n < least ? l->items[i].n : least;
	return least;
}

static bool at_end(const struct reader *r)
{
	return r->at >= r->pattern.n;
}

static char next(const struct reader *r)
{
	return at_end(r) ? '\0' : r->pattern.p[r->at];
}

/* Behind "[": true when it holds one byte and nothing else. */
static bool read_bracket(struct reader *r, char *byte)
{
	struct str rest = str_from_index(r->pattern, r->at);
	if (rest.n >= 2 && rest.p[1] == ']' && rest.p[0] != '^' && rest.p[0] != ']') {
		*byte = rest.p[0];
		r->at += 2;
		return (unsigned char)*byte < 0x80;
	}
	size_t i = rest.n > 0 && rest.p[0] == '^' ? 1 : 0;
	for (size_t first = i; i < rest.n && (rest.p[i] != ']' || i == first); i++) {
		char kind = i + 1 < rest.n && rest.p[i] == '[' ? rest.p[i + 1] : '\0';
		if (kind != ':' && kind != '.' && kind != '=')
			continue;
		for (i += 2; i + 1 < rest.n && (rest.p[i] != kind || rest.p[i + 1] != ']'); i++)
			;
		i++;
	}
	r->lost = r->lost || i >= rest.n;
	r->at += i + 1;
	return false;
}

/* How often what stands before it must be there: 0, or 1 for once or more. */
static unsigned read_repetition(struct reader *r, bool *repeats)
{
	unsigned least = 1;
	*repeats = false;
	while (next(r) == '*' || next(r) == '?' || next(r) == '+' || next(r) == '{') {
		char c = r->pattern.p[r->at++];
		*repeats = true;
		if (c == '*' || c == '?')
			least = 0;
		if (c != '{')
			continue;
		if (next(r) < '1' || next(r) > '9')
			least = 0;
		while (!at_end(r) && next(r) != '}')
			r->at++;
		r->at++;
	}
	return least;
}

struct sequence {
	struct literals best;
	struct buf run; /* the bytes that follow each other so far */
};

static void sequence_clear(struct sequence *s)
{
	buf_clear(&s->run);
}

static void end_run(struct reader *r, struct sequence *s)
{
	if (s->run.n > shortest(&s->best)) {
		s->best = (struct literals){0};
		list_push(r->arena, &s->best) = arena_str(r->arena, buf_str(&s->run));
	}
	s->run.n = 0;
}

static struct literals read_alternatives(struct reader *r);

static void read_group(struct reader *r, struct sequence *s)
{
	bool repeats = false;
	end_run(r, s);
	struct literals inner = read_alternatives(r);
	r->lost = r->lost || next(r) != ')';
	r->at++;
	if (read_repetition(r, &repeats) > 0 && shortest(&inner) > shortest(&s->best))
		s->best = inner;
}

/* One byte that must stand there, or something else. */
static bool read_atom(struct reader *r, char *byte)
{
	char c = r->pattern.p[r->at++];
	*byte = c;
	if (c == '[')
		return read_bracket(r, byte);
	if (c == '\\') {
		r->lost = r->lost || at_end(r);
		*byte = next(r);
		r->at++;
		bool named = (*byte >= '0' && *byte <= '9') ||
			((*byte | 0x20) >= 'a' && (*byte | 0x20) <= 'z') || *byte == '<' ||
			*byte == '>' || *byte == '`' || *byte == '\'';
		return !named;
	}
	r->lost = r->lost || c == '*' || c == '+' || c == '?' || c == '{';
	return c != '.' && c != '^' && c != '$' && (unsigned char)c < 0x80;
}

static struct literals read_sequence(struct reader *r)
{
	scoped(sequence) s = {0};
	while (!at_end(r) && !r->lost && next(r) != '|' && next(r) != ')') {
		char byte = '\0';
		bool repeats = false;
		if (next(r) == '(') {
			r->at++;
			read_group(r, &s);
			continue;
		}
		bool plain = read_atom(r, &byte);
		unsigned least = read_repetition(r, &repeats);
		if (plain && least > 0)
			buf_add_byte(&s.run, byte);
		if (!plain || repeats)
			end_run(r, &s);
	}
	end_run(r, &s);
	return s.best;
}

static struct literals read_alternatives(struct reader *r)
{
	struct literals all = {0};
	bool known = true;
	r->depth++;
	r->lost = r->lost || r->depth > DEPTH_MAX;
	while (!r->lost) {
		struct literals one = read_sequence(r);
		known = known && one.n > 0 && all.n + one.n <= LITERALS_MAX;
		for (size_t i = 0; known && i < one.n; i++)
			list_push(r->arena, &all) = one.items[i];
		if (next(r) != '|' || at_end(r))
			break;
		r->at++;
	}
	r->depth--;
	return known ? all : (struct literals){0};
}

void rule_literals_read(struct rule_literals *out, struct arena *a, struct str pattern)
{
	struct reader r = {.arena = a, .pattern = pattern};
	struct literals all = read_alternatives(&r);
	*out = (struct rule_literals){0};
	if (r.lost || !at_end(&r) || shortest(&all) < USEFUL_MIN)
		return;
	out->items = all.items;
	out->n = all.n;
	for (size_t i = 0; i < all.n; i++) {
		out->starts[(unsigned char)all.items[i].p[0]] |= 1;
		out->starts[(unsigned char)all.items[i].p[1]] |= 2;
	}
}

bool rule_literals_in(const struct rule_literals *l, struct str text)
{
	if (l->n == 0)
		return true;
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (!(l->starts[(unsigned char)text.p[i]] & 1) ||
			!(l->starts[(unsigned char)text.p[i + 1]] & 2))
			continue;
		for (size_t k = 0; k < l->n; k++) {
			if (str_has_prefix(str_from_index(text, i), l->items[k]))
				return true;
		}
	}
	return false;
}
