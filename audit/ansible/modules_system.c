/* Accounts, services, scheduled commands, the firewall, the kernel. */
#include "audit/ansible/ansible.h"

static struct value text_of(struct task *t, const char *names)
{
	struct any a = arg(t, names);
	return any_value(t->p, &a);
}

/* ---- Accounts ------------------------------------------------------------------------------- */

/* Accounts of the system are there already. */
static void run_user(struct task *t)
{
	bool there = word_in(arg_str(t, "name|user"), "root ubuntu ec2-user admin debian centos");
	if (arg_is(t, "state", "absent")) {
		(void)module_command(t, "userdel [remove:-r] {name|user}");
		return;
	}
	(void)module_command(t,
		there ? "usermod [append:-a] (-G {groups,}) (-s {shell}) (-u {uid}) (-p "
			"{password}) (-d {home}) {name|user}"
		      : "useradd [system:-r] [non_unique:-o] (-G {groups,}) (-g {group}) (-s "
			"{shell}) (-u {uid}) (-p {password}) (-d {home}) {name|user}");
	if (arg_true(t, "password_lock"))
		(void)module_command(t, "passwd -l {name|user}");
	if (arg_true(t, "generate_ssh_key"))
		(void)module_command(t, "ssh-keygen -q -N {ssh_key_passphrase}");
}

static bool is_far(struct eval *e, const struct value *v)
{
	struct str prefix = value_prefix(e, v);
	return str_has_prefix(prefix, STR("http://")) || str_has_prefix(prefix, STR("https://"));
}

/* ~USER/.ssh/authorized_keys, unless a path is given. */
static struct value key_file(struct task *t)
{
	struct eval *e = t->p->e;
	struct str user;
	struct any name = arg(t, "user");
	if (arg_given(t, "path"))
		return text_of(t, "path");
	if (!any_const(t->p, &name, &user))
		return value_unknown(e, STR("{{ user }}"), NULL);
	if (str_is(user, "root"))
		return value_text(e, STR("/root/.ssh/authorized_keys"));
	return value_text(
		e, arena_printf(e->scratch, "/home/%.*s/.ssh/authorized_keys", STR_ARG(user)));
}

static void run_authorized_key(struct task *t)
{
	struct eval *e = t->p->e;
	struct value key = text_of(t, "key");
	struct value path = key_file(t);
	struct chunks line = {0};
	if (arg_is(t, "state", "absent"))
		return;
	if (is_far(e, &key)) {
		struct value argv[] = {value_text(e, STR("curl")), value_text(e, STR("-fsSL")),
			value_text(e, STR("-o")), path, key};
		(void)module_argv(t, argv, countof(argv));
		return;
	}
	chunks_add_value(e, &line, &key);
	chunks_add_text(e, &line, STR("\n"));
	struct module_write w = {
		.path = path, .content = chunks_value(e, &line), .by = "upload", .append = true};
	(void)arg_place(t, "key", &w.place);
	module_write(t, &w);
}

/* ---- Services ------------------------------------------------------------------------------- */

static void run_service(struct task *t)
{
	struct any enabled = arg(t, "enabled");
	struct str state = arg_str(t, "state");
	struct any masked = arg(t, "masked");
	if (arg_true(t, "daemon_reload|daemon-reload"))
		(void)module_command(t, "systemctl daemon-reload");
	if (masked.kind != ANY_UNDEFINED)
		(void)module_command(t,
			any_is_true(t->p, &masked) ? "systemctl mask {name|service|unit}"
						   : "systemctl unmask {name|service|unit}");
	if (enabled.kind == ANY_TEXT)
		(void)module_command(t,
			any_truth(t->p, &enabled) == TRUTH_NO
				? "systemctl disable {name|service|unit}"
				: "systemctl enable {name|service|unit}");
	if (word_in(state, "started running"))
		(void)module_command(t, "systemctl start {name|service|unit}");
	else if (str_is(state, "stopped"))
		(void)module_command(t, "systemctl stop {name|service|unit}");
	else if (str_is(state, "restarted"))
		(void)module_command(t, "systemctl restart {name|service|unit}");
	else if (str_is(state, "reloaded"))
		(void)module_command(t, "systemctl reload {name|service|unit}");
}

