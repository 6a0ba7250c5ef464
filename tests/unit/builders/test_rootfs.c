#include "build_fixture.h"

static int setup(void **state)
{
	struct build_fixture *f = calloc(1, sizeof(*f));
	fixture_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct build_fixture *f = *state;
	fixture_close(f);
	free(f);
	return 0;
}

static void an_uploaded_script_runs_and_its_effect_is_in_the_image(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p =
		plan_new(&f->arena, fixture_config(f, ", \"formats\": [\"oci\", \"tar\"]"));
	plan_upload(&f->arena, p, "/tmp/script.sh", "#!/bin/sh\necho hello > /etc/greeting\nid\n");
	plan_exec(&f->arena, p, "chmod +x /tmp/script.sh; A='b' /tmp/script.sh");
	plan_exec(&f->arena, p, "rm -f /tmp/script.sh");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_true(out.ok);
	assert_int_equal(strlen(out.image_id), 71);
	scoped(buf) list = {0};
	const char *argv[] = {"tar", "-xOf", fixture_path(f, "out/test.tar"), "etc/greeting", NULL};
	assert_int_equal(run_program(argv, &list), 0);
	assert_string_equal(list.p, "hello\n");
	assert_true(str_contains(read_text(f, "log"), STR("    test: uid=0")));
}

static void every_program_of_a_step_is_recorded_with_its_digest(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "true");
	plan_exec(&f->arena, p, "cat /etc/issue | cat; touch /etc/made");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_true(out.ok);
	assert_string_equal(out.coverage, "processes");
	assert_int_equal(out.gaps, 0);
	struct manifest_lines lines = read_manifest(f);
	const struct json *cat = find_exec(&lines, "/bin/cat");
	assert_non_null(cat);
	assert_int_equal(number_of(cat, "step"), 2);
	assert_int_equal(json_str_or(cat, "exe_sha256", STR("")).n, 64);
	assert_non_null(find_exec(&lines, "/bin/touch"));
	assert_int_equal(out.execs, 5);
	assert_string_equal(
		json_str_or(find_line(&lines, "step-end", 1), "coverage", STR("")).p, "processes");
	assert_non_null(find_line(&lines, "artifact", 0));
}

static void output_is_counted_and_hashed_by_stream(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo out; echo oops >&2");
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct manifest_lines lines = read_manifest(f);
	const struct json *end = find_line(&lines, "step-end", 0);
	char hex[DIGEST_HEX_SIZE];
	struct digest d = digest_bytes(STR("oops\n"));
	digest_hex(hex, &d);
	assert_int_equal(number_of(end, "stdout_bytes"), 4);
	assert_int_equal(number_of(end, "stderr_bytes"), 5);
	assert_true(str_is(json_str_or(end, "stderr_sha256", STR("")), hex));
}

static void an_exit_code_that_is_not_accepted_ends_the_build_and_leaves_nothing(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "exit 3");
	plan_exec(&f->arena, p, "touch /never");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_int_equal(out.status, 0);
	assert_false(out.ok);
	assert_string_equal(out.error,
		"Script exited with non-zero exit status: 3. Allowed exit "
		"codes are: [0]");
	struct manifest_lines lines = read_manifest(f);
	assert_null(find_line(&lines, "step", 1));
	assert_int_equal(number_of(find_line(&lines, "step-end", 0), "exit_code"), 3);
	assert_int_equal(access(fixture_path(f, "out/oci"), F_OK), -1);
	struct str_list left = {0};
	struct error err = {0};
	assert_int_equal(
		dir_list(&left, &f->arena, AT_FDCWD, fixture_path(f, "work"), 10, &err), 0);
	assert_int_equal(left.n, 0);
}

static void an_accepted_exit_code_goes_on(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_exec(&f->arena, p, "exit 7");
	list_push(&f->arena, &s->exec.exit_codes) = 7;
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
}

static void a_failing_cleanup_step_does_not_fail_the_build(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "exit 1")->exec.cleanup = true;
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
}

static void a_group_is_tried_again_as_often_as_it_allows(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_group(&f->arena, p)->max_retries = 2;
	plan_exec(&f->arena, p,
		"echo x >> /tries; [ $(cat /tries | sha256sum | cat > /sum; "
		"n=0; while read l; do n=$((n+1)); done < /tries; echo $n) = 3 ]");
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct manifest_lines lines = read_manifest(f);
	assert_int_equal(number_of(find_line(&lines, "step", 2), "attempt"), 3);
	assert_null(find_line(&lines, "step", 3));
}

