/* A machine that is there already: no image is made of it. */
#include "base/file.h"
#include "base/process.h"
#include "builders/builders.h"
#include "builders/communicator_fields.h"
#include "builders/communicator_none.h"
#include "builders/ssh/ssh.h"
#include "builders/table.h"
#include "builders/values.h"

struct machine {
	const struct builder *builder;
	const struct build_options *options;
	struct arena arena;
	struct ssh_settings settings;
	struct ssh *ssh; /* NULL: the communicator is none */
	struct ssh_communicator over_ssh;
	struct communicator none;
};

/* It has no keys but the communicator's. */
static const struct conf_field fields[] = {{0}};

static struct str communicator_name(const struct conf *config, struct arena *a)
{
	const struct conf *kind = conf_find(config, STR("communicator"));
	struct str name = {0};
	if (!kind || kind->type != CONF_STRING || !text_value(&kind->text, a, &name))
		return STR("ssh");
	return name;
}

static int null_check(const struct conf *config, struct diags *d, struct arena *a)
{
	struct str name = communicator_name(config, a);
	bool over_ssh = !str_is(name, "none") && !str_is(name, "winrm");
	if (over_ssh && !conf_find(config, STR("ssh_host")))
		return diag_error(d, a, &config->origin,
			"builder null: \"ssh_host\" is required for the communicator ssh");
	return 0;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool null_fill(struct machine *m, struct str name, struct str *value)
{
	const struct ssh_login *target = &m->settings.target;
	if (str_is(name, "ID"))
		*value = STR("Null");
	else if (m->ssh && str_is(name, "Host"))
		*value = target->host;
	else if (m->ssh && str_is(name, "Port"))
		*value = arena_printf(&m->arena, "%u", target->port);
	else if (m->ssh && str_is(name, "User"))
		*value = target->user;
	else if (m->ssh && str_is(name, "Password"))
		*value = target->password;
	else if (m->ssh && str_is(name, "ConnType"))
		*value = STR("ssh");
	else
		return build_value_find(NULL, name, value);
	return true;
}

static bool null_fills(struct str name)
{
	struct str ignored;
	return str_is(name, "ID") || build_value_find(NULL, name, &ignored);
}

/* The address of the machine cannot be a value that only the machine has. */
static bool fill_nothing(void *ctx, struct str name, struct str *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return false;
}

/* ---- Operations ----------------------------------------------------------------------------- */

static int connect_ssh(struct machine *m, struct error *err)
{
	const struct build_options *o = m->options;
	struct ssh_around around = {
		.clock = o->clock,
		.log = o->log,
		.cancel_fd = o->cancel_fd,
		.agent_socket = env_find(o->environment, "SSH_AUTH_SOCK"),
		.known_hosts = o->known_hosts,
	};
	if (ssh_settings_decode(&m->settings, o, fill_nothing, NULL, &m->arena, err) != 0)
		return -1;
	log_say(o->log, LOG_INFO, "Waiting for SSH of %.*s...", STR_ARG(m->settings.target.host));
	if (ssh_open(&m->ssh, &m->settings, &around, err) != 0)
		return -1;
	struct str print = ssh_host_key_fingerprint(m->ssh);
	log_say(o->log, LOG_INFO, "Connected to SSH; the host's key is %.*s%s", STR_ARG(print),
		ssh_host_key_pinned(m->ssh) ? "" : " (taken as found)");
	ssh_communicator_init(&m->over_ssh, m->ssh);
	return 0;
}

static int null_stop(struct machine *m, bool keep_output, struct error *err)
{
	(void)keep_output;
	(void)err;
	ssh_free(m->ssh);
	arena_clear(&m->arena);
	free(m);
	return 0;
}

static void null_leave(struct machine *m)
{
	struct error ignored = {0};
	(void)!null_stop(m, true, &ignored);
}

static int null_start(struct machine **out, const struct build_options *o, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	if (!m)
		error_out_of_memory();
	m->builder = &builder_null;
	m->options = o;
	m->none.ops = &communicator_none;
	struct str name = communicator_name(o->plan->config, &m->arena);
	/* Where commands on the build host start, and what they leave stays. */
	int r = dir_make(AT_FDCWD, o->output_dir, err);
	if (r == 0 && str_is(name, "winrm"))
		r = error_set(err, ERROR_INPUT, "the communicator winrm is not supported yet");
	else if (r == 0 && !str_is(name, "none"))
		r = connect_ssh(m, err);
	if (r != 0) {
		null_leave(m);
		return -1;
	}
	*out = m;
	return 0;
}

static void null_watch(struct machine *m, struct watch *w)
{
	if (m->ssh)
		ssh_set_watch(m->ssh, w);
}

static struct communicator *null_communicator(struct machine *m)
{
	return m->ssh ? &m->over_ssh.c : &m->none;
}

static struct json *null_describe(struct machine *m, struct arena *a)
{
	struct json *j = json_object(a);
	json_set(a, j, "type", json_cstr(a, "null"));
	if (m->ssh)
		json_set(a, j, "ssh", ssh_describe(m->ssh, a));
	return j;
}

/* What the machine is known by: it has no other name that nobody else could take. */
static int null_capture(struct machine *m, struct artifact *out, struct arena *a, struct error *err)
{
	(void)err;
	*out = (struct artifact){
		.builder_id = STR("fnoeding.null"),
		.image_name = arena_str(a, m->settings.target.host),
	};
	if (!m->ssh)
		return 0;
	struct digest key = ssh_host_key_digest(m->ssh);
	char hex[DIGEST_HEX_SIZE];
	digest_hex(hex, &key);
	out->image_id = arena_str(a, str_from(hex));
	out->image_algorithm = STR("ssh_host_key_sha256");
	return 0;
}

const struct builder builder_null = {
	.type = "null",
	.summary = "a machine that is there already, over SSH; no image is made of it",
	.flags = BUILDER_KEEPS,
	.fields = fields,
	.communicator_fields = communicator_field_names,
	.check = null_check,
	.start = null_start,
	.watch = null_watch,
	.communicator = null_communicator,
	.fill = null_fill,
	.fills = null_fills,
	.describe = null_describe,
	.capture = null_capture,
	.stop = null_stop,
	.leave = null_leave,
};
