#include "builders/aws/sign.h"

#include <stdio.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

void aws_time(char out[AWS_TIME_SIZE], int64_t ns)
{
	time_t t = (time_t)(ns / SECOND);
	struct tm tm;
	gmtime_r(&t, &tm);
	if (strftime(out, AWS_TIME_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		out[0] = '\0';
}

void aws_encode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
		if (plain)
			buf_add_byte(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned)(uint8_t)c);
	}
}

/* ---- The canonical request ------------------------------------------------------------------- */

static void add_digest(struct buf *out, struct str bytes)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d = digest_bytes(bytes);
	digest_hex(hex, &d);
	buf_add_cstr(out, hex);
}

/* What is sent is encoded already; all services but S3 want it encoded once more. */
static void add_path(struct buf *out, struct str path)
{
	struct str rest = path.n > 0 ? path : STR("/");
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '/')
			buf_add_byte(out, '/');
		else
			aws_encode(out, str_sub(rest, i, 1));
	}
	buf_add_byte(out, '\n');
}

static int by_name(const void *a, const void *b)
{
	const struct aws_parameter *x = a;
	const struct aws_parameter *y = b;
	int order = str_cmp(x->name, y->name);
	return order != 0 ? order : str_cmp(x->value, y->value);
}

static void add_query(struct buf *out, struct str query)
{
	scoped(arena) a = {0};
	struct aws_parameters parts = {0};
	struct str part;
	while (query.n > 0 && str_cut(&query, '&', &part)) {
		struct aws_parameter one = {.value = part};
		(void)!str_cut(&one.value, '=', &one.name);
		list_push(&a, &parts) = one;
	}
	if (parts.n > 0)
		qsort(parts.items, parts.n, sizeof(*parts.items), by_name);
	for (size_t i = 0; i < parts.n; i++)
		buf_printf(out, "%s%.*s=%.*s", i > 0 ? "&" : "", STR_ARG(parts.items[i].name),
			STR_ARG(parts.items[i].value));
	buf_add_byte(out, '\n');
}

/* Names in lower case, in their order. */
static struct aws_parameters sorted(struct arena *a, const struct aws_parameters *headers)
{
	struct aws_parameters out = {0};
	for (size_t i = 0; i < headers->n; i++) {
		char *name = arena_cstr(a, headers->items[i].name);
		for (char *p = name; *p; p++) {
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		}
		list_push(a, &out) =
			(struct aws_parameter){str_from(name), str_trim(headers->items[i].value)};
	}
	if (out.n > 0)
		qsort(out.items, out.n, sizeof(*out.items), by_name);
	return out;
}

/* Several blanks count as one. */
static void add_value(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != ' ' || value.p[i - 1] != ' ')
			buf_add_byte(out, value.p[i]);
	}
}

static void add_names(struct buf *out, const struct aws_parameters *headers)
{
	for (size_t i = 0; i < headers->n; i++) {
		if (i > 0)
			buf_add_byte(out, ';');
		buf_add(out, headers->items[i].name);
	}
}

static void canonical_request(
	struct buf *out, const struct aws_signing *s, const struct aws_parameters *headers)
{
	buf_printf(out, "%s\n", s->method);
	add_path(out, s->path);
	add_query(out, s->query);
	for (size_t i = 0; i < headers->n; i++) {
		buf_add(out, headers->items[i].name);
		buf_add_byte(out, ':');
		add_value(out, headers->items[i].value);
		buf_add_byte(out, '\n');
	}
	buf_add_byte(out, '\n');
	add_names(out, headers);
	buf_add_byte(out, '\n');
	add_digest(out, s->body);
}

/* ---- Signing --------------------------------------------------------------------------------- */

static struct str day(const struct aws_signing *s)
{
	return str_sub(str_from(s->time), 0, STR("20150830").n);
}

static struct digest derive(const struct digest *key, struct str bytes)
{
	return digest_hmac((struct str){(const char *)key->bytes, sizeof(key->bytes)}, bytes);
}

static struct digest signing_key(const struct aws_signing *s, const struct secret *secret)
{
	static const char prefix[] = "AWS4";
	struct secret first = {0};
	scoped(buf) joined = {0};
	buf_add_cstr(&joined, prefix);
	buf_add(&joined, (struct str){secret->p, secret->n});
	secret_set(&first, buf_str(&joined));
	secret_wipe(joined.p, joined.n);
	struct digest key = digest_hmac((struct str){first.p, first.n}, day(s));
	secret_clear(&first);
	key = derive(&key, s->region);
	key = derive(&key, s->service);
	return derive(&key, STR("aws4_request"));
}

struct str aws_authorization(
	struct arena *a, const struct aws_signing *s, const struct aws_credentials *credentials)
{
	scoped(buf) text = {0};
	scoped(buf) names = {0};
	char hex[DIGEST_HEX_SIZE];
	struct aws_parameters headers = sorted(a, &s->headers);
	struct str scope = arena_printf(a, "%.*s/%.*s/%.*s/aws4_request", STR_ARG(day(s)),
		STR_ARG(s->region), STR_ARG(s->service));
	canonical_request(&text, s, &headers);
	struct digest request = digest_bytes(buf_str(&text));
	digest_hex(hex, &request);
	buf_reset(&text);
	buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%.*s\n%s", s->time, STR_ARG(scope), hex);
	struct digest key = signing_key(s, &credentials->key);
	struct digest signature = derive(&key, buf_str(&text));
	secret_wipe(&key, sizeof(key));
	digest_hex(hex, &signature);
	add_names(&names, &headers);
	return arena_printf(a,
		"AWS4-HMAC-SHA256 Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%s",
		(int)credentials->key_id.n, credentials->key_id.p, STR_ARG(scope),
		STR_ARG(buf_str(&names)), hex);
}
