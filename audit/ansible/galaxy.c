/* ansible-galaxy: what a file of requirements asks for, as if each were named. */
#include "audit/ansible/ansible.h"

/* ---- The file ------------------------------------------------------------------------------- */

/* "1.2.3" or a commit; ranges and branches name no one version. */
static bool is_exact(struct str version)
{
	size_t hex = 0;
	if (str_has_prefix(version, STR("v")))
		version = str_from_index(version, 1);
	while (hex < version.n && strchr("0123456789abcdef", version.p[hex]))
		hex++;
	if (hex == version.n && version.n == 40)
		return true;
	for (size_t i = 0; i < version.n; i++) {
		if (strchr("<>=!*, ", version.p[i]))
			return false;
	}
	return version.n > 0 && version.p[0] >= '0' && version.p[0] <= '9' &&
		str_find_byte(version, '.') != STR_NPOS;
}

static void run_entry(struct playbook *p, const struct yaml *entry, const struct unit *unit)
{
	struct eval *e = p->e;
	struct str name = entry->type == YAML_SCALAR ? entry->text : yaml_text(entry, "src");
	struct str version = yaml_text(entry, "version");
	if (name.n == 0)
		name = yaml_text(entry, "name");
	if (name.n == 0)
		return;
	if (is_exact(version))
		name = arena_printf(e->scratch, "%.*s,%.*s", STR_ARG(name), STR_ARG(version));
	struct value argv[] = {value_text(e, STR("ansible-galaxy")), value_text(e, STR("install")),
		value_text(e, name)};
	playbook_at(p, unit, &entry->span);
	run_argv(e, &p->command, argv, countof(argv), STR(""));
}

static void run_list(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++)
		run_entry(p, list->items[i], unit);
}

static void run_requirements(struct playbook *p, const struct command *c, const struct value *name)
{
	struct str path = ansible_tree_path(p->e, name);
	struct ansible_file *f = NULL;
	if (!path.p && value_const(p->e, name, &path) && !p->step)
		path = guest_path(p->e, path);
	if (path.p)
		f = ansible_open(p, path);
	if (!f) {
		emit_opaque(p->e, c, "script", STR("the file of requirements is not known"),
			value_display(p->e, name));
		return;
	}
	const struct yaml *root = ansible_yaml(p, f);
	run_list(p, root, f->unit);
	run_list(p, yaml_find(root, "roles"), f->unit);
	run_list(p, yaml_find(root, "collections"), f->unit);
}

/* ---- The command ---------------------------------------------------------------------------- */

static int run_packager(struct eval *e, const struct command *c, struct outcome *out)
{
	for (const struct command_entry *t = commands_package; t->names; t++) {
		if (word_in(STR("ansible-galaxy"), t->names))
			return t->run(e, c, out);
	}
	return 0;
}

static int run_galaxy(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--role-file", "--requirements-file", "--roles-path",
		"--collections-path", "--server", "--token", "--api-key", NULL};
	static const struct optspec spec = {.shorts = "rps", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct playbook p = {.e = e, .command = command_new(e, c, NULL, 0)};
	const struct step *s = e->step;
	if (s && s->type == STEP_EXEC_HOST && s->exec.inputs.n > 0)
		ansible_inputs(&p, s);
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-r --role-file --requirements-file"))
			run_requirements(&p, c, &opt.value);
	}
	return run_packager(e, c, out);
}

const struct command_entry commands_galaxy[] = {
	{"ansible-galaxy", run_galaxy},
	{0},
};
