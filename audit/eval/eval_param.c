#include "audit/eval/eval.h"

/* ---- Patterns ------------------------------------------------------------------------------- */

/* Length of the bracket expression at p[0] == '[', or 0; `hit` says whether c is in it. */
static size_t bracket(struct str p, char c, bool *hit)
{
	size_t i = 1;
	bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^');
	i += negated;
	bool found = false;
	size_t first = i;
	for (; i < p.n && (p.p[i] != ']' || i == first); i++) {
		if (p.p[i] == '\\' && i + 1 < p.n)
			i++;
		if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
			found = found || (c >= p.p[i] && c <= p.p[i + 2]);
			i += 2;
		} else {
			found = found || p.p[i] == c;
		}
	}
	if (i >= p.n)
		return 0;
	*hit = found != negated;
	return i + 1;
}

/* Matches one element of the pattern against c; 0: no match, else the element's length. */
static size_t element_match(struct str p, char c, bool pathname)
{
	if (p.p[0] == '?')
		return pathname && c == '/' ? 0 : 1;
	if (p.p[0] == '[') {
		bool hit = false;
		size_t n = bracket(p, c, &hit);
		if (n > 0)
			return hit && !(pathname && c == '/') ? n : 0;
	}
	if (p.p[0] == '\\' && p.n > 1)
		return p.p[1] == c ? 2 : 0;
	return p.p[0] == c ? 1 : 0;
}

bool pattern_match(struct str p, struct str s, bool pathname)
{
	size_t i = 0;
	size_t k = 0;
	size_t star = STR_NPOS;
	size_t from = 0;
	while (k < s.n || i < p.n) {
		if (i < p.n && p.p[i] == '*') {
			star = i++;
			from = k;
			continue;
		}
		size_t n = 0;
		if (i < p.n && k < s.n)
			n = element_match(str_from_index(p, i), s.p[k], pathname);
		if (n > 0) {
			i += n;
			k++;
			continue;
		}
		if (star == STR_NPOS || from >= s.n || (pathname && s.p[from] == '/'))
			return false;
		i = star + 1;
		k = ++from;
	}
	return true;
}

bool word_pattern(struct eval *e, const struct shell_word *w, struct str *out)
{
	struct chunks raw = {0};
	struct str_list parts = {0};
	*out = STR("");
	if (!w)
		return true;
	eval_fields(e, w, &raw);
	for (size_t i = 0; i < raw.n; i++) {
		const struct chunk *c = &raw.items[i];
		if (c->kind != CHUNK_TEXT)
			return false;
		if (c->glob || c->split) {
			list_push(e->scratch, &parts) = c->text;
			continue;
		}
		char *escaped = arena_alloc(e->scratch, 2 * c->text.n + 1);
		for (size_t k = 0; k < c->text.n; k++) {
			escaped[2 * k] = '\\';
			escaped[2 * k + 1] = c->text.p[k];
		}
		list_push(e->scratch, &parts) = (struct str){escaped, 2 * c->text.n};
	}
	*out = arena_join(e->scratch, parts.items, parts.n, STR(""));
	return true;
}

/* ---- Operations on text that is known ------------------------------------------------------- */

static struct str trim_prefix(struct eval *e, struct str s, struct str pattern, bool longest)
{
	struct str out = s;
	for (size_t i = 0; i <= s.n && charge(e, 1 + s.n / 16); i++) {
		if (!pattern_match(pattern, str_sub(s, 0, i), false))
			continue;
		out = str_from_index(s, i);
		if (!longest)
			break;
	}
	return out;
}

static struct str trim_suffix(struct eval *e, struct str s, struct str pattern, bool longest)
{
	struct str out = s;
	for (size_t i = s.n + 1; i-- > 0 && charge(e, 1 + s.n / 16);) {
		if (!pattern_match(pattern, str_from_index(s, i), false))
			continue;
		out = str_sub(s, 0, i);
		if (!longest)
			break;
	}
	return out;
}

/* Length of the longest match at the start of s, or STR_NPOS. */
static size_t longest_match(struct eval *e, struct str pattern, struct str s)
{
	for (size_t i = s.n + 1; i-- > 0 && charge(e, 1 + s.n / 16);)
		if (pattern_match(pattern, str_sub(s, 0, i), false))
			return i;
	return STR_NPOS;
}

