#include "tests/unit/test.h"

#include "base/json.h"

/* Reads `text` and compares its canonical form. */
static void accepts(const char *text, const char *canonical)
{
	scoped(arena) a = {0};
	scoped(buf) out = {0};
	struct error err = {0};
	struct json *j = NULL;
	if (json_parse(&j, &a, str_from(text), STR("t.json"), NULL, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	json_write_canonical(&out, j);
	check_str(buf_str(&out), canonical);
}

static void refuses_bytes(struct str text, const char *error)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct json *j = NULL;
	if (json_parse(&j, &a, text, STR("t.json"), NULL, &err) == 0)
		fail_msg("accepted: %.*s", STR_ARG(text));
	assert_int_equal(err.code, ERROR_INPUT);
	check_error(&err, error);
}

static void refuses(const char *text, const char *error)
{
	refuses_bytes(str_from(text), error);
}

static void the_canonical_form_sorts_keys_and_drops_space(void **state)
{
	(void)state;
	accepts(" { \"b\" : 1 , \"a\" : [ true , null , \"x\" ] } ",
		"{\"a\":[true,null,\"x\"],\"b\":1}");
	accepts("[]", "[]");
	accepts("{}", "{}");
	accepts("\"\\u00e9\\/\\n\\u0001\"", "\"\xc3\xa9/\\n\\u0001\"");
	accepts("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
}

/* RFC 8785 section 3.2.3 and its appendix B. */
static void the_canonical_form_follows_the_examples_of_the_rfc(void **state)
{
	(void)state;
	accepts("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
		"\"\\u00f6\":7}",
		"{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
		"\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
	accepts("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]",
		"[333333333.3333333,1e+30,4.5,0.002,1e-27]");
	accepts("[-0,0.0,9007199254740992,1e21,123456789012345680000,0.000001,1e-7]",
		"[0,0,9007199254740992,1e+21,123456789012345680000,0.000001,1e-7]");
	accepts("[5e-324,1.7976931348623157e308,4.35,295147905179352830000]",
		"[5e-324,1.7976931348623157e+308,4.35,295147905179352830000]");
}

static void duplicate_keys_are_refused_at_any_depth(void **state)
{
	(void)state;
	refuses("{\"a\":1,\"a\":2}", "t.json:1:8: duplicate key \"a\"");
	refuses("[{\n  \"x\": {\"b\": 1,\n   \"b\": 2}}]", "t.json:3:4: duplicate key \"b\"");
	refuses("{\"a\":1,\"\\u0061\":2}", "duplicate key");
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
	(void)state;
	refuses("\xef\xbb\xbf{}", "byte order mark");
	refuses("{} x", "t.json:1:4: more text behind the value");
	refuses("\"\\u0000\"", "U+0000");
	refuses("\"\\ud800\"", "unpaired surrogate");
	refuses("\"\\ud800\\u0041\"", "unpaired surrogate");
	refuses("\"\\udc00\"", "unpaired surrogate");
	refuses("\"a\nb\"", "control character");
	refuses("\"\xc0\xaf\"", "t.json:1:2: invalid UTF-8");
	refuses("\"\xed\xa0\x80\"", "invalid UTF-8");
	refuses_bytes((struct str){"[1]\0", 4}, "more text behind the value");
	refuses_bytes((struct str){"\"\0\"", 3}, "control character");
}

static void malformed_documents_are_refused_with_their_place(void **state)
{
	(void)state;
	refuses("", "t.json:1:1: end of input");
	refuses("{", "key in double quotes");
	refuses("[1,]", "t.json:1:4: \",\" before \"]\"");
	refuses("{\"a\":1,}", "\",\" before \"}\"");
	refuses("[1 2]", "t.json:1:4: \",\" or \"]\" expected");
	refuses("{\"a\" 1}", "\":\" expected");
	refuses("{a:1}", "key in double quotes");
	refuses("[01]", "malformed number");
	refuses("[1.]", "malformed number");
	refuses("[.5]", "value expected");
	refuses("[+1]", "value expected");
	refuses("[1e]", "malformed number");
	refuses("[NaN]", "value expected");
	refuses("nul", "value expected");
	refuses("\"abc", "t.json:1:1: string without closing quote");
	refuses("\"\\x\"", "unknown escape");
	refuses("// c\n1", "value expected");
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	char deep[1000];
	memset(deep, '[', sizeof(deep));
	refuses_bytes((struct str){deep, sizeof(deep)}, "nested too deeply");
}

static void numbers_keep_every_digit(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct json *j = NULL;
	assert_int_equal(
		json_parse(&j, &a, STR("{\"n\":9007199254740993}"), STR("t"), NULL, &err), 0);
	int64_t n = 0;
	assert_int_equal(json_get_i64(j, "n", &n, "t", &err), 0);
	assert_true(n == INT64_C(9007199254740993));
	assert_int_equal(json_get_i64(j, "m", &n, "t", &err), -1);
	check_error(&err, "t: no \"m\"");
}

static void every_value_knows_its_place(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct json *j = NULL;
	struct str text = STR("{\n  \"key\": [10, \"s\"]\n}");
	assert_int_equal(json_parse(&j, &a, text, STR("t"), NULL, &err), 0);
	const struct json *list = json_find(j, "key");
	assert_int_equal(list->span.line, 2);
	assert_int_equal(list->span.col, 10);
	assert_int_equal(list->array.items[1]->span.col, 15);
	assert_int_equal(list->array.items[1]->span.len, 3);
	assert_int_equal(j->object.items[0].key_span.col, 3);
}

static void bytes_that_are_no_text_come_back(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	const struct str samples[] = {
		STR_INIT("plain"), STR_INIT("\xff\xfe"), STR_INIT("a\0b"), STR_INIT("")};
	for (size_t i = 0; i < countof(samples); i++) {
		struct str back = {0};
		const struct json *j = json_bytes(&a, samples[i]);
		assert_int_equal(json_to_bytes(j, &a, &back, &err), 0);
		assert_true(str_eq(back, samples[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_canonical_form_sorts_keys_and_drops_space),
		cmocka_unit_test(the_canonical_form_follows_the_examples_of_the_rfc),
		cmocka_unit_test(duplicate_keys_are_refused_at_any_depth),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(malformed_documents_are_refused_with_their_place),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(numbers_keep_every_digit),
		cmocka_unit_test(every_value_knows_its_place),
		cmocka_unit_test(bytes_that_are_no_text_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
