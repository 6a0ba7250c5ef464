/* Scripts that the build only leaves behind: people, timers and programs run them later. */
#include "audit/eval/image.h"

/* Places that are no part of an image, or that nobody keeps programs in. */
static const char *const passing[] = {
	"/tmp/*", "/var/tmp/*", "/run/*", "/var/run/*", "/dev/*", "/proc/*", "/sys/*", "~/*"};

static bool passes(struct str path)
{
	for (size_t i = 0; i < countof(passing); i++)
		if (pattern_match(str_from(passing[i]), path, false))
			return true;
	return path.n == 0 || path.p[0] != '/';
}

/* A text of the plan whose first line names a shell. */
static bool is_script(struct eval *e, const struct file *f)
{
	struct str line = value_prefix(e, &f->content);
	if (f->deleted || f->tree || f->binary || f->link.n > 0 || !str_has_prefix(line, STR("#!")))
		return false;
	line = str_trim(str_sub(line, 2, str_find_byte(line, '\n') - 2));
	struct str word = str_sub(line, 0, str_find_byte(line, ' '));
	if (str_is(base_name(word), "env"))
		word = str_trim(str_from_index(line, word.n));
	word = str_sub(word, 0, str_find_byte(word, ' '));
	return word_in(base_name(word), "sh bash dash ash ksh zsh");
}

/* What a fact stands in has been run. */
static void list_run(struct eval *e, struct map *run)
{
	for (size_t i = e->facts_first; i < e->facts->n; i++) {
		const struct hcl_value *script =
			hcl_member(e->facts->items[i].value, STR("script"));
		if (script && script->type == HCL_STRING && !map_has(run, script->string))
			map_put(run, e->scratch, script->string, run);
	}
}

static void run_kept(struct eval *e, const struct cell *cell)
{
	const struct file *f = cell->value;
	struct value *argv = arena_array(e->scratch, struct value, 1);
	argv[0] = value_text(e, cell->key);
	struct command c = command_new(e, NULL, argv, 1);
	if (f->upload)
		c.origin = plan_line(f->upload, 1, 1);
	else if (f->place.unit)
		c.origin = unit_origin(f->place.unit, &f->place.span);
	struct process *process = e->process;
	e->process = process_new(e, NULL, SHELL_POSIX);
	e->step = f->upload;
	e->unit = f->place.unit;
	e->ignoring = 1; /* nothing of it ends the build */
	run_file(e, &c, cell->key, 0, NULL);
	e->ignoring = 0;
	e->process = process;
}

void image_scripts(struct eval *e)
{
	struct map run = {0};
	enum fact_phase phase = e->phase;
	const struct unit *unit = e->unit;
	const struct step *step = e->step;
	size_t files = e->files.n;
	uint64_t commands = e->facts->commands;
	uint64_t opaque = e->facts->opaque;
	list_run(e, &run);
	e->phase = PHASE_RUNTIME;
	for (size_t i = 0; i < files && charge(e, 2); i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		if (f && !passes(c->key) && is_script(e, f) && !map_has(&run, c->key))
			run_kept(e, c);
	}
	e->facts->commands = commands;
	e->facts->opaque = opaque;
	e->phase = phase;
	e->unit = unit;
	e->step = step;
}

/*
 * Only what arrives and is run unchecked is told of them: nobody has said that they run at all,
 * and what else they do is up to whoever runs them.
 */
void image_scripts_keep(struct eval *e, size_t first, size_t end)
{
	size_t kept = first;
	for (size_t i = first; i < end; i++)
		if (e->facts->items[i].kind == FACT_FLOW)
			fact_replace(e, i, "to", hcl_string(STR("kept")));
	for (size_t i = first; i < e->facts->n; i++)
		if (i >= end || e->facts->items[i].kind == FACT_FLOW)
			e->facts->items[kept++] = e->facts->items[i];
	e->facts->n = kept;
}
