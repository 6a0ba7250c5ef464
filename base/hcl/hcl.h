/*
 * HCL2 native syntax: bodies of attributes and blocks, and the expression language.
 * Follows the "HCL Native Syntax Specification" (hashicorp/hcl, hclsyntax/spec.md) and its
 * information model (spec.md). Rule packs, profiles, waivers, trust policies and templates use it.
 */
#ifndef BASE_HCL_HCL_H
#define BASE_HCL_HCL_H

#include "base/diag.h"
#include "base/json.h"
#include "base/text.h"

/* ---- Syntax -------------------------------------------------------------------------------- */

struct hcl_expr; /* opaque; lives in the arena that the file was parsed into */

struct hcl_attribute {
	struct str name;
	struct origin origin; /* of the name */
	const struct hcl_expr *expr;
};

struct hcl_body {
	struct {
		struct hcl_attribute *items; /* in file order; names are unique */
		size_t n;
		size_t cap;
	} attributes;
	struct {
		struct hcl_block *items; /* in file order */
		size_t n;
		size_t cap;
	} blocks;
	struct origin origin;
};

struct hcl_block {
	struct str type;
	struct str *labels;
	size_t label_count;
	struct origin origin; /* of the type */
	struct hcl_body body;
};

/*
 * Accepts all of the text or fails with file:line:col. Limits: 16 MiB of text, nesting 200.
 * The tree and the file's name live in the arena; the text is copied there too.
 */
MUST_CHECK int hcl_parse(struct hcl_body **out, struct arena *a, struct str text, struct str file,
	struct error *err);
/* One expression that makes up the whole text; a template (a string's inside) likewise. */
MUST_CHECK int hcl_parse_expr(const struct hcl_expr **out, struct arena *a, struct str text,
	struct str file, struct error *err);
MUST_CHECK int hcl_parse_template(const struct hcl_expr **out, struct arena *a, struct str text,
	struct str file, struct error *err);

/*
 * HCL's JSON syntax (hashicorp/hcl, json/spec.md): which members of an object are blocks is told
 * by a schema, as in that specification; strings of the others are templates. A member that is no
 * block is an attribute, and "//" a comment. schema: NULL-named end; NULL: all are attributes.
 */
struct hcl_block_schema {
	const char *type;
	size_t labels;
	const struct hcl_block_schema *body;
};
MUST_CHECK int hcl_parse_json(struct hcl_body **out, struct arena *a, struct str text,
	struct str file, const struct hcl_block_schema *schema, struct error *err);

/*
 * JSON writes a type, or a reference, as a string: the expression that stands in it. Any other
 * expression is given back as it is.
 */
MUST_CHECK int hcl_expr_bare(
	const struct hcl_expr **out, const struct hcl_expr *e, struct arena *a, struct error *err);

const struct hcl_attribute *hcl_find(const struct hcl_body *body, const char *name);
const struct origin *hcl_expr_origin(const struct hcl_expr *e);

/*
 * A traversal that the expression refers to: its root name and, as far as they are static, its
 * attribute steps ("var", "region"). Used to order what depends on what.
 */
struct hcl_traversal {
	struct str *steps;
	size_t n;
	struct origin origin;
};
struct hcl_traversals {
	struct hcl_traversal *items;
	size_t n;
	size_t cap;
};
void hcl_expr_traversals(const struct hcl_expr *e, struct arena *a, struct hcl_traversals *out);

/* The literal keyword of an expression that is one bare name (a type, say), or an empty str. */
struct str hcl_expr_keyword(const struct hcl_expr *e);

/* The name of the function of a call, or an empty str. */
struct str hcl_expr_call(const struct hcl_expr *e);

/* Canonical formatting of a file's layout, as `hclfmt` does it. */
MUST_CHECK int hcl_format(struct buf *out, struct str text, struct str file, struct error *err);

/* ---- Values -------------------------------------------------------------------------------- */

enum hcl_type {
	HCL_NONE = 0,
	HCL_NULL,
	HCL_UNKNOWN, /* known only later; poisons what is computed from it */
	HCL_BOOL,
	HCL_NUMBER,
	HCL_STRING,
	HCL_LIST, /* tuple, list and set */
	HCL_OBJECT, /* object and map */
};

enum hcl_mark { HCL_SENSITIVE = 1 << 0 };

