#include "sign/statement.h"

#include <assert.h>

#include "base/encode.h"
#include "sign/predicate.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_MAX ((size_t)16 << 20)
#define STATEMENT_DEPTH 64
#define ID_MAX 1024
#define SUBJECTS_MAX 4096

/* What one kind of statement is called, and how its predicate is written and read. */
static const struct {
	const char *name;
	const char *type;
	struct json *(*write)(const struct statement *s, struct arena *a);
	int (*read)(struct statement *out, struct arena *a, const struct json *predicate,
		struct error *err);
} kinds[] = {
	[STATEMENT_PROVENANCE] = {"provenance", "https://slsa.dev/provenance/v1", provenance_write,
		provenance_read},
	[STATEMENT_TRACE] = {"runtime-trace", "https://in-toto.io/attestation/runtime-trace/v0.1",
		trace_write, trace_read},
	[STATEMENT_TEST] = {"test-result", "https://in-toto.io/attestation/test-result/v0.1",
		test_result_write, test_result_read},
};
static_assert(countof(kinds) == STATEMENT_COUNT, "each kind of statement");

static const struct {
	const char *name;
	size_t digits;
} hashes[] = {
	{"sha256", 64},
	{"sha512", 128},
	{"gitCommit", 40},
	{"gitCommit", 64},
};

const char *statement_name(enum statement_kind kind)
{
	return kinds[kind].name;
}

bool algorithm_is_hash(struct str algorithm)
{
	for (size_t i = 0; i < countof(hashes); i++) {
		if (str_is(algorithm, hashes[i].name))
			return true;
	}
	return false;
}

bool digest_value_is_good(struct str algorithm, struct str value)
{
	if (algorithm_is_hash(algorithm)) {
		for (size_t i = 0; i < countof(hashes); i++) {
			if (str_is(algorithm, hashes[i].name) && value.n == hashes[i].digits)
				return hex_is_lower(value);
		}
		return false;
	}
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return false;
	}
	return algorithm.n > 0 && value.n > 0 && value.n <= ID_MAX;
}

/* ---- Writing --------------------------------------------------------------------------------- */

void statement_write(struct buf *out, const struct statement *s)
{
	scoped(arena) a = {0};
	struct json *root = json_object(&a);
	json_set(&a, root, "_type", json_cstr(&a, STATEMENT_TYPE));
	struct json *subjects = json_set(&a, root, "subject", json_array(&a));
	for (size_t i = 0; i < s->subjects.n; i++) {
		const struct evidence_subject *subject = &s->subjects.items[i];
		const struct descriptor d = {.name = subject->name,
			.uri = subject->uri,
			.algorithm = subject->algorithm,
			.value = subject->value};
		json_append(&a, subjects, descriptor_write(&d, &a));
	}
	json_set(&a, root, "predicateType", json_cstr(&a, kinds[s->kind].type));
	json_set(&a, root, "predicate", kinds[s->kind].write(s, &a));
	json_write_canonical(out, root);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int parse(struct json **out, struct arena *a, struct str payload, struct error *err)
{
	const struct json_limits limits = {.bytes = STATEMENT_MAX, .depth = STATEMENT_DEPTH};
	struct str type = {0};
	if (json_parse(out, a, payload, STR("statement"), &limits, err) < 0)
		return -1;
	if ((*out)->type != JSON_OBJECT)
		return error_set(err, ERROR_INPUT, "statement: not an object");
	if (json_get_str(*out, "_type", &type, "statement", err) < 0)
		return -1;
	if (!str_is(type, STATEMENT_TYPE))
		return error_set(err, ERROR_INPUT, "statement: _type is not %s", STATEMENT_TYPE);
	return 0;
}

int statement_kind_of(enum statement_kind *out, struct str payload, struct error *err)
{
	scoped(arena) a = {0};
	struct json *root = NULL;
	struct str type = {0};
	if (parse(&root, &a, payload, err) < 0 ||
		json_get_str(root, "predicateType", &type, "statement", err) < 0)
		return -1;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		if (str_is(type, kinds[i].type)) {
			*out = (enum statement_kind)i;
			return 0;
		}
	}
	return error_set(
		err, ERROR_INPUT, "statement: predicate type \"%.*s\" is not known", STR_ARG(type));
}

static int read_subjects(
	struct subject_list *out, struct arena *a, const struct json *root, struct error *err)
{
	const struct json *list = NULL;
	if (json_get_array(root, "subject", &list, "statement", err) < 0)
		return -1;
	if (list->array.n > SUBJECTS_MAX)
		return error_set(
			err, ERROR_INPUT, "statement: more than %d subjects", SUBJECTS_MAX);
	for (size_t i = 0; i < list->array.n; i++) {
		struct descriptor d = {0};
		if (descriptor_read(&d, list->array.items[i], err) < 0)
			return error_wrap(err, "subject %zu", i + 1);
		list_push(a, out) = (struct evidence_subject){
			.name = d.name, .uri = d.uri, .algorithm = d.algorithm, .value = d.value};
	}
	return 0;
}

int statement_read(struct statement *out, struct arena *a, enum statement_kind kind,
	struct str payload, struct error *err)
{
	struct json *root = NULL;
	const struct json *predicate = NULL;
	struct str type = {0};
	struct statement s = {.kind = kind};
	if (parse(&root, a, payload, err) < 0 ||
		json_get_str(root, "predicateType", &type, "statement", err) < 0)
		return -1;
	if (!str_is(type, kinds[kind].type))
		return error_set(
			err, ERROR_INPUT, "statement: predicate type is not %s", kinds[kind].type);
	if (read_subjects(&s.subjects, a, root, err) < 0 ||
		json_get_object(root, "predicate", &predicate, "statement", err) < 0 ||
		kinds[kind].read(&s, a, predicate, err) < 0)
		return -1;
	/* Written again from what was understood: whatever was not shows as a difference. */
	scoped(buf) again = {0};
	statement_write(&again, &s);
	if (buf_check(&again, err) < 0)
		return -1;
	if (!str_eq(buf_str(&again), payload)) {
		struct json *expected = NULL;
		if (json_parse(&expected, a, buf_str(&again), STR("statement"), NULL, err) < 0)
			return -1;
		struct str where = json_difference(a, expected, root);
		return error_set(err, ERROR_INPUT, "statement: unexpected at %.*s", STR_ARG(where));
	}
	*out = s;
	return 0;
}
