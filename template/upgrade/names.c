#include "template/upgrade/upgrade.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool upgrade_is_name(struct str s)
{
	if (s.n == 0 || !is_letter(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-')
			return false;
	}
	return true;
}

static struct str allowed(struct upgrade *u, struct str wanted)
{
	if (upgrade_is_name(wanted))
		return wanted;
	size_t n = wanted.n + 1;
	char *name = arena_alloc(u->arena, n + 1);
	name[0] = '_';
	for (size_t i = 1; i < n; i++) {
		char c = wanted.p[i - 1];
		name[i] = is_letter(c) || is_digit(c) || c == '-' ? c : '_';
	}
	bool starts_well = n > 1 && is_letter(name[1]);
	return (struct str){name + starts_well, n - starts_well};
}

struct str upgrade_name(struct upgrade *u, struct map *taken, struct str wanted)
{
	struct str base = allowed(u, wanted);
	struct str name = base;
	for (size_t i = 2; map_has(taken, name); i++)
		name = arena_printf(u->arena, "%.*s_%zu", STR_ARG(base), i);
	map_put(taken, u->arena, name, taken);
	return name;
}

void upgrade_warning(struct upgrade *u, const struct json *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(u->arena, fmt, ap);
	va_end(ap);
	const struct origin o = {u->file, at ? at->span : (struct span){0}};
	diag_warning(u->diags, u->arena, &o, "%.*s", STR_ARG(text));
}
