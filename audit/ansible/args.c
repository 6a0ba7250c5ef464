/* The arguments of a task's module: a map, or key=value words. */
#include "audit/ansible/ansible.h"

/* ---- key=value ------------------------------------------------------------------------------ */

/* Modules that take a text, and the words in it that are not part of it. */
static const char *const raw_modules =
	"command shell raw script expect win_shell win_command include include_tasks import_tasks "
	"include_vars import_playbook include_role import_role meta";
static const char *const raw_options =
	"chdir creates removes executable warn stdin stdin_add_newline strip_empty_ends decrypt "
	"apply file name tasks_from";

/* Index behind the word at `i`; quotes and {{ }} hold it together. */
static size_t word_end(struct str s, size_t i)
{
	char quote = 0;
	unsigned braces = 0;
	for (; i < s.n; i++) {
		char c = s.p[i];
		char next = i + 1 < s.n ? s.p[i + 1] : '\0';
		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == '{' && (next == '{' || next == '%')) {
			braces++;
			i++;
		} else if ((c == '}' || c == '%') && next == '}' && braces > 0) {
			braces--;
			i++;
		} else if (strchr(" \t\r\n", c) && braces == 0) {
			break;
		}
	}
	return i;
}

static size_t skip_space(struct str s, size_t i)
{
	while (i < s.n && strchr(" \t\r\n", s.p[i]))
		i++;
	return i;
}

static bool is_pair(struct str word)
{
	size_t eq = str_find_byte(word, '=');
	for (size_t i = 0; eq != STR_NPOS && i < eq; i++) {
		char c = word.p[i];
		bool ok = c == '_' || c == '-' || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
			(i > 0 && c >= '0' && c <= '9');
		if (!ok)
			return false;
	}
	return eq != STR_NPOS && eq > 0;
}

