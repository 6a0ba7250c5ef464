/* packer { required_version required_plugins {} }: what a template asks of Packer. */
#include "template/hcl2/hcl2.h"

/* ---- Versions ------------------------------------------------------------------------------- */

/* Longer ones first. */
static const char *const operators[] = {">=", "<=", "!=", "~>", "=", ">", "<"};

/* Between the last number that is told and the one before it: ~> 1.2 is >= 1.2, < 2. */
static bool is_pessimistic(const uint64_t ours[3], const uint64_t wanted[3], size_t parts)
{
	if (version_cmp(ours, wanted) < 0)
		return false;
	for (size_t i = 0; i + 1 < parts; i++) {
		if (ours[i] != wanted[i])
			return false;
	}
	return true;
}

static bool holds(const char *op, const uint64_t ours[3], const uint64_t wanted[3], size_t parts)
{
	int order = version_cmp(ours, wanted);
	if (strcmp(op, ">=") == 0)
		return order >= 0;
	if (strcmp(op, "<=") == 0)
		return order <= 0;
	if (strcmp(op, ">") == 0)
		return order > 0;
	if (strcmp(op, "<") == 0)
		return order < 0;
	if (strcmp(op, "!=") == 0)
		return order != 0;
	if (strcmp(op, "~>") == 0)
		return is_pessimistic(ours, wanted, parts);
	return order == 0;
}

static size_t count_parts(struct str s)
{
	size_t n = 1;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '.';
	return n;
}

/* One constraint of several: ">= 1.7". False when it is none; *met tells whether ours fits. */
static bool check_constraint(struct str one, bool *met)
{
	uint64_t ours[3] = {0};
	uint64_t wanted[3] = {0};
	const char *op = "=";
	one = str_trim(one);
	for (size_t i = 0; i < countof(operators); i++) {
		if (!str_has_prefix(one, str_from(operators[i])))
			continue;
		op = operators[i];
		one = str_trim(str_from_index(one, strlen(op)));
		break;
	}
	if (!version_parse(one, wanted) || !version_parse(STR(TEMPLATE_PACKER_VERSION), ours))
		return false;
	*met = holds(op, ours, wanted, count_parts(one));
	return true;
}

/* -1: no constraint at all; else whether all of them are met. */
static int check_constraints(struct str all)
{
	struct str one;
	int status = 1;
	if (str_trim(all).n == 0)
		return -1;
	while (str_cut(&all, ',', &one)) {
		bool met = false;
		if (!check_constraint(one, &met))
			return -1;
		if (!met)
			status = 0;
	}
	return status;
}

static void read_version(struct hcl2 *h, const struct hcl_attribute *x)
{
	struct hcl_value v = {0};
	struct str *all = &h->load.t->min_packer_version;
	const struct origin *o = hcl_expr_origin(x->expr);
	if (hcl2_eval(h, x->expr, &h->empty_scope, &v) < 0)
		return;
	int status = v.type == HCL_STRING ? check_constraints(v.string) : -1;
	if (status < 0) {
		load_error(&h->load, o, "\"required_version\" is a version constraint");
		load_hint(&h->load, "write it like \">= 1.7.0, < 2.0.0\"");
		return;
	}
	*all = all->n == 0 ? v.string
			   : arena_printf(h->arena, "%.*s, %.*s", STR_ARG(*all), STR_ARG(v.string));
	if (status == 0)
		load_error(&h->load, o, "the template needs Packer %.*s; this follows %s",
			STR_ARG(v.string), TEMPLATE_PACKER_VERSION);
}

/* ---- Plugins -------------------------------------------------------------------------------- */

static bool member_str(const struct hcl_value *v, struct str key, struct str *out)
{
	const struct hcl_value *m = hcl_member(v, key);
	if (!m || m->type != HCL_STRING)
		return false;
	*out = m->string;
	return true;
}

static void read_plugin(struct hcl2 *h, const struct hcl_attribute *x)
{
	struct hcl_value v = {0};
	struct template_plugin p = {.name = x->name};
	if (hcl2_eval(h, x->expr, &h->empty_scope, &v) < 0)
		return;
	if (v.type == HCL_OBJECT && member_str(&v, STR("version"), &p.version) &&
		member_str(&v, STR("source"), &p.source) && v.n == 2) {
		list_push(h->arena, &h->load.t->plugins) = p;
		return;
	}
	load_error(&h->load, hcl_expr_origin(x->expr),
		"a required plugin is an object of \"version\" and \"source\"");
	load_hint(&h->load,
		"write %.*s = { version = \">= 1.0.0\", source = \"github.com/hashicorp/%.*s\" }",
		STR_ARG(x->name), STR_ARG(x->name));
}

static void read_packer(struct hcl2 *h, const struct hcl2_block *b)
{
	static const char *const attributes[] = {"required_version", NULL};
	static const char *const blocks[] = {"required_plugins", NULL};
	const struct hcl_attribute *version = hcl_find(b->body, "required_version");
	if (hcl2_labels(h, b, 0, "packer { ... }") < 0 ||
		hcl2_only(h, b->body, attributes, blocks, "") < 0)
		return;
	if (version)
		read_version(h, version);
	for (size_t i = 0; i < b->body->blocks.n; i++) {
		const struct hcl_body *plugins = &b->body->blocks.items[i].body;
		for (size_t k = 0; k < plugins->blocks.n; k++)
			load_error(&h->load, &plugins->blocks.items[k].origin,
				"\"required_plugins\" holds NAME = { version, source } only");
		for (size_t k = 0; k < plugins->attributes.n; k++)
			read_plugin(h, &plugins->attributes.items[k]);
	}
}

void hcl2_packer(struct hcl2 *h)
{
	for (size_t i = 0; i < h->files.n; i++) {
		const struct hcl_body *body = h->files.items[i].body;
		for (size_t k = 0; k < body->blocks.n; k++) {
			const struct hcl2_block b = hcl2_block_of(&body->blocks.items[k], NULL);
			if (str_is(b.type, "packer"))
				read_packer(h, &b);
		}
	}
}
