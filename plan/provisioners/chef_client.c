/* The provisioner chef-client. */
#include "plan/provisioners/chef.h"

struct client {
	struct chef_options options;
	struct text chef_environment;
	struct text client_key;
	struct text elevated_user;
	struct text elevated_password;
	struct str encrypted_data_bag_secret_path;
	struct text knife_command;
	struct text node_name;
	struct text policy_group;
	struct text policy_name;
	bool prevent_sudo;
	struct text rubygems_url;
	struct text server_url;
	bool skip_clean_client;
	bool skip_clean_node;
	bool skip_clean_staging_directory;
	struct text ssl_verify_mode;
	struct text trusted_certs_dir;
	struct text validation_client_name;
	struct str validation_key_path;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct client, member)

static const struct conf_field fields[] = {
	{"json_string", FIELD(options.json_string, TEXT), 0, NULL},
	{"json", FIELD(options.json, RAW), 0, NULL},
	{"chef_environment", FIELD(chef_environment, TEXT), 0, NULL},
	{"chef_license", FIELD(options.chef_license, TEXT), 0, NULL},
	{"client_key", FIELD(client_key, TEXT), 0, NULL},
	{"config_template", FIELD(options.config_template, STR), 0, NULL},
	{"elevated_user", FIELD(elevated_user, TEXT), 0, NULL},
	{"elevated_password", FIELD(elevated_password, TEXT), 0, NULL},
	{"encrypted_data_bag_secret_path", FIELD(encrypted_data_bag_secret_path, STR), 0, NULL},
	{"execute_command", FIELD(options.execute_command, TEXT), 0, NULL},
	{"guest_os_type", FIELD(options.guest_os_type, STR), 0, NULL},
	{"install_command", FIELD(options.install_command, TEXT), 0, NULL},
	{"knife_command", FIELD(knife_command, TEXT), 0, NULL},
	{"node_name", FIELD(node_name, TEXT), 0, NULL},
	{"policy_group", FIELD(policy_group, TEXT), 0, NULL},
	{"policy_name", FIELD(policy_name, TEXT), 0, NULL},
	{"prevent_sudo", FIELD(prevent_sudo, BOOL), 0, NULL},
	{"rubygems_url", FIELD(rubygems_url, TEXT), 0, NULL},
	{"run_list", FIELD(options.run_list, TEXT_LIST), 0, NULL},
	{"server_url", FIELD(server_url, TEXT), CONF_REQUIRED, NULL},
	{"skip_clean_client", FIELD(skip_clean_client, BOOL), 0, NULL},
	{"skip_clean_node", FIELD(skip_clean_node, BOOL), 0, NULL},
	{"skip_clean_staging_directory", FIELD(skip_clean_staging_directory, BOOL), 0, NULL},
	{"skip_install", FIELD(options.skip_install, BOOL), 0, NULL},
	{"ssl_verify_mode", FIELD(ssl_verify_mode, TEXT), 0, NULL},
	{"trusted_certs_dir", FIELD(trusted_certs_dir, TEXT), 0, NULL},
	{"staging_directory", FIELD(options.staging_directory, TEXT), 0, NULL},
	{"validation_client_name", FIELD(validation_client_name, TEXT), 0, NULL},
	{"validation_key_path", FIELD(validation_key_path, STR), 0, NULL},
	{"version", FIELD(options.version, TEXT), 0, NULL},
	{0},
};

static const struct chef_flavour flavours[] = {
	{.execute = "{{if .Sudo}}sudo {{end}}chef-client --no-color -c {{.ConfigPath}} "
		    "-j {{.JsonPath}}",
		.staging = "/tmp/packer-chef-client",
		.knife = "{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}"},
	{.execute = "c:/opscode/chef/bin/chef-client.bat --no-color -c {{.ConfigPath}} "
		    "-j {{.JsonPath}}",
		.staging = "C:/Windows/Temp/packer-chef-client",
		.knife = "c:/opscode/chef/bin/knife.bat {{.Args}} {{.Flags}}"},
};

