/*
 * The language of Go's text/template, as far as templates of images use it: a lexer, a parser to a
 * tree, an evaluator, and a partial evaluator for texts whose fields are known only later.
 *
 * The input is a text, so that values that are already sensitive or holes pass through whole.
 */
#ifndef TEMPLATE_GOTMPL_H
#define TEMPLATE_GOTMPL_H

#include "base/text.h"
#include "template/template.h"

/* ---- Values --------------------------------------------------------------------------------- */

enum gotmpl_kind {
	GOTMPL_NONE = 0, /* no value at all */
	GOTMPL_NIL,
	GOTMPL_BOOL,
	GOTMPL_INT,
	GOTMPL_FLOAT,
	GOTMPL_STRING,
	GOTMPL_LIST,
	GOTMPL_FIELDS, /* the data that the template is executed with: `.` at its top */
};

struct gotmpl_value {
	enum gotmpl_kind kind;
	bool boolean;
	int64_t integer;
	double number;
	struct text text;
	struct {
		struct gotmpl_value *items;
		size_t n;
		size_t cap;
	} list;
};

/* ---- Faults --------------------------------------------------------------------------------- */

/* The first thing that is wrong: a byte of the input (see gotmpl_parse) and what. */
struct gotmpl_fault {
	size_t off;
	struct str text;
};

/* ---- Functions ------------------------------------------------------------------------------ */

struct gotmpl_run;
struct gotmpl_call {
	struct gotmpl_run *run;
	const char *name;
	size_t off; /* of the name in the input */
	const struct gotmpl_value *args;
	size_t n;
};

#define GOTMPL_ANY_ARGS SIZE_MAX

struct gotmpl_function {
	const char *name;
	size_t min;
	size_t max; /* GOTMPL_ANY_ARGS: no limit */
	int (*call)(const struct gotmpl_call *c, struct gotmpl_value *out);
};

/* What the language itself brings (and, or: the evaluator's own, listed for the parser). */
extern const struct gotmpl_function gotmpl_builtins[];

/* ---- The tree ------------------------------------------------------------------------------- */

struct gotmpl_pipe;

enum gotmpl_operand_kind {
	OPERAND_NONE = 0,
	OPERAND_LITERAL, /* value */
	OPERAND_FUNCTION, /* name, function */
	OPERAND_DOT, /* with fields: .a.b */
	OPERAND_VARIABLE, /* name without `$`; with fields: $x.a */
	OPERAND_PIPE, /* ( ... ), with fields */
};

struct gotmpl_operand {
	enum gotmpl_operand_kind kind;
	size_t off;
	struct gotmpl_value value;
	struct str name;
	const struct gotmpl_function *function;
	struct gotmpl_pipe *pipe;
	struct str_list fields;
};

struct gotmpl_command {
	size_t off;
	struct gotmpl_operand *items;
	size_t n;
	size_t cap;
};

struct gotmpl_pipe {
	size_t off;
	struct str_list variables; /* declared or set */
	bool assign; /* `=`, not `:=` */
	struct gotmpl_command *items;
	size_t n;
	size_t cap;
};

enum gotmpl_node_kind {
	NODE_NONE = 0,
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_BREAK,
	NODE_CONTINUE,
};

struct gotmpl_list {
	struct gotmpl_node *items;
	size_t n;
	size_t cap;
};

struct gotmpl_node {
	enum gotmpl_node_kind kind;
	size_t off;
	struct text text;
	struct gotmpl_pipe *pipe;
	struct gotmpl_list body;
	struct gotmpl_list otherwise;
};

/* ---- Use ------------------------------------------------------------------------------------ */

/*
 * What a text is evaluated against. functions ends with a zeroed entry and comes before the
 * built-in ones; ctx is theirs. has_fields: fields are known (else every field is a fault).
 */
struct gotmpl_scope {
	struct arena *arena;
	const struct gotmpl_function *functions;
	void *ctx;
	bool has_fields;
	const struct template_field *fields;
	size_t field_count;
	/* Not NULL: a field that is not known is no value, and the first one is told here. */
	struct gotmpl_fault *absent;
	/* Work done so far by all evaluations that share it; may be NULL. */
	size_t *steps;
};

#define GOTMPL_DEPTH_MAX 64
#define GOTMPL_STEPS_MAX 1000000
#define GOTMPL_OUTPUT_MAX ((size_t)16 << 20)
#define GOTMPL_VALUE_MAX ((size_t)4 << 20)
#define GOTMPL_LIST_MAX 10000

