/* Functions of HCL2 templates that see files, environment, clock and remote stores. */
#include "template/hcl2/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- A tree -------------------------------------------------------------------------------- */

static const struct {
	const char *path;
	const char *bytes;
} files[] = {
	{"img/web.pkr.hcl", ""},
	{"img/hello.txt", "hello\nworld\n"},
	{"img/bin.dat", "\xff\xfe"},
	{"img/motd.tpl", "on ${host}:%{ for p in ports } ${p}%{ endfor }\n"},
	{"img/list.tpl", "${[for p in ports : p + 1]}"},
	{"img/bad.tpl", "a\n${nope}"},
	{"img/again.tpl", "${templatefile(\"motd.tpl\", {})}"},
	{"img/scripts/a.sh", "a"},
	{"img/scripts/b.sh", "b"},
	{"img/scripts/.hidden.sh", "h"},
	{"img/scripts/sub/c.sh", "c"},
	{"img/scripts/sub/deep/d.sh", "d"},
	{"img/scripts/sub/d.txt", "d"},
	{"img/scripts/[x].sh", "x"},
	{"common/setup.sh", "s"},
};

static int tree_read_file(const struct tree *t, struct str path, struct str *out, struct error *err)
{
	(void)t;
	for (size_t i = 0; i < countof(files); i++) {
		if (!str_is(path, files[i].path))
			continue;
		*out = str_from(files[i].bytes);
		return 0;
	}
	return error_set(err, ERROR_INPUT, "nothing at %.*s", STR_ARG(path));
}

static bool below(struct str path, struct str dir, struct str *rest)
{
	if (dir.n == 0) {
		*rest = path;
		return true;
	}
	bool is = str_has_prefix(path, dir) && path.n > dir.n && path.p[dir.n] == '/';
	*rest = is ? str_from_index(path, dir.n + 1) : path;
	return is;
}

static int tree_stat_file(
	const struct tree *t, struct str path, struct tree_entry *out, struct error *err)
{
	struct str rest = {0};
	(void)t;
	(void)err;
	*out = (struct tree_entry){.path = path};
	for (size_t i = 0; i < countof(files); i++) {
		if (str_is(path, files[i].path)) {
			out->kind = TREE_FILE;
			out->size = strlen(files[i].bytes);
		} else if (below(str_from(files[i].path), path, &rest)) {
			out->kind = TREE_DIR;
		}
	}
	return 0;
}

static int tree_list_files(const struct tree *t, struct str path, struct arena *a,
	struct str_list *out, struct error *err)
{
	(void)t;
	(void)err;
	for (size_t i = 0; i < countof(files); i++) {
		struct str rest = {0};
		struct str name = {0};
		if (!below(str_from(files[i].path), path, &rest) || !str_cut(&rest, '/', &name))
			continue;
		bool again = out->n > 0 && str_eq(out->items[out->n - 1], name);
		if (!again)
			list_push(a, out) = arena_str(a, name);
	}
	return 0;
}

static const struct tree_ops ops = {tree_read_file, tree_stat_file, tree_list_files};
static const struct tree tree = {&ops};

/* ---- Checks -------------------------------------------------------------------------------- */

static void note_env(void *owner, struct str name, struct str value)
{
	buf_printf(owner, "%.*s=%.*s;", STR_ARG(name), STR_ARG(value));
}

static const char *const environment[] = {"HOME=/root", "EMPTY=", NULL};

struct world {
	struct arena arena;
	struct buf env;
	struct hcl2_context context;
	struct hcl_variable variables[2];
};

static void world_init(struct world *w)
{
	struct hcl_value pw = hcl_string(STR("pw"));
	*w = (struct world){.context = {
				    .paths = {.tree = &tree, .root = STR("img")},
				    .now = 1700000000LL * 1000000000,
				    .environment = environment,
				    .env_allowed = true,
				    .env_used = note_env,
				    .owner = &w->env,
				    .seed = STR("seed"),
				    .arena = &w->arena,
			    }};
	w->variables[0] =
		(struct hcl_variable){STR("s"), hcl_sensitive(&w->arena, &pw, STR("var.s"))};
	w->variables[1] = (struct hcl_variable){STR("h"), hcl_hole(&w->arena, STR("build.Host"))};
}

