#include "audit/policy/policy.h"

static const char *const attributes[] = {"description", "packs", "threshold", "opaque_limit",
	"waiver_days", "severities", "locked", "params", NULL};
static const char *const none[] = {NULL};

static int get_object(const struct hcl_block *b, const char *name, struct hcl_value *out,
	struct arena *a, struct error *err)
{
	*out = hcl_object(a, NULL, NULL, 0);
	const struct hcl_attribute *attribute = hcl_find(&b->body, name);
	if (!attribute)
		return 0;
	if (hcl_evaluate(out, attribute->expr, &policy_scope, a, err) < 0)
		return -1;
	if (out->type != HCL_OBJECT)
		return error_at(err, &attribute->origin, "%s must be an object", name);
	return 0;
}

static int read_limits(
	struct profile *p, const struct hcl_block *b, struct arena *a, struct error *err)
{
	struct str threshold = {0};
	p->threshold = POLICY_THRESHOLD;
	p->opaque_limit = POLICY_OPAQUE_LIMIT;
	if (hcl_get_str(&b->body, "threshold", &threshold, &policy_scope, a, err) < 0 ||
		hcl_get_i64(&b->body, "opaque_limit", &p->opaque_limit, &policy_scope, a, err) <
			0 ||
		hcl_get_i64(&b->body, "waiver_days", &p->waiver_days, &policy_scope, a, err) < 0)
		return -1;
	if (threshold.n > 0 && !severity_parse(threshold, &p->threshold))
		return error_at(err, &hcl_find(&b->body, "threshold")->origin,
			"threshold: \"%.*s\" is no severity", STR_ARG(threshold));
	if (p->opaque_limit < 0 || p->opaque_limit > 100)
		return error_at(err, &hcl_find(&b->body, "opaque_limit")->origin,
			"opaque_limit is in per cent, from 0 to 100");
	if (p->waiver_days < 0 || p->waiver_days > 36500)
		return error_at(err, &hcl_find(&b->body, "waiver_days")->origin,
			"waiver_days is a number of days, 0 for any");
	return 0;
}

int policy_read_profile(struct policy *policy, const struct hcl_block *b, struct error *err)
{
	struct arena *a = &policy->arena;
	struct profile p = {.name = b->labels[0], .origin = b->origin};
	if (hcl_only(&b->body, attributes, none, err) < 0 || read_limits(&p, b, a, err) < 0 ||
		hcl_get_str(&b->body, "description", &p.description, &policy_scope, a, err) < 0 ||
		hcl_get_strs(&b->body, "packs", &p.packs, &policy_scope, a, err) < 0 ||
		hcl_get_strs(&b->body, "locked", &p.locked, &policy_scope, a, err) < 0 ||
		get_object(b, "severities", &p.severities, a, err) < 0 ||
		get_object(b, "params", &p.params, a, err) < 0)
		return -1;
	for (size_t i = 0; i < policy->profiles.n; i++) {
		const struct profile *other = &policy->profiles.items[i];
		if (str_eq(other->name, p.name))
			return error_at(err, &b->origin,
				"profile \"%.*s\" is there already, at %.*s:%u", STR_ARG(p.name),
				STR_ARG(other->origin.file), (unsigned)other->origin.span.line);
	}
	list_push(a, &policy->profiles) = p;
	return 0;
}

static struct rule *find_rule(struct policy *p, struct str id)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		if (str_eq(p->rules.items[i].id, id))
			return &p->rules.items[i];
	}
	return NULL;
}

static bool is_in(const struct str_list *list, struct str s)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->items[i], s))
			return true;
	}
	return false;
}

static int check_packs(const struct policy *p, const struct profile *profile, struct error *err)
{
	for (size_t i = 0; i < profile->packs.n; i++) {
		bool known = false;
		for (size_t k = 0; k < p->packs.n; k++)
			known = known || str_eq(p->packs.items[k].name, profile->packs.items[i]);
		if (!known)
			return error_at(err, &profile->origin, "profile \"%.*s\": no pack \"%.*s\"",
				STR_ARG(profile->name), STR_ARG(profile->packs.items[i]));
	}
	return 0;
}

static void keep_packs(struct policy *p, const struct profile *profile)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct rule *r = &p->rules.items[i];
		if (profile->packs.n == 0 || str_is(r->pack, POLICY_OWN_PACK) ||
			is_in(&profile->packs, r->pack))
			p->rules.items[kept++] = *r;
	}
	p->rules.n = kept;
}

