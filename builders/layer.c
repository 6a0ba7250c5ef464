#include "builders/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/map.h"

#define NAMES_MAX 1000000
#define DEPTH_MAX 512
#define PATH_BYTES_MAX 4096
#define XATTR_NAMES_MAX 8192
#define XATTR_VALUE_MAX 65536
#define WHITEOUT ".wh."

/* What an image keeps of extended attributes; the rest belongs to the machine that built it. */
static const struct str kept_xattrs[] = {
	STR_INIT("security.capability"),
	STR_INIT("system.posix_acl_access"),
	STR_INIT("system.posix_acl_default"),
	STR_INIT("user."),
};

struct inode_key {
	dev_t dev;
	ino_t ino;
};

/* A file with several names. */
struct file_names {
	struct inode_key lower; /* the file that has these names there */
	bool regrouped; /* that file has other names */
	struct str first; /* under which it was written; empty: not yet */
};

struct layer {
	struct tar *tar;
	const struct layer_options *options;
	bool difference;
	bool noting; /* the first walk: nothing is written */
	struct arena names_arena;
	struct map names; /* inode_key -> struct file_names * */
};

/* One directory of the walk: descriptors, and the path from the root. */
struct level {
	int tree;
	int lower; /* -1: everything below is new */
	struct str path;
	unsigned depth;
};

/* An entry in both trees; a descriptor of the file itself is opened on demand. */
struct pair {
	const struct level *level;
	const char *name;
	struct stat st;
	struct stat lower;
	bool in_lower;
};

static struct str child_path(struct arena *a, const struct level *level, struct str name)
{
	if (level->path.n == 0)
		return arena_str(a, name);
	return arena_printf(a, "%.*s/%.*s", STR_ARG(level->path), STR_ARG(name));
}

/* ---- Files with several names --------------------------------------------------------------- */

/* NULL for a file with one name. */
static struct file_names *find_names(struct layer *l, const struct stat *st)
{
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return NULL;
	struct inode_key key = {0};
	key.dev = st->st_dev;
	key.ino = st->st_ino;
	struct str bytes = {(const char *)&key, sizeof(key)};
	struct file_names *names = map_find(&l->names, bytes);
	if (names)
		return names;
	names = arena_new(&l->names_arena, struct file_names);
	map_put(&l->names, &l->names_arena, arena_str(&l->names_arena, bytes), names);
	return names;
}

static void note_name(struct layer *l, const struct pair *p)
{
	struct file_names *names = find_names(l, &p->st);
	if (!names)
		return;
	bool seen = names->lower.ino != 0;
	if (!p->in_lower)
		names->regrouped = true;
	else if (seen &&
		(names->lower.dev != p->lower.st_dev || names->lower.ino != p->lower.st_ino))
		names->regrouped = true;
	else
		names->lower = (struct inode_key){p->lower.st_dev, p->lower.st_ino};
}

/* ---- Extended attributes -------------------------------------------------------------------- */

struct xattr_list {
	struct tar_xattr *items;
	size_t n;
	size_t cap;
};

static bool xattr_is_kept(struct str name)
{
	for (size_t i = 0; i < countof(kept_xattrs); i++) {
		bool whole = !str_has_suffix(kept_xattrs[i], STR("."));
		if (whole ? str_eq(name, kept_xattrs[i]) : str_has_prefix(name, kept_xattrs[i]))
			return !str_has_prefix(name, STR("user.overlay."));
	}
	return false;
}

static int xattr_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

