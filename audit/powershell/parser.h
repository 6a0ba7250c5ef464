/* Private to the reader of PowerShell. */
#ifndef AUDIT_POWERSHELL_PARSER_H
#define AUDIT_POWERSHELL_PARSER_H

#include "audit/powershell/powershell.h"

#define PS_DEPTH_MAX 120

struct ps_parser {
	struct arena *arena;
	struct str s;
	size_t at;
	unsigned depth;
	unsigned newlines; /* inside of brackets in which a line's end is white space */
	uint32_t *lines; /* offsets at which lines begin */
	size_t line_count;
	struct ps_script *script;
	bool commas; /* a comma parts arguments here, and makes no list */
	bool failed; /* the statement at hand cannot be read */
};

/* scan.c */
char ps_peek(const struct ps_parser *p, size_t ahead); /* NUL: the end */
bool ps_at_end(const struct ps_parser *p);
struct span ps_span(const struct ps_parser *p, size_t from);
struct ps_node *ps_node_new(struct ps_parser *p, enum ps_kind kind, size_t from);
struct ps_node *ps_done(struct ps_parser *p, struct ps_node *n); /* the span ends here */
void ps_add(struct ps_parser *p, struct ps_node *list, struct ps_node *item);
void ps_fail(struct ps_parser *p, const char *what);
bool ps_enter(struct ps_parser *p); /* false: too deep, which is an error */
void ps_leave(struct ps_parser *p);
/* White space and comments in a line; lines too. */
void ps_skip_blank(struct ps_parser *p);
void ps_skip_lines(struct ps_parser *p);
/* Blank, and lines where brackets say so. */
void ps_skip(struct ps_parser *p);
bool ps_take(struct ps_parser *p, const char *s);
bool ps_ahead(const struct ps_parser *p, const char *s);
bool ps_is_name(char c); /* letter, digit, _ */
bool ps_is_space(char c);
bool ps_ends_word(char c); /* ends an argument */
struct str ps_lower(struct ps_parser *p, struct str s);
/* The name ahead, not taken. */
struct str ps_word_ahead(const struct ps_parser *p);
bool ps_word_is(struct str word, const char *names); /* in any case, separated by spaces */

/* string.c */
struct ps_node *ps_parse_string(struct ps_parser *p); /* at a quote or @ and a quote */
struct ps_node *ps_parse_bare(struct ps_parser *p);
struct ps_node *ps_parse_variable(struct ps_parser *p); /* at $ or @name; NULL: it is none */

/* expression.c */
struct ps_node *ps_parse_expression(struct ps_parser *p);
struct ps_node *ps_parse_primary(struct ps_parser *p);
/* The type or attribute at [; NULL for an attribute, which is taken too. */
struct ps_node *ps_parse_type(struct ps_parser *p, bool *attribute);

/* command.c */
struct ps_node *ps_parse_pipeline(struct ps_parser *p);

/* statement.c */
struct ps_node *ps_parse_statement(struct ps_parser *p);
/* Statements to the bracket, or to the end for NUL; the bracket is taken. */
struct ps_node *ps_parse_block(struct ps_parser *p, char close);

#endif
