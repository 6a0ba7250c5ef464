#include "builders/docker/docker.h"

#define AT(member) offsetof(struct docker_config, member)

const struct conf_field docker_fields[] = {
	{"image", CONF_KIND_TEXT, AT(image)},
	{"commit", CONF_KIND_BOOL, AT(commit)},
	{"discard", CONF_KIND_BOOL, AT(discard)},
	{"export_path", CONF_KIND_TEXT, AT(export_path)},
	{"author", CONF_KIND_TEXT, AT(author)},
	{"message", CONF_KIND_TEXT, AT(message)},
	{"changes", CONF_KIND_TEXT_LIST, AT(changes)},
	{"pull", CONF_KIND_TRILEAN, AT(pull)},
	{"run_command", CONF_KIND_TEXT_LIST, AT(run_command)},
	{"volumes", CONF_KIND_TEXT_MAP, AT(volumes)},
	{"privileged", CONF_KIND_BOOL, AT(privileged)},
	{"cap_add", CONF_KIND_STR_LIST, AT(cap_add)},
	{"cap_drop", CONF_KIND_STR_LIST, AT(cap_drop)},
	{"device", CONF_KIND_STR_LIST, AT(device)},
	{"tmpfs", CONF_KIND_STR_LIST, AT(tmpfs)},
	{"runtime", CONF_KIND_STR, AT(runtime)},
	{"platform", CONF_KIND_STR, AT(platform)},
	{"exec_user", CONF_KIND_STR, AT(exec_user)},
	{"fix_upload_owner", CONF_KIND_TRILEAN, AT(fix_upload_owner)},
	{"windows_container", CONF_KIND_BOOL, AT(windows_container)},
	{"build", CONF_KIND_RAW, AT(build)},
	{"login", CONF_KIND_BOOL, AT(login)},
	{"ecr_login", CONF_KIND_BOOL, AT(ecr_login)},
	/* Files go through the API: nothing of the host is mounted for them. */
	{"container_dir", CONF_KIND_IGNORED, 0},
	{"docker_path", CONF_KIND_IGNORED, 0},
	/* Accounts of registries */
	{"login_server", CONF_KIND_IGNORED, 0},
	{"login_username", CONF_KIND_IGNORED, 0},
	{"login_password", CONF_KIND_IGNORED, 0},
	{"aws_access_key", CONF_KIND_IGNORED, 0},
	{"aws_secret_key", CONF_KIND_IGNORED, 0},
	{"aws_token", CONF_KIND_IGNORED, 0},
	{"aws_profile", CONF_KIND_IGNORED, 0},
	{"aws_force_use_public_ecr", CONF_KIND_IGNORED, 0},
	{0},
};

static int wrong(const struct conf *config, const char *key, const char *text, struct diags *d,
	struct arena *a)
{
	const struct conf *value = conf_find(config, str_from(key));
	return diag_error(d, a, value ? &value->origin : &config->origin,
		"builder docker: \"%s\" %s", key, text);
}

static bool is_on(const struct conf *config, const char *key)
{
	const struct conf *value = conf_find(config, str_from(key));
	if (!value || value->type == CONF_BOOL)
		return value && value->boolean;
	return value->type == CONF_STRING && value->text.n == 1 && text_is_literal(&value->text) &&
		str_is(value->text.items[0].value, "true");
}

static bool is_set(const struct conf *config, const char *key)
{
	const struct conf *value = conf_find(config, str_from(key));
	return value && value->type != CONF_NULL &&
		!(value->type == CONF_STRING && value->text.n == 0);
}

int docker_check(const struct conf *config, struct diags *d, struct arena *a)
{
	int status = 0;
	int results =
		is_on(config, "commit") + is_on(config, "discard") + is_set(config, "export_path");
	if (is_set(config, "image") && is_set(config, "build"))
		status = wrong(config, "build", "and \"image\" exclude each other", d, a);
	if (!is_set(config, "image") && !is_set(config, "build"))
		status = wrong(config, "image", "or \"build\" is required", d, a);
	if (results > 1)
		status = wrong(config, "commit",
			"and \"discard\" and \"export_path\" exclude each other", d, a);
	if (results == 0)
		status = wrong(
			config, "commit", "or \"discard\" or \"export_path\" is required", d, a);
	if (is_on(config, "ecr_login") && !is_set(config, "login_server"))
		status = wrong(config, "ecr_login", "needs \"login_server\"", d, a);
	return status;
}

/* {{.Image}} in run_command; nothing else is known before the container is. */
static bool fill_image(void *ctx, struct str name, struct str *value)
{
	const struct machine *m = ctx;
	*value = m->image;
	return str_is(name, "Image");
}

