#include <stdio.h>

#include "base/encode.h"
#include "base/file.h"
#include "builders/docker/docker.h"

#define EXPORT_MAX ((uint64_t)1 << 40)
#define BUILDER_ID "packer.docker"

static void add_query(struct buf *query, const char *key, struct str value, struct arena *a)
{
	if (value.n > 0)
		buf_printf(query, "&%s=%.*s", key, STR_ARG(engine_escape(value, a)));
}

/* The engine names the image by the digest of its configuration; podman without "sha256:". */
static int image_id(const struct json *answer, struct str *id, struct arena *a, struct error *err)
{
	if (!answer || json_get_str(answer, "Id", id, "container engine", err) != 0)
		return answer ? -1
			      : error_set(err, ERROR_SYSTEM, "container engine: no id of an image");
	if (str_has_prefix(*id, STR("sha256:")))
		*id = str_from_index(*id, strlen("sha256:"));
	if (id->n != 64 || !hex_is_lower(*id))
		return error_set(err, ERROR_SYSTEM, "container engine: \"%.*s\" is no image's id",
			STR_ARG(*id));
	*id = arena_printf(a, "sha256:%.*s", STR_ARG(*id));
	return 0;
}

static int commit(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	const struct docker_config *c = &m->config;
	scoped(buf) query = {0};
	struct str author, message;
	struct json *answer = NULL;
	if (docker_value(m, &c->author, &author, err) != 0 ||
		docker_value(m, &c->message, &message, err) != 0)
		return -1;
	buf_printf(&query, "/commit?container=%s&pause=true", m->container);
	add_query(&query, "author", author, a);
	add_query(&query, "comment", message, a);
	for (size_t i = 0; i < c->changes.n; i++) {
		struct str change;
		if (docker_value(m, &c->changes.items[i], &change, err) != 0)
			return -1;
		add_query(&query, "changes", change, a);
	}
	/* podman wants a body. */
	struct engine_call call = {.method = "POST", .path = query.p, .body = json_object(a)};
	if (engine_json(&m->engine, &call, a, &answer, err) != 0)
		return -1;
	out->image_algorithm = STR("sha256");
	return image_id(answer, &out->image_id, a, err);
}

struct exported {
	int fd;
	struct hasher hasher;
	struct digest sha256; /* of all bytes, when it is whole */
	uint64_t bytes;
};

static int write_export(void *ctx, struct str bytes, struct error *err)
{
	struct exported *x = ctx;
	hasher_add(&x->hasher, bytes);
	x->bytes += bytes.n;
	return file_write_fd(x->fd, bytes, err);
}

/* Beside its name first, and moved there when it is whole. */
static int export_to(
	struct machine *m, int dir, const char *name, struct exported *x, struct error *err)
{
	scoped(arena) a = {0};
	const char *partial = arena_printf(&a, "%s.partial", name).p;
	const char *from = arena_printf(&a, "/containers/%s/export", m->container).p;
	x->fd = openat(dir, partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (x->fd < 0)
		return error_sys(err, "%s", partial);
	hasher_init(&x->hasher);
	int r = engine_get(&m->engine, from, EXPORT_MAX, write_export, x, err);
	hasher_finish(&x->hasher, &x->sha256);
	if (r == 0 && fsync(x->fd) != 0)
		r = error_sys(err, "%s", partial);
	close(x->fd);
	if (r == 0 && renameat(dir, partial, dir, name) != 0)
		r = error_sys(err, "%s", name);
	if (r != 0)
		unlinkat(dir, partial, 0);
	return r;
}

static int export_tree(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	struct str path = {0};
	struct exported x = {.fd = -1};
	char hex[DIGEST_HEX_SIZE];
	if (docker_value(m, &m->config.export_path, &path, err) != 0)
		return -1;
	if (!path_is_clean(path))
		return error_set(err, ERROR_INPUT,
			"\"export_path\": \"%.*s\" is not a path below the output directory",
			STR_ARG(path));
	struct str parent = path_dir(path);
	struct str whole = arena_printf(a, "%s/%.*s", m->options->output_dir, STR_ARG(parent));
	if (dir_make(AT_FDCWD, whole.p, err) != 0)
		return error_wrap(err, "\"export_path\"");
	autoclose int dir = dir_open(AT_FDCWD, m->options->output_dir, err);
	if (dir < 0 || export_to(m, dir, arena_cstr(a, path), &x, err) != 0)
		return -1;
	digest_hex(hex, &x.sha256);
	list_push(a, &out->files) = (struct artifact_file){
		.path = arena_str(a, path),
		.media_type = STR("application/x-tar"),
		.size = x.bytes,
		.sha256 = x.sha256,
	};
	out->image_id = arena_printf(a, "sha256:%s", hex);
	out->image_algorithm = STR("sha256");
	return 0;
}

/* The base: by the registry's digest where there is one, else by the image's own. */
static void add_base(struct machine *m, struct artifact *out, struct arena *a)
{
	struct str found = m->image_digest.n > 0 ? m->image_digest : m->image_id;
	struct digest sha256 = {0};
	bool pinned =
		str_contains(m->image, STR("@sha256:")) || str_has_prefix(m->image, STR("sha256:"));
	if (!str_has_prefix(found, STR("sha256:")) ||
		!digest_parse(&sha256, str_from_index(found, strlen("sha256:"))))
		return;
	list_push(a, &out->inputs) = (struct artifact_input){
		.name = arena_str(a, m->image),
		.uri = arena_printf(a, "docker://%.*s", STR_ARG(m->image)),
		.sha256 = sha256,
		.pinned = pinned,
	};
}

int docker_capture(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	*out = (struct artifact){
		.builder_id = STR(BUILDER_ID),
		.image_name = arena_str(a, m->options->plan->build),
	};
	add_base(m, out, a);
	if (m->config.commit)
		return commit(m, out, a, err);
	return m->config.discard ? 0 : export_tree(m, out, a, err);
}
