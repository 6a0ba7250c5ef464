/* What rules can call: each case is a rule's `when` and a script for which it holds, or not. */
#include "audit/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct example {
	const char *when;
	const char *script;
	bool holds;
};

static size_t count_findings(const char *when, const char *script, struct error *err)
{
	char text[2048];
	int n = snprintf(text, sizeof(text),
		"pack \"p\" {\n version = \"1\"\n}\nrule \"A1\" {\n title = \"t\"\n severity = "
		"\"high\"\n on = \"exec\"\n when = %s\n message = \"m\"\n}\n",
		when);
	assert_true(n > 0 && (size_t)n < sizeof(text));
	const struct policy_file file = {STR("a.hcl"), str_from(text)};
	const struct policy_options po = {.files = &file, .file_count = 1};
	const struct audit_options ao = {0};
	scoped_ptr(policy) p = NULL;
	scoped_ptr(audit) a = NULL;
	if (policy_load(&p, &po, err) < 0 ||
		audit_script(&a, str_from(script), STR("s.sh"), p, &ao, err) < 0)
		return SIZE_MAX;
	size_t found = 0;
	for (size_t i = 0; i < a->findings.n; i++)
		found += str_is(a->findings.items[i].id, "A1");
	return found;
}

static void check(const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = {0};
		size_t found = count_findings(examples[i].when, examples[i].script, &err);
		if (found == SIZE_MAX)
			fail_msg("%s: %s", examples[i].when, err.text);
		if ((found > 0) != examples[i].holds)
			fail_msg("%s: %s: %zu findings", examples[i].when, examples[i].script,
				found);
	}
}

static void short_and_long_options_are_found_in_every_spelling(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"has_flag(exec, \"k\", \"insecure\")", "curl -k https://x.example", true},
		{"has_flag(exec, \"k\", \"insecure\")", "curl -fsSLk https://x.example", true},
		{"has_flag(exec, \"k\", \"insecure\")", "curl --insecure https://x.example", true},
		{"has_flag(exec, \"k\", \"insecure\")", "curl -okay https://x.example", false},
		{"has_flag(exec, \"k\", \"insecure\")", "curl https://x.example/-k", false},
		{"has_flag(exec, \"k\", \"insecure\")", "curl -- -k", false},
		{"has_flag(exec, \"no-check-certificate\")", "wget --no-check-cert u", true},
		{"has_flag(exec, \"no-check-certificate\")", "wget --no-c u", true},
		{"has_flag(exec, \"no-check-certificate\")", "wget --no-cache u", false},
		{"has_flag(exec, \"x\")", "tool -x=1", true},
		{"has_flag(exec, \"level\")", "tool --level=3", true},
		{"has_flag(exec, \"level\")", "tool -level 3", true},
		{"has_flag(exec, \"lev\")", "tool --level", false},
	};
	check(examples, countof(examples));
}

static void values_of_options_are_found_in_every_spelling(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"flag_value(exec, \"o\", \"output\") == \"x\"", "curl -o x u", true},
		{"flag_value(exec, \"o\", \"output\") == \"x\"", "curl -ox u", true},
		{"flag_value(exec, \"o\", \"output\") == \"x\"", "curl -fsSLo x u", true},
		{"flag_value(exec, \"o\", \"output\") == \"x\"", "curl --output=x u", true},
		{"flag_value(exec, \"o\", \"output\") == \"x\"", "curl --output x u", true},
		{"flag_value(exec, \"o\", \"output\") == null", "curl u", true},
		{"flag_value(exec, \"o\", \"output\") == null", "curl u -o", true},
	};
	check(examples, countof(examples));
}

