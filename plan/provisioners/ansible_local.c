/* The provisioner ansible-local: everything is staged, and ansible-playbook runs in the guest. */
#include "plan/provisioners/ansible.h"

struct local {
	struct text command;
	struct text_list extra_arguments;
	struct str group_vars;
	struct str host_vars;
	struct str playbook_dir;
	struct str playbook_file;
	struct str_list playbook_files;
	struct str_list playbook_paths;
	struct str_list role_paths;
	struct str_list collection_paths;
	struct text staging_directory;
	bool clean_staging_directory;
	struct str inventory_file;
	struct text_list inventory_groups;
	struct str galaxy_file;
	struct text galaxy_command;
	bool galaxy_force_install;
	struct text galaxy_roles_path;
	struct text galaxy_collections_path;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct local, member)

static const struct conf_field fields[] = {
	{"command", FIELD(command, TEXT), 0, NULL},
	{"extra_arguments", FIELD(extra_arguments, TEXT_LIST), 0, NULL},
	{"group_vars", FIELD(group_vars, STR), 0, NULL},
	{"host_vars", FIELD(host_vars, STR), 0, NULL},
	{"playbook_dir", FIELD(playbook_dir, STR), 0, NULL},
	{"playbook_file", FIELD(playbook_file, STR), 0, NULL},
	{"playbook_files", FIELD(playbook_files, STR_LIST), 0, NULL},
	{"playbook_paths", FIELD(playbook_paths, STR_LIST), 0, NULL},
	{"role_paths", FIELD(role_paths, STR_LIST), 0, NULL},
	{"collection_paths", FIELD(collection_paths, STR_LIST), 0, NULL},
	{"staging_directory", FIELD(staging_directory, TEXT), 0, NULL},
	{"clean_staging_directory", FIELD(clean_staging_directory, BOOL), 0, NULL},
	{"inventory_file", FIELD(inventory_file, STR), 0, NULL},
	{"inventory_groups", FIELD(inventory_groups, TEXT_LIST), 0, NULL},
	{"galaxy_file", FIELD(galaxy_file, STR), 0, NULL},
	{"galaxy_command", FIELD(galaxy_command, TEXT), 0, NULL},
	{"galaxy_force_install", FIELD(galaxy_force_install, BOOL), 0, NULL},
	{"galaxy_roles_path", FIELD(galaxy_roles_path, TEXT), 0, NULL},
	{"galaxy_collections_path", FIELD(galaxy_collections_path, TEXT), 0, NULL},
	{0},
};

struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct local *config;
	struct stage stage;
	struct text staging;
	struct text roles; /* of ansible-galaxy */
	struct text collections;
	struct text inventory;
	struct text requirements; /* in the guest; empty: none */
	struct galaxy galaxy;
	struct { /* in the guest */
		struct playbook {
			struct text path;
			struct origin origin;
		} * items;
		size_t n;
		size_t cap;
	} playbooks;
};

static struct text staged(const struct block *b, struct str name)
{
	return text_below(b->c->arena, &b->staging, name);
}

/* ---- Uploads -------------------------------------------------------------------------------- */

static int upload_directory(struct block *b, const char *key, const struct origin *o,
	struct str path, const struct text *to)
{
	return stage_upload_directory(&b->stage, o, key, path, to, false);
}

static int begin(struct block *b)
{
	struct origin o = compile_origin(b->p, "playbook_dir");
	struct origin staging = compile_origin(b->p, "staging_directory");
	if (b->config->playbook_dir.n > 0)
		return upload_directory(
			b, "playbook_dir", &o, b->config->playbook_dir, &b->staging);
	return stage_mkdir(&b->stage, &staging, &b->staging);
}

static void add_playbook(struct block *b, const struct text *path, const struct origin *o)
{
	list_push(b->c->arena, &b->playbooks) = (struct playbook){*path, *o};
}

/*
 * Packer puts each below the staging directory with the whole of its path on the build host; here
 * that is its path in the commit. Those in playbook_dir are there already.
 */
static int upload_one(struct block *b, size_t i)
{
	struct compile_path found;
	struct compile_path directory = {0};
	struct origin o = compile_element(b->p, "playbook_files", i);
	struct origin dir = compile_origin(b->p, "playbook_dir");
	struct str path = b->config->playbook_files.items[i];
	if (stage_find(&b->stage, "playbook_files", path, &o, STAGE_FILE, &found) < 0)
		return -1;
	if (b->config->playbook_dir.n > 0 &&
		compile_find(b->c, b->config->playbook_dir, &dir, &directory) < 0)
		return -1;
	if (directory.entry.kind == TREE_DIR && str_has_prefix(found.path, directory.path)) {
		struct str rest = str_from_index(found.path, directory.path.n);
		while (str_has_prefix(rest, STR("/")))
			rest = str_from_index(rest, 1);
		struct text there = staged(b, rest);
		add_playbook(b, &there, &o);
		return 0;
	}
	struct text to = staged(b, found.path);
	struct str parent = path_dir(found.path);
	struct text into = parent.n > 0 ? staged(b, parent) : b->staging;
	add_playbook(b, &to, &o);
	if (stage_mkdir(&b->stage, &o, &into) < 0)
		return -1;
	return stage_file(&b->stage, &o, found.path, &to, 0644);
}

