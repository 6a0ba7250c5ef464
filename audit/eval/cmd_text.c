/* Text of cmd.exe: carets, quotes, variables. */
#include "audit/eval/cmd.h"

char cmd_peek(const struct cmd *k, size_t ahead)
{
	return ahead < k->s.n - k->at ? k->s.p[k->at + ahead] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void cmd_skip(struct cmd *k)
{
	while (k->at < k->s.n) {
		if (is_blank(cmd_peek(k, 0)))
			k->at++;
		else if (cmd_peek(k, 0) == '^' && cmd_peek(k, 1) == '\n')
			k->at += 2;
		else if (cmd_peek(k, 0) == '^' && cmd_peek(k, 1) == '\r' && cmd_peek(k, 2) == '\n')
			k->at += 3;
		else
			break;
	}
}

/* Lines are counted from the beginning; texts are short, and the work is charged. */
struct span cmd_span(const struct cmd *k, size_t from)
{
	struct span s = {.off = (uint32_t)from, .line = 1, .col = 1};
	const char *line = k->s.p;
	const char *end = k->s.p + from;
	const char *next;
	while (line && (next = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		s.line++;
		line = next + 1;
	}
	s.col = (uint32_t)(end - line) + 1;
	s.len = (uint32_t)(k->at - from);
	charge(k->e, from / 64);
	return s;
}

struct str cmd_keyword(const struct cmd *k)
{
	size_t n = 0;
	while ((cmd_peek(k, n) | 32) >= 'a' && (cmd_peek(k, n) | 32) <= 'z')
		n++;
	return str_sub(k->s, k->at, n);
}

/* ---- Variables ------------------------------------------------------------------------------ */

static struct str upper(struct eval *e, struct str s)
{
	char *out = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	return (struct str){out, s.n};
}

static struct value named(struct eval *e, struct str name)
{
	struct value v;
	struct str key = upper(e, name);
	const struct variable *set = variable_find(e, key);
	if (set)
		return set->value;
	if (win_variable(e, key, &v))
		return v;
	if (str_is(key, "CD"))
		return value_text(e, cwd_of(e));
	v = value_unknown(e, arena_printf(e->scratch, "%%%.*s%%", STR_ARG(name)), NULL);
	if (word_in(key, "DATE TIME"))
		v = value_gated(e, &v, GATE_TIME);
	if (word_in(key, "COMPUTERNAME USERDOMAIN"))
		v = value_gated(e, &v, GATE_PLACE);
	return v;
}

/* ~from,n of a text: negative numbers count from its end. */
static struct str slice(struct str s, struct str numbers)
{
	struct str first = str_sub(numbers, 0, str_find_byte(numbers, ','));
	struct str second =
		first.n == numbers.n ? (struct str){0} : str_from_index(numbers, first.n + 1);
	int64_t from;
	int64_t n = (int64_t)s.n;
	if (!str_to_i64(first, &from) || (second.p && !str_to_i64(second, &n)))
		return (struct str){0};
	from = from < 0 ? (int64_t)s.n + from : from;
	from = from < 0 ? 0 : from;
	if (n < 0)
		n = (int64_t)s.n + n - from;
	return n <= 0 || from >= (int64_t)s.n ? STR("") : str_sub(s, (size_t)from, (size_t)n);
}

static struct str replaced(struct eval *e, struct str s, struct str old, struct str with)
{
	struct str_list parts = {0};
	if (old.n == 0)
		return s;
	while (charge(e, 2 + s.n / 16)) {
		size_t at = 0;
		while (at + old.n <= s.n && !str_eq_nocase(str_sub(s, at, old.n), old))
			at++;
		if (at + old.n > s.n)
			break;
		list_push(e->scratch, &parts) = str_sub(s, 0, at);
		list_push(e->scratch, &parts) = with;
		s = str_from_index(s, at + old.n);
	}
	list_push(e->scratch, &parts) = s;
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

struct value cmd_variable(struct eval *e, struct str inside)
{
	size_t colon = str_find_byte(inside, ':');
	struct value v = named(e, str_sub(inside, 0, colon));
	struct str how = colon == STR_NPOS ? STR("") : str_from_index(inside, colon + 1);
	struct str s;
	if (how.n == 0 || !value_const(e, &v, &s))
		return v;
	size_t eq = str_find_byte(how, '=');
	if (how.p[0] == '~')
		s = slice(s, str_from_index(how, 1));
	else if (eq != STR_NPOS)
		s = replaced(e, s, str_sub(how, 0, eq), str_from_index(how, eq + 1));
	return s.p ? value_text(e, s) : value_unknown(e, STR("…"), NULL);
}

struct value cmd_expand(struct eval *e, struct str s)
{
	struct chunks out = {0};
	while (s.n > 0 && charge(e, 2)) {
		size_t open = str_find_byte(s, '%');
		struct str rest = open == STR_NPOS ? STR("") : str_from_index(s, open + 1);
		size_t close = str_find_byte(rest, '%');
		if (close == STR_NPOS || close == 0) {
			chunks_add_text(e, &out, s);
			break;
		}
		chunks_add_text(e, &out, str_sub(s, 0, open));
		struct value v = cmd_variable(e, str_sub(rest, 0, close));
		chunks_add_value(e, &out, &v);
		s = str_from_index(rest, close + 1);
	}
	return chunks_value(e, &out);
}

/* ---- Expansion ------------------------------------------------------------------------------ */

static struct str script_dir(const struct cmd *k)
{
	struct str path = k->e->unit ? k->e->unit->path : STR("");
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? STR("") : str_sub(path, 0, slash + 1);
}

/* %1, %*, %~dp0, %%i, %~1; the bytes taken, or 0. */
static size_t add_parameter(struct cmd *k, struct chunks *out)
{
	struct eval *e = k->e;
	size_t n = 1;
	n += k->batch && cmd_peek(k, 1) == '%';
	bool loop = n == 2 || !k->batch;
	bool modified = cmd_peek(k, n) == '~';
	bool dir = false;
	n += modified;
	while (modified && strchr("fdpnxsatz", cmd_peek(k, n)) && cmd_peek(k, n + 1) &&
		cmd_peek(k, n)) {
		char next = cmd_peek(k, n + 1);
		if (!((next | 32) >= 'a' && (next | 32) <= 'z') && !(next >= '0' && next <= '9'))
			break;
		dir = dir || cmd_peek(k, n) == 'p' || cmd_peek(k, n) == 'd';
		n++;
	}
	char c = cmd_peek(k, n);
	if (!loop && c >= '0' && c <= '9') {
		size_t i = (size_t)(c - '0');
		if (dir && i == 0)
			chunks_add_text(e, out, script_dir(k));
		else if (i == 0 && e->unit)
			chunks_add_text(e, out, e->unit->path);
		else if (i < k->run->argc)
			chunks_add_value(e, out, &k->run->argv[i]);
		else if (k->run->args_open)
			chunks_add_value(e, out,
				&(struct value){
					&(struct chunk){.kind = CHUNK_UNKNOWN, .text = STR("%1")},
					1});
		return n + 1;
	}
	if (!loop && c == '*') {
		for (size_t i = 1; i < k->run->argc; i++) {
			chunks_add_text(e, out, STR(" "));
			chunks_add_value(e, out, &k->run->argv[i]);
		}
		return n + 1;
	}
	if (!loop || !((c | 32) >= 'a' && (c | 32) <= 'z'))
		return 0;
	const struct variable *v = variable_find(e, arena_printf(e->scratch, "%%%%%c", c));
	if (v)
		chunks_add_value(e, out, &v->value);
	return v ? n + 1 : 0;
}

/* The variable ahead; false: the sign is only one. */
static bool add_expansion(struct cmd *k, struct chunks *out)
{
	char mark = cmd_peek(k, 0);
	struct str rest = str_from_index(k->s, k->at + 1);
	size_t n = mark == '%' ? add_parameter(k, out) : 0;
	if (n > 0) {
		k->at += n;
		return true;
	}
	size_t close = str_find_byte(rest, mark);
	size_t line = str_find_byte(rest, '\n');
	/* Two signs in a batch file are one that means nothing. */
	if (mark == '%' && k->batch && close == 0) {
		chunks_add_text(k->e, out, STR("%"));
		k->at += 2;
		return true;
	}
	struct str inside = str_sub(rest, 0, close);
	struct str name = str_sub(inside, 0, str_find_byte(inside, ':'));
	if (close == STR_NPOS || close == 0 || close > line || str_find_byte(name, ' ') != STR_NPOS)
		return false;
	struct value v = cmd_variable(k->e, inside);
	chunks_add_value(k->e, out, &v);
	k->at += close + 2;
	return true;
}

/* What a caret makes plain. */
static void add_escaped(struct cmd *k, struct chunks *out)
{
	k->at++;
	if (cmd_peek(k, 0) == '\r')
		k->at++;
	if (cmd_peek(k, 0) != '\n' && k->at < k->s.n)
		chunks_add_text(k->e, out, str_sub(k->s, k->at, 1));
	k->at += k->at < k->s.n;
}

/* Up to the next byte that means something. */
static void add_plain(struct cmd *k, struct chunks *out, const char *special)
{
	size_t from = k->at;
	do {
		k->at++;
	} while (k->at < k->s.n && !strchr(special, k->s.p[k->at]));
	chunks_add_marked(k->e, out, str_sub(k->s, from, k->at - from), false);
}

static void add_byte(struct cmd *k, struct chunks *out)
{
	chunks_add_text(k->e, out, str_sub(k->s, k->at, 1));
	k->at++;
}

static bool ends_line(const struct cmd *k, char c)
{
	return c == '\n' || c == '&' || c == '|' || (c == ')' && k->parens > 0);
}

static void take_redirect(struct cmd *k, struct cmd_redirect *r)
{
	char op = cmd_peek(k, 0);
	bool append = cmd_peek(k, 1) == op;
	k->at += append ? 2 : 1;
	if (cmd_peek(k, 0) == '&') {
		k->at += 2;
		return;
	}
	cmd_skip(k);
	struct value target = cmd_word(k);
	if (r && (op == '<' || r->op != '<'))
		*r = (struct cmd_redirect){target, append ? '+' : op};
}

struct value cmd_line(struct cmd *k, struct cmd_redirect *r)
{
	struct chunks out = {0};
	bool quoted = false;
	while (k->at < k->s.n && charge(k->e, 1)) {
		char c = cmd_peek(k, 0);
		char next = cmd_peek(k, 1);
		if (c == '\n' || (!quoted && ends_line(k, c)))
			break;
		if (c == '\r') {
			k->at++;
		} else if (c == '^' && !quoted) {
			add_escaped(k, &out);
		} else if (!quoted && (c == '2' || c == '1') && next == '>' &&
			(k->at == 0 || is_blank(k->s.p[k->at - 1]))) {
			struct cmd_redirect errors = {0};
			k->at++;
			take_redirect(k, c == '1' ? r : &errors);
		} else if (!quoted && (c == '>' || c == '<')) {
			take_redirect(k, r);
		} else if ((c != '%' && c != '!') || !add_expansion(k, &out)) {
			quoted = c == '"' ? !quoted : quoted;
			if (strchr("\"%!", c))
				add_byte(k, &out);
			else
				add_plain(k, &out, "\n\r&|)^\"%!<>12");
		}
	}
	return chunks_value(k->e, &out);
}

struct value cmd_word(struct cmd *k)
{
	struct chunks out = {0};
	bool quoted = false;
	cmd_skip(k);
	while (k->at < k->s.n && charge(k->e, 1)) {
		char c = cmd_peek(k, 0);
		bool equals = c == '=' && cmd_peek(k, 1) == '=';
		if (c == '\n' ||
			(!quoted && (is_blank(c) || equals || ends_line(k, c) || c == '(')))
			break;
		if (c == '^' && !quoted)
			add_escaped(k, &out);
		else if ((c != '%' && c != '!') || !add_expansion(k, &out)) {
			quoted = c == '"' ? !quoted : quoted;
			add_byte(k, &out);
		}
	}
	struct value v = chunks_value(k->e, &out);
	return cmd_unquoted(k->e, &v);
}

struct value cmd_unquoted(struct eval *e, const struct value *v)
{
	struct chunks out = {0};
	for (size_t i = 0; i < v->n; i++) {
		struct chunk c = v->items[i];
		struct str rest = c.text;
		struct str part;
		if (c.kind != CHUNK_TEXT) {
			chunks_add(e, &out, &c);
			continue;
		}
		while (str_cut(&rest, '"', &part))
			chunks_add_text(e, &out, part);
	}
	return chunks_value(e, &out);
}
