#include "builders/base_image.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "builders/tool.h"

#define SOURCES_MAX 64
#define SOURCES_BYTES ((size_t)1 << 20)
#define SOURCES_DIR "/etc/apt/sources.list.d"

/*
 * mmdebstrap takes the machine's resolv.conf and hostname into the tree; an image has no use for
 * them, and its digest must not depend on them.
 */
static const char *const hook = "--customize-hook=rm -f \"$1/etc/resolv.conf\" \"$1/etc/hostname\"";

/* Debian's and Ubuntu's own file where there is one; else everything that apt reads. */
static const char *const own_sources[] = {
	SOURCES_DIR "/debian.sources",
	SOURCES_DIR "/ubuntu.sources",
};

static bool is_sources_file(struct str name)
{
	return str_has_suffix(name, STR(".list")) || str_has_suffix(name, STR(".sources"));
}

static int host_sources(struct str_list *out, struct arena *a, struct error *err)
{
	for (size_t i = 0; i < countof(own_sources); i++) {
		if (access(own_sources[i], R_OK) == 0) {
			list_push(a, out) = str_from(own_sources[i]);
			return 0;
		}
	}
	struct stat st;
	if (stat("/etc/apt/sources.list", &st) == 0 && st.st_size > 0)
		list_push(a, out) = STR("/etc/apt/sources.list");
	struct str_list names = {0};
	struct error ignored = {0};
	if (out->n == 0 && dir_list(&names, a, AT_FDCWD, SOURCES_DIR, SOURCES_MAX, &ignored) == 0) {
		for (size_t i = 0; i < names.n; i++) {
			if (is_sources_file(names.items[i]))
				list_push(a, out) = arena_printf(
					a, SOURCES_DIR "/%.*s", STR_ARG(names.items[i]));
		}
	}
	if (out->n == 0)
		return error_set(err, ERROR_INPUT,
			"suite: this machine has no apt sources; name a \"mirror\"");
	return 0;
}

/* The inputs of mmdebstrap: their digest names the result in the cache. */
static int cache_key(struct str *out, const struct base_spec *spec, const struct str_list *mirrors,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct json *key = json_object(a), *list = json_array(a), *include = json_array(a);
	json_set(a, key, "suite", json_string(a, spec->suite));
	json_set(a, key, "variant", json_string(a, spec->variant));
	json_set(a, key, "components", json_string(a, spec->components));
	json_set(a, key, "epoch", json_i64(a, o->epoch));
	json_set(a, key, "mirrors", list);
	json_set(a, key, "include", include);
	for (size_t i = 0; i < spec->include.n; i++)
		json_append(a, include, json_string(a, spec->include.items[i]));
	for (size_t i = 0; i < mirrors->n; i++) {
		struct str mirror = mirrors->items[i];
		json_append(a, list, json_string(a, mirror));
		if (!str_has_prefix(mirror, STR("/")))
			continue;
		scoped(buf) file = {0};
		if (file_read(&file, AT_FDCWD, arena_cstr(a, mirror), SOURCES_BYTES, err) != 0)
			return error_wrap(err, "suite");
		json_append(a, list, json_bytes(a, buf_str(&file)));
	}
	scoped(buf) canonical = {0};
	json_write_canonical(&canonical, key);
	struct digest d = digest_bytes(buf_str(&canonical));
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &d);
	*out = arena_str(a, str_from(hex));
	return 0;
}

static struct str joined(struct arena *a, const char *option, const struct str_list *items)
{
	struct str all = arena_join(a, items->items, items->n, STR(","));
	return arena_printf(a, "%s%.*s", option, STR_ARG(all));
}

static int run_mmdebstrap(const struct base_spec *spec, const struct str_list *mirrors,
	struct str path, const struct build_options *o, struct arena *a, struct error *err)
{
	const char *argv[16 + SOURCES_MAX];
	size_t n = 0;
	argv[n++] = "mmdebstrap";
	argv[n++] = "--format=tar";
	argv[n++] = geteuid() == 0 ? "--mode=root" : "--mode=unshare";
	argv[n++] = arena_printf(a, "--variant=%.*s", STR_ARG(spec->variant)).p;
	if (spec->include.n > 0)
		argv[n++] = joined(a, "--include=", &spec->include).p;
	if (spec->components.n > 0)
		argv[n++] = arena_printf(a, "--components=%.*s", STR_ARG(spec->components)).p;
	argv[n++] = hook;
	argv[n++] = "--";
	argv[n++] = arena_cstr(a, spec->suite);
	argv[n++] = path.p;
	for (size_t i = 0; i < mirrors->n && i < SOURCES_MAX; i++)
		argv[n++] = arena_cstr(a, mirrors->items[i]);
	argv[n] = NULL;
	const char *proxy = env_find(o->environment, "http_proxy");
	const char *envp[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C.UTF-8",
		arena_printf(a, "SOURCE_DATE_EPOCH=%lld", (long long)o->epoch).p,
		proxy ? arena_printf(a, "http_proxy=%s", proxy).p : NULL,
		NULL,
	};
	struct tool tool = {argv, envp, AT_FDCWD, o->cancel_fd, o->log};
	return tool_run(&tool, err);
}

int base_bootstrap(struct base_source *out, const struct base_spec *spec,
	const struct build_options *o, struct arena *a, struct error *err)
{
	struct str_list mirrors = spec->mirrors;
	if (mirrors.n == 0 && host_sources(&mirrors, a, err) != 0)
		return -1;
	struct str key = {0}, dir = {0};
	if (cache_key(&key, spec, &mirrors, o, a, err) != 0)
		return -1;
	if (cache_subdir(&dir, a, o->cache_dir, "suites", err) != 0)
		return -1;
	struct str path = arena_printf(a, "%s/%s.tar", dir.p, key.p);
	*out = (struct base_source){
		.path = path,
		.uri = arena_printf(a, "mmdebstrap:%.*s?variant=%.*s", STR_ARG(spec->suite),
			STR_ARG(spec->variant)),
	};
	autoclose int lock = cache_lock(o->cache_dir, key, err);
	if (lock < 0)
		return -1;
	if (access(path.p, R_OK) == 0)
		return 0;
	log_say(o->log, LOG_INFO, "Making the base of %.*s with mmdebstrap", STR_ARG(spec->suite));
	struct str partial = arena_printf(a, "%s/%s.partial.tar", dir.p, key.p);
	int r = run_mmdebstrap(spec, &mirrors, partial, o, a, err);
	if (r == 0 && rename(partial.p, path.p) != 0)
		r = error_sys(err, "cache: %s", path.p);
	if (r != 0)
		unlink(partial.p);
	return r;
}
