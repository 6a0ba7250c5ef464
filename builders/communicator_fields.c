#include "builders/communicator_fields.h"

#include "builders/builders.h"

#define KEEPALIVE_NS INT64_C(5000000000) /* Packer's */

#define AT(member) offsetof(struct communicator_config, member)

/* name, kind, member: one line per key. */
#define COMMUNICATOR_FIELDS(F) \
	F("communicator", CONF_KIND_STR, AT(communicator)) \
	F("pause_before_connecting", CONF_KIND_DURATION, AT(pause_before_connecting)) \
	F("ssh_host", CONF_KIND_TEXT, AT(ssh_host)) \
	F("ssh_port", CONF_KIND_INT, AT(ssh_port)) \
	F("ssh_username", CONF_KIND_TEXT, AT(ssh_username)) \
	F("ssh_password", CONF_KIND_TEXT, AT(ssh_password)) \
	F("ssh_keypair_name", CONF_KIND_TEXT, AT(ssh_keypair_name)) \
	F("temporary_key_pair_name", CONF_KIND_TEXT, AT(temporary_key_pair_name)) \
	F("temporary_key_pair_type", CONF_KIND_TEXT, AT(temporary_key_pair_type)) \
	F("temporary_key_pair_bits", CONF_KIND_INT, AT(temporary_key_pair_bits)) \
	F("ssh_ciphers", CONF_KIND_STR_LIST, AT(ssh_ciphers)) \
	F("ssh_clear_authorized_keys", CONF_KIND_BOOL, AT(ssh_clear_authorized_keys)) \
	F("ssh_key_exchange_algorithms", CONF_KIND_STR_LIST, AT(ssh_key_exchange_algorithms)) \
	F("ssh_private_key_file", CONF_KIND_TEXT, AT(ssh_private_key_file)) \
	F("ssh_certificate_file", CONF_KIND_TEXT, AT(ssh_certificate_file)) \
	F("ssh_pty", CONF_KIND_BOOL, AT(ssh_pty)) \
	F("ssh_timeout", CONF_KIND_DURATION, AT(ssh_timeout)) \
	F("ssh_wait_timeout", CONF_KIND_DURATION, AT(ssh_wait_timeout)) \
	F("ssh_agent_auth", CONF_KIND_BOOL, AT(ssh_agent_auth)) \
	F("ssh_disable_agent", CONF_KIND_BOOL, AT(ssh_disable_agent)) \
	F("ssh_disable_agent_forwarding", CONF_KIND_TRILEAN, AT(ssh_disable_agent_forwarding)) \
	F("ssh_handshake_attempts", CONF_KIND_INT, AT(ssh_handshake_attempts)) \
	F("ssh_bastion_host", CONF_KIND_STR, AT(ssh_bastion_host)) \
	F("ssh_bastion_port", CONF_KIND_INT, AT(ssh_bastion_port)) \
	F("ssh_bastion_agent_auth", CONF_KIND_BOOL, AT(ssh_bastion_agent_auth)) \
	F("ssh_bastion_username", CONF_KIND_TEXT, AT(ssh_bastion_username)) \
	F("ssh_bastion_password", CONF_KIND_TEXT, AT(ssh_bastion_password)) \
	F("ssh_bastion_interactive", CONF_KIND_BOOL, AT(ssh_bastion_interactive)) \
	F("ssh_bastion_private_key_file", CONF_KIND_TEXT, AT(ssh_bastion_private_key_file)) \
	F("ssh_bastion_certificate_file", CONF_KIND_TEXT, AT(ssh_bastion_certificate_file)) \
	F("ssh_file_transfer_method", CONF_KIND_STR, AT(ssh_file_transfer_method)) \
	F("ssh_proxy_host", CONF_KIND_TEXT, AT(ssh_proxy_host)) \
	F("ssh_proxy_port", CONF_KIND_INT, AT(ssh_proxy_port)) \
	F("ssh_proxy_username", CONF_KIND_TEXT, AT(ssh_proxy_username)) \
	F("ssh_proxy_password", CONF_KIND_TEXT, AT(ssh_proxy_password)) \
	F("ssh_keep_alive_interval", CONF_KIND_DURATION, AT(ssh_keep_alive_interval)) \
	F("ssh_read_write_timeout", CONF_KIND_DURATION, AT(ssh_read_write_timeout)) \
	F("ssh_remote_tunnels", CONF_KIND_STR_LIST, AT(ssh_remote_tunnels)) \
	F("ssh_local_tunnels", CONF_KIND_STR_LIST, AT(ssh_local_tunnels)) \
	F("ssh_interface", CONF_KIND_TEXT, AT(ssh_interface)) \
	F("ssh_ip_version", CONF_KIND_TEXT, AT(ssh_ip_version)) \
	F("winrm_username", CONF_KIND_TEXT, AT(winrm_username)) \
	F("winrm_password", CONF_KIND_TEXT, AT(winrm_password)) \
	F("winrm_host", CONF_KIND_TEXT, AT(winrm_host)) \
	F("winrm_no_proxy", CONF_KIND_BOOL, AT(winrm_no_proxy)) \
	F("winrm_port", CONF_KIND_INT, AT(winrm_port)) \
	F("winrm_timeout", CONF_KIND_DURATION, AT(winrm_timeout)) \
	F("winrm_use_ssl", CONF_KIND_BOOL, AT(winrm_use_ssl)) \
	F("winrm_insecure", CONF_KIND_BOOL, AT(winrm_insecure)) \
	F("winrm_use_ntlm", CONF_KIND_BOOL, AT(winrm_use_ntlm))

