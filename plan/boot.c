/* Builder features that put code into the machine without a provisioner. */
#include "plan/compile.h"

#include <fnmatch.h>

enum boot_kind {
	BOOT_NONE = 0,
	BOOT_TEXT, /* a string, or strings that follow each other */
	BOOT_LINES, /* commands, one per string */
	BOOT_FILE, /* a file of the tree */
	BOOT_FILES, /* files, directories and patterns of the tree */
	BOOT_TREE, /* all of a directory of the tree */
	BOOT_MAP, /* contents by path */
};

static const struct boot_key {
	const char *key;
	enum boot_kind kind;
} boot_keys[] = {
	{"boot_command", BOOT_TEXT},
	{"user_data", BOOT_TEXT},
	{"user_data_file", BOOT_FILE},
	{"startup_script_file", BOOT_FILE},
	{"custom_data", BOOT_TEXT},
	{"custom_data_file", BOOT_FILE},
	{"http_directory", BOOT_TREE},
	{"http_content", BOOT_MAP},
	{"cd_files", BOOT_FILES},
	{"cd_content", BOOT_MAP},
	{"floppy_files", BOOT_FILES},
	{"floppy_dirs", BOOT_FILES},
	{"floppy_content", BOOT_MAP},
	{"pre_mount_commands", BOOT_LINES},
	{"post_mount_commands", BOOT_LINES},
	{"shutdown_command", BOOT_TEXT},
};

struct boot {
	struct compiler *c;
	const char *key;
	const struct conf *value;
};

static struct step *add_step(struct boot *b, const struct origin *o, struct str path)
{
	struct step *s = compile_step(b->c, STEP_BOOT, o);
	if (!s)
		return NULL;
	s->boot.what = str_from(b->key);
	s->boot.path = arena_str(b->c->arena, path);
	return s;
}

static int fail_type(struct boot *b, const struct conf *value, const char *takes)
{
	return compile_error(b->c, &value->origin, "\"%s\" takes %s", b->key, takes);
}

/* ---- Text ----------------------------------------------------------------------------------- */

static int add_text(struct boot *b, const struct conf *value, struct str path)
{
	struct content content = {0};
	if (value->type != CONF_STRING)
		return fail_type(b, value, "strings");
	content_add(&content, b->c, &value->text, &value->origin);
	struct step *s = add_step(b, &value->origin, path);
	if (!s)
		return -1;
	s->boot.content = content_text(&content, b->c);
	s->boot.sha256 = compile_digest(b->c, &s->boot.content);
	content_give_lines(&content, s);
	return 0;
}

static int add_texts(struct boot *b, bool lines)
{
	struct content content = {0};
	if (b->value->type != CONF_LIST)
		return add_text(b, b->value, STR(""));
	for (size_t i = 0; i < b->value->list.n; i++) {
		const struct conf *item = b->value->list.items[i];
		if (item->type != CONF_STRING)
			return fail_type(b, item, "strings");
		content_add(&content, b->c, &item->text, &item->origin);
		if (lines)
			content_end_line(&content, b->c);
	}
	struct step *s = add_step(b, &b->value->origin, STR(""));
	if (!s)
		return -1;
	s->boot.content = content_text(&content, b->c);
	s->boot.sha256 = compile_digest(b->c, &s->boot.content);
	content_give_lines(&content, s);
	return 0;
}

