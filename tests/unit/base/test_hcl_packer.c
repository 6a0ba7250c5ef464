/*
 * fixtures/hcl/functions.txt: expressions, a tab, and what Packer 1.14.3 makes of them (JSON, or
 * "error").
 */
#include "tests/unit/base/hcl_check.h"

#include "base/file.h"

#include <fcntl.h>

static void check_line(struct str line, size_t number)
{
	scoped(arena) a = {0};
	scoped(buf) got = {0};
	struct error err = {0};
	struct hcl_value v = {0};
	struct json *want = NULL;
	struct str expr = {0};
	arena_init(&a, (size_t)64 << 20);
	assert_true(str_cut(&line, '\t', &expr));
	int status = check_evaluate(&v, &a, arena_cstr(&a, expr), NULL, &err);
	if (str_is(line, "error")) {
		if (status == 0)
			fail_msg("line %zu: %.*s is accepted", number, STR_ARG(expr));
		return;
	}
	if (status < 0)
		fail_msg("line %zu: %.*s: %s", number, STR_ARG(expr), err.text);
	assert_int_equal(json_parse(&want, &a, line, STR("want"), NULL, &err), 0);
	struct json *made = hcl_to_json(&a, &v);
	json_write_canonical(&got, made);
	if (!json_equal(made, want))
		fail_msg("line %zu: %.*s is %s, not %.*s", number, STR_ARG(expr), got.p,
			STR_ARG(line));
}

static void expressions_are_worth_what_packer_says(void **state)
{
	(void)state;
	scoped(buf) text = {0};
	struct error err = {0};
	struct str line = {0};
	size_t number = 0;
	assert_int_equal(
		file_read(&text, AT_FDCWD, FIXTURES "/hcl/functions.txt", 1 << 20, &err), 0);
	struct str rest = buf_str(&text);
	while (rest.n > 0 && str_cut(&rest, '\n', &line))
		check_line(line, ++number);
	assert_true(number > 500);
}

/* The functions of Packer 1.16 that need nothing of the outside world. */
static const char *const names[] = {"abs", "alltrue", "anytrue", "base64decode", "base64encode",
	"base64gzip", "basename", "can", "ceil", "chomp", "chunklist", "cidrhost", "cidrnetmask",
	"cidrsubnet", "cidrsubnets", "coalesce", "coalescelist", "compact", "concat", "contains",
	"convert", "csvdecode", "dirname", "distinct", "element", "endswith", "flatten", "floor",
	"format", "formatdate", "formatlist", "indent", "index", "join", "jsondecode", "jsonencode",
	"keys", "length", "log", "lookup", "lower", "max", "md5", "merge", "min", "parseint", "pow",
	"range", "regex", "regex_replace", "regexall", "replace", "reverse", "rfc3339_parse",
	"rsadecrypt", "setintersection", "setproduct", "setunion", "sha1", "sha256", "sha512",
	"signum", "slice", "sort", "split", "startswith", "strcontains", "strrev", "substr", "sum",
	"textdecodebase64", "textencodebase64", "timeadd", "title", "trim", "trimprefix",
	"trimspace", "trimsuffix", "try", "unix_timestamp_parse", "upper", "urlencode", "uuidv5",
	"values", "yamldecode", "yamlencode", "zipmap"};

static void every_function_of_packer_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		const struct hcl_function *f = hcl_functions_core;
		while (f->name && strcmp(f->name, names[i]) != 0)
			f++;
		if (!f->name)
			fail_msg("there is no %s", names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_worth_what_packer_says),
		cmocka_unit_test(every_function_of_packer_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
