/*
 * Abstract interpretation of shell code: what its commands do, without running them.
 *
 * A value is a row of chunks: text that is known, parts that are not, and choices between a few.
 * State lives in cells; a trail of their old values makes branches cheap: run one side, take its
 * changes, undo them, run the other side, join.
 */
#ifndef AUDIT_SHELL_EVAL_H
#define AUDIT_SHELL_EVAL_H

#include "audit/audit.h"
#include "audit/shell/shell.h"
#include "base/map.h"

/* ---- Where bytes come from ------------------------------------------------------------------ */

enum source_kind { SOURCE_NONE = 0, SOURCE_NETWORK, SOURCE_DECODER, SOURCE_FILE, SOURCE_PIPE };

struct url {
	struct str text; /* without userinfo; p NULL: not known */
	struct str prefix;
	struct str scheme;
	struct str host;
	struct str path;
	bool local;
	bool address;
	bool userinfo;
	struct str served; /* on the build's own HTTP server: the path; p NULL: elsewhere */
};

/* One event that brought bytes. Verification is credited to it, whatever file holds it now. */
struct source {
	enum source_kind kind;
	uint32_t id; /* in order of birth */
	struct url url;
	struct str tool;
	struct str ref;
	bool tls;
	bool insecure;
	bool pinned;
	size_t fact; /* of the download, or SIZE_MAX */
	bool rewrote; /* went over a file that had been verified */
	bool used; /* a flow was reported */
	struct origin origin;
	struct str label;
	struct cell *check; /* of struct check */
};

struct via {
	struct str name;
	const struct via *prev;
	unsigned depth;
};

/* A set of sources, newest first. */
struct taint {
	struct source *source;
	const struct via *via;
	bool decoded;
	const struct taint *next;
};

enum strength { STRENGTH_NONE = 0, STRENGTH_INEFFECTIVE, STRENGTH_WEAK, STRENGTH_STRONG };

/* A verification that was made; `fact` is the index of its fact, which is mended when credited. */
struct check {
	struct str object;
	struct str method;
	enum strength strength;
	struct str reason;
	bool fatal;
	struct origin origin;
	struct str label;
	size_t fact;
};

/* Of a source that nothing was checked of, and of one whose bytes are nowhere any more. */
extern const struct check check_none;
extern const struct check check_gone;

/* What a command's success (or failure) proves. */
struct credit {
	const struct taint *taint;
	struct cell *cell; /* instead of taint: the check is put there as it is */
	const struct check *check;
	const struct credit *next;
};

/* ---- Values --------------------------------------------------------------------------------- */

/* What a condition may hang on, so that code behaves differently when or where it is watched. */
enum gate { GATE_TIME = 1, GATE_PLACE = 2 };

enum chunk_kind { CHUNK_NONE = 0, CHUNK_TEXT, CHUNK_UNKNOWN, CHUNK_CHOICE };

/* That a chunk is the digest of some bytes. */
struct digest_of {
	struct str algorithm; /* "sha256" */
	const struct taint *taint;
	struct str object;
};

struct value;

struct chunk {
	enum chunk_kind kind;
	uint16_t alt_count;
	bool sensitive : 1; /* the template says so */
	bool split : 1; /* unquoted result of an expansion */
	bool quoted : 1; /* makes a field even when empty */
	bool glob : 1; /* unquoted, so that * and ? are patterns */
	bool brk : 1; /* a new field begins before it */
	bool unset : 1; /* a variable that nothing sets: it may be empty */
	bool lossy : 1; /* stands for more than could be kept */
	uint8_t gates; /* GATE_… bits: what the value depends on */
	struct str text; /* the bytes, or for people what is not known: "${X}", "$(…)" */
	const struct taint *taint;
	const struct digest_of *digest;
	const struct credit *credit; /* $?: what it proves when it is 0 */
	const struct value *alts; /* of a choice; at least two */
};

struct value {
	const struct chunk *items;
	size_t n;
};

struct value_list {
	struct value *items;
	size_t n;
	size_t cap;
};

/* Chunks under construction. */
struct chunks {
	struct chunk *items;
	size_t n;
	size_t cap;
	size_t bytes;
};

/* ---- State ---------------------------------------------------------------------------------- */

enum cell_kind {
	CELL_NONE = 0,
	CELL_VARIABLE, /* struct variable */
	CELL_FUNCTION, /* struct function */
	CELL_FILE, /* struct file */
	CELL_CHECK, /* struct check */
	CELL_OPTION, /* any pointer: on */
	CELL_TEXT, /* struct str: working directory, alias */
	CELL_ARGS, /* struct args */
	CELL_TRAP, /* struct run */
};

