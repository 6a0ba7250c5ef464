/* source "type" "name" {} and build {}. */
#include "template/hcl2/hcl2.h"

/* ---- Sources -------------------------------------------------------------------------------- */

static struct str source_key(struct hcl2 *h, const struct hcl2_source *s)
{
	return arena_printf(h->arena, "%.*s.%.*s", STR_ARG(s->type), STR_ARG(s->name));
}

static void read_source(struct hcl2 *h, const struct hcl2_block *b)
{
	if (hcl2_labels(h, b, 2, "source \"TYPE\" \"NAME\" { ... }") < 0)
		return;
	struct str key =
		arena_printf(h->arena, "%.*s.%.*s", STR_ARG(b->labels[0]), STR_ARG(b->labels[1]));
	const struct hcl2_source *first = map_find(&h->sources, key);
	if (!hcl2_is_name(b->labels[0]) || !hcl2_is_name(b->labels[1])) {
		load_error(&h->load, &b->origin, "type and name of a source are names");
		return;
	}
	if (first) {
		struct str place = origin_str(h->arena, &first->block.origin);
		load_error(&h->load, &b->origin, "source %.*s is defined twice; first at %.*s",
			STR_ARG(key), STR_ARG(place));
		return;
	}
	if (h->sources.n >= HCL2_SOURCES_MAX) {
		load_error(&h->load, &b->origin, "more than %d sources", HCL2_SOURCES_MAX);
		return;
	}
	struct hcl2_source *s = arena_new(h->arena, struct hcl2_source);
	*s = (struct hcl2_source){.type = b->labels[0], .name = b->labels[1], .block = *b};
	map_put(&h->sources, h->arena, key, s);
}

/* ---- Uses of sources ------------------------------------------------------------------------ */

/* "type.name", or with any word and a dot before it. NULL, and a message, when there is none. */
static const struct hcl2_source *find_source(
	struct hcl2 *h, struct str reference, const struct origin *o)
{
	struct str_list known = {0};
	struct str name = reference;
	size_t dot = str_find_byte(name, '.');
	if (dot != STR_NPOS && str_find_byte(str_from_index(name, dot + 1), '.') != STR_NPOS)
		name = str_from_index(name, dot + 1);
	const struct hcl2_source *s = map_find(&h->sources, name);
	if (s)
		return s;
	for (size_t i = 0; i < h->sources.n; i++)
		list_push(h->arena, &known) = h->sources.items[i].key;
	load_error(&h->load, o, "there is no source \"%.*s\"", STR_ARG(reference));
	hcl2_hint_names(h, name, &known);
	return NULL;
}

static void add_use(struct hcl2 *h, struct hcl2_build *b, struct hcl2_use u)
{
	if (b->uses.n >= HCL2_BUILDS_MAX) {
		load_error(&h->load, &u.origin, "more than %d builds", HCL2_BUILDS_MAX);
		return;
	}
	if (u.name.n == 0)
		u.name = u.source->name;
	u.build_name =
		arena_printf(h->arena, "%.*s.%.*s", STR_ARG(u.source->type), STR_ARG(u.name));
	if (b->name.n > 0)
		u.build_name = arena_printf(
			h->arena, "%.*s.%.*s", STR_ARG(b->name), STR_ARG(u.build_name));
	u.selector = u.build_name;
	list_push(h->arena, &b->uses) = u;
}

