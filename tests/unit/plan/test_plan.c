#include "plan/plan.h"
#include "tests/unit/plan/one_file.h"
#include "tests/unit/test.h"

#include "base/log.h"

/* Loads a template and makes the plan of its first build. */
struct made {
	struct one_file files;
	struct template *template;
	struct plan *plan;
	struct arena arena;
	struct diags diags;
};

static void made_clear(struct made *m)
{
	plan_free(m->plan);
	template_free(m->template);
	arena_clear(&m->arena);
}

static int make_with(struct made *m, const char *template, const char *script,
	const struct template_input *more, struct error *err)
{
	struct template_input in = more ? *more : (struct template_input){0};
	m->files = (struct one_file){{&one_file_ops}, str_from(template), str_from(script)};
	in.tree = &m->files.tree;
	in.path = STR("template.json");
	if (template_load(&m->template, &in, err) < 0)
		return -1;
	return plan_make(
		&m->plan, &m->template->builds.items[0], in.tree, &m->diags, &m->arena, err);
}

static void make(struct made *m, const char *template, const char *script)
{
	struct error err = {0};
	if (make_with(m, template, script, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static struct str canonical(struct made *m)
{
	scoped(buf) out = {0};
	json_write_canonical(&out, plan_to_json(m->plan, &m->arena));
	return arena_str(&m->arena, buf_str(&out));
}

static const char two_scripts[] =
	"{\"variables\": {\"token\": \"\"}, \"sensitive-variables\": [\"token\"],\n"
	" \"builders\": [{\"type\": \"null\", \"t\": \"{{user `token`}}\"}],\n"
	" \"provisioners\": [\n"
	"  {\"type\": \"shell\", \"inline\": [\"curl -H {{user `token`}} x\", \"ls\"]},\n"
	"  {\"type\": \"shell\", \"script\": \"setup.sh\"},\n"
	"  {\"type\": \"file\", \"content\": \"{{user `token` | upper}}\", \"destination\": \"/t\"},\n"
	"  {\"type\": \"shell-local\", \"inline\": [\"echo {{user `token`}}\"]}]}\n";

static void the_same_input_gives_the_same_bytes(void **state)
{
	(void)state;
	scoped(made) x = {0};
	scoped(made) y = {0};
	scoped(made) z = {0};
	make(&x, two_scripts, "echo a\n");
	make(&y, two_scripts, "echo a\n");
	make(&z, two_scripts, "echo b\n");
	check_str(canonical(&x), canonical(&y).p);
	assert_true(digest_eq(&x.plan->digest, &y.plan->digest));
	assert_false(digest_eq(&x.plan->digest, &z.plan->digest));
	struct digest d = digest_bytes(canonical(&x));
	assert_true(digest_eq(&x.plan->digest, &d));
}

static void secrets_are_in_no_output(void **state)
{
	(void)state;
	scoped(made) m = {0};
	scoped(made) other = {0};
	struct error err = {0};
	struct template_var var = {STR("token"), STR("s3cret-value")};
	struct template_input in = {.vars = &var, .var_count = 1};
	assert_int_equal(make_with(&m, two_scripts, "x\n", &in, &err), 0);
	var.value = STR("another-longer-value");
	assert_int_equal(make_with(&other, two_scripts, "x\n", &in, &err), 0);
	scoped(buf) shown = {0};
	plan_print(&shown, m.plan, false, true);
	struct str outputs[] = {canonical(&m), buf_str(&shown)};
	for (size_t i = 0; i < countof(outputs); i++) {
		assert_false(str_contains(outputs[i], STR("s3cret")));
		assert_false(str_contains(outputs[i], STR("S3CRET")));
		assert_true(str_contains(outputs[i], STR("token")));
	}
	/* Nor does anything depend on them, the digests of content included. */
	assert_true(digest_eq(&m.plan->digest, &other.plan->digest));
	assert_true(redactor_matches(&m.template->redactor, STR("xs3cret-valuey")));
	assert_true(redactor_matches(&m.template->redactor, STR("S3CRET-VALUE")));
}

static void steps_hold_what_really_is_sent(void **state)
{
	(void)state;
	scoped(made) m = {0};
	struct error err = {0};
	struct template_var var = {STR("token"), STR("abc")};
	const struct template_input in = {.vars = &var, .var_count = 1};
	struct str sent;
	assert_int_equal(
		make_with(&m, two_scripts, "#!/bin/sh\r\necho \r\n\r\nlast", &in, &err), 0);
	const struct step *inline_ = &m.plan->steps.items[0];
	assert_int_equal(inline_->type, STEP_UPLOAD);
	assert_true(text_value(&inline_->upload.content, &m.arena, &sent));
	check_str(sent, "#!/bin/sh -e\ncurl -H abc x\nls\n");
	assert_int_equal(inline_->upload.mode, 0644);
	const struct step *script = &m.plan->steps.items[4];
	assert_true(text_value(&script->upload.content, &m.arena, &sent));
	check_str(sent, "#!/bin/sh\necho \n\nlast\n");
	check_str(script->upload.source, "setup.sh");
	struct digest d = digest_bytes(sent);
	assert_true(digest_eq(&d, &script->upload.sha256));
	const struct step *content = &m.plan->steps.items[8];
	assert_true(text_value(&content->upload.content, &m.arena, &sent));
	check_str(sent, "ABC");
	const struct step *host = &m.plan->steps.items[9];
	assert_int_equal(host->type, STEP_EXEC_HOST);
	assert_int_equal(host->exec.argv.n, 3);
	assert_true(text_value(&host->exec.script, &m.arena, &sent));
	check_str(sent, "#!/bin/sh -e\necho abc\n");
}

static void steps_are_numbered_and_grouped(void **state)
{
	(void)state;
	scoped(made) m = {0};
	make(&m, two_scripts, "x\n");
	uint32_t next = 0;
	for (size_t g = 0; g < m.plan->groups.n; g++) {
		const struct step_group *group = &m.plan->groups.items[g];
		assert_int_equal(group->first, next);
		for (uint32_t i = 0; i < group->count; i++, next++) {
			const struct step *s = &m.plan->steps.items[next];
			assert_int_equal(s->id, next + 1);
			assert_int_equal(s->group, g);
			assert_true(s->type != STEP_EXEC || s->exec.exit_codes.n > 0);
		}
	}
	assert_int_equal(next, m.plan->steps.n);
}

static void check_place(const struct step *s, uint32_t line, uint32_t col, const char *want)
{
	scoped(arena) a = {0};
	struct origin o = plan_line(s, line, col);
	check_str(origin_str(&a, &o), want);
}

static void places_in_content_lead_to_the_authors_files(void **state)
{
	(void)state;
	scoped(made) m = {0};
	make(&m, two_scripts, "x\ny\n");
	const struct step *inline_ = &m.plan->steps.items[0];
	check_place(inline_, 1, 1, "template.json:4:31");
	check_place(inline_, 2, 1, "template.json:4:33");
	check_place(inline_, 2, 6, "template.json:4:38");
	check_place(inline_, 3, 2, "template.json:4:64");
	/* Beyond what is there, the nearest place. */
	check_place(inline_, 9, 1, "template.json:4:63");
	check_place(inline_, 3, 999, "template.json:4:64");
	check_place(inline_, 0, 0, "template.json:4:31");
	check_place(&m.plan->steps.items[4], 2, 5, "setup.sh:2:5");
	check_place(&m.plan->steps.items[5], 1, 5, "template.json:5:31");
}

static void every_type_has_a_name(void **state)
{
	(void)state;
	check_str(str_from(step_type_name(STEP_UPLOAD)), "upload");
	check_str(str_from(step_type_name(STEP_EXEC_HOST)), "exec-host");
	check_str(str_from(step_type_name(STEP_OPAQUE)), "opaque");
}

static void terminals_are_not_driven_by_templates(void **state)
{
	(void)state;
	scoped(made) m = {0};
	scoped(buf) shown = {0};
	make(&m,
		"{\"builders\": [{\"type\": \"null\", \"name\": \"a\\u001b[2Jb\"}],"
		" \"provisioners\": [{\"type\": \"shell\", \"inline\": [\"x\\u001b]0;y\\u0007\"],"
		" \"remote_path\": \"/tmp/\\u202ex\"}]}",
		"");
	plan_print(&shown, m.plan, false, true);
	for (size_t i = 0; i < shown.n; i++)
		assert_true(shown.p[i] == '\n' || (uint8_t)shown.p[i] >= 0x20);
	assert_false(str_contains(buf_str(&shown), STR("\xe2\x80\xae")));
}

static void colours_come_when_asked_for(void **state)
{
	(void)state;
	scoped(made) m = {0};
	scoped(buf) plain = {0};
	scoped(buf) coloured = {0};
	make(&m, two_scripts, "x\n");
	plan_print(&plain, m.plan, false, false);
	plan_print(&coloured, m.plan, true, false);
	assert_false(str_contains(buf_str(&plain), STR("\033[")));
	assert_true(str_contains(buf_str(&coloured), STR("\033[1m")));
}

static void scripts_of_the_commit_are_shown_when_asked_for(void **state)
{
	(void)state;
	scoped(made) m = {0};
	scoped(buf) brief = {0};
	scoped(buf) verbose = {0};
	make(&m, two_scripts, "word-of-the-script\n");
	plan_print(&brief, m.plan, false, false);
	plan_print(&verbose, m.plan, false, true);
	assert_false(str_contains(buf_str(&brief), STR("word-of-the-script")));
	assert_true(str_contains(buf_str(&verbose), STR("word-of-the-script")));
}

static void a_failed_plan_leaves_messages_and_nothing_else(void **state)
{
	(void)state;
	scoped(made) m = {0};
	struct error err = {0};
	assert_int_equal(make_with(&m,
				 "{\"builders\": [{\"type\": \"null\"}], \"provisioners\": "
				 "[{\"type\": \"shell\", \"script\": \"no.sh\"}]}",
				 "", NULL, &err),
		-1);
	assert_null(m.plan);
	assert_int_equal(err.code, ERROR_INPUT);
	check_error(&err, "template.json:1:79: no.sh: not in the commit");
	assert_int_equal(m.diags.errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(secrets_are_in_no_output),
		cmocka_unit_test(steps_hold_what_really_is_sent),
		cmocka_unit_test(steps_are_numbered_and_grouped),
		cmocka_unit_test(places_in_content_lead_to_the_authors_files),
		cmocka_unit_test(every_type_has_a_name),
		cmocka_unit_test(terminals_are_not_driven_by_templates),
		cmocka_unit_test(colours_come_when_asked_for),
		cmocka_unit_test(scripts_of_the_commit_are_shown_when_asked_for),
		cmocka_unit_test(a_failed_plan_leaves_messages_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
