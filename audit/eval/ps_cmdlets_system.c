/* Cmdlets for processes, services, accounts, the firewall and what protects the machine. */
#include "audit/eval/ps.h"

/* ---- Processes ------------------------------------------------------------------------------ */

/* Arguments of a program, in one text or in many. */
static struct value argument_line(struct ps_call *c, const struct ps_value *list)
{
	struct ps_value space = ps_string(c->p, STR(" "));
	struct ps_value line = ps_joined(c->p, list, &space);
	return ps_value_text(c->p, &line);
}

static void start_process(struct ps_call *c)
{
	const struct ps_value *file = ps_arg(c, "filepath");
	const struct ps_value *list = ps_arg(c, "argumentlist args");
	struct value line;
	struct ps_value v = ps_object(STR("process"), (struct value){0});
	struct ps_value code = ps_unknown(c->p, STR("ExitCode"), NULL);
	if (!file)
		return;
	struct value program = ps_value_text(c->p, file);
	if (list)
		line = argument_line(c, list);
	win_run_line(c->e, c->c, &program, list ? &line : NULL);
	v = ps_with(c->p, &v, STR("exitcode"), &code);
	if (ps_has(c, "passthru"))
		ps_call_out(c, &v);
}

/* Win32_Process Create: a command line. */
static void invoke_wmi(struct ps_call *c)
{
	struct str class = ps_text_arg(c, "class classname");
	struct str name = ps_text_arg(c, "name methodname");
	const struct ps_value *list = ps_arg(c, "argumentlist arguments");
	if (!class.p || !name.p || !list || !str_eq_nocase(class, STR("win32_process")) ||
		!str_eq_nocase(name, STR("create")))
		return;
	const struct ps_value *line = ps_find(list, STR("commandline"));
	struct value text = ps_value_text(c->p, line ? line : list);
	struct run r = {.to = "executable",
		.text = text,
		.command = c->c,
		.child = true,
		.front = cmd_front,
		.wrapper = STR("wmi")};
	run_code(c->e, &r);
}

/* ---- What runs later ------------------------------------------------------------------------ */

static void task_action(struct ps_call *c)
{
	const struct ps_value *program = ps_arg(c, "execute");
	const struct ps_value *line = ps_arg(c, "argument");
	struct chunks out = {0};
	if (program) {
		struct value text = ps_value_text(c->p, program);
		struct value rest = line ? ps_value_text(c->p, line) : (struct value){0};
		chunks_add_value(c->e, &out, &text);
		chunks_add_text(c->e, &out, STR(" "));
		chunks_add_value(c->e, &out, &rest);
	}
	struct ps_value v = ps_object(STR("action"), chunks_value(c->e, &out));
	ps_call_out(c, &v);
}

static void task_object(struct ps_call *c)
{
	const struct ps_value *action = ps_arg(c, "action inputobject");
	struct ps_value v =
		ps_object(STR("task"), action ? ps_value_text(c->p, action) : (struct value){0});
	ps_call_out(c, &v);
}

static void register_task(struct ps_call *c)
{
	const struct ps_value *action = ps_arg(c, "action inputobject scriptblock");
	struct str name = ps_text_arg(c, "taskname name");
	struct ps_value in;
	if (!action && ps_input(c, "inputobject", &in))
		action = &in;
	struct value code = action ? ps_value_text(c->p, action) : (struct value){0};
	win_persist(c->e, c->c, "task", name.p ? name : STR("…"), &code);
}

static void new_service(struct ps_call *c)
{
	struct str name = ps_text_arg(c, "name");
	const struct ps_value *path = ps_arg(c, "binarypathname");
	struct value code = path ? ps_value_text(c->p, path) : (struct value){0};
	win_service(c->e, c->c, name, "enable");
	win_persist(c->e, c->c, "service", name.p ? name : STR("…"), &code);
}

/* ---- Services ------------------------------------------------------------------------------- */

static const char *startup_action(struct str type)
{
	if (!type.p)
		return "other";
	if (str_eq_nocase(type, STR("disabled")))
		return "disable";
	return win_is_word(type, "manual") ? "other" : "enable";
}

