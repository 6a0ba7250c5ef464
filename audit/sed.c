#include "audit/sed.h"

#include "base/hcl/regex.h"

#define COMMANDS_MAX 64
#define DEPTH_MAX 4
#define GROUPS_MAX 16

/* ---- Scripts -------------------------------------------------------------------------------- */

enum address_kind { ADDRESS_NONE = 0, ADDRESS_LINE, ADDRESS_LAST, ADDRESS_REGEX };

struct address {
	enum address_kind kind;
	uint64_t line;
	struct regex *regex;
};

struct command {
	struct address from;
	struct address to;
	bool negated;
	bool inside; /* of the range, at the line that is being read */
	char name; /* '{' opens a block that ends at index `end` */
	size_t end;
	struct regex *regex;
	struct str text; /* replacement; of a, i and c */
	bool global;
	uint64_t nth;
};

struct program {
	struct command items[COMMANDS_MAX];
	size_t n;
	struct arena *arena;
	bool extended;
};

static void address_clear(struct address *a)
{
	if (a->regex)
		regex_free(a->regex);
}

static void program_clear(struct program *p)
{
	for (size_t i = 0; i < p->n; i++) {
		address_clear(&p->items[i].from);
		address_clear(&p->items[i].to);
		if (p->items[i].regex)
			regex_free(p->items[i].regex);
	}
	p->n = 0;
}

/* ---- Expressions: POSIX to RE2 -------------------------------------------------------------- */

/* A bracket expression from s[*i]; a backslash is itself there. */
static bool add_bracket(struct buf *out, struct str s, size_t *i)
{
	size_t at = *i + 1;
	buf_add_byte(out, '[');
	if (at < s.n && s.p[at] == '^')
		buf_add_byte(out, s.p[at++]);
	for (size_t first = at; at < s.n && (s.p[at] != ']' || at == first); at++) {
		bool class = s.p[at] == '[' && at + 1 < s.n && s.p[at + 1] == ':';
		size_t close = class ? str_find(str_from_index(s, at), STR(":]")) : STR_NPOS;
		if (close != STR_NPOS) {
			buf_add(out, str_sub(s, at, close + 2));
			at += close + 1;
			continue;
		}
		if (strchr("\\[]", s.p[at]))
			buf_add_byte(out, '\\');
		buf_add_byte(out, s.p[at]);
	}
	*i = at;
	buf_add_byte(out, ']');
	return at < s.n;
}

/* What stands behind a backslash; false for back references and the like. */
static bool add_escaped(struct buf *out, char c, bool extended)
{
	if (c >= '0' && c <= '9')
		return false;
	if (!extended && strchr("(){}+?|", c)) {
		buf_add_byte(out, c);
	} else if (c == '<' || c == '>') {
		buf_add_cstr(out, "\\b");
	} else if (strchr("sSwWbBnt", c)) {
		buf_add_byte(out, '\\');
		buf_add_byte(out, c);
	} else if ((c | 32) >= 'a' && (c | 32) <= 'z') {
		return false;
	} else {
		if (strchr("\\^$.[]|()?*+{}", c))
			buf_add_byte(out, '\\');
		buf_add_byte(out, c);
	}
	return true;
}

static bool add_pattern(struct buf *out, struct str s, bool extended)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '\\') {
			if (++i >= s.n || !add_escaped(out, s.p[i], extended))
				return false;
		} else if (c == '[') {
			if (!add_bracket(out, s, &i))
				return false;
		} else {
			bool first = i == 0 || (i == 1 && s.p[0] == '^');
			bool literal = !extended && (strchr("(){}+?|", c) || (c == '*' && first));
			if (literal)
				buf_add_byte(out, '\\');
			buf_add_byte(out, c);
		}
	}
	return true;
}

static bool compile(struct regex **out, const struct program *p, struct str s, bool nocase)
{
	struct error ignored = {0};
	scoped(buf) pattern = {0};
	if (s.n == 0)
		return false; /* the last expression again */
	if (nocase)
		buf_add_cstr(&pattern, "(?i)");
	return add_pattern(&pattern, s, p->extended) &&
		regex_new(out, buf_str(&pattern), &ignored) == 0;
}

