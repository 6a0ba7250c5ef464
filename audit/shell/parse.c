#include "audit/shell/parser.h"

/* ---- Lists ---------------------------------------------------------------------------------- */

static bool closes_list(enum keyword k)
{
	switch (k) {
	case KW_RBRACE:
	case KW_DO:
	case KW_DONE:
	case KW_ELIF:
	case KW_ELSE:
	case KW_ESAC:
	case KW_FI:
	case KW_THEN:
		return true;
	case KW_NONE:
	case KW_BANG:
	case KW_LBRACE:
	case KW_CASE:
	case KW_FOR:
	case KW_IF:
	case KW_IN:
	case KW_UNTIL:
	case KW_WHILE:
	case KW_COND:
	case KW_COND_END:
	case KW_FUNCTION:
	case KW_SELECT:
	case KW_TIME:
	case KW_COPROC:
		return false;
	}
	return false;
}

static bool at_list_end(struct parser *p)
{
	if (at_end(p))
		return true;
	switch (*p->at.cur) {
	case ')':
		return true;
	case '}':
		/* That of "${ list; }" needs nothing behind it. */
		return p->closer == '}' || sh_peek_keyword(p) == KW_RBRACE;
	case ';': {
		char c = sh_peek_second(p);
		return c == ';' || (c == '&' && !p->posix);
	}
	default:
		return closes_list(sh_peek_keyword(p));
	}
}

bool sh_parse_separator(struct parser *p)
{
	sh_skip_blanks(p);
	char c = peek(p);
	if (c == '\n')
		return true;
	if (c == '&') {
		p->at.cur++;
		p->items.items[p->items.n - 1].next = SHELL_BACKGROUND;
		p->last_end = offset(p);
		return true;
	}
	if (c != ';' || at_list_end(p))
		return false;
	p->at.cur++;
	p->last_end = offset(p);
	return true;
}

const struct shell_list *sh_finish_list(struct parser *p, struct span span, size_t mark)
{
	struct shell_list *list = take(p, sizeof(*list));
	span_end_last(p, &span);
	list->span = span;
	list->item_count = (uint32_t)(p->items.n - mark);
	list->items = sh_take_copy(p, p->items.items, mark, list->item_count, sizeof(*list->items));
	p->items.n = mark;
	return list;
}

const struct shell_list *sh_parse_list(struct parser *p)
{
	size_t mark = p->items.n;
	if (!sh_skip_newlines(p))
		return NULL;
	struct span span = here(p);
	while (!at_list_end(p)) {
		if (!sh_parse_and_or(p))
			return NULL;
		if (!sh_parse_separator(p))
			break;
		if (!sh_skip_newlines(p))
			return NULL;
	}
	return sh_finish_list(p, span, mark);
}

const struct shell_list *sh_parse_commands(struct parser *p, const char *wanted)
{
	const struct shell_list *list = sh_parse_list(p);
	if (list && list->item_count == 0) {
		sh_fail_unexpected(p, wanted);
		return NULL;
	}
	return list;
}

/* ---- Pipelines ------------------------------------------------------------------------------ */

static const bool no_stderr = false;

static const struct shell_pipeline *finish_pipeline(
	struct parser *p, struct shell_pipeline *pipeline, size_t mark)
{
	size_t n = p->pipes.n - mark;
	const struct shell_command **commands = take(p, n * sizeof(*commands));
	bool *pipe_stderr = n > 1 ? take(p, n * sizeof(*pipe_stderr)) : NULL;
	for (size_t i = 0; i < n; i++) {
		commands[i] = p->pipes.items[mark + i].command;
		if (pipe_stderr)
			pipe_stderr[i] = p->pipes.items[mark + i].pipe_stderr;
	}
	p->pipes.n = mark;
	span_end_last(p, &pipeline->span);
	pipeline->commands = commands;
	pipeline->pipe_stderr = pipe_stderr ? pipe_stderr : &no_stderr;
	pipeline->command_count = (uint32_t)n;
	return pipeline;
}

/* "!(" is a pattern when extglob is on. */
static bool accept_bang(struct parser *p)
{
	if (peek(p) != '!' || sh_peek_keyword(p) != KW_BANG)
		return false;
	if (p->extglob == EXTGLOB_ON && !p->posix && p->keyword_end < p->at.end &&
		*p->keyword_end == '(')
		return false;
	return sh_accept_keyword(p, KW_BANG);
}

