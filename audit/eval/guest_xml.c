/* Answers in XML: Windows' unattend files and AutoYaST's profiles. */
#include "audit/eval/guest.h"

#include "base/utf8.h"

#define DEPTH_MAX 64
#define NAME_MAX_BYTES 256

/* ---- Reading -------------------------------------------------------------------------------- */

/* An element while it is open; text: what stands directly in it. */
struct xml_element {
	struct str name; /* without its name space */
	struct str tag; /* with it */
	struct buf text;
	struct span at; /* of the first byte of the text that is no white space */
	bool by_line;
};

struct xml {
	struct content *k;
	struct str text;
	size_t at;
	uint32_t line;
	size_t line_start;
	struct xml_element open[DEPTH_MAX];
	size_t depth;
	const char *problem;
	void (*closed)(struct xml *x, const struct xml_element *e);
	void *ctx;
};

static void advance(struct xml *x, size_t n)
{
	for (; n > 0 && x->at < x->text.n; n--) {
		if (x->text.p[x->at++] == '\n') {
			x->line++;
			x->line_start = x->at;
		}
	}
}

static struct span here(const struct xml *x)
{
	return (struct span){.off = (uint32_t)x->at,
		.line = x->line,
		.col = (uint32_t)(x->at - x->line_start) + 1};
}

static struct str ahead(const struct xml *x)
{
	return str_from_index(x->text, x->at);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Behind `end`, or a problem when there is none. */
static bool skip_past(struct xml *x, struct str end, const char *problem)
{
	size_t at = str_find(ahead(x), end);
	if (at == STR_NPOS) {
		x->problem = problem;
		return false;
	}
	advance(x, at + end.n);
	return true;
}

static void add_text(struct xml *x, struct str s)
{
	struct xml_element *e = x->depth > 0 ? &x->open[x->depth - 1] : NULL;
	if (!e)
		return;
	if (e->at.line == 0) {
		size_t blank = 0;
		while (blank < s.n && is_space(s.p[blank]))
			blank++;
		advance(x, blank);
		s = str_from_index(s, blank);
		if (s.n == 0)
			return;
		e->at = here(x);
	}
	buf_add(&e->text, s);
	advance(x, s.n);
}

/* &amp; &#10; &#x0a; */
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
	if (s.n < 2 || s.n > 9 || s.p[0] != '#')
		return 0;
	bool hex = s.p[1] == 'x';
	uint32_t code = 0;
	for (size_t i = hex ? 2 : 1; i < s.n; i++) {
		char c = s.p[i];
		uint32_t v = c >= '0' && c <= '9'     ? (uint32_t)(c - '0')
			: hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
			: hex && c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
						      : 99;
		if (v == 99)
			return 0;
		code = code * (hex ? 16 : 10) + v;
	}
	return utf8_encode(code, out);
}

static bool read_entity(struct xml *x)
{
	struct str rest = str_sub(ahead(x), 1, 10);
	size_t end = str_find_byte(rest, ';');
	char bytes[4];
	size_t n = end == STR_NPOS ? 0 : entity(str_sub(rest, 0, end), bytes);
	if (n == 0) {
		x->problem = "an entity that is not known";
		return false;
	}
	struct xml_element *e = x->depth > 0 ? &x->open[x->depth - 1] : NULL;
	if (e) {
		if (e->at.line == 0)
			e->at = here(x);
		e->by_line = false;
		buf_add(&e->text, (struct str){bytes, n});
	}
	advance(x, end + 2);
	return true;
}

static bool read_cdata(struct xml *x)
{
	advance(x, 9);
	size_t end = str_find(ahead(x), STR("]]>"));
	if (end == STR_NPOS) {
		x->problem = "a CDATA section without its end";
		return false;
	}
	struct str body = str_sub(ahead(x), 0, end);
	size_t target = x->at + end;
	add_text(x, body);
	advance(x, target - x->at + 3);
	return true;
}

