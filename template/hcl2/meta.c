/* What provisioners and post-processors say of themselves, besides their configuration. */
#include "template/hcl2/hcl2.h"

#include "base/clock.h"

/* A zeroed value when the attribute is absent or null. */
static int get(const struct hcl2_meta *m, const char *name, struct hcl_value *out, struct origin *o)
{
	const struct hcl_attribute *x = hcl_find(m->block->body, name);
	*out = (struct hcl_value){0};
	if (!x)
		return 0;
	*o = *hcl_expr_origin(x->expr);
	if (hcl2_eval(m->h, x->expr, m->scope, out) < 0)
		return -1;
	if (out->type == HCL_NULL)
		*out = (struct hcl_value){0};
	bool known = out->marks == 0 && out->inner_marks == 0 && out->type != HCL_UNKNOWN &&
		!out->inner_unknown;
	if (!known && m->h->load.in->declared_only)
		*out = (struct hcl_value){0};
	else if (!known)
		return load_error(&m->h->load, o,
			"%s: \"%s\" must be known before the build and not be sensitive", m->what,
			name);
	return 0;
}

int hcl2_meta_str(const struct hcl2_meta *m, const char *name, struct str *out)
{
	struct hcl_value v;
	struct origin o;
	if (get(m, name, &v, &o) < 0)
		return -1;
	if (v.type == HCL_NONE || hcl_to_string(m->h->arena, &v, out))
		return 0;
	return load_error(&m->h->load, &o, "%s: \"%s\" is a string", m->what, name);
}

int hcl2_meta_bool(const struct hcl2_meta *m, const char *name, bool *out, bool *set)
{
	struct hcl_value v;
	struct origin o;
	struct str s = {0};
	if (get(m, name, &v, &o) < 0)
		return -1;
	*set = v.type != HCL_NONE;
	if (!*set)
		return 0;
	(void)!hcl_to_string(m->h->arena, &v, &s);
	*out = str_is(s, "true");
	if (*out || str_is(s, "false"))
		return 0;
	return load_error(&m->h->load, &o, "%s: \"%s\" is true or false", m->what, name);
}

int hcl2_meta_u32(const struct hcl2_meta *m, const char *name, uint32_t max, uint32_t *out)
{
	struct hcl_value v;
	struct origin o;
	struct str s = {0};
	uint64_t n = 0;
	if (get(m, name, &v, &o) < 0)
		return -1;
	if (v.type == HCL_NONE)
		return 0;
	if (!hcl_to_string(m->h->arena, &v, &s) || !str_to_u64(s, &n) || n > max)
		return load_error(
			&m->h->load, &o, "%s: \"%s\" is a number from 0 to %u", m->what, name, max);
	*out = (uint32_t)n;
	return 0;
}

int hcl2_meta_duration(const struct hcl2_meta *m, const char *name, int64_t *out)
{
	struct hcl_value v;
	struct origin o;
	if (get(m, name, &v, &o) < 0)
		return -1;
	if (v.type == HCL_NONE || (v.type == HCL_STRING && v.string.n == 0))
		return 0;
	if (v.type == HCL_STRING && duration_parse(v.string, out) && *out >= 0)
		return 0;
	*out = 0;
	load_error(&m->h->load, &o, "%s: \"%s\" is a duration", m->what, name);
	load_hint(&m->h->load, "write it like \"90s\", \"1m30s\" or \"2h\"");
	return -1;
}

static int get_names(const struct hcl2_meta *m, const char *name, struct str_list *out)
{
	struct hcl_value v;
	struct origin o;
	if (get(m, name, &v, &o) < 0)
		return -1;
	if (v.type == HCL_NONE)
		return 0;
	for (size_t i = 0; v.type == HCL_LIST && i < v.n; i++) {
		if (v.items[i].type == HCL_STRING)
			list_push(m->h->arena, out) = v.items[i].string;
	}
	if (v.type == HCL_LIST && out->n == v.n)
		return 0;
	return load_error(
		&m->h->load, &o, "%s: \"%s\" is a list of names of builds", m->what, name);
}

static bool has(const struct str_list *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->items[i], name))
			return true;
	}
	return false;
}

/* "type.name" of every use of a source. */
static const char *const *use_names(struct hcl2 *h, size_t *n)
{
	struct {
		const char **items;
		size_t n;
		size_t cap;
	} names = {0};
	for (size_t i = 0; i < h->builds.n; i++) {
		for (size_t k = 0; k < h->builds.items[i].uses.n; k++) {
			const struct hcl2_use *u = &h->builds.items[i].uses.items[k];
			struct str name = arena_printf(
				h->arena, "%.*s.%.*s", STR_ARG(u->source->type), STR_ARG(u->name));
			list_push(h->arena, &names) = name.p;
		}
	}
	*n = names.n;
	return names.items;
}

/* Names that no build has are no error in Packer; one that is nearly right is told. */
static void check_names(const struct hcl2_meta *m, const char *name, const struct str_list *names)
{
	struct hcl2 *h = m->h;
	const struct hcl_attribute *x = hcl_find(m->block->body, name);
	size_t n = 0;
	if (names->n == 0)
		return;
	if (!h->use_names)
		h->use_names = use_names(h, &h->use_name_count);
	n = h->use_name_count;
	for (size_t i = 0; i < names->n; i++) {
		const char *near = conf_nearest(names->items[i], h->use_names, n);
		if (!near || str_is(names->items[i], near) || map_has(&h->sources, names->items[i]))
			continue;
		load_warning(&h->load, hcl_expr_origin(x->expr),
			"%s: \"%s\": there is no build of \"%.*s\"", m->what, name,
			STR_ARG(names->items[i]));
		load_hint(&h->load, "did you mean \"%s\"?", near);
	}
}

int hcl2_meta_runs(const struct hcl2_meta *m, const struct hcl2_use *u, bool *out)
{
	struct str_list only = {0};
	struct str_list except = {0};
	struct str name =
		arena_printf(m->h->arena, "%.*s.%.*s", STR_ARG(u->source->type), STR_ARG(u->name));
	*out = false;
	if (get_names(m, "only", &only) < 0 || get_names(m, "except", &except) < 0)
		return -1;
	if (only.n > 0 && except.n > 0)
		return load_error(&m->h->load, &m->block->origin,
			"%s: \"only\" and \"except\" exclude each other", m->what);
	check_names(m, "only", &only);
	check_names(m, "except", &except);
	*out = m->h->load.in->every_component ||
		(only.n > 0 ? has(&only, name) : !has(&except, name));
	return 0;
}