static void service(struct ps_call *c)
{
	static const char *const actions[][2] = {{"Start-Service", "start"},
		{"Stop-Service", "stop"}, {"Restart-Service", "restart"},
		{"Remove-Service", "disable"}, {"Suspend-Service", "stop"}};
	const struct ps_value *name = ps_arg(c, "name inputobject displayname");
	struct ps_value in;
	const char *action = startup_action(ps_text_arg(c, "startuptype starttype"));
	for (size_t i = 0; i < countof(actions); i++)
		if (strcmp(c->cmdlet->names, actions[i][0]) == 0)
			action = actions[i][1];
	size_t n;
	if (!name && ps_input(c, "name", &in))
		name = &in;
	if (!name)
		return;
	const struct ps_value *items = ps_items(name, &n);
	for (size_t i = 0; i < n && charge(c->e, 4); i++) {
		struct str s;
		if (!ps_const(c->p, &items[i], &s))
			s = (struct str){0};
		win_service(c->e, c->c, s, action);
	}
	struct str status = ps_text_arg(c, "status");
	struct str s;
	if (status.p && str_eq_nocase(status, STR("stopped")) && ps_const(c->p, name, &s))
		win_service(c->e, c->c, s, "stop");
}

static void get_service(struct ps_call *c)
{
	const struct ps_value *name = ps_arg(c, "name");
	struct ps_value v =
		ps_object(STR("service"), name ? ps_value_text(c->p, name) : (struct value){0});
	ps_call_out(c, &v);
}

/* ---- Accounts ------------------------------------------------------------------------------- */

static void user(struct ps_call *c)
{
	bool creates = str_has_prefix(str_from(c->cmdlet->names), STR("New-"));
	const struct ps_value *password = ps_arg(c, "password accountpassword newpassword");
	struct str s;
	struct win_account a = {.action = creates ? "create" : "modify",
		.name = ps_text_arg(c, "name inputobject identity")};
	struct ps_value in;
	if (!a.name.p && ps_input(c, "name inputobject", &in) && ps_const(c->p, &in, &s))
		a.name = s;
	if (password)
		a.password = ps_const(c->p, password, &s) ? "literal" : "unknown";
	else if (ps_has(c, "nopassword"))
		a.password = "empty";
	if (password && !creates)
		a.action = "password";
	win_account(c->e, c->c, &a);
}

static void user_state(struct ps_call *c)
{
	static const char *const actions[][2] = {{"Enable-LocalUser", "unlock"},
		{"Disable-LocalUser", "lock"}, {"Remove-LocalUser", "delete"}};
	struct win_account a = {.action = "modify", .name = ps_text_arg(c, "name inputobject")};
	for (size_t i = 0; i < countof(actions); i++)
		if (strcmp(c->cmdlet->names, actions[i][0]) == 0)
			a.action = actions[i][1];
	win_account(c->e, c->c, &a);
}

/* S-1-5-32-544 is the group of administrators in every language. */
static struct str group_name(struct str name)
{
	return name.p && str_is(name, "S-1-5-32-544") ? STR("Administrators") : name;
}

static void add_member(struct ps_call *c)
{
	const struct ps_value *members = ps_arg(c, "member members");
	size_t n = 0;
	const struct ps_value *items = members ? ps_items(members, &n) : NULL;
	struct str group = ps_text_arg(c, "group name identity sid");
	for (size_t i = 0; i < n && charge(c->e, 4); i++) {
		struct win_account a = {.action = "modify", .group = group_name(group)};
		if (!ps_const(c->p, &items[i], &a.name))
			a.name = (struct str){0};
		win_account(c->e, c->c, &a);
	}
}

/* ---- Firewall ------------------------------------------------------------------------------- */

static void firewall_profile(struct ps_call *c)
{
	struct str enabled = ps_text_arg(c, "enabled");
	struct str inbound = ps_text_arg(c, "defaultinboundaction");
	struct win_firewall f = {.action = "other"};
	f.chain = ps_text_arg(c, "name profile");
	if (enabled.p) {
		f.action = win_is_word(enabled, "false 0") ? "disable" : "enable";
		win_firewall(c->e, c->c, &f);
	}
	if (inbound.p) {
		f.action = "policy";
		f.target = str_eq_nocase(inbound, STR("allow")) ? STR("accept") : STR("drop");
		win_firewall(c->e, c->c, &f);
	}
}

static void firewall_rule(struct ps_call *c)
{
	struct str action = ps_text_arg(c, "action");
	struct win_firewall f = {
		.action = action.p && str_eq_nocase(action, STR("block")) ? "deny" : "allow"};
	f.chain = ps_text_arg(c, "direction");
	f.port = ps_text_arg(c, "localport");
	if (strcmp(c->cmdlet->names, "Remove-NetFirewallRule") == 0)
		f.action = "delete";
	if (strcmp(c->cmdlet->names, "Disable-NetFirewallRule") == 0)
		f.action = "delete";
	win_firewall(c->e, c->c, &f);
}

