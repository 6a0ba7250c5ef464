/* The provisioner file: uploads and downloads. */
#include "plan/compile.h"
#include "plan/provisioners/stage.h"

struct file {
	struct text content;
	struct text source;
	struct text_list sources;
	struct text destination;
	struct str direction;
	bool generated;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct file, member)

static const struct conf_field fields[] = {
	{"content", FIELD(content, TEXT), 0, NULL},
	{"source", FIELD(source, TEXT), 0, NULL},
	{"sources", FIELD(sources, TEXT_LIST), 0, NULL},
	{"destination", FIELD(destination, TEXT), CONF_REQUIRED, NULL},
	{"direction", FIELD(direction, STR), 0, NULL},
	{"generated", FIELD(generated, BOOL), 0, NULL},
	{0},
};

/* A source and where in the template it stands. */
struct source {
	struct text text;
	struct origin origin;
};

struct transfer {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct file *config;
	struct {
		struct source *items;
		size_t n;
		size_t cap;
	} sources;
};

static bool ends_with_slash(const struct text *t)
{
	return text_ends_with(t, '/');
}

static struct text append(struct transfer *t, const struct text *base, struct str s)
{
	struct text out = {0};
	text_add(&out, t->c->arena, base);
	text_add_literal(&out, t->c->arena, s);
	return out;
}

/* ---- Uploads -------------------------------------------------------------------------------- */

/* As rsync does: without a slash behind it, the directory itself is copied. */
static int upload_directory(
	struct transfer *t, const struct source *source, const struct compile_path *found)
{
	struct stage stage = {.c = t->c, .p = t->p, .windows = stage_is_winrm(t->c)};
	struct text base = text_below(t->c->arena, &t->config->destination, STR(""));
	if (!found->slash && found->path.n > 0) {
		base = append(t, &base, path_base(found->path));
		base = append(t, &base, STR("/"));
	}
	return stage_tree(&stage, &source->origin, found->path, &base, true);
}

static struct text file_destination(struct transfer *t, struct str path)
{
	if (ends_with_slash(&t->config->destination))
		return append(t, &t->config->destination, path_base(path));
	return t->config->destination;
}

/* A file that a step before this one makes on the build host, where such steps run. */
static int upload_generated(struct transfer *t, const struct source *source, struct str raw)
{
	struct str path;
	if (!path_join(t->c->arena, STR(""), raw, &path) || !path_is_clean(path))
		return compile_error(t->c, &source->origin,
			"%.*s: a generated file lies in the output directory", STR_ARG(raw));
	struct step *s = compile_step(t->c, STEP_UPLOAD, &source->origin);
	if (!s)
		return -1;
	text_add_hole(&s->upload.content, t->c->arena,
		arena_printf(t->c->arena, "%s%.*s", STEP_FILE_HOLE, STR_ARG(path)));
	s->upload.destination = file_destination(t, path);
	s->upload.mode = 0644;
	s->upload.sha256 = compile_digest(t->c, &s->upload.content);
	return 0;
}

/* What somebody's machine has and the commit has not: a file, or a directory of which it is one. */
static int upload_absent(struct transfer *t, const struct source *source, struct str path)
{
	if (!compile_absent(t->c, &source->origin, path))
		return -1;
	struct step *s = compile_step(t->c, STEP_UPLOAD, &source->origin);
	if (!s)
		return -1;
	text_add_hole(&s->upload.content, t->c->arena,
		arena_printf(t->c->arena, "%s%.*s", STEP_HOST_HOLE, STR_ARG(path)));
	s->upload.destination = file_destination(t, path);
	s->upload.mode = 0644;
	s->upload.sha256 = compile_digest(t->c, &s->upload.content);
	return 0;
}

static int upload(struct transfer *t, const struct source *source)
{
	struct compile_path found;
	struct str path;
	if (!text_is_literal(&source->text) || !text_value(&source->text, t->c->arena, &path))
		return compile_error(t->c, &source->origin,
			"file: a source must be known before the build and not be sensitive");
	if (compile_find(t->c, path, &source->origin, &found) < 0)
		return -1;
	if (found.entry.kind == TREE_DIR)
		return upload_directory(t, source, &found);
	if (found.entry.kind == TREE_NONE && t->config->generated)
		return upload_generated(t, source, path);
	if (found.entry.kind == TREE_NONE)
		return upload_absent(t, source, found.path);
	if (t->sources.n > 1 && !ends_with_slash(&t->config->destination))
		return compile_error(t->c, &source->origin,
			"file: with several sources, \"destination\" ends with a slash");
	struct stage stage = {.c = t->c, .p = t->p};
	struct text to = file_destination(t, found.path);
	return stage_file(&stage, &source->origin, found.path, &to, 0);
}

