#include "template/legacy/legacy.h"

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

static void tell_unknown(struct legacy *l, const struct json_member *m)
{
	const char *names[countof(root_keys)];
	for (size_t i = 0; i < countof(root_keys); i++)
		names[i] = root_keys[i].name;
	struct origin o = legacy_origin(&l->source, m->key_span);
	load_error(&l->load, &o, "unknown root key \"%.*s\"", STR_ARG(m->key));
	const char *near = conf_nearest(m->key, names, countof(names));
	if (near)
		load_hint(&l->load, "did you mean \"%s\"?", near);
	else
		load_hint(&l->load, "a key that begins with \"_\" is a comment");
}

static void check_member(struct legacy *l, const struct json_member *m)
{
	const struct root_key *key = find_key(m->key);
	bool comment = m->key.n > 0 && m->key.p[0] == '_';
	if (comment && m->value->type != JSON_STRING)
		legacy_error_at(l, m->value, "the comment \"%.*s\" is a string", STR_ARG(m->key));
	else if (!key && !comment)
		tell_unknown(l, m);
	else if (key && m->value->type != key->type && m->value->type != JSON_NULL)
		legacy_error_at(l, m->value, "\"%s\" is %s", key->name, key->takes);
	else if (str_is(m->key, "push"))
		legacy_warning_at(l, m->value, "\"push\" has no effect: its service has ended");
}

static int check_root(struct legacy *l)
{
	const struct json *root = l->root;
	if (root->type != JSON_OBJECT)
		return legacy_error_at(l, root, "a template is a JSON object");
	for (size_t i = 0; i < root->object.n; i++)
		check_member(l, &root->object.items[i]);
	for (size_t i = 0; i < countof(root_keys); i++) {
		const struct json *j = json_find(root, root_keys[i].name);
		bool empty =
			!j || j->type == JSON_NULL || (j->type == JSON_ARRAY && j->array.n == 0);
		if (root_keys[i].required && empty && !l->load.in->declared_only) {
			legacy_error_at(l, j ? j : root, "at least one builder must be defined");
			load_hint(&l->load, "add \"builders\": [{\"type\": ...}]");
		}
	}
	return l->load.t->diags.errors > 0 ? -1 : 0;
}

static void check_version(struct legacy *l)
{
	const struct json *j = json_find(l->root, "min_packer_version");
	uint64_t wanted[3] = {0};
	uint64_t ours[3] = {0};
	if (!j || j->type != JSON_STRING || j->text.n == 0)
		return;
	l->load.t->min_packer_version = j->text;
	if (l->load.in->declared_only)
		return;
	if (!version_parse(j->text, wanted)) {
		legacy_error_at(l, j, "\"min_packer_version\" is a version such as 1.7.0");
		return;
	}
	if (!version_parse(STR(TEMPLATE_PACKER_VERSION), ours))
		abort();
	if (version_cmp(wanted, ours) > 0)
		legacy_error_at(l, j, "the template needs Packer %.*s or higher; this follows %s",
			STR_ARG(j->text), TEMPLATE_PACKER_VERSION);
}

/* ---- Loading -------------------------------------------------------------------------------- */

static void make_build(struct legacy *l, const struct legacy_builder *b)
{
	static const char *const skip[] = {"name", "type", NULL};
	const struct render r = {
		.legacy = l,
		.source = &l->source,
		.build = b,
		.component = COMPONENT_BUILDER,
		.type = b->type,
	};
	const struct template_input *in = l->load.in;
	struct template_build out = {
		.name = b->name,
		.source_name = b->name,
		.type = b->type,
		.origin = b->origin,
		.paths = {.tree = in->tree,
			.root = path_dir(l->load.t->path),
			.has_cwd = in->has_cwd,
			.cwd = in->cwd},
	};
	struct conf *config = NULL;
	int status = 0;
	if (!l->load.in->declared_only)
		status = render_config(&r, b->json, skip, &config);
	out.config = config;
	legacy_provisioners(l, &out, b);
	legacy_post_processors(l, &out, b);
	if (status == 0)
		list_push(l->load.arena, &l->load.t->builds) = out;
}

static void load_parts(struct legacy *l)
{
	if (check_root(l) < 0)
		return;
	check_version(l);
	l->load.t->description = json_str_or(l->root, "description", STR(""));
	legacy_variables(l);
	legacy_builders(l);
	if (l->builders.n == 0)
		return;
	legacy_check_provisioners(l);
	legacy_check_post_processors(l);
	if (l->load.t->diags.errors > 0)
		return;
	for (size_t i = 0; i < l->builders.n; i++) {
		if (l->builders.items[i].selected)
			make_build(l, &l->builders.items[i]);
	}
}

static int read_root(struct legacy *l, struct error *err)
{
	const struct json_limits limits = {.bytes = TEMPLATE_BYTES_MAX};
	struct json *root = NULL;
	if (tree_read(l->load.in->tree, l->source.file, &l->source.text, err) < 0)
		return -1;
	if (json_parse(&root, l->load.arena, l->source.text, l->source.file, &limits, err) < 0)
		return -1;
	l->root = root;
	return 0;
}

/* ---- The console ---------------------------------------------------------------------------- */

static int eval(void *loader, struct str line, struct text *out, struct error *err)
{
	struct legacy *l = loader;
	struct diags *d = &l->load.t->diags;
	const struct legacy_source source = {.file = STR("<console-input>"), .text = line};
	const struct render r = {.legacy = l, .source = &source, .given = {source.file, {0}}};
	const struct text raw = text_from(l->load.arena, line);
	const struct diags before = *d;
	bool deferred = false;
	*d = (struct diags){0};
	int status = render_text(&r, &raw, NULL, false, out, &deferred);
	if (status < 0)
		status = diags_check(d, err);
	*d = before;
	return status;
}

static void console(struct legacy *l)
{
	const struct template_input *in = l->load.in;
	const struct template_console c = {.template = l->load.t, .loader = l, .eval = eval};
	if (in->console)
		in->console(in->console_ctx, &c);
}

int legacy_load(struct template *t, const struct template_input *in, struct error *err)
{
	struct legacy l = {
		.load = {.t = t, .arena = &t->arena, .in = in}, .source = {.file = t->path}};
	if (read_root(&l, err) < 0) {
		load_tell(&l.load, t->path, err);
		return -1;
	}
	load_parts(&l);
	console(&l);
	return 0;
}
