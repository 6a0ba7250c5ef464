#include "template/hcl2/hcl2.h"

/* ---- Names ---------------------------------------------------------------------------------- */

static const char *const names[] = {
	[SCOPE_VAR] = "var",
	[SCOPE_LOCAL] = "local",
	[SCOPE_DATA] = "data",
	[SCOPE_SOURCE] = "source",
	[SCOPE_BUILD] = "build",
	[SCOPE_PATH] = "path",
	[SCOPE_PACKER] = "packer",
};

static struct hcl_value object_of(
	struct arena *a, const char *const *keys, const struct hcl_value *values, size_t n)
{
	struct str *list = arena_array(a, struct str, n);
	for (size_t i = 0; i < n; i++)
		list[i] = str_from(keys[i]);
	return hcl_object(a, list, values, n);
}

/* ---- path ----------------------------------------------------------------------------------- */

/* From one clean directory to another, by way of their common part. */
static struct str relative(struct arena *a, struct str from, struct str to)
{
	struct str_list parts = {0};
	struct str part;
	while (from.n > 0 && to.n > 0) {
		struct str x = from;
		struct str y = to;
		struct str first;
		struct str second;
		(void)!str_cut(&x, '/', &first);
		(void)!str_cut(&y, '/', &second);
		if (!str_eq(first, second))
			break;
		from = x;
		to = y;
	}
	while (from.n > 0 && str_cut(&from, '/', &part))
		list_push(a, &parts) = STR("..");
	if (to.n > 0)
		list_push(a, &parts) = to;
	return parts.n > 0 ? arena_join(a, parts.items, parts.n, STR("/")) : STR(".");
}

/*
 * Relative paths start at cwd, so that is "."; the template's directory is where it lies from
 * there. When nobody tells where they start, it is the template's directory.
 */
static struct hcl_value paths(struct hcl2 *h)
{
	static const char *const keys[] = {"cwd", "root"};
	const struct template_input *in = h->load.in;
	struct str root = in->has_cwd ? relative(h->arena, in->cwd, h->root) : STR(".");
	const struct hcl_value values[] = {hcl_string(STR(".")), hcl_string(root)};
	return object_of(h->arena, keys, values, countof(keys));
}

/* ---- packer, source, build ------------------------------------------------------------------ */

static struct hcl_value packer(struct arena *a)
{
	static const char *const keys[] = {"version", "iterationID", "versionFingerprint"};
	const struct hcl_value values[] = {
		hcl_string(STR(TEMPLATE_PACKER_VERSION)),
		hcl_hole(a, STR("packer.iterationID")),
		hcl_hole(a, STR("packer.versionFingerprint")),
	};
	return object_of(a, keys, values, countof(keys));
}

static struct hcl_value source_value(struct arena *a, struct hcl_value type, struct hcl_value name)
{
	static const char *const keys[] = {"type", "name"};
	const struct hcl_value values[] = {type, name};
	return object_of(a, keys, values, countof(keys));
}

static size_t build_name_count(void)
{
	size_t n = 0;
	while (template_build_names[n])
		n++;
	return n;
}

/* What only some builders tell: "build.ImageSha256". What is nearly right is left to be wrong. */
static void more_names(struct hcl2 *h, const struct hcl2_block *b, struct str_list *out)
{
	struct hcl_traversals all = {0};
	hcl2_references(h, b->body, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct hcl_traversal *t = &all.items[i];
		if (t->n < 2 || !str_is(t->steps[0], "build") || str_is(t->steps[1], "name") ||
			conf_nearest(t->steps[1], template_build_names, build_name_count()))
			continue;
		load_warning(&h->load, &t->origin,
			"build.%.*s is no value of every builder; it is a hole of the plan",
			STR_ARG(t->steps[1]));
		list_push(h->arena, out) = t->steps[1];
	}
}

/* What the running build knows; the holes have the names that {{ build }} gives them. */
static struct hcl_value make_build_value(
	struct arena *a, const struct str_list *more, struct str name)
{
	struct str_list keys = {0};
	for (size_t i = 0; template_build_names[i]; i++)
		list_push(a, &keys) = str_from(template_build_names[i]);
	for (size_t i = 0; i < more->n; i++)
		list_push(a, &keys) = more->items[i];
	struct hcl_value *values = arena_array(a, struct hcl_value, keys.n + 1);
	for (size_t i = 0; i < keys.n; i++)
		values[i] = hcl_hole(a, keys.items[i]);
	values[keys.n] = hcl_string(name);
	list_push(a, &keys) = STR("name");
	return hcl_object(a, keys.items, values, keys.n);
}

