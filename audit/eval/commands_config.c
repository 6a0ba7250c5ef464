/* Editors of configuration files other than sed: what they leave in the file. */
#include "audit/eval/eval.h"

#define OPERANDS_MAX 16

static void append_text(struct eval *e, const struct command *c, struct str path, struct str text)
{
	struct value v = value_text(e, text);
	struct write w = {.path = path, .content = &v, .by = "redirect", .append = true};
	if (path.p && text.n > 0)
		guest_write(e, c, &w);
}

static struct str joined_after(struct str path, const char *prefix)
{
	struct str p = str_from(prefix);
	return str_has_prefix(path, p) ? str_from_index(path, p.n) : (struct str){0};
}

/* ---- One key of a file ---------------------------------------------------------------------- */

/* Lines that set the key go, and a new one comes. */
static void set_key(
	struct eval *e, const struct command *c, struct str path, struct str key, struct str line)
{
	struct edit edit = {.extended = true};
	edit.script = arena_printf(e->scratch, "/^[[:space:]]*%.*s[[:space:]=]/d", STR_ARG(key));
	edit_file(e, c, path, &edit);
	append_text(e, c, path, arena_printf(e->scratch, "%.*s\n", STR_ARG(line)));
}

/* crudini --set FILE SECTION KEY VALUE; git config and the like have files of their own. */
static int run_crudini(struct eval *e, const struct command *c, struct outcome *out)
{
	*out = outcome_unknown();
	size_t i = 1;
	while (i < c->argc && !word_is(c, i, "--set"))
		i++;
	if (i + 3 >= c->argc || !c->words[i + 1].p || !c->words[i + 3].p)
		return 1;
	struct str value = i + 4 < c->argc ? value_display(e, &c->argv[i + 4]) : STR("");
	struct str key = c->words[i + 3];
	set_key(e, c, c->words[i + 1], key,
		arena_printf(e->scratch, "%.*s=%.*s", STR_ARG(key), STR_ARG(value)));
	return 1;
}

/* set /files/etc/ssh/sshd_config/PermitRootLogin no */
static void augeas_set(struct eval *e, const struct command *c, struct str node, struct str value)
{
	struct str path = joined_after(node, "/files");
	size_t slash = path.p ? str_rfind_byte(path, '/') : STR_NPOS;
	if (slash == STR_NPOS || slash == 0)
		return;
	struct str key = str_from_index(path, slash + 1);
	path = str_sub(path, 0, slash);
	const char *between = str_has_prefix(path, STR("/etc/ssh/")) ? " " : "=";
	set_key(e, c, path, key,
		arena_printf(e->scratch, "%.*s%s%.*s", STR_ARG(key), between, STR_ARG(value)));
}

static void augeas_line(struct eval *e, const struct command *c, struct str line)
{
	struct str word;
	struct str node = {0};
	line = str_trim(line);
	if (!str_cut(&line, ' ', &word) || !str_is(word, "set"))
		return;
	line = str_trim(line);
	if (!str_cut(&line, ' ', &node))
		return;
	line = line.p ? str_trim(line) : STR("");
	if (line.n > 1 && strchr("'\"", line.p[0]))
		line = str_sub(line, 1, line.n - 2);
	augeas_set(e, c, node, line);
}

static int run_augtool(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str text = {0};
	struct str line;
	*out = outcome_unknown();
	for (size_t i = 1; i + 2 < c->argc; i++)
		if (word_is(c, i, "set") && c->words[i + 1].p)
			augeas_set(e, c, c->words[i + 1], value_display(e, &c->argv[i + 2]));
	if (e->in)
		text = value_display(e, e->in);
	while (str_cut(&text, '\n', &line) && charge(e, 4))
		augeas_line(e, c, line);
	return 1;
}

/* ---- Line editors --------------------------------------------------------------------------- */

struct line_editor {
	struct eval *e;
	const struct command *c;
	struct str path;
	bool inserts;
	struct buf added;
};

/* ,s and %s mean every line, g/x/s the lines that have x: all as sed has them. */
static struct str as_sed(struct str line)
{
	while (line.n > 0 && strchr(",%", line.p[0]))
		line = str_from_index(line, 1);
	if (str_has_prefix(line, STR("1,$")))
		line = str_from_index(line, 3);
	if (str_has_prefix(line, STR("g/")))
		line = str_from_index(line, 1);
	return line;
}

static void editor_line(struct line_editor *l, struct str line)
{
	struct eval *e = l->e;
	if (l->inserts) {
		l->inserts = !str_is(line, ".");
		if (l->inserts) {
			buf_add(&l->added, line);
			buf_add_byte(&l->added, '\n');
		}
		return;
	}
	line = str_trim(line);
	if (line.n > 1 && line.p[0] == '!') {
		struct value v = value_text(e, str_from_index(line, 1));
		run_shell_text(e, l->c, &v, base_name(l->c->words[0]), (struct place){0});
		return;
	}
	line = as_sed(line);
	char last = line.n > 0 ? line.p[line.n - 1] : '\0';
	if (line.n > 0 && line.n < 6 && strchr("aic", last)) {
		l->inserts = true;
		return;
	}
	struct edit edit = {.script = line, .extended = false};
	if (l->path.p && (str_contains(line, STR("s/")) || str_contains(line, STR("s|"))))
		edit_file(e, l->c, l->path, &edit);
}

