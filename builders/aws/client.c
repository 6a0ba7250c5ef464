#include "builders/aws/client.h"

#include "builders/aws/sign.h"

#include "base/http.h"
#include "base/process.h"
#include "base/utf8.h"

#include <poll.h>

#define ANSWER_MAX ((size_t)32 << 20)
#define ELEMENTS_MAX 1000000
#define FIRST_PAUSE_MS 100
#define PAUSE_MAX_MS 20000
/* Where nobody answers, trying long does not help. */
#define SILENCE_MAX 3

struct service {
	const char *name; /* as it is signed */
	const char *host; /* first part of its address */
	const char *variable; /* of its own address in the environment */
	const char *version; /* of the Query protocol, else NULL */
	const char *target; /* of the JSON protocol, else NULL */
};

static const struct service ec2 = {"ec2", "ec2", "AWS_ENDPOINT_URL_EC2", "2016-11-15", NULL};
static const struct service sts = {"sts", "sts", "AWS_ENDPOINT_URL_STS", "2011-06-15", NULL};
static const struct service ssm = {"ssm", "ssm", "AWS_ENDPOINT_URL_SSM", NULL, "AmazonSSM"};

/* ---- Where ----------------------------------------------------------------------------------- */

const char *aws_domain(struct str region)
{
	static const struct {
		const char *prefix;
		const char *domain;
	} partitions[] = {
		{"cn-", "amazonaws.com.cn"},
		{"us-iso-", "c2s.ic.gov"},
		{"us-isob-", "sc2s.sgov.gov"},
		{"us-isof-", "csp.hci.ic.gov"},
		{"eu-isoe-", "cloud.adc-e.uk"},
		{"eusc-", "amazonaws.eu"},
	};
	for (size_t i = 0; i < countof(partitions); i++) {
		if (str_has_prefix(region, str_from(partitions[i].prefix)))
			return partitions[i].domain;
	}
	return "amazonaws.com";
}

static bool is_host_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
}

static bool is_this_machine(struct str host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	for (size_t i = 0; i < countof(names); i++) {
		struct str name = str_from(names[i]);
		if (str_has_prefix(host, name) && (host.n == name.n || host.p[name.n] == ':'))
			return true;
	}
	return false;
}

int aws_endpoint_parse(struct aws_endpoint *out, struct arena *a, struct str url, struct error *err)
{
	bool plain = str_has_prefix(url, STR("http://"));
	struct str rest = str_from_index(url, plain ? STR("http://").n : STR("https://").n);
	size_t end = 0;
	if (!plain && !str_has_prefix(url, STR("https://")))
		return error_set(err, ERROR_INPUT, "endpoint \"%.*s\": not an https:// address",
			STR_ARG(url));
	while (end < rest.n && is_host_byte(rest.p[end]))
		end++;
	struct str host = str_sub(rest, 0, end);
	struct str path = str_from_index(rest, end);
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	if (host.n == 0 || (path.n > 0 && path.p[0] != '/') || !str_is_cstr(path))
		return error_set(
			err, ERROR_INPUT, "endpoint \"%.*s\": not an address", STR_ARG(url));
	for (size_t i = 0; i < path.n; i++) {
		if ((uint8_t)path.p[i] <= ' ' || strchr("?#\\\"%", path.p[i]))
			return error_set(err, ERROR_INPUT, "endpoint \"%.*s\": not a plain path",
				STR_ARG(url));
	}
	if (plain && !is_this_machine(host))
		return error_set(err, ERROR_INPUT,
			"endpoint \"%.*s\": http:// only leads to this machine", STR_ARG(url));
	*out = (struct aws_endpoint){
		.url = arena_printf(
			a, "%s://%.*s%.*s", plain ? "http" : "https", STR_ARG(host), STR_ARG(path)),
		.host = arena_str(a, host),
		.path = arena_str(a, path),
		.plain = plain};
	return 0;
}

