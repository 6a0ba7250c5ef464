/* What the plugin "amazon" tells of images and parameters. */
#include "cmd/data_type.h"

#include "builders/aws/aws.h"

#include "base/utf8.h"

static int open_client(struct aws_client *out, const struct data_request *q,
	const struct aws_access *access, struct error *err)
{
	const struct aws_host host = {
		.environment = q->context->environment,
		.clock = q->context->clock,
		.ca_file = q->context->ca_file,
		.cancel_fd = -1,
	};
	return aws_client_open(out, access, &host, err);
}

/* Answers are recorded and shown, so they must not bring back what is sensitive. */
static int check_secrets(const struct json *answer, const struct redactor *sent, struct error *err)
{
	scoped(buf) text = {0};
	json_write_canonical(&text, answer);
	if (!redactor_matches(sent, buf_str(&text)))
		return 0;
	return error_set(err, ERROR_INPUT,
		"the answer repeats a sensitive value that was sent, and answers are recorded; give "
		"the value with --data");
}

/* ---- amazon-ami ------------------------------------------------------------------------------ */

struct ami_config {
	struct aws_access access;
	struct aws_image_filter filter;
};

#define AMI(member) offsetof(struct ami_config, filter.member)

static const struct conf_field ami_fields[] = {
	AWS_ACCESS_FIELDS(offsetof(struct ami_config, access)),
	{"filters", CONF_KIND_TEXT_MAP, AMI(filters), 0, NULL},
	{"owners", CONF_KIND_TEXT_LIST, AMI(owners), 0, NULL},
	{"most_recent", CONF_KIND_BOOL, AMI(most_recent), 0, NULL},
	{"include_deprecated", CONF_KIND_BOOL, AMI(include_deprecated), 0, NULL},
	{0},
};

static struct json *image_to_json(const struct aws_image *image, struct arena *a)
{
	struct json *j = json_object(a);
	struct json *tags = json_object(a);
	for (size_t i = 0; i < image->tags.n; i++)
		json_set_str(a, tags, image->tags.items[i].name,
			json_string(a, image->tags.items[i].value));
	json_set(a, j, "id", json_string(a, image->id));
	json_set(a, j, "name", json_string(a, image->name));
	json_set(a, j, "creation_date", json_string(a, image->creation_date));
	json_set(a, j, "owner", json_string(a, image->owner));
	json_set(a, j, "owner_name", json_string(a, image->owner_alias));
	json_set(a, j, "tags", tags);
	return j;
}

static int ask_ami(struct json **out, const struct data_request *q, struct error *err)
{
	const struct ami_config *c = q->config;
	scoped(aws_client) client = {0};
	scoped(redactor) sent = {0};
	struct aws_image image = {0};
	for (size_t i = 0; i < c->filter.filters.n; i++)
		text_redactions(&c->filter.filters.values[i], &sent);
	for (size_t i = 0; i < c->filter.owners.n; i++)
		text_redactions(&c->filter.owners.items[i], &sent);
	if (open_client(&client, q, &c->access, err) < 0 ||
		aws_image_find(&client, &image, &c->filter, q->arena, err) < 0)
		return -1;
	struct json *j = image_to_json(&image, q->arena);
	if (check_secrets(j, &sent, err) < 0)
		return -1;
	*out = j;
	return 0;
}

/* ---- amazon-parameterstore ------------------------------------------------------------------- */

struct parameter_config {
	struct aws_access access;
	struct text name;
	bool with_decryption;
};

#define PARAMETER(member) offsetof(struct parameter_config, member)

static const struct conf_field parameter_fields[] = {
	AWS_ACCESS_FIELDS(PARAMETER(access)),
	{"name", CONF_KIND_TEXT, PARAMETER(name), CONF_REQUIRED, NULL},
	{"with_decryption", CONF_KIND_BOOL, PARAMETER(with_decryption), 0, NULL},
	{0},
};

static int ask_parameter(struct json **out, const struct data_request *q, struct error *err)
{
	const struct parameter_config *c = q->config;
	struct arena *a = q->arena;
	scoped(aws_client) client = {0};
	scoped(redactor) sent = {0};
	struct aws_answer answer = {0};
	const struct json *found = NULL;
	struct str name = {0};
	if (!text_value(&c->name, a, &name) || !utf8_is_valid(name))
		return error_set(err, ERROR_INPUT, "\"name\" is not known before the build");
	text_redactions(&c->name, &sent);
	/* What is kept encrypted stays so: it would be recorded. */
	struct json *body = json_object(a);
	json_set(a, body, "Name", json_string(a, name));
	json_set(a, body, "WithDecryption", json_bool(a, false));
	if (open_client(&client, q, &c->access, err) < 0 ||
		aws_ssm(&client, &answer, "GetParameter", body, a, err) < 0 ||
		json_get_object(answer.json, "Parameter", &found, "answer", err) < 0)
		return -1;
	if (str_is(json_str_or(found, "Type", STR("")), "SecureString"))
		return data_leave(q, "the parameter is a secret, and what is asked is recorded");
	const struct json *version = json_find(found, "Version");
	struct json *j = json_object(a);
	json_set(a, j, "value", json_string(a, json_str_or(found, "Value", STR(""))));
	json_set(a, j, "version", json_string(a, version ? version->text : STR("")));
	json_set(a, j, "arn", json_string(a, json_str_or(found, "ARN", STR(""))));
	if (check_secrets(j, &sent, err) < 0)
		return -1;
	*out = j;
	return 0;
}

/* ---- amazon-secretsmanager ------------------------------------------------------------------- */

struct secret_config {
	struct aws_access access;
	struct text text;
};

#define SECRET(member) offsetof(struct secret_config, member)

static const struct conf_field secret_fields[] = {
	AWS_ACCESS_FIELDS(SECRET(access)),
	{"name", CONF_KIND_TEXT, SECRET(text), CONF_REQUIRED, NULL},
	{"key", CONF_KIND_TEXT, SECRET(text), 0, NULL},
	{"version_id", CONF_KIND_TEXT, SECRET(text), 0, NULL},
	{"version_stage", CONF_KIND_TEXT, SECRET(text), 0, NULL},
	{0},
};

static int ask_secret(struct json **out, const struct data_request *q, struct error *err)
{
	(void)out, (void)err;
	return data_leave(q, "its values are secrets, and what is asked is recorded");
}

const struct data_type data_amazon_ami = {
	.name = "amazon-ami",
	.fields = ami_fields,
	.size = sizeof(struct ami_config),
	.ask = ask_ami,
};

const struct data_type data_amazon_parameterstore = {
	.name = "amazon-parameterstore",
	.fields = parameter_fields,
	.size = sizeof(struct parameter_config),
	.ask = ask_parameter,
};

const struct data_type data_amazon_secretsmanager = {
	.name = "amazon-secretsmanager",
	.fields = secret_fields,
	.size = sizeof(struct secret_config),
	.ask = ask_secret,
};
