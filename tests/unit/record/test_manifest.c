#include "record/record.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/file.h"

/* The leaves and roots that the Certificate Transparency reference implementation is tested with. */
static const struct str reference_leaves[] = {
	STR_INIT(""),
	STR_INIT("\x00"),
	STR_INIT("\x10"),
	STR_INIT("\x20\x21"),
	STR_INIT("\x30\x31"),
	STR_INIT("\x40\x41\x42\x43"),
	STR_INIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
	STR_INIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"),
};

static const char *const reference_roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define LEAVES_MAX 70

struct fixture {
	struct temp_dir dir;
	struct arena arena;
	struct buf bytes;
	struct error err;
};

static int fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_int_equal(temp_dir_make(&f->dir, NULL, &f->err), 0);
	*state = f;
	return 0;
}

static int fixture_close(void **state)
{
	struct fixture *f = *state;
	temp_dir_clear(&f->dir);
	arena_clear(&f->arena);
	buf_clear(&f->bytes);
	free(f);
	return 0;
}

static void assert_error_has(const struct error *err, enum error_code code, const char *text)
{
	assert_int_equal(err->code, code);
	if (!strstr(err->text, text))
		fail_msg("error \"%s\" does not say \"%s\"", err->text, text);
}

static struct manifest *create(struct fixture *f)
{
	struct manifest *m = NULL;
	struct json *header = json_object(&f->arena);
	json_set(&f->arena, header, "build", json_cstr(&f->arena, "redis"));
	assert_int_equal(manifest_create(&m, f->dir.fd, "m.jsonl", header, &f->err), 0);
	return m;
}

static struct json *gap(struct fixture *f, const char *reason)
{
	struct json *event = json_object(&f->arena);
	json_set(&f->arena, event, "step", json_i64(&f->arena, 3));
	json_set(&f->arena, event, "reason", json_cstr(&f->arena, reason));
	return event;
}

/* A manifest of header, `middle` gaps and footer, whose bytes are left in f->bytes. */
static struct manifest_head write_manifest(struct fixture *f, size_t middle)
{
	scoped_ptr(manifest) m = create(f);
	for (size_t i = 0; i < middle; i++) {
		const char *reason = i % 2 == 0 ? "even" : "odd";
		assert_int_equal(manifest_append(m, "gap", gap(f, reason), &f->err), 0);
	}
	struct manifest_head head = {0};
	assert_int_equal(manifest_finish(m, json_object(&f->arena), &head, &f->err), 0);
	buf_reset(&f->bytes);
	assert_int_equal(file_read(&f->bytes, f->dir.fd, "m.jsonl", 1 << 20, &f->err), 0);
	return head;
}

static int read_bytes(struct fixture *f, struct str bytes)
{
	struct manifest_lines lines = {0};
	struct manifest_head head = {0};
	error_clear(&f->err);
	return manifest_read(&lines, &head, &f->arena, bytes, &f->err);
}

static void the_head_of_n_leaves_is_the_one_of_rfc_6962(void **state)
{
	(void)state;
	struct digest leaves[countof(reference_leaves)];
	for (size_t i = 0; i < countof(leaves); i++)
		leaves[i] = merkle_leaf(reference_leaves[i]);
	for (size_t n = 0; n <= countof(leaves); n++) {
		char hex[DIGEST_HEX_SIZE];
		struct digest root = merkle_head(leaves, n);
		digest_hex(hex, &root);
		assert_string_equal(hex, reference_roots[n]);
	}
}

static void fill_leaves(struct digest leaves[LEAVES_MAX])
{
	for (size_t i = 0; i < LEAVES_MAX; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "leaf %zu", i);
		leaves[i] = merkle_leaf((struct str){text, (size_t)n});
	}
}

static void every_leaf_of_every_size_has_a_proof_that_checks(void **state)
{
	(void)state;
	struct digest leaves[LEAVES_MAX];
	fill_leaves(leaves);
	for (size_t n = 1; n <= LEAVES_MAX; n++) {
		struct digest root = merkle_head(leaves, n);
		for (size_t i = 0; i < n; i++) {
			struct digest proof[64];
			size_t count = merkle_proof(proof, leaves, n, i);
			assert_true(count <= 7);
			assert_true(merkle_proof_check(&root, &leaves[i], i, n, proof, count));
		}
	}
}

