/*
 * Post-processors: from an artifact to an artifact, after the image is captured. A type is one
 * const struct at the end of its own file. Private to builders/.
 *
 * Paths of the template start where the build was started, as Packer's do; what is written lies
 * below that directory. A file is written beside its place and moved there when it is whole.
 */
#ifndef BUILDERS_POST_POST_H
#define BUILDERS_POST_POST_H

#include "builders/run.h"

/* One file of an artifact. */
struct post_file {
	struct str path; /* from the directory where the build was started */
	struct str name; /* below the output directory of the build; empty: it lies elsewhere */
	bool owned; /* removed when its artifact is not kept */
};

/* What one post-processor hands to the next. */
struct post_artifact {
	struct str builder_id;
	struct str id;
	struct {
		struct post_file *items;
		size_t n;
		size_t cap;
	} files;
	struct str layout; /* directory of an OCI image layout; empty: none */
	struct str_list tags; /* names that docker-tag gave the image */
};

struct post_processor;

/* One run of one post-processor. */
struct post {
	struct run *run;
	struct arena *arena; /* lives as long as the build's result */
	const struct post_processor *type;
	const struct template_post_processor *p;
	uint32_t sequence;
	uint32_t position;
	const void *config; /* decoded by the table of the type */
	struct log say; /* "==> name (type): " */
	struct {
		struct artifact_file *items;
		size_t n;
		size_t cap;
	} made; /* what it wrote or took */
	struct str_list written; /* paths of files that were not there before */
	struct str_list lines; /* that it added to files of its own and of others */
};

struct post_processor {
	const char *type;
	const char *builder_id; /* of the artifacts that it makes */
	const struct conf_field *fields; /* NULL: plan/ decodes it */
	size_t size; /* of the struct that fields describe */
	bool keeps; /* what it was given stays, unless the template says otherwise */
	bool keeps_always; /* whatever the template says */
	/* Output is no file of the image: others append to it, and no digest of it lasts. */
	bool is_log;
	bool passes_on; /* what it was given, the image among it */
	void (*defaults)(void *config, struct arena *a);
	/* More than the table can say; messages with places go to d. May be NULL. */
	int (*check)(const void *config, const struct conf *from, struct diags *d, struct arena *a);
	/* The path that it writes to, as the template gives it. May be NULL. */
	struct text (*output)(const void *config, struct arena *a);
	/*
	 * Whether the image of a builder will do, as far as its configuration tells: asked before
	 * anything starts, when nothing else takes the image's place before. May be NULL.
	 */
	int (*needs)(const void *config, const struct plan *plan, struct error *err);
	/* Names of the fields that this path may use, beside BuildName and BuilderType. */
	const char *const *output_fields;
	/* out: zeroed, with builder_id. */
	int (*run)(struct post *p, const struct post_artifact *in, struct post_artifact *out,
		struct error *err);
	/* Takes back what it added to files that others write, too. NULL: its new files go. */
	void (*undo)(struct post *p);
};

/* NULL-ended, in the order a user meets them. */
extern const struct post_processor *const post_table[];
extern const struct post_processor post_manifest;
extern const struct post_processor post_checksum;
extern const struct post_processor post_compress;
extern const struct post_processor post_artifice;
extern const struct post_processor post_shell_local;
extern const struct post_processor post_vagrant;
extern const struct post_processor post_docker_tag;
extern const struct post_processor post_docker_save;

/* All of a plan's, in order. What they made and removed is added to the artifact. */
MUST_CHECK int post_process(
	struct run *r, struct artifact *artifact, struct arena *a, struct error *err);

/* Whether the build writes its image in this format, as far as can be told before it runs. */
bool post_has_format(const struct plan *plan, const char *format);

/* ---- text.c --------------------------------------------------------------------------------- */

/* Renders a text of the configuration with these fields, BuildName, BuilderType and all holes. */
MUST_CHECK int post_render(struct post *p, const struct text *in,
	const struct template_field *fields, size_t n, struct str *out, struct error *err);
/* Whether it can be rendered at all; every field has a value that says nothing. */
MUST_CHECK int post_render_check(const struct post_processor *type, const struct text *in,
	const struct plan *plan, struct arena *a, struct str *out, struct error *err);
struct template_field post_field(struct arena *a, const char *name, struct str value);
/* The path of a file below the directory where the build was started. */
MUST_CHECK int post_path(struct str *out, struct arena *a, struct str path, struct error *err);

/* ---- file.c --------------------------------------------------------------------------------- */

/* A file that is being written. */
struct post_output {
	struct str path;
	struct str temporary; /* empty: none is there */
	bool replaces; /* a file that was there before */
	int fd;
};

/* path: as post_path made it. Directories are made. in: what must not be overwritten, or NULL. */
MUST_CHECK int post_output_open(struct post_output *out, struct post *p, struct str path,
	const struct post_artifact *in, struct error *err);
/* Moves it to its place and adds it to what was made, and to the files of `to` (may be NULL). */
MUST_CHECK int post_output_finish(struct post_output *o, struct post *p, const char *media_type,
	struct post_artifact *to, struct error *err);
/* Gives up what is not finished. */
void post_output_clear(struct post_output *o);

/* Where a file that was made lies. */
struct str post_made_path(struct post *p, const struct artifact_file *f);
/* A file that is there already becomes part of what was made. */
MUST_CHECK int post_take_file(struct post *p, struct str path, const char *media_type,
	struct post_artifact *to, bool owned, struct error *err);
/* The file's place below the output directory, or "". */
struct str post_inside(const struct run *r, struct arena *a, struct str path);
/* What the file is called in archives. */
struct str post_name(const struct post_file *f);
MUST_CHECK int post_open(const struct post_file *f, struct error *err);
bool post_cancelled(const struct run *r);

/* Held while a file is read and written again: the file PATH.lock, as Packer has it. */
struct post_lock {
	struct str path; /* empty: none */
	int fd;
};
MUST_CHECK int post_lock_take(
	struct post_lock *l, struct post *p, struct str path, struct error *err);
void post_lock_clear(struct post_lock *l);

/* ---- archive.c ------------------------------------------------------------------------------ */

enum post_container { POST_PLAIN = 0, POST_TAR, POST_ZIP };
enum post_filter {
	POST_NO_FILTER = 0,
	POST_GZIP,
	POST_BZIP2,
	POST_XZ,
	POST_LZ4,
	POST_ZSTD,
};

/* Zeroed: none. Owners are 0, modes 0644, times those of the commit. */
struct post_archive {
	void *handle;
	struct post *p;
	enum post_container container;
};
struct post_shape {
	enum post_container container;
	enum post_filter filter;
	int level; /* 0: the usual one */
};
MUST_CHECK int post_archive_open(struct post_archive *a, struct post *p, int fd,
	const struct post_shape *shape, struct error *err);
MUST_CHECK int post_archive_add(struct post_archive *a, struct str name, int fd, struct error *err);
MUST_CHECK int post_archive_add_bytes(
	struct post_archive *a, struct str name, struct str bytes, struct error *err);
MUST_CHECK int post_archive_finish(struct post_archive *a, struct error *err);
void post_archive_clear(struct post_archive *a);

#endif
