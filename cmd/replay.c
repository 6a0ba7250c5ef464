#include "cmd/pipeline.h"

/*
 * What pipeline_parameters writes, this file reads back. Values of sensitive variables are not in
 * the evidence; any value gives the same plan, because a plan shows their names only. This one is
 * a string, a number, a bool and JSON, whatever the template wants.
 */
#define PLACEHOLDER STR("0")

static const char what[] = "external parameters";

static struct json *source_to_json(const struct pipeline *p, struct arena *a)
{
	const struct snapshot_identity *id = snapshot_identity(p->snapshot);
	struct json *j = json_object(a);
	json_set(a, j, "uri", json_string(a, id->url));
	json_set(a, j, "commit", json_string(a, id->commit));
	json_set(a, j, "tree", json_string(a, id->tree));
	if (id->ref.n > 0)
		json_set(a, j, "ref", json_string(a, id->ref));
	return j;
}

static struct json *files_to_json(const struct pipeline *p, struct arena *a)
{
	struct json *j = json_object(a);
	size_t n = 0;
	const struct snapshot_use *uses = snapshot_uses(p->snapshot, &n);
	for (size_t i = 0; i < n; i++) {
		char hex[DIGEST_HEX_SIZE];
		digest_hex(hex, &uses[i].sha256);
		json_set_str(a, j, uses[i].file->path, json_cstr(a, hex));
	}
	return j;
}

struct json *pipeline_parameters(const struct pipeline *p, const struct plan *plan, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "source", source_to_json(p, a));
	json_set(a, j, "template", json_string(a, p->template_path));
	json_set(a, j, "build", json_string(a, plan->build));
	json_set(a, j, "files", files_to_json(p, a));
	json_set(a, j, "audited", json_string(a, time_rfc3339(a, p->audited)));
	json_set(a, j, "profile", json_string(a, p->audit->profile));
	json_set(a, j, "threshold", json_cstr(a, severity_name(p->audit->threshold)));
	for (size_t i = 0; i < p->parameters->object.n; i++) {
		const struct json_member *m = &p->parameters->object.items[i];
		json_set_str(a, j, m->key, m->value);
	}
	return j;
}

/* One recorded variable as a -var; pieces that are sensitive get the placeholder. */
static int variable_of(
	struct template_var *out, const struct json_member *m, struct arena *a, struct error *err)
{
	const struct json *expression = json_find(m->value, "hcl");
	const struct json *value = expression ? expression : m->value;
	out->name = m->key;
	out->expression = expression != NULL;
	if (value->type != JSON_ARRAY)
		return json_to_bytes(value, a, &out->value, err);
	struct str_list parts = {0};
	for (size_t i = 0; i < value->array.n; i++) {
		const struct json *piece = value->array.items[i];
		struct str part = PLACEHOLDER;
		if (!json_find(piece, "sensitive") && json_to_bytes(piece, a, &part, err) < 0)
			return error_wrap(err, "variable %.*s", STR_ARG(m->key));
		list_push(a, &parts) = part;
	}
	out->value = arena_join(a, parts.items, parts.n, STR(""));
	/* Recorded in pieces: what was sensitive then, is so now. */
	out->withheld = true;
	return 0;
}

static int variables_of(struct template_input *in, struct pipeline *p, const struct json *variables,
	struct error *err)
{
	struct arena *a = &p->arena;
	struct template_var *vars = arena_array(a, struct template_var, variables->object.n);
	struct str_list sensitive = {0};
	for (size_t i = 0; i < variables->object.n; i++) {
		if (variable_of(&vars[i], &variables->object.items[i], a, err) < 0)
			return -1;
		if (vars[i].withheld)
			list_push(a, &sensitive) = vars[i].name;
	}
	in->sensitive = sensitive.items;
	in->sensitive_count = sensitive.n;
	in->vars = vars;
	in->var_count = variables->object.n;
	return 0;
}

static int var_files_of(struct template_input *in, struct pipeline *p,
	const struct json *parameters, struct error *err)
{
	const struct json *all = json_find(parameters, "variableFiles");
	if (!all)
		return 0;
	if (all->type != JSON_ARRAY)
		return error_set(err, ERROR_INPUT, "%s: \"variableFiles\" is not a list", what);
	struct str *files = arena_array(&p->arena, struct str, all->array.n);
	for (size_t i = 0; i < all->array.n; i++) {
		if (json_to_bytes(all->array.items[i], &p->arena, &files[i], err) < 0)
			return error_wrap(err, "%s: variableFiles", what);
	}
	in->var_files = files;
	in->var_file_count = all->array.n;
	return 0;
}

/* What data sources returned; those that are not there returned nothing that was known. */
static int data_of(struct template_input *in, struct pipeline *p, const struct json *parameters,
	struct error *err)
{
	const struct json *all = json_find(parameters, "data");
	if (!all)
		return 0;
	if (all->type != JSON_OBJECT)
		return error_set(err, ERROR_INPUT, "%s: \"data\" is not an object", what);
	struct template_data *data = arena_array(&p->arena, struct template_data, all->object.n);
	for (size_t i = 0; i < all->object.n; i++) {
		data[i].name = all->object.items[i].key;
		if (json_to_bytes(all->object.items[i].value, &p->arena, &data[i].value, err) < 0)
			return error_wrap(err, "data %.*s", STR_ARG(data[i].name));
	}
	in->data = data;
	in->data_count = all->object.n;
	return 0;
}

