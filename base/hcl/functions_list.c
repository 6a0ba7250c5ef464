/* Lists and objects as sequences of elements. Results share the elements of the arguments. */
#include "base/hcl/functions.h"

#include "base/utf8.h"

#define RANGE_MAX 1024 /* HCL's own limit */

/* ---- Asking -------------------------------------------------------------------------------- */

int hcl_fn_length(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str s = {0};
	int64_t count = 0;
	(void)n;
	if (args[0].type == HCL_LIST || args[0].type == HCL_OBJECT) {
		*out = hcl_integer((int64_t)args[0].n);
		return 0;
	}
	if (args[0].type != HCL_STRING)
		return error_set(err, ERROR_INPUT, "%s has no length", hcl_type_name(args[0].type));
	s = args[0].string;
	if (hcl_charge(e, s.n / 64, err) < 0)
		return -1;
	while (s.n > 0) {
		uint32_t code = 0;
		size_t len = utf8_decode(s, &code);
		s = str_from_index(s, len > 0 ? len : 1);
		count++;
	}
	*out = hcl_integer(count);
	return 0;
}

/* Index of an equal element, or list->n. */
static size_t find(const struct hcl_value *list, const struct hcl_value *v)
{
	size_t i = 0;
	while (i < list->n && !hcl_equal(&list->items[i], v))
		i++;
	return i;
}

int hcl_fn_contains(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_charge(e, list->size / 64, err) < 0)
		return -1;
	*out = hcl_bool(find(list, &args[1]) < list->n);
	return 0;
}

int hcl_fn_index(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *list = NULL;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_charge(e, list->size / 64, err) < 0)
		return -1;
	size_t i = find(list, &args[1]);
	if (i == list->n)
		return error_set(err, ERROR_INPUT, "the list holds no such element");
	*out = hcl_integer((int64_t)i);
	return 0;
}

/* element(list, index) begins again behind the last one. */
int hcl_fn_element(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	int64_t i = 0;
	(void)e;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_arg_i64(&i, args, 1, err) < 0)
		return -1;
	if (list->n == 0)
		return error_set(err, ERROR_INPUT, "the list is empty");
	if (i < 0)
		return error_set(err, ERROR_INPUT, "the index is negative");
	*out = list->items[(uint64_t)i % list->n];
	return 0;
}

/* null counts as false. */
static int truth_of(bool *out, const struct hcl_value *list, size_t i, struct error *err)
{
	struct hcl_value v = list->items[i];
	if (!hcl_convert_bool(&v))
		return error_set(err, ERROR_INPUT, "element %zu is %s, not a bool", i,
			hcl_type_name(v.type));
	*out = v.type == HCL_BOOL && v.boolean;
	return 0;
}

static int count_true(
	size_t *out, const struct hcl_value *list, struct hcl_eval *e, struct error *err)
{
	size_t count = 0;
	if (hcl_charge(e, list->n, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		bool truth = false;
		if (truth_of(&truth, list, i, err) < 0)
			return -1;
		count += truth;
	}
	*out = count;
	return 0;
}

int hcl_fn_alltrue(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	size_t count = 0;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || count_true(&count, list, e, err) < 0)
		return -1;
	*out = hcl_bool(count == list->n);
	return 0;
}

int hcl_fn_anytrue(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	size_t count = 0;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || count_true(&count, list, e, err) < 0)
		return -1;
	*out = hcl_bool(count > 0);
	return 0;
}

/* ---- Choosing ------------------------------------------------------------------------------ */

/* All results of coalesce have one type: next to a string, numbers and bools are strings. */
static struct hcl_value as_common_type(
	struct hcl_eval *e, struct hcl_value v, const struct hcl_value *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool scalar = v.type == HCL_NUMBER || v.type == HCL_BOOL;
		if (args[i].type == HCL_STRING && scalar)
			(void)hcl_convert_string(e->arena, &v);
	}
	return v;
}

