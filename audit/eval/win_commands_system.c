/* Programs of Windows for accounts, services, the registry and what protects the machine. */
#include "audit/eval/ps.h"

static struct str word_at(const struct command *c, size_t i)
{
	struct str none = {0};
	return i < c->argc ? c->words[i] : none;
}

static bool is_word_at(const struct command *c, size_t i, const char *names)
{
	struct str w = word_at(c, i);
	return w.p && win_is_word(w, names);
}

/* /NAME:value or /NAME value; p NULL: absent or not known. */
static struct str option_value(const struct command *c, const char *names, struct value *out)
{
	struct str none = {0};
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p || w.n < 2 || (w.p[0] != '/' && w.p[0] != '-'))
			continue;
		size_t colon = str_find_byte(w, ':');
		if (!win_is_word(str_sub(w, 1, colon - 1), names))
			continue;
		if (colon != STR_NPOS && colon + 1 < w.n)
			return str_from_index(w, colon + 1);
		if (i + 1 >= c->argc)
			return none;
		if (out)
			*out = c->argv[i + 1];
		return c->words[i + 1];
	}
	return none;
}

/* ---- net ------------------------------------------------------------------------------------ */

static void net_user(struct eval *e, const struct command *c)
{
	struct win_account a = {.action = "modify", .name = word_at(c, 2)};
	struct str third = word_at(c, 3);
	struct str s;
	if (c->argc < 4)
		return;
	for (size_t i = 3; i < c->argc; i++) {
		if (is_word_at(c, i, "/add"))
			a.action = "create";
		if (is_word_at(c, i, "/delete /del"))
			a.action = "delete";
		if (is_word_at(c, i, "/active:yes /active"))
			a.action = "unlock";
		if (is_word_at(c, i, "/active:no"))
			a.action = "lock";
	}
	bool option = third.p && str_has_prefix(third, STR("/"));
	if (!option && (!third.p || !str_is(third, "*"))) {
		bool known = value_const(e, &c->argv[3], &s);
		a.password = !known ? "unknown" : s.n == 0 ? "empty" : "literal";
		if (strcmp(a.action, "modify") == 0)
			a.action = "password";
		if (known && s.n > 0) {
			struct secret_found found = {
				.kind = "password", .where = "argv", .name = STR("net user")};
			secret_emit(e, c, &found);
		}
	}
	win_account(e, c, &a);
}

static int run_net(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	if (is_word_at(c, 1, "user")) {
		net_user(e, c);
	} else if (is_word_at(c, 1, "localgroup group") && c->argc > 3) {
		bool add = false;
		for (size_t i = 3; i < c->argc; i++)
			add = add || is_word_at(c, i, "/add");
		struct win_account a = {.action = add ? "modify" : "other", .name = word_at(c, 3)};
		a.group = add ? word_at(c, 2) : (struct str){0};
		bool creates = word_at(c, 3).p && str_has_prefix(word_at(c, 3), STR("/"));
		if (creates) {
			a.action = "group-create";
			a.name = word_at(c, 2);
			a.group = (struct str){0};
		}
		win_account(e, c, &a);
	} else if (is_word_at(c, 1, "start stop") && c->argc > 2) {
		win_service(e, c, word_at(c, 2), is_word_at(c, 1, "stop") ? "stop" : "start");
	}
	out_unknown(e, c, NULL);
	return 1;
}

/* ---- sc ------------------------------------------------------------------------------------- */

static int run_sc(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t i = word_at(c, 1).p && str_has_prefix(word_at(c, 1), STR("\\\\")) ? 2 : 1;
	struct str name = word_at(c, i + 1);
	const char *action = NULL;
	struct value code = {0};
	*out = outcome_unknown();
	if (is_word_at(c, i, "stop"))
		action = "stop";
	if (is_word_at(c, i, "start"))
		action = "start";
	if (is_word_at(c, i, "delete"))
		action = "disable";
	for (size_t k = i + 2; is_word_at(c, i, "config create") && k < c->argc; k++) {
		struct str w = word_at(c, k);
		struct str value = word_at(c, k + 1);
		if (w.p && win_is_word(w, "binpath="))
			code = k + 1 < c->argc ? c->argv[k + 1] : code;
		if (w.p && win_is_word(w, "start=disabled"))
			value = STR("disabled");
		if (w.p &&
			(win_is_word(w, "start= start=disabled") || win_is_word(w, "start=auto")) &&
			(value.p || str_eq_nocase(w, STR("start=auto"))))
			action = value.p && win_is_word(value, "disabled") ? "disable" : "enable";
	}
	if (action)
		win_service(e, c, name, action);
	if (code.n > 0)
		win_persist(e, c, "service", name.p ? name : STR("…"), &code);
	out_unknown(e, c, NULL);
	return 1;
}

/* ---- reg ------------------------------------------------------------------------------------ */

static int run_reg(struct eval *e, const struct command *c, struct outcome *out)
{
	bool add = is_word_at(c, 1, "add");
	struct str key = win_registry_path(e, word_at(c, 2));
	struct str name = option_value(c, "v", NULL);
	struct value content = {0};
	struct str data = option_value(c, "d", &content);
	*out = outcome_unknown();
	if (!key.p || (!add && !is_word_at(c, 1, "delete")))
		return 1;
	if (data.p && content.n == 0)
		content = value_text(e, data);
	if (name.p)
		key = arena_printf(e->scratch, "%.*s\\%.*s", STR_ARG(key), STR_ARG(name));
	if (name.p || !add)
		win_registry(e, c, key, &content, !add);
	return 1;
}

/* ---- netsh ---------------------------------------------------------------------------------- */

