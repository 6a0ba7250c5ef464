/* Files: copied, rendered, edited, removed. */
#include "audit/ansible/ansible.h"

#define PATH_NAMES "path|dest|destfile|name"
#define FILES_MAX 400

/* ---- Writing -------------------------------------------------------------------------------- */

/* "0644", 0644 and 644 as four octal digits; what is symbolic is not known. */
struct str module_mode(struct task *t)
{
	struct str mode = arg_str(t, "mode");
	if (str_has_prefix(mode, STR("0o")))
		mode = str_from_index(mode, 2);
	while (mode.n > 4 && mode.p[0] == '0')
		mode = str_from_index(mode, 1);
	for (size_t i = 0; i < mode.n; i++) {
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return STR("");
	}
	if (mode.n == 3)
		return arena_printf(t->p->e->scratch, "0%.*s", STR_ARG(mode));
	return mode.n == 4 ? mode : STR("");
}

static bool is_executable(struct str mode)
{
	for (size_t i = 0; i < mode.n; i++) {
		if (i > 0 && ((mode.p[i] - '0') & 1))
			return true;
	}
	return false;
}

void module_write(struct task *t, const struct module_write *w)
{
	struct eval *e = t->p->e;
	struct write write = {
		.content = &w->content,
		.by = w->by,
		.append = w->append,
		.mode = w->mode,
		.executable = is_executable(w->mode),
		.place = w->place,
	};
	if (!value_const(e, &w->path, &write.path))
		write.path = (struct str){0};
	struct origin old = t->p->command.origin;
	if (w->place.unit)
		t->p->command.origin = unit_origin(w->place.unit, &w->place.span);
	guest_write(e, &t->p->command, &write);
	t->p->command.origin = old;
}

static struct value path_of(struct task *t, const char *names)
{
	struct any path = arg(t, names);
	return any_value(t->p, &path);
}

static bool ends_with_slash(struct eval *e, const struct value *v)
{
	struct str s;
	return value_const(e, v, &s) && str_has_suffix(s, STR("/"));
}

static struct value joined(struct eval *e, const struct value *dir, struct str name)
{
	struct chunks out = {0};
	chunks_add_value(e, &out, dir);
	if (!ends_with_slash(e, dir))
		chunks_add_text(e, &out, STR("/"));
	chunks_add_text(e, &out, name);
	return chunks_value(e, &out);
}

static void change_owner(struct task *t)
{
	if (arg_given(t, "owner"))
		(void)module_command(t, "chown [recurse:-R] {owner} {" PATH_NAMES "}");
	if (arg_given(t, "group"))
		(void)module_command(t, "chgrp [recurse:-R] {group} {" PATH_NAMES "}");
}

/* ---- copy and template ---------------------------------------------------------------------- */

static void put_file(struct task *t, struct ansible_file *f, const struct value *to, bool template)
{
	struct playbook *p = t->p;
	struct str mode = module_mode(t);
	struct module_write w = {
		.path = *to,
		.content = ansible_content(p, f),
		.mode = mode,
		.by = "upload",
		.place = {f->unit, {.line = 1, .col = 1}, true},
	};
	if (template && !f->binary)
		w.content = jinja_text(p, f->unit, f->unit->text);
	if (f->binary)
		playbook_opaque(
			p, "binary", STR("the content of a binary file cannot be read"), f->path);
	module_write(t, &w);
	struct str path;
	struct file file = {.content = w.content, .created = true, .binary = true, .mode = mode};
	if (f->binary && value_const(p->e, to, &path))
		guest_put(p->e, path, &file);
}

/* "dir/" brings what is in it, "dir" itself too. */
static bool put_tree(struct task *t, struct str source, struct str dir, const struct value *to)
{
	struct playbook *p = t->p;
	struct str prefix = arena_printf(p->e->scratch, "%.*s/", STR_ARG(dir));
	const struct map *m = p->step ? &p->inputs : &p->e->files;
	struct value base = *to;
	size_t n = m->n;
	size_t files = 0;
	if (!str_has_suffix(source, STR("/")))
		base = joined(p->e, to, base_name(source));
	for (size_t i = 0; i < n && files < FILES_MAX && charge(p->e, 4); i++) {
		struct str path = m->items[i].key;
		if (!str_has_prefix(path, prefix))
			continue;
		struct ansible_file *f = ansible_open(p, path);
		struct value target = joined(p->e, &base, str_from_index(path, prefix.n));
		if (!f)
			continue;
		files++;
		put_file(t, f, &target, false);
	}
	return files > 0;
}