/* ---- cron ----------------------------------------------------------------------------------- */

static void add_field(struct task *t, struct chunks *out, const char *name)
{
	struct value v = text_of(t, name);
	if (value_empty(&v))
		chunks_add_text(t->p->e, out, STR("*"));
	chunks_add_value(t->p->e, out, &v);
	chunks_add_text(t->p->e, out, STR(" "));
}

/* The path of the table, and whether its lines name a user. */
static struct str cron_path(struct task *t, bool *has_user)
{
	struct eval *e = t->p->e;
	struct str file = arg_str(t, "cron_file");
	struct str user = arg_str(t, "user");
	*has_user = file.n > 0;
	if (file.n > 0 && str_find_byte(file, '/') != STR_NPOS)
		return file;
	if (file.n > 0)
		return arena_printf(e->scratch, "/etc/cron.d/%.*s", STR_ARG(file));
	return arena_printf(e->scratch, "/var/spool/cron/crontabs/%.*s",
		STR_ARG(user.n > 0 ? user : STR("root")));
}

static void run_cron(struct task *t)
{
	static const char *const fields[] = {"minute", "hour", "day|dom", "month", "weekday|dow"};
	struct eval *e = t->p->e;
	bool has_user;
	struct str path = cron_path(t, &has_user);
	struct str special = arg_str(t, "special_time");
	struct chunks line = {0};
	if (arg_is(t, "state", "absent") || arg_true(t, "env") || arg_true(t, "disabled"))
		return;
	if (special.n > 0)
		chunks_add_text(e, &line, arena_printf(e->scratch, "@%.*s ", STR_ARG(special)));
	for (size_t i = 0; special.n == 0 && i < countof(fields); i++)
		add_field(t, &line, fields[i]);
	if (has_user) {
		struct str user = arg_str(t, "user");
		chunks_add_text(e, &line, user.n > 0 ? user : STR("root"));
		chunks_add_text(e, &line, STR(" "));
	}
	struct value job = text_of(t, "job|value");
	chunks_add_value(e, &line, &job);
	chunks_add_text(e, &line, STR("\n"));
	struct module_write w = {.path = value_text(e, path),
		.content = chunks_value(e, &line),
		.by = "upload",
		.append = true};
	(void)arg_place(t, "job|value", &w.place);
	w.place.by_line = false;
	module_write(t, &w);
}

/* ---- Files that say one thing --------------------------------------------------------------- */

static void write_line(
	struct task *t, const char *names, struct str path, const struct chunks *line)
{
	struct module_write w = {.path = value_text(t->p->e, path),
		.content = chunks_value(t->p->e, line),
		.by = "upload",
		.append = true};
	(void)arg_place(t, names, &w.place);
	w.place.by_line = false;
	module_write(t, &w);
}

static void run_sysctl(struct task *t)
{
	struct eval *e = t->p->e;
	struct str file = arg_str(t, "sysctl_file");
	struct value name = text_of(t, "name|key");
	struct value value = text_of(t, "value|val");
	struct chunks line = {0};
	if (arg_is(t, "state", "absent"))
		return;
	chunks_add_value(e, &line, &name);
	chunks_add_text(e, &line, STR(" = "));
	chunks_add_value(e, &line, &value);
	chunks_add_text(e, &line, STR("\n"));
	write_line(t, "name|key", file.n > 0 ? file : STR("/etc/sysctl.conf"), &line);
	if (arg_true(t, "sysctl_set"))
		(void)module_command(t, "sysctl -w {name|key}={value|val}");
}

static void run_selinux(struct task *t)
{
	struct eval *e = t->p->e;
	struct value state = text_of(t, "state");
	struct chunks line = {0};
	if (arg_is(t, "state", "disabled") || arg_is(t, "state", "permissive"))
		(void)module_command(t, "setenforce 0");
	chunks_add_text(e, &line, STR("SELINUX="));
	chunks_add_value(e, &line, &state);
	chunks_add_text(e, &line, STR("\n"));
	write_line(t, "state", STR("/etc/selinux/config"), &line);
}