static void read_source_list(struct hcl2 *h, struct hcl2_build *b)
{
	const struct hcl_attribute *x = hcl_find(b->block.body, "sources");
	struct hcl_value v = {0};
	struct conf *list = NULL;
	const struct hcl2_render r = {.h = h};
	if (!x || hcl2_eval(h, x->expr, b->block.scope, &v) < 0)
		return;
	/* Without values of variables nobody knows which ones they are. */
	if (h->load.in->declared_only && (v.type == HCL_UNKNOWN || v.inner_unknown))
		return;
	if (v.type != HCL_LIST || hcl2_conf(&r, &v, hcl_expr_origin(x->expr), &list) < 0) {
		load_error(&h->load, hcl_expr_origin(x->expr),
			"\"sources\" is a list of strings such as \"source.qemu.example\"");
		return;
	}
	for (size_t i = 0; i < list->list.n; i++) {
		struct str name;
		const struct conf *c = list->list.items[i];
		struct hcl2_use u = {.origin = c->origin};
		if (c->type != CONF_STRING || !text_is_literal(&c->text) ||
			!text_value(&c->text, h->arena, &name)) {
			load_error(&h->load, &c->origin,
				"the name of a source is a string that is known");
			continue;
		}
		u.source = find_source(h, name, &c->origin);
		if (u.source)
			add_use(h, b, u);
	}
}

static void read_source_block(struct hcl2 *h, struct hcl2_build *b, const struct hcl2_block *inner)
{
	const struct hcl2_meta m = {h, inner, inner->scope, "source"};
	struct hcl2_use u = {.inner = inner, .origin = inner->origin};
	if (hcl2_labels(h, inner, 1, "source \"TYPE.NAME\" { ... }") < 0 ||
		hcl2_meta_str(&m, "name", &u.name) < 0)
		return;
	u.source = find_source(h, inner->labels[0], &inner->origin);
	if (!u.source)
		return;
	const struct hcl_body *outer = u.source->block.body;
	for (size_t i = 0; i < inner->body->attributes.n; i++) {
		const struct hcl_attribute *x = &inner->body->attributes.items[i];
		const struct hcl_attribute *first = hcl_find(outer, arena_cstr(h->arena, x->name));
		if (!first || str_is(x->name, "name"))
			continue;
		struct str place = origin_str(h->arena, &first->origin);
		load_error(&h->load, &x->origin, "\"%.*s\" is set by the source already, at %.*s",
			STR_ARG(x->name), STR_ARG(place));
	}
	add_use(h, b, u);
}

/* ---- Builds --------------------------------------------------------------------------------- */

static void check_post_processors(struct hcl2 *h, const struct hcl2_block *b)
{
	static const char *const blocks[] = {"post-processor", "dynamic", NULL};
	(void)!hcl2_labels(h, b, 0, "post-processors { ... }");
	(void)!hcl2_only(h, b->body, NULL, blocks, "");
}

static void warn_registry(struct hcl2 *h, const struct hcl2_block *b)
{
	load_warning(&h->load, &b->origin, "nothing is sent to HCP Packer");
	load_hint(&h->load, "the evidence of a build takes its place");
}

/* What is wrong with a block whatever the source is. */
static void check_inner(struct hcl2 *h, struct hcl2_build *b, const struct hcl2_block *inner)
{
	static const struct {
		const char *type;
		const char *form;
	} labelled[] = {
		{"provisioner", "provisioner \"TYPE\" { ... }"},
		{"post-processor", "post-processor \"TYPE\" { ... }"},
		{"error-cleanup-provisioner", "error-cleanup-provisioner \"TYPE\" { ... }"},
	};
	static const char *const known[] = {"source", "provisioner", "post-processor",
		"post-processors", "error-cleanup-provisioner", "hcp_packer_registry", "dynamic"};
	for (size_t i = 0; i < countof(labelled); i++) {
		if (!str_is(inner->type, labelled[i].type))
			continue;
		(void)!hcl2_labels(h, inner, 1, labelled[i].form);
		return;
	}
	if (str_is(inner->type, "source")) {
		read_source_block(h, b, inner);
	} else if (str_is(inner->type, "post-processors")) {
		check_post_processors(h, inner);
	} else if (str_is(inner->type, "hcp_packer_registry")) {
		warn_registry(h, inner);
	} else {
		struct str_list names = {0};
		for (size_t i = 0; i < countof(known); i++)
			list_push(h->arena, &names) = str_from(known[i]);
		load_error(&h->load, &inner->origin, "there is no block \"%.*s\" here",
			STR_ARG(inner->type));
		hcl2_hint_names(h, inner->type, &names);
	}
}

