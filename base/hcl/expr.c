#include "base/hcl/ast.h"

/* ---- Nodes --------------------------------------------------------------------------------- */

struct hcl_expr *hcl_node(struct hcl_parser *p, enum hcl_expr_kind kind, const struct origin *o)
{
	struct hcl_expr *e = arena_new(p->arena, struct hcl_expr);
	e->kind = kind;
	e->height = 1;
	e->origin = *o;
	return e;
}

void hcl_adopt(struct hcl_expr *parent, const struct hcl_expr *child)
{
	if (child && child->height >= parent->height)
		parent->height = child->height + 1;
}

int hcl_check_height(struct hcl_parser *p, const struct hcl_expr *e)
{
	if (e->height <= HCL_MAX_HEIGHT)
		return 0;
	return hcl_fail(p, &e->origin, "this expression is too long or nested too deeply");
}

struct hcl_expr *hcl_literal(struct hcl_parser *p, struct hcl_value v, const struct origin *o)
{
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_LITERAL, o);
	struct hcl_value *value = arena_new(p->arena, struct hcl_value);
	*value = v;
	e->u.literal = value;
	return e;
}

/* ---- Terms --------------------------------------------------------------------------------- */

static int expect(struct hcl_parser *p, enum hcl_token_kind kind, const char *what)
{
	return hcl_skip(p, kind) ? 0 : hcl_fail_expected(p, what);
}

static int read_paren(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token open = hcl_take(p);
	struct origin o = hcl_origin(p, &open);
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_PAREN, &o);
	bool newlines = p->newlines;
	p->newlines = false;
	if (hcl_read_expr(p, &e->u.inner) < 0 || expect(p, HCL_TOKEN_CLOSE_PAREN, "`)`") < 0)
		return -1;
	p->newlines = newlines;
	hcl_adopt(e, e->u.inner);
	*out = e;
	return 0;
}

static int read_number(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token t = hcl_take(p);
	struct origin o = hcl_origin(p, &t);
	struct hcl_value v = {0};
	if (!hcl_parse_number(t.text, &v))
		return hcl_fail(p, &o, "`%.*s` is no number", STR_ARG(t.text));
	*out = hcl_literal(p, v, &o);
	return 0;
}

/* Most strings are one literal: their tree without the work that templates are. */
static int read_plain_string(
	struct hcl_parser *p, const struct hcl_expr **out, const struct hcl_token *open)
{
	struct origin o = hcl_origin(p, open);
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_TEMPLATE, &o);
	struct hcl_token t = *hcl_peek(p);
	struct str text = {0};
	struct origin place = hcl_origin(p, &t);
	if (t.kind == HCL_TOKEN_QUOTED) {
		(void)hcl_take(p);
		if (hcl_decode(p, &text, &t) < 0)
			return -1;
		const struct hcl_expr *literal = hcl_literal(p, hcl_string(text), &place);
		e->u.parts.items = arena_array(p->arena, const struct hcl_expr *, 1);
		e->u.parts.items[0] = literal;
		e->u.parts.n = 1;
		e->u.parts.cap = 1;
		hcl_adopt(e, literal);
	}
	struct hcl_token close = hcl_take(p);
	e->origin.span.len = close.span.off + close.span.len - open->span.off;
	*out = e;
	return 0;
}

/* Escaped line breaks have places of their own, which templates look after. */
static bool at_plain_string(struct hcl_parser *p)
{
	if (hcl_at(p, HCL_TOKEN_CLOSE_QUOTE))
		return true;
	return hcl_at(p, HCL_TOKEN_QUOTED) && !str_contains(hcl_peek(p)->text, STR("\\n")) &&
		hcl_peek_second(p)->kind == HCL_TOKEN_CLOSE_QUOTE;
}

