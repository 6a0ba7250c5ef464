/*
 * PowerShell and cmd.exe over the same state as the shell: variables, files, sources, checks.
 *
 * Variables of PowerShell stand among those of the process as "$name", functions as
 * "$function:name", aliases as "$alias:name"; variables of the environment have their name in
 * upper case, as other processes see them.
 */
#ifndef AUDIT_EVAL_PS_H
#define AUDIT_EVAL_PS_H

#include "audit/eval/eval.h"
#include "audit/powershell/powershell.h"

enum ps_type {
	PSV_NULL = 0,
	PSV_TEXT,
	PSV_NUMBER,
	PSV_BOOL,
	PSV_LIST,
	PSV_HASH,
	PSV_SCRIPT,
	PSV_TYPE, /* [Net.WebClient] */
	PSV_OBJECT, /* of a class that `name` says; keys and items: what is known of it */
	PSV_BYTES, /* text: the bytes */
};

struct ps_value {
	enum ps_type type;
	enum truth truth; /* of a PSV_BOOL */
	unsigned gates;
	struct value text;
	struct str name;
	const struct ps_value *items;
	const struct str *keys; /* of a PSV_HASH and a PSV_OBJECT, in lower case */
	size_t n;
	const struct ps_node *code; /* PS_BLOCK of a PSV_SCRIPT, which `unit` holds */
	const struct unit *unit;
	const struct credit *when[2]; /* of a PSV_BOOL: what it proves when it is false, true */
};

struct ps_list {
	struct ps_value *items;
	size_t n;
	size_t cap;
};

/* A script or a block that is being run. */
struct ps {
	struct eval *e;
	struct ps_list *out; /* what the statements at hand put out; never NULL */
	const struct ps_list *in; /* what the pipeline brings; NULL: nothing */
	struct frame *function; /* whose variables an assignment makes; NULL: the script's */
	bool dead; /* what a command called ends the path */
	bool returned; /* the output at hand is that of a return */
};

/* ---- ps_value.c ----------------------------------------------------------------------------- */

struct ps_value ps_text(struct value v);
struct ps_value ps_string(struct ps *p, struct str s);
struct ps_value ps_number(struct ps *p, int64_t n);
struct ps_value ps_bool(enum truth t);
struct ps_value ps_unknown(struct ps *p, struct str label, const struct taint *t);
struct ps_value ps_object(struct str name, struct value text);
struct ps_value ps_list_value(struct ps *p, const struct ps_value *items, size_t n);
/* What it reads as a string. */
struct value ps_value_text(struct ps *p, const struct ps_value *v);
const struct taint *ps_taint(struct ps *p, const struct ps_value *v);
bool ps_const(struct ps *p, const struct ps_value *v, struct str *out);
bool ps_integer(struct ps *p, const struct ps_value *v, int64_t *out);
enum truth ps_truth(struct ps *p, const struct ps_value *v);
struct ps_value ps_join(struct ps *p, const struct ps_value *a, const struct ps_value *b);
/* The member of a hash table or object; NULL: not known. */
const struct ps_value *ps_find(const struct ps_value *v, struct str key);
struct ps_value ps_with(
	struct ps *p, const struct ps_value *v, struct str key, const struct ps_value *item);
/* The items of a list, or the value itself. */
const struct ps_value *ps_items(const struct ps_value *v, size_t *n);
/* One value of all that was put out. */
struct ps_value ps_collected(struct ps *p, const struct ps_list *list);
void ps_out(struct ps *p, const struct ps_value *v);
struct str ps_lower_str(struct eval *e, struct str s);

struct ps_value ps_get(struct ps *p, struct str name);
void ps_set(struct ps *p, struct str name, const struct ps_value *v);
/* The variable that holds a function, or NULL. */
const struct ps_value *ps_function(struct eval *e, struct str name);

/* ---- ps_expression.c, ps_operator.c, ps_method.c -------------------------------------------- */

