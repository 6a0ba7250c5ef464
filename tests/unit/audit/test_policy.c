#include "audit/audit.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PACK "pack \"p\" {\n  version = \"1\"\n}\n"
#define RULE_BODY \
	"  title = \"t\"\n  severity = \"high\"\n  on = \"exec\"\n" \
	"  when = exec.name == \"evil\"\n  message = \"m\"\n"

static int load_files(struct policy **out, struct error *err, const char *profile, size_t n,
	const char *const *texts)
{
	static const char *const names[] = {"a.hcl", "b.hcl", "c.hcl"};
	struct policy_file files[3];
	for (size_t i = 0; i < n; i++)
		files[i] = (struct policy_file){str_from(names[i]), str_from(texts[i])};
	const struct policy_options o = {files, n, str_from(profile)};
	return policy_load(out, &o, err);
}

static void refuses(const char *expected, const char *profile, size_t n, const char *const *texts)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	assert_int_equal(load_files(&p, &err, profile, n, texts), -1);
	assert_null(p);
	if (!strstr(err.text, expected))
		fail_msg("\"%s\" is not in \"%s\"", expected, err.text);
}

#define REFUSES(expected, profile, ...) \
	refuses(expected, profile, countof(((const char *const[]){__VA_ARGS__})), \
		(const char *const[]){__VA_ARGS__})

static struct digest digest_of(const char *profile, const char *text)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	if (load_files(&p, &err, profile, 1, &text) < 0)
		fail_msg("%s", err.text);
	return *policy_digest(p);
}

static void an_unknown_attribute_is_an_error_with_its_place(void **state)
{
	(void)state;
	REFUSES("a.hcl:5:", "", PACK "rule \"A1\" {\n  titel = \"x\"\n" RULE_BODY "}\n");
	REFUSES("b.hcl:1:", "", PACK, "rules \"A1\" {}\n");
	REFUSES("a.hcl:2:", "", "profile \"x\" {\n  treshold = \"low\"\n}\n");
	REFUSES("a.hcl:2:", "", "pack \"x\" {\n  versoin = \"1\"\n}\n");
}

static void a_rule_needs_its_attributes(void **state)
{
	(void)state;
	REFUSES("has no when", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"high\"\n on=\"exec\"\n "
		     "message=\"m\"\n}\n");
	REFUSES("severity", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"grave\"\n on=\"exec\"\n when=true\n "
		     "message=\"m\"\n}\n");
	REFUSES("kind of fact", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"high\"\n on=\"none\"\n when=true\n "
		     "message=\"m\"\n}\n");
	REFUSES("one label", "", PACK "rule {\n" RULE_BODY "}\n");
	REFUSES("no id", "", PACK "rule \"1 x\" {\n" RULE_BODY "}\n");
}

static void a_rule_is_there_once(void **state)
{
	(void)state;
	REFUSES("b.hcl:2:1: rule A1 is there already, at a.hcl:4:1", "",
		PACK "rule \"A1\" {\n" RULE_BODY "}\n",
		"pack \"p\" {}\nrule \"A1\" {\n" RULE_BODY "}\n");
	REFUSES("the audit's own", "", PACK "rule \"META005\" {\n" RULE_BODY "}\n");
}

static void rules_belong_to_a_pack_that_is_described_once(void **state)
{
	(void)state;
	REFUSES("block of its pack", "", "rule \"A1\" {\n" RULE_BODY "}\n");
	REFUSES("version", "", "pack \"p\" {}\nrule \"A1\" {\n" RULE_BODY "}\n");
	REFUSES("described already", "", PACK, PACK);
	REFUSES("one pack", "", PACK "pack \"q\" {\n  version = \"1\"\n}\n");
}

