/* Tasks and blocks: what applies to them, loops, and what they leave. */
#include "audit/ansible/ansible.h"

#define ROUNDS_MAX 100
#define BLOCKS_MAX 40

static const char *const keywords =
	"name action local_action args vars when loop loop_control become become_user "
	"become_method become_flags become_exe environment register ignore_errors "
	"ignore_unreachable failed_when changed_when notify delegate_to delegate_facts run_once "
	"tags no_log async poll retries delay until connection listen check_mode diff block "
	"rescue always any_errors_fatal collections debugger module_defaults port remote_user "
	"timeout throttle static first_available_file sudo sudo_user";

/* ---- The environment ------------------------------------------------------------------------ */

void environment_set(struct playbook *p, const struct any *map)
{
	struct eval *e = p->e;
	for (size_t i = 0; map->kind == ANY_LIST && i < map->n; i++) {
		struct any one = any_at(p, map, i);
		if (one.kind == ANY_MAP)
			environment_set(p, &one);
	}
	for (size_t i = 0; map->kind == ANY_MAP && i < map->n && charge(e, 8); i++) {
		struct str name = any_key(map, i);
		struct any one = any_at(p, map, i);
		struct value v = any_value(p, &one);
		variable_set(e, name, &v, false);
		variable_export(e, name);
		emit_env(e, &p->command, name, &v, "command");
	}
}

/* ---- Modules -------------------------------------------------------------------------------- */

/* "ansible.builtin.copy" is copy. */
static struct str short_name(struct str name)
{
	size_t dot = str_rfind_byte(name, '.');
	return dot == STR_NPOS ? name : str_from_index(name, dot + 1);
}

static bool is_keyword(struct str key)
{
	return word_in(key, keywords) || str_has_prefix(key, STR("with_"));
}

/* "copy src=a dest=b" or {module: copy, src: a}. */
static void read_action(struct task *t, const struct yaml *value)
{
	if (value->type == YAML_MAP) {
		t->full = yaml_text(value, "module");
		t->module = short_name(t->full);
		task_args(t, value);
		return;
	}
	size_t space = str_find_byte(value->text, ' ');
	t->full = str_sub(value->text, 0, space);
	t->module = short_name(t->full);
	struct yaml *rest = arena_new(t->p->e->scratch, struct yaml);
	*rest = *value;
	rest->text = space == STR_NPOS ? STR("") : str_from_index(value->text, space + 1);
	rest->span.col += (uint32_t)(space == STR_NPOS ? 0 : space + 1);
	task_args(t, rest);
}

static void find_module(struct task *t)
{
	const struct yaml *action = yaml_find(t->node, "action");
	action = action ? action : yaml_find(t->node, "local_action");
	t->more = yaml_find(t->node, "args");
	if (action) {
		read_action(t, action);
		return;
	}
	for (size_t i = 0; i < t->node->n; i++) {
		const struct yaml *item = t->node->items[i];
		if (is_keyword(item->key) || str_is(item->key, "<<"))
			continue;
		t->full = item->key;
		t->module = short_name(item->key);
		task_args(t, item);
		return;
	}
}

/* ---- What a task leaves --------------------------------------------------------------------- */

static void notify(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	struct any names = node ? any_node(p, node, unit) : (struct any){0};
	size_t n = names.kind == ANY_LIST ? names.n : node != NULL;
	for (size_t i = 0; i < n; i++) {
		struct any one = names.kind == ANY_LIST ? any_at(p, &names, i) : names;
		struct str name;
		if (any_const(p, &one, &name))
			list_push(p->e->scratch, &p->notified) = name;
		else
			p->notified_any = true;
	}
}

/* rc with what its being 0 proves, and what was printed. */
static struct any result_of(struct task *t, const struct value *out)
{
	static const struct str keys[] = {
		STR_INIT("rc"), STR_INIT("stdout"), STR_INIT("content"), STR_INIT("stdout_lines")};
	struct eval *e = t->p->e;
	struct any *items = arena_array(e->scratch, struct any, countof(keys));
	struct chunk *rc = arena_new(e->scratch, struct chunk);
	*rc = (struct chunk){
		.kind = CHUNK_UNKNOWN, .text = STR("{{ rc }}"), .credit = t->outcome.when[1]};
	items[0] = any_text((struct value){rc, 1});
	items[1] = items[2] = any_text(value_trim_newlines(e, out));
	items[3] = any_list(&items[1], 1);
	return (struct any){.kind = ANY_MAP, .items = items, .keys = keys, .n = countof(keys)};
}

