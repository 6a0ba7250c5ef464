#include "template/gotmpl/gotmpl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* From this power of ten on, and below -4, Go prints an exponent. */
#define FLOAT_EXPONENT_MAX 6

struct gotmpl_value gotmpl_string(struct arena *a, struct str s)
{
	return (struct gotmpl_value){.kind = GOTMPL_STRING, .text = text_from(a, s)};
}

struct gotmpl_value gotmpl_text(struct text t)
{
	return (struct gotmpl_value){.kind = GOTMPL_STRING, .text = t};
}

struct gotmpl_value gotmpl_bool(bool b)
{
	return (struct gotmpl_value){.kind = GOTMPL_BOOL, .boolean = b};
}

struct gotmpl_value gotmpl_int(int64_t i)
{
	return (struct gotmpl_value){.kind = GOTMPL_INT, .integer = i};
}

/* Empty values are false. A hole counts as something. */
bool gotmpl_truth(const struct gotmpl_value *v)
{
	switch (v->kind) {
	case GOTMPL_NONE:
	case GOTMPL_NIL:
		return false;
	case GOTMPL_BOOL:
		return v->boolean;
	case GOTMPL_INT:
		return v->integer != 0;
	case GOTMPL_FLOAT:
		return v->number < 0 || v->number > 0;
	case GOTMPL_STRING:
		for (size_t i = 0; i < v->text.n; i++) {
			if (v->text.items[i].kind == TEXT_HOLE || v->text.items[i].value.n > 0)
				return true;
		}
		return false;
	case GOTMPL_LIST:
		return v->list.n > 0;
	case GOTMPL_FIELDS:
		return true;
	}
	return false;
}

const char *gotmpl_kind_name(enum gotmpl_kind kind)
{
	static const char *const names[] = {
		[GOTMPL_NONE] = "no value",
		[GOTMPL_NIL] = "nil",
		[GOTMPL_BOOL] = "bool",
		[GOTMPL_INT] = "int",
		[GOTMPL_FLOAT] = "float64",
		[GOTMPL_STRING] = "string",
		[GOTMPL_LIST] = "list",
		[GOTMPL_FIELDS] = "fields",
	};
	static_assert(countof(names) == GOTMPL_FIELDS + 1, "a name per kind");
	return names[kind];
}

/* The fewest digits that read back the same: "1.5e+00". */
static void shortest(char text[static 64], double d)
{
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(text, 64, "%.*e", precision - 1, d);
		if (fabs(strtod(text, NULL) - d) <= 0)
			return;
	}
}

static struct str positional(struct arena *a, const char *text, long exponent, double d)
{
	long digits = 0;
	for (const char *p = text; *p != '\0' && *p != 'e'; p++)
		digits += *p >= '0' && *p <= '9';
	long decimals = digits - 1 - exponent;
	return arena_printf(a, "%.*f", decimals > 0 ? (int)decimals : 0, d);
}

struct str gotmpl_float_str(struct arena *a, double d, bool plain)
{
	char text[64] = "";
	if (isnan(d) || isinf(d))
		return isnan(d) ? STR("NaN") : d > 0 ? STR("+Inf") : STR("-Inf");
	shortest(text, d);
	const char *e = strchr(text, 'e');
	long exponent = e ? strtol(e + 1, NULL, 10) : 0;
	if (!plain && (exponent < -4 || exponent >= FLOAT_EXPONENT_MAX))
		return arena_str(a, str_from(text));
	return positional(a, text, exponent, d);
}

static struct text print_list(const struct gotmpl_value *v, struct arena *a, size_t depth);

static struct text print_at(const struct gotmpl_value *v, struct arena *a, size_t depth)
{
	switch (v->kind) {
	case GOTMPL_NONE:
		return text_from(a, STR("<no value>"));
	case GOTMPL_NIL:
		return text_from(a, STR("<nil>"));
	case GOTMPL_BOOL:
		return text_from(a, v->boolean ? STR("true") : STR("false"));
	case GOTMPL_INT:
		return text_from(a, arena_printf(a, "%lld", (long long)v->integer));
	case GOTMPL_FLOAT:
		return text_from(a, gotmpl_float_str(a, v->number, false));
	case GOTMPL_STRING:
		return v->text;
	case GOTMPL_LIST:
		return print_list(v, a, depth);
	case GOTMPL_FIELDS:
		return text_from(a, STR("map[]"));
	}
	return (struct text){0};
}

