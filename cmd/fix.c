#include "cmd/legacy_file.h"
#include "template/rewrite.h"

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

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct fix_verb *o = options;
	if (o->list)
		return list_fixers(err);
	if (cli->arg_count != 1)
		return error_set(
			err, ERROR_USAGE, "fix takes one template, or - for standard input");
	struct legacy_file file = {0};
	if (legacy_file_read(&file, cli, cli->args[0], err) < 0 ||
		template_fix(file.root, &cli->arena, file.name, err) < 0)
		return -1;
	scoped(buf) out = {0};
	template_fix_write(&out, file.root);
	buf_add_byte(&out, '\n');
	if (cli_print(&out, err) < 0)
		return -1;
	/* Places in the messages are those of the output. */
	if (o->validate && legacy_file_check(cli, STR("<fixed template>"), buf_str(&out), err) < 0)
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
