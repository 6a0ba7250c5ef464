#include "cmd/inspect.h"
#include "cmd/verbs.h"

struct inspect_verb {
	struct source_options source;
	struct template_options template;
	bool json;
	bool machine;
};

static const struct option own[] = {
	{.name = "json",
		.kind = OPTION_FLAG,
		.help = "the same facts for machines",
		.offset = offsetof(struct inspect_verb, json)},
	{.name = "machine-readable",
		.kind = OPTION_FLAG,
		.help = "lines of Packer's format for programs",
		.offset = offsetof(struct inspect_verb, machine)},
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
	if (b->config)
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
	json_set(a, j, "format", json_cstr(a, t->format == TEMPLATE_HCL2 ? "hcl2" : "json"));
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

/* ---- For people: Packer's layout ------------------------------------------------------------- */

static int name_order(const void *a, const void *b)
{
	const struct template_variable *const *x = a;
	const struct template_variable *const *y = b;
	return str_cmp((*x)->name, (*y)->name);
}

static const struct template_variable **sorted(const struct template *t, struct arena *a)
{
	const struct template_variable **list =
		arena_array(a, const struct template_variable *, t->variables.n + 1);
	for (size_t i = 0; i < t->variables.n; i++)
		list[i] = &t->variables.items[i];
	if (t->variables.n > 0)
		qsort(list, t->variables.n, sizeof(*list), name_order);
	return list;
}

static void print_required(struct buf *out, const struct template_variable **list, size_t n)
{
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		if (!list[i]->required)
			continue;
		if (!any)
			buf_add(out, STR("Required variables:\n\n"));
		any = true;
		buf_printf(out, "  %.*s\n", STR_ARG(list[i]->name));
	}
	if (any)
		buf_add_byte(out, '\n');
}

static void print_variables(struct buf *out, const struct template *t, struct arena *a)
{
	const struct template_variable **list = sorted(t, a);
	size_t widest = 0;
	if (t->variables.n == 0) {
		buf_add(out, STR("Variables:\n\n  <No variables>\n"));
		return;
	}
	for (size_t i = 0; i < t->variables.n; i++)
		widest = list[i]->name.n > widest ? list[i]->name.n : widest;
	print_required(out, list, t->variables.n);
	buf_add(out, STR("Optional variables and their defaults:\n\n"));
	for (size_t i = 0; i < t->variables.n; i++) {
		struct str shown = text_display(&list[i]->value, a);
		if (!list[i]->required)
			buf_printf(out, "  %-*.*s = %.*s\n", (int)widest, STR_ARG(list[i]->name),
				STR_ARG(list[i]->sensitive ? STR("<sensitive>") : shown));
	}
}

static int build_order(const void *a, const void *b)
{
	return str_cmp(
		((const struct template_build *)a)->name, ((const struct template_build *)b)->name);
}

static void print_builders(struct buf *out, struct template *t)
{
	size_t widest = 0;
	buf_add(out, STR("\nBuilders:\n\n"));
	if (t->builds.n == 0)
		buf_add(out, STR("  <No builders>\n"));
	else
		qsort(t->builds.items, t->builds.n, sizeof(t->builds.items[0]), build_order);
	for (size_t i = 0; i < t->builds.n; i++)
		widest = t->builds.items[i].name.n > widest ? t->builds.items[i].name.n : widest;
	for (size_t i = 0; i < t->builds.n; i++) {
		const struct template_build *b = &t->builds.items[i];
		buf_printf(out, "  %-*.*s", (int)widest, STR_ARG(b->name));
		if (!str_eq(b->name, b->type))
			buf_printf(out, " (%.*s)", STR_ARG(b->type));
		buf_add_byte(out, '\n');
	}
}

/* Types of a list of components; of sequences, each component. */
static void print_types(struct buf *out, const struct json *list)
{
	for (size_t i = 0; list && i < list->array.n; i++) {
		const struct json *j = list->array.items[i];
		struct str type =
			j->type == JSON_STRING ? j->text : json_str_or(j, "type", STR(""));
		if (j->type == JSON_ARRAY)
			print_types(out, j);
		else
			buf_printf(out, "  %.*s\n", STR_ARG(type));
	}
}

