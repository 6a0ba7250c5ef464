/* Texts and what Go 1.26's text/template makes of them; NULL: it refuses them. */
#include "template/template.h"
#include "tests/unit/test.h"

static const struct {
	const char *in;
	const char *want;
} texts[] = {
	/* clang-format off */
	{"plain", "plain"},
	{"{{.Path}}", "/tmp/x.sh"},
	{"{{ .Path }} {{- \"x\" -}}  y", "/tmp/x.shxy"},
	{"a {{- /* c */ -}} b", "ab"},
	{"a {{/* c */}} b", "a  b"},
	{"{{/* c */ -}}  b", "b"},
	{"{{\"a\" | printf \"%s-%s\" \"b\"}}", "b-a"},
	{"{{printf \"%d %5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%q|%U\" 1 2 3 4 5 255 255 8 5 65 65 65}}", "1     2|3    |00004|+5|ff|FF|10|101|A|'A'|U+0041"},
	{"{{printf \"%s|%10s|%-10s|%.2s|%q|%x|%X|% x|%v\" \"abc\" \"abc\" \"abc\" \"abc\" \"a\\\"b\" \"abc\" \"abc\" \"abc\" \"abc\"}}", "abc|       abc|abc       |ab|\"a\\\"b\"|616263|616263|61 62 63|abc"},
	{"{{printf \"%f|%.2f|%8.3f|%e|%g|%v|%E|%G\" 1.5 1.555 3.14159 1.5 1e21 1e-7 2.5 100000.0}}", "1.500000|1.55|   3.142|1.500000e+00|1e+21|1e-07|2.500000E+00|100000"},
	{"{{printf \"%t|%v|%5t\" true false true}}", "true|false| true"},
	{"{{printf \"%d\" \"x\"}}", "%!d(string=x)"},
	{"{{printf \"%s\" 5}}", "%!s(int=5)"},
	{"{{printf \"%s %s\" \"a\"}}", "a %!s(MISSING)"},
	{"{{printf \"%s\" \"a\" \"b\"}}", "a%!(EXTRA string=b)"},
	{"{{printf \"%!\"}}", "%!!(MISSING)"},
	{"{{printf \"%\"}}", "%!(NOVERB)"},
	{"{{printf \"%%\"}}", "%"},
	{"{{printf \"%z\" 1}}", "%!z(int=1)"},
	{"{{printf \"%*d|%-*d|%.*f\" 5 1 5 2 2 1.5}}", "    1|2    |1.50"},
	{"{{printf \"% d|% d\" 5 -5}}", " 5|-5"},
	{"{{printf \"%06.2f|%-8.2f|%+.1f\" 1.5 1.5 2.25}}", "001.50|1.50    |+2.2"},
	{"{{printf \"%v %v\" nil 1}}", "<nil> 1"},
	{"{{print \"a\" \"b\" 1 2 \"c\" 3}}", "ab1 2c3"},
	{"{{print 1 2 true nil}}", "1 2 true <nil>"},
	{"{{println \"a\" 1}}", "a 1\n"},
	{"{{len \"h\303\251llo\"}}", "6"},
	{"{{index \"abc\" 1}}", "98"},
	{"{{slice \"abcdef\" 1 3}}{{slice \"abc\" 1}}{{slice \"abc\"}}", "bcbcabc"},
	{"{{slice \"abc\" 2 1}}", NULL},
	{"{{slice \"abc\" 5}}", NULL},
	{"{{index \"abc\" 5}}", NULL},
	{"{{html \"<a href='x'>&\\\"\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"},
	{"{{js \"a'b\\\"<x>&=\\n\\\\\"}}", "a\\'b\\\"\\u003Cx\\u003E\\u0026\\u003D\\u000A\\\\"},
	{"{{urlquery \"a b&c=d/\303\251~\"}}", "a+b%26c%3Dd%2F%C3%A9~"},
	{"{{eq 1 1}} {{eq \"a\" \"b\"}} {{eq \"a\" \"b\" \"a\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 1.5}}", "true false true true true true true true"},
	{"{{eq 1 1.0}}", NULL},
	{"{{eq \"a\" 1}}", NULL},
	{"{{lt \"a\" 1}}", NULL},
	{"{{lt true false}}", NULL},
	{"{{eq true true}}", "true"},
	{"{{and 1 0 2}} {{or 0 \"\" \"x\"}} {{not 0}} {{and \"a\" \"b\"}} {{or \"a\"}}", "0 x true b a"},
	{"{{if .Empty}}a{{else}}b{{end}}{{if .Path}}c{{end}}", "bc"},
	{"{{if eq .Path \"/tmp/x.sh\"}}yes{{else if .Vars}}no{{else}}never{{end}}", "yes"},
	{"{{with .Path}}{{.}}{{end}}{{with .Empty}}x{{else}}y{{end}}", "/tmp/x.shy"},
	{"{{with $x := .Path}}{{$x}}{{end}}", "/tmp/x.sh"},
	{"{{$x := .Path}}{{$x}}{{$x = \"b\"}}{{$x}}", "/tmp/x.shb"},
	{"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
	{"{{$x := 1}}{{if true}}{{$x = 2}}{{$x}}{{end}}{{$x}}", "22"},
	{"{{$.Path}}", "/tmp/x.sh"},
	{"{{(.Path)}} {{(upper .Path)}} {{upper (lower \"A\") | lower | upper}}", "/tmp/x.sh /TMP/X.SH A"},
	{"{{.Path | upper | lower}}", "/tmp/x.sh"},
	{"{{\"quoted\\n\\t\\\"x\\\" \\u00e9 \\x41 \\101\"}}", "quoted\n\t\"x\" \303\251 A A"},
	{"{{`raw \\n \"x\"`}}", "raw \\n \"x\""},
	{"{{'a'}} {{'\\n'}} {{'\303\251'}} {{'\\''}}", "97 10 233 39"},
	{"{{1}} {{-1}} {{+1}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{1.5}} {{1e3}} {{-1.5e-3}} {{.5}}", "1 -1 1 31 5 15 15 1000 1.5 1000 -0.0015 0.5"},
	{"{{1e100}}", "1e+100"},
	{"{{99999999999999999999}}", NULL},
	{"{{1.0}} {{100000000.0}} {{123456789.123}} {{1e20}} {{1e21}} {{0.00001}} {{0.0001}}", "1 1e+08 1.23456789123e+08 1e+20 1e+21 1e-05 0.0001"},
	{"{{true}} {{false}}", "true false"},
	{"{{nil}}", NULL},
	{"{{.Path.Foo}}", NULL},
	{"{{\"a\".Foo}}", NULL},
	{"{{if}}x{{end}}", NULL},
	{"{{end}}", NULL},
	{"{{else}}", NULL},
	{"{{if true}}", NULL},
	{"{{range}}", NULL},
	{"{{foo}}", NULL},
	{"{{\"a\" \"b\"}}", NULL},
	{"{{upper}}", NULL},
	{"{{upper \"a\" \"b\"}}", NULL},
	{"{{upper 1}}", NULL},
	{"{{1 | upper}}", NULL},
	{"{{\"a\" | 1}}", NULL},
	{"{{| upper}}", NULL},
	{"{{(}}", NULL},
	{"{{)}}", NULL},
	{"{{upper (\"a\"}}", NULL},
	{"{{\"unclosed}}", NULL},
	{"{{`unclosed}}", NULL},
	{"{{'ab'}}", NULL},
	{"{{''}}", NULL},
	{"{{", NULL},
	{"{{.", NULL},
	{"{{.Path}", NULL},
	{"{{ .Path }}}}", "/tmp/x.sh}}"},
	{"{{{.Path}}}", NULL},
	{"{{ \"}}\" }}", "}}"},
	{"a }} b", "a }} b"},
	{"{{-}}", NULL},
	{"{{- -}}", NULL},
	{"{{ - 1}}", NULL},
	{"{{-1 -}} x", "-1x"},
	{"{{1 -}}x", "1x"},
	{"{{1-}}x", NULL},
	{"{{$x}}", NULL},
	{"{{$x = 1}}", NULL},
	{"{{$x, $y := 1}}", NULL},
	{"{{$x := 1 | printf \"%d\"}}{{$x}}", "1"},
	{"{{range 3}}{{.}}{{end}}", "012"},
	{"{{range $i := 3}}{{$i}},{{end}}", "0,1,2,"},
	{"{{range 0}}x{{else}}none{{end}}", "none"},
	{"{{range 5}}{{if eq . 1}}{{continue}}{{end}}{{if eq . 3}}{{break}}{{end}}{{.}}{{end}}", "02"},
	{"{{break}}", NULL},
	{"{{range \"abc\"}}{{.}}{{end}}", NULL},
	{"{{range .Path}}{{.}}{{end}}", NULL},
	{"{{replace \"a\" \"b\" 1 \"aaa\"}}{{replace_all \"\" \"-\" \"abc\"}}{{replace_all \"a\" \"\" \"banana\"}}{{replace \"a\" \"b\" -1 \"aaa\"}}{{replace \"\" \"-\" 2 \"abc\"}}", "baa-a-b-c-bnnbbb-a-bc"},
	{"{{split \"a-b-c\" \"-\" 1}}{{split \"abc\" \"\" 2}}", "bc"},
	{"{{split \"a\" \"-\" 3}}", NULL},
	{"{{if and true (eq 1 1)}}x{{end}}", "x"},
	{"{{if not (eq 1 1)}}x{{else}}y{{end}}", "y"},
	{"{{if or (eq 1 2) (eq 1 1) (foo)}}x{{end}}", NULL},
	{"{{or true (index \"a\" 9)}}", "true"},
	{"{{and false (index \"a\" 9)}}", "false"},
	{"{{with 0}}a{{else with 5}}b{{.}}{{end}}", "b5"},
	{"{{template \"x\"}}", NULL},
	{"{{call \"x\"}}", NULL},
	{"{{len 5}}", NULL},
	{"{{not 1 2}}", NULL},
	{"{{eq 1}}", NULL},
	{"{{not}}", NULL},
	{"{{and}}", NULL},
	{"{{print}}", ""},
	{"{{printf}}", NULL},
	{"{{printf 5}}", NULL},
	{"{{.Path .Vars}}", NULL},
	{"{{. | upper}}", NULL},
	{"x{{\"\\{\"}}y", NULL},
	{"{{\"a\"|upper}}", "A"},
	{"{{upper\"a\"}}", NULL},
	{"{{eq\"a\"\"a\"}}", NULL},
	{"{{ .Path}}{{ /* not a comment */ }}", NULL},
	{"{{/* a }} */}}", ""},
	{"{{/*a*/ }}x", NULL},
	{"{{- /*a*/ -}} x", "x"},
	{"{{\t.Path\t}}", "/tmp/x.sh"},
	{"{{.Path\n}}", "/tmp/x.sh"},
	{"{{\"a\nb\"}}", NULL},
	{"{{`a\nb`}}", "a\nb"},
	{"{{printf \"%6.2f%%\" 12.345}}", " 12.35%"},
	{"{{printf \"%3c|%-3c|%q\" 'x' 'y' 'z'}}", "  x|y  |'z'"},
	{"{{printf \"%08b\" 5}}{{printf \"%-08d|\" 5}}{{printf \"%+05d\" 3}}{{printf \"%x\" -255}}{{printf \"%.3d\" 5}}{{printf \"%8.3d|\" 5}}", "000001015       |+0003-ff005     005|"},
	{"{{printf \"%t\" 1}}{{printf \"%d\" true}}{{printf \"%d\" 1.5}}{{printf \"%s\" true}}{{printf \"%s\" nil}}{{printf \"%d\" nil}}", "%!t(int=1)%!d(bool=true)%!d(float64=1.5)%!s(bool=true)%!s(<nil>)%!d(<nil>)"},
	{"{{printf \"%v\" \"x\" | printf \"%s%s\" \"y\"}}", "yx"},
	{"{{printf \"%5.1q|\" \"abc\"}}{{printf \"%-8q|\" \"\303\251\"}}{{printf \"%x\" \"\303\251\"}}{{printf \"%q\" \"\\x01\303\251\\u200b\"}}", "  \"a\"|\"\303\251\"     |c3a9\"\\x01\303\251\\u200b\""},
	{"{{printf \"%05s|%05q\" \"ab\" \"c\"}}", "000ab|00\"c\""},
	{"{{printf \"%g %g %g %g\" 1.0 0.1 1e6 1e-5}}{{printf \"%.3g\" 1234.5678}}", "1 0.1 1e+06 1e-051.23e+03"},
	{"{{printf \"%6v|%-6v|%06v\" 1.5 2 3}}", "   1.5|2     |000003"},
	{"{{if .Path}}{{.Path}}{{end}} {{if \"x\"}}const{{end}} {\"{{.Path}}\"} {{\"{{\"}} { {{.Vars}}", "/tmp/x.sh const {\"/tmp/x.sh\"} {{ { A='b' "},
	{"{{$a := \"x\"}}{{$b := .Path}}{{if eq $a \"x\"}}{{$b}}{{$a}}{{end}}", "/tmp/x.shx"},
	{"{{range $i, $e := 3}}{{$i}}{{end}}", NULL},
	/* clang-format on */
};

static int render(struct str *out, struct arena *a, struct str in, struct error *err)
{
	const struct template_field fields[] = {
		{STR_INIT("Path"), text_from(a, STR("/tmp/x.sh"))},
		{STR_INIT("Vars"), text_from(a, STR("A='b' "))},
		{STR_INIT("Empty"), text_from(a, STR(""))},
	};
	const struct origin o = {STR_INIT("x.json"), {.line = 3, .col = 7}};
	const struct template_fields known = {fields, countof(fields)};
	struct text text = text_from(a, in);
	struct text made = {0};
	if (template_render(&made, a, &text, &known, &o, err) < 0)
		return -1;
	assert_true(text_value(&made, a, out));
	return 0;
}

static void texts_are_rendered_as_go_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct str got = {0};
		int status = render(&got, &a, str_from(texts[i].in), &err);
		if ((status < 0) != !texts[i].want)
			fail_msg("%s: status %d, %s", texts[i].in, status, err.text);
		if (status == 0 && !str_is(got, texts[i].want))
			fail_msg("%s: got \"%.*s\", want \"%s\"", texts[i].in, STR_ARG(got),
				texts[i].want);
		if (status < 0)
			check_error(&err, "x.json:3:7: ");
	}
}

