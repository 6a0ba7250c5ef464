#include "template/load.h"

#define WARNINGS_MAX (DIAGS_MAX / 2)

/* ---- Messages ------------------------------------------------------------------------------- */

static bool is_told(const struct diags *d, const struct origin *o, struct str text)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *m = &d->items[i];
		if (str_eq(m->text, text) && str_eq(m->origin.file, o->file) &&
			m->origin.span.off == o->span.off)
			return true;
	}
	return false;
}

int load_error(struct load *l, const struct origin *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	l->warned = !is_told(&l->t->diags, o, text);
	if (!l->warned)
		return -1;
	return diag_error(&l->t->diags, l->arena, o, "%.*s", STR_ARG(text));
}

/* Warnings leave room for errors. */
void load_warning(struct load *l, const struct origin *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	l->warned = l->t->diags.n < WARNINGS_MAX && !is_told(&l->t->diags, o, text);
	if (l->warned)
		diag_warning(&l->t->diags, l->arena, o, "%.*s", STR_ARG(text));
}

void load_hint(struct load *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	if (l->warned)
		diag_hint(&l->t->diags, l->arena, "%.*s", STR_ARG(text));
}

void load_tell(struct load *l, struct str file, const struct error *e)
{
	struct origin o = {file, {0}};
	struct str text = str_from(e->text);
	struct str rest = text;
	struct str parts[2];
	uint64_t numbers[2] = {0};
	if (str_has_prefix(rest, file) && rest.n > file.n && rest.p[file.n] == ':') {
		text = str_trim(str_from_index(rest, file.n + 1));
		rest = text;
	}
	if (str_cut(&rest, ':', &parts[0]) && str_cut(&rest, ':', &parts[1]) &&
		str_to_u64(parts[0], &numbers[0]) && str_to_u64(parts[1], &numbers[1])) {
		o.span = (struct span){.line = (uint32_t)numbers[0], .col = (uint32_t)numbers[1]};
		text = str_trim(rest);
	}
	load_error(l, &o, "%.*s", STR_ARG(text));
}

bool load_is_full(struct load *l)
{
	if (!arena_full(l->arena))
		return false;
	struct origin o = {l->t->path, {0}};
	load_error(l, &o, "the template needs too much memory");
	return true;
}

/* ---- Names ---------------------------------------------------------------------------------- */

void load_env_used(struct load *l, struct str name, struct str value)
{
	l->env_calls++;
	for (size_t i = 0; i < l->t->env_used.n; i++) {
		if (str_eq(l->t->env_used.items[i].name, name))
			return;
	}
	list_push(l->arena, &l->t->env_used) = (struct template_var){
		arena_str(l->arena, name),
		arena_str(l->arena, value),
		false,
	};
}

/* Parts of names under which people keep secrets. */
bool load_names_a_secret(struct load *l, struct str name)
{
	static const struct str parts[] = {STR_INIT("password"), STR_INIT("passwd"),
		STR_INIT("passphrase"), STR_INIT("secret"), STR_INIT("token"), STR_INIT("apikey"),
		STR_INIT("api_key"), STR_INIT("access_key"), STR_INIT("private_key"),
		STR_INIT("credential")};
	char *lower = arena_cstr(l->arena, name);
	for (size_t i = 0; i < name.n; i++) {
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
		else if (lower[i] == '-')
			lower[i] = '_';
	}
	for (size_t i = 0; i < countof(parts); i++) {
		if (str_contains((struct str){lower, name.n}, parts[i]))
			return true;
	}
	return false;
}

void load_split_names(struct load *l, struct str list, struct str_list *out)
{
	struct str one;
	while (list.n > 0 && str_cut(&list, ',', &one)) {
		one = str_trim(one);
		if (one.n > 0)
			list_push(l->arena, out) = arena_str(l->arena, one);
	}
}

void load_only_names(struct load *l, struct str_list *out)
{
	if (!l->in->only_exact)
		load_split_names(l, l->in->only, out);
	else if (l->in->only.n > 0)
		list_push(l->arena, out) = l->in->only;
}

/* ---- Rendering ------------------------------------------------------------------------------ */

int load_render(struct load *l, const struct text *raw, const struct load_rendering *r,
	struct text *out, bool *deferred)
{
	struct gotmpl_fault fault = {0};
	struct gotmpl_fault absent = {0};
	struct gotmpl_list tree = {0};
	struct gotmpl_scope scope = {
		.absent = r->absent ? &absent : NULL,
		.arena = l->arena,
		.functions = template_functions,
		.ctx = r->functions,
		.steps = &l->steps,
	};
	*deferred = false;
	int status = gotmpl_parse(&tree, raw, &scope, &fault);
	if (status == 0) {
		*deferred = r->defer && gotmpl_has_fields(&tree);
		status = *deferred ? gotmpl_defer(out, &tree, &scope, &fault)
				   : gotmpl_execute(out, &tree, &scope, &fault);
	}
	if (status < 0) {
		struct origin o = r->place(r->place_ctx, fault.off);
		return load_error(l, &o, "%.*s", STR_ARG(fault.text));
	}
	if (absent.text.p) {
		struct origin o = r->place(r->place_ctx, absent.off);
		load_warning(l, &o,
			"field .%.*s is not known here, and so \"<no value>\"; write {{`{{`}} for two literal "
			"braces",
			STR_ARG(absent.text));
	}
	text_redactions(out, &l->t->redactor);
	return 0;
}
