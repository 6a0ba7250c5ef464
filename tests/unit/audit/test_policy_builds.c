/* Whole scripts under the program's own packs: ordinary builds pass, attacks do not. */
#include "audit/audit.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum verdict verdict_of(const struct policy *p, const char *path, struct buf *report)
{
	struct error err = {0};
	scoped(buf) text = {0};
	scoped_ptr(audit) a = NULL;
	const struct audit_options o = {0};
	const struct audit_print print = {.format = AUDIT_TEXT};
	if (file_read(&text, AT_FDCWD, path, 1 << 20, &err) < 0 ||
		audit_script(&a, buf_str(&text), str_from(path), p, &o, &err) < 0 ||
		audit_write(report, a, &print, &err) < 0)
		fail_msg("%s", err.text);
	return a->verdict;
}

static void check_directory(const char *directory, enum verdict expected, size_t least)
{
	struct error err = {0};
	scoped(arena) a = {0};
	scoped_ptr(policy) p = NULL;
	struct str_list names = {0};
	struct policy_options o = {0};
	o.files = policy_builtin(&o.file_count);
	if (policy_load(&p, &o, &err) < 0 ||
		dir_list(&names, &a, AT_FDCWD, directory, 1000, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(names.n >= least);
	for (size_t i = 0; i < names.n; i++) {
		scoped(buf) report = {0};
		char path[512];
		int n = snprintf(path, sizeof(path), "%s/%.*s", directory, STR_ARG(names.items[i]));
		assert_true(n > 0 && (size_t)n < sizeof(path));
		if (verdict_of(p, path, &report) != expected)
			fail_msg("%s:\n%.*s", path, STR_ARG(buf_str(&report)));
	}
}

static void ordinary_builds_pass(void **state)
{
	(void)state;
	check_directory(FIXTURES "/policy/honest", VERDICT_PASS, 6);
}

static void attacks_fail(void **state)
{
	(void)state;
	check_directory(FIXTURES "/policy/attack", VERDICT_FAIL, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_builds_pass),
		cmocka_unit_test(attacks_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
