/* Expressions of PowerShell. */
#include "audit/eval/ps.h"

#define DEPTH_MAX 300

struct command ps_command(
	struct ps *p, const struct ps_node *n, const struct value *argv, size_t argc)
{
	struct command outer = {.origin = unit_origin(p->e->unit, &n->span)};
	p->e->node = NULL;
	p->e->at = n->span;
	return command_new(p->e, &outer, argv, argc);
}

/* Bytes of the source, with what the template leaves open. */
static struct value literal(struct ps *p, struct str s)
{
	struct chunks c = {0};
	if (str_find_byte(s, TEXT_MARK) == STR_NPOS)
		return value_text(p->e, s);
	chunks_add_marked(p->e, &c, s, false);
	return chunks_value(p->e, &c);
}

static struct ps_value expand(struct ps *p, const struct ps_node *n)
{
	struct chunks out = {0};
	for (size_t i = 0; i < n->n && charge(p->e, 2); i++) {
		struct ps_value part = ps_eval(p, n->items[i]);
		struct value text = ps_value_text(p, &part);
		chunks_add_value(p->e, &out, &text);
	}
	return ps_text(chunks_value(p->e, &out));
}

static struct ps_value number(struct ps *p, const struct ps_node *n)
{
	static const struct unit_name {
		const char *name;
		int64_t factor;
	} units[] = {{"kb", 1LL << 10}, {"mb", 1LL << 20}, {"gb", 1LL << 30}, {"tb", 1LL << 40}};
	struct str s = n->text;
	int64_t value;
	for (size_t i = 0; i < countof(units); i++) {
		if (str_has_suffix(s, str_from(units[i].name)) &&
			str_to_i64(str_sub(s, 0, s.n - 2), &value) && value < 1LL << 20)
			return ps_number(p, value * units[i].factor);
	}
	struct ps_value v = ps_string(p, s);
	v.type = PSV_NUMBER;
	if (str_has_prefix(s, STR("0x")) && ps_integer(p, &v, &value))
		return ps_number(p, value);
	return v;
}

static struct ps_value list(struct ps *p, const struct ps_node *n)
{
	struct ps_value *items = arena_array(p->e->scratch, struct ps_value, n->n + 1);
	for (size_t i = 0; i < n->n && charge(p->e, 2); i++)
		items[i] = ps_eval(p, n->items[i]);
	return (struct ps_value){.type = PSV_LIST, .items = items, .n = n->n};
}

/* What a block puts out: $( ), @( ). */
static struct ps_value block_value(struct ps *p, const struct ps_node *block, bool array)
{
	struct ps_list out = {0};
	struct ps_list *old = p->out;
	p->out = &out;
	ps_run_block(p, block);
	p->out = old;
	return array ? ps_list_value(p, out.items, out.n) : ps_collected(p, &out);
}

static struct ps_value hash(struct ps *p, const struct ps_node *n)
{
	size_t count = n->n / 2;
	struct ps_value *items = arena_array(p->e->scratch, struct ps_value, count + 1);
	struct str *keys = arena_array(p->e->scratch, struct str, count + 1);
	for (size_t i = 0; i < count && charge(p->e, 4); i++) {
		struct ps_value key = ps_eval(p, n->items[2 * i]);
		bool dead;
		struct value text = ps_value_text(p, &key);
		keys[i] = ps_lower_str(p->e, value_display(p->e, &text));
		items[i] = ps_capture(p, n->items[2 * i + 1], &dead);
	}
	return (struct ps_value){.type = PSV_HASH, .items = items, .keys = keys, .n = count};
}

static struct ps_value not_of(struct ps *p, const struct ps_value *v)
{
	enum truth t = ps_truth(p, v);
	struct ps_value out = ps_bool(t == TRUTH_YES ? TRUTH_NO : t == TRUTH_NO ? TRUTH_YES : t);
	out.when[0] = v->when[1];
	out.when[1] = v->when[0];
	out.gates = v->gates;
	return out;
}

/* Characters of a text, or the items of a list, in one text. */
static struct ps_value join_all(struct ps *p, const struct ps_value *v)
{
	struct chunks out = {0};
	size_t n;
	const struct ps_value *items = ps_items(v, &n);
	for (size_t i = 0; i < n && charge(p->e, 2); i++) {
		struct value text = ps_value_text(p, &items[i]);
		chunks_add_value(p->e, &out, &text);
	}
	return ps_text(chunks_value(p->e, &out));
}

