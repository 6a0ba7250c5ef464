#include "fetch/snapshot.h"

#define MODULES_MAX 1000

/* Section header: [submodule "name"]. Other sections are passed over. */
static bool is_submodule_header(struct str line)
{
	return str_has_prefix(line, STR("[submodule ")) && str_has_suffix(line, STR("]"));
}

static struct str unquote(struct str value)
{
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		return str_sub(value, 1, value.n - 2);
	return value;
}

/*
 * A subset of git's configuration syntax that is enough for what git itself writes, and that
 * never follows an include. Escapes and continuation lines are refused.
 */
int gitmodules_parse(struct gitmodules *out, struct arena *a, struct str text, struct error *err)
{
	struct gitmodule *current = NULL;
	struct str line;
	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[') {
			current = NULL;
			if (!is_submodule_header(line))
				continue;
			if (out->n >= MODULES_MAX)
				return error_set(
					err, ERROR_INPUT, ".gitmodules: too many submodules");
			current = &list_push(a, out);
			continue;
		}
		size_t equals = str_find_byte(line, '=');
		if (!current || equals == STR_NPOS)
			continue;
		struct str key = str_trim(str_sub(line, 0, equals));
		struct str value = unquote(str_trim(str_from_index(line, equals + 1)));
		if (str_find_byte(value, '\\') != STR_NPOS)
			return error_set(err, ERROR_INPUT, ".gitmodules: escape in a value");
		if (str_eq_nocase(key, STR("path")))
			current->path = arena_str(a, value);
		else if (str_eq_nocase(key, STR("url")))
			current->url = arena_str(a, value);
	}
	return 0;
}
