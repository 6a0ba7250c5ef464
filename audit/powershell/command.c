/* Pipelines and the words of their commands. */
#include "audit/powershell/parser.h"

/* ---- Arguments ------------------------------------------------------------------------------ */

static bool ends_argument(const struct ps_parser *p)
{
	char c = ps_peek(p, 0);
	return ps_ends_word(c) || c == '>' || c == '<';
}

/* $dir\file: a word that begins with a variable. */
static struct ps_node *parse_value(struct ps_parser *p)
{
	size_t from = p->at;
	char c = ps_peek(p, 0);
	char next = ps_peek(p, 1);
	bool at = c == '@' && next && (strchr("({'\"", next) || ps_is_name(next));
	if (c == '$' && !ps_is_name(next) && !(next && strchr("({$^?", next)))
		return ps_parse_bare(p);
	if (!at && c != '$' && c != '(' && c != '{' && c != '\'' && c != '"')
		return ps_parse_bare(p);
	struct ps_node *n = ps_parse_primary(p);
	if (c != '$' || p->failed || ends_argument(p))
		return n;
	p->at = from;
	return ps_parse_bare(p);
}

/* a, b, c */
static struct ps_node *parse_values(struct ps_parser *p)
{
	size_t from = p->at;
	struct ps_node *first = parse_value(p);
	size_t end = p->at;
	ps_skip(p);
	if (p->failed || ps_peek(p, 0) != ',') {
		p->at = end;
		return first;
	}
	struct ps_node *list = ps_node_new(p, PS_LIST, from);
	ps_add(p, list, first);
	while (!p->failed && ps_peek(p, 0) == ',') {
		p->at++;
		ps_skip_lines(p);
		if (ps_ends_word(ps_peek(p, 0)) && !strchr("({", ps_peek(p, 0)))
			break;
		ps_add(p, list, parse_value(p));
		end = p->at;
		ps_skip(p);
	}
	p->at = end;
	return ps_done(p, list);
}

static bool at_parameter(const struct ps_parser *p)
{
	char next = ps_peek(p, 1);
	return ps_peek(p, 0) == '-' && ((next | 32) >= 'a' && (next | 32) <= 'z');
}

static struct ps_node *parse_parameter(struct ps_parser *p)
{
	struct ps_node *n = ps_node_new(p, PS_PARAMETER, p->at);
	size_t i = 1;
	while (!ps_ends_word(ps_peek(p, i)) && !strchr(":\"'$`<>", ps_peek(p, i)))
		i++;
	char end = ps_peek(p, i);
	/* -o"file", -x$y: a word of a program. */
	if (end && strchr("\"'$`", end)) {
		struct ps_node *word = ps_parse_bare(p);
		return word;
	}
	n->text = str_sub(p->s, p->at + 1, i - 1);
	p->at += i;
	if (ps_take(p, ":")) {
		ps_skip_blank(p);
		if (!ends_argument(p) || strchr("({", ps_peek(p, 0)))
			n->a = parse_values(p);
	}
	return ps_done(p, n);
}

/* [n]>[>] [target], n>&m */
static struct ps_node *parse_redirect(struct ps_parser *p)
{
	size_t n = 0;
	char c = ps_peek(p, 0);
	if ((c >= '1' && c <= '6') || c == '*')
		n++;
	if (ps_peek(p, n) != '>' && (n > 0 || c != '<'))
		return NULL;
	n++;
	n += ps_peek(p, n) == '>';
	struct ps_node *r = ps_node_new(p, PS_REDIRECT, p->at);
	bool dup = ps_peek(p, n) == '&';
	if (dup)
		n += 2;
	r->text = str_sub(p->s, p->at, n);
	p->at += n <= p->s.n - p->at ? n : p->s.n - p->at;
	if (!dup) {
		ps_skip_blank(p);
		r->a = parse_value(p);
	}
	return ps_done(p, r);
}

/* What stands behind --% is for the program as it is. */
static void parse_verbatim(struct ps_parser *p, struct ps_node *command)
{
	p->at += 3;
	struct str line = str_sub(p->s, p->at, str_find_byte(str_from_index(p->s, p->at), '\n'));
	struct str word;
	p->at += line.n;
	while (str_cut(&line, ' ', &word)) {
		word = str_trim(word);
		if (word.n == 0)
			continue;
		struct ps_node *t = ps_node_new(p, PS_TEXT, p->at);
		t->text = word;
		ps_add(p, command, t);
	}
}

static void parse_words(struct ps_parser *p, struct ps_node *command)
{
	while (!p->failed) {
		ps_skip_blank(p);
		char c = ps_peek(p, 0);
		if (c == '\0' || (ps_ends_word(c) && !strchr("({,", c)))
			break;
		struct ps_node *redirect = parse_redirect(p);
		if (redirect) {
			if (!command->a)
				command->a = ps_node_new(p, PS_BLOCK, redirect->span.off);
			ps_add(p, command->a, redirect);
		} else if (ps_ahead(p, "--%")) {
			parse_verbatim(p, command);
		} else if (at_parameter(p)) {
			ps_add(p, command, parse_parameter(p));
		} else if (c == ',') {
			p->at++;
		} else {
			ps_add(p, command, parse_values(p));
		}
	}
}

