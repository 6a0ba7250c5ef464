#include "template/upgrade/upgrade.h"

/* ---- Reading --------------------------------------------------------------------------------- */

static void note_local(void *ctx, struct str function, struct str argument)
{
	struct upgrade_variable *v = ctx;
	(void)argument;
	v->local = v->local || upgrade_makes_local(function);
}

static bool is_listed(const struct json *list, struct str name)
{
	for (size_t i = 0; list && i < list->array.n; i++) {
		if (list->array.items[i]->type == JSON_STRING &&
			str_eq(list->array.items[i]->text, name))
			return true;
	}
	return false;
}

static struct upgrade_variable *declare(
	struct upgrade *u, struct str name, const struct json *value)
{
	struct upgrade_variable *v = arena_new(u->arena, struct upgrade_variable);
	*v = (struct upgrade_variable){.name = name, .value = value};
	v->sensitive = is_listed(json_find(u->root, "sensitive-variables"), name);
	map_put(&u->variables, u->arena, name, v);
	if (value && value->type == JSON_STRING)
		upgrade_calls(u, value->text, note_local, v);
	return v;
}

static void note_use(void *ctx, struct str function, struct str argument)
{
	struct upgrade *u = ctx;
	if (str_is(function, "user") && argument.p && !map_has(&u->variables, argument))
		declare(u, arena_str(u->arena, argument), NULL);
}

/* Files of variables may declare what the template does not. */
static void find_uses(struct upgrade *u, const struct json *j)
{
	if (j->type == JSON_STRING)
		upgrade_calls(u, j->text, note_use, u);
	for (size_t i = 0; i < j->array.n; i++)
		find_uses(u, j->array.items[i]);
	for (size_t i = 0; i < j->object.n; i++)
		find_uses(u, j->object.items[i].value);
}

static int name_order(const void *a, const void *b)
{
	return str_cmp(((const struct map_entry *)a)->key, ((const struct map_entry *)b)->key);
}

/* In the order of their names. A map's slots must not move, so this is a copy. */
static struct map_entry *sorted_entries(struct upgrade *u, const struct map *m)
{
	struct map_entry *entries = arena_array(u->arena, struct map_entry, m->n + 1);
	if (m->n > 0) {
		memcpy(entries, m->items, m->n * sizeof(*entries));
		qsort(entries, m->n, sizeof(*entries), name_order);
	}
	return entries;
}

void upgrade_read_variables(struct upgrade *u)
{
	const struct json *all = json_find(u->root, "variables");
	map_put(&u->names, u->arena, STR("timestamp"), u);
	for (size_t i = 0; all && i < all->object.n; i++)
		declare(u, all->object.items[i].key, all->object.items[i].value);
	find_uses(u, u->root);
	struct map_entry *entries = sorted_entries(u, &u->variables);
	for (size_t i = 0; i < u->variables.n; i++) {
		struct upgrade_variable *v = entries[i].value;
		bool stamp = str_is(v->name, "timestamp") && !v->local;
		v->hcl_name = stamp ? v->name : upgrade_name(u, &u->names, v->name);
		if (!str_eq(v->hcl_name, v->name))
			upgrade_warning(u, v->value, "variable \"%.*s\" is named \"%.*s\"",
				STR_ARG(v->name), STR_ARG(v->hcl_name));
	}
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Packer's JSON templates know strings only. */
static void write_default(struct upgrade *u, struct buf *out, const struct json *value)
{
	if (value->type == JSON_STRING)
		upgrade_string(u, out, value->text, value);
	else if (value->type == JSON_BOOL)
		upgrade_literal(out, value->boolean ? STR("1") : STR("0"));
	else if (value->type == JSON_NUMBER)
		upgrade_literal(out, value->text);
	else
		upgrade_value(u, out, value);
}

static void write_variable(struct upgrade *u, struct buf *out, const struct upgrade_variable *v)
{
	buf_printf(out, "\nvariable \"%.*s\" {\ntype = string\n", STR_ARG(v->hcl_name));
	if (v->value && v->value->type != JSON_NULL) {
		buf_add(out, STR("default = "));
		write_default(u, out, v->value);
		buf_add_byte(out, '\n');
	}
	buf_add_cstr(out, v->sensitive ? "sensitive = true\n}\n" : "}\n");
}

static void write_sensitive_local(
	struct upgrade *u, struct buf *out, const struct upgrade_variable *v)
{
	buf_printf(
		out, "\nlocal \"%.*s\" {\nsensitive = true\nexpression = ", STR_ARG(v->hcl_name));
	write_default(u, out, v->value);
	buf_add(out, STR("\n}\n"));
}

/* What locals ask of the environment, they get from variables. */
static void write_environment(struct upgrade *u, struct buf *out)
{
	for (size_t i = 0; i < u->environment.n; i++) {
		const struct str *name = u->environment.items[i].value;
		buf_printf(out, "\nvariable \"%.*s\" {\ntype = string\ndefault = \"${env(",
			STR_ARG(*name));
		upgrade_literal(out, u->environment.items[i].key);
		buf_add(out, STR(")}\"\n}\n"));
	}
}

void upgrade_variables(struct upgrade *u, struct buf *variables, struct buf *locals)
{
	scoped(buf) together = {0};
	struct map_entry *entries = sorted_entries(u, &u->variables);
	for (size_t i = 0; i < u->variables.n; i++) {
		const struct upgrade_variable *v = entries[i].value;
		u->stage = v->local ? UPGRADE_LOCALS : UPGRADE_VARIABLES;
		if (!v->local) {
			write_variable(u, variables, v);
		} else if (v->sensitive) {
			write_sensitive_local(u, locals, v);
		} else {
			buf_printf(&together, "%.*s = ", STR_ARG(v->hcl_name));
			write_default(u, &together, v->value);
			buf_add_byte(&together, '\n');
		}
	}
	write_environment(u, variables);
	if (together.n > 0)
		buf_printf(locals, "\nlocals {\n%.*s}\n", STR_ARG(buf_str(&together)));
	variables->full = variables->full || together.full;
}

void upgrade_secrets(struct upgrade *u, struct buf *out)
{
	for (size_t i = 0; i < u->secrets.n; i++) {
		const struct upgrade_secret *s = &u->secrets.items[i];
		buf_printf(
			out, "\ndata \"amazon-secretsmanager\" \"autogenerated_%zu\" {\n", i + 1);
		if (s->key.n > 0) {
			buf_add(out, STR("key = "));
			upgrade_literal(out, s->key);
			buf_add_byte(out, '\n');
		}
		buf_add(out, STR("name = "));
		upgrade_literal(out, s->name);
		buf_add(out, STR("\n}\n"));
	}
}