static int upload_playbooks(struct block *b)
{
	const struct local *config = b->config;
	struct origin o = compile_origin(b->p, "playbook_file");
	struct compile_path found;
	for (size_t i = 0; config->playbook_file.n == 0 && i < config->playbook_files.n; i++) {
		if (upload_one(b, i) < 0)
			return -1;
	}
	if (config->playbook_file.n == 0)
		return 0;
	if (stage_find(&b->stage, "playbook_file", config->playbook_file, &o, STAGE_FILE, &found) <
		0)
		return -1;
	struct text to = staged(b, path_base(found.path));
	add_playbook(b, &to, &o);
	return stage_file(&b->stage, &o, found.path, &to, 0644);
}

static int upload_galaxy(struct block *b)
{
	struct origin o = compile_origin(b->p, "galaxy_file");
	if (ansible_galaxy(&b->galaxy, b->c, b->p, b->config->galaxy_file) < 0)
		return -1;
	if (b->galaxy.path.n == 0)
		return 0;
	b->requirements = staged(b, path_base(b->galaxy.path));
	return stage_file(&b->stage, &o, b->galaxy.path, &b->requirements, 0644);
}

static int upload_inventory(struct block *b)
{
	const struct local *config = b->config;
	struct arena *a = b->c->arena;
	struct stage plain = b->stage;
	struct content content = {0};
	plain.language = LANGUAGE_NONE;
	if (config->inventory_file.n > 0) {
		b->inventory = staged(b, path_base(config->inventory_file));
		return stage_upload(
			&plain, "inventory_file", config->inventory_file, &b->inventory);
	}
	struct origin o = compile_origin(b->p, "inventory_groups");
	b->inventory = staged(b,
		arena_printf(a, "packer-provisioner-ansible-local%u",
			compile_number(b->c, "ansible-local inventory")));
	for (size_t i = 0; i < config->inventory_groups.n; i++) {
		struct text line = text_format(
			a, "[{}]\n127.0.0.1\n", PARTS(&config->inventory_groups.items[i]));
		content_add(&content, b->c, &line, &config->inventory_groups.origins[i]);
	}
	if (config->inventory_groups.n == 0) {
		struct text line = text_cstr(a, "127.0.0.1");
		content_add(&content, b->c, &line, &o);
	}
	return stage_content(&plain, &o, &content, &b->inventory);
}

static int upload_vars(struct block *b, const char *key, struct str path)
{
	struct origin o = compile_origin(b->p, key);
	struct text to = staged(b, str_from(key));
	return path.n > 0 ? upload_directory(b, key, &o, path, &to) : 0;
}

/* Each directory goes below one of a given name. */
static int upload_list(
	struct block *b, const char *key, const struct str_list *paths, const char *into, bool make)
{
	struct origin all = compile_origin(b->p, key);
	struct text parent = staged(b, str_from(into));
	if (paths->n > 0 && make && stage_mkdir(&b->stage, &all, &parent) < 0)
		return -1;
	for (size_t i = 0; i < paths->n; i++) {
		struct origin o = compile_element(b->p, key, i);
		struct str name = paths->items[i];
		while (name.n > 1 && name.p[name.n - 1] == '/')
			name.n--;
		struct text to = text_below(b->c->arena, &parent, path_base(name));
		if (upload_directory(b, key, &o, paths->items[i], &to) < 0)
			return -1;
	}
	return 0;
}

/* ---- Commands ------------------------------------------------------------------------------- */

static int run_galaxy(struct block *b, const char *format, const struct text *to)
{
	struct arena *a = b->c->arena;
	struct origin o = compile_origin(b->p, "galaxy_file");
	struct text program = b->config->galaxy_command;
	struct text force = text_cstr(a, b->config->galaxy_force_install ? " -f" : "");
	if (program.n == 0)
		program = text_cstr(a, "ansible-galaxy");
	struct text command =
		text_format(a, format, PARTS(&b->staging, &program, &b->requirements, to, &force));
	return stage_run(&b->stage, &o, &command);
}

static int add_galaxy(struct block *b)
{
	if (b->requirements.n == 0)
		return 0;
	if (b->galaxy.roles && run_galaxy(b, "cd {} && {} install -r {} -p {}{}", &b->roles) < 0)
		return -1;
	if (!b->galaxy.collections)
		return 0;
	return run_galaxy(b, "cd {} && {} collection install -r {} -p {}{}", &b->collections);
}

