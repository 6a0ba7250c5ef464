/* cloud-init's files: cloud-config with subiquity's autoinstall, MIME messages, includes. */
#include "audit/eval/guest.h"
#include "audit/eval/yaml.h"

#include "base/encode.h"

#define WORDS_MAX 256

static struct str join(struct content *k, const char *before, struct str text, const char *after)
{
	return arena_printf(k->e->scratch, "%s%.*s%s", before, STR_ARG(text), after);
}

/* ---- Commands ------------------------------------------------------------------------------- */

static struct str quoted(struct content *k, struct str word)
{
	scoped(buf) b = {0};
	buf_add_byte(&b, '\'');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			buf_add_cstr(&b, "'\\'");
		buf_add_byte(&b, word.p[i]);
	}
	buf_add_byte(&b, '\'');
	return arena_str(k->e->scratch, buf_str(&b));
}

/* The words of a list, each as it is. */
static void run_words(struct content *k, const struct yaml *list)
{
	struct str words[WORDS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < list->n && n < WORDS_MAX; i++) {
		if (list->items[i]->type == YAML_SCALAR)
			words[n++] = quoted(k, list->items[i]->text);
	}
	content_run(k, arena_join(k->e->scratch, words, n, STR(" ")), &list->span, false);
}

static void run_item(struct content *k, const struct yaml *item)
{
	if (item->type == YAML_SCALAR)
		content_run(k, item->text, &item->span, item->by_line);
	else if (item->type == YAML_LIST)
		run_words(k, item);
	else
		content_opaque(k, &item->span, "syntax",
			STR("neither a command nor a list of words (a colon and a blank in it?)"));
}

