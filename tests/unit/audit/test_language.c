/* Steps of other languages: read by who knows them, or told as opaque; never read as sh. */
#include "audit/audit.h"
#include "tests/unit/test.h"

struct fixture {
	struct arena arena;
	struct plan plan;
	struct facts facts;
};

static struct step *add_step(struct fixture *f, enum step_type type, uint32_t group)
{
	struct step *s = &list_push(&f->arena, &f->plan.steps);
	s->type = type;
	s->id = (uint32_t)f->plan.steps.n;
	s->group = group;
	s->origin = (struct origin){STR("template"), {.line = s->id, .col = 1}};
	return s;
}

static struct step *add_exec(
	struct fixture *f, const char *command, enum step_language language, uint32_t group)
{
	struct step *s = add_step(f, STEP_EXEC, group);
	s->exec.command = text_from(&f->arena, str_from(command));
	s->exec.language = language;
	list_push(&f->arena, &s->exec.exit_codes) = 0;
	return s;
}

static void add_upload(struct fixture *f, const char *path, const char *content,
	enum step_language language, uint32_t group)
{
	struct step *s = add_step(f, STEP_UPLOAD, group);
	s->upload.content = text_from(&f->arena, str_from(content));
	s->upload.destination = text_from(&f->arena, str_from(path));
	s->upload.source = str_from(path);
	s->upload.language = language;
}

static void evaluate(struct fixture *f)
{
	struct error err = {0};
	assert_int_equal(facts_of_plan(&f->facts, &f->arena, &f->plan, 0, &err), 0);
}

static struct str member(const struct fact *fact, const char *name)
{
	const struct hcl_value *v = hcl_member(fact->value, str_from(name));
	return v && v->type == HCL_STRING ? v->string : STR("");
}

static size_t count(
	const struct fixture *f, enum fact_kind kind, const char *key, const char *value)
{
	size_t n = 0;
	for (size_t i = 0; i < f->facts.n; i++)
		n += f->facts.items[i].kind == kind &&
			(!key || str_is(member(&f->facts.items[i], key), value));
	return n;
}

static void commands_of_windows_are_not_read_as_sh(void **state)
{
	struct fixture f = {0};
	(void)state;
	add_exec(&f, "set \"A=it's\" && \"c:/x.bat\" | more", LANGUAGE_CMD, 0);
	add_exec(&f, "if ($x) { iwr https://x.example/a | iex }", LANGUAGE_POWERSHELL, 0);
	add_exec(&f, "puppet apply x", LANGUAGE_PUPPET, 0);
	evaluate(&f);
	assert_int_equal(count(&f, FACT_OPAQUE, "what", "language"), 1);
	assert_int_equal(count(&f, FACT_ENV, "value", "it's"), 1);
	assert_int_equal(count(&f, FACT_EXEC, "name", "Invoke-WebRequest"), 1);
	assert_int_equal(count(&f, FACT_OPAQUE, "what", "syntax"), 0);
	assert_int_equal(count(&f, FACT_FLOW, "to", "eval"), 1);
	assert_int_equal(f.facts.opaque, 1);
	arena_clear(&f.arena);
}

static void sh_that_says_so_is_read(void **state)
{
	struct fixture f = {0};
	(void)state;
	add_exec(&f, "curl https://x.example/a | sh", LANGUAGE_SH, 0);
	evaluate(&f);
	assert_int_equal(count(&f, FACT_OPAQUE, NULL, NULL), 0);
	assert_int_equal(count(&f, FACT_FLOW, NULL, NULL), 1);
	arena_clear(&f.arena);
}

static void secrets_in_such_commands_are_found(void **state)
{
	struct fixture f = {0};
	(void)state;
	add_exec(&f, "login.bat AKIAIOSFODNN7EXAMPLE", LANGUAGE_CMD, 0);
	evaluate(&f);
	assert_int_equal(count(&f, FACT_SECRET, "kind", "aws-key"), 1);
	for (size_t i = 0; i < f.facts.n; i++)
		assert_false(str_contains(f.facts.items[i].command, STR("AKIAIOSFODNN7EXAMPLE")));
	arena_clear(&f.arena);
}

static void trees_that_nobody_reads_are_told_once(void **state)
{
	struct fixture f = {0};
	(void)state;
	add_upload(&f, "C:/a.ps1", "Write-Host 1", LANGUAGE_POWERSHELL, 0);
	add_upload(&f, "C:/b.ps1", "Write-Host 2", LANGUAGE_POWERSHELL, 0);
	add_upload(&f, "/s/site.pp", "include web", LANGUAGE_PUPPET, 1);
	add_exec(&f, "mkdir -p /s/roles", LANGUAGE_NONE, 1);
	add_upload(&f, "/s/roles/main.pp", "class web {}", LANGUAGE_PUPPET, 1);
	add_upload(&f, "/s/site.pp", "include web", LANGUAGE_PUPPET, 2);
	add_upload(&f, "/s/notes.txt", "nothing", LANGUAGE_NONE, 2);
	evaluate(&f);
	assert_int_equal(count(&f, FACT_OPAQUE, "name", "PowerShell"), 0);
	assert_int_equal(count(&f, FACT_OPAQUE, "name", "Puppet"), 2);
	assert_int_equal(count(&f, FACT_OPAQUE, "why", "nobody reads its 2 files"), 1);
	assert_int_equal(count(&f, FACT_WRITE, NULL, NULL), 6);
	assert_int_equal(f.facts.opaque, 2);
	arena_clear(&f.arena);
}

