/* Functions that read files of the tree, and those that only look at paths. */
#include "template/hcl2/functions_private.h"

#include "base/encode.h"
#include "base/utf8.h"

#define LINES_MAX 100000 /* of a file that are told apart */

/* ---- Reading ------------------------------------------------------------------------------- */

static int find(struct template_found *out, struct hcl2_context *c, struct hcl_eval *e,
	struct str path, struct error *err)
{
	if (path.n > 0 && path.p[0] == '~')
		return error_set(err, ERROR_INPUT,
			"%.*s: a home directory is no part of the template's repository",
			STR_ARG(path));
	return template_find(out, &c->paths, path, e->arena, err);
}

static int read_file(struct str *out, struct str *where, struct hcl2_context *c, struct hcl_eval *e,
	struct str path, struct error *err)
{
	struct template_found found = {0};
	if (find(&found, c, e, path, err) < 0)
		return -1;
	if (found.entry.kind == TREE_NONE)
		return error_set(err, ERROR_INPUT, "there is no file %.*s", STR_ARG(found.path));
	if (found.entry.kind != TREE_FILE)
		return error_set(err, ERROR_INPUT, "%.*s is a directory", STR_ARG(found.path));
	if (found.entry.size > HCL2_FILE_BYTES_MAX)
		return error_set(err, ERROR_INPUT, "%.*s is larger than %zu bytes",
			STR_ARG(found.path), HCL2_FILE_BYTES_MAX);
	if (found.entry.size > HCL2_READ_BYTES_MAX - c->read_bytes)
		return error_set(err, ERROR_INPUT, "more than %zu bytes of files are read",
			HCL2_READ_BYTES_MAX);
	c->read_bytes += found.entry.size;
	*where = found.path;
	return tree_read(c->paths.tree, found.path, out, err);
}

/* found: where the file is in the tree. */
static int read_argument(struct str *out, struct str *found, struct hcl_eval *e,
	const struct hcl_value *args, bool text, struct error *err)
{
	struct hcl2_context *c = hcl2_context_of(e, err);
	struct str path = {0};
	if (!c || hcl2_arg_str(&path, e, args, 0, err) < 0 ||
		read_file(out, found, c, e, path, err) < 0)
		return -1;
	if (text && utf8_find_invalid(*out) != STR_NPOS)
		return error_set(err, ERROR_INPUT, "%.*s is not UTF-8; filebase64 reads any file",
			STR_ARG(path));
	return 0;
}

/* Each line of a file is its own place. */
static const struct hcl_place *lines_of(struct arena *a, struct str path, struct str bytes)
{
	struct hcl_place *place = arena_new(a, struct hcl_place);
	struct {
		struct origin *items;
		size_t n;
		size_t cap;
	} lines = {0};
	place->origin = (struct origin){arena_str(a, path), {.line = 1, .col = 1}};
	for (size_t at = 0; at < bytes.n && lines.n < LINES_MAX;) {
		size_t end = str_find_byte(str_from_index(bytes, at), '\n');
		size_t len = end == STR_NPOS ? bytes.n - at : end + 1;
		struct origin *o = &list_push(a, &lines);
		o->file = place->origin.file;
		o->span = (struct span){(uint32_t)at, (uint32_t)len, (uint32_t)lines.n, 1};
		at += len;
	}
	place->lines = lines.items;
	place->line_count = lines.n;
	return place;
}

int hcl2_fn_file(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str bytes = {0};
	struct str where = {0};
	(void)n;
	if (read_argument(&bytes, &where, e, args, true, err) < 0)
		return -1;
	*out = hcl_string(bytes);
	out->place = lines_of(e->arena, where, bytes);
	return 0;
}

int hcl2_fn_filebase64(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str bytes = {0};
	struct str where = {0};
	(void)n;
	if (read_argument(&bytes, &where, e, args, false, err) < 0)
		return -1;
	*out = hcl_string(base64_encode(e->arena, bytes));
	return 0;
}

int hcl2_fn_fileexists(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl2_context *c = hcl2_context_of(e, err);
	struct template_found found = {0};
	struct str path = {0};
	(void)n;
	if (!c || hcl2_arg_str(&path, e, args, 0, err) < 0 || find(&found, c, e, path, err) < 0)
		return -1;
	if (found.entry.kind == TREE_DIR)
		return error_set(
			err, ERROR_INPUT, "%.*s is a directory, no file", STR_ARG(found.path));
	*out = hcl_bool(found.entry.kind == TREE_FILE);
	return 0;
}

