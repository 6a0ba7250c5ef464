/*
 * The provisioner ansible: ansible-playbook on the build host, which reaches the machine through a
 * proxy that speaks SSH, or by itself.
 */
#include "plan/provisioners/ansible.h"

#include "base/map.h"

struct ansible {
	struct text command;
	struct text_list extra_arguments;
	struct text_list ansible_env_vars;
	struct str playbook_file;
	struct text_list ansible_ssh_extra_args;
	struct text_list groups;
	struct text_list empty_groups;
	struct text host_alias;
	struct text user;
	int64_t local_port;
	struct str ssh_host_key_file;
	struct str ssh_authorized_key_file;
	struct str ansible_proxy_key_type;
	struct text sftp_command;
	bool skip_version_check;
	bool use_sftp;
	struct str inventory_directory;
	struct text inventory_file_template;
	struct str inventory_file;
	bool keep_inventory_file;
	struct str galaxy_file;
	struct text galaxy_command;
	bool galaxy_force_install;
	bool galaxy_force_with_deps;
	struct text roles_path;
	struct text collections_path;
	enum conf_trilean use_proxy;
	bool ansible_winrm_use_http;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct ansible, member)

static const struct conf_field fields[] = {
	{"command", FIELD(command, TEXT), 0, NULL},
	{"extra_arguments", FIELD(extra_arguments, TEXT_LIST), 0, NULL},
	{"ansible_env_vars", FIELD(ansible_env_vars, TEXT_LIST), 0, NULL},
	{"playbook_file", FIELD(playbook_file, STR), CONF_REQUIRED, NULL},
	{"ansible_ssh_extra_args", FIELD(ansible_ssh_extra_args, TEXT_LIST), 0, NULL},
	{"groups", FIELD(groups, TEXT_LIST), 0, NULL},
	{"empty_groups", FIELD(empty_groups, TEXT_LIST), 0, NULL},
	{"host_alias", FIELD(host_alias, TEXT), 0, NULL},
	{"user", FIELD(user, TEXT), 0, NULL},
	{"local_port", FIELD(local_port, INT), 0, NULL},
	{"ssh_host_key_file", FIELD(ssh_host_key_file, STR), 0, NULL},
	{"ssh_authorized_key_file", FIELD(ssh_authorized_key_file, STR), 0, NULL},
	{"ansible_proxy_key_type", FIELD(ansible_proxy_key_type, STR), 0, NULL},
	{"sftp_command", FIELD(sftp_command, TEXT), 0, NULL},
	{"skip_version_check", FIELD(skip_version_check, BOOL), 0, NULL},
	{"use_sftp", FIELD(use_sftp, BOOL), 0, NULL},
	{"inventory_directory", FIELD(inventory_directory, STR), 0, NULL},
	{"inventory_file_template", FIELD(inventory_file_template, TEXT), 0, NULL},
	{"inventory_file", FIELD(inventory_file, STR), 0, NULL},
	{"keep_inventory_file", FIELD(keep_inventory_file, BOOL), 0, NULL},
	{"galaxy_file", FIELD(galaxy_file, STR), 0, NULL},
	{"galaxy_command", FIELD(galaxy_command, TEXT), 0, NULL},
	{"galaxy_force_install", FIELD(galaxy_force_install, BOOL), 0, NULL},
	{"galaxy_force_with_deps", FIELD(galaxy_force_with_deps, BOOL), 0, NULL},
	{"roles_path", FIELD(roles_path, TEXT), 0, NULL},
	{"collections_path", FIELD(collections_path, TEXT), 0, NULL},
	{"use_proxy", FIELD(use_proxy, TRILEAN), 0, NULL},
	{"ansible_winrm_use_http", FIELD(ansible_winrm_use_http, BOOL), 0, NULL},
	{0},
};

/* Values that whoever runs the proxy knows. */
#define HOLE_PORT "AnsibleProxyPort"
#define HOLE_KEY "AnsibleProxyKeyFile"
#define HOLE_USER "BuildHostUser"

struct arguments {
	struct text *items;
	size_t n;
	size_t cap;
};

struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct ansible *config;
	struct stage stage;
	struct str connection;
	bool proxy;
	bool has_key;
	struct text key;
	struct text user;
	struct text_list extra;
	struct text_list variables;
	struct compile_path playbook;
	struct text inventory; /* of the argument; empty: the file that the step brings */
};

