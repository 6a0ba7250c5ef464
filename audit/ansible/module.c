/* Modules as the commands that do the same. */
#include "audit/ansible/ansible.h"

#define WORDS_MAX 300

static const struct module *const tables[] = {modules_command, modules_file, modules_package,
	modules_network, modules_system, modules_other};

/* ---- Running -------------------------------------------------------------------------------- */

static void keep(struct task *t, const struct outcome *o)
{
	t->outcome.when[1] = credit_union(t->p->e, t->outcome.when[1], o->when[1]);
	t->outcome.status = o->status;
}

struct outcome module_argv(struct task *t, const struct value *argv, size_t argc)
{
	struct outcome o = run_argv(t->p->e, &t->p->command, argv, argc, STR(""));
	keep(t, &o);
	return o;
}

struct outcome module_shell(
	struct task *t, const struct value *code, struct place place, enum shell_dialect dialect)
{
	struct run r = {
		.to = "interpreter",
		.text = *code,
		.path = t->unit ? t->unit->path : STR(""),
		.command = &t->p->command,
		.dialect = dialect,
		.child = true,
		.place = place,
	};
	struct outcome o = run_code(t->p->e, &r);
	keep(t, &o);
	return o;
}

/* ---- Words of a command --------------------------------------------------------------------- */

void words_add(struct playbook *p, struct value_list *words, const char *word)
{
	list_push(p->e->scratch, words) = value_text(p->e, str_from(word));
}

struct expansion {
	struct task *t;
	struct value_list words;
	bool shell; /* arguments are quoted */
	bool missing; /* an argument of the group at hand */
};

static const char *c_name(struct expansion *x, struct str name)
{
	return arena_cstr(x->t->p->e->scratch, name);
}

/* For a shell: what is not known stands in the quotes too. */
static void add_quoted(struct eval *e, struct chunks *out, const struct value *v)
{
	chunks_add_text(e, out, STR("'"));
	for (size_t i = 0; i < v->n; i++) {
		struct str rest = v->items[i].text;
		if (v->items[i].kind != CHUNK_TEXT || str_find_byte(rest, '\'') == STR_NPOS) {
			chunks_add(e, out, &v->items[i]);
			continue;
		}
		struct str part;
		bool first = true;
		while (str_cut(&rest, '\'', &part)) {
			chunks_add_text(e, out, first ? STR("") : STR("'\\''"));
			chunks_add_text(e, out, part);
			first = false;
		}
	}
	chunks_add_text(e, out, STR("'"));
}

static void push_word(struct expansion *x, const struct value *v, bool argument)
{
	struct eval *e = x->t->p->e;
	struct chunks quoted = {0};
	if (x->words.n >= WORDS_MAX)
		return;
	if (!x->shell || !argument) {
		list_push(e->scratch, &x->words) = *v;
		return;
	}
	add_quoted(e, &quoted, v);
	list_push(e->scratch, &x->words) = chunks_value(e, &quoted);
}

/* {name*} and {name*:-o}: a word, or two, for each element. */
static void push_list(struct expansion *x, struct str name, struct str before)
{
	struct playbook *p = x->t->p;
	struct any list = arg_list(x->t, c_name(x, name));
	if (list.kind == ANY_UNDEFINED || list.n == 0) {
		x->missing = true;
		return;
	}
	for (size_t i = 0; i < list.n && charge(p->e, 4); i++) {
		struct any one = any_at(p, &list, i);
		struct value v = any_value(p, &one);
		if (value_empty(&v) && one.kind == ANY_TEXT)
			continue;
		if (before.n > 0)
			list_push(p->e->scratch, &x->words) = value_text(p->e, before);
		push_word(x, &v, true);
	}
}

/* {name~}: a text of several words. */
static void push_words(struct expansion *x, struct str name)
{
	struct str text = arg_str(x->t, c_name(x, name));
	struct str word;
	while (text.n > 0 && str_cut(&text, ' ', &word)) {
		struct value v = value_text(x->t->p->e, word);
		if (word.n > 0)
			push_word(x, &v, true);
	}
}

/* The value of {name} or {name,}; false when there is none. */
static bool argument_value(struct expansion *x, struct str name, struct chunks *out)
{
	struct playbook *p = x->t->p;
	bool commas = str_has_suffix(name, STR(","));
	if (commas)
		name.n--;
	if (!arg_given(x->t, c_name(x, name)))
		return false;
	struct any a = arg(x->t, c_name(x, name));
	if (commas && a.kind == ANY_LIST) {
		struct any comma = any_str(p, STR(","));
		struct any args = any_list(&comma, 1);
		a = jinja_filter(p, &a, STR("join"), &args);
	}
	struct value v = any_value(p, &a);
	chunks_add_value(p->e, out, &v);
	return true;
}

static void push_composite(struct expansion *x, struct str word)
{
	struct eval *e = x->t->p->e;
	struct chunks out = {0};
	bool argument = false;
	while (word.n > 0) {
		size_t open = str_find_byte(word, '{');
		size_t close = str_find_byte(word, '}');
		chunks_add_text(e, &out, str_sub(word, 0, open));
		if (open == STR_NPOS || close == STR_NPOS)
			break;
		if (!argument_value(x, str_sub(word, open + 1, close - open - 1), &out)) {
			x->missing = true;
			return;
		}
		argument = true;
		word = str_from_index(word, close + 1);
	}
	struct value v = chunks_value(e, &out);
	push_word(x, &v, argument);
}