/* ---- Parsing -------------------------------------------------------------------------------- */

static struct str skip(struct str s, const char *bytes)
{
	while (s.n > 0 && s.p[0] && strchr(bytes, s.p[0]))
		s = str_from_index(s, 1);
	return s;
}

/* The part up to the delimiter, whose escapes in it are taken away. */
static bool take_part(struct program *p, struct str *rest, char delimiter, struct str *part)
{
	scoped(buf) text = {0};
	bool bracket = false;
	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];
		if (c == '\\' && i + 1 < rest->n && !bracket) {
			i++;
			if (rest->p[i] != delimiter)
				buf_add_byte(&text, '\\');
			buf_add_byte(&text, rest->p[i]);
			continue;
		}
		if (c == delimiter && !bracket) {
			*part = arena_str(p->arena, buf_str(&text));
			*rest = str_from_index(*rest, i + 1);
			return true;
		}
		bool opens =
			c == '[' && str_find_byte(str_from_index(*rest, i + 2), ']') != STR_NPOS;
		bracket = bracket ? c != ']' || rest->p[i - 1] == '[' || rest->p[i - 1] == '^'
				  : opens;
		buf_add_byte(&text, c);
	}
	return false;
}

static bool take_address(struct program *p, struct str *rest, struct address *a)
{
	struct str s = *rest;
	struct str part;
	size_t digits = 0;
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (digits > 0) {
		a->kind = ADDRESS_LINE;
		*rest = str_from_index(s, digits);
		return str_to_u64(str_sub(s, 0, digits), &a->line);
	}
	if (s.n > 0 && s.p[0] == '$') {
		a->kind = ADDRESS_LAST;
		*rest = str_from_index(s, 1);
		return true;
	}
	bool custom = s.n > 1 && s.p[0] == '\\';
	if (s.n == 0 || (s.p[0] != '/' && !custom))
		return true;
	char delimiter = custom ? s.p[1] : '/';
	*rest = str_from_index(s, custom ? 2 : 1);
	a->kind = ADDRESS_REGEX;
	if (!take_part(p, rest, delimiter, &part))
		return false;
	bool nocase = rest->n > 0 && rest->p[0] == 'I';
	if (nocase)
		*rest = str_from_index(*rest, 1);
	return compile(&a->regex, p, part, nocase);
}

static bool take_substitution(struct program *p, struct str *rest, struct command *c)
{
	struct str pattern;
	bool nocase = false;
	if (rest->n == 0)
		return false;
	char delimiter = rest->p[0];
	*rest = str_from_index(*rest, 1);
	if (!take_part(p, rest, delimiter, &pattern) || !take_part(p, rest, delimiter, &c->text))
		return false;
	for (; rest->n > 0 && !strchr(" \t\n;}", rest->p[0]); *rest = str_from_index(*rest, 1)) {
		char flag = rest->p[0];
		if (flag == 'g')
			c->global = true;
		else if (flag == 'i' || flag == 'I')
			nocase = true;
		else if (flag >= '1' && flag <= '9')
			c->nth = (uint64_t)(flag - '0');
		else if (flag != 'p')
			return false;
	}
	return compile(&c->regex, p, pattern, nocase);
}

/* a, i and c: the text goes to the end of the line, over escaped line ends. */
static void take_lines(struct program *p, struct str *rest, struct command *c)
{
	scoped(buf) text = {0};
	struct str s = skip(*rest, " \t");
	if (s.n > 0 && s.p[0] == '\\')
		s = skip(str_from_index(s, 1), " \t\n");
	size_t i = 0;
	for (; i < s.n && s.p[i] != '\n'; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		buf_add_byte(&text, s.p[i]);
	}
	c->text = arena_str(p->arena, buf_str(&text));
	*rest = str_from_index(s, i);
}

static bool take_block(struct program *p, struct str *rest, unsigned depth);