static struct str replace(
	struct eval *e, struct str s, struct str op, struct str pattern, struct str with)
{
	struct str_list parts = {0};
	bool all = str_is(op, "//");
	bool prefix = str_is(op, "/#");
	bool suffix = str_is(op, "/%");
	if (suffix) {
		struct str rest = trim_suffix(e, s, pattern, true);
		if (rest.n == s.n)
			return s;
		struct str two[] = {rest, with};
		return arena_join(e->scratch, two, 2, STR(""));
	}
	size_t start = 0;
	for (size_t i = 0; i < s.n && charge(e, 1);) {
		size_t n = longest_match(e, pattern, str_from_index(s, i));
		if (n == STR_NPOS || n == 0) {
			if (prefix)
				break;
			i++;
			continue;
		}
		list_push(e->scratch, &parts) = str_sub(s, start, i - start);
		list_push(e->scratch, &parts) = with;
		i += n;
		start = i;
		if (!all)
			break;
	}
	list_push(e->scratch, &parts) = str_from_index(s, start);
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

static struct str change_case(struct eval *e, struct str s, struct str op)
{
	char *p = arena_cstr(e->scratch, s);
	size_t n = op.n == 2 ? s.n : s.n > 0;
	for (size_t i = 0; i < n; i++) {
		bool upper = p[i] >= 'A' && p[i] <= 'Z';
		bool lower = p[i] >= 'a' && p[i] <= 'z';
		if (lower && op.p[0] != ',')
			p[i] = (char)(p[i] - 'a' + 'A');
		else if (upper && op.p[0] != '^')
			p[i] = (char)(p[i] - 'A' + 'a');
	}
	return (struct str){p, s.n};
}

static bool word_number(struct eval *e, const struct shell_word *w, int64_t *out)
{
	struct value v = eval_word(e, w);
	struct str s;
	return value_const(e, &v, &s) && eval_arith(e, s, out);
}

static bool slice(struct eval *e, struct str s, const struct shell_param *p, struct str *out)
{
	int64_t from;
	int64_t len = (int64_t)s.n;
	if (!word_number(e, p->arg, &from) || (p->arg2 && !word_number(e, p->arg2, &len)))
		return false;
	if (from < 0)
		from += (int64_t)s.n;
	if (from < 0 || from > (int64_t)s.n)
		from = (int64_t)s.n;
	if (len < 0)
		len += (int64_t)s.n - from;
	*out = str_sub(s, (size_t)from, len < 0 ? 0 : (size_t)len);
	return true;
}

/* False when the result is not known. */
static bool operate(struct eval *e, const struct shell_param *p, struct str s, struct str *out)
{
	struct str pattern;
	struct str with = STR("");
	bool longest = p->op == SHELL_OP_TRIM_PREFIX_LONG || p->op == SHELL_OP_TRIM_SUFFIX_LONG;
	switch (p->op) {
	case SHELL_OP_LENGTH:
		*out = arena_printf(e->scratch, "%zu", s.n);
		return true;
	case SHELL_OP_TRIM_PREFIX:
	case SHELL_OP_TRIM_PREFIX_LONG:
		if (!word_pattern(e, p->arg, &pattern))
			return false;
		*out = trim_prefix(e, s, pattern, longest);
		return true;
	case SHELL_OP_TRIM_SUFFIX:
	case SHELL_OP_TRIM_SUFFIX_LONG:
		if (!word_pattern(e, p->arg, &pattern))
			return false;
		*out = trim_suffix(e, s, pattern, longest);
		return true;
	case SHELL_OP_REPLACE: {
		struct value v = eval_word(e, p->arg2);
		if (!word_pattern(e, p->arg, &pattern) || !value_const(e, &v, &with))
			return false;
		*out = replace(e, s, p->op_text, pattern, with);
		return true;
	}
	case SHELL_OP_SLICE:
		return slice(e, s, p, out);
	case SHELL_OP_CASE:
		if (p->arg && p->arg->part_count > 0)
			return false;
		*out = change_case(e, s, p->op_text);
		return true;
	case SHELL_OP_TRANSFORM:
		*out = s;
		return str_is(p->op_text, "Q");
	case SHELL_OP_NONE:
	case SHELL_OP_DEFAULT:
	case SHELL_OP_ASSIGN:
	case SHELL_OP_ERROR:
	case SHELL_OP_ALTERNATE:
	case SHELL_OP_INDIRECT_KEYS:
		break;
	}
	return false;
}

/* ---- Parameters ----------------------------------------------------------------------------- */

static struct value list_value(struct eval *e, const struct value *items, size_t n, bool fields)
{
	struct chunks out = {0};
	for (size_t i = 0; i < n && charge(e, 1); i++) {
		size_t first = out.n;
		if (i > 0 && !fields)
			chunks_add_text(e, &out, STR(" "));
		chunks_add_value(e, &out, &items[i]);
		if (fields && out.n == first)
			chunks_add(e, &out, &(struct chunk){.kind = CHUNK_TEXT, .text = STR("")});
		if (fields && i > 0)
			out.items[first].brk = true;
	}
	return (struct value){out.items, out.n};
}

static struct value positional(struct eval *e, struct str name)
{
	const struct args *a = args_of(e);
	struct str label = arena_printf(e->scratch, "${%.*s}", STR_ARG(name));
	uint64_t i = 0;
	if (str_is(name, "@") || str_is(name, "*")) {
		if (a->open)
			return value_unknown(e, STR("$@"), NULL);
		return list_value(e, a->items, a->n, str_is(name, "@"));
	}
	if (str_is(name, "?")) {
		struct chunk c = {.kind = CHUNK_UNKNOWN, .text = label, .credit = e->last};
		struct chunks one = {0};
		chunks_add(e, &one, &c);
		return chunks_value(e, &one);
	}
	if (str_is(name, "!")) {
		struct chunk c = {.kind = CHUNK_UNKNOWN, .text = label, .credit = e->job};
		struct chunks one = {0};
		chunks_add(e, &one, &c);
		return chunks_value(e, &one);
	}
	if (str_is(name, "#") && !a->open)
		return value_text(e, arena_printf(e->scratch, "%zu", a->n));
	if (str_is(name, "0") && e->process->arg0.n != 0)
		return value_text(e, e->process->arg0);
	if (str_to_u64(name, &i) && i > 0 && i <= a->n)
		return a->items[i - 1];
	if (i > 0 && !a->open)
		return (struct value){0};
	return value_unknown(e, label, NULL);
}

static bool is_special(struct str name)
{
	return name.n > 0 && (name.n == 1 ? strchr("@*#?-$!0", name.p[0]) != NULL : false);
}

static bool is_digits(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < '0' || name.p[i] > '9')
			return false;
	return name.n > 0;
}

