#include "sign/verify.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"

/* When a check is made at all. */
enum verify_when { WHEN_ALWAYS = 0, WHEN_REPOSITORY, WHEN_COMMIT, WHEN_BUILDER };

#define NEED_STATEMENTS (NEED_PROVENANCE | NEED_TRACE | NEED_TEST)

/* In the order in which a reader wants them; docs/evidence.md explains each id. */
static const struct {
	const char *id;
	const char *title;
	verify_fn *run;
	unsigned needs;
	enum verify_when when;
} table[] = {
	{"attestations.form", "three statements, one canonical bundle per line, in their order",
		verify_attestations},
	{"signature.provenance", "the provenance is signed by a given key",
		verify_signature_provenance},
	{"signature.runtime-trace", "the runtime trace is signed by a given key",
		verify_signature_trace},
	{"signature.test-result", "the test result is signed by a given key",
		verify_signature_test},
	{"statement.provenance", "the provenance says what it has to, and no more",
		verify_statement_provenance},
	{"statement.runtime-trace", "the runtime trace says what it has to, and no more",
		verify_statement_trace},
	{"statement.test-result", "the test result says what it has to, and no more",
		verify_statement_test},
	{"signature.key", "one key signed all statements", verify_one_key, NEED_STATEMENTS},
	{"statement.subjects", "all statements name the same subjects", verify_same_subjects,
		NEED_STATEMENTS},
	{"statement.build", "all statements are about one build", verify_same_build,
		NEED_PROVENANCE | NEED_TRACE},
	{"manifest.digest", "the manifest is the signed one", verify_manifest_digest,
		NEED_PROVENANCE | NEED_TRACE},
	{"plan.digest", "the plan is the signed one", verify_plan_digest, NEED_PROVENANCE},
	{"findings.digest", "the findings are the signed ones", verify_findings_digest,
		NEED_PROVENANCE},
	{"source.digest", "the source bundle is the signed one", verify_source_digest,
		NEED_PROVENANCE},
	{"manifest.form", "the manifest reads well, from header to footer", verify_manifest_form,
		NEED_MANIFEST_DIGEST},
	{"manifest.head", "lines and Merkle root of the manifest are the signed ones",
		verify_manifest_head, NEED_MANIFEST | NEED_TRACE},
	{"plan.form", "the plan is canonical, and its steps are numbered", verify_plan_form,
		NEED_PLAN_DIGEST},
	{"findings.form", "the findings are SARIF", verify_findings_form, NEED_FINDINGS_DIGEST},
	{"image.id", "the image is the one that was asked for", verify_image,
		NEED_STATEMENTS | NEED_MANIFEST},
	{"manifest.artifact", "the subjects are what the build made", verify_artifact,
		NEED_PROVENANCE | NEED_MANIFEST},
	{"manifest.inputs", "what the machine was made from is a resolved dependency",
		verify_inputs, NEED_PROVENANCE | NEED_MANIFEST},
	{"manifest.header", "the manifest is of this plan, build and commit", verify_header,
		NEED_PROVENANCE | NEED_MANIFEST | NEED_PLAN},
	{"manifest.steps", "every step of the plan ran, in order, and no other", verify_steps,
		NEED_MANIFEST | NEED_PLAN},
	{"manifest.post-process", "every post-processor of the plan ran, in order, and no other",
		verify_post_processors, NEED_MANIFEST | NEED_PLAN},
	{"manifest.asked", "what was asked of the machine is what the plan says", verify_asked,
		NEED_MANIFEST | NEED_PLAN},
	{"manifest.processes", "every process belongs to a step", verify_processes, NEED_MANIFEST},
	{"manifest.coverage", "processes were recorded as claimed and demanded", verify_coverage,
		NEED_MANIFEST | NEED_TRACE},
	{"manifest.footer", "the build ended well, and its counts fit", verify_footer,
		NEED_MANIFEST},
	{"time.order", "the times are in order and not in the future", verify_times,
		NEED_PROVENANCE | NEED_MANIFEST},
	{"source.commit", "the source asked for is the one that was used", verify_source,
		NEED_PROVENANCE},
	{"source.parameters", "no parameter of the build is unknown", verify_parameters,
		NEED_PROVENANCE},
	{"source.repository-expected", "the repository is the expected one", verify_repository,
		NEED_PROVENANCE, WHEN_REPOSITORY},
	{"source.commit-expected", "the commit is the expected one", verify_commit, NEED_PROVENANCE,
		WHEN_COMMIT},
	{"builder.id-expected", "the builder is the expected one", verify_builder, NEED_PROVENANCE,
		WHEN_BUILDER},
	{"verdict.result", "the audit passed", verify_verdict, NEED_TEST},
	{"verdict.policy", "the findings are of the named policy and verdict", verify_policy,
		NEED_TEST | NEED_FINDINGS},
	{"verdict.findings", "the test result agrees with the findings", verify_findings,
		NEED_TEST | NEED_FINDINGS},
	{"replay.plan", "the source, compiled again, gives the same plan", verify_replayed_plan,
		NEED_PROVENANCE | NEED_TEST | NEED_SOURCE_DIGEST | NEED_PLAN_DIGEST},
	{"replay.findings", "the plan, audited again, gives the same findings",
		verify_replayed_findings,
		NEED_PROVENANCE | NEED_TEST | NEED_SOURCE_DIGEST | NEED_FINDINGS_DIGEST},
};

