/* Builds without root, and several at once. */
#include "build_fixture.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#define NOBODY 65534

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

/* A file with these bytes instead of `path`, for this process and its children only. */
static bool cover(struct build_fixture *f, const char *path, const char *bytes)
{
	struct error err = {0};
	const char *file = fixture_path(f, "covered");
	(void)!file_replace(AT_FDCWD, file, str_from(bytes), 0644, &err);
	return mount(file, path, NULL, MS_BIND, NULL) == 0;
}

/* Becomes an account without rights. subid: what /etc/subuid and /etc/subgid say. */
static bool become_nobody(struct build_fixture *f, const char *subid)
{
	return unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		cover(f, "/etc/subuid", subid) && cover(f, "/etc/subgid", subid) &&
		chown(f->dir.path, NOBODY, NOBODY) == 0 && setgroups(0, NULL) == 0 &&
		setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
		/* As an exec would have it. */
		prctl(PR_SET_DUMPABLE, 1) == 0;
}

static struct outcome build_as_nobody(
	struct build_fixture *f, struct build_options o, const char *subid)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		struct outcome out = {.status = -1};
		snprintf(out.error, sizeof(out.error), "cannot become nobody");
		if (become_nobody(f, subid))
			out = build_here(f, o);
		_exit(write(ends[1], &out, sizeof(out)) == (ssize_t)sizeof(out) ? 0 : 1);
	}
	close(ends[1]);
	return build_wait(child, ends[0]);
}

static int need_userns(void)
{
	if (geteuid() != 0 || !can_unshare(CLONE_NEWNS | CLONE_NEWUSER) ||
		access("/etc/subuid", F_OK) != 0 || access("/etc/subgid", F_OK) != 0) {
		print_message("skipped: needs root, to become another user, and user namespaces\n");
		return -1;
	}
	return 0;
}

static void without_root_ids_of_the_range_are_owners_in_the_image(void **state)
{
	if (need_userns() != 0 || !have_program("/usr/bin/newuidmap"))
		skip();
	struct build_fixture *f = *state;
	const char *own[] = {"chown", "-R", "65534:65534", f->base.p, NULL};
	assert_int_equal(run_program(own, NULL), 0);
	struct plan *p =
		plan_new(&f->arena, fixture_config(f, ", \"formats\": [\"oci\", \"tar\"]"));
	plan_exec(&f->arena, p,
		"id; echo x > /owned && chown 33:44 /owned && rm /etc/issue && "
		"rm -r /var/lib && mkdir /var/lib && echo > /var/lib/new");
	struct outcome out = build_as_nobody(f, fixture_options(f, p), "65534:200000:65536\n");
	assert_true(out.ok);
	assert_string_equal(out.coverage, "processes");
	assert_int_equal(out.gaps, 0);
	scoped(buf) list = {0};
	const char *argv[] = {"tar", "--numeric-owner", "-tvf", fixture_path(f, "out/test.tar"),
		"owned", "bin/sh", NULL};
	assert_int_equal(run_program(argv, &list), 0);
	assert_true(str_contains(buf_str(&list), STR(" 33/44 ")));
	assert_true(str_contains(buf_str(&list), STR(" 0/0 ")));
	struct manifest_lines lines = read_manifest(f);
	const struct json *machine = json_find(find_line(&lines, "machine", 0), "machine");
	assert_true(str_is(json_str_or(machine, "user_namespace", STR("")), "range"));
}

static void root_and_rootless_builds_give_the_same_image(void **state)
{
	if (need_userns() != 0 || !have_program("/usr/bin/newuidmap"))
		skip();
	struct build_fixture *f = *state;
	/* A tarball, whose owners do not depend on who reads it. */
	const char *base = fixture_path(f, "base.tar");
	const char *argv[] = {
		"tar", "--owner=0", "--group=0", "-C", f->base.p, "-cf", base, ".", NULL};
	assert_int_equal(run_program(argv, NULL), 0);
	const char *config = arena_printf(&f->arena, "{\"base\": \"%s\"}", base).p;
	struct plan *p = plan_new(&f->arena, config);
	plan_exec(&f->arena, p, "mkdir /made && echo x > /made/file && rm /etc/group");
	struct outcome as_nobody =
		build_as_nobody(f, fixture_options(f, p), "65534:200000:65536\n");
	assert_true(as_nobody.ok);
	struct build_options o = fixture_options(f, p);
	o.force = true;
	o.cache_dir = fixture_path(f, "cache-of-root");
	struct outcome as_root = build_in_child(f, o);
	assert_true(as_root.ok);
	assert_string_equal(as_nobody.image_id, as_root.image_id);
}

static void without_a_range_a_build_has_one_owner_and_says_so(void **state)
{
	if (need_userns() != 0)
		skip();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo x > /owned; ! chown 33 /owned");
	struct outcome out = build_as_nobody(f, fixture_options(f, p), "");
	assert_true(out.ok);
	assert_true(str_contains(read_text(f, "log"), STR("every file is owned by root")));
}

