/* Files that post-processors read and write. */
#include "builders/post/post.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "builders/journal.h"

#define LOCK_POLL_NS INT64_C(50000000)
#define LOCK_STALE_NS INT64_C(2000000000)
#define LOCK_HELD_NS INT64_C(60000000000)

bool post_cancelled(const struct run *r)
{
	struct pollfd one = {r->o->cancel_fd, POLLIN, 0};
	return r->o->cancel_fd >= 0 && poll(&one, 1, 0) > 0;
}

static struct str behind(struct str path, struct str dir)
{
	bool below = path.n > dir.n + 1 && str_has_prefix(path, dir) && path.p[dir.n] == '/';
	return below ? str_from_index(path, dir.n + 1) : STR("");
}

struct str post_inside(const struct run *r, struct arena *a, struct str path)
{
	struct str dir = str_from(r->o->output_dir), clean = {0};
	struct str name = behind(path, dir);
	if (name.n == 0 && path_join(a, STR(""), dir, &clean))
		name = behind(path, clean);
	return name;
}

struct str post_name(const struct post_file *f)
{
	return f->name.n > 0 ? f->name : f->path;
}

int post_open(const struct post_file *f, struct error *err)
{
	return file_open(AT_FDCWD, f->path.p, err);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static int refuse_inputs(const struct post_artifact *in, struct str path, struct error *err)
{
	for (size_t i = 0; in && i < in->files.n; i++) {
		if (str_eq(in->files.items[i].path, path))
			return error_set(err, ERROR_INPUT,
				"\"%.*s\" would overwrite a file that it is made from",
				STR_ARG(path));
	}
	return 0;
}

/* What a build that dies leaves under this name, `cleanup` removes. */
static int announce(struct post *p, struct str temporary, struct error *err)
{
	struct run *r = p->run;
	if (!r->builder->journal)
		return 0;
	autofree char *dir = realpath(arena_cstr(p->arena, path_dir(temporary)), NULL);
	if (!dir)
		return error_sys(err, "%.*s", STR_ARG(temporary));
	struct str full = arena_printf(p->arena, "%s/%.*s", dir, STR_ARG(path_base(temporary)));
	return journal_add(r->builder->journal(r->machine), "output", full.p, err);
}

int post_output_open(struct post_output *out, struct post *p, struct str path,
	const struct post_artifact *in, struct error *err)
{
	struct stat st;
	struct str dir = path_dir(path);
	*out = (struct post_output){.path = path, .fd = -1};
	if (refuse_inputs(in, path, err) != 0)
		return -1;
	out->replaces = lstat(path.p, &st) == 0;
	if (out->replaces && S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INPUT, "%s: is a directory", path.p);
	if (dir.n == 0)
		dir = STR(".");
	else if (dir_make(AT_FDCWD, arena_cstr(p->arena, dir), err) != 0)
		return -1;
	struct str temporary = arena_printf(p->arena, "%.*s/" OUTPUT_PARTIAL "%s-%u-%u",
		STR_ARG(dir), p->run->run_id, p->sequence, p->position);
	if (announce(p, temporary, err) != 0)
		return -1;
	out->fd = open(temporary.p, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (out->fd < 0)
		return error_sys(err, "%s", temporary.p);
	out->temporary = temporary;
	return 0;
}

struct str post_made_path(struct post *p, const struct artifact_file *f)
{
	if (f->outside)
		return f->path;
	return arena_printf(p->arena, "%s/%.*s", p->run->o->output_dir, STR_ARG(f->path));
}

static void add_file(
	struct post *p, struct post_artifact *to, const struct artifact_file *made, bool owned)
{
	list_push(p->arena, &p->made) = *made;
	if (!to)
		return;
	list_push(p->arena, &to->files) = (struct post_file){
		.path = post_made_path(p, made),
		.name = made->outside ? STR("") : made->path,
		.owned = owned,
	};
}

static int describe(struct artifact_file *out, struct post *p, struct str path, int fd,
	const char *media_type, struct error *err)
{
	struct str name = post_inside(p->run, p->arena, path);
	*out = (struct artifact_file){
		.path = name.n > 0 ? name : path,
		.media_type = str_from(media_type),
		.outside = name.n == 0,
	};
	if (digest_fd(&out->sha256, &out->size, fd, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(path));
	return 0;
}

static int sync_directory(struct post *p, struct str path, struct error *err)
{
	struct str dir = path_dir(path);
	autoclose int fd = dir_open(AT_FDCWD, dir.n > 0 ? arena_cstr(p->arena, dir) : ".", err);
	if (fd < 0)
		return -1;
	return fsync(fd) == 0 ? 0 : error_sys(err, "%.*s", STR_ARG(path));
}

int post_output_finish(struct post_output *o, struct post *p, const char *media_type,
	struct post_artifact *to, struct error *err)
{
	struct artifact_file made;
	if (describe(&made, p, o->path, o->fd, media_type, err) != 0)
		return -1;
	if (fsync(o->fd) != 0 || rename(o->temporary.p, o->path.p) != 0)
		return error_sys(err, "%s", o->path.p);
	o->temporary = STR("");
	close(steal_fd(&o->fd));
	if (!o->replaces)
		list_push(p->arena, &p->written) = o->path;
	add_file(p, to, &made, true);
	return sync_directory(p, o->path, err);
}

void post_output_clear(struct post_output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->temporary.n > 0)
		(void)unlink(o->temporary.p);
	*o = (struct post_output){.fd = -1};
}

int post_take_file(struct post *p, struct str path, const char *media_type,
	struct post_artifact *to, bool owned, struct error *err)
{
	struct artifact_file made;
	autoclose int fd = file_open(AT_FDCWD, arena_cstr(p->arena, path), err);
	if (fd < 0 || describe(&made, p, path, fd, media_type, err) != 0)
		return -1;
	add_file(p, to, &made, owned);
	return 0;
}

/* ---- The lock ------------------------------------------------------------------------------- */

/* True when the file is ours now. */
static bool try_lock(struct post_lock *l, bool take_over)
{
	int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (take_over ? 0 : O_EXCL);
	struct stat mine, there;
	autoclose int fd = open(l->path.p, flags, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	/* It may have been removed between both calls. */
	if (fstat(fd, &mine) != 0 || lstat(l->path.p, &there) != 0 || mine.st_ino != there.st_ino)
		return false;
	l->fd = steal_fd(&fd);
	return true;
}

/* Whether a build of ours lives that holds it. */
static bool is_held(const struct post_lock *l)
{
	autoclose int fd = open(l->path.p, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
}

int post_lock_take(struct post_lock *l, struct post *p, struct str path, struct error *err)
{
	const struct clock *clock = p->run->o->clock;
	int64_t start = clock_steady(clock);
	int64_t alone = start;
	struct str dir = path_dir(path);
	*l = (struct post_lock){arena_printf(p->arena, "%.*s.lock", STR_ARG(path)), -1};
	if (dir.n > 0 && dir_make(AT_FDCWD, arena_cstr(p->arena, dir), err) != 0)
		return -1;
	for (;;) {
		int64_t now = clock_steady(clock);
		if (is_held(l))
			alone = now;
		/* One that nobody holds is Packer's, for a moment, or was left by a crash. */
		if (try_lock(l, now - alone > LOCK_STALE_NS))
			return 0;
		if (now - start > LOCK_HELD_NS) {
			error_set(err, ERROR_SYSTEM, "%s: another build holds it", l->path.p);
			*l = (struct post_lock){.fd = -1};
			return -1;
		}
		if (watch_sleep(&p->run->watch, now + LOCK_POLL_NS, err) != 0)
			return -1;
	}
}

void post_lock_clear(struct post_lock *l)
{
	if (l->fd >= 0) {
		(void)unlink(l->path.p);
		close(l->fd);
	}
	*l = (struct post_lock){.fd = -1};
}
