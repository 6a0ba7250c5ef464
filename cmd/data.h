/* Asking data sources of templates. */
#ifndef CMD_DATA_H
#define CMD_DATA_H

#include "base/log.h"
#include "fetch/fetch.h"
#include "template/template.h"

struct data_context {
	const struct log *log;
	const char *ca_file; /* NULL: the system's authorities */
	const char *const *environment;
	const struct clock *clock;
	const struct snapshot *snapshot; /* of a pinned template, or NULL ... */
	struct str root; /* ... and the directory of one of this machine */
	struct str start; /* in the tree: where relative paths of the template start */
};

/* A template_resolve_fn; ctx is a struct data_context. */
MUST_CHECK int data_resolve(void *ctx, struct str name, const struct conf *config, struct arena *a,
	struct str *value, struct error *err);

#endif
