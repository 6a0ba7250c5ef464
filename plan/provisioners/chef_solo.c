/* The provisioner chef-solo. */
#include "plan/provisioners/chef.h"

struct solo {
	struct chef_options options;
	struct text chef_environment;
	struct str_list cookbook_paths;
	struct text_list remote_cookbook_paths;
	struct str roles_path;
	struct str data_bags_path;
	struct str environments_path;
	struct str encrypted_data_bag_secret_path;
	bool prevent_sudo;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct solo, member)

static const struct conf_field fields[] = {
	{"chef_environment", FIELD(chef_environment, TEXT), 0, NULL},
	{"chef_license", FIELD(options.chef_license, TEXT), 0, NULL},
	{"config_template", FIELD(options.config_template, STR), 0, NULL},
	{"cookbook_paths", FIELD(cookbook_paths, STR_LIST), 0, NULL},
	{"roles_path", FIELD(roles_path, STR), 0, NULL},
	{"data_bags_path", FIELD(data_bags_path, STR), 0, NULL},
	{"encrypted_data_bag_secret_path", FIELD(encrypted_data_bag_secret_path, STR), 0, NULL},
	{"environments_path", FIELD(environments_path, STR), 0, NULL},
	{"execute_command", FIELD(options.execute_command, TEXT), 0, NULL},
	{"install_command", FIELD(options.install_command, TEXT), 0, NULL},
	{"remote_cookbook_paths", FIELD(remote_cookbook_paths, TEXT_LIST), 0, NULL},
	{"json_string", FIELD(options.json_string, TEXT), 0, NULL},
	{"json", FIELD(options.json, RAW), 0, NULL},
	{"prevent_sudo", FIELD(prevent_sudo, BOOL), 0, NULL},
	{"run_list", FIELD(options.run_list, TEXT_LIST), 0, NULL},
	{"skip_install", FIELD(options.skip_install, BOOL), 0, NULL},
	{"staging_directory", FIELD(options.staging_directory, TEXT), 0, NULL},
	{"guest_os_type", FIELD(options.guest_os_type, STR), 0, NULL},
	{"version", FIELD(options.version, TEXT), 0, NULL},
	{0},
};

static const struct chef_flavour flavours[] = {
	{.execute = "{{if .Sudo}}sudo {{end}}chef-solo --no-color -c {{.ConfigPath}} "
		    "-j {{.JsonPath}}",
		.staging = "/tmp/packer-chef-solo"},
	{.execute = "c:/opscode/chef/bin/chef-solo.bat --no-color -c {{.ConfigPath}} "
		    "-j {{.JsonPath}}",
		.staging = "C:/Windows/Temp/packer-chef-solo"},
};

static const char *const solo_rb[] = {
	"- chef_license \"{{.ChefLicense}}\"",
	"- cookbook_path [{{.CookbookPaths}}]",
	"RolesPath role_path \"{{.RolesPath}}\"",
	"DataBagsPath data_bag_path \"{{.DataBagsPath}}\"",
	"EncryptedDataBagSecretPath encrypted_data_bag_secret \"{{.EncryptedDataBagSecretPath}}\"",
	"EnvironmentsPath environment_path \"{{.EnvironmentsPath}}\"",
	"EnvironmentsPath environment \"{{.ChefEnvironment}}\"",
	NULL,
};

struct block {
	struct chef chef;
	const struct solo *config;
	struct text cookbooks; /* quoted, with commas between them */
	struct text roles;
	struct text data_bags;
	struct text environments;
	struct text secret;
};

static void add_cookbook(struct block *b, const struct text *path)
{
	struct arena *a = b->chef.stage.c->arena;
	text_push(&b->cookbooks, a, b->cookbooks.n > 0 ? STR(",\"") : STR("\""));
	text_push_text(&b->cookbooks, a, path);
	text_push(&b->cookbooks, a, STR("\""));
}

