/* From bodies and values to configurations, each value with its place. */
#include "template/hcl2/hcl2.h"

/* ---- {{ }} ---------------------------------------------------------------------------------- */

struct place {
	struct hcl2 *h;
	const struct conf *conf;
	const struct text *text;
};

/* Line and column in the text of a byte, counting from 0. */
static void count(const struct text *t, size_t off, uint32_t *line, uint32_t *col)
{
	*line = 0;
	*col = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *p = &t->items[i];
		size_t n = p->kind == TEXT_LITERAL ? p->value.n : 1;
		for (size_t k = 0; k < n && off > 0; k++, off--) {
			bool newline = p->kind == TEXT_LITERAL && p->value.p[k] == '\n';
			*line += newline;
			*col = newline ? 0 : *col + 1;
		}
	}
}

/* Bytes that the first n bytes of a quoted string take in the file. */
static uint32_t raw_length(struct str raw, size_t n)
{
	size_t at = 0;
	for (; n > 0 && at < raw.n; n--) {
		if (raw.p[at] == '$' && at + 1 < raw.n && raw.p[at + 1] == '{')
			break;
		at += raw.p[at] == '\\' ? 2 : 1;
	}
	return (uint32_t)(at < raw.n ? at : raw.n);
}

static bool is_quoted(struct hcl2 *h, const struct origin *o, struct str *raw)
{
	struct str file = {0};
	struct error ignored = {0};
	if (!path_is_clean(o->file) || tree_read(h->load.in->tree, o->file, &file, &ignored) < 0)
		return false;
	*raw = str_sub(file, o->span.off, o->span.len);
	return raw->n > 1 && raw->p[0] == '"';
}

/* In quotes behind escape sequences, in a heredoc or a file in its line; else at the whole. */
static struct origin place_of(const void *ctx, size_t off)
{
	const struct place *p = ctx;
	struct origin o = p->conf->origin;
	struct str raw = {0};
	uint32_t line;
	uint32_t moved;
	count(p->text, off, &line, &moved);
	if (is_quoted(p->h, &o, &raw))
		moved = 1 + raw_length(str_from_index(raw, 1), off);
	else if (line < p->conf->line_count)
		o = p->conf->lines[line];
	else
		return o;
	o.span.off += moved;
	o.span.col += moved;
	o.span.len = 1;
	return o;
}

static int no_user(struct function_context *f, const struct gotmpl_call *c, struct str name,
	struct text *out, bool *deferred)
{
	(void)f;
	(void)out;
	(void)deferred;
	return gotmpl_fault(
		c->run, c->off, "user: not in HCL2 templates; write ${var.%.*s}", STR_ARG(name));
}

static int render(const struct hcl2_render *r, struct conf *c)
{
	struct hcl2 *h = r->h;
	const struct origin *o = &c->origin;
	struct text raw = c->text;
	bool deferred = false;
	if (r->component == COMPONENT_NONE || !gotmpl_has_actions(&raw))
		return 0;
	struct function_context f = {
		.user = no_user,
		.env_instead = "not in HCL2 templates; write ${var.NAME}, of a variable with "
			       "default = env(\"NAME\")",
		.owner = h,
		.now = h->load.in->now,
		.build = r->use && r->component != COMPONENT_BUILDER,
	};
	if (r->use) {
		f.build_name = r->use->source->name;
		f.build_type = r->use->source->type;
	}
	f.seed = arena_printf(h->arena, "%.*s %u", STR_ARG(o->file), o->span.off);
	const struct place place = {h, c, &raw};
	const struct load_rendering rendering = {.functions = &f,
		.place = place_of,
		.place_ctx = &place,
		.defer = r->defer,
		.absent = r->absent};
	return load_render(&h->load, &raw, &rendering, &c->text, &deferred);
}