static void write_content(struct task *t)
{
	struct any content = arg(t, "content");
	struct module_write w = {
		.path = path_of(t, PATH_NAMES),
		.content = any_value(t->p, &content),
		.mode = module_mode(t),
		.by = "upload",
	};
	(void)arg_place(t, "content", &w.place);
	module_write(t, &w);
}

/* Where programs, and what steers them, lie. */
static bool holds_code(struct task *t, const struct module_write *w)
{
	static const char *const parts[] = {
		"/etc/", "/bin/", "/sbin/", "/systemd/", "/cron", ".sh", ".ssh/", "/lib/"};
	struct str path;
	if (t->p->local)
		return false;
	if (is_executable(w->mode) || !value_const(t->p->e, &w->path, &path))
		return true;
	for (size_t i = 0; i < countof(parts); i++) {
		if (str_contains(path, str_from(parts[i])))
			return true;
	}
	return false;
}

static void tell_absent(struct task *t, const struct value *source)
{
	struct eval *e = t->p->e;
	struct str shown = value_display(e, source);
	struct module_write w = {.path = path_of(t, PATH_NAMES),
		.content = value_unknown(e, STR("…"), NULL),
		.mode = module_mode(t),
		.by = "upload"};
	if (holds_code(t, &w))
		playbook_opaque(t->p, "script",
			arena_printf(
				e->scratch, "the file %.*s is not in the commit", STR_ARG(shown)),
			shown);
	module_write(t, &w);
}

/* A pattern stands for one of several files: the content of any of them may be there. */
static struct ansible_file *find_source(struct task *t, const char *kind, const struct any *source)
{
	struct playbook *p = t->p;
	struct str name = any_pattern(p, source);
	struct ansible_file *f = ansible_find(p, kind, name);
	if (f || str_find_byte(name, '*') == STR_NPOS)
		return f;
	const struct str dirs[] = {p->role, p->dir};
	for (size_t i = 0; i < countof(dirs) && !f; i++) {
		struct str sub = arena_printf(p->e->scratch, "%s/%.*s", kind, STR_ARG(name));
		struct str_list found = ansible_glob(p, ansible_path(p, dirs[i], sub));
		if (found.n > 0)
			f = ansible_open(p, found.items[0]);
	}
	return f;
}

static void put_source(struct task *t, const char *kind, bool template)
{
	struct playbook *p = t->p;
	struct any source = arg(t, "src");
	struct value to = path_of(t, PATH_NAMES);
	struct value shown = any_value(p, &source);
	struct ansible_file *f = find_source(t, kind, &source);
	struct str name = any_pattern(p, &source);
	if (!f) {
		struct str dir = ansible_find_dir(p, kind, name);
		if (dir.n == 0 || !put_tree(t, name, dir, &to))
			tell_absent(t, &shown);
		return;
	}
	if (ends_with_slash(p->e, &to))
		to = joined(p->e, &to, base_name(f->path));
	put_file(t, f, &to, template);
}

static void run_copy(struct task *t)
{
	if (arg_given(t, "content"))
		write_content(t);
	else if (arg_true(t, "remote_src"))
		(void)module_command(t, "cp -r {src} {" PATH_NAMES "}");
	else
		put_source(t, "files", false);
	if (arg_true(t, "remote_src") && module_mode(t).n > 0)
		(void)module_command(t, "chmod {mode} {" PATH_NAMES "}");
	change_owner(t);
}

static void run_template(struct task *t)
{
	put_source(t, "templates", true);
	change_owner(t);
}

/* rsync from the build host. */
static void run_synchronize(struct task *t)
{
	if (arg_is(t, "mode", "pull"))
		return;
	put_source(t, "files", false);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static struct str escaped(struct task *t, struct str s, char also)
{
	scoped(buf) out = {0};
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '/' || s.p[i] == also)
			buf_add_byte(&out, '\\');
		if (s.p[i] == '\n')
			buf_add_cstr(&out, "\\n");
		else
			buf_add_byte(&out, s.p[i]);
	}
	return out.n > 0 ? arena_str(t->p->e->scratch, buf_str(&out)) : STR("");
}

static void edit(struct task *t, struct str script)
{
	struct edit how = {.script = script, .extended = true};
	struct value path = path_of(t, PATH_NAMES);
	struct str s;
	edit_file(t->p->e, &t->p->command, value_const(t->p->e, &path, &s) ? s : (struct str){0},
		&how);
}

