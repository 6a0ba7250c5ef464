/*
 * policies/README.md lists every rule as it is. With SEALWRIGHT_WRITE set in the environment the
 * list is written instead of compared.
 */
#include "audit/audit.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define README SOURCE_DIR "/policies/README.md"

static void add_cell(struct buf *out, struct str text)
{
	buf_add_cstr(out, "| ");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '|' || text.p[i] == '<' || text.p[i] == '*')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, ' ');
}

static void add_rules(struct buf *out, struct str pack, const struct rule *r, size_t n)
{
	buf_printf(out,
		"\n## Pack `%.*s`\n\n| rule | severity | title | why |\n|---|---|---|---|\n",
		STR_ARG(pack));
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(r[i].pack, pack))
			continue;
		add_cell(out, r[i].id);
		add_cell(out, str_from(severity_name(r[i].severity)));
		add_cell(out, r[i].title);
		add_cell(out, r[i].why);
		buf_add_cstr(out, "|\n");
	}
}

static void add_readme(struct buf *out, const struct policy *p)
{
	size_t n = 0;
	buf_add_cstr(out,
		"# Policies\n\nThe packs and profiles that the program carries. How they are written "
		"is described in\n[docs/policy.md](../docs/policy.md); `sealwright policy explain ID` "
		"shows a rule with its examples, `sealwright\npolicy test` runs them. A unit test "
		"keeps this list true to the data.\n\n## Profiles\n\n| profile | for |\n|---|---|\n");
	const struct policy_profile_name *profiles = policy_profiles(p, &n);
	for (size_t i = 0; i < n; i++) {
		add_cell(out, profiles[i].name);
		add_cell(out, profiles[i].description);
		buf_add_cstr(out, "|\n");
	}
	const struct policy_pack *packs = policy_packs(p, &n);
	size_t rule_count = 0;
	const struct rule *rules = policy_rules(p, &rule_count);
	for (size_t i = 0; i < n; i++)
		add_rules(out, packs[i].name, rules, rule_count);
	rules = policy_own_rules(p, &rule_count);
	add_rules(out, STR("audit"), rules, rule_count);
}

static void the_readme_lists_every_rule(void **state)
{
	(void)state;
	struct error err = {0};
	struct policy_options o = {0};
	o.files = policy_builtin(&o.file_count);
	scoped_ptr(policy) p = NULL;
	scoped(buf) expected = {0};
	scoped(buf) found = {0};
	if (policy_load(&p, &o, &err) < 0)
		fail_msg("%s", err.text);
	add_readme(&expected, p);
	if (getenv("SEALWRIGHT_WRITE")) {
		assert_int_equal(file_replace(AT_FDCWD, README, buf_str(&expected), 0644, &err), 0);
		return;
	}
	if (file_read(&found, AT_FDCWD, README, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	if (!str_eq(buf_str(&expected), buf_str(&found)))
		fail_msg("policies/README.md is not what the packs say; run this test with "
			 "SEALWRIGHT_WRITE=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_readme_lists_every_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
