/*
 * Ignition (coreos/ignition, "Configuration Specification v3") as JSON, and Butane, its YAML: one
 * says contents.source, the other contents.inline too, and words are joined by _ instead of case.
 */
#include "audit/eval/guest.h"
#include "audit/eval/yaml.h"

#include "base/encode.h"

#define WORDS_MAX 64

static const struct yaml *either(const struct yaml *map, const char *json, const char *yaml)
{
	const struct yaml *found = yaml_find(map, json);
	return found ? found : yaml_find(map, yaml);
}

static struct str text_of(const struct yaml *map, const char *json, const char *yaml)
{
	const struct yaml *found = either(map, json, yaml);
	return found && found->type == YAML_SCALAR ? found->text : STR("");
}

static size_t count(const struct yaml *list)
{
	return list && list->type == YAML_LIST ? list->n : 0;
}

/* ---- Contents ------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX */
static struct str unescaped(struct content *k, struct str s)
{
	char *out = arena_alloc(k->e->scratch, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool escape = s.p[i] == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) >= 0 &&
			hex_value(s.p[i + 2]) >= 0;
		out[n++] = escape ? (char)(hex_value(s.p[i + 1]) * 16 + hex_value(s.p[i + 2]))
				  : s.p[i];
		i += escape ? 2 : 0;
	}
	return (struct str){out, n};
}

/* RFC 2397: "data:[type][;base64],bytes" */
static bool data_url(struct content *k, struct str url, struct str *out)
{
	size_t comma = str_find_byte(url, ',');
	if (!str_has_prefix(url, STR("data:")) || comma == STR_NPOS)
		return false;
	bool base64 = str_has_suffix(str_sub(url, 0, comma), STR(";base64"));
	*out = unescaped(k, str_from_index(url, comma + 1));
	return !base64 || base64_decode(k->e->scratch, *out, out);
}

/* Decimal in JSON, octal as people write it in YAML. */
static struct str mode_of(struct content *k, const struct yaml *file)
{
	struct str mode = yaml_text(file, "mode");
	uint64_t n = 0;
	bool octal = mode.n > 3 && mode.p[0] == '0';
	if (str_has_prefix(mode, STR("0o")))
		mode = str_from_index(mode, 2);
	for (size_t i = 0; octal && i < mode.n; i++)
		octal = mode.p[i] >= '0' && mode.p[i] <= '7';
	if (octal)
		return str_from_index(mode, mode.n - 4);
	if (!str_to_u64(mode, &n) || n > 07777)
		return STR("");
	return arena_printf(k->e->scratch, "%04o", (unsigned)n);
}

/* Nothing starts when the check fails. */
static void run_fatal(struct content *k, struct str code, const struct span *at)
{
	struct eval *e = k->e;
	const struct unit *old = e->unit;
	k->command->origin = unit_origin(k->unit, at);
	struct run r = {
		.to = "interpreter",
		.text = content_value(k, code),
		.path = k->path,
		.command = k->command,
		.dialect = SHELL_POSIX,
		.child = true,
		.errexit = true,
		.place = {k->unit, *at, false},
	};
	e->unit = k->unit;
	struct outcome o = run_code(e, &r);
	credit_apply(e, o.when[1], true);
	e->unit = old;
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\n')
			return false;
	}
	return true;
}

/* "sha512-HEX" */
static void fetch(struct content *k, const struct yaml *contents, struct str url, struct str path)
{
	struct str hash = yaml_text(yaml_find(contents, "verification"), "hash");
	size_t dash = str_find_byte(hash, '-');
	struct str words[] = {STR("curl"), STR("-fsSL"), STR("-o"), path, url};
	if (!is_plain(url) || !is_plain(path) || !is_plain(hash))
		return;
	content_command(k, &contents->span, words, countof(words));
	if (dash != STR_NPOS)
		run_fatal(k,
			arena_printf(k->e->scratch, "echo '%.*s  %.*s' | %.*ssum -c -",
				STR_ARG(str_from_index(hash, dash + 1)), STR_ARG(path),
				STR_ARG(str_sub(hash, 0, dash))),
			&contents->span);
}

