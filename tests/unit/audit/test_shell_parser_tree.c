/* The tree: parts of words, redirections, compound commands, spans. */
#include "audit/shell/shell.h"

#include "tests/unit/test.h"

struct fixture {
	struct arena arena;
	const struct shell_script *script;
};

static void fixture_clear(struct fixture *f)
{
	arena_clear(&f->arena);
}

static const struct shell_command *nth(const struct shell_list *list, size_t i)
{
	assert_non_null(list);
	assert_true(i < list->item_count);
	assert_true(list->items[i].pipeline->command_count > 0);
	return list->items[i].pipeline->commands[0];
}

/* The first command of the script. */
static const struct shell_command *parse(struct fixture *f, const char *text)
{
	f->script = shell_parse(&f->arena, str_from(text), NULL);
	if (!f->script->ok)
		fail_msg("%s: %.*s", text, STR_ARG(f->script->error.text));
	return nth(f->script->body, 0);
}

static const struct shell_part *part(
	const struct shell_word *w, size_t i, enum shell_part_kind kind)
{
	assert_non_null(w);
	assert_true(i < w->part_count);
	assert_int_equal(w->parts[i].kind, kind);
	return &w->parts[i];
}

static const struct shell_param *param(const struct shell_word *w, enum shell_param_op op)
{
	const struct shell_param *p = part(w, 0, SHELL_PARAM)->param;
	assert_int_equal(p->op, op);
	return p;
}

/* The bytes of the text that a span covers. */
static void check_span(const struct fixture *f, struct span s, const char *want)
{
	check_str(str_sub(f->script->text, s.off, s.len), want);
	struct span again = span_at(f->script->text, s.off, s.len);
	assert_int_equal(s.line, again.line);
	assert_int_equal(s.col, again.col);
}

static void static_is(const struct shell_word *w, const char *want)
{
	scoped(arena) a = {0};
	struct str text;
	assert_true(shell_word_static(w, &a, &text));
	check_str(text, want);
}

static void quote_removal_joins_the_parts_of_a_word(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "x \"a\"'b'\\c$'\\x64' '' \"e\\\"f\" $g\n");
	assert_int_equal(c->word_count, 5);
	static_is(c->words[1], "abcd");
	static_is(c->words[2], "");
	static_is(c->words[3], "e\"f");
	scoped(arena) a = {0};
	struct str text;
	assert_false(shell_word_static(c->words[4], &a, &text));
	assert_false(shell_word_static(NULL, &a, &text));
}

static void a_word_has_its_parts_in_order(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "a'b'\"c$d\"\\*`e`$(f)$((g))\n");
	const struct shell_word *w = c->words[0];
	assert_int_equal(w->part_count, 7);
	check_str(part(w, 0, SHELL_LITERAL)->text, "a");
	check_str(part(w, 1, SHELL_SINGLE)->text, "b");
	const struct shell_part *quoted = part(w, 2, SHELL_DOUBLE);
	assert_int_equal(quoted->part_count, 2);
	check_str(quoted->parts[0].text, "c");
	check_str(quoted->parts[1].param->name, "d");
	assert_true(part(w, 3, SHELL_LITERAL)->escaped);
	check_str(w->parts[3].text, "*");
	static_is(nth(part(w, 4, SHELL_COMMAND_SUBST)->list, 0)->words[0], "e");
	static_is(nth(part(w, 5, SHELL_COMMAND_SUBST)->list, 0)->words[0], "f");
	check_str(part(w, 6, SHELL_ARITH)->parts[0].text, "g");
	check_span(&f, w->parts[2].span, "\"c$d\"");
	check_span(&f, w->parts[4].span, "`e`");
	check_span(&f, w->parts[6].span, "$((g))");
}