static struct ps_value unary(struct ps *p, const struct ps_node *n)
{
	struct ps_value v = ps_eval(p, n->a);
	int64_t i;
	if (str_is(n->text, "not"))
		return not_of(p, &v);
	if (str_is(n->text, ","))
		return ps_list_value(p, &v, 1);
	if (str_is(n->text, "join"))
		return join_all(p, &v);
	if (word_in(n->text, "++ --")) {
		struct ps_value next = ps_unknown(p, STR("…"), NULL);
		if (p->e->looping == 0 && ps_integer(p, &v, &i) && i < 1 << 30 && i > -(1 << 30))
			next = ps_number(p, str_is(n->text, "++") ? i + 1 : i - 1);
		ps_assign(p, n->a, &next, STR("="));
		return (struct ps_value){0};
	}
	if (str_is(n->text, "-") && ps_integer(p, &v, &i) && i > -(1LL << 40) && i < 1LL << 40)
		return ps_number(p, -i);
	if (str_is(n->text, "+"))
		return v;
	return ps_unknown(p, STR("…"), ps_taint(p, &v));
}

/* A character of a text or an item of a list; false: not known. */
static bool item_at(struct ps *p, const struct ps_value *object, int64_t i, struct ps_value *out)
{
	struct str s;
	bool text = object->type == PSV_TEXT && ps_const(p, object, &s);
	if (!text && object->type != PSV_LIST)
		return false;
	size_t n = text ? s.n : object->n;
	if (i < 0)
		i += (int64_t)n;
	*out = (struct ps_value){0};
	if (i >= 0 && (size_t)i < n)
		*out = text ? ps_string(p, str_sub(s, (size_t)i, 1)) : object->items[i];
	return true;
}

static struct ps_value index_of(struct ps *p, const struct ps_node *n)
{
	struct ps_value object = ps_eval(p, n->a);
	struct ps_value at = ps_eval(p, n->b);
	struct ps_value unknown = ps_unknown(p, STR("…"), ps_taint(p, &object));
	struct ps_value out;
	struct str key;
	int64_t i;
	if (object.type == PSV_HASH && ps_const(p, &at, &key)) {
		const struct ps_value *found = ps_find(&object, key);
		return found ? *found : unknown;
	}
	if (at.type != PSV_LIST)
		return ps_integer(p, &at, &i) && item_at(p, &object, i, &out) ? out : unknown;
	struct ps_list items = {0};
	for (size_t k = 0; k < at.n && charge(p->e, 2); k++) {
		if (!ps_integer(p, &at.items[k], &i) || !item_at(p, &object, i, &out))
			return unknown;
		list_push(p->e->scratch, &items) = out;
	}
	return ps_list_value(p, items.items, items.n);
}

/* ---- Casts ---------------------------------------------------------------------------------- */

static struct ps_value characters(struct ps *p, const struct ps_value *v)
{
	struct ps_list out = {0};
	struct str s;
	size_t n;
	if (v->type == PSV_TEXT && ps_const(p, v, &s)) {
		for (size_t i = 0; i < s.n && charge(p->e, 2); i++)
			list_push(p->e->scratch, &out) = ps_string(p, str_sub(s, i, 1));
		return ps_list_value(p, out.items, out.n);
	}
	const struct ps_value *items = ps_items(v, &n);
	for (size_t i = 0; i < n && charge(p->e, 2); i++)
		list_push(p->e->scratch, &out) = ps_cast(p, STR("char"), &items[i]);
	return ps_list_value(p, out.items, out.n);
}

static struct ps_value character(struct ps *p, const struct ps_value *v)
{
	int64_t code;
	if (!ps_integer(p, v, &code) || code < 0 || code > 127)
		return v->type == PSV_TEXT ? *v : ps_unknown(p, STR("…"), ps_taint(p, v));
	char *c = arena_alloc(p->e->scratch, 1);
	*c = (char)code;
	return ps_string(p, (struct str){c, 1});
}

/* Numbers in a list of bytes, as bytes. */
static struct ps_value bytes_of(struct ps *p, const struct ps_value *v)
{
	size_t n;
	const struct ps_value *items = ps_items(v, &n);
	char *bytes = arena_alloc(p->e->scratch, n + 1);
	if (v->type == PSV_BYTES)
		return *v;
	for (size_t i = 0; i < n && charge(p->e, 2); i++) {
		int64_t code;
		if (!ps_integer(p, &items[i], &code) || code < 0 || code > 255)
			return ps_unknown(p, STR("…"), ps_taint(p, v));
		bytes[i] = (char)code;
	}
	struct ps_value out = ps_string(p, (struct str){bytes, n});
	out.type = PSV_BYTES;
	return out;
}