static struct value array_value(
	struct eval *e, const struct shell_param *p, const struct variable *v, struct str index)
{
	bool all = str_is(index, "@") || str_is(index, "*");
	struct str label = arena_printf(e->scratch, "${%.*s[…]}", STR_ARG(p->name));
	if (!v->array && (all || str_is(index, "0")))
		return v->value;
	if (all && p->op == SHELL_OP_LENGTH)
		return value_text(e, arena_printf(e->scratch, "%zu", v->element_count));
	if (all) {
		struct value *items = arena_array(e->scratch, struct value, v->element_count + 1);
		for (size_t i = 0; i < v->element_count; i++)
			items[i] = v->elements[i].value;
		return list_value(e, items, v->element_count, str_is(index, "@"));
	}
	int64_t n;
	if (eval_arith(e, index, &n))
		index = arena_printf(e->scratch, "%lld", (long long)n);
	for (size_t i = 0; i < v->element_count; i++)
		if (str_eq(v->elements[i].key, index))
			return v->elements[i].value;
	return value_unknown(e, label, NULL);
}

/* The parameter's value before its operation; `unset` when it is known to have none. */
static struct value parameter(struct eval *e, const struct shell_param *p, bool *unset)
{
	*unset = false;
	if (is_special(p->name) || is_digits(p->name)) {
		struct value v = positional(e, p->name);
		*unset = v.n == 0;
		return v;
	}
	if (str_is(p->name, "BASH_SOURCE") && e->process->arg0.n != 0)
		return value_text(e, e->unit->path.n != 0 ? e->unit->path : e->process->arg0);
	const struct variable *v = variable_find(e, p->name);
	if (p->index && v) {
		struct value index = eval_word(e, p->index);
		struct str s;
		if (value_const(e, &index, &s))
			return array_value(e, p, v, s);
		return value_unknown(e, arena_printf(e->scratch, "${%.*s[…]}", STR_ARG(p->name)),
			value_taint(e, &v->value));
	}
	*unset = !v || v->unset;
	return variable_value(e, p->name);
}

