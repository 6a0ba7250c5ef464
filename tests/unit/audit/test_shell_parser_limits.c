/* Hostile texts: deep nesting, and what would take quadratic time. */
#include "audit/shell/calls.h"

#include "tests/unit/test.h"

struct repeated {
	const char *name;
	const char *before;
	const char *unit;
	const char *between;
	const char *close;
	size_t n;
};

static struct str build(struct arena *a, const struct repeated *r)
{
	scoped(buf) b = {0};
	buf_add_cstr(&b, r->before);
	for (size_t i = 0; i < r->n; i++)
		buf_add_cstr(&b, r->unit);
	buf_add_cstr(&b, r->between);
	for (size_t i = 0; i < r->n; i++)
		buf_add_cstr(&b, r->close);
	assert_false(b.full);
	return arena_str(a, buf_str(&b));
}

static const struct shell_script *parse_repeated(struct arena *a, const struct repeated *r)
{
	return shell_parse(a, build(a, r), NULL);
}

#define DEEP 100000

static const struct repeated deep[] = {
	{"$(", "echo ", "$(", "", ")", DEEP},
	{"$( open", "echo ", "$(", "", "", DEEP},
	{"$((", "echo ", "$((", "1", "))", DEEP},
	{"`$(", "echo ", "`$(", "", "", DEEP},
	{"<(", "cat ", "<(", "a", ")", DEEP},
	{"( ", "", "( ", "a", ")", DEEP},
	{"{", "", "{ ", "a", ";}", DEEP},
	{"if", "", "if a; then ", "b", "; fi", DEEP},
	{"elif", "if a; then b; ", "elif a; then b; ", "", "", DEEP},
	{"while", "", "while ", "a", "", DEEP},
	{"case", "", "case x in a) ", "b", " esac", DEEP},
	{"f()", "", "f() { ", "a", ";}", DEEP},
	{"f() of dash", "#!/bin/sh\n", "f() ", "a", "", DEEP},
	{"${", "echo ", "${x:-", "a", "}", DEEP},
	{"\"${", "echo ", "\"${x:-", "a", "}\"", DEEP},
	{"${[", "echo ", "${x[", "1", "]}", DEEP},
	{"a[$(", "", "a[$(", "1", ")]=", DEEP},
	{"a=($(", "", "a=($(", "", "))", DEEP},
	{"[[ (", "[[ ", "( ", "a", " )", DEEP},
	{"@($(", "shopt -s extglob\necho ", "@($(", "a", "))", DEEP},
	{"coproc {", "", "coproc { ", "a", ";}", DEEP},
	{"heredocs in substitutions", "", "cat <<A\n$(", "", "", DEEP},
};

static void deep_nesting_is_an_error_and_never_an_overflow(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(deep); i++) {
		scoped(arena) a = {0};
		const struct shell_script *s = parse_repeated(&a, &deep[i]);
		if (s->ok)
			fail_msg("%s: accepted", deep[i].name);
		if (!str_has_prefix(s->error.text, STR("nested too deeply")) &&
			!str_has_prefix(s->error.text, STR("too much text")) &&
			!str_has_prefix(s->error.text, STR("unterminated")))
			fail_msg("%s: %.*s", deep[i].name, STR_ARG(s->error.text));
	}
}

static void sane_nesting_is_read(void **state)
{
	(void)state;
	static const struct repeated sane[] = {
		{"$(", "echo ", "$(", "a", ")", 400},
		{"if", "", "if a; then ", "b", "; fi", 900},
		{"elif", "if a; then b", "; elif a; then b", "; fi", "", 900},
		{"{", "", "{ ", "a", ";}", 900},
		{"(", "", "(", "a", ")", 900},
		{"${", "echo ", "\"${x:-", "a", "}\"", 400},
	};
	for (size_t i = 0; i < countof(sane); i++) {
		scoped(arena) a = {0};
		const struct shell_script *s = parse_repeated(&a, &sane[i]);
		if (!s->ok)
			fail_msg("%s: %.*s", sane[i].name, STR_ARG(s->error.text));
		assert_non_null(shell_calls(s, &a));
	}
}