static bool take_function(struct program *p, struct str *rest, struct command *c, unsigned depth)
{
	*rest = skip(*rest, " \t");
	for (; rest->n > 0 && rest->p[0] == '!'; *rest = skip(str_from_index(*rest, 1), " \t"))
		c->negated = true;
	if (rest->n == 0)
		return false;
	c->name = rest->p[0];
	*rest = str_from_index(*rest, 1);
	if (!c->name)
		return false;
	if (c->name == 's')
		return take_substitution(p, rest, c);
	if (strchr("aic", c->name)) {
		take_lines(p, rest, c);
		return true;
	}
	if (c->name == '{') {
		if (!take_block(p, rest, depth + 1) || rest->n == 0)
			return false;
		*rest = str_from_index(*rest, 1); /* } */
		c->end = p->n;
		return true;
	}
	return strchr("dpq=", c->name) != NULL;
}

/* Commands up to the end or a closing brace, which stays. */
static bool take_block(struct program *p, struct str *rest, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return false;
	for (*rest = skip(*rest, " \t\n;"); rest->n > 0 && rest->p[0] != '}';
		*rest = skip(*rest, " \t\n;")) {
		if (rest->p[0] == '#') {
			size_t end = str_find_byte(*rest, '\n');
			*rest = str_from_index(*rest, end == STR_NPOS ? rest->n : end);
			continue;
		}
		if (p->n == COMMANDS_MAX)
			return false;
		struct command *c = &p->items[p->n++];
		*c = (struct command){.nth = 1};
		if (!take_address(p, rest, &c->from))
			return false;
		*rest = skip(*rest, " \t");
		if (c->from.kind != ADDRESS_NONE && rest->n > 0 && rest->p[0] == ',') {
			*rest = skip(str_from_index(*rest, 1), " \t");
			if (!take_address(p, rest, &c->to) || c->to.kind == ADDRESS_NONE)
				return false;
		}
		if (!take_function(p, rest, c, depth))
			return false;
	}
	return true;
}

/* ---- Running -------------------------------------------------------------------------------- */

struct machine {
	struct program *program;
	struct buf *out;
	struct buf line;
	struct buf behind; /* what `a` puts behind the line */
	uint64_t number;
	bool last;
	bool deleted;
	bool ended; /* q */
	bool failed;
	uint64_t *budget;
};

static void machine_clear(struct machine *m)
{
	buf_clear(&m->line);
	buf_clear(&m->behind);
}

static bool find(struct machine *m, const struct regex *r, struct regex_span *spans, size_t from)
{
	if (regex_groups(r) > GROUPS_MAX) {
		m->failed = true;
		return false;
	}
	enum regex_result result = regex_find(r, spans, buf_str(&m->line), from, m->budget);
	m->failed = m->failed || result == REGEX_TOO_LONG;
	return result == REGEX_MATCH;
}

static bool at_address(struct machine *m, const struct address *a)
{
	struct regex_span spans[GROUPS_MAX];
	switch (a->kind) {
	case ADDRESS_NONE:
		return true;
	case ADDRESS_LINE:
		return m->number == a->line;
	case ADDRESS_LAST:
		return m->last;
	case ADDRESS_REGEX:
		return find(m, a->regex, spans, 0);
	}
	return false;
}

static bool selected(struct machine *m, struct command *c)
{
	bool hit;
	if (c->to.kind == ADDRESS_NONE) {
		hit = at_address(m, &c->from);
	} else if (c->inside) {
		hit = true;
		c->inside = !at_address(m, &c->to);
	} else {
		hit = at_address(m, &c->from);
		bool over = c->to.kind == ADDRESS_LINE && c->to.line <= m->number;
		c->inside = hit && !over;
	}
	return hit != c->negated;
}

