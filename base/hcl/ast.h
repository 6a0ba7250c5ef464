/*
 * What lexer, parser, evaluator and formatter of HCL share: tokens and the expression tree.
 * Private to base/hcl.
 */
#ifndef BASE_HCL_AST_H
#define BASE_HCL_AST_H

#include "base/hcl/hcl.h"

#define HCL_MAX_TEXT ((size_t)16 << 20)
#define HCL_MAX_TOKENS ((size_t)2 << 20) /* comments and newlines not counted */
#define HCL_MAX_NESTING 200
/* An operator chain such as 1 + 1 + 1 grows to the left without nesting in the text. */
#define HCL_MAX_HEIGHT 1000
#define HCL_MAX_STEPS ((uint64_t)20 << 20)
#define HCL_MAX_VALUE_DEPTH 256
#define HCL_MAX_VALUE_SIZE ((uint64_t)64 << 20)

/* ---- Tokens -------------------------------------------------------------------------------- */

enum hcl_token_kind {
	HCL_TOKEN_EOF = 0,
	HCL_TOKEN_ERROR, /* the lexer has set the error; it comes again and again */
	HCL_TOKEN_NEWLINE,
	HCL_TOKEN_COMMENT, /* without the newline */
	HCL_TOKEN_IDENT,
	HCL_TOKEN_NUMBER,
	HCL_TOKEN_OPEN_QUOTE,
	HCL_TOKEN_CLOSE_QUOTE,
	HCL_TOKEN_OPEN_HEREDOC, /* with the newline */
	HCL_TOKEN_CLOSE_HEREDOC,
	HCL_TOKEN_QUOTED, /* raw, with backslash escapes */
	HCL_TOKEN_LITERAL, /* raw, of a heredoc or bare template; one per line at least */
	HCL_TOKEN_INTERP, /* ${ or ${~ */
	HCL_TOKEN_CONTROL, /* %{ or %{~ */
	HCL_TOKEN_SEQ_END, /* } or ~} of the two above */
	HCL_TOKEN_OPEN_BRACE,
	HCL_TOKEN_CLOSE_BRACE,
	HCL_TOKEN_OPEN_BRACKET,
	HCL_TOKEN_CLOSE_BRACKET,
	HCL_TOKEN_OPEN_PAREN,
	HCL_TOKEN_CLOSE_PAREN,
	HCL_TOKEN_DOT,
	HCL_TOKEN_COMMA,
	HCL_TOKEN_ELLIPSIS,
	HCL_TOKEN_STAR,
	HCL_TOKEN_SLASH,
	HCL_TOKEN_PERCENT,
	HCL_TOKEN_PLUS,
	HCL_TOKEN_MINUS,
	HCL_TOKEN_ASSIGN,
	HCL_TOKEN_EQUAL,
	HCL_TOKEN_NOT_EQUAL,
	HCL_TOKEN_LESS,
	HCL_TOKEN_LESS_EQUAL,
	HCL_TOKEN_GREATER,
	HCL_TOKEN_GREATER_EQUAL,
	HCL_TOKEN_AND,
	HCL_TOKEN_OR,
	HCL_TOKEN_NOT,
	HCL_TOKEN_QUESTION,
	HCL_TOKEN_COLON,
	HCL_TOKEN_DOUBLE_COLON,
	HCL_TOKEN_ARROW,
	HCL_TOKEN_KIND_COUNT,
};

struct hcl_token {
	enum hcl_token_kind kind;
	struct str text;
	struct span span;
};

enum hcl_lexer_mode {
	HCL_MODE_NORMAL = 1,
	HCL_MODE_QUOTED,
	HCL_MODE_HEREDOC,
	HCL_MODE_BARE, /* a template that makes up the whole text */
};

struct hcl_lexer_frame {
	enum hcl_lexer_mode mode;
	uint32_t braces; /* open { in a NORMAL frame */
	struct str marker; /* that ends a HEREDOC frame */
	struct span opener; /* what the missing end is reported for */
};

/*
 * Text that is a string of another syntax: `offsets` tells where each byte stands behind the
 * opening quote in the file; NULL: at its own index.
 */
