/* Jinja, as far as it gives constants: expressions and texts with {{ }} and {% %}. */
#include "audit/ansible/ansible.h"

#define DEPTH_MAX 40
#define ARGS_MAX 16
#define ROUNDS_MAX 24
#define LIST_MAX 1000

struct jinja {
	struct playbook *p;
	struct str text;
	size_t at;
	unsigned depth;
	bool failed;
};

static struct any parse_expr(struct jinja *j);

/* ---- Tokens --------------------------------------------------------------------------------- */

static char peek(const struct jinja *j)
{
	return j->at < j->text.n ? j->text.p[j->at] : '\0';
}

static void skip(struct jinja *j)
{
	while (j->at < j->text.n && strchr(" \t\r\n", j->text.p[j->at]))
		j->at++;
}

static bool is_name(char c, bool first)
{
	bool letter = c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z');
	return letter || (!first && c >= '0' && c <= '9');
}

static struct str name_at(const struct jinja *j)
{
	size_t end = j->at;
	while (end < j->text.n && is_name(j->text.p[end], end == j->at))
		end++;
	return str_sub(j->text, j->at, end - j->at);
}

static bool take_word(struct jinja *j, const char *word)
{
	skip(j);
	if (!str_is(name_at(j), word))
		return false;
	j->at += strlen(word);
	return true;
}

static bool take(struct jinja *j, const char *sign)
{
	skip(j);
	if (!str_has_prefix(str_from_index(j->text, j->at), str_from(sign)))
		return false;
	j->at += strlen(sign);
	return true;
}

static struct any fail(struct jinja *j)
{
	j->failed = true;
	j->at = j->text.n;
	return any_unknown(j->p, STR("…"));
}

/* ---- Literals ------------------------------------------------------------------------------- */

static struct any parse_string(struct jinja *j)
{
	char quote = peek(j);
	char *out = arena_alloc(j->p->e->scratch, j->text.n - j->at + 1);
	size_t n = 0;
	for (j->at++; j->at < j->text.n; j->at++) {
		char c = j->text.p[j->at];
		if (c == quote) {
			j->at++;
			return any_str(j->p, (struct str){out, n});
		}
		char next = j->at + 1 < j->text.n ? j->text.p[j->at + 1] : '\0';
		if (c == '\\' && next) {
			j->at++;
			c = next == 'n' ? '\n' : next == 't' ? '\t' : next;
			if (!strchr("nt'\"\\", next))
				out[n++] = '\\';
		}
		out[n++] = c;
	}
	return fail(j);
}

static struct any parse_number(struct jinja *j)
{
	size_t start = j->at;
	while ((peek(j) >= '0' && peek(j) <= '9') || peek(j) == '_')
		j->at++;
	bool fraction = peek(j) == '.' && j->at + 1 < j->text.n && j->text.p[j->at + 1] >= '0' &&
		j->text.p[j->at + 1] <= '9';
	if (fraction) {
		j->at++;
		while (peek(j) >= '0' && peek(j) <= '9')
			j->at++;
	}
	return any_str(j->p, str_sub(j->text, start, j->at - start));
}

/* Values up to the closing sign, which is taken. */
static struct any parse_values(struct jinja *j, const char *close)
{
	struct {
		struct any *items;
		size_t n;
		size_t cap;
	} list = {0};
	while (!j->failed && !take(j, close)) {
		if (j->at >= j->text.n)
			return fail(j);
		skip(j);
		struct str name = name_at(j);
		size_t behind = j->at + name.n;
		bool named = name.n > 0 && behind + 1 < j->text.n && j->text.p[behind] == '=' &&
			j->text.p[behind + 1] != '=';
		if (named)
			j->at = behind + 1;
		list_push(j->p->e->scratch, &list) = parse_expr(j);
		if (!take(j, ","))
			continue;
	}
	return any_list(list.items, list.n);
}

