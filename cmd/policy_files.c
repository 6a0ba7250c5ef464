#include "cmd/pipeline.h"

#define PACK_MAX ((size_t)4 << 20)
#define FILES_MAX 1000

struct policy_files {
	struct policy_file *items;
	size_t n;
	size_t cap;
};

static int add_file(struct pipeline *p, struct policy_files *files, int dirfd, struct str name,
	const char *shown, struct error *err)
{
	scoped(buf) text = {0};
	if (file_read(&text, dirfd, arena_cstr(&p->arena, name), PACK_MAX, err) < 0)
		return error_wrap(err, "policy");
	list_push(&p->arena, files) = (struct policy_file){
		.name = arena_str(&p->arena, str_from(shown)),
		.text = arena_str(&p->arena, buf_str(&text)),
	};
	return 0;
}

/* All *.hcl files of a directory and of the directories in it, in byte order. */
static int add_directory(struct pipeline *p, struct policy_files *files, int parent,
	struct str path, unsigned depth, struct error *err)
{
	if (depth > 4)
		return error_set(err, ERROR_INPUT, "%.*s: nested too deeply", STR_ARG(path));
	autoclose int dir = dir_open(parent, arena_cstr(&p->arena, path), err);
	if (dir < 0)
		return -1;
	struct str_list names = {0};
	if (dir_list(&names, &p->arena, dir, ".", FILES_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct stat st;
		struct str name = names.items[i];
		struct str full =
			arena_printf(&p->arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(name));
		if (fstatat(dir, name.p, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "%s", full.p);
		if (S_ISDIR(st.st_mode)) {
			if (add_directory(p, files, parent, full, depth + 1, err) < 0)
				return -1;
		} else if (str_has_suffix(name, STR(".hcl"))) {
			if (add_file(p, files, dir, name, full.p, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int add_path(
	struct pipeline *p, struct policy_files *files, const char *path, struct error *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return error_sys(err, "policy: %s", path);
	if (S_ISDIR(st.st_mode))
		return add_directory(p, files, AT_FDCWD, str_from(path), 0, err);
	return add_file(p, files, AT_FDCWD, str_from(path), path, err);
}

/* Of the commit that is audited, so that nobody adds one on the way; of a script: beside it. */
static int add_waivers(
	struct pipeline *p, struct policy_files *files, const char *path, struct error *err)
{
	struct str text = {0};
	if (!p->tree)
		return add_file(p, files, AT_FDCWD, str_from(path), path, err);
	struct str place = pipeline_place_of(p, path);
	if (tree_read(p->tree, place, &text, err) < 0)
		return error_wrap(err, "waivers");
	list_push(&p->arena, files) = (struct policy_file){.name = place, .text = text};
	return 0;
}

int pipeline_policy(struct pipeline *p, const struct policy_options_cli *o, struct error *err)
{
	struct policy_files files = {0};
	size_t n = 0;
	const struct policy_file *builtin = policy_builtin(&n);
	for (size_t i = 0; i < n && !o->no_builtin; i++)
		list_push(&p->arena, &files) = builtin[i];
	for (size_t i = 0; i < o->policy.n; i++) {
		if (add_path(p, &files, o->policy.items[i], err) < 0)
			return -1;
	}
	if (o->waivers && add_waivers(p, &files, o->waivers, err) < 0)
		return -1;
	const struct policy_options options = {
		.files = files.items,
		.file_count = files.n,
		.profile = o->profile ? str_from(o->profile) : STR(""),
	};
	return policy_load(&p->policy, &options, err);
}
