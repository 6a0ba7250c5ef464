/* Jinja's filters, tests and calls, as far as Ansible's users meet them. */
#include "audit/ansible/ansible.h"

#include "base/encode.h"

#define LIST_MAX 1000
#define TEXT_MAX ((size_t)256 << 10)

static struct any argument(struct playbook *p, const struct any *args, size_t i)
{
	return any_at(p, args, i);
}

static struct str text_argument(struct playbook *p, const struct any *args, size_t i)
{
	struct any a = argument(p, args, i);
	struct str s;
	return any_const(p, &a, &s) ? s : (struct str){0};
}

/* ---- Comparing ------------------------------------------------------------------------------ */

/* The digest of bytes, compared with a text: as the shell's test does it. */
static struct any compare_digest(
	struct playbook *p, const struct any *a, const struct any *b, bool equal)
{
	struct value argv[] = {value_text(p->e, STR("test")), a->text,
		value_text(p->e, equal ? STR("=") : STR("!=")), b->text};
	struct outcome o = run_argv(p->e, &p->command, argv, countof(argv), STR(""));
	struct any out = any_unknown(p, STR("…"));
	out.when[0] = o.when[0];
	out.when[1] = o.when[1];
	return out;
}

/* 0 is what a command returns that did not fail. */
static struct any compare_status(
	struct playbook *p, const struct any *a, struct str sign, struct str right)
{
	struct any out = any_unknown(p, STR("…"));
	bool zero = str_is(right, "0") || word_in(right, "False false");
	bool equal = str_is(sign, "==");
	if (!zero)
		return out;
	if (equal || word_in(sign, "!= >"))
		out.when[equal] = a->text.items[0].credit;
	return out;
}

static bool same_text(struct str a, struct str b)
{
	bool bools = word_in(a, "True true False false") && word_in(b, "True true False false");
	return bools ? str_eq_nocase(a, b) : str_eq(a, b);
}

static enum truth holds(struct playbook *p, const struct any *list, const struct any *item)
{
	struct str wanted;
	struct str s;
	if (!any_const(p, item, &wanted))
		return TRUTH_UNKNOWN;
	if (any_const(p, list, &s))
		return str_contains(s, wanted) ? TRUTH_YES : TRUTH_NO;
	if (list->kind != ANY_LIST && list->kind != ANY_MAP)
		return TRUTH_UNKNOWN;
	enum truth found = TRUTH_NO;
	for (size_t i = 0; i < list->n && charge(p->e, 1); i++) {
		struct any one =
			list->kind == ANY_MAP ? any_str(p, any_key(list, i)) : any_at(p, list, i);
		if (!any_const(p, &one, &s))
			found = TRUTH_UNKNOWN;
		else if (same_text(s, wanted))
			return TRUTH_YES;
	}
	return found;
}

static struct any truth_any(struct playbook *p, enum truth t, bool negated)
{
	if (t == TRUTH_UNKNOWN)
		return any_unknown(p, STR("…"));
	return any_bool(p, (t == TRUTH_YES) != negated);
}

static struct any compare_order(
	struct playbook *p, struct str left, struct str sign, struct str right)
{
	int64_t a;
	int64_t b;
	if (!str_to_i64(left, &a) || !str_to_i64(right, &b))
		return any_unknown(p, STR("…"));
	bool yes = sign.p[0] == '<' ? a < b : a > b;
	return any_bool(p, yes || (sign.n == 2 && a == b));
}

