/*
 * The services of AWS, as their Query and JSON protocols speak: who asks, where, signing (Signature
 * Version 4), sending, trying again, and what a service refused. For data sources and builders.
 */
#ifndef BUILDERS_AWS_AWS_H
#define BUILDERS_AWS_AWS_H

#include "base/clock.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/xml.h"

/* ---- Who asks ------------------------------------------------------------------------------- */

struct aws_credentials {
	struct secret key_id; /* empty: none */
	struct secret key;
	struct secret token; /* of a session, or empty */
};
void aws_credentials_clear(struct aws_credentials *c);

/* What templates say of it, in the keys of Packer's plugin "amazon". Zeroed: nothing. */
struct aws_access {
	struct text access_key;
	struct text secret_key;
	struct text token;
	struct text region;
	struct text profile;
	struct text shared_credentials_file;
	struct text custom_endpoint_ec2;
	struct text mfa_code;
	int64_t max_retries;
	bool insecure_skip_tls_verify;
	const struct conf *assume_role;
	const struct conf *vault_aws_engine;
};

/* Lines of a struct conf_field table, for a struct aws_access at the offset. */
#define AWS_ACCESS_FIELD(at, key, kind) \
	{ \
#key, kind, (at) + offsetof(struct aws_access, key), 0, NULL \
	}
#define AWS_ACCESS_FIELDS(at) \
	AWS_ACCESS_FIELD(at, access_key, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, secret_key, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, token, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, region, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, profile, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, shared_credentials_file, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, custom_endpoint_ec2, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, mfa_code, CONF_KIND_TEXT), \
		AWS_ACCESS_FIELD(at, max_retries, CONF_KIND_INT), \
		AWS_ACCESS_FIELD(at, insecure_skip_tls_verify, CONF_KIND_BOOL), \
		AWS_ACCESS_FIELD(at, assume_role, CONF_KIND_RAW), \
		AWS_ACCESS_FIELD(at, vault_aws_engine, CONF_KIND_RAW), \
		{"aws_polling", CONF_KIND_IGNORED, 0, 0, NULL}, \
		{"decode_authorization_messages", CONF_KIND_IGNORED, 0, 0, NULL}, \
		{"skip_credential_validation", CONF_KIND_IGNORED, 0, 0, NULL}, \
	{ \
		"skip_metadata_api_check", CONF_KIND_IGNORED, 0, 0, NULL \
	}

/* ---- Clients -------------------------------------------------------------------------------- */

/* What a client takes of the machine that it runs on. Outlives it. */
struct aws_host {
	const char *const *environment;
	const struct clock *clock;
	const char *ca_file; /* NULL: AWS_CA_BUNDLE, or the system's authorities */
	int cancel_fd; /* stops when it is readable; -1: none */
};

struct aws_client {
	struct arena arena;
	struct aws_host host;
	struct aws_credentials credentials;
	struct str region;
	struct str endpoint_ec2; /* of the template; empty: as for the others */
	struct str endpoint_all; /* of the profile; empty: those of the region */
	unsigned attempts; /* for a request, at the most */
};

/*
 * Keys, in this order: of the template; of its profile; of AWS_ACCESS_KEY_ID; of the profile that
 * AWS_PROFILE names, or "default". Then roles to assume, of the profile and of the template, are
 * asked for. ERROR_INPUT names what is missing.
 */
MUST_CHECK int aws_client_open(struct aws_client *out, const struct aws_access *access,
	const struct aws_host *host, struct error *err);
void aws_client_clear(struct aws_client *c);

struct aws_parameter {
	struct str name;
	struct str value;
};
struct aws_parameters {
	struct aws_parameter *items;
	size_t n;
	size_t cap;
};

struct aws_answer {
	struct str code; /* what the service refused with ("InvalidAMIID.NotFound"), or empty */
	struct xml *xml; /* of the Query protocol: the answer's only element */
	struct json *json;
};

/* In the Query protocol. On failure the answer has the code, when there was one. */
MUST_CHECK int aws_ec2(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct aws_parameters *parameters, struct arena *a, struct error *err);
MUST_CHECK int aws_sts(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct aws_parameters *parameters, struct arena *a, struct error *err);
/* In the JSON protocol; action: "GetParameter". */
MUST_CHECK int aws_ssm(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct json *body, struct arena *a, struct error *err);

/* ---- Images --------------------------------------------------------------------------------- */

struct aws_image {
	struct str id;
	struct str name;
	struct str creation_date;
	struct str owner;
	struct str owner_alias;
	struct aws_parameters tags;
};

/* What images are looked for; filters: as templates write them, several values with commas. */
struct aws_image_filter {
	struct text_map filters;
	struct text_list owners;
	bool most_recent;
	bool include_deprecated;
};

/* The image that the filter leaves, in `a`: none, and several without most_recent, are errors. */
MUST_CHECK int aws_image_find(struct aws_client *c, struct aws_image *out,
	const struct aws_image_filter *filter, struct arena *a, struct error *err);

#endif