/* snap and others take maps too, whose order is that of their keys. */
static void run_commands(struct content *k, const struct yaml *list)
{
	if (list->type == YAML_SCALAR && list->text.n > 0)
		run_item(k, list);
	for (size_t i = 0; list->type != YAML_SCALAR && i < list->n; i++)
		run_item(k, list->items[i]);
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* "0644", 0644, 0o644: four octal digits, or nothing. */
static struct str mode_of(struct content *k, const struct yaml *file)
{
	struct str mode = yaml_text(file, "permissions");
	if (str_has_prefix(mode, STR("0o")))
		mode = str_from_index(mode, 2);
	while (mode.n > 4 && mode.p[0] == '0')
		mode = str_from_index(mode, 1);
	for (size_t i = 0; i < mode.n; i++) {
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return STR("");
	}
	if (mode.n < 3 || mode.n > 4)
		return STR("");
	return mode.n == 3 ? join(k, "0", mode, "") : mode;
}

static bool decode(struct content *k, struct str text, struct str *out)
{
	scoped(buf) joined = {0};
	buf_init(&joined, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (!strchr(" \t\r\n", text.p[i]))
			buf_add_byte(&joined, text.p[i]);
	}
	return joined.n > 0 && base64_decode(k->e->scratch, buf_str(&joined), out);
}

/* False, and told, when it is not known what is in the file. */
static bool decode_file(
	struct content *k, struct str encoding, const struct span *at, struct content_file *f)
{
	bool base64 = word_in(encoding, "b64 base64 gz+b64 gz+base64 gzip+b64 gzip+base64");
	bool gzip = str_has_prefix(encoding, STR("gz"));
	const char *problem = NULL;
	f->by_line = f->by_line && !base64 && !gzip;
	if (base64 && !decode(k, f->content, &f->content))
		problem = "this is not base64";
	else if (gzip && !content_gunzip(k, f->content, &f->content))
		problem = "this is not gzip";
	else if (!base64 && !gzip && !word_in(encoding, "text/plain"))
		problem = "content of an encoding that is not known";
	if (problem)
		content_opaque(k, at, "encoded", str_from(problem));
	return !problem || (base64 && !gzip);
}

static void write_file(struct content *k, const struct yaml *file)
{
	const struct yaml *content = yaml_find(file, "content");
	struct str encoding = yaml_text(file, "encoding");
	struct content_file f = {
		.path = yaml_text(file, "path"),
		.mode = mode_of(k, file),
		.append = yaml_is_true(yaml_find(file, "append")),
	};
	if (file->type != YAML_MAP || f.path.n == 0)
		return;
	const struct span *at = content ? &content->span : &file->span;
	const struct yaml *source = yaml_find(file, "source");
	if (source && yaml_text(source, "uri").n > 0) {
		const struct str words[] = {
			STR("curl"), STR("-o"), f.path, yaml_text(source, "uri")};
		content_command(k, &source->span, words, countof(words));
		return;
	}
	f.content = content && content->type == YAML_SCALAR ? content->text : STR("");
	f.by_line = content && content->by_line;
	if (content && str_is(content->tag, "!!binary") && decode(k, f.content, &f.content))
		f.by_line = false;
	if (encoding.n > 0 && !decode_file(k, encoding, at, &f))
		return;
	content_write(k, at, &f);
}

static void read_files(struct content *k, const struct yaml *list)
{
	for (size_t i = 0; list->type == YAML_LIST && i < list->n; i++)
		write_file(k, list->items[i]);
}

/* ---- Accounts ------------------------------------------------------------------------------- */

static void add_keys(struct content *k, const struct yaml *keys, struct str user)
{
	bool root = str_is(user, "root");
	for (size_t i = 0; keys && keys->type == YAML_LIST && i < keys->n; i++) {
		struct content_file f = {
			.path = root ? STR("/root/.ssh/authorized_keys")
				     : join(k, "/home/", user, "/.ssh/authorized_keys"),
			.content = join(k, "", keys->items[i]->text, "\n"),
			.append = true,
		};
		content_write(k, &keys->items[i]->span, &f);
	}
}

static void add_sudo_rule(struct content *k, const struct yaml *rule, struct str user)
{
	struct content_file f = {.path = STR("/etc/sudoers.d/90-cloud-init-users"),
		.mode = STR("0440"),
		.append = true};
	if (rule->type != YAML_SCALAR || rule->text.n == 0 ||
		word_in(rule->text, "false False null ~"))
		return;
	f.content = arena_printf(k->e->scratch, "%.*s %.*s\n", STR_ARG(user), STR_ARG(rule->text));
	content_write(k, &rule->span, &f);
}

static void add_sudo(struct content *k, const struct yaml *sudo, struct str user)
{
	if (sudo && sudo->type == YAML_SCALAR)
		add_sudo_rule(k, sudo, user);
	for (size_t i = 0; sudo && sudo->type == YAML_LIST && i < sudo->n; i++)
		add_sudo_rule(k, sudo->items[i], user);
}

static void set_password(struct content *k, const struct yaml *value, struct str user)
{
	if (!value || value->type != YAML_SCALAR || value->text.n == 0)
		return;
	/* A hash is told by its first byte. */
	bool hash = value->text.p[0] == '$';
	const struct str words[] = {STR("usermod"), STR("-p"), value->text, user};
	struct str pair[] = {user, value->text};
	if (hash)
		content_command(k, &value->span, words, countof(words));
	else
		content_feed(
			k, &value->span, "chpasswd", arena_join(k->e->scratch, pair, 2, STR(":")));
}

static struct str words_of(struct content *k, const struct yaml *value)
{
	struct str words[WORDS_MAX];
	size_t n = 0;
	if (!value || value->type == YAML_SCALAR)
		return value ? value->text : STR("");
	for (size_t i = 0; i < value->n && n < WORDS_MAX; i++)
		words[n++] = value->items[i]->text;
	return arena_join(k->e->scratch, words, n, STR(","));
}

static void add_user(struct content *k, const struct yaml *user)
{
	static const char *const passwords[] = {
		"passwd", "hashed_passwd", "plain_text_passwd", "password"};
	struct str name = yaml_text(user, "name");
	struct str words[10] = {STR("useradd"), STR("-m")};
	size_t n = 2;
	if (name.n == 0)
		return;
	struct str groups = words_of(k, yaml_find(user, "groups"));
	struct str shell = yaml_text(user, "shell");
	struct str uid = yaml_text(user, "uid");
	if (groups.n > 0) {
		words[n++] = STR("-G");
		words[n++] = groups;
	}
	if (shell.n > 0) {
		words[n++] = STR("-s");
		words[n++] = shell;
	}
	if (uid.n > 0) {
		words[n++] = STR("-u");
		words[n++] = uid;
	}
	words[n++] = name;
	content_command(k, &user->span, words, n);
	for (size_t i = 0; i < countof(passwords); i++)
		set_password(k, yaml_find(user, passwords[i]), name);
	add_sudo(k, yaml_find(user, "sudo"), name);
	add_keys(k, yaml_find(user, "ssh_authorized_keys"), name);
	add_keys(k, yaml_find(user, "ssh-authorized-keys"), name);
}

static void read_users(struct content *k, const struct yaml *list)
{
	for (size_t i = 0; list->type == YAML_LIST && i < list->n; i++)
		add_user(k, list->items[i]);
}

static void read_user(struct content *k, const struct yaml *user)
{
	add_user(k, user);
}

/* The list is one text of "user:password", or a list of them. */
static void read_passwords(struct content *k, const struct yaml *map)
{
	const struct yaml *list = yaml_find(map, "list");
	const struct yaml *users = yaml_find(map, "users");
	if (list && list->type == YAML_SCALAR)
		content_feed(k, &list->span, "chpasswd", list->text);
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++)
		content_feed(k, &list->items[i]->span, "chpasswd", list->items[i]->text);
	for (size_t i = 0; users && users->type == YAML_LIST && i < users->n; i++) {
		const struct yaml *user = users->items[i];
		set_password(k, yaml_find(user, "password"), yaml_text(user, "name"));
	}
}

