#include "base/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define FILE_MAX ((size_t)256 << 20)
#define ENTRIES_MAX 100000

int tree_read(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	return t->ops->read(t, path, out, err);
}

int tree_stat(const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	return t->ops->stat(t, path, out, err);
}

int tree_list(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
	struct error *err)
{
	return t->ops->list(t, path, a, out, err);
}

/* A directory: what is read is kept, so that one load sees one content per path. */
struct tree_dir {
	struct tree tree;
	int fd;
	struct arena *arena; /* grows while the tree is read; not part of what it shows */
};

static const struct tree_dir *dir_of(const struct tree *t)
{
	return (const struct tree_dir *)(const void *)t;
}

static int clean_path(char out[PATH_MAX], struct str path, struct error *err)
{
	if (path.n > 0 && !path_is_clean(path))
		return error_set(
			err, ERROR_INPUT, "%.*s: not a clean relative path", STR_ARG(path));
	if (path.n >= PATH_MAX)
		return error_set(err, ERROR_INPUT, "%.*s: path too long", STR_ARG(path));
	snprintf(out, PATH_MAX, "%.*s", STR_ARG(path.n > 0 ? path : STR(".")));
	return 0;
}

/* Links are followed as long as they stay inside. */
static int open_inside(const struct tree_dir *d, struct str path, int flags, struct error *err)
{
	char name[PATH_MAX];
	if (clean_path(name, path, err) < 0)
		return -1;
	return file_open_within(d->fd, name, flags, err);
}

static int dir_read(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	const struct tree_dir *d = dir_of(t);
	autoclose int fd = open_inside(d, path, O_RDONLY | O_NONBLOCK, err);
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_INPUT, "%.*s: is not a regular file", STR_ARG(path));
	scoped(buf) bytes = {0};
	buf_init(&bytes, FILE_MAX);
	if (file_read_fd(&bytes, fd, FILE_MAX, err) < 0)
		return error_wrap(err, "%.*s", STR_ARG(path));
	*out = arena_str(d->arena, buf_str(&bytes));
	return 0;
}

static int dir_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	const struct tree_dir *d = dir_of(t);
	struct error why = {0};
	autoclose int fd = open_inside(d, path, O_PATH, &why);
	*out = (struct tree_entry){0};
	if (fd < 0 && (why.errnum == ENOENT || why.errnum == ENOTDIR))
		return 0;
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		*err = why;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		out->kind = TREE_DIR;
	else if (S_ISREG(st.st_mode))
		out->kind = TREE_FILE;
	out->executable = (st.st_mode & 0111) != 0;
	out->size = (uint64_t)st.st_size;
	out->path = arena_str(d->arena, path);
	return 0;
}

static int dir_names(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
	struct error *err)
{
	autoclose int fd = open_inside(dir_of(t), path, O_RDONLY | O_DIRECTORY, err);
	if (fd < 0)
		return -1;
	return dir_list(out, a, fd, ".", ENTRIES_MAX, err);
}

static const struct tree_ops dir_ops = {
	.read = dir_read,
	.stat = dir_stat,
	.list = dir_names,
};

int tree_dir_open(struct tree_dir **out, const char *path, struct error *err)
{
	int fd = dir_open(AT_FDCWD, path, err);
	if (fd < 0)
		return -1;
	struct tree_dir *d = calloc(1, sizeof(*d));
	struct arena *a = calloc(1, sizeof(*a));
	if (!d || !a)
		error_out_of_memory();
	d->tree.ops = &dir_ops;
	d->fd = fd;
	d->arena = a;
	*out = d;
	return 0;
}

void tree_dir_free(struct tree_dir *t)
{
	if (!t)
		return;
	close(t->fd);
	arena_clear(t->arena);
	free(t->arena);
	free(t);
}

const struct tree *tree_dir_tree(const struct tree_dir *t)
{
	return &t->tree;
}
