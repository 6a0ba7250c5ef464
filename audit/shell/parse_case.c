#include "audit/shell/parser.h"

/* The patterns of one item, up to and with ")". */
static bool parse_patterns(struct parser *p, struct shell_case_item *item)
{
	size_t mark = p->words.n;
	sh_skip_blanks(p);
	if (peek(p) == '(') {
		p->at.cur++;
		sh_skip_blanks(p);
	}
	for (;;) {
		const struct shell_word *w = sh_parse_word(p, WORD_PATTERN);
		if (!w)
			return sh_fail_unexpected(p, "a pattern or 'esac'");
		list_push(p->arena, &p->words) = w;
		sh_skip_blanks(p);
		if (!sh_accept_op(p, "|"))
			break;
		sh_skip_blanks(p);
	}
	if (!sh_accept_op(p, ")"))
		return sh_fail_unexpected(p, "')' behind a pattern");
	item->pattern_count = (uint32_t)(p->words.n - mark);
	item->patterns =
		sh_take_copy(p, p->words.items, mark, item->pattern_count, sizeof(*item->patterns));
	p->words.n = mark;
	return true;
}

/* False when there is none: the next thing must be esac. */
static bool accept_terminator(struct parser *p, struct shell_case_item *item)
{
	item->terminator = ';';
	sh_skip_blanks(p);
	if (!p->posix && sh_accept_op(p, ";;&")) {
		item->terminator = 'c';
		return true;
	}
	if (sh_accept_op(p, ";;"))
		return true;
	if (p->posix || !sh_accept_op(p, ";&"))
		return false;
	item->terminator = '&';
	return true;
}

static bool parse_items(struct parser *p, struct span opener)
{
	for (;;) {
		if (!sh_skip_newlines(p))
			return false;
		if (sh_accept_keyword(p, KW_ESAC))
			return true;
		struct shell_case_item item = {.span = here(p)};
		if (!parse_patterns(p, &item))
			return false;
		item.body = sh_parse_list(p);
		if (!item.body)
			return false;
		bool more = accept_terminator(p, &item);
		span_end_last(p, &item.span);
		list_push(p->arena, &p->cases) = item;
		if (!more)
			return sh_expect_keyword(p, KW_ESAC, opener, "case");
	}
}

struct shell_command *sh_parse_case(struct parser *p, struct span span)
{
	struct shell_command *c = take(p, sizeof(*c));
	size_t mark = p->cases.n;
	c->kind = SHELL_CASE;
	c->span = span;
	sh_skip_blanks(p);
	c->subject = sh_parse_word(p, 0);
	if (!c->subject) {
		sh_fail_unexpected(p, "the word of 'case'");
		return NULL;
	}
	if (!sh_skip_newlines(p) || !sh_expect_keyword(p, KW_IN, span, "case") ||
		!parse_items(p, span))
		return NULL;
	c->item_count = (uint32_t)(p->cases.n - mark);
	c->items = sh_take_copy(p, p->cases.items, mark, c->item_count, sizeof(*c->items));
	p->cases.n = mark;
	return c;
}
