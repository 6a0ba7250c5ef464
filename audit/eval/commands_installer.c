/* What installers bring along to work on the system that they make. */
#include "audit/eval/guest.h"

/* in-target COMMAND, arch-chroot DIRECTORY COMMAND, curtin in-target [OPTIONS] -- COMMAND */
static struct outcome run_inside(struct eval *e, const struct command *c, size_t first)
{
	if (first >= c->argc) {
		emit_exec(e, c);
		return outcome_unknown();
	}
	return run_argv(e, c, c->argv + first, c->argc - first, STR("chroot"));
}

static int run_in_target(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t first = 1;
	while (first < c->argc && c->words[first].p && str_has_prefix(c->words[first], STR("--")))
		first++;
	*out = run_inside(e, c, first);
	return 1;
}

static int run_arch_chroot(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "u", .stop = true};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	size_t first = c->argc;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		first = opt.index + 1;
		break;
	}
	*out = run_inside(e, c, first);
	return 1;
}

static int run_curtin(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--target", NULL};
	static const struct optspec spec = {.shorts = "tc", .longs = longs, .stop = true};
	size_t first = 1;
	while (first < c->argc && !word_is(c, first, "in-target"))
		first++;
	if (first >= c->argc)
		return 0;
	struct command inner = command_new(e, c, c->argv + first, c->argc - first);
	struct opts o = opts_of(e, &inner, &spec);
	struct opt opt;
	size_t command = inner.argc;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		command = opt.index;
		break;
	}
	*out = run_inside(e, c, first + command);
	return 1;
}

static int run_apt_install(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value *argv = arena_array(e->scratch, struct value, c->argc + 3);
	argv[0] = value_text(e, STR("apt-get"));
	argv[1] = value_text(e, STR("install"));
	argv[2] = value_text(e, STR("-y"));
	for (size_t i = 1; i < c->argc; i++)
		argv[i + 2] = c->argv[i];
	*out = run_argv(e, c, argv, c->argc + 2, STR("chroot"));
	return 1;
}

const struct command_entry commands_installer[] = {
	{"in-target", run_in_target, true},
	{"arch-chroot", run_arch_chroot, true},
	{"curtin", run_curtin, true},
	{"apt-install", run_apt_install, true},
	{0},
};
