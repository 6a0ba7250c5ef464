/* Configuration in which commands stand: hooks of udev, logrotate, apt, PAM and others. */
#include "audit/eval/guest.h"

static bool is_comment(struct str line)
{
	line = str_trim(line);
	return line.n == 0 || line.p[0] == '#' || line.p[0] == ';';
}

static struct str word_at(struct str line, size_t at)
{
	size_t n = 0;
	while (at + n < line.n && line.p[at + n] != ' ' && line.p[at + n] != '\t')
		n++;
	return str_sub(line, at, n);
}

/* What stands behind n words. */
static void run_behind(struct lines *l, struct str line, uint32_t number, size_t n)
{
	size_t at = lines_skip(line, n);
	if (at < line.n)
		lines_run(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

/* The text in the quotes that open at `at`, or up to the next blank. */
static struct str quoted_at(struct str line, size_t at)
{
	char quote = at < line.n ? line.p[at] : '\0';
	if (quote != '"' && quote != '\'')
		return word_at(line, at);
	size_t end = at + 1;
	while (end < line.n && line.p[end] != quote)
		end += line.p[end] == '\\' ? 2 : 1;
	return str_sub(line, at + 1, end - at - 1);
}

static void run_quoted(struct lines *l, struct str line, uint32_t number, size_t at)
{
	struct str text = quoted_at(line, at);
	if (text.n > 0)
		lines_run(l, text, number, (uint32_t)(text.p - line.p) + 1);
}

/* ---- Times ---------------------------------------------------------------------------------- */

static bool is_assignment(struct str line)
{
	size_t eq = str_find_byte(line, '=');
	size_t blank = str_find_byte(line, ' ');
	return eq != STR_NPOS && (blank == STR_NPOS || eq < blank);
}

/* period delay name command */
void lines_anacron(struct lines *l, struct str line, uint32_t number)
{
	if (!is_comment(line) && !is_assignment(str_trim(line)))
		run_behind(l, line, number, 3);
}

/* path mask command */
void lines_incron(struct lines *l, struct str line, uint32_t number)
{
	if (!is_comment(line))
		run_behind(l, line, number, 2);
}

/* ---- The start ------------------------------------------------------------------------------ */

void lines_interfaces(struct lines *l, struct str line, uint32_t number)
{
	if (word_in(word_at(line, lines_skip(line, 0)),
		    "up pre-up post-up down pre-down post-down"))
		run_behind(l, line, number, 1);
}

/* "exec COMMAND", and scripts between "script" and "end script". */
void lines_upstart(struct lines *l, struct str line, uint32_t number)
{
	struct str trimmed = str_trim(line);
	struct str first = word_at(trimmed, 0);
	if (str_has_prefix(trimmed, STR("end script")))
		l->inside = false;
	else if (l->inside)
		run_behind(l, line, number, 0);
	else if (str_is(trimmed, "script") || str_has_suffix(trimmed, STR(" script")))
		l->inside = true;
	else if (str_is(first, "exec"))
		run_behind(l, line, number, 1);
	else if (word_in(first, "pre-start post-start pre-stop post-stop"))
		run_behind(l, line, number, 2);
}

/* id:levels:action:command */
void lines_inittab(struct lines *l, struct str line, uint32_t number)
{
	size_t at = 0;
	if (is_comment(line))
		return;
	for (int i = 0; i < 3; i++) {
		size_t colon = str_find_byte(str_from_index(line, at), ':');
		if (colon == STR_NPOS)
			return;
		at += colon + 1;
	}
	lines_run(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

/* RUN+="...", PROGRAM=="...", IMPORT{program}="..." */
void lines_udev(struct lines *l, struct str line, uint32_t number)
{
	static const char *const keys[] = {"RUN", "PROGRAM", "IMPORT{program}"};
	for (size_t i = 0; i < countof(keys) && !is_comment(line); i++) {
		size_t from = 0;
		size_t at;
		while ((at = str_find(str_from_index(line, from), str_from(keys[i]))) != STR_NPOS) {
			size_t open = str_find_byte(str_from_index(line, from + at), '"');
			if (open == STR_NPOS)
				break;
			open += from + at;
			bool builtin = str_contains(
				str_sub(line, from + at, open - from - at), STR("builtin"));
			if (!builtin)
				run_quoted(l, line, number, open);
			from = open + quoted_at(line, open).n + 1;
		}
	}
}

/* install MODULE COMMAND */
void lines_modprobe(struct lines *l, struct str line, uint32_t number)
{
	size_t at = lines_skip(line, 2);
	bool hook = word_in(word_at(line, lines_skip(line, 0)), "install remove");
	if (hook && !word_in(word_at(line, at), "/bin/true /bin/false /usr/bin/true true false"))
		run_behind(l, line, number, 2);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

void lines_logrotate(struct lines *l, struct str line, uint32_t number)
{
	struct str trimmed = str_trim(line);
	if (str_is(trimmed, "endscript"))
		l->inside = false;
	else if (l->inside)
		run_behind(l, line, number, 0);
	else if (word_in(trimmed, "prerotate postrotate firstaction lastaction preremove"))
		l->inside = true;
}

/* DPkg::Post-Invoke {"command";}; and post-invoke="command" of dpkg. */
void lines_apt(struct lines *l, struct str line, uint32_t number)
{
	struct str trimmed = str_trim(line);
	bool names = str_contains(line, STR("Invoke")) || str_contains(line, STR("invoke=")) ||
		str_contains(line, STR("Pre-Install-Pkgs"));
	if (str_has_prefix(trimmed, STR("//")) || is_comment(line))
		return;
	l->inside = l->inside || names;
	if (l->inside) {
		size_t open = str_find_byte(line, '"');
		while (open != STR_NPOS) {
			run_quoted(l, line, number, open);
			size_t next = open + quoted_at(line, open).n + 2;
			size_t more = str_find_byte(str_from_index(line, next), '"');
			open = more == STR_NPOS ? STR_NPOS : next + more;
		}
	}
	if (str_contains(line, STR("}")) || str_contains(line, STR("invoke=")))
		l->inside = false;
}

/* type control pam_exec.so [options] command */
void lines_pam(struct lines *l, struct str line, uint32_t number)
{
	size_t at = str_find(line, STR("pam_exec.so"));
	if (at == STR_NPOS || is_comment(line))
		return;
	for (at += 11; at < line.n;) {
		while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
			at++;
		struct str word = word_at(line, at);
		if (word.n > 0 && word.p[0] == '/')
			break;
		at += word.n > 0 ? word.n : 1;
	}
	if (at < line.n)
		lines_run(l, str_from_index(line, at), number, (uint32_t)at + 1);
}

/* command="..." key */
void lines_authorized_keys(struct lines *l, struct str line, uint32_t number)
{
	size_t at = str_find(line, STR("command=\""));
	if (at != STR_NPOS && !is_comment(line))
		run_quoted(l, line, number, at + 8);
}

void lines_desktop(struct lines *l, struct str line, uint32_t number)
{
	if (str_has_prefix(line, STR("Exec=")))
		lines_run(l, str_from_index(line, 5), number, 6);
}
