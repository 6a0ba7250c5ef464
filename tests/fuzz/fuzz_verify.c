/*
 * What is looked at only behind a good signature: manifest, plan and findings, each ended by a NUL,
 * are signed here and verified.
 */
#include "sign/sign.h"

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNa/AnbfNnhlmEwov\n"
			  "ojcfLBN1cGwKCers2ZIzEIYrEOGhRANCAATTapk/AkmejLJFP4VVx++vy+3r+Z3Y\n"
			  "WkKB2HhEpkVmlcUsskb2o4VkcybrPIkAdEpQJCL99cKfj3cnG+1rbpE4\n"
			  "-----END PRIVATE KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json *parameters(struct arena *a)
{
	struct json *j = json_object(a);
	struct json *source = json_set(a, j, "source", json_object(a));
	json_set(a, source, "uri", json_cstr(a, "https://git.example/r"));
	json_set(a, source, "commit", json_cstr(a, "0123456789abcdef0123456789abcdef01234567"));
	return j;
}

static void fill(struct evidence_input *in, struct arena *a, struct str text)
{
	static const struct evidence_subject subject = {
		STR_INIT("image"), STR_INIT(""), STR_INIT("aws_ami_id"), STR_INIT("ami-1")};
	static const struct evidence_material commit = {STR_INIT("source"),
		STR_INIT("git+https://git.example/r"), STR_INIT("gitCommit"),
		STR_INIT("0123456789abcdef0123456789abcdef01234567")};
	*in = (struct evidence_input){.subjects = &subject,
		.subject_count = 1,
		.materials = &commit,
		.material_count = 1,
		.external_parameters = parameters(a),
		.internal_parameters = json_object(a),
		.builder_id = STR("b"),
		.invocation_id = STR("i"),
		.finished = INT64_MAX / 2,
		.audit_passed = true,
		.coverage = STR("processes")};
	(void)!str_cut(&text, '\0', &in->manifest);
	(void)!str_cut(&text, '\0', &in->plan);
	(void)!str_cut(&text, '\0', &in->findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	scoped(buf) out = {0};
	struct error err = {0};
	scoped_ptr(private_key) key = NULL;
	scoped_ptr(public_key) public = NULL;
	scoped_ptr(verification) v = NULL;
	struct evidence_input in = {0};
	fill(&in, &a, (struct str){(const char *)data, size});
	if (private_key_parse(&key, str_from(pem), NULL, &err) < 0 ||
		public_key_of(&public, key, &err) < 0)
		abort();
	if (evidence_write(&out, &in, key, &err) < 0)
		return 0;
	const struct public_key *keys[] = {public};
	const struct verify_options o = {
		.keys = keys, .key_count = 1, .image_id = STR("ami-1"), .now = INT64_MAX};
	if (evidence_verify(&v, buf_str(&out), &o, &err) < 0 || v->passed)
		abort();
	return 0;
}
