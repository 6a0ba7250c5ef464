/* What opening a client and sending share. Private. */
#ifndef BUILDERS_AWS_CLIENT_H
#define BUILDERS_AWS_CLIENT_H

#include "builders/aws/aws.h"

/* Asks STS for the credentials of a role, which replace those of the client. */
struct aws_role {
	struct str arn;
	struct str session_name;
	struct str external_id;
	struct aws_parameters more; /* as STS names them */
};
MUST_CHECK int aws_role_assume(
	struct aws_client *c, const struct aws_role *role, struct error *err);

/* An address of a service, cut in its parts. */
struct aws_endpoint {
	struct str url; /* without a slash at the end */
	struct str host; /* with its port */
	struct str path; /* empty, or with a slash at the beginning */
	bool plain; /* http, for this machine only */
};
MUST_CHECK int aws_endpoint_parse(
	struct aws_endpoint *out, struct arena *a, struct str url, struct error *err);
/* Of a region, "amazonaws.com". */
const char *aws_domain(struct str region);

#endif
