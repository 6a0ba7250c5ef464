/* The formats: what each says about one audit. */
#include "audit/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PACK \
	"pack \"p\" {\n  version = \"1\"\n}\n" \
	"rule \"A1\" {\n  title = \"evil\"\n  severity = \"high\"\n  on = \"exec\"\n" \
	"  when = exec.name == \"evil\"\n  message = \"m <${join(\" \", exec.argv)}>\"\n" \
	"  why = \"because\"\n  fix = \"be | good\"\n  refs = [\"CWE-1\"]\n}\n" \
	"rule \"A2\" {\n  title = \"never fires\"\n  severity = \"low\"\n  on = \"exec\"\n" \
	"  when = exec.name == \"never\"\n  message = \"never\"\n}\n"

struct report {
	struct arena arena;
	struct policy *policy;
	struct audit *audit;
	struct buf out;
	const struct json *json; /* for AUDIT_JSON and AUDIT_SARIF */
};

static void report_clear(struct report *r)
{
	audit_free(r->audit);
	policy_free(r->policy);
	buf_clear(&r->out);
	arena_clear(&r->arena);
}

static void make(struct report *r, const char *script, const char *file, struct str extra,
	enum audit_format format)
{
	struct error err = {0};
	const struct policy_file files[] = {{STR("p.hcl"), STR(PACK)}, {STR("w.hcl"), extra}};
	const struct policy_options po = {.files = files, .file_count = 2};
	const struct audit_options ao = {0};
	const struct audit_print print = {.format = format};
	report_clear(r);
	*r = (struct report){0};
	if (policy_load(&r->policy, &po, &err) < 0 ||
		audit_script(&r->audit, str_from(script), str_from(file), r->policy, &ao, &err) <
			0 ||
		audit_write(&r->out, r->audit, &print, &err) < 0)
		fail_msg("%s", err.text);
	if (format != AUDIT_JSON && format != AUDIT_SARIF)
		return;
	struct json *j = NULL;
	if (json_parse(&j, &r->arena, buf_str(&r->out), STR("report"), NULL, &err) < 0)
		fail_msg("%s", err.text);
	r->json = j;
}

static void has(const struct report *r, const char *part)
{
	if (!str_contains(buf_str(&r->out), str_from(part)))
		fail_msg("\"%s\" is not in:\n%.*s", part, STR_ARG(buf_str(&r->out)));
}

static const struct json *at(const struct json *j, const char *key, size_t index)
{
	const struct json *array = json_find(j, key);
	assert_non_null(array);
	assert_true(index < array->array.n);
	return array->array.items[index];
}

static bool text_is(const struct json *j, const char *key, const char *text)
{
	return str_is(json_str_or(j, key, STR("")), text);
}

static void text_shows_place_line_mark_and_verdict(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "true\nevil one two\n", "s.sh", STR(""), AUDIT_TEXT);
	has(&r, "s.sh:2:1: high: m <evil one two> [A1]\n");
	has(&r, "     2 | evil one two\n       | ^~~~~~~~~~~~\n");
	has(&r, "fix:     be | good\n");
	has(&r,
		"0 critical, 1 high, 0 medium, 0 low, 0 info; 0 waived; 2 commands, 0 not "
		"resolved\n");
	has(&r, "threshold high: FAIL\n");
}

