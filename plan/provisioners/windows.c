/* The provisioners windows-shell and windows-restart. */
#include "plan/provisioners/scripts.h"
#include "plan/provisioners/stage.h"

#define SECOND INT64_C(1000000000)

/* ---- windows-shell -------------------------------------------------------------------------- */

struct shell {
	struct script_config run;
	struct text execute_command;
	struct text remote_path;
	bool binary;
	int64_t start_retry_timeout;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct shell, member)

static const struct conf_field shell_fields[] = {
	SCRIPT_FIELDS(struct shell, run),
	{"execute_command", FIELD(execute_command, TEXT), 0, NULL},
	{"remote_path", FIELD(remote_path, TEXT), 0, NULL},
	{"binary", FIELD(binary, BOOL), 0, NULL},
	{"start_retry_timeout", FIELD(start_retry_timeout, DURATION), 0, NULL},
	{0},
};

struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct shell *config;
	struct stage stage;
	struct scripts scripts;
	struct text path;
};

static int add_script(
	void *ctx, const struct origin *o, const struct content *content, struct str source)
{
	struct block *b = ctx;
	struct compiler *c = b->c;
	const struct template_field known[] = {
		{STR_INIT("Path"), b->path},
		{STR_INIT("Vars"), b->scripts.vars},
	};
	struct text given = b->config->execute_command;
	struct text command = {0};
	struct origin at = given.n > 0 ? compile_origin(b->p, "execute_command") : *o;
	if (given.n == 0)
		given = text_cstr(c->arena, "{{.Vars}}\"{{.Path}}\"");
	if (stage_content(&b->stage, o, content, &b->path) < 0)
		return -1;
	c->plan->steps.items[c->plan->steps.n - 1].upload.source = source;
	if (compile_render(c, &command, &given, known, countof(known), &at) < 0)
		return -1;
	struct step *s = stage_exec(&b->stage, &at, &command);
	if (!s)
		return -1;
	scripts_expect(&b->scripts, s);
	s->exec.start_retry_timeout = b->config->start_retry_timeout;
	return 0;
}

static int compile_shell(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	static const struct escape nothing[] = {{0}};
	const struct shell *shell = config;
	struct block b = {
		.c = c,
		.p = p,
		.config = shell,
		.stage = {.c = c, .p = p, .windows = true, .language = LANGUAGE_CMD},
		.scripts =
			{
				.c = c,
				.p = p,
				.config = &shell->run,
				.type = "windows-shell",
				.key = "inline",
			},
		.path = shell->remote_path,
	};
	const char *format = "set \"%s=%s\" && ";
	if (scripts_check(&b.scripts) < 0 ||
		scripts_variables(&b.scripts, nothing, "env_var_format", format) < 0)
		return -1;
	if (b.path.n == 0)
		b.path = text_cstr(c->arena, "c:/Windows/Temp/script.bat");
	return scripts_compile(&b.scripts, add_script, &b);
}

static void shell_defaults(void *config)
{
	struct shell *shell = config;
	shell->start_retry_timeout = SCRIPT_RETRY_DEFAULT;
}

const struct provisioner provisioner_windows_shell = {
	.type = "windows-shell",
	.fields = shell_fields,
	.size = sizeof(struct shell),
	.defaults = shell_defaults,
	.compile = compile_shell,
};

#undef FIELD

/* ---- windows-restart ------------------------------------------------------------------------ */

struct restart {
	struct text restart_command;
	struct text restart_check_command;
	int64_t restart_timeout;
	bool check_registry;
	struct str_list registry_keys;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct restart, member)

static const struct conf_field restart_fields[] = {
	{"restart_command", FIELD(restart_command, TEXT), 0, NULL},
	{"restart_check_command", FIELD(restart_check_command, TEXT), 0, NULL},
	{"restart_timeout", FIELD(restart_timeout, DURATION), 0, NULL},
	{"check_registry", FIELD(check_registry, BOOL), 0, NULL},
	{"registry_keys", FIELD(registry_keys, STR_LIST), 0, NULL},
	{0},
};

#define SERVICING "HKLM:SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\"
#define SERVICING_MIXED \
	"HKLM:Software\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\"

