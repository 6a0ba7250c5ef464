/* The provisioner shell: per script an upload, chmod, the command, and rm. */
#include "plan/provisioners/scripts.h"
#include "plan/provisioners/stage.h"

struct shell {
	struct script_config run;
	struct text inline_shebang;
	bool use_env_var_file;
	struct text execute_command;
	struct text remote_folder;
	struct text remote_file;
	struct text remote_path;
	bool binary;
	int64_t start_retry_timeout;
	bool expect_disconnect;
	bool skip_clean;
	int64_t pause_after;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct shell, member)

static const struct conf_field fields[] = {
	SCRIPT_FIELDS(struct shell, run),
	{"inline_shebang", FIELD(inline_shebang, TEXT), 0, NULL},
	{"use_env_var_file", FIELD(use_env_var_file, BOOL), 0, NULL},
	{"execute_command", FIELD(execute_command, TEXT), 0, NULL},
	{"remote_folder", FIELD(remote_folder, TEXT), 0, NULL},
	{"remote_file", FIELD(remote_file, TEXT), 0, NULL},
	{"remote_path", FIELD(remote_path, TEXT), 0, NULL},
	{"binary", FIELD(binary, BOOL), 0, NULL},
	{"start_retry_timeout", FIELD(start_retry_timeout, DURATION), 0, NULL},
	{"expect_disconnect", FIELD(expect_disconnect, BOOL), 0, NULL},
	{"skip_clean", FIELD(skip_clean, BOOL), 0, NULL},
	{"pause_after", FIELD(pause_after, DURATION), 0, NULL},
	{0},
};

/* One compilation: what all scripts of the block share. */
struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct shell *config;
	struct scripts scripts;
	struct text path;
	struct text env_file;
};

