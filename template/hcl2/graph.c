/* Locals and data sources: each is evaluated after what it refers to. */
#include "template/hcl2/hcl2.h"

/* ---- Declarations --------------------------------------------------------------------------- */

static struct hcl2_node *declare(struct hcl2 *h, struct str name, const struct origin *o)
{
	struct hcl2_node *node = map_find(&h->nodes, name);
	if (node) {
		struct str first = origin_str(h->arena, &node->origin);
		load_error(&h->load, o, "%.*s is defined twice; first at %.*s", STR_ARG(name),
			STR_ARG(first));
		return NULL;
	}
	if (h->nodes.n >= HCL2_NODES_MAX) {
		load_error(&h->load, o, "more than %d locals and data sources", HCL2_NODES_MAX);
		return NULL;
	}
	node = arena_new(h->arena, struct hcl2_node);
	node->name = name;
	node->origin = *o;
	map_put(&h->nodes, h->arena, name, node);
	return node;
}

static void declare_local(
	struct hcl2 *h, struct str name, const struct hcl_expr *expr, const struct origin *o)
{
	struct hcl2_node *node = declare(h, arena_printf(h->arena, "local.%.*s", STR_ARG(name)), o);
	if (!node)
		return;
	node->expr = expr;
	hcl_expr_traversals(expr, h->arena, &node->needs);
}

static void read_locals(struct hcl2 *h, const struct hcl_block *b)
{
	struct hcl2_block block = hcl2_block_of(b, &h->scope);
	if (hcl2_labels(h, &block, 0, "locals { NAME = VALUE }") < 0)
		return;
	for (size_t i = 0; i < b->body.blocks.n; i++)
		load_error(&h->load, &b->body.blocks.items[i].origin,
			"\"locals\" holds NAME = VALUE only");
	for (size_t i = 0; i < b->body.attributes.n; i++) {
		const struct hcl_attribute *x = &b->body.attributes.items[i];
		declare_local(h, x->name, x->expr, &x->origin);
	}
}

static int read_sensitive(struct hcl2 *h, const struct hcl_body *body, bool *out)
{
	const struct hcl_attribute *x = hcl_find(body, "sensitive");
	struct hcl_value v = {0};
	if (!x)
		return 0;
	if (hcl2_eval(h, x->expr, &h->empty_scope, &v) < 0)
		return -1;
	if (v.type != HCL_BOOL)
		return load_error(
			&h->load, hcl_expr_origin(x->expr), "\"sensitive\" is true or false");
	*out = v.boolean;
	return 0;
}

static void read_local(struct hcl2 *h, const struct hcl_block *b)
{
	static const char *const attributes[] = {"expression", "sensitive", NULL};
	struct hcl2_block block = hcl2_block_of(b, &h->scope);
	const struct hcl_attribute *x = hcl_find(&b->body, "expression");
	bool sensitive = false;
	if (hcl2_labels(h, &block, 1, "local \"NAME\" { expression = VALUE }") < 0 ||
		hcl2_only(h, &b->body, attributes, NULL, "") < 0 ||
		read_sensitive(h, &b->body, &sensitive) < 0)
		return;
	if (!hcl2_is_name(b->labels[0])) {
		load_error(&h->load, &b->origin, "\"%.*s\" is no name for a local",
			STR_ARG(b->labels[0]));
		return;
	}
	if (!x) {
		load_error(&h->load, &b->origin, "a local needs \"expression\"");
		return;
	}
	declare_local(h, b->labels[0], x->expr, &b->origin);
	struct hcl2_node *node =
		map_find(&h->nodes, arena_printf(h->arena, "local.%.*s", STR_ARG(b->labels[0])));
	if (node && node->expr == x->expr)
		node->sensitive = sensitive;
}

/* Depth is that of the document, which the reader limits. */
void hcl2_references(struct hcl2 *h, const struct hcl_body *body, struct hcl_traversals *out)
{
	for (size_t i = 0; i < body->attributes.n; i++)
		hcl_expr_traversals(body->attributes.items[i].expr, h->arena, out);
	for (size_t i = 0; i < body->blocks.n; i++)
		hcl2_references(h, &body->blocks.items[i].body, out);
}

