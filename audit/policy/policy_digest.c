#include "audit/policy/policy.h"

/* A place in the text of a document that hcl_parse has accepted, so nesting is bounded. */
struct scan {
	struct arena *arena;
	struct str text;
	size_t at;
	struct str_list tokens;
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static char peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->text.n ? s->text.p[s->at + ahead] : '\0';
}

static void take(struct scan *s, size_t n)
{
	list_push(s->arena, &s->tokens) = str_sub(s->text, s->at, n);
	s->at += n;
}

static size_t line_end(const struct scan *s, size_t from)
{
	size_t n = str_find_byte(str_from_index(s->text, from), '\n');
	return n == STR_NPOS ? s->text.n : from + n;
}

/* Skips a comment at the place, if one starts there. A line comment leaves its line end. */
static bool skip_comment(struct scan *s)
{
	if (peek(s, 0) == '#' || (peek(s, 0) == '/' && peek(s, 1) == '/')) {
		s->at = line_end(s, s->at);
		return true;
	}
	if (peek(s, 0) != '/' || peek(s, 1) != '*')
		return false;
	size_t n = str_find(str_from_index(s->text, s->at + 2), STR("*/"));
	s->at = n == STR_NPOS ? s->text.n : s->at + 2 + n + 2;
	return true;
}

static size_t heredoc_size(const struct scan *s)
{
	size_t start = s->at + (peek(s, 2) == '-' ? 3 : 2);
	size_t end = line_end(s, start);
	struct str tag = str_trim(str_sub(s->text, start, end - start));
	while (end < s->text.n) {
		size_t line = end + 1;
		end = line_end(s, line);
		if (str_eq(str_trim(str_sub(s->text, line, end - line)), tag))
			return end - s->at;
	}
	return s->text.n - s->at;
}

static void scan_expression(struct scan *s, bool interpolated);

/* A quoted template: its text as it stands, the expressions in it as tokens. */
static void scan_quoted(struct scan *s)
{
	size_t start = s->at++;
	while (s->at < s->text.n && peek(s, 0) != '"') {
		char c = peek(s, 0);
		bool marker = (c == '$' || c == '%') && peek(s, 1) == '{';
		if ((c == '$' || c == '%') && peek(s, 1) == c && peek(s, 2) == '{') {
			s->at += 3;
		} else if (marker) {
			s->at += 2;
			list_push(s->arena, &s->tokens) = str_sub(s->text, start, s->at - start);
			scan_expression(s, true);
			start = s->at;
			s->at += s->at < s->text.n;
		} else {
			s->at += c == '\\' ? 2 : 1;
		}
	}
	s->at += s->at < s->text.n;
	list_push(s->arena, &s->tokens) = str_sub(s->text, start, s->at - start);
}

static size_t operator_size(const struct scan *s)
{
	static const char *const operators[] = {"...", "==", "!=", "<=", ">=", "&&", "||", "=>"};
	for (size_t i = 0; i < countof(operators); i++) {
		if (str_has_prefix(str_from_index(s->text, s->at), str_from(operators[i])))
			return strlen(operators[i]);
	}
	return 1;
}

/* A line end inside of braces parts members as a comma does, so it is written as one. */
static void part_members(struct scan *s)
{
	if (s->tokens.n == 0)
		return;
	struct str last = s->tokens.items[s->tokens.n - 1];
	if (!str_is(last, ",") && !str_is(last, "{"))
		list_push(s->arena, &s->tokens) = STR(",");
}

static void drop_last_comma(struct scan *s)
{
	if (s->tokens.n > 0 && str_is(s->tokens.items[s->tokens.n - 1], ","))
		s->tokens.n--;
}

struct nesting {
	bool interpolated; /* in "${...}": only a closing brace ends it */
	size_t depth;
	bool braces[256]; /* by depth: opened by a brace */
};

/* False: the expression ends here. */
static bool scan_bracket(struct scan *s, struct nesting *nesting)
{
	char c = peek(s, 0);
	if (c == '{' || c == '(' || c == '[') {
		nesting->depth++;
		nesting->braces[nesting->depth % countof(nesting->braces)] = c == '{';
		take(s, 1);
		return true;
	}
	if (nesting->depth == 0)
		return false;
	nesting->depth--;
	drop_last_comma(s);
	take(s, 1);
	return true;
}

/* False: the expression ends here. */
static bool scan_line_end(struct scan *s, const struct nesting *nesting)
{
	if (nesting->depth == 0 && !nesting->interpolated)
		return false;
	if (nesting->depth > 0 && nesting->braces[nesting->depth % countof(nesting->braces)])
		part_members(s);
	s->at++;
	return true;
}