struct cell {
	enum cell_kind kind;
	struct str key;
	const void *value;
	uint32_t stamp;
	uint32_t stamp_side[2];
	const void *side[2];
};

struct element {
	struct str key;
	struct value value;
};

struct variable {
	struct value value;
	bool unset; /* known to be unset */
	bool exported;
	bool array;
	const struct element *elements;
	size_t element_count;
	const struct ps_value *object; /* of PowerShell: what `value` is the text of; or NULL */
};

struct args {
	const struct value *items;
	size_t n;
	bool open; /* there may be more, or others */
};

struct unit;

/* Where a text stands in a unit. by_line: its lines are the unit's lines from there on. */
struct place {
	const struct unit *unit; /* NULL: not known */
	struct span span;
	bool by_line;
};

struct function {
	const struct shell_command *body;
	const struct unit *unit;
	struct str name;
	const struct function *other; /* that another branch defined under the name */
};

/* A file of the guest, as far as the plan made it. */
struct file {
	struct value content;
	bool deleted;
	bool tree; /* a directory whose content is `content`: a clone, an unpacked archive */
	bool binary; /* of the repository */
	bool created; /* by the plan: uploaded or written with known text */
	bool boot_done;
	bool fifo;
	struct str mode; /* four octal digits, or empty */
	struct str link; /* target of a symbolic link */
	struct place place; /* of the content */
	const struct step *upload;
	struct str copy_of; /* path of a program of the system that was copied */
	struct str edits; /* lines that sed put somewhere among what is not known */
	const struct shell_list *consumer; /* >(list) */
	const struct unit *consumer_unit;
};

/* A text that is parsed, and how its places lead to the author's files. */
struct unit {
	struct str path; /* in the guest, or empty */
	struct str text;
	const struct chunk *unknowns;
	size_t unknown_count;
	const struct step *step; /* its content or command is the text; or NULL */
	struct place place; /* the text stands in another unit */
	struct str file; /* of a script by itself */
	unsigned depth;
};

enum shell_option {
	OPTION_ERREXIT = 0,
	OPTION_PIPEFAIL,
	OPTION_XTRACE,
	OPTION_EXTGLOB,
	OPTION_ALIASES,
	OPTION_NOUNSET,
	OPTION_ERRTRAP, /* a trap on ERR that ends the shell */
	OPTION_COUNT
};

/* What a child process does not share with its parent. */
struct process {
	struct map variables;
	struct map functions;
	struct map aliases;
	struct cell *options[OPTION_COUNT];
	struct cell *cwd;
	struct cell *args;
	struct cell *exit_trap;
	enum shell_dialect dialect;
	struct str arg0;
};

struct trail_entry {
	struct cell *cell;
	const void *old;
};

struct diff_entry {
	struct cell *cell;
	const void *value;
	const void *old; /* before the changes */
};

struct diff {
	struct diff_entry *items;
	size_t n;
	size_t cap;
	bool alive; /* a path was recorded at all */
	const struct value *out;
};

enum frame_kind {
	FRAME_NONE = 0,
	FRAME_PROCESS,
	FRAME_SUBSHELL,
	FRAME_FUNCTION,
	FRAME_SOURCE,
	/* Of PowerShell: what throw, and what break and continue end. */
	FRAME_TRY,
	FRAME_LOOP,
	FRAME_ROUND, /* of a shell's loop: what continue ends */
};

/* What exit or return leave: the states of the paths that ended early. */
struct frame {
	enum frame_kind kind;
	struct frame *up;
	size_t mark;
	size_t out_mark;
	const struct chunks *out;
	struct diff ended[2]; /* [1]: with status 0, [0]: with another or an unknown one */
	struct {
		struct trail_entry *items;
		size_t n;
		size_t cap;
	} locals;
	struct str function;
	const struct function *callee; /* of FRAME_FUNCTION */
	const void *code; /* of PowerShell: the block that is being run */
};

enum truth { TRUTH_UNKNOWN = 0, TRUTH_YES, TRUTH_NO };

struct outcome {
	bool dead; /* the path ends here */
	enum truth status;
	const struct credit *when[2]; /* [1]: on success */
	unsigned gates; /* what the status depends on */
};

enum guard { GUARD_NONE = 0, GUARD_FATAL, GUARD_IGNORED };

