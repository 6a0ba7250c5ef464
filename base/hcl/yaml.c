/* yamldecode: collections, anchors and documents of YAML. */
#include "base/hcl/yaml.h"

#include "base/utf8.h"

#define CORE "tag:yaml.org,2002:"

/* What stands before a node. */
struct properties {
	struct str tag;
	struct str anchor;
	bool any;
};

/* Where a node of block style stands. */
struct place {
	int indent; /* column of the collection around; -1 for none */
	bool opens; /* a collection may begin on this line */
	bool sequence; /* one may begin at that column */
};

static int read_node(struct yaml *y, struct hcl_value *out, struct place place);
static int read_flow(struct yaml *y, struct hcl_value *out);

/* ---- Properties ---------------------------------------------------------------------------- */

static struct str read_word(struct yaml *y)
{
	size_t start = y->pos;
	while (!yaml_is_separator(yaml_at(y, 0)) && !strchr(",[]{}", yaml_at(y, 0)))
		yaml_skip(y, 1);
	return str_sub(y->text, start, y->pos - start);
}

static struct str long_tag(struct arena *a, struct str tag)
{
	if (str_has_prefix(tag, STR("!!")))
		return arena_printf(a, CORE "%.*s", STR_ARG(str_from_index(tag, 2)));
	if (str_has_prefix(tag, STR("!<")) && tag.p[tag.n - 1] == '>')
		return str_sub(tag, 2, tag.n - 3);
	return tag;
}

/* Up to white space on the same line, which is consumed. */
static int read_properties(struct yaml *y, struct properties *out)
{
	*out = (struct properties){0};
	for (;;) {
		char c = yaml_at(y, 0);
		if (c == '!' && out->tag.n == 0) {
			out->tag = long_tag(y->eval->arena, read_word(y));
		} else if (c == '&' && out->anchor.n == 0) {
			yaml_skip(y, 1);
			out->anchor = read_word(y);
			if (out->anchor.n == 0)
				return yaml_fail(y, "an anchor needs a name");
		} else {
			return 0;
		}
		out->any = true;
		if (!yaml_is_separator(yaml_at(y, 0)))
			return yaml_fail(y, "white space is needed here");
		while (yaml_is_blank(yaml_at(y, 0)))
			yaml_skip(y, 1);
	}
}

/* ---- Anchors ------------------------------------------------------------------------------- */

/* An anchor without a type is one that is still being read. */
static void begin_anchor(struct yaml *y, const struct properties *p)
{
	struct arena *a = y->eval->arena;
	if (p->anchor.n > 0)
		map_put(&y->anchors, a, p->anchor, arena_new(a, struct hcl_value));
}

static void end_anchor(struct yaml *y, const struct properties *p, const struct hcl_value *v)
{
	struct hcl_value *anchor = p->anchor.n > 0 ? map_find(&y->anchors, p->anchor) : NULL;
	if (anchor)
		*anchor = *v;
}

static int read_alias(struct yaml *y, struct hcl_value *out)
{
	yaml_skip(y, 1);
	struct str name = read_word(y);
	const struct hcl_value *anchor = map_find(&y->anchors, name);
	if (!anchor)
		return yaml_fail(y, "there is no anchor `%.*s`", STR_ARG(name));
	if (anchor->type == HCL_NONE)
		return yaml_fail(y, "`%.*s` cannot hold itself", STR_ARG(name));
	*out = *anchor;
	return 0;
}

/* ---- Scalars ------------------------------------------------------------------------------- */

static bool begins_plain(const struct yaml *y, bool flow)
{
	char c = yaml_at(y, 0);
	if (c == '-' || (!flow && (c == '?' || c == ':')))
		return !yaml_is_separator(yaml_at(y, 1));
	return c && !strchr("-?:,[]{}#&*!|>'\"%@`", c);
}

