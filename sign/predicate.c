#include "sign/predicate.h"

#define BUILD_TYPE "urn:x-sealwright:build:v1"
#define MONITOR_TYPE "urn:x-sealwright:monitor:v1"
#define DIFFERENCE_DEPTH 128

static const char *const media_types[] = {
	[ARCHIVE_ATTESTATIONS] = "application/jsonl",
	[ARCHIVE_MANIFEST] = "application/jsonl",
	[ARCHIVE_PLAN] = "application/json",
	[ARCHIVE_FINDINGS] = "application/sarif+json",
	[ARCHIVE_SOURCE] = "application/x-git-bundle",
};

/* ---- Small pieces ---------------------------------------------------------------------------- */

static struct str hex_of(struct arena *a, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, d);
	return arena_str(a, str_from(hex));
}

static void set_text(struct arena *a, struct json *object, const char *key, struct str value)
{
	if (value.n > 0)
		json_set(a, object, key, json_string(a, value));
}

struct json *descriptor_write(const struct descriptor *d, struct arena *a)
{
	struct json *j = json_object(a);
	set_text(a, j, "name", d->name);
	set_text(a, j, "uri", d->uri);
	struct json *digest = json_set(a, j, "digest", json_object(a));
	json_set_str(a, digest, d->algorithm, json_string(a, d->value));
	set_text(a, j, "mediaType", d->media_type);
	if (d->annotations)
		json_set(a, j, "annotations", (struct json *)(uintptr_t)d->annotations);
	return j;
}

int descriptor_read(struct descriptor *out, const struct json *j, struct error *err)
{
	const struct json *digest = NULL;
	if (j->type != JSON_OBJECT)
		return error_set(err, ERROR_INPUT, "not a resource descriptor");
	if (json_get_object(j, "digest", &digest, "resource descriptor", err) < 0)
		return -1;
	if (digest->object.n != 1)
		return error_set(err, ERROR_INPUT,
			"resource descriptor: %zu digests; exactly one is needed",
			digest->object.n);
	const struct json_member *m = &digest->object.items[0];
	if (m->value->type != JSON_STRING || !digest_value_is_good(m->key, m->value->text))
		return error_set(err, ERROR_INPUT, "resource descriptor: malformed digest");
	*out = (struct descriptor){.name = json_str_or(j, "name", STR("")),
		.uri = json_str_or(j, "uri", STR("")),
		.algorithm = m->key,
		.value = m->value->text,
		.media_type = json_str_or(j, "mediaType", STR("")),
		.annotations = json_find(j, "annotations")};
	return 0;
}

/* A member of the archive, by its SHA-256. */
static struct json *member_write(enum archive_index index, const struct digest *digest,
	const struct json *annotations, struct arena *a)
{
	const struct descriptor d = {.name = str_from(archive_name(index)),
		.algorithm = STR("sha256"),
		.value = hex_of(a, digest),
		.media_type = str_from(media_types[index]),
		.annotations = annotations};
	return descriptor_write(&d, a);
}

static int member_read(struct digest *out, const struct json **annotations,
	enum archive_index index, const struct json *j, struct error *err)
{
	struct descriptor d = {0};
	if (descriptor_read(&d, j, err) < 0)
		return -1;
	if (!str_is(d.name, archive_name(index)) || !str_is(d.algorithm, "sha256") ||
		!digest_parse(out, d.value))
		return error_set(err, ERROR_INPUT, "SHA-256 of %s is needed", archive_name(index));
	if (annotations)
		*annotations = d.annotations;
	return 0;
}

static int get_digest(
	const struct json *object, const char *key, struct digest *out, struct error *err)
{
	struct str hex = {0};
	if (json_get_str(object, key, &hex, "statement", err) < 0)
		return -1;
	if (!digest_parse(out, hex))
		return error_set(err, ERROR_INPUT, "statement: %s is not a SHA-256", key);
	return 0;
}

static int get_u64(const struct json *object, const char *key, uint64_t *out, struct error *err)
{
	int64_t value = 0;
	if (json_get_i64(object, key, &value, "statement", err) < 0)
		return -1;
	if (value < 0)
		return error_set(err, ERROR_INPUT, "statement: %s is negative", key);
	*out = (uint64_t)value;
	return 0;
}

