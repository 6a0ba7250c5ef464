/*
 * Evidence: keys, envelopes, statements, bundles, the evidence file; and its verification.
 *
 * Verify, then parse: no byte of a signed payload is interpreted before its signature holds.
 */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/redact.h"
#include "record/record.h"

/* ---- Keys ------------------------------------------------------------------------------------ */

enum key_algorithm { KEY_NONE = 0, KEY_ECDSA_P256, KEY_ED25519, KEY_RSA };

struct private_key;
struct public_key;

/* New pair; rsa_bits only for RSA (at least 3072). */
MUST_CHECK int private_key_generate(struct private_key **out, enum key_algorithm algorithm,
	unsigned rsa_bits, struct error *err);
/* PEM: PKCS#8 plain or encrypted (PBES2), SEC1, PKCS#1. password may be NULL. */
MUST_CHECK int private_key_parse(
	struct private_key **out, struct str pem, const struct secret *password, struct error *err);
/* True when parsing needs a password. */
bool private_key_is_encrypted(struct str pem);
/* PKCS#8 PEM; with a password PBES2 (scrypt, AES-256-CBC). */
MUST_CHECK int private_key_write(struct secret *out, const struct private_key *k,
	const struct secret *password, struct error *err);
void private_key_free(struct private_key *k);
DEFINE_SCOPED_PTR(private_key)

/* One SPKI PEM and nothing else. Refuses weak RSA, unknown curves, explicit parameters. */
MUST_CHECK int public_key_parse(struct public_key **out, struct str pem, struct error *err);
MUST_CHECK int public_key_of(
	struct public_key **out, const struct private_key *k, struct error *err);
MUST_CHECK int public_key_write(struct buf *out, const struct public_key *k, struct error *err);
void public_key_free(struct public_key *k);
DEFINE_SCOPED_PTR(public_key)
enum key_algorithm public_key_algorithm(const struct public_key *k);
const char *key_algorithm_name(enum key_algorithm a);
/* base64(SHA-256(SPKI DER)), the hint of sigstore bundles. */
struct str public_key_id(const struct public_key *k, struct arena *a);

/* ECDSA P-256 and RSA PKCS#1 v1.5 with SHA-256, pure Ed25519. ECDSA signatures are DER. */
MUST_CHECK int private_key_sign(struct str *out, struct arena *a, const struct private_key *k,
	struct str message, struct error *err);
/* Accepts DER and raw r||s for ECDSA; refuses non-canonical DER. */
bool public_key_verify(const struct public_key *k, struct str message, struct str signature);

/* ---- Envelopes and statements ---------------------------------------------------------------- */

#define DSSE_INTOTO "application/vnd.in-toto+json"

/* DSSE pre-authentication encoding. */
void dsse_pae(struct buf *out, struct str payload_type, struct str payload);

/* A sigstore bundle v0.3 (publicKey hint) over a DSSE envelope over `payload`. */
MUST_CHECK int bundle_write(
	struct buf *out, struct str payload, const struct private_key *k, struct error *err);
/*
 * Strict reading of such a bundle; the signature is checked before the payload is handed out.
 * 0 and the payload's very bytes, or -1 (ERROR_INPUT malformed, ERROR_TRUST signature).
 */
MUST_CHECK int bundle_open(struct str *payload, struct arena *a, struct str bundle,
	const struct public_key *const *keys, size_t key_count, size_t *key_used,
	struct error *err);

/* ---- Evidence: docs/evidence.md -------------------------------------------------------------- */

/* Largest evidence file; what evidence_write fills is given it by buf_init. */
#define EVIDENCE_MAX ((size_t)1 << 30)

struct evidence_subject {
	struct str name;
	struct str uri; /* may be empty */
	struct str algorithm;
	struct str value;
};
struct evidence_material {
	struct str name;
	struct str uri;
	struct str algorithm; /* "gitCommit", "sha256" */
	struct str value;
};

/* What a build hands over to be signed. Everything is borrowed. */
struct evidence_input {
	const struct evidence_subject *subjects; /* image ids and image files; not the manifest */
	size_t subject_count;
	const struct evidence_material *materials; /* commit first, then base images, agent, ... */
	size_t material_count;
	struct str manifest; /* bytes of manifest.jsonl */
	struct str plan; /* canonical plan.json */
	struct str findings; /* findings.sarif */
	struct str source_bundle; /* source.bundle */
	const struct json *external_parameters; /* source, template, variables, build, profile */
	const struct json *internal_parameters; /* tool version, trace backend, ... */
	struct str builder_id; /* URI of the running service */
	struct str builder_version;
	struct str invocation_id;
	int64_t started; /* ns */
	int64_t finished; /* ns */
	bool audit_passed;
	struct str_list passed_rules, warned_rules, failed_rules;
	struct str policy_profile;
	struct digest policy_digest;
	struct str coverage;
};

/* A deterministic ustar of the five members, in the order of DESIGN. */
MUST_CHECK int evidence_write(struct buf *out, const struct evidence_input *in,
	const struct private_key *k, struct error *err);

enum check_result { CHECK_NONE = 0, CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN };

/* One line of a verification. Empty expected and found: nothing to compare. */
struct check {
	struct str id; /* stable: "signature.provenance", "manifest.digest", ... */
	struct str title;
	enum check_result result;
	struct str expected;
	struct str found;
	struct str reason; /* for failed and unknown */
};

/* What an audit is repeated from, as the evidence has it ... */
struct replay_input {
	struct str source_bundle;
	const struct json *external_parameters;
	struct str policy_digest; /* 64 hex digits */
};
/* ... and what it gives; in the arena of the call. */
struct replay_output {
	struct str plan; /* plan.json */
	struct str findings; /* findings.sarif */
	bool policy_known; /* the policy in use has that digest */
};

/* What a reviewer holds against the evidence. */
struct verify_options {
	const struct public_key *const *keys;
	size_t key_count;
	struct str image_id; /* must be a subject; empty: only listed, and the verdict says so */
	struct str repository; /* empty: any */
	struct str commit; /* empty: any */
	struct str builder_id; /* empty: any */
	struct str coverage; /* "processes" to demand it */
	int64_t now; /* ns; evidence from the future fails */
	/*
	 * Repeats the audit: from the source bundle, the external parameters and the recorded
	 * policy digest to plan.json and findings.sarif. NULL skips with an "unknown" check.
	 * -1 means that it could not be repeated, and why.
	 */
	int (*replay)(void *ctx, const struct replay_input *in, struct replay_output *out,
		struct arena *a, struct error *err);
	void *ctx;
};

struct verification {
	struct arena arena;
	struct {
		struct check *items;
		size_t n;
		size_t cap;
	} checks;
	bool passed; /* at least one check passed and none failed or stayed unknown */
	struct str image_id, repository, commit, builder_id;
	struct str profile;
	int64_t finished;
	uint64_t commands; /* execs in the manifest */
};

/* Fails only when the file cannot be read as evidence at all or when the system does. */
MUST_CHECK int evidence_verify(struct verification **out, struct str bytes,
	const struct verify_options *o, struct error *err);
void verification_free(struct verification *v);
DEFINE_SCOPED_PTR(verification)
struct json *verification_to_json(const struct verification *v, struct arena *a);

/* A member of an evidence file, by name, after the strict walk of the whole archive. */
MUST_CHECK int evidence_member(
	struct str *out, struct str bytes, const char *name, struct error *err);

#endif
