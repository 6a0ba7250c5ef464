#include "builders/builders.h"
#include "cmd/verbs.h"

struct validate_verb {
	struct source_options source;
	struct template_options template;
	bool syntax_only;
};

static const struct option own[] = {
	{.name = "syntax-only",
		.kind = OPTION_FLAG,
		.help = "only read the template; check no configuration",
		.offset = offsetof(struct validate_verb, syntax_only)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Template", template_option_table, offsetof(struct validate_verb, template)},
	{"Source", source_option_table, offsetof(struct validate_verb, source)},
	{0},
};

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct validate_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &o->template, err) < 0)
		return -1;
	if (!o->syntax_only) {
		if (pipeline_check_builders(&p, err) < 0 || pipeline_plans(&p, err) < 0)
			return -1;
	}
	scoped(buf) out = {0};
	buf_add_cstr(&out,
		o->syntax_only ? "Syntax-only check passed.\n" : "The configuration is valid.\n");
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_validate = {
	.name = "validate",
	.summary = "check that a template is well formed and complete",
	.synopsis = "SOURCE",
	.description = "Reads the template strictly, checks the configuration of builders and\n"
		       "provisioners, and that every script is there. Creates nothing.",
	.examples = "  sealwright validate -var region=cn-beijing template.json",
	.groups = groups,
	.options_size = sizeof(struct validate_verb),
	.run = run,
};
