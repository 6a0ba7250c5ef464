/* HCL's JSON syntax: which members are blocks, and where everything stands. */
#include "tests/unit/base/hcl_check.h"

static const struct hcl_block_schema inner_schema[] = {{"inner", 0, NULL}, {0}};
static const struct hcl_block_schema schema[] = {
	{"plain", 0, inner_schema},
	{"one", 1, inner_schema},
	{"two", 2, NULL},
	{0},
};

/* "type:label:label@line{name=value;}" */
static void show(struct buf *out, struct arena *a, const struct hcl_body *body)
{
	struct error err = {0};
	for (size_t i = 0; i < body->attributes.n; i++) {
		const struct hcl_attribute *x = &body->attributes.items[i];
		struct hcl_value v = {0};
		struct hcl_scope scope = {0};
		if (hcl_evaluate(&v, x->expr, &scope, a, &err) < 0)
			fail_msg("%s", err.text);
		buf_printf(out, "%.*s=", STR_ARG(x->name));
		json_write_canonical(out, hcl_to_json(a, &v));
		buf_add_cstr(out, ";");
	}
	for (size_t i = 0; i < body->blocks.n; i++) {
		const struct hcl_block *b = &body->blocks.items[i];
		buf_add(out, b->type);
		for (size_t k = 0; k < b->label_count; k++)
			buf_printf(out, ":%.*s", STR_ARG(b->labels[k]));
		buf_printf(out, "@%u{", b->origin.span.line);
		show(out, a, &b->body);
		buf_add_cstr(out, "}");
	}
}

static void check(const char *text, const char *want)
{
	scoped(arena) a = {0};
	scoped(buf) got = {0};
	struct error err = {0};
	struct hcl_body *body = NULL;
	if (hcl_parse_json(&body, &a, str_from(text), STR("t.json"), schema, &err) < 0)
		buf_add_cstr(&got, err.text);
	else
		show(&got, &a, body);
	if (!str_is(buf_str(&got), want))
		fail_msg("%s is %s, not %s", text, got.p ? got.p : "", want);
}

static void bodies_are_objects_or_arrays_of_objects(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"{}", ""},
		{"[]", ""},
		{"{\"a\": 1, \"b\": [true, null]}", "a=1;b=[true,null];"},
		{"[{\"a\": 1}, {\"b\": 2}]", "a=1;b=2;"},
		{"{\"//\": \"a ${comment\", \"a\": {\"//\": 1}}", "a={\"//\":1};"},
		{"{\"plain\": {\"x\": 1}}", "plain@1{x=1;}"},
		{"{\"plain\": []}", ""},
		{"{\"plain\": null}", ""},
		{"{\"plain\": [{\"x\": 1}, {\"x\": 2}]}", "plain@1{x=1;}plain@1{x=2;}"},
		{"{\"plain\": [[{\"x\": 1}, {\"y\": 2}]]}", "plain@1{x=1;y=2;}"},
		{"{\"one\": {\"a\": {\"x\": 1}, \"b\": {}}}", "one:a@1{x=1;}one:b@1{}"},
		{"{\"one\": [{\"a\": {}}, {\"a\": {}}]}", "one:a@1{}one:a@1{}"},
		{"{\"one\": {\"a\": [{}, {\"x\": 1}]}}", "one:a@1{}one:a@1{x=1;}"},
		{"{\n\"two\": {\"a\": {\"b\": {\"one\": 1}}}}", "two:a:b@2{one=1;}"},
		{"{\"two\": {\"a\": {\"b\": {}, \"c\": {}}}}", "two:a:b@1{}two:a:c@1{}"},
		{"{\"one\": {\"a\": {\"inner\": {\"x\": {\"y\": 1}}}}}",
			"one:a@1{inner@1{x={\"y\":1};}}"},
		{"{\"plain\": {\"one\": {\"a\": {}}}}", "plain@1{one={\"a\":{}};}"},
		{"1", "t.json:1:1: an object is needed, with arguments and blocks"},
		{"{\n \"plain\": 1}", "t.json:2:11: a block is an object, or an array of objects"},
		{"{\"one\": {\"a\": true}}",
			"t.json:1:15: a block is an object, or an array of objects"},
		{"{\"two\": {\"a\": [1]}}",
			"t.json:1:16: an object is needed, whose key is the block's label"},
		{"[{\"a\": 1}, {\"a\": 2}]", "t.json:1:13: `a` is set twice; first at t.json:1:3"},
		{"{\"a\": 1, \"a\": 2}", "t.json:1:10: `a` is set twice; first at t.json:1:2"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check(cases[i].text, cases[i].want);
}

static void strings_and_keys_are_templates(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"{\"a\": \"x\\n\\\"y\\\\n\"}", "a=\"x\\n\\\"y\\\\n\";"},
		{"{\"a\": \"${1 + 1}\"}", "a=2;"},
		{"{\"a\": \"v${1 + 1}$${x}\"}", "a=\"v2${x}\";"},
		{"{\"a\": \"%{if true}y%{endif}\"}", "a=\"y\";"},
		{"{\"a\": {\"k${1}\": 2}}", "a={\"k1\":2};"},
		{"{\"a\": \"${[\\\"q\\\"][0]}\"}", "a=\"q\";"},
		{"{\"a\": \"x${\"}", "t.json:1:9: this template sequence has no closing brace"},
		{"{\n\"a\": \"\\n\\u00e9\\ud83d\\ude00 ${1 +}\"}",
			"t.json:2:33: expected an expression, found `}`"},
		{"{\"a\": \"\\u202e\"}",
			"t.json:1:7: a character that changes the direction of the text"},
		{"{\"a\": 1e400}", "t.json:1:7: this number is too large"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check(cases[i].text, cases[i].want);
}

static void a_string_may_stand_for_a_type_or_a_reference(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_body *body = NULL;
	const struct hcl_expr *e = NULL;
	struct str text = STR("{\"t\": \"list(string)\", \"r\": \"a.b[\\\"c\\\"]\",\n"
			      "\"bad\": \"\\t)\", \"n\": 1}");
	assert_int_equal(hcl_parse_json(&body, &a, text, STR("t.json"), NULL, &err), 0);
	assert_int_equal(hcl_expr_bare(&e, hcl_find(body, "t")->expr, &a, &err), 0);
	assert_int_equal(hcl_type_check(e, &err), 0);
	assert_int_equal(hcl_expr_bare(&e, hcl_find(body, "r")->expr, &a, &err), 0);
	struct hcl_traversals found = {0};
	hcl_expr_traversals(e, &a, &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.items[0].n, 3);
	assert_true(str_is(found.items[0].steps[2], "c"));
	assert_int_equal(found.items[0].origin.span.col, 29);
	assert_int_equal(hcl_expr_bare(&e, hcl_find(body, "n")->expr, &a, &err), 0);
	assert_ptr_equal(e, hcl_find(body, "n")->expr);
	assert_int_equal(hcl_expr_bare(&e, hcl_find(body, "bad")->expr, &a, &err), -1);
	assert_string_equal(err.text, "t.json:2:11: expected an expression, found `)`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_objects_or_arrays_of_objects),
		cmocka_unit_test(strings_and_keys_are_templates),
		cmocka_unit_test(a_string_may_stand_for_a_type_or_a_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
