/* Playbooks and plays. */
#include "audit/ansible/ansible.h"

#define NESTING_MAX 12

void playbook_at(struct playbook *p, const struct unit *unit, const struct span *at)
{
	p->command.origin = unit_origin(unit, at);
}

void playbook_opaque(struct playbook *p, const char *what, struct str why, struct str name)
{
	emit_opaque(p->e, &p->command, what, why, name);
}

/* ---- Conditions ----------------------------------------------------------------------------- */

static struct any condition(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	if (node->type != YAML_SCALAR)
		return any_unknown(p, STR("when"));
	if (str_contains(node->text, STR("{{")))
		return jinja_scalar(p, unit, node->text);
	return jinja_expression(p, node->text);
}

/* All of a list. */
struct any conditions(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	if (!list)
		return any_bool(p, true);
	if (list->type != YAML_LIST)
		return condition(p, list, unit);
	struct any all = any_bool(p, true);
	for (size_t i = 0; i < list->n; i++) {
		struct any one = condition(p, list->items[i], unit);
		enum truth t = any_truth(p, &one);
		const struct credit *proved = credit_union(p->e, all.when[1], one.when[1]);
		if (t == TRUTH_NO)
			return any_bool(p, false);
		if (t == TRUTH_UNKNOWN)
			all = any_unknown(p, STR("when"));
		all.when[1] = proved;
		all.when[0] = list->n == 1 ? one.when[0] : NULL;
	}
	return all;
}

bool condition_run(struct playbook *p, const struct any *condition,
	bool (*body)(struct playbook *p, void *ctx), void *ctx)
{
	struct eval *e = p->e;
	enum truth t = any_truth(p, condition);
	if (t == TRUTH_NO)
		return true;
	if (t == TRUTH_YES)
		return body(p, ctx);
	struct branch b = branch_begin(e);
	e->conditional++;
	credit_apply(e, condition->when[1], true);
	bool on = body(p, ctx);
	branch_path(e, &b, !on);
	credit_apply(e, condition->when[0], true);
	branch_path(e, &b, false);
	e->conditional--;
	return branch_end(e, &b);
}

/* ---- Variables of a play -------------------------------------------------------------------- */

static struct str below(struct playbook *p, const char *name)
{
	return ansible_path(p, p->dir, str_from(name));
}

static void load_groups(struct playbook *p)
{
	static const char *const all[] = {
		"group_vars/all", "group_vars/all.yml", "group_vars/all.yaml", "group_vars/all/*"};
	static const char *const some[] = {
		"group_vars/*.yml", "group_vars/*.yaml", "group_vars/*", "group_vars/*/*"};
	static const char *const hosts[] = {"host_vars/*", "host_vars/*/*"};
	/* Of which groups the machine is a member nobody says: all are alternatives. */
	for (size_t i = 0; i < countof(some); i++)
		scope_load(p, SCOPE_GROUP, below(p, some[i]));
	for (size_t i = 0; i < countof(all); i++)
		scope_load(p, SCOPE_GROUP, below(p, all[i]));
	for (size_t i = 0; i < countof(hosts); i++)
		scope_load(p, SCOPE_GROUP, below(p, hosts[i]));
}

static void load_file(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	struct any name = any_node(p, node, unit);
	struct str pattern = any_pattern(p, &name);
	playbook_at(p, unit, &node->span);
	if (pattern.n == 0)
		return;
	struct str_list found = ansible_glob(p, ansible_path(p, p->dir, pattern));
	if (found.n == 0 && node->type == YAML_SCALAR)
		playbook_opaque(p, "script",
			arena_printf(p->e->scratch, "the variables of %.*s are not in the commit",
				STR_ARG(pattern)),
			pattern);
	scope_load(p, SCOPE_PLAY, ansible_path(p, p->dir, pattern));
}

/* The first of a list that is there. */
static void load_first(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	for (size_t i = 0; i < list->n; i++) {
		struct any name = any_node(p, list->items[i], unit);
		struct str pattern = ansible_path(p, p->dir, any_pattern(p, &name));
		if (ansible_glob(p, pattern).n == 0)
			continue;
		scope_load(p, SCOPE_PLAY, pattern);
		return;
	}
}

static void load_variables(struct playbook *p, const struct yaml *play, const struct unit *unit)
{
	const struct yaml *vars = yaml_find(play, "vars");
	const struct yaml *files = yaml_find(play, "vars_files");
	if (vars) {
		struct any map = any_node(p, vars, unit);
		scope_push(p, SCOPE_PLAY, &map);
	}
	if (files && files->type == YAML_SCALAR)
		load_file(p, files, unit);
	for (size_t i = 0; files && files->type == YAML_LIST && i < files->n; i++) {
		if (files->items[i]->type == YAML_LIST)
			load_first(p, files->items[i], unit);
		else
			load_file(p, files->items[i], unit);
	}
}

/* ---- Roles of a play ------------------------------------------------------------------------ */

struct role_entry {
	const struct yaml *node;
	const struct unit *unit;
};

static bool run_entry(struct playbook *p, void *ctx)
{
	const struct role_entry *r = ctx;
	size_t mark = p->scopes.n;
	const struct yaml *name = r->node;
	struct role_use use = {0};
	if (r->node->type == YAML_MAP) {
		const struct yaml *vars = yaml_find(r->node, "vars");
		struct any own = any_node(p, r->node, r->unit);
		/* Keys that are none of a role's own are variables too. */
		scope_push(p, SCOPE_BLOCK, &own);
		if (vars) {
			struct any map = any_node(p, vars, r->unit);
			scope_push(p, SCOPE_BLOCK, &map);
		}
		name = yaml_find(r->node, "role");
		name = name ? name : yaml_find(r->node, "name");
		use.tasks = yaml_text(r->node, "tasks_from");
	}
	struct any a = name ? any_node(p, name, r->unit) : (struct any){0};
	playbook_at(p, r->unit, &r->node->span);
	bool on = true;
	if (any_const(p, &a, &use.name))
		on = role_run(p, &use);
	else
		playbook_opaque(
			p, "script", STR("the name of a role is not known"), (struct str){0});
	scope_pop(p, mark);
	return on;
}