struct gotmpl_variable {
	struct str name;
	struct gotmpl_value value;
};

/* One evaluation. Functions see arena, scope and fault; `deferred`: see gotmpl_defer. */
struct gotmpl_run {
	const struct gotmpl_scope *scope;
	struct arena *arena;
	struct gotmpl_fault *fault;
	bool deferred;
	size_t steps;
	size_t written;
	struct {
		struct gotmpl_variable *items;
		size_t n;
		size_t cap;
	} variables;
	enum gotmpl_node_kind jump; /* NODE_BREAK or NODE_CONTINUE on its way out */
};

/* Sets the first fault; returns -1. */
int gotmpl_fault(struct gotmpl_run *run, size_t off, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Offsets count bytes of the literal pieces, and one for each other piece. Whether the text holds
 * anything to evaluate is gotmpl_has_actions.
 */
bool gotmpl_has_actions(const struct text *in);
MUST_CHECK int gotmpl_parse(struct gotmpl_list *out, const struct text *in,
	const struct gotmpl_scope *scope, struct gotmpl_fault *fault);
MUST_CHECK int gotmpl_execute(struct text *out, const struct gotmpl_list *tree,
	const struct gotmpl_scope *scope, struct gotmpl_fault *fault);
/* The same within an evaluation that goes on. */
MUST_CHECK int gotmpl_execute_in(
	struct gotmpl_run *run, struct text *out, const struct gotmpl_list *tree);
/* One pipeline by itself, without declared variables. */
MUST_CHECK int gotmpl_eval_pipe(struct gotmpl_run *run, const struct gotmpl_pipe *pipe,
	const struct gotmpl_value *dot, struct gotmpl_value *out);

/* True when the result depends on a field, on `.` or on nothing that is known before it runs. */
bool gotmpl_has_fields(const struct gotmpl_list *tree);
/*
 * Evaluates what does not depend on fields and writes the rest back as a template. A function
 * that returns text which is itself to be evaluated later sets run->deferred.
 */
MUST_CHECK int gotmpl_defer(struct text *out, const struct gotmpl_list *tree,
	const struct gotmpl_scope *scope, struct gotmpl_fault *fault);

/* ---- Values, for the evaluator and for functions -------------------------------------------- */

struct gotmpl_value gotmpl_string(struct arena *a, struct str s);
struct gotmpl_value gotmpl_text(struct text t);
struct gotmpl_value gotmpl_bool(bool b);
struct gotmpl_value gotmpl_int(int64_t i);
bool gotmpl_truth(const struct gotmpl_value *v);
const char *gotmpl_kind_name(enum gotmpl_kind kind);
/* As {{ }} prints it. */
struct text gotmpl_print(const struct gotmpl_value *v, struct arena *a);
/* Shortest form that reads back the same, as Go's %v has it; plain: never with an exponent. */
struct str gotmpl_float_str(struct arena *a, double d, bool plain);

/* The i-th argument as a string; a fault when it is none. */
MUST_CHECK int gotmpl_arg_text(const struct gotmpl_call *c, size_t i, struct text *out);
/* The same as bytes: a fault when a part of it is known only at run time. */
MUST_CHECK int gotmpl_arg_str(const struct gotmpl_call *c, size_t i, struct str *out);
MUST_CHECK int gotmpl_arg_int(const struct gotmpl_call *c, size_t i, int64_t *out);
/* A string made of the arguments: sensitive, under their names, when one of them is. */
struct gotmpl_value gotmpl_derived(const struct gotmpl_call *c, struct str s);

/* Go's fmt: Sprint, Sprintln and Sprintf over args[from...]. */
struct text gotmpl_sprint(const struct gotmpl_call *c, size_t from, bool line);
MUST_CHECK int gotmpl_sprintf(const struct gotmpl_call *c, struct gotmpl_value *out);

/* The string as a quoted literal of the language. */
struct str gotmpl_quote(struct arena *a, struct str s);

/* A text under construction, without copying what is there at each step. */
struct gotmpl_writer {
	struct arena *arena;
	struct text *out;
	struct buf literal;
};
void gotmpl_writer_add(struct gotmpl_writer *w, struct str s);
void gotmpl_writer_add_text(struct gotmpl_writer *w, const struct text *t);
void gotmpl_writer_flush(struct gotmpl_writer *w);
static inline void gotmpl_writer_clear(struct gotmpl_writer *w)
{
	buf_clear(&w->literal);
}

#endif
