#include "plan/provisioners/stage.h"

/* ---- Texts ---------------------------------------------------------------------------------- */

struct text text_cstr(struct arena *a, const char *s)
{
	return text_from(a, str_from(s));
}

struct text text_format(struct arena *a, const char *format, const struct text *const *parts)
{
	struct text out = {0};
	struct str rest = str_from(format);
	size_t next = 0;
	for (;;) {
		size_t at = str_find(rest, STR("{}"));
		text_push(&out, a, str_sub(rest, 0, at));
		if (at == STR_NPOS)
			return text_joined(&out, a);
		if (parts[next])
			text_push_text(&out, a, parts[next++]);
		rest = str_from_index(rest, at + 2);
	}
}

bool text_ends_with(const struct text *t, char c)
{
	const struct text_piece *last = t->n > 0 ? &t->items[t->n - 1] : NULL;
	return last && last->kind == TEXT_LITERAL && last->value.n > 0 &&
		last->value.p[last->value.n - 1] == c;
}

struct text text_below(struct arena *a, const struct text *directory, struct str name)
{
	struct text tail = text_from(a, name);
	const char *format = text_ends_with(directory, '/') ? "{}{}" : "{}/{}";
	return text_format(a, format, PARTS(directory, &tail));
}

struct text text_list_joined(struct arena *a, const struct text_list *list, const char *separator)
{
	struct text out = {0};
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			text_push(&out, a, str_from(separator));
		text_push_text(&out, a, &list->items[i]);
	}
	return text_joined(&out, a);
}

int compile_render_list(struct compiler *c, const struct template_provisioner *p, const char *key,
	const struct text_list *in, struct text_list *out)
{
	*out = *in;
	out->items = arena_array(c->arena, struct text, in->n);
	for (size_t i = 0; i < in->n; i++) {
		struct origin o = compile_element(p, key, i);
		if (compile_render(c, &out->items[i], &in->items[i], NULL, 0, &o) < 0)
			return -1;
	}
	return 0;
}

int compile_render_map(struct compiler *c, const struct template_provisioner *p, const char *key,
	const struct text_map *in, struct text_map *out)
{
	struct origin o = compile_origin(p, key);
	*out = *in;
	out->values = arena_array(c->arena, struct text, in->n);
	for (size_t i = 0; i < in->n; i++) {
		if (compile_render(c, &out->values[i], &in->values[i], NULL, 0, &o) < 0)
			return -1;
	}
	return 0;
}

/* ---- Names ---------------------------------------------------------------------------------- */

/* Packer takes a random number; the same plan must have the same names. */
static struct digest name_digest(const struct compiler *c, const char *what)
{
	struct str seed = arena_printf(c->arena, "%s %.*s %.*s %u", what, STR_ARG(c->build->name),
		STR_ARG(c->build->origin.file), c->group);
	return digest_bytes(seed);
}

unsigned compile_number(const struct compiler *c, const char *what)
{
	struct digest d = name_digest(c, what);
	unsigned n = 0;
	for (size_t i = 0; i < 3; i++)
		n = n << 8 | d.bytes[i];
	return n % 9999;
}

