#include "template/legacy/legacy.h"

/* A number becomes a string as Go's 'f' format has it: 1.50 is "1.5", 1e3 is "1000". */
static struct str number_str(const struct json *j, struct arena *a)
{
	bool integer = str_find_byte(j->text, '.') == STR_NPOS &&
		str_find_byte(j->text, 'e') == STR_NPOS && str_find_byte(j->text, 'E') == STR_NPOS;
	if (integer && j->text.n <= 16)
		return j->text;
	return gotmpl_float_str(a, strtod(arena_cstr(a, j->text), NULL), true);
}

bool weak_str(const struct json *j, struct arena *a, struct str *out)
{
	switch (j->type) {
	case JSON_STRING:
		*out = j->text;
		return true;
	case JSON_NUMBER:
		*out = number_str(j, a);
		return true;
	case JSON_BOOL:
		*out = j->boolean ? STR("1") : STR("0");
		return true;
	case JSON_NONE:
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

bool weak_bool(const struct json *j, bool *out)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", ""};
	if (j->type == JSON_BOOL) {
		*out = j->boolean;
		return true;
	}
	if (j->type != JSON_STRING && j->type != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < countof(yes); i++) {
		if (str_is(j->text, yes[i])) {
			*out = true;
			return true;
		}
	}
	for (size_t i = 0; i < countof(no); i++) {
		if (str_is(j->text, no[i])) {
			*out = false;
			return true;
		}
	}
	return false;
}

bool weak_list(const struct json *j, struct arena *a, struct str_list *out)
{
	struct str one;
	*out = (struct str_list){0};
	if (j->type != JSON_ARRAY) {
		if (!weak_str(j, a, &one))
			return false;
		list_push(a, out) = one;
		return true;
	}
	for (size_t i = 0; i < j->array.n; i++) {
		if (!weak_str(j->array.items[i], a, &one))
			return false;
		list_push(a, out) = one;
	}
	return true;
}