static int read_scalar(struct yaml *y, struct yaml_scalar *out, int indent, bool flow)
{
	char c = yaml_at(y, 0);
	if (c == '"' || c == '\'')
		return yaml_scan_quoted(y, out);
	if (!flow && (c == '|' || c == '>'))
		return yaml_scan_block(y, out, indent);
	if (!begins_plain(y, flow))
		return yaml_fail(y, "no value can begin with `%c`", c ? c : ' ');
	return yaml_scan_plain(y, out, indent, flow);
}

static int resolve(struct yaml *y, struct hcl_value *out, const struct properties *p,
	const struct yaml_scalar *s)
{
	bool merge = false;
	begin_anchor(y, p);
	if (yaml_resolve(out, &merge, y, p->tag, s) < 0)
		return -1;
	end_anchor(y, p, out);
	return 0;
}

/* ---- Collections --------------------------------------------------------------------------- */

struct members {
	struct str_list keys;
	struct hcl_items values;
};

static int as_key(struct yaml *y, struct hcl_value *v)
{
	bool scalar = v->type == HCL_STRING || v->type == HCL_NUMBER || v->type == HCL_BOOL;
	if (!scalar || !hcl_convert_string(y->eval->arena, v))
		return yaml_fail(y, "a key is a string, not %s", hcl_type_name(v->type));
	return 0;
}

/* A scalar that is a key: as a string, or *merge. */
static int resolve_key(struct yaml *y, struct hcl_value *out, bool *merge,
	const struct properties *p, const struct yaml_scalar *s)
{
	begin_anchor(y, p);
	if (yaml_resolve(out, merge, y, p->tag, s) < 0 || as_key(y, out) < 0)
		return -1;
	end_anchor(y, p, out);
	return 0;
}

static int add_member(struct yaml *y, struct members *m, struct str key, bool merge,
	const struct hcl_value *value)
{
	struct arena *a = y->eval->arena;
	if (!merge) {
		list_push(a, &m->keys) = key;
		list_push(a, &m->values) = *value;
		return hcl_charge(y->eval, 1, y->err);
	}
	if (value->type != HCL_OBJECT)
		return yaml_fail(
			y, "only a mapping can be merged, not %s", hcl_type_name(value->type));
	for (size_t i = 0; i < value->n; i++) {
		list_push(a, &m->keys) = value->keys[i];
		list_push(a, &m->values) = value->items[i];
	}
	return hcl_room(y->eval, value->n * sizeof(struct hcl_value), y->err);
}

/* Aliases can make a value much larger than its text. */
static int finish(struct yaml *y, struct hcl_value *out, struct hcl_value v,
	const struct properties *p, const char *tag)
{
	if (p->tag.n > 0 && !str_is(p->tag, tag))
		return yaml_fail(y, "the tag `%.*s` does not fit", STR_ARG(p->tag));
	if (v.size > HCL_MAX_VALUE_SIZE)
		return yaml_fail(y, "this value is too large");
	*out = v;
	end_anchor(y, p, out);
	return 0;
}

static int finish_list(struct yaml *y, struct hcl_value *out, const struct hcl_items *items,
	const struct properties *p)
{
	return finish(y, out, hcl_items_list(items), p, CORE "seq");
}

static int finish_members(
	struct yaml *y, struct hcl_value *out, const struct members *m, const struct properties *p)
{
	struct hcl_value v = hcl_object(y->eval->arena, m->keys.items, m->values.items, m->keys.n);
	return finish(y, out, v, p, CORE "map");
}

/* ---- Block style --------------------------------------------------------------------------- */

static bool at_indicator(const struct yaml *y, char c)
{
	return yaml_at(y, 0) == c && yaml_is_separator(yaml_at(y, 1));
}

/* Behind an element: *more when another one begins at the same column. */
static int next_element(struct yaml *y, size_t column, bool *more)
{
	bool lines = false;
	if (yaml_skip_space(y, &lines) < 0)
		return -1;
	*more = !yaml_at_end(y) && yaml_column(y) >= column;
	if (*more && !lines)
		return yaml_fail(y, "a line break is needed here");
	if (*more && yaml_column(y) > column)
		return yaml_fail(y, "this line is indented too far");
	return 0;
}