static void a_proof_for_another_place_size_leaf_or_length_does_not_check(void **state)
{
	(void)state;
	struct digest leaves[LEAVES_MAX];
	fill_leaves(leaves);
	for (size_t n = 2; n <= 20; n++) {
		struct digest root = merkle_head(leaves, n);
		for (size_t i = 0; i < n; i++) {
			struct digest proof[64];
			size_t count = merkle_proof(proof, leaves, n, i);
			size_t other = (i + 1) % n;
			assert_false(merkle_proof_check(&root, &leaves[other], i, n, proof, count));
			assert_false(merkle_proof_check(&root, &leaves[i], other, n, proof, count));
			assert_false(merkle_proof_check(&root, &leaves[i], i, i, proof, count));
			assert_false(merkle_proof_check(&root, &leaves[i], i, n, proof, count - 1));
			proof[count] = leaves[0];
			assert_false(merkle_proof_check(&root, &leaves[i], i, n, proof, count + 1));
			proof[0].bytes[i % DIGEST_SIZE] ^= 1;
			assert_false(merkle_proof_check(&root, &leaves[i], i, n, proof, count));
		}
	}
}

static void what_was_written_is_read_back_with_the_same_head(void **state)
{
	struct fixture *f = *state;
	for (size_t middle = 0; middle < 20; middle++) {
		struct manifest_head written = write_manifest(f, middle);
		struct manifest_lines lines = {0};
		struct manifest_head head = {0};
		assert_int_equal(
			manifest_read(&lines, &head, &f->arena, buf_str(&f->bytes), &f->err), 0);
		assert_int_equal(lines.n, middle + 2);
		assert_int_equal(head.count, middle + 2);
		assert_int_equal(head.bytes, f->bytes.n);
		assert_memory_equal(&head, &written, sizeof(head));
		struct digest whole = digest_bytes(buf_str(&f->bytes));
		assert_true(digest_eq(&whole, &head.sha256));
		assert_true(str_is(json_str_or(lines.items[0], "build", STR("")), "redis"));
		unlinkat(f->dir.fd, "m.jsonl", 0);
	}
}

static void a_line_of_the_manifest_is_proved_by_its_root(void **state)
{
	struct fixture *f = *state;
	struct manifest_head head = write_manifest(f, 5);
	struct digest leaves[7];
	struct str rest = buf_str(&f->bytes);
	for (size_t i = 0; i < countof(leaves); i++) {
		struct str line;
		assert_true(str_cut(&rest, '\n', &line));
		leaves[i] = merkle_leaf(line);
	}
	struct digest proof[64];
	size_t count = merkle_proof(proof, leaves, countof(leaves), 4);
	assert_true(merkle_proof_check(&head.root, &leaves[4], 4, head.count, proof, count));
}

static void an_existing_file_is_not_overwritten(void **state)
{
	struct fixture *f = *state;
	write_manifest(f, 1);
	struct manifest *m = NULL;
	assert_int_equal(manifest_create(&m, f->dir.fd, "m.jsonl", NULL, &f->err), -1);
	assert_null(m);
	assert_error_has(&f->err, ERROR_SYSTEM, "m.jsonl");
}

static void every_line_is_in_the_file_as_soon_as_it_is_appended(void **state)
{
	struct fixture *f = *state;
	scoped_ptr(manifest) m = create(f);
	assert_int_equal(manifest_append(m, "gap", gap(f, "x"), &f->err), 0);
	assert_int_equal(file_read(&f->bytes, f->dir.fd, "m.jsonl", 1 << 20, &f->err), 0);
	assert_string_equal(f->bytes.p,
		"{\"build\":\"redis\",\"format\":\"sealwright-manifest-v1\",\"seq\":0,\"type\":\"header\"}\n"
		"{\"reason\":\"x\",\"seq\":1,\"step\":3,\"type\":\"gap\"}\n");
}

static void nothing_is_appended_behind_the_footer(void **state)
{
	struct fixture *f = *state;
	scoped_ptr(manifest) m = create(f);
	struct manifest_head head;
	assert_int_equal(manifest_finish(m, NULL, &head, &f->err), 0);
	assert_int_equal(manifest_append(m, "gap", gap(f, "x"), &f->err), -1);
	assert_error_has(&f->err, ERROR_BUG, "behind the footer");
	assert_int_equal(manifest_finish(m, NULL, &head, &f->err), -1);
}