/* coalesce(values...): the first that is neither null nor "". Looks at nothing behind it. */
int hcl_fn_coalesce(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool empty = args[i].type == HCL_STRING && args[i].string.n == 0;
		if (args[i].type == HCL_NULL || empty)
			continue;
		*out = as_common_type(e, args[i], args, n);
		return 0;
	}
	return error_set(err, ERROR_INPUT, "all arguments are null or empty");
}

int hcl_fn_coalescelist(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	(void)e;
	for (size_t i = 0; i < n; i++) {
		const struct hcl_value *list = NULL;
		if (args[i].type == HCL_UNKNOWN) {
			*out = args[i];
			return 0;
		}
		if (hcl_arg_list(&list, args, i, err) < 0)
			return -1;
		if (list->n > 0) {
			*out = *list;
			return 0;
		}
	}
	return error_set(err, ERROR_INPUT, "all lists are empty");
}

/* lookup(object, key, otherwise) */
int hcl_fn_lookup(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *object = NULL;
	struct str key = {0};
	(void)n;
	if (args[0].type == HCL_NULL || args[1].type == HCL_NULL)
		return error_set(
			err, ERROR_INPUT, "argument %d is null", args[0].type == HCL_NULL ? 1 : 2);
	if (hcl_arg_object(&object, args, 0, err) < 0 || hcl_arg_str(&key, e, args, 1, err) < 0)
		return -1;
	const struct hcl_value *found = hcl_member(object, key);
	*out = found ? *found : args[2];
	return 0;
}

/* ---- Taking apart and putting together ----------------------------------------------------- */

