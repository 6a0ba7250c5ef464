/* Runs the cases of fixtures/shell. */
#include "tests/unit/audit/shell_case.h"

static struct shell_script *parse_as(
	const struct shell_case *c, struct arena *a, enum shell_dialect dialect)
{
	const struct shell_options o = {.dialect = dialect};
	return shell_parse(a, c->text, &o);
}

static bool check_expect(const struct shell_case *c, const struct shell_expect *e,
	const struct shell_script *s, const char *dialect)
{
	if (!e->given)
		return true;
	if (s->ok == e->ok &&
		(e->ok || e->line == 0 ||
			(e->line == s->error.span.line && e->col == s->error.span.col)))
		return true;
	print_error("%.*s: %.*s: %s: %s %u:%u %.*s\n", STR_ARG(c->file), STR_ARG(c->name), dialect,
		s->ok ? "accepted" : "rejected", s->error.span.line, s->error.span.col,
		STR_ARG(s->error.text));
	return false;
}

static bool check_warnings(const struct shell_case *c, const struct shell_script *s)
{
	bool ok = true;
	for (size_t i = 0; i < c->warnings.n; i++) {
		bool found = false;
		for (size_t k = 0; k < s->warnings.n && !found; k++)
			found = str_contains(s->warnings.items[k].text, c->warnings.items[i]);
		if (!found)
			print_error("%.*s: %.*s: no warning \"%.*s\"\n", STR_ARG(c->file),
				STR_ARG(c->name), STR_ARG(c->warnings.items[i]));
		ok = ok && found;
	}
	return ok;
}

struct call_list {
	struct arena *arena;
	struct str_list lines;
};

static void add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_add_cstr(b, "\\s");
		else if (s.p[i] == '\n')
			buf_add_cstr(b, "\\n");
		else if (s.p[i] == '\r')
			buf_add_cstr(b, "\\r");
		else if (s.p[i] == '\\')
			buf_add_cstr(b, "\\\\");
		else
			buf_add_byte(b, s.p[i]);
	}
}

static void add_line(void *ctx, const struct shell_command *c)
{
	struct call_list *list = ctx;
	scoped(buf) b = {0};
	if (c->word_count == 0)
		return;
	buf_printf(&b, "%u", c->words[0]->span.line);
	for (size_t i = 0; i < c->word_count; i++) {
		struct str text;
		buf_add_byte(&b, ' ');
		if (shell_word_static(c->words[i], list->arena, &text))
			add_escaped(&b, text);
		else
			buf_add_byte(&b, '?');
	}
	list_push(list->arena, &list->lines) = arena_str(list->arena, buf_str(&b));
}

static bool check_calls(const struct shell_case *c, const struct shell_script *s, struct arena *a)
{
	struct call_list got = {.arena = a};
	if (c->calls.n == 0)
		return true;
	shell_visit(s->body, add_line, &got);
	bool same = got.lines.n == c->calls.n;
	for (size_t i = 0; same && i < got.lines.n; i++)
		same = str_eq(got.lines.items[i], c->calls.items[i]) ||
			str_eq(got.lines.items[i], case_decode(a, c->calls.items[i]));
	if (same)
		return true;
	struct str all = arena_join(a, got.lines.items, got.lines.n, STR("\n\t"));
	print_error("%.*s: %.*s: got\n\t%.*s\n", STR_ARG(c->file), STR_ARG(c->name), STR_ARG(all));
	return false;
}

static bool check_case(const struct shell_case *c)
{
	scoped(arena) a = {0};
	const struct shell_script *bash = parse_as(c, &a, SHELL_BASH);
	const struct shell_script *posix = parse_as(c, &a, SHELL_POSIX);
	bool ok = check_expect(c, &c->bash, bash, "bash");
	ok = check_expect(c, &c->posix, posix, "posix") && ok;
	const struct shell_script *first = c->bash.given ? bash : posix;
	ok = check_warnings(c, first) && ok;
	return check_calls(c, first, &a) && ok;
}

static void every_case_of_the_fixtures_is_read_as_it_says(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct shell_cases cases = {0};
	size_t wrong = 0;
	cases_load(&cases, &a);
	assert_true(cases.n > 200);
	for (size_t i = 0; i < cases.n; i++)
		wrong += !check_case(&cases.items[i]);
	assert_int_equal(wrong, 0);
}

/* Whatever is cut off: an answer, and never a tree that points outside of the text. */
static void every_beginning_of_every_case_gets_an_answer(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct shell_cases cases = {0};
	cases_load(&cases, &a);
	for (size_t i = 0; i < cases.n; i++) {
		for (size_t n = 0; n < cases.items[i].text.n; n++) {
			scoped(arena) one = {0};
			struct shell_case c = cases.items[i];
			c.text.n = n;
			for (int d = SHELL_BASH; d <= SHELL_POSIX; d++) {
				const struct shell_script *s =
					parse_as(&c, &one, (enum shell_dialect)d);
				assert_true(s->ok || s->error.span.off <= n);
				assert_true(s->ok || s->error.text.n > 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_of_the_fixtures_is_read_as_it_says),
		cmocka_unit_test(every_beginning_of_every_case_gets_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
