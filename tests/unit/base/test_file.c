#include "tests/unit/test.h"

#include "base/file.h"
#include "base/process.h"
#include "base/tree.h"

#include <sys/wait.h>

static int set_up(void **state)
{
	struct temp_dir *t = calloc(1, sizeof(*t));
	struct error err = {0};
	*state = t;
	return temp_dir_make(t, NULL, &err);
}

static int tear_down(void **state)
{
	struct temp_dir *t = *state;
	temp_dir_clear(t);
	bool gone = access(t->path, F_OK) != 0;
	free(t);
	return gone ? 0 : -1;
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	const struct temp_dir *t = *state;
	struct error err = {0};
	scoped(buf) b = {0};
	scoped(arena) a = {0};
	struct str_list names = {0};
	assert_int_equal(file_replace(t->fd, "x", STR("one"), 0600, &err), 0);
	assert_int_equal(file_replace(t->fd, "x", STR("two"), 0600, &err), 0);
	assert_int_equal(file_create(t->fd, "x", STR("three"), 0600, &err), -1);
	check_error(&err, "x: exists already");
	assert_int_equal(file_read(&b, t->fd, "x", 100, &err), 0);
	check_str(buf_str(&b), "two");
	assert_int_equal(dir_list(&names, &a, t->fd, ".", 10, &err), 0);
	assert_int_equal(names.n, 1);
}

static void reading_stops_at_the_limit(void **state)
{
	const struct temp_dir *t = *state;
	struct error err = {0};
	scoped(buf) b = {0};
	assert_int_equal(file_replace(t->fd, "x", STR("12345"), 0600, &err), 0);
	assert_int_equal(file_read(&b, t->fd, "x", 4, &err), -1);
	assert_int_equal(err.code, ERROR_INPUT);
	check_error(&err, "x: larger than 4 bytes");
}

static void links_and_fifos_are_not_files(void **state)
{
	const struct temp_dir *t = *state;
	struct error err = {0};
	assert_int_equal(symlinkat("/etc/passwd", t->fd, "link"), 0);
	assert_int_equal(mkfifoat(t->fd, "fifo", 0600), 0);
	assert_int_equal(file_open(t->fd, "link", &err), -1);
	check_error(&err, "symbolic link");
	assert_int_equal(file_open(t->fd, "fifo", &err), -1);
	check_error(&err, "not a regular file");
	assert_int_equal(file_open_beneath(t->fd, "../x", O_RDONLY, 0, &err), -1);
	assert_int_equal(file_open_within(t->fd, "link", O_RDONLY, &err), -1);
	check_error(&err, "leaves the tree");
}

static void a_tree_is_removed_without_following_links(void **state)
{
	const struct temp_dir *t = *state;
	struct error err = {0};
	assert_int_equal(dir_make(t->fd, "keep", &err), 0);
	assert_int_equal(file_replace(t->fd, "keep/file", STR("x"), 0600, &err), 0);
	assert_int_equal(dir_make(t->fd, "gone/deep/er", &err), 0);
	assert_int_equal(symlinkat("../keep", t->fd, "gone/link"), 0);
	assert_int_equal(fchmodat(t->fd, "gone/deep", 0, 0), 0);
	assert_int_equal(dir_remove(t->fd, "gone", &err), 0);
	assert_int_equal(faccessat(t->fd, "gone", F_OK, 0), -1);
	assert_int_equal(faccessat(t->fd, "keep/file", F_OK, 0), 0);
	assert_int_equal(dir_remove(t->fd, "gone", &err), 0);
}

static void paths_are_clean_or_not(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct str out = {0};
	assert_true(path_is_clean(STR("a/b.c/..d")));
	const char *const unclean[] = {
		"", "/a", "a/", "a//b", "./a", "a/../b", "..", "a/.", "a\nb"};
	for (size_t i = 0; i < countof(unclean); i++) {
		if (path_is_clean(str_from(unclean[i])))
			fail_msg("\"%s\" is not clean", unclean[i]);
	}
	assert_true(path_join(&a, STR("a/b"), STR("../c/./d"), &out));
	check_str(out, "a/c/d");
	assert_false(path_join(&a, STR("a"), STR("../../c"), &out));
	assert_false(path_join(&a, STR("a"), STR("/c"), &out));
}

