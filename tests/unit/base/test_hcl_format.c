#include "hcl_check.h"

static void check_format(const char *text, const char *want)
{
	scoped(buf) got = {0};
	scoped(buf) again = {0};
	struct error err = {0};
	if (hcl_format(&got, str_from(text), STR("f.hcl"), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(got.p ? got.p : "", want);
	if (hcl_format(&again, buf_str(&got), STR("f.hcl"), &err) < 0)
		fail_msg("%s: %s", want, err.text);
	assert_string_equal(again.p ? again.p : "", want);
}

static void neighbouring_arguments_are_aligned(void **state)
{
	(void)state;
	check_format("a=1\nlonger   =  2 # x\nb = 3   # y\n\nc=4\n",
		"a      = 1\nlonger = 2 # x\nb      = 3 # y\n\nc = 4\n");
	check_format("größe=1\nb=2\n", "größe = 1\nb     = 2\n");
	check_format("a = [\n1,\n]\nbcd=2\n", "a = [\n  1,\n]\nbcd = 2\n");
}

static void bodies_are_indented_by_their_brackets(void **state)
{
	(void)state;
	check_format("b \"x\"   y {\nc {\na=1\n}\n      # comment\n}\n",
		"b \"x\" y {\n  c {\n    a = 1\n  }\n  # comment\n}\n");
	check_format("a = f([\n{\nb=1\n}])\n", "a = f([\n  {\n    b = 1\n}])\n");
	check_format("b{}\n", "b {}\n");
	check_format("b{a=1}\n", "b { a = 1 }\n");
}

static void tokens_are_spaced(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"a = f( 1,2 , x ... )\n", "a = f(1, 2, x...)\n"},
		{"a=x . y [ 0 ] . * . z\n", "a = x.y[0].*.z\n"},
		{"a=-1+ - 2*!b\n", "a = -1 + -2 * !b\n"},
		{"a=b?c:d\n", "a = b ? c : d\n"},
		{"a={b=1,c:2}\n", "a = { b = 1, c : 2 }\n"},
		{"a = [for x in[1]:x if x>0]\n", "a = [for x in [1] : x if x > 0]\n"},
		{"a = \"x${ b+1 }y%{ if c }  z%{endif}\"\n",
			"a = \"x${b + 1}y%{if c}  z%{endif}\"\n"},
		{"a = \"${ {b=1} }\"\n", "a = \"${ { b = 1 } }\"\n"},
		{"a = n :: f (1)\n", "a = n::f(1)\n"},
		{"a = 1/* c */+2\n", "a = 1 /* c */ + 2\n"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check_format(cases[i].text, cases[i].want);
}

static void text_in_heredocs_and_strings_is_kept(void **state)
{
	(void)state;
	check_format("b {\na=<<-EOT\n   x  =  1\n \t y\n  EOT\ncd=2\n}\n",
		"b {\n  a  = <<-EOT\n   x  =  1\n \t y\n  EOT\n  cd = 2\n}\n");
	check_format("a=\"x  =  1\"\r\nb=2", "a = \"x  =  1\"\r\nb = 2");
	check_format("", "");
}

static void what_does_not_parse_is_not_formatted(void **state)
{
	(void)state;
	scoped(buf) out = {0};
	struct error err = {0};
	assert_int_equal(hcl_format(&out, STR("a = \n"), STR("f.hcl"), &err), -1);
	assert_int_equal(out.n, 0);
	assert_true(str_has_prefix(str_from(err.text), STR("f.hcl:1:5: ")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbouring_arguments_are_aligned),
		cmocka_unit_test(bodies_are_indented_by_their_brackets),
		cmocka_unit_test(tokens_are_spaced),
		cmocka_unit_test(text_in_heredocs_and_strings_is_kept),
		cmocka_unit_test(what_does_not_parse_is_not_formatted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
