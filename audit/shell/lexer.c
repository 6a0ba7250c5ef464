#include "audit/shell/parser.h"

#define WARNINGS_MAX 200

#define BLANK TEXT_WORD
#define QUOTES \
	(TEXT_WORD | TEXT_GROUP | TEXT_ARG | TEXT_QUOTED_ARG | TEXT_SUBSCRIPT | TEXT_DOUBLE | \
		TEXT_ARITH)
#define EVERYWHERE (QUOTES | TEXT_HEREDOC)
#define ARGS (TEXT_ARG | TEXT_QUOTED_ARG)

const uint8_t shell_text_class[256] = {
	['\0'] = EVERYWHERE,
	['\n'] = EVERYWHERE,
	['$'] = EVERYWHERE,
	['`'] = EVERYWHERE,
	['\\'] = EVERYWHERE,
	['"'] = QUOTES,
	['\''] = QUOTES & ~TEXT_DOUBLE,
	[' '] = BLANK,
	['\t'] = BLANK,
	[';'] = TEXT_WORD,
	['&'] = TEXT_WORD,
	['|'] = TEXT_WORD,
	['<'] = TEXT_WORD | TEXT_ARG,
	['>'] = TEXT_WORD | TEXT_ARG,
	['('] = TEXT_WORD | TEXT_GROUP | TEXT_ARITH | ARGS,
	[')'] = TEXT_WORD | TEXT_GROUP | TEXT_ARITH | ARGS,
	['['] = TEXT_SUBSCRIPT,
	[']'] = TEXT_SUBSCRIPT,
	['}'] = ARGS,
	['/'] = ARGS,
	[':'] = ARGS,
	['?'] = ARGS,
};

static const struct {
	const char *text;
	enum keyword keyword;
	bool bash;
} keywords[] = {
	{"!", KW_BANG, false},
	{"{", KW_LBRACE, false},
	{"}", KW_RBRACE, false},
	{"case", KW_CASE, false},
	{"do", KW_DO, false},
	{"done", KW_DONE, false},
	{"elif", KW_ELIF, false},
	{"else", KW_ELSE, false},
	{"esac", KW_ESAC, false},
	{"fi", KW_FI, false},
	{"for", KW_FOR, false},
	{"if", KW_IF, false},
	{"in", KW_IN, false},
	{"then", KW_THEN, false},
	{"until", KW_UNTIL, false},
	{"while", KW_WHILE, false},
	{"[[", KW_COND, true},
	{"]]", KW_COND_END, true},
	{"function", KW_FUNCTION, true},
	{"select", KW_SELECT, true},
	{"time", KW_TIME, true},
	{"coproc", KW_COPROC, true},
};

#define KEYWORD_LENGTH_MAX 8

/* ---- Places --------------------------------------------------------------------------------- */

struct span sh_position(const struct parser *p, const char *at)
{
	const struct source_map *m = p->at.map;
	uint32_t off = (uint32_t)(at - p->at.base);
	if (!m)
		return (struct span){off, 0, p->at.line, (uint32_t)(at - p->at.line_start) + 1};
	size_t low = 0;
	size_t high = m->n;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (m->items[middle].from <= off)
			low = middle;
		else
			high = middle;
	}
	struct span s = m->items[low].place;
	uint32_t behind = off - m->items[low].from;
	s.off += behind;
	s.col += behind;
	s.len = 0;
	return s;
}

bool sh_is_delimiter(const struct parser *p, const char *at)
{
	if (at >= p->at.end)
		return true;
	switch (*at) {
	case ' ':
	case '\t':
	case '\n':
	case ';':
	case '&':
	case '|':
	case '(':
	case ')':
	case '<':
	case '>':
		return true;
	default:
		return false;
	}
}

void sh_advance_to(struct parser *p, const char *to)
{
	while (p->at.cur < to) {
		if (*p->at.cur == '\n')
			pass_newline(p);
		else
			p->at.cur++;
	}
}

const char *sh_joined(const struct parser *p, const char *from)
{
	for (;;) {
		if (p->at.end - from >= 2 && from[0] == '\\' && from[1] == '\n')
			from += 2;
		else if (from < p->at.end && *from == '\0')
			from++;
		else
			return from;
	}
}

char sh_peek_second(const struct parser *p)
{
	if (at_end(p))
		return '\0';
	const char *second = sh_joined(p, p->at.cur + 1);
	return second < p->at.end ? *second : '\0';
}

