/*
 * One request over http(s), by libcurl. Certificates are always checked; redirects, at most ten,
 * stay within the protocols that the request allows.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/error.h"
#include "base/str.h"

/* Returns -1 with an error to stop the transfer. */
typedef int http_sink_fn(void *ctx, struct str bytes, struct error *err);

struct http_request {
	const char *url;
	const char *shown; /* in errors, where the URL may hold a secret; NULL: the URL */
	const char *method; /* NULL: GET */
	const char *const *headers; /* "Name: value", ended by NULL; or NULL */
	struct str body; /* what is sent; empty: nothing */
	bool plain_http; /* http too, for what is held against a digest or lies on this machine */
	const char *unix_socket; /* the server's; NULL: the host of the URL */
	bool patient; /* an answer may take as long as it takes; else a minute without a byte */
	int64_t time_limit; /* of everything, in ns; 0: none */
	int cancel_fd; /* stops when it is readable; -1: none */
	const char *ca_file; /* authorities in place of the system's; NULL: those */
	bool no_redirects; /* for what is signed for one address */
	int *status; /* not NULL: every status is an answer, and is told here */
	uint64_t max_bytes; /* of the answer */
	http_sink_fn *body_sink;
	http_sink_fn *header_sink; /* a header line, without its end, of the last answer; or NULL */
	void *ctx;
};

/*
 * An answer with a status of 400 or above is an error, unless `status` takes it; one that is longer
 * than max_bytes always.
 */
MUST_CHECK int http_send(const struct http_request *r, struct error *err);

#endif
