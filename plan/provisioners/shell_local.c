/* The provisioner shell-local: commands on the build host. */
#include "plan/provisioners/scripts.h"

struct shell_local {
	struct text command;
	struct script_config run;
	struct text inline_shebang;
	struct text_list execute_command;
	struct str_list only_on;
	struct str tempfile_extension;
	bool use_linux_pathing;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct shell_local, member)

static const struct conf_field fields[] = {
	{"command", FIELD(command, TEXT), CONF_DEPRECATED, "use \"inline\""},
	SCRIPT_FIELDS(struct shell_local, run),
	{"inline_shebang", FIELD(inline_shebang, TEXT), 0, NULL},
	{"execute_command", FIELD(execute_command, TEXT_LIST), 0, NULL},
	{"only_on", FIELD(only_on, STR_LIST), 0, NULL},
	{"tempfile_extension", FIELD(tempfile_extension, STR), 0, NULL},
	{"use_linux_pathing", FIELD(use_linux_pathing, BOOL), 0, NULL},
	{0},
};

struct block {
	struct compiler *c;
	const struct template_provisioner *p;
	const struct shell_local *config;
	struct scripts scripts;
};

/* ---- Steps ---------------------------------------------------------------------------------- */

static int add_argv(struct block *b, struct step *s, const struct text *in, const struct origin *o)
{
	struct arena *a = b->c->arena;
	struct text script = {0};
	text_add_hole(&script, a, STR(STEP_SCRIPT_HOLE));
	const struct template_field known[] = {
		{STR_INIT("Vars"), b->scripts.vars},
		{STR_INIT("Script"), script},
		{STR_INIT("Command"), script},
	};
	struct text made = {0};
	if (compile_render(b->c, &made, in, known, countof(known), o) < 0)
		return -1;
	s->exec.argv.items[s->exec.argv.n] = made;
	s->exec.argv.origins[s->exec.argv.n++] = *o;
	return 0;
}

static int make_argv(struct block *b, struct step *s)
{
	static const char *const standard[] = {"/bin/sh", "-c", "{{.Vars}} {{.Script}}"};
	struct arena *a = b->c->arena;
	const struct text_list *list = &b->config->execute_command;
	size_t n = list->n > 0 ? list->n : countof(standard);
	s->exec.argv.items = arena_array(a, struct text, n);
	s->exec.argv.origins = arena_array(a, struct origin, n);
	for (size_t i = 0; i < n; i++) {
		struct text part =
			list->n > 0 ? list->items[i] : text_from(a, str_from(standard[i]));
		struct origin o = list->n > 0 ? list->origins[i] : s->origin;
		if (add_argv(b, s, &part, &o) < 0)
			return -1;
	}
	return 0;
}

/* Of a file of the commit, by which some interpreters know what they read; letters and digits. */
static struct str own_extension(struct str source)
{
	struct str name = path_base(source);
	size_t dot = str_rfind_byte(name, '.');
	struct str e = dot == STR_NPOS || dot == 0 ? STR("") : str_from_index(name, dot);
	for (size_t i = 1; i < e.n; i++) {
		bool letter = (e.p[i] | 32) >= 'a' && (e.p[i] | 32) <= 'z';
		if (!letter && !(e.p[i] >= '0' && e.p[i] <= '9'))
			return STR("");
	}
	return e;
}

static struct str extension(struct block *b, struct str source)
{
	struct str e = b->config->tempfile_extension;
	if (source.n > 0)
		return own_extension(source);
	if (e.n == 0 || e.p[0] == '.')
		return e;
	return arena_printf(b->c->arena, ".%.*s", STR_ARG(e));
}

static int add_script(
	void *ctx, const struct origin *o, const struct content *content, struct str source)
{
	struct block *b = ctx;
	struct step *s = compile_step(b->c, STEP_EXEC_HOST, o);
	if (!s)
		return -1;
	s->exec.script = content_text(content, b->c);
	s->exec.source = source;
	s->exec.extension = extension(b, source);
	s->exec.sha256 = compile_digest(b->c, &s->exec.script);
	content_give_lines(content, s);
	scripts_expect(&b->scripts, s);
	return make_argv(b, s);
}

/* ---- The block ------------------------------------------------------------------------------ */

/* We run on Linux; a block for other systems does nothing. */
static int check_systems(struct block *b, bool *here)
{
	static const char *const systems[] = {
		"darwin", "freebsd", "linux", "openbsd", "solaris", "windows"};
	const struct str_list *list = &b->config->only_on;
	*here = list->n == 0;
	for (size_t i = 0; i < list->n; i++) {
		size_t k = 0;
		while (k < countof(systems) && !str_is(list->items[i], systems[k]))
			k++;
		struct origin o = compile_element(b->p, "only_on", i);
		if (k == countof(systems))
			return compile_error(b->c, &o,
				"shell-local: \"only_on\" has darwin, freebsd, linux, openbsd, "
				"solaris and windows, not \"%.*s\"",
				STR_ARG(list->items[i]));
		*here |= str_is(list->items[i], "linux");
	}
	return 0;
}

static int check_sources(struct block *b)
{
	const struct shell_local *config = b->config;
	const struct {
		const char *key;
		bool given;
	} sources[] = {
		{"command", config->command.n > 0},
		{"inline", config->run.inline_.n > 0},
		{"script", config->run.script.n > 0},
		{"scripts", config->run.scripts.n > 0},
	};
	const char *first = NULL;
	for (size_t i = 0; i < countof(sources); i++) {
		struct origin o = compile_origin(b->p, sources[i].key);
		if (sources[i].given && first)
			return compile_error(b->c, &o,
				"shell-local: \"%s\" and \"%s\" exclude each other", first,
				sources[i].key);
		if (sources[i].given)
			first = sources[i].key;
	}
	if (first)
		return 0;
	compile_error(b->c, &b->p->origin, "shell-local: there is nothing to run");
	diag_hint(
		b->c->diags, b->c->diag_arena, "give one of \"inline\", \"script\" or \"scripts\"");
	return -1;
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	const struct shell_local *local = config;
	struct script_config run = local->run;
	struct origin o = compile_origin(p, "command");
	struct text command = local->command;
	bool old = command.n > 0;
	struct block b = {
		.c = c,
		.p = p,
		.config = local,
		.scripts =
			{
				.c = c,
				.p = p,
				.config = &run,
				.type = "shell-local",
				.key = old ? "command" : "inline",
				.shebang = &local->inline_shebang,
			},
	};
	bool here = false;
	if (check_sources(&b) < 0 || check_systems(&b, &here) < 0)
		return -1;
	if (!here) {
		struct origin only = compile_origin(p, "only_on");
		diag_warning(c->diags, c->diag_arena, &only,
			"shell-local: skipped, \"only_on\" does not have linux");
		return 0;
	}
	if (old)
		run.inline_ = (struct text_list){.items = &command, .origins = &o, .n = 1};
	if (scripts_variables(&b.scripts, escape_quotes, "env_var_format", "%s='%s' ") < 0)
		return -1;
	return scripts_compile(&b.scripts, add_script, &b);
}

const struct provisioner provisioner_shell_local = {
	.type = "shell-local",
	.fields = fields,
	.size = sizeof(struct shell_local),
	.compile = compile,
};
