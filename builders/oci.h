/* OCI image layout, image-spec v1.1. Private to builders/. */
#ifndef BUILDERS_OCI_H
#define BUILDERS_OCI_H

#include "base/digest.h"
#include "base/json.h"

struct oci_layer {
	struct digest diff_id; /* of the uncompressed tar */
	struct digest sha256; /* of the blob */
	uint64_t size;
	struct str created_by;
};

/* What the image's configuration says of itself; empty members are left out. */
struct oci_image {
	struct str tag;
	int64_t epoch; /* s; every time stamp of the image */
	struct str_list env; /* "K=V" */
	struct str_list entrypoint;
	struct str_list cmd;
	struct str user;
	struct str workdir;
	struct json *labels; /* object of strings, or NULL */
	const struct oci_layer *layers;
	size_t layer_count;
};

/* Makes `dir`/blobs/sha256 and writes the file oci-layout. */
MUST_CHECK int oci_begin(int dir, struct error *err);
/* Adds a file by copying it to a blob; sha256 and size must be what it has. */
MUST_CHECK int oci_add_blob(
	int dir, int fd, const struct digest *sha256, uint64_t size, struct error *err);
/* Moves a temporary file of blobs/sha256 to its name. */
MUST_CHECK int oci_rename_blob(
	int dir, const char *temporary, const struct digest *sha256, struct error *err);
/* Configuration, manifest, index. image_id: the digest of the configuration. */
MUST_CHECK int oci_finish(struct digest *image_id, int dir, const struct oci_image *image,
	struct arena *a, struct error *err);

#define OCI_BLOBS "blobs/sha256"

#endif
