/* Package managers of systems and languages. */
#include "audit/eval/eval.h"

struct verb {
	const char *names;
	const char *action;
};

struct packager {
	const char *commands;
	const char *name;
	struct optspec spec;
	const struct verb *verbs; /* NULL-ended */
	const char *separator; /* between name and version; NULL: none */
	bool letters; /* the verb is an option: dpkg -i, rpm -U, pacman -S */
	bool version_option; /* -v VERSION, --version VERSION */
};

static const char *const apt_longs[] = {"--option", "--target-release", "--default-release",
	"--config-file", "--host-architecture", NULL};
static const char *const dnf_longs[] = {"--setopt", "--enablerepo", "--disablerepo", "--repo",
	"--releasever", "--installroot", "--exclude", "--add-repo", "--repofrompath", "--from",
	NULL};
static const char *const pip_longs[] = {"--index-url", "--extra-index-url", "--requirement",
	"--constraint", "--trusted-host", "--find-links", "--target", "--prefix", "--root",
	"--timeout", "--retries", "--cert", "--proxy", "--cache-dir", "--progress-bar", "--python",
	"--editable", "--index", "--root-user-action", "--log", "--platform", "--python-version",
	"--abi", "--implementation", "--only-binary", "--no-binary", "--upgrade-strategy",
	"--exists-action", "--config-settings", "--global-option", "--report", "--src", NULL};
static const char *const npm_longs[] = {
	"--registry", "--prefix", "--cache", "--loglevel", "--userconfig", NULL};
static const char *const gem_longs[] = {"--version", "--source", "--install-dir", "--bindir", NULL};
static const char *const cargo_longs[] = {"--version", "--git", "--rev", "--tag", "--branch",
	"--path", "--root", "--features", "--target", "--registry", "--index", NULL};
static const char *const zypper_longs[] = {"--repo", "--root", "--from", "--name", NULL};
static const char *const apk_longs[] = {
	"--repository", "--virtual", "--root", "--keys-dir", "--repositories-file", "--arch", NULL};
static const char *const docker_longs[] = {"--name", "--volume", "--env", "--publish", "--network",
	"--entrypoint", "--user", "--workdir", "--mount", "--platform", "--env-file", "--restart",
	"--label", "--memory", "--hostname", "--cap-add", "--device", "--pid", "--security-opt",
	"--net", "--log-driver", "--log-opt", "--cpus", NULL};
static const char *const helm_longs[] = {
	"--version", "--repo", "--namespace", "--values", "--set", NULL};
static const char *const snap_longs[] = {"--channel", "--revision", NULL};

static const struct verb apt_verbs[] = {{"install reinstall build-dep satisfy", "install"},
	{"remove purge autoremove autopurge", "remove"},
	{"upgrade dist-upgrade full-upgrade safe-upgrade", "upgrade"}, {"update", "refresh"},
	{"clean autoclean", "clean"}, {"download source", "download"}, {0}};
static const struct verb dnf_verbs[] = {
	{"install localinstall groupinstall reinstall group swap builddep", "install"},
	{"remove erase autoremove groupremove", "remove"},
	{"update upgrade update-minimal upgrade-minimal distro-sync update-to system-upgrade",
		"upgrade"},
	{"makecache check-update", "refresh"}, {"clean", "clean"}, {"download", "download"},
	{"config-manager copr", "repository"}, {0}};
static const struct verb zypper_verbs[] = {{"install in source-install", "install"},
	{"remove rm", "remove"}, {"update up dist-upgrade dup patch", "upgrade"},
	{"refresh ref", "refresh"}, {"clean cc", "clean"}, {"addrepo ar", "repository"}, {0}};
static const struct verb apk_verbs[] = {{"add", "install"}, {"del", "remove"},
	{"upgrade", "upgrade"}, {"update", "refresh"}, {"cache", "clean"}, {"fetch", "download"},
	{0}};
static const struct verb dpkg_verbs[] = {
	{"-i --install --unpack", "install"}, {"-r --remove -P --purge", "remove"}, {0}};
