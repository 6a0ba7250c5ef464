/* Cmdlets of the language itself. */
#include "audit/eval/ps.h"

#define EACH_MAX 64

/* ---- Code ----------------------------------------------------------------------------------- */

static void invoke_expression(struct ps_call *c)
{
	struct ps_value v;
	if (!ps_input(c, "command", &v))
		return;
	struct ps_value lines = v;
	struct ps_value end = ps_string(c->p, STR("\n"));
	if (v.type == PSV_LIST)
		lines = ps_joined(c->p, &v, &end);
	struct value text = ps_value_text(c->p, &lines);
	c->outcome = ps_run_text(c->p, c->c, &text, "eval");
	c->p->dead = c->outcome.dead;
}

static void run_block(
	struct ps_call *c, const struct ps_value *code, const struct ps_args *args, bool scoped)
{
	if (code->type == PSV_SCRIPT) {
		struct ps_value v = ps_run_script(c->p, code, args, scoped);
		ps_call_out(c, &v);
	} else if (code->type == PSV_OBJECT && str_is(code->name, "scriptblock")) {
		ps_run_text(c->p, c->c, &code->text, "eval");
	}
}

static void invoke_command(struct ps_call *c)
{
	const struct ps_value *code = ps_arg(c, "scriptblock command initializationscript");
	const struct ps_value *list = ps_arg(c, "argumentlist args");
	struct str file = ps_path_arg(c, "filepath");
	struct ps_args args = {0};
	size_t n = 0;
	const struct ps_value *items = list ? ps_items(list, &n) : NULL;
	for (size_t i = 0; i < n; i++)
		list_push(c->e->scratch, &args) =
			(struct ps_arg){.value = items[i], .has_value = true};
	for (size_t i = 0; !code && i < c->args->n; i++)
		if (c->args->items[i].value.type == PSV_SCRIPT)
			code = &c->args->items[i].value;
	if (code)
		run_block(c, code, &args, true);
	else if (file.p)
		win_run_file(c->e, c->c, file, 0);
	c->p->dead = false; /* the code runs somewhere else */
}

static void for_each(struct ps_call *c)
{
	const struct ps_value *code = ps_arg(c, "process begin");
	const struct ps_list *in = c->p->in;
	struct ps_list none = {0};
	struct eval *e = c->e;
	struct ps_value unknown;
	if (!code || code->type != PSV_SCRIPT)
		return;
	for (size_t i = 0; in && i < in->n && i < EACH_MAX && charge(e, 8); i++) {
		ps_set(c->p, STR("_"), &in->items[i]);
		c->p->in = &none;
		run_block(c, code, NULL, false);
		c->p->in = in;
	}
	/* Also for what is more than is looked at one by one. */
	if (!in || in->n == 0 || in->n > EACH_MAX) {
		unknown = ps_unknown(c->p, STR("$_"), NULL);
		e->conditional++;
		ps_set(c->p, STR("_"), &unknown);
		run_block(c, code, NULL, false);
		e->conditional--;
	}
	c->p->dead = false;
}

/* What passes is not known; the test itself may do something. */
static void where_object(struct ps_call *c)
{
	const struct ps_value *code = ps_arg(c, "filterscript property");
	struct ps_value v;
	if (!ps_input(c, "inputobject", &v))
		return;
	if (code && code->type == PSV_SCRIPT) {
		size_t n;
		const struct ps_value *items = ps_items(&v, &n);
		if (n > 0)
			ps_set(c->p, STR("_"), &items[0]);
		ps_run_script(c->p, code, NULL, false);
		c->p->dead = false;
	}
	ps_call_out(c, &v);
}

static void pass(struct ps_call *c)
{
	struct ps_value v;
	if (ps_input(c, "inputobject object property", &v) && c->p->in)
		v = ps_collected(c->p, c->p->in);
	else if (!c->p->in)
		return;
	ps_call_out(c, &v);
}

static void select_object(struct ps_call *c)
{
	struct ps_value v = c->p->in ? ps_collected(c->p, c->p->in) : (struct ps_value){0};
	struct str property = ps_text_arg(c, "expandproperty");
	const struct ps_value *found = property.p ? ps_find(&v, property) : NULL;
	if (found)
		v = *found;
	else if (property.p && !win_is_word(property, "content value"))
		v = ps_unknown(c->p, arena_printf(c->e->scratch, "$_.%.*s", STR_ARG(property)),
			ps_taint(c->p, &v));
	else if (property.p)
		v = ps_text(ps_value_text(c->p, &v));
	ps_call_out(c, &v);
}

