#include "base/hcl/regex_ast.h"

#include "base/hcl/unicode.h"
#include "base/utf8.h"

#define CODE_MAX 0x10ffff

enum flag { FLAG_FOLD = 1 << 0, FLAG_MULTI = 1 << 1, FLAG_DOT = 1 << 2, FLAG_LAZY = 1 << 3 };

struct parser {
	struct arena *arena;
	struct str s;
	size_t pos;
	unsigned flags;
	unsigned depth;
	struct str_list names;
	struct error *err;
};

/* ---- Characters ---------------------------------------------------------------------------- */

static bool at_end(const struct parser *p)
{
	return p->pos >= p->s.n;
}

static char peek(const struct parser *p)
{
	return at_end(p) ? '\0' : p->s.p[p->pos];
}

static bool looking_at(const struct parser *p, const char *text)
{
	return str_has_prefix(str_from_index(p->s, p->pos), str_from(text));
}

static bool skip(struct parser *p, const char *text)
{
	if (!looking_at(p, text))
		return false;
	p->pos += strlen(text);
	return true;
}

static uint32_t take_code(struct parser *p)
{
	uint32_t code = 0;
	size_t n = utf8_decode(str_from_index(p->s, p->pos), &code);
	p->pos += n > 0 ? n : 1;
	return n > 0 ? code : 0xfffd;
}

static int fail(struct parser *p, const char *what)
{
	return error_set(p->err, ERROR_INPUT, "regular expression, byte %zu: %s", p->pos + 1, what);
}

/* ---- Classes ------------------------------------------------------------------------------- */