static struct text hole(const struct block *b, const char *name)
{
	struct text t = {0};
	text_add_hole(&t, b->c->arena, str_from(name));
	return t;
}

static struct text tree_hole(const struct block *b, struct str path)
{
	return hole(b, arena_printf(b->c->arena, "%s%.*s", STEP_TREE_HOLE, STR_ARG(path)).p);
}

/* ---- What ansible reads --------------------------------------------------------------------- */

/* Directories in which it looks beside a playbook. */
static const char *const beside[] = {"action_plugins", "become_plugins", "cache_plugins",
	"callback_plugins", "collections", "connection_plugins", "defaults", "files",
	"filter_plugins", "group_vars", "handlers", "host_vars", "inventory_plugins", "library",
	"lookup_plugins", "meta", "module_utils", "playbooks", "roles", "strategy_plugins", "tasks",
	"templates", "test_plugins", "vars", "vars_plugins"};

struct inputs {
	struct block *b;
	struct step *step;
	struct map seen;
	struct origin origin;
};

static bool is_yaml(struct str path)
{
	return str_has_suffix(path, STR(".yml")) || str_has_suffix(path, STR(".yaml"));
}

static enum step_language language_of(struct str path)
{
	if (str_has_suffix(path, STR(".ps1")) || str_has_suffix(path, STR(".psm1")))
		return LANGUAGE_POWERSHELL;
	return is_yaml(path) ? LANGUAGE_ANSIBLE : LANGUAGE_NONE;
}

static int add_input(struct inputs *in, struct str path)
{
	struct compiler *c = in->b->c;
	struct error e = {0};
	struct str bytes;
	if (map_has(&in->seen, path))
		return 0;
	if (in->step->exec.inputs.n >= PLAN_STEPS_MAX)
		return compile_error(c, &in->origin, "more than %d files", PLAN_STEPS_MAX);
	if (tree_read(c->tree, path, &bytes, &e) < 0)
		return compile_error(c, &in->origin, "%s", e.text);
	path = arena_str(c->arena, path);
	map_put(&in->seen, c->arena, path, in);
	list_push(c->arena, &in->step->exec.inputs) = (struct step_input){
		.path = path,
		.content = bytes,
		.sha256 = digest_bytes(bytes),
		.language = language_of(path),
	};
	return 0;
}

static int add_tree(struct inputs *in, struct str path)
{
	struct compile_listing listing;
	if (compile_list(in->b->c, path, &in->origin, &listing) < 0)
		return -1;
	for (size_t i = 0; i < listing.files.n; i++) {
		if (add_input(in, compile_below(in->b->c, path, listing.files.items[i])) < 0)
			return -1;
	}
	return 0;
}

/* What is not there, or lies outside of the commit, is none of the inputs. */
static int add_path(struct inputs *in, struct str path)
{
	struct error e = {0};
	struct tree_entry entry = {0};
	if (tree_stat(in->b->c->tree, path, &entry, &e) < 0)
		return compile_error(in->b->c, &in->origin, "%s", e.text);
	if (entry.kind == TREE_DIR)
		return add_tree(in, path);
	return entry.kind == TREE_FILE ? add_input(in, path) : 0;
}

/* A path of the template, if it leads anywhere in the commit. */
static int add_named(struct inputs *in, struct str path)
{
	struct compile_path found;
	if (path.n == 0 || path.p[0] == '/' || path.p[0] == '~')
		return 0;
	if (compile_find(in->b->c, path, &in->origin, &found) < 0)
		return -1;
	return found.entry.kind == TREE_NONE ? 0 : add_path(in, found.path);
}

/* What the playbook names may lie under any name. */
static int add_beside(struct inputs *in, struct str directory, struct str text)
{
	struct compiler *c = in->b->c;
	struct str_list names = {0};
	struct error e = {0};
	if (tree_list(c->tree, directory, c->arena, &names, &e) < 0)
		return compile_error(c, &in->origin, "%s", e.text);
	for (size_t i = 0; i < names.n; i++) {
		bool wanted = is_yaml(names.items[i]) || str_is(names.items[i], "ansible.cfg") ||
			(text.n > 0 && str_contains(text, names.items[i]));
		for (size_t k = 0; k < countof(beside); k++)
			wanted |= str_is(names.items[i], beside[k]);
		if (wanted && add_path(in, compile_below(c, directory, names.items[i])) < 0)
			return -1;
	}
	return 0;
}

static bool is_path_byte(char c)
{
	bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
	return letter || (c >= '0' && c <= '9') || (c && strchr("._-/", c));
}