bool sh_accept_op(struct parser *p, const char *op)
{
	const char *at = p->at.cur;
	for (; *op != '\0'; op++) {
		at = sh_joined(p, at);
		if (at >= p->at.end || *at != *op)
			return false;
		at++;
	}
	sh_advance_to(p, at);
	p->last_end = offset(p);
	return true;
}

/* ---- Between tokens ------------------------------------------------------------------------- */

static void skip_comment(struct parser *p)
{
	const char *newline = memchr(p->at.cur, '\n', (size_t)(p->at.end - p->at.cur));
	p->at.cur = newline ? newline : p->at.end;
}

void sh_skip_blanks(struct parser *p)
{
	while (!at_end(p)) {
		char c = *p->at.cur;
		if (c == ' ' || c == '\t' || c == '\0')
			p->at.cur++;
		else if (c == '\\' && p->at.end - p->at.cur > 1 && p->at.cur[1] == '\n')
			sh_advance_to(p, p->at.cur + 2);
		else if (c == '#')
			skip_comment(p);
		else
			return;
	}
}

bool sh_skip_newlines(struct parser *p)
{
	for (;;) {
		sh_skip_blanks(p);
		if (peek(p) != '\n')
			return true;
		pass_newline(p);
		if (p->heredocs.n > p->heredocs.first && !sh_read_heredocs(p))
			return false;
	}
}

/* ---- Reserved words ------------------------------------------------------------------------- */

static enum keyword find_keyword(const struct parser *p, const char *text, size_t n)
{
	for (size_t i = 0; i < countof(keywords); i++) {
		const char *k = keywords[i].text;
		if (k[0] == text[0] && strlen(k) == n && memcmp(k, text, n) == 0)
			return keywords[i].bash && p->posix ? KW_NONE : keywords[i].keyword;
	}
	return KW_NONE;
}

const char *sh_keyword_text(enum keyword k)
{
	for (size_t i = 0; i < countof(keywords); i++)
		if (keywords[i].keyword == k)
			return keywords[i].text;
	return "";
}

static bool in_keyword(char c)
{
	return (c >= 'a' && c <= 'z') || c == '{' || c == '}' || c == '!' || c == '[' || c == ']';
}

enum keyword sh_peek_keyword(struct parser *p)
{
	if (p->keyword_at == p->at.cur && p->keyword_end <= p->at.end)
		return p->keyword;
	char text[KEYWORD_LENGTH_MAX];
	size_t n = 0;
	const char *at = p->at.cur;
	for (; at < p->at.end; at++) {
		at = sh_joined(p, at);
		if (at >= p->at.end || !in_keyword(*at))
			break;
		if (n == KEYWORD_LENGTH_MAX)
			return KW_NONE;
		text[n++] = *at;
	}
	if (n == 0 || !sh_is_delimiter(p, at))
		return KW_NONE;
	p->keyword_at = p->at.cur;
	p->keyword_end = at;
	p->keyword = find_keyword(p, text, n);
	return p->keyword;
}

bool sh_accept_keyword(struct parser *p, enum keyword k)
{
	if (sh_peek_keyword(p) != k)
		return false;
	sh_advance_to(p, p->keyword_end);
	p->last_end = offset(p);
	return true;
}

/* ---- Memory --------------------------------------------------------------------------------- */

#define BLOCK_MIN ((size_t)1 << 10)
#define BLOCK_MAX ((size_t)64 << 10)

/* Blocks grow, so that a one-line script costs little and a large one few calls. */
void *sh_take_block(struct parser *p, size_t size)
{
	if (size >= BLOCK_MAX / 4)
		return arena_alloc(p->arena, size);
	size_t block = p->block < BLOCK_MIN ? BLOCK_MIN : p->block;
	while (block < size)
		block *= 2;
	char *out = arena_alloc(p->arena, block);
	p->free = out + size;
	p->left = block - size;
	p->block = block < BLOCK_MAX ? block * 2 : BLOCK_MAX;
	return out;
}

void *sh_take_copy(struct parser *p, const void *items, size_t from, size_t n, size_t size)
{
	if (n == 0)
		return NULL;
	void *out = take(p, n * size);
	memcpy(out, (const char *)items + from * size, n * size);
	return out;
}