static const struct verb rpm_verbs[] = {{"--import", "key"}, {"-K --checksig", "other"},
	{"-e --erase", "remove"}, {"-q --query -V --verify", "other"},
	{"-i --install -U --upgrade -F --freshen", "install"}, {0}};
static const struct verb pacman_verbs[] = {
	{"-U --upgrade", "install"}, {"-R --remove", "remove"}, {"-S --sync", "install"}, {0}};
static const struct verb pip_verbs[] = {{"install sync", "install"}, {"uninstall", "remove"},
	{"download wheel", "download"}, {"config", "config"}, {"cache", "clean"}, {0}};
static const struct verb npm_verbs[] = {{"install i add ci clean-install global", "install"},
	{"uninstall remove rm un", "remove"}, {"update upgrade up", "upgrade"},
	{"config set", "config"}, {"cache", "clean"}, {0}};
static const struct verb gem_verbs[] = {{"install i", "install"}, {"uninstall", "remove"},
	{"update", "upgrade"}, {"sources", "repository"}, {"cleanup", "clean"}, {0}};
static const struct verb cargo_verbs[] = {
	{"install binstall", "install"}, {"uninstall", "remove"}, {0}};
static const struct verb go_verbs[] = {{"install get run", "install"}, {"env", "config"}, {0}};
static const struct verb store_verbs[] = {{"install add create", "install"},
	{"remove uninstall rm delete", "remove"}, {"refresh upgrade update", "upgrade"},
	{"repo tap remote-add", "repository"}, {0}};
static const struct verb composer_verbs[] = {{"require install create-project", "install"},
	{"remove", "remove"}, {"update", "upgrade"}, {"config", "config"}, {0}};
static const struct verb docker_verbs[] = {{"pull", "pull"}, {"run create", "run"},
	{"rmi image system", "other"}, {"build", "other"}, {0}};

static const struct packager managers[] = {
	{"apt apt-get aptitude", "apt", {"otca", apt_longs}, apt_verbs, "="},
	{"yum dnf tdnf microdnf dnf5 yum-3", "dnf", {"cdexR", dnf_longs}, dnf_verbs, NULL},
	{"zypper", "zypper", {"rRnt", zypper_longs}, zypper_verbs, "="},
	{"apk", "apk", {"Xtp", apk_longs}, apk_verbs, "="},
	{"dpkg", "dpkg", {NULL, NULL}, dpkg_verbs, NULL, true},
	{"rpm", "rpm", {"ED", NULL}, rpm_verbs, NULL, true},
	{"pacman yay paru", "pacman", {"brg", NULL}, pacman_verbs, NULL, true},
	{"pip pip2 pip3 pipx uv", "pip", {"rcieft", pip_longs}, pip_verbs, "=="},
	{"npm", "npm", {"C", npm_longs}, npm_verbs, "@"},
	{"yarn", "yarn", {NULL, npm_longs}, npm_verbs, "@"},
	{"pnpm", "pnpm", {"C", npm_longs}, npm_verbs, "@"},
	{"gem", "gem", {"vin", gem_longs}, gem_verbs, ":", false, true},
	{"cargo", "cargo", {"jF", cargo_longs}, cargo_verbs, "@", false, true},
	{"go", "go", {NULL, NULL}, go_verbs, "@"},
	{"snap", "snap", {NULL, snap_longs}, store_verbs, NULL, false, true},
	{"flatpak", "flatpak", {NULL, NULL}, store_verbs, NULL},
	{"brew", "brew", {NULL, NULL}, store_verbs, "@"},
	{"conda mamba micromamba", "conda", {"cnp", NULL}, store_verbs, "="},
	{"composer", "composer", {"d", NULL}, composer_verbs, ":"},
	{"helm", "helm", {"nf", helm_longs}, store_verbs, NULL, false, true},
	{"ansible-galaxy", "galaxy", {"prs", NULL}, store_verbs, ","},
	{"docker podman nerdctl", "docker", {"vepuwmcl", docker_longs}, docker_verbs, NULL},
};

