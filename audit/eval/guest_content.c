/* Content of boot steps: which reader it goes to, and what readers have in common. */
#include "audit/eval/guest.h"
#include "audit/eval/ps.h"

#include <assert.h>

#include "base/encode.h"

#define PARTS_MAX 16

/* ---- What readers have in common ------------------------------------------------------------ */

static void set_origin(struct content *k, const struct span *at)
{
	k->command->origin = unit_origin(k->unit, at);
}

struct value content_value(struct content *k, struct str text)
{
	struct chunks chunks = {0};
	const struct unit *old = k->e->unit;
	k->e->unit = k->unit;
	chunks_add_marked(k->e, &chunks, text, false);
	k->e->unit = old;
	return chunks_value(k->e, &chunks);
}

void content_run(struct content *k, struct str text, const struct span *at, bool by_line)
{
	struct eval *e = k->e;
	const struct unit *old = e->unit;
	if (str_trim(text).n == 0)
		return;
	set_origin(k, at);
	struct run r = {
		.to = "interpreter",
		.text = content_value(k, text),
		.path = k->path,
		.command = k->command,
		.dialect = SHELL_POSIX,
		.child = true,
		.place = {k->unit, *at, by_line},
	};
	e->unit = k->unit;
	run_code(e, &r);
	e->unit = old;
}

void content_command(struct content *k, const struct span *at, const struct str *words, size_t n)
{
	struct eval *e = k->e;
	const struct unit *old = e->unit;
	struct value *argv = arena_array(e->scratch, struct value, n + 1);
	for (size_t i = 0; i < n; i++)
		argv[i] = content_value(k, words[i]);
	/* Code in a word of it stands where the whole does. */
	struct shell_command *node = arena_new(e->scratch, struct shell_command);
	node->kind = SHELL_SIMPLE;
	node->span = *at;
	set_origin(k, at);
	e->unit = k->unit;
	k->command->node = node;
	run_argv(e, k->command, argv, n, STR(""));
	k->command->node = NULL;
	e->unit = old;
}

void content_feed(struct content *k, const struct span *at, const char *command, struct str input)
{
	const struct value *in = k->e->in;
	struct value value = content_value(k, input);
	struct str word = str_from(command);
	k->e->in = &value;
	content_command(k, at, &word, 1);
	k->e->in = in;
}

void content_write(struct content *k, const struct span *at, const struct content_file *f)
{
	struct eval *e = k->e;
	const struct unit *old = e->unit;
	struct value content = content_value(k, f->content);
	struct value path = content_value(k, f->path);
	struct write w = {
		.content = &content,
		.by = "upload",
		.append = f->append,
		.mode = f->mode,
		.executable = f->mode.n > 0 && strpbrk(arena_cstr(e->scratch, f->mode), "1357"),
		.place = {k->unit, *at, f->by_line},
	};
	if (!value_const(e, &path, &w.path))
		w.path = (struct str){0};
	set_origin(k, at);
	e->unit = k->unit;
	guest_write(e, k->command, &w);
	e->unit = old;
}

void content_scan(struct content *k, const struct span *at, struct str language, struct str text)
{
	struct value value = content_value(k, text);
	set_origin(k, at);
	language_scan(k->e, k->command, language, &value, true);
}

void content_front(struct content *k, const struct span *at, run_front *front, struct str text)
{
	struct eval *e = k->e;
	const struct unit *old = e->unit;
	set_origin(k, at);
	struct run r = {
		.to = "interpreter",
		.text = content_value(k, text),
		.path = k->path,
		.command = k->command,
		.child = true,
		.front = front,
		.place = {k->unit, *at, true},
	};
	e->unit = k->unit;
	if (r.text.n > 0)
		run_code(e, &r);
	e->unit = old;
}

void content_opaque(struct content *k, const struct span *at, const char *what, struct str why)
{
	set_origin(k, at);
	emit_opaque(k->e, k->command, what, why, k->path);
}

size_t content_words(struct content *k, struct str text, struct str *words, size_t max)
{
	size_t n = 0;
	size_t i = 0;
	(void)k;
	while (i < text.n && n < max) {
		while (i < text.n && strchr(" \t\r\n", text.p[i]))
			i++;
		size_t start = i;
		while (i < text.n && !strchr(" \t\r\n", text.p[i]))
			i++;
		if (i > start)
			words[n++] = str_sub(text, start, i - start);
	}
	return n;
}

/* ---- Kinds ---------------------------------------------------------------------------------- */

