#include "hcl_check.h"

static void operators_follow_their_precedence(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"1 + 2 * 3 - 4 / 2", "5"},
		{"(1 + 2) * 3", "9"},
		{"10 - 3 - 2", "5"},
		{"-2 + 5", "3"},
		{"- - 2", "2"},
		{"!true || 1 < 2 && 3 >= 3", "true"},
		{"1 + 1 == 2", "true"},
		{"true ? 1 : false ? 2 : 3", "1"},
		{"7 % 3", "1"},
		{"-7 % 3", "-1"},
		{"7 / 2", "3.5"},
		{"\"4\" * 2", "8"},
		{"1 == \"1\"", "false"},
		{"[1, {a = 2}] == [1, {a = 2}]", "true"},
		{"1.0 == 1", "true"},
	};
	check_values(cases, countof(cases));
}

static void integers_of_64_bits_are_exact(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"\"=${9007199254740993}\"", "\"=9007199254740993\""},
		{"\"=${9007199254740992 + 1}\"", "\"=9007199254740993\""},
		{"\"=${9223372036854775807}\"", "\"=9223372036854775807\""},
		{"\"=${-9223372036854775807 - 1}\"", "\"=-9223372036854775808\""},
		{"\"=${9223372036854775807 * 2}\"", "\"=18446744073709552000\""},
		{"9007199254740993 == 9007199254740992", "false"},
		{"9007199254740993 > 9007199254740992.0", "true"},
		{"\"=${1.50}\"", "\"=1.5\""},
		{"\"=${0.000001234}\"", "\"=0.000001234\""},
		{"\"=${-12345.678}\"", "\"=-12345.678\""},
		{"\"=${1e21}\"", "\"=1000000000000000000000\""},
		{"\"=${1e3}\"", "\"=1000\""},
	};
	check_values(cases, countof(cases));
}

static void null_compares_and_nothing_else(void **state)
{
	(void)state;
	static const struct hcl_case good[] = {
		{"null == null", "true"},
		{"\"x\" != null", "true"},
		{"{a = null}.a == null", "true"},
		{"[null] == [null]", "true"},
		{"null[*]", "[]"},
		{"null != null && null.x", "false"},
		{"true || null", "true"},
	};
	static const struct hcl_case bad[] = {
		{"null + 1", "null where a number"},
		{"null.x", "null has no attribute `x`"},
		{"null[0]", "null has no elements"},
		{"\"a${null}\"", "null in a template"},
		{"true && null", "must be true or false"},
		{"null ? 1 : 2", "the condition is null"},
		{"[for x in null : x]", "not null"},
		{"upper(null)", "upper: argument 1 is null"},
	};
	check_values(good, countof(good));
	check_errors(bad, countof(bad));
}

static void logic_stops_where_the_left_side_decides(void **state)
{
	(void)state;
	check_value("false && missing.attribute", "false", NULL);
	check_value("true || 1 / 0 == 1", "true", NULL);
	check_error("true && 1 / 0 == 1", "division by zero", NULL);
	check_error("1 && true", "a side of `&&` is a number", NULL);
	check_value("\"true\" && \"1\"", "true", NULL);
}

static void templates_interpolate_strip_and_escape(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"\"a${1 + 1}b${true}\"", "\"a2btrue\""},
		{"\"${[1]}\"", "[1]"},
		{"\"$${a} %%{b} $a 5% $\"", "\"${a} %{b} $a 5% $\""},
		{"\"$$${1}\"", "\"$${1}\""},
		{"\"\\n\\t\\\"\\\\\\u00e9\\U0001F600\"", "\"\\n\\t\\\"\\\\é😀\""},
		{"\"a  ${~ \"b\" ~}  c\"", "\"abc\""},
		{"\"%{ if 1 < 2 }yes%{ else }no%{ endif }\"", "\"yes\""},
		{"\"%{ if false }yes%{ endif }\"", "\"\""},
		{"\"%{ for x in [1, 2] }<${x}>%{ endfor }\"", "\"<1><2>\""},
		{"\"%{ for k, v in {a = 1} }${k}=${v}%{ endfor }\"", "\"a=1\""},
		{"\"%{ for x in [1, 2] ~}\n  ${x},\n%{ endfor ~}\n end\"", ""},
		{"\"${\"${\"in\"}ner\"}\"", "\"inner\""},
		{"\"\"", "\"\""},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		if (*cases[i].want)
			check_value(cases[i].text, cases[i].want, NULL);
		else
			check_error(cases[i].text, "ends on its line", NULL);
	}
}

