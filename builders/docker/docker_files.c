/* Files go into and out of the container as tar archives through the engine's API. */
#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>

#include "base/file.h"
#include "builders/docker/docker.h"
#include "builders/tar.h"

#define TAR_OVERHEAD ((size_t)1 << 20)

static struct str whole_path(struct machine *m, struct arena *a, const char *path)
{
	if (path[0] == '/')
		return str_from(path);
	return arena_printf(a, "%.*s/%s", m->workdir.n > 1 ? (int)m->workdir.n : 0,
		m->workdir.p ? m->workdir.p : "", path);
}

/* An archive of one file. */
static int make_tar(struct machine *m, struct buf *out, struct str name, struct str bytes,
	uint32_t mode, struct error *err)
{
	scoped(tar) tar = {0};
	struct digest sha256;
	uint64_t size = 0;
	autoclose int fd = memfd_create("upload", MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "upload");
	struct tar_entry entry = {
		.type = TAR_FILE,
		.path = name,
		.mode = mode,
		.uid = m->uid,
		.gid = m->gid,
		.mtime = m->options->epoch,
		.size = bytes.n,
	};
	tar_init(&tar, fd);
	if (tar_add(&tar, &entry, bytes, -1, err) != 0 ||
		tar_finish(&tar, &sha256, &size, err) != 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "upload");
	buf_init(out, bytes.n + TAR_OVERHEAD);
	return file_read_fd(out, fd, bytes.n + TAR_OVERHEAD, err);
}

int docker_upload(
	struct machine *m, const char *path, struct str bytes, uint32_t mode, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) tar = {0};
	struct str whole = whole_path(m, &a, path), name = path_base(whole), dir = path_dir(whole);
	if (name.n == 0)
		return error_set(err, ERROR_INPUT, "upload %s: names no file", path);
	if (make_tar(m, &tar, name, bytes, mode ? mode : 0644, err) != 0)
		return error_wrap(err, "upload %s", path);
	struct str where = engine_escape(dir.n > 0 ? dir : STR("/"), &a);
	const char *to =
		arena_printf(&a, "/containers/%s/archive?path=%.*s", m->container, STR_ARG(where))
			.p;
	if (engine_put(&m->engine, to, buf_str(&tar), err) != 0)
		return error_wrap(err, "upload %s", path);
	return 0;
}

static int collect(void *ctx, struct str bytes, struct error *err)
{
	struct buf *b = ctx;
	buf_add(b, bytes);
	return buf_check(b, err);
}

/* The first file of an archive; links and directories are no files that a step could mean. */
static int first_file(struct archive *ar, struct str tar, struct buf *out, struct error *err)
{
	struct archive_entry *entry;
	if (archive_read_support_format_tar(ar) != ARCHIVE_OK ||
		archive_read_open_memory(ar, tar.p, tar.n) != ARCHIVE_OK ||
		archive_read_next_header(ar, &entry) != ARCHIVE_OK)
		return error_set(err, ERROR_SYSTEM, "the engine's answer is no archive");
	if (archive_entry_filetype(entry) != AE_IFREG)
		return error_set(err, ERROR_INPUT, "not a file");
	for (;;) {
		char *p = buf_reserve(out, 65536);
		if (!p)
			return buf_check(out, err);
		la_ssize_t n = archive_read_data(ar, p, 65536);
		if (n < 0)
			return error_set(err, ERROR_SYSTEM, "the engine's archive is cut");
		if (n == 0)
			return 0;
		out->n += (size_t)n;
	}
}

int docker_download(struct machine *m, const char *path, struct buf *out, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) tar = {0};
	struct str where = engine_escape(whole_path(m, &a, path), &a);
	const char *from =
		arena_printf(&a, "/containers/%s/archive?path=%.*s", m->container, STR_ARG(where))
			.p;
	buf_init(&tar, out->max + TAR_OVERHEAD);
	if (engine_get(&m->engine, from, out->max + TAR_OVERHEAD, collect, &tar, err) != 0)
		return error_wrap(err, "download %s", path);
	struct archive *ar = archive_read_new();
	if (!ar)
		error_out_of_memory();
	int r = first_file(ar, buf_str(&tar), out, err);
	archive_read_free(ar);
	return r == 0 ? 0 : error_wrap(err, "download %s", path);
}
