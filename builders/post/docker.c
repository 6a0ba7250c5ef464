/*
 * docker-tag and docker-save, on the OCI layout that a build wrote: no daemon has the image, so its
 * names stand in the index, and what is saved is the layout in a form that `docker load` reads.
 */
#include "builders/post/post.h"

#include "base/file.h"
#include "builders/oci.h"

#define DOCUMENT_MAX ((size_t)4 << 20)
#define TAGS_MAX 100
#define REF_NAME "org.opencontainers.image.ref.name"

struct tag_config {
	struct str repository;
	struct str_list tags;
	struct str_list tag;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct tag_config, member)

static const struct conf_field tag_fields[] = {
	{"docker_path", CONF_KIND_IGNORED, 0, 0, NULL},
	{"repository", FIELD(repository, STR), CONF_REQUIRED, NULL},
	{"tags", FIELD(tags, STR_LIST), 0, NULL},
	{"tag", FIELD(tag, STR_LIST), CONF_DEPRECATED, "use \"tags\""},
	{"force", CONF_KIND_IGNORED, 0, 0, NULL},
	{0},
};

struct save_config {
	struct text path;
};

static const struct conf_field save_fields[] = {
	{"docker_path", CONF_KIND_IGNORED, 0, 0, NULL},
	{"path", CONF_KIND_TEXT, offsetof(struct save_config, path), CONF_REQUIRED, NULL},
	{0},
};

/* ---- Names of images ------------------------------------------------------------------------ */

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Grammar of the distribution specification: small letters and digits, separators between them. */
static bool is_repository(struct str s)
{
	if (s.n == 0 || s.n > 255 || !is_lower(s.p[0]) || !is_lower(s.p[s.n - 1]))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		bool separator = s.p[i] != '\0' && strchr("._-/:", s.p[i]);
		if (!is_lower(s.p[i]) && !separator)
			return false;
		if (s.p[i] == '/' && !is_lower(s.p[i - 1]))
			return false;
	}
	return true;
}