static int upload_content(struct transfer *t)
{
	struct compiler *c = t->c;
	struct origin o = compile_origin(t->p, "content");
	struct content content = {0};
	if (ends_with_slash(&t->config->destination))
		return compile_error(c, &o,
			"file: with \"content\", \"destination\" is a file, not a directory");
	content_add_value(
		&content, c, &t->config->content, conf_find(t->p->config, STR("content")));
	struct step *s = compile_step(c, STEP_UPLOAD, &o);
	if (!s)
		return -1;
	s->upload.content = content_text(&content, c);
	s->upload.destination = t->config->destination;
	s->upload.mode = 0600;
	s->upload.sha256 = compile_digest(c, &s->upload.content);
	content_give_lines(&content, s);
	return 0;
}

/* ---- Downloads ------------------------------------------------------------------------------ */

static int download(struct transfer *t, const struct source *source)
{
	struct step *s = compile_step(t->c, STEP_DOWNLOAD, &source->origin);
	if (!s)
		return -1;
	s->download.source = source->text;
	s->download.destination = t->config->destination;
	bool into = ends_with_slash(&t->config->destination) && !ends_with_slash(&source->text);
	struct str shown = text_display(&source->text, t->c->arena);
	if (into && !str_has_suffix(shown, STR("*")))
		s->download.destination = append(t, &t->config->destination, path_base(shown));
	return 0;
}

/* ---- The block ------------------------------------------------------------------------------ */

/* Packer takes `sources` first, then `source`. */
static void collect(struct transfer *t)
{
	const struct file *config = t->config;
	for (size_t i = 0; i < config->sources.n; i++)
		list_push(t->c->arena, &t->sources) =
			(struct source){config->sources.items[i], config->sources.origins[i]};
	if (config->source.n > 0)
		list_push(t->c->arena, &t->sources) =
			(struct source){config->source, compile_origin(t->p, "source")};
}

static int check(struct transfer *t, bool has_content, bool is_download)
{
	struct compiler *c = t->c;
	struct origin direction = compile_origin(t->p, "direction");
	struct origin content = compile_origin(t->p, "content");
	struct origin destination = compile_origin(t->p, "destination");
	if (!is_download && t->config->direction.n > 0 && !str_is(t->config->direction, "upload"))
		return compile_error(c, &direction,
			"file: \"direction\" is \"upload\" or \"download\", not \"%.*s\"",
			STR_ARG(t->config->direction));
	if (t->config->destination.n == 0)
		return compile_error(c, &destination, "file: \"destination\" is empty");
	if (has_content && t->sources.n > 0)
		return compile_error(
			c, &content, "file: \"content\" and \"source\" exclude each other");
	if (has_content && is_download)
		return compile_error(c, &content, "file: a download has no \"content\"");
	if (has_content || t->sources.n > 0)
		return 0;
	compile_error(c, &t->p->origin, "file: there is nothing to copy");
	diag_hint(c->diags, c->diag_arena, "give one of \"source\", \"sources\" or \"content\"");
	return -1;
}

static void label(struct transfer *t, bool is_download)
{
	struct arena *a = t->c->arena;
	struct str to = text_display(&t->config->destination, a);
	struct str from =
		t->sources.n > 0 ? text_display(&t->sources.items[0].text, a) : STR("(content)");
	if (t->sources.n > 1)
		from = arena_printf(a, "%zu sources", t->sources.n);
	compile_label(t->c,
		arena_printf(a, "file: %s%.*s => %.*s", is_download ? "download " : "",
			STR_ARG(from), STR_ARG(to)));
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct transfer t = {.c = c, .p = p, .config = config};
	bool has_content = conf_find(p->config, STR("content")) != NULL;
	bool is_download = str_is(t.config->direction, "download");
	collect(&t);
	if (check(&t, has_content, is_download) < 0)
		return -1;
	label(&t, is_download);
	if (has_content)
		return upload_content(&t);
	int status = 0;
	for (size_t i = 0; i < t.sources.n; i++)
		status |= is_download ? download(&t, &t.sources.items[i])
				      : upload(&t, &t.sources.items[i]);
	return status;
}

const struct provisioner provisioner_file = {
	.type = "file",
	.fields = fields,
	.size = sizeof(struct file),
	.compile = compile,
};