static void append(struct task *t, const char *names, const struct value *text)
{
	struct module_write w = {.path = path_of(t, PATH_NAMES),
		.content = *text,
		.mode = module_mode(t),
		.by = "upload",
		.append = true};
	(void)arg_place(t, names, &w.place);
	module_write(t, &w);
}

/* The line that fits is replaced; where none does, the line is put at the end. */
static void run_lineinfile(struct task *t)
{
	struct eval *e = t->p->e;
	struct str pattern = arg_str(t, "regexp|regex");
	struct any line = arg(t, "line|value");
	struct value text = any_value(t->p, &line);
	struct chunks chunks = {0};
	struct str known;
	bool absent = arg_is(t, "state", "absent");
	if (pattern.n == 0 && absent && any_const(t->p, &line, &known))
		pattern = arena_printf(e->scratch, "^%.*s$", STR_ARG(known));
	if (pattern.n > 0)
		edit(t, arena_printf(e->scratch, "/%.*s/d", STR_ARG(escaped(t, pattern, '/'))));
	if (absent || line.kind == ANY_UNDEFINED)
		return;
	chunks_add_value(e, &chunks, &text);
	chunks_add_text(e, &chunks, STR("\n"));
	struct value added = chunks_value(e, &chunks);
	append(t, "line|value", &added);
	change_owner(t);
}

static void run_blockinfile(struct task *t)
{
	struct eval *e = t->p->e;
	struct any block = arg(t, "block|content");
	struct value text = any_value(t->p, &block);
	struct chunks chunks = {0};
	if (arg_is(t, "state", "absent") || block.kind == ANY_UNDEFINED)
		return;
	chunks_add_value(e, &chunks, &text);
	chunks_add_text(e, &chunks, STR("\n"));
	struct value added = chunks_value(e, &chunks);
	append(t, "block|content", &added);
	change_owner(t);
}

static void run_replace(struct task *t)
{
	struct str pattern = arg_str(t, "regexp");
	struct str with = arg_str(t, "replace");
	if (pattern.n > 0)
		edit(t,
			arena_printf(t->p->e->scratch, "s/%.*s/%.*s/g",
				STR_ARG(escaped(t, pattern, '/')), STR_ARG(escaped(t, with, '&'))));
}

/* "key = value" of a section. */
static void run_ini(struct task *t)
{
	struct eval *e = t->p->e;
	struct str section = arg_str(t, "section");
	struct str option = arg_str(t, "option");
	struct any value = arg(t, "value");
	struct value text = any_value(t->p, &value);
	struct chunks chunks = {0};
	bool tight = arg_true(t, "no_extra_spaces");
	if (arg_is(t, "state", "absent")) {
		edit(t, arena_printf(e->scratch, "/^%.*s *=/d", STR_ARG(escaped(t, option, '/'))));
		return;
	}
	edit(t, arena_printf(e->scratch, "/^%.*s *=/d", STR_ARG(escaped(t, option, '/'))));
	if (section.n > 0)
		chunks_add_text(e, &chunks, arena_printf(e->scratch, "[%.*s]\n", STR_ARG(section)));
	chunks_add_text(e, &chunks,
		arena_printf(e->scratch, "%.*s%s", STR_ARG(option), tight ? "=" : " = "));
	chunks_add_value(e, &chunks, &text);
	chunks_add_text(e, &chunks, STR("\n"));
	struct value added = chunks_value(e, &chunks);
	append(t, "value", &added);
}

/* ---- file ----------------------------------------------------------------------------------- */

static void run_file_module(struct task *t)
{
	struct str state = arg_str(t, "state");
	if (str_is(state, "absent")) {
		(void)module_command(t, "rm -rf {" PATH_NAMES "}");
		return;
	}
	if (str_is(state, "directory"))
		(void)module_command(t, "mkdir -p {" PATH_NAMES "}");
	else if (str_is(state, "touch"))
		(void)module_command(t, "touch {" PATH_NAMES "}");
	else if (str_is(state, "link"))
		(void)module_command(t, "ln -sfn {src} {" PATH_NAMES "}");
	else if (str_is(state, "hard"))
		(void)module_command(t, "ln -f {src} {" PATH_NAMES "}");
	if (arg_given(t, "mode"))
		(void)module_command(t, "chmod [recurse:-R] {mode} {" PATH_NAMES "}");
	change_owner(t);
}

