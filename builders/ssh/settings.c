#include "base/file.h"
#include "base/process.h"
#include "builders/communicator_fields.h"
#include "builders/ssh/ssh.h"

#define MINUTE (60 * INT64_C(1000000000))
#define TIMEOUT_NS (5 * MINUTE)
#define HANDSHAKES 10 /* Packer's, where neither number nor time is given */
#define KEY_FILE_MAX ((size_t)64 << 10)
#define PORT 22
#define PROXY_PORT 1080

struct decoding {
	const struct build_options *options;
	struct communicator_config config;
	text_fill_fn *fill;
	void *ctx;
	struct arena *arena;
};

static int value(struct decoding *d, const struct text *t, struct str *out, struct error *err)
{
	if (d->options->redactor)
		text_redactions(t, d->options->redactor);
	return text_fill(t, d->arena, d->fill, d->ctx, out, err);
}

/* Not part of any record or message from here on. */
static int secret_value(struct decoding *d, const struct text *t, const char *name, struct str *out,
	struct error *err)
{
	if (value(d, t, out, err) != 0)
		return -1;
	if (out->n > 0 && d->options->redactor)
		redactor_add(d->options->redactor, str_from(name), *out);
	return 0;
}

/* Keys lie with whoever builds, not in the repository; but a published one may lie there too. */
static int read_key(
	struct decoding *d, const struct text *t, struct ssh_login *login, struct error *err)
{
	scoped(buf) text = {0};
	if (value(d, t, &login->key_name, err) != 0)
		return -1;
	if (login->key_name.n == 0)
		return 0;
	struct str path = login->key_name;
	if (!str_is_cstr(path))
		return error_set(err, ERROR_INPUT, "\"ssh_private_key_file\" holds a NUL");
	if (str_has_prefix(path, STR("~/"))) {
		const char *home = env_find(d->options->environment, "HOME");
		if (!home)
			return error_set(err, ERROR_USAGE,
				"\"ssh_private_key_file\": there is no HOME for the ~");
		path = arena_printf(d->arena, "%s%.*s", home, STR_ARG(str_from_index(path, 1)));
	}
	if (path.p[0] != '/') {
		struct template_found found;
		if (template_find(&found, &d->options->plan->paths, path, d->arena, err) != 0 ||
			tree_read(d->options->tree, found.path, &login->key, err) != 0)
			return error_wrap(err, "\"ssh_private_key_file\"");
		return 0;
	}
	if (file_read(&text, AT_FDCWD, arena_cstr(d->arena, path), KEY_FILE_MAX, err) != 0)
		return error_wrap(err, "\"ssh_private_key_file\"");
	login->key = arena_str(d->arena, buf_str(&text));
	secret_wipe(text.p, text.n);
	return 0;
}

static uint16_t port_of(int64_t port, uint16_t usual)
{
	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : usual;
}

static int decode_target(struct decoding *d, struct ssh_login *out, struct error *err)
{
	const struct communicator_config *c = &d->config;
	out->port = port_of(c->ssh_port, PORT);
	out->agent = c->ssh_agent_auth && !c->ssh_disable_agent;
	if (value(d, &c->ssh_host, &out->host, err) != 0 ||
		value(d, &c->ssh_username, &out->user, err) != 0 ||
		secret_value(d, &c->ssh_password, "ssh_password", &out->password, err) != 0)
		return -1;
	return read_key(d, &c->ssh_private_key_file, out, err);
}

/* What the bastion is not given is as for the machine behind it, as in Packer. */
static int decode_bastion(struct decoding *d, struct ssh_settings *s, struct error *err)
{
	const struct communicator_config *c = &d->config;
	struct ssh_login *out = &s->bastion;
	out->host = c->ssh_bastion_host;
	if (out->host.n == 0)
		return 0;
	out->port = port_of(c->ssh_bastion_port, PORT);
	out->agent = c->ssh_bastion_agent_auth;
	if (value(d, &c->ssh_bastion_username, &out->user, err) != 0 ||
		secret_value(d, &c->ssh_bastion_password, "ssh_bastion_password", &out->password,
			err) != 0 ||
		read_key(d, &c->ssh_bastion_private_key_file, out, err) != 0)
		return -1;
	if (out->user.n == 0)
		out->user = s->target.user;
	if (out->key.n == 0 && out->password.n == 0 && !out->agent) {
		out->key = s->target.key;
		out->key_name = s->target.key_name;
	}
	return 0;
}

static int decode_proxy(struct decoding *d, struct ssh_login *out, struct error *err)
{
	const struct communicator_config *c = &d->config;
	out->port = port_of(c->ssh_proxy_port, PROXY_PORT);
	if (value(d, &c->ssh_proxy_host, &out->host, err) != 0 ||
		value(d, &c->ssh_proxy_username, &out->user, err) != 0)
		return -1;
	return secret_value(d, &c->ssh_proxy_password, "ssh_proxy_password", &out->password, err);
}

/* What Packer's communicator does and this one does not: told, never left out in silence. */
static int check_supported(const struct decoding *d, struct error *err)
{
	const struct communicator_config *c = &d->config;
	const char *key = NULL;
	if (c->ssh_certificate_file.n > 0)
		key = "ssh_certificate_file";
	else if (c->ssh_bastion_certificate_file.n > 0)
		key = "ssh_bastion_certificate_file";
	else if (c->ssh_bastion_interactive)
		key = "ssh_bastion_interactive";
	else if (c->ssh_remote_tunnels.n > 0)
		key = "ssh_remote_tunnels";
	else if (c->ssh_local_tunnels.n > 0)
		key = "ssh_local_tunnels";
	if (key)
		return error_set(err, ERROR_INPUT, "\"%s\" is not supported", key);
	if (c->ssh_disable_agent_forwarding == CONF_FALSE)
		log_say(d->options->log, LOG_WARNING,
			"The agent is not forwarded to the machine: what runs there could use its "
			"keys");
	return 0;
}

static void decode_times(const struct communicator_config *c, struct ssh_settings *s)
{
	s->pause = c->pause_before_connecting;
	s->timeout = c->ssh_timeout > 0 ? c->ssh_timeout : c->ssh_wait_timeout;
	s->handshakes = c->ssh_handshake_attempts;
	if (s->timeout == 0 && s->handshakes == 0)
		s->handshakes = HANDSHAKES;
	if (s->timeout == 0)
		s->timeout = TIMEOUT_NS;
	s->keepalive = c->ssh_keep_alive_interval;
	s->idle = c->ssh_read_write_timeout;
}

int ssh_settings_decode(struct ssh_settings *out, const struct build_options *o, text_fill_fn *fill,
	void *ctx, struct arena *a, struct error *err)
{
	struct decoding d = {.options = o, .fill = fill, .ctx = ctx, .arena = a};
	struct diags diags = {0};
	if (communicator_decode(&d.config, o->plan->config, "communicator", &diags, a) != 0)
		return diags_check(&diags, err) != 0
			? -1
			: error_set(err, ERROR_BUG, "configuration refused without a reason");
	*out = (struct ssh_settings){
		.ciphers = d.config.ssh_ciphers,
		.kex = d.config.ssh_key_exchange_algorithms,
		.pty = d.config.ssh_pty,
		.sftp = str_is(d.config.ssh_file_transfer_method, "sftp"),
	};
	decode_times(&d.config, out);
	if (check_supported(&d, err) != 0 || decode_target(&d, &out->target, err) != 0 ||
		decode_bastion(&d, out, err) != 0)
		return -1;
	return decode_proxy(&d, &out->proxy, err);
}
