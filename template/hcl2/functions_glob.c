/* fileset: the files below a directory whose path has a pattern, as Packer's doublestar does it. */
#include "template/hcl2/functions_private.h"

#include "base/utf8.h"

#define PATTERN_MAX 4096
#define SEGMENTS_MAX 63 /* positions in a pattern are the bits of a uint64_t */
#define ALTERNATIVES_MAX 256
#define DEPTH_MAX 128 /* of directories */

struct pattern {
	struct str segments[SEGMENTS_MAX];
	size_t n;
};

/* ---- One segment --------------------------------------------------------------------------- */

static uint32_t take_char(struct str *s)
{
	uint32_t code = 0;
	size_t n = utf8_decode(*s, &code);
	if (n == 0)
		code = (uint8_t)s->p[0];
	*s = str_from_index(*s, n > 0 ? n : 1);
	return code;
}

/* Behind a `[`; consumes the class with its `]`. A pattern was checked: there is one. */
static bool in_class(struct str *pattern, uint32_t c)
{
	bool negate = pattern->n > 0 && (pattern->p[0] == '^' || pattern->p[0] == '!');
	bool found = false;
	if (negate)
		*pattern = str_from_index(*pattern, 1);
	while (pattern->n > 0 && pattern->p[0] != ']') {
		uint32_t low = take_char(pattern);
		if (low == '\\' && pattern->n > 0)
			low = take_char(pattern);
		uint32_t high = low;
		if (pattern->n > 1 && pattern->p[0] == '-' && pattern->p[1] != ']') {
			*pattern = str_from_index(*pattern, 1);
			high = take_char(pattern);
			if (high == '\\' && pattern->n > 0)
				high = take_char(pattern);
		}
		found = found || (c >= low && c <= high);
	}
	if (pattern->n > 0)
		*pattern = str_from_index(*pattern, 1);
	return found != negate;
}

/* Consumes one character of both; false when they differ. */
static bool match_one(struct str *pattern, struct str *name)
{
	uint32_t p = take_char(pattern);
	uint32_t c = take_char(name);
	if (p == '?')
		return true;
	if (p == '[')
		return in_class(pattern, c);
	if (p == '\\' && pattern->n > 0)
		p = take_char(pattern);
	return p == c;
}

/* Going back to the last star suffices, so this takes at most both lengths multiplied. */
static bool match_segment(struct str pattern, struct str name)
{
	struct str star = {0};
	struct str retry = {0};
	bool seen = false;
	while (name.n > 0) {
		if (pattern.n > 0 && pattern.p[0] == '*') {
			pattern = str_from_index(pattern, 1);
			star = pattern;
			retry = name;
			seen = true;
			continue;
		}
		if (pattern.n > 0 && match_one(&pattern, &name))
			continue;
		if (!seen)
			return false;
		(void)take_char(&retry);
		pattern = star;
		name = retry;
	}
	while (pattern.n > 0 && pattern.p[0] == '*')
		pattern = str_from_index(pattern, 1);
	return pattern.n == 0;
}

/* ---- Patterns ------------------------------------------------------------------------------ */

/* Index of the ',' or '}' that ends this alternative of a brace, or s.n. */
static size_t alternative_end(struct str s, size_t from)
{
	size_t depth = 0;
	for (size_t i = from; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '{')
			depth++;
		else if (depth == 0 && (s.p[i] == ',' || s.p[i] == '}'))
			return i;
		else if (s.p[i] == '}')
			depth--;
	}
	return s.n;
}

static size_t find_brace(struct str s)
{
	size_t i = 0;
	while (i < s.n && s.p[i] != '{')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i : STR_NPOS;
}

/* {a,b} is written out; each round takes the first brace of every pattern that has one. */
static int expand(struct str_list *out, struct arena *a, struct str pattern, struct error *err)
{
	list_push(a, out) = pattern;
	for (size_t k = 0; k < out->n;) {
		struct str s = out->items[k];
		size_t open = find_brace(s);
		if (open == STR_NPOS) {
			k++;
			continue;
		}
		size_t close = open;
		do
			close = alternative_end(s, close + 1);
		while (close < s.n && s.p[close] == ',');
		if (close >= s.n)
			return error_set(err, ERROR_INPUT, "the pattern has a { without }");
		struct str_list made = {0};
		for (size_t from = open + 1; from <= close;) {
			size_t to = alternative_end(s, from);
			struct str parts[] = {str_sub(s, 0, open), str_sub(s, from, to - from),
				str_from_index(s, close + 1)};
			list_push(a, &made) = arena_join(a, parts, 3, STR(""));
			from = to + 1;
		}
		out->items[k] = made.items[0];
		for (size_t i = 1; i < made.n; i++)
			list_push(a, out) = made.items[i];
		if (out->n > ALTERNATIVES_MAX)
			return error_set(err, ERROR_INPUT, "the pattern has too many alternatives");
	}
	return 0;
}

static int check_segment(struct str s, struct error *err)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 == s.n)
			return error_set(err, ERROR_INPUT, "the pattern ends with a backslash");
		if (s.p[i] == '\\')
			i++;
		if (s.p[i] != '[')
			continue;
		size_t close = str_find_byte(str_from_index(s, i + 1), ']');
		if (close == STR_NPOS || close == 0)
			return error_set(err, ERROR_INPUT, "the pattern has a [ without ]");
		i += close + 1;
	}
	return 0;
}