static void values_that_are_not_literal_pass_whole(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct text in = {0};
	struct text made = {0};
	struct template_field field = {.name = STR("Path")};
	const struct template_fields known = {&field, 1};
	const struct origin o = {0};
	text_add_literal(&in, &a, STR("x {{.Path}} {"));
	text_add_sensitive(&in, &a, STR("pw"), STR("{{.Nope}}"));
	text_add_literal(&in, &a, STR("{ {{printf `%s!` .Path | print `<` }}"));
	text_add_hole(&field.value, &a, STR("Host"));
	assert_int_equal(template_render(&made, &a, &in, &known, &o, &err), 0);
	check_str(text_display(&made, &a), "x <hole:Host> {<sensitive:pw>{ <<hole:Host>!");
}

static void what_needs_the_bytes_of_a_hole_is_refused(void **state)
{
	(void)state;
	static const char *const ins[] = {"{{upper .Path}}", "{{len .Path}}",
		"{{if eq .Path `x`}}{{end}}", "{{printf `%5s` .Path}}", "{{html .Path}}"};
	for (size_t i = 0; i < countof(ins); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct text in = text_from(&a, str_from(ins[i]));
		struct text made = {0};
		struct template_field field = {.name = STR("Path")};
		const struct template_fields known = {&field, 1};
		const struct origin o = {0};
		text_add_hole(&field.value, &a, STR("Host"));
		assert_int_equal(template_render(&made, &a, &in, &known, &o, &err), -1);
		check_error(&err, "known only while the build runs");
	}
}

