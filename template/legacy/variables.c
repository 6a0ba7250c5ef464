#include "template/legacy/legacy.h"

/* The state of a variable, made when it is new. */
static struct legacy_variable *intern(struct legacy *l, struct str name)
{
	struct legacy_variable *v = map_find(&l->variables, name);
	if (v)
		return v;
	v = arena_new(l->load.arena, struct legacy_variable);
	v->index = l->load.t->variables.n;
	list_push(l->load.arena, &l->load.t->variables) = (struct template_variable){.name = name};
	map_put(&l->variables, l->load.arena, name, v);
	return v;
}

static struct template_variable *entry(struct legacy *l, const struct legacy_variable *v)
{
	return &l->load.t->variables.items[v->index];
}

/* ---- Where values come from ----------------------------------------------------------------- */

static void add_default(struct legacy *l, const struct json_member *m)
{
	struct legacy_variable *v = intern(l, m->key);
	struct template_variable *out = entry(l, v);
	struct str value = {0};
	out->origin = legacy_origin(&l->source, m->key_span);
	out->source = TEMPLATE_VAR_DEFAULT;
	v->declared = true;
	v->source = &l->source;
	v->json = m->value;
	if (m->value->type == JSON_NULL) {
		out->required = true;
		return;
	}
	if (!weak_str(m->value, l->load.arena, &value)) {
		legacy_error_at(l, m->value, "variable \"%.*s\": a default is a string or null",
			STR_ARG(m->key));
		v->state = LEGACY_FAILED;
	}
	v->raw = text_from(l->load.arena, value);
}

static void add_defaults(struct legacy *l)
{
	const struct json *j = json_find(l->root, "variables");
	for (size_t i = 0; j && j->type == JSON_OBJECT && i < j->object.n; i++)
		add_default(l, &j->object.items[i]);
}

static void warn_undeclared(struct legacy *l, const struct origin *o, struct str name)
{
	if (!l->load.in->warn_undeclared)
		return;
	diag_warning(&l->load.t->diags, l->load.arena, o, "variable \"%.*s\" is not declared",
		STR_ARG(name));
	diag_hint(&l->load.t->diags, l->load.arena, "add \"%.*s\" to \"variables\" in %.*s",
		STR_ARG(name), STR_ARG(l->load.t->path));
}

static void override(struct legacy *l, struct str name, struct str value,
	enum template_variable_source from, const struct legacy_source *source,
	const struct json *j)
{
	struct origin o = {arena_printf(l->load.arena, "-var %.*s", STR_ARG(name)), {0}};
	if (source)
		o = legacy_origin(source, j->span);
	struct legacy_variable *v = intern(l, name);
	struct template_variable *out = entry(l, v);
	if (!v->declared)
		warn_undeclared(l, &o, name);
	if (!v->declared)
		out->origin = o;
	v->given = o;
	out->source = from;
	v->raw = text_from(l->load.arena, value);
	v->source = source;
	v->json = j;
	v->state = LEGACY_NEW;
}

static void read_file(struct legacy *l, struct str path)
{
	struct error e = {0};
	struct json *j = NULL;
	struct legacy_source *s = arena_new(l->load.arena, struct legacy_source);
	const struct json_limits limits = {.bytes = TEMPLATE_BYTES_MAX};
	s->file = path;
	if (tree_read(l->load.in->tree, path, &s->text, &e) < 0 ||
		json_parse(&j, l->load.arena, s->text, path, &limits, &e) < 0) {
		load_tell(&l->load, path, &e);
		return;
	}
	struct origin o = legacy_origin(s, j->span);
	if (j->type != JSON_OBJECT) {
		load_error(&l->load, &o, "a file of variables is an object of strings");
		return;
	}
	for (size_t i = 0; i < j->object.n; i++) {
		const struct json_member *m = &j->object.items[i];
		struct str value = {0};
		o = legacy_origin(s, m->value->span);
		/* null is no value at all, and yet one that is given: the empty string. */
		if (m->value->type == JSON_NULL || weak_str(m->value, l->load.arena, &value))
			override(l, m->key, value, TEMPLATE_VAR_FILE, s, m->value);
		else
			load_error(&l->load, &o, "variable \"%.*s\": the value is a string",
				STR_ARG(m->key));
	}
}

/* ---- Sensitive ones ------------------------------------------------------------------------- */