struct ps_value ps_eval(struct ps *p, const struct ps_node *n);
struct ps_value ps_binary(struct ps *p, const struct ps_node *n);
struct ps_value ps_cast(struct ps *p, struct str type, const struct ps_value *v);
/* '{0}' -f a, b */
struct ps_value ps_format(struct ps *p, const struct ps_value *format, const struct ps_value *args);
struct ps_value ps_compare(
	struct ps *p, const struct ps_node *n, const struct ps_value *a, const struct ps_value *b);
struct ps_value ps_joined(struct ps *p, const struct ps_value *list, const struct ps_value *with);
struct ps_value ps_split(struct ps *p, const struct ps_value *v, struct str separator);
/* Every `old` in the text, in any case, as another text. */
struct ps_value ps_replace(
	struct ps *p, const struct ps_value *v, struct str old, const struct ps_value *with);
struct ps_value ps_member(struct ps *p, const struct ps_node *n);
struct ps_value ps_invoke(struct ps *p, const struct ps_node *n);
void ps_assign(struct ps *p, const struct ps_node *target, const struct ps_value *v, struct str op);
/* For the fact about what stands at the node: words as they are to be told. */
struct command ps_command(
	struct ps *p, const struct ps_node *n, const struct value *argv, size_t argc);

/* ---- ps_statement.c ------------------------------------------------------------------------- */

/* True when the path ends here. Values go to p->out. */
bool ps_run_block(struct ps *p, const struct ps_node *block);
bool ps_statement(struct ps *p, const struct ps_node *n);
/* The value of a statement. */
struct ps_value ps_capture(struct ps *p, const struct ps_node *n, bool *dead);
/* Runs a block of code in a scope of its own; args: by name or NULL. */
struct ps_args;
struct ps_value ps_run_script(
	struct ps *p, const struct ps_value *script, const struct ps_args *args, bool scoped);

/* ---- ps_command.c --------------------------------------------------------------------------- */

struct ps_arg {
	struct str name; /* of a parameter, in lower case; p NULL: an operand */
	struct str spelled; /* -Name */
	struct ps_value value; /* of the parameter or operand */
	bool has_value;
	bool attached; /* -Name:value */
};
struct ps_args {
	struct ps_arg *items;
	size_t n;
	size_t cap;
};
bool ps_run_pipeline(struct ps *p, const struct ps_node *n);
bool ps_run_command(struct ps *p, const struct ps_node *n);
/* The command with these words, whatever it is: an alias, a cmdlet, a program. */
struct outcome ps_run_words(
	struct ps *p, const struct ps_node *n, struct str name, const struct ps_args *args);

/* ---- Cmdlets -------------------------------------------------------------------------------- */

struct ps_call {
	struct ps *p;
	struct eval *e;
	const struct ps_cmdlet *cmdlet;
	const struct ps_node *node;
	const struct ps_args *args;
	const struct command *c;
	struct outcome outcome;
};
typedef void ps_cmdlet_fn(struct ps_call *c);
struct ps_cmdlet {
	const char *names; /* as they are to be told, separated by spaces */
	ps_cmdlet_fn *run; /* NULL: nothing is known but the name */
	const char *positional; /* parameters by position, in lower case */
	const char *switches; /* parameters without a value, besides the usual ones */
	bool quiet; /* no exec fact */
};
extern const struct ps_cmdlet ps_cmdlets_core[];
extern const struct ps_cmdlet ps_cmdlets_network[];
extern const struct ps_cmdlet ps_cmdlets_file[];
extern const struct ps_cmdlet ps_cmdlets_system[];
extern const struct ps_cmdlet ps_cmdlets_package[];
const struct ps_cmdlet *ps_cmdlet_find(struct eval *e, struct str name, struct str *told);
/* The value of the first of the parameters that is given: "path literalpath". NULL: none. */
const struct ps_value *ps_arg(const struct ps_call *c, const char *names);
bool ps_has(const struct ps_call *c, const char *names); /* a switch that is not $false */
/* The same as a path, as text; p NULL: not given or not known. */
struct str ps_path_arg(const struct ps_call *c, const char *names);
struct str ps_text_arg(const struct ps_call *c, const char *names);
void ps_call_out(struct ps_call *c, const struct ps_value *v);
/* What the pipeline brings, or the parameter; false: neither. */
bool ps_input(struct ps_call *c, const char *names, struct ps_value *out);

