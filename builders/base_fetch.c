#include "builders/base_image.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/http.h"

#define DOWNLOAD_MAX (UINT64_C(64) << 30)

int cache_subdir(
	struct str *out, struct arena *a, const char *cache_dir, const char *sub, struct error *err)
{
	struct str path = arena_printf(a, "%s/%s", cache_dir, sub);
	if (dir_make(AT_FDCWD, path.p, err) != 0)
		return error_wrap(err, "cache");
	*out = path;
	return 0;
}

int cache_lock(const char *cache_dir, struct str name, struct error *err)
{
	scoped(arena) a = {0};
	struct str dir = {0};
	if (cache_subdir(&dir, &a, cache_dir, "locks", err) != 0)
		return -1;
	struct str path = arena_printf(&a, "%s/%.*s", dir.p, STR_ARG(name));
	autoclose int fd = open(path.p, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(err, "cache: %s", path.p);
	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return error_sys(err, "cache: lock %s", path.p);
	}
	return steal_fd(&fd);
}

static bool is_url(struct str base)
{
	return str_has_prefix(base, STR("https://")) || str_has_prefix(base, STR("http://"));
}

/* A name in the cache for what has no digest yet. */
static struct str name_of(struct arena *a, struct str key)
{
	struct digest d = digest_bytes(key);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &d);
	return arena_str(a, str_from(hex));
}

static bool file_has_digest(const char *path, struct str hex)
{
	struct digest wanted, found;
	struct error ignored = {0};
	autoclose int fd = file_open(AT_FDCWD, path, &ignored);
	return fd >= 0 && digest_parse(&wanted, hex) &&
		digest_fd(&found, NULL, fd, &ignored) == 0 && digest_eq(&wanted, &found);
}

static int write_bytes(void *ctx, struct str bytes, struct error *err)
{
	const int *fd = ctx;
	return file_write_fd(*fd, bytes, err);
}

static int fetch_url(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err)
{
	bool pinned = spec->checksum.n > 0;
	if (!pinned && !str_has_prefix(spec->base, STR("https://")))
		return error_set(err, ERROR_INPUT,
			"base: %.*s: without \"base_checksum\" only https is accepted",
			STR_ARG(spec->base));
	struct str dir = {0}, name = name_of(a, spec->base);
	if (cache_subdir(&dir, a, o->cache_dir, "downloads", err) != 0)
		return -1;
	struct str path = arena_printf(a, "%s/%s", dir.p, name.p);
	*out = (struct base_source){.path = path, .uri = spec->base};
	autoclose int lock = cache_lock(o->cache_dir, name, err);
	if (lock < 0)
		return -1;
	if (pinned && file_has_digest(path.p, str_from_index(spec->checksum, 7)))
		return 0;
	log_say(o->log, LOG_INFO, "Downloading %.*s", STR_ARG(spec->base));
	struct str partial = arena_printf(a, "%s.partial", path.p);
	autoclose int fd =
		open(partial.p, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(err, "cache: %s", partial.p);
	const struct http_request request = {
		.url = arena_cstr(a, spec->base),
		.plain_http = pinned,
		.cancel_fd = o->cancel_fd,
		.max_bytes = DOWNLOAD_MAX,
		.body_sink = write_bytes,
		.ctx = &fd,
	};
	int r = http_send(&request, err);
	if (r == 0 && rename(partial.p, path.p) != 0)
		r = error_sys(err, "cache: %s", path.p);
	if (r != 0)
		unlink(partial.p);
	return r;
}

static int find_in_tree(struct template_found *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct template_paths root = {.tree = o->tree, .has_cwd = true};
	if (!o->tree)
		return error_set(err, ERROR_INPUT,
			"base: \"%.*s\" is neither an absolute path nor an address",
			STR_ARG(spec->base));
	if (spec->paths && spec->paths->tree)
		root = *spec->paths;
	if (template_find(out, &root, spec->base, a, err) != 0)
		return error_wrap(err, "base");
	return 0;
}

/* A file of the commit goes through the cache, because libraries want descriptors. */
static int fetch_tree(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct template_found found = {0};
	if (find_in_tree(&found, spec, o, a, err) != 0)
		return -1;
	if (found.entry.kind != TREE_FILE)
		return error_set(err, ERROR_INPUT,
			"base: \"%.*s\" is not a file of the repository; a directory must be given "
			"by its absolute path",
			STR_ARG(spec->base));
	struct str bytes = {0}, dir = {0};
	if (tree_read(o->tree, found.path, &bytes, err) != 0)
		return error_wrap(err, "base");
	if (cache_subdir(&dir, a, o->cache_dir, "downloads", err) != 0)
		return -1;
	struct digest sha256 = digest_bytes(bytes);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &sha256);
	struct str path = arena_printf(a, "%s/%s", dir.p, hex);
	*out = (struct base_source){
		.path = path,
		.uri = arena_printf(a, "file:%.*s", STR_ARG(found.path)),
	};
	if (file_has_digest(path.p, str_from(hex)))
		return 0;
	return file_replace(AT_FDCWD, path.p, bytes, 0644, err);
}

static int fetch_path(struct base_source *out, struct str path, struct str uri, struct arena *a,
	struct error *err)
{
	const char *cstr = arena_cstr(a, path);
	struct stat st;
	if (stat(cstr, &st) != 0)
		return error_sys(err, "base: %s", cstr);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return error_set(
			err, ERROR_INPUT, "base: %s: neither a file nor a directory", cstr);
	*out = (struct base_source){
		.path = arena_str(a, path),
		.uri = uri,
		.directory = S_ISDIR(st.st_mode),
	};
	return 0;
}

static int fetch(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err)
{
	if (spec->suite.n > 0)
		return base_bootstrap(out, spec, o, a, err);
	if (!str_is_cstr(spec->base))
		return error_set(err, ERROR_INPUT, "base: holds a NUL");
	if (is_url(spec->base))
		return fetch_url(out, spec, o, a, err);
	if (str_has_prefix(spec->base, STR("file:///")))
		return fetch_path(out, str_from_index(spec->base, 7), spec->base, a, err);
	if (str_has_prefix(spec->base, STR("/")))
		return fetch_path(out, spec->base,
			arena_printf(a, "file://%.*s", STR_ARG(spec->base)), a, err);
	return fetch_tree(out, spec, o, a, err);
}

int base_fetch(struct base_source *out, const struct base_spec *spec, const struct build_options *o,
	struct arena *a, struct error *err)
{
	struct base_source source = {0};
	if (fetch(&source, spec, o, a, err) != 0)
		return -1;
	source.checksum = spec->checksum;
	*out = source;
	return 0;
}
