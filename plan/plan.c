#include "plan/compile.h"

#include <assert.h>

const char *group_phase_name(enum group_phase phase)
{
	static const char *const names[] = {
		[GROUP_NONE] = "none",
		[GROUP_BOOT] = "boot",
		[GROUP_PROVISION] = "provision",
		[GROUP_ERROR_CLEANUP] = "error-cleanup",
		[GROUP_FINISH] = "finish",
		[GROUP_POST_PROCESS] = "post-process",
	};
	static_assert(countof(names) == GROUP_POST_PROCESS + 1, "a phase without a name");
	return names[phase];
}

const char *step_type_name(enum step_type type)
{
	static const char *const names[] = {
		[STEP_NONE] = "none",
		[STEP_UPLOAD] = "upload",
		[STEP_DOWNLOAD] = "download",
		[STEP_EXEC] = "exec",
		[STEP_EXEC_HOST] = "exec-host",
		[STEP_WAIT] = "wait",
		[STEP_BOOT] = "boot",
		[STEP_OPAQUE] = "opaque",
	};
	static_assert(countof(names) == STEP_OPAQUE + 1, "a name per type");
	return names[type];
}

const char *step_language_name(enum step_language language)
{
	static const char *const names[] = {
		[LANGUAGE_NONE] = NULL,
		[LANGUAGE_SH] = "sh",
		[LANGUAGE_CMD] = "cmd",
		[LANGUAGE_POWERSHELL] = "powershell",
		[LANGUAGE_ANSIBLE] = "ansible",
		[LANGUAGE_PUPPET] = "puppet",
		[LANGUAGE_CHEF] = "chef",
		[LANGUAGE_SALT] = "salt",
	};
	static_assert(countof(names) == LANGUAGE_SALT + 1, "a name per language");
	return names[language];
}

/* ---- Provisioners --------------------------------------------------------------------------- */

static const struct provisioner *find_provisioner(struct str type)
{
	for (size_t i = 0; provisioner_table[i]; i++) {
		if (str_is(type, provisioner_table[i]->type))
			return provisioner_table[i];
	}
	return NULL;
}

static int compile_unknown(struct compiler *c, const struct template_provisioner *p)
{
	const char *names[64];
	size_t n = 0;
	for (; provisioner_table[n] && n < countof(names); n++)
		names[n] = provisioner_table[n]->type;
	const char *near = conf_nearest(p->type, names, n);
	diag_warning(c->diags, c->diag_arena, &p->origin,
		"provisioner type \"%.*s\" is not known: it is in the plan, and nothing runs it",
		STR_ARG(p->type));
	if (near)
		diag_hint(c->diags, c->diag_arena, "did you mean \"%s\"?", near);
	return compile_step(c, STEP_OPAQUE, &p->origin) ? 0 : -1;
}

/* The configuration lives with the plan, messages with the caller. */
static int decode(struct compiler *c, void *config, const struct conf *from,
	const struct conf_field *fields, const char *what)
{
	struct diags d = {0};
	int status = conf_decode(config, from, fields, what, &d, c->arena);
	for (size_t i = 0; i < d.n; i++) {
		const struct diag *m = &d.items[i];
		if (m->severity == DIAG_ERROR)
			compile_error(c, &m->origin, "%.*s", STR_ARG(m->text));
		else
			diag_warning(c->diags, c->diag_arena, &m->origin, "%.*s", STR_ARG(m->text));
		if (m->hint.n > 0)
			diag_hint(c->diags, c->diag_arena, "%.*s", STR_ARG(m->hint));
	}
	return status;
}

int compile_configured(struct compiler *c, const struct template_provisioner *p,
	const struct provisioner *type, const char *what)
{
	const char *name = arena_printf(c->arena, "%s %s", what, type->type).p;
	void *config = arena_alloc(c->arena, type->size);
	if (type->defaults)
		type->defaults(config);
	if (decode(c, config, p->config, type->fields, name) < 0)
		return -1;
	return type->compile(c, p, config);
}

/* Without what it needs nobody knows what it does. */
static int compile_opaque(struct compiler *c, const struct template_provisioner *p)
{
	struct step_group *g = &c->plan->groups.items[c->group];
	g->count = p->pause_before > 0 ? 1 : 0;
	c->plan->steps.n = g->first + g->count;
	return compile_step(c, STEP_OPAQUE, &p->origin) ? 0 : -1;
}

