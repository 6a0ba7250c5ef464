#include "template/gotmpl/gotmpl.h"
#include "template/hcl2/hcl2.h"
#include "template/legacy/legacy.h"

static bool is_hcl2(const struct template_input *in)
{
	struct error ignored = {0};
	struct tree_entry entry = {0};
	if (in->hcl2 || str_has_suffix(in->path, STR(".pkr.hcl")) ||
		str_has_suffix(in->path, STR(".pkr.json")))
		return true;
	return tree_stat(in->tree, in->path, &entry, &ignored) == 0 && entry.kind == TREE_DIR;
}

int template_load(struct template **out, const struct template_input *in, struct error *err)
{
	struct template *t = calloc(1, sizeof(*t));
	if (!t)
		error_out_of_memory();
	arena_init(&t->arena, TEMPLATE_ARENA_MAX);
	t->path = arena_str(&t->arena, in->path);
	t->format = is_hcl2(in) ? TEMPLATE_HCL2 : TEMPLATE_JSON;
	*out = t;
	int status = t->format == TEMPLATE_HCL2 ? hcl2_load(t, in, err) : legacy_load(t, in, err);
	if (status < 0 || diags_check(&t->diags, err) < 0)
		return -1;
	if (t->diags.errors > 0)
		return error_set(
			err, ERROR_INPUT, "%.*s: %zu errors", STR_ARG(t->path), t->diags.errors);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	redactor_clear(&t->redactor);
	arena_clear(&t->arena);
	free(t);
}

int template_render(struct text *out, struct arena *a, const struct text *in,
	const struct template_fields *fields, const struct origin *origin, struct error *err)
{
	struct gotmpl_fault fault = {0};
	struct gotmpl_list tree = {0};
	struct text made = {0};
	const struct gotmpl_scope scope = {
		.arena = a,
		.functions = template_functions,
		.has_fields = true,
		.fields = fields->items,
		.field_count = fields->n,
	};
	if (gotmpl_parse(&tree, in, &scope, &fault) < 0 ||
		gotmpl_execute(&made, &tree, &scope, &fault) < 0)
		return error_at(err, origin, "%.*s", STR_ARG(fault.text));
	*out = made;
	return 0;
}