static struct value defaulted(
	struct eval *e, const struct shell_param *p, const struct value *v, bool unset)
{
	bool absent = (unset && !variable_is_ambient(p->name)) || (p->colon && value_empty(v));
	struct value other = {0};
	if (p->op == SHELL_OP_ALTERNATE) {
		if (absent)
			return (struct value){0};
		return eval_word(e, p->arg);
	}
	if (!absent)
		return *v;
	if (p->op == SHELL_OP_ERROR)
		return value_unknown(
			e, arena_printf(e->scratch, "${%.*s}", STR_ARG(p->name)), NULL);
	other = eval_word(e, p->arg);
	if (p->op == SHELL_OP_ASSIGN)
		variable_set(e, p->name, &other, false);
	return other;
}

static struct value operated(struct eval *e, const struct shell_param *p, const struct value *v)
{
	struct str s;
	struct str out;
	struct str label = arena_printf(e->scratch, "${%.*s…}", STR_ARG(p->name));
	if (value_const(e, v, &s)) {
		if (!operate(e, p, s, &out))
			return value_unknown(e, label, value_taint(e, v));
		struct chunk c = {.kind = CHUNK_TEXT, .text = out, .taint = value_taint(e, v)};
		struct chunks one = {0};
		chunks_add(e, &one, &c);
		return chunks_value(e, &one);
	}
	if (v->n == 1 && v->items[0].kind == CHUNK_CHOICE && e->depth < 200) {
		e->depth++;
		struct value joined = operated(e, p, &v->items[0].alts[0]);
		for (size_t i = 1; i < v->items[0].alt_count; i++) {
			struct value next = operated(e, p, &v->items[0].alts[i]);
			joined = value_join(e, &joined, &next, label);
		}
		e->depth--;
		return joined;
	}
	struct chunk c = {.kind = CHUNK_UNKNOWN,
		.text = label,
		.taint = value_taint(e, v),
		.digest = value_digest(v),
		.gates = (uint8_t)value_gates(v),
		.unset = v->n == 1 && v->items[0].unset && p->op != SHELL_OP_LENGTH,
		.sensitive = value_sensitive(v)};
	struct chunks one = {0};
	chunks_add(e, &one, &c);
	return chunks_value(e, &one);
}

/* ${x/pattern/with} and the like on each field of "$@" and "${a[@]}". */
static bool has_breaks(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].brk)
			return true;
	return false;
}

struct value eval_param(struct eval *e, const struct shell_param *p, bool quoted)
{
	bool unset;
	struct value v = parameter(e, p, &unset);
	struct str s;
	if (p->indirect || p->op == SHELL_OP_INDIRECT_KEYS) {
		if (p->op != SHELL_OP_INDIRECT_KEYS && value_const(e, &v, &s) && !unset)
			return variable_value(e, s);
		return value_unknown(
			e, arena_printf(e->scratch, "${!%.*s}", STR_ARG(p->name)), NULL);
	}
	switch (p->op) {
	case SHELL_OP_NONE:
		return v;
	case SHELL_OP_DEFAULT:
	case SHELL_OP_ASSIGN:
	case SHELL_OP_ERROR:
	case SHELL_OP_ALTERNATE:
		return defaulted(e, p, &v, unset);
	case SHELL_OP_LENGTH:
		if (p->index && value_const(e, &v, &s))
			return v;
		return operated(e, p, &v);
	case SHELL_OP_TRIM_PREFIX:
	case SHELL_OP_TRIM_PREFIX_LONG:
	case SHELL_OP_TRIM_SUFFIX:
	case SHELL_OP_TRIM_SUFFIX_LONG:
	case SHELL_OP_REPLACE:
	case SHELL_OP_SLICE:
	case SHELL_OP_CASE:
	case SHELL_OP_TRANSFORM:
	case SHELL_OP_INDIRECT_KEYS:
		break;
	}
	(void)quoted;
	if (has_breaks(&v))
		return value_unknown(e, STR("$@"), value_taint(e, &v));
	return operated(e, p, &v);
}
