/* The docker builder: a container of an engine as the machine. Private to builders/docker/. */
#ifndef BUILDERS_DOCKER_DOCKER_H
#define BUILDERS_DOCKER_DOCKER_H

#include "base/conf.h"
#include "builders/docker/engine.h"
#include "builders/journal.h"

/* The configuration, decoded: docs/builders.md. */
struct docker_config {
	struct text image;
	struct text author;
	struct text message;
	struct text_list changes;
	bool commit;
	bool discard;
	struct text export_path;
	struct str_list device;
	struct str_list cap_add;
	struct str_list cap_drop;
	struct str_list tmpfs;
	struct text_list run_command;
	struct text_map volumes;
	struct str exec_user;
	struct str runtime;
	struct str platform;
	bool privileged;
	bool windows_container;
	bool login;
	bool ecr_login;
	enum conf_trilean pull;
	enum conf_trilean fix_upload_owner;
	const struct conf *build;
	struct text ignored;
};

extern const struct conf_field docker_fields[];
MUST_CHECK int docker_check(const struct conf *config, struct diags *d, struct arena *a);

struct machine {
	const struct builder *builder;
	const struct build_options *options;
	struct arena arena;
	struct docker_config config;
	struct engine engine;
	struct journal journal;
	char id[33];
	const char *container; /* its name, ours */
	bool made;
	struct str image; /* reference, as given */
	struct str image_id; /* "sha256:..." of what the container was made from */
	struct str image_digest; /* "sha256:..." that a registry gave, or empty */
	struct str workdir; /* of the image */
	uint64_t uid, gid; /* who uploads belong to */
	struct {
		struct communicator c;
		struct machine *machine;
	} communicator;
};

/* The JSON that makes the container. */
MUST_CHECK int docker_container(
	struct machine *m, struct json **out, struct arena *a, struct error *err);
/* Value of a text of the configuration. */
MUST_CHECK int docker_value(
	struct machine *m, const struct text *t, struct str *out, struct error *err);

/* docker_files.c: as communicator_ops. */
MUST_CHECK int docker_upload(
	struct machine *m, const char *path, struct str bytes, uint32_t mode, struct error *err);
MUST_CHECK int docker_download(
	struct machine *m, const char *path, struct buf *out, struct error *err);

/* docker_capture.c */
MUST_CHECK int docker_capture(
	struct machine *m, struct artifact *out, struct arena *a, struct error *err);

#endif