static void a_group_ends_at_its_time_out_with_everything_it_started(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_group(&f->arena, p)->timeout = INT64_C(500000000);
	plan_exec(&f->arena, p, "sleep 1000 & sleep 1000");
	int64_t start = clock_steady(&clock_system);
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_false(out.ok);
	assert_string_equal(out.error, "timed out");
	assert_true(clock_steady(&clock_system) - start < INT64_C(30000000000));
}

static void the_cleanup_group_runs_after_a_failure_only(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	for (int fails = 0; fails < 2; fails++) {
		struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
		plan_exec(&f->arena, p, fails ? "exit 1" : "exit 0");
		plan_group(&f->arena, p)->phase = GROUP_ERROR_CLEANUP;
		plan_exec(&f->arena, p, "echo cleaning up");
		struct build_options o = fixture_options(f, p);
		o.force = true;
		struct outcome out = build_in_child(f, o);
		assert_int_equal(out.ok, !fails);
		bool ran = str_contains(read_text(f, "log"), STR("    test: cleaning up"));
		assert_int_equal(ran, fails);
	}
}

static void a_cancelled_build_ends_soon_and_leaves_nothing(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "touch /begun; sleep 1000");
	struct build_options o = fixture_options(f, p);
	int ends[2], report = -1;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	o.cancel_fd = ends[0];
	pid_t child = build_start(f, o, &report);
	const struct timespec two_seconds = {.tv_sec = 2};
	nanosleep(&two_seconds, NULL);
	assert_int_equal(write(ends[1], "x", 1), 1);
	int64_t start = clock_steady(&clock_system);
	struct outcome out = build_wait(child, report);
	assert_true(clock_steady(&clock_system) - start < INT64_C(20000000000));
	assert_false(out.ok);
	assert_true(out.cancelled);
	struct str_list left = {0};
	struct error err = {0};
	assert_int_equal(
		dir_list(&left, &f->arena, AT_FDCWD, fixture_path(f, "work"), 10, &err), 0);
	assert_int_equal(left.n, 0);
	close(ends[0]);
	close(ends[1]);
}

static void what_a_killed_build_leaves_is_removed_by_cleanup(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo begun; sleep 1000");
	int report = -1;
	pid_t child = build_start(f, fixture_options(f, p), &report);
	for (int i = 0; i < 100; i++) {
		const struct timespec tenth = {.tv_nsec = 100000000};
		nanosleep(&tenth, NULL);
		if (access(fixture_path(f, "log"), F_OK) == 0 &&
			str_contains(read_text(f, "log"), STR("test: begun")))
			break;
	}
	size_t removed = 9;
	struct error err = {0};
	assert_int_equal(builders_cleanup(fixture_path(f, "work"), NULL, &removed, &err), 0);
	assert_int_equal(removed, 0);
	kill(child, SIGKILL);
	assert_int_equal(build_wait(child, report).status, -1);
	assert_int_equal(builders_cleanup(fixture_path(f, "work"), NULL, &removed, &err), 0);
	assert_int_equal(removed, 1);
	struct str_list left = {0};
	assert_int_equal(
		dir_list(&left, &f->arena, AT_FDCWD, fixture_path(f, "work"), 10, &err), 0);
	assert_int_equal(left.n, 0);
}

