#include "builders/lent.h"

#include <errno.h>

#include "base/file.h"
#include "builders/rooted.h"

#define ORIGINAL_MAX 65536

/* What stands at the path now, if it can be put back later. */
static bool remember(struct lent *l, int dir, const char *name, struct arena *a)
{
	struct error ignored = {0};
	char target[4096];
	l->before = LENT_NOTHING;
	if (fstatat(dir, name, &l->st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	if (!l->replace)
		return false;
	if (S_ISLNK(l->st.st_mode)) {
		ssize_t n = readlinkat(dir, name, target, sizeof(target));
		if (n <= 0 || n == (ssize_t)sizeof(target))
			return false;
		l->before = LENT_LINK;
		l->original = arena_str(a, (struct str){target, (size_t)n});
		return true;
	}
	scoped(buf) bytes = {0};
	if (!S_ISREG(l->st.st_mode) || l->st.st_size > ORIGINAL_MAX ||
		file_read(&bytes, dir, name, ORIGINAL_MAX, &ignored) != 0)
		return false;
	l->before = LENT_FILE;
	l->original = arena_str(a, bytes.n > 0 ? buf_str(&bytes) : STR(""));
	return true;
}

static int write_new(int dir, const char *name, struct str text, mode_t mode, struct error *err)
{
	autoclose int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "create");
	if (file_write_fd(fd, text, err) != 0)
		return -1;
	return fchmod(fd, mode) == 0 ? 0 : error_sys(err, "mode");
}

static int set_back(const struct lent *l, int dir, const char *name, struct error *err)
{
	const struct timespec times[2] = {l->st.st_atim, l->st.st_mtim};
	if (l->before == LENT_NOTHING)
		return 0;
	if (l->before == LENT_LINK && symlinkat(l->original.p, dir, name) != 0)
		return error_sys(err, "link");
	if (l->before == LENT_FILE && write_new(dir, name, l->original, 0600, err) != 0)
		return -1;
	if (fchownat(dir, name, l->st.st_uid, l->st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
		return error_sys(err, "owner");
	if (l->before == LENT_FILE && fchmodat(dir, name, l->st.st_mode & 07777, 0) != 0)
		return error_sys(err, "mode");
	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : error_sys(err, "times");
}

static bool is_unchanged(const struct lent *l, int dir, const char *name)
{
	struct error ignored = {0};
	struct stat st;
	scoped(buf) bytes = {0};
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
		(st.st_mode & 07777) != l->mode || (uint64_t)st.st_size != l->text.n ||
		st.st_uid != 0 || st.st_gid != 0 || st.st_nlink != 1)
		return false;
	return file_read(&bytes, dir, name, l->text.n, &ignored) == 0 &&
		str_eq(bytes.n > 0 ? buf_str(&bytes) : STR(""), l->text);
}

/* The directory of the path and the time that it keeps; -1 when it is not there. */
static int open_dir(const struct lent *l, int root, const char **name, struct timespec times[2])
{
	struct error ignored = {0};
	struct stat st;
	autoclose int dir = rooted_open_parent(root, l->path, name, &ignored);
	if (dir < 0 || fstat(dir, &st) != 0)
		return -1;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	return steal_fd(&dir);
}

int lent_put(struct lent *l, int root, struct arena *a, struct error *err)
{
	const char *name = NULL;
	struct timespec times[2];
	autoclose int dir = open_dir(l, root, &name, times);
	if (dir < 0 || !remember(l, dir, name, a))
		return 0;
	if (l->before != LENT_NOTHING && unlinkat(dir, name, 0) != 0)
		return error_sys(err, "%s", l->path);
	if (write_new(dir, name, l->text, l->mode, err) != 0)
		return error_wrap(err, "%s", l->path);
	l->is_there = true;
	return futimens(dir, times) == 0 ? 0 : error_sys(err, "%s", l->path);
}

int lent_take(struct lent *l, int root, struct error *err)
{
	const char *name = NULL;
	struct timespec times[2];
	if (!l->is_there)
		return 0;
	l->is_there = false;
	autoclose int dir = open_dir(l, root, &name, times);
	if (dir < 0 || !is_unchanged(l, dir, name))
		return 0;
	if (unlinkat(dir, name, 0) != 0)
		return error_sys(err, "%s", l->path);
	if (set_back(l, dir, name, err) != 0)
		return error_wrap(err, "%s", l->path);
	return futimens(dir, times) == 0 ? 0 : error_sys(err, "%s", l->path);
}
