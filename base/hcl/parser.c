#include "base/hcl/ast.h"

#include "base/map.h"

/* ---- Tokens -------------------------------------------------------------------------------- */

int hcl_parser_init(struct hcl_parser *p, struct arena *a, enum hcl_lexer_mode mode,
	struct str text, struct str file, struct error *err)
{
	p->arena = a;
	p->ahead_count = 0;
	p->newlines = false;
	p->depth = 0;
	p->err = err;
	if (text.n > HCL_MAX_TEXT)
		return hcl_lexer_init(&p->lexer, mode, text, file, err);
	return hcl_lexer_init(&p->lexer, mode, arena_str(a, text), arena_str(a, file), err);
}

/* Reads tokens until `count` wait that are no comment, and no newline where those do not count. */
static void fill(struct hcl_parser *p, size_t count)
{
	while (p->ahead_count < count) {
		struct hcl_token *t = &p->ahead[p->ahead_count];
		hcl_lexer_next(&p->lexer, t);
		bool blank = t->kind == HCL_TOKEN_COMMENT ||
			(t->kind == HCL_TOKEN_NEWLINE && !p->newlines);
		if (!blank)
			p->ahead_count++;
	}
}

static void drop(struct hcl_parser *p)
{
	for (size_t i = 1; i < p->ahead_count; i++)
		p->ahead[i - 1] = p->ahead[i];
	p->ahead_count--;
}

const struct hcl_token *hcl_peek(struct hcl_parser *p)
{
	fill(p, 1);
	/* It may have been read where newlines still counted. */
	while (!p->newlines && p->ahead[0].kind == HCL_TOKEN_NEWLINE) {
		drop(p);
		fill(p, 1);
	}
	return &p->ahead[0];
}

const struct hcl_token *hcl_peek_second(struct hcl_parser *p)
{
	(void)hcl_peek(p);
	fill(p, 2);
	return &p->ahead[1];
}

struct hcl_token hcl_take(struct hcl_parser *p)
{
	struct hcl_token t = *hcl_peek(p);
	drop(p);
	return t;
}

bool hcl_at(struct hcl_parser *p, enum hcl_token_kind kind)
{
	return hcl_peek(p)->kind == kind;
}

bool hcl_at_keyword(struct hcl_parser *p, const char *word)
{
	const struct hcl_token *t = hcl_peek(p);
	return t->kind == HCL_TOKEN_IDENT && str_is(t->text, word);
}

bool hcl_skip(struct hcl_parser *p, enum hcl_token_kind kind)
{
	if (!hcl_at(p, kind))
		return false;
	drop(p);
	return true;
}

void hcl_skip_newlines(struct hcl_parser *p)
{
	while (hcl_skip(p, HCL_TOKEN_NEWLINE))
		continue;
}

struct origin hcl_origin(const struct hcl_parser *p, const struct hcl_token *t)
{
	return (struct origin){p->lexer.file, t->span};
}

/* An error of the lexer has been there first and stays. */
int hcl_fail(struct hcl_parser *p, const struct origin *o, const char *fmt, ...)
{
	if (p->lexer.failed)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return error_at(p->err, o, "%.*s", STR_ARG(text));
}

int hcl_fail_expected(struct hcl_parser *p, const char *what)
{
	const struct hcl_token *t = hcl_peek(p);
	struct origin o = hcl_origin(p, t);
	return hcl_fail(p, &o, "expected %s, found %s", what, hcl_token_describe(p->arena, t).p);
}

int hcl_enter(struct hcl_parser *p)
{
	if (p->depth < HCL_MAX_NESTING) {
		p->depth++;
		return 0;
	}
	struct origin o = hcl_origin(p, hcl_peek(p));
	return hcl_fail(p, &o, "nested more than %d levels deep", HCL_MAX_NESTING);
}

void hcl_leave(struct hcl_parser *p)
{
	p->depth--;
}

/* ---- Bodies -------------------------------------------------------------------------------- */

static int read_body(struct hcl_parser *p, struct hcl_body *body, enum hcl_token_kind end);

/* An argument's line, or a block, is over. */
static int expect_end_of_line(struct hcl_parser *p, const char *what)
{
	if (hcl_at(p, HCL_TOKEN_EOF) || hcl_skip(p, HCL_TOKEN_NEWLINE))
		return 0;
	return hcl_fail_expected(p, what);
}

static int read_attribute(struct hcl_parser *p, struct hcl_body *body, struct map *names)
{
	struct hcl_token name = hcl_take(p);
	struct hcl_attribute attribute = {.name = name.text, .origin = hcl_origin(p, &name)};
	const struct origin *first = map_find(names, name.text);
	if (first) {
		return hcl_fail(p, &attribute.origin, "`%.*s` is set twice; first at %s",
			STR_ARG(name.text), origin_str(p->arena, first).p);
	}
	struct origin *place = arena_new(p->arena, struct origin);
	*place = attribute.origin;
	map_put(names, p->arena, name.text, place);
	(void)hcl_take(p); /* = */
	if (hcl_read_expr(p, &attribute.expr) < 0)
		return -1;
	list_push(p->arena, &body->attributes) = attribute;
	return 0;
}

