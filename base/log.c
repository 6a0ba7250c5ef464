#include "base/log.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>

static const char *const colours[] = {
	[LOG_PLAIN] = "",
	[LOG_GREEN] = "\033[32m",
	[LOG_CYAN] = "\033[36m",
	[LOG_MAGENTA] = "\033[35m",
	[LOG_YELLOW] = "\033[33m",
	[LOG_BLUE] = "\033[34m",
	[LOG_RED] = "\033[31m",
};

static enum log_colour colour_of(const struct log *log, enum log_level level)
{
	if (level == LOG_ERROR)
		return LOG_RED;
	if (log->tint != LOG_PLAIN)
		return log->tint;
	return level == LOG_WARNING ? LOG_YELLOW : LOG_PLAIN;
}

void log_escape(struct buf *out, struct str text)
{
	size_t i = 0;
	while (i < text.n) {
		uint32_t code = 0;
		size_t n = utf8_decode(str_from_index(text, i), &code);
		if (n == 0) {
			buf_printf(out, "\\x%02x", (uint8_t)text.p[i]);
			i++;
			continue;
		}
		bool control = (code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0);
		if (control)
			buf_printf(out, "\\x%02x", code);
		else if (utf8_is_bidi_control(code) || utf8_is_invisible(code))
			buf_printf(out, "\\u{%x}", code);
		else
			buf_add(out, str_sub(text, i, n));
		i += n;
	}
}

static void write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes = str_from_index(bytes, (size_t)n);
	}
}

static void add_line(struct buf *out, const struct log *log, enum log_level level, struct str line)
{
	const char *colour = log->colour ? colours[colour_of(log, level)] : "";
	buf_add_cstr(out, colour);
	buf_add(out, log->prefix);
	log_escape(out, line);
	buf_add_cstr(out, *colour ? "\033[0m\n" : "\n");
}

void log_text(const struct log *log, enum log_level level, struct str text)
{
	if (!log || level > log->level)
		return;
	scoped(buf) clean = {0};
	redactor_apply(log->redactor, &clean, text);
	struct str rest = buf_str(&clean);
	if (str_has_suffix(rest, STR("\n")))
		rest.n--;
	if (!rest.p)
		rest = STR("");
	scoped(buf) out = {0};
	struct str line;
	while (str_cut(&rest, '\n', &line)) {
		if (str_has_suffix(line, STR("\r")))
			line.n--;
		add_line(&out, log, level, line);
	}
	write_all(log->fd, buf_str(&out));
}

void log_say(const struct log *log, enum log_level level, const char *fmt, ...)
{
	if (!log || level > log->level)
		return;
	scoped(buf) text = {0};
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	log_text(log, level, buf_str(&text));
}