/* ---- Reading the words ---------------------------------------------------------------------- */

struct packages {
	const struct packager *m;
	const char *action;
	struct str_list names;
	struct str_list versions;
	struct str url;
	struct value url_value;
	struct str file;
	struct str_list flags;
	struct str version; /* --version */
	bool requirements; /* -r FILE */
	bool hashed;
	bool verb_seen;
	bool pinned; /* by the URL */
	bool one; /* what follows the first name are its own arguments */
	bool local; /* and the first was no name */
};

static const struct packager *packager_find(struct str name)
{
	for (size_t i = 0; i < countof(managers); i++)
		if (word_in(name, managers[i].commands))
			return &managers[i];
	if (str_has_prefix(name, STR("pip3.")) || str_has_prefix(name, STR("pip-")))
		return packager_find(STR("pip"));
	return NULL;
}

static const char *verb_action(const struct packager *m, struct str word)
{
	for (const struct verb *v = m->verbs; v->names; v++)
		if (word_in(word, v->names))
			return v->action;
	return NULL;
}

static const char *letter_action(struct eval *e, const struct packager *m, const struct command *c)
{
	struct str_list flags = {0};
	struct str_list operands = {0};
	flags_of(e, c, &flags, &operands);
	for (const struct verb *v = m->verbs; v->names; v++)
		for (size_t i = 0; i < flags.n; i++)
			if (word_in(flags.items[i], v->names))
				return v->action;
	return "other";
}

static bool is_package_file(struct str s)
{
	static const char *const suffixes[] = {".deb", ".rpm", ".apk", ".whl", ".tar.gz", ".tgz",
		".zip", ".gem", ".snap", ".pkg.tar.zst", ".tar.bz2", ".tar"};
	if (s.n > 0 && (s.p[0] == '/' || s.p[0] == '.' || s.p[0] == '~'))
		return true;
	for (size_t i = 0; i < countof(suffixes); i++)
		if (str_has_suffix(s, str_from(suffixes[i])))
			return true;
	return false;
}

static size_t version_at(const struct packager *m, struct str s)
{
	if (!m->separator)
		return STR_NPOS;
	size_t from = str_has_prefix(s, STR("@")) ? 1 : 0;
	size_t at = str_find(str_from_index(s, from), str_from(m->separator));
	return at == STR_NPOS || at + from == 0 ? STR_NPOS : at + from;
}

/* name-1.2.3: what looks like a version behind the last dash but one. */
static size_t dashed_version(struct str s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '-' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9' &&
			str_find_byte(str_from_index(s, i), '.') != STR_NPOS)
			return i;
	return STR_NPOS;
}

static bool is_floating(struct str version)
{
	return version.n == 0 || str_has_prefix(version, STR("dev-")) ||
		word_in(version, "latest next stable edge master main HEAD *") ||
		str_find_byte(version, '*') != STR_NPOS || strchr("^~><", version.p[0]) != NULL;
}

static void add_name(struct eval *e, struct packages *p, struct str s)
{
	size_t at = version_at(p->m, s);
	size_t skip = p->m->separator ? strlen(p->m->separator) : 1;
	struct str version = {0};
	if (at == STR_NPOS && word_in(str_from(p->m->name), "dnf pacman"))
		at = dashed_version(s);
	if (at != STR_NPOS)
		version = str_from_index(s, at + skip);
	if (version.p && is_floating(version))
		version = (struct str){0};
	list_push(e->scratch, &p->names) = str_sub(s, 0, at);
	list_push(e->scratch, &p->versions) = version;
}

static bool is_url(struct str s)
{
	return str_contains(s, STR("://")) || str_has_prefix(s, STR("git+")) ||
		str_has_prefix(s, STR("git@")) || str_has_prefix(s, STR("github:"));
}

/* go: directories and files of the module that is at hand */
static bool is_local_go(const struct packager *m, struct str s)
{
	return str_is(str_from(m->name), "go") &&
		(s.n == 0 || s.p[0] == '.' || s.p[0] == '/' || str_has_suffix(s, STR(".go")));
}

