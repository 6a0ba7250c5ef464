/* The provisioner salt-masterless. */
#include "plan/provisioners/stage.h"

struct salt {
	bool skip_bootstrap;
	struct text bootstrap_args;
	bool disable_sudo;
	struct text custom_state;
	struct str minion_config;
	struct str grains_file;
	struct str local_state_tree;
	struct str local_pillar_roots;
	struct text remote_state_tree;
	struct text remote_pillar_roots;
	struct text temp_config_dir;
	bool no_exit_on_failure;
	struct text log_level;
	struct text salt_call_args;
	struct text salt_bin_dir;
	struct str guest_os_type;
	struct str_list formulas;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct salt, member)

static const struct conf_field fields[] = {
	{"skip_bootstrap", FIELD(skip_bootstrap, BOOL), 0, NULL},
	{"bootstrap_args", FIELD(bootstrap_args, TEXT), 0, NULL},
	{"disable_sudo", FIELD(disable_sudo, BOOL), 0, NULL},
	{"custom_state", FIELD(custom_state, TEXT), 0, NULL},
	{"minion_config", FIELD(minion_config, STR), 0, NULL},
	{"grains_file", FIELD(grains_file, STR), 0, NULL},
	{"local_state_tree", FIELD(local_state_tree, STR), CONF_REQUIRED, NULL},
	{"local_pillar_roots", FIELD(local_pillar_roots, STR), 0, NULL},
	{"remote_state_tree", FIELD(remote_state_tree, TEXT), 0, NULL},
	{"remote_pillar_roots", FIELD(remote_pillar_roots, TEXT), 0, NULL},
	{"temp_config_dir", FIELD(temp_config_dir, TEXT), 0, NULL},
	{"no_exit_on_failure", FIELD(no_exit_on_failure, BOOL), 0, NULL},
	{"log_level", FIELD(log_level, TEXT), 0, NULL},
	{"salt_call_args", FIELD(salt_call_args, TEXT), 0, NULL},
	{"salt_bin_dir", FIELD(salt_bin_dir, TEXT), 0, NULL},
	{"guest_os_type", FIELD(guest_os_type, STR), 0, NULL},
	{"formulas", FIELD(formulas, STR_LIST), 0, NULL},
	{0},
};

struct flavour {
	const char *temporary;
	const char *states;
	const char *pillar;
	const char *config;
	const char *fetch;
	const char *bootstrap;
};

static const struct flavour unix_flavour = {
	.temporary = "/tmp/salt",
	.states = "/srv/salt",
	.pillar = "/srv/pillar",
	.config = "/etc/salt",
	.fetch = "curl -L https://bootstrap.saltproject.io -o /tmp/install_salt.sh || "
		 "wget -O /tmp/install_salt.sh https://bootstrap.saltproject.io",
	.bootstrap = "sh /tmp/install_salt.sh",
};

static const struct flavour windows_flavour = {
	.temporary = "C:/Windows/Temp/salt/",
	.states = "C:/salt/state",
	.pillar = "C:/salt/pillar/",
	.config = "C:/salt/conf",
	.fetch = "powershell -Command \"[System.Net.ServicePointManager]::SecurityProtocol = "
		 "[System.Net.SecurityProtocolType]'Tls,Tls11,Tls12'; Invoke-WebRequest -Uri "
		 "'https://winbootstrap.saltproject.io' -OutFile "
		 "'C:/Windows/Temp/bootstrap-salt.ps1'\"",
	.bootstrap = "Powershell C:/Windows/Temp/bootstrap-salt.ps1",
};

struct block {
	struct stage stage;
	const struct salt *config;
	const struct flavour *flavour;
	struct text temporary;
};

static struct text sudo(const struct block *b, struct text command)
{
	struct text prefix = text_cstr(b->stage.c->arena, "sudo ");
	if (!b->stage.sudo || b->stage.windows)
		return command;
	return text_format(b->stage.c->arena, "{}{}", PARTS(&prefix, &command));
}

/* The plugin says "sudo" to a command that has its own already. */
static int move(
	struct block *b, const struct origin *o, const struct text *from, const struct text *to)
{
	return stage_move(&b->stage, o, from, to, b->stage.sudo ? "sudo " : "");
}

/* ---- Salt itself ---------------------------------------------------------------------------- */

