/* What can be refused before anything is made. */
#include "builders/builders.h"

struct checked {
	const struct plan *plan;
	const struct builder *builder;
	const struct step *step;
};

/* Values of every builder, whatever its machines are. */
static bool is_filled_by_run(const struct step *s, struct str name)
{
	bool script = s->type == STEP_EXEC_HOST && s->exec.script.n > 0;
	return str_is(name, "PackerRunUUID") || str_has_prefix(name, STR(STEP_FILE_HOLE)) ||
		(script && str_is(name, STEP_SCRIPT_HOLE));
}

/* A rehearsal takes what is known of the template's own builder only as empty. */
static bool is_rehearsed(struct str name)
{
	for (size_t i = 0; template_build_names[i]; i++) {
		if (str_is(name, template_build_names[i]))
			return true;
	}
	return false;
}

static bool is_filled(const struct checked *c, struct str hole)
{
	bool own = str_has_prefix(hole, STR("build."));
	struct str name = own ? str_from_index(hole, strlen("build.")) : hole;
	if (is_filled_by_run(c->step, name))
		return true;
	if (c->plan->rehearsal && (own || is_rehearsed(name)))
		return true;
	return !c->builder->fills || c->builder->fills(name);
}

static int check_text(const struct checked *c, const struct text *t, struct error *err)
{
	const struct plan *p = c->plan;
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *piece = &t->items[i];
		if (piece->kind != TEXT_HOLE || is_filled(c, piece->name))
			continue;
		return error_at(err, &c->step->origin,
			"build %.*s: step %u needs %.*s, which a machine of builder %s does not "
			"have; leave the provisioner out with \"except\"",
			STR_ARG(p->build), c->step->id, STR_ARG(piece->name), c->builder->type);
	}
	return 0;
}

static int check_list(const struct checked *c, const struct text_list *list, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		if (check_text(c, &list->items[i], err) != 0)
			return -1;
	}
	return 0;
}

static int check_opaque(const struct checked *c, struct error *err)
{
	const struct plan *p = c->plan;
	const struct step *s = c->step;
	struct str type = s->group < p->groups.n ? p->groups.items[s->group].type : STR("");
	if (s->type == STEP_OPAQUE && s->opaque.why.n > 0)
		return error_at(err, &s->origin, "build %.*s: %.*s: cannot be done: %.*s",
			STR_ARG(p->build), STR_ARG(type), STR_ARG(s->opaque.why));
	return error_at(err, &s->origin,
		"build %.*s: provisioner type \"%.*s\" is not known, so it cannot be run; leave it "
		"out with \"except\"",
		STR_ARG(p->build), STR_ARG(type));
}

static int check_language(const struct checked *c, struct error *err)
{
	enum step_language language = c->step->exec.language;
	bool windows = language == LANGUAGE_CMD || language == LANGUAGE_POWERSHELL;
	if (!windows || (c->builder->flags & BUILDER_WINDOWS))
		return 0;
	return error_at(err, &c->step->origin,
		"build %.*s: step %u is a command of Windows, and machines of builder %s are not",
		STR_ARG(c->plan->build), c->step->id, c->builder->type);
}

static int check_step(const struct checked *c, struct error *err)
{
	const struct step *s = c->step;
	switch (s->type) {
	case STEP_NONE:
	case STEP_OPAQUE:
		return check_opaque(c, err);
	case STEP_UPLOAD:
		if (check_text(c, &s->upload.destination, err) != 0)
			return -1;
		return check_text(c, &s->upload.content, err);
	case STEP_DOWNLOAD:
		if (check_text(c, &s->download.source, err) != 0)
			return -1;
		return check_text(c, &s->download.destination, err);
	case STEP_EXEC:
		return check_language(c, err) != 0 ? -1 : check_text(c, &s->exec.command, err);
	case STEP_EXEC_HOST:
		if (check_list(c, &s->exec.argv, err) != 0 ||
			check_list(c, &s->exec.variables, err) != 0)
			return -1;
		return check_text(c, &s->exec.script, err);
	case STEP_WAIT:
	case STEP_BOOT:
		break;
	}
	return 0;
}

/* What runs when a machine boots or is shut down is left out by builders that do neither. */
static bool is_run(const struct checked *c)
{
	const struct plan *p = c->plan;
	bool boots = (c->builder->flags & BUILDER_BOOTS) != 0;
	enum group_phase phase = GROUP_PROVISION;
	if (c->step->group < p->groups.n)
		phase = p->groups.items[c->step->group].phase;
	return boots || (phase != GROUP_BOOT && phase != GROUP_FINISH);
}

int builder_check_plan(const struct plan *p, struct error *err)
{
	struct checked c = {.plan = p, .builder = builder_find(p->builder)};
	if (!c.builder)
		return error_set(err, ERROR_INPUT,
			"builder \"%.*s\": not known; it can be rehearsed with --as rootfs",
			STR_ARG(p->builder));
	if (!c.builder->start)
		return error_set(err, ERROR_INPUT,
			"builder \"%s\": cannot build yet; its templates can be validated, planned "
			"and audited, and rehearsed with --as rootfs",
			c.builder->type);
	if (post_processors_ready(p, err) != 0)
		return -1;
	for (size_t i = 0; i < p->steps.n; i++) {
		c.step = &p->steps.items[i];
		if (is_run(&c) && check_step(&c, err) != 0)
			return -1;
	}
	return 0;
}
