#include "audit/eval/eval.h"

#define CALLS_MAX 24
#define RECURSION_MAX 2
#define VARIANTS_MAX 4

/* ---- Redirections --------------------------------------------------------------------------- */

struct redirected {
	struct str path;
	bool append;
	bool active;
	struct chunks collected;
};

static bool is_null_device(struct str path)
{
	return str_has_prefix(path, STR("/dev/")) && !str_has_prefix(path, STR("/dev/fd/")) &&
		!str_has_prefix(path, STR("/dev/shm/"));
}

static struct str fd_variable(struct eval *e, int fd)
{
	return arena_printf(e->scratch, "<&%d", fd);
}

static bool is_socket(struct str path)
{
	return str_has_prefix(path, STR("/dev/tcp/")) || str_has_prefix(path, STR("/dev/udp/"));
}

/* The connection that a descriptor stands for. */
static struct str fd_socket(struct eval *e, int fd)
{
	return arena_printf(e->scratch, ">&%d", fd);
}

/* What is read from a connection to a host that is not known. */
static struct value read_unknown_socket(struct eval *e)
{
	struct url url = {0};
	struct source *s = source_new(e, NULL, SOURCE_NETWORK, STR("/dev/tcp"), &url);
	return value_tainted(e, STR("…"), taint_of(e, s));
}

static void redirect_in(struct eval *e, const struct redirect *r, const struct value *target)
{
	struct value *v = arena_new(e->scratch, struct value);
	struct str path;
	if (value_const(e, target, &path))
		*v = guest_read(e, path);
	else if (is_socket(r->path))
		*v = read_unknown_socket(e);
	else
		*v = value_unknown(e, STR("…"), value_taint(e, target));
	if (r->fd >= 3) {
		variable_set(e, fd_variable(e, r->fd), v, false);
		return;
	}
	e->in = v;
	const struct file *f = path.p ? guest_find(e, path) : NULL;
	e->in_place = f ? f->place : (struct place){0};
}

static void redirect_text(struct eval *e, const struct shell_redir *r)
{
	struct value *v = arena_new(e->scratch, struct value);
	bool heredoc = r->op == SHELL_REDIR_HEREDOC;
	*v = eval_word(e, heredoc ? r->body : r->target);
	if (!heredoc) {
		struct chunks line = {0};
		chunks_add_value(e, &line, v);
		chunks_add_text(e, &line, STR("\n"));
		*v = chunks_value(e, &line);
	}
	e->in = v;
	e->in_place = (struct place){0};
	if (heredoc && r->body)
		e->in_place = (struct place){e->unit, r->body->span, true};
}

static void redirect_dup(struct eval *e, struct redirect *r, struct redirected *to)
{
	uint64_t fd = 0;
	bool number = r->path.p && str_to_u64(r->path, &fd);
	const struct variable *socket =
		number ? variable_find(e, fd_socket(e, (int)(fd % 1000))) : NULL;
	if (socket && !value_const(e, &socket->value, &r->path))
		r->path = (struct str){0};
	if (r->op == SHELL_REDIR_DUP_IN) {
		const struct variable *v =
			number ? variable_find(e, fd_variable(e, (int)(fd % 1000))) : NULL;
		if (v && r->fd == 0)
			e->in = &v->value;
		return;
	}
	if (!number && r->fd == 1 && !(r->path.p && str_is(r->path, "-"))) {
		*to = (struct redirected){.path = r->path, .active = true};
		return;
	}
	if (r->fd == 1 && fd == 2)
		e->out = NULL;
}

