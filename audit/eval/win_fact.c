/* What commands of Windows do, as facts. */
#include "audit/eval/ps.h"

static struct str tool_of(const struct command *c)
{
	return c->argc > 0 && c->words[0].p ? base_name(c->words[0]) : STR("powershell");
}

void win_account(struct eval *e, const struct command *c, const struct win_account *a)
{
	struct members m = members_of(e, c);
	put_str(&m, "name", a->name);
	put_cstr(&m, "action", a->action);
	put_str(&m, "tool", tool_of(c));
	put_null(&m, "uid");
	put_bool(&m, "duplicate", false);
	put_list(&m, "groups", &a->group, a->group.p != NULL);
	put_cstr(&m, "password", a->password ? a->password : "none");
	put_null(&m, "shell");
	emit(e, FACT_ACCOUNT, c, &m);
}

void win_service(struct eval *e, const struct command *c, struct str name, const char *action)
{
	struct members m = members_of(e, c);
	put_str(&m, "name", name.p ? ps_lower_str(e, name) : name);
	put_cstr(&m, "action", action);
	put_str(&m, "tool", tool_of(c));
	emit(e, FACT_SERVICE, c, &m);
}

void win_firewall(struct eval *e, const struct command *c, const struct win_firewall *f)
{
	struct members m = members_of(e, c);
	put_str(&m, "tool", tool_of(c));
	put_cstr(&m, "action", f->action);
	put_str(&m, "target", f->target.p ? ps_lower_str(e, f->target) : f->target);
	put_str(&m, "chain", f->chain);
	put_str(&m, "port", f->port);
	emit(e, FACT_FIREWALL, c, &m);
}

void win_package(struct eval *e, const struct command *c, const struct win_package *k)
{
	struct members m = members_of(e, c);
	struct str *versions = arena_array(e->scratch, struct str, k->names.n + 1);
	struct str_list flags = {0};
	struct str_list operands = {0};
	for (size_t i = 0; i < k->names.n; i++)
		versions[i] = k->version;
	flags_of(e, c, &flags, &operands);
	put_cstr(&m, "manager", k->manager);
	put_cstr(&m, "action", k->action);
	put_list(&m, "names", k->names.items, k->names.n);
	put_list(&m, "versions", versions, k->names.n);
	put_bool(&m, "pinned", k->names.n > 0 && k->version.p);
	put_bool(&m, "hashed", false);
	put_list(&m, "flags", flags.items, flags.n);
	put_str(&m, "url", str_contains(k->source, STR("://")) ? k->source : (struct str){0});
	put_null(&m, "file");
	emit(e, FACT_PACKAGE, c, &m);
}

/* ---- The registry --------------------------------------------------------------------------- */

struct registry_meaning {
	const char *suffix; /* of the path, in lower case */
	void (*told)(
		struct eval *e, const struct command *c, struct str path, const struct value *v);
};

static bool ends_nocase(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && str_eq_nocase(str_from_index(s, s.n - n), str_from(suffix));
}

static bool contains_nocase(struct eval *e, struct str s, const char *part)
{
	return str_contains(ps_lower_str(e, s), str_from(part));
}

static bool is_number(struct eval *e, const struct value *v, const char *values)
{
	struct str s;
	return value_const(e, v, &s) && word_in(str_trim(s), values);
}

static void tell_password(
	struct eval *e, const struct command *c, struct str path, const struct value *v)
{
	struct str s;
	if (value_const(e, v, &s) && s.n > 0) {
		struct secret_found found = {.kind = "password",
			.where = "write",
			.name = STR("DefaultPassword"),
			.path = path,
			.persisted = true};
		secret_emit(e, c, &found);
	}
}

static void tell_firewall(
	struct eval *e, const struct command *c, struct str path, const struct value *v)
{
	struct win_firewall f = {.action = is_number(e, v, "0 0x0") ? "disable" : "enable"};
	(void)path;
	win_firewall(e, c, &f);
}

static void tell_service(
	struct eval *e, const struct command *c, struct str path, const struct value *v)
{
	struct str key = str_sub(path, 0, path.n - strlen("\\Start"));
	size_t slash = str_rfind_byte(key, '\\');
	if (!contains_nocase(e, key, "\\services\\"))
		return;
	win_service(e, c, str_from_index(key, slash + 1),
		is_number(e, v, "4 0x4") ? "disable" : "enable");
}

