/* Plans that are refused before anything is made. */
#include "build_fixture.h"

struct plans {
	struct arena arena;
	struct plan *plan;
};

static struct text hole(struct plans *p, const char *name)
{
	struct text t = text_from(&p->arena, STR("x "));
	text_add_hole(&t, &p->arena, str_from(name));
	return t;
}

static void begin(struct plans *p)
{
	*p = (struct plans){0};
	p->plan = plan_new(&p->arena, "{}");
}

/* Checks the plan, which is gone behind; NULL: it can be tried. */
static void expect(struct plans *p, const char *text)
{
	struct error err = {0};
	int status = builder_check_plan(p->plan, &err);
	if (text && (status == 0 || !strstr(err.text, text)))
		fail_msg("no \"%s\" in \"%s\"", text, err.text);
	if (!text && status != 0)
		fail_msg("%s", err.text);
	assert_int_equal(err.code, text ? ERROR_INPUT : ERROR_NONE);
	arena_clear(&p->arena);
}

static void values_of_the_machine_are_accepted_others_named(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "Host");
	expect(&p, NULL);
	begin(&p);
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "build.PackerRunUUID");
	expect(&p, NULL);
	begin(&p);
	plan_exec(&p.arena, p.plan, "true");
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "SourceAMI");
	expect(&p, "step 2 needs SourceAMI");
}

static void holes_are_found_wherever_a_step_has_them(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	plan_upload(&p.arena, p.plan, "/x", "x")->upload.content = hole(&p, "host:~/key");
	expect(&p, "host:~/key");
	begin(&p);
	plan_upload(&p.arena, p.plan, "/x", "x")->upload.destination = hole(&p, "A");
	expect(&p, "needs A,");
	begin(&p);
	plan_step(&p.arena, p.plan, STEP_DOWNLOAD)->download.source = hole(&p, "B");
	expect(&p, "needs B,");
	begin(&p);
	plan_step(&p.arena, p.plan, STEP_DOWNLOAD)->download.destination = hole(&p, "C");
	expect(&p, "needs C,");
	begin(&p);
	struct text variable = hole(&p, "D");
	plan_step(&p.arena, p.plan, STEP_EXEC_HOST)->exec.variables =
		(struct text_list){.items = &variable, .n = 1};
	expect(&p, "needs D,");
}

static void the_script_of_a_host_step_is_a_value_only_when_there_is_one(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	struct text argument = hole(&p, STEP_SCRIPT_HOLE);
	struct step *s = plan_step(&p.arena, p.plan, STEP_EXEC_HOST);
	s->exec.argv = (struct text_list){.items = &argument, .n = 1};
	s->exec.script = text_from(&p.arena, STR("true"));
	expect(&p, NULL);
	begin(&p);
	argument = hole(&p, STEP_SCRIPT_HOLE);
	s = plan_step(&p.arena, p.plan, STEP_EXEC_HOST);
	s->exec.argv = (struct text_list){.items = &argument, .n = 1};
	expect(&p, "needs Script");
	begin(&p);
	plan_upload(&p.arena, p.plan, "/x", "x")->upload.content = hole(&p, "file:made");
	expect(&p, NULL);
}

static void a_rehearsal_has_the_values_of_builders_but_no_others(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	p.plan->rehearsal = true;
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "SourceAMI");
	expect(&p, NULL);
	begin(&p);
	p.plan->rehearsal = true;
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "AnsibleProxyPort");
	expect(&p, "AnsibleProxyPort");
}

static void what_does_not_run_is_not_asked_for(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "HTTPIP");
	p.plan->groups.items[0].phase = GROUP_BOOT;
	expect(&p, NULL);
	begin(&p);
	plan_exec(&p.arena, p.plan, "true")->exec.command = hole(&p, "HTTPIP");
	p.plan->groups.items[0].phase = GROUP_ERROR_CLEANUP;
	expect(&p, "HTTPIP");
}

static void other_systems_and_unknown_types_are_refused(void **state)
{
	struct plans p;
	(void)state;
	begin(&p);
	plan_exec(&p.arena, p.plan, "dir")->exec.language = LANGUAGE_CMD;
	expect(&p, "a command of Windows");
	begin(&p);
	plan_exec(&p.arena, p.plan, "true")->exec.language = LANGUAGE_SH;
	expect(&p, NULL);
	begin(&p);
	plan_step(&p.arena, p.plan, STEP_OPAQUE);
	p.plan->groups.items[0].type = STR("goss");
	expect(&p, "provisioner type \"goss\" is not known");
	begin(&p);
	plan_step(&p.arena, p.plan, STEP_OPAQUE)->opaque.why = STR("a formula is fetched");
	expect(&p, "a formula is fetched");
	begin(&p);
	p.plan->builder = STR("amiga");
	expect(&p, "\"amiga\": not known");
	begin(&p);
	p.plan->builder = STR("alicloud-ecs");
	expect(&p, "cannot build yet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_machine_are_accepted_others_named),
		cmocka_unit_test(holes_are_found_wherever_a_step_has_them),
		cmocka_unit_test(the_script_of_a_host_step_is_a_value_only_when_there_is_one),
		cmocka_unit_test(a_rehearsal_has_the_values_of_builders_but_no_others),
		cmocka_unit_test(what_does_not_run_is_not_asked_for),
		cmocka_unit_test(other_systems_and_unknown_types_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