static void write_output(struct ps_call *c)
{
	struct ps_value v;
	if (ps_input(c, "inputobject object message", &v))
		ps_call_out(c, &v);
}

/* Under "stop" it ends the script. */
static void write_error(struct ps_call *c)
{
	struct str action = ps_text_arg(c, "erroraction ea");
	bool stops =
		action.p ? str_eq_nocase(action, STR("stop")) : option_on(c->e, OPTION_ERREXIT);
	if (!stops)
		return;
	frame_end_path(c->e, FRAME_TRY, TRUTH_NO);
	c->p->dead = true;
}

static void nothing(struct ps_call *c)
{
	(void)c;
}

/* ---- Variables ------------------------------------------------------------------------------ */

static void set_variable(struct ps_call *c)
{
	struct str name = ps_text_arg(c, "name");
	const struct ps_value *v = ps_arg(c, "value");
	struct str scope = ps_text_arg(c, "scope");
	struct ps_value none = {0};
	if (!name.p)
		return;
	name = ps_lower_str(c->e, name);
	if (str_has_prefix(name, STR("variable:global:")))
		name = str_from_index(name, 16);
	bool outer = scope.p && win_is_word(scope, "global script");
	if (outer)
		name = arena_printf(c->e->scratch, "global:%.*s", STR_ARG(name));
	ps_set(c->p, name, v ? v : &none);
}

static void get_variable(struct ps_call *c)
{
	struct str name = ps_text_arg(c, "name");
	struct ps_value v = ps_unknown(c->p, STR("…"), NULL);
	if (name.p)
		v = ps_get(c->p, ps_lower_str(c->e, name));
	ps_call_out(c, &v);
}

static void set_alias(struct ps_call *c)
{
	struct str name = ps_text_arg(c, "name");
	struct str value = ps_text_arg(c, "value");
	if (!name.p || !value.p)
		return;
	struct ps_value v = ps_string(c->p, value);
	ps_set(c->p,
		arena_printf(c->e->scratch, "global:alias:%.*s", STR_ARG(ps_lower_str(c->e, name))),
		&v);
}

/* Get-Command iex: the command itself. */
static void get_command(struct ps_call *c)
{
	struct str name = ps_text_arg(c, "name");
	struct ps_value v = ps_unknown(c->p, STR("$(Get-Command …)"), NULL);
	if (name.p && str_find_byte(name, '*') == STR_NPOS)
		v = ps_string(c->p, name);
	ps_call_out(c, &v);
}

/* ---- Objects -------------------------------------------------------------------------------- */

static void new_object(struct ps_call *c)
{
	struct str type = ps_text_arg(c, "typename");
	struct str com = ps_text_arg(c, "comobject");
	const struct ps_value *list = ps_arg(c, "argumentlist args");
	struct str name = ps_lower_str(c->e, com.p ? com : type.p ? type : STR("object"));
	if (str_has_prefix(name, STR("system.")))
		name = str_from_index(name, 7);
	struct ps_value v = ps_object(name, (struct value){0});
	const struct taint *t = list ? ps_taint(c->p, list) : NULL;
	/* A reader of what was downloaded has what was downloaded. */
	if (t)
		v.text = value_unknown(c->e, STR("…"), t);
	else if (list && list->type != PSV_LIST)
		v.text = ps_value_text(c->p, list);
	if (win_is_word(name, "collections.arraylist"))
		v = ps_list_value(c->p, NULL, 0);
	ps_call_out(c, &v);
}

static void secure_string(struct ps_call *c)
{
	const struct ps_value *v = ps_arg(c, "string");
	struct str s;
	if (!v)
		return;
	struct ps_value out = *v;
	if (ps_has(c, "asplaintext") && ps_const(c->p, v, &s) && s.n > 0) {
		struct secret_found found = {
			.kind = "password", .where = "argv", .name = STR("ConvertTo-SecureString")};
		secret_emit(c->e, c->c, &found);
	}
	ps_call_out(c, &out);
}

static void get_date(struct ps_call *c)
{
	struct value v = value_unknown(c->e, STR("$(Get-Date)"), NULL);
	struct ps_value out = ps_text(value_gated(c->e, &v, GATE_TIME));
	ps_call_out(c, &out);
}

