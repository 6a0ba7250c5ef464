#include "audit/shell/parser.h"

enum step { STEP_FAIL = 0, STEP_STOP, STEP_ON };

static void start_run(struct parser *p, struct scan *s)
{
	s->run = p->at.cur;
	s->run_span = here(p);
}

/* The literal up to `to` becomes a part. */
static void flush_run_to(struct parser *p, struct scan *s, const char *to)
{
	if (to <= s->run)
		return;
	struct shell_part part = {.kind = SHELL_LITERAL,
		.span = s->run_span,
		.text = {s->run, (size_t)(to - s->run)}};
	uint32_t end = p->at.map ? offset_behind(p, to) : (uint32_t)(to - p->at.base);
	part.span.len = end > part.span.off ? end - part.span.off : 0;
	list_push(p->arena, &p->parts) = part;
}

static void flush_run(struct parser *p, struct scan *s)
{
	flush_run_to(p, s, p->at.cur);
}

/* After a construct that parsed itself. */
static enum step resume(struct parser *p, struct scan *s, bool ok)
{
	if (!ok)
		return STEP_FAIL;
	start_run(p, s);
	return STEP_ON;
}

static enum step go_on(struct parser *p)
{
	p->at.cur++;
	return STEP_ON;
}

static bool is_quoted(const struct scan *s)
{
	return (s->bits & (TEXT_DOUBLE | TEXT_HEREDOC | TEXT_QUOTED_ARG | TEXT_ARITH)) != 0;
}

/* Leaves bytes out of the literal: NUL, which the shells drop, and line continuations. */
static enum step leave_out(struct parser *p, struct scan *s, size_t n)
{
	flush_run(p, s);
	sh_advance_to(p, p->at.cur + n);
	s->merge = true;
	start_run(p, s);
	return STEP_ON;
}

static bool escapes_in_quotes(const struct scan *s, char c)
{
	switch (c) {
	case '$':
	case '`':
	case '\\':
		return true;
	case '"':
		return s->bits != TEXT_HEREDOC;
	case '}':
		return s->bits == TEXT_QUOTED_ARG;
	case '\'':
		return s->bits == TEXT_QUOTED_ARG && s->pattern;
	case '/':
		return s->bits == TEXT_QUOTED_ARG && s->until == '/';
	default:
		return false;
	}
}

static enum step scan_backslash(struct parser *p, struct scan *s)
{
	if (p->at.end - p->at.cur < 2)
		return go_on(p);
	char c = p->at.cur[1];
	if (c == '\n')
		return leave_out(p, s, 2);
	if (is_quoted(s) && !escapes_in_quotes(s, c)) {
		/* It stays, and what it precedes is not special. */
		p->at.cur += 2;
		return STEP_ON;
	}
	flush_run(p, s);
	struct shell_part part = {.kind = SHELL_LITERAL,
		.span = here(p),
		.text = {p->at.cur + 1, 1},
		.escaped = true};
	p->at.cur += 2;
	span_end(p, &part.span);
	list_push(p->arena, &p->parts) = part;
	start_run(p, s);
	return STEP_ON;
}

/*
 * Single quotes in "${x-'...'}": bash finds the end as if they quoted, and expands what is between
 * them when it runs. What cannot be expanded is a literal here.
 */
static enum step scan_seeming_quotes(struct parser *p, struct scan *s)
{
	const char *end = p->at.end;
	const char *close = memchr(p->at.cur + 1, '\'', (size_t)(end - p->at.cur - 1));
	if (!close) {
		sh_fail_at(p, here(p), "unterminated single quote");
		return STEP_FAIL;
	}
	p->at.cur++;
	flush_run(p, s);
	struct checkpoint start = sh_checkpoint(p);
	struct scan inner = {.bits = TEXT_QUOTED_ARG, .single = true};
	p->at.end = close;
	bool ok = sh_scan_parts(p, &inner);
	p->at.end = end;
	if (!ok && !sh_retry(p, &start))
		return STEP_FAIL;
	start_run(p, s);
	sh_advance_to(p, close + 1);
	return STEP_ON;
}