static void editor_script(struct line_editor *l, struct str text)
{
	struct str line;
	while (str_cut(&text, '\n', &line) && charge(l->e, 4))
		editor_line(l, line);
}

/* ed, ex and vi with commands on standard input or behind -c and +. */
static int run_editor(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "cpST"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str_list scripts = {0};
	struct line_editor l = {.e = e, .c = c};
	struct str text;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-c"))
			list_push(e->scratch, &scripts) = value_display(e, &opt.value);
		else if (opt.name.n == 0 && opt.text.n > 1 && opt.text.p[0] == '+')
			list_push(e->scratch, &scripts) = str_from_index(opt.text, 1);
		else if (opt.name.n == 0 && opt.text.p && !str_is(opt.text, "-"))
			l.path = opt.text;
	}
	for (size_t i = 0; i < scripts.n; i++)
		editor_script(&l, scripts.items[i]);
	if (e->in && value_const(e, e->in, &text))
		editor_script(&l, text);
	append_text(e, c, l.path, arena_str(e->scratch, buf_str(&l.added)));
	buf_clear(&l.added);
	return 1;
}

/* ---- Patches -------------------------------------------------------------------------------- */

static struct str patched_path(struct str line, struct str dir, struct eval *e)
{
	struct str path = str_sub(line, 4, str_find_byte(str_from_index(line, 4), '\t'));
	path = str_trim(path);
	if (str_has_prefix(path, STR("b/")))
		path = str_from_index(path, 1);
	if (path.n > 0 && path.p[0] != '/' && dir.n > 0)
		path = arena_printf(e->scratch, "%.*s/%.*s", STR_ARG(dir), STR_ARG(path));
	return path;
}

struct patch {
	struct str path; /* p NULL: none yet */
	bool fixed; /* named on the command line */
	struct buf added;
};

static void patch_flush(struct eval *e, const struct command *c, struct patch *p)
{
	append_text(e, c, p->path, arena_str(e->scratch, buf_str(&p->added)));
	buf_clear(&p->added);
}

/* The lines that a patch adds. */
static int run_patch(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--input", "--directory", "--strip", NULL};
	static const struct optspec spec = {.shorts = "idpoBrzYVFD", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct patch p = {0};
	struct str dir = {0};
	struct value diff = {0};
	struct str text;
	struct str line;
	*out = outcome_unknown();
	if (e->in)
		diff = *e->in;
	for (size_t operands = 0; opts_next(&o, &opt);) {
		if (opt_is(&opt, "-d --directory"))
			dir = opt.text;
		bool input = opt_is(&opt, "-i --input") || (opt.name.n == 0 && operands == 1);
		if (input && opt.text.p)
			diff = guest_read(e, opt.text);
		else if (opt.name.n == 0)
			p.path = opt.text;
		operands += opt.name.n == 0;
	}
	p.fixed = p.path.p != NULL;
	if (!value_const(e, &diff, &text))
		return 1;
	while (str_cut(&text, '\n', &line) && charge(e, 4)) {
		if (str_has_prefix(line, STR("+++ "))) {
			patch_flush(e, c, &p);
			if (!p.fixed)
				p.path = patched_path(line, dir, e);
		} else if (line.n > 1 && line.p[0] == '+') {
			buf_add(&p.added, str_from_index(line, 1));
			buf_add_byte(&p.added, '\n');
		}
	}
	patch_flush(e, c, &p);
	return 1;
}

/* ---- Keys of people ------------------------------------------------------------------------- */

/* Keys that a forge has of somebody, who may change them, become authorized. */
static int run_import_id(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "ou"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str path = STR("~/.ssh/authorized_keys");
	bool any = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-o --output") && opt.text.p)
			path = opt.text;
		any = any || opt.name.n == 0;
	}
	if (!any || has_word(c, "-r --remove"))
		return 1;
	struct source *s = source_new(e, c, SOURCE_NETWORK, base_name(c->words[0]), NULL);
	struct value v = value_tainted(e, STR("…"), taint_of(e, s));
	struct write w = {.path = path, .content = &v, .by = "download", .append = true};
	guest_write(e, c, &w);
	return 1;
}

const struct command_entry commands_config[] = {
	{"crudini", run_crudini},
	{"augtool", run_augtool},
	{"ed ex vi vim nvim red", run_editor},
	{"patch", run_patch},
	{"ssh-import-id ssh-import-id-gh ssh-import-id-lp", run_import_id},
	{0},
};