static int upload_cookbooks(struct block *b)
{
	struct arena *a = b->chef.stage.c->arena;
	const struct str_list *paths = &b->config->cookbook_paths;
	for (size_t i = 0; i < b->config->remote_cookbook_paths.n; i++)
		add_cookbook(b, &b->config->remote_cookbook_paths.items[i]);
	for (size_t i = 0; i < paths->n; i++) {
		struct origin o = compile_element(b->chef.stage.p, "cookbook_paths", i);
		struct text to = chef_path(&b->chef, arena_printf(a, "cookbooks-%zu", i).p);
		if (stage_upload_directory(
			    &b->chef.stage, &o, "cookbook_paths", paths->items[i], &to, true) < 0)
			return -1;
		add_cookbook(b, &to);
	}
	b->cookbooks = text_joined(&b->cookbooks, a);
	return 0;
}

static int upload_directory(
	struct block *b, const char *key, struct str path, const char *name, struct text *to)
{
	struct origin o = compile_origin(b->chef.stage.p, key);
	if (path.n == 0)
		return 0;
	*to = chef_path(&b->chef, name);
	return stage_upload_directory(&b->chef.stage, &o, key, path, to, true);
}

static int upload_secret(struct block *b)
{
	struct stage plain = b->chef.stage;
	plain.language = LANGUAGE_NONE;
	if (b->config->encrypted_data_bag_secret_path.n == 0)
		return 0;
	b->secret = chef_path(&b->chef, "encrypted_data_bag_secret");
	return stage_upload_secret(&plain, "encrypted_data_bag_secret_path",
		b->config->encrypted_data_bag_secret_path, &b->secret);
}

static struct text given(struct block *b, const struct text *t)
{
	return t->n > 0 ? text_cstr(b->chef.stage.c->arena, "true") : (struct text){0};
}

static int add_config(struct block *b)
{
	const struct template_field known[] = {
		{STR_INIT("CookbookPaths"), b->cookbooks},
		{STR_INIT("DataBagsPath"), b->data_bags},
		{STR_INIT("EncryptedDataBagSecretPath"), b->secret},
		{STR_INIT("RolesPath"), b->roles},
		{STR_INIT("EnvironmentsPath"), b->environments},
		{STR_INIT("ChefEnvironment"), b->config->chef_environment},
		{STR_INIT("ChefLicense"), chef_license(&b->chef, &b->config->options)},
		{STR_INIT("HasDataBagsPath"), given(b, &b->data_bags)},
		{STR_INIT("HasEncryptedDataBagSecretPath"), given(b, &b->secret)},
		{STR_INIT("HasRolesPath"), given(b, &b->roles)},
		{STR_INIT("HasEnvironmentsPath"), given(b, &b->environments)},
	};
	return chef_config(
		&b->chef, &b->config->options, "solo.rb", solo_rb, known, countof(known));
}

static int add_run(struct block *b)
{
	struct origin o = compile_origin(b->chef.stage.p, "execute_command");
	struct text command = {0};
	if (chef_command(&b->chef, &b->config->options, "solo.rb", "node.json", &command) < 0)
		return -1;
	return stage_run(&b->chef.stage, &o, &command);
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct solo *solo = config;
	struct block b = {
		.chef.stage = {.c = c,
			.p = p,
			.language = LANGUAGE_CHEF,
			.sudo = !solo->prevent_sudo},
		.config = solo,
	};
	struct origin o = compile_origin(p, "staging_directory");
	if (chef_begin(&b.chef, &solo->options, flavours) < 0 ||
		chef_install(&b.chef, &solo->options) < 0 ||
		stage_mkdir_open(&b.chef.stage, &o, &b.chef.staging) < 0 ||
		upload_cookbooks(&b) < 0 ||
		upload_directory(&b, "roles_path", solo->roles_path, "roles", &b.roles) < 0 ||
		upload_directory(&b, "data_bags_path", solo->data_bags_path, "data_bags",
			&b.data_bags) < 0 ||
		upload_secret(&b) < 0 ||
		upload_directory(&b, "environments_path", solo->environments_path, "environments",
			&b.environments) < 0 ||
		add_config(&b) < 0 || chef_json(&b.chef, &solo->options, "node.json") < 0)
		return -1;
	return add_run(&b);
}

const struct provisioner provisioner_chef_solo = {
	.type = "chef-solo",
	.fields = fields,
	.size = sizeof(struct solo),
	.compile = compile,
};