static int read_quoted(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token open = hcl_take(p);
	if (open.kind == HCL_TOKEN_OPEN_QUOTE && at_plain_string(p))
		return read_plain_string(p, out, &open);
	struct hcl_expr *e = NULL;
	bool heredoc = open.kind == HCL_TOKEN_OPEN_HEREDOC;
	enum hcl_token_kind end = heredoc ? HCL_TOKEN_CLOSE_HEREDOC : HCL_TOKEN_CLOSE_QUOTE;
	bool flush = heredoc && str_has_prefix(open.text, STR("<<-"));
	const struct hcl_expr *template = NULL;
	if (hcl_read_template(p, &template, end, flush) < 0)
		return -1;
	struct hcl_token close = hcl_take(p);
	e = hcl_node(p, template->kind, &template->origin);
	*e = *template;
	e->origin = hcl_origin(p, &open);
	e->origin.span.len = close.span.off + close.span.len - open.span.off;
	*out = e;
	return 0;
}

static int read_args(struct hcl_parser *p, struct hcl_call *call, struct hcl_expr *e)
{
	while (!hcl_at(p, HCL_TOKEN_CLOSE_PAREN)) {
		const struct hcl_expr *arg = NULL;
		if (hcl_read_expr(p, &arg) < 0)
			return -1;
		list_push(p->arena, &call->args) = arg;
		hcl_adopt(e, arg);
		if (hcl_skip(p, HCL_TOKEN_ELLIPSIS)) {
			call->expand = true;
			break;
		}
		if (!hcl_skip(p, HCL_TOKEN_COMMA))
			break;
	}
	return expect(p, HCL_TOKEN_CLOSE_PAREN, "`,` or `)`");
}

/* name(...) or space::name(...); the name has been taken. */
static int read_call(
	struct hcl_parser *p, const struct hcl_expr **out, const struct hcl_token *first)
{
	struct origin o = hcl_origin(p, first);
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_CALL, &o);
	struct hcl_call *call = arena_new(p->arena, struct hcl_call);
	struct str_list names = {0};
	list_push(p->arena, &names) = first->text;
	while (hcl_skip(p, HCL_TOKEN_DOUBLE_COLON)) {
		if (!hcl_at(p, HCL_TOKEN_IDENT))
			return hcl_fail_expected(p, "a function's name");
		list_push(p->arena, &names) = hcl_take(p).text;
	}
	call->name = arena_join(p->arena, names.items, names.n, STR("::"));
	if (expect(p, HCL_TOKEN_OPEN_PAREN, "`(`") < 0)
		return -1;
	bool newlines = p->newlines;
	p->newlines = false;
	if (read_args(p, call, e) < 0)
		return -1;
	p->newlines = newlines;
	e->u.call = call;
	*out = e;
	return 0;
}

static int read_name(struct hcl_parser *p, const struct hcl_expr **out)
{
	struct hcl_token t = hcl_take(p);
	struct origin o = hcl_origin(p, &t);
	if (hcl_at(p, HCL_TOKEN_OPEN_PAREN) || hcl_at(p, HCL_TOKEN_DOUBLE_COLON))
		return read_call(p, out, &t);
	if (str_is(t.text, "true") || str_is(t.text, "false")) {
		*out = hcl_literal(p, hcl_bool(str_is(t.text, "true")), &o);
		return 0;
	}
	if (str_is(t.text, "null")) {
		*out = hcl_literal(p, hcl_null(), &o);
		return 0;
	}
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_VARIABLE, &o);
	e->u.name = t.text;
	*out = e;
	return 0;
}

static int read_term(struct hcl_parser *p, const struct hcl_expr **out)
{
	if (hcl_at(p, HCL_TOKEN_IDENT))
		return read_name(p, out);
	if (hcl_at(p, HCL_TOKEN_NUMBER))
		return read_number(p, out);
	if (hcl_at(p, HCL_TOKEN_OPEN_QUOTE) || hcl_at(p, HCL_TOKEN_OPEN_HEREDOC))
		return read_quoted(p, out);
	if (hcl_at(p, HCL_TOKEN_OPEN_PAREN))
		return read_paren(p, out);
	if (hcl_at(p, HCL_TOKEN_OPEN_BRACKET))
		return hcl_read_tuple(p, out);
	if (hcl_at(p, HCL_TOKEN_OPEN_BRACE))
		return hcl_read_object(p, out);
	return hcl_fail_expected(p, "an expression");
}

/* ---- Traversals ---------------------------------------------------------------------------- */