static void world_clear(struct world *w)
{
	buf_clear(&w->env);
	arena_clear(&w->arena);
}

static int evaluate(struct hcl_value *out, struct world *w, const char *text, struct error *err)
{
	const struct hcl_function *const tables[] = {hcl_functions_core, hcl2_functions};
	struct hcl_scope scope = {
		.variables = w->variables,
		.variable_count = countof(w->variables),
		.functions = tables,
		.function_tables = countof(tables),
		.ctx = &w->context,
	};
	const struct hcl_expr *e = NULL;
	if (hcl_parse_expr(&e, &w->arena, str_from(text), STR("img/web.pkr.hcl"), err) < 0)
		return -1;
	return hcl_evaluate(out, e, &scope, &w->arena, err);
}

/* The text of a primitive, JSON of the rest, or the error. */
static struct str show(struct world *w, const char *text)
{
	scoped(buf) made = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	struct text t = {0};
	if (evaluate(&v, w, text, &err) < 0)
		return arena_str(&w->arena, str_from(err.text));
	if (hcl_to_text(&w->arena, &v, &t))
		return text_display(&t, &w->arena);
	json_write_canonical(&made, hcl_to_json(&w->arena, &v));
	return arena_str(&w->arena, buf_str(&made));
}

struct function_case {
	const char *text;
	const char *want;
};

static void check_all(const struct function_case *cases, size_t n)
{
	struct world w;
	world_init(&w);
	for (size_t i = 0; i < n; i++) {
		struct str got = show(&w, cases[i].text);
		if (!str_contains(got, str_from(cases[i].want)) ||
			(got.n != strlen(cases[i].want) && !str_contains(got, STR("img/web"))))
			fail_msg("%s is %.*s, not %s", cases[i].text, STR_ARG(got), cases[i].want);
	}
	world_clear(&w);
}

/* ---- Tests --------------------------------------------------------------------------------- */

static void files_of_the_tree_are_read(void **state)
{
	(void)state;
	static const struct function_case cases[] = {
		{"file(\"hello.txt\")", "hello\nworld\n"},
		{"file(\"./scripts/../hello.txt\")", "hello\nworld\n"},
		{"file(\"../common/setup.sh\")", "s"},
		{"file(\"common/setup.sh\")", "s"},
		{"filebase64(\"bin.dat\")", "//4="},
		{"fileexists(\"hello.txt\")", "true"},
		{"fileexists(\"nothing\")", "false"},
		{"fileexists(\"scripts\")", "img/scripts is a directory"},
		{"file(\"nothing\")", "img/web.pkr.hcl:1:1: file: there is no file img/nothing"},
		{"file(\"scripts\")", "file: img/scripts is a directory"},
		{"file(\"bin.dat\")", "bin.dat is not UTF-8; filebase64 reads any file"},
		{"file(\"/etc/passwd\")", "must be relative"},
		{"file(\"../../x\")", "leaves the repository"},
		{"file(\"~/x\")", "a home directory is no part of the template's repository"},
		{"fileexists(\"~/.ssh/id_rsa\")", "a home directory is no part"},
		{"file(h)", "<hole:file(build.Host)>"},
	};
	check_all(cases, countof(cases));
}