/* [name:WORD] and [!name:WORD] */
static void push_flag(struct expansion *x, struct str word)
{
	bool negated = str_has_prefix(word, STR("!"));
	size_t colon = str_find_byte(word, ':');
	struct str name = str_sub(word, negated, colon - negated);
	struct playbook *p = x->t->p;
	struct any a = arg(x->t, c_name(x, name));
	bool holds = negated ? a.kind != ANY_UNDEFINED && any_truth(p, &a) == TRUTH_NO
			     : any_is_true(p, &a);
	if (holds)
		list_push(p->e->scratch, &x->words) =
			value_text(p->e, str_from_index(word, colon + 1));
}

static void push_token(struct expansion *x, struct str word)
{
	bool whole = word.n > 2 && word.p[0] == '{' && str_find_byte(word, '}') == word.n - 1;
	struct str name = whole ? str_sub(word, 1, word.n - 2) : STR("");
	size_t star = str_find_byte(name, '*');
	if (word.n > 2 && word.p[0] == '[' && str_has_suffix(word, STR("]")))
		push_flag(x, str_sub(word, 1, word.n - 2));
	else if (star != STR_NPOS)
		push_list(x, str_sub(name, 0, star), str_from_index(name, star + 2));
	else if (str_has_suffix(name, STR("~")))
		push_words(x, str_sub(name, 0, name.n - 1));
	else
		push_composite(x, word);
}

/* In a group a missing argument takes all of it away. */
static void expand(struct expansion *x, const char *command)
{
	struct str rest = str_from(command);
	struct str word;
	size_t group = STR_NPOS;
	while (str_cut(&rest, ' ', &word)) {
		bool opens = word.n > 1 && word.p[0] == '(';
		bool closes = group != STR_NPOS || opens;
		closes = closes && word.p[word.n - 1] == ')';
		if (opens) {
			group = x->words.n;
			x->missing = false;
		}
		push_token(x, str_sub(word, opens, word.n - opens - closes));
		if (!closes)
			continue;
		if (x->missing)
			x->words.n = group;
		group = STR_NPOS;
	}
}

struct outcome module_command(struct task *t, const char *command)
{
	struct expansion x = {.t = t, .shell = str_has_prefix(str_from(command), STR("| "))};
	struct eval *e = t->p->e;
	struct place place = {t->unit, t->node->span, false};
	expand(&x, x.shell ? command + 2 : command);
	if (!x.shell)
		return module_argv(t, x.words.items, x.words.n);
	struct chunks code = {0};
	for (size_t i = 0; i < x.words.n; i++) {
		if (i > 0)
			chunks_add_text(e, &code, STR(" "));
		chunks_add_value(e, &code, &x.words.items[i]);
	}
	struct value text = chunks_value(e, &code);
	return module_shell(t, &text, place, SHELL_BASH);
}

/* ---- Which rows ----------------------------------------------------------------------------- */

static bool value_is(struct task *t, const char *names, struct str values)
{
	struct str s = arg_str(t, names);
	struct str one;
	while (str_cut(&values, '|', &one)) {
		if (str_eq(one, s))
			return true;
	}
	return false;
}

/* "name", "name+", "name-", "name=a|b", each perhaps behind "!". */
static bool term_holds(struct task *t, struct str term)
{
	bool negated = str_has_prefix(term, STR("!"));
	term = str_from_index(term, negated);
	size_t eq = str_find_byte(term, '=');
	char last = term.n > 0 ? term.p[term.n - 1] : '\0';
	struct str name = str_sub(term, 0, eq);
	if (eq == STR_NPOS && (last == '+' || last == '-'))
		name.n--;
	const char *names = arena_cstr(t->p->e->scratch, name);
	bool holds;
	if (eq != STR_NPOS) {
		holds = value_is(t, names, str_from_index(term, eq + 1));
	} else if (last == '-') {
		struct any a = arg(t, names);
		holds = a.kind != ANY_UNDEFINED && any_truth(t->p, &a) == TRUTH_NO;
	} else {
		holds = last == '+' ? arg_true(t, names) : arg_given(t, names);
	}
	return holds != negated;
}

static bool is_used(struct task *t, const struct module *m)
{
	struct str rest = str_from(m->when);
	struct str term;
	while (rest.n > 0 && str_cut(&rest, ' ', &term)) {
		if (term.n > 0 && !term_holds(t, term))
			return false;
	}
	return true;
}

/* Passwords that stand in the playbook. */
static void look_for_secrets(struct task *t)
{
	struct playbook *p = t->p;
	for (size_t i = 0; t->args && i < t->args->n; i++) {
		const struct yaml *item = t->args->items[i];
		if (item->type != YAML_SCALAR || !secret_name(item->key) ||
			str_contains(item->text, STR("{{")))
			continue;
		struct value v = value_text(p->e, item->text);
		playbook_at(p, t->unit, &item->span);
		secret_assign(p->e, &p->command, item->key, &v, "argv");
	}
	playbook_at(p, t->unit, &t->node->span);
}

static bool run_rows(struct task *t, const struct module *m)
{
	bool known = false;
	for (; m->names; m++) {
		if (!word_in(t->module, m->names))
			continue;
		known = true;
		if (!is_used(t, m))
			continue;
		if (m->run)
			m->run(t);
		else if (m->command)
			(void)module_command(t, m->command);
	}
	return known;
}

void module_run(struct task *t)
{
	struct playbook *p = t->p;
	bool known = false;
	look_for_secrets(t);
	if (t->args_unknown) {
		playbook_opaque(
			p, "language", STR("the arguments of this module are not known"), t->full);
		p->e->facts->opaque++;
	}
	for (size_t i = 0; i < countof(tables) && !known; i++)
		known = run_rows(t, tables[i]);
	if (known)
		return;
	playbook_opaque(p, "language",
		arena_printf(p->e->scratch, "Ansible's module %.*s is not read", STR_ARG(t->full)),
		t->full);
	p->e->facts->opaque++;
}
