/*
 * bash -n and dash -n as judges: of the cases in fixtures/shell, and of the scripts that are
 * installed here. What the shell accepts, the parser accepts. The other way round there are
 * differences on purpose: bash -n does not read here-documents and backquotes.
 */
#include "tests/unit/audit/shell_case.h"

#include "base/process.h"

#include <sys/wait.h>

extern char **environ;

/* 0 accepted, 1 rejected, -1 the shell is not there. */
static int judge(const char *shell, struct str text)
{
	struct error err = {0};
	int status = 0;
	scoped(buf) out = {0};
	scoped(buf) errout = {0};
	const char *const argv[] = {shell, "-n", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	spec.envp = (const char *const *)environ;
	if (process_run(&status, &out, &errout, &spec, &text, &err) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static bool has_shell(const char *shell)
{
	if (judge(shell, STR(":\n")) == 0)
		return true;
	print_message("%s is not installed: nothing to compare with\n", shell);
	return false;
}

static bool agrees(const struct shell_case *c, const struct shell_expect *e, const char *shell)
{
	if (!e->given || c->differs || judge(shell, c->text) == (e->ok ? 0 : 1))
		return true;
	print_error("%.*s: %.*s: %s disagrees\n", STR_ARG(c->file), STR_ARG(c->name), shell);
	return false;
}

static void the_shells_agree_with_the_cases(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct shell_cases cases = {0};
	bool bash = has_shell("bash");
	bool dash = has_shell("dash");
	size_t wrong = 0;
	cases_load(&cases, &a);
	for (size_t i = 0; i < cases.n; i++) {
		wrong += bash && !agrees(&cases.items[i], &cases.items[i].bash, "bash");
		wrong += dash && !agrees(&cases.items[i], &cases.items[i].posix, "dash");
	}
	assert_int_equal(wrong, 0);
	if (!bash || !dash)
		skip();
}

/* ---- Scripts of this machine ---------------------------------------------------------------- */

struct place {
	const char *directory;
	bool all; /* also without a shell's name on the first line */
};

static const struct place places[] = {
	{"/var/lib/dpkg/info", false},
	{"/etc/init.d", false},
	{"/usr/bin", false},
	{"/usr/sbin", false},
	{"/usr/share/bash-completion", true},
	{"/usr/share/bash-completion/completions", true},
	{"/usr/share/doc/git/contrib/completion", true},
	{"/etc/profile.d", true},
	{"/etc/cron.daily", false},
	{"/usr/lib/git-core", false},
	{"/lib/init", true},
};

struct tally {
	size_t files;
	size_t wrong;
	bool bash;
	bool dash;
};

static void compare(struct tally *t, const char *path, struct str text, enum shell_dialect dialect)
{
	scoped(arena) a = {0};
	const char *shell = dialect == SHELL_BASH ? "bash" : "dash";
	if (dialect == SHELL_BASH ? !t->bash : !t->dash)
		return;
	const struct shell_options o = {.dialect = dialect};
	const struct shell_script *s = shell_parse(&a, text, &o);
	t->files++;
	if (s->ok || judge(shell, text) != 0)
		return;
	t->wrong++;
	print_error("%s: %s accepts, the parser does not: %u:%u: %.*s\n", path, shell,
		s->error.span.line, s->error.span.col, STR_ARG(s->error.text));
}

static void compare_file(struct tally *t, const char *path, bool all)
{
	struct error err = {0};
	scoped(buf) text = {0};
	char start[16] = {0};
	autoclose int fd = file_open(AT_FDCWD, path, &err);
	if (fd < 0 || pread(fd, start, sizeof(start) - 1, 0) <= 0)
		return;
	if ((!all && strncmp(start, "#!", 2) != 0) || file_read_fd(&text, fd, 1 << 20, &err) < 0)
		return;
	enum shell_dialect dialect = shell_dialect_of(buf_str(&text));
	if (dialect != SHELL_DIALECT_NONE)
		compare(t, path, buf_str(&text), dialect);
	else if (all && strncmp(start, "#!", 2) != 0)
		compare(t, path, buf_str(&text), SHELL_BASH);
}

static void the_parser_accepts_what_the_shells_accept(void **state)
{
	(void)state;
	struct tally t = {.bash = has_shell("bash"), .dash = has_shell("dash")};
	for (size_t i = 0; i < countof(places); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct str_list names = {0};
		if (dir_list(&names, &a, AT_FDCWD, places[i].directory, 100000, &err) < 0)
			continue;
		for (size_t k = 0; k < names.n; k++) {
			struct str path = arena_printf(
				&a, "%s/%.*s", places[i].directory, STR_ARG(names.items[k]));
			compare_file(&t, path.p, places[i].all);
		}
	}
	print_message("%zu scripts\n", t.files);
	assert_int_equal(t.wrong, 0);
	if (t.files == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shells_agree_with_the_cases),
		cmocka_unit_test(the_parser_accepts_what_the_shells_accept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