/*
 * Where a value is written: the literal, the template or the call that made it, also when it came
 * a long way, through variables, conditionals and functions of lists. A string of several lines
 * has a place for each (the lines of a heredoc, of a file), as far as they are still told apart.
 */
struct hcl_place {
	struct origin origin;
	const struct origin *lines;
	size_t line_count;
};

/* A value is immutable; copies share what they point to. */
struct hcl_value {
	enum hcl_type type;
	/*
	 * Of enum hcl_mark; of an element, not of what contains it. A list or object with a mark
	 * has it on everything inside as well, so whoever takes it apart looks at the parts only.
	 */
	unsigned marks;
	bool boolean;
	/* A number is an integer when is_integer, then `integer` is exact; else `number` counts. */
	bool is_integer;
	int64_t integer;
	double number;
	struct str string; /* UTF-8 */
	/*
	 * How it is put together, when that is more than its bytes (base/text.h). HCL_STRING with
	 * a mark: its pieces, those that are sensitive under their names. HCL_UNKNOWN: the pieces
	 * with holes that will make the string; NULL: nothing is known. Anything else that is
	 * marked: sensitive pieces that tell the names. hcl_to_text is the way to read it.
	 */
	const struct text *text;
	const struct hcl_place *place; /* NULL: nobody knows */
	const struct hcl_value *items; /* n elements, or n member values */
	const struct str *keys; /* n keys in byte order, for HCL_OBJECT */
	size_t n;
	/* Kept by the constructors below; leave them alone. */
	unsigned inner_marks; /* of everything inside */
	bool inner_unknown;
	uint16_t depth;
	uint64_t size; /* about how large it is when written out: shared parts count each time */
};

struct hcl_value hcl_null(void);
struct hcl_value hcl_unknown(void);
/* A string that is known only later, by the name of what fills it. Names of holes go through
 * templates; what a function makes of one is a hole named "upper(build.Host)". */
struct hcl_value hcl_hole(struct arena *a, struct str name);
/* The value, all of it sensitive under that name. */
struct hcl_value hcl_sensitive(struct arena *a, const struct hcl_value *v, struct str name);
/* The text of a primitive; false for null, lists and objects. An unknown without text is a hole
 * with the name "unknown". */
bool hcl_to_text(struct arena *a, const struct hcl_value *v, struct text *out);
struct hcl_value hcl_bool(bool b);
struct hcl_value hcl_integer(int64_t i);
struct hcl_value hcl_number(double d);
struct hcl_value hcl_string(struct str s); /* borrowed */
struct hcl_value hcl_list(const struct hcl_value *items, size_t n); /* borrowed */
/* Sorts keys with their values; copies both arrays. Later duplicates win. */
struct hcl_value hcl_object(
	struct arena *a, const struct str *keys, const struct hcl_value *values, size_t n);
/* Keys in byte order, each once; both arrays are borrowed. */
struct hcl_value hcl_object_sorted(
	const struct str *keys, const struct hcl_value *values, size_t n);
/* NULL when absent or no object. */
const struct hcl_value *hcl_member(const struct hcl_value *object, struct str key);
/* Place of a line (from 0) of a string; of the whole where lines are not told apart; or zeroed. */
struct origin hcl_line(const struct hcl_value *v, size_t line);
bool hcl_equal(const struct hcl_value *a, const struct hcl_value *b);
/* The string form of a bool, number or string, as a template shows it; false for others. */
bool hcl_to_string(struct arena *a, const struct hcl_value *v, struct str *out);
struct json *hcl_to_json(struct arena *a, const struct hcl_value *v);
struct hcl_value hcl_from_json(struct arena *a, const struct json *j);
const char *hcl_type_name(enum hcl_type type);

/* ---- Evaluation ---------------------------------------------------------------------------- */

struct hcl_eval;

/*
 * What becomes of holes and of sensitive values: templates, join and format keep them as pieces of
 * their own; indexing, conditionals, for and functions of lists pass them on whole. Every other
 * function or operator makes one sensitive piece under the names of its arguments ("a+b"), or one
 * hole named like what it would compute. What a sensitive condition chose is sensitive too; but
 * whether something secret equals null or "" is not secret.
 *
 * A function: args are evaluated; a sensitive argument makes the result sensitive, an unknown one
 * makes it unknown without a call, unless `raw` says that the function looks for itself.
 */
