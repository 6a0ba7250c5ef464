/*
 * How fast scripts are read and audited: bench_audit DIRECTORY...
 *
 * Takes every file that starts with "#!" and a shell, or ends in .sh, below the directories; prints
 * megabytes per second of parsing, of facts, and of the whole audit with the built-in policy, as
 * medians of CPU time over several rounds, next to `bash -n`, `dash -n`, shfmt and shellcheck where
 * they are installed.
 */
#include "audit/audit.h"
#include "audit/shell/shell.h"
#include "base/file.h"
#include "base/process.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 5
#define FILE_MAX_BYTES ((size_t)1 << 20)
#define DEPTH_MAX 8

struct script {
	struct str path;
	struct str text;
};

struct corpus {
	struct arena arena;
	struct script *items;
	size_t n;
	size_t cap;
	size_t bytes;
};

static bool is_shell(struct str name, struct str text)
{
	struct str first = str_sub(text, 0, str_find_byte(text, '\n'));
	if (str_has_prefix(first, STR("#!")))
		return shell_dialect_of(text) != SHELL_DIALECT_NONE;
	return str_has_suffix(name, STR(".sh"));
}

static void collect(struct corpus *c, const char *path, unsigned depth)
{
	struct error err = {0};
	struct str_list names = {0};
	autoclose int dir = dir_open(AT_FDCWD, path, &err);
	if (dir < 0 || depth > DEPTH_MAX ||
		dir_list(&names, &c->arena, dir, ".", 1000000, &err) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		struct stat st;
		struct str full = arena_printf(&c->arena, "%s/%.*s", path, STR_ARG(names.items[i]));
		if (fstatat(dir, names.items[i].p, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			collect(c, full.p, depth + 1);
		scoped(buf) bytes = {0};
		if (!S_ISREG(st.st_mode) || (size_t)st.st_size > FILE_MAX_BYTES ||
			file_read(&bytes, dir, names.items[i].p, FILE_MAX_BYTES, &err) < 0 ||
			!is_shell(full, buf_str(&bytes)))
			continue;
		list_push(&c->arena, c) =
			(struct script){full, arena_str(&c->arena, buf_str(&bytes))};
		c->bytes += bytes.n;
	}
}

static double seconds(int who)
{
	struct rusage u;
	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void parse_all(const struct corpus *c, const struct policy *policy)
{
	(void)policy;
	for (size_t i = 0; i < c->n; i++) {
		scoped(arena) a = {0};
		(void)shell_parse(&a, c->items[i].text, &(struct shell_options){0});
	}
}

static void facts_all(const struct corpus *c, const struct policy *policy)
{
	(void)policy;
	for (size_t i = 0; i < c->n; i++) {
		scoped(arena) a = {0};
		struct facts facts = {0};
		struct error err = {0};
		(void)!facts_of_script(&facts, &a, c->items[i].text, c->items[i].path, &err);
	}
}

static void audit_each(const struct corpus *c, const struct policy *policy, bool findings_only)
{
	scoped_ptr(audit_cache) cache = audit_cache_new(policy);
	const struct audit_options options = {.cache = cache, .findings_only = findings_only};
	for (size_t i = 0; i < c->n; i++) {
		struct error err = {0};
		scoped_ptr(audit) audit = NULL;
		if (audit_script(
			    &audit, c->items[i].text, c->items[i].path, policy, &options, &err) < 0)
			fprintf(stderr, "%s\n", err.text);
	}
}

static void audit_all(const struct corpus *c, const struct policy *policy)
{
	audit_each(c, policy, true);
}

static void sarif_all(const struct corpus *c, const struct policy *policy)
{
	audit_each(c, policy, false);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

typedef void work_fn(const struct corpus *c, const struct policy *policy);

static double measure(work_fn *work, const struct corpus *c, const struct policy *policy)
{
	double took[ROUNDS];
	for (size_t i = 0; i < ROUNDS; i++) {
		double before = seconds(RUSAGE_SELF);
		work(c, policy);
		took[i] = seconds(RUSAGE_SELF) - before;
	}
	qsort(took, ROUNDS, sizeof(*took), by_size);
	return took[ROUNDS / 2];
}

static void print(const char *name, double took, size_t bytes)
{
	printf("%-24s %8.1f MB/s  (%.3f s CPU)\n", name, (double)bytes / 1e6 / took, took);
}

/* A peer over all files, one process per file, as its users run it. */
static void peer(const struct corpus *c, const char *name, const char *const *command, size_t most)
{
	double before = seconds(RUSAGE_CHILDREN);
	size_t bytes = 0;
	static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	for (size_t i = 0; i < c->n && i < most; i++) {
		struct error err = {0};
		int status = 0;
		const char *argv[8] = {0};
		size_t n = 0;
		for (; command[n]; n++)
			argv[n] = command[n];
		argv[n] = c->items[i].path.p;
		struct process_spec spec = PROCESS_SPEC_INIT;
		spec.argv = argv;
		spec.envp = environment;
		if (process_run(&status, NULL, NULL, &spec, NULL, &err) < 0) {
			printf("%-24s skipped: %s\n", name, err.text);
			return;
		}
		bytes += c->items[i].text.n;
	}
	print(name, seconds(RUSAGE_CHILDREN) - before, bytes);
}

int main(int argc, char **argv)
{
	static const char *const bash[] = {"bash", "-n", NULL};
	static const char *const dash[] = {"dash", "-n", NULL};
	static const char *const shfmt[] = {"shfmt", "-l", NULL};
	static const char *const shellcheck[] = {"shellcheck", "-f", "json", NULL};
	struct corpus corpus = {0};
	struct error err = {0};
	for (int i = 1; i < argc; i++)
		collect(&corpus, argv[i], 0);
	if (corpus.n == 0) {
		fprintf(stderr, "usage: bench_audit DIRECTORY...\n");
		return 2;
	}
	size_t n = 0;
	struct policy_options options = {.files = policy_builtin(&n)};
	options.file_count = n;
	scoped_ptr(policy) policy = NULL;
	if (policy_load(&policy, &options, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 3;
	}
	printf("%zu scripts, %.2f MB\n", corpus.n, (double)corpus.bytes / 1e6);
	print("parse", measure(parse_all, &corpus, policy), corpus.bytes);
	print("facts", measure(facts_all, &corpus, policy), corpus.bytes);
	print("audit", measure(audit_all, &corpus, policy), corpus.bytes);
	print("audit with SARIF", measure(sarif_all, &corpus, policy), corpus.bytes);
	peer(&corpus, "bash -n, per file", bash, SIZE_MAX);
	peer(&corpus, "dash -n, per file", dash, SIZE_MAX);
	peer(&corpus, "shfmt -l, per file", shfmt, SIZE_MAX);
	peer(&corpus, "shellcheck, 50 files", shellcheck, 50);
	arena_clear(&corpus.arena);
	return 0;
}