struct ps_value ps_cast(struct ps *p, struct str type, const struct ps_value *v)
{
	int64_t i;
	if (win_is_word(type, "char"))
		return character(p, v);
	if (win_is_word(type, "char[]"))
		return characters(p, v);
	if (win_is_word(type, "byte[]"))
		return bytes_of(p, v);
	if (win_is_word(type, "string") && v->type != PSV_LIST)
		return ps_text(ps_value_text(p, v));
	if (win_is_word(type, "scriptblock") && v->type != PSV_SCRIPT)
		return ps_text(ps_value_text(p, v));
	if (win_is_word(type, "int int32 int64 long byte uint32") && ps_integer(p, v, &i))
		return ps_number(p, i);
	if (win_is_word(type, "bool")) {
		struct ps_value out = ps_bool(ps_truth(p, v));
		out.when[0] = v->when[0];
		out.when[1] = v->when[1];
		return out;
	}
	if (win_is_word(type, "void"))
		return (struct ps_value){0};
	if (win_is_word(type, "type"))
		return (struct ps_value){.type = PSV_TYPE,
			.name = ps_lower_str(p->e, value_display(p->e, &v->text))};
	return *v;
}

/* ---- Assignment ----------------------------------------------------------------------------- */

static struct ps_value added(
	struct ps *p, const struct ps_node *target, const struct ps_value *v, struct str op)
{
	struct ps_node operation = {.kind = PS_BINARY, .text = str_sub(op, 0, op.n - 1)};
	struct ps_value old = ps_eval(p, target);
	operation.span = target->span;
	if (str_is(op, "\?\?="))
		return ps_join(p, &old, v);
	return ps_compare(p, &operation, &old, v);
}

static void assign_member(struct ps *p, const struct ps_node *target, const struct ps_value *v);

static void assign_list(struct ps *p, const struct ps_node *target, const struct ps_value *v)
{
	size_t n;
	const struct ps_value *items = ps_items(v, &n);
	for (size_t i = 0; i < target->n && charge(p->e, 2); i++) {
		struct ps_value one = i < n && v->type == PSV_LIST
			? items[i]
			: ps_unknown(p, STR("…"), ps_taint(p, v));
		ps_assign(p, target->items[i], &one, STR("="));
	}
}

/* Words of the facts: for an assignment as the author may read it. */
static void tell_variable(struct ps *p, const struct ps_node *n, const struct ps_value *v)
{
	struct command c = ps_command(p, n, NULL, 0);
	struct value text = ps_value_text(p, v);
	struct str name = n->text;
	c.text = arena_printf(p->e->scratch, "$%.*s = …", STR_ARG(name));
	if (str_has_prefix(name, STR("env:")))
		emit_env(p->e, &c, str_from_index(name, 4), &text, "shell");
	else if (v->type == PSV_TEXT || v->type == PSV_OBJECT)
		secret_assign(p->e, &c, name, &text, "variable");
}

void ps_assign(struct ps *p, const struct ps_node *target, const struct ps_value *v, struct str op)
{
	struct ps_value value = *v;
	if (!target)
		return;
	if (!str_is(op, "="))
		value = added(p, target, v, op);
	if (target->kind == PS_VARIABLE) {
		ps_set(p, target->text, &value);
		tell_variable(p, target, &value);
	} else if (target->kind == PS_CAST) {
		value = ps_cast(p, target->text, &value);
		ps_assign(p, target->a, &value, STR("="));
	} else if (target->kind == PS_PAREN) {
		ps_assign(p, target->a, &value, STR("="));
	} else if (target->kind == PS_LIST) {
		assign_list(p, target, &value);
	} else if (target->kind == PS_MEMBER || target->kind == PS_INDEX) {
		assign_member(p, target, &value);
	}
}