static const struct regex_range digits[] = {{'0', '9'}};
static const struct regex_range spaces[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
static const struct regex_range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct regex_range alnum[] = {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
static const struct regex_range alpha[] = {{'A', 'Z'}, {'a', 'z'}};
static const struct regex_range ascii[] = {{0, 0x7f}};
static const struct regex_range blank[] = {{'\t', '\t'}, {' ', ' '}};
static const struct regex_range cntrl[] = {{0, 0x1f}, {0x7f, 0x7f}};
static const struct regex_range graph[] = {{'!', '~'}};
static const struct regex_range lower[] = {{'a', 'z'}};
static const struct regex_range print[] = {{' ', '~'}};
static const struct regex_range punct[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
static const struct regex_range space[] = {{'\t', '\r'}, {' ', ' '}};
static const struct regex_range upper[] = {{'A', 'Z'}};
static const struct regex_range xdigit[] = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

#define NAMED(name, table) \
	{ \
		name, table, countof(table) \
	}
struct named_class {
	const char *name;
	const struct regex_range *ranges;
	size_t n;
};
static const struct named_class perl_classes[] = {
	NAMED("d", digits),
	NAMED("s", spaces),
	NAMED("w", words),
};
static const struct named_class posix_classes[] = {
	NAMED("alnum", alnum),
	NAMED("alpha", alpha),
	NAMED("ascii", ascii),
	NAMED("blank", blank),
	NAMED("cntrl", cntrl),
	NAMED("digit", digits),
	NAMED("graph", graph),
	NAMED("lower", lower),
	NAMED("print", print),
	NAMED("punct", punct),
	NAMED("space", space),
	NAMED("upper", upper),
	NAMED("word", words),
	NAMED("xdigit", xdigit),
};

static void add_range(struct parser *p, struct regex_class *set, uint32_t first, uint32_t last)
{
	list_push(p->arena, &set->ranges) = (struct regex_range){first, last};
}

/* The ranges of a table, which is in order, or what lies between them. */
static void add_named(
	struct parser *p, struct regex_class *set, const struct named_class *named, bool negate)
{
	uint32_t next = 0;
	for (size_t i = 0; i < named->n; i++) {
		const struct regex_range *r = &named->ranges[i];
		if (!negate)
			add_range(p, set, r->first, r->last);
		else if (r->first > next)
			add_range(p, set, next, r->first - 1);
		next = r->last + 1;
	}
	if (negate)
		add_range(p, set, next, CODE_MAX);
}

static bool in_letters(unsigned letters, uint32_t code)
{
	bool is_upper = hcl_to_lower(code) != code;
	bool is_lower = hcl_to_upper(code) != code;
	if ((letters & REGEX_UPPER) && is_upper)
		return true;
	if ((letters & REGEX_LOWER) && is_lower)
		return true;
	return (letters & REGEX_LETTER) && code != '_' && hcl_is_id_start(code);
}

static bool in_set(const struct regex_class *set, uint32_t code)
{
	for (size_t i = 0; i < set->ranges.n; i++) {
		if (code >= set->ranges.items[i].first && code <= set->ranges.items[i].last)
			return true;
	}
	return set->letters != 0 && in_letters(set->letters, code);
}

bool regex_class_has(const struct regex_class *set, uint32_t code)
{
	bool has = in_set(set, code);
	if (!has && set->fold)
		has = in_set(set, hcl_to_lower(code)) || in_set(set, hcl_to_upper(code));
	return has != set->negate;
}

static struct regex_node *node(struct parser *p, enum regex_kind kind)
{
	struct regex_node *n = arena_new(p->arena, struct regex_node);
	n->kind = kind;
	return n;
}

static struct regex_node *class_node(struct parser *p)
{
	struct regex_node *n = node(p, REGEX_CLASS);
	n->set = arena_new(p->arena, struct regex_class);
	n->set->fold = (p->flags & FLAG_FOLD) != 0;
	return n;
}

static struct regex_node *literal(struct parser *p, uint32_t code)
{
	struct regex_node *n = class_node(p);
	add_range(p, n->set, code, code);
	return n;
}

/* ---- Escapes ------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What follows \x: two digits, or any number in braces. */
static int read_hex(struct parser *p, uint32_t *out)
{
	bool braces = skip(p, "{");
	uint32_t code = 0;
	size_t n = 0;
	while ((braces || n < 2) && hex_digit(peek(p)) >= 0 && code <= CODE_MAX) {
		code = code * 16 + (uint32_t)hex_digit(peek(p));
		p->pos++;
		n++;
	}
	if (n == 0 || (!braces && n < 2) || (braces && !skip(p, "}")) || code > CODE_MAX)
		return fail(p, "\\x needs two hex digits, or some in braces");
	*out = code;
	return 0;
}

static const char control_names[] = "aftnrv";
static const char control_codes[] = "\a\f\t\n\r\v";

/* A single character behind a backslash that has been taken. */
static int read_escaped(struct parser *p, uint32_t *out)
{
	char c = peek(p);
	const char *control = c ? strchr(control_names, c) : NULL;
	if (control) {
		p->pos++;
		*out = (unsigned char)control_codes[control - control_names];
		return 0;
	}
	if (skip(p, "x"))
		return read_hex(p, out);
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9');
	if (at_end(p) || word)
		return fail(p, "unknown escape");
	if (c == '0') {
		p->pos++;
		*out = 0;
		for (int i = 0; i < 2 && peek(p) >= '0' && peek(p) <= '7'; i++)
			*out = *out * 8 + (uint32_t)(p->s.p[p->pos++] - '0');
		return 0;
	}
	*out = take_code(p);
	return 0;
}

/* \d, \D and the like, in or out of brackets; false when none is here. */
static bool read_perl_class(struct parser *p, struct regex_class *set)
{
	for (size_t i = 0; i < countof(perl_classes); i++) {
		char name = perl_classes[i].name[0];
		char c = p->pos + 1 < p->s.n ? p->s.p[p->pos + 1] : '\0';
		if (peek(p) != '\\' || (c != name && c != name - 32))
			continue;
		p->pos += 2;
		add_named(p, set, &perl_classes[i], c != name);
		return true;
	}
	return false;
}

/* \pL, \p{Lu}; *found stays when none is here. A negated one stands alone, not in brackets. */
static int read_unicode_class(struct parser *p, struct regex_class *set, bool brackets, bool *found)
{
	bool negate = looking_at(p, "\\P");
	if (!negate && !looking_at(p, "\\p"))
		return 0;
	p->pos += 2;
	*found = true;
	if (negate && brackets)
		return fail(p, "\\P in brackets is not supported");
	if (skip(p, "L") || skip(p, "{L}"))
		set->letters |= REGEX_LETTER;
	else if (skip(p, "{Lu}"))
		set->letters |= REGEX_UPPER;
	else if (skip(p, "{Ll}"))
		set->letters |= REGEX_LOWER;
	else
		return fail(p, "of the classes \\p only L, Lu and Ll are supported");
	set->negate = negate;
	return 0;
}

/* ---- Brackets ------------------------------------------------------------------------------ */

/* [:alpha:] or [:^alpha:] */
static int read_posix_class(struct parser *p, struct regex_class *set)
{
	p->pos += 2;
	bool negate = skip(p, "^");
	for (size_t i = 0; i < countof(posix_classes); i++) {
		size_t start = p->pos;
		if (skip(p, posix_classes[i].name) && skip(p, ":]")) {
			add_named(p, set, &posix_classes[i], negate);
			return 0;
		}
		p->pos = start;
	}
	return fail(p, "unknown class of characters");
}

static int read_bracket_char(struct parser *p, uint32_t *out)
{
	if (at_end(p))
		return fail(p, "missing ]");
	if (skip(p, "\\"))
		return read_escaped(p, out);
	*out = take_code(p);
	return 0;
}

static int read_bracket_range(struct parser *p, struct regex_class *set)
{
	uint32_t first = 0;
	if (read_bracket_char(p, &first) < 0)
		return -1;
	uint32_t last = first;
	bool range = peek(p) == '-' && p->pos + 1 < p->s.n && p->s.p[p->pos + 1] != ']';
	if (range) {
		p->pos++;
		if (read_bracket_char(p, &last) < 0)
			return -1;
	}
	if (last < first)
		return fail(p, "a range of characters that ends before it begins");
	add_range(p, set, first, last);
	return 0;
}

/* Behind [. */
static int read_brackets(struct parser *p, struct regex_node **out)
{
	struct regex_node *n = class_node(p);
	bool negate = skip(p, "^");
	bool first = true;
	while (first || peek(p) != ']') {
		bool found = false;
		int r = 0;
		first = false;
		if (read_unicode_class(p, n->set, true, &found) < 0)
			return -1;
		if (found || read_perl_class(p, n->set))
			continue;
		if (looking_at(p, "[:"))
			r = read_posix_class(p, n->set);
		else
			r = read_bracket_range(p, n->set);
		if (r < 0)
			return -1;
	}
	p->pos++;
	n->set->negate = negate;
	*out = n;
	return 0;
}

/* ---- Atoms --------------------------------------------------------------------------------- */

static int read_alternatives(struct parser *p, struct regex_node **out);

static struct regex_node *assertion(struct parser *p, enum regex_assert kind)
{
	struct regex_node *n = node(p, REGEX_ASSERT);
	n->assertion = kind;
	return n;
}

static unsigned flag_of(char c)
{
	switch (c) {
	case 'i':
		return FLAG_FOLD;
	case 'm':
		return FLAG_MULTI;
	case 's':
		return FLAG_DOT;
	case 'U':
		return FLAG_LAZY;
	default:
		return 0;
	}
}

/* Letters behind (?; up to and with the : or ). */
static int read_flags(struct parser *p, bool *group)
{
	bool off = false;
	for (;;) {
		char c = peek(p);
		unsigned flag = flag_of(c);
		if (at_end(p))
			return fail(p, "missing )");
		p->pos++;
		if (c == ')' || c == ':') {
			*group = c == ':';
			return 0;
		}
		if (c == '-' && !off)
			off = true;
		else if (flag == 0)
			return fail(p, "unknown group or flag behind (?");
		else
			p->flags = off ? p->flags & ~flag : p->flags | flag;
	}
}

static int read_group_name(struct parser *p, struct str *out)
{
	struct str rest = str_from_index(p->s, p->pos);
	size_t n = 0;
	while (n < rest.n && (unsigned char)rest.p[n] < 0x80 && rest.p[n] != '-' &&
		hcl_is_id_continue((unsigned char)rest.p[n]))
		n++;
	if (n == 0 || n == rest.n || rest.p[n] != '>')
		return fail(p, "the name of a group is made of letters, digits and _");
	*out = str_sub(rest, 0, n);
	for (size_t i = 0; i < p->names.n; i++) {
		if (str_eq(p->names.items[i], *out))
			return fail(p, "two groups have the same name");
	}
	p->pos += n + 1;
	return 0;
}

static int read_capture(struct parser *p, struct regex_node **out, bool named)
{
	struct str name = {0};
	if (named && read_group_name(p, &name) < 0)
		return -1;
	if (p->names.n + 1 >= REGEX_MAX_GROUPS)
		return fail(p, "too many groups");
	list_push(p->arena, &p->names) = name;
	*out = node(p, REGEX_GROUP);
	(*out)->group = p->names.n;
	return 0;
}

/* Behind (. A group ends the flags that were set in it; (?i) alone holds for the rest. */
static int read_group(struct parser *p, struct regex_node **out)
{
	unsigned flags = p->flags;
	struct regex_node *group = NULL;
	struct regex_node *inner = NULL;
	bool is_group = true;
	bool named = skip(p, "?P<") || skip(p, "?<");
	if (named || !skip(p, "?")) {
		if (read_capture(p, &group, named) < 0)
			return -1;
	} else if (read_flags(p, &is_group) < 0) {
		return -1;
	}
	if (!is_group) {
		*out = node(p, REGEX_EMPTY);
		return 0;
	}
	if (read_alternatives(p, &inner) < 0)
		return -1;
	if (!skip(p, ")"))
		return fail(p, "missing )");
	p->flags = flags;
	if (group)
		list_push(p->arena, &group->children) = inner;
	*out = group ? group : inner;
	return 0;
}

static const struct {
	const char *text;
	enum regex_assert kind;
} anchors[] = {
	{"\\b", REGEX_WORD},
	{"\\B", REGEX_NOT_WORD},
	{"\\A", REGEX_TEXT_START},
	{"\\z", REGEX_TEXT_END},
};

static int read_backslash(struct parser *p, struct regex_node **out)
{
	for (size_t i = 0; i < countof(anchors); i++) {
		if (skip(p, anchors[i].text)) {
			*out = assertion(p, anchors[i].kind);
			return 0;
		}
	}
	struct regex_node *n = class_node(p);
	uint32_t code = 0;
	bool found = false;
	*out = n;
	if (read_unicode_class(p, n->set, false, &found) < 0)
		return -1;
	if (found || read_perl_class(p, n->set))
		return 0;
	p->pos++;
	if (read_escaped(p, &code) < 0)
		return -1;
	add_range(p, n->set, code, code);
	return 0;
}

static struct regex_node *any(struct parser *p)
{
	struct regex_node *n = class_node(p);
	n->set->negate = true;
	if (!(p->flags & FLAG_DOT))
		add_range(p, n->set, '\n', '\n');
	return n;
}

static int read_atom(struct parser *p, struct regex_node **out)
{
	bool multi = (p->flags & FLAG_MULTI) != 0;
	if (peek(p) == '\\')
		return read_backslash(p, out);
	if (skip(p, "["))
		return read_brackets(p, out);
	if (skip(p, "("))
		return read_group(p, out);
	if (skip(p, "."))
		*out = any(p);
	else if (skip(p, "^"))
		*out = assertion(p, multi ? REGEX_LINE_START : REGEX_TEXT_START);
	else if (skip(p, "$"))
		*out = assertion(p, multi ? REGEX_LINE_END : REGEX_TEXT_END);
	else if (looking_at(p, "*") || looking_at(p, "+") || looking_at(p, "?"))
		return fail(p, "nothing to repeat");
	else
		*out = literal(p, take_code(p));
	return 0;
}

/* ---- Repetition ---------------------------------------------------------------------------- */

static bool read_count(struct parser *p, uint32_t *out)
{
	uint32_t count = 0;
	size_t start = p->pos;
	while (peek(p) >= '0' && peek(p) <= '9' && count < 100000)
		count = count * 10 + (uint32_t)(p->s.p[p->pos++] - '0');
	*out = count;
	return p->pos > start;
}

/* {n}, {n,} or {n,m}; anything else in braces is literal, and false. */
static bool read_braces(struct parser *p, uint32_t *min, uint32_t *max)
{
	size_t start = p->pos;
	bool good = skip(p, "{") && read_count(p, min);
	*max = *min;
	if (good && skip(p, ",") && !read_count(p, max))
		*max = UINT32_MAX;
	if (good && skip(p, "}"))
		return true;
	p->pos = start;
	return false;
}

static bool read_repeat(struct parser *p, uint32_t *min, uint32_t *max)
{
	*min = 0;
	*max = UINT32_MAX;
	if (skip(p, "*"))
		return true;
	if (skip(p, "+")) {
		*min = 1;
		return true;
	}
	if (skip(p, "?")) {
		*max = 1;
		return true;
	}
	return read_braces(p, min, max);
}

/* What may follow an atom. */
static int apply_repeat(struct parser *p, struct regex_node **atom)
{
	uint32_t min = 0;
	uint32_t max = 0;
	if (!read_repeat(p, &min, &max))
		return 0;
	if (min > REGEX_MAX_REPEAT || (max != UINT32_MAX && (max > REGEX_MAX_REPEAT || max < min)))
		return fail(p, "a count goes up to 1000, and from less to more");
	struct regex_node *n = node(p, REGEX_REPEAT);
	n->min = min;
	n->max = max;
	n->lazy = skip(p, "?") != ((p->flags & FLAG_LAZY) != 0);
	list_push(p->arena, &n->children) = *atom;
	*atom = n;
	if (read_repeat(p, &min, &max))
		return fail(p, "a repetition of a repetition");
	return 0;
}

/* \Qliteral\E, behind the Q. A repetition that follows is of the last character. */
static int read_quotation(struct parser *p, struct regex_node *into)
{
	while (!at_end(p) && !skip(p, "\\E")) {
		struct regex_node *n = literal(p, take_code(p));
		if (looking_at(p, "\\E")) {
			p->pos += 2;
			if (apply_repeat(p, &n) < 0)
				return -1;
			list_push(p->arena, &into->children) = n;
			return 0;
		}
		list_push(p->arena, &into->children) = n;
	}
	return 0;
}

static int read_sequence(struct parser *p, struct regex_node **out)
{
	struct regex_node *n = node(p, REGEX_CAT);
	while (!at_end(p) && peek(p) != '|' && peek(p) != ')') {
		struct regex_node *piece = NULL;
		if (skip(p, "\\Q")) {
			if (read_quotation(p, n) < 0)
				return -1;
			continue;
		}
		if (read_atom(p, &piece) < 0 || apply_repeat(p, &piece) < 0)
			return -1;
		list_push(p->arena, &n->children) = piece;
	}
	*out = n;
	return 0;
}

static int read_alternatives(struct parser *p, struct regex_node **out)
{
	struct regex_node *n = node(p, REGEX_ALT);
	if (++p->depth > REGEX_MAX_NESTING)
		return fail(p, "nested too deeply");
	do {
		struct regex_node *sequence = NULL;
		if (read_sequence(p, &sequence) < 0)
			return -1;
		list_push(p->arena, &n->children) = sequence;
	} while (skip(p, "|"));
	p->depth--;
	*out = n;
	return 0;
}

int regex_parse(struct regex_tree *out, struct arena *a, struct str pattern, struct error *err)
{
	struct parser p = {.arena = a, .s = pattern, .err = err};
	if (pattern.n > REGEX_MAX_PATTERN)
		return error_set(
			err, ERROR_INPUT, "a regular expression this long is not accepted");
	if (read_alternatives(&p, &out->root) < 0)
		return -1;
	if (!at_end(&p))
		return fail(&p, "unexpected )");
	out->names = p.names;
	return 0;
}
