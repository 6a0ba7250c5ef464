/* Commands that tell where something is, what time it is, or on what machine they run. */
#include "audit/eval/eval.h"

static void out_gated(struct eval *e, const struct command *c, unsigned gates)
{
	if (!e->out)
		return;
	struct str label = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(base_name(c->words[0])));
	struct value v = value_unknown(e, label, NULL);
	v = value_gated(e, &v, gates);
	out_value(e, &v);
}

static int run_clock(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = (struct outcome){.gates = GATE_TIME};
	out_gated(e, c, GATE_TIME);
	return 1;
}

static int run_place(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = (struct outcome){.gates = GATE_PLACE};
	out_gated(e, c, GATE_PLACE);
	return 1;
}

static int run_uname(struct eval *e, const struct command *c, struct outcome *out)
{
	if (has_word(c, "-n --nodename -a --all"))
		return run_place(e, c, out);
	*out = outcome_unknown();
	out_unknown(e, c, NULL);
	return 1;
}

/* The times of a file, or the size of it and the like. */
static int run_stat(struct eval *e, const struct command *c, struct outcome *out)
{
	for (size_t i = 1; i < c->argc; i++)
		if (c->words[i].p &&
			(str_contains(c->words[i], STR("%Y")) ||
				str_contains(c->words[i], STR("%X")) ||
				str_contains(c->words[i], STR("%Z")) ||
				str_contains(c->words[i], STR("%W"))))
			return run_clock(e, c, out);
	*out = outcome_unknown();
	out_unknown(e, c, NULL);
	return 1;
}

/* `$(which sh)` names the program as well as `sh` does. */
int run_which(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		struct str path;
		struct str name = c->words[i];
		if (!name.p) {
			out_unknown(e, c, NULL);
			continue;
		}
		if (name.n == 0 || name.p[0] == '-')
			continue;
		if (!e->programs || !guest_find_program(e, name, &path))
			path = name.p[0] == '/'
				? name
				: arena_printf(e->scratch, "/usr/bin/%.*s", STR_ARG(name));
		out_text(e, path);
		out_text(e, STR("\n"));
	}
	return 1;
}

/* The files of the plan that a pattern names; others that there may be are not known. */
static bool list_pattern(struct eval *e, struct str pattern)
{
	bool any = false;
	struct str full = guest_path(e, pattern);
	charge(e, 4 * e->files.n);
	for (size_t i = 0; i < e->files.n; i++) {
		const struct cell *cell = e->files.items[i].value;
		const struct file *f = cell->value;
		if (!f || f->deleted || !pattern_match(full, cell->key, true))
			continue;
		any = true;
		out_text(e, pattern.p[0] == '/' ? cell->key : base_name(cell->key));
		out_text(e, STR("\n"));
	}
	return any;
}

static int run_ls(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "IwT"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	bool known = false;
	*out = outcome_unknown();
	if (!e->out)
		return 1;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 || !opt.text.p || has_word(c, "-l -la -al -lh -lt"))
			continue;
		if (opt.text.n > 0 && guest_find(e, opt.text))
			known = list_pattern(e, opt.text) || known;
	}
	if (!known)
		out_unknown(e, c, NULL);
	return 1;
}

const struct command_entry commands_query[] = {
	{"date uptime hwclock", run_clock},
	{"hostname hostnamectl systemd-detect-virt virt-what imvirt dmidecode facter", run_place},
	{"uname", run_uname},
	{"stat", run_stat},
	{"which type whereis", run_which},
	{"ls", run_ls},
	{0},
};
