/* Values of PowerShell, and its variables. */
#include "audit/eval/ps.h"

#define JOIN_ITEMS_MAX 65536

struct ps_value ps_text(struct value v)
{
	return (struct ps_value){.type = PSV_TEXT, .text = v};
}

struct ps_value ps_string(struct ps *p, struct str s)
{
	return ps_text(value_text(p->e, s));
}

struct ps_value ps_number(struct ps *p, int64_t n)
{
	struct ps_value v = ps_string(p, arena_printf(p->e->scratch, "%lld", (long long)n));
	v.type = PSV_NUMBER;
	return v;
}

struct ps_value ps_bool(enum truth t)
{
	return (struct ps_value){.type = PSV_BOOL, .truth = t};
}

struct ps_value ps_unknown(struct ps *p, struct str label, const struct taint *t)
{
	return ps_text(value_unknown(p->e, label, t));
}

struct ps_value ps_object(struct str name, struct value text)
{
	return (struct ps_value){.type = PSV_OBJECT, .name = name, .text = text};
}

struct ps_value ps_list_value(struct ps *p, const struct ps_value *items, size_t n)
{
	struct ps_value *copy = arena_array(p->e->scratch, struct ps_value, n + 1);
	if (n > 0)
		memcpy(copy, items, n * sizeof(*copy));
	return (struct ps_value){.type = PSV_LIST, .items = copy, .n = n};
}

static struct value joined_text(struct ps *p, const struct ps_value *v)
{
	struct chunks out = {0};
	if (v->n > JOIN_ITEMS_MAX)
		return value_unknown(p->e, STR("…"), ps_taint(p, v));
	for (size_t i = 0; i < v->n && charge(p->e, 2); i++) {
		struct value item = ps_value_text(p, &v->items[i]);
		if (i > 0)
			chunks_add_text(p->e, &out, STR(" "));
		chunks_add_value(p->e, &out, &item);
	}
	return chunks_value(p->e, &out);
}

struct value ps_value_text(struct ps *p, const struct ps_value *v)
{
	switch (v->type) {
	case PSV_NULL:
		return (struct value){0};
	case PSV_BOOL:
		if (v->truth == TRUTH_UNKNOWN)
			return value_unknown(p->e, STR("…"), NULL);
		return value_text(p->e, v->truth == TRUTH_YES ? STR("True") : STR("False"));
	case PSV_LIST:
		return joined_text(p, v);
	case PSV_SCRIPT:
		return value_text(p->e,
			str_sub(v->unit->text, v->code->span.off,
				v->code->span.len > 0 ? v->code->span.len - 1 : 0));
	case PSV_TYPE:
		return value_text(p->e, v->name);
	case PSV_OBJECT:
	case PSV_HASH:
		if (v->text.n == 0)
			return value_unknown(p->e, v->name.n > 0 ? v->name : STR("@{…}"), NULL);
		return v->text;
	case PSV_TEXT:
	case PSV_NUMBER:
	case PSV_BYTES:
		break;
	}
	return v->text;
}

const struct taint *ps_taint(struct ps *p, const struct ps_value *v)
{
	const struct taint *t = value_taint(p->e, &v->text);
	for (size_t i = 0; i < v->n && charge(p->e, 1); i++)
		t = taint_union(p->e, t, ps_taint(p, &v->items[i]));
	return t;
}

bool ps_const(struct ps *p, const struct ps_value *v, struct str *out)
{
	struct value text = ps_value_text(p, v);
	return value_const(p->e, &text, out);
}

bool ps_integer(struct ps *p, const struct ps_value *v, int64_t *out)
{
	struct str s;
	if ((v->type != PSV_NUMBER && v->type != PSV_TEXT) || !ps_const(p, v, &s))
		return false;
	if (str_has_prefix(s, STR("0x")) && s.n > 2 && s.n < 17) {
		uint64_t n = 0;
		for (size_t i = 2; i < s.n; i++) {
			const char *at = memchr("0123456789abcdef", s.p[i] | 32, 16);
			if (!at)
				return false;
			n = n * 16 +
				(uint64_t)((s.p[i] <= '9') ? s.p[i] - '0'
							   : (s.p[i] | 32) - 'a' + 10);
		}
		*out = (int64_t)n;
		return true;
	}
	return str_to_i64(s, out);
}

