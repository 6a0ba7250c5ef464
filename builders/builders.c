#include "builders/builders.h"

#include <assert.h>

#include "builders/communicator_fields.h"
#include "builders/table.h"

const struct builder *const builder_table[] = {
	&builder_rootfs,
	&builder_docker,
	&builder_alicloud_ecs,
	&builder_null,
	NULL,
};

const struct builder *builder_find(struct str type)
{
	for (size_t i = 0; builder_table[i]; i++) {
		if (str_is(type, builder_table[i]->type))
			return builder_table[i];
	}
	return NULL;
}

static bool is_listed(const char *const *names, struct str name)
{
	for (size_t i = 0; names && names[i]; i++) {
		if (str_is(name, names[i]))
			return true;
	}
	return false;
}

/* The members of a configuration that are the communicator's, or those that are not. */
static struct conf part(
	const struct conf *config, const char *const *communicator, bool listed, struct arena *a)
{
	struct conf out = *config;
	out.object.items = NULL;
	out.object.n = out.object.cap = 0;
	for (size_t i = 0; i < config->object.n; i++) {
		if (is_listed(communicator, config->object.items[i].key) == listed)
			list_push(a, &out.object) = config->object.items[i];
	}
	return out;
}

void conf_without(
	struct conf *out, const struct conf *config, const char *const *names, struct arena *a)
{
	*out = part(config, names, false, a);
}

/* Room for the struct that a table of fields describes. */
static void *scratch_for(const struct conf_field *fields, struct arena *a)
{
	size_t size = 0;
	for (const struct conf_field *f = fields; f->name; f++)
		size = f->offset > size ? f->offset : size;
	return arena_alloc(a, size + 64);
}

static_assert(sizeof(struct text_map) <= 64 && sizeof(struct text_list) <= 64,
	"the last field has room behind its offset");

int builder_check(const struct conf *config, struct str type, struct diags *d, struct arena *a)
{
	const struct builder *b = builder_find(type);
	if (!b) {
		diag_warning(d, a, &config->origin,
			"builder %.*s: not known; its configuration is not checked", STR_ARG(type));
		return 0;
	}
	if (config->type != CONF_OBJECT)
		return diag_error(d, a, &config->origin, "builder %s: takes an object", b->type);
	int status = 0;
	struct conf own = part(config, b->communicator_fields, false, a);
	if (b->communicator_fields) {
		struct conf communicator = part(config, b->communicator_fields, true, a);
		status |= communicator_check(&communicator, b, d, a);
	}
	const char *what = arena_printf(a, "builder %s", b->type).p;
	if (b->fields && conf_decode(scratch_for(b->fields, a), &own, b->fields, what, d, a) != 0)
		return -1;
	if (b->check)
		status |= b->check(b->fields ? config : &own, d, a);
	return status;
}
