#include "audit/policy/rule.h"

static const char *const attributes[] = {
	"rule", "fingerprint", "reason", "owner", "expires", "ticket", "path", NULL};
static const char *const none[] = {NULL};

/* A date holds to its end; a time of day is exact. */
bool waiver_parse_expiry(struct arena *a, struct str s, int64_t *until)
{
	static const int64_t day = 86400LL * 1000000000LL;
	if (s.n != STR("2026-12-31").n)
		return time_parse_rfc3339(s, until);
	struct str midnight = arena_printf(a, "%.*sT00:00:00Z", STR_ARG(s));
	if (!time_parse_rfc3339(midnight, until))
		return false;
	*until += day;
	return true;
}

static int need_text(const struct hcl_block *b, const char *name, struct str *out, struct arena *a,
	struct error *err)
{
	if (hcl_get_str(&b->body, name, out, &policy_scope, a, err) < 0)
		return -1;
	*out = str_trim(*out);
	if (out->n == 0)
		return error_at(err, &b->origin, "a waiver must have %s", name);
	return 0;
}

int policy_read_waiver(struct policy *p, const struct hcl_block *b, struct error *err)
{
	struct arena *a = &p->arena;
	if (b->label_count > 0)
		return error_at(err, &b->origin, "waiver takes no label");
	struct waiver w = {.origin = b->origin};
	if (hcl_only(&b->body, attributes, none, err) < 0 ||
		need_text(b, "rule", &w.rule, a, err) < 0 ||
		need_text(b, "fingerprint", &w.fingerprint, a, err) < 0 ||
		need_text(b, "reason", &w.reason, a, err) < 0 ||
		need_text(b, "owner", &w.owner, a, err) < 0 ||
		need_text(b, "expires", &w.expires, a, err) < 0 ||
		hcl_get_str(&b->body, "ticket", &w.ticket, &policy_scope, a, err) < 0 ||
		hcl_get_str(&b->body, "path", &w.path, &policy_scope, a, err) < 0)
		return -1;
	if (!waiver_parse_expiry(a, w.expires, &w.until))
		return error_at(err, &hcl_find(&b->body, "expires")->origin,
			"expires: \"%.*s\" is no date like 2026-12-31", STR_ARG(w.expires));
	for (size_t i = 0; i < w.fingerprint.n; i++) {
		if (w.fingerprint.n != 16 || !memchr("0123456789abcdef", w.fingerprint.p[i], 16))
			return error_at(err, &hcl_find(&b->body, "fingerprint")->origin,
				"fingerprint: \"%.*s\" is not 16 lower-case hex digits",
				STR_ARG(w.fingerprint));
	}
	list_push(a, &p->waivers) = w;
	return 0;
}

bool waiver_fits(const struct waiver *w, const struct finding *f)
{
	return str_eq(f->id, w->rule) && str_eq(f->fingerprint, w->fingerprint) &&
		(w->path.n == 0 || rule_glob_match(w->path, f->origin.file));
}

int policy_check_waivers(const struct policy *p, struct error *err)
{
	for (size_t i = 0; i < p->waivers.n; i++) {
		const struct waiver *w = &p->waivers.items[i];
		const struct rule *r = policy_find(p, w->rule);
		if (r && r->locked)
			return error_at(err, &w->origin, "rule %.*s is locked and cannot be waived",
				STR_ARG(w->rule));
		for (size_t k = 0; k < i; k++) {
			const struct waiver *other = &p->waivers.items[k];
			if (str_eq(other->rule, w->rule) && str_eq(other->path, w->path) &&
				str_eq(other->fingerprint, w->fingerprint))
				return error_at(err, &w->origin,
					"rule %.*s is waived for %.*s already, at %.*s:%u",
					STR_ARG(w->rule), STR_ARG(w->fingerprint),
					STR_ARG(other->origin.file),
					(unsigned)other->origin.span.line);
		}
	}
	return 0;
}