static void what_is_made_of_a_sensitive_value_is_sensitive(void **state)
{
	(void)state;
	static const char *const ins[] = {"{{upper .Path}}", "{{printf `%q` .Path}}",
		"{{printf .Path}}", "{{html .Path}}", "{{slice .Path 1 3}}",
		"{{range split .Path `c`}}{{.}}{{end}}", "{{replace_all `s` `z` .Path}}",
		"{{$x := .Path}}{{with $x}}{{.}}{{end}}"};
	for (size_t i = 0; i < countof(ins); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct text in = text_from(&a, str_from(ins[i]));
		struct text made = {0};
		struct template_field field = {.name = STR("Path")};
		const struct template_fields known = {&field, 1};
		const struct origin o = {0};
		text_add_sensitive(&field.value, &a, STR("pw"), STR("secret"));
		assert_int_equal(template_render(&made, &a, &in, &known, &o, &err), 0);
		assert_true(text_is_sensitive(&made));
		for (size_t k = 0; k < made.n; k++)
			assert_int_equal(made.items[k].kind, TEXT_SENSITIVE);
	}
}

static void work_and_depth_are_bounded(void **state)
{
	(void)state;
	scoped(buf) deep = {0};
	scoped(buf) nested = {0};
	scoped(buf) doubled = {0};
	for (size_t i = 0; i < 100000; i++)
		buf_add_cstr(&deep, "{{if (");
	for (size_t i = 0; i < 8; i++)
		buf_add_cstr(&nested, "{{range 99}}");
	buf_add_cstr(&nested, "x");
	for (size_t i = 0; i < 8; i++)
		buf_add_cstr(&nested, "{{end}}");
	buf_add_cstr(&doubled, "{{$x := `0123456789`}}");
	for (size_t i = 0; i < 40; i++)
		buf_add_cstr(&doubled, "{{$x = print $x $x}}");
	const struct {
		struct str in;
		const char *why;
	} cases[] = {
		{buf_str(&deep), ""},
		{buf_str(&nested), "too much work"},
		{buf_str(&doubled), "a value of more than"},
		{STR("{{range 1000000000}}{{end}}"), "too much work"},
		{STR("{{printf `%99999d` 1}}"), "width"},
		{STR("{{printf `%4000d%4000d%4000d` 1 2 3 | replace_all `` .Path}}"), ""},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct str got;
		int status = render(&got, &a, cases[i].in, &err);
		if (cases[i].why[0] != '\0') {
			assert_int_equal(status, -1);
			check_error(&err, cases[i].why);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_rendered_as_go_does),
		cmocka_unit_test(values_that_are_not_literal_pass_whole),
		cmocka_unit_test(what_needs_the_bytes_of_a_hole_is_refused),
		cmocka_unit_test(what_is_made_of_a_sensitive_value_is_sensitive),
		cmocka_unit_test(work_and_depth_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
