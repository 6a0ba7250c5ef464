#include "base/span.h"

#include <stdarg.h>
#include <stdio.h>

struct span span_at(struct str text, size_t off, size_t len)
{
	if (off > text.n)
		off = text.n;
	uint32_t line = 1;
	size_t start = 0;
	for (size_t i = 0; i < off; i++) {
		if (text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return (struct span){
		.off = (uint32_t)off,
		.len = (uint32_t)len,
		.line = line,
		.col = (uint32_t)(off - start) + 1,
	};
}

struct str origin_str(struct arena *a, const struct origin *o)
{
	if (o->file.n == 0)
		return STR("-");
	if (o->span.line == 0)
		return arena_str(a, o->file);
	return arena_printf(a, "%.*s:%u:%u", STR_ARG(o->file), o->span.line, o->span.col);
}

int error_at(struct error *err, const struct origin *o, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, ERROR_INPUT, "%s", text);
	if (o->file.n == 0)
		return -1;
	if (o->span.line == 0)
		return error_wrap(err, "%.*s", STR_ARG(o->file));
	return error_wrap(err, "%.*s:%u:%u", STR_ARG(o->file), o->span.line, o->span.col);
}
