/*
 * Evidence for other programs to look at (tests/interop/run.sh): with a directory as argument it
 * is written there; without, the same is checked by our own verifier.
 */
#include "example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"

static const char *const keys[] = {"test-only-p256", "test-only-ed25519", "test-only-rsa3072"};

static int write_one(const char *dir, const char *key, struct error *err)
{
	struct example e = {0};
	scoped(buf) pem = {0};
	autoclose int fd = dir_open(AT_FDCWD, dir, err);
	if (fd < 0)
		return -1;
	example_init(&e, key);
	struct str evidence = example_write(&e);
	struct str name = arena_printf(&e.arena, "%s.evidence", key);
	struct str public = arena_printf(&e.arena, "%s.pub", key);
	int r = file_create(fd, name.p, evidence, 0644, err);
	if (r == 0)
		r = public_key_write(&pem, e.public, err);
	if (r == 0)
		r = file_create(fd, public.p, buf_str(&pem), 0644, err);
	example_clear(&e);
	return r;
}

static void evidence_for_other_programs_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(keys); i++) {
		struct example e = {0};
		struct error err = {0};
		scoped_ptr(verification) v = NULL;
		example_init(&e, keys[i]);
		assert_int_equal(evidence_verify(&v, example_write(&e), &e.options, &err), 0);
		assert_true(v->passed);
		example_clear(&e);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_for_other_programs_passes),
	};
	if (argc != 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < countof(keys); i++) {
		struct error err = {0};
		if (write_one(argv[1], keys[i], &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	return 0;
}
