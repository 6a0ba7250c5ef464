#include "builders/download.h"

#include <curl/curl.h>
#include <poll.h>

#include "base/file.h"

#define BYTES_MAX (INT64_C(64) << 30)
#define CONNECT_SECONDS 30L
#define STALL_SECONDS 60L
#define REDIRECTS_MAX 10L

struct transfer {
	int fd;
	int cancel_fd;
	bool cancelled;
	int64_t bytes;
	struct error *err;
	CURL *curl;
};

static void transfer_clear(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	t->curl = NULL;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	t->bytes += (int64_t)(size * count);
	if (t->bytes > BYTES_MAX) {
		error_set(t->err, ERROR_INPUT, "larger than 64 GiB");
		return 0;
	}
	if (file_write_fd(t->fd, (struct str){bytes, size * count}, t->err) != 0)
		return 0;
	return size * count;
}

static int on_progress(
	void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	(void)total, (void)now, (void)up_total, (void)up_now;
	struct transfer *t = ctx;
	struct pollfd cancel = {t->cancel_fd, POLLIN, 0};
	t->cancelled = t->cancel_fd >= 0 && poll(&cancel, 1, 0) > 0;
	return t->cancelled ? 1 : 0;
}

static bool set_options(struct transfer *t, const char *url, bool plain_http)
{
	const char *protocols = plain_http ? "https,http" : "https";
	CURL *c = t->curl;
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, protocols) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) == CURLE_OK;
}

int download_file(int fd, const char *url, bool plain_http, int cancel_fd, struct error *err)
{
	scoped(transfer) t = {.fd = fd, .cancel_fd = cancel_fd, .err = err};
	t.curl = curl_easy_init();
	if (!t.curl || !set_options(&t, url, plain_http))
		return error_set(err, ERROR_SYSTEM, "%s: libcurl cannot be set up", url);
	CURLcode code = curl_easy_perform(t.curl);
	if (code == CURLE_OK)
		return 0;
	if (t.cancelled)
		return error_set(err, ERROR_SYSTEM, "%s: cancelled", url);
	if (err->code != ERROR_NONE)
		return error_wrap(err, "%s", url);
	long status = 0;
	curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return error_set(err, ERROR_SYSTEM, "%s: HTTP status %ld", url, status);
	return error_set(err, ERROR_SYSTEM, "%s: %s", url, curl_easy_strerror(code));
}
