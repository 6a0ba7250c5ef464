/*
 * What the functions of the expression language share. Private to base/hcl.
 *
 * A function that makes more than its arguments brought asks hcl_room first.
 */
#ifndef BASE_HCL_FUNCTIONS_H
#define BASE_HCL_FUNCTIONS_H

#include "base/hcl/ast.h"

typedef int hcl_fn(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err);

/* Argument i, converted as HCL converts, or "argument N must be a string, not a list". */
MUST_CHECK int hcl_arg_str(struct str *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t i, struct error *err);
MUST_CHECK int hcl_arg_number(
	struct hcl_value *out, const struct hcl_value *args, size_t i, struct error *err);
MUST_CHECK int hcl_arg_i64(int64_t *out, const struct hcl_value *args, size_t i, struct error *err);
MUST_CHECK int hcl_arg_list(
	const struct hcl_value **out, const struct hcl_value *args, size_t i, struct error *err);
MUST_CHECK int hcl_arg_object(
	const struct hcl_value **out, const struct hcl_value *args, size_t i, struct error *err);
/* An element of a list as a string. */
MUST_CHECK int hcl_item_str(struct str *out, struct hcl_eval *e, const struct hcl_value *list,
	size_t i, struct error *err);

/* Fails when so many more bytes go beyond the limits; counts them as steps. */
MUST_CHECK int hcl_room(struct hcl_eval *e, uint64_t bytes, struct error *err);

/* The same for the values that a text holds, of which each but the first has a separator. */
MUST_CHECK int hcl_room_for_text(
	struct hcl_eval *e, struct str text, const char *separators, struct error *err);
/* JSON as jsonencode writes it. */
struct str hcl_json_text(struct arena *a, const struct hcl_value *v);

/* Argument 0, decoded. */
MUST_CHECK int hcl_decode_base64(
	struct str *out, struct hcl_eval *e, const struct hcl_value *args, struct error *err);
/* Fails for bytes that are no text. */
MUST_CHECK int hcl_check_text(struct str s, struct error *err);

/* A list that grows in the evaluation's arena. */
struct hcl_items {
	struct hcl_value *items;
	size_t n;
	size_t cap;
};
void hcl_push(struct hcl_eval *e, struct hcl_items *list, struct hcl_value v);
struct hcl_value hcl_items_list(const struct hcl_items *list);

/* functions_string.c */
hcl_fn hcl_fn_upper, hcl_fn_lower, hcl_fn_title, hcl_fn_strrev, hcl_fn_substr, hcl_fn_join,
	hcl_fn_split, hcl_fn_replace, hcl_fn_trim, hcl_fn_trimprefix, hcl_fn_trimsuffix,
	hcl_fn_trimspace, hcl_fn_chomp, hcl_fn_indent, hcl_fn_startswith, hcl_fn_endswith,
	hcl_fn_strcontains, hcl_fn_basename, hcl_fn_dirname;

/* functions_regex.c */
hcl_fn hcl_fn_regex, hcl_fn_regexall, hcl_fn_regex_replace;

/* functions_list.c and functions_set.c */
hcl_fn hcl_fn_alltrue, hcl_fn_anytrue, hcl_fn_chunklist, hcl_fn_coalesce, hcl_fn_coalescelist,
	hcl_fn_compact, hcl_fn_concat, hcl_fn_contains, hcl_fn_distinct, hcl_fn_element,
	hcl_fn_flatten, hcl_fn_index, hcl_fn_keys, hcl_fn_length, hcl_fn_lookup, hcl_fn_merge,
	hcl_fn_range, hcl_fn_reverse, hcl_fn_setintersection, hcl_fn_setproduct, hcl_fn_setsubtract,
	hcl_fn_setunion, hcl_fn_slice, hcl_fn_sort, hcl_fn_values, hcl_fn_zipmap;

/* functions_number.c */
hcl_fn hcl_fn_abs, hcl_fn_ceil, hcl_fn_floor, hcl_fn_log, hcl_fn_max, hcl_fn_min, hcl_fn_parseint,
	hcl_fn_pow, hcl_fn_signum, hcl_fn_sum;

/* functions_format.c */
hcl_fn hcl_fn_format, hcl_fn_formatlist;

/* functions_encode.c */
hcl_fn hcl_fn_base64decode, hcl_fn_base64encode, hcl_fn_jsondecode, hcl_fn_jsonencode, hcl_fn_md5,
	hcl_fn_sha1, hcl_fn_sha256, hcl_fn_sha512, hcl_fn_textdecodebase64, hcl_fn_textencodebase64,
	hcl_fn_urlencode, hcl_fn_uuidv5;

/* functions_time.c */
hcl_fn hcl_fn_formatdate, hcl_fn_rfc3339_parse, hcl_fn_timeadd, hcl_fn_unix_timestamp_parse;

/* functions_net.c */
hcl_fn hcl_fn_cidrhost, hcl_fn_cidrnetmask, hcl_fn_cidrsubnet, hcl_fn_cidrsubnets;

/* yaml.c and yaml_write.c */
hcl_fn hcl_fn_yamldecode, hcl_fn_yamlencode;

/* functions_gzip.c and functions_rsa.c */
hcl_fn hcl_fn_base64gzip, hcl_fn_rsadecrypt;

/* functions_csv.c */
hcl_fn hcl_fn_csvdecode;

#endif
