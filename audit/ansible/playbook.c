/* ansible-playbook, ansible-pull and ansible-galaxy. */
#include "audit/ansible/ansible.h"

/* ---- Words of the command ------------------------------------------------------------------- */

static const char *const longs[] = {"--inventory", "--inventory-file", "--extra-vars", "--limit",
	"--tags", "--skip-tags", "--user", "--become-user", "--become-method", "--connection",
	"--private-key", "--key-file", "--ssh-extra-args", "--ssh-common-args", "--timeout",
	"--forks", "--vault-password-file", "--vault-pass-file", "--vault-id", "--module-path",
	"--start-at-task", "--scp-extra-args", "--sftp-extra-args", NULL};
static const struct optspec spec = {.shorts = "ieltuUcfMK", .longs = longs};

struct str ansible_tree_path(struct eval *e, const struct value *v)
{
	static const char *const hole = "<hole:" STEP_TREE_HOLE;
	struct str s = value_display(e, v);
	if (!str_has_prefix(s, str_from(hole)) || !str_has_suffix(s, STR(">")))
		return (struct str){0};
	return str_sub(s, strlen(hole), s.n - strlen(hole) - 1);
}

struct words {
	struct value_list playbooks;
	struct value_list variables;
	bool become;
};

static void read_words(struct eval *e, const struct command *c, struct words *out)
{
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	while (opts_next(&o, &opt)) {
		if (opt.name.n == 0)
			list_push(e->scratch, &out->playbooks) = opt.value;
		else if (opt_is(&opt, "-e --extra-vars"))
			list_push(e->scratch, &out->variables) = opt.value;
		else if (opt_is(&opt, "-b --become"))
			out->become = true;
	}
}

/* ---- The state of the shell that runs it ---------------------------------------------------- */

struct outside {
	const struct unit *unit;
	const struct shell_command *node;
	const struct wrapper *wrappers;
	const struct redirect *redirs;
	size_t redir_count;
	struct chunks *out;
	const struct value *in;
	enum guard guard;
	unsigned ignoring;
	struct process *process;
};

static struct outside step_inside(struct eval *e)
{
	struct outside o = {e->unit, e->node, e->wrappers, e->redirs, e->redir_count, e->out, e->in,
		e->guard, e->ignoring, e->process};
	e->node = NULL;
	e->wrappers = NULL;
	e->redirs = NULL;
	e->redir_count = 0;
	e->out = NULL;
	e->in = NULL;
	e->guard = GUARD_NONE;
	e->ignoring = 0;
	return o;
}

static void step_outside(struct eval *e, const struct outside *o)
{
	e->unit = o->unit;
	e->node = o->node;
	e->wrappers = o->wrappers;
	e->redirs = o->redirs;
	e->redir_count = o->redir_count;
	e->out = o->out;
	e->in = o->in;
	e->guard = o->guard;
	e->ignoring = o->ignoring;
	e->process = o->process;
}

/* ---- Settings ------------------------------------------------------------------------------- */

/* Directories between colons. */
static void add_role_paths(struct playbook *p, struct str paths, struct str dir)
{
	struct str one;
	while (paths.n > 0 && str_cut(&paths, ':', &one)) {
		one = str_trim(one);
		if (one.n > 0 && one.p[0] != '$')
			list_push(p->e->scratch, &p->role_paths) = ansible_path(p, dir, one);
	}
}

/* roles_path of ansible.cfg. */
static void read_config(struct playbook *p, struct str dir)
{
	struct ansible_file *f = ansible_open(p, ansible_path(p, dir, STR("ansible.cfg")));
	struct str rest = f ? f->unit->text : STR("");
	struct str line;
	while (rest.n > 0 && str_cut(&rest, '\n', &line)) {
		size_t eq = str_find_byte(line, '=');
		if (eq != STR_NPOS && str_is(str_trim(str_sub(line, 0, eq)), "roles_path"))
			add_role_paths(p, str_from_index(line, eq + 1), dir);
	}
}

static void read_environment(struct playbook *p)
{
	struct eval *e = p->e;
	const struct step *s = p->step;
	struct value v = variable_value(e, STR("ANSIBLE_ROLES_PATH"));
	struct str text;
	add_role_paths(p, value_prefix(e, &v), STR(""));
	for (size_t i = 0; v.n > 1 && i < v.n; i++) {
		if (v.items[i].kind == CHUNK_TEXT)
			add_role_paths(p, v.items[i].text, STR(""));
	}
	for (size_t i = 0; s && i < s->exec.variables.n; i++) {
		v = value_from_text(e, &s->exec.variables.items[i]);
		text = value_display(e, &v);
		if (str_has_prefix(text, STR("ANSIBLE_ROLES_PATH=")))
			add_role_paths(p, str_from_index(text, 19), STR(""));
	}
}

