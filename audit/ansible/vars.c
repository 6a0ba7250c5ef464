/* Variables: which of those that bear a name counts. */
#include "audit/ansible/ansible.h"

#define SCOPES_MAX 4000
#define ALTERNATIVES_MAX 12

void scope_push(struct playbook *p, enum scope_rank rank, const struct any *map)
{
	if (map->kind == ANY_MAP && p->scopes.n < SCOPES_MAX)
		list_push(p->e->scratch, &p->scopes) = (struct scope){rank, 0, *map};
}

void scope_push_one(
	struct playbook *p, enum scope_rank rank, struct str name, const struct any *value)
{
	struct str *key = arena_new(p->e->scratch, struct str);
	struct any *item = arena_new(p->e->scratch, struct any);
	*key = name;
	*item = *value;
	struct any map = {.kind = ANY_MAP, .items = item, .keys = key, .n = 1};
	scope_push(p, rank, &map);
}

/* Facts outlive the block in which they were set. */
void scope_pop(struct playbook *p, size_t mark)
{
	size_t n = mark;
	for (size_t i = mark; i < p->scopes.n; i++) {
		enum scope_rank rank = p->scopes.items[i].rank;
		if (rank != SCOPE_BLOCK && rank != SCOPE_LOOP)
			p->scopes.items[n++] = p->scopes.items[i];
	}
	p->scopes.n = n;
}

/* ---- Look-ups ------------------------------------------------------------------------------- */

static bool has_key(const struct scope *s, struct str name)
{
	for (size_t i = 0; i < s->map.n; i++) {
		if (str_eq(any_key(&s->map, i), name))
			return true;
	}
	return false;
}

static struct any join_choices(struct playbook *p, unsigned choice, struct str name)
{
	struct any out = {0};
	for (size_t i = 0; i < p->scopes.n; i++) {
		const struct scope *s = &p->scopes.items[i];
		if (s->choice != choice || !has_key(s, name))
			continue;
		struct any one = any_member(p, &s->map, name);
		out = any_join(p, &out, &one);
	}
	return out;
}

/* What Ansible itself tells of the run. */
static bool magic(struct playbook *p, struct str name, struct any *out)
{
	struct str path = p->dir;
	if (str_is(name, "role_path"))
		path = p->role;
	else if (!word_in(name, "playbook_dir inventory_dir"))
		return false;
	*out = any_str(p, path.n > 0 ? path : STR("."));
	return true;
}

struct any variable_any(struct playbook *p, struct str name)
{
	const struct scope *best = NULL;
	struct any out = {0};
	charge(p->e, 1 + p->scopes.n);
	for (size_t i = 0; i < p->scopes.n; i++) {
		const struct scope *s = &p->scopes.items[i];
		if ((!best || s->rank >= best->rank) && has_key(s, name))
			best = s;
	}
	if (!best) {
		magic(p, name, &out);
		return out;
	}
	if (best->choice != 0)
		return join_choices(p, best->choice, name);
	return any_member(p, &best->map, name);
}

/* ---- Files of variables --------------------------------------------------------------------- */

struct str any_pattern(struct playbook *p, const struct any *a)
{
	struct value v = any_value(p, a);
	scoped(buf) out = {0};
	for (size_t i = 0; i < v.n; i++) {
		if (v.items[i].kind == CHUNK_TEXT)
			buf_add(&out, v.items[i].text);
		else
			buf_add_byte(&out, '*');
	}
	return out.n > 0 ? arena_str(p->e->scratch, buf_str(&out)) : STR("");
}

void scope_load(struct playbook *p, enum scope_rank rank, struct str pattern)
{
	struct str_list paths = ansible_glob(p, pattern);
	unsigned choice = paths.n > 1 ? ++p->choices : 0;
	for (size_t i = 0; i < paths.n && i < ALTERNATIVES_MAX; i++) {
		struct ansible_file *f = ansible_open(p, paths.items[i]);
		const struct yaml *root = f ? ansible_yaml(p, f) : NULL;
		if (!root || root->type != YAML_MAP || p->scopes.n >= SCOPES_MAX)
			continue;
		list_push(p->e->scratch, &p->scopes) =
			(struct scope){rank, choice, any_node(p, root, f->unit)};
	}
}

/* ---- Of the command line -------------------------------------------------------------------- */

static void add_words(struct playbook *p, struct str text)
{
	size_t i = 0;
	while (i < text.n) {
		while (i < text.n && strchr(" \t\n", text.p[i]))
			i++;
		size_t start = i;
		char quote = 0;
		for (; i < text.n && (quote || !strchr(" \t\n", text.p[i])); i++) {
			if (quote ? text.p[i] == quote : strchr("'\"", text.p[i]) != NULL)
				quote = quote ? 0 : text.p[i];
		}
		struct str word = str_sub(text, start, i - start);
		size_t eq = str_find_byte(word, '=');
		if (eq == STR_NPOS || eq == 0)
			continue;
		struct str value = str_from_index(word, eq + 1);
		if (value.n > 1 && strchr("'\"", value.p[0]) && value.p[value.n - 1] == value.p[0])
			value = str_sub(value, 1, value.n - 2);
		struct any v = any_str(p, value);
		scope_push_one(p, SCOPE_EXTRA, str_sub(word, 0, eq), &v);
	}
}

/* NAME= and something that is not known. */
static void add_unknown(struct playbook *p, const struct value *argument)
{
	struct str prefix = value_prefix(p->e, argument);
	struct str word;
	while (str_cut(&prefix, ' ', &word)) {
		size_t eq = str_find_byte(word, '=');
		struct str name = str_sub(word, 0, eq);
		struct any v = any_unknown(p, name);
		if (eq == STR_NPOS || eq == 0)
			continue;
		if (prefix.p)
			v = any_str(p, str_from_index(word, eq + 1));
		scope_push_one(p, SCOPE_EXTRA, name, &v);
	}
}

void scope_extra(struct playbook *p, const struct value *argument)
{
	struct str text;
	if (!value_const(p->e, argument, &text)) {
		add_unknown(p, argument);
		return;
	}
	text = str_trim(text);
	if (str_has_prefix(text, STR("@"))) {
		scope_load(p, SCOPE_EXTRA, ansible_path(p, STR(""), str_from_index(text, 1)));
		return;
	}
	if (!str_has_prefix(text, STR("{"))) {
		add_words(p, text);
		return;
	}
	struct yaml_document d;
	yaml_parse(&d, p->e->scratch, text);
	if (d.root && d.root->type == YAML_MAP) {
		struct any map = any_node(p, d.root, NULL);
		scope_push(p, SCOPE_EXTRA, &map);
	}
}
