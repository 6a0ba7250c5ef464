#include "base/file.h"
#include "cmd/verbs.h"
#include "template/rewrite.h"

#define TEMPLATE_MAX ((size_t)8 << 20)

struct fix_verb {
	bool validate;
	bool list;
};

static const struct option own[] = {
	{.name = "validate",
		.kind = OPTION_FLAG,
		.on = true,
		.help = "do not check what came out",
		.offset = offsetof(struct fix_verb, validate)},
	{.name = "list",
		.kind = OPTION_FLAG,
		.help = "list what is fixed, in the order of the fixes",
		.offset = offsetof(struct fix_verb, list)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{0},
};

static int list_fixers(struct error *err)
{
	scoped(buf) out = {0};
	for (const struct template_fixer *f = template_fixers; f->name; f++)
		buf_printf(&out, "%-27s%s\n", f->name, f->summary);
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

static int read_template(struct json **out, struct cli *cli, const char *path, struct error *err)
{
	scoped(buf) text = {0};
	bool standard_input = strcmp(path, "-") == 0;
	buf_init(&text, TEMPLATE_MAX);
	int status = standard_input ? file_read_fd(&text, STDIN_FILENO, TEMPLATE_MAX, err)
				    : file_read(&text, AT_FDCWD, path, TEMPLATE_MAX, err);
	if (status < 0)
		return error_wrap(err, "%s", path);
	const char *name = standard_input ? "<stdin>" : path;
	return json_parse(out, &cli->arena, buf_str(&text), str_from(name), NULL, err);
}

/* ---- The check of what came out -------------------------------------------------------------- */

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

/* Places in the messages are those of the output. */
static int validate(struct cli *cli, struct str text, struct error *err)
{
	const struct one_file file = {{&one_ops}, STR("<fixed template>"), text};
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

static bool is_hcl(struct str path)
{
	return str_has_suffix(path, STR(".pkr.hcl")) || str_has_suffix(path, STR(".pkr.json"));
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct fix_verb *o = options;
	if (o->list)
		return list_fixers(err);
	if (cli->arg_count != 1)
		return error_set(
			err, ERROR_USAGE, "fix takes one template, or - for standard input");
	const char *path = cli->args[0];
	if (is_hcl(str_from(path)))
		return error_set(err, ERROR_INPUT,
			"%s: is HCL2, which needs no fixes; fix takes legacy JSON templates", path);
	struct json *root = NULL;
	if (read_template(&root, cli, path, err) < 0 ||
		template_fix(root, &cli->arena, str_from(path), err) < 0)
		return -1;
	scoped(buf) out = {0};
	template_fix_write(&out, root);
	buf_add_byte(&out, '\n');
	if (cli_print(&out, err) < 0 || (o->validate && validate(cli, buf_str(&out), err) < 0))
		return -1;
	return EXIT_YES;
}

const struct command command_fix = {
	.name = "fix",
	.summary = "rewrite old settings of a JSON template, as packer fix does",
	.synopsis = "TEMPLATE | -",
	.description =
		"Replaces settings that later versions of Packer renamed or removed and prints\n"
		"the template, with its keys in order. The file stays as it is.",
	.examples = "  sealwright fix template.json > fixed.json\n"
		    "  sealwright fix --list",
	.groups = groups,
	.options_size = sizeof(struct fix_verb),
	.run = run,
};