static struct any parse_map(struct jinja *j)
{
	struct eval *e = j->p->e;
	struct {
		struct any *items;
		size_t n;
		size_t cap;
	} values = {0};
	struct str_list keys = {0};
	while (!j->failed && !take(j, "}")) {
		struct str key;
		if (j->at >= j->text.n)
			return fail(j);
		struct any name = parse_expr(j);
		if (!take(j, ":"))
			return fail(j);
		struct any value = parse_expr(j);
		if (any_const(j->p, &name, &key)) {
			list_push(e->scratch, &keys) = key;
			list_push(e->scratch, &values) = value;
		}
		take(j, ",");
	}
	return (struct any){
		.kind = ANY_MAP, .items = values.items, .keys = keys.items, .n = values.n};
}

/* ---- Names, calls, members ------------------------------------------------------------------ */

static struct any parse_name(struct jinja *j)
{
	struct str name = name_at(j);
	j->at += name.n;
	if (word_in(name, "true True"))
		return any_bool(j->p, true);
	if (word_in(name, "false False"))
		return any_bool(j->p, false);
	if (word_in(name, "none None"))
		return any_str(j->p, STR(""));
	if (str_is(name, "omit"))
		return (struct any){.kind = ANY_OMIT};
	if (take(j, "(")) {
		struct any args = parse_values(j, ")");
		return jinja_call(j->p, name, &args);
	}
	struct any a = variable_any(j->p, name);
	if (a.kind == ANY_UNDEFINED)
		a.text = any_unknown(j->p, name).text;
	return a;
}

static struct any parse_primary(struct jinja *j)
{
	skip(j);
	char c = peek(j);
	if (c == '\'' || c == '"')
		return parse_string(j);
	if (c >= '0' && c <= '9')
		return parse_number(j);
	if (take(j, "["))
		return parse_values(j, "]");
	if (take(j, "{"))
		return parse_map(j);
	if (take(j, "(")) {
		struct any inside = parse_values(j, ")");
		return inside.n == 1 ? inside.items[0] : inside;
	}
	if (is_name(c, true))
		return parse_name(j);
	return fail(j);
}

static struct str label_of(struct jinja *j, size_t start)
{
	return str_trim(str_sub(j->text, start, j->at - start));
}

/* The member, or what is shown for one that nobody knows. */
static struct any member(struct jinja *j, const struct any *a, struct str key, size_t start)
{
	struct any out = any_member(j->p, a, key);
	if (out.kind == ANY_UNKNOWN || out.kind == ANY_UNDEFINED)
		out.text = any_unknown(j->p, label_of(j, start)).text;
	return out;
}

static struct any parse_index(struct jinja *j, const struct any *a, size_t start)
{
	struct str key;
	struct any index = parse_values(j, "]");
	struct any first = index.n > 0 ? index.items[0] : any_unknown(j->p, STR("…"));
	if (index.n == 1 && any_const(j->p, &first, &key))
		return member(j, a, key, start);
	return any_unknown(j->p, label_of(j, start));
}

static struct any parse_postfix(struct jinja *j)
{
	size_t start = j->at;
	struct any a = parse_primary(j);
	while (!j->failed) {
		struct str name;
		if (peek(j) == '[' && take(j, "[")) {
			a = parse_index(j, &a, start);
			continue;
		}
		if (peek(j) != '.')
			return a;
		j->at++;
		name = name_at(j);
		size_t digits = 0;
		while (name.n == 0 && j->at + digits < j->text.n &&
			j->text.p[j->at + digits] >= '0' && j->text.p[j->at + digits] <= '9')
			digits++;
		if (name.n == 0)
			name = str_sub(j->text, j->at, digits);
		if (name.n == 0)
			return fail(j);
		j->at += name.n;
		if (peek(j) == '(' && take(j, "(")) {
			struct any args = parse_values(j, ")");
			a = jinja_method(j->p, &a, name, &args);
		} else {
			a = member(j, &a, name, start);
		}
	}
	return a;
}

static struct str dotted_name(struct jinja *j)
{
	skip(j);
	struct str name = name_at(j);
	j->at += name.n;
	while (peek(j) == '.') {
		j->at++;
		name = name_at(j);
		j->at += name.n;
	}
	return name;
}

