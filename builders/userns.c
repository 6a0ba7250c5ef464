#include "builders/userns.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/process.h"

#define SUBID_MAX_BYTES ((size_t)1 << 20)

/* A run of ids that the administrator gave to a user. */
struct id_range {
	uint64_t start;
	uint64_t count;
};

static const char *const kind_names[] = {
	[USERNS_NONE] = "none",
	[USERNS_RANGE] = "range",
	[USERNS_SINGLE] = "single",
};

const char *userns_kind_name(enum userns_kind kind)
{
	return kind_names[kind];
}

/* One line of subuid(5): "name-or-id:start:count". */
static bool subid_line(struct str line, struct str name, struct str id, struct id_range *out)
{
	struct str owner, start;
	if (!str_cut(&line, ':', &owner) || !str_cut(&line, ':', &start))
		return false;
	if (!str_eq(owner, name) && !str_eq(owner, id))
		return false;
	struct id_range range = {0};
	if (!str_to_u64(start, &range.start) || !str_to_u64(line, &range.count))
		return false;
	if (range.count == 0 || range.start + range.count > UINT32_MAX)
		return false;
	*out = range;
	return true;
}

/* The first range of the user in /etc/subuid or /etc/subgid; count 0 when there is none. */
static struct id_range subid_find(const char *path, uid_t uid)
{
	struct id_range range = {0};
	char text[32], names[4096];
	snprintf(text, sizeof(text), "%" PRIuMAX, (uintmax_t)uid);
	struct passwd entry, *found = NULL;
	if (getpwuid_r(uid, &entry, names, sizeof(names), &found) != 0)
		found = NULL;
	struct str name = found ? str_from(found->pw_name) : str_from(text);
	scoped(buf) file = {0};
	struct error ignored = {0};
	if (file_read(&file, AT_FDCWD, path, SUBID_MAX_BYTES, &ignored) != 0)
		return range;
	struct str rest = buf_str(&file), line;
	while (rest.p && str_cut(&rest, '\n', &line)) {
		if (subid_line(str_trim(line), name, str_from(text), &range))
			break;
	}
	return range;
}

static int map_tool(const char *tool, pid_t pid, uintmax_t own, const struct id_range *range)
{
	char pid_text[32], own_text[32], start[32], count[32];
	snprintf(pid_text, sizeof(pid_text), "%jd", (intmax_t)pid);
	snprintf(own_text, sizeof(own_text), "%ju", own);
	snprintf(start, sizeof(start), "%" PRIu64, range->start);
	snprintf(count, sizeof(count), "%" PRIu64, range->count);
	const char *argv[] = {tool, pid_text, "0", own_text, "1", "1", start, count, NULL};
	const char *envp[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	spec.argv = argv;
	spec.envp = envp;
	spec.stderr_fd = STDERR_FILENO;
	int status = 0;
	struct error err = {0};
	if (process_run(&status, NULL, NULL, &spec, NULL, &err) != 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Runs outside of the new namespace, because only there newuidmap may give ids. */
static NORETURN void mapper(int go, pid_t target, uid_t uid, gid_t gid)
{
	struct id_range uids = subid_find("/etc/subuid", uid);
	struct id_range gids = subid_find("/etc/subgid", uid);
	char byte = 0;
	if (read(go, &byte, 1) != 1)
		_exit(2);
	if (uids.count == 0 || gids.count == 0)
		_exit(1);
	if (map_tool("newuidmap", target, uid, &uids) != 0)
		_exit(1);
	_exit(map_tool("newgidmap", target, gid, &gids) == 0 ? 0 : 1);
}

static int write_proc(const char *path, const char *text, struct error *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "user namespace: %s", path);
	if (write(fd, text, strlen(text)) < 0)
		return error_sys(err, "user namespace: %s", path);
	return 0;
}

static int map_single(uid_t uid, gid_t gid, struct error *err)
{
	char uids[64], gids[64];
	snprintf(uids, sizeof(uids), "0 %ju 1\n", (uintmax_t)uid);
	snprintf(gids, sizeof(gids), "0 %ju 1\n", (uintmax_t)gid);
	if (write_proc("/proc/self/setgroups", "deny", err) != 0)
		return -1;
	if (write_proc("/proc/self/gid_map", gids, err) != 0)
		return -1;
	return write_proc("/proc/self/uid_map", uids, err);
}

static bool map_was_written(const char *path)
{
	scoped(buf) text = {0};
	struct error ignored = {0};
	return file_read(&text, AT_FDCWD, path, 65536, &ignored) == 0 && text.n > 0;
}

static int map_ids(enum userns_kind *out, bool range, uid_t uid, gid_t gid, struct error *err)
{
	if (range) {
		*out = USERNS_RANGE;
		if (setgroups(0, NULL) != 0)
			return error_sys(err, "user namespace: setgroups");
		return 0;
	}
	if (map_was_written("/proc/self/uid_map") || map_was_written("/proc/self/gid_map"))
		return error_set(err, ERROR_SYSTEM,
			"user namespace: newgidmap did not map the "
			"groups of /etc/subgid");
	*out = USERNS_SINGLE;
	return map_single(uid, gid, err);
}

int userns_enter(enum userns_kind *out, struct error *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (uid == 0) {
		*out = USERNS_NONE;
		return 0;
	}
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_sys(err, "user namespace: pipe");
	pid_t self = getpid();
	pid_t child = fork();
	if (child == 0) {
		close(fds[1]);
		mapper(fds[0], self, uid, gid);
	}
	close(fds[0]);
	autoclose int go = fds[1];
	if (child < 0)
		return error_sys(err, "user namespace: fork");
	int unshared = unshare(CLONE_NEWUSER);
	int saved = errno;
	if (unshared == 0 && write(go, "g", 1) != 1)
		unshared = -1;
	close(steal_fd(&go));
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	errno = saved;
	if (unshared != 0)
		return error_sys(err,
			"user namespace: builds that do not run as root need "
			"user namespaces, which this machine refuses");
	return map_ids(out, WIFEXITED(status) && WEXITSTATUS(status) == 0, uid, gid, err);
}
