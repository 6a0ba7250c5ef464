/* Data sources: inputs from outside of the commit. */
#include "template/hcl2/hcl2.h"

#define DATA_BYTES_MAX ((size_t)8 << 20)

/* "http.example", without "data.". */
static struct str short_name(const struct hcl2_node *node)
{
	return str_from_index(node->name, STR("data.").n);
}

static const struct template_data *find_given(struct hcl2 *h, struct str name)
{
	const struct template_input *in = h->load.in;
	for (size_t i = 0; i < in->data_count; i++) {
		if (str_eq(in->data[i].name, name))
			return &in->data[i];
	}
	return NULL;
}

static int parse_value(
	struct hcl2 *h, const struct hcl2_node *node, struct str text, struct hcl_value *out)
{
	const struct json_limits limits = {.bytes = DATA_BYTES_MAX};
	struct error e = {0};
	struct json *j = NULL;
	if (json_parse(&j, h->arena, text, node->name, &limits, &e) < 0)
		return load_error(&h->load, &node->origin, "%.*s: its value is no JSON: %s",
			STR_ARG(node->name), e.text);
	if (j->type != JSON_OBJECT)
		return load_error(&h->load, &node->origin, "%.*s: its value is an object",
			STR_ARG(node->name));
	*out = hcl_from_json(h->arena, j);
	return 0;
}

/* What "null" returns is what it was given. */
static int evaluate_null(struct hcl2 *h, struct hcl2_node *node, const struct hcl_scope *scope)
{
	static const char *const attributes[] = {"input", NULL};
	const struct hcl_body *body = &node->block->body;
	const struct hcl_attribute *x = hcl_find(body, "input");
	const struct str key = STR_INIT("output");
	struct hcl_value v = hcl_null();
	if (hcl2_only(h, body, attributes, NULL, "") < 0)
		return -1;
	if (!x)
		return load_error(&h->load, &node->origin, "data.null needs \"input\"");
	if (hcl2_eval(h, x->expr, scope, &v) < 0)
		return -1;
	node->value = hcl_object(h->arena, &key, &v, 1);
	return 0;
}

static int find_value(
	struct hcl2 *h, struct hcl2_node *node, const struct conf *config, struct str *out)
{
	const struct template_input *in = h->load.in;
	struct error e = {0};
	struct str name = short_name(node);
	const struct template_data *given = find_given(h, name);
	*out = (struct str){0};
	if (given)
		*out = arena_str(h->arena, given->value);
	else if (in->resolve && in->resolve(in->resolve_ctx, name, config, h->arena, out, &e) < 0)
		return load_error(&h->load, &node->origin, "%.*s: %s", STR_ARG(node->name), e.text);
	return 0;
}

int hcl2_data(struct hcl2 *h, struct hcl2_node *node, const struct hcl_scope *scope)
{
	const struct hcl2_block block = hcl2_block_of(node->block, scope);
	const struct hcl2_render r = {.h = h, .type = node->block->labels[0]};
	struct conf *config = NULL;
	struct str value = {0};
	if (str_is(r.type, "null"))
		return evaluate_null(h, node, scope);
	if (hcl2_config(&r, &block, NULL, &config) < 0 || find_value(h, node, config, &value) < 0)
		return -1;
	node->value = hcl_hole(h->arena, node->name);
	if (value.n > 0 && parse_value(h, node, value, &node->value) < 0)
		return -1;
	list_push(h->arena, &h->load.t->data) = (struct template_data){
		.name = short_name(node),
		.value = value,
		.origin = node->origin,
		.config = config,
	};
	return 0;
}