static struct any parse_filters(struct jinja *j)
{
	skip(j);
	struct any a = parse_postfix(j);
	struct any none = {.kind = ANY_LIST};
	while (!j->failed) {
		skip(j);
		bool filter = peek(j) == '|';
		if (!filter && !str_is(name_at(j), "is"))
			return a;
		j->at += filter ? 1 : 2;
		bool negated = !filter && take_word(j, "not");
		struct str name = dotted_name(j);
		struct any args = none;
		if (name.n == 0)
			return fail(j);
		if (peek(j) == '(' && take(j, "("))
			args = parse_values(j, ")");
		a = filter ? jinja_filter(j->p, &a, name, &args)
			   : jinja_test(j->p, &a, name, &args);
		if (negated)
			a = jinja_not(&a, j->p);
	}
	return a;
}

/* ---- Operators ------------------------------------------------------------------------------ */

static struct any concat(struct jinja *j, const struct any *a, const struct any *b)
{
	struct eval *e = j->p->e;
	if (a->kind == ANY_LIST && b->kind == ANY_LIST) {
		if (a->n + b->n > LIST_MAX || !charge(e, 16 * (a->n + b->n)))
			return any_unknown(j->p, STR("…"));
		struct any *items = arena_array(e->scratch, struct any, a->n + b->n + 1);
		for (size_t i = 0; i < a->n + b->n && charge(e, 1); i++)
			items[i] = i < a->n ? any_at(j->p, a, i) : any_at(j->p, b, i - a->n);
		return any_list(items, a->n + b->n);
	}
	struct chunks out = {0};
	struct value left = any_value(j->p, a);
	struct value right = any_value(j->p, b);
	chunks_add_value(e, &out, a->kind == ANY_UNDEFINED ? &a->text : &left);
	chunks_add_value(e, &out, b->kind == ANY_UNDEFINED ? &b->text : &right);
	return any_text(chunks_value(e, &out));
}

static bool numbers(struct playbook *p, const struct any *a, const struct any *b, int64_t *out)
{
	struct str s;
	bool first = any_const(p, a, &s) && str_to_i64(s, &out[0]);
	return first && any_const(p, b, &s) && str_to_i64(s, &out[1]);
}

static struct any add(struct jinja *j, const struct any *a, const struct any *b, bool minus)
{
	int64_t n[2];
	int64_t sum;
	if (!numbers(j->p, a, b, n))
		return minus ? any_unknown(j->p, STR("…")) : concat(j, a, b);
	bool over = minus ? __builtin_sub_overflow(n[0], n[1], &sum)
			  : __builtin_add_overflow(n[0], n[1], &sum);
	if (over)
		return any_unknown(j->p, STR("…"));
	return any_str(j->p, arena_printf(j->p->e->scratch, "%lld", (long long)sum));
}

static struct any parse_factor(struct jinja *j)
{
	struct any a = parse_filters(j);
	while (!j->failed) {
		skip(j);
		char c = peek(j);
		/* "%}" and "-%}" end the statement around. */
		if ((c != '*' && c != '/' && c != '%') ||
			str_has_prefix(str_from_index(j->text, j->at), STR("%}")))
			return a;
		while (peek(j) == c)
			j->at++;
		(void)parse_filters(j);
		a = any_unknown(j->p, STR("…"));
	}
	return a;
}

static struct any parse_sum(struct jinja *j)
{
	skip(j);
	if (peek(j) == '-' || peek(j) == '+') {
		bool minus = peek(j) == '-';
		struct any zero = any_str(j->p, STR("0"));
		j->at++;
		struct any right = parse_factor(j);
		return add(j, &zero, &right, minus);
	}
	struct any a = parse_factor(j);
	while (!j->failed) {
		skip(j);
		char c = peek(j);
		if (c != '+' && c != '-' && c != '~')
			return a;
		j->at++;
		struct any b = parse_factor(j);
		a = c == '~' ? concat(j, &a, &b) : add(j, &a, &b, c == '-');
	}
	return a;
}

