/* Private keys of SSH, held against ssh-keygen and openssl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/process.h"
#include "builders/ssh/key.h"
#include "builders/ssh/wire.h"

/* argv with its end; what the program printed goes to out. */
static void run(struct buf *out, const char *const *argv)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	struct process_spec spec = PROCESS_SPEC_INIT;
	struct error err = {0};
	int status = 0;
	spec.argv = argv;
	spec.envp = environment;
	assert_int_equal(process_run(&status, out, NULL, &spec, NULL, &err), 0);
	assert_int_equal(status, 0);
}

static void make_key(struct temp_dir *dir, struct arena *a, const char *type, const char *bits,
	const char *format, struct str *path)
{
	*path = arena_printf(a, "%s/%s-%s-%s", dir->path, type, bits, format);
	const char *const argv[] = {"ssh-keygen", "-q", "-t", type, "-b", bits, "-m", format, "-N",
		"", "-C", "", "-f", path->p, NULL};
	run(NULL, argv);
}

static struct ssh_key *read_key(const char *path)
{
	scoped(buf) text = {0};
	struct ssh_key *key = NULL;
	struct error err = {0};
	assert_int_equal(file_read(&text, AT_FDCWD, path, 65536, &err), 0);
	if (ssh_key_parse(&key, buf_str(&text), &err) != 0)
		fail_msg("%s: %s", path, err.text);
	return key;
}

static const struct {
	const char *type, *bits, *format;
} kinds[] = {
	{"ed25519", "256", "RFC4716"},
	{"rsa", "2048", "RFC4716"},
	{"rsa", "2048", "PEM"},
	{"rsa", "3072", "PKCS8"},
	{"ecdsa", "256", "RFC4716"},
	{"ecdsa", "384", "PEM"},
	{"ecdsa", "521", "PKCS8"},
};

static void keys_of_every_format_have_the_public_half_that_ssh_keygen_names(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	scoped(arena) a = {0};
	struct error err = {0};
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	for (size_t i = 0; i < countof(kinds); i++) {
		struct str path;
		scoped(buf) public = {0}, print = {0};
		make_key(&dir, &a, kinds[i].type, kinds[i].bits, kinds[i].format, &path);
		scoped_ptr(ssh_key) key = read_key(path.p);
		const char *const show[] = {"ssh-keygen", "-y", "-f", path.p, NULL};
		run(&public, show);
		struct str line = ssh_key_public_line(key, "", &a);
		assert_true(str_eq(line, str_trim(buf_str(&public))));
		const char *const list[] = {"ssh-keygen", "-l", "-f", path.p, NULL};
		run(&print, list);
		assert_true(str_contains(buf_str(&print), ssh_fingerprint(ssh_key_blob(key), &a)));
	}
}

static void a_new_key_is_read_by_ssh_keygen_and_by_us(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	scoped(arena) a = {0};
	scoped(secret) text = {0};
	scoped(buf) public = {0};
	struct error err = {0};
	scoped_ptr(ssh_key) key = NULL;
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	assert_int_equal(ssh_key_new(&key, &err), 0);
	assert_int_equal(ssh_key_write(&text, key, &err), 0);
	assert_int_equal(file_create(dir.fd, "key", (struct str){text.p, text.n}, 0600, &err), 0);
	struct str path = arena_printf(&a, "%s/key", dir.path);
	const char *const show[] = {"ssh-keygen", "-y", "-f", path.p, NULL};
	run(&public, show);
	struct str line = ssh_key_public_line(key, "", &a);
	assert_true(str_eq(line, str_trim(buf_str(&public))));
	scoped_ptr(ssh_key) again = read_key(path.p);
	assert_true(str_eq(ssh_key_blob(again), ssh_key_blob(key)));
}