static void tell_environment(
	struct eval *e, const struct command *c, struct str path, const struct value *v)
{
	struct members m = members_of(e, c);
	struct str name = str_from_index(path, str_rfind_byte(path, '\\') + 1);
	struct str s;
	if (!value_const(e, v, &s))
		s = (struct str){0};
	put_str(&m, "name", name);
	put_str(&m, "value", secret_value(name, s));
	put_bool(&m, "persisted", true);
	put_str(&m, "path", path);
	put_cstr(&m, "scope", "file");
	emit(e, FACT_ENV, c, &m);
	secret_assign(e, c, name, v, "env");
}

static const struct registry_meaning meanings[] = {
	{"\\winlogon\\defaultpassword", tell_password},
	{"\\enablefirewall", tell_firewall},
	{"\\start", tell_service},
};

/* A write below a key whose programs run when somebody logs on. */
static bool runs_at_logon(struct eval *e, struct str path)
{
	return contains_nocase(e, path, "\\currentversion\\run\\") ||
		contains_nocase(e, path, "\\currentversion\\runonce\\") ||
		contains_nocase(e, path, "\\policies\\explorer\\run\\") ||
		ends_nocase(path, "\\winlogon\\userinit") || ends_nocase(path, "\\winlogon\\shell");
}

void win_registry(struct eval *e, const struct command *c, struct str path, const struct value *v,
	bool deleted)
{
	path = ps_lower_str(e, path);
	struct write w = {.path = arena_printf(e->scratch, "/registry/%.*s", STR_ARG(path)),
		.content = v,
		.by = deleted ? "rm" : "registry",
		.deleted = deleted};
	guest_write(e, c, &w);
	if (deleted || !v)
		return;
	for (size_t i = 0; i < countof(meanings); i++)
		if (ends_nocase(path, meanings[i].suffix))
			meanings[i].told(e, c, path, v);
	if (contains_nocase(e, path, "\\environment\\"))
		tell_environment(e, c, path, v);
	if (runs_at_logon(e, path))
		win_persist(e, c, "registry", (struct str){0}, v);
}

/* ---- What runs later ------------------------------------------------------------------------ */

void win_persist(struct eval *e, const struct command *c, const char *by, struct str name,
	const struct value *code)
{
	enum fact_phase phase = e->phase;
	if (name.p) {
		struct write w = {
			.path = arena_printf(e->scratch, "/registry/%s/%.*s", by, STR_ARG(name)),
			.content = code,
			.by = by};
		guest_write(e, c, &w);
	}
	if (!code || code->n == 0)
		return;
	struct run r = {.to = "executable",
		.text = *code,
		.command = c,
		.child = true,
		.front = cmd_front,
		.wrapper = str_from(by),
		.place = {e->unit, e->at, false}};
	e->phase = PHASE_FIRSTBOOT;
	run_code(e, &r);
	e->phase = phase;
}

/* ---- Downloads, archives, packages ---------------------------------------------------------- */

void win_download(struct eval *e, const struct command *c, struct download *d, struct value *out)
{
	struct source *s = download_emit(e, c, d);
	struct str label = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(d->tool));
	*out = value_tainted(e, label, taint_via(e, taint_of(e, s), d->tool, false));
	if (!d->dest.p || str_is(d->dest, "-"))
		return;
	struct write w = {.path = d->dest, .content = out, .by = "download"};
	guest_write(e, c, &w);
}

void win_unpack(struct eval *e, const struct command *c, struct str archive, struct str dir)
{
	const struct file *f = archive.p ? guest_find(e, archive) : NULL;
	const struct taint *t = f ? value_taint(e, &f->content) : NULL;
	struct value content = value_unknown(e, STR("…"), taint_via(e, t, tool_of(c), false));
	if (!t || !dir.p)
		return;
	struct write w = {.path = dir, .content = &content, .by = "archive"};
	const struct file *old = guest_find(e, dir);
	guest_write(e, c, &w);
	guest_put(e, dir, guest_tree(e, old, &content));
}

void win_install(struct eval *e, const struct command *c, struct str file)
{
	const struct file *f = file.p ? guest_find(e, file) : NULL;
	struct sink sink = {.to = "package", .name = tool_of(c), .file = file};
	if (f)
		flow_into(e, c, value_taint(e, &f->content), &sink);
}

/* A setting of a service that is kept nowhere in particular. */
void win_setting(struct eval *e, const struct command *c, const char *kind, struct str name,
	const struct value *v)
{
	struct write w = {
		.path = arena_printf(e->scratch, "/registry/%s/%.*s", kind, STR_ARG(name)),
		.content = v,
		.by = "setting"};
	guest_write(e, c, &w);
}