struct wrapper {
	struct str name;
	const struct wrapper *outer;
	unsigned depth;
};

/* The fact set, to say each thing once. */
#define MEMBERS_MAX 40

/* The members of a kind of fact in byte order, and where each of them stands in it. */
struct shape {
	const struct str *keys;
	size_t n;
	uint8_t place[MEMBERS_MAX];
};

struct seen {
	uint64_t *slots;
	size_t n;
	size_t cap;
};

struct eval {
	struct arena *arena; /* of the facts */
	struct facts *facts;
	struct shape shapes[FACT_KIND_COUNT];
	size_t facts_first;
	struct str file; /* of the last fact */
	struct arena *scratch;
	const struct plan *plan;
	uint32_t plan_index;
	const struct step *step;
	enum fact_phase phase;

	struct map files;
	struct map *image_files; /* while a step of the build host runs, whose own are files */
	struct process *process;
	const struct unit *unit;
	const struct shell_command *node; /* the one that is being run */
	struct span at; /* the same for code that is no shell's, when node is NULL */
	struct frame *frame;
	struct {
		struct trail_entry *items;
		size_t n;
		size_t cap;
	} trail;
	struct {
		struct flow_record *items;
		size_t n;
		size_t cap;
	} flows;
	struct {
		struct file_record *items;
		size_t n;
		size_t cap;
	} writes;
	struct {
		struct pending_flow *items;
		size_t n;
		size_t cap;
	} pending;
	struct str_list unmatched; /* objects that were checked and that nothing was known of */
	struct seen seen;
	struct map commands; /* name to struct command_entry */
	struct map windows; /* the same for programs of Windows */
	struct map cmdlets; /* name in lower case to struct ps_cmdlet */
	bool programs; /* the plan put files into directories of programs */
	const struct redirect *redirs; /* of the command that is being run */
	size_t redir_count;

	struct chunks *out; /* what standard output collects, or NULL */
	const struct value *in; /* standard input when it is known to be something */
	struct place in_place;
	const struct wrapper *wrappers;
	struct str user;
	struct str function;

	unsigned conditional;
	unsigned ignoring; /* contexts in which errexit does not act */
	enum guard guard;
	const struct credit *last; /* of the last command's success */
	const struct credit *job; /* of the last background command's success */
	struct outcome captured; /* of the last command substitution */
	unsigned gates; /* what decides whether this code runs */
	struct str_list *piece; /* commands of the pipeline that is being run */
	struct str_list upstream; /* those whose output this command reads */
	unsigned looping; /* loops whose rounds are not counted */
	bool background;
	unsigned depth;
	unsigned calls;
	uint64_t work;
	uint64_t work_max;
	size_t scratch_max;
	bool exhausted;
	uint32_t sources;
	uint32_t stamp;
	uint32_t names; /* for /dev/fd/N, mktemp, unknown directories */
};

/* A flow fact that a later command may still mend (a check after the use). */
struct flow_record {
	const struct taint *taint;
	size_t fact;
};

struct redirect {
	int fd;
	enum shell_redir_op op;
	struct str path; /* p NULL: not known */
};

/* A write or secret fact, and the file that it is about. */
struct file_record {
	struct str path;
	size_t fact;
};

/* A simple command with its words expanded. */
struct command {
	const struct redirect *redirs;
	size_t redir_count;
	const struct shell_command *node;
	struct origin origin;
	const struct value *argv;
	size_t argc;
	const struct str *words; /* p NULL: not known; as long as argv */
	const struct str *shown; /* for facts: unknown parts as labels, secrets masked */
	struct str text; /* normal form of all words */
	size_t skipped; /* words of the node that wrappers took */
	bool one_to_one; /* each word of the node gave one word */
	bool external; /* functions do not count (env, sudo, command) */
	bool whole; /* -name is one option, not many letters */
};

/* eval_value.c */
struct value value_text(struct eval *e, struct str s);
struct value value_unknown(struct eval *e, struct str label, const struct taint *taint);
/* False, and a NULL str, when a part is not known. */
bool value_const(struct eval *e, const struct value *v, struct str *out);
bool value_empty(const struct value *v);
/* The known bytes at the beginning. */
struct str value_prefix(struct eval *e, const struct value *v);
/* For people; unknown parts as their labels. */
struct str value_display(struct eval *e, const struct value *v);
const struct taint *value_taint(struct eval *e, const struct value *v);
/* Bytes of a source stand at the beginning of one of its lines, where a command would. */
bool value_foreign(const struct value *v);
bool value_sensitive(const struct value *v);
const struct digest_of *value_digest(const struct value *v);
unsigned value_gates(const struct value *v);
/* The value with every part depending on `gates` as well. */
struct value value_gated(struct eval *e, const struct value *v, unsigned gates);
bool value_equal(const struct value *a, const struct value *b);
struct value value_join(
	struct eval *e, const struct value *a, const struct value *b, struct str label);