static void redirect_apply(
	struct eval *e, const struct shell_redir *s, struct redirect *r, struct redirected *to)
{
	struct value target = {0};
	bool in = s->op == SHELL_REDIR_IN || s->op == SHELL_REDIR_DUP_IN ||
		s->op == SHELL_REDIR_RDWR || s->op == SHELL_REDIR_HEREDOC ||
		s->op == SHELL_REDIR_HERESTRING;
	r->op = s->op;
	r->fd = s->fd >= 0 ? s->fd : !in;
	if (s->op == SHELL_REDIR_HEREDOC || s->op == SHELL_REDIR_HERESTRING) {
		redirect_text(e, s);
		return;
	}
	target = eval_word(e, s->target);
	if (!value_const(e, &target, &r->path))
		r->path = is_socket(value_prefix(e, &target)) ? value_display(e, &target)
							      : (struct str){0};
	if (r->fd >= 3 && is_socket(r->path)) {
		struct value path = value_text(e, r->path);
		variable_set(e, fd_socket(e, r->fd), &path, false);
	}
	switch (s->op) {
	case SHELL_REDIR_IN:
	case SHELL_REDIR_RDWR:
		redirect_in(e, r, &target);
		break;
	case SHELL_REDIR_DUP_IN:
	case SHELL_REDIR_DUP_OUT:
		redirect_dup(e, r, to);
		break;
	case SHELL_REDIR_OUT:
	case SHELL_REDIR_APPEND:
	case SHELL_REDIR_CLOBBER:
	case SHELL_REDIR_BOTH:
	case SHELL_REDIR_BOTH_APPEND:
		if (r->fd == 1)
			*to = (struct redirected){.path = r->path,
				.active = true,
				.append = s->op == SHELL_REDIR_APPEND ||
					s->op == SHELL_REDIR_BOTH_APPEND};
		break;
	case SHELL_REDIR_HEREDOC:
	case SHELL_REDIR_HERESTRING:
	case SHELL_REDIR_NONE:
		break;
	}
}

static void write_redirected(struct eval *e, const struct shell_command *c,
	const struct redirected *to, const struct place *place)
{
	if (to->path.p && is_null_device(to->path))
		return;
	struct value content = chunks_value(e, &to->collected);
	struct command writer = command_new(e, NULL, NULL, 0);
	writer.node = c;
	writer.origin = unit_origin(e->unit, &c->span);
	writer.text = arena_printf(e->scratch, "%s %.*s", to->append ? ">>" : ">",
		STR_ARG(to->path.p ? to->path : STR("…")));
	struct write w = {
		.path = to->path,
		.content = &content,
		.by = "redirect",
		.append = to->append,
		.deleted = content.n == 0 && !to->append,
		.place = *place,
	};
	if (!w.place.unit)
		w.place = (struct place){e->unit, c->span, false};
	guest_write(e, &writer, &w);
}

struct outcome with_redirs(struct eval *e, const struct shell_command *c,
	struct outcome (*body)(struct eval *, const struct shell_command *))
{
	struct chunks *out = e->out;
	const struct value *in = e->in;
	struct place in_place = e->in_place;
	const struct redirect *redirs = e->redirs;
	size_t redir_count = e->redir_count;
	struct redirect *list = arena_array(e->scratch, struct redirect, c->redir_count);
	struct redirected to = {0};
	for (size_t i = 0; i < c->redir_count && charge(e, 2); i++)
		redirect_apply(e, &c->redirs[i], &list[i], &to);
	e->redirs = list;
	e->redir_count = c->redir_count;
	if (to.active)
		e->out = &to.collected;
	struct outcome o = body(e, c);
	struct place place = e->in_place;
	e->redirs = redirs;
	e->redir_count = redir_count;
	e->out = out;
	e->in = in;
	e->in_place = in_place;
	if (to.active)
		write_redirected(e, c, &to, &place);
	return o;
}

/* ---- Assignments ---------------------------------------------------------------------------- */

static const struct shell_part *array_part(const struct shell_word *w)
{
	for (size_t i = 0; w && i < w->part_count; i++)
		if (w->parts[i].kind == SHELL_ARRAY)
			return &w->parts[i];
	return NULL;
}

struct elements {
	struct element *items;
	size_t n;
	size_t cap;
};

static void add_elements(struct eval *e, const struct shell_part *array, struct elements *out)
{
	size_t index = out->n;
	for (size_t i = 0; i < array->element_count && charge(e, 2); i++) {
		struct chunks raw = {0};
		struct value_list fields = {0};
		eval_fields(e, array->elements[i], &raw);
		struct value all = {raw.items, raw.n};
		split_fields(e, &all, &fields);
		for (size_t k = 0; k < fields.n; k++) {
			struct element el = {.value = fields.items[k]};
			struct str s;
			size_t close = STR_NPOS;
			if (value_const(e, &el.value, &s) && str_has_prefix(s, STR("[")))
				close = str_find(s, STR("]="));
			if (close != STR_NPOS) {
				el.key = str_sub(s, 1, close - 1);
				el.value = value_text(e, str_from_index(s, close + 2));
			} else {
				el.key = arena_printf(e->scratch, "%zu", index++);
			}
			list_push(e->scratch, out) = el;
		}
	}
}