static int read_sequence(struct yaml *y, struct hcl_value *out, const struct properties *p)
{
	struct hcl_items items = {0};
	size_t column = yaml_column(y);
	bool more = true;
	begin_anchor(y, p);
	while (more && at_indicator(y, '-')) {
		struct hcl_value v = {0};
		yaml_skip(y, 1);
		if (read_node(y, &v, (struct place){(int)column, true, false}) < 0 ||
			hcl_charge(y->eval, 1, y->err) < 0)
			return -1;
		hcl_push(y->eval, &items, v);
		if (next_element(y, column, &more) < 0)
			return -1;
	}
	return finish_list(y, out, &items, p);
}

/* `? key`, whose `: value` stands on a line of its own. *colon: there is one. */
static int read_explicit_key(
	struct yaml *y, struct hcl_value *out, bool *merge, size_t column, bool *colon)
{
	bool lines = false;
	yaml_skip(y, 1);
	*merge = false;
	if (read_node(y, out, (struct place){(int)column, true, false}) < 0 || as_key(y, out) < 0 ||
		yaml_skip_space(y, &lines) < 0)
		return -1;
	*colon = !yaml_at_end(y) && yaml_column(y) == column && at_indicator(y, ':');
	return 0;
}

static int read_key(struct yaml *y, struct hcl_value *out, bool *merge, int indent)
{
	struct properties p = {0};
	struct yaml_scalar s = {0};
	if (read_properties(y, &p) < 0 || read_scalar(y, &s, indent, false) < 0)
		return -1;
	while (yaml_is_blank(yaml_at(y, 0)))
		yaml_skip(y, 1);
	if (s.multiline || !at_indicator(y, ':'))
		return yaml_fail(y, "a key and `:` are needed here");
	return resolve_key(y, out, merge, &p, &s);
}

/* The first key, when it has been read already: then its `:` is next. */
struct first_key {
	const struct hcl_value *key;
	bool merge;
	size_t column;
};

static int read_mapping(struct yaml *y, struct hcl_value *out, const struct properties *p,
	const struct first_key *first)
{
	struct members members = {0};
	bool more = true;
	begin_anchor(y, p);
	for (size_t i = 0; more; i++) {
		struct hcl_value key = {0};
		struct hcl_value value = hcl_null();
		bool explicit = (i > 0 || !first->key) && at_indicator(y, '?');
		struct place place = {(int)first->column, explicit, true};
		bool merge = first->merge;
		bool colon = true;
		int status = 0;
		if (i == 0 && first->key)
			key = *first->key;
		else if (explicit)
			status = read_explicit_key(y, &key, &merge, first->column, &colon);
		else
			status = read_key(y, &key, &merge, (int)first->column);
		if (status < 0)
			return -1;
		if (colon) {
			yaml_skip(y, 1);
			if (read_node(y, &value, place) < 0)
				return -1;
		}
		if (add_member(y, &members, key.string, merge, &value) < 0 ||
			next_element(y, first->column, &more) < 0)
			return -1;
	}
	return finish_members(y, out, &members, p);
}

/*
 * A scalar, or the mapping whose first key it is. Properties on the line of a key are the key's,
 * on one before it (above) the mapping's.
 */
