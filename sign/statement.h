/* Private to sign: the three in-toto statements of an evidence file (docs/evidence.md). */
#ifndef SIGN_STATEMENT_H
#define SIGN_STATEMENT_H

#include "sign/archive.h"

enum statement_kind {
	STATEMENT_PROVENANCE = 0,
	STATEMENT_TRACE,
	STATEMENT_TEST,
	STATEMENT_COUNT,
};

/* "provenance", "runtime-trace", "test-result". */
const char *statement_name(enum statement_kind kind);

struct subject_list {
	struct evidence_subject *items;
	size_t n;
	size_t cap;
};
struct material_list {
	struct evidence_material *items;
	size_t n;
	size_t cap;
};

/* SLSA provenance v1. */
struct provenance {
	const struct json *external;
	const struct json *internal;
	struct material_list materials;
	struct str builder_id;
	struct str builder_version;
	struct str invocation_id;
	struct str started; /* RFC 3339 */
	struct str finished;
	struct digest members[ARCHIVE_COUNT]; /* all but the attestations */
};

/* runtime-trace v0.1. */
struct trace {
	struct str builder_id;
	struct str invocation_id;
	struct str coverage;
	struct str started;
	struct str finished;
	struct digest manifest;
	struct digest root;
	uint64_t count;
	uint64_t bytes;
};

/* test-result v0.1. */
struct test_result {
	struct str result; /* "PASSED", "FAILED" */
	struct str profile;
	struct digest policy;
	struct str_list passed;
	struct str_list warned;
	struct str_list failed;
};

/* Of the predicates only the one of `kind` is filled. */
struct statement {
	enum statement_kind kind;
	struct subject_list subjects;
	struct provenance provenance;
	struct trace trace;
	struct test_result test;
};

/* Canonical JSON. */
void statement_write(struct buf *out, const struct statement *s);
/* By the predicate type of a payload whose signature holds. */
MUST_CHECK int statement_kind_of(enum statement_kind *out, struct str payload, struct error *err);
/*
 * Accepts what statement_write writes and nothing else: a member that it does not know is an
 * error, so that nothing that was signed stays unread.
 */
MUST_CHECK int statement_read(struct statement *out, struct arena *a, enum statement_kind kind,
	struct str payload, struct error *err);

/* True for algorithms whose values are hex digests; else the value is a platform's own id. */
bool algorithm_is_hash(struct str algorithm);
/* A hash has the right number of lower-case digits, an id has printable ASCII only. */
bool digest_value_is_good(struct str algorithm, struct str value);

#endif