#define FIELD(name, kind, offset) {name, kind, offset, 0, NULL},
#define NAME(name, kind, offset) name,

static const struct conf_field fields[] = {COMMUNICATOR_FIELDS(FIELD){0}};
const char *const communicator_field_names[] = {COMMUNICATOR_FIELDS(NAME) NULL};

static const struct origin *place(const struct conf *config, const char *key)
{
	const struct conf *value = conf_find(config, str_from(key));
	return value ? &value->origin : &config->origin;
}

struct check {
	const struct conf *config;
	const char *type;
	struct diags *d;
	struct arena *a;
	int status;
};

static void need_one_of(
	struct check *c, const char *key, struct str value, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		if (value.n == 0 || str_is(value, names[i]))
			return;
	}
	c->status = diag_error(c->d, c->a, place(c->config, key),
		"builder %s: \"%s\": \"%.*s\" is not known", c->type, key, STR_ARG(value));
}

static void need_port(struct check *c, const char *key, int64_t value)
{
	if (value < 0 || value > 65535)
		c->status = diag_error(c->d, c->a, place(c->config, key),
			"builder %s: \"%s\" takes a port from 1 to 65535, not %lld", c->type, key,
			(long long)value);
}

static bool is_communicator_key(struct str name)
{
	for (size_t i = 0; communicator_field_names[i]; i++) {
		if (str_is(name, communicator_field_names[i]))
			return true;
	}
	return false;
}

int communicator_decode(struct communicator_config *out, const struct conf *config,
	const char *what, struct diags *d, struct arena *a)
{
	struct conf own = *config;
	own.object.items = NULL;
	own.object.n = own.object.cap = 0;
	for (size_t i = 0; i < config->object.n; i++) {
		if (is_communicator_key(config->object.items[i].key))
			list_push(a, &own.object) = config->object.items[i];
	}
	*out = (struct communicator_config){.ssh_keep_alive_interval = KEEPALIVE_NS};
	return conf_decode(out, &own, fields, what, d, a);
}

int communicator_check(
	const struct conf *config, const struct builder *b, struct diags *d, struct arena *a)
{
	const char *type = b->type;
	const char *const kinds[] = {"ssh", "winrm", "none", b->usual_communicator, NULL};
	static const char *const methods[] = {"scp", "sftp", NULL};
	struct communicator_config values;
	const char *what = arena_printf(a, "builder %s", type).p;
	if (communicator_decode(&values, config, what, d, a) != 0)
		return -1;
	struct check c = {config, type, d, a, 0};
	need_one_of(&c, "communicator", values.communicator, kinds);
	need_one_of(&c, "ssh_file_transfer_method", values.ssh_file_transfer_method, methods);
	need_port(&c, "ssh_port", values.ssh_port);
	need_port(&c, "ssh_bastion_port", values.ssh_bastion_port);
	need_port(&c, "winrm_port", values.winrm_port);
	bool winrm = str_is(values.communicator, "winrm");
	bool ssh = values.communicator.n == 0 ? !b->usual_communicator
					      : str_is(values.communicator, "ssh");
	if (ssh && values.ssh_username.n == 0)
		c.status = diag_error(d, a, &config->origin,
			"builder %s: \"ssh_username\" is required for the communicator ssh", type);
	if (winrm && values.winrm_username.n == 0)
		c.status = diag_error(d, a, &config->origin,
			"builder %s: \"winrm_username\" is required for the communicator winrm",
			type);
	if (ssh && values.ssh_keypair_name.n > 0 && values.ssh_private_key_file.n == 0 &&
		!conf_find(config, STR("ssh_agent_auth")) &&
		!conf_find(config, STR("ssh_password")))
		c.status = diag_error(d, a, place(config, "ssh_keypair_name"),
			"builder %s: \"ssh_keypair_name\" needs \"ssh_private_key_file\" or "
			"\"ssh_agent_auth\"",
			type);
	return c.status;
}
