/*
 * What every image needs before it is made: keys, identities, histories and caches go, root is
 * locked. In the order in which things happen, so that what is written after a cleanup undoes it.
 */
#include "audit/eval/eval.h"

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
};

struct image {
	enum met met[NEED_COUNT];
	bool any; /* a command ran at all */
};

static void meet(struct image *m, enum need need, bool undoes)
{
	if (!undoes)
		m->met[need] = MET_YES;
	else if (m->met[need] == MET_YES)
		m->met[need] = MET_UNDONE;
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

static void see_write(struct image *m, const struct fact *f)
{
	struct str path = member(f, "path");
	bool deleted = is_set(f, "deleted");
	if (!path.p)
		return;
	for (size_t i = 0; i < countof(path_needs); i++) {
		const struct path_need *n = &path_needs[i];
		if (deleted && pattern_match(str_from(n->removes), path, true))
			meet(m, n->need, false);
		else if (!deleted && n->writes && pattern_match(str_from(n->writes), path, true))
			meet(m, n->need, true);
	}
	if (str_is(path, "/etc/machine-id") && !deleted)
		meet(m, NEED_MACHINE_ID,
			!str_has_prefix(member(f, "content"), STR("uninitialized")));
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
			meet(m, n->need, n->undoes);
	}
	if (str_is(name, "journalctl") && has_argument(f, "--vacuum*"))
		meet(m, NEED_LOGS, false);
}

static void see_account(struct image *m, const struct fact *f)
{
	if (!str_is(member(f, "name"), "root"))
		return;
	struct str password = member(f, "password");
	if (str_is(member(f, "action"), "lock") || str_is(password, "locked"))
		meet(m, NEED_ROOT_LOCKED, false);
	else if (str_is(member(f, "action"), "unlock") || !str_is(password, "none"))
		meet(m, NEED_ROOT_LOCKED, true);
}

static void see_package(struct image *m, const struct fact *f)
{
	struct str action = member(f, "action");
	if (str_is(action, "clean"))
		meet(m, NEED_CACHES, false);
	else if (str_is(action, "refresh"))
		meet(m, NEED_CACHES, true);
	else if (str_is(action, "upgrade"))
		meet(m, NEED_UPDATED, false);
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
		[NEED_UPDATED] = "updated"};
	static const char *const texts[] = {
		[MET_NO] = "no", [MET_YES] = "yes", [MET_UNDONE] = "undone"};
	struct image image = {0};
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
	emit(e, FACT_IMAGE, &c, &m);
}
