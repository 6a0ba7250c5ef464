#include "base/hcl/ast.h"

#include <math.h>
#include <stdio.h>

#define NODE_SIZE 16 /* what a value weighs besides its bytes */

/* ---- Constructors -------------------------------------------------------------------------- */

struct hcl_value hcl_null(void)
{
	return (struct hcl_value){.type = HCL_NULL, .size = NODE_SIZE};
}

struct hcl_value hcl_unknown(void)
{
	return (struct hcl_value){.type = HCL_UNKNOWN, .size = NODE_SIZE};
}

struct hcl_value hcl_bool(bool b)
{
	return (struct hcl_value){.type = HCL_BOOL, .boolean = b, .size = NODE_SIZE};
}

struct hcl_value hcl_integer(int64_t i)
{
	return (struct hcl_value){
		.type = HCL_NUMBER,
		.is_integer = true,
		.integer = i,
		.number = (double)i,
		.size = NODE_SIZE,
	};
}

/* Whole numbers that a double holds exactly are integers. */
struct hcl_value hcl_number(double d)
{
	if (d >= -9007199254740992.0 && d <= 9007199254740992.0 && d == trunc(d))
		return hcl_integer((int64_t)d);
	return (struct hcl_value){.type = HCL_NUMBER, .number = d, .size = NODE_SIZE};
}

struct hcl_value hcl_string(struct str s)
{
	return (struct hcl_value){.type = HCL_STRING, .string = s, .size = NODE_SIZE + s.n};
}

static void add_size(struct hcl_value *v, uint64_t n)
{
	if (__builtin_add_overflow(v->size, n, &v->size))
		v->size = UINT64_MAX;
}

static void account(struct hcl_value *v)
{
	v->size = NODE_SIZE;
	v->depth = 1;
	for (size_t i = 0; i < v->n; i++) {
		const struct hcl_value *item = &v->items[i];
		v->inner_marks |= hcl_deep_marks(item);
		v->inner_unknown = v->inner_unknown || !hcl_is_known(item);
		if (item->depth >= v->depth && item->depth < UINT16_MAX)
			v->depth = item->depth + 1;
		add_size(v, item->size);
		if (v->keys)
			add_size(v, v->keys[i].n);
	}
}

struct hcl_value hcl_list(const struct hcl_value *items, size_t n)
{
	struct hcl_value v = {.type = HCL_LIST, .items = items, .n = n};
	account(&v);
	return v;
}

struct hcl_value hcl_object_sorted(const struct str *keys, const struct hcl_value *values, size_t n)
{
	struct hcl_value v = {.type = HCL_OBJECT, .items = values, .keys = keys, .n = n};
	account(&v);
	return v;
}

struct member {
	struct str key;
	size_t index; /* in the order given, so that equal keys keep it */
};

static int member_cmp(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	int c = str_cmp(x->key, y->key);
	if (c != 0)
		return c;
	return x->index < y->index ? -1 : 1;
}

struct hcl_value hcl_object(
	struct arena *a, const struct str *keys, const struct hcl_value *values, size_t n)
{
	struct member *order = arena_array(a, struct member, n);
	struct str *sorted = arena_array(a, struct str, n);
	struct hcl_value *items = arena_array(a, struct hcl_value, n);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		order[i] = (struct member){keys[i], i};
	if (n > 1)
		qsort(order, n, sizeof(order[0]), member_cmp);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && str_eq(sorted[kept - 1], order[i].key))
			kept--;
		sorted[kept] = order[i].key;
		items[kept++] = values[order[i].index];
	}
	return hcl_object_sorted(sorted, items, kept);
}

/* ---- Looking ------------------------------------------------------------------------------- */

const struct hcl_value *hcl_member(const struct hcl_value *object, struct str key)
{
	if (!object || object->type != HCL_OBJECT)
		return NULL;
	size_t low = 0;
	size_t high = object->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = str_cmp(key, object->keys[middle]);
		if (c == 0)
			return &object->items[middle];
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

unsigned hcl_deep_marks(const struct hcl_value *v)
{
	return v->marks | v->inner_marks;
}

bool hcl_is_known(const struct hcl_value *v)
{
	return v->type != HCL_UNKNOWN && !v->inner_unknown;
}

double hcl_as_double(const struct hcl_value *v)
{
	return v->is_integer ? (double)v->integer : v->number;
}

/* An integer against a number that may be anything: as doubles they could look equal. */
static int cmp_mixed(int64_t i, double d)
{
	if (d >= 9223372036854775808.0)
		return -1;
	if (d < -9223372036854775808.0)
		return 1;
	int64_t whole = (int64_t)d;
	if (i != whole)
		return i < whole ? -1 : 1;
	double fraction = d - (double)whole;
	if (fraction == 0)
		return 0;
	return fraction > 0 ? -1 : 1;
}

int hcl_number_cmp(const struct hcl_value *a, const struct hcl_value *b)
{
	if (a->is_integer && b->is_integer)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->is_integer)
		return cmp_mixed(a->integer, b->number);
	if (b->is_integer)
		return -cmp_mixed(b->integer, a->number);
	return (a->number > b->number) - (a->number < b->number);
}

