#include "audit/policy/rule.h"

#define NAMES_MAX 4096 /* beyond, facts are compared with every rule of their kind */

/* The member that tells most about a fact of the kind. */
static const char *const leading[FACT_FLOW + 1] = {
	[FACT_EXEC] = "name",
	[FACT_DOWNLOAD] = "tool",
	[FACT_WRITE] = "by",
	[FACT_PACKAGE] = "manager",
	[FACT_SERVICE] = "action",
	[FACT_KERNEL] = "what",
	[FACT_SECRET] = "kind",
};

void rule_index_fill(struct rule_index *index, const struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct rule *r = &p->rules.items[i];
		if (r->when)
			list_push(&index->arena, &index->by_kind[r->on]) = r;
	}
}

void rule_index_clear(struct rule_index *index)
{
	arena_clear(&index->arena);
	*index = (struct rule_index){0};
}

const struct rule_refs *rule_index_find(
	struct rule_index *index, struct rule_run *run, const struct fact *f)
{
	const struct rule_refs *all = &index->by_kind[f->kind];
	struct str member = str_from(leading[f->kind]);
	const struct hcl_value *name = hcl_member(f->value, member);
	if (all->n == 0 || !name || name->type != HCL_STRING)
		return all;
	rule_run_trim(run);
	struct arena *a = &index->arena;
	char kind = (char)('a' + f->kind);
	struct str key = arena_printf(&run->scratch, "%c%.*s", kind, STR_ARG(name->string));
	struct rule_refs *found = map_find(&index->by_name, key);
	if (found)
		return found;
	if (index->by_name.n >= NAMES_MAX)
		return all;
	found = arena_new(a, struct rule_refs);
	for (size_t i = 0; i < all->n; i++) {
		if (rule_may_match(run, all->items[i], f, member))
			list_push(a, found) = all->items[i];
	}
	map_put(&index->by_name, a, arena_str(a, key), found);
	return found;
}
