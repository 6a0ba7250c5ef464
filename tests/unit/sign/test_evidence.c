#include "verdict.h"

#include <stdio.h>

#define BLOCK 512

/* Lines of a member in the order given, each digit one index. */
static struct str reorder(struct arena *a, struct str member, const char *order)
{
	struct str lines[32] = {0};
	struct str chosen[32] = {0};
	size_t n = 0;
	struct str rest = str_sub(member, 0, member.n - 1);
	while (n < countof(lines) && str_cut(&rest, '\n', &lines[n]))
		n++;
	size_t count = strlen(order);
	for (size_t i = 0; i < count; i++)
		chosen[i] = lines[order[i] - '0'];
	struct str joined = arena_join(a, chosen, count, STR("\n"));
	return count == 0 ? joined : arena_printf(a, "%.*s\n", STR_ARG(joined));
}

/* ---- The archive ----------------------------------------------------------------------------- */

static void good_evidence_passes(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	scoped_ptr(verification) v = example_verify(e, bytes);
	assert_true(v->passed);
	assert_true(str_is(v->image_id, EXAMPLE_IMAGE));
	assert_true(str_is(v->repository, EXAMPLE_URL));
	assert_true(str_is(v->commit, EXAMPLE_COMMIT));
	assert_true(str_is(v->builder_id, EXAMPLE_BUILDER));
	assert_true(str_is(v->profile, "baseline"));
	assert_int_equal(v->commands, 3);
	assert_true(v->finished == EXAMPLE_END);
}

static void evidence_of_every_kind_of_key_passes(void **state)
{
	(void)state;
	static const char *const keys[] = {"test-only-ed25519", "test-only-rsa3072"};
	for (size_t i = 0; i < countof(keys); i++) {
		struct example e = {0};
		example_init(&e, keys[i]);
		assert_passes(&e, example_write(&e));
		example_clear(&e);
	}
}

static void the_archive_is_the_ustar_that_another_writer_makes(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	assert_true(str_eq(example_archive(&e->arena, members), bytes));
	assert_true(str_eq(members[MANIFEST], e->input.manifest));
	assert_true(str_eq(members[SOURCE], e->input.source_bundle));
	struct error err = {0};
	struct str out = {0};
	assert_int_equal(evidence_member(&out, bytes, "other", &err), -1);
	assert_int_equal(err.code, ERROR_USAGE);
}

static void any_flipped_byte_is_seen(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	char *copy = arena_cstr(&e->arena, bytes);
	assert_passes(e, bytes);
	for (size_t i = 0; i < bytes.n; i++) {
		char mask = (char)(1 << i % 8);
		copy[i] = (char)(copy[i] ^ mask);
		scoped_ptr(verification) v = example_verify(e, (struct str){copy, bytes.n});
		copy[i] = (char)(copy[i] ^ mask);
		if (v->passed)
			fail_msg("byte %zu of %zu was flipped unnoticed", i, bytes.n);
	}
}

static void every_byte_of_an_attestation_counts(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	char *copy = arena_cstr(&e->arena, bytes);
	/* The last bit (spare in base64), that of the case, and the one that leaves ASCII. */
	static const unsigned char masks[] = {0x01, 0x20, 0x80};
	/* Behind the payload: signature, key ids, names of members, the end of the line. */
	size_t from = str_find(bytes, STR("\"payloadType\""));
	size_t to = str_find(bytes, STR("\n"));
	assert_true(from < to && to < bytes.n);
	for (size_t i = from * countof(masks); i < (to + 1) * countof(masks); i++) {
		char *at = copy + i / countof(masks);
		char mask = (char)masks[i % countof(masks)];
		*at = (char)(*at ^ mask);
		assert_fails(e, (struct str){copy, bytes.n}, "signature.provenance", "");
		*at = (char)(*at ^ mask);
	}
}

static void a_truncated_file_is_refused(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	static const size_t cuts[] = {1, 511, 512, 1024, 1025, 4096};
	for (size_t i = 0; i < countof(cuts); i++)
		assert_fails(e, str_sub(bytes, 0, bytes.n - cuts[i]), "archive.form", "");
	struct error err = {0};
	struct verification *v = NULL;
	assert_int_equal(evidence_verify(&v, STR(""), &e->options, &err), -1);
	assert_int_equal(evidence_verify(&v, STR("{}"), &e->options, &err), -1);
	assert_int_equal(err.code, ERROR_INPUT);
	assert_null(v);
}

static void appended_bytes_are_refused(void **state)
{
	struct example *e = *state;
	struct str parts[] = {example_write(e), STR("\0")};
	assert_fails(e, arena_join(&e->arena, parts, 2, STR("")), "archive.form", "nothing behind");
	parts[1] = parts[0];
	assert_fails(e, arena_join(&e->arena, parts, 2, STR("")), "archive.form", "nothing behind");
}