/* A path of the machine on which Butane runs. */
static void tell_local(struct content *k, const struct yaml *contents, struct str local)
{
	content_opaque(k, &contents->span, "script",
		arena_printf(k->e->scratch, "the file %.*s is not looked at", STR_ARG(local)));
}

static void put_contents(
	struct content *k, const struct yaml *contents, const struct content_file *like)
{
	struct content_file f = *like;
	const struct yaml *text = yaml_find(contents, "inline");
	struct str source = yaml_text(contents, "source");
	struct str local = yaml_text(contents, "local");
	struct str decoded = STR("");
	bool data = data_url(k, source, &decoded);
	if (yaml_text(contents, "compression").n > 0 && data &&
		!content_gunzip(k, decoded, &decoded))
		content_opaque(
			k, &contents->span, "encoded", STR("compressed content is not read"));
	if (text) {
		f.content = text->text;
		f.by_line = text->by_line;
		content_write(k, &text->span, &f);
	} else if (data) {
		f.content = decoded;
		content_write(k, &contents->span, &f);
	} else if (source.n > 0) {
		fetch(k, contents, source, f.path);
	} else if (local.n > 0) {
		tell_local(k, contents, local);
	} else {
		content_write(k, &contents->span, &f);
	}
}

/* ---- Sections ------------------------------------------------------------------------------- */

static void read_storage(struct content *k, const struct yaml *storage)
{
	const struct yaml *files = yaml_find(storage, "files");
	const struct yaml *links = yaml_find(storage, "links");
	for (size_t i = 0; i < count(files) && charge(k->e, 8); i++) {
		const struct yaml *file = files->items[i];
		const struct yaml *append = yaml_find(file, "append");
		const struct yaml *contents = yaml_find(file, "contents");
		struct content_file f = {.path = yaml_text(file, "path"), .mode = mode_of(k, file)};
		if (contents && f.path.n > 0)
			put_contents(k, contents, &f);
		f.append = true;
		for (size_t j = 0; j < count(append) && f.path.n > 0; j++)
			put_contents(k, append->items[j], &f);
	}
	for (size_t i = 0; i < count(links); i++) {
		const struct yaml *link = links->items[i];
		const struct str words[] = {
			STR("ln"), STR("-sf"), yaml_text(link, "target"), yaml_text(link, "path")};
		content_command(k, &link->span, words, countof(words));
	}
}

static void put_unit(struct content *k, const struct yaml *unit, struct str path)
{
	const struct yaml *contents = yaml_find(unit, "contents");
	struct str local = yaml_text(unit, "contents_local");
	struct content_file f = {.path = path};
	if (contents && contents->type == YAML_SCALAR) {
		f.content = contents->text;
		f.by_line = contents->by_line;
		content_write(k, &contents->span, &f);
	}
	if (local.n > 0)
		tell_local(k, unit, local);
}

static void read_unit(struct content *k, const struct yaml *unit)
{
	struct arena *a = k->e->scratch;
	struct str name = yaml_text(unit, "name");
	const struct yaml *dropins = yaml_find(unit, "dropins");
	const struct yaml *enabled = yaml_find(unit, "enabled");
	bool masked = yaml_is_true(yaml_find(unit, "mask"));
	struct str words[] = {STR("systemctl"), STR("enable"), name};
	if (name.n == 0)
		return;
	put_unit(k, unit, arena_printf(a, "/etc/systemd/system/%.*s", STR_ARG(name)));
	for (size_t i = 0; i < count(dropins); i++)
		put_unit(k, dropins->items[i],
			arena_printf(a, "/etc/systemd/system/%.*s.d/%.*s", STR_ARG(name),
				STR_ARG(yaml_text(dropins->items[i], "name"))));
	if (!enabled && !masked)
		return;
	if (masked)
		words[1] = STR("mask");
	else if (!yaml_is_true(enabled))
		words[1] = STR("disable");
	content_command(k, &unit->span, words, countof(words));
}

static struct str comma_joined(struct content *k, const struct yaml *list)
{
	struct str words[WORDS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < count(list) && n < WORDS_MAX; i++)
		words[n++] = list->items[i]->text;
	return arena_join(k->e->scratch, words, n, STR(","));
}

