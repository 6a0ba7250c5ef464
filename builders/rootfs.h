/* The rootfs builder: a container of the build host as the machine. Private to builders/. */
#ifndef BUILDERS_ROOTFS_H
#define BUILDERS_ROOTFS_H

#include "builders/base_image.h"
#include "builders/container.h"
#include "builders/journal.h"
#include "builders/lent.h"
#include "builders/watch.h"

enum rootfs_format {
	ROOTFS_FORMAT_NONE = 0,
	ROOTFS_OCI = 1 << 0,
	ROOTFS_TAR = 1 << 1,
	ROOTFS_RAW = 1 << 2,
};

/* The configuration, decoded: docs/builders.md. */
struct rootfs_config {
	struct str base;
	struct str base_checksum;
	struct str suite;
	struct str_list mirror;
	struct str_list components;
	struct str variant;
	struct str_list include;
	struct str_list formats;
	struct str disk_size;
	struct str network;
	struct str image_name;
	struct str tag;
	struct str hostname;
	struct text_map env;
	struct text_map labels;
	struct str_list entrypoint;
	struct str_list cmd;
	struct str user;
	struct str workdir;
};

extern const struct conf_field rootfs_fields[];

/* What the strings of the configuration mean. */
struct rootfs_settings {
	unsigned formats; /* of enum rootfs_format */
	uint64_t disk_bytes; /* 0: as large as the content asks for */
	bool no_network;
};

/* Fills in defaults and checks everything; messages go to d. build: the default image name. */
MUST_CHECK int rootfs_decode(struct rootfs_config *out, struct rootfs_settings *settings,
	const struct conf *config, struct str build, struct diags *d, struct arena *a);

/* How the tree that the container writes to came to be. */
enum rootfs_tree { ROOTFS_TREE_NONE = 0, ROOTFS_OVERLAY, ROOTFS_COPY };

struct machine {
	const struct builder *builder;
	const struct build_options *options;
	struct arena arena;
	struct rootfs_config config;
	struct rootfs_settings settings;
	enum userns_kind ids;
	struct journal journal;
	struct str dir; /* of this build, below the work directory */
	struct str scripts; /* directory of host commands' scripts */
	struct str root; /* the merged tree, a mount point */
	enum rootfs_tree tree;
	struct base_image base;
	struct lent policy; /* /usr/sbin/policy-rc.d */
	struct lent resolver; /* /etc/resolv.conf */
	struct container container;
	bool container_runs;
	bool outputs_ours; /* what has an output's name was made by this build */
	struct watch *watch; /* NULL: none yet */
	struct {
		struct communicator c;
		struct machine *machine;
	} communicator;
	char id[33];
};

/*
 * Writes all formats to a directory beside the outputs and moves them to their names at the end.
 * out->files: everything written, hashed.
 */
MUST_CHECK int rootfs_capture(
	struct machine *m, struct artifact *out, struct arena *a, struct error *err);
/* ---- Shared by rootfs_*.c ------------------------------------------------------------------- */

/* A new file in the directory of the outputs; -1 on error. */
MUST_CHECK int rootfs_open_output(int dir, const char *name, struct error *err);
/* What the build leaves, as a tar in `out`: the whole tree, or what differs from the base. */
MUST_CHECK int rootfs_write_tree(struct machine *m, bool difference, int out, struct digest *sha256,
	uint64_t *size, struct error *err);
/* An ext4 file system with the tree. */
MUST_CHECK int rootfs_capture_disk(
	struct machine *m, int out, const char *name, struct digest *sha256, struct error *err);

/* The names that a build of this configuration makes in the output directory. */
void rootfs_output_names(struct str_list *out, const struct machine *m, struct arena *a);

#endif