struct str compile_uuid(struct compiler *c, const char *what)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d = name_digest(c, what);
	digest_hex(hex, &d);
	return arena_printf(
		c->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* ---- The guest ------------------------------------------------------------------------------ */

int stage_guest_type(struct stage *s, struct str type)
{
	struct origin o = compile_origin(s->p, "guest_os_type");
	s->windows = str_eq_nocase(type, STR("windows"));
	if (s->windows || type.n == 0 || str_eq_nocase(type, STR("unix")))
		return 0;
	return compile_error(s->c, &o,
		"%.*s: \"guest_os_type\" is \"unix\" or \"windows\", not \"%.*s\"",
		STR_ARG(s->p->type), STR_ARG(type));
}

struct str stage_connection(const struct compiler *c)
{
	struct str name;
	const struct conf *value = conf_find(c->build->config, STR("communicator"));
	if (value && value->type == CONF_STRING && text_is_literal(&value->text) &&
		text_value(&value->text, c->arena, &name) && name.n > 0)
		return name;
	return str_is(c->build->type, "docker") ? STR("docker") : STR("ssh");
}

bool stage_is_winrm(const struct compiler *c)
{
	return str_is(stage_connection(c), "winrm");
}

struct text stage_http_address(struct compiler *c)
{
	struct text address = {0};
	if (!conf_find(c->build->config, STR("http_directory")) &&
		!conf_find(c->build->config, STR("http_content")))
		return text_cstr(c->arena, "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER");
	text_add_hole(&address, c->arena, STR("PackerHTTPAddr"));
	return address;
}

struct step *stage_exec(struct stage *s, const struct origin *o, const struct text *command)
{
	struct step *step = compile_step(s->c, STEP_EXEC, o);
	if (!step)
		return NULL;
	step->exec.command = *command;
	step->exec.language = s->windows ? LANGUAGE_CMD : LANGUAGE_NONE;
	list_push(s->c->arena, &step->exec.exit_codes) = 0;
	return step;
}

int stage_run(struct stage *s, const struct origin *o, const struct text *command)
{
	return stage_exec(s, o, command) ? 0 : -1;
}

/* The tool for file names of Windows has spaces escaped. */
static struct text guest_path(const struct stage *s, const struct text *path)
{
	static const struct escape spaces[] = {{' ', "` "}, {0}};
	return s->windows ? text_escaped(s->c->arena, path, spaces) : *path;
}

/* unix, windows: a command with one "{}" per path. */
static int guest_command(struct stage *s, const struct origin *o, const char *unix_format,
	const char *windows_format, const struct text *const *paths)
{
	struct arena *a = s->c->arena;
	struct text first = guest_path(s, paths[0]);
	struct text second = paths[1] ? guest_path(s, paths[1]) : (struct text){0};
	const char *format = s->windows ? windows_format : unix_format;
	struct text command = text_format(a, format, PARTS(&first, &second));
	struct text prefix = text_cstr(a, "sudo ");
	if (s->sudo && !s->windows)
		command = text_format(a, "{}{}", PARTS(&prefix, &command));
	return stage_run(s, o, &command);
}

int stage_mkdir(struct stage *s, const struct origin *o, const struct text *directory)
{
	return guest_command(s, o, "mkdir -p '{}'",
		"powershell.exe -Command \"New-Item -ItemType directory -Force "
		"-ErrorAction SilentlyContinue -Path {}\"",
		PARTS(directory, NULL));
}

int stage_mkdir_open(struct stage *s, const struct origin *o, const struct text *directory)
{
	if (stage_mkdir(s, o, directory) < 0)
		return -1;
	return guest_command(
		s, o, "chmod 0777 '{}'", "echo 'skipping chmod 0777 {}'", PARTS(directory, NULL));
}

int stage_rmdir(struct stage *s, const struct origin *o, const struct text *directory)
{
	return guest_command(s, o, "rm -rf '{}'",
		"powershell.exe -Command \"rm {} -recurse -force\"", PARTS(directory, NULL));
}

int stage_move(struct stage *s, const struct origin *o, const struct text *from,
	const struct text *to, const char *prefix)
{
	const char *format = arena_printf(s->c->arena, "%smv '{}' '{}'", prefix).p;
	return guest_command(
		s, o, format, "powershell.exe -Command \"mv {} {} -force\"", PARTS(from, to));
}

int stage_stat(struct stage *s, const struct origin *o, const struct text *path)
{
	if (guest_command(s, o, "stat '{}'",
		    "powershell.exe -Command { if (test-path {}) { exit 0 } else { exit 1 } }",
		    PARTS(path, NULL)) < 0)
		return -1;
	s->c->plan->steps.items[s->c->plan->steps.n - 1].exec.any_exit_code = true;
	return 0;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct step *add_upload(struct stage *s, const struct origin *o, struct text content,
	const struct text *destination)
{
	struct step *step = compile_step(s->c, STEP_UPLOAD, o);
	if (!step)
		return NULL;
	step->upload.content = content;
	step->upload.destination = *destination;
	step->upload.mode = 0644;
	step->upload.language = s->language;
	step->upload.sha256 = compile_digest(s->c, &content);
	return step;
}

int stage_content(struct stage *s, const struct origin *o, const struct content *content,
	const struct text *destination)
{
	struct step *step = add_upload(s, o, content_text(content, s->c), destination);
	if (!step)
		return -1;
	content_give_lines(content, step);
	return 0;
}

int stage_file(struct stage *s, const struct origin *o, struct str path,
	const struct text *destination, uint32_t mode)
{
	struct error e = {0};
	struct tree_entry entry;
	struct str bytes;
	if (tree_stat(s->c->tree, path, &entry, &e) < 0 ||
		tree_read(s->c->tree, path, &bytes, &e) < 0)
		return compile_error(s->c, o, "%s", e.text);
	struct step *step = add_upload(s, o, text_from(s->c->arena, bytes), destination);
	if (!step)
		return -1;
	step->upload.mode = mode;
	if (mode == 0)
		step->upload.mode = entry.executable ? 0755 : 0644;
	step->upload.source = arena_str(s->c->arena, path);
	return 0;
}

/* A copy of a directory makes directories; a step says so. */
static int add_directories(struct stage *s, const struct origin *o, const struct text *base,
	const struct str_list *directories, size_t first)
{
	static const struct escape quotes[] = {{'\'', "'\"'\"'"}, {0}};
	struct arena *a = s->c->arena;
	struct stage plain = *s;
	struct text command = text_cstr(a, "mkdir -p");
	plain.sudo = false;
	for (size_t i = first; i < directories->n; i++) {
		struct text name = text_from(a, directories->items[i]);
		struct text path = text_format(a, "{}{}", PARTS(base, &name));
		if (s->windows && stage_mkdir(&plain, o, &path) < 0)
			return -1;
		path = text_escaped(a, &path, quotes);
		text_push(&command, a, STR(" '"));
		text_push_text(&command, a, &path);
		text_push(&command, a, STR("'"));
	}
	if (s->windows || first >= directories->n)
		return 0;
	command = text_joined(&command, a);
	return stage_run(s, o, &command);
}

int stage_tree(struct stage *s, const struct origin *o, struct str path, const struct text *base,
	bool make_base)
{
	struct compiler *c = s->c;
	struct compile_listing listing;
	if (compile_list(c, path, o, &listing) < 0 ||
		add_directories(s, o, base, &listing.directories, make_base ? 0 : 1) < 0)
		return -1;
	for (size_t i = 0; i < listing.files.n; i++) {
		struct text name = text_from(c->arena, listing.files.items[i]);
		struct text to = text_format(c->arena, "{}{}", PARTS(base, &name));
		struct str from = compile_below(c, path, listing.files.items[i]);
		if (stage_file(s, o, from, &to, 0) < 0)
			return -1;
	}
	return 0;
}

int stage_find(struct stage *s, const char *key, struct str path, const struct origin *o,
	enum stage_kind kind, struct compile_path *out)
{
	static const char *const names[] = {
		[STAGE_ANY] = "",
		[STAGE_FILE] = "a file",
		[STAGE_DIRECTORY] = "a directory",
	};
	if (compile_find(s->c, path, o, out) < 0)
		return -1;
	if (out->entry.kind == TREE_NONE)
		return compile_missing(s->c, o, out->path);
	bool is_directory = out->entry.kind == TREE_DIR;
	if (kind == STAGE_ANY || is_directory == (kind == STAGE_DIRECTORY))
		return 0;
	return compile_error(s->c, o, "%.*s: \"%s\" is %s", STR_ARG(out->path), key, names[kind]);
}

int stage_upload(struct stage *s, const char *key, struct str path, const struct text *destination)
{
	struct compile_path found;
	struct origin o = compile_origin(s->p, key);
	if (stage_find(s, key, path, &o, STAGE_FILE, &found) < 0)
		return -1;
	return stage_file(s, &o, found.path, destination, 0644);
}

int stage_upload_secret(
	struct stage *s, const char *key, struct str path, const struct text *destination)
{
	struct compiler *c = s->c;
	struct compile_path found;
	struct origin o = compile_origin(s->p, key);
	bool outside = path.n > 0 && (path.p[0] == '/' || path.p[0] == '~');
	if (!outside && compile_find(c, path, &o, &found) < 0)
		return -1;
	if (!outside && found.entry.kind != TREE_NONE)
		return stage_upload(s, key, path, destination);
	struct text content = {0};
	text_add_hole(&content, c->arena,
		arena_printf(c->arena, "%s%.*s", STEP_HOST_HOLE, STR_ARG(path)));
	diag_warning(c->diags, c->diag_arena, &o,
		"%.*s: not in the commit, so its content is not in the plan", STR_ARG(path));
	struct stage plain = *s;
	plain.language = LANGUAGE_NONE;
	return add_upload(&plain, &o, content, destination) ? 0 : -1;
}

int stage_upload_directory(struct stage *s, const struct origin *o, const char *key,
	struct str path, const struct text *to, bool open)
{
	struct compile_path found;
	struct text base = text_below(s->c->arena, to, STR(""));
	if (stage_find(s, key, path, o, STAGE_DIRECTORY, &found) < 0)
		return -1;
	if ((open ? stage_mkdir_open(s, o, to) : stage_mkdir(s, o, to)) < 0)
		return -1;
	return stage_tree(s, o, found.path, &base, false);
}