static void fileset_finds_files_by_pattern(void **state)
{
	(void)state;
	static const struct function_case cases[] = {
		{"fileset(\".\", \"*.txt\")", "[\"hello.txt\"]"},
		{"fileset(\"scripts\", \"*.sh\")", "[\".hidden.sh\",\"[x].sh\",\"a.sh\",\"b.sh\"]"},
		{"fileset(\"scripts\", \"**\")",
			"[\".hidden.sh\",\"[x].sh\",\"a.sh\",\"b.sh\",\"sub/c.sh\",\"sub/d.txt\","
			"\"sub/deep/d.sh\"]"},
		{"fileset(\"scripts\", \"**/d*\")", "[\"sub/d.txt\",\"sub/deep/d.sh\"]"},
		{"fileset(\"scripts\", \"sub/**/*.sh\")", "[\"sub/c.sh\",\"sub/deep/d.sh\"]"},
		{"fileset(\"scripts\", \"**/deep/**\")", "[\"sub/deep/d.sh\"]"},
		{"fileset(\"\", \"scripts/?.sh\")", "[\"scripts/a.sh\",\"scripts/b.sh\"]"},
		{"fileset(\"scripts\", \"[^a].sh\")", "[\"b.sh\"]"},
		{"fileset(\"scripts\", \"[a-b].sh\")", "[\"a.sh\",\"b.sh\"]"},
		{"fileset(\"scripts\", \"\\\\[x].sh\")", "[\"[x].sh\"]"},
		{"fileset(\"scripts\", \"{a,sub/{c,nope}}.sh\")", "[\"a.sh\",\"sub/c.sh\"]"},
		{"fileset(\"scripts\", \"{a,a}.sh\")", "[\"a.sh\"]"},
		{"fileset(\"scripts/sub\", \"../a.sh\")", "[\"../a.sh\"]"},
		{"fileset(\"scripts\", \"./sub//c.sh\")", "[\"sub/c.sh\"]"},
		{"fileset(\"scripts\", \"sub\")", "[]"},
		{"fileset(\"nothing\", \"*\")", "[]"},
		{"fileset(\"scripts\", \"[a\")", "the pattern has a [ without ]"},
		{"fileset(\"scripts\", \"{a\")", "the pattern has a { without }"},
		{"fileset(\"scripts\", \"../../../x\")", "the pattern leaves the repository"},
	};
	check_all(cases, countof(cases));
}

static void templates_in_files_see_their_variables_only(void **state)
{
	(void)state;
	static const struct function_case cases[] = {
		{"templatefile(\"motd.tpl\", {host = \"a\", ports = [1, 2]})", "on a: 1 2\n"},
		{"templatefile(\"motd.tpl\", {host = s, ports = []})", "on <sensitive:var.s>:\n"},
		{"templatefile(\"motd.tpl\", {host = h, ports = [s]})",
			"on <hole:build.Host>: <sensitive:var.s>\n"},
		{"templatefile(\"list.tpl\", {ports = [1, 2]})", "[2,3]"},
		{"templatefile(\"motd.tpl\", {host = \"a\"})", "which is not given"},
		{"templatefile(\"motd.tpl\", {hosts = \"a\", ports = []})",
			"motd.tpl:1:6 asks for `host`, which is not given (did you mean `hosts`?)"},
		{"templatefile(\"motd.tpl\", {\"a b\" = 1})",
			"`a b` cannot be the name of a variable"},
		{"templatefile(\"bad.tpl\", {})", "bad.tpl:2:3 asks for `nope`"},
		{"templatefile(\"again.tpl\", {})", "a template file cannot call templatefile"},
		{"templatefile(\"nothing\", {})", "there is no file img/nothing"},
		{"templatefile(\"motd.tpl\", [])", "must be a map of variables, not a list"},
	};
	check_all(cases, countof(cases));
}

static void times_are_those_of_the_commit(void **state)
{
	(void)state;
	static const struct function_case cases[] = {
		{"timestamp()", "2023-11-14T22:13:20Z"},
		{"formatdate(\"YYYYMMDDhhmmss\", timestamp())", "20231114221320"},
		{"legacy_isotime()", "2023-11-14T22:13:20Z"},
		{"legacy_isotime(\"January 2, 2006\")", "November 14, 2023"},
		{"legacy_strftime(\"%Y-%m-%d %H:%M:%S %a %b %p %% %q\")",
			"2023-11-14 22:13:20 Tue Nov PM % %q"},
		{"legacy_strftime()", "2023-11-14T22:13:20Z"},
		{"legacy_strftime(\"50%\")", "50%"},
	};
	check_all(cases, countof(cases));
}

static void the_machine_stays_out_of_paths(void **state)
{
	(void)state;
	static const struct function_case cases[] = {
		{"abspath(\"./a/../b//c\")", "b/c"},
		{"abspath(\".\")", "."},
		{"abspath(\"\")", "."},
		{"abspath(\"../x\")", "../x"},
		{"abspath(\"/etc/../tmp/\")", "/tmp"},
		{"pathexpand(\"a/b\")", "a/b"},
		{"pathexpand(\"~/b\")", "~/b"},
		{"pathexpand(\"~other/b\")", "not ~user"},
	};
	check_all(cases, countof(cases));
}