static int add_map(struct boot *b)
{
	int status = 0;
	if (b->value->type != CONF_OBJECT)
		return fail_type(b, b->value, "an object of contents by path");
	for (size_t i = 0; i < b->value->object.n; i++)
		status |=
			add_text(b, b->value->object.items[i].value, b->value->object.items[i].key);
	return status;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static int add_file(struct boot *b, const struct origin *o, struct str path, struct str name)
{
	struct error e = {0};
	struct str bytes;
	if (tree_read(b->c->tree, path, &bytes, &e) < 0)
		return compile_error(b->c, o, "%s", e.text);
	struct step *s = add_step(b, o, name);
	if (!s)
		return -1;
	s->boot.source = arena_str(b->c->arena, path);
	s->boot.content = text_from(b->c->arena, bytes);
	s->boot.sha256 = digest_bytes(bytes);
	return 0;
}

static int add_tree(struct boot *b, const struct origin *o, struct str root)
{
	struct compile_listing listing;
	if (compile_list(b->c, root, o, &listing) < 0)
		return -1;
	for (size_t i = 0; i < listing.files.n; i++) {
		struct str path = compile_below(b->c, root, listing.files.items[i]);
		if (add_file(b, o, path, listing.files.items[i]) < 0)
			return -1;
	}
	return 0;
}

static int literal_path(struct boot *b, const struct conf *value, struct str *out)
{
	if (value->type != CONF_STRING)
		return fail_type(b, value, "paths");
	if (text_is_literal(&value->text) && text_value(&value->text, b->c->arena, out))
		return 0;
	return compile_error(b->c, &value->origin,
		"\"%s\" must be known before the build and not be sensitive", b->key);
}

static int add_path(struct boot *b, const struct conf *value)
{
	struct compile_path found;
	struct str path = {0};
	if (literal_path(b, value, &path) < 0)
		return -1;
	if (path.n == 0)
		return 0;
	if (compile_find(b->c, path, &value->origin, &found) < 0)
		return -1;
	if (found.entry.kind == TREE_NONE)
		return compile_error(
			b->c, &value->origin, "%.*s: not in the commit", STR_ARG(found.path));
	if (found.entry.kind == TREE_DIR)
		return add_tree(b, &value->origin, found.path);
	return add_file(b, &value->origin, found.path, path_base(found.path));
}

/* Patterns match names of one directory. */
static int add_pattern(struct boot *b, const struct conf *value, struct str pattern)
{
	struct arena *a = b->c->arena;
	struct compile_path found;
	struct str_list names = {0};
	struct error e = {0};
	struct str directory = path_dir(pattern);
	const char *name = arena_cstr(a, path_base(pattern));
	size_t matches = 0;
	if (compile_find(b->c, directory.n > 0 ? directory : STR("."), &value->origin, &found) < 0)
		return -1;
	if (found.entry.kind != TREE_DIR)
		return compile_error(
			b->c, &value->origin, "%.*s: not in the commit", STR_ARG(directory));
	if (tree_list(b->c->tree, found.path, a, &names, &e) < 0)
		return compile_error(b->c, &value->origin, "%s", e.text);
	for (size_t i = 0; i < names.n; i++) {
		if (fnmatch(name, arena_cstr(a, names.items[i]), FNM_PERIOD) != 0)
			continue;
		matches++;
		struct str path = compile_below(b->c, found.path, names.items[i]);
		struct tree_entry entry;
		if (tree_stat(b->c->tree, path, &entry, &e) < 0)
			return compile_error(b->c, &value->origin, "%s", e.text);
		int status = entry.kind == TREE_DIR
			? add_tree(b, &value->origin, path)
			: add_file(b, &value->origin, path, names.items[i]);
		if (status < 0)
			return -1;
	}
	if (matches == 0)
		return compile_error(b->c, &value->origin, "%.*s: matches no file of the commit",
			STR_ARG(pattern));
	return 0;
}

static int add_files(struct boot *b)
{
	const struct conf *value = b->value;
	size_t n = value->type == CONF_LIST ? value->list.n : 1;
	int status = 0;
	for (size_t i = 0; i < n; i++) {
		const struct conf *item = value->type == CONF_LIST ? value->list.items[i] : value;
		struct str path = {0};
		if (literal_path(b, item, &path) < 0) {
			status = -1;
			continue;
		}
		bool pattern = str_is_cstr(path) && strpbrk(arena_cstr(b->c->arena, path), "*?[");
		status |= pattern ? add_pattern(b, item, path) : add_path(b, item);
	}
	return status;
}

/* ---- The builder ---------------------------------------------------------------------------- */

static int add_key(struct compiler *c, const struct boot_key *key)
{
	struct boot b = {
		.c = c,
		.key = key->key,
		.value = conf_find(c->build->config, str_from(key->key)),
	};
	if (!b.value || b.value->type == CONF_NULL)
		return 0;
	switch (key->kind) {
	case BOOT_NONE:
		break;
	case BOOT_TEXT:
		return add_texts(&b, false);
	case BOOT_LINES:
		return add_texts(&b, true);
	case BOOT_FILE:
	case BOOT_TREE:
		return add_path(&b, b.value);
	case BOOT_FILES:
		return add_files(&b);
	case BOOT_MAP:
		return add_map(&b);
	}
	return 0;
}

int compile_boot(struct compiler *c)
{
	struct plan *p = c->plan;
	int status = 0;
	c->group = (uint32_t)p->groups.n;
	list_push(c->arena, &p->groups) = (struct step_group){
		.phase = GROUP_BOOT,
		.type = STR("builder"),
		.label = arena_printf(c->arena, "builder %.*s", STR_ARG(c->build->type)),
		.origin = c->build->origin,
		.first = (uint32_t)p->steps.n,
	};
	for (size_t i = 0; i < countof(boot_keys); i++)
		status |= add_key(c, &boot_keys[i]);
	if (status == 0 && p->groups.items[c->group].count == 0)
		p->groups.n--;
	return status;
}
