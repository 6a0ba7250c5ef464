/* The provisioners that only wait: sleep and breakpoint. */
#include "plan/compile.h"

struct sleep {
	int64_t duration;
};

static const struct conf_field sleep_fields[] = {
	{"duration", CONF_KIND_DURATION, offsetof(struct sleep, duration), 0, NULL},
	{0},
};

static int compile_sleep(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct sleep *sleep = config;
	struct origin o = compile_origin(p, "duration");
	if (sleep->duration <= 0) {
		diag_warning(
			c->diags, c->diag_arena, &o, "sleep: no \"duration\", so it does nothing");
		return 0;
	}
	compile_label(c,
		arena_printf(
			c->arena, "sleep %.*s", STR_ARG(duration_str(c->arena, sleep->duration))));
	return compile_wait(c, &o, sleep->duration, "sleep");
}

const struct provisioner provisioner_sleep = {
	.type = "sleep",
	.fields = sleep_fields,
	.size = sizeof(struct sleep),
	.compile = compile_sleep,
};

struct breakpoint {
	struct text note;
	bool disable;
};

static const struct conf_field breakpoint_fields[] = {
	{"note", CONF_KIND_TEXT, offsetof(struct breakpoint, note), 0, NULL},
	{"disable", CONF_KIND_BOOL, offsetof(struct breakpoint, disable), 0, NULL},
	{0},
};

static int compile_breakpoint(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct breakpoint *b = config;
	if (b->disable)
		return 0;
	struct step *s = compile_step(c, STEP_WAIT, &p->origin);
	if (!s)
		return -1;
	s->wait.note = b->note;
	if (b->note.n == 0)
		s->wait.note = text_from(c->arena, STR("breakpoint"));
	return 0;
}

const struct provisioner provisioner_breakpoint = {
	.type = "breakpoint",
	.fields = breakpoint_fields,
	.size = sizeof(struct breakpoint),
	.compile = compile_breakpoint,
};
