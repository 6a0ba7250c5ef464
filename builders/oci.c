#include "builders/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/file.h"

#define SECOND INT64_C(1000000000)

/* What Go, and so every OCI tool, calls the machines that uname names. */
static const struct {
	const char *machine;
	const char *architecture;
	const char *variant;
} architectures[] = {
	{"x86_64", "amd64", NULL},
	{"i686", "386", NULL},
	{"aarch64", "arm64", "v8"},
	{"armv7l", "arm", "v7"},
	{"ppc64le", "ppc64le", NULL},
	{"s390x", "s390x", NULL},
	{"riscv64", "riscv64", NULL},
};

static void blob_path(char out[128], const struct digest *sha256)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, sha256);
	snprintf(out, 128, OCI_BLOBS "/%s", hex);
}

int oci_begin(int dir, struct error *err)
{
	if (dir_make(dir, OCI_BLOBS, err) != 0)
		return error_wrap(err, "oci");
	return file_create(dir, "oci-layout", STR("{\"imageLayoutVersion\":\"1.0.0\"}"), 0644, err);
}

static int copy_and_check(
	int out, int in, const struct digest *sha256, uint64_t size, struct error *err)
{
	scoped(hasher) h = {0};
	hasher_init(&h);
	uint64_t copied = 0;
	char block[65536];
	for (;;) {
		ssize_t n = read(in, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "oci: read");
		if (n == 0)
			break;
		struct str bytes = {block, (size_t)n};
		hasher_add(&h, bytes);
		copied += bytes.n;
		if (file_write_fd(out, bytes, err) != 0)
			return error_wrap(err, "oci");
	}
	struct digest found;
	hasher_finish(&h, &found);
	if (copied != size || !digest_eq(&found, sha256))
		return error_set(err, ERROR_TRUST, "oci: a cached layer is not what it was");
	return 0;
}

int oci_add_blob(int dir, int fd, const struct digest *sha256, uint64_t size, struct error *err)
{
	char path[128];
	blob_path(path, sha256);
	autoclose int out = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return errno == EEXIST ? 0 : error_sys(err, "oci: %s", path);
	return copy_and_check(out, fd, sha256, size, err);
}

int oci_rename_blob(int dir, const char *temporary, const struct digest *sha256, struct error *err)
{
	char path[128];
	blob_path(path, sha256);
	if (renameat(dir, temporary, dir, path) != 0)
		return error_sys(err, "oci: %s", path);
	return 0;
}

static struct json *digest_json(struct arena *a, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return json_string(a, arena_printf(a, "sha256:%s", hex));
}

static struct json *strings_json(struct arena *a, const struct str_list *list)
{
	struct json *array = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, array, json_string(a, list->items[i]));
	return array;
}

static void set_architecture(struct arena *a, struct json *j)
{
	struct utsname machine;
	const char *architecture = "unknown", *variant = NULL;
	if (uname(&machine) == 0) {
		for (size_t i = 0; i < countof(architectures); i++) {
			if (strcmp(machine.machine, architectures[i].machine) != 0)
				continue;
			architecture = architectures[i].architecture;
			variant = architectures[i].variant;
		}
	}
	json_set(a, j, "architecture", json_cstr(a, architecture));
	json_set(a, j, "os", json_cstr(a, "linux"));
	if (variant)
		json_set(a, j, "variant", json_cstr(a, variant));
}

static struct json *container_config(struct arena *a, const struct oci_image *image)
{
	struct json *config = json_object(a);
	if (image->env.n > 0)
		json_set(a, config, "Env", strings_json(a, &image->env));
	if (image->entrypoint.n > 0)
		json_set(a, config, "Entrypoint", strings_json(a, &image->entrypoint));
	if (image->cmd.n > 0)
		json_set(a, config, "Cmd", strings_json(a, &image->cmd));
	if (image->user.n > 0)
		json_set(a, config, "User", json_string(a, image->user));
	if (image->workdir.n > 0)
		json_set(a, config, "WorkingDir", json_string(a, image->workdir));
	if (image->labels && image->labels->object.n > 0)
		json_set(a, config, "Labels", image->labels);
	return config;
}

