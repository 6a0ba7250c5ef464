/* cmd.exe: batch files and command lines. They are run as they are read, line by line. */
#ifndef AUDIT_EVAL_CMD_H
#define AUDIT_EVAL_CMD_H

#include "audit/eval/ps.h"

#define CMD_DEPTH_MAX 60

struct cmd {
	struct eval *e;
	struct str s;
	size_t at;
	unsigned parens; /* in which a closing one ends a command */
	unsigned depth;
	const struct run *run;
	bool batch; /* %%v, not %v */
	const void *labels; /* of goto, innermost first */
};

/* cmd_text.c */
char cmd_peek(const struct cmd *k, size_t ahead);
void cmd_skip(struct cmd *k); /* blanks in a line, and a caret before its end */
struct span cmd_span(const struct cmd *k, size_t from);
/* A redirection that was met. */
struct cmd_redirect {
	struct value target;
	char op; /* '>', '+' for >>, '<'; 0: none */
};
/*
 * The text of a command to where it ends, with its variables expanded and its quotes kept.
 * r may be NULL.
 */
struct value cmd_line(struct cmd *k, struct cmd_redirect *r);
/* One word of a condition, to white space or ==. */
struct value cmd_word(struct cmd *k);
/* The value of %NAME%, with :old=new and :~from,n. */
struct value cmd_variable(struct eval *e, struct str inside);
struct str cmd_keyword(const struct cmd *k); /* the letters ahead */
struct value cmd_unquoted(struct eval *e, const struct value *v);

/* cmd_builtin.c: false when the name is none of them */
bool cmd_builtin(struct cmd *k, const struct command *c, const struct value *line, bool *done);

/* cmd.c */
/* True when the path ends here. */
bool cmd_goto(struct cmd *k, struct str label);
bool cmd_call(struct cmd *k, const struct command *c);

#endif
