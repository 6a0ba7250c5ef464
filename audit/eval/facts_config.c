/* What the content of configuration files means. */
#include "audit/eval/eval.h"

typedef void line_fn(struct eval *e, const struct command *c, struct str path, struct str line);

/* ---- Environment ---------------------------------------------------------------------------- */

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char b = s.p[i];
		bool letter = b == '_' || ((b | 32) >= 'a' && (b | 32) <= 'z');
		if (!letter && (i == 0 || b < '0' || b > '9'))
			return false;
	}
	return s.n > 0;
}

static struct str unquote(struct str s)
{
	s = str_trim(s);
	while (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		s = str_sub(s, 1, s.n - 2);
	return s;
}

static void environment_line(
	struct eval *e, const struct command *c, struct str path, struct str line)
{
	line = str_trim(line);
	if (str_has_prefix(line, STR("export ")))
		line = str_trim(str_from_index(line, 7));
	if (str_has_prefix(line, STR("Environment=")))
		line = unquote(str_from_index(line, 12));
	size_t eq = str_find_byte(line, '=');
	struct str name = str_sub(line, 0, eq);
	if (eq == STR_NPOS || !is_name(name))
		return;
	struct str value = unquote(str_from_index(line, eq + 1));
	bool known = !str_contains(value, STR("${")) && !str_contains(value, STR("$("));
	struct members m = members_of(e, c);
	put_str(&m, "name", name);
	put_str(&m, "value", secret_value(name, known ? value : (struct str){0}));
	put_bool(&m, "persisted", true);
	put_str(&m, "path", path);
	put_cstr(&m, "scope", "file");
	emit(e, FACT_ENV, c, &m);
}

/* ---- Kernel --------------------------------------------------------------------------------- */

static void sysctl_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	line = str_trim(line);
	size_t eq = str_find_byte(line, '=');
	(void)path;
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';' || eq == STR_NPOS)
		return;
	struct str name = str_trim(str_sub(line, 0, eq));
	struct str value = str_trim(str_from_index(line, eq + 1));
	if (str_has_prefix(name, STR("-")))
		name = str_from_index(name, 1);
	if (str_contains(value, STR("${")) || str_contains(value, STR("$(")))
		value = (struct str){0};
	char *dotted = arena_cstr(e->scratch, name);
	for (size_t i = 0; i < name.n; i++)
		if (dotted[i] == '/')
			dotted[i] = '.';
	struct kernel_change k = {
		.what = "sysctl", .name = {dotted, name.n}, .value = value, .persisted = true};
	emit_kernel(e, c, &k);
}

static void module_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	line = str_trim(line);
	(void)path;
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return;
	struct kernel_change k = {.what = "module", .action = "load", .persisted = true};
	k.name = str_sub(line, 0, str_find_byte(line, ' '));
	emit_kernel(e, c, &k);
}

static void modprobe_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	struct str word;
	struct str rest = str_trim(line);
	(void)path;
	if (!str_cut(&rest, ' ', &word))
		return;
	bool blocks = str_is(word, "blacklist") ||
		(str_is(word, "install") &&
			(str_has_suffix(rest, STR("/bin/true")) ||
				str_has_suffix(rest, STR("/bin/false"))));
	if (!blocks)
		return;
	struct kernel_change k = {.what = "module", .action = "block", .persisted = true};
	rest = str_trim(rest);
	k.name = str_sub(rest, 0, str_find_byte(rest, ' '));
	emit_kernel(e, c, &k);
}

void config_cmdline(struct eval *e, const struct command *c, struct str words)
{
	struct str word;
	words = unquote(words);
	while (str_cut(&words, ' ', &word) && charge(e, 2)) {
		if (word.n == 0)
			continue;
		size_t eq = str_find_byte(word, '=');
		struct kernel_change k = {.what = "cmdline", .persisted = true};
		k.name = str_sub(word, 0, eq);
		if (eq != STR_NPOS)
			k.value = str_from_index(word, eq + 1);
		emit_kernel(e, c, &k);
	}
}

static void grub_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	size_t eq = str_find_byte(line, '=');
	(void)path;
	line = str_trim(line);
	if (eq != STR_NPOS && str_has_prefix(line, STR("GRUB_CMDLINE_LINUX")))
		config_cmdline(e, c, str_from_index(line, eq + 1));
}