struct any jinja_compare(
	struct playbook *p, const struct any *a, struct str sign, const struct any *b)
{
	struct str left;
	struct str right;
	bool equal = str_is(sign, "==");
	if (word_in(sign, "in not") || str_is(sign, "not in"))
		return truth_any(p, holds(p, b, a), str_is(sign, "not in"));
	bool texts = a->kind == ANY_TEXT && b->kind == ANY_TEXT;
	if (texts && (equal || str_is(sign, "!=")) &&
		(value_digest(&a->text) || value_digest(&b->text)))
		return compare_digest(p, a, b, equal);
	bool status = a->kind == ANY_TEXT && a->text.n == 1 && a->text.items[0].credit;
	if (status && any_const(p, b, &right))
		return compare_status(p, a, sign, right);
	if (!any_const(p, a, &left) || !any_const(p, b, &right))
		return any_unknown(p, STR("…"));
	if (equal || str_is(sign, "!="))
		return any_bool(p, same_text(left, right) == equal);
	return compare_order(p, left, sign, right);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

struct any jinja_test(
	struct playbook *p, const struct any *in, struct str name, const struct any *args)
{
	struct any rc = any_member(p, in, STR("rc"));
	bool status = in->kind == ANY_MAP && rc.kind == ANY_TEXT && rc.text.n == 1;
	const struct credit *credit = status ? rc.text.items[0].credit : NULL;
	struct any out = any_unknown(p, name);
	if (word_in(name, "defined undefined")) {
		bool wanted = str_is(name, "defined");
		if (in->kind == ANY_UNDEFINED || in->kind == ANY_UNKNOWN)
			return out;
		return any_bool(p, wanted);
	}
	if (word_in(name, "success succeeded successful")) {
		out.when[1] = credit;
		return out;
	}
	if (word_in(name, "failed failure")) {
		out.when[0] = credit;
		return out;
	}
	if (word_in(name, "in contains") && args->n > 0) {
		struct any other = argument(p, args, 0);
		bool inside = str_is(name, "in");
		return truth_any(p, holds(p, inside ? &other : in, inside ? in : &other), false);
	}
	if (word_in(name, "string mapping iterable number sequence"))
		return out;
	if (word_in(name, "true truthy"))
		return truth_any(p, any_truth(p, in), false);
	if (word_in(name, "false falsy none"))
		return truth_any(p, any_truth(p, in), true);
	return out;
}

/* ---- Filters -------------------------------------------------------------------------------- */

static struct any default_of(struct playbook *p, const struct any *in, const struct any *args)
{
	struct any other = args->n > 0 ? argument(p, args, 0) : any_str(p, STR(""));
	struct any flag = argument(p, args, 1);
	bool empty = any_is_true(p, &flag) && any_truth(p, in) == TRUTH_NO;
	return in->kind == ANY_UNDEFINED || in->kind == ANY_UNKNOWN || empty ? other : *in;
}

static struct any changed_case(struct playbook *p, struct str s, bool upper)
{
	char *out = arena_cstr(p->e->scratch, s);
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)(out[i] | 32);
		if (c >= 'a' && c <= 'z')
			out[i] = upper ? (char)(c - 32) : c;
	}
	return any_str(p, (struct str){out, s.n});
}

static struct any replaced(struct playbook *p, struct str s, struct str from, struct str to)
{
	scoped(buf) out = {0};
	size_t at;
	if (!from.p || !to.p || from.n == 0)
		return any_unknown(p, STR("…"));
	buf_init(&out, TEXT_MAX);
	while ((at = str_find(s, from)) != STR_NPOS && charge(p->e, 1)) {
		buf_add(&out, str_sub(s, 0, at));
		buf_add(&out, to);
		s = str_from_index(s, at + from.n);
	}
	buf_add(&out, s);
	if (out.full || !charge(p->e, out.n / 4))
		return any_unknown(p, STR("…"));
	return any_str(p, out.n > 0 ? arena_str(p->e->scratch, buf_str(&out)) : STR(""));
}

static struct any joined(struct playbook *p, const struct any *list, struct str separator)
{
	struct chunks out = {0};
	if (list->kind != ANY_LIST)
		return *list;
	for (size_t i = 0; i < list->n && charge(p->e, 1); i++) {
		struct any one = any_at(p, list, i);
		struct value v = any_value(p, &one);
		if (i > 0)
			chunks_add_text(p->e, &out, separator);
		chunks_add_value(p->e, &out, &v);
	}
	return any_text(chunks_value(p->e, &out));
}

static struct any split(struct playbook *p, struct str s, struct str separator)
{
	struct {
		struct any *items;
		size_t n;
		size_t cap;
	} list = {0};
	while (s.p && list.n < 1000) {
		size_t at = separator.n > 0 ? str_find(s, separator) : STR_NPOS;
		list_push(p->e->scratch, &list) = any_str(p, str_sub(s, 0, at));
		s = at == STR_NPOS ? (struct str){0} : str_from_index(s, at + separator.n);
	}
	return any_list(list.items, list.n);
}

static struct any text_filter(
	struct playbook *p, struct str s, struct str name, const struct any *args)
{
	struct str decoded;
	if (word_in(name, "lower upper"))
		return changed_case(p, s, str_is(name, "upper"));
	if (str_is(name, "trim"))
		return any_str(p, str_trim(s));
	if (str_is(name, "basename"))
		return any_str(p, base_name(s));
	if (str_is(name, "dirname"))
		return any_str(p, ansible_dir(s));
	if (str_is(name, "replace"))
		return replaced(p, s, text_argument(p, args, 0), text_argument(p, args, 1));
	if (str_is(name, "split"))
		return split(p, s, args->n > 0 ? text_argument(p, args, 0) : STR(" "));
	if (str_is(name, "b64decode"))
		return base64_decode(p->e->scratch, s, &decoded) ? any_str(p, decoded)
								 : any_unknown(p, STR("…"));
	if (word_in(name, "int bool string float d quote to_yaml to_json"))
		return any_str(p, str_is(name, "int") ? str_trim(s) : s);
	return any_unknown(p, arena_printf(p->e->scratch, "… | %.*s", STR_ARG(name)));
}