static int read_scalar_or_mapping(struct yaml *y, struct hcl_value *out, struct place place,
	const struct properties *p, bool above, size_t column)
{
	static const struct properties none = {0};
	struct yaml_scalar s = {0};
	struct hcl_value key = {0};
	struct first_key first = {.key = &key, .column = column};
	uint32_t line = y->line;
	if (read_scalar(y, &s, place.indent, false) < 0)
		return -1;
	while (line == y->line && yaml_is_blank(yaml_at(y, 0)))
		yaml_skip(y, 1);
	bool is_key = line == y->line && at_indicator(y, ':');
	if (!is_key)
		return resolve(y, out, p, &s);
	if (!place.opens || s.multiline)
		return yaml_fail(y, "no mapping can begin here");
	if (resolve_key(y, &key, &first.merge, above ? &none : p, &s) < 0)
		return -1;
	return read_mapping(y, out, above ? p : &none, &first);
}

/* Nothing is there when the next line is not indented enough. */
static bool is_absent(const struct yaml *y, struct place place, bool lines)
{
	bool outside = lines && (int)yaml_column(y) <= place.indent;
	bool sequence =
		place.sequence && (int)yaml_column(y) == place.indent && at_indicator(y, '-');
	return yaml_at_end(y) || (outside && !sequence);
}

/* column: of the properties, when they are on this line. */
static int read_content(struct yaml *y, struct hcl_value *out, struct place place,
	const struct properties *p, bool above, size_t column)
{
	char c = yaml_at(y, 0);
	bool block = at_indicator(y, '-') || at_indicator(y, '?');
	if (c == '*' && p->any)
		return yaml_fail(y, "an alias has neither tag nor anchor");
	if (c == '*')
		return read_alias(y, out);
	if (c == '[' || c == '{') {
		begin_anchor(y, p);
		return read_flow(y, out) < 0
			? -1
			: finish(y, out, *out, p, c == '[' ? CORE "seq" : CORE "map");
	}
	if (block && (!place.opens || (p->any && !above)))
		return yaml_fail(y, "nothing can begin with `%c` here", c);
	if (at_indicator(y, '-'))
		return read_sequence(y, out, p);
	struct first_key none = {.column = yaml_column(y)};
	if (block)
		return read_mapping(y, out, p, &none);
	return read_scalar_or_mapping(y, out, place, p, above, column);
}

static int read_placed(struct yaml *y, struct hcl_value *out, struct place place)
{
	static const struct properties none = {0};
	struct yaml_scalar empty = {.style = YAML_PLAIN};
	struct properties p = {0};
	bool lines = false;
	if (yaml_skip_space(y, &lines) < 0)
		return -1;
	place.opens = place.opens || lines;
	if (is_absent(y, place, lines))
		return resolve(y, out, &none, &empty);
	size_t column = yaml_column(y);
	if (read_properties(y, &p) < 0)
		return -1;
	if (!p.any)
		return read_content(y, out, place, &p, false, column);
	uint32_t line = y->line;
	if (yaml_skip_space(y, &lines) < 0)
		return -1;
	bool more_lines = line != y->line;
	if (is_absent(y, place, more_lines))
		return resolve(y, out, &p, &empty);
	place.opens = place.opens || more_lines;
	return read_content(y, out, place, &p, more_lines, more_lines ? yaml_column(y) : column);
}

/* Depth is bounded here and in read_flow. */
static int read_node(struct yaml *y, struct hcl_value *out, struct place place)
{
	if (y->depth >= YAML_DEPTH_MAX)
		return yaml_fail(y, "nested too deeply");
	y->depth++;
	int status = read_placed(y, out, place);
	y->depth--;
	return status;
}

/* ---- Flow style ---------------------------------------------------------------------------- */

static int skip_flow_space(struct yaml *y)
{
	bool lines = false;
	if (yaml_skip_space(y, &lines) < 0)
		return -1;
	return yaml_at_end(y) ? yaml_fail(y, "a bracket has no end") : 0;
}

/* The end of an element: `,` or the closing bracket, which stays. */
static int end_element(struct yaml *y, char close)
{
	if (skip_flow_space(y) < 0)
		return -1;
	if (yaml_at(y, 0) == close)
		return 0;
	if (yaml_at(y, 0) != ',')
		return yaml_fail(y, "`,` or `%c` is needed here", close);
	yaml_skip(y, 1);
	return skip_flow_space(y);
}

