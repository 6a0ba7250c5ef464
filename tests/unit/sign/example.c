#include "example.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

static const char plan_text[] =
	"{\"build\":\"redis\",\"builder\":\"rootfs\",\"format\":\"sealwright-plan-1\",\"groups\":["
	"{\"max_retries\":1,\"type\":\"shell\",\"steps\":["
	"{\"id\":1,\"type\":\"upload\",\"destination\":\"/tmp/script.sh\",\"sha256\":"
	"\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"},"
	"{\"id\":2,\"type\":\"exec\",\"exit_codes\":[0,7],\"command\":[\"TOKEN=\","
	"{\"sensitive\":\"token\"},\" HOST=\",{\"hole\":\"build.Host\"},\" /tmp/script.sh\"]},"
	"{\"id\":3,\"type\":\"exec\",\"exit_codes\":[0],\"cleanup\":true,"
	"\"command\":\"rm -f /tmp/script.sh\"}]},"
	"{\"phase\":\"error-cleanup\",\"type\":\"shell\",\"steps\":["
	"{\"id\":4,\"type\":\"exec\",\"exit_codes\":[0],\"command\":\"cleanup\"}]},"
	"{\"type\":\"shell\",\"steps\":["
	"{\"id\":5,\"type\":\"exec\",\"exit_codes\":[0],\"expect_disconnect\":true,"
	"\"command\":\"reboot\"}]}]}";

static const char *const line_texts[] = {
	"{\"type\":\"header\",\"format\":\"sealwright-manifest-v1\",\"build\":\"redis\","
	"\"builder\":\"rootfs\",\"commit\":\"" EXAMPLE_COMMIT "\",\"plan_sha256\":\"%PLAN%\","
	"\"start\":\"2025-11-24T16:00:01.000000000Z\"}",
	"{\"type\":\"machine\",\"machine\":{\"type\":\"rootfs\"}}",
	"{\"type\":\"step\",\"id\":1,\"kind\":\"upload\",\"destination\":\"/tmp/script.sh\",\"sha256\":"
	"\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\"start\":\"2025-11-24T16:00:02.000000000Z\"}",
	"{\"type\":\"step-end\",\"id\":1,\"coverage\":\"processes\",\"exit_code\":0}",
	"{\"type\":\"step\",\"id\":2,\"kind\":\"exec\","
	"\"command\":\"TOKEN=<sensitive:token> HOST=10.0.0.1 /tmp/script.sh\",\"start\":\"2025-11-24T16:00:03.000000000Z\"}",
	"{\"type\":\"exec\",\"step\":2,\"id\":1,\"parent\":0,\"replaces\":0,\"argv\":[\"/bin/sh\"]}",
	"{\"type\":\"exec\",\"step\":2,\"id\":2,\"parent\":1,\"replaces\":0,"
	"\"argv\":[\"apt-get\",\"install\",\"redis-server\"]}",
	"{\"type\":\"exit\",\"step\":2,\"id\":2,\"exit_code\":0}",
	"{\"type\":\"exit\",\"step\":2,\"id\":1,\"exit_code\":7}",
	"{\"type\":\"step-end\",\"id\":2,\"coverage\":\"processes\",\"exit_code\":7}",
	"{\"type\":\"step\",\"id\":3,\"kind\":\"exec\","
	"\"command\":\"rm -f /tmp/script.sh\"}",
	"{\"type\":\"step-end\",\"id\":3,\"coverage\":\"processes\",\"exit_code\":1}",
	"{\"type\":\"step\",\"id\":5,\"kind\":\"exec\",\"command\":\"reboot\"}",
	"{\"type\":\"exec\",\"step\":5,\"id\":3,\"parent\":0,\"replaces\":0,\"argv\":[\"reboot\"]}",
	"{\"type\":\"step-end\",\"id\":5,\"coverage\":\"processes\",\"disconnected\":true}",
	"{\"type\":\"artifact\",\"image_id\":\"" EXAMPLE_IMAGE "\",\"files\":["
	"{\"path\":\"redis.tar\",\"sha256\":"
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}],\"inputs\":["
	"{\"name\":\"base\",\"sha256\":"
	"\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}]}",
	"{\"type\":\"footer\",\"ok\":true,\"execs\":3,\"gaps\":0,"
	"\"end\":\"2025-11-24T16:00:59.000000000Z\"}",
};

