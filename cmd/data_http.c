#include "cmd/data_type.h"

#include "base/http.h"
#include "base/utf8.h"

#define BODY_MAX ((size_t)4 << 20)
#define HEADERS_MAX ((size_t)256 << 10)

struct http_config {
	struct text url;
	struct str method;
	struct text_map request_headers;
	struct text request_body;
};

static const struct conf_field http_fields[] = {
	{"url", CONF_KIND_TEXT, offsetof(struct http_config, url), CONF_REQUIRED, NULL},
	{"method", CONF_KIND_STR, offsetof(struct http_config, method), 0, NULL},
	{"request_headers", CONF_KIND_TEXT_MAP, offsetof(struct http_config, request_headers), 0,
		NULL},
	{"request_body", CONF_KIND_TEXT, offsetof(struct http_config, request_body), 0, NULL},
	{0},
};

struct answer {
	struct arena *arena;
	struct buf body;
	struct json *headers;
	size_t header_bytes;
};

static void answer_clear(struct answer *w)
{
	buf_clear(&w->body);
}

static int take_body(void *ctx, struct str bytes, struct error *err)
{
	struct answer *w = ctx;
	(void)err;
	buf_add(&w->body, bytes);
	return 0;
}

/* Of several answers, which redirects bring, the last one counts. Repeated headers are joined. */
static int take_header(void *ctx, struct str line, struct error *err)
{
	struct answer *w = ctx;
	struct str name;
	w->header_bytes += line.n;
	if (w->header_bytes > HEADERS_MAX)
		return error_set(err, ERROR_INPUT, "more than 256 KiB of headers");
	if (str_has_prefix(line, STR("HTTP/"))) {
		w->headers = json_object(w->arena);
		return 0;
	}
	struct str rest = line;
	if (str_find_byte(line, ':') == STR_NPOS || !str_cut(&rest, ':', &name))
		return 0;
	struct str value = str_trim(rest);
	name = str_trim(name);
	if (!utf8_is_valid(line))
		return error_set(err, ERROR_INPUT, "a header that is not UTF-8");
	const struct json *before = json_find_str(w->headers, name);
	if (before)
		value = arena_printf(w->arena, "%.*s, %.*s", STR_ARG(before->text), STR_ARG(value));
	json_set_str(w->arena, w->headers, arena_str(w->arena, name), json_string(w->arena, value));
	return 0;
}

/* The bytes of a string without NUL; an error where it is known only while a build runs. */
static int known(
	const struct text *t, const char *key, struct arena *a, const char **out, struct error *err)
{
	struct str value;
	if (!text_value(t, a, &value))
		return error_set(err, ERROR_INPUT, "\"%s\" is not known before the build", key);
	if (!str_is_cstr(value))
		return error_set(err, ERROR_INPUT, "\"%s\" holds a NUL", key);
	*out = arena_cstr(a, value);
	return 0;
}

static int make_headers(
	const struct http_config *c, struct arena *a, const char *const **out, struct error *err)
{
	const char **lines = arena_array(a, const char *, c->request_headers.n + 1);
	for (size_t i = 0; i < c->request_headers.n; i++) {
		const char *value = NULL;
		if (known(&c->request_headers.values[i], "request_headers", a, &value, err) < 0)
			return -1;
		lines[i] =
			arena_printf(a, "%.*s: %s", STR_ARG(c->request_headers.keys[i]), value).p;
		if (strpbrk(lines[i], "\r\n"))
			return error_set(err, ERROR_INPUT, "a header of more than one line");
	}
	*out = lines;
	return 0;
}

static bool is_method(struct str method)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
	for (size_t i = 0; i < countof(methods); i++) {
		if (str_is(method, methods[i]))
			return true;
	}
	return false;
}

static int send(const struct http_config *c, const struct data_request *q, struct answer *w,
	struct error *err)
{
	struct arena *a = w->arena;
	struct http_request r = {
		.cancel_fd = -1,
		.ca_file = q->context->ca_file,
		.max_bytes = BODY_MAX,
		.body_sink = take_body,
		.header_sink = take_header,
		.ctx = w,
	};
	if (c->method.n > 0 && !is_method(c->method))
		return error_set(
			err, ERROR_INPUT, "method \"%.*s\" is none of HTTP's", STR_ARG(c->method));
	if (known(&c->url, "url", a, &r.url, err) < 0 || make_headers(c, a, &r.headers, err) < 0)
		return -1;
	if (!text_value(&c->request_body, a, &r.body))
		return error_set(
			err, ERROR_INPUT, "\"request_body\" is not known before the build");
	if (!str_has_prefix(str_from(r.url), STR("https://")))
		return error_set(err, ERROR_INPUT,
			"only https:// is asked: what comes over http could be anybody's; give the "
			"value with --data");
	r.method = c->method.n > 0 ? arena_cstr(a, c->method) : NULL;
	return http_send(&r, err);
}

/* What is returned is recorded and shown: a secret that was sent must not come back in it. */
static bool repeats(const struct answer *w, const struct text *sent)
{
	for (size_t i = 0; i < sent->n; i++) {
		struct str secret = sent->items[i].value;
		if (sent->items[i].kind != TEXT_SENSITIVE || secret.n == 0)
			continue;
		if (str_contains(buf_str(&w->body), secret))
			return true;
		for (size_t k = 0; k < w->headers->object.n; k++) {
			if (str_contains(w->headers->object.items[k].value->text, secret))
				return true;
		}
	}
	return false;
}

static int check_secrets(const struct http_config *c, const struct answer *w, struct error *err)
{
	bool repeated = repeats(w, &c->url) || repeats(w, &c->request_body);
	for (size_t i = 0; i < c->request_headers.n; i++)
		repeated = repeated || repeats(w, &c->request_headers.values[i]);
	if (!repeated)
		return 0;
	return error_set(err, ERROR_INPUT,
		"the answer repeats a sensitive value that was sent, and answers are recorded; give "
		"the value with --data");
}

/* The address is named as people may see it. */
static int send_named(const struct http_config *c, const struct data_request *q, struct answer *w,
	struct error *err)
{
	struct error e = {0};
	if (send(c, q, w, &e) == 0)
		return 0;
	if (!text_is_sensitive(&c->url)) {
		*err = e;
		return -1;
	}
	return error_set(err, e.code, "%.*s: no answer (why would show what is sensitive)",
		STR_ARG(text_display(&c->url, w->arena)));
}

static int ask(struct json **out, const struct data_request *q, struct error *err)
{
	const struct http_config *c = q->config;
	struct arena *a = q->arena;
	scoped(answer) w = {.arena = a, .headers = json_object(a)};
	buf_init(&w.body, BODY_MAX + 1);
	if (send_named(c, q, &w, err) < 0 || check_secrets(c, &w, err) < 0)
		return -1;
	if (!utf8_is_valid(buf_str(&w.body)))
		return error_set(err, ERROR_INPUT, "the answer is not UTF-8 text");
	*out = json_object(a);
	json_set(a, *out, "url", json_string(a, text_display(&c->url, a)));
	json_set(a, *out, "body", json_string(a, arena_str(a, buf_str(&w.body))));
	json_set(a, *out, "request_headers", w.headers);
	return 0;
}

const struct data_type data_http = {
	.name = "http",
	.fields = http_fields,
	.size = sizeof(struct http_config),
	.ask = ask,
};