static const char *const client_rb[] = {
	"- log_level :info",
	"- log_location STDOUT",
	"- chef_server_url \"{{.ServerUrl}}\"",
	"- client_key \"{{.ClientKey}}\"",
	"- chef_license \"{{.ChefLicense}}\"",
	"EncryptedDataBagSecretPath encrypted_data_bag_secret \"{{.EncryptedDataBagSecretPath}}\"",
	"- validation_client_name \"{{if .ValidationClientName}}{{.ValidationClientName}}"
	"{{else}}chef-validator{{end}}\"",
	"ValidationKeyPath validation_key \"{{.ValidationKeyPath}}\"",
	"- node_name \"{{.NodeName}}\"",
	"ChefEnvironment environment \"{{.ChefEnvironment}}\"",
	"PolicyGroup policy_group \"{{.PolicyGroup}}\"",
	"PolicyName policy_name \"{{.PolicyName}}\"",
	"SslVerifyMode ssl_verify_mode :{{.SslVerifyMode}}",
	"TrustedCertsDir trusted_certs_dir \"{{.TrustedCertsDir}}\"",
	"RubygemsURL rubygems_url \"{{.RubygemsURL}}\"",
	NULL,
};

static const char *const knife_rb[] = {
	"- log_level :info",
	"- log_location STDOUT",
	"- chef_server_url \"{{.ServerUrl}}\"",
	"- client_key \"{{.ClientKey}}\"",
	"- node_name \"{{.NodeName}}\"",
	"SslVerifyMode ssl_verify_mode :{{.SslVerifyMode}}",
	"TrustedCertsDir trusted_certs_dir \"{{.TrustedCertsDir}}\"",
	NULL,
};

struct block {
	struct chef chef;
	const struct client *config;
	struct text node;
	struct text key;
	struct text secret;
	struct text validation;
};

static int upload_secret(
	struct block *b, const char *key, struct str path, const char *name, struct text *to)
{
	struct stage plain = b->chef.stage;
	plain.language = LANGUAGE_NONE;
	if (path.n == 0)
		return 0;
	*to = chef_path(&b->chef, name);
	return stage_upload_secret(&plain, key, path, to);
}

/* knife.rb is never the author's. */
static int add_config(struct block *b, const char *name, const char *const *standard, bool own)
{
	const struct client *config = b->config;
	struct chef_options options = config->options;
	const struct template_field known[] = {
		{STR_INIT("ChefEnvironment"), config->chef_environment},
		{STR_INIT("ChefLicense"), chef_license(&b->chef, &config->options)},
		{STR_INIT("ClientKey"), b->key},
		{STR_INIT("EncryptedDataBagSecretPath"), b->secret},
		{STR_INIT("NodeName"), b->node},
		{STR_INIT("PolicyGroup"), config->policy_group},
		{STR_INIT("PolicyName"), config->policy_name},
		{STR_INIT("RubygemsURL"), config->rubygems_url},
		{STR_INIT("ServerUrl"), config->server_url},
		{STR_INIT("SslVerifyMode"), config->ssl_verify_mode},
		{STR_INIT("TrustedCertsDir"), config->trusted_certs_dir},
		{STR_INIT("ValidationClientName"), config->validation_client_name},
		{STR_INIT("ValidationKeyPath"), b->validation},
	};
	if (!own)
		options.config_template = STR("");
	return chef_config(&b->chef, &options, name, standard, known, countof(known));
}

static int add_run(struct block *b)
{
	const struct client *config = b->config;
	struct compiler *c = b->chef.stage.c;
	struct origin o = compile_origin(b->chef.stage.p, "execute_command");
	struct origin secret = compile_origin(b->chef.stage.p, "elevated_password");
	struct text command = {0};
	struct text password = {0};
	if (chef_command(&b->chef, &config->options, "client.rb", "first-boot.json", &command) <
			0 ||
		compile_render(c, &password, &config->elevated_password, NULL, 0, &secret) < 0 ||
		stage_elevate(&b->chef.stage, &o, &config->elevated_user, &password, &command) < 0)
		return -1;
	return stage_run(&b->chef.stage, &o, &command);
}

/* ---- What is left on the server ------------------------------------------------------------- */