static struct str local_name(struct str tag)
{
	size_t colon = str_find_byte(tag, ':');
	return colon == STR_NPOS ? tag : str_from_index(tag, colon + 1);
}

static bool close_element(struct xml *x, struct str tag)
{
	if (x->depth == 0 || !str_eq(x->open[x->depth - 1].tag, tag)) {
		x->problem = "an end that has no beginning";
		return false;
	}
	struct xml_element *e = &x->open[x->depth - 1];
	x->closed(x, e);
	buf_clear(&e->text);
	x->depth--;
	return true;
}

static bool open_element(struct xml *x, struct str tag)
{
	if (x->depth == DEPTH_MAX || tag.n == 0 || tag.n > NAME_MAX_BYTES) {
		x->problem = "elements too deep in each other, or without a name";
		return false;
	}
	struct xml_element *e = &x->open[x->depth++];
	*e = (struct xml_element){.name = local_name(tag), .tag = tag, .by_line = true};
	buf_init(&e->text, x->text.n + 16);
	return true;
}

/* To the '>' that ends the tag; those in quoted values do not count. */
static bool read_tag(struct xml *x)
{
	struct str rest = str_from_index(ahead(x), 1);
	size_t n = 0;
	char quote = 0;
	while (n < rest.n && (quote || rest.p[n] != '>')) {
		char c = rest.p[n++];
		if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
	}
	if (n == rest.n) {
		x->problem = "a tag without its end";
		return false;
	}
	struct str inside = str_sub(rest, 0, n);
	bool end = inside.n > 0 && inside.p[0] == '/';
	bool empty = inside.n > 0 && inside.p[inside.n - 1] == '/';
	size_t name = end ? 1 : 0;
	size_t stop = name;
	while (stop < inside.n && !is_space(inside.p[stop]) && inside.p[stop] != '/')
		stop++;
	struct str tag = str_sub(inside, name, stop - name);
	advance(x, n + 2);
	if (end)
		return close_element(x, tag);
	return open_element(x, tag) && (!empty || close_element(x, tag));
}

static bool read_markup(struct xml *x)
{
	struct str rest = ahead(x);
	if (str_has_prefix(rest, STR("<!--")))
		return skip_past(x, STR("-->"), "a comment without its end");
	if (str_has_prefix(rest, STR("<![CDATA[")))
		return read_cdata(x);
	if (str_has_prefix(rest, STR("<?")))
		return skip_past(x, STR("?>"), "an instruction without its end");
	/* A document type may define entities, which nobody needs here. */
	if (str_has_prefix(rest, STR("<!")))
		return skip_past(x, STR(">"), "a declaration without its end");
	return read_tag(x);
}

static void xml_read(struct xml *x)
{
	bool good = true;
	while (good && x->at < x->text.n) {
		struct str rest = ahead(x);
		if (rest.p[0] == '<') {
			good = read_markup(x);
		} else if (rest.p[0] == '&') {
			good = read_entity(x);
		} else {
			size_t n = 0;
			while (n < rest.n && rest.p[n] != '<' && rest.p[n] != '&')
				n++;
			size_t target = x->at + n;
			add_text(x, str_sub(rest, 0, n));
			advance(x, target - x->at);
		}
		good = good && charge(x->k->e, 2);
	}
	if (good && x->depth > 0)
		x->problem = "an element without its end";
	if (x->problem) {
		struct span at = here(x);
		content_opaque(x->k, &at, "syntax", str_from(x->problem));
	}
	while (x->depth > 0)
		buf_clear(&x->open[--x->depth].text);
}

static struct str text_of(const struct xml *x, const struct xml_element *e)
{
	struct str s = e->text.n > 0 ? str_trim(buf_str(&e->text)) : STR("");
	return s.n > 0 ? arena_str(x->k->e->scratch, s) : STR("");
}

/* The element, or one above it, has the name. */
static bool is_in(const struct xml *x, const char *name)
{
	for (size_t i = 0; i < x->depth; i++) {
		if (str_eq_nocase(x->open[i].name, str_from(name)))
			return true;
	}
	return false;
}

