#include "audit/policy/rule.h"

#define NAMES_MAX 4096 /* beyond, facts are compared with every rule of their kind */

/*
 * Members of a command that mostly say nothing: a null, an empty list, the name again. Which of
 * them do is part of the key, so that rules about them are left out where there is nothing to see.
 */
static const char *const usual[] = {
	"path", "spelled", "stdin", "redirects", "if_unset", "upstream", "gate"};

/* The member that tells most about a fact of the kind. */
static const char *const leading[FACT_KIND_COUNT] = {
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
			list_push(&index->arena, &index->by_kind[r->on]) =
				(struct rule_ref){r, rule_condition(&index->arena, r)};
	}
}

void rule_index_clear(struct rule_index *index)
{
	arena_clear(&index->arena);
	*index = (struct rule_index){0};
}

static bool says_nothing(const struct hcl_value *v, const struct hcl_value *name)
{
	if (!v)
		return false;
	if (v->type == HCL_STRING)
		return str_eq(v->string, name->string);
	return v->type == HCL_NULL || (v->type == HCL_LIST && v->n == 0);
}

/* The members whose values all facts under one key have in common. */
static struct rule_common common_of(const struct fact *f, const char *member)
{
	struct rule_common c = {.members = {str_from(member)}, .n = 1};
	const struct hcl_value *name = hcl_member(f->value, c.members[0]);
	for (size_t i = 0; f->kind == FACT_EXEC && i < countof(usual); i++) {
		struct str key = str_from(usual[i]);
		if (!says_nothing(hcl_member(f->value, key), name))
			continue;
		c.members[c.n++] = key;
		c.mask |= 1u << i;
	}
	return c;
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
	struct rule_common common = common_of(f, leading[f->kind]);
	const struct str parts[] = {
		{&kind, 1}, {(const char *)&common.mask, sizeof(common.mask)}, name->string};
	struct str key = arena_join(&run->scratch, parts, countof(parts), STR(""));
	struct rule_refs *found = map_find(&index->by_name, key);
	if (found)
		return found;
	if (index->by_name.n >= NAMES_MAX)
		return all;
	found = arena_new(a, struct rule_refs);
	const struct hcl_value value = rule_common_value(run, f, &common);
	for (size_t i = 0; i < all->n; i++) {
		if (rule_may_match(run, &all->items[i], &value))
			list_push(a, found) = all->items[i];
	}
	map_put(&index->by_name, a, arena_str(a, key), found);
	return found;
}