static struct ps_node *parse_command(struct ps_parser *p)
{
	struct ps_node *c = ps_node_new(p, PS_COMMAND, p->at);
	char first = ps_peek(p, 0);
	bool dot = first == '.' && (ps_is_space(ps_peek(p, 1)) || strchr("$({'\"", ps_peek(p, 1)));
	if (first == '&' || dot) {
		c->text = str_sub(p->s, p->at, 1);
		p->at++;
		ps_skip_blank(p);
	}
	ps_add(p, c, parse_value(p));
	parse_words(p, c);
	return ps_done(p, c);
}

/* ---- Pipelines ------------------------------------------------------------------------------ */

/* 7z is the name of a program, 7 is none. */
static bool is_number(const struct ps_parser *p)
{
	size_t i = 0;
	bool hex = ps_peek(p, 0) == '0' && (ps_peek(p, 1) | 32) == 'x';
	if (hex)
		return true;
	while ((ps_peek(p, i) >= '0' && ps_peek(p, i) <= '9') ||
		(ps_peek(p, i) == '.' && ps_peek(p, i + 1) != '.'))
		i++;
	struct str unit = str_sub(p->s, p->at + i, 2);
	if (unit.n == 2 && ps_word_is(unit, "kb mb gb tb pb"))
		i += 2;
	char end = ps_peek(p, i);
	return i > 0 && (ps_ends_word(end) || strchr("+-*/%].=<>", end));
}

static bool starts_expression(const struct ps_parser *p)
{
	char c = ps_peek(p, 0);
	char next = ps_peek(p, 1);
	if (c && strchr("$('\"{[!,", c))
		return c != '$' || ps_is_name(next) || (next && strchr("({$^?:", next));
	if (c == '@')
		return true;
	if (c >= '0' && c <= '9')
		return is_number(p);
	if (c == '+' || c == '-') {
		struct ps_parser after = *p;
		after.at++;
		return next == c || next == '(' || next == '$' || (next >= '0' && next <= '9') ||
			ps_word_is(ps_word_ahead(&after), "not bnot split join csplit isplit");
	}
	return c == '.' && next >= '0' && next <= '9';
}

static struct ps_node *parse_element(struct ps_parser *p)
{
	if (!starts_expression(p))
		return parse_command(p);
	struct ps_node *n = ps_parse_expression(p);
	ps_skip_blank(p);
	struct ps_node *redirect = p->failed ? NULL : parse_redirect(p);
	if (!redirect)
		return n;
	/* An expression whose output goes to a file is a command without a name. */
	struct ps_node *c = ps_node_new(p, PS_PIPELINE, n->span.off);
	ps_add(p, c, n);
	c->a = ps_node_new(p, PS_BLOCK, redirect->span.off);
	ps_add(p, c->a, redirect);
	return ps_done(p, c);
}

static bool at_pipe(struct ps_parser *p)
{
	size_t end = p->at;
	ps_skip(p);
	if (ps_peek(p, 0) == '|' && ps_peek(p, 1) != '|')
		return true;
	/* A line may begin with the bar. */
	ps_skip_lines(p);
	if (ps_peek(p, 0) == '|' && ps_peek(p, 1) != '|')
		return true;
	p->at = end;
	return false;
}

static struct ps_node *parse_one(struct ps_parser *p)
{
	size_t from = p->at;
	struct ps_node *first = parse_element(p);
	struct ps_node *line = NULL;
	while (!p->failed && at_pipe(p)) {
		if (!line) {
			line = ps_node_new(p, PS_PIPELINE, from);
			ps_add(p, line, first);
		}
		p->at++;
		ps_skip_lines(p);
		ps_add(p, line, parse_element(p));
	}
	ps_skip(p);
	if (!p->failed && ps_peek(p, 0) == '&' && ps_peek(p, 1) != '&') {
		p->at++;
		if (!line) {
			line = ps_node_new(p, PS_PIPELINE, from);
			ps_add(p, line, first);
		}
		line->flag = true;
	}
	return line ? ps_done(p, line) : first;
}

struct ps_node *ps_parse_pipeline(struct ps_parser *p)
{
	size_t from = p->at;
	struct ps_node *left = parse_one(p);
	while (!p->failed) {
		ps_skip(p);
		bool and = ps_ahead(p, "&&");
		if (!and&&!ps_ahead(p, "||"))
			break;
		struct ps_node *chain = ps_node_new(p, PS_CHAIN, from);
		chain->text = and? STR("&&") : STR("||");
		p->at += 2;
		ps_skip_lines(p);
		chain->a = left;
		chain->b = parse_one(p);
		left = ps_done(p, chain);
	}
	return left;
}
