#include "builders/docker/docker.h"

#include "base/file.h"
#include "builders/communicator_fields.h"
#include "builders/docker/remove.h"
#include "builders/table.h"
#include "builders/values.h"

#define PREFIX "sealwright-"

/* ---- Communicator --------------------------------------------------------------------------- */

struct docker_communicator {
	struct communicator c;
	struct machine *machine;
};

static struct machine *machine_of(struct communicator *c)
{
	return ((struct docker_communicator *)(void *)c)->machine;
}

static int comm_upload(struct communicator *c, const char *path, struct str bytes, uint32_t mode,
	struct error *err)
{
	return docker_upload(machine_of(c), path, bytes, mode, err);
}

static int comm_download(
	struct communicator *c, const char *path, struct buf *out, struct error *err)
{
	return docker_download(machine_of(c), path, out, err);
}

static int comm_exec(struct communicator *c, struct str command, const struct comm_output *out,
	int64_t deadline, struct comm_result *result, struct error *err)
{
	struct machine *m = machine_of(c);
	scoped(arena) a = {0};
	if (!str_is_cstr(command))
		return error_set(err, ERROR_INPUT, "the command holds a NUL");
	const char *argv[] = {"/bin/sh", "-c", arena_cstr(&a, command), NULL};
	struct engine_exec x = {
		.container = m->container,
		.user = m->config.exec_user.n > 0 ? arena_cstr(&a, m->config.exec_user) : NULL,
		.argv = argv,
	};
	if (deadline > 0)
		x.time_limit = deadline - clock_steady(m->options->clock);
	if (deadline > 0 && x.time_limit <= 0)
		return error_set(err, ERROR_SYSTEM, "timed out");
	*result = (struct comm_result){0};
	if (engine_exec(&m->engine, &x, out, &result->exit_code, err) != 0)
		return -1;
	result->disconnected = result->exit_code < 0;
	return 0;
}

static const struct communicator_ops communicator_ops = {
	.name = "docker",
	.upload = comm_upload,
	.download = comm_download,
	.exec = comm_exec,
};

/* ---- The image ------------------------------------------------------------------------------ */

static int inspect(struct machine *m, struct json **out, bool *missing, struct error *err)
{
	struct arena *a = &m->arena;
	struct str name = engine_escape(m->image, a);
	struct engine_call call = {
		.method = "GET",
		.path = arena_printf(a, "/images/%.*s/json", STR_ARG(name)).p,
		.missing = missing,
	};
	return engine_json(&m->engine, &call, a, out, err);
}

static int pull(struct machine *m, struct error *err)
{
	struct arena *a = &m->arena;
	scoped(buf) path = {0};
	struct str image = m->image;
	/* Without a tag the engine would fetch every one. */
	size_t slash = str_rfind_byte(image, '/');
	struct str last = slash == STR_NPOS ? image : str_from_index(image, slash + 1);
	bool tagged = str_find_byte(last, ':') != STR_NPOS || str_find_byte(last, '@') != STR_NPOS;
	buf_printf(&path, "/images/create?fromImage=%.*s", STR_ARG(engine_escape(image, a)));
	if (!tagged)
		buf_add_cstr(&path, "&tag=latest");
	if (m->config.platform.n > 0)
		buf_printf(&path, "&platform=%.*s", STR_ARG(engine_escape(m->config.platform, a)));
	log_say(m->options->log, LOG_INFO, "Pulling Docker image: %.*s", STR_ARG(image));
	return engine_progress(&m->engine, path.p, m->options->log, err);
}

/* "repository@sha256:..." of the registry that it was pulled from. */
static struct str registry_digest(const struct json *image)
{
	const struct json *list = json_find(image, "RepoDigests");
	if (!list || list->type != JSON_ARRAY || list->array.n == 0 ||
		list->array.items[0]->type != JSON_STRING)
		return STR("");
	struct str text = list->array.items[0]->text;
	size_t at = str_rfind_byte(text, '@');
	return at == STR_NPOS ? STR("") : str_from_index(text, at + 1);
}

