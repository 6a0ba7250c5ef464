/* compress: one archive, or one compressed file, of what an artifact holds. */
#include "builders/post/post.h"

#include "base/file.h"

struct compress_config {
	struct text output;
	struct str format;
	int64_t compression_level;
};

static const struct conf_field fields[] = {
	{"output", CONF_KIND_TEXT, offsetof(struct compress_config, output), 0, NULL},
	{"format", CONF_KIND_STR, offsetof(struct compress_config, format), 0, NULL},
	{"compression_level", CONF_KIND_INT, offsetof(struct compress_config, compression_level), 0,
		NULL},
	{0},
};

static struct text output(const void *config, struct arena *a)
{
	const struct compress_config *c = config;
	if (c->output.n > 0)
		return c->output;
	return text_from(a, STR("packer_{{.BuildName}}_{{.BuilderType}}"));
}

static int check(const void *config, const struct conf *from, struct diags *d, struct arena *a)
{
	const struct compress_config *c = config;
	const struct conf *level = conf_find(from, STR("compression_level"));
	if (c->compression_level >= -1)
		return 0;
	return diag_error(d, a, level ? &level->origin : &from->origin,
		"post-processor compress: \"compression_level\" goes from -1 to 9");
}

/* ---- What the name asks for ----------------------------------------------------------------- */

struct shape {
	struct post_shape archive;
	const char *filter_name; /* Packer's */
	const char *media_type;
};

static const struct {
	const char *extension;
	enum post_filter filter;
	const char *name;
	const char *media_type;
} filters[] = {
	{"gz", POST_GZIP, "pgzip", "application/gzip"},
	{"lz4", POST_LZ4, "lz4", "application/x-lz4"},
	{"xz", POST_XZ, "xz", "application/x-xz"},
	{"bzip2", POST_BZIP2, "bzip2", "application/x-bzip2"},
	{"bz2", POST_BZIP2, "bzip2", "application/x-bzip2"},
	{"zst", POST_ZSTD, "zstd", "application/zstd"},
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The last two groups of small letters and digits behind a dot, as Packer looks for them. */
static void last_extensions(struct str s, struct str *last, struct str *before)
{
	*last = *before = STR("");
	for (size_t i = 0; i < s.n; i++) {
		size_t end = i + 1;
		while (s.p[i] == '.' && end < s.n && is_word(s.p[end]))
			end++;
		if (s.p[i] != '.' || end == i + 1)
			continue;
		*before = *last;
		*last = str_sub(s, i + 1, end - i - 1);
		i = end - 1;
	}
}

static int shape_of(struct shape *out, struct str path, struct error *err)
{
	struct str last, before;
	last_extensions(path, &last, &before);
	*out = (struct shape){{POST_TAR, POST_GZIP, 0}, "pgzip", "application/gzip"};
	if (str_is(last, "bgzf"))
		return error_set(err, ERROR_INPUT,
			"bgzf is not written here; gz can be read by the same programs");
	if (str_is(last, "zip")) {
		*out = (struct shape){{POST_ZIP, POST_NO_FILTER, 0}, NULL, "application/zip"};
		return 0;
	}
	if (str_is(last, "tar")) {
		*out = (struct shape){{POST_TAR, POST_NO_FILTER, 0}, NULL, "application/x-tar"};
		return 0;
	}
	for (size_t i = 0; i < countof(filters); i++) {
		if (!str_is(last, filters[i].extension))
			continue;
		out->archive.container = str_is(before, "tar") ? POST_TAR : POST_PLAIN;
		out->archive.filter = filters[i].filter;
		out->filter_name = filters[i].name;
		out->media_type = filters[i].media_type;
	}
	return 0;
}

/* ---- Running -------------------------------------------------------------------------------- */

static void say_start(
	struct post *p, const struct shape *shape, struct str path, const struct post_artifact *in)
{
	const char *with = shape->filter_name ? shape->filter_name : "no compression";
	if (shape->archive.container == POST_ZIP)
		log_say(&p->say, LOG_INFO, "Zipping %s", path.p);
	else if (shape->archive.container == POST_TAR)
		log_say(&p->say, LOG_INFO, "Tarring %s with %s", path.p, with);
	else
		log_say(&p->say, LOG_INFO, "Archiving %s with %s", in->files.items[0].path.p, with);
}

static int write_archive(struct post *p, int fd, const struct post_shape *shape,
	const struct post_artifact *in, struct error *err)
{
	__attribute__((cleanup(post_archive_clear))) struct post_archive archive = {0};
	if (post_archive_open(&archive, p, fd, shape, err) != 0)
		return -1;
	for (size_t i = 0; i < in->files.n; i++) {
		const struct post_file *f = &in->files.items[i];
		autoclose int file = post_open(f, err);
		if (file < 0 || post_archive_add(&archive, post_name(f), file, err) != 0)
			return -1;
	}
	return post_archive_finish(&archive, err);
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct compress_config *c = p->config;
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	struct text template = output(c, p->arena);
	struct str path = {0}, named;
	struct shape shape;
	if (post_render(p, &template, NULL, 0, &path, err) != 0 ||
		post_path(&path, p->arena, path, err) != 0)
		return -1;
	named = c->format.n == 0
		? path
		: arena_printf(p->arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(c->format));
	if (shape_of(&shape, named, err) != 0)
		return -1;
	if (shape.archive.container == POST_PLAIN && in->files.n != 1)
		return error_set(err, ERROR_INPUT,
			"Can only have 1 input file when not using tar/zip. Found %zu files",
			in->files.n);
	if (c->compression_level > 0)
		shape.archive.level = c->compression_level > 9 ? 9 : (int)c->compression_level;
	if (post_output_open(&file, p, path, in, err) != 0)
		return -1;
	say_start(p, &shape, path, in);
	if (write_archive(p, file.fd, &shape.archive, in, err) != 0 ||
		post_output_finish(&file, p, shape.media_type, out, err) != 0)
		return -1;
	log_say(&p->say, LOG_INFO, "Archive %s completed", path.p);
	return 0;
}

const struct post_processor post_compress = {
	.type = "compress",
	.builder_id = "packer.post-processor.compress",
	.fields = fields,
	.size = sizeof(struct compress_config),
	.check = check,
	.output = output,
	.run = run,
};