static void text_shows_control_characters_as_escapes(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil \033[2J\n", "s.sh", STR(""), AUDIT_TEXT);
	assert_null(memchr(r.out.p, '\033', r.out.n));
	has(&r, "\\x1b[2J");
}

static void text_shows_long_lines_around_the_mark(void **state)
{
	(void)state;
	scoped(report) r = {0};
	scoped(buf) script = {0};
	for (int i = 0; i < 100; i++)
		buf_add_cstr(&script, "true \xc3\xa9; ");
	buf_add_cstr(&script, "evil one");
	for (int i = 0; i < 100; i++)
		buf_add_cstr(&script, "; true \xc3\xa9");
	make(&r, script.p, "s.sh", STR(""), AUDIT_TEXT);
	has(&r, "\xc3\xa9; evil one; true \xc3\xa9; ");
	has(&r, "     1 | ...");
	has(&r, "...\n       | ");
	assert_true(r.out.n < 1000);
}

static void jsonl_is_one_finding_a_line(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil 1\nevil 2\n", "s.sh", STR(""), AUDIT_JSONL);
	struct str rest = buf_str(&r.out);
	struct str line;
	size_t n = 0;
	while (str_cut(&rest, '\n', &line) && line.n > 0) {
		struct error err = {0};
		struct json *j = NULL;
		assert_int_equal(json_parse(&j, &r.arena, line, STR("line"), NULL, &err), 0);
		int64_t number = 0;
		assert_true(text_is(j, "rule", "A1"));
		assert_true(text_is(j, "severity", "high"));
		assert_true(text_is(j, "file", "s.sh"));
		assert_true(json_find(j, "message") != NULL);
		assert_int_equal(json_get_i64(j, "line", &number, "line", &err), 0);
		assert_int_equal(number, (int64_t)++n);
		assert_int_equal(json_get_i64(j, "column", &number, "line", &err), 0);
		assert_int_equal(number, 1);
	}
	assert_int_equal(n, 2);
	make(&r, "true\n", "s.sh", STR(""), AUDIT_JSONL);
	assert_int_equal(r.out.n, 0);
}

static void json_has_verdict_counts_and_findings(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil\n", "s.sh", STR(""), AUDIT_JSON);
	assert_true(text_is(r.json, "verdict", "FAIL"));
	assert_true(text_is(r.json, "profile", "default"));
	assert_true(text_is(r.json, "threshold", "high"));
	assert_true(text_is(at(r.json, "findings", 0), "rule", "A1"));
	assert_int_equal(json_find(r.json, "findings")->array.n, 1);
	assert_true(str_is(json_find(json_find(r.json, "counts"), "high")->text, "1"));
}

static void sarif_declares_every_rule_fired_or_not(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "true\n", "s.sh", STR(""), AUDIT_SARIF);
	assert_true(text_is(r.json, "version", "2.1.0"));
	const struct json *run = at(r.json, "runs", 0);
	const struct json *driver = json_find(json_find(run, "tool"), "driver");
	const struct json *rules = json_find(driver, "rules");
	size_t n = 0;
	size_t own = 0;
	(void)policy_rules(r.policy, &n);
	(void)policy_own_rules(r.policy, &own);
	assert_int_equal(n, 2);
	assert_int_equal(rules->array.n, n + own);
	const struct json *rule = rules->array.items[0];
	assert_true(text_is(rule, "id", "A1"));
	assert_true(text_is(json_find(rule, "fullDescription"), "text", "because"));
	assert_true(text_is(json_find(rule, "help"), "text", "be | good"));
	assert_true(text_is(json_find(rule, "properties"), "security-severity", "8.0"));
	assert_int_equal(json_find(run, "results")->array.n, 0);
}

static const struct json *first_region(const struct report *r)
{
	const struct json *run = at(r->json, "runs", 0);
	const struct json *location = at(at(run, "results", 0), "locations", 0);
	return json_find(json_find(location, "physicalLocation"), "region");
}

static bool number_is(const struct json *j, const char *key, const char *number)
{
	const struct json *value = json_find(j, key);
	return value && str_is(value->text, number);
}

static void sarif_counts_columns_in_code_points(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "true\nevil \"grüße\"\n", "s.sh", STR(""), AUDIT_SARIF);
	const struct json *run = at(r.json, "runs", 0);
	assert_true(text_is(run, "columnKind", "unicodeCodePoints"));
	const struct json *region = first_region(&r);
	assert_true(number_is(region, "startLine", "2"));
	assert_true(number_is(region, "startColumn", "1"));
	assert_true(number_is(region, "endLine", "2"));
	assert_true(number_is(region, "endColumn", "13"));
	assert_true(text_is(json_find(region, "snippet"), "text", "evil \"grüße\""));
}

