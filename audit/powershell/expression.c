/* Expressions: operators by rank, members, indices, casts. */
#include "audit/powershell/parser.h"

/* From weak to strong. Those that are words begin with a dash. */
static const char *const ranks[] = {
	"and or xor",
	"band bor bxor",
	"eq ne gt ge lt le like notlike match notmatch contains notcontains in notin replace split "
	"join is isnot as shl shr "
	"ceq cne cgt cge clt cle clike cnotlike cmatch cnotmatch ccontains cnotcontains cin cnotin "
	"creplace csplit ieq ine igt ige ilt ile ilike inotlike imatch inotmatch icontains "
	"inotcontains iin inotin ireplace isplit",
	"+ -",
	"* / %",
	"f",
	"..",
};
#define RANKS (sizeof(ranks) / sizeof(*ranks))

static struct ps_node *parse_rank(struct ps_parser *p, size_t rank);

/* ---- Operators ------------------------------------------------------------------------------ */

/* The operator of the rank ahead, in lower case; n: its bytes. Empty: none. */
static struct str operator_ahead(struct ps_parser *p, size_t rank, size_t *n)
{
	char c = ps_peek(p, 0);
	char next = ps_peek(p, 1);
	*n = 1;
	if (rank == 3 && (c == '+' || c == '-') && next != '=' && next != c &&
		!(c == '-' && ps_is_name(next) && (next < '0' || next > '9')))
		return str_sub(p->s, p->at, 1);
	if (rank == 4 && (c == '*' || c == '/' || c == '%') && next != '=')
		return str_sub(p->s, p->at, 1);
	*n = 2;
	if (rank == 6)
		return c == '.' && next == '.' ? STR("..") : STR("");
	if (c != '-' || rank == 3 || rank == 4)
		return STR("");
	struct ps_parser after = *p;
	after.at++;
	struct str word = ps_word_ahead(&after);
	*n = word.n + 1;
	return word.n > 0 && ps_word_is(word, ranks[rank]) ? ps_lower(p, word) : STR("");
}

static struct ps_node *parse_list(struct ps_parser *p);

static struct ps_node *parse_rank(struct ps_parser *p, size_t rank)
{
	size_t from = p->at;
	if (rank == RANKS)
		return parse_list(p);
	struct ps_node *left = parse_rank(p, rank + 1);
	while (!p->failed) {
		size_t n;
		ps_skip(p);
		struct str op = operator_ahead(p, rank, &n);
		if (op.n == 0)
			break;
		p->at += n;
		ps_skip_lines(p);
		struct ps_node *b = ps_node_new(p, PS_BINARY, from);
		b->text = op;
		b->a = left;
		b->b = parse_rank(p, rank + 1);
		left = ps_done(p, b);
	}
	return left;
}

static struct ps_node *parse_unary(struct ps_parser *p);

/* a, b, c: stronger than every operator between two. */
static struct ps_node *parse_list(struct ps_parser *p)
{
	size_t from = p->at;
	struct ps_node *first = parse_unary(p);
	size_t end = p->at;
	ps_skip(p);
	if (ps_peek(p, 0) != ',' || p->commas || p->failed) {
		p->at = end;
		return first;
	}
	struct ps_node *list = ps_node_new(p, PS_LIST, from);
	ps_add(p, list, first);
	while (ps_peek(p, 0) == ',' && !p->failed) {
		p->at++;
		ps_skip_lines(p);
		ps_add(p, list, parse_unary(p));
		end = p->at;
		ps_skip(p);
	}
	p->at = end;
	return ps_done(p, list);
}

static struct ps_node *unary_node(struct ps_parser *p, size_t from, struct str op, size_t n)
{
	struct ps_node *u = ps_node_new(p, PS_UNARY, from);
	u->text = op;
	p->at += n;
	ps_skip_lines(p);
	u->a = parse_unary(p);
	return ps_done(p, u);
}

static struct ps_node *parse_postfix(struct ps_parser *p);

static bool is_number_start(const struct ps_parser *p, size_t ahead)
{
	char c = ps_peek(p, ahead);
	char next = ps_peek(p, ahead + 1);
	return (c >= '0' && c <= '9') || (c == '.' && next >= '0' && next <= '9');
}

