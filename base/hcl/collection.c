/* Tuples, objects and for-expressions. */
#include "base/hcl/ast.h"

/* "for" and a name behind it; `for` alone may be an ordinary name. */
static bool at_for(struct hcl_parser *p)
{
	return hcl_at_keyword(p, "for") && hcl_peek_second(p)->kind == HCL_TOKEN_IDENT;
}

static int read_for_name(struct hcl_parser *p, struct str *out)
{
	if (!hcl_at(p, HCL_TOKEN_IDENT))
		return hcl_fail_expected(p, "a name for the element");
	*out = hcl_take(p).text;
	return 0;
}

int hcl_read_for_intro(struct hcl_parser *p, struct hcl_for *f)
{
	if (read_for_name(p, &f->value_name) < 0)
		return -1;
	if (hcl_skip(p, HCL_TOKEN_COMMA)) {
		f->key_name = f->value_name;
		if (read_for_name(p, &f->value_name) < 0)
			return -1;
	}
	if (!hcl_at_keyword(p, "in"))
		return hcl_fail_expected(p, "`in` and a collection");
	(void)hcl_take(p);
	return hcl_read_expr(p, &f->source);
}

static int read_for_result(struct hcl_parser *p, struct hcl_for *f, bool object)
{
	if (!hcl_skip(p, HCL_TOKEN_COLON))
		return hcl_fail_expected(p, "`:` and the result");
	if (hcl_read_expr(p, &f->value) < 0)
		return -1;
	if (object) {
		f->key = f->value;
		if (!hcl_skip(p, HCL_TOKEN_ARROW))
			return hcl_fail_expected(p, "`=>` and a value");
		if (hcl_read_expr(p, &f->value) < 0)
			return -1;
		f->group = hcl_skip(p, HCL_TOKEN_ELLIPSIS);
	}
	if (hcl_at_keyword(p, "if")) {
		(void)hcl_take(p);
		return hcl_read_expr(p, &f->condition);
	}
	return 0;
}

/* The bracket has been taken, newlines are off, and `for` is next. */
static int read_for(
	struct hcl_parser *p, const struct hcl_expr **out, const struct origin *o, bool object)
{
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_FOR, o);
	struct hcl_for *f = arena_new(p->arena, struct hcl_for);
	e->u.loop = f;
	(void)hcl_take(p);
	if (hcl_read_for_intro(p, f) < 0 || read_for_result(p, f, object) < 0)
		return -1;
	hcl_adopt(e, f->source);
	hcl_adopt(e, f->key);
	hcl_adopt(e, f->value);
	hcl_adopt(e, f->condition);
	if (!hcl_skip(p, object ? HCL_TOKEN_CLOSE_BRACE : HCL_TOKEN_CLOSE_BRACKET))
		return hcl_fail_expected(p, object ? "`}`" : "`]`");
	*out = e;
	return 0;
}

static int read_elements(struct hcl_parser *p, struct hcl_expr *e)
{
	while (!hcl_at(p, HCL_TOKEN_CLOSE_BRACKET)) {
		const struct hcl_expr *item = NULL;
		if (hcl_read_expr(p, &item) < 0)
			return -1;
		list_push(p->arena, &e->u.parts) = item;
		hcl_adopt(e, item);
		if (!hcl_skip(p, HCL_TOKEN_COMMA))
			break;
	}
	if (!hcl_skip(p, HCL_TOKEN_CLOSE_BRACKET))
		return hcl_fail_expected(p, "`,` or `]`");
	return 0;
}

int hcl_read_tuple(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token open = hcl_take(p);
	struct origin o = hcl_origin(p, &open);
	bool newlines = p->newlines;
	p->newlines = false;
	if (at_for(p)) {
		if (read_for(p, out, &o, false) < 0)
			return -1;
	} else {
		struct hcl_expr *e = hcl_node(p, HCL_EXPR_TUPLE, &o);
		if (read_elements(p, e) < 0)
			return -1;
		*out = e;
	}
	p->newlines = newlines;
	return 0;
}

/* A bare name is the key itself; any other reference must stand in parentheses. */
static int read_key(struct hcl_parser *p, const struct hcl_expr **out)
{
	bool name = hcl_at(p, HCL_TOKEN_IDENT);
	struct hcl_token first = *hcl_peek(p);
	struct origin o = hcl_origin(p, &first);
	if (hcl_read_expr(p, out) < 0)
		return -1;
	enum hcl_expr_kind kind = (*out)->kind;
	if (kind == HCL_EXPR_ATTRIBUTE || kind == HCL_EXPR_INDEX)
		return hcl_fail(p, &o, "put a key that is a reference in parentheses: (%.*s...)",
			STR_ARG(first.text));
	if (name && (kind == HCL_EXPR_VARIABLE || kind == HCL_EXPR_LITERAL))
		*out = hcl_literal(p, hcl_string(first.text), &o);
	return 0;
}

static int read_pair(struct hcl_parser *p, struct hcl_expr *e)
{
	struct hcl_pair pair = {0};
	if (read_key(p, &pair.key) < 0)
		return -1;
	if (!hcl_skip(p, HCL_TOKEN_ASSIGN) && !hcl_skip(p, HCL_TOKEN_COLON))
		return hcl_fail_expected(p, "`=` and a value");
	if (hcl_read_expr(p, &pair.value) < 0)
		return -1;
	list_push(p->arena, e->u.object) = pair;
	hcl_adopt(e, pair.key);
	hcl_adopt(e, pair.value);
	return 0;
}

static int read_pairs(struct hcl_parser *p, struct hcl_expr *e)
{
	p->newlines = true;
	hcl_skip_newlines(p);
	while (!hcl_at(p, HCL_TOKEN_CLOSE_BRACE)) {
		if (read_pair(p, e) < 0)
			return -1;
		bool separated = hcl_skip(p, HCL_TOKEN_COMMA) || hcl_at(p, HCL_TOKEN_NEWLINE);
		hcl_skip_newlines(p);
		if (!separated)
			break;
	}
	if (!hcl_skip(p, HCL_TOKEN_CLOSE_BRACE))
		return hcl_fail_expected(p, "`,`, a line break or `}`");
	return 0;
}

int hcl_read_object(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token open = hcl_take(p);
	struct origin o = hcl_origin(p, &open);
	bool newlines = p->newlines;
	p->newlines = false;
	if (at_for(p)) {
		if (read_for(p, out, &o, true) < 0)
			return -1;
	} else {
		struct hcl_expr *e = hcl_node(p, HCL_EXPR_OBJECT, &o);
		e->u.object = arena_new(p->arena, struct hcl_pairs);
		if (read_pairs(p, e) < 0)
			return -1;
		*out = e;
	}
	p->newlines = newlines;
	return 0;
}