/* "../roles/web", seen from the directory; empty when it leads out of the commit. */
static struct str from_above(struct inputs *in, struct str directory, struct str path)
{
	while (str_has_prefix(path, STR("../"))) {
		if (directory.n == 0)
			return STR("");
		directory = path_dir(directory);
		path = str_from_index(path, 3);
	}
	bool plain = path.n > 0 && path.p[0] != '/' && !str_contains(path, STR(".."));
	return plain ? compile_below(in->b->c, directory, path) : STR("");
}

/* What a text names that lies further up: "../vars/all.yml", "../roles". */
static int add_above(struct inputs *in, struct str directory, struct str text)
{
	size_t at;
	while ((at = str_find(text, STR("../"))) != STR_NPOS) {
		size_t n = 0;
		text = str_from_index(text, at);
		while (n < text.n && is_path_byte(text.p[n]))
			n++;
		struct str path = from_above(in, directory, str_sub(text, 0, n));
		if (path.n > 0 && add_path(in, path) < 0)
			return -1;
		text = str_from_index(text, n);
	}
	return 0;
}

static int add_inputs(struct block *b, struct step *s)
{
	const struct ansible *config = b->config;
	struct inputs in = {.b = b, .step = s, .origin = compile_origin(b->p, "playbook_file")};
	struct str roles = text_display(&config->roles_path, b->c->arena);
	struct str collections = text_display(&config->collections_path, b->c->arena);
	if (add_input(&in, b->playbook.path) < 0 || s->exec.inputs.n == 0)
		return -1;
	struct str text = s->exec.inputs.items[0].content;
	if (add_beside(&in, path_dir(b->playbook.path), text) < 0 ||
		add_above(&in, path_dir(b->playbook.path), text) < 0 ||
		add_named(&in, STR("ansible.cfg")) < 0 || add_named(&in, roles) < 0 ||
		add_named(&in, collections) < 0 || add_named(&in, config->galaxy_file) < 0 ||
		add_named(&in, config->inventory_file) < 0)
		return -1;
	return add_named(&in, config->inventory_directory);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static void push(struct block *b, struct arguments *args, const char *literal)
{
	list_push(b->c->arena, args) = text_cstr(b->c->arena, literal);
}

static void push_format(
	struct block *b, struct arguments *args, const char *format, const struct text *value)
{
	list_push(b->c->arena, args) = text_format(b->c->arena, format, PARTS(value));
}

static struct step *add_host(struct block *b, const struct origin *o, const struct arguments *args)
{
	struct step *s = compile_step(b->c, STEP_EXEC_HOST, o);
	if (!s)
		return NULL;
	s->exec.argv.items = args->items;
	s->exec.argv.n = args->n;
	s->exec.argv.origins = arena_array(b->c->arena, struct origin, args->n);
	for (size_t i = 0; i < args->n; i++)
		s->exec.argv.origins[i] = *o;
	list_push(b->c->arena, &s->exec.exit_codes) = 0;
	s->exec.sha256 = compile_digest(b->c, &s->exec.script);
	return s;
}

/* The names of what is in the environment, as plans tell them. */
static void give_variables(struct block *b, struct step *s)
{
	s->exec.variables = b->variables;
	for (size_t i = 0; i < b->variables.n; i++) {
		struct str shown = text_display(&b->variables.items[i], b->c->arena);
		size_t equals = str_find_byte(shown, '=');
		list_push(b->c->arena, &s->exec.environment) = str_sub(shown, 0, equals);
	}
}

static struct text program(const struct block *b)
{
	if (b->config->command.n > 0)
		return b->config->command;
	return text_cstr(b->c->arena, "ansible-playbook");
}

static int add_version_check(struct block *b)
{
	struct arguments args = {0};
	struct origin o = compile_origin(b->p, "command");
	struct text command = program(b);
	if (b->config->skip_version_check)
		return 0;
	push_format(b, &args, "{}", &command);
	push(b, &args, "--version");
	return add_host(b, &o, &args) ? 0 : -1;
}

static int run_galaxy(struct block *b, const struct text *file, bool collection)
{
	const struct ansible *config = b->config;
	const struct text *to = collection ? &config->collections_path : &config->roles_path;
	struct arguments args = {0};
	struct origin o = compile_origin(b->p, "galaxy_file");
	struct text command = config->galaxy_command;
	if (command.n == 0)
		command = text_cstr(b->c->arena, "ansible-galaxy");
	push_format(b, &args, "{}", &command);
	if (collection)
		push(b, &args, "collection");
	push(b, &args, "install");
	push(b, &args, "-r");
	push_format(b, &args, "{}", file);
	if (config->galaxy_force_install)
		push(b, &args, "-f");
	if (config->galaxy_force_with_deps)
		push(b, &args, "--force-with-deps");
	if (to->n > 0) {
		push(b, &args, "-p");
		push_format(b, &args, "{}", to);
	}
	struct step *s = add_host(b, &o, &args);
	if (!s)
		return -1;
	give_variables(b, s);
	struct inputs in = {.b = b, .step = s, .origin = o};
	s->exec.language = LANGUAGE_ANSIBLE;
	return add_named(&in, config->galaxy_file);
}

static int add_galaxy(struct block *b)
{
	struct galaxy g;
	if (ansible_galaxy(&g, b->c, b->p, b->config->galaxy_file) < 0)
		return -1;
	struct text file = tree_hole(b, g.path);
	if (g.roles && run_galaxy(b, &file, false) < 0)
		return -1;
	return g.collections ? run_galaxy(b, &file, true) : 0;
}

/* ---- The inventory -------------------------------------------------------------------------- */

static void add_group(
	struct block *b, struct content *content, const struct text *line, const struct origin *o)
{
	content_add(content, b->c, line, o);
}

static int make_inventory(struct block *b, struct content *content)
{
	static const char *const ssh =
		"{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} "
		"ansible_port={{ .Port }}\n";
	static const char *const winrm =
		"{{ .HostAlias}} ansible_host={{ .Host }} ansible_connection=winrm "
		"ansible_winrm_transport=basic ansible_shell_type=powershell "
		"ansible_user={{ .User}} ansible_port={{ .Port }}\n";
	const struct ansible *config = b->config;
	struct arena *a = b->c->arena;
	bool by_winrm = !b->proxy && str_is(b->connection, "winrm");
	struct text in = config->inventory_file_template;
	struct text alias = config->host_alias.n > 0 ? config->host_alias : text_cstr(a, "default");
	const struct template_field known[] = {
		{STR_INIT("HostAlias"), alias},
		{STR_INIT("User"), b->user},
		{STR_INIT("Host"), b->proxy ? text_cstr(a, "127.0.0.1") : hole(b, "Host")},
		{STR_INIT("Port"), hole(b, b->proxy ? HOLE_PORT : "Port")},
	};
	struct origin o = compile_origin(b->p, "inventory_file_template");
	struct text host = {0};
	if (in.n == 0)
		in = text_cstr(a, by_winrm ? winrm : ssh);
	if (compile_render(b->c, &host, &in, known, countof(known), &o) < 0)
		return -1;
	add_group(b, content, &host, &o);
	for (size_t i = 0; i < config->groups.n; i++) {
		struct text line =
			text_format(a, "[{}]\n{}", PARTS(&config->groups.items[i], &host));
		add_group(b, content, &line, &config->groups.origins[i]);
	}
	for (size_t i = 0; i < config->empty_groups.n; i++) {
		struct text line = text_format(a, "[{}]\n", PARTS(&config->empty_groups.items[i]));
		add_group(b, content, &line, &config->empty_groups.origins[i]);
	}
	return 0;
}

/* ---- The playbook --------------------------------------------------------------------------- */

/* As the plugin looks for it: between the equals signs of each argument. */
static bool has_word(struct block *b, const struct text *items, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = text_display(&items[i], b->c->arena);
		struct str part;
		while (str_cut(&rest, '=', &part)) {
			if (str_is(part, word))
				return true;
		}
	}
	return false;
}

