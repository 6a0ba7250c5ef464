#include "template/load.h"

/* The state of a variable, made when it is new. */
static struct load_variable *intern(struct load *l, struct str name)
{
	struct load_variable *v = map_find(&l->variables, name);
	if (v)
		return v;
	v = arena_new(l->arena, struct load_variable);
	v->index = l->t->variables.n;
	list_push(l->arena, &l->t->variables) = (struct template_variable){.name = name};
	map_put(&l->variables, l->arena, name, v);
	return v;
}

static struct template_variable *entry(struct load *l, const struct load_variable *v)
{
	return &l->t->variables.items[v->index];
}

/* ---- Where values come from ----------------------------------------------------------------- */

static void add_default(struct load *l, const struct json_member *m)
{
	struct load_variable *v = intern(l, m->key);
	struct template_variable *out = entry(l, v);
	struct str value = {0};
	out->origin = load_origin(&l->source, m->key_span);
	out->source = TEMPLATE_VAR_DEFAULT;
	v->declared = true;
	v->source = &l->source;
	v->json = m->value;
	if (m->value->type == JSON_NULL) {
		out->required = true;
		return;
	}
	if (!weak_str(m->value, l->arena, &value)) {
		load_error_at(l, m->value, "variable \"%.*s\": a default is a string or null",
			STR_ARG(m->key));
		v->state = LOAD_FAILED;
	}
	v->raw = text_from(l->arena, value);
}

static void add_defaults(struct load *l)
{
	const struct json *j = json_find(l->root, "variables");
	for (size_t i = 0; j && j->type == JSON_OBJECT && i < j->object.n; i++)
		add_default(l, &j->object.items[i]);
}

static void warn_undeclared(struct load *l, const struct origin *o, struct str name)
{
	if (!l->in->warn_undeclared)
		return;
	diag_warning(&l->t->diags, l->arena, o, "variable \"%.*s\" is not declared", STR_ARG(name));
	diag_hint(&l->t->diags, l->arena, "add \"%.*s\" to \"variables\" in %.*s", STR_ARG(name),
		STR_ARG(l->t->path));
}

static void override(struct load *l, struct str name, struct str value,
	enum template_variable_source from, const struct load_source *source, const struct json *j)
{
	struct origin o = {arena_printf(l->arena, "-var %.*s", STR_ARG(name)), {0}};
	if (source)
		o = load_origin(source, j->span);
	struct load_variable *v = intern(l, name);
	struct template_variable *out = entry(l, v);
	if (!v->declared)
		warn_undeclared(l, &o, name);
	if (!v->declared)
		out->origin = o;
	v->given = o;
	out->source = from;
	v->raw = text_from(l->arena, value);
	v->source = source;
	v->json = j;
	v->state = LOAD_NEW;
}

void load_tell(struct load *l, struct str file, const struct error *e)
{
	struct origin o = {file, {0}};
	struct str text = str_from(e->text);
	struct str rest = text;
	struct str parts[2];
	uint64_t numbers[2] = {0};
	if (str_has_prefix(rest, file) && rest.n > file.n && rest.p[file.n] == ':') {
		text = str_trim(str_from_index(rest, file.n + 1));
		rest = text;
	}
	if (str_cut(&rest, ':', &parts[0]) && str_cut(&rest, ':', &parts[1]) &&
		str_to_u64(parts[0], &numbers[0]) && str_to_u64(parts[1], &numbers[1])) {
		o.span = (struct span){.line = (uint32_t)numbers[0], .col = (uint32_t)numbers[1]};
		text = str_trim(rest);
	}
	load_error(l, &o, "%.*s", STR_ARG(text));
}