int docker_value(struct machine *m, const struct text *t, struct str *out, struct error *err)
{
	if (m->options->redactor)
		text_redactions(t, m->options->redactor);
	if (text_fill(t, &m->arena, fill_image, m, out, err) != 0)
		return -1;
	return str_is_cstr(*out) ? 0 : error_set(err, ERROR_INPUT, "a value holds a NUL");
}

/* ---- run_command ---------------------------------------------------------------------------- */

/* What `docker run` would make of it, as far as the API has it. */
struct run_line {
	struct str entrypoint;
	struct json *command; /* array */
	struct str network;
	struct str user;
	struct str hostname;
	bool privileged;
	struct json *env;
	struct json *binds;
	struct json *ulimits;
};

enum run_option {
	RUN_NOTHING = 0,
	RUN_PRIVILEGED,
	RUN_ENTRYPOINT,
	RUN_NETWORK,
	RUN_USER,
	RUN_HOSTNAME,
	RUN_ENV,
	RUN_VOLUME,
	RUN_ULIMIT,
};

static const struct {
	const char *name;
	const char *letter;
	enum run_option option;
	bool value;
} run_options[] = {
	{"--detach", "-d", RUN_NOTHING, false},
	{"--interactive", "-i", RUN_NOTHING, false},
	{"--tty", "-t", RUN_NOTHING, false},
	{"--rm", "", RUN_NOTHING, false},
	{"--privileged", "", RUN_PRIVILEGED, false},
	{"--entrypoint", "", RUN_ENTRYPOINT, true},
	{"--network", "--net", RUN_NETWORK, true},
	{"--user", "-u", RUN_USER, true},
	{"--hostname", "-h", RUN_HOSTNAME, true},
	{"--env", "-e", RUN_ENV, true},
	{"--volume", "-v", RUN_VOLUME, true},
	{"--ulimit", "", RUN_ULIMIT, true},
};

/* "NAME=SOFT[:HARD]" */
static struct json *ulimit(struct str value, struct arena *a)
{
	struct json *j = json_object(a);
	struct str name = {0}, soft = {0};
	int64_t numbers[2] = {0, 0};
	(void)!str_cut(&value, '=', &name);
	(void)!(value.p && str_cut(&value, ':', &soft));
	bool ok = str_to_i64(soft, &numbers[0]);
	numbers[1] = numbers[0];
	ok = ok && (!value.p || str_to_i64(value, &numbers[1]));
	json_set(a, j, "Name", json_bytes(a, name));
	json_set(a, j, "Soft", json_i64(a, ok ? numbers[0] : -1));
	json_set(a, j, "Hard", json_i64(a, ok ? numbers[1] : -1));
	return j;
}

static void apply(struct run_line *line, enum run_option option, struct str value, struct arena *a)
{
	switch (option) {
	case RUN_NOTHING:
		break;
	case RUN_PRIVILEGED:
		line->privileged = true;
		break;
	case RUN_ENTRYPOINT:
		line->entrypoint = value;
		break;
	case RUN_NETWORK:
		line->network = value;
		break;
	case RUN_USER:
		line->user = value;
		break;
	case RUN_HOSTNAME:
		line->hostname = value;
		break;
	case RUN_ENV:
		json_append(a, line->env, json_bytes(a, value));
		break;
	case RUN_ULIMIT:
		json_append(a, line->ulimits, ulimit(value, a));
		break;
	case RUN_VOLUME:
		json_append(a, line->binds, json_bytes(a, value));
		break;
	}
}

/* "-dit" is three of them. */
static bool is_flags(struct str word)
{
	if (word.n < 2 || word.p[0] != '-' || word.p[1] == '-')
		return false;
	for (size_t i = 1; i < word.n; i++) {
		if (!strchr("dit", word.p[i]))
			return false;
	}
	return true;
}

static int read_option(struct run_line *line, const struct str *words, size_t n, size_t *i,
	struct arena *a, struct error *err)
{
	struct str word = words[*i], value = word, name;
	(void)!str_cut(&value, '=', &name);
	if (is_flags(word))
		return 0;
	for (size_t k = 0; k < countof(run_options); k++) {
		if (!str_is(name, run_options[k].name) && !str_is(name, run_options[k].letter))
			continue;
		if (run_options[k].value && !value.p) {
			if (++*i >= n)
				break;
			value = words[*i];
		}
		apply(line, run_options[k].option, value, a);
		return 0;
	}
	return error_set(err, ERROR_INPUT, "\"run_command\": %.*s is not supported", STR_ARG(word));
}