enum truth ps_truth(struct ps *p, const struct ps_value *v)
{
	struct str s;
	switch (v->type) {
	case PSV_NULL:
		return TRUTH_NO;
	case PSV_BOOL:
		return v->truth;
	case PSV_LIST:
		if (v->n == 0)
			return TRUTH_NO;
		return v->n == 1 ? ps_truth(p, &v->items[0]) : TRUTH_YES;
	case PSV_NUMBER:
	case PSV_TEXT:
		if (p->e->looping > 0 || !ps_const(p, v, &s))
			return TRUTH_UNKNOWN;
		if (s.n == 0 || (v->type == PSV_NUMBER && str_is(s, "0")))
			return TRUTH_NO;
		return TRUTH_YES;
	case PSV_OBJECT: /* a command may have found nothing */
		return TRUTH_UNKNOWN;
	case PSV_HASH:
	case PSV_SCRIPT:
	case PSV_TYPE:
	case PSV_BYTES:
		break;
	}
	return TRUTH_YES;
}

struct ps_value ps_join(struct ps *p, const struct ps_value *a, const struct ps_value *b)
{
	struct value x = ps_value_text(p, a);
	struct value y = ps_value_text(p, b);
	if (a->type == b->type && a->n == 0 && b->n == 0 && value_equal(&x, &y))
		return *a;
	return ps_text(value_join(p->e, &x, &y, STR("…")));
}

const struct ps_value *ps_find(const struct ps_value *v, struct str key)
{
	for (size_t i = 0; v->keys && i < v->n; i++)
		if (str_eq_nocase(v->keys[i], key))
			return &v->items[i];
	return NULL;
}

struct ps_value ps_with(
	struct ps *p, const struct ps_value *v, struct str key, const struct ps_value *item)
{
	struct ps_value out = *v;
	struct ps_value *items = arena_array(p->e->scratch, struct ps_value, v->n + 1);
	struct str *keys = arena_array(p->e->scratch, struct str, v->n + 1);
	size_t n = 0;
	charge(p->e, v->n);
	for (size_t i = 0; v->keys && i < v->n; i++) {
		if (str_eq_nocase(v->keys[i], key))
			continue;
		items[n] = v->items[i];
		keys[n++] = v->keys[i];
	}
	items[n] = *item;
	keys[n++] = ps_lower_str(p->e, key);
	out.items = items;
	out.keys = keys;
	out.n = n;
	return out;
}

const struct ps_value *ps_items(const struct ps_value *v, size_t *n)
{
	if (v->type == PSV_LIST) {
		*n = v->n;
		return v->items;
	}
	*n = v->type != PSV_NULL;
	return v;
}

struct ps_value ps_collected(struct ps *p, const struct ps_list *list)
{
	if (list->n == 0)
		return (struct ps_value){0};
	return list->n == 1 ? list->items[0] : ps_list_value(p, list->items, list->n);
}

void ps_out(struct ps *p, const struct ps_value *v)
{
	size_t n;
	const struct ps_value *items = ps_items(v, &n);
	if (p->out->n + n > 4096)
		return;
	for (size_t i = 0; i < n && charge(p->e, 1); i++)
		list_push(p->e->scratch, p->out) = items[i];
}

struct str ps_lower_str(struct eval *e, struct str s)
{
	char *out = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	return (struct str){out, s.n};
}

/* ---- Variables ------------------------------------------------------------------------------ */

static struct str upper(struct eval *e, struct str s)
{
	char *out = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	return (struct str){out, s.n};
}

static struct str script_dir(struct eval *e)
{
	struct str path = e->unit ? e->unit->path : STR("");
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? cwd_of(e) : str_sub(path, 0, slash);
}

/* What a script has without setting it; false: it is a variable like others. */
static bool automatic(struct ps *p, struct str name, struct ps_value *out)
{
	struct eval *e = p->e;
	if (str_is(name, "true") || str_is(name, "false"))
		*out = ps_bool(str_is(name, "true") ? TRUTH_YES : TRUTH_NO);
	else if (str_is(name, "null"))
		*out = (struct ps_value){0};
	else if (str_is(name, "psscriptroot"))
		*out = ps_string(p, script_dir(e));
	else if (str_is(name, "pwd"))
		*out = ps_string(p, cwd_of(e));
	else if (str_is(name, "home"))
		*out = ps_string(p, STR("~"));
	else if (str_is(name, "pscommandpath") && e->unit && e->unit->path.n > 0)
		*out = ps_string(p, e->unit->path);
	else if (win_is_word(name, "iswindows"))
		*out = ps_bool(TRUTH_UNKNOWN);
	else
		return false;
	return true;
}