static struct json *image_config(struct arena *a, const struct oci_image *image)
{
	struct json *j = json_object(a), *rootfs = json_object(a);
	struct json *history = json_array(a), *diff_ids = json_array(a);
	struct str created = time_rfc3339(a, image->epoch * SECOND);
	set_architecture(a, j);
	json_set(a, j, "created", json_string(a, created));
	json_set(a, j, "config", container_config(a, image));
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct oci_layer *layer = &image->layers[i];
		struct json *entry = json_object(a);
		json_set(a, entry, "created", json_string(a, created));
		json_set(a, entry, "created_by", json_string(a, layer->created_by));
		json_append(a, history, entry);
		json_append(a, diff_ids, digest_json(a, &layer->diff_id));
	}
	json_set(a, rootfs, "type", json_cstr(a, "layers"));
	json_set(a, rootfs, "diff_ids", diff_ids);
	json_set(a, j, "rootfs", rootfs);
	json_set(a, j, "history", history);
	return j;
}

static struct json *descriptor(
	struct arena *a, const char *media_type, const struct digest *sha256, uint64_t size)
{
	struct json *j = json_object(a);
	json_set(a, j, "mediaType", json_cstr(a, media_type));
	json_set(a, j, "digest", digest_json(a, sha256));
	json_set(a, j, "size", json_i64(a, (int64_t)size));
	return j;
}

/* A document that becomes a blob, and what refers to it then. */
struct document {
	const struct json *json;
	const char *media_type;
	struct digest sha256;
	struct json *descriptor;
};

static int put_document(struct document *d, int dir, struct arena *a, struct error *err)
{
	scoped(buf) text = {0};
	json_write_canonical(&text, d->json);
	d->sha256 = digest_bytes(buf_str(&text));
	char path[128];
	blob_path(path, &d->sha256);
	d->descriptor = descriptor(a, d->media_type, &d->sha256, text.n);
	return file_create(dir, path, buf_str(&text), 0644, err);
}

static struct json *image_manifest(
	struct arena *a, const struct oci_image *image, const char *media_type, struct json *config)
{
	struct json *manifest = json_object(a), *layers = json_array(a);
	for (size_t i = 0; i < image->layer_count; i++) {
		json_append(a, layers,
			descriptor(a, "application/vnd.oci.image.layer.v1.tar+gzip",
				&image->layers[i].sha256, image->layers[i].size));
	}
	json_set(a, manifest, "schemaVersion", json_i64(a, 2));
	json_set(a, manifest, "mediaType", json_cstr(a, media_type));
	json_set(a, manifest, "config", config);
	json_set(a, manifest, "layers", layers);
	return manifest;
}

static struct json *image_index(
	struct arena *a, const struct oci_image *image, struct json *manifest)
{
	struct json *annotations = json_object(a), *index = json_object(a), *all = json_array(a);
	json_set(a, annotations, "org.opencontainers.image.ref.name", json_string(a, image->tag));
	json_set(a, manifest, "annotations", annotations);
	json_append(a, all, manifest);
	json_set(a, index, "schemaVersion", json_i64(a, 2));
	json_set(a, index, "mediaType", json_cstr(a, "application/vnd.oci.image.index.v1+json"));
	json_set(a, index, "manifests", all);
	return index;
}

int oci_finish(struct digest *image_id, int dir, const struct oci_image *image, struct arena *a,
	struct error *err)
{
	struct document config = {
		.json = image_config(a, image),
		.media_type = "application/vnd.oci.image.config.v1+json",
	};
	if (put_document(&config, dir, a, err) != 0)
		return error_wrap(err, "oci: config");
	const char *type = "application/vnd.oci.image.manifest.v1+json";
	struct document manifest = {
		.json = image_manifest(a, image, type, config.descriptor),
		.media_type = type,
	};
	if (put_document(&manifest, dir, a, err) != 0)
		return error_wrap(err, "oci: manifest");
	scoped(buf) text = {0};
	json_write_canonical(&text, image_index(a, image, manifest.descriptor));
	*image_id = config.sha256;
	return file_create(dir, "index.json", buf_str(&text), 0644, err);
}