size_t value_variants(const struct value *v);
struct value value_variant(struct eval *e, const struct value *v, size_t i);
struct value value_trim_newlines(struct eval *e, const struct value *v);
/* Text with marks in place of what is not known; `unknowns` gets the chunks in order. */
struct str value_flatten(struct eval *e, const struct value *v, struct chunks *unknowns);
/* The other way: text of a unit, with its marks, as a value. */
void chunks_add_marked(struct eval *e, struct chunks *c, struct str s, bool split);
void chunks_add(struct eval *e, struct chunks *c, const struct chunk *chunk);
void chunks_add_text(struct eval *e, struct chunks *c, struct str s);
void chunks_add_value(struct eval *e, struct chunks *c, const struct value *v);
struct value chunks_value(struct eval *e, const struct chunks *c);
const struct taint *taint_union(struct eval *e, const struct taint *a, const struct taint *b);
const struct taint *taint_via(struct eval *e, const struct taint *t, struct str name, bool decoded);
const struct taint *taint_of(struct eval *e, struct source *s);
struct value value_tainted(struct eval *e, struct str label, const struct taint *t);
struct value value_from_text(struct eval *e, const struct text *t);

/* eval_state.c */
bool charge(struct eval *e, size_t work);
void cell_set(struct eval *e, struct cell *c, const void *value);
struct cell *cell_of(struct eval *e, struct map *m, struct str key, enum cell_kind kind);
struct diff diff_take(struct eval *e, size_t mark, bool undo);
void trail_rewind(struct eval *e, size_t mark);
const struct value *take_out(struct eval *e, size_t mark);
void diff_apply(struct eval *e, const struct diff *d);
struct diff diff_join(struct eval *e, const struct diff *a, const struct diff *b);

/* Alternative paths from one state. */
struct branch {
	size_t mark;
	size_t out_mark;
	struct diff joined;
};
struct branch branch_begin(struct eval *e);
void branch_path(struct eval *e, struct branch *b, bool dead);
/* False when no path goes on. */
bool branch_end(struct eval *e, struct branch *b);

struct process *process_new(struct eval *e, const struct process *parent, enum shell_dialect d);
bool option_on(const struct eval *e, enum shell_option o);
void option_set(struct eval *e, enum shell_option o, bool on);
const struct variable *variable_find(const struct eval *e, struct str name);
void variable_set(struct eval *e, struct str name, const struct value *v, bool append);
void variable_put(struct eval *e, struct str name, const struct variable *v);
void variable_export(struct eval *e, struct str name);
struct value variable_value(struct eval *e, struct str name);
/* Variables that a login shell has, whatever the plan says. */
bool variable_is_ambient(struct str name);
const struct args *args_of(const struct eval *e);
void args_set(struct eval *e, const struct value *items, size_t n, bool open);
struct str cwd_of(const struct eval *e);
/* `shown`: the checks guard what follows, so their facts are mended too. */
void credit_apply(struct eval *e, const struct credit *c, bool shown);
/* The check that was made of a source; NULL when there is none. */
const struct check *source_check(const struct source *s);
const struct credit *credit_add(struct eval *e, const struct credit *list,
	const struct taint *taint, const struct check *check);
const struct credit *credit_union(struct eval *e, const struct credit *a, const struct credit *b);

/* eval_word.c, eval_param.c, eval_arith.c */
struct value eval_word(struct eval *e, const struct shell_word *w); /* one field, no splitting */
void eval_fields(struct eval *e, const struct shell_word *w, struct chunks *out);
void split_fields(struct eval *e, const struct value *raw, struct value_list *out);
struct value eval_param(struct eval *e, const struct shell_param *p, bool quoted);
bool eval_arith(struct eval *e, struct str text, int64_t *out);
/* The word as a pattern: what was quoted is escaped. False when a part is not known. */
bool word_pattern(struct eval *e, const struct shell_word *w, struct str *out);
bool pattern_match(struct str pattern, struct str s, bool pathname);

