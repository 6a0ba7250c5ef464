/* Roles, handlers and files of tasks. */
#include "audit/ansible/ansible.h"

#define NESTING_MAX 24
#define RECURSION_MAX 2

/* ---- Files of tasks ------------------------------------------------------------------------- */

bool tasks_run(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++) {
		if (!task_run(p, list->items[i], unit))
			return false;
	}
	return true;
}

bool tasks_file(struct playbook *p, struct ansible_file *f)
{
	struct str dir = p->file_dir;
	const struct yaml *root = ansible_yaml(p, f);
	if (p->nesting >= NESTING_MAX) {
		playbook_opaque(p, "bound", STR("files of tasks in each other, too deep"), f->path);
		return true;
	}
	/* Tasks that include themselves say the same again. */
	if (f->active >= RECURSION_MAX)
		return true;
	p->nesting++;
	f->active++;
	p->file_dir = ansible_dir(f->path);
	bool on = tasks_run(p, root, f->unit);
	p->file_dir = dir;
	f->active--;
	p->nesting--;
	return on;
}

/* ---- Handlers ------------------------------------------------------------------------------- */

void handlers_add(struct playbook *p, const struct yaml *list, const struct unit *unit)
{
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++)
		list_push(p->e->scratch, &p->handlers) =
			(struct late_task){list->items[i], unit, p->role, false};
}

static bool was_notified(struct playbook *p, struct str name, const struct late_task *h)
{
	struct str role = base_name(h->role);
	for (size_t i = 0; i < p->notified.n && name.n > 0; i++) {
		struct str wanted = p->notified.items[i];
		if (str_eq(wanted, name))
			return true;
		bool long_name = role.n > 0 && str_has_prefix(wanted, role) &&
			str_has_suffix(wanted, name) && str_contains(wanted, STR(" : "));
		if (long_name)
			return true;
	}
	return false;
}

static bool is_wanted(struct playbook *p, const struct late_task *h)
{
	const struct yaml *listen = yaml_find(h->node, "listen");
	const struct yaml *name = yaml_find(h->node, "name");
	struct any shown = name ? any_node(p, name, h->unit) : (struct any){0};
	struct str text;
	if (p->notified_any || !name)
		return p->notified_any || (listen && p->notified.n > 0);
	if (!any_const(p, &shown, &text))
		return p->notified.n > 0;
	if (was_notified(p, text, h))
		return true;
	if (listen && listen->type == YAML_SCALAR)
		return was_notified(p, listen->text, h);
	for (size_t i = 0; listen && i < listen->n; i++) {
		if (was_notified(p, listen->items[i]->text, h))
			return true;
	}
	return false;
}

/* A handler may notify others. */
void handlers_flush(struct playbook *p)
{
	bool more = true;
	for (unsigned round = 0; more && round < 8 && charge(p->e, 8); round++) {
		more = false;
		for (size_t i = 0; i < p->handlers.n; i++) {
			struct late_task h = p->handlers.items[i];
			struct str role = p->role;
			if (h.done || !is_wanted(p, &h))
				continue;
			p->handlers.items[i].done = true;
			more = true;
			p->role = h.role;
			(void)task_run(p, h.node, h.unit);
			p->role = role;
		}
	}
}

/* ---- Roles ---------------------------------------------------------------------------------- */

static struct str in_role(struct playbook *p, struct str role, const char *name)
{
	return ansible_path(p, role, str_from(name));
}

static struct ansible_file *main_file(struct playbook *p, struct str role, const char *kind)
{
	static const char *const names[] = {"main.yml", "main.yaml", "main"};
	struct ansible_file *f = NULL;
	for (size_t i = 0; i < countof(names) && !f; i++)
		f = ansible_open(p,
			in_role(p, role, arena_printf(p->e->scratch, "%s/%s", kind, names[i]).p));
	return f;
}

static void load_vars(struct playbook *p, struct str role, const char *kind, enum scope_rank rank)
{
	static const char *const names[] = {"main.yml", "main.yaml", "main", "main/*"};
	for (size_t i = 0; i < countof(names); i++)
		scope_load(p, rank,
			in_role(p, role, arena_printf(p->e->scratch, "%s/%s", kind, names[i]).p));
}

static bool is_done(struct playbook *p, const struct role_use *use)
{
	struct str key =
		arena_printf(p->e->scratch, "%.*s:%.*s", STR_ARG(use->name), STR_ARG(use->tasks));
	for (size_t i = 0; i < p->roles_done.n; i++) {
		if (str_eq(p->roles_done.items[i], key))
			return true;
	}
	list_push(p->e->scratch, &p->roles_done) = key;
	return false;
}

static bool run_dependency(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	struct role_use use = {0};
	size_t mark = p->scopes.n;
	const struct yaml *name = node;
	if (node->type == YAML_MAP) {
		struct any own = any_node(p, node, unit);
		scope_push(p, SCOPE_BLOCK, &own);
		name = yaml_find(node, "role");
		name = name ? name : yaml_find(node, "name");
		name = name ? name : yaml_find(node, "src");
	}
	struct any a = name ? any_node(p, name, unit) : (struct any){0};
	playbook_at(p, unit, &node->span);
	bool on = !any_const(p, &a, &use.name) || role_run(p, &use);
	scope_pop(p, mark);
	return on;
}

static bool run_dependencies(struct playbook *p, struct str role)
{
	struct ansible_file *f = main_file(p, role, "meta");
	const struct yaml *root = f ? ansible_yaml(p, f) : NULL;
	const struct yaml *list = root ? yaml_find(root, "dependencies") : NULL;
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++) {
		if (!run_dependency(p, list->items[i], f->unit))
			return false;
	}
	return true;
}

static bool run_tasks_of(struct playbook *p, struct str role, struct str from)
{
	struct ansible_file *f;
	if (from.n == 0) {
		f = main_file(p, role, "tasks");
		return !f || tasks_file(p, f);
	}
	struct str name = arena_printf(p->e->scratch, "tasks/%.*s", STR_ARG(from));
	f = ansible_open(p, ansible_path(p, role, name));
	if (!f) {
		name = arena_printf(p->e->scratch, "tasks/%.*s.yml", STR_ARG(from));
		f = ansible_open(p, ansible_path(p, role, name));
	}
	return !f || tasks_file(p, f);
}

static void tell_missing(struct playbook *p, struct str name)
{
	playbook_opaque(p, "script",
		arena_printf(p->e->scratch, "the role %.*s is not in the commit", STR_ARG(name)),
		name);
	p->e->facts->opaque++;
}

bool role_run(struct playbook *p, const struct role_use *use)
{
	struct str old = p->role;
	struct str role = ansible_role(p, use->name);
	if (role.n == 0) {
		tell_missing(p, use->name);
		return true;
	}
	if (p->nesting >= NESTING_MAX) {
		playbook_opaque(p, "bound", STR("roles in roles, too deep"), use->name);
		return true;
	}
	if (is_done(p, use) && !use->again)
		return true;
	p->nesting++;
	bool on = run_dependencies(p, role);
	p->role = role;
	load_vars(p, role, "defaults", SCOPE_DEFAULTS);
	load_vars(p, role, "vars", SCOPE_ROLE);
	struct ansible_file *handlers = main_file(p, role, "handlers");
	if (handlers)
		handlers_add(p, ansible_yaml(p, handlers), handlers->unit);
	on = on && run_tasks_of(p, role, use->tasks);
	p->role = old;
	p->nesting--;
	return on;
}