static void read_document(
	struct content *k, void (*closed)(struct xml *, const struct xml_element *), void *ctx)
{
	struct xml *x = arena_new(k->e->scratch, struct xml);
	*x = (struct xml){.k = k, .text = k->unit->text, .line = 1, .closed = closed, .ctx = ctx};
	if (str_has_prefix(x->text, STR("\xef\xbb\xbf")))
		x->line_start = x->at = 3;
	xml_read(x);
}

/* ---- Windows -------------------------------------------------------------------------------- */

/* CommandLine of FirstLogonCommands, Path of RunSynchronousCommand: for cmd.exe. */
static void unattend_closed(struct xml *x, const struct xml_element *e)
{
	bool path = str_is(e->name, "Path") &&
		(is_in(x, "RunSynchronousCommand") || is_in(x, "RunAsynchronousCommand"));
	bool secret = str_is(e->name, "Value") &&
		(is_in(x, "AdministratorPassword") || is_in(x, "Password"));
	struct str text = text_of(x, e);
	if (text.n == 0)
		return;
	if (path || str_is(e->name, "CommandLine"))
		content_scan(x->k, &e->at, STR("cmd"), text);
	if (secret) {
		const struct str words[] = {STR("net"), STR("user"), STR("Administrator"), text};
		content_command(x->k, &e->at, words, countof(words));
	}
}

void content_unattend(struct content *k)
{
	read_document(k, unattend_closed, NULL);
}

/* ---- AutoYaST ------------------------------------------------------------------------------- */

struct yast {
	struct str interpreter;
	struct str source;
	struct span at;
	bool by_line;
	struct str user;
	struct str password;
	struct span password_at;
	bool encrypted;
};

static void end_script(struct xml *x)
{
	struct yast *y = x->ctx;
	bool shell = y->interpreter.n == 0 || word_in(y->interpreter, "shell sh bash");
	if (y->source.n > 0 && shell)
		content_run(x->k, y->source, &y->at, y->by_line);
	else if (y->source.n > 0)
		content_scan(x->k, &y->at, y->interpreter, y->source);
	*y = (struct yast){0};
}

static void end_user(struct xml *x)
{
	struct yast *y = x->ctx;
	const struct str words[] = {STR("usermod"), STR("-p"), y->password, y->user};
	struct str pair[] = {y->user, y->password};
	if (y->user.n > 0 && y->password.n > 0 && y->encrypted)
		content_command(x->k, &y->password_at, words, countof(words));
	else if (y->user.n > 0 && y->password.n > 0)
		content_feed(x->k, &y->password_at, "chpasswd",
			arena_join(x->k->e->scratch, pair, 2, STR(":")));
	*y = (struct yast){0};
}

static void yast_closed(struct xml *x, const struct xml_element *e)
{
	struct yast *y = x->ctx;
	struct str text = text_of(x, e);
	bool script = is_in(x, "script") || is_in(x, "listentry");
	if (str_is(e->name, "source") && script) {
		y->source = text;
		y->at = e->at;
		y->by_line = e->by_line;
	} else if (str_is(e->name, "interpreter")) {
		y->interpreter = text;
	} else if (str_is(e->name, "location") && is_in(x, "scripts") && text.n > 0) {
		content_opaque(x->k, &e->at, "script",
			arena_printf(x->k->e->scratch, "what is loaded is not in the commit: %.*s",
				STR_ARG(text)));
	} else if (str_is(e->name, "username")) {
		y->user = text;
	} else if (str_is(e->name, "user_password")) {
		y->password = text;
		y->password_at = e->at;
	} else if (str_is(e->name, "encrypted")) {
		y->encrypted = str_is(text, "true");
	} else if (word_in(e->name, "script listentry") && y->source.n > 0) {
		end_script(x);
	} else if (str_is(e->name, "user")) {
		end_user(x);
	}
}

void content_autoyast(struct content *k)
{
	struct yast y = {0};
	read_document(k, yast_closed, &y);
}
