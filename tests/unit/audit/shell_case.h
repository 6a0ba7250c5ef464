/* The cases of fixtures/shell; the form stands in its README. */
#ifndef TESTS_UNIT_AUDIT_SHELL_CASE_H
#define TESTS_UNIT_AUDIT_SHELL_CASE_H

#include "audit/shell/calls.h"
#include "base/file.h"

#include "tests/unit/test.h"

struct shell_expect {
	bool given;
	bool ok;
	uint32_t line; /* 0: not said */
	uint32_t col;
};

struct shell_case {
	struct str file;
	struct str name;
	struct shell_expect bash;
	struct shell_expect posix;
	struct str_list warnings;
	struct str_list calls;
	bool differs; /* from bash -n or dash -n, on purpose */
	struct str text;
};

struct shell_cases {
	struct shell_case *items;
	size_t n;
	size_t cap;
};

static inline char case_unescape(const char **at, const char *end)
{
	char c = *(*at)++;
	uint8_t byte;
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x':
		assert_true(end - *at >= 2);
		byte = (uint8_t)strtol((char[]){(*at)[0], (*at)[1], '\0'}, NULL, 16);
		*at += 2;
		return (char)byte;
	default:
		return c;
	}
}

static inline struct str case_decode(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	const char *at = s.p;
	const char *end = s.p + s.n;
	while (at < end) {
		if (*at != '\\' || end - at < 2) {
			out[n++] = *at++;
			continue;
		}
		at++;
		out[n++] = case_unescape(&at, end);
	}
	return (struct str){out, n};
}

/* "ok", "error" or "error 3:14". */
static inline struct shell_expect case_expect(struct str value)
{
	struct shell_expect e = {.given = true, .ok = str_is(value, "ok")};
	struct str word;
	uint64_t line = 0;
	uint64_t col = 0;
	if (e.ok)
		return e;
	assert_true(str_cut(&value, ' ', &word) && str_is(word, "error"));
	if (!str_cut(&value, ':', &word))
		return e;
	assert_true(str_to_u64(word, &line) && str_to_u64(value, &col));
	e.line = (uint32_t)line;
	e.col = (uint32_t)col;
	return e;
}

struct case_flags {
	bool escapes;
	bool nonewline;
};

static inline void case_header(
	struct shell_case *c, struct arena *a, struct case_flags *f, struct str line)
{
	struct str key;
	if (!str_cut(&line, ':', &key))
		fail_msg("%.*s: no header: %.*s", STR_ARG(c->name), STR_ARG(line));
	struct str value = str_trim(line);
	if (str_is(key, "both") || str_is(key, "bash"))
		c->bash = case_expect(value);
	if (str_is(key, "both") || str_is(key, "posix"))
		c->posix = case_expect(value);
	else if (str_is(key, "warning"))
		list_push(a, &c->warnings) = value;
	else if (str_is(key, "call"))
		list_push(a, &c->calls) = value;
	else if (str_is(key, "oracle"))
		c->differs = true;
	else if (str_is(key, "escapes"))
		f->escapes = true;
	else if (str_is(key, "nonewline"))
		f->nonewline = true;
	else if (!str_is(key, "bash"))
		fail_msg("%.*s: unknown header %.*s", STR_ARG(c->name), STR_ARG(key));
}

/* The lines of one case behind its "===" line. */
static inline void case_read(struct shell_case *c, struct arena *a, struct str rest)
{
	struct case_flags f = {0};
	struct str line;
	bool body = false;
	while (!body && str_cut(&rest, '\n', &line)) {
		body = str_is(line, "---");
		if (!body)
			case_header(c, a, &f, line);
	}
	if (!body)
		fail_msg("%.*s: no script", STR_ARG(c->name));
	if (f.nonewline && str_has_suffix(rest, STR("\n")))
		rest.n--;
	c->text = f.escapes ? case_decode(a, rest) : rest;
}

static inline void cases_of_file(
	struct shell_cases *out, struct arena *a, struct str file, struct str text)
{
	while (text.n > 0) {
		assert_true(str_has_prefix(text, STR("=== ")));
		size_t end = str_find(text, STR("\n=== "));
		struct str one = end == STR_NPOS ? text : str_sub(text, 0, end + 1);
		text = str_from_index(text, one.n);
		struct shell_case c = {.file = file};
		struct str line;
		assert_true(str_cut(&one, '\n', &line));
		c.name = str_from_index(line, 4);
		case_read(&c, a, one);
		list_push(a, out) = c;
	}
}

/* All of them, in the order of the files' names. */
static inline void cases_load(struct shell_cases *out, struct arena *a)
{
	struct error err = {0};
	struct str_list names = {0};
	if (dir_list(&names, a, AT_FDCWD, FIXTURES "/shell", 1000, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < names.n; i++) {
		scoped(buf) text = {0};
		if (!str_has_suffix(names.items[i], STR(".case")))
			continue;
		struct str path =
			arena_printf(a, "%s/shell/%.*s", FIXTURES, STR_ARG(names.items[i]));
		if (file_read(&text, AT_FDCWD, path.p, 1 << 20, &err) < 0)
			fail_msg("%s", err.text);
		cases_of_file(out, a, names.items[i], arena_str(a, buf_str(&text)));
	}
}

#endif
