/* Values of the running build that a builder has whatever its machine is. Private to builders/. */
#ifndef BUILDERS_VALUES_H
#define BUILDERS_VALUES_H

#include "base/error.h"
#include "base/str.h"

struct build_value {
	const char *name; /* of the hole, without "build." */
	struct str value;
};

/*
 * Values of builders whose machines are reached without SSH, WinRM and an HTTP server: empty, as in
 * Packer. Ended by an empty one, as every such table.
 */
extern const struct build_value build_values_none[];

/* Looks a name up in the builder's own table, which may be NULL, and then in the common one. */
bool build_value_find(const struct build_value *own, struct str name, struct str *value);

/* 32 random digits: of a machine, its journal and its directory. */
MUST_CHECK int build_machine_id(char out[33], struct error *err);

#endif
