/* Texts of a configuration, and the paths that they name. */
#include "builders/post/post.h"

#include "base/file.h"

#define FIELDS_MAX 64

struct template_field post_field(struct arena *a, const char *name, struct str value)
{
	return (struct template_field){str_from(name), text_from(a, value)};
}

/* The given fields, those that all have, and the values of the build as holes. */
static size_t all_fields(struct template_field *out, struct arena *a, const struct plan *plan,
	const struct template_field *fields, size_t n)
{
	size_t count = 0;
	for (; count < n; count++)
		out[count] = fields[count];
	out[count++] = post_field(a, "BuildName", plan->source_name);
	out[count++] = post_field(a, "BuilderType", plan->type);
	for (size_t i = 0; template_build_names[i] && count < FIELDS_MAX; i++, count++) {
		out[count] = (struct template_field){.name = str_from(template_build_names[i])};
		text_add_hole(&out[count].value, a, out[count].name);
	}
	return count;
}

int post_render(struct post *p, const struct text *in, const struct template_field *fields,
	size_t n, struct str *out, struct error *err)
{
	struct template_field all[FIELDS_MAX];
	struct text made = {0};
	const struct origin nowhere = {0};
	const struct template_fields known = {
		all, all_fields(all, p->arena, p->run->o->plan, fields, n)};
	if (template_render(&made, p->arena, in, &known, &nowhere, err) != 0)
		return -1;
	return run_fill(p->run, p->arena, &made, out, err);
}

static bool fill_with_nothing(void *ctx, struct str name, struct str *value)
{
	(void)ctx, (void)name;
	*value = STR("x");
	return true;
}

/* Of a text that is one literal. */
static struct str text_or_empty(const struct text *t)
{
	return t->n == 1 && t->items[0].kind == TEXT_LITERAL ? t->items[0].value : STR("");
}

int post_render_check(const struct post_processor *type, const struct text *in,
	const struct plan *plan, struct arena *a, struct str *out, struct error *err)
{
	struct template_field own[8], all[FIELDS_MAX];
	struct text made = {0};
	size_t n = 0;
	const struct origin nowhere = {0};
	for (; type->output_fields && type->output_fields[n] && n < countof(own); n++)
		own[n] = post_field(a, type->output_fields[n], STR("x"));
	const struct template_fields known = {all, all_fields(all, a, plan, own, n)};
	if (template_render(&made, a, in, &known, &nowhere, err) != 0)
		return -1;
	if (text_is_sensitive(&made))
		return error_set(err, ERROR_INPUT, "a sensitive value in the name of a file");
	return text_fill(&made, a, fill_with_nothing, NULL, out, err);
}

bool post_has_format(const struct plan *plan, const char *format)
{
	const struct conf *list = conf_find(plan->config, STR("formats"));
	if (!str_is(plan->builder, "rootfs"))
		return true;
	if (!list || list->type != CONF_LIST)
		return list ? str_is(text_or_empty(&list->text), format)
			    : strcmp(format, "oci") == 0;
	for (size_t i = 0; i < list->list.n; i++) {
		if (str_is(text_or_empty(&list->list.items[i]->text), format))
			return true;
	}
	return false;
}

int post_path(struct str *out, struct arena *a, struct str path, struct error *err)
{
	struct str clean = {0};
	if (path.n == 0 || str_has_suffix(path, STR("/")))
		return error_set(
			err, ERROR_INPUT, "\"%.*s\" is not the path of a file", STR_ARG(path));
	if (path.p[0] == '/' || !path_join(a, STR(""), path, &clean) || !path_is_clean(clean))
		return error_set(err, ERROR_INPUT,
			"\"%.*s\": a post-processor writes below the directory where the build is "
			"started, and nowhere else",
			STR_ARG(path));
	*out = arena_str(a, clean);
	return 0;
}