static void read_password(struct content *k, const struct yaml *value)
{
	set_password(k, value, STR("user"));
}

static void read_keys(struct content *k, const struct yaml *keys)
{
	add_keys(k, keys, STR("user"));
}

static void set_ssh(struct content *k, const struct yaml *value, const char *word)
{
	struct content_file f = {
		.path = STR("/etc/ssh/sshd_config.d/50-cloud-init.conf"),
		.content = join(k, word, yaml_is_true(value) ? STR("yes") : STR("no"), "\n"),
		.append = true,
	};
	content_write(k, &value->span, &f);
}

static void read_ssh_passwords(struct content *k, const struct yaml *value)
{
	if (!word_in(value->text, "unchanged"))
		set_ssh(k, value, "PasswordAuthentication ");
}

/* Only what opens the account says something. */
static void read_disable_root(struct content *k, const struct yaml *value)
{
	struct yaml yes = {.type = YAML_SCALAR, .text = STR("true"), .span = value->span};
	if (word_in(value->text, "false False no"))
		set_ssh(k, &yes, "PermitRootLogin ");
}

/* Private keys of the host. */
static void read_host_keys(struct content *k, const struct yaml *map)
{
	for (size_t i = 0; map->type == YAML_MAP && i < map->n; i++) {
		struct content_file f = {
			.path = join(k, "/etc/ssh/ssh_host_", map->items[i]->key, "_key"),
			.content = map->items[i]->text,
			.mode = STR("0600"),
		};
		content_write(k, &map->items[i]->span, &f);
	}
}

/* ---- Packages ------------------------------------------------------------------------------- */

/* [name, version] or a name; maps are lists by manager. */
static void read_packages(struct content *k, const struct yaml *list)
{
	struct str words[WORDS_MAX] = {STR("apt-get"), STR("install"), STR("-y")};
	size_t n = 3;
	for (size_t i = 0; list->type == YAML_LIST && i < list->n && n < WORDS_MAX; i++) {
		const struct yaml *item = list->items[i];
		if (item->type == YAML_SCALAR)
			words[n++] = item->text;
		else if (item->type == YAML_LIST && item->n == 2)
			words[n++] = arena_printf(k->e->scratch, "%.*s=%.*s",
				STR_ARG(item->items[0]->text), STR_ARG(item->items[1]->text));
	}
	if (n > 3)
		content_command(k, &list->span, words, n);
}

static void read_snaps(struct content *k, const struct yaml *list)
{
	for (size_t i = 0; list->type == YAML_LIST && i < list->n; i++) {
		const struct yaml *snap = list->items[i];
		struct str words[5] = {STR("snap"), STR("install")};
		size_t n = 2;
		words[n++] = snap->type == YAML_MAP ? yaml_text(snap, "name") : snap->text;
		if (yaml_is_true(yaml_find(snap, "classic")))
			words[n++] = STR("--classic");
		if (words[2].n > 0)
			content_command(k, &snap->span, words, n);
	}
}

static void read_snap(struct content *k, const struct yaml *map)
{
	const struct yaml *commands = yaml_find(map, "commands");
	if (commands)
		run_commands(k, commands);
}

