#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/xml.h"

static void elements_hold_text_and_elements(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct xml_problem problem = {0};
	struct str text = STR("<?xml version=\"1.0\"?>\n<!DOCTYPE r>\n<ns:r a='>' b=\"x\">\n"
			      "<!-- <x> --><i>a &amp; b&#10;&#x41;</i><i><![CDATA[<&>]]></i><e/>"
			      "<Deep><k>v</k></Deep></ns:r>");
	const struct xml *document = xml_read(&a, text, 100, &problem);
	assert_null(problem.text);
	assert_int_equal(document->children.n, 1);
	const struct xml *r = document->children.items[0];
	check_str(r->name, "r");
	assert_int_equal(r->children.n, 4);
	check_str(xml_text(r, "i"), "a & b\nA");
	check_str(r->children.items[1]->text, "<&>");
	check_str(xml_text(r, "e"), "");
	check_str(xml_text(xml_find(r, "Deep"), "k"), "v");
	assert_true(xml_is_in(xml_find(xml_find(r, "Deep"), "k"), "deep"));
	assert_false(xml_is_in(r, "deep"));
	assert_null(xml_find(NULL, "x"));
	check_str(xml_text(NULL, "x"), "");
}

static void text_knows_where_it_stands(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct xml_problem problem = {0};
	struct str text = STR("\xef\xbb\xbf<r>\n  <i>\n    two\n</i><j>a&lt;b</j></r>");
	const struct xml *r = xml_read(&a, text, 100, &problem)->children.items[0];
	const struct xml *i = xml_find(r, "i");
	assert_int_equal(i->at.line, 3);
	assert_int_equal(i->at.col, 5);
	assert_true(i->by_line);
	assert_false(xml_find(r, "j")->by_line);
	assert_int_equal(xml_find(r, "j")->at.line, 4);
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *problem;
	} cases[] = {
		{"<a><b></a></b>", "an end that has no beginning"},
		{"<a>", "an element without its end"},
		{"</a>", "an end that has no beginning"},
		{"<a", "a tag without its end"},
		{"<a b='>", "a tag without its end"},
		{"<a>&nbsp;</a>", "an entity that is not known"},
		{"<a>& b</a>", "an entity that is not known"},
		{"<a>&#xD800;</a>", "an entity that is not known"},
		{"<a>&#0;</a>", "an entity that is not known"},
		{"<a>&#x;</a>", "an entity that is not known"},
		{"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
			"a document type with declarations of its own"},
		{"<!-- a", "a comment without its end"},
		{"<a><![CDATA[x</a>", "a CDATA section without its end"},
		{"<?x", "an instruction without its end"},
		{"<></>", "elements too deep in each other, or without a name"},
		{"<a><b/><c/><d/><e/></a>", "too many elements"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct xml_problem problem = {0};
		const struct xml *document = xml_read(&a, str_from(cases[i].text), 4, &problem);
		assert_non_null(document);
		if (!problem.text || strcmp(problem.text, cases[i].problem) != 0)
			fail_msg("%s: %s", cases[i].text, problem.text ? problem.text : "read");
	}
}

static void depth_is_limited(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	struct xml_problem problem = {0};
	for (unsigned i = 0; i <= XML_DEPTH_MAX; i++)
		buf_add_cstr(&text, "<a>");
	(void)xml_read(&a, buf_str(&text), 1000, &problem);
	check_str(str_from(problem.text), "elements too deep in each other, or without a name");
}

static void what_stands_before_a_problem_is_kept(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct xml_problem problem = {0};
	const struct xml *document = xml_read(&a, STR("<a><b>one</b><c>two"), 100, &problem);
	const struct xml *r = document->children.items[0];
	assert_non_null(problem.text);
	check_str(xml_text(r, "b"), "one");
	assert_true(xml_find(r, "b")->ended);
	assert_false(xml_find(r, "c")->ended);
	assert_false(r->ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_hold_text_and_elements),
		cmocka_unit_test(text_knows_where_it_stands),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(what_stands_before_a_problem_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