static struct any parse_comparison(struct jinja *j)
{
	static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};
	struct any a = parse_sum(j);
	while (!j->failed) {
		struct str sign = {0};
		for (size_t i = 0; i < countof(signs) && !sign.p; i++) {
			if (take(j, signs[i]))
				sign = str_from(signs[i]);
		}
		size_t start = j->at;
		if (!sign.p && take_word(j, "in"))
			sign = STR("in");
		if (!sign.p && take_word(j, "not")) {
			if (take_word(j, "in"))
				sign = STR("not in");
			else
				j->at = start;
		}
		if (!sign.p)
			return a;
		struct any b = parse_sum(j);
		a = jinja_compare(j->p, &a, sign, &b);
	}
	return a;
}

static struct any parse_not(struct jinja *j)
{
	if (++j->depth > DEPTH_MAX)
		return fail(j);
	bool negated = take_word(j, "not");
	struct any a = negated ? parse_not(j) : parse_comparison(j);
	j->depth--;
	return negated ? jinja_not(&a, j->p) : a;
}

struct any jinja_not(const struct any *a, struct playbook *p)
{
	enum truth t = any_truth(p, a);
	struct any out =
		t == TRUTH_UNKNOWN ? any_unknown(p, STR("not …")) : any_bool(p, t == TRUTH_NO);
	out.when[0] = a->when[1];
	out.when[1] = a->when[0];
	return out;
}

/* and: proves what both prove; or: false proves that both are. */
static struct any both(struct playbook *p, const struct any *a, const struct any *b, bool all)
{
	enum truth ta = any_truth(p, a);
	enum truth tb = any_truth(p, b);
	enum truth decides = all ? TRUTH_NO : TRUTH_YES;
	struct any out = any_unknown(p, STR("…"));
	if (ta == decides || tb == decides)
		out = any_bool(p, !all);
	else if (ta != TRUTH_UNKNOWN && tb != TRUTH_UNKNOWN)
		out = any_bool(p, all);
	out.when[all] = credit_union(p->e, a->when[all], b->when[all]);
	return out;
}

static struct any parse_and(struct jinja *j)
{
	struct any a = parse_not(j);
	while (!j->failed && take_word(j, "and")) {
		struct any b = parse_not(j);
		a = both(j->p, &a, &b, true);
	}
	return a;
}

static struct any parse_or(struct jinja *j)
{
	struct any a = parse_and(j);
	while (!j->failed && take_word(j, "or")) {
		struct any b = parse_and(j);
		bool value = any_truth(j->p, &a) == TRUTH_YES;
		/* `x or 'default'` is x when it holds. */
		a = value && a.kind != ANY_UNKNOWN ? a : both(j->p, &a, &b, false);
	}
	return a;
}

static struct any parse_expr(struct jinja *j)
{
	if (++j->depth > DEPTH_MAX)
		return fail(j);
	struct any a = parse_or(j);
	if (!j->failed && take_word(j, "if")) {
		struct any condition = parse_or(j);
		struct any other = any_str(j->p, STR(""));
		if (take_word(j, "else"))
			other = parse_expr(j);
		enum truth t = any_truth(j->p, &condition);
		if (t == TRUTH_UNKNOWN)
			a = any_join(j->p, &a, &other);
		else if (t == TRUTH_NO)
			a = other;
	}
	j->depth--;
	return a;
}

struct any jinja_expression(struct playbook *p, struct str text)
{
	struct jinja j = {.p = p, .text = text};
	if (p->depth >= DEPTH_MAX || !charge(p->e, 4 + text.n / 8))
		return any_unknown(p, STR("…"));
	p->depth++;
	struct any a = parse_expr(&j);
	p->depth--;
	skip(&j);
	if (j.failed || j.at < text.n)
		return any_unknown(p, str_trim(str_sub(text, 0, 60)));
	return a;
}

/* ---- Texts ---------------------------------------------------------------------------------- */

struct rendering {
	struct playbook *p;
	const struct unit *unit;
	struct str s;
	size_t at;
	struct chunks out;
	unsigned depth;
	bool silent; /* in a branch that is not taken */
};

enum stop { STOP_END = 0, STOP_ELSE, STOP_BLOCK_END };

