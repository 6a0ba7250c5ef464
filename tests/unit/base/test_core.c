#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/map.h"
#include "base/span.h"
#include "base/utf8.h"

static void errors_read_outside_in(void **state)
{
	(void)state;
	struct error err = {0};
	assert_int_equal(error_set(&err, ERROR_INPUT, "no %s", "disk"), -1);
	error_wrap(&err, "qemu");
	error_wrap(&err, "build %s", "redis");
	assert_string_equal(err.text, "build redis: qemu: no disk");
	assert_int_equal(error_exit_status(err.code), 3);
	char longer[4000];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_wrap(&err, "%s", longer);
	assert_true(strlen(err.text) < ERROR_TEXT_MAX);
	assert_non_null(strstr(err.text, "no disk"));
}

static void slices_are_cut_without_losing_a_byte(void **state)
{
	(void)state;
	struct str rest = STR("a,,b,");
	struct str part;
	const char *const want[] = {"a", "", "b", ""};
	for (size_t i = 0; i < countof(want); i++) {
		assert_true(str_cut(&rest, ',', &part));
		check_str(part, want[i]);
	}
	assert_false(str_cut(&rest, ',', &part));
	check_str(str_trim(STR(" \t x y\n")), "x y");
	assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
	assert_true(str_find(STR("ab"), STR("abc")) == STR_NPOS);
}

static void numbers_are_read_strictly(void **state)
{
	(void)state;
	uint64_t u = 0;
	int64_t i = 0;
	assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), &u));
	assert_false(str_to_u64(STR("007"), &u));
	assert_false(str_to_u64(STR(""), &u));
	assert_false(str_to_u64(STR("+1"), &u));
	assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(str_to_i64(STR("9223372036854775808"), &i));
	assert_false(str_to_i64(STR("-"), &i));
}

static void a_buffer_stops_at_its_limit(void **state)
{
	(void)state;
	scoped(buf) b = {0};
	struct error err = {0};
	buf_init(&b, 8);
	buf_add(&b, STR("12345"));
	buf_printf(&b, "%d", 678);
	assert_int_equal(buf_check(&b, &err), 0);
	buf_add_byte(&b, '9');
	check_str(buf_str(&b), "12345678");
	assert_int_equal(buf_check(&b, &err), -1);
	check_error(&err, "larger than 8 bytes");
}

static void a_map_keeps_order_and_finds_everything(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct map m = {0};
	for (int i = 0; i < 1000; i++)
		map_put(&m, &a, arena_printf(&a, "key%d", i),
			arena_printf(&a, "%d", i).p == NULL ? NULL : &m);
	assert_int_equal(m.n, 1000);
	check_str(m.items[17].key, "key17");
	assert_true(map_has(&m, STR("key999")));
	assert_false(map_has(&m, STR("key1000")));
	map_put(&m, &a, STR("key3"), NULL);
	assert_int_equal(m.n, 1000);
	assert_null(map_find(&m, STR("key3")));
}

static void base64_has_one_spelling(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct str out = {0};
	check_str(base64_encode(&a, STR("")), "");
	check_str(base64_encode(&a, STR("f")), "Zg==");
	check_str(base64_encode(&a, STR("foobar")), "Zm9vYmFy");
	assert_true(base64_decode(&a, STR("Zm8="), &out));
	check_str(out, "fo");
	assert_true(base64_decode(&a, STR("-_-_"), &out));
	const char *const bad[] = {
		"Zg", "Zg=", "Zh==", "Zm9=", "Z g=", "+_++", "Zg==\n", "=Zg=", "===="};
	for (size_t i = 0; i < countof(bad); i++) {
		if (base64_decode(&a, str_from(bad[i]), &out))
			fail_msg("accepted \"%s\"", bad[i]);
	}
}

static void hex_has_one_case_unless_asked(void **state)
{
	(void)state;
	uint8_t bytes[2];
	assert_int_equal(hex_decode(bytes, 2, STR("0aFF"), false), -1);
	assert_int_equal(hex_decode(bytes, 2, STR("0aFF"), true), 0);
	assert_int_equal(bytes[1], 255);
	assert_int_equal(hex_decode(bytes, 2, STR("0af"), true), -1);
}

