#include "builders/builders.h"
#include "cmd/verbs.h"
#include "template/rewrite.h"

struct validate_verb {
	struct source_options source;
	struct template_options template;
	bool syntax_only;
	bool no_warn_undeclared;
};

static const struct option own[] = {
	{.name = "syntax-only",
		.kind = OPTION_FLAG,
		.help = "only read the template; check no configuration",
		.offset = offsetof(struct validate_verb, syntax_only)},
	{.name = "no-warn-undeclared-var",
		.kind = OPTION_FLAG,
		.help = "no warnings about variables of files that are not declared",
		.offset = offsetof(struct validate_verb, no_warn_undeclared)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Template", template_option_table, offsetof(struct validate_verb, template)},
	{"Source", source_option_table, offsetof(struct validate_verb, source)},
	{0},
};

/* What `fix` would change is as good a warning as any. */
static void tell_fixable(const struct pipeline *p)
{
	scoped(arena) a = {0};
	scoped(buf) before = {0};
	scoped(buf) after = {0};
	struct error ignored = {0};
	struct str text = {0};
	struct json *root = NULL;
	if (p->template->format != TEMPLATE_JSON ||
		tree_read(p->tree, p->template_path, &text, &ignored) < 0 ||
		json_parse(&root, &a, text, p->template_path, NULL, &ignored) < 0)
		return;
	template_fix_write(&before, root);
	if (template_fix(root, &a, p->template_path, &ignored) < 0)
		return;
	template_fix_write(&after, root);
	if (!str_eq(buf_str(&before), buf_str(&after)))
		log_say(&p->cli->log, LOG_WARNING,
			"%.*s: warning: it has settings of older versions of Packer\n"
			"  sealwright fix rewrites them",
			STR_ARG(p->template_path));
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct validate_verb *o = options;
	struct template_options template = o->template;
	scoped(pipeline) p = {.cli = cli};
	template.declared_only = o->syntax_only;
	template.warn_undeclared = !o->no_warn_undeclared && !o->syntax_only;
	if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &template, err) < 0)
		return -1;
	tell_fixable(&p);
	if (!o->syntax_only) {
		if (pipeline_check_builders(&p, err) < 0 || pipeline_plans(&p, err) < 0)
			return -1;
	}
	scoped(buf) out = {0};
	buf_add_cstr(&out,
		o->syntax_only ? "Syntax-only check passed. Everything looks okay.\n"
			       : "The configuration is valid.\n");
	pipeline_mark_unpinned(&p, &out);
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
