/*
 * fixtures/fix and fixtures/upgrade: a template, and what it becomes.
 *
 *   ==> template.json
 *   ==> expect fixed, upgraded or annotated   the whole text
 *   ==> expect error                          the message
 */
#include "template/rewrite.h"
#include "tests/unit/test.h"

#include "base/file.h"

struct rewrite {
	struct arena arena;
	struct buf file;
	struct str template;
	struct str want;
	struct str kind; /* of `want` */
};

static void rewrite_clear(struct rewrite *r)
{
	buf_clear(&r->file);
	arena_clear(&r->arena);
}

static void take_section(struct rewrite *r, struct str name, struct str text)
{
	const struct str expect = STR("expect ");
	if (str_is(name, "template.json")) {
		r->template = text;
	} else if (str_has_prefix(name, expect)) {
		r->kind = str_from_index(name, expect.n);
		r->want = text;
	} else {
		fail_msg("section %.*s", STR_ARG(name));
	}
}

static void read_case(struct rewrite *r, const char *path)
{
	const struct str mark = STR("==> ");
	struct error err = {0};
	if (file_read(&r->file, AT_FDCWD, path, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	struct str rest = buf_str(&r->file);
	while (str_has_prefix(rest, mark)) {
		size_t line = str_find_byte(rest, '\n');
		struct str name = str_sub(rest, mark.n, line - mark.n);
		rest = str_from_index(rest, line + 1);
		size_t end = str_find(rest, STR("\n==> "));
		take_section(r, name, str_sub(rest, 0, end == STR_NPOS ? end : end + 1));
		rest = str_from_index(rest, end == STR_NPOS ? rest.n : end + 1);
	}
	assert_true(r->template.p && r->want.p);
}

static int fix(struct buf *out, struct rewrite *r, struct json *root, struct error *err)
{
	if (template_fix(root, &r->arena, STR("template.json"), err) < 0)
		return -1;
	template_fix_write(out, root);
	return 0;
}

static int upgrade(struct buf *out, struct rewrite *r, struct json *root, struct error *err)
{
	struct diags diags = {0};
	const struct template_upgrade_options options = {
		.file = STR("template.json"),
		.annotations = str_is(r->kind, "annotated"),
		.diags = &diags,
	};
	return template_upgrade(out, root, &options, &r->arena, err);
}

typedef int rewrite_fn(struct buf *out, struct rewrite *r, struct json *root, struct error *err);

static void run_case(const char *path, rewrite_fn *rewrite)
{
	scoped(rewrite) r = {0};
	scoped(buf) out = {0};
	struct error err = {0};
	struct json *root = NULL;
	read_case(&r, path);
	int status = json_parse(&root, &r.arena, r.template, STR("template.json"), NULL, &err);
	if (status == 0)
		status = rewrite(&out, &r, root, &err);
	bool error_wanted = str_is(r.kind, "error");
	if (status < 0)
		buf_printf(&out, "%s\n", err.text);
	if (error_wanted != (status < 0) || !str_eq(buf_str(&out), r.want))
		fail_msg("%s: got\n%.*s", path, STR_ARG(buf_str(&out)));
}

static void run_directory(const char *directory, rewrite_fn *rewrite, size_t least)
{
	scoped(arena) a = {0};
	struct str_list names = {0};
	struct error err = {0};
	if (dir_list(&names, &a, AT_FDCWD, directory, 1000, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(names.n >= least);
	for (size_t i = 0; i < names.n; i++)
		run_case(
			arena_printf(&a, "%s/%.*s", directory, STR_ARG(names.items[i])).p, rewrite);
}

static void fixes_what_packer_fixes(void **state)
{
	(void)state;
	run_directory(FIXTURES "/fix", fix, 30);
}

static void upgrades_to_hcl2(void **state)
{
	(void)state;
	run_directory(FIXTURES "/upgrade", upgrade, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixes_what_packer_fixes),
		cmocka_unit_test(upgrades_to_hcl2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