static void run_one(struct playbook *p, const struct command *c, const struct value *name)
{
	struct eval *e = p->e;
	struct str path = p->step ? ansible_tree_path(e, name) : (struct str){0};
	if (!path.p && !value_const(e, name, &path)) {
		emit_opaque(e, c, "script", STR("the name of the playbook is not known"),
			value_display(e, name));
		e->facts->opaque++;
		return;
	}
	if (!p->step)
		path = guest_path(e, path);
	p->role_paths.n = 0;
	read_environment(p);
	read_config(p, ansible_dir(path));
	read_config(p, p->step ? STR("") : cwd_of(e));
	p->command.origin = c->origin;
	playbook_run(p, path);
}

static void run_all(struct playbook *p, const struct command *c, const struct words *w)
{
	struct eval *e = p->e;
	struct outside old = step_inside(e);
	p->command = command_new(e, NULL, NULL, 0);
	p->command.origin = c->origin;
	for (size_t i = 0; i < w->variables.n; i++)
		scope_extra(p, &w->variables.items[i]);
	p->elevated = w->become;
	for (size_t i = 0; i < w->playbooks.n; i++) {
		e->process = old.process;
		run_one(p, c, &w->playbooks.items[i]);
	}
	step_outside(e, &old);
}

/* ---- In the guest --------------------------------------------------------------------------- */

/* A playbook that the network brought is code of somebody else. */
static void tell_foreign(struct eval *e, const struct command *c, const struct value *name)
{
	struct str path;
	if (!value_const(e, name, &path))
		return;
	const struct file *f = guest_find(e, path);
	if (f)
		flow_into(e, c, value_taint(e, &f->content),
			&(struct sink){.to = "executable",
				.name = base_name(c->words[0]),
				.file = guest_shown(e, guest_path(e, path))});
}

static int run_ansible_playbook(struct eval *e, const struct command *c, struct outcome *out)
{
	struct words w = {0};
	struct playbook p = {.e = e};
	*out = outcome_unknown();
	read_words(e, c, &w);
	for (size_t i = 0; i < w.playbooks.n; i++)
		tell_foreign(e, c, &w.playbooks.items[i]);
	if (e->phase != PHASE_HOST)
		run_all(&p, c, &w);
	out_unknown(e, c, NULL);
	return 1;
}

/* A repository from the network, whose playbook runs at once. */
static int run_ansible_pull(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const pull_longs[] = {"--url", "--checkout", "--directory",
		"--inventory", "--extra-vars", "--limit", "--tags", "--private-key", NULL};
	static const struct optspec pull = {.shorts = "UCdieltumM", .longs = pull_longs};
	struct opts o = opts_of(e, c, &pull);
	struct opt opt;
	struct value argv[] = {value_text(e, STR("git")), value_text(e, STR("clone")),
		value_unknown(e, STR("…"), NULL), value_text(e, STR("/tmp/ansible-pull"))};
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-U --url"))
			argv[2] = opt.value;
	}
	run_argv(e, c, argv, countof(argv), STR(""));
	const struct taint *t = guest_below(e, STR("/tmp/ansible-pull"));
	if (t)
		flow_into(e, c, t, &(struct sink){.to = "executable", .name = STR("ansible-pull")});
	return 1;
}

/* ---- On the build host ---------------------------------------------------------------------- */

void ansible_inputs(struct playbook *p, const struct step *s)
{
	p->step = s;
	for (size_t i = 0; i < s->exec.inputs.n; i++)
		map_put(&p->inputs, p->e->scratch, s->exec.inputs.items[i].path,
			(void *)&s->exec.inputs.items[i]);
}

bool ansible_on_host(struct eval *e, const struct step *s, const struct command *c)
{
	struct words w = {0};
	struct playbook p = {.e = e};
	if (!e->image_files || s->exec.inputs.n == 0 || has_word(c, "install"))
		return false;
	ansible_inputs(&p, s);
	read_words(e, c, &w);
	if (w.playbooks.n == 0)
		emit_opaque(e, c, "script", STR("which playbook runs is not known"),
			STR("ansible-playbook"));
	p.other = e->files;
	e->files = *e->image_files;
	e->phase = PHASE_BUILD;
	run_all(&p, c, &w);
	e->phase = PHASE_HOST;
	*e->image_files = e->files;
	e->files = p.other;
	return true;
}

const struct command_entry commands_ansible[] = {
	{"ansible-playbook", run_ansible_playbook},
	{"ansible-pull", run_ansible_pull},
	{0},
};