static void parameters_say_what_is_done_to_them(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f,
		"x ${a:-b} ${a-$c} ${#a} ${a%%b} ${a/b/c} ${a:1:2} ${!a} ${a[1]} ${a@Q} ${!a[@]} "
		"${a^^} ${a//b}\n");
	assert_true(param(c->words[1], SHELL_OP_DEFAULT)->colon);
	static_is(param(c->words[1], SHELL_OP_DEFAULT)->arg, "b");
	assert_false(param(c->words[2], SHELL_OP_DEFAULT)->colon);
	check_str(param(param(c->words[2], SHELL_OP_DEFAULT)->arg, SHELL_OP_NONE)->name, "c");
	check_str(param(c->words[3], SHELL_OP_LENGTH)->name, "a");
	static_is(param(c->words[4], SHELL_OP_TRIM_SUFFIX_LONG)->arg, "b");
	check_str(param(c->words[5], SHELL_OP_REPLACE)->op_text, "/");
	static_is(param(c->words[5], SHELL_OP_REPLACE)->arg, "b");
	static_is(param(c->words[5], SHELL_OP_REPLACE)->arg2, "c");
	static_is(param(c->words[6], SHELL_OP_SLICE)->arg, "1");
	static_is(param(c->words[6], SHELL_OP_SLICE)->arg2, "2");
	assert_true(param(c->words[7], SHELL_OP_NONE)->indirect);
	static_is(param(c->words[8], SHELL_OP_NONE)->index, "1");
	check_str(param(c->words[9], SHELL_OP_TRANSFORM)->op_text, "Q");
	check_str(param(c->words[10], SHELL_OP_INDIRECT_KEYS)->op_text, "[@]");
	check_str(param(c->words[11], SHELL_OP_CASE)->op_text, "^^");
	check_str(param(c->words[12], SHELL_OP_REPLACE)->op_text, "//");
	assert_null(param(c->words[12], SHELL_OP_REPLACE)->arg2);
}

static void hash_is_a_length_or_the_number_of_arguments(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "x ${#} ${##} ${#-} ${#:-a} ${##a} ${#@} $#\n");
	check_str(param(c->words[1], SHELL_OP_NONE)->name, "#");
	check_str(param(c->words[2], SHELL_OP_LENGTH)->name, "#");
	check_str(param(c->words[3], SHELL_OP_LENGTH)->name, "-");
	check_str(param(c->words[4], SHELL_OP_DEFAULT)->name, "#");
	check_str(param(c->words[5], SHELL_OP_TRIM_PREFIX)->name, "#");
	check_str(param(c->words[6], SHELL_OP_LENGTH)->name, "@");
	assert_false(param(c->words[7], SHELL_OP_NONE)->braces);
}

static void assignments_stand_apart_from_words(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "a=1 b+=2 c[i]=3 d= e=(x [k]=y) cmd g=h\n");
	assert_int_equal(c->assign_count, 5);
	assert_int_equal(c->word_count, 2);
	check_str(c->assigns[0].name, "a");
	static_is(c->assigns[0].value, "1");
	assert_true(c->assigns[1].append);
	static_is(c->assigns[2].index, "i");
	assert_null(c->assigns[3].value);
	const struct shell_part *array = part(c->assigns[4].value, 0, SHELL_ARRAY);
	assert_int_equal(array->element_count, 2);
	static_is(array->elements[1], "[k]=y");
	check_span(&f, c->assigns[2].span, "c[i]=3");
	check_span(&f, c->assigns[4].span, "e=(x [k]=y)");
}

static void a_declaration_keeps_its_array_in_a_word(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "declare -a x=(1 $y)\n");
	assert_int_equal(c->word_count, 3);
	check_str(part(c->words[2], 0, SHELL_LITERAL)->text, "x=");
	assert_int_equal(part(c->words[2], 1, SHELL_ARRAY)->element_count, 2);
}

