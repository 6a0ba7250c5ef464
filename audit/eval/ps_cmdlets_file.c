/* Cmdlets for files, and for what looks like files: the registry, variables, functions. */
#include "audit/eval/ps.h"

/* ---- Drives that hold no files -------------------------------------------------------------- */

static struct str drive_name(struct str path, const char *drive)
{
	struct str prefix = str_from(drive);
	struct str none = {0};
	if (!path.p || !str_eq_nocase(str_sub(path, 0, prefix.n), prefix))
		return none;
	path = str_from_index(path, prefix.n);
	while (path.n > 0 && (path.p[0] == '\\' || path.p[0] == '/'))
		path = str_from_index(path, 1);
	return path;
}

static bool set_on_drive(struct ps_call *c, struct str path, const struct ps_value *v)
{
	struct str name = drive_name(path, "env:");
	if (name.p) {
		ps_set(c->p, arena_printf(c->e->scratch, "env:%.*s", STR_ARG(name)), v);
		struct value text = ps_value_text(c->p, v);
		emit_env(c->e, c->c, name, &text, "shell");
		return true;
	}
	name = drive_name(path, "variable:");
	if (!name.p)
		name = drive_name(path, "variable::");
	if (name.p) {
		ps_set(c->p, ps_lower_str(c->e, name), v);
		return true;
	}
	static const char *const drives[] = {"function:", "alias:"};
	for (size_t i = 0; i < countof(drives); i++) {
		name = drive_name(path, drives[i]);
		if (!name.p)
			continue;
		ps_set(c->p,
			arena_printf(c->e->scratch, "global:%s%.*s", drives[i],
				STR_ARG(ps_lower_str(c->e, name))),
			v);
		return true;
	}
	return false;
}

/* WSMan:\localhost\Service\AllowUnencrypted is a setting, told as a write. */
static bool set_wsman(struct ps_call *c, struct str path, const struct ps_value *v)
{
	struct str name = drive_name(path, "wsman:");
	if (!name.p)
		return false;
	struct value text = v ? ps_value_text(c->p, v) : (struct value){0};
	struct str setting = ps_lower_str(c->e, name);
	for (size_t i = 0; i < setting.n; i++)
		if (setting.p[i] == '\\')
			((char *)(uintptr_t)setting.p)[i] = '/';
	win_setting(c->e, c->c, "wsman", setting, &text);
	return true;
}

/* ---- The registry --------------------------------------------------------------------------- */

static void registry_value(struct ps_call *c)
{
	struct str path = ps_text_arg(c, "path literalpath");
	struct str name = ps_text_arg(c, "name");
	const struct ps_value *v = ps_arg(c, "value propertyvalue");
	struct ps_value in;
	if (!path.p && ps_input(c, "path literalpath", &in) && !ps_const(c->p, &in, &path))
		path = (struct str){0};
	struct str key = win_registry_path(c->e, path);
	if (!key.p)
		return;
	struct value text = v ? ps_value_text(c->p, v) : (struct value){0};
	win_registry(c->e, c->c,
		name.p ? arena_printf(c->e->scratch, "%.*s\\%.*s", STR_ARG(key), STR_ARG(name))
		       : key,
		&text, false);
}