/* [Net.ServicePointManager]::ServerCertificateValidationCallback = { $true } */
static void assign_static(
	struct ps *p, const struct ps_node *target, struct str name, const struct ps_value *v)
{
	struct ps_value type = ps_eval(p, target->a);
	struct value text = ps_value_text(p, v);
	struct value argv[2];
	struct str code = value_display(p->e, &text);
	argv[0] = value_text(p->e,
		arena_printf(p->e->scratch, "[%.*s]::%.*s", STR_ARG(type.name), STR_ARG(name)));
	argv[1] = text;
	struct command c = ps_command(p, target, argv, 2);
	if (str_eq_nocase(name, STR("ServerCertificateValidationCallback")) &&
		v->type != PSV_NULL && !str_is(str_trim(code), "")) {
		struct value off = value_text(p->e, STR("0"));
		emit_env(p->e, &c, STR("ServerCertificateValidationCallback"), &off, "shell");
		ps_set(p, STR("?insecure"),
			&(struct ps_value){.type = PSV_NUMBER, .text = value_text(p->e, STR("1"))});
	}
	emit_exec(p->e, &c);
}

static void assign_member(struct ps *p, const struct ps_node *target, const struct ps_value *v)
{
	struct ps_value key = ps_eval(p, target->b);
	struct str name;
	if (!ps_const(p, &key, &name))
		name = STR("…");
	if (target->kind == PS_MEMBER && target->flag) {
		assign_static(p, target, name, v);
		return;
	}
	struct ps_value object = ps_eval(p, target->a);
	if (object.type == PSV_HASH || object.type == PSV_OBJECT) {
		object = ps_with(p, &object, name, v);
		ps_assign(p, target->a, &object, STR("="));
	} else if (ps_taint(p, v) && target->a->kind == PS_VARIABLE) {
		object = ps_unknown(p, STR("…"), ps_taint(p, v));
		ps_assign(p, target->a, &object, STR("="));
	}
}

/* ---- All of it ------------------------------------------------------------------------------ */

typedef struct ps_value eval_fn(struct ps *p, const struct ps_node *n);

static struct ps_value eval_text(struct ps *p, const struct ps_node *n)
{
	return ps_text(literal(p, n->text));
}

static struct ps_value eval_variable(struct ps *p, const struct ps_node *n)
{
	return ps_get(p, n->text);
}

static struct ps_value eval_array(struct ps *p, const struct ps_node *n)
{
	return block_value(p, n->a, true);
}

static struct ps_value eval_subexpr(struct ps *p, const struct ps_node *n)
{
	return block_value(p, n->a, false);
}

static struct ps_value eval_paren(struct ps *p, const struct ps_node *n)
{
	bool dead;
	return n->a ? ps_capture(p, n->a, &dead) : (struct ps_value){0};
}

static struct ps_value eval_block(struct ps *p, const struct ps_node *n)
{
	return (struct ps_value){.type = PSV_SCRIPT, .code = n->a, .unit = p->e->unit};
}

static struct ps_value eval_type(struct ps *p, const struct ps_node *n)
{
	(void)p;
	return (struct ps_value){.type = PSV_TYPE, .name = n->text};
}

static struct ps_value eval_cast(struct ps *p, const struct ps_node *n)
{
	struct ps_value v = ps_eval(p, n->a);
	return ps_cast(p, n->text, &v);
}

static eval_fn *const evaluators[] = {
	[PS_TEXT] = eval_text,
	[PS_EXPAND] = expand,
	[PS_NUMBER] = number,
	[PS_VARIABLE] = eval_variable,
	[PS_LIST] = list,
	[PS_ARRAY] = eval_array,
	[PS_SUBEXPR] = eval_subexpr,
	[PS_PAREN] = eval_paren,
	[PS_HASH] = hash,
	[PS_SCRIPT] = eval_block,
	[PS_TYPE] = eval_type,
	[PS_CAST] = eval_cast,
	[PS_UNARY] = unary,
	[PS_BINARY] = ps_binary,
	[PS_MEMBER] = ps_member,
	[PS_CALL] = ps_invoke,
	[PS_INDEX] = index_of,
};

struct ps_value ps_eval(struct ps *p, const struct ps_node *n)
{
	if (!n || !charge(p->e, 4))
		return (struct ps_value){0};
	if (++p->e->depth > DEPTH_MAX) {
		struct command c = {.origin = unit_origin(p->e->unit, &p->e->at)};
		p->e->depth--;
		emit_opaque(p->e, &c, "bound", STR("expressions nest too deeply"), (struct str){0});
		return ps_unknown(p, STR("…"), NULL);
	}
	bool dead;
	eval_fn *eval = (size_t)n->kind < countof(evaluators) ? evaluators[n->kind] : NULL;
	struct ps_value v = eval ? eval(p, n) : ps_capture(p, n, &dead);
	p->e->depth--;
	return v;
}
