/*
 * A reader of PowerShell: Windows PowerShell 5.1 and PowerShell 7 in one grammar.
 *
 * A tree of one kind of node. What cannot be read is an error with its place, and reading goes on
 * behind it, so that one line which nobody understands hides no other.
 */
#ifndef AUDIT_POWERSHELL_H
#define AUDIT_POWERSHELL_H

#include "base/arena.h"
#include "base/span.h"

enum ps_kind {
	PS_NONE = 0,
	/* Statements. */
	PS_BLOCK, /* list: statements; a: PS_PARAMS or NULL */
	PS_PARAMS, /* list: PS_PARAM */
	PS_PARAM, /* text: name; a: default or NULL; flag: a switch */
	PS_PIPELINE, /* list: commands and expressions; flag: in the background */
	PS_CHAIN, /* text: "&&" or "||"; a, b */
	PS_COMMAND, /* list: name, arguments; text: "&", "." or empty; a: PS_BLOCK of redirects */
	PS_PARAMETER, /* -Name or -Name:value; text: name; a: value or NULL */
	PS_REDIRECT, /* text: ">", "2>>", "2>&1"; a: target or NULL */
	PS_ASSIGN, /* text: "=", "+="; a: target; b: statement */
	PS_IF, /* list: condition, block, condition, block; a: otherwise or NULL */
	PS_WHILE, /* a: condition; b: block; flag: do, so that the block runs once at least */
	PS_FOR, /* list: start, condition, step (NULL: none); b: block */
	PS_FOREACH, /* a: variable; b: block; c: collection */
	PS_SWITCH, /* a: condition; list: pattern, block, ...; a pattern NULL is the default */
	PS_TRY, /* a: block; list: catch blocks; b: finally or NULL */
	PS_TRAP, /* a: block */
	PS_FUNCTION, /* text: name; a: block */
	PS_RETURN, /* a: value or NULL; the same for the next four */
	PS_THROW,
	PS_EXIT,
	PS_BREAK,
	PS_CONTINUE,
	PS_CLASS, /* text: name; list: methods as functions */
	/* Expressions. */
	PS_TEXT, /* text: bytes; flag: quoted */
	PS_EXPAND, /* list: texts, variables, subexpressions; flag: quoted */
	PS_NUMBER, /* text */
	PS_VARIABLE, /* text: name in lower case, with env: or function:; flag: splatted */
	PS_LIST, /* list: a, b, c */
	PS_ARRAY, /* @( ); a: block */
	PS_SUBEXPR, /* $( ); a: block */
	PS_PAREN, /* ( ); a: statement */
	PS_HASH, /* list: key, value, ... */
	PS_SCRIPT, /* { }; a: block */
	PS_TYPE, /* text: name in lower case */
	PS_CAST, /* text: type; a */
	PS_UNARY, /* text: operator in lower case, without its dash; a; flag: behind the operand */
	PS_BINARY, /* text; a, b */
	PS_MEMBER, /* a: object; b: name; flag: static */
	PS_CALL, /* a: object; b: name; list: arguments; flag: static */
	PS_INDEX, /* a, b */
};

struct ps_node {
	enum ps_kind kind;
	bool flag;
	struct span span;
	struct str text;
	struct ps_node *a;
	struct ps_node *b;
	struct ps_node *c;
	struct ps_node **items;
	size_t n;
	size_t cap;
};

struct ps_error {
	struct span span;
	struct str text;
};

struct ps_script {
	struct ps_node *block; /* never NULL */
	struct str text; /* that the spans are of: without a byte order mark, quotes in ASCII */
	struct {
		struct ps_error *items;
		size_t n;
		size_t cap;
	} errors; /* the first few */
};

/* Everything lives in the arena and borrows from `text`. Linear in time but for nested strings. */
struct ps_script *ps_parse(struct arena *a, struct str text);
/* Bytes as text: UTF-16 with a byte order mark becomes UTF-8; others stay as they are. */
struct str ps_text_of(struct arena *a, struct str bytes);

#endif
