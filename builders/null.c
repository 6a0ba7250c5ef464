#include "builders/builders.h"

#include "builders/communicator_fields.h"
#include "builders/table.h"

/* It has no keys but the communicator's. */
static const struct conf_field fields[] = {{0}};

static int null_check(const struct conf *config, struct diags *d, struct arena *a)
{
	const struct conf *kind = conf_find(config, STR("communicator"));
	struct str name = {0};
	bool none = kind && kind->type == CONF_STRING && text_value(&kind->text, a, &name) &&
		(str_is(name, "none") || str_is(name, "winrm"));
	if (!none && !conf_find(config, STR("ssh_host")))
		return diag_error(d, a, &config->origin,
			"builder null: \"ssh_host\" is required for the communicator ssh");
	return 0;
}

const struct builder builder_null = {
	.type = "null",
	.summary = "a machine that is there already (checked, planned and audited; not built yet)",
	.fields = fields,
	.communicator_fields = communicator_field_names,
	.check = null_check,
};
