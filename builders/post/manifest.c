/* manifest: the list of all builds and their files, in the format of packer-manifest.json. */
#include "builders/post/post.h"

#include <errno.h>

#include "base/file.h"

#define MANIFEST_MAX ((size_t)64 << 20)
#define SECOND INT64_C(1000000000)

struct manifest_config {
	struct text output;
	bool strip_path;
	bool strip_time;
	struct text_map custom_data;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct manifest_config, member)

static const struct conf_field fields[] = {
	{"output", FIELD(output, TEXT), 0, NULL},
	{"strip_path", FIELD(strip_path, BOOL), 0, NULL},
	{"strip_time", FIELD(strip_time, BOOL), 0, NULL},
	{"custom_data", FIELD(custom_data, TEXT_MAP), 0, NULL},
	{0},
};

static void defaults(void *config, struct arena *a)
{
	struct manifest_config *c = config;
	c->output = text_from(a, STR("packer-manifest.json"));
}

static struct text output(const void *config, struct arena *a)
{
	const struct manifest_config *c = config;
	return c->output.n > 0 ? c->output : text_from(a, STR("packer-manifest.json"));
}

/* ---- The entry of a build ------------------------------------------------------------------- */

static struct json *files_json(
	const struct manifest_config *c, const struct post_artifact *in, struct arena *a)
{
	if (in->files.n == 0)
		return json_null(a);
	struct json *list = json_array(a);
	for (size_t i = 0; i < in->files.n; i++) {
		struct stat st;
		struct str path = in->files.items[i].path;
		struct json *one = json_append(a, list, json_object(a));
		json_set(a, one, "name", json_string(a, c->strip_path ? path_base(path) : path));
		json_set(a, one, "size",
			json_i64(a, stat(path.p, &st) == 0 ? (int64_t)st.st_size : 0));
	}
	return list;
}

struct custom {
	struct str key;
	struct text value;
};

static int custom_cmp(const void *x, const void *y)
{
	const struct custom *a = x, *b = y;
	return str_cmp(a->key, b->key);
}

/* A secret of a template is none in a file that is meant to be read by others. */
static int custom_json(
	struct json **out, struct post *p, const struct manifest_config *c, struct error *err)
{
	size_t n = c->custom_data.n;
	struct custom *all = arena_array(p->arena, struct custom, n + 1);
	*out = json_null(p->arena);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct custom){c->custom_data.keys[i], c->custom_data.values[i]};
	qsort(all, n, sizeof(all[0]), custom_cmp);
	struct json *j = json_object(p->arena);
	for (size_t i = 0; i < n; i++) {
		struct str ignored = {0};
		if (run_fill(p->run, p->arena, &all[i].value, &ignored, err) != 0)
			return error_wrap(err, "custom_data");
		struct str shown = run_display(p->run, p->arena, &all[i].value);
		json_set_str(p->arena, j, all[i].key, json_string(p->arena, shown));
	}
	*out = j;
	return 0;
}

static int entry_json(struct json **out, struct post *p, const struct manifest_config *c,
	const struct post_artifact *in, struct error *err)
{
	struct arena *a = p->arena;
	const struct plan *plan = p->run->o->plan;
	struct json *j = json_object(a), *custom = NULL;
	int64_t now = clock_wall(p->run->o->clock) / SECOND;
	if (custom_json(&custom, p, c, err) != 0)
		return -1;
	json_set(a, j, "name", json_string(a, plan->source_name));
	json_set(a, j, "builder_type", json_string(a, plan->type));
	if (!c->strip_time && now != 0)
		json_set(a, j, "build_time", json_i64(a, now));
	json_set(a, j, "files", files_json(c, in, a));
	json_set(a, j, "artifact_id", json_string(a, in->id));
	json_set(a, j, "packer_run_uuid", json_cstr(a, p->run->run_id));
	json_set(a, j, "custom_data", custom);
	*out = j;
	return 0;
}

/* ---- The file ------------------------------------------------------------------------------- */

/* As Go's encoding/json writes it: what means something to HTML is escaped. */
static void write_go(struct buf *out, const struct json *j)
{
	scoped(buf) text = {0};
	buf_init(&text, MANIFEST_MAX);
	json_write_pretty(&text, j);
	struct str s = buf_str(&text);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '<' || c == '>' || c == '&')
			buf_printf(out, "\\u%04x", (unsigned)c);
		else if (c == '\xe2' && i + 2 < s.n && s.p[i + 1] == '\x80' &&
			((unsigned char)s.p[i + 2] & 0xfe) == 0xa8) {
			buf_add_cstr(out, s.p[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
			i += 2;
		} else
			buf_add_byte(out, c);
	}
	if (text.full)
		out->full = true;
}

