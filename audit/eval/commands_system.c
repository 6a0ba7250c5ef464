/* Services, accounts, firewalls, the kernel. */
#include "audit/eval/eval.h"

/* ---- Services ------------------------------------------------------------------------------- */

void emit_service(struct eval *e, const struct command *c, struct str name, const char *action)
{
	struct members m = members_of(e, c);
	if (name.p && str_has_suffix(name, STR(".service")))
		name.n -= 8;
	put_str(&m, "name", name);
	put_cstr(&m, "action", action);
	put_str(&m, "tool", base_name(c->words[0]));
	emit(e, FACT_SERVICE, c, &m);
}

struct word_map {
	const char *words;
	const char *meaning;
};

static const struct word_map service_actions[] = {
	{"enable reenable on defaults enable-runtime add preset", "enable"},
	{"disable off remove del delete", "disable"},
	{"start try-start", "start"},
	{"stop kill", "stop"},
	{"restart try-restart reload-or-restart condrestart force-restart", "restart"},
	{"reload force-reload", "reload"},
	{"mask", "mask"},
	{"unmask", "unmask"},
	{"daemon-reload daemon-reexec", "reload-units"},
};

static const char *mapped(const struct word_map *map, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (word.p && word_in(word, map[i].words))
			return map[i].meaning;
	return NULL;
}

static int run_systemctl(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--root", "--type", "--state", "--property", "--host",
		"--machine", "--kill-who", "--signal", "--output", "--lines", "--job-mode", NULL};
	static const struct optspec spec = {.shorts = "tpHMsno", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	const char *action = NULL;
	bool verb = false;
	bool named = false;
	bool now = has_word(c, "--now");
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		if (!verb) {
			action = mapped(service_actions, countof(service_actions), opt.text);
			verb = true;
			continue;
		}
		if (!action)
			continue;
		named = true;
		emit_service(e, c, opt.text, action);
		if (now && strcmp(action, "enable") == 0)
			emit_service(e, c, opt.text, "start");
		if (now && (strcmp(action, "disable") == 0 || strcmp(action, "mask") == 0))
			emit_service(e, c, opt.text, "stop");
	}
	if (action && !named && strcmp(action, "reload-units") == 0)
		emit_service(e, c, (struct str){0}, action);
	out_unknown(e, c, NULL);
	return 1;
}

/* NAME ACTION; rc-update and initctl have them the other way round. */
static int run_service(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str words[3] = {{0}, {0}, {0}};
	size_t n = 0;
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc && n < 3; i++)
		if (!c->words[i].p || !str_has_prefix(c->words[i], STR("-")))
			words[n++] = c->words[i];
	bool reversed = word_in(base_name(c->words[0]), "rc-update initctl");
	struct str name = reversed ? words[1] : words[0];
	struct str verb = reversed ? words[0] : words[1];
	if (has_word(c, "--add --del") && n > 0)
		verb = has_word(c, "--add") ? STR("add") : STR("del");
	if (!verb.p && n > 2)
		verb = words[2];
	const char *action = mapped(service_actions, countof(service_actions), verb);
	if (n > 0)
		emit_service(e, c, name, action ? action : "other");
	return 1;
}

/* ---- Accounts ------------------------------------------------------------------------------- */

struct account {
	struct str name;
	const char *action;
	bool has_uid;
	int64_t uid;
	bool duplicate;
	struct str_list groups;
	const char *password;
	struct str shell;
};

static void emit_account(struct eval *e, const struct command *c, const struct account *a)
{
	struct members m = members_of(e, c);
	put_str(&m, "name", a->name);
	put_cstr(&m, "action", a->action);
	put_str(&m, "tool", base_name(c->words[0]));
	if (a->has_uid)
		put_int(&m, "uid", a->uid);
	else
		put_null(&m, "uid");
	put_bool(&m, "duplicate", a->duplicate);
	put_list(&m, "groups", a->groups.items, a->groups.n);
	put_cstr(&m, "password", a->password ? a->password : "none");
	put_str(&m, "shell", a->shell);
	emit(e, FACT_ACCOUNT, c, &m);
}

static void add_groups(struct eval *e, struct account *a, struct str list)
{
	struct str group;
	while (list.p && str_cut(&list, ',', &group))
		if (group.n > 0)
			list_push(e->scratch, &a->groups) = group;
}

