/*
 * fixtures/policy/pairs/: dangerous scripts and their harmless twins, which differ little in words
 * and much in meaning.
 *
 * "=== bad RULE[|RULE] TITLE" begins a script in which one of the rules must be found,
 * "=== good" its twin, in which none of them may be, nor anything else that fails a build.
 */
#include "audit/audit.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct pairs {
	struct policy *policy;
	struct audit_cache *cache;
	const char *path;
	struct str rules;
	struct str title;
	size_t n;
	size_t wrong;
};

static bool is_listed(struct str rules, struct str id)
{
	struct str rule;
	while (str_cut(&rules, '|', &rule))
		if (str_eq(rule, id))
			return true;
	return false;
}

static struct audit *audit_of(const struct pairs *p, struct str script)
{
	struct error err = {0};
	struct audit *a = NULL;
	const struct audit_options o = {.cache = p->cache};
	if (audit_script(&a, script, STR("script"), p->policy, &o, &err) < 0)
		fail_msg("%s: %.*s: %s", p->path, STR_ARG(p->title), err.text);
	return a;
}

static void complain(struct pairs *p, const char *what)
{
	p->wrong++;
	fprintf(stderr, "%s: %.*s: %s\n", p->path, STR_ARG(p->title), what);
}

static void check_bad(struct pairs *p, struct str script)
{
	scoped_ptr(audit) a = audit_of(p, script);
	p->n++;
	for (size_t i = 0; i < a->findings.n; i++)
		if (is_listed(p->rules, a->findings.items[i].id))
			return;
	complain(p, "the dangerous one is not found");
}

static void check_good(struct pairs *p, struct str script)
{
	scoped_ptr(audit) a = audit_of(p, script);
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct finding *f = &a->findings.items[i];
		if (!is_listed(p->rules, f->id) && f->severity < SEVERITY_HIGH)
			continue;
		fprintf(stderr, "%.*s: %.*s\n", STR_ARG(f->id), STR_ARG(f->message));
		complain(p, "the harmless one is found");
	}
}

static void check_block(struct pairs *p, struct str block)
{
	struct str header;
	assert_true(str_cut(&block, '\n', &header));
	if (str_is(header, "good")) {
		assert_true(p->rules.n > 0);
		check_good(p, block);
		p->rules = STR("");
		return;
	}
	assert_true(str_has_prefix(header, STR("bad ")));
	assert_true(p->rules.n == 0);
	header = str_from_index(header, 4);
	assert_true(str_cut(&header, ' ', &p->rules));
	p->title = header;
	check_bad(p, block);
}

static void check_file(struct pairs *p, struct str text)
{
	assert_true(str_has_prefix(text, STR("=== ")));
	while (text.n > 0) {
		size_t end = str_find(text, STR("\n=== "));
		size_t n = end == STR_NPOS ? text.n : end + 1;
		check_block(p, str_sub(text, 4, n - 4));
		text = str_from_index(text, n);
	}
	assert_true(p->rules.n == 0);
}

static void pairs_are_told_apart(void **state)
{
	static const char directory[] = FIXTURES "/policy/pairs";
	struct error err = {0};
	scoped(arena) a = {0};
	scoped_ptr(policy) policy = NULL;
	struct str_list names = {0};
	struct policy_options o = {0};
	(void)state;
	o.files = policy_builtin(&o.file_count);
	if (policy_load(&policy, &o, &err) < 0 ||
		dir_list(&names, &a, AT_FDCWD, directory, 1000, &err) < 0)
		fail_msg("%s", err.text);
	scoped_ptr(audit_cache) cache = audit_cache_new(policy);
	struct pairs p = {.policy = policy, .cache = cache};
	for (size_t i = 0; i < names.n; i++) {
		scoped(buf) text = {0};
		char path[512];
		int n = snprintf(path, sizeof(path), "%s/%.*s", directory, STR_ARG(names.items[i]));
		assert_true(n > 0 && (size_t)n < sizeof(path));
		if (file_read(&text, AT_FDCWD, path, 1 << 20, &err) < 0)
			fail_msg("%s", err.text);
		p.path = path;
		p.rules = STR("");
		check_file(&p, buf_str(&text));
	}
	assert_true(p.n >= 600);
	assert_int_equal(p.wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
