/*
 * Private to the shell parser: its state and the functions that its files share.
 *
 * It has no token stream. What a character means depends on where it stands, so each grammar
 * function looks at the text itself. A function that returns NULL or false has either found
 * nothing (and says so) or has set `failed`; the first error stays.
 */
#ifndef AUDIT_SHELL_PARSER_H
#define AUDIT_SHELL_PARSER_H

#include "audit/shell/shell.h"

/* Bounds the recursion: one level of any construct takes less than 4 KiB of stack under ASan. */
#define SHELL_DEPTH_MAX 1000
#define SHELL_TEXT_MAX ((size_t)256 << 20)

/* One run of an unescaped copy that stands unbroken in the text. */
struct map_segment {
	uint32_t from; /* in the copy */
	struct span place;
};
struct source_map {
	struct map_segment *items;
	size_t n;
	size_t cap;
};

/* Where reading stands: a window of the text, or of an unescaped copy of a part of it. */
struct place {
	const char *cur;
	const char *end;
	const char *base;
	const char *line_start;
	uint32_t line;
	const struct source_map *map; /* NULL for the text itself */
};

enum extglob_state {
	EXTGLOB_OFF = 0,
	EXTGLOB_MAYBE, /* set inside of a function or a compound command */
	EXTGLOB_ON,
};

enum keyword {
	KW_NONE = 0,
	KW_BANG,
	KW_LBRACE,
	KW_RBRACE,
	KW_CASE,
	KW_DO,
	KW_DONE,
	KW_ELIF,
	KW_ELSE,
	KW_ESAC,
	KW_FI,
	KW_FOR,
	KW_IF,
	KW_IN,
	KW_THEN,
	KW_UNTIL,
	KW_WHILE,
	KW_COND,
	KW_COND_END,
	KW_FUNCTION,
	KW_SELECT,
	KW_TIME,
	KW_COPROC,
};

/* A here-document whose body starts behind the next newline. */
struct heredoc {
	struct str delimiter;
	struct shell_word *body;
	struct span span;
	bool strip; /* <<- */
	bool literal; /* the delimiter was quoted */
};

struct pipe_part {
	const struct shell_command *command;
	bool pipe_stderr;
};

struct parser {
	struct arena *arena;
	struct shell_script *script;
	struct place at;
	bool posix;
	enum extglob_state extglob;
	char closer; /* what ends the innermost substitution: ')' or '}', else NUL */
	unsigned depth;
	unsigned bodies; /* here-document bodies that reading is inside of */
	size_t commands;
	uint32_t last_end; /* offset behind the newest token */

	bool failed;
	bool fatal; /* a limit: nothing else may be tried */
	struct shell_error error;
	size_t reread; /* bytes that were read a second time */
	size_t reread_max;

	/* The keyword at a place, so that asking twice costs nothing. */
	const char *keyword_at;
	const char *keyword_end;
	enum keyword keyword;

	char *free; /* what is left of the newest block */
	size_t left;
	size_t block;

	/* Stacks; who pushes takes off again. */
	struct {
		struct heredoc *items;
		size_t n;
		size_t cap;
		size_t first; /* those below wait for a newline outside of this substitution */
	} heredocs;
	struct {
		struct shell_part *items;
		size_t n;
		size_t cap;
	} parts;
	struct {
		const struct shell_word **items;
		size_t n;
		size_t cap;
	} words;
	struct {
		struct shell_assign *items;
		size_t n;
		size_t cap;
	} assigns;
	struct {
		struct shell_redir *items;
		size_t n;
		size_t cap;
	} redirs;
	struct {
		struct shell_item *items;
		size_t n;
		size_t cap;
	} items;
	struct {
		struct pipe_part *items;
		size_t n;
		size_t cap;
	} pipes;
	struct {
		struct shell_case_item *items;
		size_t n;
		size_t cap;
	} cases;
};

/* What a failed attempt gives back. */
struct checkpoint {
	struct place at;
	uint32_t last_end;
	size_t heredocs, heredocs_first, parts, words, assigns, redirs, items, pipes, cases,
		warnings;
	size_t commands;
	uint32_t start;
	unsigned depth;
	unsigned bodies;
	char closer;
	enum extglob_state extglob;
};

/* ---- lexer.c -------------------------------------------------------------------------------- */

/* Character classes: in which kinds of text a byte is not ordinary. */
enum text_bits {
	TEXT_WORD = 1 << 0,
	TEXT_GROUP = 1 << 1, /* inside of the parentheses of an extglob or a regular expression */
	TEXT_ARG = 1 << 2, /* ${x-HERE} */
	TEXT_QUOTED_ARG = 1 << 3,
	TEXT_SUBSCRIPT = 1 << 4,
	TEXT_DOUBLE = 1 << 5,
	TEXT_HEREDOC = 1 << 6,
	TEXT_ARITH = 1 << 7,
};
extern const uint8_t shell_text_class[256];

