#include "builders/base_image.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "builders/extract.h"
#include "builders/layer.h"

#define DESCRIPTION_BYTES 65536

/* Names in the cache directory of one base. */
static const char *const description_name = "base.json";
static const char *const blob_name = "base.tar.gz";
static const char *const tree_name = "rootfs";
static const char *const tar_name = "base.tar";

void base_clear(struct base_image *b)
{
	if (b->dir_fd > 0)
		close(b->dir_fd);
	b->dir_fd = -1;
}

/* A directory becomes a tarball first, so that it has a digest. Returns a file without name. */
static int tar_directory(
	const struct base_source *source, const struct build_options *o, struct error *err)
{
	autoclose int tree = dir_open(AT_FDCWD, source->path.p, err);
	if (tree < 0)
		return error_wrap(err, "base");
	scoped(arena) a = {0};
	char *path = arena_cstr(&a, arena_printf(&a, "%s/base-XXXXXX", o->work_dir));
	autoclose int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "work directory: %s", path);
	unlink(path);
	scoped(tar) tar = {0};
	tar_init(&tar, fd);
	struct layer_options options = {.epoch = o->epoch};
	struct digest sha256;
	uint64_t size = 0;
	if (layer_write(&tar, tree, -1, &options, err) != 0 ||
		tar_finish(&tar, &sha256, &size, err) != 0)
		return error_wrap(err, "base: %s", source->path.p);
	return steal_fd(&fd);
}

static int open_source(
	const struct base_source *source, const struct build_options *o, struct error *err)
{
	if (source->directory)
		return tar_directory(source, o, err);
	int fd = open(source->path.p, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : error_sys(err, "base: %s", source->path.p);
}

static int check_digest(struct base_image *b, struct str checksum, int fd, struct error *err)
{
	if (digest_fd(&b->sha256, NULL, fd, err) != 0)
		return error_wrap(err, "base");
	b->pinned = checksum.n > 0;
	if (!b->pinned)
		return 0;
	struct digest wanted;
	struct str hex = str_from_index(checksum, 7);
	if (!str_has_prefix(checksum, STR("sha256:")) || !digest_parse(&wanted, hex))
		return error_set(err, ERROR_INPUT,
			"base_checksum: must be \"sha256:\" and 64 hexadecimal digits");
	if (digest_eq(&wanted, &b->sha256))
		return 0;
	char found[DIGEST_HEX_SIZE];
	digest_hex(found, &b->sha256);
	return error_set(err, ERROR_TRUST, "base: its checksum is sha256:%s, not sha256:%.*s",
		found, STR_ARG(hex));
}

/* ---- In the cache --------------------------------------------------------------------------- */

static struct str hex_of(struct arena *a, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return arena_str(a, str_from(hex));
}

static int write_description(
	const struct base_image *b, int dir, struct arena *a, struct error *err)
{
	struct json *j = json_object(a);
	json_set(a, j, "diff_id", json_string(a, hex_of(a, &b->diff_id)));
	json_set(a, j, "gzip_sha256", json_string(a, hex_of(a, &b->blob_sha256)));
	json_set(a, j, "gzip_size", json_i64(a, (int64_t)b->blob_size));
	scoped(buf) text = {0};
	json_write_canonical(&text, j);
	return file_replace(dir, description_name, buf_str(&text), 0644, err);
}

/* Written last: a directory of the cache that has it is whole. */
static int read_description(struct base_image *b, int dir, struct arena *a, struct error *err)
{
	scoped(buf) text = {0};
	struct json *j = NULL;
	if (file_read(&text, dir, description_name, DESCRIPTION_BYTES, err) != 0)
		return -1;
	if (json_parse(&j, a, buf_str(&text), str_from(description_name), NULL, err) != 0)
		return -1;
	struct str diff_id, gzip;
	int64_t size = 0;
	if (json_get_str(j, "diff_id", &diff_id, description_name, err) != 0 ||
		json_get_str(j, "gzip_sha256", &gzip, description_name, err) != 0 ||
		json_get_i64(j, "gzip_size", &size, description_name, err) != 0)
		return -1;
	if (!digest_parse(&b->diff_id, diff_id) || !digest_parse(&b->blob_sha256, gzip) || size < 0)
		return error_set(err, ERROR_INPUT, "%s: malformed", description_name);
	b->blob_size = (uint64_t)size;
	return 0;
}

static int open_new(int dir, const char *name, struct error *err)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : error_sys(err, "cache: %s", name);
}