static int find_image(struct machine *m, struct error *err)
{
	struct json *image = NULL;
	bool missing = false;
	if (docker_value(m, &m->config.image, &m->image, err) != 0)
		return -1;
	if (m->image.n == 0)
		return error_set(err, ERROR_INPUT, "\"image\" is empty");
	if (m->config.pull != CONF_FALSE && !str_has_prefix(m->image, STR("sha256:")) &&
		pull(m, err) != 0)
		return -1;
	if (inspect(m, &image, &missing, err) != 0)
		return -1;
	if (missing || !image)
		return error_set(err, ERROR_INPUT, "image %.*s: the engine does not have it",
			STR_ARG(m->image));
	struct str id = {0};
	if (json_get_str(image, "Id", &id, "image", err) != 0)
		return -1;
	m->image_id = str_has_prefix(id, STR("sha256:"))
		? id
		: arena_printf(&m->arena, "sha256:%.*s", STR_ARG(id));
	m->image_digest = registry_digest(image);
	const struct json *config = json_find(image, "Config");
	m->workdir = config ? json_str_or(config, "WorkingDir", STR("")) : STR("");
	return 0;
}

/* ---- Making the machine --------------------------------------------------------------------- */

static int check_supported(const struct docker_config *c, struct error *err)
{
	const char *key = c->build     ? "build"
		: c->windows_container ? "windows_container"
		: c->login             ? "login"
		: c->ecr_login         ? "ecr_login"
				       : NULL;
	return key ? error_set(err, ERROR_INPUT, "\"%s\" is not supported yet", key) : 0;
}

static int decode(struct machine *m, struct error *err)
{
	struct diags diags = {0};
	struct conf own;
	conf_without(&own, m->options->plan->config, communicator_field_names, &m->arena);
	if (conf_decode(&m->config, &own, docker_fields, "builder docker", &diags, &m->arena) == 0)
		return check_supported(&m->config, err);
	return diags_check(&diags, err) != 0
		? -1
		: error_set(err, ERROR_BUG, "configuration refused without a reason");
}

static int name_machine(struct machine *m, struct error *err)
{
	if (build_machine_id(m->id, err) != 0)
		return -1;
	m->container = arena_printf(&m->arena, PREFIX "%s", m->id).p;
	return journal_create(&m->journal, m->options->work_dir, m->id, err);
}

static int run_container(struct machine *m, struct error *err)
{
	struct arena *a = &m->arena;
	struct json *body = NULL;
	const char *entry = arena_printf(a, "%s#%s", m->engine.socket, m->container).p;
	if (docker_container(m, &body, a, err) != 0 ||
		journal_add(&m->journal, "container", entry, err) != 0)
		return -1;
	struct engine_call create = {
		.method = "POST",
		.path = arena_printf(a, "/containers/create?name=%s", m->container).p,
		.body = body,
	};
	log_say(m->options->log, LOG_INFO, "Starting docker container...");
	if (engine_json(&m->engine, &create, a, NULL, err) != 0)
		return -1;
	m->made = true;
	struct engine_call begin = {
		.method = "POST",
		.path = arena_printf(a, "/containers/%s/start", m->container).p,
	};
	return engine_json(&m->engine, &begin, a, NULL, err);
}

struct ids {
	char text[64];
	size_t n;
};

static void keep_ids(void *ctx, int stream, struct str bytes)
{
	struct ids *ids = ctx;
	for (size_t i = 0; stream == 1 && i < bytes.n && ids->n < sizeof(ids->text); i++)
		ids->text[ids->n++] = bytes.p[i];
}

/* What is uploaded belongs to who runs commands, as Packer arranges it with a chown. */
static int find_owner(struct machine *m, struct error *err)
{
	static const char *const argv[] = {"/bin/sh", "-c", "id -u; id -g", NULL};
	struct ids ids = {.n = 0};
	struct comm_output out = {keep_ids, &ids};
	struct engine_exec x = {.container = m->container, .argv = argv};
	int code = 0;
	if (m->config.fix_upload_owner == CONF_FALSE)
		return 0;
	if (engine_exec(&m->engine, &x, &out, &code, err) != 0)
		return -1;
	struct str rest = str_trim((struct str){ids.text, ids.n}), uid;
	if (code != 0 || !str_cut(&rest, '\n', &uid) || !str_to_u64(str_trim(uid), &m->uid) ||
		!str_to_u64(str_trim(rest), &m->gid))
		return error_set(err, ERROR_SYSTEM,
			"the container does not say who runs its commands: \"id -u; id -g\" ended "
			"with %d",
			code);
	return 0;
}

