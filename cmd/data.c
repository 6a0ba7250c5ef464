/* Data sources of templates, asked when --evaluate-datasources says so. */
#include "cmd/data.h"

#include "cmd/data_type.h"

static const struct data_type *const types[] = {
	&data_http,
	&data_git_repository,
	&data_git_commit,
	&data_git_tree,
	&data_amazon_ami,
	&data_amazon_parameterstore,
	&data_amazon_secretsmanager,
};

static const struct data_type *find_type(struct str name)
{
	struct str type = str_sub(name, 0, str_find_byte(name, '.'));
	for (size_t i = 0; i < countof(types); i++) {
		if (str_is(type, types[i]->name))
			return types[i];
	}
	return NULL;
}

int data_leave(const struct data_request *q, const char *fmt, ...)
{
	scoped(arena) scratch = {0};
	va_list ap;
	va_start(ap, fmt);
	struct str why = arena_vprintf(&scratch, fmt, ap);
	va_end(ap);
	log_say(q->context->log, LOG_WARNING,
		"data.%.*s: warning: %.*s\n"
		"  what it returns stays unknown; --data %.*s=JSON gives it",
		STR_ARG(q->name), STR_ARG(why), STR_ARG(q->name));
	return 0;
}

int data_resolve(void *ctx, struct str name, const struct conf *config, struct arena *a,
	struct str *value, struct error *err)
{
	struct data_request q = {.context = ctx, .name = name, .arena = a};
	const struct data_type *type = find_type(name);
	struct diags diags = {0};
	struct json *answer = NULL;
	scoped(buf) text = {0};
	if (!type)
		return data_leave(&q, "data sources of this type are not asked");
	void *decoded = arena_alloc(a, type->size);
	q.config = decoded;
	if (conf_decode(decoded, config, type->fields, type->name, &diags, a) < 0)
		return diags_check(&diags, err);
	if (type->ask(&answer, &q, err) < 0)
		return -1;
	if (!answer)
		return 0;
	log_say(q.context->log, LOG_INFO, "Asked data.%.*s", STR_ARG(name));
	buf_init(&text, SIZE_MAX / 4);
	json_write_canonical(&text, answer);
	*value = arena_str(a, buf_str(&text));
	return 0;
}