static inline bool at_end(const struct parser *p)
{
	return p->at.cur >= p->at.end;
}

/* The byte at the cursor; NUL at the end as well. */
static inline char peek(const struct parser *p)
{
	return p->at.cur < p->at.end ? *p->at.cur : '\0';
}

static inline bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool is_name(char c)
{
	return is_name_start(c) || is_digit(c);
}

/* True behind a whole token: blank, newline, operator or the end. */
bool sh_is_delimiter(const struct parser *p, const char *at);

struct span sh_position(const struct parser *p, const char *at);
static inline struct span here(const struct parser *p)
{
	if (p->at.map)
		return sh_position(p, p->at.cur);
	return (struct span){(uint32_t)(p->at.cur - p->at.base), 0, p->at.line,
		(uint32_t)(p->at.cur - p->at.line_start) + 1};
}
static inline uint32_t offset(const struct parser *p)
{
	if (p->at.map)
		return sh_position(p, p->at.cur).off;
	return (uint32_t)(p->at.cur - p->at.base);
}
/* Behind the byte before `at`: what an escape left out behind it does not count. */
static inline uint32_t offset_behind(const struct parser *p, const char *at)
{
	if (p->at.map && at > p->at.base)
		return sh_position(p, at - 1).off + 1;
	return sh_position(p, at).off;
}
/* Ends a span at the cursor, which is the end of a token. */
static inline void span_end(struct parser *p, struct span *s)
{
	p->last_end = p->at.map ? offset_behind(p, p->at.cur) : offset(p);
	s->len = p->last_end - s->off;
}
/* Ends a span behind the newest token. */
static inline void span_end_last(const struct parser *p, struct span *s)
{
	s->len = p->last_end > s->off ? p->last_end - s->off : 0;
}

/* Consumes a newline that is part of a text, not a token. */
static inline void pass_newline(struct parser *p)
{
	p->at.cur++;
	p->at.line++;
	p->at.line_start = p->at.cur;
}
void sh_advance_to(struct parser *p, const char *to); /* counts newlines on the way */
/* Behind any line continuations, and NULs, which the shells drop, that start at `from`. */
const char *sh_joined(const struct parser *p, const char *from);
/* The byte behind the cursor's one, line continuations aside; NUL at the end. */
char sh_peek_second(const struct parser *p);
void sh_skip_blanks(struct parser *p); /* and comments, not newlines */
/* Newline tokens, blanks and comments; reads the here-documents that wait. False on failure. */
bool sh_skip_newlines(struct parser *p);
/* Consumes the operator when it stands here (line continuations inside aside). */
bool sh_accept_op(struct parser *p, const char *op);
enum keyword sh_peek_keyword(struct parser *p);
bool sh_accept_keyword(struct parser *p, enum keyword k);
const char *sh_keyword_text(enum keyword k);

/* Zeroed memory of the tree. */
void *sh_take_block(struct parser *p, size_t size);
static inline void *take(struct parser *p, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size > p->left)
		return sh_take_block(p, size);
	void *out = p->free;
	p->free += size;
	p->left -= size;
	return out;
}
/* n items of a stack from `from` on. NULL for none. */
void *sh_take_copy(struct parser *p, const void *items, size_t from, size_t n, size_t size);

