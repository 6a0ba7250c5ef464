/* yamldecode and yamlencode, against what Packer 1.14.3 makes of the same texts. */
#include "tests/unit/base/hcl_check.h"

static int decode(struct hcl_value *out, struct arena *a, const char *yaml, struct error *err)
{
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_variable y = {STR("y"), hcl_string(str_from(yaml))};
	struct hcl_scope scope = {
		.variables = &y, .variable_count = 1, .functions = tables, .function_tables = 1};
	const struct hcl_expr *e = NULL;
	arena_init(a, (size_t)64 << 20);
	if (hcl_parse_expr(&e, a, STR("yamldecode(y)"), STR("t.hcl"), err) < 0)
		return -1;
	return hcl_evaluate(out, e, &scope, a, err);
}

static const struct hcl_case decoded[] = {
	{"a: 1", "{\"a\":1}"},
	{"a: 1\nb: [x, \"y\", 'z']\nc:\n  - 1\n  - two\nd:\n- 1\n- 2",
		"{\"a\":1,\"b\":[\"x\",\"y\",\"z\"],\"c\":[1,\"two\"],\"d\":[1,2]}"},
	{"- a\n- b: c\n  d: e\n- - x\n  - y\n-\n  - z",
		"[\"a\",{\"b\":\"c\",\"d\":\"e\"},[\"x\",true],[\"z\"]]"},
	{"&a a: &b b\nc: *b", "{\"a\":\"b\",\"c\":\"b\"}"},
	{"base: &base\n  x: 1\n  y: 2\nderived:\n  <<: *base\n  y: 3",
		"{\"base\":{\"true\":2,\"x\":1},\"derived\":{\"true\":3,\"x\":1}}"},
	{"x: |\n  hello\n    world\n\n  end\ny: >\n  folded\n  text\n\n  para\nz: |-\n  strip\nw: |+\n  keep\n",
		"{\"true\":\"folded text\\npara\\n\",\"w\":\"keep\\n\",\"x\":\"hello\\n  world\\n\\nend\\n\",\"z\":\"strip\"}"},
	{"\"quoted key\": 'it''s'\n'x': \"esc \\t \\u00e9 \\x41\"",
		"{\"quoted key\":\"it's\",\"x\":\"esc \\t \303\251 A\"}"},
	{"a:\n  b\n  c\nd: e", "{\"a\":\"b c\",\"d\":\"e\"}"},
	{"{a: 1, b: {c: d}, e: [1, 2], f}", "{\"a\":1,\"b\":{\"c\":\"d\"},\"e\":[1,2],\"f\":null}"},
	{"[a: b, c]", "[{\"a\":\"b\"},\"c\"]"},
	{"# comment\na: 1 # trailing\nb: \"x#y\"\nc: x#y", "{\"a\":1,\"b\":\"x#y\",\"c\":\"x#y\"}"},
	{"--- \na: 1\n...", "{\"a\":1}"},
	{"%YAML 1.1\n---\na: yes", "{\"a\":true}"},
	{"? a\n: b\n? c", "{\"a\":\"b\",\"c\":null}"},
	{"a: !!str 1\nb: !!int \"3\"\nc: !!float 1\nd: !!null x\ne: !!bool yes",
		"{\"a\":\"1\",\"b\":\"3\",\"c\":1,\"d\":null,\"e\":true}"},
	{"a: 0x1F\nb: 0b11\nc: 1_000\nd: 010\ne: 1e3\nf: .5\ng: 5.\nh: +5\ni: -0\nj: 2001-12-14t21:59:43.10-05:00\nk: 2001-12-14 21:59:43\nl: 2001-12-14\nm: 12:30:45\nn: ~\no: Null\np: off",
		"{\"a\":\"0x1F\",\"b\":3,\"c\":1000,\"d\":10,\"e\":1000,\"f\":0.5,\"false\":null,\"g\":5,\"h\":5,\"i\":0,\"j\":\"2001-12-14T21:59:43-05:00\",\"k\":\"2001-12-14T21:59:43Z\",\"l\":\"2001-12-14T00:00:00Z\",\"m\":\"12:30:45\",\"o\":null,\"p\":false}"},
	{"a: \"line\n  folded\n\n  more\"\nb: 'single\n  folded'\nc: \"esc\\\n  aped\"",
		"{\"a\":\"line folded\\nmore\",\"b\":\"single folded\",\"c\":\"escaped\"}"},
	{"\"\\n\"", "\"\\n\""},
	{"a: |2\n   x\n  y", "{\"a\":\" x\\ny\"}"},
	{"a:\tb", "{\"a\":\"b\"}"},
	{"a: [\n 1,\n 2,\n]\nb: {\n x: 1,\n }", "{\"a\":[1,2],\"b\":{\"x\":1}}"},
	{"key: &anchor\n  nested: 1\nother: *anchor",
		"{\"key\":{\"nested\":1},\"other\":{\"nested\":1}}"},
	{"#cloud-config\nusers:\n  - name: root\n    ssh_authorized_keys:\n      - ssh-rsa AAA== me@x\n    sudo: ALL=(ALL) NOPASSWD:ALL\nruncmd:\n  - [ sh, -c, \"echo 'a: b'\" ]\n  - echo hi > /tmp/x\nwrite_files:\n- content: |\n    # x\n    y: z\n  path: /etc/x\n  permissions: '0644'",
		"{\"runcmd\":[[\"sh\",\"-c\",\"echo 'a: b'\"],\"echo hi > /tmp/x\"],\"users\":[{\"name\":\"root\",\"ssh_authorized_keys\":[\"ssh-rsa AAA== me@x\"],\"sudo\":\"ALL=(ALL) NOPASSWD:ALL\"}],\"write_files\":[{\"content\":\"# x\\ny: z\\n\",\"path\":\"/etc/x\",\"permissions\":\"0644\"}]}"},
	{"a: ''\nb: \"\"\nc:\nd: [ ]\ne: { }",
		"{\"a\":\"\",\"b\":\"\",\"c\":null,\"d\":[],\"e\":{}}"},
	{"1: a\ntrue: b\n1.5: c", "{\"1\":\"a\",\"1.5\":\"c\",\"true\":\"b\"}"},
	{"- -1\n- -x\n- ?x\n- :x\n- http://x.y:80/z?a=b\n- a,b\n- [a:b, \"c\":d, e : f]",
		"[-1,\"-x\",\"?x\",\":x\",\"http://x.y:80/z?a=b\",\"a,b\",[\"a:b\",{\"c\":\"d\"},{\"e\":\"f\"}]]"},
	{"a: >\n x\n  y\n z\n\n\n w", "{\"a\":\"x\\n y\\nz\\n\\nw\"}"},
	{"a: >+\n\n x\n", "{\"a\":\"\\nx\\n\"}"},
	{"- |\n a\n-\n b", "[\"a\\n\",\"b\"]"},
	{"a:\n - b\n -\n - c\nd: e\n", "{\"a\":[\"b\",null,\"c\"],\"d\":\"e\"}"},
};