static void push_variable(
	struct block *b, struct arguments *args, const char *format, const struct text *value)
{
	push(b, args, "-e");
	push_format(b, args, format, value);
}

static void push_ssh(struct block *b, struct arguments *args)
{
	struct text given =
		text_list_joined(b->c->arena, &b->config->ansible_ssh_extra_args, "' '");
	if (given.n == 0)
		given = text_cstr(b->c->arena, "-o IdentitiesOnly=yes");
	if (!b->has_key || !str_is(b->connection, "ssh"))
		return;
	push(b, args, "--ssh-extra-args");
	push_format(b, args, "'{}'", &given);
}

static void push_extra(struct block *b, struct arguments *args)
{
	bool has_scheme = false;
	for (size_t i = 0; i < b->extra.n; i++) {
		struct str shown = text_display(&b->extra.items[i], b->c->arena);
		has_scheme |= str_has_prefix(shown, STR("ansible_winrm_scheme"));
		list_push(b->c->arena, args) = b->extra.items[i];
	}
	if (b->config->ansible_winrm_use_http && !has_scheme) {
		push(b, args, "-e");
		push(b, args, "ansible_winrm_scheme=http");
	}
}

static void push_access(struct block *b, struct arguments *args)
{
	struct text password = hole(b, "Password");
	bool ssh = str_is(b->connection, "ssh");
	if (!has_word(b, args->items, args->n, "ansible_password") && !b->proxy &&
		str_is(b->connection, "winrm"))
		push_variable(b, args, "ansible_password={}", &password);
	bool has_password = has_word(b, args->items, args->n, "ansible_password");
	if (!has_password && b->has_key)
		push_variable(b, args, "ansible_ssh_private_key_file={}", &b->key);
	if (has_password && ssh &&
		!has_word(b, args->items, args->n, "ansible_host_key_checking") &&
		!has_word(b, b->variables.items, b->variables.n, "ANSIBLE_HOST_KEY_CHECKING")) {
		push(b, args, "-e");
		push(b, args, "ansible_host_key_checking=False");
	}
}

