#include "cmd/verbs.h"

struct inspect_verb {
	struct source_options source;
	struct template_options template;
	bool json;
};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "the same facts for machines",
		.offset = offsetof(struct inspect_verb, json)},
	{0},
};

static const struct option_group groups[] = {
	{"Options", own, 0},
	{"Template", template_option_table, offsetof(struct inspect_verb, template)},
	{"Source", source_option_table, offsetof(struct inspect_verb, source)},
	{0},
};

static struct json *build_to_json(const struct template_build *b, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "name", json_string(a, b->name));
	json_set(a, j, "type", json_string(a, b->type));
	json_set(a, j, "config", conf_to_json(b->config, a));
	struct json *provisioners = json_set(a, j, "provisioners", json_array(a));
	for (size_t i = 0; i < b->provisioners.n; i++)
		json_append(a, provisioners, json_string(a, b->provisioners.items[i].type));
	struct json *sequences = json_set(a, j, "post-processors", json_array(a));
	for (size_t i = 0; i < b->post_processors.n; i++) {
		const struct template_sequence *s = &b->post_processors.items[i];
		struct json *one = json_append(a, sequences, json_array(a));
		for (size_t k = 0; k < s->n; k++)
			json_append(a, one, json_string(a, s->items[k].type));
	}
	return j;
}

static struct json *template_to_json(const struct template *t, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "template", json_string(a, t->path));
	json_set(a, j, "description", json_string(a, t->description));
	struct json *variables = json_set(a, j, "variables", json_array(a));
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = &t->variables.items[i];
		struct json *one = json_append(a, variables, json_object(a));
		json_set(a, one, "name", json_string(a, v->name));
		json_set(a, one, "value", text_to_json(&v->value, a));
		json_set(a, one, "required", json_bool(a, v->required));
		json_set(a, one, "sensitive", json_bool(a, v->sensitive));
	}
	struct json *builds = json_set(a, j, "builds", json_array(a));
	for (size_t i = 0; i < t->builds.n; i++)
		json_append(a, builds, build_to_json(&t->builds.items[i], a));
	return j;
}

static void print_text(struct buf *out, const struct template *t, struct arena *a)
{
	if (t->description.n > 0)
		buf_printf(out, "Description:\n\n%.*s\n\n", STR_ARG(t->description));
	buf_add_cstr(out, "Variables:\n\n");
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = &t->variables.items[i];
		struct str shown = text_display(&v->value, a);
		buf_printf(out, "  %.*s = %.*s%s\n", STR_ARG(v->name), STR_ARG(shown),
			v->required ? "  (required)" : "");
	}
	if (t->variables.n == 0)
		buf_add_cstr(out, "  <No variables>\n");
	buf_add_cstr(out, "\nBuilds:\n");
	for (size_t i = 0; i < t->builds.n; i++) {
		const struct template_build *b = &t->builds.items[i];
		buf_printf(out, "\n  %.*s (%.*s)\n", STR_ARG(b->name), STR_ARG(b->type));
		for (size_t k = 0; k < b->provisioners.n; k++) {
			const struct template_provisioner *v = &b->provisioners.items[k];
			buf_printf(out, "    provisioner     %.*s  %.*s\n", STR_ARG(v->type),
				STR_ARG(origin_str(a, &v->origin)));
		}
		for (size_t k = 0; k < b->post_processors.n; k++) {
			for (size_t m = 0; m < b->post_processors.items[k].n; m++)
				buf_printf(out, "    post-processor  %.*s\n",
					STR_ARG(b->post_processors.items[k].items[m].type));
		}
	}
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct inspect_verb *o = options;
	scoped(pipeline) p = {.cli = cli};
	if (pipeline_source(&p, cli->args[0], &o->source, false, err) < 0 ||
		pipeline_template(&p, &o->template, err) < 0)
		return -1;
	scoped(buf) out = {0};
	if (o->json) {
		json_write_pretty(&out, template_to_json(p.template, &p.arena));
		buf_add_byte(&out, '\n');
	} else {
		print_text(&out, p.template, &p.arena);
	}
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "show what a template declares",
	.synopsis = "SOURCE",
	.description = "Variables, builds, provisioners and post-processors of a template, after\n"
		       "interpolation. SOURCE is git+URL@COMMIT#path, or a file as it lies.",
	.examples = "  sealwright inspect template.json",
	.groups = groups,
	.options_size = sizeof(struct inspect_verb),
	.run = run,
};