/* Uncompressed once, for the digest and for unpacking; kept as gzip, for the image. */
static int fill(struct base_image *b, int dir, int in, bool keep_owners, struct error *err)
{
	autoclose int tar = open_new(dir, tar_name, err);
	if (tar < 0)
		return -1;
	uint64_t size = 0;
	if (lseek(in, 0, SEEK_SET) < 0 || extract_plain(tar, &b->diff_id, &size, in, err) != 0)
		return error_wrap(err, "base");
	if (mkdirat(dir, tree_name, 0755) != 0)
		return error_sys(err, "cache: %s", tree_name);
	autoclose int tree = dir_open(dir, tree_name, err);
	if (tree < 0)
		return error_wrap(err, "base");
	if (fchmod(tree, 0755) != 0 || lseek(tar, 0, SEEK_SET) < 0)
		return error_sys(err, "cache: %s", tree_name);
	if (extract_tar(tree, tar, keep_owners, err) != 0)
		return error_wrap(err, "base");
	autoclose int blob = open_new(dir, blob_name, err);
	if (blob < 0)
		return -1;
	if (lseek(tar, 0, SEEK_SET) < 0)
		return error_sys(err, "cache: %s", tar_name);
	if (extract_gzip(blob, &b->blob_sha256, &b->blob_size, tar, err) != 0)
		return error_wrap(err, "base");
	if (unlinkat(dir, tar_name, 0) != 0)
		return error_sys(err, "cache: %s", tar_name);
	return 0;
}

static int unpack(struct base_image *b, struct str path, int in, enum userns_kind ids,
	struct arena *a, struct error *err)
{
	struct str partial = arena_printf(a, "%s.partial", path.p);
	if (dir_remove(AT_FDCWD, partial.p, err) != 0 || dir_make(AT_FDCWD, partial.p, err) != 0)
		return error_wrap(err, "cache");
	autoclose int dir = dir_open(AT_FDCWD, partial.p, err);
	if (dir < 0)
		return -1;
	int r = fill(b, dir, in, ids != USERNS_SINGLE, err);
	if (r == 0)
		r = write_description(b, dir, a, err);
	if (r == 0 && rename(partial.p, path.p) != 0)
		r = error_sys(err, "cache: %s", path.p);
	struct error ignored = {0};
	if (r != 0)
		(void)!dir_remove(AT_FDCWD, partial.p, &ignored);
	return r;
}

static int find_or_unpack(struct base_image *b, int in, enum userns_kind ids,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct str bases = {0}, hex = hex_of(a, &b->sha256);
	if (cache_subdir(&bases, a, o->cache_dir, "bases", err) != 0)
		return -1;
	/* Owners differ between a tree unpacked by root and one of a user namespace. */
	struct str name = arena_printf(a, "%s-%s", hex.p, userns_kind_name(ids));
	struct str path = arena_printf(a, "%s/%s", bases.p, name.p);
	autoclose int lock = cache_lock(o->cache_dir, name, err);
	if (lock < 0)
		return -1;
	autoclose int found = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (found >= 0) {
		if (read_description(b, found, a, err) != 0)
			return error_wrap(err, "cache: %s", path.p);
	} else {
		log_say(o->log, LOG_INFO, "Unpacking the base sha256:%s", hex.p);
		if (unpack(b, path, in, ids, a, err) != 0)
			return -1;
	}
	b->dir = arena_printf(a, "%s/%s", path.p, tree_name);
	b->blob = arena_printf(a, "%s/%s", path.p, blob_name);
	b->dir_fd = dir_open(AT_FDCWD, b->dir.p, err);
	return b->dir_fd < 0 ? error_wrap(err, "cache") : 0;
}

int base_open(struct base_image *out, const struct base_source *source, enum userns_kind ids,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct base_image b = {.dir_fd = -1, .uri = source->uri};
	autoclose int in = open_source(source, o, err);
	if (in < 0)
		return -1;
	if (check_digest(&b, source->checksum, in, err) != 0)
		return -1;
	if (find_or_unpack(&b, in, ids, o, a, err) != 0)
		return -1;
	*out = b;
	return 0;
}