static int options_of(struct template_input *in, struct pipeline *p, const struct json *parameters,
	struct error *err)
{
	const struct json *variables = NULL;
	const struct json *cwd = json_find(parameters, "cwd");
	struct str now = {0};
	if (json_get_object(parameters, "variables", &variables, what, err) < 0 ||
		json_get_str(parameters, "now", &now, what, err) < 0)
		return -1;
	if (!time_parse_rfc3339(now, &in->now))
		return error_set(err, ERROR_INPUT, "%s: \"now\" is not a time", what);
	if (variables_of(in, p, variables, err) < 0 || data_of(in, p, parameters, err) < 0)
		return -1;
	if (var_files_of(in, p, parameters, err) < 0)
		return -1;
	in->has_cwd = cwd && cwd->type == JSON_STRING;
	in->cwd = json_str_or(parameters, "cwd", STR(""));
	in->except = json_str_or(parameters, "except", STR(""));
	in->hcl2 = str_is(json_str_or(parameters, "configType", STR("")), "hcl2");
	in->only_exact = true;
	in->only = json_str_or(parameters, "build", STR(""));
	return 0;
}

static int rebuild_plan(struct pipeline *p, const struct json *parameters, struct error *err)
{
	static const char *const no_environment[] = {NULL};
	struct template_input in = {
		.tree = p->tree,
		.path = p->template_path,
		.environment = no_environment,
	};
	if (options_of(&in, p, parameters, err) < 0)
		return -1;
	return pipeline_replay_template(p, &in, json_find(parameters, "as"), err);
}

static int reaudit(struct pipeline *p, const struct policy_options_cli *o,
	const struct json *parameters, struct error *err)
{
	struct policy_options_cli options = *o;
	struct str profile = json_str_or(parameters, "profile", STR(""));
	struct str threshold = json_str_or(parameters, "threshold", STR(""));
	if (!options.profile && profile.n > 0)
		options.profile = arena_cstr(&p->arena, profile);
	if (!options.threshold && threshold.n > 0)
		options.threshold = arena_cstr(&p->arena, threshold);
	if (pipeline_policy(p, &options, err) < 0)
		return -1;
	return pipeline_audit(p, &options, err);
}

/* The snapshot and the template's path out of the bundle. */
static int reopen(struct pipeline *p, const struct replay_input *in, struct error *err)
{
	const struct json *source = NULL;
	struct str commit = {0};
	if (json_get_object(in->external_parameters, "source", &source, what, err) < 0 ||
		json_get_str(source, "commit", &commit, what, err) < 0 ||
		json_get_str(in->external_parameters, "template", &p->template_path, what, err) < 0)
		return -1;
	if (snapshot_from_bundle(&p->snapshot, in->source_bundle, commit, p->template_path, err) <
		0)
		return -1;
	p->tree = snapshot_tree(p->snapshot);
	return 0;
}

static int audited_at(struct clock *out, const struct json *parameters, struct error *err)
{
	struct str audited = {0};
	*out = clock_fixed(0);
	if (json_get_str(parameters, "audited", &audited, what, err) < 0)
		return -1;
	if (!time_parse_rfc3339(audited, &out->fixed))
		return error_set(err, ERROR_INPUT, "%s: \"audited\" is not a time", what);
	return 0;
}

static int write_out(struct replay_output *out, struct pipeline *p, struct str policy,
	struct arena *a, struct error *err)
{
	scoped(buf) bytes = {0};
	scoped_ptr(audit) audit = NULL;
	buf_init(&bytes, (size_t)1 << 30);
	json_write_canonical(&bytes, plan_to_json(p->plans.items[0], &p->arena));
	out->plan = arena_str(a, buf_str(&bytes));
	buf_reset(&bytes);
	if (pipeline_findings(p, p->plans.items[0], &audit, &bytes, err) < 0)
		return -1;
	out->findings = arena_str(a, buf_str(&bytes));
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, policy_digest(p->policy));
	out->policy_known = str_is(policy, hex);
	return 0;
}

int pipeline_replay(void *ctx, const struct replay_input *in, struct replay_output *out,
	struct arena *a, struct error *err)
{
	const struct pipeline_replay *replay = ctx;
	struct cli then = *replay->cli;
	struct clock clock;
	if (audited_at(&clock, in->external_parameters, err) < 0)
		return -1;
	then.clock = &clock;
	scoped(pipeline) p = {.cli = &then};
	if (reopen(&p, in, err) < 0 || rebuild_plan(&p, in->external_parameters, err) < 0 ||
		reaudit(&p, replay->policy, in->external_parameters, err) < 0)
		return -1;
	if (p.plans.n != 1)
		return error_set(err, ERROR_INPUT, "the template has no single build of that name");
	return write_out(out, &p, in->policy_digest, a, err);
}
