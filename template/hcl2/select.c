/* -only and -except: globs over the names of builds. */
#include "template/hcl2/hcl2.h"

#define GLOB_STEPS_MAX 100000

/* ---- Globs ---------------------------------------------------------------------------------- */

/* "*", "?", "[a-z]", "[!a]", "{a,b}", "\\x"; no byte is special in the name. */
struct glob {
	size_t steps;
};

static bool match(struct glob *g, struct str p, struct str s);

/* Behind the bracket that closes; p begins behind "[". STR_NPOS when nothing closes it. */
static size_t match_class(struct str p, char c, bool *in)
{
	bool negated = p.n > 0 && (p.p[0] == '!' || p.p[0] == '^');
	*in = false;
	for (size_t i = negated ? 1 : 0; i < p.n; i++) {
		if (p.p[i] == ']' && i > (negated ? 1U : 0U)) {
			*in = *in != negated;
			return i + 1;
		}
		bool range = i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']';
		char last = range ? p.p[i + 2] : p.p[i];
		if (c >= p.p[i] && c <= last)
			*in = true;
		i += range ? 2 : 0;
	}
	return STR_NPOS;
}

static size_t closing_brace(struct str p)
{
	size_t depth = 1;
	for (size_t i = 0; i < p.n; i++) {
		if (p.p[i] == '\\')
			i++;
		else if (p.p[i] == '{')
			depth++;
		else if (p.p[i] == '}' && --depth == 0)
			return i;
	}
	return STR_NPOS;
}

/* Each alternative, and what stands behind the brace, against s. */
static bool match_alternatives(struct glob *g, struct str p, size_t end, struct str s)
{
	struct str rest = str_from_index(p, end + 1);
	size_t start = 0;
	size_t depth = 0;
	for (size_t i = 0; i <= end; i++) {
		if (i < end && p.p[i] == '{')
			depth++;
		if (i < end && p.p[i] == '}')
			depth--;
		if (depth > 0 || (i < end && p.p[i] != ','))
			continue;
		scoped(arena) a = {0};
		const struct str parts[] = {str_sub(p, start, i - start), rest};
		if (match(g, arena_join(&a, parts, countof(parts), STR("")), s))
			return true;
		start = i + 1;
	}
	return false;
}

/* Work is bounded by `steps`, and recursion by the length of the pattern. */
static bool match(struct glob *g, struct str p, struct str s)
{
	for (; p.n > 0 && ++g->steps < GLOB_STEPS_MAX; p = str_from_index(p, 1)) {
		bool in = false;
		size_t end;
		switch (p.p[0]) {
		case '*':
			for (size_t i = 0; i <= s.n; i++) {
				if (match(g, str_from_index(p, 1), str_from_index(s, i)))
					return true;
			}
			return false;
		case '{':
			end = closing_brace(str_from_index(p, 1));
			if (end != STR_NPOS)
				return match_alternatives(g, str_from_index(p, 1), end, s);
			break;
		case '[':
			end = s.n > 0 ? match_class(str_from_index(p, 1), s.p[0], &in) : STR_NPOS;
			if (end == STR_NPOS || !in)
				return false;
			p = str_from_index(p, end);
			s = str_from_index(s, 1);
			continue;
		case '\\':
			p = str_from_index(p, 1);
			break;
		}
		if (s.n == 0 || p.n == 0 || (p.p[0] != '?' && p.p[0] != s.p[0]))
			return false;
		s = str_from_index(s, 1);
	}
	return p.n == 0 && s.n == 0;
}

bool hcl2_glob(struct str pattern, struct str name)
{
	struct glob g = {0};
	return match(&g, pattern, name);
}

/* ---- Selection ------------------------------------------------------------------------------ */

static bool match_any(const struct str_list *globs, bool *used, struct str name)
{
	bool found = false;
	for (size_t i = 0; i < globs->n; i++) {
		if (!hcl2_glob(globs->items[i], name))
			continue;
		used[i] = true;
		found = true;
	}
	return found;
}

bool hcl2_is_excepted(struct hcl2 *h, struct str name)
{
	return match_any(&h->except, h->except_used, name);
}

static void tell_unused(struct hcl2 *h, const struct str_list *names)
{
	for (size_t i = 0; i < h->only.n; i++) {
		struct origin o = {STR("-only"), {0}};
		if (h->only_used[i])
			continue;
		load_error(&h->load, &o, "no build is named \"%.*s\"", STR_ARG(h->only.items[i]));
		hcl2_hint_names(h, h->only.items[i], names);
	}
}

static bool match_use(const struct str_list *globs, bool *used, const struct hcl2_use *u)
{
	bool selector = match_any(globs, used, u->selector);
	return match_any(globs, used, u->build_name) || selector;
}

static bool match_only(struct hcl2 *h, const struct hcl2_use *u)
{
	if (!h->load.in->only_exact)
		return match_use(&h->only, h->only_used, u);
	bool same = h->only.n > 0 && str_eq(h->only.items[0], u->build_name);
	if (same)
		h->only_used[0] = true;
	return same;
}

void hcl2_select(struct hcl2 *h)
{
	struct str_list names = {0};
	load_only_names(&h->load, &h->only);
	load_split_names(&h->load, h->load.in->except, &h->except);
	h->only_used = arena_array(h->arena, bool, h->only.n);
	h->except_used = arena_array(h->arena, bool, h->except.n);
	for (size_t i = 0; i < h->builds.n; i++) {
		struct hcl2_build *b = &h->builds.items[i];
		for (size_t k = 0; k < b->uses.n; k++) {
			struct hcl2_use *u = &b->uses.items[k];
			bool only = match_only(h, u);
			bool except = match_use(&h->except, h->except_used, u);
			u->selected = (h->only.n == 0 || only) && !except;
			list_push(h->arena, &names) = u->build_name;
		}
	}
	tell_unused(h, &names);
}

void hcl2_warn_except(struct hcl2 *h)
{
	for (size_t i = 0; i < h->except.n; i++) {
		struct origin o = {STR("-except"), {0}};
		if (!h->except_used[i])
			load_warning(&h->load, &o, "no build or post-processor is named \"%.*s\"",
				STR_ARG(h->except.items[i]));
	}
}
