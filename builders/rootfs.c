#include "builders/rootfs.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "builders/extract.h"
#include "builders/layer.h"
#include "builders/table.h"
#include "builders/values.h"

#define STOP_NS INT64_C(5000000000)
#define RESOLV_CONF_MAX 65536

/* All that a command gets: nothing of the build host's environment. */
static const char *const command_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"USER=root",
	"LOGNAME=root",
	"SHELL=/bin/sh",
	"LANG=C.UTF-8",
	"TERM=dumb",
};

/* ---- Communicator --------------------------------------------------------------------------- */

struct container_communicator {
	struct communicator c;
	struct machine *machine;
};

static struct machine *machine_of(struct communicator *c)
{
	return ((struct container_communicator *)(void *)c)->machine;
}

/* Commands start in the home of who logs in, and so do paths. */
static const char *from_home(struct arena *a, const char *path)
{
	return path[0] == '/' ? path : arena_printf(a, "/root/%s", path).p;
}

static int comm_upload(struct communicator *c, const char *path, struct str bytes, uint32_t mode,
	struct error *err)
{
	scoped(arena) a = {0};
	return container_write(
		&machine_of(c)->container, from_home(&a, path), bytes, mode ? mode : 0644, err);
}

static int comm_download(
	struct communicator *c, const char *path, struct buf *out, struct error *err)
{
	scoped(arena) a = {0};
	return container_read(&machine_of(c)->container, from_home(&a, path), out, err);
}

static int make_pipe(int ends[2], struct error *err)
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(err, "pipe");
	/* Only our end: the command's must block. */
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		return error_sys(err, "pipe");
	return 0;
}

static int comm_exec(struct communicator *c, struct str command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	struct machine *m = machine_of(c);
	scoped(arena) a = {0};
	if (!str_is_cstr(command))
		return error_set(err, ERROR_INPUT, "the command holds a NUL");
	const char *argv[] = {"/bin/sh", "-c", arena_cstr(&a, command), NULL};
	const char *envp[countof(command_environment) + 2] = {NULL};
	memcpy(envp, command_environment, sizeof(command_environment));
	envp[countof(command_environment)] =
		arena_printf(&a, "SOURCE_DATE_EPOCH=%" PRId64, m->options->epoch).p;
	int ends[2];
	if (make_pipe(ends, err) != 0)
		return -1;
	autoclose int out_read = ends[0], out_write = ends[1];
	if (make_pipe(ends, err) != 0)
		return -1;
	autoclose int err_read = ends[0], err_write = ends[1];
	struct container_command spec = {argv, envp, "/root", out_write, err_write};
	autoclose int go = -1, failed = -1;
	struct watch_run run = {.streams = {out_read, err_read}};
	if (container_spawn(&m->container, &spec, &run.pid, &go, &failed, err) != 0)
		return -1;
	run.go = go;
	run.failed = failed;
	close(steal_fd(&out_write));
	close(steal_fd(&err_write));
	return watch_child(m->watch, &run, out, deadline, result, err);
}

static const struct communicator_ops communicator_ops = {
	.name = "container",
	.traced = true,
	.upload = comm_upload,
	.download = comm_download,
	.exec = comm_exec,
};

/* ---- Making the machine --------------------------------------------------------------------- */

/* No character of it means anything to a shell. */
static bool is_plain_path(struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c != '\0' && strchr("/._-+,@%:", c));
		if (!plain)
			return false;
	}
	return true;
}

/* Templates hand the path of a script to a shell as it is. */
static int make_scripts(struct machine *m, struct error *err)
{
	m->scripts = m->dir;
	if (is_plain_path(m->dir))
		return 0;
	struct str path = arena_printf(&m->arena, "/tmp/" OUTPUT_PARTIAL "%s", m->id);
	if (journal_add(&m->journal, "output", path.p, err) != 0)
		return -1;
	if (mkdir(path.p, 0700) != 0)
		return error_sys(err, "%s", path.p);
	m->scripts = path;
	return 0;
}

