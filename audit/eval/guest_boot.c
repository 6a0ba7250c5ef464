/* Code that runs by itself: cron, units, scripts of the start, user data. */
#include "audit/eval/guest.h"

/* ---- Lines of a file ------------------------------------------------------------------------ */

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

void lines_run(struct lines *l, struct str text, uint32_t line, uint32_t col)
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

size_t lines_skip(struct str line, size_t n)
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
	size_t at = lines_skip(line, words);
	if (at < line.n)
		lines_run(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

static void read_crontab(struct lines *l, struct str line, uint32_t number)
{
	cron_line(l, line, number, true);
}

static void read_user_crontab(struct lines *l, struct str line, uint32_t number)
{
	cron_line(l, line, number, false);
}

/* ---- Units ---------------------------------------------------------------------------------- */

/* Environment="A=b" C=d */
static void set_environment(struct lines *l, struct str words)
{
	struct eval *e = l->e;
	size_t i = 0;
	while (i < words.n && charge(e, 4)) {
		bool quoted = words.p[i] == '"' || words.p[i] == '\'';
		char end = quoted ? words.p[i] : ' ';
		size_t start = i + quoted;
		size_t n = str_find_byte(str_from_index(words, start), end);
		struct str word = str_sub(words, start, n);
		size_t eq = str_find_byte(word, '=');
		i = start + word.n + 1;
		if (eq == STR_NPOS || eq == 0)
			continue;
		struct value v = value_text(e, str_from_index(word, eq + 1));
		variable_set(e, str_sub(word, 0, eq), &v, false);
		variable_export(e, str_sub(word, 0, eq));
	}
}

static void read_unit(struct lines *l, struct str line, uint32_t number)
{
	size_t eq = str_find_byte(line, '=');
	struct str key = eq == STR_NPOS ? STR("") : str_trim(str_sub(line, 0, eq));
	if (str_is(key, "Environment"))
		set_environment(l, str_trim(str_from_index(line, eq + 1)));
	if (!word_in(key,
		    "ExecStart ExecStartPre ExecStartPost ExecStop ExecStopPost ExecReload "
		    "ExecCondition"))
		return;
	size_t at = eq + 1;
	while (at < line.n && strchr(" \t-@+!:", line.p[at]) && line.p[at])
		at++;
	if (at < line.n)
		lines_run(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

/* A line that ends with a backslash goes on in the next one. */
static struct str continued(struct str *rest, struct str line, uint32_t *number)
{
	const char *start = line.p;
	struct str next;
	while (line.n > 0 && line.p[line.n - 1] == '\\' && str_cut(rest, '\n', &next)) {
		++*number;
		line = (struct str){start, (size_t)(next.p - start) + next.n};
	}
	return line;
}

static void run_lines(struct lines *l, lines_fn *reader)
{
	struct str rest = l->unit->text;
	struct str line;
	uint32_t number = 0;
	while (str_cut(&rest, '\n', &line) && charge(l->e, 4)) {
		uint32_t first = ++number;
		reader(l, continued(&rest, line, &number), first);
	}
}

/* ---- Files that are programs ---------------------------------------------------------------- */

/* reader NULL: a script. */
struct boot_path {
	const char *patterns; /* separated by spaces */
	lines_fn *reader;
	enum fact_phase phase;
};

static const struct boot_path boot_paths[] = {
	{"/etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* "
	 "/etc/cron.yearly/* /var/spool/cron/atjobs/* /var/spool/at/*",
		NULL, PHASE_FIRSTBOOT},
	{"/etc/cron.d/* /etc/crontab", read_crontab, PHASE_FIRSTBOOT},
	{"/var/spool/cron/* /var/spool/cron/crontabs/* /etc/crontabs/*", read_user_crontab,
		PHASE_FIRSTBOOT},
	{"/etc/anacrontab", lines_anacron, PHASE_FIRSTBOOT},
	{"/etc/incron.d/* /var/spool/incron/*", lines_incron, PHASE_RUNTIME},
	{"/etc/init.d/* /etc/rc.local /etc/rc.d/rc.local /etc/rc.d/init.d/* /etc/local.d/*.start "
	 "/etc/rc?.d/S* /etc/rc.d/rc?.d/S* /etc/boot.d/* /etc/init.d/boot.local "
	 "/etc/firstboot.d/*",
		NULL, PHASE_FIRSTBOOT},
	{"/var/lib/cloud/scripts/*/* /var/lib/waagent/*.sh", NULL, PHASE_FIRSTBOOT},
	{"/etc/NetworkManager/dispatcher.d/* /etc/NetworkManager/dispatcher.d/*/* "
	 "/usr/lib/NetworkManager/dispatcher.d/* /etc/network/if-*.d/* "
	 "/etc/networkd-dispatcher/*/* /etc/dhcp/dhclient-*-hooks.d/* /etc/dhcp/dhclient-*-hooks "
	 "/etc/ppp/ip-*.d/* /sbin/ifup-local",
		NULL, PHASE_FIRSTBOOT},
	{"/etc/network/interfaces /etc/network/interfaces.d/*", lines_interfaces, PHASE_FIRSTBOOT},
	{"/etc/systemd/system/*.service /etc/systemd/system/*/*.conf "
	 "/etc/systemd/system/*.socket /lib/systemd/system/*.service "
	 "/usr/lib/systemd/system/*.service /usr/local/lib/systemd/system/*.service "
	 "/usr/lib/systemd/system/*/*.conf /lib/systemd/system/*/*.conf "
	 "/run/systemd/system/*.service",
		read_unit, PHASE_FIRSTBOOT},
	{"/etc/systemd/user/*.service /usr/lib/systemd/user/*.service "
	 "/home/*/.config/systemd/user/*.service "
	 "/root/.config/systemd/user/*.service ~/.config/systemd/user/*.service",
		read_unit, PHASE_RUNTIME},
	{"/etc/systemd/system-generators/* /usr/lib/systemd/system-generators/* "
	 "/lib/systemd/system-generators/* /usr/lib/systemd/system-shutdown/* "
	 "/usr/lib/systemd/system-sleep/* /lib/systemd/system-sleep/*",
		NULL, PHASE_FIRSTBOOT},
	{"/etc/init/*.conf", lines_upstart, PHASE_FIRSTBOOT},
	{"/etc/inittab", lines_inittab, PHASE_FIRSTBOOT},
	{"/etc/udev/rules.d/* /lib/udev/rules.d/* /usr/lib/udev/rules.d/*", lines_udev,
		PHASE_FIRSTBOOT},
	{"/etc/modprobe.d/* /usr/lib/modprobe.d/*", lines_modprobe, PHASE_FIRSTBOOT},
	{"/etc/initramfs-tools/hooks/* /etc/initramfs-tools/scripts/*/* /etc/kernel/*.d/* "
	 "/etc/grub.d/*",
		NULL, PHASE_RUNTIME},
	{"/etc/logrotate.d/* /etc/logrotate.conf", lines_logrotate, PHASE_RUNTIME},
	{"/etc/apt/apt.conf.d/* /etc/apt/apt.conf /etc/dpkg/dpkg.cfg.d/*", lines_apt,
		PHASE_RUNTIME},
	{"/etc/pam.d/* /etc/pam.conf", lines_pam, PHASE_RUNTIME},
	{"/root/.ssh/authorized_keys /home/*/.ssh/authorized_keys ~/.ssh/authorized_keys "
	 "/etc/ssh/authorized_keys.d/*",
		lines_authorized_keys, PHASE_RUNTIME},
	{"/etc/xdg/autostart/*.desktop /home/*/.config/autostart/*.desktop", lines_desktop,
		PHASE_RUNTIME},
	{"/etc/update-motd.d/* /etc/profile.d/*.sh /etc/profile /etc/bash.bashrc /etc/bashrc "
	 "/etc/zshrc /etc/zshenv /etc/zprofile /etc/zsh/zshrc /etc/zsh/zshenv /etc/zsh/zprofile "
	 "/etc/ssh/sshrc /etc/X11/Xsession.d/*",
		NULL, PHASE_RUNTIME},
	{"/root/.bashrc /root/.profile /root/.bash_profile /root/.bash_login /root/.bash_logout "
	 "/root/.zshrc /root/.ssh/rc /home/*/.bashrc /home/*/.profile /home/*/.bash_profile "
	 "/home/*/.bash_login /home/*/.bash_logout /home/*/.zshrc /home/*/.ssh/rc "
	 "/etc/skel/.bashrc /etc/skel/.profile /etc/skel/.bash_profile /etc/skel/.bash_logout "
	 "~/.bashrc ~/.profile ~/.bash_profile ~/.bash_login ~/.zshrc ~/.ssh/rc",
		NULL, PHASE_RUNTIME},
};

static const struct boot_path *boot_path_find(struct str path)
{
	for (size_t i = 0; i < countof(boot_paths); i++) {
		struct str rest = str_from(boot_paths[i].patterns);
		struct str pattern;
		while (str_cut(&rest, ' ', &pattern)) {
			if (pattern_match(pattern, path, true))
				return &boot_paths[i];
		}
	}
	return NULL;
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
	const struct file *f = guest_find(e, cell->key);
	struct command c = boot_command(e, cell->key, f);
	struct process *process = e->process;
	const struct unit *unit = e->unit;
	const struct step *step = e->step;
	e->process = process_new(e, NULL, SHELL_POSIX);
	e->phase = b->phase;
	e->step = f->upload;
	e->unit = f->place.unit;
	e->ignoring = 1; /* nothing of it ends the build */
	if (!b->reader) {
		run_file(e, &c, cell->key, 0, NULL);
	} else {
		struct chunks unknowns = {0};
		struct lines l = {.e = e, .command = &c, .path = cell->key};
		struct str text = value_flatten(e, &f->content, &unknowns);
		l.unit = file_unit(e, cell->key, f, text, &unknowns);
		run_lines(&l, b->reader);
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
		const struct file *own = c->value;
		const struct boot_path *b =
			own && !own->deleted && !own->tree ? boot_path_find(c->key) : NULL;
		const struct file *f = b ? guest_find(e, c->key) : NULL;
		if (f && !f->tree && has_code(e, f))
			boot_file(e, c, b);
	}
	e->phase = phase;
}

/* ---- Units that something else brings ------------------------------------------------------- */

void content_unit(struct content *k)
{
	struct lines l = {k->e, k->unit, k->command, k->path};
	run_lines(&l, read_unit);
}
