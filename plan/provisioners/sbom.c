/* The provisioner hcp-sbom. What it cannot get does not fail a build. */
#include "plan/provisioners/stage.h"

struct sbom {
	struct text source;
	struct text destination;
	struct str sbom_name;
	bool auto_generate;
	struct text_list scanner_args;
	struct str scanner_url;
	struct str scanner_checksum;
	struct text scan_path;
	struct text execute_command;
	struct text elevated_user;
	struct text elevated_password;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct sbom, member)

static const struct conf_field fields[] = {
	{"source", FIELD(source, TEXT), 0, NULL},
	{"destination", FIELD(destination, TEXT), 0, NULL},
	{"sbom_name", FIELD(sbom_name, STR), 0, NULL},
	{"auto_generate", FIELD(auto_generate, BOOL), 0, NULL},
	{"scanner_args", FIELD(scanner_args, TEXT_LIST), 0, NULL},
	{"scanner_url", FIELD(scanner_url, STR), CONF_DEPRECATED, "it has no effect"},
	{"scanner_checksum", FIELD(scanner_checksum, STR), CONF_DEPRECATED, "it has no effect"},
	{"scan_path", FIELD(scan_path, TEXT), 0, NULL},
	{"execute_command", FIELD(execute_command, TEXT), 0, NULL},
	{"elevated_user", FIELD(elevated_user, TEXT), 0, NULL},
	{"elevated_password", FIELD(elevated_password, TEXT), 0, NULL},
	{0},
};

/* The bytes of the newest release of Packer when the build runs: nothing pins them. */
#define RELEASE_HOLE "PackerRelease"

#define WINDOWS_TEMP "C:\\Windows\\Temp"

struct block {
	struct stage stage;
	const struct sbom *config;
	struct text runner; /* in the guest */
	struct text output;
};

/* Failing, a step of this provisioner leaves the build without an SBOM, and that is all. */
static int add_command(struct block *b, const struct origin *o, const struct text *command)
{
	struct step *s = stage_exec(&b->stage, o, command);
	if (!s)
		return -1;
	s->exec.cleanup = true;
	return 0;
}

static int add_literal(struct block *b, const char *command)
{
	struct text text = text_cstr(b->stage.c->arena, command);
	return add_command(b, &b->stage.p->origin, &text);
}

/* ---- The document --------------------------------------------------------------------------- */

static struct text destination(struct block *b)
{
	struct compiler *c = b->stage.c;
	const struct text *to = &b->config->destination;
	struct str name = b->config->sbom_name.n > 0 ? b->config->sbom_name : STR("sbom");
	if (to->n == 0)
		return text_from(c->arena, arena_printf(c->arena, "%.*s.json", STR_ARG(name)));
	if (!text_ends_with(to, '/'))
		return *to;
	struct str file =
		arena_printf(c->arena, "packer-user-sbom-%u.json", compile_number(c, "hcp-sbom"));
	return text_below(c->arena, to, file);
}

static int download(struct block *b, const struct text *from)
{
	struct origin o = compile_origin(b->stage.p, "source");
	struct step *s = compile_step(b->stage.c, STEP_DOWNLOAD, &o);
	if (!s)
		return -1;
	s->download.source = *from;
	s->download.destination = destination(b);
	s->download.optional = true;
	return 0;
}

/* ---- The scanner ---------------------------------------------------------------------------- */

static int upload_runner(struct block *b)
{
	struct compiler *c = b->stage.c;
	struct origin o = compile_origin(b->stage.p, "auto_generate");
	struct text zip = text_cstr(c->arena, WINDOWS_TEMP "\\packer-sbom-runner.zip");
	struct content content = {0};
	text_add_hole(&content.text, c->arena, STR(RELEASE_HOLE));
	if (!b->stage.windows)
		return stage_content(&b->stage, &o, &content, &b->runner) < 0 ||
				add_literal(b, "chmod +x \"/tmp/packer-sbom-runner\"") < 0 ||
				add_literal(b, "test -x \"/tmp/packer-sbom-runner\"") < 0
			? -1
			: 0;
	if (stage_content(&b->stage, &o, &content, &zip) < 0)
		return -1;
	return add_literal(b,
		"powershell -NoProfile -ExecutionPolicy Bypass -Command "
		"\"$ErrorActionPreference='Stop'; Expand-Archive -Path '" WINDOWS_TEMP
		"\\packer-sbom-runner.zip' -DestinationPath '" WINDOWS_TEMP
		"' -Force; if (!(Test-Path '" WINDOWS_TEMP
		"\\packer.exe')) { throw 'packer.exe not found after extraction' }; "
		"Move-Item -Force '" WINDOWS_TEMP "\\packer.exe' '" WINDOWS_TEMP
		"\\packer-sbom-runner.exe'; Remove-Item -Force '" WINDOWS_TEMP
		"\\packer-sbom-runner.zip'\"");
}