/* In the order of enum verify_need. */
static const char *const need_names[] = {
	"a provenance that verifies",
	"a runtime trace that verifies",
	"a test result that verifies",
	"the signed manifest",
	"the signed plan",
	"the signed findings",
	"the signed source bundle",
	"a readable manifest",
	"a readable plan",
	"readable findings",
};

static const char *const result_names[] = {
	[CHECK_NONE] = "none",
	[CHECK_PASSED] = "passed",
	[CHECK_FAILED] = "failed",
	[CHECK_UNKNOWN] = "unknown",
};
static_assert(countof(result_names) == CHECK_UNKNOWN + 1, "a name for each result");

/* ---- Results --------------------------------------------------------------------------------- */

struct str check_text(struct verifying *v, struct str text)
{
	scoped(buf) out = {0};
	log_escape(&out, text);
	return arena_str(&v->v->arena, buf_str(&out));
}

struct str check_hex(struct verifying *v, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return arena_str(&v->v->arena, str_from(hex));
}

void check_pass(struct check *c)
{
	c->result = CHECK_PASSED;
}

void check_fail(struct verifying *v, struct check *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	c->result = CHECK_FAILED;
	c->reason = check_text(v, arena_vprintf(&v->v->arena, fmt, ap));
	va_end(ap);
}

void check_unknown(struct verifying *v, struct check *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	c->result = CHECK_UNKNOWN;
	c->reason = check_text(v, arena_vprintf(&v->v->arena, fmt, ap));
	va_end(ap);
}

bool check_same(struct verifying *v, struct check *c, struct str expected, struct str found)
{
	c->expected = check_text(v, expected);
	c->found = check_text(v, found);
	if (str_eq(expected, found))
		check_pass(c);
	else
		check_fail(v, c, "they differ");
	return c->result == CHECK_PASSED;
}

/* ---- The run --------------------------------------------------------------------------------- */

static bool is_wanted(const struct verify_options *o, enum verify_when when)
{
	switch (when) {
	case WHEN_ALWAYS:
		return true;
	case WHEN_REPOSITORY:
		return o->repository.n > 0;
	case WHEN_COMMIT:
		return o->commit.n > 0;
	case WHEN_BUILDER:
		return o->builder_id.n > 0;
	}
	return true;
}

static const char *first_missing(unsigned needs, unsigned have)
{
	for (size_t i = 0; i < countof(need_names); i++) {
		if ((needs & ~have) & (1u << i))
			return need_names[i];
	}
	return NULL;
}

