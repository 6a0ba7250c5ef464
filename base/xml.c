#include "base/xml.h"

#include "base/buf.h"
#include "base/utf8.h"

#define NAME_BYTES_MAX 256

/* An element while it is open. */
struct open_element {
	struct xml *x;
	struct str tag; /* with its name space */
	struct buf text;
};

struct reader {
	struct arena *arena;
	struct str text;
	size_t at;
	uint32_t line;
	size_t line_start;
	struct open_element open[XML_DEPTH_MAX];
	size_t depth;
	struct xml *document;
	size_t count;
	size_t max;
	const char *problem;
};

static void advance(struct reader *r, size_t n)
{
	for (; n > 0 && r->at < r->text.n; n--) {
		if (r->text.p[r->at++] == '\n') {
			r->line++;
			r->line_start = r->at;
		}
	}
}

static struct span here(const struct reader *r)
{
	return (struct span){.off = (uint32_t)r->at,
		.line = r->line,
		.col = (uint32_t)(r->at - r->line_start) + 1};
}

static struct str ahead(const struct reader *r)
{
	return str_from_index(r->text, r->at);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool refuse(struct reader *r, const char *problem)
{
	r->problem = problem;
	return false;
}

/* Behind `end`, or a problem when there is none. */
static bool skip_past(struct reader *r, struct str end, const char *problem)
{
	size_t at = str_find(ahead(r), end);
	if (at == STR_NPOS)
		return refuse(r, problem);
	advance(r, at + end.n);
	return true;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static struct open_element *innermost(struct reader *r)
{
	return r->depth > 0 ? &r->open[r->depth - 1] : NULL;
}

/* The first byte of the element's text that is no white space is its place. */
static void add_text(struct reader *r, struct str s)
{
	struct open_element *o = innermost(r);
	size_t blank = 0;
	while (blank < s.n && is_space(s.p[blank]))
		blank++;
	if (o) {
		buf_add(&o->text, s);
		advance(r, blank);
		if (blank < s.n && o->x->at.line == 0)
			o->x->at = here(r);
		advance(r, s.n - blank);
	} else {
		advance(r, s.n);
	}
}

static uint32_t digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint32_t)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (uint32_t)(c - 'A' + 10);
	return 99;
}

