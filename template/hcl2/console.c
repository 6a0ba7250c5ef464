/* Expressions by themselves, as Packer's console evaluates and prints them. */
#include "template/hcl2/hcl2.h"

#define FILE_NAME STR("<console-input>")

/* A value on its way to text. */
struct printer {
	struct arena *arena;
	struct text *out;
	unsigned depth;
};

static void print(struct printer *p, struct str s)
{
	text_add_literal(p->out, p->arena, s);
}

static void print_line_start(struct printer *p)
{
	print(p, STR("\n"));
	for (unsigned i = 0; i < p->depth; i++)
		print(p, STR("  "));
}

static void print_quoted(struct printer *p, struct str s)
{
	scoped(buf) quoted = {0};
	json_write_string(&quoted, s);
	print(p, arena_str(p->arena, buf_str(&quoted)));
}

static void print_value(struct printer *p, const struct hcl_value *v);

static void print_primitive(struct printer *p, const struct hcl_value *v)
{
	struct text t = {0};
	if (v->type == HCL_NULL || v->type == HCL_NONE)
		print(p, STR("null"));
	else if (!hcl_to_text(p->arena, v, &t))
		print(p, STR("<unknown>"));
	else if (v->type == HCL_STRING && p->depth > 0 && text_is_literal(&t))
		print_quoted(p, t.n > 0 ? t.items[0].value : STR(""));
	else
		text_add(p->out, p->arena, &t);
}

static void print_list(struct printer *p, const struct hcl_value *v)
{
	print(p, STR("["));
	p->depth++;
	for (size_t i = 0; i < v->n; i++) {
		print_line_start(p);
		print_value(p, &v->items[i]);
		print(p, STR(","));
	}
	p->depth--;
	if (v->n > 0)
		print_line_start(p);
	print(p, STR("]"));
}

static void print_object(struct printer *p, const struct hcl_value *v)
{
	print(p, STR("{"));
	p->depth++;
	for (size_t i = 0; i < v->n; i++) {
		print_line_start(p);
		print_quoted(p, v->keys[i]);
		print(p, STR(" = "));
		print_value(p, &v->items[i]);
	}
	p->depth--;
	if (v->n > 0)
		print_line_start(p);
	print(p, STR("}"));
}

/* Evaluation limits how deep values are. */
static void print_value(struct printer *p, const struct hcl_value *v)
{
	if (v->type == HCL_LIST)
		print_list(p, v);
	else if (v->type == HCL_OBJECT)
		print_object(p, v);
	else
		print_primitive(p, v);
}

static int eval(void *loader, struct str line, struct text *out, struct error *err)
{
	struct hcl2 *h = loader;
	const struct hcl_expr *e = NULL;
	struct hcl_value v = hcl_null();
	struct printer p = {h->arena, out, 0};
	if (arena_full(h->arena))
		return error_set(err, ERROR_INPUT, "the console needs too much memory");
	if (hcl_parse_expr(&e, h->arena, line, FILE_NAME, err) < 0 ||
		hcl_evaluate(&v, e, &h->scope, h->arena, err) < 0)
		return -1;
	print_value(&p, &v);
	return 0;
}

static struct str_list local_names(struct hcl2 *h)
{
	const struct str prefix = STR("local.");
	struct str_list names = {0};
	for (size_t i = 0; i < h->nodes.n; i++) {
		if (str_has_prefix(h->nodes.items[i].key, prefix))
			list_push(h->arena, &names) =
				str_from_index(h->nodes.items[i].key, prefix.n);
	}
	return names;
}

void hcl2_console(struct hcl2 *h)
{
	const struct template_input *in = h->load.in;
	if (!in->console)
		return;
	const struct str_list names = local_names(h);
	const struct template_console c = {
		.template = h->load.t,
		.locals = names.items,
		.local_count = names.n,
		.loader = h,
		.eval = eval,
	};
	in->console(in->console_ctx, &c);
}
