/* Messages for people, on a descriptor that the caller chooses. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/redact.h"

enum log_level { LOG_QUIET = 0, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum log_colour { LOG_PLAIN = 0, LOG_GREEN, LOG_CYAN, LOG_MAGENTA, LOG_YELLOW, LOG_BLUE, LOG_RED };

/*
 * A zeroed log is silent. With a redactor, sensitive values never reach the descriptor. Control
 * characters of what is logged are shown escaped, so that no text can drive the terminal.
 */
struct log {
	enum log_level level;
	int fd;
	bool colour;
	enum log_colour tint; /* for every line of this log; LOG_PLAIN: by level */
	struct str prefix; /* before every line, "redis: " for one build of several */
	const struct redactor *redactor;
};

/* One or more whole lines, written with one write. log may be NULL. */
void log_say(const struct log *log, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void log_text(const struct log *log, enum log_level level, struct str text);

/* Appends text with control characters, bidi controls and invalid UTF-8 shown as \xNN or \u{N}. */
void log_escape(struct buf *out, struct str text);

#endif
