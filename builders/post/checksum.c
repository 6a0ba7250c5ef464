/* checksum: files with the checksums of what an artifact holds. */
#include "builders/post/post.h"

#include <errno.h>

#include "base/file.h"

#define CHECKSUMS_MAX ((size_t)16 << 20)
#define HEX_MAX 129

struct checksum_config {
	struct str_list checksum_types;
	struct text output;
};

static const struct conf_field fields[] = {
	{"checksum_types", CONF_KIND_STR_LIST, offsetof(struct checksum_config, checksum_types), 0,
		NULL},
	{"output", CONF_KIND_TEXT, offsetof(struct checksum_config, output), 0, NULL},
	{0},
};

static struct text output(const void *config, struct arena *a)
{
	const struct checksum_config *c = config;
	if (c->output.n > 0)
		return c->output;
	return text_from(
		a, STR("packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum"));
}

static int check(const void *config, const struct conf *from, struct diags *d, struct arena *a)
{
	static const char *const names[] = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};
	const struct checksum_config *c = config;
	const struct conf *list = conf_find(from, STR("checksum_types"));
	int status = 0;
	for (size_t i = 0; i < c->checksum_types.n; i++) {
		struct str type = c->checksum_types.items[i];
		if (digest_algorithm_find(type) != DIGEST_NONE)
			continue;
		struct origin o = from->origin;
		if (list)
			o = list->type == CONF_LIST && i < list->list.n
				? list->list.items[i]->origin
				: list->origin;
		status |= diag_error(d, a, &o, "post-processor checksum: no checksum type \"%.*s\"",
			STR_ARG(type));
		const char *near = conf_nearest(type, names, countof(names));
		if (near)
			diag_hint(d, a, "did you mean \"%s\"?", near);
		else
			diag_hint(d, a, "there are md5, sha1, sha224, sha256, sha384, sha512");
	}
	return status;
}

/* ---- The file ------------------------------------------------------------------------------- */

/* One file of checksums and the lines that go there. */
struct sums {
	struct str path;
	struct buf lines;
	bool is_new;
};

struct sums_list {
	struct sums *items;
	size_t n;
	size_t cap;
};

static void sums_list_clear(struct sums_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_clear(&l->items[i].lines);
}

static struct sums *find_sums(struct sums_list *l, struct arena *a, struct str path)
{
	for (size_t i = 0; i < l->n; i++) {
		if (str_eq(l->items[i].path, path))
			return &l->items[i];
	}
	struct sums *s = &list_push(a, l);
	s->path = path;
	buf_init(&s->lines, CHECKSUMS_MAX);
	return s;
}

static int add_type(struct sums_list *l, struct post *p, const struct post_artifact *in,
	struct str type, struct error *err)
{
	struct text template = output(p->config, p->arena);
	const struct template_field field = post_field(p->arena, "ChecksumType", type);
	struct str path = {0};
	if (post_render(p, &template, &field, 1, &path, err) != 0 ||
		post_path(&path, p->arena, path, err) != 0)
		return -1;
	struct sums *s = find_sums(l, p->arena, path);
	for (size_t i = 0; i < in->files.n; i++) {
		char hex[HEX_MAX];
		const struct post_file *f = &in->files.items[i];
		if (post_cancelled(p->run))
			return error_set(err, ERROR_SYSTEM, "cancelled");
		autoclose int fd = post_open(f, err);
		if (fd < 0 || digest_any_fd(hex, digest_algorithm_find(type), fd, err) != 0)
			return error_wrap(err, "%s", f->path.p);
		struct str line =
			arena_printf(p->arena, "%s\t%.*s", hex, STR_ARG(path_base(f->path)));
		list_push(p->arena, &p->lines) = line;
		buf_add(&s->lines, line);
		buf_add_byte(&s->lines, '\n');
	}
	return buf_check(&s->lines, err);
}

static bool split_line(struct str line, struct str *hex, struct str *name)
{
	size_t tab = str_find_byte(line, '\t');
	if (tab == STR_NPOS)
		return false;
	*hex = str_sub(line, 0, tab);
	*name = str_from_index(line, tab + 1);
	return true;
}

/* Whether the new lines have a checksum of the same kind for the same name. */
static bool is_renewed(struct str lines, struct str old)
{
	struct str line, hex, name, old_hex, old_name;
	if (!split_line(old, &old_hex, &old_name))
		return false;
	while (str_cut(&lines, '\n', &line)) {
		if (split_line(line, &hex, &name) && hex.n == old_hex.n && str_eq(name, old_name))
			return true;
	}
	return false;
}

