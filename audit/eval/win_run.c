/* Programs and files of Windows that are run. */
#include "audit/eval/ps.h"

#include "base/encode.h"

#define DEPTH_MAX 200

/* ---- Which language ------------------------------------------------------------------------- */

run_front *front_of(struct str name)
{
	size_t dot = str_rfind_byte(name, '.');
	struct str ending = dot == STR_NPOS ? name : str_from_index(name, dot + 1);
	if (win_is_word(ending, "ps1 psm1") ||
		win_is_word(name,
			"powershell pwsh powershell.exe "
			"pwsh.exe pwsh-preview"))
		return ps_front;
	if (win_is_word(ending, "cmd bat") || win_is_word(name, "cmd cmd.exe batch"))
		return cmd_front;
	return NULL;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static bool has_ending(struct str path, const char *endings)
{
	size_t dot = str_rfind_byte(path, '.');
	return dot != STR_NPOS && win_is_word(str_from_index(path, dot + 1), endings);
}

static bool is_opaque_file(const struct file *f)
{
	return f->binary || f->tree;
}

/* A program or a script for somebody else. */
static void run_foreign(
	struct eval *e, const struct command *c, const struct file *f, struct str path)
{
	struct sink sink = {.to = "executable",
		.name = base_name(c->argc > 0 && c->words[0].p ? c->words[0] : path),
		.file = guest_shown(e, path)};
	const struct taint *t = value_taint(e, &f->content);
	if (t) {
		flow_into(e, c, t, &sink);
		if (f->binary)
			emit_opaque(e, c, "binary", STR("the content of a program cannot be read"),
				path);
		return;
	}
	if (has_ending(path, "py"))
		language_scan(e, c, STR("python"), &f->content, true);
	else if (has_ending(path, "vbs vbe js jse wsf hta"))
		language_scan(e, c, STR("script"), &f->content, true);
	else
		emit_opaque(e, c, "binary", STR("the content of a program cannot be read"), path);
}

struct outcome win_run_file(struct eval *e, const struct command *c, struct str path, size_t first)
{
	const struct file *f = guest_find(e, path);
	run_front *front = front_of(base_name(path));
	out_unknown(e, c, f ? value_taint(e, &f->content) : NULL);
	if (!f)
		return outcome_unknown();
	if (has_ending(path, "msi msu msp msix appx")) {
		win_install(e, c, path);
		return outcome_unknown();
	}
	if (!front || is_opaque_file(f)) {
		run_foreign(e, c, f, path);
		return outcome_unknown();
	}
	struct run r = {.to = "interpreter",
		.text = f->content,
		.path = guest_path(e, path),
		.file = f,
		.command = c,
		.argv = c->argc > first ? c->argv + first : NULL,
		.argc = c->argc > first ? c->argc - first : 0,
		.front = front,
		.place = f->place};
	return run_code(e, &r);
}

bool win_source(struct ps *p, const struct ps_node *n, struct str path, const struct ps_args *args)
{
	struct eval *e = p->e;
	struct str file = win_path(e, path);
	const struct file *f = guest_find(e, file);
	struct value *argv = arena_array(e->scratch, struct value, args->n + 2);
	size_t argc = 0;
	if (!has_ending(path, "ps1 psm1") && !f)
		return false;
	argv[argc++] = value_text(e, STR("."));
	argv[argc++] = value_text(e, path);
	for (size_t i = 0; i < args->n && !args->items[i].name.p; i++)
		argv[argc++] = ps_value_text(p, &args->items[i].value);
	struct command c = ps_command(p, n, argv, argc);
	emit_exec(e, &c);
	if (!f || is_opaque_file(f)) {
		if (f)
			run_foreign(e, &c, f, file);
		return true;
	}
	struct run r = {.to = "source",
		.text = f->content,
		.path = guest_path(e, file),
		.file = f,
		.command = &c,
		.argv = argv + 1,
		.argc = argc - 1,
		.inherits = true,
		.front = ps_front,
		.place = f->place,
		.ps = p};
	p->dead = run_code(e, &r).dead;
	return true;
}

/* ---- Programs ------------------------------------------------------------------------------- */

static const struct command_entry *entry_of(struct eval *e, struct str name)
{
	static const struct command_entry *const tables[] = {win_commands, win_commands_system};
	bool loaded = e->windows.n > 0;
	for (size_t i = 0; !loaded && i < countof(tables); i++) {
		for (const struct command_entry *t = tables[i]; t->names; t++) {
			struct str rest = str_from(t->names);
			struct str one;
			while (str_cut(&rest, ' ', &one)) {
				struct command_entry *copy =
					arena_new(e->scratch, struct command_entry);
				*copy = *t;
				map_put(&e->windows, e->scratch, one, copy);
			}
		}
	}
	const struct command_entry *entry = map_find(&e->windows, name);
	/* Programs that mean something else there, or that no Windows has. */
	if (entry ||
		word_in(name,
			"find sort date time timeout set more tree expand test at cmp "
			"service su exec command eval source type which where sh alias"))
		return entry;
	return map_find(&e->commands, name);
}

/* The file that the name means, as cmd.exe and PowerShell look for it. */
static const struct file *program_file(struct eval *e, struct str name, struct str *path)
{
	static const char *const endings[] = {"", ".exe", ".cmd", ".bat", ".ps1"};
	for (size_t i = 0; i < countof(endings); i++) {
		struct str full =
			win_path(e, arena_printf(e->scratch, "%.*s%s", STR_ARG(name), endings[i]));
		const struct file *f = guest_find(e, full);
		if (f) {
			*path = full;
			return f;
		}
	}
	return NULL;
}

static struct command renamed(struct eval *e, const struct command *c, struct str name)
{
	struct value *argv = arena_array(e->scratch, struct value, c->argc);
	memcpy(argv, c->argv, c->argc * sizeof(*argv));
	argv[0] = value_text(e, name);
	return command_new(e, c, argv, c->argc);
}

void win_unknown_command(struct eval *e, const struct command *c)
{
	size_t before = e->facts->n;
	emit_opaque(e, c, "command", STR("the name of the command is not known"), (struct str){0});
	/* A loop says it once. */
	e->facts->opaque += e->facts->n > before;
}

static struct outcome run_unknown(struct eval *e, const struct command *c)
{
	const struct taint *t = value_taint(e, &c->argv[0]);
	emit_exec(e, c);
	if (t && value_foreign(&c->argv[0])) {
		flow_into(e, c, t, &(struct sink){.to = "executable", .name = STR("cmd")});
	} else {
		win_unknown_command(e, c);
	}
	out_unknown(e, c, NULL);
	return outcome_unknown();
}

struct outcome win_run_program(struct eval *e, const struct command *c)
{
	struct outcome o = {0};
	struct str path;
	if (c->argc == 0 || !charge(e, 16))
		return o;
	if (!c->words[0].p)
		return run_unknown(e, c);
	if (++e->depth > DEPTH_MAX) {
		e->depth--;
		emit_opaque(e, c, "bound", STR("commands run each other too deeply"), c->words[0]);
		return o;
	}
	struct str name = win_program(e, c->words[0]);
	struct command plain = str_eq(name, c->words[0]) ? *c : renamed(e, c, name);
	const struct command_entry *entry = entry_of(e, base_name(name));
	if (program_file(e, c->words[0], &path)) {
		emit_exec(e, &plain);
		o = win_run_file(e, &plain, path, 0);
	} else {
		plain.whole = map_has(&e->windows, base_name(name));
		if (!entry || !entry->quiet)
			emit_exec(e, &plain);
		if (!entry || !entry->run(e, &plain, &o))
			out_unknown(e, &plain, e->in ? value_taint(e, e->in) : NULL);
	}
	e->depth--;
	return o;
}

/* ---- Command lines -------------------------------------------------------------------------- */

struct line_words {
	struct value *items;
	size_t n;
	size_t cap;
};

/* Words as CommandLineToArgvW parts them; what is not known belongs to the word at hand. */
static void part_line(struct eval *e, const struct value *line, struct line_words *out)
{
	struct chunks word = {0};
	bool quoted = false;
	bool open = false;
	for (size_t i = 0; i < line->n; i++) {
		const struct chunk *c = &line->items[i];
		size_t from = 0;
		if (c->kind != CHUNK_TEXT) {
			chunks_add(e, &word, c);
			open = true;
			continue;
		}
		for (size_t k = 0; k <= c->text.n && charge(e, 1); k++) {
			char b = k < c->text.n ? c->text.p[k] : '\0';
			bool blank = !quoted && (b == ' ' || b == '\t' || b == '\n' || b == '\r');
			if (b && b != '"' && !blank)
				continue;
			chunks_add_text(e, &word, str_sub(c->text, from, k - from));
			open = open || k > from || b == '"';
			from = k + 1;
			quoted = b == '"' ? !quoted : quoted;
			if (!blank || !open)
				continue;
			list_push(e->scratch, out) = chunks_value(e, &word);
			word = (struct chunks){0};
			open = false;
		}
	}
	if (open)
		list_push(e->scratch, out) = chunks_value(e, &word);
}

size_t win_words(struct eval *e, const struct value *line, struct value **out)
{
	struct line_words words = {0};
	part_line(e, line, &words);
	*out = words.items;
	return words.n;
}

void win_run_line(struct eval *e, const struct command *c, const struct value *program,
	const struct value *line)
{
	struct line_words words = {0};
	list_push(e->scratch, &words) = *program;
	if (line)
		part_line(e, line, &words);
	struct command inner = command_new(e, c, words.items, words.n);
	win_run_program(e, &inner);
}

/* ---- powershell.exe ------------------------------------------------------------------------- */

enum shell_option_kind { OPTION_PLAIN = 0, OPTION_VALUE, OPTION_CODE, OPTION_ENCODED, OPTION_FILE };

/* By the beginning of the name, in the order in which the program looks. */
static enum shell_option_kind powershell_option(struct str w)
{
	static const struct {
		const char *name;
		size_t least;
		enum shell_option_kind kind;
	} names[] = {
		{"command", 1, OPTION_CODE},
		{"commandwithargs", 8, OPTION_CODE},
		{"encodedcommand", 1, OPTION_ENCODED},
		{"ec", 2, OPTION_ENCODED},
		{"executionpolicy", 2, OPTION_VALUE},
		{"ep", 2, OPTION_VALUE},
		{"file", 1, OPTION_FILE},
		{"inputformat", 2, OPTION_VALUE},
		{"outputformat", 1, OPTION_VALUE},
		{"psconsolefile", 1, OPTION_VALUE},
		{"configurationname", 2, OPTION_VALUE},
		{"configurationfile", 14, OPTION_VALUE},
		{"version", 1, OPTION_VALUE},
		{"windowstyle", 1, OPTION_VALUE},
		{"workingdirectory", 2, OPTION_VALUE},
	};
	w = str_from_index(w, str_has_prefix(w, STR("--")) ? 2 : 1);
	for (size_t i = 0; i < countof(names); i++)
		if (w.n >= names[i].least &&
			str_eq_nocase(w, str_sub(str_from(names[i].name), 0, w.n)))
			return names[i].kind;
	return OPTION_PLAIN;
}

/* Words from i on, parted by blanks. */
static struct value rest_of(struct eval *e, const struct command *c, size_t i)
{
	struct chunks out = {0};
	for (size_t k = i; k < c->argc && charge(e, 2); k++) {
		if (k > i)
			chunks_add_text(e, &out, STR(" "));
		chunks_add_value(e, &out, &c->argv[k]);
	}
	return chunks_value(e, &out);
}

static struct outcome run_ps_code(struct eval *e, const struct command *c, const struct value *code)
{
	struct run r = {.to = "interpreter",
		.text = *code,
		.command = c,
		.child = true,
		.front = ps_front,
		.wrapper = STR("powershell")};
	if (c->node)
		r.place = word_place(e, c, c->argc - 1);
	else
		r.name = c->origin.file;
	return run_code(e, &r);
}

static struct outcome run_encoded(struct eval *e, const struct command *c, const struct value *v)
{
	struct str s;
	struct str bytes;
	if (value_const(e, v, &s) && base64_decode(e->scratch, str_trim(s), &bytes)) {
		struct str parts[] = {STR("\xff\xfe"), bytes};
		struct str text = ps_text_of(e->scratch, arena_join(e->scratch, parts, 2, STR("")));
		struct value code = value_text(e, text);
		return run_ps_code(e, c, &code);
	}
	e->facts->opaque++;
	emit_opaque(e, c, "encoded", STR("the encoded command is not known"), STR("powershell"));
	const struct taint *t = value_taint(e, v);
	if (t)
		flow_into(e, c, taint_via(e, t, STR("powershell"), true),
			&(struct sink){.to = "interpreter", .name = STR("powershell")});
	return outcome_unknown();
}

static struct outcome run_ps_input(struct eval *e, const struct command *c)
{
	const struct value *in = e->in;
	if (!in)
		return outcome_unknown();
	e->in = NULL;
	struct outcome o = run_ps_code(e, c, in);
	e->in = in;
	return o;
}

static struct outcome run_ps_file(struct eval *e, const struct command *c, size_t i)
{
	struct str path = i < c->argc && c->words[i].p ? win_path(e, c->words[i]) : (struct str){0};
	if (path.p && str_is(path, "-"))
		return run_ps_input(e, c);
	const struct file *f = path.p ? guest_find(e, path) : NULL;
	const struct taint *t = i < c->argc ? value_taint(e, &c->argv[i]) : NULL;
	if (t)
		flow_into(e, c, t, &(struct sink){.to = "interpreter", .name = STR("powershell")});
	if (!f || is_opaque_file(f)) {
		if (f)
			run_foreign(e, c, f, path);
		else if (!path.p && !t)
			emit_opaque(e, c, "script", STR("the name of the script is not known"),
				(struct str){0});
		return outcome_unknown();
	}
	struct run r = {.to = "interpreter",
		.text = f->content,
		.path = guest_path(e, path),
		.file = f,
		.command = c,
		.argv = c->argv + i,
		.argc = c->argc - i,
		.child = true,
		.front = ps_front,
		.place = f->place};
	return run_code(e, &r);
}

struct outcome run_powershell(struct eval *e, const struct command *c)
{
	bool core = c->words[0].p && str_has_prefix(base_name(c->words[0]), STR("pwsh"));
	emit_exec(e, c);
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p || w.n == 0 || (w.p[0] != '-' && w.p[0] != '/') || str_is(w, "-")) {
			struct value code = rest_of(e, c, i);
			bool file = core || (w.p && has_ending(w, "ps1") && i + 1 == c->argc);
			return file ? run_ps_file(e, c, i) : run_ps_code(e, c, &code);
		}
		struct value code;
		switch (powershell_option(w)) {
		case OPTION_PLAIN:
			break;
		case OPTION_VALUE:
			i++;
			break;
		case OPTION_CODE:
			code = rest_of(e, c, i + 1);
			if (word_is(c, i + 1, "-"))
				return run_ps_input(e, c);
			return run_ps_code(e, c, &code);
		case OPTION_ENCODED:
			if (i + 1 < c->argc)
				return run_encoded(e, c, &c->argv[i + 1]);
			break;
		case OPTION_FILE:
			return run_ps_file(e, c, i + 1);
		}
	}
	return run_ps_input(e, c);
}