/* Each takes milliseconds when time and memory are linear, and minutes when they are not. */
static void long_texts_take_linear_time_and_memory(void **state)
{
	(void)state;
	static const struct repeated wide[] = {
		{"one word", "echo ", "a", "", "", 3000000},
		{"escapes", "echo ", "\\a", "", "", 300000},
		{"expansions", "echo \"", "$x", "\"", "", 300000},
		{"continuations", "", "\\\n", "a", "", 500000},
		{"continuations in a word", "echo ", "a\\\n", "a", "", 500000},
		{"continuations in an operator", "a &", "\\\n", "& b", "", 500000},
		{"heredocs on one line", "cat ", "<<A ", "\n", "A\n", 50000},
		{"heredocs", "", "cat <<A\nx\nA\n", "", "", 50000},
		{"unclosed heredocs", "", "cat <<A\n", "", "", 50000},
		{"heredocs in substitutions", "", "x=$(cat <<A\nx\nA\n)\n", "", "", 20000},
		{"commands", "", "a;", "", "", 200000},
		{"pipes", "", "a|", "a", "", 200000},
		{"lists", "", "a&&", "a", "", 200000},
		{"newlines", "", "\n", "", "", 1000000},
		{"elements", "a=(", "[x]=1 ", ")", "", 100000},
		{"arithmetic or subshells", "", "((a);(b))\n", "", "", 20000},
		{"backquotes", "", "`a \\`b\\``;", "", "", 50000},
		{"dollars", "echo ", "$", "", "", 300000},
		{"digits", "echo ", "11 ", "", "", 300000},
		{"braces", "echo ", "{a", "", "", 300000},
		{"negations", "", "! ", "a", "", 100000},
	};
	for (size_t i = 0; i < countof(wide); i++) {
		scoped(arena) a = {0};
		const struct shell_script *s = parse_repeated(&a, &wide[i]);
		if (!s->ok)
			fail_msg("%s: %.*s", wide[i].name, STR_ARG(s->error.text));
		if (a.used > (size_t)1 << 30)
			fail_msg("%s: %zu bytes", wide[i].name, a.used);
	}
}

/* Each is refused early, or its one reading is linear. */
static void texts_with_two_readings_are_bounded(void **state)
{
	(void)state;
	static const struct repeated bad[] = {
		{"arithmetic that never ends", "", "(( a\n", "", "", 20000},
		{"quotes in it", "", "(( a ')\n", "", "", 20000},
		{"substitutions", "echo ", "$((", "1", ") )", 500},
		{"subshells", "", "((", "a", ") )", 490},
		{"heredocs within heredocs", "", "cat <<A\n$(cat <<A\n", "", "", 20000},
		{"backquotes", "echo ", "`\\", "", "", 100000},
		{"subscripts", "", "a[", "", "", 100000},
	};
	for (size_t i = 0; i < countof(bad); i++) {
		scoped(arena) a = {0};
		const struct shell_script *s = parse_repeated(&a, &bad[i]);
		assert_true(s->ok || s->error.text.n > 0);
	}
}

static void calls_are_listed_as_json(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	scoped(buf) b = {0};
	const struct shell_script *s = shell_parse(&a,
		STR("apt-get install $(cat list)\nx=1\nif a; then sudo 'b c' \"$d\"; fi\n"), NULL);
	json_write_compact(&b, shell_calls(s, &a));
	check_str(buf_str(&b),
		"[{\"line\":1,\"argv\":[\"apt-get\",\"install\",null]},"
		"{\"line\":1,\"argv\":[\"cat\",\"list\"]},"
		"{\"line\":3,\"argv\":[\"a\"]},"
		"{\"line\":3,\"argv\":[\"sudo\",\"b c\",null]}]");
}

static void a_call_with_bytes_that_are_no_text_keeps_them(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	scoped(buf) b = {0};
	const struct shell_script *s = shell_parse(&a, STR("echo \xff\n"), NULL);
	json_write_compact(&b, shell_calls(s, &a));
	check_str(buf_str(&b), "[{\"line\":1,\"argv\":[\"echo\",{\"base64\":\"/w==\"}]}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deep_nesting_is_an_error_and_never_an_overflow),
		cmocka_unit_test(sane_nesting_is_read),
		cmocka_unit_test(long_texts_take_linear_time_and_memory),
		cmocka_unit_test(texts_with_two_readings_are_bounded),
		cmocka_unit_test(calls_are_listed_as_json),
		cmocka_unit_test(a_call_with_bytes_that_are_no_text_keeps_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
