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

/* The recipes of a Makefile that the plan wrote: lines that begin with a tab. */
static void run_recipes(struct eval *e, const struct command *c, const struct value *makefile)
{
	struct str text;
	struct str line;
	if (has_word(c, "-n --just-print --dry-run") || !value_const(e, makefile, &text))
		return;
	while (str_cut(&text, '\n', &line) && charge(e, 8)) {
		if (line.n < 2 || line.p[0] != '\t')
			continue;
		while (line.n > 0 && strchr("\t @-+", line.p[0]))
			line = str_from_index(line, 1);
		struct value v = value_text(e, line);
		const struct value *in = e->in;
		e->in = NULL;
		if (line.n > 0)
			run_shell_text(e, c, &v, STR("make"), (struct place){0});
		e->in = in;
	}
}

static void run_makefile(struct eval *e, const struct command *c, struct str path)
{
	const struct file *f = guest_find(e, path);
	if (str_is(path, "-") && e->in) {
		flow_into(e, c, value_taint(e, e->in),
			&(struct sink){.to = "executable", .name = STR("make")});
		run_recipes(e, c, e->in);
	} else if (f && !f->tree && !f->binary) {
		run_recipes(e, c, &f->content);
	}
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
	struct str file = {0};
	bool make = word_in(base_name(c->words[0]), "make gmake");
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-C --directory --build --project -S -B --chdir") && opt.text.p)
			dir = opt.text;
		else if (opt_is(&opt, "-f --file --makefile") && opt.text.p)
			file = opt.text;
		else if (opt.name.n == 0 && opt.text.n > 0)
			run_operand(e, c, opt.text);
	}
	if (file.p)
		run_operand(e, c, file);
	else
		run_directory(e, c, dir);
	if (make && !file.p)
		file = arena_printf(e->scratch, "%.*s/Makefile", STR_ARG(dir));
	if (make)
		run_makefile(e, c, file);
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