static void names_that_do_not_exist_are_found_at_load(void **state)
{
	(void)state;
	REFUSES("A1", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"low\"\n on=\"exec\"\n "
		     "when=flow.to == \"x\"\n message=\"m\"\n}\n");
	REFUSES("has_flags", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"low\"\n on=\"exec\"\n "
		     "when=has_flags(exec, \"k\")\n message=\"m\"\n}\n");
	REFUSES("neither true nor false", "",
		PACK "rule \"A1\" {\n title=\"t\"\n severity=\"low\"\n on=\"exec\"\n "
		     "when=\"yes\"\n message=\"m\"\n}\n");
}

#define LOCKED PACK "rule \"A1\" {\n  locked = true\n  params = { limit = 1 }\n" RULE_BODY "}\n"

static void a_locked_rule_is_not_relaxed(void **state)
{
	(void)state;
	REFUSES("locked and cannot be relaxed", "x",
		LOCKED "profile \"x\" {\n  severities = { A1 = \"low\" }\n}\n");
	REFUSES("locked and cannot be relaxed", "x",
		LOCKED "profile \"x\" {\n  severities = { A1 = \"off\" }\n}\n");
	REFUSES("which is locked", "x", LOCKED "profile \"x\" {\n  params = { limit = 2 }\n}\n");
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	const char *raised = LOCKED "profile \"x\" {\n  severities = { A1 = \"critical\" }\n}\n";
	assert_int_equal(load_files(&p, &err, "x", 1, &raised), 0);
	assert_int_equal(policy_find(p, STR("A1"))->severity, SEVERITY_CRITICAL);
}

#define WAIVER \
	"waiver {\n  rule = \"A1\"\n  fingerprint = \"0123456789abcdef\"\n  reason = \"r\"\n" \
	"  owner = \"o\"\n  expires = \"2026-12-31\"\n}\n"

static void a_locked_rule_is_not_waived(void **state)
{
	(void)state;
	REFUSES("b.hcl:1:1: rule A1 is locked and cannot be waived", "", LOCKED, WAIVER);
	REFUSES("is locked", "x",
		PACK "rule \"A1\" {\n" RULE_BODY "}\nprofile \"x\" {\n  locked = [\"A1\"]\n}\n",
		WAIVER);
}

static void waivers_stand_in_a_file_of_their_own(void **state)
{
	(void)state;
	REFUSES("file of their own", "", PACK "rule \"A1\" {\n" RULE_BODY "}\n" WAIVER);
}

static void a_waiver_says_what_who_why_and_until_when(void **state)
{
	(void)state;
	REFUSES("must have owner", "",
		"waiver {\n rule=\"A1\"\n fingerprint=\"0123456789abcdef\"\n reason=\"r\"\n "
		"expires=\"2026-12-31\"\n}\n");
	REFUSES("no date", "",
		"waiver {\n rule=\"A1\"\n fingerprint=\"0123456789abcdef\"\n reason=\"r\"\n "
		"owner=\"o\"\n expires=\"2026-13-31\"\n}\n");
	REFUSES("hex digits", "",
		"waiver {\n rule=\"A1\"\n fingerprint=\"*\"\n reason=\"r\"\n owner=\"o\"\n "
		"expires=\"2026-12-31\"\n}\n");
	REFUSES("already", "", WAIVER WAIVER);
}

static void a_profile_refers_to_what_is_there(void **state)
{
	(void)state;
	REFUSES("no profile \"y\"", "y", PACK);
	REFUSES("no pack \"q\"", "x", PACK "profile \"x\" {\n  packs = [\"q\"]\n}\n");
	REFUSES("no rule B1", "x", PACK "profile \"x\" {\n  severities = { B1 = \"low\" }\n}\n");
	REFUSES("no rule B1", "x", PACK "profile \"x\" {\n  locked = [\"B1\"]\n}\n");
	REFUSES("no rule in its packs has hosts", "x",
		PACK "profile \"x\" {\n  params = { hosts = [] }\n}\n");
	REFUSES("per cent", "x", PACK "profile \"x\" {\n  opaque_limit = 101\n}\n");
	REFUSES("there already", "x", "profile \"x\" {}\nprofile \"x\" {}\n");
}

