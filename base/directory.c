#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define REMOVE_DEPTH_MAX 400

int dir_open(int dirfd, const char *path, struct error *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", path);
	return fd;
}

int dir_make(int dirfd, const char *path, struct error *err)
{
	char name[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof(name))
		return error_set(err, ERROR_INPUT, "%s: path empty or too long", path);
	memcpy(name, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (name[i] != '/' && name[i] != '\0')
			continue;
		name[i] = '\0';
		if (mkdirat(dirfd, name, 0777) < 0 && errno != EEXIST)
			return error_sys(err, "%s", name);
		name[i] = i < n ? '/' : '\0';
	}
	struct stat st;
	if (fstatat(dirfd, path, &st, 0) < 0)
		return error_sys(err, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INPUT, "%s: is not a directory", path);
	return 0;
}

static void closedir_scope(DIR **d)
{
	if (*d)
		closedir(*d);
}

static DIR *stream_of(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d && copy >= 0)
		close(copy);
	if (d)
		rewinddir(d);
	return d;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int dir_list(struct str_list *out, struct arena *a, int dirfd, const char *path, size_t max,
	struct error *err)
{
	autoclose int fd = dir_open(dirfd, path, err);
	if (fd < 0)
		return -1;
	__attribute__((cleanup(closedir_scope))) DIR *d = stream_of(fd);
	if (!d)
		return error_sys(err, "%s", path);
	struct str_list names = {0};
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (is_dots(e->d_name))
			continue;
		if (names.n >= max)
			return error_set(err, ERROR_INPUT, "%s: more than %zu entries", path, max);
		list_push(a, &names) = arena_str(a, str_from(e->d_name));
	}
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(*names.items), str_cmp_qsort);
	*out = names;
	return 0;
}

static int remove_at(int dirfd, const char *name, dev_t device, unsigned depth, struct error *err);

static int remove_entries(int fd, dev_t device, unsigned depth, struct error *err)
{
	__attribute__((cleanup(closedir_scope))) DIR *d = stream_of(fd);
	if (!d)
		return error_sys(err, "opendir");
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (is_dots(e->d_name))
			continue;
		if (remove_at(fd, e->d_name, device, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* device 0: whatever the first directory is on. */
static int remove_at(int dirfd, const char *name, dev_t device, unsigned depth, struct error *err)
{
	struct stat st;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "%s", name);
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
			return error_sys(err, "%s", name);
		return 0;
	}
	if (device != 0 && st.st_dev != device)
		return error_set(
			err, ERROR_SYSTEM, "%s: another file system is mounted here", name);
	if (depth >= REMOVE_DEPTH_MAX)
		return error_set(err, ERROR_SYSTEM, "%s: nested too deeply", name);
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", name);
	/* A directory that its owner may not search is made so before it is emptied. */
	if ((st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700);
	if (remove_entries(fd, st.st_dev, depth + 1, err) < 0)
		return error_wrap(err, "%s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "%s", name);
	return 0;
}

int dir_remove(int dirfd, const char *path, struct error *err)
{
	return remove_at(dirfd, path, 0, 0, err);
}

int temp_dir_make(struct temp_dir *out, const char *parent, struct error *err)
{
	struct temp_dir t = {.fd = -1};
	int n = snprintf(t.path, sizeof(t.path), "%s/sealwright-XXXXXX", parent ? parent : "/tmp");
	if (n < 0 || (size_t)n >= sizeof(t.path))
		return error_set(err, ERROR_INPUT, "%s: path too long", parent);
	if (!mkdtemp(t.path))
		return error_sys(err, "%s", t.path);
	t.fd = dir_open(AT_FDCWD, t.path, err);
	if (t.fd < 0) {
		(void)rmdir(t.path);
		return -1;
	}
	t.open = true;
	*out = t;
	return 0;
}

void temp_dir_clear(struct temp_dir *t)
{
	if (!t->open)
		return;
	struct error ignored = {0};
	close(t->fd);
	(void)!dir_remove(AT_FDCWD, t->path, &ignored);
	*t = (struct temp_dir){.fd = -1};
}

static bool component_is_clean(struct str c)
{
	if (c.n == 0 || c.n > 255 || str_eq(c, STR(".")) || str_eq(c, STR("..")))
		return false;
	for (size_t i = 0; i < c.n; i++) {
		if ((uint8_t)c.p[i] < 0x20 || c.p[i] == 0x7f)
			return false;
	}
	return true;
}

bool path_is_clean(struct str path)
{
	if (path.n == 0 || path.n > 4096)
		return false;
	struct str rest = path;
	struct str component;
	while (str_cut(&rest, '/', &component)) {
		if (!component_is_clean(component))
			return false;
	}
	return true;
}

bool path_join(struct arena *a, struct str dir, struct str rel, struct str *out)
{
	if (str_has_prefix(rel, STR("/")) || !str_is_cstr(rel))
		return false;
	struct str both[] = {dir, rel};
	struct str rest = dir.n == 0 ? rel : arena_join(a, both, 2, STR("/"));
	struct str_list parts = {0};
	struct str component;
	while (str_cut(&rest, '/', &component)) {
		if (component.n == 0 || str_eq(component, STR(".")))
			continue;
		if (!str_eq(component, STR(".."))) {
			list_push(a, &parts) = component;
			continue;
		}
		if (parts.n == 0)
			return false;
		parts.n--;
	}
	*out = arena_join(a, parts.items, parts.n, STR("/"));
	return true;
}

struct str path_base(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? path : str_from_index(path, slash + 1);
}

struct str path_dir(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? STR("") : str_sub(path, 0, slash);
}
