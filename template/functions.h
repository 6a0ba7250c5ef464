/* The functions that Packer adds to text/template. */
#ifndef TEMPLATE_FUNCTIONS_H
#define TEMPLATE_FUNCTIONS_H

#include "template/gotmpl/gotmpl.h"

/* The version of Packer whose templates we read; what packer_version gives. */
#define TEMPLATE_PACKER_VERSION "1.16.0"

/*
 * What the functions see; the ctx of a gotmpl_scope. A NULL ctx is a stage that knows nothing of
 * the template: only functions of their arguments work.
 */
struct function_context {
	/* Value of a variable: deferred when it is a template for later. A fault when -1. */
	int (*user)(struct function_context *f, const struct gotmpl_call *c, struct str name,
		struct text *out, bool *deferred);
	const void *owner; /* for user and env_used */
	const char *const *environment; /* NULL: env is not allowed here */
	const char *env_instead; /* then: what to do; NULL: what JSON templates do */
	void (*env_used)(const void *owner, struct str name, struct str value);
	int64_t now;
	struct str build_name; /* empty: not available */
	struct str build_type;
	bool build; /* run-time values of the build may be asked for */
	struct str seed; /* of uuid: the place in the template */
};

extern const struct gotmpl_function template_functions[];

#endif