struct hcl_function {
	const char *name;
	uint8_t min_args;
	uint8_t max_args; /* 255: any number */
	bool raw;
	bool nulls; /* takes null arguments; else null is an error */
	/* Moves elements without looking at them: what is in one keeps its own marks. */
	bool structural;
	bool elements; /* looks at elements to choose or to order them: they keep their marks too */
	int (*call)(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
		size_t n, struct error *err);
};

struct hcl_variable {
	struct str name;
	struct hcl_value value;
};

/* Names in view; inner scopes hide outer ones. `ctx` is for functions. */
struct hcl_scope {
	const struct hcl_scope *parent;
	const struct hcl_variable *variables;
	size_t variable_count;
	const struct hcl_function *const *functions; /* tables ending in a NULL name ... */
	size_t function_tables; /* ... and how many */
	void *ctx;
};

/* What a function sees. */
struct hcl_eval {
	struct arena *arena; /* its `max` bounds the evaluation */
	const struct hcl_scope *scope;
	uint32_t depth;
	uint64_t steps; /* counts up to a limit, so that no expression runs for ever */
	struct origin origin; /* of the call */
	const struct hcl_value *splat_item;
};

/* Functions that need nothing of the outside world; see base/hcl/functions.c for the list. */
extern const struct hcl_function hcl_functions_core[];

MUST_CHECK int hcl_evaluate(struct hcl_value *out, const struct hcl_expr *e,
	const struct hcl_scope *scope, struct arena *a, struct error *err);

/*
 * A condition that is asked of many values: as hcl_evaluate answers, in a fraction of its time, or
 * not sure. Who is not sure asks hcl_evaluate, which also tells what is wrong. `scope` has the
 * variables by place: those with a known value have it whenever it is asked. It must outlive the
 * condition, like the expression. One asks it at a time.
 */
enum hcl_truth { HCL_UNSURE = 0, HCL_FALSE, HCL_TRUE };
struct hcl_condition;
struct hcl_condition *hcl_condition_new(
	struct arena *a, const struct hcl_expr *e, const struct hcl_scope *scope);
/* lenient: false when one side of && is, though the one before it cannot be evaluated. */
enum hcl_truth hcl_condition_ask(
	struct hcl_condition *c, const struct hcl_scope *scope, struct arena *a, bool lenient);

/* For functions that look after themselves (`raw`): evaluates below a call, with its limits. */
MUST_CHECK int hcl_evaluate_in(struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x,
	const struct hcl_scope *scope, struct error *err);
/* What name(args...) is when an argument is not known: a hole of that name. */
struct hcl_value hcl_unknown_call(
	struct hcl_eval *e, const char *name, const struct hcl_value *args, size_t n);
/* " (did you mean `x`?)" for the nearest of the names, or "". */
struct str hcl_did_you_mean(struct arena *a, struct str name, const struct str *names, size_t n);
/* As Go's filepath.Clean: without ".", "//" and as far as possible ".."; "." for nothing. */
struct str hcl_clean_path(struct arena *a, struct str path);
/* A name as the language writes variables and arguments. */
bool hcl_is_name(struct str s);

/*
 * Type constraints, as in `type = list(string)`: any, string, number, bool, list(T), set(T),
 * map(T), object({a = T, b = optional(T, default)}), tuple([T, ...]). Converting drops attributes
 * that the type does not name; null and unknown are of every type.
 */
MUST_CHECK int hcl_type_check(const struct hcl_expr *type, struct error *err);
/* The error says which part of the value does not fit, not where it was written. */
MUST_CHECK int hcl_convert(struct hcl_value *out, const struct hcl_value *v,
	const struct hcl_expr *type, struct arena *a, struct error *err);

/* Attribute look-ups for documents of our own: evaluated, of that type, absent leaves out as is. */
MUST_CHECK int hcl_get_str(const struct hcl_body *b, const char *name, struct str *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err);
MUST_CHECK int hcl_get_bool(const struct hcl_body *b, const char *name, bool *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err);
MUST_CHECK int hcl_get_i64(const struct hcl_body *b, const char *name, int64_t *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err);
MUST_CHECK int hcl_get_strs(const struct hcl_body *b, const char *name, struct str_list *out,
	const struct hcl_scope *scope, struct arena *a, struct error *err);
/* Other attribute names and block types than these (NULL-ended) are an error with their place. */
MUST_CHECK int hcl_only(const struct hcl_body *b, const char *const *attributes,
	const char *const *blocks, struct error *err);

#endif