static void redirections_keep_descriptor_and_target(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "a <b 2>>c {fd}>d &>e <<<f 3>&1 >|g <>h &>>i 4<&-\n");
	static const enum shell_redir_op ops[] = {SHELL_REDIR_IN, SHELL_REDIR_APPEND,
		SHELL_REDIR_OUT, SHELL_REDIR_BOTH, SHELL_REDIR_HERESTRING, SHELL_REDIR_DUP_OUT,
		SHELL_REDIR_CLOBBER, SHELL_REDIR_RDWR, SHELL_REDIR_BOTH_APPEND, SHELL_REDIR_DUP_IN};
	static const char *const targets[] = {"b", "c", "d", "e", "f", "1", "g", "h", "i", "-"};
	static const int fds[] = {-1, 2, -1, -1, -1, 3, -1, -1, -1, 4};
	assert_int_equal(c->redir_count, countof(ops));
	for (size_t i = 0; i < countof(ops); i++) {
		assert_int_equal(c->redirs[i].op, ops[i]);
		assert_int_equal(c->redirs[i].fd, fds[i]);
		static_is(c->redirs[i].target, targets[i]);
	}
	check_str(c->redirs[2].fd_var, "fd");
	check_span(&f, c->redirs[1].span, "2>>c");
	check_span(&f, c->redirs[2].span, "{fd}>d");
}

static void a_body_knows_where_it_stands(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "a <<A <<'B'\none $x\ntwo\\$\nA\n$no\nB\nnext word\n");
	const struct shell_word *body = c->redirs[0].body;
	assert_false(c->redirs[0].body_literal);
	check_span(&f, body->span, "one $x\ntwo\\$\n");
	check_str(part(body, 0, SHELL_LITERAL)->text, "one ");
	check_span(&f, part(body, 1, SHELL_PARAM)->span, "$x");
	assert_true(c->redirs[1].body_literal);
	check_str(part(c->redirs[1].body, 0, SHELL_SINGLE)->text, "$no\n");
	check_span(&f, nth(f.script->body, 1)->words[1]->span, "word");
}

static void stripped_tabs_keep_places_right(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "a <<-A\n\tone\n\t\ttwo $(b c)\n\tA\nd <<-'B'\n\t\tx\n\ty\nB\n");
	const struct shell_word *body = c->redirs[0].body;
	check_str(part(body, 0, SHELL_LITERAL)->text, "one\ntwo ");
	const struct shell_command *b = nth(part(body, 1, SHELL_COMMAND_SUBST)->list, 0);
	check_span(&f, b->words[1]->span, "c");
	assert_int_equal(b->words[1]->span.line, 3);
	assert_int_equal(b->words[1]->span.col, 11);
	static_is(nth(f.script->body, 1)->redirs[0].body, "x\ny\n");
}

static void unescaped_backquotes_keep_places_right(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "a `b \\$x\n c \\`d e\\``\n");
	const struct shell_list *list = part(c->words[1], 0, SHELL_COMMAND_SUBST)->list;
	check_str(param(nth(list, 0)->words[1], SHELL_OP_NONE)->name, "x");
	const struct shell_command *inner = nth(list, 1);
	check_span(&f, inner->words[0]->span, "c");
	const struct shell_list *deeper = part(inner->words[1], 0, SHELL_COMMAND_SUBST)->list;
	check_span(&f, nth(deeper, 0)->words[1]->span, "e");
	assert_int_equal(inner->words[0]->span.line, 2);
}

static void every_command_has_its_span(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "# x\nif a b; then\n\tc >d # e\nelif f; then g; fi 2>h && ! i | j &\n");
	check_span(&f, c->span, "if a b; then\n\tc >d # e\nelif f; then g; fi 2>h");
	check_span(&f, nth(c->cond, 0)->span, "a b");
	check_span(&f, nth(c->body, 0)->span, "c >d");
	check_span(&f, nth(c->otherwise, 0)->span, "elif f; then g; fi");
	const struct shell_item *items = f.script->body->items;
	assert_int_equal(items[0].next, SHELL_AND);
	assert_int_equal(items[1].next, SHELL_BACKGROUND);
	assert_true(items[1].pipeline->negated);
	check_span(&f, items[1].pipeline->span, "! i | j");
}

