#include "base/diag.h"

#include <stdarg.h>

static void add(struct diags *d, struct arena *a, enum diag_severity severity,
	const struct origin *o, struct str text)
{
	if (severity == DIAG_ERROR)
		d->errors++;
	if (d->n >= DIAGS_MAX)
		return;
	list_push(a, d) = (struct diag){.severity = severity, .origin = *o, .text = text};
}

int diag_error(struct diags *d, struct arena *a, const struct origin *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, a, DIAG_ERROR, o, arena_vprintf(a, fmt, ap));
	va_end(ap);
	return -1;
}

void diag_warning(struct diags *d, struct arena *a, const struct origin *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, a, DIAG_WARNING, o, arena_vprintf(a, fmt, ap));
	va_end(ap);
}

void diag_hint(struct diags *d, struct arena *a, const char *fmt, ...)
{
	if (d->n == 0)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->items[d->n - 1].hint = arena_vprintf(a, fmt, ap);
	va_end(ap);
}

int diags_check(const struct diags *d, struct error *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *m = &d->items[i];
		if (m->severity != DIAG_ERROR)
			continue;
		if (d->errors > 1)
			return error_at(err, &m->origin, "%.*s (and %zu more)", STR_ARG(m->text),
				d->errors - 1);
		return error_at(err, &m->origin, "%.*s", STR_ARG(m->text));
	}
	/* The list was full of warnings before the first error. */
	if (d->errors > 0)
		return error_set(err, ERROR_INPUT, "%zu errors", d->errors);
	return 0;
}
