/* The guest's files, as far as the plan makes them. */
#include "audit/eval/eval.h"

#define LINKS_MAX 8
#define CONTENT_SHOWN_MAX ((size_t)64 << 10)

static const char *const program_dirs[] = {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/",
	"/usr/bin/", "/sbin/", "/bin/", "~/bin/", "~/.local/bin/"};

/* ---- Paths ---------------------------------------------------------------------------------- */

static bool is_rooted(struct str path)
{
	bool drive = path.n > 1 && path.p[1] == ':' &&
		(path.n == 2 || path.p[2] == '/' || path.p[2] == '\\');
	drive = drive || str_has_prefix(path, STR("%TEMP%"));
	return drive || (path.n > 0 && (path.p[0] == '/' || path.p[0] == '~' || path.p[0] == '?'));
}

/* Where installers mount the system that they make. */
static struct str installed_path(struct str path)
{
	static const char *const roots[] = {"/target/", "/mnt/sysimage/", "/mnt/sysroot/"};
	for (size_t i = 0; i < countof(roots); i++) {
		struct str root = str_from(roots[i]);
		if (str_has_prefix(path, root))
			return str_from_index(path, root.n - 1);
	}
	return path;
}

struct str guest_path(struct eval *e, struct str path)
{
	if (e->phase == PHASE_BOOT)
		path = installed_path(path);
	struct str parts[] = {cwd_of(e), STR("/"), path};
	struct str full = is_rooted(path) ? path : arena_join(e->scratch, parts, 3, STR(""));
	char *out = arena_alloc(e->scratch, full.n + 2);
	size_t n = 0;
	struct str rest = full;
	struct str part;
	bool first = true;
	charge(e, full.n / 16);
	while (str_cut(&rest, '/', &part)) {
		bool root = first;
		first = false;
		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, "..")) {
			while (n > 0 && out[n - 1] != '/')
				n--;
			n -= n > 0;
			continue;
		}
		if (!root || full.p[0] == '/')
			out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	if (n == 0)
		out[n++] = '/';
	return (struct str){out, n};
}

struct str guest_shown(struct eval *e, struct str path)
{
	(void)e;
	/* What Windows keeps elsewhere than in files. */
	if (str_has_prefix(path, STR("/registry/")))
		return str_from_index(path, strlen("/registry/"));
	if (path.n == 0 || path.p[0] != '?')
		return path;
	size_t slash = str_find_byte(path, '/');
	return slash == STR_NPOS ? STR(".") : str_from_index(path, slash + 1);
}

/* ---- Look-ups ------------------------------------------------------------------------------- */

static bool has_glob(struct str path)
{
	return str_find_byte(path, '*') != STR_NPOS || str_find_byte(path, '?') != STR_NPOS ||
		str_find_byte(path, '[') != STR_NPOS;
}

/* A relative name below a directory that is not known: any file of that name may be meant. */
static const struct file *find_suffix(struct eval *e, struct str path)
{
	const struct file *found = NULL;
	struct str suffix = str_from_index(path, str_find_byte(path, '/'));
	charge(e, 4 * e->files.n);
	for (size_t i = 0; suffix.n > 1 && i < e->files.n; i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		if (f && !f->deleted && str_has_suffix(c->key, suffix) &&
			(!found || value_taint(e, &f->content)))
			found = f;
	}
	return found;
}

static const struct file *find_glob(struct eval *e, struct str pattern)
{
	const struct file *found = NULL;
	charge(e, 4 * e->files.n);
	for (size_t i = 0; i < e->files.n; i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		if (!f || f->deleted || !pattern_match(pattern, c->key, true))
			continue;
		if (!found || value_taint(e, &f->content))
			found = f;
	}
	return found;
}

const struct file *guest_tree(struct eval *e, const struct file *old, const struct value *content)
{
	struct file *f = arena_new(e->scratch, struct file);
	f->tree = true;
	f->content = *content;
	if (old && old->tree && !old->deleted)
		f->content = value_unknown(e, STR("…"),
			taint_union(e, value_taint(e, content), value_taint(e, &old->content)));
	return f;
}