static void add_account(struct content *k, const struct yaml *user, struct str name)
{
	struct str words[12] = {STR("useradd")};
	size_t n = 1;
	const struct str options[][2] = {
		{STR("-G"), comma_joined(k, yaml_find(user, "groups"))},
		{STR("-u"), yaml_text(user, "uid")},
		{STR("-s"), yaml_text(user, "shell")},
		{STR("-p"), text_of(user, "passwordHash", "password_hash")},
	};
	/* The image has these already. */
	if (word_in(name, "root core"))
		words[0] = STR("usermod");
	for (size_t i = 0; i < countof(options); i++) {
		if (options[i][1].n == 0)
			continue;
		words[n++] = options[i][0];
		words[n++] = options[i][1];
	}
	words[n++] = name;
	if (n > 2 || str_is(words[0], "useradd"))
		content_command(k, &user->span, words, n);
}

static void read_user(struct content *k, const struct yaml *user)
{
	struct arena *a = k->e->scratch;
	struct str name = yaml_text(user, "name");
	const struct yaml *keys = either(user, "sshAuthorizedKeys", "ssh_authorized_keys");
	struct content_file f = {.append = true};
	if (name.n == 0)
		return;
	add_account(k, user, name);
	f.path = str_is(name, "root")
		? STR("/root/.ssh/authorized_keys")
		: arena_printf(a, "/home/%.*s/.ssh/authorized_keys", STR_ARG(name));
	for (size_t i = 0; i < count(keys); i++) {
		f.content = arena_printf(a, "%.*s\n", STR_ARG(keys->items[i]->text));
		content_write(k, &keys->items[i]->span, &f);
	}
}

/* Another configuration, which takes the place of this one or is added to it. */
static void read_more(struct content *k, const struct yaml *entry)
{
	struct str source = yaml_text(entry, "source");
	struct str decoded;
	struct content_at at = {.span = entry->span};
	if (data_url(k, source, &decoded))
		content_part(k, decoded, &at, STR("more.ign"));
	else if (source.n > 0) {
		fetch(k, entry, source, STR("/run/ignition-more.ign"));
		content_opaque(k, &entry->span, "script",
			STR("what the configuration is made of comes over the network"));
	}
}

static void read_config(struct content *k, const struct yaml *config)
{
	const struct yaml *merge = yaml_find(config, "merge");
	const struct yaml *replace = yaml_find(config, "replace");
	for (size_t i = 0; i < count(merge); i++)
		read_more(k, merge->items[i]);
	if (replace && replace->type == YAML_MAP)
		read_more(k, replace);
}

static void read_arguments(struct content *k, const struct yaml *root)
{
	const struct yaml *arguments = either(root, "kernelArguments", "kernel_arguments");
	const struct yaml *list = either(arguments, "shouldExist", "should_exist");
	for (size_t i = 0; i < count(list); i++) {
		k->command->origin = unit_origin(k->unit, &list->items[i]->span);
		config_cmdline(k->e, k->command, list->items[i]->text);
	}
}

void content_ignition(struct content *k)
{
	struct yaml_document d;
	yaml_parse(&d, k->e->scratch, k->unit->text);
	charge(k->e, k->unit->text.n / 4);
	if (!d.ok)
		content_opaque(k, &d.place, "syntax", d.problem);
	if (!d.root || d.root->type != YAML_MAP)
		return;
	const struct yaml *passwd = yaml_find(d.root, "passwd");
	const struct yaml *users = yaml_find(passwd, "users");
	const struct yaml *units = yaml_find(yaml_find(d.root, "systemd"), "units");
	read_config(k, yaml_find(yaml_find(d.root, "ignition"), "config"));
	read_arguments(k, d.root);
	for (size_t i = 0; i < count(users) && charge(k->e, 8); i++)
		read_user(k, users->items[i]);
	read_storage(k, yaml_find(d.root, "storage"));
	for (size_t i = 0; i < count(units) && charge(k->e, 8); i++)
		read_unit(k, units->items[i]);
}