static const char *password_kind(const struct opt *o)
{
	if (!o->text.p)
		return "unknown";
	if (o->text.n == 0)
		return "empty";
	if (strchr("!*", o->text.p[0]))
		return "locked";
	return o->text.p[0] == '$' ? "hash" : "literal";
}

static const char *const account_longs[] = {"--uid", "--gid", "--groups", "--shell", "--password",
	"--home", "--home-dir", "--comment", "--base-dir", "--expiredate", "--inactive", "--skel",
	"--login", "--key", "--ingroup", "--gecos", "--add-subuids", "--root", "--prefix",
	"--firstuid", "--lastuid", "--conf", NULL};

static void account_option(struct eval *e, struct account *a, const struct opt *o)
{
	uint64_t uid;
	if (opt_is(o, "-u --uid") && o->text.p && str_to_u64(o->text, &uid) && uid < INT64_MAX) {
		a->has_uid = true;
		a->uid = (int64_t)uid;
	}
	if (opt_is(o, "-o --non-unique"))
		a->duplicate = true;
	if (opt_is(o, "-G --groups -g --gid --ingroup"))
		add_groups(e, a, o->text);
	if (opt_is(o, "-p --password"))
		a->password = password_kind(o);
	if (opt_is(o, "-s --shell"))
		a->shell = o->text;
	if (opt_is(o, "-L --lock")) {
		a->action = "lock";
		a->password = "locked";
	}
	if (opt_is(o, "-U --unlock"))
		a->action = "unlock";
	if (opt_is(o, "--disabled-password --disabled-login"))
		a->password = "locked";
}

static int run_useradd(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str tool = base_name(c->words[0]);
	bool debian = str_is(tool, "adduser");
	bool modifies = str_is(tool, "usermod");
	const struct optspec spec = {.shorts = debian ? "uGgshkc"
			: modifies                    ? "uGgspdcefkKRlvVwW"
						      : "uGgspdcefkKRbv",
		.longs = account_longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct account a = {.action = modifies ? "modify" : "create"};
	size_t operands = 0;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			account_option(e, &a, &opt);
		else if (operands++ == 0)
			a.name = opt.text;
		else if (debian)
			add_groups(e, &a, opt.text);
	}
	if (debian && operands > 1)
		a.action = "modify";
	if (has_word(c, "--group") && debian && operands == 1)
		a.action = "group-create";
	if (operands > 0)
		emit_account(e, c, &a);
	return 1;
}

static int run_account_name(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct word_map actions[] = {{"userdel deluser", "delete"},
		{"groupadd addgroup", "group-create"}, {"groupdel delgroup", "group-delete"},
		{"chage", "expire"}, {"groupmod", "modify"}};
	static const struct optspec spec = {.shorts = "gKpRPdEIMmWnf", .longs = account_longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct account a = {0};
	*out = outcome_unknown();
	a.action = mapped(actions, countof(actions), base_name(c->words[0]));
	if (word_is(c, 0, "chage") && has_word(c, "-l"))
		return 1;
	bool any = false;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		if (!any)
			a.name = opt.text;
		else if (word_is(c, 0, "deluser"))
			a.action = "modify";
		any = true;
	}
	if (any)
		emit_account(e, c, &a);
	return 1;
}

static int run_gpasswd(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "adAM"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct account a = {.action = "modify"};
	bool adds = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-a -d -M"))
			a.name = opt.text;
		adds = adds || opt_is(&opt, "-a -M");
		if (opt.name.n == 0 && adds)
			add_groups(e, &a, opt.text);
	}
	emit_account(e, c, &a);
	return 1;
}

/* What stands on standard input as a password. */
static const char *stdin_password(struct eval *e, const struct command *c)
{
	struct str s;
	struct str line;
	if (!e->in || !value_const(e, e->in, &s))
		return "unknown";
	for (struct str rest = s; str_cut(&rest, '\n', &line);)
		secret_hide(e, c, str_trim(line));
	return str_trim(s).n == 0 ? "empty" : "literal";
}