static void add_replacement(struct machine *m, struct buf *out, const struct command *c,
	struct str line, const struct regex_span *spans)
{
	for (size_t i = 0; i < c->text.n; i++) {
		char b = c->text.p[i];
		char next = i + 1 < c->text.n ? c->text.p[i + 1] : '\0';
		size_t group = b == '&' ? 0 : STR_NPOS;
		if (b == '\\' && next >= '0' && next <= '9')
			group = (size_t)(next - '0');
		if (b == '\\')
			i++;
		if (group != STR_NPOS && group < regex_groups(c->regex)) {
			if (spans[group].from != STR_NPOS)
				buf_add(out,
					str_sub(line, spans[group].from,
						spans[group].to - spans[group].from));
		} else if (b != '\\') {
			buf_add_byte(out, b);
		} else if (strchr("LUluE", next)) {
			m->failed = true; /* another case */
		} else {
			buf_add_byte(out, next == 'n' ? '\n' : next == 't' ? '\t' : next);
		}
	}
}

static void substitute(struct machine *m, const struct command *c)
{
	scoped(buf) out = {0};
	struct str line = buf_str(&m->line);
	struct regex_span spans[GROUPS_MAX];
	size_t at = 0;
	uint64_t count = 0;
	for (size_t from = 0; from <= line.n && find(m, c->regex, spans, from);) {
		size_t end = spans[0].to;
		if (++count >= c->nth) {
			buf_add(&out, str_sub(line, at, spans[0].from - at));
			add_replacement(m, &out, c, line, spans);
			at = end;
			if (!c->global)
				break;
		}
		from = end > spans[0].from ? end : end + 1;
	}
	if (at == 0 && out.n == 0)
		return;
	buf_add(&out, str_from_index(line, at));
	buf_clear(&m->line);
	m->line = out;
	out = (struct buf){0};
}

static void add_line(struct buf *b, struct str text)
{
	buf_add(b, text);
	buf_add_byte(b, '\n');
}

static void run_command(struct machine *m, struct command *c)
{
	switch (c->name) {
	case 's':
		substitute(m, c);
		return;
	case 'c':
		add_line(m->out, c->text);
		m->deleted = true;
		return;
	case 'd':
		m->deleted = true;
		return;
	case 'i':
		add_line(m->out, c->text);
		return;
	case 'a':
		add_line(&m->behind, c->text);
		return;
	case 'p':
		add_line(m->out, buf_str(&m->line));
		return;
	case 'q':
		m->ended = true;
		return;
	default:
		return;
	}
}

static void run_line(struct machine *m)
{
	struct program *p = m->program;
	for (size_t i = 0; i < p->n && !m->deleted && !m->failed;) {
		struct command *c = &p->items[i];
		bool hit = selected(m, c);
		if (c->name == '{') {
			i = hit ? i + 1 : c->end;
			continue;
		}
		if (hit)
			run_command(m, c);
		i++;
	}
}

static bool run(struct machine *m, const struct sed_script *script, struct str text)
{
	struct str line;
	struct str rest = text;
	bool newline = text.n > 0 && text.p[text.n - 1] == '\n';
	while (rest.n > 0 && !m->ended && !m->failed && str_cut(&rest, '\n', &line)) {
		buf_reset(&m->line);
		buf_add(&m->line, line);
		buf_reset(&m->behind);
		m->number++;
		m->last = rest.n == 0;
		m->deleted = false;
		run_line(m);
		if (!m->deleted && !script->silent) {
			buf_add(m->out, buf_str(&m->line));
			if (!m->last || newline)
				buf_add_byte(m->out, '\n');
		}
		buf_add(m->out, buf_str(&m->behind));
	}
	return !m->failed;
}

bool sed_apply(struct str *out, struct arena *a, const struct sed_script *script, struct str text,
	uint64_t *budget)
{
	scoped(program) p = {.arena = a, .extended = script->extended};
	struct str rest = script->text;
	if (!take_block(&p, &rest, 0) || rest.n > 0)
		return false;
	scoped(buf) made = {0};
	buf_init(&made, 8 * text.n + 65536);
	scoped(machine) m = {.program = &p, .out = &made, .budget = budget};
	struct error ignored = {0};
	if (!run(&m, script, text) || buf_check(&made, &ignored) < 0)
		return false;
	*out = arena_str(a, buf_str(&made));
	return true;
}