static void run_table(struct verifying *v)
{
	for (size_t i = 0; i < countof(table); i++) {
		if (!is_wanted(v->o, table[i].when))
			continue;
		struct check c = {.id = str_from(table[i].id), .title = str_from(table[i].title)};
		const char *missing = first_missing(table[i].needs, v->have);
		if (missing)
			check_unknown(v, &c, "needs %s", missing);
		else
			table[i].run(v, &c);
		assert(c.result != CHECK_NONE);
		list_push(&v->v->arena, &v->v->checks) = c;
	}
}

static void summarise(struct verifying *v)
{
	struct verification *out = v->v;
	out->passed = out->checks.n > 0;
	for (size_t i = 0; i < out->checks.n; i++)
		out->passed = out->passed && out->checks.items[i].result == CHECK_PASSED;
	if (v->have & NEED_PROVENANCE) {
		const struct provenance *p = &v->statements[STATEMENT_PROVENANCE].provenance;
		out->builder_id = check_text(v, p->builder_id);
		if (!time_parse_rfc3339(p->finished, &out->finished))
			out->finished = 0;
		struct str url = {0};
		struct str commit = {0};
		if (source_split(v, &url, &commit)) {
			out->repository = check_text(v, url);
			out->commit = check_text(v, commit);
		}
	}
	if (v->have & NEED_TEST)
		out->profile = check_text(v, v->statements[STATEMENT_TEST].test.profile);
	for (size_t i = 0; i < v->manifest.n; i++)
		out->commands += line_is(v->manifest.items[i], "exec");
}

int evidence_verify(struct verification **out, struct str bytes, const struct verify_options *o,
	struct error *err)
{
	if (!archive_is_likely(bytes))
		return error_set(err, ERROR_INPUT, "not an evidence file");
	scoped_ptr(verification) result = calloc(1, sizeof(*result));
	if (!result)
		error_out_of_memory();
	struct verifying v = {.v = result, .o = o};
	struct error why = {0};
	struct check form = {.id = STR("archive.form"),
		.title = STR("the file is an archive of the five members, byte for byte")};
	if (archive_read(&v.archive, bytes, &why) < 0)
		check_fail(&v, &form, "%s", why.text);
	else
		check_pass(&form);
	list_push(&result->arena, &result->checks) = form;
	/* Without its form it is not known what the rest would be about. */
	if (form.result == CHECK_PASSED) {
		run_table(&v);
		summarise(&v);
	}
	*out = steal_ptr(result);
	return 0;
}

void verification_free(struct verification *v)
{
	if (!v)
		return;
	arena_clear(&v->arena);
	free(v);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void set_text(struct arena *a, struct json *object, const char *key, struct str value)
{
	if (value.n > 0)
		json_set(a, object, key, json_string(a, value));
}

struct json *verification_to_json(const struct verification *v, struct arena *a)
{
	struct json *root = json_object(a);
	json_set(a, root, "passed", json_bool(a, v->passed));
	set_text(a, root, "image_id", v->image_id);
	set_text(a, root, "repository", v->repository);
	set_text(a, root, "commit", v->commit);
	set_text(a, root, "builder_id", v->builder_id);
	set_text(a, root, "profile", v->profile);
	if (v->finished != 0)
		json_set(a, root, "finished", json_string(a, time_rfc3339(a, v->finished)));
	json_set(a, root, "commands", json_i64(a, (int64_t)v->commands));
	struct json *checks = json_set(a, root, "checks", json_array(a));
	for (size_t i = 0; i < v->checks.n; i++) {
		const struct check *c = &v->checks.items[i];
		struct json *j = json_append(a, checks, json_object(a));
		json_set(a, j, "id", json_string(a, c->id));
		json_set(a, j, "title", json_string(a, c->title));
		json_set(a, j, "result", json_cstr(a, result_names[c->result]));
		set_text(a, j, "expected", c->expected);
		set_text(a, j, "found", c->found);
		set_text(a, j, "reason", c->reason);
	}
	return root;
}