static const char *nearest_variable(struct legacy *l, struct str name)
{
	const char **names = arena_array(l->load.arena, const char *, l->load.t->variables.n + 1);
	for (size_t i = 0; i < l->load.t->variables.n; i++)
		names[i] = arena_cstr(l->load.arena, l->load.t->variables.items[i].name);
	return conf_nearest(name, names, l->load.t->variables.n);
}

static void mark_sensitive(struct legacy *l)
{
	const struct json *j = json_find(l->root, "sensitive-variables");
	for (size_t i = 0; j && j->type == JSON_ARRAY && i < j->array.n; i++) {
		const struct json *name = j->array.items[i];
		if (name->type != JSON_STRING) {
			legacy_error_at(l, name, "sensitive-variables holds names of variables");
			continue;
		}
		struct legacy_variable *v = map_find(&l->variables, name->text);
		if (v) {
			entry(l, v)->sensitive = true;
			continue;
		}
		legacy_warning_at(l, name, "sensitive variable \"%.*s\" is not declared",
			STR_ARG(name->text));
		const char *near = nearest_variable(l, name->text);
		if (near)
			load_hint(&l->load, "did you mean \"%s\"?", near);
	}
}

/* ---- Interpolation -------------------------------------------------------------------------- */

/* All of a sensitive value is sensitive, under the variable's own name. */
static int seal(struct legacy *l, struct legacy_variable *v)
{
	struct template_variable *out = entry(l, v);
	struct str value;
	if (!out->sensitive)
		return 0;
	if (v->deferred || !text_value(&out->value, l->load.arena, &value))
		return load_error(&l->load, &out->origin,
			"sensitive variable \"%.*s\" must not hold fields of a later stage",
			STR_ARG(out->name));
	out->value = (struct text){0};
	if (value.n > 0)
		text_add_sensitive(&out->value, l->load.arena, out->name, value);
	text_redactions(&out->value, &l->load.t->redactor);
	return 0;
}

/* A value that came from outside under such a name would end up in records that others read. */
static void guess_sensitive(struct legacy *l, struct legacy_variable *v)
{
	struct template_variable *out = entry(l, v);
	if (!l->load.in->guess_sensitive || out->sensitive || out->value.n == 0 ||
		out->source == TEMPLATE_VAR_DEFAULT || !load_names_a_secret(&l->load, out->name))
		return;
	out->sensitive = true;
	load_warning(&l->load, &out->origin,
		"variable \"%.*s\" is taken as sensitive because of its name", STR_ARG(out->name));
	load_hint(&l->load, "list it in \"sensitive-variables\"");
}

static int require(struct legacy *l, struct legacy_variable *v)
{
	struct template_variable *out = entry(l, v);
	if (!out->required || out->source != TEMPLATE_VAR_DEFAULT)
		return 0;
	load_error(&l->load, &out->origin, "required variable not set: %.*s", STR_ARG(out->name));
	load_hint(&l->load, "give it with -var '%.*s=VALUE' or in a file with -var-file",
		STR_ARG(out->name));
	return -1;
}

static void resolve(struct legacy *l, struct legacy_variable *v)
{
	if (v->state != LEGACY_NEW)
		return;
	const struct render r = {
		.legacy = l, .source = v->source, .variables = true, .given = v->given};
	struct text value = {0};
	struct legacy_variable *outer = l->current;
	l->current = v;
	v->state = LEGACY_RUNNING;
	l->variable_depth++;
	size_t env_calls = l->load.env_calls;
	int status = require(l, v);
	if (status == 0)
		status = render_text(&r, &v->raw, v->json, true, &value, &v->deferred);
	l->variable_depth--;
	l->current = outer;
	/* A default that Packer cannot render is no value at all. */
	if (v->incomplete && entry(l, v)->source == TEMPLATE_VAR_DEFAULT)
		value = (struct text){0};
	if (l->load.env_calls > env_calls && entry(l, v)->source == TEMPLATE_VAR_DEFAULT)
		entry(l, v)->source = TEMPLATE_VAR_ENV;
	entry(l, v)->value = value;
	guess_sensitive(l, v);
	if (status == 0)
		status = seal(l, v);
	v->state = status < 0 ? LEGACY_FAILED : LEGACY_DONE;
}

/*
 * Packer takes an unknown variable for an empty string, and templates rely on it; within variables
 * it does so only when it is lenient.
 */