#define SHUTDOWN_PENDING 1115
#define SHUTDOWN_SCHEDULED 1190

/* A shutdown that is under way already is as good as ours. */
static int add_restart(struct stage *s, const struct restart *config)
{
	struct arena *a = s->c->arena;
	struct origin o = compile_origin(s->p, "restart_command");
	struct text command = config->restart_command;
	if (command.n == 0)
		command = text_cstr(a, "shutdown /r /f /t 0 /c \"packer restart\"");
	struct step *step = stage_exec(s, &o, &command);
	if (!step)
		return -1;
	list_push(a, &step->exec.exit_codes) = SHUTDOWN_PENDING;
	list_push(a, &step->exec.exit_codes) = SHUTDOWN_SCHEDULED;
	step->exec.start_retry_timeout = config->restart_timeout;
	return 0;
}

/* Packer asks for one more shutdown, to learn whether the first has begun, and takes it back. */
static int add_probe(struct stage *s)
{
	struct arena *a = s->c->arena;
	const struct origin *o = &s->p->origin;
	struct text probe = text_cstr(a, "shutdown /r /f /t 60 /c \"packer restart test\"");
	struct text abort_it = text_cstr(a, "shutdown /a");
	struct step *first = stage_exec(s, o, &probe);
	if (!first)
		return -1;
	first->exec.any_exit_code = true;
	first->exec.expect_disconnect = true;
	struct step *second = stage_exec(s, o, &abort_it);
	if (!second)
		return -1;
	second->exec.any_exit_code = true;
	second->exec.expect_disconnect = true;
	second->exec.cleanup = true;
	return 0;
}

static int add_check(struct stage *s, const struct origin *o, const struct text *command,
	const struct restart *config)
{
	struct step *step = stage_exec(s, o, command);
	if (!step)
		return -1;
	step->exec.any_exit_code = true;
	step->exec.start_retry_timeout = config->restart_timeout;
	return 0;
}

static int add_registry(struct stage *s, const struct restart *config)
{
	static const struct str standard[] = {
		STR_INIT(SERVICING "RebootPending"),
		STR_INIT(SERVICING "PackagesPending"),
		STR_INIT(SERVICING_MIXED "RebootInProgress"),
	};
	struct compiler *c = s->c;
	bool given = config->registry_keys.n > 0;
	size_t n = given ? config->registry_keys.n : countof(standard);
	for (size_t i = 0; i < n; i++) {
		struct origin o = given ? compile_element(s->p, "registry_keys", i)
					: compile_origin(s->p, "check_registry");
		struct str key = given ? config->registry_keys.items[i] : standard[i];
		struct text command = stage_encoded_powershell(
			c, arena_printf(c->arena, "Test-Path \"%.*s\"", STR_ARG(key)));
		if (add_check(s, &o, &command, config) < 0)
			return -1;
	}
	return 0;
}

static int compile_restart(
	struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct restart *restart = config;
	struct stage s = {.c = c, .p = p, .windows = true};
	struct origin check = compile_origin(p, "restart_check_command");
	struct text loaded = stage_encoded_powershell(
		c, STR("echo (\"{0} restarted.\" -f [System.Net.Dns]::GetHostName())"));
	compile_label(c, STR("windows-restart"));
	if (add_restart(&s, restart) < 0 || add_probe(&s) < 0 ||
		compile_wait(c, &p->origin, 5 * SECOND, "until the machine has restarted") < 0)
		return -1;
	if (restart->restart_check_command.n > 0 &&
		add_check(&s, &check, &restart->restart_check_command, restart) < 0)
		return -1;
	if (add_check(&s, &p->origin, &loaded, restart) < 0)
		return -1;
	return restart->check_registry ? add_registry(&s, restart) : 0;
}

static void restart_defaults(void *config)
{
	struct restart *restart = config;
	restart->restart_timeout = 300 * SECOND;
}

const struct provisioner provisioner_windows_restart = {
	.type = "windows-restart",
	.fields = restart_fields,
	.size = sizeof(struct restart),
	.defaults = restart_defaults,
	.compile = compile_restart,
};
