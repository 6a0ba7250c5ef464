/* What a test expects of a verification. */
#ifndef TESTS_SIGN_VERDICT_H
#define TESTS_SIGN_VERDICT_H

#include "example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A test whose *state is a fresh example with a P-256 key. */
#define EXAMPLE_TEST(name) cmocka_unit_test_setup_teardown(name, example_set_up, example_tear_down)
int example_set_up(void **state);
int example_tear_down(void **state);

/* The members of an archive, and an archive of members, by a tar writer of the tests' own. */
enum { ATTESTATIONS, MANIFEST, PLAN, FINDINGS, SOURCE, MEMBERS };
void example_members(struct str members[MEMBERS], struct str bytes);
struct str example_archive(struct arena *a, const struct str members[MEMBERS]);
/* The archive with another member i. */
struct str example_exchange(struct arena *a, struct str bytes, size_t i, struct str member);

struct verification *example_verify(struct example *e, struct str bytes);
const struct check *find_check(const struct verification *v, const char *id);
void assert_passes(struct example *e, struct str bytes);
/* The whole does not pass, and the check says so for a reason that holds `reason`. */
void assert_fails(struct example *e, struct str bytes, const char *id, const char *reason);
void assert_unknown(struct example *e, struct str bytes, const char *id, const char *reason);

#endif
