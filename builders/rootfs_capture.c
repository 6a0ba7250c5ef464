#include "builders/rootfs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "builders/extract.h"
#include "builders/layer.h"
#include "builders/oci.h"

#define OUTPUT_FILES_MAX 4096
#define SECOND INT64_C(1000000000)

static struct str output_name(const struct machine *m, enum rootfs_format format, struct arena *a)
{
	struct str name = m->config.image_name;
	switch (format) {
	case ROOTFS_OCI:
		return STR("oci");
	case ROOTFS_TAR:
		return arena_printf(a, "%.*s.tar", STR_ARG(name));
	case ROOTFS_RAW:
		return arena_printf(a, "%.*s.raw", STR_ARG(name));
	case ROOTFS_FORMAT_NONE:
		break;
	}
	return STR("");
}

static const enum rootfs_format format_order[] = {ROOTFS_OCI, ROOTFS_TAR, ROOTFS_RAW};

void rootfs_output_names(struct str_list *out, const struct machine *m, struct arena *a)
{
	for (size_t i = 0; i < countof(format_order); i++) {
		if (m->settings.formats & format_order[i])
			list_push(a, out) = output_name(m, format_order[i], a);
	}
}

int rootfs_open_output(int dir, const char *name, struct error *err)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : error_sys(err, "output: %s", name);
}

/* What the build leaves, as a tar in `out`: the whole tree, or what differs from the base. */
int rootfs_write_tree(struct machine *m, bool difference, int out, struct digest *sha256,
	uint64_t *size, struct error *err)
{
	autoclose int tree = dir_open(AT_FDCWD, m->root.p, err);
	if (tree < 0)
		return -1;
	struct layer_options options = {
		.epoch = m->options->epoch,
		.compare_bytes = m->tree == ROOTFS_COPY,
	};
	scoped(tar) tar = {0};
	tar_init(&tar, out);
	if (layer_write(&tar, tree, difference ? m->base.dir_fd : -1, &options, err) != 0)
		return error_wrap(err, "capture");
	return tar_finish(&tar, sha256, size, err);
}

/* ---- OCI ------------------------------------------------------------------------------------ */

static int add_difference(struct machine *m, int dir, struct oci_layer *layer, struct error *err)
{
	const char *tar_path = OCI_BLOBS "/layer.tar", *gzip_path = OCI_BLOBS "/layer.tar.gz";
	uint64_t size = 0;
	autoclose int tar = rootfs_open_output(dir, tar_path, err);
	if (tar < 0 || rootfs_write_tree(m, true, tar, &layer->diff_id, &size, err) != 0)
		return -1;
	autoclose int gzip = rootfs_open_output(dir, gzip_path, err);
	if (gzip < 0)
		return -1;
	if (lseek(tar, 0, SEEK_SET) < 0 || unlinkat(dir, tar_path, 0) != 0)
		return error_sys(err, "output: %s", tar_path);
	if (extract_gzip(gzip, &layer->sha256, &layer->size, tar, err) != 0)
		return -1;
	return oci_rename_blob(dir, gzip_path, &layer->sha256, err);
}

static int add_base(struct machine *m, int dir, struct oci_layer *layer, struct error *err)
{
	layer->diff_id = m->base.diff_id;
	layer->sha256 = m->base.blob_sha256;
	layer->size = m->base.blob_size;
	autoclose int blob = file_open(AT_FDCWD, m->base.blob.p, err);
	if (blob < 0)
		return error_wrap(err, "cache");
	return oci_add_blob(dir, blob, &layer->sha256, layer->size, err);
}

/* Literals only: rootfs_decode has checked that. */
static struct str literal(struct arena *a, const struct text *t)
{
	struct str value = STR("");
	return text_value(t, a, &value) ? value : STR("");
}

static struct json *image_labels(struct machine *m, struct arena *a)
{
	const struct build_options *o = m->options;
	struct json *labels = json_object(a);
	struct str created = time_rfc3339(a, o->epoch * SECOND);
	json_set(a, labels, "org.opencontainers.image.created", json_string(a, created));
	json_set(a, labels, "org.opencontainers.image.title", json_string(a, m->config.image_name));
	if (o->revision.n > 0)
		json_set(a, labels, "org.opencontainers.image.revision",
			json_string(a, o->revision));
	if (o->source.n > 0)
		json_set(a, labels, "org.opencontainers.image.source", json_string(a, o->source));
	for (size_t i = 0; i < m->config.labels.n; i++)
		json_set_str(a, labels, m->config.labels.keys[i],
			json_string(a, literal(a, &m->config.labels.values[i])));
	return labels;
}

