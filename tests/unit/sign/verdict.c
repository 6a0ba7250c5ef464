#include "verdict.h"

#include <stdio.h>

#define BLOCK 512

static const char *const names[] = {
	"attestations.jsonl", "manifest.jsonl", "plan.json", "findings.sarif", "source.bundle"};

int example_set_up(void **state)
{
	struct example *e = calloc(1, sizeof(*e));
	assert_non_null(e);
	example_init(e, "test-only-p256");
	*state = e;
	return 0;
}

int example_tear_down(void **state)
{
	example_clear(*state);
	free(*state);
	return 0;
}

struct verification *example_verify(struct example *e, struct str bytes)
{
	struct error err = {0};
	struct verification *v = NULL;
	if (evidence_verify(&v, bytes, &e->options, &err) < 0)
		fail_msg("%s", err.text);
	return v;
}

const struct check *find_check(const struct verification *v, const char *id)
{
	for (size_t i = 0; i < v->checks.n; i++) {
		if (str_is(v->checks.items[i].id, id))
			return &v->checks.items[i];
	}
	return NULL;
}

static void show(const struct verification *v)
{
	for (size_t i = 0; i < v->checks.n; i++) {
		const struct check *c = &v->checks.items[i];
		if (c->result != CHECK_PASSED)
			print_message("%.*s: %d: %.*s (expected %.*s, found %.*s)\n",
				STR_ARG(c->id), (int)c->result, STR_ARG(c->reason),
				STR_ARG(c->expected), STR_ARG(c->found));
	}
}

void assert_passes(struct example *e, struct str bytes)
{
	scoped_ptr(verification) v = example_verify(e, bytes);
	if (!v->passed)
		show(v);
	assert_true(v->passed);
}

/* The check says `result` for a reason that holds `reason`. */
static void assert_result(struct example *e, struct str bytes, const char *id,
	enum check_result result, const char *reason)
{
	scoped_ptr(verification) v = example_verify(e, bytes);
	const struct check *c = find_check(v, id);
	assert_false(v->passed);
	if (!c || c->result != result || !str_contains(c->reason, str_from(reason))) {
		show(v);
		fail_msg("%s was expected to say: %s", id, reason);
	}
}

void assert_fails(struct example *e, struct str bytes, const char *id, const char *reason)
{
	assert_result(e, bytes, id, CHECK_FAILED, reason);
}

void assert_unknown(struct example *e, struct str bytes, const char *id, const char *reason)
{
	assert_result(e, bytes, id, CHECK_UNKNOWN, reason);
}

void example_members(struct str members[MEMBERS], struct str bytes)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		struct error err = {0};
		assert_int_equal(evidence_member(&members[i], bytes, names[i], &err), 0);
	}
}

struct str example_archive(struct arena *a, const struct str members[MEMBERS])
{
	scoped(buf) out = {0};
	static const char zeros[2 * BLOCK] = {0};
	for (size_t i = 0; i < MEMBERS; i++) {
		char h[BLOCK] = {0};
		unsigned sum = 0;
		snprintf(h, 100, "%s", names[i]);
		memcpy(h + 100, "0000644\0000000000\0000000000", 24);
		snprintf(h + 124, 12, "%011zo", members[i].n);
		memcpy(h + 136, "00000000000\0        0", 21);
		memcpy(h + 257, "ustar\00000", 8);
		memcpy(h + 329, "0000000\0000000000", 16);
		for (size_t j = 0; j < BLOCK; j++)
			sum += (unsigned char)h[j];
		snprintf(h + 148, 8, "%06o", sum);
		buf_add(&out, (struct str){h, BLOCK});
		buf_add(&out, members[i]);
		buf_add(&out, (struct str){zeros, (BLOCK - members[i].n % BLOCK) % BLOCK});
	}
	buf_add(&out, (struct str){zeros, sizeof(zeros)});
	return arena_str(a, buf_str(&out));
}

struct str example_exchange(struct arena *a, struct str bytes, size_t i, struct str member)
{
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	members[i] = member;
	return example_archive(a, members);
}