static void run_blacklist(struct task *t)
{
	struct eval *e = t->p->e;
	struct value name = text_of(t, "name");
	struct chunks line = {0};
	if (arg_is(t, "state", "absent"))
		return;
	chunks_add_text(e, &line, STR("blacklist "));
	chunks_add_value(e, &line, &name);
	chunks_add_text(e, &line, STR("\n"));
	write_line(t, "name", STR("/etc/modprobe.d/blacklist-ansible.conf"), &line);
}

static void run_pam_limits(struct task *t)
{
	static const char *const fields[] = {"domain", "limit_type", "limit_item", "value"};
	struct chunks line = {0};
	for (size_t i = 0; i < countof(fields); i++)
		add_field(t, &line, fields[i]);
	chunks_add_text(t->p->e, &line, STR("\n"));
	write_line(t, "domain", STR("/etc/security/limits.conf"), &line);
}

static void run_known_hosts(struct task *t)
{
	struct chunks line = {0};
	struct value key = text_of(t, "key");
	chunks_add_value(t->p->e, &line, &key);
	write_line(t, "key", STR("/etc/ssh/ssh_known_hosts"), &line);
}

static void run_sudoers(struct task *t)
{
	struct eval *e = t->p->e;
	struct any commands = arg_list(t, "commands");
	struct chunks line = {0};
	struct value user = text_of(t, "user|group");
	bool password = arg_given(t, "nopassword") && !arg_true(t, "nopassword");
	if (arg_is(t, "state", "absent"))
		return;
	chunks_add_text(e, &line, arg_given(t, "group") ? STR("%") : STR(""));
	chunks_add_value(e, &line, &user);
	chunks_add_text(e, &line, STR(" ALL=(ALL) "));
	chunks_add_text(e, &line, password ? STR("") : STR("NOPASSWD: "));
	for (size_t i = 0; i < commands.n; i++) {
		struct any one = any_at(t->p, &commands, i);
		struct value v = any_value(t->p, &one);
		chunks_add_text(e, &line, i > 0 ? STR(", ") : STR(""));
		chunks_add_value(e, &line, &v);
	}
	chunks_add_text(e, &line, STR("\n"));
	write_line(t, "commands",
		arena_printf(e->scratch, "/etc/sudoers.d/%.*s", STR_ARG(arg_str(t, "name"))),
		&line);
}

/* ---- The firewall --------------------------------------------------------------------------- */

static void run_ufw(struct task *t)
{
	struct str state = arg_str(t, "state");
	if (arg_given(t, "default|policy"))
		(void)module_command(t, "ufw default {default|policy} {direction}");
	if (arg_given(t, "rule")) {
		bool plain = !arg_given(t, "from_ip|from|src") && !arg_given(t, "to_ip|dest|to");
		bool proto = arg_given(t, "proto|protocol") && !arg_is(t, "proto|protocol", "any");
		bool port = arg_given(t, "to_port|port");
		if (arg_true(t, "delete"))
			(void)module_command(t, "ufw delete {rule} {to_port|port|name|app}");
		else if (plain && port && proto)
			(void)module_command(t, "ufw {rule} {to_port|port}/{proto|protocol}");
		else if (plain)
			(void)module_command(t, "ufw {rule} {to_port|port|name|app}");
		else
			(void)module_command(t,
				"ufw {rule} (proto {proto|protocol}) (from {from_ip|from|src}) (to "
				"{to_ip|dest|to}) (port {to_port|port})");
	}
	if (str_is(state, "enabled"))
		(void)module_command(t, "ufw --force enable");
	else if (str_is(state, "disabled"))
		(void)module_command(t, "ufw disable");
	else if (word_in(state, "reset reloaded"))
		(void)module_command(
			t, str_is(state, "reset") ? "ufw --force reset" : "ufw reload");
}

static void run_firewalld(struct task *t)
{
	bool off = arg_is(t, "state", "disabled") || arg_is(t, "state", "absent");
	static const char *const add =
		"firewall-cmd [permanent:--permanent] (--zone={zone}) (--add-port={port}) "
		"(--add-service={service}) (--add-source={source}) (--add-rich-rule={rich_rule}) "
		"[masquerade:--add-masquerade]";
	static const char *const remove =
		"firewall-cmd [permanent:--permanent] (--zone={zone}) (--remove-port={port}) "
		"(--remove-service={service}) (--remove-source={source}) "
		"(--remove-rich-rule={rich_rule})";
	(void)module_command(t, off ? remove : add);
	if (arg_given(t, "target"))
		(void)module_command(
			t, "firewall-cmd --permanent --zone={zone} --set-target={target}");
}

