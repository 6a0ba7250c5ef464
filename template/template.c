#include "template/load.h"

/* ---- The root ------------------------------------------------------------------------------- */

static const struct root_key {
	const char *name;
	enum json_type type;
	const char *takes;
	bool required;
} root_keys[] = {
	{"min_packer_version", JSON_STRING, "a string", false},
	{"description", JSON_STRING, "a string", false},
	{"variables", JSON_OBJECT, "an object", false},
	{"sensitive-variables", JSON_ARRAY, "a list", false},
	{"builders", JSON_ARRAY, "a list", true},
	{"provisioners", JSON_ARRAY, "a list", false},
	{"error-cleanup-provisioner", JSON_OBJECT, "an object", false},
	{"post-processors", JSON_ARRAY, "a list", false},
	{"push", JSON_OBJECT, "an object", false},
	{"comments", JSON_ARRAY, "a list", false},
};

static const struct root_key *find_key(struct str name)
{
	for (size_t i = 0; i < countof(root_keys); i++) {
		if (str_is(name, root_keys[i].name))
			return &root_keys[i];
	}
	return NULL;
}

static void tell_unknown(struct load *l, const struct json_member *m)
{
	const char *names[countof(root_keys)];
	for (size_t i = 0; i < countof(root_keys); i++)
		names[i] = root_keys[i].name;
	struct origin o = load_origin(&l->source, m->key_span);
	load_error(l, &o, "unknown root key \"%.*s\"", STR_ARG(m->key));
	const char *near = conf_nearest(m->key, names, countof(names));
	if (near)
		load_hint(l, "did you mean \"%s\"?", near);
	else
		load_hint(l, "a key that begins with \"_\" is a comment");
}

static void check_member(struct load *l, const struct json_member *m)
{
	const struct root_key *key = find_key(m->key);
	bool comment = m->key.n > 0 && m->key.p[0] == '_';
	if (comment && m->value->type != JSON_STRING)
		load_error_at(l, m->value, "the comment \"%.*s\" is a string", STR_ARG(m->key));
	else if (!key && !comment)
		tell_unknown(l, m);
	else if (key && m->value->type != key->type && m->value->type != JSON_NULL)
		load_error_at(l, m->value, "\"%s\" is %s", key->name, key->takes);
	else if (str_is(m->key, "push"))
		load_warning_at(l, m->value, "\"push\" has no effect: its service has ended");
}

static int check_root(struct load *l)
{
	const struct json *root = l->root;
	if (root->type != JSON_OBJECT)
		return load_error_at(l, root, "a template is a JSON object");
	for (size_t i = 0; i < root->object.n; i++)
		check_member(l, &root->object.items[i]);
	for (size_t i = 0; i < countof(root_keys); i++) {
		const struct json *j = json_find(root, root_keys[i].name);
		bool empty =
			!j || j->type == JSON_NULL || (j->type == JSON_ARRAY && j->array.n == 0);
		if (root_keys[i].required && empty) {
			load_error_at(l, j ? j : root, "at least one builder must be defined");
			load_hint(l, "add \"builders\": [{\"type\": ...}]");
		}
	}
	return l->t->diags.errors > 0 ? -1 : 0;
}

/* Up to three numbers; what follows a '-' or '+' does not count. */
static bool parse_version(struct str s, uint64_t out[3])
{
	struct str part;
	s = str_trim(s);
	if (s.n > 0 && s.p[0] == 'v')
		s = str_from_index(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '-' || s.p[i] == '+')
			s = str_sub(s, 0, i);
	}
	size_t n = 0;
	while (str_cut(&s, '.', &part)) {
		if (n == 3 || !str_to_u64(part, &out[n++]))
			return false;
	}
	return n > 0;
}