static void set_strict(struct ps_call *c)
{
	option_set(c->e, OPTION_NOUNSET, true);
}

/* Add-Type -TypeDefinition: code of another language. */
static void add_type(struct ps_call *c)
{
	const struct ps_value *code = ps_arg(c, "typedefinition memberdefinition");
	struct str path = ps_path_arg(c, "path literalpath");
	const struct file *f = path.p ? guest_find(c->e, path) : NULL;
	if (f && value_taint(c->e, &f->content))
		flow_into(c->e, c->c, value_taint(c->e, &f->content),
			&(struct sink){"executable", STR("Add-Type"), path});
	if (!code)
		return;
	struct value text = ps_value_text(c->p, code);
	const struct taint *t = value_taint(c->e, &text);
	struct str shown = value_display(c->e, &text);
	if (t)
		flow_into(c->e, c->c, t,
			&(struct sink){.to = "interpreter", .name = STR("Add-Type")});
	if (str_contains(shown, STR("ICertificatePolicy")) ||
		str_contains(shown, STR("ServerCertificateValidationCallback"))) {
		struct value off = value_text(c->e, STR("0"));
		emit_env(c->e, c->c, STR("ServerCertificateValidationCallback"), &off, "shell");
	}
	language_scan(c->e, c->c, STR("csharp"), &text, false);
}

static void import_module(struct ps_call *c)
{
	struct str name = ps_path_arg(c, "name");
	const struct ps_value *v = ps_arg(c, "name");
	const struct taint *t = v ? ps_taint(c->p, v) : NULL;
	const struct file *f = name.p ? guest_find(c->e, name) : NULL;
	if (t)
		flow_into(c->e, c->c, t,
			&(struct sink){.to = "source", .name = STR("Import-Module")});
	if (!f || f->binary)
		return;
	struct run r = {.to = "source",
		.text = f->content,
		.path = guest_path(c->e, name),
		.file = f,
		.command = c->c,
		.inherits = true,
		.front = ps_front,
		.place = f->place,
		.ps = c->p};
	run_code(c->e, &r);
}

const struct ps_cmdlet ps_cmdlets_core[] = {
	{"Invoke-Expression", invoke_expression, "command"},
	{"Invoke-Command", invoke_command, "scriptblock", "usessl hidecomputername"},
	{"Start-Job Start-ThreadJob Register-EngineEvent Register-ObjectEvent", invoke_command,
		"scriptblock"},
	{"Measure-Command Trace-Command", invoke_command, "expression scriptblock", NULL, true},
	{"ForEach-Object", for_each, "process", NULL, true},
	{"Where-Object", where_object, "filterscript", "eq ne like match notmatch notlike in",
		true},
	{"Select-Object", select_object, "property", "first last skip", true},
	{"Sort-Object Group-Object Measure-Object Out-String Format-Table Format-List Format-Wide "
	 "Get-Unique ConvertTo-Json ConvertFrom-Json ConvertTo-Xml ConvertFrom-Csv ConvertTo-Csv "
	 "Compare-Object Select-String ConvertFrom-StringData Get-Member Tee-Host",
		pass, NULL, NULL, true},
	{"Write-Output Write-Host", write_output, "object", "nonewline", true},
	{"Write-Error", write_error, "message", NULL, true},
	{"Write-Verbose Write-Debug Write-Warning Write-Information Write-Progress Out-Null Out-Host "
	 "Set-PSDebug Clear-Host Read-Host Wait-Job Receive-Job Remove-Job Get-Job Push-Location "
	 "Pop-Location Write-EventLog Out-Default",
		nothing, NULL, NULL, true},
	{"Start-Transcript Stop-Transcript Start-Sleep Wait-Process Wait-Event", nothing},
	{"Set-Variable New-Variable", set_variable, "name value", NULL, true},
	{"Get-Variable", get_variable, "name", "valueonly", true},
	{"Set-Alias New-Alias", set_alias, "name value"},
	{"Get-Command Get-Alias", get_command, "name", NULL, true},
	{"New-Object", new_object, "typename argumentlist", NULL, true},
	{"ConvertTo-SecureString", secure_string, "string"},
	{"Get-Date", get_date, NULL, NULL, true},
	{"Set-StrictMode", set_strict, NULL, NULL, true},
	{"Add-Type", add_type, "typedefinition"},
	{"Import-Module", import_module, "name", "disablenamechecking global"},
	{0},
};