static void words_match_as_they_are_and_by_pattern(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"has_arg(exec, \"install\")", "apt-get install x", true},
		{"has_arg(exec, \"apt-get\")", "apt-get install x", false},
		{"any_arg(exec, \"^of=/dev/\")", "dd if=x of=/dev/vda", true},
		{"any_arg(exec, \"^of=/dev/\", \"^if=\")", "dd if=x", true},
		{"any_arg(exec, \"^of=/dev/\")", "dd if=/dev/vda", false},
		{"matches(exec.name, \"^pip[0-9.]*$\")", "pip3.11 list", true},
		{"matches(exec.argv, \"^li\")", "pip3.11 list", true},
		{"matches(null, \".\")", "true", false},
		{"matches([null, \"x\"], \"x\")", "true", true},
		{"matches(\"a\\nb\", \"^b$\")", "true", true},
		{"one_of(exec.name, \"a\", [\"b\", \"true\"])", "true", true},
		{"one_of(null, \"a\", [\"b\", null])", "true", false},
		{"glob_match(\"/etc/x.d/y\", \"/etc/*.d/?\")", "true", true},
		{"glob_match(\"/etc/x.d/yy\", \"/etc/*.d/?\")", "true", false},
		{"glob_match(\"b\", \"[!a]\", \"c\")", "true", true},
		{"glob_match(\"]\", \"[]]\")", "true", true},
		{"is_interpreter(\"/usr/bin/python3.11\") && !is_shell(\"python3\")", "true", true},
		{"is_shell(\"/bin/bash\") && !is_interpreter(\"pythonista\")", "true", true},
	};
	check(examples, countof(examples));
}

static void paths_are_resolved_before_they_are_compared(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"path_under(\"/etc/ssh/x\", \"/etc/ssh\")", "true", true},
		{"path_under(\"/etc/ssh\", \"/etc/ssh/\")", "true", true},
		{"path_under(\"/etc//ssh/../ssh/x\", \"/etc/ssh\")", "true", true},
		{"path_under(\"/etc/ssh/../passwd\", \"/etc/ssh\")", "true", false},
		{"path_under(\"/etc/sshd\", \"/etc/ssh\")", "true", false},
		{"path_under(\"/../../etc/x\", [\"/a\", \"/etc\"])", "true", true},
		{"path_under(null, \"/\")", "true", false},
		{"path_under(\"x\", \"/\")", "true", false},
		{"base_name(\"/a/b\") == \"b\"", "true", true},
	};
	check(examples, countof(examples));
}

static void hosts_and_addresses_are_known_in_every_form(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"host_in(\"Example.ORG\", \"example.org\")", "true", true},
		{"host_in(\"a.example.org\", \"example.org\")", "true", false},
		{"host_in(\"a.example.org:8080\", [\".example.org\"])", "true", true},
		{"host_in(\"a.example.org.\", \"*.example.org\")", "true", true},
		{"host_in(\"evilexample.org\", \".example.org\")", "true", false},
		{"host_in(null, \"x\")", "true", false},
		{"is_ip(\"203.0.113.9\") && is_ip(\"0xcb007109\") && is_ip(\"3405803785\")", "true",
			true},
		{"is_ip(\"[2001:db8::1]:80\") && is_ip(\"2001:db8::1\")", "true", true},
		{"is_ip(\"example.org\") || is_ip(\"1.2.3.4.example.org\")", "true", false},
		{"is_loopback(\"localhost\") && is_loopback(\"127.1\") && is_loopback(\"[::1]\")",
			"true", true},
		{"is_loopback(\"2130706433\") && is_loopback(\"::ffff:127.0.0.1\")", "true", true},
		{"is_loopback(\"128.0.0.1\") || is_loopback(\"localhost.example.org\")", "true",
			false},
		{"is_private(\"10.1.2.3\") && is_private(\"172.31.0.1\") && "
		 "is_private(\"169.254.169.254\")",
			"true", true},
		{"is_private(\"172.32.0.1\") || is_private(\"8.8.8.8\")", "true", false},
		{"is_private(\"fd00::1\") && is_private(\"fe80::1%eth0\")", "true", true},
	};
	check(examples, countof(examples));
}

