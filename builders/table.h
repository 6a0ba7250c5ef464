/* The builders, each at the end of its own file. Private to builders/. */
#ifndef BUILDERS_TABLE_H
#define BUILDERS_TABLE_H

#include "builders/builders.h"

extern const struct builder builder_rootfs;
extern const struct builder builder_alicloud_ecs;
extern const struct builder builder_docker;
extern const struct builder builder_null;

#endif
