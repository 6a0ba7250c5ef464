/*
 * What every image needs before it is made: keys, identities, histories and caches go, root is
 * locked. In the order in which things happen, so that what is written after a cleanup undoes it.
 */
#include "audit/eval/image.h"

#define NAMES_MAX 500

enum need {
	NEED_AUTHORIZED_KEYS = 0,
	NEED_HOST_KEYS,
	NEED_MACHINE_ID,
	NEED_CLOUD_INIT,
	NEED_LOGS,
	NEED_HISTORY,
	NEED_CACHES,
	NEED_ROOT_LOCKED,
	NEED_UPDATED,
	NEED_NETWORK,
	NEED_DEPROVISIONED,
	NEED_COUNT
};

enum met { MET_NO = 0, MET_YES, MET_UNDONE };

/* Removing or emptying such a path meets the need, writing one undoes it; * crosses no slash. */
struct path_need {
	enum need need;
	const char *removes;
	const char *writes;
};

static const struct path_need path_needs[] = {
	{NEED_AUTHORIZED_KEYS, "~/.ssh/authorized_keys*", "~/.ssh/authorized_keys*"},
	{NEED_AUTHORIZED_KEYS, "/root/.ssh/authorized_keys*", "/root/.ssh/authorized_keys*"},
	{NEED_AUTHORIZED_KEYS, "/home/*/.ssh/authorized_keys*", "/home/*/.ssh/authorized_keys*"},
	{NEED_AUTHORIZED_KEYS, "/root/.ssh*", NULL},
	{NEED_AUTHORIZED_KEYS, "/home/*/.ssh*", NULL},
	{NEED_HOST_KEYS, "/etc/ssh/ssh_host*", "/etc/ssh/ssh_host*"},
	{NEED_HOST_KEYS, "/etc/ssh/*key*", NULL},
	{NEED_MACHINE_ID, "/etc/machine-id", NULL},
	{NEED_CLOUD_INIT, "/var/lib/cloud*", NULL},
	{NEED_CLOUD_INIT, "/var/lib/cloud/*", NULL},
	{NEED_LOGS, "/var/log/*", NULL},
	{NEED_LOGS, "/var/log/*/*", NULL},
	{NEED_HISTORY, "~/.*_history", NULL},
	{NEED_HISTORY, "/root/.*_history", NULL},
	{NEED_HISTORY, "/home/*/.*_history", NULL},
	{NEED_CACHES, "/var/lib/apt/lists*", NULL},
	{NEED_CACHES, "/var/lib/apt/lists/*", NULL},
	{NEED_CACHES, "/var/cache/*", NULL},
	{NEED_CACHES, "/var/cache/*/*", NULL},
	{NEED_NETWORK, "/etc/udev/rules.d/*persistent-net*", "/etc/udev/rules.d/*persistent-net*"},
	{NEED_NETWORK, "/lib/udev/rules.d/*persistent-net*", NULL},
	{NEED_NETWORK, "/var/lib/dhcp*", NULL},
	{NEED_NETWORK, "/var/lib/dhcp*/*", NULL},
	{NEED_NETWORK, "/var/lib/dhclient*", NULL},
	{NEED_NETWORK, "/var/lib/NetworkManager/*lease*", NULL},
	{NEED_NETWORK, "/etc/netplan/50-cloud-init.yaml", NULL},
};

/* A command with this word; an empty one: any command of the name. */
struct command_need {
	enum need need;
	const char *name;
	const char *word;
	bool undoes;
};