static void heredocs_keep_lines_and_lose_common_indentation(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"<<EOT\n  a\n b\\n\nEOT\n", "\"  a\\n b\\\\n\\n\""},
		{"<<-EOT\n    a\n      b\n\n    c\n  EOT\n", "\"a\\n  b\\n\\nc\\n\""},
		{"<<-EOT\n    a\n  ${1}\n  EOT\n", "\"  a\\n1\\n\""},
		{"<<-EOT\n    a\n${1}\n  EOT\n", "\"    a\\n1\\n\""},
		{"<<EOT\nEOT\n", "\"\""},
		{"<<EOT\nEOTX\n EOT", "\"EOTX\\n\""},
		{"<<-E\n  %{ if true ~}\n  x\n  %{ endif ~}\n  E\n", "\"  x\\n\""},
		{"<<E\na ${\"b\"} $${c}\nE\n", "\"a b ${c}\\n\""},
		{"[<<A\nx\nA\n, <<B\ny\nB\n]", "[\"x\\n\",\"y\\n\"]"},
		{"<<E\r\nx\r\nE\r\n", "\"x\\r\\n\""},
	};
	check_values(cases, countof(cases));
}

static void collections_are_built_indexed_and_splatted(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"[1, \"a\", [true],]", "[1,\"a\",[true]]"},
		{"{a = 1, \"b c\" : 2, (\"x${1}\") = 3, 4 = 5, true = 6}",
			"{\"4\":5,\"a\":1,\"b c\":2,\"true\":6,\"x1\":3}"},
		{"{a = 1, a = 2}", "{\"a\":2}"},
		{"[10, 20][1]", "20"},
		{"[10, 20][\"1\"]", "20"},
		{"{a = {b = 1}}.a.b", "1"},
		{"{a = 1}[\"a\"]", "1"},
		{"[[1, 2], [3]].0.1", "2"},
		{"[{a = 1}, {a = 2}][*].a", "[1,2]"},
		{"[{a = [1, 2]}, {a = [3]}][*].a[0]", "[1,3]"},
		{"[{a = [1, 2]}, {a = [3]}].*.a[0]", "[1,2]"},
		{"[{a = [{b = 1}]}][*].a[*].b", "[[1]]"},
		{"{a = 1}[*].a", "[1]"},
	};
	static const struct hcl_case bad[] = {
		{"[1][1]", "t.hcl:1:4: index 1 of a list with 1 elements"},
		{"[1][-1]", "cannot be negative"},
		{"[1][0.5]", "whole number"},
		{"{colour = 1}.color", "no attribute `color` (did you mean `colour`?)"},
		{"[{a = 1}].a", "a list has no attribute `a`"},
		{"\"x\".y", "a string has no attribute"},
		{"{(null) = 1}", "the key is null"},
		{"{([]) = 1}", "a key is a string, not a list"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void for_expressions_map_filter_and_group(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"[for x in [1, 2, 3] : x * 2 if x != 2]", "[2,6]"},
		{"[for i, x in [\"a\", \"b\"] : \"${i}${x}\"]", "[\"0a\",\"1b\"]"},
		{"[for k, v in {b = 1, a = 2} : \"${k}${v}\"]", "[\"a2\",\"b1\"]"},
		{"{for x in [\"a\", \"b\"] : x => upper(x)}", "{\"a\":\"A\",\"b\":\"B\"}"},
		{"{for x in [\"ab\", \"ac\", \"b\"] : substr(x, 0, 1) => x...}",
			"{\"a\":[\"ab\",\"ac\"],\"b\":[\"b\"]}"},
		{"[for x in [1, 2] : [for y in [3] : x * y]]", "[[3],[6]]"},
		{"{for = 1}", "{\"for\":1}"},
	};
	check_values(cases, countof(cases));
	check_error("{for x in [1, 1] : x => x}", "two elements have the key `1`", NULL);
	check_error("[for x in 5 : x]", "needs a list or an object, not a number", NULL);
	check_error("[for x in [1] : x if null]", "null", NULL);
}

static void conditional_results_agree_in_type(void **state)
{
	(void)state;
	check_value("true ? 1 : \"a\"", "\"1\"", NULL);
	check_value("true ? 1 : 2", "1", NULL);
	check_value("true ? null : 2", "null", NULL);
	check_value("true ? 1 : missing", "1", NULL);
}

static void unknown_names_come_with_a_suggestion(void **state)
{
	(void)state;
	struct hcl_variable variables[] = {{STR_INIT("flow"), {0}}};
	struct hcl_scope scope = {.variables = variables, .variable_count = 1};
	variables[0].value = hcl_integer(1);
	check_error("flwo.url", "t.hcl:1:1: there is no variable `flwo` (did you mean `flow`?)",
		&scope);
	check_error("1 + uper(1)", "t.hcl:1:5: there is no function `uper` (did you mean `upper`?)",
		NULL);
	check_error("a::b(1)", "there is no function `a::b`", NULL);
	check_error("upper()", "upper takes 1 argument, not 0", NULL);
	check_error("upper([])", "t.hcl:1:1: upper: argument 1 must be a string, not a list", NULL);
}

