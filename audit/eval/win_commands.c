/* Programs of Windows that bring, check, unpack and run code. */
#include "audit/eval/ps.h"

/* An option of Windows: /NAME or -NAME, in any case. */
static bool is_option(struct str w, const char *names)
{
	return w.p && w.n > 1 && (w.p[0] == '/' || w.p[0] == '-') &&
		win_is_word(str_from_index(w, 1), names);
}

static size_t find_option(const struct command *c, const char *names)
{
	for (size_t i = 1; i < c->argc; i++)
		if (is_option(c->words[i], names))
			return i;
	return 0;
}

static bool is_url(const struct value *v, struct eval *e)
{
	struct str s = value_prefix(e, v);
	return str_contains(s, STR("://"));
}

static void fetch_to(
	struct eval *e, const struct command *c, const struct value *url, struct str dest)
{
	struct download d = {.tool = base_name(c->words[0]), .dest = dest};
	struct value out;
	d.url = url_parse(e, url);
	win_download(e, c, &d, &out);
}

/* ---- certutil, bitsadmin -------------------------------------------------------------------- */

static void hash_file(struct eval *e, const struct command *c, size_t i)
{
	struct str path = i < c->argc && c->words[i].p ? win_path(e, c->words[i]) : (struct str){0};
	const struct file *f = path.p ? guest_find(e, path) : NULL;
	struct digest_of *d = arena_new(e->scratch, struct digest_of);
	*d = (struct digest_of){.algorithm = STR("sha1"), .object = path};
	if (i + 1 < c->argc && c->words[i + 1].p)
		d->algorithm = ps_lower_str(e, c->words[i + 1]);
	if (f)
		d->taint = value_taint(e, &f->content);
	struct chunk chunk = {
		.kind = CHUNK_UNKNOWN, .digest = d, .text = STR("$(certutil -hashfile …)")};
	out_value(e, &(struct value){&chunk, 1});
}

/* certutil -decode IN OUT */
static void decode_file(struct eval *e, const struct command *c, size_t i)
{
	if (i + 1 >= c->argc || !c->words[i].p)
		return;
	struct value in = guest_read(e, win_path(e, c->words[i]));
	struct str to = c->words[i + 1].p ? win_path(e, c->words[i + 1]) : (struct str){0};
	const struct taint *t = value_taint(e, &in);
	t = t ? taint_via(e, t, STR("certutil"), true)
	      : taint_of(e, source_new(e, c, SOURCE_DECODER, STR("certutil"), NULL));
	struct value content = value_tainted(e, STR("…"), t);
	struct write w = {.path = to, .content = &content, .by = "redirect"};
	guest_write(e, c, &w);
}

static int run_certutil(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t hash = find_option(c, "hashfile");
	size_t decode = find_option(c, "decode decodehex");
	size_t store = find_option(c, "addstore importpfx");
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++)
		if (is_url(&c->argv[i], e))
			fetch_to(e, c, &c->argv[i],
				i + 1 < c->argc && c->words[i + 1].p ? win_path(e, c->words[i + 1])
								     : (struct str){0});
	if (hash)
		hash_file(e, c, hash + 1);
	if (decode)
		decode_file(e, c, decode + 1);
	if (store) {
		struct str name = STR("store");
		for (size_t i = c->argc - 1; i > store && name.n == 5; i--)
			if (c->words[i].p && !is_option(c->words[i], "f user"))
				name = i > store + 1 ? c->words[i - 1] : c->words[i];
		struct value none = value_unknown(e, STR("…"), NULL);
		win_setting(e, c, "certificates", ps_lower_str(e, name), &none);
	}
	return 1;
}

/* bitsadmin /transfer NAME [options] URL FILE */
static int run_bitsadmin(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i + 1 < c->argc; i++)
		if (is_url(&c->argv[i], e))
			fetch_to(e, c, &c->argv[i],
				c->words[i + 1].p ? win_path(e, c->words[i + 1]) : (struct str){0});
	return 1;
}

/* ---- Installers ----------------------------------------------------------------------------- */

static int run_msiexec(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t i = find_option(c, "i package a j f p update");
	*out = outcome_unknown();
	if (!i || i + 1 >= c->argc)
		return 1;
	if (is_url(&c->argv[i + 1], e)) {
		struct download d = {.tool = STR("msiexec")};
		d.url = url_parse(e, &c->argv[i + 1]);
		struct source *s = download_emit(e, c, &d);
		flow_into(e, c, taint_of(e, s),
			&(struct sink){.to = "package", .name = STR("msiexec")});
		return 1;
	}
	const struct taint *t = value_taint(e, &c->argv[i + 1]);
	if (c->words[i + 1].p)
		win_install(e, c, win_path(e, c->words[i + 1]));
	else if (t)
		flow_into(e, c, t, &(struct sink){.to = "package", .name = STR("msiexec")});
	return 1;
}