static void texts_are_decoded(void **state)
{
	(void)state;
	const struct hcl_case *cases = decoded;
	for (size_t i = 0; i < countof(decoded); i++) {
		scoped(arena) a = {0};
		scoped(buf) got = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		if (decode(&v, &a, cases[i].text, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		json_write_canonical(&got, hcl_to_json(&a, &v));
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg("%s is %s, not %s", cases[i].text, got.p, cases[i].want);
	}
}

static const struct hcl_case errors[] = {
	{"a: b\n c: d", "line 2, column 3: a line break is needed here"},
	{"a: 1\n---\nb: 2", "line 2, column 1: there is a second document"},
	{"a: [1, 2", "line 1, column 9: a bracket has no end"},
	{"a: .inf", "line 1, column 8: HCL has no number `.inf`"},
	{"a: *nope", "line 1, column 9: there is no anchor `nope`"},
	{"a: &a [*a]", "line 1, column 10: `a` cannot hold itself"},
	{"", "line 1, column 1: there is no document"},
	{"# only", "line 1, column 7: there is no document"},
	{"a: b: c", "line 1, column 5: no mapping can begin here"},
	{"a: - b", "line 1, column 4: nothing can begin with `-` here"},
	{"a: 'x' y", "line 1, column 8: a line break is needed here"},
	{"- a\nb: c", "line 2, column 1: more text than a value"},
	{"a:\n    b: 1\n  c: 2", "line 3, column 3: this line is indented too far"},
	{"\ta: b", "line 1, column 2: a tab cannot indent"},
	{"- &x a\n- *x\n- !!map {a: 1}\n- !!seq [1]\n- !foo a",
		"line 5, column 9: the tag `!foo` is not known"},
	{"~: a", "line 1, column 2: a key is a string, not null"},
	{"a: @x", "line 1, column 4: no value can begin with `@`"},
	{"a: `x", "line 1, column 4: no value can begin with ```"},
	{"a: %x", "line 1, column 4: no value can begin with `%`"},
};

static void errors_tell_line_and_column(void **state)
{
	(void)state;
	const struct hcl_case *cases = errors;
	for (size_t i = 0; i < countof(errors); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		if (decode(&v, &a, cases[i].text, &err) == 0)
			fail_msg("%s is accepted", cases[i].text);
		if (!str_has_suffix(str_from(err.text), str_from(cases[i].want)))
			fail_msg("%s: %s, not %s", cases[i].text, err.text, cases[i].want);
	}
}

static const struct hcl_case encoded[] = {
	{"1", "1\n...\n"},
	{"-1.5", "-1.5\n...\n"},
	{"true", "true\n...\n"},
	{"null", "null\n...\n"},
	{"\"\"", "\"\"\n"},
	{"\"a\"", "\"a\"\n"},
	{"\"a\\nb\"", "|-\n  a\n  b\n"},
	{"\"a\\nb\\n\"", "|\n  a\n  b\n"},
	{"\"a\\nb\\n\\n\"", "|+\n  a\n  b\n\n"},
	{"\"\\n\"", "|2+\n\n"},
	{"\"\\n\\n\"", "|2+\n\n\n"},
	{"\" a\\nb\"", "|2-\n   a\n  b\n"},
	{"\"a \\nb\"", "\"a \\nb\"\n"},
	{"\"a\\nb \"", "\"a\\nb \"\n"},
	{"\"a\\n b\"", "|-\n  a\n   b\n"},
	{"\"a\\tb\\nc\"", "\"a\\tb\\nc\"\n"},
	{"\"\303\251\342\230\203\360\237\244\224\"", "\"\303\251\342\230\203\\U0001F914\"\n"},
	{"\"a\\u00a0b\"", "\"a\302\240b\"\n"},
	{"\"\\ufeff\"", "\"\\uFEFF\"\n"},
	{"\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"\n"},
	{"\"\\u0007\\u001b\"", "\"\\a\\e\"\n"},
	{"[]", "[]\n"},
	{"{}", "{}\n"},
	{"[1,2]", "- 1\n- 2\n"},
	{"[[1,2],[3]]", "- - 1\n  - 2\n- - 3\n"},
	{"[[],{}]", "- []\n- {}\n"},
	{"{a=1}", "\"a\": 1\n"},
	{"{a=[1,2],b={c=\"d\"}}", "\"a\":\n- 1\n- 2\n\"b\":\n  \"c\": \"d\"\n"},
	{"[{a=1,b=2},{c=3}]", "- \"a\": 1\n  \"b\": 2\n- \"c\": 3\n"},
	{"{a=[],b={}}", "\"a\": []\n\"b\": {}\n"},
	{"{\"a b\"=1,\"\303\251\"=2}", "\"a b\": 1\n\"\303\251\": 2\n"},
	{"{\"a\\nb\"=1}", "? |-\n  a\n  b\n: 1\n"},
	{"{\"x: y\"=[1]}", "\"x: y\":\n- 1\n"},
	{"[[[1]]]", "- - - 1\n"},
	{"{a={b={c=[{d=1}]}}}", "\"a\":\n  \"b\":\n    \"c\":\n    - \"d\": 1\n"},
	{"[\"a\\nb\",{k=\"c\\nd\\n\"}]", "- |-\n  a\n  b\n- \"k\": |\n    c\n    d\n"},
	{"{l=\"x\\ny\"}", "\"l\": |-\n  x\n  y\n"},
	{"[null,true,1.5,1e30]", "- null\n- true\n- 1.5\n- 1000000000000000000000000000000\n"},
	{"[{a=[{b=1}]}]", "- \"a\":\n  - \"b\": 1\n"},
	{"1e100",
		"10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\n...\n"},
	{"0.1", "0.1\n...\n"},
	{"123456789", "123456789\n...\n"},
	{"{a=null}", "\"a\": null\n"},
	{"[\"- a\"]", "- \"- a\"\n"},
	{"join(\" \",[for i in range(40): \"word\"])",
		"\"word word word word word word word word word word word word word word word word word\n  word word word word word word word word word word word word word word word word\n  word word word word word word word\"\n"},
	{"{k=join(\" \",[for i in range(40): \"word\"])}",
		"\"k\": \"word word word word word word word word word word word word word word word word\n  word word word word word word word word word word word word word word word word\n  word word word word word word word word\"\n"},
	{"join(\"  \",[for i in range(40): \"word\"])",
		"\"word  word  word  word  word  word  word  word  word  word  word  word  word  word\n  \\ word  word  word  word  word  word  word  word  word  word  word  word  word  word\n  \\ word  word  word  word  word  word  word  word  word  word  word  word\"\n"},
	{"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  b\"",
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  \\ b\"\n"},
	{"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b\"",
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  b\"\n"},
	{"{\"a\\nb\"=[\"x\"]}", "? |-\n  a\n  b\n: - \"x\"\n"},
	{"\"a\\u2028b\\n\"", "|\n  a\342\200\250  b\n"},
	{"\"a\\u0085b\\n\"", "\"a\\Nb\\n\"\n"},
	{"{\"a\"=\"x\\n\\n\"}", "\"a\": |+\n  x\n\n"},
	{"[\"x\\n\\n\"]", "- |+\n  x\n\n"},
	{"[\"x\\n\\n\",1]", "- |+\n  x\n\n- 1\n"},
	{"{a=\"  x\\n\"}", "\"a\": |2\n    x\n"},
	{"{\"\\n\"=1}", "? |2+\n\n: 1\n"},
	{"\"a\\r\\nb\"", "\"a\\r\\nb\"\n"},
	{"{\"\"=1}", "\"\": 1\n"},
	{"[{}]", "- {}\n"},
	{"[[]]", "- []\n"},
	{"{a=[[1,2]]}", "\"a\":\n- - 1\n  - 2\n"},
};

static void values_are_encoded_as_libyaml_does(void **state)
{
	(void)state;
	const struct hcl_case *cases = encoded;
	for (size_t i = 0; i < countof(encoded); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct hcl_value v = {0};
		struct str text = arena_printf(&a, "yamlencode(%s)", cases[i].text);
		if (check_evaluate(&v, &a, text.p, NULL, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (!str_is(v.string, cases[i].want))
			fail_msg("%s is %.*s, not %s", cases[i].text, STR_ARG(v.string),
				cases[i].want);
	}
}

static void small_texts_cannot_make_large_values(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	scoped(buf) text = {0};
	buf_add_cstr(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++)
		buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
			i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(decode(&v, &a, text.p, &err), -1);
	assert_non_null(strstr(err.text, "this value is too large"));
	buf_reset(&text);
	for (int i = 0; i < 5000; i++)
		buf_add_cstr(&text, "[");
	arena_clear(&a);
	assert_int_equal(decode(&v, &a, text.p, &err), -1);
	assert_non_null(strstr(err.text, "nested too deeply"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_decoded),
		cmocka_unit_test(errors_tell_line_and_column),
		cmocka_unit_test(values_are_encoded_as_libyaml_does),
		cmocka_unit_test(small_texts_cannot_make_large_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
