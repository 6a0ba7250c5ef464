#include "template/hcl2/hcl2.h"

static const char *const top_level[] = {"packer", "variable", "variables", "local", "locals",
	"data", "source", "build", "hcp_packer_registry", "communicator", "dynamic", NULL};

static void check_top_level(struct hcl2 *h)
{
	for (size_t i = 0; i < h->files.n; i++) {
		const struct hcl_body *body = h->files.items[i].body;
		(void)!hcl2_only(h, body, NULL, top_level, "");
		for (size_t k = 0; k < body->blocks.n; k++) {
			const struct hcl2_block b = hcl2_block_of(&body->blocks.items[k], NULL);
			if (str_is(b.type, "communicator"))
				(void)!hcl2_labels(
					h, &b, 2, "communicator \"TYPE\" \"NAME\" { ... }");
		}
	}
}

/* Each part needs what comes before it to be right. */
static void load_parts(struct hcl2 *h)
{
	const struct diags *d = &h->load.t->diags;
	hcl2_files(h);
	if (d->errors > 0)
		return;
	hcl2_packer(h);
	if (d->errors > 0)
		return;
	check_top_level(h);
	hcl2_declare_variables(h);
	hcl2_declare_nodes(h);
	hcl2_give_variables(h);
	if (d->errors > 0)
		return;
	hcl2_evaluate_nodes(h);
	if (d->errors > 0)
		return;
	hcl2_builds(h);
}

int hcl2_load(struct template *t, const struct template_input *in, struct error *err)
{
	struct tree_entry entry = {0};
	if (tree_stat(in->tree, t->path, &entry, err) < 0)
		return -1;
	struct hcl2 h = {
		.load = {.t = t, .arena = &t->arena, .in = in},
		.arena = &t->arena,
		.root = entry.kind == TREE_DIR ? t->path : path_dir(t->path),
		.directory = entry.kind == TREE_DIR,
	};
	hcl2_scope_init(&h);
	load_parts(&h);
	hcl2_console(&h);
	return 0;
}
