/* The provisioner powershell: per script its variables, an upload and the command; then rm. */
#include "plan/provisioners/scripts.h"
#include "plan/provisioners/stage.h"

struct powershell {
	struct script_config run;
	struct text elevated_env_var_format;
	struct text execute_command;
	struct text elevated_execute_command;
	struct text elevated_user;
	struct text elevated_password;
	struct text remote_path;
	struct text remote_env_var_path;
	struct str execution_policy;
	int64_t debug_mode;
	bool binary;
	bool use_pwsh;
	int64_t start_retry_timeout;
	bool skip_clean;
	int64_t pause_after;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct powershell, member)

static const struct conf_field fields[] = {
	SCRIPT_FIELDS(struct powershell, run),
	{"elevated_env_var_format", FIELD(elevated_env_var_format, TEXT), 0, NULL},
	{"execute_command", FIELD(execute_command, TEXT), 0, NULL},
	{"elevated_execute_command", FIELD(elevated_execute_command, TEXT), 0, NULL},
	{"elevated_user", FIELD(elevated_user, TEXT), 0, NULL},
	{"elevated_password", FIELD(elevated_password, TEXT), 0, NULL},
	{"remote_path", FIELD(remote_path, TEXT), 0, NULL},
	{"remote_env_var_path", FIELD(remote_env_var_path, TEXT), 0, NULL},
	{"execution_policy", FIELD(execution_policy, STR), 0, NULL},
	{"debug_mode", FIELD(debug_mode, INT), 0, NULL},
	{"binary", FIELD(binary, BOOL), 0, NULL},
	{"use_pwsh", FIELD(use_pwsh, BOOL), 0, NULL},
	{"start_retry_timeout", FIELD(start_retry_timeout, DURATION), 0, NULL},
	{"skip_clean", FIELD(skip_clean, BOOL), 0, NULL},
	{"pause_after", FIELD(pause_after, DURATION), 0, NULL},
	{0},
};

#define SECOND INT64_C(1000000000)

/* One compilation: what all scripts of the block share. */
struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct powershell *config;
	struct stage stage;
	const char *policy; /* NULL: none */
	struct script_config run; /* with what is rendered against the running build */
	struct scripts scripts;
	struct text path;
	struct text env_path;
	struct text password;
	struct { /* what is to be removed */
		struct text *items;
		size_t n;
		size_t cap;
	} files;
};

/* ---- Commands ------------------------------------------------------------------------------- */

static struct str default_command(const struct block *b)
{
	static const char *const quiet = "if (Test-Path variable:global:ProgressPreference)"
					 "{set-variable -name variable:global:ProgressPreference "
					 "-value 'SilentlyContinue'};";
	struct arena *a = b->c->arena;
	const char *shell = b->config->use_pwsh ? "pwsh" : "powershell";
	if (b->config->run.inline_.n > 0)
		return b->policy ? arena_printf(a, "%s -executionpolicy %s -file {{.Path}}", shell,
					   b->policy)
				 : STR("-file {{.Path}}");
	const char *trace = "";
	if (b->config->debug_mode != 0)
		trace = arena_printf(
			a, "Set-PsDebug -Trace %lld;", (long long)b->config->debug_mode)
				.p;
	struct str code = arena_printf(
		a, "& { %s%s. {{.Vars}}; &'{{.Path}}'; exit $LastExitCode }", quiet, trace);
	if (!b->policy)
		return code;
	return arena_printf(a, "%s -executionpolicy %s %s\"%.*s\"", shell, b->policy,
		b->config->use_pwsh ? "-command " : "", STR_ARG(code));
}

static int render_command(struct block *b, struct text *out, const char *key,
	const struct text *given, const struct text *path)
{
	const struct template_field known[] = {
		{STR_INIT("Path"), *path},
		{STR_INIT("Vars"), b->env_path},
	};
	struct text command = *given;
	struct origin o = compile_origin(b->p, key);
	if (command.n == 0)
		command = text_from(b->c->arena, default_command(b));
	return compile_render(b->c, out, &command, known, countof(known), &o);
}

