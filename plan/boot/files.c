/* Files of the tree that a builder gives to the machine. */
#include "plan/boot/boot.h"

#include <fnmatch.h>

/* Where a listing came from, and how its files are named. */
struct placing {
	const struct boot *b;
	const struct origin *origin;
	enum boot_layout layout;
	struct str prefix; /* with a slash at its end, or empty */
};

static int add_file(const struct placing *p, struct str path, struct str name)
{
	const struct boot *b = p->b;
	struct error e = {0};
	struct str bytes;
	if (tree_read(b->c->tree, path, &bytes, &e) < 0)
		return compile_error(b->c, p->origin, "%s", e.text);
	struct step *s = compile_step(b->c, STEP_BOOT, p->origin);
	if (!s)
		return -1;
	s->boot.what = str_from(b->key);
	s->boot.path = arena_str(b->c->arena, name);
	s->boot.source = arena_str(b->c->arena, path);
	s->boot.content = text_from(b->c->arena, bytes);
	s->boot.sha256 = digest_bytes(bytes);
	boot_classify(s, b->c->arena);
	return 0;
}

static int add_directory(const struct placing *p, struct str root)
{
	struct compiler *c = p->b->c;
	struct compile_listing listing;
	if (compile_list(c, root, p->origin, &listing) < 0)
		return -1;
	for (size_t i = 0; i < listing.files.n; i++) {
		struct str inside = listing.files.items[i];
		struct str name = p->layout == BOOT_FLAT ? path_base(inside) : inside;
		struct str full =
			arena_printf(c->arena, "%.*s%.*s", STR_ARG(p->prefix), STR_ARG(name));
		if (add_file(p, compile_below(c, root, inside), full) < 0)
			return -1;
	}
	return 0;
}

/* ---- Paths ---------------------------------------------------------------------------------- */

static int literal_path(const struct boot *b, const struct conf *value, struct str *out)
{
	if (value->type != CONF_STRING)
		return boot_fail_type(b, value, "paths");
	if (text_is_literal(&value->text) && text_value(&value->text, b->c->arena, out))
		return 0;
	return compile_error(b->c, &value->origin,
		"\"%s\" must be known before the build and not be sensitive", b->key);
}

/* Another build, or a step of this one, makes the file: nobody knows its content now. */
static int add_unknown(const struct boot *b, const struct conf *value, struct str name)
{
	struct text content = {0};
	text_add_hole(&content, b->c->arena,
		arena_printf(b->c->arena, STEP_FILE_HOLE "%.*s",
			STR_ARG(text_display(&value->text, b->c->arena))));
	struct step *s = compile_step(b->c, STEP_BOOT, &value->origin);
	if (!s)
		return -1;
	s->boot.what = str_from(b->key);
	s->boot.path = name;
	s->boot.content = content;
	s->boot.kind = boot_kind_of(name, STR("?"));
	s->boot.sha256 = compile_digest(b->c, &content);
	return 0;
}

static int fail_missing(
	const struct boot *b, const struct conf *value, struct str path, struct str name)
{
	if (!compile_absent(b->c, &value->origin, path))
		return -1;
	return add_unknown(b, value, name.n > 0 ? name : path_base(path));
}

/* A directory in which nobody committed anything: the server has nothing to serve. */
static int warn_missing(const struct boot *b, const struct conf *value, struct str path)
{
	diag_warning(b->c->diags, b->c->diag_arena, &value->origin,
		"%.*s: not in the commit, so the machine gets nothing of it", STR_ARG(path));
	return 0;
}

static int add_found(struct placing *p, const struct compile_path *found)
{
	struct compiler *c = p->b->c;
	if (found->entry.kind == TREE_FILE)
		return add_file(p, found->path, path_base(found->path));
	if (p->layout == BOOT_NAMED && !found->slash && found->path.n > 0)
		p->prefix = arena_printf(c->arena, "%.*s/", STR_ARG(path_base(found->path)));
	return add_directory(p, found->path);
}

static int add_path(struct placing *p, const struct conf *value, struct str path)
{
	struct compile_path found;
	if (compile_find(p->b->c, path, p->origin, &found) < 0)
		return -1;
	if (found.entry.kind != TREE_NONE)
		return add_found(p, &found);
	return p->layout == BOOT_ROOTED ? warn_missing(p->b, value, found.path)
					: fail_missing(p->b, value, found.path, STR(""));
}

/* ---- Patterns ------------------------------------------------------------------------------- */

static bool is_pattern(struct str path)
{
	return str_find_byte(path, '*') != STR_NPOS || str_find_byte(path, '?') != STR_NPOS ||
		str_find_byte(path, '[') != STR_NPOS;
}

