#include "cmd/build.h"

#include <stdio.h>

#define FILE_LIMIT ((size_t)1 << 30)

/* What the signer needs of one build, kept together while it is put together. */
struct parts {
	struct buf manifest;
	struct buf plan;
	struct buf findings;
	struct buf source;
	struct buf evidence;
	struct audit *audit;
};

static void parts_clear(struct parts *p)
{
	buf_clear(&p->manifest);
	buf_clear(&p->plan);
	buf_clear(&p->findings);
	buf_clear(&p->source);
	buf_clear(&p->evidence);
	audit_free(p->audit);
}

static int collect(
	struct parts *parts, struct build_run *run, const struct job *job, struct error *err)
{
	if (job->result.artifact.image_id.n == 0)
		return error_set(err, ERROR_INPUT,
			"the build made no image that evidence could be about; --unsigned builds "
			"without evidence");
	buf_init(&parts->manifest, FILE_LIMIT);
	buf_init(&parts->findings, FILE_LIMIT);
	buf_init(&parts->source, FILE_LIMIT);
	buf_init(&parts->evidence, (size_t)2 * FILE_LIMIT);
	if (file_read(&parts->manifest, AT_FDCWD, job->manifest, FILE_LIMIT, err) < 0)
		return -1;
	struct digest found = digest_bytes(buf_str(&parts->manifest));
	if (!digest_eq(&found, &job->result.head.sha256))
		return error_set(
			err, ERROR_TRUST, "%s: changed since the build wrote it", job->manifest);
	json_write_canonical(&parts->plan, plan_to_json(job->plan, &run->arena));
	if (pipeline_findings(run->pipeline, job->plan, &parts->audit, &parts->findings, err) < 0)
		return -1;
	return snapshot_bundle(run->pipeline->snapshot, &parts->source, err);
}

static struct str hex_of(const struct digest *d, struct arena *a)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return arena_str(a, str_from(hex));
}

/* The image id under its platform's key; a "sha256:" in front of it is the key's already. */
static struct evidence_subject image_subject(const struct artifact *f)
{
	struct str value = f->image_id;
	if (str_has_prefix(value, STR("sha256:")))
		value = str_from_index(value, strlen("sha256:"));
	return (struct evidence_subject){
		.name = f->image_name.n > 0 ? f->image_name : f->image_id,
		.algorithm = f->image_algorithm,
		.value = value,
	};
}

static bool is_taken(const struct evidence_subject *s, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(s[i].name, name))
			return true;
	}
	return str_is(name, "manifest.jsonl");
}

static void add_file(
	struct evidence_subject *s, size_t *n, const struct artifact_file *f, struct arena *a)
{
	struct str value = hex_of(&f->sha256, a);
	struct str name = f->path;
	/* A file that is the image itself is there already. */
	if (str_eq(value, s[0].value))
		return;
	if (f->outside && is_taken(s, *n, name))
		name = arena_printf(a, "./%.*s", STR_ARG(name));
	s[(*n)++] = (struct evidence_subject){
		.name = name,
		.algorithm = STR("sha256"),
		.value = value,
	};
}

/* A post-processor wrote it again. */
static bool is_renewed(const struct artifact *f, const struct artifact_file *file)
{
	for (size_t i = 0; i < f->made.n; i++) {
		if (!f->made.items[i].outside && str_eq(f->made.items[i].path, file->path))
			return true;
	}
	return false;
}

static void add_subjects(struct evidence_input *in, const struct artifact *f, struct arena *a)
{
	struct evidence_subject *s =
		arena_array(a, struct evidence_subject, f->files.n + f->made.n + 1);
	size_t n = 1;
	s[0] = image_subject(f);
	for (size_t i = 0; i < f->files.n; i++) {
		if (!is_renewed(f, &f->files.items[i]))
			add_file(s, &n, &f->files.items[i], a);
	}
	for (int outside = 0; outside < 2; outside++) {
		for (size_t i = 0; i < f->made.n; i++) {
			if (f->made.items[i].outside == (outside == 1))
				add_file(s, &n, &f->made.items[i], a);
		}
	}
	in->subjects = s;
	in->subject_count = n;
}