static void assign_array(
	struct eval *e, const struct shell_assign *a, const struct shell_part *array)
{
	struct elements list = {0};
	const struct variable *old = variable_find(e, a->name);
	if (a->append && old)
		for (size_t i = 0; i < old->element_count; i++)
			list_push(e->scratch, &list) = old->elements[i];
	add_elements(e, array, &list);
	struct variable v = {.array = true, .elements = list.items, .element_count = list.n};
	variable_put(e, a->name, &v);
}

static void assign_element(struct eval *e, const struct shell_assign *a, const struct value *value)
{
	const struct variable *old = variable_find(e, a->name);
	struct variable v = {.array = true};
	struct elements list = {0};
	struct value index = eval_word(e, a->index);
	struct str key;
	if (!value_const(e, &index, &key)) {
		struct value unknown = value_unknown(e, STR("${…[…]}"), value_taint(e, value));
		variable_set(e, a->name, &unknown, false);
		return;
	}
	charge(e, old ? old->element_count : 0);
	for (size_t i = 0; old && i < old->element_count; i++)
		if (!str_eq(old->elements[i].key, key))
			list_push(e->scratch, &list) = old->elements[i];
	list_push(e->scratch, &list) = (struct element){key, *value};
	v.elements = list.items;
	v.element_count = list.n;
	v.exported = old && old->exported;
	variable_put(e, a->name, &v);
}

void eval_assign(struct eval *e, const struct shell_assign *a, bool export)
{
	const struct shell_part *array = array_part(a->value);
	if (array) {
		assign_array(e, a, array);
		return;
	}
	struct value v = eval_word(e, a->value);
	if (a->index)
		assign_element(e, a, &v);
	else
		variable_set(e, a->name, &v, a->append);
	if (export)
		variable_export(e, a->name);
}

/* ---- Simple commands ------------------------------------------------------------------------ */

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_-./:=,@%+^~<>{}$*?";

static struct str quote_word(struct eval *e, struct str s)
{
	bool quote = s.n == 0;
	for (size_t i = 0; i < s.n && !quote; i++)
		quote = !memchr(plain, s.p[i], sizeof(plain) - 1);
	if (!quote)
		return s;
	struct buf b = {0};
	buf_add_byte(&b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_add_cstr(&b, "'\\''");
		else
			buf_add_byte(&b, s.p[i]);
	}
	buf_add_byte(&b, '\'');
	struct str out = arena_str(e->scratch, buf_str(&b));
	buf_clear(&b);
	return out;
}

#define TEXT_BYTES_MAX 2048

struct command command_new(
	struct eval *e, const struct command *outer, const struct value *argv, size_t argc)
{
	struct command c = {0};
	if (outer)
		c = *outer;
	c.argv = argv;
	c.argc = argc;
	struct str *words = arena_array(e->scratch, struct str, argc + 1);
	struct str *shown = arena_array(e->scratch, struct str, argc + 1);
	for (size_t i = 0; i < argc; i++) {
		if (!value_const(e, &argv[i], &words[i]))
			words[i] = (struct str){0};
		shown[i] = words[i].p ? words[i] : value_display(e, &argv[i]);
		shown[i] = str_sub(shown[i], 0, TEXT_BYTES_MAX);
	}
	c.words = words;
	c.redirs = e->redirs;
	c.redir_count = e->redir_count;
	c.text = argc > 0 ? shown[0] : STR("");
	secret_argv(e, &c, shown);
	c.shown = shown;
	struct str *quoted = arena_array(e->scratch, struct str, argc + 1);
	for (size_t i = 0; i < argc; i++)
		quoted[i] = words[i].p ? quote_word(e, shown[i]) : shown[i];
	c.text = str_sub(arena_join(e->scratch, quoted, argc, STR(" ")), 0, TEXT_BYTES_MAX);
	charge(e, c.text.n / 8);
	return c;
}