static struct hcl_expr *index_node(struct hcl_parser *p, const struct hcl_expr *of,
	const struct hcl_expr *key, const struct origin *o)
{
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_INDEX, o);
	e->u.index.of = of;
	e->u.index.key = key;
	hcl_adopt(e, of);
	hcl_adopt(e, key);
	return e;
}

/* The legacy form list.0; what is written list.0.1 arrives as one number, "0.1". */
static int read_legacy_index(struct hcl_parser *p, const struct hcl_expr **e)
{
	struct hcl_token t = hcl_take(p);
	struct origin o = hcl_origin(p, &t);
	struct str rest = t.text;
	struct str part = {0};
	while (str_cut(&rest, '.', &part)) {
		struct hcl_value v = {0};
		if (!hcl_parse_number(part, &v) || !v.is_integer)
			return hcl_fail(p, &o, "`%.*s` is no index", STR_ARG(t.text));
		struct hcl_expr *step = index_node(p, *e, hcl_literal(p, v, &o), &o);
		if (hcl_check_height(p, step) < 0)
			return -1;
		*e = step;
	}
	return 0;
}

/* What follows a dot that has been taken: a name or a legacy index. */
static int read_member(struct hcl_parser *p, const struct hcl_expr **e)
{
	if (hcl_at(p, HCL_TOKEN_NUMBER))
		return read_legacy_index(p, e);
	if (!hcl_at(p, HCL_TOKEN_IDENT))
		return hcl_fail_expected(p, "an attribute's name after the dot");
	struct hcl_token t = hcl_take(p);
	struct origin o = hcl_origin(p, &t);
	struct hcl_expr *step = hcl_node(p, HCL_EXPR_ATTRIBUTE, &o);
	step->u.attribute.of = *e;
	step->u.attribute.name = t.text;
	hcl_adopt(step, *e);
	*e = step;
	return hcl_check_height(p, step);
}

static int read_traversal(struct hcl_parser *p, const struct hcl_expr **e);

/* `full` is [*], behind which everything belongs to each element; .* takes attributes only. */
static int read_splat(
	struct hcl_parser *p, const struct hcl_expr **e, const struct origin *o, bool full)
{
	struct hcl_expr *splat = hcl_node(p, HCL_EXPR_SPLAT, o);
	const struct hcl_expr *each = hcl_node(p, HCL_EXPR_SPLAT_ITEM, o);
	if (hcl_enter(p) < 0)
		return -1;
	if (full && read_traversal(p, &each) < 0)
		return -1;
	while (!full && hcl_skip(p, HCL_TOKEN_DOT)) {
		if (read_member(p, &each) < 0)
			return -1;
	}
	hcl_leave(p);
	splat->u.splat.source = *e;
	splat->u.splat.each = each;
	hcl_adopt(splat, *e);
	hcl_adopt(splat, each);
	*e = splat;
	return hcl_check_height(p, splat);
}

static int read_index(struct hcl_parser *p, const struct hcl_expr **e)
{
	struct hcl_token open = hcl_take(p);
	struct origin o = hcl_origin(p, &open);
	const struct hcl_expr *key = NULL;
	bool newlines = p->newlines;
	p->newlines = false;
	if (hcl_skip(p, HCL_TOKEN_STAR)) {
		if (expect(p, HCL_TOKEN_CLOSE_BRACKET, "`]`") < 0)
			return -1;
		p->newlines = newlines;
		return read_splat(p, e, &o, true);
	}
	if (hcl_read_expr(p, &key) < 0 || expect(p, HCL_TOKEN_CLOSE_BRACKET, "`]`") < 0)
		return -1;
	p->newlines = newlines;
	struct hcl_expr *step = index_node(p, *e, key, &o);
	*e = step;
	return hcl_check_height(p, step);
}

static int read_traversal(struct hcl_parser *p, const struct hcl_expr **e)
{
	for (;;) {
		if (hcl_at(p, HCL_TOKEN_OPEN_BRACKET)) {
			if (read_index(p, e) < 0)
				return -1;
			continue;
		}
		if (!hcl_at(p, HCL_TOKEN_DOT))
			return 0;
		struct hcl_token dot = hcl_take(p);
		struct origin o = hcl_origin(p, &dot);
		bool splat = hcl_skip(p, HCL_TOKEN_STAR);
		int r = splat ? read_splat(p, e, &o, false) : read_member(p, e);
		if (r < 0)
			return -1;
	}
}

