#include "hcl_check.h"

static void strings_are_cut_joined_and_searched(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"upper(\"straße é\")", "\"STRAßE É\""},
		{"lower(\"ÀB\")", "\"àb\""},
		{"title(\"hello-world it's\")", "\"Hello-World It'S\""},
		{"strrev(\"añb\")", "\"bña\""},
		{"substr(\"héllo\", 1, 2)", "\"él\""},
		{"substr(\"hello\", -3, 2)", "\"ll\""},
		{"substr(\"hello\", 1, -1)", "\"ello\""},
		{"substr(\"hello\", 9, 2)", "\"\""},
		{"join(\"-\", [1, true], [\"x\"])", "\"1-true-x\""},
		{"split(\",\", \"a,,b\")", "[\"a\",\"\",\"b\"]"},
		{"split(\"\", \"añ\")", "[\"a\",\"ñ\"]"},
		{"split(\",\", \"\")", "[\"\"]"},
		{"replace(\"aXbX\", \"X\", \"--\")", "\"a--b--\""},
		{"replace(\"ab\", \"\", \"-\")", "\"-a-b-\""},
		{"trim(\"?!x!?\", \"!?\")", "\"x\""},
		{"trimspace(\"\\n x \\t\")", "\"x\""},
		{"trimprefix(\"abc\", \"ab\")", "\"c\""},
		{"trimsuffix(\"abc\", \"bc\")", "\"a\""},
		{"chomp(\"a\\r\\n\\n\")", "\"a\""},
		{"indent(2, \"a\\nb\")", "\"a\\n  b\""},
		{"startswith(\"abc\", \"ab\")", "true"},
		{"endswith(\"abc\", \"ab\")", "false"},
		{"strcontains(\"abc\", \"b\")", "true"},
		{"length(\"héllo\")", "5"},
		{"basename(\"/a/b/\")", "\"b\""},
		{"dirname(\"/a/b\")", "\"/a\""},
	};
	check_values(cases, countof(cases));
}

