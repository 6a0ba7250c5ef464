#include "plan/compile.h"

#define PATH_BYTES_MAX 4096

int compile_error(struct compiler *c, const struct origin *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(c->diag_arena, fmt, ap);
	va_end(ap);
	return diag_error(c->diags, c->diag_arena, o, "%.*s", STR_ARG(text));
}

struct step *compile_step(struct compiler *c, enum step_type type, const struct origin *o)
{
	struct plan *p = c->plan;
	if (p->steps.n >= PLAN_STEPS_MAX) {
		compile_error(c, o, "more than %d steps", PLAN_STEPS_MAX);
		return NULL;
	}
	struct step *s = &list_push(c->arena, &p->steps);
	s->id = (uint32_t)p->steps.n;
	s->group = c->group;
	s->type = type;
	s->origin = *o;
	p->groups.items[c->group].count++;
	return s;
}

int compile_wait(struct compiler *c, const struct origin *o, int64_t duration, const char *note)
{
	struct step *s = compile_step(c, STEP_WAIT, o);
	if (!s)
		return -1;
	s->wait.duration = duration;
	s->wait.note = text_from(c->arena, str_from(note));
	return 0;
}

struct origin compile_origin(const struct template_provisioner *p, const char *key)
{
	const struct conf *value = conf_find(p->config, str_from(key));
	return value ? value->origin : p->origin;
}

struct origin compile_element(const struct template_provisioner *p, const char *key, size_t i)
{
	const struct conf *value = conf_find(p->config, str_from(key));
	if (value && value->type == CONF_LIST && i < value->list.n)
		return value->list.items[i]->origin;
	return value ? value->origin : p->origin;
}

void compile_label(struct compiler *c, struct str label)
{
	c->plan->groups.items[c->group].label = arena_str(c->arena, label);
}

struct digest compile_digest(struct compiler *c, const struct text *content)
{
	return digest_bytes(text_display(content, c->arena));
}

/* ---- Paths ---------------------------------------------------------------------------------- */

bool compile_absent(struct compiler *c, const struct origin *o, struct str path)
{
	if (!c->paths.partial)
		(void)!compile_error(c, o, "%.*s: not in the commit", STR_ARG(path));
	else
		diag_warning(c->diags, c->diag_arena, o,
			"%.*s: not in the commit, so it is not in the plan", STR_ARG(path));
	return c->paths.partial;
}

int compile_missing(struct compiler *c, const struct origin *o, struct str path)
{
	c->absent |= compile_absent(c, o, path);
	return -1;
}

int compile_find(
	struct compiler *c, struct str path, const struct origin *o, struct compile_path *out)
{
	struct error e = {0};
	struct template_found found = {0};
	*out = (struct compile_path){0};
	out->slash = str_has_suffix(path, STR("/"));
	if (template_find(&found, &c->paths, path, c->arena, &e) < 0) {
		/* A file of somebody's machine. */
		if (c->paths.partial && path.n > 0) {
			out->path = path;
			return 0;
		}
		compile_error(c, o, "%s", e.text);
		if (path.n > 0)
			diag_hint(c->diags, c->diag_arena, "only files of the commit are used");
		return -1;
	}
	out->path = found.path;
	out->entry = found.entry;
	return 0;
}

int compile_read(struct compiler *c, struct str path, const struct origin *o,
	struct compile_path *out, struct str *bytes)
{
	struct error e = {0};
	*bytes = STR("");
	if (compile_find(c, path, o, out) < 0)
		return -1;
	if (out->entry.kind == TREE_NONE)
		return compile_missing(c, o, out->path);
	if (out->entry.kind == TREE_DIR)
		return compile_error(c, o, "%.*s: a directory, not a file", STR_ARG(out->path));
	if (tree_read(c->tree, out->path, bytes, &e) < 0)
		return compile_error(c, o, "%s", e.text);
	return 0;
}

struct str compile_below(struct compiler *c, struct str directory, struct str name)
{
	if (directory.n == 0 || name.n == 0)
		return directory.n == 0 ? name : directory;
	return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(directory), STR_ARG(name));
}

/* What lies directly in one directory of the listing. */
static int list_directory(struct compiler *c, struct str root, struct str directory,
	struct compile_listing *out, struct error *err)
{
	struct str_list names = {0};
	if (tree_list(c->tree, compile_below(c, root, directory), c->arena, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct str path = compile_below(c, directory, names.items[i]);
		struct tree_entry entry;
		if (tree_stat(c->tree, compile_below(c, root, path), &entry, err) < 0)
			return -1;
		if (out->directories.n + out->files.n > PLAN_STEPS_MAX || path.n > PATH_BYTES_MAX)
			return error_set(err, ERROR_INPUT, "%.*s: too many files", STR_ARG(root));
		if (entry.kind == TREE_DIR)
			list_push(c->arena, &out->directories) = path;
		if (entry.kind == TREE_FILE)
			list_push(c->arena, &out->files) = path;
	}
	return 0;
}

int compile_list(
	struct compiler *c, struct str root, const struct origin *o, struct compile_listing *out)
{
	struct error e = {0};
	*out = (struct compile_listing){0};
	list_push(c->arena, &out->directories) = STR("");
	for (size_t i = 0; i < out->directories.n; i++) {
		if (list_directory(c, root, out->directories.items[i], out, &e) < 0)
			return compile_error(c, o, "%s", e.text);
	}
	return 0;
}

/* ---- Rendering ------------------------------------------------------------------------------ */

int compile_render(struct compiler *c, struct text *out, const struct text *in,
	const struct template_field *fields, size_t n, const struct origin *o)
{
	struct template_field all[COMPILE_FIELDS_MAX];
	struct error e = {0};
	size_t count = 0;
	for (; count < n; count++)
		all[count] = fields[count];
	for (size_t i = 0; template_build_names[i] && count < countof(all); i++, count++) {
		all[count] = (struct template_field){.name = str_from(template_build_names[i])};
		text_add_hole(&all[count].value, c->arena, all[count].name);
	}
	const struct template_fields known = {all, count};
	const struct origin nowhere = {0};
	if (template_render(out, c->arena, in, &known, &nowhere, &e) < 0)
		return compile_error(c, o, "%s", e.text);
	return 0;
}