static const char findings_text[] =
	"{\"version\":\"2.1.0\",\"runs\":[{\"properties\":{\"verdict\":\"PASS\","
	"\"threshold\":\"high\",\"profile\":\"baseline\",\"policyDigest\":\"%POLICY%\"},"
	"\"results\":["
	"{\"ruleId\":\"PK003\",\"properties\":{\"severity\":\"low\"},\"suppressions\":[]},"
	"{\"ruleId\":\"RX001\",\"properties\":{\"severity\":\"high\"},"
	"\"suppressions\":[{\"kind\":\"external\"}]}]}]}";

static struct str passed_rules[] = {STR_INIT("RX001"), STR_INIT("RX002")};
static struct str warned_rules[] = {STR_INIT("PK003")};

/* A test that has not got its example has nothing to say. */
static void give_up(const char *what, const struct error *err)
{
	fprintf(stderr, "example: %s: %s\n", what, err->text);
	abort();
}

struct str example_fixture(struct arena *a, const char *path)
{
	struct error err = {0};
	scoped(buf) b = {0};
	struct str full = arena_printf(a, "%s/%s", FIXTURES, path);
	if (file_read(&b, AT_FDCWD, full.p, 1 << 20, &err) < 0)
		give_up(path, &err);
	return arena_str(a, buf_str(&b));
}

struct str example_replace(struct arena *a, struct str s, const char *from, const char *to)
{
	struct error err = {.text = "not there"};
	struct str needle = str_from(from);
	size_t at = str_find(s, needle);
	if (at == STR_NPOS)
		give_up(from, &err);
	struct str parts[] = {str_sub(s, 0, at), str_from(to), str_from_index(s, at + needle.n)};
	return arena_join(a, parts, countof(parts), STR(""));
}

/* NOLINT: the parameters are those of verify_options. */
static int replay(void *ctx, const struct replay_input *in, struct replay_output *out,
	struct arena *a, struct error *err)
{
	const struct example *e = ctx;
	(void)a;
	if (e->replay_fails || !str_eq(in->source_bundle, e->input.source_bundle) ||
		!json_find(in->external_parameters, "source") || in->policy_digest.n != 64)
		return error_set(err, ERROR_INPUT, "the source cannot be unpacked");
	out->plan = e->replay_plan;
	out->findings = e->replay_findings;
	out->policy_known = !e->replay_unknown_policy;
	return 0;
}

static void load_keys(struct example *e, const char *key_name)
{
	struct error err = {0};
	struct arena *a = &e->arena;
	struct str private = arena_printf(a, "keys/%s.pem", key_name);
	struct str public = arena_printf(a, "keys/%s.pub", key_name);
	if (private_key_parse(&e->private, example_fixture(a, private.p), NULL, &err) < 0)
		give_up(private.p, &err);
	if (public_key_parse(&e->public, example_fixture(a, public.p), &err) < 0)
		give_up(public.p, &err);
	e->keys[0] = e->public;
}

