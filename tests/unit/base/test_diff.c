#include "base/diff.h"
#include "tests/unit/test.h"

static void check_diff(const char *old_text, const char *new_text, const char *want)
{
	scoped(buf) out = {0};
	diff_unified(&out, str_from(old_text), str_from(new_text), STR("a"), STR("b"));
	check_str(buf_str(&out), want);
}

static void equal_texts_have_no_diff(void **state)
{
	(void)state;
	check_diff("", "", "");
	check_diff("a\nb\n", "a\nb\n", "");
}

static void lines_come_go_and_change(void **state)
{
	(void)state;
	check_diff("a\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n");
	check_diff("", "a\nb\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n");
	check_diff("a\nb\nc\n", "a\nB\nc\n", "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
}

static void changes_far_apart_are_hunks_of_their_own(void **state)
{
	(void)state;
	check_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n",
		"--- a\n+++ b\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n");
	check_diff("1\n2\n3\n4\n5\n6\n", "0\n1\n2\n3\n4\n5\n",
		"--- a\n+++ b\n@@ -1,6 +1,6 @@\n+0\n 1\n 2\n 3\n 4\n 5\n-6\n");
}

static void a_missing_newline_at_the_end_is_said(void **state)
{
	(void)state;
	check_diff("a\nb", "a\nb\n",
		"--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
}

/* More edits than are searched for: still a diff. */
static void texts_that_share_nothing_are_replaced(void **state)
{
	(void)state;
	scoped(buf) a = {0};
	scoped(buf) b = {0};
	scoped(buf) out = {0};
	for (int i = 0; i < 2 * DIFF_EDITS_MAX; i++) {
		buf_printf(&a, "a%d\n", i);
		buf_printf(&b, "b%d\n", i);
	}
	diff_unified(&out, buf_str(&a), buf_str(&b), STR("a"), STR("b"));
	size_t lines = 0;
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	assert_int_equal(lines, 3 + 4 * DIFF_EDITS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_have_no_diff),
		cmocka_unit_test(lines_come_go_and_change),
		cmocka_unit_test(changes_far_apart_are_hunks_of_their_own),
		cmocka_unit_test(a_missing_newline_at_the_end_is_said),
		cmocka_unit_test(texts_that_share_nothing_are_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
