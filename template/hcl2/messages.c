#include "template/hcl2/hcl2.h"

/* ---- Errors of the expression language ------------------------------------------------------ */

int hcl2_tell(struct hcl2 *h, const struct origin *o, const struct error *e)
{
	struct str text = str_from(e->text);
	for (size_t i = 0; i < h->file_names.n; i++) {
		struct str file = h->file_names.items[i].key;
		if (!str_has_prefix(text, file) || text.n <= file.n || text.p[file.n] != ':')
			continue;
		load_tell(&h->load, file, e);
		return -1;
	}
	return load_error(&h->load, o, "%s", e->text);
}

/* ---- Hints ---------------------------------------------------------------------------------- */

void hcl2_hint_names(struct hcl2 *h, struct str name, const struct str_list *names)
{
	const char **all = arena_array(h->arena, const char *, names->n + 1);
	if (!h->load.warned || names->n == 0)
		return;
	for (size_t i = 0; i < names->n; i++)
		all[i] = arena_cstr(h->arena, names->items[i]);
	const char *near = conf_nearest(name, all, names->n);
	if (near) {
		load_hint(&h->load, "did you mean \"%s\"?", near);
		return;
	}
	size_t shown = names->n < 20 ? names->n : 20;
	struct str list = arena_join(h->arena, names->items, shown, STR(", "));
	load_hint(&h->load, "there is: %.*s%s", STR_ARG(list), shown < names->n ? ", ..." : "");
}

/* ---- The form of blocks --------------------------------------------------------------------- */

static bool is_listed(const char *const *names, struct str name)
{
	for (; names && *names; names++) {
		if (str_is(name, *names))
			return true;
	}
	return false;
}

static int not_listed(struct hcl2 *h, const struct origin *o, struct str name,
	const char *const *names, const char *what)
{
	struct str_list known = {0};
	for (size_t i = 0; names && names[i]; i++)
		list_push(h->arena, &known) = str_from(names[i]);
	load_error(&h->load, o, "there is no %s \"%.*s\" here", what, STR_ARG(name));
	hcl2_hint_names(h, name, &known);
	return -1;
}

int hcl2_only(struct hcl2 *h, const struct hcl_body *b, const char *const *attributes,
	const char *const *blocks, const char *what)
{
	int status = 0;
	for (size_t i = 0; i < b->attributes.n; i++) {
		const struct hcl_attribute *x = &b->attributes.items[i];
		const char *kind = arena_printf(h->arena, "%sargument", what).p;
		if (!is_listed(attributes, x->name))
			status = not_listed(h, &x->origin, x->name, attributes, kind);
	}
	for (size_t i = 0; i < b->blocks.n; i++) {
		const struct hcl_block *x = &b->blocks.items[i];
		const char *kind = arena_printf(h->arena, "%sblock", what).p;
		if (!is_listed(blocks, x->type))
			status = not_listed(h, &x->origin, x->type, blocks, kind);
	}
	return status;
}

int hcl2_labels(struct hcl2 *h, const struct hcl2_block *b, size_t n, const char *form)
{
	static const char *const counts[] = {"no label", "one label", "two labels"};
	if (b->label_count == n)
		return 0;
	load_error(&h->load, &b->origin, "a %.*s block has %s", STR_ARG(b->type), counts[n]);
	load_hint(&h->load, "write it as %s", form);
	return -1;
}

struct hcl2_block hcl2_block_of(const struct hcl_block *b, const struct hcl_scope *scope)
{
	return (struct hcl2_block){
		.type = b->type,
		.labels = b->labels,
		.label_count = b->label_count,
		.origin = b->origin,
		.body = &b->body,
		.scope = scope,
	};
}

bool hcl2_is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			(unsigned char)c >= 0x80;
		bool later = (c >= '0' && c <= '9') || c == '-';
		if (!letter && (i == 0 || !later))
			return false;
	}
	return s.n > 0;
}
