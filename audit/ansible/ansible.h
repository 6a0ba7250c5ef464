/*
 * Ansible: playbooks, roles and what they include, to the facts of the commands that do the same.
 *
 * Names are looked up as Ansible does, as far as the plan brings the files. What hangs on the
 * machine is not known: such conditions run both ways, such file names stand for all that fit.
 */
#ifndef AUDIT_ANSIBLE_ANSIBLE_H
#define AUDIT_ANSIBLE_ANSIBLE_H

#include "audit/eval/eval.h"
#include "audit/eval/yaml.h"

/* ---- Values --------------------------------------------------------------------------------- */

enum any_kind {
	ANY_UNDEFINED = 0,
	ANY_UNKNOWN,
	ANY_OMIT, /* as if the argument were not there */
	ANY_TEXT, /* numbers and bools too */
	ANY_LIST,
	ANY_MAP
};

/* What an expression gives. Of a list or map of a file only the node is kept until it is used. */
struct any {
	enum any_kind kind;
	struct value text; /* of ANY_TEXT, and for people of ANY_UNKNOWN */
	const struct yaml *node; /* or NULL: then items */
	const struct unit *unit; /* in which the node stands */
	const struct any *items;
	const struct str *keys; /* of a map */
	size_t n;
	const struct credit *when[2]; /* what it proves when it is true [1] or false [0] */
};

/* A higher one hides lower ones; of equals the last does. */
enum scope_rank {
	SCOPE_NONE = 0,
	SCOPE_DEFAULTS, /* of roles */
	SCOPE_GROUP,
	SCOPE_PLAY,
	SCOPE_ROLE,
	SCOPE_BLOCK, /* and tasks */
	SCOPE_FACT, /* set_fact, register, include_vars */
	SCOPE_LOOP,
	SCOPE_EXTRA
};

struct scope {
	enum scope_rank rank;
	unsigned choice; /* scopes of one number are alternatives; 0: none */
	struct any map;
};

struct scopes {
	struct scope *items;
	size_t n;
	size_t cap;
};

/* ---- Files ---------------------------------------------------------------------------------- */

struct ansible_file {
	struct str path;
	struct unit *unit;
	const struct file *guest; /* NULL: of the commit */
	bool binary;
	unsigned active; /* how often its tasks are being run */
	struct yaml_document *document; /* NULL: not parsed yet */
};

struct late_task {
	const struct yaml *node;
	const struct unit *unit;
	struct str role;
	bool done;
};

/* ---- A run of ansible-playbook -------------------------------------------------------------- */

struct playbook {
	struct eval *e;
	const struct step *step; /* whose inputs are the files; NULL: those of the guest */
	struct map other; /* on the build host: files of the machine on which tasks do not act */
	struct map inputs; /* path to struct step_input */
	struct map files; /* path to struct ansible_file */
	struct command command; /* whose origin is the place at hand */
	struct str dir; /* of the playbook */
	struct str role; /* directory of the role that runs, or empty */
	struct str file_dir; /* of the file of tasks that runs */
	struct str_list role_paths;
	struct scopes scopes;
	struct {
		struct late_task *items;
		size_t n;
		size_t cap;
	} handlers;
	struct str_list notified;
	bool notified_any; /* by a name that is not known */
	struct str_list roles_done;
	bool elevated; /* become */
	struct str become_user;
	bool ignoring; /* failures of tasks */
	bool local; /* tasks act on the build host */
	unsigned choices;
	unsigned depth; /* of templates in templates */
	unsigned nesting; /* of files and blocks */
	unsigned names;
};

struct task {
	struct playbook *p;
	const struct yaml *node;
	const struct unit *unit;
	struct str module; /* without its collection */
	struct str full;
	const struct yaml *args; /* a map, or NULL */
	const struct yaml *more; /* the task's "args" */
	bool args_unknown;
	struct any result; /* for register */
	struct outcome outcome;
};

/* ---- any.c ---------------------------------------------------------------------------------- */

struct any any_text(struct value v);
struct any any_str(struct playbook *p, struct str s);
struct any any_bool(struct playbook *p, bool yes);
struct any any_unknown(struct playbook *p, struct str label);
struct any any_list(const struct any *items, size_t n);
/* Scalars are rendered. */
struct any any_node(struct playbook *p, const struct yaml *node, const struct unit *unit);
struct any any_at(struct playbook *p, const struct any *a, size_t i);
struct str any_key(const struct any *a, size_t i);
/* ANY_UNDEFINED when the map has no such key, ANY_UNKNOWN when nobody knows. */
struct any any_member(struct playbook *p, const struct any *a, struct str key);
enum truth any_truth(struct playbook *p, const struct any *a);
/* As one word; what is not known reads as its label. */
struct value any_value(struct playbook *p, const struct any *a);
/* False when a part is not known. */
bool any_const(struct playbook *p, const struct any *a, struct str *out);
bool any_is_true(struct playbook *p, const struct any *a);
struct any any_join(struct playbook *p, const struct any *a, const struct any *b);

/* ---- vars.c --------------------------------------------------------------------------------- */

void scope_push(struct playbook *p, enum scope_rank rank, const struct any *map);
void scope_push_one(
	struct playbook *p, enum scope_rank rank, struct str name, const struct any *value);
void scope_pop(struct playbook *p, size_t mark);
struct any variable_any(struct playbook *p, struct str name);
/* The variables of each file that the pattern fits; several are alternatives. */
void scope_load(struct playbook *p, enum scope_rank rank, struct str pattern);
/* "{{ x }}.yml" with * for what is not known. */
struct str any_pattern(struct playbook *p, const struct any *a);
/* key=value words, JSON or YAML, or @FILE. */
void scope_extra(struct playbook *p, const struct value *argument);