static int print_legacy(struct buf *out, struct pipeline *p, struct error *err)
{
	struct str text = {0};
	struct json *root = NULL;
	if (tree_read(p->tree, p->template_path, &text, err) < 0 ||
		json_parse(&root, &p->arena, text, p->template_path, NULL, err) < 0)
		return -1;
	const struct json *provisioners = json_find(root, "provisioners");
	const struct json *post_processors = json_find(root, "post-processors");
	buf_add(out, STR("Inspect: JSON mode\n"));
	if (p->template->description.n > 0)
		buf_printf(out, "Description:\n\n%.*s\n\n", STR_ARG(p->template->description));
	print_variables(out, p->template, &p->arena);
	print_builders(out, p->template);
	buf_add(out, STR("\nProvisioners:\n\n"));
	print_types(out, provisioners);
	if (!provisioners || provisioners->array.n == 0)
		buf_add(out, STR("  <No provisioners>\n"));
	if (post_processors && post_processors->array.n > 0) {
		buf_add(out, STR("\nPost-processors:\n\n"));
		print_types(out, post_processors);
	}
	buf_add(out,
		STR("\nNames and values are as written; user variables and functions in them\n"
		    "such as 'timestamp' are evaluated by plan and build.\n"));
	return 0;
}

/* "type.name", or the type of what has no name. */
static void print_component(struct buf *out, const char *indent, struct str type, struct str name)
{
	buf_printf(out, "%s%.*s", indent, STR_ARG(type));
	if (name.n > 0 && !str_eq(name, type))
		buf_printf(out, ".%.*s", STR_ARG(name));
	buf_add_byte(out, '\n');
}

static void print_components(struct buf *out, const struct template_build *b)
{
	buf_add(out, STR("\n    provisioners:\n\n"));
	if (b->provisioners.n == 0)
		buf_add(out, STR("      <no provisioner>\n"));
	for (size_t i = 0; i < b->provisioners.n; i++)
		print_component(out, "      ", b->provisioners.items[i].type,
			b->provisioners.items[i].name);
	buf_add(out, STR("\n    post-processors:\n"));
	if (b->post_processors.n == 0)
		buf_add(out, STR("\n      <no post-processor>\n"));
	for (size_t i = 0; i < b->post_processors.n; i++) {
		const struct template_sequence *s = &b->post_processors.items[i];
		buf_printf(out, "\n      %zu:\n", i);
		for (size_t k = 0; k < s->n; k++)
			print_component(out, "        ", s->items[k].type, s->items[k].name);
	}
}

static void print_builds(struct buf *out, const struct template *t)
{
	buf_add(out, STR("> builds:\n"));
	for (size_t i = 0; i < t->builds.n;) {
		const struct template_build *b = &t->builds.items[i];
		struct str name = b->block.name;
		if (name.n > 0)
			buf_printf(out, "\n  > %.*s:\n", STR_ARG(name));
		else
			buf_printf(out, "\n  > <unnamed build %zu>:\n", b->block.index);
		buf_add(out, STR("\n    sources:\n"));
		for (; i < t->builds.n && t->builds.items[i].block.index == b->block.index; i++)
			buf_printf(out, "\n      %.*s\n", STR_ARG(t->builds.items[i].block.source));
		print_components(out, b);
	}
}

/* Locals, while they can be evaluated. */
struct locals {
	struct arena *arena;
	struct buf *out;
};

static void print_locals(void *ctx, const struct template_console *c)
{
	const struct locals *l = ctx;
	for (size_t i = 0; i < c->local_count; i++) {
		struct str name = arena_printf(l->arena, "local.%.*s", STR_ARG(c->locals[i]));
		struct text value = {0};
		struct error ignored = {0};
		buf_printf(l->out, "%.*s: ", STR_ARG(name));
		if (c->eval(c->loader, name, &value, &ignored) < 0)
			buf_add(l->out, STR("<unknown>"));
		else if (text_is_literal(&value))
			json_write_string(l->out, text_display(&value, l->arena));
		else
			buf_add(l->out, text_display(&value, l->arena));
		buf_add_byte(l->out, '\n');
	}
}