static int endpoint_of(struct aws_endpoint *out, const struct aws_client *c,
	const struct service *s, struct arena *a, struct error *err)
{
	struct str url = s == &ec2 ? c->endpoint_ec2 : STR("");
	const char *own = env_find(c->host.environment, s->variable);
	const char *all = env_find(c->host.environment, "AWS_ENDPOINT_URL");
	if (url.n == 0 && own)
		url = str_from(own);
	if (url.n == 0 && all)
		url = str_from(all);
	if (url.n == 0)
		url = c->endpoint_all;
	if (url.n == 0)
		url = arena_printf(a, "https://%s.%.*s.%s", s->host, STR_ARG(c->region),
			aws_domain(c->region));
	return aws_endpoint_parse(out, a, url, err);
}

/* ---- Sending once ---------------------------------------------------------------------------- */

/* A request, ready but for its signature, and what came back. */
struct exchange {
	struct aws_client *client;
	const struct service *service;
	struct aws_endpoint endpoint;
	struct str target; /* header of the JSON protocol, or empty */
	struct str body;
	struct arena *arena;
	int status; /* 0: no answer */
	struct buf answer;
};

static void exchange_clear(struct exchange *x)
{
	buf_clear(&x->answer);
}

static void add_header(
	struct arena *a, struct aws_parameters *headers, const char *name, struct str value)
{
	list_push(a, headers) = (struct aws_parameter){str_from(name), value};
}

static const char *const *sign(const struct exchange *x, struct arena *a)
{
	const struct aws_client *c = x->client;
	char time[AWS_TIME_SIZE];
	struct aws_signing s = {
		.method = "POST",
		.path = x->endpoint.path,
		.body = x->body,
		.region = c->region,
		.service = str_from(x->service->name),
		.time = time,
	};
	bool json = x->target.n > 0;
	aws_time(time, clock_wall(c->host.clock));
	add_header(a, &s.headers, "Host", x->endpoint.host);
	add_header(a, &s.headers, "Content-Type",
		json ? STR("application/x-amz-json-1.1")
		     : STR("application/x-www-form-urlencoded; charset=utf-8"));
	add_header(a, &s.headers, "X-Amz-Date", str_from(time));
	if (json)
		add_header(a, &s.headers, "X-Amz-Target", x->target);
	if (c->credentials.token.n > 0)
		add_header(a, &s.headers, "X-Amz-Security-Token",
			(struct str){c->credentials.token.p, c->credentials.token.n});
	struct str authorization = aws_authorization(a, &s, &c->credentials);
	add_header(a, &s.headers, "Authorization", authorization);
	const char **lines = arena_array(a, const char *, s.headers.n + 1);
	for (size_t i = 0; i < s.headers.n; i++)
		lines[i] = arena_printf(a, "%.*s: %.*s", STR_ARG(s.headers.items[i].name),
			STR_ARG(s.headers.items[i].value))
				   .p;
	return lines;
}

static int take_answer(void *ctx, struct str bytes, struct error *err)
{
	struct exchange *x = ctx;
	(void)err;
	buf_add(&x->answer, bytes);
	return 0;
}

static int send_once(struct exchange *x, struct error *err)
{
	scoped(arena) a = {0};
	const struct http_request r = {
		.url = arena_printf(&a, "%.*s/", STR_ARG(x->endpoint.url)).p,
		.method = "POST",
		.headers = sign(x, &a),
		.body = x->body,
		.plain_http = x->endpoint.plain,
		.cancel_fd = x->client->host.cancel_fd,
		.ca_file = x->client->host.ca_file,
		.no_redirects = true,
		.status = &x->status,
		.max_bytes = ANSWER_MAX,
		.body_sink = take_answer,
		.ctx = x,
	};
	x->status = 0;
	buf_clear(&x->answer);
	buf_init(&x->answer, ANSWER_MAX + 1);
	return http_send(&r, err);
}

/* ---- What came back -------------------------------------------------------------------------- */

/* <Response><Errors><Error> of EC2, <ErrorResponse><Error> of the others. */
static const struct xml *find_error(const struct xml *root)
{
	const struct xml *errors = xml_find(root, "Errors");
	return xml_find(errors ? errors : root, "Error");
}

