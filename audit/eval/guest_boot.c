/* Code that runs by itself: cron, units, scripts of the start, user data. */
#include "audit/eval/guest.h"

/* ---- Files that are programs ---------------------------------------------------------------- */

enum autorun_kind {
	AUTORUN_NONE = 0,
	AUTORUN_SCRIPT,
	AUTORUN_CRONTAB,
	AUTORUN_USER_CRONTAB,
	AUTORUN_UNIT
};

struct boot_path {
	const char *pattern;
	enum autorun_kind kind;
	enum fact_phase phase;
};

static const struct boot_path boot_paths[] = {
	{"/etc/cron.hourly/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/cron.daily/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/cron.weekly/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/cron.monthly/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/cron.d/*", AUTORUN_CRONTAB, PHASE_FIRSTBOOT},
	{"/etc/crontab", AUTORUN_CRONTAB, PHASE_FIRSTBOOT},
	{"/var/spool/cron/*", AUTORUN_USER_CRONTAB, PHASE_FIRSTBOOT},
	{"/var/spool/cron/crontabs/*", AUTORUN_USER_CRONTAB, PHASE_FIRSTBOOT},
	{"/etc/init.d/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/rc.local", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/rc.d/rc.local", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/rc.d/init.d/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/local.d/*.start", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/firstboot.d/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/var/lib/cloud/scripts/*/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/var/lib/waagent/*.sh", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/NetworkManager/dispatcher.d/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/network/if-up.d/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/networkd-dispatcher/*/*", AUTORUN_SCRIPT, PHASE_FIRSTBOOT},
	{"/etc/systemd/system/*.service", AUTORUN_UNIT, PHASE_FIRSTBOOT},
	{"/etc/systemd/system/*/*.conf", AUTORUN_UNIT, PHASE_FIRSTBOOT},
	{"/lib/systemd/system/*.service", AUTORUN_UNIT, PHASE_FIRSTBOOT},
	{"/usr/lib/systemd/system/*.service", AUTORUN_UNIT, PHASE_FIRSTBOOT},
	{"/usr/local/lib/systemd/system/*.service", AUTORUN_UNIT, PHASE_FIRSTBOOT},
	{"/etc/update-motd.d/*", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/etc/profile.d/*.sh", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/etc/profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/etc/bash.bashrc", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/etc/bashrc", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/root/.bashrc", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/root/.profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/root/.bash_profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/home/*/.bashrc", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"/home/*/.profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"~/.bashrc", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"~/.profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
	{"~/.bash_profile", AUTORUN_SCRIPT, PHASE_RUNTIME},
};

static const struct boot_path *boot_path_find(struct str path)
{
	for (size_t i = 0; i < countof(boot_paths); i++)
		if (pattern_match(str_from(boot_paths[i].pattern), path, true))
			return &boot_paths[i];
	return NULL;
}

/* ---- Lines of a file ------------------------------------------------------------------------ */

struct lines {
	struct eval *e;
	struct unit *unit;
	struct command *command;
	struct str path;
};

/* A unit for the file, so that places inside of it lead to the author's files. */
static struct unit *file_unit(struct eval *e, struct str path, const struct file *f,
	struct str text, const struct chunks *unknowns)
{
	struct unit *u = arena_new(e->scratch, struct unit);
	u->path = path;
	u->text = text;
	u->unknowns = unknowns->items;
	u->unknown_count = unknowns->n;
	u->step = f->upload;
	if (!f->upload)
		u->place = f->place;
	return u;
}

static void run_line(struct lines *l, struct str text, uint32_t line, uint32_t col)
{
	struct eval *e = l->e;
	struct chunks chunks = {0};
	const struct unit *old = e->unit;
	e->unit = l->unit;
	chunks_add_marked(e, &chunks, text, false);
	struct span span = {.line = line, .col = col, .len = (uint32_t)text.n};
	l->command->origin = unit_origin(l->unit, &span);
	struct run r = {
		.to = "interpreter",
		.text = chunks_value(e, &chunks),
		.path = l->path,
		.command = l->command,
		.dialect = SHELL_POSIX,
		.child = true,
		.place = {l->unit, span, true},
	};
	run_code(e, &r);
	e->unit = old;
}

/* Index behind n words of the line, white space and all. */
static size_t behind_words(struct str line, size_t n)
{
	size_t i = 0;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	for (; n > 0 && i < line.n; n--) {
		while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
			i++;
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
	}
	return i;
}

static void cron_line(struct lines *l, struct str line, uint32_t number, bool user)
{
	/* Behind lines that are not known (`crontab -l`) a line begins. */
	while (line.n > 0 && line.p[0] == TEXT_MARK) {
		size_t end = str_find_byte(line, TEXT_MARK_END);
		line = str_from_index(line, end == STR_NPOS ? line.n : end + 1);
	}
	struct str trimmed = str_trim(line);
	if (trimmed.n == 0 || trimmed.p[0] == '#')
		return;
	size_t eq = str_find_byte(trimmed, '=');
	size_t space = str_find_byte(trimmed, ' ');
	if (eq != STR_NPOS && (space == STR_NPOS || eq < space))
		return;
	size_t words = (trimmed.p[0] == '@' ? 1 : 5) + user;
	size_t at = behind_words(line, words);
	if (at < line.n)
		run_line(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

static void unit_line(struct lines *l, struct str line, uint32_t number)
{
	size_t eq = str_find_byte(line, '=');
	struct str key = eq == STR_NPOS ? STR("") : str_trim(str_sub(line, 0, eq));
	if (!word_in(key,
		    "ExecStart ExecStartPre ExecStartPost ExecStop ExecStopPost ExecReload "
		    "ExecCondition"))
		return;
	size_t at = eq + 1;
	while (at < line.n && strchr(" \t-@+!:", line.p[at]) && line.p[at])
		at++;
	if (at < line.n)
		run_line(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

static void run_lines(struct lines *l, enum autorun_kind kind)
{
	struct str rest = l->unit->text;
	struct str line;
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(l->e, 4)) {
		number++;
		if (kind == AUTORUN_UNIT)
			unit_line(l, line, number);
		else
			cron_line(l, line, number, kind == AUTORUN_CRONTAB);
	}
}

/* ---- At the end of the plan ----------------------------------------------------------------- */

static struct command boot_command(struct eval *e, struct str path, const struct file *f)
{
	struct value *argv = arena_array(e->scratch, struct value, 1);
	argv[0] = value_text(e, path);
	struct command c = command_new(e, NULL, argv, 1);
	struct span top = {.line = 1, .col = 1};
	if (f->upload)
		c.origin = plan_line(f->upload, 1, 1);
	else if (f->place.unit)
		c.origin = unit_origin(f->place.unit, &f->place.span);
	(void)top;
	return c;
}

static void boot_file(struct eval *e, const struct cell *cell, const struct boot_path *b)
{
	const struct file *f = cell->value;
	struct command c = boot_command(e, cell->key, f);
	struct process *process = e->process;
	const struct unit *unit = e->unit;
	const struct step *step = e->step;
	e->process = process_new(e, NULL, SHELL_POSIX);
	e->phase = b->phase;
	e->step = f->upload;
	e->unit = f->place.unit;
	e->ignoring = 1; /* nothing of it ends the build */
	if (b->kind == AUTORUN_SCRIPT) {
		run_file(e, &c, cell->key, 0, NULL);
	} else {
		struct chunks unknowns = {0};
		struct lines l = {.e = e, .command = &c, .path = cell->key};
		struct str text = value_flatten(e, &f->content, &unknowns);
		l.unit = file_unit(e, cell->key, f, text, &unknowns);
		run_lines(&l, b->kind);
	}
	e->ignoring = 0;
	e->process = process;
	e->unit = unit;
	e->step = step;
}

/* The system's own files, edited, are not the plan's code. */
static bool has_code(struct eval *e, const struct file *f)
{
	for (size_t i = 0; i < f->content.n; i++)
		if (f->content.items[i].kind != CHUNK_UNKNOWN)
			return true;
	return value_taint(e, &f->content) != NULL;
}

/* What boot code writes may be boot code again: the list grows while it is read. */
void guest_at_boot(struct eval *e)
{
	enum fact_phase phase = e->phase;
	for (size_t i = 0; i < e->files.n && charge(e, 2); i++) {
		const struct cell *c = e->files.items[i].value;
		const struct file *f = c->value;
		const struct boot_path *b = f && !f->deleted && !f->tree && f->link.n == 0
			? boot_path_find(c->key)
			: NULL;
		if (b && has_code(e, f))
			boot_file(e, c, b);
	}
	e->phase = phase;
}

/* ---- Units that something else brings ------------------------------------------------------- */

void content_unit(struct content *k)
{
	struct lines l = {k->e, k->unit, k->command, k->path};
	run_lines(&l, AUTORUN_UNIT);
}