static void read_data(struct hcl2 *h, const struct hcl_block *b)
{
	struct hcl2_block block = hcl2_block_of(b, &h->scope);
	if (hcl2_labels(h, &block, 2, "data \"TYPE\" \"NAME\" { ... }") < 0)
		return;
	if (!hcl2_is_name(b->labels[0]) || !hcl2_is_name(b->labels[1])) {
		load_error(&h->load, &b->origin, "type and name of a data source are names");
		return;
	}
	struct hcl2_node *node = declare(h,
		arena_printf(
			h->arena, "data.%.*s.%.*s", STR_ARG(b->labels[0]), STR_ARG(b->labels[1])),
		&b->origin);
	if (!node)
		return;
	node->block = b;
	hcl2_references(h, &b->body, &node->needs);
}

void hcl2_declare_nodes(struct hcl2 *h)
{
	for (size_t i = 0; i < h->files.n; i++) {
		const struct hcl_body *body = h->files.items[i].body;
		for (size_t k = 0; k < body->blocks.n; k++) {
			const struct hcl_block *b = &body->blocks.items[k];
			if (str_is(b->type, "locals"))
				read_locals(h, b);
			else if (str_is(b->type, "local"))
				read_local(h, b);
			else if (str_is(b->type, "data"))
				read_data(h, b);
		}
	}
}

/* ---- What a node refers to ------------------------------------------------------------------ */

struct nodes {
	struct hcl2_node **items;
	size_t n;
	size_t cap;
};

/* A reference to all locals (or data sources of a type) is one to each of them. */
static void push_all(struct hcl2 *h, struct str prefix, struct nodes *out)
{
	for (size_t i = 0; i < h->nodes.n; i++) {
		if (str_has_prefix(h->nodes.items[i].key, prefix))
			list_push(h->arena, out) = h->nodes.items[i].value;
	}
}

static void push_one(struct hcl2 *h, struct str name, struct nodes *out)
{
	struct hcl2_node *node = map_find(&h->nodes, name);
	if (node)
		list_push(h->arena, out) = node;
}

static void push_reference(struct hcl2 *h, const struct hcl_traversal *t, struct nodes *out)
{
	struct arena *a = h->arena;
	if (str_is(t->steps[0], "local")) {
		if (t->n == 1)
			push_all(h, STR("local."), out);
		else
			push_one(h, arena_printf(a, "local.%.*s", STR_ARG(t->steps[1])), out);
	}
	if (!str_is(t->steps[0], "data"))
		return;
	if (t->n == 1)
		push_all(h, STR("data."), out);
	else if (t->n == 2)
		push_all(h, arena_printf(a, "data.%.*s.", STR_ARG(t->steps[1])), out);
	else
		push_one(h,
			arena_printf(
				a, "data.%.*s.%.*s", STR_ARG(t->steps[1]), STR_ARG(t->steps[2])),
			out);
}

/* ---- Values by name ------------------------------------------------------------------------- */

/* {name = value} of the nodes whose names begin with the prefix, which ends with a dot. */
static struct hcl_value object_of(struct hcl2 *h, const struct nodes *nodes, struct str prefix)
{
	struct str *keys = arena_array(h->arena, struct str, nodes->n);
	struct hcl_value *values = arena_array(h->arena, struct hcl_value, nodes->n);
	size_t n = 0;
	for (size_t i = 0; i < nodes->n; i++) {
		const struct hcl2_node *node = nodes->items[i];
		if (!str_has_prefix(node->name, prefix))
			continue;
		keys[n] = str_from_index(node->name, prefix.n);
		values[n++] = node->value;
	}
	return hcl_object(h->arena, keys, values, n);
}

static int node_cmp(const void *x, const void *y)
{
	const struct hcl2_node *const *a = x;
	const struct hcl2_node *const *b = y;
	return str_cmp((*a)->name, (*b)->name);
}

/* data.type.name: an object of objects. Sorted, sources of one type stand together. */
static struct hcl_value data_of(struct hcl2 *h, const struct nodes *nodes)
{
	struct nodes sorted = {0};
	struct str_list types = {0};
	struct hcl_value *values = arena_array(h->arena, struct hcl_value, nodes->n);
	for (size_t i = 0; i < nodes->n; i++) {
		if (nodes->items[i]->block)
			list_push(h->arena, &sorted) = nodes->items[i];
	}
	if (sorted.n > 1)
		qsort(sorted.items, sorted.n, sizeof(sorted.items[0]), node_cmp);
	for (size_t i = 0; i < sorted.n;) {
		struct str type = sorted.items[i]->block->labels[0];
		struct nodes same = {.items = &sorted.items[i]};
		struct str prefix = arena_printf(h->arena, "data.%.*s.", STR_ARG(type));
		while (i < sorted.n && str_eq(sorted.items[i]->block->labels[0], type)) {
			same.n++;
			i++;
		}
		values[types.n] = object_of(h, &same, prefix);
		list_push(h->arena, &types) = type;
	}
	return hcl_object(h->arena, types.items, values, types.n);
}

