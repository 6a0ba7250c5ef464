#include "base/hcl/functions.h"

/* ---- Arguments ----------------------------------------------------------------------------- */

static int wrong_type(const struct hcl_value *v, size_t i, const char *what, struct error *err)
{
	return error_set(err, ERROR_INPUT, "argument %zu must be %s, not %s", i + 1, what,
		hcl_type_name(v->type));
}

int hcl_arg_str(struct str *out, struct hcl_eval *e, const struct hcl_value *args, size_t i,
	struct error *err)
{
	if (hcl_to_string(e->arena, &args[i], out))
		return 0;
	return wrong_type(&args[i], i, "a string", err);
}

int hcl_arg_number(struct hcl_value *out, const struct hcl_value *args, size_t i, struct error *err)
{
	*out = args[i];
	if (hcl_convert_number(out) && out->type == HCL_NUMBER)
		return 0;
	return wrong_type(&args[i], i, "a number", err);
}

int hcl_arg_i64(int64_t *out, const struct hcl_value *args, size_t i, struct error *err)
{
	struct hcl_value v = {0};
	if (hcl_arg_number(&v, args, i, err) < 0)
		return -1;
	if (!v.is_integer)
		return error_set(err, ERROR_INPUT, "argument %zu must be a whole number", i + 1);
	*out = v.integer;
	return 0;
}

int hcl_arg_list(
	const struct hcl_value **out, const struct hcl_value *args, size_t i, struct error *err)
{
	if (args[i].type != HCL_LIST)
		return wrong_type(&args[i], i, "a list", err);
	*out = &args[i];
	return 0;
}

int hcl_arg_object(
	const struct hcl_value **out, const struct hcl_value *args, size_t i, struct error *err)
{
	if (args[i].type != HCL_OBJECT)
		return wrong_type(&args[i], i, "an object", err);
	*out = &args[i];
	return 0;
}

int hcl_item_str(struct str *out, struct hcl_eval *e, const struct hcl_value *list, size_t i,
	struct error *err)
{
	if (hcl_to_string(e->arena, &list->items[i], out))
		return 0;
	return error_set(err, ERROR_INPUT, "element %zu must be a string, not %s", i,
		hcl_type_name(list->items[i].type));
}

/* ---- Memory -------------------------------------------------------------------------------- */

int hcl_room(struct hcl_eval *e, uint64_t bytes, struct error *err)
{
	const struct arena *a = e->arena;
	bool full = a->max > 0 && (a->used > a->max || bytes > a->max - a->used);
	if (bytes > HCL_MAX_VALUE_SIZE || full)
		return error_set(err, ERROR_INPUT, "the result is too large");
	return hcl_charge(e, bytes / 64, err);
}

void hcl_push(struct hcl_eval *e, struct hcl_items *list, struct hcl_value v)
{
	list_push(e->arena, list) = v;
}

struct hcl_value hcl_items_list(const struct hcl_items *list)
{
	return hcl_list(list->items, list->n);
}

/* ---- The table ----------------------------------------------------------------------------- */

#define FN(n, least, most) \
	{ \
		.name = #n, .min_args = (least), .max_args = (most), .call = hcl_fn_##n \
	}
#define FN_WITH(n, least, most, ...) \
	{ \
		.name = #n, .min_args = (least), .max_args = (most), .call = hcl_fn_##n, \
		__VA_ARGS__ \
	}
#define ANY 255

