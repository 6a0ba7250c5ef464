/* Texts that are run: scripts, -c strings, here-documents, sourced files. */
#include "audit/eval/ps.h"

#define SCRIPTS_MAX 24

struct origin unit_origin(const struct unit *u, const struct span *s)
{
	struct span at = *s;
	for (unsigned i = 0; u && i < SCRIPTS_MAX * 4; i++) {
		if (u->step) {
			struct origin o = plan_line(u->step, at.line, at.col);
			o.span.len = at.len;
			return o;
		}
		if (!u->place.unit)
			return (struct origin){u->file, at};
		const struct span *outer = &u->place.span;
		if (u->place.by_line) {
			at.col = at.line <= 1 ? outer->col + at.col - 1 : at.col;
			at.line = outer->line + (at.line ? at.line - 1 : 0);
			at.off = outer->off;
		} else {
			at = *outer;
		}
		u = u->place.unit;
	}
	return (struct origin){STR(""), at};
}

/* ---- The first line ------------------------------------------------------------------------- */

struct shebang {
	struct str program; /* last part of the path; empty: none */
	struct str options;
};

static struct shebang shebang_of(struct str text)
{
	struct shebang s = {STR(""), STR("")};
	if (!str_has_prefix(text, STR("#!")))
		return s;
	struct str line = str_sub(text, 2, str_find_byte(text, '\n') - 2);
	struct str word;
	line = str_trim(line);
	if (!str_cut(&line, ' ', &word))
		return s;
	s.program = base_name(word);
	while (word_in(s.program, "env") && str_cut(&line, ' ', &word))
		if (word.n > 0 && word.p[0] != '-' && str_find_byte(word, '=') == STR_NPOS)
			s.program = base_name(word);
	s.options = line.p ? str_trim(line) : STR("");
	return s;
}

static bool is_shell(struct str program)
{
	return word_in(program, "sh bash dash ash ksh ksh93 mksh zsh posh yash rbash busybox");
}

static enum shell_dialect dialect_of(struct str program)
{
	return word_in(program, "sh dash ash posh busybox") ? SHELL_POSIX : SHELL_BASH;
}

/* ---- Running text --------------------------------------------------------------------------- */

static void set_initial(struct process *p, enum shell_option o, bool on)
{
	if (on)
		p->options[o]->value = p;
}

static struct process *child_of(struct eval *e, const struct run *r)
{
	struct process *p = process_new(e, e->process, r->dialect);
	set_initial(p, OPTION_ERREXIT, r->errexit);
	set_initial(p, OPTION_PIPEFAIL, r->pipefail);
	set_initial(p, OPTION_NOUNSET, r->nounset);
	set_initial(p, OPTION_ALIASES, r->aliases);
	struct args *args = arena_new(e->scratch, struct args);
	if (r->argc > 1) {
		args->items = r->argv + 1;
		args->n = r->argc - 1;
	}
	args->open = r->args_open;
	p->args->value = args;
	p->arg0 = r->path;
	return p;
}

static struct unit *unit_new(struct eval *e, const struct run *r)
{
	struct unit *u = arena_new(e->scratch, struct unit);
	struct chunks unknowns = {0};
	u->text = value_flatten(e, &r->text, &unknowns);
	u->unknowns = unknowns.items;
	u->unknown_count = unknowns.n;
	u->path = r->path.n != 0 ? r->path : e->unit ? e->unit->path : STR("");
	u->depth = e->unit ? e->unit->depth + 1 : 1;
	u->place = r->place;
	u->file = r->name;
	if (r->file && r->file->upload) {
		u->step = r->file->upload;
		u->place = (struct place){0};
	} else if (!u->place.unit && e->unit) {
		u->place = (struct place){.unit = e->unit, .span = e->at};
		if (e->node)
			u->place.span = e->node->span;
	}
	return u;
}