static void sarif_names_files_without_absolute_paths(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil\n", "/home/me/my scripts/s#1.sh", STR(""), AUDIT_SARIF);
	has(&r, "\"uri\": \"s%231.sh\"");
	assert_false(str_contains(buf_str(&r.out), STR("/home/me")));
}

static void sarif_shows_a_waiver_as_a_suppression(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil x\n", "s.sh", STR(""), AUDIT_SARIF);
	const struct json *result = at(at(r.json, "runs", 0), "results", 0);
	assert_int_equal(json_find(result, "suppressions")->array.n, 0);
	char waiver[512];
	int n = snprintf(waiver, sizeof(waiver),
		"waiver {\n rule = \"A1\"\n fingerprint = \"%.*s\"\n reason = \"known\"\n owner = "
		"\"jane\"\n expires = \"2026-12-31\"\n}\n",
		STR_ARG(r.audit->findings.items[0].fingerprint));
	assert_true(n > 0);
	make(&r, "evil x\n", "s.sh", (struct str){waiver, (size_t)n}, AUDIT_SARIF);
	result = at(at(r.json, "runs", 0), "results", 0);
	const struct json *suppression = at(result, "suppressions", 0);
	assert_true(text_is(suppression, "kind", "external"));
	assert_true(str_contains(json_str_or(suppression, "justification", STR("")), STR("known")));
	const struct json *prints = json_find(result, "partialFingerprints");
	assert_int_equal(json_str_or(prints, "sealwright/v1", STR("")).n, 16);
}

static void the_same_audit_gives_the_same_bytes(void **state)
{
	(void)state;
	for (int f = AUDIT_TEXT; f <= AUDIT_MARKDOWN; f++) {
		scoped(report) a = {0};
		scoped(report) b = {0};
		make(&a, "evil b\nevil a\n$X\n", "s.sh", STR(""), (enum audit_format)f);
		make(&b, "evil b\nevil a\n$X\n", "s.sh", STR(""), (enum audit_format)f);
		assert_true(str_eq(buf_str(&a.out), buf_str(&b.out)));
	}
}

static void junit_escapes_markup(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil '\"&'\n", "s.sh", STR(""), AUDIT_JUNIT);
	has(&r, "<testsuite name=\"sealwright audit\" tests=\"2\" failures=\"2\"");
	has(&r, "m &lt;evil &quot;&amp;");
	assert_false(str_contains(buf_str(&r.out), STR("<evil")));
}

static void markdown_escapes_markup(void **state)
{
	(void)state;
	scoped(report) r = {0};
	make(&r, "evil '`a|b`'\n", "s.sh", STR(""), AUDIT_MARKDOWN);
	has(&r, "# Audit: FAIL\n");
	has(&r, "### high A1: evil\n");
	has(&r, "m &lt;evil");
	has(&r, "be \\| good");
	assert_false(str_contains(buf_str(&r.out), STR("m <evil")));
}

static void formats_have_names(void **state)
{
	(void)state;
	enum audit_format f;
	assert_true(audit_format_parse(STR("sarif"), &f));
	assert_int_equal(f, AUDIT_SARIF);
	assert_false(audit_format_parse(STR("yaml"), &f));
	assert_false(audit_format_parse(STR(""), &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_shows_place_line_mark_and_verdict),
		cmocka_unit_test(text_shows_control_characters_as_escapes),
		cmocka_unit_test(text_shows_long_lines_around_the_mark),
		cmocka_unit_test(jsonl_is_one_finding_a_line),
		cmocka_unit_test(json_has_verdict_counts_and_findings),
		cmocka_unit_test(sarif_declares_every_rule_fired_or_not),
		cmocka_unit_test(sarif_counts_columns_in_code_points),
		cmocka_unit_test(sarif_names_files_without_absolute_paths),
		cmocka_unit_test(sarif_shows_a_waiver_as_a_suppression),
		cmocka_unit_test(the_same_audit_gives_the_same_bytes),
		cmocka_unit_test(junit_escapes_markup),
		cmocka_unit_test(markdown_escapes_markup),
		cmocka_unit_test(formats_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