static void lists_and_objects_are_taken_apart_and_built(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"length([1, 2])", "2"},
		{"length({a = 1})", "1"},
		{"contains([\"a\", \"b\"], \"b\")", "true"},
		{"contains([1], \"1\")", "false"},
		{"index([\"a\", \"b\"], \"b\")", "1"},
		{"element([\"a\", \"b\"], 3)", "\"b\""},
		{"keys({b = 1, a = 2})", "[\"a\",\"b\"]"},
		{"values({b = 1, a = 2})", "[2,1]"},
		{"lookup({a = 1}, \"a\", 2)", "1"},
		{"lookup({a = 1}, \"b\", 2)", "2"},
		{"merge({a = 1}, null, {a = 2, b = 3})", "{\"a\":2,\"b\":3}"},
		{"zipmap([\"a\", \"b\"], [1, 2])", "{\"a\":1,\"b\":2}"},
		{"concat([1], [], [\"a\"])", "[1,\"a\"]"},
		{"flatten([[1, [2]], [], 3])", "[1,2,3]"},
		{"distinct([1, \"1\", 1, \"a\", \"a\"])", "[1,\"1\",\"a\"]"},
		{"compact([\"\", null, \"a\"])", "[\"a\"]"},
		{"coalesce(null, \"\", 5)", "\"5\""},
		{"coalescelist([], [1])", "[1]"},
		{"chunklist([1, 2, 3], 2)", "[[1,2],[3]]"},
		{"slice([1, 2, 3], 1, 3)", "[2,3]"},
		{"slice([], 0, 0)", "[]"},
		{"reverse([1, 2])", "[2,1]"},
		{"sort([\"b\", \"A\", \"a\"])", "[\"A\",\"a\",\"b\"]"},
		{"range(3)", "[0,1,2]"},
		{"range(3, 0)", "[3,2,1]"},
		{"range(0, 1, 0.25)", "[0,0.25,0.5,0.75]"},
		{"setunion([\"b\", \"a\"], [\"c\", \"a\"])", "[\"a\",\"b\",\"c\"]"},
		{"setintersection([\"a\", \"b\"], [\"b\", \"c\"])", "[\"b\"]"},
		{"setsubtract([\"a\", \"b\"], [\"b\"])", "[\"a\"]"},
		{"setproduct([\"a\", \"b\"], [1, 2])", "[[\"a\",1],[\"a\",2],[\"b\",1],[\"b\",2]]"},
		{"setproduct([\"a\"], [])", "[]"},
		{"alltrue([true, \"true\"])", "true"},
		{"alltrue([true, null])", "false"},
		{"anytrue([false, true])", "true"},
		{"anytrue([])", "false"},
	};
	static const struct hcl_case bad[] = {
		{"index([1], 2)", "no such element"},
		{"element([], 0)", "the list is empty"},
		{"lookup({}, \"b\")", "lookup takes 3 arguments, not 2"},
		{"zipmap([\"a\"], [])", "1 keys for 0 values"},
		{"slice([1], 0, 2)", "no part from 0 to 2"},
		{"coalesce(null, \"\")", "null or empty"},
		{"range(1, 5, -1)", "never reaches"},
		{"merge([])", "argument 1 must be an object, not a list"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void numbers_are_reckoned_with(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"abs(-3)", "3"},
		{"ceil(1.2)", "2"},
		{"floor(-1.2)", "-2"},
		{"signum(-3)", "-1"},
		{"max(1, 3, 2)", "3"},
		{"min([1, 3, 2]...)", "1"},
		{"sum([1, 2.5, \"3\"])", "6.5"},
		{"\"=${pow(3, 39)}\"", "\"=4052555153018976267\""},
		{"pow(2, -1)", "0.5"},
		{"log(8, 2)", "3"},
		{"parseint(\"-ff\", 16)", "-255"},
		{"parseint(\"Zz\", 62)", "3817"},
		{"0.1 + 0.2 == 0.3", "true"},
	};
	static const struct hcl_case bad[] = {
		{"log(-1, 2)", "no number"},
		{"parseint(\"9\", 8)", "no number of base 8"},
		{"parseint(\"99999999999999999999\", 10)", "too large"},
		{"sum([])", "empty list"},
		{"abs(\"x\")", "argument 1 must be a number"},
		{"1e308 * 10", "too large"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void format_knows_the_verbs_of_go(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"format(\"%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%b\", 42, 42, 42, 42, 42, 255, 255, 8, 5)",
			"\"   42|42   |00042|+42| 42|ff|FF|10|101\""},
		{"format(\"%#x|%#o|%#b|%.3d|%x\", 255, 8, 5, 7, -255)",
			"\"0xff|010|0b101|007|-ff\""},
		{"format(\"%f|%.2f|%8.3f|%e|%g\", 3.14159, 3.14159, 3.14159, 31415.9, 0.00000123)",
			"\"3.141590|3.14|   3.142|3.141590e+04|1.23e-06\""},
		{"format(\"%s|%5s|%-5s|%.2s|%q\", 1, \"ab\", \"ab\", \"abc\", \"a\\\"b\")",
			"\"1|   ab|ab   |ab|\\\"a\\\\\\\"b\\\"\""},
		{"format(\"%v|%v|%v|%v|%#v\", 1234567, [1, \"x\"], {a = null}, true, \"x\")",
			"\"1.234567e+06|[1,\\\"x\\\"]|{\\\"a\\\":null}|true|\\\"x\\\"\""},
		{"format(\"%[2]s %[1]s %[1]s\", \"a\", \"b\")", "\"b a a\""},
		{"format(\"100%%\")", "\"100%\""},
		{"formatlist(\"%s-%d\", [\"a\", \"b\"], [1, 2])", "[\"a-1\",\"b-2\"]"},
		{"formatlist(\"%s-%d\", [\"a\", \"b\"], 7)", "[\"a-7\",\"b-7\"]"},
	};
	static const struct hcl_case bad[] = {
		{"format(\"%d\")", "no argument for %d"},
		{"format(\"x\", 1)", "of which the format uses 0"},
		{"format(\"%d\", 1.5)", "whole number"},
		{"format(\"%z\", 1)", "no verb at byte 1"},
		{"format(\"%999999999d\", 1)", "no verb at byte 1"},
		{"format(\"%s\", null)", "needs a string"},
		{"formatlist(\"%s%s\", [1], [1, 2])", "2 elements and another one 1"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void text_is_encoded_and_decoded(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"jsonencode({b = [1, \"<\", null], a = 1.5})",
			"\"{\\\"a\\\":1.5,\\\"b\\\":[1,\\\"\\\\u003c\\\",null]}\""},
		{"jsondecode(\"{\\\"a\\\": [1, 2.5, null, true]}\")", "{\"a\":[1,2.5,null,true]}"},
		{"base64encode(\"hello\")", "\"aGVsbG8=\""},
		{"base64decode(\"aGVsbG8=\")", "\"hello\""},
		{"textencodebase64(\"aé😀\", \"UTF-16LE\")", "\"YQDpAD3YAN4=\""},
		{"textdecodebase64(\"YQDpAD3YAN4=\", \"utf-16le\")", "\"aé😀\""},
		{"urlencode(\"a b&ü/~\")", "\"a+b%26%C3%BC%2F~\""},
		{"md5(\"\")", "\"d41d8cd98f00b204e9800998ecf8427e\""},
		{"sha1(\"a\")", "\"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\""},
		{"sha256(\"\")",
			"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""},
		{"length(sha512(\"x\"))", "128"},
		{"uuidv5(\"dns\", \"www.example.com\")",
			"\"2ed6657d-e927-568b-95e1-2665a8aea6a2\""},
		{"csvdecode(\"a,b\\r\\n\\\"x\\\"\\\"y\\\",\\\"z\\nw\\\"\\n\\n1,2\")",
			"[{\"a\":\"x\\\"y\",\"b\":\"z\\nw\"},{\"a\":\"1\",\"b\":\"2\"}]"},
	};
	static const struct hcl_case bad[] = {
		{"jsondecode(\"{\")", "jsondecode"},
		{"base64decode(\"%\")", "no base64"},
		{"base64decode(\"/w==\")", "no text in UTF-8"},
		{"csvdecode(\"a,b\\n1\")", "not as many fields"},
		{"csvdecode(\"a,a\\n1,2\")", "same name"},
		{"uuidv5(\"x\", \"y\")", "no UUID"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void dates_are_formatted_and_moved(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"formatdate(\"EEEE, DD-MMM-YY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01Z\")",
			"\"Tuesday, 02-Jan-18 23:12:01 UTC\""},
		{"formatdate(\"H:mmaa 'it''s' ZZZZZ\", \"2018-01-02T00:12:01+05:30\")",
			"\"12:12am it's +05:30\""},
		{"formatdate(\"YYYYMMDDhhmmss\", \"2024-02-29T23:59:59Z\")", "\"20240229235959\""},
		{"timeadd(\"2017-12-31T23:59:59Z\", \"1s\")", "\"2018-01-01T00:00:00Z\""},
		{"timeadd(\"2017-11-22T00:00:00+02:00\", \"-90m\")",
			"\"2017-11-21T22:30:00+02:00\""},
		{"rfc3339_parse(\"2021-01-03T01:02:03+02:00\").iso_week", "53"},
		{"unix_timestamp_parse(1690328596).year_day", "206"},
	};
	static const struct hcl_case bad[] = {
		{"formatdate(\"YYY\", \"2018-01-02T03:12:01Z\")", "unknown sequence `YYY`"},
		{"formatdate(\"'x\", \"2018-01-02T03:12:01Z\")", "quote without its end"},
		{"timeadd(\"2018-01-02\", \"1h\")", "RFC 3339"},
		{"timeadd(\"2018-01-02T03:12:01Z\", \"x\")", "no duration"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void networks_are_divided(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"cidrhost(\"10.12.112.0/20\", 268)", "\"10.12.113.12\""},
		{"cidrhost(\"10.0.0.0/24\", -1)", "\"10.0.0.255\""},
		{"cidrhost(\"fd00:fd12:3456:7890:00a2::/72\", 34)", "\"fd00:fd12:3456:7890::22\""},
		{"cidrnetmask(\"172.16.0.0/12\")", "\"255.240.0.0\""},
		{"cidrsubnet(\"172.16.0.0/12\", 4, 2)", "\"172.18.0.0/16\""},
		{"cidrsubnets(\"10.1.0.0/16\", 4, 4, 8, 4)",
			"[\"10.1.0.0/20\",\"10.1.16.0/20\",\"10.1.32.0/24\",\"10.1.48.0/20\"]"},
	};
	static const struct hcl_case bad[] = {
		{"cidrhost(\"10.0.0.0/24\", 256)", "no address of number 256"},
		{"cidrsubnet(\"10.0.0.0/24\", 2, 4)", "do not hold the number 4"},
		{"cidrsubnet(\"10.0.0.0/24\", 9, 0)", "cannot grow by 9"},
		{"cidrsubnets(\"10.0.0.0/24\", 1, 1, 1)", "no room for subnet 3"},
		{"cidrhost(\"10.0.0.0\", 1)", "is no network"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void values_are_converted_to_types(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"convert(\"5\", number)", "5"},
		{"convert([1, \"a\", true], list(string))", "[\"1\",\"a\",\"true\"]"},
		{"convert([1, \"a\"], list(any))", "[\"1\",\"a\"]"},
		{"convert([\"b\", \"a\", \"b\"], set(string))", "[\"a\",\"b\"]"},
		{"convert({a = 1}, map(string))", "{\"a\":\"1\"}"},
		{"convert({a = \"1\", c = 3}, object({a = number, b = optional(string, 7)}))",
			"{\"a\":1,\"b\":\"7\"}"},
		{"convert({}, object({a = optional(number)}))", "{\"a\":null}"},
		{"convert([1, \"2\"], tuple([string, number]))", "[\"1\",2]"},
		{"convert(null, list(string))", "null"},
	};
	static const struct hcl_case bad[] = {
		{"convert([{a = [1]}, {a = [\"x\"]}], list(object({a = list(number)})))",
			"[1].a[0]: a number is needed, not a string"},
		{"convert({}, object({a = number}))", ".a: this attribute is required"},
		{"convert(1, text)", "t.hcl:1:12: a type is any, string"},
		{"convert(1, list(string, number))", "a type is any, string"},
		{"convert(\"maybe\", bool)", "a bool is needed, not a string"},
		{"convert([1], tuple([string, number]))", "another length"},
		{"convert({}, object({(null) = number}))", "name"},
	};
	check_values(cases, countof(cases));
	check_errors(bad, countof(bad));
}

static void marks_and_unknowns_stay_with_their_elements(void **state)
{
	(void)state;
	struct hcl_variable variables[] = {{STR_INIT("s"), {0}}, {STR_INIT("u"), {0}}};
	struct hcl_scope scope = {.variables = variables, .variable_count = 2};
	variables[0].value = hcl_string(STR("pw"));
	variables[0].value.marks = HCL_SENSITIVE;
	variables[1].value = hcl_unknown();
	static const struct hcl_case cases[] = {
		{"length([s, u])", "2"},
		{"concat([s], [1])[1]", "1"},
		{"concat([s], [1])[0]", "\"pw\" sensitive"},
		{"merge({a = s}, {b = 1}).b", "1"},
		{"keys({a = s})", "[\"a\"]"},
		{"flatten([[s], 1])[0]", "\"pw\" sensitive"},
		{"sort([s, \"a\"])", "[\"a\",\"pw\"]"},
		{"sort([s, \"a\"])[1]", "\"pw\" sensitive"},
		{"sort([s, \"a\"])[0]", "\"a\""},
		{"contains([s], \"x\")", "false sensitive"},
		{"contains([u], \"x\")", "unknown"},
		{"sha256(s) == \"a\"", "false sensitive"},
		{"jsonencode([s])", "\"[\\\"pw\\\"]\" sensitive"},
		{"lookup({a = 1, b = u}, \"a\", 2)", "1"},
		{"coalesce(\"a\", u)", "\"a\""},
		{"coalesce(u, \"a\")", "unknown"},
		{"flatten([u, [1]])", "unknown"},
		{"zipmap([s], [1])", "{\"pw\":1} sensitive"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check_value(cases[i].text, cases[i].want, &scope);
}

static void functions_that_multiply_their_input_are_bounded(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"range(100000)", "more than 1024"},
		{"setproduct(range(1000), range(1000), range(1000))", "too large"},
		{"[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
			"too"},
		{"replace(format(\"%10000s\", \"\"), \" \", format(\"%10000s\", \"\"))",
			"too large"},
		{"regex_replace(format(\"%10000s\", \"\"), \" \", format(\"%10000s\", \"\"))",
			"too large"},
		{"indent(100000, \"a\")", "0 to 10000"},
		{"trim(replace(format(\"%1000s\", \"\"), \" \", format(\"%1000s\", \"\")), "
		 "\"${replace(format(\"%1000s\", \"\"), \" \", \"b\")} \")",
			"too long"},
	};
	check_errors(cases, countof(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_cut_joined_and_searched),
		cmocka_unit_test(lists_and_objects_are_taken_apart_and_built),
		cmocka_unit_test(numbers_are_reckoned_with),
		cmocka_unit_test(format_knows_the_verbs_of_go),
		cmocka_unit_test(text_is_encoded_and_decoded),
		cmocka_unit_test(dates_are_formatted_and_moved),
		cmocka_unit_test(networks_are_divided),
		cmocka_unit_test(values_are_converted_to_types),
		cmocka_unit_test(marks_and_unknowns_stay_with_their_elements),
		cmocka_unit_test(functions_that_multiply_their_input_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