/* Any of the trees above may hold it. */
static const struct file *find_in_tree(struct eval *e, struct str path)
{
	const struct file *found = NULL;
	while (path.n > 1) {
		size_t slash = str_rfind_byte(path, '/');
		if (slash == STR_NPOS)
			break;
		path = str_sub(path, 0, slash);
		const struct cell *c = map_find(&e->files, path);
		const struct file *f = c ? c->value : NULL;
		if (!f || !f->tree || f->deleted)
			continue;
		found = found ? guest_tree(e, found, &f->content) : f;
	}
	return found;
}

const struct file *guest_find(struct eval *e, struct str path)
{
	path = guest_path(e, path);
	for (int i = 0; i < LINKS_MAX; i++) {
		const struct cell *c = map_find(&e->files, path);
		const struct file *f = c ? c->value : NULL;
		if (f && f->link.n != 0) {
			path = f->link;
			continue;
		}
		if (f)
			return f->deleted ? NULL : f;
		if (has_glob(path)) {
			f = find_glob(e, path);
			if (f)
				return f;
		}
		f = find_in_tree(e, path);
		if (!f && path.n > 0 && path.p[0] == '?')
			f = find_suffix(e, path);
		return f;
	}
	return NULL;
}

const struct file *guest_find_program(struct eval *e, struct str name, struct str *path)
{
	struct value v = variable_value(e, STR("PATH"));
	struct str known = value_prefix(e, &v);
	struct str dir;
	while (str_cut(&known, ':', &dir)) {
		struct str full =
			arena_printf(e->scratch, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name));
		const struct file *f = dir.n ? guest_find(e, full) : NULL;
		if (f) {
			*path = full;
			return f;
		}
	}
	for (size_t i = 0; i < countof(program_dirs); i++) {
		struct str full =
			arena_printf(e->scratch, "%s%.*s", program_dirs[i], STR_ARG(name));
		const struct file *f = guest_find(e, full);
		if (f && !f->tree) {
			*path = full;
			return f;
		}
	}
	return NULL;
}

struct str guest_alias(struct eval *e, struct str path)
{
	struct str start = guest_path(e, path);
	path = start;
	for (int i = 0; i < LINKS_MAX; i++) {
		const struct cell *c = map_find(&e->files, path);
		const struct file *f = c ? c->value : NULL;
		if (!f || f->deleted || (f->link.n == 0 && f->copy_of.n == 0))
			break;
		path = f->link.n != 0 ? f->link : f->copy_of;
	}
	return str_eq(path, start) || map_has(&e->files, path) ? STR("") : path;
}

const struct taint *guest_below(struct eval *e, struct str dir)
{
	struct str root = guest_path(e, dir);
	const struct file *f = guest_find(e, dir);
	const struct taint *t = f ? value_taint(e, &f->content) : NULL;
	charge(e, 4 * e->files.n);
	for (size_t i = 0; i < e->files.n; i++) {
		const struct cell *c = e->files.items[i].value;
		f = c->value;
		if (f && !f->deleted && str_has_prefix(c->key, root))
			t = taint_union(e, t, value_taint(e, &f->content));
	}
	return t;
}

bool is_stdin_path(struct str path)
{
	return word_in(path, "/dev/stdin /dev/fd/0 /proc/self/fd/0");
}

struct str guest_program_alias(struct eval *e, struct str name)
{
	for (size_t i = 0; i < countof(program_dirs); i++) {
		struct str full =
			arena_printf(e->scratch, "%s%.*s", program_dirs[i], STR_ARG(name));
		struct str alias = guest_alias(e, full);
		if (alias.n > 0 && !str_has_suffix(alias, full))
			return alias;
	}
	return STR("");
}

/* /dev/tcp/HOST/PORT is a connection. */
static bool read_socket(struct eval *e, struct str path, struct value *out)
{
	bool tcp = str_has_prefix(path, STR("/dev/tcp/"));
	if (!tcp && !str_has_prefix(path, STR("/dev/udp/")))
		return false;
	struct str address = str_from_index(path, 9);
	struct value text = value_text(
		e, arena_printf(e->scratch, "%s://%.*s", tcp ? "tcp" : "udp", STR_ARG(address)));
	struct url url = url_parse(e, &text);
	struct source *s = source_new(e, NULL, SOURCE_NETWORK, STR("/dev/tcp"), &url);
	*out = value_tainted(e, STR("…"), taint_of(e, s));
	return true;
}