static void add_operand(struct eval *e, struct packages *p, const struct opt *o)
{
	struct str s = o->text;
	struct str prefix = s.p ? s : value_prefix(e, &o->value);
	if (is_url(prefix)) {
		p->url = s.p ? s : prefix;
		p->url_value = o->value;
		return;
	}
	if (p->one && p->names.n > 0)
		return;
	if (!s.p) {
		list_push(e->scratch, &p->names) = s;
		list_push(e->scratch, &p->versions) = s;
		return;
	}
	/* gem: options for the build of an extension, behind -- */
	if (p->local || is_local_go(p->m, s) || str_has_prefix(s, STR("-"))) {
		p->local = p->local || (p->one && p->names.n == 0);
		return;
	}
	bool docker = str_is(str_from(p->m->name), "docker");
	if (!docker && is_package_file(s) && !str_is(str_from(p->m->name), "go")) {
		p->file = s;
		return;
	}
	if (!docker) {
		add_name(e, p, s);
		return;
	}
	if (p->names.n > 0)
		return;
	size_t at = str_find(s, STR("@sha256:"));
	size_t colon = str_rfind_byte(s, ':');
	size_t slash = str_rfind_byte(s, '/');
	bool tag = colon != STR_NPOS && (slash == STR_NPOS || colon > slash);
	p->hashed = at != STR_NPOS;
	list_push(e->scratch, &p->names) = str_sub(s, 0, p->hashed ? at : tag ? colon : s.n);
	list_push(e->scratch, &p->versions) = p->hashed ? str_from_index(s, at + 1)
		: tag                                   ? str_from_index(s, colon + 1)
							: (struct str){0};
}

static void read_option(struct eval *e, struct packages *p, const struct opt *o)
{
	if (opt_is(o, "-o --option --setopt") && o->text.p)
		list_push(e->scratch, &p->flags) = o->text;
	if (p->m->version_option && opt_is(o, "-v --version --revision --tag --rev"))
		p->version = o->text;
	if (opt_is(o, "--git --repo --add-repo -e --editable") && o->value.n > 0 &&
		is_url(value_prefix(e, &o->value)))
		add_operand(e, p, o);
	else if (opt_is(o, "-e --editable") && o->text.n > 0)
		p->file = o->text;
	if (opt_is(o, "-r --requirement") && str_is(str_from(p->m->name), "pip"))
		p->requirements = true;
	if (opt_is(o, "--require-hashes --frozen-lockfile --immutable --locked"))
		p->hashed = true;
}

static struct packages packages_of(
	struct eval *e, const struct command *c, const struct packager *m)
{
	struct packages p = {.m = m, .action = m->letters ? letter_action(e, m, c) : NULL};
	struct str_list operands = {0};
	struct opts o = opts_of(e, c, &m->spec);
	struct opt opt;
	p.verb_seen = m->letters;
	flags_of(e, c, &p.flags, &operands);
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0) {
			read_option(e, &p, &opt);
			continue;
		}
		const char *action = !m->letters && opt.text.p ? verb_action(m, opt.text) : NULL;
		if (!p.verb_seen && action) {
			p.verb_seen = true;
			p.action = action;
			p.hashed = p.hashed || word_in(opt.text, "ci clean-install");
			p.one = word_in(opt.text, "run") && str_is(str_from(m->name), "go");
		} else if (p.verb_seen) {
			add_operand(e, &p, &opt);
		}
	}
	if (!p.action)
		p.action = "other";
	return p;
}

static bool all_pinned(const struct packages *p)
{
	if (p->hashed || p->pinned)
		return true;
	if (strcmp(p->m->name, "docker") == 0)
		return false;
	if (p->version.p && !is_floating(p->version))
		return true;
	bool any = p->names.n > 0;
	for (size_t i = 0; i < p->versions.n; i++)
		any = any && p->versions.items[i].p;
	return any;
}

/* ---- Facts ---------------------------------------------------------------------------------- */

