#include "sign/verify.h"

#include <inttypes.h>

static const struct provenance *provenance_of(const struct verifying *v)
{
	return &v->statements[STATEMENT_PROVENANCE].provenance;
}

/* ---- Digests --------------------------------------------------------------------------------- */

static void verify_digest(
	struct verifying *v, struct check *c, enum archive_index index, enum verify_need gives)
{
	struct digest found = digest_bytes(v->archive.members[index]);
	if (check_same(v, c, check_hex(v, &provenance_of(v)->members[index]), check_hex(v, &found)))
		v->have |= gives;
}

void verify_manifest_digest(struct verifying *v, struct check *c)
{
	const struct statement *trace = &v->statements[STATEMENT_TRACE];
	verify_digest(v, c, ARCHIVE_MANIFEST, 0);
	if (c->result != CHECK_PASSED)
		return;
	struct str found = c->found;
	if (!check_same(v, c, check_hex(v, &trace->trace.manifest), found))
		return;
	for (size_t i = 0; i < trace->subjects.n; i++) {
		const struct evidence_subject *s = &trace->subjects.items[i];
		if (str_is(s->name, archive_name(ARCHIVE_MANIFEST)) &&
			str_is(s->algorithm, "sha256") && str_eq(s->value, found)) {
			v->have |= NEED_MANIFEST_DIGEST;
			return;
		}
	}
	check_fail(v, c, "the manifest is not a subject of the runtime trace");
}

void verify_plan_digest(struct verifying *v, struct check *c)
{
	verify_digest(v, c, ARCHIVE_PLAN, NEED_PLAN_DIGEST);
}

void verify_findings_digest(struct verifying *v, struct check *c)
{
	verify_digest(v, c, ARCHIVE_FINDINGS, NEED_FINDINGS_DIGEST);
}

void verify_source_digest(struct verifying *v, struct check *c)
{
	verify_digest(v, c, ARCHIVE_SOURCE, NEED_SOURCE_DIGEST);
}

/* ---- Forms ----------------------------------------------------------------------------------- */

void verify_manifest_form(struct verifying *v, struct check *c)
{
	struct error why = {0};
	if (manifest_read(&v->manifest, &v->head, &v->v->arena,
		    v->archive.members[ARCHIVE_MANIFEST], &why) < 0) {
		v->manifest = (struct manifest_lines){0};
		check_fail(v, c, "%s", why.text);
		return;
	}
	v->have |= NEED_MANIFEST;
	check_pass(c);
}

void verify_manifest_head(struct verifying *v, struct check *c)
{
	struct arena *a = &v->v->arena;
	const struct trace *t = &v->statements[STATEMENT_TRACE].trace;
	check_same(v, c,
		arena_printf(a, "%" PRIu64 " lines, %" PRIu64 " bytes, root %.*s", t->count,
			t->bytes, STR_ARG(check_hex(v, &t->root))),
		arena_printf(a, "%" PRIu64 " lines, %" PRIu64 " bytes, root %.*s", v->head.count,
			v->head.bytes, STR_ARG(check_hex(v, &v->head.root))));
}

static bool parse_member(
	struct verifying *v, struct check *c, struct json **out, enum archive_index index)
{
	struct error why = {0};
	const struct json_limits limits = {.depth = 64};
	struct str name = str_from(archive_name(index));
	if (json_parse(out, &v->v->arena, v->archive.members[index], name, &limits, &why) < 0) {
		check_fail(v, c, "%s", why.text);
		return false;
	}
	if ((*out)->type != JSON_OBJECT) {
		check_fail(v, c, "not an object");
		return false;
	}
	return true;
}

static bool add_step(struct verifying *v, const struct json *step, const struct json *group)
{
	struct error ignored = {0};
	int64_t id = 0;
	if (json_get_i64(step, "id", &id, "step", &ignored) < 0 || id != (int64_t)v->steps.n + 1 ||
		json_str_or(step, "type", STR("")).n == 0)
		return false;
	list_push(&v->v->arena, &v->steps) = (struct plan_step){step, group};
	return true;
}

/* Steps stand in their groups, numbered 1, 2, ... throughout. */
static bool list_steps(struct verifying *v)
{
	struct error ignored = {0};
	const struct json *groups = NULL;
	if (json_get_array(v->plan, "groups", &groups, "plan.json", &ignored) < 0)
		return false;
	for (size_t i = 0; i < groups->array.n; i++) {
		const struct json *group = groups->array.items[i];
		const struct json *steps = NULL;
		if (json_get_array(group, "steps", &steps, "plan.json", &ignored) < 0)
			return false;
		for (size_t k = 0; k < steps->array.n; k++) {
			if (!add_step(v, steps->array.items[k], group))
				return false;
		}
	}
	return true;
}

void verify_plan_form(struct verifying *v, struct check *c)
{
	scoped(buf) again = {0};
	if (!parse_member(v, c, &v->plan, ARCHIVE_PLAN))
		return;
	buf_init(&again, EVIDENCE_MAX);
	json_write_canonical(&again, v->plan);
	if (!str_eq(buf_str(&again), v->archive.members[ARCHIVE_PLAN])) {
		check_fail(v, c, "it is not in its canonical form");
	} else if (!list_steps(v)) {
		check_fail(v, c, "its steps are not grouped and numbered");
	} else {
		v->have |= NEED_PLAN;
		c->found = arena_printf(&v->v->arena, "%zu steps", v->steps.n);
		check_pass(c);
	}
}

void verify_findings_form(struct verifying *v, struct check *c)
{
	if (!parse_member(v, c, &v->findings, ARCHIVE_FINDINGS))
		return;
	const struct json *runs = json_find(v->findings, "runs");
	if (!str_is(json_str_or(v->findings, "version", STR("")), "2.1.0")) {
		check_fail(v, c, "not version 2.1.0");
	} else if (!runs || runs->type != JSON_ARRAY || runs->array.n != 1) {
		check_fail(v, c, "exactly one run is needed");
	} else {
		v->have |= NEED_FINDINGS;
		check_pass(c);
	}
}