static int make_command(struct block *b, const struct origin *script, struct text *out)
{
	const struct powershell *config = b->config;
	if (config->elevated_user.n == 0)
		return render_command(
			b, out, "execute_command", &config->execute_command, &b->path);
	if (render_command(b, out, "elevated_execute_command", &config->elevated_execute_command,
		    &b->path) < 0)
		return -1;
	return stage_elevate(&b->stage, script, &config->elevated_user, &b->password, out);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static struct origin command_origin(const struct block *b, const struct origin *script)
{
	const char *key =
		b->config->elevated_user.n > 0 ? "elevated_execute_command" : "execute_command";
	return conf_find(b->p->config, str_from(key)) ? compile_origin(b->p, key) : *script;
}

static int add_variables(struct block *b, const struct origin *script)
{
	struct content content = {.text = b->scripts.vars};
	list_push(b->c->arena, &content.lines) = *script;
	return stage_content(&b->stage, script, &content, &b->env_path);
}

/* A path that ends with a slash is a directory for the first script, whose name then stays. */
static void complete_path(struct block *b, struct str source)
{
	struct str name = path_base(source);
	if (!text_ends_with(&b->path, '/'))
		return;
	if (source.n == 0)
		name = arena_printf(b->c->arena, "powershell-provisioner%u",
			compile_number(b->c, "powershell-provisioner"));
	b->path = text_below(b->c->arena, &b->path, name);
}

static int add_script(
	void *ctx, const struct origin *o, const struct content *content, struct str source)
{
	struct block *b = ctx;
	struct text command = {0};
	complete_path(b, source);
	if (add_variables(b, o) < 0 || make_command(b, o, &command) < 0 ||
		stage_content(&b->stage, o, content, &b->path) < 0)
		return -1;
	struct step *upload = &b->c->plan->steps.items[b->c->plan->steps.n - 1];
	upload->upload.source = source;
	struct origin at = command_origin(b, o);
	struct step *s = stage_exec(&b->stage, &at, &command);
	if (!s)
		return -1;
	scripts_expect(&b->scripts, s);
	s->exec.start_retry_timeout = b->config->start_retry_timeout;
	list_push(b->c->arena, &b->files) = b->path;
	return 0;
}

/* Packer removes what it uploaded with one more script, which removes itself. */
static int add_cleanup(struct block *b)
{
	struct arena *a = b->c->arena;
	struct text path = text_from(a,
		arena_printf(a, "c:/Windows/Temp/packer-cleanup-%.*s.ps1",
			STR_ARG(compile_uuid(b->c, "powershell cleanup"))));
	struct content content = {0};
	struct text command = {0};
	list_push(a, &b->files) = path;
	for (size_t i = 0; i < b->files.n; i++) {
		const struct text *file = &b->files.items[i];
		struct text line =
			text_format(a, "if (Test-Path {}) {Remove-Item {}}\n", PARTS(file, file));
		content_add(&content, b->c, &line, &b->p->origin);
	}
	if (stage_content(&b->stage, &b->p->origin, &content, &path) < 0 ||
		render_command(b, &command, "execute_command", &b->config->execute_command, &path) <
			0)
		return -1;
	struct step *s = stage_exec(&b->stage, &b->p->origin, &command);
	if (!s)
		return -1;
	s->exec.cleanup = true;
	s->exec.start_retry_timeout = 60 * SECOND;
	return 0;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void add_line(struct block *b, struct content *content, const char *line)
{
	struct origin o = compile_origin(b->p, "inline");
	content_add_line(content, b->c, str_from(line), &o);
}

/* An error of a line ends the script, and the script ends with what its last program said. */
static void before_lines(void *ctx, struct content *content)
{
	struct block *b = ctx;
	struct origin o = compile_origin(b->p, "inline");
	add_line(b, content, "if (Test-Path variable:global:ProgressPreference) {");
	add_line(b, content,
		"  set-variable -name variable:global:ProgressPreference "
		"-value 'SilentlyContinue'");
	add_line(b, content, "}");
	if (b->config->debug_mode != 0)
		add_line(b, content,
			arena_printf(b->c->arena, "Set-PsDebug -Trace %lld",
				(long long)b->config->debug_mode)
				.p);
	add_line(b, content, "$exitCode = 0");
	add_line(b, content, "try {");
	content_add(content, b->c, &b->scripts.vars, &o);
	content_end_line(content, b->c);
}

static void after_lines(void *ctx, struct content *content)
{
	struct block *b = ctx;
	add_line(b, content, "$exitCode = 0");
	add_line(b, content, "} catch {");
	add_line(b, content, "  Write-Error \"An error occurred: $_\"");
	add_line(b, content, "  $exitCode = 1");
	add_line(b, content, "}");
	add_line(b, content,
		"if ((Test-Path variable:global:LASTEXITCODE) -and $LASTEXITCODE) { "
		"$exitCode = $LASTEXITCODE }");
	add_line(b, content, "exit $exitCode");
}

/* ---- The block ------------------------------------------------------------------------------ */

static int check_policy(struct block *b)
{
	static const char *const names[] = {"bypass", "allsigned", "default", "remotesigned",
		"restricted", "undefined", "unrestricted", "none"};
	struct origin o = compile_origin(b->p, "execution_policy");
	struct str given = b->config->execution_policy;
	uint64_t number = 0;
	if (given.n == 0 || !str_to_u64(given, &number))
		number = given.n == 0 ? 0 : UINT64_MAX;
	for (size_t i = 0; i < countof(names); i++) {
		if (number != i && !str_eq_nocase(given, str_from(names[i])))
			continue;
		b->policy = str_is(str_from(names[i]), "none") ? NULL : names[i];
		return 0;
	}
	return compile_error(b->c, &o,
		"powershell: \"execution_policy\" is bypass, allsigned, default, remotesigned, "
		"restricted, undefined, unrestricted or none, not \"%.*s\"",
		STR_ARG(given));
}

static int check(struct block *b)
{
	const struct powershell *config = b->config;
	struct origin trace = compile_origin(b->p, "debug_mode");
	struct origin password = compile_origin(b->p, "elevated_password");
	if (scripts_check(&b->scripts) < 0 || check_policy(b) < 0)
		return -1;
	if (config->debug_mode < 0 || config->debug_mode > 2)
		return compile_error(b->c, &trace,
			"powershell: \"debug_mode\" is 0, 1 or 2, not %lld",
			(long long)config->debug_mode);
	if (config->elevated_password.n > 0 && config->elevated_user.n == 0)
		return compile_error(b->c, &password,
			"powershell: \"elevated_password\" needs an \"elevated_user\"");
	return 0;
}

static int make_vars(struct block *b)
{
	const struct powershell *config = b->config;
	bool elevated = config->elevated_user.n > 0;
	const char *key = elevated ? "elevated_env_var_format" : "env_var_format";
	if (compile_render_list(b->c, b->p, "environment_vars", &config->run.environment_vars,
		    &b->run.environment_vars) < 0 ||
		compile_render_map(b->c, b->p, "env", &config->run.env, &b->run.env) < 0)
		return -1;
	if (elevated)
		b->run.env_var_format = config->elevated_env_var_format;
	return scripts_variables(&b->scripts, escape_powershell, key, "$env:%s=\"%s\"; ");
}

static void name_paths(struct block *b)
{
	struct arena *a = b->c->arena;
	b->path = b->config->remote_path;
	b->env_path = b->config->remote_env_var_path;
	if (b->path.n == 0)
		b->path = text_from(a,
			arena_printf(a, "c:/Windows/Temp/script-%.*s.ps1",
				STR_ARG(compile_uuid(b->c, "powershell script"))));
	if (b->env_path.n == 0)
		b->env_path = text_from(a,
			arena_printf(a, "c:/Windows/Temp/packer-ps-env-vars-%.*s.ps1",
				STR_ARG(compile_uuid(b->c, "powershell variables"))));
	list_push(a, &b->files) = b->env_path;
}

/* Packer leaves without its pause when nothing is to be cleaned. */
static int finish(struct block *b)
{
	struct origin o = compile_origin(b->p, "pause_after");
	if (b->config->skip_clean)
		return 0;
	if (add_cleanup(b) < 0)
		return -1;
	if (b->config->pause_after <= 0)
		return 0;
	return compile_wait(b->c, &o, b->config->pause_after, "pause_after");
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct powershell *powershell = config;
	struct block b = {
		.c = c,
		.p = p,
		.config = powershell,
		.stage = {.c = c, .p = p, .windows = true, .language = LANGUAGE_POWERSHELL},
		.run = powershell->run,
		.scripts =
			{
				.c = c,
				.p = p,
				.type = "powershell",
				.key = "inline",
				.before = before_lines,
				.after = after_lines,
			},
	};
	struct origin password = compile_origin(p, "elevated_password");
	b.scripts.config = &b.run;
	if (check(&b) < 0 || make_vars(&b) < 0 ||
		compile_render(c, &b.password, &powershell->elevated_password, NULL, 0, &password) <
			0)
		return -1;
	name_paths(&b);
	if (scripts_compile(&b.scripts, add_script, &b) < 0)
		return -1;
	return finish(&b);
}

static void defaults(void *config)
{
	struct powershell *powershell = config;
	powershell->start_retry_timeout = SCRIPT_RETRY_DEFAULT;
}

const struct provisioner provisioner_powershell = {
	.type = "powershell",
	.fields = fields,
	.size = sizeof(struct powershell),
	.defaults = defaults,
	.compile = compile,
};
