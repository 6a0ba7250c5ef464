/* Files that playbooks name: inputs of the step, or files of the guest. */
#include "audit/ansible/ansible.h"

#define GLOB_MAX 200

/* ---- Paths ---------------------------------------------------------------------------------- */

struct str ansible_dir(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	if (slash == STR_NPOS)
		return STR("");
	return slash == 0 ? STR("/") : str_sub(path, 0, slash);
}

/* Without "." and ".." and double slashes. */
struct str ansible_path(struct playbook *p, struct str dir, struct str name)
{
	struct eval *e = p->e;
	struct str parts[] = {dir, name};
	bool rooted = name.n > 0 && (name.p[0] == '/' || name.p[0] == '~');
	struct str full = rooted || dir.n == 0 ? name : arena_join(e->scratch, parts, 2, STR("/"));
	struct str_list kept = {0};
	struct str part;
	bool root = str_has_prefix(full, STR("/"));
	charge(e, full.n / 16);
	while (str_cut(&full, '/', &part)) {
		if (part.n == 0 || str_is(part, "."))
			continue;
		bool up = str_is(part, "..");
		if (up && kept.n > 0 && !str_is(kept.items[kept.n - 1], ".."))
			kept.n--;
		else if (!up || !root)
			list_push(e->scratch, &kept) = part;
	}
	struct str out = arena_join(e->scratch, kept.items, kept.n, STR("/"));
	return root ? arena_printf(e->scratch, "/%.*s", STR_ARG(out)) : out;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool looks_binary(struct str s)
{
	return str_find_byte(str_sub(s, 0, 4096), '\0') != STR_NPOS;
}

static struct ansible_file *open_input(struct playbook *p, struct str path)
{
	const struct step_input *input = map_find(&p->inputs, path);
	if (!input)
		return NULL;
	struct eval *e = p->e;
	struct ansible_file *f = arena_new(e->scratch, struct ansible_file);
	f->unit = arena_new(e->scratch, struct unit);
	f->unit->path = f->unit->file = f->path = path;
	f->unit->text = input->content;
	f->binary = looks_binary(input->content);
	return f;
}

/* The files of the machine on which ansible-playbook runs. */
static struct ansible_file *open_guest(struct playbook *p, struct str path)
{
	struct eval *e = p->e;
	const struct file *guest = guest_find(e, path);
	struct chunks unknowns = {0};
	if (!guest || guest->tree || (!guest->upload && !guest->place.unit))
		return NULL;
	struct ansible_file *f = arena_new(e->scratch, struct ansible_file);
	f->unit = arena_new(e->scratch, struct unit);
	f->unit->path = f->path = path;
	f->unit->text = value_flatten(e, &guest->content, &unknowns);
	f->unit->unknowns = unknowns.items;
	f->unit->unknown_count = unknowns.n;
	f->unit->step = guest->upload;
	if (!guest->upload)
		f->unit->place = guest->place;
	f->guest = guest;
	f->binary = guest->binary;
	return f;
}

struct ansible_file *ansible_open(struct playbook *p, struct str path)
{
	struct ansible_file *f = map_find(&p->files, path);
	if (f || path.n == 0)
		return f;
	f = p->step ? open_input(p, path) : open_guest(p, path);
	if (f)
		map_put(&p->files, p->e->scratch, f->path, f);
	return f;
}

struct value ansible_content(struct playbook *p, struct ansible_file *f)
{
	struct eval *e = p->e;
	if (f->guest)
		return f->guest->content;
	if (!f->binary)
		return value_text(e, f->unit->text);
	struct source *s = source_new(e, &p->command, SOURCE_FILE, STR("upload"), NULL);
	return value_tainted(e, STR("…"), taint_of(e, s));
}

static bool is_vault(struct str text)
{
	return str_has_prefix(text, STR("$ANSIBLE_VAULT;"));
}

const struct yaml *ansible_yaml(struct playbook *p, struct ansible_file *f)
{
	struct eval *e = p->e;
	if (f->document)
		return f->document->root;
	f->document = arena_new(e->scratch, struct yaml_document);
	if (is_vault(f->unit->text) || f->binary) {
		playbook_opaque(p, "encoded", STR("an encrypted file is not read"), f->path);
		return NULL;
	}
	charge(e, f->unit->text.n / 4);
	yaml_parse(f->document, e->scratch, f->unit->text);
	if (!f->document->ok) {
		struct origin old = p->command.origin;
		playbook_at(p, f->unit, &f->document->place);
		playbook_opaque(p, "syntax", f->document->problem, f->path);
		p->command.origin = old;
		e->facts->opaque++;
	}
	return f->document->root;
}

/* ---- Looking for them ----------------------------------------------------------------------- */

static void add_path(struct playbook *p, struct str_list *out, struct str path)
{
	for (size_t i = 0; i < out->n; i++) {
		if (str_eq(out->items[i], path))
			return;
	}
	if (out->n < GLOB_MAX)
		list_push(p->e->scratch, out) = path;
}

struct str_list ansible_glob(struct playbook *p, struct str pattern)
{
	struct str_list out = {0};
	struct eval *e = p->e;
	if (str_find_byte(pattern, '*') == STR_NPOS) {
		if (ansible_open(p, pattern))
			add_path(p, &out, pattern);
		return out;
	}
	const struct map *m = p->step ? &p->inputs : &e->files;
	charge(e, 4 * m->n);
	for (size_t i = 0; i < m->n; i++) {
		struct str path = m->items[i].key;
		if (pattern_match(pattern, path, true) && ansible_open(p, path))
			add_path(p, &out, path);
	}
	if (out.n > 1)
		qsort(out.items, out.n, sizeof(*out.items), str_cmp_qsort);
	return out;
}

/* Where a file may lie, the nearest first. */
static struct str_list search(struct playbook *p, const char *kind, struct str name)
{
	struct str_list out = {0};
	struct str sub = arena_printf(p->e->scratch, "%s/%.*s", kind, STR_ARG(name));
	bool rooted = name.n > 0 && (name.p[0] == '/' || name.p[0] == '~');
	if (rooted || name.n == 0) {
		add_path(p, &out, ansible_path(p, STR(""), name));
		return out;
	}
	const struct str dirs[] = {p->role, p->file_dir, p->dir};
	for (size_t i = p->role.n > 0 ? 0 : 1; i < countof(dirs); i++) {
		if (kind[0])
			add_path(p, &out, ansible_path(p, dirs[i], sub));
		add_path(p, &out, ansible_path(p, dirs[i], name));
	}
	/* The place of a playbook in the tree, where its author wrote it out. */
	add_path(p, &out, ansible_path(p, STR(""), name));
	return out;
}

struct ansible_file *ansible_find(struct playbook *p, const char *kind, struct str name)
{
	struct str_list paths = search(p, kind, name);
	for (size_t i = 0; i < paths.n; i++) {
		struct ansible_file *f = ansible_open(p, paths.items[i]);
		if (f)
			return f;
	}
	return NULL;
}

static bool has_below(struct playbook *p, struct str dir)
{
	struct str prefix = arena_printf(p->e->scratch, "%.*s/", STR_ARG(dir));
	const struct map *m = p->step ? &p->inputs : &p->e->files;
	charge(p->e, 2 * m->n);
	for (size_t i = 0; i < m->n; i++) {
		if (str_has_prefix(m->items[i].key, prefix))
			return true;
	}
	return false;
}

struct str ansible_find_dir(struct playbook *p, const char *kind, struct str name)
{
	struct str_list paths = search(p, kind, name);
	for (size_t i = 0; i < paths.n; i++) {
		if (has_below(p, paths.items[i]))
			return paths.items[i];
	}
	return STR("");
}

/* "namespace.collection.role" lies in collections/ansible_collections/. */
static struct str collection_role(struct playbook *p, struct str name)
{
	size_t first = str_find_byte(name, '.');
	size_t last = str_rfind_byte(name, '.');
	if (first == STR_NPOS || first == last)
		return STR("");
	return arena_printf(p->e->scratch, "collections/ansible_collections/%.*s/%.*s/roles/%.*s",
		(int)first, name.p, (int)(last - first - 1), name.p + first + 1,
		(int)(name.n - last - 1), name.p + last + 1);
}

struct str ansible_role(struct playbook *p, struct str name)
{
	struct str_list paths = {0};
	struct str inside = arena_printf(p->e->scratch, "roles/%.*s", STR_ARG(name));
	struct str collected = collection_role(p, name);
	bool path = str_find_byte(name, '/') != STR_NPOS;
	add_path(p, &paths, ansible_path(p, p->dir, inside));
	for (size_t i = 0; i < p->role_paths.n; i++)
		add_path(p, &paths, ansible_path(p, p->role_paths.items[i], name));
	if (p->role.n > 0)
		add_path(p, &paths, ansible_path(p, ansible_dir(p->role), name));
	if (collected.n > 0)
		add_path(p, &paths, ansible_path(p, p->dir, collected));
	if (path)
		add_path(p, &paths, ansible_path(p, p->file_dir, name));
	add_path(p, &paths, ansible_path(p, p->dir, name));
	add_path(p, &paths, ansible_path(p, STR(""), inside));
	for (size_t i = 0; i < paths.n; i++) {
		if (has_below(p, paths.items[i]))
			return paths.items[i];
	}
	return STR("");
}
