/*
 * How many evidence files are verified per second: signatures, digests, and the record held
 * against the plan, for each kind of key; without the repeated audit, which bench_audit measures.
 *
 *	bench_verify [SECONDS]
 */
#include "sign/sign.h"

#include <stdio.h>
#include <time.h>

#define EXECS 2000
#define SECONDS_DEFAULT 2
#define SECONDS_MAX 60
#define IMAGE "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define SECOND INT64_C(1000000000)

static const char plan_text[] =
	"{\"build\":\"b\",\"builder\":\"rootfs\",\"groups\":[{\"steps\":[{\"command\":\"make\","
	"\"exit_codes\":[0],\"id\":1,\"type\":\"exec\"}],\"type\":\"shell\"}]}";
static const char findings_text[] =
	"{\"version\":\"2.1.0\",\"runs\":[{\"results\":[],\"properties\":{\"verdict\":\"PASS\","
	"\"threshold\":\"high\",\"profile\":\"\"}}]}";

struct bench {
	struct arena arena;
	struct buf manifest;
	struct buf evidence;
};

static NORETURN void give_up(const struct error *err)
{
	fprintf(stderr, "bench_verify: %s\n", err->text);
	exit(1);
}

static void add_line(struct bench *b, uint64_t *seq, const char *text)
{
	struct error err = {0};
	scoped(arena) a = {0};
	struct json *line = NULL;
	if (json_parse(&line, &a, str_from(text), STR("line"), NULL, &err) < 0)
		give_up(&err);
	json_set(&a, line, "seq", json_i64(&a, (int64_t)*seq));
	if (json_find(line, "ok"))
		json_set(&a, line, "count", json_i64(&a, (int64_t)*seq + 1));
	json_write_canonical(&b->manifest, line);
	buf_add_byte(&b->manifest, '\n');
	++*seq;
}

/* A manifest as long as that of a build that installs a few packages. */
static void make_manifest(struct bench *b)
{
	uint64_t seq = 0;
	char hex[DIGEST_HEX_SIZE];
	struct digest plan = digest_bytes(str_from(plan_text));
	digest_hex(hex, &plan);
	add_line(b, &seq,
		arena_printf(&b->arena,
			"{\"type\":\"header\",\"format\":\"sealwright-manifest-v1\",\"build\":\"b\","
			"\"builder\":\"rootfs\",\"commit\":\"" COMMIT "\",\"plan_sha256\":\"%s\"}",
			hex)
			.p);
	add_line(b, &seq, "{\"type\":\"step\",\"id\":1,\"kind\":\"exec\",\"command\":\"make\"}");
	for (int i = 1; i <= EXECS; i++)
		add_line(b, &seq,
			arena_printf(&b->arena,
				"{\"type\":\"exec\",\"step\":1,\"id\":%d,\"parent\":%d,\"replaces\":0,"
				"\"argv\":[\"/usr/bin/dpkg\",\"--status-fd\",\"21\"],\"cwd\":\"/\","
				"\"exe\":\"/usr/bin/dpkg\",\"exe_sha256\":\"" IMAGE "\"}",
				i, i / 2)
				.p);
	add_line(b, &seq,
		"{\"type\":\"step-end\",\"id\":1,\"coverage\":\"processes\",\"exit_code\":0}");
	add_line(b, &seq, "{\"type\":\"artifact\",\"image_id\":\"sha256:" IMAGE "\"}");
	add_line(b, &seq,
		arena_printf(&b->arena, "{\"type\":\"footer\",\"ok\":true,\"execs\":%d,\"gaps\":0}",
			EXECS)
			.p);
}

static void make_evidence(struct bench *b, const struct private_key *key)
{
	struct error err = {0};
	struct arena *a = &b->arena;
	const struct evidence_subject subject = {STR("image"), STR(""), STR("sha256"), STR(IMAGE)};
	const struct evidence_material commit = {
		STR("source"), STR("git+https://git.example/r"), STR("gitCommit"), STR(COMMIT)};
	struct json *external = json_object(a);
	json_set(a, external, "build", json_cstr(a, "b"));
	struct json *source = json_set(a, external, "source", json_object(a));
	json_set(a, source, "uri", json_cstr(a, "https://git.example/r"));
	json_set(a, source, "commit", json_cstr(a, COMMIT));
	const struct evidence_input in = {.subjects = &subject,
		.subject_count = 1,
		.materials = &commit,
		.material_count = 1,
		.manifest = buf_str(&b->manifest),
		.plan = str_from(plan_text),
		.findings = str_from(findings_text),
		.source_bundle = STR("# v2 git bundle\n"),
		.external_parameters = external,
		.internal_parameters = json_object(a),
		.builder_id = STR("https://builder.example"),
		.builder_version = STR("0"),
		.invocation_id = STR("1"),
		.audit_passed = true,
		.coverage = STR("processes")};
	buf_reset(&b->evidence);
	if (evidence_write(&b->evidence, &in, key, &err) < 0)
		give_up(&err);
}

static int64_t now(void)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* Everything has to be looked at: only what the bench leaves out may be unknown or differ. */
static void check(const struct verification *v)
{
	size_t passed = 0;
	for (size_t i = 0; i < v->checks.n; i++)
		passed += v->checks.items[i].result == CHECK_PASSED;
	if (passed + 4 < v->checks.n || v->commands != EXECS) {
		fprintf(stderr, "bench_verify: only %zu of %zu checks passed\n", passed,
			v->checks.n);
		exit(1);
	}
}

static void measure(struct bench *b, enum key_algorithm algorithm, int64_t duration)
{
	struct error err = {0};
	scoped_ptr(private_key) key = NULL;
	scoped_ptr(public_key) public = NULL;
	if (private_key_generate(&key, algorithm, 3072, &err) < 0 ||
		public_key_of(&public, key, &err) < 0)
		give_up(&err);
	make_evidence(b, key);
	const struct public_key *keys[] = {public};
	const struct verify_options o = {
		.keys = keys, .key_count = 1, .image_id = STR("sha256:" IMAGE), .now = SECOND};
	int64_t start = now();
	uint64_t n = 0;
	while (now() - start < duration) {
		scoped_ptr(verification) v = NULL;
		if (evidence_verify(&v, buf_str(&b->evidence), &o, &err) < 0)
			give_up(&err);
		check(v);
		n++;
	}
	double seconds = (double)(now() - start) / (double)SECOND;
	printf("verify %-10s  %8.1f per second  (%d processes, %zu bytes)\n",
		key_algorithm_name(algorithm), (double)n / seconds, EXECS, b->evidence.n);
}

int main(int argc, char **argv)
{
	uint64_t seconds = SECONDS_DEFAULT;
	if (argc > 2 ||
		(argc == 2 &&
			(!str_to_u64(str_from(argv[1]), &seconds) || seconds == 0 ||
				seconds > SECONDS_MAX))) {
		fprintf(stderr, "usage: bench_verify [SECONDS]\n");
		return 2;
	}
	struct bench b = {0};
	make_manifest(&b);
	for (enum key_algorithm k = KEY_ECDSA_P256; k <= KEY_RSA; k++)
		measure(&b, k, (int64_t)seconds * SECOND);
	buf_clear(&b.manifest);
	buf_clear(&b.evidence);
	arena_clear(&b.arena);
	return 0;
}