/* Behind a key: its value, null when there is none. */
static int read_flow_value(struct yaml *y, struct hcl_value *out)
{
	*out = hcl_null();
	if (skip_flow_space(y) < 0)
		return -1;
	if (yaml_at(y, 0) != ':')
		return 0;
	yaml_skip(y, 1);
	if (skip_flow_space(y) < 0)
		return -1;
	return strchr(",]}", yaml_at(y, 0)) ? 0 : read_flow(y, out);
}

static int read_flow_key(struct yaml *y, struct hcl_value *out, bool *merge)
{
	struct properties p = {0};
	struct yaml_scalar s = {0};
	if (at_indicator(y, '?')) {
		yaml_skip(y, 1);
		if (skip_flow_space(y) < 0)
			return -1;
	}
	if (read_properties(y, &p) < 0 || skip_flow_space(y) < 0 ||
		read_scalar(y, &s, -1, true) < 0)
		return -1;
	return resolve_key(y, out, merge, &p, &s);
}

static int read_flow_mapping(struct yaml *y, struct hcl_value *out)
{
	static const struct properties none = {0};
	struct members members = {0};
	yaml_skip(y, 1);
	if (skip_flow_space(y) < 0)
		return -1;
	while (yaml_at(y, 0) != '}') {
		struct hcl_value key = {0};
		struct hcl_value value = {0};
		bool merge = false;
		if (read_flow_key(y, &key, &merge) < 0 || read_flow_value(y, &value) < 0 ||
			add_member(y, &members, key.string, merge, &value) < 0 ||
			end_element(y, '}') < 0)
			return -1;
	}
	yaml_skip(y, 1);
	return finish_members(y, out, &members, &none);
}

/* An element of a flow sequence that is `key: value` is a mapping of one. */
static int read_flow_element(struct yaml *y, struct hcl_value *out)
{
	static const struct properties none = {0};
	struct members members = {0};
	struct hcl_value value = {0};
	bool explicit = at_indicator(y, '?');
	bool merge = false;
	int status = explicit ? read_flow_key(y, out, &merge) : read_flow(y, out);
	if (status < 0 || skip_flow_space(y) < 0)
		return -1;
	if (!explicit && yaml_at(y, 0) != ':')
		return 0;
	merge = merge || (out->type == HCL_STRING && str_is(out->string, "<<"));
	if (as_key(y, out) < 0 || read_flow_value(y, &value) < 0 ||
		add_member(y, &members, out->string, merge, &value) < 0)
		return -1;
	return finish_members(y, out, &members, &none);
}

static int read_flow_sequence(struct yaml *y, struct hcl_value *out)
{
	static const struct properties none = {0};
	struct hcl_items items = {0};
	yaml_skip(y, 1);
	if (skip_flow_space(y) < 0)
		return -1;
	while (yaml_at(y, 0) != ']') {
		struct hcl_value v = {0};
		if (read_flow_element(y, &v) < 0 || hcl_charge(y->eval, 1, y->err) < 0 ||
			end_element(y, ']') < 0)
			return -1;
		hcl_push(y->eval, &items, v);
	}
	yaml_skip(y, 1);
	return finish_list(y, out, &items, &none);
}

static int read_flow_content(struct yaml *y, struct hcl_value *out)
{
	struct properties p = {0};
	struct yaml_scalar s = {.style = YAML_PLAIN};
	if (read_properties(y, &p) < 0 || skip_flow_space(y) < 0)
		return -1;
	char c = yaml_at(y, 0);
	if (c == '*' && !p.any)
		return read_alias(y, out);
	if (c == '[' || c == '{') {
		begin_anchor(y, &p);
		int status = c == '[' ? read_flow_sequence(y, out) : read_flow_mapping(y, out);
		return status < 0 ? -1
				  : finish(y, out, *out, &p, c == '[' ? CORE "seq" : CORE "map");
	}
	bool empty = p.any && strchr(",]}", c);
	if (!empty && read_scalar(y, &s, -1, true) < 0)
		return -1;
	return resolve(y, out, &p, &s);
}

