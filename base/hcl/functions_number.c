#include "base/hcl/functions.h"

#include <math.h>

static int from_double(struct hcl_value *out, double d, struct error *err)
{
	if (!isfinite(d))
		return error_set(err, ERROR_INPUT, "the result is no number");
	*out = hcl_number(d);
	return 0;
}

int hcl_fn_abs(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)e;
	(void)n;
	if (hcl_arg_number(out, args, 0, err) < 0)
		return -1;
	if (out->is_integer && out->integer >= 0)
		*out = hcl_integer(out->integer);
	else if (out->is_integer && out->integer != INT64_MIN)
		*out = hcl_integer(-out->integer);
	else
		*out = hcl_number(fabs(hcl_as_double(out)));
	return 0;
}

int hcl_fn_signum(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_value v = {0};
	(void)e;
	(void)n;
	if (hcl_arg_number(&v, args, 0, err) < 0)
		return -1;
	if (!v.is_integer)
		return error_set(err, ERROR_INPUT, "argument 1 must be a whole number");
	*out = hcl_integer((v.integer > 0) - (v.integer < 0));
	return 0;
}

static int round_with(struct hcl_value *out, const struct hcl_value *args,
	double (*round_fn)(double), struct error *err)
{
	struct hcl_value v = {0};
	if (hcl_arg_number(&v, args, 0, err) < 0)
		return -1;
	*out = v.is_integer ? hcl_integer(v.integer) : hcl_number(round_fn(v.number));
	return 0;
}

int hcl_fn_ceil(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)e;
	(void)n;
	return round_with(out, args, ceil, err);
}

int hcl_fn_floor(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)e;
	(void)n;
	return round_with(out, args, floor, err);
}

/* log(number, base) */
int hcl_fn_log(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_value number = {0};
	struct hcl_value base = {0};
	(void)e;
	(void)n;
	if (hcl_arg_number(&number, args, 0, err) < 0 || hcl_arg_number(&base, args, 1, err) < 0)
		return -1;
	return from_double(out, log(hcl_as_double(&number)) / log(hcl_as_double(&base)), err);
}

/* Exact as long as it fits; false when it does not, or is no whole number. */
static bool integer_pow(int64_t base, int64_t exponent, int64_t *out)
{
	int64_t result = 1;
	if (exponent < 0)
		return false;
	while (exponent > 0) {
		if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
			return false;
		exponent >>= 1;
		if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
			return false;
	}
	*out = result;
	return true;
}

int hcl_fn_pow(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_value base = {0};
	struct hcl_value exponent = {0};
	int64_t i = 0;
	(void)e;
	(void)n;
	if (hcl_arg_number(&base, args, 0, err) < 0 || hcl_arg_number(&exponent, args, 1, err) < 0)
		return -1;
	if (base.is_integer && exponent.is_integer &&
		integer_pow(base.integer, exponent.integer, &i)) {
		*out = hcl_integer(i);
		return 0;
	}
	return from_double(out, pow(hcl_as_double(&base), hcl_as_double(&exponent)), err);
}

static int extreme(
	struct hcl_value *out, const struct hcl_value *args, size_t n, int sign, struct error *err)
{
	struct hcl_value best = {0};
	for (size_t i = 0; i < n; i++) {
		struct hcl_value v = {0};
		if (hcl_arg_number(&v, args, i, err) < 0)
			return -1;
		if (i == 0 || hcl_number_cmp(&v, &best) * sign > 0)
			best = v;
	}
	*out = best;
	out->marks = 0;
	out->text = NULL;
	return 0;
}

int hcl_fn_max(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)e;
	return extreme(out, args, n, 1, err);
}

int hcl_fn_min(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	(void)e;
	return extreme(out, args, n, -1, err);
}

/* sum(list) */
int hcl_fn_sum(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *list = NULL;
	struct hcl_value sum = hcl_integer(0);
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_charge(e, list->n, err) < 0)
		return -1;
	if (list->n == 0)
		return error_set(err, ERROR_INPUT, "there is no sum of an empty list");
	for (size_t i = 0; i < list->n; i++) {
		struct hcl_value v = list->items[i];
		int64_t whole = 0;
		if (!hcl_convert_number(&v) || v.type != HCL_NUMBER)
			return error_set(err, ERROR_INPUT, "element %zu is %s, not a number", i,
				hcl_type_name(list->items[i].type));
		bool exact = sum.is_integer && v.is_integer &&
			!__builtin_add_overflow(sum.integer, v.integer, &whole);
		sum = exact ? hcl_integer(whole)
			    : hcl_number(hcl_as_double(&sum) + hcl_as_double(&v));
	}
	if (!isfinite(hcl_as_double(&sum)))
		return error_set(err, ERROR_INPUT, "the sum is too large");
	*out = sum;
	return 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'Z' ? c - 'A' + 36 : 99;
}

/* parseint(text, base); up to base 36 the case of letters does not count. */
int hcl_fn_parseint(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct str s = {0};
	int64_t base = 0;
	int64_t sum = 0;
	(void)n;
	if (hcl_arg_str(&s, e, args, 0, err) < 0 || hcl_arg_i64(&base, args, 1, err) < 0)
		return -1;
	if (args[0].type != HCL_STRING)
		return error_set(err, ERROR_INPUT, "argument 1 must be a string, not %s",
			hcl_type_name(args[0].type));
	if (base < 2 || base > 62)
		return error_set(err, ERROR_INPUT, "the base goes from 2 to 62");
	bool sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
	bool negative = sign && s.p[0] == '-';
	struct str digits = str_from_index(s, sign ? 1 : 0);
	for (size_t i = 0; i < digits.n; i++) {
		int d = digit_value(digits.p[i]);
		if (base <= 36 && d >= 36)
			d -= 26;
		if (d >= base)
			return error_set(err, ERROR_INPUT, "`%.*s` is no number of base %lld",
				STR_ARG(s), (long long)base);
		if (__builtin_mul_overflow(sum, base, &sum) ||
			__builtin_add_overflow(sum, negative ? -d : d, &sum))
			return error_set(err, ERROR_INPUT, "`%.*s` is too large", STR_ARG(s));
	}
	if (digits.n == 0)
		return error_set(err, ERROR_INPUT, "an empty string is no number");
	*out = hcl_integer(sum);
	return 0;
}