static void read_file(struct load *l, struct str path)
{
	struct error e = {0};
	struct json *j = NULL;
	struct load_source *s = arena_new(l->arena, struct load_source);
	const struct json_limits limits = {.bytes = TEMPLATE_BYTES_MAX};
	s->file = path;
	if (tree_read(l->in->tree, path, &s->text, &e) < 0 ||
		json_parse(&j, l->arena, s->text, path, &limits, &e) < 0) {
		load_tell(l, path, &e);
		return;
	}
	struct origin o = load_origin(s, j->span);
	if (j->type != JSON_OBJECT) {
		load_error(l, &o, "a file of variables is an object of strings");
		return;
	}
	for (size_t i = 0; i < j->object.n; i++) {
		const struct json_member *m = &j->object.items[i];
		struct str value;
		o = load_origin(s, m->value->span);
		if (weak_str(m->value, l->arena, &value))
			override(l, m->key, value, TEMPLATE_VAR_FILE, s, m->value);
		else
			load_error(
				l, &o, "variable \"%.*s\": the value is a string", STR_ARG(m->key));
	}
}

/* ---- Sensitive ones ------------------------------------------------------------------------- */

static const char *nearest_variable(struct load *l, struct str name)
{
	const char **names = arena_array(l->arena, const char *, l->t->variables.n + 1);
	for (size_t i = 0; i < l->t->variables.n; i++)
		names[i] = arena_cstr(l->arena, l->t->variables.items[i].name);
	return conf_nearest(name, names, l->t->variables.n);
}

static void mark_sensitive(struct load *l)
{
	const struct json *j = json_find(l->root, "sensitive-variables");
	for (size_t i = 0; j && j->type == JSON_ARRAY && i < j->array.n; i++) {
		const struct json *name = j->array.items[i];
		if (name->type != JSON_STRING) {
			load_error_at(l, name, "sensitive-variables holds names of variables");
			continue;
		}
		struct load_variable *v = map_find(&l->variables, name->text);
		if (v) {
			entry(l, v)->sensitive = true;
			continue;
		}
		load_warning_at(l, name, "sensitive variable \"%.*s\" is not declared",
			STR_ARG(name->text));
		const char *near = nearest_variable(l, name->text);
		if (near)
			load_hint(l, "did you mean \"%s\"?", near);
	}
}

/* ---- Interpolation -------------------------------------------------------------------------- */

/* All of a sensitive value is sensitive, under the variable's own name. */
static int seal(struct load *l, struct load_variable *v)
{
	struct template_variable *out = entry(l, v);
	struct str value;
	if (!out->sensitive)
		return 0;
	if (v->deferred || !text_value(&out->value, l->arena, &value))
		return load_error(l, &out->origin,
			"sensitive variable \"%.*s\" must not hold fields of a later stage",
			STR_ARG(out->name));
	out->value = (struct text){0};
	if (value.n > 0)
		text_add_sensitive(&out->value, l->arena, out->name, value);
	text_redactions(&out->value, &l->t->redactor);
	return 0;
}

/* Parts of names under which people keep secrets. */
static bool names_a_secret(struct load *l, struct str name)
{
	static const struct str parts[] = {STR_INIT("password"), STR_INIT("passwd"),
		STR_INIT("passphrase"), STR_INIT("secret"), STR_INIT("token"), STR_INIT("apikey"),
		STR_INIT("api_key"), STR_INIT("access_key"), STR_INIT("private_key"),
		STR_INIT("credential")};
	char *lower = arena_cstr(l->arena, name);
	for (size_t i = 0; i < name.n; i++) {
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
		else if (lower[i] == '-')
			lower[i] = '_';
	}
	for (size_t i = 0; i < countof(parts); i++) {
		if (str_contains((struct str){lower, name.n}, parts[i]))
			return true;
	}
	return false;
}

/* A value that came from outside under such a name would end up in records that others read. */
static void guess_sensitive(struct load *l, struct load_variable *v)
{
	struct template_variable *out = entry(l, v);
	if (!l->in->guess_sensitive || out->sensitive || out->value.n == 0 ||
		out->source == TEMPLATE_VAR_DEFAULT || !names_a_secret(l, out->name))
		return;
	out->sensitive = true;
	load_warning(l, &out->origin, "variable \"%.*s\" is taken as sensitive because of its name",
		STR_ARG(out->name));
	load_hint(l, "list it in \"sensitive-variables\"");
}

static int require(struct load *l, struct load_variable *v)
{
	struct template_variable *out = entry(l, v);
	if (!out->required || out->source != TEMPLATE_VAR_DEFAULT)
		return 0;
	load_error(l, &out->origin, "required variable not set: %.*s", STR_ARG(out->name));
	load_hint(l, "give it with -var '%.*s=VALUE' or in a file with -var-file",
		STR_ARG(out->name));
	return -1;
}