static void check_version(struct load *l)
{
	const struct json *j = json_find(l->root, "min_packer_version");
	uint64_t wanted[3] = {0};
	uint64_t ours[3] = {0};
	if (!j || j->type != JSON_STRING || j->text.n == 0)
		return;
	l->t->min_packer_version = j->text;
	if (!parse_version(j->text, wanted)) {
		load_error_at(l, j, "\"min_packer_version\" is a version such as 1.7.0");
		return;
	}
	if (!parse_version(STR(TEMPLATE_PACKER_VERSION), ours))
		abort();
	for (size_t i = 0; i < 3; i++) {
		if (wanted[i] < ours[i])
			return;
		if (wanted[i] > ours[i]) {
			load_error_at(l, j,
				"the template needs Packer %.*s or higher; this follows %s",
				STR_ARG(j->text), TEMPLATE_PACKER_VERSION);
			return;
		}
	}
}

/* ---- Loading -------------------------------------------------------------------------------- */

static void make_build(struct load *l, const struct load_builder *b)
{
	static const char *const skip[] = {"name", "type", NULL};
	const struct render r = {
		.load = l,
		.source = &l->source,
		.build = b,
		.component = COMPONENT_BUILDER,
		.type = b->type,
	};
	struct template_build out = {
		.name = b->name, .source_name = b->name, .type = b->type, .origin = b->origin};
	struct conf *config = NULL;
	int status = render_config(&r, b->json, skip, &config);
	out.config = config;
	load_provisioners(l, &out, b);
	load_post_processors(l, &out, b);
	if (status == 0)
		list_push(l->arena, &l->t->builds) = out;
}

static void load_parts(struct load *l)
{
	if (check_root(l) < 0)
		return;
	check_version(l);
	l->t->description = json_str_or(l->root, "description", STR(""));
	load_variables(l);
	load_builders(l);
	if (l->builders.n == 0)
		return;
	load_check_provisioners(l);
	load_check_post_processors(l);
	if (l->t->diags.errors > 0)
		return;
	for (size_t i = 0; i < l->builders.n; i++) {
		if (l->builders.items[i].selected)
			make_build(l, &l->builders.items[i]);
	}
}

static int read_root(struct load *l, struct error *err)
{
	const struct json_limits limits = {.bytes = TEMPLATE_BYTES_MAX};
	struct json *root = NULL;
	if (str_has_suffix(l->source.file, STR(".pkr.hcl")) ||
		str_has_suffix(l->source.file, STR(".pkr.json")))
		return error_set(err, ERROR_INPUT,
			"%.*s: HCL2 templates are not read yet; legacy JSON is",
			STR_ARG(l->source.file));
	if (tree_read(l->in->tree, l->source.file, &l->source.text, err) < 0)
		return -1;
	if (json_parse(&root, l->arena, l->source.text, l->source.file, &limits, err) < 0)
		return -1;
	l->root = root;
	return 0;
}

int template_load(struct template **out, const struct template_input *in, struct error *err)
{
	struct template *t = calloc(1, sizeof(*t));
	if (!t)
		error_out_of_memory();
	arena_init(&t->arena, TEMPLATE_ARENA_MAX);
	t->path = arena_str(&t->arena, in->path);
	*out = t;
	struct load l = {.t = t, .arena = &t->arena, .in = in, .source = {.file = t->path}};
	if (read_root(&l, err) < 0) {
		load_tell(&l, t->path, err);
		return -1;
	}
	load_parts(&l);
	if (diags_check(&t->diags, err) < 0)
		return -1;
	if (t->diags.errors > 0)
		return error_set(
			err, ERROR_INPUT, "%.*s: %zu errors", STR_ARG(t->path), t->diags.errors);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	redactor_clear(&t->redactor);
	arena_clear(&t->arena);
	free(t);
}

int template_render(struct text *out, struct arena *a, const struct text *in,
	const struct template_fields *fields, const struct origin *origin, struct error *err)
{
	struct gotmpl_fault fault = {0};
	struct gotmpl_list tree = {0};
	struct text made = {0};
	const struct gotmpl_scope scope = {
		.arena = a,
		.functions = template_functions,
		.has_fields = true,
		.fields = fields->items,
		.field_count = fields->n,
	};
	if (gotmpl_parse(&tree, in, &scope, &fault) < 0 ||
		gotmpl_execute(&made, &tree, &scope, &fault) < 0)
		return error_at(err, origin, "%.*s", STR_ARG(fault.text));
	*out = made;
	return 0;
}
