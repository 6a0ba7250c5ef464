#include "template/template.h"

static int check(struct str path, struct error *err)
{
	if (path.n == 0)
		return error_set(err, ERROR_INPUT, "the path is empty");
	if (path.p[0] == '/' || !str_is_cstr(path))
		return error_set(err, ERROR_INPUT, "%.*s: a path must be relative to the template",
			STR_ARG(path));
	return 0;
}

int template_find(struct template_found *out, const struct template_paths *p, struct str path,
	struct arena *a, struct error *err)
{
	struct str from = p->has_cwd ? p->cwd : p->root;
	struct template_found first = {0};
	if (check(path, err) < 0)
		return -1;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (!path_join(a, from, path, &first.path))
		return error_set(
			err, ERROR_INPUT, "%.*s: the path leaves the repository", STR_ARG(path));
	for (;; from = path_dir(from)) {
		struct template_found found = {0};
		if (path_join(a, from, path, &found.path) &&
			tree_stat(p->tree, found.path, &found.entry, err) < 0)
			return -1;
		if (found.entry.kind != TREE_NONE) {
			*out = found;
			return 0;
		}
		if (from.n == 0 || p->has_cwd)
			break;
	}
	*out = first;
	return 0;
}
