/* Options, output and the table of commands. */
#include "audit/eval/guest.h"

/* ---- Words ---------------------------------------------------------------------------------- */

bool word_in(struct str word, const char *names)
{
	const char *at = names;
	while (word.n > 0 && *at) {
		size_t n = 0;
		while (n < word.n && at[n] && at[n] == word.p[n])
			n++;
		if (n == word.n && (at[n] == ' ' || !at[n]))
			return true;
		for (at += n; *at && *at != ' ';)
			at++;
		if (*at)
			at++;
	}
	return false;
}

bool word_is(const struct command *c, size_t i, const char *s)
{
	return i < c->argc && c->words[i].p && str_is(c->words[i], s);
}

bool has_word(const struct command *c, const char *names)
{
	for (size_t i = 1; i < c->argc; i++)
		if (c->words[i].p && word_in(c->words[i], names))
			return true;
	return false;
}

/* ---- Options -------------------------------------------------------------------------------- */

struct opts opts_of(struct eval *e, const struct command *c, const struct optspec *spec)
{
	return (struct opts){.e = e, .c = c, .spec = spec, .i = 1};
}

bool opt_is(const struct opt *o, const char *names)
{
	return o->name.n > 0 && word_in(o->name, names);
}

static bool takes_argument(const struct optspec *s, struct str name)
{
	for (const char *const *l = s->longs; l && *l; l++)
		if (str_is(name, *l))
			return true;
	return false;
}

static void set_value(struct opts *o, struct opt *out, size_t i, size_t from)
{
	const struct command *c = o->c;
	out->index = i;
	if (c->words[i].p) {
		out->text = str_from_index(c->words[i], from);
		if (!out->text.p)
			out->text = STR("");
		out->value = from == 0 ? c->argv[i] : value_text(o->e, out->text);
		return;
	}
	struct chunks rest = {0};
	for (size_t k = 0; k < c->argv[i].n; k++) {
		struct chunk chunk = c->argv[i].items[k];
		if (chunk.kind == CHUNK_TEXT) {
			size_t cut = from < chunk.text.n ? from : chunk.text.n;
			chunk.text = str_from_index(chunk.text, cut);
			from -= cut;
		}
		chunks_add(o->e, &rest, &chunk);
	}
	out->value = chunks_value(o->e, &rest);
}

static void next_argument(struct opts *o, struct opt *out)
{
	if (o->i < o->c->argc)
		set_value(o, out, o->i++, 0);
}

static void next_long(struct opts *o, struct opt *out, struct str w)
{
	size_t eq = str_find_byte(w, '=');
	size_t i = o->i++;
	out->name = str_sub(w, 0, eq);
	out->index = i;
	if (eq != STR_NPOS)
		set_value(o, out, i, eq + 1);
	else if (takes_argument(o->spec, w))
		next_argument(o, out);
}

static void next_short(struct opts *o, struct opt *out, struct str w)
{
	size_t i = o->i;
	char letter = w.p[o->pos];
	out->name = arena_printf(o->e->scratch, "-%c", letter);
	out->index = i;
	bool takes = letter && o->spec->shorts && strchr(o->spec->shorts, letter) != NULL;
	bool more = o->pos + 1 < w.n || (takes && !o->c->words[i].p && o->c->argv[i].n > 1);
	if (!takes && o->pos + 1 < w.n) {
		o->pos++;
		return;
	}
	size_t from = o->pos + 1;
	o->pos = 0;
	o->i++;
	if (takes && more)
		set_value(o, out, i, from);
	else if (takes)
		next_argument(o, out);
}

bool opts_next(struct opts *o, struct opt *out)
{
	*out = (struct opt){.name = STR("")};
	if (o->i >= o->c->argc)
		return false;
	struct str w = o->c->words[o->i];
	if (!w.p)
		w = value_prefix(o->e, &o->c->argv[o->i]);
	if (o->pos > 0) {
		next_short(o, out, w);
		return true;
	}
	if (!o->ended && str_is(w, "--") && o->c->words[o->i].p) {
		o->ended = true;
		o->i++;
		return opts_next(o, out);
	}
	if (o->ended || w.n < 2 || w.p[0] != '-') {
		o->ended = o->ended || o->spec->stop;
		set_value(o, out, o->i++, 0);
		return true;
	}
	if (w.p[1] == '-' || o->spec->words) {
		next_long(o, out, w);
		return true;
	}
	o->pos = 1;
	next_short(o, out, w);
	return true;
}

/* ---- Output --------------------------------------------------------------------------------- */

void out_text(struct eval *e, struct str s)
{
	if (e->out)
		chunks_add_text(e, e->out, s);
}

void out_value(struct eval *e, const struct value *v)
{
	if (!e->out)
		return;
	for (size_t i = 0; i < v->n; i++) {
		struct chunk c = v->items[i];
		c.brk = false;
		c.split = false;
		c.glob = false;
		chunks_add(e, e->out, &c);
	}
}

void out_unknown(struct eval *e, const struct command *c, const struct taint *t)
{
	if (!e->out)
		return;
	struct str name = c && c->argc > 0 && c->words[0].p ? base_name(c->words[0]) : STR("…");
	struct str label = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(name));
	struct value v = value_unknown(e, label, taint_via(e, t, name, false));
	out_value(e, &v);
}

/* ---- The table ------------------------------------------------------------------------------ */

static void add_entries(struct eval *e, const struct command_entry *entries)
{
	for (; entries->names; entries++) {
		struct str rest = str_from(entries->names);
		struct str name;
		while (str_cut(&rest, ' ', &name)) {
			struct command_entry *copy = arena_new(e->scratch, struct command_entry);
			*copy = *entries;
			map_put(&e->commands, e->scratch, name, copy);
		}
	}
}

void commands_load(struct eval *e)
{
	static const struct command_entry *const tables[] = {commands_builtin, commands_wrap,
		commands_output, commands_file, commands_network, commands_verify, commands_package,
		commands_system, commands_interpreter, commands_query, commands_build,
		commands_fifo, commands_installer, commands_config, commands_ansible,
		commands_galaxy, commands_docker};
	for (size_t i = 0; i < countof(tables); i++)
		add_entries(e, tables[i]);
}