/* Mostly it is that of the block before. */
static struct hcl_value build_value(struct hcl2 *h, const struct hcl2_block *b, struct str name)
{
	struct str_list more = {0};
	more_names(h, b, &more);
	if (more.n > 0)
		return make_build_value(h->arena, &more, name);
	if (h->build.type == HCL_NONE || !str_eq(h->build_name, name)) {
		h->build = make_build_value(h->arena, &more, name);
		h->build_name = name;
	}
	return h->build;
}

/*
 * The scope with one more name in the template's own scope, so that the iterators of dynamic
 * blocks go on hiding what has their names. They are as deep as blocks are nested.
 */
static const struct hcl_scope *with(
	struct hcl2 *h, const struct hcl_scope *scope, const struct hcl_variable *variable)
{
	struct hcl_scope *copy = arena_new(h->arena, struct hcl_scope);
	*copy = *scope;
	if (scope->parent) {
		copy->parent = with(h, scope->parent, variable);
		return copy;
	}
	copy->parent = scope;
	copy->variables = variable;
	copy->variable_count = 1;
	return copy;
}

const struct hcl_scope *hcl2_source_scope(
	struct hcl2 *h, const struct hcl_scope *outer, const struct hcl2_use *u)
{
	struct hcl_variable *one = arena_array(h->arena, struct hcl_variable, 1);
	one->name = STR("source");
	one->value = source_value(h->arena, hcl_string(u->source->type), hcl_string(u->name));
	return with(h, outer, one);
}

const struct hcl_scope *hcl2_use_scope(
	struct hcl2 *h, const struct hcl2_block *b, const struct hcl2_use *u, struct str build)
{
	struct hcl_variable *one = arena_array(h->arena, struct hcl_variable, 1);
	one->name = STR("build");
	one->value = build_value(h, b, build);
	return hcl2_source_scope(h, with(h, b->scope, one), u);
}

/* ---- The scopes of a template --------------------------------------------------------------- */

static void env_used(void *owner, struct str name, struct str value)
{
	load_env_used(owner, name, value);
}

static void init_contexts(struct hcl2 *h)
{
	static const char *const nothing[] = {NULL};
	const struct template_input *in = h->load.in;
	h->context = (struct hcl2_context){
		.paths = {.tree = in->tree,
			.root = h->root,
			.has_cwd = in->has_cwd,
			.cwd = in->cwd},
		.now = in->now,
		.environment = in->environment ? in->environment : nothing,
		.env_used = env_used,
		.owner = &h->load,
		.seed = h->load.t->path,
		.arena = h->arena,
	};
	h->default_context = h->context;
	h->default_context.env_allowed = true;
}

/* Defaults of variables may call env and nothing else. */
static const struct hcl_function *const *default_functions(struct hcl2 *h)
{
	struct hcl_function *table = arena_array(h->arena, struct hcl_function, 2);
	const struct hcl_function **tables = arena_array(h->arena, const struct hcl_function *, 1);
	for (const struct hcl_function *f = hcl2_functions; f->name; f++) {
		if (str_is(STR("env"), f->name))
			table[0] = *f;
	}
	tables[0] = table;
	return tables;
}

void hcl2_scope_init(struct hcl2 *h)
{
	static const struct hcl_function *const tables[] = {hcl_functions_core, hcl2_functions};
	init_contexts(h);
	for (size_t i = 0; i < SCOPE_COUNT; i++) {
		h->base[i].name = str_from(names[i]);
		h->base[i].value = hcl_object(h->arena, NULL, NULL, 0);
	}
	h->base[SCOPE_SOURCE].value = source_value(h->arena, hcl_hole(h->arena, STR("source.type")),
		hcl_hole(h->arena, STR("source.name")));
	h->base[SCOPE_BUILD].value = hcl_hole(h->arena, STR("build"));
	h->base[SCOPE_PATH].value = paths(h);
	h->base[SCOPE_PACKER].value = packer(h->arena);
	h->scope = (struct hcl_scope){
		.variables = h->base,
		.variable_count = SCOPE_COUNT,
		.functions = tables,
		.function_tables = countof(tables),
		.ctx = &h->context,
	};
	h->default_scope = (struct hcl_scope){
		.functions = default_functions(h),
		.function_tables = 1,
		.ctx = &h->default_context,
	};
	h->empty_scope = (struct hcl_scope){.ctx = &h->context};
}

