/* Conditions made ready answer as the evaluator does, or are not sure. */
#include "base/hcl/hcl.h"

#include "tests/unit/test.h"

struct asked {
	const char *text;
	bool sure; /* of the values that the test gives */
};

/* x is the object below; param is known beforehand. */
static const struct asked cases[] = {
	{"x.name == \"curl\"", true},
	{"x.name != \"curl\"", true},
	{"x.none == null", true},
	{"x.name == null || x.none != null", true},
	{"x.count > 2 && x.count <= 3", true},
	{"x.count >= param.limit", true},
	{"!(x.name == \"curl\")", true},
	{"x.on", true},
	{"x.on && !x.off", true},
	{"contains(param.names, x.name)", true},
	{"contains([\"curl\", \"wget\"], x.name) && length(x.words) == 3", true},
	{"anytrue([for w in x.words : w == \"-k\"])", true},
	{"anytrue([for w in x.words : w == \"no\"])", true},
	{"anytrue([for w in x.words : length(w) > 2 if w != x.name])", true},
	{"anytrue([for w in x.words : anytrue([for v in x.words : v != w && v == x.name])])", true},
	{"anytrue([])", true},
	{"x.words[1] == \"-k\"", true},
	{"x.inner.deep == 1", true},
	{"(true && \"${x.name}\" == \"curl\")", true},
	{"x.unknown == \"a\"", false},
	{"x.unknown == \"a\" && false", true},
	{"x.name == \"curl\" || x.unknown", true},
	{"x.absent == 1", false},
	{"x.words[9] == 1", false},
	{"x.name.more", false},
	{"length(x.count) == 1", false},
	{"upper(x.none) == \"\"", false},
	{"x.count + 1 == 4", false},
	{"\"a${x.name}\" == \"acurl\"", false},
	{"x.secret == \"s\"", false},
	{"anytrue([for k, v in x.inner : v == 1])", false},
	{"x.on ? x.off : x.on", false},
	{"anytrue([for w in x.name : true])", false},
};

static struct hcl_value object_of(struct arena *a)
{
	static const struct str words[] = {
		{.p = "curl", .n = 4}, {.p = "-k", .n = 2}, {.p = "u", .n = 1}};
	struct hcl_value *list = arena_array(a, struct hcl_value, countof(words));
	for (size_t i = 0; i < countof(words); i++)
		list[i] = hcl_string(words[i]);
	const struct str deep[] = {STR("deep")};
	const struct hcl_value one[] = {hcl_integer(1)};
	const struct hcl_value plain = hcl_string(STR("s"));
	const struct str keys[] = {STR("name"), STR("none"), STR("count"), STR("on"), STR("off"),
		STR("words"), STR("inner"), STR("unknown"), STR("secret")};
	const struct hcl_value values[] = {hcl_string(words[0]), hcl_null(), hcl_integer(3),
		hcl_bool(true), hcl_bool(false), hcl_list(list, countof(words)),
		hcl_object(a, deep, one, 1), hcl_unknown(), hcl_sensitive(a, &plain, STR("s"))};
	return hcl_object(a, keys, values, countof(keys));
}

static struct hcl_value params_of(struct arena *a)
{
	struct hcl_value *names = arena_array(a, struct hcl_value, 2);
	names[0] = hcl_string(STR("wget"));
	names[1] = hcl_string(STR("curl"));
	const struct str keys[] = {STR("limit"), STR("names")};
	const struct hcl_value values[] = {hcl_integer(3), hcl_list(names, 2)};
	return hcl_object(a, keys, values, countof(keys));
}

struct scene {
	struct hcl_variable variables[2];
	const struct hcl_function *tables[1];
	struct hcl_scope scope;
};

static void scene_init(struct scene *s, struct hcl_value x, struct arena *a)
{
	s->variables[0] = (struct hcl_variable){STR("x"), x};
	s->variables[1] = (struct hcl_variable){STR("param"), params_of(a)};
	s->tables[0] = hcl_functions_core;
	s->scope = (struct hcl_scope){.variables = s->variables,
		.variable_count = 2,
		.functions = s->tables,
		.function_tables = 1};
}

static enum hcl_truth evaluated(
	const struct hcl_expr *e, const struct hcl_scope *scope, struct arena *a)
{
	struct error err = {0};
	struct hcl_value v = {0};
	if (hcl_evaluate(&v, e, scope, a, &err) < 0 || v.type != HCL_BOOL || v.marks != 0)
		return HCL_UNSURE;
	return v.boolean ? HCL_TRUE : HCL_FALSE;
}

static struct hcl_condition *made(const struct hcl_expr **e, const char *text, struct arena *a)
{
	struct error err = {0};
	struct scene *empty = arena_new(a, struct scene);
	if (hcl_parse_expr(e, a, str_from(text), STR("t"), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	scene_init(empty, hcl_unknown(), a);
	return hcl_condition_new(a, *e, &empty->scope);
}

static void a_condition_answers_as_the_evaluator_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct scene s;
		const struct hcl_expr *e = NULL;
		struct hcl_condition *c = made(&e, cases[i].text, &a);
		scene_init(&s, object_of(&a), &a);
		for (unsigned again = 0; again < 2; again++) {
			enum hcl_truth t = hcl_condition_ask(c, &s.scope, &a, true);
			if (t != HCL_UNSURE && t != evaluated(e, &s.scope, &a))
				fail_msg("%s: %d", cases[i].text, (int)t);
			if (cases[i].sure != (t != HCL_UNSURE))
				fail_msg("%s: sure %d", cases[i].text, (int)t);
		}
	}
}

static void an_error_before_the_side_that_decides_counts_unless_lenient(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct scene s;
	const struct hcl_expr *e = NULL;
	struct hcl_condition *c = made(&e, "x.absent == 1 && x.name == \"wget\"", &a);
	scene_init(&s, object_of(&a), &a);
	assert_int_equal(hcl_condition_ask(c, &s.scope, &a, true), HCL_FALSE);
	assert_int_equal(hcl_condition_ask(c, &s.scope, &a, false), HCL_UNSURE);
	assert_int_equal(evaluated(e, &s.scope, &a), HCL_UNSURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_answers_as_the_evaluator_does),
		cmocka_unit_test(an_error_before_the_side_that_decides_counts_unless_lenient),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
