#include "builders/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "builders/rooted.h"

#define BLOCK_BYTES 65536
#define ENTRIES_MAX 4000000
#define BYTES_MAX (UINT64_C(64) << 30)
#define PATH_BYTES_MAX 4096

/* libarchive takes names for text of the locale; in the C locale it loses what is not ASCII. */
struct utf8_locale {
	locale_t mine;
	locale_t before;
};

static void utf8_locale_set(struct utf8_locale *l)
{
	l->mine = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	l->before = l->mine ? uselocale(l->mine) : (locale_t)0;
}

static void utf8_locale_clear(struct utf8_locale *l)
{
	if (!l->mine)
		return;
	uselocale(l->before);
	freelocale(l->mine);
	l->mine = (locale_t)0;
}

/* A libarchive handle, reading or writing. */
struct archive_handle {
	struct archive *a;
};

static void archive_handle_clear(struct archive_handle *h)
{
	if (h->a)
		archive_free(h->a);
	h->a = NULL;
}

static int archive_error(struct archive *a, const char *what, struct error *err)
{
	const char *text = archive_error_string(a);
	return error_set(err, ERROR_INPUT, "%s: %s", what, text ? text : "unknown error");
}

/* ---- Whole streams -------------------------------------------------------------------------- */

struct sink {
	int fd;
	struct hasher hasher;
	uint64_t size;
};

static void sink_init(struct sink *s, int fd)
{
	*s = (struct sink){.fd = fd};
	hasher_init(&s->hasher);
}

static void sink_clear(struct sink *s)
{
	hasher_clear(&s->hasher);
}

static int sink_add(struct sink *s, struct str bytes, struct error *err)
{
	if (s->size + bytes.n > BYTES_MAX)
		return error_set(err, ERROR_INPUT, "larger than 64 GiB");
	hasher_add(&s->hasher, bytes);
	s->size += bytes.n;
	return file_write_fd(s->fd, bytes, err);
}

/* Only what the library does itself: archive_read_support_filter_all starts programs of PATH. */
static void support_filters(struct archive *a)
{
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
}

int extract_plain(int out, struct digest *sha256, uint64_t *size, int in, struct error *err)
{
	scoped(archive_handle) h = {archive_read_new()};
	if (!h.a)
		error_out_of_memory();
	support_filters(h.a);
	archive_read_support_format_raw(h.a);
	struct archive_entry *entry = NULL;
	if (archive_read_open_fd(h.a, in, BLOCK_BYTES) != ARCHIVE_OK ||
		archive_read_next_header(h.a, &entry) != ARCHIVE_OK)
		return archive_error(h.a, "archive", err);
	scoped(sink) sink = {0};
	sink_init(&sink, out);
	char block[BLOCK_BYTES];
	for (;;) {
		la_ssize_t n = archive_read_data(h.a, block, sizeof(block));
		if (n < 0)
			return archive_error(h.a, "archive", err);
		if (n == 0)
			break;
		if (sink_add(&sink, (struct str){block, (size_t)n}, err) != 0)
			return -1;
	}
	hasher_finish(&sink.hasher, sha256);
	*size = sink.size;
	return 0;
}

struct gzip_sink {
	struct sink sink;
	struct error *err;
};

static la_ssize_t gzip_write(struct archive *a, void *ctx, const void *bytes, size_t n)
{
	struct gzip_sink *g = ctx;
	if (sink_add(&g->sink, (struct str){bytes, n}, g->err) == 0)
		return (la_ssize_t)n;
	archive_set_error(a, EIO, "%s", g->err->text);
	return -1;
}