struct place word_place(struct eval *e, const struct command *c, size_t i)
{
	struct place p = {e->unit, {0}, false};
	if (!c->node)
		return p;
	p.span = c->node->span;
	/* argv[i] is word i + shift of the node when each word gave one field. */
	size_t k = i + c->skipped;
	if (c->node->kind != SHELL_SIMPLE || k >= c->node->word_count || !c->one_to_one)
		return p;
	const struct shell_word *w = c->node->words[k];
	p.span = w->span;
	if (w->part_count == 1 &&
		(w->parts[0].kind == SHELL_SINGLE || w->parts[0].kind == SHELL_DOUBLE)) {
		p.span.col++;
		p.by_line = true;
	}
	return p;
}

static void unresolved(struct eval *e, const struct command *c)
{
	const struct taint *t = value_taint(e, &c->argv[0]);
	const struct file *f = c->words[0].p ? guest_find(e, c->words[0]) : NULL;
	bool foreign = t && value_foreign(&c->argv[0]);
	emit_exec(e, c);
	if (f && value_taint(e, &f->content)) {
		t = value_taint(e, &f->content);
		foreign = true;
	}
	if (foreign) {
		flow_into(e, c, t, &(struct sink){.to = "executable", .name = STR("sh")});
	} else {
		e->facts->opaque++;
		emit_opaque(e, c, "command", STR("the name of the command is not known"),
			(struct str){0});
	}
	out_unknown(e, c, NULL);
}

struct str base_name(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? path : str_from_index(path, slash + 1);
}

/* A program that the plan itself put there; false when the system's own is meant. */
static bool run_program(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str path = c->words[0];
	if (str_find_byte(path, '/') == STR_NPOS) {
		if (!e->programs || !guest_find_program(e, path, &path))
			return false;
	} else if (!guest_find(e, path)) {
		return false;
	}
	*out = run_file(e, c, path, 0, NULL);
	return true;
}

/* Each body that the name may have here. */
static struct outcome run_definitions(
	struct eval *e, const struct command *c, const struct function *f)
{
	if (!f->other)
		return run_function(e, c, f);
	struct branch b = branch_begin(e);
	e->conditional++;
	for (; f; f = f->other) {
		struct outcome o = run_function(e, c, f);
		branch_path(e, &b, o.dead);
	}
	e->conditional--;
	return (struct outcome){.dead = !branch_end(e, &b)};
}

/* sh expands aliases; bash does so in scripts only when it is told to. */
static bool alias_text(struct eval *e, const struct command *c, struct value *out)
{
	const struct cell *cell = map_find(&e->process->aliases, c->words[0]);
	bool expands = e->process->dialect == SHELL_POSIX || option_on(e, OPTION_ALIASES);
	if (!cell || !cell->value || !expands || c->external)
		return false;
	const struct str *text = cell->value;
	struct chunks code = {0};
	chunks_add_text(e, &code, *text);
	for (size_t i = 1; i < c->argc; i++) {
		chunks_add_text(e, &code, STR(" "));
		if (c->words[i].p)
			chunks_add_text(e, &code, quote_word(e, c->words[i]));
		else
			chunks_add_value(e, &code, &c->argv[i]);
	}
	*out = chunks_value(e, &code);
	return true;
}

static struct outcome run_alias_text(
	struct eval *e, const struct command *c, const struct value *code)
{
	struct cell *cell = map_find(&e->process->aliases, c->words[0]);
	const void *text = cell->value;
	struct run r = {.to = "eval",
		.text = *code,
		.command = c,
		.inherits = true,
		.dialect = e->process->dialect};
	cell_set(e, cell, NULL); /* no alias is expanded inside of itself */
	struct outcome o = run_code(e, &r);
	cell_set(e, cell, text);
	return o;
}

/* The command under the name of the program that it is a copy of. */
static struct outcome run_alias_of(struct eval *e, const struct command *c, struct str program)
{
	struct value *argv = arena_array(e->scratch, struct value, c->argc);
	memcpy(argv, c->argv, c->argc * sizeof(*argv));
	argv[0] = value_text(e, program);
	emit_exec(e, c);
	return run_argv(e, c, argv, c->argc, STR(""));
}

/* An unquoted * or ? in the name: which program that is, the file system decides. */
static bool is_pattern(const struct command *c)
{
	const struct value *v = &c->argv[0];
	if (str_is(c->words[0], "[") || str_is(c->words[0], "[["))
		return false;
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; v->items[i].glob && k < v->items[i].text.n; k++)
			if (memchr("*?[", v->items[i].text.p[k], 3))
				return true;
	return false;
}

