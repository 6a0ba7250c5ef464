/* Holes and sensitive values keep their places in what is made of them. */
#include "tests/unit/base/hcl_check.h"

static void check_display(const char *text, const char *want, const struct hcl_scope *scope)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	struct text t = {0};
	if (check_evaluate(&v, &a, text, scope, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_true(hcl_to_text(&a, &v, &t));
	struct str got = text_display(&t, &a);
	if (!str_is(got, want))
		fail_msg("%s is %.*s, not %s", text, STR_ARG(got), want);
	struct str whole = {0};
	bool known = text_value(&t, &a, &whole);
	assert_int_equal(known, v.type != HCL_UNKNOWN);
	if (v.type == HCL_STRING)
		assert_true(str_eq(whole, v.string));
	if (v.type != HCL_UNKNOWN)
		assert_int_equal(text_is_sensitive(&t), (v.marks & HCL_SENSITIVE) != 0);
}

struct world {
	struct arena arena;
	struct hcl_variable variables[6];
	struct hcl_scope scope;
};

static void world_init(struct world *w)
{
	struct arena *a = &w->arena;
	struct hcl_value pw = hcl_string(STR("pw"));
	struct hcl_value port = hcl_integer(22);
	struct str keys[] = {STR("Host"), STR("Port")};
	struct hcl_value holes[] = {hcl_hole(a, STR("build.Host")), hcl_hole(a, STR("build.Port"))};
	struct hcl_value *list = arena_array(a, struct hcl_value, 2);
	list[0] = hcl_string(STR("a"));
	list[1] = hcl_string(STR("b"));
	struct hcl_value plain = hcl_list(list, 2);
	w->variables[0] = (struct hcl_variable){STR("s"), hcl_sensitive(a, &pw, STR("var.s"))};
	w->variables[1] = (struct hcl_variable){STR("n"), hcl_sensitive(a, &port, STR("var.n"))};
	w->variables[2] = (struct hcl_variable){STR("build"), hcl_object(a, keys, holes, 2)};
	w->variables[3] = (struct hcl_variable){STR("data"), hcl_hole(a, STR("data.x"))};
	w->variables[4] = (struct hcl_variable){STR("l"), hcl_sensitive(a, &plain, STR("var.l"))};
	w->variables[5] = (struct hcl_variable){STR("plain"), plain};
	w->scope = (struct hcl_scope){.variables = w->variables, .variable_count = 6};
}

static void check_displays(const struct hcl_case *cases, size_t n)
{
	struct world w = {0};
	world_init(&w);
	for (size_t i = 0; i < n; i++)
		check_display(cases[i].text, cases[i].want, &w.scope);
	arena_clear(&w.arena);
}

static void pieces_keep_their_places(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"\"plain ${1 + 1}\"", "plain 2"},
		{"\"a ${s} b\"", "a <sensitive:var.s> b"},
		{"\"a ${build.Host}:${build.Port}\"", "a <hole:build.Host>:<hole:build.Port>"},
		{"\"${s}${build.Host}\"", "<sensitive:var.s><hole:build.Host>"},
		{"\"x${\"y${s}\"}z\"", "xy<sensitive:var.s>z"},
		{"(\"x${s}\")", "x<sensitive:var.s>"},
		{"\"${n}\"", "<sensitive:var.n>"},
		{"\"port ${n}\"", "port <sensitive:var.n>"},
		{"true ? \"a${s}\" : \"b\"", "a<sensitive:var.s>"},
		{"[\"a${s}\"][0]", "a<sensitive:var.s>"},
		{"{k = \"a${s}\"}.k", "a<sensitive:var.s>"},
		{"[for x in [\"a${s}\"] : x][0]", "a<sensitive:var.s>"},
		{"concat([\"a${s}\"], [])[0]", "a<sensitive:var.s>"},
		{"lookup({k = \"a${s}\"}, \"k\", \"\")", "a<sensitive:var.s>"},
		{"coalesce(\"\", \"a${s}\")", "a<sensitive:var.s>"},
		{"compact([\"\", \"a${build.Host}\", s])[0]", "a<hole:build.Host>"},
		{"sort([\"b\", \"a${s}\"])[0]", "a<sensitive:var.s>"},
		{"try(nothing.there, \"a${s}\")", "a<sensitive:var.s>"},
		{"convert(\"a${s}\", string)", "a<sensitive:var.s>"},
		{"convert(n, string)", "<sensitive:var.n>"},
		{"join(\" \", [\"a\", s, \"b${build.Host}\"])",
			"a <sensitive:var.s> b<hole:build.Host>"},
		{"join(s, [\"a\", \"b\"])", "a<sensitive:var.s>b"},
		{"join(\",\", [\"\", s])", ",<sensitive:var.s>"},
		{"format(\"a %s %d %v\", s, 1, build.Host)",
			"a <sensitive:var.s> 1 <hole:build.Host>"},
		{"format(\"%5s|%q\", s, s)", "<sensitive:var.s>|<sensitive:var.s>"},
		{"formatlist(\"%s@%s\", [s, \"x\"], build.Host == \"\" ? \"y\" : \"y\")",
			"<hole:formatlist(\"%s@%s\", [var.s, \"x\"], ((build.Host == \"\") ? "
			"\"y\" : \"y\"))>"},
		{"formatlist(\"%s@%s\", [s, \"x\"], \"y\")[0]", "<sensitive:var.s>@y"},
		{"\"%{for x in [\"a\", s]}${x};%{endfor}\"", "a;<sensitive:var.s>;"},
		{"\"%{if true}a${s}%{endif}b\"", "a<sensitive:var.s>b"},
	};
	check_displays(cases, countof(cases));
}

