#include "template/hcl2/hcl2.h"

static const char *const meta_keys[] = {"name", "only", "except", "keep_input_artifact", NULL};

enum verdict { ADDED = 1, SKIPPED, CUT };

static enum verdict read_one(struct hcl2 *h, const struct hcl2_block *b, const struct hcl2_use *u,
	struct str build, struct template_post_processor *out)
{
	struct hcl2_block block = *b;
	block.scope = hcl2_use_scope(h, b, u, build);
	const struct hcl2_meta m = {h, &block, block.scope,
		arena_printf(h->arena, "post-processor %.*s", STR_ARG(b->labels[0])).p};
	const struct hcl2_render r = {
		.h = h, .component = COMPONENT_POST, .type = b->labels[0], .use = u};
	struct conf *config = NULL;
	bool runs = false;
	out->type = b->labels[0];
	out->name = b->labels[0];
	out->origin = b->origin;
	if (hcl2_meta_str(&m, "name", &out->name) < 0)
		return SKIPPED;
	if (out->name.n == 0)
		out->name = out->type;
	if (h->load.in->declared_only)
		return ADDED;
	if (hcl2_meta_runs(&m, u, &runs) < 0 || !runs)
		return SKIPPED;
	/* The rest of a sequence works on what the excepted one would have made. */
	if (hcl2_is_excepted(h, out->name))
		return CUT;
	if (hcl2_meta_bool(&m, "keep_input_artifact", &out->keep_input_artifact,
		    &out->keep_input_set) < 0 ||
		hcl2_config(&r, &block, meta_keys, &config) < 0)
		return SKIPPED;
	out->config = config;
	return ADDED;
}

static void read_sequence(struct hcl2 *h, const struct hcl2_blocks *blocks,
	const struct hcl2_use *u, struct str build, struct template_build *out)
{
	struct template_sequence made = {0};
	for (size_t i = 0; i < blocks->n; i++) {
		struct template_post_processor p = {0};
		const struct hcl2_block *b = &blocks->items[i];
		if (load_is_full(&h->load) || !str_is(b->type, "post-processor") ||
			hcl2_labels(h, b, 1, "post-processor \"TYPE\" { ... }") < 0)
			continue;
		enum verdict verdict = read_one(h, b, u, build, &p);
		if (verdict == CUT)
			break;
		if (verdict == ADDED)
			list_push(h->arena, &made) = p;
	}
	if (made.n > 0)
		list_push(h->arena, &out->post_processors) = made;
}

void hcl2_post_processors(struct hcl2 *h, const struct hcl2_build *b, const struct hcl2_use *u,
	struct template_build *out)
{
	for (size_t i = 0; i < b->blocks.n; i++) {
		struct hcl2_block *block = &b->blocks.items[i];
		struct hcl2_blocks inside = {block, 1, 1};
		if (str_is(block->type, "post-processors")) {
			inside = (struct hcl2_blocks){0};
			if (hcl2_expand(h, block->body, block->scope, &inside) < 0)
				continue;
		} else if (!str_is(block->type, "post-processor")) {
			continue;
		}
		read_sequence(h, &inside, u, b->name, out);
	}
}