static void an_aborted_build_leaves_everything_to_cleanup(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo kept > /kept; exit 1");
	struct build_options o = fixture_options(f, p);
	o.on_error = ON_ERROR_ABORT;
	assert_false(build_in_child(f, o).ok);
	struct str_list left = {0};
	struct error err = {0};
	const char *work = fixture_path(f, "work");
	assert_int_equal(dir_list(&left, &f->arena, AT_FDCWD, work, 10, &err), 0);
	assert_int_equal(left.n, 2);
	struct str kept = arena_printf(&f->arena, "work/%s/upper/kept", left.items[0].p);
	assert_true(str_is(read_text(f, kept.p), "kept\n"));
	size_t removed = 0;
	assert_int_equal(builders_cleanup(work, NULL, &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(dir_list(&left, &f->arena, AT_FDCWD, work, 10, &err), 0);
	assert_int_equal(left.n, 0);
}

static void a_journal_that_names_foreign_paths_removes_nothing(void **state)
{
	struct build_fixture *f = *state;
	struct error err = {0};
	const char *work = fixture_path(f, "work");
	static const char *const lines[] = {
		"{\"path\":\"../base\",\"type\":\"directory\"}\n",
		"{\"path\":\"a/b\",\"type\":\"directory\"}\n",
		"{\"path\":\"/etc\",\"type\":\"output\"}\n",
		"{\"path\":\"/tmp/.sealwright-partial-x/../y\",\"type\":\"output\"}\n",
	};
	for (size_t i = 0; i < countof(lines); i++) {
		size_t removed = 0;
		error_clear(&err);
		assert_int_equal(dir_make(AT_FDCWD, work, &err), 0);
		assert_int_equal(file_replace(AT_FDCWD, fixture_path(f, "work/x.journal"),
					 str_from(lines[i]), 0600, &err),
			0);
		assert_int_equal(builders_cleanup(work, NULL, &removed, &err), -1);
		assert_int_equal(access(fixture_path(f, "base/bin/sh"), F_OK), 0);
	}
}

static void links_of_the_image_do_not_lead_an_upload_out_of_it(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	const char *outside = fixture_path(f, "outside");
	struct error err = {0};
	assert_int_equal(dir_make(AT_FDCWD, outside, &err), 0);
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, arena_printf(&f->arena, "ln -s %s /way", outside).p);
	plan_upload(&f->arena, p, "/way/file", "escaped");
	assert_false(build_in_child(f, fixture_options(f, p)).ok);
	assert_int_equal(access(fixture_path(f, "outside/file"), F_OK), -1);
}

static void traces_of_the_build_itself_are_not_in_the_image(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ", \"formats\": [\"tar\"]"));
	plan_exec(&f->arena, p,
		"test -x /usr/sbin/policy-rc.d && cat /etc/resolv.conf && "
		"touch /run/gone /dev/shm/gone");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_true(out.ok);
	scoped(buf) list = {0};
	const char *argv[] = {"tar", "-tf", fixture_path(f, "out/test.tar"), NULL};
	assert_int_equal(run_program(argv, &list), 0);
	assert_false(str_contains(buf_str(&list), STR("policy-rc.d")));
	assert_false(str_contains(buf_str(&list), STR("resolv.conf")));
	assert_false(str_contains(buf_str(&list), STR("gone")));
	assert_true(str_contains(buf_str(&list), STR("etc/issue")));
}

static void the_same_plan_gives_the_same_image(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(
		&f->arena, fixture_config(f, ", \"formats\": [\"oci\", \"tar\", \"raw\"]"));
	plan_exec(&f->arena, p, "mkdir -p /a/b; echo x > /a/b/c; ln /a/b/c /a/d; rm /etc/issue");
	struct outcome first = build_in_child(f, fixture_options(f, p));
	struct manifest_lines lines = read_manifest(f);
	const struct json *files = json_find(find_line(&lines, "artifact", 0), "files");
	struct build_options again = fixture_options(f, p);
	again.force = true;
	struct outcome second = build_in_child(f, again);
	assert_true(first.ok);
	assert_true(second.ok);
	assert_string_equal(first.image_id, second.image_id);
	lines = read_manifest(f);
	const struct json *files_again = json_find(find_line(&lines, "artifact", 0), "files");
	assert_int_equal(files->array.n, 8);
	for (size_t i = 0; i < files->array.n; i++) {
		assert_true(json_equal(files->array.items[i], files_again->array.items[i]));
	}
}

static void an_output_that_exists_is_replaced_by_force_only(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "true");
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_false(out.ok);
	assert_true(str_contains(str_from(out.error), STR("exists already")));
	assert_int_equal(access(fixture_path(f, "out/oci/index.json"), F_OK), 0);
}

static void a_base_with_another_checksum_is_refused(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena,
		fixture_config(f,
			", \"base_checksum\": \"sha256:"
			"0000000000000000000000000000000000000000000000000000000000000000"
			"\""));
	plan_exec(&f->arena, p, "true");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_false(out.ok);
	assert_true(str_contains(str_from(out.error), STR("its checksum is sha256:")));
}

static void without_network_only_lo_is_there(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ", \"network\": \"none\""));
	plan_exec(
		&f->arena, p, "n=0; while read l; do n=$((n+1)); done < /proc/net/dev; [ $n = 3 ]");
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
}

