/*
 * A full parser for POSIX sh (XCU 2, as dash reads it) and bash 5.2.
 *
 * It never skips: a text is either read as a whole, or the place where reading stopped is an
 * error with its span, and everything before it (whole commands) is still in the tree.
 * Depth is bounded; time is linear in the text.
 */
#ifndef AUDIT_SHELL_SHELL_H
#define AUDIT_SHELL_SHELL_H

#include "base/span.h"

enum shell_dialect { SHELL_DIALECT_NONE = 0, SHELL_BASH, SHELL_POSIX };

/* ---- Words ---------------------------------------------------------------------------------- */

enum shell_part_kind {
	SHELL_PART_NONE = 0,
	SHELL_LITERAL, /* unquoted text, backslashes removed (see escaped) */
	SHELL_SINGLE, /* '...' */
	SHELL_ANSI_C, /* $'...', text is decoded */
	SHELL_DOUBLE, /* "..." or $"...": parts */
	SHELL_PARAM, /* $x ${x...}: param */
	SHELL_COMMAND_SUBST, /* $(...) `...` ${ ...; }: list */
	SHELL_ARITH, /* $((...)) $[...]: parts of the expression's text */
	SHELL_PROCESS_SUBST, /* <(...) >(...): list, text "<" or ">" */
	SHELL_EXTGLOB, /* ?(...) *(...) +(...) @(...) !(...): text, raw */
	SHELL_ARRAY, /* (...) behind name=: elements */
};

enum shell_param_op {
	SHELL_OP_NONE = 0,
	SHELL_OP_LENGTH, /* ${#x} */
	SHELL_OP_DEFAULT, /* ${x-w} ${x:-w} */
	SHELL_OP_ASSIGN, /* ${x=w} */
	SHELL_OP_ERROR, /* ${x?w} */
	SHELL_OP_ALTERNATE, /* ${x+w} */
	SHELL_OP_TRIM_PREFIX, /* # */
	SHELL_OP_TRIM_PREFIX_LONG, /* ## */
	SHELL_OP_TRIM_SUFFIX, /* % */
	SHELL_OP_TRIM_SUFFIX_LONG, /* %% */
	SHELL_OP_REPLACE, /* / // /# /%: op_text says which */
	SHELL_OP_SLICE, /* ${x:o:l}: arg and arg2, arithmetic */
	SHELL_OP_CASE, /* ^ ^^ , ,, ~ ~~: op_text says which */
	/*
	 * ${x@Q}: op_text is the letter. Anything else that bash refuses only when it expands it
	 * ("bad substitution"): op_text is the rest as written, arg its parts.
	 */
	SHELL_OP_TRANSFORM,
	SHELL_OP_INDIRECT_KEYS, /* ${!x@} ${!x*} ${!x[@]}: op_text says which */
};

struct shell_word;
struct shell_list;

struct shell_param {
	struct str name; /* identifier, digits, or one of @*#?-$!_ */
	enum shell_param_op op;
	bool braces;
	bool indirect; /* ${!x} */
	bool colon; /* ${x:-w} rather than ${x-w} */
	const struct shell_word *index; /* ${x[i]}, or NULL */
	struct str op_text;
	const struct shell_word *arg;
	const struct shell_word *arg2;
};

struct shell_part {
	struct span span;
	struct str text;
	/* By kind, and only one of them. */
	union {
		struct shell_part *parts; /* DOUBLE, ARITH; EXTGLOB: what is in the parentheses */
		const struct shell_param *param; /* PARAM */
		const struct shell_list *list; /* COMMAND_SUBST, PROCESS_SUBST */
		const struct shell_word *const *elements; /* ARRAY; "[k]=v" keep their text */
	};
	union {
		uint32_t part_count;
		uint32_t element_count;
	};
	enum shell_part_kind kind : 8;
	bool escaped; /* SHELL_LITERAL from a backslash: neither glob nor brace nor tilde */
};

struct shell_word {
	struct span span;
	struct shell_part *parts;
	uint32_t part_count;
};

/* ---- Commands ------------------------------------------------------------------------------- */

enum shell_redir_op {
	SHELL_REDIR_NONE = 0,
	SHELL_REDIR_IN, /* <    */
	SHELL_REDIR_OUT, /* >    */
	SHELL_REDIR_APPEND, /* >>   */
	SHELL_REDIR_CLOBBER, /* >|   */
	SHELL_REDIR_RDWR, /* <>   */
	SHELL_REDIR_DUP_IN, /* <&   */
	SHELL_REDIR_DUP_OUT, /* >&   */
	SHELL_REDIR_BOTH, /* &>   */
	SHELL_REDIR_BOTH_APPEND, /* &>> */
	SHELL_REDIR_HEREDOC, /* << <<-: body */
	SHELL_REDIR_HERESTRING, /* <<<  */
};

