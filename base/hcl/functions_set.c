/* Lists as sets: every element once. */
#include "base/hcl/functions.h"

#include "base/map.h"

/* ---- Telling elements apart ---------------------------------------------------------------- */

/* Text that two values share only when they are equal. */
static struct str key_of(struct arena *a, const struct hcl_value *v)
{
	scoped(buf) b = {0};
	if (v->type == HCL_STRING)
		return v->string.n > 0 && v->string.p[0] != '\1'
			? v->string
			: arena_printf(a, "\1s%.*s", STR_ARG(v->string));
	buf_add_cstr(&b, "\1j");
	json_write_compact(&b, hcl_to_json(a, v));
	return arena_str(a, buf_str(&b));
}

struct set {
	struct map seen;
	struct hcl_items items;
};

static bool set_has(struct set *s, struct str key)
{
	return map_has(&s->seen, key);
}

static void set_add(struct set *s, struct arena *a, const struct hcl_value *v)
{
	struct str key = key_of(a, v);
	if (set_has(s, key))
		return;
	map_put(&s->seen, a, key, s);
	list_push(a, &s->items) = *v;
}

static int set_add_all(
	struct set *s, struct hcl_eval *e, const struct hcl_value *list, struct error *err)
{
	if (hcl_room(e, list->size, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		set_add(s, e->arena, &list->items[i]);
	return 0;
}

static int string_cmp(const void *a, const void *b)
{
	const struct hcl_value *x = a;
	const struct hcl_value *y = b;
	return str_cmp(x->string, y->string);
}

static int number_cmp(const void *a, const void *b)
{
	return hcl_number_cmp(a, b);
}

static bool all_of(const struct hcl_items *list, enum hcl_type type)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].type != type)
			return false;
	}
	return list->n > 1;
}

/* Strings in byte order, numbers from small to large, others as they came. */
static struct hcl_value set_value(struct set *s)
{
	struct hcl_items *list = &s->items;
	if (list->items && all_of(list, HCL_STRING))
		qsort(list->items, list->n, sizeof(list->items[0]), string_cmp);
	if (list->items && all_of(list, HCL_NUMBER))
		qsort(list->items, list->n, sizeof(list->items[0]), number_cmp);
	return hcl_items_list(list);
}

struct hcl_value hcl_set(struct arena *a, const struct hcl_value *list)
{
	struct set s = {0};
	for (size_t i = 0; i < list->n; i++)
		set_add(&s, a, &list->items[i]);
	return set_value(&s);
}

/* ---- Functions ----------------------------------------------------------------------------- */

int hcl_fn_distinct(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	struct set s = {0};
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 || set_add_all(&s, e, list, err) < 0)
		return -1;
	*out = hcl_items_list(&s.items);
	return 0;
}

int hcl_fn_setunion(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct set s = {0};
	for (size_t i = 0; i < n; i++) {
		const struct hcl_value *list = NULL;
		if (hcl_arg_list(&list, args, i, err) < 0 || set_add_all(&s, e, list, err) < 0)
			return -1;
	}
	*out = set_value(&s);
	return 0;
}

/* The elements of the first list that are in every other one, or in none. */
static int filter(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	bool wanted, struct error *err)
{
	const struct hcl_value *list = NULL;
	struct set result = {0};
	struct set *others = arena_array(e->arena, struct set, n);
	for (size_t i = 1; i < n; i++) {
		if (hcl_arg_list(&list, args, i, err) < 0 ||
			set_add_all(&others[i], e, list, err) < 0)
			return -1;
	}
	if (hcl_arg_list(&list, args, 0, err) < 0 || hcl_room(e, list->size, err) < 0 ||
		hcl_charge(e, list->n * n, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct str key = key_of(e->arena, &list->items[i]);
		bool keep = true;
		for (size_t k = 1; k < n; k++)
			keep = keep && set_has(&others[k], key) == wanted;
		if (keep)
			set_add(&result, e->arena, &list->items[i]);
	}
	*out = set_value(&result);
	return 0;
}

int hcl_fn_setintersection(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return filter(out, e, args, n, true, err);
}

int hcl_fn_setsubtract(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	return filter(out, e, args, n, false, err);
}

/* Combination number i: the last list changes fastest. */
static struct hcl_value combination(
	struct hcl_eval *e, const struct hcl_value *args, size_t n, uint64_t i)
{
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, n);
	for (size_t k = n; k-- > 0;) {
		items[k] = args[k].items[i % args[k].n];
		i /= args[k].n;
	}
	return hcl_list(items, n);
}

int hcl_fn_setproduct(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct hcl_items all = {0};
	uint64_t count = 1;
	uint64_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		const struct hcl_value *list = NULL;
		if (hcl_arg_list(&list, args, i, err) < 0)
			return -1;
		if (__builtin_mul_overflow(count, (uint64_t)list->n, &count))
			count = UINT32_MAX;
	}
	if (__builtin_mul_overflow(count, (n + 1) * sizeof(struct hcl_value), &bytes))
		bytes = UINT64_MAX;
	if (hcl_room(e, bytes, err) < 0)
		return -1;
	for (uint64_t i = 0; i < count; i++)
		hcl_push(e, &all, combination(e, args, n, i));
	*out = hcl_items_list(&all);
	return 0;
}

static bool has_literal(const struct text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].kind == TEXT_LITERAL)
			return true;
	}
	return false;
}

/* Drops empty strings and nulls. A hole alone may turn out to be one. */
int hcl_fn_compact(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	const struct hcl_value *list = NULL;
	struct hcl_items kept = {0};
	if (hcl_arg_list(&list, args, 0, err) < 0 ||
		hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct hcl_value v = list->items[i];
		struct text text = {0};
		if (v.type == HCL_NULL)
			continue;
		if (!hcl_to_text(e->arena, &v, &text) || !hcl_convert_string(e->arena, &v))
			return hcl_item_str(&(struct str){0}, e, list, i, err);
		if (v.type == HCL_UNKNOWN && !has_literal(&text)) {
			*out = hcl_unknown_call(e, "compact", args, n);
			return 0;
		}
		if (v.type == HCL_UNKNOWN || v.string.n > 0)
			hcl_push(e, &kept, v);
	}
	*out = hcl_items_list(&kept);
	return 0;
}

/* Strings in byte order. */
int hcl_fn_sort(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args, size_t n,
	struct error *err)
{
	const struct hcl_value *list = NULL;
	struct hcl_items sorted = {0};
	(void)n;
	if (hcl_arg_list(&list, args, 0, err) < 0 ||
		hcl_room(e, list->n * sizeof(struct hcl_value), err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct hcl_value v = list->items[i];
		if (!hcl_convert_string(e->arena, &v) || v.type != HCL_STRING)
			return hcl_item_str(&(struct str){0}, e, list, i, err);
		hcl_push(e, &sorted, v);
	}
	if (sorted.n > 1)
		qsort(sorted.items, sorted.n, sizeof(sorted.items[0]), string_cmp);
	*out = hcl_items_list(&sorted);
	return 0;
}