/* On whatever path the shell ends. What ends the trap early decides about the status. */
static struct outcome run_exit_trap(struct eval *e, struct outcome o)
{
	const struct run *trap = e->process->exit_trap->value;
	if (!trap)
		return o;
	const struct shell_command *node = e->node;
	struct frame f = frame_open(e, FRAME_PROCESS);
	cell_set(e, e->process->exit_trap, NULL);
	e->frame = &f;
	e->node = trap->command->node;
	run_code(e, trap);
	e->node = node;
	bool exits = f.ended[0].alive || f.ended[1].alive;
	frame_close(e, &f, outcome_unknown());
	return exits ? outcome_unknown() : o;
}

static struct outcome run_parsed(
	struct eval *e, const struct run *r, const struct shell_script *script)
{
	struct process *process = e->process;
	unsigned ignoring = e->ignoring;
	enum guard guard = e->guard;
	const void *args = e->process->args->value;
	if (r->child) {
		e->process = child_of(e, r);
		e->ignoring = 0;
		e->guard = GUARD_NONE;
	} else if (r->argc > 1) {
		args_set(e, r->argv + 1, r->argc - 1, false);
	}
	bool framed = !r->inherits;
	unsigned gates = e->gates;
	struct frame f = frame_open(e, r->child ? FRAME_PROCESS : FRAME_SOURCE);
	struct str function = e->function;
	if (framed)
		e->frame = &f;
	if (r->child)
		e->function = STR("");
	struct outcome o = eval_list(e, script->body);
	if (!script->ok && !o.dead) {
		struct origin at = unit_origin(e->unit, &script->error.span);
		struct command where = command_new(e, NULL, NULL, 0);
		where.origin = at;
		where.text = e->unit->path;
		emit_opaque(e, &where, "syntax", script->error.text, e->unit->path);
		e->facts->opaque++;
	}
	if (framed) {
		o = frame_close(e, &f, o);
		e->gates = gates;
	}
	if (r->child)
		o = run_exit_trap(e, o);
	e->function = function;
	if (r->child) {
		e->process = process;
		o.dead = false;
	} else if (r->argc > 1) {
		cell_set(e, e->process->args, args);
	}
	e->ignoring = ignoring;
	e->guard = guard;
	return o;
}

/* On some systems sh is bash: what is no POSIX shell is read as bash then, and reported. */
static const struct shell_script *parse(
	struct eval *e, const struct unit *unit, struct shell_options *options)
{
	const struct shell_script *script = shell_parse(e->scratch, unit->text, options);
	if (script->ok || options->dialect != SHELL_POSIX)
		return script;
	options->dialect = SHELL_BASH;
	const struct shell_script *bash = shell_parse(e->scratch, unit->text, options);
	if (!bash->ok)
		return script->error.span.off > bash->error.span.off ? script : bash;
	struct command where = command_new(e, NULL, NULL, 0);
	where.origin = unit_origin(unit, &script->error.span);
	where.text = unit->path;
	emit_opaque(e, &where, "dialect",
		arena_printf(e->scratch, "%.*s, as sh; read as bash", STR_ARG(script->error.text)),
		unit->path);
	return bash;
}

/* U+202A-E and U+2066-9 turn text around: what a reviewer sees is not what the shell reads. */
static size_t find_bidi(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		const char *at = memchr(s.p + i, '\xe2', s.n - i - 2);
		if (!at)
			break;
		i = (size_t)(at - s.p);
		unsigned char second = (unsigned char)s.p[i + 1];
		unsigned char third = (unsigned char)s.p[i + 2];
		if ((second == 0x80 && third >= 0xaa && third <= 0xae) ||
			(second == 0x81 && third >= 0xa6 && third <= 0xa9))
			return i;
	}
	return STR_NPOS;
}

static void look_for_deception(struct eval *e, const struct unit *unit)
{
	size_t at = find_bidi(unit->text);
	if (at == STR_NPOS)
		return;
	struct span span = {.off = (uint32_t)at, .line = 1, .col = 1};
	for (size_t i = 0; i < at; i++) {
		span.col = unit->text.p[i] == '\n' ? 1 : span.col + 1;
		span.line += unit->text.p[i] == '\n';
	}
	struct command where = command_new(e, NULL, NULL, 0);
	where.origin = unit_origin(unit, &span);
	where.text = unit->path;
	emit_opaque(e, &where, "deceptive",
		STR("a character that turns the direction of text around"), unit->path);
}