static const struct command_need command_needs[] = {
	{NEED_AUTHORIZED_KEYS, "find", "authorized_keys", false},
	{NEED_HOST_KEYS, "ssh-keygen", "-A", true},
	{NEED_HOST_KEYS, "dpkg-reconfigure", "openssh-server", true},
	{NEED_MACHINE_ID, "cloud-init", "--machine-id", false},
	{NEED_MACHINE_ID, "systemd-machine-id-setup", "", true},
	{NEED_CLOUD_INIT, "cloud-init", "clean", false},
	{NEED_LOGS, "journalctl", "--rotate", false},
	{NEED_LOGS, "find", "/var/log", false},
	{NEED_LOGS, "cloud-init", "--logs", false},
	{NEED_HISTORY, "history", "-c", false},
	{NEED_HISTORY, "find", ".bash_history", false},
	{NEED_AUTHORIZED_KEYS, "waagent", "-deprovision+user", false},
	{NEED_HOST_KEYS, "waagent", "-deprovision+user", false},
	{NEED_HISTORY, "waagent", "-deprovision+user", false},
	{NEED_ROOT_LOCKED, "waagent", "-deprovision+user", false},
	{NEED_DEPROVISIONED, "waagent", "-deprovision*", false},
	{NEED_DEPROVISIONED, "waagent", "--deprovision*", false},
	{NEED_NETWORK, "waagent", "-deprovision*", false},
	{NEED_NETWORK, "virt-sysprep", "", false},
	{NEED_AUTHORIZED_KEYS, "oci-image-cleanup", "", false},
	{NEED_HOST_KEYS, "oci-image-cleanup", "", false},
	{NEED_HISTORY, "oci-image-cleanup", "", false},
	{NEED_LOGS, "oci-image-cleanup", "", false},
	{NEED_CLOUD_INIT, "oci-image-cleanup", "", false},
};

struct image {
	struct eval *e;
	enum met met[NEED_COUNT];
	bool any; /* a command ran at all */
	struct str_list late; /* commands that wrote again what was cleaned up before */
	struct map swap; /* files, devices and tables of swap, to the image itself; NULL: gone */
	struct map fixed; /* files that name the hardware of the machine of the build; likewise */
	struct map accounts; /* by name, to the action that stays */
	struct map packages; /* likewise */
};

static void note_late(struct image *m, const struct fact *f)
{
	for (size_t i = 0; i < m->late.n; i++)
		if (str_eq(m->late.items[i], f->command))
			return;
	if (m->late.n < NAMES_MAX && f->command.n > 0)
		list_push(m->e->scratch, &m->late) = f->command;
}

static void meet(struct image *m, const struct fact *f, enum need need, bool undoes)
{
	if (!undoes) {
		m->met[need] = MET_YES;
	} else if (m->met[need] != MET_NO) {
		m->met[need] = MET_UNDONE;
		note_late(m, f);
	}
}

static void note(struct image *m, struct map *names, struct str name, const void *value)
{
	if (name.p && (names->n < NAMES_MAX || map_has(names, name)))
		map_put(names, m->e->scratch, name, (void *)(uintptr_t)value);
}

static struct str member(const struct fact *f, const char *name)
{
	const struct hcl_value *v = hcl_member(f->value, str_from(name));
	return v && v->type == HCL_STRING ? v->string : (struct str){0};
}

static bool is_set(const struct fact *f, const char *name)
{
	const struct hcl_value *v = hcl_member(f->value, str_from(name));
	return v && v->type == HCL_BOOL && v->boolean;
}

/* An element of argv that is the word, or begins with it when it ends in `*`. */
static bool has_argument(const struct fact *f, const char *pattern)
{
	const struct hcl_value *v = hcl_member(f->value, STR("argv"));
	for (size_t i = 0; v && v->type == HCL_LIST && i < v->n; i++)
		if (v->items[i].type == HCL_STRING &&
			pattern_match(str_from(pattern), v->items[i].string, false))
			return true;
	return false;
}

/* A line of fstab that mounts swap: the third word. */
static bool mounts_swap(struct str lines)
{
	struct str line;
	while (str_cut(&lines, '\n', &line)) {
		struct str rest = str_trim(line);
		struct str word;
		unsigned n = 0;
		bool comment = rest.n > 0 && rest.p[0] == '#';
		while (!comment && n < 3 && str_cut(&rest, ' ', &word)) {
			if (word.n == 0 || word.p[0] == '\t')
				continue;
			size_t tab = str_find_byte(word, '\t');
			n += tab == STR_NPOS ? 1 : 2;
			if ((n >= 3 && str_has_prefix(word, STR("swap"))) ||
				(tab != STR_NPOS && str_contains(word, STR("\tswap"))))
				return true;
		}
	}
	return false;
}

