/* The configuration keys of Packer's communicators, common to the builders. Private. */
#ifndef BUILDERS_COMMUNICATOR_FIELDS_H
#define BUILDERS_COMMUNICATOR_FIELDS_H

#include "base/conf.h"

/* NULL-ended names, for struct builder. */
extern const char *const communicator_field_names[];

/* Named as the keys are; durations in ns, with Packer's default of the keep-alive. */
struct communicator_config {
	struct str communicator;
	int64_t pause_before_connecting;
	struct text ssh_host;
	int64_t ssh_port;
	struct text ssh_username;
	struct text ssh_password;
	struct text ssh_keypair_name;
	struct text temporary_key_pair_name;
	struct text temporary_key_pair_type;
	int64_t temporary_key_pair_bits;
	struct str_list ssh_ciphers;
	bool ssh_clear_authorized_keys;
	struct str_list ssh_key_exchange_algorithms;
	struct text ssh_private_key_file;
	struct text ssh_certificate_file;
	bool ssh_pty;
	int64_t ssh_timeout;
	int64_t ssh_wait_timeout;
	bool ssh_agent_auth;
	bool ssh_disable_agent;
	enum conf_trilean ssh_disable_agent_forwarding;
	int64_t ssh_handshake_attempts;
	struct str ssh_bastion_host;
	int64_t ssh_bastion_port;
	bool ssh_bastion_agent_auth;
	struct text ssh_bastion_username;
	struct text ssh_bastion_password;
	bool ssh_bastion_interactive;
	struct text ssh_bastion_private_key_file;
	struct text ssh_bastion_certificate_file;
	struct str ssh_file_transfer_method;
	struct text ssh_proxy_host;
	int64_t ssh_proxy_port;
	struct text ssh_proxy_username;
	struct text ssh_proxy_password;
	int64_t ssh_keep_alive_interval;
	int64_t ssh_read_write_timeout;
	struct str_list ssh_remote_tunnels;
	struct str_list ssh_local_tunnels;
	struct text ssh_interface;
	struct text ssh_ip_version;
	struct text winrm_username;
	struct text winrm_password;
	struct text winrm_host;
	bool winrm_no_proxy;
	int64_t winrm_port;
	int64_t winrm_timeout;
	bool winrm_use_ssl;
	bool winrm_insecure;
	bool winrm_use_ntlm;
};

/* The communicator's keys of a builder's configuration; others are not looked at. */
MUST_CHECK int communicator_decode(struct communicator_config *out, const struct conf *config,
	const char *what, struct diags *d, struct arena *a);

/* Types, ranges, and what excludes what. `config` holds no other keys. */
struct builder;
MUST_CHECK int communicator_check(
	const struct conf *config, const struct builder *b, struct diags *d, struct arena *a);

/* The configuration without the members of these names. */
void conf_without(
	struct conf *out, const struct conf *config, const char *const *names, struct arena *a);

#endif