/* Sets the first error. Returns false. */
bool sh_fail_at(struct parser *p, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "unexpected X", with what was looked for when that is not NULL. */
bool sh_fail_unexpected(struct parser *p, const char *wanted);
bool sh_fail_limit(struct parser *p, struct span span, const char *text);
void sh_warn_at(struct parser *p, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* One level deeper; false (failed) at the limit. Pairs with p->depth--. */
bool sh_enter(struct parser *p);

/* Counts text that is read a second time; false (failed) when that becomes too much. */
bool sh_charge(struct parser *p, size_t bytes);
struct checkpoint sh_checkpoint(const struct parser *p);
/* Back to the checkpoint to try another reading; false when that may not be. */
bool sh_retry(struct parser *p, const struct checkpoint *c);

/* ---- word.c --------------------------------------------------------------------------------- */

enum word_flag {
	WORD_DECLARATION = 1 << 0, /* an argument of declare and its like: name=(...) */
	WORD_PATTERN = 1 << 1, /* extglob whatever shopt says */
	WORD_REGEX = 1 << 2,
	WORD_ELEMENT = 1 << 3, /* of an array: [subscript with anything]=value */
};

/* A text that ends at something other than a word does. */
struct scan {
	uint8_t bits;
	unsigned flags; /* enum word_flag */
	char until; /* ends an argument as well: '/' or ':' */
	bool single; /* between the single quotes of "${x-'...'}" */
	bool pattern; /* single quotes quote, though in double quotes */
	bool then_word; /* behind the subscript a word goes on */
	bool merge; /* something was left out inside of a literal */
	unsigned level;
	unsigned questions;
	const char *run; /* start of the literal that is being read */
	const char *word; /* start of the word */
	struct span run_span;
};

/* NULL without failure when no word starts here. */
const struct shell_word *sh_parse_word(struct parser *p, unsigned flags);
/* Goes on with a word some parts of which are on the stack already, from `mark`. */
const struct shell_word *sh_parse_word_rest(
	struct parser *p, unsigned flags, struct span span, size_t mark);
/* Reads up to the end of such a text or of the window, and leaves the cursor there. */
bool sh_scan_parts(struct parser *p, struct scan *s);
/* Takes the parts above mark off the stack and makes a word of them. */
const struct shell_word *sh_finish_word(struct parser *p, struct span span, size_t mark);
void sh_finish_part(struct parser *p, struct shell_part *part, size_t mark);
/* One part with the given text. */
struct shell_word *sh_text_word(
	struct parser *p, enum shell_part_kind kind, struct span span, struct str text);

/* ---- quote.c -------------------------------------------------------------------------------- */

/* Each consumes one construct at the cursor and pushes its part. */
bool sh_parse_single(struct parser *p);
bool sh_parse_ansi_c(struct parser *p);
bool sh_parse_double(struct parser *p);
bool sh_parse_array(struct parser *p);
/* At the parenthesis; prefix: the character before it, which belongs to the part. */
bool sh_parse_extglob(struct parser *p, const char *prefix, struct span span);
/* What quote removal leaves of a raw word, as for the delimiter of a here-document. */
struct str sh_remove_quotes(struct parser *p, const char *from, const char *to, bool *quoted);

/* ---- expand.c, parameter.c ------------------------------------------------------------------ */

/* At "$"; sets *literal instead when it stands for itself. */
bool sh_parse_dollar(struct parser *p, const struct scan *s, bool *literal);
bool sh_parse_backquote(struct parser *p, bool quoted);
bool sh_parse_process_subst(struct parser *p);
bool sh_parse_parameter(struct parser *p, struct span span, bool quoted);
/* Behind "((": the expression and "))". NULL without failure is not possible. */
const struct shell_word *sh_parse_arith_text(struct parser *p);
/* Behind "[": the subscript and "]". */
const struct shell_word *sh_parse_subscript(struct parser *p);
/* The list of a substitution up to `close` (consumed). */
const struct shell_list *sh_parse_substituted(struct parser *p, char close, struct span opener);

/* ---- heredoc.c ------------------------------------------------------------------------------ */

/* The cursor is behind a newline token. */
bool sh_read_heredocs(struct parser *p);
/* At the end of a text: those that still wait have empty bodies. */
void sh_end_heredocs(struct parser *p);
/* An unescaped copy's map; place: of the byte that comes next in it. */
void sh_map_add(struct parser *p, struct source_map *m, size_t from, struct span place);

/* ---- parse.c -------------------------------------------------------------------------------- */

/* Up to something that cannot start a command. NULL on failure; may be empty. */
const struct shell_list *sh_parse_list(struct parser *p);
/* The same, at least one command. */
const struct shell_list *sh_parse_commands(struct parser *p, const char *wanted);
bool sh_parse_and_or(struct parser *p);
bool sh_parse_separator(struct parser *p);
const struct shell_list *sh_finish_list(struct parser *p, struct span span, size_t mark);
const struct shell_list *sh_list_of(struct parser *p, const struct shell_command *c);

/* ---- parse_simple.c ------------------------------------------------------------------------- */

struct shell_command *sh_parse_simple(struct parser *p);
/* Those that stand here go to the stack. */
bool sh_parse_redirections(struct parser *p);
void sh_finish_redirections(struct parser *p, struct shell_command *c, size_t mark);

/* ---- parse_compound.c, parse_cond.c --------------------------------------------------------- */

/* A command of any kind at the cursor (blanks skipped). */
struct shell_command *sh_parse_command(struct parser *p);
/* Behind the "(" of "name (". */
struct shell_command *sh_parse_function(struct parser *p, struct span span, struct str name);
struct shell_command *sh_parse_case(struct parser *p, struct span span);
struct shell_command *sh_parse_cond(struct parser *p, struct span span);
bool sh_expect_keyword(struct parser *p, enum keyword k, struct span opener, const char *what);

#endif