static int run_passwd(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "inwxrR"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct account a = {.action = "password", .password = "unknown"};
	bool query = false;
	*out = outcome_unknown();
	if (e->in)
		a.password = stdin_password(e, c);
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-l --lock")) {
			a.action = "lock";
			a.password = "locked";
		} else if (opt_is(&opt, "-u --unlock")) {
			a.action = "unlock";
			a.password = "none";
		} else if (opt_is(&opt, "-d --delete")) {
			a.password = "empty";
		} else if (opt_is(&opt, "-e --expire")) {
			a.action = "expire";
			a.password = "none";
		} else if (opt_is(&opt, "-S --status -n -x -w -i")) {
			query = true;
		} else if (opt.name.n == 0) {
			a.name = opt.text;
		}
	}
	if (!query)
		emit_account(e, c, &a);
	if (strcmp(a.password, "literal") == 0)
		secret_emit(e, c,
			&(struct secret_found){.kind = "password",
				.where = "stdin",
				.name = a.name.p ? a.name : STR(""),
				.persisted = true});
	return 1;
}

/* Lines NAME:PASSWORD, from standard input. */
static int run_chpasswd(struct eval *e, const struct command *c, struct outcome *out)
{
	bool hashed = has_word(c, "-e --encrypted");
	struct chunks unknowns = {0};
	struct str text = STR("");
	struct str line;
	*out = outcome_unknown();
	if (e->in)
		text = value_flatten(e, e->in, &unknowns);
	bool any = false;
	while (str_cut(&text, '\n', &line) && charge(e, 4)) {
		size_t colon = str_find_byte(line, ':');
		if (colon == STR_NPOS)
			continue;
		struct account a = {.action = "password", .name = str_sub(line, 0, colon)};
		struct str password = str_from_index(line, colon + 1);
		password = str_sub(password, 0, str_find_byte(password, ':'));
		bool unknown = str_find_byte(password, TEXT_MARK) != STR_NPOS;
		if (str_find_byte(a.name, TEXT_MARK) != STR_NPOS)
			a.name = (struct str){0};
		a.password = unknown                                   ? "unknown"
			: password.n == 0                              ? "empty"
			: hashed && strchr("!*", password.p[0])        ? "locked"
			: hashed || str_has_prefix(password, STR("$")) ? "hash"
								       : "literal";
		emit_account(e, c, &a);
		if (!unknown)
			secret_hide(e, c, password);
		if (strcmp(a.password, "literal") == 0)
			secret_emit(e, c,
				&(struct secret_found){.kind = "password",
					.where = "stdin",
					.name = a.name,
					.persisted = true});
		any = true;
	}
	if (!any)
		emit_account(e, c, &(struct account){.action = "password", .password = "unknown"});
	return 1;
}

/* ---- Firewalls ------------------------------------------------------------------------------ */

struct firewall {
	const char *action;
	struct str target;
	struct str chain;
	struct str port;
};

static void emit_firewall(struct eval *e, const struct command *c, const struct firewall *f)
{
	struct members m = members_of(e, c);
	struct str tool = base_name(c->words[0]);
	struct str target = f->target;
	if (target.p) {
		char *p = arena_cstr(e->scratch, target);
		for (size_t i = 0; i < target.n; i++)
			if (p[i] >= 'A' && p[i] <= 'Z')
				p[i] = (char)(p[i] - 'A' + 'a');
		target.p = p;
	}
	if (str_has_prefix(tool, STR("iptables")))
		tool = STR("iptables");
	if (str_has_prefix(tool, STR("ip6tables")))
		tool = STR("ip6tables");
	put_str(&m, "tool", tool);
	put_cstr(&m, "action", f->action);
	put_str(&m, "target", target);
	put_str(&m, "chain", f->chain);
	put_str(&m, "port", f->port);
	emit(e, FACT_FIREWALL, c, &m);
}

static int run_ufw(struct eval *e, const struct command *c, struct outcome *out)
{
	struct firewall f = {.action = "other"};
	size_t i = 1;
	*out = outcome_unknown();
	while (i < c->argc && c->words[i].p && str_has_prefix(c->words[i], STR("-")))
		i++;
	if (i >= c->argc || !c->words[i].p || word_is(c, i, "status"))
		return 1;
	struct str verb = c->words[i];
	struct str next = i + 1 < c->argc ? c->words[i + 1] : (struct str){0};
	if (word_in(verb, "enable disable reset delete")) {
		f.action = arena_cstr(e->scratch, verb);
	} else if (str_is(verb, "default")) {
		f.action = "policy";
		f.target = next;
		f.chain = i + 2 < c->argc ? c->words[i + 2] : STR("incoming");
	} else if (word_in(verb, "allow limit")) {
		f.action = "allow";
		f.port = next;
	} else if (word_in(verb, "deny reject")) {
		f.action = "deny";
		f.port = next;
	}
	emit_firewall(e, c, &f);
	return 1;
}