static int gzip_open(struct archive *a, struct gzip_sink *g, struct error *err)
{
	if (archive_write_add_filter_gzip(a) != ARCHIVE_OK ||
		archive_write_set_filter_option(a, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
		archive_write_set_filter_option(a, "gzip", "compression-level", "6") !=
			ARCHIVE_OK ||
		archive_write_set_format_raw(a) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
		archive_write_open(a, g, NULL, gzip_write, NULL) != ARCHIVE_OK)
		return archive_error(a, "gzip", err);
	return 0;
}

static int gzip_copy(struct archive *a, int in, struct error *err)
{
	char block[BLOCK_BYTES];
	for (;;) {
		ssize_t n = read(in, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "gzip: read");
		if (n == 0)
			return 0;
		if (archive_write_data(a, block, (size_t)n) != n)
			return archive_error(a, "gzip", err);
	}
}

int extract_gzip(int out, struct digest *sha256, uint64_t *size, int in, struct error *err)
{
	scoped(archive_handle) h = {archive_write_new()};
	struct archive_entry *entry = archive_entry_new();
	if (!h.a || !entry)
		error_out_of_memory();
	struct gzip_sink g = {.err = err};
	sink_init(&g.sink, out);
	archive_entry_set_filetype(entry, AE_IFREG);
	int r = gzip_open(h.a, &g, err);
	if (r == 0 && archive_write_header(h.a, entry) != ARCHIVE_OK)
		r = archive_error(h.a, "gzip", err);
	if (r == 0)
		r = gzip_copy(h.a, in, err);
	if (r == 0 && archive_write_close(h.a) != ARCHIVE_OK)
		r = archive_error(h.a, "gzip", err);
	archive_entry_free(entry);
	archive_handle_clear(&h);
	if (r == 0) {
		hasher_finish(&g.sink.hasher, sha256);
		*size = g.sink.size;
	}
	sink_clear(&g.sink);
	return r;
}

/* ---- Entries -------------------------------------------------------------------------------- */

/* Times of directories are set last, because every file made in one changes it. */
struct made_dir {
	struct str path;
	struct timespec times[2];
};

struct extraction {
	int root;
	bool keep_owners;
	struct archive *archive;
	uint64_t bytes; /* of all files, holes included */
	struct arena arena;
	struct {
		struct made_dir *items;
		size_t n;
		size_t cap;
	} dirs;
};

static void extraction_clear(struct extraction *x)
{
	arena_clear(&x->arena);
}

/* "./usr/bin/" to "usr/bin"; "" is the root. False for what no archive of a root should hold. */
static bool entry_path(struct arena *a, const char *raw, struct str *out)
{
	if (!raw)
		return false;
	struct str rest = str_from(raw), part;
	scoped(buf) path = {0};
	buf_init(&path, PATH_BYTES_MAX);
	while (rest.p && str_cut(&rest, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, ".."))
			return false;
		if (path.n > 0)
			buf_add_byte(&path, '/');
		buf_add(&path, part);
	}
	*out = arena_str(a, path.n > 0 ? buf_str(&path) : STR(""));
	return !path.full;
}

/* The directory of the path's last component, made when the archive did not mention it. */
static int open_parent(struct extraction *x, struct str path, const char **name, struct error *err)
{
	int fd = rooted_open_parent(x->root, path.p, name, err);
	if (fd >= 0 || err->errnum != ENOENT)
		return fd;
	error_clear(err);
	scoped(arena) a = {0};
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] != '/')
			continue;
		char *dir = arena_cstr(&a, str_sub(path, 0, i));
		autoclose int there = rooted_open(x->root, dir, O_PATH | O_DIRECTORY, 0);
		if (there >= 0)
			continue;
		const char *last = NULL;
		autoclose int parent = rooted_open_parent(x->root, dir, &last, err);
		if (parent < 0)
			return -1;
		if (mkdirat(parent, last, 0755) != 0)
			return error_sys(err, "%s", dir);
	}
	return rooted_open_parent(x->root, path.p, name, err);
}

static int set_xattrs(int fd, struct archive_entry *entry, const char *path, struct error *err)
{
	const char *name = NULL;
	const void *value = NULL;
	size_t size = 0;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		struct str key = str_from(name);
		bool wanted = str_is(key, "security.capability") ||
			str_has_prefix(key, STR("user.")) ||
			str_has_prefix(key, STR("system.posix_acl_"));
		if (!wanted || str_has_prefix(key, STR("user.overlay.")))
			continue;
		if (fsetxattr(fd, name, value, size, 0) != 0)
			return error_sys(err, "%s: extended attribute %s", path, name);
	}
	return 0;
}

