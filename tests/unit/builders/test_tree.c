/* Archives: written, unpacked, compared. */
#include "build_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "builders/extract.h"
#include "builders/layer.h"
#include "builders/tar.h"

static int setup(void **state)
{
	struct build_fixture *f = calloc(1, sizeof(*f));
	struct error err = {0};
	if (temp_dir_make(&f->dir, NULL, &err) != 0)
		fail_msg("%s", err.text);
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

static int new_file(struct build_fixture *f, const char *name)
{
	int fd = open(fixture_path(f, name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

static int new_dir(struct build_fixture *f, const char *name)
{
	struct error err = {0};
	if (dir_make(AT_FDCWD, fixture_path(f, name), &err) != 0)
		fail_msg("%s", err.text);
	return dir_open(AT_FDCWD, fixture_path(f, name), &err);
}

/* Adds one entry to a tar; size follows from the content. */
static void add(struct tar *t, struct tar_entry e, const char *content)
{
	struct error err = {0};
	e.size = e.type == TAR_FILE ? strlen(content) : 0;
	if (e.mode == 0)
		e.mode = e.type == TAR_DIR ? 0755 : 0644;
	e.uid = geteuid();
	e.gid = getegid();
	if (tar_add(t, &e, str_from(content), -1, &err) != 0)
		fail_msg("%s", err.text);
}

static void finish(struct tar *t)
{
	struct digest d;
	uint64_t size = 0;
	struct error err = {0};
	if (tar_finish(t, &d, &size, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(size % 512, 0);
	assert_int_equal(lseek(t->fd, 0, SEEK_SET), 0);
}

static int unpack(struct build_fixture *f, int tar, const char *name, struct error *err)
{
	autoclose int root = new_dir(f, name);
	return extract_tar(root, tar, geteuid() == 0, err);
}

static bool shell(struct build_fixture *f, const char *command)
{
	const char *script = arena_printf(&f->arena, "cd %s && %s", f->dir.path, command).p;
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	return run_program(argv, NULL) == 0;
}

static const char *repeated(struct build_fixture *f, char c, size_t n)
{
	char *text = arena_alloc(&f->arena, n + 1);
	memset(text, c, n);
	return text;
}

static void what_tar_add_writes_other_tars_read(void **state)
{
	struct build_fixture *f = *state;
	const char *part = repeated(f, 'n', 120);
	struct str deep = arena_printf(&f->arena, "d/%s/%s", part, "x");
	autoclose int fd = new_file(f, "a.tar");
	scoped(tar) t = {0};
	tar_init(&t, fd);
	add(&t, (struct tar_entry){.type = TAR_DIR, .path = STR("d"), .mode = 0700}, "");
	add(&t, (struct tar_entry){.type = TAR_FILE, .path = deep, .mode = 0640, .mtime = 77},
		"abc");
	add(&t, (struct tar_entry){.type = TAR_SYMLINK, .path = STR("l"), .link = str_from(part)},
		"");
	add(&t, (struct tar_entry){.type = TAR_HARD_LINK, .path = STR("h"), .link = deep}, "");
	add(&t, (struct tar_entry){.type = TAR_FILE, .path = STR("\xc3\xa9\xff"), .mtime = -5},
		"u");
	finish(&t);
	assert_true(shell(f, "mkdir out && tar -C out -xf a.tar"));
	assert_true(shell(f,
		arena_printf(&f->arena,
			"test \"$(cat out/%s)\" = abc && test out/h -ef out/%s && "
			"test \"$(readlink out/l)\" = %s && test $(stat -c %%Y%%a "
			"out/%s) = 77640 && test $(stat -c %%a out/d) = 700",
			deep.p, deep.p, part, deep.p)
			.p));
	struct error err = {0};
	assert_int_equal(unpack(f, fd, "mine", &err), 0);
	assert_true(shell(f, "diff -r --no-dereference out mine"));
}

static void an_archive_cannot_write_outside_of_its_root(void **state)
{
	struct build_fixture *f = *state;
	static const struct {
		const char *what;
		struct tar_entry first;
		struct tar_entry second;
	} attacks[] = {
		{"parent", {.type = TAR_FILE, .path = STR_INIT("../evil")}, {0}},
		{"parent inside", {.type = TAR_FILE, .path = STR_INIT("a/../../evil")}, {0}},
		{"link to above",
			{.type = TAR_SYMLINK, .path = STR_INIT("l"), .link = STR_INIT("../..")},
			{.type = TAR_FILE, .path = STR_INIT("l/evil")}},
		{"absolute link",
			{.type = TAR_SYMLINK, .path = STR_INIT("l"), .link = STR_INIT("/")},
			{.type = TAR_FILE, .path = STR_INIT("l/evil")}},
		{"hard link to above",
			{.type = TAR_HARD_LINK,
				.path = STR_INIT("h"),
				.link = STR_INIT("../secret")},
			{0}},
		{"file over a link",
			{.type = TAR_SYMLINK, .path = STR_INIT("l"), .link = STR_INIT("../secret")},
			{.type = TAR_FILE, .path = STR_INIT("l")}},
		{"absolute path", {.type = TAR_FILE, .path = STR_INIT("/evil")}, {0}},
	};
	assert_true(shell(f, "echo secret > secret"));
	for (size_t i = 0; i < countof(attacks); i++) {
		autoclose int fd = new_file(f, "a.tar");
		scoped(tar) t = {0};
		tar_init(&t, fd);
		add(&t, attacks[i].first, "evil");
		if (attacks[i].second.type != TAR_NONE)
			add(&t, attacks[i].second, "evil");
		finish(&t);
		struct error err = {0};
		const char *name = arena_printf(&f->arena, "root%zu", i).p;
		(void)!unpack(f, fd, name, &err);
		if (!shell(f,
			    "test ! -e evil && test ! -e /evil && test \"$(cat secret)\" = secret"))
			fail_msg("%s: written outside", attacks[i].what);
	}
}

static void devices_are_skipped_and_compressions_are_read(void **state)
{
	struct build_fixture *f = *state;
	autoclose int fd = new_file(f, "a.tar");
	scoped(tar) t = {0};
	tar_init(&t, fd);
	add(&t, (struct tar_entry){.type = TAR_CHAR, .path = STR("null"), .major = 1, .minor = 3},
		"");
	add(&t, (struct tar_entry){.type = TAR_FILE, .path = STR("x/y/z")}, "deep");
	finish(&t);
	assert_true(shell(f, "gzip -k a.tar && xz -k a.tar"));
	static const char *const names[] = {"a.tar", "a.tar.gz", "a.tar.xz"};
	struct digest digests[countof(names)];
	for (size_t i = 0; i < countof(names); i++) {
		uint64_t size = 0;
		struct error err = {0};
		autoclose int in = open(fixture_path(f, names[i]), O_RDONLY | O_CLOEXEC);
		autoclose int plain = new_file(f, "plain");
		assert_int_equal(extract_plain(plain, &digests[i], &size, in, &err), 0);
		assert_true(digest_eq(&digests[i], &digests[0]));
		assert_int_equal(lseek(plain, 0, SEEK_SET), 0);
		const char *out = arena_printf(&f->arena, "out%zu", i).p;
		assert_int_equal(unpack(f, plain, out, &err), 0);
		assert_true(shell(f,
			arena_printf(&f->arena, "test ! -e %s/null && test $(cat %s/x/y/z) = deep",
				out, out)
				.p));
	}
}

static void no_program_is_started_to_decompress(void **state)
{
	struct build_fixture *f = *state;
	static const char lzop[] = "\x89LZO\0\r\n\x1a\n and something that is not lzop";
	struct error err = {0};
	struct digest digest;
	uint64_t size = 0;
	autoclose int in = new_file(f, "a.tar.lzo");
	autoclose int plain = new_file(f, "plain");
	assert_int_equal(file_write_fd(in, (struct str){lzop, sizeof(lzop)}, &err), 0);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	assert_true(
		shell(f, "printf '#!/bin/sh\\n>%s/started\\n' \"$PWD\" > lzop && chmod +x lzop"));
	char *path = arena_cstr(&f->arena, str_from(getenv("PATH")));
	setenv("PATH", arena_printf(&f->arena, "%s:%s", f->dir.path, path).p, 1);
	(void)!extract_plain(plain, &digest, &size, in, &err);
	setenv("PATH", path, 1);
	assert_true(shell(f, "test -x lzop && test ! -e started"));
}

static void holes_count_as_bytes(void **state)
{
	struct build_fixture *f = *state;
	assert_true(shell(f, "truncate -s 70G big && tar --sparse -cf a.tar big && rm big"));
	autoclose int fd = open(fixture_path(f, "a.tar"), O_RDONLY | O_CLOEXEC);
	struct error err = {0};
	assert_int_equal(unpack(f, fd, "out", &err), -1);
	assert_non_null(strstr(err.text, "larger than 64 GiB"));
}

static void a_cut_archive_is_an_error(void **state)
{
	struct build_fixture *f = *state;
	autoclose int fd = new_file(f, "a.tar");
	scoped(tar) t = {0};
	tar_init(&t, fd);
	add(&t, (struct tar_entry){.type = TAR_FILE, .path = STR("x")}, repeated(f, 'x', 5000));
	finish(&t);
	assert_int_equal(ftruncate(fd, 2048), 0);
	struct error err = {0};
	assert_int_equal(unpack(f, fd, "out", &err), -1);
	assert_int_equal(ftruncate(fd, 0), 0);
	error_clear(&err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(unpack(f, fd, "empty", &err), -1);
}

static void gzip_has_the_same_bytes_each_time(void **state)
{
	struct build_fixture *f = *state;
	struct digest d[2];
	uint64_t size[2] = {0};
	struct error err = {0};
	assert_true(shell(f, "ls -lR /etc > plain 2>/dev/null; true"));
	for (int i = 0; i < 2; i++) {
		autoclose int in = open(fixture_path(f, "plain"), O_RDONLY | O_CLOEXEC);
		autoclose int out = new_file(f, "plain.gz");
		assert_int_equal(extract_gzip(out, &d[i], &size[i], in, &err), 0);
		assert_true(shell(f, "gzip -dc plain.gz | cmp - plain"));
		const struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
		if (i == 0)
			nanosleep(&pause, NULL);
	}
	assert_true(digest_eq(&d[0], &d[1]));
}

/* The names in the layer between two trees, as `tar -tf` shows them. */
static const char *layer_names(struct build_fixture *f, const char *lower, const char *upper)
{
	struct error err = {0};
	autoclose int l = dir_open(AT_FDCWD, fixture_path(f, lower), &err);
	autoclose int u = dir_open(AT_FDCWD, fixture_path(f, upper), &err);
	autoclose int fd = new_file(f, "layer.tar");
	scoped(tar) t = {0};
	tar_init(&t, fd);
	struct layer_options o = {.epoch = FIXTURE_EPOCH, .compare_bytes = true};
	if (layer_write(&t, u, l, &o, &err) != 0)
		fail_msg("%s", err.text);
	finish(&t);
	scoped(buf) names = {0};
	const char *argv[] = {"tar", "-tf", fixture_path(f, "layer.tar"), NULL};
	assert_int_equal(run_program(argv, &names), 0);
	return arena_cstr(&f->arena, buf_str(&names));
}

static void a_layer_holds_what_differs_and_whiteouts_for_what_is_gone(void **state)
{
	struct build_fixture *f = *state;
	assert_true(shell(f,
		"mkdir -p a/keep a/gone/deep a/dir && echo 1 > a/keep/same && "
		"echo 1 > a/keep/other && echo 1 > a/gone/deep/x && echo 1 > a/mode && "
		"echo 1 > a/dir/f && ln -s x a/link && find a -exec touch -h -d @5 {} + && "
		"cp -a a b && echo 2 > b/keep/other && touch -d @5 b/keep/other && "
		"rm -r b/gone && chmod 600 b/mode && rm -r b/dir && echo 1 > b/dir && "
		"ln -sf y b/link && touch -h -d @5 b/link && mkdir b/new && "
		"touch -d @5 b/keep b"));
	assert_string_equal(layer_names(f, "a", "b"),
		"dir\n"
		".wh.gone\n"
		"keep/other\n"
		"link\n"
		"mode\n"
		"new/\n");
	assert_string_equal(layer_names(f, "a", "a"), "");
}

static void hard_links_and_attributes_survive_a_layer(void **state)
{
	struct build_fixture *f = *state;
	if (geteuid() != 0)
		skip();
	assert_true(shell(f,
		"mkdir a b && echo 1 > b/x && ln b/x b/y && mkfifo b/p && "
		"touch -d @99 b/x && chmod 4755 b/x"));
	/* cap_net_raw=ep */
	static const unsigned char capability[20] = {1, 0, 0, 2, 0, 32};
	const char *x = fixture_path(f, "b/x");
	assert_int_equal(setxattr(x, "security.capability", capability, sizeof(capability), 0), 0);
	layer_names(f, "a", "b");
	autoclose int fd = open(fixture_path(f, "layer.tar"), O_RDONLY | O_CLOEXEC);
	struct error err = {0};
	assert_int_equal(unpack(f, fd, "out", &err), 0);
	unsigned char found[64];
	assert_int_equal(
		getxattr(fixture_path(f, "out/x"), "security.capability", found, sizeof(found)),
		sizeof(capability));
	assert_memory_equal(found, capability, sizeof(capability));
	assert_true(shell(f,
		"test out/x -ef out/y && test -p out/p && "
		"test $(stat -c %Y%a out/x) = 994755"));
	assert_true(shell(f,
		"mkdir gnu && tar --xattrs --xattrs-include='*' -C gnu -xf layer.tar && "
		"getcap gnu/x | grep -q cap_net_raw || ! command -v getcap"));
}

static void names_of_one_file_stay_names_of_one_file(void **state)
{
	struct build_fixture *f = *state;
	assert_true(shell(f,
		"mkdir a && echo 1 > a/x && ln a/x a/y && echo 1 > a/k && ln a/k a/l && "
		"find a -exec touch -d @5 {} + && cp -a a b && ln b/x b/z && rm b/y && "
		"touch -d @5 b"));
	assert_string_equal(layer_names(f, "a", "b"),
		"x\n"
		".wh.y\n"
		"z\n");
	assert_true(shell(f, "mkdir gnu && tar -C gnu -xf layer.tar && test gnu/x -ef gnu/z"));
}

static void a_socket_in_place_of_a_file_removes_the_file(void **state)
{
	struct build_fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	assert_true(shell(f, "mkdir a b && echo 1 > a/x && touch -d @5 a b"));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture_path(f, "b/x"));
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(shell(f, "touch -d @5 b"));
	assert_string_equal(layer_names(f, "a", "b"), ".wh.x\n");
}

static void a_name_that_would_remove_a_file_is_refused(void **state)
{
	struct build_fixture *f = *state;
	struct error err = {0};
	assert_true(shell(f, "mkdir -p a/d b/d && echo 1 > a/d/x && echo 1 > b/d/.wh.x"));
	autoclose int l = dir_open(AT_FDCWD, fixture_path(f, "a"), &err);
	autoclose int u = dir_open(AT_FDCWD, fixture_path(f, "b"), &err);
	autoclose int fd = new_file(f, "layer.tar");
	scoped(tar) t = {0};
	tar_init(&t, fd);
	struct layer_options o = {.epoch = FIXTURE_EPOCH, .compare_bytes = true};
	assert_int_equal(layer_write(&t, u, l, &o, &err), -1);
	assert_int_equal(err.code, ERROR_INPUT);
	assert_non_null(strstr(err.text, "/d/.wh.x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_tar_add_writes_other_tars_read),
		TEST(an_archive_cannot_write_outside_of_its_root),
		TEST(devices_are_skipped_and_compressions_are_read),
		TEST(no_program_is_started_to_decompress),
		TEST(holes_count_as_bytes),
		TEST(a_cut_archive_is_an_error),
		TEST(gzip_has_the_same_bytes_each_time),
		TEST(a_layer_holds_what_differs_and_whiteouts_for_what_is_gone),
		TEST(hard_links_and_attributes_survive_a_layer),
		TEST(names_of_one_file_stay_names_of_one_file),
		TEST(a_socket_in_place_of_a_file_removes_the_file),
		TEST(a_name_that_would_remove_a_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