/* RSA's signatures are the same every time, so that openssl's can be compared. */
static void a_signature_of_rsa_is_the_one_that_openssl_makes(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	scoped(arena) a = {0};
	scoped(buf) ours = {0}, theirs = {0};
	struct error err = {0};
	struct str path;
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	make_key(&dir, &a, "rsa", "2048", "PEM", &path);
	assert_int_equal(file_create(dir.fd, "message", STR("to be signed"), 0600, &err), 0);
	struct str message = arena_printf(&a, "%s/message", dir.path);
	const char *const argv[] = {"openssl", "dgst", "-sha512", "-sign", path.p, message.p, NULL};
	run(&theirs, argv);
	scoped_ptr(ssh_key) key = read_key(path.p);
	assert_int_equal(
		ssh_key_sign(key, STR("rsa-sha2-512"), STR("to be signed"), &ours, &err), 0);
	assert_true(str_eq(buf_str(&ours), buf_str(&theirs)));
}

static void a_signature_of_ecdsa_is_two_numbers(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	scoped(arena) a = {0};
	scoped(buf) signature = {0};
	struct error err = {0};
	struct str path, r, s;
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	make_key(&dir, &a, "ecdsa", "256", "RFC4716", &path);
	scoped_ptr(ssh_key) key = read_key(path.p);
	assert_int_equal(ssh_key_sign(key, ssh_key_type(key), STR("text"), &signature, &err), 0);
	struct str rest = buf_str(&signature);
	assert_true(wire_string(&rest, &r));
	assert_true(wire_string(&rest, &s));
	assert_int_equal(rest.n, 0);
	assert_true(r.n > 0 && r.n <= 33 && s.n > 0 && s.n <= 33);
}

static void encrypted_keys_are_refused_with_a_way_out(void **state)
{
	(void)state;
	scoped(temp_dir) dir = {0};
	scoped(arena) a = {0};
	scoped(buf) text = {0};
	struct error err = {0};
	struct ssh_key *key = NULL;
	assert_int_equal(temp_dir_make(&dir, NULL, &err), 0);
	static const char *const formats[] = {"RFC4716", "PEM"};
	for (size_t i = 0; i < countof(formats); i++) {
		struct str path = arena_printf(&a, "%s/locked-%s", dir.path, formats[i]);
		const char *const argv[] = {"ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m",
			formats[i], "-N", "secret", "-f", path.p, NULL};
		run(NULL, argv);
		buf_reset(&text);
		assert_int_equal(file_read(&text, AT_FDCWD, path.p, 65536, &err), 0);
		assert_int_equal(ssh_key_parse(&key, buf_str(&text), &err), -1);
		assert_non_null(strstr(err.text, "ssh_agent_auth"));
		assert_null(key);
	}
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	struct error err = {0};
	struct ssh_key *key = NULL;
	static const char *const texts[] = {
		"",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
		("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n"
		 "-----END OPENSSH PRIVATE KEY-----\n"),
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n",
		"PuTTY-User-Key-File-3: ssh-ed25519\n",
	};
	for (size_t i = 0; i < countof(texts); i++) {
		assert_int_equal(ssh_key_parse(&key, str_from(texts[i]), &err), -1);
		assert_int_equal(err.code, ERROR_INPUT);
		assert_null(key);
	}
}

static void numbers_get_a_zero_where_they_would_look_negative(void **state)
{
	(void)state;
	scoped(buf) out = {0};
	wire_add_mpint(&out, (struct str){"\0\0\x80\x01", 4});
	wire_add_mpint(&out, (struct str){"\x7f", 1});
	wire_add_mpint(&out, (struct str){"\0", 1});
	static const char want[] = "\0\0\0\3\0\x80\x01"
				   "\0\0\0\1\x7f"
				   "\0\0\0\0";
	assert_int_equal(out.n, sizeof(want) - 1);
	assert_memory_equal(out.p, want, out.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_every_format_have_the_public_half_that_ssh_keygen_names),
		cmocka_unit_test(a_new_key_is_read_by_ssh_keygen_and_by_us),
		cmocka_unit_test(a_signature_of_rsa_is_the_one_that_openssl_makes),
		cmocka_unit_test(a_signature_of_ecdsa_is_two_numbers),
		cmocka_unit_test(encrypted_keys_are_refused_with_a_way_out),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(numbers_get_a_zero_where_they_would_look_negative),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