static const struct span top = {.line = 1, .col = 1};

/* As the kernel would run it. */
static void read_script(struct content *k)
{
	struct eval *e = k->e;
	struct file f = {.content = content_value(k, k->unit->text),
		.upload = k->unit->step,
		.created = true};
	f.place = k->unit->place;
	set_origin(k, &top);
	guest_put(e, k->path, &f);
	run_file(e, k->command, k->path, 0, NULL);
}

/* "#cloud-boothook" stands before the script, whose first line may say what runs it. */
static void read_shell(struct content *k)
{
	struct str text = k->unit->text;
	struct str line;
	struct str rest = text;
	if (!str_has_prefix(text, STR("#cloud-boothook")) || !str_cut(&rest, '\n', &line)) {
		read_script(k);
		return;
	}
	struct content_at second = {
		.span = {.off = (uint32_t)line.n + 1, .line = 2, .col = 1}, .by_line = true};
	if (str_has_prefix(rest, STR("#!")))
		content_part(k, rest, &second, k->path);
	else
		content_run(k, rest, &second.span, true);
}

/*
 * What is typed, as lines: boot loaders, installers and shells get it, and nobody says which, so
 * that it is searched for what is conspicuous.
 */
static struct str typed(struct content *k)
{
	scoped(buf) out = {0};
	struct str s = k->unit->text;
	buf_init(&out, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		size_t end = s.p[i] == '<' ? str_find_byte(str_from_index(s, i), '>') : STR_NPOS;
		if (end == STR_NPOS || end > 24) {
			buf_add_byte(&out, s.p[i]);
			continue;
		}
		struct str key = str_sub(s, i + 1, end - 1);
		if (word_in(key, "enter return"))
			buf_add_byte(&out, '\n');
		else if (word_in(key, "spacebar tab"))
			buf_add_byte(&out, ' ');
		i += end;
	}
	return arena_str(k->e->scratch, out.n > 0 ? buf_str(&out) : STR(""));
}

static void read_keys(struct content *k)
{
	content_scan(k, &top, STR("boot_command"), typed(k));
}

static void read_language(struct content *k)
{
	static const struct language_name {
		const char *ending;
		const char *name;
	} names[] = {{".py", "python"}, {".pl", "perl"}, {".rb", "ruby"}, {".vbs", "vbscript"},
		{".js", "javascript"}, {".lua", "lua"}, {".php", "php"}, {".tcl", "tcl"}};
	struct str name = STR("script");
	if (str_has_prefix(k->unit->text, STR("#!"))) {
		read_script(k);
		return;
	}
	for (size_t i = 0; i < countof(names); i++) {
		if (str_has_suffix(k->path, str_from(names[i].ending)))
			name = str_from(names[i].name);
	}
	content_scan(k, &top, name, k->unit->text);
}

static void read_powershell(struct content *k)
{
	content_front(k, &top, ps_front, k->unit->text);
}

static void read_batch(struct content *k)
{
	content_front(k, &top, cmd_front, k->unit->text);
}

static void read_ruby(struct content *k)
{
	content_scan(k, &top, STR("ruby"), k->unit->text);
}

static void read_nothing(struct content *k)
{
	(void)k;
}

static void read_remote(struct content *k)
{
	content_opaque(
		k, &top, "script", STR("the platform holds this code, and nobody sees it here"));
}

static void read_unknown(struct content *k)
{
	content_opaque(
		k, &top, "boot", arena_printf(k->e->scratch, "%.*s is not read", STR_ARG(k->path)));
}

static void read_compressed(struct content *k)
{
	struct content_at at = {.span = top};
	const struct step *s = k->unit->step;
	struct str bytes = k->unit->text;
	struct str plain;
	/* As they are: a text has marks in place of some. */
	if (s && !s->boot.base64)
		bytes = text_display(&s->boot.content, k->e->scratch);
	if (content_gunzip(k, bytes, &plain)) {
		content_part(k, plain, &at, k->path);
		return;
	}
	content_opaque(k, &top, "encoded", STR("compressed content is not read"));
}

static void read_binary(struct content *k)
{
	content_opaque(k, &top, "binary", STR("the content of a binary file cannot be read"));
}