struct outcome run_text(struct eval *e, const struct run *r)
{
	if (e->calls >= SCRIPTS_MAX) {
		emit_opaque(
			e, r->command, "bound", STR("scripts call each other too deeply"), r->path);
		return outcome_unknown();
	}
	struct unit *unit = unit_new(e, r);
	if (!charge(e, unit->text.n))
		return outcome_unknown();
	struct shell_options options = {
		.dialect = r->dialect, .extglob = !r->child && option_on(e, OPTION_EXTGLOB)};
	const struct shell_script *script = r->front ? NULL : parse(e, unit, &options);
	look_for_deception(e, unit);
	const struct unit *old_unit = e->unit;
	const struct shell_command *node = e->node;
	const struct wrapper *wrappers = e->wrappers;
	const struct redirect *redirs = e->redirs;
	size_t redir_count = e->redir_count;
	struct wrapper w = {r->wrapper, wrappers, wrappers ? wrappers->depth + 1 : 1};
	if (r->wrapper.n != 0)
		e->wrappers = &w;
	e->unit = unit;
	e->calls++;
	e->redirs = NULL;
	e->redir_count = 0;
	struct outcome o = r->front ? r->front(e, r, unit) : run_parsed(e, r, script);
	e->calls--;
	e->unit = old_unit;
	e->node = node;
	e->wrappers = wrappers;
	e->redirs = redirs;
	e->redir_count = redir_count;
	return o;
}

/* ---- Code of any origin --------------------------------------------------------------------- */

static bool looks_binary(struct str s)
{
	struct str head = str_sub(s, 0, 512);
	return str_has_prefix(head,
		       STR("\x7f"
			   "ELF")) ||
		str_find_byte(head, '\0') != STR_NPOS;
}

static bool mostly_known(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].kind == CHUNK_TEXT && str_trim(v->items[i].text).n != 0)
			return true;
	return false;
}

/* Flows and what cannot be read; true when there is text to go on with. */
static bool readable(struct eval *e, const struct run *r)
{
	const struct taint *t = value_taint(e, &r->text);
	struct str name = r->command && r->command->argc > 0 && r->command->words[0].p
		? base_name(r->command->words[0])
		: STR("sh");
	struct sink sink = {.to = r->to, .name = name};
	if (r->path.n != 0)
		sink.file = guest_shown(e, r->path);
	bool text = mostly_known(&r->text);
	if (t && value_foreign(&r->text))
		flow_into(e, r->command, t, &sink);
	if (text)
		return true;
	if (!t && r->text.n > 0) {
		emit_opaque(e, r->command, "script", STR("the text that is run is not known"),
			sink.file);
		e->facts->opaque++;
	}
	return false;
}

static struct outcome run_choices(struct eval *e, const struct run *r, size_t variants)
{
	struct branch b = branch_begin(e);
	e->conditional++;
	for (size_t i = 0; i < variants && charge(e, 4); i++) {
		struct run one = *r;
		one.text = value_variant(e, &r->text, i);
		struct outcome o = run_code(e, &one);
		branch_path(e, &b, o.dead);
	}
	e->conditional--;
	return (struct outcome){.dead = !branch_end(e, &b)};
}