static void a_sensitive_value_is_nowhere_in_log_and_manifest(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_exec(&f->arena, p, "P='");
	text_add_sensitive(&s->exec.command, &f->arena, STR("password"), STR("hunter2-x"));
	text_add_literal(&s->exec.command, &f->arena,
		STR("'; echo \"it is $P\"; env P=\"$P\" cat /etc/issue"));
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	assert_false(str_contains(read_text(f, "log"), STR("hunter2")));
	assert_true(str_contains(read_text(f, "log"), STR("it is <sensitive:password>")));
	assert_false(str_contains(read_text(f, "manifest.jsonl"), STR("hunter2")));
}

static void holes_are_filled_and_recorded(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_exec(&f->arena, p, "[ ");
	text_add_hole(&s->exec.command, &f->arena, STR("Host"));
	text_add_literal(&s->exec.command, &f->arena, STR(" = localhost ]"));
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct manifest_lines lines = read_manifest(f);
	const struct json *fill = find_line(&lines, "fill", 0);
	assert_true(str_is(json_str_or(fill, "value", STR("")), "localhost"));
	assert_int_equal(number_of(fill, "step"), 1);
}

static void a_host_command_is_recorded_and_gets_a_scrubbed_environment(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_step(&f->arena, p, STEP_EXEC_HOST);
	struct text argv[] = {text_from(&f->arena, STR("/bin/sh")), text_from(&f->arena, STR("-c")),
		text_from(&f->arena, STR("env; exit ${HOST_SECRET:-0}"))};
	s->exec.argv = (struct text_list){argv, NULL, countof(argv)};
	list_push(&f->arena, &s->exec.exit_codes) = 0;
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct manifest_lines lines = read_manifest(f);
	assert_non_null(find_exec(&lines, "/usr/bin/env"));
	assert_false(str_contains(read_text(f, "log"), STR("HOST_SECRET")));
}

static void a_host_script_is_a_file_while_it_runs(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_step(&f->arena, p, STEP_EXEC_HOST);
	struct text command = text_from(&f->arena, STR("A='b' "));
	text_add_hole(&command, &f->arena, STR(STEP_SCRIPT_HOLE));
	struct text argv[] = {
		text_from(&f->arena, STR("/bin/sh")), text_from(&f->arena, STR("-c")), command};
	s->exec.argv = (struct text_list){argv, NULL, countof(argv)};
	s->exec.script = text_from(&f->arena, STR("#!/bin/sh -e\necho \"a is $A\"\npwd\n"));
	s->exec.extension = STR(".sh");
	list_push(&f->arena, &s->exec.exit_codes) = 0;
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	assert_true(str_contains(read_text(f, "log"), STR("    test: a is b")));
	struct manifest_lines lines = read_manifest(f);
	const struct json *fill = find_line(&lines, "fill", 0);
	assert_true(str_is(json_str_or(fill, "name", STR("")), STEP_SCRIPT_HOLE));
	assert_true(str_has_suffix(json_str_or(fill, "value", STR("")), STR(".sh")));
	assert_int_equal(access(json_str_or(fill, "value", STR("/")).p, F_OK), -1);
}

static void a_download_lands_below_the_output_directory(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	struct step *s = plan_step(&f->arena, p, STEP_DOWNLOAD);
	s->download.source = text_from(&f->arena, STR("/etc/issue"));
	s->download.destination = text_from(&f->arena, STR("./logs/issue"));
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	assert_true(str_is(read_text(f, "out/logs/issue"), "tiny\n"));
	s->download.destination = text_from(&f->arena, STR("../issue"));
	struct build_options o = fixture_options(f, p);
	o.force = true;
	assert_false(build_in_child(f, o).ok);
}

static void a_process_that_a_step_left_is_ended_before_the_capture(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p,
		"cat /bin/sleep > /bin/daemon; chmod +x /bin/daemon; "
		"setsid daemon 1000 & sleep 1");
	plan_exec(&f->arena, p, "true");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_true(out.ok);
	struct manifest_lines lines = read_manifest(f);
	const struct json *daemon = find_exec(&lines, "/bin/daemon");
	assert_int_equal(number_of(daemon, "step"), 1);
	const struct json *line = NULL;
	bool ended = false;
	for (size_t i = 0; (line = find_line(&lines, "exit", i)) != NULL; i++)
		ended = ended || number_of(line, "id") == number_of(daemon, "id");
	assert_true(ended);
}

static bool root_looks(struct build_fixture *f, const char *command)
{
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	(void)f;
	return run_program(argv, NULL) == 0;
}