static struct json *list_write(const struct str_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, j, json_string(a, list->items[i]));
	return j;
}

static int list_read(struct str_list *out, struct arena *a, const struct json *object,
	const char *key, struct error *err)
{
	const struct json *list = NULL;
	if (json_get_array(object, key, &list, "statement", err) < 0)
		return -1;
	for (size_t i = 0; i < list->array.n; i++) {
		if (list->array.items[i]->type != JSON_STRING)
			return error_set(err, ERROR_INPUT,
				"statement: %s holds something else than strings", key);
		list_push(a, out) = list->array.items[i]->text;
	}
	return 0;
}

/* ---- SLSA provenance v1 ---------------------------------------------------------------------- */

static struct json *definition_write(const struct provenance *p, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "buildType", json_cstr(a, BUILD_TYPE));
	json_set(a, j, "externalParameters", (struct json *)(uintptr_t)p->external);
	json_set(a, j, "internalParameters", (struct json *)(uintptr_t)p->internal);
	struct json *list = json_set(a, j, "resolvedDependencies", json_array(a));
	for (size_t i = 0; i < p->materials.n; i++) {
		const struct evidence_material *m = &p->materials.items[i];
		const struct descriptor d = {.name = m->name,
			.uri = m->uri,
			.algorithm = m->algorithm,
			.value = m->value};
		json_append(a, list, descriptor_write(&d, a));
	}
	return j;
}

struct json *provenance_write(const struct statement *s, struct arena *a)
{
	const struct provenance *p = &s->provenance;
	struct json *j = json_object(a);
	json_set(a, j, "buildDefinition", definition_write(p, a));
	struct json *run = json_set(a, j, "runDetails", json_object(a));
	struct json *builder = json_set(a, run, "builder", json_object(a));
	json_set(a, builder, "id", json_string(a, p->builder_id));
	struct json *version = json_set(a, builder, "version", json_object(a));
	json_set(a, version, "sealwright", json_string(a, p->builder_version));
	struct json *metadata = json_set(a, run, "metadata", json_object(a));
	json_set(a, metadata, "invocationId", json_string(a, p->invocation_id));
	json_set(a, metadata, "startedOn", json_string(a, p->started));
	json_set(a, metadata, "finishedOn", json_string(a, p->finished));
	struct json *list = json_set(a, run, "byproducts", json_array(a));
	for (size_t i = ARCHIVE_MANIFEST; i < ARCHIVE_COUNT; i++)
		json_append(a, list, member_write((enum archive_index)i, &p->members[i], NULL, a));
	return j;
}

static int definition_read(
	struct provenance *p, struct arena *a, const struct json *j, struct error *err)
{
	const struct json *list = NULL;
	if (json_get_object(j, "externalParameters", &p->external, "statement", err) < 0 ||
		json_get_object(j, "internalParameters", &p->internal, "statement", err) < 0 ||
		json_get_array(j, "resolvedDependencies", &list, "statement", err) < 0)
		return -1;
	for (size_t i = 0; i < list->array.n; i++) {
		struct descriptor d = {0};
		if (descriptor_read(&d, list->array.items[i], err) < 0)
			return error_wrap(err, "resolved dependency %zu", i + 1);
		list_push(a, &p->materials) = (struct evidence_material){
			.name = d.name, .uri = d.uri, .algorithm = d.algorithm, .value = d.value};
	}
	return 0;
}

static int run_read(struct provenance *p, const struct json *run, struct error *err)
{
	const struct json *builder = NULL;
	const struct json *version = NULL;
	const struct json *metadata = NULL;
	const struct json *list = NULL;
	if (json_get_object(run, "builder", &builder, "statement", err) < 0 ||
		json_get_str(builder, "id", &p->builder_id, "statement", err) < 0 ||
		json_get_object(builder, "version", &version, "statement", err) < 0 ||
		json_get_str(version, "sealwright", &p->builder_version, "statement", err) < 0 ||
		json_get_object(run, "metadata", &metadata, "statement", err) < 0 ||
		json_get_str(metadata, "invocationId", &p->invocation_id, "statement", err) < 0 ||
		json_get_str(metadata, "startedOn", &p->started, "statement", err) < 0 ||
		json_get_str(metadata, "finishedOn", &p->finished, "statement", err) < 0 ||
		json_get_array(run, "byproducts", &list, "statement", err) < 0)
		return -1;
	if (list->array.n != ARCHIVE_COUNT - 1)
		return error_set(err, ERROR_INPUT, "%zu by-products; %d are needed", list->array.n,
			ARCHIVE_COUNT - 1);
	for (size_t i = ARCHIVE_MANIFEST; i < ARCHIVE_COUNT; i++) {
		if (member_read(&p->members[i], NULL, (enum archive_index)i,
			    list->array.items[i - 1], err) < 0)
			return error_wrap(err, "by-product %zu", i);
	}
	return 0;
}