/* ---- jinja.c, jinja_call.c ------------------------------------------------------------------ */

/* A text with {{ }} and {% %} in it. */
struct value jinja_text(struct playbook *p, const struct unit *unit, struct str text);
/* A scalar: the value of the expression when it is nothing but {{ one }}. */
struct any jinja_scalar(struct playbook *p, const struct unit *unit, struct str text);
/* A bare expression, as in `when`. */
struct any jinja_expression(struct playbook *p, struct str text);
struct any jinja_filter(
	struct playbook *p, const struct any *in, struct str name, const struct any *args);
struct any jinja_test(
	struct playbook *p, const struct any *in, struct str name, const struct any *args);
struct any jinja_call(struct playbook *p, struct str name, const struct any *args);
struct any jinja_method(
	struct playbook *p, const struct any *in, struct str name, const struct any *args);
struct any jinja_compare(
	struct playbook *p, const struct any *a, struct str sign, const struct any *b);
struct any jinja_not(const struct any *a, struct playbook *p);

/* ---- files.c -------------------------------------------------------------------------------- */

struct str ansible_path(struct playbook *p, struct str dir, struct str name);
struct str ansible_dir(struct str path);
/* NULL when the plan does not bring it. */
struct ansible_file *ansible_open(struct playbook *p, struct str path);
const struct yaml *ansible_yaml(struct playbook *p, struct ansible_file *f);
/* The paths that a pattern fits, in byte order. */
struct str_list ansible_glob(struct playbook *p, struct str pattern);
/* NAME beside the tasks: in `kind` of the role, of the playbook, or next to it. */
struct ansible_file *ansible_find(struct playbook *p, const char *kind, struct str name);
/* The same for a directory; empty when there is none. */
struct str ansible_find_dir(struct playbook *p, const char *kind, struct str name);
/* Directory of a role; empty when the plan does not bring it. */
struct str ansible_role(struct playbook *p, struct str name);
/* The bytes as a value. */
struct value ansible_content(struct playbook *p, struct ansible_file *f);

/* ---- playbook.c ----------------------------------------------------------------------------- */

/* The files that the step brings along. */
void ansible_inputs(struct playbook *p, const struct step *s);
/* Path in the tree that a word of a step on the build host stands for; p NULL: none. */
struct str ansible_tree_path(struct eval *e, const struct value *v);

/* ---- play.c, role.c, task.c ----------------------------------------------------------------- */

void playbook_run(struct playbook *p, struct str path);
bool playbook_locally(struct playbook *p, bool (*body)(struct playbook *p, void *ctx), void *ctx);
/* Exported to what the process runs. */
void environment_set(struct playbook *p, const struct any *map);
/* False when the play ends there. */
bool tasks_run(struct playbook *p, const struct yaml *list, const struct unit *unit);
bool tasks_file(struct playbook *p, struct ansible_file *f);
bool task_run(struct playbook *p, const struct yaml *node, const struct unit *unit);
void handlers_add(struct playbook *p, const struct yaml *list, const struct unit *unit);
void handlers_flush(struct playbook *p);
struct role_use {
	struct str name;
	struct str tasks; /* of tasks_from; empty: main */
	bool again; /* even when it ran already */
};
bool role_run(struct playbook *p, const struct role_use *use);
bool condition_run(struct playbook *p, const struct any *condition,
	bool (*body)(struct playbook *p, void *ctx), void *ctx);
struct any conditions(struct playbook *p, const struct yaml *list, const struct unit *unit);
void playbook_at(struct playbook *p, const struct unit *unit, const struct span *at);
void playbook_opaque(struct playbook *p, const char *what, struct str why, struct str name);

/* ---- args.c: a task's module and its arguments ---------------------------------------------- */

/* names: alternatives, separated by '|'. */
const struct yaml *arg_node(const struct task *t, const char *names);
struct any arg(struct task *t, const char *names);
bool arg_is(struct task *t, const char *names, const char *word);
bool arg_true(struct task *t, const char *names);
/* Empty when it is absent or not known. */
struct str arg_str(struct task *t, const char *names);
bool arg_given(struct task *t, const char *names);
/* A list, or the parts of a text between commas. */
struct any arg_list(struct task *t, const char *names);
const struct yaml *arg_place(const struct task *t, const char *names, struct place *out);
void task_args(struct task *t, const struct yaml *value);

/* ---- module.c and modules_*.c --------------------------------------------------------------- */

typedef void module_fn(struct task *t);

/*
 * A row is used when its conditions hold: "state=absent|removed", "!state=absent", "url" (given),
 * "!url", "flag+" (true). All rows of a module that are used run, in order.
 *
 * command: words of the command that does the same. {name} is an argument, {name*} one word for
 * each of a list, {name,} a list joined by commas; a word is left out when its argument is absent.
 * [name:WORD] is there when the argument is true, [!name:WORD] when it is false; (-o {x}) when all
 * in it are. A command that begins with "| " is a line for a shell, in which arguments are quoted.
 */
struct module {
	const char *names;
	const char *when;
	const char *command;
	module_fn *run;
};

extern const struct module modules_package[], modules_file[], modules_system[], modules_network[],
	modules_command[], modules_other[];
void module_run(struct task *t);
struct outcome module_command(struct task *t, const char *command);
/* The same for words that are made. */
struct outcome module_argv(struct task *t, const struct value *argv, size_t argc);
/* A line for a shell. */
struct outcome module_shell(
	struct task *t, const struct value *code, struct place place, enum shell_dialect dialect);
void words_add(struct playbook *p, struct value_list *words, const char *word);
struct module_write {
	struct value path;
	struct value content;
	struct place place;
	struct str mode;
	const char *by;
	bool append;
};
void module_write(struct task *t, const struct module_write *w);
struct str module_mode(struct task *t);

#endif
