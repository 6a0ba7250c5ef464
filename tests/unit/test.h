/* What every unit test includes. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

#include <stdio.h>

/* Fails with both texts when they differ. */
static inline void check_str(struct str got, const char *want)
{
	if (str_is(got, want))
		return;
	fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

/* Fails unless the error's text holds `part`. */
static inline void check_error(const struct error *err, const char *part)
{
	if (strstr(err->text, part))
		return;
	fail_msg("error is \"%s\", want \"...%s...\"", err->text, part);
}

#endif
