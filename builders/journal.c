#include "builders/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/file.h"
#include "builders/builders.h"
#include "builders/docker/remove.h"
#include "builders/userns.h"

#define JOURNAL_BYTES ((size_t)1 << 20)
#define JOURNALS_MAX 100000
#define STATE_FIELD 3
#define START_TIME_FIELD 22 /* of proc_pid_stat(5) */

/* When a process started, in ticks since boot: with the pid, it names one process. 0: gone. */
static uint64_t process_start_time(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	scoped(buf) text = {0};
	struct error ignored = {0};
	if (file_read(&text, AT_FDCWD, path, 65536, &ignored) != 0)
		return 0;
	/* The second field is a name in parentheses, which may hold anything. */
	size_t end = str_rfind_byte(buf_str(&text), ')');
	if (end == STR_NPOS)
		return 0;
	struct str rest = str_trim(str_from_index(buf_str(&text), end + 1)), field;
	uint64_t value = 0;
	for (int i = 3; str_cut(&rest, ' ', &field); i++) {
		/* It died, and nobody has asked for it yet. */
		if (i == STATE_FIELD && (str_is(field, "Z") || str_is(field, "X")))
			return 0;
		if (i == START_TIME_FIELD)
			return str_to_u64(field, &value) ? value : 0;
	}
	return 0;
}

static struct str boot_id(struct arena *a)
{
	scoped(buf) text = {0};
	struct error ignored = {0};
	if (file_read(&text, AT_FDCWD, "/proc/sys/kernel/random/boot_id", 4096, &ignored) != 0)
		return STR("");
	return arena_str(a, str_trim(buf_str(&text)));
}

static int write_line(struct journal *j, const struct json *line, struct error *err)
{
	scoped(buf) text = {0};
	json_write_canonical(&text, line);
	buf_add_byte(&text, '\n');
	if (file_write_fd(j->fd, buf_str(&text), err) != 0)
		return error_wrap(err, "journal");
	return fdatasync(j->fd) == 0 ? 0 : error_sys(err, "journal");
}

