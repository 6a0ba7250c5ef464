/* Every rule of the program's packs: its bad examples are found, its good ones are not. */
#include "audit/audit.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_files(const struct policy_file *files, size_t n, size_t least)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	scoped(buf) report = {0};
	size_t examples = 0;
	size_t wrong = 0;
	const struct policy_options o = {.files = files, .file_count = n};
	if (policy_load(&p, &o, &err) < 0 || policy_test(p, &report, &examples, &wrong, &err) < 0)
		fail_msg("%s", err.text);
	if (wrong > 0)
		fail_msg("%zu wrong\n%.*s", wrong, STR_ARG(buf_str(&report)));
	assert_int_equal(report.n, 0);
	assert_true(examples >= least);
}

static void every_example_of_the_program_holds(void **state)
{
	(void)state;
	size_t n = 0;
	const struct policy_file *files = policy_builtin(&n);
	test_files(files, n, 120);
}

static void every_example_of_the_fixtures_holds(void **state)
{
	(void)state;
	struct error err = {0};
	scoped(buf) text = {0};
	if (file_read(&text, AT_FDCWD, FIXTURES "/policy/acme.hcl", 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	struct policy_file files[64];
	size_t n = 0;
	const struct policy_file *builtin = policy_builtin(&n);
	assert_true(n < countof(files));
	memcpy(files, builtin, n * sizeof(*builtin));
	files[n++] = (struct policy_file){STR("acme.hcl"), buf_str(&text)};
	test_files(files, n, 120);
}

#define RULE(bad, good) \
	"pack \"p\" {\n version = \"1\"\n}\nrule \"A1\" {\n title = \"t\"\n severity = \"low\"\n " \
	"on = \"exec\"\n when = exec.name == \"evil\"\n message = \"m\"\n bad = [" bad \
	"]\n good = [" good "]\n}\n"

static void reports(const char *text, size_t count, const char *expected)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	scoped(buf) report = {0};
	size_t examples = 0;
	size_t wrong = 0;
	const struct policy_file file = {STR("a.hcl"), str_from(text)};
	const struct policy_options o = {.files = &file, .file_count = 1};
	if (policy_load(&p, &o, &err) < 0 || policy_test(p, &report, &examples, &wrong, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(wrong, count);
	if (!str_contains(buf_str(&report), str_from(expected)))
		fail_msg("\"%s\" is not in \"%.*s\"", expected, STR_ARG(buf_str(&report)));
}

static void a_wrong_example_is_named(void **state)
{
	(void)state;
	reports(RULE("\"evil\", \"sudo evil x\"", "\"good\""), 0, "");
	reports(RULE("\"evil\", \"harmless\"", ""), 1,
		"a.hcl:4:1: A1: bad example 2 gives no finding");
	reports(RULE("", "\"true\\nevil\""), 1, "A1: good example 1 gives a finding: m");
	reports(RULE("", "\"if true; then\""), 1, "A1: good example 1 cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_of_the_program_holds),
		cmocka_unit_test(every_example_of_the_fixtures_holds),
		cmocka_unit_test(a_wrong_example_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