static void run_iptables(struct task *t)
{
	if (arg_true(t, "flush"))
		(void)module_command(t, "iptables (-t {table}) -F {chain}");
	else if (arg_given(t, "policy"))
		(void)module_command(t, "iptables (-t {table}) -P {chain} {policy}");
	else if (arg_is(t, "state", "absent"))
		(void)module_command(t, "iptables (-t {table}) -D {chain} (-j {jump})");
	else
		(void)module_command(t,
			"iptables (-t {table}) -A {chain} (-p {protocol}) (-s {source}) (-d "
			"{destination}) (-i {in_interface}) (--dport {destination_port}) (-j "
			"{jump}) (--to-ports {to_ports})");
}

const struct module modules_system[] = {
	{"user", NULL, NULL, run_user},
	{"win_user", "!state=absent", "net user {name} {password} /add"},
	{"group", "!state=absent", "groupadd [system:-r] [non_unique:-o] (-g {gid}) {name}"},
	{"group", "state=absent", "groupdel {name}"},
	{"authorized_key", NULL, NULL, run_authorized_key},
	{"known_hosts", NULL, NULL, run_known_hosts},
	{"sudoers", NULL, NULL, run_sudoers},
	{"htpasswd", NULL, "htpasswd -b {path|dest} {name|username} {password}"},
	{"systemd systemd_service service sysvinit openrc runit win_service supervisorctl "
	 "launchd",
		NULL, NULL, run_service},
	{"cron", NULL, NULL, run_cron},
	{"at", "command", "| echo {command} | at now"},
	{"sysctl", NULL, NULL, run_sysctl},
	{"selinux", NULL, NULL, run_selinux},
	{"seboolean", NULL, "setsebool -P {name} {state}"},
	{"sefcontext seport selinux_permissive", NULL, "semanage {target|domain|name|ports}"},
	{"modprobe", "!state=absent", "modprobe {name}"},
	{"modprobe", "state=absent", "modprobe -r {name}"},
	{"kernel_blacklist", NULL, NULL, run_blacklist},
	{"pam_limits", NULL, NULL, run_pam_limits},
	{"ufw", NULL, NULL, run_ufw},
	{"firewalld", NULL, NULL, run_firewalld},
	{"iptables", NULL, NULL, run_iptables},
	{"hostname", NULL, "hostnamectl set-hostname {name}"},
	{"timezone", NULL, "timedatectl set-timezone {name}"},
	{"locale_gen", NULL, "locale-gen {name*}"},
	{"mount", "!state=absent|unmounted", "mount (-o {opts}) {src} {path|name}"},
	{"mount", "state=absent|unmounted", "umount {path|name}"},
	{"filesystem", NULL, "mkfs -t {fstype|type} {dev|device}"},
	{"parted lvg lvol", NULL, NULL},
	{"alternatives", NULL, "update-alternatives --set {name} {path}"},
	{"reboot win_reboot", NULL, "reboot"},
	{"shutdown", NULL, "shutdown -h now"},
	{"openssh_keypair", NULL, "ssh-keygen -q -f {path}"},
	{"openssl_privatekey openssl_privatekey_pipe openssl_csr openssl_csr_pipe "
	 "openssl_publickey openssl_dhparam openssl_pkcs12 openssl_certificate x509_certificate "
	 "x509_certificate_pipe x509_crl openssl_csr_info x509_certificate_info",
		NULL, "openssl genpkey -out {path}"},
	{"pamd", NULL, "pam-auth-update {name}"},
	{"mysql_user mysql_db mysql_query mysql_variables postgresql_user postgresql_db "
	 "postgresql_query postgresql_privs postgresql_ext postgresql_set mongodb_user "
	 "rabbitmq_user rabbitmq_vhost redis grafana_datasource",
		NULL, NULL},
	{0},
};
