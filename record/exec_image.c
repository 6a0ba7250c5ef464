#include "record/exec_image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * `#!` puts the script behind the interpreter and its one argument, and the kernel follows five
 * interpreters at the most.
 */
#define SCRIPT_ARGS_MAX 11
#define INTERPRETERS_MAX 5
/* As much as the kernel looks at. */
#define SCRIPT_LINE_MAX 256

struct exec_read {
	struct arena *a;
	struct hash_cache *cache;
	pid_t tid;
	const struct exec_stack *stack;
	struct exec_losses *losses;
	struct stat exe_stat;
	bool exe_known; /* exe_stat holds */
	struct str root;
};

struct error *exec_losses_add(struct exec_losses *losses)
{
	size_t i = losses->n < countof(losses->items) ? losses->n++ : losses->n - 1;
	return &losses->items[i];
}

struct str path_inside_root(struct str path, struct str root)
{
	if (root.n <= 1 || !str_has_prefix(path, root))
		return path;
	struct str inside = str_from_index(path, root.n);
	if (inside.n == 0)
		return STR("/");
	return inside.p[0] == '/' ? inside : path;
}

static void proc_path(char out[64], pid_t tid, const char *name)
{
	snprintf(out, 64, "/proc/%d/%s", (int)tid, name);
}

static struct str read_link(struct exec_read *r, const char *name)
{
	char path[64];
	proc_path(path, r->tid, name);
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));
	if (n < 0) {
		error_sys(exec_losses_add(r->losses), "%s", name);
		return (struct str){0};
	}
	return arena_str(r->a, (struct str){target, (size_t)n});
}

/* Opens what an O_PATH descriptor stands for. */
static int reopen(int fd)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int hash_path(struct exec_read *r, struct digest *out, const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open");
	return hash_cache_read(r->cache, out, fd, err);
}

/* The file that runs cannot be written meanwhile, so its digest is exact. */
static void read_exe(struct exec_read *r, struct exec_image *out)
{
	out->exe = path_inside_root(read_link(r, "exe"), r->root);
	char path[64];
	proc_path(path, r->tid, "exe");
	if (stat(path, &r->exe_stat) < 0) {
		error_sys(exec_losses_add(r->losses), "digest of the executable");
		return;
	}
	r->exe_known = true;
	const struct digest *known = hash_cache_find(r->cache, &r->exe_stat);
	if (known) {
		out->exe_sha256 = *known;
		out->exe_hashed = true;
		return;
	}
	struct error err = {0};
	if (hash_path(r, &out->exe_sha256, path, &err) < 0) {
		error_wrap(&err, "digest of the executable");
		*exec_losses_add(r->losses) = err;
		return;
	}
	out->exe_hashed = true;
}