/* ---- References ----------------------------------------------------------------------------- */

static void keys_of(struct arena *a, const struct map *m, struct str prefix, struct str_list *out)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_has_prefix(m->items[i].key, prefix))
			list_push(a, out) = str_from_index(m->items[i].key, prefix.n);
	}
}

/* What is referred to, by its name in a map of what there is; false when that cannot be told. */
static bool find_reference(const struct hcl_traversal *t, struct hcl2 *h, struct str *key)
{
	*key = t->steps[0];
	for (size_t i = 1; i < t->n && i < (str_is(t->steps[0], "data") ? 3 : 2); i++)
		*key = arena_printf(h->arena, "%.*s.%.*s", STR_ARG(*key), STR_ARG(t->steps[i]));
	if (str_is(t->steps[0], "var") || str_is(t->steps[0], "local"))
		return t->n > 1;
	return str_is(t->steps[0], "data") && t->n > 2;
}

static bool is_declared(struct hcl2 *h, const struct hcl_traversal *t, struct str key)
{
	if (str_is(t->steps[0], "var"))
		return map_has(&h->variables, t->steps[1]);
	return map_has(&h->nodes, key);
}

static void hint_declared(struct hcl2 *h, const struct hcl_traversal *t, struct str key)
{
	struct str_list known = {0};
	struct str root = arena_printf(h->arena, "%.*s.", STR_ARG(t->steps[0]));
	bool var = str_is(t->steps[0], "var");
	keys_of(h->arena, var ? &h->variables : &h->nodes, var ? STR("") : root, &known);
	hcl2_hint_names(h, str_from_index(key, root.n), &known);
}

int hcl2_check_node(struct hcl2 *h, const struct hcl_traversal *t)
{
	struct str key;
	if (!find_reference(t, h, &key) || str_is(t->steps[0], "var") || is_declared(h, t, key))
		return 0;
	if (h->load.in->declared_only)
		return -1;
	load_error(&h->load, &t->origin, "%.*s is not declared", STR_ARG(key));
	hint_declared(h, t, key);
	return -1;
}

void hcl2_check_expr(struct hcl2 *h, const struct hcl_expr *e)
{
	struct hcl_traversals all = {0};
	hcl_expr_traversals(e, h->arena, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct str key;
		if (!find_reference(&all.items[i], h, &key) || is_declared(h, &all.items[i], key))
			continue;
		load_warning(&h->load, &all.items[i].origin, "%.*s is not declared", STR_ARG(key));
		hint_declared(h, &all.items[i], key);
	}
}

/* ---- Evaluation ----------------------------------------------------------------------------- */

/* What is not declared is told as that, and not as a member that some object lacks. */
static bool tell_undeclared(struct hcl2 *h, const struct hcl_expr *e, const struct error *err)
{
	struct hcl_traversals all = {0};
	hcl_expr_traversals(e, h->arena, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct str key;
		const struct hcl_traversal *t = &all.items[i];
		if (!find_reference(t, h, &key) || is_declared(h, t, key))
			continue;
		struct str what = arena_printf(
			h->arena, "no attribute `%.*s`", STR_ARG(t->steps[t->n > 2 ? 2 : 1]));
		struct str var =
			arena_printf(h->arena, "no attribute `%.*s`", STR_ARG(t->steps[1]));
		if (!str_contains(str_from(err->text), what) &&
			!str_contains(str_from(err->text), var))
			continue;
		load_error(&h->load, &t->origin, "%.*s is not declared", STR_ARG(key));
		hint_declared(h, t, key);
		return true;
	}
	return false;
}

int hcl2_eval(struct hcl2 *h, const struct hcl_expr *e, const struct hcl_scope *scope,
	struct hcl_value *out)
{
	struct error err = {0};
	if (load_is_full(&h->load))
		return -1;
	if (hcl_evaluate(out, e, scope, h->arena, &err) == 0)
		return 0;
	/* What goes wrong with defaults alone goes well, perhaps, with values that are given. */
	if (h->load.in->declared_only && scope != &h->default_scope && scope != &h->empty_scope) {
		*out = hcl_hole(h->arena, STR("expression"));
		return 0;
	}
	if (!tell_undeclared(h, e, &err))
		hcl2_tell(h, hcl_expr_origin(e), &err);
	return -1;
}
