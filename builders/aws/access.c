/* From what a template, the environment and files say to a client with credentials. */
#include "builders/aws/client.h"
#include "builders/aws/profile.h"

#include "base/process.h"

#define ATTEMPTS 10
#define ATTEMPTS_MAX 100
#define PROFILES_MAX 5

/* While a client is being opened. */
struct opening {
	struct aws_client *client;
	const struct aws_access *access;
	struct arena arena;
	struct aws_settings settings;
	struct str profile;
	bool profile_named; /* by the template */
};

static void opening_clear(struct opening *o)
{
	for (size_t i = 0; i < o->settings.n; i++)
		secret_wipe((char *)(uintptr_t)o->settings.items[i].value.p,
			o->settings.items[i].value.n);
	arena_clear(&o->arena);
}

void aws_credentials_clear(struct aws_credentials *c)
{
	secret_clear(&c->key_id);
	secret_clear(&c->key);
	secret_clear(&c->token);
}

void aws_client_clear(struct aws_client *c)
{
	aws_credentials_clear(&c->credentials);
	arena_clear(&c->arena);
	*c = (struct aws_client){0};
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int known(struct opening *o, const struct text *t, const char *key, struct str *out,
	struct error *err)
{
	if (!text_value(t, &o->arena, out))
		return error_set(err, ERROR_INPUT, "\"%s\" is not known before the build", key);
	return 0;
}

static struct str environment(const struct opening *o, const char *name)
{
	const char *value = env_find(o->client->host.environment, name);
	return value ? str_from(value) : STR("");
}

static struct str first_of(struct str a, struct str b)
{
	return a.n > 0 ? a : b;
}

static struct str setting(const struct opening *o, const char *key)
{
	return aws_setting_find(&o->settings, o->profile, key);
}

static int set_keys(struct aws_client *c, struct str key_id, struct str key, struct str token,
	const char *where, struct error *err)
{
	if (key_id.n == 0 || key.n == 0)
		return error_set(err, ERROR_INPUT,
			"%s: access key and secret key go together, and one is missing", where);
	for (size_t i = 0; i < key_id.n; i++) {
		if ((uint8_t)key_id.p[i] <= ' ' || (uint8_t)key_id.p[i] > '~')
			return error_set(err, ERROR_INPUT, "%s: not an access key", where);
	}
	for (size_t i = 0; i < token.n; i++) {
		if ((uint8_t)token.p[i] <= ' ' || (uint8_t)token.p[i] > '~')
			return error_set(err, ERROR_INPUT, "%s: not a session token", where);
	}
	secret_set(&c->credentials.key_id, key_id);
	secret_set(&c->credentials.key, key);
	secret_set(&c->credentials.token, token);
	return 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int load_file(struct opening *o, const char *variable, const char *name, struct error *err)
{
	struct str path = environment(o, variable);
	struct str home = environment(o, "HOME");
	bool wanted = path.n > 0;
	if (!wanted && (home.n == 0 || home.p[0] != '/'))
		return 0;
	if (!wanted)
		path = arena_printf(&o->arena, "%.*s/.aws/%s", STR_ARG(home), name);
	return aws_settings_load(&o->settings, &o->arena, arena_cstr(&o->arena, path), wanted, err);
}

/* What is read later counts: credentials over config. */
static int load_settings(struct opening *o, struct error *err)
{
	struct str own = {0};
	struct str profile = {0};
	if (known(o, &o->access->shared_credentials_file, "shared_credentials_file", &own, err) <
			0 ||
		known(o, &o->access->profile, "profile", &profile, err) < 0)
		return -1;
	if (!str_is_cstr(own))
		return error_set(err, ERROR_INPUT, "\"shared_credentials_file\" holds a NUL");
	o->profile_named = profile.n > 0;
	profile = first_of(profile, environment(o, "AWS_PROFILE"));
	o->profile = first_of(profile, STR("default"));
	if (own.n > 0)
		return aws_settings_load(
			&o->settings, &o->arena, arena_cstr(&o->arena, own), true, err);
	if (load_file(o, "AWS_CONFIG_FILE", "config", err) < 0 ||
		load_file(o, "AWS_SHARED_CREDENTIALS_FILE", "credentials", err) < 0)
		return -1;
	return 0;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static int keys_of_profile(
	struct opening *o, struct str profile, unsigned depth, struct error *err);

/* A role of a profile is asked for with the keys of another one. */
static int role_of_profile(struct opening *o, struct str profile, unsigned depth, struct error *err)
{
	const struct aws_settings *s = &o->settings;
	struct str source = aws_setting_find(s, profile, "source_profile");
	const struct aws_role role = {
		.arn = aws_setting_find(s, profile, "role_arn"),
		.session_name = aws_setting_find(s, profile, "role_session_name"),
		.external_id = aws_setting_find(s, profile, "external_id"),
	};
	if (source.n == 0 || aws_setting_find(s, profile, "mfa_serial").n > 0)
		return error_set(err, ERROR_INPUT,
			"profile %.*s: a role is asked for with the keys of source_profile, "
			"without a second factor",
			STR_ARG(profile));
	/* A profile may be its own source, for its keys. */
	if (!str_eq(source, profile)) {
		if (keys_of_profile(o, source, depth + 1, err) < 0)
			return -1;
	} else if (set_keys(o->client, aws_setting_find(s, profile, "aws_access_key_id"),
			   aws_setting_find(s, profile, "aws_secret_access_key"),
			   aws_setting_find(s, profile, "aws_session_token"), "profile", err) < 0) {
		return -1;
	}
	return aws_role_assume(o->client, &role, err);
}

static int keys_of_profile(struct opening *o, struct str profile, unsigned depth, struct error *err)
{
	const struct aws_settings *s = &o->settings;
	struct str key_id = aws_setting_find(s, profile, "aws_access_key_id");
	const char *where = arena_printf(&o->arena, "profile %.*s", STR_ARG(profile)).p;
	if (depth > PROFILES_MAX)
		return error_set(
			err, ERROR_INPUT, "%s: too many profiles lead to each other", where);
	if (!aws_settings_have(s, profile))
		return error_set(err, ERROR_INPUT, "%s: is in none of the files", where);
	if (aws_setting_find(s, profile, "role_arn").n > 0)
		return role_of_profile(o, profile, depth, err);
	if (key_id.n == 0)
		return error_set(err, ERROR_INPUT,
			"%s: has no keys; programs, single sign-on and other sources are not "
			"asked for them: give AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
			"AWS_SESSION_TOKEN",
			where);
	return set_keys(o->client, key_id, aws_setting_find(s, profile, "aws_secret_access_key"),
		aws_setting_find(s, profile, "aws_session_token"), where, err);
}

static int find_keys(struct opening *o, struct error *err)
{
	const struct aws_access *x = o->access;
	struct str key_id = {0};
	struct str key = {0};
	struct str token = {0};
	if (known(o, &x->access_key, "access_key", &key_id, err) < 0 ||
		known(o, &x->secret_key, "secret_key", &key, err) < 0 ||
		known(o, &x->token, "token", &token, err) < 0)
		return -1;
	if (key_id.n > 0 || key.n > 0)
		return set_keys(o->client, key_id, key, token, "the template", err);
	key_id = environment(o, "AWS_ACCESS_KEY_ID");
	key = environment(o, "AWS_SECRET_ACCESS_KEY");
	if (!o->profile_named && key_id.n > 0 && key.n > 0)
		return set_keys(o->client, key_id, key, environment(o, "AWS_SESSION_TOKEN"),
			"the environment", err);
	if (!o->profile_named && environment(o, "AWS_PROFILE").n == 0 &&
		!aws_settings_have(&o->settings, o->profile))
		return error_set(err, ERROR_INPUT,
			"no credentials: give access_key and secret_key, a profile, or "
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	return keys_of_profile(o, o->profile, 0, err);
}

/* ---- Roles of the template ------------------------------------------------------------------- */

struct role_config {
	struct text role_arn;
	struct text session_name;
	struct text external_id;
	struct text policy;
	int64_t duration_seconds;
	struct text_list policy_arns;
	struct text_map tags;
	struct text_list transitive_tag_keys;
};

#define AT(member) offsetof(struct role_config, member)

static const struct conf_field role_fields[] = {
	{"role_arn", CONF_KIND_TEXT, AT(role_arn), 0, NULL},
	{"session_name", CONF_KIND_TEXT, AT(session_name), 0, NULL},
	{"external_id", CONF_KIND_TEXT, AT(external_id), 0, NULL},
	{"policy", CONF_KIND_TEXT, AT(policy), 0, NULL},
	{"duration_seconds", CONF_KIND_INT, AT(duration_seconds), 0, NULL},
	{"policy_arns", CONF_KIND_TEXT_LIST, AT(policy_arns), 0, NULL},
	{"tags", CONF_KIND_TEXT_MAP, AT(tags), 0, NULL},
	{"transitive_tag_keys", CONF_KIND_TEXT_LIST, AT(transitive_tag_keys), 0, NULL},
	{0},
};

/* "PolicyArns.member.1.arn". */
static int add_list(struct opening *o, struct aws_role *role, const struct text_list *list,
	const char *format, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct aws_parameter p = {0};
		scoped(buf) name = {0};
		buf_printf(&name, "%s.member.%zu", format, i + 1);
		if (str_is(str_from(format), "PolicyArns"))
			buf_add_cstr(&name, ".arn");
		p.name = arena_str(&o->arena, buf_str(&name));
		if (known(o, &list->items[i], "assume_role", &p.value, err) < 0)
			return -1;
		list_push(&o->arena, &role->more) = p;
	}
	return 0;
}

static int add_more(
	struct opening *o, struct aws_role *role, const struct role_config *c, struct error *err)
{
	struct arena *a = &o->arena;
	struct aws_parameter policy = {.name = STR("Policy")};
	if (known(o, &c->policy, "policy", &policy.value, err) < 0)
		return -1;
	if (policy.value.n > 0)
		list_push(a, &role->more) = policy;
	if (c->duration_seconds > 0)
		list_push(a, &role->more) = (struct aws_parameter){STR("DurationSeconds"),
			arena_printf(a, "%lld", (long long)c->duration_seconds)};
	for (size_t i = 0; i < c->tags.n; i++) {
		struct aws_parameter tag = {
			.name = arena_printf(a, "Tags.member.%zu.Value", i + 1)};
		if (known(o, &c->tags.values[i], "tags", &tag.value, err) < 0)
			return -1;
		list_push(a, &role->more) = (struct aws_parameter){
			arena_printf(a, "Tags.member.%zu.Key", i + 1), c->tags.keys[i]};
		list_push(a, &role->more) = tag;
	}
	if (add_list(o, role, &c->policy_arns, "PolicyArns", err) < 0 ||
		add_list(o, role, &c->transitive_tag_keys, "TransitiveTagKeys", err) < 0)
		return -1;
	return 0;
}

static int assume_role(struct opening *o, struct error *err)
{
	struct role_config c = {0};
	struct aws_role role = {0};
	struct diags diags = {0};
	const struct conf *block = o->access->assume_role;
	/* A block of HCL2 is a list of one object. */
	if (block && block->type == CONF_LIST && block->list.n == 1)
		block = block->list.items[0];
	if (!block || block->type == CONF_NULL)
		return 0;
	if (block->type != CONF_OBJECT)
		return error_set(err, ERROR_INPUT, "\"assume_role\" is one block");
	if (conf_decode(&c, block, role_fields, "assume_role", &diags, &o->arena) < 0)
		return diags_check(&diags, err);
	if (known(o, &c.role_arn, "role_arn", &role.arn, err) < 0 ||
		known(o, &c.session_name, "session_name", &role.session_name, err) < 0 ||
		known(o, &c.external_id, "external_id", &role.external_id, err) < 0 ||
		add_more(o, &role, &c, err) < 0)
		return -1;
	return role.arn.n > 0 ? aws_role_assume(o->client, &role, err) : 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static bool is_region(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || i == 0))
			return false;
	}
	return s.n > 0 && s.n <= 32;
}

static int find_region(struct opening *o, struct error *err)
{
	struct str region = {0};
	if (known(o, &o->access->region, "region", &region, err) < 0)
		return -1;
	region = first_of(region, environment(o, "AWS_REGION"));
	region = first_of(region, environment(o, "AWS_DEFAULT_REGION"));
	region = first_of(region, setting(o, "region"));
	if (region.n == 0)
		return error_set(err, ERROR_INPUT,
			"no region: give region, AWS_REGION, or one in the profile");
	if (!is_region(region))
		return error_set(err, ERROR_INPUT, "\"%.*s\" is no region", STR_ARG(region));
	o->client->region = arena_str(&o->client->arena, region);
	return 0;
}

static int refuse_unsupported(struct opening *o, struct error *err)
{
	const struct aws_access *x = o->access;
	struct str code = {0};
	if (x->insecure_skip_tls_verify)
		return error_set(err, ERROR_INPUT,
			"insecure_skip_tls_verify: certificates are always checked; AWS_CA_BUNDLE "
			"names private authorities");
	if (x->vault_aws_engine)
		return error_set(err, ERROR_INPUT,
			"vault_aws_engine: vault is not asked; give keys in the environment");
	if (known(o, &x->mfa_code, "mfa_code", &code, err) < 0)
		return -1;
	if (code.n > 0)
		return error_set(err, ERROR_INPUT,
			"mfa_code: give the keys of a session, with AWS_SESSION_TOKEN");
	if (x->max_retries < 0 || x->max_retries > ATTEMPTS_MAX)
		return error_set(err, ERROR_INPUT, "max_retries is 0 to %d", ATTEMPTS_MAX);
	return 0;
}

static int open_client(struct opening *o, struct error *err)
{
	struct aws_client *c = o->client;
	struct str endpoint = {0};
	c->attempts = o->access->max_retries > 0 ? (unsigned)o->access->max_retries : ATTEMPTS;
	if (refuse_unsupported(o, err) < 0 || load_settings(o, err) < 0 || find_region(o, err) < 0)
		return -1;
	if (known(o, &o->access->custom_endpoint_ec2, "custom_endpoint_ec2", &endpoint, err) < 0)
		return -1;
	c->endpoint_ec2 = arena_str(&c->arena, endpoint);
	c->endpoint_all = arena_str(&c->arena, setting(o, "endpoint_url"));
	return find_keys(o, err) < 0 || assume_role(o, err) < 0 ? -1 : 0;
}

int aws_client_open(struct aws_client *out, const struct aws_access *access,
	const struct aws_host *host, struct error *err)
{
	scoped(aws_client) client = {.host = *host};
	scoped(opening) o = {.client = &client, .access = access};
	const char *bundle = env_find(host->environment, "AWS_CA_BUNDLE");
	if (!client.host.ca_file && bundle && *bundle)
		client.host.ca_file = bundle;
	if (open_client(&o, err) < 0)
		return -1;
	*out = client;
	client = (struct aws_client){0};
	return 0;
}
