/* Members and methods of .NET that matter. */
#include "audit/eval/ps.h"

#include "base/encode.h"

#define ARGS_MAX 8

/* A call with its parts worked out. */
struct method {
	struct ps *p;
	const struct ps_node *node;
	struct ps_value object; /* the type, when it is static */
	struct str name; /* in lower case */
	struct ps_value args[ARGS_MAX];
	size_t n;
	struct command c; /* for facts */
};

typedef struct ps_value method_fn(struct method *m);

struct method_entry {
	const char *types; /* of static methods, by their end; NULL: any object */
	const char *names;
	method_fn *run;
};

static struct ps_value unknown_of(struct method *m)
{
	const struct taint *t = ps_taint(m->p, &m->object);
	struct value text = ps_value_text(m->p, &m->object);
	for (size_t i = 0; i < m->n; i++)
		t = taint_union(m->p->e, t, ps_taint(m->p, &m->args[i]));
	struct ps_value v =
		ps_unknown(m->p, arena_printf(m->p->e->scratch, "$(….%.*s)", STR_ARG(m->name)), t);
	struct chunk *c = arena_new(m->p->e->scratch, struct chunk);
	*c = v.text.items[0];
	c->digest = value_digest(&text);
	v.text.items = c;
	return v;
}

static struct str path_of(struct method *m, size_t i)
{
	struct str s;
	if (i >= m->n || !ps_const(m->p, &m->args[i], &s))
		return (struct str){0};
	return win_path(m->p->e, s);
}

/* ---- The network ---------------------------------------------------------------------------- */

static bool is_insecure(struct ps *p)
{
	struct ps_value v = ps_get(p, STR("?insecure"));
	return v.type == PSV_NUMBER;
}

static struct ps_value fetch(struct method *m, struct str dest)
{
	struct eval *e = m->p->e;
	struct value url = m->n > 0 ? ps_value_text(m->p, &m->args[0]) : (struct value){0};
	struct download d = {.tool = STR("WebClient"), .dest = dest};
	struct value out;
	if (m->n == 0)
		return unknown_of(m);
	d.url = url_parse(e, &url);
	d.insecure = is_insecure(m->p);
	win_download(e, &m->c, &d, &out);
	return ps_object(STR("net.content"), out);
}

static struct ps_value download_string(struct method *m)
{
	return fetch(m, STR("-"));
}

static struct ps_value download_file(struct method *m)
{
	fetch(m, path_of(m, 1));
	return (struct ps_value){0};
}

/* ---- Text ----------------------------------------------------------------------------------- */

static struct str utf16_text(struct eval *e, struct str bytes)
{
	struct str parts[] = {STR("\xff\xfe"), bytes};
	return ps_text_of(e->scratch, arena_join(e->scratch, parts, 2, STR("")));
}

static struct ps_value decoded(struct method *m, const char *tool)
{
	struct eval *e = m->p->e;
	const struct taint *t = ps_taint(m->p, &m->args[0]);
	t = t ? taint_via(e, t, str_from(tool), true)
	      : taint_of(e, source_new(e, &m->c, SOURCE_DECODER, str_from(tool), NULL));
	return ps_unknown(m->p, STR("…"), t);
}

