/* The functions that text/template itself brings. */
#include "template/gotmpl/gotmpl.h"

#include "base/utf8.h"

#include <math.h>

/* ---- Comparison ----------------------------------------------------------------------------- */

static bool is_number(const struct gotmpl_value *v)
{
	return v->kind == GOTMPL_INT || v->kind == GOTMPL_FLOAT;
}

/* Bytes of a string argument that is to be compared. */
static int compared(const struct gotmpl_call *c, size_t i, struct str *out)
{
	return gotmpl_arg_str(c, i, out);
}

static int fail_types(const struct gotmpl_call *c, size_t i, size_t k)
{
	return gotmpl_fault(c->run, c->off, "%s: %s and %s cannot be compared", c->name,
		gotmpl_kind_name(c->args[i].kind), gotmpl_kind_name(c->args[k].kind));
}

static int equal(const struct gotmpl_call *c, size_t i, size_t k, bool *out)
{
	const struct gotmpl_value *a = &c->args[i];
	const struct gotmpl_value *b = &c->args[k];
	struct str s;
	struct str t;
	if (a->kind == GOTMPL_NIL || b->kind == GOTMPL_NIL) {
		*out = a->kind == b->kind;
		return 0;
	}
	if (a->kind != b->kind)
		return fail_types(c, i, k);
	switch (a->kind) {
	case GOTMPL_BOOL:
		*out = a->boolean == b->boolean;
		return 0;
	case GOTMPL_INT:
		*out = a->integer == b->integer;
		return 0;
	case GOTMPL_FLOAT:
		*out = !(a->number < b->number) && !(a->number > b->number) && !isnan(a->number);
		return 0;
	case GOTMPL_STRING:
		if (compared(c, i, &s) < 0 || compared(c, k, &t) < 0)
			return -1;
		*out = str_eq(s, t);
		return 0;
	case GOTMPL_NONE:
	case GOTMPL_NIL:
	case GOTMPL_LIST:
	case GOTMPL_FIELDS:
		break;
	}
	return fail_types(c, i, k);
}

static int call_eq(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	bool found = false;
	for (size_t i = 1; i < c->n && !found; i++) {
		if (equal(c, 0, i, &found) < 0)
			return -1;
	}
	*out = gotmpl_bool(found);
	return 0;
}

static int call_ne(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	bool same = false;
	if (equal(c, 0, 1, &same) < 0)
		return -1;
	*out = gotmpl_bool(!same);
	return 0;
}

/* -1, 0, 1 of two arguments that have an order. */
static int order(const struct gotmpl_call *c, int *out)
{
	const struct gotmpl_value *a = &c->args[0];
	const struct gotmpl_value *b = &c->args[1];
	if (a->kind != b->kind || (!is_number(a) && a->kind != GOTMPL_STRING))
		return fail_types(c, 0, 1);
	if (a->kind == GOTMPL_INT) {
		*out = (a->integer > b->integer) - (a->integer < b->integer);
		return 0;
	}
	if (a->kind == GOTMPL_FLOAT) {
		*out = (a->number > b->number) - (a->number < b->number);
		return 0;
	}
	struct str s;
	struct str t;
	if (compared(c, 0, &s) < 0 || compared(c, 1, &t) < 0)
		return -1;
	*out = str_cmp(s, t);
	return 0;
}

static int call_lt(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	int sign = 0;
	if (order(c, &sign) < 0)
		return -1;
	*out = gotmpl_bool(sign < 0);
	return 0;
}

static int call_le(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	int sign = 0;
	if (order(c, &sign) < 0)
		return -1;
	*out = gotmpl_bool(sign <= 0);
	return 0;
}

static int call_gt(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	int sign = 0;
	if (order(c, &sign) < 0)
		return -1;
	*out = gotmpl_bool(sign > 0);
	return 0;
}

static int call_ge(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	int sign = 0;
	if (order(c, &sign) < 0)
		return -1;
	*out = gotmpl_bool(sign >= 0);
	return 0;
}

