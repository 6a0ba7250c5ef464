#include "template/hcl2/hcl2.h"

static const char *const meta_keys[] = {"name", "only", "except", "override", "pause_before",
	"max_retries", "timeout", "continue_on_error", NULL};

/* ---- Overrides ------------------------------------------------------------------------------ */

static int check_override(
	const struct hcl2_meta *m, const struct hcl_value *v, const struct origin *o)
{
	if (v->type != HCL_OBJECT)
		return load_error(&m->h->load, o,
			"%s: \"override\" is an object with a member per source", m->what);
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].type != HCL_OBJECT)
			return load_error(&m->h->load, o, "%s: override \"%.*s\" is an object",
				m->what, STR_ARG(v->keys[i]));
	}
	return 0;
}

/* Members of the override come in place of those of the provisioner. */
static void replace(struct arena *a, struct conf *config, const struct conf *over)
{
	for (size_t i = 0; i < over->object.n; i++) {
		const struct conf_member *m = &over->object.items[i];
		size_t k = 0;
		while (k < config->object.n && !str_eq(config->object.items[k].key, m->key))
			k++;
		if (k < config->object.n)
			config->object.items[k] = *m;
		else
			list_push(a, &config->object) = *m;
	}
}

static int apply_override(
	const struct hcl2_meta *m, const struct hcl2_render *r, struct conf *config)
{
	const struct hcl_attribute *x = hcl_find(m->block->body, "override");
	struct hcl_value v = {0};
	struct conf *over = NULL;
	if (!x)
		return 0;
	if (hcl2_eval(m->h, x->expr, m->scope, &v) < 0)
		return -1;
	if (v.type == HCL_NULL)
		return 0;
	if (check_override(m, &v, hcl_expr_origin(x->expr)) < 0)
		return -1;
	const struct hcl_value *mine = hcl_member(&v, r->use->name);
	if (!mine)
		return 0;
	if (hcl2_conf(r, mine, hcl_expr_origin(x->expr), &over) < 0)
		return -1;
	replace(m->h->arena, config, over);
	return 0;
}

/* ---- One provisioner of one build ----------------------------------------------------------- */

static int read_meta(const struct hcl2_meta *m, struct template_provisioner *out)
{
	bool set;
	if (hcl2_meta_duration(m, "pause_before", &out->pause_before) < 0 ||
		hcl2_meta_duration(m, "timeout", &out->timeout) < 0 ||
		hcl2_meta_u32(m, "max_retries", TEMPLATE_RETRIES_MAX, &out->max_retries) < 0 ||
		hcl2_meta_bool(m, "continue_on_error", &out->continue_on_error, &set) < 0)
		return -1;
	if (out->pause_before == 0 || out->timeout == 0)
		return 0;
	out->timeout = 0;
	const struct hcl_attribute *x = hcl_find(m->block->body, "timeout");
	load_warning(&m->h->load, hcl_expr_origin(x->expr),
		"%s: \"timeout\" has no effect together with \"pause_before\"", m->what);
	load_hint(&m->h->load, "Packer drops it; put the pause into a provisioner of type sleep");
	return 0;
}

/* False when it does not run for this build, or is wrong. */
static bool read_provisioner(struct hcl2 *h, const struct hcl2_block *b, const struct hcl2_use *u,
	struct str build, struct template_provisioner *out)
{
	struct hcl2_block block = *b;
	block.scope = hcl2_use_scope(h, b, u, build);
	const struct hcl2_meta m = {h, &block, block.scope,
		arena_printf(h->arena, "%.*s %.*s", STR_ARG(b->type), STR_ARG(b->labels[0])).p};
	const struct hcl2_render r = {
		.h = h, .component = COMPONENT_PROVISIONER, .type = b->labels[0], .use = u};
	struct conf *config = NULL;
	bool runs = false;
	out->type = b->labels[0];
	out->origin = b->origin;
	if (hcl2_meta_str(&m, "name", &out->name) < 0)
		return false;
	if (h->load.in->declared_only)
		return true;
	if (hcl2_meta_runs(&m, u, &runs) < 0 || !runs || read_meta(&m, out) < 0)
		return false;
	int status = hcl2_config(&r, &block, meta_keys, &config);
	if (status == 0)
		status = apply_override(&m, &r, config);
	out->config = config;
	return status == 0;
}

void hcl2_provisioners(struct hcl2 *h, const struct hcl2_build *b, const struct hcl2_use *u,
	struct template_build *out)
{
	for (size_t i = 0; i < b->blocks.n; i++) {
		const struct hcl2_block *block = &b->blocks.items[i];
		struct template_provisioner made = {0};
		bool cleanup = str_is(block->type, "error-cleanup-provisioner");
		if (load_is_full(&h->load))
			return;
		if (!cleanup && !str_is(block->type, "provisioner"))
			continue;
		if (!read_provisioner(h, block, u, b->name, &made))
			continue;
		if (!cleanup) {
			list_push(h->arena, &out->provisioners) = made;
			continue;
		}
		out->error_cleanup = arena_new(h->arena, struct template_provisioner);
		*out->error_cleanup = made;
	}
}