static int make_directories(struct machine *m, struct error *err)
{
	const struct build_options *o = m->options;
	if (build_machine_id(m->id, err) != 0 ||
		journal_create(&m->journal, o->work_dir, m->id, err) != 0)
		return -1;
	m->dir = arena_printf(&m->arena, "%s/%s", o->work_dir, m->id);
	m->root = arena_printf(&m->arena, "%s/root", m->dir.p);
	if (journal_add(&m->journal, "directory", m->id, err) != 0)
		return -1;
	static const char *const subs[] = {"root", "upper", "work"};
	for (size_t i = 0; i < countof(subs); i++) {
		struct str path = arena_printf(&m->arena, "%s/%s", m->dir.p, subs[i]);
		if (dir_make(AT_FDCWD, path.p, err) != 0 || chmod(path.p, 0755) != 0)
			return error_wrap(err, "work directory");
	}
	if (chmod(m->dir.p, 0700) != 0)
		return error_sys(err, "%s", m->dir.p);
	return make_scripts(m, err);
}

static int set_option(int fs, const char *key, const char *value, struct error *err)
{
	unsigned command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
	if (fsconfig(fs, command, key, value, 0) != 0)
		return error_sys(err, "overlay: %s", key);
	return 0;
}

/* The new mount interface, because the old one cannot take every path. */
static int configure_overlay(struct machine *m, int fs, struct error *err)
{
	struct str upper = arena_printf(&m->arena, "%s/upper", m->dir.p);
	struct str work = arena_printf(&m->arena, "%s/work", m->dir.p);
	scoped(buf) lower = {0};
	for (size_t i = 0; i < m->base.dir.n; i++) {
		char c = m->base.dir.p[i];
		if (c == ':' || c == '\\')
			buf_add_byte(&lower, '\\');
		buf_add_byte(&lower, c);
	}
	if (set_option(fs, "lowerdir", lower.p, err) != 0 ||
		set_option(fs, "upperdir", upper.p, err) != 0 ||
		set_option(fs, "workdir", work.p, err) != 0)
		return -1;
	if (m->ids != USERNS_NONE && set_option(fs, "userxattr", NULL, err) != 0)
		return -1;
	/* Moved directories are copied, as an OCI layer must hold them. */
	if (m->ids == USERNS_NONE &&
		(set_option(fs, "redirect_dir", "off", err) != 0 ||
			set_option(fs, "metacopy", "off", err) != 0))
		return -1;
	struct error ignored = {0};
	(void)!set_option(fs, "volatile", NULL, &ignored);
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return error_sys(err, "overlay");
	return 0;
}

static int mount_overlay(struct machine *m, struct error *err)
{
	autoclose int fs = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0)
		return error_sys(err, "overlay");
	if (configure_overlay(m, fs, err) != 0)
		return -1;
	autoclose int mnt = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	if (mnt < 0)
		return error_sys(err, "overlay: mount");
	if (move_mount(mnt, "", AT_FDCWD, m->root.p, MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return error_sys(err, "overlay: %s", m->root.p);
	m->tree = ROOTFS_OVERLAY;
	return 0;
}

/* Where no overlay can be mounted: the base once more, through a tar. */
static int copy_tree(struct machine *m, struct error *err)
{
	struct str path = arena_printf(&m->arena, "%s/copy.tar", m->dir.p);
	autoclose int fd = open(path.p, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	autoclose int root = dir_open(AT_FDCWD, m->root.p, err);
	if (fd < 0)
		return error_sys(err, "%s", path.p);
	if (root < 0)
		return -1;
	unlink(path.p);
	scoped(tar) tar = {0};
	tar_init(&tar, fd);
	struct layer_options options = {.epoch = INT64_MAX};
	struct digest ignored;
	uint64_t size = 0;
	if (layer_write(&tar, m->base.dir_fd, -1, &options, err) != 0 ||
		tar_finish(&tar, &ignored, &size, err) != 0)
		return error_wrap(err, "copy the base");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "%s", path.p);
	if (extract_tar(root, fd, m->ids != USERNS_SINGLE, err) != 0)
		return error_wrap(err, "copy the base");
	if (mount(m->root.p, m->root.p, NULL, MS_BIND, NULL) != 0 ||
		mount(NULL, m->root.p, NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL) != 0)
		return error_sys(err, "mount %s", m->root.p);
	m->tree = ROOTFS_COPY;
	return 0;
}

/* An overlay's own root is that of its upper layer, which we made. */
static int copy_root_inode(struct machine *m, struct error *err)
{
	struct stat st;
	autoclose int root = dir_open(AT_FDCWD, m->root.p, err);
	if (root < 0)
		return -1;
	if (fstat(m->base.dir_fd, &st) != 0 || fchown(root, st.st_uid, st.st_gid) != 0 ||
		fchmod(root, st.st_mode & 07777) != 0)
		return error_sys(err, "root of the base");
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	return futimens(root, times) == 0 ? 0 : error_sys(err, "root of the base");
}

static int make_tree(struct machine *m, struct error *err)
{
	struct error no_overlay = {0};
	if (mount_overlay(m, &no_overlay) == 0)
		return copy_root_inode(m, err);
	log_say(m->options->log, LOG_WARNING, "%s: the base is copied instead", no_overlay.text);
	return copy_tree(m, err);
}

/* A machine's resolver is found by DHCP or the like; here it is the build host's. */
static struct str host_resolver(struct machine *m)
{
	scoped(buf) text = {0};
	struct error ignored = {0};
	/* A link on many machines, so that file_read would refuse it. */
	autoclose int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_read_fd(&text, fd, RESOLV_CONF_MAX, &ignored) != 0 || text.n == 0)
		return STR("");
	return arena_str(&m->arena, buf_str(&text));
}