/* eval_list.c, eval_call.c, eval_script.c */
struct outcome eval_list(struct eval *e, const struct shell_list *list);
struct outcome eval_command(struct eval *e, const struct shell_command *c);
/* [[ ]] (flow_check.c). */
struct outcome eval_cond(struct eval *e, const struct shell_command *c);
struct value eval_capture(struct eval *e, const struct shell_list *list, const struct unit *unit,
	const struct value *in);
struct outcome eval_simple(struct eval *e, const struct shell_command *c);
/* Runs body(ctx) with the redirections of the command in effect. */
struct outcome with_redirs(struct eval *e, const struct shell_command *c,
	struct outcome (*body)(struct eval *, const struct shell_command *));
/* In a copy of this shell, of which only files stay. */
struct outcome eval_subshell(struct eval *e, const struct shell_list *list);
void eval_assign(struct eval *e, const struct shell_assign *a, bool export);
/* A resolved argv, wherever it came from; wrappers go through here again. */
struct outcome run_command(struct eval *e, const struct command *c);
struct command command_new(
	struct eval *e, const struct command *outer, const struct value *argv, size_t argc);
/* The place of word i of a command when it is written there as one quoted string. */
struct place word_place(struct eval *e, const struct command *c, size_t i);
struct outcome run_argv(struct eval *e, const struct command *outer, const struct value *argv,
	size_t argc, struct str wrapper);
struct outcome run_function(struct eval *e, const struct command *c, const struct function *f);
/*
 * Text as the script of a new or of this shell. argv: $0 and positional parameters, of the child
 * or (when there are any) of the sourced text.
 */
struct run;
typedef struct outcome run_front(struct eval *e, const struct run *r, struct unit *u);
struct run {
	const char *to; /* kind of the flow when the text is foreign */
	struct value text;
	struct str path; /* in the guest */
	const struct file *file;
	const struct command *command;
	const struct value *argv;
	size_t argc;
	bool args_open; /* whoever runs it may give it more */
	enum shell_dialect dialect;
	bool child;
	bool inherits; /* eval and aliases: return and exit are the surrounding code's */
	bool errexit;
	bool pipefail;
	bool nounset;
	bool aliases;
	struct str wrapper;
	struct str language; /* of a file: the interpreter, when it is no shell */
	struct str name; /* of a script by itself */
	struct place place;
	run_front *front; /* who reads the text; NULL: the shell */
	struct ps *ps; /* of PowerShell: the code that runs this one; or NULL */
};
struct outcome run_text(struct eval *e, const struct run *r);
/* base: interpreter and options when they are given (`bash -e FILE`), or NULL for the #! line. */
struct outcome run_file(struct eval *e, const struct command *c, struct str path, size_t first,
	const struct run *base);
/* The same for text that a shell reads from elsewhere: -c, standard input. */
struct outcome run_code(struct eval *e, const struct run *r);
struct str base_name(struct str path);
struct outcome outcome_unknown(void);
/* exit and return: records the state of this path. */
void frame_end_path(struct eval *e, enum frame_kind kind, enum truth status);
/* break (FRAME_LOOP) and continue (FRAME_ROUND) of a shell; false when no loop is around them. */
bool frame_end_loop(struct eval *e, enum frame_kind kind, uint64_t level);
struct outcome frame_close(struct eval *e, struct frame *f, struct outcome last);
struct frame frame_open(struct eval *e, enum frame_kind kind);
struct origin unit_origin(const struct unit *u, const struct span *s);

/* guest.c: files of the guest */
struct str guest_path(struct eval *e, struct str path); /* absolute, or below ~ or ?N */
struct str guest_shown(struct eval *e, struct str path);
const struct file *guest_find(struct eval *e, struct str path); /* NULL when not known */
const struct file *guest_find_program(struct eval *e, struct str name, struct str *path);
struct value guest_read(struct eval *e, struct str path);
/* The program of the system that a copy or link is; empty when it is none. */
struct str guest_alias(struct eval *e, struct str path);
/* The same for a name without a path. */
struct str guest_program_alias(struct eval *e, struct str name);
/* A directory with this content on top of what is there. */
const struct file *guest_tree(struct eval *e, const struct file *old, const struct value *content);
/* Sources of all files below the directory. */
const struct taint *guest_below(struct eval *e, struct str dir);
bool is_stdin_path(struct str path);
void guest_put(struct eval *e, struct str path, const struct file *f);
struct write {
	struct str path; /* as given; p NULL: not known */
	const struct value *content;
	const char *by;
	bool append;
	bool deleted;
	bool executable;
	struct str mode;
	struct str expression;
	struct str source;
	struct place place; /* of the content; the command's own when not known */
};
void guest_write(struct eval *e, const struct command *c, const struct write *w);
/* guest_boot.c: what runs by itself later */
void guest_at_boot(struct eval *e);
/* Content of STEP_BOOT. */
void guest_boot_content(struct eval *e, const struct step *s);

