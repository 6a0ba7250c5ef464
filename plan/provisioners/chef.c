#include "plan/provisioners/chef.h"

struct text chef_path(const struct chef *chef, const char *name)
{
	return text_below(chef->stage.c->arena, &chef->staging, str_from(name));
}

static struct text sudo_field(const struct chef *chef)
{
	return chef->stage.sudo ? text_cstr(chef->stage.c->arena, "true") : (struct text){0};
}

int chef_begin(struct chef *chef, const struct chef_options *o, const struct chef_flavour *flavours)
{
	if (stage_guest_type(&chef->stage, o->guest_os_type) < 0)
		return -1;
	chef->flavour = &flavours[chef->stage.windows];
	chef->staging = o->staging_directory;
	if (chef->staging.n == 0)
		chef->staging = text_cstr(chef->stage.c->arena, chef->flavour->staging);
	return 0;
}

int chef_install(struct chef *chef, const struct chef_options *o)
{
	static const char *const unix_command =
		"curl -L https://omnitruck.chef.io/install.sh | {{if .Sudo}}sudo {{end}}"
		"bash -s --{{if .Version}} -v {{.Version}}{{end}}";
	static const char *const windows_command =
		"powershell.exe -Command \". { iwr -useb https://omnitruck.chef.io/install.ps1 } "
		"| iex; Install-Project{{if .Version}} -version {{.Version}}{{end}}\"";
	struct compiler *c = chef->stage.c;
	const struct template_field known[] = {
		{STR_INIT("Sudo"), sudo_field(chef)},
		{STR_INIT("Version"), o->version},
	};
	struct origin place = compile_origin(chef->stage.p, "install_command");
	struct text command = o->install_command;
	struct text made = {0};
	if (o->skip_install)
		return 0;
	if (command.n == 0)
		command = text_cstr(c->arena, chef->stage.windows ? windows_command : unix_command);
	if (compile_render(c, &made, &command, known, countof(known), &place) < 0)
		return -1;
	return stage_run(&chef->stage, &place, &made);
}

struct text chef_license(const struct chef *chef, const struct chef_options *o)
{
	if (o->chef_license.n > 0 || o->skip_install || o->install_command.n > 0)
		return o->chef_license;
	return text_cstr(chef->stage.c->arena, "accept-silent");
}

int chef_command(struct chef *chef, const struct chef_options *o, const char *config,
	const char *json, struct text *command)
{
	struct compiler *c = chef->stage.c;
	const struct template_field known[] = {
		{STR_INIT("ConfigPath"), chef_path(chef, config)},
		{STR_INIT("JsonPath"), chef_path(chef, json)},
		{STR_INIT("Sudo"), sudo_field(chef)},
	};
	struct origin place = compile_origin(chef->stage.p, "execute_command");
	struct text in = o->execute_command;
	if (in.n == 0)
		in = text_cstr(c->arena, chef->flavour->execute);
	return compile_render(c, command, &in, known, countof(known), &place);
}

/* ---- Configuration files -------------------------------------------------------------------- */

static bool is_given(const struct template_field *fields, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(fields[i].name, name))
			return fields[i].value.n > 0;
	}
	return name.n == 0 || str_is(name, "-");
}

static int add_standard(struct chef *chef, struct content *content, const char *const *lines,
	const struct template_field *fields, size_t n)
{
	struct compiler *c = chef->stage.c;
	for (size_t i = 0; lines[i]; i++) {
		struct str rest = str_from(lines[i]);
		struct str name;
		if (!str_cut(&rest, ' ', &name) || !is_given(fields, n, name))
			continue;
		struct text line = text_from(c->arena, rest);
		struct text made = {0};
		if (compile_render(c, &made, &line, fields, n, &chef->stage.p->origin) < 0)
			return -1;
		content_add(content, c, &made, &chef->stage.p->origin);
		content_end_line(content, c);
	}
	return 0;
}

static int add_template(struct chef *chef, struct content *content, struct str path,
	const struct template_field *fields, size_t n)
{
	struct compiler *c = chef->stage.c;
	struct origin place = compile_origin(chef->stage.p, "config_template");
	struct compile_path found;
	struct str bytes;
	if (compile_read(c, path, &place, &found, &bytes) < 0)
		return -1;
	struct text in = text_from(c->arena, bytes);
	struct text made = {0};
	if (compile_render(c, &made, &in, fields, n, &place) < 0)
		return -1;
	content_add(content, c, &made, &place);
	return 0;
}

int chef_config(struct chef *chef, const struct chef_options *o, const char *name,
	const char *const *standard, const struct template_field *fields, size_t n)
{
	struct content content = {0};
	struct text to = chef_path(chef, name);
	bool own = o->config_template.n > 0;
	struct origin place =
		own ? compile_origin(chef->stage.p, "config_template") : chef->stage.p->origin;
	int status = own ? add_template(chef, &content, o->config_template, fields, n)
			 : add_standard(chef, &content, standard, fields, n);
	if (status < 0)
		return -1;
	struct stage stage = chef->stage;
	if (!own)
		stage.language = LANGUAGE_NONE;
	return stage_content(&stage, &place, &content, &to);
}
