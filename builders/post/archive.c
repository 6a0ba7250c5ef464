/* Archives and compressed files whose bytes depend on nothing but their content. */
#include "builders/post/post.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

#include "base/file.h"

#define BLOCK 65536

static const struct {
	const char *name; /* of the libarchive module */
	int (*add)(struct archive *a);
	bool has_level;
} filters[] = {
	[POST_NO_FILTER] = {NULL, archive_write_add_filter_none, false},
	[POST_GZIP] = {"gzip", archive_write_add_filter_gzip, true},
	[POST_BZIP2] = {"bzip2", archive_write_add_filter_bzip2, true},
	[POST_XZ] = {"xz", archive_write_add_filter_xz, false},
	[POST_LZ4] = {"lz4", archive_write_add_filter_lz4, true},
	[POST_ZSTD] = {"zstd", archive_write_add_filter_zstd, true},
};

static int (*const containers[])(struct archive *a) = {
	[POST_PLAIN] = archive_write_set_format_raw,
	[POST_TAR] = archive_write_set_format_pax_restricted,
	[POST_ZIP] = archive_write_set_format_zip,
};

static int archive_failed(const struct post_archive *a, struct error *err)
{
	const char *text = archive_error_string(a->handle);
	return error_set(err, ERROR_SYSTEM, "archive: %s", text ? text : "no memory");
}

static int set_level(struct post_archive *a, const char *module, int level, struct error *err)
{
	char text[16];
	if (level == 0)
		return 0;
	snprintf(text, sizeof(text), "%d", level);
	int r = a->container == POST_ZIP
		? archive_write_set_format_option(a->handle, "zip", "compression-level", text)
		: archive_write_set_filter_option(a->handle, module, "compression-level", text);
	return r == ARCHIVE_OK ? 0 : archive_failed(a, err);
}

int post_archive_open(struct post_archive *a, struct post *p, int fd,
	const struct post_shape *shape, struct error *err)
{
	*a = (struct post_archive){archive_write_new(), p, shape->container};
	if (!a->handle)
		error_out_of_memory();
	struct archive *h = a->handle;
	/* The last block is not filled up: what is not there needs no digest. */
	if (filters[shape->filter].add(h) != ARCHIVE_OK ||
		containers[shape->container](h) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(h, 1) != ARCHIVE_OK)
		return archive_failed(a, err);
	if (shape->filter == POST_GZIP &&
		archive_write_set_filter_option(h, "gzip", "timestamp", NULL) != ARCHIVE_OK)
		return archive_failed(a, err);
	if ((filters[shape->filter].has_level || shape->container == POST_ZIP) &&
		set_level(a, filters[shape->filter].name, shape->level, err) != 0)
		return -1;
	return archive_write_open_fd(h, fd) == ARCHIVE_OK ? 0 : archive_failed(a, err);
}

static int begin(struct post_archive *a, struct str name, int64_t size, struct error *err)
{
	struct archive_entry *e = archive_entry_new();
	if (!e)
		error_out_of_memory();
	archive_entry_set_pathname(e, arena_cstr(a->p->arena, name));
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, size);
	/* A zip has the local time of whoever makes it: better none. */
	if (a->container == POST_TAR)
		archive_entry_set_mtime(e, a->p->run->o->epoch, 0);
	int r = archive_write_header(a->handle, e);
	archive_entry_free(e);
	return r == ARCHIVE_OK ? 0 : archive_failed(a, err);
}

static int write_bytes(struct post_archive *a, const char *bytes, size_t n, struct error *err)
{
	while (n > 0) {
		la_ssize_t done = archive_write_data(a->handle, bytes, n);
		if (done <= 0)
			return archive_failed(a, err);
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

static int write_file(struct post_archive *a, int fd, int64_t size, struct error *err)
{
	char block[BLOCK];
	for (int64_t done = 0; done < size;) {
		ssize_t n = pread(fd, block, sizeof(block), done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			return error_set(err, ERROR_SYSTEM, "it became shorter while it was read");
		if (n > size - done)
			n = (ssize_t)(size - done);
		if (post_cancelled(a->p->run))
			return error_set(err, ERROR_SYSTEM, "cancelled");
		if (write_bytes(a, block, (size_t)n, err) != 0)
			return -1;
		done += n;
	}
	return 0;
}

int post_archive_add(struct post_archive *a, struct str name, int fd, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return error_sys(err, "%.*s", STR_ARG(name));
	if (begin(a, name, st.st_size, err) != 0 || write_file(a, fd, st.st_size, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(name));
	return 0;
}

int post_archive_add_bytes(
	struct post_archive *a, struct str name, struct str bytes, struct error *err)
{
	if (begin(a, name, (int64_t)bytes.n, err) != 0 ||
		write_bytes(a, bytes.p, bytes.n, err) != 0)
		return error_wrap(err, "%.*s", STR_ARG(name));
	return 0;
}

int post_archive_finish(struct post_archive *a, struct error *err)
{
	if (archive_write_close(a->handle) != ARCHIVE_OK)
		return archive_failed(a, err);
	return 0;
}

void post_archive_clear(struct post_archive *a)
{
	if (a->handle)
		archive_write_free(a->handle);
	*a = (struct post_archive){0};
}
