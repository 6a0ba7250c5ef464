/* What must stand in a text for a pattern to match it. */
#include "audit/policy/rule.h"

#include "tests/unit/test.h"

struct literal_case {
	const char *pattern;
	const char *found; /* joined with spaces; empty: nothing is known */
};

static const struct literal_case cases[] = {
	{"curl", "curl"},
	{"curl|wget", "curl wget"},
	{"(curl|wget) -k", "curl wget"},
	{"^/etc/cron[.]d/", "/etc/cron.d/"},
	{"ab+cd", "ab"},
	{"abc*de", "ab"},
	{"abc?def", "def"},
	{"abc{0,3}de", "ab"},
	{"abc{2}", "abc"},
	{"ab{,3}cd", "cd"},
	{"(abcdef)?gh", "gh"},
	{"(abcdef)*", ""},
	{"(abc|de)+x", "abc de"},
	{"(abc|[0-9]+)xy", "xy"},
	{"(^|[^a-z])(one|two)([^a-z]|$)", "one two"},
	{"abc|[a-z]+", ""},
	{"[]a]bcd", "bcd"},
	{"[^]a]bcd", "bcd"},
	{"[[:alpha:]]bcd", "bcd"},
	{"[[:alpha:]-]bcd", "bcd"},
	{"a.b", ""},
	{"a\\.b", "a.b"},
	{"ab\\wcd", "ab"},
	{"ab\\(cd", "ab(cd"},
	{"x$|yz", ""},
	{"", ""},
	{"()", ""},
	{"abc|", ""},
	{"\\bfoo", "foo"},
	{"a[.]b[ ]c", "a.b c"},
};

static void what_must_be_there_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct rule_literals l;
		rule_literals_read(&l, &a, str_from(cases[i].pattern));
		struct str joined = arena_join(&a, l.items, l.n, STR(" "));
		if (!str_is(joined, cases[i].found))
			fail_msg("%s: %.*s", cases[i].pattern, STR_ARG(joined));
	}
}

struct match_case {
	const char *pattern;
	const char *text;
};

/* Each matches, whatever is known beforehand. */
static const struct match_case matching[] = {
	{"curl|wget", "x wget y"},
	{"(ab|cd)(ef|gh)", "cdgh"},
	{"abc?d", "abd"},
	{"ab{0}c", "ac"},
	{"(xy)*z", "z"},
	{"a|", "nothing"},
	{"^$", ""},
	{"[.]sh$", "install.sh"},
	{"\\.sh$", "a.sh\nb"},
	{"a{2}b", "aab"},
};

static void a_text_that_matches_is_never_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(matching); i++) {
		scoped(rule_run) run = {0};
		struct error err = {0};
		bool found = false;
		if (rule_regex_match(&found, &run, str_from(matching[i].text),
			    str_from(matching[i].pattern), &err) < 0)
			fail_msg("%s: %s", matching[i].pattern, err.text);
		if (!found)
			fail_msg("%s: %s", matching[i].pattern, matching[i].text);
	}
}

/* A text that is made anew may lie where another one lay. */
static void another_pattern_at_the_same_place_is_another_pattern(void **state)
{
	(void)state;
	scoped(rule_run) run = {0};
	struct error err = {0};
	char pattern[] = "abc";
	bool found = false;
	assert_int_equal(rule_regex_match(&found, &run, STR("abc"), str_from(pattern), &err), 0);
	assert_true(found);
	pattern[0] = 'x';
	assert_int_equal(rule_regex_match(&found, &run, STR("abc"), str_from(pattern), &err), 0);
	assert_false(found);
	assert_int_equal(rule_regex_match(&found, &run, STR("xbc"), str_from(pattern), &err), 0);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_be_there_is_known),
		cmocka_unit_test(a_text_that_matches_is_never_left_out),
		cmocka_unit_test(another_pattern_at_the_same_place_is_another_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
