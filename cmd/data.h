/* Asking data sources of templates. */
#ifndef CMD_DATA_H
#define CMD_DATA_H

#include "base/log.h"
#include "template/template.h"

struct data_context {
	const struct log *log;
	const char *ca_file; /* NULL: the system's authorities */
};

/* A template_resolve_fn; ctx is a struct data_context. */
MUST_CHECK int data_resolve(void *ctx, struct str name, const struct conf *config, struct arena *a,
	struct str *value, struct error *err);

#endif