static void add_materials(struct evidence_input *in, const struct build_run *run,
	const struct artifact *f, struct arena *a)
{
	const struct snapshot *snapshot = run->pipeline->snapshot;
	const struct snapshot_identity *id = snapshot_identity(snapshot);
	size_t modules = 0;
	const struct snapshot_submodule *m = snapshot_submodules(snapshot, &modules);
	size_t n = 0;
	struct evidence_material *all =
		arena_array(a, struct evidence_material, 1 + modules + f->inputs.n);
	all[n++] = (struct evidence_material){
		.name = STR("source"),
		.uri = arena_printf(a, "git+%.*s@%.*s", STR_ARG(id->url),
			STR_ARG(id->ref.n > 0 ? id->ref : id->commit)),
		.algorithm = STR("gitCommit"),
		.value = id->commit,
	};
	for (size_t i = 0; i < modules; i++)
		all[n++] = (struct evidence_material){
			.name = m[i].path,
			.uri = arena_printf(a, "git+%.*s", STR_ARG(m[i].url)),
			.algorithm = STR("gitCommit"),
			.value = m[i].commit,
		};
	for (size_t i = 0; i < f->inputs.n; i++)
		all[n++] = (struct evidence_material){
			.name = f->inputs.items[i].name,
			.uri = f->inputs.items[i].uri,
			.algorithm = STR("sha256"),
			.value = hex_of(&f->inputs.items[i].sha256, a),
		};
	in->materials = all;
	in->material_count = n;
}

static bool fired(const struct audit *a, struct str id, bool *failed)
{
	bool any = false;
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct finding *f = &a->findings.items[i];
		if (!str_eq(f->id, id) || f->waived)
			continue;
		any = true;
		*failed = *failed || f->severity >= a->threshold;
	}
	return any;
}

static void add_rules(struct evidence_input *in, const struct rule *rules, size_t n,
	const struct audit *audit, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		bool failed = false;
		struct str_list *list = &in->passed_rules;
		if (fired(audit, rules[i].id, &failed))
			list = failed ? &in->failed_rules : &in->warned_rules;
		list_push(a, list) = rules[i].id;
	}
}

/* Those of the packs, and the audit's own. */
static void add_all_rules(struct evidence_input *in, const struct policy *policy,
	const struct audit *audit, struct arena *a)
{
	size_t n = 0;
	const struct rule *rules = policy_rules(policy, &n);
	add_rules(in, rules, n, audit, a);
	rules = policy_own_rules(policy, &n);
	add_rules(in, rules, n, audit, a);
}

static struct json *internal_parameters(const struct job *job, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "tool", json_cstr(a, "sealwright " SEALWRIGHT_VERSION));
	json_set(a, j, "gaps", json_i64(a, (int64_t)job->result.gaps));
	json_set(a, j, "execs", json_i64(a, (int64_t)job->result.execs));
	return j;
}

static struct str invocation(const struct job *job, struct arena *a)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &job->result.head.root);
	return arena_printf(a, "urn:sha256:%s", hex);
}

int job_sign(
	struct build_run *run, struct job *job, const struct private_key *key, struct error *err)
{
	struct arena *a = &run->arena;
	scoped(parts) parts = {0};
	if (collect(&parts, run, job, err) < 0)
		return error_wrap(err, "evidence of %s", job->name);
	struct evidence_input in = {
		.manifest = buf_str(&parts.manifest),
		.plan = buf_str(&parts.plan),
		.findings = buf_str(&parts.findings),
		.source_bundle = buf_str(&parts.source),
		.external_parameters = pipeline_parameters(run->pipeline, job->plan, a),
		.internal_parameters = internal_parameters(job, a),
		.builder_id = str_from(run->builder_id),
		.builder_version = STR(SEALWRIGHT_VERSION),
		.invocation_id = invocation(job, a),
		.started = job->start,
		.finished = job->finish,
		.audit_passed = parts.audit->verdict == VERDICT_PASS,
		.policy_profile = parts.audit->profile,
		.policy_digest = parts.audit->policy,
		.coverage = str_from(job->result.coverage),
	};
	add_subjects(&in, &job->result.artifact, a);
	add_materials(&in, run, &job->result.artifact, a);
	add_all_rules(&in, run->pipeline->policy, parts.audit, a);
	if (evidence_write(&parts.evidence, &in, key, err) < 0 ||
		file_replace(AT_FDCWD, job->evidence, buf_str(&parts.evidence), 0644, err) < 0)
		return error_wrap(err, "evidence of %s", job->name);
	return 0;
}