static void selinux_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	(void)path;
	line = str_trim(line);
	if (!str_has_prefix(line, STR("SELINUX=")))
		return;
	struct kernel_change k = {.what = "selinux", .name = STR("SELINUX"), .persisted = true};
	k.value = unquote(str_from_index(line, 8));
	emit_kernel(e, c, &k);
}

/* ---- Package sources ------------------------------------------------------------------------ */

static void emit_source(struct eval *e, const struct command *c, const char *manager,
	struct str url, const struct str_list *flags)
{
	struct members m = members_of(e, c);
	struct value v = value_text(e, url);
	struct url parsed = url_parse(e, &v);
	put_cstr(&m, "manager", manager);
	put_cstr(&m, "action", "repository");
	put_list(&m, "names", NULL, 0);
	put_list(&m, "versions", NULL, 0);
	put_bool(&m, "pinned", false);
	put_bool(&m, "hashed", false);
	put_list(&m, "flags", flags->items, flags->n);
	put_str(&m, "url", parsed.prefix);
	put_null(&m, "file");
	emit(e, FACT_PACKAGE, c, &m);
}

static void apt_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	struct str_list flags = {0};
	size_t at = str_find(line, STR("://"));
	(void)path;
	line = str_trim(line);
	bool deb = str_has_prefix(line, STR("deb ")) || str_has_prefix(line, STR("deb-src ")) ||
		str_has_prefix(line, STR("deb\t")) || str_has_prefix(line, STR("URIs:"));
	if (!deb || at == STR_NPOS)
		return;
	at = str_find(line, STR("://"));
	size_t start = at;
	while (start > 0 && line.p[start - 1] > ' ')
		start--;
	size_t open = str_find_byte(line, '[');
	size_t close = str_find_byte(line, ']');
	if (open != STR_NPOS && close != STR_NPOS && open < close) {
		struct str options = str_sub(line, open + 1, close - open - 1);
		struct str option;
		while (str_cut(&options, ' ', &option))
			if (option.n > 0)
				list_push(e->scratch, &flags) = option;
	}
	struct str url = str_from_index(line, start);
	emit_source(e, c, "apt", str_sub(url, 0, str_find_byte(url, ' ')), &flags);
}

static void yum_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	struct str_list flags = {0};
	size_t eq = str_find_byte(line, '=');
	(void)path;
	if (eq == STR_NPOS || !str_contains(line, STR("://")))
		return;
	if (word_in(str_trim(str_sub(line, 0, eq)), "baseurl metalink mirrorlist"))
		emit_source(e, c, "yum", str_trim(str_from_index(line, eq + 1)), &flags);
}

static void apk_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	struct str_list flags = {0};
	(void)path;
	line = str_trim(line);
	if (str_has_prefix(line, STR("http")))
		emit_source(e, c, "apk", line, &flags);
}

/* Acquire::http::Proxy "http://…"; */
static void apt_conf_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	line = str_trim(line);
	bool secure = str_has_prefix(line, STR("Acquire::https::Proxy "));
	if (!secure && !str_has_prefix(line, STR("Acquire::http::Proxy ")))
		return;
	struct str value = str_trim(str_from_index(line, str_find_byte(line, ' ')));
	while (value.n > 0 && strchr(";\" ", value.p[value.n - 1]))
		value.n--;
	while (value.n > 0 && strchr("\" ", value.p[0]))
		value = str_from_index(value, 1);
	if (str_is(value, "DIRECT") || value.n == 0)
		return;
	struct members m = members_of(e, c);
	put_cstr(&m, "name", secure ? "https_proxy" : "http_proxy");
	put_str(&m, "value", secret_value(STR("proxy"), value));
	put_bool(&m, "persisted", true);
	put_str(&m, "path", path);
	put_cstr(&m, "scope", "file");
	emit(e, FACT_ENV, c, &m);
}

static void emit_ufw(struct eval *e, const struct command *c, const char *action, struct str target)
{
	struct members m = members_of(e, c);
	put_cstr(&m, "tool", "ufw");
	put_cstr(&m, "action", action);
	put_str(&m, "target", target);
	put_str(&m, "chain", target.p ? STR("incoming") : (struct str){0});
	put_null(&m, "port");
	emit(e, FACT_FIREWALL, c, &m);
}