static void check_cleanups(struct hcl2 *h, const struct hcl2_build *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->blocks.n; i++) {
		if (str_is(b->blocks.items[i].type, "error-cleanup-provisioner") && ++n > 1)
			load_error(&h->load, &b->blocks.items[i].origin,
				"a build has one error-cleanup-provisioner");
	}
}

static void read_build(struct hcl2 *h, const struct hcl2_block *block)
{
	static const char *const attributes[] = {"name", "description", "sources", NULL};
	struct hcl2_build b = {.block = *block};
	const struct hcl2_meta m = {h, block, block->scope, "build"};
	struct str description = {0};
	if (hcl2_labels(h, block, 0, "build { ... }") < 0)
		return;
	/* Its blocks are looked at when they are expanded. */
	struct hcl_body arguments = *block->body;
	arguments.blocks.n = 0;
	(void)!hcl2_only(h, &arguments, attributes, NULL, "");
	if (hcl2_meta_str(&m, "name", &b.name) < 0 ||
		hcl2_meta_str(&m, "description", &description) < 0 ||
		hcl2_expand(h, block->body, block->scope, &b.blocks) < 0)
		return;
	if (h->load.t->description.n == 0)
		h->load.t->description = description;
	read_source_list(h, &b);
	for (size_t i = 0; i < b.blocks.n; i++)
		check_inner(h, &b, &b.blocks.items[i]);
	check_cleanups(h, &b);
	if (b.uses.n == 0 && h->load.t->diags.errors == 0 && !h->load.in->declared_only) {
		load_error(&h->load, &block->origin, "a build needs a source");
		load_hint(&h->load, "add sources = [\"source.TYPE.NAME\"]");
	}
	list_push(h->arena, &h->builds) = b;
}

/* Packer runs builds of one name side by side; reports and evidence have to tell them apart. */
static void number_build_names(struct hcl2 *h)
{
	struct map seen = {0};
	for (size_t i = 0; i < h->builds.n; i++) {
		const struct hcl2_build *b = &h->builds.items[i];
		for (size_t k = 0; k < b->uses.n; k++) {
			struct hcl2_use *u = &b->uses.items[k];
			const struct hcl2_use *first = map_find(&seen, u->build_name);
			for (size_t n = 2; map_has(&seen, u->build_name); n++)
				u->build_name =
					arena_printf(h->arena, "%.*s#%zu", STR_ARG(u->selector), n);
			if (first) {
				struct str place = origin_str(h->arena, &first->origin);
				load_warning(&h->load, &u->origin,
					"two builds are named \"%.*s\"; this one is taken as "
					"\"%.*s\", the other is at %.*s",
					STR_ARG(u->selector), STR_ARG(u->build_name),
					STR_ARG(place));
				load_hint(&h->load, "give the build, or the source in it, a name");
			}
			map_put(&seen, h->arena, u->build_name, u);
		}
	}
}

/* ---- All blocks ----------------------------------------------------------------------------- */

static int expand_all(struct hcl2 *h, struct hcl2_blocks *all)
{
	for (size_t i = 0; i < h->files.n; i++) {
		if (hcl2_expand(h, h->files.items[i].body, &h->scope, all) < 0)
			return -1;
	}
	return 0;
}