const struct hcl_function hcl_functions_core[] = {
	FN(abs, 1, 1),
	FN(alltrue, 1, 1),
	FN(anytrue, 1, 1),
	FN(base64decode, 1, 1),
	FN(base64encode, 1, 1),
	FN(base64gzip, 1, 1),
	FN(basename, 1, 1),
	{.name = "can", .min_args = 1, .max_args = 1, .raw = true, .call = hcl_call_can},
	FN(ceil, 1, 1),
	FN(chomp, 1, 1),
	FN_WITH(chunklist, 2, 2, .structural = true),
	FN(cidrhost, 2, 2),
	FN(cidrnetmask, 1, 1),
	FN(cidrsubnet, 3, 3),
	FN(cidrsubnets, 1, ANY),
	FN_WITH(coalesce, 1, ANY, .raw = true, .nulls = true),
	FN_WITH(coalescelist, 1, ANY, .raw = true, .nulls = true),
	FN_WITH(compact, 1, 1, .structural = true),
	FN_WITH(concat, 1, ANY, .structural = true),
	{.name = "convert", .min_args = 2, .max_args = 2, .raw = true, .call = hcl_call_convert},
	FN(contains, 2, 2),
	FN(csvdecode, 1, 1),
	FN(dirname, 1, 1),
	FN_WITH(distinct, 1, 1, .elements = true),
	FN_WITH(element, 2, 2, .structural = true),
	FN(endswith, 2, 2),
	FN_WITH(flatten, 1, 1, .structural = true),
	FN(floor, 1, 1),
	FN_WITH(format, 1, ANY, .raw = true, .nulls = true),
	FN(formatdate, 2, 2),
	FN_WITH(formatlist, 1, ANY, .raw = true, .nulls = true),
	FN(indent, 2, 2),
	FN(index, 2, 2),
	FN_WITH(join, 2, ANY, .raw = true),
	FN(jsondecode, 1, 1),
	FN_WITH(jsonencode, 1, 1, .nulls = true),
	FN_WITH(keys, 1, 1, .structural = true),
	FN_WITH(length, 1, 1, .structural = true),
	FN(log, 2, 2),
	FN_WITH(lookup, 3, 3, .structural = true, .nulls = true),
	FN(lower, 1, 1),
	FN(max, 1, ANY),
	FN(md5, 1, 1),
	FN_WITH(merge, 0, ANY, .structural = true, .nulls = true),
	FN(min, 1, ANY),
	FN(parseint, 2, 2),
	FN(pow, 2, 2),
	FN(range, 1, 3),
	FN(regex, 2, 2),
	FN(regex_replace, 3, 3),
	FN(regexall, 2, 2),
	FN(replace, 3, 3),
	FN_WITH(reverse, 1, 1, .structural = true),
	FN(rfc3339_parse, 1, 1),
	FN(rsadecrypt, 2, 2),
	FN_WITH(setintersection, 1, ANY, .elements = true),
	FN_WITH(setproduct, 2, ANY, .structural = true),
	FN_WITH(setsubtract, 2, 2, .elements = true),
	FN_WITH(setunion, 1, ANY, .elements = true),
	FN(sha1, 1, 1),
	FN(sha256, 1, 1),
	FN(sha512, 1, 1),
	FN(signum, 1, 1),
	FN_WITH(slice, 3, 3, .structural = true),
	FN_WITH(sort, 1, 1, .elements = true),
	FN(split, 2, 2),
	FN(startswith, 2, 2),
	FN(strcontains, 2, 2),
	FN(strrev, 1, 1),
	FN(substr, 3, 3),
	FN(sum, 1, 1),
	FN(textdecodebase64, 2, 2),
	FN(textencodebase64, 2, 2),
	FN(timeadd, 2, 2),
	FN(title, 1, 1),
	FN(trim, 2, 2),
	FN(trimprefix, 2, 2),
	FN(trimspace, 1, 1),
	FN(trimsuffix, 2, 2),
	{.name = "try", .min_args = 1, .max_args = ANY, .raw = true, .call = hcl_call_try},
	FN(unix_timestamp_parse, 1, 1),
	FN(upper, 1, 1),
	FN(urlencode, 1, 1),
	FN(uuidv5, 2, 2),
	FN_WITH(values, 1, 1, .structural = true),
	FN(yamldecode, 1, 1),
	FN_WITH(yamlencode, 1, 1, .nulls = true),
	FN_WITH(zipmap, 2, 2, .structural = true),
	{0},
};