/* Index behind the sign, which quotes hide. */
static size_t find_close(struct str s, size_t from, const char *sign)
{
	char quote = 0;
	for (size_t i = from; i + 1 < s.n; i++) {
		char c = s.p[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == sign[0] && s.p[i + 1] == sign[1])
			return i + 2;
	}
	size_t plain = str_find(str_from_index(s, from), str_from(sign));
	return plain == STR_NPOS ? STR_NPOS : from + plain + 2;
}

static void add_literal(struct rendering *t, struct str s)
{
	struct eval *e = t->p->e;
	const struct unit *old = e->unit;
	if (t->silent)
		return;
	e->unit = t->unit;
	chunks_add_marked(e, &t->out, s, false);
	e->unit = old;
}

/* The lines of what is left out stay, so that places behind it are right. */
static void add_breaks(struct rendering *t, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < t->s.n; i++) {
		if (t->s.p[i] == '\n')
			chunks_add_text(t->p->e, &t->out, STR("\n"));
	}
}

static struct str inner(struct str s, size_t open, size_t close)
{
	struct str text = str_sub(s, open + 2, close - open - 4);
	if (str_has_prefix(text, STR("-")) || str_has_prefix(text, STR("+")))
		text = str_from_index(text, 1);
	if (str_has_suffix(text, STR("-")))
		text.n--;
	return str_trim(text);
}

static void add_expression(struct rendering *t, struct str expression)
{
	if (t->silent)
		return;
	struct any a = jinja_expression(t->p, expression);
	struct value v = any_value(t->p, &a);
	if (a.kind == ANY_UNDEFINED)
		v = a.text;
	if (a.kind == ANY_UNDEFINED && v.n == 0)
		v = any_unknown(t->p, expression).text;
	chunks_add_value(t->p->e, &t->out, &v);
}

static enum stop render(struct rendering *t, struct str *tail);

/* A part up to else or the end; the word behind else ("elif x") is left in *tail. */
static enum stop render_part(struct rendering *t, bool taken, struct str *tail)
{
	bool silent = t->silent;
	size_t from = t->at;
	t->silent = silent || !taken;
	enum stop stop = render(t, tail);
	if (!taken && !silent)
		add_breaks(t, from, t->at);
	t->silent = silent;
	return stop;
}

static void render_if(struct rendering *t, struct str condition)
{
	bool done = false;
	enum stop stop = STOP_ELSE;
	while (stop == STOP_ELSE) {
		struct str tail = {0};
		struct any a = condition.n > 0 && !t->silent ? jinja_expression(t->p, condition)
							     : any_bool(t->p, true);
		enum truth truth = any_truth(t->p, &a);
		stop = render_part(t, !done && truth != TRUTH_NO, &tail);
		done = done || truth == TRUTH_YES;
		condition = tail;
	}
}

/* Over what is known each round; once with unknown variables otherwise. */
static void render_for(struct rendering *t, struct str head)
{
	size_t in = str_find(head, STR(" in "));
	struct str name = str_trim(str_sub(head, 0, in));
	struct str list = in == STR_NPOS ? STR("") : str_trim(str_from_index(head, in + 4));
	size_t mark = t->p->scopes.n;
	size_t start = t->at;
	struct any all = t->silent ? any_unknown(t->p, list) : jinja_expression(t->p, list);
	bool known = all.kind == ANY_LIST && all.n > 0 && all.n <= ROUNDS_MAX &&
		str_find_byte(name, ',') == STR_NPOS;
	bool empty = all.kind == ANY_LIST && all.n == 0;
	size_t rounds = known ? all.n : 1;
	for (size_t i = 0; i < rounds && charge(t->p->e, 8); i++) {
		struct any item = known ? any_at(t->p, &all, i) : any_unknown(t->p, name);
		struct str tail = {0};
		t->at = start;
		scope_push_one(t->p, SCOPE_LOOP, name, &item);
		while (render_part(t, !empty, &tail) == STOP_ELSE)
			tail = (struct str){0};
		scope_pop(t->p, mark);
	}
}