static struct str_list image_env(struct machine *m, struct arena *a)
{
	struct str_list env = {0};
	bool has_path = false;
	for (size_t i = 0; i < m->config.env.n; i++)
		has_path = has_path || str_is(m->config.env.keys[i], "PATH");
	if (!has_path)
		list_push(a, &env) =
			STR("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	for (size_t i = 0; i < m->config.env.n; i++) {
		struct str value = literal(a, &m->config.env.values[i]);
		list_push(a, &env) = arena_printf(
			a, "%.*s=%.*s", STR_ARG(m->config.env.keys[i]), STR_ARG(value));
	}
	return env;
}

static int write_oci(
	struct machine *m, int dir, struct digest *image_id, struct arena *a, struct error *err)
{
	char base[DIGEST_HEX_SIZE], plan[DIGEST_HEX_SIZE];
	digest_hex(base, &m->base.sha256);
	digest_hex(plan, &m->options->plan->digest);
	struct oci_layer layers[2] = {
		{.created_by = arena_printf(a, "base sha256:%s", base)},
		{.created_by = arena_printf(a, "sealwright plan sha256:%s", plan)},
	};
	if (oci_begin(dir, err) != 0 || add_base(m, dir, &layers[0], err) != 0 ||
		add_difference(m, dir, &layers[1], err) != 0)
		return -1;
	struct oci_image image = {
		.tag = m->config.tag,
		.epoch = m->options->epoch,
		.env = image_env(m, a),
		.entrypoint = m->config.entrypoint,
		.cmd = m->config.cmd,
		.user = m->config.user,
		.workdir = m->config.workdir,
		.labels = image_labels(m, a),
		.layers = layers,
		.layer_count = countof(layers),
	};
	return oci_finish(image_id, dir, &image, a, err);
}

static int capture_oci(struct machine *m, int out, const char *name, struct digest *image_id,
	struct arena *a, struct error *err)
{
	if (mkdirat(out, name, 0755) != 0)
		return error_sys(err, "output: %s", name);
	autoclose int dir = dir_open(out, name, err);
	if (dir < 0)
		return -1;
	return write_oci(m, dir, image_id, a, err);
}

/* ---- tar ------------------------------------------------------------------------------------ */

static int capture_tar(
	struct machine *m, int out, const char *name, struct digest *sha256, struct error *err)
{
	uint64_t size = 0;
	autoclose int fd = rootfs_open_output(out, name, err);
	if (fd < 0)
		return -1;
	return rootfs_write_tree(m, false, fd, sha256, &size, err);
}

/* ---- The artifact --------------------------------------------------------------------------- */

static const char *media_type(struct str path)
{
	if (str_has_suffix(path, STR(".tar")))
		return "application/x-tar";
	if (str_has_suffix(path, STR(".json")) || str_has_suffix(path, STR("oci-layout")))
		return "application/json";
	return "application/octet-stream";
}

static int add_file(
	struct artifact *out, struct arena *a, int dir, struct str path, struct error *err)
{
	struct artifact_file file = {
		.path = path,
		.media_type = str_from(media_type(path)),
	};
	autoclose int fd = file_open(dir, path.p, err);
	if (fd < 0 || digest_fd(&file.sha256, &file.size, fd, err) != 0)
		return error_wrap(err, "output");
	list_push(a, &out->files) = file;
	return 0;
}