/* ---- What protects the machine -------------------------------------------------------------- */

/* Set-MpPreference -DisableRealtimeMonitoring $true: each setting as a write. */
static void defender(struct ps_call *c)
{
	for (size_t i = 0; i < c->args->n && charge(c->e, 4); i++) {
		const struct ps_arg *a = &c->args->items[i];
		struct value text = a->has_value ? ps_value_text(c->p, &a->value)
						 : value_text(c->e, STR("True"));
		if (a->name.p && !win_is_word(a->name, "force erroraction verbose"))
			win_setting(c->e, c->c, "defender", a->name, &text);
	}
}

static void execution_policy(struct ps_call *c)
{
	struct str scope = ps_text_arg(c, "scope");
	const struct ps_value *policy = ps_arg(c, "executionpolicy");
	struct value text = policy ? ps_value_text(c->p, policy) : (struct value){0};
	if (!scope.p || !win_is_word(scope, "process"))
		win_setting(c->e, c->c, "powershell", STR("executionpolicy"), &text);
}

static void certificate(struct ps_call *c)
{
	struct str store = ps_text_arg(c, "certstorelocation");
	struct str file = ps_path_arg(c, "filepath");
	const struct file *f = file.p ? guest_find(c->e, file) : NULL;
	struct value content = f ? f->content : value_unknown(c->e, STR("…"), NULL);
	if (store.p)
		win_setting(c->e, c->c, "certificates", ps_lower_str(c->e, store), &content);
}

const struct ps_cmdlet ps_cmdlets_system[] = {
	{"Start-Process", start_process, "filepath argumentlist",
		"wait passthru nonewwindow loaduserprofile"},
	{"Invoke-WmiMethod Invoke-CimMethod", invoke_wmi, "class name"},
	{"New-ScheduledTaskAction", task_action, "execute argument", NULL, true},
	{"New-ScheduledTask", task_object, "action", NULL, true},
	{"New-ScheduledTaskTrigger New-ScheduledTaskPrincipal New-ScheduledTaskSettingsSet "
	 "New-JobTrigger New-ScheduledJobOption",
		NULL, NULL, "atstartup atlogon daily weekly", true},
	{"Register-ScheduledTask Register-ScheduledJob", register_task, "taskname"},
	{"New-Service", new_service, "name binarypathname"},
	{"Set-Service Start-Service Stop-Service Restart-Service Remove-Service Suspend-Service",
		service, "name"},
	{"Get-Service", get_service, "name", NULL, true},
	{"New-LocalUser New-ADUser Set-LocalUser Set-ADAccountPassword", user, "name"},
	{"Enable-LocalUser Disable-LocalUser Remove-LocalUser", user_state, "name"},
	{"Add-LocalGroupMember Add-ADGroupMember", add_member, "group member"},
	{"Set-NetFirewallProfile", firewall_profile, "name"},
	{"New-NetFirewallRule Set-NetFirewallRule Enable-NetFirewallRule Remove-NetFirewallRule "
	 "Disable-NetFirewallRule",
		firewall_rule, "displayname"},
	{"Set-MpPreference Add-MpPreference", defender},
	{"Set-ExecutionPolicy", execution_policy, "executionpolicy scope"},
	{"Import-Certificate Import-PfxCertificate", certificate, "filepath certstorelocation"},
	/* Known by name, so that rules can name them. */
	{"Enable-PSRemoting Disable-PSRemoting Enable-WSManCredSSP Set-WSManQuickConfig "
	 "Clear-EventLog Remove-EventLog Limit-EventLog Clear-History Set-PSReadLineOption "
	 "Restart-Computer Stop-Computer Rename-Computer Add-Computer Remove-MpThreat "
	 "Disable-WindowsOptionalFeature Uninstall-WindowsFeature Disable-ScheduledTask "
	 "Unregister-ScheduledTask Stop-Process Get-Process Format-Volume Clear-Disk "
	 "Initialize-Disk Set-Acl Get-Acl Disable-BitLocker Suspend-BitLocker "
	 "Set-SmbServerConfiguration Enable-WindowsOptionalFeature Install-WindowsFeature "
	 "Get-WmiObject Get-CimInstance Set-CimInstance Set-WmiInstance Set-ProcessMitigation "
	 "Set-NetConnectionProfile Set-DnsClientServerAddress New-SelfSignedCertificate "
	 "Get-EventLog Get-WinEvent Test-NetConnection New-SmbShare New-PSDrive",
		NULL},
	{0},
};