static int compile_provisioner(
	struct compiler *c, const struct template_provisioner *p, enum group_phase phase)
{
	struct plan *plan = c->plan;
	const struct provisioner *type = find_provisioner(p->type);
	c->group = (uint32_t)plan->groups.n;
	list_push(c->arena, &plan->groups) = (struct step_group){
		.type = p->type,
		.label = p->type,
		.origin = p->origin,
		.first = (uint32_t)plan->steps.n,
		.max_retries = p->max_retries,
		.timeout = p->timeout,
		.continue_on_error = p->continue_on_error,
		.phase = phase,
	};
	if (p->pause_before > 0 && compile_wait(c, &p->origin, p->pause_before, "pause_before") < 0)
		return -1;
	size_t errors = c->diags->errors;
	c->absent = false;
	int status = type ? compile_configured(c, p, type, "provisioner") : compile_unknown(c, p);
	if (status < 0 && c->absent && c->diags->errors == errors)
		status = compile_opaque(c, p);
	/* A block that has nothing to do here leaves no trace. */
	bool paused = p->pause_before > 0;
	if (status == 0 && plan->groups.items[c->group].count == (paused ? 1 : 0)) {
		plan->steps.n -= paused ? 1 : 0;
		plan->groups.n--;
	}
	return status;
}

static int compile_build(struct compiler *c)
{
	const struct template_build *b = c->build;
	int status = compile_boot(c);
	for (size_t i = 0; i < b->provisioners.n; i++)
		status |= compile_provisioner(c, &b->provisioners.items[i], GROUP_PROVISION);
	if (b->error_cleanup)
		status |= compile_provisioner(c, b->error_cleanup, GROUP_ERROR_CLEANUP);
	status |= compile_finish(c);
	return status | compile_post_processors(c);
}

/* ---- The plan ------------------------------------------------------------------------------- */

static void digest_plan(struct plan *p)
{
	scoped(buf) bytes = {0};
	struct arena scratch = {0};
	buf_init(&bytes, SIZE_MAX / 4);
	json_write_canonical(&bytes, plan_to_json(p, &scratch));
	p->digest = digest_bytes(buf_str(&bytes));
	arena_clear(&scratch);
}

static bool is_same(const struct diag *x, const struct diag *y)
{
	return str_eq(x->text, y->text) && str_eq(x->origin.file, y->origin.file) &&
		x->origin.span.off == y->origin.span.off &&
		x->origin.span.line == y->origin.span.line;
}

/* Builds share provisioners: what was told for one is not told again for the next. */
static void drop_repeats(struct diags *d, size_t first)
{
	size_t kept = first;
	for (size_t i = first; i < d->n; i++) {
		size_t k = 0;
		while (k < kept && !is_same(&d->items[k], &d->items[i]))
			k++;
		if (k == kept)
			d->items[kept++] = d->items[i];
		else if (d->items[i].severity == DIAG_ERROR)
			d->errors--;
	}
	d->n = kept;
}

int plan_make(struct plan **out, const struct template_build *build, const struct tree *tree,
	struct diags *d, struct arena *a, struct error *err)
{
	scoped_ptr(plan) p = calloc(1, sizeof(*p));
	if (!p)
		error_out_of_memory();
	p->build = build->name;
	p->rehearsal = build->other_config != NULL;
	p->builder = build->other_config ? build->other_type : build->type;
	p->config = build->other_config ? build->other_config : build->config;
	p->source_name = build->source_name;
	p->type = build->type;
	p->origin = build->origin;
	p->post_processors.items = build->post_processors.items;
	p->post_processors.n = build->post_processors.n;
	p->post_processors.cap = build->post_processors.cap;
	struct compiler c = {
		.plan = p,
		.arena = &p->arena,
		.build = build,
		.tree = tree,
		.paths = build->paths,
		.diags = d,
		.diag_arena = a,
	};
	if (!c.paths.tree)
		c.paths =
			(struct template_paths){.tree = tree, .root = path_dir(build->origin.file)};
	p->paths = c.paths;
	size_t errors = d->errors;
	size_t first = d->n;
	bool failed = compile_build(&c) < 0 || d->errors > errors;
	drop_repeats(d, first);
	if (failed) {
		if (diags_check(d, err) < 0)
			return -1;
		return error_set(err, ERROR_INPUT, "build %.*s: %zu errors", STR_ARG(build->name),
			d->errors);
	}
	digest_plan(p);
	*out = steal_ptr(p);
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	arena_clear(&p->arena);
	free(p);
}

/* ---- Places --------------------------------------------------------------------------------- */

static struct str source_of(const struct step *s)
{
	if (s->type == STEP_UPLOAD)
		return s->upload.source;
	if (s->type == STEP_BOOT)
		return s->boot.source;
	return s->type == STEP_EXEC_HOST ? s->exec.source : STR("");
}

struct origin plan_line(const struct step *s, uint32_t line, uint32_t col)
{
	struct str source = source_of(s);
	if (s->lines.n == 0 && source.n > 0)
		return (struct origin){source, {.line = line, .col = col, .len = 1}};
	if (s->lines.n == 0 || line == 0)
		return s->origin;
	struct origin o = s->lines.items[line <= s->lines.n ? line - 1 : s->lines.n - 1];
	uint32_t shift = col > 0 ? col - 1 : 0;
	if (o.span.len > 0 && shift >= o.span.len)
		shift = o.span.len - 1;
	o.span.off += shift;
	o.span.col += shift;
	o.span.len = o.span.len > shift ? o.span.len - shift : 1;
	return o;
}
