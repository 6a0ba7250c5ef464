/* From sources to sinks. */
#include "audit/eval/eval.h"

/* ---- Addresses ------------------------------------------------------------------------------ */

static bool is_octets(struct str host, unsigned octets[4])
{
	struct str part;
	size_t n = 0;
	while (str_cut(&host, '.', &part)) {
		uint64_t v;
		if (n == 4 || !str_to_u64(part, &v) || v > 255)
			return false;
		octets[n++] = (unsigned)v;
	}
	return n == 4;
}

static bool is_local(struct str host)
{
	unsigned o[4];
	if (str_is(host, "localhost") || str_has_suffix(host, STR(".localhost")) ||
		str_is(host, "::1") || str_is(host, "metadata.google.internal"))
		return true;
	if (str_has_prefix(host, STR("fe80:")) || str_has_prefix(host, STR("fd")))
		return str_find_byte(host, ':') != STR_NPOS;
	if (!is_octets(host, o))
		return false;
	return o[0] == 127 || o[0] == 10 || (o[0] == 192 && o[1] == 168) ||
		(o[0] == 172 && o[1] >= 16 && o[1] < 32) || (o[0] == 169 && o[1] == 254) ||
		(o[0] == 100 && o[1] >= 64 && o[1] < 128);
}

static struct str lower(struct eval *e, struct str s)
{
	char *p = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (struct str){p, s.n};
}

static void url_host(struct eval *e, struct url *u, struct str authority)
{
	unsigned octets[4];
	if (str_has_prefix(authority, STR("["))) {
		u->host = lower(e, str_sub(authority, 1, str_find_byte(authority, ']') - 1));
		u->address = true;
	} else {
		u->host = lower(e, str_sub(authority, 0, str_find_byte(authority, ':')));
		u->address = is_octets(u->host, octets);
	}
	u->local = is_local(u->host);
	if (u->host.n == 0)
		u->host = (struct str){0};
}

/* {{ .HTTPIP }}:{{ .HTTPPort }} and what provisioners know of the same server. */
static struct str served_path(struct eval *e, const struct value *v)
{
	static const char *const names[] = {"<hole:PackerHTTPAddr>",
		"<hole:PackerHTTPIP>:<hole:PackerHTTPPort>", "<hole:HTTPIP>:<hole:HTTPPort>"};
	struct str shown = value_display(e, v);
	struct str none = {0};
	if (str_has_prefix(shown, STR("http://")))
		shown = str_from_index(shown, 7);
	for (size_t i = 0; i < countof(names); i++) {
		struct str name = str_from(names[i]);
		struct str path = str_from_index(shown, name.n);
		if (str_has_prefix(shown, name) && path.n > 0 && path.p[0] == '/')
			return str_sub(path, 1, str_find_byte(path, '?') - 1);
	}
	return none;
}

/* scheme://user@host/path; host:path as scp and git have it; else HTTP, as curl and wget do. */
struct url url_parse(struct eval *e, const struct value *v)
{
	struct url u = {0};
	bool whole = value_const(e, v, &u.prefix);
	if (!whole)
		u.prefix = value_prefix(e, v);
	if (!whole)
		u.served = served_path(e, v);
	u.local = u.served.p != NULL;
	struct str rest = u.prefix;
	size_t colon = str_find(rest, STR("://"));
	if (colon != STR_NPOS) {
		u.scheme = lower(e, str_sub(rest, 0, colon));
		rest = str_from_index(rest, colon + 3);
	} else if (!whole && str_find_byte(rest, '/') == STR_NPOS) {
		return u;
	} else {
		u.scheme = STR("http");
	}
	size_t slash = str_find_byte(rest, '/');
	struct str authority = str_sub(rest, 0, slash);
	u.path = slash == STR_NPOS ? STR("") : str_from_index(rest, slash);
	size_t at = str_rfind_byte(authority, '@');
	if (at != STR_NPOS) {
		u.userinfo = true;
		authority = str_from_index(authority, at + 1);
		struct str parts[] = {u.scheme, STR("://"), authority, u.path};
		u.prefix = arena_join(e->scratch, parts, 4, STR(""));
	}
	if (whole || slash != STR_NPOS)
		url_host(e, &u, authority);
	if (whole)
		u.text = u.prefix;
	return u;
}

/* ---- Sources -------------------------------------------------------------------------------- */

struct source *source_new(struct eval *e, const struct command *c, enum source_kind kind,
	struct str tool, const struct url *url)
{
	struct source *s = arena_new(e->scratch, struct source);
	struct cell *check = arena_new(e->scratch, struct cell);
	s->kind = kind;
	s->id = ++e->sources;
	s->tool = tool;
	s->fact = SIZE_MAX;
	if (url)
		s->url = *url;
	check->kind = CELL_CHECK;
	s->check = check;
	cell_set(e, check, &check_none);
	if (c) {
		s->origin = c->origin;
		s->label = c->text;
	} else if (e->unit && e->node) {
		s->origin = unit_origin(e->unit, &e->node->span);
		s->label = tool;
	}
	return s;
}

/* ---- Sinks ---------------------------------------------------------------------------------- */

struct verdict_words {
	const char *verified;
	struct str reason;
};

static struct verdict_words judged(const struct source *s)
{
	static const char *const names[] = {[STRENGTH_NONE] = "none",
		[STRENGTH_INEFFECTIVE] = "ineffective",
		[STRENGTH_WEAK] = "weak",
		[STRENGTH_STRONG] = "strong"};
	const struct check *check = source_check(s);
	if (s->kind == SOURCE_FILE || s->pinned)
		return (struct verdict_words){"strong", STR("")};
	if (check)
		return (struct verdict_words){names[check->strength], check->reason};
	if (s->rewrote)
		return (struct verdict_words){"ineffective", STR("rewritten")};
	return (struct verdict_words){"none", STR("absent")};
}