static int parse_xml(struct xml **out, const struct exchange *x, struct error *err)
{
	struct xml_problem problem = {0};
	struct str text = arena_str(x->arena, buf_str(&x->answer));
	if (!utf8_is_valid(text))
		return error_set(err, ERROR_SYSTEM, "the answer is not UTF-8");
	struct xml *document = xml_read(x->arena, text, ELEMENTS_MAX, &problem);
	if (problem.text)
		return error_set(err, ERROR_SYSTEM, "answer, %u:%u: %s", problem.at.line,
			problem.at.col, problem.text);
	if (document->children.n != 1)
		return error_set(err, ERROR_SYSTEM, "the answer is no XML document");
	*out = document->children.items[0];
	return 0;
}

static int parse_json(struct json **out, const struct exchange *x, struct error *err)
{
	const struct json_limits limits = {.bytes = ANSWER_MAX};
	if (json_parse(out, x->arena, buf_str(&x->answer), STR("answer"), &limits, err) < 0)
		return -1;
	if ((*out)->type != JSON_OBJECT)
		return error_set(err, ERROR_SYSTEM, "the answer is no object");
	return 0;
}

/* What a service says of a refusal is text of somebody else: one line of it, and not too long. */
static struct str shorten(struct arena *a, struct str message)
{
	scoped(buf) out = {0};
	log_escape(&out, str_sub(message, 0, 600));
	return arena_str(a, buf_str(&out));
}

static void read_refusal(
	struct str *code, struct str *message, const struct exchange *x, const struct aws_answer *w)
{
	*code = STR("");
	*message = STR("");
	if (w->xml) {
		const struct xml *e = find_error(w->xml);
		*code = xml_text(e, "Code");
		*message = xml_text(e, "Message");
	} else if (w->json) {
		/* "com.amazonaws.ssm#ParameterNotFound" */
		struct str type = json_str_or(w->json, "__type", STR(""));
		size_t hash = str_rfind_byte(type, '#');
		*code = hash == STR_NPOS ? type : str_from_index(type, hash + 1);
		*message =
			json_str_or(w->json, "message", json_str_or(w->json, "Message", STR("")));
	}
	*code = shorten(x->arena, *code);
	*message = shorten(x->arena, *message);
}

/* An answer that cannot be read is an error only when it should be one. */
static int take(struct aws_answer *out, const struct exchange *x, struct error *err)
{
	struct error unreadable = {0};
	struct str message = {0};
	int status = x->service->version ? parse_xml(&out->xml, x, &unreadable)
					 : parse_json(&out->json, x, &unreadable);
	if (x->status >= 200 && x->status < 300) {
		if (status < 0)
			*err = unreadable;
		return status;
	}
	read_refusal(&out->code, &message, x, out);
	if (out->code.n == 0)
		return error_set(err, ERROR_SYSTEM, "HTTP status %d", x->status);
	return error_set(err, ERROR_SYSTEM, "%.*s: %.*s", STR_ARG(out->code), STR_ARG(message));
}

/* ---- Trying again ---------------------------------------------------------------------------- */

static bool is_throttled(struct str code)
{
	static const char *const codes[] = {"BandwidthLimitExceeded", "EC2ThrottledException",
		"InternalError", "InternalFailure", "InternalServerError",
		"PriorRequestNotComplete", "ProvisionedThroughputExceededException",
		"RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
		"RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "SlowDown",
		"ThrottledException", "Throttling", "ThrottlingException",
		"TooManyRequestsException", "TransactionInProgressException", "Unavailable"};
	for (size_t i = 0; i < countof(codes); i++) {
		if (str_is(code, codes[i]))
			return true;
	}
	return false;
}

static bool is_worth_again(const struct exchange *x, const struct aws_answer *w, unsigned attempt)
{
	if (attempt >= x->client->attempts)
		return false;
	if (x->status == 0)
		return attempt < SILENCE_MAX;
	return is_throttled(w->code) || x->status == 429 || x->status == 500 || x->status == 502 ||
		x->status == 503 || x->status == 504;
}

