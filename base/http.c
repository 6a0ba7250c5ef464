#include "base/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>

#include "base/attr.h"

#define CONNECT_SECONDS 30L
#define STALL_SECONDS 60L
#define REDIRECTS_MAX 10L
#define MILLISECOND INT64_C(1000000)

struct transfer {
	const struct http_request *request;
	bool cancelled;
	uint64_t bytes;
	struct error *err;
	CURL *curl;
	struct curl_slist *headers;
};

static void transfer_clear(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	t->curl = NULL;
	t->headers = NULL;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	const struct http_request *r = t->request;
	t->bytes += size * count;
	if (t->bytes > r->max_bytes) {
		error_set(t->err, ERROR_INPUT, "longer than %" PRIu64 " bytes", r->max_bytes);
		return 0;
	}
	if (r->body_sink(r->ctx, (struct str){bytes, size * count}, t->err) < 0)
		return 0;
	return size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	const struct http_request *r = t->request;
	struct str line = str_trim((struct str){bytes, size * count});
	if (r->header_sink && r->header_sink(r->ctx, line, t->err) < 0)
		return 0;
	return size * count;
}

static int on_progress(
	void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	(void)total, (void)now, (void)up_total, (void)up_now;
	struct transfer *t = ctx;
	struct pollfd cancel = {t->request->cancel_fd, POLLIN, 0};
	t->cancelled = cancel.fd >= 0 && poll(&cancel, 1, 0) > 0;
	return t->cancelled ? 1 : 0;
}

/* Rounded up: 0 means no limit. */
static long milliseconds(int64_t ns)
{
	int64_t ms = (ns + MILLISECOND - 1) / MILLISECOND;
	return ms > INT32_MAX ? INT32_MAX : (long)ms;
}

static bool set_limits(CURL *c, const struct http_request *r)
{
	const char *protocols = r->plain_http ? "https,http" : "https";
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, protocols) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, r->no_redirects ? 0L : 1L) ==
		CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_FAILONERROR, r->status ? 0L : 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, r->patient ? 0L : STALL_SECONDS) ==
		CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, milliseconds(r->time_limit)) == CURLE_OK &&
		(!r->ca_file || curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file) == CURLE_OK);
}

static bool set_sinks(struct transfer *t)
{
	CURL *c = t->curl;
	return curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_HEADERDATA, t) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) == CURLE_OK;
}

static bool set_headers(struct transfer *t)
{
	const char *const *header = t->request->headers;
	for (; header && *header; header++) {
		struct curl_slist *longer = curl_slist_append(t->headers, *header);
		if (!longer)
			return false;
		t->headers = longer;
	}
	return curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

static bool set_request(struct transfer *t)
{
	const struct http_request *r = t->request;
	CURL *c = t->curl;
	if (curl_easy_setopt(c, CURLOPT_URL, r->url) != CURLE_OK || !set_headers(t))
		return false;
	if (r->body.n > 0 &&
		(curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) !=
				CURLE_OK ||
			curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.p) != CURLE_OK))
		return false;
	if (r->unix_socket &&
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, r->unix_socket) != CURLE_OK)
		return false;
	bool head = r->method && str_is(STR("HEAD"), r->method);
	if (head && curl_easy_setopt(c, CURLOPT_NOBODY, 1L) != CURLE_OK)
		return false;
	return !r->method || curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) == CURLE_OK;
}

int http_send(const struct http_request *r, struct error *err)
{
	const char *name = r->shown ? r->shown : r->url;
	scoped(transfer) t = {.request = r, .err = err};
	t.curl = curl_easy_init();
	if (!t.curl || !set_limits(t.curl, r) || !set_sinks(&t) || !set_request(&t))
		return error_set(err, ERROR_SYSTEM, "%s: libcurl cannot be set up", name);
	CURLcode code = curl_easy_perform(t.curl);
	long status = 0;
	curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &status);
	if (r->status)
		*r->status = (int)status;
	if (code == CURLE_OK)
		return 0;
	if (t.cancelled)
		return error_set(err, ERROR_SYSTEM, "%s: cancelled", name);
	if (err->code != ERROR_NONE)
		return error_wrap(err, "%s", name);
	if (code == CURLE_OPERATION_TIMEDOUT && r->time_limit > 0)
		return error_set(err, ERROR_SYSTEM, "timed out");
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return error_set(err, ERROR_SYSTEM, "%s: HTTP status %ld", name, status);
	return error_set(err, ERROR_SYSTEM, "%s: %s", name, curl_easy_strerror(code));
}