/* The builds of earlier runs, or of this one that came first; with -force those only. */
static int read_builds(
	struct json **out, struct post *p, struct str path, bool force, struct error *err)
{
	scoped(buf) text = {0};
	struct json *root = NULL;
	struct stat st;
	*out = json_array(p->arena);
	if (stat(path.p, &st) != 0 && errno == ENOENT)
		return 0;
	if (file_read(&text, AT_FDCWD, path.p, MANIFEST_MAX, err) != 0)
		return -1;
	if (text.n == 0)
		return 0;
	if (json_parse(&root, p->arena, buf_str(&text), path, NULL, err) != 0)
		return -1;
	struct json *builds = json_find(root, "builds");
	bool nothing = root->type == JSON_OBJECT && (!builds || builds->type == JSON_NULL);
	if (!nothing && (!builds || builds->type != JSON_ARRAY))
		return error_set(err, ERROR_INPUT, "%s: not a manifest of Packer", path.p);
	bool same_run = str_is(json_str_or(root, "last_run_uuid", STR("")), p->run->run_id);
	if (!nothing && (!force || same_run))
		*out = builds;
	return 0;
}

static int write_builds(struct post *p, struct str path, struct json *builds, struct error *err)
{
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	scoped(buf) text = {0};
	struct json *root = json_object(p->arena);
	buf_init(&text, MANIFEST_MAX);
	json_set(p->arena, root, "builds", builds);
	json_set(p->arena, root, "last_run_uuid", json_cstr(p->arena, p->run->run_id));
	write_go(&text, root);
	if (buf_check(&text, err) != 0)
		return error_wrap(err, "%s", path.p);
	if (post_output_open(&file, p, path, NULL, err) != 0 ||
		file_write_fd(file.fd, buf_str(&text), err) != 0)
		return -1;
	return post_output_finish(&file, p, "application/json", NULL, err);
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct manifest_config *c = p->config;
	__attribute__((cleanup(post_lock_clear))) struct post_lock lock = {.fd = -1};
	struct text template = output(c, p->arena);
	struct json *entry = NULL, *builds = NULL;
	struct str path = {0};
	if (post_render(p, &template, NULL, 0, &path, err) != 0 ||
		post_path(&path, p->arena, path, err) != 0 ||
		entry_json(&entry, p, c, in, err) != 0 ||
		post_lock_take(&lock, p, path, err) != 0 ||
		read_builds(&builds, p, path, p->run->o->force, err) != 0)
		return -1;
	json_append(p->arena, builds, entry);
	*out = *in;
	return write_builds(p, path, builds, err);
}

static bool is_ours(const struct post *p, const struct json *entry)
{
	return str_is(json_str_or(entry, "packer_run_uuid", STR("")), p->run->run_id) &&
		str_eq(json_str_or(entry, "name", STR("")), p->run->o->plan->source_name);
}

/* What a build that failed would be remembered by. */
static void undo(struct post *p)
{
	__attribute__((cleanup(post_lock_clear))) struct post_lock lock = {.fd = -1};
	struct error ignored = {0};
	struct json *builds = NULL, *kept = json_array(p->arena);
	if (p->made.n == 0)
		return;
	struct str path = post_made_path(p, &p->made.items[0]);
	if (post_lock_take(&lock, p, path, &ignored) != 0 ||
		read_builds(&builds, p, path, false, &ignored) != 0)
		return;
	for (size_t i = 0; i < builds->array.n; i++) {
		if (!is_ours(p, builds->array.items[i]))
			json_append(p->arena, kept, builds->array.items[i]);
	}
	if (kept->array.n == 0)
		(void)unlink(path.p);
	else
		(void)!write_builds(p, path, kept, &ignored);
}

const struct post_processor post_manifest = {
	.type = "manifest",
	.builder_id = "packer.post-processor.manifest",
	.fields = fields,
	.size = sizeof(struct manifest_config),
	.keeps = true,
	.keeps_always = true,
	.passes_on = true,
	.is_log = true,
	.defaults = defaults,
	.output = output,
	.run = run,
	.undo = undo,
};