/* Code in an argument stands where the task does, if nobody knows better. */
static const struct shell_command *place_of(struct task *t)
{
	struct shell_command *c = arena_new(t->p->e->scratch, struct shell_command);
	c->kind = SHELL_SIMPLE;
	c->span = t->node->span;
	return c;
}

static void run_module(struct task *t)
{
	struct playbook *p = t->p;
	struct eval *e = p->e;
	struct str name = yaml_text(t->node, "register");
	struct chunks collected = {0};
	const struct unit *unit = e->unit;
	const struct shell_command *node = e->node;
	enum guard guard = e->guard;
	struct str user = e->user;
	const struct yaml *failed = yaml_find(t->node, "failed_when");
	bool ignored = p->ignoring || (failed && name.n == 0) ||
		yaml_is_true(yaml_find(t->node, "ignore_errors"));
	playbook_at(p, t->unit, &t->node->span);
	p->command.text = t->full;
	e->unit = t->unit;
	e->node = p->command.node = place_of(t);
	e->out = &collected;
	e->guard = ignored || failed ? GUARD_IGNORED : GUARD_FATAL;
	if (p->elevated)
		e->user = p->become_user.n > 0 ? p->become_user : STR("root");
	module_run(t);
	e->out = NULL;
	e->guard = guard;
	e->user = user;
	e->unit = unit;
	e->node = p->command.node = node;
	if (!ignored && !failed && !t->outcome.dead)
		credit_apply(e, t->outcome.when[1], true);
	if (name.n == 0)
		return;
	struct value out = chunks_value(e, &collected);
	if (t->result.kind == ANY_UNDEFINED)
		t->result = result_of(t, &out);
	scope_push_one(p, SCOPE_FACT, name, &t->result);
}

static bool task_body(struct playbook *p, void *ctx)
{
	struct task t = *(const struct task *)ctx;
	run_module(&t);
	notify(p, yaml_find(t.node, "notify"), t.unit);
	return !t.outcome.dead;
}

/* ---- Loops ---------------------------------------------------------------------------------- */

static bool run_once(struct playbook *p, struct task *t)
{
	struct any when = conditions(p, yaml_find(t->node, "when"), t->unit);
	return condition_run(p, &when, task_body, t);
}

static struct any listed(struct playbook *p, const struct any *a)
{
	struct any *one = arena_new(p->e->scratch, struct any);
	if (a->kind == ANY_LIST)
		return *a;
	*one = *a;
	return any_list(one, 1);
}

/* What "loop" or "with_…" go over; ANY_UNDEFINED: there is no loop. */
static struct any loop_of(struct playbook *p, const struct task *t)
{
	struct any none = {.kind = ANY_LIST};
	const struct yaml *loop = yaml_find(t->node, "loop");
	struct str kind = STR("list");
	for (size_t i = 0; !loop && i < t->node->n; i++) {
		struct str key = t->node->items[i]->key;
		if (str_has_prefix(key, STR("with_"))) {
			loop = t->node->items[i];
			kind = str_from_index(
				short_name(key), str_find_byte(key, '.') == STR_NPOS ? 5 : 0);
		}
	}
	if (!loop)
		return (struct any){0};
	struct any a = any_node(p, loop, t->unit);
	if (str_is(kind, "items")) {
		struct any list = listed(p, &a);
		return jinja_filter(p, &list, STR("flatten"), &none);
	}
	if (word_in(kind, "dict"))
		return jinja_filter(p, &a, STR("dict2items"), &none);
	if (word_in(kind, "list fileglob first_found lines flattened"))
		return listed(p, &a);
	return any_unknown(p, STR("item"));
}

