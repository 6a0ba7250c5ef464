#include "template/hcl2/hcl2.h"

/* ---- The blocks of a template, for the JSON syntax ------------------------------------------ */

static const struct hcl_block_schema plain[] = {{0}};

static const struct hcl_block_schema inner_dynamic[] = {
	{"content", 0, plain},
	{0},
};

static const struct hcl_block_schema expandable[] = {
	{"dynamic", 1, inner_dynamic},
	{0},
};

static const struct hcl_block_schema dynamic[] = {
	{"content", 0, expandable},
	{0},
};

/* Which blocks the configuration of a type has, only the type knows; in JSON they are objects. */
static const struct hcl_block_schema configuration[] = {
	{"dynamic", 1, dynamic},
	{0},
};

static const struct hcl_block_schema post_processors[] = {
	{"post-processor", 1, configuration},
	{"dynamic", 1, dynamic},
	{0},
};

static const struct hcl_block_schema build[] = {
	{"source", 1, configuration},
	{"provisioner", 1, configuration},
	{"error-cleanup-provisioner", 1, configuration},
	{"post-processor", 1, configuration},
	{"post-processors", 0, post_processors},
	{"hcp_packer_registry", 0, plain},
	{"dynamic", 1, dynamic},
	{0},
};

static const struct hcl_block_schema variable[] = {
	{"validation", 0, plain},
	{0},
};

static const struct hcl_block_schema packer[] = {
	{"required_plugins", 0, plain},
	{0},
};

static const struct hcl_block_schema template[] = {
	{"packer", 0, packer},
	{"variable", 1, variable},
	{"variables", 0, plain},
	{"local", 1, plain},
	{"locals", 0, plain},
	{"data", 2, configuration},
	{"source", 2, configuration},
	{"build", 0, build},
	{"hcp_packer_registry", 0, plain},
	{"communicator", 2, plain},
	{0},
};

/* ---- Reading -------------------------------------------------------------------------------- */

static int parse(struct hcl2 *h, struct hcl2_file *f, struct str text,
	const struct hcl_block_schema *schema, struct error *err)
{
	if (text.n > TEMPLATE_BYTES_MAX)
		return error_set(err, ERROR_INPUT, "larger than %zu bytes", TEMPLATE_BYTES_MAX);
	if (str_has_suffix(f->path, STR(".json")))
		return hcl_parse_json(&f->body, h->arena, text, f->path, schema, err);
	return hcl_parse(&f->body, h->arena, text, f->path, err);
}

/* False, and a message, when it cannot be read. */
static bool read_file(struct hcl2 *h, struct str path, const struct hcl_block_schema *schema,
	struct hcl2_file *out)
{
	struct error e = {0};
	struct str text = {0};
	*out = (struct hcl2_file){.path = path};
	map_put(&h->file_names, h->arena, path, h);
	if (tree_read(h->load.in->tree, path, &text, &e) == 0 &&
		parse(h, out, text, schema, &e) == 0)
		return true;
	load_tell(&h->load, path, &e);
	return false;
}

static void add_template(struct hcl2 *h, struct str path)
{
	struct hcl2_file f;
	if (read_file(h, path, template, &f))
		list_push(h->arena, &h->files) = f;
}

static void add_variables(struct hcl2 *h, struct str path)
{
	struct hcl2_file f;
	struct origin o = {path, {0}};
	if (!str_has_suffix(path, STR(".hcl")) && !str_has_suffix(path, STR(".json"))) {
		load_error(&h->load, &o, "a file of variables ends with .hcl or .json");
		return;
	}
	if (read_file(h, path, NULL, &f))
		list_push(h->arena, &h->var_files) = f;
}

/* ---- A directory ---------------------------------------------------------------------------- */

typedef void add_fn(struct hcl2 *h, struct str path);

static void add_suffix(struct hcl2 *h, const struct str_list *names, struct str suffix, add_fn *add)
{
	struct error e = {0};
	for (size_t i = 0; i < names->n; i++) {
		struct tree_entry entry = {0};
		struct str path = names->items[i];
		if (!str_has_suffix(path, suffix))
			continue;
		if (h->root.n > 0)
			path = arena_printf(h->arena, "%.*s/%.*s", STR_ARG(h->root), STR_ARG(path));
		if (tree_stat(h->load.in->tree, path, &entry, &e) < 0)
			load_tell(&h->load, path, &e);
		else if (entry.kind == TREE_FILE)
			add(h, arena_str(h->arena, path));
	}
}

static void read_directory(struct hcl2 *h)
{
	struct error e = {0};
	struct str_list names = {0};
	struct origin o = {h->root, {0}};
	if (tree_list(h->load.in->tree, h->root, h->arena, &names, &e) < 0) {
		load_tell(&h->load, h->root, &e);
		return;
	}
	add_suffix(h, &names, STR(".pkr.hcl"), add_template);
	add_suffix(h, &names, STR(".pkr.json"), add_template);
	if (h->files.n > HCL2_FILES_LOADED_MAX)
		load_error(&h->load, &o, "more than %d files", HCL2_FILES_LOADED_MAX);
	else if (h->files.n == 0 && h->load.t->diags.errors == 0)
		load_error(&h->load, &o,
			"no template: none of its files ends with .pkr.hcl or .pkr.json");
	add_suffix(h, &names, STR(".auto.pkrvars.hcl"), add_variables);
	add_suffix(h, &names, STR(".auto.pkrvars.json"), add_variables);
}

/* As it is given, or else where the template would look for it. */
static struct str find_var_file(struct hcl2 *h, struct str path)
{
	struct tree_entry entry = {0};
	struct template_found found = {0};
	struct error ignored = {0};
	if (path_is_clean(path) && tree_stat(h->load.in->tree, path, &entry, &ignored) == 0 &&
		entry.kind != TREE_NONE)
		return arena_str(h->arena, path);
	if (template_find(&found, &h->context.paths, path, h->arena, &ignored) == 0 &&
		found.entry.kind == TREE_FILE)
		return found.path;
	return arena_str(h->arena, path);
}

void hcl2_files(struct hcl2 *h)
{
	const struct template_input *in = h->load.in;
	if (h->directory)
		read_directory(h);
	else
		add_template(h, h->load.t->path);
	for (size_t i = 0; i < in->var_file_count; i++)
		add_variables(h, find_var_file(h, in->var_files[i]));
}