/* ---- Errors --------------------------------------------------------------------------------- */

static bool fail_text(struct parser *p, struct span span, struct str text)
{
	if (!p->failed)
		p->error = (struct shell_error){span, text};
	p->failed = true;
	return false;
}

bool sh_fail_at(struct parser *p, struct span span, const char *fmt, ...)
{
	if (p->failed)
		return false;
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return fail_text(p, span, text);
}

bool sh_fail_limit(struct parser *p, struct span span, const char *text)
{
	p->fatal = true;
	p->failed = false;
	return fail_text(p, span, str_from(text));
}

#define QUOTED_MAX 40

/* The token at the cursor, for people. */
static struct str describe(struct parser *p, struct span *span)
{
	if (at_end(p))
		return STR("end of file");
	const char *from = p->at.cur;
	if (*from == '\n')
		return STR("newline");
	const char *to = from + 1;
	if (sh_is_delimiter(p, from)) {
		while (to < p->at.end && to - from < 3 && *to == *from && *from != '(' &&
			*from != ')')
			to++;
	} else {
		while (!sh_is_delimiter(p, to) && to - from < QUOTED_MAX)
			to++;
	}
	span->len = (uint32_t)(to - from);
	return arena_printf(p->arena, "'%.*s'", (int)(to - from), from);
}

bool sh_fail_unexpected(struct parser *p, const char *wanted)
{
	if (p->failed)
		return false;
	sh_skip_blanks(p);
	struct span span = here(p);
	struct str what = describe(p, &span);
	if (wanted)
		return sh_fail_at(
			p, span, "unexpected %.*s, looking for %s", STR_ARG(what), wanted);
	return sh_fail_at(p, span, "unexpected %.*s", STR_ARG(what));
}

void sh_warn_at(struct parser *p, struct span span, const char *fmt, ...)
{
	struct shell_script *s = p->script;
	if (s->warnings.n >= WARNINGS_MAX)
		return;
	va_list ap;
	va_start(ap, fmt);
	struct shell_error w = {span, arena_vprintf(p->arena, fmt, ap)};
	va_end(ap);
	list_push(p->arena, &s->warnings) = w;
}

bool sh_enter(struct parser *p)
{
	if (p->depth >= SHELL_DEPTH_MAX)
		return sh_fail_limit(p, here(p), "nested too deeply: more than 1000 levels");
	p->depth++;
	return true;
}

/* ---- Second attempts ------------------------------------------------------------------------ */

bool sh_charge(struct parser *p, size_t bytes)
{
	p->reread += bytes;
	if (p->reread <= p->reread_max)
		return true;
	return sh_fail_limit(p, here(p), "too much text that must be read again");
}

struct checkpoint sh_checkpoint(const struct parser *p)
{
	return (struct checkpoint){.at = p->at,
		.last_end = p->last_end,
		.heredocs = p->heredocs.n,
		.heredocs_first = p->heredocs.first,
		.parts = p->parts.n,
		.words = p->words.n,
		.assigns = p->assigns.n,
		.redirs = p->redirs.n,
		.items = p->items.n,
		.pipes = p->pipes.n,
		.cases = p->cases.n,
		.warnings = p->script->warnings.n,
		.commands = p->commands,
		.start = offset(p),
		.depth = p->depth,
		.bodies = p->bodies,
		.closer = p->closer,
		.extglob = p->extglob};
}

bool sh_retry(struct parser *p, const struct checkpoint *c)
{
	if (p->fatal)
		return false;
	/* The copies of backquotes are bounded by the text that they stand for. */
	size_t seen = offset(p);
	p->failed = false;
	if (!sh_charge(p, seen > c->start ? seen - c->start : 1))
		return false;
	p->at = c->at;
	p->last_end = c->last_end;
	p->heredocs.n = c->heredocs;
	p->heredocs.first = c->heredocs_first;
	p->parts.n = c->parts;
	p->words.n = c->words;
	p->assigns.n = c->assigns;
	p->redirs.n = c->redirs;
	p->items.n = c->items;
	p->pipes.n = c->pipes;
	p->cases.n = c->cases;
	p->script->warnings.n = c->warnings;
	p->commands = c->commands;
	p->depth = c->depth;
	p->bodies = c->bodies;
	p->closer = c->closer;
	p->extglob = c->extglob;
	p->keyword_at = NULL;
	return true;
}