static enum step scan_single_quote(struct parser *p, struct scan *s)
{
	if (s->bits == TEXT_QUOTED_ARG && !s->pattern)
		return p->posix || s->single ? go_on(p) : scan_seeming_quotes(p, s);
	if (s->bits == TEXT_ARITH && p->posix)
		return go_on(p);
	flush_run(p, s);
	return resume(p, s, sh_parse_single(p));
}

static enum step scan_double_quote(struct parser *p, struct scan *s)
{
	if (s->bits == TEXT_DOUBLE)
		return STEP_STOP;
	if (s->single)
		return go_on(p);
	flush_run(p, s);
	return resume(p, s, sh_parse_double(p));
}

static enum step scan_dollar(struct parser *p, struct scan *s)
{
	flush_run(p, s);
	struct span span = here(p);
	const char *from = p->at.cur;
	bool literal = false;
	if (!sh_parse_dollar(p, s, &literal))
		return STEP_FAIL;
	if (!literal)
		return resume(p, s, true);
	s->run = from;
	s->run_span = span;
	return go_on(p);
}

/* True when the word so far is name= or name+=, unquoted. */
static bool is_assignment_prefix(const struct parser *p, const struct scan *s)
{
	const char *at = s->word;
	const char *end = p->at.cur;
	if (s->run != s->word || end - at < 2 || end[-1] != '=' || !is_name_start(*at))
		return false;
	while (at < end && is_name(*at))
		at++;
	return at == end - 1 || (at == end - 2 && *at == '+');
}

static bool is_extglob_prefix(const struct parser *p, const struct scan *s)
{
	if (p->posix || p->at.cur == s->run)
		return false;
	if (p->extglob == EXTGLOB_OFF && !(s->flags & WORD_PATTERN))
		return false;
	char c = p->at.cur[-1];
	return c == '?' || c == '*' || c == '+' || c == '@' || c == '!';
}

static enum step scan_extglob(struct parser *p, struct scan *s)
{
	const char *prefix = p->at.cur - 1;
	flush_run_to(p, s, prefix);
	struct span span = here(p);
	span.off--;
	span.col--;
	return resume(p, s, sh_parse_extglob(p, prefix, span));
}

static enum step scan_open(struct parser *p, struct scan *s)
{
	switch (s->bits) {
	case TEXT_WORD:
		break;
	case TEXT_GROUP:
	case TEXT_ARITH:
	case TEXT_ARG:
	case TEXT_QUOTED_ARG:
		s->level++;
		return go_on(p);
	default:
		return go_on(p);
	}
	if (s->flags & WORD_REGEX) {
		s->bits = TEXT_GROUP;
		s->then_word = true;
		s->level = 0;
		return go_on(p);
	}
	if (is_extglob_prefix(p, s))
		return scan_extglob(p, s);
	if ((s->flags & WORD_DECLARATION) && is_assignment_prefix(p, s)) {
		flush_run(p, s);
		return resume(p, s, sh_parse_array(p));
	}
	return STEP_STOP;
}

static enum step scan_close(struct parser *p, struct scan *s)
{
	if (s->bits == TEXT_ARG || s->bits == TEXT_QUOTED_ARG) {
		if (s->level > 0)
			s->level--;
		return go_on(p);
	}
	if (s->bits == TEXT_ARITH && s->level == 0 && p->posix && sh_peek_second(p) != ')')
		return go_on(p);
	if (s->bits == TEXT_WORD || (s->level == 0 && !s->then_word))
		return STEP_STOP;
	if (s->level == 0)
		s->bits = TEXT_WORD;
	else
		s->level--;
	return go_on(p);
}

/* The bracket that ends a subscript, when the word goes on behind it. */
static enum step scan_bracket(struct parser *p, struct scan *s)
{
	if (*p->at.cur == '[')
		s->level++;
	else if (s->level > 0)
		s->level--;
	else if (!s->then_word)
		return STEP_STOP;
	else
		s->bits = TEXT_WORD;
	return go_on(p);
}