static void the_environment_is_read_in_defaults_only(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	assert_true(str_is(show(&w, "env(\"HOME\")"), "/root"));
	assert_true(str_is(show(&w, "env(\"NOPE\")"), ""));
	assert_true(str_is(buf_str(&w.env), "HOME=/root;NOPE=;"));
	w.context.env_allowed = false;
	assert_true(str_contains(show(&w, "env(\"HOME\")"), STR("in defaults of variables only")));
	world_clear(&w);
}

static void stores_elsewhere_are_sensitive_holes(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	struct hcl_value v = {0};
	struct error err = {0};
	assert_int_equal(evaluate(&v, &w, "vault(\"secret/data/x\", \"key\")", &err), 0);
	assert_int_equal(v.type, HCL_UNKNOWN);
	assert_int_equal(v.marks, HCL_SENSITIVE);
	world_clear(&w);
	static const struct function_case cases[] = {
		{"vault(\"secret/data/x\", \"key\")", "<hole:vault(secret/data/x,key)>"},
		{"\"k=${consul_key(\"a\")}\"", "k=<hole:consul_key(a)>"},
		{"aws_secretsmanager(\"a\")", "<hole:aws_secretsmanager(a)>"},
		{"aws_secretsmanager(\"a\", \"b\")", "<hole:aws_secretsmanager(a,b)>"},
		{"upper(aws_secretsmanager_raw(\"a\"))", "<hole:upper(aws_secretsmanager_raw(a))>"},
	};
	check_all(cases, countof(cases));
}

static void chance_is_the_same_every_time(void **state)
{
	(void)state;
	struct world a;
	struct world b;
	world_init(&a);
	world_init(&b);
	struct str one = show(&a, "uuidv4()");
	assert_int_equal(one.n, 36);
	assert_int_equal(one.p[14], '4');
	assert_true(str_eq(one, show(&b, "uuidv4()")));
	assert_true(str_is(show(&a, "[uuidv4(), 1][0] == uuidv4()"), "false"));
	assert_true(str_is(show(&a, "length(distinct([for i in [1, 2, 3] : uuidv4()]))"), "3"));
	b.context.seed = STR("other");
	assert_false(str_eq(one, show(&b, "uuidv4()")));
	struct str hash = show(&a, "bcrypt(\"allmine\", 6)");
	assert_true(str_has_prefix(hash, STR("$2a$06$")));
	assert_int_equal(hash.n, 60);
	b.context.seed = STR("seed");
	assert_true(str_eq(hash, show(&b, "bcrypt(\"allmine\", 6)")));
	assert_true(str_has_prefix(show(&a, "bcrypt(\"a\")"), STR("$2a$10$")));
	assert_true(str_is(show(&a, "bcrypt(s, 4)"), "<sensitive:var.s>"));
	assert_true(str_contains(show(&a, "bcrypt(\"a\", 31)"), STR("at most 15")));
	assert_true(str_contains(
		show(&a, "bcrypt(join(\"\", [for i in range(73) : \"x\"]))"), STR("72 bytes")));
	world_clear(&a);
	world_clear(&b);
}

static void reading_is_bounded(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	w.context.read_bytes = HCL2_READ_BYTES_MAX - 20;
	assert_true(str_is(show(&w, "file(\"hello.txt\")"), "hello\nworld\n"));
	assert_true(str_contains(show(&w, "file(\"hello.txt\")"), STR("bytes of files are read")));
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_the_tree_are_read),
		cmocka_unit_test(fileset_finds_files_by_pattern),
		cmocka_unit_test(templates_in_files_see_their_variables_only),
		cmocka_unit_test(times_are_those_of_the_commit),
		cmocka_unit_test(the_machine_stays_out_of_paths),
		cmocka_unit_test(the_environment_is_read_in_defaults_only),
		cmocka_unit_test(stores_elsewhere_are_sensitive_holes),
		cmocka_unit_test(chance_is_the_same_every_time),
		cmocka_unit_test(reading_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