/* As Go's filepath.Glob: a wildcard matches no slash, and does match a dot in front. */
struct glob {
	struct placing *placing;
	const struct conf *value;
	struct str_list directories; /* that the parts so far have matched */
	size_t matches;
};

static int match_in(
	struct glob *g, struct str directory, struct str pattern, struct str_list *next, bool last)
{
	struct compiler *c = g->placing->b->c;
	struct str_list names = {0};
	struct error e = {0};
	const char *wanted = arena_cstr(c->arena, pattern);
	if (tree_list(c->tree, directory, c->arena, &names, &e) < 0)
		return compile_error(c, g->placing->origin, "%s", e.text);
	for (size_t i = 0; i < names.n; i++) {
		if (fnmatch(wanted, arena_cstr(c->arena, names.items[i]), 0) != 0)
			continue;
		struct compile_path found = {.path = compile_below(c, directory, names.items[i])};
		if (tree_stat(c->tree, found.path, &found.entry, &e) < 0)
			return compile_error(c, g->placing->origin, "%s", e.text);
		if (!last && found.entry.kind == TREE_DIR)
			list_push(c->arena, next) = found.path;
		if (!last)
			continue;
		g->matches++;
		struct placing one = *g->placing;
		if (add_found(&one, &found) < 0)
			return -1;
	}
	return 0;
}

static int match_part(struct glob *g, struct str part, bool last)
{
	struct str_list next = {0};
	for (size_t i = 0; i < g->directories.n; i++) {
		if (match_in(g, g->directories.items[i], part, &next, last) < 0)
			return -1;
	}
	g->directories = next;
	return 0;
}

static int add_pattern(struct placing *p, const struct conf *value, struct str pattern)
{
	struct compiler *c = p->b->c;
	struct glob g = {.placing = p, .value = value};
	struct compile_path found;
	struct str fixed = pattern;
	while (is_pattern(fixed))
		fixed = path_dir(fixed);
	if (!str_is_cstr(pattern))
		return boot_fail_type(p->b, value, "paths without NUL");
	if (compile_find(c, fixed.n > 0 ? fixed : STR("."), p->origin, &found) < 0)
		return -1;
	if (found.entry.kind != TREE_DIR)
		return fail_missing(p->b, value, fixed, STR(""));
	list_push(c->arena, &g.directories) = found.path;
	struct str rest = str_from_index(pattern, fixed.n > 0 ? fixed.n + 1 : 0);
	struct str part;
	while (rest.p && str_cut(&rest, '/', &part)) {
		if (part.n > 0 && match_part(&g, part, !rest.p) < 0)
			return -1;
	}
	if (g.matches == 0 && c->paths.partial)
		return fail_missing(p->b, value, pattern, STR(""));
	if (g.matches == 0)
		return compile_error(
			c, p->origin, "%.*s: matches no file of the commit", STR_ARG(pattern));
	return 0;
}

/* ---- Whole values --------------------------------------------------------------------------- */

static int add_item(const struct boot *b, const struct conf *value, enum boot_layout layout)
{
	struct placing p = {.b = b, .origin = &value->origin, .layout = layout};
	struct str path = {0};
	if (literal_path(b, value, &path) < 0)
		return -1;
	if (path.n == 0)
		return 0;
	if (layout != BOOT_ROOTED && is_pattern(path))
		return add_pattern(&p, value, path);
	return add_path(&p, value, path);
}

int boot_add_files(const struct boot *b, const struct conf *value, enum boot_layout layout)
{
	int status = 0;
	if (value->type != CONF_LIST)
		return add_item(b, value, layout);
	for (size_t i = 0; i < value->list.n; i++)
		status |= add_item(b, value->list.items[i], layout);
	return status;
}

int boot_add_file(const struct boot *b, const struct conf *value, struct str name, bool may_miss)
{
	struct placing p = {.b = b, .origin = &value->origin, .layout = BOOT_FLAT};
	struct compile_path found;
	struct str path = {0};
	if (value->type != CONF_STRING)
		return boot_fail_type(b, value, "a path");
	if (value->text.n == 0)
		return 0;
	if (!text_is_literal(&value->text) && may_miss)
		return add_unknown(b, value, name);
	if (literal_path(b, value, &path) < 0 ||
		compile_find(b->c, path, &value->origin, &found) < 0)
		return -1;
	if (found.entry.kind == TREE_NONE && may_miss)
		return add_unknown(b, value, name);
	if (found.entry.kind == TREE_NONE)
		return fail_missing(b, value, found.path, name);
	if (found.entry.kind == TREE_DIR)
		return compile_error(
			b->c, &value->origin, "%.*s: a directory, not a file", STR_ARG(found.path));
	return add_file(&p, found.path, name.n > 0 ? name : path_base(found.path));
}