static struct ps_node *unary_of(struct ps_parser *p)
{
	size_t from = p->at;
	char c = ps_peek(p, 0);
	char next = ps_peek(p, 1);
	if (c == '!')
		return unary_node(p, from, STR("not"), 1);
	if (c == ',')
		return unary_node(p, from, STR(","), 1);
	if ((c == '+' || c == '-') && next == c)
		return unary_node(p, from, c == '+' ? STR("++") : STR("--"), 2);
	if (c == '+' || (c == '-' && (is_number_start(p, 1) || strchr("$(", next))))
		return unary_node(p, from, c == '+' ? STR("+") : STR("-"), 1);
	if (c == '-') {
		p->at++;
		struct str word = ps_word_ahead(p);
		p->at--;
		if (ps_word_is(word, "not bnot split join csplit isplit"))
			return unary_node(p, from, ps_lower(p, word), word.n + 1);
		ps_fail(p, "an operator that is not known");
	}
	return parse_postfix(p);
}

static struct ps_node *parse_unary(struct ps_parser *p)
{
	struct ps_node *n = NULL;
	if (ps_enter(p)) {
		n = unary_of(p);
		ps_leave(p);
	}
	return n ? n : ps_node_new(p, PS_TEXT, p->at);
}

/* ---- Types ---------------------------------------------------------------------------------- */

/* Behind the bracket that closes the one at hand; strings inside do not count. */
static size_t bracket_end(const struct ps_parser *p)
{
	unsigned depth = 0;
	char quote = 0;
	for (size_t i = p->at; i < p->s.n; i++) {
		char c = p->s.p[i];
		if (quote) {
			quote = c == quote ? 0 : quote;
			continue;
		}
		if (c == '\'' || c == '"')
			quote = c;
		depth += c == '[' || c == '(';
		depth -= (c == ']' || c == ')') && depth > 0;
		if (depth == 0)
			return i + 1;
	}
	return STR_NPOS;
}

struct ps_node *ps_parse_type(struct ps_parser *p, bool *attribute)
{
	size_t from = p->at;
	size_t end = bracket_end(p);
	*attribute = false;
	if (end == STR_NPOS) {
		ps_fail(p, "a bracket without its end");
		return NULL;
	}
	struct str name = str_trim(str_sub(p->s, from + 1, end - from - 2));
	p->at = end;
	*attribute = str_find_byte(name, '(') != STR_NPOS;
	if (*attribute)
		return NULL;
	struct ps_node *t = ps_node_new(p, PS_TYPE, from);
	t->text = ps_lower(p, name);
	if (str_has_prefix(t->text, STR("system.")))
		t->text = str_from_index(t->text, 7);
	return ps_done(p, t);
}

static bool starts_operand(const struct ps_parser *p)
{
	char c = ps_peek(p, 0);
	bool sign = (c == '-' || c == '+') && is_number_start(p, 1);
	return sign || is_number_start(p, 0) || (c && strchr("$'\"(@[{", c)) ||
		(c == '-' && (ps_ahead(p, "-join") || ps_ahead(p, "-split")));
}

/* [type]operand, [type]::member, [type] */
static struct ps_node *parse_bracket(struct ps_parser *p)
{
	size_t from = p->at;
	bool attribute;
	struct ps_node *type = ps_parse_type(p, &attribute);
	if (!type && !attribute)
		return NULL;
	size_t end = p->at;
	if (type && ps_ahead(p, "::"))
		return type;
	if (attribute)
		ps_skip_lines(p);
	else
		ps_skip(p);
	if (!starts_operand(p)) {
		p->at = end;
		return type ? type : ps_node_new(p, PS_TEXT, from);
	}
	struct ps_node *operand = parse_unary(p);
	if (attribute)
		return operand;
	struct ps_node *cast = ps_node_new(p, PS_CAST, from);
	cast->text = type->text;
	cast->a = operand;
	return ps_done(p, cast);
}

/* ---- Primaries ------------------------------------------------------------------------------ */

static struct ps_node *parse_number(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_NUMBER, p->at);
	size_t i = 0;
	while (ps_is_name(ps_peek(p, i)) ||
		(ps_peek(p, i) == '.' && ps_peek(p, i + 1) != '.' && ps_peek(p, i + 1) >= '0' &&
			ps_peek(p, i + 1) <= '9'))
		i++;
	n->text = ps_lower(p, str_sub(p->s, p->at, i));
	p->at += i;
	return ps_done(p, n);
}

static struct ps_node *parse_paren(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_PAREN, p->at);
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	p->at++;
	p->newlines = 1;
	p->commas = false;
	ps_skip_lines(p);
	if (ps_peek(p, 0) != ')')
		n->a = ps_parse_statement(p);
	ps_skip_lines(p);
	p->newlines = newlines;
	p->commas = commas;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "a closing parenthesis was expected");
	return ps_done(p, n);
}