static struct ps_value environment(struct ps *p, struct str name)
{
	struct eval *e = p->e;
	struct str key = upper(e, name);
	struct value v;
	const struct variable *set = variable_find(e, key);
	if (set)
		return ps_text(set->value);
	if (win_variable(e, key, &v))
		return ps_text(v);
	v = value_unknown(e, arena_printf(e->scratch, "${env:%.*s}", STR_ARG(name)), NULL);
	if (win_is_word(name, "computername userdomain userdnsdomain"))
		v = value_gated(e, &v, GATE_PLACE);
	return ps_text(v);
}

static struct str plain_name(struct str name, bool *outer)
{
	*outer = str_has_prefix(name, STR("global:")) || str_has_prefix(name, STR("script:"));
	return *outer ? str_from_index(name, 7) : name;
}

static struct str key_of(struct eval *e, struct str name)
{
	return arena_printf(e->scratch, "$%.*s", STR_ARG(name));
}

struct ps_value ps_get(struct ps *p, struct str name)
{
	struct eval *e = p->e;
	struct ps_value v;
	bool outer;
	name = plain_name(name, &outer);
	if (str_has_prefix(name, STR("env:")))
		return environment(p, str_from_index(name, 4));
	if (automatic(p, name, &v))
		return v;
	const struct variable *set = variable_find(e, key_of(e, name));
	if (set && set->object)
		return *set->object;
	if (set)
		return ps_text(set->value);
	struct chunk *c = arena_new(e->scratch, struct chunk);
	c->kind = CHUNK_UNKNOWN;
	c->text = arena_printf(e->scratch, "${%.*s}", STR_ARG(name));
	c->unset = true;
	return ps_text((struct value){c, 1});
}

static void note_preference(struct ps *p, struct str name, const struct value *v)
{
	struct str s;
	if (str_is(name, "erroractionpreference") && value_const(p->e, v, &s))
		option_set(p->e, OPTION_ERREXIT, str_eq_nocase(s, STR("stop")));
}

static void set_environment(struct ps *p, struct str name, const struct ps_value *v)
{
	struct value text = ps_value_text(p, v);
	struct str key = upper(p->e, name);
	variable_set(p->e, key, &text, false);
	variable_export(p->e, key);
}

/* The first assignment in a function makes a variable that ends with it. */
static void make_local(struct ps *p, struct cell *c)
{
	struct frame *f = p->function;
	if (!f)
		return;
	for (size_t i = 0; i < f->locals.n; i++)
		if (f->locals.items[i].cell == c)
			return;
	list_push(p->e->scratch, &f->locals) = (struct trail_entry){c, c->value};
}

void ps_set(struct ps *p, struct str name, const struct ps_value *v)
{
	struct eval *e = p->e;
	bool outer;
	name = plain_name(name, &outer);
	if (str_has_prefix(name, STR("env:"))) {
		set_environment(p, str_from_index(name, 4), v);
		return;
	}
	struct str key = key_of(e, name);
	struct cell *cell = cell_of(e, &e->process->variables, key, CELL_VARIABLE);
	struct ps_value *copy = arena_new(e->scratch, struct ps_value);
	*copy = *v;
	struct variable next = {.value = ps_value_text(p, v), .object = copy};
	/* What it looked like where it was made does not matter any more. */
	charge(e, next.value.n);
	note_preference(p, name, &next.value);
	if (!outer)
		make_local(p, cell);
	variable_put(e, key, &next);
}

const struct ps_value *ps_function(struct eval *e, struct str name)
{
	struct str lower = ps_lower_str(e, name);
	struct str key = arena_printf(e->scratch, "$function:%.*s", STR_ARG(lower));
	const struct variable *v = variable_find(e, key);
	return v && v->object && v->object->type == PSV_SCRIPT ? v->object : NULL;
}