/* At the top of a configuration, its keys say which of them are templates for later. */
static struct hcl2_render render_of(const struct hcl2_render *r, struct str key)
{
	struct hcl2_render here = *r;
	if (!r->nested && r->component != COMPONENT_NONE)
		here.defer = deferred_key(r->component, r->type, key);
	if (!r->nested)
		here.absent = plain_key(r->component, r->type, key);
	here.nested = true;
	return here;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* What has no place of its own stands where it is used. */
static struct origin origin_of(const struct hcl_value *v, const struct origin *o)
{
	return v->place ? v->place->origin : *o;
}

static int conf_of(const struct hcl2_render *r, const struct hcl_value *v, const struct origin *o,
	struct conf **out);

static int conf_text(const struct hcl2_render *r, const struct hcl_value *v, struct conf *c)
{
	c->type = v->type == HCL_NUMBER && v->marks == 0 ? CONF_NUMBER : CONF_STRING;
	if (!hcl_to_text(r->h->arena, v, &c->text))
		return load_error(&r->h->load, &c->origin, "%s is no text", hcl_type_name(v->type));
	if (v->place && v->place->line_count > 0) {
		c->lines = v->place->lines;
		c->line_count = v->place->line_count;
	}
	return render(r, c);
}

static int conf_list(const struct hcl2_render *r, const struct hcl_value *v, struct conf *c)
{
	int status = 0;
	c->type = CONF_LIST;
	for (size_t i = 0; i < v->n; i++) {
		struct conf *item = NULL;
		if (conf_of(r, &v->items[i], &c->origin, &item) < 0)
			status = -1;
		else
			list_push(r->h->arena, &c->list) = item;
	}
	return status;
}

static int conf_object(const struct hcl2_render *r, const struct hcl_value *v, struct conf *c)
{
	int status = 0;
	c->type = CONF_OBJECT;
	for (size_t i = 0; i < v->n; i++) {
		const struct hcl2_render here = render_of(r, v->keys[i]);
		struct conf_member m = {
			.key = v->keys[i], .origin = origin_of(&v->items[i], &c->origin)};
		if (conf_of(&here, &v->items[i], &c->origin, &m.value) < 0)
			status = -1;
		else
			list_push(r->h->arena, &c->object) = m;
	}
	return status;
}

/* The depth of values is bounded by those who make them. */
static int conf_of(const struct hcl2_render *r, const struct hcl_value *v, const struct origin *o,
	struct conf **out)
{
	struct hcl2 *h = r->h;
	if (load_is_full(&h->load))
		return -1;
	struct conf *c = arena_new(h->arena, struct conf);
	c->origin = origin_of(v, o);
	*out = c;
	if (v->type == HCL_NULL || v->type == HCL_NONE) {
		c->type = CONF_NULL;
		return 0;
	}
	if (v->type == HCL_BOOL && v->marks == 0) {
		c->type = CONF_BOOL;
		c->boolean = v->boolean;
		return 0;
	}
	if (v->type == HCL_LIST)
		return conf_list(r, v, c);
	if (v->type == HCL_OBJECT)
		return conf_object(r, v, c);
	return conf_text(r, v, c);
}

int hcl2_conf(const struct hcl2_render *r, const struct hcl_value *v, const struct origin *o,
	struct conf **out)
{
	return conf_of(r, v, o, out);
}

/* ---- Bodies --------------------------------------------------------------------------------- */

static bool is_listed(const char *const *names, struct str name)
{
	for (; names && *names; names++) {
		if (str_is(name, *names))
			return true;
	}
	return false;
}

static int add_attribute(const struct hcl2_render *r, const struct hcl2_block *b,
	const struct hcl_attribute *x, struct conf *c)
{
	struct hcl_value v = {0};
	struct conf_member m = {.key = x->name, .origin = x->origin};
	const struct hcl2_render here = render_of(r, x->name);
	if (hcl2_eval(r->h, x->expr, b->scope, &v) < 0)
		return -1;
	/* Null is as if it were not there. */
	if (v.type == HCL_NULL)
		return 0;
	if (hcl2_conf(&here, &v, hcl_expr_origin(x->expr), &m.value) < 0)
		return -1;
	list_push(r->h->arena, &c->object) = m;
	return 0;
}

static struct conf *list_for(struct arena *a, struct conf *c, const struct hcl2_block *b)
{
	struct conf *list = conf_find(c, b->type);
	if (list)
		return list;
	list = arena_new(a, struct conf);
	list->type = CONF_LIST;
	list->origin = b->origin;
	list_push(a, &c->object) = (struct conf_member){b->type, b->origin, list};
	return list;
}

static int add_block(const struct hcl2_render *r, const struct hcl2_block *b, struct conf *c)
{
	struct conf *item = NULL;
	const struct hcl2_render here = render_of(r, b->type);
	if (b->label_count > 0)
		return load_error(&r->h->load, &b->origin,
			"a %.*s block inside of a configuration has no label", STR_ARG(b->type));
	if (hcl2_config(&here, b, NULL, &item) < 0)
		return -1;
	list_push(r->h->arena, &list_for(r->h->arena, c, b)->list) = item;
	return 0;
}

/* Depth is that of the document, which the reader limits. */
int hcl2_config(const struct hcl2_render *r, const struct hcl2_block *b, const char *const *skip,
	struct conf **out)
{
	struct conf *c = arena_new(r->h->arena, struct conf);
	struct hcl2_blocks blocks = {0};
	int status = 0;
	c->type = CONF_OBJECT;
	c->origin = b->origin;
	for (size_t i = 0; i < b->body->attributes.n; i++) {
		const struct hcl_attribute *x = &b->body->attributes.items[i];
		if (!is_listed(skip, x->name))
			status |= add_attribute(r, b, x, c);
	}
	status |= hcl2_expand(r->h, b->body, b->scope, &blocks);
	for (size_t i = 0; i < blocks.n; i++) {
		const struct hcl2_block *inner = &blocks.items[i];
		const char *name = arena_cstr(r->h->arena, inner->type);
		if (hcl_find(b->body, name))
			status |= load_error(&r->h->load, &inner->origin,
				"\"%s\" is an argument and a block", name);
		else
			status |= add_block(r, inner, c);
	}
	*out = c;
	return status;
}

int hcl2_merge(const struct hcl2_render *r, struct conf *into, const struct conf *more)
{
	int status = 0;
	for (size_t i = 0; i < more->object.n; i++) {
		const struct conf_member *m = &more->object.items[i];
		struct conf *have = conf_find(into, m->key);
		if (!have) {
			list_push(r->h->arena, &into->object) = *m;
			continue;
		}
		if (have->type != CONF_LIST || m->value->type != CONF_LIST) {
			struct str first = origin_str(r->h->arena, &have->origin);
			status |= load_error(&r->h->load, &m->origin,
				"\"%.*s\" is set by the source already, at %.*s", STR_ARG(m->key),
				STR_ARG(first));
			continue;
		}
		for (size_t k = 0; k < m->value->list.n; k++)
			list_push(r->h->arena, &have->list) = m->value->list.items[k];
	}
	return status;
}