int provenance_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err)
{
	const struct json *definition = NULL;
	const struct json *run = NULL;
	if (json_get_object(predicate, "buildDefinition", &definition, "statement", err) < 0 ||
		definition_read(&out->provenance, a, definition, err) < 0 ||
		json_get_object(predicate, "runDetails", &run, "statement", err) < 0)
		return -1;
	return run_read(&out->provenance, run, err);
}

/* ---- runtime-trace v0.1 ---------------------------------------------------------------------- */

struct json *trace_write(const struct statement *s, struct arena *a)
{
	const struct trace *t = &s->trace;
	struct json *j = json_object(a);
	struct json *monitor = json_set(a, j, "monitor", json_object(a));
	json_set(a, monitor, "type", json_cstr(a, MONITOR_TYPE));
	struct json *policy = json_set(a, monitor, "tracePolicy", json_object(a));
	json_set(a, policy, "coverage", json_string(a, t->coverage));
	struct json *process = json_set(a, j, "monitoredProcess", json_object(a));
	json_set(a, process, "hostID", json_string(a, t->builder_id));
	json_set(a, process, "type", json_cstr(a, BUILD_TYPE));
	json_set(a, process, "event", json_string(a, t->invocation_id));
	struct json *notes = json_object(a);
	json_set(a, notes, "lines", json_i64(a, (int64_t)t->count));
	json_set(a, notes, "bytes", json_i64(a, (int64_t)t->bytes));
	json_set(a, notes, "merkleRoot", json_string(a, hex_of(a, &t->root)));
	struct json *log = json_set(a, j, "monitorLog", json_object(a));
	struct json *list = json_set(a, log, "process", json_array(a));
	json_append(a, list, member_write(ARCHIVE_MANIFEST, &t->manifest, notes, a));
	struct json *metadata = json_set(a, j, "metadata", json_object(a));
	json_set(a, metadata, "buildStartedOn", json_string(a, t->started));
	json_set(a, metadata, "buildFinishedOn", json_string(a, t->finished));
	return j;
}

static int log_read(struct trace *t, const struct json *predicate, struct error *err)
{
	const struct json *log = NULL;
	const struct json *list = NULL;
	const struct json *notes = NULL;
	if (json_get_object(predicate, "monitorLog", &log, "statement", err) < 0 ||
		json_get_array(log, "process", &list, "statement", err) < 0)
		return -1;
	if (list->array.n != 1)
		return error_set(err, ERROR_INPUT, "statement: one monitor log is needed, not %zu",
			list->array.n);
	if (member_read(&t->manifest, &notes, ARCHIVE_MANIFEST, list->array.items[0], err) < 0)
		return error_wrap(err, "monitor log");
	if (!notes)
		return error_set(err, ERROR_INPUT, "monitor log: no annotations");
	if (get_u64(notes, "lines", &t->count, err) < 0 ||
		get_u64(notes, "bytes", &t->bytes, err) < 0)
		return -1;
	return get_digest(notes, "merkleRoot", &t->root, err);
}

int trace_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err)
{
	struct trace *t = &out->trace;
	const struct json *monitor = NULL;
	const struct json *policy = NULL;
	const struct json *process = NULL;
	const struct json *metadata = NULL;
	(void)a;
	if (json_get_object(predicate, "monitor", &monitor, "statement", err) < 0 ||
		json_get_object(monitor, "tracePolicy", &policy, "statement", err) < 0 ||
		json_get_str(policy, "coverage", &t->coverage, "statement", err) < 0 ||
		json_get_object(predicate, "monitoredProcess", &process, "statement", err) < 0 ||
		json_get_str(process, "hostID", &t->builder_id, "statement", err) < 0 ||
		json_get_str(process, "event", &t->invocation_id, "statement", err) < 0 ||
		json_get_object(predicate, "metadata", &metadata, "statement", err) < 0 ||
		json_get_str(metadata, "buildStartedOn", &t->started, "statement", err) < 0 ||
		json_get_str(metadata, "buildFinishedOn", &t->finished, "statement", err) < 0)
		return -1;
	return log_read(t, predicate, err);
}

