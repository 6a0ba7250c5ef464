#include "builders/builders.h"
#include "cmd/verbs.h"

struct plan_verb {
	struct source_options source;
	struct template_options template;
	bool json;
	bool verbose;
	bool partial;
};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "canonical JSON, one plan per line (docs/plan.md)",
		.offset = offsetof(struct plan_verb, json)},
	{.name = "verbose",
		.letter = 'V',
		.kind = OPTION_FLAG,
		.help = "also show what is uploaded",
		.offset = offsetof(struct plan_verb, verbose)},
	{.name = "partial",
		.kind = OPTION_FLAG,
		.help = "go on where the repository lacks a file: what is in it is unknown",
		.offset = offsetof(struct plan_verb, partial)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Template", template_option_table, offsetof(struct plan_verb, template)},
	{"Source", source_option_table, offsetof(struct plan_verb, source)},
	{0},
};

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct plan_verb *o = options;
	scoped(pipeline) p = {.cli = cli, .partial = o->partial};
	if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &o->template, err) < 0 ||
		pipeline_check_builders(&p, err) < 0 || pipeline_plans(&p, err) < 0)
		return -1;
	scoped(buf) out = {0};
	for (size_t i = 0; i < p.plans.n; i++) {
		if (o->json) {
			struct json *j = plan_to_json(p.plans.items[i], &p.arena);
			if (pipeline_is_unpinned(&p))
				json_set(&p.arena, j, "unpinned", json_bool(&p.arena, true));
			json_write_canonical(&out, j);
			buf_add_byte(&out, '\n');
			continue;
		}
		if (i > 0)
			buf_add_byte(&out, '\n');
		plan_print(&out, p.plans.items[i], cli->colour, o->verbose);
	}
	if (!o->json)
		pipeline_mark_unpinned(&p, &out);
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_plan = {
	.name = "plan",
	.summary = "print the steps of each build; nothing runs",
	.synopsis = "SOURCE",
	.description =
		"Provisioners do not run, they compile: this prints the uploads and command\n"
		"lines that a build would run, in order, with where each comes from.",
	.examples = "  sealwright plan template.json\n"
		    "  sealwright plan --json git+https://example.org/images@COMMIT#redis.json",
	.groups = groups,
	.options_size = sizeof(struct plan_verb),
	.run = run,
};