static int read_flow(struct yaml *y, struct hcl_value *out)
{
	if (y->depth >= YAML_DEPTH_MAX)
		return yaml_fail(y, "nested too deeply");
	y->depth++;
	int status = read_flow_content(y, out);
	y->depth--;
	return status;
}

/* ---- Documents ----------------------------------------------------------------------------- */

static int skip_directives(struct yaml *y)
{
	bool lines = false;
	if (yaml_skip_space(y, &lines) < 0)
		return -1;
	while (yaml_at(y, 0) == '%' && yaml_column(y) == 0) {
		struct str rest = str_from_index(y->text, y->pos);
		bool version = str_has_prefix(rest, STR("%YAML 1.1")) ||
			str_has_prefix(rest, STR("%YAML 1.2"));
		if (version)
			yaml_skip(y, 9);
		if (!version || !yaml_is_separator(yaml_at(y, 0)))
			return yaml_fail(y, "of the directives only %%YAML 1.1 is known");
		if (yaml_skip_space(y, &lines) < 0)
			return -1;
		if (!yaml_at_end(y) && yaml_at(y, 0) != '%')
			return yaml_fail(y, "`---` is needed behind a directive");
	}
	return 0;
}

static int read_document(struct yaml *y, struct hcl_value *out)
{
	bool lines = false;
	if (skip_directives(y) < 0)
		return -1;
	if (y->pos == y->text.n || yaml_at(y, 0) == '.')
		lines = yaml_at_end(y);
	if (lines)
		return yaml_fail(y, "there is no document");
	bool marker = yaml_at_end(y);
	yaml_skip(y, marker ? 3 : 0);
	if (read_node(y, out, (struct place){-1, !marker, false}) < 0 ||
		yaml_skip_space(y, &lines) < 0)
		return -1;
	if (yaml_at_end(y) && yaml_at(y, 0) == '.') {
		yaml_skip(y, 3);
		if (yaml_skip_space(y, &lines) < 0)
			return -1;
	}
	if (y->pos == y->text.n)
		return 0;
	return yaml_fail(
		y, yaml_at_end(y) ? "there is a second document" : "more text than a value");
}

/* Line breaks as \n; what no YAML text may hold is refused. */
static int read_text(struct str *out, struct hcl_eval *e, struct str text, struct error *err)
{
	char *copy = arena_alloc(e->arena, text.n + 1);
	size_t n = 0;
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		text = str_from_index(text, 3);
	for (size_t i = 0; i < text.n;) {
		uint32_t code = 0;
		size_t len = utf8_decode(str_from_index(text, i), &code);
		bool control = (code < 0x20 && !strchr("\t\n\r", (char)code)) || code == 0 ||
			(code >= 0x7f && code < 0xa0 && code != 0x85);
		if (len == 0 || control)
			return error_set(
				err, ERROR_INPUT, "a control character at byte %zu", i + 1);
		bool crlf = code == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';
		if (code == '\r' && !crlf)
			copy[n++] = '\n';
		for (size_t k = 0; code != '\r' && k < len; k++)
			copy[n++] = text.p[i + k];
		i += len;
	}
	*out = (struct str){copy, n};
	return 0;
}

int hcl_fn_yamldecode(struct hcl_value *out, struct hcl_eval *e, const struct hcl_value *args,
	size_t n, struct error *err)
{
	struct yaml y = {.eval = e, .line = 1, .fresh = true, .err = err};
	struct str text = {0};
	(void)n;
	if (hcl_arg_str(&text, e, args, 0, err) < 0 || hcl_room(e, text.n, err) < 0 ||
		read_text(&y.text, e, text, err) < 0)
		return -1;
	return read_document(&y, out);
}
