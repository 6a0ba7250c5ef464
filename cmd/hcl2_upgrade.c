#include "base/file.h"
#include "cmd/legacy_file.h"
#include "template/rewrite.h"

struct upgrade_verb {
	const char *output_file;
	bool with_annotations;
};

static const struct option own[] = {
	{.name = "output-file",
		.letter = 'o',
		.kind = OPTION_STRING,
		.arg = "PATH",
		.help = "where to write; TEMPLATE.pkr.hcl otherwise; - for standard output",
		.offset = offsetof(struct upgrade_verb, output_file)},
	{.name = "with-annotations",
		.kind = OPTION_FLAG,
		.help = "explain the blocks in comments",
		.offset = offsetof(struct upgrade_verb, with_annotations)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{0},
};

static void tell(struct cli *cli, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		log_say(&cli->log, LOG_WARNING, "%.*s: warning: %.*s",
			STR_ARG(origin_str(&cli->arena, &d->items[i].origin)),
			STR_ARG(d->items[i].text));
}

/* Beside the template, unless it is told otherwise. */
static const char *output_path(
	struct cli *cli, const struct upgrade_verb *o, const struct legacy_file *file)
{
	if (o->output_file)
		return o->output_file;
	if (strcmp(cli->args[0], "-") == 0)
		return "-";
	return arena_printf(&cli->arena, "%.*s.pkr.hcl", STR_ARG(file->name)).p;
}

static int write_template(const char *path, const struct buf *out, struct error *err)
{
	if (strcmp(path, "-") == 0)
		return cli_print(out, err);
	if (file_replace(AT_FDCWD, path, buf_str(out), 0644, err) < 0)
		return -1;
	scoped(buf) done = {0};
	buf_printf(&done, "Successfully created %s\n", path);
	return cli_print(&done, err);
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct upgrade_verb *o = options;
	if (cli->arg_count != 1)
		return error_set(err, ERROR_USAGE,
			"hcl2_upgrade takes one template, or - for standard input");
	struct legacy_file file = {0};
	struct diags diags = {0};
	scoped(buf) out = {0};
	if (legacy_file_read(&file, cli, cli->args[0], err) < 0)
		return -1;
	/* Files that hold only variables become files that hold only variables. */
	if (json_find(file.root, "builders") &&
		legacy_file_check(cli, file.name, file.text, err) < 0)
		return -1;
	const struct template_upgrade_options how = {
		.file = file.name, .annotations = o->with_annotations, .diags = &diags};
	int status = template_upgrade(&out, file.root, &how, &cli->arena, err);
	tell(cli, &diags);
	if (status < 0 || write_template(output_path(cli, o, &file), &out, err) < 0)
		return -1;
	return EXIT_YES;
}

const struct command command_hcl2_upgrade = {
	.name = "hcl2_upgrade",
	.summary = "turn a JSON template into HCL2, as packer hcl2_upgrade does",
	.synopsis = "TEMPLATE | -",
	.description =
		"Writes the template in HCL2. {{user}}, {{timestamp}} and their kind become\n"
		"expressions; conditions and functions of text stay {{ }}, which HCL2 templates\n"
		"take as well. What could not be carried over is a warning with its place.",
	.examples = "  sealwright hcl2_upgrade template.json\n"
		    "  sealwright hcl2_upgrade -output-file - -with-annotations template.json",
	.groups = groups,
	.options_size = sizeof(struct upgrade_verb),
	.run = run,
};