static void entry_times(struct archive_entry *entry, struct timespec times[2])
{
	times[0].tv_sec = times[1].tv_sec = archive_entry_mtime(entry);
	times[0].tv_nsec = times[1].tv_nsec = archive_entry_mtime_nsec(entry);
}

static int set_owner(const struct extraction *x, int dir, const char *name,
	struct archive_entry *entry, struct error *err)
{
	if (!x->keep_owners)
		return 0;
	uid_t uid = (uid_t)archive_entry_uid(entry);
	gid_t gid = (gid_t)archive_entry_gid(entry);
	if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
		return error_sys(err, "%s: owner %u:%u", name, uid, gid);
	return 0;
}

static int write_content(
	struct extraction *x, int fd, struct archive_entry *entry, struct error *err)
{
	for (;;) {
		const void *bytes = NULL;
		size_t n = 0;
		la_int64_t offset = 0;
		int r = archive_read_data_block(x->archive, &bytes, &n, &offset);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return archive_error(x->archive, "archive", err);
		if (lseek(fd, offset, SEEK_SET) < 0)
			return error_sys(err, "write");
		if (file_write_fd(fd, (struct str){bytes, n}, err) != 0)
			return -1;
	}
	/* A hole at the end of a sparse file. */
	return ftruncate(fd, archive_entry_size(entry)) == 0 ? 0 : error_sys(err, "write");
}

/* A few bytes of a sparse file stand for as many as its header says. */
static int count_bytes(struct extraction *x, struct archive_entry *entry, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);
	if (size < 0 || (uint64_t)size > BYTES_MAX - x->bytes)
		return error_set(err, ERROR_INPUT, "larger than 64 GiB");
	x->bytes += (uint64_t)size;
	return 0;
}

static int make_file(struct extraction *x, int dir, const char *name, struct archive_entry *entry,
	struct error *err)
{
	if (count_bytes(x, entry, err) != 0)
		return -1;
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return error_sys(err, "%s", name);
	autoclose int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "%s", name);
	if (write_content(x, fd, entry, err) != 0 || set_owner(x, dir, name, entry, err) != 0)
		return -1;
	if (fchmod(fd, archive_entry_perm(entry)) != 0)
		return error_sys(err, "%s", name);
	if (set_xattrs(fd, entry, name, err) != 0)
		return -1;
	struct timespec times[2] = {0};
	entry_times(entry, times);
	return futimens(fd, times) == 0 ? 0 : error_sys(err, "%s", name);
}

static int make_dir(struct extraction *x, int dir, const char *name, struct str path,
	struct archive_entry *entry, struct error *err)
{
	if (path.n > 0 && mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
		return error_sys(err, "%s", name);
	autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", name);
	if (set_owner(x, fd, ".", entry, err) != 0)
		return -1;
	if (fchmod(fd, archive_entry_perm(entry)) != 0)
		return error_sys(err, "%s", name);
	struct made_dir made = {.path = path};
	entry_times(entry, made.times);
	list_push(&x->arena, &x->dirs) = made;
	return set_xattrs(fd, entry, name, err);
}

static int make_symlink(struct extraction *x, int dir, const char *name,
	struct archive_entry *entry, struct error *err)
{
	const char *target = archive_entry_symlink(entry);
	if (!target || !*target)
		return error_set(err, ERROR_INPUT, "%s: link without target", name);
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return error_sys(err, "%s", name);
	if (symlinkat(target, dir, name) != 0)
		return error_sys(err, "%s", name);
	if (set_owner(x, dir, name, entry, err) != 0)
		return -1;
	struct timespec times[2] = {0};
	entry_times(entry, times);
	if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) != 0)
		return error_sys(err, "%s", name);
	return 0;
}