static bool equal(const struct hcl_value *a, const struct hcl_value *b, unsigned depth)
{
	if (a->type != b->type || depth > UINT16_MAX)
		return false;
	switch (a->type) {
	case HCL_NONE:
	case HCL_NULL:
		return true;
	case HCL_UNKNOWN:
		return false;
	case HCL_BOOL:
		return a->boolean == b->boolean;
	case HCL_NUMBER:
		return hcl_number_cmp(a, b) == 0;
	case HCL_STRING:
		return str_eq(a->string, b->string);
	case HCL_LIST:
	case HCL_OBJECT:
		break;
	}
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->type == HCL_OBJECT && !str_eq(a->keys[i], b->keys[i]))
			return false;
		if (!equal(&a->items[i], &b->items[i], depth + 1))
			return false;
	}
	return true;
}

bool hcl_equal(const struct hcl_value *a, const struct hcl_value *b)
{
	return equal(a, b, 0);
}

static const char *const type_names[] = {
	[HCL_NONE] = "nothing",
	[HCL_NULL] = "null",
	[HCL_UNKNOWN] = "an unknown value",
	[HCL_BOOL] = "a bool",
	[HCL_NUMBER] = "a number",
	[HCL_STRING] = "a string",
	[HCL_LIST] = "a list",
	[HCL_OBJECT] = "an object",
};

const char *hcl_type_name(enum hcl_type type)
{
	return (size_t)type < countof(type_names) ? type_names[type] : "nothing";
}

/* ---- Numbers as text ----------------------------------------------------------------------- */

/* The fewest digits that read back as the same number, as "d.ddde±x". */
static void shortest(char *out, size_t size, double d)
{
	for (int digits = 14; digits <= 16; digits++) {
		(void)snprintf(out, size, "%.*e", digits, d);
		if (strtod(out, NULL) == d)
			return;
	}
}

/* Without exponent, as HCL shows numbers. */
static struct str format_double(struct arena *a, double d)
{
	char text[40];
	if (!isfinite(d))
		return isnan(d) ? STR("NaN") : d > 0 ? STR("Inf") : STR("-Inf");
	shortest(text, sizeof(text), fabs(d));
	const char *e = strchr(text, 'e');
	long point = e ? strtol(e + 1, NULL, 10) + 1 : 0; /* digits before the point */
	char digits[40];
	size_t n = 0;
	for (const char *c = text; c < e; c++) {
		if (*c != '.')
			digits[n++] = *c;
	}
	while (n > 1 && digits[n - 1] == '0')
		n--;
	char out[400];
	size_t len = 0;
	if (d < 0)
		out[len++] = '-';
	if (point <= 0)
		out[len++] = '0';
	for (long i = point < 0 ? point : 0; i < point || i < (long)n; i++) {
		if (i == point)
			out[len++] = '.';
		out[len++] = i >= 0 && i < (long)n ? digits[i] : '0';
	}
	return arena_str(a, (struct str){out, len});
}

bool hcl_to_string(struct arena *a, const struct hcl_value *v, struct str *out)
{
	switch (v->type) {
	case HCL_STRING:
		*out = v->string;
		return true;
	case HCL_BOOL:
		*out = v->boolean ? STR("true") : STR("false");
		return true;
	case HCL_NUMBER:
		*out = v->is_integer ? arena_printf(a, "%lld", (long long)v->integer)
				     : format_double(a, v->number);
		return true;
	case HCL_NONE:
	case HCL_NULL:
	case HCL_UNKNOWN:
	case HCL_LIST:
	case HCL_OBJECT:
		break;
	}
	return false;
}

/* Digits with at most one point, and an exponent. */
static bool is_decimal(struct str s)
{
	size_t digits = 0;
	size_t points = 0;
	size_t i = 0;
	for (; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
		if (s.p[i] == '.')
			points++;
		else if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else
			return false;
	}
	if (digits == 0 || points > 1)
		return false;
	if (i == s.n)
		return true;
	i++;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		i++;
	size_t first = i;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i == s.n && i > first;
}

static bool parse_integer(struct str s, bool negative, int64_t *out)
{
	int64_t sum = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		int digit = s.p[i] - '0';
		if (__builtin_mul_overflow(sum, 10, &sum) ||
			__builtin_add_overflow(sum, negative ? -digit : digit, &sum))
			return false;
	}
	*out = sum;
	return true;
}

