/* Tools that run what stands in a directory: its Makefile, package.json, playbooks, … */
#include "audit/eval/eval.h"

void run_directory(struct eval *e, const struct command *c, struct str dir)
{
	struct str inside = arena_printf(e->scratch, "%.*s/Makefile", STR_ARG(dir));
	const struct file *f = guest_find(e, inside);
	if (!f)
		return;
	flow_into(e, c, value_taint(e, &f->content),
		&(struct sink){.to = "executable",
			.name = base_name(c->words[0]),
			.file = guest_shown(e, guest_path(e, dir))});
}

/* The file that an operand names, which is as good as the directory itself. */
static void run_operand(struct eval *e, const struct command *c, struct str path)
{
	const struct file *f = guest_find(e, path);
	if (!f)
		return;
	flow_into(e, c, value_taint(e, &f->content),
		&(struct sink){.to = "executable",
			.name = base_name(c->words[0]),
			.file = guest_shown(e, guest_path(e, path))});
}

static int run_build(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--directory", "--build", "--project", "--file",
		"--inventory", "--limit", "--tags", "--extra-vars", "--user", "--become-user",
		"--makefile", "--generator", "--parallel", "--jobs", "--target", "--chdir", NULL};
	static const struct optspec spec = {.shorts = "CfjIoBSGileutT", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str dir = STR(".");
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-C --directory --build --project -S -B --chdir") && opt.text.p)
			dir = opt.text;
		else if (opt_is(&opt, "-f --file --makefile") && opt.text.p)
			run_operand(e, c, opt.text);
		else if (opt.name.n == 0 && opt.text.n > 0)
			run_operand(e, c, opt.text);
	}
	run_directory(e, c, dir);
	out_unknown(e, c, NULL);
	return 1;
}

/* compose and build read what stands beside them; the rest is the package manager's. */
static int run_compose(struct eval *e, const struct command *c, struct outcome *out)
{
	if (!has_word(c, "up build run"))
		return 0;
	return run_build(e, c, out);
}

const struct command_entry commands_build[] = {
	{"make gmake ninja cmake meson scons rake ant mvn gradle bazel bundle tox nox mix lein sbt "
	 "stack cabal just task poetry pdm hatch pipenv npx "
	 "chef-solo puppet terraform tofu vagrant dpkg-buildpackage debuild rpmbuild makepkg autoreconf "
	 "automake autoconf autogen.sh",
		run_build},
	{"docker-compose podman-compose", run_compose},
	{0},
};
