/* The provisioners puppet-masterless and puppet-server. */
#include "plan/provisioners/scripts.h"
#include "plan/provisioners/stage.h"

/* What both take. */
struct puppet {
	bool clean_staging_directory;
	struct str guest_os_type;
	struct text execute_command;
	struct text_list extra_arguments;
	struct text_map facter;
	bool ignore_exit_codes;
	bool prevent_sudo;
	struct text puppet_bin_dir;
	struct text staging_directory;
	struct text working_directory;
	struct text elevated_user;
	struct text elevated_password;
	/* puppet-masterless */
	struct str hiera_config_path;
	struct str_list module_paths;
	struct str manifest_file;
	struct str manifest_dir;
	/* puppet-server */
	struct str client_cert_path;
	struct str client_private_key_path;
	struct text puppet_node;
	struct text puppet_server;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct puppet, member)
#define COMMON \
	{"clean_staging_directory", FIELD(clean_staging_directory, BOOL), 0, NULL}, \
		{"guest_os_type", FIELD(guest_os_type, STR), 0, NULL}, \
		{"execute_command", FIELD(execute_command, TEXT), 0, NULL}, \
		{"extra_arguments", FIELD(extra_arguments, TEXT_LIST), 0, NULL}, \
		{"facter", FIELD(facter, TEXT_MAP), 0, NULL}, \
		{"ignore_exit_codes", FIELD(ignore_exit_codes, BOOL), 0, NULL}, \
		{"prevent_sudo", FIELD(prevent_sudo, BOOL), 0, NULL}, \
		{"puppet_bin_dir", FIELD(puppet_bin_dir, TEXT), 0, NULL}, \
		{"working_directory", FIELD(working_directory, TEXT), 0, NULL}, \
		{"elevated_user", FIELD(elevated_user, TEXT), 0, NULL}, \
	{ \
		"elevated_password", FIELD(elevated_password, TEXT), 0, NULL \
	}

static const struct conf_field masterless_fields[] = {
	COMMON,
	{"staging_directory", FIELD(staging_directory, TEXT), 0, NULL},
	{"hiera_config_path", FIELD(hiera_config_path, STR), 0, NULL},
	{"module_paths", FIELD(module_paths, STR_LIST), 0, NULL},
	{"manifest_file", FIELD(manifest_file, STR), CONF_REQUIRED, NULL},
	{"manifest_dir", FIELD(manifest_dir, STR), 0, NULL},
	{0},
};

static const struct conf_field server_fields[] = {
	COMMON,
	{"staging_dir", FIELD(staging_directory, TEXT), 0, NULL},
	{"client_cert_path", FIELD(client_cert_path, STR), 0, NULL},
	{"client_private_key_path", FIELD(client_private_key_path, STR), 0, NULL},
	{"puppet_node", FIELD(puppet_node, TEXT), 0, NULL},
	{"puppet_server", FIELD(puppet_server, TEXT), 0, NULL},
	{0},
};

/* The commands of the plugin, and where it stages; Windows second. */
struct flavour {
	const char *command;
	const char *fact; /* printf of one */
	const char *joiner;
	const char *paths; /* between module paths */
	const char *staging;
};

#define FACTS "{{if .FacterVars}}{{.FacterVars}} {{end}}"
#define WINDOWS_FACTS "{{if .FacterVars}}{{.FacterVars}} && {{end}}"
#define BIN "{{if .PuppetBinDir}}{{.PuppetBinDir}}/{{end}}"
#define APPLY \
	"puppet apply --detailed-exitcodes {{if .Debug}}--debug {{end}}" \
	"{{if .ModulePath}}--modulepath='{{.ModulePath}}' {{end}}" \
	"{{if .HieraConfigPath}}--hiera_config='{{.HieraConfigPath}}' {{end}}" \
	"{{if .ManifestDir}}--manifestdir='{{.ManifestDir}}' {{end}}" \
	"{{if .ExtraArguments}}{{.ExtraArguments}} {{end}}{{.ManifestFile}}"