/* Commands of older templates call the scanner without saying what it is to do. */
static struct text with_subcommand(struct arena *a, const struct text *in)
{
	static const char *const followers[] = {
		"{{.Args}}", "{{ .Args }}", "{{.ScanPath}}", "{{ .ScanPath }}"};
	static const char *const paths[] = {"{{.Path}}", "{{ .Path }}"};
	struct str s;
	if (!text_is_literal(in) || !text_value(in, a, &s))
		return *in;
	struct str_list parts = {0};
	while (s.n > 0) {
		size_t end = 1;
		for (size_t i = 0; i < countof(paths); i++) {
			if (str_has_prefix(s, str_from(paths[i])))
				end = strlen(paths[i]);
		}
		list_push(a, &parts) = str_sub(s, 0, end);
		s = str_from_index(s, end);
		struct str rest = end > 1 ? str_trim(s) : STR("");
		for (size_t i = 0; i < countof(followers); i++) {
			if (str_has_prefix(rest, str_from(followers[i])))
				list_push(a, &parts) = STR(" sbom-generate");
		}
	}
	return text_from(a, arena_join(a, parts.items, parts.n, STR("")));
}

static int run_scanner(struct block *b)
{
	static const char *const standard =
		"chmod +x {{.Path}} && sudo {{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > "
		"{{.Output}}";
	static const char *const windows =
		"{{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > {{.Output}}";
	const struct sbom *config = b->config;
	struct compiler *c = b->stage.c;
	struct text args = text_list_joined(c->arena, &config->scanner_args, " ");
	struct text path = config->scan_path;
	struct text in = with_subcommand(c->arena, &config->execute_command);
	struct text command = {0};
	struct text password = {0};
	struct origin o = compile_origin(b->stage.p, "execute_command");
	struct origin secret = compile_origin(b->stage.p, "elevated_password");
	if (args.n == 0)
		args = text_cstr(c->arena, "-o cyclonedx-json");
	if (path.n == 0)
		path = text_cstr(c->arena, "/");
	if (in.n == 0)
		in = text_cstr(c->arena, b->stage.windows ? windows : standard);
	const struct template_field known[] = {
		{STR_INIT("Path"), b->runner},
		{STR_INIT("Args"), args},
		{STR_INIT("ScanPath"), path},
		{STR_INIT("Output"), b->output},
	};
	if (compile_render(c, &command, &in, known, countof(known), &o) < 0 ||
		compile_render(c, &password, &config->elevated_password, NULL, 0, &secret) < 0)
		return -1;
	if (b->stage.windows &&
		stage_elevate(&b->stage, &o, &config->elevated_user, &password, &command) < 0)
		return -1;
	return add_command(b, &o, &command);
}

static int generate(struct block *b)
{
	struct arena *a = b->stage.c->arena;
	b->runner = text_cstr(a,
		b->stage.windows ? WINDOWS_TEMP "\\packer-sbom-runner.exe"
				 : "/tmp/packer-sbom-runner");
	b->output = text_cstr(
		a, b->stage.windows ? WINDOWS_TEMP "\\packer-sbom.json" : "/tmp/packer-sbom.json");
	const char *remove = b->stage.windows ? "del /F /Q \"{}\"" : "rm -f \"{}\"";
	struct text first = text_format(a, remove, PARTS(&b->output));
	struct text second = text_format(a, remove, PARTS(&b->runner));
	if (add_literal(b, b->stage.windows ? "echo %PROCESSOR_ARCHITECTURE%" : "uname -s -m") <
			0 ||
		upload_runner(b) < 0 || run_scanner(b) < 0 || download(b, &b->output) < 0 ||
		add_command(b, &b->stage.p->origin, &first) < 0)
		return -1;
	return add_command(b, &b->stage.p->origin, &second);
}

/* ---- The block ------------------------------------------------------------------------------ */

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
		if (!letter && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return s.n >= 3 && s.n <= 36;
}

static int check(struct block *b)
{
	const struct sbom *config = b->config;
	struct compiler *c = b->stage.c;
	struct origin source = compile_origin(b->stage.p, "source");
	struct origin name = compile_origin(b->stage.p, "sbom_name");
	struct origin password = compile_origin(b->stage.p, "elevated_password");
	if (config->source.n > 0 && config->auto_generate)
		return compile_error(c, &source,
			"hcp-sbom: \"source\" and \"auto_generate\" exclude each other");
	if (config->source.n == 0 && !config->auto_generate) {
		compile_error(c, &source, "hcp-sbom: there is nothing to take");
		diag_hint(c->diags, c->diag_arena, "give \"source\" or set \"auto_generate\"");
		return -1;
	}
	if (config->sbom_name.n > 0 && !is_name(config->sbom_name))
		return compile_error(c, &name,
			"hcp-sbom: \"sbom_name\" has 3 to 36 letters, digits and dashes, not "
			"\"%.*s\"",
			STR_ARG(config->sbom_name));
	if (config->auto_generate && config->elevated_password.n > 0 &&
		config->elevated_user.n == 0)
		return compile_error(
			c, &password, "hcp-sbom: \"elevated_password\" needs an \"elevated_user\"");
	return 0;
}

static int compile(struct compiler *c, const struct template_provisioner *p, const void *config)
{
	struct block b = {
		.stage = {.c = c, .p = p, .windows = stage_is_winrm(c)},
		.config = config,
	};
	if (check(&b) < 0)
		return -1;
	return b.config->auto_generate ? generate(&b) : download(&b, &b.config->source);
}

const struct provisioner provisioner_hcp_sbom = {
	.type = "hcp-sbom",
	.fields = fields,
	.size = sizeof(struct sbom),
	.compile = compile,
};
