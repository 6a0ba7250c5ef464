/* Package managers, their sources and keys. */
#include "audit/ansible/ansible.h"

static bool is_url(struct str s)
{
	return str_contains(s, STR("://"));
}

/* A package that is no name: a file, or an address from which it is loaded first. */
static void run_deb(struct task *t)
{
	if (is_url(arg_str(t, "deb")))
		(void)module_command(t,
			"| curl -fsSL -o /tmp/ansible-package.deb {deb} && dpkg -i "
			"/tmp/ansible-package.deb");
	else
		(void)module_command(t, "dpkg -i {deb}");
}

/* ---- Sources of packages -------------------------------------------------------------------- */

static void write_text(
	struct task *t, const char *names, struct str path, const struct value *content)
{
	struct module_write w = {
		.path = value_text(t->p->e, path), .content = *content, .by = "upload"};
	(void)arg_place(t, names, &w.place);
	w.place.by_line = false;
	module_write(t, &w);
}

static struct str file_of(struct task *t, const char *dir, struct str name, const char *ending)
{
	char *clean = arena_cstr(t->p->e->scratch, name);
	for (size_t i = 0; i < name.n; i++) {
		bool plain = strchr("._-", clean[i]) ||
			((clean[i] | 32) >= 'a' && (clean[i] | 32) <= 'z') ||
			(clean[i] >= '0' && clean[i] <= '9');
		if (!plain)
			clean[i] = '_';
	}
	return arena_printf(t->p->e->scratch, "%s%s%s", dir, clean, ending);
}

static void run_apt_repository(struct task *t)
{
	struct eval *e = t->p->e;
	struct any repo = arg(t, "repo");
	struct value line = any_value(t->p, &repo);
	struct str name = arg_str(t, "filename");
	struct chunks content = {0};
	if (arg_is(t, "state", "absent"))
		return;
	if (str_has_prefix(value_prefix(e, &line), STR("ppa:"))) {
		(void)module_command(t, "add-apt-repository -y {repo}");
		return;
	}
	chunks_add_value(e, &content, &line);
	chunks_add_text(e, &content, STR("\n"));
	struct value text = chunks_value(e, &content);
	write_text(t, "repo",
		file_of(t, "/etc/apt/sources.list.d/", name.n ? name : STR("ansible"), ".list"),
		&text);
}

struct field {
	const char *argument;
	const char *key;
};

static void add_fields(struct task *t, struct chunks *out, const struct field *fields, size_t n,
	const char *separator)
{
	struct playbook *p = t->p;
	for (size_t i = 0; i < n; i++) {
		struct any a = arg(t, fields[i].argument);
		struct any blank = any_str(p, STR(" "));
		struct any args = any_list(&blank, 1);
		struct str s;
		if (a.kind == ANY_UNDEFINED)
			continue;
		if (a.kind == ANY_LIST)
			a = jinja_filter(p, &a, STR("join"), &args);
		if (any_const(p, &a, &s) && word_in(s, "true True yes no false False"))
			a = any_str(p, any_is_true(p, &a) ? STR("1") : STR("0"));
		struct value v = any_value(p, &a);
		chunks_add_text(p->e, out, str_from(fields[i].key));
		chunks_add_text(p->e, out, str_from(separator));
		chunks_add_value(p->e, out, &v);
		chunks_add_text(p->e, out, STR("\n"));
	}
}

static void run_deb822(struct task *t)
{
	static const struct field fields[] = {{"types", "Types"}, {"uris", "URIs"},
		{"suites", "Suites"}, {"components", "Components"}};
	struct eval *e = t->p->e;
	struct chunks content = {0};
	struct str key = arg_str(t, "signed_by");
	struct str name = arg_str(t, "name");
	if (arg_is(t, "state", "absent"))
		return;
	if (is_url(key))
		(void)module_command(
			t, "curl -fsSL -o /etc/apt/keyrings/ansible-{name}.asc {signed_by}");
	/* As the one line that says the same. */
	chunks_add_text(e, &content,
		arg_true(t, "trusted") ? STR("# deb822\nTrusted: yes\n") : STR("# deb822\n"));
	add_fields(t, &content, fields, countof(fields), ": ");
	struct value text = chunks_value(e, &content);
	write_text(t, "uris", file_of(t, "/etc/apt/sources.list.d/", name, ".sources"), &text);
}

