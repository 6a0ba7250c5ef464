/* Commands and pipelines of PowerShell. */
#include "audit/eval/ps.h"

/* ---- Aliases -------------------------------------------------------------------------------- */

static const char *const aliases[][2] = {
	{"iwr wget curl", "Invoke-WebRequest"},
	{"irm", "Invoke-RestMethod"},
	{"iex", "Invoke-Expression"},
	{"icm", "Invoke-Command"},
	{"ii", "Invoke-Item"},
	{"saps start", "Start-Process"},
	{"spps kill", "Stop-Process"},
	{"gc cat type", "Get-Content"},
	{"sc", "Set-Content"},
	{"ac", "Add-Content"},
	{"clc", "Clear-Content"},
	{"cp copy cpi", "Copy-Item"},
	{"mv move mi", "Move-Item"},
	{"rm del erase rd rmdir ri", "Remove-Item"},
	{"ren rni", "Rename-Item"},
	{"md", "mkdir"},
	{"ni", "New-Item"},
	{"gi", "Get-Item"},
	{"gci ls dir", "Get-ChildItem"},
	{"gp", "Get-ItemProperty"},
	{"sp", "Set-ItemProperty"},
	{"cd chdir sl", "Set-Location"},
	{"pushd", "Push-Location"},
	{"popd", "Pop-Location"},
	{"pwd gl", "Get-Location"},
	{"echo write", "Write-Output"},
	{"foreach %", "ForEach-Object"},
	{"where ?", "Where-Object"},
	{"select", "Select-Object"},
	{"sort", "Sort-Object"},
	{"measure", "Measure-Object"},
	{"group", "Group-Object"},
	{"tee", "Tee-Object"},
	{"oh", "Out-Host"},
	{"ft", "Format-Table"},
	{"fl", "Format-List"},
	{"sal nal", "Set-Alias"},
	{"sv set", "Set-Variable"},
	{"gv", "Get-Variable"},
	{"nv", "New-Variable"},
	{"sleep", "Start-Sleep"},
	{"sls", "Select-String"},
	{"ps gps", "Get-Process"},
	{"gsv", "Get-Service"},
	{"sasv", "Start-Service"},
	{"spsv", "Stop-Service"},
	{"gwmi", "Get-WmiObject"},
	{"iwmi", "Invoke-WmiMethod"},
	{"gcim", "Get-CimInstance"},
	{"icim", "Invoke-CimMethod"},
	{"ipmo", "Import-Module"},
	{"sajb", "Start-Job"},
	{"h history ghy", "Get-History"},
	{"clhy", "Clear-History"},
	{"gcm", "Get-Command"},
	{"gal", "Get-Alias"},
	{"cls clear", "Clear-Host"},
	{"inmo", "Install-Module"},
	{"sleep", "Start-Sleep"},
};