static void make_arguments(struct block *b, struct arguments *args)
{
	static const struct escape quoted[] = {{'"', "\\\""}, {'\\', "\\\\"}, {0}};
	struct arena *a = b->c->arena;
	struct text command = program(b);
	struct text name = text_from(a, b->c->build->source_name);
	struct text type = text_from(a, b->c->build->type);
	struct text address = stage_http_address(b->c);
	struct text script = hole(b, STEP_SCRIPT_HOLE);
	struct text playbook = tree_hole(b, b->playbook.path);
	name = text_escaped(a, &name, quoted);
	push_format(b, args, "{}", &command);
	push_variable(b, args, "packer_build_name=\"{}\"", &name);
	push_variable(b, args, "packer_builder_type={}", &type);
	if (text_has_holes(&address))
		push_variable(b, args, "packer_http_addr={}", &address);
	push_ssh(b, args);
	push_extra(b, args);
	push_access(b, args);
	push(b, args, "-i");
	push_format(b, args, "{}", b->inventory.n > 0 ? &b->inventory : &script);
	push_format(b, args, "{}", &playbook);
}

static int add_playbook(struct block *b)
{
	struct arguments args = {0};
	struct content inventory = {0};
	struct origin o = compile_origin(b->p, "playbook_file");
	make_arguments(b, &args);
	struct step *s = add_host(b, &o, &args);
	if (!s)
		return -1;
	give_variables(b, s);
	s->exec.language = LANGUAGE_ANSIBLE;
	if (b->inventory.n == 0) {
		if (make_inventory(b, &inventory) < 0)
			return -1;
		s->exec.script = content_text(&inventory, b->c);
		s->exec.sha256 = compile_digest(b->c, &s->exec.script);
		content_give_lines(&inventory, s);
	}
	return add_inputs(b, s);
}

/* ---- The block ------------------------------------------------------------------------------ */

static int make_variables(struct block *b)
{
	const struct ansible *config = b->config;
	struct arena *a = b->c->arena;
	struct text_list given;
	if (compile_render_list(
		    b->c, b->p, "extra_arguments", &config->extra_arguments, &b->extra) < 0 ||
		compile_render_list(
			b->c, b->p, "ansible_env_vars", &config->ansible_env_vars, &given) < 0)
		return -1;
	b->variables.items = arena_array(a, struct text, given.n + 2);
	b->variables.origins = arena_array(a, struct origin, given.n + 2);
	for (size_t i = 0; i < given.n; i++) {
		struct origin o = compile_element(b->p, "ansible_env_vars", i);
		struct str shown = text_display(&given.items[i], a);
		size_t equals = str_find_byte(shown, '=');
		/* What an {{if}} left out. */
		if (shown.n == 0)
			continue;
		if (equals == STR_NPOS || equals == 0)
			return compile_error(b->c, &o,
				"environment variable is not in the form KEY=VALUE: %.*s",
				STR_ARG(shown));
		b->variables.items[b->variables.n] = given.items[i];
		b->variables.origins[b->variables.n++] = o;
	}
	if (config->ssh_host_key_file.n == 0)
		b->variables.items[b->variables.n++] =
			text_cstr(a, "ANSIBLE_HOST_KEY_CHECKING=False");
	if (!config->use_sftp)
		b->variables.items[b->variables.n++] = text_cstr(a, "ANSIBLE_SCP_IF_SSH=True");
	return 0;
}