static int open_in(int dirfd, struct str path, uint64_t resolve)
{
	char name[PATH_MAX];
	if (path.n >= sizeof(name) || path.n == 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
	return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

/*
 * "/dev/fd/N" and "/dev/fd/N/rest" are how the kernel names what execveat was given; they mean the
 * descriptors of the process, not ours.
 */
static int open_descriptor(const struct exec_read *r, struct str path)
{
	struct str rest = str_from_index(path, STR("/dev/fd/").n);
	struct str number;
	uint64_t fd = 0;
	if (!str_cut(&rest, '/', &number) || !str_to_u64(number, &fd) || fd > INT_MAX) {
		errno = ENOENT;
		return -1;
	}
	char link[64];
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)r->tid, (int)fd);
	int opened = open(link, O_PATH | O_CLOEXEC);
	if (opened < 0 || !rest.p)
		return opened;
	autoclose int dir = opened;
	return open_in(dir, rest, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

/* Resolves a path as the process would, links inside of its root included. */
static int open_as_process(const struct exec_read *r, struct str cwd, struct str path)
{
	if (str_has_prefix(path, STR("/dev/fd/")))
		return open_descriptor(r, path);
	char root[64];
	proc_path(root, r->tid, "root");
	autoclose int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	struct str whole = path;
	if (!str_has_prefix(path, STR("/")))
		whole = arena_printf(r->a, "%.*s/%.*s", STR_ARG(cwd), STR_ARG(path));
	return open_in(root_fd, whole, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static bool named_in_argv(const struct exec_stack *stack)
{
	for (size_t i = 1; i < stack->argv.n && i < SCRIPT_ARGS_MAX; i++) {
		if (str_eq(stack->argv.items[i], stack->execfn))
			return true;
	}
	return false;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens a file that the kernel ran an interpreter for, and reads it. */
static int hash_script(struct exec_read *r, struct digest *out, int path_fd, const struct stat *st,
	struct str *line, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, ERROR_SYSTEM, "not a regular file");
	autoclose int fd = reopen(path_fd);
	if (fd < 0)
		return error_sys(err, "open");
	char *bytes = arena_alloc(r->a, SCRIPT_LINE_MAX);
	ssize_t n = pread(fd, bytes, SCRIPT_LINE_MAX, 0);
	if (n < 0)
		return error_sys(err, "read");
	*line = (struct str){bytes, (size_t)n};
	const struct digest *known = hash_cache_find(r->cache, st);
	if (!known)
		return hash_cache_read(r->cache, out, fd, err);
	*out = *known;
	return 0;
}

/* The interpreter that a script's first line names, as the kernel reads it; empty: it has none. */
static struct str named_interpreter(struct str line)
{
	if (!str_has_prefix(line, STR("#!")))
		return (struct str){0};
	size_t start = 2;
	while (start < line.n && (line.p[start] == ' ' || line.p[start] == '\t'))
		start++;
	size_t end = start;
	while (end < line.n && !memchr(" \t\n", line.p[end], 4))
		end++;
	return str_sub(line, start, end - start);
}

static bool exe_was_unlinked(const struct exec_image *image, struct str execfn)
{
	return str_has_prefix(image->exe, execfn) && str_has_suffix(image->exe, STR(" (deleted)"));
}

/* An interpreter that does not run itself had an interpreter of its own. */
static void read_interpreters(struct exec_read *r, struct exec_image *out, struct str line)
{
	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		struct str path = named_interpreter(line);
		if (path.n == 0)
			return;
		struct error err = {0};
		struct stat st;
		autoclose int fd = open_as_process(r, out->cwd, path);
		bool there = fd >= 0 && fstat(fd, &st) == 0;
		if (there && same_file(&st, &r->exe_stat))
			return;
		struct trace_file *file = &list_push(r->a, &out->interpreters);
		file->path = path;
		line = (struct str){0};
		if (!there)
			error_sys(&err, "open");
		else if (hash_script(r, &file->sha256, fd, &st, &line, &err) == 0)
			file->hashed = true;
		if (file->hashed)
			continue;
		error_wrap(&err, "digest of an interpreter of the script");
		*exec_losses_add(r->losses) = err;
	}
}

/*
 * The kernel ran an interpreter when the file that was given is not the one that runs. It then
 * names that file in the arguments too, which tells a script from a program whose name has been
 * given to another file since.
 */
static void read_script(struct exec_read *r, struct exec_image *out)
{
	struct str execfn = r->stack->execfn;
	if (execfn.n == 0 || !r->exe_known || str_eq(execfn, out->exe) || !named_in_argv(r->stack))
		return;
	struct error err = {0};
	struct stat st;
	struct str line = {0};
	autoclose int fd = open_as_process(r, out->cwd, execfn);
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (exe_was_unlinked(out, execfn))
			return;
		error_sys(&err, "digest of the script");
	} else if (same_file(&st, &r->exe_stat)) {
		return;
	} else if (hash_script(r, &out->script_sha256, fd, &st, &line, &err) < 0) {
		error_wrap(&err, "digest of the script");
	} else {
		out->script_hashed = true;
	}
	out->script = execfn;
	if (!out->script_hashed)
		*exec_losses_add(r->losses) = err;
	read_interpreters(r, out, line);
}

void exec_image_read(struct exec_image *out, struct arena *a, struct hash_cache *cache, pid_t tid,
	const struct exec_stack *stack, struct exec_losses *losses)
{
	struct exec_read r = {
		.a = a,
		.cache = cache,
		.tid = tid,
		.stack = stack,
		.losses = losses,
	};
	*out = (struct exec_image){0};
	r.root = read_link(&r, "root");
	out->cwd = path_inside_root(read_link(&r, "cwd"), r.root);
	read_exe(&r, out);
	read_script(&r, out);
}