#define AGENT \
	"puppet agent --onetime --no-daemonize --detailed-exitcodes " \
	"{{if .Debug}}--debug {{end}}" \
	"{{if .PuppetServer}}--server='{{.PuppetServer}}' {{end}}" \
	"{{if .PuppetNode}}--certname='{{.PuppetNode}}' {{end}}" \
	"{{if .ClientCertPath}}--certdir='{{.ClientCertPath}}' {{end}}" \
	"{{if .ClientPrivateKeyPath}}--privatekeydir='{{.ClientPrivateKeyPath}}' {{end}}" \
	"{{if .ExtraArguments}}{{.ExtraArguments}} {{end}}"

/* Packer takes SYSTEMROOT of the build host, which is empty where that is not Windows. */
static const struct flavour masterless[] = {
	{"cd {{.WorkingDir}} && " FACTS "{{if .Sudo}}sudo -E {{end}}" BIN APPLY, "FACTER_{}='{}'",
		" ", ":", "/tmp/packer-puppet-masterless"},
	{"cd {{.WorkingDir}} && " WINDOWS_FACTS BIN APPLY, "SET \"FACTER_{}={}\"", " & ", ";",
		"/Temp/packer-puppet-masterless"},
};
static const struct flavour server[] = {
	{"cd {{.WorkingDir}} && " FACTS "{{if .Sudo}}sudo -E {{end}}" BIN AGENT, "FACTER_{}='{}'",
		" ", ":", "/tmp/packer-puppet-server"},
	{"cd {{.WorkingDir}} && " WINDOWS_FACTS BIN AGENT, "SET \"FACTER_{}={}\"", " & ", ";",
		"/Temp/packer-puppet-server"},
};

struct block {
	struct stage stage;
	const struct puppet *config;
	const struct flavour *flavour;
	struct text staging;
	struct text working;
	/* Where things are in the guest; empty: not there. */
	struct text hiera;
	struct text manifest_dir;
	struct text manifest;
	struct text modules;
	struct text certs;
	struct text keys;
};

/* ---- Facts ---------------------------------------------------------------------------------- */

static int compare_keys(const void *x, const void *y)
{
	const struct environment_entry *a = x;
	const struct environment_entry *b = y;
	return str_cmp(a->name, b->name);
}

/* Packer writes them in the order of a Go map, which is none; here they are sorted. */
static struct text facts(struct block *b)
{
	struct compiler *c = b->stage.c;
	const struct text_map *map = &b->config->facter;
	struct environment all = {0};
	for (size_t i = 0; i < map->n; i++) {
		if (str_is(map->keys[i], "packer_build_name") ||
			str_is(map->keys[i], "packer_builder_type"))
			continue;
		list_push(c->arena, &all.entries) =
			(struct environment_entry){map->keys[i], map->values[i]};
	}
	list_push(c->arena, &all.entries) = (struct environment_entry){
		STR("packer_build_name"), text_from(c->arena, c->build->source_name)};
	list_push(c->arena, &all.entries) = (struct environment_entry){
		STR("packer_builder_type"), text_from(c->arena, c->build->type)};
	qsort(all.entries.items, all.entries.n, sizeof(all.entries.items[0]), compare_keys);
	struct text out = {0};
	for (size_t i = 0; i < all.entries.n; i++) {
		struct text name = text_from(c->arena, all.entries.items[i].name);
		struct text one = text_format(
			c->arena, b->flavour->fact, PARTS(&name, &all.entries.items[i].value));
		if (i > 0)
			text_push(&out, c->arena, str_from(b->flavour->joiner));
		text_push_text(&out, c->arena, &one);
	}
	return text_joined(&out, c->arena);
}

/* ---- The command ---------------------------------------------------------------------------- */