static bool is_empty(const struct text *t)
{
	return t->n == 0;
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static struct step *add_exec(
	struct block *b, const struct origin *o, const char *before, const struct text *path)
{
	struct step *s = compile_step(b->c, STEP_EXEC, o);
	if (!s)
		return NULL;
	text_add_literal(&s->exec.command, b->c->arena, str_from(before));
	text_add(&s->exec.command, b->c->arena, path);
	list_push(b->c->arena, &s->exec.exit_codes) = 0;
	s->exec.start_retry_timeout = b->config->start_retry_timeout;
	return s;
}

static int add_remove(struct block *b, const struct origin *o, const struct text *path)
{
	struct step *s = add_exec(b, o, "rm -f ", path);
	if (!s)
		return -1;
	s->exec.cleanup = true;
	return 0;
}

static int add_upload(struct block *b, const struct origin *o, const struct content *content,
	const struct text *path, struct str source)
{
	struct step *s = compile_step(b->c, STEP_UPLOAD, o);
	if (!s)
		return -1;
	struct text joined = content_text(content, b->c);
	s->upload.content = b->config->binary ? joined : content_unix(b->c, &joined);
	s->upload.destination = *path;
	s->upload.mode = 0644;
	s->upload.source = source;
	s->upload.sha256 = compile_digest(b->c, &s->upload.content);
	content_give_lines(content, s);
	return 0;
}

static int add_command(struct block *b, const struct origin *script)
{
	static const char *const with_file = "chmod +x {{.Path}}; . {{.EnvVarFile}} && {{.Path}}";
	static const char *const plain = "chmod +x {{.Path}}; {{.Vars}} {{.Path}}";
	const struct shell *config = b->config;
	struct compiler *c = b->c;
	const struct template_field known[] = {
		{STR_INIT("Path"), b->path},
		{STR_INIT("Vars"), b->scripts.vars},
		{STR_INIT("EnvVarFile"), b->env_file},
	};
	struct text command = config->execute_command;
	struct origin o = *script;
	if (is_empty(&command))
		command =
			text_from(c->arena, str_from(config->use_env_var_file ? with_file : plain));
	else
		o = compile_origin(b->p, "execute_command");
	struct step *s = compile_step(c, STEP_EXEC, &o);
	if (!s || compile_render(c, &s->exec.command, &command, known, countof(known), &o) < 0)
		return -1;
	scripts_expect(&b->scripts, s);
	s->exec.expect_disconnect = config->expect_disconnect;
	for (size_t i = 0; i < s->exec.exit_codes.n; i++)
		s->exec.expect_disconnect |= s->exec.exit_codes.items[i] == STEP_NO_STATUS;
	s->exec.start_retry_timeout = config->start_retry_timeout;
	return 0;
}

static int add_script(
	void *ctx, const struct origin *o, const struct content *content, struct str source)
{
	struct block *b = ctx;
	if (add_upload(b, o, content, &b->path, source) < 0 ||
		!add_exec(b, o, "chmod 0755 ", &b->path) || add_command(b, o) < 0)
		return -1;
	return b->config->skip_clean ? 0 : add_remove(b, o, &b->path);
}

static int add_env_file(struct block *b)
{
	struct content content = {.text = b->scripts.vars};
	struct origin o = compile_origin(b->p, "use_env_var_file");
	for (size_t i = 0; i < b->scripts.environment.entries.n; i++)
		list_push(b->c->arena, &content.lines) = o;
	if (add_upload(b, &o, &content, &b->env_file, STR("")) < 0)
		return -1;
	return add_exec(b, &o, "chmod 0600 ", &b->env_file) ? 0 : -1;
}

/* ---- The block ------------------------------------------------------------------------------ */

static struct text in_folder(struct block *b, struct str name)
{
	struct text path = b->config->remote_folder;
	struct text out = {0};
	struct arena *a = b->c->arena;
	if (is_empty(&path))
		path = text_from(a, STR("/tmp"));
	text_add(&out, a, &path);
	text_add_literal(&out, a, STR("/"));
	text_add_literal(&out, a, name);
	return out;
}

static void name_paths(struct block *b)
{
	const struct shell *config = b->config;
	struct arena *a = b->c->arena;
	b->env_file =
		in_folder(b, arena_printf(a, "varfile_%u.sh", compile_number(b->c, "varfile")));
	if (!config->use_env_var_file)
		b->env_file = (struct text){0};
	b->path = config->remote_path;
	if (!is_empty(&b->path))
		return;
	if (is_empty(&config->remote_file)) {
		b->path = in_folder(
			b, arena_printf(a, "script_%u.sh", compile_number(b->c, "script")));
		return;
	}
	b->path = in_folder(b, STR(""));
	text_add(&b->path, a, &config->remote_file);
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct shell *shell = config;
	struct block b = {
		.c = c,
		.p = p,
		.config = shell,
		.scripts =
			{
				.c = c,
				.p = p,
				.config = &shell->run,
				.type = "shell",
				.key = "inline",
				.shebang = &shell->inline_shebang,
				.own_shebang = true,
			},
	};
	const char *format = shell->use_env_var_file ? "export %s='%s'\n" : "%s='%s' ";
	if (scripts_check(&b.scripts) < 0 ||
		scripts_variables(&b.scripts, escape_quotes, "env_var_format", format) < 0)
		return -1;
	name_paths(&b);
	if (shell->use_env_var_file && add_env_file(&b) < 0)
		return -1;
	int status = scripts_compile(&b.scripts, add_script, &b);
	struct origin file = compile_origin(p, "use_env_var_file");
	if (status == 0 && shell->use_env_var_file && !shell->skip_clean)
		status = add_remove(&b, &file, &b.env_file);
	struct origin pause = compile_origin(p, "pause_after");
	if (status == 0 && shell->pause_after > 0)
		status = compile_wait(c, &pause, shell->pause_after, "pause_after");
	return status;
}

static void defaults(void *config)
{
	struct shell *shell = config;
	shell->start_retry_timeout = SCRIPT_RETRY_DEFAULT;
}

const struct provisioner provisioner_shell = {
	.type = "shell",
	.fields = fields,
	.size = sizeof(struct shell),
	.defaults = defaults,
	.compile = compile,
};