static void what_is_computed_keeps_the_names(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"upper(s)", "<sensitive:var.s>"},
		{"replace(\"a-${s}\", \"-\", \"${n}\")", "<sensitive:var.s+var.n>"},
		{"n + 1", "<sensitive:var.n>"},
		{"\"${n}1\" + 1", "<sensitive:var.n>"},
		{"s == \"a\"", "<sensitive:var.s>"},
		{"s == \"\" ? \"a\" : \"b\"", "b"},
		{"s == \"a\" ? \"c\" : \"b\"", "<sensitive:var.s>"},
		{"s == \"a\" ? \"c\" : \"b${n}\"", "<sensitive:var.s>"},
		{"split(\",\", \"a,${s}\")[0]", "<sensitive:var.s>"},
		{"l[0]", "<sensitive:var.l>"},
		{"join(\",\", l)", "<sensitive:var.l>,<sensitive:var.l>"},
		{"length(l)", "<sensitive:var.l>"},
		{"plain[n - 22]", "<sensitive:var.n>"},
		{"[for x in plain : x if s != \"q\"][1]", "<sensitive:var.s>"},
		{"jsonencode({a = s})", "<sensitive:var.s>"},
		{"upper(build.Host)", "<hole:upper(build.Host)>"},
		{"replace(build.Host, \".\", s)", "<hole:replace(build.Host, \".\", var.s)>"},
		{"upper(\"x ${build.Host}\")", "<hole:upper(\"x ${build.Host}\")>"},
		{"build.Port + 1", "<hole:(build.Port + 1)>"},
		{"-build.Port", "<hole:-build.Port>"},
		{"!(build.Host == \"x\")", "<hole:!(build.Host == \"x\")>"},
		{"build.Host == \"x\" ? 1 : s", "<hole:((build.Host == \"x\") ? 1 : var.s)>"},
		{"data.body", "<hole:data.x.body>"},
		{"data.list[0].id", "<hole:data.x.list[0].id>"},
		{"data.list[*].id", "<hole:data.x.list[*].id>"},
		{"data[\"k\"]", "<hole:data.x[\"k\"]>"},
		{"\"v=${jsondecode(data.body).v}\"", "v=<hole:jsondecode(data.x.body).v>"},
		{"[for x in data : x]", "<hole:for(data.x) at t.hcl:1:1>"},
		{"join(\",\", data.list)", "<hole:join(\",\", data.x.list)>"},
		{"compact([build.Host])", "<hole:compact([build.Host])>"},
		{"max(data.list...)", "<hole:max(data.x.list)>"},
		{"{(build.Host) = 1}", "<hole:{(build.Host) = ...}>"},
	};
	check_displays(cases, countof(cases));
}

