/* What the tests of HCL share: an expression's text against its value as JSON, or its error. */
#ifndef TESTS_UNIT_BASE_HCL_CHECK_H
#define TESTS_UNIT_BASE_HCL_CHECK_H

#include "base/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct hcl_case {
	const char *text;
	const char *want; /* canonical JSON, or what the error holds */
};

static inline int check_evaluate(struct hcl_value *out, struct arena *a, const char *text,
	const struct hcl_scope *outer, struct error *err)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_scope scope = {.parent = outer, .functions = tables, .function_tables = 1};
	const struct hcl_expr *e = NULL;
	if (hcl_parse_expr(&e, a, str_from(text), STR("t.hcl"), err) < 0)
		return -1;
	return hcl_evaluate(out, e, &scope, a, err);
}

static inline void check_value(const char *text, const char *want, const struct hcl_scope *outer)
{
	scoped(arena) a = {0};
	scoped(buf) got = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	if (check_evaluate(&v, &a, text, outer, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	if (v.type == HCL_UNKNOWN)
		buf_add_cstr(&got, "unknown");
	else
		json_write_canonical(&got, hcl_to_json(&a, &v));
	if (v.marks & HCL_SENSITIVE)
		buf_add_cstr(&got, " sensitive");
	if (!str_is(buf_str(&got), want))
		fail_msg("%s is %s, not %s", text, got.p, want);
}

static inline void check_error(const char *text, const char *want, const struct hcl_scope *outer)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	arena_init(&a, (size_t)64 << 20);
	if (check_evaluate(&v, &a, text, outer, &err) == 0)
		fail_msg("%s is accepted", text);
	if (!str_contains(str_from(err.text), str_from(want)))
		fail_msg("%s: the error is \"%s\", not \"%s\"", text, err.text, want);
}

static inline void check_values(const struct hcl_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_value(cases[i].text, cases[i].want, NULL);
}

static inline void check_errors(const struct hcl_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_error(cases[i].text, cases[i].want, NULL);
}

#endif