static struct str alias_of(struct eval *e, struct str name)
{
	struct str key = arena_printf(e->scratch, "$alias:%.*s", STR_ARG(ps_lower_str(e, name)));
	const struct variable *own = variable_find(e, key);
	struct str s;
	if (own && value_const(e, &own->value, &s) && s.n > 0)
		return s;
	for (size_t i = 0; i < countof(aliases); i++)
		if (win_is_word(name, aliases[i][0]))
			return str_from(aliases[i][1]);
	return name;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static void add_arg(struct ps *p, struct ps_args *args, const struct ps_value *v)
{
	struct ps_arg *last = args->n > 0 ? &args->items[args->n - 1] : NULL;
	if (last && last->name.p && !last->has_value) {
		last->value = *v;
		last->has_value = true;
		return;
	}
	list_push(p->e->scratch, args) = (struct ps_arg){.value = *v, .has_value = true};
}

static void add_named(struct ps *p, struct ps_args *args, struct str name, const struct ps_value *v)
{
	list_push(p->e->scratch, args) = (struct ps_arg){
		.name = ps_lower_str(p->e, name),
		.spelled = arena_printf(p->e->scratch, "-%.*s", STR_ARG(name)),
		.has_value = v != NULL,
		.attached = v != NULL,
		.value = v ? *v : (struct ps_value){0},
	};
}

static void add_splatted(struct ps *p, struct ps_args *args, const struct ps_node *n)
{
	struct ps_value v = ps_get(p, n->text);
	for (size_t i = 0; v.type == PSV_HASH && i < v.n && charge(p->e, 2); i++)
		add_named(p, args, v.keys[i], &v.items[i]);
	for (size_t i = 0; v.type == PSV_LIST && i < v.n && charge(p->e, 2); i++)
		list_push(p->e->scratch, args) =
			(struct ps_arg){.value = v.items[i], .has_value = true};
	if (v.type != PSV_HASH && v.type != PSV_LIST)
		add_arg(p, args, &v);
}

static struct ps_args args_of_node(struct ps *p, const struct ps_node *n)
{
	struct ps_args args = {0};
	for (size_t i = 1; i < n->n && charge(p->e, 4); i++) {
		const struct ps_node *item = n->items[i];
		struct ps_value v = {0};
		if (item->kind == PS_PARAMETER) {
			if (item->a)
				v = ps_eval(p, item->a);
			add_named(p, &args, item->text, item->a ? &v : NULL);
		} else if (item->kind == PS_VARIABLE && item->flag) {
			add_splatted(p, &args, item);
		} else {
			v = ps_eval(p, item);
			add_arg(p, &args, &v);
		}
	}
	return args;
}

struct words {
	struct value *items;
	size_t n;
	size_t cap;
};

static void add_word(struct ps *p, struct words *w, const struct ps_value *v, bool flat)
{
	size_t n;
	const struct ps_value *items = ps_items(v, &n);
	if (!flat || v->type != PSV_LIST) {
		list_push(p->e->scratch, w) = ps_value_text(p, v);
		return;
	}
	for (size_t i = 0; i < n && charge(p->e, 2); i++)
		list_push(p->e->scratch, w) = ps_value_text(p, &items[i]);
}

/* -Name:value is one word of a program, and two of a cmdlet. */
static void add_option(struct ps *p, struct words *w, const struct ps_arg *a, bool lower, bool flat)
{
	struct chunks joined = {0};
	struct str name = lower ? ps_lower_str(p->e, a->spelled) : a->spelled;
	if (!a->attached || !flat) {
		list_push(p->e->scratch, w) = value_text(p->e, name);
		if (a->has_value)
			add_word(p, w, &a->value, flat);
		return;
	}
	struct value text = ps_value_text(p, &a->value);
	chunks_add_text(p->e, &joined, name);
	chunks_add_text(p->e, &joined, STR(":"));
	chunks_add_value(p->e, &joined, &text);
	list_push(p->e->scratch, w) = chunks_value(p->e, &joined);
}

/* flat: for a program, which gets the items of a list one by one. */
static struct words words_of(
	struct ps *p, struct value name, const struct ps_args *args, bool lower, bool flat)
{
	struct words w = {0};
	list_push(p->e->scratch, &w) = name;
	for (size_t i = 0; i < args->n && charge(p->e, 2); i++) {
		if (args->items[i].name.p)
			add_option(p, &w, &args->items[i], lower, flat);
		else
			add_word(p, &w, &args->items[i].value, flat);
	}
	return w;
}

/* ---- Programs ------------------------------------------------------------------------------- */

/* The status of a program, which tells what its success proves. */
static void set_status(struct ps *p, const struct outcome *o)
{
	struct chunk *c = arena_new(p->e->scratch, struct chunk);
	*c = (struct chunk){
		.kind = CHUNK_UNKNOWN, .text = STR("${LASTEXITCODE}"), .credit = o->when[1]};
	struct ps_value v = ps_text((struct value){c, 1});
	ps_set(p, STR("global:lastexitcode"), &v);
	struct ps_value ok = ps_bool(TRUTH_UNKNOWN);
	ok.when[1] = o->when[1];
	ps_set(p, STR("global:?"), &ok);
	p->e->last = o->when[1];
}

static struct outcome run_program(
	struct ps *p, const struct ps_node *n, struct value name, const struct ps_args *args)
{
	struct eval *e = p->e;
	struct words w = words_of(p, name, args, false, true);
	struct command c = ps_command(p, n, w.items, w.n);
	struct chunks collected = {0};
	struct chunks *out = e->out;
	const struct value *in = e->in;
	struct value input;
	if (p->in) {
		struct ps_value all = ps_collected(p, p->in);
		input = ps_value_text(p, &all);
		e->in = &input;
	}
	e->out = &collected;
	struct outcome o = win_run_program(e, &c);
	e->out = out;
	e->in = in;
	struct value text = chunks_value(e, &collected);
	text = value_trim_newlines(e, &text);
	struct ps_value v = ps_text(text);
	if (text.n > 0)
		ps_out(p, &v);
	set_status(p, &o);
	return o;
}

/* ---- Cmdlets -------------------------------------------------------------------------------- */

static void cmdlets_load(struct eval *e)
{
	static const struct ps_cmdlet *const tables[] = {ps_cmdlets_core, ps_cmdlets_network,
		ps_cmdlets_file, ps_cmdlets_system, ps_cmdlets_package};
	for (size_t i = 0; i < countof(tables); i++) {
		for (const struct ps_cmdlet *c = tables[i]; c->names; c++) {
			struct str rest = str_from(c->names);
			struct str name;
			while (str_cut(&rest, ' ', &name)) {
				struct ps_cmdlet *copy = arena_new(e->scratch, struct ps_cmdlet);
				*copy = *c;
				copy->names = arena_cstr(e->scratch, name);
				map_put(&e->cmdlets, e->scratch, ps_lower_str(e, name), copy);
			}
		}
	}
}

const struct ps_cmdlet *ps_cmdlet_find(struct eval *e, struct str name, struct str *told)
{
	if (e->cmdlets.n == 0)
		cmdlets_load(e);
	/* Module\Name */
	size_t slash = str_rfind_byte(name, '\\');
	if (slash != STR_NPOS)
		name = str_from_index(name, slash + 1);
	const struct ps_cmdlet *c = map_find(&e->cmdlets, ps_lower_str(e, name));
	if (c)
		*told = str_from(c->names);
	return c;
}

/* Parameters that have no value, of whatever cmdlet. */
static const char usual_switches[] =
	"force recurse verbose debug whatif confirm passthru wait nonewline usebasicparsing asjob "
	"noclobber append raw literal skipcertificatecheck nonewwindow asplaintext unique "
	"usedefaultcredentials resume allowclobber skippublishercheck allowprerelease acceptlicense "
	"disablekeepalive quiet expand all online norestart includeallsubfeature "
	"includemanagementtools restart trusted ascending descending usetransaction leaf parent "
	"nohyperlink neverexpires passwordneverexpires accountneverexpires usermaynotchangepassword "
	"nopassword asynchronous runasadministrator detailed simplematch notmatch allmatches "
	"showwindow usenewenvironment hidden directory file system name noprofile relative resolve "
	"create oneshot onetime skipnetworkprofilecheck allusers";

static bool is_switch(const struct ps_cmdlet *c, struct str name)
{
	return win_is_word(name, usual_switches) || (c->switches && win_is_word(name, c->switches));
}

/* A word that stands behind a switch is an operand. */
static struct ps_args arguments_for(
	struct ps *p, const struct ps_cmdlet *c, const struct ps_args *args)
{
	struct ps_args out = {0};
	for (size_t i = 0; i < args->n && charge(p->e, 2); i++) {
		struct ps_arg a = args->items[i];
		bool loose = a.name.p && a.has_value && !a.attached && is_switch(c, a.name) &&
			a.value.type != PSV_BOOL;
		if (!loose) {
			list_push(p->e->scratch, &out) = a;
			continue;
		}
		struct ps_arg operand = {.value = a.value, .has_value = true};
		a.has_value = false;
		list_push(p->e->scratch, &out) = a;
		list_push(p->e->scratch, &out) = operand;
	}
	return out;
}

static struct outcome run_cmdlet(struct ps *p, const struct ps_node *n,
	const struct ps_cmdlet *cmdlet, const struct ps_args *given)
{
	struct eval *e = p->e;
	struct ps_args args = arguments_for(p, cmdlet, given);
	struct value name = value_text(e, str_from(cmdlet->names));
	struct words lower = words_of(p, name, &args, true, false);
	struct words spelled = words_of(p, name, &args, false, false);
	struct command c = ps_command(p, n, lower.items, lower.n);
	c.text = ps_command(p, n, spelled.items, spelled.n).text;
	c.whole = true;
	struct ps_call call = {.p = p, .e = e, .cmdlet = cmdlet, .node = n, .args = &args, .c = &c};
	if (!cmdlet->quiet)
		emit_exec(e, &c);
	if (cmdlet->run) {
		cmdlet->run(&call);
	} else {
		struct ps_value all = p->in ? ps_collected(p, p->in) : (struct ps_value){0};
		struct ps_value v = ps_object(
			arena_printf(e->scratch, "$(%s …)", cmdlet->names), (struct value){0});
		if (ps_taint(p, &all))
			v = ps_unknown(p, v.name, ps_taint(p, &all));
		ps_out(p, &v);
	}
	return call.outcome;
}

static bool matches(const struct ps_arg *a, struct str name)
{
	return a->name.p &&
		(str_eq_nocase(a->name, name) ||
			(a->name.n > 1 && a->name.n < name.n &&
				str_eq_nocase(a->name, str_sub(name, 0, a->name.n))));
}

static const struct ps_value *by_position(const struct ps_call *c, struct str name)
{
	struct str rest = str_from(c->cmdlet->positional ? c->cmdlet->positional : "");
	struct str one;
	size_t position = 0;
	bool found = false;
	while (!found && str_cut(&rest, ' ', &one)) {
		bool given = false;
		found = str_eq(one, name);
		for (size_t i = 0; !found && i < c->args->n; i++)
			given = given || matches(&c->args->items[i], one);
		position += !found && !given;
	}
	for (size_t i = 0; found && i < c->args->n; i++) {
		if (c->args->items[i].name.p)
			continue;
		if (position-- == 0)
			return &c->args->items[i].value;
	}
	return NULL;
}

const struct ps_value *ps_arg(const struct ps_call *c, const char *names)
{
	struct str rest = str_from(names);
	struct str name;
	while (str_cut(&rest, ' ', &name))
		for (size_t i = 0; i < c->args->n; i++)
			if (c->args->items[i].has_value && matches(&c->args->items[i], name))
				return &c->args->items[i].value;
	rest = str_from(names);
	while (str_cut(&rest, ' ', &name)) {
		const struct ps_value *v = by_position(c, name);
		if (v)
			return v;
	}
	return NULL;
}

bool ps_has(const struct ps_call *c, const char *names)
{
	struct str rest = str_from(names);
	struct str name;
	while (str_cut(&rest, ' ', &name)) {
		for (size_t i = 0; i < c->args->n; i++) {
			const struct ps_arg *a = &c->args->items[i];
			if (matches(a, name))
				return !a->has_value || ps_truth(c->p, &a->value) != TRUTH_NO;
		}
	}
	return false;
}

struct str ps_text_arg(const struct ps_call *c, const char *names)
{
	const struct ps_value *v = ps_arg(c, names);
	struct str s;
	return v && ps_const(c->p, v, &s) ? s : (struct str){0};
}

struct str ps_path_arg(const struct ps_call *c, const char *names)
{
	struct str s = ps_text_arg(c, names);
	return s.p ? win_path(c->e, s) : s;
}

void ps_call_out(struct ps_call *c, const struct ps_value *v)
{
	ps_out(c->p, v);
}

bool ps_input(struct ps_call *c, const char *names, struct ps_value *out)
{
	const struct ps_value *v = ps_arg(c, names);
	if (v) {
		*out = *v;
		return true;
	}
	if (!c->p->in)
		return false;
	*out = ps_collected(c->p, c->p->in);
	return true;
}

/* ---- Which command -------------------------------------------------------------------------- */

static struct outcome call_function(struct ps *p, const struct ps_node *n, struct str name,
	const struct ps_value *f, const struct ps_args *args)
{
	struct str old = p->e->function;
	(void)n;
	p->e->function = name;
	struct ps_value v = ps_run_script(p, f, args, true);
	p->e->function = old;
	ps_out(p, &v);
	return (struct outcome){0};
}

struct outcome ps_run_words(
	struct ps *p, const struct ps_node *n, struct str name, const struct ps_args *args)
{
	struct str told;
	const struct ps_value *f = ps_function(p->e, name);
	if (!f) {
		name = alias_of(p->e, name);
		f = ps_function(p->e, name);
	}
	if (f)
		return call_function(p, n, name, f, args);
	const struct ps_cmdlet *cmdlet = ps_cmdlet_find(p->e, name, &told);
	if (cmdlet)
		return run_cmdlet(p, n, cmdlet, args);
	return run_program(p, n, value_text(p->e, win_program(p->e, name)), args);
}

/* The name is not known: it may be a program that was downloaded. */
static struct outcome run_unknown(struct ps *p, const struct ps_node *n,
	const struct ps_value *name, const struct ps_args *args)
{
	struct eval *e = p->e;
	struct value text = ps_value_text(p, name);
	struct words w = words_of(p, text, args, false, true);
	struct command c = ps_command(p, n, w.items, w.n);
	const struct taint *t = ps_taint(p, name);
	struct ps_value v = ps_unknown(p, STR("…"), t);
	emit_exec(e, &c);
	if (t && value_foreign(&text))
		flow_into(e, &c, t, &(struct sink){.to = "executable", .name = STR("&")});
	else
		win_unknown_command(e, &c);
	ps_out(p, &v);
	return outcome_unknown();
}

static struct outcome run_value(struct ps *p, const struct ps_node *n, const struct ps_value *name,
	const struct ps_args *args)
{
	bool dot = str_is(n->text, ".");
	struct str s;
	if (name->type == PSV_SCRIPT) {
		struct ps_value v = ps_run_script(p, name, args, !dot);
		ps_out(p, &v);
		return outcome_unknown();
	}
	if (name->type == PSV_OBJECT && str_is(name->name, "scriptblock")) {
		struct command c = ps_command(p, n, NULL, 0);
		return ps_run_text(p, &c, &name->text, "eval");
	}
	if (name->type == PSV_LIST && name->n > 0)
		return run_value(p, n, &name->items[0], args);
	if (!ps_const(p, name, &s))
		return run_unknown(p, n, name, args);
	if (s.n == 0)
		return outcome_unknown();
	if (dot && win_source(p, n, s, args))
		return outcome_unknown();
	return ps_run_words(p, n, s, args);
}

/* ---- Redirections --------------------------------------------------------------------------- */

static void write_output(struct ps *p, const struct ps_node *n, const struct ps_node *redirect,
	const struct ps_list *out)
{
	struct eval *e = p->e;
	struct str path;
	if (!redirect->a || redirect->text.p[0] == '<' || redirect->text.p[0] == '2')
		return;
	struct ps_value target = ps_eval(p, redirect->a);
	struct ps_value all = ps_collected(p, out);
	struct ps_value end = ps_string(p, STR("\n"));
	struct ps_value lines = ps_joined(p, &all, &end);
	struct value content = ps_value_text(p, &lines);
	struct command c = ps_command(p, n, NULL, 0);
	struct write w = {.content = &content, .by = "redirect"};
	if (target.type == PSV_NULL)
		return;
	if (ps_const(p, &target, &path))
		w.path = win_path(e, path);
	w.append = str_contains(redirect->text, STR(">>"));
	w.place = (struct place){e->unit, n->span, false};
	c.text = arena_printf(e->scratch, "%.*s %.*s", STR_ARG(redirect->text),
		STR_ARG(w.path.p ? w.path : STR("…")));
	if (!win_is_word(w.path, "nul"))
		guest_write(e, &c, &w);
}

static const struct ps_node *output_redirect(const struct ps_node *list)
{
	for (size_t i = 0; list && i < list->n; i++) {
		const struct ps_node *r = list->items[i];
		if (r->a && str_find_byte(r->text, '>') != STR_NPOS && r->text.p[0] != '2')
			return r;
	}
	return NULL;
}

static void run_named(struct ps *p, const struct ps_node *n)
{
	struct ps_args args;
	struct ps_value name = ps_eval(p, n->items[0]);
	args = args_of_node(p, n);
	struct outcome o = run_value(p, n, &name, &args);
	if (!o.when[1])
		p->e->last = NULL;
}

bool ps_run_command(struct ps *p, const struct ps_node *n)
{
	const struct ps_node *redirect = output_redirect(n->a);
	struct ps_list out = {0};
	struct ps_list *old = p->out;
	if (redirect)
		p->out = &out;
	p->dead = false;
	run_named(p, n);
	p->out = old;
	bool dead = p->dead;
	if (redirect)
		write_output(p, n, redirect, &out);
	p->dead = false;
	return dead;
}

/* ---- Pipelines ------------------------------------------------------------------------------ */

bool ps_run_pipeline(struct ps *p, const struct ps_node *n)
{
	struct eval *e = p->e;
	const struct ps_list *in = p->in;
	struct ps_list *out = p->out;
	struct str_list commands = {0};
	struct str_list *piece = e->piece;
	struct str_list upstream = e->upstream;
	const struct ps_node *redirect = output_redirect(n->a);
	bool dead = false;
	e->piece = &commands;
	for (size_t i = 0; i < n->n && !dead && charge(e, 4); i++) {
		struct ps_list *collected = arena_new(e->scratch, struct ps_list);
		bool last = i + 1 == n->n && !redirect;
		p->out = last ? out : collected;
		dead = ps_statement(p, n->items[i]);
		if (redirect && i + 1 == n->n)
			write_output(p, n, redirect, collected);
		p->in = collected;
		e->upstream = commands;
	}
	e->piece = piece;
	e->upstream = upstream;
	p->in = in;
	p->out = out;
	return dead;
}