static int start_machine(struct machine *m, struct error *err)
{
	const struct build_options *o = m->options;
	if (decode(m, err) != 0 || dir_make(AT_FDCWD, o->output_dir, err) != 0 ||
		engine_open(&m->engine, o->environment, o->cancel_fd, err) != 0)
		return -1;
	log_say(o->log, LOG_INFO, "Using %s at %s", m->engine.name, m->engine.socket);
	if (name_machine(m, err) != 0 || find_image(m, err) != 0 || run_container(m, err) != 0)
		return -1;
	return find_owner(m, err);
}

/* ---- Operations ----------------------------------------------------------------------------- */

static void machine_free(struct machine *m)
{
	journal_clear(&m->journal);
	arena_clear(&m->arena);
	free(m);
}

static int docker_stop(struct machine *m, bool keep_output, struct error *err)
{
	struct error failed = {0};
	(void)keep_output;
	/* A build that is cancelled still ends what it began. */
	m->engine.cancel_fd = -1;
	int r = m->made ? container_remove(&m->engine, m->container, &failed) : 0;
	if (r == 0)
		r = journal_remove(&m->journal, &failed);
	machine_free(m);
	if (r != 0)
		*err = failed;
	return r;
}

static void docker_leave(struct machine *m)
{
	log_say(m->options->log, LOG_WARNING,
		"The container %s is left as it is; \"cleanup\" removes it", m->container);
	machine_free(m);
}

static int docker_start(struct machine **out, const struct build_options *o, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	if (!m)
		error_out_of_memory();
	m->builder = &builder_docker;
	m->options = o;
	m->communicator.c.ops = &communicator_ops;
	m->communicator.machine = m;
	if (start_machine(m, err) != 0) {
		struct error ignored = {0};
		(void)!docker_stop(m, false, &ignored);
		return -1;
	}
	*out = m;
	return 0;
}

static struct communicator *docker_communicator(struct machine *m)
{
	return &m->communicator.c;
}

static struct journal *docker_journal(struct machine *m)
{
	return &m->journal;
}

static const struct build_value values[] = {{"ConnType", STR_INIT("docker")}, {0}};

static bool docker_fill(struct machine *m, struct str name, struct str *value)
{
	if (str_is(name, "ID"))
		*value = str_from(m->container);
	else if (str_is(name, "SourceImageDigest"))
		*value = m->image_digest.n > 0 ? m->image_digest : m->image_id;
	else
		return build_value_find(values, name, value);
	return true;
}

static bool docker_fills(struct str name)
{
	struct str ignored;
	return str_is(name, "ID") || str_is(name, "SourceImageDigest") ||
		build_value_find(values, name, &ignored);
}

static struct json *docker_describe(struct machine *m, struct arena *a)
{
	struct json *j = json_object(a), *image = json_object(a);
	json_set(a, j, "type", json_cstr(a, "docker"));
	json_set(a, j, "id", json_cstr(a, m->id));
	json_set(a, j, "engine", json_cstr(a, m->engine.name));
	json_set(a, image, "reference", json_bytes(a, m->image));
	json_set(a, image, "id", json_bytes(a, m->image_id));
	if (m->image_digest.n > 0)
		json_set(a, image, "digest", json_bytes(a, m->image_digest));
	json_set(a, j, "image", image);
	return j;
}

const struct builder builder_docker = {
	.type = "docker",
	.summary = "a container of Docker or podman; an image of the engine, or a tar",
	.flags = BUILDER_LOCAL,
	.fields = docker_fields,
	.communicator_fields = communicator_field_names,
	.communicator = docker_communicator,
	.usual_communicator = "docker",
	.check = docker_check,
	.start = docker_start,
	.journal = docker_journal,
	.fill = docker_fill,
	.fills = docker_fills,
	.describe = docker_describe,
	.capture = docker_capture,
	.stop = docker_stop,
	.leave = docker_leave,
};