static int undefined(
	struct legacy *l, const struct render *r, const struct gotmpl_call *c, struct str name)
{
	const char *near = nearest_variable(l, name);
	if (l->current)
		l->current->incomplete = true;
	if (r->variables && !l->lenient)
		return gotmpl_fault(c->run, c->off, "variable \"%.*s\" is not defined%s%s%s",
			STR_ARG(name), near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
	if (map_has(&l->undefined, name) || !r->json)
		return 0;
	struct origin o = legacy_origin_in(r->source, r->json, c->off);
	map_put(&l->undefined, l->load.arena, arena_str(l->load.arena, name), l);
	load_warning(
		&l->load, &o, "variable \"%.*s\" is not defined and taken as empty", STR_ARG(name));
	if (near && !str_is(name, near))
		load_hint(&l->load, "did you mean \"%s\"?", near);
	else
		load_hint(&l->load, "give it with -var '%.*s=VALUE' or in a file with -var-file",
			STR_ARG(name));
	return 0;
}

/* What failed has been told already; its users see nothing, so that they add no noise. */
int legacy_user(struct function_context *f, const struct gotmpl_call *c, struct str name,
	struct text *out, bool *deferred)
{
	const struct render *r = f->owner;
	struct legacy *l = r->legacy;
	struct legacy_variable *v = map_find(&l->variables, name);
	if (!v)
		return undefined(l, r, c, name);
	/* A default that is itself has no value. */
	if (v == l->current && l->lenient && entry(l, v)->source == TEMPLATE_VAR_DEFAULT)
		return undefined(l, r, c, name);
	if (v->state == LEGACY_RUNNING)
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

/* Moves the text behind the next "{{user `NAME`" and cuts the name out. */
static bool next_reference(struct str *text, struct str *name)
{
	for (;;) {
		size_t at = str_find(*text, STR("{{"));
		if (at == STR_NPOS)
			return false;
		*text = str_from_index(*text, at + 2);
		struct str rest = str_trim(*text);
		if (!str_has_prefix(rest, STR("user")))
			continue;
		rest = str_trim(str_from_index(rest, 4));
		if (rest.n < 2 || rest.p[0] != '`')
			continue;
		rest = str_from_index(rest, 1);
		size_t end = str_find_byte(rest, '`');
		if (end == STR_NPOS)
			continue;
		*name = str_sub(rest, 0, end);
		return true;
	}
}

/* Whether what it refers to is there; false when it refers to nothing. */
static bool refers_to_others(struct legacy *l, const struct legacy_variable *v)
{
	struct str text = {0};
	struct str name;
	size_t n = 0;
	if (!text_value(&v->raw, l->load.arena, &text))
		return false;
	for (; next_reference(&text, &name); n++) {
		const struct legacy_variable *other = map_find(&l->variables, name);
		if (!other || other == v)
			return false;
	}
	return n > 0;
}

/*
 * Packer renders variables again and again until none is left that could not be, and gives up
 * only after a round in which none changed; one that refers to others counts as changed each time.
 * So where there is one such variable, names that are not defined are no error in the others.
 */
static void choose_leniency(struct legacy *l)
{
	for (size_t i = 0; !l->lenient && i < l->variables.n; i++)
		l->lenient = refers_to_others(l, l->variables.items[i].value);
}

static void keep_as_written(struct legacy *l, const struct legacy_variable *v)
{
	struct template_variable *out = entry(l, v);
	struct str raw = {0};
	if (!out->sensitive || out->required || !text_value(&v->raw, l->load.arena, &raw))
		out->value = v->raw;
	else
		text_add_sensitive(&out->value, l->load.arena, out->name, raw);
	text_redactions(&out->value, &l->load.t->redactor);
}

void legacy_variables(struct legacy *l)
{
	const struct template_input *in = l->load.in;
	add_defaults(l);
	if (in->declared_only) {
		mark_sensitive(l);
		for (size_t i = 0; i < l->variables.n; i++)
			keep_as_written(l, l->variables.items[i].value);
		return;
	}
	for (size_t i = 0; i < in->var_file_count; i++)
		read_file(l, arena_str(l->load.arena, in->var_files[i]));
	for (size_t i = 0; i < in->var_count; i++)
		override(l, arena_str(l->load.arena, in->vars[i].name), in->vars[i].value,
			TEMPLATE_VAR_FLAG, NULL, NULL);
	mark_sensitive(l);
	for (size_t i = 0; i < in->sensitive_count; i++) {
		struct legacy_variable *v = map_find(&l->variables, in->sensitive[i]);
		if (v)
			entry(l, v)->sensitive = true;
	}
	choose_leniency(l);
	for (size_t i = 0; i < l->variables.n; i++)
		resolve(l, l->variables.items[i].value);
}