bool hcl_parse_number(struct str s, struct hcl_value *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	struct str digits = negative ? str_from_index(s, 1) : s;
	int64_t i = 0;
	char text[512];
	if (!is_decimal(digits) || s.n >= sizeof(text))
		return false;
	if (parse_integer(digits, negative, &i)) {
		*out = hcl_integer(i);
		return true;
	}
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	double d = strtod(text, NULL);
	if (!isfinite(d))
		return false;
	*out = hcl_number(d);
	return true;
}

/* ---- Conversions --------------------------------------------------------------------------- */

bool hcl_convert_number(struct hcl_value *v)
{
	if (v->type == HCL_STRING) {
		struct hcl_value number = {0};
		if (!hcl_parse_number(v->string, &number))
			return false;
		number.marks = v->marks;
		number.text = v->text;
		number.place = v->place;
		*v = number;
	}
	return v->type == HCL_NUMBER || v->type == HCL_NULL || v->type == HCL_UNKNOWN;
}

bool hcl_convert_bool(struct hcl_value *v)
{
	if (v->type == HCL_STRING) {
		bool yes = str_is(v->string, "true") || str_is(v->string, "1");
		if (!yes && !str_is(v->string, "false") && !str_is(v->string, "0"))
			return false;
		struct hcl_value truth = hcl_bool(yes);
		truth.marks = v->marks;
		truth.text = v->text;
		truth.place = v->place;
		*v = truth;
	}
	return v->type == HCL_BOOL || v->type == HCL_NULL || v->type == HCL_UNKNOWN;
}

bool hcl_convert_string(struct arena *a, struct hcl_value *v)
{
	struct str s = {0};
	if (v->type == HCL_NULL || v->type == HCL_UNKNOWN || v->type == HCL_STRING)
		return true;
	if (!hcl_to_string(a, v, &s))
		return false;
	struct hcl_value string = hcl_string(s);
	string.marks = v->marks;
	string.text = v->text;
	string.place = v->place;
	*v = string;
	hcl_retext(a, v);
	return true;
}

static struct json *to_json(struct arena *a, const struct hcl_value *v, unsigned depth)
{
	struct str s = {0};
	struct json *j = NULL;
	if (depth > HCL_MAX_VALUE_DEPTH)
		return json_null(a);
	switch (v->type) {
	case HCL_NONE:
	case HCL_NULL:
	case HCL_UNKNOWN:
		return json_null(a);
	case HCL_BOOL:
		return json_bool(a, v->boolean);
	case HCL_NUMBER:
		(void)hcl_to_string(a, v, &s);
		j = arena_new(a, struct json);
		j->type = JSON_NUMBER;
		j->text = s;
		return j;
	case HCL_STRING:
		return json_string(a, v->string);
	case HCL_LIST:
		j = json_array(a);
		for (size_t i = 0; i < v->n; i++)
			(void)json_append(a, j, to_json(a, &v->items[i], depth + 1));
		return j;
	case HCL_OBJECT:
		break;
	}
	/* The keys are unique, so nothing has to be looked up before it is added. */
	j = json_object(a);
	for (size_t i = 0; i < v->n; i++) {
		list_push(a, &j->object) = (struct json_member){
			.key = arena_str(a, v->keys[i]),
			.value = to_json(a, &v->items[i], depth + 1),
		};
	}
	return j;
}

struct json *hcl_to_json(struct arena *a, const struct hcl_value *v)
{
	return to_json(a, v, 0);
}

static struct hcl_value object_from_json(struct arena *a, const struct json *j)
{
	size_t n = j->object.n;
	struct str *keys = arena_array(a, struct str, n);
	struct hcl_value *values = arena_array(a, struct hcl_value, n);
	for (size_t i = 0; i < n; i++) {
		keys[i] = j->object.items[i].key;
		values[i] = hcl_from_json(a, j->object.items[i].value);
	}
	return hcl_object(a, keys, values, n);
}

struct hcl_value hcl_from_json(struct arena *a, const struct json *j)
{
	struct hcl_value v = hcl_null();
	switch (j->type) {
	case JSON_NONE:
	case JSON_NULL:
		return v;
	case JSON_BOOL:
		return hcl_bool(j->boolean);
	case JSON_NUMBER:
		return hcl_parse_number(j->text, &v) ? v : hcl_null();
	case JSON_STRING:
		return hcl_string(j->text);
	case JSON_ARRAY:
		break;
	case JSON_OBJECT:
		return object_from_json(a, j);
	}
	struct hcl_value *items = arena_array(a, struct hcl_value, j->array.n);
	for (size_t i = 0; i < j->array.n; i++)
		items[i] = hcl_from_json(a, j->array.items[i]);
	return hcl_list(items, j->array.n);
}