static int read_xattrs(
	struct xattr_list *out, struct arena *a, int dir, const char *name, struct error *err)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", name);
	char names[XATTR_NAMES_MAX];
	ssize_t n = flistxattr(fd, names, sizeof(names));
	if (n < 0)
		return errno == ENOTSUP ? 0 : error_sys(err, "%s: extended attributes", name);
	struct str rest = {names, (size_t)n}, one;
	while (rest.n > 0 && str_cut(&rest, '\0', &one)) {
		if (!xattr_is_kept(one))
			continue;
		char value[XATTR_VALUE_MAX];
		ssize_t size = fgetxattr(fd, one.p, value, sizeof(value));
		if (size < 0)
			return error_sys(err, "%s: extended attribute %s", name, one.p);
		struct str bytes = arena_str(a, (struct str){value, (size_t)size});
		list_push(a, out) = (struct tar_xattr){.name = arena_str(a, one), .value = bytes};
	}
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), xattr_cmp);
	return 0;
}

static bool has_xattrs(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode);
}

static int same_xattrs(const struct pair *p, bool *same, struct error *err)
{
	scoped(arena) a = {0};
	struct xattr_list mine = {0}, theirs = {0};
	if (read_xattrs(&mine, &a, p->level->tree, p->name, err) != 0)
		return -1;
	if (read_xattrs(&theirs, &a, p->level->lower, p->name, err) != 0)
		return -1;
	*same = mine.n == theirs.n;
	for (size_t i = 0; *same && i < mine.n; i++) {
		*same = str_eq(mine.items[i].name, theirs.items[i].name) &&
			str_eq(mine.items[i].value, theirs.items[i].value);
	}
	return 0;
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static int64_t cut_time(const struct layer *l, const struct stat *st)
{
	int64_t mtime = st->st_mtim.tv_sec;
	return mtime > l->options->epoch ? l->options->epoch : mtime;
}

/* Reads both to the end; sizes are equal already. */
static int same_bytes(const struct pair *p, bool *same, struct error *err)
{
	autoclose int x = openat(p->level->tree, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int y = openat(p->level->lower, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (x < 0 || y < 0)
		return error_sys(err, "%s", p->name);
	*same = false;
	for (;;) {
		char left[16384], right[16384];
		ssize_t n = read(x, left, sizeof(left));
		if (n < 0)
			return error_sys(err, "%s", p->name);
		if (n == 0)
			break;
		if (pread(y, right, (size_t)n, lseek(x, 0, SEEK_CUR) - n) != n ||
			memcmp(left, right, (size_t)n) != 0)
			return 0;
	}
	*same = true;
	return 0;
}

static int same_link(const struct pair *p, bool *same, struct error *err)
{
	char x[PATH_BYTES_MAX], y[PATH_BYTES_MAX];
	ssize_t n = readlinkat(p->level->tree, p->name, x, sizeof(x));
	ssize_t m = readlinkat(p->level->lower, p->name, y, sizeof(y));
	if (n < 0 || m < 0)
		return error_sys(err, "%s", p->name);
	*same = n == m && memcmp(x, y, (size_t)n) == 0;
	return 0;
}

static bool same_time(const struct timespec *x, const struct timespec *y)
{
	return x->tv_sec == y->tv_sec && x->tv_nsec == y->tv_nsec;
}

static bool same_inode_fields(const struct layer *l, const struct pair *p)
{
	const struct stat *x = &p->st, *y = &p->lower;
	if (x->st_mode != y->st_mode || x->st_uid != y->st_uid || x->st_gid != y->st_gid)
		return false;
	/* Both cut: whether a second passed between two late times must not show. */
	if (cut_time(l, x) != cut_time(l, y))
		return false;
	if (!S_ISDIR(x->st_mode) && x->st_nlink != y->st_nlink)
		return false;
	if (S_ISCHR(x->st_mode) || S_ISBLK(x->st_mode))
		return x->st_rdev == y->st_rdev;
	return S_ISDIR(x->st_mode) || x->st_size == y->st_size;
}

/* Change times cannot be set, so that an equal one (of the same inode) proves equal content. */
static int is_same(struct layer *l, const struct pair *p, bool *same, struct error *err)
{
	*same = false;
	if (!p->in_lower || !same_inode_fields(l, p))
		return 0;
	const struct file_names *names = find_names(l, &p->st);
	if (names && names->regrouped)
		return 0;
	*same = true;
	bool untouched = !l->options->compare_bytes &&
		same_time(&p->st.st_ctim, &p->lower.st_ctim) && p->st.st_ino == p->lower.st_ino;
	if (untouched)
		return 0;
	if (S_ISLNK(p->st.st_mode))
		return same_link(p, same, err);
	if (S_ISREG(p->st.st_mode) && same_bytes(p, same, err) != 0)
		return -1;
	return *same && has_xattrs(p->st.st_mode) ? same_xattrs(p, same, err) : 0;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static enum tar_type tar_type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return TAR_FILE;
	case S_IFDIR:
		return TAR_DIR;
	case S_IFLNK:
		return TAR_SYMLINK;
	case S_IFCHR:
		return TAR_CHAR;
	case S_IFBLK:
		return TAR_BLOCK;
	case S_IFIFO:
		return TAR_FIFO;
	default:
		return TAR_NONE;
	}
}

/* Turns the entry into a hard link when its file has been written under another name. */
static void link_to_first(struct layer *l, const struct stat *st, struct tar_entry *e)
{
	struct file_names *names = find_names(l, st);
	if (!names)
		return;
	if (names->first.n == 0) {
		names->first = arena_str(&l->names_arena, e->path);
		return;
	}
	e->type = TAR_HARD_LINK;
	e->link = names->first;
	e->size = 0;
	e->xattr_count = 0;
}

static int write_entry(struct layer *l, const struct pair *p, struct str path, struct error *err)
{
	scoped(arena) a = {0};
	const struct stat *st = &p->st;
	struct tar_entry e = {
		.type = tar_type_of(st->st_mode),
		.path = path,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = cut_time(l, st),
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
	};
	if (e.type == TAR_NONE)
		return 0;
	if (e.type == TAR_CHAR || e.type == TAR_BLOCK) {
		e.major = major(st->st_rdev);
		e.minor = minor(st->st_rdev);
	}
	struct xattr_list xattrs = {0};
	if (has_xattrs(st->st_mode) && read_xattrs(&xattrs, &a, p->level->tree, p->name, err) != 0)
		return -1;
	e.xattrs = xattrs.items;
	e.xattr_count = xattrs.n;
	char link[PATH_BYTES_MAX];
	if (e.type == TAR_SYMLINK) {
		ssize_t n = readlinkat(p->level->tree, p->name, link, sizeof(link));
		if (n < 0)
			return error_sys(err, "%s", p->name);
		e.link = (struct str){link, (size_t)n};
	}
	link_to_first(l, st, &e);
	autoclose int fd = -1;
	if (e.type == TAR_FILE) {
		fd = openat(p->level->tree, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, "%s", p->name);
	}
	return tar_add(l->tar, &e, STR(""), fd, err);
}

static int write_whiteout(struct layer *l, struct arena *a, const struct level *level,
	struct str name, struct error *err)
{
	struct str hidden = arena_printf(a, WHITEOUT "%.*s", STR_ARG(name));
	struct tar_entry e = {
		.type = TAR_FILE,
		.path = child_path(a, level, hidden),
		.mode = 0600,
		.mtime = l->options->epoch,
	};
	return tar_add(l->tar, &e, STR(""), -1, err);
}

/* ---- Walking -------------------------------------------------------------------------------- */

static int walk(struct layer *l, const struct level *level, struct error *err);

static int walk_child(struct layer *l, const struct pair *p, struct str path, struct error *err)
{
	if (p->level->depth >= DEPTH_MAX || path.n > PATH_BYTES_MAX)
		return error_set(err, ERROR_INPUT, "nested too deeply");
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	autoclose int tree = openat(p->level->tree, p->name, flags);
	if (tree < 0)
		return error_sys(err, "%s", p->name);
	autoclose int lower = -1;
	if (p->in_lower && S_ISDIR(p->lower.st_mode)) {
		lower = openat(p->level->lower, p->name, flags);
		if (lower < 0)
			return error_sys(err, "%s", p->name);
	}
	struct level below = {tree, lower, path, p->level->depth + 1};
	return walk(l, &below, err);
}

static int write_change(
	struct layer *l, struct arena *a, const struct pair *p, struct str path, struct error *err)
{
	bool same = false;
	if (l->difference && str_has_prefix(str_from(p->name), STR(WHITEOUT)))
		return error_set(err, ERROR_INPUT,
			"/%.*s: in an image layer, a name that begins with \"" WHITEOUT
			"\" removes a file; rename it, or leave out the format \"oci\"",
			STR_ARG(path));
	if (tar_type_of(p->st.st_mode) == TAR_NONE)
		return p->in_lower ? write_whiteout(l, a, p->level, str_from(p->name), err) : 0;
	if (is_same(l, p, &same, err) != 0)
		return -1;
	return same ? 0 : write_entry(l, p, path, err);
}

static int visit(struct layer *l, struct arena *a, const struct level *level, struct str name,
	struct error *err)
{
	struct pair p = {.level = level, .name = name.p};
	if (fstatat(level->tree, name.p, &p.st, AT_SYMLINK_NOFOLLOW) != 0)
		return error_sys(err, "%s", name.p);
	p.in_lower = level->lower >= 0 &&
		fstatat(level->lower, name.p, &p.lower, AT_SYMLINK_NOFOLLOW) == 0;
	struct str path = child_path(a, level, name);
	if (l->noting)
		note_name(l, &p);
	else if (write_change(l, a, &p, path, err) != 0)
		return -1;
	return S_ISDIR(p.st.st_mode) ? walk_child(l, &p, path, err) : 0;
}

/* Both lists are sorted; what only the lower one has is gone. */
static int walk(struct layer *l, const struct level *level, struct error *err)
{
	scoped(arena) a = {0};
	struct str_list names = {0}, lower = {0};
	if (dir_list(&names, &a, level->tree, ".", NAMES_MAX, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(level->path));
	if (level->lower >= 0 && dir_list(&lower, &a, level->lower, ".", NAMES_MAX, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(level->path));
	size_t i = 0, j = 0;
	while (i < names.n || j < lower.n) {
		int order = 0;
		if (i < names.n && j < lower.n)
			order = str_cmp(names.items[i], lower.items[j]);
		else
			order = i < names.n ? -1 : 1;
		if (order > 0) {
			struct str gone = lower.items[j++];
			if (!l->noting && write_whiteout(l, &a, level, gone, err) != 0)
				return -1;
			continue;
		}
		j += order == 0;
		if (visit(l, &a, level, names.items[i++], err) != 0)
			return -1;
	}
	return 0;
}

static int write_all(struct layer *l, const struct level *root, struct error *err)
{
	struct pair top = {.level = root, .name = "."};
	bool same = false;
	if (fstat(root->tree, &top.st) != 0)
		return error_sys(err, "root");
	top.in_lower = root->lower >= 0 && fstat(root->lower, &top.lower) == 0;
	/* Whether a name belongs to the same file as before is known when all names are. */
	l->noting = l->difference;
	if (l->noting && walk(l, root, err) != 0)
		return -1;
	l->noting = false;
	if (is_same(l, &top, &same, err) != 0 ||
		(!same && write_entry(l, &top, STR("."), err) != 0))
		return -1;
	return walk(l, root, err);
}

int layer_write(
	struct tar *out, int tree, int lower, const struct layer_options *o, struct error *err)
{
	struct layer l = {.tar = out, .options = o, .difference = lower >= 0};
	struct level root = {tree, lower, STR(""), 0};
	int r = write_all(&l, &root, err);
	arena_clear(&l.names_arena);
	return r;
}
