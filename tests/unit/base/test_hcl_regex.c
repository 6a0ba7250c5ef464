#include "hcl_check.h"

#include "base/hcl/regex.h"

struct match {
	const char *pattern;
	const char *text;
	const char *want; /* NULL: no match */
};

static void check_match(const struct match *m)
{
	scoped_ptr(regex) r = NULL;
	struct error err = {0};
	struct regex_span spans[REGEX_MAX_GROUPS];
	uint64_t budget = 1 << 20;
	struct str text = str_from(m->text);
	if (regex_new(&r, str_from(m->pattern), &err) < 0)
		fail_msg("%s: %s", m->pattern, err.text);
	enum regex_result result = regex_find(r, spans, text, 0, &budget);
	if ((result == REGEX_MATCH) != (m->want != NULL))
		fail_msg("%s in %s: result %d", m->pattern, m->text, (int)result);
	if (!m->want)
		return;
	struct str got = str_sub(text, spans[0].from, spans[0].to - spans[0].from);
	if (!str_is(got, m->want))
		fail_msg("%s in %s matches \"%.*s\"", m->pattern, m->text, STR_ARG(got));
}

static void the_leftmost_match_by_preference_is_found(void **state)
{
	(void)state;
	static const struct match cases[] = {
		{"abc", "xabcx", "abc"},
		{"abc", "xabx", NULL},
		{"a|ab", "ab", "a"},
		{"ab|a", "ab", "ab"},
		{"a||b", "b", ""},
		{"a*", "baa", ""},
		{"a+", "baa", "aa"},
		{"a+?", "baa", "a"},
		{"a??", "a", ""},
		{"a{2,3}", "aaaa", "aaa"},
		{"a{2,3}?", "aaaa", "aa"},
		{"a{2}", "aaaa", "aa"},
		{"a{2,}b", "aaaab", "aaaab"},
		{"a{,2}", "a{,2}", "a{,2}"},
		{"(a|b)*c", "ababc", "ababc"},
		{"(?:ab)+", "ababa", "abab"},
		{"(|a)+", "aaa", ""},
		{"(a*)+", "aab", "aa"},
		{"^a", "ba", NULL},
		{"a$", "ab", NULL},
		{"^$", "", ""},
		{"(?m)^b$", "a\nb\nc", "b"},
		{"a.c", "a\nc", NULL},
		{"(?s)a.c", "a\nc", "a\nc"},
		{"(?i)straSSe", "STRASSE", "STRASSE"},
		{"(?i)é", "É", "É"},
		{"(?i:a)b", "Ab", "Ab"},
		{"(?i:a)b", "AB", NULL},
		{"(?U)a+", "aaa", "a"},
		{"\\bfoo\\b", "foobar foo", "foo"},
		{"\\Boo", "foo", "oo"},
		{"\\Aab\\z", "ab", "ab"},
		{"[^a-c]+", "abxyzc", "xyz"},
		{"[]a]+", "]a", "]a"},
		{"[a-]+", "-a", "-a"},
		{"[\\d\\-x]+", "1-x2", "1-x2"},
		{"[^\\D5]+", "5123", "123"},
		{"[[:alpha:]]+[[:^alpha:]]", "ab1", "ab1"},
		{"\\d{3}-\\D+\\s\\S\\w\\W", "123-ab c_!", "123-ab c_!"},
		{"\\x41\\x{1F600}\\t", "A😀\t", "A😀\t"},
		{"\\Qa.b\\E+", "a.bb", "a.bb"},
		{"\\.\\*\\[", ".*[", ".*["},
		{".", "é", "é"},
		{"\\p{Lu}+", "abCD", "CD"},
		{"\\PL+", "ab12", "12"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check_match(&cases[i]);
}

static void malformed_patterns_are_refused(void **state)
{
	(void)state;
	static const char *const patterns[] = {"[", "[a", "(", ")", "a)", "*", "a**", "a{1001}",
		"a{3,2}", "[b-a]", "\\", "\\8", "\\y", "(?=a)", "(?<!a)", "(?P<1-2>a)",
		"(?P<a>x)(?P<a>y)", "\\x{110000}", "\\p{Greek}", "[[:foo:]]", "(?z)", "(?i"};
	for (size_t i = 0; i < countof(patterns); i++) {
		scoped_ptr(regex) r = NULL;
		struct error err = {0};
		if (regex_new(&r, str_from(patterns[i]), &err) == 0)
			fail_msg("%s is accepted", patterns[i]);
	}
}

static void groups_are_captured_by_number_and_name(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"regex(\"[a-z]+\", \"12ab34\")", "\"ab\""},
		{"regex(\"(\\\\d+)-(\\\\d+)\", \"2019-02\")", "[\"2019\",\"02\"]"},
		{"regex(\"(?P<y>\\\\d+)-(?<m>\\\\d+)\", \"2019-02\")",
			"{\"m\":\"02\",\"y\":\"2019\"}"},
		{"regex(\"a(b)?\", \"ac\")", "[null]"},
		{"regexall(\"[a-z]+\", \"1ab2cd\")", "[\"ab\",\"cd\"]"},
		{"regexall(\"x\", \"ab\")", "[]"},
		{"regexall(\"x*\", \"axxb\")", "[\"\",\"xx\",\"\"]"},
		{"regex_replace(\"hello\", \"l\", \"[$0]\")", "\"he[l][l]o\""},
		{"regex_replace(\"hello\", \"(?P<x>l+)\", \"<$${x}>$$$y.\")", "\"he<ll>$.o\""},
		{"regex_replace(\"ab\", \"\", \"-\")", "\"-a-b-\""},
		{"length(regexall(\"^rx-[0-9]{3}$\", \"rx-001\")) > 0", "true"},
	};
	check_values(cases, countof(cases));
	check_error("regex(\"x\", \"ab\")", "matches no part", NULL);
	check_error("regex(\"(a)(?P<n>b)\", \"ab\")", "all groups have names", NULL);
}

static void no_pattern_blows_up(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*x", "((a?){200}){2}a{200}$"};
	scoped(buf) text = {0};
	for (int i = 0; i < 2000; i++)
		buf_add_byte(&text, 'a');
	buf_add_byte(&text, '!');
	for (size_t i = 0; i < countof(patterns); i++) {
		scoped_ptr(regex) r = NULL;
		struct error err = {0};
		struct regex_span spans[REGEX_MAX_GROUPS];
		uint64_t budget = (uint64_t)20 << 20;
		assert_int_equal(regex_new(&r, str_from(patterns[i]), &err), 0);
		assert_int_equal(regex_find(r, spans, buf_str(&text), 0, &budget), REGEX_NO);
	}
	check_error("regex(\"(x{1000}){1000}\", \"x\")", "too large", NULL);
	check_error("regex(\"(((){1000}){1000}){1000}\", \"x\")", "too large", NULL);
}

static void work_beyond_the_budget_stops(void **state)
{
	(void)state;
	scoped_ptr(regex) r = NULL;
	struct error err = {0};
	struct regex_span spans[REGEX_MAX_GROUPS];
	uint64_t budget = 5;
	assert_int_equal(regex_new(&r, STR("b"), &err), 0);
	assert_int_equal(regex_find(r, spans, STR("aaaaaaaaab"), 0, &budget), REGEX_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_leftmost_match_by_preference_is_found),
		cmocka_unit_test(malformed_patterns_are_refused),
		cmocka_unit_test(groups_are_captured_by_number_and_name),
		cmocka_unit_test(no_pattern_blows_up),
		cmocka_unit_test(work_beyond_the_budget_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
