/* The manifest's form of events. */
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct digest digest_of(uint8_t byte)
{
	struct digest d;
	memset(d.bytes, byte, sizeof(d.bytes));
	return d;
}

static void assert_json(
	const struct trace_event *e, const struct redactor *r, const char *type, const char *want)
{
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	const char *got = NULL;
	json_write_canonical(&text, trace_event_to_json(e, 4, r, &a, &got));
	assert_string_equal(got, type);
	assert_string_equal(text.p, want);
}

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"

static struct trace_event exec_event(const struct str *argv, size_t argc)
{
	return (struct trace_event){
		.type = TRACE_EXEC,
		.id = 7,
		.parent = 3,
		.replaces = 2,
		.pid = 99,
		.uid = 1,
		.gid = 3,
		.egid = 4,
		.secure = true,
		.argv = argv,
		.argc = argc,
		.cwd = STR("/"),
		.exe = STR("/usr/bin/dash"),
		.exe_hashed = true,
		.exe_sha256 = digest_of(0x11),
		.start = INT64_C(1700000000123456789),
	};
}

static void an_exec_has_all_its_members(void **state)
{
	(void)state;
	const struct str argv[] = {STR("sh"), STR(""), STR("\xff"), STR("a\nb")};
	struct trace_event e = exec_event(argv, countof(argv));
	assert_json(&e, NULL, "exec",
		"{\"argv\":[\"sh\",\"\",{\"base64\":\"/w==\"},\"a\\nb\"],\"argv_cut\":false,"
		"\"cwd\":\"/\",\"egid\":4,\"euid\":0,\"exe\":\"/usr/bin/dash\","
		"\"exe_sha256\":\"" ONES "\",\"gid\":3,\"id\":7,\"parent\":3,\"pid\":99,"
		"\"replaces\":2,\"secure\":true,\"start\":\"2023-11-14T22:13:20.123456789Z\","
		"\"step\":4,\"uid\":1}");
}

static void a_script_has_its_path_and_digest_or_null(void **state)
{
	(void)state;
	struct trace_event e = exec_event(NULL, 0);
	e.exe_hashed = false;
	e.uid = UINT32_MAX;
	e.script = STR("./s");
	e.script_hashed = true;
	e.script_sha256 = digest_of(0x22);
	const struct trace_file files[] = {
		{STR_INIT("/i"), true, digest_of(0x11)}, {STR_INIT("j")}};
	e.interpreters = files;
	e.interpreter_count = countof(files);
	assert_json(&e, NULL, "exec",
		"{\"argv\":[],\"argv_cut\":false,\"cwd\":\"/\",\"egid\":4,\"euid\":0,"
		"\"exe\":\"/usr/bin/dash\",\"exe_sha256\":null,\"gid\":3,\"id\":7,"
		"\"interpreters\":[{\"path\":\"/i\",\"sha256\":\"" ONES "\"},"
		"{\"path\":\"j\",\"sha256\":null}],\"parent\":3,"
		"\"pid\":99,\"replaces\":2,\"script\":\"./s\",\"script_sha256\":\"" TWOS "\","
		"\"secure\":true,\"start\":\"2023-11-14T22:13:20.123456789Z\",\"step\":4,"
		"\"uid\":null}");
}

static void an_end_is_an_exit_code_or_a_signal(void **state)
{
	(void)state;
	struct trace_event e = {
		.type = TRACE_EXIT,
		.id = 7,
		.pid = 99,
		.status = 3 << 8,
	};
	assert_json(&e, NULL, "exit",
		"{\"end\":\"1970-01-01T00:00:00.000000000Z\",\"exit_code\":3,\"id\":7,\"pid\":99,"
		"\"step\":4}");
	e.status = 11 | 0x80;
	assert_json(&e, NULL, "exit",
		"{\"core_dumped\":true,\"end\":\"1970-01-01T00:00:00.000000000Z\",\"id\":7,"
		"\"pid\":99,\"signal\":11,\"step\":4}");
}

static void a_gap_says_why(void **state)
{
	(void)state;
	const struct trace_event e = {
		.type = TRACE_GAP,
		.id = 7,
		.pid = 99,
		.reason = STR("cwd: gone"),
	};
	assert_json(&e, NULL, "gap",
		"{\"id\":7,\"pid\":99,\"reason\":\"cwd: gone\","
		"\"start\":\"1970-01-01T00:00:00.000000000Z\",\"step\":4}");
}

/* The text of the event with that argv, which must not hold `secret`. */
static void assert_redacted(const struct str *argv, size_t argc, bool cut, const char *want)
{
	scoped(redactor) r = {0};
	redactor_add(&r, STR("password"), STR("hunter2"));
	struct trace_event e = exec_event(argv, argc);
	e.argv_cut = cut;
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	const char *type = NULL;
	struct json *j = trace_event_to_json(&e, 1, &r, &a, &type);
	json_write_canonical(&text, json_find(j, "argv"));
	assert_string_equal(text.p, want);
}

static void sensitive_values_are_replaced_wherever_they_stand(void **state)
{
	(void)state;
	const struct str argv[] = {
		STR("login"), STR("--password=hunter2"), STR("xhunter2yhunter2")};
	assert_redacted(argv, countof(argv), false,
		"[\"login\",\"--password=<sensitive:password>\","
		"\"x<sensitive:password>y<sensitive:password>\"]");
}

static void a_sensitive_value_that_was_cut_is_replaced_too(void **state)
{
	(void)state;
	const struct str argv[] = {STR("login"), STR("--password=hunt")};
	assert_redacted(
		argv, countof(argv), true, "[\"login\",\"--password=<sensitive:password>\"]");
	assert_redacted(argv, countof(argv), false, "[\"login\",\"--password=hunt\"]");
	const struct str whole[] = {STR("hunter2")};
	assert_redacted(whole, countof(whole), true, "[\"<sensitive:password>\"]");
	const struct str other[] = {STR("hunted")};
	assert_redacted(other, countof(other), true, "[\"hunted\"]");
}

static void paths_and_reasons_are_redacted(void **state)
{
	(void)state;
	scoped(redactor) r = {0};
	redactor_add(&r, STR("password"), STR("hunter2"));
	struct trace_event e = exec_event(NULL, 0);
	e.cwd = STR("/hunter2");
	e.exe = STR("/hunter2/x");
	e.script = STR("./hunter2");
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	const char *type = NULL;
	json_write_canonical(&text, trace_event_to_json(&e, 1, &r, &a, &type));
	assert_false(str_contains(buf_str(&text), STR("hunter2")));
	e.type = TRACE_GAP;
	e.reason = STR("hunter2: gone");
	buf_reset(&text);
	json_write_canonical(&text, trace_event_to_json(&e, 1, &r, &a, &type));
	assert_false(str_contains(buf_str(&text), STR("hunter2")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_has_all_its_members),
		cmocka_unit_test(a_script_has_its_path_and_digest_or_null),
		cmocka_unit_test(an_end_is_an_exit_code_or_a_signal),
		cmocka_unit_test(a_gap_says_why),
		cmocka_unit_test(sensitive_values_are_replaced_wherever_they_stand),
		cmocka_unit_test(a_sensitive_value_that_was_cut_is_replaced_too),
		cmocka_unit_test(paths_and_reasons_are_redacted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