static bool run_roles(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	bool on = true;
	for (size_t i = 0; on && list && list->type == YAML_LIST && i < list->n; i++) {
		struct role_entry r = {list->items[i], unit};
		bool elevated = p->elevated;
		const struct yaml *become = yaml_find(r.node, "become");
		struct any when = conditions(p, yaml_find(r.node, "when"), unit);
		p->elevated = become ? yaml_is_true(become) : elevated;
		on = condition_run(p, &when, run_entry, &r);
		p->elevated = elevated;
	}
	return on;
}

/* ---- Plays ---------------------------------------------------------------------------------- */

static void swap_machine(struct playbook *p)
{
	struct eval *e = p->e;
	struct map here = e->files;
	if (!p->step)
		return;
	e->files = p->other;
	p->other = here;
	p->local = !p->local;
	e->phase = p->local ? PHASE_HOST : PHASE_BUILD;
}

static bool run_sections(struct playbook *p, const struct yaml *play, const struct unit *unit)
{
	handlers_add(p, yaml_find(play, "handlers"), unit);
	bool on = tasks_run(p, yaml_find(play, "pre_tasks"), unit);
	if (on)
		handlers_flush(p);
	on = on && run_roles(p, yaml_find(play, "roles"), unit);
	on = on && tasks_run(p, yaml_find(play, "tasks"), unit);
	if (on)
		handlers_flush(p);
	on = on && tasks_run(p, yaml_find(play, "post_tasks"), unit);
	if (on)
		handlers_flush(p);
	return on;
}

static void run_play(struct playbook *p, const struct yaml *play, const struct unit *unit)
{
	struct eval *e = p->e;
	struct process *process = e->process;
	const struct yaml *become = yaml_find(play, "become");
	struct str hosts = yaml_text(play, "hosts");
	bool local = word_in(hosts, "localhost 127.0.0.1") && p->step;
	size_t scopes = p->scopes.n;
	p->handlers.n = 0;
	p->notified.n = 0;
	p->notified_any = false;
	p->roles_done.n = 0;
	e->process = process_new(e, NULL, SHELL_POSIX);
	load_groups(p);
	load_variables(p, play, unit);
	p->elevated = become && yaml_is_true(become);
	p->become_user = yaml_text(play, "become_user");
	p->ignoring = yaml_is_true(yaml_find(play, "ignore_errors"));
	if (local)
		swap_machine(p);
	struct yaml task = *play;
	struct any environment = {0};
	const struct yaml *env = yaml_find(&task, "environment");
	if (env)
		environment = any_node(p, env, unit);
	environment_set(p, &environment);
	run_sections(p, play, unit);
	if (local)
		swap_machine(p);
	e->process = process;
	/* Facts stay for the plays that follow. */
	size_t n = scopes;
	for (size_t i = scopes; i < p->scopes.n; i++) {
		if (p->scopes.items[i].rank == SCOPE_FACT)
			p->scopes.items[n++] = p->scopes.items[i];
	}
	p->scopes.n = n;
}

/* Runs body on the build host, where there is one beside the image. */
bool playbook_locally(struct playbook *p, bool (*body)(struct playbook *p, void *ctx), void *ctx)
{
	bool swaps = p->step && !p->local;
	if (swaps)
		swap_machine(p);
	bool on = body(p, ctx);
	if (swaps)
		swap_machine(p);
	return on;
}

static void import(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	struct any name = any_node(p, node, unit);
	struct str path;
	playbook_at(p, unit, &node->span);
	if (!any_const(p, &name, &path)) {
		playbook_opaque(
			p, "script", STR("the name of a playbook is not known"), (struct str){0});
		return;
	}
	size_t space = str_find_byte(path, ' ');
	path = str_sub(path, 0, space);
	playbook_run(p, ansible_path(p, ansible_dir(unit->path), path));
}

static void run_entry_of(struct playbook *p, const struct yaml *play, const struct unit *unit)
{
	const struct yaml *other = yaml_find(play, "import_playbook");
	if (!other)
		other = yaml_find(play, "ansible.builtin.import_playbook");
	if (!other && !yaml_find(play, "hosts"))
		other = yaml_find(play, "include");
	if (other)
		import(p, other, unit);
	else if (yaml_find(play, "hosts"))
		run_play(p, play, unit);
}

void playbook_run(struct playbook *p, struct str path)
{
	struct ansible_file *f = ansible_open(p, path);
	struct str dir = p->dir;
	struct str file_dir = p->file_dir;
	if (!f) {
		playbook_opaque(p, "script",
			arena_printf(p->e->scratch, "the playbook %.*s is not in the commit",
				STR_ARG(path)),
			path);
		p->e->facts->opaque++;
		return;
	}
	if (p->nesting >= NESTING_MAX) {
		playbook_opaque(p, "bound", STR("playbooks in playbooks, too deep"), path);
		return;
	}
	const struct yaml *root = ansible_yaml(p, f);
	p->nesting++;
	p->dir = p->file_dir = ansible_dir(f->path);
	for (size_t i = 0; root && root->type == YAML_LIST && i < root->n; i++)
		run_entry_of(p, root->items[i], f->unit);
	p->dir = dir;
	p->file_dir = file_dir;
	p->nesting--;
}
