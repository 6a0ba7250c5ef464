/*
 * sshd_config(5): of each keyword the first value counts, and the drop-ins, in byte order of
 * their names, are read before the rest of the file. Lines behind Match hold for some only.
 */
#include "audit/eval/image.h"

#define SETTINGS_MAX 200

struct setting {
	struct str path;
	size_t write; /* the fact that set it */
	struct str value;
};

static bool is_sshd_file(struct str path)
{
	return str_is(path, "/etc/ssh/sshd_config") ||
		pattern_match(STR("/etc/ssh/sshd_config.d/*.conf"), path, true);
}

/* True when `a` is read before `b`. */
static bool is_before(struct str a, struct str b)
{
	bool main_file = str_is(b, "/etc/ssh/sshd_config");
	if (str_is(a, "/etc/ssh/sshd_config"))
		return false;
	return main_file || str_cmp(a, b) < 0;
}

static struct str lower(struct eval *e, struct str s)
{
	char *p = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (struct str){p, s.n};
}

static size_t keyword_size(struct str line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t' && line.p[n] != '=')
		n++;
	return n;
}

static struct str value_of(struct str line, size_t keyword)
{
	struct str rest = str_from_index(line, keyword);
	while (rest.n > 0 && strchr(" \t=\"", rest.p[0]) && rest.p[0])
		rest = str_from_index(rest, 1);
	rest = str_trim(rest);
	if (rest.n > 0 && rest.p[rest.n - 1] == '"')
		rest.n--;
	return rest;
}

/* Lines that a command edits in or writes anew replace those before; appended ones come later. */
static void set(
	struct eval *e, struct map *settings, struct setting where, bool append, struct str line)
{
	size_t n = keyword_size(line);
	struct str key = lower(e, str_sub(line, 0, n));
	const struct setting *old = map_find(settings, key);
	bool same = old && str_eq(old->path, where.path);
	bool later = append || (old && old->write == where.write);
	if (old && (same ? later : !is_before(where.path, old->path)))
		return;
	if (!old && settings->n >= SETTINGS_MAX)
		return;
	struct setting *s = arena_new(e->scratch, struct setting);
	*s = (struct setting){where.path, where.write, value_of(line, n)};
	map_put(settings, e->scratch, key, s);
}

static struct str text_of(const struct fact *f, const char *name)
{
	const struct hcl_value *v = hcl_member(f->value, str_from(name));
	return v && v->type == HCL_STRING ? v->string : (struct str){0};
}

static bool is_true(const struct fact *f, const char *name)
{
	const struct hcl_value *v = hcl_member(f->value, str_from(name));
	return v && v->type == HCL_BOOL && v->boolean;
}

static void read_write(struct eval *e, struct map *settings, size_t fact)
{
	const struct fact *f = &e->facts->items[fact];
	struct str path = text_of(f, "path");
	struct str lines = text_of(f, "effective");
	struct str line;
	if (!path.p || !is_sshd_file(path) || !is_true(f, "final"))
		return;
	while (str_cut(&lines, '\n', &line) && charge(e, 2)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (str_is(lower(e, str_sub(line, 0, keyword_size(line))), "match"))
			return;
		set(e, settings, (struct setting){.path = path, .write = fact},
			is_true(f, "append"), line);
	}
}

void image_sshd(struct eval *e, struct members *m)
{
	struct map settings = {0};
	for (size_t i = e->facts_first; i < e->facts->n; i++) {
		const struct fact *f = &e->facts->items[i];
		if (f->kind == FACT_WRITE && f->phase == PHASE_BUILD)
			read_write(e, &settings, i);
	}
	/* Facts outlive the evaluation. */
	struct arena *a = e->arena;
	struct str *keys = arena_array(a, struct str, settings.n);
	struct hcl_value *values = arena_array(a, struct hcl_value, settings.n);
	for (size_t i = 0; i < settings.n; i++) {
		const struct setting *s = settings.items[i].value;
		keys[i] = arena_str(a, settings.items[i].key);
		values[i] = hcl_string(arena_str(a, s->value));
	}
	put_value(m, "sshd", hcl_object(a, keys, values, settings.n));
}