static int lend_files(struct machine *m, struct error *err)
{
	autoclose int root = dir_open(AT_FDCWD, m->root.p, err);
	if (root < 0)
		return -1;
	m->policy = (struct lent){
		.path = "/usr/sbin/policy-rc.d",
		.text = STR("#!/bin/sh\nexit 101\n"),
		.mode = 0755,
	};
	m->resolver = (struct lent){
		.path = "/etc/resolv.conf",
		.text = host_resolver(m),
		.mode = 0644,
		.replace = true,
	};
	if (lent_put(&m->policy, root, &m->arena, err) != 0)
		return -1;
	if (m->settings.no_network || m->resolver.text.n == 0)
		return 0;
	return lent_put(&m->resolver, root, &m->arena, err);
}

static int enter_namespaces(struct machine *m, struct error *err)
{
	if (userns_enter(&m->ids, err) != 0)
		return -1;
	if (unshare(CLONE_NEWNS) != 0)
		return error_sys(
			err, "mount namespace: rootfs needs to be root, or user namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return error_sys(err, "mount namespace");
	if (m->ids == USERNS_SINGLE)
		log_say(m->options->log, LOG_WARNING,
			"No ids for this user in /etc/subuid and /etc/subgid, or no newuidmap: every "
			"file is owned by root, and programs that change to another user fail");
	return 0;
}

static int start_container(struct machine *m, struct error *err)
{
	struct container_spec spec = {
		.root = m->root.p,
		.hostname = arena_cstr(&m->arena, m->config.hostname),
		.no_network = m->settings.no_network,
	};
	if (container_start(&m->container, &spec, err) != 0)
		return -1;
	m->container_runs = true;
	return 0;
}

/* ---- Outputs -------------------------------------------------------------------------------- */

static int remove_outputs(struct machine *m, struct error *err)
{
	struct str_list names = {0};
	autoclose int dir = open(m->options->output_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rootfs_output_names(&names, m, &m->arena);
	for (size_t i = 0; dir >= 0 && i < names.n; i++) {
		if (dir_remove(dir, names.items[i].p, err) != 0)
			return error_wrap(err, "output");
	}
	return 0;
}

static int claim_outputs(struct machine *m, struct error *err)
{
	const char *output_dir = m->options->output_dir;
	struct str_list names = {0};
	rootfs_output_names(&names, m, &m->arena);
	if (dir_make(AT_FDCWD, output_dir, err) != 0)
		return error_wrap(err, "output");
	autoclose int dir = dir_open(AT_FDCWD, output_dir, err);
	for (size_t i = 0; dir >= 0 && i < names.n && !m->options->force; i++) {
		if (faccessat(dir, names.items[i].p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(err, ERROR_INPUT,
				"output: %s/%s exists already; -force replaces it", output_dir,
				names.items[i].p);
	}
	m->outputs_ours = true;
	return dir < 0 ? -1 : remove_outputs(m, err);
}

static int start_machine(struct machine *m, struct error *err)
{
	const struct build_options *o = m->options;
	struct diags diags = {0};
	struct base_source source = {0};
	if (rootfs_decode(&m->config, &m->settings, o->plan->config, o->plan->build, &diags,
		    &m->arena) != 0)
		return diags_check(&diags, err) != 0
			? -1
			: error_set(err, ERROR_BUG, "configuration refused without a reason");
	struct base_spec spec = {
		.base = m->config.base,
		.paths = o->plan->rehearsal ? NULL : &o->plan->paths,
		.checksum = m->config.base_checksum,
		.suite = m->config.suite,
		.mirrors = m->config.mirror,
		.components = arena_join(
			&m->arena, m->config.components.items, m->config.components.n, STR(",")),
		.variant = m->config.variant,
		.include = m->config.include,
	};
	if (claim_outputs(m, err) != 0 || make_directories(m, err) != 0 ||
		base_fetch(&source, &spec, o, &m->arena, err) != 0 || enter_namespaces(m, err) != 0)
		return -1;
	if (base_open(&m->base, &source, m->ids, o, &m->arena, err) != 0)
		return -1;
	if (make_tree(m, err) != 0 || lend_files(m, err) != 0)
		return -1;
	return start_container(m, err);
}

/* ---- The builder's operations --------------------------------------------------------------- */

static void machine_free(struct machine *m)
{
	container_clear(&m->container);
	base_clear(&m->base);
	journal_clear(&m->journal);
	arena_clear(&m->arena);
	free(m);
}

static int rootfs_stop(struct machine *m, bool keep_output, struct error *err);

static int rootfs_start(struct machine **out, const struct build_options *o, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	if (!m)
		error_out_of_memory();
	m->builder = builder_find(STR("rootfs"));
	m->options = o;
	m->base.dir_fd = -1;
	m->container = (struct container)CONTAINER_INIT;
	m->communicator.c.ops = &communicator_ops;
	m->communicator.machine = m;
	if (start_machine(m, err) != 0) {
		struct error ignored = {0};
		(void)!rootfs_stop(m, false, &ignored);
		return -1;
	}
	*out = m;
	return 0;
}

static struct communicator *rootfs_communicator(struct machine *m)
{
	return &m->communicator.c;
}

static struct journal *rootfs_journal(struct machine *m)
{
	return &m->journal;
}

static const char *rootfs_directory(struct machine *m)
{
	return m->scripts.p;
}

static void rootfs_watch(struct machine *m, struct watch *w)
{
	m->watch = w;
}

static const struct build_value values[] = {
	{"Host", STR_INIT("localhost")},
	{"User", STR_INIT("root")},
	{"ConnType", STR_INIT("container")},
	{0},
};

static bool rootfs_fill(struct machine *m, struct str name, struct str *value)
{
	if (!str_is(name, "ID"))
		return build_value_find(values, name, value);
	*value = str_from(m->id);
	return true;
}

static bool rootfs_fills(struct str name)
{
	struct str ignored;
	return str_is(name, "ID") || build_value_find(values, name, &ignored);
}

static struct json *rootfs_describe(struct machine *m, struct arena *a)
{
	static const char *const trees[] = {
		[ROOTFS_TREE_NONE] = "none",
		[ROOTFS_OVERLAY] = "overlay",
		[ROOTFS_COPY] = "copy",
	};
	char base[DIGEST_HEX_SIZE], diff_id[DIGEST_HEX_SIZE];
	digest_hex(base, &m->base.sha256);
	digest_hex(diff_id, &m->base.diff_id);
	struct json *j = json_object(a), *b = json_object(a), *environment = json_array(a);
	json_set(a, j, "type", json_cstr(a, "rootfs"));
	json_set(a, j, "id", json_cstr(a, m->id));
	json_set(a, b, "uri", json_bytes(a, m->base.uri));
	json_set(a, b, "sha256", json_cstr(a, base));
	json_set(a, b, "diff_id", json_string(a, arena_printf(a, "sha256:%s", diff_id)));
	json_set(a, b, "pinned", json_bool(a, m->base.pinned));
	json_set(a, j, "base", b);
	json_set(a, j, "hostname", json_string(a, m->config.hostname));
	json_set(a, j, "network", json_cstr(a, m->settings.no_network ? "none" : "host"));
	json_set(a, j, "tree", json_cstr(a, trees[m->tree]));
	json_set(a, j, "user_namespace", json_cstr(a, userns_kind_name(m->ids)));
	for (size_t i = 0; i < countof(command_environment); i++)
		json_append(a, environment, json_cstr(a, command_environment[i]));
	json_set(a, j, "environment", environment);
	struct utsname kernel;
	if (uname(&kernel) == 0) {
		json_set(a, j, "kernel", json_cstr(a, kernel.release));
		json_set(a, j, "architecture", json_cstr(a, kernel.machine));
	}
	return j;
}

/* Asks everything inside to end, so that it can write what it holds, and waits a little. */
static void ask_to_end(struct machine *m)
{
	const struct clock *clock = m->options->clock;
	int64_t deadline = clock_steady(clock) + STOP_NS;
	struct error ignored = {0};
	scoped(buf) names = {0};
	if (container_processes(&m->container, &names, &ignored) != 0 || names.n == 0)
		return;
	log_say(m->options->log, LOG_INFO, "Ending what still runs in the machine");
	container_terminate(&m->container);
	while (names.n > 0 && clock_steady(clock) < deadline) {
		if (watch_sleep(m->watch, clock_steady(clock) + STOP_NS / 100, &ignored) != 0)
			return;
		buf_reset(&names);
		if (container_processes(&m->container, &names, &ignored) != 0)
			return;
	}
}

static int end_container(struct machine *m, struct error *err)
{
	if (!m->container_runs)
		return 0;
	m->container_runs = false;
	if (!m->watch) {
		container_kill(&m->container);
		container_wait(&m->container);
		return 0;
	}
	ask_to_end(m);
	bool ended = false;
	int r = watch_add(m->watch, m->container.init, err);
	container_kill(&m->container);
	return r != 0 ? -1 : watch_wait(m->watch, m->container.init, 0, &ended, err);
}

static int take_files(struct machine *m, struct error *err)
{
	autoclose int root = dir_open(AT_FDCWD, m->root.p, err);
	if (root < 0 || lent_take(&m->policy, root, err) != 0)
		return -1;
	return lent_take(&m->resolver, root, err);
}

static int capture(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	if (end_container(m, err) != 0 || take_files(m, err) != 0)
		return error_wrap(err, "capture");
	return rootfs_capture(m, out, a, err);
}

static int rootfs_stop(struct machine *m, bool keep_output, struct error *err)
{
	int r = end_container(m, err);
	if (m->tree != ROOTFS_TREE_NONE && umount2(m->root.p, MNT_DETACH) != 0)
		r = error_sys(err, "unmount %s", m->root.p);
	if (!keep_output && m->outputs_ours && remove_outputs(m, err) != 0)
		r = -1;
	/* The directory too, unless something else has been put there. */
	if (!keep_output && m->outputs_ours)
		(void)rmdir(m->options->output_dir);
	if (m->dir.n > 0 && dir_remove(AT_FDCWD, m->dir.p, err) != 0)
		r = error_wrap(err, "work directory");
	if (m->scripts.n > 0 && dir_remove(AT_FDCWD, m->scripts.p, err) != 0)
		r = error_wrap(err, "scripts");
	if (r == 0)
		r = journal_remove(&m->journal, err);
	machine_free(m);
	return r;
}

static void rootfs_leave(struct machine *m)
{
	struct error ignored = {0};
	(void)!end_container(m, &ignored);
	log_say(m->options->log, LOG_WARNING,
		"What the build wrote is left in %s; \"cleanup\" removes it", m->dir.p);
	machine_free(m);
}

/* Defaults are as good as a name here: only the messages count. */
static int rootfs_check(const struct conf *config, struct diags *d, struct arena *a)
{
	struct rootfs_config ignored = {0};
	struct rootfs_settings settings = {0};
	return rootfs_decode(&ignored, &settings, config, STR("image"), d, a);
}

const struct builder builder_rootfs = {
	.type = "rootfs",
	.summary = "a container of this machine; images as OCI layout, tar or ext4 disk",
	.flags = BUILDER_LOCAL | BUILDER_REHEARSE,
	.check = rootfs_check,
	.start = rootfs_start,
	.watch = rootfs_watch,
	.communicator = rootfs_communicator,
	.directory = rootfs_directory,
	.journal = rootfs_journal,
	.fill = rootfs_fill,
	.fills = rootfs_fills,
	.describe = rootfs_describe,
	.capture = capture,
	.stop = rootfs_stop,
	.leave = rootfs_leave,
};