static void read_apt_source(struct content *k, const struct yaml *source)
{
	struct str line = yaml_text(source, "source");
	struct str keyid = yaml_text(source, "keyid");
	struct str server = yaml_text(source, "keyserver");
	const struct yaml *key = yaml_find(source, "key");
	struct content_file f = {
		.path = join(k, "/etc/apt/sources.list.d/", source->key, ".list"),
		.content = join(k, "", line, "\n"),
	};
	if (line.n > 0 && !str_has_prefix(line, STR("ppa:")))
		content_write(k, &source->span, &f);
	if (str_has_prefix(line, STR("ppa:"))) {
		const struct str words[] = {STR("add-apt-repository"), STR("-y"), line};
		content_command(k, &source->span, words, countof(words));
	}
	if (keyid.n > 0) {
		const struct str words[] = {STR("apt-key"), STR("adv"), STR("--keyserver"),
			server.n > 0 ? server : STR("keyserver.ubuntu.com"), STR("--recv-keys"),
			keyid};
		content_command(k, &source->span, words, countof(words));
	}
	if (key && key->type == YAML_SCALAR) {
		struct content_file pem = {
			.path = join(k, "/etc/apt/trusted.gpg.d/", source->key, ".asc"),
			.content = key->text,
			.by_line = key->by_line,
		};
		content_write(k, &key->span, &pem);
	}
}

static void read_apt(struct content *k, const struct yaml *map)
{
	const struct yaml *sources = yaml_find(map, "sources");
	const struct yaml *conf = yaml_find(map, "conf");
	for (size_t i = 0; sources && sources->type == YAML_MAP && i < sources->n; i++)
		read_apt_source(k, sources->items[i]);
	if (conf && conf->type == YAML_SCALAR) {
		struct content_file f = {.path = STR("/etc/apt/apt.conf.d/94cloud-init-config"),
			.content = conf->text,
			.by_line = conf->by_line};
		content_write(k, &conf->span, &f);
	}
}

static void read_yum(struct content *k, const struct yaml *repos)
{
	for (size_t i = 0; repos->type == YAML_MAP && i < repos->n; i++) {
		const struct yaml *repo = repos->items[i];
		scoped(buf) text = {0};
		buf_printf(&text, "[%.*s]\n", STR_ARG(repo->key));
		for (size_t j = 0; repo->type == YAML_MAP && j < repo->n; j++) {
			const struct yaml *value = repo->items[j];
			struct str shown = value->text;
			if (value->plain && word_in(shown, "true True yes"))
				shown = STR("1");
			if (value->plain && word_in(shown, "false False no"))
				shown = STR("0");
			buf_printf(&text, "%.*s=%.*s\n", STR_ARG(value->key), STR_ARG(shown));
		}
		struct content_file f = {
			.path = join(k, "/etc/yum.repos.d/", repo->key, ".repo"),
			.content = arena_str(k->e->scratch, buf_str(&text)),
		};
		content_write(k, &repo->span, &f);
	}
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* Modules that bring code of somebody else. */
static void read_foreign(struct content *k, const struct yaml *value)
{
	content_opaque(k, &value->span, "script",
		join(k, "what ", value->key, " brings is not in the commit"));
}

/* What is told to an address when the machine is up. */
static void read_phone_home(struct content *k, const struct yaml *map)
{
	const struct str words[] = {STR("curl"), STR("-X"), STR("POST"), STR("-d"),
		STR("hostname=$(hostname)"), yaml_text(map, "url")};
	if (words[5].n > 0)
		content_command(k, &map->span, words, countof(words));
}

/* Certificates that the machine trusts from then on. */
static void read_certificates(struct content *k, const struct yaml *map)
{
	const struct yaml *trusted = yaml_find(map, "trusted");
	for (size_t i = 0; trusted && trusted->type == YAML_LIST && i < trusted->n; i++) {
		struct content_file f = {
			.path = STR("/usr/local/share/ca-certificates/cloud-init-ca-certs.crt"),
			.content = trusted->items[i]->text,
			.append = true,
		};
		content_write(k, &trusted->items[i]->span, &f);
	}
	if (trusted) {
		const struct str word = STR("update-ca-certificates");
		content_command(k, &map->span, &word, 1);
	}
}

/* "gh:NAME": keys that the network holds. */
static void read_imported(struct content *k, const struct yaml *list)
{
	for (size_t i = 0; list->type == YAML_LIST && i < list->n; i++) {
		const struct str words[] = {STR("ssh-import-id"), list->items[i]->text};
		content_command(k, &list->items[i]->span, words, countof(words));
	}
}

static void read_update(struct content *k, const struct yaml *value)
{
	const struct str words[] = {STR("apt-get"), STR("update")};
	if (yaml_is_true(value))
		content_command(k, &value->span, words, countof(words));
}

static void read_upgrade(struct content *k, const struct yaml *value)
{
	const struct str words[] = {STR("apt-get"), STR("dist-upgrade"), STR("-y")};
	if (yaml_is_true(value))
		content_command(k, &value->span, words, countof(words));
}

/* A repository of playbooks that the machine fetches and runs. */
static void read_ansible(struct content *k, const struct yaml *map)
{
	const struct yaml *pull = yaml_find(map, "pull");
	size_t n = pull && pull->type == YAML_LIST ? pull->n : pull != NULL;
	for (size_t i = 0; i < n; i++) {
		const struct yaml *one = pull->type == YAML_LIST ? pull->items[i] : pull;
		const struct str words[] = {STR("ansible-pull"), STR("-U"), yaml_text(one, "url"),
			yaml_text(one, "playbook_name")};
		content_command(k, &one->span, words, countof(words));
	}
	if (n == 0)
		read_foreign(k, map);
}

typedef void read_fn(struct content *k, const struct yaml *value);

struct key {
	const char *name;
	read_fn *read;
};

/* In the order in which cloud-init's modules run. */
static const struct key cloud_keys[] = {
	{"bootcmd", run_commands},
	{"write_files", read_files},
	{"users", read_users},
	{"user", read_user},
	{"ssh_keys", read_host_keys},
	{"ssh_authorized_keys", read_keys},
	{"disable_root", read_disable_root},
	{"ssh_pwauth", read_ssh_passwords},
	{"password", read_password},
	{"chpasswd", read_passwords},
	{"ssh_import_id", read_imported},
	{"ca_certs", read_certificates},
	{"ca-certs", read_certificates},
	{"apt", read_apt},
	{"yum_repos", read_yum},
	{"package_update", read_update},
	{"package_upgrade", read_upgrade},
	{"packages", read_packages},
	{"snap", read_snap},
	{"ansible", read_ansible},
	{"chef", read_foreign},
	{"mcollective", read_foreign},
	{"puppet", read_foreign},
	{"salt_minion", read_foreign},
	{"phone_home", read_phone_home},
	{"runcmd", run_commands},
};

static void read_keys_of(
	struct content *k, const struct yaml *map, const struct key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct yaml *value = yaml_find(map, keys[i].name);
		if (value && charge(k->e, 8))
			keys[i].read(k, value);
	}
}