static struct ps_node *parse_key(struct ps_parser *p)
{
	size_t from = p->at;
	char c = ps_peek(p, 0);
	if (!ps_is_name(c))
		return parse_unary(p);
	size_t n = 0;
	while (ps_is_name(ps_peek(p, n)) || (ps_peek(p, n) && strchr("-.", ps_peek(p, n))))
		n++;
	struct ps_node *key = ps_node_new(p, PS_TEXT, from);
	key->text = str_sub(p->s, from, n);
	p->at += n;
	return ps_done(p, key);
}

static struct ps_node *parse_hash(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_HASH, p->at);
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	p->at += 2;
	p->newlines = 0;
	p->commas = false;
	while (!p->failed) {
		ps_skip_lines(p);
		while (ps_take(p, ";"))
			ps_skip_lines(p);
		if (ps_take(p, "}"))
			break;
		if (ps_at_end(p)) {
			ps_fail(p, "a hash table without its end");
			break;
		}
		ps_add(p, n, parse_key(p));
		ps_skip_lines(p);
		if (!p->failed && !ps_take(p, "="))
			ps_fail(p, "a key of a hash table without a value");
		ps_skip_lines(p);
		ps_add(p, n, ps_parse_statement(p));
	}
	p->newlines = newlines;
	p->commas = commas;
	return ps_done(p, n);
}

/* { }, $( ) and @( ): the bracket has n bytes. */
static struct ps_node *parse_braced(struct ps_parser *p, enum ps_kind kind, size_t n, char close)
{
	struct ps_node *node = ps_node_new(p, kind, p->at);
	p->at += n;
	node->a = ps_parse_block(p, close);
	return ps_done(p, node);
}

static struct ps_node *parse_dollar(struct ps_parser *p)
{
	if (ps_peek(p, 1) == '(')
		return parse_braced(p, PS_SUBEXPR, 2, ')');
	struct ps_node *v = ps_parse_variable(p);
	if (!v)
		ps_fail(p, "a variable without a name");
	return v;
}

static struct ps_node *primary_of(struct ps_parser *p)
{
	char c = ps_peek(p, 0);
	char next = ps_peek(p, 1);
	switch (c) {
	case '$':
		return parse_dollar(p);
	case '\'':
	case '"':
		return ps_parse_string(p);
	case '(':
		return parse_paren(p);
	case '{':
		return parse_braced(p, PS_SCRIPT, 1, '}');
	case '[':
		return parse_bracket(p);
	case '@':
		if (next == '(')
			return parse_braced(p, PS_ARRAY, 2, ')');
		if (next == '{')
			return parse_hash(p);
		if (next == '\'' || next == '"')
			return ps_parse_string(p);
		return ps_parse_variable(p);
	default:
		break;
	}
	if (is_number_start(p, 0))
		return parse_number(p);
	ps_fail(p, "an expression was expected");
	return NULL;
}

static struct ps_node *member_name(struct ps_parser *p)
{
	char c = ps_peek(p, 0);
	size_t from = p->at;
	if (c == '$' || c == '\'' || c == '"' || c == '(')
		return primary_of(p);
	struct str word = ps_word_ahead(p);
	if (word.n == 0) {
		ps_fail(p, "the name of a member was expected");
		return NULL;
	}
	struct ps_node *n = ps_node_new(p, PS_TEXT, from);
	n->text = ps_lower(p, word);
	p->at += word.n;
	return ps_done(p, n);
}

static void parse_arguments(struct ps_parser *p, struct ps_node *call)
{
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	p->at++;
	p->newlines = 1;
	p->commas = true;
	ps_skip_lines(p);
	while (!p->failed && ps_peek(p, 0) != ')') {
		ps_add(p, call, parse_rank(p, 0));
		ps_skip_lines(p);
		if (!ps_take(p, ","))
			break;
		ps_skip_lines(p);
	}
	p->newlines = newlines;
	p->commas = commas;
	if (!p->failed && !ps_take(p, ")"))
		ps_fail(p, "the end of the arguments was expected");
}

static struct ps_node *parse_member(struct ps_parser *p, struct ps_node *object, bool fixed)
{
	struct ps_node *m = ps_node_new(p, PS_MEMBER, object->span.off);
	m->a = object;
	m->flag = fixed;
	p->at += fixed ? 2 : 1;
	ps_skip_lines(p);
	m->b = member_name(p);
	if (ps_peek(p, 0) == '(' && !p->failed) {
		m->kind = PS_CALL;
		parse_arguments(p, m);
	} else if (ps_peek(p, 0) == '{' && !p->failed && m->b->kind == PS_TEXT &&
		ps_word_is(m->b->text, "where foreach")) {
		m->kind = PS_CALL;
		ps_add(p, m, primary_of(p));
	}
	return ps_done(p, m);
}

