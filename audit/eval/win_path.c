/* Paths, names and the environment of Windows. */
#include "audit/eval/ps.h"

bool win_is_word(struct str s, const char *names)
{
	struct str rest = str_from(names);
	struct str name;
	while (s.n > 0 && str_cut(&rest, ' ', &name))
		if (str_eq_nocase(s, name))
			return true;
	return false;
}

/* ---- The environment ------------------------------------------------------------------------ */

static const char *const variables[][2] = {
	{"TEMP", "%TEMP%"},
	{"TMP", "%TEMP%"},
	{"SYSTEMROOT", "C:/Windows"},
	{"WINDIR", "C:/Windows"},
	{"SYSTEMDRIVE", "C:"},
	{"HOMEDRIVE", "C:"},
	{"PROGRAMFILES", "C:/Program Files"},
	{"PROGRAMFILES(X86)", "C:/Program Files (x86)"},
	{"PROGRAMW6432", "C:/Program Files"},
	{"PROGRAMDATA", "C:/ProgramData"},
	{"ALLUSERSPROFILE", "C:/ProgramData"},
	{"PUBLIC", "C:/Users/Public"},
	{"USERPROFILE", "~"},
	{"HOME", "~"},
	{"APPDATA", "~/AppData/Roaming"},
	{"LOCALAPPDATA", "~/AppData/Local"},
	{"COMSPEC", "C:/Windows/System32/cmd.exe"},
};

bool win_variable(struct eval *e, struct str name, struct value *out)
{
	for (size_t i = 0; i < countof(variables); i++) {
		if (str_is(name, variables[i][0])) {
			*out = value_text(e, str_from(variables[i][1]));
			return true;
		}
	}
	return false;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct str slashes(struct eval *e, struct str s)
{
	char *out = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (out[i] == '\\')
			out[i] = '/';
	return (struct str){out, s.n};
}

/* FileSystem::C:\x and "\\?\C:\x" are C:\x. */
static struct str without_provider(struct str path)
{
	static const char *const prefixes[] = {
		"filesystem::", "microsoft.powershell.core/filesystem::", "//?/", "//./"};
	for (size_t i = 0; i < countof(prefixes); i++) {
		struct str prefix = str_from(prefixes[i]);
		if (str_eq_nocase(str_sub(path, 0, prefix.n), prefix))
			return str_from_index(path, prefix.n);
	}
	return path;
}

/* The file system does not tell cases apart: a file keeps the name that it got first. */
static struct str known_spelling(struct eval *e, struct str path)
{
	struct str full = guest_path(e, path);
	if (map_has(&e->files, full))
		return path;
	charge(e, e->files.n);
	for (size_t i = 0; i < e->files.n; i++)
		if (str_eq_nocase(e->files.items[i].key, full))
			return e->files.items[i].key;
	return path;
}

struct str win_path(struct eval *e, struct str path)
{
	if (!path.p)
		return path;
	path = str_trim(path);
	if (path.n > 1 && path.p[0] == '"' && path.p[path.n - 1] == '"')
		path = str_sub(path, 1, path.n - 2);
	path = without_provider(slashes(e, path));
	return known_spelling(e, path);
}

struct str win_program(struct eval *e, struct str name)
{
	static const char *const endings[] = {".exe", ".com", ".cmd", ".bat"};
	struct str path = slashes(e, str_trim(name));
	struct str base = ps_lower_str(e, base_name(path));
	for (size_t i = 0; i < countof(endings); i++) {
		if (i > 1 && base.n != path.n)
			break;
		if (str_has_suffix(base, str_from(endings[i]))) {
			base.n -= 4;
			break;
		}
	}
	struct str parts[] = {str_sub(path, 0, path.n - base_name(path).n), base};
	return arena_join(e->scratch, parts, 2, STR(""));
}

/* ---- The registry --------------------------------------------------------------------------- */

static const char *const hives[][2] = {
	{"HKLM:", "HKLM"},
	{"HKCU:", "HKCU"},
	{"HKCR:", "HKCR"},
	{"HKU:", "HKU"},
	{"HKLM", "HKLM"},
	{"HKCU", "HKCU"},
	{"HKCR", "HKCR"},
	{"HKU", "HKU"},
	{"HKEY_LOCAL_MACHINE", "HKLM"},
	{"HKEY_CURRENT_USER", "HKCU"},
	{"HKEY_CLASSES_ROOT", "HKCR"},
	{"HKEY_USERS", "HKU"},
};

struct str win_registry_path(struct eval *e, struct str path)
{
	struct str none = {0};
	if (!path.p)
		return none;
	path = str_trim(path);
	size_t provider = str_find(path, STR("::"));
	if (provider != STR_NPOS)
		path = str_from_index(path, provider + 2);
	char *text = arena_cstr(e->scratch, path);
	for (size_t i = 0; i < path.n; i++)
		if (text[i] == '/')
			text[i] = '\\';
	path.p = text;
	struct str hive = str_sub(path, 0, str_find_byte(path, '\\'));
	struct str rest = str_from_index(path, hive.n);
	while (rest.n > 0 && rest.p[0] == '\\')
		rest = str_from_index(rest, 1);
	while (rest.n > 0 && rest.p[rest.n - 1] == '\\')
		rest.n--;
	/* HKLM:SOFTWARE without a backslash. */
	size_t colon = str_find_byte(hive, ':');
	if (colon != STR_NPOS && colon + 1 < hive.n) {
		rest = str_from_index(path, colon + 1);
		hive.n = colon + 1;
	}
	for (size_t i = 0; i < countof(hives); i++)
		if (str_eq_nocase(hive, str_from(hives[i][0])))
			return arena_printf(e->scratch, "%s\\%.*s", hives[i][1], STR_ARG(rest));
	return none;
}

/* ---- User data ------------------------------------------------------------------------------ */

struct str ps_user_data(struct eval *e, struct str text)
{
	static const char *const tags[] = {"<powershell>", "</powershell>",
		"<persist>true</persist>", "<persist>false</persist>",
		"<runAsLocalSystem>true</runAsLocalSystem>"};
	if (!str_contains(str_sub(text, 0, 4096), STR("<powershell>")))
		return text;
	char *out = arena_cstr(e->scratch, text);
	for (size_t i = 0; i < countof(tags); i++) {
		struct str tag = str_from(tags[i]);
		for (size_t at = 0; (at = str_find((struct str){out, text.n}, tag)) != STR_NPOS;)
			memset(out + at, ' ', tag.n);
	}
	return (struct str){out, text.n};
}