/* Files that tell the time, or what machine this is. */
static unsigned path_gates(struct str path)
{
	if (str_is(path, "/proc/uptime"))
		return GATE_TIME;
	bool place = str_has_prefix(path, STR("/sys/class/dmi/")) ||
		str_has_prefix(path, STR("/sys/devices/virtual/dmi/")) ||
		str_has_prefix(path, STR("/sys/hypervisor/")) ||
		word_in(path, "/proc/cpuinfo /proc/1/cgroup /.dockerenv /etc/hostname");
	return place ? GATE_PLACE : 0;
}

struct value guest_read(struct eval *e, struct str path)
{
	struct value v;
	if (read_socket(e, path, &v))
		return v;
	const struct file *f = guest_find(e, path);
	if (str_is(path, "/dev/null"))
		return (struct value){0};
	if (is_stdin_path(path) || str_is(path, "-"))
		return e->in ? *e->in : value_unknown(e, STR("…"), NULL);
	if (!f) {
		v = value_unknown(e, arena_printf(e->scratch, "$(<%.*s)", STR_ARG(path)), NULL);
		return value_gated(e, &v, path_gates(path));
	}
	if (f->tree || f->binary)
		return value_unknown(e, STR("…"), value_taint(e, &f->content));
	return f->content;
}

/* ---- Changes -------------------------------------------------------------------------------- */

static bool is_program_path(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	if (slash == STR_NPOS)
		return false;
	struct str dir = str_sub(path, 0, slash);
	return str_has_suffix(dir, STR("bin"));
}

void guest_put(struct eval *e, struct str path, const struct file *f)
{
	path = guest_path(e, path);
	struct cell *c = cell_of(e, &e->files, path, CELL_FILE);
	const struct file *old = c->value;
	for (int i = 0; old && old->link.n != 0 && i < LINKS_MAX && f->link.n == 0; i++) {
		c = cell_of(e, &e->files, old->link, CELL_FILE);
		old = c->value;
	}
	struct file *copy = arena_new(e->scratch, struct file);
	*copy = *f;
	cell_set(e, c, copy);
	e->programs = e->programs || f->tree || is_program_path(path);
}

/* A new download over a file that had been checked undoes the check. */
static void note_rewrite(struct eval *e, const struct value *old, const struct value *content)
{
	bool checked = false;
	const struct taint *before = value_taint(e, old);
	for (const struct taint *t = before; t; t = t->next)
		checked = checked || source_check(t->source);
	for (const struct taint *t = value_taint(e, content); checked && t; t = t->next) {
		bool known = false;
		for (const struct taint *b = before; b; b = b->next)
			known = known || b->source == t->source;
		if (!known)
			t->source->rewrote = true;
	}
}

static bool holds(struct eval *e, const struct map *m, const struct source *s)
{
	charge(e, m->n);
	for (size_t i = 0; i < m->n; i++) {
		const struct cell *c = m->items[i].value;
		const struct value *v = NULL;
		const struct file *f = c->kind == CELL_FILE ? c->value : NULL;
		const struct variable *var = c->kind == CELL_VARIABLE ? c->value : NULL;
		if (f && !f->deleted)
			v = &f->content;
		else if (var)
			v = &var->value;
		for (const struct taint *t = v ? value_taint(e, v) : NULL; t; t = t->next)
			if (t->source == s)
				return true;
	}
	return false;
}

/* Whether bytes were checked that are nowhere any more does not matter. */
static void note_gone(struct eval *e, const struct value *old)
{
	for (const struct taint *t = value_taint(e, old); t; t = t->next)
		if (t->source->check && !holds(e, &e->files, t->source) &&
			!holds(e, &e->process->variables, t->source))
			cell_set(e, t->source->check, &check_gone);
}