static int make_hard_link(struct extraction *x, int dir, const char *name,
	struct archive_entry *entry, struct error *err)
{
	struct str target;
	if (!entry_path(&x->arena, archive_entry_hardlink(entry), &target) || target.n == 0)
		return error_set(err, ERROR_INPUT, "%s: hard link to an unsafe path", name);
	const char *last = NULL;
	autoclose int from = rooted_open_parent(x->root, target.p, &last, err);
	if (from < 0)
		return -1;
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return error_sys(err, "%s", name);
	if (linkat(from, last, dir, name, 0) != 0)
		return error_sys(err, "%s: hard link to %s", name, target.p);
	return 0;
}

static int make_fifo(struct extraction *x, int dir, const char *name, struct archive_entry *entry,
	struct error *err)
{
	if (mkfifoat(dir, name, 0600) != 0)
		return error_sys(err, "%s", name);
	if (set_owner(x, dir, name, entry, err) != 0)
		return -1;
	if (fchmodat(dir, name, archive_entry_perm(entry), 0) != 0)
		return error_sys(err, "%s", name);
	return 0;
}

static int make_entry(struct extraction *x, struct archive_entry *entry, struct error *err)
{
	struct str path;
	if (!entry_path(&x->arena, archive_entry_pathname(entry), &path))
		return error_set(err, ERROR_INPUT, "unsafe path in the archive");
	if (path.n == 0)
		return make_dir(x, x->root, ".", path, entry, err);
	const char *name = NULL;
	autoclose int dir = open_parent(x, path, &name, err);
	if (dir < 0)
		return -1;
	if (archive_entry_hardlink(entry))
		return make_hard_link(x, dir, name, entry, err);
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return make_file(x, dir, name, entry, err);
	case AE_IFDIR:
		return make_dir(x, dir, name, path, entry, err);
	case AE_IFLNK:
		return make_symlink(x, dir, name, entry, err);
	case AE_IFIFO:
		return make_fifo(x, dir, name, entry, err);
	default:
		return 0;
	}
}

static int set_dir_times(struct extraction *x, struct error *err)
{
	for (size_t i = x->dirs.n; i > 0; i--) {
		const struct made_dir *made = &x->dirs.items[i - 1];
		const char *path = made->path.n > 0 ? made->path.p : ".";
		autoclose int fd = rooted_open(x->root, path, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0 || futimens(fd, made->times) != 0)
			return error_sys(err, "%s", path);
	}
	return 0;
}

static int extract_entries(struct extraction *x, struct error *err)
{
	for (size_t i = 0;; i++) {
		struct archive_entry *entry = NULL;
		int r = archive_read_next_header(x->archive, &entry);
		if (r == ARCHIVE_EOF)
			return i > 0 ? 0 : error_set(err, ERROR_INPUT, "the archive is empty");
		if (r != ARCHIVE_OK)
			return archive_error(x->archive, "archive", err);
		if (i >= ENTRIES_MAX)
			return error_set(err, ERROR_INPUT, "more than %d entries", ENTRIES_MAX);
		if (make_entry(x, entry, err) != 0) {
			const char *path = archive_entry_pathname(entry);
			return error_wrap(err, "unpack %s", path ? path : "(unreadable name)");
		}
	}
}

int extract_tar(int root, int in, bool keep_owners, struct error *err)
{
	scoped(archive_handle) h = {archive_read_new()};
	if (!h.a)
		error_out_of_memory();
	archive_read_support_format_tar(h.a);
	archive_read_support_format_gnutar(h.a);
	if (archive_read_open_fd(h.a, in, BLOCK_BYTES) != ARCHIVE_OK)
		return archive_error(h.a, "archive", err);
	scoped(utf8_locale) locale = {0};
	utf8_locale_set(&locale);
	scoped(extraction) x = {.root = root, .keep_owners = keep_owners, .archive = h.a};
	if (extract_entries(&x, err) != 0)
		return -1;
	return set_dir_times(&x, err);
}
