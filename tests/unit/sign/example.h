/* An evidence file as a small build would leave it, and its parts, for tests to change. */
#ifndef TESTS_SIGN_EXAMPLE_H
#define TESTS_SIGN_EXAMPLE_H

#include "sign/sign.h"

#define EXAMPLE_IMAGE "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define EXAMPLE_URL "https://git.example/redis.git"
#define EXAMPLE_COMMIT "0123456789abcdef0123456789abcdef01234567"
#define EXAMPLE_BUILDER "https://builder.example/pool-1"
#define EXAMPLE_START ((int64_t)1764000000 * 1000000000)
#define EXAMPLE_END (EXAMPLE_START + (int64_t)60 * 1000000000)
#define EXAMPLE_NOW (EXAMPLE_END + (int64_t)3600 * 1000000000)

/* Everything lives in the arena. lines: of the manifest, as JSON without "seq". */
struct example {
	struct arena arena;
	struct str key_name; /* below fixtures/keys, without suffix */
	struct str plan;
	struct str_list lines;
	struct str findings;
	struct evidence_subject subjects[2];
	struct evidence_material materials[2];
	struct evidence_input input;
	struct private_key *private;
	struct public_key *public;
	/* What the replay answers; the evidence's own by default. */
	struct str replay_plan;
	struct str replay_findings;
	bool replay_unknown_policy;
	bool replay_fails;
	struct verify_options options;
	const struct public_key *keys[1];
};

/* key_name: "test-only-p256" and the like. */
void example_init(struct example *e, const char *key_name);
void example_clear(struct example *e);
/* The line that holds `text`, replaced (or removed, when `by` is NULL). */
void example_line(struct example *e, const char *text, const char *by);
/* "%PLAN%" in a line stands for the plan's digest. Aborts the test when it cannot be written. */
struct str example_write(struct example *e);
/* The first occurrence replaced; aborts when there is none. */
struct str example_replace(struct arena *a, struct str s, const char *from, const char *to);
struct str example_fixture(struct arena *a, const char *path);

#endif
