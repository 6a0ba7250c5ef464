#include "audit/shell/parser.h"

#include <limits.h>

/* ---- Redirections --------------------------------------------------------------------------- */

struct redir_start {
	const char *op; /* the operator, behind a descriptor */
	int fd; /* -1: none given */
	struct str fd_var;
};

static bool is_angle(const struct parser *p, const char *at)
{
	return at < p->at.end && (*at == '<' || *at == '>');
}

/* The operator is one, and not the start of a process substitution. */
static bool is_redir_op(const struct parser *p, const char *at)
{
	if (!is_angle(p, at))
		return false;
	if (p->posix)
		return true;
	const char *next = sh_joined(p, at + 1);
	return next >= p->at.end || *next != '(';
}

static bool find_number(const struct parser *p, struct redir_start *r)
{
	const char *at = p->at.cur;
	int fd = 0;
	while (at < p->at.end && is_digit(*at)) {
		fd = fd > (INT_MAX - 9) / 10 ? INT_MAX / 10 : fd * 10 + (*at - '0');
		at++;
	}
	at = sh_joined(p, at);
	if (!is_redir_op(p, at))
		return false;
	r->op = at;
	r->fd = fd;
	return true;
}

/* {name}> or {name[subscript]}> */
static bool find_variable(const struct parser *p, struct redir_start *r)
{
	const char *from = p->at.cur + 1;
	const char *at = from;
	if (p->posix || at >= p->at.end || !is_name_start(*at))
		return false;
	while (at < p->at.end && is_name(*at))
		at++;
	if (at < p->at.end && *at == '[')
		while (at < p->at.end && *at != '}' && !sh_is_delimiter(p, at))
			at++;
	if (at >= p->at.end || *at != '}' || !is_redir_op(p, sh_joined(p, at + 1)))
		return false;
	r->op = sh_joined(p, at + 1);
	r->fd_var = (struct str){from, (size_t)(at - from)};
	return true;
}

static bool find_redirection(const struct parser *p, struct redir_start *r)
{
	*r = (struct redir_start){.op = p->at.cur, .fd = -1};
	if (at_end(p))
		return false;
	char c = *p->at.cur;
	if (c == '<' || c == '>')
		return is_redir_op(p, p->at.cur);
	if (c == '&')
		return !p->posix && sh_peek_second(p) == '>';
	if (is_digit(c))
		return find_number(p, r);
	return c == '{' && find_variable(p, r);
}

/* The longest first. */
static const struct {
	const char *text;
	enum shell_redir_op op;
	bool bash;
	bool strip;
} redir_ops[] = {
	{"&>>", SHELL_REDIR_BOTH_APPEND, true},
	{"&>", SHELL_REDIR_BOTH, true},
	{"<<<", SHELL_REDIR_HERESTRING, true},
	{"<<-", SHELL_REDIR_HEREDOC, false, true},
	{"<<", SHELL_REDIR_HEREDOC, false},
	{"<&", SHELL_REDIR_DUP_IN, false},
	{"<>", SHELL_REDIR_RDWR, false},
	{"<", SHELL_REDIR_IN, false},
	{">>", SHELL_REDIR_APPEND, false},
	{">&", SHELL_REDIR_DUP_OUT, false},
	{">|", SHELL_REDIR_CLOBBER, false},
	{">", SHELL_REDIR_OUT, false},
};

static enum shell_redir_op accept_redir_op(struct parser *p, bool *strip)
{
	for (size_t i = 0; i < countof(redir_ops); i++) {
		if ((redir_ops[i].bash && p->posix) || !sh_accept_op(p, redir_ops[i].text))
			continue;
		*strip = redir_ops[i].strip;
		return redir_ops[i].op;
	}
	return SHELL_REDIR_NONE;
}

static void wait_for_body(struct parser *p, struct shell_redir *r, const char *from, bool strip)
{
	struct heredoc h = {.span = r->span, .strip = strip};
	h.delimiter = sh_remove_quotes(p, from, p->at.cur, &h.literal);
	h.body = take(p, sizeof(*h.body));
	r->body = h.body;
	r->body_literal = h.literal;
	list_push(p->arena, &p->heredocs) = h;
}

static bool parse_redirection(struct parser *p, const struct redir_start *start)
{
	struct shell_redir r = {.span = here(p), .fd = start->fd, .fd_var = start->fd_var};
	bool strip = false;
	sh_advance_to(p, start->op);
	r.op = accept_redir_op(p, &strip);
	sh_skip_blanks(p);
	const char *from = p->at.cur;
	r.target = sh_parse_word(p, 0);
	if (!r.target)
		return sh_fail_unexpected(p, "the target of a redirection");
	span_end_last(p, &r.span);
	if (r.op == SHELL_REDIR_HEREDOC)
		wait_for_body(p, &r, from, strip);
	list_push(p->arena, &p->redirs) = r;
	return true;
}