static int run_iptables(struct eval *e, const struct command *c, struct outcome *out)
{
	struct firewall f = {.action = "other"};
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		struct str next = i + 1 < c->argc ? c->words[i + 1] : (struct str){0};
		if (!w.p)
			continue;
		if (word_in(w, "-F --flush -X --delete-chain")) {
			f.action = "flush";
			f.chain = next;
		} else if (word_in(w, "-P --policy")) {
			f.action = "policy";
			f.chain = next;
			f.target = i + 2 < c->argc ? c->words[i + 2] : (struct str){0};
		} else if (word_in(w, "-A -I --append --insert")) {
			f.chain = next;
		} else if (word_in(w, "-D --delete")) {
			f.action = "delete";
			f.chain = next;
		} else if (word_in(w, "-j --jump")) {
			f.target = next;
		} else if (word_in(w, "--dport --dports --destination-port")) {
			f.port = next;
		}
	}
	if (f.target.p && strcmp(f.action, "other") == 0)
		f.action = word_in(f.target, "ACCEPT")                       ? "allow"
			: word_in(f.target, "DROP REJECT")                   ? "deny"
			: word_in(f.target, "DNAT REDIRECT MASQUERADE SNAT") ? "redirect"
									     : "other";
	emit_firewall(e, c, &f);
	return 1;
}

static int run_nft(struct eval *e, const struct command *c, struct outcome *out)
{
	struct firewall f = {.action = "other"};
	*out = outcome_unknown();
	if (has_word(c, "flush"))
		f.action = "flush";
	else if (has_word(c, "delete"))
		f.action = "delete";
	else if (has_word(c, "dnat redirect masquerade"))
		f.action = "redirect";
	else if (has_word(c, "accept")) {
		f.action = has_word(c, "chain") ? "policy" : "allow";
		f.target = STR("accept");
	} else if (has_word(c, "drop reject")) {
		f.action = "deny";
		f.target = STR("drop");
	}
	emit_firewall(e, c, &f);
	return 1;
}

static int run_firewalld(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct word_map prefixes[] = {{"--add-port --add-service --add-rich-rule "
						    "--add-source --add-interface --add-protocol",
							   "allow"},
		{"--remove-port --remove-service --remove-rich-rule", "delete"},
		{"--set-default-zone", "policy"}, {"--set-target", "policy"},
		{"--add-forward-port --add-masquerade", "redirect"}, {"--panic-on", "deny"},
		{"--reload --complete-reload --runtime-to-permanent", "save"}};
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		if (!c->words[i].p)
			continue;
		size_t eq = str_find_byte(c->words[i], '=');
		struct str name = str_sub(c->words[i], 0, eq);
		struct str value =
			eq == STR_NPOS ? (struct str){0} : str_from_index(c->words[i], eq + 1);
		const char *action = mapped(prefixes, countof(prefixes), name);
		if (!action)
			continue;
		struct firewall f = {.action = action};
		if (strcmp(action, "policy") == 0)
			f.target =
				value.p && word_in(value, "trusted ACCEPT") ? STR("accept") : value;
		else
			f.port = value;
		emit_firewall(e, c, &f);
	}
	return 1;
}

/* ---- Kernel --------------------------------------------------------------------------------- */

void emit_kernel(struct eval *e, const struct command *c, const struct kernel_change *k)
{
	struct members m = members_of(e, c);
	put_cstr(&m, "what", k->what);
	put_str(&m, "name", k->name);
	put_str(&m, "value", k->value);
	put_cstr(&m, "action", k->action ? k->action : "set");
	put_bool(&m, "persisted", k->persisted);
	emit(e, FACT_KERNEL, c, &m);
}

static int run_sysctl(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i].p ? c->words[i] : value_prefix(e, &c->argv[i]);
		size_t eq = str_find_byte(w, '=');
		if (str_has_prefix(w, STR("-")) || eq == STR_NPOS)
			continue;
		struct kernel_change k = {.what = "sysctl", .name = str_trim(str_sub(w, 0, eq))};
		if (c->words[i].p)
			k.value = str_trim(str_from_index(w, eq + 1));
		emit_kernel(e, c, &k);
	}
	out_unknown(e, c, NULL);
	return 1;
}