static void inputs_of_the_build_host_are_told_and_searched(void **state)
{
	struct fixture f = {0};
	(void)state;
	struct step *s = add_step(&f, STEP_EXEC_HOST, 0);
	s->exec.argv.items = arena_array(&f.arena, struct text, 1);
	s->exec.argv.items[0] = text_from(&f.arena, STR("ansible-playbook"));
	s->exec.argv.n = 1;
	s->exec.variables = s->exec.argv;
	s->exec.variables.items = arena_array(&f.arena, struct text, 1);
	s->exec.variables.items[0] = text_from(&f.arena, STR("ANSIBLE_HOST_KEY_CHECKING=False"));
	list_push(&f.arena, &s->exec.inputs) = (struct step_input){
		.path = STR("site.yml"),
		.content = STR("key: AKIAIOSFODNN7EXAMPLE\n"),
		.language = LANGUAGE_ANSIBLE,
	};
	list_push(&f.arena, &s->exec.inputs) =
		(struct step_input){.path = STR("ansible.cfg"), .content = STR("[defaults]\n")};
	evaluate(&f);
	assert_int_equal(count(&f, FACT_OPAQUE, "name", "Ansible"), 1);
	assert_int_equal(count(&f, FACT_SECRET, "where", "input"), 1);
	assert_int_equal(count(&f, FACT_EXEC, "name", "ansible-playbook"), 1);
	assert_int_equal(count(&f, FACT_ENV, "name", "ANSIBLE_HOST_KEY_CHECKING"), 1);
	assert_int_equal(f.facts.opaque, 1);
	arena_clear(&f.arena);
}

static const char *flow_strength(struct fixture *f)
{
	for (size_t i = 0; i < f->facts.n; i++) {
		if (f->facts.items[i].kind == FACT_FLOW)
			return arena_cstr(&f->arena, member(&f->facts.items[i], "verified"));
	}
	return "";
}

static struct step *add_checked_download(struct fixture *f, uint32_t group)
{
	add_exec(f, "curl -o /tmp/a https://x.example/a", LANGUAGE_NONE, group);
	struct step *check = add_exec(f,
		"echo '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /tmp/a' | "
		"sha256sum -c -",
		LANGUAGE_NONE, group);
	add_exec(f, "sh /tmp/a", LANGUAGE_NONE, group + 1);
	return check;
}

static void a_check_counts_only_when_its_failure_ends_the_build(void **state)
{
	(void)state;
	struct fixture strict = {0};
	add_checked_download(&strict, 0);
	evaluate(&strict);
	assert_string_equal(flow_strength(&strict), "strong");
	struct fixture any = {0};
	add_checked_download(&any, 0)->exec.any_exit_code = true;
	evaluate(&any);
	assert_string_not_equal(flow_strength(&any), "strong");
	struct fixture ignored = {0};
	list_push(&ignored.arena, &ignored.plan.groups) =
		(struct step_group){.phase = GROUP_PROVISION, .continue_on_error = true};
	list_push(&ignored.arena, &ignored.plan.groups) =
		(struct step_group){.phase = GROUP_PROVISION};
	add_checked_download(&ignored, 0);
	evaluate(&ignored);
	assert_string_not_equal(flow_strength(&ignored), "strong");
	arena_clear(&strict.arena);
	arena_clear(&any.arena);
	arena_clear(&ignored.arena);
}

static void an_opaque_step_says_why(void **state)
{
	struct fixture f = {0};
	(void)state;
	add_step(&f, STEP_OPAQUE, 0)->opaque.why = STR("a formula is fetched");
	add_step(&f, STEP_OPAQUE, 1);
	evaluate(&f);
	assert_int_equal(count(&f, FACT_OPAQUE, "why", "a formula is fetched"), 1);
	assert_int_equal(
		count(&f, FACT_OPAQUE, "why", "the type of this provisioner is not known"), 1);
	arena_clear(&f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_of_windows_are_not_read_as_sh),
		cmocka_unit_test(sh_that_says_so_is_read),
		cmocka_unit_test(secrets_in_such_commands_are_found),
		cmocka_unit_test(trees_that_nobody_reads_are_told_once),
		cmocka_unit_test(inputs_of_the_build_host_are_told_and_searched),
		cmocka_unit_test(a_check_counts_only_when_its_failure_ends_the_build),
		cmocka_unit_test(an_opaque_step_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