static int run_wusa(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++)
		if (c->words[i].p && !str_has_prefix(c->words[i], STR("/")))
			win_install(e, c, win_path(e, c->words[i]));
	return 1;
}

struct installer {
	const char *names;
	const char *manager;
	const char *valued; /* options with a value */
	const char *version;
	const char *source;
};

static const struct installer installers[] = {
	{"choco cinst cup cuninst chocolatey", "choco",
		"version source s params install-arguments ia package-parameters timeout "
		"execution-timeout x86 limit-output-to",
		"version", "source s"},
	{"winget", "winget", "id e-id version v source s scope override architecture location",
		"version v", "source s"},
	{"scoop", "scoop", "", "", ""},
	{"nuget", "nuget", "version source outputdirectory solutiondirectory configfile", "version",
		"source"},
};

static const struct installer *installer_of(struct str name)
{
	for (size_t i = 0; i < countof(installers); i++)
		if (word_in(name, installers[i].names))
			return &installers[i];
	return &installers[0];
}

static const char *installer_action(struct str name, struct str verb)
{
	if (word_in(name, "cinst") || win_is_word(verb, "install add"))
		return "install";
	if (word_in(name, "cup") || win_is_word(verb, "upgrade update"))
		return "upgrade";
	if (word_in(name, "cuninst") || win_is_word(verb, "uninstall remove"))
		return "remove";
	if (win_is_word(verb, "source sources bucket"))
		return "repository";
	return win_is_word(verb, "config feature setapikey") ? "config" : "other";
}

/* --version=1, --version 1, -version:1 */
static struct str option_name(struct str w, struct str *value)
{
	while (w.n > 0 && (w.p[0] == '-' || w.p[0] == '/'))
		w = str_from_index(w, 1);
	size_t eq = str_find_byte(w, '=');
	size_t colon = str_find_byte(w, ':');
	size_t end = eq < colon ? eq : colon;
	*value = end == STR_NPOS ? (struct str){0} : str_from_index(w, end + 1);
	return str_sub(w, 0, end);
}

static void installer_option(
	struct win_package *k, const struct installer *m, const struct command *c, size_t *i)
{
	struct str value;
	struct str name = option_name(c->words[*i], &value);
	if (!value.p && win_is_word(name, m->valued) && *i + 1 < c->argc)
		value = c->words[++*i];
	if (win_is_word(name, m->version))
		k->version = value;
	else if (win_is_word(name, m->source))
		k->source = value;
	else if (win_is_word(name, "id") && value.p && k->names.n == 0)
		k->version = k->version;
}

static int run_installer(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	const struct installer *m = installer_of(name);
	struct win_package k = {.manager = m->manager};
	bool verb = word_in(name, "cinst cup cuninst");
	struct str action = STR("");
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc && charge(e, 2); i++) {
		struct str w = c->words[i];
		if (w.p && w.n > 1 && (w.p[0] == '-' || w.p[0] == '/')) {
			installer_option(&k, m, c, &i);
		} else if (!verb) {
			action = w.p ? w : STR("");
			verb = true;
		} else if (!win_is_word(action, "source feature config") || k.names.n == 0) {
			list_push(e->scratch, &k.names) = w;
		}
	}
	k.action = installer_action(name, action);
	if (!win_is_word(action, "list search info outdated"))
		win_package(e, c, &k);
	out_unknown(e, c, NULL);
	return 1;
}

/* ---- Archives ------------------------------------------------------------------------------- */

static int run_7z(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str archive = {0};
	struct str dir = STR(".");
	*out = outcome_unknown();
	if (c->argc < 3 || !c->words[1].p || !win_is_word(c->words[1], "x e"))
		return 1;
	for (size_t i = 2; i < c->argc; i++) {
		struct str w = c->words[i];
		if (w.p && str_has_prefix(w, STR("-o")))
			dir = win_path(e, str_from_index(w, 2));
		else if (w.p && !str_has_prefix(w, STR("-")) && !archive.p)
			archive = win_path(e, w);
	}
	win_unpack(e, c, archive, dir);
	return 1;
}