struct shell_redir {
	enum shell_redir_op op;
	struct span span;
	int fd; /* -1: the operator's default */
	struct str fd_var; /* {name}>file */
	const struct shell_word *target; /* the delimiter of a here-document as written */
	const struct shell_word *body; /* of a here-document; one single-quoted part when literal */
	bool body_literal;
};

struct shell_assign {
	struct str name;
	struct span span;
	bool append; /* += */
	const struct shell_word *index; /* a[i]=v, or NULL */
	const struct shell_word *value; /* NULL for an empty one */
};

enum shell_command_kind {
	SHELL_CMD_NONE = 0,
	SHELL_SIMPLE,
	SHELL_SUBSHELL,
	SHELL_GROUP,
	SHELL_IF,
	SHELL_WHILE,
	SHELL_UNTIL,
	SHELL_FOR,
	SHELL_FOR_ARITH,
	SHELL_SELECT,
	SHELL_CASE,
	SHELL_FUNCTION,
	SHELL_ARITH_COMMAND, /* ((...)) */
	SHELL_COND, /* [[...]] */
	SHELL_COPROC,
};

struct shell_case_item {
	const struct shell_word *const *patterns;
	uint32_t pattern_count;
	int terminator; /* ';' for ;;, '&' for ;&, 'c' for ;;& */
	const struct shell_list *body;
	struct span span;
};

struct shell_command {
	enum shell_command_kind kind;
	bool has_in; /* for x in ...; without: "$@" */
	struct span span;
	uint32_t redir_count;
	uint32_t assign_count;
	uint32_t word_count;
	uint32_t item_count;
	const struct shell_redir *redirs;
	/* SHELL_SIMPLE; words also: FOR and SELECT lists, operands of COND in order */
	const struct shell_assign *assigns;
	const struct shell_word *const *words;
	/* compound commands */
	struct str name; /* variable of FOR and SELECT, name of FUNCTION and COPROC */
	const struct shell_list *cond; /* IF, WHILE, UNTIL */
	const struct shell_list *body; /* all compound ones; then-branch of IF */
	const struct shell_list *otherwise; /* else; an elif is a list of one IF */
	const struct shell_command *inner; /* body of FUNCTION and COPROC */
	/* CASE; expression of ARITH and FOR_ARITH; the text of COND between the brackets, raw */
	const struct shell_word *subject;
	const struct shell_case_item *items;
};

struct shell_pipeline {
	struct span span;
	bool negated; /* ! */
	bool timed; /* time */
	const struct shell_command *const *commands;
	const bool *pipe_stderr; /* |& behind command i */
	uint32_t command_count;
};

enum shell_connector { SHELL_SEQ = 0, SHELL_BACKGROUND, SHELL_AND, SHELL_OR };

/* One and-or list element; `next` says how the following one is connected. */
struct shell_item {
	const struct shell_pipeline *pipeline;
	enum shell_connector next; /* ; newline, &, &&, || */
};

struct shell_list {
	struct span span;
	const struct shell_item *items;
	uint32_t item_count;
};

/* ---- Scripts -------------------------------------------------------------------------------- */

struct shell_error {
	struct span span;
	struct str text;
};

struct shell_script {
	struct str text; /* as parsed; CRLF is kept */
	enum shell_dialect dialect;
	const struct shell_list *body;
	bool ok;
	struct shell_error error; /* when !ok: where reading stopped */
	/* When !ok: an exit or exec that is always reached stands on an earlier line. */
	bool exited;
	/* Things that the shell accepts with a warning, or that two shells read differently. */
	struct {
		struct shell_error *items;
		size_t n;
		size_t cap;
	} warnings;
	size_t commands; /* simple commands in the tree */
};

struct shell_options {
	enum shell_dialect dialect; /* NONE: from the first line, else bash */
	bool extglob; /* as if `shopt -s extglob` had run */
	uint32_t line; /* number of the first line; 0: 1 */
};

/* Never fails: errors are in the script. Text and tree live in the arena. */
struct shell_script *shell_parse(struct arena *a, struct str text, const struct shell_options *o);

/* From "#!": bash for bash, POSIX for sh, dash, ash, posh; NONE for none or another program. */
enum shell_dialect shell_dialect_of(struct str text);

/* The word without quotes when it holds no expansion; false otherwise. */
bool shell_word_static(const struct shell_word *w, struct arena *a, struct str *out);

/* Every simple command of the tree in source order, also inside substitutions. */
typedef void shell_visit_fn(void *ctx, const struct shell_command *c);
void shell_visit(const struct shell_list *list, shell_visit_fn *fn, void *ctx);

#endif
