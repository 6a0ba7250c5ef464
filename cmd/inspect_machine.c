/* Packer's format for programs: "TIME,TARGET,TYPE,VALUE,...", a line each. */
#include "cmd/inspect.h"

#define SECOND INT64_C(1000000000)

struct machine {
	struct buf *out;
	int64_t seconds;
};

static void add_value(struct buf *out, struct str s)
{
	buf_add_byte(out, ',');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ',')
			buf_add_cstr(out, "%!(PACKER_COMMA)");
		else if (s.p[i] == '\r')
			buf_add_cstr(out, "\\r");
		else if (s.p[i] == '\n')
			buf_add_cstr(out, "\\n");
		else
			buf_add_byte(out, s.p[i]);
	}
}

/* Without a target: what is inspected runs nowhere. */
static void add_line(const struct machine *m, const char *type, const struct str *values, size_t n)
{
	buf_printf(m->out, "%lld,,%s", (long long)m->seconds, type);
	for (size_t i = 0; i < n; i++)
		add_value(m->out, values[i]);
	buf_add_byte(m->out, '\n');
}

static void add_variable(
	const struct machine *m, const struct template_variable *v, struct arena *a)
{
	struct str shown = v->sensitive ? STR("<sensitive>") : text_display(&v->value, a);
	const struct str values[] = {
		v->name, v->required ? STR("") : shown, v->required ? STR("1") : STR("0")};
	add_line(m, "template-variable", values, countof(values));
}

void inspect_machine(struct buf *out, const struct inspect_facts *f, struct arena *a)
{
	const struct machine m = {out, f->now / SECOND};
	for (int required = 1; required >= 0; required--) {
		for (size_t i = 0; i < f->variable_count; i++) {
			if (f->variables[i]->required == (required == 1))
				add_variable(&m, f->variables[i], a);
		}
	}
	for (size_t i = 0; i < f->template->builds.n; i++) {
		const struct template_build *b = &f->template->builds.items[i];
		const struct str values[] = {b->name, b->type};
		add_line(&m, "template-builder", values, countof(values));
	}
	for (size_t i = 0; i < f->provisioners.n; i++)
		add_line(&m, "template-provisioner", &f->provisioners.items[i], 1);
	/* What people would see. */
	struct str text = f->text;
	struct str line;
	while (text.n > 0 && str_cut(&text, '\n', &line)) {
		const struct str values[] = {STR("say"), line};
		add_line(&m, "ui", values, countof(values));
	}
}