static void read_cloud(struct content *k, const struct yaml *map)
{
	read_keys_of(k, map, cloud_keys, countof(cloud_keys));
}

/* ---- Subiquity ------------------------------------------------------------------------------ */

static void read_identity(struct content *k, const struct yaml *map)
{
	struct str name = yaml_text(map, "username");
	const struct str words[] = {
		STR("useradd"), STR("-m"), STR("-G"), STR("adm,cdrom,dip,lxd,plugdev,sudo"), name};
	if (name.n == 0)
		return;
	content_command(k, &map->span, words, countof(words));
	set_password(k, yaml_find(map, "password"), name);
}

static void read_ssh(struct content *k, const struct yaml *map)
{
	const struct yaml *allowed = yaml_find(map, "allow-pw");
	add_keys(k, yaml_find(map, "authorized-keys"), STR("user"));
	if (allowed)
		set_ssh(k, allowed, "PasswordAuthentication ");
}

static const struct key subiquity_keys[] = {
	{"early-commands", run_commands},
	{"identity", read_identity},
	{"ssh", read_ssh},
	{"apt", read_apt},
	{"packages", read_packages},
	{"snaps", read_snaps},
	{"late-commands", run_commands},
	{"user-data", read_cloud},
	{"error-commands", run_commands},
};

static void read_archive(struct content *k, const struct yaml *list)
{
	for (size_t i = 0; list->type == YAML_LIST && i < list->n; i++) {
		const struct yaml *part = list->items[i];
		const struct yaml *content =
			part->type == YAML_SCALAR ? part : yaml_find(part, "content");
		if (content && content->type == YAML_SCALAR)
			content_part(k, content->text,
				&(struct content_at){content->span, content->by_line},
				yaml_text(part, "filename"));
	}
}

