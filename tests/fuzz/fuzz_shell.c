/*
 * The shell parser: an answer for any bytes in either dialect, commands inside of the text, and
 * the same answer twice.
 */
#include "audit/shell/calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(void *ctx, const struct shell_command *c)
{
	const struct shell_script *s = ctx;
	if (c->span.off > s->text.n || c->span.len > s->text.n - c->span.off)
		abort();
}

static void check(struct str text, enum shell_dialect dialect)
{
	scoped(arena) a = {0};
	const struct shell_options o = {.dialect = dialect};
	struct shell_script *s = shell_parse(&a, text, &o);
	const struct shell_script *again = shell_parse(&a, text, &o);
	if (s->ok != again->ok || s->commands != again->commands ||
		(!s->ok && s->error.text.n == 0))
		abort();
	shell_visit(s->body, check_span, s);
	shell_calls(s, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	check(text, SHELL_BASH);
	check(text, SHELL_POSIX);
	return 0;
}
