#include "audit/policy/policy.h"

#include <assert.h>

static const char *const severity_names[] = {
	[SEVERITY_NONE] = "none",
	[SEVERITY_INFO] = "info",
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};
static_assert(countof(severity_names) == SEVERITY_CRITICAL + 1, "a name for every severity");

static const struct hcl_function *const core_tables[] = {hcl_functions_core};
const struct hcl_scope policy_scope = {
	.functions = core_tables,
	.function_tables = countof(core_tables),
};

static int compare_rules(const void *a, const void *b)
{
	const struct rule *left = a;
	const struct rule *right = b;
	int order = str_cmp(left->id, right->id);
	if (order != 0)
		return order;
	order = str_cmp(left->origin.file, right->origin.file);
	if (order != 0)
		return order;
	return (left->origin.span.off > right->origin.span.off) -
		(left->origin.span.off < right->origin.span.off);
}

static int compare_packs(const void *a, const void *b)
{
	const struct policy_pack *left = a;
	const struct policy_pack *right = b;
	return str_cmp(left->name, right->name);
}

static int compare_profiles(const void *a, const void *b)
{
	const struct profile *left = a;
	const struct profile *right = b;
	return str_cmp(left->name, right->name);
}

static int refuse_duplicates(const struct policy *p, struct error *err)
{
	for (size_t i = 1; i < p->rules.n; i++) {
		const struct rule *first = &p->rules.items[i - 1];
		const struct rule *again = &p->rules.items[i];
		if (!str_eq(first->id, again->id))
			continue;
		if (str_is(first->pack, POLICY_OWN_PACK) || str_is(again->pack, POLICY_OWN_PACK)) {
			const struct rule *mine = first->origin.file.n > 0 ? first : again;
			return error_at(err, &mine->origin, "the id %.*s is the audit's own",
				STR_ARG(mine->id));
		}
		return error_at(err, &again->origin, "rule %.*s is there already, at %.*s:%u:%u",
			STR_ARG(again->id), STR_ARG(first->origin.file),
			(unsigned)first->origin.span.line, (unsigned)first->origin.span.col);
	}
	return 0;
}

/* A pack may lie in several files, all of which name it; one of them must say what it is. */
static int check_packs(const struct policy *p, struct error *err)
{
	for (size_t i = 0; i < p->packs.n; i++) {
		const struct policy_pack *pack = &p->packs.items[i];
		if (pack->version.n == 0)
			return error_at(err, &pack->origin, "no file gives pack \"%.*s\" a version",
				STR_ARG(pack->name));
	}
	return 0;
}

static void sort_all(struct policy *p)
{
	if (p->rules.n > 1)
		qsort(p->rules.items, p->rules.n, sizeof(*p->rules.items), compare_rules);
	if (p->packs.n > 1)
		qsort(p->packs.items, p->packs.n, sizeof(*p->packs.items), compare_packs);
	if (p->profiles.n > 1)
		qsort(p->profiles.items, p->profiles.n, sizeof(*p->profiles.items),
			compare_profiles);
	p->profile_names = arena_array(&p->arena, struct policy_profile_name, p->profiles.n);
	for (size_t i = 0; i < p->profiles.n; i++)
		p->profile_names[i] = (struct policy_profile_name){
			p->profiles.items[i].name, p->profiles.items[i].description};
}

static void part_rules(struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct rule *r = &p->rules.items[i];
		bool own = str_is(r->pack, POLICY_OWN_PACK);
		list_push(&p->arena, own ? &p->own_rules : &p->pack_rules) = *r;
	}
}

int policy_load(struct policy **out, const struct policy_options *o, struct error *err)
{
	scoped_ptr(policy) p = calloc(1, sizeof(*p));
	if (!p)
		error_out_of_memory();
	for (size_t i = 0; i < o->file_count; i++) {
		if (policy_read(p, &o->files[i], err) < 0)
			return -1;
	}
	policy_add_own_rules(p);
	sort_all(p);
	if (refuse_duplicates(p, err) < 0 || check_packs(p, err) < 0)
		return -1;
	if (policy_apply_profile(p, o->profile, err) < 0 || policy_check_waivers(p, err) < 0)
		return -1;
	part_rules(p);
	p->digest = policy_compute_digest(p);
	*out = steal_ptr(p);
	return 0;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	arena_clear(&p->arena);
	free(p);
}

const struct rule *policy_rules(const struct policy *p, size_t *n)
{
	*n = p->pack_rules.n;
	return p->pack_rules.items;
}

const struct rule *policy_own_rules(const struct policy *p, size_t *n)
{
	*n = p->own_rules.n;
	return p->own_rules.items;
}

const struct rule *policy_find(const struct policy *p, struct str id)
{
	size_t low = 0;
	size_t high = p->rules.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(p->rules.items[middle].id, id);
		if (order == 0)
			return &p->rules.items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct digest *policy_digest(const struct policy *p)
{
	return &p->digest;
}

struct str policy_profile(const struct policy *p)
{
	return p->profile;
}

enum severity policy_threshold(const struct policy *p)
{
	return p->threshold;
}

const struct policy_pack *policy_packs(const struct policy *p, size_t *n)
{
	*n = p->packs.n;
	return p->packs.items;
}

const struct policy_profile_name *policy_profiles(const struct policy *p, size_t *n)
{
	*n = p->profiles.n;
	return p->profile_names;
}

const char *severity_name(enum severity s)
{
	return severity_names[s];
}

bool severity_parse(struct str s, enum severity *out)
{
	for (size_t i = SEVERITY_INFO; i < countof(severity_names); i++) {
		if (str_is(s, severity_names[i])) {
			*out = (enum severity)i;
			return true;
		}
	}
	return false;
}