void content_cloud_config(struct content *k)
{
	struct yaml_document d;
	struct str text = k->unit->text;
	yaml_parse(&d, k->e->scratch, text);
	charge(k->e, text.n / 4);
	if (!d.ok)
		content_opaque(k, &d.place, "syntax", d.problem);
	if (!d.root)
		return;
	const struct yaml *install = yaml_find(d.root, "autoinstall");
	if (str_has_prefix(text, STR("#cloud-config-archive")))
		read_archive(k, d.root);
	if (install)
		read_keys_of(k, install, subiquity_keys, countof(subiquity_keys));
	read_cloud(k, d.root);
	/* A file for the installer itself has its keys at the top. */
	if (!install && yaml_find(d.root, "late-commands"))
		read_keys_of(k, d.root, subiquity_keys, countof(subiquity_keys));
}

/* ---- Includes ------------------------------------------------------------------------------- */

void content_cloud_include(struct content *k)
{
	struct str text = k->unit->text;
	struct str rest = text;
	struct str line;
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(k->e, 4)) {
		struct span at = {.off = (uint32_t)(line.p - text.p), .line = ++number, .col = 1};
		struct str words[2];
		size_t n = content_words(k, line, words, 2);
		struct str url = n > 0 ? words[n - 1] : STR("");
		if (str_contains(url, STR("://")))
			content_run(k,
				arena_printf(k->e->scratch, "curl -fsSL %.*s | sh",
					STR_ARG(quoted(k, url))),
				&at, false);
	}
}

/* ---- MIME ----------------------------------------------------------------------------------- */

struct header {
	struct str boundary; /* p NULL: none */
	struct str encoding;
	size_t body; /* index behind the empty line */
	uint32_t lines; /* up to there */
};

static struct str parameter(struct str line, const char *name)
{
	struct str none = {0};
	size_t at = str_find(line, str_from(name));
	if (at == STR_NPOS)
		return none;
	struct str rest = str_from_index(line, at + strlen(name));
	if (rest.n > 0 && rest.p[0] == '"') {
		rest = str_from_index(rest, 1);
		return str_sub(rest, 0, str_find_byte(rest, '"'));
	}
	return str_trim(str_sub(rest, 0, str_find_byte(rest, ';')));
}

static bool has_name(struct str line, const char *name)
{
	return str_eq_nocase(str_sub(line, 0, strlen(name)), str_from(name));
}

static struct header read_header(struct str text)
{
	struct header h = {.body = text.n};
	struct str rest = text;
	struct str line;
	while (str_cut(&rest, '\n', &line)) {
		h.lines++;
		if (str_trim(line).n == 0) {
			h.body = rest.p ? (size_t)(rest.p - text.p) : text.n;
			break;
		}
		struct str boundary = parameter(line, "boundary=");
		if (boundary.p)
			h.boundary = boundary;
		if (has_name(line, "Content-Transfer-Encoding:"))
			h.encoding = str_trim(str_from_index(line, 26));
	}
	return h;
}

static void read_part(struct content *k, struct str text, uint32_t line)
{
	struct header h = read_header(text);
	struct str body = str_from_index(text, h.body);
	struct content_at at = {.span = {.line = line + h.lines, .col = 1}, .by_line = true};
	struct str decoded;
	if (str_eq_nocase(h.encoding, STR("base64"))) {
		at.by_line = false;
		if (decode(k, body, &decoded))
			content_part(k, decoded, &at, STR(""));
		else
			content_opaque(k, &at.span, "encoded", STR("this is not base64"));
		return;
	}
	if (h.boundary.p) {
		at.span.line = line;
		content_part(k, text, &at, STR(""));
		return;
	}
	if (str_trim(body).n > 0)
		content_part(k, body, &at, STR(""));
}

void content_mime(struct content *k)
{
	struct str text = k->unit->text;
	struct header h = read_header(text);
	struct str rest = str_from_index(text, h.body);
	struct str line;
	uint32_t number = h.lines;
	size_t start = 0;
	uint32_t first = 0;
	struct str mark = join(k, "--", h.boundary, "");
	if (!h.boundary.p || h.boundary.n == 0) {
		content_opaque(k, &(struct span){.line = 1, .col = 1}, "syntax",
			STR("a message of parts without a boundary"));
		return;
	}
	while (rest.p && str_cut(&rest, '\n', &line) && charge(k->e, 4)) {
		number++;
		if (!str_has_prefix(line, mark))
			continue;
		size_t at = (size_t)(line.p - text.p);
		if (first > 0)
			read_part(k, str_sub(text, start, at - start), first);
		bool last = str_has_prefix(str_from_index(line, mark.n), STR("--"));
		start = at + line.n + 1;
		first = last ? 0 : number + 1;
	}
	if (first > 0 && start < text.n)
		read_part(k, str_from_index(text, start), first);
}
