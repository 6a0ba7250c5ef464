#include "hcl_check.h"

static struct hcl_body *parse(struct arena *a, const char *text)
{
	struct hcl_body *body = NULL;
	struct error err = {0};
	if (hcl_parse(&body, a, str_from(text), STR("f.hcl"), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return body;
}

static void refuse(const char *text, const char *want)
{
	scoped(arena) a = {0};
	struct hcl_body *body = NULL;
	struct error err = {0};
	if (hcl_parse(&body, &a, str_from(text), STR("f.hcl"), &err) == 0)
		fail_msg("%s is accepted", text);
	if (!str_contains(str_from(err.text), str_from(want)))
		fail_msg("%s: the error is \"%s\", not \"%s\"", text, err.text, want);
	assert_null(body);
}

static void bodies_hold_arguments_and_blocks_in_file_order(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct hcl_body *b = parse(&a,
		"# comment\n"
		"region = \"x\" // behind\n"
		"source \"qemu\" plain-label {\n"
		"  size = 1 /* in\nside */\n"
		"  nested { a = [1,\n 2] }\n"
		"  empty {}\n"
		"}\r\n"
		"größe = 2\n");
	assert_int_equal(b->attributes.n, 2);
	assert_true(str_is(b->attributes.items[1].name, "größe"));
	assert_int_equal(b->attributes.items[1].origin.span.line, 10);
	assert_int_equal(b->blocks.n, 1);
	const struct hcl_block *block = &b->blocks.items[0];
	assert_true(str_is(block->type, "source"));
	assert_int_equal(block->label_count, 2);
	assert_true(str_is(block->labels[0], "qemu"));
	assert_true(str_is(block->labels[1], "plain-label"));
	assert_int_equal(block->body.blocks.n, 2);
	assert_non_null(hcl_find(&block->body, "size"));
	assert_null(hcl_find(&block->body, "nested"));
}

static void a_duplicate_argument_is_refused_with_both_places(void **state)
{
	(void)state;
	refuse("a = 1\nb = 2\n a = 3\n", "f.hcl:3:2: `a` is set twice; first at f.hcl:1:1");
}

static void malformed_bodies_are_refused_with_their_place(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"a = \n", "f.hcl:1:5: expected an expression, found a line break"},
		{"a = 1 b = 2\n", "f.hcl:1:7"},
		{"a = 1 +\n 2\n", "f.hcl:1:8"},
		{"b {\n a = 1\n", "f.hcl:1:3: this block has no closing brace"},
		{"b { a = 1, c = 2 }\n", "f.hcl:1:10"},
		{"b { c {} }\n", "f.hcl:1:5"},
		{"b {} c {}\n", "f.hcl:1:6"},
		{"b \"${x}\" {}\n", "plain string"},
		{"\"a\" = 1\n", "f.hcl:1:1: expected the name"},
		{"a = 'x'\n", "f.hcl:1:5: strings are written in double quotes"},
		{"a = \"x\ny\"\n", "f.hcl:1:7: a quoted string ends on its line"},
		{"a = <<EOT\nx\n", "f.hcl:1:5: this heredoc has no end marker"},
		{"a = <<EOT x\nEOT\n", "f.hcl:1:5: a heredoc begins with"},
		{"a = \"\\q\"\n", "f.hcl:1:6: the escapes are"},
		{"a = \"x\\ud800\"\n", "f.hcl:1:7"},
		{"a = \"\\u0000\"\n", "f.hcl:1:6"},
		{"/* x\n", "no end `*/`"},
		{"a = \"${1\"\n", "f.hcl:1:9"},
		{"a = 1 & 2\n", "`&&`"},
		{"a = [1 2]\n", "f.hcl:1:8"},
		{"a = {b = 1 c = 2}\n", "f.hcl:1:12"},
		{"a = {b.c = 1}\n", "parentheses"},
		{"a = \"%{ if x }\"\n", "%{endif}"},
		{"a = \"%{ endif }\"\n", "closes nothing"},
		{"a = \"%{ while x }\"\n", "`while` is no directive"},
		{"a = \"x\xff\"\n", "f.hcl:1:7: not valid UTF-8"},
		{"a = \"\xe2\x80\xae\"\n", "U+202E"},
		{"}\n", "f.hcl:1:1"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		refuse(cases[i].text, cases[i].want);
}

static void deep_nesting_is_refused_and_not_followed(void **state)
{
	(void)state;
	static const char *const openers[] = {
		"[", "(", "{a=", "\"${", "!", "-", "f(", "1?1:", "a["};
	for (size_t i = 0; i < countof(openers); i++) {
		scoped(buf) text = {0};
		buf_add_cstr(&text, "a = ");
		for (int k = 0; k < 100000; k++)
			buf_add_cstr(&text, openers[i]);
		refuse(text.p, "nested");
	}
	scoped(buf) blocks = {0};
	for (int k = 0; k < 100000; k++)
		buf_add_cstr(&blocks, "b {\n");
	refuse(blocks.p, "nested");
}

static void long_chains_are_refused_and_not_followed(void **state)
{
	(void)state;
	static const char *const links[] = {"+1", ".b", "[0]", "[*]", "&&x", ".0"};
	for (size_t i = 0; i < countof(links); i++) {
		scoped(buf) text = {0};
		buf_add_cstr(&text, "a = x");
		for (int k = 0; k < 100000; k++)
			buf_add_cstr(&text, links[i]);
		refuse(text.p, "nested");
	}
}

static void newlines_count_in_bodies_and_objects_only(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct hcl_body *b = parse(&a,
		"a = (1 +\n 2)\n"
		"b = [1,\n2,\n]\n"
		"c = f(\n1,\n2\n)\n"
		"d = {\n x = 1\n\n y = 2,\n z : 3 }\n"
		"e = \"${\n1\n}\"\n"
		"f = [for x in y :\n x if\n x]\n"
		"g = x[\n0\n].y\n");
	assert_int_equal(b->attributes.n, 7);
}

static struct str join_traversals(struct arena *a, const struct hcl_traversals *list)
{
	struct str_list all = {0};
	for (size_t i = 0; i < list->n; i++)
		list_push(a, &all) =
			arena_join(a, list->items[i].steps, list->items[i].n, STR("."));
	return arena_join(a, all.items, all.n, STR(" "));
}

static void traversals_name_what_an_expression_refers_to(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"var.a + local.b.c", "var.a local.b.c"},
		{"var[\"a\"].b", "var.a.b"},
		{"var.list[local.i].x", "local.i var.list"},
		{"[for x in var.l : x.y + z if k]", "var.l k z"},
		{"{for k, v in var.m : k => v[k]}", "var.m"},
		{"\"${a} %{ if b }${c}%{ endif }%{ for d in e }${d}%{ endfor }\"", "a b c e"},
		{"f(a, [b], {c = d, (e) = g})", "a b d e g"},
		{"a ? b.x : -c", "a b.x c"},
		{"a[*].b.c", "a"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		const struct hcl_expr *e = NULL;
		struct hcl_traversals list = {0};
		int r = hcl_parse_expr(&e, &a, str_from(cases[i].text), STR("f"), &err);
		assert_int_equal(r, 0);
		hcl_expr_traversals(e, &a, &list);
		assert_string_equal(join_traversals(&a, &list).p, cases[i].want);
	}
}

static void keywords_are_single_bare_names(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct hcl_body *b = parse(&a, "type = string\nother = a.b\n");
	assert_true(str_is(hcl_expr_keyword(b->attributes.items[0].expr), "string"));
	assert_int_equal(hcl_expr_keyword(b->attributes.items[1].expr).n, 0);
}

static void an_expression_begins_where_its_first_operand_does(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct hcl_body *b = parse(&a, "x =  a.b + c\n");
	const struct origin *o = hcl_expr_origin(b->attributes.items[0].expr);
	assert_int_equal(o->span.line, 1);
	assert_int_equal(o->span.col, 6);
	assert_string_equal(origin_str(&a, o).p, "f.hcl:1:6");
}

static void documents_are_read_by_type(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_body *b =
		parse(&a, "s = \"x\"\nt = true\ni = 7\nl = [\"a\", \"b\"]\nn = null\n");
	struct str s = {0};
	bool t = false;
	int64_t i = 0;
	struct str_list l = {0};
	assert_int_equal(hcl_get_str(b, "s", &s, NULL, &a, &err), 0);
	assert_int_equal(hcl_get_bool(b, "t", &t, NULL, &a, &err), 0);
	assert_int_equal(hcl_get_i64(b, "i", &i, NULL, &a, &err), 0);
	assert_int_equal(hcl_get_strs(b, "l", &l, NULL, &a, &err), 0);
	assert_true(str_is(s, "x") && t && i == 7 && l.n == 2);
	assert_int_equal(hcl_get_str(b, "n", &s, NULL, &a, &err), 0);
	assert_int_equal(hcl_get_str(b, "absent", &s, NULL, &a, &err), 0);
	assert_true(str_is(s, "x"));
	assert_int_equal(hcl_get_str(b, "i", &s, NULL, &a, &err), -1);
	assert_string_equal(err.text, "f.hcl:3:5: `i` must be a string, not a number");
	assert_int_equal(hcl_get_strs(b, "s", &l, NULL, &a, &err), -1);
}

static void unknown_arguments_and_blocks_are_refused_by_name(void **state)
{
	(void)state;
	static const char *const attributes[] = {"severity", "title", NULL};
	static const char *const blocks[] = {"rule", NULL};
	scoped(arena) a = {0};
	struct error err = {0};
	assert_int_equal(hcl_only(parse(&a, "title = 1\nrule {}\n"), attributes, blocks, &err), 0);
	assert_int_equal(hcl_only(parse(&a, "severty = 1\n"), attributes, blocks, &err), -1);
	assert_string_equal(err.text,
		"f.hcl:1:1: there is no argument `severty` here (did you mean `severity`?)");
	assert_int_equal(hcl_only(parse(&a, "title {}\n"), attributes, blocks, &err), -1);
	assert_int_equal(hcl_only(parse(&a, "rule = 1\n"), attributes, blocks, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_hold_arguments_and_blocks_in_file_order),
		cmocka_unit_test(a_duplicate_argument_is_refused_with_both_places),
		cmocka_unit_test(malformed_bodies_are_refused_with_their_place),
		cmocka_unit_test(deep_nesting_is_refused_and_not_followed),
		cmocka_unit_test(long_chains_are_refused_and_not_followed),
		cmocka_unit_test(newlines_count_in_bodies_and_objects_only),
		cmocka_unit_test(traversals_name_what_an_expression_refers_to),
		cmocka_unit_test(keywords_are_single_bare_names),
		cmocka_unit_test(an_expression_begins_where_its_first_operand_does),
		cmocka_unit_test(documents_are_read_by_type),
		cmocka_unit_test(unknown_arguments_and_blocks_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