static void what_a_killed_rootless_build_leaves_is_removed_by_cleanup(void **state)
{
	if (need_userns() != 0 || !have_program("/usr/bin/newuidmap"))
		skip();
	struct build_fixture *f = *state;
	const char *subid = "65534:200000:65536\n";
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo x > /owned; chown 33:44 /owned; echo begun; sleep 1000");
	pid_t child = fork();
	if (child == 0) {
		if (become_nobody(f, subid))
			build_here(f, fixture_options(f, p));
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		const struct timespec tenth = {.tv_nsec = 100000000};
		nanosleep(&tenth, NULL);
		if (access(fixture_path(f, "log"), F_OK) == 0 &&
			str_contains(read_text(f, "log"), STR("test: begun")))
			break;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	pid_t cleaner = fork();
	if (cleaner == 0) {
		size_t removed = 0;
		struct error err = {0};
		bool ok = become_nobody(f, subid) &&
			builders_cleanup(fixture_path(f, "work"), NULL, &removed, &err) == 0;
		_exit(ok && removed == 1 ? 0 : 1);
	}
	int status = 1;
	waitpid(cleaner, &status, 0);
	assert_int_equal(status, 0);
	struct str_list left = {0};
	struct error err = {0};
	assert_int_equal(
		dir_list(&left, &f->arena, AT_FDCWD, fixture_path(f, "work"), 10, &err), 0);
	assert_int_equal(left.n, 0);
}

static void builds_side_by_side_share_the_cache(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	enum { BUILDS = 4 };
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "echo x > /made");
	pid_t children[BUILDS];
	for (int i = 0; i < BUILDS; i++) {
		struct build_options o = fixture_options(f, p);
		o.output_dir = arena_printf(&f->arena, "%s/out%d", f->dir.path, i).p;
		children[i] = fork();
		if (children[i] == 0) {
			/* Each has a manifest of its own. */
			struct build_fixture own = *f;
			snprintf(own.dir.path, sizeof(own.dir.path), "%s", o.output_dir);
			struct error err = {0};
			bool ok = dir_make(AT_FDCWD, o.output_dir, &err) == 0;
			struct outcome out = ok ? build_here(&own, o) : (struct outcome){0};
			print_message("    build %d: %s\n", i, out.error);
			_exit(out.ok ? 0 : 1);
		}
	}
	for (int i = 0; i < BUILDS; i++) {
		int status = 1;
		waitpid(children[i], &status, 0);
		assert_int_equal(status, 0);
	}
	struct str_list bases = {0};
	struct error err = {0};
	assert_int_equal(
		dir_list(&bases, &f->arena, AT_FDCWD, fixture_path(f, "cache/bases"), 10, &err), 0);
	assert_int_equal(bases.n, 1);
}

/* An overlay cannot be the upper layer of another one. */
static bool mount_overlay_at(struct build_fixture *f, const char *name)
{
	struct error err = {0};
	const char *at = fixture_path(f, name);
	static const char *const parts[] = {"", "-lower", "-upper", "-work"};
	for (size_t i = 0; i < countof(parts); i++) {
		if (dir_make(AT_FDCWD, arena_printf(&f->arena, "%s%s", at, parts[i]).p, &err) != 0)
			return false;
	}
	struct str options = arena_printf(
		&f->arena, "lowerdir=%s-lower,upperdir=%s-upper,workdir=%s-work", at, at, at);
	return unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("overlay", at, "overlay", 0, options.p) == 0;
}

static void where_no_overlay_fits_a_copy_gives_the_same_image(void **state)
{
	SKIP_WITHOUT_ROOT();
	struct build_fixture *f = *state;
	struct plan *p = plan_new(&f->arena, fixture_config(f, ""));
	plan_exec(&f->arena, p, "rm /etc/issue; echo x > /made; chmod 600 /etc/group");
	struct outcome overlay = build_in_child(f, fixture_options(f, p));
	assert_true(overlay.ok);
	struct build_options o = fixture_options(f, p);
	o.force = true;
	o.work_dir = fixture_path(f, "nested/work");
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		struct outcome out = {.status = -1};
		if (mount_overlay_at(f, "nested"))
			out = build_here(f, o);
		_exit(write(ends[1], &out, sizeof(out)) == (ssize_t)sizeof(out) ? 0 : 1);
	}
	close(ends[1]);
	struct outcome copy = build_wait(child, ends[0]);
	assert_true(copy.ok);
	assert_string_equal(copy.image_id, overlay.image_id);
	struct manifest_lines lines = read_manifest(f);
	const struct json *machine = json_find(find_line(&lines, "machine", 0), "machine");
	assert_true(str_is(json_str_or(machine, "tree", STR("")), "copy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(without_root_ids_of_the_range_are_owners_in_the_image),
		TEST(root_and_rootless_builds_give_the_same_image),
		TEST(without_a_range_a_build_has_one_owner_and_says_so),
		TEST(what_a_killed_rootless_build_leaves_is_removed_by_cleanup),
		TEST(builds_side_by_side_share_the_cache),
		TEST(where_no_overlay_fits_a_copy_gives_the_same_image),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