/* name=value */
static struct str netsh_value(const struct command *c, const char *name)
{
	struct str none = {0};
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		size_t eq = w.p ? str_find_byte(w, '=') : STR_NPOS;
		if (eq != STR_NPOS && str_eq_nocase(str_sub(w, 0, eq), str_from(name)))
			return str_from_index(w, eq + 1);
	}
	return none;
}

static int run_netsh(struct eval *e, const struct command *c, struct outcome *out)
{
	struct win_firewall f = {.action = "other"};
	struct str action = netsh_value(c, "action");
	bool state = false;
	*out = outcome_unknown();
	if (is_word_at(c, 1, "interface") && is_word_at(c, 2, "portproxy")) {
		f.action = "redirect";
		f.port = netsh_value(c, "listenport");
		win_firewall(e, c, &f);
		return 1;
	}
	if (is_word_at(c, 1, "winhttp") && is_word_at(c, 3, "proxy")) {
		win_setting(e, c, "winhttp", STR("proxy"), c->argc > 4 ? &c->argv[4] : NULL);
		return 1;
	}
	if (!is_word_at(c, 1, "advfirewall firewall"))
		return 1;
	for (size_t i = 2; i < c->argc; i++) {
		if (is_word_at(c, i, "state opmode"))
			state = true;
		if (state && is_word_at(c, i, "off disable mode=disable"))
			f.action = "disable";
		if (state && is_word_at(c, i, "on enable mode=enable"))
			f.action = "enable";
		if (is_word_at(c, i, "reset"))
			f.action = "reset";
		struct str w = word_at(c, i);
		if (w.p && win_is_word(str_sub(w, 0, str_find_byte(w, ',')), "allowinbound")) {
			f.action = "policy";
			f.target = STR("accept");
		}
	}
	f.chain = netsh_value(c, "dir");
	f.port = netsh_value(c, "localport");
	if (action.p)
		f.action = str_eq_nocase(action, STR("block")) ? "deny" : "allow";
	else if (is_word_at(c, 3, "delete") || is_word_at(c, 2, "delete"))
		f.action = "delete";
	win_firewall(e, c, &f);
	return 1;
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

static int run_schtasks(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value code = {0};
	struct str text = option_value(c, "tr", &code);
	struct str name = option_value(c, "tn", NULL);
	*out = outcome_unknown();
	if (!is_word_at(c, 1, "/create -create"))
		return 1;
	if (text.p && code.n == 0)
		code = value_text(e, text);
	win_persist(e, c, "task", name.p ? name : STR("…"), &code);
	return 1;
}

/* ---- Settings ------------------------------------------------------------------------------- */

static int run_setx(struct eval *e, const struct command *c, struct outcome *out)
{
	bool machine = false;
	struct str name = word_at(c, 1);
	*out = outcome_unknown();
	for (size_t i = 3; i < c->argc; i++)
		machine = machine || is_word_at(c, i, "/m -m");
	if (name.p && c->argc > 2)
		win_registry(e, c,
			arena_printf(e->scratch, "%s\\Environment\\%.*s",
				machine ? "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
					: "HKCU",
				STR_ARG(name)),
			&c->argv[2], false);
	return 1;
}

/* winrm set winrm/config/service @{AllowUnencrypted="true"}: each setting as a write. */
static int run_winrm(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str path = word_at(c, 2);
	*out = outcome_unknown();
	if (!is_word_at(c, 1, "set") || !path.p)
		return 1;
	for (size_t i = 3; i < c->argc; i++) {
		struct str rest = word_at(c, i);
		struct str pair;
		while (rest.p && str_cut(&rest, ';', &pair) && charge(e, 4)) {
			while (pair.n > 0 && strchr(" @{\"'", pair.p[0]))
				pair = str_from_index(pair, 1);
			size_t eq = str_find_byte(pair, '=');
			if (eq == STR_NPOS)
				continue;
			struct str v = str_from_index(pair, eq + 1);
			while (v.n > 0 && strchr(" \"'", v.p[0]))
				v = str_from_index(v, 1);
			while (v.n > 0 && strchr(" }\"'", v.p[v.n - 1]))
				v.n--;
			struct value content = value_text(e, v);
			size_t slash = str_rfind_byte(path, '/');
			struct str section = str_from_index(path, slash + 1);
			win_setting(e, c, "wsman",
				ps_lower_str(e,
					arena_printf(e->scratch, "localhost/%.*s/%.*s",
						STR_ARG(section),
						STR_ARG(str_trim(str_sub(pair, 0, eq))))),
				&content);
		}
	}
	return 1;
}

static int run_nothing(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	out_unknown(e, c, NULL);
	return 1;
}

/* wmic process call create "LINE" */
static int run_wmic(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i + 1 < c->argc; i++) {
		if (!is_word_at(c, i, "create"))
			continue;
		struct run r = {.to = "executable",
			.text = c->argv[i + 1],
			.command = c,
			.child = true,
			.front = cmd_front,
			.wrapper = STR("wmic")};
		run_code(e, &r);
		break;
	}
	out_unknown(e, c, NULL);
	return 1;
}

const struct command_entry win_commands_system[] = {
	{"net net1", run_net},
	{"sc", run_sc},
	{"reg", run_reg},
	{"netsh", run_netsh},
	{"schtasks", run_schtasks},
	{"setx", run_setx},
	{"winrm", run_winrm},
	{"wmic", run_wmic},
	{"wevtutil vssadmin bcdedit sysprep auditpol icacls takeown cipher fsutil dism shutdown "
	 "mpcmdrun timeout ping netdom powercfg slmgr w32tm tzutil tasklist taskkill whoami hostname "
	 "systeminfo ipconfig format diskpart sdelete sdelete64 pnputil attrib xcopy robocopy",
		run_nothing},
	{0},
};
