#include "audit/eval/yaml.h"

#include "base/buf.h"
#include "base/utf8.h"

#define DEPTH_MAX 64
#define NODES_MAX 200000
#define ANCHORS_MAX 1000
#define KEYS_MAX 5000
#define MERGES_MAX 200

struct anchor {
	struct str name;
	struct yaml *node;
};

struct parser {
	struct arena *arena;
	struct str text;
	size_t at;
	uint32_t line;
	size_t line_start;
	unsigned depth;
	size_t nodes;
	struct {
		struct anchor *items;
		size_t n;
		size_t cap;
	} anchors;
	struct yaml_document *out;
};

/* ---- Places --------------------------------------------------------------------------------- */

static uint32_t column(const struct parser *p)
{
	return (uint32_t)(p->at - p->line_start);
}

static struct span here(const struct parser *p)
{
	return (struct span){.off = (uint32_t)p->at, .line = p->line, .col = column(p) + 1};
}

static struct yaml *fail(struct parser *p, const char *problem)
{
	if (p->out->ok) {
		p->out->ok = false;
		p->out->problem = str_from(problem);
		p->out->place = here(p);
	}
	return NULL;
}

static struct yaml *node_new(struct parser *p, enum yaml_type type)
{
	if (++p->nodes > NODES_MAX)
		return fail(p, "more values than are read");
	struct yaml *n = arena_new(p->arena, struct yaml);
	n->type = type;
	n->span = here(p);
	return n;
}

static char peek(const struct parser *p, size_t ahead)
{
	return p->at + ahead < p->text.n ? p->text.p[p->at + ahead] : '\0';
}

static bool at_end(const struct parser *p)
{
	return p->at >= p->text.n;
}