static void an_unknown_type_and_a_member_of_the_recorder_are_bugs(void **state)
{
	struct fixture *f = *state;
	scoped_ptr(manifest) m = create(f);
	assert_int_equal(manifest_append(m, "gossip", gap(f, "x"), &f->err), -1);
	assert_error_has(&f->err, ERROR_BUG, "gossip");
	assert_int_equal(manifest_append(m, "footer", gap(f, "x"), &f->err), -1);
	struct json *event = gap(f, "x");
	json_set(&f->arena, event, "seq", json_i64(&f->arena, 9));
	assert_int_equal(manifest_append(m, "gap", event, &f->err), -1);
	assert_error_has(&f->err, ERROR_BUG, "seq");
	struct manifest_head head;
	assert_int_equal(manifest_finish(m, NULL, &head, &f->err), 0);
	assert_int_equal(head.count, 2);
}

static void a_write_that_fails_ends_the_manifest(void **state)
{
	struct fixture *f = *state;
	scoped_ptr(manifest) m = create(f);
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	struct rlimit small = {.rlim_cur = 100, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int r = manifest_append(
		m, "gap", gap(f, "longer than what the file may still grow"), &f->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(r, -1);
	assert_error_has(&f->err, ERROR_SYSTEM, "line 2");
	assert_int_equal(manifest_append(m, "gap", gap(f, "x"), &f->err), -1);
	struct manifest_head head;
	assert_int_equal(manifest_finish(m, NULL, &head, &f->err), -1);
	assert_error_has(&f->err, ERROR_SYSTEM, "an earlier line was not written");
}

#define HEADER "{\"format\":\"sealwright-manifest-v1\",\"seq\":0,\"type\":\"header\"}\n"
#define GAP(seq) "{\"reason\":\"r\",\"seq\":" seq ",\"type\":\"gap\"}\n"
#define FOOTER(seq, count) "{\"count\":" count ",\"seq\":" seq ",\"type\":\"footer\"}\n"

static const struct refusal {
	const char *name;
	struct str bytes;
	const char *says;
} refusals[] = {
	{"empty", STR_INIT(""), "empty"},
	{"only a newline", STR_INIT("\n"), "line 1"},
	{"no header", STR_INIT(GAP("0") FOOTER("1", "2")), "line 1: the header is missing"},
	{"no footer", STR_INIT(HEADER GAP("1")), "line 2: the footer is missing"},
	{"header only", STR_INIT(HEADER), "line 1: the footer is missing"},
	{"two headers",
		STR_INIT(HEADER
			"{\"format\":\"sealwright-manifest-v1\",\"seq\":1,\"type\":\"header\"}\n" FOOTER(
				"2", "3")),
		"line 2: a second header"},
	{"two footers", STR_INIT(HEADER FOOTER("1", "2") FOOTER("2", "3")),
		"line 2: lines behind the footer"},
	{"a hole", STR_INIT(HEADER GAP("1") GAP("3") FOOTER("4", "5")),
		"line 3: seq is 3, expected 2"},
	{"a repetition", STR_INIT(HEADER GAP("1") GAP("1") FOOTER("2", "3")),
		"line 3: seq is 1, expected 2"},
	{"a negative number", STR_INIT(HEADER GAP("-1") FOOTER("2", "3")), "line 2: seq is -1"},
	{"an unknown type", STR_INIT(HEADER "{\"seq\":1,\"type\":\"gossip\"}\n" FOOTER("2", "3")),
		"line 2: type \"gossip\" is not known"},
	{"no type", STR_INIT(HEADER "{\"seq\":1}\n" FOOTER("2", "3")), "line 2: "},
	{"no seq", STR_INIT(HEADER "{\"type\":\"gap\"}\n" FOOTER("2", "3")), "line 2: "},
	{"another format",
		STR_INIT("{\"format\":\"x\",\"seq\":0,\"type\":\"header\"}\n" FOOTER("1", "2")),
		"line 1: format is \"x\""},
	{"no format", STR_INIT("{\"seq\":0,\"type\":\"header\"}\n" FOOTER("1", "2")), "line 1: "},
	{"a wrong count", STR_INIT(HEADER FOOTER("1", "3")), "line 2: the footer counts"},
	{"an empty line", STR_INIT(HEADER "\n" FOOTER("1", "2")), "line 2"},
	{"an empty line at the end", STR_INIT(HEADER FOOTER("1", "2") "\n"), "line 2"},
	{"no newline at the end", STR_INIT(HEADER "{\"count\":2,\"seq\":1,\"type\":\"footer\"}"),
		"line 2: does not end with a newline"},
	{"trailing bytes", STR_INIT(HEADER FOOTER("1", "2") "x"), "line 2: lines behind"},
	{"a NUL at the end", STR_INIT(HEADER FOOTER("1", "2") "\0"), "line 2: lines behind"},
	{"a carriage return", STR_INIT(HEADER "{\"count\":2,\"seq\":1,\"type\":\"footer\"}\r\n"),
		"line 2: not in canonical form"},
	{"a space", STR_INIT(HEADER "{\"count\":2, \"seq\":1,\"type\":\"footer\"}\n"),
		"line 2: not in canonical form"},
	{"another order", STR_INIT(HEADER "{\"seq\":1,\"count\":2,\"type\":\"footer\"}\n"),
		"line 2: not in canonical form"},
	{"an escape too many",
		STR_INIT(HEADER "{\"count\":2,\"seq\":1,\"type\":\"f\\u006foter\"}\n"),
		"line 2: not in canonical form"},
	{"another spelling of a number",
		STR_INIT(HEADER "{\"count\":2,\"n\":1.0,\"seq\":1,\"type\":\"footer\"}\n"),
		"line 2: not in canonical form"},
	{"a duplicate key",
		STR_INIT(HEADER "{\"count\":2,\"seq\":1,\"seq\":1,\"type\":\"footer\"}\n"),
		"line 2"},
	{"an array", STR_INIT(HEADER "[1]\n" FOOTER("2", "3")), "line 2: not an object"},
	{"bad UTF-8",
		STR_INIT(HEADER
			"{\"reason\":\"\xff\",\"seq\":1,\"type\":\"gap\"}\n" FOOTER("2", "3")),
		"line 2"},
};

static void every_defect_is_refused_with_its_line(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_bytes(f, STR(HEADER GAP("1") FOOTER("2", "3"))), 0);
	for (size_t i = 0; i < countof(refusals); i++) {
		print_message("         %s\n", refusals[i].name);
		assert_int_equal(read_bytes(f, refusals[i].bytes), -1);
		assert_error_has(&f->err, ERROR_INPUT, refusals[i].says);
	}
}

static void a_flipped_bit_is_refused_or_changes_root_and_digest(void **state)
{
	struct fixture *f = *state;
	struct manifest_head written = write_manifest(f, 2);
	for (size_t bit = 0; bit < f->bytes.n * 8; bit++) {
		f->bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		struct manifest_lines lines = {0};
		struct manifest_head head = {0};
		if (manifest_read(&lines, &head, &f->arena, buf_str(&f->bytes), &f->err) == 0) {
			assert_false(digest_eq(&head.root, &written.root));
			assert_false(digest_eq(&head.sha256, &written.sha256));
		}
		f->bytes.p[bit / 8] ^= (char)(1 << bit % 8);
	}
}

static void every_truncation_is_refused(void **state)
{
	struct fixture *f = *state;
	write_manifest(f, 2);
	for (size_t n = 0; n < f->bytes.n; n++)
		assert_int_equal(read_bytes(f, str_sub(buf_str(&f->bytes), 0, n)), -1);
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_of_n_leaves_is_the_one_of_rfc_6962),
		cmocka_unit_test(every_leaf_of_every_size_has_a_proof_that_checks),
		cmocka_unit_test(a_proof_for_another_place_size_leaf_or_length_does_not_check),
		FIXTURE_TEST(what_was_written_is_read_back_with_the_same_head),
		FIXTURE_TEST(a_line_of_the_manifest_is_proved_by_its_root),
		FIXTURE_TEST(an_existing_file_is_not_overwritten),
		FIXTURE_TEST(every_line_is_in_the_file_as_soon_as_it_is_appended),
		FIXTURE_TEST(nothing_is_appended_behind_the_footer),
		FIXTURE_TEST(an_unknown_type_and_a_member_of_the_recorder_are_bugs),
		FIXTURE_TEST(a_write_that_fails_ends_the_manifest),
		FIXTURE_TEST(every_defect_is_refused_with_its_line),
		FIXTURE_TEST(a_flipped_bit_is_refused_or_changes_root_and_digest),
		FIXTURE_TEST(every_truncation_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