static void an_elif_is_a_list_of_one_if(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "if a; then b; elif c; then d; elif e; then f; else g; fi\n");
	const struct shell_command *second = nth(c->otherwise, 0);
	const struct shell_command *third = nth(second->otherwise, 0);
	assert_int_equal(c->otherwise->item_count, 1);
	assert_int_equal(third->kind, SHELL_IF);
	static_is(nth(second->cond, 0)->words[0], "c");
	static_is(nth(third->otherwise, 0)->words[0], "g");
}

static void loops_and_cases_keep_their_parts(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f,
		"for x in a $b; do c; done; for y; do d; done; case $z in (e|f) g ;; h) i ;& j) ;;& "
		"esac; for ((k=0;;)); do l; done; select m in n; do o; done\n");
	const struct shell_list *all = f.script->body;
	assert_true(c->has_in);
	assert_int_equal(c->word_count, 2);
	check_str(c->name, "x");
	assert_false(nth(all, 1)->has_in);
	const struct shell_command *k = nth(all, 2);
	assert_int_equal(k->item_count, 3);
	assert_int_equal(k->items[0].pattern_count, 2);
	assert_int_equal(k->items[0].terminator, ';');
	assert_int_equal(k->items[1].terminator, '&');
	assert_int_equal(k->items[2].terminator, 'c');
	assert_int_equal(k->items[2].body->item_count, 0);
	check_span(&f, k->items[0].span, "(e|f) g ;;");
	static_is(nth(all, 3)->subject, "k=0;;");
	assert_int_equal(nth(all, 4)->kind, SHELL_SELECT);
}

static void functions_hold_their_body(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "f() { a; } >b\nfunction g:h (c)\n");
	check_str(c->name, "f");
	assert_int_equal(c->inner->kind, SHELL_GROUP);
	assert_int_equal(c->inner->redir_count, 1);
	check_span(&f, c->span, "f() { a; } >b");
	check_str(nth(f.script->body, 1)->name, "g:h");
	assert_int_equal(nth(f.script->body, 1)->inner->kind, SHELL_SUBSHELL);
}

static void operands_of_a_test_are_its_words(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c =
		parse(&f, "[[ -f $a && ( b == c* || d =~ ^(e f)$ ) ]] >g\n");
	assert_int_equal(c->kind, SHELL_COND);
	assert_int_equal(c->word_count, 5);
	static_is(c->words[4], "^(e f)$");
	static_is(c->subject, "-f $a && ( b == c* || d =~ ^(e f)$ ) ");
	assert_int_equal(c->redir_count, 1);
}

static void pipelines_say_which_pipe_takes_errors_along(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	parse(&f, "time a |& b | c\n");
	const struct shell_pipeline *p = f.script->body->items[0].pipeline;
	assert_true(p->timed);
	assert_int_equal(p->command_count, 3);
	assert_true(p->pipe_stderr[0]);
	assert_false(p->pipe_stderr[1]);
}

static void an_extended_pattern_keeps_its_text(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	parse(&f, "shopt -s extglob\nrm a!(b|$(c))d\n");
	const struct shell_word *w = nth(f.script->body, 1)->words[1];
	check_str(part(w, 0, SHELL_LITERAL)->text, "a");
	check_str(part(w, 1, SHELL_EXTGLOB)->text, "!(b|$(c))");
	check_span(&f, w->parts[1].span, "!(b|$(c))");
	check_str(part(w, 2, SHELL_LITERAL)->text, "d");
}

static void process_substitutions_keep_their_direction(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	const struct shell_command *c = parse(&f, "a <(b) >(c)\n");
	check_str(part(c->words[1], 0, SHELL_PROCESS_SUBST)->text, "<");
	check_str(part(c->words[2], 0, SHELL_PROCESS_SUBST)->text, ">");
}