struct outcome run_command(struct eval *e, const struct command *c)
{
	struct outcome o = {0};
	if (c->argc == 0 || !charge(e, 16))
		return o;
	struct str name = c->words[0];
	if (!name.p) {
		unresolved(e, c);
		return o;
	}
	struct value code;
	if (alias_text(e, c, &code))
		return run_alias_text(e, c, &code);
	const struct cell *f = map_find(&e->process->functions, name);
	if (f && f->value && !c->external)
		return run_definitions(e, c, f->value);
	struct str alias = STR("");
	if (str_find_byte(name, '/') != STR_NPOS)
		alias = guest_alias(e, name);
	else if (e->programs)
		alias = guest_program_alias(e, name);
	const struct command_entry *entry =
		map_find(&e->commands, base_name(alias.n ? alias : name));
	if (alias.n > 0 && !str_eq(base_name(alias), name))
		return run_alias_of(e, c, alias);
	if (is_pattern(c)) {
		unresolved(e, c);
		return o;
	}
	bool shell = entry && entry->quiet;
	if (shell && is_disguised(e, c))
		emit_exec(e, c);
	if (shell && entry->run(e, c, &o))
		return o;
	emit_exec(e, c);
	if (run_program(e, c, &o))
		return o;
	if (entry && !shell && entry->run(e, c, &o))
		return o;
	out_unknown(e, c, e->in ? value_taint(e, e->in) : NULL);
	return o;
}

struct outcome run_argv(struct eval *e, const struct command *outer, const struct value *argv,
	size_t argc, struct str wrapper)
{
	struct outcome o = {0};
	if (argc == 0)
		return o;
	if (++e->depth > 200) {
		e->depth--;
		return o;
	}
	const struct wrapper *old = e->wrappers;
	struct wrapper w = {wrapper, old, old ? old->depth + 1 : 1};
	if (wrapper.n != 0)
		e->wrappers = &w;
	struct command c = command_new(e, outer, argv, argc);
	if (outer->argc > 0 && argv >= outer->argv && argv < outer->argv + outer->argc)
		c.skipped += (size_t)(argv - outer->argv);
	else
		c.one_to_one = false;
	o = run_command(e, &c);
	e->wrappers = old;
	e->depth--;
	return o;
}

/* How often the function is being run already. */
static unsigned active_calls(const struct eval *e, const struct function *f)
{
	unsigned n = 0;
	for (const struct frame *frame = e->frame; frame; frame = frame->up)
		n += frame->callee == f;
	return n;
}

struct outcome run_function(struct eval *e, const struct command *c, const struct function *f)
{
	if (e->calls >= CALLS_MAX || active_calls(e, f) >= RECURSION_MAX) {
		emit_opaque(e, c, "bound", STR("functions call each other too deeply"), f->name);
		out_unknown(e, c, NULL);
		return outcome_unknown();
	}
	e->calls++;
	unsigned gates = e->gates;
	const struct unit *unit = e->unit;
	const void *args = e->process->args->value;
	struct frame frame = frame_open(e, FRAME_FUNCTION);
	frame.callee = f;
	e->frame = &frame;
	e->unit = f->unit;
	e->function = f->name;
	args_set(e, c->argv + 1, c->argc - 1, false);
	struct outcome o = f->body ? eval_command(e, f->body) : outcome_unknown();
	o = frame_close(e, &frame, o);
	cell_set(e, e->process->args, args);
	e->unit = unit;
	e->gates = gates;
	e->calls--;
	return o;
}

/* What the loader, or a shell, runs before the program. */
static void run_by_environment(
	struct eval *e, const struct command *c, struct str name, const struct variable *v)
{
	struct str path;
	if (!v || !word_in(name, "LD_PRELOAD LD_AUDIT BASH_ENV PYTHONSTARTUP PERL5DB") ||
		!value_const(e, &v->value, &path))
		return;
	const struct file *f = guest_find(e, path);
	if (f)
		flow_into(e, c, value_taint(e, &f->content),
			&(struct sink){.to = "executable", .name = name, .file = path});
}