static void resolve(struct load *l, struct load_variable *v)
{
	if (v->state != LOAD_NEW)
		return;
	const struct render r = {
		.load = l, .source = v->source, .variables = true, .given = v->given};
	struct text value = {0};
	v->state = LOAD_RUNNING;
	l->variable_depth++;
	size_t env_calls = l->env_calls;
	int status = require(l, v);
	if (status == 0)
		status = render_text(&r, &v->raw, v->json, true, &value, &v->deferred);
	l->variable_depth--;
	if (l->env_calls > env_calls && entry(l, v)->source == TEMPLATE_VAR_DEFAULT)
		entry(l, v)->source = TEMPLATE_VAR_ENV;
	entry(l, v)->value = value;
	guess_sensitive(l, v);
	if (status == 0)
		status = seal(l, v);
	v->state = status < 0 ? LOAD_FAILED : LOAD_DONE;
}

/*
 * Packer takes an unknown variable for an empty string, and templates rely on it; within variables
 * it does not.
 */
static int undefined(
	struct load *l, const struct render *r, const struct gotmpl_call *c, struct str name)
{
	const char *near = nearest_variable(l, name);
	if (r->variables)
		return gotmpl_fault(c->run, c->off, "variable \"%.*s\" is not defined%s%s%s",
			STR_ARG(name), near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
	if (map_has(&l->undefined, name) || !r->json)
		return 0;
	struct origin o = load_origin_in(r->source, r->json, c->off);
	map_put(&l->undefined, l->arena, arena_str(l->arena, name), l);
	load_warning(l, &o, "variable \"%.*s\" is not defined and taken as empty", STR_ARG(name));
	if (near)
		load_hint(l, "did you mean \"%s\"?", near);
	else
		load_hint(l, "give it with -var '%.*s=VALUE' or in a file with -var-file",
			STR_ARG(name));
	return 0;
}

/* What failed has been told already; its users see nothing, so that they add no noise. */
int load_user(struct function_context *f, const struct gotmpl_call *c, struct str name,
	struct text *out, bool *deferred)
{
	const struct render *r = f->owner;
	struct load *l = r->load;
	struct load_variable *v = map_find(&l->variables, name);
	if (!v)
		return undefined(l, r, c, name);
	if (v->state == LOAD_RUNNING)
		return gotmpl_fault(
			c->run, c->off, "variable \"%.*s\" refers to itself", STR_ARG(name));
	if (l->variable_depth > TEMPLATE_VARIABLE_DEPTH)
		return gotmpl_fault(c->run, c->off, "variables are nested more than %d deep",
			TEMPLATE_VARIABLE_DEPTH);
	resolve(l, v);
	*out = entry(l, v)->value;
	*deferred = v->deferred;
	return 0;
}

void load_env_used(const void *owner, struct str name, struct str value)
{
	const struct render *r = owner;
	struct load *l = r->load;
	l->env_calls++;
	for (size_t i = 0; i < l->t->env_used.n; i++) {
		if (str_eq(l->t->env_used.items[i].name, name))
			return;
	}
	list_push(l->arena, &l->t->env_used) = (struct template_var){
		arena_str(l->arena, name),
		arena_str(l->arena, value),
	};
}

void load_variables(struct load *l)
{
	const struct template_input *in = l->in;
	add_defaults(l);
	for (size_t i = 0; i < in->var_file_count; i++)
		read_file(l, arena_str(l->arena, in->var_files[i]));
	for (size_t i = 0; i < in->var_count; i++)
		override(l, arena_str(l->arena, in->vars[i].name), in->vars[i].value,
			TEMPLATE_VAR_FLAG, NULL, NULL);
	mark_sensitive(l);
	for (size_t i = 0; i < in->sensitive_count; i++) {
		struct load_variable *v = map_find(&l->variables, in->sensitive[i]);
		if (v)
			entry(l, v)->sensitive = true;
	}
	for (size_t i = 0; i < l->variables.n; i++)
		resolve(l, l->variables.items[i].value);
}