/* Packer looks at the status of neither command. */
static int bootstrap(struct block *b)
{
	struct arena *a = b->stage.c->arena;
	struct origin o = compile_origin(b->stage.p, "bootstrap_args");
	struct text fetch = text_cstr(a, b->flavour->fetch);
	struct text run = sudo(b, text_cstr(a, b->flavour->bootstrap));
	run = text_format(a, "{} {}", PARTS(&run, &b->config->bootstrap_args));
	struct step *first = stage_exec(&b->stage, &o, &fetch);
	if (!first)
		return -1;
	first->exec.any_exit_code = true;
	struct step *second = stage_exec(&b->stage, &o, &run);
	if (!second)
		return -1;
	second->exec.any_exit_code = true;
	return 0;
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* First into the directory where one logs in, then to its place in the staging directory. */
static int stage_config(
	struct block *b, const char *key, struct str path, const char *name, struct text *to)
{
	struct origin o = compile_origin(b->stage.p, key);
	struct text login = text_cstr(b->stage.c->arena, name);
	struct stage plain = b->stage;
	plain.language = LANGUAGE_NONE;
	*to = text_below(b->stage.c->arena, &b->temporary, str_from(name));
	if (stage_upload(&plain, key, path, &login) < 0)
		return -1;
	return move(b, &o, &login, to);
}

static int add_config(struct block *b, const char *key, struct str path, const char *name)
{
	struct arena *a = b->stage.c->arena;
	struct origin o = compile_origin(b->stage.p, key);
	struct text from;
	struct text directory = text_cstr(a, b->flavour->config);
	struct text to = text_below(a, &directory, str_from(name));
	if (path.n == 0)
		return 0;
	if (stage_config(b, key, path, name, &from) < 0 ||
		stage_mkdir(&b->stage, &o, &directory) < 0)
		return -1;
	return move(b, &o, &from, &to);
}

/*
 * Packer removes the target when it is not there, which does nothing, so that no step stands for
 * it.
 */
static int add_tree(
	struct block *b, const char *key, struct str path, const char *name, const struct text *to)
{
	struct arena *a = b->stage.c->arena;
	struct origin o = compile_origin(b->stage.p, key);
	struct text login = text_cstr(a, name);
	struct text base = text_below(a, &login, STR(""));
	struct text from = text_below(a, &b->temporary, str_from(name));
	struct compile_path found;
	if (stage_find(&b->stage, key, path, &o, STAGE_DIRECTORY, &found) < 0 ||
		stage_tree(&b->stage, &o, found.path, &base, true) < 0 ||
		move(b, &o, &login, &from) < 0 || stage_stat(&b->stage, &o, to) < 0)
		return -1;
	return move(b, &o, &from, to);
}

/* ---- Formulas ------------------------------------------------------------------------------- */

/* As Packer asks for: anything, ".git//", a name, and perhaps a query. */
static bool is_formula(struct str url)
{
	size_t at = STR_NPOS;
	for (size_t i = 0; i + 6 <= url.n; i++) {
		if (str_eq(str_sub(url, i + 1, 5), STR("git//")))
			at = i + 6;
	}
	if (at == STR_NPOS)
		return false;
	struct str name = str_from_index(url, at);
	name = str_sub(name, 0, str_find_byte(name, '?'));
	for (size_t i = 0; i < name.n; i++) {
		bool word = (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '-' ||
			name.p[i] == '_' || ((name.p[i] | 32) >= 'a' && (name.p[i] | 32) <= 'z');
		if (!word)
			return false;
	}
	return name.n > 0;
}

/* What a formula brings is in no commit of ours. */
static int add_formulas(struct block *b)
{
	struct compiler *c = b->stage.c;
	for (size_t i = 0; i < b->config->formulas.n; i++) {
		struct str url = b->config->formulas.items[i];
		struct origin o = compile_element(b->stage.p, "formulas", i);
		if (!is_formula(url)) {
			compile_error(c, &o, "salt-masterless: %.*s is no formula", STR_ARG(url));
			diag_hint(c->diags, c->diag_arena,
				"write it like \"git::https://example.org/repo.git//name?ref=v1\"");
			return -1;
		}
		struct step *s = compile_step(c, STEP_OPAQUE, &o);
		if (!s)
			return -1;
		s->opaque.why = arena_printf(c->arena,
			"formula %.*s is fetched on the build host and uploaded", STR_ARG(url));
	}
	return 0;
}

/* ---- salt-call ------------------------------------------------------------------------------ */

static struct text salt_call(const struct block *b)
{
	const struct text *bin = &b->config->salt_bin_dir;
	if (bin->n == 0)
		return text_cstr(b->stage.c->arena, "salt-call");
	return text_below(b->stage.c->arena, bin, STR("salt-call"));
}

static int add_call(struct block *b, const struct text *command)
{
	struct step *s = stage_exec(&b->stage, &b->stage.p->origin, command);
	if (!s)
		return -1;
	s->exec.any_exit_code = b->config->no_exit_on_failure;
	return 0;
}

static struct text state_tree(const struct block *b)
{
	if (b->config->remote_state_tree.n > 0)
		return b->config->remote_state_tree;
	return text_cstr(b->stage.c->arena, b->flavour->states);
}

static struct text pillar_roots(const struct block *b)
{
	if (b->config->remote_pillar_roots.n > 0)
		return b->config->remote_pillar_roots;
	return text_cstr(b->stage.c->arena, b->flavour->pillar);
}

static struct text arguments(const struct block *b)
{
	const struct salt *config = b->config;
	struct arena *a = b->stage.c->arena;
	struct text level = config->log_level;
	struct text states = state_tree(b);
	struct text pillar = pillar_roots(b);
	struct text out = {0};
	if (level.n == 0)
		level = text_cstr(a, "info");
	text_push(
		&out, a, config->custom_state.n > 0 ? STR(" state.sls ") : STR(" state.highstate"));
	text_push_text(&out, a, &config->custom_state);
	if (config->minion_config.n == 0) {
		text_push(&out, a, STR(" --file-root="));
		text_push_text(&out, a, &states);
		text_push(&out, a, STR(" --pillar-root="));
		text_push_text(&out, a, &pillar);
	}
	if (!config->no_exit_on_failure)
		text_push(&out, a, STR(" --retcode-passthrough"));
	text_push(&out, a, STR(" -l "));
	text_push_text(&out, a, &level);
	text_push(&out, a, config->salt_call_args.n > 0 ? STR(" ") : STR(""));
	text_push_text(&out, a, &config->salt_call_args);
	return text_joined(&out, a);
}

/* Salt for Windows gets its packages with git, so the plugin installs that. */
static int add_windows(struct block *b)
{
	static const char *const commands[] = {
		"powershell [Net.ServicePointManager]::SecurityProtocol = "
		"[Net.SecurityProtocolType]::Tls12; Invoke-WebRequest -Uri "
		"https://github.com/git-for-windows/git/releases/download/v2.28.0.windows.1/"
		"Git-2.28.0-64-bit.exe -OutFile $env:TEMP/Git.exe",
		"powershell Start-Process -FilePath $env:TEMP/Git.exe /SILENT -Wait",
		"powershell Remove-Item $env:TEMP/Git.exe",
		"{} --local winrepo.update_git_repos",
		"{} --local pkg.refresh_db",
	};
	struct text program = salt_call(b);
	for (size_t i = 0; i < countof(commands); i++) {
		struct text command =
			text_format(b->stage.c->arena, commands[i], PARTS(&program, &program));
		if (add_call(b, &command) < 0)
			return -1;
	}
	return 0;
}

static int add_states(struct block *b)
{
	struct text program = salt_call(b);
	struct text args = arguments(b);
	struct text command =
		text_format(b->stage.c->arena, "{} --local {}", PARTS(&program, &args));
	command = sudo(b, command);
	return add_call(b, &command);
}

/* ---- The block ------------------------------------------------------------------------------ */

static int check(struct block *b)
{
	const struct salt *config = b->config;
	struct origin tree = compile_origin(b->stage.p, "local_state_tree");
	struct origin minion = compile_origin(b->stage.p, "minion_config");
	if (config->local_state_tree.n == 0)
		return compile_error(
			b->stage.c, &tree, "salt-masterless: \"local_state_tree\" is empty");
	if (config->minion_config.n > 0 &&
		(config->remote_state_tree.n > 0 || config->remote_pillar_roots.n > 0))
		return compile_error(b->stage.c, &minion,
			"salt-masterless: \"minion_config\" excludes \"remote_state_tree\" and "
			"\"remote_pillar_roots\"");
	return stage_guest_type(&b->stage, config->guest_os_type);
}

static int add_trees(struct block *b)
{
	const struct salt *config = b->config;
	struct text states = state_tree(b);
	struct text pillar = pillar_roots(b);
	if (add_tree(b, "local_state_tree", config->local_state_tree, "states", &states) < 0)
		return -1;
	if (config->local_pillar_roots.n == 0)
		return 0;
	return add_tree(b, "local_pillar_roots", config->local_pillar_roots, "pillar", &pillar);
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct salt *salt = config;
	struct block b = {
		.stage = {.c = c, .p = p, .language = LANGUAGE_SALT, .sudo = !salt->disable_sudo},
		.config = salt,
	};
	struct origin o = compile_origin(p, "temp_config_dir");
	if (check(&b) < 0 || add_formulas(&b) < 0)
		return -1;
	b.flavour = b.stage.windows ? &windows_flavour : &unix_flavour;
	b.temporary = salt->temp_config_dir;
	if (b.temporary.n == 0)
		b.temporary = text_cstr(c->arena, b.flavour->temporary);
	if (!salt->skip_bootstrap && bootstrap(&b) < 0)
		return -1;
	if (stage_mkdir(&b.stage, &o, &b.temporary) < 0 ||
		add_config(&b, "minion_config", salt->minion_config, "minion") < 0 ||
		add_config(&b, "grains_file", salt->grains_file, "grains") < 0 || add_trees(&b) < 0)
		return -1;
	if (b.stage.windows && add_windows(&b) < 0)
		return -1;
	return add_states(&b);
}

const struct provisioner provisioner_salt_masterless = {
	.type = "salt-masterless",
	.fields = fields,
	.size = sizeof(struct salt),
	.compile = compile,
};
