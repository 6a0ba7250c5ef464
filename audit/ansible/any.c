/* Values of variables and expressions. */
#include "audit/ansible/ansible.h"

#define DEPTH_MAX 24

struct any any_text(struct value v)
{
	return (struct any){.kind = ANY_TEXT, .text = v};
}

struct any any_str(struct playbook *p, struct str s)
{
	return any_text(value_text(p->e, s));
}

struct any any_bool(struct playbook *p, bool yes)
{
	return any_str(p, yes ? STR("True") : STR("False"));
}

struct any any_unknown(struct playbook *p, struct str label)
{
	label = arena_printf(p->e->scratch, "{{ %.*s }}", STR_ARG(label));
	return (struct any){.kind = ANY_UNKNOWN, .text = value_unknown(p->e, label, NULL)};
}

struct any any_list(const struct any *items, size_t n)
{
	return (struct any){.kind = ANY_LIST, .items = items, .n = n};
}

/* What is encrypted is a secret, and nobody knows it. */
static struct any encrypted(struct playbook *p)
{
	struct chunk *c = arena_new(p->e->scratch, struct chunk);
	*c = (struct chunk){
		.kind = CHUNK_UNKNOWN, .sensitive = true, .text = STR("<sensitive:vault>")};
	return any_text((struct value){c, 1});
}

struct any any_node(struct playbook *p, const struct yaml *node, const struct unit *unit)
{
	if (node->type == YAML_LIST || node->type == YAML_MAP)
		return (struct any){
			.kind = node->type == YAML_LIST ? ANY_LIST : ANY_MAP,
			.node = node,
			.unit = unit,
			.n = node->n,
		};
	if (str_is(node->tag, "!vault"))
		return encrypted(p);
	if (str_is(node->tag, "!unsafe"))
		return any_str(p, node->text);
	if (node->plain && node->text.n == 0)
		return any_str(p, STR(""));
	if (p->depth >= DEPTH_MAX || !charge(p->e, 8 + node->text.n / 16))
		return any_unknown(p, STR("…"));
	p->depth++;
	struct any a = jinja_scalar(p, unit, node->text);
	p->depth--;
	return a;
}

struct any any_at(struct playbook *p, const struct any *a, size_t i)
{
	if (i >= a->n)
		return (struct any){0};
	return a->node ? any_node(p, a->node->items[i], a->unit) : a->items[i];
}

struct str any_key(const struct any *a, size_t i)
{
	return a->node ? a->node->items[i]->key : a->keys[i];
}

struct any any_member(struct playbook *p, const struct any *a, struct str key)
{
	uint64_t at;
	if (a->kind == ANY_LIST && str_to_u64(key, &at) && at < a->n)
		return any_at(p, a, at);
	if (a->kind == ANY_UNKNOWN || a->kind == ANY_UNDEFINED || a->kind == ANY_TEXT)
		return any_unknown(p, key);
	for (size_t i = 0; a->kind == ANY_MAP && i < a->n; i++) {
		if (str_eq(any_key(a, i), key))
			return any_at(p, a, i);
	}
	if (a->node && a->kind == ANY_MAP) {
		const struct yaml *merged = yaml_find(a->node, arena_cstr(p->e->scratch, key));
		if (merged)
			return any_node(p, merged, a->unit);
	}
	return (struct any){0};
}

enum truth any_truth(struct playbook *p, const struct any *a)
{
	struct str s;
	switch (a->kind) {
	case ANY_LIST:
	case ANY_MAP:
		return a->n > 0 ? TRUTH_YES : TRUTH_NO;
	case ANY_TEXT:
		if (!value_const(p->e, &a->text, &s))
			return TRUTH_UNKNOWN;
		if (word_in(s, "False false FALSE no No off 0 None null ~") || s.n == 0)
			return TRUTH_NO;
		return TRUTH_YES;
	case ANY_UNDEFINED:
	case ANY_UNKNOWN:
	case ANY_OMIT:
		break;
	}
	return TRUTH_UNKNOWN;
}

bool any_is_true(struct playbook *p, const struct any *a)
{
	struct str s;
	return a->kind == ANY_TEXT && value_const(p->e, &a->text, &s) &&
		word_in(s, "True true TRUE yes Yes on On 1");
}

struct value any_value(struct playbook *p, const struct any *a)
{
	switch (a->kind) {
	case ANY_TEXT:
	case ANY_UNKNOWN:
		return a->text;
	case ANY_LIST:
	case ANY_MAP:
		return value_unknown(p->e, STR("{{ … }}"), NULL);
	case ANY_UNDEFINED:
	case ANY_OMIT:
		break;
	}
	return (struct value){0};
}

bool any_const(struct playbook *p, const struct any *a, struct str *out)
{
	return a->kind == ANY_TEXT && value_const(p->e, &a->text, out);
}

struct any any_join(struct playbook *p, const struct any *a, const struct any *b)
{
	if (a->kind == ANY_UNDEFINED)
		return *b;
	if (b->kind == ANY_UNDEFINED)
		return *a;
	if (a->kind == ANY_TEXT && b->kind == ANY_TEXT)
		return any_text(value_join(p->e, &a->text, &b->text, STR("{{ … }}")));
	return a->kind == ANY_UNKNOWN ? *a : any_unknown(p, STR("…"));
}