/* Variables that stand before a command are there for the command only. */
static struct outcome run_with_assigns(
	struct eval *e, const struct shell_command *node, const struct command *c)
{
	struct trail_entry *old =
		arena_array(e->scratch, struct trail_entry, node->assign_count + 1);
	for (size_t i = 0; i < node->assign_count; i++) {
		struct str name = node->assigns[i].name;
		old[i].cell = cell_of(e, &e->process->variables, name, CELL_VARIABLE);
		old[i].old = old[i].cell->value;
		eval_assign(e, &node->assigns[i], true);
		const struct variable *v = variable_find(e, name);
		if (v && c->words[0].p)
			emit_env(e, c, name, &v->value, "command");
		run_by_environment(e, c, name, v);
	}
	struct outcome o = run_command(e, c);
	for (size_t i = node->assign_count; i-- > 0;)
		cell_set(e, old[i].cell, old[i].old);
	return o;
}

static bool declares(const struct shell_command *c)
{
	if (c->words[0]->part_count != 1 || c->words[0]->parts[0].kind != SHELL_LITERAL)
		return false;
	return word_in(c->words[0]->parts[0].text, "export local declare typeset readonly");
}

static bool has_equals(const struct shell_word *w)
{
	return w->part_count > 0 && w->parts[0].kind == SHELL_LITERAL &&
		str_find_byte(w->parts[0].text, '=') != STR_NPOS;
}

static void expand_words(struct eval *e, const struct shell_command *c, struct chunks *raw)
{
	bool decl = declares(c);
	for (size_t i = 0; i < c->word_count && charge(e, 2); i++) {
		if (!decl || !has_equals(c->words[i])) {
			eval_fields(e, c->words[i], raw);
			continue;
		}
		struct value v = eval_word(e, c->words[i]);
		for (size_t k = 0; k < v.n; k++) {
			struct chunk chunk = v.items[k];
			chunk.brk = k == 0;
			chunk.split = false;
			chunk.glob = false;
			chunks_add(e, raw, &chunk);
		}
	}
}

static struct outcome run_fields(
	struct eval *e, const struct shell_command *node, const struct value *raw)
{
	struct value_list fields = {0};
	split_fields(e, raw, &fields);
	struct command c = {
		.node = node,
		.origin = unit_origin(e->unit, &node->span),
		.one_to_one = fields.n == node->word_count,
	};
	if (fields.n == 0)
		return (struct outcome){.status = TRUTH_UNKNOWN};
	c = command_new(e, &c, fields.items, fields.n);
	if (node->assign_count > 0)
		return run_with_assigns(e, node, &c);
	return run_command(e, &c);
}

static struct outcome only_assigns(struct eval *e, const struct shell_command *c)
{
	struct command none = {.node = c, .origin = unit_origin(e->unit, &c->span)};
	none = command_new(e, &none, NULL, 0);
	e->captured = (struct outcome){.status = TRUTH_YES};
	for (size_t i = 0; i < c->assign_count && charge(e, 2); i++) {
		eval_assign(e, &c->assigns[i], false);
		struct value v = variable_value(e, c->assigns[i].name);
		none.text = arena_printf(e->scratch, "%.*s=…", STR_ARG(c->assigns[i].name));
		secret_assign(e, &none, c->assigns[i].name, &v, "variable");
	}
	/* The status is that of the last command substitution. */
	return e->captured;
}

static struct outcome simple_body(struct eval *e, const struct shell_command *c)
{
	if (c->word_count == 0)
		return only_assigns(e, c);
	struct chunks raw = {0};
	expand_words(e, c, &raw);
	struct value all = {raw.items, raw.n};
	size_t variants = value_variants(&all);
	if (variants > VARIANTS_MAX)
		variants = VARIANTS_MAX;
	if (variants == 1)
		return run_fields(e, c, &all);
	struct branch b = branch_begin(e);
	e->conditional++;
	for (size_t i = 0; i < variants; i++) {
		struct value v = value_variant(e, &all, i);
		struct outcome o = run_fields(e, c, &v);
		branch_path(e, &b, o.dead);
	}
	e->conditional--;
	return (struct outcome){.dead = !branch_end(e, &b)};
}

struct outcome eval_simple(struct eval *e, const struct shell_command *c)
{
	if (c->redir_count > 0)
		return with_redirs(e, c, simple_body);
	return simple_body(e, c);
}
