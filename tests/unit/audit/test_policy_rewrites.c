/*
 * Rewrites that keep the meaning keep the finding: every bad example of every rule is wrapped,
 * quoted, encoded and moved into functions, loops and files, and must still be found.
 */
#include "audit/audit.h"
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- Rewrites ------------------------------------------------------------------------------- */

static void add_indented(struct buf *b, struct str script)
{
	buf_add(b, script);
	if (!str_has_suffix(script, STR("\n")))
		buf_add_byte(b, '\n');
}

static void add_quoted(struct buf *b, struct str script)
{
	buf_add_byte(b, '\'');
	for (size_t i = 0; i < script.n; i++) {
		if (script.p[i] == '\'')
			buf_add_cstr(b, "'\\''");
		else
			buf_add_byte(b, script.p[i]);
	}
	buf_add_byte(b, '\'');
}

static void into_function(struct buf *b, struct str script)
{
	buf_add_cstr(b, "setup() {\n");
	add_indented(b, script);
	buf_add_cstr(b, "}\nsetup\n");
}

static void into_nested_functions(struct buf *b, struct str script)
{
	buf_add_cstr(b, "inner() {\n");
	add_indented(b, script);
	buf_add_cstr(b, "}\nouter() { \"$@\"; }\nouter inner\n");
}

static void into_if(struct buf *b, struct str script)
{
	buf_add_cstr(b, "if true; then\n");
	add_indented(b, script);
	buf_add_cstr(b, "fi\n");
}

static void into_else(struct buf *b, struct str script)
{
	buf_add_cstr(b, "if [ -e /etc/absent ]; then\n:\nelse\n");
	add_indented(b, script);
	buf_add_cstr(b, "fi\n");
}

static void into_loop(struct buf *b, struct str script)
{
	buf_add_cstr(b, "for once in 1; do\n");
	add_indented(b, script);
	buf_add_cstr(b, "done\n");
}

static void into_left_loop(struct buf *b, struct str script)
{
	buf_add_cstr(b, "while :; do\n");
	add_indented(b, script);
	buf_add_cstr(b, "break\ndone\n");
}

static void into_case(struct buf *b, struct str script)
{
	buf_add_cstr(b, "case x in\nx)\n");
	add_indented(b, script);
	buf_add_cstr(b, ";;\nesac\n");
}

static void into_group(struct buf *b, struct str script)
{
	buf_add_cstr(b, "{\n");
	add_indented(b, script);
	buf_add_cstr(b, "}\n");
}

static void into_subshell(struct buf *b, struct str script)
{
	buf_add_cstr(b, "(\n");
	add_indented(b, script);
	buf_add_cstr(b, ")\n");
}

static void behind_and(struct buf *b, struct str script)
{
	buf_add_cstr(b, "true && {\n");
	add_indented(b, script);
	buf_add_cstr(b, "}\n");
}