static void a_directory_is_a_tree(void **state)
{
	const struct temp_dir *t = *state;
	struct error err = {0};
	struct str text = {0};
	struct tree_entry e = {0};
	assert_int_equal(dir_make(t->fd, "sub", &err), 0);
	assert_int_equal(file_replace(t->fd, "sub/x.sh", STR("hi"), 0755, &err), 0);
	assert_int_equal(symlinkat("sub/x.sh", t->fd, "in"), 0);
	assert_int_equal(symlinkat("/etc/passwd", t->fd, "out"), 0);
	scoped_ptr(tree_dir) dir = NULL;
	assert_int_equal(tree_dir_open(&dir, t->path, &err), 0);
	const struct tree *tree = tree_dir_tree(dir);
	assert_int_equal(tree_read(tree, STR("in"), &text, &err), 0);
	check_str(text, "hi");
	assert_int_equal(tree_read(tree, STR("out"), &text, &err), -1);
	assert_int_equal(tree_read(tree, STR("../x"), &text, &err), -1);
	assert_int_equal(tree_stat(tree, STR("sub/x.sh"), &e, &err), 0);
	assert_int_equal(e.kind, TREE_FILE);
	assert_true(e.executable);
	assert_int_equal(tree_stat(tree, STR("none"), &e, &err), 0);
	assert_int_equal(e.kind, TREE_NONE);
}

static void a_child_gets_what_it_is_given_and_no_more(void **state)
{
	(void)state;
	struct error err = {0};
	scoped(buf) out = {0};
	scoped(buf) errout = {0};
	int status = 0;
	const char *const argv[] = {
		"sh", "-c", "cat; echo $A; echo oops >&2; ls /proc/self/fd | wc -l; exit 7", NULL};
	const char *const envp[] = {"A=b c", "PATH=/usr/bin:/bin", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	spec.envp = envp;
	struct str input = STR("in\n");
	int extra = open("/dev/null", O_RDONLY);
	assert_int_equal(process_run(&status, &out, &errout, &spec, &input, &err), 0);
	close(extra);
	assert_int_equal(WEXITSTATUS(status), 7);
	check_str(buf_str(&out), "in\nb c\n4\n");
	check_str(buf_str(&errout), "oops\n");
}

static void a_program_that_is_missing_is_an_error(void **state)
{
	(void)state;
	struct error err = {0};
	scoped(process) p = {0};
	const char *const argv[] = {"/no/such/program", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	assert_int_equal(process_start(&p, &spec, &err), -1);
	check_error(&err, "/no/such/program: No such file or directory");
}

static void a_child_that_takes_too_long_is_killed(void **state)
{
	(void)state;
	struct error err = {0};
	scoped(process) p = {0};
	int status = 0;
	const char *const argv[] = {"/bin/sleep", "100", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	assert_int_equal(process_start(&p, &spec, &err), 0);
	assert_int_equal(process_wait(&p, &status, 50, &err), -1);
	check_error(&err, "still running after 50 ms");
	assert_int_equal(p.pid, 0);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(a_file_is_replaced_as_a_whole),
		WITH_DIRECTORY(reading_stops_at_the_limit),
		WITH_DIRECTORY(links_and_fifos_are_not_files),
		WITH_DIRECTORY(a_tree_is_removed_without_following_links),
		cmocka_unit_test(paths_are_clean_or_not),
		WITH_DIRECTORY(a_directory_is_a_tree),
		cmocka_unit_test(a_child_gets_what_it_is_given_and_no_more),
		cmocka_unit_test(a_program_that_is_missing_is_an_error),
		cmocka_unit_test(a_child_that_takes_too_long_is_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