struct outcome run_code(struct eval *e, const struct run *r)
{
	size_t variants = value_variants(&r->text);
	if (variants > 1)
		return run_choices(e, r, variants);
	if (!readable(e, r)) {
		if (e->out && r->command)
			out_unknown(e, r->command, value_taint(e, &r->text));
		return outcome_unknown();
	}
	return run_text(e, r);
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct outcome run_binary(struct eval *e, const struct command *c, const struct run *r)
{
	struct sink sink = {.to = r->to, .name = base_name(r->path), .file = r->path};
	const struct taint *t = value_taint(e, &r->text);
	if (t)
		flow_into(e, c, t, &sink);
	emit_opaque(e, c, "binary", STR("the content of a program cannot be read"), r->path);
	out_unknown(e, c, t);
	return outcome_unknown();
}

static struct outcome run_language(struct eval *e, const struct run *r, struct str program)
{
	if (readable(e, r))
		language_scan(e, r->command, program, &r->text, true);
	else
		out_unknown(e, r->command, NULL);
	return outcome_unknown();
}

static void options_of(struct run *r, struct str options)
{
	struct str word;
	while (str_cut(&options, ' ', &word)) {
		if (word.n < 2 || word.p[0] != '-' || word.p[1] == '-')
			continue;
		r->errexit = r->errexit || str_find_byte(word, 'e') != STR_NPOS;
		r->nounset = r->nounset || str_find_byte(word, 'u') != STR_NPOS;
	}
}

/* `bash script` does not read the -e of the script's first line, so no failure ends it. */
static void note_lost_errexit(
	struct eval *e, const struct command *c, const struct run *r, struct str options)
{
	struct run asked = {0};
	options_of(&asked, options);
	if (asked.errexit && !r->errexit)
		emit_opaque(e, c, "errexit",
			STR("its first line asks for -e, and who calls it so does not read that"),
			r->path);
}

struct outcome run_file(struct eval *e, const struct command *c, struct str path, size_t first,
	const struct run *base)
{
	const struct file *f = guest_find(e, path);
	struct run r = {.to = "executable"};
	if (base)
		r = *base;
	r.command = c;
	r.path = guest_path(e, path);
	r.file = f;
	r.argv = c->argc > first ? c->argv + first : NULL;
	r.argc = c->argc - first;
	if (!f) {
		out_unknown(e, c, NULL);
		return outcome_unknown();
	}
	r.text = f->content;
	r.place = f->place;
	struct str start = value_prefix(e, &f->content);
	if (f->binary || looks_binary(start))
		return run_binary(e, c, &r);
	if (f->tree) {
		flow_into(e, c, value_taint(e, &r.text),
			&(struct sink){r.to, base_name(c->words[0]), guest_shown(e, r.path)});
		out_unknown(e, c, value_taint(e, &r.text));
		return outcome_unknown();
	}
	if (base && base->front)
		return run_code(e, &r);
	if (r.language.n != 0)
		return run_language(e, &r, r.language);
	struct shebang s = shebang_of(start);
	if (base && is_shell(s.program))
		note_lost_errexit(e, c, &r, s.options);
	if (base)
		return run_code(e, &r);
	r.front = front_of(s.program);
	if (r.front) {
		r.child = true;
		return run_code(e, &r);
	}
	if (s.program.n != 0 && !is_shell(s.program))
		return run_language(e, &r, s.program);
	r.child = true;
	r.dialect = dialect_of(s.program.n != 0 ? s.program : STR("sh"));
	options_of(&r, s.options);
	return run_code(e, &r);
}

void run_script(struct eval *e, struct str text, struct str file)
{
	struct shebang s = shebang_of(text);
	struct value *arg0 = arena_new(e->scratch, struct value);
	*arg0 = value_text(e, file);
	struct command c = command_new(e, NULL, arg0, 1);
	c.origin = (struct origin){file, {.line = 1, .col = 1}};
	struct run r = {
		.to = "executable",
		.text = value_text(e, text),
		.command = &c,
		.child = true,
		.args_open = true,
		.aliases = s.program.n == 0, /* sh may run it */
		.dialect = s.program.n != 0 ? dialect_of(s.program) : SHELL_BASH,
		.name = file,
	};
	options_of(&r, s.options);
	r.front = front_of(s.program.n != 0 ? s.program : base_name(file));
	bool wide = r.front &&
		(str_has_prefix(text, STR("\xff\xfe")) || str_has_prefix(text, STR("\xfe\xff")));
	if (r.front && text.n > 0)
		r.text = value_text(e, wide ? ps_text_of(e->scratch, text) : text);
	if (looks_binary(text) && !wide)
		run_binary(e, &c, &r);
	else if (!r.front && s.program.n != 0 && !is_shell(s.program))
		run_language(e, &r, s.program);
	else if (text.n > 0)
		credit_apply(e, run_code(e, &r).when[1], true);
}