const char *taint_strength(const struct taint *t)
{
	bool weak = false;
	for (; t; t = t->next) {
		const char *verified = judged(t->source).verified;
		if (strcmp(verified, "none") == 0 || strcmp(verified, "ineffective") == 0)
			return "none";
		weak = weak || strcmp(verified, "weak") == 0;
	}
	return weak ? "weak" : "strong";
}

static void put_via(struct members *m, const struct via *via)
{
	struct str names[64];
	size_t n = 0;
	for (; via && n < countof(names); via = via->prev)
		names[n++] = via->name;
	for (size_t i = 0; i < n / 2; i++) {
		struct str swap = names[i];
		names[i] = names[n - 1 - i];
		names[n - 1 - i] = swap;
	}
	put_list(m, "via", names, n);
}

static size_t emit_flow(
	struct eval *e, const struct command *c, const struct taint *t, const struct sink *s)
{
	static const char *const from[] = {[SOURCE_NONE] = "file",
		[SOURCE_NETWORK] = "network",
		[SOURCE_DECODER] = "decoder",
		[SOURCE_FILE] = "file",
		[SOURCE_PIPE] = "file"};
	struct members m = members_of(e, c);
	const struct source *source = t->source;
	struct verdict_words v = judged(source);
	put_cstr(&m, "from", from[source->kind]);
	put_cstr(&m, "to", s->to ? s->to : "interpreter");
	put_str(&m, "url", source->url.text);
	put_str(&m, "host", source->url.host);
	put_str(&m, "scheme", source->url.scheme);
	put_str(&m, "tool", source->tool.n ? source->tool : (struct str){0});
	put_bool(&m, "tls", source->tls);
	put_bool(&m, "local", source->url.local);
	put_str(&m, "sink", s->name);
	put_str(&m, "file", s->file.n ? s->file : (struct str){0});
	put_cstr(&m, "verified", v.verified);
	put_str(&m, "reason", v.reason);
	put_bool(&m, "decoded", t->decoded);
	put_via(&m, t->via);
	size_t fact = emit(e, FACT_FLOW, c, &m);
	if (fact == SIZE_MAX)
		return fact;
	const struct check *check = source_check(source);
	fact_place_add(e, fact, &source->origin, source->label);
	if (check)
		fact_place_add(e, fact, &check->origin, check->label);
	if (c)
		fact_place_add(e, fact, &c->origin, c->text);
	return fact;
}

bool flow_into(struct eval *e, const struct command *c, const struct taint *t, const struct sink *s)
{
	bool any = t != NULL;
	for (; t; t = t->next) {
		t->source->used = true;
		if (t->source->kind == SOURCE_PIPE) {
			fifo_wait(e, c, t->source, s);
			continue;
		}
		struct flow_record r = {t, emit_flow(e, c, t, s)};
		if (r.fact != SIZE_MAX && !source_check(t->source))
			list_push(e->scratch, &e->flows) = r;
	}
	return any;
}

/* ---- At the end ----------------------------------------------------------------------------- */

static bool is_system_tree(struct str path)
{
	return str_is(path, "/") || str_has_prefix(path, STR("/usr")) ||
		str_has_prefix(path, STR("/opt")) || str_has_prefix(path, STR("/lib")) ||
		str_has_prefix(path, STR("/bin")) || str_has_prefix(path, STR("/sbin")) ||
		str_has_prefix(path, STR("/etc")) || str_has_prefix(path, STR("/srv")) ||
		str_has_prefix(path, STR("/var/www"));
}

static bool is_program_file(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	return slash != STR_NPOS && path.p[0] == '/' &&
		str_has_suffix(str_sub(path, 0, slash), STR("bin"));
}

static void put_away(struct eval *e, struct str path, const struct file *f)
{
	struct sink s = {.file = guest_shown(e, path)};
	if (f->tree && is_system_tree(path))
		s.to = "archive";
	else if (!f->tree && is_program_file(path))
		s.to = "installed";
	else
		return;
	for (const struct taint *t = value_taint(e, &f->content); t; t = t->next) {
		if (t->source->used || t->source->kind != SOURCE_NETWORK)
			continue;
		struct command c = command_new(e, NULL, NULL, 0);
		c.origin = t->source->origin;
		c.text = t->source->label;
		s.name = t->via ? t->via->name : t->source->tool;
		t->source->used = true;
		emit_flow(e, &c, t, &s);
	}
}

void flow_finish(struct eval *e)
{
	for (size_t i = 0; i < e->files.n; i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		if (f && !f->deleted && f->content.n > 0)
			put_away(e, c->key, f);
	}
	for (size_t i = 0; i < e->flows.n; i++) {
		const struct flow_record *r = &e->flows.items[i];
		const struct source *s = r->taint->source;
		const char *reason = NULL;
		if (s->kind != SOURCE_NETWORK || s->pinned || s->rewrote)
			continue;
		if (source_check(s))
			reason = "after-use";
		else if (e->unmatched.n > 0)
			reason = "other-file";
		if (!reason)
			continue;
		fact_replace(e, r->fact, "verified", hcl_string(STR("ineffective")));
		fact_replace(e, r->fact, "reason", hcl_string(str_from(reason)));
	}
}