/* What other builds wrote there stays; what an earlier run of this one wrote goes. */
static int keep_others(struct buf *out, struct sums *s, struct error *err)
{
	scoped(buf) old = {0};
	struct stat st;
	s->is_new = stat(s->path.p, &st) != 0 && errno == ENOENT;
	if (s->is_new)
		return 0;
	if (file_read(&old, AT_FDCWD, s->path.p, CHECKSUMS_MAX, err) != 0)
		return -1;
	struct str rest = buf_str(&old), line;
	while (old.n > 0 && str_cut(&rest, '\n', &line)) {
		if (line.n == 0 || is_renewed(buf_str(&s->lines), line))
			continue;
		buf_add(out, line);
		buf_add_byte(out, '\n');
	}
	return 0;
}

static int write_sums(struct sums *s, struct post *p, const struct post_artifact *in,
	struct post_artifact *out, struct error *err)
{
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	__attribute__((cleanup(post_lock_clear))) struct post_lock lock = {.fd = -1};
	scoped(buf) text = {0};
	buf_init(&text, 2 * CHECKSUMS_MAX);
	if (post_lock_take(&lock, p, s->path, err) != 0 || keep_others(&text, s, err) != 0)
		return -1;
	buf_add(&text, buf_str(&s->lines));
	if (buf_check(&text, err) != 0 || post_output_open(&file, p, s->path, in, err) != 0 ||
		file_write_fd(file.fd, buf_str(&text), err) != 0 ||
		post_output_finish(&file, p, "text/plain", out, err) != 0)
		return -1;
	out->files.items[out->files.n - 1].owned = s->is_new;
	return 0;
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	static const struct str standard[] = {STR_INIT("md5")};
	const struct checksum_config *c = p->config;
	__attribute__((cleanup(sums_list_clear))) struct sums_list all = {0};
	const struct str *types = c->checksum_types.n > 0 ? c->checksum_types.items : standard;
	size_t n = c->checksum_types.n > 0 ? c->checksum_types.n : countof(standard);
	for (size_t i = 0; i < n; i++) {
		if (add_type(&all, p, in, types[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < in->files.n; i++)
		list_push(p->arena, &out->files) = in->files.items[i];
	out->layout = in->layout;
	for (size_t i = 0; i < all.n; i++) {
		log_say(&p->say, LOG_INFO, "Writing %s", all.items[i].path.p);
		if (write_sums(&all.items[i], p, in, out, err) != 0)
			return -1;
	}
	return 0;
}

static bool is_ours(const struct post *p, struct str line)
{
	for (size_t i = 0; i < p->lines.n; i++) {
		if (str_eq(p->lines.items[i], line))
			return true;
	}
	return false;
}

static void undo_file(struct post *p, struct str path, struct error *err)
{
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	__attribute__((cleanup(post_lock_clear))) struct post_lock lock = {.fd = -1};
	scoped(buf) old = {0}, text = {0};
	if (post_lock_take(&lock, p, path, err) != 0 ||
		file_read(&old, AT_FDCWD, path.p, 2 * CHECKSUMS_MAX, err) != 0)
		return;
	struct str rest = buf_str(&old), line;
	while (old.n > 0 && str_cut(&rest, '\n', &line)) {
		if (line.n == 0 || is_ours(p, line))
			continue;
		buf_add(&text, line);
		buf_add_byte(&text, '\n');
	}
	if (text.n == 0) {
		(void)unlink(path.p);
		return;
	}
	if (post_output_open(&file, p, path, NULL, err) == 0 &&
		file_write_fd(file.fd, buf_str(&text), err) == 0)
		(void)!post_output_finish(&file, p, "text/plain", NULL, err);
}

static void undo(struct post *p)
{
	size_t n = p->made.n;
	for (size_t i = 0; i < n; i++) {
		struct error ignored = {0};
		undo_file(p, post_made_path(p, &p->made.items[i]), &ignored);
	}
}

static const char *const output_fields[] = {"ChecksumType", NULL};

const struct post_processor post_checksum = {
	.type = "checksum",
	.builder_id = "packer.post-processor.checksum",
	.fields = fields,
	.size = sizeof(struct checksum_config),
	.keeps = true,
	.keeps_always = true,
	.passes_on = true,
	.check = check,
	.output = output,
	.output_fields = output_fields,
	.run = run,
	.undo = undo,
};