static bool is_tag(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word = is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
		if (!word && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return s.n > 0 && s.n <= 128;
}

static struct origin place_of(const struct conf *from, const char *key)
{
	const struct conf *c = conf_find(from, str_from(key));
	return c ? c->origin : from->origin;
}

static int check_tags(const struct str_list *list, const char *key, const struct conf *from,
	struct diags *d, struct arena *a)
{
	struct origin o = place_of(from, key);
	for (size_t i = 0; i < list->n; i++) {
		if (!is_tag(list->items[i]))
			return diag_error(d, a, &o, "post-processor docker-tag: \"%.*s\" is no tag",
				STR_ARG(list->items[i]));
	}
	return 0;
}

static int check_tag(const void *config, const struct conf *from, struct diags *d, struct arena *a)
{
	const struct tag_config *c = config;
	struct origin o = place_of(from, "repository");
	if (!is_repository(c->repository))
		return diag_error(d, a, &o,
			"post-processor docker-tag: \"%.*s\" is no name of a repository",
			STR_ARG(c->repository));
	if (c->tags.n + c->tag.n > TAGS_MAX)
		return diag_error(d, a, &o, "post-processor docker-tag: too many tags");
	int status = check_tags(&c->tags, "tags", from, d, a);
	return status | check_tags(&c->tag, "tag", from, d, a);
}

/* ---- The layout ----------------------------------------------------------------------------- */

struct layout {
	struct json *index;
	struct json *descriptor; /* of the image's manifest */
	struct json *manifest;
};

static int no_layout(struct error *err)
{
	return error_set(err, ERROR_INPUT,
		"there is no OCI image to work on: \"formats\" of the builder needs \"oci\"");
}

static int needs_layout(const void *config, const struct plan *plan, struct error *err)
{
	(void)config;
	return post_has_format(plan, "oci") ? 0 : no_layout(err);
}

static int read_document(struct json **out, struct arena *a, struct str path, struct error *err)
{
	scoped(buf) text = {0};
	if (file_read(&text, AT_FDCWD, arena_cstr(a, path), DOCUMENT_MAX, err) != 0)
		return -1;
	return json_parse(out, a, buf_str(&text), path, NULL, err);
}

/* "sha256:HEX" as the path of a blob in the layout. */
static int blob_name(
	struct str *out, struct arena *a, const struct json *descriptor, struct error *err)
{
	struct digest ignored;
	struct str digest = json_str_or(descriptor, "digest", STR(""));
	if (!str_has_prefix(digest, STR("sha256:")) ||
		!digest_parse(&ignored, str_from_index(digest, 7)))
		return error_set(err, ERROR_INPUT, "the image's layout has a digest of no use");
	*out = arena_printf(a, OCI_BLOBS "/%.*s", STR_ARG(str_from_index(digest, 7)));
	return 0;
}

static int read_layout(struct layout *out, struct post *p, struct str dir, struct error *err)
{
	struct arena *a = p->arena;
	struct str blob = {0};
	if (dir.n == 0)
		return no_layout(err);
	if (read_document(&out->index, a, arena_printf(a, "%s/index.json", dir.p), err) != 0)
		return -1;
	const struct json *all = json_find(out->index, "manifests");
	if (!all || all->type != JSON_ARRAY || all->array.n == 0)
		return error_set(err, ERROR_INPUT, "%s/index.json: no image", dir.p);
	out->descriptor = all->array.items[0];
	if (blob_name(&blob, a, out->descriptor, err) != 0)
		return -1;
	return read_document(&out->manifest, a, arena_printf(a, "%s/%s", dir.p, blob.p), err);
}

/* ---- docker-tag ----------------------------------------------------------------------------- */

static struct json *named(const struct layout *l, struct arena *a, struct str name)
{
	struct json *j = json_object(a), *annotations = json_object(a);
	for (size_t i = 0; i < l->descriptor->object.n; i++) {
		const struct json_member *m = &l->descriptor->object.items[i];
		json_set_str(a, j, m->key, m->value);
	}
	json_set(a, annotations, REF_NAME, json_string(a, name));
	json_set(a, j, "annotations", annotations);
	return j;
}

static bool has_name(const struct json *descriptor, struct str name)
{
	const struct json *annotations = json_find(descriptor, "annotations");
	return str_eq(json_str_or(annotations, REF_NAME, STR("")), name);
}

static void add_name(struct layout *l, struct arena *a, struct str name)
{
	struct json *all = json_find(l->index, "manifests");
	for (size_t i = 0; i < all->array.n; i++) {
		if (has_name(all->array.items[i], name))
			return;
	}
	json_append(a, all, named(l, a, name));
}

static int write_index(struct post *p, const struct layout *l, struct str dir, struct error *err)
{
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	scoped(buf) text = {0};
	struct str path = arena_printf(p->arena, "%s/index.json", dir.p);
	json_write_canonical(&text, l->index);
	if (buf_check(&text, err) != 0 || post_output_open(&file, p, path, NULL, err) != 0 ||
		file_write_fd(file.fd, buf_str(&text), err) != 0)
		return -1;
	return post_output_finish(&file, p, "application/vnd.oci.image.index.v1+json", NULL, err);
}

static int run_tag(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct tag_config *c = p->config;
	const struct str_list *lists[] = {&c->tags, &c->tag};
	struct layout l = {0};
	if (read_layout(&l, p, in->layout, err) != 0)
		return -1;
	for (size_t i = 0; i < countof(lists); i++) {
		for (size_t k = 0; k < lists[i]->n; k++)
			list_push(p->arena, &out->tags) = arena_printf(p->arena, "%.*s:%.*s",
				STR_ARG(c->repository), STR_ARG(lists[i]->items[k]));
	}
	if (out->tags.n == 0)
		list_push(p->arena, &out->tags) =
			arena_printf(p->arena, "%.*s:latest", STR_ARG(c->repository));
	for (size_t i = 0; i < out->tags.n; i++) {
		log_say(&p->say, LOG_INFO, "Tagging image: %.*s", STR_ARG(in->id));
		log_say(&p->say, LOG_INFO, "Repository: %s", out->tags.items[i].p);
		add_name(&l, p->arena, out->tags.items[i]);
	}
	for (size_t i = 0; i < in->files.n; i++) {
		struct post_file f = in->files.items[i];
		f.owned = false;
		list_push(p->arena, &out->files) = f;
	}
	out->id = out->tags.items[out->tags.n - 1];
	out->layout = in->layout;
	return write_index(p, &l, in->layout, err);
}

const struct post_processor post_docker_tag = {
	.type = "docker-tag",
	.builder_id = "packer.post-processor.docker-tag",
	.fields = tag_fields,
	.size = sizeof(struct tag_config),
	.keeps = true,
	.keeps_always = true,
	.passes_on = true,
	.needs = needs_layout,
	.check = check_tag,
	.run = run_tag,
};

/* ---- docker-save ---------------------------------------------------------------------------- */

static struct text save_output(const void *config, struct arena *a)
{
	const struct save_config *c = config;
	(void)a;
	return c->path;
}

static int add_blob(
	struct post_archive *archive, struct str dir, struct str name, struct error *err)
{
	struct str path = arena_printf(archive->p->arena, "%s/%s", dir.p, name.p);
	autoclose int fd = file_open(AT_FDCWD, path.p, err);
	return fd < 0 ? -1 : post_archive_add(archive, name, fd, err);
}

/* What `docker load` looks for beside the layout. */
static int add_list(struct post_archive *archive, const struct post_artifact *in, struct str config,
	const struct str_list *layers, struct error *err)
{
	struct arena *a = archive->p->arena;
	struct json *all = json_array(a), *one = json_object(a), *paths = json_array(a);
	struct json *tags = in->tags.n > 0 ? json_array(a) : json_null(a);
	scoped(buf) text = {0};
	for (size_t i = 0; i < in->tags.n; i++)
		json_append(a, tags, json_string(a, in->tags.items[i]));
	for (size_t i = 0; i < layers->n; i++)
		json_append(a, paths, json_string(a, layers->items[i]));
	json_set(a, one, "Config", json_string(a, config));
	json_set(a, one, "RepoTags", tags);
	json_set(a, one, "Layers", paths);
	json_append(a, all, one);
	json_write_compact(&text, all);
	return post_archive_add_bytes(archive, STR("manifest.json"), buf_str(&text), err);
}

static int save_layout(struct post_archive *archive, struct post *p, const struct post_artifact *in,
	const struct layout *l, struct error *err)
{
	static const char *const fixed[] = {"oci-layout", "index.json"};
	struct str manifest = {0}, config = {0};
	struct str_list layers = {0};
	const struct json *list = json_find(l->manifest, "layers");
	if (!list || list->type != JSON_ARRAY)
		return error_set(err, ERROR_INPUT, "the image's manifest has no layers");
	if (blob_name(&manifest, p->arena, l->descriptor, err) != 0 ||
		blob_name(&config, p->arena, json_find(l->manifest, "config"), err) != 0)
		return -1;
	for (size_t i = 0; i < list->array.n; i++) {
		struct str *name = &list_push(p->arena, &layers);
		if (blob_name(name, p->arena, list->array.items[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < countof(fixed); i++) {
		if (add_blob(archive, in->layout, str_from(fixed[i]), err) != 0)
			return -1;
	}
	if (add_blob(archive, in->layout, manifest, err) != 0 ||
		add_blob(archive, in->layout, config, err) != 0)
		return -1;
	for (size_t i = 0; i < layers.n; i++) {
		bool again = false;
		for (size_t k = 0; k < i; k++)
			again |= str_eq(layers.items[k], layers.items[i]);
		if (!again && add_blob(archive, in->layout, layers.items[i], err) != 0)
			return -1;
	}
	return add_list(archive, in, config, &layers, err);
}

static int run_save(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct save_config *c = p->config;
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	__attribute__((cleanup(post_archive_clear))) struct post_archive archive = {0};
	const struct post_shape tar = {.container = POST_TAR};
	struct layout l = {0};
	struct str path = {0};
	if (post_render(p, &c->path, NULL, 0, &path, err) != 0 ||
		post_path(&path, p->arena, path, err) != 0 ||
		read_layout(&l, p, in->layout, err) != 0)
		return -1;
	log_say(&p->say, LOG_INFO, "Saving image: %.*s", STR_ARG(in->id));
	if (post_output_open(&file, p, path, in, err) != 0 ||
		post_archive_open(&archive, p, file.fd, &tar, err) != 0 ||
		save_layout(&archive, p, in, &l, err) != 0 ||
		post_archive_finish(&archive, err) != 0)
		return -1;
	*out = *in;
	if (post_output_finish(&file, p, "application/x-tar", NULL, err) != 0)
		return -1;
	log_say(&p->say, LOG_INFO, "Saved to: %s", path.p);
	return 0;
}

const struct post_processor post_docker_save = {
	.type = "docker-save",
	.builder_id = "packer.post-processor.docker-save",
	.fields = save_fields,
	.size = sizeof(struct save_config),
	.keeps = true,
	.passes_on = true,
	.needs = needs_layout,
	.output = save_output,
	.run = run_save,
};