static void run_tempfile(struct task *t)
{
	static const struct str keys[] = {STR_INIT("path")};
	struct eval *e = t->p->e;
	struct any *path = arena_new(e->scratch, struct any);
	*path = any_str(t->p, arena_printf(e->scratch, "/tmp/ansible.mktemp%u", ++t->p->names));
	t->result = (struct any){.kind = ANY_MAP, .items = path, .keys = keys, .n = 1};
}

/* stat with a checksum: register.stat.checksum is the digest of the file's bytes. */
static void run_stat(struct task *t)
{
	static const struct str stat_keys[] = {STR_INIT("stat")};
	static const struct str keys[] = {STR_INIT("checksum")};
	struct eval *e = t->p->e;
	struct str path = arg_str(t, "path|dest|name");
	struct str algorithm = arg_str(t, "checksum_algorithm|checksum|checksum_algo");
	const struct file *f = path.n > 0 ? guest_find(e, path) : NULL;
	struct chunk *c = arena_new(e->scratch, struct chunk);
	struct digest_of *d = arena_new(e->scratch, struct digest_of);
	*d = (struct digest_of){.algorithm = algorithm.n > 0 ? algorithm : STR("sha1"),
		.taint = f ? value_taint(e, &f->content) : NULL,
		.object = path};
	*c = (struct chunk){.kind = CHUNK_UNKNOWN, .text = STR("{{ stat.checksum }}"), .digest = d};
	struct any *sum = arena_new(e->scratch, struct any);
	struct any *stat = arena_new(e->scratch, struct any);
	*sum = any_text((struct value){c, 1});
	*stat = (struct any){.kind = ANY_MAP, .items = sum, .keys = keys, .n = 1};
	t->result = (struct any){.kind = ANY_MAP, .items = stat, .keys = stat_keys, .n = 1};
}

/* ---- Archives ------------------------------------------------------------------------------- */

static void unpack_local(struct task *t)
{
	struct playbook *p = t->p;
	struct eval *e = p->e;
	struct any source = arg(t, "src");
	struct ansible_file *f = find_source(t, "files", &source);
	struct value shown = any_value(p, &source);
	if (!f) {
		playbook_opaque(p, "script", STR("the archive is not in the commit"),
			value_display(e, &shown));
		return;
	}
	struct str path = arena_printf(
		e->scratch, "/tmp/ansible.%u/%.*s", ++p->names, STR_ARG(base_name(f->path)));
	struct file file = {.content = ansible_content(p, f), .created = true, .binary = true};
	struct value argv[] = {value_text(e, STR("tar")), value_text(e, STR("-xf")),
		value_text(e, path), value_text(e, STR("-C")), path_of(t, "dest")};
	guest_put(e, path, &file);
	(void)module_argv(t, argv, countof(argv));
}

static void run_unarchive(struct task *t)
{
	struct any source = arg(t, "src");
	struct value v = any_value(t->p, &source);
	bool url = str_contains(value_prefix(t->p->e, &v), STR("://"));
	if (url)
		(void)module_command(t,
			"| curl -fsSL [!validate_certs:-k] -o /tmp/ansible-archive {src} && tar "
			"-xf /tmp/ansible-archive -C {dest}");
	else if (arg_true(t, "remote_src") || arg_is(t, "copy", "no"))
		(void)module_command(t, "tar -xf {src} -C {dest}");
	else
		unpack_local(t);
	if (arg_given(t, "mode"))
		(void)module_command(t, "chmod -R {mode} {dest}");
}

const struct module modules_file[] = {
	{"copy win_copy", NULL, NULL, run_copy},
	{"template win_template", NULL, NULL, run_template},
	{"synchronize", NULL, NULL, run_synchronize},
	{"file win_file", NULL, NULL, run_file_module},
	{"lineinfile win_lineinfile", NULL, NULL, run_lineinfile},
	{"blockinfile", NULL, NULL, run_blockinfile},
	{"replace", NULL, NULL, run_replace},
	{"ini_file", NULL, NULL, run_ini},
	{"unarchive win_unzip", NULL, NULL, run_unarchive},
	{"tempfile", NULL, NULL, run_tempfile},
	{"stat win_stat", NULL, NULL, run_stat},
	{"assemble", NULL, "cp {src} {dest}"},
	{"archive", NULL, "tar -czf {dest} {path*}"},
	{"acl", NULL, "setfacl -m {entry} {path|name}"},
	{"capabilities", "!state=absent", "setcap {capability} {path|key}"},
	{"capabilities", "state=absent", "setcap -r {path|key}"},
	{"xattr", NULL, "setfattr {path|name}"},
	{"find fetch slurp xml read_csv", NULL, NULL},
	{0},
};
