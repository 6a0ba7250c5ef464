/* Private to sign: resource descriptors, the predicates as JSON, and where two trees differ. */
#ifndef SIGN_PREDICATE_H
#define SIGN_PREDICATE_H

#include "sign/statement.h"

/* Of an in-toto ResourceDescriptor what we use. Empty: absent. */
struct descriptor {
	struct str name;
	struct str uri;
	struct str algorithm;
	struct str value;
	struct str media_type;
	const struct json *annotations;
};

struct json *descriptor_write(const struct descriptor *d, struct arena *a);
/* Exactly one digest. */
MUST_CHECK int descriptor_read(struct descriptor *out, const struct json *j, struct error *err);

struct json *provenance_write(const struct statement *s, struct arena *a);
struct json *trace_write(const struct statement *s, struct arena *a);
struct json *test_result_write(const struct statement *s, struct arena *a);
MUST_CHECK int provenance_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err);
MUST_CHECK int trace_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err);
MUST_CHECK int test_result_read(
	struct statement *out, struct arena *a, const struct json *predicate, struct error *err);

/* The path of the first difference, "/predicate/x/0"; "the spelling" when the trees are equal. */
struct str json_difference(struct arena *a, const struct json *expected, const struct json *found);

#endif
