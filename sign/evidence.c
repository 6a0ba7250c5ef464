#include "sign/statement.h"

#include "base/encode.h"

#define PLAN_DEPTH 64

/* A caller's mistake, not the user's. */
static int mistake(struct error *err, const char *what)
{
	return error_set(err, ERROR_BUG, "evidence: %s", what);
}

static int check_subjects(const struct evidence_input *in, struct error *err)
{
	if (in->subject_count == 0)
		return mistake(err, "nothing was built: no subject");
	for (size_t i = 0; i < in->subject_count; i++) {
		const struct evidence_subject *s = &in->subjects[i];
		if (s->name.n == 0 || str_is(s->name, archive_name(ARCHIVE_MANIFEST)))
			return mistake(err, "a subject needs a name of its own");
		if (!digest_value_is_good(s->algorithm, s->value))
			return error_set(err, ERROR_BUG, "evidence: subject %.*s: malformed digest",
				STR_ARG(s->name));
		for (size_t j = 0; j < i; j++) {
			if (str_eq(s->name, in->subjects[j].name))
				return error_set(err, ERROR_BUG,
					"evidence: two subjects are called %.*s", STR_ARG(s->name));
		}
	}
	return 0;
}

static int check_input(const struct evidence_input *in, struct error *err)
{
	if (check_subjects(in, err) < 0)
		return -1;
	if (in->material_count == 0 || !str_is(in->materials[0].algorithm, "gitCommit"))
		return mistake(err, "the first material is the commit");
	for (size_t i = 0; i < in->material_count; i++) {
		const struct evidence_material *m = &in->materials[i];
		if (!digest_value_is_good(m->algorithm, m->value))
			return error_set(err, ERROR_BUG,
				"evidence: material %.*s: malformed digest", STR_ARG(m->name));
	}
	if (!in->external_parameters || in->external_parameters->type != JSON_OBJECT ||
		!in->internal_parameters || in->internal_parameters->type != JSON_OBJECT)
		return mistake(err, "parameters are objects");
	if (in->builder_id.n == 0 || in->invocation_id.n == 0)
		return mistake(err, "builder and invocation need an id");
	if (in->finished < in->started)
		return mistake(err, "the build ended before it began");
	return 0;
}

/* What a verifier will want of them is better missed here, where it can still be mended. */
static int check_members(
	const struct evidence_input *in, struct manifest_head *head, struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) again = {0};
	struct manifest_lines lines = {0};
	struct json *tree = NULL;
	const struct json_limits limits = {.depth = PLAN_DEPTH};
	if (manifest_read(&lines, head, &a, in->manifest, err) < 0)
		return error_wrap(err, "evidence: manifest");
	if (json_parse(&tree, &a, in->plan, STR("plan.json"), &limits, err) < 0)
		return -1;
	buf_init(&again, EVIDENCE_MAX);
	json_write_canonical(&again, tree);
	if (!str_eq(buf_str(&again), in->plan))
		return mistake(err, "plan.json is not canonical");
	return json_parse(&tree, &a, in->findings, STR("findings.sarif"), &limits, err);
}

static void add_subjects(struct statement *s, struct arena *a, const struct evidence_input *in,
	const struct manifest_head *head)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &head->sha256);
	for (size_t i = 0; i < in->subject_count; i++)
		list_push(a, &s->subjects) = in->subjects[i];
	list_push(a, &s->subjects) =
		(struct evidence_subject){.name = str_from(archive_name(ARCHIVE_MANIFEST)),
			.algorithm = STR("sha256"),
			.value = arena_str(a, str_from(hex))};
}

static void fill_provenance(struct provenance *p, struct arena *a, const struct evidence_input *in)
{
	p->external = in->external_parameters;
	p->internal = in->internal_parameters;
	for (size_t i = 0; i < in->material_count; i++)
		list_push(a, &p->materials) = in->materials[i];
	p->builder_id = in->builder_id;
	p->builder_version = in->builder_version;
	p->invocation_id = in->invocation_id;
	p->started = time_rfc3339_nano(a, in->started);
	p->finished = time_rfc3339_nano(a, in->finished);
	p->members[ARCHIVE_MANIFEST] = digest_bytes(in->manifest);
	p->members[ARCHIVE_PLAN] = digest_bytes(in->plan);
	p->members[ARCHIVE_FINDINGS] = digest_bytes(in->findings);
	p->members[ARCHIVE_SOURCE] = digest_bytes(in->source_bundle);
}

static struct trace trace_of(const struct provenance *p, const struct evidence_input *in,
	const struct manifest_head *head)
{
	return (struct trace){.builder_id = p->builder_id,
		.invocation_id = p->invocation_id,
		.coverage = in->coverage,
		.started = p->started,
		.finished = p->finished,
		.manifest = head->sha256,
		.root = head->root,
		.count = head->count,
		.bytes = head->bytes};
}

static struct test_result test_of(const struct evidence_input *in)
{
	return (struct test_result){.result = in->audit_passed ? STR("PASSED") : STR("FAILED"),
		.profile = in->policy_profile,
		.policy = in->policy_digest,
		.passed = in->passed_rules,
		.warned = in->warned_rules,
		.failed = in->failed_rules};
}

/* One bundle per line. */
static int write_attestations(
	struct buf *out, struct statement *s, const struct private_key *k, struct error *err)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		scoped(buf) payload = {0};
		s->kind = (enum statement_kind)i;
		statement_write(&payload, s);
		if (buf_check(&payload, err) < 0 ||
			bundle_write(out, buf_str(&payload), k, err) < 0)
			return error_wrap(err, "%s", statement_name(s->kind));
		buf_add_byte(out, '\n');
	}
	return buf_check(out, err);
}

int evidence_write(struct buf *out, const struct evidence_input *in, const struct private_key *k,
	struct error *err)
{
	scoped(arena) a = {0};
	scoped(buf) attestations = {0};
	struct manifest_head head = {0};
	struct statement s = {0};
	if (check_input(in, err) < 0 || check_members(in, &head, err) < 0)
		return -1;
	add_subjects(&s, &a, in, &head);
	fill_provenance(&s.provenance, &a, in);
	s.trace = trace_of(&s.provenance, in, &head);
	s.test = test_of(in);
	if (write_attestations(&attestations, &s, k, err) < 0)
		return -1;
	const struct archive archive = {.members = {
						[ARCHIVE_ATTESTATIONS] = buf_str(&attestations),
						[ARCHIVE_MANIFEST] = in->manifest,
						[ARCHIVE_PLAN] = in->plan,
						[ARCHIVE_FINDINGS] = in->findings,
						[ARCHIVE_SOURCE] = in->source_bundle,
					}};
	return archive_write(out, &archive, err);
}