/* ---- Operators ----------------------------------------------------------------------------- */

static const uint8_t precedences[HCL_TOKEN_KIND_COUNT] = {
	[HCL_TOKEN_OR] = 1,
	[HCL_TOKEN_AND] = 2,
	[HCL_TOKEN_EQUAL] = 3,
	[HCL_TOKEN_NOT_EQUAL] = 3,
	[HCL_TOKEN_LESS] = 4,
	[HCL_TOKEN_LESS_EQUAL] = 4,
	[HCL_TOKEN_GREATER] = 4,
	[HCL_TOKEN_GREATER_EQUAL] = 4,
	[HCL_TOKEN_PLUS] = 5,
	[HCL_TOKEN_MINUS] = 5,
	[HCL_TOKEN_STAR] = 6,
	[HCL_TOKEN_SLASH] = 6,
	[HCL_TOKEN_PERCENT] = 6,
};

static int read_unary(struct hcl_parser *p, const struct hcl_expr **out)
{
	bool negate = hcl_at(p, HCL_TOKEN_MINUS);
	if (!negate && !hcl_at(p, HCL_TOKEN_NOT))
		return read_term(p, out) < 0 ? -1 : read_traversal(p, out);
	struct hcl_token op = hcl_take(p);
	struct origin o = hcl_origin(p, &op);
	struct hcl_expr *e = hcl_node(p, negate ? HCL_EXPR_NEGATE : HCL_EXPR_NOT, &o);
	if (hcl_enter(p) < 0 || read_unary(p, &e->u.inner) < 0)
		return -1;
	hcl_leave(p);
	hcl_adopt(e, e->u.inner);
	*out = e;
	return hcl_check_height(p, e);
}

/* All operators bind to the left; those below `least` are left to the caller. */
static int read_binary(struct hcl_parser *p, const struct hcl_expr **out, uint8_t least)
{
	const struct hcl_expr *left = NULL;
	if (read_unary(p, &left) < 0)
		return -1;
	for (;;) {
		uint8_t precedence = precedences[hcl_peek(p)->kind];
		if (precedence == 0 || precedence < least)
			break;
		struct hcl_token op = hcl_take(p);
		struct origin o = hcl_origin(p, &op);
		struct hcl_expr *e = hcl_node(p, HCL_EXPR_BINARY, &o);
		e->u.binary.op = op.kind;
		e->u.binary.left = left;
		if (read_binary(p, &e->u.binary.right, precedence + 1) < 0)
			return -1;
		hcl_adopt(e, left);
		hcl_adopt(e, e->u.binary.right);
		if (hcl_check_height(p, e) < 0)
			return -1;
		left = e;
	}
	*out = left;
	return 0;
}

static int read_conditional(struct hcl_parser *p, const struct hcl_expr **out)
{
	const struct hcl_expr *test = NULL;
	if (read_binary(p, &test, 1) < 0)
		return -1;
	if (!hcl_at(p, HCL_TOKEN_QUESTION)) {
		*out = test;
		return 0;
	}
	struct hcl_token question = hcl_take(p);
	struct origin o = hcl_origin(p, &question);
	struct hcl_expr *e = hcl_node(p, HCL_EXPR_CONDITION, &o);
	e->u.condition.test = test;
	if (hcl_read_expr(p, &e->u.condition.yes) < 0 ||
		expect(p, HCL_TOKEN_COLON, "`:` and what holds otherwise") < 0 ||
		hcl_read_expr(p, &e->u.condition.no) < 0)
		return -1;
	hcl_adopt(e, test);
	hcl_adopt(e, e->u.condition.yes);
	hcl_adopt(e, e->u.condition.no);
	*out = e;
	return hcl_check_height(p, e);
}

int hcl_read_expr(struct hcl_parser *p, const struct hcl_expr **out)
{
	const struct hcl_expr *e = NULL;
	if (hcl_enter(p) < 0 || read_conditional(p, &e) < 0 || hcl_check_height(p, e) < 0)
		return -1;
	hcl_leave(p);
	*out = e;
	return 0;
}