/* ---- templatefile -------------------------------------------------------------------------- */

static int check_names(const struct hcl_value *vars, const struct hcl_expr *template,
	struct hcl_eval *e, struct error *err)
{
	struct hcl_traversals used = {0};
	for (size_t i = 0; i < vars->n; i++) {
		if (!hcl_is_name(vars->keys[i]))
			return error_set(err, ERROR_INPUT,
				"`%.*s` cannot be the name of a variable", STR_ARG(vars->keys[i]));
	}
	hcl_expr_traversals(template, e->arena, &used);
	for (size_t i = 0; i < used.n; i++) {
		struct str name = used.items[i].steps[0];
		if (hcl_member(vars, name))
			continue;
		struct str hint = hcl_did_you_mean(e->arena, name, vars->keys, vars->n);
		return error_set(err, ERROR_INPUT, "%s asks for `%.*s`, which is not given%.*s",
			origin_str(e->arena, &used.items[i].origin).p, STR_ARG(name),
			STR_ARG(hint));
	}
	return 0;
}

/* The template sees these variables, and every function but this one. */
static int render(struct hcl_value *out, struct hcl_eval *e, const struct hcl_expr *template,
	const struct hcl_value *vars, struct error *err)
{
	const struct hcl_function *const tables[] = {hcl_functions_core, hcl2_functions};
	struct hcl_variable *variables = arena_array(e->arena, struct hcl_variable, vars->n);
	for (size_t i = 0; i < vars->n; i++)
		variables[i] = (struct hcl_variable){vars->keys[i], vars->items[i]};
	struct hcl_scope scope = {
		.variables = variables,
		.variable_count = vars->n,
		.functions = tables,
		.function_tables = countof(tables),
		.ctx = hcl2_context_of(e, err),
	};
	return hcl_evaluate_in(out, e, template, &scope, err);
}

/* A hole among the variables stays one in the text; an unknown path is one for all of it. */
int hcl2_fn_templatefile(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl2_context *c = hcl2_context_of(e, err);
	const struct hcl_expr *template = NULL;
	struct str where = {0};
	struct str bytes = {0};
	if (!c)
		return -1;
	if (c->template_depth > 0)
		return error_set(err, ERROR_INPUT, "a template file cannot call templatefile");
	if (args[0].type == HCL_UNKNOWN || args[1].type == HCL_UNKNOWN) {
		*out = hcl_unknown_call(e, "templatefile", args, n);
		return 0;
	}
	if (args[1].type != HCL_OBJECT)
		return error_set(err, ERROR_INPUT, "argument 2 must be a map of variables, not %s",
			hcl_type_name(args[1].type));
	if (read_argument(&bytes, &where, e, args, true, err) < 0 ||
		hcl_parse_template(&template, c->arena, bytes, where, err) < 0 ||
		check_names(&args[1], template, e, err) < 0)
		return -1;
	c->template_depth++;
	int r = render(out, e, template, &args[1], err);
	c->template_depth--;
	return r;
}

/* ---- Paths --------------------------------------------------------------------------------- */

/*
 * Packer gives the path from the root of the machine that it runs on. No such path is in a plan,
 * so the result stays relative to where relative paths start; it is cleaned as Packer would.
 */
int hcl2_fn_abspath(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str path = {0};
	(void)n;
	if (hcl2_arg_str(&path, e, args, 0, err) < 0)
		return -1;
	*out = hcl_string(hcl_clean_path(e->arena, path));
	return 0;
}

/* A home directory is not known before the build, and is another one wherever that runs. */
int hcl2_fn_pathexpand(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str path = {0};
	(void)n;
	if (hcl2_arg_str(&path, e, args, 0, err) < 0)
		return -1;
	bool home = path.n > 0 && path.p[0] == '~';
	if (home && path.n > 1 && path.p[1] != '/')
		return error_set(
			err, ERROR_INPUT, "~ stands for your own home directory only, not ~user");
	*out = hcl_string(path);
	return 0;
}