struct hcl_shift {
	struct str text;
	struct span quoted;
	const uint32_t *offsets;
};

/* Turns text into tokens, one at a time. The text and the file name outlive it. */
struct hcl_lexer {
	struct str text;
	struct str file;
	size_t pos;
	uint32_t line;
	size_t line_start; /* offset of the first byte of the line */
	size_t tokens; /* seen, against HCL_MAX_TOKENS */
	bool failed;
	const struct hcl_shift *shift; /* NULL: the text is the file */
	struct hcl_lexer_frame frames[HCL_MAX_NESTING];
	size_t depth; /* of frames in use; the first is never left */
	struct error *err;
};

/* Fails when the text is too long or holds bytes that no HCL text may hold. */
MUST_CHECK int hcl_lexer_init(struct hcl_lexer *lx, enum hcl_lexer_mode mode, struct str text,
	struct str file, struct error *err);
void hcl_lexer_next(struct hcl_lexer *lx, struct hcl_token *out);
/* How an error text calls a token: "a newline", "`}`", "the name `x`". */
struct str hcl_token_describe(struct arena *a, const struct hcl_token *t);

/* ---- Expressions --------------------------------------------------------------------------- */

enum hcl_expr_kind {
	HCL_EXPR_NONE = 0,
	HCL_EXPR_LITERAL,
	HCL_EXPR_TEMPLATE,
	HCL_EXPR_WRAP, /* a template of nothing but one interpolation: its value as it is */
	HCL_EXPR_JOIN, /* the texts of a tuple one behind the other: %{ for } */
	HCL_EXPR_VARIABLE,
	HCL_EXPR_ATTRIBUTE,
	HCL_EXPR_INDEX,
	HCL_EXPR_SPLAT,
	HCL_EXPR_SPLAT_ITEM, /* the element that the innermost splat is at */
	HCL_EXPR_CALL,
	HCL_EXPR_NEGATE,
	HCL_EXPR_NOT,
	HCL_EXPR_BINARY,
	HCL_EXPR_CONDITION,
	HCL_EXPR_PAREN,
	HCL_EXPR_TUPLE,
	HCL_EXPR_OBJECT,
	HCL_EXPR_FOR,
};

struct hcl_exprs {
	const struct hcl_expr **items;
	size_t n;
	size_t cap;
};

struct hcl_call {
	struct str name;
	struct hcl_exprs args;
	bool expand; /* the last argument ends with ... */
};

struct hcl_pair {
	const struct hcl_expr *key;
	const struct hcl_expr *value;
};

struct hcl_pairs {
	struct hcl_pair *items;
	size_t n;
	size_t cap;
};

/* [for key_name, value_name in source: value if condition] and {... key => value...}. */
struct hcl_for {
	struct str key_name; /* empty when there is none */
	struct str value_name;
	const struct hcl_expr *source;
	const struct hcl_expr *key; /* NULL for a tuple */
	const struct hcl_expr *value;
	const struct hcl_expr *condition; /* may be NULL */
	bool group;
};

/* height: 1 for a leaf; never above HCL_MAX_HEIGHT, so that walking by recursion is safe. */
struct hcl_expr {
	enum hcl_expr_kind kind;
	uint32_t height;
	union {
		struct origin origin;
		struct hcl_place place; /* lines: of a LITERAL in a template */
	};
	const struct hcl_shift *json; /* of a string of JSON, which may stand for an expression */
	union {
		const struct hcl_value *literal;
		struct hcl_exprs parts; /* TEMPLATE, TUPLE */
		struct str name; /* VARIABLE */
		struct {
			const struct hcl_expr *of;
			struct str name;
		} attribute;
		struct {
			const struct hcl_expr *of;
			const struct hcl_expr *key;
		} index;
		struct {
			const struct hcl_expr *source;
			const struct hcl_expr *each;
		} splat;
		struct hcl_call *call;
		const struct hcl_expr *inner; /* NEGATE, NOT, PAREN, WRAP, JOIN */
		struct {
			enum hcl_token_kind op;
			const struct hcl_expr *left;
			const struct hcl_expr *right;
		} binary;
		struct {
			const struct hcl_expr *test;
			const struct hcl_expr *yes;
			const struct hcl_expr *no;
		} condition;
		struct hcl_pairs *object;
		struct hcl_for *loop;
	} u;
};