static void fill_input(struct example *e)
{
	struct arena *a = &e->arena;
	struct json *external = json_object(a);
	struct json *source = json_set(a, external, "source", json_object(a));
	json_set(a, source, "uri", json_cstr(a, EXAMPLE_URL));
	json_set(a, source, "commit", json_cstr(a, EXAMPLE_COMMIT));
	json_set(a, external, "build", json_cstr(a, "redis"));
	e->subjects[0] = (struct evidence_subject){
		STR("redis"), STR(""), STR("sha256"), str_from(&EXAMPLE_IMAGE[strlen("sha256:")])};
	e->subjects[1] = (struct evidence_subject){STR("redis.tar"), STR(""), STR("sha256"),
		STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")};
	e->materials[0] = (struct evidence_material){
		STR("source"), STR("git+" EXAMPLE_URL), STR("gitCommit"), STR(EXAMPLE_COMMIT)};
	e->materials[1] =
		(struct evidence_material){STR("base"), STR("file:base.tar"), STR("sha256"),
			STR("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")};
	e->input = (struct evidence_input){.subjects = e->subjects,
		.subject_count = countof(e->subjects),
		.materials = e->materials,
		.material_count = countof(e->materials),
		.source_bundle = STR("# v2 git bundle\n\0\1\2 and so on"),
		.external_parameters = external,
		.internal_parameters = json_object(a),
		.builder_id = STR(EXAMPLE_BUILDER),
		.builder_version = STR("0.1.0"),
		.invocation_id = STR("build-1"),
		.started = EXAMPLE_START,
		.finished = EXAMPLE_END,
		.audit_passed = true,
		.passed_rules = {passed_rules, countof(passed_rules), countof(passed_rules)},
		.warned_rules = {warned_rules, countof(warned_rules), countof(warned_rules)},
		.policy_profile = STR("baseline"),
		.policy_digest = digest_bytes(STR("policy")),
		.coverage = STR("processes")};
}

void example_init(struct example *e, const char *key_name)
{
	*e = (struct example){.key_name = str_from(key_name),
		.plan = str_from(plan_text),
		.findings = str_from(findings_text)};
	load_keys(e, key_name);
	char policy[DIGEST_HEX_SIZE];
	struct digest d = digest_bytes(STR("policy"));
	digest_hex(policy, &d);
	e->findings = example_replace(&e->arena, e->findings, "%POLICY%", policy);
	for (size_t i = 0; i < countof(line_texts); i++)
		list_push(&e->arena, &e->lines) = str_from(line_texts[i]);
	fill_input(e);
	e->options = (struct verify_options){.keys = e->keys,
		.key_count = 1,
		.image_id = STR(EXAMPLE_IMAGE),
		.now = EXAMPLE_NOW,
		.replay = replay,
		.ctx = e};
}

void example_clear(struct example *e)
{
	private_key_free(e->private);
	public_key_free(e->public);
	arena_clear(&e->arena);
}

void example_line(struct example *e, const char *text, const char *by)
{
	struct error err = {.text = "no such line"};
	size_t at = 0;
	while (at < e->lines.n && !str_contains(e->lines.items[at], str_from(text)))
		at++;
	if (at == e->lines.n)
		give_up(text, &err);
	if (by) {
		e->lines.items[at] = str_from(by);
		return;
	}
	e->lines.n--;
	memmove(&e->lines.items[at], &e->lines.items[at + 1],
		(e->lines.n - at) * sizeof(e->lines.items[0]));
}

static struct json *parse(struct example *e, struct str text)
{
	struct error err = {0};
	struct json *j = NULL;
	if (json_parse(&j, &e->arena, text, STR("example"), NULL, &err) < 0)
		give_up("JSON", &err);
	return j;
}

static struct str canonical(struct example *e, const struct json *j)
{
	scoped(buf) b = {0};
	json_write_canonical(&b, j);
	return arena_str(&e->arena, buf_str(&b));
}

static struct str make_manifest(struct example *e)
{
	scoped(buf) out = {0};
	char hex[DIGEST_HEX_SIZE];
	struct digest plan = digest_bytes(e->input.plan);
	digest_hex(hex, &plan);
	for (size_t i = 0; i < e->lines.n; i++) {
		struct str text = e->lines.items[i];
		if (str_contains(text, STR("%PLAN%")))
			text = example_replace(&e->arena, text, "%PLAN%", hex);
		struct json *line = parse(e, text);
		json_set(&e->arena, line, "seq", json_i64(&e->arena, (int64_t)i));
		if (str_is(json_str_or(line, "type", STR("")), "footer"))
			json_set(
				&e->arena, line, "count", json_i64(&e->arena, (int64_t)e->lines.n));
		buf_add(&out, canonical(e, line));
		buf_add_byte(&out, '\n');
	}
	return arena_str(&e->arena, buf_str(&out));
}

struct str example_write(struct example *e)
{
	struct error err = {0};
	scoped(buf) out = {0};
	e->input.plan = canonical(e, parse(e, e->plan));
	e->input.findings = e->findings;
	e->input.manifest = make_manifest(e);
	e->replay_plan = e->replay_plan.p ? e->replay_plan : e->input.plan;
	e->replay_findings = e->replay_findings.p ? e->replay_findings : e->findings;
	if (evidence_write(&out, &e->input, e->private, &err) < 0)
		give_up("write", &err);
	return arena_str(&e->arena, buf_str(&out));
}