static void members_in_another_order_are_refused(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	size_t first = BLOCK + (members[0].n + BLOCK - 1) / BLOCK * BLOCK;
	size_t second = BLOCK + (members[1].n + BLOCK - 1) / BLOCK * BLOCK;
	struct str parts[] = {str_sub(bytes, first, second), str_sub(bytes, 0, first),
		str_from_index(bytes, first + second)};
	assert_fails(
		e, arena_join(&e->arena, parts, 3, STR("")), "archive.form", "attestations.jsonl");
}

/* ---- Attestations ---------------------------------------------------------------------------- */

static void a_removed_statement_is_named(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	static const struct {
		const char *order;
		const char *id;
	} cases[] = {
		{"12", "signature.provenance"},
		{"02", "signature.runtime-trace"},
		{"01", "signature.test-result"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct str cut = example_exchange(&e->arena, bytes, ATTESTATIONS,
			reorder(&e->arena, members[ATTESTATIONS], cases[i].order));
		assert_fails(e, cut, cases[i].id, "holds no");
		assert_fails(e, cut, "attestations.form", "2 lines");
	}
	struct str none = example_exchange(&e->arena, bytes, ATTESTATIONS, STR(""));
	assert_fails(e, none, "signature.provenance", "holds no");
	assert_fails(e, none, "attestations.form", "no end");
}

static void exchanged_and_repeated_statements_are_refused(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	static const struct {
		const char *order;
		const char *id;
		const char *reason;
	} cases[] = {
		{"102", "attestations.form", "line 1 holds the runtime-trace"},
		{"210", "attestations.form", "line 1 holds the test-result"},
		{"0012", "attestations.form", "4 lines"},
		{"001", "signature.provenance", "2 of them"},
		{"0122", "signature.test-result", "2 of them"},
		{"01201201201201201201201", "attestations.form", "far too many"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_fails(e,
			example_exchange(&e->arena, bytes, ATTESTATIONS,
				reorder(&e->arena, members[ATTESTATIONS], cases[i].order)),
			cases[i].id, cases[i].reason);
}

static void another_key_is_refused(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct example other = {0};
	example_init(&other, "test-only-other");
	const struct public_key *key = other.public;
	e->options.keys = &key;
	assert_fails(e, bytes, "signature.provenance", "not one of the 1 given");
	e->options.key_count = 0;
	assert_fails(e, bytes, "signature.test-result", "not one of the 0 given");
	example_clear(&other);
}

static void statements_of_two_signers_do_not_mix(void **state)
{
	struct example *e = *state;
	struct arena *a = &e->arena;
	struct example other = {0};
	example_init(&other, "test-only-other");
	struct str mine[MEMBERS] = {0};
	struct str theirs[MEMBERS] = {0};
	example_members(mine, example_write(e));
	example_members(theirs, example_write(&other));
	struct str parts[] = {reorder(a, mine[0], "01"), reorder(a, theirs[0], "2")};
	mine[0] = arena_join(a, parts, 2, STR(""));
	const struct public_key *keys[] = {e->public, other.public};
	e->options.keys = keys;
	e->options.key_count = 2;
	assert_fails(e, example_archive(a, mine), "signature.key", "differ");
	example_clear(&other);
}

static void statements_and_members_of_two_builds_do_not_mix(void **state)
{
	struct example *e = *state;
	struct arena *a = &e->arena;
	struct example other = {0};
	example_init(&other, "test-only-p256");
	other.subjects[0].value =
		STR("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
	other.input.invocation_id = STR("build-2");
	other.plan = example_replace(&other.arena, other.plan, "[0,7]", "[0,7,9]");
	other.findings = example_replace(&other.arena, other.findings, "external", "inSource");
	other.input.source_bundle = STR("# v2 git bundle\nother");
	example_line(&other, "image_id",
		"{\"type\":\"artifact\",\"image_id\":\"sha256:"
		"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\"files\":[]}");
	struct str bytes = example_write(e);
	struct str mine[MEMBERS] = {0};
	struct str theirs[MEMBERS] = {0};
	example_members(mine, bytes);
	example_members(theirs, example_write(&other));
	static const char *const ids[] = {
		NULL, "manifest.digest", "plan.digest", "findings.digest", "source.digest"};
	for (size_t i = MANIFEST; i < MEMBERS; i++)
		assert_fails(e, example_exchange(a, bytes, i, theirs[i]), ids[i], "differ");
	struct str parts[] = {
		reorder(a, mine[0], "0"), reorder(a, theirs[0], "1"), reorder(a, mine[0], "2")};
	struct str mixed =
		example_exchange(a, bytes, ATTESTATIONS, arena_join(a, parts, 3, STR("")));
	assert_fails(e, mixed, "statement.subjects", "runtime-trace");
	assert_fails(e, mixed, "statement.build", "differ");
	struct str tested[] = {reorder(a, mine[0], "01"), reorder(a, theirs[0], "2")};
	mixed = example_exchange(a, bytes, ATTESTATIONS, arena_join(a, tested, 2, STR("")));
	assert_fails(e, mixed, "statement.subjects", "test-result");
	example_clear(&other);
}

static void exchanged_lines_of_the_manifest_are_seen(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	struct str members[MEMBERS] = {0};
	example_members(members, bytes);
	static const char *const orders[] = {"0123546789:;<=>?@", "0123456789:;<=>@", "0", ""};
	for (size_t i = 0; i < countof(orders); i++)
		assert_fails(e,
			example_exchange(&e->arena, bytes, MANIFEST,
				reorder(&e->arena, members[MANIFEST], orders[i])),
			"manifest.digest", "differ");
}

/* ---- The image ------------------------------------------------------------------------------- */

static void only_the_very_image_id_is_accepted(void **state)
{
	struct example *e = *state;
	struct str bytes = example_write(e);
	char manifest[DIGEST_HEX_SIZE];
	struct digest d = digest_bytes(e->input.manifest);
	digest_hex(manifest, &d);
	const struct str ids[] = {
		STR("sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01e"),
		STR("SHA256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
		STR("sha256:6E340B9CFFB37A989CA544E6BB780A2C78901D3FB33738768511A30617AFA01D"),
		STR("sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01"),
		STR("sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d "),
		STR("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
		STR("redis"),
		STR("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		arena_printf(&e->arena, "sha256:%s", manifest),
	};
	for (size_t i = 0; i < countof(ids); i++) {
		e->options.image_id = ids[i];
		assert_fails(e, bytes, "image.id", "differ");
	}
	e->options.image_id = STR("");
	assert_unknown(e, bytes, "image.id", "no image id");
}

static void an_image_id_of_a_platform_is_compared_whole(void **state)
{
	struct example *e = *state;
	e->subjects[0].algorithm = STR("aws_ami_id");
	e->subjects[0].value = STR("ami-0123");
	e->input.subject_count = 1;
	example_line(e, "image_id", "{\"type\":\"artifact\",\"image_id\":\"ami-0123\"}");
	struct str bytes = example_write(e);
	e->options.image_id = STR("ami-0123");
	assert_passes(e, bytes);
	static const char *const others[] = {
		"ami-012", "ami-01234", "AMI-0123", " ami-0123", "aws_ami_id:ami-0123"};
	for (size_t i = 0; i < countof(others); i++) {
		e->options.image_id = str_from(others[i]);
		assert_fails(e, bytes, "image.id", "differ");
	}
}

static void subjects_that_the_build_did_not_make_are_refused(void **state)
{
	struct example *e = *state;
	e->subjects[1].value =
		STR("dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd");
	assert_fails(e, example_write(e), "manifest.artifact", "redis.tar is not what");
	e->input.subject_count = 1;
	assert_fails(e, example_write(e), "manifest.artifact", "redis.tar is no subject");
}

static void a_file_that_is_the_image_needs_no_subject_of_its_own(void **state)
{
	struct example *e = *state;
	e->input.subject_count = 1;
	example_line(e, "image_id",
		"{\"type\":\"artifact\",\"image_id\":\"" EXAMPLE_IMAGE "\",\"files\":["
		"{\"path\":\"image.raw\",\"sha256\":\""
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d\"}]}");
	assert_passes(e, example_write(e));
	e->input.subject_count = 2;
	e->subjects[1] = e->subjects[0];
	e->subjects[1].name = STR("twin");
	assert_fails(e, example_write(e), "manifest.artifact", "2 subjects are the image");
	e->subjects[1].name = STR("image.raw");
	assert_passes(e, example_write(e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXAMPLE_TEST(good_evidence_passes),
		EXAMPLE_TEST(evidence_of_every_kind_of_key_passes),
		EXAMPLE_TEST(the_archive_is_the_ustar_that_another_writer_makes),
		EXAMPLE_TEST(any_flipped_byte_is_seen),
		EXAMPLE_TEST(every_byte_of_an_attestation_counts),
		EXAMPLE_TEST(a_truncated_file_is_refused),
		EXAMPLE_TEST(appended_bytes_are_refused),
		EXAMPLE_TEST(members_in_another_order_are_refused),
		EXAMPLE_TEST(a_removed_statement_is_named),
		EXAMPLE_TEST(exchanged_and_repeated_statements_are_refused),
		EXAMPLE_TEST(another_key_is_refused),
		EXAMPLE_TEST(statements_of_two_signers_do_not_mix),
		EXAMPLE_TEST(statements_and_members_of_two_builds_do_not_mix),
		EXAMPLE_TEST(exchanged_lines_of_the_manifest_are_seen),
		EXAMPLE_TEST(only_the_very_image_id_is_accepted),
		EXAMPLE_TEST(an_image_id_of_a_platform_is_compared_whole),
		EXAMPLE_TEST(a_file_that_is_the_image_needs_no_subject_of_its_own),
		EXAMPLE_TEST(subjects_that_the_build_did_not_make_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