static struct ps_value from_base64(struct method *m)
{
	struct eval *e = m->p->e;
	struct str s;
	struct str bytes;
	scoped(buf) plain = {0};
	if (m->n == 0)
		return unknown_of(m);
	if (!ps_const(m->p, &m->args[0], &s))
		return decoded(m, "FromBase64String");
	buf_init(&plain, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (!strchr(" \t\r\n", s.p[i]))
			buf_add_byte(&plain, s.p[i]);
	if (!base64_decode(e->scratch, arena_str(e->scratch, buf_str(&plain)), &bytes))
		return decoded(m, "FromBase64String");
	struct ps_value v = ps_string(m->p, bytes);
	v.type = PSV_BYTES;
	return v;
}

static struct ps_value get_string(struct method *m)
{
	struct str s;
	if (m->n == 0)
		return unknown_of(m);
	struct ps_value bytes = ps_cast(m->p, STR("byte[]"), &m->args[0]);
	if (bytes.type != PSV_BYTES || !ps_const(m->p, &bytes, &s))
		return ps_unknown(m->p, STR("…"), ps_taint(m->p, &m->args[0]));
	if (str_contains(m->object.name, STR("unicode")))
		s = utf16_text(m->p->e, s);
	return ps_string(m->p, s);
}

static struct ps_value get_bytes(struct method *m)
{
	struct eval *e = m->p->e;
	struct str s;
	if (m->n == 0 || !ps_const(m->p, &m->args[0], &s))
		return unknown_of(m);
	if (str_contains(m->object.name, STR("unicode"))) {
		char *wide = arena_alloc(e->scratch, 2 * s.n + 1);
		for (size_t i = 0; i < s.n; i++)
			wide[2 * i] = s.p[i];
		s = (struct str){wide, 2 * s.n};
	}
	struct ps_value v = ps_string(m->p, s);
	v.type = PSV_BYTES;
	return v;
}

static struct ps_value to_base64(struct method *m)
{
	struct str s;
	if (m->n == 0 || !ps_const(m->p, &m->args[0], &s))
		return unknown_of(m);
	return ps_string(m->p, base64_encode(m->p->e->scratch, s));
}

static struct ps_value string_join(struct method *m)
{
	struct ps_value list = m->n > 1 ? m->args[1] : (struct ps_value){0};
	if (m->n > 2)
		list = ps_list_value(m->p, m->args + 1, m->n - 1);
	return m->n > 0 ? ps_joined(m->p, &list, &m->args[0]) : unknown_of(m);
}

static struct ps_value string_concat(struct method *m)
{
	struct ps_value list = ps_list_value(m->p, m->args, m->n);
	struct ps_value none = {0};
	return ps_joined(m->p, m->n == 1 ? &m->args[0] : &list, &none);
}

static struct ps_value string_format(struct method *m)
{
	struct ps_value list = ps_list_value(m->p, m->args + 1, m->n > 0 ? m->n - 1 : 0);
	return m->n > 0 ? ps_format(m->p, &m->args[0], &list) : unknown_of(m);
}

static struct ps_value replace(struct method *m)
{
	struct str old;
	if (m->n < 2 || !ps_const(m->p, &m->args[0], &old) || old.n == 0)
		return unknown_of(m);
	return ps_replace(m->p, &m->object, old, &m->args[1]);
}

static struct ps_value split(struct method *m)
{
	struct str separator;
	if (m->n < 1 || !ps_const(m->p, &m->args[0], &separator))
		return unknown_of(m);
	return ps_split(m->p, &m->object, separator);
}

static struct ps_value substring(struct method *m)
{
	struct str s;
	int64_t from;
	int64_t n = INT32_MAX;
	if (m->n < 1 || !ps_const(m->p, &m->object, &s) || !ps_integer(m->p, &m->args[0], &from) ||
		(m->n > 1 && !ps_integer(m->p, &m->args[1], &n)) || from < 0 || n < 0)
		return unknown_of(m);
	return ps_string(m->p, str_sub(s, (size_t)from, (size_t)n));
}

static struct ps_value change_case(struct method *m)
{
	struct str s;
	if (m->n > 0 && !ps_const(m->p, &m->object, &s))
		return unknown_of(m);
	if (!ps_const(m->p, &m->object, &s))
		return ps_text(ps_value_text(m->p, &m->object));
	s = ps_lower_str(m->p->e, s);
	char *out = arena_cstr(m->p->e->scratch, s);
	for (size_t i = 0; str_has_prefix(m->name, STR("toupper")) && i < s.n; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	return ps_string(m->p, (struct str){out, s.n});
}

static struct ps_value trim(struct method *m)
{
	struct str s;
	if (m->n > 0 || !ps_const(m->p, &m->object, &s))
		return m->n > 0 ? unknown_of(m) : ps_text(ps_value_text(m->p, &m->object));
	return ps_string(m->p, str_trim(s));
}

static struct ps_value same_text(struct method *m)
{
	const struct ps_value *v =
		m->n > 0 && m->object.type == PSV_TYPE ? &m->args[0] : &m->object;
	struct ps_value out = ps_text(ps_value_text(m->p, v));
	/* ToString of .NET has dashes between bytes, which nobody compares with. */
	return out;
}

static struct ps_value characters(struct method *m)
{
	return ps_cast(m->p, STR("char[]"), &m->object);
}

static struct ps_value is_empty(struct method *m)
{
	struct str s;
	if (m->n == 0 || !ps_const(m->p, &m->args[0], &s))
		return ps_bool(TRUTH_UNKNOWN);
	return ps_bool(str_trim(s).n == 0 ? TRUTH_YES : TRUTH_NO);
}

static struct ps_value reverse(struct method *m)
{
	struct ps_list out = {0};
	size_t n;
	const struct ps_node *target = m->node->n > 0 ? m->node->items[0] : NULL;
	if (m->n == 0 || !target)
		return unknown_of(m);
	const struct ps_value *items = ps_items(&m->args[0], &n);
	for (size_t i = n; i-- > 0 && charge(m->p->e, 2);)
		list_push(m->p->e->scratch, &out) = items[i];
	struct ps_value v = ps_list_value(m->p, out.items, out.n);
	if (target->kind == PS_VARIABLE)
		ps_set(m->p, target->text, &v);
	return v;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct ps_value write_file(struct method *m)
{
	struct eval *e = m->p->e;
	struct value content = m->n > 1 ? ps_value_text(m->p, &m->args[1]) : (struct value){0};
	struct write w = {.path = path_of(m, 0), .content = &content, .by = "redirect"};
	w.append = str_has_prefix(m->name, STR("append"));
	w.place = (struct place){e->unit, m->node->span, false};
	if (m->n > 0)
		guest_write(e, &m->c, &w);
	return (struct ps_value){0};
}

static struct ps_value read_file(struct method *m)
{
	struct eval *e = m->p->e;
	struct str path = path_of(m, 0);
	if (!path.p)
		return unknown_of(m);
	struct ps_value v = ps_text(guest_read(e, path));
	if (str_is(m->name, "readallbytes"))
		v.type = PSV_BYTES;
	return v;
}

static struct ps_value copy_file(struct method *m)
{
	struct eval *e = m->p->e;
	struct str from = path_of(m, 0);
	struct str to = path_of(m, 1);
	const struct file *f = from.p ? guest_find(e, from) : NULL;
	if (!to.p || !f)
		return (struct ps_value){0};
	struct write w = {.path = to, .content = &f->content, .source = from};
	w.by = str_is(m->name, "copy") ? "cp" : "mv";
	guest_write(e, &m->c, &w);
	return (struct ps_value){0};
}

static struct ps_value delete_file(struct method *m)
{
	struct write w = {.path = path_of(m, 0), .by = "rm", .deleted = true};
	if (w.path.p)
		guest_write(m->p->e, &m->c, &w);
	return (struct ps_value){0};
}

static struct ps_value extract(struct method *m)
{
	if (m->n > 1)
		win_unpack(m->p->e, &m->c, path_of(m, 0), path_of(m, 1));
	return (struct ps_value){0};
}

static struct ps_value combine(struct method *m)
{
	struct ps_value separator = ps_string(m->p, STR("/"));
	struct ps_value list = ps_list_value(m->p, m->args, m->n);
	return ps_joined(m->p, &list, &separator);
}

static struct ps_value temporary(struct method *m)
{
	struct eval *e = m->p->e;
	if (str_is(m->name, "gettemppath"))
		return ps_string(m->p, STR("%TEMP%/"));
	return ps_string(m->p, arena_printf(e->scratch, "%%TEMP%%/tmp.mktemp%u", ++e->names));
}

/* ---- The machine ---------------------------------------------------------------------------- */

static struct ps_value set_environment(struct method *m)
{
	struct eval *e = m->p->e;
	struct str name;
	struct str target = {0};
	if (m->n < 2 || !ps_const(m->p, &m->args[0], &name))
		return (struct ps_value){0};
	if (m->n > 2 && !ps_const(m->p, &m->args[2], &target))
		target = (struct str){0};
	struct value v = ps_value_text(m->p, &m->args[1]);
	if (!target.p || str_eq_nocase(target, STR("process"))) {
		ps_set(m->p, arena_printf(e->scratch, "env:%.*s", STR_ARG(name)), &m->args[1]);
		emit_env(e, &m->c, name, &v, "shell");
		return (struct ps_value){0};
	}
	win_registry(e, &m->c,
		arena_printf(e->scratch, "%s\\Environment\\%.*s",
			str_eq_nocase(target, STR("user"))
				? "HKCU"
				: "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager",
			STR_ARG(name)),
		&v, false);
	return (struct ps_value){0};
}

static struct ps_value get_environment(struct method *m)
{
	struct str name;
	if (m->n == 0 || !ps_const(m->p, &m->args[0], &name))
		return unknown_of(m);
	return ps_get(m->p, arena_printf(m->p->e->scratch, "env:%.*s", STR_ARG(name)));
}

static struct ps_value expand_environment(struct method *m)
{
	struct str s;
	if (m->n == 0 || !ps_const(m->p, &m->args[0], &s))
		return unknown_of(m);
	return ps_text(cmd_expand(m->p->e, s));
}

static struct ps_value registry_set(struct method *m)
{
	struct eval *e = m->p->e;
	struct str key;
	struct str name;
	if (m->n < 3 || !ps_const(m->p, &m->args[0], &key) || !ps_const(m->p, &m->args[1], &name))
		return (struct ps_value){0};
	struct value v = ps_value_text(m->p, &m->args[2]);
	struct str path = win_registry_path(e, key);
	if (path.p)
		win_registry(e, &m->c,
			arena_printf(e->scratch, "%.*s\\%.*s", STR_ARG(path), STR_ARG(name)), &v,
			false);
	return (struct ps_value){0};
}

/* $user.SetPassword('…') of ADSI */
static struct ps_value set_password(struct method *m)
{
	struct value text = ps_value_text(m->p, &m->object);
	struct win_account a = {.action = "password", .name = value_display(m->p->e, &text)};
	struct str s;
	a.password = m->n > 0 && ps_const(m->p, &m->args[0], &s) ? "literal" : "unknown";
	size_t slash = str_rfind_byte(a.name, '/');
	if (slash != STR_NPOS)
		a.name = str_from_index(a.name, slash + 1);
	win_account(m->p->e, &m->c, &a);
	return (struct ps_value){0};
}

/* ---- Code ----------------------------------------------------------------------------------- */

static struct ps_value run_code_text(struct method *m)
{
	struct ps_value *code = m->n > 0 ? &m->args[0] : NULL;
	struct ps_list out = {0};
	struct ps_list *old = m->p->out;
	if (!code)
		return unknown_of(m);
	if (code->type == PSV_SCRIPT)
		return ps_run_script(m->p, code, NULL, true);
	struct value text = ps_value_text(m->p, code);
	m->p->out = &out;
	ps_run_text(m->p, &m->c, &text, "eval");
	m->p->out = old;
	return ps_collected(m->p, &out);
}

static struct ps_value make_code(struct method *m)
{
	return ps_object(STR("scriptblock"),
		m->n > 0 ? ps_value_text(m->p, &m->args[0]) : (struct value){0});
}

static struct ps_value invoke_self(struct method *m)
{
	struct ps_value object = m->object;
	if (object.type == PSV_SCRIPT)
		return ps_run_script(m->p, &object, NULL, true);
	if (!str_is(object.name, "scriptblock"))
		return unknown_of(m);
	m->args[0] = ps_text(object.text);
	m->n = 1;
	return run_code_text(m);
}

/* Run, Exec, ShellExecute, Win32_Process.Create: a command line. */
static struct ps_value run_line(struct method *m)
{
	struct eval *e = m->p->e;
	struct value line = m->n > 0 ? ps_value_text(m->p, &m->args[0]) : (struct value){0};
	bool process = str_contains(m->object.name, STR("win32_process"));
	bool shell = str_contains(m->object.name, STR("shell"));
	if (m->n == 0 || (!process && !shell))
		return unknown_of(m);
	struct run r = {.to = "executable",
		.text = line,
		.command = &m->c,
		.child = true,
		.front = cmd_front,
		.wrapper = STR("cmd"),
		.place = {e->unit, m->node->span, false}};
	run_code(e, &r);
	return unknown_of(m);
}

/* A task of Schedule.Service, whose XML nobody reads: elevated scripts are started this way. */
static struct ps_value register_task(struct method *m)
{
	emit_opaque(m->p->e, &m->c, "script", STR("what the registered task runs is not read"),
		(struct str){0});
	m->p->e->facts->opaque++;
	return unknown_of(m);
}

static struct ps_value start_process(struct method *m)
{
	struct eval *e = m->p->e;
	struct value argv[2] = {{0}};
	if (m->n == 0)
		return unknown_of(m);
	argv[0] = ps_value_text(m->p, &m->args[0]);
	if (m->n > 1)
		argv[1] = ps_value_text(m->p, &m->args[1]);
	win_run_line(e, &m->c, &argv[0], m->n > 1 ? &argv[1] : NULL);
	return unknown_of(m);
}

static struct ps_value load_assembly(struct method *m)
{
	struct eval *e = m->p->e;
	const struct taint *t = m->n > 0 ? ps_taint(m->p, &m->args[0]) : NULL;
	struct sink sink = {.to = "executable", .name = STR("Assembly.Load")};
	if (t)
		flow_into(e, &m->c, t, &sink);
	else if (m->n > 0 && m->args[0].type == PSV_BYTES)
		emit_opaque(e, &m->c, "binary", STR("the content of a program cannot be read"),
			STR("Assembly.Load"));
	return unknown_of(m);
}

static struct ps_value each(struct method *m)
{
	size_t n;
	struct ps_list out = {0};
	const struct ps_value *items = ps_items(&m->object, &n);
	if (m->n == 0 || m->args[0].type != PSV_SCRIPT)
		return unknown_of(m);
	if (str_is(m->name, "where"))
		return m->object;
	for (size_t i = 0; i < n && i < 64 && charge(m->p->e, 4); i++) {
		size_t count;
		ps_set(m->p, STR("_"), &items[i]);
		struct ps_value v = ps_run_script(m->p, &m->args[0], NULL, false);
		const struct ps_value *given = ps_items(&v, &count);
		for (size_t k = 0; k < count && charge(m->p->e, 1); k++)
			list_push(m->p->e->scratch, &out) = given[k];
	}
	return ps_list_value(m->p, out.items, out.n);
}

/* $list.Add(x) */
static struct ps_value add_item(struct method *m)
{
	const struct ps_node *target = m->node->a;
	if (m->n == 0 || target->kind != PS_VARIABLE)
		return (struct ps_value){0};
	struct ps_list out = {0};
	size_t n;
	const struct ps_value *items = ps_items(&m->object, &n);
	if (m->object.type == PSV_HASH) {
		struct str key;
		struct ps_value v = {0};
		if (m->n > 1 && ps_const(m->p, &m->args[0], &key))
			v = ps_with(m->p, &m->object, key, &m->args[1]);
		if (v.type == PSV_HASH)
			ps_set(m->p, target->text, &v);
		return (struct ps_value){0};
	}
	for (size_t i = 0; m->object.type == PSV_LIST && i < n && charge(m->p->e, 1); i++)
		list_push(m->p->e->scratch, &out) = items[i];
	list_push(m->p->e->scratch, &out) = m->args[0];
	struct ps_value v = ps_list_value(m->p, out.items, out.n);
	ps_set(m->p, target->text, &v);
	return (struct ps_value){0};
}

static struct ps_value make_object(struct method *m)
{
	struct value none = {0};
	return ps_object(m->object.name, m->n > 0 ? ps_value_text(m->p, &m->args[0]) : none);
}

/* ---- Digests -------------------------------------------------------------------------------- */

static struct ps_value make_hasher(struct method *m)
{
	struct str name = m->object.name;
	size_t dot = str_rfind_byte(name, '.');
	name = dot == STR_NPOS ? name : str_from_index(name, dot + 1);
	struct str algorithm;
	if (m->n > 0 && ps_const(m->p, &m->args[0], &algorithm))
		name = ps_lower_str(m->p->e, algorithm);
	return ps_object(
		arena_printf(m->p->e->scratch, "hash:%.*s", STR_ARG(name)), (struct value){0});
}

static struct ps_value compute_hash(struct method *m)
{
	struct eval *e = m->p->e;
	static const char *const names[] = {"sha256", "sha512", "sha384", "sha1", "md5"};
	struct digest_of *d = arena_new(e->scratch, struct digest_of);
	if (m->n == 0)
		return unknown_of(m);
	d->algorithm = STR("unknown");
	for (size_t i = 0; i < countof(names); i++)
		if (str_contains(m->object.name, str_from(names[i])))
			d->algorithm = str_from(names[i]);
	d->taint = ps_taint(m->p, &m->args[0]);
	struct chunk *c = arena_new(e->scratch, struct chunk);
	*c = (struct chunk){.kind = CHUNK_UNKNOWN, .digest = d, .text = STR("$(ComputeHash …)")};
	return ps_text((struct value){c, 1});
}

/* ---- Tables --------------------------------------------------------------------------------- */

static const struct method_entry methods[] = {
	{"convert", "frombase64string", from_base64},
	{"convert", "tobase64string", to_base64},
	{"bitconverter", "tostring", same_text},
	{"string", "join", string_join},
	{"string", "concat", string_concat},
	{"string", "format", string_format},
	{"string", "isnullorempty isnullorwhitespace", is_empty},
	{"array", "reverse", reverse},
	{"io.file", "writealltext writeallbytes writealllines appendalltext appendalllines",
		write_file},
	{"io.file", "readalltext readallbytes readalllines openread open", read_file},
	{"io.file", "copy move", copy_file},
	{"io.file io.directory", "delete", delete_file},
	{"io.path", "combine join", combine},
	{"io.path", "gettempfilename gettemppath", temporary},
	{"zipfile", "extracttodirectory", extract},
	{"environment", "setenvironmentvariable", set_environment},
	{"environment", "getenvironmentvariable", get_environment},
	{"environment", "expandenvironmentvariables", expand_environment},
	{"registry", "setvalue", registry_set},
	{"scriptblock", "create", make_code},
	{"process", "start", start_process},
	{"assembly", "load loadfile loadfrom unsafeloadfrom", load_assembly},
	{"sha256 sha512 sha384 sha1 md5 sha256managed sha512managed hashalgorithm "
	 "sha256cryptoserviceprovider sha1cryptoserviceprovider md5cryptoserviceprovider",
		"create new", make_hasher},
	{"", "new", make_object},
	{NULL,
		"downloadstring downloaddata openread getstringasync getbytearrayasync "
		"getstreamasync getasync downloadstringtaskasync downloaddatataskasync",
		download_string},
	{NULL, "downloadfile downloadfileasync downloadfiletaskasync", download_file},
	{NULL, "getstring", get_string},
	{NULL, "getbytes", get_bytes},
	{NULL, "replace", replace},
	{NULL, "split", split},
	{NULL, "substring", substring},
	{NULL, "tolower tolowerinvariant toupper toupperinvariant", change_case},
	{NULL, "trim trimstart trimend", trim},
	{NULL, "tostring", same_text},
	{NULL, "tochararray", characters},
	{NULL, "invoke invokereturnasis", invoke_self},
	{NULL, "invokescript addscript", run_code_text},
	{NULL, "run exec shellexecute create", run_line},
	{NULL, "setpassword", set_password},
	{NULL, "registertaskdefinition registertask", register_task},
	{NULL, "computehash", compute_hash},
	{NULL, "foreach where", each},
	{NULL, "add", add_item},
};

static bool ends_with(struct str type, const char *names)
{
	struct str rest = str_from(names);
	struct str name;
	if (rest.n == 0)
		return true;
	while (str_cut(&rest, ' ', &name)) {
		size_t at = type.n - name.n;
		if (str_has_suffix(type, name) && (type.n == name.n || type.p[at - 1] == '.'))
			return true;
	}
	return false;
}

static const struct method_entry *method_find(const struct method *m, bool fixed)
{
	for (size_t i = 0; i < countof(methods); i++) {
		const struct method_entry *entry = &methods[i];
		if ((entry->types != NULL) != fixed || !word_in(m->name, entry->names))
			continue;
		if (!fixed || ends_with(m->object.name, entry->types))
			return entry;
	}
	return NULL;
}

static struct str name_of(struct ps *p, const struct ps_node *n)
{
	struct ps_value v = ps_eval(p, n);
	struct value text = ps_value_text(p, &v);
	struct str s;
	return value_const(p->e, &text, &s) ? ps_lower_str(p->e, s) : (struct str){0};
}

/* The call as a command whose name is type and method, so that its words are looked at. */
static void method_command(struct method *m)
{
	struct eval *e = m->p->e;
	struct value *argv = arena_array(e->scratch, struct value, m->n + 1);
	struct value text = ps_value_text(m->p, &m->object);
	struct str object =
		m->object.name.n > 0 ? m->object.name : str_sub(value_display(e, &text), 0, 64);
	argv[0] = value_text(e,
		arena_printf(e->scratch, "%.*s%s%.*s", STR_ARG(object), m->node->flag ? "::" : ".",
			STR_ARG(m->name)));
	for (size_t i = 0; i < m->n; i++)
		argv[i + 1] = ps_value_text(m->p, &m->args[i]);
	m->c = ps_command(m->p, m->node, argv, m->n + 1);
}

struct ps_value ps_invoke(struct ps *p, const struct ps_node *n)
{
	struct method m = {.p = p, .node = n};
	m.object = ps_eval(p, n->a);
	m.name = name_of(p, n->b);
	for (size_t i = 0; i < n->n && charge(p->e, 4); i++) {
		struct ps_value v = ps_eval(p, n->items[i]);
		if (m.n < ARGS_MAX)
			m.args[m.n++] = v;
	}
	method_command(&m);
	if (!m.name.p) {
		win_unknown_command(p->e, &m.c);
		return unknown_of(&m);
	}
	const struct method_entry *entry = method_find(&m, n->flag);
	if (!entry && n->flag)
		entry = method_find(&m, false);
	return entry ? entry->run(&m) : unknown_of(&m);
}

/* ---- Members -------------------------------------------------------------------------------- */

static struct ps_value static_member(struct ps *p, const struct ps_value *type, struct str name)
{
	struct value v;
	if (str_contains(type->name, STR("encoding")))
		return ps_object(name, (struct value){0});
	if (ends_with(type->name, "datetime datetimeoffset")) {
		v = value_unknown(p->e, STR("$(Get-Date)"), NULL);
		return ps_text(value_gated(p->e, &v, GATE_TIME));
	}
	if (ends_with(type->name, "environment")) {
		v = value_unknown(
			p->e, arena_printf(p->e->scratch, "${%.*s}", STR_ARG(name)), NULL);
		return ps_text(value_gated(p->e, &v, str_is(name, "machinename") ? GATE_PLACE : 0));
	}
	if (str_is(name, "empty"))
		return ps_text((struct value){0});
	return ps_string(p, name);
}

struct ps_value ps_member(struct ps *p, const struct ps_node *n)
{
	struct ps_value object = ps_eval(p, n->a);
	struct str name = name_of(p, n->b);
	struct str s;
	size_t count;
	if (!name.p)
		return ps_unknown(p, STR("…"), ps_taint(p, &object));
	if (n->flag)
		return static_member(p, &object, name);
	const struct ps_value *found = ps_find(&object, name);
	if (found)
		return *found;
	if (word_in(name, "length count") && object.type == PSV_LIST)
		return ps_number(p, (int64_t)object.n);
	if (str_is(name, "length") && object.type == PSV_TEXT && ps_const(p, &object, &s))
		return ps_number(p, (int64_t)s.n);
	const struct ps_value *items = ps_items(&object, &count);
	found = count == 1 && object.type == PSV_LIST ? ps_find(&items[0], name) : NULL;
	if (found)
		return *found;
	if (word_in(name, "content rawcontent result value") || object.type == PSV_NULL)
		return ps_text(ps_value_text(p, &object));
	struct value text = ps_value_text(p, &object);
	struct value v = value_unknown(p->e,
		arena_printf(p->e->scratch, "%.*s.%.*s",
			STR_ARG(str_sub(value_display(p->e, &text), 0, 64)), STR_ARG(name)),
		ps_taint(p, &object));
	return ps_text(value_gated(p->e, &v, value_gates(&text)));
}
