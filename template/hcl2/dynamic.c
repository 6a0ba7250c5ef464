/* Blocks that stand for others: dynamic "provisioner" { for_each labels iterator content {} }. */
#include "template/hcl2/hcl2.h"

struct expansion {
	struct hcl2 *h;
	struct hcl2_blocks *out;
	const struct hcl_block *block; /* the dynamic one */
	const struct hcl_block *content;
	const struct hcl_scope *scope; /* around it */
	struct str iterator;
};

static int add(struct hcl2 *h, struct hcl2_blocks *out, const struct hcl2_block *b)
{
	if (out->n >= HCL2_BLOCKS_MAX)
		return load_error(&h->load, &b->origin, "more than %d blocks", HCL2_BLOCKS_MAX);
	list_push(h->arena, out) = *b;
	return 0;
}

static const struct hcl_attribute *find(const struct expansion *x, const char *name)
{
	return hcl_find(&x->block->body, name);
}

/* ---- One element ---------------------------------------------------------------------------- */

static struct hcl_scope *element_scope(
	const struct expansion *x, struct hcl_value key, struct hcl_value value)
{
	struct arena *a = x->h->arena;
	const struct str keys[] = {STR_INIT("key"), STR_INIT("value")};
	const struct hcl_value values[] = {key, value};
	struct hcl_variable *one = arena_new(a, struct hcl_variable);
	struct hcl_scope *scope = arena_new(a, struct hcl_scope);
	one->name = x->iterator;
	one->value = hcl_object(a, keys, values, countof(keys));
	*scope = *x->scope;
	scope->parent = x->scope;
	scope->variables = one;
	scope->variable_count = 1;
	return scope;
}

static int make_labels(
	const struct expansion *x, const struct hcl_scope *scope, struct hcl2_block *made)
{
	const struct hcl_attribute *labels = find(x, "labels");
	struct hcl2 *h = x->h;
	struct hcl_value v = {0};
	if (!labels)
		return 0;
	const struct origin *o = hcl_expr_origin(labels->expr);
	if (hcl2_eval(h, labels->expr, scope, &v) < 0)
		return -1;
	if (v.type != HCL_LIST)
		return load_error(&h->load, o, "\"labels\" is a list of strings");
	struct str *out = arena_array(h->arena, struct str, v.n);
	for (size_t i = 0; i < v.n; i++) {
		if (v.items[i].type != HCL_STRING || v.items[i].marks != 0)
			return load_error(&h->load, o,
				"\"labels\" is a list of strings that are known and not sensitive");
		out[i] = v.items[i].string;
	}
	made->labels = out;
	made->label_count = v.n;
	return 0;
}

static int expand_element(const struct expansion *x, struct hcl_value key, struct hcl_value value)
{
	const struct hcl_scope *scope = element_scope(x, key, value);
	struct hcl2_block made = hcl2_block_of(x->content, scope);
	made.type = x->block->labels[0];
	made.label_count = 0;
	made.origin = x->block->origin;
	if (make_labels(x, scope, &made) < 0)
		return -1;
	return add(x->h, x->out, &made);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static int check(struct expansion *x)
{
	static const char *const attributes[] = {"for_each", "labels", "iterator", NULL};
	static const char *const blocks[] = {"content", NULL};
	struct hcl2 *h = x->h;
	const struct hcl2_block b = hcl2_block_of(x->block, x->scope);
	if (hcl2_labels(h, &b, 1, "dynamic \"TYPE\" { ... }") < 0 ||
		hcl2_only(h, b.body, attributes, blocks, "") < 0)
		return -1;
	if (b.body->blocks.n != 1)
		return load_error(&h->load, &b.origin, "a dynamic block has one \"content\" block");
	if (!find(x, "for_each"))
		return load_error(&h->load, &b.origin, "a dynamic block needs \"for_each\"");
	x->content = &b.body->blocks.items[0];
	x->iterator = x->block->labels[0];
	const struct hcl_attribute *name = find(x, "iterator");
	if (!name)
		return 0;
	struct error ignored = {0};
	const struct hcl_expr *bare = NULL;
	x->iterator = (struct str){0};
	if (hcl_expr_bare(&bare, name->expr, h->arena, &ignored) == 0)
		x->iterator = hcl_expr_keyword(bare);
	if (x->iterator.n > 0)
		return 0;
	return load_error(&h->load, hcl_expr_origin(name->expr), "\"iterator\" is a name");
}

static int expand_dynamic(struct expansion *x)
{
	struct hcl_value all = {0};
	struct hcl2 *h = x->h;
	if (check(x) < 0)
		return -1;
	const struct hcl_expr *each = find(x, "for_each")->expr;
	const struct origin *o = hcl_expr_origin(each);
	if (hcl2_eval(h, each, x->scope, &all) < 0)
		return -1;
	/* Without values of variables nobody knows how many. */
	if (all.type == HCL_UNKNOWN && h->load.in->declared_only)
		return 0;
	if (all.type == HCL_UNKNOWN) {
		load_error(&h->load, o, "\"for_each\" is known only later");
		load_hint(&h->load,
			"give what it comes from: a plan has to name every block that there is");
		return -1;
	}
	if (all.type == HCL_NULL || (all.type != HCL_LIST && all.type != HCL_OBJECT))
		return load_error(&h->load, o, "\"for_each\" is a list, set, map or object, not %s",
			hcl_type_name(all.type));
	for (size_t i = 0; i < all.n; i++) {
		struct hcl_value key =
			all.type == HCL_OBJECT ? hcl_string(all.keys[i]) : hcl_integer((int64_t)i);
		if (load_is_full(&h->load) || expand_element(x, key, all.items[i]) < 0)
			return -1;
	}
	return 0;
}

int hcl2_expand(struct hcl2 *h, const struct hcl_body *body, const struct hcl_scope *scope,
	struct hcl2_blocks *out)
{
	int status = 0;
	for (size_t i = 0; i < body->blocks.n && out->n < HCL2_BLOCKS_MAX; i++) {
		const struct hcl_block *b = &body->blocks.items[i];
		struct expansion x = {.h = h, .out = out, .block = b, .scope = scope};
		struct hcl2_block plain = hcl2_block_of(b, scope);
		status |= str_is(b->type, "dynamic") ? expand_dynamic(&x) : add(h, out, &plain);
	}
	return status;
}