static size_t word_size(const struct scan *s)
{
	size_t n = 1;
	while (s->at + n < s->text.n && is_word_byte(peek(s, n)))
		n++;
	return n;
}

/* Up to the end of the line outside of brackets, or to a closing bracket that is not its own. */
static void scan_expression(struct scan *s, bool interpolated)
{
	struct nesting nesting = {.interpolated = interpolated};
	bool more = true;
	while (more && s->at < s->text.n) {
		char c = peek(s, 0);
		if (c == '\n')
			more = scan_line_end(s, &nesting);
		else if (c == ' ' || c == '\t' || c == '\r')
			s->at++;
		else if (skip_comment(s))
			continue;
		else if (strchr("{}()[]", c))
			more = scan_bracket(s, &nesting);
		else if (c == '"')
			scan_quoted(s);
		else if (c == '<' && peek(s, 1) == '<')
			take(s, heredoc_size(s));
		else if (is_word_byte(c) && c != '-')
			take(s, word_size(s));
		else
			take(s, operator_size(s));
	}
}

struct str policy_canonical(struct arena *a, struct str text, size_t off)
{
	struct scan s = {.arena = a, .text = text, .at = off};
	size_t equals = str_find_byte(str_from_index(text, off), '=');
	s.at = equals == STR_NPOS ? text.n : off + equals + 1;
	scan_expression(&s, false);
	return arena_join(a, s.tokens.items, s.tokens.n, STR(" "));
}

static struct json *strings(struct arena *a, const struct str_list *list)
{
	struct json *array = json_array(a);
	for (size_t i = 0; i < list->n; i++)
		json_append(a, array, json_string(a, list->items[i]));
	return array;
}

static struct json *rule_json(struct arena *a, const struct rule *r)
{
	struct json *j = json_object(a);
	json_set(a, j, "id", json_string(a, r->id));
	json_set(a, j, "pack", json_string(a, r->pack));
	json_set(a, j, "title", json_string(a, r->title));
	json_set(a, j, "severity", json_cstr(a, severity_name(r->severity)));
	json_set(a, j, "on", json_cstr(a, fact_kind_name(r->on)));
	json_set(a, j, "when", json_string(a, r->condition));
	json_set(a, j, "message", json_string(a, r->message_text));
	json_set(a, j, "why", json_string(a, r->why));
	json_set(a, j, "fix", json_string(a, r->fix));
	json_set(a, j, "refs", strings(a, &r->refs));
	json_set(a, j, "bad", strings(a, &r->bad));
	json_set(a, j, "good", strings(a, &r->good));
	json_set(a, j, "locked", json_bool(a, r->locked));
	json_set(a, j, "params", hcl_to_json(a, &r->params));
	return j;
}

static struct json *packs_json(struct arena *a, const struct policy *p)
{
	struct json *packs = json_array(a);
	for (size_t i = 0; i < p->packs.n; i++) {
		const struct policy_pack *pack = &p->packs.items[i];
		bool used = false;
		for (size_t k = 0; k < p->rules.n; k++)
			used = used || str_eq(p->rules.items[k].pack, pack->name);
		if (!used)
			continue;
		struct json *j = json_append(a, packs, json_object(a));
		json_set(a, j, "name", json_string(a, pack->name));
		json_set(a, j, "version", json_string(a, pack->version));
		json_set(a, j, "description", json_string(a, pack->description));
		json_set(a, j, "attack_version", json_string(a, pack->attack_version));
	}
	return packs;
}

struct digest policy_compute_digest(const struct policy *p)
{
	scoped(arena) arena = {0};
	struct arena *a = &arena;
	struct json *j = json_object(a);
	json_set(a, j, "format", json_i64(a, 1));
	json_set(a, j, "profile", json_string(a, p->profile));
	json_set(a, j, "threshold", json_cstr(a, severity_name(p->threshold)));
	json_set(a, j, "opaque_limit", json_i64(a, p->opaque_limit));
	if (p->waiver_days > 0)
		json_set(a, j, "waiver_days", json_i64(a, p->waiver_days));
	json_set(a, j, "packs", packs_json(a, p));
	struct json *rules = json_set(a, j, "rules", json_array(a));
	for (size_t i = 0; i < p->rules.n; i++)
		json_append(a, rules, rule_json(a, &p->rules.items[i]));
	scoped(buf) out = {0};
	json_write_canonical(&out, j);
	return digest_bytes(buf_str(&out));
}