static void the_oci_layout_is_accepted_by_other_tools(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	if (!have_program("/usr/bin/skopeo") || !have_program("/usr/bin/umoci"))
		skip();
	struct plan *p = plan_new(&f->arena,
		fixture_config(f,
			", \"tag\": \"v1\", \"cmd\": [\"/bin/sh\"], "
			"\"env\": {\"A\": \"b\"}, \"labels\": {\"x\": \"y\"}"));
	plan_exec(&f->arena, p,
		"rm /etc/issue; echo new > /etc/group; mkdir /new; ln -s /etc /new/l; "
		"echo 1 > /new/a; ln /new/a /new/b; rm -r /sbin; echo > /sbin");
	struct outcome out = build_in_child(f, fixture_options(f, p));
	assert_true(out.ok);
	const char *dir = f->dir.path;
	assert_true(root_looks(f,
		arena_printf(&f->arena, "skopeo copy -q oci:%s/out/oci:v1 dir:%s/copy", dir, dir)
			.p));
	assert_true(root_looks(f,
		arena_printf(&f->arena,
			"umoci unpack --image %s/out/oci:v1 %s/bundle >/dev/null && cd "
			"%s/bundle/rootfs && test ! -e etc/issue && test -f sbin && "
			"test new/a -ef new/b && test \"$(cat etc/group)\" = new && test -x bin/sh",
			dir, dir, dir)
			.p));
	struct json *config = NULL;
	struct error err = {0};
	const char *blob =
		arena_printf(&f->arena, "out/oci/blobs/sha256/%s", out.image_id + strlen("sha256:"))
			.p;
	assert_int_equal(
		json_parse(&config, &f->arena, read_text(f, blob), STR("config"), NULL, &err), 0);
	assert_true(str_is(json_str_or(config, "created", STR("")), "2023-11-14T22:13:20Z"));
	assert_int_equal(json_find(config, "history")->array.n, 2);
}

static void a_disk_image_holds_the_tree(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	if (!have_program("/usr/sbin/debugfs"))
		skip();
	struct plan *p = plan_new(
		&f->arena, fixture_config(f, ", \"formats\": [\"raw\"], \"disk_size\": \"32M\""));
	plan_exec(&f->arena, p, "echo found > /etc/greeting");
	assert_true(build_in_child(f, fixture_options(f, p)).ok);
	struct stat st;
	assert_int_equal(stat(fixture_path(f, "out/test.raw"), &st), 0);
	assert_int_equal(st.st_size, 32 << 20);
	scoped(buf) text = {0};
	const char *argv[] = {
		"debugfs", "-R", "cat /etc/greeting", fixture_path(f, "out/test.raw"), NULL};
	assert_int_equal(run_program(argv, &text), 0);
	assert_string_equal(text.p, "found\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(an_uploaded_script_runs_and_its_effect_is_in_the_image),
		TEST(every_program_of_a_step_is_recorded_with_its_digest),
		TEST(output_is_counted_and_hashed_by_stream),
		TEST(an_exit_code_that_is_not_accepted_ends_the_build_and_leaves_nothing),
		TEST(an_accepted_exit_code_goes_on),
		TEST(a_failing_cleanup_step_does_not_fail_the_build),
		TEST(a_group_is_tried_again_as_often_as_it_allows),
		TEST(a_group_ends_at_its_time_out_with_everything_it_started),
		TEST(the_cleanup_group_runs_after_a_failure_only),
		TEST(a_cancelled_build_ends_soon_and_leaves_nothing),
		TEST(what_a_killed_build_leaves_is_removed_by_cleanup),
		TEST(an_aborted_build_leaves_everything_to_cleanup),
		TEST(a_journal_that_names_foreign_paths_removes_nothing),
		TEST(links_of_the_image_do_not_lead_an_upload_out_of_it),
		TEST(traces_of_the_build_itself_are_not_in_the_image),
		TEST(the_same_plan_gives_the_same_image),
		TEST(an_output_that_exists_is_replaced_by_force_only),
		TEST(a_base_with_another_checksum_is_refused),
		TEST(without_network_only_lo_is_there),
		TEST(a_sensitive_value_is_nowhere_in_log_and_manifest),
		TEST(holes_are_filled_and_recorded),
		TEST(a_host_command_is_recorded_and_gets_a_scrubbed_environment),
		TEST(a_host_script_is_a_file_while_it_runs),
		TEST(a_download_lands_below_the_output_directory),
		TEST(a_process_that_a_step_left_is_ended_before_the_capture),
		TEST(the_oci_layout_is_accepted_by_other_tools),
		TEST(a_disk_image_holds_the_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