static struct str unquoted(struct str s)
{
	if (s.n > 1 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return str_sub(s, 1, s.n - 2);
	return s;
}

static void add_arg(
	struct playbook *p, struct yaml *map, const struct yaml *like, struct str key, struct str v)
{
	struct yaml *item = arena_new(p->e->scratch, struct yaml);
	*item = (struct yaml){
		.type = YAML_SCALAR, .key = key, .text = v, .span = like->span, .tag = STR("")};
	list_push(p->e->scratch, map) = item;
}

static void add_pair(struct playbook *p, struct yaml *map, const struct yaml *like, struct str word)
{
	size_t eq = str_find_byte(word, '=');
	add_arg(p, map, like, str_sub(word, 0, eq), unquoted(str_from_index(word, eq + 1)));
}

static bool is_option(struct str word)
{
	return is_pair(word) && word_in(str_sub(word, 0, str_find_byte(word, '=')), raw_options);
}

/* The text between the options before and behind it. */
static void split_raw(struct task *t, struct yaml *map, const struct yaml *value)
{
	struct str s = value->text;
	size_t from = skip_space(s, 0);
	size_t to = from;
	size_t last = from;
	while (from < s.n && is_option(str_sub(s, from, word_end(s, from) - from))) {
		size_t end = word_end(s, from);
		add_pair(t->p, map, value, str_sub(s, from, end - from));
		from = skip_space(s, end);
	}
	for (size_t i = from; i < s.n && charge(t->p->e, 1);) {
		size_t end = word_end(s, i);
		struct str word = str_sub(s, i, end - i);
		bool option = is_option(word);
		if (option && last <= i)
			add_pair(t->p, map, value, word);
		if (!option)
			to = end;
		i = skip_space(s, end > i ? end : i + 1);
	}
	struct yaml *raw = arena_new(t->p->e->scratch, struct yaml);
	*raw = *value;
	raw->key = STR("_raw_params");
	raw->text = to > from ? str_sub(s, from, to - from) : STR("");
	for (size_t i = 0; i < from; i++) {
		raw->span.line += s.p[i] == '\n';
		raw->span.col++;
	}
	list_push(t->p->e->scratch, map) = raw;
}

static void split_pairs(struct task *t, struct yaml *map, const struct yaml *value)
{
	struct str s = value->text;
	for (size_t i = skip_space(s, 0); i < s.n && charge(t->p->e, 1);) {
		size_t end = word_end(s, i);
		struct str word = str_sub(s, i, end - i);
		if (is_pair(word))
			add_pair(t->p, map, value, word);
		else
			add_arg(t->p, map, value, STR("_raw_params"), word);
		i = skip_space(s, end > i ? end : i + 1);
	}
}

void task_args(struct task *t, const struct yaml *value)
{
	struct yaml *map = arena_new(t->p->e->scratch, struct yaml);
	map->type = YAML_MAP;
	map->tag = STR("");
	t->args = map;
	if (value->type == YAML_MAP) {
		t->args = value;
		return;
	}
	if (value->type != YAML_SCALAR || value->text.n == 0)
		return;
	map->span = value->span;
	struct str s = str_trim(value->text);
	bool raw = word_in(t->module, raw_modules);
	t->args_unknown = !raw && str_has_prefix(s, STR("{{")) && str_has_suffix(s, STR("}}"));
	if (raw)
		split_raw(t, map, value);
	else
		split_pairs(t, map, value);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* The next of the names between bars. */
static bool next_name(const char **names, struct str *out)
{
	if (!*names || !**names)
		return false;
	const char *end = strchr(*names, '|');
	*out = (struct str){*names, end ? (size_t)(end - *names) : strlen(*names)};
	*names = end ? end + 1 : NULL;
	return true;
}

const struct yaml *arg_node(const struct task *t, const char *names)
{
	struct str name;
	while (next_name(&names, &name)) {
		char key[64];
		if (name.n >= sizeof(key))
			continue;
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		const struct yaml *found = yaml_find(t->args, key);
		if (!found)
			found = yaml_find(t->more, key);
		if (found)
			return found;
	}
	return NULL;
}

struct any arg(struct task *t, const char *names)
{
	const struct yaml *node = arg_node(t, names);
	if (!node)
		return (struct any){0};
	struct any a = any_node(t->p, node, t->unit);
	if (a.kind == ANY_OMIT)
		a.kind = ANY_UNDEFINED;
	return a;
}

bool arg_given(struct task *t, const char *names)
{
	struct any a = arg(t, names);
	struct str s;
	if (a.kind == ANY_TEXT && value_const(t->p->e, &a.text, &s))
		return s.n > 0;
	return a.kind != ANY_UNDEFINED && (a.kind != ANY_LIST || a.n > 0);
}

bool arg_is(struct task *t, const char *names, const char *word)
{
	struct any a = arg(t, names);
	struct str s;
	return any_const(t->p, &a, &s) && str_is(s, word);
}

bool arg_true(struct task *t, const char *names)
{
	struct any a = arg(t, names);
	return any_is_true(t->p, &a);
}

struct str arg_str(struct task *t, const char *names)
{
	struct any a = arg(t, names);
	struct str s;
	return any_const(t->p, &a, &s) ? s : STR("");
}

struct any arg_list(struct task *t, const char *names)
{
	struct any a = arg(t, names);
	struct str s;
	if (a.kind == ANY_LIST || a.kind == ANY_UNDEFINED)
		return a;
	struct {
		struct any *items;
		size_t n;
		size_t cap;
	} list = {0};
	struct str part;
	if (!any_const(t->p, &a, &s) || str_find_byte(s, ',') == STR_NPOS) {
		struct any *one = arena_new(t->p->e->scratch, struct any);
		*one = a;
		return any_list(one, 1);
	}
	while (str_cut(&s, ',', &part) && list.n < 1000) {
		if (str_trim(part).n > 0)
			list_push(t->p->e->scratch, &list) = any_str(t->p, str_trim(part));
	}
	return any_list(list.items, list.n);
}

const struct yaml *arg_place(const struct task *t, const char *names, struct place *out)
{
	const struct yaml *node = arg_node(t, names);
	if (node)
		*out = (struct place){t->unit, node->span, node->by_line};
	return node;
}
