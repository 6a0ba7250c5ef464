#include "builders/aws/profile.h"

#include "base/file.h"
#include "base/redact.h"

#include <errno.h>

#define FILE_MAX ((size_t)1 << 20)

/* "[name]", "[profile name]". Others ("[sso-session x]") are told apart by their space. */
static bool parse_section(struct str line, struct str *out)
{
	const struct str profile = STR("profile ");
	if (line.n < 3 || line.p[line.n - 1] != ']')
		return false;
	struct str name = str_trim(str_sub(line, 1, line.n - 2));
	if (str_has_prefix(name, profile))
		name = str_trim(str_from_index(name, profile.n));
	*out = name;
	return name.n > 0;
}

/* Indented lines belong to the setting above ("s3 ="), and none of those is used. */
static bool is_nested(struct str line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* Behind a value, a comment has a blank before it. */
static struct str without_comment(struct str value)
{
	for (size_t i = 1; i < value.n; i++) {
		bool blank = value.p[i - 1] == ' ' || value.p[i - 1] == '\t';
		if (blank && (value.p[i] == '#' || value.p[i] == ';'))
			return str_trim(str_sub(value, 0, i));
	}
	return str_trim(value);
}

int aws_settings_parse(
	struct aws_settings *out, struct arena *a, struct str text, struct error *err)
{
	struct str rest = text;
	struct str raw;
	struct str section = STR("");
	for (size_t number = 1; rest.n > 0 && str_cut(&rest, '\n', &raw); number++) {
		struct str line = str_trim(raw);
		struct str key;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';' || is_nested(raw))
			continue;
		if (line.p[0] == '[') {
			if (!parse_section(line, &section))
				return error_set(err, ERROR_INPUT, "line %zu: no section", number);
			continue;
		}
		struct str value = line;
		if (section.n == 0 || !str_cut(&value, '=', &key) || value.n == 0)
			continue;
		list_push(a, out) = (struct aws_setting){arena_str(a, section),
			arena_str(a, str_trim(key)), arena_str(a, without_comment(value))};
	}
	return 0;
}

int aws_settings_load(
	struct aws_settings *out, struct arena *a, const char *path, bool wanted, struct error *err)
{
	scoped(buf) text = {0};
	/* Files of one's own home may well be links. */
	autofree char *real = realpath(path, NULL);
	if (!real && errno == ENOENT && !wanted)
		return 0;
	if (!real)
		return error_sys(err, "%s", path);
	buf_init(&text, FILE_MAX + 1);
	if (file_read(&text, AT_FDCWD, real, FILE_MAX, err) < 0)
		return -1;
	int status = aws_settings_parse(out, a, buf_str(&text), err);
	secret_wipe(text.p, text.n);
	return status < 0 ? error_wrap(err, "%s", path) : 0;
}

bool aws_settings_have(const struct aws_settings *s, struct str section)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->items[i].section, section))
			return true;
	}
	return false;
}

struct str aws_setting_find(const struct aws_settings *s, struct str section, const char *key)
{
	struct str found = STR("");
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->items[i].section, section) && str_is(s->items[i].key, key))
			found = s->items[i].value;
	}
	return found;
}