/* FIPS 180-2, appendix B. */
static void digests_agree_with_the_standard(void **state)
{
	(void)state;
	char hex[DIGEST_HEX_SIZE];
	char any[129];
	struct digest d = digest_bytes(STR("abc"));
	digest_hex(hex, &d);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_any_hex(any, DIGEST_SHA1, STR("abc"));
	assert_string_equal(any, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void invalid_and_deceptive_utf8_is_found(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(STR("caf\xc3\xa9 \xf0\x9f\x98\x80")));
	assert_int_equal(utf8_find_invalid(STR("ab\x80")), 2);
	assert_int_equal(utf8_find_invalid(STR("\xf4\x90\x80\x80")), 0);
	assert_int_equal(utf8_find_invalid(STR("\xe2\x82")), 0);
	assert_int_equal(utf8_find_deceptive(STR("a\xe2\x80\xae")), 1);
	assert_int_equal(utf8_find_deceptive(STR("\xe2\x80\x8b")), 0);
	assert_true(utf8_find_deceptive(STR("na\xc3\xafve")) == STR_NPOS);
}

static void durations_are_those_of_go(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	int64_t ns = 0;
	assert_true(duration_parse(STR("1h2m3.5s"), &ns));
	assert_true(ns == INT64_C(3723500000000));
	assert_true(duration_parse(STR("300ms"), &ns) && ns == 300000000);
	assert_true(duration_parse(STR("0"), &ns) && ns == 0);
	assert_true(duration_parse(STR("-5s"), &ns) && ns == -INT64_C(5000000000));
	const char *const bad[] = {"", "5", "s", "5 s", "1x", "1.2.3s", "5s5"};
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(duration_parse(str_from(bad[i]), &ns));
	check_str(duration_str(&a, INT64_C(90000000000)), "1m30s");
}

static void times_go_there_and_back(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	int64_t ns = 0;
	assert_true(time_parse_rfc3339(STR("2026-01-15T12:00:00Z"), &ns));
	check_str(time_rfc3339(&a, ns), "2026-01-15T12:00:00Z");
	assert_true(time_parse_rfc3339(STR("2026-01-15T12:00:00.25+02:00"), &ns));
	check_str(time_rfc3339_nano(&a, ns), "2026-01-15T10:00:00.250000000Z");
	const char *const bad[] = {"2026-02-30T00:00:00Z", "2026-01-15 12:00:00Z",
		"2026-01-15T12:00:00", "2026-1-15T12:00:00Z", "2026-01-15T25:00:00Z", ""};
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(time_parse_rfc3339(str_from(bad[i]), &ns));
}

static void sensitive_values_are_removed_longest_first(void **state)
{
	(void)state;
	scoped(redactor) r = {0};
	scoped(buf) out = {0};
	redactor_add(&r, STR("pin"), STR("1234"));
	redactor_add(&r, STR("token"), STR("x1234y"));
	redactor_add(&r, STR("empty"), STR(""));
	redactor_apply(&r, &out, STR("a 1234 b x1234y c 123"));
	check_str(buf_str(&out), "a <sensitive:pin> b <sensitive:token> c 123");
}

static void lines_of_a_sensitive_value_are_removed_too(void **state)
{
	(void)state;
	scoped(redactor) r = {0};
	scoped(buf) out = {0};
	redactor_add(&r, STR("key"), STR("first line\nend\nlast line of it\n"));
	redactor_apply(&r, &out, STR("> first line"));
	redactor_apply(&r, &out, STR(" end last line of it"));
	check_str(buf_str(&out), "> <sensitive:key> end <sensitive:key>");
}

static void a_log_cannot_drive_the_terminal(void **state)
{
	(void)state;
	scoped(buf) out = {0};
	log_escape(&out, STR("a\033[31m\x07 \xe2\x80\xae \xff\ttab"));
	check_str(buf_str(&out), "a\\x1b[31m\\x07 \\u{202e} \\xff\ttab");
}

static void the_nearest_name_is_found(void **state)
{
	(void)state;
	const char *const names[] = {"inline", "scripts", "execute_command"};
	assert_string_equal(conf_nearest(STR("inlin"), names, 3), "inline");
	assert_string_equal(conf_nearest(STR("exceute_command"), names, 3), "execute_command");
	assert_null(conf_nearest(STR("zzz"), names, 3));
}

static void places_count_from_one(void **state)
{
	(void)state;
	struct span s = span_at(STR("ab\ncd\n"), 4, 1);
	assert_int_equal(s.line, 2);
	assert_int_equal(s.col, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_read_outside_in),
		cmocka_unit_test(slices_are_cut_without_losing_a_byte),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(a_buffer_stops_at_its_limit),
		cmocka_unit_test(a_map_keeps_order_and_finds_everything),
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(hex_has_one_case_unless_asked),
		cmocka_unit_test(digests_agree_with_the_standard),
		cmocka_unit_test(invalid_and_deceptive_utf8_is_found),
		cmocka_unit_test(durations_are_those_of_go),
		cmocka_unit_test(times_go_there_and_back),
		cmocka_unit_test(sensitive_values_are_removed_longest_first),
		cmocka_unit_test(lines_of_a_sensitive_value_are_removed_too),
		cmocka_unit_test(a_log_cannot_drive_the_terminal),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(places_count_from_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