/* ---- Evaluation ----------------------------------------------------------------------------- */

struct walk {
	struct hcl2 *h;
	struct nodes path; /* what is being evaluated, outermost first */
};

static int evaluate(struct walk *w, struct hcl2_node *node);

static int tell_cycle(struct walk *w, const struct hcl2_node *node)
{
	struct hcl2 *h = w->h;
	struct str_list names = {0};
	size_t i = 0;
	if (h->load.in->declared_only)
		return -1;
	while (i < w->path.n && w->path.items[i] != node)
		i++;
	for (; i < w->path.n; i++)
		list_push(h->arena, &names) = w->path.items[i]->name;
	list_push(h->arena, &names) = node->name;
	struct str chain = arena_join(h->arena, names.items, names.n, STR(" -> "));
	return load_error(&h->load, &node->origin, "%.*s refers to itself: %.*s",
		STR_ARG(node->name), STR_ARG(chain));
}

static int evaluate_needs(struct walk *w, const struct nodes *needs)
{
	int status = 0;
	for (size_t i = 0; i < needs->n; i++)
		status |= evaluate(w, needs->items[i]);
	return status;
}

/* Only what the node refers to is in its scope, so that the work stays linear. */
static int evaluate_here(struct walk *w, struct hcl2_node *node, const struct nodes *needs)
{
	struct hcl2 *h = w->h;
	struct hcl_variable *two = arena_array(h->arena, struct hcl_variable, 2);
	struct hcl_scope scope = h->scope;
	two[0] = (struct hcl_variable){STR("local"), object_of(h, needs, STR("local."))};
	two[1] = (struct hcl_variable){STR("data"), data_of(h, needs)};
	scope.parent = &h->scope;
	scope.variables = two;
	scope.variable_count = 2;
	if (node->block)
		return h->load.in->declared_only ? -1 : hcl2_data(h, node, &scope);
	if (hcl2_eval(h, node->expr, &scope, &node->value) < 0)
		return -1;
	if (node->sensitive)
		node->value = hcl_sensitive(h->arena, &node->value, node->name);
	hcl2_redact(h, &node->value);
	return 0;
}

static int evaluate_new(struct walk *w, struct hcl2_node *node)
{
	struct hcl2 *h = w->h;
	struct nodes needs = {0};
	int status = 0;
	if (w->path.n >= HCL2_GRAPH_DEPTH && h->load.in->declared_only)
		return -1;
	if (w->path.n >= HCL2_GRAPH_DEPTH)
		return load_error(&h->load, &node->origin, "locals refer to each other %d deep",
			HCL2_GRAPH_DEPTH);
	for (size_t i = 0; i < node->needs.n; i++) {
		status |= hcl2_check_node(h, &node->needs.items[i]);
		push_reference(h, &node->needs.items[i], &needs);
	}
	list_push(h->arena, &w->path) = node;
	status |= evaluate_needs(w, &needs);
	w->path.n--;
	return status < 0 && !h->load.in->declared_only ? -1 : evaluate_here(w, node, &needs);
}

static int evaluate(struct walk *w, struct hcl2_node *node)
{
	if (node->state == HCL2_RUNNING)
		return tell_cycle(w, node);
	if (node->state != HCL2_NEW)
		return node->state == HCL2_FAILED ? -1 : 0;
	const struct hcl_value unknown = hcl_hole(w->h->arena, node->name);
	node->state = HCL2_RUNNING;
	node->value = unknown;
	bool good = evaluate_new(w, node) == 0;
	if (!good)
		node->value = unknown;
	node->state = good ? HCL2_DONE : HCL2_FAILED;
	return good ? 0 : -1;
}

void hcl2_evaluate_nodes(struct hcl2 *h)
{
	struct walk w = {.h = h};
	struct nodes all = {0};
	for (size_t i = 0; i < h->nodes.n; i++) {
		struct hcl2_node *node = h->nodes.items[i].value;
		/* What is wrong has been told. */
		(void)!evaluate(&w, node);
		list_push(h->arena, &all) = node;
	}
	h->base[SCOPE_LOCAL].value = object_of(h, &all, STR("local."));
	h->base[SCOPE_DATA].value = data_of(h, &all);
}