static enum step scan_angle(struct parser *p, struct scan *s)
{
	if (p->posix || sh_peek_second(p) != '(')
		return s->bits == TEXT_WORD ? STEP_STOP : go_on(p);
	flush_run(p, s);
	return resume(p, s, sh_parse_process_subst(p));
}

/* Characters that end an argument of ${...}, or one of its two halves. */
static enum step scan_argument(struct parser *p, struct scan *s)
{
	char c = *p->at.cur;
	if (s->single)
		return go_on(p);
	if (c == '}')
		return STEP_STOP;
	if (c == '?' && s->until == ':')
		s->questions++;
	if (c != s->until || (c == ':' && s->level > 0))
		return go_on(p);
	if (c == ':' && s->questions > 0) {
		s->questions--;
		return go_on(p);
	}
	return STEP_STOP;
}

static enum step scan_blank(struct parser *p, struct scan *s)
{
	if (*p->at.cur == '|' && (s->flags & WORD_REGEX))
		return go_on(p);
	return STEP_STOP;
}

/* NOLINTNEXTLINE(readability-function-size): one line per special character. */
static enum step scan_special(struct parser *p, struct scan *s)
{
	switch (*p->at.cur) {
	case '\0':
		return leave_out(p, s, 1);
	case '\n':
		if (s->bits == TEXT_WORD)
			return STEP_STOP;
		pass_newline(p);
		return STEP_ON;
	case '\\':
		return scan_backslash(p, s);
	case '\'':
		return scan_single_quote(p, s);
	case '"':
		return scan_double_quote(p, s);
	case '$':
		return scan_dollar(p, s);
	case '`':
		flush_run(p, s);
		return resume(p, s, sh_parse_backquote(p, is_quoted(s)));
	case '(':
		return scan_open(p, s);
	case ')':
		return scan_close(p, s);
	case '[':
	case ']':
		return scan_bracket(p, s);
	case '<':
	case '>':
		return scan_angle(p, s);
	case '}':
	case '/':
	case ':':
	case '?':
		return scan_argument(p, s);
	default:
		return scan_blank(p, s);
	}
}

bool sh_scan_parts(struct parser *p, struct scan *s)
{
	start_run(p, s);
	for (;;) {
		const char *c = p->at.cur;
		while (c < p->at.end && !(shell_text_class[(uint8_t)*c] & s->bits))
			c++;
		p->at.cur = c;
		enum step step = c < p->at.end ? scan_special(p, s) : STEP_STOP;
		if (step == STEP_FAIL)
			return false;
		if (step == STEP_STOP)
			break;
	}
	flush_run(p, s);
	return true;
}

/* ---- Words ---------------------------------------------------------------------------------- */

static bool is_plain(const struct shell_part *part)
{
	return part->kind == SHELL_LITERAL && !part->escaped;
}

/* Of the part at i and the plain literals behind it, when it is one itself. */
static size_t run_length(const struct parser *p, size_t i)
{
	size_t end = i;
	while (end < p->parts.n && is_plain(&p->parts.items[end]))
		end++;
	return end > i ? end - i : 1;
}

static struct shell_part join_run(struct parser *p, const struct shell_part *parts, size_t n)
{
	const struct shell_part *last = &parts[n - 1];
	struct shell_part whole = parts[0];
	size_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += parts[i].text.n;
	char *bytes = take(p, size);
	whole.text = (struct str){bytes, size};
	for (size_t i = 0; i < n; i++) {
		memcpy(bytes, parts[i].text.p, parts[i].text.n);
		bytes += parts[i].text.n;
	}
	whole.span.len = last->span.off + last->span.len - whole.span.off;
	return whole;
}

