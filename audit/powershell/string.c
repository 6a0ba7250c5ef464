/* Strings, here-strings, variables, and the words of commands. */
#include "audit/powershell/parser.h"

#include "base/utf8.h"

/* Text that is being put together: literal bytes, and what is expanded between them. */
struct pieces {
	struct ps_parser *p;
	struct ps_node *node; /* PS_EXPAND */
	struct bytes {
		char *items;
		size_t n;
		size_t cap;
	} text;
	size_t from; /* where the text began */
};

static void add_byte(struct pieces *k, char c)
{
	if (k->text.n == 0)
		k->from = k->p->at;
	list_push(k->p->arena, &k->text) = c;
}

static void flush(struct pieces *k)
{
	if (k->text.n == 0)
		return;
	struct ps_node *t = ps_node_new(k->p, PS_TEXT, k->from);
	t->text = (struct str){k->text.items, k->text.n};
	t->flag = true;
	ps_add(k->p, k->node, t);
	k->text = (struct bytes){0};
}

static struct ps_node *pieces_end(struct pieces *k)
{
	struct ps_node *n = k->node;
	bool plain = n->n == 0;
	if (plain) {
		n->kind = PS_TEXT;
		n->text = k->text.n > 0 ? (struct str){k->text.items, k->text.n} : STR("");
	} else {
		flush(k);
	}
	return ps_done(k->p, n);
}

/* ---- Variables ------------------------------------------------------------------------------ */

static struct str strip_scope(struct str name)
{
	/* global: and script: stay, since they say where an assignment goes. */
	static const char *const scopes[] = {
		"local:", "private:", "using:", "variable:", "workflow:"};
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		if (str_has_prefix(name, str_from(scopes[i])))
			return str_from_index(name, strlen(scopes[i]));
	return name;
}

static size_t name_length(const struct ps_parser *p, size_t from)
{
	size_t n = from;
	while (ps_is_name(ps_peek(p, n)) || ps_peek(p, n) == '?')
		n++;
	bool scope = ps_peek(p, n) == ':' && n > from && ps_peek(p, n + 1) != ':' &&
		ps_is_name(ps_peek(p, n + 1));
	if (!scope)
		return n - from;
	n++;
	while (ps_is_name(ps_peek(p, n)) || ps_peek(p, n) == '?')
		n++;
	return n - from;
}

struct ps_node *ps_parse_variable(struct ps_parser *p)
{
	size_t from = p->at;
	bool splat = ps_peek(p, 0) == '@';
	struct str name;
	size_t taken = 1;
	if (!splat && ps_peek(p, 1) == '{') {
		size_t end = str_find_byte(str_from_index(p->s, from), '}');
		if (end == STR_NPOS)
			return NULL;
		name = str_sub(p->s, from + 2, end - 2);
		taken = end + 1;
	} else if (!splat && strchr("$^?", ps_peek(p, 1)) && ps_peek(p, 1)) {
		name = str_sub(p->s, from + 1, 1);
		taken = 2;
	} else {
		size_t n = name_length(p, 1);
		if (n == 0)
			return NULL;
		name = str_sub(p->s, from + 1, n);
		taken = n + 1;
	}
	struct ps_node *v = ps_node_new(p, PS_VARIABLE, from);
	v->text = strip_scope(ps_lower(p, name));
	v->flag = splat;
	p->at += taken;
	return ps_done(p, v);
}

/* $x and $( ) in text; false: the dollar is only one. */
static bool add_expansion(struct pieces *k)
{
	struct ps_parser *p = k->p;
	size_t from = p->at;
	if (ps_peek(p, 1) == '(') {
		flush(k);
		struct ps_node *n = ps_node_new(p, PS_SUBEXPR, from);
		p->at += 2;
		n->a = ps_parse_block(p, ')');
		ps_add(p, k->node, ps_done(p, n));
		return true;
	}
	struct ps_node *v = ps_parse_variable(p);
	if (!v)
		return false;
	size_t end = p->at;
	p->at = from;
	flush(k);
	p->at = end;
	ps_add(p, k->node, v);
	return true;
}

/* ---- Escapes -------------------------------------------------------------------------------- */

/* `u{20ac} */
static void add_unicode(struct pieces *k)
{
	struct ps_parser *p = k->p;
	uint32_t code = 0;
	size_t n = 3;
	for (; ps_peek(p, n) && ps_peek(p, n) != '}' && n < 10; n++) {
		char c = ps_peek(p, n);
		uint32_t v = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
			: (c | 32) >= 'a'         ? (uint32_t)((c | 32) - 'a' + 10)
						  : 0;
		code = code * 16 + (v & 15);
	}
	char bytes[4];
	size_t size = utf8_encode(code, bytes);
	for (size_t i = 0; i < size; i++)
		add_byte(k, bytes[i]);
	p->at += n + 1 <= p->s.n - p->at ? n + 1 : p->s.n - p->at;
}