static int run_tar(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str archive = {0};
	struct str dir = STR(".");
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (w.p && str_is(w, "-C") && i + 1 < c->argc && c->words[i + 1].p)
			dir = win_path(e, c->words[++i]);
		else if (w.p && !archive.p && i > 1 && guest_find(e, win_path(e, w)))
			archive = win_path(e, w);
	}
	win_unpack(e, c, archive, dir);
	return 1;
}

/* expand FILE -F:* DIR */
static int run_expand(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str archive = {0};
	struct str dir = {0};
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		if (!c->words[i].p || c->words[i].p[0] == '-' || c->words[i].p[0] == '/')
			continue;
		if (!archive.p)
			archive = win_path(e, c->words[i]);
		else
			dir = win_path(e, c->words[i]);
	}
	win_unpack(e, c, archive, dir);
	return 1;
}

/* ---- Shells and what hides them ------------------------------------------------------------- */

static int run_ps(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = run_powershell(e, c);
	return 1;
}

static int run_cmd_exe(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = run_cmd(e, c);
	return 1;
}

/* mshta, regsvr32, rundll32, cscript: an address is code that is run. */
static int run_host(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc && charge(e, 4); i++) {
		struct str s = value_prefix(e, &c->argv[i]);
		size_t at = str_find(s, STR("http"));
		if (at != STR_NPOS && str_contains(s, STR("://"))) {
			struct value url = value_text(e, str_from_index(s, at));
			struct download d = {.tool = name};
			d.url = url_parse(e, &url);
			struct source *source = download_emit(e, c, &d);
			flow_into(e, c, taint_of(e, source),
				&(struct sink){.to = "interpreter", .name = name});
			continue;
		}
		struct str path = str_sub(s, 0, str_find_byte(s, ','));
		const struct file *f = path.n > 0 ? guest_find(e, win_path(e, path)) : NULL;
		if (f)
			win_run_file(e, c, win_path(e, path), i);
	}
	return 1;
}

/* start, call, runas, psexec: the words behind the options are a command. */
static int run_wrapper(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	size_t i = 1;
	*out = outcome_unknown();
	/* The title of a window, which mostly is empty. */
	if (str_is(name, "start") && i < c->argc && c->words[i].p && c->words[i].n == 0)
		i++;
	while (i < c->argc && c->words[i].p && c->words[i].n > 0 &&
		(c->words[i].p[0] == '/' || c->words[i].p[0] == '-' || c->words[i].p[0] == '\\'))
		i += is_option(c->words[i], "d u p node") && !str_is(name, "start") ? 2 : 1;
	if (i >= c->argc)
		return 1;
	const struct wrapper *old = e->wrappers;
	struct wrapper w = {name, old, old ? old->depth + 1 : 1};
	e->wrappers = &w;
	if (word_in(name, "runas") && i + 1 == c->argc) {
		win_run_line(e, c, &c->argv[i], NULL);
	} else {
		struct command inner = command_new(e, c, c->argv + i, c->argc - i);
		*out = win_run_program(e, &inner);
	}
	e->wrappers = old;
	return 1;
}

/* findstr and find: the digest of a file against the one that is looked for. */
static int run_findstr(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct digest_of *d = e->in ? value_digest(e->in) : NULL;
	*out = outcome_unknown();
	if (!d) {
		out_unknown(e, c, e->in ? value_taint(e, e->in) : NULL);
		return 1;
	}
	for (size_t i = 1; i < c->argc; i++) {
		struct str s;
		if (value_const(e, &c->argv[i], &s) && !is_digest_text(s))
			continue;
		struct checked k = {d->object, d->taint, "compare",
			digest_reason(e, d->algorithm, &c->argv[i])};
		out->when[1] = check_made(e, c, &k, NULL);
		out_value(e, e->in);
		break;
	}
	return 1;
}

const struct command_entry win_commands[] = {
	{"certutil", run_certutil},
	{"bitsadmin", run_bitsadmin},
	{"msiexec", run_msiexec},
	{"wusa", run_wusa},
	{"choco cinst cup cuninst chocolatey winget scoop nuget", run_installer},
	{"7z 7za 7zr", run_7z},
	{"tar bsdtar", run_tar},
	{"expand extrac32", run_expand},
	{"powershell pwsh pwsh-preview", run_ps, true},
	{"cmd", run_cmd_exe, true},
	{"mshta regsvr32 rundll32 cscript wscript installutil msbuild regasm", run_host},
	{"start call runas psexec psexec64 nssm-run", run_wrapper, true},
	{"findstr find", run_findstr},
	{0},
};