static void registry_remove(struct ps_call *c)
{
	struct str key = win_registry_path(c->e, ps_text_arg(c, "path literalpath"));
	struct str name = ps_text_arg(c, "name");
	if (key.p && name.p)
		win_registry(c->e, c->c,
			arena_printf(c->e->scratch, "%.*s\\%.*s", STR_ARG(key), STR_ARG(name)),
			NULL, true);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static struct value lines_of(struct ps_call *c, const struct ps_value *v)
{
	struct ps_value end = ps_string(c->p, STR("\n"));
	struct ps_value all = *v;
	if (v->type == PSV_LIST)
		all = ps_joined(c->p, v, &end);
	struct value text = ps_value_text(c->p, &all);
	struct chunks out = {0};
	if (v->type == PSV_BYTES)
		return text;
	chunks_add_value(c->e, &out, &text);
	if (!ps_has(c, "nonewline"))
		chunks_add_text(c->e, &out, STR("\n"));
	return chunks_value(c->e, &out);
}

static void write_file(struct ps_call *c, bool append, const char *by)
{
	struct ps_value v = {0};
	struct str raw = ps_text_arg(c, "path literalpath filepath");
	bool given = ps_input(c, "value inputobject", &v);
	if (raw.p && (set_on_drive(c, raw, &v) || set_wsman(c, raw, &v)))
		return;
	struct value content = given ? lines_of(c, &v) : (struct value){0};
	struct write w = {.content = &content,
		.by = by,
		.append = append,
		.path = ps_path_arg(c, "path literalpath filepath"),
		.place = {c->e->unit, c->node->span, false}};
	if (w.path.p && win_is_word(w.path, "nul"))
		return;
	guest_write(c->e, c->c, &w);
}

static void set_content(struct ps_call *c)
{
	write_file(c, ps_has(c, "append"), "redirect");
}

static void add_content(struct ps_call *c)
{
	write_file(c, true, "redirect");
}

static void tee_object(struct ps_call *c)
{
	write_file(c, ps_has(c, "append"), "tee");
	if (c->p->in) {
		struct ps_value v = ps_collected(c->p, c->p->in);
		ps_call_out(c, &v);
	}
}

static void new_item(struct ps_call *c)
{
	struct str raw = ps_text_arg(c, "path");
	struct str name = ps_text_arg(c, "name");
	struct str type = ps_text_arg(c, "itemtype type");
	const struct ps_value *v = ps_arg(c, "value target");
	struct str full = raw;
	if (name.p && raw.p)
		full = arena_printf(c->e->scratch, "%.*s\\%.*s", STR_ARG(raw), STR_ARG(name));
	else if (name.p)
		full = name;
	struct ps_value out = ps_unknown(c->p, STR("$(New-Item …)"), NULL);
	if (full.p)
		out = ps_string(c->p, full);
	ps_call_out(c, &out);
	if (!full.p || set_wsman(c, full, v) || win_registry_path(c->e, full).p ||
		(type.p && win_is_word(type, "directory container")))
		return;
	if (v && set_on_drive(c, full, v))
		return;
	struct str path = win_path(c->e, full);
	if (type.p && win_is_word(type, "symboliclink hardlink junction")) {
		struct str target;
		const struct file *f = v && ps_const(c->p, v, &target)
			? guest_find(c->e, win_path(c->e, target))
			: NULL;
		if (f)
			guest_put(c->e, path, f);
		return;
	}
	struct value content = v ? ps_value_text(c->p, v) : (struct value){0};
	struct write w = {.path = path, .content = &content, .by = "touch"};
	if (v || (type.p && win_is_word(type, "file")))
		guest_write(c->e, c->c, &w);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void get_content(struct ps_call *c)
{
	struct str path = ps_path_arg(c, "path literalpath");
	struct ps_value in;
	struct str s;
	struct str name = drive_name(ps_text_arg(c, "path literalpath"), "env:");
	struct ps_value v = ps_unknown(c->p, STR("$(Get-Content …)"), NULL);
	if (!path.p && ps_input(c, "path literalpath", &in) && ps_const(c->p, &in, &s))
		path = win_path(c->e, s);
	if (name.p)
		v = ps_get(c->p, arena_printf(c->e->scratch, "env:%.*s", STR_ARG(name)));
	else if (path.p)
		v = ps_text(guest_read(c->e, path));
	struct value text = value_trim_newlines(c->e, &v.text);
	v.text = text;
	ps_call_out(c, &v);
}

static void get_item(struct ps_call *c)
{
	struct str raw = ps_text_arg(c, "path literalpath");
	struct ps_value v = ps_unknown(c->p, STR("$(Get-Item …)"), NULL);
	struct str name = drive_name(raw, "env:");
	if (name.p) {
		v = ps_get(c->p, arena_printf(c->e->scratch, "env:%.*s", STR_ARG(name)));
	} else if (raw.p && str_find_byte(raw, '*') == STR_NPOS) {
		struct ps_value path = ps_string(c->p, win_path(c->e, raw));
		v = ps_object(STR("item"), path.text);
		v = ps_with(c->p, &v, STR("fullname"), &path);
	}
	ps_call_out(c, &v);
}

/* Files of a directory: those that the plan put there, else something that is not known. */
static void get_children(struct ps_call *c)
{
	struct str path = ps_path_arg(c, "path literalpath");
	struct str filter = ps_text_arg(c, "filter include");
	size_t n = 0;
	struct str pattern = path;
	if (path.p && str_find_byte(path, '*') == STR_NPOS)
		pattern = arena_printf(c->e->scratch, "%.*s/%.*s", STR_ARG(path),
			STR_ARG(filter.p ? filter : STR("*")));
	charge(c->e, c->e->files.n);
	struct str full = path.p ? guest_path(c->e, pattern) : (struct str){0};
	for (size_t i = 0; full.p && i < c->e->files.n && n < 16; i++) {
		const struct cell *cell = c->e->files.items[i].value;
		const struct file *f = cell->value;
		if (!f || f->deleted || !pattern_match(full, cell->key, true))
			continue;
		struct ps_value name = ps_string(c->p, cell->key);
		struct ps_value v = ps_object(STR("item"), name.text);
		v = ps_with(c->p, &v, STR("fullname"), &name);
		ps_call_out(c, &v);
		n++;
	}
	const struct file *tree = path.p ? guest_find(c->e, path) : NULL;
	if (n > 0)
		return;
	/* A file of an unpacked archive is named by its pattern. */
	struct ps_value v = ps_unknown(c->p, STR("$(Get-ChildItem …)"), NULL);
	if (tree && tree->tree) {
		struct ps_value name = ps_string(c->p, pattern);
		v = ps_object(STR("item"), name.text);
		v = ps_with(c->p, &v, STR("fullname"), &name);
	}
	ps_call_out(c, &v);
}

static void test_path(struct ps_call *c)
{
	struct ps_value v = ps_bool(TRUTH_UNKNOWN);
	ps_call_out(c, &v);
}

static void join_path(struct ps_call *c)
{
	const struct ps_value *a = ps_arg(c, "path");
	const struct ps_value *b = ps_arg(c, "childpath");
	const struct ps_value *more = ps_arg(c, "additionalchildpath");
	struct chunks out = {0};
	const struct ps_value *parts[] = {a, b, more};
	for (size_t i = 0; i < countof(parts); i++) {
		if (!parts[i])
			continue;
		struct value text = ps_value_text(c->p, parts[i]);
		if (i > 0)
			chunks_add_text(c->e, &out, STR("\\"));
		chunks_add_value(c->e, &out, &text);
	}
	struct ps_value v = ps_text(chunks_value(c->e, &out));
	ps_call_out(c, &v);
}

static void split_path(struct ps_call *c)
{
	struct str path = ps_text_arg(c, "path literalpath");
	struct ps_value v = ps_unknown(c->p, STR("$(Split-Path …)"), NULL);
	struct ps_value in;
	if (!path.p && ps_input(c, "path literalpath", &in) && !ps_const(c->p, &in, &path))
		path = (struct str){0};
	if (path.p) {
		path = win_path(c->e, path);
		size_t slash = str_rfind_byte(path, '/');
		struct str leaf = base_name(path);
		struct str dir = slash == STR_NPOS ? STR("") : str_sub(path, 0, slash);
		v = ps_string(c->p, ps_has(c, "leaf") ? leaf : dir);
	}
	ps_call_out(c, &v);
}

static void same_path(struct ps_call *c)
{
	struct ps_value v;
	if (ps_input(c, "path literalpath", &v))
		ps_call_out(c, &v);
}

static void temporary_file(struct ps_call *c)
{
	struct ps_value name = ps_string(
		c->p, arena_printf(c->e->scratch, "%%TEMP%%/tmp.mktemp%u", ++c->e->names));
	struct ps_value v = ps_object(STR("item"), name.text);
	v = ps_with(c->p, &v, STR("fullname"), &name);
	ps_call_out(c, &v);
}

static void set_location(struct ps_call *c)
{
	struct str path = ps_path_arg(c, "path literalpath");
	struct str *dir = arena_new(c->e->scratch, struct str);
	*dir = path.p ? guest_path(c->e, path) : arena_printf(c->e->scratch, "?%u", ++c->e->names);
	cell_set(c->e, c->e->process->cwd, dir);
}

/* ---- Copies --------------------------------------------------------------------------------- */

static void copy_item(struct ps_call *c)
{
	struct str from = ps_path_arg(c, "path literalpath");
	struct str to = ps_path_arg(c, "destination newname");
	bool move = !str_is(str_from(c->cmdlet->names), "Copy-Item");
	const struct file *f = from.p ? guest_find(c->e, from) : NULL;
	if (!to.p)
		return;
	const struct file *dir = guest_find(c->e, to);
	if (is_dir_name(to) || (dir && dir->tree) || str_find_byte(base_name(to), '.') == STR_NPOS)
		to = arena_printf(
			c->e->scratch, "%.*s/%.*s", STR_ARG(to), STR_ARG(base_name(from)));
	struct value none = value_unknown(c->e, STR("…"), NULL);
	struct write w = {.path = to,
		.content = f ? &f->content : &none,
		.source = from.p ? from : (struct str){0},
		.by = move ? "mv" : "cp"};
	if (f)
		w.place = f->place;
	guest_write(c->e, c->c, &w);
	if (f)
		guest_put(c->e, to, f);
}

static void remove_item(struct ps_call *c)
{
	const struct ps_value *v = ps_arg(c, "path literalpath");
	size_t n = 0;
	struct ps_value in;
	if (!v && ps_input(c, "path literalpath", &in))
		v = &in;
	const struct ps_value *items = v ? ps_items(v, &n) : NULL;
	for (size_t i = 0; i < n && charge(c->e, 4); i++) {
		struct str s;
		if (!ps_const(c->p, &items[i], &s))
			continue;
		struct str key = win_registry_path(c->e, s);
		struct write w = {.path = win_path(c->e, s), .by = "rm", .deleted = true};
		if (key.p)
			win_registry(c->e, c->c, key, NULL, true);
		else if (!drive_name(s, "env:").p && !drive_name(s, "wsman:").p)
			guest_write(c->e, c->c, &w);
	}
}

static void expand_archive(struct ps_call *c)
{
	struct str archive = ps_path_arg(c, "path literalpath");
	struct str dir = ps_path_arg(c, "destinationpath outputpath");
	struct ps_value in;
	struct str s;
	if (!archive.p && ps_input(c, "path literalpath", &in) && ps_const(c->p, &in, &s))
		archive = win_path(c->e, s);
	win_unpack(c->e, c->c, archive, dir.p ? dir : STR("."));
}

static void invoke_item(struct ps_call *c)
{
	struct str path = ps_path_arg(c, "path literalpath");
	if (path.p)
		win_run_file(c->e, c->c, path, 0);
}

const struct ps_cmdlet ps_cmdlets_file[] = {
	{"Set-Content Clear-Content", set_content, "path value"},
	{"Out-File", set_content, "filepath encoding"},
	{"Export-Csv Export-Clixml", set_content, "path"},
	{"Add-Content", add_content, "path value"},
	{"Tee-Object", tee_object, "filepath", NULL, true},
	{"New-Item", new_item, "path"},
	{"mkdir", NULL, NULL, NULL, true},
	{"Get-Content Import-Csv Import-Clixml", get_content, "path", NULL, true},
	{"Get-Item", get_item, "path", NULL, true},
	{"Get-ChildItem", get_children, "path filter", NULL, true},
	{"Test-Path", test_path, "path", NULL, true},
	{"Join-Path", join_path, "path childpath additionalchildpath", NULL, true},
	{"Split-Path", split_path, "path", NULL, true},
	{"Resolve-Path Convert-Path", same_path, "path", NULL, true},
	{"New-TemporaryFile", temporary_file, NULL, NULL, true},
	{"Set-Location", set_location, "path", NULL, true},
	{"Copy-Item Move-Item Rename-Item", copy_item, "path destination"},
	{"Remove-Item", remove_item, "path"},
	{"Expand-Archive Expand-7Zip Expand-7ZipArchive", expand_archive, "path destinationpath"},
	{"Invoke-Item", invoke_item, "path"},
	{"Set-Item", set_content, "path value"},
	{"Set-ItemProperty New-ItemProperty", registry_value, "path name value"},
	{"Remove-ItemProperty", registry_remove, "path name"},
	{0},
};