static void add_escape(struct pieces *k)
{
	static const char names[] = "0abefnrtv";
	static const char bytes[] = "\0\a\b\033\f\n\r\t\v";
	struct ps_parser *p = k->p;
	char c = ps_peek(p, 1);
	const char *at = c ? strchr(names, c) : NULL;
	if (c == 'u' && ps_peek(p, 2) == '{') {
		add_unicode(k);
		return;
	}
	if (p->at + 1 < p->s.n)
		add_byte(k, at ? bytes[at - names] : c);
	p->at += p->at + 1 < p->s.n ? 2 : 1;
}

/* ---- Strings -------------------------------------------------------------------------------- */

static void single_body(struct pieces *k)
{
	struct ps_parser *p = k->p;
	p->at++;
	while (!ps_at_end(p)) {
		char c = ps_peek(p, 0);
		if (c == '\'' && ps_peek(p, 1) != '\'') {
			p->at++;
			return;
		}
		add_byte(k, c);
		p->at += c == '\'' ? 2 : 1;
	}
	ps_fail(p, "a string without its end");
}

static void double_body(struct pieces *k)
{
	struct ps_parser *p = k->p;
	p->at++;
	while (!ps_at_end(p) && !p->failed) {
		char c = ps_peek(p, 0);
		if (c == '"' && ps_peek(p, 1) != '"') {
			p->at++;
			return;
		}
		if (c == '`') {
			add_escape(k);
		} else if (c != '$' || !add_expansion(k)) {
			add_byte(k, c);
			p->at += c == '"' ? 2 : 1;
		}
	}
	ps_fail(p, "a string without its end");
}

/* At the line's end before the closing quote and @; the bytes to skip, or 0. */
static size_t here_end(const struct ps_parser *p, char quote)
{
	size_t n = ps_peek(p, 0) == '\r' && ps_peek(p, 1) == '\n' ? 2 : ps_peek(p, 0) == '\n';
	if (n == 0 || ps_peek(p, n) != quote || ps_peek(p, n + 1) != '@')
		return 0;
	return n + 2;
}

static void here_body(struct pieces *k, char quote)
{
	struct ps_parser *p = k->p;
	size_t line = str_find_byte(str_from_index(p->s, p->at), '\n');
	if (line == STR_NPOS) {
		ps_fail(p, "a here-string without its lines");
		return;
	}
	p->at += line;
	size_t end = here_end(p, quote);
	p->at += end > 0 ? end : 1;
	while (end == 0 && !ps_at_end(p) && !p->failed) {
		char c = ps_peek(p, 0);
		end = here_end(p, quote);
		if (end > 0)
			p->at += end;
		else if (quote == '"' && c == '`')
			add_escape(k);
		else if (quote != '"' || c != '$' || !add_expansion(k)) {
			add_byte(k, c);
			p->at++;
		}
	}
	if (end == 0)
		ps_fail(p, "a here-string without its end");
}

struct ps_node *ps_parse_string(struct ps_parser *p)
{
	struct pieces k = {.p = p, .node = ps_node_new(p, PS_EXPAND, p->at), .from = p->at};
	k.node->flag = true;
	char c = ps_peek(p, 0);
	if (!ps_enter(p))
		return k.node;
	unsigned newlines = p->newlines;
	p->newlines = 0;
	if (c == '@')
		here_body(&k, ps_peek(p, 1));
	else if (c == '\'')
		single_body(&k);
	else
		double_body(&k);
	p->newlines = newlines;
	ps_leave(p);
	return pieces_end(&k);
}

/* ---- Words ---------------------------------------------------------------------------------- */

struct ps_node *ps_parse_bare(struct ps_parser *p)
{
	struct pieces k = {.p = p, .node = ps_node_new(p, PS_EXPAND, p->at), .from = p->at};
	size_t from = p->at;
	while (!ps_at_end(p) && !p->failed) {
		char c = ps_peek(p, 0);
		if (c == '`' && (ps_peek(p, 1) == '\n' || ps_peek(p, 1) == '\r'))
			break;
		if (ps_ends_word(c) || c == '<' || c == '>')
			break;
		if (c == '\'')
			single_body(&k);
		else if (c == '"')
			double_body(&k);
		else if (c == '`')
			add_escape(&k);
		else if (c != '$' || !add_expansion(&k)) {
			add_byte(&k, c);
			p->at++;
		}
	}
	if (p->at == from)
		ps_fail(p, "a word was expected");
	return pieces_end(&k);
}
