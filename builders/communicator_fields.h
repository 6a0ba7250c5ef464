/* The configuration keys of Packer's communicators, common to the builders. Private. */
#ifndef BUILDERS_COMMUNICATOR_FIELDS_H
#define BUILDERS_COMMUNICATOR_FIELDS_H

#include "base/conf.h"

/* NULL-ended names, for struct builder. */
extern const char *const communicator_field_names[];

/* Types, ranges, and what excludes what. `config` holds no other keys. */
MUST_CHECK int communicator_check(
	const struct conf *config, const char *type, struct diags *d, struct arena *a);

#endif
