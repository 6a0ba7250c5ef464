#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* strerror_r has two shapes; the GNU one (we define _GNU_SOURCE) returns the text. */
static const char *errno_text(int number, char *space, size_t size)
{
	return strerror_r(number, space, size);
}

int error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	err->code = code;
	err->errnum = 0;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int error_sys(struct error *err, const char *fmt, ...)
{
	int number = errno;
	char text[ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char space[128];
	const char *why = errno_text(number, space, sizeof(space));
	err->code = ERROR_SYSTEM;
	err->errnum = number;
	snprintf(err->text, sizeof(err->text), "%.*s: %s", ERROR_TEXT_MAX - 160, text, why);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	size_t used = n < 0 ? 0 : (size_t)n;
	if (used > ERROR_TEXT_MAX / 2)
		used = ERROR_TEXT_MAX / 2;
	size_t keep = strlen(err->text);
	if (keep > ERROR_TEXT_MAX - used - 3)
		keep = ERROR_TEXT_MAX - used - 3;
	memmove(err->text + used + 2, err->text, keep);
	memcpy(err->text, text, used);
	memcpy(err->text + used, ": ", 2);
	err->text[used + 2 + keep] = '\0';
	return -1;
}

void error_clear(struct error *err)
{
	err->code = ERROR_NONE;
	err->errnum = 0;
	err->text[0] = '\0';
}

int error_exit_status(enum error_code code)
{
	static const int status[] = {
		[ERROR_NONE] = 0,
		[ERROR_USAGE] = 2,
		[ERROR_INPUT] = 3,
		[ERROR_SYSTEM] = 4,
		[ERROR_TRUST] = 5,
		[ERROR_BUG] = 70,
	};
	return (size_t)code < countof(status) ? status[code] : 70;
}

void error_out_of_memory(void)
{
	static const char text[] = "sealwright: out of memory\n";
	ssize_t ignored = write(2, text, sizeof(text) - 1);
	(void)ignored;
	abort();
}