static struct ps_node *parse_index(struct ps_parser *p, struct ps_node *object)
{
	struct ps_node *n = ps_node_new(p, PS_INDEX, object->span.off);
	unsigned newlines = p->newlines;
	bool commas = p->commas;
	n->a = object;
	p->at++;
	p->newlines = 1;
	p->commas = false;
	ps_skip_lines(p);
	n->b = parse_rank(p, 0);
	ps_skip_lines(p);
	p->newlines = newlines;
	p->commas = commas;
	if (!p->failed && !ps_take(p, "]"))
		ps_fail(p, "the end of an index was expected");
	return ps_done(p, n);
}

/* $x++ */
static struct ps_node *parse_step(struct ps_parser *p, struct ps_node *n)
{
	struct ps_node *u = ps_node_new(p, PS_UNARY, n->span.off);
	u->text = ps_peek(p, 0) == '+' ? STR("++") : STR("--");
	u->flag = true;
	u->a = n;
	p->at += 2;
	return ps_done(p, u);
}

static bool is_member(const struct ps_parser *p)
{
	char next = ps_peek(p, 1);
	size_t n = 1;
	if (ps_peek(p, 0) != '.')
		return false;
	if (ps_is_name(next) || (next && strchr("$'\"(", next)))
		return true;
	while (ps_is_space(ps_peek(p, n)))
		n++;
	return n > 1 && ps_is_name(ps_peek(p, n)) && ps_peek(p, 1) != ' ';
}

struct ps_node *ps_parse_primary(struct ps_parser *p)
{
	struct ps_node *n = primary_of(p);
	while (n && !p->failed) {
		if (ps_ahead(p, "::"))
			n = parse_member(p, n, true);
		else if (is_member(p))
			n = parse_member(p, n, false);
		else if ((ps_ahead(p, "?.") || ps_ahead(p, "?[")) && n->kind == PS_VARIABLE)
			p->at++;
		else if (ps_peek(p, 0) == '[' && n->kind != PS_CAST)
			n = parse_index(p, n);
		else
			break;
	}
	return n;
}

/* Lines may break before a dot only inside of brackets. */
static bool take_line_break(struct ps_parser *p)
{
	size_t end = p->at;
	ps_skip_lines(p);
	if (p->newlines > 0 && p->at > end && is_member(p))
		return true;
	p->at = end;
	return false;
}

static struct ps_node *parse_postfix(struct ps_parser *p)
{
	struct ps_node *n = ps_parse_primary(p);
	while (n && !p->failed && take_line_break(p))
		n = parse_member(p, n, false);
	if (n && !p->failed && (ps_ahead(p, "++") || ps_ahead(p, "--")) &&
		(n->kind == PS_VARIABLE || n->kind == PS_MEMBER || n->kind == PS_INDEX))
		return parse_step(p, n);
	return n;
}

/* a ? b : c and a ?? b, of PowerShell 7, both read as "one of them". */
static struct ps_node *parse_ternary(struct ps_parser *p, struct ps_node *cond)
{
	struct ps_node *n = ps_node_new(p, PS_BINARY, cond->span.off);
	if (ps_ahead(p, "??") && ps_peek(p, 2) != '=') {
		p->at += 2;
		ps_skip_lines(p);
		n->text = STR("??");
		n->a = cond;
		n->b = ps_parse_expression(p);
		return ps_done(p, n);
	}
	if (ps_peek(p, 0) != '?' || !ps_is_space(ps_peek(p, 1)))
		return cond;
	p->at++;
	ps_skip_lines(p);
	n->text = STR("?:");
	n->c = cond;
	n->a = ps_parse_expression(p);
	ps_skip_lines(p);
	if (!p->failed && !ps_take(p, ":"))
		ps_fail(p, "the other side of a choice was expected");
	ps_skip_lines(p);
	n->b = ps_parse_expression(p);
	return ps_done(p, n);
}

struct ps_node *ps_parse_expression(struct ps_parser *p)
{
	if (!ps_enter(p))
		return ps_node_new(p, PS_TEXT, p->at);
	struct ps_node *n = parse_rank(p, 0);
	if (!p->failed && ps_peek(p, 0) == '?')
		n = parse_ternary(p, n);
	ps_leave(p);
	return n;
}