static int add_knife(struct block *b, const char *what)
{
	struct compiler *c = b->chef.stage.c;
	struct origin o = compile_origin(b->chef.stage.p, "knife_command");
	struct text config = chef_path(&b->chef, "knife.rb");
	struct text object = text_cstr(c->arena, what);
	const struct template_field known[] = {
		{STR_INIT("Sudo"),
			b->chef.stage.sudo ? text_cstr(c->arena, "true") : (struct text){0}},
		{STR_INIT("Flags"), text_format(c->arena, "-y -c {}", PARTS(&config))},
		{STR_INIT("Args"), text_format(c->arena, "{} delete {}", PARTS(&object, &b->node))},
	};
	struct text in = b->config->knife_command;
	struct text command = {0};
	if (in.n == 0)
		in = text_cstr(c->arena, b->chef.flavour->knife);
	if (compile_render(c, &command, &in, known, countof(known), &o) < 0)
		return -1;
	return stage_run(&b->chef.stage, &o, &command);
}

static int clean(struct block *b)
{
	const struct client *config = b->config;
	struct origin o = compile_origin(b->chef.stage.p, "staging_directory");
	if (!(config->skip_clean_node && config->skip_clean_client)) {
		if (add_config(b, "knife.rb", knife_rb, false) < 0)
			return -1;
		if (!config->skip_clean_node && add_knife(b, "node") < 0)
			return -1;
		if (!config->skip_clean_client && add_knife(b, "client") < 0)
			return -1;
	}
	if (config->skip_clean_staging_directory)
		return 0;
	if (stage_rmdir(&b->chef.stage, &o, &b->chef.staging) < 0)
		return -1;
	struct compiler *c = b->chef.stage.c;
	c->plan->steps.items[c->plan->steps.n - 1].exec.any_exit_code = true;
	return 0;
}

/* ---- The block ------------------------------------------------------------------------------ */

static int check(struct block *b)
{
	const struct client *config = b->config;
	struct compiler *c = b->chef.stage.c;
	bool group = config->policy_group.n > 0;
	struct origin server = compile_origin(b->chef.stage.p, "server_url");
	struct origin policy =
		compile_origin(b->chef.stage.p, group ? "policy_group" : "policy_name");
	if (config->server_url.n == 0)
		return compile_error(c, &server, "chef-client: \"server_url\" is empty");
	if (group != (config->policy_name.n > 0))
		return compile_error(c, &policy,
			"chef-client: \"policy_name\" and \"policy_group\" go together");
	return chef_begin(&b->chef, &config->options, flavours);
}

static void name_things(struct block *b)
{
	struct compiler *c = b->chef.stage.c;
	b->node = b->config->node_name;
	b->key = b->config->client_key;
	if (b->node.n == 0)
		b->node = text_from(c->arena,
			arena_printf(
				c->arena, "packer-%.*s", STR_ARG(compile_uuid(c, "chef node"))));
	if (b->key.n == 0)
		b->key = chef_path(&b->chef, "client.pem");
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct client *client = config;
	struct block b = {
		.chef.stage = {.c = c,
			.p = p,
			.language = LANGUAGE_CHEF,
			.sudo = !client->prevent_sudo},
		.config = client,
	};
	struct origin o = compile_origin(p, "staging_directory");
	if (check(&b) < 0)
		return -1;
	name_things(&b);
	if (chef_install(&b.chef, &client->options) < 0 ||
		stage_mkdir_open(&b.chef.stage, &o, &b.chef.staging) < 0 ||
		upload_secret(&b, "encrypted_data_bag_secret_path",
			client->encrypted_data_bag_secret_path, "encrypted_data_bag_secret",
			&b.secret) < 0 ||
		upload_secret(&b, "validation_key_path", client->validation_key_path,
			"validation.pem", &b.validation) < 0 ||
		add_config(&b, "client.rb", client_rb, true) < 0 ||
		chef_json(&b.chef, &client->options, "first-boot.json") < 0 || add_run(&b) < 0)
		return -1;
	return clean(&b);
}

const struct provisioner provisioner_chef_client = {
	.type = "chef-client",
	.fields = fields,
	.size = sizeof(struct client),
	.compile = compile,
};
