/* artifice: files that the build made on the host take the place of the artifact. */
#include "builders/post/post.h"

#include <fnmatch.h>

#include "base/file.h"
#include "base/utf8.h"

#define FILES_MAX 10000
#define NAMES_MAX 100000

struct artifice_config {
	struct str_list files;
};

static const struct conf_field fields[] = {
	{"files", CONF_KIND_STR_LIST, offsetof(struct artifice_config, files), CONF_REQUIRED, NULL},
	{0},
};

/* Files of this machine that no build made are none of a template's business. */
static int check(const void *config, const struct conf *from, struct diags *d, struct arena *a)
{
	const struct artifice_config *c = config;
	const struct conf *list = conf_find(from, STR("files"));
	const struct origin *o = list ? &list->origin : &from->origin;
	if (c->files.n > 0)
		return 0;
	return diag_error(d, a, o, "post-processor artifice: \"files\" is empty");
}

/* ---- Patterns ------------------------------------------------------------------------------- */

struct matches {
	struct arena *arena;
	struct str_list paths;
	size_t names; /* that were looked at */
};

static bool has_magic(struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		if (strchr("*?[\\", part.p[i]) && part.p[i])
			return true;
	}
	return false;
}

static struct str below(struct arena *a, struct str dir, struct str name)
{
	return dir.n == 0 ? name : arena_printf(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name));
}

/* Names of one directory that fit one part of a pattern; "*" fits names with a dot in front. */
static int match_part(
	struct matches *m, struct str_list *out, struct str dir, struct str part, struct error *err)
{
	struct str_list names = {0};
	struct error ignored = {0};
	const char *pattern = arena_cstr(m->arena, part);
	const char *path = dir.n > 0 ? arena_cstr(m->arena, dir) : ".";
	if (!has_magic(part)) {
		list_push(m->arena, out) = below(m->arena, dir, part);
		return 0;
	}
	if (dir_list(&names, m->arena, AT_FDCWD, path, NAMES_MAX, &ignored) != 0)
		return 0;
	m->names += names.n;
	if (m->names > NAMES_MAX)
		return error_set(err, ERROR_INPUT, "too many files to look at");
	for (size_t i = 0; i < names.n; i++) {
		const char *name = arena_cstr(m->arena, names.items[i]);
		if (fnmatch(pattern, name, 0) == 0)
			list_push(m->arena, out) = below(m->arena, dir, names.items[i]);
	}
	return 0;
}

static int expand(struct matches *m, struct str root, struct str pattern, struct error *err)
{
	struct str part;
	struct str_list found = {0};
	list_push(m->arena, &found) = root;
	while (str_cut(&pattern, '/', &part)) {
		struct str_list next = {0};
		for (size_t i = 0; i < found.n; i++) {
			if (match_part(m, &next, found.items[i], part, err) != 0)
				return -1;
		}
		found = next;
	}
	for (size_t i = 0; i < found.n; i++) {
		struct stat st;
		const char *path = arena_cstr(m->arena, found.items[i]);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			list_push(m->arena, &m->paths) = arena_str(m->arena, found.items[i]);
	}
	return 0;
}

/* What host steps and downloads made lies in the output directory of the build. */
static int find_files(struct post *p, struct matches *m, struct str pattern, struct error *err)
{
	struct str clean = {0};
	size_t before = m->paths.n;
	if (pattern.n == 0 || pattern.p[0] == '/' ||
		!path_join(p->arena, STR(""), pattern, &clean) || clean.n == 0)
		return error_set(err, ERROR_INPUT,
			"\"%.*s\": artifice takes files below the output directory, or below the "
			"directory where the build is started",
			STR_ARG(pattern));
	if (expand(m, str_from(p->run->o->output_dir), clean, err) != 0)
		return -1;
	if (m->paths.n == before && expand(m, STR(""), clean, err) != 0)
		return -1;
	if (m->paths.n == before)
		log_say(&p->say, LOG_WARNING, "No file matches \"%.*s\"", STR_ARG(pattern));
	return 0;
}

/* ---- Running -------------------------------------------------------------------------------- */

static bool is_there(const struct post_artifact *out, struct str path)
{
	for (size_t i = 0; i < out->files.n; i++) {
		if (str_eq(out->files.items[i].path, path))
			return true;
	}
	return false;
}

static void say_files(struct post *p, const char *what, const struct post_artifact *artifact)
{
	scoped(buf) text = {0};
	for (size_t i = 0; i < artifact->files.n; i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", artifact->files.items[i].path.p);
	log_say(&p->say, LOG_INFO, "%s: %s", what, text.p ? text.p : "");
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	const struct artifice_config *c = p->config;
	struct matches m = {.arena = p->arena};
	if (in->files.n > 0)
		say_files(p, "Discarding files from artifact", in);
	for (size_t i = 0; i < c->files.n; i++) {
		if (find_files(p, &m, c->files.items[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < m.paths.n; i++) {
		struct str path = m.paths.items[i];
		if (is_there(out, path))
			continue;
		if (out->files.n >= FILES_MAX || !utf8_is_valid(path))
			return error_set(err, ERROR_INPUT, "%s",
				out->files.n >= FILES_MAX ? "too many files"
							  : "a name is not UTF-8");
		if (post_take_file(p, path, "application/octet-stream", out,
			    post_inside(p->run, p->arena, path).n > 0, err) != 0)
			return -1;
	}
	if (out->files.n == 0)
		return error_set(err, ERROR_INPUT, "there is none of the files");
	say_files(p, "Using these artifact files", out);
	return 0;
}

const struct post_processor post_artifice = {
	.type = "artifice",
	.builder_id = "packer.post-processor.artifice",
	.fields = fields,
	.size = sizeof(struct artifice_config),
	.keeps = true,
	.check = check,
	.run = run,
};