static int add_files_of(
	struct artifact *out, struct arena *a, int dir, const char *sub, struct error *err)
{
	struct str_list names = {0};
	if (dir_list(&names, a, dir, sub, OUTPUT_FILES_MAX, err) != 0)
		return error_wrap(err, "output");
	for (size_t i = 0; i < names.n; i++) {
		struct str path = arena_printf(a, "%s/%.*s", sub, STR_ARG(names.items[i]));
		struct stat st;
		if (fstatat(dir, path.p, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return error_sys(err, "output: %s", path.p);
		if (S_ISREG(st.st_mode) && add_file(out, a, dir, path, err) != 0)
			return -1;
	}
	return 0;
}

static int capture_format(struct machine *m, enum rootfs_format format, int out,
	struct digest *sha256, struct arena *a, struct error *err)
{
	const char *name = output_name(m, format, a).p;
	log_say(m->options->log, LOG_INFO, "Writing %s", name);
	switch (format) {
	case ROOTFS_OCI:
		return capture_oci(m, out, name, sha256, a, err);
	case ROOTFS_TAR:
		return capture_tar(m, out, name, sha256, err);
	case ROOTFS_RAW:
		return rootfs_capture_disk(m, out, name, sha256, err);
	case ROOTFS_FORMAT_NONE:
		break;
	}
	return error_set(err, ERROR_BUG, "no such format");
}

static int list_format(struct artifact *out, enum rootfs_format format, struct str name, int dir,
	struct arena *a, struct error *err)
{
	if (format != ROOTFS_OCI)
		return add_file(out, a, dir, name, err);
	if (add_files_of(out, a, dir, "oci", err) != 0)
		return -1;
	return add_files_of(out, a, dir, "oci/" OCI_BLOBS, err);
}

static int write_formats(
	struct machine *m, struct artifact *out, int dir, struct arena *a, struct error *err)
{
	for (size_t i = 0; i < countof(format_order); i++) {
		enum rootfs_format format = format_order[i];
		struct digest sha256;
		if (!(m->settings.formats & format))
			continue;
		if (capture_format(m, format, dir, &sha256, a, err) != 0)
			return -1;
		if (list_format(out, format, output_name(m, format, a), dir, a, err) != 0)
			return -1;
		if (out->image_id.n > 0)
			continue;
		char hex[DIGEST_HEX_SIZE];
		digest_hex(hex, &sha256);
		out->image_id = arena_printf(a, "sha256:%s", hex);
	}
	return 0;
}

static int publish(struct machine *m, int dir, const char *partial, struct error *err)
{
	struct str_list names = {0};
	rootfs_output_names(&names, m, &m->arena);
	for (size_t i = 0; i < names.n; i++) {
		struct str from = arena_printf(&m->arena, "%s/%s", partial, names.items[i].p);
		if (renameat(dir, from.p, dir, names.items[i].p) != 0)
			return error_sys(err, "output: %s", names.items[i].p);
	}
	if (unlinkat(dir, partial, AT_REMOVEDIR) != 0)
		return error_sys(err, "output: %s", partial);
	return 0;
}

static int make_partial(struct machine *m, int dir, const char *name, struct error *err)
{
	autofree char *output = realpath(m->options->output_dir, NULL);
	if (!output)
		return error_sys(err, "output: %s", m->options->output_dir);
	struct str path = arena_printf(&m->arena, "%s/%s", output, name);
	if (journal_add(&m->journal, "output", path.p, err) != 0)
		return -1;
	if (mkdirat(dir, name, 0755) != 0)
		return error_sys(err, "output: %s", name);
	return 0;
}

int rootfs_capture(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	autoclose int dir = dir_open(AT_FDCWD, m->options->output_dir, err);
	if (dir < 0)
		return error_wrap(err, "output");
	struct artifact artifact = {
		.builder_id = STR("sealwright.rootfs"),
		.image_algorithm = STR("sha256"),
		.image_name = arena_str(a, m->config.image_name),
	};
	struct str name = arena_printf(&m->arena, OUTPUT_PARTIAL "%s", m->id);
	if (make_partial(m, dir, name.p, err) != 0)
		return -1;
	autoclose int partial = dir_open(dir, name.p, err);
	int r = partial < 0 ? -1 : write_formats(m, &artifact, partial, a, err);
	if (r == 0)
		r = publish(m, dir, name.p, err);
	if (r != 0) {
		struct error ignored = {0};
		(void)!dir_remove(dir, name.p, &ignored);
		return -1;
	}
	list_push(a, &artifact.inputs) = (struct artifact_input){
		.name = STR("base"),
		.uri = arena_str(a, m->base.uri),
		.sha256 = m->base.sha256,
		.pinned = m->base.pinned,
	};
	*out = artifact;
	return 0;
}