/* Where ansible finds what ansible-galaxy installed. */
static struct text variables(struct block *b)
{
	struct arena *a = b->c->arena;
	struct text own = staged(b, STR("collections"));
	struct text out = {0};
	bool uploaded = b->config->collection_paths.n > 0;
	if (b->galaxy.collections || uploaded) {
		text_push(&out, a, STR(" ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_COLLECTIONS_PATH:"));
		if (b->galaxy.collections)
			text_push_text(&out, a, &b->collections);
		if (b->galaxy.collections && uploaded)
			text_push(&out, a, STR(":"));
		if (uploaded)
			text_push_text(&out, a, &own);
	}
	if (b->galaxy.roles_key) {
		text_push(&out, a, STR(" ANSIBLE_ROLES_PATH=$ANSIBLE_ROLES_PATH:"));
		text_push_text(&out, a, &b->roles);
	}
	return text_joined(&out, a);
}

static int add_playbook_runs(struct block *b)
{
	struct arena *a = b->c->arena;
	struct text name = text_from(a, b->c->build->source_name);
	struct text type = text_from(a, b->c->build->type);
	struct text address = stage_http_address(b->c);
	struct text program = b->config->command;
	struct text extra = text_list_joined(a, &b->config->extra_arguments, " ");
	if (program.n == 0)
		program = text_cstr(a, "ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook");
	struct text environment = variables(b);
	for (size_t i = 0; i < b->playbooks.n; i++) {
		const struct playbook *playbook = &b->playbooks.items[i];
		struct text command = text_format(a,
			"cd {} && {} {} {} --extra-vars \"packer_build_name={} "
			"packer_builder_type={} packer_http_addr={} -o IdentitiesOnly=yes\" {} "
			"-c local -i {}",
			PARTS(&b->staging, &environment, &program, &playbook->path, &name, &type,
				&address, &extra, &b->inventory));
		if (stage_run(&b->stage, &playbook->origin, &command) < 0)
			return -1;
	}
	return 0;
}

/* ---- The block ------------------------------------------------------------------------------ */

static int check(struct block *b)
{
	const struct local *config = b->config;
	struct origin o = compile_origin(b->p, "playbook_files");
	bool one = config->playbook_file.n > 0;
	bool many = config->playbook_files.n > 0;
	if (one && many)
		return compile_error(b->c, &o,
			"ansible-local: \"playbook_file\" and \"playbook_files\" exclude each "
			"other");
	if (one || many)
		return 0;
	compile_error(b->c, &b->p->origin, "ansible-local: there is nothing to run");
	diag_hint(b->c->diags, b->c->diag_arena,
		"give one of \"playbook_file\" or \"playbook_files\"");
	return -1;
}

static void name_paths(struct block *b)
{
	const struct local *config = b->config;
	struct arena *a = b->c->arena;
	b->staging = config->staging_directory;
	if (b->staging.n == 0)
		b->staging = text_from(a,
			arena_printf(a, "/tmp/packer-provisioner-ansible-local/%.*s",
				STR_ARG(compile_uuid(b->c, "ansible-local staging"))));
	b->roles = config->galaxy_roles_path;
	if (b->roles.n == 0)
		b->roles = staged(b, STR("galaxy_roles"));
	b->collections = config->galaxy_collections_path;
	if (b->collections.n == 0)
		b->collections = staged(b, STR("galaxy_collections"));
	bool one = config->playbook_file.n > 0;
	struct str label = one ? config->playbook_file : config->playbook_files.items[0];
	compile_label(b->c, arena_printf(a, "ansible-local: %.*s", STR_ARG(label)));
}

static int upload_all(struct block *b)
{
	const struct local *config = b->config;
	if (begin(b) < 0 || upload_playbooks(b) < 0 || upload_galaxy(b) < 0 ||
		upload_inventory(b) < 0 || upload_vars(b, "group_vars", config->group_vars) < 0 ||
		upload_vars(b, "host_vars", config->host_vars) < 0 ||
		upload_list(b, "role_paths", &config->role_paths, "roles", false) < 0 ||
		upload_list(
			b, "collection_paths", &config->collection_paths, "collections", false) < 0)
		return -1;
	return upload_list(b, "playbook_paths", &config->playbook_paths, "playbooks", true);
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct block b = {
		.c = c,
		.p = p,
		.config = config,
		.stage = {.c = c, .p = p, .language = LANGUAGE_ANSIBLE},
	};
	struct origin o = compile_origin(p, "clean_staging_directory");
	if (check(&b) < 0)
		return -1;
	name_paths(&b);
	if (upload_all(&b) < 0 || add_galaxy(&b) < 0 || add_playbook_runs(&b) < 0)
		return -1;
	return b.config->clean_staging_directory ? stage_rmdir(&b.stage, &o, &b.staging) : 0;
}

const struct provisioner provisioner_ansible_local = {
	.type = "ansible-local",
	.fields = fields,
	.size = sizeof(struct local),
	.compile = compile,
};