static content_fn *const readers[] = {
	[BOOT_NONE] = read_unknown,
	[BOOT_KEYS] = read_keys,
	[BOOT_SHELL] = read_shell,
	[BOOT_SCRIPT] = read_language,
	[BOOT_POWERSHELL] = read_powershell,
	[BOOT_BATCH] = read_batch,
	[BOOT_KICKSTART] = content_kickstart,
	[BOOT_PRESEED] = content_preseed,
	[BOOT_CLOUD_CONFIG] = content_cloud_config,
	[BOOT_CLOUD_DATA] = read_nothing,
	[BOOT_CLOUD_INCLUDE] = content_cloud_include,
	[BOOT_MIME] = content_mime,
	[BOOT_AUTOYAST] = content_autoyast,
	[BOOT_UNATTEND] = content_unattend,
	[BOOT_ANSWERS] = content_answers,
	[BOOT_IGNITION] = content_ignition,
	[BOOT_UNIT] = content_unit,
	[BOOT_VAGRANTFILE] = read_ruby,
	[BOOT_DOCKERFILE] = content_dockerfile,
	[BOOT_MACHINE] = read_nothing,
	[BOOT_SETTING] = read_nothing,
	[BOOT_REMOTE] = read_remote,
	[BOOT_DATA] = read_nothing,
	[BOOT_TEXT] = read_unknown,
	[BOOT_COMPRESSED] = read_compressed,
	[BOOT_BINARY] = read_binary,
};
static_assert(countof(readers) == BOOT_BINARY + 1, "a reader per kind");

static void read_content(struct content *k, enum boot_kind kind)
{
	struct eval *e = k->e;
	struct process *process = e->process;
	e->process = process_new(e, NULL, SHELL_POSIX);
	readers[kind](k);
	e->process = process;
}

void content_part(struct content *k, struct str text, const struct content_at *at, struct str name)
{
	struct unit *u = arena_new(k->e->scratch, struct unit);
	struct content part = *k;
	struct command command = *k->command;
	*u = *k->unit;
	u->text = text;
	u->step = NULL;
	u->depth = k->unit->depth + 1;
	u->place = (struct place){k->unit, at->span, at->by_line};
	if (u->depth > PARTS_MAX) {
		content_opaque(k, &at->span, "bound", STR("files in files, too deep"));
		return;
	}
	part.unit = u;
	part.command = &command;
	part.path = name.n > 0 ? name : k->path;
	read_content(&part, boot_kind_of(STR(""), text));
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* What the guest makes of it: the bytes behind base64. */
static struct str content_text(
	struct eval *e, const struct step *s, const struct value *v, struct chunks *unknowns)
{
	struct str text = value_flatten(e, v, unknowns);
	struct str decoded;
	scoped(buf) joined = {0};
	if (!s->boot.base64)
		return text;
	buf_init(&joined, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (!strchr(" \t\r\n", text.p[i]))
			buf_add_byte(&joined, text.p[i]);
	}
	return base64_decode(e->scratch, buf_str(&joined), &decoded) ? decoded : text;
}

static enum fact_phase phase_of(const struct eval *e, const struct step *s, enum boot_kind kind)
{
	if (kind == BOOT_VAGRANTFILE)
		return PHASE_RUNTIME;
	bool finish = e->plan && s->group < e->plan->groups.n &&
		e->plan->groups.items[s->group].phase == GROUP_FINISH;
	return finish ? PHASE_RUNTIME : PHASE_BOOT;
}

/* Files that a box holds beside its disks are run by nobody. */
static bool is_passive(const struct step *s)
{
	return str_is(s->boot.what, "include") && s->boot.kind != BOOT_VAGRANTFILE;
}

void guest_boot_content(struct eval *e, const struct step *s)
{
	struct chunks unknowns = {0};
	struct value v = value_from_text(e, &s->boot.content);
	struct unit *u = arena_new(e->scratch, struct unit);
	struct command c = command_new(e, NULL, NULL, 0);
	enum boot_kind kind = s->boot.kind;
	struct content k = {.e = e, .unit = u, .command = &c};
	enum fact_phase phase = e->phase;
	k.path = s->boot.path.n > 0 ? s->boot.path : s->boot.what;
	u->path = k.path;
	u->text = content_text(e, s, &v, &unknowns);
	u->unknowns = unknowns.items;
	u->unknown_count = unknowns.n;
	u->step = s;
	if (kind == BOOT_NONE)
		kind = boot_kind_of(k.path, u->text);
	c.text = k.path;
	c.origin = plan_line(s, 1, 1);
	e->phase = phase_of(e, s, kind);
	secret_write(e, &c, k.path, &v, "boot");
	if (!is_passive(s))
		read_content(&k, kind);
	e->phase = phase;
}