int hcl_fn_keys(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *object = NULL;
	struct hcl_items keys = {0};
	(void)n;
	if (hcl_arg_object(&object, args, 0, err) < 0 ||
		hcl_room(e, object->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	for (size_t i = 0; i < object->n; i++)
		hcl_push(e, &keys, hcl_string(object->keys[i]));
	*out = hcl_items_list(&keys);
	return 0;
}

int hcl_fn_values(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *object = NULL;
	(void)e;
	(void)n;
	if (hcl_arg_object(&object, args, 0, err) < 0)
		return -1;
	*out = hcl_list(object->items, object->n);
	return 0;
}

/* zipmap(keys, values) */
int hcl_fn_zipmap(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *keys = NULL;
	const struct hcl_value *values = NULL;
	(void)n;
	if (hcl_arg_list(&keys, args, 0, err) < 0 || hcl_arg_list(&values, args, 1, err) < 0)
		return -1;
	if (keys->n != values->n)
		return error_set(err, ERROR_INPUT, "%zu keys for %zu values", keys->n, values->n);
	if (hcl_room(e, keys->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	struct str *names = arena_array(e->arena, struct str, keys->n);
	for (size_t i = 0; i < keys->n; i++) {
		if (hcl_item_str(&names[i], e, keys, i, err) < 0)
			return -1;
	}
	*out = hcl_object(e->arena, names, values->items, keys->n);
	struct hcl_taint taint = {0};
	hcl_taint_deep(&taint, e->arena, keys);
	hcl_taint_apply(&taint, e->arena, out);
	return 0;
}

/* merge(objects...): later ones win; null is an empty one. */
int hcl_fn_merge(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct str_list keys = {0};
	struct hcl_items values = {0};
	for (size_t i = 0; i < n; i++) {
		const struct hcl_value *object = NULL;
		if (args[i].type == HCL_NULL)
			continue;
		if (hcl_arg_object(&object, args, i, err) < 0 ||
			hcl_room(e, object->n * sizeof(struct hcl_value), err) < 0)
			return -1;
		for (size_t k = 0; k < object->n; k++) {
			list_push(e->arena, &keys) = object->keys[k];
			hcl_push(e, &values, object->items[k]);
		}
	}
	*out = hcl_object(e->arena, keys.items, values.items, keys.n);
	return 0;
}

int hcl_fn_concat(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_items all = {0};
	for (size_t i = 0; i < n; i++) {
		const struct hcl_value *list = NULL;
		if (hcl_arg_list(&list, args, i, err) < 0 ||
			hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
			return -1;
		for (size_t k = 0; k < list->n; k++)
			hcl_push(e, &all, list->items[k]);
	}
	*out = hcl_items_list(&all);
	return 0;
}

/* chunklist(list, size); 0 is one chunk of all. */
int hcl_fn_chunklist(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	struct hcl_items chunks = {0};
	int64_t size = 0;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_arg_i64(&size, args, 1, err) < 0)
		return -1;
	if (size < 0)
		return error_set(err, ERROR_INPUT, "the size is negative");
	if (hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	size_t step = size == 0 ? list->n : (size_t)size;
	for (size_t i = 0; i < list->n; i += step) {
		size_t len = list->n - i < step ? list->n - i : step;
		hcl_push(e, &chunks, hcl_list(list->items + i, len));
		if (len < step)
			break;
	}
	*out = hcl_items_list(&chunks);
	return 0;
}

/* slice(list, start, end) */
int hcl_fn_slice(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *list = NULL;
	int64_t start = 0;
	int64_t end = 0;
	(void)e;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_arg_i64(&start, args, 1, err) < 0 ||
		hcl_arg_i64(&end, args, 2, err) < 0)
		return -1;
	if (start < 0 || start > end || (uint64_t)end > list->n)
		return error_set(err, ERROR_INPUT, "no part from %lld to %lld in %zu elements",
			(long long)start, (long long)end, list->n);
	const struct hcl_value *items = start < end ? list->items + start : NULL;
	*out = hcl_list(items, (size_t)(end - start));
	return 0;
}

int hcl_fn_reverse(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 ||
		hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, list->n);
	for (size_t i = 0; i < list->n; i++)
		items[i] = list->items[list->n - 1 - i];
	*out = hcl_list(items, list->n);
	return 0;
}

/* Recursion ends with the depth of values, which is bounded. */
static int flatten_into(
	struct hcl_items *all, struct hcl_eval *e, const struct hcl_value *list, struct error *err)
{
	if (hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct hcl_value item = list->items[i];
		hcl_inherit(e->arena, &item, list);
		if (item.type != HCL_LIST)
			hcl_push(e, all, item);
		else if (flatten_into(all, e, &item, err) < 0)
			return -1;
	}
	return 0;
}

/* An unknown element might be a list, so nobody knows how many there are. */
int hcl_fn_flatten(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	struct hcl_items all = {0};
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || flatten_into(&all, e, list, err) < 0)
		return -1;
	*out = hcl_items_list(&all);
	for (size_t i = 0; i < all.n; i++) {
		if (all.items[i].type == HCL_UNKNOWN) {
			*out = hcl_unknown_call(e, "flatten", args, 1);
			break;
		}
	}
	return 0;
}

/* range(limit), range(start, limit), range(start, limit, step) */
int hcl_fn_range(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	struct hcl_value start = hcl_integer(0);
	struct hcl_value limit = {0};
	struct hcl_value step = {0};
	struct hcl_items all = {0};
	if (n > 1 && hcl_arg_number(&start, args, 0, err) < 0)
		return -1;
	if (hcl_arg_number(&limit, args, n > 1 ? 1 : 0, err) < 0)
		return -1;
	step = hcl_integer(hcl_number_cmp(&limit, &start) < 0 ? -1 : 1);
	if (n > 2 && hcl_arg_number(&step, args, 2, err) < 0)
		return -1;
	double by = hcl_as_double(&step);
	double from = hcl_as_double(&start);
	double to = hcl_as_double(&limit);
	if (by == 0 || (to > from && by < 0) || (to < from && by > 0))
		return error_set(err, ERROR_INPUT, "the step never reaches the limit");
	for (size_t i = 0; by > 0 ? from + (double)i * by < to : from + (double)i * by > to; i++) {
		if (i >= RANGE_MAX)
			return error_set(err, ERROR_INPUT, "more than %d elements", RANGE_MAX);
		hcl_push(e, &all, hcl_number(from + (double)i * by));
	}
	*out = hcl_items_list(&all);
	return 0;
}