/* The bytes of "amp", "#10", "#x0a": how many, or 0. */
static size_t entity(struct str s, char out[4])
{
	static const struct {
		const char *name;
		char c;
	} names[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	for (size_t i = 0; i < countof(names); i++) {
		if (str_is(s, names[i].name)) {
			out[0] = names[i].c;
			return 1;
		}
	}
	bool hex = s.n > 1 && s.p[1] == 'x';
	size_t first = hex ? 2 : 1;
	uint32_t code = 0;
	if (s.n <= first || s.n > 9 || s.p[0] != '#')
		return 0;
	for (size_t i = first; i < s.n; i++) {
		uint32_t v = digit_value(s.p[i]);
		if (v >= (hex ? 16 : 10))
			return 0;
		code = code * (hex ? 16 : 10) + v;
	}
	return code == 0 ? 0 : utf8_encode(code, out);
}

static bool read_entity(struct reader *r)
{
	struct str rest = str_sub(ahead(r), 1, 10);
	size_t end = str_find_byte(rest, ';');
	char bytes[4];
	size_t n = end == STR_NPOS ? 0 : entity(str_sub(rest, 0, end), bytes);
	if (n == 0)
		return refuse(r, "an entity that is not known");
	struct open_element *o = innermost(r);
	if (o) {
		if (o->x->at.line == 0)
			o->x->at = here(r);
		o->x->by_line = false;
		buf_add(&o->text, (struct str){bytes, n});
	}
	advance(r, end + 2);
	return true;
}

static bool read_cdata(struct reader *r)
{
	advance(r, STR("<![CDATA[").n);
	size_t end = str_find(ahead(r), STR("]]>"));
	if (end == STR_NPOS)
		return refuse(r, "a CDATA section without its end");
	add_text(r, str_sub(ahead(r), 0, end));
	advance(r, STR("]]>").n);
	return true;
}

/* ---- Elements -------------------------------------------------------------------------------- */

static struct str local_name(struct str tag)
{
	size_t colon = str_find_byte(tag, ':');
	return colon == STR_NPOS ? tag : str_from_index(tag, colon + 1);
}

static bool close_element(struct reader *r, struct str tag)
{
	struct open_element *o = innermost(r);
	if (!o || !str_eq(o->tag, tag))
		return refuse(r, "an end that has no beginning");
	o->x->text = arena_str(r->arena, buf_str(&o->text));
	o->x->ended = true;
	buf_clear(&o->text);
	r->depth--;
	return true;
}

static bool open_element(struct reader *r, struct str tag)
{
	if (r->depth == XML_DEPTH_MAX || tag.n == 0 || tag.n > NAME_BYTES_MAX)
		return refuse(r, "elements too deep in each other, or without a name");
	if (r->count++ == r->max)
		return refuse(r, "too many elements");
	struct xml *parent = r->depth > 0 ? r->open[r->depth - 1].x : r->document;
	struct xml *x = arena_new(r->arena, struct xml);
	*x = (struct xml){.name = arena_str(r->arena, local_name(tag)), .parent = parent};
	x->by_line = true;
	list_push(r->arena, &parent->children) = x;
	struct open_element *o = &r->open[r->depth++];
	*o = (struct open_element){.x = x, .tag = tag};
	buf_init(&o->text, r->text.n + 16);
	return true;
}

/* To the '>' that ends the tag; those in quoted values do not count. */
static bool read_tag(struct reader *r)
{
	struct str rest = str_from_index(ahead(r), 1);
	size_t n = 0;
	char quote = 0;
	while (n < rest.n && (quote || rest.p[n] != '>')) {
		char c = rest.p[n++];
		if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
	}
	if (n == rest.n)
		return refuse(r, "a tag without its end");
	struct str inside = str_sub(rest, 0, n);
	bool end = inside.n > 0 && inside.p[0] == '/';
	bool empty = inside.n > 0 && inside.p[inside.n - 1] == '/';
	size_t name = end ? 1 : 0;
	size_t stop = name;
	while (stop < inside.n && !is_space(inside.p[stop]) && inside.p[stop] != '/')
		stop++;
	struct str tag = str_sub(inside, name, stop - name);
	advance(r, n + 2);
	if (end)
		return close_element(r, tag);
	return open_element(r, tag) && (!empty || close_element(r, tag));
}

/* A document type by its name only; with declarations of its own it could define entities. */
static bool skip_declaration(struct reader *r)
{
	size_t end = str_find_byte(ahead(r), '>');
	if (str_find_byte(str_sub(ahead(r), 0, end), '[') != STR_NPOS)
		return refuse(r, "a document type with declarations of its own");
	return skip_past(r, STR(">"), "a declaration without its end");
}

static bool read_markup(struct reader *r)
{
	struct str rest = ahead(r);
	if (str_has_prefix(rest, STR("<!--")))
		return skip_past(r, STR("-->"), "a comment without its end");
	if (str_has_prefix(rest, STR("<![CDATA[")))
		return read_cdata(r);
	if (str_has_prefix(rest, STR("<?")))
		return skip_past(r, STR("?>"), "an instruction without its end");
	if (str_has_prefix(rest, STR("<!")))
		return skip_declaration(r);
	return read_tag(r);
}

static bool read_next(struct reader *r)
{
	struct str rest = ahead(r);
	if (rest.p[0] == '<')
		return read_markup(r);
	if (rest.p[0] == '&')
		return read_entity(r);
	size_t n = 0;
	while (n < rest.n && rest.p[n] != '<' && rest.p[n] != '&')
		n++;
	add_text(r, str_sub(rest, 0, n));
	return true;
}

struct xml *xml_read(struct arena *a, struct str text, size_t max, struct xml_problem *problem)
{
	struct reader *r = calloc(1, sizeof(*r));
	if (!r)
		error_out_of_memory();
	*r = (struct reader){.arena = a, .text = text, .line = 1, .max = max};
	r->document = arena_new(a, struct xml);
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		r->line_start = r->at = 3;
	bool good = true;
	while (good && r->at < text.n)
		good = read_next(r);
	if (good && r->depth > 0)
		r->problem = "an element without its end";
	*problem = (struct xml_problem){0};
	if (r->problem)
		*problem = (struct xml_problem){r->problem, here(r)};
	while (r->depth > 0)
		buf_clear(&r->open[--r->depth].text);
	struct xml *document = r->document;
	free(r);
	return document;
}

/* ---- Looking --------------------------------------------------------------------------------- */

const struct xml *xml_find(const struct xml *x, const char *name)
{
	for (size_t i = 0; x && i < x->children.n; i++) {
		if (str_is(x->children.items[i]->name, name))
			return x->children.items[i];
	}
	return NULL;
}

struct str xml_text(const struct xml *x, const char *name)
{
	const struct xml *child = xml_find(x, name);
	return child ? str_trim(child->text) : STR("");
}

bool xml_is_in(const struct xml *x, const char *name)
{
	for (; x; x = x->parent) {
		if (str_eq_nocase(x->name, str_from(name)))
			return true;
	}
	return false;
}