/* Where networks are configured, a hardware address ties the image to one machine. */
static bool names_hardware(struct str path, struct str lines)
{
	static const char *const dirs[] = {"/etc/sysconfig/network-scripts/*",
		"/etc/sysconfig/network/*", "/etc/netplan/*", "/etc/network/*",
		"/etc/systemd/network/*", "/etc/NetworkManager/system-connections/*",
		"/etc/udev/rules.d/*"};
	static const char *const keys[] = {"HWADDR=", "MACADDR=", "macaddress:", "mac-address=",
		"MACAddress=", "hwaddress ether", "ATTR{address}==", "LLADDR="};
	bool network = false;
	for (size_t i = 0; i < countof(dirs); i++)
		network = network || pattern_match(str_from(dirs[i]), path, false);
	for (size_t i = 0; network && i < countof(keys); i++)
		if (str_contains(lines, str_from(keys[i])))
			return true;
	return false;
}

/* What the file says in the end replaces what it said before. */
static void see_lines(struct image *m, const struct fact *f, struct str path)
{
	struct str lines = member(f, "effective");
	if (is_set(f, "deleted")) {
		note(m, &m->swap, path, NULL);
		note(m, &m->fixed, path, NULL);
		return;
	}
	if (str_is(path, "/etc/fstab") && mounts_swap(lines))
		note(m, &m->swap, path, m);
	if (names_hardware(path, lines))
		note(m, &m->fixed, path, m);
}

static void see_write(struct image *m, const struct fact *f)
{
	struct str path = member(f, "path");
	bool deleted = is_set(f, "deleted");
	if (!path.p)
		return;
	see_lines(m, f, path);
	for (size_t i = 0; i < countof(path_needs); i++) {
		const struct path_need *n = &path_needs[i];
		if (deleted && pattern_match(str_from(n->removes), path, true))
			meet(m, f, n->need, false);
		else if (!deleted && n->writes && pattern_match(str_from(n->writes), path, true))
			meet(m, f, n->need, true);
	}
	if (str_is(path, "/etc/machine-id") && !deleted)
		meet(m, f, NEED_MACHINE_ID,
			!str_has_prefix(member(f, "content"), STR("uninitialized")));
}

/* The file or device that the last word names. */
static void see_swap(struct image *m, const struct fact *f, struct str name)
{
	const struct hcl_value *operands = hcl_member(f->value, STR("operands"));
	bool makes = str_is(name, "mkswap") || str_is(name, "swapon");
	if (!makes || !operands || operands->type != HCL_LIST || operands->n == 0)
		return;
	const struct hcl_value *last = &operands->items[operands->n - 1];
	if (last->type == HCL_STRING)
		note(m, &m->swap, last->string, m);
}

static void see_exec(struct image *m, const struct fact *f)
{
	struct str name = member(f, "name");
	m->any = true;
	if (!name.p)
		return;
	for (size_t i = 0; i < countof(command_needs); i++) {
		const struct command_need *n = &command_needs[i];
		if (str_is(name, n->name) && (!*n->word || has_argument(f, n->word)))
			meet(m, f, n->need, n->undoes);
	}
	see_swap(m, f, name);
	if (str_is(name, "journalctl") && has_argument(f, "--vacuum*"))
		meet(m, f, NEED_LOGS, false);
}

static void see_account(struct image *m, const struct fact *f)
{
	struct str action = member(f, "action");
	if (str_is(action, "create") || str_is(action, "delete"))
		note(m, &m->accounts, member(f, "name"), str_is(action, "create") ? m : NULL);
	if (!str_is(member(f, "name"), "root"))
		return;
	struct str password = member(f, "password");
	if (str_is(member(f, "action"), "lock") || str_is(password, "locked"))
		meet(m, f, NEED_ROOT_LOCKED, false);
	else if (str_is(member(f, "action"), "unlock") || !str_is(password, "none"))
		meet(m, f, NEED_ROOT_LOCKED, true);
}

/* Of a package, NULL stands for "removed". */
static void see_names(struct image *m, const struct fact *f, struct str action)
{
	const struct hcl_value *names = hcl_member(f->value, STR("names"));
	bool removes = str_is(action, "remove");
	if (!names || names->type != HCL_LIST || (!removes && !str_is(action, "install")))
		return;
	for (size_t i = 0; i < names->n; i++)
		if (names->items[i].type == HCL_STRING)
			note(m, &m->packages, names->items[i].string, removes ? NULL : m);
}

static void see_package(struct image *m, const struct fact *f)
{
	struct str action = member(f, "action");
	see_names(m, f, action);
	if (str_is(action, "install") || str_is(action, "upgrade"))
		meet(m, f, NEED_LOGS, true);
	if (str_is(action, "install"))
		meet(m, f, NEED_CACHES, true);
	if (str_is(action, "clean"))
		meet(m, f, NEED_CACHES, false);
	else if (str_is(action, "refresh"))
		meet(m, f, NEED_CACHES, true);
	else if (str_is(action, "upgrade"))
		meet(m, f, NEED_UPDATED, false);
}