int journal_create(struct journal *j, const char *work_dir, const char *id, struct error *err)
{
	scoped(arena) a = {0};
	*j = (struct journal){.fd = -1, .dir_fd = -1, .open = true};
	if (dir_make(AT_FDCWD, work_dir, err) != 0)
		return error_wrap(err, "work directory");
	j->dir_fd = dir_open(AT_FDCWD, work_dir, err);
	if (j->dir_fd < 0)
		return error_wrap(err, "work directory");
	snprintf(j->name, sizeof(j->name), "%s.journal", id);
	j->fd = openat(j->dir_fd, j->name,
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return error_sys(err, "journal: %s/%s", work_dir, j->name);
	if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
		return error_sys(err, "journal: lock");
	struct json *line = json_object(&a);
	json_set(&a, line, "type", json_cstr(&a, "build"));
	json_set(&a, line, "pid", json_i64(&a, getpid()));
	json_set(&a, line, "start_ticks", json_i64(&a, (int64_t)process_start_time(getpid())));
	json_set(&a, line, "boot_id", json_string(&a, boot_id(&a)));
	return write_line(j, line, err);
}

int journal_add(struct journal *j, const char *type, const char *path, struct error *err)
{
	scoped(arena) a = {0};
	struct json *line = json_object(&a);
	json_set(&a, line, "type", json_cstr(&a, type));
	json_set(&a, line, "path", json_bytes(&a, str_from(path)));
	return write_line(j, line, err);
}

int journal_remove(struct journal *j, struct error *err)
{
	if (!j->open)
		return 0;
	if (unlinkat(j->dir_fd, j->name, 0) != 0)
		return error_sys(err, "journal: %s", j->name);
	return 0;
}

void journal_clear(struct journal *j)
{
	if (!j->open)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	*j = (struct journal){0};
}

/* ---- Cleaning up ---------------------------------------------------------------------------- */

static bool build_lives(const struct json *line, struct arena *a)
{
	struct error ignored = {0};
	int64_t pid = 0, start = 0;
	struct str boot = json_str_or(line, "boot_id", STR(""));
	if (json_get_i64(line, "pid", &pid, "journal", &ignored) != 0 ||
		json_get_i64(line, "start_ticks", &start, "journal", &ignored) != 0)
		return false;
	if (pid <= 0 || pid > INT32_MAX || start <= 0 || !str_eq(boot, boot_id(a)))
		return false;
	return process_start_time((pid_t)pid) == (uint64_t)start;
}

/* Only what a build makes itself, whatever the line says. */
static int remove_output(const struct json *line, struct arena *a, struct error *err)
{
	struct str path = {0};
	const struct json *member = json_find(line, "path");
	if (!member || json_to_bytes(member, a, &path, err) != 0 ||
		!str_has_prefix(path, STR("/")) || !path_is_clean(str_from_index(path, 1)) ||
		!str_has_prefix(path_base(path), STR(OUTPUT_PARTIAL)))
		return error_set(err, ERROR_INPUT, "journal: a path that no build wrote");
	return dir_remove(AT_FDCWD, arena_cstr(a, path), err);
}

/* Only what lies below the work directory. */
static int remove_listed(int dir, const struct json *line, struct arena *a, struct error *err)
{
	struct str path = {0};
	const struct json *member = json_find(line, "path");
	if (!member || json_to_bytes(member, a, &path, err) != 0 || !path_is_clean(path) ||
		str_find_byte(path, '/') != STR_NPOS)
		return error_set(err, ERROR_INPUT, "journal: a path that no build wrote");
	return dir_remove(dir, arena_cstr(a, path), err);
}

static int remove_lines(int dir, struct str text, struct arena *a, bool *alive, struct error *err)
{
	struct str line;
	while (text.p && str_cut(&text, '\n', &line)) {
		struct json *j = NULL;
		/* The last line of a build that died may be cut: its effect was not begun. */
		struct error cut = {0};
		if (line.n == 0 || json_parse(&j, a, line, STR("journal"), NULL, &cut) != 0)
			continue;
		struct str type = json_str_or(j, "type", STR(""));
		if (str_is(type, "build") && build_lives(j, a)) {
			*alive = true;
			return 0;
		}
		if (str_is(type, "directory") && remove_listed(dir, j, a, err) != 0)
			return -1;
		if (str_is(type, "output") && remove_output(j, a, err) != 0)
			return -1;
		if (str_is(type, "container") &&
			container_cleanup(json_str_or(j, "path", STR("")), err) != 0)
			return -1;
	}
	return 0;
}

static int clean_one(int dir, const char *name, bool *removed, struct error *err)
{
	scoped(arena) a = {0};
	autoclose int fd = file_open_beneath(dir, name, O_RDONLY, 0, err);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? 0 : error_sys(err, "%s", name);
	scoped(buf) text = {0};
	if (file_read_fd(&text, fd, JOURNAL_BYTES, err) != 0)
		return error_wrap(err, "%s", name);
	bool alive = false;
	if (remove_lines(dir, buf_str(&text), &a, &alive, err) != 0)
		return error_wrap(err, "%s", name);
	if (alive)
		return 0;
	if (unlinkat(dir, name, 0) != 0)
		return error_sys(err, "%s", name);
	*removed = true;
	return 0;
}

static int clean_dir(int dir, const struct log *log, size_t *removed, struct error *err)
{
	scoped(arena) a = {0};
	struct str_list names = {0};
	if (dir_list(&names, &a, dir, ".", JOURNALS_MAX, err) != 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct str name = names.items[i];
		if (!str_has_suffix(name, STR(".journal")))
			continue;
		bool gone = false;
		if (clean_one(dir, name.p, &gone, err) != 0)
			return -1;
		if (gone) {
			log_say(log, LOG_INFO, "Removed what %.*s left behind",
				STR_ARG(str_sub(name, 0, name.n - strlen(".journal"))));
			(*removed)++;
		}
	}
	return 0;
}

/* What the child that cleans up in a user namespace reports. */
struct cleaned {
	size_t removed;
	struct error err;
};

static NORETURN void clean_in_namespace(const char *work_dir, const struct log *log, int report)
{
	struct cleaned result = {0};
	enum userns_kind kind = USERNS_NONE;
	int r = userns_enter(&kind, &result.err);
	int dir = r == 0 ? dir_open(AT_FDCWD, work_dir, &result.err) : -1;
	if (dir >= 0)
		(void)!clean_dir(dir, log, &result.removed, &result.err);
	_exit(write(report, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

/* Files of other ids can be removed only from where these ids are mapped. */
static int clean_as_user(
	const char *work_dir, const struct log *log, size_t *removed, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(err, "cleanup: pipe");
	autoclose int in = ends[0], out = ends[1];
	pid_t child = fork();
	if (child == 0)
		clean_in_namespace(work_dir, log, out);
	close(steal_fd(&out));
	struct cleaned result = {0};
	ssize_t n = child < 0 ? -1 : read(in, &result, sizeof(result));
	if (child > 0)
		waitpid(child, NULL, 0);
	if (n != (ssize_t)sizeof(result))
		return error_set(err, ERROR_SYSTEM, "cleanup: its process died");
	*removed += result.removed;
	if (result.err.code == ERROR_NONE)
		return 0;
	*err = result.err;
	return error_wrap(err, "cleanup");
}

int builders_cleanup(
	const char *work_dir, const struct log *log, size_t *removed, struct error *err)
{
	*removed = 0;
	if (access(work_dir, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (geteuid() != 0)
		return clean_as_user(work_dir, log, removed, err);
	autoclose int dir = dir_open(AT_FDCWD, work_dir, err);
	if (dir < 0 || clean_dir(dir, log, removed, err) != 0)
		return error_wrap(err, "cleanup");
	return 0;
}