static bool accept_option(struct parser *p, const char *option)
{
	size_t n = strlen(option);
	if ((size_t)(p->at.end - p->at.cur) < n || memcmp(p->at.cur, option, n) != 0 ||
		!sh_is_delimiter(p, p->at.cur + n))
		return false;
	p->at.cur += n;
	p->last_end = offset(p);
	sh_skip_blanks(p);
	return true;
}

/* Any number of "!" and "time" before a pipeline; one "!" for POSIX. */
static bool parse_prefix(struct parser *p, struct shell_pipeline *pipeline)
{
	bool any = false;
	for (;;) {
		sh_skip_blanks(p);
		if (accept_bang(p)) {
			pipeline->negated = !pipeline->negated;
			any = true;
			if (!p->posix)
				continue;
			sh_skip_blanks(p);
			return any;
		}
		if (peek(p) != 't' || !sh_accept_keyword(p, KW_TIME))
			return any;
		pipeline->timed = true;
		any = true;
		sh_skip_blanks(p);
		accept_option(p, "-p");
		accept_option(p, "--");
	}
}

static bool at_pipeline_end(struct parser *p)
{
	if (at_end(p))
		return true;
	char c = *p->at.cur;
	return c == '\n' || c == ';' || c == '&' || c == ')' ||
		(c == '|' && sh_peek_second(p) == '|');
}

static bool accept_pipe(struct parser *p, bool *pipe_stderr)
{
	sh_skip_blanks(p);
	if (peek(p) != '|' || sh_peek_second(p) == '|')
		return false;
	*pipe_stderr = !p->posix && sh_accept_op(p, "|&");
	if (!*pipe_stderr)
		sh_accept_op(p, "|");
	return true;
}

/* "!" or "time" alone: a pipeline of one command without words. */
static struct shell_command *empty_command(struct parser *p)
{
	struct shell_command *c = take(p, sizeof(*c));
	c->kind = SHELL_SIMPLE;
	c->span = here(p);
	p->commands++;
	return c;
}

static const struct shell_pipeline *parse_pipeline(struct parser *p)
{
	size_t mark = p->pipes.n;
	struct shell_pipeline *pipeline = take(p, sizeof(*pipeline));
	pipeline->span = here(p);
	bool prefixed = parse_prefix(p, pipeline);
	if (prefixed && !p->posix && at_pipeline_end(p)) {
		list_push(p->arena, &p->pipes) = (struct pipe_part){empty_command(p), false};
		return finish_pipeline(p, pipeline, mark);
	}
	for (;;) {
		struct pipe_part part = {.command = sh_parse_command(p)};
		if (!part.command)
			return NULL;
		bool more = accept_pipe(p, &part.pipe_stderr);
		list_push(p->arena, &p->pipes) = part;
		if (!more)
			return finish_pipeline(p, pipeline, mark);
		if (!sh_skip_newlines(p))
			return NULL;
	}
}

bool sh_parse_and_or(struct parser *p)
{
	for (;;) {
		const struct shell_pipeline *pipeline = parse_pipeline(p);
		if (!pipeline)
			return false;
		struct shell_item item = {.pipeline = pipeline};
		sh_skip_blanks(p);
		bool more = true;
		if (peek(p) == '&' && sh_accept_op(p, "&&"))
			item.next = SHELL_AND;
		else if (peek(p) == '|' && sh_accept_op(p, "||"))
			item.next = SHELL_OR;
		else
			more = false;
		list_push(p->arena, &p->items) = item;
		if (!more)
			return true;
		if (!sh_skip_newlines(p))
			return false;
	}
}

const struct shell_list *sh_list_of(struct parser *p, const struct shell_command *c)
{
	struct shell_pipeline *pipeline = take(p, sizeof(*pipeline));
	size_t pipes = p->pipes.n;
	size_t items = p->items.n;
	pipeline->span = c->span;
	list_push(p->arena, &p->pipes) = (struct pipe_part){c, false};
	finish_pipeline(p, pipeline, pipes);
	pipeline->span = c->span;
	list_push(p->arena, &p->items) = (struct shell_item){.pipeline = pipeline};
	struct shell_list *list = take(p, sizeof(*list));
	list->span = c->span;
	list->item_count = 1;
	list->items = sh_take_copy(p, p->items.items, items, 1, sizeof(*list->items));
	p->items.n = items;
	return list;
}

/* ---- Scripts -------------------------------------------------------------------------------- */

