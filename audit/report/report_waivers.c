/* Blocks of a waiver file, so that nobody copies fingerprints by hand. */
#include "audit/policy/policy.h"

#include "audit/report/report.h"
#include "base/log.h"
#include "base/map.h"

/* A quoted string of HCL. Control characters are shown escaped, as in every report. */
static void add_quoted(struct buf *out, struct str text)
{
	scoped(buf) clean = {0};
	log_escape(&clean, text);
	buf_add_byte(out, '"');
	for (size_t i = 0; i < clean.n; i++) {
		char c = clean.p[i];
		bool template = (c == '$' || c == '%') && i + 1 < clean.n && clean.p[i + 1] == '{';
		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		if (template)
			buf_add_byte(out, c);
		buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
}

static void add_attribute(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(out, "  %-11s = ", name);
	add_quoted(out, value);
	buf_add_byte(out, '\n');
}

static void add_comment(struct buf *out, struct str text)
{
	buf_add_cstr(out, "# ");
	log_escape(out, text);
	buf_add_byte(out, '\n');
}

static void add_waiver(struct buf *out, const struct finding *f, const struct audit_excuse *excuse)
{
	scoped(arena) a = {0};
	struct str place = origin_str(&a, &f->origin);
	if (out->n > 0)
		buf_add_byte(out, '\n');
	add_comment(out, arena_printf(&a, "%.*s: %.*s", STR_ARG(place), STR_ARG(f->message)));
	buf_add_cstr(out, "waiver {\n");
	add_attribute(out, "rule", f->id);
	add_attribute(out, "fingerprint", f->fingerprint);
	add_attribute(out, "reason", excuse->reason);
	add_attribute(out, "owner", excuse->owner);
	add_attribute(out, "expires", excuse->expires);
	add_attribute(out, "ticket", excuse->ticket);
	buf_add_cstr(out, "}\n");
}

static int check_excuse(
	const struct audit *audit, const struct audit_excuse *excuse, struct error *err)
{
	scoped(arena) a = {0};
	int64_t until = 0;
	if (str_trim(excuse->reason).n == 0 || str_trim(excuse->owner).n == 0 ||
		excuse->expires.n == 0)
		return error_set(err, ERROR_USAGE, "a waiver has a reason, an owner and an expiry");
	if (!waiver_parse_expiry(&a, excuse->expires, &until))
		return error_set(err, ERROR_USAGE, "expiry: \"%.*s\" is no date like 2026-12-31",
			STR_ARG(excuse->expires));
	if (until <= audit->now)
		return error_set(
			err, ERROR_USAGE, "expiry: %.*s is over", STR_ARG(excuse->expires));
	return 0;
}

static bool is_named(struct str name, const struct finding *f)
{
	struct str rule = name;
	size_t colon = str_rfind_byte(name, ':');
	if (colon == STR_NPOS)
		return str_eq(rule, f->id);
	return str_eq(str_sub(name, 0, colon), f->id) &&
		str_eq(str_from_index(name, colon + 1), f->fingerprint);
}

static bool is_wanted(
	const struct audit *audit, const struct str_list *only, const struct finding *f)
{
	for (size_t i = 0; i < only->n; i++) {
		if (is_named(only->items[i], f))
			return true;
	}
	return only->n == 0 && report_fails(audit, f);
}

static int check_names(const struct audit *audit, const struct str_list *only, struct error *err)
{
	for (size_t i = 0; i < only->n; i++) {
		bool found = false;
		for (size_t k = 0; k < audit->findings.n; k++)
			found = found || is_named(only->items[i], &audit->findings.items[k]);
		if (!found)
			return error_set(err, ERROR_INPUT,
				"%.*s: no such finding; RULE, or RULE:FINGERPRINT as the report "
				"shows it",
				STR_ARG(only->items[i]));
	}
	return 0;
}

int audit_waivers_write(struct buf *out, size_t *n, const struct audit *audit,
	const struct str_list *only, const struct audit_excuse *excuse, struct error *err)
{
	scoped(arena) scratch = {0};
	struct map done = {0};
	if (check_excuse(audit, excuse, err) < 0 || check_names(audit, only, err) < 0)
		return -1;
	*n = 0;
	for (size_t i = 0; i < audit->findings.n; i++) {
		const struct finding *f = &audit->findings.items[i];
		if (f->waived || !is_wanted(audit, only, f))
			continue;
		if (f->rule->locked)
			return error_at(err, &f->origin, "rule %.*s is locked and cannot be waived",
				STR_ARG(f->id));
		struct str key = arena_printf(
			&scratch, "%.*s %.*s", STR_ARG(f->id), STR_ARG(f->fingerprint));
		if (map_has(&done, key))
			continue;
		map_put(&done, &scratch, key, out);
		add_waiver(out, f, excuse);
		++*n;
	}
	return buf_check(out, err);
}