bool sh_parse_redirections(struct parser *p)
{
	struct redir_start start;
	sh_skip_blanks(p);
	while (find_redirection(p, &start)) {
		if (!parse_redirection(p, &start))
			return false;
		sh_skip_blanks(p);
	}
	return true;
}

void sh_finish_redirections(struct parser *p, struct shell_command *c, size_t mark)
{
	c->redir_count = (uint32_t)(p->redirs.n - mark);
	c->redirs = sh_take_copy(p, p->redirs.items, mark, c->redir_count, sizeof(*c->redirs));
	p->redirs.n = mark;
}

/* ---- Assignments ---------------------------------------------------------------------------- */

/* Where a simple command keeps its things on the stacks. */
struct simple {
	struct span span;
	size_t words;
	size_t assigns;
	size_t redirs;
	bool declares; /* the command takes name=(...) as arguments */
};

enum found { FOUND_NONE = 0, FOUND, FOUND_FAILURE };

/* "=" or "+=" at the place; *append says which. NULL when neither. */
static const char *find_equals(const struct parser *p, const char *at, bool *append)
{
	at = sh_joined(p, at);
	*append = !p->posix && at < p->at.end && *at == '+';
	if (*append)
		at = sh_joined(p, at + 1);
	return at < p->at.end && *at == '=' ? at + 1 : NULL;
}

/* Behind "=": nothing, an array or a word. */
static bool parse_value(struct parser *p, struct shell_assign *a)
{
	struct span span = here(p);
	size_t mark = p->parts.n;
	if (!p->posix && peek(p) == '(') {
		if (!sh_parse_array(p))
			return false;
		a->value = sh_parse_word_rest(p, 0, span, mark);
	} else {
		a->value = sh_parse_word(p, 0);
	}
	if (p->failed)
		return false;
	span_end_last(p, &a->span);
	list_push(p->arena, &p->assigns) = *a;
	return true;
}

static void push_literal(struct parser *p, struct span span, const char *from, const char *to)
{
	struct shell_part part = {
		.kind = SHELL_LITERAL, .span = span, .text = {from, (size_t)(to - from)}};
	part.span.len = (uint32_t)(to - from);
	list_push(p->arena, &p->parts) = part;
}

/* The name at the cursor without line continuations; *end is behind it. */
static struct str read_name(struct parser *p, const char **end)
{
	const char *from = p->at.cur;
	const char *at = from;
	bool plain = true;
	while (at < p->at.end && is_name(*at)) {
		const char *next = sh_joined(p, at + 1);
		plain = plain && (next == at + 1 || next >= p->at.end || !is_name(*next));
		at = next;
	}
	*end = at;
	size_t n = 0;
	if (plain) {
		while (from + n < at && is_name(from[n]))
			n++;
		return (struct str){from, n};
	}
	char *name = arena_alloc(p->arena, (size_t)(at - from));
	for (const char *c = from; c < at; c++)
		if (is_name(*c))
			name[n++] = *c;
	return (struct str){name, n};
}

static enum found found(bool ok)
{
	return ok ? FOUND : FOUND_FAILURE;
}

static bool push_word(struct parser *p, const struct shell_word *w)
{
	if (!w)
		return false;
	list_push(p->arena, &p->words) = w;
	return true;
}

/* name[subscript] that no "=" follows is a word. The cursor is behind the bracket. */
static enum found subscripted_word(
	struct parser *p, const struct shell_assign *a, const char *from, const char *bracket)
{
	size_t mark = p->parts.n;
	push_literal(p, a->span, from, bracket + 1);
	for (size_t i = 0; i < a->index->part_count; i++)
		list_push(p->arena, &p->parts) = a->index->parts[i];
	p->at.cur--;
	return found(push_word(p, sh_parse_word_rest(p, 0, a->span, mark)));
}

static enum found parse_assignment(struct parser *p)
{
	struct shell_assign a = {.span = here(p)};
	const char *from = p->at.cur;
	if (!is_name_start(peek(p)))
		return FOUND_NONE;
	const char *end;
	a.name = read_name(p, &end);
	const char *behind = find_equals(p, end, &a.append);
	if (!behind) {
		if (p->posix || end >= p->at.end || *end != '[')
			return FOUND_NONE;
		sh_advance_to(p, end + 1);
		a.index = sh_parse_subscript(p);
		if (!a.index)
			return FOUND_FAILURE;
		behind = find_equals(p, p->at.cur, &a.append);
		if (!behind)
			return subscripted_word(p, &a, from, end);
	}
	sh_advance_to(p, behind);
	p->last_end = offset(p);
	return found(parse_value(p, &a));
}