static int add_command(struct block *b)
{
	struct compiler *c = b->stage.c;
	const struct puppet *config = b->config;
	struct text arguments = text_list_joined(c->arena, &config->extra_arguments, " ");
	struct text yes = text_cstr(c->arena, "true");
	struct template_field known[] = {
		{STR_INIT("ExtraArguments"), {0}},
		{STR_INIT("Debug"), {0}},
		{STR_INIT("FacterVars"), facts(b)},
		{STR_INIT("HieraConfigPath"), b->hiera},
		{STR_INIT("ModulePath"), b->modules},
		{STR_INIT("ModulePathJoiner"), text_cstr(c->arena, b->flavour->paths)},
		{STR_INIT("ManifestFile"), b->manifest},
		{STR_INIT("ManifestDir"), b->manifest_dir},
		{STR_INIT("PuppetBinDir"), config->puppet_bin_dir},
		{STR_INIT("Sudo"), config->prevent_sudo ? (struct text){0} : yes},
		{STR_INIT("WorkingDir"), b->working},
		{STR_INIT("ClientCertPath"), b->certs},
		{STR_INIT("ClientPrivateKeyPath"), b->keys},
		{STR_INIT("PuppetNode"), config->puppet_node},
		{STR_INIT("PuppetServer"), config->puppet_server},
	};
	struct origin extra = compile_origin(b->stage.p, "extra_arguments");
	struct origin o = compile_origin(b->stage.p, "execute_command");
	struct origin secret = compile_origin(b->stage.p, "elevated_password");
	struct text command = config->execute_command;
	struct text made = {0};
	struct text password = {0};
	if (command.n == 0)
		command = text_cstr(c->arena, b->flavour->command);
	if (compile_render(c, &known[0].value, &arguments, known, countof(known), &extra) < 0 ||
		compile_render(c, &made, &command, known, countof(known), &o) < 0 ||
		compile_render(c, &password, &config->elevated_password, NULL, 0, &secret) < 0 ||
		stage_elevate(&b->stage, &o, &config->elevated_user, &password, &made) < 0)
		return -1;
	struct step *s = stage_exec(&b->stage, &o, &made);
	if (!s)
		return -1;
	/* 2: something was changed. */
	list_push(c->arena, &s->exec.exit_codes) = 2;
	s->exec.any_exit_code = config->ignore_exit_codes;
	return 0;
}

static int begin(struct block *b, const struct flavour *flavours)
{
	struct compiler *c = b->stage.c;
	struct origin o = compile_origin(b->stage.p, "staging_directory");
	if (stage_guest_type(&b->stage, b->config->guest_os_type) < 0)
		return -1;
	b->flavour = &flavours[b->stage.windows];
	b->staging = b->config->staging_directory;
	if (b->staging.n == 0)
		b->staging = text_cstr(c->arena, b->flavour->staging);
	b->working = b->config->working_directory;
	if (b->working.n == 0)
		b->working = b->staging;
	return stage_mkdir_open(&b->stage, &o, &b->staging);
}

static int finish(struct block *b)
{
	struct origin o = compile_origin(b->stage.p, "clean_staging_directory");
	if (add_command(b) < 0)
		return -1;
	return b->config->clean_staging_directory ? stage_rmdir(&b->stage, &o, &b->staging) : 0;
}

/* ---- puppet-masterless ---------------------------------------------------------------------- */

static int upload_hiera(struct block *b)
{
	if (b->config->hiera_config_path.n == 0)
		return 0;
	b->hiera = text_below(b->stage.c->arena, &b->staging, STR("hiera.yaml"));
	return stage_upload(
		&b->stage, "hiera_config_path", b->config->hiera_config_path, &b->hiera);
}

static int upload_manifest_dir(struct block *b)
{
	struct origin o = compile_origin(b->stage.p, "manifest_dir");
	if (b->config->manifest_dir.n == 0)
		return 0;
	b->manifest_dir = text_below(b->stage.c->arena, &b->staging, STR("manifests"));
	return stage_upload_directory(
		&b->stage, &o, "manifest_dir", b->config->manifest_dir, &b->manifest_dir, true);
}

