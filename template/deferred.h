/* Which configuration keys are templates that a later stage renders. */
#ifndef TEMPLATE_DEFERRED_H
#define TEMPLATE_DEFERRED_H

#include "base/str.h"

enum component { COMPONENT_NONE = 0, COMPONENT_BUILDER, COMPONENT_PROVISIONER, COMPONENT_POST };

/*
 * True when fields of the value under that top-level key are known only later, so that it stays a
 * template. For types that are not in the table, that is so for every key.
 */
bool deferred_key(enum component component, struct str type, struct str key);

/*
 * True when the value under that top-level key is text that no machine runs; Packer's "<no value>"
 * is taken there for a field that is not known.
 */
bool plain_key(enum component component, struct str type, struct str key);

#endif