/* Lists of lists are only made by programs; the depth bounds them all the same. */
static struct text print_list(const struct gotmpl_value *v, struct arena *a, size_t depth)
{
	struct text out = {0};
	scoped(gotmpl_writer) w = {.arena = a, .out = &out};
	gotmpl_writer_add(&w, STR("["));
	for (size_t i = 0; i < v->list.n && depth < GOTMPL_DEPTH_MAX; i++) {
		struct text item = print_at(&v->list.items[i], a, depth + 1);
		gotmpl_writer_add(&w, i > 0 ? STR(" ") : STR(""));
		gotmpl_writer_add_text(&w, &item);
	}
	gotmpl_writer_add(&w, STR("]"));
	gotmpl_writer_flush(&w);
	return out;
}

struct text gotmpl_print(const struct gotmpl_value *v, struct arena *a)
{
	return print_at(v, a, 0);
}

/* ---- Arguments of functions ----------------------------------------------------------------- */

int gotmpl_fault(struct gotmpl_run *run, size_t off, const char *fmt, ...)
{
	if (run->fault->text.n > 0)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	*run->fault = (struct gotmpl_fault){off, arena_vprintf(run->arena, fmt, ap)};
	va_end(ap);
	return -1;
}

int gotmpl_arg_text(const struct gotmpl_call *c, size_t i, struct text *out)
{
	if (c->args[i].kind != GOTMPL_STRING)
		return gotmpl_fault(c->run, c->off, "%s: argument %zu is %s, not a string", c->name,
			i + 1, gotmpl_kind_name(c->args[i].kind));
	*out = c->args[i].text;
	return 0;
}

static struct str first_hole(const struct text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].kind == TEXT_HOLE)
			return t->items[i].name;
	}
	return STR("");
}

int gotmpl_arg_str(const struct gotmpl_call *c, size_t i, struct str *out)
{
	struct text t = {0};
	if (gotmpl_arg_text(c, i, &t) < 0)
		return -1;
	if (!text_value(&t, c->run->arena, out))
		return gotmpl_fault(c->run, c->off,
			"%s needs a value that is known only while the build runs (%.*s)", c->name,
			STR_ARG(first_hole(&t)));
	return 0;
}

int gotmpl_arg_int(const struct gotmpl_call *c, size_t i, int64_t *out)
{
	if (c->args[i].kind != GOTMPL_INT)
		return gotmpl_fault(c->run, c->off, "%s: argument %zu is %s, not an integer",
			c->name, i + 1, gotmpl_kind_name(c->args[i].kind));
	*out = c->args[i].integer;
	return 0;
}

static void add_name(struct str_list *names, struct arena *a, struct str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->items[i], name))
			return;
	}
	list_push(a, names) = name;
}

static void sensitive_names(
	struct str_list *names, struct arena *a, const struct gotmpl_value *v, size_t depth)
{
	if (depth > GOTMPL_DEPTH_MAX)
		return;
	for (size_t i = 0; v->kind == GOTMPL_STRING && i < v->text.n; i++) {
		if (v->text.items[i].kind == TEXT_SENSITIVE)
			add_name(names, a, v->text.items[i].name);
	}
	for (size_t i = 0; v->kind == GOTMPL_LIST && i < v->list.n; i++)
		sensitive_names(names, a, &v->list.items[i], depth + 1);
}

struct gotmpl_value gotmpl_derived(const struct gotmpl_call *c, struct str s)
{
	struct arena *a = c->run->arena;
	struct str_list names = {0};
	for (size_t i = 0; i < c->n; i++)
		sensitive_names(&names, a, &c->args[i], 0);
	if (names.n == 0)
		return gotmpl_string(a, s);
	struct gotmpl_value v = {.kind = GOTMPL_STRING};
	if (s.n > 0)
		text_add_sensitive(&v.text, a, arena_join(a, names.items, names.n, STR("+")), s);
	return v;
}

/* ---- Writer --------------------------------------------------------------------------------- */

void gotmpl_writer_flush(struct gotmpl_writer *w)
{
	text_add_literal(w->out, w->arena, buf_str(&w->literal));
	buf_reset(&w->literal);
}

void gotmpl_writer_add(struct gotmpl_writer *w, struct str s)
{
	buf_add(&w->literal, s);
}

void gotmpl_writer_add_text(struct gotmpl_writer *w, const struct text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *p = &t->items[i];
		if (p->kind == TEXT_LITERAL) {
			buf_add(&w->literal, p->value);
			continue;
		}
		gotmpl_writer_flush(w);
		list_push(w->arena, w->out) = *p;
	}
}