/* Twice as long each time. */
static int pause_before(const struct exchange *x, unsigned attempt, struct error *err)
{
	int ms = FIRST_PAUSE_MS;
	for (unsigned i = 1; i < attempt && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	struct pollfd cancel = {x->client->host.cancel_fd, POLLIN, 0};
	if (poll(&cancel, cancel.fd >= 0 ? 1 : 0, ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS) > 0)
		return error_set(err, ERROR_SYSTEM, "cancelled");
	return 0;
}

static int exchange_all(struct exchange *x, struct aws_answer *out, struct error *err)
{
	for (unsigned attempt = 1;; attempt++) {
		struct error why = {0};
		*out = (struct aws_answer){0};
		if (send_once(x, &why) == 0 && take(out, x, &why) == 0)
			return 0;
		if (!is_worth_again(x, out, attempt)) {
			*err = why;
			if (attempt > 1)
				error_wrap(err, "after %u attempts", attempt);
			return -1;
		}
		if (pause_before(x, attempt, err) < 0)
			return -1;
	}
}

/* ---- Protocols ------------------------------------------------------------------------------- */

static void add_parameter(struct buf *out, struct str name, struct str value)
{
	if (out->n > 0)
		buf_add_byte(out, '&');
	aws_encode(out, name);
	buf_add_byte(out, '=');
	aws_encode(out, value);
}

static int query(struct aws_client *c, struct aws_answer *out, const struct exchange *how,
	const char *action, const struct aws_parameters *parameters, struct error *err)
{
	scoped(buf) body = {0};
	scoped(exchange) x = *how;
	x.client = c;
	add_parameter(&body, STR("Action"), str_from(action));
	add_parameter(&body, STR("Version"), str_from(how->service->version));
	for (size_t i = 0; i < parameters->n; i++)
		add_parameter(&body, parameters->items[i].name, parameters->items[i].value);
	if (buf_check(&body, err) < 0)
		return error_wrap(err, "%s", action);
	x.body = buf_str(&body);
	if (endpoint_of(&x.endpoint, c, x.service, x.arena, err) < 0 ||
		exchange_all(&x, out, err) < 0)
		return error_wrap(err, "%s %s", how->service->name, action);
	return 0;
}

int aws_ec2(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct aws_parameters *parameters, struct arena *a, struct error *err)
{
	const struct exchange how = {.service = &ec2, .arena = a};
	return query(c, out, &how, action, parameters, err);
}

int aws_sts(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct aws_parameters *parameters, struct arena *a, struct error *err)
{
	const struct exchange how = {.service = &sts, .arena = a};
	return query(c, out, &how, action, parameters, err);
}

int aws_ssm(struct aws_client *c, struct aws_answer *out, const char *action,
	const struct json *body, struct arena *a, struct error *err)
{
	scoped(buf) text = {0};
	scoped(exchange) x = {.client = c, .service = &ssm, .arena = a};
	json_write_compact(&text, body);
	x.body = buf_str(&text);
	x.target = arena_printf(a, "%s.%s", ssm.target, action);
	if (endpoint_of(&x.endpoint, c, &ssm, a, err) < 0 || exchange_all(&x, out, err) < 0)
		return error_wrap(err, "%s %s", ssm.name, action);
	return 0;
}

/* ---- Roles ----------------------------------------------------------------------------------- */

int aws_role_assume(struct aws_client *c, const struct aws_role *role, struct error *err)
{
	scoped(arena) a = {0};
	struct aws_parameters p = {0};
	struct aws_answer answer = {0};
	add_header(&a, &p, "RoleArn", role->arn);
	add_header(&a, &p, "RoleSessionName",
		role->session_name.n > 0 ? role->session_name : STR("sealwright"));
	if (role->external_id.n > 0)
		add_header(&a, &p, "ExternalId", role->external_id);
	for (size_t i = 0; i < role->more.n; i++)
		list_push(&a, &p) = role->more.items[i];
	if (aws_sts(c, &answer, "AssumeRole", &p, &a, err) < 0)
		return -1;
	const struct xml *found = xml_find(xml_find(answer.xml, "AssumeRoleResult"), "Credentials");
	struct str key_id = xml_text(found, "AccessKeyId");
	struct str key = xml_text(found, "SecretAccessKey");
	struct str token = xml_text(found, "SessionToken");
	if (key_id.n == 0 || key.n == 0 || token.n == 0)
		return error_set(err, ERROR_SYSTEM, "sts AssumeRole: the answer has no keys");
	secret_set(&c->credentials.key_id, key_id);
	secret_set(&c->credentials.key, key);
	secret_set(&c->credentials.token, token);
	return 0;
}