static void a_profile_chooses_packs_and_changes_rules(void **state)
{
	(void)state;
	const char *const texts[] = {
		PACK "rule \"A1\" {\n  params = { limit = 1 }\n" RULE_BODY
		     "}\nrule \"A2\" {\n" RULE_BODY "}\n",
		"pack \"q\" {\n  version = \"1\"\n}\nrule \"B1\" {\n" RULE_BODY "}\n",
		("profile \"x\" {\n  packs = [\"p\"]\n  threshold = \"low\"\n"
		 "  severities = { A2 = \"off\" }\n  params = { limit = 7 }\n}\n"),
	};
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	if (load_files(&p, &err, "x", 3, texts) < 0)
		fail_msg("%s", err.text);
	assert_null(policy_find(p, STR("B1")));
	assert_null(policy_find(p, STR("A2")));
	const struct rule *r = policy_find(p, STR("A1"));
	assert_non_null(r);
	assert_int_equal(hcl_member(&r->params, STR("limit"))->integer, 7);
	assert_int_equal(policy_threshold(p), SEVERITY_LOW);
	assert_true(str_is(policy_profile(p), "x"));
	size_t n = 0;
	(void)policy_packs(p, &n);
	assert_int_equal(n, 2);
}

#define RULE_WITH(when) \
	PACK "rule \"A1\" {\n title=\"t\"\n severity=\"high\"\n on=\"exec\"\n when=" when \
	     "\n message=\"m ${exec.name}\"\n}\n"

static void comments_and_layout_do_not_count_in_the_digest(void **state)
{
	(void)state;
	struct digest plain = digest_of("", RULE_WITH("exec.name == \"a\" && !exec.fatal"));
	struct digest loose = digest_of("",
		"# a pack\n" RULE_WITH("exec.name==\"a\" /* why */&&   ! exec.fatal // because"));
	struct digest lines =
		digest_of("", RULE_WITH("exec.name == \"a\" && !exec.fatal") "\n\n# the end\n");
	assert_true(digest_eq(&plain, &loose));
	assert_true(digest_eq(&plain, &lines));
	struct digest spaced =
		digest_of("", RULE_WITH("one_of(exec.name,\n  \"a\",\n\"b\" # x\n)"));
	struct digest tight = digest_of("", RULE_WITH("one_of(exec.name, \"a\", \"b\")"));
	assert_true(digest_eq(&spaced, &tight));
}

static void every_change_of_meaning_changes_the_digest(void **state)
{
	(void)state;
	static const char *const different[] = {
		RULE_WITH("exec.name == \"a\""),
		RULE_WITH("exec.name == \"a \""),
		RULE_WITH("exec.name == \"a#\""),
		RULE_WITH("exec.name == \"a//x\""),
		RULE_WITH("exec.name == \"${\"a\"}\""),
		RULE_WITH("exec.name != \"a\""),
		RULE_WITH("exec.name == \"b\""),
		RULE_WITH("exec.name == \"a\"") "profile \"x\" {}\n",
	};
	struct digest seen[countof(different)];
	for (size_t i = 0; i < countof(different); i++) {
		seen[i] = digest_of(i == 7 ? "x" : "", different[i]);
		for (size_t k = 0; k < i; k++)
			assert_false(digest_eq(&seen[i], &seen[k]));
	}
}