static int run_module(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str tool = base_name(c->words[0]);
	struct kernel_change k = {.what = "module", .action = "load"};
	*out = outcome_unknown();
	if (str_is(tool, "rmmod") || has_word(c, "-r --remove"))
		k.action = "unload";
	for (size_t i = 1; i < c->argc && !k.name.p; i++)
		if (c->words[i].p && !str_has_prefix(c->words[i], STR("-")))
			k.name = c->words[i];
	emit_kernel(e, c, &k);
	const struct file *f = k.name.p ? guest_find(e, k.name) : NULL;
	if (f)
		flow_into(e, c, value_taint(e, &f->content),
			&(struct sink){.to = "executable", .name = tool, .file = k.name});
	return 1;
}

static int run_defence(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct word_map whats[] = {{"setenforce semanage setsebool", "selinux"},
		{"aa-disable aa-teardown aa-complain aa-enforce apparmor_parser", "apparmor"},
		{"auditctl", "audit"}, {"grubby grub2-editenv kernelstub", "cmdline"},
		{"mokutil", "mok"}, {"update-initramfs dracut mkinitramfs", "initramfs"}};
	struct str tool = base_name(c->words[0]);
	struct kernel_change k = {.what = mapped(whats, countof(whats), tool), .name = tool};
	*out = outcome_unknown();
	if (str_is(tool, "setenforce") && c->argc > 1)
		k.value = c->words[1];
	else if (str_is(tool, "aa-teardown"))
		k.action = "unload";
	else if (str_is(tool, "aa-disable") && c->argc > 1) {
		k.name = c->words[1];
		k.action = "unload";
	} else if (c->argc > 1) {
		k.value = arena_join(e->scratch, c->shown + 1, c->argc - 1, STR(" "));
	}
	k.persisted = word_in(str_from(k.what), "cmdline mok initramfs");
	if (!str_is(tool, "grubby")) {
		emit_kernel(e, c, &k);
		return 1;
	}
	for (size_t i = 1; i < c->argc; i++) {
		if (word_is(c, i, "--args") && i + 1 < c->argc && c->words[i + 1].p)
			config_cmdline(e, c, c->words[i + 1]);
		else if (c->words[i].p && str_has_prefix(c->words[i], STR("--args=")))
			config_cmdline(e, c, str_from_index(c->words[i], 7));
	}
	return 1;
}

/* EDITOR='tee -a' visudo: what the editor writes is the file. */
static int run_visudo(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str path = STR("/etc/sudoers");
	struct str editor;
	struct value name = variable_value(e, STR("VISUAL"));
	if (!value_const(e, &name, &editor))
		name = variable_value(e, STR("EDITOR"));
	*out = outcome_unknown();
	for (size_t i = 1; i + 1 < c->argc; i++)
		if (word_is(c, i, "-f") && c->words[i + 1].p)
			path = c->words[i + 1];
	if (!value_const(e, &name, &editor) || has_word(c, "-c --check -cf"))
		return 1;
	struct value text = value_text(
		e, arena_printf(e->scratch, "%.*s %.*s", STR_ARG(editor), STR_ARG(path)));
	*out = run_shell_text(e, c, &text, STR("sh"), (struct place){0});
	return 1;
}

const struct command_entry commands_system[] = {
	{"visudo", run_visudo},
	{"systemctl", run_systemctl},
	{"service update-rc.d chkconfig rc-update invoke-rc.d initctl sysv-rc-conf", run_service},
	{"useradd adduser usermod", run_useradd},
	{"userdel deluser groupadd addgroup groupdel delgroup groupmod chage", run_account_name},
	{"gpasswd", run_gpasswd},
	{"passwd", run_passwd},
	{"chpasswd newusers", run_chpasswd},
	{"ufw", run_ufw},
	{"iptables ip6tables iptables-legacy iptables-nft ip6tables-legacy", run_iptables},
	{"nft", run_nft},
	{"firewall-cmd firewall-offline-cmd", run_firewalld},
	{"sysctl", run_sysctl},
	{"modprobe insmod rmmod", run_module},
	{"setenforce semanage setsebool aa-disable aa-teardown aa-complain aa-enforce "
	 "apparmor_parser auditctl grubby kernelstub mokutil update-initramfs dracut mkinitramfs",
		run_defence},
	{0},
};