static void unknown_and_sensitive_values_pass_through(void **state)
{
	(void)state;
	struct hcl_variable variables[] = {{STR_INIT("u"), {0}}, {STR_INIT("s"), {0}}};
	struct hcl_scope scope = {.variables = variables, .variable_count = 2};
	variables[0].value = hcl_unknown();
	variables[1].value = hcl_string(STR("pw"));
	variables[1].value.marks = HCL_SENSITIVE;
	static const struct hcl_case cases[] = {
		{"u + 1", "unknown"},
		{"u.a[0][*].b", "unknown"},
		{"\"x${u}\"", "unknown"},
		{"upper(u)", "unknown"},
		{"[for x in u : x]", "unknown"},
		{"u ? 1 : 2", "unknown"},
		{"u == null", "unknown"},
		{"u && false", "false"},
		{"u || true", "true"},
		{"u && true", "unknown"},
		{"[u][0]", "unknown"},
		{"[u, 1][1]", "1"},
		{"s", "\"pw\" sensitive"},
		{"\"x${s}\"", "\"xpw\" sensitive"},
		{"upper(s)", "\"PW\" sensitive"},
		{"s == \"pw\"", "true sensitive"},
		{"s == \"pw\" ? 1 : 2", "1 sensitive"},
		{"[s, 1]", "[\"pw\",1]"},
		{"[s, 1][1]", "1"},
		{"[s, 1][0]", "\"pw\" sensitive"},
		{"[s] == [1]", "false sensitive"},
		{"join(\",\", [s, 1])", "\"pw,1\" sensitive"},
		{"{(s) = 1}", "{\"pw\":1} sensitive"},
		{"{(s) = 1}.pw", "1 sensitive"},
		{"[for x in [1] : x if s != \"a\"]", "[1] sensitive"},
		{"[for x in [1] : x if s != \"a\"][0]", "1 sensitive"},
		{"[for x in [1] : x if s != \"\"]", "[1]"},
		{"s == null", "false"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check_value(cases[i].text, cases[i].want, &scope);
}

static void arguments_are_expanded_from_a_list(void **state)
{
	(void)state;
	check_value("replace([\"aba\", \"a\", \"c\"]...)", "\"cbc\"", NULL);
	check_value("join(\"-\", [\"a\"], [[\"b\"], [\"c\"]]...)", "\"a-b-c\"", NULL);
	check_error("upper(\"x\"...)", "`...` needs a list", NULL);
}

static void try_and_can_see_errors(void **state)
{
	(void)state;
	check_value("try({}.a, 1 / 0, 3)", "3", NULL);
	check_value("can({a = 1}.a)", "true", NULL);
	check_value("can({}.a)", "false", NULL);
	check_error("try({}.a, {}.b)", "`b`", NULL);
}

static void evaluation_ends_in_bounded_time_and_memory(void **state)
{
	(void)state;
	scoped(buf) list = {0};
	buf_add_cstr(&list, "[");
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&list, "0,");
	buf_add_cstr(&list, "]");
	scoped(buf) loops = {0};
	for (int i = 0; i < 4; i++)
		buf_printf(&loops, "[for x%d in %s : ", i, list.p);
	buf_add_cstr(&loops, "1]]]]");
	check_error(loops.p, "too", NULL);
	scoped(buf) laughs = {0};
	buf_add_cstr(&laughs, "[1]");
	for (int i = 0; i < 40; i++) {
		scoped(buf) next = {0};
		buf_printf(&next, "[for x in [%s] : [x, x]]", laughs.p);
		buf_reset(&laughs);
		buf_add(&laughs, buf_str(&next));
	}
	check_error(laughs.p, "too large", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_follow_their_precedence),
		cmocka_unit_test(integers_of_64_bits_are_exact),
		cmocka_unit_test(null_compares_and_nothing_else),
		cmocka_unit_test(logic_stops_where_the_left_side_decides),
		cmocka_unit_test(templates_interpolate_strip_and_escape),
		cmocka_unit_test(heredocs_keep_lines_and_lose_common_indentation),
		cmocka_unit_test(collections_are_built_indexed_and_splatted),
		cmocka_unit_test(for_expressions_map_filter_and_group),
		cmocka_unit_test(conditional_results_agree_in_type),
		cmocka_unit_test(unknown_names_come_with_a_suggestion),
		cmocka_unit_test(unknown_and_sensitive_values_pass_through),
		cmocka_unit_test(arguments_are_expanded_from_a_list),
		cmocka_unit_test(try_and_can_see_errors),
		cmocka_unit_test(evaluation_ends_in_bounded_time_and_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