/* "off" gives SEVERITY_NONE. */
static int set_severity(struct policy *p, const struct profile *profile, struct str id,
	const struct hcl_value *value, struct error *err)
{
	const struct origin *at = &profile->origin;
	struct rule *r = find_rule(p, id);
	if (!r)
		return error_at(err, at, "profile \"%.*s\": severities: no rule %.*s in its packs",
			STR_ARG(profile->name), STR_ARG(id));
	enum severity severity = SEVERITY_NONE;
	bool off = value->type == HCL_STRING && str_is(value->string, "off");
	if (!off && (value->type != HCL_STRING || !severity_parse(value->string, &severity)))
		return error_at(err, at,
			"profile \"%.*s\": severities: %.*s must be info, low, medium, high, "
			"critical or off",
			STR_ARG(profile->name), STR_ARG(id));
	if (r->locked && severity < r->severity)
		return error_at(err, at,
			"profile \"%.*s\": rule %.*s is locked and cannot be relaxed",
			STR_ARG(profile->name), STR_ARG(id));
	r->severity = severity;
	return 0;
}

static void drop_off(struct policy *p)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->rules.n; i++) {
		if (p->rules.items[i].severity != SEVERITY_NONE)
			p->rules.items[kept++] = p->rules.items[i];
	}
	p->rules.n = kept;
}

static void replace_param(
	struct rule *r, struct arena *a, struct str name, const struct hcl_value *value)
{
	struct hcl_value *values = arena_array(a, struct hcl_value, r->params.n);
	for (size_t i = 0; i < r->params.n; i++)
		values[i] = str_eq(r->params.keys[i], name) ? *value : r->params.items[i];
	r->params = hcl_object(a, r->params.keys, values, r->params.n);
}

static int set_param(struct policy *p, const struct profile *profile, struct str name,
	const struct hcl_value *value, struct error *err)
{
	bool used = false;
	for (size_t i = 0; i < p->rules.n; i++) {
		struct rule *r = &p->rules.items[i];
		const struct hcl_value *before = hcl_member(&r->params, name);
		if (!before)
			continue;
		if (r->locked)
			return error_at(err, &profile->origin,
				"profile \"%.*s\": params: %.*s belongs to rule %.*s, which is "
				"locked",
				STR_ARG(profile->name), STR_ARG(name), STR_ARG(r->id));
		if (before->type != value->type)
			return error_at(err, &profile->origin,
				"profile \"%.*s\": params: %.*s must be %s, as in rule %.*s",
				STR_ARG(profile->name), STR_ARG(name), hcl_type_name(before->type),
				STR_ARG(r->id));
		replace_param(r, &p->arena, name, value);
		used = true;
	}
	if (!used)
		return error_at(err, &profile->origin,
			"profile \"%.*s\": params: no rule in its packs has %.*s",
			STR_ARG(profile->name), STR_ARG(name));
	return 0;
}

static int lock_rules(struct policy *p, const struct profile *profile, struct error *err)
{
	for (size_t i = 0; i < profile->locked.n; i++) {
		struct rule *r = find_rule(p, profile->locked.items[i]);
		if (!r)
			return error_at(err, &profile->origin,
				"profile \"%.*s\": locked: no rule %.*s in its packs",
				STR_ARG(profile->name), STR_ARG(profile->locked.items[i]));
		r->locked = true;
	}
	return 0;
}

static int apply(struct policy *p, const struct profile *profile, struct error *err)
{
	if (check_packs(p, profile, err) < 0)
		return -1;
	keep_packs(p, profile);
	for (size_t i = 0; i < profile->severities.n; i++) {
		if (set_severity(p, profile, profile->severities.keys[i],
			    &profile->severities.items[i], err) < 0)
			return -1;
	}
	drop_off(p);
	for (size_t i = 0; i < profile->params.n; i++) {
		if (set_param(p, profile, profile->params.keys[i], &profile->params.items[i], err) <
			0)
			return -1;
	}
	p->profile = profile->name;
	p->threshold = profile->threshold;
	p->opaque_limit = profile->opaque_limit;
	p->waiver_days = profile->waiver_days;
	return lock_rules(p, profile, err);
}

int policy_apply_profile(struct policy *p, struct str name, struct error *err)
{
	p->profile = STR("default");
	p->threshold = POLICY_THRESHOLD;
	p->opaque_limit = POLICY_OPAQUE_LIMIT;
	for (size_t i = 0; i < p->profiles.n; i++) {
		if (str_eq(p->profiles.items[i].name, name))
			return apply(p, &p->profiles.items[i], err);
	}
	if (name.n > 0 && !str_is(name, "default"))
		return error_set(err, ERROR_USAGE, "no profile \"%.*s\"", STR_ARG(name));
	return 0;
}
