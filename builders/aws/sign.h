/* Signature Version 4 (AWS General Reference, "Create a signed AWS API request"). Private. */
#ifndef BUILDERS_AWS_SIGN_H
#define BUILDERS_AWS_SIGN_H

#include "builders/aws/aws.h"

#define AWS_TIME_SIZE 17 /* of "20150830T123600Z", with NUL */

struct aws_signing {
	const char *method;
	struct str path; /* as it is sent; empty: "/" */
	struct str query; /* as it is sent, without "?"; names and values encoded */
	struct aws_parameters headers; /* all that are signed, "Host" and "X-Amz-Date" among them */
	struct str body;
	struct str region;
	struct str service;
	const char *time; /* as X-Amz-Date says it */
};

void aws_time(char out[AWS_TIME_SIZE], int64_t ns);
/* The value of the header "Authorization". */
struct str aws_authorization(
	struct arena *a, const struct aws_signing *s, const struct aws_credentials *credentials);
/* RFC 3986: everything but letters, digits and "-._~" as %XX. */
void aws_encode(struct buf *out, struct str s);

#endif