/* ---- Parser -------------------------------------------------------------------------------- */

#define HCL_LOOKAHEAD 4

/* newlines: whether a newline is a token at this place, or white space. */
struct hcl_parser {
	struct arena *arena;
	struct hcl_lexer lexer;
	struct hcl_token ahead[HCL_LOOKAHEAD];
	size_t ahead_count;
	bool newlines;
	uint32_t depth;
	struct error *err;
};

/* Copies text and file name into the arena. */
MUST_CHECK int hcl_parser_init(struct hcl_parser *p, struct arena *a, enum hcl_lexer_mode mode,
	struct str text, struct str file, struct error *err);
/* Borrowed until the next call. */
const struct hcl_token *hcl_peek(struct hcl_parser *p);
/* The token behind that one; newlines count or not as at this place. */
const struct hcl_token *hcl_peek_second(struct hcl_parser *p);
struct hcl_token hcl_take(struct hcl_parser *p);
bool hcl_at(struct hcl_parser *p, enum hcl_token_kind kind);
bool hcl_at_keyword(struct hcl_parser *p, const char *word);
/* Consumes the token when it is of that kind. */
bool hcl_skip(struct hcl_parser *p, enum hcl_token_kind kind);
void hcl_skip_newlines(struct hcl_parser *p);
struct origin hcl_origin(const struct hcl_parser *p, const struct hcl_token *t);
/* "expected WHAT, found TOKEN" at the next token. Returns -1. */
int hcl_fail_expected(struct hcl_parser *p, const char *what);
int hcl_fail(struct hcl_parser *p, const struct origin *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
MUST_CHECK int hcl_enter(struct hcl_parser *p);
void hcl_leave(struct hcl_parser *p);

/* A zeroed node of height 1. */
struct hcl_expr *hcl_node(struct hcl_parser *p, enum hcl_expr_kind kind, const struct origin *o);
/* Makes the node at least one higher than the child, which may be NULL. */
void hcl_adopt(struct hcl_expr *parent, const struct hcl_expr *child);
MUST_CHECK int hcl_check_height(struct hcl_parser *p, const struct hcl_expr *e);
struct hcl_expr *hcl_literal(struct hcl_parser *p, struct hcl_value v, const struct origin *o);

MUST_CHECK int hcl_read_expr(struct hcl_parser *p, const struct hcl_expr **out);
/* The next token opens the tuple or object. */
MUST_CHECK int hcl_read_tuple(struct hcl_parser *p, const struct hcl_expr **out);
MUST_CHECK int hcl_read_object(struct hcl_parser *p, const struct hcl_expr **out);
/* "key, value in collection" behind a `for`. */
MUST_CHECK int hcl_read_for_intro(struct hcl_parser *p, struct hcl_for *f);
/* The parts up to (not with) a token of kind `end`; flush removes common indentation. */
MUST_CHECK int hcl_read_template(
	struct hcl_parser *p, const struct hcl_expr **out, enum hcl_token_kind end, bool flush);
/* Decodes a QUOTED or LITERAL token. */
MUST_CHECK int hcl_decode(struct hcl_parser *p, struct str *out, const struct hcl_token *t);

/* ---- Values ---------------------------------------------------------------------------------- */

bool hcl_parse_number(struct str s, struct hcl_value *out);
/* The marks of a value and of all that it contains. */
unsigned hcl_deep_marks(const struct hcl_value *v);
/* False when the value is unknown or contains something that is. */
bool hcl_is_known(const struct hcl_value *v);
/* <0, 0, >0 for two numbers. */
int hcl_number_cmp(const struct hcl_value *a, const struct hcl_value *b);
double hcl_as_double(const struct hcl_value *v);

/* Conversions as HCL does them without being asked; null and unknown stay. False: none. */
bool hcl_convert_number(struct hcl_value *v);
bool hcl_convert_bool(struct hcl_value *v);
bool hcl_convert_string(struct arena *a, struct hcl_value *v);

/* A list's elements as a set: each once, strings and numbers in order. */
struct hcl_value hcl_set(struct arena *a, const struct hcl_value *list);

/* ---- Marks, holes and texts ------------------------------------------------------------------ */

/* What makes a result sensitive: the marks, and the names of the pieces that bring them. */
struct hcl_taint {
	unsigned marks;
	struct str_list names;
};
/* Adds what the value is marked with itself; with everything inside. */
void hcl_taint_own(struct hcl_taint *t, struct arena *a, const struct hcl_value *v);
void hcl_taint_deep(struct hcl_taint *t, struct arena *a, const struct hcl_value *v);
/* Makes the whole value sensitive, when there is a mark. What is so already keeps its names. */
void hcl_taint_apply(const struct hcl_taint *t, struct arena *a, struct hcl_value *v);
/* Makes the value sensitive when `from`, which it was taken out of, is. */
void hcl_inherit(struct arena *a, struct hcl_value *v, const struct hcl_value *from);
/* After a change of a string's bytes: its text is one piece again, under the same names. */
void hcl_retext(struct arena *a, struct hcl_value *v);

/* What is made of values one of which is unknown: a hole named words[0] value[0] words[1] ... */
struct hcl_value hcl_hole_of(
	struct arena *a, const char *const *words, const struct hcl_value *const *values, size_t n);
/* What `step` (".name", "[0]") takes out of an unknown value. */
struct hcl_value hcl_hole_member(struct arena *a, const struct hcl_value *of, struct str step);

/* The places of the lines of a text, while it is put together. */
struct hcl_lines {
	struct origin *items;
	size_t n;
	size_t cap;
	struct origin first; /* of a line that may stay the only one */
	bool begun;
	bool open; /* the last line goes on */
};
/* What follows: s, whose own lines are at `place` (or NULL). */
void hcl_lines_add(
	struct hcl_lines *l, struct arena *a, struct str s, const struct hcl_place *place);
/* The place of the whole, which begins at `o`, with its lines, as far as they say more. */
const struct hcl_place *hcl_lines_place(
	const struct hcl_lines *l, struct arena *a, const struct origin *o);

/* A string that is put together of others; arena is set by the caller. */
struct hcl_pieces {
	struct arena *arena;
	struct str_list run; /* literals that are not in the text yet */
	struct text text;
	struct hcl_lines lines;
	uint64_t size; /* in bytes, so far */
	unsigned marks;
	bool special; /* there is more than literals */
	bool unknown;
};
void hcl_pieces_add(struct hcl_pieces *p, struct str s);
/* False for what has no text: null, lists and objects. */
bool hcl_pieces_add_value(struct hcl_pieces *p, const struct hcl_value *v);
/* o: where it is put together. */
struct hcl_value hcl_pieces_value(struct hcl_pieces *p, const struct origin *o);

/* ---- Evaluation ---------------------------------------------------------------------------- */

/* Evaluates below an evaluation that is under way; limits go on counting. */
MUST_CHECK int hcl_eval_expr(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_call(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_binary(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_condition(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_unary(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_for(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
MUST_CHECK int hcl_eval_template(
	struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *x, struct error *err);
/* A bool from a value, for conditions: null is an error; *unknown tells that it is not known. */
MUST_CHECK int hcl_eval_truth(bool *out, bool *unknown, const struct hcl_value *v, const char *what,
	const struct origin *o, struct error *err);
/* Whether `<` and the like hold for two values of that order. */
bool hcl_compares(enum hcl_token_kind op, int order);
const struct hcl_function *hcl_function_find(const struct hcl_scope *scope, struct str name);
/* Counts n steps; fails at the limit, or when the arena is full. */
MUST_CHECK int hcl_charge(struct hcl_eval *e, uint64_t n, struct error *err);
MUST_CHECK int hcl_charge_at(
	struct hcl_eval *e, uint64_t n, const struct origin *o, struct error *err);
/* Fails for a value that is nested too deeply or too large when written out. */
MUST_CHECK int hcl_check_value(
	const struct hcl_value *v, const struct origin *o, struct error *err);

/* Special forms, which look at their arguments before these are evaluated. */
int hcl_call_try(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err);
int hcl_call_convert(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err);
int hcl_call_can(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err);

#endif