/* ---- Running text --------------------------------------------------------------------------- */

run_front ps_front, cmd_front;
/* By the name of an interpreter or the ending of a file; NULL: neither. */
run_front *front_of(struct str name);
/* iex, . and -Command: in this scope. */
struct outcome ps_run_text(
	struct ps *p, const struct command *c, const struct value *text, const char *to);
/* What %NAME% stands for in a text. */
struct value cmd_expand(struct eval *e, struct str s);
/* User data without the tags around it; the same number of bytes. */
struct str ps_user_data(struct eval *e, struct str text);
/* powershell's own command line. */
struct outcome run_powershell(struct eval *e, const struct command *c);
struct outcome run_cmd(struct eval *e, const struct command *c);

/* ---- win_path.c, win_*.c: what both have in common ------------------------------------------ */

/* Slashes for backslashes, the spelling of a file that is there; p NULL stays so. */
struct str win_path(struct eval *e, struct str path);
/* A path of the registry: HKLM\SOFTWARE\…; p NULL: it is none. */
struct str win_registry_path(struct eval *e, struct str path);
/* Names of programs as rules know them: lower case, without .exe. */
struct str win_program(struct eval *e, struct str name);
/* Variables of the environment that every Windows has; false: not known. */
bool win_variable(struct eval *e, struct str name, struct value *out);
bool win_is_word(struct str s, const char *names); /* in any case */
/* A file is run: its flows, and its code when it is known. */
struct outcome win_run_file(struct eval *e, const struct command *c, struct str path, size_t first);
/* `. FILE`: a script in this scope; false: the plan has no such script. */
bool win_source(struct ps *p, const struct ps_node *n, struct str path, const struct ps_args *args);
/* The words of a command line, as programs of Windows part it; they are in the scratch arena. */
size_t win_words(struct eval *e, const struct value *line, struct value **out);
/* A program and its arguments in one text, as Process.Start has them. */
void win_run_line(struct eval *e, const struct command *c, const struct value *program,
	const struct value *line);
/* A program by its name or path, from either language. Emits the exec fact. */
struct outcome win_run_program(struct eval *e, const struct command *c);
/* Opaque, and counted. */
void win_unknown_command(struct eval *e, const struct command *c);
void win_download(struct eval *e, const struct command *c, struct download *d, struct value *out);
void win_unpack(struct eval *e, const struct command *c, struct str archive, struct str dir);
void win_install(struct eval *e, const struct command *c, struct str file);
void win_persist(struct eval *e, const struct command *c, const char *by, struct str name,
	const struct value *code);
void win_registry(struct eval *e, const struct command *c, struct str path, const struct value *v,
	bool deleted);
struct win_account {
	const char *action;
	struct str name;
	struct str group;
	const char *password; /* NULL: none */
};
void win_setting(struct eval *e, const struct command *c, const char *kind, struct str name,
	const struct value *v);
void win_account(struct eval *e, const struct command *c, const struct win_account *a);
void win_service(struct eval *e, const struct command *c, struct str name, const char *action);
struct win_firewall {
	const char *action;
	struct str target;
	struct str chain;
	struct str port;
};
void win_firewall(struct eval *e, const struct command *c, const struct win_firewall *f);
struct win_package {
	const char *manager;
	const char *action;
	struct str_list names;
	struct str version;
	struct str source;
};
void win_package(struct eval *e, const struct command *c, const struct win_package *k);
extern const struct command_entry win_commands[];
extern const struct command_entry win_commands_system[];

#endif