static void run_yum_repository(struct task *t)
{
	static const struct field fields[] = {{"baseurl", "baseurl"}, {"mirrorlist", "mirrorlist"},
		{"metalink", "metalink"}, {"enabled", "enabled"}, {"gpgcheck", "gpgcheck"},
		{"repo_gpgcheck", "repo_gpgcheck"}, {"gpgkey", "gpgkey"},
		{"sslverify", "sslverify"}};
	struct eval *e = t->p->e;
	struct chunks content = {0};
	struct str name = arg_str(t, "file|name");
	if (arg_is(t, "state", "absent"))
		return;
	chunks_add_text(e, &content, arena_printf(e->scratch, "[%.*s]\n", STR_ARG(name)));
	add_fields(t, &content, fields, countof(fields), "=");
	struct value text = chunks_value(e, &content);
	write_text(t, "baseurl|mirrorlist|metalink|name",
		file_of(t, "/etc/yum.repos.d/", name, ".repo"), &text);
}

#define APT_NAMES "name|pkg|package"

const struct module modules_package[] = {
	{"apt aptitude", "update_cache|update-cache+", "apt-get update"},
	{"apt aptitude", "deb", NULL, run_deb},
	{"apt aptitude", APT_NAMES " state=absent|removed",
		"apt-get remove -y [purge:--purge] {" APT_NAMES "*}"},
	{"apt aptitude", APT_NAMES " !" APT_NAMES "=* !state=absent|removed",
		"apt-get install -y [allow_unauthenticated:--allow-unauthenticated] "
		"[force:--force-yes] (-t {default_release}) {" APT_NAMES "*}"},
	{"apt aptitude", APT_NAMES "=*", "apt-get upgrade -y"},
	{"apt aptitude", "upgrade !upgrade=no|none|False|false", "apt-get dist-upgrade -y"},
	{"apt aptitude", "autoremove+", "apt-get autoremove -y"},
	{"apt aptitude", "autoclean|clean+", "apt-get clean"},
	{"yum dnf dnf5", "update_cache+", "dnf makecache"},
	{"yum dnf dnf5", "name|pkg=* state=latest", "dnf upgrade -y"},
	{"yum dnf dnf5", "name|pkg state=absent|removed", "dnf remove -y {name|pkg*}"},
	{"yum dnf dnf5", "name|pkg !name|pkg=* !state=absent|removed",
		"dnf install -y [disable_gpg_check:--nogpgcheck] "
		"[!sslverify|validate_certs:--setopt=sslverify=0] (--enablerepo {enablerepo,}) "
		"{name|pkg*}"},
	{"yum dnf dnf5", "autoremove+", "dnf autoremove -y"},
	{"package", "name=* state=latest", "apt-get dist-upgrade -y"},
	{"package", "name state=absent|removed", "apt-get remove -y {name*}"},
	{"package", "name !name=* !state=absent|removed", "apt-get install -y {name*}"},
	{"apk", "update_cache+", "apk update"},
	{"apk", "upgrade+", "apk upgrade"},
	{"apk", "name state=absent|removed", "apk del {name*}"},
	{"apk", "name !state=absent|removed", "apk add {repository*:--repository} {name*}"},
	{"zypper", "name=* state=latest|dist-upgrade", "zypper update -y"},
	{"zypper", "name state=absent|removed", "zypper remove -y {name*}"},
	{"zypper", "name !name=* !state=absent|removed",
		"zypper install -y [disable_gpg_check:--no-gpg-checks] {name*}"},
	{"pacman", "update_cache+", "pacman -Sy"},
	{"pacman", "upgrade+", "pacman -Syu --noconfirm"},
	{"pacman", "name state=absent|removed", "pacman -R --noconfirm {name*}"},
	{"pacman", "name !state=absent|removed", "pacman -S --noconfirm {name*}"},
	{"pip", "requirements !state=absent", "pip install {extra_args~} -r {requirements}"},
	{"pip", "name version !state=absent", "pip install {extra_args~} {name}=={version}"},
	{"pip", "name !version !state=absent", "pip install {extra_args~} [editable:-e] {name*}"},
	{"pip pipx", "name state=absent", "pip uninstall -y {name*}"},
	{"pipx", "name !state=absent", "pipx install {pip_args~} {source|name}"},
	{"npm pnpm yarn", "name state=absent", "npm uninstall {name}"},
	{"npm pnpm yarn", "name version !state=absent",
		"npm install [global:-g] (--registry {registry}) {name}@{version}"},
	{"npm pnpm yarn", "name !version !state=absent",
		"npm install [global:-g] (--registry {registry}) {name}"},
	{"npm", "!name ci+", "npm ci"},
	{"npm pnpm yarn", "!name !ci+", "npm install (--prefix {path})"},
	{"gem", "name !state=absent",
		"gem install (-v {version}) (--source {repository}) {gem_source|name}"},
	{"gem", "name state=absent", "gem uninstall {name}"},
	{"bundler", NULL, "bundle install"},
	{"composer", NULL, "composer install"},
	{"cargo", "name !state=absent", "cargo install (--version {version}) {name*}"},
	{"cpanm", "name", "cpanm {name}"},
	{"homebrew homebrew_cask", "name !state=absent", "brew install {name*}"},
	{"homebrew_tap", "name|tap", "brew tap {name|tap*}"},
	{"snap", "name !state=absent",
		"snap install [classic:--classic] [dangerous:--dangerous] (--channel={channel}) "
		"{name*}"},
	{"snap", "name state=absent", "snap remove {name*}"},
	{"flatpak", "name !state=absent", "flatpak install -y {name*}"},
	{"flatpak_remote", "flatpakrepo_url", "flatpak remote-add {name} {flatpakrepo_url}"},
	{"conda", "name", "conda install -y {name*}"},
	{"pkgng openbsd_pkg pkgin portinstall", "name !state=absent", "pkg install -y {name*}"},
	{"portage", "package", "emerge {package*}"},
	{"win_chocolatey", "name !state=absent", "choco install {name*} (--version {version})"},
	{"apt_key", "url !state=absent", "| curl -fsSL [!validate_certs:-k] {url} | apt-key add -"},
	{"apt_key", "keyserver id !state=absent",
		"apt-key adv --keyserver {keyserver} --recv-keys {id}"},
	{"apt_key", "file !state=absent", "apt-key add {file}"},
	{"apt_key", "data !state=absent", "| echo {data} | apt-key add -"},
	{"apt_key", "state=absent", "apt-key del {id}"},
	{"rpm_key", "!state=absent", "rpm --import {key}"},
	{"rpm_key", "state=absent", NULL},
	{"pacman_key", "id !state=absent", "pacman-key --recv-keys {id}"},
	{"apt_repository", NULL, NULL, run_apt_repository},
	{"deb822_repository", NULL, NULL, run_deb822},
	{"yum_repository", NULL, NULL, run_yum_repository},
	{"zypper_repository", "repo !state=absent",
		"zypper addrepo [disable_gpg_check:--no-gpgcheck] {repo} {name}"},
	{"zypper_repository", "state=absent", NULL},
	{"copr", "name", "dnf copr enable -y {name}"},
	{"rhsm_repository", "name", "subscription-manager repos --enable {name}"},
	{"redhat_subscription", NULL, "subscription-manager register"},
	{"dpkg_selections", "name", "| echo {name} {selection} | dpkg --set-selections"},
	{"debconf", "name", "| echo {name} {question} {vtype} {value} | debconf-set-selections"},
	{"helm", "chart_ref|chart",
		"helm install {name|release_name} {chart_ref|chart} "
		"(--version {chart_version})"},
	{"helm_repository", "url|repo_url", "helm repo add {name|repo_name} {url|repo_url}"},
	{0},
};