static void render_set(struct rendering *t, struct str words)
{
	size_t eq = str_find_byte(words, '=');
	if (eq == STR_NPOS || t->silent)
		return;
	struct any v = jinja_expression(t->p, str_trim(str_from_index(words, eq + 1)));
	scope_push_one(t->p, SCOPE_BLOCK, str_trim(str_sub(words, 0, eq)), &v);
}

static void skip_raw(struct rendering *t)
{
	struct str rest = str_from_index(t->s, t->at);
	size_t end = str_find(rest, STR("endraw"));
	size_t open = end == STR_NPOS ? STR_NPOS : str_rfind_byte(str_sub(rest, 0, end), '{');
	size_t close = end == STR_NPOS ? STR_NPOS : find_close(t->s, t->at + end, "%}");
	if (open == STR_NPOS || close == STR_NPOS) {
		t->at = t->s.n;
		return;
	}
	add_literal(t, str_sub(rest, 0, open));
	t->at = close;
}

/* True when the statement ends the part that is being rendered. */
static bool statement(struct rendering *t, struct str words, enum stop *stop, struct str *tail)
{
	size_t space = str_find_byte(words, ' ');
	struct str verb = str_sub(words, 0, space);
	struct str rest = space == STR_NPOS ? STR("") : str_trim(str_from_index(words, space));
	*stop = STOP_BLOCK_END;
	if (word_in(verb, "else elif")) {
		*stop = STOP_ELSE;
		*tail = rest;
		return true;
	}
	if (str_has_prefix(verb, STR("end")))
		return true;
	if (str_is(verb, "if"))
		render_if(t, rest);
	else if (str_is(verb, "for"))
		render_for(t, rest);
	else if (str_is(verb, "set"))
		render_set(t, rest);
	else if (str_is(verb, "raw"))
		skip_raw(t);
	else if (word_in(verb, "block filter macro call autoescape with"))
		(void)render_part(t, !str_is(verb, "macro"), tail);
	return false;
}

static enum stop render(struct rendering *t, struct str *tail)
{
	enum stop stop = STOP_END;
	if (++t->depth > DEPTH_MAX) {
		t->at = t->s.n;
		t->depth--;
		return STOP_END;
	}
	while (t->at < t->s.n && charge(t->p->e, 4)) {
		size_t open = str_find_byte(str_from_index(t->s, t->at), '{');
		open = open == STR_NPOS ? t->s.n : t->at + open;
		char next = open + 1 < t->s.n ? t->s.p[open + 1] : '\0';
		bool mark = next == '{' || next == '%' || next == '#';
		size_t close = mark ? find_close(t->s, open + 2,
					      next == '{'           ? "}}"
						      : next == '%' ? "%}"
								    : "#}")
				    : STR_NPOS;
		if (open >= t->s.n || close == STR_NPOS) {
			size_t n = open + 1 < t->s.n ? open + 1 : t->s.n;
			add_literal(t, str_sub(t->s, t->at, n - t->at));
			t->at = n;
			continue;
		}
		add_literal(t, str_sub(t->s, t->at, open - t->at));
		t->at = close;
		struct str words = inner(t->s, open, close);
		if (next == '{')
			add_expression(t, words);
		else if (next == '#' && !t->silent)
			add_breaks(t, open, close);
		else if (next == '%' && statement(t, words, &stop, tail))
			break;
	}
	t->depth--;
	return stop;
}

struct value jinja_text(struct playbook *p, const struct unit *unit, struct str s)
{
	struct rendering t = {.p = p, .unit = unit, .s = s};
	struct str tail = {0};
	while (t.at < s.n && charge(p->e, 4))
		(void)render(&t, &tail);
	return chunks_value(p->e, &t.out);
}

struct any jinja_scalar(struct playbook *p, const struct unit *unit, struct str text)
{
	struct str s = str_trim(text);
	bool one = str_has_prefix(s, STR("{{")) && find_close(s, 2, "}}") == s.n;
	if (one) {
		struct any a = jinja_expression(p, inner(s, 0, s.n));
		if (a.kind == ANY_UNDEFINED)
			return any_unknown(p, inner(s, 0, s.n));
		return a;
	}
	return any_text(jinja_text(p, unit, text));
}