/* Cuts at slashes; "." and ".." are resolved as in a path. *up: how many ".." lead out of it. */
static int split(struct pattern *out, size_t *up, struct str pattern, struct error *err)
{
	struct str rest = pattern;
	struct str part = {0};
	out->n = 0;
	*up = 0;
	while (str_cut(&rest, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, "..")) {
			*up += out->n == 0;
			out->n -= out->n > 0;
			continue;
		}
		if (out->n == SEGMENTS_MAX)
			return error_set(err, ERROR_INPUT, "the pattern has too many slashes");
		if (check_segment(part, err) < 0)
			return -1;
		out->segments[out->n++] = part;
	}
	return 0;
}

/* ---- The walk ------------------------------------------------------------------------------ */

struct walk {
	const struct tree *tree;
	struct hcl_eval *e;
	const struct pattern *pattern;
	struct str_list found;
	size_t *looked_at; /* against HCL2_FILES_MAX */
	struct error *err;
};

/* A ** may stand for nothing. */
static uint64_t with_skips(const struct pattern *p, uint64_t at)
{
	for (size_t i = 0; i < p->n; i++) {
		if ((at >> i & 1) && str_is(p->segments[i], "**"))
			at |= (uint64_t)1 << (i + 1);
	}
	return at;
}

/* Places in the pattern behind this name, out of those before it. */
static uint64_t step(const struct pattern *p, uint64_t at, struct str name)
{
	uint64_t next = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (!(at >> i & 1))
			continue;
		if (str_is(p->segments[i], "**"))
			next |= (uint64_t)3 << i;
		else if (match_segment(p->segments[i], name))
			next |= (uint64_t)1 << (i + 1);
	}
	return with_skips(p, next);
}

/* Recursion ends with the depth of directories. */
static int walk(struct walk *w, struct str dir, struct str shown, uint64_t at, size_t depth)
{
	struct arena *a = w->e->arena;
	struct str_list names = {0};
	uint64_t end = (uint64_t)1 << w->pattern->n;
	if (depth > DEPTH_MAX)
		return error_set(w->err, ERROR_INPUT, "directories are nested too deeply");
	if (tree_list(w->tree, dir, a, &names, w->err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct tree_entry entry = {0};
		uint64_t next = step(w->pattern, at, names.items[i]);
		if (++*w->looked_at > HCL2_FILES_MAX)
			return error_set(w->err, ERROR_INPUT, "more than %d files to look at",
				HCL2_FILES_MAX);
		if (next == 0)
			continue;
		const char *slash = dir.n > 0 ? "/" : "";
		struct str path =
			arena_printf(a, "%.*s%s%.*s", STR_ARG(dir), slash, STR_ARG(names.items[i]));
		slash = shown.n > 0 ? "/" : "";
		struct str name = arena_printf(
			a, "%.*s%s%.*s", STR_ARG(shown), slash, STR_ARG(names.items[i]));
		if (tree_stat(w->tree, path, &entry, w->err) < 0)
			return -1;
		if (entry.kind == TREE_FILE && (next & end))
			list_push(a, &w->found) = name;
		if (entry.kind == TREE_DIR && (next & (end - 1)) &&
			walk(w, path, name, next, depth + 1) < 0)
			return -1;
	}
	return 0;
}

/* Each ".." at the start of a pattern leads out of the directory, and stays in what is shown. */
static int leave(struct str *dir, struct str *shown, struct arena *a, size_t up, struct error *err)
{
	for (; up > 0; up--) {
		if (dir->n == 0)
			return error_set(err, ERROR_INPUT, "the pattern leaves the repository");
		*dir = path_dir(*dir);
		*shown = shown->n > 0 ? arena_printf(a, "../%.*s", STR_ARG(*shown)) : STR("..");
	}
	return 0;
}

static int find_files(struct walk *w, struct str dir, struct str pattern)
{
	struct pattern p;
	struct str from = dir;
	struct str shown = {0};
	size_t up = 0;
	if (split(&p, &up, pattern, w->err) < 0 ||
		leave(&from, &shown, w->e->arena, up, w->err) < 0)
		return -1;
	w->pattern = &p;
	int status = walk(w, from, shown, with_skips(&p, 1), 0);
	w->pattern = NULL;
	return status;
}

static struct hcl_value strings(struct arena *a, struct str_list *found)
{
	struct hcl_value *items = arena_array(a, struct hcl_value, found->n);
	size_t n = 0;
	if (found->n > 1)
		qsort(found->items, found->n, sizeof(found->items[0]), str_cmp_qsort);
	for (size_t i = 0; i < found->n; i++) {
		bool again = n > 0 && str_eq(items[n - 1].string, found->items[i]);
		if (!again)
			items[n++] = hcl_string(found->items[i]);
	}
	return hcl_list(items, n);
}

/* fileset(directory, pattern): paths below the directory, in byte order. */
int hcl2_fn_fileset(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl2_context *c = hcl2_context_of(e, err);
	struct template_found dir = {0};
	struct str path = {0};
	struct str pattern = {0};
	struct str_list patterns = {0};
	size_t looked_at = 0;
	(void)n;
	if (!c || hcl2_arg_str(&path, e, args, 0, err) < 0 ||
		hcl2_arg_str(&pattern, e, args, 1, err) < 0)
		return -1;
	if (pattern.n > PATTERN_MAX)
		return error_set(err, ERROR_INPUT, "the pattern is too long");
	if (template_find(&dir, &c->paths, path.n > 0 ? path : STR("."), e->arena, err) < 0 ||
		expand(&patterns, e->arena, pattern, err) < 0)
		return -1;
	struct walk w = {.tree = c->paths.tree, .e = e, .looked_at = &looked_at, .err = err};
	for (size_t i = 0; dir.entry.kind == TREE_DIR && i < patterns.n; i++) {
		if (find_files(&w, dir.path, patterns.items[i]) < 0)
			return -1;
	}
	*out = strings(e->arena, &w.found);
	return 0;
}
