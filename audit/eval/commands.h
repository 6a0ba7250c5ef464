/*
 * What the evaluator knows of single commands: how options are read, what flows where, what is
 * checked. Comes with eval.h.
 */
#ifndef AUDIT_SHELL_COMMANDS_H
#define AUDIT_SHELL_COMMANDS_H

/* commands.c: options, the table */
struct optspec {
	const char *shorts; /* short options that take an argument */
	const char *const *longs; /* long options (and -word ones) that do; NULL-ended, or NULL */
	bool stop; /* at the first operand, as wrappers do */
	bool words; /* -name is one long option */
};
struct opts {
	const struct command *c;
	const struct optspec *spec;
	size_t i; /* next word */
	size_t pos; /* in a cluster of short options */
	bool ended;
	struct eval *e;
};
struct opt {
	struct str name; /* "-o", "--output"; empty: operand */
	struct value value; /* of the option or operand; n 0: none */
	struct str text; /* the same when known; p NULL otherwise */
	size_t index; /* word that it (or its argument) stands in */
};
struct opts opts_of(struct eval *e, const struct command *c, const struct optspec *spec);
bool opts_next(struct opts *o, struct opt *out);
bool opt_is(const struct opt *o, const char *names); /* "-o --output" */
bool word_is(const struct command *c, size_t i, const char *s);
bool word_in(struct str word, const char *names); /* separated by spaces */
bool has_word(const struct command *c, const char *names);
void out_text(struct eval *e, struct str s);
void out_value(struct eval *e, const struct value *v);
void out_unknown(struct eval *e, const struct command *c, const struct taint *t);
/* What a filter reads: its file operands from `skip` on, else standard input. */
struct value filter_input(
	struct eval *e, const struct command *c, const struct optspec *spec, size_t skip);
/* Something made of the input that is not known further. */
void out_filtered(struct eval *e, const struct command *c, const struct value *in);

/* 1: done, *out is set; 0: not for this handler. */
typedef int command_fn(struct eval *e, const struct command *c, struct outcome *out);
struct command_entry {
	const char *names; /* separated by spaces */
	command_fn *run;
	bool quiet; /* no exec fact before it runs; it emits its own when there is one */
};
void commands_load(struct eval *e);
extern const struct command_entry commands_builtin[];
extern const struct command_entry commands_wrap[];
extern const struct command_entry commands_output[];
extern const struct command_entry commands_file[];
extern const struct command_entry commands_network[];
extern const struct command_entry commands_verify[];
extern const struct command_entry commands_package[];
extern const struct command_entry commands_system[];
extern const struct command_entry commands_interpreter[];
extern const struct command_entry commands_query[];
extern const struct command_entry commands_build[];
extern const struct command_entry commands_fifo[];
extern const struct command_entry commands_config[];
extern const struct command_entry commands_ansible[]; /* ansible/playbook.c */
extern const struct command_entry commands_galaxy[]; /* ansible/galaxy.c */

/* final.c: what of the writes is still there when the image is made */
void final_note(struct eval *e, size_t fact, struct str path);
void final_state(struct eval *e);
/* Lines that a write puts into a file; p NULL: not known. */
struct str final_lines(struct eval *e, const struct value *content, struct str expression);
/* image.c: the fact about the whole image */
void image_state(struct eval *e);
/* commands_file.c: sed -i and its like */
struct edit {
	struct str script;
	bool extended;
	bool silent;
};
void edit_file(struct eval *e, const struct command *c, struct str path, const struct edit *edit);

/* commands_query.c: `command -v` is `which` */
command_fn run_which;

/* commands_system.c */
void emit_service(struct eval *e, const struct command *c, struct str name, const char *action);

/* commands_build.c: a tool that runs what stands in the directory */
void run_directory(struct eval *e, const struct command *c, struct str dir);

/* flow.c */
struct source *source_new(struct eval *e, const struct command *c, enum source_kind kind,
	struct str tool, const struct url *url);
struct sink {
	const char *to;
	struct str name;
	struct str file; /* p NULL: none */
};
/* fifo.c: a flow out of a named pipe, which is told when something is written to the pipe */
struct pending_flow {
	struct source *source;
	struct command command;
	struct sink sink;
};
void fifo_make(struct eval *e, const struct command *c, struct str path);
void fifo_wait(
	struct eval *e, const struct command *c, struct source *source, const struct sink *sink);
void fifo_write(struct eval *e, struct str path, const struct file *f, const struct value *content);
/* A flow fact for each source of the taint; true when there was any. */
bool flow_into(
	struct eval *e, const struct command *c, const struct taint *t, const struct sink *s);
void flow_finish(struct eval *e); /* at the end of the plan */
/* "none", "weak" or "strong": the weakest check of what comes from the network. */
const char *taint_strength(const struct taint *t);
struct url url_parse(struct eval *e, const struct value *v);
/* A download fact and its source. */
struct download {
	struct str tool;
	struct url url;
	struct str dest; /* p NULL: not known; "-": standard output */
	bool insecure;
	struct str ref;
	bool pinned;
};
struct source *download_emit(struct eval *e, const struct command *c, const struct download *d);

/* commands_network.c: what the peer of a connection sends is on standard output */
void socket_output(struct eval *e, const struct command *c, struct str peer);

/* commands_verify.c: why the keys of the default keyring cannot be trusted, or "" */
const char *keyring_reason(struct eval *e);
/* commands_output.c: what a decoder makes of it, on standard output or in a file (p not NULL) */
void out_decrypted(
	struct eval *e, const struct command *c, const struct value *in, struct str path);
bool is_dir_name(struct str path);

/* flow_check.c */
struct checked {
	struct str object; /* p NULL: not known */
	const struct taint *taint;
	const char *method;
	const char *reason; /* why it is not strong; "" when it is */
};
/* The fact, and what success is worth. */
bool is_digest_text(struct str s);
const struct credit *check_made(struct eval *e, const struct command *c, const struct checked *k,
	const struct credit *list);
command_fn run_test;
const struct credit *check_sums(struct eval *e, const struct command *c, const char *method,
	struct str algorithm, const struct value *list);
const char *digest_reason(struct eval *e, struct str algorithm, const struct value *expected);

/* A shell with these words: -c, -s, a file, or standard input. */
struct outcome run_shell(struct eval *e, const struct command *c, enum shell_dialect dialect);
/* A script by itself, as its first line says. */
void run_script(struct eval *e, struct str text, struct str file);
/* Text for a shell, in a child. */
struct outcome run_shell_text(struct eval *e, const struct command *c, const struct value *text,
	struct str wrapper, struct place place);
/* language.c: code of other languages, by the words that matter in it */
bool language_runs(struct str text);
void language_scan(struct eval *e, const struct command *c, struct str program,
	const struct value *text, bool file);

#endif