static struct policy *load_builtin(const char *profile)
{
	struct error err = {0};
	struct policy *p = NULL;
	struct policy_options o = {.profile = str_from(profile)};
	o.files = policy_builtin(&o.file_count);
	if (policy_load(&p, &o, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

static void every_profile_of_the_program_loads(void **state)
{
	(void)state;
	scoped_ptr(policy) all = load_builtin("");
	size_t n = 0;
	const struct policy_profile_name *profiles = policy_profiles(all, &n);
	assert_true(n >= 6);
	for (size_t i = 0; i < n; i++) {
		char name[64];
		assert_true(profiles[i].name.n < sizeof(name));
		memcpy(name, profiles[i].name.p, profiles[i].name.n);
		name[profiles[i].name.n] = '\0';
		scoped_ptr(policy) p = load_builtin(name);
		assert_true(profiles[i].description.n > 0);
		assert_false(digest_eq(policy_digest(p), policy_digest(all)));
	}
}

static void every_rule_of_the_baseline_explains_itself(void **state)
{
	(void)state;
	scoped_ptr(policy) p = load_builtin("");
	size_t n = 0;
	size_t rules = 0;
	size_t groups = 0;
	struct str group = {0};
	const struct rule *r = policy_rules(p, &n);
	for (size_t i = 0; i < n; i++) {
		bool whole = r[i].title.n > 0 && r[i].why.n > 0 && r[i].fix.n > 0 &&
			r[i].refs.n > 0 && r[i].bad.n > 0 && r[i].good.n > 0;
		if (!whole)
			fail_msg("%.*s is not complete", STR_ARG(r[i].id));
		struct str letters = str_sub(r[i].id, 0, r[i].id.n - 3);
		groups += !str_eq(letters, group);
		group = letters;
		rules++;
	}
	assert_true(rules >= 60);
	assert_true(groups >= 14);
}

static int load_fixtures(struct policy **out, const char *waivers, struct error *err)
{
	scoped(buf) pack = {0};
	scoped(buf) waiver = {0};
	struct policy_file files[64];
	size_t n = 0;
	const struct policy_file *builtin = policy_builtin(&n);
	assert_true(n + 2 <= countof(files));
	memcpy(files, builtin, n * sizeof(*builtin));
	if (file_read(&pack, AT_FDCWD, FIXTURES "/policy/acme.hcl", 1 << 20, err) < 0 ||
		file_read(&waiver, AT_FDCWD, waivers, 1 << 20, err) < 0)
		fail_msg("%s", err->text);
	files[n++] = (struct policy_file){STR("acme.hcl"), buf_str(&pack)};
	files[n++] = (struct policy_file){STR("waivers.hcl"), buf_str(&waiver)};
	const struct policy_options o = {files, n, STR("acme")};
	return policy_load(out, &o, err);
}

static void a_publisher_adds_a_pack_a_profile_and_waivers(void **state)
{
	(void)state;
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	if (load_fixtures(&p, FIXTURES "/policy/waivers.hcl", &err) < 0)
		fail_msg("%s", err.text);
	assert_null(policy_find(p, STR("PN001")));
	assert_int_equal(policy_find(p, STR("SG013"))->severity, SEVERITY_HIGH);
	assert_int_equal(hcl_member(&policy_find(p, STR("ACME001"))->params, STR("hosts"))->n, 2);
	assert_true(policy_find(p, STR("RX001"))->locked);
	scoped_ptr(policy) refused = NULL;
	assert_int_equal(load_fixtures(&refused, FIXTURES "/policy/waiver-locked.hcl", &err), -1);
	assert_non_null(strstr(err.text, "waivers.hcl:1:1: rule RX001 is locked"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_attribute_is_an_error_with_its_place),
		cmocka_unit_test(a_rule_needs_its_attributes),
		cmocka_unit_test(a_rule_is_there_once),
		cmocka_unit_test(rules_belong_to_a_pack_that_is_described_once),
		cmocka_unit_test(names_that_do_not_exist_are_found_at_load),
		cmocka_unit_test(a_locked_rule_is_not_relaxed),
		cmocka_unit_test(a_locked_rule_is_not_waived),
		cmocka_unit_test(waivers_stand_in_a_file_of_their_own),
		cmocka_unit_test(a_waiver_says_what_who_why_and_until_when),
		cmocka_unit_test(a_profile_refers_to_what_is_there),
		cmocka_unit_test(a_profile_chooses_packs_and_changes_rules),
		cmocka_unit_test(comments_and_layout_do_not_count_in_the_digest),
		cmocka_unit_test(every_change_of_meaning_changes_the_digest),
		cmocka_unit_test(a_publisher_adds_a_pack_a_profile_and_waivers),
		cmocka_unit_test(every_profile_of_the_program_loads),
		cmocka_unit_test(every_rule_of_the_baseline_explains_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