static struct value appended(struct eval *e, const struct value *old, const struct value *added)
{
	struct chunks both = {0};
	chunks_add_value(e, &both, old);
	/* A file whose lines are not known ends with one. */
	if (old->n > 0 && old->items[old->n - 1].kind == CHUNK_UNKNOWN)
		chunks_add_text(e, &both, STR("\n"));
	chunks_add_value(e, &both, added);
	return chunks_value(e, &both);
}

static void emit_write(
	struct eval *e, const struct command *c, const struct write *w, struct str path)
{
	struct members m = members_of(e, c);
	struct value none = {0};
	const struct value *content = w->content ? w->content : &none;
	struct str text = {0};
	bool known = false;
	for (size_t i = 0; i < content->n; i++)
		known = known || content->items[i].kind == CHUNK_TEXT;
	if (known || (w->content && content->n == 0))
		text = str_sub(value_display(e, content), 0, CONTENT_SHOWN_MAX);
	if (!text.p && known)
		text = STR("");
	if (w->content && content->n == 0)
		text = STR("");
	put_str(&m, "path", path.p ? guest_shown(e, path) : path);
	put_str(&m, "content", text);
	put_str(&m, "mode", w->mode.n != 0 ? w->mode : (struct str){0});
	put_bool(&m, "append", w->append);
	put_cstr(&m, "by", w->by);
	put_str(&m, "expression", w->expression.n != 0 ? w->expression : (struct str){0});
	put_str(&m, "source", w->source.n != 0 ? w->source : (struct str){0});
	put_bool(&m, "tainted", value_taint(e, content) != NULL);
	put_bool(&m, "executable", w->executable);
	put_bool(&m, "deleted", w->deleted);
	put_cstr(&m, "verified", taint_strength(value_taint(e, content)));
	put_bool(&m, "final", !w->deleted);
	put_str(&m, "effective",
		w->deleted ? (struct str){0} : final_lines(e, content, w->expression));
	size_t fact = emit(e, FACT_WRITE, c, &m);
	if (!w->deleted)
		final_note(e, fact, path);
}

static void run_consumer(struct eval *e, const struct file *f, const struct value *content)
{
	const struct unit *unit = e->unit;
	const struct value *in = e->in;
	e->unit = f->consumer_unit;
	e->in = content;
	eval_subshell(e, f->consumer);
	e->unit = unit;
	e->in = in;
}

void guest_write(struct eval *e, const struct command *c, const struct write *w)
{
	if (!w->path.p) {
		emit_write(e, c, w, w->path);
		return;
	}
	struct str path = guest_path(e, w->path);
	const struct file *old = guest_find(e, path);
	struct value none = {0};
	const struct value *content = w->content ? w->content : &none;
	if (old && old->consumer) {
		run_consumer(e, old, content);
		return;
	}
	if (old && old->fifo && !w->deleted) {
		fifo_write(e, path, old, content);
		return;
	}
	if (str_has_prefix(path, STR("/dev/")) && !str_has_prefix(path, STR("/dev/shm/")))
		return;
	emit_write(e, c, w, path);
	struct place place = w->place;
	if (!place.unit && e->unit && e->node)
		place = (struct place){e->unit, e->node->span, false};
	struct file f = {.created = true,
		.place = place,
		.content = *content,
		.mode = w->mode,
		.deleted = w->deleted && str_is(str_from(w->by), "rm")};
	if (old && !f.deleted) {
		note_rewrite(e, &old->content, content);
		f.mode = w->mode.n != 0 ? w->mode : old->mode;
		f.boot_done = old->boot_done && value_equal(&old->content, content);
	}
	if (w->append) {
		struct value before = old ? old->content : value_unknown(e, STR("…"), NULL);
		if (!old || old->tree)
			before = (struct value){0};
		f.content = appended(e, &before, content);
		f.place = old && before.n != 0 ? old->place : place;
		f.edits = old ? old->edits : STR("");
		f.upload = old ? old->upload : NULL;
		f.created = !old || old->created;
	}
	guest_put(e, path, &f);
	if (old && !old->tree && !w->append)
		note_gone(e, &old->content);
	if (w->content && w->content->n != 0) {
		secret_write(e, c, path, content, "write");
		config_written(e, c, path, content);
	}
}