static void read_blocks(struct hcl2 *h)
{
	struct hcl2_blocks all = {0};
	if (expand_all(h, &all) < 0)
		return;
	for (size_t i = 0; i < all.n; i++) {
		if (str_is(all.items[i].type, "source"))
			read_source(h, &all.items[i]);
		else if (str_is(all.items[i].type, "hcp_packer_registry"))
			warn_registry(h, &all.items[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		if (str_is(all.items[i].type, "build"))
			read_build(h, &all.items[i]);
	}
}

/* ---- Making builds -------------------------------------------------------------------------- */

static int make_config(struct hcl2 *h, const struct hcl2_use *u, struct conf **out)
{
	static const char *const skip[] = {"name", NULL};
	const struct hcl2_render r = {
		.h = h, .component = COMPONENT_BUILDER, .type = u->source->type, .use = u};
	struct hcl2_block block = u->source->block;
	struct conf *more = NULL;
	block.scope = hcl2_source_scope(h, block.scope, u);
	if (hcl2_config(&r, &block, NULL, out) < 0)
		return -1;
	if (!u->inner)
		return 0;
	block = *u->inner;
	block.scope = hcl2_source_scope(h, block.scope, u);
	if (hcl2_config(&r, &block, skip, &more) < 0)
		return -1;
	return hcl2_merge(&r, *out, more);
}

static void make_build(struct hcl2 *h, const struct hcl2_build *b, const struct hcl2_use *u)
{
	struct template_build out = {
		.name = u->build_name,
		.source_name = u->source->name,
		.type = u->source->type,
		.block = {.name = b->name,
			.source = arena_printf(
				h->arena, "%.*s.%.*s", STR_ARG(u->source->type), STR_ARG(u->name)),
			.index = (size_t)(b - h->builds.items)},
		.origin = u->inner ? u->inner->origin : u->source->block.origin,
		.paths = h->context.paths,
	};
	struct conf *config = NULL;
	int status = h->load.in->declared_only ? 0 : make_config(h, u, &config);
	out.config = config;
	hcl2_provisioners(h, b, u, &out);
	hcl2_post_processors(h, b, u, &out);
	if (status < 0)
		return;
	list_push(h->arena, &h->load.t->builds) = out;
}

/* ---- What is not selected ------------------------------------------------------------------- */

/* Depth is that of the document, which the reader limits. */
static void check_body(struct hcl2 *h, const struct hcl_body *body)
{
	for (size_t i = 0; i < body->attributes.n; i++)
		hcl2_check_expr(h, body->attributes.items[i].expr);
	for (size_t i = 0; i < body->blocks.n; i++)
		check_body(h, &body->blocks.items[i].body);
}

/* Nobody evaluates it, so this is all that can be said of it. */
static void check_unselected(struct hcl2 *h)
{
	struct map used = {0};
	for (size_t i = 0; i < h->builds.n; i++) {
		const struct hcl2_build *b = &h->builds.items[i];
		size_t selected = 0;
		for (size_t k = 0; k < b->uses.n; k++) {
			const struct hcl2_use *u = &b->uses.items[k];
			selected += u->selected;
			if (u->selected)
				map_put(&used, h->arena, source_key(h, u->source), h);
		}
		if (selected == 0)
			check_body(h, b->block.body);
	}
	for (size_t i = 0; i < h->sources.n; i++) {
		const struct hcl2_source *source = h->sources.items[i].value;
		if (!map_has(&used, h->sources.items[i].key))
			check_body(h, source->block.body);
	}
}

void hcl2_builds(struct hcl2 *h)
{
	read_blocks(h);
	if (h->load.t->diags.errors > 0)
		return;
	if (h->builds.n == 0 && !h->load.in->declared_only) {
		struct origin o = {h->load.t->path, {0}};
		load_error(&h->load, &o, "the template has no build block");
		load_hint(&h->load, "add build { sources = [\"source.TYPE.NAME\"] }");
		return;
	}
	number_build_names(h);
	hcl2_select(h);
	for (size_t i = 0; i < h->builds.n; i++) {
		const struct hcl2_build *b = &h->builds.items[i];
		for (size_t k = 0; k < b->uses.n && !load_is_full(&h->load); k++) {
			if (b->uses.items[k].selected)
				make_build(h, b, &b->uses.items[k]);
		}
	}
	check_unselected(h);
	hcl2_warn_except(h);
}