/* audit/facts_emit.c */
struct members {
	struct eval *e;
	struct str keys[MEMBERS_MAX];
	struct hcl_value values[MEMBERS_MAX];
	size_t n;
};
void put_str(struct members *m, const char *key, struct str s); /* p NULL: null */
void put_cstr(struct members *m, const char *key, const char *s);
void put_bool(struct members *m, const char *key, bool b);
void put_int(struct members *m, const char *key, int64_t i);
void put_null(struct members *m, const char *key);
void put_list(struct members *m, const char *key, const struct str *items, size_t n);
void put_value(struct members *m, const char *key, struct hcl_value v);
struct members members_of(struct eval *e, const struct command *c);
/* The new fact's index, or SIZE_MAX when the same was said before or there are too many. */
size_t emit(struct eval *e, enum fact_kind kind, const struct command *c, struct members *m);
void emit_opaque(
	struct eval *e, const struct command *c, const char *what, struct str why, struct str name);
void emit_exec(struct eval *e, const struct command *c);
bool is_disguised(struct eval *e, const struct command *c);
void emit_env(struct eval *e, const struct command *c, struct str name, const struct value *v,
	const char *scope);
size_t emit_verify(struct eval *e, const struct command *c, const struct check *check);
void fact_replace(struct eval *e, size_t fact, const char *key, struct hcl_value v);
void fact_place_add(struct eval *e, size_t fact, const struct origin *o, struct str label);
struct str fact_str(struct eval *e, struct str s); /* copied, UTF-8, secrets masked */
void flags_of(
	struct eval *e, const struct command *c, struct str_list *flags, struct str_list *operands);

/* ansible/playbook.c: a step on the build host that runs playbooks; false when it runs none */
bool ansible_on_host(struct eval *e, const struct step *s, const struct command *c);

/* facts_language.c: steps and files of languages that nobody reads are opaque facts */
bool language_is_shell(enum step_language language);
/* Who reads code of the language; NULL: the shell, or nobody. */
run_front *language_front(enum step_language language);
void language_command(struct eval *e, const struct step *s, struct command *c);
void language_upload(struct eval *e, const struct step *s, const struct command *c);
void language_inputs(struct eval *e, const struct step *s, const struct command *c);

/* audit/facts_secret.c */
struct str secret_mask(struct eval *e, struct str s);
/* Kind of the first secret in s, or NULL. */
const char *secret_kind(struct str s);
bool secret_name(struct str variable); /* PASSWORD, API_TOKEN, … */
/* The value of a variable as facts may show it. */
struct str secret_value(struct str name, struct str value);
struct secret_found {
	const char *kind;
	const char *where;
	struct str name; /* empty: none */
	struct str path; /* empty: none */
	bool persisted;
};
void secret_emit(struct eval *e, const struct command *c, const struct secret_found *s);
/* Takes a password out of the commands of the same line that printed it. */
void secret_hide(struct eval *e, const struct command *c, struct str secret);
/* Looks at all words; masks what it finds in `shown`. */
void secret_argv(struct eval *e, const struct command *c, struct str *shown);
void secret_assign(struct eval *e, const struct command *c, struct str name, const struct value *v,
	const char *where);
void secret_write(struct eval *e, const struct command *c, struct str path,
	const struct value *content, const char *where);

/* audit/facts_config.c: what files mean (env, kernel, package sources, …) */
struct kernel_change {
	const char *what;
	struct str name;
	struct str value;
	const char *action; /* NULL: set */
	bool persisted;
};
void emit_kernel(struct eval *e, const struct command *c, const struct kernel_change *k);
void config_cmdline(struct eval *e, const struct command *c, struct str words);
/* sed -i: what its s, a, i and c commands put there. */
void config_edited(struct eval *e, const struct command *c, struct str path, struct str script);
void config_written(
	struct eval *e, const struct command *c, struct str path, const struct value *content);

#include "audit/eval/commands.h"

#endif