static void the_first_line_says_which_dialect(void **state)
{
	(void)state;
	assert_int_equal(shell_dialect_of(STR("#!/bin/bash -e\n")), SHELL_BASH);
	assert_int_equal(shell_dialect_of(STR("#! /usr/bin/env bash")), SHELL_BASH);
	assert_int_equal(shell_dialect_of(STR("#!/usr/bin/env -S A=1 bash -x\n")), SHELL_BASH);
	assert_int_equal(shell_dialect_of(STR("#!/bin/sh\r\n")), SHELL_POSIX);
	assert_int_equal(shell_dialect_of(STR("#!/bin/busybox ash\n")), SHELL_POSIX);
	assert_int_equal(shell_dialect_of(STR("#!/usr/bin/python3\n")), SHELL_DIALECT_NONE);
	assert_int_equal(shell_dialect_of(STR("#!\n")), SHELL_DIALECT_NONE);
	assert_int_equal(shell_dialect_of(STR("echo\n")), SHELL_DIALECT_NONE);
	assert_int_equal(shell_dialect_of((struct str){0}), SHELL_DIALECT_NONE);
}

static void options_choose_dialect_extglob_and_first_line(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct shell_options o = {.dialect = SHELL_POSIX, .line = 7};
	const struct shell_script *s = shell_parse(&a, STR("\na=(1)"), &o);
	assert_false(s->ok);
	assert_int_equal(s->error.span.line, 8);
	o = (struct shell_options){.extglob = true};
	assert_true(shell_parse(&a, STR("rm !(a)"), &o)->ok);
	assert_int_equal(shell_parse(&a, STR("x"), NULL)->dialect, SHELL_BASH);
	assert_int_equal(shell_parse(&a, STR("#!/bin/sh"), NULL)->dialect, SHELL_POSIX);
}

static void an_exit_before_the_error_is_told(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	assert_true(shell_parse(&a, STR("a\nexit 0\n)"), NULL)->exited);
	assert_true(shell_parse(&a, STR("exec python x\n)"), NULL)->exited);
	assert_false(shell_parse(&a, STR("exec >x\n)"), NULL)->exited);
	assert_false(shell_parse(&a, STR("a && exit\n)"), NULL)->exited);
	assert_false(shell_parse(&a, STR("exit &\n)"), NULL)->exited);
	assert_false(shell_parse(&a, STR("exit | a\n)"), NULL)->exited);
	assert_false(shell_parse(&a, STR("exit; )"), NULL)->exited);
	assert_false(shell_parse(&a, STR("exit\n"), NULL)->exited);
}

static void simple_commands_are_counted(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	assert_int_equal(shell_parse(&a, STR("a $(b `c`); ((d);(e)); f=1"), NULL)->commands, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quote_removal_joins_the_parts_of_a_word),
		cmocka_unit_test(a_word_has_its_parts_in_order),
		cmocka_unit_test(parameters_say_what_is_done_to_them),
		cmocka_unit_test(hash_is_a_length_or_the_number_of_arguments),
		cmocka_unit_test(assignments_stand_apart_from_words),
		cmocka_unit_test(a_declaration_keeps_its_array_in_a_word),
		cmocka_unit_test(redirections_keep_descriptor_and_target),
		cmocka_unit_test(a_body_knows_where_it_stands),
		cmocka_unit_test(stripped_tabs_keep_places_right),
		cmocka_unit_test(unescaped_backquotes_keep_places_right),
		cmocka_unit_test(every_command_has_its_span),
		cmocka_unit_test(an_elif_is_a_list_of_one_if),
		cmocka_unit_test(loops_and_cases_keep_their_parts),
		cmocka_unit_test(functions_hold_their_body),
		cmocka_unit_test(operands_of_a_test_are_its_words),
		cmocka_unit_test(pipelines_say_which_pipe_takes_errors_along),
		cmocka_unit_test(an_extended_pattern_keeps_its_text),
		cmocka_unit_test(process_substitutions_keep_their_direction),
		cmocka_unit_test(the_first_line_says_which_dialect),
		cmocka_unit_test(options_choose_dialect_extglob_and_first_line),
		cmocka_unit_test(an_exit_before_the_error_is_told),
		cmocka_unit_test(simple_commands_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
