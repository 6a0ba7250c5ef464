/*
 * Post-processors: those that run code become steps, the others leave none. What a type does with
 * the artifact is for builders/post/; the files of a box are steps of plan/boot/.
 */
#include "plan/compile.h"

/* How a type compiles. compile NULL: it runs no code of the template. */
struct post_type {
	const char *type;
	int (*compile)(struct compiler *c, const struct template_post_processor *p);
	const char *elsewhere; /* why it cannot be run here; NULL: it can */
};

/* ---- shell-local ---------------------------------------------------------------------------- */

static struct conf *string_at(struct arena *a, const char *s, const struct origin *o)
{
	struct conf *c = arena_new(a, struct conf);
	c->type = CONF_STRING;
	c->origin = *o;
	c->text = text_from(a, str_from(s));
	return c;
}

/* An execute_command of one part is a command line, which this post-processor hands to a shell. */
static const struct conf *whole_command(struct compiler *c, const struct conf *command)
{
	const struct conf *line = command;
	if (command->type == CONF_LIST && command->list.n == 1)
		line = command->list.items[0];
	if (line->type != CONF_STRING)
		return command;
	struct conf *out = arena_new(c->arena, struct conf);
	out->type = CONF_LIST;
	out->origin = command->origin;
	list_push(c->arena, &out->list) = string_at(c->arena, "sh", &line->origin);
	list_push(c->arena, &out->list) = string_at(c->arena, "-c", &line->origin);
	struct conf *copy = arena_new(c->arena, struct conf);
	*copy = *line;
	list_push(c->arena, &out->list) = copy;
	return out;
}

static const struct conf *shell_local_config(struct compiler *c, const struct conf *config)
{
	const struct conf *command = conf_find(config, STR("execute_command"));
	if (!command)
		return config;
	struct conf *out = arena_new(c->arena, struct conf);
	*out = *config;
	out->object.items = NULL;
	out->object.n = out->object.cap = 0;
	for (size_t i = 0; i < config->object.n; i++) {
		struct conf_member m = config->object.items[i];
		if (m.value == command) {
			struct conf *whole = arena_new(c->arena, struct conf);
			*whole = *whole_command(c, command);
			m.value = whole;
		}
		list_push(c->arena, &out->object) = m;
	}
	return out;
}

static int compile_shell_local(struct compiler *c, const struct template_post_processor *p)
{
	const struct template_provisioner same = {
		.type = p->type,
		.origin = p->origin,
		.config = p->config ? shell_local_config(c, p->config) : NULL,
	};
	return compile_configured(c, &same, &provisioner_shell_local, "post-processor");
}

/* ---- The types ------------------------------------------------------------------------------ */

#define CLOUD "it needs an account of a cloud"
#define DAEMON "it needs a Docker daemon"
#define REGISTRY "it needs a registry and its password"
#define FOREIGN "it is for images of another builder"

/* The first ones are in the order of builders/post/table.c. */
static const struct post_type types[] = {
	{"manifest", NULL, NULL},
	{"checksum", NULL, NULL},
	{"compress", NULL, NULL},
	{"artifice", NULL, NULL},
	{"shell-local", compile_shell_local, NULL},
	{"vagrant", NULL, NULL},
	{"docker-tag", NULL, NULL},
	{"docker-save", NULL, NULL},
	{"docker-push", NULL, REGISTRY},
	{"docker-import", NULL, DAEMON},
	{"provenance", NULL, "the evidence of a build says more, and is always written"},
	{"alicloud-import", NULL, CLOUD},
	{"amazon-import", NULL, CLOUD},
	{"amazon-ami-management", NULL, CLOUD},
	{"azure-dtl", NULL, CLOUD},
	{"digitalocean-import", NULL, CLOUD},
	{"exoscale-import", NULL, CLOUD},
	{"googlecompute-export", NULL, CLOUD},
	{"googlecompute-import", NULL, CLOUD},
	{"outscale-import", NULL, CLOUD},
	{"ucloud-import", NULL, CLOUD},
	{"yandex-export", NULL, CLOUD},
	{"yandex-import", NULL, CLOUD},
	{"vagrant-cloud", NULL, REGISTRY},
	{"vagrant-registry", NULL, REGISTRY},
	{"atlas", NULL, "its service has ended"},
	{"vsphere", NULL, FOREIGN},
	{"vsphere-template", NULL, FOREIGN},
	{"vhd", NULL, FOREIGN},
};

static const struct post_type *find_type(struct str type)
{
	for (size_t i = 0; i < countof(types); i++) {
		if (str_is(type, types[i].type))
			return &types[i];
	}
	return NULL;
}

bool post_processor_runs(struct str type, const char **why)
{
	const struct post_type *t = find_type(type);
	*why = t ? t->elsewhere : "this type is not known";
	return *why == NULL;
}

const char *post_processor_nearest(struct str type)
{
	const char *names[countof(types)];
	for (size_t i = 0; i < countof(types); i++)
		names[i] = types[i].type;
	return conf_nearest(type, names, countof(names));
}

/* ---- Compiling ------------------------------------------------------------------------------ */

static int compile_refused(
	struct compiler *c, const struct template_post_processor *p, const char *why)
{
	diag_warning(c->diags, c->diag_arena, &p->origin,
		"post-processor type \"%.*s\": %s; it is in the plan, and nothing runs it",
		STR_ARG(p->type), why);
	const char *near = find_type(p->type) ? NULL : post_processor_nearest(p->type);
	if (near)
		diag_hint(c->diags, c->diag_arena, "did you mean \"%s\"?", near);
	struct step *s = compile_step(c, STEP_OPAQUE, &p->origin);
	if (!s)
		return -1;
	s->opaque.why = arena_printf(c->arena, "post-processor %.*s: %s", STR_ARG(p->type), why);
	return 0;
}

static struct str label_of(struct compiler *c, const struct template_post_processor *p)
{
	if (str_eq(p->name, p->type))
		return p->type;
	return arena_printf(c->arena, "%.*s (%.*s)", STR_ARG(p->name), STR_ARG(p->type));
}

static int compile_one(struct compiler *c, const struct template_post_processor *p,
	uint32_t sequence, uint32_t position)
{
	const struct post_type *t = find_type(p->type);
	struct plan *plan = c->plan;
	const char *why = NULL;
	int status = 0;
	c->group = (uint32_t)plan->groups.n;
	list_push(c->arena, &plan->groups) = (struct step_group){
		.phase = GROUP_POST_PROCESS,
		.type = p->type,
		.label = label_of(c, p),
		.origin = p->origin,
		.first = (uint32_t)plan->steps.n,
		.sequence = sequence,
		.position = position,
	};
	if (!post_processor_runs(p->type, &why))
		status = compile_refused(c, p, why);
	else if (t->compile)
		status = t->compile(c, p);
	if (plan->groups.items[c->group].count == 0)
		plan->groups.n--;
	return status;
}

int compile_post_processors(struct compiler *c)
{
	const struct template_build *b = c->build;
	int status = 0;
	for (size_t i = 0; i < b->post_processors.n; i++) {
		const struct template_sequence *s = &b->post_processors.items[i];
		for (size_t k = 0; k < s->n; k++)
			status |= compile_one(c, &s->items[k], (uint32_t)i, (uint32_t)k);
	}
	return status;
}
