/* What steers the play: includes, variables, tests, and what changes nothing. */
#include "audit/ansible/ansible.h"

/* ---- Files of tasks ------------------------------------------------------------------------- */

/* "*.yml" fits playbooks too, which no task includes. */
static bool is_playbook(struct playbook *p, struct ansible_file *f)
{
	const struct yaml *root = ansible_yaml(p, f);
	const struct yaml *first = root && root->n > 0 ? root->items[0] : NULL;
	return first && (yaml_find(first, "hosts") || yaml_find(first, "import_playbook"));
}

/* A name that is not known stands for each file that fits: one of them runs. */
static bool run_candidates(struct playbook *p, const struct str_list *paths)
{
	struct eval *e = p->e;
	struct branch b = branch_begin(e);
	e->conditional++;
	for (size_t i = 0; i < paths->n && charge(e, 8); i++) {
		struct ansible_file *f = ansible_open(p, paths->items[i]);
		bool on = !f || f->active > 0 || is_playbook(p, f) || tasks_file(p, f);
		branch_path(e, &b, !on);
	}
	e->conditional--;
	return branch_end(e, &b);
}

static struct str_list candidates(struct playbook *p, const char *kind, struct str pattern)
{
	const struct str dirs[] = {p->file_dir, p->role, p->dir};
	struct str_list found = {0};
	for (size_t i = 0; i < countof(dirs) && found.n == 0; i++) {
		struct str sub = arena_printf(p->e->scratch, "%s/%.*s", kind, STR_ARG(pattern));
		found = ansible_glob(p, ansible_path(p, dirs[i], pattern));
		if (found.n == 0)
			found = ansible_glob(p, ansible_path(p, dirs[i], sub));
	}
	return found;
}

static void tell_missing(struct task *t, struct str name)
{
	playbook_opaque(t->p, "script",
		arena_printf(
			t->p->e->scratch, "the tasks of %.*s are not in the commit", STR_ARG(name)),
		name);
	t->p->e->facts->opaque++;
}

static void run_include(struct task *t)
{
	struct playbook *p = t->p;
	struct any name = arg(t, "_raw_params|file");
	struct str pattern = any_pattern(p, &name);
	struct chunks *out = p->e->out;
	const struct unit *unit = p->e->unit;
	struct ansible_file *f = str_find_byte(pattern, '*') == STR_NPOS && pattern.n > 0
		? ansible_find(p, "tasks", pattern)
		: NULL;
	p->e->out = NULL;
	p->e->node = NULL;
	if (f) {
		t->outcome.dead = !tasks_file(p, f);
	} else {
		struct str_list found = {0};
		if (pattern.n > 0)
			found = candidates(p, "tasks", pattern);
		if (found.n == 0)
			tell_missing(t, value_display(p->e, &name.text));
		else
			t->outcome.dead = !run_candidates(p, &found);
	}
	p->e->out = out;
	p->e->unit = unit;
}

static void run_include_role(struct task *t)
{
	struct playbook *p = t->p;
	struct role_use use = {
		.name = arg_str(t, "name|role"), .tasks = arg_str(t, "tasks_from"), .again = true};
	struct chunks *out = p->e->out;
	const struct unit *unit = p->e->unit;
	p->e->out = NULL;
	if (use.name.n > 0)
		t->outcome.dead = !role_run(p, &use);
	else
		tell_missing(t, STR("a role whose name is not known"));
	p->e->out = out;
	p->e->unit = unit;
}

static void run_include_vars(struct task *t)
{
	struct playbook *p = t->p;
	struct any name = arg(t, "_raw_params|file|dir");
	struct str pattern = any_pattern(p, &name);
	if (arg_given(t, "dir"))
		pattern = arena_printf(p->e->scratch, "%.*s/*", STR_ARG(pattern));
	if (pattern.n == 0)
		return;
	struct str_list found = candidates(p, "vars", pattern);
	const struct str dirs[] = {p->role, p->dir, p->file_dir};
	size_t mark = p->scopes.n;
	for (size_t i = 0; i < countof(dirs) && p->scopes.n == mark; i++) {
		struct str sub = arena_printf(p->e->scratch, "vars/%.*s", STR_ARG(pattern));
		scope_load(p, SCOPE_FACT, ansible_path(p, dirs[i], sub));
		if (p->scopes.n == mark)
			scope_load(p, SCOPE_FACT, ansible_path(p, dirs[i], pattern));
	}
	if (found.n == 0 && p->scopes.n == mark)
		playbook_opaque(p, "script",
			arena_printf(p->e->scratch, "the variables of %.*s are not in the commit",
				STR_ARG(pattern)),
			pattern);
}

/* ---- Variables ------------------------------------------------------------------------------ */

/* What one branch sets is one of the values that it may have. */
static void run_set_fact(struct task *t)
{
	struct playbook *p = t->p;
	for (size_t i = 0; t->args && i < t->args->n && charge(p->e, 8); i++) {
		const struct yaml *item = t->args->items[i];
		if (str_is(item->key, "cacheable"))
			continue;
		struct any v = any_node(p, item, t->unit);
		if (p->e->conditional > 0) {
			struct any old = variable_any(p, item->key);
			v = any_join(p, &old, &v);
		}
		scope_push_one(p, SCOPE_FACT, item->key, &v);
		struct value text = any_value(p, &v);
		if (v.kind == ANY_TEXT)
			secret_assign(p->e, &p->command, item->key, &text, "variable");
	}
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void run_fail(struct task *t)
{
	t->outcome.dead = !t->p->ignoring && !yaml_is_true(yaml_find(t->node, "ignore_errors"));
}

static void run_assert(struct task *t)
{
	struct any all = conditions(t->p, arg_node(t, "that"), t->unit);
	t->outcome.when[1] = all.when[1];
}

static void run_meta(struct task *t)
{
	struct any what = arg(t, "_raw_params");
	struct str word;
	if (!any_const(t->p, &what, &word))
		return;
	if (str_is(word, "flush_handlers"))
		handlers_flush(t->p);
	if (word_in(word, "end_play end_host"))
		t->outcome.dead = true;
}

const struct module modules_other[] = {
	{"include_tasks import_tasks include", NULL, NULL, run_include},
	{"include_role import_role", NULL, NULL, run_include_role},
	{"include_vars", NULL, NULL, run_include_vars},
	{"set_fact", NULL, NULL, run_set_fact},
	{"fail", NULL, NULL, run_fail},
	{"assert", NULL, NULL, run_assert},
	{"meta", NULL, NULL, run_meta},
	{"debug pause wait_for wait_for_connection setup gather_facts ping win_ping getent "
	 "package_facts service_facts set_stats add_host group_by async_status "
	 "validate_argument_spec mount_facts ec2_metadata_facts systemd_info tags",
		NULL, NULL},
	{0},
};
