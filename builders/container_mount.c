#include "builders/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"

#define QUIET_MOUNT (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const char *const device_nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
	const char *name;
	const char *target;
} device_links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"ptmx", "pts/ptmx"},
};

/* Of the machine, not of the container: a build may not turn these. */
static const char *const read_only_paths[] = {
	"/proc/sys",
	"/proc/sysrq-trigger",
	"/proc/irq",
	"/proc/bus",
	"/proc/fs",
};
static const char *const hidden_files[] = {
	"/proc/kcore",
	"/proc/keys",
	"/proc/timer_list",
	"/proc/sched_debug",
	"/proc/latency_stats",
};

/* Mount targets are named by descriptor, so that no link of the image leads out of it. */
struct target {
	char path[64];
	int fd;
};

static void target_clear(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void target_set(struct target *t, int fd)
{
	t->fd = fd;
	snprintf(t->path, sizeof(t->path), "/proc/self/fd/%d", fd);
}

/* A directory of the root itself, made when it is missing. */
static int target_dir(struct target *t, int root, const char *name, mode_t mode, struct error *err)
{
	if (mkdirat(root, name, mode) != 0 && errno != EEXIST)
		return error_sys(err, "/%s", name);
	int fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "/%s must be a directory of the image", name);
	target_set(t, fd);
	return 0;
}

/* Mounts on a directory of the root and returns a descriptor of what is visible there now. */
static int mount_dir(int root, const char *name, const char *type, unsigned long flags,
	const char *options, struct error *err)
{
	scoped(target) t = {.fd = -1};
	if (target_dir(&t, root, name, 0755, err) != 0)
		return -1;
	if (mount(type, t.path, type, flags, options) != 0)
		return error_sys(err, "mount %s on /%s", type, name);
	int fd = openat(root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "/%s", name);
	return fd;
}

static int mount_proc(int root, struct error *err)
{
	autoclose int fd = mount_dir(root, "proc", "proc", QUIET_MOUNT, NULL, err);
	if (fd >= 0)
		return 0;
	if (err->errnum == EPERM) {
		return error_set(err, ERROR_SYSTEM,
			"mount proc: not permitted: parts of /proc of this machine are hidden, as in "
			"most containers; run the build as root of a machine, or unmask /proc");
	}
	return -1;
}

/* sysfs belongs to the net namespace; who does not own that one shows the machine's, read-only. */
static int mount_sys(int root, struct error *err)
{
	scoped(target) t = {.fd = -1};
	if (target_dir(&t, root, "sys", 0755, err) != 0)
		return -1;
	if (mount("sysfs", t.path, "sysfs", QUIET_MOUNT | MS_RDONLY, NULL) == 0)
		return 0;
	if (mount("/sys", t.path, NULL, MS_BIND | MS_REC, NULL) != 0)
		return error_sys(err, "mount /sys");
	autoclose int fd = openat(root, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	if (fd < 0 ||
		mount_setattr(
			fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) != 0)
		return error_sys(err, "mount /sys read-only");
	return 0;
}

static int bind_device(int dev, const char *name, struct error *err)
{
	char source[64];
	snprintf(source, sizeof(source), "/dev/%s", name);
	autoclose int file = openat(dev, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (file < 0)
		return error_sys(err, "%s", source);
	scoped(target) t = {.fd = -1};
	target_set(&t, steal_fd(&file));
	if (mount(source, t.path, NULL, MS_BIND, NULL) != 0)
		return error_sys(err, "bind %s", source);
	return 0;
}

static int mount_pts(int dev, struct error *err)
{
	const char *options = "newinstance,ptmxmode=0666,mode=0620,gid=5";
	autoclose int fd = mount_dir(dev, "pts", "devpts", MS_NOSUID | MS_NOEXEC, options, err);
	if (fd >= 0)
		return 0;
	/* Without a range of ids there is no group 5. */
	error_clear(err);
	autoclose int again = mount_dir(
		dev, "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666", err);
	return again >= 0 ? 0 : -1;
}

static int mount_dev(int root, struct error *err)
{
	autoclose int dev = mount_dir(root, "dev", "tmpfs", MS_NOSUID | MS_NOEXEC,
		"mode=0755,size=1m,nr_inodes=4096", err);
	if (dev < 0)
		return -1;
	for (size_t i = 0; i < countof(device_nodes); i++) {
		if (bind_device(dev, device_nodes[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < countof(device_links); i++) {
		if (symlinkat(device_links[i].target, dev, device_links[i].name) != 0)
			return error_sys(err, "/dev/%s", device_links[i].name);
	}
	if (mount_pts(dev, err) != 0)
		return -1;
	autoclose int shm = mount_dir(dev, "shm", "tmpfs", QUIET_MOUNT, "mode=1777", err);
	return shm >= 0 ? 0 : -1;
}

/* As on a booted machine: empty, with the one directory that Debian's own initialisation makes. */
static int mount_run(int root, struct error *err)
{
	autoclose int run = mount_dir(root, "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", err);
	if (run < 0)
		return -1;
	if (mkdirat(run, "lock", 0755) != 0 || fchmodat(run, "lock", 01777, 0) != 0)
		return error_sys(err, "/run/lock");
	return 0;
}

static int enter_root(int root, struct error *err)
{
	if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		return error_sys(err, "pivot_root");
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return error_sys(err, "leave the old root");
	return 0;
}

static int protect_paths(struct error *err)
{
	for (size_t i = 0; i < countof(read_only_paths); i++) {
		const char *path = read_only_paths[i];
		if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
			if (errno == ENOENT)
				continue;
			return error_sys(err, "%s", path);
		}
		unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | QUIET_MOUNT;
		if (mount(NULL, path, NULL, flags, NULL) != 0)
			return error_sys(err, "%s", path);
	}
	for (size_t i = 0; i < countof(hidden_files); i++) {
		if (mount("/dev/null", hidden_files[i], NULL, MS_BIND, NULL) != 0 &&
			errno != ENOENT)
			return error_sys(err, "%s", hidden_files[i]);
	}
	return 0;
}

int container_mount_all(const struct container_spec *spec, struct error *err)
{
	umask(0);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return error_sys(err, "make mounts private");
	autoclose int root = open(spec->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_sys(err, "%s", spec->root);
	if (mount_proc(root, err) != 0 || mount_sys(root, err) != 0 || mount_dev(root, err) != 0 ||
		mount_run(root, err) != 0)
		return -1;
	if (enter_root(root, err) != 0)
		return -1;
	return protect_paths(err);
}