static void into_shell(struct buf *b, struct str script)
{
	buf_add_cstr(b, "bash -c ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_two_shells(struct buf *b, struct str script)
{
	scoped(buf) inner = {0};
	into_shell(&inner, script);
	into_shell(b, buf_str(&inner));
}

static void into_sudo(struct buf *b, struct str script)
{
	buf_add_cstr(b, "sudo -E nice -n 5 env A=1 bash -c ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_su(struct buf *b, struct str script)
{
	buf_add_cstr(b, "su root -c ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_eval(struct buf *b, struct str script)
{
	buf_add_cstr(b, "eval ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_variable(struct buf *b, struct str script)
{
	buf_add_cstr(b, "code=");
	add_quoted(b, script);
	buf_add_cstr(b, "\neval \"$code\"\n");
}

static void into_array(struct buf *b, struct str script)
{
	buf_add_cstr(b, "run=(bash -c ");
	add_quoted(b, script);
	buf_add_cstr(b, ")\n\"${run[@]}\"\n");
}

static void into_heredoc(struct buf *b, struct str script)
{
	buf_add_cstr(b, "bash <<'OUTER'\n");
	add_indented(b, script);
	buf_add_cstr(b, "OUTER\n");
}

static void into_herestring(struct buf *b, struct str script)
{
	buf_add_cstr(b, "bash <<< ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_pipe(struct buf *b, struct str script)
{
	buf_add_cstr(b, "printf '%s\\n' ");
	add_quoted(b, script);
	buf_add_cstr(b, " | bash\n");
}

static void into_file(struct buf *b, struct str script)
{
	buf_add_cstr(b, "cat > /tmp/step.sh <<'OUTER'\n");
	add_indented(b, script);
	buf_add_cstr(b, "OUTER\nbash /tmp/step.sh\n");
}

static void into_program(struct buf *b, struct str script)
{
	buf_add_cstr(b, "cat > /usr/local/bin/step <<'OUTER'\n#!/bin/bash\n");
	add_indented(b, script);
	buf_add_cstr(b, "OUTER\nchmod 755 /usr/local/bin/step\nstep\n");
}

static void into_sourced_file(struct buf *b, struct str script)
{
	buf_add_cstr(b, "tee /tmp/lib.sh > /dev/null <<'OUTER'\n");
	add_indented(b, script);
	buf_add_cstr(b, "OUTER\n. /tmp/lib.sh\n");
}

static void into_base64(struct buf *b, struct str script)
{
	scoped(arena) a = {0};
	buf_add_cstr(b, "echo ");
	buf_add(b, base64_encode(&a, script));
	buf_add_cstr(b, " | base64 -d | bash\n");
}

static void into_xargs(struct buf *b, struct str script)
{
	buf_add_cstr(b, "echo once | xargs -I{} bash -c ");
	add_quoted(b, script);
	buf_add_byte(b, '\n');
}

static void into_find(struct buf *b, struct str script)
{
	buf_add_cstr(b, "find /etc/hostname -exec bash -c ");
	add_quoted(b, script);
	buf_add_cstr(b, " \\;\n");
}

static void into_python(struct buf *b, struct str script)
{
	buf_add_cstr(
		b, "python3 - <<'OUTER'\nimport subprocess\nsubprocess.run([\"bash\", \"-c\", \"");
	for (size_t i = 0; i < script.n; i++) {
		if (script.p[i] == '"' || script.p[i] == '\\')
			buf_add_byte(b, '\\');
		buf_add_byte(b, script.p[i]);
	}
	buf_add_cstr(b, "\"])\nOUTER\n");
}

static void into_alias(struct buf *b, struct str script)
{
	buf_add_cstr(b, "shopt -s expand_aliases\nalias step=");
	scoped(buf) inner = {0};
	buf_add_cstr(&inner, "bash -c ");
	add_quoted(&inner, script);
	add_quoted(b, buf_str(&inner));
	buf_add_cstr(b, "\nstep\n");
}

static void into_trap(struct buf *b, struct str script)
{
	buf_add_cstr(b, "trap ");
	add_quoted(b, script);
	buf_add_cstr(b, " EXIT\n");
}

static void behind_noise(struct buf *b, struct str script)
{
	buf_add_cstr(b,
		"# Prepare.\nset -o nounset; set +o nounset\nmkdir -p /srv/x && cd /srv/x || exit 1\n"
		"while read -r l; do echo \"$l\"; done < /etc/hostname\ncd - > /dev/null\n");
	add_indented(b, script);
}

struct rewrite {
	const char *name;
	void (*make)(struct buf *b, struct str script);
	/* Rules that this rewrite takes the ground from. */
	const char *not_for;
};

static const struct rewrite rewrites[] = {
	{"function", into_function, ""},
	{"nested functions", into_nested_functions, ""},
	{"if", into_if, ""},
	{"else", into_else, ""},
	{"loop", into_loop, ""},
	{"loop that is left", into_left_loop, ""},
	{"case", into_case, ""},
	{"group", into_group, ""},
	{"subshell", into_subshell, ""},
	{"and", behind_and, ""},
	{"shell", into_shell, ""},
	{"two shells", into_two_shells, ""},
	{"sudo", into_sudo, ""},
	{"su", into_su, ""},
	{"eval", into_eval, ""},
	{"variable", into_variable, ""},
	{"array", into_array, ""},
	{"heredoc", into_heredoc, ""},
	{"herestring", into_herestring, ""},
	{"pipe", into_pipe, ""},
	{"file", into_file, ""},
	{"program", into_program, ""},
	{"sourced file", into_sourced_file, ""},
	{"base64", into_base64, ""},
	{"xargs", into_xargs, ""},
	{"find", into_find, ""},
	{"python", into_python, ""},
	{"alias", into_alias, ""},
	{"trap", into_trap, ""},
	{"noise", behind_noise, ""},
};

/* ---- The test ------------------------------------------------------------------------------- */

static bool is_found(
	const struct policy *p, struct audit_cache *cache, struct str script, struct str id)
{
	struct error err = {0};
	scoped_ptr(audit) a = NULL;
	const struct audit_options o = {.cache = cache};
	if (audit_script(&a, script, STR("script"), p, &o, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < a->findings.n; i++)
		if (str_eq(a->findings.items[i].id, id))
			return true;
	return false;
}

static bool is_excepted(const struct rewrite *w, struct str id)
{
	struct str rest = str_from(w->not_for);
	struct str word;
	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, id))
			return true;
	return false;
}

static size_t check_rule(const struct policy *p, struct audit_cache *cache, const struct rule *r)
{
	size_t lost = 0;
	for (size_t i = 0; i < r->bad.n; i++) {
		/* Code of Windows is no part of a shell script. */
		if (str_has_prefix(r->bad.items[i], STR("#!pwsh")) ||
			str_has_prefix(r->bad.items[i], STR("#!cmd")))
			continue;
		if (!is_found(p, cache, r->bad.items[i], r->id))
			continue; /* needs a plan around it */
		for (size_t k = 0; k < sizeof(rewrites) / sizeof(rewrites[0]); k++) {
			scoped(buf) script = {0};
			if (is_excepted(&rewrites[k], r->id))
				continue;
			rewrites[k].make(&script, r->bad.items[i]);
			if (is_found(p, cache, buf_str(&script), r->id))
				continue;
			lost++;
			fprintf(stderr, "%.*s is lost (%s):\n%.*s\n", STR_ARG(r->id),
				rewrites[k].name, STR_ARG(buf_str(&script)));
		}
	}
	return lost;
}

static void rewrites_keep_the_finding(void **state)
{
	struct error err = {0};
	scoped_ptr(policy) p = NULL;
	struct policy_options o = {0};
	size_t n = 0;
	size_t lost = 0;
	(void)state;
	o.files = policy_builtin(&o.file_count);
	if (policy_load(&p, &o, &err) < 0)
		fail_msg("%s", err.text);
	const struct rule *rules = policy_rules(p, &n);
	scoped_ptr(audit_cache) cache = audit_cache_new(p);
	for (size_t i = 0; i < n; i++)
		lost += check_rule(p, cache, &rules[i]);
	assert_int_equal(lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewrites_keep_the_finding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