static void emit_package(
	struct eval *e, const struct command *c, const struct packages *p, const struct url *url)
{
	struct members m = members_of(e, c);
	struct str manager = str_from(p->m->name);
	if (str_is(manager, "dnf") && str_has_prefix(base_name(c->words[0]), STR("yum")))
		manager = STR("yum");
	put_str(&m, "manager", manager);
	put_cstr(&m, "action", p->action);
	put_list(&m, "names", p->names.items, p->names.n);
	put_list(&m, "versions", p->versions.items, p->versions.n);
	put_bool(&m, "pinned", all_pinned(p));
	put_bool(&m, "hashed", p->hashed);
	put_list(&m, "flags", p->flags.items, p->flags.n);
	put_str(&m, "url", url ? url->prefix : (struct str){0});
	put_str(&m, "file", p->file.n != 0 ? p->file : (struct str){0});
	emit(e, FACT_PACKAGE, c, &m);
}

static bool has_commit(struct str url)
{
	size_t at = str_rfind_byte(url, '@');
	struct str rest = at == STR_NPOS ? STR("") : str_from_index(url, at + 1);
	rest = str_sub(rest, 0, str_find_byte(rest, '#'));
	size_t hex = 0;
	while (hex < rest.n && memchr("0123456789abcdef", rest.p[hex], 16))
		hex++;
	return hex == rest.n && (hex == 40 || hex == 64);
}

/* A package of the network or of a file is code that runs as it is installed. */
static void package_flows(
	struct eval *e, const struct command *c, const struct packages *p, struct url *url)
{
	struct sink sink = {.to = "package", .name = base_name(c->words[0]), .file = p->file};
	bool installs = strcmp(p->action, "install") == 0;
	if (p->url_value.n > 0 && installs) {
		struct download d = {
			.tool = base_name(c->words[0]), .url = *url, .pinned = p->pinned};
		struct source *s = download_emit(e, c, &d);
		flow_into(e, c, taint_of(e, s), &sink);
	}
	if (!installs || p->file.n == 0)
		return;
	struct str inside = arena_printf(e->scratch, "%.*s/x", STR_ARG(p->file));
	const struct file *f = guest_find(e, p->file);
	if (!f)
		f = guest_find(e, inside);
	if (f)
		flow_into(e, c, value_taint(e, &f->content), &sink);
}

/* Without a package the tool takes the one of the directory, and runs its scripts. */
static void directory_flows(struct eval *e, const struct command *c, const struct packages *p)
{
	struct str manager = str_from(p->m->name);
	bool scripts = word_in(manager, "npm yarn pnpm composer") &&
		(strcmp(p->action, "install") == 0 || has_word(c, "run start test exec build"));
	bool compiles = word_in(manager, "cargo go") && !has_word(c, "--git") &&
		has_word(c, "build run test install generate get") && p->url_value.n == 0;
	if (str_is(manager, "go") && !has_word(c, ". ./... ./"))
		compiles = compiles && p->names.n == 0;
	if (p->names.n > 0 && !has_word(c, ". ./... run start test exec build"))
		return;
	if (scripts || compiles || (str_is(manager, "docker") && has_word(c, "build compose")))
		run_directory(e, c, STR("."));
}

static void package_done(struct eval *e, const struct command *c, struct packages *p)
{
	struct url url = {0};
	if (p->url_value.n > 0) {
		struct value v = p->url_value;
		struct str s;
		if (value_const(e, &v, &s) && str_has_prefix(s, STR("git+")))
			v = value_text(e, str_from_index(s, 4));
		url = url_parse(e, &v);
		struct str text = value_prefix(e, &p->url_value);
		p->pinned = url.text.p &&
			(has_commit(text) || p->hashed || str_contains(text, STR("#sha256=")));
	}
	emit_package(e, c, p, p->url_value.n > 0 ? &url : NULL);
	package_flows(e, c, p, &url);
}

/* Of yum-config-manager and its like: settings change otherwise. */
static bool adds_repository(const struct packages *p)
{
	for (size_t i = 0; i < p->flags.n; i++)
		if (str_is(p->flags.items[i], "--add-repo"))
			return true;
	return p->url_value.n > 0;
}

