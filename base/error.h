/*
 * One error value that the caller owns. Failing allocates nothing.
 *
 * Every function that can fail returns 0 or -1 and takes the error last. The text reads outside
 * in ("build redis: upload: /tmp/x: no space left on device"), in lower case, without full stop.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/attr.h"

#include <stdbool.h>

/* What the user can do about it. */
enum error_code {
	ERROR_NONE = 0,
	ERROR_USAGE, /* call it differently */
	ERROR_INPUT, /* mend the input that the text names */
	ERROR_SYSTEM, /* mend the machine, or try again */
	ERROR_TRUST, /* nothing to mend: what was given cannot be trusted */
	ERROR_BUG, /* report it */
};

#define ERROR_TEXT_MAX 1024

/* A zeroed error is "no error". text is always NUL-terminated and cut, never overrun. */
struct error {
	enum error_code code;
	int errnum; /* errno at the origin, 0 if it was not a system call */
	char text[ERROR_TEXT_MAX];
};

/* Sets the error; returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *err, enum error_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Sets ERROR_SYSTEM with the text, ": " and strerror(errno). Returns -1. */
int error_sys(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "text: " before what is there. Returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Back to "no error". */
void error_clear(struct error *err);

/* The process exit status for a code: 0, 2 usage, 3 input, 4 system, 5 trust, 70 bug. */
int error_exit_status(enum error_code code);

/* Out of memory for a size that the program chose: says so on stderr and aborts. */
NORETURN void error_out_of_memory(void);

#endif