/* The words up to the image are options, those behind it the command. */
static int read_run_command(
	struct machine *m, struct run_line *line, struct arena *a, struct error *err)
{
	const struct text_list *list = &m->config.run_command;
	struct str *words = arena_array(a, struct str, list->n + 1);
	size_t i = 0;
	for (size_t k = 0; k < list->n; k++) {
		if (docker_value(m, &list->items[k], &words[k], err) != 0)
			return -1;
	}
	for (; i < list->n && str_has_prefix(words[i], STR("-")); i++) {
		if (str_is(words[i], "--")) {
			i++;
			break;
		}
		if (read_option(line, words, list->n, &i, a, err) != 0)
			return -1;
	}
	if (i >= list->n)
		return error_set(err, ERROR_INPUT, "\"run_command\" names no {{.Image}}");
	for (i++; i < list->n; i++)
		json_append(a, line->command, json_bytes(a, words[i]));
	return 0;
}

/* ---- The container -------------------------------------------------------------------------- */

static struct json *string_array(const struct str_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, j, json_bytes(a, list->items[i]));
	return j;
}

/* "HOST[:CONTAINER[:PERMISSIONS]]", as docker run takes it. */
static struct json *devices(const struct str_list *list, struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < list->n; i++) {
		struct str rest = list->items[i], host = rest, inside = {0}, how = {0};
		struct json *d = json_object(a);
		(void)!str_cut(&rest, ':', &host);
		(void)!(rest.p && str_cut(&rest, ':', &inside) && rest.p &&
			str_cut(&rest, ':', &how));
		json_set(a, d, "PathOnHost", json_bytes(a, host));
		json_set(a, d, "PathInContainer", json_bytes(a, inside.n > 0 ? inside : host));
		json_set(a, d, "CgroupPermissions", json_bytes(a, how.n > 0 ? how : STR("rwm")));
		json_append(a, j, d);
	}
	return j;
}

static int add_volumes(struct machine *m, struct json *binds, struct arena *a, struct error *err)
{
	const struct text_map *v = &m->config.volumes;
	for (size_t i = 0; i < v->n; i++) {
		struct str inside;
		if (docker_value(m, &v->values[i], &inside, err) != 0)
			return -1;
		json_append(a, binds,
			json_bytes(a,
				arena_printf(
					a, "%.*s:%.*s", STR_ARG(v->keys[i]), STR_ARG(inside))));
	}
	return 0;
}

static struct json *host_config(
	const struct docker_config *c, const struct run_line *line, struct arena *a)
{
	struct json *host = json_object(a), *tmpfs = json_object(a);
	for (size_t i = 0; i < c->tmpfs.n; i++) {
		struct str rest = c->tmpfs.items[i], path;
		(void)!str_cut(&rest, ':', &path);
		json_set(a, tmpfs, arena_cstr(a, path), json_bytes(a, rest.p ? rest : STR("")));
	}
	json_set(a, host, "Binds", line->binds);
	json_set(a, host, "Tmpfs", tmpfs);
	json_set(a, host, "Devices", devices(&c->device, a));
	json_set(a, host, "CapAdd", string_array(&c->cap_add, a));
	json_set(a, host, "CapDrop", string_array(&c->cap_drop, a));
	json_set(a, host, "Privileged", json_bool(a, c->privileged || line->privileged));
	json_set(a, host, "Ulimits", line->ulimits);
	if (c->runtime.n > 0)
		json_set(a, host, "Runtime", json_string(a, c->runtime));
	if (line->network.n > 0)
		json_set(a, host, "NetworkMode", json_bytes(a, line->network));
	return host;
}

int docker_container(struct machine *m, struct json **out, struct arena *a, struct error *err)
{
	const struct docker_config *c = &m->config;
	struct run_line line = {.command = json_array(a),
		.env = json_array(a),
		.binds = json_array(a),
		.ulimits = json_array(a)};
	line.entrypoint = c->run_command.n == 0 ? STR("/bin/sh") : STR("");
	if (c->run_command.n > 0 && read_run_command(m, &line, a, err) != 0)
		return -1;
	if (add_volumes(m, line.binds, a, err) != 0)
		return -1;
	struct json *j = json_object(a), *labels = json_object(a), *entrypoint = json_array(a);
	json_set(a, labels, "org.sealwright.build", json_cstr(a, m->id));
	json_set(a, j, "Image", json_string(a, m->image_id));
	json_set(a, j, "Labels", labels);
	json_set(a, j, "Tty", json_bool(a, true));
	json_set(a, j, "OpenStdin", json_bool(a, true));
	if (line.entrypoint.n > 0) {
		json_append(a, entrypoint, json_bytes(a, line.entrypoint));
		json_set(a, j, "Entrypoint", entrypoint);
	}
	if (line.command->array.n > 0 || line.entrypoint.n > 0)
		json_set(a, j, "Cmd", line.command);
	if (line.user.n > 0)
		json_set(a, j, "User", json_bytes(a, line.user));
	if (line.hostname.n > 0)
		json_set(a, j, "Hostname", json_bytes(a, line.hostname));
	if (line.env->array.n > 0)
		json_set(a, j, "Env", line.env);
	json_set(a, j, "HostConfig", host_config(c, &line, a));
	*out = j;
	return 0;
}