/* The command ends the shell whatever came before: exit, or exec of a program. */
static bool ends_shell(const struct parser *p, const struct shell_pipeline *pipeline)
{
	if (pipeline->command_count != 1 || pipeline->negated)
		return false;
	const struct shell_command *c = pipeline->commands[0];
	struct str name;
	if (c->kind != SHELL_SIMPLE || c->word_count == 0 ||
		!shell_word_static(c->words[0], p->arena, &name))
		return false;
	return str_is(name, "exit") || (str_is(name, "exec") && c->word_count > 1);
}

/* Any of the items from mark on is reached and ends the shell. */
static bool line_ends_shell(const struct parser *p, size_t mark)
{
	enum shell_connector before = SHELL_SEQ;
	for (size_t i = mark; i < p->items.n; i++) {
		const struct shell_item *item = &p->items.items[i];
		if ((before == SHELL_SEQ || before == SHELL_BACKGROUND) &&
			item->next != SHELL_BACKGROUND && ends_shell(p, item->pipeline))
			return true;
		before = item->next;
	}
	return false;
}

/* A shell runs line by line, so what stands on the lines behind an exit does not matter. */
static void parse_script(struct parser *p)
{
	bool ended = false;
	size_t whole = 0;
	size_t line = 0;
	while (sh_skip_newlines(p) && !at_end(p)) {
		if (!sh_parse_and_or(p))
			break;
		whole = p->items.n;
		if (!sh_parse_separator(p) && !at_end(p)) {
			sh_fail_unexpected(p, NULL);
			break;
		}
		sh_skip_blanks(p);
		if (!ended && (at_end(p) || peek(p) == '\n')) {
			ended = line_ends_shell(p, line);
			line = p->items.n;
		}
	}
	if (p->failed)
		p->items.n = whole;
	else
		sh_end_heredocs(p);
	p->script->exited = p->failed && ended;
}

static bool has_nul_line(struct str text)
{
	const char *newline = memchr(text.p, '\n', text.n);
	size_t n = newline ? (size_t)(newline - text.p) : text.n;
	return n > 0 && memchr(text.p, '\0', n);
}

static struct span first_match(struct parser *p, const char *needle, size_t n)
{
	size_t off = str_find(p->script->text, (struct str){needle, n});
	struct span s = span_at(p->script->text, off, n);
	s.line += p->at.line - 1;
	return s;
}

/* What the text holds that people do not see. */
static void warn_of_bytes(struct parser *p)
{
	struct str text = p->script->text;
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		sh_warn_at(p, here(p), "byte order mark: the shell takes it for a part of a word");
	if (memchr(text.p, '\0', text.n))
		sh_warn_at(p, first_match(p, "", 1), "NUL bytes, which the shell drops");
	if (str_contains(text, STR("\r\n")))
		sh_warn_at(p, first_match(p, "\r\n", 2),
			"CRLF line ends: the shell takes the CR for a part of a word");
}

static void parse_text(struct parser *p, const struct shell_options *o)
{
	struct shell_script *s = p->script;
	struct str text = s->text;
	uint32_t line = o && o->line > 0 ? o->line : 1;
	p->posix = s->dialect == SHELL_POSIX;
	p->extglob = o && o->extglob ? EXTGLOB_ON : EXTGLOB_OFF;
	p->reread_max = text.n * 4 + ((size_t)64 << 10);
	p->at = (struct place){.cur = text.p,
		.end = text.p + text.n,
		.base = text.p,
		.line_start = text.p,
		.line = line};
	if (text.n > SHELL_TEXT_MAX) {
		sh_fail_limit(p, here(p), "larger than 256 MiB");
		return;
	}
	if (!p->posix && has_nul_line(text)) {
		sh_fail_limit(p, here(p), "binary file: NUL byte on the first line");
		return;
	}
	warn_of_bytes(p);
	parse_script(p);
}

struct shell_script *shell_parse(struct arena *a, struct str text, const struct shell_options *o)
{
	struct shell_script *s = arena_new(a, struct shell_script);
	struct parser p = {.arena = a, .script = s};
	s->text = arena_str(a, text);
	s->dialect = o ? o->dialect : SHELL_DIALECT_NONE;
	if (s->dialect == SHELL_DIALECT_NONE)
		s->dialect = shell_dialect_of(text);
	if (s->dialect == SHELL_DIALECT_NONE)
		s->dialect = SHELL_BASH;
	parse_text(&p, o);
	struct span span = {.line = o && o->line > 0 ? o->line : 1, .col = 1};
	s->body = sh_finish_list(&p, span, 0);
	s->ok = !p.failed;
	if (p.failed)
		s->error = p.error;
	s->commands = p.commands;
	return s;
}
