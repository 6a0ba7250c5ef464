/* A tree of one template and one script. */
#ifndef TESTS_UNIT_PLAN_ONE_FILE_H
#define TESTS_UNIT_PLAN_ONE_FILE_H

#include "base/tree.h"

struct one_file {
	struct tree tree;
	struct str template;
	struct str script; /* setup.sh */
	struct str name; /* of the template; empty: template.json */
};

static inline struct str one_file_name(const struct one_file *f)
{
	return f->name.n > 0 ? f->name : STR("template.json");
}

static inline int one_file_read(
	const struct tree *t, struct str path, struct str *out, struct error *err)
{
	const struct one_file *f = (const struct one_file *)(const void *)t;
	if (str_eq(path, one_file_name(f)))
		*out = f->template;
	else if (str_is(path, "setup.sh"))
		*out = f->script;
	else
		return error_set(err, ERROR_INPUT, "%.*s: no such file", STR_ARG(path));
	return 0;
}

static inline int one_file_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	struct str text;
	struct error ignored;
	(void)err;
	*out = (struct tree_entry){.path = path};
	if (one_file_read(t, path, &text, &ignored) == 0)
		out->kind = TREE_FILE;
	else if (path.n == 0)
		out->kind = TREE_DIR;
	return 0;
}

static inline int one_file_list(const struct tree *t, struct str path, struct arena *a,
	struct str_list *out, struct error *err)
{
	const struct one_file *f = (const struct one_file *)(const void *)t;
	(void)path;
	(void)err;
	list_push(a, out) = STR("setup.sh");
	list_push(a, out) = one_file_name(f);
	return 0;
}

static const struct tree_ops one_file_ops = {one_file_read, one_file_stat, one_file_list};

#endif