/* A quoted label is a literal: no template sequence. */
static int read_quoted_label(struct hcl_parser *p, struct str *out)
{
	(void)hcl_take(p);
	struct str_list parts = {0};
	while (hcl_at(p, HCL_TOKEN_QUOTED)) {
		struct hcl_token t = hcl_take(p);
		if (hcl_decode(p, &list_push(p->arena, &parts), &t) < 0)
			return -1;
	}
	if (!hcl_at(p, HCL_TOKEN_CLOSE_QUOTE)) {
		struct origin o = hcl_origin(p, hcl_peek(p));
		return hcl_fail(p, &o, "a block label is a plain string, without ${ } or %%{ }");
	}
	(void)hcl_take(p);
	*out = arena_join(p->arena, parts.items, parts.n, STR(""));
	return 0;
}

static int read_labels(struct hcl_parser *p, struct hcl_block *block)
{
	struct str_list labels = {0};
	while (!hcl_at(p, HCL_TOKEN_OPEN_BRACE)) {
		struct str label = {0};
		if (hcl_at(p, HCL_TOKEN_IDENT))
			label = hcl_take(p).text;
		else if (!hcl_at(p, HCL_TOKEN_OPEN_QUOTE))
			return hcl_fail_expected(p, "a block label or `{`");
		else if (read_quoted_label(p, &label) < 0)
			return -1;
		list_push(p->arena, &labels) = label;
	}
	block->labels = labels.items;
	block->label_count = labels.n;
	return 0;
}

/* { name = value } on one line takes one argument and no block. */
static int read_one_line_body(struct hcl_parser *p, struct hcl_body *body)
{
	struct map names = {0};
	if (hcl_skip(p, HCL_TOKEN_CLOSE_BRACE))
		return 0;
	if (!hcl_at(p, HCL_TOKEN_IDENT) || hcl_peek_second(p)->kind != HCL_TOKEN_ASSIGN)
		return hcl_fail_expected(p, "one argument, or a line break after `{`");
	if (read_attribute(p, body, &names) < 0)
		return -1;
	if (hcl_skip(p, HCL_TOKEN_CLOSE_BRACE))
		return 0;
	return hcl_fail_expected(p, "`}`: a block on one line takes one argument only");
}

static int read_block(struct hcl_parser *p, struct hcl_body *body)
{
	struct hcl_token type = hcl_take(p);
	struct hcl_block block = {.type = type.text, .origin = hcl_origin(p, &type)};
	if (hcl_enter(p) < 0 || read_labels(p, &block) < 0)
		return -1;
	struct hcl_token open = hcl_take(p);
	block.body.origin = hcl_origin(p, &open);
	if (!hcl_skip(p, HCL_TOKEN_NEWLINE)) {
		if (read_one_line_body(p, &block.body) < 0)
			return -1;
	} else {
		if (read_body(p, &block.body, HCL_TOKEN_CLOSE_BRACE) < 0)
			return -1;
		(void)hcl_take(p);
	}
	hcl_leave(p);
	list_push(p->arena, &body->blocks) = block;
	return expect_end_of_line(p, "a line break after the block");
}

static int read_item(struct hcl_parser *p, struct hcl_body *body, struct map *names)
{
	if (!hcl_at(p, HCL_TOKEN_IDENT))
		return hcl_fail_expected(p, "the name of an argument or block");
	enum hcl_token_kind next = hcl_peek_second(p)->kind;
	if (next == HCL_TOKEN_ASSIGN) {
		if (read_attribute(p, body, names) < 0)
			return -1;
		return expect_end_of_line(p, "a line break after the argument");
	}
	if (next == HCL_TOKEN_IDENT || next == HCL_TOKEN_OPEN_QUOTE || next == HCL_TOKEN_OPEN_BRACE)
		return read_block(p, body);
	(void)hcl_take(p);
	return hcl_fail_expected(p, "`=` and a value, or `{` and a block's body");
}

static int read_body(struct hcl_parser *p, struct hcl_body *body, enum hcl_token_kind end)
{
	struct map names = {0};
	for (;;) {
		hcl_skip_newlines(p);
		if (hcl_at(p, end))
			return 0;
		if (hcl_at(p, HCL_TOKEN_EOF))
			return hcl_fail(p, &body->origin, "this block has no closing brace");
		if (read_item(p, body, &names) < 0)
			return -1;
	}
}

int hcl_parse(
	struct hcl_body **out, struct arena *a, struct str text, struct str file, struct error *err)
{
	struct hcl_parser p;
	if (hcl_parser_init(&p, a, HCL_MODE_NORMAL, text, file, err) < 0)
		return -1;
	p.newlines = true;
	struct hcl_body *body = arena_new(a, struct hcl_body);
	body->origin = (struct origin){p.lexer.file, {.line = 1, .col = 1}};
	if (read_body(&p, body, HCL_TOKEN_EOF) < 0)
		return -1;
	*out = body;
	return 0;
}

int hcl_parse_expr(const struct hcl_expr **out, struct arena *a, struct str text, struct str file,
	struct error *err)
{
	struct hcl_parser p;
	const struct hcl_expr *e = NULL;
	if (hcl_parser_init(&p, a, HCL_MODE_NORMAL, text, file, err) < 0)
		return -1;
	if (hcl_read_expr(&p, &e) < 0)
		return -1;
	if (!hcl_at(&p, HCL_TOKEN_EOF))
		return hcl_fail_expected(&p, "the end of the expression");
	*out = e;
	return 0;
}

int hcl_parse_template(const struct hcl_expr **out, struct arena *a, struct str text,
	struct str file, struct error *err)
{
	struct hcl_parser p;
	const struct hcl_expr *e = NULL;
	if (hcl_parser_init(&p, a, HCL_MODE_BARE, text, file, err) < 0)
		return -1;
	if (hcl_read_template(&p, &e, HCL_TOKEN_EOF, false) < 0)
		return -1;
	*out = e;
	return 0;
}