static int upload_modules(struct block *b)
{
	struct arena *a = b->stage.c->arena;
	const struct str_list *paths = &b->config->module_paths;
	for (size_t i = 0; i < paths->n; i++) {
		struct origin o = compile_element(b->stage.p, "module_paths", i);
		struct str name = arena_printf(a, "module-%zu", i);
		struct text to = text_below(a, &b->staging, name);
		if (stage_upload_directory(
			    &b->stage, &o, "module_paths", paths->items[i], &to, true) < 0)
			return -1;
		if (i > 0)
			text_push(&b->modules, a, str_from(b->flavour->paths));
		text_push_text(&b->modules, a, &to);
	}
	b->modules = text_joined(&b->modules, a);
	return 0;
}

static int upload_manifest(struct block *b)
{
	struct arena *a = b->stage.c->arena;
	struct origin o = compile_origin(b->stage.p, "manifest_file");
	struct text directory = text_below(a, &b->staging, STR("manifests"));
	struct compile_path found;
	if (stage_find(&b->stage, "manifest_file", b->config->manifest_file, &o, STAGE_ANY,
		    &found) < 0 ||
		stage_mkdir_open(&b->stage, &o, &directory) < 0)
		return -1;
	b->manifest = directory;
	if (found.entry.kind == TREE_DIR)
		return stage_upload_directory(
			&b->stage, &o, "manifest_file", b->config->manifest_file, &directory, true);
	b->manifest = text_below(a, &directory, path_base(found.path));
	return stage_file(&b->stage, &o, found.path, &b->manifest, 0644);
}

static struct block block_of(
	struct compiler *c, const struct template_provisioner *p, const struct puppet *config)
{
	return (struct block){
		.stage = {.c = c,
			.p = p,
			.language = LANGUAGE_PUPPET,
			.sudo = !config->prevent_sudo},
		.config = config,
	};
}

static int compile_masterless(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct block b = block_of(c, p, config);
	struct origin o = compile_origin(p, "manifest_file");
	if (b.config->manifest_file.n == 0)
		return compile_error(c, &o, "puppet-masterless: \"manifest_file\" is empty");
	compile_label(c,
		arena_printf(
			c->arena, "puppet-masterless: %.*s", STR_ARG(b.config->manifest_file)));
	if (begin(&b, masterless) < 0 || upload_hiera(&b) < 0 || upload_manifest_dir(&b) < 0 ||
		upload_modules(&b) < 0 || upload_manifest(&b) < 0)
		return -1;
	return finish(&b);
}

const struct provisioner provisioner_puppet_masterless = {
	.type = "puppet-masterless",
	.fields = masterless_fields,
	.size = sizeof(struct puppet),
	.compile = compile_masterless,
};

/* ---- puppet-server -------------------------------------------------------------------------- */

/* Certificates and keys are not code. */
static int upload_client(
	struct block *b, const char *key, struct str path, const char *name, struct text *to)
{
	struct origin o = compile_origin(b->stage.p, key);
	struct stage plain = b->stage;
	if (path.n == 0)
		return 0;
	plain.language = LANGUAGE_NONE;
	*to = text_below(b->stage.c->arena, &b->staging, str_from(name));
	return stage_upload_directory(&plain, &o, key, path, to, true);
}

static int compile_server(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct block b = block_of(c, p, config);
	if (begin(&b, server) < 0 ||
		upload_client(&b, "client_cert_path", b.config->client_cert_path, "certs",
			&b.certs) < 0 ||
		upload_client(&b, "client_private_key_path", b.config->client_private_key_path,
			"private_keys", &b.keys) < 0)
		return -1;
	return finish(&b);
}

const struct provisioner provisioner_puppet_server = {
	.type = "puppet-server",
	.fields = server_fields,
	.size = sizeof(struct puppet),
	.compile = compile_server,
};