static void ufw_line(struct eval *e, const struct command *c, struct str path, struct str line)
{
	size_t eq = str_find_byte(line, '=');
	(void)path;
	line = str_trim(line);
	if (eq == STR_NPOS)
		return;
	struct str value = unquote(str_from_index(line, eq + 1));
	if (str_has_prefix(line, STR("DEFAULT_INPUT_POLICY=")) && str_is(value, "ACCEPT"))
		emit_ufw(e, c, "policy", STR("accept"));
	if (str_has_prefix(line, STR("ENABLED=")) && str_is(value, "no"))
		emit_ufw(e, c, "disable", (struct str){0});
}

/* ---- Files ---------------------------------------------------------------------------------- */

struct config {
	const char *pattern; /* of the path; * crosses no slash */
	line_fn *line;
};

static const struct config configs[] = {
	{"/etc/environment", environment_line},
	{"/etc/profile", environment_line},
	{"/etc/profile.d/*", environment_line},
	{"/etc/bash.bashrc", environment_line},
	{"/etc/bashrc", environment_line},
	{"/etc/zshenv", environment_line},
	{"/etc/default/*", environment_line},
	{"/etc/sysconfig/*", environment_line},
	{"/etc/environment.d/*", environment_line},
	{"*/.bashrc", environment_line},
	{"*/.profile", environment_line},
	{"*/.bash_profile", environment_line},
	{"/home/*/.bashrc", environment_line},
	{"/home/*/.profile", environment_line},
	{"/etc/systemd/system/*", environment_line},
	{"/etc/systemd/system/*/*", environment_line},
	{"/lib/systemd/system/*", environment_line},
	{"/usr/lib/systemd/system/*", environment_line},
	{"/etc/sysctl.conf", sysctl_line},
	{"/etc/sysctl.d/*", sysctl_line},
	{"/usr/lib/sysctl.d/*", sysctl_line},
	{"/etc/modules", module_line},
	{"/etc/modules-load.d/*", module_line},
	{"/etc/modprobe.d/*", modprobe_line},
	{"/etc/default/grub", grub_line},
	{"/etc/default/grub.d/*", grub_line},
	{"/etc/selinux/config", selinux_line},
	{"/etc/sysconfig/selinux", selinux_line},
	{"/etc/apt/sources.list", apt_line},
	{"/etc/apt/sources.list.d/*", apt_line},
	{"/etc/yum.repos.d/*", yum_line},
	{"/etc/zypp/repos.d/*", yum_line},
	{"/etc/apk/repositories", apk_line},
	{"/etc/apt/apt.conf", apt_conf_line},
	{"/etc/apt/apt.conf.d/*", apt_conf_line},
	{"/etc/default/ufw", ufw_line},
	{"/etc/ufw/ufw.conf", ufw_line},
};

static void config_text(struct eval *e, const struct command *c, struct str path, struct str text)
{
	for (size_t i = 0; i < countof(configs); i++) {
		if (!pattern_match(str_from(configs[i].pattern), path, true))
			continue;
		struct str rest = text;
		struct str line;
		charge(e, text.n / 8);
		while (str_cut(&rest, '\n', &line) && charge(e, 2))
			configs[i].line(e, c, path, line);
	}
}

/* A file of /proc/sys is a key of sysctl until the next start. */
static void proc_written(
	struct eval *e, const struct command *c, struct str path, const struct value *content)
{
	struct str value;
	struct str key = str_from_index(path, strlen("/proc/sys/"));
	char *dotted = arena_cstr(e->scratch, key);
	for (size_t i = 0; i < key.n; i++)
		if (dotted[i] == '/')
			dotted[i] = '.';
	struct kernel_change k = {.what = "sysctl", .name = {dotted, key.n}};
	if (value_const(e, content, &value))
		k.value = str_trim(value);
	emit_kernel(e, c, &k);
}

void config_written(
	struct eval *e, const struct command *c, struct str path, const struct value *content)
{
	if (str_has_prefix(path, STR("/proc/sys/"))) {
		proc_written(e, c, path, content);
		return;
	}
	config_text(e, c, path, value_display(e, content));
}

void config_edited(struct eval *e, const struct command *c, struct str path, struct str script)
{
	charge(e, script.n);
	config_text(e, c, path, final_lines(e, NULL, script));
}