static void modes_are_read_in_numbers_and_symbols(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"mode_sets(\"4755\", \"setuid\") && mode_sets(\"u+s\", \"setuid\")", "true", true},
		{"mode_sets(\"+s\", \"setuid\") && mode_sets(\"ug=rwxs\", \"setgid\")", "true",
			true},
		{"mode_sets(\"u-s\", \"setuid\") || mode_sets(\"0755\", \"setuid\")", "true",
			false},
		{"mode_sets(\"777\", \"world-write\") && mode_sets(\"a+w\", \"world-write\")",
			"true", true},
		{"mode_sets(\"go=u,o+w\", \"world-write\") && mode_sets(\"1777\", \"sticky\")",
			"true", true},
		{"mode_sets(\"u+w\", \"world-write\") || mode_sets(\"775\", \"world-write\")",
			"true", false},
		{"mode_sets(null, \"setuid\")", "true", false},
	};
	check(examples, countof(examples));
}

static void settings_and_sed_scripts_tell_what_holds_afterwards(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"setting(\"# a 1\\n A = 2\\na 3\", \"a\") == \"2\"", "true", true},
		{"setting(\"ab 1\", \"a\") == null", "true", true},
		{"setting(\"a: 'x y'\", \"a\") == \"x y\"", "true", true},
		{"sed_adds(\"s/no/yes/\") == \"yes\\n\"", "true", true},
		{"sed_adds(\"s,a/b,c\\\\,d,g; s|x|y|\") == \"c,d\\ny\\n\"", "true", true},
		{"sed_adds(\"s/^#*\\\\(Port\\\\) .*/\\\\1 22/\") == \"Port 22\\n\"", "true", true},
		{"sed_adds(\"s/^#?(Port) .*/\\\\1 22/\") == \"Port 22\\n\"", "true", true},
		{"sed_adds(\"s/Port [0-9]+/& x/\") == \"Port  x\\n\"", "true", true},
		{"sed_adds(\"/a/d\") == \"\"", "true", true},
		{"sed_adds(\"/a/s/b/c/;$a end\") == \"c\\nend\\n\"", "true", true},
		{"sed_adds(\"1i\\\\\\nfirst\") == \"first\\n\"", "true", true},
		{"sed_adds(\"s/[/]x/y/\") == \"y\\n\"", "true", true},
		{"sed_adds(null) == \"\"", "true", true},
	};
	check(examples, countof(examples));
}

static void lengths_and_hidden_characters_are_measured(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"seconds(\"90\") == 90 && seconds(\"2h\") == 7200 && seconds(\"1.5d\") == 86400",
			"true", true},
		{"seconds(\"x\") == 0 && seconds(null) == 0 && seconds(\"s\") == 0", "true", true},
		{"blob_size(\"ab cdef+/=\") == 7", "true", true},
		{"blob_size(null) == 0", "true", true},
		{"is_deceptive(\"a\\u202eb\") && is_deceptive(\"a\\u200bb\")", "true", true},
		{"is_deceptive(\"Grüße 你好 \\u26a0\\ufe0f\")", "true", false},
		{"is_deceptive(\"admin\\ufe0f\")", "true", true},
	};
	check(examples, countof(examples));
}

static void a_rule_that_cannot_be_evaluated_fails_the_audit(void **state)
{
	(void)state;
	struct error err = {0};
	assert_int_equal(count_findings("length(exec.user) > 3", "true", &err), SIZE_MAX);
	assert_non_null(strstr(err.text, "rule A1"));
	assert_non_null(strstr(err.text, "s.sh:1:1"));
	assert_non_null(strstr(err.text, "a.hcl:8:"));
	err = (struct error){0};
	assert_int_equal(count_findings("matches(exec.name, \"(\")", "true", &err), SIZE_MAX);
	assert_non_null(strstr(err.text, "pattern"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_and_long_options_are_found_in_every_spelling),
		cmocka_unit_test(values_of_options_are_found_in_every_spelling),
		cmocka_unit_test(words_match_as_they_are_and_by_pattern),
		cmocka_unit_test(paths_are_resolved_before_they_are_compared),
		cmocka_unit_test(hosts_and_addresses_are_known_in_every_form),
		cmocka_unit_test(modes_are_read_in_numbers_and_symbols),
		cmocka_unit_test(settings_and_sed_scripts_tell_what_holds_afterwards),
		cmocka_unit_test(lengths_and_hidden_characters_are_measured),
		cmocka_unit_test(a_rule_that_cannot_be_evaluated_fails_the_audit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