/* Literals that only a line continuation or a NUL divides are one text to the shell. */
static void merge_literals(struct parser *p, size_t mark)
{
	size_t to = mark;
	size_t n = 0;
	for (size_t i = mark; i < p->parts.n; i += n) {
		n = run_length(p, i);
		struct shell_part *part = &p->parts.items[i];
		p->parts.items[to++] = n > 1 ? join_run(p, part, n) : *part;
	}
	p->parts.n = to;
}

void sh_finish_part(struct parser *p, struct shell_part *part, size_t mark)
{
	part->part_count = (uint32_t)(p->parts.n - mark);
	part->parts = sh_take_copy(p, p->parts.items, mark, part->part_count, sizeof(*part->parts));
	p->parts.n = mark;
}

const struct shell_word *sh_finish_word(struct parser *p, struct span span, size_t mark)
{
	struct shell_word *w = take(p, sizeof(*w));
	span_end(p, &span);
	w->span = span;
	w->part_count = (uint32_t)(p->parts.n - mark);
	w->parts = sh_take_copy(p, p->parts.items, mark, w->part_count, sizeof(*w->parts));
	p->parts.n = mark;
	return w;
}

struct shell_word *sh_text_word(
	struct parser *p, enum shell_part_kind kind, struct span span, struct str text)
{
	struct {
		struct shell_word word;
		struct shell_part part;
	} *both = take(p, sizeof(*both));
	both->part.kind = kind;
	both->part.span = span;
	both->part.text = text;
	both->word.span = span;
	both->word.parts = &both->part;
	both->word.part_count = 1;
	return &both->word;
}

const struct shell_word *sh_parse_word_rest(
	struct parser *p, unsigned flags, struct span span, size_t mark)
{
	struct scan s = {.bits = TEXT_WORD, .flags = flags, .word = p->at.cur};
	if ((flags & WORD_ELEMENT) && peek(p) == '[') {
		s.bits = TEXT_SUBSCRIPT;
		s.then_word = true;
		p->at.cur++;
	}
	const char *from = s.word;
	struct span first = span;
	if (s.bits == TEXT_SUBSCRIPT) {
		struct shell_part part = {.kind = SHELL_LITERAL, .span = first, .text = {from, 1}};
		part.span.len = 1;
		list_push(p->arena, &p->parts) = part;
		s.merge = true;
	}
	if (!sh_scan_parts(p, &s))
		return NULL;
	if (s.bits != TEXT_WORD) {
		sh_fail_at(p, span, "unterminated '%s'", s.bits == TEXT_GROUP ? "(" : "[");
		return NULL;
	}
	if (s.merge)
		merge_literals(p, mark);
	return sh_finish_word(p, span, mark);
}

/* Most words are one literal. */
static const struct shell_word *plain_word(struct parser *p, struct span span)
{
	const char *from = p->at.cur;
	const char *c = from;
	while (c < p->at.end && !(shell_text_class[(uint8_t)*c] & TEXT_WORD))
		c++;
	if (c == from || !sh_is_delimiter(p, c))
		return NULL;
	if (c < p->at.end && (*c == '(' || *c == '<' || *c == '>'))
		return NULL;
	p->at.cur = c;
	span_end(p, &span);
	return sh_text_word(p, SHELL_LITERAL, span, (struct str){from, (size_t)(c - from)});
}

/* True when the cursor stands at something that starts a word. */
static bool at_word(const struct parser *p, unsigned flags)
{
	if (at_end(p))
		return false;
	char c = *p->at.cur;
	if (c == '<' || c == '>')
		return !p->posix && sh_peek_second(p) == '(';
	if ((c == '(' || c == '|') && (flags & WORD_REGEX))
		return true;
	return !sh_is_delimiter(p, p->at.cur);
}

const struct shell_word *sh_parse_word(struct parser *p, unsigned flags)
{
	struct span span = here(p);
	if (!(flags & (WORD_REGEX | WORD_ELEMENT))) {
		const struct shell_word *plain = plain_word(p, span);
		if (plain)
			return plain;
	}
	if (!at_word(p, flags))
		return NULL;
	return sh_parse_word_rest(p, flags, span, p->parts.n);
}