/* ---- Simple commands ------------------------------------------------------------------------ */

static const char *const declarations[] = {
	"alias", "declare", "eval", "export", "let", "local", "readonly", "typeset"};

/* The text of a word that is one unquoted literal; empty for others. */
static struct str plain_text(const struct shell_word *w)
{
	if (w->part_count != 1 || w->parts[0].kind != SHELL_LITERAL || w->parts[0].escaped)
		return (struct str){0};
	return w->parts[0].text;
}

static bool is_declaration(const struct parser *p, const struct shell_word *w)
{
	struct str text = plain_text(w);
	if (p->posix || text.n < 3 || text.n > 8)
		return false;
	for (size_t i = 0; i < countof(declarations); i++)
		if (str_is(text, declarations[i]))
			return true;
	return false;
}

/* shopt -s extglob changes how what follows is read. */
static void note_shopt(struct parser *p, const struct shell_command *c)
{
	bool set = false;
	bool unset = false;
	bool extglob = false;
	if (p->posix || c->word_count < 3 || !str_is(plain_text(c->words[0]), "shopt"))
		return;
	for (size_t i = 1; i < c->word_count; i++) {
		struct str w = plain_text(c->words[i]);
		bool option = w.n > 1 && w.p[0] == '-';
		set = set || (option && str_find_byte(w, 's') != STR_NPOS);
		unset = unset || (option && str_find_byte(w, 'u') != STR_NPOS);
		extglob = extglob || str_is(w, "extglob");
	}
	if (extglob && set)
		p->extglob = p->depth == 0 ? EXTGLOB_ON : EXTGLOB_MAYBE;
	else if (extglob && unset && p->depth == 0)
		p->extglob = EXTGLOB_OFF;
}

static struct shell_command *finish_simple(struct parser *p, const struct simple *s)
{
	struct shell_command *c = take(p, sizeof(*c));
	c->kind = SHELL_SIMPLE;
	c->span = s->span;
	span_end_last(p, &c->span);
	c->assign_count = (uint32_t)(p->assigns.n - s->assigns);
	c->assigns =
		sh_take_copy(p, p->assigns.items, s->assigns, c->assign_count, sizeof(*c->assigns));
	c->word_count = (uint32_t)(p->words.n - s->words);
	c->words = sh_take_copy(p, p->words.items, s->words, c->word_count, sizeof(*c->words));
	sh_finish_redirections(p, c, s->redirs);
	p->assigns.n = s->assigns;
	p->words.n = s->words;
	p->commands++;
	note_shopt(p, c);
	return c;
}

/* Words and assignments. FOUND_NONE at the end of the command. */
static enum found parse_argument(struct parser *p, struct simple *s)
{
	bool first = p->words.n == s->words;
	if (first) {
		enum found assigned = parse_assignment(p);
		if (assigned != FOUND_NONE)
			return assigned;
	}
	const struct shell_word *w = sh_parse_word(p, s->declares ? WORD_DECLARATION : 0);
	if (!w)
		return p->failed ? FOUND_FAILURE : FOUND_NONE;
	list_push(p->arena, &p->words) = w;
	if (first)
		s->declares = is_declaration(p, w);
	return FOUND;
}

/* The one word before "(" names a function. */
static bool at_function(const struct parser *p, const struct simple *s)
{
	return peek(p) == '(' && p->words.n == s->words + 1 && p->assigns.n == s->assigns &&
		p->redirs.n == s->redirs;
}

static struct shell_command *define_function(struct parser *p, const struct simple *s)
{
	const struct shell_word *w = p->words.items[--p->words.n];
	struct str name = plain_text(w);
	if (name.n == 0 && !p->posix && !shell_word_static(w, p->arena, &name))
		name = STR("");
	sh_accept_op(p, "(");
	return sh_parse_function(p, s->span, name);
}

struct shell_command *sh_parse_simple(struct parser *p)
{
	struct simple s = {.span = here(p),
		.words = p->words.n,
		.assigns = p->assigns.n,
		.redirs = p->redirs.n};
	for (;;) {
		sh_skip_blanks(p);
		struct redir_start redir;
		if (find_redirection(p, &redir)) {
			if (!parse_redirection(p, &redir))
				return NULL;
			continue;
		}
		if (at_function(p, &s))
			return define_function(p, &s);
		enum found argument = parse_argument(p, &s);
		if (argument == FOUND_FAILURE)
			return NULL;
		if (argument == FOUND_NONE)
			break;
	}
	bool any = p->words.n > s.words || p->assigns.n > s.assigns || p->redirs.n > s.redirs;
	if (!any) {
		sh_fail_unexpected(p, "a command");
		return NULL;
	}
	return finish_simple(p, &s);
}