/* A map as a list of {key, value}. */
static struct any items_of(struct playbook *p, const struct any *map)
{
	static const struct str keys[] = {STR_INIT("key"), STR_INIT("value")};
	struct any *list = arena_array(p->e->scratch, struct any, map->n + 1);
	for (size_t i = 0; i < map->n && charge(p->e, 2); i++) {
		struct any *pair = arena_array(p->e->scratch, struct any, 2);
		pair[0] = any_str(p, any_key(map, i));
		pair[1] = any_at(p, map, i);
		list[i] = (struct any){.kind = ANY_MAP, .items = pair, .keys = keys, .n = 2};
	}
	return any_list(list, map->n);
}

static struct any flat(struct playbook *p, const struct any *list)
{
	struct {
		struct any *items;
		size_t n;
		size_t cap;
	} out = {0};
	for (size_t i = 0; i < list->n && charge(p->e, 1); i++) {
		struct any one = any_at(p, list, i);
		size_t n = one.kind == ANY_LIST ? one.n : 1;
		for (size_t k = 0; k < n && out.n < LIST_MAX && charge(p->e, 16); k++)
			list_push(p->e->scratch, &out) =
				one.kind == ANY_LIST ? any_at(p, &one, k) : one;
	}
	return any_list(out.items, out.n);
}

static struct any list_filter(
	struct playbook *p, const struct any *in, struct str name, const struct any *args)
{
	if (str_is(name, "first"))
		return any_at(p, in, 0);
	if (str_is(name, "last"))
		return in->n > 0 ? any_at(p, in, in->n - 1) : *in;
	if (str_is(name, "join"))
		return joined(p, in, args->n > 0 ? text_argument(p, args, 0) : STR(""));
	if (str_is(name, "length") || str_is(name, "count"))
		return any_str(p, arena_printf(p->e->scratch, "%zu", in->n));
	if (str_is(name, "flatten"))
		return flat(p, in);
	if (str_is(name, "union")) {
		struct any two[] = {*in, argument(p, args, 0)};
		struct any lists = any_list(two, 2);
		return flat(p, &lists);
	}
	if (word_in(name, "list unique sort reverse"))
		return *in;
	if (word_in(name, "dict2items items"))
		return items_of(p, in);
	return any_unknown(p, arena_printf(p->e->scratch, "… | %.*s", STR_ARG(name)));
}

static struct any map_filter(
	struct playbook *p, const struct any *in, struct str name, const struct any *args)
{
	if (word_in(name, "dict2items items"))
		return items_of(p, in);
	if (word_in(name, "combine")) {
		/* The later map hides the members of the earlier one; one known map is enough. */
		struct any other = argument(p, args, 0);
		return other.kind == ANY_MAP && in->n == 0 ? other : *in;
	}
	return any_unknown(p, arena_printf(p->e->scratch, "… | %.*s", STR_ARG(name)));
}