static int call_not(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	*out = gotmpl_bool(!gotmpl_truth(&c->args[0]));
	return 0;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static int call_len(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	if (c->args[0].kind == GOTMPL_LIST) {
		*out = gotmpl_int((int64_t)c->args[0].list.n);
		return 0;
	}
	struct str s;
	if (gotmpl_arg_str(c, 0, &s) < 0)
		return -1;
	*out = gotmpl_int((int64_t)s.n);
	return 0;
}

static int position(const struct gotmpl_call *c, size_t i, size_t max, size_t *out)
{
	int64_t at = 0;
	if (gotmpl_arg_int(c, i, &at) < 0)
		return -1;
	if (at < 0 || (uint64_t)at > max)
		return gotmpl_fault(
			c->run, c->off, "%s: index out of range: %lld", c->name, (long long)at);
	*out = (size_t)at;
	return 0;
}

static int call_index(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	struct gotmpl_value value = c->args[0];
	for (size_t i = 1; i < c->n; i++) {
		size_t at = 0;
		if (value.kind == GOTMPL_LIST) {
			if (value.list.n == 0 || position(c, i, value.list.n - 1, &at) < 0)
				return gotmpl_fault(c->run, c->off, "index: out of range");
			value = value.list.items[at];
			continue;
		}
		struct str s;
		if (value.kind != GOTMPL_STRING || !text_value(&value.text, c->run->arena, &s))
			return gotmpl_fault(c->run, c->off, "index: %s has no elements",
				gotmpl_kind_name(value.kind));
		if (s.n == 0 || position(c, i, s.n - 1, &at) < 0)
			return gotmpl_fault(c->run, c->off, "index: out of range");
		value = gotmpl_int((uint8_t)s.p[at]);
	}
	*out = value;
	return 0;
}

static int call_slice(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	const struct gotmpl_value *v = &c->args[0];
	struct str s = {0};
	bool list = v->kind == GOTMPL_LIST;
	if (!list && gotmpl_arg_str(c, 0, &s) < 0)
		return -1;
	size_t from = 0;
	size_t to = list ? v->list.n : s.n;
	if (c->n > 2 && position(c, 2, to, &to) < 0)
		return -1;
	if (c->n > 1 && position(c, 1, to, &from) < 0)
		return -1;
	if (!list) {
		*out = gotmpl_derived(c, str_sub(s, from, to - from));
		return 0;
	}
	*out = (struct gotmpl_value){.kind = GOTMPL_LIST};
	for (size_t i = from; i < to; i++)
		list_push(c->run->arena, &out->list) = v->list.items[i];
	return 0;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static int call_print(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	*out = gotmpl_text(gotmpl_sprint(c, 0, false));
	return 0;
}

static int call_println(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	*out = gotmpl_text(gotmpl_sprint(c, 0, true));
	return 0;
}

static int call_printf(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return gotmpl_sprintf(c, out);
}

typedef void escape_fn(struct buf *out, struct str rest, size_t *used);

static void escape_html(struct buf *out, struct str rest, size_t *used)
{
	static const char *const entities[] = {
		['"'] = "&#34;",
		['&'] = "&amp;",
		['\''] = "&#39;",
		['<'] = "&lt;",
		['>'] = "&gt;",
	};
	uint8_t c = (uint8_t)rest.p[0];
	*used = 1;
	if (c < countof(entities) && entities[c])
		buf_add_cstr(out, entities[c]);
	else
		buf_add_byte(out, rest.p[0]);
}

static void escape_js(struct buf *out, struct str rest, size_t *used)
{
	static const char *const escapes[] = {
		['\\'] = "\\\\",
		['\''] = "\\'",
		['"'] = "\\\"",
		['<'] = "\\u003C",
		['>'] = "\\u003E",
		['&'] = "\\u0026",
		['='] = "\\u003D",
	};
	uint8_t c = (uint8_t)rest.p[0];
	*used = 1;
	if (c < countof(escapes) && escapes[c])
		buf_add_cstr(out, escapes[c]);
	else if (c < 0x20)
		buf_printf(out, "\\u%04X", c);
	else
		buf_add_byte(out, rest.p[0]);
}

static void escape_url(struct buf *out, struct str rest, size_t *used)
{
	char c = rest.p[0];
	bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_' || c == '.' || c == '~';
	*used = 1;
	if (plain)
		buf_add_byte(out, c);
	else if (c == ' ')
		buf_add_byte(out, '+');
	else
		buf_printf(out, "%%%02X", (uint8_t)c);
}

/* The arguments, printed and escaped. */
static int escape(const struct gotmpl_call *c, escape_fn *fn, struct gotmpl_value *out)
{
	struct gotmpl_value *args = arena_array(c->run->arena, struct gotmpl_value, c->n + 1);
	for (size_t i = 0; i < c->n; i++) {
		bool nothing = c->args[i].kind == GOTMPL_NIL || c->args[i].kind == GOTMPL_NONE;
		args[i] = nothing ? gotmpl_string(c->run->arena, STR("<no value>")) : c->args[i];
	}
	const struct gotmpl_call printed = {.run = c->run, .args = args, .n = c->n};
	struct text t = gotmpl_sprint(&printed, 0, false);
	struct str s;
	if (!text_value(&t, c->run->arena, &s))
		return gotmpl_fault(c->run, c->off,
			"%s needs a value that is known only while the build runs", c->name);
	scoped(buf) made = {0};
	size_t used = 0;
	for (; s.n > 0; s = str_from_index(s, used))
		fn(&made, s, &used);
	*out = gotmpl_derived(c, buf_str(&made));
	return 0;
}

static int call_html(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return escape(c, escape_html, out);
}

static int call_js(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return escape(c, escape_js, out);
}

static int call_urlquery(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	return escape(c, escape_url, out);
}

static int call_call(const struct gotmpl_call *c, struct gotmpl_value *out)
{
	(void)out;
	return gotmpl_fault(c->run, c->off, "call: there is no function value to call");
}

const struct gotmpl_function gotmpl_builtins[] = {
	{"and", 1, GOTMPL_ANY_ARGS, NULL},
	{"or", 1, GOTMPL_ANY_ARGS, NULL},
	{"not", 1, 1, call_not},
	{"eq", 2, GOTMPL_ANY_ARGS, call_eq},
	{"ne", 2, 2, call_ne},
	{"lt", 2, 2, call_lt},
	{"le", 2, 2, call_le},
	{"gt", 2, 2, call_gt},
	{"ge", 2, 2, call_ge},
	{"len", 1, 1, call_len},
	{"index", 1, GOTMPL_ANY_ARGS, call_index},
	{"slice", 1, 3, call_slice},
	{"print", 0, GOTMPL_ANY_ARGS, call_print},
	{"printf", 1, GOTMPL_ANY_ARGS, call_printf},
	{"println", 0, GOTMPL_ANY_ARGS, call_println},
	{"html", 0, GOTMPL_ANY_ARGS, call_html},
	{"js", 0, GOTMPL_ANY_ARGS, call_js},
	{"urlquery", 0, GOTMPL_ANY_ARGS, call_urlquery},
	{"call", 1, GOTMPL_ANY_ARGS, call_call},
	{0},
};
