#include "audit/shell/shell.h"

/* ---- Static words --------------------------------------------------------------------------- */

static bool is_static(const struct shell_part *parts, size_t n, size_t *size)
{
	for (size_t i = 0; i < n; i++) {
		const struct shell_part *part = &parts[i];
		switch (part->kind) {
		case SHELL_LITERAL:
		case SHELL_SINGLE:
		case SHELL_ANSI_C:
			*size += part->text.n;
			break;
		case SHELL_DOUBLE:
			if (!is_static(part->parts, part->part_count, size))
				return false;
			break;
		case SHELL_PART_NONE:
		case SHELL_PARAM:
		case SHELL_COMMAND_SUBST:
		case SHELL_ARITH:
		case SHELL_PROCESS_SUBST:
		case SHELL_EXTGLOB:
		case SHELL_ARRAY:
			return false;
		}
	}
	return true;
}

static char *put_text(char *out, const struct shell_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (parts[i].kind == SHELL_DOUBLE)
			out = put_text(out, parts[i].parts, parts[i].part_count);
		else if (parts[i].text.n > 0)
			out = (char *)memcpy(out, parts[i].text.p, parts[i].text.n) +
				parts[i].text.n;
	}
	return out;
}

bool shell_word_static(const struct shell_word *w, struct arena *a, struct str *out)
{
	size_t size = 0;
	if (!w || !is_static(w->parts, w->part_count, &size))
		return false;
	if (w->part_count == 1 && w->parts[0].kind != SHELL_DOUBLE) {
		*out = w->parts[0].text;
		return true;
	}
	char *text = arena_alloc(a, size + 1);
	put_text(text, w->parts, w->part_count);
	*out = (struct str){text, size};
	return true;
}

/* ---- Dialect -------------------------------------------------------------------------------- */

static struct str base_name(struct str path)
{
	size_t slash = str_rfind_byte(path, '/');
	return slash == STR_NPOS ? path : str_from_index(path, slash + 1);
}

/* The next word of the line; empty at its end. */
static struct str next_word(struct str *line)
{
	*line = str_trim(*line);
	size_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct str word = str_sub(*line, 0, n);
	*line = str_from_index(*line, n);
	return word;
}

static bool is_env_option(struct str word)
{
	return str_has_prefix(word, STR("-")) || str_find_byte(word, '=') != STR_NPOS;
}

enum shell_dialect shell_dialect_of(struct str text)
{
	static const struct {
		const char *name;
		enum shell_dialect dialect;
	} shells[] = {
		{"bash", SHELL_BASH},
		{"rbash", SHELL_BASH},
		{"sh", SHELL_POSIX},
		{"dash", SHELL_POSIX},
		{"ash", SHELL_POSIX},
		{"posh", SHELL_POSIX},
	};
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		text = str_from_index(text, 3);
	if (!str_has_prefix(text, STR("#!")))
		return SHELL_DIALECT_NONE;
	struct str line = str_from_index(text, 2);
	size_t newline = str_find_byte(line, '\n');
	if (newline != STR_NPOS)
		line = str_sub(line, 0, newline);
	struct str program = base_name(next_word(&line));
	if (str_is(program, "busybox"))
		program = next_word(&line);
	if (str_is(program, "env")) {
		do
			program = next_word(&line);
		while (is_env_option(program));
		program = base_name(program);
	}
	for (size_t i = 0; i < countof(shells); i++)
		if (str_is(program, shells[i].name))
			return shells[i].dialect;
	return SHELL_DIALECT_NONE;
}

/* ---- Visiting ------------------------------------------------------------------------------- */

struct visit {
	shell_visit_fn *fn;
	void *ctx;
};

static void visit_list(const struct visit *v, const struct shell_list *list);
static void visit_word(const struct visit *v, const struct shell_word *w);

static void visit_param(const struct visit *v, const struct shell_param *param)
{
	visit_word(v, param->index);
	visit_word(v, param->arg);
	visit_word(v, param->arg2);
}

static void visit_part(const struct visit *v, const struct shell_part *part)
{
	switch (part->kind) {
	case SHELL_PARAM:
		visit_param(v, part->param);
		break;
	case SHELL_COMMAND_SUBST:
	case SHELL_PROCESS_SUBST:
		visit_list(v, part->list);
		break;
	case SHELL_ARRAY:
		for (size_t i = 0; i < part->element_count; i++)
			visit_word(v, part->elements[i]);
		break;
	case SHELL_DOUBLE:
	case SHELL_ARITH:
	case SHELL_EXTGLOB:
		for (size_t i = 0; i < part->part_count; i++)
			visit_part(v, &part->parts[i]);
		break;
	case SHELL_PART_NONE:
	case SHELL_LITERAL:
	case SHELL_SINGLE:
	case SHELL_ANSI_C:
		break;
	}
}

static void visit_word(const struct visit *v, const struct shell_word *w)
{
	for (size_t i = 0; w && i < w->part_count; i++)
		visit_part(v, &w->parts[i]);
}

/* Assignments, words and redirections in the order of the text. */
static void visit_arguments(const struct visit *v, const struct shell_command *c)
{
	size_t a = 0;
	size_t w = 0;
	size_t r = 0;
	for (;;) {
		uint32_t assign = a < c->assign_count ? c->assigns[a].span.off : UINT32_MAX;
		uint32_t word = w < c->word_count ? c->words[w]->span.off : UINT32_MAX;
		uint32_t redir = r < c->redir_count ? c->redirs[r].span.off : UINT32_MAX;
		if (a < c->assign_count && assign <= word && assign <= redir) {
			visit_word(v, c->assigns[a].index);
			visit_word(v, c->assigns[a++].value);
		} else if (w < c->word_count && word <= redir) {
			visit_word(v, c->words[w++]);
		} else if (r < c->redir_count) {
			visit_word(v, c->redirs[r].target);
			visit_word(v, c->redirs[r++].body);
		} else {
			return;
		}
	}
}

static void visit_redirections(const struct visit *v, const struct shell_command *c)
{
	for (size_t i = 0; i < c->redir_count; i++) {
		visit_word(v, c->redirs[i].target);
		visit_word(v, c->redirs[i].body);
	}
}

static void visit_items(const struct visit *v, const struct shell_command *c)
{
	for (size_t i = 0; i < c->item_count; i++) {
		for (size_t k = 0; k < c->items[i].pattern_count; k++)
			visit_word(v, c->items[i].patterns[k]);
		visit_list(v, c->items[i].body);
	}
}

static void visit_command(const struct visit *v, const struct shell_command *c)
{
	if (c->kind == SHELL_SIMPLE) {
		v->fn(v->ctx, c);
		visit_arguments(v, c);
		return;
	}
	/* The text of [[ ]] is in its words. */
	if (c->kind != SHELL_COND)
		visit_word(v, c->subject);
	for (size_t i = 0; i < c->word_count; i++)
		visit_word(v, c->words[i]);
	visit_list(v, c->cond);
	visit_list(v, c->body);
	visit_list(v, c->otherwise);
	visit_items(v, c);
	if (c->inner)
		visit_command(v, c->inner);
	visit_redirections(v, c);
}

static void visit_list(const struct visit *v, const struct shell_list *list)
{
	for (size_t i = 0; list && i < list->item_count; i++) {
		const struct shell_pipeline *pipeline = list->items[i].pipeline;
		for (size_t k = 0; k < pipeline->command_count; k++)
			visit_command(v, pipeline->commands[k]);
	}
}

void shell_visit(const struct shell_list *list, shell_visit_fn *fn, void *ctx)
{
	struct visit v = {fn, ctx};
	visit_list(&v, list);
}