struct any jinja_filter(
	struct playbook *p, const struct any *in, struct str name, const struct any *args)
{
	struct str s;
	if (word_in(name, "default d"))
		return default_of(p, in, args);
	if (str_is(name, "ternary")) {
		enum truth t = any_truth(p, in);
		struct any yes = argument(p, args, 0);
		struct any no = argument(p, args, 1);
		return t == TRUTH_UNKNOWN ? any_join(p, &yes, &no) : t == TRUTH_YES ? yes : no;
	}
	if (str_is(name, "mandatory") || in->kind == ANY_UNDEFINED || in->kind == ANY_OMIT)
		return *in;
	if (in->kind == ANY_LIST)
		return list_filter(p, in, name, args);
	if (in->kind == ANY_MAP)
		return map_filter(p, in, name, args);
	if (any_const(p, in, &s))
		return text_filter(p, s, name, args);
	bool keeps = word_in(name, "trim string int bool lower upper quote expanduser join list");
	if (keeps)
		return *in;
	struct any out = any_unknown(p, name);
	out.text =
		value_unknown(p->e, value_display(p->e, &out.text), value_taint(p->e, &in->text));
	return out;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static struct any lookup_file(struct playbook *p, struct str name, bool template)
{
	struct ansible_file *f = ansible_find(p, template ? "templates" : "files", name);
	if (!f)
		return any_unknown(p, name);
	if (template)
		return any_text(jinja_text(p, f->unit, f->unit->text));
	return any_text(ansible_content(p, f));
}

/* A lookup runs on the build host. */
static struct any lookup_run(struct playbook *p, struct str kind, const struct any *arg)
{
	struct eval *e = p->e;
	struct chunks collected = {0};
	struct chunks *out = e->out;
	enum fact_phase phase = e->phase;
	struct value words[] = {
		value_text(e, STR("curl")), value_text(e, STR("-fsSL")), any_value(p, arg)};
	e->out = &collected;
	e->phase = p->step ? PHASE_HOST : phase;
	if (str_is(kind, "url"))
		run_argv(e, &p->command, words, countof(words), STR(""));
	else
		run_shell_text(e, &p->command, &words[2], STR("sh"), (struct place){0});
	e->out = out;
	e->phase = phase;
	return any_text(chunks_value(e, &collected));
}

static struct any lookup(struct playbook *p, const struct any *args)
{
	struct str kind = text_argument(p, args, 0);
	struct any first = argument(p, args, 1);
	struct str name;
	bool known = any_const(p, &first, &name);
	size_t dot = str_rfind_byte(kind, '.');
	if (dot != STR_NPOS)
		kind = str_from_index(kind, dot + 1);
	if (word_in(kind, "file template") && known)
		return lookup_file(p, name, str_is(kind, "template"));
	if (word_in(kind, "url pipe") && args->n > 1)
		return lookup_run(p, kind, &first);
	if (str_is(kind, "vars") && known)
		return variable_any(p, name);
	if (word_in(kind, "fileglob first_found items list flattened"))
		return first;
	if (word_in(kind, "password hashi_vault aws_secret aws_ssm")) {
		struct chunk *c = arena_new(p->e->scratch, struct chunk);
		*c = (struct chunk){.kind = CHUNK_UNKNOWN,
			.sensitive = true,
			.text = STR("<sensitive:lookup>")};
		return any_text((struct value){c, 1});
	}
	return any_unknown(p, arena_printf(p->e->scratch, "lookup('%.*s')", STR_ARG(kind)));
}

static struct any range(struct playbook *p, const struct any *args)
{
	int64_t from = 0;
	int64_t to = 0;
	struct str first = text_argument(p, args, 0);
	struct str second = text_argument(p, args, 1);
	bool two = args->n > 1;
	if (!first.p || !str_to_i64(first, two ? &from : &to) ||
		(two && (!second.p || !str_to_i64(second, &to))) || to < from || to - from > 100 ||
		args->n > 2)
		return any_unknown(p, STR("range"));
	struct any *items = arena_array(p->e->scratch, struct any, (size_t)(to - from) + 1);
	for (int64_t i = from; i < to; i++)
		items[i - from] = any_str(p, arena_printf(p->e->scratch, "%lld", (long long)i));
	return any_list(items, (size_t)(to - from));
}

struct any jinja_call(struct playbook *p, struct str name, const struct any *args)
{
	if (word_in(name, "lookup query q"))
		return lookup(p, args);
	if (str_is(name, "range"))
		return range(p, args);
	return any_unknown(p, arena_printf(p->e->scratch, "%.*s()", STR_ARG(name)));
}

struct any jinja_method(
	struct playbook *p, const struct any *in, struct str name, const struct any *args)
{
	struct str s;
	if (str_is(name, "get") && args->n > 0) {
		struct str key = text_argument(p, args, 0);
		struct any found = key.p ? any_member(p, in, key) : any_unknown(p, name);
		return found.kind == ANY_UNDEFINED && args->n > 1 ? argument(p, args, 1) : found;
	}
	if (str_is(name, "items") && in->kind == ANY_MAP)
		return items_of(p, in);
	if (any_const(p, in, &s)) {
		if (word_in(name, "strip"))
			return any_str(p, str_trim(s));
		if (word_in(name, "startswith endswith")) {
			struct str part = text_argument(p, args, 0);
			bool start = str_is(name, "startswith");
			if (part.p)
				return any_bool(p,
					start ? str_has_prefix(s, part) : str_has_suffix(s, part));
		}
		if (word_in(name, "lower upper replace split"))
			return text_filter(p, s, name, args);
	}
	return any_unknown(p, name);
}