/* A secret that is written behind a cleanup is one that nothing cleans up any more. */
static void see_secret(struct image *m, const struct fact *f)
{
	bool cleaned = m->met[NEED_AUTHORIZED_KEYS] || m->met[NEED_HISTORY] || m->met[NEED_LOGS] ||
		m->met[NEED_CLOUD_INIT];
	if (cleaned && is_set(f, "persisted"))
		note_late(m, f);
}

static void see(struct image *m, const struct fact *f)
{
	if (f->kind == FACT_WRITE)
		see_write(m, f);
	else if (f->kind == FACT_EXEC)
		see_exec(m, f);
	else if (f->kind == FACT_ACCOUNT)
		see_account(m, f);
	else if (f->kind == FACT_PACKAGE)
		see_package(m, f);
	else if (f->kind == FACT_SECRET)
		see_secret(m, f);
}

/* Where what is still missing would have to be added: at the last step before the image is made. */
static struct origin end_of_build(const struct plan *p)
{
	for (size_t i = p->steps.n; i > 0; i--) {
		const struct step *s = &p->steps.items[i - 1];
		enum group_phase phase =
			s->group < p->groups.n ? p->groups.items[s->group].phase : GROUP_NONE;
		if (phase != GROUP_ERROR_CLEANUP && phase != GROUP_POST_PROCESS)
			return s->origin;
	}
	return p->origin;
}

/* Names whose value is there, or, the other way round, gone. */
static void put_names(struct members *m, const char *key, const struct map *names, bool there)
{
	struct str_list list = {0};
	for (size_t i = 0; i < names->n; i++)
		if ((names->items[i].value != NULL) == there)
			list_push(m->e->scratch, &list) = names->items[i].key;
	put_list(m, key, list.items, list.n);
}

/* Who the build logs in as, when the template says so. */
static struct str login_of(struct eval *e)
{
	const struct conf *user =
		e->plan->config ? conf_find(e->plan->config, STR("ssh_username")) : NULL;
	if (!user || user->type != CONF_STRING || text_has_holes(&user->text))
		return (struct str){0};
	return text_display(&user->text, e->scratch);
}

void image_state(struct eval *e)
{
	static const char *const names[] = {[NEED_AUTHORIZED_KEYS] = "authorized_keys",
		[NEED_HOST_KEYS] = "host_keys",
		[NEED_MACHINE_ID] = "machine_id",
		[NEED_CLOUD_INIT] = "cloud_init",
		[NEED_LOGS] = "logs",
		[NEED_HISTORY] = "history",
		[NEED_CACHES] = "caches",
		[NEED_ROOT_LOCKED] = "root_locked",
		[NEED_UPDATED] = "updated",
		[NEED_NETWORK] = "network",
		[NEED_DEPROVISIONED] = "deprovisioned"};
	static const char *const texts[] = {
		[MET_NO] = "no", [MET_YES] = "yes", [MET_UNDONE] = "undone"};
	struct image image = {.e = e};
	for (size_t i = e->facts_first; i < e->facts->n; i++)
		if (e->facts->items[i].phase == PHASE_BUILD)
			see(&image, &e->facts->items[i]);
	if (!image.any)
		return;
	e->phase = PHASE_BUILD;
	struct command c = command_new(e, NULL, NULL, 0);
	c.origin = end_of_build(e->plan);
	struct members m = members_of(e, &c);
	for (size_t i = 0; i < NEED_COUNT; i++)
		put_cstr(&m, names[i], texts[image.met[i]]);
	put_names(&m, "swap", &image.swap, true);
	put_names(&m, "fixed", &image.fixed, true);
	put_names(&m, "accounts", &image.accounts, true);
	put_names(&m, "accounts_removed", &image.accounts, false);
	put_names(&m, "installed", &image.packages, true);
	put_names(&m, "removed", &image.packages, false);
	put_list(&m, "late", image.late.items, image.late.n);
	put_str(&m, "login", login_of(e));
	image_sshd(e, &m);
	emit(e, FACT_IMAGE, &c, &m);
}
