#include "tests/unit/test.h"

#include "fetch/snapshot.h"

#define ID "0123456789abcdef0123456789abcdef01234567"

static void a_source_has_url_commit_and_path(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *url;
		const char *path;
	} cases[] = {
		{"git+https://h.example/r@" ID "#a/b.json", "https://h.example/r", "a/b.json"},
		{"git+ssh://git@h.example/r.git@" ID, "ssh://git@h.example/r.git", ""},
		{"git+file:///srv/r@" ID "#t.json", "file:///srv/r", "t.json"},
		{"git+git@h.example:r.git@" ID "#x@y.json", "git@h.example:r.git", "x@y.json"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct error err = {0};
		struct fetch_source s = {0};
		if (fetch_source_parse(&s, str_from(cases[i].text), &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		check_str(s.url, cases[i].url);
		check_str(s.commit, ID);
		check_str(s.path, cases[i].path);
	}
}

static void a_source_without_pin_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{"https://h.example/r@" ID, "a source is git+URL@COMMIT#path"},
		{"git+https://h.example/r", "no commit"},
		{"git+ssh://git@h.example/r", "no commit"},
		{"git+https://h.example/r@", "no commit"},
		{"git+https://h.example/r@0123456", "shortened commit id"},
		{"git+https://h.example/r@main", "not a full commit id"},
		{"git+https://h.example/r@0123456789ABCDEF0123456789abcdef01234567",
			"not a full commit id"},
		{"git+https://h.example/r@" ID "0", "shortened commit id"},
		{"git+https://h.example/r@" ID "#../x", "not a clean path"},
		{"git+https://h.example/r@" ID "#/x", "not a clean path"},
		{"git+https://h.example/r@" ID "#", "not a clean path"},
		{"git+http://h.example/r@" ID, "https://, ssh:// and file://"},
		{"git+ext::sh -c x@" ID, "white space"},
		{"git+https://u:p@h.example/r@" ID, "password"},
		{"git+-oProxyCommand=x@" ID, "not a repository URL"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct error err = {0};
		struct fetch_source s = {0};
		if (fetch_source_parse(&s, str_from(cases[i].text), &err) == 0)
			fail_msg("accepted %s", cases[i].text);
		assert_int_equal(err.code, ERROR_INPUT);
		check_error(&err, cases[i].error);
	}
}

static void a_source_is_written_as_it_is_read(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct fetch_source s = {0};
	struct str text = STR("git+https://h.example/r@" ID "#a/b.json");
	assert_int_equal(fetch_source_parse(&s, text, &err), 0);
	assert_true(str_eq(fetch_source_str(&a, &s, s.commit), text));
}

static void urls_of_submodules_stay_with_their_host(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct str out = {0};
	assert_int_equal(url_resolve(&a, STR("https://h.example/a/b"), STR("../c"), &out, &err), 0);
	check_str(out, "https://h.example/a/c");
	assert_int_equal(url_resolve(&a, STR("https://h.example/a/b/"), STR("./c"), &out, &err), 0);
	check_str(out, "https://h.example/a/b/c");
	assert_int_equal(
		url_resolve(&a, STR("https://h.example/a"), STR("../../../c"), &out, &err), -1);
	assert_int_equal(url_resolve(&a, STR("https://h.example/a"), STR("/etc"), &out, &err), -1);
	check_error(&err, "local path");
	assert_int_equal(
		url_resolve(&a, STR("https://h.example/a"), STR("http://x/y"), &out, &err), -1);
}

static void gitmodules_are_read_without_following_anything(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct gitmodules m = {0};
	struct str text = STR("# comment\n[include]\n\tpath = /etc/passwd\n"
			      "[submodule \"x\"]\n\tpath = lib/x\n\turl = \"../x.git\"\n"
			      "[submodule \"y\"]\n\tURL = https://h.example/y\n\tpath=y\n");
	assert_int_equal(gitmodules_parse(&m, &a, text, &err), 0);
	assert_int_equal(m.n, 2);
	check_str(m.items[0].path, "lib/x");
	check_str(m.items[0].url, "../x.git");
	check_str(m.items[1].url, "https://h.example/y");
	struct gitmodules bad = {0};
	assert_int_equal(
		gitmodules_parse(&bad, &a, STR("[submodule \"x\"]\n path = a\\nb\n"), &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_url_commit_and_path),
		cmocka_unit_test(a_source_without_pin_is_refused),
		cmocka_unit_test(a_source_is_written_as_it_is_read),
		cmocka_unit_test(urls_of_submodules_stay_with_their_host),
		cmocka_unit_test(gitmodules_are_read_without_following_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