/* "line:col line:col", of the elements of a list or of the lines of a string. */
static void check_places(const char *text, const char *want)
{
	scoped(arena) a = {0};
	scoped(buf) got = {0};
	struct error err = {0};
	struct hcl_body *body = NULL;
	struct hcl_value v = {0};
	const struct hcl_function *tables[] = {hcl_functions_core};
	struct hcl_value outer = hcl_string(STR("x\ny"));
	struct origin lines[] = {{STR("o"), {0, 0, 101, 1}}, {STR("o"), {0, 0, 102, 1}}};
	struct hcl_place place = {lines[0], lines, 2};
	outer.place = &place;
	struct hcl_variable o = {STR("o"), outer};
	struct hcl_scope scope = {
		.variables = &o, .variable_count = 1, .functions = tables, .function_tables = 1};
	if (hcl_parse(&body, &a, str_from(text), STR("t"), &err) < 0 ||
		hcl_evaluate(&v, body->attributes.items[0].expr, &scope, &a, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	struct str rest = v.string;
	struct str line = {0};
	for (size_t i = 0; v.type == HCL_LIST && i < v.n; i++)
		buf_printf(&got, "%u:%u ", hcl_line(&v.items[i], 0).span.line,
			hcl_line(&v.items[i], 0).span.col);
	for (size_t i = 0; rest.n > 0 && str_cut(&rest, '\n', &line); i++)
		buf_printf(&got, "%u:%u ", hcl_line(&v, i).span.line, hcl_line(&v, i).span.col);
	if (!str_is(buf_str(&got), want))
		fail_msg("%s: %s, not %s", text, got.p ? got.p : "", want);
}

static void values_know_where_they_were_written(void **state)
{
	(void)state;
	static const struct hcl_case cases[] = {
		{"a = [\"x\",\n\"y\", 1]", "1:6 2:1 2:6 "},
		{"a = concat([\"x\"], true ?\n [\"y\"] : [])", "1:13 2:3 "},
		{"a = [for x in [\"x\",\n\"y\"] : x]", "1:16 2:1 "},
		{"a = [o, upper(o)]", "101:1 1:9 "},
		{"a = <<E\none\n  two\nE\n", "2:1 3:1 "},
		{"a = <<-E\n    one\n      two\n    E\n", "2:5 3:5 "},
		{"a = <<E\none ${1}\n${2} two\nthree\nE\n", "2:1 3:3 4:1 "},
		{"a = <<E\none\n${o}\nthree\nE\n", "2:1 101:1 102:1 4:1 "},
		{"a = <<E\n%{ for x in [1, 2] ~}\nx ${x}\n%{ endfor ~}\nend\nE\n", "3:1 3:1 5:1 "},
		{"a = <<E\none\nE\n", "2:1 "},
		{"a = \"x\\ny\"", "1:6 1:6 "},
		{"a = \"${o}\\nz\"", "101:1 102:1 1:10 "},
		{"a = chomp(<<E\none\ntwo\nE\n)", "2:1 3:1 "},
		{"a = split(\"\\n\", <<E\none\ntwo\nE\n)", "2:1 3:1 0:0 "},
		{"a = join(\"\\n\", [\"a\",\n\"b\"])", "1:17 2:1 "},
		{"a = indent(2, o)", "101:1 102:1 "},
		{"a = replace(o, \"x\", \"z\")", "101:1 102:1 "},
	};
	for (size_t i = 0; i < countof(cases); i++)
		check_places(cases[i].text, cases[i].want);
}

static void long_names_of_holes_are_cut_and_stay_apart(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct text texts[2] = {0};
	for (int i = 0; i < 2; i++) {
		struct hcl_value v = {0};
		struct error err = {0};
		char expr[800];
		struct hcl_variable u = {STR("u"), hcl_hole(&a, STR("u"))};
		struct hcl_scope scope = {.variables = &u, .variable_count = 1};
		(void)snprintf(expr, sizeof(expr), "upper(\"%0300d%d${u}\")", 0, i);
		assert_int_equal(check_evaluate(&v, &a, expr, &scope, &err), 0);
		assert_true(hcl_to_text(&a, &v, &texts[i]));
		assert_true(texts[i].items[0].name.n < 230);
	}
	assert_false(str_eq(texts[0].items[0].name, texts[1].items[0].name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_keep_their_places),
		cmocka_unit_test(what_is_computed_keeps_the_names),
		cmocka_unit_test(values_know_where_they_were_written),
		cmocka_unit_test(long_names_of_holes_are_cut_and_stay_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
