#include "tests/unit/test.h"

#include "builders/aws/client.h"
#include "builders/aws/profile.h"
#include "builders/aws/sign.h"

#include "base/file.h"

/* Of AWS' signature test suite, and of the documentation of Signature Version 4. */
#define KEY_ID "AKIDEXAMPLE"
#define KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TIME "20150830T123600Z"

struct vector {
	const char *method;
	const char *path;
	const char *query;
	const char *headers[4]; /* "Name: value" */
	const char *body;
	const char *service;
	const char *signature;
};

static const struct vector vectors[] = {
	{"GET", "/", "", {"Host: example.amazonaws.com", "X-Amz-Date: " TIME}, "", "service",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"POST", "/", "", {"X-Amz-Date: " TIME, "Host: example.amazonaws.com"}, "", "service",
		"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"GET", "/", "Param2=value2&Param1=value1",
		{"Host: example.amazonaws.com", "X-Amz-Date: " TIME}, "", "service",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"POST", "/", "",
		{"Content-Type: application/x-www-form-urlencoded", "Host: example.amazonaws.com",
			"X-Amz-Date: " TIME},
		"Param1=value1", "service",
		"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{"GET", "/", "",
		{"Host: example.amazonaws.com", "My-Header1:  value1", "My-Header2: \"a   b   c\"",
			"X-Amz-Date: " TIME},
		"", "service", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"GET", "/", "Action=ListUsers&Version=2010-05-08",
		{"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
			"Host: iam.amazonaws.com", "X-Amz-Date: " TIME},
		"", "iam", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
};

static void set_credentials(struct aws_credentials *c)
{
	secret_set(&c->key_id, STR(KEY_ID));
	secret_set(&c->key, STR(KEY));
}

static void check_vector(const struct vector *v, const struct aws_credentials *credentials)
{
	scoped(arena) a = {0};
	struct aws_signing s = {
		.method = v->method,
		.path = str_from(v->path),
		.query = str_from(v->query),
		.body = str_from(v->body),
		.region = STR("us-east-1"),
		.service = str_from(v->service),
		.time = TIME,
	};
	for (size_t i = 0; i < countof(v->headers) && v->headers[i]; i++) {
		struct aws_parameter p = {.value = str_from(v->headers[i])};
		assert_true(str_cut(&p.value, ':', &p.name));
		list_push(&a, &s.headers) = p;
	}
	struct str got = aws_authorization(&a, &s, credentials);
	if (!str_has_suffix(got, str_from(v->signature)))
		fail_msg("%s ?%s: %.*s, not %s", v->method, v->query, STR_ARG(got), v->signature);
	assert_true(str_has_prefix(
		got, STR("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/")));
}

static void requests_are_signed_as_aws_documents_it(void **state)
{
	(void)state;
	scoped(aws_credentials) c = {0};
	set_credentials(&c);
	for (size_t i = 0; i < countof(vectors); i++)
		check_vector(&vectors[i], &c);
}

static void a_time_is_told_as_it_is_signed(void **state)
{
	(void)state;
	char out[AWS_TIME_SIZE];
	aws_time(out, INT64_C(1440938160123456789));
	check_str(str_from(out), TIME);
}

static void what_is_not_plain_is_encoded(void **state)
{
	(void)state;
	scoped(buf) out = {0};
	aws_encode(&out, STR("a-Z_0.~ /*+=&\xc3\xa9"));
	check_str(buf_str(&out), "a-Z_0.~%20%2F%2A%2B%3D%26%C3%A9");
}

static void profiles_are_read_from_both_files(void **state)
{
	(void)state;
	scoped(arena) a = {0};
	struct error err = {0};
	struct aws_settings s = {0};
	struct str config = STR("# one\n[default]\nregion = eu-west-1\n\n[profile web]\n"
				"region=cn-north-1 # far\ns3 =\n  region = none\n"
				"role_arn = arn:aws:iam::1:role/x\r\n");
	struct str credentials = STR("[web]\naws_access_key_id=AKIA\naws_secret_access_key = a=b\n"
				     "; x\n[other]\naws_access_key_id = B\n");
	assert_int_equal(aws_settings_parse(&s, &a, config, &err), 0);
	assert_int_equal(aws_settings_parse(&s, &a, credentials, &err), 0);
	check_str(aws_setting_find(&s, STR("default"), "region"), "eu-west-1");
	check_str(aws_setting_find(&s, STR("web"), "region"), "cn-north-1");
	check_str(aws_setting_find(&s, STR("web"), "role_arn"), "arn:aws:iam::1:role/x");
	check_str(aws_setting_find(&s, STR("web"), "aws_secret_access_key"), "a=b");
	check_str(aws_setting_find(&s, STR("web"), "s3"), "");
	check_str(aws_setting_find(&s, STR("other"), "aws_access_key_id"), "B");
	assert_false(aws_settings_have(&s, STR("third")));
	assert_int_equal(aws_settings_parse(&s, &a, STR("a=b\n[broken\nsecret"), &err), -1);
	check_error(&err, "line 2: no section");
	assert_null(strstr(err.text, "secret"));
}

static void endpoints_are_addresses_of_https_or_of_this_machine(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		const char *host;
		const char *path;
		const char *error;
	} cases[] = {
		{"https://ec2.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com", "", NULL},
		{"https://h.example:8443/a/b/", "h.example:8443", "/a/b", NULL},
		{"http://localhost:5000", "localhost:5000", "", NULL},
		{"http://127.0.0.1:5000/", "127.0.0.1:5000", "", NULL},
		{"http://[::1]:5000/", "[::1]:5000", "", NULL},
		{"http://h.example", NULL, NULL, "only leads to this machine"},
		{"http://localhost.example", NULL, NULL, "only leads to this machine"},
		{"http://127.0.0.1@h.example", NULL, NULL, "not an address"},
		{"https://u:p@h.example", NULL, NULL, "not an address"},
		{"https://h.example?x", NULL, NULL, "not an address"},
		{"https://h.example/a?x", NULL, NULL, "not a plain path"},
		{"ftp://h.example", NULL, NULL, "not an https:// address"},
		{"https://", NULL, NULL, "not an address"},
		{"", NULL, NULL, "not an https:// address"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		scoped(arena) a = {0};
		struct error err = {0};
		struct aws_endpoint e = {0};
		int status = aws_endpoint_parse(&e, &a, str_from(cases[i].url), &err);
		if (cases[i].error) {
			assert_int_equal(status, -1);
			check_error(&err, cases[i].error);
			continue;
		}
		assert_int_equal(status, 0);
		check_str(e.host, cases[i].host);
		check_str(e.path, cases[i].path);
	}
	check_str(str_from(aws_domain(STR("cn-north-1"))), "amazonaws.com.cn");
	check_str(str_from(aws_domain(STR("us-isob-east-1"))), "sc2s.sgov.gov");
	check_str(str_from(aws_domain(STR("us-gov-west-1"))), "amazonaws.com");
}

/* ---- Opening --------------------------------------------------------------------------------- */

struct home {
	struct temp_dir dir;
	struct arena arena;
	char *environment[8];
};

static int set_up(void **state)
{
	struct error err = {0};
	struct home *h = calloc(1, sizeof(*h));
	const struct str config = STR("[default]\nregion = eu-west-1\n[profile a]\n"
				      "region = us-east-2\nrole_arn = r\nsource_profile = b\n"
				      "[profile b]\nrole_arn = r\nsource_profile = a\n"
				      "[profile sso]\nsso_start_url = x\n");
	const struct str credentials = STR("[default]\naws_access_key_id = FILEID\n"
					   "aws_secret_access_key = filekey\n"
					   "[half]\naws_access_key_id = X\n");
	if (!h || temp_dir_make(&h->dir, NULL, &err) < 0 || dir_make(h->dir.fd, ".aws", &err) < 0 ||
		file_create(h->dir.fd, ".aws/config", config, 0600, &err) < 0 ||
		file_create(h->dir.fd, ".aws/credentials", credentials, 0600, &err) < 0)
		return -1;
	h->environment[0] = arena_cstr(&h->arena, arena_printf(&h->arena, "HOME=%s", h->dir.path));
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct home *h = *state;
	temp_dir_clear(&h->dir);
	arena_clear(&h->arena);
	free(h);
	return 0;
}

static int open_at(
	struct aws_client *out, struct home *h, const struct aws_access *access, struct error *err)
{
	const struct aws_host host = {
		.environment = (const char *const *)h->environment,
		.clock = &clock_system,
		.cancel_fd = -1,
	};
	return aws_client_open(out, access, &host, err);
}

static void check_keys(const struct aws_client *c, const char *key_id, const char *key)
{
	check_str((struct str){c->credentials.key_id.p, c->credentials.key_id.n}, key_id);
	check_str((struct str){c->credentials.key.p, c->credentials.key.n}, key);
}

static void keys_come_from_template_environment_and_files_in_this_order(void **state)
{
	struct home *h = *state;
	struct error err = {0};
	struct aws_access access = {0};
	scoped(aws_client) of_files = {0};
	scoped(aws_client) of_environment = {0};
	scoped(aws_client) of_template = {0};
	assert_int_equal(open_at(&of_files, h, &access, &err), 0);
	check_keys(&of_files, "FILEID", "filekey");
	check_str(of_files.region, "eu-west-1");
	h->environment[1] = arena_cstr(&h->arena, STR("AWS_ACCESS_KEY_ID=ENVID"));
	h->environment[2] = arena_cstr(&h->arena, STR("AWS_SECRET_ACCESS_KEY=envkey"));
	h->environment[3] = arena_cstr(&h->arena, STR("AWS_DEFAULT_REGION=eu-west-2"));
	h->environment[4] = arena_cstr(&h->arena, STR("AWS_SESSION_TOKEN=t"));
	assert_int_equal(open_at(&of_environment, h, &access, &err), 0);
	check_keys(&of_environment, "ENVID", "envkey");
	assert_int_equal(of_environment.credentials.token.n, 1);
	check_str(of_environment.region, "eu-west-2");
	access.access_key = text_from(&h->arena, STR("TID"));
	access.secret_key = text_from(&h->arena, STR("tkey"));
	access.region = text_from(&h->arena, STR("cn-north-1"));
	assert_int_equal(open_at(&of_template, h, &access, &err), 0);
	check_keys(&of_template, "TID", "tkey");
	assert_int_equal(of_template.credentials.token.n, 0);
	check_str(of_template.region, "cn-north-1");
}

static void a_profile_of_the_template_counts_more_than_the_environment(void **state)
{
	struct home *h = *state;
	struct error err = {0};
	struct aws_access access = {.profile = text_from(&h->arena, STR("default"))};
	scoped(aws_client) c = {0};
	h->environment[1] = arena_cstr(&h->arena, STR("AWS_ACCESS_KEY_ID=ENVID"));
	h->environment[2] = arena_cstr(&h->arena, STR("AWS_SECRET_ACCESS_KEY=envkey"));
	assert_int_equal(open_at(&c, h, &access, &err), 0);
	check_keys(&c, "FILEID", "filekey");
}

static void what_is_missing_is_named(void **state)
{
	struct home *h = *state;
	static const struct {
		const char *profile;
		const char *region;
		const char *error;
	} cases[] = {
		{"none", "eu-west-1", "profile none: is in none of the files"},
		{"sso", "eu-west-1", "single sign-on"},
		{"half", "eu-west-1", "one is missing"},
		{"half", "", "no region"},
		{"a", "", "too many profiles lead to each other"},
		{"default", "x.example/", "is no region"},
		{"default", "-x", "is no region"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct error err = {0};
		scoped(aws_client) c = {0};
		const struct aws_access access = {
			.profile = text_from(&h->arena, str_from(cases[i].profile)),
			.region = text_from(&h->arena, str_from(cases[i].region)),
		};
		assert_int_equal(open_at(&c, h, &access, &err), -1);
		check_error(&err, cases[i].error);
		assert_null(strstr(err.text, "filekey"));
	}
}

static void certificates_are_always_checked(void **state)
{
	struct error err = {0};
	scoped(aws_client) c = {0};
	const struct aws_access access = {.insecure_skip_tls_verify = true};
	assert_int_equal(open_at(&c, *state, &access, &err), -1);
	check_error(&err, "AWS_CA_BUNDLE");
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_signed_as_aws_documents_it),
		cmocka_unit_test(a_time_is_told_as_it_is_signed),
		cmocka_unit_test(what_is_not_plain_is_encoded),
		cmocka_unit_test(profiles_are_read_from_both_files),
		cmocka_unit_test(endpoints_are_addresses_of_https_or_of_this_machine),
		AT_HOME(keys_come_from_template_environment_and_files_in_this_order),
		AT_HOME(a_profile_of_the_template_counts_more_than_the_environment),
		AT_HOME(what_is_missing_is_named),
		AT_HOME(certificates_are_always_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