static bool uses_agent(const struct block *b)
{
	const struct conf *value = conf_find(b->c->build->config, STR("ssh_agent_auth"));
	return value && value->type == CONF_BOOL && value->boolean;
}

/* The proxy has a key of its own, unless the author gave the public part of one. */
static void find_access(struct block *b)
{
	const struct ansible *config = b->config;
	struct origin o = compile_origin(b->p, "use_proxy");
	bool ssh = str_is(b->connection, "ssh");
	b->proxy = config->use_proxy != CONF_FALSE;
	if (!b->proxy && !ssh && !str_is(b->connection, "winrm")) {
		b->proxy = true;
		diag_warning(b->c->diags, b->c->diag_arena, &o,
			"ansible: \"use_proxy\" has no effect, because the machine is reached "
			"neither by SSH nor by WinRM");
	}
	b->has_key = b->proxy ? config->ssh_authorized_key_file.n == 0 : ssh && !uses_agent(b);
	b->key = hole(b, b->proxy ? HOLE_KEY : "SSHPrivateKeyFile");
	b->user = config->user;
	if (b->user.n == 0)
		b->user = hole(b, !b->proxy && ssh ? "User" : HOLE_USER);
}

static int find_inventory(struct block *b)
{
	struct str path = b->config->inventory_file;
	struct origin o = compile_origin(b->p, "inventory_file");
	struct compile_path found;
	if (path.n == 0)
		return 0;
	b->inventory = text_from(b->c->arena, path);
	if (path.p[0] == '/' || path.p[0] == '~')
		return 0;
	if (compile_find(b->c, path, &o, &found) < 0)
		return -1;
	if (found.entry.kind != TREE_NONE)
		b->inventory = tree_hole(b, found.path);
	return 0;
}

static int check_key(struct block *b, const char *key, struct str path)
{
	struct origin o = compile_origin(b->p, key);
	struct compile_path found;
	bool outside = path.n == 0 || path.p[0] == '/' || path.p[0] == '~';
	return outside ? 0 : stage_find(&b->stage, key, path, &o, STAGE_FILE, &found);
}

static int check(struct block *b)
{
	const struct ansible *config = b->config;
	struct origin file = compile_origin(b->p, "playbook_file");
	struct origin port = compile_origin(b->p, "local_port");
	struct origin type = compile_origin(b->p, "ansible_proxy_key_type");
	struct origin directory = compile_origin(b->p, "inventory_directory");
	struct str key = config->ansible_proxy_key_type;
	struct compile_path found;
	if (stage_find(&b->stage, "playbook_file", config->playbook_file, &file, STAGE_FILE,
		    &b->playbook) < 0 ||
		check_key(b, "ssh_host_key_file", config->ssh_host_key_file) < 0 ||
		check_key(b, "ssh_authorized_key_file", config->ssh_authorized_key_file) < 0)
		return -1;
	if (config->local_port < 0 || config->local_port > 65535)
		return compile_error(b->c, &port, "ansible: \"local_port\" is a port, not %lld",
			(long long)config->local_port);
	if (key.n > 0 && !str_eq_nocase(key, STR("RSA")) && !str_eq_nocase(key, STR("ECDSA")))
		return compile_error(b->c, &type,
			"ansible: \"ansible_proxy_key_type\" is ECDSA or RSA, not \"%.*s\"",
			STR_ARG(key));
	if (config->inventory_directory.n > 0 && config->inventory_directory.p[0] != '/' &&
		stage_find(&b->stage, "inventory_directory", config->inventory_directory,
			&directory, STAGE_DIRECTORY, &found) < 0)
		return -1;
	return find_inventory(b);
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct block b = {
		.c = c,
		.p = p,
		.config = config,
		.stage = {.c = c, .p = p},
		.connection = stage_connection(c),
	};
	compile_label(c, arena_printf(c->arena, "ansible: %.*s", STR_ARG(b.config->playbook_file)));
	if (check(&b) < 0 || make_variables(&b) < 0)
		return -1;
	find_access(&b);
	if (add_version_check(&b) < 0 || add_galaxy(&b) < 0)
		return -1;
	return add_playbook(&b);
}

const struct provisioner provisioner_ansible = {
	.type = "ansible",
	.fields = fields,
	.size = sizeof(struct ansible),
	.compile = compile,
};