static void next_line(struct parser *p)
{
	while (!at_end(p) && p->text.p[p->at] != '\n')
		p->at++;
	if (!at_end(p)) {
		p->at++;
		p->line++;
		p->line_start = p->at;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool ends_word(char c)
{
	return c == '\0' || c == '\n' || c == '\r' || is_blank(c);
}

static void skip_blanks(struct parser *p)
{
	while (is_blank(peek(p, 0)))
		p->at++;
}

/* True when nothing but blanks and a comment is left on the line. */
static bool line_is_over(struct parser *p)
{
	skip_blanks(p);
	char c = peek(p, 0);
	bool comment = c == '#' && (p->at == p->line_start || is_blank(p->text.p[p->at - 1]));
	return at_end(p) || c == '\n' || c == '\r' || comment;
}

static bool is_marker(const struct parser *p, const char *marker)
{
	return column(p) == 0 && str_has_prefix(str_from_index(p->text, p->at), str_from(marker)) &&
		ends_word(peek(p, 3));
}

/* To the first byte of the next content. False at the end of the document. */
static bool skip_to_content(struct parser *p)
{
	while (!at_end(p)) {
		if (!line_is_over(p))
			return !is_marker(p, "...") && !is_marker(p, "---");
		next_line(p);
	}
	return false;
}

/* ---- Block scalars -------------------------------------------------------------------------- */

static size_t indent_at(struct str text, size_t at)
{
	size_t n = 0;
	while (at + n < text.n && text.p[at + n] == ' ')
		n++;
	return n;
}

static bool is_empty_line(struct str text, size_t at)
{
	at += indent_at(text, at);
	return at >= text.n || text.p[at] == '\n' || text.p[at] == '\r';
}

struct block {
	bool folded;
	char chomp; /* '-', '+' or 0 */
	size_t indent; /* 0: of the first line */
};

static void read_header(struct parser *p, struct block *b)
{
	b->folded = peek(p, 0) == '>';
	p->at++;
	for (int i = 0; i < 2; i++) {
		char c = peek(p, 0);
		if (c == '-' || c == '+')
			b->chomp = c;
		else if (c >= '1' && c <= '9')
			b->indent = (size_t)(c - '0');
		else
			break;
		p->at++;
	}
}

static struct str line_at(struct str text, size_t at)
{
	struct str rest = str_from_index(text, at);
	struct str line = str_sub(rest, 0, str_find_byte(rest, '\n'));
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static void add_block_line(struct buf *out, const struct block *b, struct str line, bool *broken)
{
	bool more = line.n == 0 || is_blank(line.p[0]);
	/* The break in front of empty lines is folded into them. */
	if (b->folded && line.n == 0 && !*broken && out->n > 0) {
		*broken = true;
		return;
	}
	if (b->folded && out->n > 0 && !*broken && !more && out->p[out->n - 1] == '\n')
		out->p[out->n - 1] = ' ';
	buf_add(out, line);
	buf_add_byte(out, '\n');
	*broken = more;
}

static struct str chomped(struct parser *p, const struct block *b, struct str s)
{
	size_t n = s.n;
	while (n > 0 && s.p[n - 1] == '\n')
		n--;
	if (b->chomp == '+')
		n = s.n;
	else if (b->chomp != '-' && n > 0)
		n++;
	return arena_str(p->arena, str_sub(s, 0, n));
}

/* parent: indentation of the collection in which it stands, -1 at the top. */
static struct yaml *parse_block_scalar(struct parser *p, int parent)
{
	struct block b = {0};
	scoped(buf) out = {0};
	bool broken = false;
	read_header(p, &b);
	if (!line_is_over(p))
		return fail(p, "text behind the sign of a block");
	next_line(p);
	struct yaml *n = node_new(p, YAML_SCALAR);
	if (!n)
		return NULL;
	if (b.indent > 0)
		b.indent += parent < 0 ? 0 : (size_t)parent;
	n->by_line = !b.folded;
	buf_init(&out, p->text.n + 1);
	while (!at_end(p)) {
		bool empty = is_empty_line(p->text, p->at);
		size_t indent = indent_at(p->text, p->at);
		if (!empty && b.indent == 0)
			b.indent = indent > 0 ? indent : SIZE_MAX;
		if (!empty && (indent < b.indent || (int)indent <= parent))
			break;
		struct str line = line_at(p->text, p->at);
		size_t cut = b.indent < line.n ? b.indent : line.n;
		add_block_line(&out, &b,
			empty && indent <= cut ? STR("") : str_from_index(line, cut), &broken);
		next_line(p);
	}
	n->span.col = b.indent == SIZE_MAX ? 1 : (uint32_t)b.indent + 1;
	n->text = chomped(p, &b, out.n > 0 ? buf_str(&out) : STR(""));
	return n;
}

/* ---- Quoted scalars ------------------------------------------------------------------------- */

/* Line breaks inside of quotes: one is a space, more are one less. */
static void fold_break(struct parser *p, struct buf *out)
{
	size_t breaks = 0;
	while (out->n > 0 && is_blank(out->p[out->n - 1]))
		out->n--;
	while (peek(p, 0) == '\n' || peek(p, 0) == '\r' || is_blank(peek(p, 0))) {
		if (peek(p, 0) == '\n') {
			breaks++;
			next_line(p);
		} else {
			p->at++;
		}
	}
	if (breaks <= 1)
		buf_add_byte(out, ' ');
	for (; breaks > 1; breaks--)
		buf_add_byte(out, '\n');
}

static bool add_code(struct parser *p, struct buf *out, size_t digits)
{
	uint32_t code = 0;
	for (size_t i = 0; i < digits; i++) {
		char c = peek(p, 0);
		int v = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (v < 0)
			return false;
		code = code * 16 + (uint32_t)v;
		p->at++;
	}
	char bytes[4];
	size_t n = utf8_encode(code, bytes);
	buf_add(out, (struct str){bytes, n});
	return n > 0;
}

static bool add_escape(struct parser *p, struct buf *out)
{
	static const char from[] = "0abtnvfre\"/\\ \tN_";
	static const char to[] = "\0\a\b\t\n\v\f\r\033\"/\\ \t\n ";
	char c = peek(p, 0);
	p->at++;
	if (c == 'x' || c == 'u' || c == 'U')
		return add_code(p, out, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	if (c == '\n') {
		p->at--;
		next_line(p);
		skip_blanks(p);
		return true;
	}
	const char *found = c ? strchr(from, c) : NULL;
	if (found)
		buf_add_byte(out, to[found - from]);
	return found != NULL;
}

static struct yaml *parse_quoted(struct parser *p)
{
	char quote = peek(p, 0);
	scoped(buf) out = {0};
	p->at++;
	struct yaml *n = node_new(p, YAML_SCALAR);
	if (!n)
		return NULL;
	uint32_t line = p->line;
	bool escaped = false;
	buf_init(&out, p->text.n + 4);
	for (;;) {
		char c = peek(p, 0);
		if (at_end(p))
			return fail(p, "a quoted text without its end");
		if (c == quote && !(quote == '\'' && peek(p, 1) == quote))
			break;
		if (c == '\n') {
			fold_break(p, &out);
			continue;
		}
		p->at++;
		if (c == quote) {
			p->at++;
		} else if (c == '\\' && quote == '"') {
			escaped = true;
			if (!add_escape(p, &out))
				return fail(p, "an escape that YAML does not have");
			continue;
		}
		buf_add_byte(&out, c);
	}
	p->at++;
	n->by_line = line == p->line && !escaped;
	n->text = out.n > 0 ? arena_str(p->arena, buf_str(&out)) : STR("");
	return n;
}

/* ---- Plain scalars -------------------------------------------------------------------------- */

static bool ends_plain(const struct parser *p, bool flow)
{
	char c = peek(p, 0);
	if (c == '\n' || at_end(p))
		return true;
	if (c == ':' && (ends_word(peek(p, 1)) || (flow && strchr(",[]{}", peek(p, 1)))))
		return true;
	if (c == '#' && p->at > 0 && is_blank(p->text.p[p->at - 1]))
		return true;
	return flow && c && strchr(",[]{}", c);
}

static struct str plain_line(struct parser *p, bool flow)
{
	size_t start = p->at;
	while (!ends_plain(p, flow))
		p->at++;
	return str_trim(str_sub(p->text, start, p->at - start));
}

/* Lines further right than the collection go on with the text. */
static bool goes_on(struct parser *p, int parent, bool flow)
{
	struct parser ahead = *p;
	struct yaml_document ignored = {.ok = true};
	ahead.out = &ignored;
	if (at_end(p) || peek(p, 0) != '\n')
		return false;
	next_line(&ahead);
	while (!at_end(&ahead) && is_empty_line(ahead.text, ahead.at))
		next_line(&ahead);
	skip_blanks(&ahead);
	if (at_end(&ahead) || peek(&ahead, 0) == '#')
		return false;
	if (!flow && ((int)column(&ahead) <= parent || is_marker(&ahead, "---")))
		return false;
	return !flow || !strchr(",[]{}", peek(&ahead, 0));
}

static struct yaml *parse_plain(struct parser *p, int parent, bool flow)
{
	struct yaml *n = node_new(p, YAML_SCALAR);
	if (!n)
		return NULL;
	n->plain = true;
	n->by_line = true;
	n->text = plain_line(p, flow);
	while (goes_on(p, parent, flow)) {
		size_t breaks = 0;
		while (peek(p, 0) == '\n' || is_blank(peek(p, 0)) || peek(p, 0) == '\r') {
			if (peek(p, 0) == '\n') {
				next_line(p);
				breaks++;
			} else {
				p->at++;
			}
		}
		struct str parts[] = {n->text, plain_line(p, flow)};
		n->text = arena_join(p->arena, parts, 2, breaks > 1 ? STR("\n") : STR(" "));
		n->by_line = false;
		if (parts[1].n == 0)
			return fail(p, "a key where a text goes on");
	}
	return n;
}

/* ---- Nodes ---------------------------------------------------------------------------------- */

static struct yaml *parse_node(struct parser *p, int parent, bool flow);

static void add_item(struct parser *p, struct yaml *parent, struct yaml *item)
{
	list_push(p->arena, parent) = item;
}

/* Of two values under one key readers take the first or the last. */
static bool add_member(struct parser *p, struct yaml *map, struct str key, const struct yaml *value)
{
	if (map->n == KEYS_MAX)
		return fail(p, "more keys than are read") != NULL;
	for (size_t i = 0; i < map->n; i++) {
		if (str_eq(map->items[i]->key, key))
			return fail(p, "a key that stands there already") != NULL;
	}
	struct yaml *named = arena_new(p->arena, struct yaml);
	*named = *value;
	named->key = key;
	add_item(p, map, named);
	return true;
}

/* In flow collections line breaks and comments are blanks. */
static bool skip_flow(struct parser *p)
{
	for (;;) {
		if (!line_is_over(p))
			return true;
		if (at_end(p))
			return false;
		next_line(p);
	}
}

static struct yaml *empty_scalar(struct parser *p)
{
	struct yaml *n = node_new(p, YAML_SCALAR);
	if (n)
		n->plain = n->by_line = true;
	return n;
}

/* One member of a flow map, or an item of a flow list, which may be a map of one member. */
static bool parse_flow_item(struct parser *p, struct yaml *list)
{
	bool map = list->type == YAML_MAP;
	struct yaml *key = parse_node(p, -1, true);
	if (!key || !skip_flow(p))
		return false;
	if (peek(p, 0) != ':') {
		if (map && key->type != YAML_SCALAR)
			return fail(p, "a key that is no text") != NULL;
		struct yaml *value = map ? empty_scalar(p) : key;
		if (!value)
			return false;
		if (map)
			return add_member(p, list, key->text, value);
		add_item(p, list, value);
		return true;
	}
	p->at++;
	if (!skip_flow(p))
		return false;
	bool none = strchr(",}]", peek(p, 0)) != NULL;
	struct yaml *value = none ? empty_scalar(p) : parse_node(p, -1, true);
	if (!value || key->type != YAML_SCALAR)
		return value ? fail(p, "a key that is no text") != NULL : false;
	if (map)
		return add_member(p, list, key->text, value);
	struct yaml *one = node_new(p, YAML_MAP);
	if (!one)
		return false;
	add_item(p, list, one);
	return add_member(p, one, key->text, value);
}

static struct yaml *parse_flow(struct parser *p)
{
	bool map = peek(p, 0) == '{';
	struct yaml *n = node_new(p, map ? YAML_MAP : YAML_LIST);
	if (!n)
		return NULL;
	p->at++;
	for (;;) {
		if (!skip_flow(p))
			return fail(p, "a list or map without its end");
		if (peek(p, 0) == (map ? '}' : ']'))
			break;
		if (!parse_flow_item(p, n))
			return p->out->ok ? fail(p, "a list or map without its end") : NULL;
		if (!skip_flow(p))
			return fail(p, "a list or map without its end");
		if (peek(p, 0) == ',')
			p->at++;
		else if (peek(p, 0) != (map ? '}' : ']'))
			return fail(p, "no comma between two values");
	}
	p->at++;
	return n;
}

static bool is_entry(const struct parser *p)
{
	return peek(p, 0) == '-' && ends_word(peek(p, 1));
}

static struct yaml *parse_list(struct parser *p)
{
	uint32_t indent = column(p);
	struct yaml *n = node_new(p, YAML_LIST);
	while (n && skip_to_content(p) && column(p) == indent && is_entry(p)) {
		p->at++;
		struct yaml *item = parse_node(p, (int)indent, false);
		if (!item)
			return n;
		add_item(p, n, item);
	}
	return n;
}

static bool read_key(struct parser *p, struct str *key)
{
	char c = peek(p, 0);
	if (c == '"' || c == '\'') {
		const struct yaml *quoted = parse_quoted(p);
		if (!quoted)
			return false;
		*key = quoted->text;
		skip_blanks(p);
	} else {
		*key = plain_line(p, false);
	}
	if (peek(p, 0) != ':' || !ends_word(peek(p, 1)))
		return fail(p, "no colon behind a key") != NULL;
	p->at++;
	return true;
}

static struct yaml *parse_map(struct parser *p)
{
	uint32_t indent = column(p);
	struct yaml *n = node_new(p, YAML_MAP);
	while (n && skip_to_content(p) && column(p) == indent) {
		struct str key;
		if (is_entry(p))
			break;
		if (peek(p, 0) == '?' && ends_word(peek(p, 1))) {
			fail(p, "a key of more than one word");
			break;
		}
		if (!read_key(p, &key))
			break;
		/* A list may stand below its key without being further right. */
		struct yaml *value = parse_node(p, (int)indent, false);
		if (!value)
			break;
		if (!add_member(p, n, key, value))
			break;
	}
	return n;
}

/* A key stands here: the line has a colon behind its first word. */
static bool is_key(const struct parser *p)
{
	struct parser ahead = *p;
	struct yaml_document ignored = {.ok = true};
	struct str key;
	ahead.out = &ignored;
	return read_key(&ahead, &key) && ahead.line == p->line;
}

static struct yaml *find_anchor(struct parser *p, struct str name)
{
	for (size_t i = p->anchors.n; i > 0; i--) {
		if (str_eq(p->anchors.items[i - 1].name, name))
			return p->anchors.items[i - 1].node;
	}
	return fail(p, "an alias of nothing");
}

static struct str read_name(struct parser *p, bool flow)
{
	size_t start = ++p->at;
	while (!ends_word(peek(p, 0)) && !(flow && strchr(",[]{}", peek(p, 0))))
		p->at++;
	return str_sub(p->text, start, p->at - start);
}

/* Behind "- " and "key:" a collection may begin on the same line only in its compact form. */
static struct yaml *parse_content(struct parser *p, int parent, bool flow, bool first)
{
	char c = peek(p, 0);
	if (c == '*')
		return find_anchor(p, read_name(p, flow));
	if (c == '?' && ends_word(peek(p, 1)))
		return fail(p, "a key of more than one word");
	if (c == '[' || c == '{')
		return parse_flow(p);
	if (!flow && (c == '|' || c == '>'))
		return parse_block_scalar(p, parent);
	if (!flow && is_entry(p))
		return first ? parse_list(p) : fail(p, "a list on the line of its key");
	if (!flow && is_key(p))
		return first ? parse_map(p) : fail(p, "two keys on one line");
	if (c == '"' || c == '\'')
		return parse_quoted(p);
	if (c == '%' || c == '@' || c == '`' || c == '\t')
		return fail(p, "a character with which no value begins");
	return parse_plain(p, parent, flow);
}

struct properties {
	struct str anchor;
	struct str tag;
};

static void parse_properties(struct parser *p, bool flow, struct properties *out)
{
	for (;;) {
		size_t start = p->at;
		char c = peek(p, 0);
		if (c == '&')
			out->anchor = read_name(p, flow);
		else if (c == '!' && read_name(p, flow).n > 0)
			out->tag = str_sub(p->text, start, p->at - start);
		else if (c != '!')
			return;
		skip_blanks(p);
	}
}

static struct yaml *parse_value(struct parser *p, int parent, bool flow)
{
	bool entry = p->at > 0 && p->at != p->line_start && p->text.p[p->at - 1] == '-';
	struct properties is = {0};
	uint32_t line = p->line;
	skip_blanks(p);
	parse_properties(p, flow, &is);
	if (!flow && line_is_over(p)) {
		if (!skip_to_content(p))
			return empty_scalar(p);
		bool below = (int)column(p) > parent ||
			((int)column(p) == parent && !entry && is_entry(p));
		if (!below)
			return empty_scalar(p);
		if (is.anchor.n == 0)
			parse_properties(p, flow, &is);
	}
	bool first = entry || line != p->line || parent < 0;
	struct yaml *n = parse_content(p, parent, flow, first);
	if (n && is.tag.n > 0 && n->tag.n == 0)
		n->tag = is.tag;
	if (n && is.anchor.n > 0 && p->anchors.n < ANCHORS_MAX)
		list_push(p->arena, &p->anchors) = (struct anchor){is.anchor, n};
	return n;
}

static struct yaml *parse_node(struct parser *p, int parent, bool flow)
{
	if (p->depth == DEPTH_MAX)
		return fail(p, "values too deep in each other");
	p->depth++;
	struct yaml *n = parse_value(p, parent, flow);
	p->depth--;
	return n;
}

/* ---- Documents ------------------------------------------------------------------------------ */

static void skip_start(struct parser *p)
{
	while (!at_end(p) && (line_is_over(p) || (column(p) == 0 && peek(p, 0) == '%')))
		next_line(p);
	if (is_marker(p, "---"))
		p->at += 3;
}

void yaml_parse(struct yaml_document *out, struct arena *a, struct str text)
{
	struct parser p = {.arena = a, .text = text, .line = 1, .out = out};
	*out = (struct yaml_document){.ok = true};
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		p.line_start = p.at = 3;
	skip_start(&p);
	if (!line_is_over(&p) || skip_to_content(&p))
		out->root = parse_node(&p, -1, false);
	if (!out->ok)
		return;
	if (skip_to_content(&p)) {
		fail(&p, "a value that belongs to nothing");
		return;
	}
	if (is_marker(&p, "...") || is_marker(&p, "---")) {
		p.at += 3;
		while (!at_end(&p) && line_is_over(&p))
			next_line(&p);
		if (!at_end(&p))
			fail(&p, "a second document");
	}
}

/* Maps that are merged into each other may be many more than there are bytes. */
static const struct yaml *find(const struct yaml *map, struct str key, unsigned *budget)
{
	const struct yaml *merged = NULL;
	if (!map || map->type != YAML_MAP || *budget == 0)
		return NULL;
	--*budget;
	for (size_t i = 0; i < map->n; i++) {
		if (str_eq(map->items[i]->key, key))
			return map->items[i];
		if (str_is(map->items[i]->key, "<<"))
			merged = map->items[i];
	}
	if (!merged || merged->type != YAML_LIST)
		return find(merged, key, budget);
	const struct yaml *found = NULL;
	for (size_t i = 0; i < merged->n && !found; i++)
		found = find(merged->items[i], key, budget);
	return found;
}

const struct yaml *yaml_find(const struct yaml *map, const char *key)
{
	unsigned budget = MERGES_MAX;
	return find(map, str_from(key), &budget);
}

struct str yaml_text(const struct yaml *map, const char *key)
{
	const struct yaml *value = yaml_find(map, key);
	return value && value->type == YAML_SCALAR ? value->text : STR("");
}

bool yaml_is_true(const struct yaml *value)
{
	static const char *const words[] = {"true", "True", "TRUE", "yes", "Yes", "on", "1"};
	for (size_t i = 0; value && value->type == YAML_SCALAR && i < countof(words); i++) {
		if (str_is(value->text, words[i]))
			return true;
	}
	return false;
}
