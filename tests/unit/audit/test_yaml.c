/* YAML as audit/eval reads it: values, and the places where they stand. */
#include "audit/eval/yaml.h"
#include "base/buf.h"
#include "tests/unit/test.h"

/* A value in one line: scalars as <text>, each with its place. */
static void show(struct buf *out, const struct yaml *n)
{
	if (!n) {
		buf_add_cstr(out, "none");
	} else if (n->type == YAML_SCALAR) {
		buf_printf(out, "<%.*s>@%u:%u%s", STR_ARG(n->text), n->span.line, n->span.col,
			n->by_line ? "" : "~");
	} else {
		buf_add_cstr(out, n->type == YAML_LIST ? "[" : "{");
		for (size_t i = 0; i < n->n; i++) {
			buf_add_cstr(out, i > 0 ? " " : "");
			if (n->type == YAML_MAP)
				buf_printf(out, "%.*s: ", STR_ARG(n->items[i]->key));
			show(out, n->items[i]);
		}
		buf_add_cstr(out, n->type == YAML_LIST ? "]" : "}");
	}
}

static void check(const char *text, const char *want)
{
	scoped(arena) a = {0};
	scoped(buf) out = {0};
	struct yaml_document d;
	yaml_parse(&d, &a, str_from(text));
	if (!d.ok)
		fail_msg("%s\n%u:%u: %.*s", text, d.place.line, d.place.col, STR_ARG(d.problem));
	show(&out, d.root);
	check_str(arena_str(&a, buf_str(&out)), want);
}

static void check_problem(const char *text, uint32_t line, const char *problem)
{
	scoped(arena) a = {0};
	struct yaml_document d;
	yaml_parse(&d, &a, str_from(text));
	assert_false(d.ok);
	check_str(d.problem, problem);
	assert_int_equal(d.place.line, line);
}

static void collections_are_read_in_blocks(void **state)
{
	(void)state;
	check("a: 1\nb:\n  c: x y\n  d:\n  - e\n  - f: g\n    h: i\n",
		"{a: <1>@1:4 b: {c: <x y>@3:6 d: [<e>@5:5 {f: <g>@6:8 h: <i>@7:8}]}}");
	check("a:\n- b\n-   - c\n    - d\n-\n  e: f\ng:\n",
		"{a: [<b>@2:3 [<c>@3:7 <d>@4:7] {e: <f>@6:6}] g: <>@8:1}");
	check("---\n# x\n- a # b\n- 'c # d'\n- e#f\n...\n", "[<a>@3:3 <c # d>@4:4 <e#f>@5:3]");
	check("", "none");
	check("--- a\n", "<a>@1:5");
}

static void collections_are_read_in_flow(void **state)
{
	(void)state;
	check("a: [b, \"c, d\", [e], {f: g, h}]\n",
		"{a: [<b>@1:5 <c, d>@1:9 [<e>@1:17] {f: <g>@1:25 h: <>@1:29}]}");
	check("a: [\n  b, # c\n  d\n]\n", "{a: [<b>@2:3 <d>@3:3]}");
	check("[a: b, {\"c\":d}]", "[{a: <b>@1:5} {c: <d>@1:13}]");
	check("- [http://x.example/a, b]\n", "[[<http://x.example/a>@1:4 <b>@1:24]]");
}

static void blocks_of_text_keep_their_lines(void **state)
{
	(void)state;
	check("a: |\n  one\n    two\n\n  three\nb: x\n",
		"{a: <one\n  two\n\nthree\n>@2:3 b: <x>@6:4}");
	check("a: |-\n  one\n\n", "{a: <one>@2:3}");
	check("a: |+\n  one\n\nb: c\n", "{a: <one\n\n>@2:3 b: <c>@4:4}");
	check("a: |2\n    one\n   two\n", "{a: <  one\n two\n>@2:3}");
	check("a: >\n  one\n  two\n\n  three\n", "{a: <one two\nthree\n>@2:3~}");
	check("- |\n  a\n- b\n", "[<a\n>@2:3 <b>@3:3]");
	check("a:\n- |\n  # no comment\n  b\n", "{a: [<# no comment\nb\n>@3:3]}");
}

static void quotes_and_plain_text_go_on(void **state)
{
	(void)state;
	check("a: \"b\\n\\x41\\\"\"\n", "{a: <b\nA\">@1:5~}");
	check("a: 'it''s: x'\n", "{a: <it's: x>@1:5}");
	check("a: \"b\n  c\"\n", "{a: <b c>@1:5~}");
	check("a: b\n  c\n  d\ne: f\n", "{a: <b c d>@1:4~ e: <f>@4:4}");
	check("\"a b\": c\n", "{a b: <c>@1:8}");
}

static void anchors_and_tags_change_nothing(void **state)
{
	(void)state;
	check("a: &x [b]\nc: *x\nd: !!str 5\n", "{a: [<b>@1:8] c: [<b>@1:8] d: <5>@3:10}");
	check("a: &x\n  b: c\nd:\n  <<: *x\n", "{a: {b: <c>@2:6} d: {<<: {b: <c>@2:6}}}");
	scoped(arena) a = {0};
	struct yaml_document d;
	yaml_parse(&d, &a, STR("a: &x\n  b: c\nd:\n  <<: *x\n"));
	check_str(yaml_text(yaml_find(d.root, "d"), "b"), "c");
}

static void what_is_not_read_is_said(void **state)
{
	(void)state;
	check_problem("a: b\na: c\n", 2, "a key that stands there already");
	check_problem("{a: b, a: c}", 1, "a key that stands there already");
	check_problem("a: [b\n", 2, "a list or map without its end");
	check_problem("a: \"b\n", 2, "a quoted text without its end");
	check_problem("a: b: c\n", 1, "two keys on one line");
	check_problem("a: b\n---\nc: d\n", 3, "a second document");
	check_problem("a: *b\n", 1, "an alias of nothing");
	check_problem("{% if x %}\na: b\n", 1, "a character with which no value begins");
	check_problem("a: b\n\tc: d\n", 2, "a value that belongs to nothing");
	check_problem("? a\n: b\n", 1, "a key of more than one word");
	check_problem("a: \"\\q\"\n", 1, "an escape that YAML does not have");
}

static void depth_has_a_limit(void **state)
{
	(void)state;
	char text[1024];
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check_problem(text, 1, "values too deep in each other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collections_are_read_in_blocks),
		cmocka_unit_test(collections_are_read_in_flow),
		cmocka_unit_test(blocks_of_text_keep_their_lines),
		cmocka_unit_test(quotes_and_plain_text_go_on),
		cmocka_unit_test(anchors_and_tags_change_nothing),
		cmocka_unit_test(what_is_not_read_is_said),
		cmocka_unit_test(depth_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
