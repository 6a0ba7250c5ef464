#include "plan/provisioners/scripts.h"

static bool text_begins(const struct text *t, struct str prefix)
{
	return t->n > 0 && t->items[0].kind == TEXT_LITERAL &&
		str_has_prefix(t->items[0].value, prefix);
}

/* The interpreter's line, unless the lines bring one that may count. */
static void add_shebang(struct content *content, const struct scripts *s)
{
	struct compiler *c = s->c;
	if (!s->shebang)
		return;
	bool own = s->shebang->n > 0;
	if (!own && s->own_shebang && text_begins(&s->config->inline_.items[0], STR("#!")))
		return;
	struct origin o = compile_origin(s->p, own ? "inline_shebang" : s->key);
	struct text line = text_from(c->arena, STR("#!"));
	struct text standard = text_from(c->arena, STR("/bin/sh -e"));
	text_add(&line, c->arena, own ? s->shebang : &standard);
	content_add(content, c, &line, &o);
	content_end_line(content, c);
}

static void add_line(
	struct content *content, struct compiler *c, const struct text_list *lines, size_t i)
{
	if (lines->values)
		content_add_value(content, c, &lines->items[i], lines->values[i]);
	else
		content_add(content, c, &lines->items[i], &lines->origins[i]);
}

static int add_lines(const struct scripts *s, script_add_fn *add, void *ctx)
{
	struct compiler *c = s->c;
	const struct text_list *lines = &s->config->inline_;
	struct content content = {0};
	struct origin o = compile_origin(s->p, s->key);
	add_shebang(&content, s);
	if (s->before)
		s->before(ctx, &content);
	for (size_t i = 0; i < lines->n; i++) {
		add_line(&content, c, lines, i);
		content_end_line(&content, c);
	}
	if (s->after)
		s->after(ctx, &content);
	compile_label(c, arena_printf(c->arena, "%s (inline)", s->type));
	return add(ctx, &o, &content, STR(""));
}

static int add_file(
	struct compiler *c, struct str path, const struct origin *o, script_add_fn *add, void *ctx)
{
	struct compile_path found;
	struct str bytes;
	struct content content = {0};
	/* What a template names when nothing is to run: there is such a file everywhere. */
	if (str_is(path, "/dev/null"))
		return add(ctx, o, &content, STR(""));
	if (compile_find(c, path, o, &found) < 0)
		return -1;
	if (found.entry.kind == TREE_NONE) {
		if (!compile_absent(c, o, found.path))
			return -1;
		text_add_hole(&content.text, c->arena,
			arena_printf(c->arena, "%s%.*s", STEP_HOST_HOLE, STR_ARG(found.path)));
		return add(ctx, o, &content, STR(""));
	}
	if (compile_read(c, path, o, &found, &bytes) < 0)
		return -1;
	content.text = text_from(c->arena, bytes);
	return add(ctx, o, &content, found.path);
}

int scripts_check(const struct scripts *s)
{
	struct compiler *c = s->c;
	bool inline_ = s->config->inline_.n > 0;
	bool script = s->config->script.n > 0;
	bool scripts = s->config->scripts.n > 0;
	if (!inline_ && !script && !scripts) {
		compile_error(c, &s->p->origin, "%s: there is nothing to run", s->type);
		diag_hint(c->diags, c->diag_arena,
			"give one of \"inline\", \"script\" or \"scripts\"");
		return -1;
	}
	struct origin o = compile_origin(s->p, script ? "script" : "scripts");
	if (script && scripts)
		return compile_error(
			c, &o, "%s: \"script\" and \"scripts\" exclude each other", s->type);
	if (inline_ && (script || scripts))
		return compile_error(c, &o, "%s: \"inline\" and \"%s\" exclude each other", s->type,
			script ? "script" : "scripts");
	return 0;
}

int scripts_variables(
	struct scripts *s, const struct escape *escape, const char *key, const char *format)
{
	const struct script_config *config = s->config;
	const struct environment_spec spec = {&config->environment_vars, &config->env, escape};
	struct origin o = compile_origin(s->p, key);
	struct text given = config->env_var_format;
	if (given.n == 0)
		given = text_from(s->c->arena, str_from(format));
	if (environment_make(&s->environment, s->c, s->p, &spec) < 0)
		return -1;
	return environment_render(&s->vars, &s->environment, s->c, &given, &o);
}

void scripts_expect(const struct scripts *s, struct step *step)
{
	environment_names(&step->exec.environment, &s->environment, s->c);
	if (s->config->valid_exit_codes.n > 0)
		step->exec.exit_codes = s->config->valid_exit_codes;
	else if (step->exec.exit_codes.n == 0)
		list_push(s->c->arena, &step->exec.exit_codes) = 0;
}

int scripts_compile(const struct scripts *s, script_add_fn *add, void *ctx)
{
	struct compiler *c = s->c;
	if (s->config->inline_.n > 0)
		return add_lines(s, add, ctx);
	bool single = s->config->script.n > 0;
	const struct str_list one = {.items = (struct str[]){s->config->script}, .n = 1};
	const struct str_list *list = single ? &one : &s->config->scripts;
	struct str label = arena_printf(c->arena, "%s: %.*s", s->type, STR_ARG(list->items[0]));
	if (list->n > 1)
		label = arena_printf(c->arena, "%s: %zu scripts", s->type, list->n);
	compile_label(c, label);
	int status = 0;
	for (size_t i = 0; i < list->n; i++) {
		struct origin o = compile_element(s->p, single ? "script" : "scripts", i);
		status |= add_file(c, list->items[i], &o, add, ctx);
	}
	return status;
}