static int run_packager(struct eval *e, const struct command *c, struct outcome *out)
{
	const struct packager *m = packager_find(base_name(c->words[0]));
	*out = outcome_unknown();
	if (!m)
		return 0;
	struct packages p = packages_of(e, c, m);
	if (str_is(str_from(m->name), "pip") && p.requirements && p.names.n == 0 && !p.hashed)
		list_push(e->scratch, &p.flags) = STR("-r");
	if (str_is(str_from(m->name), "pacman") && has_word(c, "-Syu -Syyu -Su"))
		p.action = "upgrade";
	if (str_is(str_from(m->name), "rpm") && strcmp(p.action, "other") == 0 &&
		has_word(c, "-K --checksig") && p.file.n > 0) {
		const struct file *f = guest_find(e, p.file);
		struct checked k = {
			p.file, f ? value_taint(e, &f->content) : NULL, "rpm", keyring_reason(e)};
		out->when[1] = check_made(e, c, &k, NULL);
	}
	if (has_word(c, "config-manager") && !adds_repository(&p))
		p.action = "config";
	if (strcmp(p.action, "other") != 0)
		package_done(e, c, &p);
	directory_flows(e, c, &p);
	out_unknown(e, c, NULL);
	return 1;
}

/* ---- Repositories and keys ------------------------------------------------------------------ */

static int run_repository(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct packager apt = {.name = "apt"};
	static const struct packager dnf = {.name = "dnf"};
	static const struct optspec spec = {.shorts = "ksu"};
	bool yum = str_has_suffix(base_name(c->words[0]), STR("-config-manager"));
	struct packages p = {.m = yum ? &dnf : &apt, .action = "repository"};
	struct str_list operands = {0};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	flags_of(e, c, &p.flags, &operands);
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		struct str s = value_prefix(e, &opt.value);
		size_t at = str_find(s, STR("://"));
		if (opt.name.n != 0 && (at == STR_NPOS || opt_is(&opt, "--setopt")))
			continue;
		if (at != STR_NPOS && opt.text.p) {
			/* deb [options] URL suite */
			size_t start = at;
			while (start > 0 && s.p[start - 1] > ' ')
				start--;
			struct str url = str_from_index(s, start);
			p.url_value = value_text(e, str_sub(url, 0, str_find_byte(url, ' ')));
		} else if (at != STR_NPOS) {
			p.url_value = opt.value;
		} else if (s.n > 0) {
			list_push(e->scratch, &p.names) = s;
			list_push(e->scratch, &p.versions) = (struct str){0};
		}
	}
	if (yum && !adds_repository(&p))
		p.action = "config";
	package_done(e, c, &p);
	return 1;
}

static int run_apt_key(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct packager apt = {.name = "apt"};
	struct packages p = {.m = &apt, .action = "key"};
	struct str_list operands = {0};
	*out = outcome_unknown();
	if (!has_word(c, "add adv --recv-keys"))
		return 1;
	flags_of(e, c, &p.flags, &operands);
	for (size_t i = 2; i < c->argc; i++)
		if (c->words[i].p && !str_has_prefix(c->words[i], STR("-")) && word_is(c, 1, "add"))
			p.file = c->words[i];
	emit_package(e, c, &p, NULL);
	return 1;
}

const struct command_entry commands_package[] = {
	{"apt apt-get aptitude yum dnf tdnf microdnf dnf5 zypper apk dpkg rpm pacman yay paru pip "
	 "pip2 pip3 pipx uv npm yarn pnpm gem cargo go snap flatpak brew conda mamba micromamba "
	 "composer helm ansible-galaxy docker podman nerdctl pip3.8 pip3.9 pip3.10 pip3.11 pip3.12",
		run_packager},
	{"add-apt-repository apt-add-repository yum-config-manager dnf-config-manager",
		run_repository},
	{"apt-key", run_apt_key},
	{0},
};