/* ---- test-result v0.1 ------------------------------------------------------------------------ */

struct json *test_result_write(const struct statement *s, struct arena *a)
{
	const struct test_result *t = &s->test;
	struct json *j = json_object(a);
	json_set(a, j, "result", json_string(a, t->result));
	struct json *notes = json_object(a);
	json_set(a, notes, "profile", json_string(a, t->profile));
	const struct descriptor policy = {.name = STR("policy"),
		.algorithm = STR("sha256"),
		.value = hex_of(a, &t->policy),
		.annotations = notes};
	struct json *list = json_set(a, j, "configuration", json_array(a));
	json_append(a, list, descriptor_write(&policy, a));
	json_set(a, j, "passedTests", list_write(&t->passed, a));
	json_set(a, j, "warnedTests", list_write(&t->warned, a));
	json_set(a, j, "failedTests", list_write(&t->failed, a));
	return j;
}

static int configuration_read(
	struct test_result *t, const struct json *predicate, struct error *err)
{
	const struct json *list = NULL;
	struct descriptor d = {0};
	if (json_get_array(predicate, "configuration", &list, "statement", err) < 0)
		return -1;
	if (list->array.n != 1)
		return error_set(err, ERROR_INPUT,
			"statement: one configuration is needed, not %zu", list->array.n);
	if (descriptor_read(&d, list->array.items[0], err) < 0)
		return error_wrap(err, "configuration");
	if (!str_is(d.algorithm, "sha256") || !digest_parse(&t->policy, d.value))
		return error_set(err, ERROR_INPUT, "configuration: a SHA-256 is needed");
	if (!d.annotations)
		return error_set(err, ERROR_INPUT, "configuration: no annotations");
	return json_get_str(d.annotations, "profile", &t->profile, "configuration", err);
}

int test_result_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err)
{
	struct test_result *t = &out->test;
	if (json_get_str(predicate, "result", &t->result, "statement", err) < 0 ||
		configuration_read(t, predicate, err) < 0 ||
		list_read(&t->passed, a, predicate, "passedTests", err) < 0 ||
		list_read(&t->warned, a, predicate, "warnedTests", err) < 0)
		return -1;
	return list_read(&t->failed, a, predicate, "failedTests", err);
}

/* ---- Differences ----------------------------------------------------------------------------- */

/* Descends into the first member that differs; what is deeper than the limit is named whole. */
static bool step_into(const struct json **expected, const struct json **found, struct buf *path)
{
	const struct json *e = *expected;
	const struct json *f = *found;
	if (e->type != f->type)
		return false;
	for (size_t i = 0; e->type == JSON_ARRAY && i < f->array.n; i++) {
		if (i < e->array.n && json_equal(e->array.items[i], f->array.items[i]))
			continue;
		buf_printf(path, "/%zu", i);
		*expected = i < e->array.n ? e->array.items[i] : NULL;
		*found = f->array.items[i];
		return true;
	}
	for (size_t i = 0; e->type == JSON_OBJECT && i < f->object.n; i++) {
		const struct json_member *m = &f->object.items[i];
		const struct json *other = json_find_str(e, m->key);
		if (other && json_equal(other, m->value))
			continue;
		buf_printf(path, "/%.*s", STR_ARG(m->key));
		*expected = other;
		*found = m->value;
		return true;
	}
	return false;
}

struct str json_difference(struct arena *a, const struct json *expected, const struct json *found)
{
	scoped(buf) path = {0};
	if (json_equal(expected, found))
		return STR("the spelling");
	for (size_t depth = 0; depth < DIFFERENCE_DEPTH && expected; depth++) {
		if (!step_into(&expected, &found, &path))
			break;
	}
	return path.n > 0 ? arena_str(a, buf_str(&path)) : STR("/");
}
