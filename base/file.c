#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>

int file_open(int dirfd, const char *path, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP)
		return error_set(err, ERROR_INPUT, "%s: is a symbolic link", path);
	if (fd < 0)
		return error_sys(err, "%s", path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INPUT, "%s: is not a regular file", path);
	return steal_fd(&fd);
}

int file_open_beneath(int dirfd, const char *path, int flags, mode_t mode, struct error *err)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd < 0)
		return error_sys(err, "%s", path);
	return (int)fd;
}

int file_open_within(int dirfd, const char *path, int flags, struct error *err)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return error_set(err, ERROR_INPUT, "%s: a link on the way leaves the tree", path);
	if (fd < 0)
		return error_sys(err, "%s", path);
	return (int)fd;
}

int file_read_fd(struct buf *out, int fd, size_t max, struct error *err)
{
	size_t before = out->n;
	for (;;) {
		char chunk[16 << 10];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			return 0;
		if (out->n - before + (size_t)n > max)
			return error_set(err, ERROR_INPUT, "larger than %zu bytes", max);
		buf_add(out, (struct str){chunk, (size_t)n});
		if (buf_check(out, err) < 0)
			return -1;
	}
}

int file_read(struct buf *out, int dirfd, const char *path, size_t max, struct error *err)
{
	autoclose int fd = file_open(dirfd, path, err);
	if (fd < 0)
		return -1;
	if (file_read_fd(out, fd, max, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

int file_write_fd(int fd, struct str bytes, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "write");
		bytes = str_from_index(bytes, (size_t)n);
	}
	return 0;
}

/* 64 bits of the kernel's randomness as 16 letters. */
static int random_name(char out[17], struct error *err)
{
	uint8_t bytes[16];
	if (getentropy(bytes, sizeof(bytes)) < 0)
		return error_sys(err, "getentropy");
	for (size_t i = 0; i < 16; i++)
		out[i] = (char)('a' + bytes[i] % 26);
	out[16] = '\0';
	return 0;
}

static int open_parent(int dirfd, const char *path, struct error *err)
{
	struct str dir = path_dir(str_from(path));
	bool absolute = path[0] == '/';
	char name[PATH_MAX];
	if (dir.n >= sizeof(name))
		return error_set(err, ERROR_INPUT, "%s: path too long", path);
	snprintf(name, sizeof(name), "%.*s", STR_ARG(dir));
	if (dir.n == 0)
		return dir_open(dirfd, absolute ? "/" : ".", err);
	return dir_open(dirfd, name, err);
}

static int write_synced(int dir, const char *name, struct str bytes, mode_t mode, struct error *err)
{
	autoclose int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return error_sys(err, "create");
	if (file_write_fd(fd, bytes, err) < 0)
		return -1;
	if (fsync(fd) < 0)
		return error_sys(err, "fsync");
	return 0;
}

static int put(int dirfd, const char *path, struct str bytes, mode_t mode, bool exclusive,
	struct error *err)
{
	autoclose int dir = open_parent(dirfd, path, err);
	if (dir < 0)
		return -1;
	const char *base = path_base(str_from(path)).p;
	char name[32] = ".tmp-";
	if (random_name(name + 5, err) < 0)
		return -1;
	if (write_synced(dir, name, bytes, mode, err) < 0)
		goto fail;
	int status = exclusive ? linkat(dir, name, dir, base, 0) : renameat(dir, name, dir, base);
	if (status < 0 && errno == EEXIST)
		error_set(err, ERROR_INPUT, "exists already");
	else if (status < 0)
		error_sys(err, "rename");
	if (status < 0)
		goto fail;
	if (exclusive)
		(void)unlinkat(dir, name, 0);
	if (fsync(dir) < 0)
		return error_sys(err, "%s: fsync of the directory", path);
	return 0;
fail:
	(void)unlinkat(dir, name, 0);
	return error_wrap(err, "%s", path);
}

int file_replace(int dirfd, const char *path, struct str bytes, mode_t mode, struct error *err)
{
	return put(dirfd, path, bytes, mode, false, err);
}

int file_create(int dirfd, const char *path, struct str bytes, mode_t mode, struct error *err)
{
	return put(dirfd, path, bytes, mode, true, err);
}
