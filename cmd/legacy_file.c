#include "cmd/legacy_file.h"

#include "base/file.h"

#define TEMPLATE_MAX ((size_t)8 << 20)

static bool is_hcl(struct str path)
{
	return str_has_suffix(path, STR(".hcl")) || str_has_suffix(path, STR(".pkr.json"));
}

int legacy_file_read(struct legacy_file *out, struct cli *cli, const char *path, struct error *err)
{
	scoped(buf) text = {0};
	bool standard_input = strcmp(path, "-") == 0;
	if (is_hcl(str_from(path)))
		return error_set(err, ERROR_INPUT,
			"%s: is HCL2 already; this is for legacy JSON templates", path);
	buf_init(&text, TEMPLATE_MAX);
	int status = standard_input ? file_read_fd(&text, STDIN_FILENO, TEMPLATE_MAX, err)
				    : file_read(&text, AT_FDCWD, path, TEMPLATE_MAX, err);
	if (status < 0)
		return standard_input ? error_wrap(err, "standard input") : -1;
	out->name = str_from(standard_input ? "<stdin>" : path);
	out->text = arena_str(&cli->arena, buf_str(&text));
	return json_parse(&out->root, &cli->arena, out->text, out->name, NULL, err);
}

/* ---- The check ------------------------------------------------------------------------------- */

/* A tree of one file that is not written yet. */
struct one_file {
	struct tree tree;
	struct str path;
	struct str text;
};

static const struct one_file *one_file_of(const struct tree *t)
{
	return (const struct one_file *)(const void *)t;
}

static int one_read(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	if (!str_eq(path, one_file_of(t)->path))
		return error_set(err, ERROR_INPUT, "%.*s: no such file", STR_ARG(path));
	*out = one_file_of(t)->text;
	return 0;
}

static int one_stat(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	(void)err;
	*out = (struct tree_entry){.path = path};
	if (str_eq(path, one_file_of(t)->path))
		out->kind = TREE_FILE;
	return 0;
}

static int one_list(const struct tree *t, struct str path, struct arena *a, struct str_list *out,
	struct error *err)
{
	(void)err;
	if (path.n == 0)
		list_push(a, out) = one_file_of(t)->path;
	return 0;
}

static const struct tree_ops one_ops = {one_read, one_stat, one_list};

int legacy_file_check(struct cli *cli, struct str name, struct str text, struct error *err)
{
	const struct one_file file = {{&one_ops}, name, text};
	scoped(pipeline) p = {.cli = cli};
	const struct template_input in = {
		.tree = &file.tree,
		.path = file.path,
		.declared_only = true,
	};
	int status = template_load(&p.template, &in, err);
	p.tree = &file.tree;
	p.template_path = file.path;
	if (p.template->diags.n > 0 && pipeline_report(&p, err) < 0)
		return -1;
	return status;
}