static void print_hcl2(
	struct buf *out, const struct template *t, const struct buf *locals, struct arena *a)
{
	const struct template_variable **list = sorted(t, a);
	buf_add(out, STR("Inspect: HCL2 mode\n\n> input-variables:\n\n"));
	for (size_t i = 0; i < t->variables.n; i++) {
		const struct template_variable *v = list[i];
		struct str shown = text_display(&v->value, a);
		buf_printf(out, "var.%.*s: ", STR_ARG(v->name));
		if (v->required && v->value.n == 0)
			buf_add(out, STR("<unknown>"));
		else if (text_is_literal(&v->value) && !v->expression)
			json_write_string(out, shown);
		else
			buf_add(out, shown);
		buf_add_byte(out, '\n');
	}
	buf_printf(out, "\n> local-variables:\n\n%.*s\n", STR_ARG(buf_str(locals)));
	print_builds(out, t);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int read_template(struct pipeline *p, const struct inspect_verb *o,
	const struct template_options *how, struct error *err)
{
	if (pipeline_source(p, p->cli->args[0], &o->source, false, err) < 0)
		return -1;
	return pipeline_template(p, how, err);
}

/*
 * With values where that works: inspecting needs none, so what is missing is no error. What the
 * template declares has been read without a fault before.
 */
static int read_with_values(struct pipeline *p, const struct inspect_verb *o, struct locals *locals)
{
	struct error ignored = {0};
	struct template_options how = o->template;
	struct cli quiet = *p->cli;
	how.every_component = !o->json;
	how.console = print_locals;
	how.console_ctx = locals;
	quiet.log.level = LOG_QUIET;
	quiet.arena = (struct arena){0};
	scoped(pipeline) full = {.cli = &quiet};
	if (read_template(&full, o, &how, &ignored) < 0) {
		log_say(&p->cli->log, LOG_WARNING,
			"warning: %s; this is what it declares\n"
			"  -var, -var-file or PKR_VAR_name give values",
			ignored.text);
		return -1;
	}
	struct cli *cli = p->cli;
	pipeline_clear(p);
	*p = full;
	p->cli = cli;
	full = (struct pipeline){0};
	return 0;
}

/* JSON only, as in Packer; in the order of the template, whatever build they are of. */
static void list_provisioners(struct str_list *out, struct pipeline *p)
{
	struct error ignored = {0};
	struct str text = {0};
	struct json *root = NULL;
	if (p->template->format != TEMPLATE_JSON ||
		tree_read(p->tree, p->template_path, &text, &ignored) < 0 ||
		json_parse(&root, &p->arena, text, p->template_path, NULL, &ignored) < 0)
		return;
	const struct json *list = json_find(root, "provisioners");
	for (size_t i = 0; list && i < list->array.n; i++)
		list_push(&p->arena, out) = json_str_or(list->array.items[i], "type", STR(""));
}

static void print_machine(struct buf *out, struct pipeline *p)
{
	scoped(buf) lines = {0};
	struct inspect_facts facts = {
		.template = p->template,
		.variables = sorted(p->template, &p->arena),
		.variable_count = p->template->variables.n,
		.text = buf_str(out),
		.now = clock_wall(p->cli->clock),
	};
	list_provisioners(&facts.provisioners, p);
	inspect_machine(&lines, &facts, &p->arena);
	buf_reset(out);
	buf_add(out, buf_str(&lines));
}

static int run(struct cli *cli, const void *options, struct error *err)
{
	const struct inspect_verb *o = options;
	struct template_options how = o->template;
	scoped(pipeline) p = {.cli = cli};
	scoped(buf) out = {0};
	scoped(buf) local_lines = {0};
	struct locals locals = {&cli->arena, &local_lines};
	how.declared_only = true;
	if (read_template(&p, o, &how, err) < 0)
		return -1;
	bool legacy = p.template->format == TEMPLATE_JSON;
	if (o->json || !legacy)
		(void)!read_with_values(&p, o, &locals);
	if (o->json) {
		struct json *j = template_to_json(p.template, &p.arena);
		if (pipeline_is_unpinned(&p))
			json_set(&p.arena, j, "unpinned", json_bool(&p.arena, true));
		json_write_pretty(&out, j);
		buf_add_byte(&out, '\n');
	} else if (!legacy) {
		print_hcl2(&out, p.template, &local_lines, &p.arena);
	} else if (print_legacy(&out, &p, err) < 0) {
		return -1;
	}
	if (!o->json)
		pipeline_mark_unpinned(&p, &out);
	if (o->machine && !o->json)
		print_machine(&out, &p);
	return cli_print(&out, err) < 0 ? -1 : EXIT_YES;
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "show what a template declares",
	.synopsis = "SOURCE",
	.description =
		"Variables, builds, provisioners and post-processors of a template. No variable\n"
		"has to be given. SOURCE is git+URL@COMMIT#path, or a file or directory as\n"
		"it lies.",
	.examples = "  sealwright inspect template.json",
	.groups = groups,
	.options_size = sizeof(struct inspect_verb),
	.run = run,
};