static bool run_loop(struct playbook *p, struct task *t)
{
	struct any all = loop_of(p, t);
	const struct yaml *control = yaml_find(t->node, "loop_control");
	struct str name = yaml_text(control, "loop_var");
	size_t mark = p->scopes.n;
	if (all.kind == ANY_UNDEFINED)
		return run_once(p, t);
	if (name.n == 0)
		name = STR("item");
	bool known = all.kind == ANY_LIST;
	size_t rounds = known ? all.n : 1;
	bool on = true;
	if (rounds > ROUNDS_MAX)
		playbook_opaque(p, "bound", STR("a loop of many rounds"), t->full);
	for (size_t i = 0; on && i < rounds && i < ROUNDS_MAX && charge(p->e, 16); i++) {
		struct any item = known ? any_at(p, &all, i) : any_unknown(p, name);
		scope_push_one(p, SCOPE_LOOP, name, &item);
		on = run_once(p, t);
		scope_pop(p, mark);
	}
	return on;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

struct block {
	const struct yaml *node;
	const struct unit *unit;
};

/* When one of the tasks fails, rescue runs, and the play goes on. */
static bool run_rescued(struct playbook *p, const struct block *b, const struct yaml *rescue)
{
	struct eval *e = p->e;
	struct branch way = branch_begin(e);
	bool on = tasks_run(p, yaml_find(b->node, "block"), b->unit);
	branch_path(e, &way, !on);
	e->conditional++;
	bool rescued = tasks_run(p, rescue, b->unit);
	e->conditional--;
	branch_path(e, &way, !rescued);
	return branch_end(e, &way);
}

static bool block_body(struct playbook *p, void *ctx)
{
	const struct block *b = ctx;
	const struct yaml *rescue = yaml_find(b->node, "rescue");
	const struct yaml *always = yaml_find(b->node, "always");
	bool on = rescue ? run_rescued(p, b, rescue)
			 : tasks_run(p, yaml_find(b->node, "block"), b->unit);
	bool last = tasks_run(p, always, b->unit);
	return on && last;
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

static bool run_here(struct playbook *p, void *ctx)
{
	struct task *t = ctx;
	if (yaml_find(t->node, "block")) {
		struct block b = {t->node, t->unit};
		struct any when = conditions(p, yaml_find(t->node, "when"), t->unit);
		return condition_run(p, &when, block_body, &b);
	}
	find_module(t);
	return t->module.n == 0 || run_loop(p, t);
}

static bool is_local(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	const struct yaml *to = yaml_find(node, "delegate_to");
	struct any host = to ? any_node(p, to, unit) : (struct any){0};
	struct str name;
	if (yaml_find(node, "local_action") || str_is(yaml_text(node, "connection"), "local"))
		return true;
	return any_const(p, &host, &name) && word_in(name, "localhost 127.0.0.1 ::1");
}

/* What is said of a block is said of the tasks in it. */
static void inherit(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	const struct yaml *vars = yaml_find(node, "vars");
	const struct yaml *become = yaml_find(node, "become");
	const struct yaml *user = yaml_find(node, "become_user");
	const struct yaml *environment = yaml_find(node, "environment");
	become = become ? become : yaml_find(node, "sudo");
	if (vars && vars->type == YAML_MAP) {
		struct any map = any_node(p, vars, unit);
		scope_push(p, SCOPE_BLOCK, &map);
	}
	if (become)
		p->elevated = yaml_is_true(become) || str_contains(become->text, STR("{{"));
	if (user) {
		struct any name = any_node(p, user, unit);
		p->become_user = value_display(p->e, &name.text);
	}
	if (yaml_is_true(yaml_find(node, "ignore_errors")))
		p->ignoring = true;
	if (environment) {
		struct any map = any_node(p, environment, unit);
		p->e->process = process_new(p->e, p->e->process, SHELL_POSIX);
		environment_set(p, &map);
	}
}

bool task_run(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	struct task t = {.p = p, .node = node, .unit = unit};
	size_t mark = p->scopes.n;
	bool elevated = p->elevated;
	bool ignoring = p->ignoring;
	struct str user = p->become_user;
	struct process *process = p->e->process;
	if (node->type != YAML_MAP || !charge(p->e, 64))
		return true;
	if (p->nesting >= BLOCKS_MAX) {
		playbook_opaque(p, "bound", STR("blocks in blocks, too deep"), (struct str){0});
		return true;
	}
	p->nesting++;
	playbook_at(p, unit, &node->span);
	inherit(p, node, unit);
	bool on = is_local(p, node, unit) ? playbook_locally(p, run_here, &t) : run_here(p, &t);
	p->nesting--;
	p->elevated = elevated;
	p->ignoring = ignoring;
	p->become_user = user;
	p->e->process = process;
	scope_pop(p, mark);
	return on;
}
