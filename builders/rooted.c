#include "builders/rooted.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/arena.h"

#define RETRIES 16

int rooted_open(int root, const char *path, int flags, mode_t mode)
{
	bool plain = (flags & O_PATH) == 0;
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	if (plain)
		how.flags |= O_NOCTTY | O_NONBLOCK;
	for (int tries = 0;; tries++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		/* The kernel gives up when something is renamed on the way. */
		if (fd >= 0 || errno != EAGAIN || tries == RETRIES)
			return (int)fd;
	}
}

/* We may do there what nothing inside may do. */
static bool is_of_the_kernel(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) != 0 || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
		fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC;
}

int rooted_open_file(int root, const char *path, int flags, struct error *err)
{
	autoclose int fd = rooted_open(root, path, flags, 0600);
	if (fd < 0)
		return error_sys(err, "%s", path);
	struct stat st;
	if (fstat(fd, &st) != 0)
		return error_sys(err, "%s", path);
	if (S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INPUT, "%s: a directory, not a file", path);
	if (!S_ISREG(st.st_mode) || is_of_the_kernel(fd))
		return error_set(err, ERROR_INPUT, "%s: not a regular file", path);
	return steal_fd(&fd);
}

int rooted_open_parent(int root, const char *path, const char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	scoped(arena) a = {0};
	const char *parent =
		slash ? arena_cstr(&a, (struct str){path, (size_t)(slash - path)}) : ".";
	int fd = rooted_open(root, *parent ? parent : "/", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return error_sys(err, "%s", path);
	return fd;
}
