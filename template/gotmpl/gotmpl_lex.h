/* Tokens of text/template. */
#ifndef TEMPLATE_GOTMPL_LEX_H
#define TEMPLATE_GOTMPL_LEX_H

#include "template/gotmpl/gotmpl.h"

enum gotmpl_token_kind {
	TOKEN_NONE = 0,
	TOKEN_END,
	TOKEN_TEXT, /* text */
	TOKEN_OPEN, /* {{ */
	TOKEN_CLOSE, /* }} */
	TOKEN_SPACE,
	TOKEN_WORD, /* identifier or keyword: name */
	TOKEN_FIELD, /* .name: name */
	TOKEN_DOT,
	TOKEN_VARIABLE, /* $name: name, may be empty */
	TOKEN_LITERAL, /* value */
	TOKEN_LEFT,
	TOKEN_RIGHT,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN, /* = */
};

struct gotmpl_token {
	enum gotmpl_token_kind kind;
	size_t off;
	struct str name;
	struct text text;
	struct gotmpl_value value;
};

/* flat: literal bytes, and one byte for each other piece, whose offset and index stand in marks. */
struct gotmpl_lexer {
	struct arena *arena;
	struct gotmpl_fault *fault;
	struct str flat;
	const struct text *in;
	struct {
		struct gotmpl_mark {
			size_t off;
			size_t piece;
		} * items;
		size_t n;
		size_t cap;
	} marks;
	size_t at;
	size_t mark; /* the next one */
	bool inside; /* between {{ and }} */
	bool trim; /* behind -}} */
};

void gotmpl_lexer_init(
	struct gotmpl_lexer *l, const struct text *in, struct arena *a, struct gotmpl_fault *fault);
MUST_CHECK int gotmpl_lexer_next(struct gotmpl_lexer *l, struct gotmpl_token *out);

/* Behind the opening quote of a Go literal; the quote is " or '. Advances `at` past the end. */
MUST_CHECK int gotmpl_unquote(struct gotmpl_lexer *l, char quote, struct buf *out);

#endif
